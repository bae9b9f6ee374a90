//! Whether one design lies within another: only then does a likelihood-ratio test compare them.

use ndarray::{Array2, ArrayRef2, Axis, concatenate, s};

use crate::num::linalg::{combine_factors, triangular_factor};
use crate::rows::BLOCK_ROWS;

/// A column whose part outside the span is a smaller share of it than this lies in the span; rounding leaves about
/// 1e-15, and up to 1e-11 between two bases of the same polynomials.
const NEGLIGIBLE: f64 = 1e-9;

/// The first column of `small` (n x q) that is not a combination of the columns of `large` (n x p); `None` if the
/// smaller model is nested in the larger.
///
/// From the triangular factor of [large, small]: below row p stands what the small columns have outside the span.
/// Both designs should be standardised and without aliased columns, so that nothing is lost to large means.
pub fn first_outside(small: &ArrayRef2<f64>, large: &ArrayRef2<f64>) -> Option<usize> {
    assert_eq!(small.nrows(), large.nrows(), "both models use the same rows");
    let (p, q) = (large.ncols(), small.ncols());
    let mut factor = Array2::zeros((p + q, p + q));
    for (a, b) in large.axis_chunks_iter(Axis(0), BLOCK_ROWS).zip(small.axis_chunks_iter(Axis(0), BLOCK_ROWS))
    {
        let both = concatenate(Axis(1), &[a, b]).expect("the same rows");
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
    use super::*;
    use crate::inference::fixture::{HP, WT, with_intercept};

    #[test]
    fn another_basis_of_the_same_columns_is_nested_and_a_new_column_is_named() {
        let sum: Vec<f64> = WT.iter().zip(HP).map(|(w, h)| 3.0 * w - 0.01 * h + 2.0).collect();
        let square: Vec<f64> = WT.iter().map(|w| w * w).collect();
        let large = with_intercept(&[&WT, &HP]);
        assert_eq!(first_outside(&with_intercept(&[&sum]), &large), None);
        assert_eq!(first_outside(&with_intercept(&[&sum, &square]), &large), Some(2));
        assert_eq!(first_outside(&large, &with_intercept(&[&WT])), Some(2));
    }

    #[test]
    fn dropping_the_intercept_of_a_factor_s_indicators_keeps_the_span() {
        // Three groups of two: indicators of all three without an intercept, or two of them with one.
        let cells = Array2::from_shape_fn((6, 3), |(i, j)| if i / 2 == j { 1.0 } else { 0.0 });
        let coded = Array2::from_shape_fn((6, 3), |(i, j)| if j == 0 || i / 2 == j { 1.0 } else { 0.0 });
        assert_eq!(first_outside(&coded, &cells), None);
        assert_eq!(first_outside(&cells, &coded), None);
    }
}
