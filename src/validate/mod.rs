//! Internal validation: what the model is worth on patients like these, by refitting it to resamples of them.

#[cfg(test)]
mod effect_tests;
pub mod indices;
pub mod instability;
pub mod interval;
pub mod recalibrate;
pub mod refit;
pub mod resample;
pub mod sweep;
pub mod swept;
pub mod tally;

use crate::error::{Error, Result};
use crate::fit::analysis::Analysis;
use crate::fit::loss_of;
use crate::fit::prepare::Prepared;
use crate::fit::spec::{Penalty, Spec};
use crate::objective::loss::Loss;
use crate::optimise::watch::Signal;
use crate::validate::indices::{Calibration, Predicted};
use crate::validate::instability::Instability;
use crate::validate::interval::standard_errors;
use crate::validate::refit::{Failure, Study};
use crate::validate::resample::{Population, Scheme};
use crate::validate::tally::{Course, Measured, TOGETHER};

/// One index, apparent and corrected; `None` where it does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// As in `validation.json`.
    pub name: &'static str,
    /// Of the model on its own rows.
    pub apparent: Option<f64>,
    /// Mean over the resamples, of the refitted model on the rows that it was fitted to.
    pub training: Option<f64>,
    /// Mean over the resamples, of the same model on the rows that test it.
    pub test: Option<f64>,
    /// training - test.
    pub optimism: Option<f64>,
    /// apparent - optimism.
    pub corrected: Option<f64>,
    /// Of the index of a fixed model in a sample of this size.
    pub std_error: Option<f64>,
    /// corrected - z std_error.
    pub conf_low: Option<f64>,
    /// corrected + z std_error.
    pub conf_high: Option<f64>,
    /// Standard error of the optimism that comes from the finite number of resamples.
    pub monte_carlo_error: Option<f64>,
    /// Resamples in which it exists.
    pub resamples: usize,
}

/// What a validation did about missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imputations {
    /// The incomplete rows of each resample were imputed anew.
    Repeated {
        /// Imputations of each resample.
        inside: usize,
        /// Completed data sets of all rows, on which each model was tested.
        whole: usize,
    },
    /// The data sets were completed elsewhere; each was validated with the same resamples.
    NotRepeated {
        /// Completed data sets.
        files: usize,
    },
}

/// The result of an internal validation.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// How the resamples were drawn.
    pub scheme: Scheme,
    /// The seed of the draws.
    pub seed: u64,
    /// The column whose values were drawn whole, where rows of a cluster belong together.
    pub cluster: Option<String>,
    /// Resamples without a model.
    pub failed: usize,
    /// Why, and how many each.
    pub failures: Vec<(Failure, usize)>,
    /// Resamples in which a column was constant or determined by others and counted as 0.
    pub aliased: usize,
    /// Of several completed data sets: what became of the imputation; `None` of one data set.
    pub imputations: Option<Imputations>,
    /// Coverage of the intervals.
    pub conf_level: f64,
    /// The indices in the order of [`indices::names`].
    pub indices: Vec<Index>,
    /// Bootstrap: the corrected calibration slope, by which the coefficients would be shrunk.
    pub shrinkage_factor: Option<f64>,
    /// Bootstrap: how far predictions move.
    pub instability: Option<Instability>,
}

/// Validates a model with its own rows.
///
/// In order: 1. The model is fitted to all rows and measured: the apparent indices. 2. Each resample is fitted as that was, from
/// knots to penalty, and measured on the rows that it was fitted to and on those that test it. 3. optimism = mean of
/// training - test over the resamples; corrected = apparent - optimism. An interval is corrected +- z standard
/// errors of the index of a fixed model (see [`standard_errors`]): the sampling error of the apparent index, moved to
/// the corrected one. That the model itself was estimated moves the calibration slope by as much, other indices in second order.
///
/// `go_on` is asked after every few resamples with how many are done; `None` is returned if it says stop.
/// Source: Harrell, Lee & Mark 1996, Statistics in Medicine 15:361-387; Efron 1983, JASA 78:316-331.
///
/// # Errors
/// Usage, when the rows cannot be divided so; Data, when there is no model of all rows or of fewer than two resamples
/// (split: of the one).
pub fn validate(
    analysis: &Analysis,
    scheme: Scheme,
    go_on: &mut dyn FnMut(usize) -> Signal,
) -> Result<Option<Validation>> {
    let (prepared, spec) = (&analysis.prepared, &analysis.fit.spec);
    let loss = loss_of(prepared.chosen.family);
    let population = population(prepared, loss);
    population.check(scheme)?;
    let study = Study::new(prepared, spec, loss)?.map_err(without_model)?;
    let calibration = calibration(prepared, spec);
    let y = &prepared.chosen.y;
    let weight = prepared.weight.as_ref();
    let whole = Predicted::new(loss, y, study.eta().clone());
    let apparent = whole.indices(weight.map(|w| &**w), calibration); // 1
    let line = line_of(&apparent);
    let errors = standard_errors(&whole, weight, prepared.cluster.as_deref(), line);
    let one = |k: usize| -> std::result::Result<Measured, Failure> {
        let drawn = population.draw(scheme, spec.seed, k);
        let model = study.refit(&drawn.train, k as u64)?;
        let predicted = Predicted::new(loss, y, model.eta);
        let test = drawn.test.as_ref().or(weight);
        Ok(Measured {
            training: predicted.indices(Some(&drawn.train), calibration),
            test: predicted.indices(test.map(|w| &**w), Calibration::Estimated),
            means: predicted.mean.to_vec(),
            aliased: model.aliased > 0,
        })
    };
    let course = Course {
        loss,
        scheme,
        spec,
        apparent,
        errors,
        means: whole.mean.to_vec(),
        outcome: y,
        together: TOGETHER,
        imputations: None,
    };
    course.run(&one, go_on) // 2, 3
}

/// Intercept and slope of the recalibration among the indices, where they exist.
pub fn line_of(indices: &[Option<f64>]) -> Option<(f64, f64)> {
    match indices {
        [.., Some(intercept), Some(slope)] => Some((*intercept, *slope)),
        _ => None,
    }
}

/// There is no model of all rows, and why.
fn without_model(failure: Failure) -> Error {
    Error::data(format!("the model cannot be validated: the data {}", failure.words()))
}

/// Who is drawn of the rows used.
pub fn population(prepared: &Prepared, loss: Loss) -> Population<'_> {
    Population {
        weight: prepared.weight.as_ref(),
        cluster: prepared.cluster.as_deref(),
        stratum: (loss == Loss::Logistic).then(|| prepared.chosen.y.iter().map(|y| *y > 0.5).collect()),
        n_rows: prepared.used.n_rows,
    }
}

/// Intercept 0 and slope 1 hold where the scores of intercept and linear predictor vanish on the rows of the fit.
pub fn calibration(prepared: &Prepared, spec: &Spec) -> Calibration {
    let design = &prepared.encoded;
    let likelihood = spec.penalty == Penalty::None;
    let only_intercept = design.x.ncols() < 2;
    if likelihood && design.has_intercept && design.offset.is_none() && !only_intercept {
        Calibration::ByConstruction
    } else {
        Calibration::Estimated
    }
}

/// The model of all rows and the weights of each resample are all that a refit depends on: for tests.
#[cfg(test)]
pub(crate) fn weights_of(analysis: &Analysis, scheme: Scheme, k: usize) -> ndarray::Array1<f64> {
    let loss = loss_of(analysis.prepared.chosen.family);
    population(&analysis.prepared, loss).draw(scheme, analysis.fit.spec.seed, k).train
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
