//! Bootstrap of the standardised means: patients drawn with replacement, the model fitted anew by weighted sweeps.

use ndarray::{Array1, Array2, ArrayRef1, ArrayView1};
use ndarray_rand::rand::Rng;
use rayon::prelude::*;

use crate::data::table::Table;
use crate::design::relearn::Relearner;
use crate::design::scale::Scale;
use crate::effects::arms::Arms;
use crate::effects::measure::{Effect, Measure};
use crate::effects::result::Resamples;
use crate::effects::standardise::{Model, Predicted, on_columns_of};
use crate::fit::aliasing;
use crate::fit::frame::Frame;
use crate::fit::target::Target;
use crate::inference::covariance::to_user_units;
use crate::num::linalg::{inverse_upper, is_regular, solve_upper_transposed};
use crate::num::random::stream;
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::certificate::logistic_distance;
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise, norm};
use crate::rows::{InMemory, Rows};

/// What is resampled.
pub struct Sample<'a> {
    /// The model on all rows.
    pub model: &'a Model<'a>,
    /// Its standardised rows.
    pub frame: &'a Frame,
    /// Maximum likelihood, or Firth's.
    pub target: Target,
    /// Which arm each row is in.
    pub arms: &'a Arms,
    /// The design with everyone in each arm; its predictions are those of the fit.
    pub predicted: &'a [Predicted],
    /// The rows with everyone in each arm, for knots that are learnt anew.
    pub everyone: &'a [Table],
    /// What learns knots and polynomials from the drawn rows.
    pub relearner: &'a Relearner<'a>,
    /// Offset with the rows used, which changes with no arm.
    pub offset: Option<&'a Array1<f64>>,
    /// The cluster of each row, counted from 0 without gaps: its rows are drawn together.
    pub clusters: Option<&'a [u32]>,
    /// The seed.
    pub seed: u64,
    /// Whether the user has asked to stop; resamples that have not begun are then left out.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// The means of all arms in each resample that could be fitted.
pub struct Draws {
    means: Vec<Vec<f64>>,
    /// How it went.
    pub resamples: Resamples,
}

/// Why a resample has no means: no patient of one arm was drawn.
pub const NO_ARM: &str = "an arm without patients";
/// ... the outcome has no finite estimate in it.
pub const SEPARATED: &str = "the outcome separated";
/// ... the descent did not arrive.
pub const UNCONVERGED: &str = "no convergence";
/// ... too few values for knots or a degree.
pub const NO_BASIS: &str = "too few values for a spline or polynomial";
const STOPPED: &str = "stopped";

/// Draws B resamples and standardises in each. The same draws on any number of threads.
///
/// Knots and polynomials are learnt anew from each resample's rows; a column that is constant in them (a level that was
/// not drawn) is left out of its model.
/// Source: Efron & Tibshirani 1993, s. 13.3 (percentile intervals).
pub fn run(sample: &Sample<'_>, asked: usize) -> Draws {
    let start = on_columns_of(&sample.frame.scale, &sample.model.beta, sample.frame.has_intercept);
    let results: Vec<Result<Vec<f64>, &'static str>> = (0..asked)
        .into_par_iter()
        .map(|b| {
            if (sample.stop)() {
                return Err(STOPPED);
            }
            means_of(sample, &sample.drawn(b as u64), &start)
        })
        .collect();
    Draws::of(results)
}

impl Sample<'_> {
    /// How often each row counts in a resample.
    fn drawn(&self, part: u64) -> Vec<f64> {
        counts(
            (self.frame.rows.n_rows(), self.frame.memory().weight.as_ref(), self.clusters),
            self.seed,
            part,
        )
    }
}

/// The means of the first resample, and its counts: for tests.
#[cfg(test)]
pub(crate) fn first(sample: &Sample<'_>) -> (Vec<f64>, Vec<f64>) {
    let start = on_columns_of(&sample.frame.scale, &sample.model.beta, sample.frame.has_intercept);
    let counts = sample.drawn(0);
    (means_of(sample, &counts, &start).expect("a fit"), counts)
}

impl Draws {
    /// The means of all arms in each resample, or why there are none.
    pub(super) fn of(results: Vec<Result<Vec<f64>, &'static str>>) -> Draws {
        let asked = results.len();
        let failed = [NO_ARM, NO_BASIS, SEPARATED, UNCONVERGED, STOPPED]
            .into_iter()
            .map(|why| (why.to_string(), results.iter().filter(|r| **r == Err(why)).count()))
            .filter(|(_, n)| *n > 0)
            .collect();
        Draws { means: results.into_iter().flatten().collect(), resamples: Resamples { asked, failed } }
    }

    /// Whether the user stopped before all were drawn.
    pub fn was_stopped(&self) -> bool {
        self.resamples.failed.iter().any(|(why, _)| why == STOPPED)
    }

    /// How many resamples were fitted.
    pub fn len(&self) -> usize {
        self.means.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.means.is_empty()
    }

    /// A measure of arm `arm` against arm 0: its standard deviation over the resamples and its percentile interval
    /// (the quantile at rank (B + 1) p); `None` where it is not defined in some resample.
    pub fn effect(&self, measure: Measure, arm: usize, estimate: f64, conf_level: f64) -> Option<Effect> {
        let mut values: Vec<f64> = self.means.iter().map(|m| measure.on_scale(m[arm], m[0])).collect();
        let n = values.len() as f64;
        if n < 2.0 || values.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let centre = values.iter().sum::<f64>() / n;
        let sd = (values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        values.sort_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - conf_level);
        measure.effect_between(estimate, sd, quantile(&values, tail), quantile(&values, 1.0 - tail))
    }
}

/// The value at rank (n + 1) p of sorted values, between neighbours on a straight line.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let rank = ((sorted.len() + 1) as f64 * p).clamp(1.0, sorted.len() as f64);
    let below = rank.floor() as usize;
    let share = rank - rank.floor();
    let at = |k: usize| sorted[k.min(sorted.len()) - 1];
    if share == 0.0 { at(below) } else { at(below) + share * (at(below + 1) - at(below)) }
}

/// How often each of n rows counts in a resample: as many patients as the data have, or as many clusters.
///
/// weight: frequency weights; clusters: counted from 0 without gaps, whose rows are drawn together.
pub(super) fn counts(
    (n, weight, clusters): (usize, Option<&Array1<f64>>, Option<&[u32]>),
    seed: u64,
    part: u64,
) -> Vec<f64> {
    let mut rng = stream(seed, "effect bootstrap", part);
    let mut counts = vec![0.0; n];
    if let Some(of_row) = clusters {
        let groups = of_row.iter().max().map_or(0, |m| *m as usize + 1);
        let mut drawn = vec![0.0; groups];
        (0..groups).for_each(|_| drawn[rng.random_range(0..groups)] += 1.0);
        let weight = |row: usize| weight.map_or(1.0, |w| w[row]);
        (0..n).for_each(|row| counts[row] = drawn[of_row[row] as usize] * weight(row));
        return counts;
    }
    match weight {
        None => (0..n).for_each(|_| counts[rng.random_range(0..n)] += 1.0),
        Some(weight) => {
            let ends: Vec<f64> = weight
                .iter()
                .scan(0.0, |sum, w| {
                    *sum += w;
                    Some(*sum)
                })
                .collect();
            let total = ends[n - 1];
            for _ in 0..total.round() as usize {
                let at = rng.random::<f64>() * total;
                counts[ends.partition_point(|end| *end <= at).min(n - 1)] += 1.0;
            }
        }
    }
    counts
}

/// The standardised means of one resample, or why there are none.
fn means_of(sample: &Sample<'_>, counts: &[f64], start: &Array1<f64>) -> Result<Vec<f64>, &'static str> {
    let mut patients = vec![0.0; sample.arms.levels.len()];
    counts.iter().zip(&sample.arms.of_row).for_each(|(count, arm)| patients[usize::from(*arm)] += count);
    if patients.contains(&0.0) {
        return Err(NO_ARM);
    }
    let weight = ArrayView1::from(counts);
    let learnt = |table: &Table| sample.relearner.columns(&weight, table).map_err(|_| NO_BASIS);
    let fixed = sample.relearner.is_fixed();
    let own = if fixed { Vec::new() } else { learnt(&sample.model.prepared.used)? };
    let beta = refit(sample, counts, start, &own)?;
    let total: f64 = counts.iter().sum();
    let mean = |(predicted, table): (&Predicted, &Table)| {
        let mut eta = predicted.x.dot(&beta);
        if !own.is_empty() {
            for (place, values) in placed(sample.frame, &learnt(table)?) {
                let before = predicted.x.column(place);
                let cells = eta.iter_mut().zip(values).zip(before);
                cells.for_each(|((eta, value), before)| *eta += beta[place] * (value - before));
            }
        }
        let of_row = |row: usize| sample.model.loss.mean(eta[row] + sample.offset.map_or(0.0, |o| o[row]));
        let drawn = (0..counts.len()).filter(|row| counts[*row] > 0.0);
        Ok(drawn.map(|row| counts[row] * of_row(row)).sum::<f64>() / total)
    };
    sample.predicted.iter().zip(sample.everyone).map(mean).collect()
}

/// Columns of the design by their places among those that have a coefficient.
fn placed<'c>(frame: &Frame, own: &'c [(usize, Vec<f64>)]) -> Vec<(usize, &'c [f64])> {
    let place = |j: usize| frame.independent.kept.binary_search(&j).ok();
    own.iter().filter_map(|(j, values)| Some((place(*j)?, values.as_slice()))).collect()
}

/// The coefficients of one resample in the user's units, 0 for a column that it left out.
///
/// 1. The rows that were drawn, with the columns that they change (`own`), standardised anew.
/// 2. The columns that are independent among them.
/// 3. The descent, from where the fit on all rows ended.
/// 4. Whether a finite answer is proved.
fn refit(
    sample: &Sample<'_>,
    counts: &[f64],
    start: &Array1<f64>,
    own: &[(usize, Vec<f64>)],
) -> Result<Array1<f64>, &'static str> {
    let frame = sample.frame;
    let drawn: Vec<usize> = (0..counts.len()).filter(|row| counts[*row] > 0.0).collect();
    let weight: Array1<f64> = drawn.iter().map(|row| counts[*row]).collect();
    let mut picked = frame.rows.pick(&drawn); // 1
    for (place, values) in placed(frame, own) {
        let (centre, spread) = (frame.scale.centre[place], frame.scale.spread[place]);
        let cells = picked.x.column_mut(place).into_iter().zip(&drawn);
        cells.for_each(|(cell, row)| *cell = (values[*row] - centre) / spread);
    }
    let scale = Scale::of(&picked.x, Some(&weight), frame.has_intercept);
    let rows = InMemory { x: scale.apply(&picked.x), weight: Some(weight), ..picked };
    let root = Glm::new(&rows, Loss::Squared).curvature_root(&Array1::zeros(frame.dim()));
    let kept = aliasing::find(&root, &scale, &frame.terms, frame.has_intercept).kept; // 2
    let all = kept.len() == frame.dim();
    let rows = if all { rows } else { InMemory { x: rows.x.select(ndarray::Axis(1), &kept), ..rows } };
    let scale = Scale { centre: select(&scale.centre, &kept), spread: select(&scale.spread, &kept) };
    let from = on_columns_of(&scale, &select(start, &kept), frame.has_intercept);
    let beta = descend(sample, &rows, &from)?; // 3, 4
    let inner = to_user_units(&scale.centre, &scale.spread, frame.has_intercept).dot(&beta);
    let mut whole = Array1::zeros(frame.dim());
    kept.iter().zip(&inner).for_each(|(j, b)| whole[*j] = *b);
    Ok(frame.to_user.dot(&whole))
}

fn descend(sample: &Sample<'_>, rows: &InMemory, from: &Array1<f64>) -> Result<Array1<f64>, &'static str> {
    const MOST_EPOCHS: usize = 500;
    const TOLERANCE: f64 = 1e-8;
    let loss = sample.model.loss;
    let objective = sample.target.objective(rows, loss, &Array1::ones(from.len()));
    let settings = Settings {
        method: Method::Auto,
        batch: None,
        decay: Decay::Constant,
        max_epochs: MOST_EPOCHS,
        tolerance: TOLERANCE,
        seed: sample.seed,
    };
    let descent = minimise(&*objective, from, &settings, &mut Unwatched);
    let proved = match (loss, sample.target) {
        (Loss::Logistic, Target::Likelihood) => is_finite_optimum(rows, &descent.beta),
        _ => true,
    };
    if !proved {
        return Err(SEPARATED);
    }
    if descent.reason.is_converged() { Ok(descent.beta) } else { Err(UNCONVERGED) }
}

/// Whether the self-concordant bound proves that the likelihood has a maximum near beta.
fn is_finite_optimum(rows: &InMemory, beta: &ArrayRef1<f64>) -> bool {
    let glm = Glm::new(rows, Loss::Logistic);
    let (_, gradient, root): (f64, Array1<f64>, Array2<f64>) = glm.all_at(beta);
    if !is_regular(&root) {
        return false;
    }
    let decrement = norm(&solve_upper_transposed(&root, &gradient));
    logistic_distance(decrement, glm.largest_leverage(&inverse_upper(&root))).is_some()
}

fn select(v: &Array1<f64>, places: &[usize]) -> Array1<f64> {
    places.iter().map(|j| v[*j]).collect()
}
