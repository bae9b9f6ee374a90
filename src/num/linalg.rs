//! Small dense linear algebra on p x p matrices (faer underneath): triangular factors, solves, singular values.

use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, MatRef, Par};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, concatenate};

fn to_faer(a: &ArrayRef2<f64>) -> Mat<f64> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[[i, j]])
}

fn column(b: &ArrayRef1<f64>) -> Mat<f64> {
    Mat::from_fn(b.len(), 1, |i, _| b[i])
}

fn to_vector(m: MatRef<'_, f64>) -> Array1<f64> {
    Array1::from_shape_fn(m.nrows(), |i| m[(i, 0)])
}

/// The triangular factor R (p x p, upper, diagonal not negative) of a QR factorisation: R'R = A'A.
///
/// a: m x p with any m; for m < p the last rows of R are zero. Householder, so R keeps digits that the
/// cross-product A'A would lose. Source: Golub & Van Loan 2013, s. 5.2.
pub fn triangular_factor(a: &ArrayRef2<f64>) -> Array2<f64> {
    let (m, p) = a.dim();
    let mut r = Array2::zeros((p, p));
    if m == 0 || p == 0 {
        return r;
    }
    let qr = to_faer(a).qr();
    let thin = qr.thin_R();
    for i in 0..m.min(p) {
        let sign = if thin[(i, i)] < 0.0 { -1.0 } else { 1.0 };
        for j in i..p {
            r[[i, j]] = sign * thin[(i, j)];
        }
    }
    r
}

/// The triangular factor of two stacked ones: R'R = A'A + B'B.
pub fn combine_factors(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let stacked = concatenate(Axis(0), &[a.view(), b.view()]).expect("both have p columns");
    triangular_factor(&stacked)
}

/// R⁻¹ b for an upper triangular R.
pub fn solve_upper(r: &ArrayRef2<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    let mut x = column(b);
    solve_upper_triangular_in_place(to_faer(r).as_ref(), x.as_mut(), Par::Seq);
    to_vector(x.as_ref())
}

/// R'⁻¹ b for an upper triangular R.
pub fn solve_upper_transposed(r: &ArrayRef2<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    let mut x = column(b);
    solve_lower_triangular_in_place(to_faer(r).transpose(), x.as_mut(), Par::Seq);
    to_vector(x.as_ref())
}

/// H⁻¹ b where H = R'R.
pub fn solve_root(r: &ArrayRef2<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    solve_upper(r, &solve_upper_transposed(r, b))
}

/// R⁻¹, to report a covariance: (R'R)⁻¹ = R⁻¹ R⁻¹'.
pub fn inverse_upper(r: &ArrayRef2<f64>) -> Array2<f64> {
    let p = r.nrows();
    let mut x = Mat::<f64>::identity(p, p);
    solve_upper_triangular_in_place(to_faer(r).as_ref(), x.as_mut(), Par::Seq);
    Array2::from_shape_fn((p, p), |(i, j)| x[(i, j)])
}

/// Singular values, largest first; empty when the factorisation fails (not finite).
pub fn singular_values(a: &ArrayRef2<f64>) -> Vec<f64> {
    if a.iter().any(|v| !v.is_finite()) {
        return Vec::new();
    }
    to_faer(a).singular_values().unwrap_or_default()
}

/// ln |det A| of a symmetric positive definite A = R'R from its factor: 2 sum ln r_jj.
pub fn log_det_from_root(r: &ArrayRef2<f64>) -> f64 {
    2.0 * r.diag().iter().map(|d| d.abs().ln()).sum::<f64>()
}

/// Upper triangular R with R'R = H from H's upper half; a row of zeros where H is not positive.
/// Source: Golub & Van Loan 2013, s. 4.2.
pub fn cholesky(mut h: Array2<f64>) -> Array2<f64> {
    let d = h.nrows();
    for k in 0..d {
        let pivot = h[[k, k]];
        let root = if pivot > 0.0 { pivot.sqrt() } else { 0.0 };
        for j in k..d {
            h[[k, j]] = if root > 0.0 { h[[k, j]] / root } else { 0.0 };
        }
        for i in k + 1..d {
            let factor = h[[k, i]];
            for j in i..d {
                h[[i, j]] -= factor * h[[k, j]];
            }
            h[[i, k]] = 0.0;
        }
    }
    h
}

/// Whether a triangular factor can be solved with: its diagonal is finite and not negligible.
pub fn is_regular(r: &ArrayRef2<f64>) -> bool {
    const NEGLIGIBLE: f64 = 1e-13; // of the largest diagonal element
    let largest = r.diag().iter().fold(0.0_f64, |m, d| m.max(d.abs()));
    largest.is_finite()
        && r.iter().all(|v| v.is_finite())
        && r.diag().iter().all(|d| d.abs() > NEGLIGIBLE * largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_factor_reproduces_the_cross_product_and_solves() {
        let a = array![[1.0, 2.0, 0.5], [3.0, -1.0, 2.0], [0.0, 4.0, 1.0], [2.0, 2.0, -3.0]];
        let r = triangular_factor(&a);
        let difference = r.t().dot(&r) - a.t().dot(&a);
        assert!(difference.iter().all(|d| d.abs() < 1e-13));
        let b = array![1.0, -2.0, 3.0];
        let x = solve_root(&r, &b);
        assert!((a.t().dot(&a).dot(&x) - &b).iter().all(|d| d.abs() < 1e-13));
        let inverse = inverse_upper(&r);
        assert!((inverse.dot(&r) - Array2::<f64>::eye(3)).iter().all(|d| d.abs() < 1e-14));
    }

    #[test]
    fn a_short_block_pads_and_two_blocks_combine() {
        let a = array![[1.0, 2.0, 0.5], [3.0, -1.0, 2.0], [0.0, 4.0, 1.0], [2.0, 2.0, -3.0]];
        let top = triangular_factor(&a.slice(ndarray::s![..1, ..]).to_owned());
        let rest = triangular_factor(&a.slice(ndarray::s![1.., ..]).to_owned());
        let whole = triangular_factor(&a);
        assert!((combine_factors(&top, &rest) - whole).iter().all(|d| d.abs() < 1e-13));
    }

    #[test]
    fn cholesky_is_the_factor_of_the_cross_product_and_singular_ones_are_not_regular() {
        let a = array![[1.0, 2.0, 0.5], [3.0, -1.0, 2.0], [0.0, 4.0, 1.0], [2.0, 2.0, -3.0]];
        let r = cholesky(a.t().dot(&a));
        assert!((&r - &triangular_factor(&a)).iter().all(|d| d.abs() < 1e-13));
        assert!(!is_regular(&cholesky(array![[4.0, 0.0], [0.0, 0.0]])));
    }

    #[test]
    fn singular_values_come_largest_first() {
        let s = singular_values(&array![[3.0, 0.0], [0.0, 4.0]]);
        assert!((s[0] - 4.0).abs() < 1e-14 && (s[1] - 3.0).abs() < 1e-14);
    }
}
