//! All effects of one treatment from one fit: the order of the questions.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2};

use crate::data::table::Table;
use crate::design::matrix::Encoded;
use crate::design::numbers::listed;
use crate::design::relearn::Relearner;
use crate::effects::arms::{Arms, modifiers};
use crate::effects::bootstrap::{self, Draws, Sample};
use crate::effects::crude::{self, Tally};
use crate::effects::identified::lost_column;
use crate::effects::influence::{Clusters, covariance_of_means};
use crate::effects::measure::{Effect, Measure};
use crate::effects::modifier::{by_modifier, conditional_measure, steps};
use crate::effects::needed::{EventIs, needed};
use crate::effects::quarter::{QUARTERS, by_baseline};
use crate::effects::result::{
    Arm, ByModifier, Conditional, Contrast, EffectInterval, Effects, Findings, Marginal, Quarter, Question,
    Resamples,
};
use crate::effects::standardise::{Mean, Model, Predicted, on_columns_of};
use crate::error::{Error, Result};
use crate::fit::analysis::Analysis;
use crate::fit::frame::{Dependent, Frame};
use crate::fit::result::Fit;
use crate::fit::spec::{ClusterCorrection, Family, Penalty, Robust};
use crate::fit::target::Target;
use crate::inference::solution::Solution;
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::stop::StopReason;

/// What is known of all arms before they are compared.
pub(super) struct Known<'a> {
    pub(super) question: &'a Question,
    pub(super) model: &'a Model<'a>,
    pub(super) arms: &'a Arms,
    pub(super) means: Vec<Mean>,
    /// From the reference to each arm in the first row of the design.
    pub(super) steps: Vec<Array1<f64>>,
    /// A x A: the sandwich covariance of the means.
    pub(super) sandwich: Option<Array2<f64>>,
    pub(super) draws: Option<Draws>,
    /// Variables that the treatment interacts with.
    pub(super) modifiers: Vec<String>,
    pub(super) by_modifier: Vec<ByModifier>,
    pub(super) by_baseline: Vec<Quarter>,
}

/// The effects of a treatment: unadjusted, for patients of equal covariates, and standardised over the rows used.
///
/// 1. The arms.
/// 2. Whether the fit is an answer at all.
/// 3. The design with everyone in each arm.
/// 4. Standardised means with their covariances.
/// 5. Comparisons.
/// 6. By modifier and by baseline risk.
///
/// stop: whether the user has asked to stop; asked between resamples. Nothing is then known but that.
///
/// # Errors
/// Usage, when a good event is asked of a linear model; Data: a treatment with one value, too many, or dates;
/// resamples of which fewer than half could be fitted.
pub fn estimate(
    question: &Question,
    analysis: &Analysis,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Findings> {
    estimate_at(question, analysis, &[], stop)
}

/// As [`estimate()`], with the values of some modifiers given: those of another completed data set, so that effects
/// can be pooled value by value.
///
/// # Errors
/// As [`estimate()`].
pub fn estimate_at(
    question: &Question,
    analysis: &Analysis,
    grids: &[(String, Vec<f64>)],
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Findings> {
    let (fit, prepared) = (&analysis.fit, &analysis.prepared);
    check(question, fit)?;
    let arms = Arms::of(&question.treatment, prepared)?; // 1
    let unknown = |reason: String| Findings::Unknown { treatment: question.treatment.clone(), reason };
    let covariance = match covariance_of(fit) {
        Ok(covariance) => covariance, // 2
        Err(reason) => return Ok(unknown(reason)),
    };
    let model = Model::of(fit, prepared, covariance);
    let frame = Frame::new(prepared, Dependent::LeftOut);
    let tables: Vec<Table> =
        (0..arms.levels.len()).map(|arm| arms.everyone_in(arm, &prepared.used)).collect();
    let everyone: Vec<Encoded> = tables.iter().map(|t| model.encode(t)).collect::<Result<_>>()?; // 3
    if let Some(column) = lost_column(&prepared.encoded, &frame.independent, &everyone) {
        return Ok(unknown(depends_on(&column)));
    }
    let predicted: Vec<Predicted> = everyone.into_iter().map(|e| model.predict_from(e)).collect();
    let means: Vec<Mean> = predicted.iter().map(|p| model.mean(p, |_| true)).collect(); // 4
    let clusters = prepared.cluster.as_deref().map(without_gaps);
    let sandwich = sandwich(&model, &frame, &means, &predicted, clusters.as_deref());
    let draws = match question.interval {
        EffectInterval::Delta => None,
        EffectInterval::Bootstrap(asked) => {
            let target = if fit.spec.penalty == Penalty::Firth { Target::Firth } else { Target::Likelihood };
            let relearner =
                Relearner::new(&prepared.formula, &prepared.frozen, &prepared.used, &prepared.encoded.terms)?;
            let draws = bootstrap::run(
                &Sample {
                    model: &model,
                    frame: &frame,
                    target,
                    arms: &arms,
                    predicted: &predicted,
                    everyone: &tables,
                    relearner: &relearner,
                    offset: prepared.encoded.offset.as_ref(),
                    clusters: clusters.as_deref(),
                    seed: fit.spec.seed,
                    stop,
                },
                asked,
            );
            if draws.was_stopped() {
                return Ok(unknown("the resampling was interrupted".to_string()));
            }
            Some(enough(draws)?)
        }
    };
    let modifiers = modifiers(&question.treatment, &prepared.formula)?;
    let alone = modifiers.len() == 1;
    let by_modifier = modifiers
        .iter()
        .map(|name| {
            let at = grids.iter().find(|(grid, _)| grid == name).map(|(_, values)| values.as_slice());
            by_modifier(&model, &arms, name, alone, at)
        })
        .collect::<Result<_>>()?; // 6
    let by_baseline = if varies(fit, &modifiers) {
        by_baseline(&model, &arms, &predicted[0].mean, |of_row| {
            let of = |q: u8| predicted.iter().map(|p| model.mean(p, |row| of_row[row] == q)).collect();
            Ok((0..QUARTERS as u8).map(of).collect())
        })?
    } else {
        Vec::new()
    };
    let steps = steps(&predicted, true).unwrap_or_default();
    let (question, model, arms) = (question, &model, &arms);
    let known =
        Known { question, model, arms, means, steps, sandwich, draws, modifiers, by_modifier, by_baseline };
    Ok(Findings::Known(Box::new(known.effects())))
}

/// Refuses what is for logistic models only.
///
/// # Errors
/// Usage.
pub(super) fn check(question: &Question, fit: &Fit) -> Result<()> {
    if fit.family == Family::Linear && question.event_is.is_some() {
        return Err(
            Error::usage("`--event-is` is for logistic models, and this one is linear").hint("leave it out")
        );
    }
    Ok(())
}

/// The covariance of a fit whose effects can be spoken of, or why they cannot.
pub(super) fn covariance_of(fit: &Fit) -> std::result::Result<&Array2<f64>, String> {
    match (why_unknown(fit), &fit.covariance) {
        (None, Some(covariance)) => Ok(covariance),
        (reason, _) => Err(reason.unwrap_or_else(|| "the coefficients have no standard errors".to_string())),
    }
}

/// Why a column that was left out matters.
pub(super) fn depends_on(column: &str) -> String {
    format!(
        "`{column}` was left out of the fit, and what would happen with everyone in one arm depends on it"
    )
}

/// Whether the effect differs between patients on the scale of the outcome.
pub(super) fn varies(fit: &Fit, modifiers: &[String]) -> bool {
    fit.family == Family::Logistic || !modifiers.is_empty()
}

/// Why this fit has no effects to speak of.
fn why_unknown(fit: &Fit) -> Option<String> {
    if let Some(separation) = &fit.convergence.separation {
        return Some(format!(
            "the data are {} separated by {}: there is no finite estimate that effects could rest on; \
             `--penalty firth` gives one",
            if separation.complete { "completely" } else { "quasi-completely" },
            listed(&separation.terms)
        ));
    }
    match fit.convergence.reason {
        _ if fit.convergence.converged => None,
        StopReason::Diverged => Some("the descent diverged".to_string()),
        _ => Some(format!("the fit did not converge ({})", fit.convergence.reason.words())),
    }
}

fn tallies(arms: &Arms, model: &Model<'_>) -> Vec<Tally> {
    let y = &model.prepared.chosen.y;
    let of = |arm: usize| {
        Tally::of((0..y.len()).filter(|row| arms.has(arm, *row)).map(|row| (y[row], model.weight(row))))
    };
    (0..arms.levels.len()).map(of).collect()
}

/// The same clusters counted from 0 without gaps, in the order of their old numbers.
pub(super) fn without_gaps(ids: &[u32]) -> Vec<u32> {
    let mut places: BTreeMap<u32, u32> = ids.iter().map(|id| (*id, 0)).collect();
    places.values_mut().zip(0..).for_each(|(place, k)| *place = k);
    ids.iter().map(|id| places[id]).collect()
}

/// The sandwich covariance of the means; a penalised fit has none, for its scores are not those of the likelihood.
fn sandwich(
    model: &Model<'_>,
    frame: &Frame,
    means: &[Mean],
    predicted: &[Predicted],
    clusters: Option<&[u32]>,
) -> Option<Array2<f64>> {
    if model.fit.spec.penalty != Penalty::None {
        return None;
    }
    let beta = on_columns_of(&frame.scale, &model.beta, frame.has_intercept);
    let root = Glm::new(&frame.rows, model.loss).curvature_root(&beta);
    let solution = Solution { rows: &frame.rows, loss: model.loss, beta: &beta, root: &root };
    let clusters = clusters.map(|of_row| clusters_of(model, of_row));
    Some(covariance_of_means(&solution, frame, means, predicted, clusters))
}

/// Clusters with the factor that the specification asks for.
pub(super) fn clusters_of<'c>(model: &Model<'_>, of_row: &'c [u32]) -> Clusters<'c> {
    let groups = f64::from(of_row.iter().max().map_or(0, |m| *m + 1));
    let n = model.fit.statistics.n;
    let factor = match &model.fit.spec.robust {
        Robust::Cluster { correction: ClusterCorrection::Cr0, .. } | Robust::Model | Robust::Hc(_) => 1.0,
        Robust::Cluster { correction: ClusterCorrection::Cr1, .. } => groups / (groups - 1.0),
        Robust::Cluster { correction: ClusterCorrection::Cr1s, .. } => {
            groups / (groups - 1.0) * (n - 1.0) / (n - model.beta.len() as f64)
        }
    };
    Clusters { of_row, factor }
}

/// Refuses resamples of which fewer than half could be fitted: their spread is that of the easy ones.
pub(super) fn enough(draws: Draws) -> Result<Draws> {
    let resamples = &draws.resamples;
    if 2 * draws.len() < resamples.asked {
        return Err(Error::data(format!(
            "only {} of {} resamples could be fitted ({})",
            draws.len(),
            resamples.asked,
            failures(resamples)
        ))
        .hint("the data are too few for this model: `--effect-interval delta`, or fewer predictors"));
    }
    Ok(draws)
}

/// `the outcome separated in 12, an arm without patients in 3`.
fn failures(resamples: &Resamples) -> String {
    resamples.failed.iter().map(|(why, n)| format!("{why} in {n}")).collect::<Vec<_>>().join(", ")
}

impl Known<'_> {
    pub(super) fn effects(self) -> Effects {
        let fit = self.model.fit;
        let tallies = tallies(self.arms, self.model);
        let contrast = |arm: usize| self.contrast(arm, (&tallies[arm], &tallies[0]));
        let event = fit.outcome.event.as_ref().map(|e| format!("{} = {e}", fit.outcome.variable));
        Effects {
            treatment: self.question.treatment.clone(),
            reference: self.arms.levels[0].clone(),
            family: fit.family,
            notices: self.notices(fit, event.as_deref()),
            outcome: fit.outcome.text.clone(),
            event,
            event_is: self.event_is(),
            conf_level: fit.spec.conf_level,
            interval: self.question.interval,
            covariance_kind: fit.covariance_kind.clone(),
            arms: (0..self.arms.len()).map(|arm| self.arm(arm, &tallies[arm])).collect(),
            contrasts: (1..self.arms.len()).map(contrast).collect(), // 5
            resamples: self.draws.as_ref().map(|d| d.resamples.clone()),
            modifiers: self.modifiers,
            by_modifier: self.by_modifier,
            by_baseline: self.by_baseline,
        }
    }

    fn event_is(&self) -> EventIs {
        self.question.event_is.unwrap_or(EventIs::Bad)
    }

    fn arm(&self, arm: usize, tally: &Tally) -> Arm {
        let mean = &self.means[arm];
        let logistic = self.model.loss == Loss::Logistic;
        Arm {
            level: self.arms.levels[arm].clone(),
            n: tally.n,
            events: logistic.then(|| self.events(arm)),
            observed: tally.mean,
            sd: if logistic { None } else { tally.sd() },
            marginal: mean.value,
            marginal_se: self.model.std_error(&mean.gradient),
            marginal_se_sandwich: self.sandwich.as_ref().map(|v| v[[arm, arm]].sqrt()),
        }
    }

    /// Summed anew: n times the risk would be off by rounding.
    fn events(&self, arm: usize) -> f64 {
        let y = &self.model.prepared.chosen.y;
        (0..y.len())
            .filter(|row| self.arms.has(arm, *row) && y[*row] > 0.5)
            .map(|row| self.model.weight(row))
            .sum()
    }

    fn contrast(&self, arm: usize, (own, reference): (&Tally, &Tally)) -> Contrast {
        let conf_level = self.model.fit.spec.conf_level;
        let unadjusted = match self.model.loss {
            Loss::Logistic => crude::of_risks(own, reference, conf_level),
            Loss::Squared => crude::of_means(own, reference, conf_level),
        };
        let marginal: Vec<Marginal> = self.model.measures().iter().map(|m| self.marginal(*m, arm)).collect();
        let difference = marginal[0].main().filter(|_| self.model.loss == Loss::Logistic);
        Contrast {
            level: self.arms.levels[arm].clone(),
            unadjusted,
            conditional: if self.modifiers.is_empty() { self.conditional(arm) } else { None },
            needed: difference.map(|d| needed(&d, self.event_is())),
            marginal,
        }
    }

    fn marginal(&self, measure: Measure, arm: usize) -> Marginal {
        let (own, reference) = (&self.means[arm], &self.means[0]);
        let estimate = measure.on_scale(own.value, reference.value);
        let (a, r) = measure.slopes(own.value, reference.value);
        let sandwich = self.sandwich.as_ref().and_then(|v| {
            let variance = a * a * v[[arm, arm]] + 2.0 * a * r * v[[arm, 0]] + r * r * v[[0, 0]];
            measure.effect(estimate, variance.max(0.0).sqrt(), &self.model.wald)
        });
        let conf_level = self.model.fit.spec.conf_level;
        Marginal {
            measure,
            delta: self.model.effect(measure, own, reference),
            sandwich,
            bootstrap: self.draws.as_ref().and_then(|d| d.effect(measure, arm, estimate, conf_level)),
        }
    }

    /// Without an interaction the two arms differ by the same step in every row of the design. Where that is one
    /// coefficient, its own interval (profile, if that was asked for) is taken.
    fn conditional(&self, arm: usize) -> Option<Conditional> {
        let step = &self.steps[arm];
        let mut effect: Effect = self.model.effect_of_step(step)?;
        let moved: Vec<usize> = (0..step.len()).filter(|j| step[*j] != 0.0).collect();
        if let [only] = moved.as_slice()
            && step[*only] == 1.0
        {
            let coefficient = &self.model.fit.coefficients[self.model.kept[*only]];
            let measure = conditional_measure(self.model);
            let end = |end: Option<f64>| end.map_or(f64::NAN, |v| measure.from_scale(v));
            (effect.low, effect.high) = (end(coefficient.conf_low), end(coefficient.conf_high));
        }
        let statistic = step.dot(&self.model.beta) / effect.std_error;
        Some(Conditional { effect, p_value: self.model.wald.reference.p_value(statistic) })
    }

    fn notices(&self, fit: &Fit, event: Option<&str>) -> Vec<String> {
        let mut notices = Vec::new();
        let (treatment, modifiers) = (&self.question.treatment, &self.modifiers);
        if !modifiers.is_empty() {
            notices.push(format!(
                "`{treatment}` interacts with {}: there is no single conditional {}; the standardised effect is the mean \
                 over these patients",
                modifiers.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(", "),
                if fit.family == Family::Logistic { "odds ratio" } else { "mean difference" }
            ));
        }
        if let (Some(event), None) = (event, self.question.event_is) {
            notices.push(format!(
                "number needed to treat: {event} is taken for a bad event; `--event-is good` turns benefit and harm round"
            ));
        }
        if fit.spec.penalty == Penalty::Firth {
            notices.push(
                "Firth's fitted risks are drawn towards 1/2, and so are the standardised ones; there is no sandwich \
                 interval"
                    .to_string(),
            );
        }
        if fit.covariance_kind != "model" {
            notices.push(format!(
                "conditional effects and delta-method intervals rest on the {} covariance",
                fit.covariance_kind
            ));
        }
        if let Some(draws) = &self.draws {
            notices.push(self.how_resampled(draws));
        }
        notices
    }

    fn how_resampled(&self, draws: &Draws) -> String {
        let resamples = &draws.resamples;
        let what = if self.model.prepared.cluster.is_some() { "clusters" } else { "patients" };
        let failed = match resamples.n_failed() {
            0 => "all could be fitted".to_string(),
            n => format!("{n} could not be fitted ({}) and do not count", failures(resamples)),
        };
        let subgroups = if self.model.loss == Loss::Logistic {
            "; the tables by modifier and by baseline risk have delta-method intervals"
        } else {
            ""
        };
        format!(
            "marginal intervals: percentiles of {} resamples of {what}; {failed}; knots are learnt anew in \
             each{subgroups}",
            resamples.asked
        )
    }
}

/// The standardised means of the first resample and how often each row counts in it: for tests.
#[cfg(test)]
pub(crate) fn first_draw(analysis: &Analysis, question: &Question) -> (Vec<f64>, Vec<f64>) {
    let prepared = &analysis.prepared;
    let arms = Arms::of(&question.treatment, prepared).expect("arms");
    let covariance = analysis.fit.covariance.as_ref().expect("a covariance");
    let model = Model::of(&analysis.fit, prepared, covariance);
    let frame = Frame::new(prepared, Dependent::LeftOut);
    let tables: Vec<Table> =
        (0..arms.levels.len()).map(|arm| arms.everyone_in(arm, &prepared.used)).collect();
    let predicted: Vec<Predicted> = tables.iter().map(|t| model.predict(t).expect("a design")).collect();
    let relearner =
        Relearner::new(&prepared.formula, &prepared.frozen, &prepared.used, &prepared.encoded.terms)
            .expect("sorted");
    let sample = Sample {
        model: &model,
        frame: &frame,
        target: Target::Likelihood,
        arms: &arms,
        predicted: &predicted,
        everyone: &tables,
        relearner: &relearner,
        offset: None,
        clusters: None,
        seed: analysis.fit.spec.seed,
        stop: &|| false,
    };
    bootstrap::first(&sample)
}

#[cfg(test)]
#[path = "estimate_tests.rs"]
mod tests;
