//! An objective on an affine part of its space: some coefficients held, tied together or left out.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::num::linalg::triangular_factor;
use crate::objective::{Curved, Objective};

/// f on the points origin + B theta.
///
///   value f(origin + B theta),  gradient B' g,  curvature root: the triangular factor of R B
///
/// Nothing is copied but p x q matrices, and whatever f is (a likelihood, Firth's penalised one) stays whole: a
/// penalty goes on seeing the coefficients that are held.
pub struct Restricted<'a> {
    inner: &'a dyn Objective,
    origin: Array1<f64>,
    basis: Array2<f64>,
}

impl<'a> Restricted<'a> {
    /// f on the points that share the combination a.beta with `origin`.
    ///
    /// The coefficient with the largest |a_k| makes up for the others, so that no multiplier exceeds 1 and the
    /// condition of the columns is kept. `contrast` must not be 0.
    pub fn with_combination_held(
        inner: &'a dyn Objective,
        contrast: &ArrayRef1<f64>,
        origin: Array1<f64>,
    ) -> Self {
        let p = contrast.len();
        let pivot =
            (0..p).max_by(|i, j| contrast[*i].abs().total_cmp(&contrast[*j].abs())).expect("a coefficient");
        assert!(contrast[pivot] != 0.0, "something is held");
        let free: Vec<usize> = (0..p).filter(|j| *j != pivot).collect();
        let mut basis = Array2::zeros((p, free.len()));
        for (column, j) in free.iter().enumerate() {
            basis[[*j, column]] = 1.0;
            basis[[pivot, column]] = -contrast[*j] / contrast[pivot];
        }
        Restricted { inner, origin, basis }
    }

    /// f of the coefficients at `kept` alone; the others stay as in `origin`.
    pub fn with_coefficients_free(inner: &'a dyn Objective, kept: &[usize], origin: Array1<f64>) -> Self {
        let mut basis = Array2::zeros((origin.len(), kept.len()));
        for (column, j) in kept.iter().enumerate() {
            basis[[*j, column]] = 1.0;
        }
        Restricted { inner, origin, basis }
    }

    /// The point of the whole space that theta stands for.
    pub fn point(&self, theta: &ArrayRef1<f64>) -> Array1<f64> {
        &self.origin + &self.basis.dot(theta)
    }
}

impl Objective for Restricted<'_> {
    fn dim(&self) -> usize {
        self.basis.ncols()
    }

    fn value_and_gradient(&self, theta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let (value, gradient) = self.inner.value_and_gradient(&self.point(theta));
        (value, self.basis.t().dot(&gradient))
    }

    fn curved(&self) -> Option<&dyn Curved> {
        self.inner.curved().map(|_| self as &dyn Curved)
    }
}

impl Curved for Restricted<'_> {
    fn curvature_root(&self, theta: &ArrayRef1<f64>) -> Array2<f64> {
        self.all_at(theta).2
    }

    fn all_at(&self, theta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        let inner = self.inner.curved().expect("asked only where the inner objective is curved");
        let (value, gradient, root) = inner.all_at(&self.point(theta));
        (value, self.basis.t().dot(&gradient), triangular_factor(&root.dot(&self.basis)))
    }

    fn is_quadratic(&self) -> bool {
        self.inner.curved().is_some_and(Curved::is_quadratic)
    }

    fn is_exact(&self) -> bool {
        self.inner.curved().is_none_or(Curved::is_exact)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::inference::fixture::{AM, HP, WT, rows, with_intercept};
    use crate::objective::glm::Glm;
    use crate::objective::loss::Loss;

    #[test]
    fn the_combination_stays_and_the_gradient_is_that_of_the_restricted_function() {
        let data = rows(with_intercept(&[&HP, &WT]), &AM);
        let glm = Glm::new(&data, Loss::Logistic);
        let contrast = array![1.0, 110.0, -0.3];
        let origin = array![0.5, -0.002, 0.1];
        let held = Restricted::with_combination_held(&glm, &contrast, origin.clone());
        let theta = array![0.02, -0.05];
        let wanted = contrast.dot(&origin);
        assert!((contrast.dot(&held.point(&theta)) - wanted).abs() < 1e-14);
        let (_, gradient) = held.value_and_gradient(&theta);
        let root = held.curvature_root(&theta);
        for j in 0..2 {
            let at = |h: f64| {
                let mut moved = theta.clone();
                moved[j] += h;
                held.value_and_gradient(&moved)
            };
            let slope = (at(1e-5).0 - at(-1e-5).0) / 2e-5;
            assert!((slope - gradient[j]).abs() < 1e-9 * (1.0 + gradient[j].abs()), "{slope} {gradient}");
            let curvature = (at(1e-5).1 - at(-1e-5).1) / 2e-5;
            let column = root.t().dot(&root.column(j));
            assert!((curvature - &column).iter().all(|d| d.abs() < 1e-7 * column[j].abs()));
        }
    }
}
