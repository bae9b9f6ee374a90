//! Scores of predictions: Brier, log loss, root mean squared error, and the coefficients of determination.

use crate::objective::loss::Loss;

/// Brier score: (1/W) sum_i w_i (y_i - risk_i)^2. Source: Brier 1950.
pub fn brier(risk: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> f64 {
    let w = |i: usize| weight.map_or(1.0, |w| w[i]);
    let (sum, total) = (0..risk.len())
        .fold((0.0, 0.0), |(sum, total), i| (sum + w(i) * (outcome[i] - risk[i]).powi(2), total + w(i)));
    sum / total
}

/// Scaled Brier score: 1 - Brier / (P (1 - P)), P the share of events: 0 is no better than the share alone, 1 perfect.
///
/// NaN where the outcome has one value. Source: Steyerberg et al. 2010, Epidemiology 21:128-138.
pub fn scaled_brier(risk: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> f64 {
    let share = mean(outcome, weight);
    1.0 - brier(risk, outcome, weight) / (share * (1.0 - share))
}

/// Mean of the outcome (or of anything, one a row) by its weights.
pub fn mean(values: &[f64], weight: Option<&[f64]>) -> f64 {
    let w = |i: usize| weight.map_or(1.0, |w| w[i]);
    let (sum, total) = (0..values.len()).fold((0.0, 0.0), |(s, t), i| (s + w(i) * values[i], t + w(i)));
    sum / total
}

/// Log loss: the mean negative log-likelihood of 0/1 outcomes, from the linear predictor so that no risk is rounded
/// to 0 or 1. In nats a row. Source: Good 1952.
pub fn log_loss(linear_predictor: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> f64 {
    let losses: Vec<f64> = linear_predictor
        .iter()
        .zip(outcome)
        .map(|(lp, y)| Loss::Logistic.value_and_slope(*lp, *y).0)
        .collect();
    mean(&losses, weight)
}

/// R² of predictions as they are: 1 - sum w (y - prediction)^2 / sum w (y - mean)^2; below 0 where they are worse
/// than the mean of the new outcomes.
pub fn r_squared(prediction: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> f64 {
    let centre = mean(outcome, weight);
    let about: Vec<f64> = outcome.iter().map(|y| (y - centre).powi(2)).collect();
    1.0 - brier(prediction, outcome, weight) / mean(&about, weight)
}

/// Root mean squared error, in the outcome's units.
pub fn rmse(prediction: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> f64 {
    brier(prediction, outcome, weight).sqrt()
}

/// Mean absolute error, in the outcome's units.
pub fn mae(prediction: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> f64 {
    let errors: Vec<f64> = prediction.iter().zip(outcome).map(|(p, y)| (y - p).abs()).collect();
    mean(&errors, weight)
}

/// Cox-Snell R²: 1 - exp(-(null deviance - deviance) / n). Source: Cox & Snell 1989.
pub fn cox_snell_r2(deviance: f64, null_deviance: f64, n: f64) -> f64 {
    -((deviance - null_deviance) / n).exp_m1()
}

/// Nagelkerke R²: Cox-Snell's as a share of its largest value, 1 - exp(-null deviance / n).
/// Source: Nagelkerke 1991, Biometrika 78:691-692.
pub fn nagelkerke_r2(deviance: f64, null_deviance: f64, n: f64) -> f64 {
    cox_snell_r2(deviance, null_deviance, n) / -(-null_deviance / n).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brier_score_of_three_rows_is_what_paper_gives_and_weights_repeat_rows() {
        let (risk, outcome) = ([0.1, 0.5, 0.8], [0.0, 1.0, 1.0]);
        assert!((brier(&risk, &outcome, None) - 0.3 / 3.0).abs() < 1e-16); // 0.01 + 0.25 + 0.04
        let repeated = brier(&[0.1, 0.5, 0.5, 0.5, 0.8], &[0.0, 1.0, 1.0, 1.0, 1.0], None);
        assert!((brier(&risk, &outcome, Some(&[1.0, 3.0, 1.0])) - repeated).abs() < 1e-16);
    }

    #[test]
    fn three_predictions_of_a_number_by_hand() {
        let (prediction, outcome) = ([1.0, 2.0, 4.0], [1.0, 3.0, 2.0]);
        assert!((rmse(&prediction, &outcome, None) - (5.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert!((mae(&prediction, &outcome, None) - 1.0).abs() < 1e-15);
        assert!((r_squared(&prediction, &outcome, None) + 1.5).abs() < 1e-15); // 1 - 5/2
        assert!((r_squared(&prediction, &outcome, Some(&[1.0, 1.0, 0.0])) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn the_share_of_events_alone_has_a_scaled_brier_of_nothing() {
        let outcome = [0.0, 1.0, 0.0, 0.0];
        assert!(scaled_brier(&[0.25; 4], &outcome, None).abs() < 1e-15);
        assert_eq!(scaled_brier(&outcome, &outcome, None), 1.0);
    }

    #[test]
    fn a_log_loss_of_two_rows_is_the_logarithm_of_their_probabilities() {
        use crate::num::special::logit;
        let found = log_loss(&[logit(0.2), logit(0.7)], &[0.0, 1.0], Some(&[1.0, 3.0]));
        assert!((found + (0.8_f64.ln() + 3.0 * 0.7_f64.ln()) / 4.0).abs() < 1e-15);
        assert!((log_loss(&[-800.0], &[1.0], None) - 800.0).abs() < 1e-12);
    }

    /// From the definition with likelihoods: 1 - (L0/L1)^(2/n), and its largest value 1 - L0^(2/n).
    #[test]
    fn the_coefficients_of_determination_are_those_of_the_likelihoods() {
        let (null, model, n) = (1e-7_f64, 1e-5_f64, 10.0);
        let (null_deviance, deviance) = (-2.0 * null.ln(), -2.0 * model.ln());
        let cox_snell = 1.0 - (null / model).powf(2.0 / n);
        assert!((cox_snell_r2(deviance, null_deviance, n) - cox_snell).abs() < 1e-15);
        let largest = 1.0 - null.powf(2.0 / n);
        assert!((nagelkerke_r2(deviance, null_deviance, n) - cox_snell / largest).abs() < 1e-15);
    }
}
