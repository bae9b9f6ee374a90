//! The sandwich covariance of the standardised means: the covariates are a sample, like the outcomes.

use ndarray::{Array1, Array2};

use crate::effects::standardise::{Mean, Predicted};
use crate::fit::frame::Frame;
use crate::inference::solution::Solution;
use crate::num::linalg::solve_upper_transposed;

/// Rows that belong together, and the small-sample factor of their sums.
#[derive(Clone, Copy)]
pub struct Clusters<'a> {
    /// One a row, counted from 0 without gaps.
    pub of_row: &'a [u32],
    /// Multiplies the covariance.
    pub factor: f64,
}

/// The covariance of the standardised means m_a of all arms, A x A, from their influence functions.
///
///   IF_a(i) = mu_i(a) - m_a + grad m_a' H⁻¹ x_i r_i,   H the mean Hessian, r_i = y_i - mu_i
///   cov(m_a, m_b) = sum_i w_i IF_a(i) IF_b(i) / n²     (clusters: of the sums over each cluster, times the factor)
///
/// solution: the fit in the scale of the descent; means and predicted: one an arm, in the user's units, which
/// `frame` leads to. Weights are frequencies; n is their sum.
/// Source: Stefanski & Boos 2002, American Statistician 56:29-38 (the estimating equations of fit and means, stacked).
pub fn covariance_of_means(
    solution: &Solution<'_>,
    frame: &Frame,
    means: &[Mean],
    predicted: &[Predicted],
    clusters: Option<Clusters<'_>>,
) -> Array2<f64> {
    let arms = means.len();
    let along: Vec<Array1<f64>> = means
        .iter()
        .map(|m| solve_upper_transposed(solution.root, &frame.to_user.t().dot(&m.gradient)))
        .collect();
    let inverse = solution.inverse_root();
    let n_groups = clusters.map_or(0, |c| c.of_row.iter().max().map_or(0, |m| *m as usize + 1));
    let mut sums = Array2::<f64>::zeros((n_groups, arms));
    let mut cross = Array2::<f64>::zeros((arms, arms));
    let mut row = 0;
    for index in 0..solution.rows.n_blocks() {
        let terms = solution.block(index, &inverse);
        for i in 0..terms.weight.len() {
            let score = terms.projected.row(i);
            let influence: Array1<f64> = (0..arms)
                .map(|a| {
                    let own = predicted[a].mean[row] - means[a].value;
                    own + along[a].dot(&score) * terms.residual[i]
                })
                .collect();
            match clusters {
                Some(c) => sums.row_mut(c.of_row[row] as usize).scaled_add(terms.weight[i], &influence),
                None => add_square(&mut cross, &influence, terms.weight[i]),
            }
            row += 1;
        }
    }
    for sum in sums.rows() {
        add_square(&mut cross, &sum.to_owned(), clusters.map_or(1.0, |c| c.factor));
    }
    let n = solution.rows.total_weight();
    cross / (n * n)
}

fn add_square(cross: &mut Array2<f64>, v: &Array1<f64>, weight: f64) {
    for a in 0..v.len() {
        for b in 0..v.len() {
            cross[[a, b]] += weight * v[a] * v[b];
        }
    }
}
