//! The loss of one row: its value, slope and curvature in the linear predictor.

use crate::num::special::{expit, softplus};

/// Which loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// (y - eta)^2 / 2.
    Squared,
    /// ln(1 + exp(eta)) - y eta, y 0 or 1: the negative Bernoulli log-likelihood.
    Logistic,
}

impl Loss {
    /// Value and slope d/d eta of one row.
    ///
    /// Squared:  (y - eta)^2 / 2,             eta - y.
    /// Logistic: ln(1 + exp(-s eta)), s = 2y - 1;  -s / (1 + exp(s eta)).
    /// The signed form keeps all digits of a small residual where mu - y would cancel.
    pub fn value_and_slope(self, eta: f64, y: f64) -> (f64, f64) {
        match self {
            Loss::Squared => {
                let residual = eta - y;
                (0.5 * residual * residual, residual)
            }
            Loss::Logistic => {
                let s = if y > 0.5 { 1.0 } else { -1.0 };
                (softplus(-s * eta), -s * expit(-s * eta))
            }
        }
    }

    /// Second derivative in eta: 1, or mu (1 - mu).
    pub fn curvature(self, eta: f64) -> f64 {
        match self {
            Loss::Squared => 1.0,
            Loss::Logistic => expit(eta) * expit(-eta),
        }
    }

    /// The largest second derivative: 1, or 1/4.
    pub fn largest_curvature(self) -> f64 {
        match self {
            Loss::Squared => 1.0,
            Loss::Logistic => 0.25,
        }
    }

    /// The mean of the outcome at a linear predictor: eta, or 1 / (1 + exp(-eta)).
    pub fn mean(self, eta: f64) -> f64 {
        match self {
            Loss::Squared => eta,
            Loss::Logistic => expit(eta),
        }
    }
}
