//! The course of a validation: resample after resample is measured and summed, whatever made its model.

use ndarray::Array1;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::fit::spec::{Robust, Spec};
use crate::num::special::normal_quantile;
use crate::objective::loss::Loss;
use crate::optimise::watch::Signal;
use crate::validate::indices::names;
use crate::validate::instability::Collector;
use crate::validate::refit::Failure;
use crate::validate::resample::Scheme;
use crate::validate::{Imputations, Index, Validation};

/// One resample's model, measured.
pub struct Measured {
    /// The indices on the rows that it was fitted to.
    pub training: Vec<Option<f64>>,
    /// The indices on the rows that test it.
    pub test: Vec<Option<f64>>,
    /// Its predictions for all rows: risks or means.
    pub means: Vec<f64>,
    /// Whether a column counted as 0.
    pub aliased: bool,
}

/// Resamples that are made together where the rows are few, between two questions whether to go on.
pub const TOGETHER: usize = 32;

/// What all resamples of a validation share.
pub struct Course<'a> {
    /// Which family.
    pub loss: Loss,
    /// How resamples are drawn.
    pub scheme: Scheme,
    /// Seed, level and clusters.
    pub spec: &'a Spec,
    /// The indices of the model on its own rows.
    pub apparent: Vec<Option<f64>>,
    /// Their standard errors, the model taken as given.
    pub errors: Vec<Option<f64>>,
    /// The model's predictions, one a row.
    pub means: Vec<f64>,
    /// The outcomes, one a row.
    pub outcome: &'a Array1<f64>,
    /// How many resamples are made together: each has vectors of all rows of its own.
    pub together: usize,
    /// What became of an imputation.
    pub imputations: Option<Imputations>,
}

impl Course<'_> {
    /// Measures each resample's model by `one`, in parallel, and sums in their order.
    ///
    ///   optimism = mean of training - test,  corrected = apparent - optimism
    ///
    /// `go_on` is asked after every few resamples with how many are done; `None` if it says stop.
    ///
    /// # Errors
    /// Data, when fewer than two resamples (split: the one) gave a model.
    pub fn run(
        mut self,
        one: &(dyn Fn(usize) -> std::result::Result<Measured, Failure> + Sync),
        go_on: &mut dyn FnMut(usize) -> Signal,
    ) -> Result<Option<Validation>> {
        let is_bootstrap = matches!(self.scheme, Scheme::Bootstrap { .. });
        let mut tally = Tally::new(names(self.loss).len());
        let means = std::mem::take(&mut self.means);
        let mut collector = is_bootstrap.then(|| Collector::new(self.loss, means, self.outcome));
        let resamples = self.scheme.resamples();
        for start in (0..resamples).step_by(self.together) {
            let end = (start + self.together).min(resamples);
            let batch: Vec<_> = (start..end).into_par_iter().map(one).collect();
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
        tally.check(self.scheme)?;
        let z = normal_quantile(0.5 + 0.5 * self.spec.conf_level);
        let indices = tally.indices(names(self.loss), &self.apparent, &self.errors, z);
        let slope = indices.last().and_then(|slope| slope.corrected);
        Ok(Some(Validation {
            scheme: self.scheme,
            seed: self.spec.seed,
            cluster: match &self.spec.robust {
                Robust::Cluster { variable, .. } => Some(variable.clone()),
                Robust::Model | Robust::Hc(_) => None,
            },
            failed: tally.failures.iter().map(|(_, n)| n).sum(),
            failures: tally.failures,
            aliased: tally.aliased,
            imputations: self.imputations,
            conf_level: self.spec.conf_level,
            indices,
            shrinkage_factor: slope.filter(|_| is_bootstrap),
            instability: collector.and_then(|c| c.summary()),
        }))
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
