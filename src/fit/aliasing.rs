//! Columns that say nothing new: constant ones and exact combinations of earlier ones, found before the descent.

use ndarray::{Array1, ArrayRef2, ArrayView1, ArrayViewMut1};

use crate::design::scale::Scale;
use crate::design::term::Term;
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
///
/// A QR factorisation by Householder reflections in which a column that is left out takes no place: with r columns kept, the
/// part of a column outside their span is what it has from row r on. The root is triangular already, so that column j has
/// but one row more there than columns were left out before it, and most reflections are of a few rows.
/// Of columns beyond all numbers nothing can be told: all stay, and the descent says that it diverges.
/// Source: Golub & Van Loan 2013, Matrix Computations, s. 5.2 and 5.4.
pub fn find(root: &ArrayRef2<f64>, scale: &Scale, terms: &[Term], has_intercept: bool) -> Independent {
    let p = root.ncols();
    if root.iter().any(|cell| !cell.is_finite()) {
        return Independent { kept: (0..p).collect(), aliased: vec![None; p] };
    }
    let mut columns = stored(root);
    let mut found = Independent { kept: Vec::new(), aliased: vec![None; p] };
    for j in 0..p {
        let length = norm(&root.column(j).to_owned());
        let (before, own) = columns.split_at_mut(j);
        let (own, later) = own.split_first_mut().expect("column j is there");
        let k = found.kept.len().min(own.len());
        let left = own[k..].iter().map(|x| x * x).sum::<f64>().sqrt();
        if length < CONSTANT {
            found.aliased[j] = Some(always(scale, j));
        } else if left <= NEGLIGIBLE * length {
            let shares = shares(before, &found.kept, &own[..k]);
            found.aliased[j] = Some(in_words(j, &shares, &found.kept, scale, terms, has_intercept));
        } else {
            reflect(own, later, k, left);
            found.kept.push(j);
        }
    }
    found
}

/// The columns, each down to the last row in which it or an earlier one is not 0.
fn stored(root: &ArrayRef2<f64>) -> Vec<Vec<f64>> {
    let mut end = 0;
    (0..root.ncols())
        .map(|j| {
            let column = root.column(j);
            let last = (end..column.len()).rev().find(|row| column[*row] != 0.0);
            end = last.map_or(end, |row| row + 1);
            column.iter().take(end).copied().collect()
        })
        .collect()
}

/// Reflects the rows from `row` on so that a column, whose part there has the length `left`, ends in this row; the later columns
/// likewise. The column keeps its rows up to there.
fn reflect(column: &mut Vec<f64>, later: &mut [Vec<f64>], row: usize, left: f64) {
    let end = column.len();
    let mut mirror = column.split_off(row);
    if mirror.len() > 1 {
        mirror[0] += left.copysign(mirror[0]); // the sum that cancels nothing
        let normal = ArrayView1::from(&mirror[..]);
        let size = normal.dot(&normal);
        for other in later {
            let mut part = ArrayViewMut1::from(&mut other[row..end]);
            let share = 2.0 * normal.dot(&part) / size;
            part.scaled_add(-share, &normal);
        }
        mirror[0] = -left.copysign(mirror[0]);
    }
    column.push(mirror[0]);
}

/// The combination of the kept columns, each of which ends in its place, that gives the column `along`.
fn shares(columns: &[Vec<f64>], kept: &[usize], along: &[f64]) -> Array1<f64> {
    let mut rest = along.to_vec();
    rest.resize(kept.len(), 0.0);
    for (k, j) in kept.iter().enumerate().rev() {
        let column = &columns[*j];
        let share = rest[k] / column[k];
        rest[..k].iter_mut().zip(column).for_each(|(rest, x)| *rest -= share * x);
        rest[k] = share;
    }
    Array1::from_vec(rest)
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

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::design::term::Part;
    use crate::num::linalg::{solve_upper, triangular_factor};

    /// The same by modified Gram-Schmidt, twice: which columns stay, and the combinations that give the others.
    fn by_projections(root: &Array2<f64>) -> (Vec<usize>, Vec<(usize, Array1<f64>)>) {
        let p = root.ncols();
        let (mut basis, mut kept, mut given) = (Vec::<Array1<f64>>::new(), Vec::new(), Vec::new());
        let mut triangle = Array2::<f64>::zeros((p, p));
        for j in 0..p {
            let length = norm(&root.column(j).to_owned());
            let mut rest = root.column(j).to_owned();
            let mut along = Array1::<f64>::zeros(basis.len());
            for _ in 0..2 {
                for (k, q) in basis.iter().enumerate() {
                    let share = q.dot(&rest);
                    along[k] += share;
                    rest.scaled_add(-share, q);
                }
            }
            let (left, k) = (norm(&rest), basis.len());
            if length < CONSTANT {
                continue;
            }
            if left <= NEGLIGIBLE * length {
                given.push((j, solve_upper(&triangle.slice(ndarray::s![..k, ..k]).to_owned(), &along)));
                continue;
            }
            triangle.slice_mut(ndarray::s![..k, k]).assign(&along);
            triangle[[k, k]] = left;
            basis.push(rest / left);
            kept.push(j);
        }
        (kept, given)
    }

    /// Columns of length 1 of n rows, of which some are combinations of two earlier ones and some constant 0.
    fn design(n: usize, p: usize, seed: u64) -> Array2<f64> {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
        };
        let mut x = Array2::from_shape_fn((n, p), |_| draw());
        for j in 3..p {
            match (j as u64 * 7 + seed) % 5 {
                0 => {
                    let sum = &x.column(j - 1) * 0.5 - x.column(j - 3);
                    x.column_mut(j).assign(&sum);
                }
                1 if j % 3 == 0 => x.column_mut(j).fill(0.0),
                _ => {}
            }
            let length = norm(&x.column(j).to_owned());
            if length > 0.0 {
                x.column_mut(j).mapv_inplace(|v| v / length);
            }
        }
        (0..3).for_each(|j| {
            let length = norm(&x.column(j).to_owned());
            x.column_mut(j).mapv_inplace(|v| v / length);
        });
        x
    }

    fn named(p: usize) -> (Scale, Vec<Term>) {
        let term = |j: usize| Term {
            name: format!("x{j}"),
            group: format!("x{j}"),
            parts: vec![Part { variable: format!("x{j}"), level: None, transform: None, index: None }],
        };
        let scale = Scale { centre: Array1::zeros(p), spread: Array1::ones(p) };
        (scale, (0..p).map(term).collect())
    }

    #[test]
    fn columns_beyond_all_numbers_stay() {
        let (scale, terms) = named(3);
        for wrong in [f64::NAN, f64::INFINITY] {
            for at in [[0, 0], [0, 2], [1, 1], [2, 2]] {
                let mut root = Array2::eye(3);
                root[at] = wrong;
                assert_eq!(find(&root, &scale, &terms, false).kept, [0, 1, 2], "{wrong} at {at:?}");
            }
        }
    }

    #[test]
    fn the_columns_that_stay_are_those_of_projections() {
        for (n, p, seed) in [(60, 20, 1), (200, 90, 2), (30, 45, 3), (500, 300, 4)] {
            let x = design(n, p, seed);
            let (scale, terms) = named(p);
            for matrix in [triangular_factor(&x), x] {
                let found = find(&matrix, &scale, &terms, false);
                let (kept, given) = by_projections(&matrix);
                assert_eq!(found.kept, kept, "{n} x {p}");
                assert!(p - kept.len() > p / 10, "{n} x {p}: too few are left out");
                for (j, shares) in given {
                    let before = found.kept.partition_point(|k| *k < j);
                    let words = in_words(j, &shares, &found.kept[..before], &scale, &terms, false);
                    assert_eq!(found.aliased[j].as_ref(), Some(&words));
                }
            }
        }
    }
}
