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
