//! When the descent stops, and which of the reasons may be called convergence.

use crate::optimise::step::Point;

/// Why a descent stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The full gradient's norm fell below the tolerance: the valley floor.
    GradientBelowTolerance,
    /// Rounding hides any further progress: the gradient is as small as this arithmetic can make it.
    RoundingFloor,
    /// The limit of epochs was reached first.
    EpochLimit,
    /// The loss grew without bound or stopped being a number.
    Diverged,
    /// No step along the direction lowered the loss, though the gradient is not small.
    NoProgress,
    /// Ctrl-C, or the watcher's limit of time.
    Interrupted,
    /// The minimum is at infinity: the data are separated.
    Separated,
}

impl StopReason {
    /// Only a gradient-type test may say so.
    pub fn is_converged(self) -> bool {
        matches!(self, StopReason::GradientBelowTolerance | StopReason::RoundingFloor)
    }

    /// The reason in words, as in `model.json` and on the plots.
    pub fn words(self) -> &'static str {
        match self {
            StopReason::GradientBelowTolerance => "gradient norm below tolerance",
            StopReason::RoundingFloor => "gradient norm at the floor that rounding sets",
            StopReason::EpochLimit => "epoch limit reached",
            StopReason::Diverged => "diverged",
            StopReason::NoProgress => "no further decrease found",
            StopReason::Interrupted => "interrupted",
            StopReason::Separated => "no finite minimum: the data are separated",
        }
    }
}

/// What counts as having left the valley.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    highest_loss: f64,
}

impl Limits {
    /// A loss a million times the start's (at least 1) is a descent that climbs.
    pub fn from_start(start: &Point) -> Limits {
        const CLIMBED: f64 = 1e6;
        Limits { highest_loss: CLIMBED * start.value.abs().max(1.0) }
    }

    /// Whether the loss or gradient left all bounds.
    pub fn judge(&self, at: &Point) -> Option<StopReason> {
        let finite = at.value.is_finite() && at.gradient.iter().all(|g| g.is_finite());
        (!finite || at.value > self.highest_loss).then_some(StopReason::Diverged)
    }
}
