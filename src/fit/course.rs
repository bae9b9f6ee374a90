//! What decides the course of a descent, by name: what a checkpoint must agree with to be gone on from.

use sha2::{Digest, Sha256};

use crate::fit::descent::{Plan, method_name, schedule_name};
use crate::fit::frame::Frame;
use crate::fit::prepare::Prepared;
use crate::fit::spec::Spec;
use crate::optimise::method::Decay;

/// Names and values; the limit of epochs is among them only where the schedule depends on it.
pub fn course(spec: &Spec, prepared: &Prepared, frame: &Frame, plan: &Plan) -> Vec<(&'static str, String)> {
    let settings = &plan.settings;
    let ledger = &prepared.ledger;
    let outcome = &prepared.chosen.outcome;
    let columns: Vec<&str> = frame.terms.iter().map(|term| term.name.as_str()).collect();
    let mut course = vec![
        ("the version of clinreg", env!("CARGO_PKG_VERSION").to_string()),
        ("the data's SHA-256", ledger.sha256.clone()),
        ("the formula", prepared.formula.to_string()),
        ("the number of rows used", ledger.rows_used.to_string()),
        ("the family", format!("{:?}", prepared.chosen.family).to_lowercase()),
        ("the event", outcome.event.clone().unwrap_or_else(|| "none".to_string())),
        ("the set of columns", columns.join(", ")),
        ("the reading of the columns (SHA-256)", digest(&format!("{:?}", spec.data))),
        ("`--weights`", spec.weights.clone().unwrap_or_else(|| "none".to_string())),
        ("`--penalty`", format!("{:?}", spec.penalty)),
        ("`--raw-scale`", spec.raw_scale.to_string()),
        ("`--optimizer`", method_name(spec.method).to_string()),
        ("`--learning-rate`", format!("{:?} ({:?})", spec.learning_rate, settings.method.rate())),
        ("`--batch-size`", plan.batch.map_or_else(|| "full".to_string(), |batch| batch.to_string())),
        ("`--schedule`", schedule_name(settings.decay).to_string()),
        ("`--tolerance`", format!("{:?}", settings.tolerance)),
        ("`--start`", format!("{:?}", spec.start).to_lowercase()),
        ("`--seed`", spec.seed.to_string()),
    ];
    if settings.decay == Decay::Cosine {
        course.push(("`--max-epochs`, by which the cosine falls,", settings.max_epochs.to_string()));
    }
    course
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
