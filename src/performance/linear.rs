//! Everything that is said of the predictions of a linear model on some rows.

use crate::error::{Error, Result};
use crate::num::special::t_quantile;
use crate::objective::loss::Loss;
use crate::performance::estimate::Estimate;
use crate::performance::groups::{MeanGroup, mean_groups, usual_groups};
use crate::performance::logistic::{Asked, Predicted, check};
use crate::performance::recalibration::{Line, intercept, line};
use crate::performance::score::{mae, mean, r_squared, rmse};

/// Performance of a linear model; errors are in the outcome's units.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearPerformance {
    /// Coverage of the intervals.
    pub conf_level: f64,
    /// Rows (sum of weights).
    pub n: f64,
    /// 1 - sum (y - prediction)^2 / sum (y - mean)^2, predictions as they are.
    pub r_squared: f64,
    /// Root mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Mean of the outcome.
    pub mean_outcome: f64,
    /// Mean of the predictions.
    pub mean_predicted: f64,
    /// Calibration in the large: mean of outcome less prediction (the slope fixed at 1).
    pub calibration_intercept: Option<Estimate>,
    /// The regression of the outcome on the prediction, with the calibration slope.
    pub calibration_line: Option<Line>,
    /// Tenths of the predictions; fewer groups where they would hold fewer than five rows.
    pub groups: Vec<MeanGroup>,
    /// Groups withheld because they are of few patients.
    pub groups_left_out: usize,
    /// What could not be estimated and why, one sentence each.
    pub notes: Vec<String>,
}

impl LinearPerformance {
    /// Measures the predictions; intervals of intercept and slope are t intervals (n - 1, n - 2 degrees of freedom).
    ///
    /// # Errors
    /// Data, when there are fewer than three rows or the outcome has one value; usage, when the level is not between 0
    /// and 1 or thresholds are named, which a number has not.
    pub fn of(rows: &Predicted<'_>, asked: &Asked) -> Result<LinearPerformance> {
        check(asked)?;
        if let Some(t) = asked.thresholds.first() {
            return Err(Error::usage(format!("`--thresholds {t}`: a linear model predicts no risks"))
                .hint("leave the thresholds out"));
        }
        let Predicted { linear_predictor: prediction, outcome, weight } = *rows;
        let n = weight.map_or(outcome.len() as f64, |w| w.iter().sum());
        if n < 3.0 || outcome.windows(2).all(|pair| pair[0] == pair[1]) {
            let what = match outcome.first() {
                Some(only) if n >= 3.0 => format!("all rows have the outcome {only}"),
                _ => format!("there are only {n} rows to evaluate"),
            };
            return Err(Error::data(format!("{what}: performance cannot be measured"))
                .hint("at least three rows with different outcomes are needed"));
        }
        let mut notes = Vec::new();
        let mut told = |what: &str, why: &dyn std::fmt::Display| notes.push(format!("no {what}: {why}"));
        Ok(LinearPerformance {
            conf_level: asked.conf_level,
            n,
            r_squared: r_squared(prediction, outcome, weight),
            rmse: rmse(prediction, outcome, weight),
            mae: mae(prediction, outcome, weight),
            mean_outcome: mean(outcome, weight),
            mean_predicted: mean(prediction, weight),
            calibration_intercept: intercept(prediction, outcome, weight, Loss::Squared)
                .map_err(|why| told("calibration in the large", &why))
                .ok(),
            calibration_line: line(prediction, outcome, weight, Loss::Squared)
                .map_err(|why| told("calibration slope", &why))
                .ok(),
            groups: mean_groups(prediction, outcome, weight, usual_groups(n), asked.conf_level),
            groups_left_out: 0,
            notes,
        })
    }

    /// The t quantile of an interval with `coefficients` estimated.
    pub fn half_width(&self, coefficients: f64) -> f64 {
        t_quantile(0.5 + self.conf_level / 2.0, self.n - coefficients)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREDICTION: [f64; 6] = [1.0, 2.0, 3.5, 4.0, 5.5, 7.0];
    const OUTCOME: [f64; 6] = [1.4, 1.9, 3.0, 5.0, 5.1, 8.2];

    fn of(prediction: &[f64], outcome: &[f64]) -> Result<LinearPerformance> {
        let rows = Predicted { linear_predictor: prediction, outcome, weight: None };
        LinearPerformance::of(&rows, &Asked { conf_level: 0.95, thresholds: Vec::new() })
    }

    /// The formulas of a simple regression, by sums of squares.
    #[test]
    fn slope_and_intercept_are_those_of_a_simple_regression() {
        let found = of(&PREDICTION, &OUTCOME).expect("six rows");
        let (mx, my) = (PREDICTION.iter().sum::<f64>() / 6.0, OUTCOME.iter().sum::<f64>() / 6.0);
        let sxx: f64 = PREDICTION.iter().map(|x| (x - mx).powi(2)).sum();
        let sxy: f64 = PREDICTION.iter().zip(OUTCOME).map(|(x, y)| (x - mx) * (y - my)).sum();
        let slope = sxy / sxx;
        let rss: f64 = PREDICTION.iter().zip(OUTCOME).map(|(x, y)| (y - my - slope * (x - mx)).powi(2)).sum();
        let line = found.calibration_line.expect("a slope");
        assert!((line.slope.value - slope).abs() < 1e-12);
        assert!((line.slope.std_error - (rss / 4.0 / sxx).sqrt()).abs() < 1e-12);
        let large = found.calibration_intercept.expect("an intercept");
        assert!((large.value - (my - mx)).abs() < 1e-12);
        let differences: Vec<f64> = PREDICTION.iter().zip(OUTCOME).map(|(x, y)| y - x).collect();
        let square: f64 = differences.iter().map(|d| (d - (my - mx)).powi(2)).sum();
        assert!((large.std_error - (square / 5.0 / 6.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_outcome_or_two_rows_are_refused_and_one_prediction_is_told() {
        assert!(of(&PREDICTION, &[2.0; 6]).expect_err("one value").message.contains("outcome 2"));
        assert!(of(&PREDICTION[..2], &OUTCOME[..2]).expect_err("two rows").message.contains("only 2 rows"));
        let constant = of(&[3.0; 6], &OUTCOME).expect("measurable");
        assert!(constant.calibration_line.is_none() && constant.notes.len() == 1);
    }
}
