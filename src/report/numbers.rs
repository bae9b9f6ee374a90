//! Numbers as readers see them: enough digits and no more, never a rounding that misleads.

/// What stands for a number that does not exist.
pub const NONE: &str = "–";

/// Four significant digits, plain between 0.0001 and 10,000,000 (whole digits are never cut), else with an exponent.
pub fn short(x: f64) -> String {
    significant(x, 4)
}

/// So many significant digits, trailing zeros kept; the digits before the point are never cut.
pub fn significant(x: f64, digits: i32) -> String {
    if !x.is_finite() {
        return not_finite(x);
    }
    if x == 0.0 {
        return "0".to_string();
    }
    if !(1e-4..1e7).contains(&x.abs()) {
        return exponent(x, digits);
    }
    fixed(x, (digits - 1 - magnitude(x)).max(0))
}

/// [`short`] without trailing zeros, for sentences: 0.83, 2.236, 1e-8.
pub fn brief(x: f64) -> String {
    let text = short(x);
    let (mantissa, exponent) = text.split_once('e').map_or((text.as_str(), None), |(m, e)| (m, Some(e)));
    let trimmed =
        if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    match exponent {
        Some(exponent) => format!("{trimmed}e{exponent}"),
        None => trimmed.to_string(),
    }
}

/// A number whose uncertainty is `resolution` (its standard error, in its own units): the uncertainty gets three
/// digits, and the number as many decimals. 27.084063 with 4.524925 is 27.08; 1234567.8 with 0.12 is 1234567.800.
pub fn measured(x: f64, resolution: f64) -> String {
    with_digits_of(x, resolution, 3)
}

/// An odds ratio or an end of its interval; `resolution` is the ratio's own uncertainty (ratio times standard error
/// of its logarithm), which gets two digits: 0.55 (0.33 to 0.90). A number below 1 keeps two digits in any case.
pub fn ratio(x: f64, resolution: f64) -> String {
    let decimals = 1 - magnitude(resolution);
    let own = 1 - magnitude(x);
    if (1e-4..1.0).contains(&x) && own > decimals && own <= MOST_DECIMALS {
        return fixed(x, own);
    }
    with_digits_of(x, resolution, 2)
}

/// More decimals than this are written with an exponent.
const MOST_DECIMALS: i32 = 6;

fn with_digits_of(x: f64, resolution: f64, digits: i32) -> String {
    if !x.is_finite() || !resolution.is_finite() || resolution <= 0.0 {
        return short(x);
    }
    let decimals = digits - 1 - magnitude(resolution);
    let tiny = x != 0.0 && decimals > MOST_DECIMALS;
    if tiny || x.abs() >= 1e7 || resolution >= 1e7 {
        let needed = (magnitude(x) - magnitude(resolution) + digits).clamp(digits, 15);
        return if x == 0.0 { "0".to_string() } else { exponent(x, needed) };
    }
    fixed(x, decimals.clamp(0, MOST_DECIMALS))
}

/// A p-value in three decimals: `<0.001`, `0.034`, `>0.999`; more where rounding would put it on 0.05.
pub fn p_value(p: f64) -> String {
    const LINE: f64 = 0.05;
    if !p.is_finite() {
        return NONE.to_string();
    }
    if p < 0.001 {
        return "<0.001".to_string();
    }
    if p > 0.999 {
        return ">0.999".to_string();
    }
    let told = |decimals: i32| fixed(p, decimals);
    let on_the_line = |text: &str| text.parse::<f64>() == Ok(LINE) && p != LINE;
    (3..=6).map(told).find(|text| !on_the_line(text)).unwrap_or_else(|| told(3))
}

/// `p <0.001`, `p = 0.034`.
pub fn p_equals(p: f64) -> String {
    let text = p_value(p);
    if text.starts_with(['<', '>']) { format!("p {text}") } else { format!("p = {text}") }
}

/// A test statistic: two decimals, whole digits kept.
pub fn statistic(x: f64) -> String {
    if !x.is_finite() || x.abs() >= 1e7 {
        return short(x);
    }
    fixed(x, 2)
}

/// A share, a probability, an R²: three decimals, more where it is that near to 0 or 1.
pub fn share(x: f64) -> String {
    if !x.is_finite() {
        return not_finite(x);
    }
    let text = fixed(x, 3);
    let hides = (text == "1.000" && x < 1.0) || (text == "0.000" && x > 0.0);
    if hides { if x > 0.5 { fixed(x, 6) } else { significant(x, 2) } } else { text }
}

/// A count with commas between thousands; weights may make it fractional.
pub fn count(n: f64) -> String {
    if !n.is_finite() {
        return not_finite(n);
    }
    let text = if n.fract() == 0.0 { format!("{n:.0}") } else { format!("{n:.2}") };
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(w, r)| (w, Some(r)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |d| ("−", d));
    let mut grouped = String::new();
    for (k, c) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    match rest {
        Some(rest) => format!("{sign}{grouped}.{rest}"),
        None => format!("{sign}{grouped}"),
    }
}

/// An upper bound in plain decimals: one digit, rounded up, so that it is never understated.
pub fn bound(x: f64) -> String {
    const SMALLEST: f64 = 1e-9;
    if !x.is_finite() {
        return not_finite(x);
    }
    if x <= SMALLEST {
        return "0.000000001".to_string();
    }
    if x >= 1.0 {
        return format!("{:.1}", (x * 10.0).ceil() / 10.0);
    }
    let decimals = -magnitude(x);
    let unit = 10_f64.powi(-decimals);
    let up = (x / unit * (1.0 - 1e-12)).ceil() * unit;
    format!("{up:.*}", decimals.max(1) as usize)
}

/// A number for a CSV: the shortest form that reads back the same, whole numbers without a point; empty for NaN.
pub fn cell(x: f64) -> String {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if x.is_nan() {
        return String::new();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_string();
    }
    if x.fract() == 0.0 && x.abs() < EXACT || (1e-5..1e16).contains(&x.abs()) {
        return x.to_string();
    }
    format!("{x:e}")
}

/// The decimal exponent of the leading digit.
fn magnitude(x: f64) -> i32 {
    // From the printed form: log10 is off by one just below a power of ten.
    format!("{:e}", x.abs()).split('e').nth(1).and_then(|e| e.parse().ok()).unwrap_or(0)
}

/// Plain decimals; a result that rounds to zero has no minus.
fn fixed(x: f64, decimals: i32) -> String {
    let text = format!("{x:.*}", decimals.max(0) as usize);
    let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    if is_zero { text.trim_start_matches('-').to_string() } else { text }
}

fn exponent(x: f64, digits: i32) -> String {
    format!("{x:.*e}", (digits - 1).max(0) as usize)
}

fn not_finite(x: f64) -> String {
    if x.is_nan() {
        NONE.to_string()
    } else if x > 0.0 {
        "∞".to_string()
    } else {
        "-∞".to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_before_the_point_are_never_cut() {
        assert_eq!(short(1_234_567.8), "1234568");
        assert_eq!(short(0.83), "0.8300");
        assert_eq!(short(8.4e-6), "8.400e-6");
        assert_eq!(short(0.0), "0");
        assert_eq!(short(f64::NAN), "–");
        assert_eq!([brief(0.83), brief(1e-8), brief(100.0)], ["0.83", "1e-8", "100"]);
    }

    #[test]
    fn the_standard_error_decides_the_decimals() {
        assert_eq!(measured(27.084063, 4.524925), "27.08");
        assert_eq!(measured(0.777657, 0.045789), "0.7777");
        assert_eq!(measured(1_234_567.8, 0.12), "1234567.800");
        assert_eq!(measured(-0.001, 4.5), "0.00");
        assert_eq!(measured(1.5e-9, 2e-10), "1.500e-9");
        assert_eq!(measured(3.2e12, 1e9), "3.20000e12");
    }

    #[test]
    fn a_ratio_has_the_digits_that_its_interval_warrants() {
        let (low, middle, high) = (0.3335, 0.5488, 0.9031);
        assert_eq!([low, middle, high].map(|x| ratio(x, middle * 0.254)), ["0.33", "0.55", "0.90"]);
        assert_eq!([0.383, 2.73, 19.3].map(|x| ratio(x, 2.73)), ["0.38", "2.7", "19.3"]);
        assert_eq!(ratio(1.0202, 0.0102), "1.020");
    }

    #[test]
    fn a_p_value_is_never_rounded_onto_the_line() {
        assert_eq!(p_value(0.0496), "0.0496");
        assert_eq!(p_value(0.05), "0.050");
        assert_eq!(p_value(3e-9), "<0.001");
        assert_eq!(p_value(0.9996), ">0.999");
        assert_eq!(p_equals(0.0341), "p = 0.034");
        assert_eq!(p_equals(1e-5), "p <0.001");
    }

    #[test]
    fn a_bound_is_rounded_up() {
        assert_eq!(bound(1.2e-9), "0.000000002");
        assert_eq!(bound(0.00301), "0.004");
        assert_eq!(bound(0.003), "0.003");
        assert_eq!(bound(0.95), "1.0");
        assert_eq!(bound(5.82), "5.9");
        assert_eq!(bound(1e-14), "0.000000001");
    }

    #[test]
    fn every_cell_reads_back_as_the_same_number() {
        for x in
            [0.1, -1.0 / 3.0, 600.0, 1e-300, 6.02e23, f64::MIN_POSITIVE, 123_456.789, 9_007_199_254_740_994.0]
        {
            assert_eq!(cell(x).parse::<f64>(), Ok(x));
        }
        assert_eq!(cell(600.0), "600");
        assert_eq!(cell(f64::NAN), "");
        assert_eq!(cell(3.8e-8), "3.8e-8");
    }

    #[test]
    fn counts_have_commas() {
        assert_eq!(count(1902.0), "1,902");
        assert_eq!(count(41_021.0), "41,021");
        assert_eq!(count(12.5), "12.50");
    }
}
