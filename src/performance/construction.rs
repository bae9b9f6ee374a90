//! Which apparent values say nothing, because the fit makes them so on its own data.

/// How the coefficients were estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    /// Maximum likelihood or least squares.
    Likelihood,
    /// Ridge, lasso, elastic net; the intercept is not penalised.
    Shrunken,
    /// Firth's bias reduction.
    Firth,
}

/// What holds on the training data whatever the data are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByConstruction {
    /// Calibration in the large is 0 (and O/E is 1).
    pub intercept: bool,
    /// The calibration slope is 1.
    pub slope: bool,
}

/// What the score equations of the fit force on its own data.
///
/// At the optimum sum_i x_ij (y_i - mu_i) = 0 for every column j that is not penalised. With an intercept the sum of
/// y - mu is 0: calibration in the large is 0. If moreover the whole linear predictor is a combination of such columns
/// (no penalty, no offset), sum_i lp_i (y_i - mu_i) = 0 too: the calibration slope is 1. Firth's equations differ.
pub fn by_construction(estimator: Estimator, has_intercept: bool, has_offset: bool) -> ByConstruction {
    let intercept = has_intercept && estimator != Estimator::Firth;
    ByConstruction { intercept, slope: intercept && estimator == Estimator::Likelihood && !has_offset }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unpenalised_likelihood_forces_the_slope() {
        let of = |e, i, o| {
            let found = by_construction(e, i, o);
            (found.intercept, found.slope)
        };
        assert_eq!(of(Estimator::Likelihood, true, false), (true, true));
        assert_eq!(of(Estimator::Likelihood, true, true), (true, false));
        assert_eq!(of(Estimator::Likelihood, false, false), (false, false));
        assert_eq!(of(Estimator::Shrunken, true, false), (true, false));
        assert_eq!(of(Estimator::Firth, true, false), (false, false));
    }
}
