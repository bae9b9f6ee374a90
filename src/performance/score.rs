//! Scores of predictions: the Brier score and the coefficients of determination of a likelihood.

/// Brier score: (1/W) sum_i w_i (y_i - risk_i)^2. Source: Brier 1950.
pub fn brier(risk: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> f64 {
    let w = |i: usize| weight.map_or(1.0, |w| w[i]);
    let (sum, total) = (0..risk.len())
        .fold((0.0, 0.0), |(sum, total), i| (sum + w(i) * (outcome[i] - risk[i]).powi(2), total + w(i)));
    sum / total
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
