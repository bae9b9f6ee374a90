//! Eigenvalues and eigenvectors of a symmetric matrix of one or two rows, in closed form.

use ndarray::{Array2, ArrayRef2};
use serde::Serialize;

/// Curvatures and their directions, the steepest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Eigen {
    /// Eigenvalues, largest first.
    pub values: Vec<f64>,
    /// The unit vector of each.
    pub directions: Vec<Vec<f64>>,
}

impl Eigen {
    /// Of H, 1 x 1 or 2 x 2, symmetric:
    ///
    ///   lambda = (a + c)/2 +- sqrt(((a - c)/2)^2 + b^2),  H = [[a, b], [b, c]]
    pub fn of(h: &ArrayRef2<f64>) -> Eigen {
        if h.nrows() == 1 {
            return Eigen { values: vec![h[[0, 0]]], directions: vec![vec![1.0]] };
        }
        let (a, b, c) = (h[[0, 0]], 0.5 * (h[[0, 1]] + h[[1, 0]]), h[[1, 1]]);
        let (middle, half) = (0.5 * a + 0.5 * c, 0.5 * a - 0.5 * c);
        let reach = half.hypot(b);
        let large = if middle >= 0.0 { middle + reach } else { middle - reach };
        // The smaller in size from the determinant, which keeps the digits that a difference would lose.
        let other = if large == 0.0 { 0.0 } else { (a / large) * c - (b / large) * b };
        let values = if large >= other { vec![large, other] } else { vec![other, large] };
        let angle = 0.5 * b.atan2(half);
        let (sin, cos) = angle.sin_cos();
        Eigen { values, directions: vec![vec![cos, sin], vec![-sin, cos]] }
    }

    /// The largest.
    pub fn largest(&self) -> f64 {
        self.values.first().copied().unwrap_or(0.0)
    }

    /// The smallest.
    pub fn smallest(&self) -> f64 {
        self.values.last().copied().unwrap_or(0.0)
    }

    /// The largest in size.
    pub fn size(&self) -> f64 {
        self.values.iter().fold(0.0, |m, v| m.max(v.abs()))
    }

    /// Upper triangular R with R'R = Q |Lambda| Q', eigenvalues below a millionth of the largest in size raised to it:
    /// the curvature itself where it is positive, and a direction that falls where it is not.
    pub fn absolute_root(&self) -> Array2<f64> {
        const SMALLEST: f64 = 1e-6;
        let p = self.values.len();
        let floor = (SMALLEST * self.size()).max(f64::MIN_POSITIVE);
        let positive = self.values.iter().all(|v| *v > 0.0);
        let mut h = Array2::zeros((p, p));
        for (value, q) in self.values.iter().zip(&self.directions) {
            let value = if positive { *value } else { value.abs().max(floor) };
            for i in 0..p {
                for j in 0..p {
                    h[[i, j]] += value * q[i] * q[j];
                }
            }
        }
        crate::num::linalg::cholesky(h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_make_the_whole(a in -9.0..9.0f64, b in -9.0..9.0f64, c in -9.0..9.0f64) {
            let h = array![[a, b], [b, c]];
            let eigen = Eigen::of(&h);
            prop_assert!(eigen.values[0] >= eigen.values[1]);
            for i in 0..2 {
                for j in 0..2 {
                    let made: f64 = (0..2)
                        .map(|k| eigen.values[k] * eigen.directions[k][i] * eigen.directions[k][j])
                        .sum();
                    prop_assert!((made - h[[i, j]]).abs() < 1e-12, "{h} {eigen:?}");
                }
            }
        }
    }

    #[test]
    fn a_long_valley_keeps_the_digits_of_its_floor() {
        let eigen = Eigen::of(&array![[1.0, 99.0], [99.0, 9_801.000_001]]);
        assert!((eigen.smallest() * eigen.largest() - 1e-6).abs() < 1e-11, "{eigen:?}");
    }
}
