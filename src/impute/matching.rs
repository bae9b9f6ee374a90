//! Predictive mean matching: a missing number is that of a patient whose prediction is near.

use ndarray::{Array1, Array2, Axis, concatenate};
use ndarray_rand::rand::Rng;
use ndarray_rand::rand_distr::{ChiSquared, Distribution, StandardNormal};
use rand_chacha::ChaCha8Rng;

use crate::num::linalg::{solve_root, solve_upper, triangular_factor};

/// Patients from whom one is drawn.
const DONORS: usize = 5;
/// Added to the cross-product of the standardised predictors, as a share of n: keeps dependent columns solvable.
const RIDGE: f64 = 1e-5;

/// For each row of `missing` the place of its donor among the rows of `observed`.
///
/// In order: 1. b = least squares of y on the observed rows; 2. sigma* from RSS / chi-squared(n - p), b* normal around b with
/// covariance sigma*^2 (X'X)⁻¹: a draw from the posterior; 3. the donor of a row is drawn from the five observed
/// rows whose X b is nearest to the row's X b*. Only the missing side is drawn (type 1 matching).
///
/// observed: n x p, missing: m x p, both with an intercept and standardised columns; n at least 1.
/// Source: Little 1988, JBES 6:287-296; van Buuren 2018, Flexible Imputation of Missing Data, s. 3.4.
pub fn donors(
    observed: &Array2<f64>,
    y: &Array1<f64>,
    missing: &Array2<f64>,
    rng: &mut ChaCha8Rng,
) -> Vec<usize> {
    let (n, p) = observed.dim();
    let ridge = Array2::from_diag(&Array1::from_elem(p, (RIDGE * n as f64).sqrt()));
    let stacked = concatenate(Axis(0), &[observed.view(), ridge.view()]).expect("both have p columns");
    let root = triangular_factor(&stacked);
    let b = solve_root(&root, &observed.t().dot(y)); // 1
    let fitted = observed.dot(&b);
    let rss: f64 = (y - &fitted).mapv(|r| r * r).sum();
    let freedom = (n as f64 - p as f64).max(1.0);
    let chi: f64 = ChiSquared::new(freedom).map_or(freedom, |d| d.sample(rng));
    let sigma = (rss / chi.max(f64::MIN_POSITIVE)).sqrt();
    let z = Array1::from_shape_fn(p, |_| StandardNormal.sample(rng));
    let drawn = b + solve_upper(&root, &z) * sigma; // 2
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|i, j| fitted[*i].total_cmp(&fitted[*j]));
    let sorted: Vec<f64> = order.iter().map(|i| fitted[*i]).collect();
    let wanted = missing.dot(&drawn);
    wanted.iter().map(|at| order[nearest(&sorted, *at, rng)]).collect() // 3
}

/// One of the nearest places in ascending values, by chance.
fn nearest(sorted: &[f64], at: f64, rng: &mut ChaCha8Rng) -> usize {
    let (mut low, mut high) = (sorted.partition_point(|v| *v < at), 0);
    high += low;
    while high - low < DONORS.min(sorted.len()) {
        let below = low.checked_sub(1).map_or(f64::INFINITY, |k| at - sorted[k]);
        let above = sorted.get(high).map_or(f64::INFINITY, |v| v - at);
        if above < below { high += 1 } else { low -= 1 }
    }
    rng.random_range(low..high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::stream;

    #[test]
    fn donors_are_the_nearest_in_prediction() {
        let n = 400;
        let x = Array2::from_shape_fn((n, 2), |(i, j)| if j == 0 { 1.0 } else { (i as f64 - 199.5) / 115.0 });
        let y = x.column(1).mapv(|v| 3.0 * v) + Array1::from_shape_fn(n, |i| 0.01 * ((i * i) as f64).sin());
        let missing = x.select(Axis(0), &[10, 200, 390]);
        let mut rng = stream(1, "test", 0);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let found = donors(&x, &y, &missing, &mut rng);
            for (donor, row) in found.iter().zip([10_usize, 200, 390]) {
                assert!(donor.abs_diff(row) <= 4, "{donor} for {row}");
            }
            seen.insert(found[1]);
        }
        assert!(seen.len() >= 4, "the donor is drawn: {seen:?}");
    }

    #[test]
    fn few_observed_rows_and_dependent_columns_are_no_trouble() {
        let x = Array2::ones((2, 3));
        let mut rng = stream(1, "test", 1);
        let found = donors(&x, &Array1::from_vec(vec![1.0, 2.0]), &Array2::ones((5, 3)), &mut rng);
        assert!(found.len() == 5 && found.iter().all(|d| *d < 2));
    }
}
