//! Whether a column that was left out of the fit matters when everyone is put in one arm.

use ndarray::{Array1, Array2, Axis, s};

use crate::design::matrix::Encoded;
use crate::fit::aliasing::Independent;
use crate::num::linalg::{solve_upper, triangular_factor};

/// Deviations from the combination, as a share of the column's largest value, that rounding explains.
pub(super) const ROUNDING: f64 = 1e-6;

/// The first column that was left out as a combination of others among the rows used but is another combination, or
/// none, when everyone is in one arm: its coefficient is then needed and not known.
///
/// observed: n x p as fitted; changed: the designs with everyone in one arm. `None`: no such column.
pub fn lost_column(observed: &Encoded, independent: &Independent, changed: &[Encoded]) -> Option<String> {
    let kept = &independent.kept;
    let lost = independent.aliased.iter().enumerate().filter(|(_, why)| why.is_some());
    lost.map(|(j, _)| j)
        .find(|j| {
            let combination = combination(&observed.x, kept, *j);
            let largest = changed.iter().map(|e| largest(&e.x, *j)).fold(largest(&observed.x, *j), f64::max);
            changed.iter().any(|e| {
                let told = e.x.select(Axis(1), kept).dot(&combination);
                e.x.column(*j).iter().zip(&told).any(|(x, t)| (x - t).abs() > ROUNDING * largest)
            })
        })
        .map(|j| observed.terms[j].name.clone())
}

pub(super) fn largest(x: &Array2<f64>, j: usize) -> f64 {
    x.column(j).iter().fold(0.0, |m: f64, v| m.max(v.abs()))
}

/// The coefficients c of x_j = X_kept c by least squares, each column scaled to a largest value of 1. x: the design, or its triangular
/// factor.
pub(super) fn combination(x: &Array2<f64>, kept: &[usize], j: usize) -> Array1<f64> {
    let mut columns = x.select(Axis(1), kept);
    let scale: Array1<f64> =
        kept.iter().map(|k| largest(x, *k)).map(|m| if m > 0.0 { m } else { 1.0 }).collect();
    columns /= &scale;
    columns.push_column(x.column(j)).expect("as many rows");
    let k = kept.len();
    let root = triangular_factor(&columns);
    solve_upper(&root.slice(s![..k, ..k]).to_owned(), &root.slice(s![..k, k]).to_owned()) / scale
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::design::term::Term;

    fn encoded(x: Array2<f64>) -> Encoded {
        let term = |name: usize| Term { name: format!("x{name}"), group: String::new(), parts: Vec::new() };
        Encoded { terms: (0..x.ncols()).map(term).collect(), x, has_intercept: true, offset: None }
    }

    /// Column 2 equals column 1 (the treatment) among the rows; column 3 is twice column 0.
    #[test]
    fn a_copy_of_the_treatment_is_lost_and_a_constant_is_not() {
        let observed = encoded(array![[1.0, 0.0, 0.0, 2.0], [1.0, 1.0, 1.0, 2.0], [1.0, 1.0, 1.0, 2.0]]);
        let treated = encoded(array![[1.0, 1.0, 0.0, 2.0], [1.0, 1.0, 1.0, 2.0], [1.0, 1.0, 1.0, 2.0]]);
        let why = |lost: &[usize]| Independent {
            kept: (0..4).filter(|j| !lost.contains(j)).collect(),
            aliased: (0..4).map(|j| lost.contains(&j).then(String::new)).collect(),
        };
        let treated = [treated];
        assert_eq!(lost_column(&observed, &why(&[2, 3]), &treated).as_deref(), Some("x2"));
        assert_eq!(lost_column(&observed, &why(&[]), &treated), None);
        let without = encoded(observed.x.select(Axis(1), &[0, 1, 3]));
        let changed = [encoded(treated[0].x.select(Axis(1), &[0, 1, 3]))];
        let constant = Independent { kept: vec![0, 1], aliased: vec![None, None, Some(String::new())] };
        assert_eq!(lost_column(&without, &constant, &changed), None);
    }
}
