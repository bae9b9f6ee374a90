//! A model at its optimum as arrays, and what each row is there: residual, curvature, leverage.

use ndarray::{Array2, ArrayRef1, ArrayRef2};

use crate::num::linalg::inverse_upper;
use crate::objective::loss::Loss;
use crate::rows::Rows;

/// A model at its optimum, in the scale of the descent.
#[derive(Clone, Copy)]
pub struct Solution<'a> {
    /// The rows it was fitted to (n x p).
    pub rows: &'a dyn Rows,
    /// Its loss.
    pub loss: Loss,
    /// The coefficients, p.
    pub beta: &'a ArrayRef1<f64>,
    /// Upper triangular R, p x p, with R'R the Hessian of the mean loss at `beta`.
    pub root: &'a ArrayRef2<f64>,
}

/// The rows of one block at the optimum.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockTerms {
    /// m x p: row i is (R'⁻¹ x_i)'. In these coordinates the information is n times the identity, so that sums over
    /// rows lose no digits to an ill-conditioned design.
    pub projected: Array2<f64>,
    /// Fitted mean or probability.
    pub fitted: Vec<f64>,
    /// The linear predictor, offset included.
    pub linear_predictor: Vec<f64>,
    /// y - fitted, without cancellation in the tails.
    pub residual: Vec<f64>,
    /// d fitted / d linear predictor: 1, or mu (1 - mu).
    pub curvature: Vec<f64>,
    /// Leverage of one copy of the row: c_i x_i' (X'WCX)⁻¹ x_i, C the curvatures, W the frequency weights.
    pub leverage: Vec<f64>,
    /// Outcome.
    pub outcome: Vec<f64>,
    /// Frequency weight.
    pub weight: Vec<f64>,
}

impl Solution<'_> {
    /// Number of coefficients.
    pub fn n_coefficients(&self) -> usize {
        self.beta.len()
    }

    /// Number of observations: rows, each as often as its frequency weight says.
    pub fn n(&self) -> f64 {
        self.rows.total_weight()
    }

    /// R⁻¹, which [`Solution::block`] projects with.
    pub fn inverse_root(&self) -> Array2<f64> {
        inverse_upper(self.root)
    }

    /// One block's rows at the optimum; `inverse_root` as [`Solution::inverse_root`] gives it.
    pub fn block(&self, index: usize, inverse_root: &Array2<f64>) -> BlockTerms {
        let block = self.rows.block(index);
        let x = block.x();
        let projected = x.dot(inverse_root);
        let mut linear_predictor = x.dot(self.beta);
        if let Some(offset) = &block.offset {
            linear_predictor += offset;
        }
        let n = self.n();
        let at = |i: usize| (linear_predictor[i], block.y[i]);
        let rows = 0..block.y.len();
        let curvature: Vec<f64> = linear_predictor.iter().map(|eta| self.loss.curvature(*eta)).collect();
        BlockTerms {
            fitted: linear_predictor.iter().map(|eta| self.loss.mean(*eta)).collect(),
            residual: rows.clone().map(|i| -self.loss.value_and_slope(at(i).0, at(i).1).1).collect(),
            leverage: projected.rows().into_iter().zip(&curvature).map(|(q, c)| c * q.dot(&q) / n).collect(),
            outcome: block.y.to_vec(),
            weight: rows.map(|i| block.weight(i)).collect(),
            linear_predictor: linear_predictor.to_vec(),
            projected,
            curvature,
        }
    }
}
