//! What the user says about the columns: missing codes, factors, levels, references.

use std::collections::HashSet;

use crate::data::cell::shown;
use crate::data::typing;
use crate::error::{Error, Result, probably_meant};

/// The choices about the data that a reader needs: all text, nothing checked yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataChoices {
    /// More codes that mean missing, besides empty, `NA`, `N/A`, `NaN`, `.` and `null`.
    pub na: Vec<String>,
    /// Numeric columns to be treated as categorical.
    pub factors: Vec<String>,
    /// The levels of a variable in order; the first is the reference.
    pub levels: Vec<(String, Vec<String>)>,
    /// Another reference level than the first.
    pub references: Vec<(String, String)>,
    /// Columns that must be numeric whatever they look like (predicting by a model that was fitted to numbers).
    pub numbers: Vec<String>,
    /// Columns that must be dates.
    pub dates: Vec<String>,
}

/// What a column must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// Whatever its cells are.
    Any,
    /// Numbers.
    Number,
    /// Dates.
    Date,
    /// Levels.
    Factor {
        /// The levels in order, if they are given.
        levels: Option<&'a [String]>,
        /// The level to put first, if it is given.
        reference: Option<&'a str>,
    },
}

impl DataChoices {
    /// What is said of one column.
    pub fn wanted(&self, column: &str) -> Wanted<'_> {
        let levels = self.levels.iter().find(|(name, _)| name == column).map(|(_, l)| l.as_slice());
        let reference = self.references.iter().find(|(name, _)| name == column).map(|(_, r)| r.as_str());
        let has = |names: &[String]| names.iter().any(|name| name == column);
        match (has(&self.factors) || levels.is_some() || reference.is_some(), has(&self.numbers)) {
            (true, _) => Wanted::Factor { levels, reference },
            (false, true) => Wanted::Number,
            (false, false) if has(&self.dates) => Wanted::Date,
            (false, false) => Wanted::Any,
        }
    }

    /// What means missing in a column besides an empty cell: words, and numbers in whatever spelling (a code with
    /// leading zeros is no number).
    pub fn missing_in(&self, column: &str) -> (Vec<String>, Vec<f64>) {
        typing::missing_codes(column, self).words_and_numbers()
    }

    /// Checks the choices against the columns of a file and against each other.
    ///
    /// # Errors
    /// Data: a column that the file has not, a variable or level named twice, a level that is a missing code,
    /// a column that must be two things at once.
    pub fn check(&self, header: &[String]) -> Result<()> {
        let all = (self.factors.iter().map(|name| ("--factor", name)))
            .chain(self.levels.iter().map(|(name, _)| ("--levels", name)))
            .chain(self.references.iter().map(|(name, _)| ("--reference", name)))
            .chain(self.numbers.iter().chain(&self.dates).map(|name| ("the model", name)));
        for (who, name) in all {
            if !header.contains(name) {
                return Err(no_such_column(name, header, &format!(", which {who} names")));
            }
        }
        once("--levels", self.levels.iter().map(|(name, _)| name))?;
        once("--reference", self.references.iter().map(|(name, _)| name))?;
        self.levels.iter().try_for_each(|(name, levels)| self.check_levels(name, levels))?;
        for name in self.numbers.iter().chain(&self.dates) {
            let both = self.numbers.contains(name) && self.dates.contains(name);
            if both || matches!(self.wanted(name), Wanted::Factor { .. }) {
                return Err(Error::data(format!(
                    "column {} cannot be a number or date and categorical at once",
                    shown(name)
                )));
            }
        }
        Ok(())
    }

    fn check_levels(&self, name: &str, levels: &[String]) -> Result<()> {
        if levels.is_empty() || levels.iter().any(|level| level.trim().is_empty()) {
            return Err(Error::data(format!("--levels {name} names an empty level"))
                .hint(format!("write them as `--levels {name}=first,second`")));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = levels.iter().find(|level| !seen.insert(*level)) {
            return Err(Error::data(format!("--levels {name} names the level {} twice", shown(twice))));
        }
        match levels.iter().find(|level| self.na.contains(level)) {
            Some(level) => Err(Error::data(format!(
                "{} cannot be a level of {} and mean missing at once",
                shown(level),
                shown(name)
            ))
            .hint("take it out of `--levels` or out of `--na`")),
            None => Ok(()),
        }
    }
}

/// The error for a column that a file has not; `who` says who asked for it, or is empty.
pub fn no_such_column(name: &str, header: &[String], who: &str) -> Error {
    const SHOWN: usize = 20;
    let error = Error::data(format!("there is no column {}{who}", shown(name)));
    match probably_meant(name, header.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => {
            let names: Vec<&str> = header.iter().take(SHOWN).map(String::as_str).collect();
            let more = if header.len() > SHOWN { ", …" } else { "" };
            error.hint(format!("the columns are: {}{more}", names.join(", ")))
        }
    }
}

fn once<'a>(option: &str, names: impl Iterator<Item = &'a String>) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::data(format!("{option} is given twice for {}", shown(name))));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn contradictions_and_unknown_columns_are_refused() {
        let header = words(&["age", "smoking", "visit"]);
        let levels = |name: &str, list: &[&str]| vec![(name.to_owned(), words(list))];
        let table = [
            (
                DataChoices { factors: words(&["smokng"]), ..Default::default() },
                "no column `smokng`, which --factor",
            ),
            (
                DataChoices { levels: levels("x", &["a"]), ..Default::default() },
                "no column `x`, which --levels",
            ),
            (DataChoices { numbers: words(&["bmi"]), ..Default::default() }, "which the model names"),
            (DataChoices { levels: levels("age", &["1", "1"]), ..Default::default() }, "level `1` twice"),
            (DataChoices { levels: levels("age", &["1", " "]), ..Default::default() }, "an empty level"),
            (
                DataChoices { levels: levels("age", &["9", "1"]), na: words(&["9"]), ..Default::default() },
                "mean missing at once",
            ),
            (
                DataChoices { factors: words(&["age"]), numbers: words(&["age"]), ..Default::default() },
                "cannot be a number or date and categorical",
            ),
            (
                DataChoices {
                    references: [("age", "1"), ("age", "2")].map(|(a, b)| (a.into(), b.into())).into(),
                    ..Default::default()
                },
                "--reference is given twice for `age`",
            ),
        ];
        for (choices, expected) in table {
            let error = choices.check(&header).expect_err(expected);
            assert!(error.message.contains(expected), "`{}` lacks `{expected}`", error.message);
        }
    }

    #[test]
    fn a_slip_in_a_name_is_told_with_the_name_that_was_meant() {
        let choices = DataChoices { factors: words(&["smokng"]), ..Default::default() };
        let error = choices.check(&words(&["age", "smoking"])).expect_err("a slip");
        assert_eq!(error.hint.as_deref(), Some("did you mean `smoking`?"));
    }
}
