//! Mean and weak calibration: the intercept with the slope fixed at 1, and the calibration slope.

use std::fmt;

use ndarray::{Array2, array};

use crate::objective::loss::Loss;
use crate::performance::estimate::Estimate;
use crate::performance::refit::{Refit, mean_and_spread, rows};

/// A spread of the linear predictor below this share of its mean is rounding: all predictions are the same.
const ROUNDING: f64 = 1e-12;

/// Why a refit on the linear predictor has no estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unidentified {
    /// All predictions are the same.
    Constant,
    /// Every event has a higher (or every one a lower) prediction than every non-event: the slope has no finite value.
    Separated,
    /// The descent found no minimum.
    NotFound,
}

impl fmt::Display for Unidentified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unidentified::Constant => "all predictions are the same",
            Unidentified::Separated => "the predictions separate events and non-events completely",
            Unidentified::NotFound => "its regression has no minimum that could be found",
        })
    }
}

/// The regression of the outcome on the linear predictor, g(E y) = intercept + slope lp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// With the slope estimated beside it: not calibration in the large.
    pub intercept: Estimate,
    /// 1 is perfect; below 1 the predictions are too extreme.
    pub slope: Estimate,
    /// Mean loss at the estimate: half the mean squared error, or the mean negative log-likelihood.
    pub mean_loss: f64,
}

/// Calibration in the large: the intercept a of g(E y) = a + lp, the linear predictor as an offset.
///
/// linear_predictor, outcome, weight: one a row. 0 is perfect; above 0 the predictions are too low. For squared loss
/// this is the mean of y - lp. Source: Steyerberg 2019, Clinical Prediction Models, s. 15.3.
///
/// # Errors
/// `NotFound` where the outcome has one value.
pub fn intercept(
    linear_predictor: &[f64],
    outcome: &[f64],
    weight: Option<&[f64]>,
    loss: Loss,
) -> Result<Estimate, Unidentified> {
    let x = Array2::ones((outcome.len(), 1));
    if loss == Loss::Logistic && has_one_value(outcome) {
        return Err(Unidentified::NotFound);
    }
    let fit =
        Refit::of(&rows(x, outcome, weight, Some(linear_predictor)), loss).ok_or(Unidentified::NotFound)?;
    Ok(Estimate { value: fit.beta[0], std_error: fit.std_error_of(&array![1.0]) })
}

/// The calibration slope: slope (and intercept) of the regression of the outcome on the linear predictor.
///
/// linear_predictor, outcome, weight: one a row. Source: Cox 1958, Biometrika 45:562-565.
///
/// # Errors
/// As [`Unidentified`] says.
pub fn line(
    linear_predictor: &[f64],
    outcome: &[f64],
    weight: Option<&[f64]>,
    loss: Loss,
) -> Result<Line, Unidentified> {
    let (mean, spread) = spread_of(linear_predictor, weight)?;
    if loss == Loss::Logistic {
        if has_one_value(outcome) {
            return Err(Unidentified::NotFound);
        }
        if is_separated(linear_predictor, outcome, weight) {
            return Err(Unidentified::Separated);
        }
    }
    let x = Array2::from_shape_fn((outcome.len(), 2), |(i, j)| {
        if j == 0 { 1.0 } else { (linear_predictor[i] - mean) / spread }
    });
    let fit = Refit::of(&rows(x, outcome, weight, None), loss).ok_or(Unidentified::NotFound)?;
    let slope = array![0.0, 1.0 / spread];
    let intercept = array![1.0, -mean / spread];
    let estimate =
        |a: &ndarray::Array1<f64>| Estimate { value: a.dot(&fit.beta), std_error: fit.std_error_of(a) };
    Ok(Line { intercept: estimate(&intercept), slope: estimate(&slope), mean_loss: fit.value })
}

/// Mean and spread of the linear predictor, if it has any.
pub(crate) fn spread_of(
    linear_predictor: &[f64],
    weight: Option<&[f64]>,
) -> Result<(f64, f64), Unidentified> {
    let (mean, spread) = mean_and_spread(linear_predictor, weight);
    if spread > ROUNDING * mean.abs() { Ok((mean, spread)) } else { Err(Unidentified::Constant) }
}

fn has_one_value(outcome: &[f64]) -> bool {
    outcome.windows(2).all(|pair| pair[0] == pair[1])
}

/// Whether no prediction of an event lies below (or none above) one of a non-event; touching counts.
pub(crate) fn is_separated(linear_predictor: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> bool {
    let counts = |i: &usize| weight.is_none_or(|w| w[*i] > 0.0);
    let range = |event: bool| {
        (0..outcome.len())
            .filter(|i| counts(i) && (outcome[*i] > 0.5) == event)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), i| {
                (low.min(linear_predictor[i]), high.max(linear_predictor[i]))
            })
    };
    let (events, others) = (range(true), range(false));
    events.0 >= others.1 || events.1 <= others.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const LP: [f64; 8] = [-2.0, -1.5, -0.7, -0.1, 0.3, 0.9, 1.4, 2.2];
    const Y: [f64; 8] = [0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0];

    /// The estimates solve their score equations, sums over rows of (y - risk) and (y - risk) lp.
    #[test]
    fn the_scores_vanish_at_the_estimates() {
        use crate::num::special::expit;
        let a = intercept(&LP, &Y, None, Loss::Logistic).expect("two outcomes").value;
        let score: f64 = LP.iter().zip(Y).map(|(lp, y)| y - expit(a + lp)).sum();
        assert!(score.abs() < 1e-11, "{score}");
        let found = line(&LP, &Y, None, Loss::Logistic).expect("two outcomes");
        let residual = |lp: f64, y: f64| y - expit(found.intercept.value + found.slope.value * lp);
        let scores = LP
            .iter()
            .zip(Y)
            .fold((0.0, 0.0), |s, (lp, y)| (s.0 + residual(*lp, y), s.1 + residual(*lp, y) * lp));
        assert!(scores.0.abs() < 1e-11 && scores.1.abs() < 1e-11, "{scores:?}");
    }

    #[test]
    fn after_recalibration_slope_and_intercept_are_one_and_zero() {
        for loss in [Loss::Logistic, Loss::Squared] {
            let first = line(&LP, &Y, None, loss).expect("a line");
            let again: Vec<f64> =
                LP.iter().map(|lp| first.intercept.value + first.slope.value * lp).collect();
            let second = line(&again, &Y, None, loss).expect("a line");
            assert!((second.slope.value - 1.0).abs() < 1e-10 && second.intercept.value.abs() < 1e-10);
            assert!(intercept(&again, &Y, None, loss).expect("an intercept").value.abs() < 1e-10);
        }
    }

    #[test]
    fn weights_equal_repeated_rows() {
        let weight = [2.0, 1.0, 3.0, 1.0, 1.0, 2.0, 1.0, 4.0];
        let repeat = |of: &[f64]| -> Vec<f64> {
            of.iter().zip(weight).flat_map(|(v, w)| std::iter::repeat_n(*v, w as usize)).collect()
        };
        for loss in [Loss::Logistic, Loss::Squared] {
            let weighted = line(&LP, &Y, Some(&weight), loss).expect("a line");
            let repeated = line(&repeat(&LP), &repeat(&Y), None, loss).expect("a line");
            assert!((weighted.slope.value - repeated.slope.value).abs() < 1e-10);
            assert!((weighted.slope.std_error - repeated.slope.std_error).abs() < 1e-10);
            assert!((weighted.intercept.std_error - repeated.intercept.std_error).abs() < 1e-10);
            let a = intercept(&LP, &Y, Some(&weight), loss).expect("an intercept");
            let b = intercept(&repeat(&LP), &repeat(&Y), None, loss).expect("an intercept");
            assert!((a.value - b.value).abs() < 1e-10 && (a.std_error - b.std_error).abs() < 1e-10);
        }
    }

    #[test]
    fn what_cannot_be_estimated_is_said() {
        let with = |lp: &[f64], y: &[f64]| line(lp, y, None, Loss::Logistic);
        assert_eq!(with(&[0.3; 4], &[0.0, 1.0, 0.0, 1.0]), Err(Unidentified::Constant));
        assert_eq!(with(&[-1.0, 0.0, 0.0, 1.0], &[0.0, 0.0, 1.0, 1.0]), Err(Unidentified::Separated));
        assert_eq!(with(&[-1.0, 0.0, 1.0], &[1.0; 3]), Err(Unidentified::NotFound));
        assert_eq!(intercept(&[0.0; 3], &[1.0; 3], None, Loss::Logistic), Err(Unidentified::NotFound));
    }
}
