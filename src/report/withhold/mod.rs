//! Small counts are withheld from all that is written: tables, pictures, model file.

use crate::effects::result::{Effects, Findings};
use crate::error::{Error, Result};
use crate::fit::apparent::Apparent;
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::inference::baseline::TableOne;
use crate::model::{Evaluated, Performance};
use crate::performance::case_mix::{CaseMix, Mix, Moments};
use crate::report::Context;
use crate::report::words::visible;

mod risks;
mod rows;

/// Takes the counts from 1 to below - 1 out of a fit and what is said beside it, before anything is written, and what would
/// give them back. What is left out is said. The number of rows used, and of all events, stay: a report without them says
/// nothing.
///
/// The table of the patients is withheld where it is made ([`crate::inference::suppress`]); what it withholds of a variable no
/// other part tells.
///
/// # Errors
/// Data, when so few rows, events or non-events were used.
pub fn withhold(fit: &mut Fit, context: &mut Context, below: usize) -> Result<()> {
    let (n, events) = (fit.statistics.n.min(fit.ledger.rows_used as f64), fit.outcome.n_events);
    enough((n, events.map(|events| (events, fit.statistics.n - events))), &fit.outcome.variable, below)?;
    let in_table =
        |what: fn(&TableOne) -> Vec<String>| context.table_one.as_ref().map_or_else(Vec::new, what);
    let (no_gaps, no_levels) = (in_table(TableOne::withheld_gaps), in_table(TableOne::withheld_levels));
    let was_dropped = fit.ledger.rows_dropped() > 0;
    let mut said = vec![format!("counts from 1 to {} are withheld", below - 1)];
    said.extend(rows::ledger(&mut fit.ledger, below));
    let mut told: Vec<String> = fit.ledger.missing.iter().map(|(name, _)| name.clone()).collect();
    if let Some(imputation) = &mut context.imputation {
        let is_told = |name: &str| !no_gaps.iter().any(|gap| gap == name);
        said.extend(rows::imputation(imputation, &mut fit.ledger, fit.spec.seed, (below, &is_told)));
        told.extend(imputation.cells.iter().map(|(name, _)| name.clone()));
    }
    if let Some(found) = &mut context.gaps {
        let complete =
            found.patterns.iter().find(|(pattern, _)| !pattern.contains(&true)).map_or(0, |(_, n)| *n);
        let is_imputed = context.imputation.as_ref().is_some_and(|i| i.imputations > 0);
        let is_other = !is_imputed && rows::is_small(complete.saturating_sub(fit.ledger.rows_used), below);
        if fit.ledger.few_dropped().is_some() || is_other || (is_imputed && was_dropped) {
            context.gaps = None;
            said.push("no table and picture of missing values: it would tell of few rows".to_string());
        } else {
            said.extend(rows::gaps(found, below, &|name| told.iter().any(|t| t == name)));
        }
    }
    if let Some(imputation) = &mut context.imputation {
        imputation.gaps = context.gaps.clone().unwrap_or_default();
    }
    if fit.influence.take().is_some() {
        said.push("no picture of influence, which shows how few rows stand apart".to_string());
    }
    if let Some(separation) = &mut fit.convergence.separation {
        let few = |n: usize| {
            rows::is_small(n, below) || rows::is_small(fit.ledger.rows_used.saturating_sub(n), below)
        };
        separation.rows = separation.rows.filter(|n| !few(*n));
    }
    said.extend(mixes(&mut fit.case_mix, &no_levels, below));
    match &mut context.apparent {
        Some(Apparent::Logistic { performance, .. }) => said.extend(risks::logistic(performance, below)),
        Some(Apparent::Linear { performance, .. }) => said.extend(risks::linear(performance, below)),
        None => {}
    }
    for effect in &mut context.partial {
        let shown = risks::shown(&effect.counts, below);
        effect.counts.iter_mut().zip(shown).filter(|(_, shown)| !shown).for_each(|(n, _)| *n = 0.0);
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
    Ok(())
}

/// The same for an evaluation of a model on new data.
///
/// # Errors
/// Data, when so few rows, events or non-events were used.
pub fn withhold_evaluated(evaluated: &mut Evaluated, below: usize) -> Result<()> {
    let events = match &evaluated.performance {
        Performance::Logistic(p) => Some((p.n_events, p.n - p.n_events)),
        Performance::Linear(_) => None,
    };
    enough((evaluated.ledger.rows_used as f64, events), &evaluated.outcome_name, below)?;
    let mut said = vec![format!("counts from 1 to {} are withheld", below - 1)];
    said.extend(rows::ledger(&mut evaluated.ledger, below));
    said.extend(mixes(&mut evaluated.case_mix, &[], below));
    said.extend(match &mut evaluated.performance {
        Performance::Logistic(performance) => risks::logistic(performance, below),
        Performance::Linear(performance) => risks::linear(performance, below),
    });
    evaluated.ledger.notices.extend(said);
    Ok(())
}

/// The notices of a reader without counts of few cells, and where few rows are left out of a table without the numbers of rows of
/// its files.
pub fn notices_without_counts(notices: &mut Vec<String>, below: usize, few_left_out: bool) {
    let said = rows::notices(notices, below, few_left_out);
    notices.extend(said);
}

/// Refuses what is made of fewer rows, events or non-events than that.
fn enough((rows, events): (f64, Option<(f64, f64)>), outcome: &str, below: usize) -> Result<()> {
    let (events, others) = events.map_or((None, None), |(events, others)| (Some(events), Some(others)));
    let parts = [(Some(rows), "rows"), (events, "events"), (others, "non-events")];
    let Some((_, what)) = parts.into_iter().find(|(n, _)| n.is_some_and(|n| is_small(n, below))) else {
        return Ok(());
    };
    Err(Error::data(format!(
        "fewer than {below} {what} of `{outcome}` are left, of which `--suppress-below {below}` lets nothing be told"
    ))
    .hint("use data or an outcome with more of them, or leave `--suppress-below` out where all may be seen"))
}

fn is_small(n: f64, below: usize) -> bool {
    n > 0.0 && n < below as f64
}

/// A variable with a level of few patients, or whose levels are withheld elsewhere, loses its shares: the model file has none
/// of it. A number whose mean is a share, for it has two neighbouring whole values, is such a variable too.
fn mixes(mix: &mut CaseMix, elsewhere: &[String], below: usize) -> Option<String> {
    let has_small = |mix: &Mix| match mix {
        Mix::Number(moments) => {
            shares_of(moments).is_some_and(|counts| counts.iter().any(|n| is_small(*n, below)))
        }
        Mix::Levels { n, shares } => shares.iter().any(|(_, share)| is_small((share * n).round(), below)),
    };
    let is_lost = |name: &String, mix: &Mix| has_small(mix) || elsewhere.contains(name);
    let gone: Vec<String> = mix
        .variables
        .iter()
        .filter(|(name, mix)| is_lost(name, mix))
        .map(|(name, _)| format!("`{}`", visible(name)))
        .collect();
    mix.variables.retain(|(name, mix)| !is_lost(name, mix));
    (!gone.is_empty())
        .then(|| format!("the shares of the levels of {} are not in the model file", gone.join(", ")))
}

/// How many rows have which value of a number that is k or k + 1 in all rows, k whole; `None` of another.
fn shares_of(moments: &Moments) -> Option<[f64; 2]> {
    const ROUNDING: f64 = 1e-6;
    let (n, share) = (moments.n, moments.mean - moments.mean.floor());
    let variance = share * (1.0 - share) * n / (n - 1.0);
    let is_so = (moments.sd * moments.sd - variance).abs() <= ROUNDING * variance;
    is_so.then(|| [(share * n).round(), ((1.0 - share) * n).round()])
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
