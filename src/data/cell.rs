//! What the text of one cell can be: a number, a date, a code with leading zeros, nearly one of these.

use std::borrow::Cow;

use crate::data::short::short_number;

/// What stands before the decimals of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `1.5`.
    Point,
    /// `1,5`.
    Comma,
}

/// The number that a text is, if it is one: sign, digits, decimals, exponent, and it is finite.
///
/// `Inf`, hexadecimal digits, thousands separators, units and percent signs are no numbers here. The value is the
/// nearest f64, the same bits as [`str::parse`] gives.
pub fn number(text: &str, mark: Mark) -> Option<f64> {
    if let Some(short) = short_number(text.as_bytes()) {
        return Some(short.value).filter(|_| mark == Mark::Point || !short.has_point);
    }
    if text.len() > LONGEST_NUMBER || (mark == Mark::Comma && text.contains('.')) {
        return None;
    }
    let mut plain = Cow::Borrowed(text);
    if let Some(rest) = text.strip_prefix('\u{2212}') {
        plain = Cow::Owned(format!("-{rest}")); // the typographic minus sign
    }
    if mark == Mark::Comma && plain.contains(',') {
        plain = Cow::Owned(plain.replacen(',', ".", 1));
    }
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None; // else what can be parsed is digits, decimals and exponent
    }
    let read = fast_float2::parse(plain.as_ref()).ok().or_else(|| plain.parse().ok());
    read.filter(|x: &f64| x.is_finite())
}

/// More characters than a number written in full can have (f64 has up to 767 significant digits).
const LONGEST_NUMBER: usize = 1200;

/// Which mark a number with decimals uses, and whether the mark could as well group thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimals {
    /// The mark.
    pub mark: Mark,
    /// One to three digits without a leading zero, the mark, three digits: `1.234`.
    pub could_group: bool,
}

/// The decimals of a number, if the text is a number that has some.
pub fn decimals(text: &str) -> Option<Decimals> {
    let at = text.find([',', '.'])?;
    let mark = if text.as_bytes()[at] == b',' { Mark::Comma } else { Mark::Point };
    number(text, mark)?;
    let whole = text[..at].trim_start_matches(['+', '-', '\u{2212}']);
    let rest = &text[at + 1..];
    let could_group = (1..=3).contains(&whole.len())
        && !whole.starts_with('0')
        && rest.len() == 3
        && rest.bytes().all(|b| b.is_ascii_digit());
    Some(Decimals { mark, could_group })
}

/// Whether a text is a whole number written with a leading zero, as codes are: `007`.
pub fn is_code(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && is_digits(text)
}

/// Whether a text is digits and nothing else.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text is a number that was written for people: grouped thousands, a decimal comma, a percent sign.
pub fn is_nearly_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-', '\u{2212}']);
    if let Some(share) = unsigned.strip_suffix('%') {
        let share = share.trim_end();
        return number(share, Mark::Point).or_else(|| number(share, Mark::Comma)).is_some();
    }
    const GROUPING: [char; 8] = [',', '.', ' ', '\'', '\u{2019}', '\u{a0}', '\u{202f}', '\u{2009}'];
    let parts: Vec<&str> = unsigned.split(GROUPING).collect();
    if parts.len() < 2 || !parts.iter().all(|p| is_digits(p)) {
        return false;
    }
    let marks: Vec<char> = unsigned.chars().filter(|c| !c.is_ascii_digit()).collect();
    let last_mark = marks[marks.len() - 1];
    let ends_in_decimals = last_mark == ',' || (last_mark == '.' && marks[0] != '.');
    let groups = if ends_in_decimals { &parts[1..parts.len() - 1] } else { &parts[1..] };
    let one_kind = marks[..groups.len()].iter().all(|m| *m == marks[0]);
    parts[0].len() <= 3 + usize::from(groups.is_empty()) * LONGEST_NUMBER
        && one_kind
        && groups.iter().all(|p| p.len() == 3)
}

/// The days since 1970-01-01 of an ISO date `YYYY-MM-DD`, if the text is one that the calendar has.
///
/// A time may follow after `T` or a blank (`hh:mm`, `hh:mm:ss`, `hh:mm:ss.fff`, with or without `Z`) and counts
/// as a part of the day.
pub fn date(text: &str) -> Option<f64> {
    let (day, time) = match text.get(..10) {
        Some(day) => (day, &text[10..]),
        None => return None,
    };
    let (year, rest) = day.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    if year.len() != 4 || month.len() != 2 || ![year, month, day].iter().all(|p| is_digits(p)) {
        return None;
    }
    let (year, month, day): (i64, i64, i64) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    Some(days_since_1970(year, month, day) as f64 + part_of_day(time)?)
}

/// Whether a text has the look of a date that is none here: `2021-02-30`, `30.02.2021`, `2/28/21`, `2021/02/28`.
pub fn is_nearly_date(text: &str) -> bool {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    ['-', '/', '.'].into_iter().any(|mark| {
        let parts: Vec<&str> = day.split(mark).collect();
        let widths: Vec<usize> = parts.iter().map(|p| p.len()).collect();
        let is_dated = matches!(widths[..], [4, 1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4]);
        is_dated && parts.iter().all(|p| is_digits(p))
    })
}

/// The part of the day that a time after a date is; 0 for no time, `None` for what is no time.
fn part_of_day(time: &str) -> Option<f64> {
    if time.is_empty() {
        return Some(0.0);
    }
    let clock = time.strip_prefix(['T', ' '])?;
    let clock = clock.strip_suffix('Z').unwrap_or(clock);
    let parts: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let (whole_second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    if ![hour, minute, whole_second].iter().all(|p| p.len() == 2 && is_digits(p)) || !is_digits(fraction) {
        return None;
    }
    let (hour, minute, second): (f64, f64, f64) =
        (hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?);
    let in_range = hour < 24.0 && minute < 60.0 && second < 60.0;
    in_range.then_some((hour * 3600.0 + minute * 60.0 + second) / 86_400.0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar: whole years with their leap days, then whole months.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let leap_days_before = |y: i64| (y - 1) / 4 - (y - 1) / 100 + (y - 1) / 400;
    let years = 365 * (year - 1970) + leap_days_before(year) - leap_days_before(1970);
    let months: i64 = (1..month).map(|m| days_in_month(year, m)).sum();
    years + months + day - 1
}

/// The ISO date `YYYY-MM-DD` of the day that is so many days after 1970-01-01.
///
/// Counted from the first of March 0000 in eras of 400 years, so that a leap day is the last of its year.
/// Source: Hinnant 2013, chrono-compatible low-level date algorithms (civil_from_days).
pub fn date_text(days: i64) -> String {
    const ERA: i64 = 146_097; // days in 400 years
    const MARCH_0000: i64 = 719_468; // days before 1970-01-01
    let (era, day) = ((days + MARCH_0000).div_euclid(ERA), (days + MARCH_0000).rem_euclid(ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153; // from March
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..10 => (year + 400 * era, month + 3),
        _ => (year + 400 * era + 1, month - 9),
    };
    format!("{year:04}-{month:02}-{day:02}")
}

/// Whether a text is too long to be the name of a column or of a group: over 10,000 characters.
pub fn is_endless(text: &str) -> bool {
    const LONGEST: usize = 10_000;
    text.len() > LONGEST && text.chars().nth(LONGEST).is_some()
}

/// A cell for a message: in backticks, cut to 40 characters, line breaks and other control characters spelt out.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut cut: String = text.chars().take(LONGEST).flat_map(|c| spelt(c).into_iter()).collect();
    if text.chars().nth(LONGEST).is_some() {
        cut.push('…');
    }
    format!("`{cut}`")
}

fn spelt(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sign_digits_decimals_and_exponent_only() {
        let numbers =
            [("5", 5.0), ("-5", -5.0), ("+.5", 0.5), ("5.", 5.0), ("1e-3", 1e-3), ("\u{2212}2", -2.0)];
        for (text, value) in numbers {
            assert_eq!(number(text, Mark::Point), Some(value), "{text}");
        }
        for text in [
            "", "Inf", "-inf", "nan", "1e999", "0x1F", "1_000", "1,5", "12O", "<5", "5%", "e5", "+", "1 2",
            "--5",
        ] {
            assert_eq!(number(text, Mark::Point), None, "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(20_000))]

        #[test]
        fn numbers_are_the_bits_that_the_standard_library_gives(
            text in "[-+]?([0-9]{0,20}[.]?[0-9]{0,20}([eE][-+]?[0-9]{0,3})?|[-+.eE0-9]{0,6})",
        ) {
            let expected = text.parse().ok().filter(|x: &f64| x.is_finite()).map(f64::to_bits);
            proptest::prop_assert_eq!(number(&text, Mark::Point).map(f64::to_bits), expected);
        }

        #[test]
        fn every_number_that_is_written_reads_back(bits: u64) {
            let x = f64::from_bits(bits);
            proptest::prop_assume!(x.is_finite());
            for text in [format!("{x}"), format!("{x:e}"), format!("{x:.17e}")] {
                proptest::prop_assert_eq!(number(&text, Mark::Point).map(f64::to_bits), Some(bits));
            }
        }
    }

    #[test]
    fn a_decimal_comma_is_read_only_where_it_is_the_mark() {
        assert_eq!(number("-1,5e2", Mark::Comma), Some(-150.0));
        assert_eq!(number("7", Mark::Comma), Some(7.0));
        for text in ["1.5", "1.234,5", "1,234,5"] {
            assert_eq!(number(text, Mark::Comma), None, "{text}");
        }
    }

    #[test]
    fn three_decimals_could_be_a_group_of_thousands() {
        let could = |text| decimals(text).map(|d| d.could_group);
        assert_eq!(could("1.234"), Some(true));
        assert_eq!(could("-150,000"), Some(true));
        assert_eq!(could("0.123"), Some(false));
        assert_eq!(could("1.5"), Some(false));
        assert_eq!(could("1234.567"), Some(false));
        assert_eq!(could("12"), None);
        assert_eq!(could("1.234,5"), None);
    }

    #[test]
    fn numbers_written_for_people_are_known_as_such() {
        for text in ["1,234", "1,234.5", "1.234,5", "1 234 567", "12 %", "3,5%", "1,5", "-12,75", "1'000"] {
            assert!(is_nearly_number(text), "{text}");
        }
        for text in ["1-4", "<5", "a,b", "1,,2", "12O", "", "%", "1/2", "1.2.3", "yes", "1,2,3"] {
            assert!(!is_nearly_number(text), "{text}");
        }
    }

    #[test]
    fn dates_are_days_since_1970() {
        // Oracle: `date -u -d DATE +%s` divided by 86,400.
        let table = [
            ("1970-01-01", 0.0),
            ("1969-12-31", -1.0),
            ("2000-02-29", 11_016.0),
            ("2021-03-04", 18_690.0),
            ("1900-03-01", -25_508.0),
            ("0001-01-01", -719_162.0),
            ("2021-03-04T12:00", 18_690.5),
            ("2021-03-04 06:00:00.000Z", 18_690.25),
        ];
        for (text, days) in table {
            assert_eq!(date(text), Some(days), "{text}");
        }
    }

    #[test]
    fn days_are_written_as_the_dates_that_they_are() {
        assert_eq!(date_text(0), "1970-01-01");
        for days in (-719_162..2_932_896).step_by(97).chain([-719_162, 2_932_896, 11_016, 11_017]) {
            assert_eq!(date(&date_text(days)), Some(days as f64), "{days}");
        }
    }

    #[test]
    fn what_the_calendar_has_not_is_no_date() {
        for text in [
            "2021-02-30",
            "2021-13-01",
            "1900-02-29",
            "2021-00-10",
            "2021-3-04",
            "04.03.2021",
            "2021-03-04T25:00",
            "2021-03-04x",
            "20210304",
            "äöüäöüä",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
        for text in ["2021-02-30", "04.03.2021", "3/4/21", "2021/03/04", "2021-3-4"] {
            assert!(is_nearly_date(text), "{text}");
        }
        for text in ["120/80", "1.5", "2021", "a-b-c", "1-2-345"] {
            assert!(!is_nearly_date(text), "{text}");
        }
    }

    #[test]
    fn a_long_cell_is_cut_and_its_line_breaks_are_spelt_out() {
        assert_eq!(shown("a\nb"), "`a\\nb`");
        assert_eq!(shown(&"é".repeat(41)), format!("`{}…`", "é".repeat(40)));
    }
}
