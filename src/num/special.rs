//! Special functions in their stable forms, and the tails and quantiles of the tests' distributions.

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

/// ln(1 + exp(t)) without overflow or loss of digits.
pub fn softplus(t: f64) -> f64 {
    t.max(0.0) + (-t.abs()).exp().ln_1p()
}

/// 1 / (1 + exp(-t)), accurate in both tails.
pub fn expit(t: f64) -> f64 {
    let e = (-t.abs()).exp();
    if t >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// ln(p / (1 - p)) for p in (0, 1).
pub fn logit(p: f64) -> f64 {
    p.ln() - (-p).ln_1p()
}

/// Two-sided p-value of a standard normal statistic: P(|Z| > |z|).
pub fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// Two-sided p-value of a t statistic with `df` degrees of freedom.
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    if t.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    // P(|T| > t) is the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t^2).
    let x = df / (df + t * t);
    if x <= 0.0 {
        return 0.0;
    }
    statrs::function::beta::beta_reg(df / 2.0, 0.5, x.min(1.0))
}

/// Upper tail of chi-squared: P(X > x).
pub fn chi_squared_upper(x: f64, df: f64) -> f64 {
    if x.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    ChiSquared::new(df).map_or(f64::NAN, |d| d.sf(x.max(0.0)))
}

/// Upper tail of F: P(F > x).
pub fn f_upper(x: f64, df1: f64, df2: f64) -> f64 {
    if x.is_nan() || df1 <= 0.0 || df2 <= 0.0 {
        return f64::NAN;
    }
    FisherSnedecor::new(df1, df2).map_or(f64::NAN, |d| d.sf(x.max(0.0)))
}

/// Quantile of the standard normal distribution.
pub fn normal_quantile(p: f64) -> f64 {
    let start = Normal::standard().inverse_cdf(p);
    polish(
        start,
        |z| upper_normal(z) - (1.0 - p),
        |z| -(-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt(),
    )
}

/// Quantile of the t distribution with `df` degrees of freedom.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    let Ok(d) = StudentsT::new(0.0, 1.0, df) else { return f64::NAN };
    let start = d.inverse_cdf(p);
    let tail = (1.0 - p).min(p);
    let sign = if p >= 0.5 { 1.0 } else { -1.0 };
    let log_norm = statrs::function::gamma::ln_gamma((df + 1.0) / 2.0)
        - statrs::function::gamma::ln_gamma(df / 2.0)
        - 0.5 * (df * std::f64::consts::PI).ln();
    let density = |t: f64| (log_norm - (df + 1.0) / 2.0 * (t * t / df).ln_1p()).exp();
    sign * polish(start.abs(), |t| t_two_sided(t, df) / 2.0 - tail, |t| -density(t))
}

/// Quantile of chi-squared.
pub fn chi_squared_quantile(p: f64, df: f64) -> f64 {
    ChiSquared::new(df).map_or(f64::NAN, |d| d.inverse_cdf(p))
}

fn upper_normal(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// A few Newton steps on a quantile that a library gave to fewer digits than its tail function.
fn polish(start: f64, excess: impl Fn(f64) -> f64, slope: impl Fn(f64) -> f64) -> f64 {
    const STEPS: usize = 3;
    let mut z = start;
    for _ in 0..STEPS {
        let step = excess(z) / slope(z);
        if !step.is_finite() || step.abs() > 0.1 * (1.0 + z.abs()) {
            return z;
        }
        z -= step;
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64, relative: f64) {
        assert!((got - wanted).abs() <= relative * wanted.abs(), "{got} is not {wanted}");
    }

    #[test]
    fn softplus_and_expit_survive_extreme_arguments() {
        assert_eq!(softplus(1000.0), 1000.0);
        assert_eq!(softplus(-1000.0), 0.0);
        near(softplus(-40.0), 4.248354255291589e-18, 1e-14);
        near(expit(-40.0), 4.248354255291589e-18, 1e-14);
        assert_eq!(expit(1000.0), 1.0);
        near(logit(expit(-3.7)), -3.7, 1e-14);
    }

    /// The figures are R 4.2: qnorm, qt, pt, pchisq, pf, pnorm.
    #[test]
    fn tails_and_quantiles_agree_with_r() {
        near(normal_quantile(0.975), 1.959963984540054, 1e-14);
        near(normal_quantile(0.995), 2.5758293035489004, 1e-14);
        near(t_quantile(0.975, 48.0), 2.0106347576242314, 1e-12);
        near(t_quantile(0.975, 1.0), 12.706204736174694, 1e-12);
        near(t_quantile(0.025, 5.0), -2.5705818356363146, 1e-12);
        near(normal_two_sided(8.0), 1.2441921148543639e-15, 1e-12);
        near(normal_two_sided(1.959963984540054), 0.05, 1e-13);
        near(chi_squared_upper(3.841458820694124, 1.0), 0.05, 1e-11);
        near(chi_squared_upper(100.0, 5.0), 5.285148e-20, 1e-6);
        near(t_two_sided(2.0106347576242314, 48.0), 0.05, 1e-12);
        // With two degrees of freedom above, the tail is (1 + 2x/d)^(-d/2) exactly.
        near(f_upper(4.0, 2.0, 20.0), 1.4_f64.powi(-10), 1e-12);
    }
}
