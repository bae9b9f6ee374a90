//! Variance inflation, generalised for terms of several columns.

use ndarray::{Array2, ArrayRef2, Axis, s};

use crate::num::linalg::{inverse_upper, is_regular, log_det_from_root, triangular_factor};

/// Generalised variance inflation factor of each group of columns:
///
///   GVIF = det(C11) det(C22) / det(C) = det(C11) det(D11)
///
/// C is the correlation matrix of the columns, C11 the group's own, C22 the rest's, D = C⁻¹ (the second form is Jacobi's identity).
/// centred_root: triangular factor of the centred, scaled columns without the intercept, so that R'R is
/// proportional to C. Worked out from R and R⁻¹, never from C, so that near-collinear columns keep their digits.
/// A group that is alone has GVIF 1. Source: Fox & Monette 1992, JASA 87:178-183.
pub fn generalised_inflation(centred_root: &ArrayRef2<f64>, groups: &[Vec<usize>]) -> Vec<f64> {
    let p = centred_root.ncols();
    if !is_regular(centred_root) {
        return vec![f64::NAN; groups.len()];
    }
    let inverse = inverse_upper(centred_root);
    let inflation = |group: &Vec<usize>| {
        if (0..p).all(|j| group.contains(&j)) {
            return 1.0;
        }
        let own = triangular_factor(&centred_root.select(Axis(1), group));
        let inverse = triangular_factor(&inverse.select(Axis(0), group).t().to_owned());
        (log_det_from_root(&own) + log_det_from_root(&inverse)).exp()
    };
    groups.iter().map(inflation).collect()
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

    /// A factor's inflation is that of the space its indicators span, whichever level is the reference.
    #[test]
    fn a_factor_s_inflation_does_not_depend_on_its_reference_level() {
        let level = [0, 0, 1, 1, 1, 2, 2, 0, 2, 1];
        let age = [31.0, 44.0, 52.0, 60.0, 47.0, 71.0, 66.0, 39.0, 58.0, 63.0];
        let with_reference = |reference: usize| {
            let shown: Vec<usize> = (0..3).filter(|l| *l != reference).collect();
            let x = Array2::from_shape_fn((10, 4), |(i, j)| match j {
                0 => 1.0,
                1 | 2 => f64::from(u8::from(level[i] == shown[j - 1])),
                _ => age[i],
            });
            generalised_inflation(&without_intercept(&triangular_factor(&x)), &[vec![0, 1], vec![2]])
        };
        let (first, last) = (with_reference(0), with_reference(2));
        // Two terms: both are 1 / (1 - R²) of the regression of age on the factor.
        let mean = age.iter().sum::<f64>() / 10.0;
        let within: f64 = (0..3)
            .map(|l| {
                let of_level: Vec<f64> = (0..10).filter(|i| level[*i] == l).map(|i| age[i]).collect();
                let mean = of_level.iter().sum::<f64>() / of_level.len() as f64;
                of_level.iter().map(|a| (a - mean).powi(2)).sum::<f64>()
            })
            .sum();
        let wanted = age.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / within;
        for gvif in first.into_iter().chain(last) {
            assert!((gvif - wanted).abs() < 1e-12 * wanted, "{gvif} is not {wanted}");
        }
    }

    #[test]
    fn a_single_term_has_no_inflation_and_dependent_columns_have_no_number() {
        let r = triangular_factor(&array![[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]);
        assert_eq!(generalised_inflation(&r, &[vec![0, 1]]), [1.0]);
        let dependent = triangular_factor(&array![[1.0, 2.0], [3.0, 6.0], [0.5, 1.0]]);
        assert!(generalised_inflation(&dependent, &[vec![0], vec![1]]).iter().all(|g| g.is_nan()));
    }
}
