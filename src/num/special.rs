//! Special functions in their stable forms, and the tails and quantiles of the tests' distributions.

use std::f64::consts::{LN_2, PI, SQRT_2};

use crate::num::incomplete::{Tails, beta_tails, gamma_density, gamma_tails, stirling_error};

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
    libm::erfc(z.abs() / SQRT_2)
}

/// Two-sided p-value of a t statistic with `df` degrees of freedom, not necessarily whole.
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    if t.is_nan() || !is_positive(df) {
        return f64::NAN;
    }
    if t.is_infinite() {
        return 0.0;
    }
    if df.is_infinite() {
        return normal_two_sided(t);
    }
    t_tails(t.abs(), df).lower
}

/// P(|T| > t) and P(|T| < t): incomplete beta functions of (df/2, 1/2) at x = df / (df + t²).
fn t_tails(t: f64, df: f64) -> Tails {
    let ratio = t / df.sqrt();
    let square = ratio * ratio;
    beta_tails(0.5 * df, 0.5, 1.0 / (1.0 + square), square / (1.0 + square))
}

/// Upper tail of chi-squared: P(X > x).
pub fn chi_squared_upper(x: f64, df: f64) -> f64 {
    if x.is_nan() || !is_positive(df) {
        return f64::NAN;
    }
    gamma_tails(0.5 * df, 0.5 * x.max(0.0)).upper
}

/// Upper tail of F: P(F > x).
pub fn f_upper(x: f64, df1: f64, df2: f64) -> f64 {
    if x.is_nan() || !is_positive(df1) || !is_positive(df2) {
        return f64::NAN;
    }
    if x.is_infinite() {
        return if x > 0.0 { 0.0 } else { 1.0 };
    }
    if df2.is_infinite() {
        return chi_squared_upper(x * df1, df1);
    }
    let ratio = df1 * x.max(0.0) / df2;
    let above = if ratio.is_infinite() { 1.0 } else { ratio / (1.0 + ratio) };
    beta_tails(0.5 * df2, 0.5 * df1, 1.0 / (1.0 + ratio), above).lower
}

/// Quantile of the standard normal distribution; NaN outside [0, 1].
pub fn normal_quantile(p: f64) -> f64 {
    let Some(side) = Side::of(p) else { return f64::NAN };
    if side.tail == 0.0 || side.centre == Some(0.0) {
        return if side.tail == 0.0 { side.sign * f64::INFINITY } else { 0.0 };
    }
    // Abramowitz & Stegun 1964, 26.2.22: three digits to start with.
    let r = (-2.0 * side.tail.ln()).sqrt();
    let mut z = (r - (2.30753 + 0.27061 * r) / (1.0 + 0.99229 * r + 0.04481 * r * r)).max(0.0);
    for _ in 0..MOST_STEPS {
        let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let excess = match side.centre {
            Some(centre) => 0.5 * (centre - libm::erf(z / SQRT_2)),
            None => 0.5 * libm::erfc(z / SQRT_2) - side.tail,
        };
        let newton = excess / density;
        let step = newton / (1.0 - 0.5 * z * newton); // Halley's: the density's slope is -z times itself
        z += step;
        if step.abs() <= f64::EPSILON * z {
            break;
        }
    }
    side.sign * z
}

/// Quantile of the t distribution with `df` degrees of freedom; NaN outside [0, 1].
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if !is_positive(df) {
        return f64::NAN;
    }
    let start = normal_quantile(p).abs(); // the tails of t are heavier: a lower bound
    let Some(side) = Side::of(p) else { return f64::NAN };
    if start == 0.0 || start.is_infinite() || df.is_infinite() {
        return side.sign * start;
    }
    let log_norm = stirling_error(0.5 * (df + 1.0)) - stirling_error(0.5 * df) - 0.5 * (2.0 * PI).ln()
        + 0.5 * df * (1.0 / df).ln_1p()
        - 0.5;
    let log_density = |t: f64| log_norm - 0.5 * (df + 1.0) * (t / df.sqrt()).powi(2).ln_1p();
    let t = solve_in_logs(start, |t| {
        let tails = t_tails(t, df);
        match side.centre {
            Some(centre) => (tails.upper, centre, 2.0 * log_density(t).exp()),
            None => (tails.lower, 2.0 * side.tail, -2.0 * log_density(t).exp()),
        }
    });
    side.sign * t
}

/// Quantile of chi-squared; NaN outside [0, 1].
pub fn chi_squared_quantile(p: f64, df: f64) -> f64 {
    if !is_positive(df) || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return if p == 0.0 { 0.0 } else { f64::INFINITY };
    }
    let a = 0.5 * df;
    // Wilson & Hilferty 1931; near 0 the first term of the series, a lower bound.
    let cube = 2.0 / (9.0 * df);
    let body = df * (1.0 - cube + normal_quantile(p) * cube.sqrt()).max(0.0).powi(3);
    let log_gamma = (a - 0.5) * a.ln() - a + 0.5 * (2.0 * PI).ln() + stirling_error(a);
    let foot = 2.0 * ((p.ln() + a.ln() + log_gamma) / a).exp();
    solve_in_logs(body.max(foot), |x| {
        let tails = gamma_tails(a, 0.5 * x);
        let density = gamma_density(a, 0.5 * x) / x;
        if p <= 0.5 { (tails.lower, p, density) } else { (tails.upper, 1.0 - p, -density) }
    })
}

fn is_positive(df: f64) -> bool {
    df > 0.0
}

const MOST_STEPS: usize = 100;

/// A probability as a distance from the middle or from the nearer end, whichever keeps its digits.
struct Side {
    /// -1 below the median.
    sign: f64,
    /// Probability beyond the quantile, at most 1/2.
    tail: f64,
    /// Probability between minus and plus the quantile, where that is less than 1/2.
    centre: Option<f64>,
}

impl Side {
    fn of(p: f64) -> Option<Side> {
        if !(0.0..=1.0).contains(&p) {
            return None;
        }
        let centre = 2.0 * (p - 0.5).abs();
        Some(Side {
            sign: if p < 0.5 { -1.0 } else { 1.0 },
            tail: p.min(1.0 - p),
            centre: (centre < 0.5).then_some(centre),
        })
    }
}

/// Newton's method for ln(probability) as a function of ln(argument), where it is concave for gamma and t tails:
/// at most one step overshoots, and from there on the way is one-sided.
///
/// at: argument -> (probability, wanted probability, derivative of the probability).
fn solve_in_logs(start: f64, at: impl Fn(f64) -> (f64, f64, f64)) -> f64 {
    const LONGEST: f64 = 8.0 * LN_2; // a step multiplies or divides the argument by at most 256
    let mut x = start;
    for _ in 0..MOST_STEPS {
        let (probability, wanted, derivative) = at(x);
        let step = (wanted.ln() - probability.ln()) * probability / (x * derivative);
        if !step.is_finite() {
            return x;
        }
        x *= step.clamp(-LONGEST, LONGEST).exp();
        if step.abs() <= f64::EPSILON {
            break;
        }
    }
    x
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
        near(chi_squared_upper(3.841458820694124, 1.0), 0.05, 1e-13);
        near(t_two_sided(2.0106347576242314, 48.0), 0.05, 1e-12);
        // With two degrees of freedom above, the tail is (1 + 2x/d)^(-d/2) exactly.
        near(f_upper(4.0, 2.0, 20.0), 1.4_f64.powi(-10), 1e-12);
    }

    /// 40-digit arithmetic (mpmath) at exactly these binary arguments.
    #[test]
    fn tails_keep_twelve_digits_down_to_the_smallest_numbers() {
        const T: [(f64, f64, f64); 16] = [
            // t, df, P(|T| > t)
            (1e-08, 48.0, 0.9999999920625998),
            (0.01, 2.0, 0.992929108958201),
            (0.01, 10.0, 0.9922179749909714),
            (0.5, 1000.0, 0.6171850808338748),
            (1.0, 1000.0, 0.3175524180846723),
            (1.96, 1.5, 0.22965989734671424),
            (1.96, 2.0, 0.18905730960173228),
            (2.5, 1.0, 0.2422378831816868),
            (2.5, 10.0, 0.031446844236608804),
            (2.5, 100000.0, 0.012420919192559046),
            (5.0, 1.5, 0.06537576762115624),
            (5.0, 3.0, 0.015392438073302301),
            (37.0, 30.0, 1.3605806291419865e-26),
            (2.5, 1e6, 0.012419489502163246),
            (37.0, 1e6, 1.8299730861802262e-299),
            (1e4, 100.3, 1.1625918750161515e-302),
        ];
        const CHI_SQUARED: [(f64, f64, f64); 13] = [
            // x, df, P(X > x)
            (0.30000000000000004, 3.0, 0.9600284803068776),
            (0.47000000000000003, 4.7, 0.9900081341141072),
            (2.35, 4.7, 0.765300959922759),
            (2.414213562373095, 1.0, 0.1202383406568973),
            (3.3000000000000003, 3.0, 0.3476426447322745),
            (4.23, 4.7, 0.4751882785979469),
            (4.7, 4.7, 0.4132479377096861),
            (54.721359549995796, 10.0, 3.559982496942019e-08),
            (70.78203230275508, 1.5, 1.4170786413475e-16),
            (82.0, 2.0, 1.5628821893349888e-18),
            (110.33000000000001, 100.3, 0.23191292961734683),
            (241.93332941084174, 100.3, 1.0279397040321656e-13),
            (99552.78640450005, 100000.0, 0.8413455552112047),
        ];
        const F: [(f64, f64, f64, f64); 16] = [
            // x, df1, df2, P(F > x)
            (0.001, 1.0, 100000.0, 0.97477294247971),
            (0.001, 3.5, 1000000.0, 0.9999907006960949),
            (0.5, 1.0, 100000.0, 0.4795017699011423),
            (0.5, 3.5, 48.0, 0.7119632290037249),
            (0.99, 3.5, 1546.0, 0.4049513596075361),
            (1.0, 15.0, 2.0, 0.6088732380412507),
            (1.0, 15.0, 7.3, 0.5296467716495715),
            (1.0, 10000.0, 1000000.0, 0.49814741171390764),
            (1.3, 2.0, 48.0, 0.2819533719944927),
            (1.3, 100.0, 2.0, 0.5339086371892324),
            (3.0, 3.5, 7.3, 0.09745083304470767),
            (3.0, 100.0, 48.0, 2.6645241035979733e-05),
            (12.0, 2.0, 7.3, 0.004924834124253345),
            (12.0, 3.5, 1.0, 0.21089683981204474),
            (12.0, 10000.0, 48.0, 4.1650405882848444e-18),
            (100.0, 3.5, 1.0, 0.07419558031310793),
        ];
        for (t, df, wanted) in T {
            near(t_two_sided(t, df), wanted, 1e-12);
            near(t_two_sided(-t, df), wanted, 1e-12);
        }
        for (x, df, wanted) in CHI_SQUARED {
            near(chi_squared_upper(x, df), wanted, 1e-12);
        }
        for (x, df1, df2, wanted) in F {
            near(f_upper(x, df1, df2), wanted, 1e-12);
        }
        for (z, wanted) in
            [(5.0, 5.733031437583878e-07), (20.0, 5.507248237212467e-89), (37.0, 1.1451142445049154e-299)]
        {
            near(normal_two_sided(z), wanted, 1e-12);
        }
    }

    /// 40-digit arithmetic (mpmath).
    #[test]
    fn quantiles_keep_thirteen_digits() {
        const NORMAL: [(f64, f64); 6] = [
            (1e-10, -6.361340902404057),
            (0.025, -1.9599639845400543),
            (0.6, 0.2533471031357997),
            (0.95, 1.6448536269514722),
            (0.975, 1.9599639845400538),
            (0.99999, 4.264890793923841),
        ];
        const T: [(f64, f64, f64); 12] = [
            // p, df, t
            (1e-10, 12345.6, -6.366686398005165),
            (0.6, 100000.0, 0.2533477771571799),
            (0.75, 48.0, 0.6796353451107041),
            (0.95, 2.0, 2.9199855803537242),
            (0.975, 48.0, 2.010634757624232),
            (0.99, 1.5, 11.197316179568393),
            (0.99, 100.3, 2.3641023513770767),
            (0.995, 1.0, 63.656741162871526),
            (0.99999, 1.5, 1124.5001233846194),
            (0.99999, 4.7, 17.205835104884265),
            (0.99999, 30.0, 5.054032421448105),
            (0.99999, 100000.0, 4.265095403182341),
        ];
        const CHI_SQUARED: [(f64, f64, f64); 10] = [
            // p, df, x
            (0.025, 1.5, 0.013113021163018952),
            (0.025, 3.0, 0.21579528262389788),
            (0.3, 2.0, 0.7133498878774648),
            (0.3, 30.0, 25.507758553880294),
            (0.6, 100000.0, 100112.67595626741),
            (0.75, 4.7, 6.256599195843879),
            (0.9, 100000.0, 100573.55382698908),
            (0.95, 100000.0, 100736.736177319),
            (0.99, 30.0, 50.892181311517085),
            (0.995, 1000.0, 1118.9480663231916),
        ];
        for (p, wanted) in NORMAL {
            near(normal_quantile(p), wanted, 1e-13);
        }
        for (p, df, wanted) in T {
            near(t_quantile(p, df), wanted, 1e-13);
        }
        for (p, df, wanted) in CHI_SQUARED {
            near(chi_squared_quantile(p, df), wanted, 1e-13);
        }
    }

    #[test]
    fn ends_and_nonsense_have_defined_answers() {
        assert_eq!((t_two_sided(0.0, 3.0), t_two_sided(f64::INFINITY, 3.0)), (1.0, 0.0));
        assert_eq!((chi_squared_upper(0.0, 3.0), chi_squared_upper(f64::INFINITY, 3.0)), (1.0, 0.0));
        assert_eq!((f_upper(0.0, 2.0, 3.0), f_upper(f64::INFINITY, 2.0, 3.0)), (1.0, 0.0));
        assert_eq!((normal_quantile(0.5), normal_quantile(0.0)), (0.0, f64::NEG_INFINITY));
        assert_eq!((t_quantile(0.5, 4.0), t_quantile(1.0, 4.0)), (0.0, f64::INFINITY));
        assert_eq!((chi_squared_quantile(0.0, 2.0), chi_squared_quantile(1.0, 2.0)), (0.0, f64::INFINITY));
        let nonsense = [
            t_two_sided(f64::NAN, 3.0),
            t_two_sided(1.0, 0.0),
            chi_squared_upper(1.0, -1.0),
            f_upper(1.0, 1.0, f64::NAN),
            normal_quantile(1.5),
            t_quantile(f64::NAN, 2.0),
            t_quantile(0.9, 0.0),
            chi_squared_quantile(-0.1, 2.0),
        ];
        assert!(nonsense.iter().all(|v| v.is_nan()), "{nonsense:?}");
        near(t_two_sided(1.96, f64::INFINITY), normal_two_sided(1.96), 1e-15);
    }
}
