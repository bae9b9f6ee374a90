//! The path of penalties: a grid of lambdas from the smallest that leaves no predictor, each fit begun at the last.

use ndarray::{Array1, Array2, ArrayRef1, Axis, concatenate, s};

use crate::error::{Error, Result};
use crate::objective::glm::Glm;
use crate::objective::l1::L1;
use crate::objective::loss::Loss;
use crate::objective::penalty::{Penalised, Strength};
use crate::objective::{Curved, Objective};
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise};
use crate::rows::{BLOCK_ROWS, Block, InMemory, Rows};

/// Lambdas in a grid.
const GRID: usize = 100;
/// The smallest lambda over the largest: with at least as many rows as predictors, and with fewer.
const RATIO_MANY_ROWS: f64 = 1e-4;
const RATIO_FEW_ROWS: f64 = 1e-2;
/// The grid begins where the lasso part of a penalty with at least this alpha leaves no predictor: ridge never does.
const LEAST_ALPHA: f64 = 1e-3;
/// A fit of the path ends when the gradient's norm is below this.
const TOLERANCE: f64 = 1e-8;
/// Updates on one curvature before it is worked out anew, and curvatures before a fit is given up.
const UPDATES: usize = 6;
const CURVATURES: usize = 60;

/// What is fitted along a path.
#[derive(Clone, Copy)]
pub struct Problem<'a> {
    /// Standardised rows: population standard deviation 1; column 0 is the intercept, if there is one.
    pub rows: &'a dyn Rows,
    /// The loss.
    pub loss: Loss,
    /// The penalty's alpha: 0 ridge, 1 lasso.
    pub alpha: f64,
    /// Whether column 0 is the intercept, which is not penalised.
    pub has_intercept: bool,
}

/// The fits along a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The lambdas, in the order asked for.
    pub lambda: Vec<f64>,
    /// Standardised coefficients, one row a lambda.
    pub coefficients: Array2<f64>,
    /// Predictors with a coefficient that is not zero, one a lambda.
    pub non_zero: Vec<usize>,
    /// The mean loss without the penalty, one a lambda.
    pub loss: Vec<f64>,
    /// Whether each fit converged (gradient's norm at most 1e-8).
    pub converged: Vec<bool>,
}

impl Problem<'_> {
    /// 0 for the intercept, 1 for each predictor: the sizes that [`Penalised::new`] asks for.
    pub fn sizes(&self) -> Array1<f64> {
        sizes(self.rows.n_columns(), self.has_intercept)
    }
}

/// 0 for the intercept, 1 for each predictor.
pub fn sizes(n_columns: usize, has_intercept: bool) -> Array1<f64> {
    Array1::from_shape_fn(n_columns, |j| if has_intercept && j == 0 { 0.0 } else { 1.0 })
}

/// The smallest lambda at which every predictor's coefficient is zero.
///
///   lambda_max = max_j |g_j| / max(alpha, 0.001), g the gradient of the mean loss of the intercept alone
///
/// Raised by a part in 10^12, so that rounding lets nothing in. Source: Friedman, Hastie & Tibshirani 2010, Journal
/// of Statistical Software 33(1), s. 2.5.
///
/// # Errors
/// Data, when the intercept alone has no finite fit (the outcome is always the same).
pub fn largest_lambda(problem: &Problem<'_>) -> Result<f64> {
    const ROUNDING: f64 = 1.0 + 1e-12;
    let gradient = Glm::new(problem.rows, problem.loss).value_and_gradient(&null_model(problem)?).1;
    let size = problem.sizes();
    let steepest = gradient.iter().zip(&size).map(|(g, s)| g.abs() * s).fold(0.0, f64::max);
    Ok(ROUNDING * steepest / problem.alpha.max(LEAST_ALPHA))
}

/// A hundred lambdas, evenly on a log scale, from [`largest_lambda`] down to 1/10,000 of it (1/100 where there are
/// fewer rows than predictors).
///
/// # Errors
/// Data, when no predictor has anything to say (all lambdas would be zero), and as [`largest_lambda`].
pub fn grid(problem: &Problem<'_>) -> Result<Vec<f64>> {
    let largest = largest_lambda(problem)?;
    if largest.is_nan() || largest <= 0.0 {
        return Err(Error::data(
            "no predictor is related to the outcome at all, so there is no path of penalties",
        )
        .hint("give a number with `--lambda`, or check the outcome and the predictors"));
    }
    let predictors = problem.sizes().sum();
    let ratio = if (problem.rows.n_rows() as f64) < predictors { RATIO_FEW_ROWS } else { RATIO_MANY_ROWS };
    Ok((0..GRID).map(|k| largest * ratio.powf(k as f64 / (GRID - 1) as f64)).collect())
}

/// Fits each lambda in turn, each begun where the last ended (largest first is quickest).
///
/// A linear path is fitted to the triangular factor of the rows, which holds all that least squares asks of them. A
/// logistic one keeps the curvature of an earlier fit, bent by the gradients seen since, while it serves.
///
/// # Errors
/// As [`largest_lambda`].
pub fn path(problem: &Problem<'_>, lambdas: &[f64]) -> Result<Path> {
    path_while(problem, lambdas, &mut |_| Ok(()))
}

/// As [`path`]; `go_on` is told before each fit how many are done, and may end it with an error.
///
/// # Errors
/// As [`path`] and `go_on`.
pub fn path_while(
    problem: &Problem<'_>,
    lambdas: &[f64],
    go_on: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<Path> {
    let small;
    let rows: &dyn Rows = match problem.loss {
        Loss::Squared => {
            small = compressed(problem.rows);
            &small
        }
        Loss::Logistic => problem.rows,
    };
    let glm = Glm::new(rows, problem.loss);
    let mut at = Walk { beta: null_model(problem)?, root: Array2::zeros((0, 0)) };
    at.root = glm.curvature_root(&at.beta);
    let (m, p) = (lambdas.len(), rows.n_columns());
    let mut path = Path {
        lambda: lambdas.to_vec(),
        coefficients: Array2::zeros((m, p)),
        non_zero: Vec::with_capacity(m),
        loss: Vec::with_capacity(m),
        converged: Vec::with_capacity(m),
    };
    let size = problem.sizes();
    for (k, &lambda) in lambdas.iter().enumerate() {
        go_on(k)?;
        let strength = Strength { lambda, alpha: problem.alpha };
        let penalised = Penalised::new(rows, problem.loss, strength, &size);
        path.converged.push(at.fit(&penalised));
        path.coefficients.row_mut(k).assign(&at.beta);
        path.non_zero.push(at.beta.iter().zip(&size).filter(|(b, s)| **b != 0.0 && **s > 0.0).count());
        path.loss.push(glm.value_and_gradient(&at.beta).0);
    }
    Ok(path)
}

/// Where the path stands: coefficients, and the root of the loss's curvature somewhere before.
struct Walk {
    beta: Array1<f64>,
    root: Array2<f64>,
}

impl Walk {
    /// Fits one penalty from here; whether it converged.
    fn fit(&mut self, penalised: &Penalised<'_>) -> bool {
        let settings = Settings {
            method: Method::Auto,
            batch: None,
            decay: Decay::Constant,
            max_epochs: UPDATES,
            tolerance: TOLERANCE,
            seed: 0,
        };
        for _ in 0..CURVATURES {
            let kept = Kept { of: penalised, root: penalised.add_ridge_to(&self.root) };
            let descent = minimise(&kept, &self.beta, &settings, &mut Unwatched);
            self.beta.clone_from(&descent.beta);
            if descent.reason.is_converged() {
                return true;
            }
            self.root = penalised.unpenalised().curvature_root(&self.beta);
        }
        false
    }
}

/// A penalised loss whose curvature is one found earlier.
struct Kept<'a> {
    of: &'a Penalised<'a>,
    root: Array2<f64>,
}

impl Objective for Kept<'_> {
    fn dim(&self) -> usize {
        self.of.dim()
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        self.of.value_and_gradient(beta)
    }

    fn l1(&self) -> Option<&L1> {
        self.of.l1()
    }

    fn curved(&self) -> Option<&dyn Curved> {
        Some(self)
    }
}

impl Curved for Kept<'_> {
    fn curvature_root(&self, _beta: &ArrayRef1<f64>) -> Array2<f64> {
        self.root.clone()
    }

    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        let (value, gradient) = self.of.value_and_gradient(beta);
        (value, gradient, self.root.clone())
    }

    fn is_quadratic(&self) -> bool {
        self.of.is_quadratic()
    }

    fn is_exact(&self) -> bool {
        self.of.is_quadratic()
    }
}

fn null_model(problem: &Problem<'_>) -> Result<Array1<f64>> {
    let strength = Strength { lambda: 1.0, alpha: 1.0 };
    Penalised::new(problem.rows, problem.loss, strength, &problem.sizes()).null_model().ok_or_else(|| {
        Error::data("the outcome is the same in every row, so that no model can be fitted")
            .hint("check the outcome's coding; in cross-validation, use fewer folds")
    })
}

/// At most p + 1 rows with the same mean squared loss, up to rounding, as all rows: the triangular factor of
/// [X, y - offset], each row times sqrt(w_i (p + 1) / W).
fn compressed(rows: &dyn Rows) -> InMemory {
    let p = rows.n_columns();
    let both = WithOutcome { rows };
    let root = Glm::new(&both, Loss::Squared).curvature_root(&Array1::zeros(p + 1));
    let root = root * ((p + 1) as f64).sqrt();
    InMemory::new(root.slice(s![.., ..p]).to_owned(), root.column(p).to_owned(), None, None)
}

/// [X, y - offset].
struct WithOutcome<'a> {
    rows: &'a dyn Rows,
}

impl Rows for WithOutcome<'_> {
    fn n_rows(&self) -> usize {
        self.rows.n_rows()
    }
    fn n_columns(&self) -> usize {
        self.rows.n_columns() + 1
    }
    fn n_blocks(&self) -> usize {
        self.rows.n_blocks()
    }
    fn block(&self, index: usize) -> Block<'_> {
        let block = self.rows.block(index);
        let numbers = joined(&block);
        Block { numbers: numbers.into(), coded: None, offset: None, ..block }
    }
    fn pick(&self, rows: &[usize]) -> InMemory {
        let picked = self.rows.pick(rows);
        let whole = InMemory { block_rows: rows.len().max(1), ..picked };
        let x = joined(&whole.block(0));
        InMemory { x, coded: None, offset: None, block_rows: BLOCK_ROWS, ..whole }
    }
    fn total_weight(&self) -> f64 {
        self.rows.total_weight()
    }
}

/// The columns of a block, and y - offset as one more.
fn joined(block: &Block<'_>) -> Array2<f64> {
    let y = block.offset.as_ref().map_or_else(|| block.y.to_owned(), |offset| &block.y - offset);
    concatenate(Axis(1), &[block.x().view(), y.view().insert_axis(Axis(1))]).expect("one y a row")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::norm;

    fn simulated(n: usize, p: usize, logistic: bool) -> InMemory {
        let mut x = Array2::from_shape_fn((n, p + 1), |(i, j)| ((i * i + i * j * 5 + j) as f64).sin());
        for mut column in x.columns_mut() {
            column -= column.sum() / n as f64;
            column /= (column.dot(&column) / n as f64).sqrt();
        }
        x.column_mut(0).fill(1.0);
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
    fn the_grid_begins_where_the_first_predictor_enters_and_falls_by_a_constant_factor() {
        for (loss, n, p, ratio) in
            [(Loss::Squared, 80, 6, 1e-4), (Loss::Logistic, 80, 6, 1e-4), (Loss::Squared, 20, 30, 1e-2)]
        {
            let rows = simulated(n, p, loss == Loss::Logistic);
            let ask = problem(&rows, loss, 1.0);
            let lambdas = grid(&ask).expect("related");
            assert_eq!(lambdas.len(), 100);
            assert!((lambdas[99] / lambdas[0] - ratio).abs() < 1e-12 * ratio);
            assert!((lambdas[1] / lambdas[0] - lambdas[51] / lambdas[50]).abs() < 1e-12);
            let found = path(&ask, &[lambdas[0], 0.999 * lambdas[0]]).expect("fits");
            assert_eq!(found.non_zero, vec![0, 1]);
        }
    }

    #[test]
    fn every_fit_of_the_path_meets_the_optimality_conditions_of_all_rows() {
        for loss in [Loss::Squared, Loss::Logistic] {
            for alpha in [1.0, 0.5, 0.0] {
                let mut rows = simulated(90, 7, loss == Loss::Logistic);
                rows.weight = Some(Array1::from_shape_fn(90, |i| 1.0 + (i % 3) as f64));
                rows.offset = Some(Array1::from_shape_fn(90, |i| 0.2 * (i as f64).sin()));
                let ask = problem(&rows, loss, alpha);
                let lambdas = grid(&ask).expect("related");
                let found = path(&ask, &lambdas).expect("fits");
                assert!(found.converged.iter().all(|c| *c));
                for (k, &lambda) in lambdas.iter().enumerate() {
                    let penalised = Penalised::new(&rows, loss, Strength { lambda, alpha }, &ask.sizes());
                    let beta = found.coefficients.row(k).to_owned();
                    let gradient = penalised.value_and_gradient(&beta).1;
                    let left =
                        penalised.l1().map_or(gradient.clone(), |l| l.least_subgradient(&beta, &gradient));
                    assert!(norm(&left) < 2e-8, "{loss:?} {alpha} {k}: {}", norm(&left));
                    assert!(
                        (found.loss[k] - penalised.unpenalised().value_and_gradient(&beta).0).abs() < 1e-12
                    );
                }
                assert!(found.loss.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9));
            }
        }
    }

    #[test]
    fn a_constant_outcome_has_no_path() {
        let mut rows = simulated(30, 3, true);
        rows.y.fill(1.0);
        for loss in [Loss::Squared, Loss::Logistic] {
            assert_eq!(grid(&problem(&rows, loss, 1.0)).expect_err("no path").exit_status(), 1);
        }
    }

    #[test]
    fn a_column_of_zeros_stays_out() {
        let mut rows = simulated(60, 5, true);
        rows.x.column_mut(2).fill(0.0);
        for alpha in [1.0, 0.0] {
            let ask = problem(&rows, Loss::Logistic, alpha);
            let found = path(&ask, &grid(&ask).expect("related")).expect("fits");
            assert!(found.converged.iter().all(|c| *c));
            assert!(found.coefficients.column(2).iter().all(|b| b.abs() < 1e-12));
        }
    }
}
