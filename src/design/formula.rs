//! The formula: parses `y ~ age * sex + rcs(sbp, 4)`; errors point at the character.

use std::fmt;

use crate::error::{Error, Result};

/// A formula that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    text: String,
}

impl Formula {
    /// Reads a formula; nothing is known of the data yet.
    pub fn parse(text: &str) -> Result<Formula> {
        Err(Error::formula(text))
    }

    /// The same formula with `.` written out and every column checked against the header.
    pub fn resolve(&self, _header: &[String]) -> Result<Formula> {
        Ok(self.clone())
    }

    /// All columns that it uses: the outcome first, then predictors and offsets in order of appearance.
    pub fn variables(&self) -> Vec<String> {
        Vec::new()
    }

    /// The columns inside `factor()`.
    pub fn factor_variables(&self) -> Vec<String> {
        Vec::new()
    }

    /// The column of the outcome.
    pub fn outcome_variable(&self) -> &str {
        ""
    }

    /// Whether the outcome is a function of its column, e.g. `log(crp)`.
    pub fn outcome_is_transformed(&self) -> bool {
        false
    }

    /// The left-hand side as text, normalised, e.g. `log(crp)`.
    pub fn outcome_text(&self) -> &str {
        ""
    }

    /// Whether the model has an intercept.
    pub fn has_intercept(&self) -> bool {
        true
    }
}

/// The normalised text, which parses to the same formula.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
