//! Columns that say nothing new: constant ones and exact combinations of earlier ones, found before the descent.

use ndarray::{Array1, Array2, ArrayRef2};

use crate::design::scale::Scale;
use crate::design::term::Term;
use crate::num::linalg::solve_upper;
use crate::optimise::norm;

/// A column whose part outside the span of the earlier ones is smaller than this share of it is a combination of
/// them; rounding leaves about 1e-15, the hardest honest polynomials 1e-5.
const NEGLIGIBLE: f64 = 1e-9;

/// Which columns stay, and why the others do not.
#[derive(Debug, Clone, PartialEq)]
pub struct Independent {
    /// The columns that stay, in order.
    pub kept: Vec<usize>,
    /// For each column the reason why it is left out, if it is.
    pub aliased: Vec<Option<String>>,
}

/// A standardised column has length 1 in the factor; one that is constant has none but rounding.
const CONSTANT: f64 = 0.5;

/// Leaves out the constant columns alone. root, scale: as for [`find`].
pub fn constant(root: &ArrayRef2<f64>, scale: &Scale, has_intercept: bool) -> Independent {
    let mut found = Independent { kept: Vec::new(), aliased: vec![None; root.ncols()] };
    for j in 0..root.ncols() {
        if norm(&root.column(j).to_owned()) < CONSTANT && !(has_intercept && j == 0) {
            found.aliased[j] = Some(always(scale, j));
        } else {
            found.kept.push(j);
        }
    }
    found
}

fn always(scale: &Scale, j: usize) -> String {
    format!("constant (always {})", plain(scale.centre[j]))
}

/// Goes through the columns from left to right and leaves out each that the kept ones before it determine.
///
/// root: triangular factor of the scaled design (all columns), so that its columns have the lengths and angles of
/// the design's. The reason names the combination in the user's units.
pub fn find(root: &ArrayRef2<f64>, scale: &Scale, terms: &[Term], has_intercept: bool) -> Independent {
    let p = root.ncols();
    let mut basis: Vec<Array1<f64>> = Vec::new();
    let mut triangle = Array2::<f64>::zeros((p, p)); // column k: kept column k in the basis
    let mut found = Independent { kept: Vec::new(), aliased: vec![None; p] };
    for j in 0..p {
        let column = root.column(j).to_owned();
        let length = norm(&column);
        let mut rest = column;
        let mut along = Array1::<f64>::zeros(basis.len());
        for _ in 0..2 {
            for (k, q) in basis.iter().enumerate() {
                let share = q.dot(&rest);
                along[k] += share;
                rest.scaled_add(-share, q);
            }
        }
        let left = norm(&rest);
        if length < CONSTANT {
            found.aliased[j] = Some(always(scale, j));
        } else if left <= NEGLIGIBLE * length {
            let k = basis.len();
            let shares = solve_upper(&triangle.slice(ndarray::s![..k, ..k]).to_owned(), &along);
            found.aliased[j] = Some(in_words(j, &shares, &found.kept, scale, terms, has_intercept));
        } else {
            let k = basis.len();
            triangle.slice_mut(ndarray::s![..k, k]).assign(&along);
            triangle[[k, k]] = left;
            basis.push(rest / left);
            found.kept.push(j);
        }
    }
    found
}

/// `equal to 2 * age + sex[m] - 3`: the combination in the user's units.
fn in_words(
    j: usize,
    shares: &Array1<f64>,
    kept: &[usize],
    scale: &Scale,
    terms: &[Term],
    has_intercept: bool,
) -> String {
    let mut constant = if has_intercept { scale.centre[j] } else { 0.0 };
    let mut parts: Vec<(f64, &str)> = Vec::new();
    let largest = shares.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
    for (share, &k) in shares.iter().zip(kept) {
        if has_intercept && k == 0 {
            constant += scale.spread[j] * share;
            continue;
        }
        if share.abs() <= 1e-8 * largest {
            continue;
        }
        let slope = scale.spread[j] * share / scale.spread[k];
        constant -= slope * scale.centre[k];
        parts.push((slope, &terms[k].name));
    }
    let size = scale.centre[j].abs() + scale.spread[j];
    let mut text = String::from("equal to ");
    for (n, (slope, name)) in parts.iter().enumerate() {
        match (n, *slope < 0.0) {
            (0, true) => text.push('-'),
            (0, false) => {}
            (_, true) => text.push_str(" - "),
            (_, false) => text.push_str(" + "),
        }
        if (slope.abs() - 1.0).abs() > 1e-7 {
            text.push_str(&format!("{} * ", plain(slope.abs())));
        }
        text.push_str(name);
    }
    if has_intercept && constant.abs() > 1e-7 * size {
        let sign = if constant < 0.0 { " - " } else { " + " };
        text.push_str(&format!("{sign}{}", plain(constant.abs())));
    }
    text
}

/// Six significant digits without trailing zeros.
fn plain(value: f64) -> String {
    let text = format!("{value:.5e}");
    text.parse::<f64>().map_or(text, |v| v.to_string())
}
