//! Where and why a run stopped, in words for a figure.

use crate::optimise::stop::StopReason;
use crate::plot::number::{chosen, count, measured};

/// `Converged after 9 epochs`, `Stopped after 1 epoch`, `Diverged after 14 epochs`, `Converged at the start`.
pub fn headline(reason: StopReason, epochs: f64) -> String {
    let verb = match reason {
        StopReason::Diverged => "Diverged",
        _ if reason.is_converged() => "Converged",
        _ => "Stopped",
    };
    let unit = if epochs == 1.0 { "epoch" } else { "epochs" };
    match epochs {
        0.0 => format!("{verb} at the start"),
        _ => format!("{verb} after {} {unit}", count(epochs)),
    }
}

/// The reason below the headline; a divergence is told by the headline.
pub fn reason_line(reason: StopReason) -> Option<&'static str> {
    (reason != StopReason::Diverged).then(|| reason.words())
}

/// `gradient norm 3.1 × 10⁻⁹ below tolerance 10⁻⁸`, or whatever is the case; a tolerance that sets no limit is left out.
pub fn norm_line(norm: f64, tolerance: f64) -> String {
    let norm_words = if norm.is_finite() { measured(norm, 3) } else { "no longer finite".to_string() };
    if !sets_a_limit(tolerance) || !norm.is_finite() {
        return format!("gradient norm {norm_words}");
    }
    let relation = if norm <= tolerance { "below" } else { "above" };
    format!("gradient norm {norm_words}, {relation} tolerance {}", chosen(tolerance))
}

/// Whether a tolerance can be drawn on a logarithmic axis.
pub fn sets_a_limit(tolerance: f64) -> bool {
    tolerance.is_finite() && tolerance > 0.0
}

/// `loss 71.01, 29.86 above the optimum`; without a known optimum, or far from any, only the loss.
pub fn loss_line(reason: StopReason, loss: f64, optimum: Option<f64>) -> String {
    if !loss.is_finite() {
        return "loss no longer finite".to_string();
    }
    let distance = optimum.map(|optimum| loss - optimum).filter(|distance| distance.is_finite());
    let loss_words = measured(loss, 5);
    match distance {
        _ if reason == StopReason::Diverged => format!("loss {loss_words}"),
        Some(distance) if distance > rounding(loss) => {
            format!("loss {loss_words}: {} above the optimum", measured(distance, 3))
        }
        Some(_) => format!("loss {loss_words}: the optimum, to the last digit"),
        None => format!("loss {loss_words}"),
    }
}

/// The size of the rounding of a loss: differences below it are no differences.
pub fn rounding(loss: f64) -> f64 {
    const LAST_DIGITS: f64 = 4.0; // a mean over many rows is not exact to the last one
    LAST_DIGITS * f64::EPSILON * loss.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_epoch_is_no_plural_and_none_is_the_start() {
        assert_eq!(headline(StopReason::GradientBelowTolerance, 1.0), "Converged after 1 epoch");
        assert_eq!(headline(StopReason::EpochLimit, 10_000.0), "Stopped after 10,000 epochs");
        assert_eq!(headline(StopReason::RoundingFloor, 0.0), "Converged at the start");
        assert_eq!(headline(StopReason::Diverged, 14.0), "Diverged after 14 epochs");
    }

    #[test]
    fn the_lines_give_both_sides_of_the_comparison() {
        assert_eq!(norm_line(3.14e-9, 1e-8), "gradient norm 3.14 × 10⁻⁹, below tolerance 10⁻⁸");
        assert_eq!(norm_line(2.236037, 0.001), "gradient norm 2.24, above tolerance 0.001");
        assert_eq!(norm_line(f64::NAN, 0.001), "gradient norm no longer finite");
        assert_eq!(
            loss_line(StopReason::EpochLimit, 71.007072808, Some(41.153557)),
            "loss 71.007: 29.9 above the optimum"
        );
        assert_eq!(
            loss_line(StopReason::RoundingFloor, 0.5, Some(0.5)),
            "loss 0.50000: the optimum, to the last digit"
        );
        assert_eq!(loss_line(StopReason::Diverged, f64::INFINITY, Some(0.5)), "loss no longer finite");
    }
}
