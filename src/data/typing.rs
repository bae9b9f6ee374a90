//! The cells of one column, all of them, become numbers, dates or levels; a column that is nearly one is refused.

use crate::data::cell::{self, Mark, shown};
use crate::data::choices::{DataChoices, Wanted};
use crate::data::dictionary::Distinct;
use crate::data::layout::{Marks, counted};
use crate::data::levels::{self, Given};
use crate::data::na::MissingCodes;
use crate::data::origin::Origins;
use crate::error::{Error, Result};

/// The different texts of one column.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    /// The column's name.
    pub name: &'a str,
    /// Its texts in order of their first rows.
    pub texts: &'a [Distinct],
    /// Which decimal marks the file as a whole shows.
    pub marks: Marks,
    /// Which lines are whose.
    pub origins: &'a Origins,
    /// Finds the first cells, as many as asked for, whose texts are flagged: their lines and texts.
    pub find: &'a Find<'a>,
}

/// How to find cells of a column by their texts: which of the texts, and how many cells at most; the lines of the
/// cells and the places of their texts, in order of rows.
pub type Find<'a> = dyn Fn(&[bool], usize) -> Result<Vec<(u32, usize)>> + 'a;

/// What each text of a column is.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A number each, NaN where it means missing.
    Number {
        /// What stands before the decimals.
        mark: Mark,
        /// The numbers.
        values: Vec<f64>,
    },
    /// A date each, as days since 1970-01-01, NaN where it means missing.
    Date(Vec<f64>),
    /// A level each.
    Category {
        /// For each text its place among the levels, or [`MISSING`](crate::data::table::MISSING).
        codes: Vec<u32>,
        /// The levels in order; the first is the reference.
        levels: Vec<String>,
    },
}

/// Types one column by all of its texts; decisions that the user should know of go to `notices`.
///
/// The order of the questions: what the choices say; numbers (whole numbers with leading zeros are codes and stay
/// text); dates; levels. A column of which at least half of the cells that are not missing are numbers (or dates,
/// or look like them) but not all is an error.
///
/// # Errors
/// Data, listing the cells that are not what the column is, with their lines.
pub fn type_column(raw: &Raw<'_>, choices: &DataChoices, notices: &mut Vec<String>) -> Result<Reading> {
    let wanted = choices.wanted(raw.name);
    let codes = missing_codes(raw.name, choices);
    let present: Vec<usize> =
        (0..raw.texts.len()).filter(|place| !codes.mean_missing(&raw.texts[*place].text)).collect();
    if present.is_empty() {
        notices.push(no_value(raw.name));
    }
    let column = Column { raw, present: &present, mark: usual_mark(raw, &present) };
    match wanted {
        Wanted::Factor { levels, reference } => column.factor(levels, reference, notices),
        Wanted::Number => column.numbers(notices),
        Wanted::Date => column.dates(),
        Wanted::Any => column.infer(notices),
    }
}

/// What means missing in a column.
pub fn missing_codes(name: &str, choices: &DataChoices) -> MissingCodes {
    let listed = match choices.wanted(name) {
        Wanted::Factor { levels: Some(listed), .. } => listed,
        _ => &[],
    };
    MissingCodes::new(&choices.na, listed)
}

/// What is said of a column in which every cell is missing.
pub fn no_value(name: &str) -> String {
    format!("column {} has no value in any row", shown(name))
}

/// The decimal mark of most numbers in the column; the point where commas delimit.
fn usual_mark(raw: &Raw<'_>, present: &[usize]) -> Mark {
    if !raw.marks.comma_is_free {
        return Mark::Point;
    }
    let (mut commas, mut points) = (0, 0);
    for text in present.iter().map(|place| &raw.texts[*place]) {
        match cell::decimals(&text.text).map(|d| d.mark) {
            Some(Mark::Comma) => commas += text.count,
            Some(Mark::Point) => points += text.count,
            None => {}
        }
    }
    if commas > 0 && commas >= points { Mark::Comma } else { Mark::Point }
}

/// A column with its texts that do not mean missing, and its decimal mark.
struct Column<'a> {
    raw: &'a Raw<'a>,
    present: &'a [usize],
    mark: Mark,
}

impl Column<'_> {
    fn infer(&self, notices: &mut Vec<String>) -> Result<Reading> {
        let name = shown(self.raw.name);
        let n = self.n_present();
        if n == 0 {
            return self.numbers(notices);
        }
        let n_numbers = self.count(|text| self.number(text).is_some());
        let n_like_numbers = n_numbers + self.count(|t| self.number(t).is_none() && looks_like_a_number(t));
        if n_like_numbers > 0
            && let Some(example) = self.first_code()
        {
            notices.push(format!(
                "column {name} holds codes with leading zeros ({}: {}) and stays text",
                self.place(example),
                shown(self.text(example))
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
        let code = self.present.iter().copied().find(|place| cell::is_code(self.text(*place)))?;
        let bare = |text: &str| self.number(text).is_none() || cell::is_digits(text);
        self.present.iter().all(|place| bare(self.text(*place))).then_some(code)
    }

    fn factor(
        &self,
        listed: Option<&[String]>,
        reference: Option<&str>,
        notices: &mut Vec<String>,
    ) -> Result<Reading> {
        let by_reference_only = listed.is_none() && reference.is_some();
        if by_reference_only
            && !self.present.is_empty()
            && self.present.iter().all(|place| self.number(self.text(*place)).is_some())
        {
            notices.push(format!(
                "column {} holds numbers and is treated as categorical, for a reference level was named",
                shown(self.raw.name)
            ));
        }
        self.category(Given { levels: listed, reference }, notices)
    }

    fn category(&self, given: Given<'_>, notices: &mut Vec<String>) -> Result<Reading> {
        levels::category(self.raw, self.present, self.mark, given, notices)
    }

    fn numbers(&self, notices: &mut Vec<String>) -> Result<Reading> {
        self.settle_ambiguous_marks(notices)?;
        let values = self.values(|text| self.number(text), "number")?;
        Ok(Reading::Number { mark: self.mark, values })
    }

    fn dates(&self) -> Result<Reading> {
        self.values(cell::date, "date").map(Reading::Date)
    }

    /// All texts by one reading, NaN where they mean missing; those that cannot be read are an error.
    fn values(&self, read: impl Fn(&str) -> Option<f64>, what: &str) -> Result<Vec<f64>> {
        let mut values = vec![f64::NAN; self.raw.texts.len()];
        let mut wrong = Vec::new();
        for place in self.present {
            match read(self.text(*place)) {
                Some(value) => values[*place] = value,
                None => wrong.push(*place),
            }
        }
        if wrong.is_empty() { Ok(values) } else { Err(self.refuse(&wrong, what)?) }
    }

    /// Groups of thousands and three decimals look alike. A cell of the column that can only be decimals settles
    /// it. Else, where the file shows the other mark before decimals, nothing is guessed; where it shows only
    /// this one, that settles it; where it shows none, the reading as decimals is said.
    fn settle_ambiguous_marks(&self, notices: &mut Vec<String>) -> Result<()> {
        let (same, other) = match self.mark {
            Mark::Comma => (self.raw.marks.comma, self.raw.marks.point),
            Mark::Point => (self.raw.marks.point, self.raw.marks.comma),
        };
        let decimals = |place: &usize| cell::decimals(self.text(*place));
        let doubtful =
            self.raw.marks.comma_is_free && self.present.iter().filter_map(decimals).all(|d| d.could_group);
        let (true, Some(first)) = (doubtful, self.present.iter().find(|place| decimals(place).is_some()))
        else {
            return Ok(());
        };
        let example =
            format!("column {}, {}: {}", shown(self.raw.name), self.place(*first), shown(self.text(*first)));
        match (same, other) {
            (_, Some(line)) => Err(Error::data(format!(
                "{example} can be a number with three decimals or one with grouped thousands, for {} \
                 has the other mark before its decimals",
                self.raw.origins.line(line)
            ))
            .hint("write all numbers of the file with one decimal mark and without grouping")),
            (Some(_), None) => Ok(()),
            (None, None) => {
                notices.push(format!("{example} and the like are read as numbers with three decimals"));
                Ok(())
            }
        }
    }

    fn refuse(&self, wrong: &[usize], what: &str) -> Result<Error> {
        const SHOWN: usize = 10;
        let name = shown(self.raw.name);
        let place = |(line, text): &(u32, usize)| {
            format!("{}: {}", self.raw.origins.line(*line), shown(self.text(*text)))
        };
        let n_wrong = self.cells_of(wrong);
        let first = self.first_cells(wrong, SHOWN)?;
        if n_wrong == 1 {
            let message = format!("column {name}, {} is not a {what}", place(&first[0]));
            return Ok(Error::data(message).hint(self.advice(wrong, what)));
        }
        let cells = counted(self.n_present(), "cell");
        let mut message = format!("column {name}: {n_wrong} of {cells} are not {what}s");
        for cell in &first {
            message += &format!("\n  {}", place(cell));
        }
        if n_wrong > SHOWN {
            message += &format!("\n  and {} more", n_wrong - SHOWN);
        }
        Ok(Error::data(message).hint(self.advice(wrong, what)))
    }

    /// The first cells with some texts: their lines and texts.
    fn first_cells(&self, texts: &[usize], most: usize) -> Result<Vec<(u32, usize)>> {
        if texts.iter().all(|place| self.raw.texts[*place].count == 1) {
            return Ok(texts.iter().take(most).map(|place| (self.raw.texts[*place].line, *place)).collect());
        }
        let mut flags = vec![false; self.raw.texts.len()];
        texts.iter().for_each(|place| flags[*place] = true);
        (self.raw.find)(&flags, most)
    }

    /// What to do about the cells that are not what the column is.
    fn advice(&self, wrong: &[usize], what: &str) -> String {
        const NAMED: usize = 3;
        let cells = || wrong.iter().map(|place| self.text(*place));
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

    /// In how many cells a text stands of which something is so.
    fn count(&self, is_so: impl Fn(&str) -> bool) -> usize {
        let texts = self.present.iter().map(|place| &self.raw.texts[*place]);
        texts.filter(|t| is_so(&t.text)).map(|t| t.count).sum()
    }

    fn cells_of(&self, texts: &[usize]) -> usize {
        texts.iter().map(|place| self.raw.texts[*place].count).sum()
    }

    fn n_present(&self) -> usize {
        self.cells_of(self.present)
    }

    /// Where a text stands first.
    fn place(&self, place: usize) -> String {
        self.raw.origins.line(self.raw.texts[place].line)
    }

    fn text(&self, place: usize) -> &str {
        &self.raw.texts[place].text
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
