//! The covariance of the coefficients in the user's units, from the curvature's triangular root.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};

use crate::num::linalg::inverse_upper;

/// The matrix that carries standardised coefficients to the user's units:
/// b_j = beta_j / s_j, and with an intercept b_0 = beta_0 - sum_j beta_j m_j / s_j.
pub fn to_user_units(centre: &ArrayRef1<f64>, spread: &ArrayRef1<f64>, has_intercept: bool) -> Array2<f64> {
    let mut j = Array2::from_diag(&spread.mapv(f64::recip));
    if has_intercept {
        for k in 1..centre.len() {
            j[[0, k]] = -centre[k] / spread[k];
        }
    }
    j
}

/// A with A A' = covariance: J R⁻¹ sqrt(dispersion / n), where R'R is the Hessian of the mean loss.
///
/// The product is formed last, so that an ill-conditioned design keeps the digits of R.
pub fn root(
    curvature_root: &ArrayRef2<f64>,
    to_user: &ArrayRef2<f64>,
    dispersion: f64,
    n: f64,
) -> Array2<f64> {
    to_user.dot(&inverse_upper(curvature_root)) * (dispersion / n).sqrt()
}

/// A A'.
pub fn from_root(root: &ArrayRef2<f64>) -> Array2<f64> {
    root.dot(&root.t())
}

/// Square roots of the diagonal of A A'.
pub fn standard_errors(root: &ArrayRef2<f64>) -> Array1<f64> {
    root.rows().into_iter().map(|r| r.dot(&r).sqrt()).collect()
}
