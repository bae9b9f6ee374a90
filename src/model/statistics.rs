//! The numbers under `fit` in the model file.

use serde::{Deserialize, Serialize};

/// The numbers under `fit`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Statistics {
    /// Rows used, or the sum of the frequency weights.
    pub n: Option<f64>,
    /// Coefficients without the intercept.
    pub df_model: usize,
    /// n less the number of coefficients.
    pub df_residual: Option<f64>,
    /// At the estimate.
    pub log_likelihood: Option<f64>,
    /// Firth: with the penalty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub penalised_log_likelihood: Option<f64>,
    /// Residual sum of squares, or -2 log-likelihood.
    pub deviance: Option<f64>,
    /// Of the model with the intercept alone.
    pub null_deviance: Option<f64>,
    /// Akaike's criterion.
    pub aic: Option<f64>,
    /// Schwarz's criterion.
    pub bic: Option<f64>,
    /// Linear.
    pub r_squared: Option<f64>,
    /// Linear.
    pub adj_r_squared: Option<f64>,
    /// Linear: residual standard deviation.
    pub sigma: Option<f64>,
    /// Linear: F test of all predictors.
    pub f_statistic: Option<FStatistic>,
    /// Logistic: area under the ROC curve.
    pub auc: Option<f64>,
    /// Its interval (DeLong).
    pub auc_low: Option<f64>,
    /// Its interval (DeLong).
    pub auc_high: Option<f64>,
    /// Logistic: mean squared difference of outcome and probability.
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
    /// Logistic: likelihood-ratio test against the intercept alone.
    pub model_test: Option<ChiSquared>,
    /// On request.
    pub hosmer_lemeshow: Option<HosmerLemeshow>,
    /// On request.
    pub likelihood_ratio: Option<LikelihoodRatio>,
    /// Test of each term of the formula.
    pub term_tests: Vec<TermTest>,
    /// Condition number of the standardised design.
    pub condition_number: Option<f64>,
}

/// An F test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FStatistic {
    /// F.
    pub value: Option<f64>,
    /// Numerator degrees of freedom.
    pub df1: f64,
    /// Denominator degrees of freedom.
    pub df2: f64,
    /// Upper tail.
    pub p_value: Option<f64>,
}

/// A chi-squared test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChiSquared {
    /// Chi-squared.
    pub chisq: Option<f64>,
    /// Degrees of freedom.
    pub df: usize,
    /// Upper tail.
    pub p_value: Option<f64>,
}

/// The Hosmer-Lemeshow test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HosmerLemeshow {
    /// Groups that were formed.
    pub groups: usize,
    /// Chi-squared.
    pub chisq: Option<f64>,
    /// Groups - 2.
    pub df: usize,
    /// Upper tail.
    pub p_value: Option<f64>,
}

/// Likelihood-ratio test against a smaller model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LikelihoodRatio {
    /// The smaller formula.
    pub against: String,
    /// Chi-squared.
    pub chisq: Option<f64>,
    /// Difference of the numbers of coefficients.
    pub df: usize,
    /// Upper tail.
    pub p_value: Option<f64>,
    /// Linear: the F test beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f: Option<f64>,
    /// Linear: its upper tail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f_p_value: Option<f64>,
}

/// Test of one term: the model without it against the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermTest {
    /// The term of the formula.
    pub term: String,
    /// `Wald`; absent of a likelihood-ratio test, or an exact one of a linear model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// Chi-squared (logistic) or F (linear).
    pub statistic: Option<f64>,
    /// Degrees of freedom of the term.
    pub df: usize,
    /// Upper tail.
    pub p_value: Option<f64>,
}
