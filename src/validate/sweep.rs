//! A refit by sweeps: the same rows with other weights, begun at the predictions of the model of all rows.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayRef1};

use crate::num::linalg::{cholesky, inverse_upper, is_regular, solve_root};
use crate::objective::Objective;
use crate::objective::kernel::{predict, sweep};
use crate::objective::loss::Loss;
use crate::objective::tiles::{Lying, Observed, Outcomes, Predictors, Room};
use crate::optimise::history::Record;
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::{Signal, Watcher};
use crate::optimise::{Settings, minimise};

/// Rows of a standardised design whose weights are a resample's.
pub struct Reweighted<'a> {
    /// n x p, row-major.
    pub x: &'a Array2<f64>,
    /// n.
    pub y: &'a Array1<f64>,
    /// n, not negative.
    pub weight: &'a Array1<f64>,
    /// n.
    pub offset: Option<&'a Array1<f64>>,
}

/// Rows of one product.
const BLOCK: usize = 128;

impl Reweighted<'_> {
    /// The linear predictor of every row.
    fn predict(&self, beta: &[f64]) -> Array1<f64> {
        let x = self.x.as_slice().expect("a design is row-major");
        let offset = self.offset.map(|offset| offset.as_slice().expect("in one piece"));
        let mut eta = vec![0.0; self.x.nrows()];
        predict(Lying { x, p: beta.len(), offset }, beta, &mut eta);
        Array1::from_vec(eta)
    }

    /// Mean loss and its gradient over the rows with a weight, in their order.
    fn sweep(&self, loss: Loss, counted: &[u32], beta: &[f64]) -> (f64, Vec<f64>) {
        let total = self.weight.sum();
        let mut gradient = vec![0.0; beta.len()];
        let value = sweep(loss, counted.len(), Counted { rows: self, counted }, beta, &mut gradient);
        gradient.iter_mut().for_each(|g| *g /= total);
        (value / total, gradient)
    }
}

/// Those of the rows that have a weight.
struct Counted<'s, 'a> {
    rows: &'s Reweighted<'a>,
    counted: &'s [u32],
}

impl Counted<'_, '_> {
    /// The numbers of the rows from `from` on.
    #[inline(always)]
    fn from(&self, from: usize) -> impl Iterator<Item = usize> {
        self.counted[from..].iter().map(|i| *i as usize)
    }
}

impl<'a> Predictors<'a> for Counted<'_, 'a> {
    #[inline(always)]
    fn columns(&self, from: usize, size: usize) -> impl Iterator<Item = &'a [f64]> {
        let (x, p) = (self.rows.x.as_slice().expect("a design is row-major"), self.rows.x.ncols());
        self.from(from).take(size).map(move |i| &x[i * p..(i + 1) * p])
    }

    #[inline(always)]
    fn offsets(&self, from: usize, offset: &mut [f64]) -> bool {
        if let Some(cells) = self.rows.offset {
            self.from(from).zip(offset).for_each(|(i, offset)| *offset = cells[i]);
        }
        self.rows.offset.is_some()
    }
}

impl<'a> Observed<'a> for Counted<'_, 'a> {
    #[inline(always)]
    fn outcomes<'t>(&self, from: usize, size: usize, room: &'t mut Room) -> Outcomes<'t>
    where
        'a: 't,
    {
        let (y, weight) = (&mut room.y.0[..size], &mut room.weight.0[..size]);
        for ((i, y), weight) in self.from(from).zip(&mut *y).zip(&mut *weight) {
            (*y, *weight) = (self.rows.y[i], self.rows.weight[i]);
        }
        Outcomes { y, weight }
    }
}

/// The model of all rows, from whose predictions refits begin.
pub struct Sweep<'a> {
    /// The loss.
    pub loss: Loss,
    /// Its linear predictor, one a row.
    pub eta: &'a Array1<f64>,
    /// Its mean, one a row.
    pub mean: &'a Array1<f64>,
}

/// A descent that is this close to its optimum, in standard errors, is brought to about a twentieth of that by one last step;
/// the sampling error of an index is some 10,000 times what is left.
const CLOSE: f64 = 2e-3;
/// The same from a curvature that is not the resample's own, of which one last step leaves more.
pub const CLOSER: f64 = 1e-4;
/// Sweeps after which a refit is no matter of routine.
const MOST_UPDATES: usize = 12;
/// A log odds that moves by more than this is none either: where resamples are separated, rows run away.
pub const FAR: f64 = 4.0;

impl Sweep<'_> {
    /// The linear predictor of all rows by the model of the weighted ones; `None` where the weighted design is
    /// singular or the descent did not end at once near the model of all rows.
    ///
    /// The start is where Newton's step leads from the predictions of the model of all rows, whatever knots it had; see
    /// [`descend_near`].
    pub fn fit(&self, rows: &Reweighted<'_>) -> Option<Array1<f64>> {
        let weight = rows.weight;
        let counted: Vec<u32> = (0..).zip(weight).filter(|(_, w)| **w > 0.0).map(|(i, _)| i).collect();
        let (hessian, score) = self.newton(rows, &counted);
        let root = cholesky(hessian);
        if !is_regular(&root) {
            return None;
        }
        let origin = solve_root(&root, &score);
        let mean_loss = MeanLoss { rows, loss: self.loss, counted, p: origin.len() };
        let beta = descend_near(&mean_loss, self.loss, (weight.sum(), CLOSE), (&origin, &root))?;
        let found = rows.predict(&beta.to_vec());
        let ran_away =
            self.loss == Loss::Logistic && found.iter().zip(self.eta).any(|(a, b)| (a - b).abs() > FAR);
        (!ran_away).then_some(found)
    }

    /// H = Z'VZ / W and Z'(V (eta - offset) + w (y - mean)) / W with V = w times the curvature at eta: H⁻¹ of the second is
    /// Newton's step from eta (McCullagh & Nelder 1989, s. 2.5). The products are of the rows with a weight.
    fn newton(&self, rows: &Reweighted<'_>, counted: &[u32]) -> (Array2<f64>, Array1<f64>) {
        const LEAST: f64 = 1e-12; // of a curvature, which is divided by
        let p = rows.x.ncols();
        let mut hessian = Array2::<f64>::zeros((p, p));
        let mut score = Array1::<f64>::zeros(p);
        let mut scaled = Array2::<f64>::zeros((BLOCK, p));
        for block in counted.chunks(BLOCK) {
            scaled.fill(0.0);
            for (mut row, i) in scaled.rows_mut().into_iter().zip(block) {
                let i = *i as usize;
                let w = rows.weight[i];
                let curvature = match self.loss {
                    Loss::Squared => 1.0,
                    Loss::Logistic => (self.mean[i] * (1.0 - self.mean[i])).max(LEAST),
                };
                let eta = self.eta[i] - rows.offset.map_or(0.0, |o| o[i]);
                row.assign(&rows.x.row(i));
                score.scaled_add(w * (curvature * eta + rows.y[i] - self.mean[i]), &row);
                row *= (w * curvature).sqrt();
            }
            general_mat_mul(1.0, &scaled.t(), &scaled, 1.0, &mut hessian);
        }
        let total = rows.weight.sum();
        (hessian / total, score / total)
    }
}

/// Descends on a mean loss over rows of that total weight from near its minimum, in coordinates in which its curvature is nearly the
/// identity; `None` where it does not end at once.
///
/// With beta = origin + R⁻¹ u, R'R about the Hessian, a gradient in u of length g is g sqrt(weight) standard errors. From where
/// these are at most `close` one last step is made.
pub fn descend_near(
    mean_loss: &dyn Objective,
    loss: Loss,
    (weight, close): (f64, f64),
    (origin, root): (&Array1<f64>, &Array2<f64>),
) -> Option<Array1<f64>> {
    let inverse = inverse_upper(root);
    let objective = Whitened { mean_loss, origin, inverse: &inverse };
    let start = Array1::zeros(origin.len());
    // the size of a standard error of one row's residual: 1 for log odds, the outcome's own scale for least squares
    let unit = match loss {
        Loss::Logistic => 1.0,
        Loss::Squared => (2.0 * objective.value_and_gradient(&start).0).sqrt(),
    };
    let settings = Settings {
        method: Method::Auto,
        batch: None,
        decay: Decay::Constant,
        max_epochs: MOST_UPDATES,
        tolerance: close / weight.sqrt() * unit,
        seed: 0,
    };
    let end = minimise(&objective, &start, &settings, &mut Enough);
    if end.gradient_norm() > settings.tolerance {
        return None;
    }
    let last_step = &end.beta - &end.gradient; // the Hessian in u is nearly the identity
    Some(objective.beta(&last_step))
}

/// Stops when the gradient is small enough for statistics, though not yet for arithmetic.
struct Enough;

impl Watcher for Enough {
    fn seconds(&self) -> f64 {
        0.0
    }

    fn seen(&mut self, record: &Record, tolerance: f64) -> Signal {
        if record.gradient_norm <= tolerance { Signal::Stop } else { Signal::Continue }
    }
}

/// The mean loss of the rows with a weight.
struct MeanLoss<'a> {
    rows: &'a Reweighted<'a>,
    loss: Loss,
    /// The rows with a weight.
    counted: Vec<u32>,
    p: usize,
}

impl Objective for MeanLoss<'_> {
    fn dim(&self) -> usize {
        self.p
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let (value, gradient) = self.rows.sweep(self.loss, &self.counted, &beta.to_vec());
        (value, Array1::from_vec(gradient))
    }
}

/// A mean loss in coordinates in which its curvature is nearly the identity.
struct Whitened<'a> {
    mean_loss: &'a dyn Objective,
    origin: &'a Array1<f64>,
    inverse: &'a Array2<f64>,
}

impl Whitened<'_> {
    fn beta(&self, u: &ArrayRef1<f64>) -> Array1<f64> {
        self.origin + &self.inverse.dot(u)
    }
}

impl Objective for Whitened<'_> {
    fn dim(&self) -> usize {
        self.origin.len()
    }

    fn value_and_gradient(&self, u: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let (value, gradient) = self.mean_loss.value_and_gradient(&self.beta(u));
        (value, self.inverse.t().dot(&gradient))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::glm::Glm;
    use crate::rows::InMemory;

    #[test]
    fn a_sweep_of_reweighted_rows_is_the_mean_loss_and_its_gradient() {
        let n = 300;
        let x = Array2::from_shape_fn((n, 7), |(i, j)| ((i * i + 3 * i * j + j) as f64).sin());
        let y = Array1::from_shape_fn(n, |i| f64::from(u8::from(i % 3 == 0)));
        let weight = Array1::from_shape_fn(n, |i| (i % 4) as f64);
        let offset = Array1::from_shape_fn(n, |i| (i as f64).cos());
        let beta = Array1::from_shape_fn(7, |j| 0.3 * j as f64 - 1.0);
        let counted: Vec<u32> = (0..n as u32).filter(|i| i % 4 != 0).collect();
        let rows = Reweighted { x: &x, y: &y, weight: &weight, offset: Some(&offset) };
        let memory = InMemory::new(x.clone(), y.clone(), Some(weight.clone()), Some(offset.clone()));
        for loss in [Loss::Logistic, Loss::Squared] {
            let (value, gradient) = rows.sweep(loss, &counted, &beta.to_vec());
            let (wanted, slope) = Glm::new(&memory, loss).value_and_gradient(&beta);
            assert!((value - wanted).abs() < 1e-14);
            assert!((Array1::from_vec(gradient) - slope).iter().all(|d| d.abs() < 1e-14));
        }
    }
}
