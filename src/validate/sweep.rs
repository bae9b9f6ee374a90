//! A refit by sweeps: the same rows with other weights, from the model of all rows with its curvature as preconditioner.

use ndarray::{Array1, Array2, ArrayRef1, s};

use crate::num::linalg::inverse_upper;
use crate::objective::Objective;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::history::Record;
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::{Signal, Watcher};
use crate::optimise::{Settings, minimise};
use crate::rows::{BLOCK_ROWS, Block, InMemory, Rows};

/// Rows whose weights are a resample's; all else is lent.
pub struct Reweighted<'a> {
    /// n x p.
    pub x: &'a Array2<f64>,
    /// n.
    pub y: &'a Array1<f64>,
    /// n, not negative.
    pub weight: &'a Array1<f64>,
    /// n.
    pub offset: Option<&'a Array1<f64>>,
}

impl Rows for Reweighted<'_> {
    fn n_rows(&self) -> usize {
        self.x.nrows()
    }

    fn n_columns(&self) -> usize {
        self.x.ncols()
    }

    fn n_blocks(&self) -> usize {
        self.n_rows().div_ceil(BLOCK_ROWS)
    }

    fn block(&self, index: usize) -> Block<'_> {
        let from = index * BLOCK_ROWS;
        let to = (from + BLOCK_ROWS).min(self.n_rows());
        Block {
            x: self.x.slice(s![from..to, ..]),
            y: self.y.slice(s![from..to]),
            weight: Some(self.weight.slice(s![from..to])),
            offset: self.offset.map(|o| o.slice(s![from..to])),
        }
    }

    fn pick(&self, rows: &[usize]) -> InMemory {
        let all = InMemory::new(
            self.x.clone(),
            self.y.clone(),
            Some(self.weight.clone()),
            self.offset.cloned(),
        );
        all.pick(rows)
    }

    fn total_weight(&self) -> f64 {
        self.weight.sum()
    }
}

/// Where refits begin and what they are preconditioned by.
pub struct Sweep<'a> {
    /// The loss.
    pub loss: Loss,
    /// Standardised coefficients of the model of all rows.
    pub origin: &'a Array1<f64>,
    /// Root of its curvature.
    pub root: &'a Array2<f64>,
}

/// A refit may be this far from its optimum, in standard errors: the sampling error of an index is 100,000 times that.
const CLOSE: f64 = 1e-5;
/// Sweeps after which a refit is no matter of routine.
const MOST_UPDATES: usize = 12;
/// A log odds that moves by more than this is none either: where resamples are separated, rows run away.
const FAR: f64 = 4.0;

impl Sweep<'_> {
    /// The linear predictor of all rows by the model of the weighted ones; `None` where the descent did not end at
    /// once near the model of all rows, whose predictor is `eta`.
    ///
    /// In the coordinates u with beta = origin + R⁻¹ u the Hessian is nearly the identity, and a gradient of length g
    /// is g sqrt(n) standard errors.
    pub fn fit(&self, rows: &Reweighted<'_>, eta: &ArrayRef1<f64>) -> Option<Array1<f64>> {
        let glm = Glm::new(rows, self.loss);
        let inverse = inverse_upper(self.root);
        let objective = Whitened { glm: &glm, origin: self.origin, inverse: &inverse };
        let settings = Settings {
            method: Method::Auto,
            batch: None,
            decay: Decay::Constant,
            max_epochs: MOST_UPDATES,
            tolerance: CLOSE / rows.total_weight().sqrt() * self.unit(rows),
            seed: 0,
        };
        let start = Array1::zeros(self.origin.len());
        let end = minimise(&objective, &start, &settings, &mut Enough);
        if end.gradient_norm() > settings.tolerance {
            return None;
        }
        let mut found = rows.x.dot(&objective.beta(&end.beta));
        if let Some(offset) = rows.offset {
            found += offset;
        }
        let ran_away = self.loss == Loss::Logistic && found.iter().zip(eta).any(|(a, b)| (a - b).abs() > FAR);
        (!ran_away).then_some(found)
    }

    /// The size of a standard error of one row's residual: 1 for log odds, the outcome's own scale for least squares.
    fn unit(&self, rows: &Reweighted<'_>) -> f64 {
        match self.loss {
            Loss::Logistic => 1.0,
            Loss::Squared => (2.0 * Glm::new(rows, self.loss).value_and_gradient(self.origin).0).sqrt(),
        }
    }
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

/// The mean loss in coordinates in which the curvature of the model of all rows is the identity.
struct Whitened<'a> {
    glm: &'a Glm<'a>,
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
        let (value, gradient) = self.glm.value_and_gradient(&self.beta(u));
        (value, self.inverse.t().dot(&gradient))
    }
}
