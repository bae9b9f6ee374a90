//! A quadratic plus absolute values, minimised to the last digit: coordinate descent finds the zeros, a solve the rest.

use ndarray::{Array1, Array2, Axis, s};

use crate::num::linalg::{solve_root, solve_upper, triangular_factor};
use crate::objective::l1::{L1, soft_threshold};

/// Rounds of coordinate descent and solves before the model is left as it is.
const MOST_ROUNDS: usize = 60;
/// Passes over the coefficients in play before a solve.
const PASSES: usize = 8;
/// Solves in a row, each of which sets one more coefficient to zero, before coordinates are looked at again.
const SOLVES: usize = 12;
/// The model counts as minimised when its least subgradient is this share of the first one, or of its terms' sizes.
const ENOUGH: f64 = 1e-11;
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// m(u) = g.(u - b) + |R (u - b)|^2 / 2 + sum_j c_j |u_j|: what a proximal Newton step minimises.
pub(crate) struct Model<'a> {
    /// b.
    pub beta: &'a Array1<f64>,
    /// g, the smooth part's gradient at b.
    pub gradient: &'a Array1<f64>,
    /// R.
    pub root: &'a Array2<f64>,
    /// R'R.
    pub hessian: &'a Array2<f64>,
    /// c.
    pub l1: &'a L1,
}

/// The minimiser u of a model, from b on; its zeros are exact. Every move lowers the model, so u - b goes downhill
/// even where the bound of rounds is met first.
///
/// 1. Coordinate descent over all coefficients, then some passes over those in play (free, or not zero).
/// 2. The minimum on the face where these keep their signs and the others stay zero, by a triangular factor of
///    R's columns; the way there ends where a coefficient would change its sign, and that one becomes zero.
///    Where the columns are dependent: along them to a corner.
/// 3. Done when the least subgradient has vanished.
///
/// Sources: Friedman, Hastie & Tibshirani 2010, Journal of Statistical Software 33(1), s. 2.2 (1);
/// Lee, Battle, Raina & Ng 2007, NIPS 19 (2).
pub(crate) fn minimiser(model: &Model<'_>) -> Array1<f64> {
    let mut at = At { u: model.beta.clone(), slope: model.gradient.clone() };
    let first = model.left(&at).0;
    let mut left = first;
    for _ in 0..MOST_ROUNDS {
        model.pass(&mut at, |_, _| true); // 1
        for _ in 0..PASSES {
            let moved = model.pass(&mut at, |c, u| c == 0.0 || u != 0.0);
            if moved <= ENOUGH * first {
                break;
            }
        }
        let mut reached = Reached::Corner;
        for _ in 0..SOLVES {
            reached = model.solve_face(&mut at); // 2
            if reached != Reached::Corner {
                break;
            }
        }
        model.refresh(&mut at);
        let (largest, on_face) = model.left(&at);
        let last = std::mem::replace(&mut left, largest);
        let helps_no_more = on_face == largest && left > 0.5 * last; // at a face's own minimum: rounding
        let stands = reached == Reached::Minimum && helps_no_more;
        if left <= ENOUGH * first || stands || model.is_rounding(&at) {
            break; // 3
        }
    }
    at.u
}

/// Where a solve on a face led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// The face's minimum.
    Minimum,
    /// A coefficient that became zero on the way.
    Corner,
    /// Nowhere: the face is empty, or flat without a corner.
    Nothing,
}

/// Where the search stands: u, and the model's smooth slope g + R'R (u - b) there.
struct At {
    u: Array1<f64>,
    slope: Array1<f64>,
}

/// The square root of a coefficient's own curvature: subgradients over it do not depend on the column's units.
fn scale(model: &Model<'_>, j: usize) -> f64 {
    model.hessian[[j, j]].sqrt().max(f64::MIN_POSITIVE)
}

impl Model<'_> {
    /// The largest least subgradient of all coefficients, and of those in play, each over its scale.
    fn left(&self, at: &At) -> (f64, f64) {
        let least = self.l1.least_subgradient(&at.u, &at.slope);
        let size = |j: usize| least[j].abs() / scale(self, j);
        let all = (0..least.len()).map(size).fold(0.0, f64::max);
        let in_play = |j: &usize| self.l1.cost[*j] == 0.0 || at.u[*j] != 0.0;
        (all, (0..least.len()).filter(in_play).map(size).fold(0.0, f64::max))
    }

    /// One pass of coordinate descent over the coefficients that `plays` picks by cost and value; returns the
    /// largest change, in units of the square root of the model.
    fn pass(&self, at: &mut At, plays: impl Fn(f64, f64) -> bool) -> f64 {
        let mut largest: f64 = 0.0;
        for j in 0..at.u.len() {
            let (h, c, u) = (self.hessian[[j, j]], self.l1.cost[j], at.u[j]);
            if h <= 0.0 || !plays(c, u) {
                continue; // a column without curvature has no slope either
            }
            let to = soft_threshold(u - at.slope[j] / h, c / h);
            let change = to - u;
            if change != 0.0 {
                at.u[j] = to;
                at.slope.scaled_add(change, &self.hessian.row(j));
                largest = largest.max(change.abs() * h.sqrt());
            }
        }
        largest
    }

    /// Moves to the minimum on the present face, or as far as the first change of sign.
    ///
    /// Where the face's columns are dependent there is a direction along which only the penalty changes: down that
    /// one instead, to the first corner.
    fn solve_face(&self, at: &mut At) -> Reached {
        let face: Vec<usize> = (0..at.u.len())
            .filter(|j| self.hessian[[*j, *j]] > 0.0 && (self.l1.cost[*j] == 0.0 || at.u[*j] != 0.0))
            .collect();
        if face.is_empty() {
            return Reached::Nothing;
        }
        let scales = Array1::from_shape_fn(face.len(), |k| scale(self, face[k]));
        let root = triangular_factor(&(&self.root.select(Axis(1), &face) / &scales)); // columns of length 1
        let slope = self.l1.least_subgradient(&at.u, &at.slope).select(Axis(0), &face) / &scales;
        let flat = flat_direction(&root);
        let step = match &flat {
            Some(flat) if flat.dot(&slope) > 0.0 => -flat,
            Some(flat) => flat.clone(),
            None => -solve_root(&root, &slope),
        } / &scales;
        let mut length = if flat.is_some() { f64::INFINITY } else { 1.0 };
        let mut meets = None;
        for (&j, d) in face.iter().zip(&step) {
            let u = at.u[j];
            if self.l1.cost[j] > 0.0 && d * u < 0.0 && -u / d <= length {
                length = -u / d;
                meets = Some(j);
            }
        }
        if length.is_infinite() {
            return Reached::Nothing;
        }
        for (&j, d) in face.iter().zip(&step) {
            at.u[j] += length * d;
        }
        if let Some(j) = meets {
            at.u[j] = 0.0;
        }
        self.refresh(at);
        if meets.is_some() { Reached::Corner } else { Reached::Minimum }
    }

    /// The slope anew, through R, which keeps digits that sums of changes have lost.
    fn refresh(&self, at: &mut At) {
        let moved = &at.u - self.beta;
        at.slope = self.gradient + &self.root.t().dot(&self.root.dot(&moved));
    }

    /// Whether what is left of the subgradient is the rounding of its terms.
    fn is_rounding(&self, at: &At) -> bool {
        let moved = (&at.u - self.beta).mapv(f64::abs);
        let least = self.l1.least_subgradient(&at.u, &at.slope);
        let sizes = self.root.mapv(f64::abs);
        let terms = sizes.t().dot(&sizes.dot(&moved));
        (0..least.len())
            .all(|j| least[j].abs() <= ROUNDING * (self.gradient[j].abs() + self.l1.cost[j] + terms[j]))
    }
}

/// A vector z with R z = 0 up to rounding, if a column of R (all of length 1) depends on those before it.
fn flat_direction(root: &Array2<f64>) -> Option<Array1<f64>> {
    const DEPENDENT: f64 = 1e-11;
    let k = (0..root.ncols()).find(|k| root[[*k, *k]].abs() <= DEPENDENT)?;
    let mut flat = Array1::zeros(root.ncols());
    flat[k] = 1.0;
    if k > 0 {
        let before = solve_upper(&root.slice(s![..k, ..k]), &root.slice(s![..k, k]));
        flat.slice_mut(s![..k]).assign(&-before);
    }
    Some(flat)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model of p coefficients whose columns are far from orthogonal.
    fn numbers(p: usize, seed: u64) -> (Array1<f64>, Array1<f64>, Array2<f64>) {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        };
        let mut columns = Array2::from_shape_fn((3 * p, p), |_| next());
        for j in 1..p {
            let last = columns.column(j - 1).to_owned();
            let mut column = columns.column_mut(j);
            column.scaled_add(3.0, &last);
            column /= 3.0;
        }
        let beta = Array1::from_shape_fn(p, |j| if j % 3 == 0 { 0.0 } else { next() });
        let gradient = Array1::from_shape_fn(p, |_| 8.0 * next());
        (beta, gradient, triangular_factor(&columns))
    }

    #[test]
    fn the_subgradient_vanishes_at_the_minimiser_and_zeros_are_exact() {
        let mut zeros = 0;
        for seed in 1..200 {
            let (beta, gradient, root) = numbers(9, seed);
            let l1 = L1 { cost: Array1::from_shape_fn(9, |j| if j == 0 { 0.0 } else { 1.0 }) };
            let hessian = root.t().dot(&root);
            let model = Model { beta: &beta, gradient: &gradient, root: &root, hessian: &hessian, l1: &l1 };
            let u = minimiser(&model);
            let slope = &gradient + &root.t().dot(&root.dot(&(&u - &beta)));
            let left = l1.least_subgradient(&u, &slope);
            assert!(left.iter().all(|l| l.abs() < 1e-10), "seed {seed}: {left}");
            zeros += u.iter().filter(|u| **u == 0.0).count();
        }
        assert!(zeros > 100, "{zeros}");
    }

    #[test]
    fn two_equal_columns_are_no_trouble() {
        let columns =
            Array2::from_shape_fn((6, 3), |(i, j)| if j < 2 { (i as f64).sin() } else { (i as f64).cos() });
        let root = triangular_factor(&columns);
        let (beta, gradient) = (Array1::zeros(3), Array1::from_vec(vec![-2.0, -2.0, 1.0]));
        let l1 = L1 { cost: Array1::from_elem(3, 0.3) };
        let hessian = root.t().dot(&root);
        let u =
            minimiser(&Model { beta: &beta, gradient: &gradient, root: &root, hessian: &hessian, l1: &l1 });
        let slope = &gradient + &hessian.dot(&u);
        assert!(l1.least_subgradient(&u, &slope).iter().all(|l| l.abs() < 1e-10));
    }

    #[test]
    fn more_coefficients_than_the_columns_can_tell_apart_are_brought_down_to_the_minimum() {
        for seed in 1..100 {
            let (_, gradient, root) = numbers(9, seed);
            let mut flat = root.clone();
            flat.slice_mut(s![4.., ..]).fill(0.0); // rank 4
            let gradient = flat.t().dot(&flat.dot(&gradient)); // within the range, as a loss's gradient is
            let beta = Array1::from_shape_fn(9, |j| 0.1 + j as f64); // all in play
            let l1 = L1 { cost: Array1::from_elem(9, 0.01) };
            let hessian = flat.t().dot(&flat);
            let model = Model { beta: &beta, gradient: &gradient, root: &flat, hessian: &hessian, l1: &l1 };
            let u = minimiser(&model);
            let slope = &gradient + &hessian.dot(&(&u - &beta));
            assert!(l1.least_subgradient(&u, &slope).iter().all(|l| l.abs() < 1e-11), "seed {seed}");
            assert!(u.iter().filter(|u| **u != 0.0).count() <= 4);
        }
    }
}
