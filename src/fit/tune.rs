//! Lambda by cross-validation: the smallest mean loss, and the simplest model within one standard error of it.

use ndarray::{Array1, Axis};
use rayon::prelude::*;

use crate::design::scale::Scale;
use crate::error::{Error, Result};
use crate::fit::path::{Problem, path};
use crate::objective::loss::Loss;
use crate::optimise::batch::shuffled;
use crate::rows::{InMemory, Rows};

/// Folds, unless said otherwise.
pub const FOLDS: usize = 10;
/// The stream of the shuffle that makes the folds: no epoch of a descent has its number.
const STREAM: usize = usize::MAX / 2 - 1;

/// What the cross-validated loss is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Mean squared error: twice the loss.
    MeanSquaredError,
    /// Mean deviance, -2 log-likelihood a row: twice the loss.
    Deviance,
}

impl Measure {
    /// The measure that belongs to a loss.
    pub fn of(loss: Loss) -> Measure {
        match loss {
            Loss::Squared => Measure::MeanSquaredError,
            Loss::Logistic => Measure::Deviance,
        }
    }

    /// In words, as on an axis.
    pub fn words(self) -> &'static str {
        match self {
            Measure::MeanSquaredError => "mean squared error",
            Measure::Deviance => "deviance per row",
        }
    }
}

/// A cross-validated path.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    /// The lambdas, as given.
    pub lambda: Vec<f64>,
    /// The measure's mean over the folds, one a lambda.
    pub mean: Vec<f64>,
    /// Its standard error, one a lambda.
    pub std_error: Vec<f64>,
    /// Position of the smallest mean: `lambda_min`.
    pub least: usize,
    /// Position of the largest lambda whose mean is within one standard error of the smallest: `lambda_1se`.
    pub within_one_se: usize,
    /// Number of folds.
    pub folds: usize,
    /// What was measured.
    pub measure: Measure,
    /// Fits (over all folds and lambdas) that did not converge; 0 is usual.
    pub unconverged: usize,
}

impl Tuned {
    /// The lambda with the smallest mean.
    pub fn lambda_min(&self) -> f64 {
        self.lambda[self.least]
    }

    /// The largest lambda within one standard error of it.
    pub fn lambda_1se(&self) -> f64 {
        self.lambda[self.within_one_se]
    }
}

/// Cross-validates the lambdas of a path.
///
/// The rows are shuffled by the seed and dealt to the folds in turn. For each fold the others are standardised anew
/// and fitted along all lambdas, and the fold's rows are predicted. With m_k the fold's mean loss and W_k its weight:
///
///   mean = sum_k W_k m_k / W,   std_error = sqrt(sum_k W_k (m_k - mean)^2 / (W (folds - 1)))
///
/// The rules are those of Hastie, Tibshirani & Friedman 2009, s. 7.10; ties go to the larger lambda. Frequency
/// weights: a row's patients stay together.
///
/// # Errors
/// Usage, when there are fewer than 2 folds or more folds than rows. Data, when the rows outside a fold have one outcome
/// only.
pub fn cross_validate(problem: &Problem<'_>, lambdas: &[f64], folds: usize, seed: u64) -> Result<Tuned> {
    let n = problem.rows.n_rows();
    if folds < 2 || folds > n {
        return Err(Error::usage(format!("{folds} folds cannot be made of {n} rows"))
            .hint("use from 2 folds to as many as there are rows; 10 is usual"));
    }
    let order = shuffled(n, seed, STREAM);
    let judged: Vec<Judged> = (0..folds)
        .into_par_iter()
        .map(|k| judge_fold(problem, lambdas, &order, folds, k))
        .collect::<Result<_>>()?;
    let total: f64 = judged.iter().map(|f| f.weight).sum();
    let over_folds =
        |of: &dyn Fn(&Judged) -> f64| judged.iter().map(|f| f.weight * of(f)).sum::<f64>() / total;
    let mean: Vec<f64> = (0..lambdas.len()).map(|l| over_folds(&|f: &Judged| f.measure[l])).collect();
    let std_error: Vec<f64> = (0..lambdas.len())
        .map(|l| (over_folds(&|f: &Judged| (f.measure[l] - mean[l]).powi(2)) / (folds - 1) as f64).sqrt())
        .collect();
    let (least, within_one_se) = chosen(lambdas, &mean, &std_error);
    Ok(Tuned {
        lambda: lambdas.to_vec(),
        mean,
        std_error,
        least,
        within_one_se,
        folds,
        measure: Measure::of(problem.loss),
        unconverged: judged.iter().map(|f| f.unconverged).sum(),
    })
}

/// A fold's verdict.
struct Judged {
    weight: f64,
    /// Twice the mean loss of the fold's rows, one a lambda.
    measure: Vec<f64>,
    unconverged: usize,
}

fn judge_fold(
    problem: &Problem<'_>,
    lambdas: &[f64],
    order: &[usize],
    folds: usize,
    fold: usize,
) -> Result<Judged> {
    let side = |inside: bool| {
        let mut rows: Vec<usize> = order
            .iter()
            .enumerate()
            .filter(|(i, _)| (i % folds == fold) == inside)
            .map(|(_, r)| *r)
            .collect();
        rows.sort_unstable();
        problem.rows.pick(&rows)
    };
    let (mut train, mut test) = (side(false), side(true));
    let scale = Scale::of(&train.x, train.weight.as_ref(), problem.has_intercept);
    train.x = scale.apply(&train.x);
    test.x = scale.apply(&test.x);
    let fitted = path(&Problem { rows: &train, ..*problem }, lambdas)?;
    let measure =
        fitted.coefficients.axis_iter(Axis(0)).map(|beta| measure_at(problem.loss, &test, &beta.to_owned()));
    Ok(Judged {
        weight: test.total_weight(),
        measure: measure.collect(),
        unconverged: fitted.converged.iter().filter(|c| !**c).count(),
    })
}

/// Twice the mean loss of some rows.
fn measure_at(loss: Loss, rows: &InMemory, beta: &Array1<f64>) -> f64 {
    let mut eta = rows.x.dot(beta);
    if let Some(offset) = &rows.offset {
        eta += offset;
    }
    let sum: f64 = (0..eta.len())
        .map(|i| rows.weight.as_ref().map_or(1.0, |w| w[i]) * loss.value_and_slope(eta[i], rows.y[i]).0)
        .sum();
    2.0 * sum / rows.total_weight()
}

/// Positions of the smallest mean and of the largest lambda within one standard error of it.
fn chosen(lambdas: &[f64], mean: &[f64], std_error: &[f64]) -> (usize, usize) {
    let mut by_size: Vec<usize> = (0..lambdas.len()).collect();
    by_size.sort_by(|a, b| lambdas[*b].total_cmp(&lambdas[*a])); // largest first
    let least =
        by_size.iter().copied().reduce(|best, l| if mean[l] < mean[best] { l } else { best }).unwrap_or(0);
    let bound = mean.get(least).zip(std_error.get(least)).map_or(f64::INFINITY, |(m, s)| m + s);
    let within = by_size.iter().copied().find(|l| mean[*l] <= bound).unwrap_or(least);
    (least, within)
}
