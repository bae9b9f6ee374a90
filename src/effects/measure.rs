//! The measures of effect: a difference, a ratio, an odds ratio of two means, each on the scale of its interval.

use crate::num::special::logit;

/// How two means or risks are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// a - r.
    Difference,
    /// a / r; its interval is that of ln a - ln r.
    Ratio,
    /// a (1 - r) / (r (1 - a)); its interval is that of logit a - logit r.
    OddsRatio,
}

/// An effect with its uncertainty. Of a ratio the standard error is that of its logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The difference, or the ratio itself.
    pub estimate: f64,
    /// On the scale of the interval: of the difference, of the logarithm of the ratio.
    pub std_error: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Measure {
    /// The measures of a binary outcome.
    pub const OF_RISKS: [Measure; 3] = [Measure::Difference, Measure::Ratio, Measure::OddsRatio];

    /// Whether it is compared by its logarithm.
    pub fn is_ratio(self) -> bool {
        self != Measure::Difference
    }

    /// The measure on the scale of its interval: a - r, ln a - ln r, logit a - logit r.
    pub fn on_scale(self, a: f64, r: f64) -> f64 {
        match self {
            Measure::Difference => a - r,
            Measure::Ratio => a.ln() - r.ln(),
            Measure::OddsRatio => logit(a) - logit(r),
        }
    }

    /// Derivatives of [`Measure::on_scale`] by a and by r.
    pub fn slopes(self, a: f64, r: f64) -> (f64, f64) {
        match self {
            Measure::Difference => (1.0, -1.0),
            Measure::Ratio => (1.0 / a, -1.0 / r),
            Measure::OddsRatio => (1.0 / (a * (1.0 - a)), -1.0 / (r * (1.0 - r))),
        }
    }

    /// From the scale of the interval to the measure itself.
    pub fn from_scale(self, value: f64) -> f64 {
        if self.is_ratio() { value.exp() } else { value }
    }

    /// The effect with the interval value +- half_width * std_error on the scale of the interval; `None` where it is
    /// not defined (a risk of 0 or 1).
    pub fn effect(self, value: f64, std_error: f64, half_width: f64) -> Option<Effect> {
        self.effect_between(value, std_error, value - half_width * std_error, value + half_width * std_error)
    }

    /// The effect with an interval whose ends are given on the scale of the interval.
    pub fn effect_between(self, value: f64, std_error: f64, low: f64, high: f64) -> Option<Effect> {
        let effect = Effect {
            estimate: self.from_scale(value),
            std_error,
            low: self.from_scale(low),
            high: self.from_scale(high),
        };
        let is_finite = [value, std_error, low, high].iter().all(|v| v.is_finite());
        is_finite.then_some(effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_the_derivatives() {
        const STEP: f64 = 1e-6;
        let (a, r) = (0.3, 0.45);
        for measure in Measure::OF_RISKS {
            let by_a = (measure.on_scale(a + STEP, r) - measure.on_scale(a - STEP, r)) / (2.0 * STEP);
            let by_r = (measure.on_scale(a, r + STEP) - measure.on_scale(a, r - STEP)) / (2.0 * STEP);
            let (da, dr) = measure.slopes(a, r);
            assert!((da - by_a).abs() < 1e-8 && (dr - by_r).abs() < 1e-8, "{measure:?}");
        }
    }

    #[test]
    fn a_ratio_without_a_logarithm_has_no_interval() {
        assert_eq!(Measure::Ratio.effect(Measure::Ratio.on_scale(0.2, 0.0), 1.0, 1.96), None);
        assert_eq!(Measure::OddsRatio.effect(Measure::OddsRatio.on_scale(1.0, 0.5), 1.0, 1.96), None);
    }
}
