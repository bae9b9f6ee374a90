//! `evaluation.json`: its own versioned types. Aggregates only: curves are thinned to fixed risks, never one patient's.

use serde::{Deserialize, Serialize};

use crate::model::case_mix::{Moments, VariableMix};
use crate::model::evaluate::{Evaluated, Performance};
use crate::model::file::as_text;
use crate::model::from_fit::finite;
use crate::model::{Family, Model, Named};
use crate::performance::case_mix::{difference_of_means, difference_of_shares};
use crate::performance::classification::Classification;
use crate::performance::decision::NetBenefit;
use crate::performance::estimate::{Estimate, Proportion};
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::LogisticPerformance;
use crate::performance::roc::RocPoint;

/// The version that this program writes.
pub const EVALUATION_SCHEMA: &str = "clinreg-evaluation/1";

/// The thresholds of `net_benefit` where none are named.
const USUAL: [f64; 4] = [0.05, 0.1, 0.2, 0.3];

/// The evaluation of a model on new data, in the order of the file. What a family has not is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// [`EVALUATION_SCHEMA`].
    pub schema: String,
    /// The version of the program that wrote it.
    pub clinreg_version: String,
    /// What was evaluated.
    pub model: EvaluatedModel,
    /// On which rows.
    pub data: EvaluatedRows,
    /// Linear or logistic.
    pub family: Family,
    /// The outcome's column and its event in these data.
    pub outcome: EvaluatedOutcome,
    /// Coverage of the intervals.
    pub conf_level: f64,
    /// Rows used, or the sum of the frequency weights.
    pub n: f64,
    /// Measures of a logistic model.
    #[serde(flatten)]
    pub logistic: Option<Logistic>,
    /// Measures of a linear model.
    #[serde(flatten)]
    pub linear: Option<Linear>,
    /// Calibration in the large: the intercept with the slope fixed at 1 (linear: mean of outcome less prediction).
    pub calibration_intercept: Option<f64>,
    /// Its interval.
    pub calibration_intercept_low: Option<f64>,
    /// Its interval.
    pub calibration_intercept_high: Option<f64>,
    /// Slope of the outcome on the linear predictor.
    pub calibration_slope: Option<f64>,
    /// Its interval.
    pub calibration_slope_low: Option<f64>,
    /// Its interval.
    pub calibration_slope_high: Option<f64>,
    /// The intercept beside that slope: not calibration in the large.
    pub calibration_intercept_free: Option<f64>,
    /// How these patients differ from those of the fit; absent where the model file has no aggregates.
    pub case_mix: Option<CaseMixDifference>,
}

/// The model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluatedModel {
    /// The file that it was fitted to.
    pub file: String,
    /// SHA-256 of that, hexadecimal.
    pub sha256: String,
    /// Its formula.
    pub formula: String,
    /// `intercept` or `slope`, if it was recalibrated.
    pub recalibrated: Option<String>,
}

/// The row ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluatedRows {
    /// Name of the file without its folder.
    pub file: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Data rows in the file.
    pub rows_read: usize,
    /// Rows used.
    pub rows_used: usize,
    /// Rows read but not used.
    pub rows_dropped: usize,
    /// For each variable with a missing value in some row, in how many.
    pub missing: Named<usize>,
    /// Rows dropped for another reason, by reason.
    pub dropped_otherwise: Named<usize>,
    /// What else a reader must know.
    pub notices: Vec<String>,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluatedOutcome {
    /// The column.
    pub variable: String,
    /// Logistic: the value that is the event.
    pub event: Option<String>,
}

/// Measures of a logistic model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// Events among the rows.
    pub n_events: f64,
    /// Area under the ROC curve.
    pub auc: f64,
    /// DeLong's interval.
    pub auc_low: Option<f64>,
    /// DeLong's interval.
    pub auc_high: Option<f64>,
    /// Mean squared difference of outcome and risk.
    pub brier: f64,
    /// 1 - Brier / that of the share of events.
    pub scaled_brier: f64,
    /// Mean negative log-likelihood.
    pub log_loss: f64,
    /// Of the regression of the outcome on the linear predictor.
    pub nagelkerke_r2: Option<f64>,
    /// Likewise.
    pub cox_snell_r2: Option<f64>,
    /// Events over the sum of the risks.
    pub oe_ratio: f64,
    /// Its interval.
    pub oe_low: f64,
    /// Its interval.
    pub oe_high: f64,
    /// Mean distance of the calibration curve from the diagonal.
    pub ici: Option<f64>,
    /// Its median.
    pub e50: Option<f64>,
    /// Its 90th centile.
    pub e90: Option<f64>,
    /// Its largest value.
    pub e_max: Option<f64>,
    /// Net benefit at the thresholds named, or at 0.05, 0.1, 0.2 and 0.3.
    pub net_benefit: Vec<Benefit>,
    /// At the thresholds named; empty where none is.
    pub classification: Vec<Classified>,
    /// The smoothed curve.
    pub calibration_curve: Vec<CurveAt>,
    /// Knots of its spline on the log odds; empty for a straight line.
    pub calibration_knots: Vec<f64>,
    /// Tenths of the risk.
    pub calibration_groups: Vec<Group>,
    /// Net benefit at 0.01, ..., 0.99.
    pub decision_curve: Vec<Benefit>,
    /// The ROC curve at the thresholds 1, 0.99, ..., 0.
    pub roc: Vec<RocAt>,
    /// Counts of risks by outcome.
    pub risk_distribution: Distribution,
}

/// Measures of a linear model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// 1 - sum of squared errors / sum of squares about the mean.
    pub r_squared: f64,
    /// Root mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Mean of the outcome.
    pub mean_outcome: f64,
    /// Mean of the predictions.
    pub mean_predicted: f64,
}

/// Net benefit at a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Benefit {
    /// A risk of at least this counts as positive.
    pub threshold: f64,
    /// Of the model.
    pub model: f64,
    /// Of treating all.
    pub treat_all: f64,
    /// Of treating none: 0.
    pub treat_none: f64,
    /// Standard error of the model's; absent for a single row.
    pub std_error: Option<f64>,
}

/// Classification at a threshold; an absent share has no rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classified {
    /// A risk of at least this counts as positive.
    pub threshold: f64,
    /// Events with a positive prediction.
    pub true_positives: f64,
    /// Non-events with a positive prediction.
    pub false_positives: f64,
    /// Non-events with a negative prediction.
    pub true_negatives: f64,
    /// Events with a negative prediction.
    pub false_negatives: f64,
    /// Sensitivity.
    pub sensitivity: Option<Share>,
    /// Specificity.
    pub specificity: Option<Share>,
    /// Positive predictive value.
    pub ppv: Option<Share>,
    /// Negative predictive value.
    pub npv: Option<Share>,
}

/// A share with Wilson's interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share.
    pub estimate: f64,
    /// Lower end.
    pub conf_low: f64,
    /// Upper end.
    pub conf_high: f64,
}

/// A point of the calibration curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurveAt {
    /// The risk.
    pub predicted: f64,
    /// The smoothed share of events.
    pub observed: f64,
    /// Pointwise interval.
    pub conf_low: f64,
    /// Pointwise interval.
    pub conf_high: f64,
}

/// A group of the grouped calibration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Rows.
    pub n: f64,
    /// Events.
    pub events: f64,
    /// Mean risk.
    pub predicted: f64,
    /// Share of events.
    pub observed: f64,
    /// Wilson's interval.
    pub conf_low: f64,
    /// Wilson's interval.
    pub conf_high: f64,
}

/// A point of the ROC curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocAt {
    /// A risk of at least this counts as positive.
    pub threshold: f64,
    /// 1 - specificity.
    pub false_positive_rate: f64,
    /// Sensitivity.
    pub sensitivity: f64,
}

/// Counts of risks in bins of equal width from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Width of a bin.
    pub width: f64,
    /// Events in each.
    pub events: Vec<f64>,
    /// Non-events in each.
    pub non_events: Vec<f64>,
}

/// How two samples differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseMixDifference {
    /// The variables of the model.
    pub variables: Named<VariableDifference>,
    /// The outcome; logistic: 0 and 1.
    pub outcome: MomentsDifference,
    /// The linear predictor.
    pub linear_predictor: MomentsDifference,
}

/// One variable in both samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariableDifference {
    /// At the fit; absent where the model file does not have it.
    pub development: Option<VariableMix>,
    /// In the new data.
    pub evaluation: VariableMix,
    /// Standardised difference; of numbers positive where the new mean is larger, of levels without a sign.
    pub standardised_difference: Option<f64>,
}

/// One number in both samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MomentsDifference {
    /// At the fit.
    pub development: Moments,
    /// In the new data.
    pub evaluation: Moments,
    /// Positive where the new mean is larger.
    pub standardised_difference: Option<f64>,
}

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
                rows_read: ledger.rows_read,
                rows_used: ledger.rows_used,
                rows_dropped: ledger.rows_dropped(),
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

    /// As JSON text, laid out like the model file.
    pub fn to_json(&self) -> String {
        as_text(self)
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
            calibration_knots: curve.map_or_else(Vec::new, |c| c.knots.clone()),
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
            roc: thinned(&p.roc),
            risk_distribution: Distribution {
                width: p.distribution.width,
                events: p.distribution.events.clone(),
                non_events: p.distribution.non_events.clone(),
            },
        }
    }
}

/// The curve at fixed thresholds, so that no patient's risk can be read from it.
fn thinned(points: &[RocPoint]) -> Vec<RocAt> {
    (0..=100)
        .rev()
        .filter_map(|k| {
            let threshold = f64::from(k) / 100.0;
            let reached = points.partition_point(|p| p.threshold >= threshold);
            let at = points.get(reached.checked_sub(1)?)?;
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
