//! The cells of one column, all of them, become numbers, dates or levels; a column that is nearly one is refused.

use crate::data::cell::{self, Mark, shown};
use crate::data::choices::{DataChoices, Wanted};
use crate::data::grid::{Marks, counted};
use crate::data::levels::{self, Given};
use crate::data::table::Values;
use crate::error::{Error, Result};

/// One column as trimmed text.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The column's name.
    pub name: &'a str,
    /// Its cells, one a row.
    pub cells: &'a [&'a str],
    /// For each row the line of the file on which it starts.
    pub lines: &'a [u32],
    /// Which decimal marks the file as a whole shows.
    pub marks: Marks,
}

/// Types one column on all of its cells; decisions that the user should know of go to `notices`.
///
/// The order of the questions: what the choices say; numbers (whole numbers with leading zeros are codes and stay
/// text); dates; levels. A column of which at least half of the cells that are not missing are numbers (or dates,
/// or look like them) but not all is an error.
///
/// # Errors
/// Data, listing the cells that are not what the column is, with their lines.
pub fn type_column(raw: &Raw<'_>, choices: &DataChoices, notices: &mut Vec<String>) -> Result<Values> {
    let wanted = choices.wanted(raw.name);
    let listed = match wanted {
        Wanted::Factor { levels: Some(listed), .. } => listed,
        _ => &[],
    };
    let codes = MissingCodes::new(&choices.na, listed);
    let present: Vec<usize> =
        (0..raw.cells.len()).filter(|row| !codes.mean_missing(raw.cells[*row])).collect();
    if present.is_empty() {
        notices.push(format!("column {} has no value in any row", shown(raw.name)));
    }
    let column = Column { raw, present: &present, mark: usual_mark(raw, &present) };
    match wanted {
        Wanted::Factor { levels, reference } => column.factor(levels, reference, notices),
        Wanted::Number => column.numbers(notices),
        Wanted::Date => column.dates(),
        Wanted::Any => column.infer(notices),
    }
}

/// The codes that mean missing: empty, `NA`, `N/A`, `n/a`, `NaN`, `nan`, `NAN`, `.`, `null`, `NULL`, `Null`, and
/// the user's. (`Na` and `na` are not among them: the one is sodium, the other can be said with `--na na`.)
/// A word that the user lists as a level does not mean missing.
struct MissingCodes<'a> {
    more: &'a [String],
    more_numbers: Vec<f64>,
    listed: &'a [String],
}

impl<'a> MissingCodes<'a> {
    fn new(more: &'a [String], listed: &'a [String]) -> Self {
        let plain = more.iter().filter(|code| !cell::is_code(code));
        let more_numbers = plain.filter_map(|code| cell::number(code, Mark::Point)).collect();
        MissingCodes { more, more_numbers, listed }
    }

    /// A user's code means the same text, and where both are numbers the same number: `-9` is `-9.0`.
    fn mean_missing(&self, text: &str) -> bool {
        const USUAL: [&str; 10] = ["NA", "N/A", "n/a", "NaN", "nan", "NAN", ".", "null", "NULL", "Null"];
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
        value.is_some_and(|value| self.more_numbers.contains(&value))
    }
}

/// The decimal mark of most numbers in the column; the point where commas delimit.
fn usual_mark(raw: &Raw<'_>, present: &[usize]) -> Mark {
    if !raw.marks.comma_is_free {
        return Mark::Point;
    }
    let (mut commas, mut points) = (0, 0);
    for decimals in present.iter().filter_map(|row| cell::decimals(raw.cells[*row])) {
        match decimals.mark {
            Mark::Comma => commas += 1,
            Mark::Point => points += 1,
        }
    }
    if commas > 0 && commas >= points { Mark::Comma } else { Mark::Point }
}

/// A column with its rows that have a value, and its decimal mark.
struct Column<'a> {
    raw: &'a Raw<'a>,
    present: &'a [usize],
    mark: Mark,
}

impl Column<'_> {
    fn infer(&self, notices: &mut Vec<String>) -> Result<Values> {
        let name = shown(self.raw.name);
        let n = self.present.len();
        if n == 0 {
            return Ok(Values::Number(vec![f64::NAN; self.raw.cells.len()]));
        }
        let n_numbers = self.count(|text| self.number(text).is_some());
        let n_like_numbers = n_numbers + self.count(|t| self.number(t).is_none() && looks_like_a_number(t));
        if n_like_numbers > 0
            && let Some(example) = self.first_code()
        {
            notices.push(format!(
                "column {name} holds codes with leading zeros (line {}: {}) and stays text",
                self.raw.lines[example],
                shown(self.raw.cells[example])
            ));
            return self.category(Given::default(), notices);
        }
        if n_numbers == n || 2 * n_like_numbers >= n {
            return self.numbers(notices);
        }
        let n_dates = self.count(|text| cell::date(text).is_some());
        let n_like_dates = n_dates + self.count(|t| cell::date(t).is_none() && cell::is_nearly_date(t));
        if n_dates == n || 2 * n_like_dates >= n {
            return self.dates();
        }
        for (count, what) in [(n_like_numbers, "numbers"), (n_like_dates, "dates")] {
            if count > 0 {
                notices.push(format!(
                    "column {name} is categorical, though {count} of its {n} cells look like {what}"
                ));
            }
        }
        self.category(Given::default(), notices)
    }

    /// The first whole number with a leading zero, where all numbers of the column are bare digits, as codes are.
    fn first_code(&self) -> Option<usize> {
        let code = self.present.iter().copied().find(|row| cell::is_code(self.raw.cells[*row]))?;
        let bare = |text: &str| self.number(text).is_none() || cell::is_digits(text);
        self.present.iter().all(|row| bare(self.raw.cells[*row])).then_some(code)
    }

    fn factor(
        &self,
        listed: Option<&[String]>,
        reference: Option<&str>,
        notices: &mut Vec<String>,
    ) -> Result<Values> {
        let by_reference_only = listed.is_none() && reference.is_some();
        if by_reference_only
            && !self.present.is_empty()
            && self.present.len() == self.count(|t| self.number(t).is_some())
        {
            notices.push(format!(
                "column {} holds numbers and is treated as categorical, for a reference level was named",
                shown(self.raw.name)
            ));
        }
        self.category(Given { levels: listed, reference }, notices)
    }

    fn category(&self, given: Given<'_>, notices: &mut Vec<String>) -> Result<Values> {
        levels::category(self.raw, self.present, self.mark, given, notices)
    }

    fn numbers(&self, notices: &mut Vec<String>) -> Result<Values> {
        self.settle_ambiguous_marks(notices)?;
        self.values(|text| self.number(text), "number").map(Values::Number)
    }

    fn dates(&self) -> Result<Values> {
        self.values(cell::date, "date").map(Values::Date)
    }

    /// All cells by one reading, NaN where they are missing; the cells that cannot be read are an error.
    fn values(&self, read: impl Fn(&str) -> Option<f64>, what: &str) -> Result<Vec<f64>> {
        let mut values = vec![f64::NAN; self.raw.cells.len()];
        let mut wrong = Vec::new();
        for row in self.present {
            match read(self.raw.cells[*row]) {
                Some(value) => values[*row] = value,
                None => wrong.push(*row),
            }
        }
        if wrong.is_empty() { Ok(values) } else { Err(self.refuse(&wrong, what)) }
    }

    /// Groups of thousands and three decimals look alike. A cell of the column that can only be decimals settles
    /// it. Else, where the file shows the other mark before decimals, nothing is guessed; where it shows only
    /// this one, that settles it; where it shows none, the reading as decimals is said.
    fn settle_ambiguous_marks(&self, notices: &mut Vec<String>) -> Result<()> {
        let (same, other) = match self.mark {
            Mark::Comma => (self.raw.marks.comma, self.raw.marks.point),
            Mark::Point => (self.raw.marks.point, self.raw.marks.comma),
        };
        let decimals = |row: &usize| cell::decimals(self.raw.cells[*row]);
        let doubtful =
            self.raw.marks.comma_is_free && self.present.iter().filter_map(decimals).all(|d| d.could_group);
        let (true, Some(first)) = (doubtful, self.present.iter().find(|row| decimals(row).is_some())) else {
            return Ok(());
        };
        let example = format!(
            "column {}, line {}: {}",
            shown(self.raw.name),
            self.raw.lines[*first],
            shown(self.raw.cells[*first])
        );
        match (same, other) {
            (_, Some(line)) => Err(Error::data(format!(
                "{example} can be a number with three decimals or one with grouped thousands, for line {line} \
                 has the other mark before its decimals"
            ))
            .hint("write all numbers of the file with one decimal mark and without grouping")),
            (Some(_), None) => Ok(()),
            (None, None) => {
                notices.push(format!("{example} and the like are read as numbers with three decimals"));
                Ok(())
            }
        }
    }

    fn refuse(&self, wrong: &[usize], what: &str) -> Error {
        const SHOWN: usize = 10;
        let name = shown(self.raw.name);
        let place = |row: &usize| format!("line {}: {}", self.raw.lines[*row], shown(self.raw.cells[*row]));
        if let [only] = wrong {
            let message = format!("column {name}, {} is not a {what}", place(only));
            return Error::data(message).hint(self.advice(wrong, what));
        }
        let cells = counted(self.present.len(), "cell");
        let mut message = format!("column {name}: {} of {cells} are not {what}s", wrong.len());
        for row in wrong.iter().take(SHOWN) {
            message += &format!("\n  {}", place(row));
        }
        if wrong.len() > SHOWN {
            message += &format!("\n  and {} more", wrong.len() - SHOWN);
        }
        Error::data(message).hint(self.advice(wrong, what))
    }

    /// What to do about the cells that are not what the column is.
    fn advice(&self, wrong: &[usize], what: &str) -> String {
        const NAMED: usize = 3;
        let cells = || wrong.iter().map(|row| self.raw.cells[*row]);
        let name = self.raw.name;
        let factor = if name.contains(|c: char| !c.is_alphanumeric() && c != '_') {
            format!("`--factor '{name}'`")
        } else {
            format!("`--factor {name}`")
        };
        if what == "date" {
            return format!("write dates as YYYY-MM-DD; or {factor} makes the column categorical");
        }
        if cells().all(looks_like_a_number) {
            let mark = if self.raw.marks.comma_is_free { "one decimal mark" } else { "a decimal point" };
            return format!(
                "write numbers with digits and {mark} only; or {factor} makes the column categorical"
            );
        }
        let mut words: Vec<&str> = Vec::new();
        for text in cells().filter(|t| !looks_like_a_number(t)) {
            let can_be_typed = text.chars().count() <= 20 && !text.contains([',', '\'', '\n', '\r']);
            if can_be_typed && !words.contains(&text) && words.len() < NAMED {
                words.push(text);
            }
        }
        let codes = if words.is_empty() { "CODE".to_owned() } else { words.join(",") };
        let is_plain = codes.chars().all(|c| c.is_alphanumeric() || "_-.,".contains(c));
        let codes = if is_plain { codes } else { format!("'{codes}'") };
        format!(
            "`--na {codes}` declares what means missing, {factor} makes the column categorical; \
             or correct the file"
        )
    }

    fn number(&self, text: &str) -> Option<f64> {
        cell::number(text, self.mark)
    }

    fn count(&self, is_so: impl Fn(&str) -> bool) -> usize {
        self.present.iter().filter(|row| is_so(self.raw.cells[**row])).count()
    }
}

/// Whether a text is a number under some mark, or written for people.
fn looks_like_a_number(text: &str) -> bool {
    cell::number(text, Mark::Point).is_some()
        || cell::number(text, Mark::Comma).is_some()
        || cell::is_nearly_number(text)
}

#[cfg(test)]
#[path = "typing_tests.rs"]
mod tests;
