//! One coefficient's statistic, p-value and Wald interval.

use crate::num::special::{normal_quantile, normal_two_sided, t_quantile, t_two_sided};

/// What the statistic is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reference {
    /// Standard normal (logistic models).
    Normal,
    /// Student's t with these degrees of freedom (linear models).
    T(f64),
}

/// Inference on one coefficient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wald {
    /// Estimate / standard error.
    pub statistic: f64,
    /// P(|T| > |statistic|).
    pub p_value: f64,
    /// Estimate - quantile * standard error.
    pub low: f64,
    /// Estimate + quantile * standard error.
    pub high: f64,
}

impl Reference {
    /// The quantile that a two-sided interval of this level reaches out to.
    pub fn half_width(self, conf_level: f64) -> f64 {
        let p = 0.5 + conf_level / 2.0;
        match self {
            Reference::Normal => normal_quantile(p),
            Reference::T(df) => t_quantile(p, df),
        }
    }

    /// Two-sided p-value of a statistic.
    pub fn p_value(self, statistic: f64) -> f64 {
        match self {
            Reference::Normal => normal_two_sided(statistic),
            Reference::T(df) => t_two_sided(statistic, df),
        }
    }

    /// Wald test and interval; `half_width` as [`Reference::half_width`] gives it.
    pub fn wald(self, estimate: f64, std_error: f64, half_width: f64) -> Wald {
        let statistic = estimate / std_error;
        Wald {
            statistic,
            p_value: self.p_value(statistic),
            low: estimate - half_width * std_error,
            high: estimate + half_width * std_error,
        }
    }
}
