//! One refit: everything that looked at the data is done again on the rows of one resample.

use std::sync::Mutex;

use ndarray::{Array1, Array2, ArrayRef1, Axis};

use crate::design::matrix::Encoded;
use crate::design::relearn::{Relearner, Replacement};
use crate::error::Result;
use crate::fit::exact::{Exact, examine};
use crate::fit::frame::{Dependent, Frame};
use crate::fit::path::{Problem, grid};
use crate::fit::prepare::Prepared;
use crate::fit::spec::{Penalty, Spec};
use crate::fit::target::Target;
use crate::fit::tune::{FOLDS, cross_validate};
use crate::num::linalg::inverse_upper;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::penalty::Strength;
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Descent, Settings, minimise};
use crate::rows::Rows;
use crate::validate::sweep::{Reweighted, Sweep};

/// Why a resample gave no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// All its outcomes are the same.
    OneOutcome,
    /// A spline or polynomial has too few values.
    Basis,
    /// The outcome is perfectly predicted: there is no finite estimate.
    Separated,
    /// No penalty could be chosen.
    Penalty,
    /// The descent did not arrive.
    Unconverged,
    /// A variable had no value to impute from, or its imputation model did not converge.
    Imputation,
}

impl Failure {
    /// In words, after "n resamples".
    pub fn words(self) -> &'static str {
        match self {
            Failure::OneOutcome => "had one value of the outcome only",
            Failure::Basis => "had too few values for a spline or polynomial",
            Failure::Separated => "were separated (no finite estimate)",
            Failure::Penalty => "let no penalty be chosen",
            Failure::Unconverged => "did not converge",
            Failure::Imputation => "could not be imputed",
        }
    }
}

/// A model of one resample, as it predicts all rows.
pub struct Refitted {
    /// Linear predictor of every row, offset included.
    pub eta: Array1<f64>,
    /// Columns that were constant or determined by others in the resample, though not in all rows; they count as 0.
    pub aliased: usize,
}

/// The model of all rows and what its refits share.
pub struct Study<'a> {
    prepared: &'a Prepared,
    spec: &'a Spec,
    loss: Loss,
    relearner: Relearner<'a>,
    full: Full,
    /// Whether refits are sweeps of all rows with other weights.
    by_sweeps: bool,
    /// Standardised designs whose columns of learnt knots the next resample writes anew: one a thread at most.
    spare: Mutex<Vec<Spare>>,
}

/// A standardised design, and for each learnt basis whether its columns are other than those of all rows.
struct Spare {
    x: Array2<f64>,
    changed: Vec<bool>,
}

/// The model of all rows.
struct Full {
    frame: Frame,
    eta: Array1<f64>,
    mean: Array1<f64>,
    /// In the user's units, 0 for a column that was left out.
    beta: Array1<f64>,
}

impl<'a> Study<'a> {
    /// Fits the model to all rows.
    ///
    /// # Errors
    /// Data or Formula, as the design says; the failure, when there is no model of all rows.
    pub fn new(
        prepared: &'a Prepared,
        spec: &'a Spec,
        loss: Loss,
    ) -> Result<std::result::Result<Self, Failure>> {
        let relearner =
            Relearner::new(&prepared.formula, &prepared.frozen, &prepared.used, &prepared.encoded.terms)?;
        let design = &prepared.encoded;
        let y = &prepared.chosen.y;
        let fitted = fit(&Sample { design, y, weight: prepared.weight.as_ref() }, spec, loss, None);
        let fitted = match fitted {
            Ok(fitted) => fitted,
            Err(failure) => return Ok(Err(failure)),
        };
        let beta = fitted.user();
        let eta = design.linear_predictor(&beta);
        let mean = eta.mapv(|e| loss.mean(e));
        let full = Full { frame: fitted.frame, eta, mean, beta };
        let by_sweeps = full.can_be_swept(prepared, spec);
        let spare = Mutex::new(Vec::new());
        Ok(Ok(Study { prepared, spec, loss, relearner, full, by_sweeps, spare }))
    }

    /// The linear predictor of all rows by the model of all rows.
    pub fn eta(&self) -> &Array1<f64> {
        &self.full.eta
    }

    /// Whether refits are sweeps of all rows with other weights, from a warm start.
    pub fn is_by_sweeps(&self) -> bool {
        self.by_sweeps
    }

    /// Fits the model anew to the rows counted by `train`.
    ///
    /// In order: 1. Knots and polynomials are learnt from these rows; levels stay. 2. The columns are standardised, aliased ones
    /// left out, the penalty chosen by cross-validation if that was asked for. 3. The descent begins at the model of
    /// all rows; its end is judged as that of a fit is.
    ///
    /// With many rows and no penalty, 2 and 3 are sweeps of the rows with these weights, preconditioned by
    /// their curvature at the predictions of the model of all; what does not end at once there goes the long way.
    ///
    /// # Errors
    /// Why these rows give no model.
    pub fn refit(&self, train: &Array1<f64>, part: u64) -> std::result::Result<Refitted, Failure> {
        if self.loss == Loss::Logistic && has_one_outcome(&self.prepared.chosen.y, train) {
            return Err(Failure::OneOutcome);
        }
        if self.by_sweeps
            && let Some(eta) = self.sweep(train)?
        {
            return Ok(Refitted { eta, aliased: 0 });
        }
        let own = self.own_columns(train)?; // 1
        self.fit_anew(train, own, part)
    }

    /// The columns of the design that these rows change: those of knots that they give.
    fn own_columns(&self, train: &Array1<f64>) -> std::result::Result<Vec<(usize, Vec<f64>)>, Failure> {
        if self.relearner.is_fixed() {
            return Ok(Vec::new());
        }
        self.relearner.columns(train, &self.prepared.used).map_err(|_| Failure::Basis)
    }

    fn sweep(&self, train: &Array1<f64>) -> std::result::Result<Option<Array1<f64>>, Failure> {
        let frame = &self.full.frame;
        let sweep = Sweep { loss: self.loss, eta: &self.full.eta, mean: &self.full.mean };
        let on = |x: &Array2<f64>| {
            let offset = frame.memory().offset.as_ref();
            sweep.fit(&Reweighted { x, y: &frame.memory().y, weight: train, offset })
        };
        if self.relearner.is_fixed() {
            return Ok(on(&frame.memory().x));
        }
        let learnt = self.relearner.learn(train).map_err(|_| Failure::Basis)?;
        let spare = self.spare.lock().ok().and_then(|mut spare| spare.pop());
        let n_bases = self.relearner.n_bases();
        let mut spare =
            spare.unwrap_or_else(|| Spare { x: frame.memory().x.clone(), changed: vec![false; n_bases] });
        let replaced = self.relearner.replacements(&learnt, &|basis| spare.changed[basis]);
        let changed: Vec<bool> = match replaced {
            Some(replaced) => {
                put_replacements(&mut spare.x, frame, &replaced);
                (0..n_bases).map(|k| replaced.iter().any(|r| r.basis == k && r.is_new)).collect()
            }
            None => {
                let own = self.relearner.columns(train, &self.prepared.used).map_err(|_| Failure::Basis)?;
                spare.x.assign(&frame.memory().x);
                put_columns(&mut spare.x, frame, &own);
                vec![true; n_bases] // all is to be written anew next time
            }
        };
        let eta = on(&spare.x);
        if let Ok(mut all) = self.spare.lock() {
            all.push(Spare { changed, ..spare });
        }
        Ok(eta)
    }

    fn fit_anew(
        &self,
        train: &Array1<f64>,
        own: Vec<(usize, Vec<f64>)>,
        part: u64,
    ) -> std::result::Result<Refitted, Failure> {
        let changed;
        let design = if own.is_empty() {
            &self.prepared.encoded
        } else {
            let mut copy = self.prepared.encoded.clone();
            own.into_iter().for_each(|(j, values)| copy.x.column_mut(j).assign(&Array1::from_vec(values)));
            changed = copy;
            &changed
        };
        let rows: Vec<usize> = (0..train.len()).filter(|i| train[*i] > 0.0).collect();
        let some = Encoded {
            terms: design.terms.clone(),
            x: design.x.select(Axis(0), &rows),
            has_intercept: design.has_intercept,
            offset: design.offset.as_ref().map(|o| o.select(Axis(0), &rows)),
        };
        let y = self.prepared.chosen.y.select(Axis(0), &rows);
        let weight = train.select(Axis(0), &rows);
        let mut spec = self.spec.clone();
        spec.seed = spec.seed.wrapping_add(part).wrapping_add(1); // other folds for each choice of a penalty
        let sample = Sample { design: &some, y: &y, weight: Some(&weight) };
        let fitted = fit(&sample, &spec, self.loss, Some(&self.full.beta))?;
        let aliased = self.full.frame.dim().saturating_sub(fitted.frame.dim());
        Ok(Refitted { eta: design.linear_predictor(&fitted.user()), aliased })
    }
}

impl Full {
    /// Whether refits can be sweeps of all rows, from a warm start.
    fn can_be_swept(&self, prepared: &Prepared, spec: &Spec) -> bool {
        let rows = self.frame.memory();
        stays_near(&self.frame, prepared, spec, rows.weight.as_ref())
    }
}

/// Whether a refit to a resample is near the model of all rows: maximum likelihood, and so many rows in every direction of the design
/// that no resample can lose one.
pub fn stays_near(frame: &Frame, prepared: &Prepared, spec: &Spec, weight: Option<&Array1<f64>>) -> bool {
    /// Below this a fit from the curvature of its own rows costs little.
    const MANY_ROWS: usize = 8192;
    /// A direction's leverages sum to 1: with this as the largest at least 40 rows share each direction, and all
    /// 40 stay out of a bootstrap sample once in e^40.
    const LARGEST_LEVERAGE: f64 = 1.0 / 40.0;
    if spec.penalty != Penalty::None || prepared.cluster.is_some() || prepared.used.n_rows < MANY_ROWS {
        return false;
    }
    let largest_weight = weight.map_or(1.0, |w| w.iter().copied().fold(0.0, f64::max));
    let inverse = inverse_upper(&frame.design_root);
    let leverage =
        Glm::new(&frame.rows, Loss::Squared).largest_leverage(&inverse) / frame.rows.total_weight();
    leverage * largest_weight <= LARGEST_LEVERAGE
}

/// Writes some columns of the design, standardised by the frame's scale, in the place of those that stand there.
fn put_columns(z: &mut Array2<f64>, frame: &Frame, own: &[(usize, Vec<f64>)]) {
    for (j, values) in own {
        let Ok(place) = frame.independent.kept.binary_search(j) else { continue };
        let (centre, spread) = (frame.scale.centre[place], frame.scale.spread[place]);
        let cells = z.column_mut(place).into_iter().zip(values);
        cells.for_each(|(cell, value)| *cell = (value - centre) / spread);
    }
}

/// The same by distinct values, row after row.
fn put_replacements(z: &mut Array2<f64>, frame: &Frame, replaced: &[Replacement<'_>]) {
    let mut columns: Vec<(usize, &[u32], Vec<f64>)> = Vec::new();
    for Replacement { places, rank, cells, .. } in replaced {
        for (j, cells) in places.iter().zip(cells) {
            let Ok(place) = frame.independent.kept.binary_search(j) else { continue };
            let (centre, spread) = (frame.scale.centre[place], frame.scale.spread[place]);
            columns.push((place, rank, cells.iter().map(|value| (value - centre) / spread).collect()));
        }
    }
    let p = z.ncols();
    let cells_of_rows = z.as_slice_mut().expect("a design is row-major").chunks_exact_mut(p.max(1));
    for (i, row) in cells_of_rows.enumerate() {
        for (place, rank, cells) in &columns {
            row[*place] = cells[rank[i] as usize];
        }
    }
}

/// Whether the rows that count have one value of a 0/1 outcome.
pub fn has_one_outcome(y: &ArrayRef1<f64>, weight: &ArrayRef1<f64>) -> bool {
    let any = |wanted: bool| y.iter().zip(weight).any(|(y, w)| *w > 0.0 && (*y > 0.5) == wanted);
    !(any(true) && any(false))
}

/// Rows to fit to.
pub struct Sample<'a> {
    /// Their design in the user's units.
    pub design: &'a Encoded,
    /// Their outcome.
    pub y: &'a Array1<f64>,
    /// Their weights.
    pub weight: Option<&'a Array1<f64>>,
}

/// The coefficients of some rows in the user's units, 0 for a column that says nothing of its own, and how many such
/// columns there are.
///
/// # Errors
/// Why these rows give no model.
pub fn coefficients(
    sample: &Sample<'_>,
    spec: &Spec,
    loss: Loss,
    start: Option<&Array1<f64>>,
) -> std::result::Result<(Array1<f64>, usize), Failure> {
    let fitted = fit(sample, spec, loss, start)?;
    Ok((fitted.user(), sample.design.x.ncols() - fitted.frame.dim()))
}

/// A fit that arrived.
struct Fitted {
    frame: Frame,
    exact: Exact,
}

impl Fitted {
    /// The coefficients in the user's units, 0 for a column that was left out.
    fn user(&self) -> Array1<f64> {
        let mut beta = Array1::zeros(self.frame.independent.aliased.len());
        let estimates = self.frame.to_user.dot(&self.exact.beta);
        self.frame.independent.kept.iter().zip(&estimates).for_each(|(j, b)| beta[*j] = *b);
        beta
    }
}

/// Fits some rows by `auto`, from coefficients in the user's units if there are any.
fn fit(
    sample: &Sample<'_>,
    spec: &Spec,
    loss: Loss,
    start: Option<&Array1<f64>>,
) -> std::result::Result<Fitted, Failure> {
    let dependent = match spec.penalty {
        Penalty::ElasticNet { .. } => Dependent::Kept,
        Penalty::None | Penalty::Firth => Dependent::LeftOut,
    };
    let frame = Frame::of(sample.design, sample.y, sample.weight, dependent);
    let target = target(spec, &frame, loss)?;
    let objective = target.objective(&frame.rows, loss, &Target::sizes(&frame, false));
    let settings = settings(spec.seed);
    let start = start.map_or_else(|| Array1::zeros(frame.dim()), |beta| in_frame(beta, &frame));
    let descent = minimise(&*objective, &start, &settings, &mut Unwatched);
    drop(objective);
    let exact = examine(&frame, loss, target, &descent).map_err(|_| Failure::Unconverged)?;
    judge(target, &descent, &exact)?;
    Ok(Fitted { frame, exact })
}

/// How a refit descends.
pub fn settings(seed: u64) -> Settings {
    Settings {
        method: Method::Auto,
        batch: None,
        decay: Decay::Constant,
        max_epochs: 10_000,
        tolerance: 1e-8,
        seed,
    }
}

/// Coefficients in the user's units as standardised ones of the columns that a frame keeps.
pub fn in_frame(user: &Array1<f64>, frame: &Frame) -> Array1<f64> {
    let kept = user.select(Axis(0), &frame.independent.kept);
    let mut beta = &kept * &frame.scale.spread;
    if frame.has_intercept && !beta.is_empty() {
        let shift: f64 = kept.iter().zip(&frame.scale.centre).skip(1).map(|(b, m)| b * m).sum();
        beta[0] += shift;
    }
    beta
}

/// The target of the specification; an elastic net without a lambda chooses it anew by cross-validation.
fn target(spec: &Spec, frame: &Frame, loss: Loss) -> std::result::Result<Target, Failure> {
    match spec.penalty {
        Penalty::None => Ok(Target::Likelihood),
        Penalty::Firth => Ok(Target::Firth),
        Penalty::ElasticNet { lambda: Some(lambda), alpha } => {
            Ok(Target::ElasticNet(Strength { lambda, alpha }))
        }
        Penalty::ElasticNet { lambda: None, alpha } => {
            let problem = Problem { rows: frame.memory(), loss, alpha, has_intercept: frame.has_intercept };
            let tuned = grid(&problem)
                .and_then(|lambdas| cross_validate(&problem, &lambdas, FOLDS, spec.seed))
                .map_err(|_| Failure::Penalty)?;
            Ok(Target::ElasticNet(Strength { lambda: tuned.lambda_1se(), alpha }))
        }
    }
}

/// Whether a descent arrived.
fn judge(target: Target, descent: &Descent, exact: &Exact) -> std::result::Result<(), Failure> {
    if exact.separation.is_some() {
        return Err(Failure::Separated);
    }
    if arrived(target, descent, exact.error_in_standard_errors) { Ok(()) } else { Err(Failure::Unconverged) }
}

/// The same where nothing is separated: by the certificate for maximum likelihood (`error`, in standard errors), else by the gradient.
pub fn arrived(target: Target, descent: &Descent, error: Option<f64>) -> bool {
    const CLOSE: f64 = 1e-3; // standard errors
    match target {
        Target::Likelihood => error.is_some_and(|e| e <= CLOSE),
        Target::Firth | Target::ElasticNet(_) => descent.reason.is_converged(),
    }
}
