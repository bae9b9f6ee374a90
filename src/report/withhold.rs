//! Small counts are withheld from all that is written: tables, pictures, model file.

use crate::data::missing::{Gaps, Ledger};
use crate::effects::result::{Effects, Findings};
use crate::fit::apparent::Apparent;
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::impute::analysis::Imputation;
use crate::model::{Evaluated, Performance};
use crate::performance::case_mix::{CaseMix, Mix};
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::LogisticPerformance;
use crate::performance::roc::RocPoint;
use crate::report::Context;
use crate::report::words::{plural, visible};

/// Takes the counts from 1 to below - 1 out of a fit and what is said beside it, before anything is written. What is left out is
/// said. The numbers of rows read and used, and of all events, stay: a report without them says nothing.
///
/// The table of the patients is withheld where it is made ([`crate::inference::suppress`]).
pub fn withhold(fit: &mut Fit, context: &mut Context, below: usize) {
    let mut said = vec![format!("counts from 1 to {} are withheld", below - 1)];
    said.extend(ledger(&mut fit.ledger, below));
    if let Some(gaps) = &mut context.gaps {
        said.extend(rare_gaps(gaps, below));
    }
    if let Some(imputation) = &mut context.imputation {
        rare_gaps(&mut imputation.gaps, below); // said above
        said.extend(rare_imputed(imputation, below));
    }
    if fit.influence.take().is_some() {
        said.push("no picture of influence, which shows how few rows stand apart".to_string());
    }
    said.extend(mixes(&mut fit.case_mix, below));
    match &mut context.apparent {
        Some(Apparent::Logistic { performance, .. }) => logistic(performance, below),
        Some(Apparent::Linear { performance, .. }) => linear(performance, below),
        None => {}
    }
    for effect in &mut context.partial {
        effect.counts.iter_mut().for_each(|n| blank(n, below));
    }
    if let Some(Findings::Known(effects)) = &mut context.effects {
        match small_arm(effects, below) {
            Some(what) => {
                said.push(format!("no effect of `{}`: {what}", effects.treatment));
                context.effects = None;
            }
            None => said.extend(quarters(effects, below)),
        }
    }
    fit.ledger.notices.extend(said);
}

/// The same for an evaluation of a model on new data.
pub fn withhold_evaluated(evaluated: &mut Evaluated, below: usize) {
    let mut said = vec![format!("counts from 1 to {} are withheld", below - 1)];
    said.extend(ledger(&mut evaluated.ledger, below));
    said.extend(mixes(&mut evaluated.case_mix, below));
    match &mut evaluated.performance {
        Performance::Logistic(performance) => logistic(performance, below),
        Performance::Linear(performance) => linear(performance, below),
    }
    evaluated.ledger.notices.extend(said);
}

fn is_small(n: f64, below: usize) -> bool {
    n > 0.0 && n < below as f64
}

fn blank(n: &mut f64, below: usize) {
    if is_small(*n, below) {
        *n = 0.0;
    }
}

fn ledger(ledger: &mut Ledger, below: usize) -> Option<String> {
    let small = |n: &usize| is_small(*n as f64, below);
    let names: Vec<String> = ledger
        .missing
        .iter()
        .filter(|(_, n)| small(n))
        .map(|(name, _)| format!("`{}`", visible(name)))
        .collect();
    ledger.missing.retain(|(_, n)| !small(n));
    ledger.dropped_otherwise.retain(|(_, n)| !small(n));
    (!names.is_empty()).then(|| format!("missing in fewer than {below} rows: {}", names.join(", ")))
}

/// Variables that few rows lack are taken out, and patterns of few rows; where those are few together, the next rarer one too, or
/// the others would give them back.
fn rare_gaps(gaps: &mut Gaps, below: usize) -> Option<String> {
    let keep: Vec<bool> = gaps.variables.iter().map(|(_, n)| !is_small(*n as f64, below)).collect();
    let kept = |flags: &[bool]| -> Vec<bool> {
        flags.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(flag, _)| *flag).collect()
    };
    let mut merged: Vec<(Vec<bool>, usize)> = Vec::new();
    for (pattern, n) in &gaps.patterns {
        let pattern = kept(pattern);
        match merged.iter_mut().find(|(known, _)| *known == pattern) {
            Some((_, sum)) => *sum += n,
            None => merged.push((pattern, *n)),
        }
    }
    merged.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let before = merged.len();
    let mut withheld = 0;
    while let Some((_, n)) = merged.last() {
        if *n >= below && (withheld == 0 || withheld >= below) {
            break;
        }
        withheld += n;
        merged.pop();
    }
    let gone = before - merged.len();
    gaps.patterns = merged;
    let mut flags = keep.iter();
    gaps.variables.retain(|_| *flags.next().unwrap_or(&true));
    (gone > 0).then(|| {
        format!("{} of missing values, each of few rows, left out", plural(gone as f64, "combination"))
    })
}

/// Variables of which few cells were imputed lose the means and spreads of what was drawn, which are a few patients'.
fn rare_imputed(imputation: &mut Imputation, below: usize) -> Option<String> {
    let few: Vec<String> = imputation
        .cells
        .iter()
        .filter(|(_, n)| is_small(*n as f64, below))
        .map(|(name, _)| name.clone())
        .collect();
    imputation.cells.retain(|(name, _)| !few.contains(name));
    imputation.traces.retain(|trace| !few.contains(&trace.variable));
    let names: Vec<String> = few.iter().map(|name| format!("`{}`", visible(name))).collect();
    (!names.is_empty()).then(|| format!("fewer than {below} cells were imputed in {}", names.join(", ")))
}

/// A variable with a level of few patients loses its shares: the model file has none of it.
fn mixes(mix: &mut CaseMix, below: usize) -> Option<String> {
    let has_small = |mix: &Mix| match mix {
        Mix::Number(_) => false,
        Mix::Levels { n, shares } => shares.iter().any(|(_, share)| is_small((share * n).round(), below)),
    };
    let gone: Vec<String> = mix
        .variables
        .iter()
        .filter(|(_, mix)| has_small(mix))
        .map(|(name, _)| format!("`{}`", visible(name)))
        .collect();
    mix.variables.retain(|(_, mix)| !has_small(mix));
    (!gone.is_empty())
        .then(|| format!("the shares of the levels of {} are not in the model file", gone.join(", ")))
}

/// Blank bins of risk, no group with few events or non-events, and a ROC curve of which no step is a few patients.
pub fn logistic(performance: &mut LogisticPerformance, below: usize) {
    let bins = &mut performance.distribution;
    bins.events.iter_mut().chain(&mut bins.non_events).for_each(|n| blank(n, below));
    let before = performance.groups.len();
    performance
        .groups
        .retain(|group| !is_small(group.events, below) && !is_small(group.n - group.events, below));
    if performance.groups.len() < before {
        performance.notes.push(format!(
            "{} of neighbouring risks with fewer than {below} events or non-events left out",
            plural((before - performance.groups.len()) as f64, "group")
        ));
    }
    let thresholds = performance.classification.len();
    performance.classification.retain(|c| {
        [c.true_positives, c.false_positives, c.true_negatives, c.false_negatives]
            .iter()
            .all(|n| !is_small(*n, below))
    });
    if performance.classification.len() < thresholds {
        let gone = plural((thresholds - performance.classification.len()) as f64, "threshold");
        performance.notes.push(format!("{gone} left out at which some count is below {below}"));
    }
    let (events, n) = (performance.n_events, performance.n);
    performance.roc = thinned(&performance.roc, (n - events, events), below as f64);
    performance.notes.push(format!("bins of risk with fewer than {below} patients are blank"));
}

/// No group of few patients.
pub fn linear(performance: &mut LinearPerformance, below: usize) {
    performance.groups.retain(|group| group.n >= below as f64);
}

/// Points between which no kind of row counts from 1 to below - 1; the ends stay. rows: non-events, events.
fn thinned(roc: &[RocPoint], rows: (f64, f64), below: f64) -> Vec<RocPoint> {
    const ROUNDING: f64 = 1e-6;
    let apart = |a: &RocPoint, b: &RocPoint| {
        let steps = [
            (b.false_positive_rate - a.false_positive_rate) * rows.0,
            (b.sensitivity - a.sensitivity) * rows.1,
        ];
        steps.iter().all(|step| *step < ROUNDING || *step > below - ROUNDING)
    };
    let Some((first, rest)) = roc.split_first() else { return Vec::new() };
    let mut kept = vec![*first];
    for point in rest {
        if kept.last().is_some_and(|last| apart(last, point)) {
            kept.push(*point);
        }
    }
    let Some(end) = rest.last() else { return kept };
    while kept.len() > 1 && kept.last().is_some_and(|last| !apart(last, end)) {
        kept.pop();
    }
    if kept.last() != Some(end) {
        kept.push(*end);
    }
    kept
}

/// What is too small in an arm, in words.
fn small_arm(effects: &Effects, below: usize) -> Option<String> {
    effects.arms.iter().find_map(|arm| {
        let parts = [
            (Some(arm.n), "patients"),
            (arm.events, "events"),
            (arm.events.map(|events| arm.n - events), "non-events"),
        ];
        let (_, what) = parts.into_iter().find(|(n, _)| n.is_some_and(|n| is_small(n, below)))?;
        Some(format!("the arm {} has fewer than {below} {what}", visible(&arm.level)))
    })
}

/// Without the quarters of baseline risk, where one has few patients or events in some arm.
fn quarters(effects: &mut Effects, below: usize) -> Option<String> {
    let logistic = effects.family == Family::Logistic;
    let small = effects.by_baseline.iter().flat_map(|quarter| &quarter.observed).any(|(_, n, events)| {
        is_small(*n, below) || (logistic && (is_small(*events, below) || is_small(n - events, below)))
    });
    small.then(|| {
        effects.by_baseline.clear();
        format!("no effect by quarter of baseline risk: some arm has fewer than {below} patients, events or non-events there")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::impute::chain::Trace;

    #[test]
    fn rare_gaps_cannot_be_worked_out_from_what_is_left() {
        let variables = vec![("a".to_string(), 2), ("b".to_string(), 14), ("c".to_string(), 9)];
        let patterns = vec![
            (vec![false, false, false], 980),
            (vec![false, true, false], 11),
            (vec![false, false, true], 6),
            (vec![false, true, true], 3),
        ];
        let mut gaps = Gaps { rows: 1000, variables, patterns };
        assert!(rare_gaps(&mut gaps, 5).is_some_and(|said| said.starts_with("2 combinations")));
        assert_eq!(gaps.variables, [("b".to_string(), 14), ("c".to_string(), 9)]);
        assert_eq!(gaps.patterns, [(vec![false, false], 980), (vec![true, false], 11)]); // 3 alone would be 1000 - 997
    }

    #[test]
    fn what_was_drawn_for_a_few_cells_is_not_told() {
        let trace = |name: &str| Trace {
            variable: name.to_string(),
            imputation: 1,
            round: 1,
            mean: 61.5,
            sd: f64::NAN,
        };
        let mut found = Imputation {
            imputations: 5,
            rounds: 1,
            cells: vec![("crp".to_string(), 3), ("sbp".to_string(), 15)],
            incomplete_rows: 15,
            traces: vec![trace("crp"), trace("sbp")],
            gaps: Gaps::default(),
        };
        let said = rare_imputed(&mut found, 5).expect("crp");
        assert!(said.contains("`crp`") && !said.contains("sbp"));
        assert_eq!(found.cells, [("sbp".to_string(), 15)]);
        assert!(found.traces.iter().all(|t| t.variable == "sbp") && found.traces.len() == 1);
        assert!(rare_imputed(&mut found, 5).is_none());
    }

    #[test]
    fn no_step_of_the_roc_curve_is_a_few_patients() {
        let point = |k: usize, positive: f64, hit: f64| RocPoint {
            threshold: 1.0 - k as f64 / 100.0,
            false_positive_rate: positive / 60.0,
            sensitivity: hit / 40.0,
        };
        let mut all = vec![point(0, 0.0, 0.0)];
        let (mut positive, mut hit) = (0.0, 0.0);
        for k in 1..=100 {
            if (k * 7) % 10 < 4 {
                hit += 1.0
            } else {
                positive += 1.0
            }
            all.push(point(k, positive, hit));
        }
        let kept = thinned(&all, (60.0, 40.0), 5.0);
        assert!(kept.len() > 4 && kept.first() == all.first() && kept.last() == all.last());
        for pair in kept.windows(2) {
            for step in [
                (pair[1].false_positive_rate - pair[0].false_positive_rate) * 60.0,
                (pair[1].sensitivity - pair[0].sensitivity) * 40.0,
            ] {
                assert!(!(1e-6..=5.0 - 1e-6).contains(&step), "{step}");
            }
        }
        assert_eq!(thinned(&all, (60.0, 40.0), 1.0).len(), all.len());
    }
}
