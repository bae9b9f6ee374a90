//! Moderate calibration: the smoothed calibration curve with its band, and how far it is from the diagonal.

use ndarray::{Array1, Array2};

use crate::design::sample::Sample;
use crate::design::spline::{default_knots, rcs_value};
use crate::num::special::expit;
use crate::objective::loss::Loss;
use crate::performance::recalibration::{Unidentified, is_separated, spread_of};
use crate::performance::refit::{Refit, mean_and_spread, rows};

/// A point of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// The predicted risk.
    pub predicted: f64,
    /// The smoothed share of events among patients with that risk.
    pub observed: f64,
    /// Lower end of its pointwise interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The curve and its distances from the diagonal, |predicted - observed| over the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationCurve {
    /// The knots of the spline, on the linear predictor; empty where it is a straight line on that scale.
    pub knots: Vec<f64>,
    /// From the 1st to the 99th centile of the linear predictor (to two decimals), equally spaced on it.
    pub points: Vec<CurvePoint>,
    /// Mean distance: the integrated calibration index.
    pub ici: f64,
    /// Median distance.
    pub e50: f64,
    /// 90th centile of the distance.
    pub e90: f64,
    /// Largest distance.
    pub e_max: f64,
}

/// Points of the curve.
const POINTS: usize = 101;
/// The centiles between which the curve is drawn: beyond them it rests on a handful of patients.
const SHOWN: (f64, f64) = (0.01, 0.99);
/// A standard error of the log odds above this says nothing: the interval spans all risks.
const MEANINGLESS: f64 = 15.0;

/// Logistic regression of the outcome on a restricted cubic spline of the linear predictor.
///
/// Five knots with at least 100 events and 100 non-events, four with 30, else three (Harrell's default places), fewer
/// where the predictions have too few different values or the regression has no finite minimum; then a straight line.
/// Band: delta method on the log odds, -+ half_width standard errors. linear_predictor, outcome, weight: one a row.
/// Source: Harrell 2015, Regression Modeling Strategies, s. 2.4.6 and 10.11; indices: Austin & Steyerberg 2019, Stat
/// Med 38:4051-4065.
///
/// # Errors
/// As [`Unidentified`] says.
pub fn calibration_curve(
    linear_predictor: &[f64],
    outcome: &[f64],
    weight: Option<&[f64]>,
    half_width: f64,
) -> Result<CalibrationCurve, Unidentified> {
    spread_of(linear_predictor, weight)?;
    if is_separated(linear_predictor, outcome, weight) {
        return Err(Unidentified::Separated);
    }
    let sample = Sample::of(linear_predictor, weight);
    let ends = rounded((sample.quantile(SHOWN.0), sample.quantile(SHOWN.1)));
    let grid: Vec<f64> =
        (0..POINTS).map(|k| ends.0 + (ends.1 - ends.0) * k as f64 / (POINTS - 1) as f64).collect();
    let first = most_knots(outcome, weight);
    let knots = (3..=first).rev().filter_map(|count| default_knots(&sample, count).ok()).chain([Vec::new()]);
    let smooth = knots
        .filter_map(|knots| Smooth::fit(knots, linear_predictor, outcome, weight))
        .find(|smooth| grid.iter().all(|lp| smooth.at(*lp).1 < MEANINGLESS))
        .ok_or(Unidentified::NotFound)?;
    let points = grid
        .iter()
        .map(|lp| {
            let (eta, error) = smooth.at(*lp);
            CurvePoint {
                predicted: expit(*lp),
                observed: expit(eta),
                low: expit(eta - half_width * error),
                high: expit(eta + half_width * error),
            }
        })
        .collect();
    let distance: Vec<f64> =
        linear_predictor.iter().map(|lp| (expit(*lp) - expit(smooth.value(*lp))).abs()).collect();
    let distances = Sample::of(&distance, weight);
    Ok(CalibrationCurve {
        points,
        ici: mean_and_spread(&distance, weight).0,
        e50: distances.quantile(0.5),
        e90: distances.quantile(0.9),
        e_max: distances.quantile(1.0),
        knots: smooth.knots,
    })
}

/// Ends to two decimals of the log odds, so that no point is one patient's; as they are where that leaves no room.
fn rounded((low, high): (f64, f64)) -> (f64, f64) {
    let to_hundredths = |x: f64| (100.0 * x).round() / 100.0;
    let (from, to) = (to_hundredths(low), to_hundredths(high));
    if from < to { (from, to) } else { (low, high) }
}

/// How many knots the smaller of events and non-events can carry.
fn most_knots(outcome: &[f64], weight: Option<&[f64]>) -> usize {
    let w = |i: usize| weight.map_or(1.0, |w| w[i]);
    let events: f64 = (0..outcome.len()).map(|i| w(i) * outcome[i]).sum();
    let others: f64 = (0..outcome.len()).map(|i| w(i) * (1.0 - outcome[i])).sum();
    match events.min(others) {
        n if n >= 100.0 => 5,
        n if n >= 30.0 => 4,
        _ => 3,
    }
}

/// The fitted smoother: columns 1, lp, further spline columns, the latter standardised.
struct Smooth {
    knots: Vec<f64>,
    scale: Vec<(f64, f64)>,
    fit: Refit,
}

impl Smooth {
    fn fit(knots: Vec<f64>, lp: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> Option<Smooth> {
        let n_columns = if knots.is_empty() { 1 } else { knots.len() - 1 };
        let raw: Vec<Vec<f64>> =
            (1..=n_columns).map(|j| lp.iter().map(|x| rcs_value(*x, &knots, j)).collect()).collect();
        let scale: Vec<(f64, f64)> = raw.iter().map(|column| mean_and_spread(column, weight)).collect();
        if scale.iter().any(|(_, spread)| *spread <= 0.0) {
            return None;
        }
        let x = Array2::from_shape_fn((lp.len(), n_columns + 1), |(i, j)| match j {
            0 => 1.0,
            _ => (raw[j - 1][i] - scale[j - 1].0) / scale[j - 1].1,
        });
        let fit = Refit::of(&rows(x, outcome, weight, None), Loss::Logistic)?;
        Some(Smooth { knots, scale, fit })
    }

    fn row(&self, lp: f64) -> Array1<f64> {
        let columns = self
            .scale
            .iter()
            .enumerate()
            .map(|(j, (mean, spread))| (rcs_value(lp, &self.knots, j + 1) - mean) / spread);
        std::iter::once(1.0).chain(columns).collect()
    }

    fn value(&self, lp: f64) -> f64 {
        self.row(lp).dot(&self.fit.beta)
    }

    /// Log odds and their standard error.
    fn at(&self, lp: f64) -> (f64, f64) {
        let row = self.row(lp);
        (row.dot(&self.fit.beta), self.fit.std_error_of(&row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::stream;
    use crate::num::special::logit;
    use ndarray_rand::rand::Rng;

    /// Linear predictors, and outcomes drawn with the log odds a + b lp.
    fn drawn(n: usize, a: f64, b: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
        let mut random = stream(seed, "calibration", 0);
        let lp: Vec<f64> =
            (0..n).map(|_| -1.0 + 1.2 * logit(random.random::<f64>().clamp(1e-9, 1.0 - 1e-9))).collect();
        let outcome =
            lp.iter().map(|x| f64::from(u8::from(random.random::<f64>() < expit(a + b * x)))).collect();
        (lp, outcome)
    }

    #[test]
    fn a_perfectly_calibrated_model_is_near_the_diagonal_and_inside_the_band() {
        let (lp, outcome) = drawn(200_000, 0.0, 1.0, 3);
        let curve = calibration_curve(&lp, &outcome, None, 1.96).expect("a curve");
        assert!(curve.ici < 0.003, "{}", curve.ici);
        assert!(curve.e50 <= curve.e90 && curve.e90 <= curve.e_max && curve.knots.len() == 5);
        let inside = curve.points.iter().filter(|p| p.low <= p.predicted && p.predicted <= p.high).count();
        assert!(inside >= 90, "{inside} of 101");
    }

    /// Where the truth is a line on the log odds, the index is the mean distance of that line.
    #[test]
    fn a_known_miscalibration_is_measured() {
        let (lp, outcome) = drawn(200_000, 0.3, 0.6, 4);
        let curve = calibration_curve(&lp, &outcome, None, 1.96).expect("a curve");
        let truth =
            lp.iter().map(|x| (expit(*x) - expit(0.3 + 0.6 * x)).abs()).sum::<f64>() / lp.len() as f64;
        assert!((curve.ici - truth).abs() < 0.003, "{} {truth}", curve.ici);
    }

    #[test]
    fn weights_equal_repeated_rows() {
        let (lp, outcome) = drawn(400, 0.1, 0.8, 5);
        let weight: Vec<f64> = (0..lp.len()).map(|i| (1 + i % 3) as f64).collect();
        let repeat = |of: &[f64]| -> Vec<f64> {
            of.iter().zip(&weight).flat_map(|(v, w)| std::iter::repeat_n(*v, *w as usize)).collect()
        };
        let a = calibration_curve(&lp, &outcome, Some(&weight), 1.96).expect("a curve");
        let b = calibration_curve(&repeat(&lp), &repeat(&outcome), None, 1.96).expect("a curve");
        assert!((a.ici - b.ici).abs() < 1e-9 && (a.e90 - b.e90).abs() < 1e-9);
        let same = |(p, q): (&CurvePoint, &CurvePoint)| (p.high - q.high).abs() < 1e-8;
        assert!(a.points.iter().zip(&b.points).all(same));
    }

    #[test]
    fn few_values_make_a_line_and_separation_none() {
        let lp = [-1.0, -1.0, -1.0, 0.5, 0.5, 0.5];
        let outcome = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        let curve = calibration_curve(&lp, &outcome, None, 1.96).expect("a line");
        assert!(curve.knots.is_empty());
        // Two values, two coefficients: the curve meets the observed shares.
        assert!((curve.points[0].observed - 1.0 / 3.0).abs() < 1e-10);
        assert!((curve.points[100].observed - 2.0 / 3.0).abs() < 1e-10);
        let split = calibration_curve(&lp, &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0], None, 1.96);
        assert_eq!(split, Err(Unidentified::Separated));
    }
}
