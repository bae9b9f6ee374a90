//! Recalibration: the regression of an outcome on one linear predictor, whose intercept and slope are 0 and 1 if all is well.

use ndarray::{Array1, Array2, ArrayRef1, array};

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
    let line = Line { eta, y, weight, loss, total: weight.map_or(eta.len() as f64, |w| w.sum()) };
    if !line.varies() || (loss == Loss::Logistic && line.separates()) {
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
}

impl Line<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |w| w[row])
    }

    /// The smallest and the largest eta among rows that count and are asked for.
    fn range(&self, wanted: impl Fn(usize) -> bool) -> (f64, f64) {
        (0..self.eta.len())
            .filter(|i| self.weight(*i) > 0.0 && wanted(*i))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), i| {
                (low.min(self.eta[i]), high.max(self.eta[i]))
            })
    }

    fn varies(&self) -> bool {
        const ROUNDING: f64 = 1e-12;
        let (low, high) = self.range(|_| true);
        high - low > ROUNDING * low.abs().max(high.abs())
    }

    /// Whether one value of eta has all events on its one side and all other rows on the other.
    fn separates(&self) -> bool {
        let (event_low, event_high) = self.range(|i| self.y[i] > 0.5);
        let (other_low, other_high) = self.range(|i| self.y[i] <= 0.5);
        other_high <= event_low || event_high <= other_low
    }
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
        let (a, b) = (beta[0], beta[1]);
        let (mut value, mut gradient, mut hessian) = (0.0, [0.0; 2], [0.0; 3]);
        for i in 0..self.eta.len() {
            let w = self.weight(i);
            if w == 0.0 {
                continue;
            }
            let eta = self.eta[i];
            let (cost, slope, curvature) = at(self.loss, a + b * eta, self.y[i]);
            value += w * cost;
            gradient[0] += w * slope;
            gradient[1] += w * slope * eta;
            hessian[0] += w * curvature;
            hessian[1] += w * curvature * eta;
            hessian[2] += w * curvature * eta * eta;
        }
        let [aa, ab, bb] = hessian.map(|h| h / self.total);
        let first = aa.sqrt();
        let cross = ab / first;
        let root = array![[first, cross], [0.0, (bb - cross * cross).max(0.0).sqrt()]];
        (value / self.total, array![gradient[0] / self.total, gradient[1] / self.total], root)
    }

    fn is_quadratic(&self) -> bool {
        self.loss == Loss::Squared
    }
}

/// A row's loss with its two derivatives, from one exponential.
fn at(loss: Loss, eta: f64, y: f64) -> (f64, f64, f64) {
    match loss {
        Loss::Squared => (0.5 * (eta - y) * (eta - y), eta - y, 1.0),
        Loss::Logistic => {
            let e = (-eta.abs()).exp();
            let near = 1.0 / (1.0 + e); // the larger of risk and 1 - risk
            let far = e * near;
            let right = (eta >= 0.0) == (y > 0.5); // on the side of the outcome
            let miss = if right { far } else { near };
            let cost = e.ln_1p() + if right { 0.0 } else { eta.abs() };
            (cost, if y > 0.5 { -miss } else { miss }, near * far)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> (Array1<f64>, Array1<f64>) {
        let eta = Array1::from_shape_fn(60, |i| ((i * i) as f64).sin() * 2.0);
        let y = Array1::from_shape_fn(60, |i| f64::from(u8::from(eta[i] + 3.0 * ((7 * i) as f64).cos() > 0.4)));
        (eta, y)
    }

    #[test]
    fn a_row_s_derivatives_are_those_of_its_loss() {
        for (eta, y) in [(0.7, 1.0), (0.7, 0.0), (-2.0, 1.0), (-2.0, 0.0), (40.0, 0.0), (0.0, 1.0)] {
            for loss in [Loss::Logistic, Loss::Squared] {
                let (cost, slope, curvature) = at(loss, eta, y);
                let (value, wanted) = loss.value_and_slope(eta, y);
                assert!((cost - value).abs() <= 1e-14 * value.abs().max(1.0), "{eta} {y}");
                assert!((slope - wanted).abs() <= 1e-15 && (curvature - loss.curvature(eta)).abs() <= 1e-15);
            }
        }
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
        assert!(recalibrate(Loss::Logistic, &eta, &eta.mapv(|e| f64::from(u8::from(e > 0.1))), None).is_none());
    }
}
