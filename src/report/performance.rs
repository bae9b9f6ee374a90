//! The pictures of a model's performance: calibration, ROC, decision curve; of a linear model the calibration alone.

use crate::error::Result;
use crate::model::Performance;
use crate::performance::construction::ByConstruction;
use crate::performance::curve::CurvePoint;
use crate::performance::decision::NetBenefit;
use crate::performance::distribution::RiskDistribution;
use crate::performance::estimate::{Estimate, Proportion};
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::LogisticPerformance;
use crate::plot::agreement::Agreement;
use crate::plot::calibration::{Calibration, CalibrationCurve, CalibrationGroup};
use crate::plot::decision::{Decision, DecisionCurve};
use crate::plot::page::Headings;
use crate::plot::risks::RiskBins;
use crate::plot::roc::{Roc, RocCurve, Threshold};
use crate::report::numbers::{count, share, short};
use crate::report::statistics::percent;
use crate::report::{NamedFile, drawn};

/// What is written above and beside the pictures.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The model, e.g. its formula.
    pub model: &'a str,
    /// On which rows it is measured, e.g. `Evaluated on new.csv`.
    pub rows: &'a str,
    /// The outcome.
    pub outcome: &'a str,
    /// Logistic: its value that is the event.
    pub event: Option<&'a str>,
    /// What the fit forces on these rows, and says nothing therefore; nothing on other rows.
    pub forced: ByConstruction,
    /// How the interval of the AUC was made.
    pub auc_interval: &'a str,
}

/// `calibration.png`, and of a logistic model `roc.png` and `decision_curve.png`, each as .svg too where that is asked
/// for. They show aggregates: curves, groups
/// and counts.
///
/// # Errors
/// When a picture cannot be drawn or encoded.
pub fn pictures(subject: &Subject<'_>, performance: &Performance, svg: bool) -> Result<Vec<NamedFile>> {
    Ok(match performance {
        Performance::Logistic(p) => [
            with_calibration(subject, p, |f| drawn(f, "calibration", svg))?,
            with_roc(subject, p, |f| drawn(f, "roc", svg))?,
            if has_decision(p) {
                with_decision(subject, p, |f| drawn(f, "decision_curve", svg))?
            } else {
                Vec::new()
            },
        ]
        .concat(),
        Performance::Linear(p) => with_agreement(subject, p, |f| drawn(f, "calibration", svg))?,
    })
}

/// `Evaluated on new.csv: n = 4,000, 280 events (7.0 %)`.
fn events(subject: &Subject<'_>, p: &LogisticPerformance) -> String {
    let share = 100.0 * p.n_events / p.n;
    format!("{}: n = {}, {} events ({share:.1} %)", subject.rows, count(p.n), count(p.n_events))
}

fn three(x: f64) -> String {
    const HALF_A_THOUSANDTH: f64 = 0.0005;
    let x = if x.abs() < HALF_A_THOUSANDTH { 0.0 } else { x }; // no -0.000
    minus(&if x.is_finite() && x.abs() < 1e6 { format!("{x:.3}") } else { short(x) })
}

/// With the printed minus in place of the typed one.
fn minus(number: &str) -> String {
    number.replace('-', "−")
}

fn interval(value: f64, (low, high): (f64, f64)) -> String {
    let ends = low.is_finite() && high.is_finite();
    if ends { format!("{} ({} to {})", three(value), three(low), three(high)) } else { three(value) }
}

fn estimate(e: Option<Estimate>, half_width: f64) -> String {
    e.map_or("no estimate".to_string(), |e| interval(e.value, e.interval(half_width)))
}

/// `10 groups of about equal size with 95% intervals`.
fn groups_in_words(sizes: &[f64], level: f64) -> String {
    let level = percent(level);
    let (least, most) = sizes.iter().fold((f64::INFINITY, 0.0_f64), |(l, m), n| (n.min(l), n.max(m)));
    match sizes.len() {
        0 => "no groups".to_string(),
        1 => format!("all rows in one, with its {level} interval"),
        k if most <= 1.5 * least => format!("{k} groups of about equal size with {level} intervals"),
        k => format!("{k} groups of {} to {} rows with {level} intervals", count(least), count(most)),
    }
}

/// What is said of groups, and of those left out because they are of few patients.
fn group_note(shown: String, left_out: usize) -> String {
    match left_out {
        0 => shown,
        1 => format!("{shown}; 1 group of few patients left out"),
        k => format!("{shown}; {k} groups of few patients left out"),
    }
}

/// Groups of fewer rows than this are not drawn: they would tell of single patients.
const LEAST_GROUP: f64 = 5.0;

/// The calibration of a logistic model, handed to `draw`; what the fit forces on these rows is said to be forced.
///
/// # Errors
/// As `draw` says.
pub(super) fn with_calibration<T>(
    subject: &Subject<'_>,
    p: &LogisticPerformance,
    draw: impl FnOnce(&Calibration<'_>) -> Result<T>,
) -> Result<T> {
    let column =
        |of: fn(&CurvePoint) -> f64| -> Vec<f64> { p.curve.iter().flat_map(|c| &c.points).map(of).collect() };
    let curve = CalibrationCurve {
        predicted: column(|point| point.predicted),
        observed: column(|point| point.observed),
        low: column(|point| point.low),
        high: column(|point| point.high),
    };
    let curve_note = match &p.curve {
        None => why(&p.notes, "calibration curve"),
        Some(c) if c.knots.is_empty() => {
            format!("a straight line on the log odds with its {} band", percent(p.conf_level))
        }
        Some(c) => {
            format!(
                "restricted cubic spline, {} knots, with its {} band",
                c.knots.len(),
                percent(p.conf_level)
            )
        }
    };
    let half_width = p.half_width();
    let forced = subject.forced;
    let large = || estimate(p.calibration_intercept, half_width);
    let slope = || estimate(p.calibration_line.map(|l| l.slope), half_width);
    let ratio = || interval(p.oe_ratio, p.oe_interval);
    let mut statistics = vec![
        ("Intercept (calibration in the large)", told(forced.intercept, "0", large)),
        ("Slope", told(forced.slope, "1", slope)),
        ("Observed / expected", told(forced.intercept, "1", ratio)),
    ];
    if let Some(c) = &p.curve {
        statistics.push(("ICI, E50, E90", [c.ici, c.e50, c.e90].map(three).join(", ")));
    }
    let sizes: Vec<f64> = p.groups.iter().map(|g| g.n).collect();
    let is_shown = sizes.iter().all(|n| *n >= LEAST_GROUP);
    let shown = p.groups.iter().filter(|_| is_shown);
    let groups: Vec<CalibrationGroup> = shown.map(|g| of_share(g.predicted, g.observed)).collect();
    let group_note = if is_shown {
        group_note(groups_in_words(&sizes, p.conf_level), p.groups_left_out)
    } else {
        "too few rows for groups that tell of no single patient".to_string()
    };
    let event = subject.event.unwrap_or_default();
    let bins = bins(p);
    let which = which_bins(&bins);
    let (with, without) =
        (format!("{} = {event}{which}", subject.outcome), format!("{} ≠ {event}{which}", subject.outcome));
    draw(&Calibration {
        headings: Headings {
            title: subject.model,
            subtitle: &format!("Calibration. {}", events(subject, p)),
        },
        curve: &curve,
        curve_note: &curve_note,
        groups: &groups,
        group_note: &group_note,
        bins: &bins,
        outcomes: (&with, &without),
        statistics: &owned(statistics),
    })
}

/// A value, or that the fit makes it so.
fn told(is_forced: bool, value: &str, otherwise: impl FnOnce() -> String) -> String {
    if is_forced { format!("{value} by construction") } else { otherwise() }
}

fn owned(pairs: Vec<(&str, String)>) -> Vec<(String, String)> {
    pairs.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

fn of_share(predicted: f64, observed: Proportion) -> CalibrationGroup {
    CalibrationGroup { predicted, observed: observed.value, low: observed.low, high: observed.high }
}

/// The reason that the measures give for what is not there.
fn why(notes: &[String], what: &str) -> String {
    let start = format!("no {what}: ");
    let found = notes.iter().find_map(|note| note.strip_prefix(&start));
    found.unwrap_or("it has no estimate").to_string()
}

/// The bins of the distribution, fewer where there are few rows.
pub(super) fn bins(p: &LogisticPerformance) -> RiskBins {
    let RiskDistribution { events, non_events, .. } = p.distribution.readable();
    RiskBins {
        // Divided, not multiplied: 0.3 and not 0.30000000000000004.
        edges: (0..=events.len()).map(|k| k as f64 / events.len() as f64).collect(),
        non_events,
        events,
        n: (p.n_events, p.n - p.n_events),
    }
}

/// Whether some bin tells of rows.
pub(super) fn has_bins(bins: &RiskBins) -> bool {
    bins.events.iter().chain(&bins.non_events).any(|n| n.is_finite() && *n > 0.0)
}

/// Which rows the bins show, said after the name of their outcome; nothing where it is all of them.
pub(super) fn which_bins(bins: &RiskBins) -> &'static str {
    let is_whole = bins.events.iter().chain(&bins.non_events).all(|n| n.is_finite());
    match (is_whole, has_bins(bins)) {
        (true, _) => "",
        (false, true) => ", bins of few patients left blank",
        (false, false) => ", withheld: every bin would tell of few patients",
    }
}

/// So many points of a ROC curve are drawn; a curve of a million is thinned to these.
const MOST_POINTS: usize = 1000;

/// What is said of a curve whose other points would tell of few patients.
fn at_some(drawn: usize, left_out: usize) -> String {
    match left_out {
        0 => String::new(),
        _ => format!(
            "; straight lines between {} of its {} points, the others withheld",
            count(drawn as f64),
            count((drawn + left_out) as f64)
        ),
    }
}

/// The ROC curve, handed to `draw`.
///
/// # Errors
/// As `draw` says.
pub(super) fn with_roc<T>(
    subject: &Subject<'_>,
    p: &LogisticPerformance,
    draw: impl FnOnce(&Roc<'_>) -> Result<T>,
) -> Result<T> {
    let (low, high) = p.auc_interval;
    let note = if p.auc.std_error.is_finite() && low < high {
        let ends = (minus(&share(low)), minus(&share(high)));
        let (level, how) = (percent(p.conf_level), subject.auc_interval);
        format!("AUC {} ({level} CI {} to {}, {how})", share(p.auc.value), ends.0, ends.1)
    } else {
        format!("AUC {}; its interval has no width here", share(p.auc.value))
    };
    let every = p.roc.len().div_ceil(MOST_POINTS).max(1);
    let last = p.roc.len().saturating_sub(1);
    let kept = || (0..p.roc.len()).filter(|k| k.is_multiple_of(every) || *k == last).map(|k| &p.roc[k]);
    let curve = RocCurve {
        label: "model".to_string(),
        note,
        false_positive: kept().map(|point| point.false_positive_rate).collect(),
        true_positive: kept().map(|point| point.sensitivity).collect(),
    };
    let thresholds: Vec<Threshold> = p
        .classification
        .iter()
        .filter_map(|c| {
            let (sensitivity, specificity) = (c.sensitivity?.value, c.specificity?.value);
            Some(Threshold {
                false_positive: 1.0 - specificity,
                true_positive: sensitivity,
                label: format!("risk of at least {}", c.threshold),
                note: format!("sensitivity {}, specificity {}", three(sensitivity), three(specificity)),
            })
        })
        .collect();
    let subtitle = format!("ROC curve. {}{}", events(subject, p), at_some(p.roc.len(), p.points_left_out.0));
    draw(&Roc {
        headings: Headings { title: subject.model, subtitle: &subtitle },
        curves: &[curve],
        thresholds: &thresholds,
    })
}

/// Whether any two points of the decision curve are told.
pub(super) fn has_decision(p: &LogisticPerformance) -> bool {
    p.decision_curve.len() > 1
}

/// The decision curve, handed to `draw`.
///
/// # Errors
/// As `draw` says.
pub(super) fn with_decision<T>(
    subject: &Subject<'_>,
    p: &LogisticPerformance,
    draw: impl FnOnce(&Decision<'_>) -> Result<T>,
) -> Result<T> {
    let end = last_threshold(p);
    const SLACK: f64 = 1e-9; // thresholds are decimal fractions
    let shown: Vec<&NetBenefit> = p.decision_curve.iter().filter(|b| b.threshold <= end + SLACK).collect();
    let half_width = p.half_width();
    let column = |of: &dyn Fn(&NetBenefit) -> f64| -> Vec<f64> { shown.iter().map(|b| of(b)).collect() };
    let model = DecisionCurve {
        label: format!("model ({} band)", percent(p.conf_level)),
        net_benefit: column(&|b| b.model),
        low: column(&|b| b.model - half_width * b.std_error),
        high: column(&|b| b.model + half_width * b.std_error),
    };
    let beyond = if end < 0.985 { "; at most 1 % have a risk beyond the last threshold" } else { "" };
    let some = at_some(p.decision_curve.len(), p.points_left_out.1);
    let subtitle = format!("Decision curve. {}{beyond}{some}", events(subject, p));
    draw(&Decision {
        headings: Headings { title: subject.model, subtitle: &subtitle },
        thresholds: &column(&|b| b.threshold),
        models: &[model],
        treat_all: &column(&|b| b.treat_all),
    })
}

/// Where the decision curve ends: at a twentieth beyond which lie the risks of 1 % of the rows at most, and not before
/// a threshold that the user named.
fn last_threshold(p: &LogisticPerformance) -> f64 {
    const LEFT_OUT: f64 = 0.01;
    const TWENTIETHS: f64 = 20.0;
    const LEAST: f64 = 0.1;
    const LAST: f64 = 0.99;
    let d = &p.distribution;
    let mut above = 0.0;
    let bin = (0..d.events.len()).rev().find(|k| {
        let rows = d.events[*k] + d.non_events[*k];
        above += rows;
        above > LEFT_OUT * p.n || rows.is_nan() // of a bin that is not told nothing can be said but that it may hold rows
    });
    let edge = bin.map_or(LAST, |k| (k + 1) as f64 * d.width);
    let round = (edge * TWENTIETHS - 1e-9).ceil() / TWENTIETHS;
    p.classification.iter().fold(round.max(LEAST), |end, c| end.max(c.threshold)).min(LAST)
}

/// The calibration of a linear model, handed to `draw`; what the fit forces on these rows is said to be forced.
///
/// # Errors
/// As `draw` says.
pub(super) fn with_agreement<T>(
    subject: &Subject<'_>,
    p: &LinearPerformance,
    draw: impl FnOnce(&Agreement<'_>) -> Result<T>,
) -> Result<T> {
    let large = || estimate_short(p.calibration_intercept, p.half_width(1.0));
    let slope = || estimate(p.calibration_line.map(|l| l.slope), p.half_width(2.0));
    let forced = subject.forced;
    let statistics = vec![
        ("Calibration in the large", told(forced.intercept, "0", large)),
        ("Slope", told(forced.slope, "1", slope)),
        ("R²", three(p.r_squared)),
        ("Root mean squared error", minus(&short(p.rmse))),
        ("Mean absolute error", minus(&short(p.mae))),
    ];
    let sizes: Vec<f64> = p.groups.iter().map(|g| g.n).collect();
    let groups: Vec<CalibrationGroup> = p
        .groups
        .iter()
        .map(|g| CalibrationGroup { predicted: g.predicted, observed: g.observed, low: g.low, high: g.high })
        .collect();
    let line_note = match &p.calibration_line {
        Some(_) => "of the outcome on the prediction, over all rows".to_string(),
        None => why(&p.notes, "calibration slope"),
    };
    let subtitle = format!("Calibration. {}: n = {}", subject.rows, count(p.n));
    draw(&Agreement {
        headings: Headings { title: subject.model, subtitle: &subtitle },
        outcome: subject.outcome,
        line: p.calibration_line.map(|l| (l.intercept.value, l.slope.value)),
        line_note: &line_note,
        groups: &groups,
        group_note: &group_note(groups_in_words(&sizes, p.conf_level), p.groups_left_out),
        statistics: &owned(statistics),
    })
}

/// In the outcome's units, which may be of any size.
fn estimate_short(e: Option<Estimate>, half_width: f64) -> String {
    e.map_or("no estimate".to_string(), |e| {
        let (low, high) = e.interval(half_width);
        minus(&format!("{} ({} to {})", short(e.value), short(low), short(high)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::logistic::{Asked, Predicted};

    fn measured(lp: &[f64], outcome: &[f64], thresholds: &[f64]) -> LogisticPerformance {
        let rows = Predicted { linear_predictor: lp, outcome, weight: None };
        let asked = Asked { conf_level: 0.95, thresholds: thresholds.to_vec() };
        LogisticPerformance::of(&rows, &asked).expect("both outcomes")
    }

    fn subject() -> Subject<'static> {
        Subject {
            model: "y ~ x",
            rows: "Evaluated on new.csv",
            outcome: "y",
            event: Some("1"),
            forced: ByConstruction::default(),
            auc_interval: "DeLong",
        }
    }

    /// All risks alike, a perfect order, and five rows: each picture is drawn and says what it lacks.
    #[test]
    fn what_cannot_be_estimated_is_said_and_the_rest_is_drawn() {
        let half: Vec<f64> = (0..30).map(|i| f64::from(u8::from(i >= 15))).collect();
        let apart: Vec<f64> = (0..30).map(|i| 0.2 * f64::from(i) - 2.9).collect();
        for (lp, outcome) in
            [(vec![-1.0; 30], &half[..]), (apart.clone(), &half[..]), (apart[..5].to_vec(), &half[12..17])]
        {
            let p = measured(&lp, outcome, &[]);
            assert!(p.curve.is_none());
            assert!(!why(&p.notes, "calibration curve").contains("it has no estimate"), "{:?}", p.notes);
            let files = pictures(&subject(), &Performance::Logistic(Box::new(p)), true).expect("drawn");
            let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
            assert_eq!(
                names,
                [
                    "calibration.png",
                    "calibration.svg",
                    "roc.png",
                    "roc.svg",
                    "decision_curve.png",
                    "decision_curve.svg"
                ]
            );
        }
    }

    #[test]
    fn the_decision_curve_ends_with_the_risks_or_at_the_users_threshold() {
        let lp: Vec<f64> = (0..200).map(|i| -3.0 + 0.01 * f64::from(i)).collect(); // risks 0.047 to 0.267
        let outcome: Vec<f64> = (0..200).map(|i| f64::from(u8::from(i % 9 == 0))).collect();
        assert!((last_threshold(&measured(&lp, &outcome, &[])) - 0.30).abs() < 1e-12);
        assert_eq!(last_threshold(&measured(&lp, &outcome, &[0.1, 0.62])), 0.62);
        let low: Vec<f64> = lp.iter().map(|lp| lp - 4.0).collect();
        assert_eq!(last_threshold(&measured(&low, &outcome, &[])), 0.1);
        let mut few = measured(&lp, &outcome, &[]);
        few.distribution.events[20] = f64::NAN; // whatever it holds, it ends at 0.42
        assert!((last_threshold(&few) - 0.45).abs() < 1e-12, "{}", last_threshold(&few));
        let high: Vec<f64> = lp.iter().map(|lp| lp + 9.0).collect();
        assert_eq!(last_threshold(&measured(&high, &outcome, &[])), 0.99);
    }

    #[test]
    fn few_rows_have_wide_bins_and_all_are_counted() {
        let of = |rows: usize| {
            let mut found =
                RiskDistribution { width: 0.02, events: vec![0.0; 50], non_events: vec![0.0; 50] };
            (0..rows).for_each(|k| {
                if k % 3 == 0 { found.events[k % 50] += 1.0 } else { found.non_events[k % 50] += 1.0 }
            });
            bins(&LogisticPerformance {
                distribution: found,
                ..measured(&[-1.0, 1.0, 0.5, 2.0], &[0.0, 1.0, 1.0, 0.0], &[])
            })
        };
        assert_eq!((of(30).events.len(), of(300).events.len()), (10, 50));
        let few = of(30);
        assert_eq!(few.events.iter().chain(&few.non_events).sum::<f64>(), 30.0);
        assert_eq!((few.edges[3], few.edges[10]), (0.3, 1.0));
    }

    #[test]
    fn what_is_withheld_is_said_where_it_is_missing() {
        let bins = |events: &[f64]| RiskBins { events: events.to_vec(), ..RiskBins::default() };
        let (whole, some, none) = (bins(&[3.0, 0.0]), bins(&[3.0, f64::NAN]), bins(&[f64::NAN, f64::NAN]));
        assert_eq!([&whole, &some, &none].map(has_bins), [true, true, false]);
        assert_eq!(which_bins(&whole), "");
        assert_eq!(which_bins(&some), ", bins of few patients left blank");
        assert_eq!(which_bins(&none), ", withheld: every bin would tell of few patients");
        assert_eq!(at_some(99, 0), "");
        assert_eq!(at_some(12, 87), "; straight lines between 12 of its 99 points, the others withheld");
    }

    #[test]
    fn groups_of_unequal_size_are_said_with_their_sizes() {
        assert_eq!(groups_in_words(&[10.0, 11.0], 0.95), "2 groups of about equal size with 95% intervals");
        assert_eq!(groups_in_words(&[10.0, 1100.0], 0.9), "2 groups of 10 to 1,100 rows with 90% intervals");
        assert_eq!(groups_in_words(&[9.0], 0.95), "all rows in one, with its 95% interval");
    }
}
