//! The sentences that summary and page share: the ledger, how the descent ended, how it was set up.

use crate::data::missing::Ledger;
use crate::design::matrix::VariableKind;
use crate::design::numbers::listed;
use crate::fit::result::{Convergence, Fit, OptimizerUsed, Separation};
use crate::fit::spec::{Family, Interval, Penalty};
use crate::optimise::stop::StopReason;
use crate::report::numbers::{bound, brief, count};

/// Beyond this many standard errors from the optimum a stop is not the answer, whatever the gradient says.
const FAR: f64 = 0.01;

/// How the descent ended, in sentences.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// Whether the fit may be used as the answer.
    pub good: bool,
    /// What happened, with the numbers.
    pub what: String,
    /// How far the coefficients can be from the answer.
    pub distance: Option<String>,
    /// What to try next; for a good ending what the learning rate was like.
    pub next: Vec<String>,
}

/// `Linear regression`, with the penalty if there is one: a penalty is never silent.
pub fn family_name(fit: &Fit) -> String {
    let family = match fit.family {
        Family::Linear => "Linear regression",
        Family::Logistic => "Logistic regression",
    };
    match penalty_words(fit) {
        Some(penalty) => format!("{family} with {penalty}"),
        None => family.to_string(),
    }
}

/// The penalty in words, `None` for maximum likelihood.
pub fn penalty_words(fit: &Fit) -> Option<String> {
    let Some(used) = &fit.penalty else {
        return (fit.spec.penalty == Penalty::Firth).then(|| "Firth's bias reduction".to_string());
    };
    let cross_validated = used.search.as_ref().is_some_and(|s| s.tuned.is_some());
    let by = if cross_validated { ", by cross-validation" } else { "" };
    let lambda = format!("lambda {}{by}", brief(used.strength.lambda));
    Some(match used.strength.alpha {
        0.0 => format!("ridge penalty ({lambda})"),
        1.0 => format!("lasso penalty ({lambda})"),
        alpha => format!("elastic-net penalty ({lambda}, alpha {})", brief(alpha)),
    })
}

/// What the descent looks for: `least-squares`, `maximum-likelihood`, or with a penalty.
pub fn answer(fit: &Fit) -> &'static str {
    match (&fit.spec.penalty, fit.family) {
        (Penalty::None, Family::Linear) => "least-squares",
        (Penalty::None, Family::Logistic) => "maximum-likelihood",
        (Penalty::Firth, _) => "penalised-likelihood",
        (Penalty::ElasticNet { .. }, Family::Linear) => "penalised least-squares",
        (Penalty::ElasticNet { .. }, Family::Logistic) => "penalised maximum-likelihood",
    }
}

/// The name of the loss.
pub fn loss_name(family: Family) -> &'static str {
    match family {
        Family::Linear => "half the mean squared error",
        Family::Logistic => "mean negative log-likelihood",
    }
}

/// `1,902 of 2,000 rows used; 98 dropped: biomarker missing in 61, bmi in 40 (3 lack both)`.
pub fn ledger(ledger: &Ledger) -> String {
    let rows = |n: usize| count(n as f64);
    let dropped = ledger.rows_dropped();
    if let Some(below) = ledger.few_dropped() {
        return format!("{} rows used, all but fewer than {below} of those read", rows(ledger.rows_used));
    }
    if dropped == 0 {
        return format!("all {} rows used", rows(ledger.rows_read));
    }
    format!(
        "{} of {} rows used; {} dropped: {}",
        rows(ledger.rows_used),
        rows(ledger.rows_read),
        rows(dropped),
        reasons(ledger).join(", ")
    )
}

/// Why rows were dropped, one reason an item; the last says how reasons overlap.
pub fn reasons(ledger: &Ledger) -> Vec<String> {
    let rows = |n: usize| count(n as f64);
    let mut told: Vec<String> =
        ledger.missing.iter().map(|(name, n)| format!("{} missing in {}", visible(name), rows(*n))).collect();
    let otherwise: usize = ledger.dropped_otherwise.iter().map(|(_, n)| n).sum();
    let counted: usize = ledger.missing.iter().map(|(_, n)| n).sum();
    let twice = (counted + otherwise).saturating_sub(ledger.rows_dropped());
    let is_withheld = ledger.withheld.is_some();
    if let Some(last) = told.last_mut().filter(|_| twice > 0) {
        let overlap = if ledger.missing.len() == 2 && otherwise == 0 && !is_withheld {
            format!("{} {} both", rows(twice), if twice == 1 { "lacks" } else { "lack" })
        } else {
            "some rows have several reasons".to_string()
        };
        last.push_str(&format!(" ({overlap})"));
    }
    told.extend(ledger.dropped_otherwise.iter().map(|(why, n)| format!("{why} in {}", rows(*n))));
    if told.is_empty() {
        told.push(if is_withheld { "rare reasons" } else { "no reason recorded" }.to_string());
    }
    told
}

/// How the descent ended, how far that is from the answer, and what to try.
pub fn ending(fit: &Fit) -> Ending {
    let end = &fit.convergence;
    if let Some(separation) = &end.separation {
        return separated(fit, separation);
    }
    let verdict = fit.verdict.as_ref().map(|v| v.text.clone());
    if end.converged {
        let far = end.max_error_in_standard_errors.is_some_and(|e| e > FAR);
        let loose =
            "The tolerance is too loose for these data: try `--tolerance 1e-8`, or `--optimizer auto`.";
        let next = verdict.into_iter().chain(far.then(|| loose.to_string())).collect();
        return Ending { good: true, what: arrived(end), distance: distance(fit), next };
    }
    let mut next: Vec<String> = verdict.into_iter().collect();
    if next.iter().all(|told| !told.contains("--optimizer auto")) {
        next.extend(advice(fit));
    }
    Ending { good: false, what: stopped(fit), distance: distance(fit), next }
}

fn arrived(end: &Convergence) -> String {
    let how = match end.reason {
        StopReason::RoundingFloor => {
            format!("the gradient norm, {}, is as small as rounding lets it be", brief(end.gradient_norm))
        }
        _ => format!(
            "the gradient norm, {}, is below the tolerance {}",
            brief(end.gradient_norm),
            brief(end.tolerance)
        ),
    };
    format!("Converged after {}: {how}.", work(end))
}

/// `9 updates (9 epochs; 14 passes over the data in all)`.
pub fn work(end: &Convergence) -> String {
    let mut parts = Vec::new();
    if end.epochs != end.iterations as f64 {
        parts.push(plural(end.epochs, "epoch"));
    }
    if end.sweeps > end.epochs {
        parts.push(format!("{} passes over the data in all", count(end.sweeps.ceil())));
    }
    let updates = plural(end.iterations as f64, "update");
    if parts.is_empty() { updates } else { format!("{updates} ({})", parts.join("; ")) }
}

/// `1 update`, `1,657 updates`.
pub fn plural(n: f64, word: &str) -> String {
    if n == 1.0 { format!("1 {word}") } else { format!("{} {word}s", count(n)) }
}

fn stopped(fit: &Fit) -> String {
    let end = &fit.convergence;
    let norm =
        format!("the gradient norm is {}, the tolerance {}", brief(end.gradient_norm), brief(end.tolerance));
    match end.reason {
        StopReason::EpochLimit => {
            format!(
                "Not converged: the limit of {} epochs was reached; {norm}.",
                count(fit.optimizer.max_epochs as f64)
            )
        }
        StopReason::Diverged => {
            format!("Diverged after {}: the loss grew without bound.", work(end))
        }
        StopReason::NoProgress => {
            format!("Not converged: after {} no step lowered the loss; {norm}.", work(end))
        }
        StopReason::Interrupted => format!("Interrupted after {}: {norm}.", work(end)),
        StopReason::Separated => "No finite estimate exists: the data are separated.".to_string(),
        StopReason::GradientBelowTolerance | StopReason::RoundingFloor => {
            format!("Not converged after {}: {norm}.", work(end))
        }
    }
}

/// How far the stop is from the answer; `None` where there is none to be far from.
pub fn distance(fit: &Fit) -> Option<String> {
    let end = &fit.convergence;
    let answer = answer(fit);
    if end.reason == StopReason::Diverged || end.separation.is_some() {
        return None;
    }
    if let Some(used) = &fit.penalty {
        return Some(match used.duality_gap {
            gap if gap.is_finite() => {
                format!("The penalised loss is within {} of its minimum (duality gap).", bound(gap))
            }
            _ => "How far the penalised loss is above its minimum cannot be bounded from here.".to_string(),
        });
    }
    let Some(error) = end.max_error_in_standard_errors else {
        return (!end.converged).then(|| {
            format!("How far the coefficients are from the {answer} answer cannot be bounded from here.")
        });
    };
    if fit.spec.penalty == Penalty::Firth && fit.optimizer.name == "auto" {
        // The Newton decrement of the penalised likelihood: there is no theorem behind it, as there is for the likelihood.
        return Some(format!(
            "By an estimate (the Newton decrement; no proved bound) every coefficient is about {} standard errors or less \
             from the {answer} answer.",
            bound(error)
        ));
    }
    if end.converged && error <= FAR {
        return Some(format!(
            "Every coefficient is within {} standard errors of the {answer} answer.",
            bound(error)
        ));
    }
    if fit.optimizer.name == "auto" {
        // The certificate of the stop itself: a bound.
        return Some(format!(
            "Every coefficient is within {} standard errors of the {answer} answer.",
            bound(error)
        ));
    }
    // Measured against the answer itself, which a second, exact descent found.
    Some(format!(
        "The descent stopped with at least one coefficient {} standard errors from the {answer} answer.",
        two_digits(error)
    ))
}

fn two_digits(x: f64) -> String {
    if x >= 100.0 { count(x.round()) } else { crate::report::numbers::significant(x, 2) }
}

fn advice(fit: &Fit) -> Vec<String> {
    let end = &fit.convergence;
    let auto = fit.optimizer.name == "auto";
    let text = match end.reason {
        StopReason::EpochLimit if auto => {
            format!("Try more epochs: `--max-epochs {}`.", fit.optimizer.max_epochs.saturating_mul(10))
        }
        StopReason::Diverged if auto => "Look for values far out of range in the columns used.".to_string(),
        StopReason::NoProgress if !fit.optimizer.standardised => {
            "Try standardised columns: leave out `--raw-scale`.".to_string()
        }
        StopReason::NoProgress if auto => {
            "The tolerance may be below what rounding allows here: try a larger `--tolerance`.".to_string()
        }
        StopReason::Interrupted => "Run it again without an interruption for the answer.".to_string(),
        _ => "`--optimizer auto` needs no tuning and proves how close it came.".to_string(),
    };
    vec![text]
}

fn separated(fit: &Fit, separation: &Separation) -> Ending {
    let rows = separation.rows.map_or_else(|| "some".to_string(), |rows| count(rows as f64));
    let n = count(fit.ledger.rows_used as f64);
    let how = if separation.complete {
        format!("complete separation; one combination of the predictors tells all {n} rows apart")
    } else {
        format!(
            "quasi-complete separation; one combination of the predictors tells {rows} of {n} rows apart without \
             error"
        )
    };
    let names: Vec<String> = separation.terms.iter().map(|t| visible(t)).collect();
    let what = format!(
        "No finite {} estimate exists ({how}): {} {} to infinity.",
        answer(fit),
        listed(&names),
        if names.len() == 1 { "runs" } else { "run" }
    );
    let next = "Firth's bias reduction gives finite estimates: `--penalty firth`. Or merge rare levels, or leave the \
                column out; and ask whether it tells the outcome by definition.";
    Ending { good: false, what, distance: None, next: vec![next.to_string()] }
}

/// `gradient descent, full batch, learning rate 0.83 (1/L, from the curvature), constant, standardised columns`.
pub fn method(used: &OptimizerUsed) -> String {
    let columns = if used.standardised { "standardised columns" } else { "raw columns" };
    if used.name == "auto" {
        return format!("auto (preconditioned descent with quasi-Newton updates), {columns}");
    }
    let name = match used.name.as_str() {
        "gradient-descent" => "gradient descent",
        "momentum" => "momentum (heavy ball, friction 0.9)",
        "nesterov" => "Nesterov's accelerated gradient with restarts",
        "adam" => "Adam",
        other => other,
    };
    let batch = match used.batch_size {
        Some(rows) => format!("mini-batches of {} rows", count(rows as f64)),
        None => "full batch".to_string(),
    };
    let rate = if used.line_search {
        "step lengths by line search".to_string()
    } else if used.learning_rate_auto {
        format!("learning rate {} (from the curvature)", brief(used.learning_rate))
    } else {
        format!("learning rate {}", brief(used.learning_rate))
    };
    let schedule = match used.schedule.as_str() {
        "constant" => String::new(),
        other => format!(", {other} schedule"),
    };
    format!("{name}, {batch}, {rate}{schedule}, {columns}")
}

/// `largest L = 9766, smallest 0.08374: ratio 116,629`, where the verdict knows them.
pub fn curvature(fit: &Fit) -> Option<String> {
    let verdict = fit.verdict.as_ref()?;
    let (largest, smallest) = (verdict.largest_curvature, verdict.smallest_curvature);
    if !largest.is_finite() || !smallest.is_finite() {
        return None;
    }
    let ratio = match largest / smallest {
        ratio if !ratio.is_finite() || ratio < 0.0 => String::new(),
        ratio if ratio < 100.0 => format!("; ratio {}", brief(ratio)),
        ratio if ratio < 1e9 => format!("; ratio {}", count(ratio.round())),
        ratio => format!("; ratio {}", brief(ratio)),
    };
    Some(format!("largest L = {}, smallest {}{ratio}", brief(largest), brief(smallest)))
}

/// The reference level of each categorical variable that the model uses: `treatment = control`.
pub(super) fn references(fit: &Fit) -> Vec<String> {
    let used = |name: &str| {
        fit.coefficients.iter().any(|c| c.term.parts.iter().any(|p| p.variable == name && p.level.is_some()))
    };
    fit.frozen
        .variables
        .iter()
        .filter_map(|(name, kind)| match kind {
            VariableKind::Category(levels) if used(name) => {
                levels.first().map(|level| format!("{} = {}", visible(name), visible(level)))
            }
            _ => None,
        })
        .collect()
}

/// What must be known to read the coefficient table: which standard errors, which intervals, which reference levels.
pub fn notes(fit: &Fit) -> Vec<String> {
    let has_errors = fit.coefficients.iter().any(|c| c.std_error.is_some_and(f64::is_finite));
    let mut notes = vec![if has_errors {
        let profile =
            if fit.spec.interval == Interval::Profile { "; intervals by profile likelihood" } else { "" };
        format!("Standard errors: {}{profile}.", visible(&fit.covariance_kind))
    } else {
        format!("No standard errors: {}.", why_no_errors(fit))
    }];
    let references = references(fit);
    if !references.is_empty() {
        notes.push(format!("Reference levels: {}.", references.join("; ")));
    }
    notes
}

/// Why a fit has no standard errors.
fn why_no_errors(fit: &Fit) -> String {
    let end = &fit.convergence;
    if end.separation.is_some() {
        return "there is no finite estimate that they could belong to".to_string();
    }
    if end.reason == StopReason::Diverged {
        return "the descent diverged".to_string();
    }
    if matches!(fit.spec.penalty, Penalty::ElasticNet { .. }) {
        return "a penalised estimate is biased on purpose, and its usual standard errors would mislead"
            .to_string();
    }
    if fit.statistics.df_residual <= 0.0 {
        return "there are as many coefficients as rows".to_string();
    }
    "the information at the stop is singular".to_string()
}

/// A name with its control characters made visible, so that it cannot break a line or steer a terminal.
pub fn visible(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
