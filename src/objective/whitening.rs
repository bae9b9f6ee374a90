//! The curvature's root by a Gram matrix of columns that were made nearly orthogonal before: as exact as Householder's, and much faster.

use ndarray::{Array2, ArrayRef2};

use crate::num::linalg::{cholesky, inverse_upper, singular_values};
use crate::objective::panel::Triangle;

/// Columns that a guess of the root makes nearly orthogonal.
///
/// With Z'Z the Hessian and R0 a guess of its root, the columns of Q = Z R0⁻¹ are nearly orthogonal, so that the Cholesky factor
/// of Q'Q loses nothing: R = chol(Q'Q) R0 has the digits of a QR factorisation of Z (errors of the order of the condition
/// number, where the factor of Z'Z has its square). Source: Yamamoto et al. 2015, ETNA 44, 306-326 (CholeskyQR2).
pub struct Whitening {
    guess: Array2<f64>,
    inverse: Triangle,
}

/// What a Gram matrix of whitened columns is good for.
pub enum Verdict {
    /// The root, to all its digits.
    Root(Array2<f64>),
    /// A better guess: the columns were not near enough to orthogonal.
    Guess(Array2<f64>),
    /// Neither.
    Singular,
}

/// Rows from which a guess is made: this many, and some for each column.
const ROWS: usize = 1024;
const ROWS_A_COLUMN: usize = 8;
/// From as many times these rows on a guess is worth its while.
const WORTH: usize = 4;

/// The rows from which to guess the root of n: one from each of equal stretches, at unlike places in them. `None` where n is small.
pub fn sample(n: usize, p: usize) -> Option<Vec<usize>> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9; // multiples of it, less whole numbers, lie evenly in 0..1
    let size = ROWS.max(ROWS_A_COLUMN * p);
    let stretch = n as f64 / size as f64;
    let place = |k: usize| ((k as f64 + (k as f64 * GOLDEN).fract()) * stretch) as usize;
    (n >= WORTH * size && p > 0).then(|| (0..size).map(|k| place(k).min(n - 1)).collect())
}

impl Whitening {
    /// By an upper triangular guess. A column that it knows nothing of is left as it is.
    pub fn new(mut guess: Array2<f64>) -> Self {
        const NOTHING: f64 = 1e-10; // of the length of a column
        for j in 0..guess.ncols() {
            let column = guess.column(j);
            let length = column.dot(&column).sqrt();
            let known = length.is_finite() && guess[[j, j]].abs() > NOTHING * length;
            if !known {
                guess.column_mut(j).fill(0.0);
                guess.row_mut(j).fill(0.0);
                guess[[j, j]] = 1.0;
            }
        }
        let inverse = Triangle::new(&inverse_upper(&guess));
        Whitening { guess, inverse }
    }

    /// Q'Q of some rows, where Q = diag(s) X R0⁻¹.
    pub fn gram<'x>(&self, row: impl Fn(usize) -> &'x [f64], s: &[f64]) -> Array2<f64> {
        self.inverse.gram(row, s)
    }

    /// The root of Z'Z from Q'Q of all rows.
    pub fn root(&self, gram: &ArrayRef2<f64>) -> Verdict {
        const ENOUGH: f64 = 0.1; // of the least singular value of Q with columns of length 1: errors times 100 at most
        const SOMETHING: f64 = 1e-5;
        let lengths = gram.diag().mapv(f64::sqrt);
        let mut scaled = gram.to_owned();
        for ((i, j), cell) in scaled.indexed_iter_mut() {
            *cell /= lengths[i] * lengths[j];
        }
        let factor = cholesky(scaled);
        let least = singular_values(&factor).last().copied().unwrap_or(0.0);
        let root = (factor * lengths).dot(&self.guess);
        if least > ENOUGH {
            Verdict::Root(root)
        } else if least > SOMETHING {
            Verdict::Guess(root)
        } else {
            Verdict::Singular
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::linalg::triangular_factor;
    use crate::objective::Curved;
    use crate::objective::glm::Glm;
    use crate::objective::loss::Loss;
    use crate::rows::InMemory;
    use ndarray::Array1;

    /// Powers of a number in 1..2, whose condition number is about 10^5, and a level that three rows have.
    fn powers(n: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, 6), |(i, j)| {
            let t = 1.0 + (i * 7919 % n) as f64 / n as f64;
            if j < 5 { t.powi(j as i32) } else { f64::from(u8::from(i % 2000 == 1)) }
        })
    }

    /// The largest element of A B⁻¹ - I: how far the two are from one another, whatever their condition.
    fn apart(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
        let ratio = a.dot(&inverse_upper(b)) - Array2::<f64>::eye(a.ncols());
        ratio.iter().fold(0.0, |most, d| d.abs().max(most))
    }

    #[test]
    fn the_root_has_the_digits_of_a_householder_factor_and_not_those_of_the_cross_product() {
        let x = powers(6000);
        let exact = triangular_factor(&x);
        assert!(apart(&cholesky(x.t().dot(&x)), &exact) > 1e-8);
        let rows = InMemory::new(x, Array1::zeros(6000), None, None);
        let root = Glm::new(&rows, Loss::Squared).curvature_root(&Array1::zeros(6));
        let apart = apart(&(root * 6000.0_f64.sqrt()), &exact);
        assert!(apart < 1e-10, "{apart}");
    }

    #[test]
    fn a_poor_guess_leads_to_a_good_one_and_a_singular_design_to_none() {
        let x = powers(5000);
        let cells = x.as_slice().expect("row-major");
        let (row, ones) = (|i: usize| &cells[6 * i..6 * i + 6], vec![1.0; 5000]);
        let identity = Whitening::new(Array2::eye(6));
        let Verdict::Guess(guess) = identity.root(&identity.gram(row, &ones)) else { panic!("a guess") };
        let second = Whitening::new(guess);
        let Verdict::Root(root) = second.root(&second.gram(row, &ones)) else { panic!("a root") };
        assert!(apart(&root, &triangular_factor(&x)) < 1e-10);
        let twice = [[1.0, 2.0], [3.0, 6.0]];
        let gram = Whitening::new(Array2::zeros((2, 2))).gram(|i| &twice[i % 2], &ones);
        assert!(matches!(Whitening::new(Array2::eye(2)).root(&gram), Verdict::Singular));
    }

    #[test]
    fn rows_of_a_sample_are_distinct_and_from_everywhere() {
        assert!(sample(4000, 3).is_none());
        let rows = sample(100_000, 3).expect("many rows");
        assert!(rows.windows(2).all(|w| w[0] < w[1] && w[1] - w[0] < 200));
        assert!(rows[0] < 100 && rows[rows.len() - 1] > 99_800);
    }
}
