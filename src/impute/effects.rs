//! A treatment's effects over completed data sets, each pooled by Rubin's rules on the scale of its interval.

use crate::data::table::Table;
use crate::effects::estimate::estimate_at;
use crate::effects::measure::{Effect, Measure, WaldBy};
use crate::effects::needed::needed;
use crate::effects::result::{
    Arm, ByModifier, Conditional, Contrast, EffectInterval, Effects, Findings, Marginal, ModifierPoint,
    Quarter, QuarterContrast, Question,
};
use crate::error::{Error, Result};
use crate::fit::analysis::Analysis;
use crate::fit::spec::Family;
use crate::impute::pool::rubin;
use crate::inference::table::Reference;

/// Refuses the intervals that imputation leaves no room for.
///
/// # Errors
/// Usage, with `--effect-interval bootstrap`.
pub fn check(question: &Question) -> Result<()> {
    match question.interval {
        EffectInterval::Delta => Ok(()),
        EffectInterval::Bootstrap(_) => Err(Error::usage(
            "`--effect-interval bootstrap` does not go with multiple imputation: percentiles of several data sets do \
             not pool by Rubin's rules",
        )
        .hint("leave it out: delta-method variances are pooled")),
    }
}

/// The effects of a treatment over completed data sets.
///
/// 1. In each data set all effects with their delta-method (and sandwich) variances; over a modifier at the first data
///    set's values.
/// 2. Each is pooled by Rubin's rules on the scale of its interval: differences as they are, ratios by their
///    logarithm; intervals are of t with Barnard and Rubin's degrees of freedom.
/// 3. The number needed to treat comes from the pooled risk difference and its interval.
///
/// completed: at least one data set. Source: White, Royston & Wood 2011, Statistics in Medicine 30:377-399, s. 4.1.
///
/// # Errors
/// As [`estimate_at`] says; Data, when the data sets differ in the arms.
pub fn pooled_effects(
    question: &Question,
    completed: &[Analysis],
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Findings> {
    let mut all: Vec<Effects> = Vec::with_capacity(completed.len());
    for (k, analysis) in completed.iter().enumerate() {
        let grids = all.first().map_or_else(Vec::new, grids);
        match estimate_at(question, analysis, &grids, stop)? {
            Findings::Known(effects) => all.push(*effects), // 1
            Findings::Unknown { treatment, reason } => {
                let reason = format!("in data set {} of {} {reason}", k + 1, completed.len());
                return Ok(Findings::Unknown { treatment, reason });
            }
        }
    }
    let Some(first) = all.first() else {
        let reason = "there is no completed data set".to_string();
        return Ok(Findings::Unknown { treatment: question.treatment.clone(), reason });
    };
    let levels = |e: &Effects| e.arms.iter().map(|a| a.level.clone()).collect::<Vec<_>>();
    if let Some(k) = all.iter().position(|e| levels(e) != levels(first)) {
        return Err(Error::data(format!("data sets 1 and {} differ in the arms", k + 1))
            .hint("every arm must have patients in every completed data set"));
    }
    let rules = Rules { conf_level: first.conf_level, complete_df: completed[0].fit.statistics.df_residual };
    Ok(Findings::Known(Box::new(rules.effects(&all, changed(&question.treatment, completed)))))
}

/// Whether the treatment itself was imputed, so that arms hold other patients in each data set.
fn changed(treatment: &str, completed: &[Analysis]) -> bool {
    let column = |a: &Analysis| -> Option<Table> {
        let columns = a.prepared.used.columns.iter().filter(|c| c.name == treatment).cloned().collect();
        Some(Table { n_rows: a.prepared.used.n_rows, columns, ..Table::default() })
    };
    let first = completed.first().and_then(column);
    completed.iter().any(|a| column(a).map(|t| t.columns) != first.as_ref().map(|t| t.columns.clone()))
}

/// The values of the numeric modifiers.
fn grids(effects: &Effects) -> Vec<(String, Vec<f64>)> {
    let values = |m: &ByModifier| {
        let level = m.points.first().map(|p| p.level.clone());
        m.points.iter().filter(|p| Some(&p.level) == level.as_ref()).filter_map(|p| p.number).collect()
    };
    effects
        .by_modifier
        .iter()
        .map(|m| (m.variable.clone(), values(m)))
        .filter(|(_, v): &(_, Vec<f64>)| !v.is_empty())
        .collect()
}

/// How single numbers are pooled.
struct Rules {
    conf_level: f64,
    /// Degrees of freedom of complete data.
    complete_df: f64,
}

impl Rules {
    /// One measure over the data sets; `None` where it is not defined in one of them.
    fn pool(&self, measure: Measure, all: &[Option<Effect>]) -> Option<Effect> {
        let found: Vec<Effect> = all.iter().copied().collect::<Option<_>>()?;
        let first = found.first()?;
        if found.iter().all(|e| e == first) {
            return Some(*first); // nothing was imputed that it depends on
        }
        let values: Vec<f64> = found.iter().map(|e| measure.to_scale(e.estimate)).collect();
        let variances: Vec<f64> = found.iter().map(|e| e.std_error * e.std_error).collect();
        let pooled = rubin(&values, &variances, self.complete_df);
        measure.effect(
            pooled.estimate,
            pooled.std_error,
            &WaldBy::new(Reference::T(pooled.df), self.conf_level),
        )
    }

    fn list(&self, all: &[&[(Measure, Option<Effect>)]]) -> Vec<(Measure, Option<Effect>)> {
        let one = |k: usize| {
            let measure = all[0][k].0;
            let own: Vec<Option<Effect>> = all.iter().map(|list| list.get(k).and_then(|m| m.1)).collect();
            (measure, self.pool(measure, &own))
        };
        (0..all[0].len()).map(one).collect()
    }

    fn effects(&self, all: &[Effects], treatment_imputed: bool) -> Effects {
        let first = &all[0];
        let mut notices = first.notices.clone();
        notices.push(format!(
            "pooled over {} completed data sets by Rubin's rules with Barnard and Rubin's degrees of freedom: differences \
             as they are, ratios by their logarithm; the number needed to treat from the pooled risk difference",
            all.len()
        ));
        if treatment_imputed {
            notices.push("the arm of some patients was imputed: patients and events are means".to_string());
        }
        let (by_modifier, lost) = self.by_modifier(all);
        notices.extend(lost);
        let by_baseline = self.by_baseline(all);
        if by_baseline.is_empty() && all.iter().any(|e| !e.by_baseline.is_empty()) {
            notices
                .push("no effect by baseline risk: the data sets do not have the same quarters".to_string());
        }
        Effects {
            arms: (0..first.arms.len()).map(|k| self.arm(all, k)).collect(),
            contrasts: (0..first.contrasts.len()).map(|k| self.contrast(all, k)).collect(),
            by_modifier,
            by_baseline,
            covariance_kind: format!("{}, pooled by Rubin's rules", first.covariance_kind),
            notices,
            ..first.clone()
        }
    }

    fn arm(&self, all: &[Effects], k: usize) -> Arm {
        let arms: Vec<&Arm> = all.iter().map(|e| &e.arms[k]).collect();
        let marginal: Vec<f64> = arms.iter().map(|a| a.marginal).collect();
        let error = |errors: Vec<f64>| {
            let squares: Vec<f64> = errors.iter().map(|se| se * se).collect();
            spread(&marginal, &squares, self.complete_df)
        };
        let sandwich: Option<Vec<f64>> = arms.iter().map(|a| a.marginal_se_sandwich).collect();
        Arm {
            level: arms[0].level.clone(),
            n: mean(arms.iter().map(|a| a.n)),
            events: optional_mean(arms.iter().map(|a| a.events)),
            observed: mean(arms.iter().map(|a| a.observed)),
            sd: optional_mean(arms.iter().map(|a| a.sd)),
            marginal: mean(marginal.iter().copied()),
            marginal_se: error(arms.iter().map(|a| a.marginal_se).collect()),
            marginal_se_sandwich: sandwich.map(error),
        }
    }

    fn contrast(&self, all: &[Effects], k: usize) -> Contrast {
        let own: Vec<&Contrast> = all.iter().map(|e| &e.contrasts[k]).collect();
        let family = all[0].family;
        let unadjusted: Vec<&[_]> = own.iter().map(|c| c.unadjusted.as_slice()).collect();
        let marginal: Vec<Marginal> = (0..own[0].marginal.len())
            .map(|m| {
                let measure = own[0].marginal[m].measure;
                let of = |pick: fn(&Marginal) -> Option<Effect>| -> Option<Effect> {
                    self.pool(measure, &own.iter().map(|c| pick(&c.marginal[m])).collect::<Vec<_>>())
                };
                Marginal { measure, delta: of(|m| m.delta), sandwich: of(|m| m.sandwich), bootstrap: None }
            })
            .collect();
        let difference = marginal.first().and_then(Marginal::main).filter(|_| family == Family::Logistic);
        let conditional: Vec<Option<Effect>> =
            own.iter().map(|c| c.conditional.as_ref().map(|c| c.effect)).collect();
        let measure = if family == Family::Logistic { Measure::OddsRatio } else { Measure::Difference };
        Contrast {
            level: own[0].level.clone(),
            unadjusted: self.list(&unadjusted),
            conditional: self
                .pool(measure, &conditional)
                .map(|effect| Conditional { p_value: effect.p_value.unwrap_or(f64::NAN), effect }),
            marginal,
            needed: difference.map(|d| needed(&d, all[0].event_is)),
        }
    }

    /// The tables by modifier, and a sentence for each that the data sets do not share.
    fn by_modifier(&self, all: &[Effects]) -> (Vec<ByModifier>, Vec<String>) {
        let (mut tables, mut lost) = (Vec::new(), Vec::new());
        for (k, table) in all[0].by_modifier.iter().enumerate() {
            let own: Vec<&ByModifier> = all.iter().filter_map(|e| e.by_modifier.get(k)).collect();
            let values = |m: &ByModifier| -> Vec<(String, String)> {
                m.points.iter().map(|p| (p.level.clone(), p.value.clone())).collect()
            };
            if own.len() < all.len() || own.iter().any(|m| values(m) != values(table)) {
                lost.push(format!(
                    "no effect over the range of `{}`: its values differ between the data sets",
                    table.variable
                ));
                continue;
            }
            let points = (0..table.points.len()).map(|i| self.point(&own, i)).collect();
            tables.push(ByModifier { variable: table.variable.clone(), points });
        }
        (tables, lost)
    }

    fn point(&self, own: &[&ByModifier], i: usize) -> ModifierPoint {
        let points: Vec<&ModifierPoint> = own.iter().map(|m| &m.points[i]).collect();
        let lists: Vec<&[_]> = points.iter().map(|p| p.marginal.as_slice()).collect();
        let measure = if lists[0].len() > 1 { Measure::OddsRatio } else { Measure::Difference };
        ModifierPoint {
            reference_mean: mean(points.iter().map(|p| p.reference_mean)),
            arm_mean: mean(points.iter().map(|p| p.arm_mean)),
            marginal: self.list(&lists),
            conditional: self.pool(measure, &points.iter().map(|p| p.conditional).collect::<Vec<_>>()),
            ..points[0].clone()
        }
    }

    /// Quarters are those of each data set; where one lacks a quarter there is no table.
    fn by_baseline(&self, all: &[Effects]) -> Vec<Quarter> {
        let numbers = |e: &Effects| e.by_baseline.iter().map(|q| q.quarter).collect::<Vec<_>>();
        if all.iter().any(|e| numbers(e) != numbers(&all[0])) {
            return Vec::new();
        }
        (0..all[0].by_baseline.len())
            .map(|k| {
                let own: Vec<&Quarter> = all.iter().map(|e| &e.by_baseline[k]).collect();
                self.quarter(&own)
            })
            .collect()
    }

    fn quarter(&self, own: &[&Quarter]) -> Quarter {
        let first = own[0];
        let contrast = |c: usize| {
            let lists: Vec<&[_]> = own.iter().map(|q| q.contrasts[c].marginal.as_slice()).collect();
            QuarterContrast {
                level: first.contrasts[c].level.clone(),
                arm_mean: mean(own.iter().map(|q| q.contrasts[c].arm_mean)),
                marginal: self.list(&lists),
            }
        };
        let observed = |arm: usize| {
            let of = |pick: fn(&(String, f64, f64)) -> f64| mean(own.iter().map(|q| pick(&q.observed[arm])));
            (first.observed[arm].0.clone(), of(|o| o.1), of(|o| o.2))
        };
        Quarter {
            quarter: first.quarter,
            range: (mean(own.iter().map(|q| q.range.0)), mean(own.iter().map(|q| q.range.1))),
            n: mean(own.iter().map(|q| q.n)),
            baseline: mean(own.iter().map(|q| q.baseline)),
            observed: (0..first.observed.len()).map(observed).collect(),
            contrasts: (0..first.contrasts.len()).map(contrast).collect(),
        }
    }
}

/// The pooled standard error; of a single data set its own.
fn spread(values: &[f64], variances: &[f64], complete_df: f64) -> f64 {
    match variances {
        [only] => only.sqrt(),
        _ => rubin(values, variances, complete_df).std_error,
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let n = values.len() as f64;
    let first = values.clone().next().unwrap_or(f64::NAN);
    // Counts that are the same everywhere stay whole numbers.
    if values.clone().all(|v| v == first) { first } else { values.sum::<f64>() / n }
}

fn optional_mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let all: Vec<f64> = values.collect::<Option<_>>()?;
    Some(mean(all.iter().copied()))
}

#[cfg(test)]
#[path = "effects_tests.rs"]
mod tests;
