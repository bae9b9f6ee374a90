//! Mini-batch noise on a surface without rows: seeded Gaussian noise on the gradient of every update.

use std::sync::atomic::{AtomicU64, Ordering};

use ndarray::{Array1, ArrayRef1};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;

use crate::explore::surface::Surface;
use crate::num::random::stream;
use crate::objective::{Curved, Objective, Sampled};

/// A surface as if it were a mean over two rows, whose gradients scatter: each update sees
///
///   gradient + sd z,  z standard normal of the seed and of the number of the update
///
/// The true gradient judges after every second update, as the full one does after every epoch of mini-batches.
pub struct Noisy<'a> {
    surface: &'a Surface,
    sd: f64,
    seed: u64,
    updates: AtomicU64,
}

/// Updates between two looks at the true gradient.
pub const UPDATES_AN_EPOCH: usize = 2;

impl<'a> Noisy<'a> {
    /// A surface with noise of standard deviation `sd` (in units of the gradient) in each direction.
    pub fn new(surface: &'a Surface, sd: f64, seed: u64) -> Noisy<'a> {
        Noisy { surface, sd, seed, updates: AtomicU64::new(0) }
    }
}

impl Objective for Noisy<'_> {
    fn dim(&self) -> usize {
        self.surface.dim()
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        self.surface.value_and_gradient(beta)
    }

    fn curved(&self) -> Option<&dyn Curved> {
        self.surface.curved()
    }

    fn sampled(&self) -> Option<&dyn Sampled> {
        Some(self)
    }
}

impl Sampled for Noisy<'_> {
    fn n_rows(&self) -> usize {
        UPDATES_AN_EPOCH
    }

    fn of_rows(&self, _rows: &[usize], beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let update = self.updates.fetch_add(1, Ordering::Relaxed);
        let (value, gradient) = self.surface.value_and_gradient(beta);
        let mut rng = stream(self.seed, "explore noise", update);
        let noise: Array1<f64> = Array1::random_using(gradient.len(), StandardNormal, &mut rng);
        (value, gradient + noise * self.sd)
    }

    fn with_rows(&self, _rows: &[usize], lend: &mut dyn FnMut(&dyn Objective)) {
        lend(self.surface);
    }

    fn largest_row_curvature(&self) -> f64 {
        self.surface.curvature(&self.surface.usual_start())
    }
}
