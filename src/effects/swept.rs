//! The effects of a treatment in a fit to many rows, which lie on disk: they are gone through chunk by chunk, a few times.

use ndarray::{Array1, Array2, Axis, s};
use rayon::prelude::*;

use crate::data::table::Table;
use crate::design::matrix::{Frozen, rebuild};
use crate::effects::arms::{Arms, modifiers, with_column};
use crate::effects::bootstrap::{Draws, NO_ARM, counts};
use crate::effects::estimate::{
    Known, check, clusters_of, covariance_of, depends_on, enough, varies, without_gaps,
};
use crate::effects::identified::{ROUNDING, combination, largest};
use crate::effects::influence::{Influences, Squares};
use crate::effects::modifier::{Given, at_value, steps, values};
use crate::effects::quarter::{QUARTERS, by_baseline};
use crate::effects::result::{ByModifier, EffectInterval, Findings, Question};
use crate::effects::standardise::{Mean, Model, Predicted, Sum, on_columns_of};
use crate::error::{Error, Result};
use crate::fit::large::laid::Laid;
use crate::fit::result::Fit;
use crate::fit::spec::Penalty;
use crate::inference::solution::Solution;
use crate::num::linalg::{combine_factors, triangular_factor};
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::rows::InMemory;

/// A model fitted anew to the rows of a resample.
pub struct Anew {
    /// The coefficients of all columns of the design in the user's units, 0 of those that were left out.
    pub beta: Array1<f64>,
    /// What was learnt from the resample, where that is other than of all rows.
    pub learnt: Option<Frozen>,
}

/// Fits the model anew to rows that count so often, in the resample of this number; or says why there is no model.
pub type Refits<'a> = dyn Fn(&Array1<f64>, u64) -> Result<std::result::Result<Anew, &'static str>> + 'a;

/// As [`crate::effects::estimate()`], for a fit to many rows that lie on disk. Of each row no more is kept than its arm, its prediction
/// in the reference arm and the quarter that this puts it in; of a resample also how often it counts. `refits`: what makes the models of
/// resamples, if there are any.
///
/// # Errors
/// As [`crate::effects::estimate()`]; Usage, where the columns of the data have gone; Io.
pub fn estimate_swept<'a>(
    question: &Question,
    fit: &Fit,
    laid: &Laid,
    refits: &dyn Fn() -> Result<Box<Refits<'a>>>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Findings> {
    check(question, fit)?;
    let (prepared, columns) = (&laid.prepared, &laid.blueprint.columns);
    if columns.is_in_memory() {
        return Err(Error::usage("`--treatment` needs the columns of the data beside the swept rows")
            .hint("let them lie on disk"));
    }
    let arms = Arms::of_column(columns.column(&question.treatment)?.as_ref(), &prepared.frozen)?;
    let unknown = |reason: String| Findings::Unknown { treatment: question.treatment.clone(), reason };
    let covariance = match covariance_of(fit) {
        Ok(covariance) => covariance,
        Err(reason) => return Ok(unknown(reason)),
    };
    let model = &Model::of(fit, prepared, covariance);
    let passes = Passes { laid, model, arms: &arms, starts: columns.starts(), stop };
    let found = || -> Result<std::result::Result<Known<'_>, String>> {
        if let Some(column) = passes.lost_column()? {
            return Ok(Err(depends_on(&column)));
        }
        let Everyone { means, baseline, steps } = passes.everyone()?;
        let sandwich = passes.sandwich(&means)?;
        let draws = match question.interval {
            EffectInterval::Delta => None,
            EffectInterval::Bootstrap(asked) => Some(enough(passes.draws(asked, &*refits()?)?)?),
        };
        let modifiers = modifiers(&question.treatment, &prepared.formula)?;
        let by_modifier = passes.by_modifier(&modifiers)?;
        let by_baseline = if varies(fit, &modifiers) {
            by_baseline(model, &arms, &baseline, |of_row| passes.in_quarters(of_row))?
        } else {
            Vec::new()
        };
        Ok(Ok(Known {
            question,
            model,
            arms: &arms,
            means,
            steps,
            sandwich,
            draws,
            modifiers,
            by_modifier,
            by_baseline,
        }))
    };
    match found() {
        Ok(Ok(known)) => Ok(Findings::Known(Box::new(known.effects()))),
        Ok(Err(reason)) => Ok(unknown(reason)),
        Err(_) if stop() => Ok(unknown("the passes over the rows were interrupted".to_string())),
        Err(error) => Err(error),
    }
}

/// What goes through the rows.
struct Passes<'a> {
    laid: &'a Laid,
    model: &'a Model<'a>,
    arms: &'a Arms,
    /// The first row of each chunk, and the number of rows.
    starts: Vec<usize>,
    stop: &'a (dyn Fn() -> bool + Sync),
}

/// The standardised means of all arms, and what else the same pass finds.
struct Everyone {
    means: Vec<Mean>,
    /// Each row's prediction in the reference arm.
    baseline: Vec<f64>,
    /// From the reference to each arm in the first row of the design.
    steps: Vec<Array1<f64>>,
}

impl Passes<'_> {
    /// What is made of each chunk that has rows, some at a time, in their order; `make` is given its first row and its cells.
    fn each<T: Send>(
        &self,
        make: &(dyn Fn(usize, &Table) -> Result<T> + Sync),
        take: &mut dyn FnMut(T),
    ) -> Result<()> {
        let columns = &self.laid.blueprint.columns;
        let at_once = 2 * rayon::current_num_threads();
        for from in (0..columns.n_chunks()).step_by(at_once) {
            if (self.stop)() {
                return Err(Error::data("interrupted"));
            }
            let chunks = from..columns.n_chunks().min(from + at_once);
            let made: Vec<Option<T>> = chunks
                .into_par_iter()
                .map(|k| {
                    let table = columns.chunk(k, &|_| true)?;
                    (table.n_rows > 0).then(|| make(self.starts[k], &table)).transpose()
                })
                .collect::<Result<_>>()?;
            made.into_iter().flatten().for_each(&mut *take);
        }
        Ok(())
    }

    /// The predictions for a table's rows with everyone in each arm.
    fn in_each_arm(&self, table: &Table) -> Result<Vec<Predicted>> {
        (0..self.arms.len()).map(|arm| self.model.predict(&self.arms.everyone_in(arm, table))).collect()
    }

    /// Sums of predictions, one an arm; `counts` says which rows, by their numbers among all.
    fn sums(
        &self,
        first: usize,
        predicted: &[Predicted],
        counts: &(dyn Fn(usize) -> bool + Sync),
    ) -> Vec<Sum> {
        let sum = |predicted: &Predicted| {
            let mut sum = self.nothing();
            sum.take(predicted, |i| self.model.weight(first + i), |i| counts(first + i));
            sum
        };
        predicted.iter().map(sum).collect()
    }

    fn nothing(&self) -> Sum {
        Sum::nothing(self.model.beta.len())
    }

    /// One pass: everyone in each arm.
    fn everyone(&self) -> Result<Everyone> {
        let mut sums = vec![self.nothing(); self.arms.len()];
        let mut baseline = Vec::with_capacity(self.model.prepared.chosen.y.len());
        let mut first_steps = None;
        let make = |first: usize, table: &Table| {
            let predicted = self.in_each_arm(table)?;
            let sums = self.sums(first, &predicted, &|_| true);
            let steps = steps(&predicted, true).filter(|_| first == 0);
            Ok((sums, steps, predicted.into_iter().next().map(|reference| reference.mean)))
        };
        self.each(&make, &mut |(part, steps, risks)| {
            join(&mut sums, &part);
            first_steps = first_steps.take().or(steps);
            baseline.extend(risks.unwrap_or_default());
        })?;
        let means = sums.iter().map(Sum::mean).collect();
        Ok(Everyone { means, baseline, steps: first_steps.unwrap_or_default() })
    }

    /// One pass: the sandwich covariance of the means; a penalised fit has none, for its scores are not those of the likelihood.
    fn sandwich(&self, means: &[Mean]) -> Result<Option<Array2<f64>>> {
        let (model, frame) = (self.model, &self.laid.frame);
        if model.fit.spec.penalty != Penalty::None {
            return Ok(None);
        }
        let beta = on_columns_of(&frame.scale, &model.beta, frame.has_intercept);
        let root = Glm::new(&frame.rows, model.loss).curvature_root(&beta);
        frame.rows.check()?;
        let whole = Solution { rows: &frame.rows, loss: model.loss, beta: &beta, root: &root };
        let (influences, inverse) = (Influences::new(&whole, frame, means), whole.inverse_root());
        let clusters = model.prepared.cluster.as_deref().map(without_gaps);
        let mut squares =
            Squares::new(means.len(), clusters.as_deref().map(|of_row| clusters_of(model, of_row)));
        let make = |first: usize, table: &Table| {
            let predicted = self.in_each_arm(table)?;
            let rows = self.observed(first, table)?;
            let terms = Solution { rows: &rows, ..whole }.block(0, &inverse);
            Ok((first, influences.of(&terms, &|a, i| predicted[a].mean[i]), terms.weight))
        };
        self.each(&make, &mut |(first, influence, weight)| squares.take(&influence, &weight, first))?;
        Ok(Some(squares.covariance(model.fit.statistics.n)))
    }

    /// The rows as they were observed, standardised as the fit has them.
    fn observed(&self, first: usize, table: &Table) -> Result<InMemory> {
        let (model, frame) = (self.model, &self.laid.frame);
        let encoded = model.encode(table)?;
        let x = encoded.x.select(Axis(1), &frame.independent.kept);
        let part = |cells: &Array1<f64>| cells.slice(s![first..first + table.n_rows]).to_owned();
        let (y, weight) = (part(&model.prepared.chosen.y), model.prepared.weight.as_ref().map(part));
        let mut rows = InMemory::new(frame.scale.apply(&x), y, weight, encoded.offset);
        rows.block_rows = table.n_rows;
        Ok(rows)
    }

    /// The standardised means of resamples, one after the other: each is fitted anew by sweeps, and a pass puts everyone in each arm.
    fn draws(&self, asked: usize, refit: &Refits<'_>) -> Result<Draws> {
        let (prepared, fit) = (&self.model.prepared, self.model.fit);
        let clusters = prepared.cluster.as_deref().map(without_gaps);
        let rows = (prepared.chosen.y.len(), prepared.weight.as_ref(), clusters.as_deref());
        let one = |b: u64| -> Result<std::result::Result<Vec<f64>, &'static str>> {
            let counts = Array1::from_vec(counts(rows, fit.spec.seed, b));
            let mut patients = vec![0.0; self.arms.len()];
            counts.iter().zip(&self.arms.of_row).for_each(|(n, arm)| patients[usize::from(*arm)] += n);
            if patients.contains(&0.0) {
                return Ok(Err(NO_ARM));
            }
            match refit(&counts, b)? {
                Ok(anew) => self.means_of(&anew, &counts).map(Ok),
                Err(why) => Ok(Err(why)),
            }
        };
        (0..asked as u64).map(one).collect::<Result<_>>().map(Draws::of)
    }

    /// One pass: the means of all arms by the model of a resample, over the rows that it has.
    fn means_of(&self, anew: &Anew, counts: &Array1<f64>) -> Result<Vec<f64>> {
        let prepared = self.model.prepared;
        let frozen = anew.learnt.as_ref().unwrap_or(&prepared.frozen);
        let make = |first: usize, table: &Table| {
            let of_arm = |arm: usize| -> Result<f64> {
                let encoded = rebuild(&prepared.formula, frozen, &self.arms.everyone_in(arm, table))?;
                let mut eta = encoded.x.dot(&anew.beta);
                encoded.offset.iter().for_each(|offset| eta += offset);
                let counted = eta.iter().enumerate().filter(|(i, _)| counts[first + i] > 0.0);
                Ok(counted.map(|(i, eta)| counts[first + i] * self.model.loss.mean(*eta)).sum())
            };
            (0..self.arms.len()).map(of_arm).collect::<Result<Vec<f64>>>()
        };
        let mut sums = vec![0.0; self.arms.len()];
        self.each(&make, &mut |part| sums.iter_mut().zip(&part).for_each(|(sum, part)| *sum += part))?;
        let total = counts.sum();
        Ok(sums.into_iter().map(|sum| sum / total).collect())
    }

    /// One pass for all modifiers: everyone at each of their values, in each arm.
    fn by_modifier(&self, modifiers: &[String]) -> Result<Vec<ByModifier>> {
        let columns = &self.laid.blueprint.columns;
        let mut given: Vec<(&String, Given)> = Vec::new();
        for name in modifiers {
            let column = columns.column(name)?;
            given.extend(values(self.model, column.as_ref(), None).into_iter().map(|given| (name, given)));
        }
        if given.is_empty() {
            return Ok(Vec::new());
        }
        let alone = modifiers.len() == 1;
        let mut sums = vec![vec![self.nothing(); self.arms.len()]; given.len()];
        let mut first_steps = vec![None; given.len()];
        let make = |first: usize, table: &Table| {
            let one = |(name, given): &(&String, Given)| {
                let predicted = self.in_each_arm(&with_column(table, name, &given.cell))?;
                Ok((self.sums(first, &predicted, &|_| true), steps(&predicted, alone && first == 0)))
            };
            given.iter().map(one).collect::<Result<Vec<_>>>()
        };
        self.each(&make, &mut |part| {
            for ((sums, kept), (part, steps)) in sums.iter_mut().zip(&mut first_steps).zip(part) {
                join(sums, &part);
                *kept = kept.take().or(steps);
            }
        })?;
        let mut found: Vec<ByModifier> =
            modifiers.iter().map(|name| ByModifier { variable: name.clone(), points: Vec::new() }).collect();
        for (((name, given), sums), steps) in given.iter().zip(&sums).zip(&first_steps) {
            let means: Vec<Mean> = sums.iter().map(Sum::mean).collect();
            let of = found.iter_mut().filter(|by| by.variable == **name);
            of.for_each(|by| by.points.extend(at_value(self.model, self.arms, given, &means, steps)));
        }
        Ok(found)
    }

    /// One pass: the means of all arms in each quarter.
    fn in_quarters(&self, of_row: &[u8]) -> Result<Vec<Vec<Mean>>> {
        let mut sums = vec![vec![self.nothing(); self.arms.len()]; QUARTERS];
        let make = |first: usize, table: &Table| {
            let predicted = self.in_each_arm(table)?;
            let of = |q: usize| self.sums(first, &predicted, &|row| usize::from(of_row[row]) == q);
            Ok((0..QUARTERS).map(of).collect::<Vec<_>>())
        };
        self.each(&make, &mut |parts| sums.iter_mut().zip(&parts).for_each(|(sums, part)| join(sums, part)))?;
        Ok(sums.iter().map(|arms| arms.iter().map(Sum::mean).collect()).collect())
    }

    /// As [`crate::effects::identified::lost_column`], in two passes; none where no column was left out.
    fn lost_column(&self) -> Result<Option<String>> {
        let (laid, model) = (self.laid, self.model);
        let (kept, aliased) = (&laid.frame.independent.kept, &laid.frame.independent.aliased);
        let lost: Vec<usize> = (0..aliased.len()).filter(|j| aliased[*j].is_some()).collect();
        if lost.is_empty() {
            return Ok(None);
        }
        let p = aliased.len();
        let sizes = |x: &Array2<f64>| lost.iter().map(|j| largest(x, *j)).collect::<Vec<f64>>();
        let (mut factor, mut size) = (Array2::zeros((p, p)), vec![0.0; lost.len()]);
        let observed = |_: usize, table: &Table| {
            let x = model.encode(table)?.x;
            Ok((triangular_factor(&x), sizes(&x)))
        };
        self.each(&observed, &mut |(part, sizes)| {
            factor = combine_factors(&factor, &part);
            raise(&mut size, &sizes);
        })?;
        let combined: Vec<Array1<f64>> = lost.iter().map(|j| combination(&factor, kept, *j)).collect();
        let mut apart = vec![0.0; lost.len()];
        let changed = |_: usize, table: &Table| {
            let (mut size, mut apart) = (vec![0.0; lost.len()], vec![0.0; lost.len()]);
            for arm in 0..self.arms.len() {
                let x = model.encode(&self.arms.everyone_in(arm, table))?.x;
                raise(&mut size, &sizes(&x));
                let known = x.select(Axis(1), kept);
                for ((j, combination), apart) in lost.iter().zip(&combined).zip(&mut apart) {
                    let off = &known.dot(combination) - &x.column(*j);
                    *apart = off.iter().fold(*apart, |most: f64, off| most.max(off.abs()));
                }
            }
            Ok((size, apart))
        };
        self.each(&changed, &mut |(sizes, offs)| {
            raise(&mut size, &sizes);
            raise(&mut apart, &offs);
        })?;
        let first = (0..lost.len()).find(|k| apart[*k] > ROUNDING * size[*k]);
        Ok(first.map(|k| laid.prepared.encoded.terms[lost[k]].name.clone()))
    }
}

fn join(sums: &mut [Sum], more: &[Sum]) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| sum.join(more));
}

fn raise(largest: &mut [f64], other: &[f64]) {
    largest.iter_mut().zip(other).for_each(|(a, b)| *a = a.max(*b));
}
