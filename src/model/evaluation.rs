//! `evaluation.json`: its own versioned types. Aggregates only: curves are thinned to fixed risks, never one patient's.

use serde::{Deserialize, Serialize};

use crate::model::case_mix::{Moments, VariableMix};
use crate::model::file::as_text;
use crate::model::{Family, Named};

/// The version that this program writes.
pub const EVALUATION_SCHEMA: &str = "clinreg-evaluation/1";

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
    /// `intercept only` or `intercept and slope`, if it was recalibrated.
    pub recalibrated: Option<String>,
}

/// The row ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluatedRows {
    /// Name of the file without its folder.
    pub file: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Data rows in the file; `None` where it would tell a number of rows dropped that is withheld.
    pub rows_read: Option<usize>,
    /// Rows used.
    pub rows_used: usize,
    /// Rows read but not used; `None` where they are few and their number is withheld.
    pub rows_dropped: Option<usize>,
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
    /// How many knots its spline has; 0 for a straight line on the log odds. Where they lie is not written: a knot can
    /// be a patient's own value.
    pub calibration_knots: Option<usize>,
    /// Tenths of the risk.
    pub calibration_groups: Vec<Group>,
    /// Net benefit at 0.01, ..., 0.99.
    pub decision_curve: Vec<Benefit>,
    /// The ROC curve at the thresholds 1, 0.99, ..., 0, but for those whose counts are withheld.
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
    /// Events in each; null where they are withheld.
    pub events: Vec<Option<f64>>,
    /// Non-events in each, likewise.
    pub non_events: Vec<Option<f64>>,
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
    /// As JSON text, laid out like the model file.
    pub fn to_json(&self) -> String {
        as_text(self)
    }
}
