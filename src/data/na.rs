//! Which texts mean that a cell is missing.

use crate::data::cell::{self, Mark};

/// What means missing unless it is listed as a level.
const USUAL: [&str; 10] = ["NA", "N/A", "n/a", "NaN", "nan", "NAN", ".", "null", "NULL", "Null"];

/// The codes that mean missing: empty, `NA`, `N/A`, `n/a`, `NaN`, `nan`, `NAN`, `.`, `null`, `NULL`, `Null`, and
/// the user's. (`Na` and `na` are not among them: the one is sodium, the other can be said with `--na na`.)
/// A word that the user lists as a level does not mean missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MissingCodes {
    more: Vec<String>,
    more_numbers: Vec<f64>,
    listed: Vec<String>,
}

impl MissingCodes {
    /// The usual codes and `more` of the user's, without those that are `listed` as levels.
    pub fn new(more: &[String], listed: &[String]) -> Self {
        let plain = more.iter().filter(|code| !cell::is_code(code));
        let more_numbers = plain.filter_map(|code| cell::number(code, Mark::Point)).collect();
        MissingCodes { more: more.to_vec(), more_numbers, listed: listed.to_vec() }
    }

    /// The words that mean missing, the empty one left out, and the numbers that do in whatever spelling.
    pub fn words_and_numbers(&self) -> (Vec<String>, Vec<f64>) {
        let usual = USUAL.iter().map(|word| (*word).to_owned()).filter(|word| !self.listed.contains(word));
        (usual.chain(self.more.iter().cloned()).collect(), self.more_numbers.clone())
    }

    /// A user's code means the same text, and where both are numbers the same number: `-9` is `-9.0`.
    pub fn mean_missing(&self, text: &str) -> bool {
        if text.is_empty() || self.more.iter().any(|code| code == text) {
            return true;
        }
        if USUAL.contains(&text) {
            return !self.listed.iter().any(|level| level == text);
        }
        if self.more_numbers.is_empty() || cell::is_code(text) {
            return false;
        }
        let value = cell::number(text, Mark::Point).or_else(|| cell::number(text, Mark::Comma));
        value.is_some_and(|value| self.is_missing_number(value))
    }

    /// Whether the user has no codes of their own; then no number and no date means missing.
    pub fn are_the_usual(&self) -> bool {
        self.more.is_empty()
    }

    /// Whether there are numbers that mean missing.
    pub fn has_numbers(&self) -> bool {
        !self.more_numbers.is_empty()
    }

    /// Whether a number, written without leading zeros, means missing.
    pub fn is_missing_number(&self, value: f64) -> bool {
        self.more_numbers.contains(&value)
    }
}
