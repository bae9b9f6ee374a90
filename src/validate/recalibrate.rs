//! Recalibration: the regression of an outcome on one linear predictor, whose intercept and slope are 0 and 1 if all is well.

use std::sync::Mutex;

use ndarray::{Array1, Array2, ArrayRef1, array};

use crate::num::lanes::{risk_cost_and_variance, widest};
use crate::objective::loss::Loss;
use crate::objective::{Curved, Objective};
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise};

/// Intercept, slope and the mean loss that they leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recalibrated {
    /// a in a + b eta.
    pub intercept: f64,
    /// b.
    pub slope: f64,
    /// Mean loss: half the mean squared error, or the mean negative log-likelihood.
    pub loss: f64,
}

/// Regresses y on eta (least squares or logistic regression by the loss), rows counted by their weights.
///
/// `None` where there is no finite answer: eta does not vary, or it separates the two outcomes.
/// Source: Cox 1958, Biometrika 45:562-565.
pub fn recalibrate(
    loss: Loss,
    eta: &ArrayRef1<f64>,
    y: &ArrayRef1<f64>,
    weight: Option<&ArrayRef1<f64>>,
) -> Option<Recalibrated> {
    let total = weight.map_or(eta.len() as f64, |w| w.sum());
    let line = Line { eta, y, weight, loss, total, last: Mutex::new(None) };
    if !line.has_answer() {
        return None;
    }
    let settings = Settings {
        method: Method::Auto,
        batch: None,
        decay: Decay::Constant,
        max_epochs: 100,
        tolerance: 1e-8,
        seed: 0,
    };
    let end = minimise(&line, &array![0.0, 1.0], &settings, &mut Unwatched);
    end.reason.is_converged().then(|| Recalibrated {
        intercept: end.beta[0],
        slope: end.beta[1],
        loss: end.value,
    })
}

/// The mean loss of a + b eta as a function of a and b.
struct Line<'a> {
    eta: &'a ArrayRef1<f64>,
    y: &'a ArrayRef1<f64>,
    weight: Option<&'a ArrayRef1<f64>>,
    loss: Loss,
    total: f64,
    /// The last point and its sums: the descent asks for the curvature where it has just asked for the gradient.
    last: Mutex<Option<([f64; 2], Sums)>>,
}

impl Line<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |w| w[row])
    }

    /// Whether the regression has a finite answer: eta varies, and (logistic) no value of it has all events on its
    /// one side and all other rows on the other.
    fn has_answer(&self) -> bool {
        const ROUNDING: f64 = 1e-12;
        let mut ends = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
        for (i, (eta, y)) in self.eta.iter().zip(self.y).enumerate() {
            if self.weight(i) > 0.0 {
                let [low, high] = &mut ends[usize::from(*y > 0.5)];
                (*low, *high) = (low.min(*eta), high.max(*eta));
            }
        }
        let [[other_low, other_high], [event_low, event_high]] = ends;
        let (low, high) = (other_low.min(event_low), other_high.max(event_high));
        let varies = high - low > ROUNDING * low.abs().max(high.abs());
        let separated = other_high <= event_low || event_high <= other_low;
        varies && !(self.loss == Loss::Logistic && separated)
    }

    fn sums_at(&self, beta: &ArrayRef1<f64>) -> Sums {
        let at = [beta[0], beta[1]];
        let Ok(mut last) = self.last.lock() else { return self.sums(beta) };
        match &*last {
            Some((point, sums)) if *point == at => *sums,
            _ => {
                let sums = self.sums(beta);
                *last = Some((at, sums));
                sums
            }
        }
    }

    /// Blocks of rows in the nearest cache: first each row's derivatives, in lanes; then the sums.
    fn sums(&self, beta: &ArrayRef1<f64>) -> Sums {
        widest(
            #[inline(always)]
            || self.sums_in_lanes(beta),
        )
    }

    #[inline(always)]
    fn sums_in_lanes(&self, beta: &ArrayRef1<f64>) -> Sums {
        let (mut value, mut gradient, mut hessian) = (0.0, [0.0; 2], [0.0; 3]);
        let n = self.eta.len();
        let (mut cost, mut slope, mut curvature) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        let (mut eta, mut y) = ([0.0; BLOCK], [0.0; BLOCK]);
        for from in (0..n).step_by(BLOCK) {
            let size = BLOCK.min(n - from);
            for k in 0..size {
                (eta[k], y[k]) = (beta[0] + beta[1] * self.eta[from + k], self.y[from + k]);
            }
            derivatives(self.loss, &eta, &y, (&mut cost, &mut slope, &mut curvature));
            for k in 0..size {
                let (w, eta) = (self.weight(from + k), self.eta[from + k]);
                value += w * cost[k];
                gradient[0] += w * slope[k];
                gradient[1] += w * slope[k] * eta;
                hessian[0] += w * curvature[k];
                hessian[1] += w * curvature[k] * eta;
                hessian[2] += w * curvature[k] * eta * eta;
            }
        }
        let mean = |sum: f64| sum / self.total;
        Sums { value: mean(value), gradient: gradient.map(mean), hessian: hessian.map(mean) }
    }
}

const BLOCK: usize = 128;
type Cells = [f64; BLOCK];

/// The rows' losses with their two derivatives.
#[inline(always)]
fn derivatives(
    loss: Loss,
    eta: &Cells,
    y: &Cells,
    (cost, slope, curvature): (&mut Cells, &mut Cells, &mut Cells),
) {
    match loss {
        Loss::Squared => {
            for k in 0..BLOCK {
                let residual = eta[k] - y[k];
                (cost[k], slope[k], curvature[k]) = (0.5 * residual * residual, residual, 1.0);
            }
        }
        Loss::Logistic => {
            for k in 0..BLOCK {
                let (risk, softplus, variance) = risk_cost_and_variance(eta[k]);
                (cost[k], slope[k], curvature[k]) = (softplus - y[k] * eta[k], risk - y[k], variance);
            }
        }
    }
}

/// Means over the rows.
#[derive(Debug, Clone, Copy)]
struct Sums {
    value: f64,
    gradient: [f64; 2],
    /// Of 1, eta and eta^2, each times the curvature.
    hessian: [f64; 3],
}

impl Objective for Line<'_> {
    fn dim(&self) -> usize {
        2
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let (value, gradient, _) = self.all_at(beta);
        (value, gradient)
    }

    fn curved(&self) -> Option<&dyn Curved> {
        Some(self)
    }
}

impl Curved for Line<'_> {
    fn curvature_root(&self, beta: &ArrayRef1<f64>) -> Array2<f64> {
        self.all_at(beta).2
    }

    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        let Sums { value, gradient, hessian: [aa, ab, bb] } = self.sums_at(beta);
        let first = aa.sqrt();
        let cross = ab / first;
        let root = array![[first, cross], [0.0, (bb - cross * cross).max(0.0).sqrt()]];
        (value, array![gradient[0], gradient[1]], root)
    }

    fn is_quadratic(&self) -> bool {
        self.loss == Loss::Squared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> (Array1<f64>, Array1<f64>) {
        let eta = Array1::from_shape_fn(60, |i| ((i * i) as f64).sin() * 2.0);
        let y =
            Array1::from_shape_fn(60, |i| f64::from(u8::from(eta[i] + 3.0 * ((7 * i) as f64).cos() > 0.4)));
        (eta, y)
    }

    #[test]
    fn the_scores_vanish_at_the_answer_and_a_linear_change_of_eta_is_undone() {
        let (eta, y) = rows();
        for loss in [Loss::Logistic, Loss::Squared] {
            let found = recalibrate(loss, &eta, &y, None).expect("the outcomes overlap");
            let changed = recalibrate(loss, &(&eta * 2.0 + 1.0), &y, None).expect("the outcomes overlap");
            assert!((changed.slope - found.slope / 2.0).abs() < 1e-9);
            assert!((changed.intercept - (found.intercept - found.slope / 2.0)).abs() < 1e-9);
            let residual = |i: usize| loss.mean(found.intercept + found.slope * eta[i]) - y[i];
            assert!((0..60).map(residual).sum::<f64>().abs() < 1e-8);
            assert!((0..60).map(|i| residual(i) * eta[i]).sum::<f64>().abs() < 1e-8);
        }
    }

    #[test]
    fn weights_equal_repeated_rows() {
        let (eta, y) = rows();
        let weight = Array1::from_shape_fn(60, |i| (i % 3) as f64);
        let rows: Vec<usize> = (0..60).flat_map(|i| std::iter::repeat_n(i, i % 3)).collect();
        let pick = |of: &Array1<f64>| of.select(ndarray::Axis(0), &rows);
        let weighted = recalibrate(Loss::Logistic, &eta, &y, Some(&weight)).expect("they overlap");
        let repeated = recalibrate(Loss::Logistic, &pick(&eta), &pick(&y), None).expect("they overlap");
        assert!((weighted.slope - repeated.slope).abs() < 1e-9);
        assert!((weighted.loss - repeated.loss).abs() < 1e-12);
    }

    #[test]
    fn a_constant_and_a_separating_predictor_have_no_slope() {
        let (eta, y) = rows();
        assert!(recalibrate(Loss::Logistic, &Array1::from_elem(60, 0.3), &y, None).is_none());
        assert!(
            recalibrate(Loss::Logistic, &eta, &eta.mapv(|e| f64::from(u8::from(e > 0.1))), None).is_none()
        );
    }
}
