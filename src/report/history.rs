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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn row_k_is_the_state_after_k_updates() {
        let text = String::from_utf8(history(&sample::unfinished().history).expect("written")).expect("text");
        let wanted = "\
iteration,epoch,loss,gradient_norm,learning_rate,seconds
0,0,5353.102765736,10156.7,0.0001,0
1,1,74.726572077,237.19,0.0001,0.0001
2,2,71.007072808,2.236037132,0.0001,0.0002
";
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_loss_without_bound_is_inf_and_what_is_no_number_is_empty() {
        let text = String::from_utf8(history(&sample::diverged().history).expect("written")).expect("text");
        assert!(text.ends_with("2,2,inf,,0.01,0.0002\n"), "{text}");
    }

    #[test]
    fn mini_batches_have_a_row_a_step() {
        let text = String::from_utf8(steps(&sample::mini_batch().history).expect("written")).expect("text");
        assert_eq!(text.lines().next(), Some("iteration,epoch,loss,gradient_norm"));
        assert_eq!(text.lines().count(), 4);
    }
}
