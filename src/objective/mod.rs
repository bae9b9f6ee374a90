//! What is minimised: a function of the coefficients that gives its value and gradient, and nothing else.

pub mod coded;
pub mod firth;
pub mod gap;
pub mod glm;
pub mod kernel;
pub mod l1;
pub mod loss;
pub mod panel;
pub mod penalty;
mod products;
pub mod shared;
pub mod tiles;
pub mod whitening;

use ndarray::{Array1, Array2, ArrayRef1};

use crate::objective::l1::L1;

/// A function to be minimised: smooth, or smooth with a penalty on absolute values added.
pub trait Objective: Sync {
    /// Number of coefficients.
    fn dim(&self) -> usize;
    /// Value and gradient of the smooth part at beta; one sweep over the data.
    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>);
    /// The part that is not smooth, if there is one: what is minimised is then the sum of both.
    fn l1(&self) -> Option<&L1> {
        None
    }
    /// The curvature of the smooth part, where it can be had.
    fn curved(&self) -> Option<&dyn Curved> {
        None
    }
    /// The sum's parts, where the function is a mean over rows.
    fn sampled(&self) -> Option<&dyn Sampled> {
        None
    }
}

/// An objective with second derivatives.
pub trait Curved: Objective {
    /// Upper triangular R with R'R = the Hessian at beta (or the expected Hessian); one sweep over the data.
    fn curvature_root(&self, beta: &ArrayRef1<f64>) -> Array2<f64>;
    /// Value, gradient and curvature root in one sweep.
    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>);
    /// Whether the Hessian is the same everywhere.
    fn is_quadratic(&self) -> bool;
    /// Whether the minimum of a subsample is a good place to begin. It is not where factors have so many levels that some have no event
    /// in the subsample: their coefficients run away there.
    fn is_like_its_subsamples(&self) -> bool {
        true
    }
    /// Whether R'R is the Hessian itself. Where it is only near it, the loop lets the gradients seen correct it.
    fn is_exact(&self) -> bool {
        true
    }
}

/// An objective that is a mean over rows.
pub trait Sampled: Objective {
    /// Number of rows.
    fn n_rows(&self) -> usize;
    /// Mean value and gradient (of the smooth part) over some rows.
    fn of_rows(&self, rows: &[usize], beta: &ArrayRef1<f64>) -> (f64, Array1<f64>);
    /// Lends the objective made of some rows alone.
    fn with_rows(&self, rows: &[usize], lend: &mut dyn FnMut(&dyn Objective));
    /// An upper bound of any single row's curvature: max_i c ||x_i||^2, c the loss's largest second derivative.
    fn largest_row_curvature(&self) -> f64;
}
