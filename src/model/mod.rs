//! The model file: its own versioned types; save, load, predict on new data.

use serde::{Deserialize, Serialize};

mod case_mix;
mod differences;
mod evaluate;
#[cfg(test)]
mod evaluate_tests;
mod evaluation;
mod file;
mod from_evaluated;
mod from_fit;
mod kept;
mod named;
mod new_outcome;
mod pieces;
mod predict;
mod predictor;
mod recalibrate;
#[cfg(test)]
pub(crate) mod sample;
mod statistics;
#[cfg(test)]
mod tests;

pub use case_mix::{CaseMix, Moments, VariableMix};
pub use differences::{Difference, count_numbers, differences};
pub use evaluate::{EvaluateOptions, Evaluated, Performance};
pub use evaluation::{EVALUATION_SCHEMA, Evaluation};
pub(crate) use from_fit::estimate;
pub use named::Named;
pub use predict::Predictions;
pub use predictor::{Predictor, Tally};
pub use recalibrate::{Recalibrate, Recalibration};
pub use statistics::{ChiSquared, FStatistic, HosmerLemeshow, LikelihoodRatio, Statistics, TermTest};

/// The version that this program writes and reads.
pub const SCHEMA: &str = "clinreg-model/1";

/// A model as `model.json` holds it: aggregates only, no patient's row; the order of the fields is that of the file.
///
/// Numbers that do not exist are `None`; NaN and infinities never get here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of the program that wrote it.
    pub clinreg_version: String,
    /// The words after `clinreg` that lead to it: `fit`, the data, the formula, and the options that decide the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// The file that it was fitted to, and which rows of it.
    pub data: Data,
    /// Linear or logistic.
    pub family: Family,
    /// What is predicted.
    pub outcome: Outcome,
    /// The formula with `.` written out; it parses to the same design.
    pub formula: String,
    /// Levels of each categorical variable in order; the first is the reference.
    pub factors: Named<Vec<String>>,
    /// One a column of the design, left-out ones included.
    pub coefficients: Vec<Coefficient>,
    /// Coverage of the intervals of the coefficients.
    pub conf_level: f64,
    /// Which standard errors these are: `model`, `HC3`, `cluster (site, CR1)`, `none (penalised)`.
    pub standard_errors: String,
    /// Of the estimated coefficients in their order, p x p.
    pub covariance: Option<Vec<Vec<f64>>>,
    /// The fit statistics.
    pub fit: Statistics,
    /// How the descent ended and what its end proves.
    pub convergence: Convergence,
    /// The learning rate's verdict, for the teaching methods.
    pub verdict: Option<Verdict>,
    /// Variance inflation by term of the formula.
    pub collinearity: Named<Inflation>,
    /// What was added to the loss.
    pub penalty: Penalty,
    /// How the descent was set up.
    pub optimizer: Optimizer,
    /// What was learnt from the rows used and new data must not change.
    pub design: Design,
    /// What the patients of the fit were like, as aggregates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_mix: Option<CaseMix>,
    /// Where the model was recalibrated after its fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalibration: Option<Recalibration>,
}

/// The row ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// Name of the file without its folder.
    pub file: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Data rows in the file; `None` where it would tell a number of rows dropped that is withheld.
    pub rows_read: Option<usize>,
    /// Rows that the model was fitted to.
    pub rows_used: usize,
    /// Rows read but not used; `None` where they are few and their number is withheld.
    pub rows_dropped: Option<usize>,
    /// For each variable with a missing value in some row, in how many.
    pub missing: Named<usize>,
    /// Rows dropped for another reason, by reason.
    pub dropped_otherwise: Named<usize>,
    /// Codes that were declared to mean missing, besides the usual ones.
    pub na: Vec<String>,
    /// Everything else that was decided on the user's behalf.
    pub notices: Vec<String>,
}

/// Which likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Normal.
    Linear,
    /// Binomial with the logit link.
    Logistic,
}

/// The outcome as it was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The column.
    pub variable: String,
    /// Logistic: the level that counts as 1.
    pub event: Option<String>,
    /// Logistic: the level that counts as 0.
    pub non_event: Option<String>,
    /// The left-hand side of the formula, e.g. `log(crp)`.
    pub text: String,
    /// Logistic: events among the rows used (sum of weights).
    pub n_events: Option<f64>,
}

/// One coefficient in the user's units (logistic: log odds) with its inference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// `(Intercept)`, `rx[indomethacin]:age`, `rcs(age, 4)[2]`.
    pub term: String,
    /// What is multiplied; empty for the intercept.
    pub parts: Vec<Part>,
    /// `None` for a column that was left out, and after a divergence.
    pub estimate: Option<f64>,
    /// Standard error.
    pub std_error: Option<f64>,
    /// t (linear) or z (logistic).
    pub statistic: Option<f64>,
    /// Two-sided.
    pub p_value: Option<f64>,
    /// Lower end of the interval.
    pub conf_low: Option<f64>,
    /// Upper end of the interval.
    pub conf_high: Option<f64>,
    /// Why the column was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aliased: Option<String>,
    /// Multiple imputation: Barnard and Rubin's degrees of freedom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub df: Option<f64>,
    /// Multiple imputation: fraction of missing information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fmi: Option<f64>,
}

/// One factor of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The column of the data.
    pub variable: String,
    /// The level whose indicator this is; `None` for a number.
    pub level: Option<String>,
    /// The transform, e.g. `I(age^2)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<String>,
    /// Which column (from 1) of a spline or polynomial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
}

/// How the descent ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    /// Whether the gradient says so.
    pub converged: bool,
    /// Why it stopped, in words.
    pub reason: String,
    /// Updates.
    pub iterations: usize,
    /// Passes over the data by updates.
    pub epochs: Option<f64>,
    /// All passes over the data.
    pub sweeps: Option<f64>,
    /// At the stop, in the scale of the descent.
    pub gradient_norm: Option<f64>,
    /// What it was compared with.
    pub tolerance: f64,
    /// How far any coefficient can be from the optimum, in its own standard errors.
    pub max_error_in_standard_errors: Option<f64>,
    /// Found before the descent.
    pub separation: Option<Separation>,
}

/// Separation: no finite estimate exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Separation {
    /// `complete` or `quasi-complete`.
    pub kind: SeparationKind,
    /// The columns whose coefficients run to infinity.
    pub terms: Vec<String>,
    /// The most rows that one direction strictly separates; `None` where it is withheld.
    pub rows: Option<usize>,
}

/// How far the data are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeparationKind {
    /// Every row is on its side of a plane.
    Complete,
    /// No row is on the wrong side, some are on the plane.
    QuasiComplete,
}

/// The learning rate's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// `about right`, `about right, but the valley is long`, `too low (crawling)`, `oscillating`, `too high (diverging)`.
    pub learning_rate: String,
    /// In a sentence or two, with what to try.
    pub text: String,
    /// L.
    pub largest_curvature: Option<f64>,
    /// The smallest eigenvalue of the Hessian.
    pub smallest_curvature: Option<f64>,
}

/// Generalised variance inflation of one term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inflation {
    /// The factor.
    pub gvif: Option<f64>,
    /// Columns of the term.
    pub df: usize,
    /// gvif^(1/(2 df)).
    pub gvif_root: Option<f64>,
}

/// What was added to the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Penalty {
    /// Nothing.
    None,
    /// lambda (alpha |b|_1 + (1 - alpha)/2 |b|_2^2) on standardised predictors.
    ElasticNet {
        /// The strength.
        lambda: Option<f64>,
        /// 0 is ridge, 1 is lasso.
        alpha: f64,
        /// `given`, or by cross-validation.
        chosen_by: String,
        /// Columns whose coefficient is not zero, without the intercept.
        non_zero: usize,
        /// The objective can be at most this far above its minimum.
        duality_gap: Option<f64>,
        /// Cross-validation: the lambda with the smallest mean.
        #[serde(skip_serializing_if = "Option::is_none")]
        lambda_min: Option<f64>,
    },
    /// Bias reduction.
    Firth,
}

/// How the descent was set up, as it really ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Optimizer {
    /// `auto`, `gradient-descent`, ...
    pub name: String,
    /// Rows a mini-batch; `None` in full batch.
    pub batch_size: Option<usize>,
    /// The first learning rate.
    pub learning_rate: Option<f64>,
    /// The seed of everything random.
    pub seed: u64,
    /// Whether the rate was computed from the curvature.
    pub learning_rate_auto: bool,
    /// Whether each step was searched for.
    pub line_search: bool,
    /// `constant`, `inverse-time`, `cosine`.
    pub schedule: String,
    /// The limit of passes over the data.
    pub max_epochs: usize,
    /// Whether the descent ran on standardised columns.
    pub standardised: bool,
    /// The loss at the optimum, where it was worked out.
    pub optimum: Option<f64>,
}

/// What `predict` builds new columns from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// Whether the model has an intercept.
    pub intercept: bool,
    /// What each variable of the right-hand side was; the levels of categories stand under `factors`.
    pub variables: Named<Kind>,
    /// Each spline or polynomial by its text, e.g. `rcs(age, 4)`.
    pub bases: Named<Basis>,
}

/// What a variable was at the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A number.
    Number,
    /// Days since 1970-01-01.
    Date,
    /// Levels.
    Category,
}

/// Knots and recurrences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Basis {
    /// Restricted cubic spline.
    Rcs {
        /// t1 < ... < tk.
        knots: Vec<f64>,
    },
    /// Natural spline.
    Ns {
        /// Interior knots.
        knots: Vec<f64>,
        /// Boundary knots.
        boundary: [f64; 2],
    },
    /// Orthogonal polynomial.
    Poly {
        /// Centres of the recurrence, one a degree.
        alpha: Vec<f64>,
        /// Squared norms, degree + 2.
        norm2: Vec<f64>,
    },
}
