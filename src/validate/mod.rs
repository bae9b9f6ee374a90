//! Internal validation: what the model is worth on patients like these, by refitting it to resamples of them.

pub mod indices;
pub mod instability;
pub mod interval;
pub mod recalibrate;
pub mod refit;
pub mod resample;
pub mod sweep;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::fit::analysis::Analysis;
use crate::fit::loss_of;
use crate::fit::spec::{Penalty, Robust};
use crate::num::special::normal_quantile;
use crate::objective::loss::Loss;
use crate::optimise::watch::Signal;
use crate::validate::indices::{Calibration, Predicted, names};
use crate::validate::instability::{Collector, Instability};
use crate::validate::interval::standard_errors;
use crate::validate::refit::{Failure, Study};
use crate::validate::resample::{Population, Scheme};

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
    /// Coverage of the intervals.
    pub conf_level: f64,
    /// The indices in the order of [`names`].
    pub indices: Vec<Index>,
    /// Bootstrap: the corrected calibration slope, by which the coefficients would be shrunk.
    pub shrinkage_factor: Option<f64>,
    /// Bootstrap: how far predictions move.
    pub instability: Option<Instability>,
}

/// One resample's model, measured.
struct Measured {
    training: Vec<Option<f64>>,
    test: Vec<Option<f64>>,
    means: Vec<f64>,
    aliased: bool,
}

/// Resamples between two questions whether to go on.
const BATCH: usize = 32;

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
    let population = population(analysis, loss);
    population.check(scheme)?;
    let study = Study::new(prepared, spec, loss)?.map_err(|failure| {
        Error::data(format!("the model cannot be validated: the data {}", failure.words()))
    })?;
    let calibration = calibration(analysis);
    let y = &prepared.chosen.y;
    let weight = prepared.weight.as_ref();
    let whole = Predicted::new(loss, y, study.eta().clone());
    let apparent = whole.indices(weight.map(|w| &**w), calibration); // 1
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
    let is_bootstrap = matches!(scheme, Scheme::Bootstrap { .. });
    let mut tally = Tally::new(names(loss).len());
    let mut collector = is_bootstrap.then(|| Collector::new(loss, &whole.mean.to_vec(), &y.to_vec()));
    let resamples = scheme.resamples();
    for start in (0..resamples).step_by(BATCH) {
        let end = (start + BATCH).min(resamples);
        let batch: Vec<_> = (start..end).into_par_iter().map(one).collect(); // 2
        for measured in batch {
            tally.add(&measured);
            if let (Ok(measured), Some(collector)) = (&measured, &mut collector) {
                collector.add(&measured.means);
            }
        }
        if go_on(end) == Signal::Stop {
            return Ok(None);
        }
    }
    tally.check(scheme)?;
    let line = match apparent.as_slice() {
        [.., Some(intercept), Some(slope)] => Some((*intercept, *slope)),
        _ => None,
    };
    let errors = standard_errors(&whole, weight, prepared.cluster.as_deref(), line);
    let z = normal_quantile(0.5 + 0.5 * spec.conf_level);
    let indices = tally.indices(names(loss), &apparent, &errors, z); // 3
    let slope = indices.last().and_then(|slope| slope.corrected);
    Ok(Some(Validation {
        scheme,
        seed: spec.seed,
        cluster: match &spec.robust {
            Robust::Cluster { variable, .. } => Some(variable.clone()),
            Robust::Model | Robust::Hc(_) => None,
        },
        failed: tally.failures.iter().map(|(_, n)| n).sum(),
        failures: tally.failures,
        aliased: tally.aliased,
        conf_level: spec.conf_level,
        indices,
        shrinkage_factor: slope.filter(|_| is_bootstrap),
        instability: collector.and_then(|c| c.summary()),
    }))
}

fn population(analysis: &Analysis, loss: Loss) -> Population<'_> {
    let prepared = &analysis.prepared;
    Population {
        weight: prepared.weight.as_ref(),
        cluster: prepared.cluster.as_deref(),
        stratum: (loss == Loss::Logistic).then(|| prepared.chosen.y.iter().map(|y| *y > 0.5).collect()),
        n_rows: prepared.used.n_rows,
    }
}

/// Intercept 0 and slope 1 hold where the scores of intercept and linear predictor vanish on the rows of the fit.
fn calibration(analysis: &Analysis) -> Calibration {
    let design = &analysis.prepared.encoded;
    let likelihood = analysis.fit.spec.penalty == Penalty::None;
    let only_intercept = design.x.ncols() < 2;
    if likelihood && design.has_intercept && design.offset.is_none() && !only_intercept {
        Calibration::ByConstruction
    } else {
        Calibration::Estimated
    }
}

/// Sums over the resamples, in their order.
struct Tally {
    pairs: Vec<Vec<(f64, f64)>>,
    failures: Vec<(Failure, usize)>,
    aliased: usize,
    fitted: usize,
}

impl Tally {
    fn new(n_indices: usize) -> Tally {
        Tally { pairs: vec![Vec::new(); n_indices], failures: Vec::new(), aliased: 0, fitted: 0 }
    }

    fn add(&mut self, measured: &std::result::Result<Measured, Failure>) {
        match measured {
            Ok(measured) => {
                self.fitted += 1;
                self.aliased += usize::from(measured.aliased);
                for ((pairs, training), test) in
                    self.pairs.iter_mut().zip(&measured.training).zip(&measured.test)
                {
                    if let (Some(training), Some(test)) = (training, test) {
                        pairs.push((*training, *test));
                    }
                }
            }
            Err(failure) => match self.failures.iter_mut().find(|(known, _)| known == failure) {
                Some((_, count)) => *count += 1,
                None => {
                    self.failures.push((*failure, 1));
                    self.failures.sort();
                }
            },
        }
    }

    fn check(&self, scheme: Scheme) -> Result<()> {
        let needed = scheme.resamples().min(2);
        if self.fitted >= needed {
            return Ok(());
        }
        let why: Vec<String> =
            self.failures.iter().map(|(failure, n)| format!("{n} {}", failure.words())).collect();
        Err(Error::data(format!(
            "the model cannot be validated: of {} resamples {}",
            scheme.resamples(),
            why.join(", ")
        ))
        .hint("the data are too few for this model: use fewer terms, or `--penalty firth`"))
    }

    fn indices(
        &self,
        names: &[&'static str],
        apparent: &[Option<f64>],
        errors: &[Option<f64>],
        z: f64,
    ) -> Vec<Index> {
        (0..names.len())
            .map(|k| {
                let pairs = &self.pairs[k];
                let n = pairs.len() as f64;
                let mean = |of: &dyn Fn(&(f64, f64)) -> f64| {
                    (!pairs.is_empty()).then(|| pairs.iter().map(of).sum::<f64>() / n)
                };
                let optimism = mean(&|(training, test)| training - test);
                let corrected = apparent[k].zip(optimism).map(|(apparent, optimism)| apparent - optimism);
                let spread = optimism.and_then(|o| mean(&|(a, b)| (a - b - o).powi(2)));
                let end = |sign: f64| corrected.zip(errors[k]).map(|(c, se)| c + sign * z * se);
                Index {
                    name: names[k],
                    apparent: apparent[k],
                    training: mean(&|(training, _)| *training),
                    test: mean(&|(_, test)| *test),
                    optimism,
                    corrected,
                    std_error: errors[k],
                    conf_low: end(-1.0),
                    conf_high: end(1.0),
                    monte_carlo_error: spread.filter(|_| n > 1.0).map(|s| (s / (n - 1.0)).sqrt()),
                    resamples: pairs.len(),
                }
            })
            .collect()
    }
}

/// The model of all rows and the weights of each resample are all that a refit depends on: for tests.
#[cfg(test)]
pub(crate) fn weights_of(analysis: &Analysis, scheme: Scheme, k: usize) -> ndarray::Array1<f64> {
    let loss = loss_of(analysis.prepared.chosen.family);
    population(analysis, loss).draw(scheme, analysis.fit.spec.seed, k).train
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
