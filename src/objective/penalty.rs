//! Ridge, lasso and elastic net: a mean loss with a penalty on the coefficients, in glmnet's scale.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::num::linalg::combine_factors;
use crate::objective::glm::Glm;
use crate::objective::l1::L1;
use crate::objective::loss::Loss;
use crate::objective::{Curved, Objective, Sampled};
use crate::rows::Rows;

/// How strong the penalty is, and its shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// lambda >= 0; 0 is no penalty.
    pub lambda: f64,
    /// alpha in [0, 1]: 0 is ridge, 1 is lasso, between is elastic net.
    pub alpha: f64,
}

/// The mean loss of a linear predictor with an elastic-net penalty.
///
///   F(b) = f(b) + lambda sum_j (alpha |s_j b_j| + (1 - alpha)/2 (s_j b_j)^2)
///
/// f is the mean loss of [`Glm`]. s_j makes b_j a standardised coefficient: 1 where the columns are standardised
/// already, the column's spread where they are not, 0 for the intercept, which is not penalised. Value, gradient and
/// curvature are those of the smooth part, f and the squares; the absolute values are in [`Objective::l1`].
/// Source: Friedman, Hastie & Tibshirani 2010, Journal of Statistical Software 33(1), s. 2.
pub struct Penalised<'a> {
    pub(crate) rows: &'a dyn Rows,
    pub(crate) loss: Loss,
    glm: Glm<'a>,
    /// lambda (1 - alpha) s_j^2.
    pub(crate) ridge: Array1<f64>,
    /// lambda alpha s_j.
    pub(crate) l1: L1,
}

impl<'a> Penalised<'a> {
    /// The mean loss over some rows with a penalty. `size`: s, one a column, 0 where a coefficient is free.
    pub fn new(rows: &'a dyn Rows, loss: Loss, strength: Strength, size: &Array1<f64>) -> Self {
        assert_eq!(size.len(), rows.n_columns(), "one size a column");
        assert!(
            strength.lambda >= 0.0 && (0.0..=1.0).contains(&strength.alpha),
            "a penalty is never negative"
        );
        let Strength { lambda, alpha } = strength;
        let ridge = size.mapv(|s| lambda * (1.0 - alpha) * s * s);
        let cost = size.mapv(|s| lambda * alpha * s);
        Penalised::of(rows, loss, ridge, L1 { cost })
    }

    fn of(rows: &'a dyn Rows, loss: Loss, ridge: Array1<f64>, l1: L1) -> Self {
        Penalised { rows, loss, glm: Glm::new(rows, loss), ridge, l1 }
    }

    /// The mean loss alone, without its penalty.
    pub fn unpenalised(&self) -> &Glm<'a> {
        &self.glm
    }

    /// The whole objective: mean loss, squares and absolute values.
    pub fn total(&self, beta: &ArrayRef1<f64>) -> f64 {
        self.value_and_gradient(beta).0 + self.l1.value(beta)
    }

    /// The largest curvature that the squares add: lambda (1 - alpha) max s_j^2. A fixed learning rate of
    /// 1 / (L + this) is as safe here as 1 / L is for the loss alone.
    pub fn largest_ridge(&self) -> f64 {
        self.ridge.iter().copied().fold(0.0, f64::max)
    }

    /// The root of this objective's curvature from that of the mean loss alone.
    pub fn add_ridge_to(&self, root: &Array2<f64>) -> Array2<f64> {
        with_ridge(root, &self.ridge)
    }

    fn add_ridge(&self, beta: &ArrayRef1<f64>, value: &mut f64, gradient: &mut Array1<f64>) {
        for (j, b) in beta.iter().enumerate() {
            *value += 0.5 * self.ridge[j] * b * b;
            gradient[j] += self.ridge[j] * b;
        }
    }
}

/// The root of R'R + diag(ridge), by rotating the rows sqrt(ridge) into R.
fn with_ridge(root: &Array2<f64>, ridge: &Array1<f64>) -> Array2<f64> {
    if ridge.iter().all(|r| *r == 0.0) {
        return root.clone();
    }
    combine_factors(root, &Array2::from_diag(&ridge.mapv(f64::sqrt)))
}

impl Objective for Penalised<'_> {
    fn dim(&self) -> usize {
        self.glm.dim()
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let (mut value, mut gradient) = self.glm.value_and_gradient(beta);
        self.add_ridge(beta, &mut value, &mut gradient);
        (value, gradient)
    }

    fn l1(&self) -> Option<&L1> {
        self.l1.cost.iter().any(|c| *c > 0.0).then_some(&self.l1)
    }

    fn curved(&self) -> Option<&dyn Curved> {
        Some(self)
    }

    fn sampled(&self) -> Option<&dyn Sampled> {
        Some(self)
    }
}

impl Curved for Penalised<'_> {
    fn curvature_root(&self, beta: &ArrayRef1<f64>) -> Array2<f64> {
        self.add_ridge_to(&self.glm.curvature_root(beta))
    }

    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        let (mut value, mut gradient, root) = self.glm.all_at(beta);
        self.add_ridge(beta, &mut value, &mut gradient);
        (value, gradient, self.add_ridge_to(&root))
    }

    fn is_quadratic(&self) -> bool {
        self.glm.is_quadratic()
    }
}

impl Sampled for Penalised<'_> {
    fn n_rows(&self) -> usize {
        Sampled::n_rows(&self.glm)
    }

    fn of_rows(&self, rows: &[usize], beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let (mut value, mut gradient) = self.glm.of_rows(rows, beta);
        self.add_ridge(beta, &mut value, &mut gradient);
        (value, gradient)
    }

    fn with_rows(&self, rows: &[usize], lend: &mut dyn FnMut(&dyn Objective)) {
        if self.rows.shared().is_some() {
            return self.glm.with_rows(rows, &mut |smooth| lend(&PickedPenalised { smooth, of: self }));
        }
        let picked = self.rows.pick(rows);
        lend(&Penalised::of(&picked, self.loss, self.ridge.clone(), self.l1.clone()));
    }

    fn largest_row_curvature(&self) -> f64 {
        self.glm.largest_row_curvature() + self.largest_ridge()
    }
}

/// The same penalty on the mean loss over rows picked among those of all ranks.
struct PickedPenalised<'a> {
    smooth: &'a dyn Objective,
    of: &'a Penalised<'a>,
}

impl Objective for PickedPenalised<'_> {
    fn dim(&self) -> usize {
        self.smooth.dim()
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let (mut value, mut gradient) = self.smooth.value_and_gradient(beta);
        self.of.add_ridge(beta, &mut value, &mut gradient);
        (value, gradient)
    }

    fn l1(&self) -> Option<&L1> {
        self.of.l1()
    }

    fn curved(&self) -> Option<&dyn Curved> {
        Some(self)
    }
}

impl Curved for PickedPenalised<'_> {
    fn curvature_root(&self, beta: &ArrayRef1<f64>) -> Array2<f64> {
        self.all_at(beta).2
    }

    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        let smooth = self.smooth.curved().expect("a mean loss is curved");
        let (mut value, mut gradient, root) = smooth.all_at(beta);
        self.of.add_ridge(beta, &mut value, &mut gradient);
        (value, gradient, self.of.add_ridge_to(&root))
    }

    fn is_quadratic(&self) -> bool {
        self.of.is_quadratic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::InMemory;
    use ndarray::array;

    fn rows() -> InMemory {
        let x =
            Array2::from_shape_fn((40, 4), |(i, j)| if j == 0 { 1.0 } else { ((i * (j + 3)) as f64).sin() });
        let y = Array1::from_shape_fn(40, |i| if (i * i) % 7 < 3 { 1.0 } else { 0.0 });
        InMemory::new(x, y, None, None)
    }

    #[test]
    fn the_intercept_and_only_the_intercept_is_free() {
        let rows = rows();
        let size = array![0.0, 1.0, 1.0, 2.0];
        let penalised = Penalised::new(&rows, Loss::Logistic, Strength { lambda: 0.4, alpha: 0.25 }, &size);
        let beta = array![3.0, 1.0, -2.0, 0.5];
        let alone = penalised.unpenalised().value_and_gradient(&beta).0;
        // 0.4 (0.25 (1 + 2 + 1) + 0.375 (1 + 4 + 1)) = 0.4 (1 + 2.25)
        assert!((penalised.total(&beta) - alone - 1.3).abs() < 1e-14);
    }

    #[test]
    fn gradient_and_curvature_of_the_smooth_part_agree_with_differences() {
        let rows = rows();
        let size = array![0.0, 1.0, 1.0, 2.0];
        for loss in [Loss::Squared, Loss::Logistic] {
            let penalised = Penalised::new(&rows, loss, Strength { lambda: 0.4, alpha: 0.25 }, &size);
            let beta = array![0.3, 1.0, -2.0, 0.5];
            let (_, gradient, root) = penalised.all_at(&beta);
            let hessian = root.t().dot(&root);
            for j in 0..4 {
                let at = |h: f64| {
                    let mut b = beta.clone();
                    b[j] += h;
                    penalised.value_and_gradient(&b)
                };
                let (up, down) = (at(1e-5), at(-1e-5));
                assert!(((up.0 - down.0) / 2e-5 - gradient[j]).abs() < 1e-9);
                let slope = (up.1 - down.1) / 2e-5;
                assert!((&slope - &hessian.column(j)).iter().all(|d| d.abs() < 1e-8));
            }
        }
    }

    #[test]
    fn batches_of_all_rows_give_the_whole_gradient() {
        let rows = rows();
        let penalised = Penalised::new(
            &rows,
            Loss::Squared,
            Strength { lambda: 1.0, alpha: 0.0 },
            &array![0.0, 1.0, 1.0, 1.0],
        );
        let beta = array![0.3, 1.0, -2.0, 0.5];
        let all: Vec<usize> = (0..40).collect();
        assert_eq!(penalised.of_rows(&all, &beta), penalised.value_and_gradient(&beta));
    }
}
