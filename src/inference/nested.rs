//! Whether one design lies within another: only then does a likelihood-ratio test compare them.

use ndarray::{Array2, Axis, concatenate, s};

use crate::num::linalg::{combine_factors, triangular_factor};
use crate::rows::Rows;

/// A column whose part outside the span is a smaller share of it than this lies in the span; rounding leaves about
/// 1e-15, and up to 1e-11 between two bases of the same polynomials.
const NEGLIGIBLE: f64 = 1e-9;

/// The first column of `small` (n x q) that is not a combination of the columns of `large` (n x p); `None` if the
/// smaller model is nested in the larger.
///
/// From the triangular factor of [large, small]: below row p stands what the small columns have outside the span.
/// Both designs should be standardised and without aliased columns, so that nothing is lost to large means. Their blocks
/// have the same rows.
pub fn first_outside(small: &dyn Rows, large: &dyn Rows) -> Option<usize> {
    assert_eq!(small.n_rows(), large.n_rows(), "both models use the same rows");
    let (p, q) = (large.n_columns(), small.n_columns());
    let mut factor = Array2::zeros((p + q, p + q));
    for k in 0..large.n_blocks() {
        let (a, b) = (large.block(k), small.block(k));
        let both = concatenate(Axis(1), &[a.x().view(), b.x().view()]).expect("the same rows");
        factor = combine_factors(&factor, &triangular_factor(&both));
    }
    (0..q).find(|j| {
        let column = factor.column(p + j);
        let outside = column.slice(s![p..]);
        outside.dot(&outside) > NEGLIGIBLE * NEGLIGIBLE * column.dot(&column)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use super::*;
    use crate::inference::fixture::{HP, WT, with_intercept};
    use crate::rows::InMemory;

    fn outside(small: &Array2<f64>, large: &Array2<f64>) -> Option<usize> {
        let rows = |x: &Array2<f64>| InMemory::new(x.clone(), Array1::zeros(x.nrows()), None, None);
        first_outside(&rows(small), &rows(large))
    }

    #[test]
    fn another_basis_of_the_same_columns_is_nested_and_a_new_column_is_named() {
        let sum: Vec<f64> = WT.iter().zip(HP).map(|(w, h)| 3.0 * w - 0.01 * h + 2.0).collect();
        let square: Vec<f64> = WT.iter().map(|w| w * w).collect();
        let large = with_intercept(&[&WT, &HP]);
        assert_eq!(outside(&with_intercept(&[&sum]), &large), None);
        assert_eq!(outside(&with_intercept(&[&sum, &square]), &large), Some(2));
        assert_eq!(outside(&large, &with_intercept(&[&WT])), Some(2));
    }

    #[test]
    fn dropping_the_intercept_of_a_factor_s_indicators_keeps_the_span() {
        // Three groups of two: indicators of all three without an intercept, or two of them with one.
        let cells = Array2::from_shape_fn((6, 3), |(i, j)| if i / 2 == j { 1.0 } else { 0.0 });
        let coded = Array2::from_shape_fn((6, 3), |(i, j)| if j == 0 || i / 2 == j { 1.0 } else { 0.0 });
        assert_eq!(outside(&coded, &cells), None);
        assert_eq!(outside(&cells, &coded), None);
    }
}
