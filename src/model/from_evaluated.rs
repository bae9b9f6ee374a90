//! A model measured on new data becomes the evaluation file.

use crate::model::Model;
use crate::model::case_mix::{Moments, VariableMix};
use crate::model::evaluate::{Evaluated, Performance};
use crate::model::evaluation::{
    Benefit, CaseMixDifference, Classified, CurveAt, Distribution, EVALUATION_SCHEMA, EvaluatedModel,
    EvaluatedOutcome, EvaluatedRows, Evaluation, Group, Linear, Logistic, MomentsDifference, RocAt, Share,
    VariableDifference,
};
use crate::model::from_fit::finite;
use crate::performance::case_mix::{difference_of_means, difference_of_shares};
use crate::performance::classification::Classification;
use crate::performance::decision::NetBenefit;
use crate::performance::estimate::{Estimate, Proportion};
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::LogisticPerformance;

/// The thresholds of `net_benefit` where none are named.
const USUAL: [f64; 4] = [0.05, 0.1, 0.2, 0.3];

impl Evaluation {
    /// The file of an evaluation.
    pub fn of(model: &Model, evaluated: &Evaluated) -> Evaluation {
        let ledger = &evaluated.ledger;
        let (conf_level, large, line, widths) = match &evaluated.performance {
            Performance::Logistic(p) => {
                (p.conf_level, p.calibration_intercept, p.calibration_line, (p.half_width(), p.half_width()))
            }
            Performance::Linear(p) => {
                let widths = (p.half_width(1.0), p.half_width(2.0));
                (p.conf_level, p.calibration_intercept, p.calibration_line, widths)
            }
        };
        let ends = |e: Option<Estimate>, width: f64| match e.map(|e| e.interval(width)) {
            Some((low, high)) => (finite(low), finite(high)),
            None => (None, None),
        };
        let (intercept, slope) = (ends(large, widths.0), ends(line.map(|l| l.slope), widths.1));
        Evaluation {
            schema: EVALUATION_SCHEMA.to_string(),
            clinreg_version: env!("CARGO_PKG_VERSION").to_string(),
            model: EvaluatedModel {
                file: model.data.file.clone(),
                sha256: model.data.sha256.clone(),
                formula: model.formula.clone(),
                recalibrated: model.recalibration.as_ref().map(|r| r.kind.words().to_string()),
            },
            data: EvaluatedRows {
                file: ledger.file.clone(),
                sha256: ledger.sha256.clone(),
                rows_read: ledger.few_dropped().is_none().then_some(ledger.rows_read),
                rows_used: ledger.rows_used,
                rows_dropped: ledger.few_dropped().is_none().then(|| ledger.rows_dropped()),
                missing: ledger.missing.iter().cloned().collect(),
                dropped_otherwise: ledger.dropped_otherwise.iter().cloned().collect(),
                notices: ledger.notices.clone(),
            },
            family: model.family,
            outcome: EvaluatedOutcome {
                variable: evaluated.outcome_name.clone(),
                event: evaluated.event.clone(),
            },
            conf_level,
            n: evaluated.case_mix.outcome.n,
            logistic: match &evaluated.performance {
                Performance::Logistic(p) => Some(Logistic::of(p)),
                Performance::Linear(_) => None,
            },
            linear: match &evaluated.performance {
                Performance::Linear(p) => Some(Linear::of(p)),
                Performance::Logistic(_) => None,
            },
            calibration_intercept: large.map(|e| e.value),
            calibration_intercept_low: intercept.0,
            calibration_intercept_high: intercept.1,
            calibration_slope: line.map(|l| l.slope.value),
            calibration_slope_low: slope.0,
            calibration_slope_high: slope.1,
            calibration_intercept_free: line.map(|l| l.intercept.value),
            case_mix: CaseMixDifference::of(model, evaluated),
        }
    }
}

impl Logistic {
    fn of(p: &LogisticPerformance) -> Logistic {
        let curve = p.curve.as_ref();
        let benefit = |b: &NetBenefit| Benefit {
            threshold: b.threshold,
            model: b.model,
            treat_all: b.treat_all,
            treat_none: 0.0,
            std_error: finite(b.std_error),
        };
        let usual = p.decision_curve.iter().filter(|b| USUAL.contains(&b.threshold)).map(benefit).collect();
        Logistic {
            n_events: p.n_events,
            auc: p.auc.value,
            auc_low: finite(p.auc_interval.0),
            auc_high: finite(p.auc_interval.1),
            brier: p.brier,
            scaled_brier: p.scaled_brier,
            log_loss: p.log_loss,
            nagelkerke_r2: p.nagelkerke_r2,
            cox_snell_r2: p.cox_snell_r2(),
            oe_ratio: p.oe_ratio,
            oe_low: p.oe_interval.0,
            oe_high: p.oe_interval.1,
            ici: curve.map(|c| c.ici),
            e50: curve.map(|c| c.e50),
            e90: curve.map(|c| c.e90),
            e_max: curve.map(|c| c.e_max),
            net_benefit: if p.net_benefit.is_empty() {
                usual
            } else {
                p.net_benefit.iter().map(benefit).collect()
            },
            classification: p.classification.iter().map(Classified::of).collect(),
            calibration_curve: curve.map_or_else(Vec::new, |c| {
                c.points
                    .iter()
                    .map(|q| CurveAt {
                        predicted: q.predicted,
                        observed: q.observed,
                        conf_low: q.low,
                        conf_high: q.high,
                    })
                    .collect()
            }),
            calibration_knots: curve.map(|c| c.knots.len()),
            calibration_groups: p
                .groups
                .iter()
                .map(|g| Group {
                    n: g.n,
                    events: g.events,
                    predicted: g.predicted,
                    observed: g.observed.value,
                    conf_low: g.observed.low,
                    conf_high: g.observed.high,
                })
                .collect(),
            decision_curve: p.decision_curve.iter().map(benefit).collect(),
            roc: thinned(p),
            risk_distribution: Distribution {
                width: p.distribution.width,
                events: p.distribution.events.iter().map(|n| finite(*n)).collect(),
                non_events: p.distribution.non_events.iter().map(|n| finite(*n)).collect(),
            },
        }
    }
}

/// The ROC curve at fixed thresholds, those of the decision curve and the ends, so that no patient's risk can be read from
/// it.
fn thinned(p: &LogisticPerformance) -> Vec<RocAt> {
    let inner = p.decision_curve.iter().rev().map(|b| b.threshold);
    std::iter::once(1.0)
        .chain(inner)
        .chain([0.0])
        .filter_map(|threshold| {
            let reached = p.roc.partition_point(|point| point.threshold >= threshold);
            let at = p.roc.get(reached.checked_sub(1)?)?;
            Some(RocAt {
                threshold,
                false_positive_rate: at.false_positive_rate,
                sensitivity: at.sensitivity,
            })
        })
        .collect()
}

impl Linear {
    fn of(p: &LinearPerformance) -> Linear {
        Linear {
            r_squared: p.r_squared,
            rmse: p.rmse,
            mae: p.mae,
            mean_outcome: p.mean_outcome,
            mean_predicted: p.mean_predicted,
        }
    }
}

impl Classified {
    fn of(c: &Classification) -> Classified {
        let share = |p: Option<Proportion>| {
            p.map(|p| Share { estimate: p.value, conf_low: p.low, conf_high: p.high })
        };
        Classified {
            threshold: c.threshold,
            true_positives: c.true_positives,
            false_positives: c.false_positives,
            true_negatives: c.true_negatives,
            false_negatives: c.false_negatives,
            sensitivity: share(c.sensitivity),
            specificity: share(c.specificity),
            ppv: share(c.positive_predictive_value),
            npv: share(c.negative_predictive_value),
        }
    }
}

impl CaseMixDifference {
    fn of(model: &Model, evaluated: &Evaluated) -> Option<CaseMixDifference> {
        let before = model.case_mix.as_ref()?;
        let now = &evaluated.case_mix;
        let both = |development: Moments, evaluation: Moments| MomentsDifference {
            development,
            evaluation,
            standardised_difference: between(development, evaluation),
        };
        let variables = now.variables.iter().map(|(name, mix)| {
            let development = before.variables.get(name).cloned();
            let evaluation = VariableMix::of(mix);
            let standardised_difference = development.as_ref().and_then(|d| d.difference(&evaluation));
            (name.clone(), VariableDifference { development, evaluation, standardised_difference })
        });
        Some(CaseMixDifference {
            variables: variables.collect(),
            outcome: both(before.outcome, Moments::of(&now.outcome)),
            linear_predictor: both(before.linear_predictor, Moments::of(&now.linear_predictor)),
        })
    }
}

fn between(a: Moments, b: Moments) -> Option<f64> {
    difference_of_means(&a.whole()?, &b.whole()?)
}

impl VariableMix {
    fn difference(&self, new: &VariableMix) -> Option<f64> {
        match (&self.levels, &new.levels) {
            (Some(a), Some(b)) => difference_of_shares(&a.0, &b.0),
            (None, None) => {
                let moments = |v: &VariableMix| Moments { n: v.n, mean: v.mean, sd: v.sd };
                between(moments(self), moments(new))
            }
            _ => None,
        }
    }
}
