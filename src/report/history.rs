//! `history.csv` and `steps.csv`: the course of the descent, as it was recorded.

use crate::error::Result;
use crate::optimise::history::History;
use crate::report::numbers::cell;
use crate::report::tables::written;

/// `iteration,epoch,loss,gradient_norm,learning_rate,seconds`, a row a record.
///
/// # Errors
/// Io, when a record cannot be written (memory).
pub fn history(history: &History) -> Result<Vec<u8>> {
    let header = strings(["iteration", "epoch", "loss", "gradient_norm", "learning_rate", "seconds"]);
    let rows = history.records.iter().map(|r| {
        vec![
            r.iteration.to_string(),
            cell(r.epoch),
            cell(r.loss),
            cell(r.gradient_norm),
            cell(r.learning_rate),
            cell(microseconds(r.seconds)),
        ]
    });
    written(std::iter::once(header).chain(rows))
}

/// `iteration,epoch,loss,gradient_norm`, a row a mini-batch step: loss and gradient of that batch alone.
///
/// # Errors
/// Io, when a record cannot be written (memory).
pub fn steps(history: &History) -> Result<Vec<u8>> {
    let header = strings(["iteration", "epoch", "loss", "gradient_norm"]);
    let rows = history
        .steps
        .iter()
        .map(|s| vec![s.iteration.to_string(), cell(s.epoch), cell(s.loss), cell(s.gradient_norm)]);
    written(std::iter::once(header).chain(rows))
}

fn strings<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_string).to_vec()
}

/// A clock is not good for more digits.
fn microseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}
