//! Firth's penalised likelihood: the logistic loss with Jeffreys' prior, finite even where the outcome is separated.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use rayon::prelude::*;

use crate::num::linalg::{inverse_upper, is_regular, log_det_from_root};
use crate::num::special::expit;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::{Curved, Objective};
use crate::rows::shared::Question;
use crate::rows::{Block, Rows};
use crate::team::Bits;

/// The mean logistic loss minus half the log-determinant of the information, over the total weight W.
///
///   f(b) = -(1/W) [l(b) + ln det I(b) / 2],   I = sum_i w_i pi_i (1 - pi_i) x_i x_i'
///   gradient = (1/W) sum_i w_i [pi_i - y_i - h_i (1/2 - pi_i)] x_i,   h_i = pi_i (1 - pi_i) x_i' I⁻¹ x_i
///
/// h_i is the hat value of one of the w_i rows that row i stands for, so that weights equal repeated rows. The
/// curvature is the information I/W (the modified score's usual slope), not the Hessian: see [`Curved::is_exact`].
/// An evaluation sweeps the rows twice: I must be known before the hat values. Where I is singular f is infinite.
/// Sources: Firth 1993, Biometrika 80:27-38; Heinze & Schemper 2002, Statistics in Medicine 21:2409-2419.
pub struct Firth<'a> {
    rows: &'a dyn Rows,
    glm: Glm<'a>,
}

impl<'a> Firth<'a> {
    /// The penalised likelihood of a logistic model for some rows, y 0 or 1; the columns must be independent.
    pub fn new(rows: &'a dyn Rows) -> Self {
        Firth { rows, glm: Glm::new(rows, Loss::Logistic) }
    }

    /// The mean logistic loss alone: minus the log-likelihood over W.
    pub fn unpenalised(&self) -> &Glm<'a> {
        &self.glm
    }

    /// l(b) + ln det I(b) / 2, with I of these columns. For columns z = (x - centre) / spread, add
    /// sum_j ln spread_j to have it for the columns x.
    pub fn penalised_log_likelihood(&self, beta: &ArrayRef1<f64>) -> f64 {
        -self.rows.total_weight() * self.value_and_gradient(beta).0
    }

    /// The hat values h_i at beta, one a row.
    pub fn hat_values(&self, beta: &ArrayRef1<f64>) -> Array1<f64> {
        let inverse = inverse_upper(&self.glm.curvature_root(beta));
        let total = self.rows.total_weight();
        let blocks: Vec<Vec<f64>> = (0..self.rows.n_blocks())
            .into_par_iter()
            .map(|k| hats(&self.rows.block(k), beta, &inverse, total).into_iter().map(|(h, _)| h).collect())
            .collect();
        blocks.into_iter().flatten().collect()
    }

    /// sum_i w_i h_i (1/2 - pi_i) x_i over the rows of all ranks.
    fn pull_of_the_prior(&self, beta: &ArrayRef1<f64>, inverse: &ArrayRef2<f64>) -> Array1<f64> {
        let total = self.rows.total_weight();
        let Some((shared, view)) = self.rows.shared() else { return pull(self.rows, beta, inverse, total) };
        let question = Question::Prior {
            at: self.glm.at(view, beta, None),
            inverse_root: Bits::of(inverse),
            total: Bits::of(&[total]),
        };
        let sums = shared.ask(&question, |mine| pull(mine, beta, inverse, total).to_vec()).swap_remove(0);
        Array1::from_vec(sums)
    }
}

/// Hat value and probability of each row of a block. inverse: R⁻¹ with R'R = I/W, W the weight of all rows (`total`), so that
/// x'I⁻¹x = |x R⁻¹|^2 / W.
fn hats(block: &Block<'_>, beta: &ArrayRef1<f64>, inverse: &ArrayRef2<f64>, total: f64) -> Vec<(f64, f64)> {
    let x = block.x();
    let eta = x.dot(beta);
    let projected = x.dot(inverse);
    (0..block.y.len())
        .map(|i| {
            let eta = eta[i] + block.offset(i);
            let row = projected.row(i);
            (Loss::Logistic.curvature(eta) * row.dot(&row) / total, expit(eta))
        })
        .collect()
}

/// sum_i w_i h_i (1/2 - pi_i) x_i over some of the rows: blocks in parallel, their sums added in order.
pub(super) fn pull(
    rows: &dyn Rows,
    beta: &ArrayRef1<f64>,
    inverse: &ArrayRef2<f64>,
    total: f64,
) -> Array1<f64> {
    let shares: Vec<Array1<f64>> = (0..rows.n_blocks())
        .into_par_iter()
        .map(|k| {
            let block = rows.block(k);
            let x = block.x();
            let mut share = Array1::zeros(beta.len());
            for (i, (hat, risk)) in hats(&block, beta, inverse, total).into_iter().enumerate() {
                let weight = block.weight(i);
                share.scaled_add(weight * hat * (0.5 - risk), &x.row(i));
            }
            share
        })
        .collect();
    shares.iter().fold(Array1::zeros(beta.len()), |sum, share| sum + share)
}

impl Objective for Firth<'_> {
    fn dim(&self) -> usize {
        self.glm.dim()
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let (value, gradient, _) = self.all_at(beta);
        (value, gradient)
    }

    fn curved(&self) -> Option<&dyn Curved> {
        Some(self)
    }
}

impl Curved for Firth<'_> {
    fn curvature_root(&self, beta: &ArrayRef1<f64>) -> Array2<f64> {
        self.glm.curvature_root(beta)
    }

    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        let (value, gradient, root) = self.glm.all_at(beta);
        if !is_regular(&root) {
            return (f64::INFINITY, gradient, root);
        }
        let weight = self.rows.total_weight();
        let log_det = log_det_from_root(&root) + self.dim() as f64 * weight.ln();
        let pull = self.pull_of_the_prior(beta, &inverse_upper(&root));
        (value - 0.5 * log_det / weight, gradient - pull / weight, root)
    }

    fn is_quadratic(&self) -> bool {
        false
    }

    fn is_exact(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::InMemory;
    use ndarray::array;

    fn rows(n: usize) -> InMemory {
        let x = Array2::from_shape_fn(
            (n, 3),
            |(i, j)| if j == 0 { 1.0 } else { ((i * (2 * j + 1)) as f64).sin() },
        );
        let y = Array1::from_shape_fn(n, |i| if (i * i) % 7 < 3 { 1.0 } else { 0.0 });
        let weight = Array1::from_shape_fn(n, |i| 1.0 + (i % 3) as f64);
        let offset = Array1::from_shape_fn(n, |i| 0.1 * (i as f64).cos());
        InMemory::new(x, y, Some(weight), Some(offset))
    }

    #[test]
    fn the_gradient_agrees_with_differences() {
        let rows = rows(30);
        let firth = Firth::new(&rows);
        let beta = array![0.3, -1.0, 0.5];
        let gradient = firth.value_and_gradient(&beta).1;
        for j in 0..3 {
            let central = |h: f64| {
                let (mut up, mut down) = (beta.clone(), beta.clone());
                up[j] += h;
                down[j] -= h;
                (firth.value_and_gradient(&up).0 - firth.value_and_gradient(&down).0) / (2.0 * h)
            };
            let numeric = (4.0 * central(5e-4) - central(1e-3)) / 3.0;
            assert!((numeric - gradient[j]).abs() < 1e-10, "{numeric} {}", gradient[j]);
        }
    }

    #[test]
    fn weights_equal_repeated_rows() {
        let weighted = rows(30);
        let repeated: Vec<usize> = (0..30).flat_map(|i| std::iter::repeat_n(i, 1 + i % 3)).collect();
        let mut plain = weighted.pick(&repeated);
        plain.weight = None;
        let beta = array![0.3, -1.0, 0.5];
        let (a, b) = (Firth::new(&weighted).all_at(&beta), Firth::new(&plain).all_at(&beta));
        assert!((a.0 - b.0).abs() < 1e-14);
        assert!((a.1 - b.1).iter().all(|d| d.abs() < 1e-14));
    }

    #[test]
    fn any_split_into_blocks_gives_the_same_value_and_gradient() {
        let whole = rows(300);
        let split = InMemory { block_rows: 37, ..whole.clone() };
        let beta = array![0.3, -1.0, 0.5];
        let (a, b) = (Firth::new(&whole).all_at(&beta), Firth::new(&split).all_at(&beta));
        assert!((a.0 - b.0).abs() < 1e-14);
        assert!((a.1 - b.1).iter().all(|d| d.abs() < 1e-14));
    }

    #[test]
    fn the_hat_values_of_all_rows_add_up_to_the_number_of_coefficients() {
        let rows = rows(30);
        let hats = Firth::new(&rows).hat_values(&array![0.3, -1.0, 0.5]);
        let sum = hats.dot(rows.weight.as_ref().expect("made with weights"));
        assert!((sum - 3.0).abs() < 1e-13);
    }

    #[test]
    fn a_singular_information_is_an_infinite_value() {
        let rows = rows(30);
        assert_eq!(Firth::new(&rows).value_and_gradient(&array![800.0, 0.0, 0.0]).0, f64::INFINITY);
    }
}
