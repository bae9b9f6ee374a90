//! What the two pictures of the descent show, in words: the compass, the valley floor, and what the stop means.

use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::optimise::history::Record;
use crate::optimise::stop::StopReason;
use crate::report::numbers::brief;
use crate::report::words::{loss_name, plural};

/// Below the loss curve.
pub fn loss(fit: &Fit) -> String {
    let mut sentences = vec![format!(
        "How badly the model fits: {} over all rows, {}.",
        match fit.family {
            Family::Linear => loss_name(fit.family).to_string(),
            Family::Logistic => format!("the {}", loss_name(fit.family)),
        },
        if fit.optimizer.batch_size.is_some() { "at the end of each epoch" } else { "after each update" }
    )];
    if let Some((first, last)) = ends(fit) {
        let optimum = fit.optimum.map_or(String::new(), |o| format!("; the lowest possible is {}", brief(o)));
        sentences.push(format!(
            "It went from {} at the start to {} at the stop{optimum}.",
            brief(first.loss),
            brief(last.loss)
        ));
    }
    if fit.optimizer.batch_size.is_some() {
        sentences.push(
            "The faint line is single batches: each is a small sample of the rows, so its loss jumps."
                .to_string(),
        );
    }
    sentences.push(how_the_line_ends(fit).to_string());
    sentences.join(" ")
}

/// Below the gradient norm.
pub fn gradient(fit: &Fit) -> String {
    let end = &fit.convergence;
    let tolerance = brief(end.tolerance);
    let mut sentences = vec![
        "The gradient is the compass of the descent: it points uphill, and every step goes the other way."
            .to_string(),
        "Its norm is the steepness underfoot; on the valley floor it is zero.".to_string(),
        format!("The dashed line is the tolerance, {tolerance}: below it the floor counts as reached."),
    ];
    if let Some((first, last)) = ends(fit) {
        let course = format!(
            "Here the norm went from {} to {}",
            brief(first.gradient_norm),
            brief(last.gradient_norm)
        );
        let updates = plural(end.iterations as f64, "update");
        sentences.push(match end.reason {
            StopReason::GradientBelowTolerance => format!("{course} and crossed the line after {updates}."),
            StopReason::RoundingFloor => {
                format!("{course}, as near to zero as rounding lets it come.")
            }
            StopReason::Separated => {
                format!("{course}: this valley has no floor, it goes on down for ever.")
            }
            StopReason::Diverged => format!("{course}: every step landed where the wall is steeper."),
            _ => format!("{course} and never crossed the line: this stop is not the answer."),
        });
    }
    if fit.optimizer.batch_size.is_some() {
        sentences.push(
            "The faint line is the batches' own gradients: a compass needle that trembles, because each batch \
             shows only part of the rows."
                .to_string(),
        );
    }
    sentences.join(" ")
}

fn how_the_line_ends(fit: &Fit) -> &'static str {
    match fit.convergence.reason {
        StopReason::GradientBelowTolerance | StopReason::RoundingFloor => {
            "The line ends on the valley floor: no direction leads further down."
        }
        StopReason::EpochLimit if fit.optimizer.batch_size.is_some() => {
            "The line ends because the epochs were used up; the noise of the batches kept it from settling."
        }
        StopReason::EpochLimit => {
            "The line ends because the epochs were used up. A curve that looks flat has not arrived: along the floor \
             of a long valley the loss hardly falls while the coefficients still have far to go."
        }
        StopReason::Diverged => {
            "Each step jumped across the valley and landed higher on the other wall, so the loss grew without bound."
        }
        StopReason::NoProgress => "The line ends where no step lowered the loss any more.",
        StopReason::Interrupted => "The line ends where the descent was interrupted.",
        StopReason::Separated => {
            "The loss falls towards its lower end without ever reaching it: the data are separated, and the \
             coefficients grow for ever."
        }
    }
}

fn ends(fit: &Fit) -> Option<(&Record, &Record)> {
    fit.history.records.first().zip(fit.history.records.last())
}
