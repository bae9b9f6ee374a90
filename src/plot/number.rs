//! Numbers as a reader wants them in print: 0.693, 2,000, −1.5, 3.1 × 10⁻⁹.

/// From here down numbers are written with a power of ten.
const SMALLEST_PLAIN: f64 = 1e-4;
/// From here up numbers are written with a power of ten.
const LARGEST_PLAIN: f64 = 1e7;

/// Measured values are plain below this power of ten: beyond it their last digits would be no measurement.
const LARGEST_MEASURED: i32 = 6;

/// A measured value to some significant digits, zeros kept: 71.0, 0.6931, 3.1 × 10⁻⁹.
pub fn measured(value: f64, digits: usize) -> String {
    if let Some(words) = without_digits(value) {
        return words;
    }
    let (mantissa, exponent) = scientific(value, digits);
    if value.abs() < SMALLEST_PLAIN || exponent >= LARGEST_MEASURED {
        return power_form(&mantissa, exponent);
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    grouped(&format!("{value:.decimals$}"))
}

/// A measured value without the zeros at its end: 0.4213, 41.154.
pub fn trimmed(value: f64, digits: usize) -> String {
    let text = measured(value, digits);
    if !text.contains('.') || text.contains('×') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A chosen value, such as a tolerance, with just the digits that it has: 0.001, 10⁻⁸, 2.5 × 10⁻⁷.
pub fn chosen(value: f64) -> String {
    if let Some(words) = without_digits(value) {
        return words;
    }
    if (SMALLEST_PLAIN..LARGEST_PLAIN).contains(&value.abs()) {
        return grouped(&format!("{value}"));
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    power_form(mantissa, exponent.parse().unwrap_or(0))
}

/// A count, or a position between two counts: 2,000 or 2.5.
pub fn count(value: f64) -> String {
    if value.fract() == 0.0 { chosen(value) } else { chosen((value * 100.0).round() / 100.0) }
}

/// A value at the tick of an axis, with the decimals that its step needs.
pub fn on_axis(value: f64, decimals: usize, largest: f64) -> String {
    if value == 0.0 {
        return "0".to_string();
    }
    if largest < LARGEST_PLAIN && decimals <= 8 {
        return grouped(&format!("{value:.decimals$}"));
    }
    let (mantissa, exponent) = scientific(value, 8);
    power_form(mantissa.trim_end_matches('0').trim_end_matches('.'), exponent)
}

/// A power of ten: 10⁻³, or 0.001 where plain numbers are wanted.
pub fn power_of_ten(exponent: i32) -> String {
    format!("10{}", superscript(exponent))
}

fn without_digits(value: f64) -> Option<String> {
    if value.is_nan() {
        return Some("not a number".to_string());
    }
    if value.is_infinite() {
        return Some(if value > 0.0 { "infinite" } else { "−infinite" }.to_string());
    }
    (value == 0.0).then(|| "0".to_string())
}

fn scientific(value: f64, digits: usize) -> (String, i32) {
    let text = format!("{value:.*e}", digits.saturating_sub(1));
    match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa.to_string(), exponent.parse().unwrap_or(0)),
        None => (text, 0),
    }
}

fn power_form(mantissa: &str, exponent: i32) -> String {
    match mantissa {
        "1" => power_of_ten(exponent),
        "-1" => format!("−{}", power_of_ten(exponent)),
        _ => format!("{} × {}", mantissa.replace('-', "−"), power_of_ten(exponent)),
    }
}

fn superscript(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    exponent.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize])).collect()
}

/// A decimal number with a true minus sign and commas between the thousands; a rounded-off minus zero is zero.
fn grouped(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) if rest.contains(|c| ('1'..='9').contains(&c)) => ("−", rest),
        Some(rest) => ("", rest),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_values_keep_their_digits() {
        let cases = [
            (71.0, 3, "71.0"),
            (0.6871, 3, "0.687"),
            (3.14e-9, 2, "3.1 × 10⁻⁹"),
            (-1.5, 2, "−1.5"),
            (5353.1, 4, "5,353"),
            (0.0, 3, "0"),
            (1.2e300, 2, "1.2 × 10³⁰⁰"),
            (9_999_999.9, 3, "1.00 × 10⁷"),
            (0.9996, 3, "1.00"),
            (f64::NAN, 3, "not a number"),
        ];
        for (value, digits, want) in cases {
            assert_eq!(measured(value, digits), want, "{value}");
        }
    }

    #[test]
    fn chosen_values_show_no_digit_that_was_not_chosen() {
        for (value, want) in
            [(1e-8, "10⁻⁸"), (0.001, "0.001"), (2.5e-7, "2.5 × 10⁻⁷"), (10_000.0, "10,000"), (-1e-9, "−10⁻⁹")]
        {
            assert_eq!(chosen(value), want);
        }
    }

    #[test]
    fn counts_have_commas_and_parts_of_an_epoch_two_decimals() {
        assert_eq!(
            (count(9.0).as_str(), count(1_000_000.0).as_str(), count(2.503).as_str()),
            ("9", "1,000,000", "2.5")
        );
    }

    #[test]
    fn numbers_on_an_axis_have_the_decimals_of_the_step() {
        assert_eq!(on_axis(0.5, 1, 2.0), "0.5");
        assert_eq!(on_axis(-1500.0, 0, 3000.0), "−1,500");
        assert_eq!(on_axis(2.5e10, 0, 1e11), "2.5 × 10¹⁰");
        assert_eq!(on_axis(-0.0, 2, 1.0), "0");
    }
}
