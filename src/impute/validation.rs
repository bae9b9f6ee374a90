//! Internal validation of a pooled model: the imputation is repeated inside each resample, like every other step.

use ndarray::{Array1, Axis};

use crate::data::table::Table;
use crate::design::formula::Formula;
use crate::design::matrix::{Encoded, Frozen, encode, rebuild};
use crate::design::relearn::Relearner;
use crate::error::{Error, Result};
use crate::fit::analysis::Analysis;
use crate::fit::loss_of;
use crate::fit::result::Fit;
use crate::impute::analysis::{Imputed, has_gaps};
use crate::impute::chain::impute_as;
use crate::impute::pool::rubin;
use crate::objective::loss::Loss;
use crate::optimise::watch::Signal;
use crate::validate::indices::{Calibration, Predicted};
use crate::validate::interval::standard_errors;
use crate::validate::refit::{Failure, Sample, Study, coefficients, has_one_outcome};
use crate::validate::resample::{Drawn, Scheme};
use crate::validate::tally::{Course, Measured, TOGETHER};
use crate::validate::{Imputations, Validation, calibration, line_of, population};

/// Imputations of each resample. The mean of a few coefficients is what a resample needs, not their spread.
pub const INSIDE: usize = 3;

/// What the resamples of an imputed file share.
struct Ground<'a> {
    imputed: &'a Imputed,
    /// The rows with their gaps.
    incomplete: &'a Table,
    /// The formula as typed, whose knots are learnt.
    formula: &'a Formula,
    /// Levels, and knots of all rows.
    frozen: &'a Frozen,
    relearner: Relearner<'a>,
    /// 1 for a row without gaps.
    is_complete: Array1<f64>,
    beta: Array1<f64>,
    loss: Loss,
}

/// Validates a model of an imputed file.
///
/// In order: 1. The pooled model is measured on each completed data set; the means are the apparent indices. 2. Each
/// resample takes the rows with their gaps and imputes them anew, [`INSIDE`] times, by a stream of its own; knots are
/// learnt from its rows as for the model (of an imputed variable from its complete rows); each completion is fitted
/// and the coefficients are averaged. 3. That model is measured on its own completed rows and on the rows that test it, as the
/// whole file's imputations completed them; indices are means over the data sets. 4. Optimism and correction as in
/// [`crate::validate::validate`]; standard errors of the apparent indices are pooled by Rubin's rules.
///
/// The cost is that of [`INSIDE`] imputations and fits a resample. Source: Wahl et al. 2016, BMC Medical Research
/// Methodology 16:144.
///
/// # Errors
/// As [`crate::validate::validate`]; Usage, when the weights stand in the formula.
pub fn validate_imputed(
    imputed: &Imputed,
    scheme: Scheme,
    go_on: &mut dyn FnMut(usize) -> Signal,
) -> Result<Option<Validation>> {
    let first = &imputed.completed[0];
    let loss = loss_of(first.fit.family);
    let population = population(&first.prepared, loss);
    population.check(scheme)?;
    let Some(incomplete) = &imputed.incomplete else {
        return crate::validate::validate(first, scheme, go_on); // nothing was missing
    };
    let prepared = &first.prepared;
    if incomplete.n_rows != prepared.used.n_rows {
        return Err(Error::usage(
            "`--validate` after an imputation needs weights that are not in the formula",
        )
        .hint("leave the weights out of the formula"));
    }
    let (design, frozen) = encode(&imputed.formula, &prepared.used, prepared.weight.as_ref())?;
    let gap = |row: usize| incomplete.columns.iter().any(|c| c.values.is_missing(row));
    let ground = Ground {
        imputed,
        incomplete,
        formula: &imputed.formula,
        frozen: &frozen,
        relearner: Relearner::new(&imputed.formula, &frozen, &prepared.used, &design.terms)?,
        is_complete: (0..incomplete.n_rows).map(|row| f64::from(u8::from(!gap(row)))).collect(),
        beta: imputed.fit.coefficients.iter().map(|c| c.estimate.unwrap_or(0.0)).collect(),
        loss,
    };
    let spec = &imputed.fit.spec;
    let etas: Vec<Array1<f64>> =
        imputed.completed.iter().map(|a| a.prepared.encoded.linear_predictor(&ground.beta)).collect();
    let forced = vec![Calibration::Estimated; etas.len()];
    let whole = Whole::of(&imputed.completed, etas, loss, &forced); // 1
    let one = |k: usize| ground.resample(&population.draw(scheme, spec.seed, k), k as u64); // 2, 3
    let course = Course {
        loss,
        scheme,
        spec,
        apparent: whole.apparent,
        errors: whole.errors,
        means: whole.means,
        outcome: &first.prepared.chosen.y,
        together: TOGETHER,
        imputations: Some(Imputations::Repeated { inside: INSIDE, whole: imputed.completed.len() }),
    };
    course.run(&one, go_on) // 4
}

/// Validates the model of each completed file with the same resamples; indices are means over the files.
///
/// The files were imputed elsewhere, so that the imputation is not repeated: what it learnt from the rows that test a
/// model stays in the rows that train it, and the optimism may be too small.
///
/// # Errors
/// As [`crate::validate::validate`]; Data, when the files do not have the same number of rows.
pub fn validate_files(
    pooled: &Fit,
    completed: &[Analysis],
    scheme: Scheme,
    go_on: &mut dyn FnMut(usize) -> Signal,
) -> Result<Option<Validation>> {
    let first = &completed[0];
    let loss = loss_of(pooled.family);
    let population = population(&first.prepared, loss);
    population.check(scheme)?;
    if completed.iter().any(|a| a.prepared.used.n_rows != first.prepared.used.n_rows) {
        return Err(Error::data("the files do not have the same number of rows, and cannot share resamples"));
    }
    let studies = completed
        .iter()
        .map(|a| {
            Study::new(&a.prepared, &a.fit.spec, loss)?.map_err(|failure| {
                Error::data(format!("the model cannot be validated: the data {}", failure.words()))
            })
        })
        .collect::<Result<Vec<Study<'_>>>>()?;
    let forced: Vec<Calibration> = completed.iter().map(|a| calibration(&a.prepared, &a.fit.spec)).collect();
    let etas = studies.iter().map(|s| s.eta().clone()).collect();
    let whole = Whole::of(completed, etas, loss, &forced);
    let one = |k: usize| -> std::result::Result<Measured, Failure> {
        let drawn = population.draw(scheme, pooled.spec.seed, k);
        let mut all = Vec::with_capacity(studies.len());
        for ((study, analysis), forced) in studies.iter().zip(completed).zip(&forced) {
            let model = study.refit(&drawn.train, k as u64)?;
            let predicted = Predicted::new(loss, &analysis.prepared.chosen.y, model.eta);
            let test = drawn.test.as_ref().or(analysis.prepared.weight.as_ref());
            all.push(Measured {
                training: predicted.indices(Some(&drawn.train), *forced),
                test: predicted.indices(test.map(|w| &**w), Calibration::Estimated),
                means: predicted.mean.to_vec(),
                aliased: model.aliased > 0,
            });
        }
        Ok(mean_measured(&all))
    };
    let course = Course {
        loss,
        scheme,
        spec: &pooled.spec,
        apparent: whole.apparent,
        errors: whole.errors,
        means: whole.means,
        outcome: &first.prepared.chosen.y,
        together: TOGETHER,
        imputations: Some(Imputations::NotRepeated { files: completed.len() }),
    };
    course.run(&one, go_on)
}

/// The model on all rows of each data set.
struct Whole {
    apparent: Vec<Option<f64>>,
    errors: Vec<Option<f64>>,
    means: Vec<f64>,
}

impl Whole {
    fn of(completed: &[Analysis], etas: Vec<Array1<f64>>, loss: Loss, forced: &[Calibration]) -> Whole {
        let mut indices: Vec<Vec<Option<f64>>> = Vec::new();
        let mut errors: Vec<Vec<Option<f64>>> = Vec::new();
        let mut means: Vec<Vec<f64>> = Vec::new();
        for ((analysis, eta), forced) in completed.iter().zip(etas).zip(forced) {
            let prepared = &analysis.prepared;
            let predicted = Predicted::new(loss, &prepared.chosen.y, eta);
            let weight = prepared.weight.as_ref();
            let own = predicted.indices(weight.map(|w| &**w), *forced);
            errors.push(standard_errors(&predicted, weight, prepared.cluster.as_deref(), line_of(&own)));
            indices.push(own);
            means.push(predicted.mean.to_vec());
        }
        Whole {
            errors: pooled_errors(&indices, &errors),
            apparent: mean_indices(&indices),
            means: mean_rows(&means),
        }
    }
}

/// sqrt(T) of each index by Rubin's rules.
fn pooled_errors(indices: &[Vec<Option<f64>>], errors: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
    let one = |k: usize| {
        let values: Vec<f64> = indices.iter().map(|own| own[k]).collect::<Option<_>>()?;
        let squares: Vec<f64> = errors.iter().map(|own| own[k].map(|se| se * se)).collect::<Option<_>>()?;
        Some(rubin(&values, &squares, f64::MAX.sqrt()).std_error)
    };
    (0..indices[0].len()).map(one).collect()
}

/// Means over the data sets, `None` where an index does not exist in one of them.
fn mean_indices(all: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
    let one = |k: usize| {
        let sum: Option<f64> = all.iter().map(|own| own[k]).sum();
        sum.map(|sum| sum / all.len() as f64)
    };
    (0..all[0].len()).map(one).collect()
}

fn mean_rows(all: &[Vec<f64>]) -> Vec<f64> {
    (0..all[0].len()).map(|row| all.iter().map(|own| own[row]).sum::<f64>() / all.len() as f64).collect()
}

fn mean_measured(all: &[Measured]) -> Measured {
    let of = |pick: fn(&Measured) -> &Vec<Option<f64>>| {
        mean_indices(&all.iter().map(|m| pick(m).clone()).collect::<Vec<_>>())
    };
    Measured {
        training: of(|m| &m.training),
        test: of(|m| &m.test),
        means: mean_rows(&all.iter().map(|m| m.means.clone()).collect::<Vec<_>>()),
        aliased: all.iter().any(|m| m.aliased),
    }
}

impl Ground<'_> {
    /// One resample's model, measured.
    fn resample(&self, drawn: &Drawn, part: u64) -> std::result::Result<Measured, Failure> {
        let first = &self.imputed.completed[0].prepared;
        if self.loss == Loss::Logistic && has_one_outcome(&first.chosen.y, &drawn.train) {
            return Err(Failure::OneOutcome);
        }
        let frozen = self.learn(&drawn.train)?;
        let (rows, weight) = self.rows(&drawn.train);
        let y = first.chosen.y.select(Axis(0), &rows);
        let table = self.incomplete.pick(&rows);
        let streams = ("imputation of resamples", part * INSIDE as u64);
        let seed = self.imputed.fit.spec.seed;
        let chains = impute_as(&table, INSIDE, seed, streams).map_err(|_| Failure::Imputation)?;
        let mut spec = self.imputed.fit.spec.clone();
        spec.seed = seed.wrapping_add(part).wrapping_add(1);
        let mut designs: Vec<Encoded> = Vec::with_capacity(INSIDE);
        let mut sum = Array1::<f64>::zeros(self.beta.len());
        let mut most_aliased = 0;
        for completed in &chains.completed {
            let design = rebuild(self.formula, &frozen, completed).map_err(|_| Failure::Basis)?;
            let sample = Sample { design: &design, y: &y, weight: weight.as_ref() };
            let (beta, aliased) = coefficients(&sample, &spec, self.loss, Some(&self.beta))?;
            sum += &beta;
            most_aliased = most_aliased.max(aliased);
            designs.push(design);
        }
        let beta = sum / INSIDE as f64;
        let training: Vec<Vec<Option<f64>>> = designs
            .iter()
            .map(|design| {
                let predicted = Predicted::new(self.loss, &y, design.linear_predictor(&beta));
                predicted.indices(weight.as_deref(), Calibration::Estimated)
            })
            .collect();
        let test = drawn.test.as_ref().or(first.weight.as_ref());
        let (mut tested, mut means) = (Vec::new(), Vec::new());
        for analysis in &self.imputed.completed {
            let rebuilt;
            let design = if self.relearner.is_fixed() {
                &analysis.prepared.encoded
            } else {
                rebuilt =
                    rebuild(self.formula, &frozen, &analysis.prepared.used).map_err(|_| Failure::Basis)?;
                &rebuilt
            };
            let predicted = Predicted::new(self.loss, &first.chosen.y, design.linear_predictor(&beta));
            tested.push(predicted.indices(test.map(|w| &**w), Calibration::Estimated));
            means.push(predicted.mean.to_vec());
        }
        let aliased_in_all = self.imputed.fit.coefficients.iter().filter(|c| c.estimate.is_none()).count();
        Ok(Measured {
            training: mean_indices(&training),
            test: mean_indices(&tested),
            means: mean_rows(&means),
            aliased: most_aliased > aliased_in_all,
        })
    }

    /// Knots of the drawn rows: of an imputed variable those of its complete rows, as for the model of all rows.
    fn learn(&self, train: &Array1<f64>) -> std::result::Result<Frozen, Failure> {
        if self.relearner.is_fixed() {
            return Ok(self.frozen.clone());
        }
        let mut frozen = self.relearner.learn(train).map_err(|_| Failure::Basis)?;
        let with_gaps: Vec<usize> = (0..frozen.bases.len())
            .filter(|k| has_gaps(&frozen.bases[*k].0, &self.imputed.imputation))
            .collect();
        if !with_gaps.is_empty() {
            let complete = self.relearner.learn(&(train * &self.is_complete)).map_err(|_| Failure::Basis)?;
            with_gaps.into_iter().for_each(|k| frozen.bases[k] = complete.bases[k].clone());
        }
        Ok(frozen)
    }

    /// The drawn rows: each as often as it was drawn, or once with its weight where rows have frequency weights.
    fn rows(&self, train: &Array1<f64>) -> (Vec<usize>, Option<Array1<f64>>) {
        let drawn = (0..train.len()).filter(|row| train[*row] > 0.0);
        if self.imputed.completed[0].prepared.weight.is_some() {
            let rows: Vec<usize> = drawn.collect();
            let weight = train.select(Axis(0), &rows);
            return (rows, Some(weight));
        }
        (drawn.flat_map(|row| std::iter::repeat_n(row, train[row] as usize)).collect(), None)
    }
}

#[cfg(test)]
#[path = "validation_tests.rs"]
mod tests;
