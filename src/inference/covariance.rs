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

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::inference::fixture::{HP, MPG, WT, near, optimum, rows, with_intercept};
    use crate::objective::loss::Loss;

    const WANTED: [f64; 3] = [1.598787537999394, 0.6327334943773952, 0.009029709675855722];

    /// R 4.2: coef and sqrt(diag(vcov(lm(mpg ~ wt + hp, mtcars)))), reached from standardised columns.
    #[test]
    fn estimates_and_standard_errors_come_back_to_the_user_s_units() {
        let (centre, spread) = (array![0.0, 3.2, 150.0], array![1.0, 0.9, 70.0]);
        let z = (with_intercept(&[&WT, &HP]) - &centre) / &spread;
        let (beta, value, curvature) = optimum(&rows(z, &MPG), Loss::Squared);
        let to_user = to_user_units(&centre, &spread, true);
        let wanted = [37.2272701164472, -3.877830742404682, -0.031772946982161];
        near(&to_user.dot(&beta).to_vec(), &wanted, 1e-12);
        let dispersion = 2.0 * 32.0 * value / 29.0;
        let errors = standard_errors(&root(&curvature, &to_user, dispersion, 32.0));
        near(&errors.to_vec(), &WANTED, 1e-12);
        let diagonal = from_root(&root(&curvature, &to_user, dispersion, 32.0)).diag().mapv(f64::sqrt);
        near(&diagonal.to_vec(), &WANTED, 1e-12);
    }
}
