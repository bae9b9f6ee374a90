//! The part of a penalty that has a corner at zero: its value, its proximal map, the smallest subgradient.

use ndarray::{Array1, ArrayRef1};

/// sum_j c_j |b_j|, c_j >= 0; c_j = 0 leaves coefficient j free.
///
/// Soft thresholding and the subgradient: Parikh & Boyd 2014, Foundations and Trends in Optimization 1:127-239, s. 6.5.2.
#[derive(Debug, Clone, PartialEq)]
pub struct L1 {
    /// c, one a coefficient.
    pub cost: Array1<f64>,
}

impl L1 {
    /// sum_j c_j |b_j|.
    pub fn value(&self, beta: &ArrayRef1<f64>) -> f64 {
        self.cost.iter().zip(beta).map(|(c, b)| c * b.abs()).sum()
    }

    /// The proximal map: the minimiser over z of sum_j (z_j - b_j)^2 / (2 t_j) + c_j |z_j|, put in the place of b.
    ///
    ///   z_j = sign(b_j) max(|b_j| - t_j c_j, 0)
    ///
    /// rate: t_j of coefficient j. A result of zero is exactly 0.
    pub fn shrink(&self, beta: &mut Array1<f64>, rate: impl Fn(usize) -> f64) {
        for (j, b) in beta.iter_mut().enumerate() {
            if self.cost[j] > 0.0 {
                *b = soft_threshold(*b, rate(j) * self.cost[j]);
            }
        }
    }

    /// The shortest vector among gradient + subgradients at beta; it is zero at the minimum and nowhere else.
    ///
    ///   b_j != 0: g_j + c_j sign(b_j);   b_j = 0: sign(g_j) max(|g_j| - c_j, 0)
    pub fn least_subgradient(&self, beta: &ArrayRef1<f64>, gradient: &ArrayRef1<f64>) -> Array1<f64> {
        Array1::from_shape_fn(beta.len(), |j| {
            let (b, g, c) = (beta[j], gradient[j], self.cost[j]);
            if c == 0.0 {
                g
            } else if b == 0.0 {
                soft_threshold(g, c)
            } else {
                g + c * b.signum()
            }
        })
    }

    /// The derivative of the value along d at beta: sum c_j (sign(b_j) d_j, or |d_j| where b_j = 0).
    pub fn slope_forward(&self, beta: &ArrayRef1<f64>, d: &ArrayRef1<f64>) -> f64 {
        (0..beta.len())
            .map(|j| self.cost[j] * if beta[j] == 0.0 { d[j].abs() } else { beta[j].signum() * d[j] })
            .sum()
    }

    /// The derivative along d at beta seen from behind, where the path along d came from: -|d_j| where b_j = 0.
    pub fn slope_backward(&self, beta: &ArrayRef1<f64>, d: &ArrayRef1<f64>) -> f64 {
        (0..beta.len())
            .map(|j| self.cost[j] * if beta[j] == 0.0 { -d[j].abs() } else { beta[j].signum() * d[j] })
            .sum()
    }
}

/// sign(z) max(|z| - t, 0), t >= 0.
pub fn soft_threshold(z: f64, t: f64) -> f64 {
    if z > t {
        z - t
    } else if z < -t {
        z + t
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_proximal_map_beats_every_neighbour() {
        let l1 = L1 { cost: array![0.7, 0.7, 0.0, 2.0] };
        let start = array![1.5, -0.2, -3.0, 0.9];
        let rates = [0.5, 1.0, 2.0, 0.1];
        let mut found = start.clone();
        l1.shrink(&mut found, |j| rates[j]);
        let cost = |z: &Array1<f64>| {
            l1.value(z) + (0..4).map(|j| (z[j] - start[j]).powi(2) / (2.0 * rates[j])).sum::<f64>()
        };
        for j in 0..4 {
            for step in [1e-3, -1e-3, 0.1, -0.1] {
                let mut other = found.clone();
                other[j] += step;
                assert!(cost(&other) > cost(&found), "coefficient {j}, step {step}");
            }
        }
        assert_eq!(found[1], 0.0);
    }

    #[test]
    fn the_least_subgradient_is_the_steepest_slope_down() {
        // At zero the function 0.5 b - wise has slopes g +- c: none goes down while |g| <= c.
        let l1 = L1 { cost: array![1.0, 1.0, 1.0] };
        let beta = array![0.0, 0.0, -2.0];
        assert_eq!(l1.least_subgradient(&beta, &array![0.9, -1.5, 1.0]), array![0.0, -0.5, 0.0]);
    }

    #[test]
    fn the_slopes_are_the_one_sided_differences() {
        let l1 = L1 { cost: array![1.0, 2.0] };
        let (beta, d) = (array![0.0, -1.0], array![-3.0, 0.5]);
        let h = 1e-6;
        let ahead = (l1.value(&(&beta + &(&d * h))) - l1.value(&beta)) / h;
        let behind = (l1.value(&beta) - l1.value(&(&beta - &(&d * h)))) / h;
        assert!((l1.slope_forward(&beta, &d) - ahead).abs() < 1e-8);
        assert!((l1.slope_backward(&beta, &d) - behind).abs() < 1e-8);
    }
}
