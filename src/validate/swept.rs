//! Internal validation of a fit to many rows, which stay where they lie: each resample's model is made by sweeps with its weights.

use std::path::Path;
use std::sync::Mutex;

use ndarray::{Array1, Array2};

use crate::design::matrix::Frozen;
use crate::design::relearn::{Relearner, learnt_from};
use crate::design::scale::Scale;
use crate::design::term::Term;
use crate::effects::bootstrap::{NO_BASIS, SEPARATED, UNCONVERGED};
use crate::effects::swept::{Anew, Refits};
use crate::error::{Error, Kind, Result};
use crate::fit::aliasing;
use crate::fit::exact::prove;
use crate::fit::folds::standardised as standardised_rows;
use crate::fit::frame::Dependent;
use crate::fit::large::encode::Beside;
use crate::fit::large::laid::Laid;
use crate::fit::large::lay::Scaled;
use crate::fit::loss_of;
use crate::fit::path::{Problem, grid};
use crate::fit::result::Fit;
use crate::fit::separation;
use crate::fit::spec::{Penalty, Robust, Spec};
use crate::fit::target::Target;
use crate::fit::tune::{FOLDS, cross_validate_on_disk};
use crate::inference::covariance::to_user_units;
use crate::num::linalg::{inverse_upper, is_regular};
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::penalty::Strength;
use crate::optimise::watch::{Heeding, Signal, Watcher};
use crate::optimise::{minimise, norm};
use crate::rows::reweighted::Reweighted;
use crate::rows::{Rows, Stored};
use crate::validate::indices::{Calibration, Predicted};
use crate::validate::interval::standard_errors;
use crate::validate::refit::{Failure, arrived, has_one_outcome, in_frame, settings, stays_near};
use crate::validate::resample::Scheme;
use crate::validate::sweep::{CLOSER, FAR, descend_near};
use crate::validate::tally::{Course, Measured};
use crate::validate::{Validation, calibration, line_of, population};

/// What a resample gives: a model, or why there is none.
type Outcome<T> = std::result::Result<T, Failure>;

/// Validates a model of rows that are swept with these rows, as [`crate::validate::validate`] does with arrays: the same
/// resamples, indices and corrections.
///
/// One resample after the other: 1. It is drawn as weights. 2. Where the formula learns knots or polynomials, they are learnt from
/// the drawn rows, and the rows are written anew with them to a temporary file of `folder`. 3. The rows are swept with the
/// weights: for the columns that are constant or determined by others, for the penalty if cross-validation is to choose it, whose folds
/// are temporary files, for the descent from the model of all rows, and for what its end proves; where the rows are many in every
/// direction of the design and there is no penalty, for a few steps from that model. 4. A last sweep predicts all rows, and the indices
/// are of these predictions. Beside the rows on disk some vectors of n numbers are in memory ([`bytes_a_row`]), those of one resample at a time. Sums are in a fixed order: the
/// same bits on any number of threads.
///
/// `go_on` is asked after every resample with how many are done; `None` is returned if it says stop. `stop` is asked within a resample,
/// which takes long where it is fitted often, and ends it.
///
/// # Errors
/// As [`crate::validate::validate`]; Usage, where knots are to be learnt and the columns of the data have gone; Io, where a temporary
/// file cannot be used.
pub fn validate_swept(
    fit: &Fit,
    laid: &Laid,
    scheme: Scheme,
    folder: &Path,
    stop: &(dyn Fn() -> bool + Sync),
    go_on: &mut dyn FnMut(usize) -> Signal,
) -> Result<Option<Validation>> {
    let (prepared, spec) = (&laid.prepared, &fit.spec);
    let loss = loss_of(prepared.chosen.family);
    let population = population(prepared, loss);
    population.check(scheme)?;
    let study = match Study::new(fit, laid, folder, true, stop) {
        Err(_) if stop() => return Ok(None),
        study => study?,
    };
    let calibration = calibration(prepared, spec);
    let (y, weight) = (&prepared.chosen.y, prepared.weight.as_ref());
    let whole = Predicted::new(loss, y, study.eta_of_all()?);
    let apparent = whole.indices(weight.map(|w| &**w), calibration);
    let errors = standard_errors(&whole, weight, prepared.cluster.as_deref(), line_of(&apparent));
    let means = whole.into_means();
    let broken: Mutex<Option<Error>> = Mutex::new(None);
    let one = |k: usize| -> Outcome<Measured> {
        let drawn = population.draw(scheme, spec.seed, k); // 1
        let refitted = study.refit(&drawn.train, k as u64).unwrap_or_else(|why| {
            broken.lock().into_iter().for_each(|mut broken| *broken = Some(why.clone()));
            Err(Failure::Unconverged)
        })?;
        let predicted = Predicted::new(loss, y, refitted.eta);
        let test = drawn.test.as_ref().or(weight).map(|w| &**w);
        let (training, test) = rayon::join(
            || predicted.indices(Some(&drawn.train), calibration),
            || predicted.indices(test, Calibration::Estimated),
        );
        Ok(Measured { training, test, aliased: refitted.aliased > 0, means: predicted.into_means() })
    };
    let is_broken = || broken.lock().is_ok_and(|broken| broken.is_some());
    let course =
        Course { loss, scheme, spec, apparent, errors, means, outcome: y, together: 1, imputations: None };
    let found = course.run(&one, &mut |done| if is_broken() || stop() { Signal::Stop } else { go_on(done) });
    match broken.into_inner() {
        Ok(Some(why)) => Err(why),
        _ => found,
    }
}

/// What fits the model anew to the resamples of a treatment's effect, until `stop` says so. Rows with knots that a resample taught go to
/// a temporary file of `folder`.
///
/// # Errors
/// As [`validate_swept`]; of each refit Io, and Data where it is stopped.
pub fn refits<'a>(
    fit: &'a Fit,
    laid: &'a Laid,
    folder: &'a Path,
    stop: &'a (dyn Fn() -> bool + Sync),
) -> Result<Box<Refits<'a>>> {
    let study = Study::new(fit, laid, folder, false, stop)?;
    Ok(Box::new(move |counts, part| {
        let found = study.refit(counts, part)?;
        if stop() {
            return Err(Error::data("interrupted"));
        }
        Ok(match found {
            Ok(refitted) => Ok(Anew { beta: refitted.beta, learnt: refitted.learnt }),
            Err(Failure::Basis) => Err(NO_BASIS),
            Err(Failure::Separated | Failure::OneOutcome) => Err(SEPARATED),
            Err(_) => Err(UNCONVERGED),
        })
    }))
}

/// Bytes of memory that a validation by sweeps takes for each row, at most: the rows themselves lie on disk.
///
///   y 8, stratum 1, predictions of the model 8 and their group 1; of a resample the weights 8, linear predictor 8, mean 8,
///   loss 8, order of the risks 4 and its ties 4, and what they are sorted by 8 (16 from 2^24 rows on)
///
/// To these come 8 for frequency weights, 4 for clusters, 8 where the rows that test have weights of their own (folds and splits), 20
/// where each resample is dealt to folds for its penalty, and 12 for each basis of the formula whose knots are learnt.
pub fn bytes_a_row(scheme: Scheme, spec: &Spec, n_bases: usize, n_rows: usize) -> u64 {
    const MANY: usize = 1 << 24; // rows whose number does not fit into one word with a risk
    let of_all = 8 + 1 + 8 + 1;
    let of_one = 8 + 8 + 8 + 8 + 4 + 4 + if n_rows > MANY { 16 } else { 8 };
    let is_clustered = matches!(spec.robust, Robust::Cluster { .. });
    let is_tuned = matches!(spec.penalty, Penalty::ElasticNet { lambda: None, .. });
    let has_test = !matches!(scheme, Scheme::Bootstrap { .. });
    let more = [(spec.weights.is_some(), 8), (is_clustered, 4), (has_test, 8), (is_tuned, 20)];
    let more: u64 = more.into_iter().filter(|(is, _)| *is).map(|(_, bytes)| bytes).sum();
    of_all + of_one + more + 12 * n_bases as u64
}

/// A model of one resample.
struct Refitted {
    /// Linear predictor of every row, offset included; none where it was not asked for.
    eta: Array1<f64>,
    /// The coefficients of all columns of the design in the user's units, 0 of those that were left out.
    beta: Array1<f64>,
    /// What was learnt from the resample, where that is other than of all rows.
    learnt: Option<Frozen>,
    /// Columns that were constant or determined by others in the resample, though not in all rows.
    aliased: usize,
}

/// The model of all rows and what its refits share.
struct Study<'a> {
    /// Whether refits predict all rows.
    predicts: bool,
    laid: &'a Laid,
    spec: &'a Spec,
    loss: Loss,
    /// What the model of all rows minimises.
    target: Target,
    folder: &'a Path,
    stop: &'a (dyn Fn() -> bool + Sync),
    /// The coefficients of the model of all rows, on the columns of its frame.
    beta: Array1<f64>,
    /// Where refits stay near the model of all rows: what leads to them at once.
    near: Option<Near>,
    /// What learns knots and polynomials, with the scale of all columns; `None` where the design is the same for all weights.
    learning: Option<(Relearner<'a>, Scaled)>,
}

/// The curvature of the model of all rows, on the columns of its frame.
struct Near {
    /// Triangular root R of the Hessian of the mean loss.
    root: Array2<f64>,
    /// max_i |x_i R⁻¹|^2: a step R⁻¹u moves no linear predictor by more than |u| times the root of this.
    leverage: f64,
}

/// Rows in the scale of the model of all, of which a resample takes some columns.
struct Ground<'g> {
    rows: &'g Stored,
    scale: &'g Scale,
    terms: &'g [Term],
    /// The model of all rows on these columns.
    start: Array1<f64>,
    /// The columns that have a coefficient in it.
    kept: Vec<usize>,
    /// What the columns were made with, where that was learnt anew.
    learnt: Option<Frozen>,
}

impl Ground<'_> {
    /// The coefficients of all columns of the design in the user's units; `places`: where these columns stand among them.
    fn user(&self, whole: &Array1<f64>, places: &[usize], p: usize, has_intercept: bool) -> Array1<f64> {
        let mut user = Array1::zeros(p);
        let mut shift = 0.0;
        for (k, j) in places.iter().enumerate().filter(|(k, _)| whole[*k] != 0.0) {
            user[*j] = whole[k] / self.scale.spread[k];
            if k > 0 || !has_intercept {
                shift += user[*j] * self.scale.centre[k];
            }
        }
        if has_intercept && !user.is_empty() {
            user[0] -= shift;
        }
        user
    }
}

impl<'a> Study<'a> {
    /// Brings the model of all rows to its optimum. `predicts`: whether refits are to predict all rows.
    ///
    /// # Errors
    /// As [`validate_swept`].
    fn new(
        fit: &'a Fit,
        laid: &'a Laid,
        folder: &'a Path,
        predicts: bool,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Result<Study<'a>> {
        let loss = loss_of(laid.prepared.chosen.family);
        let (spec, frame) = (&fit.spec, &laid.frame);
        let target = match (spec.penalty, &fit.penalty) {
            (Penalty::None, _) => Target::Likelihood,
            (Penalty::Firth, _) => Target::Firth,
            (Penalty::ElasticNet { lambda: Some(lambda), alpha }, _) => {
                Target::ElasticNet(Strength { lambda, alpha })
            }
            (Penalty::ElasticNet { lambda: None, .. }, chosen) => {
                Target::ElasticNet(chosen.as_ref().expect("cross-validation chose a lambda").strength)
            }
        };
        let learning = learning(laid)?;
        let user: Array1<f64> = fit.coefficients.iter().map(|c| c.estimate.unwrap_or(0.0)).collect();
        let start = in_frame(&user, frame);
        let sizes = Target::sizes(frame, false);
        let watcher = &mut Heeding(stop);
        let beta = descend(&frame.rows, (target, loss), &sizes, &start, (spec.seed, &frame.to_user), watcher);
        frame.rows.check()?;
        let failed = |why: Failure| format!("no resample can be fitted: the data themselves {}", why.words());
        let beta = beta.map_err(|why| Error::data(failed(why)))?;
        let near = stays_near(frame, &laid.prepared, spec, laid.prepared.weight.as_ref()).then(|| {
            let glm = Glm::new(&frame.rows, loss);
            let root = glm.curvature_root(&beta);
            Near { leverage: glm.largest_leverage(&inverse_upper(&root)), root }
        });
        frame.rows.check()?;
        Ok(Study { predicts, laid, spec, loss, target, folder, stop, beta, near, learning })
    }

    /// The linear predictor of all rows by the model of all rows.
    fn eta_of_all(&self) -> Result<Array1<f64>> {
        let rows = &self.laid.frame.rows;
        let eta = Glm::new(rows, self.loss).linear_predictor(&self.beta);
        rows.check().map(|()| eta)
    }

    /// Fits the model anew to the rows counted by `train`, from knots to coefficients.
    ///
    /// # Errors
    /// Io, where the rows cannot be read or written anew.
    fn refit(&self, train: &Array1<f64>, part: u64) -> Result<Outcome<Refitted>> {
        let (prepared, frame) = (&self.laid.prepared, &self.laid.frame);
        if self.loss == Loss::Logistic && has_one_outcome(&prepared.chosen.y, train) {
            return Ok(Err(Failure::OneOutcome));
        }
        let fixed = Ground {
            rows: &frame.rows,
            scale: &frame.scale,
            terms: &frame.terms,
            start: self.beta.clone(),
            kept: (0..frame.dim()).collect(),
            learnt: None,
        };
        let Some((relearner, scaled)) = &self.learning else {
            return self.refit_on(&fixed, train, part);
        };
        let Ok(learnt) = relearner.learn(train) else { return Ok(Err(Failure::Basis)) };
        let blueprint = &self.laid.blueprint;
        if learnt == blueprint.frozen && frame.dim() == blueprint.terms.len() {
            return self.refit_on(&fixed, train, part);
        }
        let beside = Beside { y: &prepared.chosen.y, weight: None };
        let rows = blueprint.with_knots_of(learnt.clone()).rows_on_disk(scaled, &beside, self.folder)?; // 2
        let mut start = Array1::zeros(blueprint.terms.len());
        frame.independent.kept.iter().zip(&self.beta).for_each(|(j, b)| start[*j] = *b);
        let ground = Ground {
            rows: &rows,
            scale: &scaled.scale,
            terms: &blueprint.terms,
            start,
            kept: frame.independent.kept.clone(),
            learnt: Some(learnt),
        };
        self.refit_on(&ground, train, part)
    }

    /// The model of some rows that lie there, and what it predicts for all of them.
    fn refit_on(&self, ground: &Ground<'_>, train: &Array1<f64>, part: u64) -> Result<Outcome<Refitted>> {
        if let Some(near) = &self.near {
            let found = self.refit_near(ground, train, near);
            ground.rows.check()?;
            if let Some(whole) = found {
                return self.refitted(ground, &whole, 0).map(Ok);
            }
        }
        self.refit_anew(ground, train, part)
    }

    /// The same where few sweeps lead to the model, as most do among many rows; `None` where they do not.
    fn refit_near(&self, ground: &Ground<'_>, train: &Array1<f64>, near: &Near) -> Option<Array1<f64>> {
        let rows = Reweighted::new(ground.rows, train).keeping(&ground.kept);
        let start: Array1<f64> = ground.kept.iter().map(|j| ground.start[*j]).collect();
        let glm = Glm::new(&rows, self.loss);
        let root = if ground.learnt.is_none() { near.root.clone() } else { glm.curvature_root(&start) };
        if !is_regular(&root) {
            return None;
        }
        let beta = descend_near(&glm, self.loss, (rows.total_weight(), CLOSER), (&start, &root))?;
        let moved = norm(&root.dot(&(&beta - &start))) * near.leverage.sqrt();
        if self.loss == Loss::Logistic && (moved.is_nan() || moved > FAR) {
            return None;
        }
        let mut whole = Array1::zeros(ground.terms.len());
        ground.kept.iter().zip(&beta).for_each(|(j, b)| whole[*j] = *b);
        Some(whole)
    }

    /// What coefficients of these columns say: of each row, and in the user's units.
    fn refitted(&self, ground: &Ground<'_>, whole: &Array1<f64>, aliased: usize) -> Result<Refitted> {
        let eta = if self.predicts {
            Glm::new(ground.rows, self.loss).linear_predictor(whole) // 4
        } else {
            Array1::zeros(0)
        };
        ground.rows.check()?;
        let (frame, p) = (&self.laid.frame, self.laid.blueprint.terms.len());
        let all: Vec<usize> = (0..p).collect();
        let places = if ground.learnt.is_none() { &frame.independent.kept } else { &all };
        let beta = ground.user(whole, places, p, frame.has_intercept);
        Ok(Refitted { eta, beta, learnt: ground.learnt.clone(), aliased })
    }

    /// The same by all steps of a fit: columns that say nothing new, the descent, the proof.
    fn refit_anew(&self, ground: &Ground<'_>, train: &Array1<f64>, part: u64) -> Result<Outcome<Refitted>> {
        let has_intercept = self.laid.frame.has_intercept;
        let rows = Reweighted::new(ground.rows, train);
        let root = Glm::new(&rows, Loss::Squared).curvature_root(&Array1::zeros(rows.n_columns()));
        ground.rows.check()?;
        let (root, spread) = standardised(root, has_intercept);
        let independent = match Dependent::of(self.spec.penalty) {
            Dependent::LeftOut => aliasing::find(&root, ground.scale, ground.terms, has_intercept),
            Dependent::Kept => aliasing::constant(&root, ground.scale, has_intercept),
        };
        let kept = &independent.kept;
        let some = |of: &Array1<f64>| -> Array1<f64> { kept.iter().map(|j| of[*j]).collect() };
        let rows = rows.keeping(kept);
        let mut size = some(&spread);
        if has_intercept && !size.is_empty() {
            size[0] = 0.0;
        }
        let to_user = to_user_units(&some(&ground.scale.centre), &some(&ground.scale.spread), has_intercept);
        let seed = self.spec.seed.wrapping_add(part).wrapping_add(1);
        let target = match self.target_of(&rows, seed)? {
            Ok(target) => target,
            Err(failure) => return Ok(Err(failure)),
        };
        let (start, watcher) = (some(&ground.start), &mut Heeding(self.stop));
        let found = descend(&rows, (target, self.loss), &size, &start, (seed, &to_user), watcher); // 3
        ground.rows.check()?;
        let beta = match found {
            Ok(beta) => beta,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut whole = Array1::zeros(ground.terms.len());
        kept.iter().zip(&beta).for_each(|(j, b)| whole[*j] = *b);
        self.refitted(ground, &whole, self.laid.frame.dim().saturating_sub(kept.len())).map(Ok)
    }

    /// What the model of a resample minimises: a lambda that was not given is chosen anew, with other folds in each.
    fn target_of(&self, rows: &dyn Rows, seed: u64) -> Result<Outcome<Target>> {
        let Penalty::ElasticNet { lambda: None, alpha } = self.spec.penalty else {
            return Ok(Ok(self.target));
        };
        let has_intercept = self.laid.frame.has_intercept;
        let rows = standardised_rows(rows, has_intercept, self.folder)?;
        let problem = Problem { rows: &rows, loss: self.loss, alpha, has_intercept };
        let (ways, watcher) = ((FOLDS, seed), &mut Heeding(self.stop));
        let tuned = grid(&problem)
            .and_then(|lambdas| cross_validate_on_disk(&problem, &lambdas, ways, self.folder, watcher));
        rows.check()?;
        match tuned {
            Ok(tuned) => Ok(Ok(Target::ElasticNet(Strength { lambda: tuned.lambda_1se(), alpha }))),
            Err(error) if error.kind == Kind::Io => Err(error),
            Err(_) => Ok(Err(Failure::Penalty)),
        }
    }
}

/// What learns knots and polynomials from other weights of the rows, and the scale of all columns.
fn learning(laid: &Laid) -> Result<Option<(Relearner<'_>, Scaled)>> {
    let (prepared, blueprint) = (&laid.prepared, &laid.blueprint);
    let mut names = learnt_from(&prepared.formula)?.concat();
    if names.is_empty() {
        return Ok(None);
    }
    if blueprint.columns.is_in_memory() {
        return Err(Error::usage(
            "`--validate` learns knots anew from the columns of the data, which have gone",
        )
        .hint("let the rows lie on disk, or allow more `--memory` for arrays"));
    }
    names.sort_unstable();
    names.dedup();
    let relearner = {
        let table = blueprint.columns.table(&names)?;
        Relearner::new(&prepared.formula, &prepared.frozen, &table, &blueprint.terms)?
    };
    if relearner.is_fixed() {
        return Ok(None);
    }
    Ok(Some((relearner, blueprint.scale(prepared.weight.as_ref())?)))
}

/// Descends on rows from a start, and judges the end as that of a fit.
///
/// size: of each column, as [`Target::objective`] wants it; to_user: what carries the coefficients to the user's units.
fn descend(
    rows: &dyn Rows,
    (target, loss): (Target, Loss),
    size: &Array1<f64>,
    start: &Array1<f64>,
    (seed, to_user): (u64, &Array2<f64>),
    watcher: &mut dyn Watcher,
) -> Outcome<Array1<f64>> {
    let objective = target.objective(rows, loss, size);
    let descent = minimise(&*objective, start, &settings(seed), watcher);
    let error = match target {
        Target::Likelihood => prove(rows, to_user, loss, &descent.beta).error_in_standard_errors,
        Target::Firth | Target::ElasticNet(_) => None,
    };
    if target == Target::Likelihood && loss == Loss::Logistic && error.is_none() {
        let separated = separation::find_in(rows).map_err(|_| Failure::Unconverged)?;
        separated.map_or(Ok(()), |_| Err(Failure::Separated))?;
    }
    if arrived(target, &descent, error) { Ok(descent.beta) } else { Err(Failure::Unconverged) }
}

/// From the triangular factor R of columns in some scale, R'R = Z'WZ / W, that of the same columns standardised by these rows, and their
/// spread.
///
///   with an intercept: mean_j = R_0j,  spread_j = sqrt(sum_{k > 0} R_kj^2);  without: spread_j = sqrt(sum_k R_kj^2)
///
/// A column that is constant but for rounding becomes 0.
fn standardised(mut root: Array2<f64>, has_intercept: bool) -> (Array2<f64>, Array1<f64>) {
    const ROUNDING: f64 = 1e-12; // of a column's length
    let first = usize::from(has_intercept);
    let mut spread = Array1::ones(root.ncols());
    for j in first..root.ncols() {
        let mut column = root.column_mut(j);
        let length = norm(&column);
        if has_intercept {
            column[0] = 0.0;
        }
        spread[j] = norm(&column);
        if spread[j] > ROUNDING * length {
            column /= spread[j];
        } else {
            column.fill(0.0);
        }
    }
    (root, spread)
}

#[cfg(test)]
#[path = "swept_tests.rs"]
mod tests;
