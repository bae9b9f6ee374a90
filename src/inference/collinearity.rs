//! Variance inflation, generalised for terms of several columns.

use ndarray::{Array2, ArrayRef2, s};

use crate::num::linalg::{is_regular, log_det_from_root, triangular_factor};

/// The triangular factor of a subset of the columns of R: the same cross-products, fewer columns.
fn factor_of(r: &ArrayRef2<f64>, columns: &[usize]) -> Array2<f64> {
    triangular_factor(&r.select(ndarray::Axis(1), columns))
}

/// Generalised variance inflation factor of each group of columns:
///
///   GVIF = det(C11) det(C22) / det(C),  C the correlation matrix of the columns, C11 the group's own, C22 the rest's
///
/// centred_root: triangular factor of the centred, scaled columns without the intercept, so that R'R is
/// proportional to C. Worked out from factors, never from C, so that near-collinear columns keep their digits.
/// A group that is alone has GVIF 1. Source: Fox & Monette 1992, JASA 87:178-183.
pub fn generalised_inflation(centred_root: &ArrayRef2<f64>, groups: &[Vec<usize>]) -> Vec<f64> {
    let p = centred_root.ncols();
    if !is_regular(centred_root) {
        return vec![f64::NAN; groups.len()];
    }
    let whole = log_det_from_root(centred_root);
    groups
        .iter()
        .map(|group| {
            let rest: Vec<usize> = (0..p).filter(|j| !group.contains(j)).collect();
            if rest.is_empty() {
                return 1.0;
            }
            let own = log_det_from_root(&factor_of(centred_root, group));
            let others = log_det_from_root(&factor_of(centred_root, &rest));
            (own + others - whole).exp()
        })
        .collect()
}

/// The factor without its first row and column: of the other columns after the intercept is swept out.
pub fn without_intercept(root: &ArrayRef2<f64>) -> Array2<f64> {
    root.slice(s![1.., 1..]).to_owned()
}

/// Condition number: largest over smallest singular value.
pub fn condition_number(root: &ArrayRef2<f64>) -> Option<f64> {
    let values = crate::num::linalg::singular_values(root);
    match (values.first(), values.last()) {
        (Some(largest), Some(smallest)) if *smallest > 0.0 => Some(largest / smallest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// For two columns the factor is 1 / (1 - r^2).
    #[test]
    fn two_columns_inflate_by_their_correlation() {
        let x = array![[1.0, 1.0], [2.0, 1.0], [3.0, 4.0], [4.0, 3.0], [5.0, 6.0]];
        let mean = x.mean_axis(ndarray::Axis(0)).expect("rows");
        let centred = &x - &mean;
        let r = triangular_factor(&centred);
        let (a, b) = (centred.column(0), centred.column(1));
        let correlation = a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt();
        let wanted = 1.0 / (1.0 - correlation * correlation);
        for got in generalised_inflation(&r, &[vec![0], vec![1]]) {
            assert!((got - wanted).abs() < 1e-12);
        }
    }
}
