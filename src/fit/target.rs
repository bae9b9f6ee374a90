//! What is minimised: the likelihood, the likelihood with an elastic-net penalty, or Firth's.

use ndarray::Array1;

use crate::error::{Error, Result};
use crate::fit::frame::Frame;
use crate::fit::path::{Path, Problem, grid, path_while, sizes};
use crate::fit::spec::{Penalty, Spec};
use crate::fit::tune::{FOLDS, Tuned, cross_validate, cross_validate_on_disk, go_on};
use crate::objective::Objective;
use crate::objective::firth::Firth;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::penalty::{Penalised, Strength};
use crate::optimise::watch::Watcher;
use crate::rows::Rows;

/// What a fit minimises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// The mean loss alone: maximum likelihood, least squares.
    Likelihood,
    /// The mean loss and lambda (alpha |b|_1 + (1 - alpha)/2 |b|_2^2).
    ElasticNet(Strength),
    /// The mean logistic loss and Jeffreys' prior.
    Firth,
}

/// What other lambdas would have given.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// The coefficients of each lambda on all rows, standardised.
    pub path: Path,
    /// Names of its columns, in order.
    pub names: Vec<String>,
    /// The cross-validated loss of each lambda, where that chose one.
    pub tuned: Option<Tuned>,
}

impl Target {
    /// The target of a specification; an elastic net without a lambda is cross-validated on the standardised rows
    /// and takes the largest lambda within one standard error of the best (Breiman et al. 1984, s. 3.4.3).
    ///
    /// # Errors
    /// Usage, for Firth's penalty with a linear model or mini-batches; as [`cross_validate`] says.
    pub fn of(spec: &Spec, frame: &Frame, loss: Loss) -> Result<(Target, Option<Search>)> {
        match spec.penalty {
            Penalty::None => Ok((Target::Likelihood, None)),
            Penalty::Firth => firth(spec, loss),
            Penalty::ElasticNet { lambda, alpha } => elastic_net(spec, frame, loss, lambda, alpha),
        }
    }

    /// As [`Target::of`], for rows that are swept: a lambda that is given is not searched for, and one that is not is cross-validated
    /// with the folds in temporary files of a folder.
    ///
    /// # Errors
    /// Usage, as [`Target::of`]; as [`cross_validate_on_disk`] says.
    pub fn of_many(
        spec: &Spec,
        frame: &Frame,
        loss: Loss,
        folder: &std::path::Path,
        watcher: &mut dyn Watcher,
    ) -> Result<(Target, Option<Search>)> {
        match spec.penalty {
            Penalty::ElasticNet { lambda: Some(lambda), alpha } => {
                Ok((Target::ElasticNet(Strength { lambda, alpha }), None))
            }
            Penalty::ElasticNet { lambda: None, alpha } => {
                let problem = Problem { rows: &frame.rows, loss, alpha, has_intercept: frame.has_intercept };
                let lambdas = grid(&problem)?;
                let tuned = cross_validate_on_disk(&problem, &lambdas, (FOLDS, spec.seed), folder, watcher)?;
                let watched =
                    &mut |done| go_on(watcher, "fits of the path of penalties", done, lambdas.len());
                searched(&problem, &lambdas, frame, (None, Some(tuned)), watched)
            }
            Penalty::None => Ok((Target::Likelihood, None)),
            Penalty::Firth => firth(spec, loss),
        }
    }

    /// The objective over some rows. `size`: the spread of each column that the penalty is to count in, 0 for the
    /// intercept (see [`Target::sizes`]).
    pub fn objective<'a>(
        self,
        rows: &'a dyn Rows,
        loss: Loss,
        size: &Array1<f64>,
    ) -> Box<dyn Objective + 'a> {
        match self {
            Target::Likelihood => Box::new(Glm::new(rows, loss)),
            Target::ElasticNet(strength) => Box::new(Penalised::new(rows, loss, strength, size)),
            Target::Firth => Box::new(Firth::new(rows)),
        }
    }

    /// The sizes that the penalty counts in on the standardised columns (1), or on the raw ones (their spread).
    pub fn sizes(frame: &Frame, raw_scale: bool) -> Array1<f64> {
        let standardised = sizes(frame.dim(), frame.has_intercept);
        if raw_scale { standardised * &frame.scale.spread } else { standardised }
    }

    /// The largest curvature that a ridge part adds.
    pub fn ridge(self, rows: &dyn Rows, loss: Loss, size: &Array1<f64>) -> f64 {
        match self {
            Target::ElasticNet(strength) => Penalised::new(rows, loss, strength, size).largest_ridge(),
            Target::Likelihood | Target::Firth => 0.0,
        }
    }
}

fn firth(spec: &Spec, loss: Loss) -> Result<(Target, Option<Search>)> {
    if loss == Loss::Squared {
        return Err(Error::usage("`--penalty firth` is for logistic models, and this one is linear")
            .hint("leave it out"));
    }
    if spec.batch_size.is_some() {
        return Err(Error::usage(
            "`--batch-size` does not go with `--penalty firth`, whose penalty is not a sum over rows",
        )
        .hint("leave out one of the two"));
    }
    Ok((Target::Firth, None))
}

/// Without a lambda, cross-validation chooses one; a path is drawn through the lambdas in either case, if there is one.
fn elastic_net(
    spec: &Spec,
    frame: &Frame,
    loss: Loss,
    lambda: Option<f64>,
    alpha: f64,
) -> Result<(Target, Option<Search>)> {
    let problem = Problem { rows: frame.memory(), loss, alpha, has_intercept: frame.has_intercept };
    let lambdas = match (grid(&problem), lambda) {
        (Ok(lambdas), _) => lambdas,
        (Err(_), Some(lambda)) => return Ok((Target::ElasticNet(Strength { lambda, alpha }), None)),
        (Err(error), None) => return Err(error),
    };
    let tuned = match lambda {
        Some(_) => None,
        None => Some(cross_validate(&problem, &lambdas, FOLDS, spec.seed)?),
    };
    searched(&problem, &lambdas, frame, (lambda, tuned), &mut |_| Ok(()))
}

/// The elastic net with the lambda that was given or chosen, and what all lambdas give.
fn searched(
    problem: &Problem<'_>,
    lambdas: &[f64],
    frame: &Frame,
    (lambda, tuned): (Option<f64>, Option<Tuned>),
    go_on: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<(Target, Option<Search>)> {
    let chosen = lambda.or_else(|| tuned.as_ref().map(Tuned::lambda_1se)).expect("one of the two");
    let names = frame.terms.iter().map(|t| t.name.clone()).collect();
    let search = Search { path: path_while(problem, lambdas, go_on)?, names, tuned };
    Ok((Target::ElasticNet(Strength { lambda: chosen, alpha: problem.alpha }), Some(search)))
}
