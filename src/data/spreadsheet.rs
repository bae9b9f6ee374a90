//! Cells that a spreadsheet would take for a formula stay text in the CSVs that are written.

use std::borrow::Cow;

/// A cell as it is written: with an apostrophe before it where a spreadsheet would work it out as a formula, that is, where it begins
/// with = + - @, a tab or a CR and is neither a number nor mere signs such as `+` and `--`.
///
/// Source: OWASP, CSV Injection.
pub fn safe(cell: &str) -> Cow<'_, str> {
    let reads = |text: &str| text.parse::<f64>().is_ok();
    let is_number = || reads(cell) || reads(&cell.replace(',', "."));
    let is_mere_signs = || cell.chars().all(|c| matches!(c, '+' | '-'));
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number() && !is_mere_signs() {
        return Cow::Owned(format!("'{cell}"));
    }
    Cow::Borrowed(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_numbers_stay_numbers() {
        for formula in ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0", "-a", "\r=1"] {
            assert_eq!(safe(formula), format!("'{formula}"));
        }
        for plain in ["-0.5", "+3", "-1,5", "-1e-7", "-", "+", "--", "a=1", "", "1-2", "-inf"] {
            assert_eq!(safe(plain), plain);
        }
    }
}
