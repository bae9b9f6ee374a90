//! Multinomial logistic regression with a weak prior, for drawing missing levels; with two levels it is the logistic one.

use ndarray::{Array1, Array2, ArrayRef1};
use ndarray_rand::rand::Rng;
use ndarray_rand::rand_distr::{Distribution, StandardNormal};
use rand_chacha::ChaCha8Rng;

use crate::num::linalg::{cholesky, is_regular, solve_upper};
use crate::objective::{Curved, Objective};
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise};

/// Precision of the normal prior of a standardised coefficient: standard deviation 5, so that an odds ratio of e^10 a
/// standard deviation is still possible and a separated level gives no infinite one.
const PRIOR: f64 = 1.0 / 25.0;
/// Precision for the intercepts: standard deviation 30.
const PRIOR_OF_INTERCEPT: f64 = 1.0 / 900.0;

/// Draws a level for each row of `missing`.
///
/// In order: 1. The mode of the posterior, by descent; 2. a draw of the coefficients, normal around it with the inverse
/// curvature there; 3. a level by each row's probabilities.
///
/// observed: n x p with an intercept as column 0, the others standardised; codes: level of each observed row, below
/// `n_levels`. `None` when the descent does not arrive.
/// Source: Rubin 1987, s. 5.3; van Buuren 2018, Flexible Imputation of Missing Data, s. 3.6.
pub fn levels(
    observed: &Array2<f64>,
    codes: &[u32],
    n_levels: usize,
    missing: &Array2<f64>,
    rng: &mut ChaCha8Rng,
) -> Option<Vec<u32>> {
    if n_levels < 2 {
        return Some(vec![0; missing.nrows()]);
    }
    let model = Multinomial { x: observed, codes, n_levels };
    let settings = Settings {
        method: Method::Auto,
        batch: None,
        decay: Decay::Constant,
        max_epochs: 200,
        tolerance: 1e-6,
        seed: 0,
    };
    let end = minimise(&model, &Array1::zeros(model.dim()), &settings, &mut Unwatched); // 1
    let root = model.curvature_root(&end.beta);
    if !end.reason.is_converged() || !is_regular(&root) {
        return None;
    }
    let z = Array1::from_shape_fn(model.dim(), |_| StandardNormal.sample(rng));
    let beta = end.beta + solve_upper(&root, &z) / (codes.len() as f64).sqrt(); // 2
    let p = observed.ncols();
    Some(
        missing
            .rows()
            .into_iter()
            .map(|x| {
                let etas: Vec<f64> =
                    (0..n_levels - 1).map(|k| x.dot(&beta.slice(ndarray::s![k * p..(k + 1) * p]))).collect();
                let (_, shares) = probabilities(&etas);
                drawn(&shares, rng.random()) // 3
            })
            .collect(),
    )
}

/// The level in which a uniform number falls; level 0 is the reference, with what the others leave.
fn drawn(shares: &[f64], uniform: f64) -> u32 {
    let mut upto = 0.0;
    for (k, share) in shares.iter().enumerate() {
        upto += share;
        if uniform < upto {
            return k as u32 + 1;
        }
    }
    0
}

/// ln(1 + sum exp(eta)) and the probabilities of the levels after the reference.
fn probabilities(etas: &[f64]) -> (f64, Vec<f64>) {
    let most = etas.iter().copied().fold(0.0, f64::max);
    let sum = (-most).exp() + etas.iter().map(|e| (e - most).exp()).sum::<f64>();
    let log_sum = most + sum.ln();
    (log_sum, etas.iter().map(|e| (e - log_sum).exp()).collect())
}

/// The mean negative log posterior:
///
///   f(b) = (1/n) [sum_i ln(1 + sum_k exp(x_i.b_k)) - x_i.b_{y_i} + 1/2 sum_{k,j} tau_j b_kj^2],  b_0 = 0
struct Multinomial<'a> {
    x: &'a Array2<f64>,
    codes: &'a [u32],
    n_levels: usize,
}

impl Multinomial<'_> {
    fn etas(&self, row: usize, beta: &ArrayRef1<f64>) -> Vec<f64> {
        let p = self.x.ncols();
        let x = self.x.row(row);
        (0..self.n_levels - 1).map(|k| x.dot(&beta.slice(ndarray::s![k * p..(k + 1) * p]))).collect()
    }

    fn prior(&self, place: usize) -> f64 {
        if place.is_multiple_of(self.x.ncols()) { PRIOR_OF_INTERCEPT } else { PRIOR }
    }
}

impl Objective for Multinomial<'_> {
    fn dim(&self) -> usize {
        (self.n_levels - 1) * self.x.ncols()
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let (n, p) = self.x.dim();
        let mut value = 0.0;
        let mut gradient = Array1::<f64>::zeros(self.dim());
        for (row, code) in self.codes.iter().enumerate() {
            let etas = self.etas(row, beta);
            let (log_sum, shares) = probabilities(&etas);
            value += log_sum;
            for (k, share) in shares.iter().enumerate() {
                let is_level = *code as usize == k + 1;
                value -= if is_level { etas[k] } else { 0.0 };
                let residual = share - f64::from(u8::from(is_level));
                gradient.slice_mut(ndarray::s![k * p..(k + 1) * p]).scaled_add(residual, &self.x.row(row));
            }
        }
        for (place, b) in beta.iter().enumerate() {
            value += 0.5 * self.prior(place) * b * b;
            gradient[place] += self.prior(place) * b;
        }
        (value / n as f64, gradient / n as f64)
    }

    fn curved(&self) -> Option<&dyn Curved> {
        Some(self)
    }
}

impl Curved for Multinomial<'_> {
    fn curvature_root(&self, beta: &ArrayRef1<f64>) -> Array2<f64> {
        let (n, p) = self.x.dim();
        let d = self.dim();
        let mut hessian = Array2::<f64>::zeros((d, d));
        for row in 0..n {
            let (_, shares) = probabilities(&self.etas(row, beta));
            let x = self.x.row(row);
            for (k, share) in shares.iter().enumerate() {
                for (l, other) in shares.iter().enumerate().skip(k) {
                    let weight = if k == l { share * (1.0 - share) } else { -share * other };
                    for (i, a) in x.iter().enumerate() {
                        let scaled = weight * a / n as f64;
                        let first = if k == l { i } else { 0 };
                        for j in first..p {
                            hessian[[k * p + i, l * p + j]] += scaled * x[j];
                        }
                    }
                }
            }
        }
        for place in 0..d {
            hessian[[place, place]] += self.prior(place) / n as f64;
        }
        cholesky(hessian)
    }

    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        let (value, gradient) = self.value_and_gradient(beta);
        (value, gradient, self.curvature_root(beta))
    }

    fn is_quadratic(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::stream;

    fn rows(n: usize) -> (Array2<f64>, Vec<u32>) {
        let x =
            Array2::from_shape_fn(
                (n, 3),
                |(i, j)| if j == 0 { 1.0 } else { ((i * i * j + i) as f64).sin() * 1.4 },
            );
        let codes = (0..n)
            .map(|i| u32::from(x[[i, 1]] > 0.5) + u32::from(x[[i, 2]] + ((5 * i) as f64).cos() > 0.0))
            .collect();
        (x, codes)
    }

    #[test]
    fn gradient_and_curvature_are_the_differences_of_the_value() {
        let (x, codes) = rows(40);
        let model = Multinomial { x: &x, codes: &codes, n_levels: 3 };
        let beta = Array1::from_shape_fn(6, |j| 0.3 * (j as f64).sin());
        let (_, gradient, root) = model.all_at(&beta);
        let hessian = root.t().dot(&root);
        const STEP: f64 = 1e-5;
        for j in 0..6 {
            let at = |step: f64| {
                let mut b = beta.clone();
                b[j] += step;
                model.value_and_gradient(&b)
            };
            let (above, below) = (at(STEP), at(-STEP));
            assert!(((above.0 - below.0) / (2.0 * STEP) - gradient[j]).abs() < 1e-9);
            for i in 0..6 {
                assert!(((above.1[i] - below.1[i]) / (2.0 * STEP) - hessian[[i, j]]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn levels_are_drawn_by_their_probabilities_and_separation_is_survived() {
        let (x, codes) = rows(600);
        let mut rng = stream(2, "test", 0);
        let drawn = levels(&x, &codes, 3, &x, &mut rng).expect("it arrives");
        for level in 0..3 {
            let share = |of: &[u32]| of.iter().filter(|c| **c == level).count() as f64 / 600.0;
            assert!((share(&drawn) - share(&codes)).abs() < 0.06, "level {level}");
        }
        let separated: Vec<u32> = (0..600).map(|i| u32::from(x[[i, 1]] > 0.0)).collect();
        let drawn = levels(&x, &separated, 2, &x, &mut rng).expect("it arrives");
        let right = drawn.iter().zip(&separated).filter(|(a, b)| a == b).count();
        assert!(right > 560, "{right}");
    }
}
