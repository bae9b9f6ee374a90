//! A fault in a formula, shown as the formula with carets under the offending characters.

use std::ops::Range;

use crate::error::Error;

/// How much of a long formula is shown on either side of the fault, in characters.
const CONTEXT: usize = 60;

/// What is wrong with which bytes of a formula; the formula itself is added by [`Fault::in_formula`].
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The bytes of the formula that are wrong; empty at its end.
    pub at: Range<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault without a hint.
    pub fn new(at: &Range<usize>, what: impl Into<String>) -> Fault {
        Fault { at: at.clone(), what: what.into(), hint: None }
    }

    /// The same fault with the next thing to try.
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }

    /// The error for the user: what is wrong, then the formula and a line of carets under the place.
    pub fn in_formula(self, formula: &str) -> Error {
        let mut error = Error::formula(format!("{}\n{}", self.what, picture(formula, &self.at)));
        let (first, width) = characters(formula, &self.at);
        error.characters = Some((first, first + width));
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// The first character of the bytes `at`, and how many there are, at least one.
fn characters(formula: &str, at: &Range<usize>) -> (usize, usize) {
    let count = |bytes: &str| bytes.chars().count();
    let (start, end) = (floor(formula, at.start), floor(formula, at.end.max(at.start)));
    (count(&formula[..start]), count(&formula[start..end]).max(1))
}

/// Two lines, indented: the formula (its neighbourhood, if it is long) and carets under the bytes `at`.
fn picture(formula: &str, at: &Range<usize>) -> String {
    let (first, width) = characters(formula, at);
    let width = width.min(CONTEXT);
    let shown: Vec<char> =
        formula.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect();
    let from = first.saturating_sub(CONTEXT);
    let to = (first + width + CONTEXT).min(shown.len());
    let before = if from > 0 { "..." } else { "" };
    let after = if to < shown.len() { "..." } else { "" };
    let text: String = shown[from..to].iter().collect();
    let indent = " ".repeat(before.len() + first - from);
    format!("  {before}{text}{after}\n  {indent}{}", "^".repeat(width))
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_under_the_fault_also_behind_letters_of_two_bytes() {
        let formula = "größe ~ alter + gewicht";
        let start = formula.find("gewicht").expect("it is there");
        let error = Fault::new(&(start..formula.len()), "no such column").in_formula(formula);
        assert_eq!(error.message, "no such column\n  größe ~ alter + gewicht\n                  ^^^^^^^");
        assert_eq!(error.characters, Some((16, 23)));
    }

    #[test]
    fn of_a_long_formula_only_the_neighbourhood_is_shown() {
        let formula = format!("y ~ {}bad", "a + ".repeat(100));
        let start = formula.len() - 3;
        let message = Fault::new(&(start..formula.len()), "wrong").in_formula(&formula).message;
        let lines: Vec<&str> = message.lines().collect();
        assert!(lines[1].starts_with("  ..."));
        assert_eq!(lines[1].rfind("bad"), lines[2].find('^'));
        assert!(lines[1].len() < 80);
    }
}
