//! Lambda by cross-validation: the smallest mean loss, and the simplest model within one standard error of it.

use std::path::Path;

use ndarray::{Array1, Axis};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::fit::folds::{Folds, Sides};
use crate::fit::path::{Problem, path_while};
use crate::objective::loss::Loss;
use crate::optimise::watch::{Signal, Watcher};
use crate::rows::Rows;

/// Folds, unless said otherwise.
pub const FOLDS: usize = 10;
/// Blocks that are judged at the same time.
const AT_ONCE: usize = 64;

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

    /// Whether the smallest mean is at the smallest lambda: a still smaller one might be better.
    pub fn is_at_the_end(&self) -> bool {
        self.lambda.iter().all(|l| *l >= self.lambda_min())
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
    let folds = dealt(problem, folds, seed)?;
    let judged: Vec<Judged> = (0..folds.n_folds())
        .into_par_iter()
        .map(|k| judge(problem, lambdas, &folds.in_memory(k), &mut |_| Ok(())))
        .collect::<Result<_>>()?;
    Ok(summed(problem, lambdas, &judged))
}

/// As [`cross_validate`], the same bits, of rows that are too many to have twice in memory: one fold after the other, whose rows lie
/// in temporary files of a folder meanwhile.
///
/// # Errors
/// As [`cross_validate`]; Io, where a file cannot be written or read; Data, where the watcher says stop.
pub fn cross_validate_on_disk(
    problem: &Problem<'_>,
    lambdas: &[f64],
    (folds, seed): (usize, u64),
    folder: &Path,
    watcher: &mut dyn Watcher,
) -> Result<Tuned> {
    let folds = dealt(problem, folds, seed)?;
    let all = folds.n_folds() * lambdas.len();
    let judged: Vec<Judged> = (0..folds.n_folds())
        .map(|k| {
            let sides = folds.on_disk(k, folder)?;
            let judged = judge(problem, lambdas, &sides, &mut |done| {
                go_on(watcher, "fits of the cross-validation", k * lambdas.len() + done, all)
            })?;
            sides.train.check().and_then(|()| sides.test.check()).map(|()| judged)
        })
        .collect::<Result<_>>()?;
    Ok(summed(problem, lambdas, &judged))
}

/// Tells a watcher how many of the fits that choose lambda are done.
///
/// # Errors
/// Data, where it says stop.
pub fn go_on(watcher: &mut dyn Watcher, what: &str, done: usize, all: usize) -> Result<()> {
    match watcher.prepares(what, done, all) {
        Signal::Stop => Err(Error::data(format!(
            "interrupted after {done} of {all} {what}: there is no model yet, and nothing is written"
        ))
        .hint("`--lambda X` spares the cross-validation")),
        Signal::Continue | Signal::Rate(_) => Ok(()),
    }
}

fn dealt<'a>(problem: &Problem<'a>, folds: usize, seed: u64) -> Result<Folds<'a>> {
    let n = problem.rows.n_rows();
    if folds < 2 || folds > n {
        return Err(Error::usage(format!("{folds} folds cannot be made of {n} rows"))
            .hint("use from 2 folds to as many as there are rows; 10 is usual"));
    }
    Ok(Folds::new(problem.rows, problem.has_intercept, folds, seed))
}

fn summed(problem: &Problem<'_>, lambdas: &[f64], judged: &[Judged]) -> Tuned {
    let folds = judged.len();
    let total: f64 = judged.iter().map(|f| f.weight).sum();
    let over_folds =
        |of: &dyn Fn(&Judged) -> f64| judged.iter().map(|f| f.weight * of(f)).sum::<f64>() / total;
    let mean: Vec<f64> = (0..lambdas.len()).map(|l| over_folds(&|f: &Judged| f.measure[l])).collect();
    let std_error: Vec<f64> = (0..lambdas.len())
        .map(|l| (over_folds(&|f: &Judged| (f.measure[l] - mean[l]).powi(2)) / (folds - 1) as f64).sqrt())
        .collect();
    let (least, within_one_se) = chosen(lambdas, &mean, &std_error);
    Tuned {
        lambda: lambdas.to_vec(),
        mean,
        std_error,
        least,
        within_one_se,
        folds,
        measure: Measure::of(problem.loss),
        unconverged: judged.iter().map(|f| f.unconverged).sum(),
    }
}

/// A fold's verdict.
struct Judged {
    weight: f64,
    /// Twice the mean loss of the fold's rows, one a lambda.
    measure: Vec<f64>,
    unconverged: usize,
}

fn judge(
    problem: &Problem<'_>,
    lambdas: &[f64],
    sides: &Sides,
    go_on: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<Judged> {
    let Sides { train, test } = sides;
    let fitted = path_while(&Problem { rows: train, ..*problem }, lambdas, go_on)?;
    let betas: Vec<Array1<f64>> =
        fitted.coefficients.axis_iter(Axis(0)).map(|beta| beta.to_owned()).collect();
    Ok(Judged {
        weight: test.total_weight(),
        measure: measures(problem.loss, test, &betas),
        unconverged: fitted.converged.iter().filter(|c| !**c).count(),
    })
}

/// Twice the mean loss of some rows by each of several models, in one pass.
fn measures(loss: Loss, rows: &dyn Rows, betas: &[Array1<f64>]) -> Vec<f64> {
    let of_block = |k: usize| -> Vec<f64> {
        let block = rows.block(k);
        let x = block.x();
        let sum = |beta: &Array1<f64>| -> f64 {
            let eta = x.dot(beta);
            let cost = |i: usize| loss.value_and_slope(eta[i] + block.offset(i), block.y[i]).0;
            (0..block.len()).map(|i| block.weight(i) * cost(i)).sum()
        };
        betas.iter().map(sum).collect()
    };
    let mut sums = vec![0.0; betas.len()];
    for from in (0..rows.n_blocks()).step_by(AT_ONCE) {
        let to = (from + AT_ONCE).min(rows.n_blocks());
        let blocks: Vec<Vec<f64>> = (from..to).into_par_iter().map(of_block).collect();
        blocks.iter().for_each(|block| sums.iter_mut().zip(block).for_each(|(sum, x)| *sum += x));
    }
    sums.into_iter().map(|sum| 2.0 * sum / rows.total_weight()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::scale::Scale;
    use crate::fit::path::grid;
    use crate::num::linalg::{solve_root, triangular_factor};
    use crate::rows::InMemory;
    use ndarray::{Array2, concatenate};

    fn simulated(n: usize, logistic: bool) -> InMemory {
        let x = Array2::from_shape_fn(
            (n, 4),
            |(i, j)| if j == 0 { 1.0 } else { ((i * i + i * j * 5) as f64).sin() },
        );
        let y = Array1::from_shape_fn(n, |i| {
            let eta = 1.5 * x[[i, 1]] - x[[i, 3]] + 2.0 * ((3 * i * i) as f64).cos();
            if logistic { f64::from(eta > 0.2) } else { eta }
        });
        InMemory::new(x, y, None, None)
    }

    fn problem(rows: &InMemory, loss: Loss, alpha: f64) -> Problem<'_> {
        Problem { rows, loss, alpha, has_intercept: true }
    }

    #[test]
    fn leaving_one_out_agrees_with_ridge_by_normal_equations() {
        let rows = simulated(30, false);
        let lambdas = [2.0, 0.3, 0.01];
        let tuned = cross_validate(&problem(&rows, Loss::Squared, 0.0), &lambdas, 30, 5).expect("30 folds");
        for (l, lambda) in lambdas.iter().enumerate() {
            let errors = Array1::from_shape_fn(30, |out| {
                let kept: Vec<usize> = (0..30).filter(|i| *i != out).collect();
                let (train, test) = (rows.pick(&kept), rows.pick(&[out]));
                let scale = Scale::of(&train.x, None, true);
                let x = scale.apply(&train.x);
                let penalty = Array1::from_vec(vec![0.0, 1.0, 1.0, 1.0]).mapv(|s| s * (29.0 * lambda).sqrt());
                let stacked =
                    concatenate(Axis(0), &[x.view(), Array2::from_diag(&penalty).view()]).expect("4 columns");
                let beta = solve_root(&triangular_factor(&stacked), &x.t().dot(&train.y));
                (test.y[0] - scale.apply(&test.x).row(0).dot(&beta)).powi(2)
            });
            let mean = errors.sum() / 30.0;
            let deviations = errors.mapv(|e| (e - mean).powi(2)).sum();
            assert!((tuned.mean[l] - mean).abs() < 1e-9 * mean);
            assert!((tuned.std_error[l] - (deviations / 30.0 / 29.0).sqrt()).abs() < 1e-9);
        }
    }

    #[test]
    fn the_rules_pick_the_smallest_mean_and_the_largest_lambda_within_an_error() {
        let lambda = [8.0, 4.0, 2.0, 1.0];
        assert_eq!(chosen(&lambda, &[1.5, 1.09, 1.0, 1.2], &[0.1; 4]), (2, 1));
        assert_eq!(chosen(&lambda, &[1.0, 1.0, 1.0, 1.0], &[0.1; 4]), (0, 0));
        assert_eq!(chosen(&[1.0, 8.0], &[1.0, 1.05], &[0.1; 2]), (0, 1));
    }

    #[test]
    fn the_seed_decides_and_threads_do_not() {
        let rows = simulated(120, true);
        let ask = problem(&rows, Loss::Logistic, 1.0);
        let lambdas = grid(&ask).expect("related");
        let on = |threads: usize, seed: u64| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| cross_validate(&ask, &lambdas, FOLDS, seed).expect("10 folds"))
        };
        let one = on(1, 3);
        assert_eq!(one, on(2, 3));
        assert_ne!(one.mean, on(2, 4).mean);
        assert_eq!(one.unconverged, 0);
        assert!(one.lambda_1se() >= one.lambda_min());
    }

    #[test]
    fn too_few_and_too_many_folds_are_refused() {
        let rows = simulated(12, false);
        for folds in [0, 1, 13] {
            let error =
                cross_validate(&problem(&rows, Loss::Squared, 1.0), &[0.1], folds, 0).expect_err("refused");
            assert_eq!(error.exit_status(), 2);
        }
    }

    #[test]
    fn a_fold_that_holds_all_events_is_an_error_not_a_panic() {
        let mut rows = simulated(20, true);
        rows.y.fill(0.0);
        rows.y[7] = 1.0;
        let error =
            cross_validate(&problem(&rows, Loss::Logistic, 1.0), &[0.1], 5, 0).expect_err("one outcome only");
        assert_eq!(error.exit_status(), 1);
    }
}
