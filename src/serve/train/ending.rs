//! The end of a run as the page is told of it: converged or not, how far off, and the words of the program.

use ndarray::Array1;
use serde_json::{Value, json};

use crate::fit::result::{Coefficient, Fit, Outcome};
use crate::optimise::verdict::Pace;
use crate::report::ending::unconverged;
use crate::report::{effects, summary, words};
use crate::serve::spanish::with_spanish;
use crate::serve::train::run::Concluded;

/// The event `end`.
pub fn told(concluded: &Concluded) -> Value {
    let Concluded { fit, context, stopped_by } = concluded;
    let end = &fit.convergence;
    let verdict = fit.verdict.as_ref().map(
        |v| json!({"pace": pace(v.pace), "words": v.pace.words(), "text": v.text,
                   "largest_curvature": number(v.largest_curvature), "smallest_curvature": number(v.smallest_curvature)}),
    );
    let (message, hint) = unconverged(fit).unzip();
    let ending = words::ending(fit);
    let found = context.effects.as_ref().and_then(|found| serde_json::from_str(&effects::json(found)).ok());
    let found: Option<Value> = found;
    with_spanish(json!({
        "converged": end.converged, "reason": end.reason.words(), "stopped_by": stopped_by, "what": ending.what, "verdict": verdict,
        "message": message, "hint": hint, "certificate": ending.distance,
        "max_error_in_standard_errors": end.max_error_in_standard_errors.and_then(number),
        "iterations": end.iterations, "epochs": end.epochs, "seconds": context.seconds,
        "gradient_norm": number(end.gradient_norm), "tolerance": end.tolerance,
        "summary": summary::whole(fit, context), "command": context.command, "notices": fit.ledger.notices,
        "coefficients": coefficients(fit), "separated": end.separation.as_ref().map(|s| s.terms.clone()),
        "effects": found,
    }))
}

fn coefficients(fit: &Fit) -> Vec<Value> {
    let one = |c: &Coefficient| {
        json!({"name": c.term.name, "estimate": c.estimate.and_then(number), "std_error": c.std_error.and_then(number),
               "conf_low": c.conf_low.and_then(number), "conf_high": c.conf_high.and_then(number),
               "p_value": c.p_value.and_then(number), "aliased": c.aliased})
    };
    fit.coefficients.iter().map(one).collect()
}

/// The outcome's names.
pub fn outcome(outcome: &Outcome) -> Value {
    json!({"text": outcome.text, "variable": outcome.variable, "event": outcome.event,
           "non_event": outcome.non_event, "events": outcome.n_events})
}

fn pace(pace: Pace) -> &'static str {
    match pace {
        Pace::Crawling => "crawling",
        Pace::AboutRight => "about-right",
        Pace::LongValley => "long-valley",
        Pace::Oscillating => "oscillating",
        Pace::Diverging => "diverging",
    }
}

/// JSON has no infinity: `None` stands for what is no number.
pub fn number(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// The same for all of them.
pub fn finite(x: &Array1<f64>) -> Vec<Option<f64>> {
    x.iter().map(|x| number(*x)).collect()
}
