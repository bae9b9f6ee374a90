//! A fit that did not converge, in words: why, with the number, and the next thing to try.

use crate::design::numbers::listed;
use crate::fit::result::{Convergence, Fit, Separation};
use crate::fit::spec::MethodName;
use crate::optimise::stop::StopReason;
use crate::optimise::verdict::{grouped, short};

/// What happened and what to try; `None` for a fit that converged.
pub fn unconverged(fit: &Fit) -> Option<(String, String)> {
    let end = &fit.convergence;
    if end.converged {
        return None;
    }
    if let Some(separation) = &end.separation {
        return Some(separated(separation));
    }
    let verdict = fit.verdict.as_ref().map(|v| v.text.clone());
    let norm = format!("the gradient norm is {}", short(end.gradient_norm));
    let (what, fallback) = match end.reason {
        StopReason::EpochLimit => (
            format!(
                "the limit of {} came first; {norm}, above the tolerance {}",
                epochs(fit.optimizer.max_epochs as f64),
                short(end.tolerance)
            ),
            "more epochs (`--max-epochs`), another learning rate, or `--optimizer auto`",
        ),
        StopReason::Diverged => (
            format!(
                "the descent diverged: after {} the loss is {}",
                epochs(end.epochs),
                fit.history.last().map_or_else(|| "unknown".to_string(), |r| short(r.loss))
            ),
            "a lower `--learning-rate`, or `auto`",
        ),
        StopReason::NoProgress => (
            format!(
                "no step lowered the loss any more, though {norm}, above the tolerance {}",
                short(end.tolerance)
            ),
            "a larger `--tolerance`; and leave out `--raw-scale`, if it is there",
        ),
        StopReason::Interrupted => (
            format!("interrupted after {}; {norm}", epochs(end.epochs)),
            "the files hold the state at the stop; the same command without an interruption goes to the end",
        ),
        StopReason::Separated | StopReason::GradientBelowTolerance | StopReason::RoundingFloor => (
            format!("{}; {norm}", end.reason.words()),
            "`--penalty firth` gives finite estimates when an outcome is perfectly predicted",
        ),
    };
    let hint = match end.reason {
        StopReason::Interrupted => fallback.to_string(),
        _ => verdict.unwrap_or_else(|| fallback_for(fit, fallback)),
    };
    Some((format!("not converged: {what}{}", distance(end)), hint))
}

/// Nobody is sent to the optimiser that just failed.
fn fallback_for(fit: &Fit, fallback: &str) -> String {
    match (fit.spec.method, fit.convergence.reason) {
        (MethodName::Auto, StopReason::EpochLimit) => "more epochs (`--max-epochs`)".to_string(),
        (MethodName::Auto, StopReason::Diverged) => {
            "columns of extreme size or spread: look at the data, rescale them, leave out `--raw-scale`"
                .to_string()
        }
        _ => fallback.to_string(),
    }
}

fn separated(separation: &Separation) -> (String, String) {
    let kind = if separation.complete { "completely" } else { "quasi-completely" };
    let terms = listed(&separation.terms);
    let rows = separation.rows.map_or_else(|| "some".to_string(), |rows| rows.to_string());
    (
        format!(
            "not converged: the data are {kind} separated by {terms}: {rows} rows are predicted perfectly, and these \
             coefficients have no finite estimate"
        ),
        "`--penalty firth` gives finite estimates; or merge levels, or leave the term out".to_string(),
    )
}

/// `1 epoch`, `10,000 epochs`.
pub fn epochs(count: f64) -> String {
    if count == 1.0 { "1 epoch".to_string() } else { format!("{} epochs", grouped(count)) }
}

/// How far off the coefficients can be, where a bound is known.
fn distance(end: &Convergence) -> String {
    match end.max_error_in_standard_errors {
        Some(error) if error.is_finite() && end.reason != StopReason::Diverged => {
            format!("; up to {} standard errors from the answer", short(error))
        }
        _ => String::new(),
    }
}
