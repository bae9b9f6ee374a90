//! What is minimised: a function of the coefficients that gives its value and gradient, and nothing else.

pub mod glm;
pub mod loss;

use ndarray::{Array1, Array2, ArrayRef1};

/// A function to be minimised.
pub trait Objective: Sync {
    /// Number of coefficients.
    fn dim(&self) -> usize;
    /// Value and gradient at beta; one sweep over the data.
    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>);
    /// The curvature, where it can be had.
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
}

/// An objective that is a mean over rows.
pub trait Sampled: Objective {
    /// Number of rows.
    fn n_rows(&self) -> usize;
    /// Mean value and gradient over some rows.
    fn of_rows(&self, rows: &[usize], beta: &ArrayRef1<f64>) -> (f64, Array1<f64>);
    /// Lends the objective made of some rows alone.
    fn with_rows(&self, rows: &[usize], lend: &mut dyn FnMut(&dyn Objective));
    /// An upper bound of any single row's curvature: max_i c ||x_i||^2, c the loss's largest second derivative.
    fn largest_row_curvature(&self) -> f64;
}
