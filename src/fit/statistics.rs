//! The fit statistics of both families, as R defines them.

use std::f64::consts::PI;

use ndarray::{Array1, Array2};

use crate::fit::result::{FStatistic, HosmerLemeshow, Statistics};
use crate::fit::spec::Family;
use crate::num::special::{chi_squared_upper, f_upper, normal_quantile};
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise};
use crate::performance::calibration::hosmer_lemeshow;
use crate::performance::discrimination::{Auc, auc};
use crate::performance::score::{brier, cox_snell_r2, nagelkerke_r2, scaled_brier};
use crate::rows::{InMemory, Rows};

/// What the statistics are worked out from.
pub struct Ingredients<'a> {
    /// The sum of the weights.
    pub n: f64,
    /// What was worked out from the rows one by one.
    pub of_rows: &'a OfRows,
    /// Mean loss at the estimate, without any penalty.
    pub mean_loss: f64,
    /// Estimated coefficients, the intercept included.
    pub n_coefficients: usize,
    /// Whether the model has an intercept.
    pub has_intercept: bool,
    /// Level of the AUC's interval.
    pub conf_level: f64,
}

/// What the statistics need of single rows.
#[derive(Debug, Clone, Default)]
pub struct OfRows {
    /// Linear: sum of squares of y - offset about its mean, or about 0 without an intercept.
    pub spread: f64,
    /// Logistic: mean loss of the null model.
    pub null_loss: f64,
    /// Logistic.
    pub auc: Option<Auc>,
    /// Logistic.
    pub brier: f64,
    /// Logistic.
    pub scaled_brier: f64,
    /// Logistic, on request.
    pub hosmer_lemeshow: Option<HosmerLemeshow>,
}

impl OfRows {
    /// From rows in memory. fitted: means or probabilities, one a row; groups: of the Hosmer-Lemeshow test, if asked for.
    pub fn of(
        family: Family,
        rows: &InMemory,
        fitted: &Array1<f64>,
        has_intercept: bool,
        groups: Option<usize>,
    ) -> OfRows {
        if family == Family::Linear {
            return OfRows { spread: spread_of_outcome(rows, has_intercept), ..OfRows::default() };
        }
        let (risk, outcome) = (fitted.to_vec(), rows.y.to_vec());
        let weight = rows.weight.as_ref().map(|w| w.to_vec());
        let test = groups.and_then(|groups| hosmer_lemeshow(&risk, &outcome, weight.as_deref(), groups));
        OfRows {
            spread: f64::NAN,
            null_loss: null_loss(rows, has_intercept),
            auc: auc(&risk, &outcome, weight.as_deref()),
            brier: brier(&risk, &outcome, weight.as_deref()),
            scaled_brier: scaled_brier(&risk, &outcome, weight.as_deref()),
            hosmer_lemeshow: test.map(HosmerLemeshow::from),
        }
    }
}

/// All statistics of a fit.
///
/// n is the sum of the weights and k the number of estimated coefficients.
/// Linear: deviance = RSS, ll = -n/2 (ln 2 pi + ln(RSS/n) + 1), AIC = -2 ll + 2 (k + 1), BIC with ln n for 2.
/// Logistic: deviance = -2 ll, AIC = deviance + 2 k, BIC = deviance + k ln n.
/// Source: the definitions of R's lm, glm, AIC and BIC.
pub fn statistics(family: Family, from: &Ingredients<'_>) -> Statistics {
    let n = from.n;
    let k = from.n_coefficients as f64;
    let common = Statistics {
        n,
        df_model: from.n_coefficients - usize::from(from.has_intercept && from.n_coefficients > 0),
        df_residual: n - k,
        ..Statistics::default()
    };
    match family {
        Family::Linear => linear(common, from),
        Family::Logistic => logistic(common, from),
    }
}

fn linear(common: Statistics, from: &Ingredients<'_>) -> Statistics {
    let (n, k) = (common.n, from.n_coefficients as f64);
    let rss = 2.0 * n * from.mean_loss;
    let log_likelihood = -0.5 * n * ((2.0 * PI).ln() + (rss / n).ln() + 1.0);
    let null_deviance = from.of_rows.spread;
    let r_squared = 1.0 - rss / null_deviance;
    let df_total = n - f64::from(u8::from(from.has_intercept));
    let df_model = common.df_model as f64;
    let sigma_squared = rss / common.df_residual;
    let has_predictors = df_model > 0.0;
    let has_residuals = common.df_residual > 0.0;
    let f_statistic = (has_predictors && has_residuals).then(|| {
        let value = (null_deviance - rss) / df_model / sigma_squared;
        let p_value = f_upper(value, df_model, common.df_residual);
        FStatistic { value, df1: df_model, df2: common.df_residual, p_value }
    });
    Statistics {
        log_likelihood,
        deviance: rss,
        null_deviance,
        aic: -2.0 * log_likelihood + 2.0 * (k + 1.0),
        bic: -2.0 * log_likelihood + n.ln() * (k + 1.0),
        r_squared: Some(r_squared),
        adj_r_squared: has_residuals.then(|| 1.0 - (1.0 - r_squared) * df_total / common.df_residual),
        sigma: has_residuals.then(|| sigma_squared.sqrt()),
        f_statistic,
        ..common
    }
}

/// Weighted sum of squares of y - offset about its mean, or about 0 without an intercept.
fn spread_of_outcome(rows: &InMemory, has_intercept: bool) -> f64 {
    let y = match &rows.offset {
        Some(offset) => &rows.y - offset,
        None => rows.y.clone(),
    };
    let weight = |i: usize| rows.weight.as_ref().map_or(1.0, |w| w[i]);
    let total = rows.total_weight();
    let mut mean = 0.0;
    if has_intercept {
        mean = (0..y.len()).map(|i| weight(i) * y[i]).sum::<f64>() / total;
        mean += (0..y.len()).map(|i| weight(i) * (y[i] - mean)).sum::<f64>() / total; // takes off the rounding
    }
    (0..y.len()).map(|i| weight(i) * (y[i] - mean).powi(2)).sum()
}

fn logistic(common: Statistics, from: &Ingredients<'_>) -> Statistics {
    let (n, k) = (common.n, from.n_coefficients as f64);
    let deviance = 2.0 * n * from.mean_loss;
    let null_deviance = 2.0 * n * from.of_rows.null_loss;
    let area = from.of_rows.auc;
    let limits = area.map(|a| a.interval(normal_quantile(0.5 + from.conf_level / 2.0)));
    let chisq = null_deviance - deviance;
    Statistics {
        log_likelihood: -0.5 * deviance,
        deviance,
        null_deviance,
        aic: deviance + 2.0 * k,
        bic: deviance + k * n.ln(),
        auc: area.map(|a| a.value),
        auc_low: limits.map(|l| l.0).filter(|l| l.is_finite()),
        auc_high: limits.map(|l| l.1).filter(|l| l.is_finite()),
        brier: Some(from.of_rows.brier),
        scaled_brier: Some(from.of_rows.scaled_brier),
        log_loss: Some(from.mean_loss),
        nagelkerke_r2: Some(nagelkerke_r2(deviance, null_deviance, n)),
        cox_snell_r2: Some(cox_snell_r2(deviance, null_deviance, n)),
        mcfadden_r2: Some(1.0 - deviance / null_deviance),
        model_chisq: (common.df_model > 0)
            .then(|| (chisq, common.df_model, chi_squared_upper(chisq, common.df_model as f64))),
        hosmer_lemeshow: from.of_rows.hosmer_lemeshow,
        ..common
    }
}

/// Mean logistic loss of the null model: the intercept alone (with the offset, if any); without an intercept the
/// linear predictor is the offset or 0.
fn null_loss(rows: &InMemory, has_intercept: bool) -> f64 {
    let columns = usize::from(has_intercept);
    let null = InMemory {
        x: Array2::ones((rows.n_rows(), columns)),
        y: rows.y.clone(),
        weight: rows.weight.clone(),
        offset: rows.offset.clone(),
        block_rows: rows.block_rows,
        coded: None,
    };
    smallest_logistic_loss(&null)
}

/// The smallest mean logistic loss of rows of few columns.
pub fn smallest_logistic_loss(rows: &dyn Rows) -> f64 {
    let settings = Settings {
        method: Method::Auto,
        batch: None,
        decay: Decay::Constant,
        max_epochs: 100,
        tolerance: 1e-12,
        seed: 0,
    };
    let glm = Glm::new(rows, Loss::Logistic);
    minimise(&glm, &Array1::zeros(rows.n_columns()), &settings, &mut Unwatched).value
}
