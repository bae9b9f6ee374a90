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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::fixture::near;

    /// R 4.2: 1.2 +- qnorm(0.95) * 0.5 and 2 * pnorm(-2.4); qt and pt with 7 degrees of freedom.
    #[test]
    fn intervals_and_tests_use_the_normal_or_the_t_distribution() {
        let z = Reference::Normal.wald(1.2, 0.5, Reference::Normal.half_width(0.9));
        near(
            &[z.statistic, z.p_value, z.low, z.high],
            &[2.4, 0.01639507184919227, 0.3775731865242642, 2.022426813475736],
            1e-13,
        );
        let reference = Reference::T(7.0);
        let t = reference.wald(1.2, 0.5, reference.half_width(0.9));
        near(
            &[t.statistic, t.p_value, t.low, t.high],
            &[2.4, 0.04746615311039816, 0.2527106974549969, 2.147289302545003],
            1e-13,
        );
    }
}
