//! The measures of effect: a difference, a ratio, an odds ratio of two means, each on the scale of its interval.

use crate::inference::table::Reference;
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
    /// Of no effect, two-sided, by the Wald statistic on the scale of the interval; `None` where the interval is
    /// not Wald's (percentiles of resamples).
    pub p_value: Option<f64>,
}

/// What a Wald interval and its test are read from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaldBy {
    /// Normal, or t.
    pub reference: Reference,
    /// Its quantile for the level of the interval.
    pub half_width: f64,
}

impl WaldBy {
    /// The reference with its quantile for intervals of this level.
    pub fn new(reference: Reference, conf_level: f64) -> WaldBy {
        WaldBy { reference, half_width: reference.half_width(conf_level) }
    }
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

    /// From the measure itself to the scale of the interval.
    pub fn to_scale(self, value: f64) -> f64 {
        if self.is_ratio() { value.ln() } else { value }
    }

    /// The effect with the interval value +- quantile * std_error on the scale of the interval, and the Wald test of
    /// value / std_error; `None` where it is not defined (a risk of 0 or 1).
    pub fn effect(self, value: f64, std_error: f64, by: &WaldBy) -> Option<Effect> {
        let wald = by.reference.wald(value, std_error, by.half_width);
        let effect = self.effect_between(value, std_error, wald.low, wald.high)?;
        Some(Effect { p_value: Some(wald.p_value).filter(|p| p.is_finite()), ..effect })
    }

    /// The effect with an interval whose ends are given on the scale of the interval.
    pub fn effect_between(self, value: f64, std_error: f64, low: f64, high: f64) -> Option<Effect> {
        let effect = Effect {
            estimate: self.from_scale(value),
            std_error,
            low: self.from_scale(low),
            high: self.from_scale(high),
            p_value: None,
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
        let by = WaldBy::new(Reference::Normal, 0.95);
        assert_eq!(Measure::Ratio.effect(Measure::Ratio.on_scale(0.2, 0.0), 1.0, &by), None);
        assert_eq!(Measure::OddsRatio.effect(Measure::OddsRatio.on_scale(1.0, 0.5), 1.0, &by), None);
    }

    /// R: 2 * pnorm(-log(1.5) / 0.2), 2 * pt(-0.3 / 0.1, 12).
    #[test]
    fn the_test_is_wald_s_on_the_scale_of_the_interval() {
        let normal = WaldBy::new(Reference::Normal, 0.95);
        let ratio = Measure::Ratio.effect(1.5_f64.ln(), 0.2, &normal).expect("finite");
        assert!((ratio.p_value.expect("Wald's") - 0.042_629_13).abs() < 1e-8, "{ratio:?}");
        let t = WaldBy::new(Reference::T(12.0), 0.95);
        let difference = Measure::Difference.effect(0.3, 0.1, &t).expect("finite");
        assert!((difference.p_value.expect("Wald's") - 0.011_066_7).abs() < 1e-7, "{difference:?}");
        assert_eq!(Measure::Difference.effect_between(0.3, 0.1, 0.1, 0.5).and_then(|e| e.p_value), None);
    }
}
