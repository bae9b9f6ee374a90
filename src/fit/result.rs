//! The fit as every reader sees it: computed once, in the user's units; tables, plots and files only read it.

use ndarray::Array2;

use crate::data::missing::Ledger;
use crate::design::matrix::Frozen;
use crate::design::term::Term;
use crate::fit::spec::{Family, Spec};
use crate::fit::target::Search;
use crate::inference::influence::Influence;
use crate::inference::residual::Residuals;
use crate::objective::penalty::Strength;
use crate::optimise::history::History;
use crate::optimise::stop::StopReason;
use crate::optimise::verdict::Verdict;
use crate::performance::calibration::HosmerLemeshowTest;
use crate::performance::case_mix::CaseMix;
use crate::performance::construction::ByConstruction;

/// One coefficient with its inference. Fields are `None` where they do not exist (aliased, penalised, diverged).
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// Name and parts of the column.
    pub term: Term,
    /// In the user's units (logistic: log odds); `None` if the column was left out.
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
    /// Why the column was left out, e.g. `equal to 2 * age + 3`.
    pub aliased: Option<String>,
    /// Multiple imputation: Barnard and Rubin's degrees of freedom.
    pub df: Option<f64>,
    /// Multiple imputation: fraction of missing information.
    pub fmi: Option<f64>,
}

/// The outcome as it was used.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The left-hand side of the formula as text, e.g. `log(crp)`.
    pub text: String,
    /// The column.
    pub variable: String,
    /// Logistic: the level that counts as 1.
    pub event: Option<String>,
    /// Logistic: the level that counts as 0.
    pub non_event: Option<String>,
    /// Logistic: number of events (sum of weights).
    pub n_events: Option<f64>,
}

/// F test of all predictors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FStatistic {
    /// F.
    pub value: f64,
    /// Numerator degrees of freedom.
    pub df1: f64,
    /// Denominator degrees of freedom.
    pub df2: f64,
    /// Upper tail.
    pub p_value: f64,
}

/// Hosmer-Lemeshow test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HosmerLemeshow {
    /// Number of groups that were formed.
    pub groups: usize,
    /// Chi-squared.
    pub chisq: f64,
    /// Groups − 2.
    pub df: usize,
    /// Upper tail.
    pub p_value: f64,
}

impl From<HosmerLemeshowTest> for HosmerLemeshow {
    fn from(test: HosmerLemeshowTest) -> Self {
        let HosmerLemeshowTest { groups, chisq, df, p_value } = test;
        HosmerLemeshow { groups, chisq, df, p_value }
    }
}

/// Likelihood-ratio test against a smaller model on the same rows.
#[derive(Debug, Clone, PartialEq)]
pub struct LikelihoodRatio {
    /// The smaller formula.
    pub against: String,
    /// 2 (ll − ll0); linear: n log(RSS0/RSS1).
    pub chisq: f64,
    /// Difference of the numbers of coefficients.
    pub df: usize,
    /// Upper tail.
    pub p_value: f64,
    /// Linear: the F test beside it, with its p-value.
    pub f: Option<(f64, f64)>,
}

/// What a test of a term compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestKind {
    /// The likelihoods of the whole model and of the one without the term.
    LikelihoodRatio,
    /// The term's coefficients with their covariance.
    Wald,
}

/// Test of one term of the formula: the model without it against the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct TermTest {
    /// The term, e.g. `rcs(age, 4)`.
    pub group: String,
    /// What is compared.
    pub kind: TestKind,
    /// Chi-squared (logistic) or F (linear).
    pub statistic: f64,
    /// Degrees of freedom of the term.
    pub df: usize,
    /// Upper tail.
    pub p_value: f64,
}

/// The numbers under `fit` in `model.json`; `None` where one does not apply.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statistics {
    /// Rows used, or the sum of the frequency weights.
    pub n: f64,
    /// Coefficients without the intercept.
    pub df_model: usize,
    /// n − number of coefficients.
    pub df_residual: f64,
    /// Log-likelihood at the estimate.
    pub log_likelihood: f64,
    /// Firth: with the penalty.
    pub penalised_log_likelihood: Option<f64>,
    /// Residual sum of squares, or −2 log-likelihood.
    pub deviance: f64,
    /// Of the model with the intercept alone.
    pub null_deviance: f64,
    /// Akaike's criterion.
    pub aic: f64,
    /// Schwarz's criterion.
    pub bic: f64,
    /// Linear.
    pub r_squared: Option<f64>,
    /// Linear.
    pub adj_r_squared: Option<f64>,
    /// Linear: residual standard deviation.
    pub sigma: Option<f64>,
    /// Linear.
    pub f_statistic: Option<FStatistic>,
    /// Logistic: area under the ROC curve.
    pub auc: Option<f64>,
    /// DeLong.
    pub auc_low: Option<f64>,
    /// DeLong.
    pub auc_high: Option<f64>,
    /// Logistic: mean squared difference between outcome and probability.
    pub brier: Option<f64>,
    /// Logistic: 1 - Brier / that of the share of events.
    pub scaled_brier: Option<f64>,
    /// Logistic: mean negative log-likelihood.
    pub log_loss: Option<f64>,
    /// Logistic.
    pub nagelkerke_r2: Option<f64>,
    /// Logistic.
    pub cox_snell_r2: Option<f64>,
    /// Logistic.
    pub mcfadden_r2: Option<f64>,
    /// Logistic: chi-squared of the model against the intercept alone, df, p.
    pub model_chisq: Option<(f64, usize, f64)>,
    /// On request.
    pub hosmer_lemeshow: Option<HosmerLemeshow>,
    /// On request.
    pub likelihood_ratio: Option<LikelihoodRatio>,
    /// One a term of the formula, where they were computed.
    pub term_tests: Vec<TermTest>,
    /// Condition number of the standardised design.
    pub condition_number: Option<f64>,
}

/// Complete or quasi-complete separation.
#[derive(Debug, Clone, PartialEq)]
pub struct Separation {
    /// Every row is on its side of the plane; otherwise only some are, none on the wrong one.
    pub complete: bool,
    /// The columns whose coefficients run to infinity.
    pub terms: Vec<String>,
    /// The most rows that one direction strictly separates; `None` where it is withheld.
    pub rows: Option<usize>,
}

/// How the descent ended and what its end proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Convergence {
    /// Only a gradient-type test may say so.
    pub converged: bool,
    /// Why it stopped.
    pub reason: StopReason,
    /// Updates.
    pub iterations: usize,
    /// Passes over the data by updates.
    pub epochs: f64,
    /// All passes over the data, curvature, line search and final checks included.
    pub sweeps: f64,
    /// At the stop, in the scale of the descent.
    pub gradient_norm: f64,
    /// What it was compared with.
    pub tolerance: f64,
    /// How far any coefficient can be from the optimum, in its own standard errors; `None`: no bound can be given.
    pub max_error_in_standard_errors: Option<f64>,
    /// Found before the descent.
    pub separation: Option<Separation>,
}

/// Generalised variance inflation of one term.
#[derive(Debug, Clone, PartialEq)]
pub struct Inflation {
    /// The term of the formula.
    pub group: String,
    /// Generalised variance inflation factor.
    pub gvif: f64,
    /// Columns of the term.
    pub df: usize,
    /// gvif^(1/(2 df)).
    pub gvif_root: f64,
}

/// How the descent was set up, as it really ran.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimizerUsed {
    /// `auto`, `gradient-descent`, ...
    pub name: String,
    /// Rows a mini-batch; `None` in full batch.
    pub batch_size: Option<usize>,
    /// First learning rate (after `auto` was worked out).
    pub learning_rate: f64,
    /// Whether the rate was computed from the curvature.
    pub learning_rate_auto: bool,
    /// Whether a line search chose each step.
    pub line_search: bool,
    /// `constant`, `inverse-time`, `cosine`.
    pub schedule: String,
    /// The limit.
    pub max_epochs: usize,
    /// `true`: on standardised columns.
    pub standardised: bool,
    /// The seed.
    pub seed: u64,
}

/// Ridge, lasso or elastic net as it was used.
#[derive(Debug, Clone, PartialEq)]
pub struct PenaltyUsed {
    /// lambda and alpha.
    pub strength: Strength,
    /// Predictors (columns) whose coefficient is not zero.
    pub non_zero: usize,
    /// Predictors (columns) in all.
    pub predictors: usize,
    /// The objective can be at most this far above its minimum; infinite if no bound is known.
    pub duality_gap: f64,
    /// The coefficients along other lambdas, and how cross-validation chose one.
    pub search: Option<Search>,
}

/// What the fit says about each row used.
#[derive(Debug, Clone, PartialEq)]
pub struct ByRow {
    /// The line of the file on which the row starts; empty for data without a file.
    pub lines: Vec<u32>,
    /// Outcome as the model saw it.
    pub outcome: Vec<f64>,
    /// Residuals, leverage, influence; of a penalised or failed fit `None`.
    pub residuals: Option<Residuals>,
}

/// Everything that is known of a fitted model. It holds no patient's row except, on request, `fitted`.
#[derive(Debug, Clone)]
pub struct Fit {
    /// What was asked for.
    pub spec: Spec,
    /// The formula, normalised (`.` expanded).
    pub formula: String,
    /// Linear or logistic, as chosen.
    pub family: Family,
    /// The outcome as used.
    pub outcome: Outcome,
    /// Rows, losses and decisions.
    pub ledger: Ledger,
    /// Knots, levels and kinds of the variables, for new data.
    pub frozen: Frozen,
    /// One a column of the design, in order, aliased ones included.
    pub coefficients: Vec<Coefficient>,
    /// Of the estimated (not aliased) coefficients, in their order; `None` for a penalised or failed fit.
    pub covariance: Option<Array2<f64>>,
    /// Which standard errors these are, in words: `model`, `HC3`, `cluster (site, CR1)`, `none (penalised)`.
    pub covariance_kind: String,
    /// The elastic-net penalty, where there is one.
    pub penalty: Option<PenaltyUsed>,
    /// Fit statistics.
    pub statistics: Statistics,
    /// Which apparent values the fit forces on its own data.
    pub by_construction: ByConstruction,
    /// What the patients used are like, as aggregates, to be compared with others.
    pub case_mix: CaseMix,
    /// How it ended.
    pub convergence: Convergence,
    /// The learning rate's verdict, for the teaching methods.
    pub verdict: Option<Verdict>,
    /// Variance inflation by term.
    pub collinearity: Vec<Inflation>,
    /// How the descent was set up.
    pub optimizer: OptimizerUsed,
    /// The course of the descent.
    pub history: History,
    /// The loss at the optimum where it is known (found by a second, exact descent), for the loss curve's scale.
    pub optimum: Option<f64>,
    /// Fitted values by row used (probabilities or means); leaves the program only on request.
    pub fitted: Vec<f64>,
    /// How leverage and residuals are spread; `None` for a penalised or failed fit.
    pub influence: Option<Influence>,
    /// Each row used, on request.
    pub by_row: Option<ByRow>,
}
