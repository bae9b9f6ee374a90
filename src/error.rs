//! The one error of the house: what went wrong, where, with which value, and what to do about it.

use std::fmt;
use std::path::Path;

/// What kind of thing was wrong; it decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The data cannot be used as asked (exit status 1).
    Data,
    /// The formula cannot be read or does not fit the data (exit status 1).
    Formula,
    /// The model file cannot be read or used (exit status 1).
    Model,
    /// A file or folder cannot be read or written (exit status 1).
    Io,
    /// The command line asks for something that does not exist or contradicts itself (exit status 2).
    Usage,
}

/// A failure told in full: the message says what, where and which value; the hint what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of failure it is.
    pub kind: Kind,
    /// What, where, which value; may span lines (a formula with a caret under it).
    pub message: String,
    /// What to do next, without the word `hint`.
    pub hint: Option<String>,
    /// Formula: the characters at fault, counted from 0: the first, and the one after the last.
    pub characters: Option<(usize, usize)>,
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of a given kind without a hint.
    pub fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Error { kind, message: message.to_string(), hint: None, characters: None }
    }

    /// The data cannot be used as asked.
    pub fn data(message: impl fmt::Display) -> Self {
        Self::new(Kind::Data, message)
    }

    /// The formula cannot be read or does not fit the data.
    pub fn formula(message: impl fmt::Display) -> Self {
        Self::new(Kind::Formula, message)
    }

    /// The model file cannot be read or used.
    pub fn model(message: impl fmt::Display) -> Self {
        Self::new(Kind::Model, message)
    }

    /// The command line is wrong.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A file could not be read or written: `doing` is a verb such as `read`.
    pub fn io(doing: &str, path: &Path, cause: &std::io::Error) -> Self {
        Self::new(Kind::Io, format!("cannot {doing} `{}`: {cause}", path.display()))
    }

    /// The same error with the next thing to try.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// The exit status of a program that ends with this error.
    pub fn exit_status(&self) -> u8 {
        match self.kind {
            Kind::Usage => 2,
            Kind::Data | Kind::Formula | Kind::Model | Kind::Io => 1,
        }
    }
}

/// The name among `names` that `wanted` was probably meant to be, if one is near enough: a slip or two of the keyboard
/// away (letters swapped, missing, added or wrong), or with most letters in common.
pub fn probably_meant<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75; // Jaro-Winkler similarity
    const LETTERS_A_SLIP: usize = 3;
    let lower = wanted.to_lowercase();
    let slips_allowed = lower.chars().count() / LETTERS_A_SLIP;
    names
        .into_iter()
        .map(|name| {
            let other = name.to_lowercase();
            (strsim::osa_distance(&lower, &other), strsim::jaro_winkler(&lower, &other), name)
        })
        .filter(|(slips, alike, _)| slips <= &slips_allowed || *alike >= ALIKE)
        .min_by(|a, b| (a.0.cmp(&b.0)).then(b.1.total_cmp(&a.1)))
        .map(|(_, _, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_finds_the_column() {
        let names = ["age", "baseline_severity", "sex"];
        assert_eq!(probably_meant("basline_severity", names), Some("baseline_severity"));
        assert_eq!(probably_meant("Age", names), Some("age"));
        assert_eq!(probably_meant("spb", ["sbp", "sex"]), Some("sbp"));
        assert_eq!(probably_meant("lgo", ["log2", "log", "log1p"]), Some("log"));
        assert_eq!(probably_meant("zzz", names), None);
    }
}
