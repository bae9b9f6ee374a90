//! The sandwich covariance of the standardised means: the covariates are a sample, like the outcomes.

use ndarray::{Array1, Array2, ArrayView1};

use crate::effects::standardise::{Mean, Predicted};
use crate::fit::frame::Frame;
use crate::inference::solution::{BlockTerms, Solution};
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
    let influences = Influences::new(solution, frame, means);
    let mut squares = Squares::new(means.len(), clusters);
    let inverse = solution.inverse_root();
    let mut row = 0;
    for index in 0..solution.rows.n_blocks() {
        let terms = solution.block(index, &inverse);
        squares.take(&influences.of(&terms, &|a, i| predicted[a].mean[row + i]), &terms.weight, row);
        row += terms.weight.len();
    }
    squares.covariance(solution.rows.total_weight())
}

/// What makes the influence of a row on the means of all arms.
pub struct Influences<'a> {
    means: &'a [Mean],
    /// R'⁻¹ (matrix to the user's units)' grad m_a of each arm.
    along: Vec<Array1<f64>>,
}

impl<'a> Influences<'a> {
    /// As in [`covariance_of_means`].
    pub fn new(solution: &Solution<'_>, frame: &Frame, means: &'a [Mean]) -> Influences<'a> {
        let along = |m: &Mean| solve_upper_transposed(solution.root, &frame.to_user.t().dot(&m.gradient));
        Influences { means, along: means.iter().map(along).collect() }
    }

    /// IF_a(i) of some rows, m x A. `mean`: mu_i(a) of an arm and a row of these.
    pub fn of(&self, terms: &BlockTerms, mean: &dyn Fn(usize, usize) -> f64) -> Array2<f64> {
        Array2::from_shape_fn((terms.weight.len(), self.means.len()), |(i, a)| {
            let own = mean(a, i) - self.means[a].value;
            own + self.along[a].dot(&terms.projected.row(i)) * terms.residual[i]
        })
    }
}

/// The squares of influences in the making.
pub struct Squares<'a> {
    clusters: Option<Clusters<'a>>,
    /// Sums over each cluster, G x A.
    sums: Array2<f64>,
    /// A x A.
    cross: Array2<f64>,
}

impl<'a> Squares<'a> {
    /// Of no rows.
    pub fn new(arms: usize, clusters: Option<Clusters<'a>>) -> Squares<'a> {
        let n_groups = clusters.map_or(0, |c| c.of_row.iter().max().map_or(0, |m| *m as usize + 1));
        Squares { clusters, sums: Array2::zeros((n_groups, arms)), cross: Array2::zeros((arms, arms)) }
    }

    /// Adds rows from `row` on.
    pub fn take(&mut self, influence: &Array2<f64>, weight: &[f64], row: usize) {
        for (i, (influence, weight)) in influence.rows().into_iter().zip(weight).enumerate() {
            match self.clusters {
                Some(c) => self.sums.row_mut(c.of_row[row + i] as usize).scaled_add(*weight, &influence),
                None => add_square(&mut self.cross, &influence, *weight),
            }
        }
    }

    /// The covariance, n the sum of the weights.
    pub fn covariance(mut self, n: f64) -> Array2<f64> {
        let factor = self.clusters.map_or(1.0, |c| c.factor);
        self.sums.rows().into_iter().for_each(|sum| add_square(&mut self.cross, &sum, factor));
        self.cross / (n * n)
    }
}

fn add_square(cross: &mut Array2<f64>, v: &ArrayView1<'_, f64>, weight: f64) {
    for a in 0..v.len() {
        for b in 0..v.len() {
            cross[[a, b]] += weight * v[a] * v[b];
        }
    }
}
