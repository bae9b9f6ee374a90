//! What columns are, learnt by a pass over all rows in bounded memory; then their rows piece by piece.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::data::body::Cell;
use crate::data::cell;
pub use crate::data::cell::Mark;
use crate::data::choices::{DataChoices, Wanted};
use crate::data::csv::Source;
use crate::data::layout::Piece;
use crate::data::learn::{Keep, Learnt};
use crate::data::na::MissingCodes;
use crate::data::scan::Want;
use crate::data::table::{Column, MISSING, Table, Values};
use crate::data::typing::{self, Reading};
use crate::error::{Error, Result};

/// What a pass over all rows learnt of some columns: what each is, without its cells.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The columns in the order in which they were asked for.
    pub columns: Vec<SurveyedColumn>,
    /// Decisions on single columns, one sentence each, as [`Source::typed`] gives them.
    pub notices: Vec<String>,
}

/// One column and what it is.
#[derive(Debug, Clone)]
pub struct SurveyedColumn {
    /// The name in the header.
    pub name: String,
    /// What its cells are.
    pub kind: ColumnKind,
    place: usize,
    missing: MissingCodes,
    /// Whether no cell has a value.
    pub(super) is_empty: bool,
    /// For each text of a categorical column its code.
    pub(super) codes: Arc<HashMap<String, u32>>,
}

/// What the cells of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers with a decimal mark.
    Number {
        /// What stands before the decimals.
        mark: Mark,
    },
    /// Dates.
    Date,
    /// Levels.
    Category {
        /// The levels in order; the first is the reference.
        levels: Vec<String>,
    },
}

/// Whether a cell cannot be a number or a date.
fn is_level(text: &str) -> bool {
    let is_number = [Mark::Point, Mark::Comma].iter().any(|mark| cell::number(text, *mark).is_some());
    cell::is_code(text) || (!is_number && cell::date(text).is_none())
}

impl Source {
    /// Of each column that is not numbers, or is to be a factor, how many different values its first rows have, at most 10,000: enough to know
    /// how wide a factor of few levels is, without a pass over all rows.
    ///
    /// # Errors
    /// Data, when a column is not there; Io and Data, when the file is not any more what it was.
    pub fn levels_of_first_rows(
        &self,
        columns: &[String],
        choices: &DataChoices,
    ) -> Result<Vec<Option<usize>>> {
        const ROWS: usize = 10_000;
        let places = self.places(columns)?;
        self.body.check(&places)?;
        let wants: Vec<Want> = places.into_iter().map(Want::text).collect();
        let is_factor = |name: &String| matches!(choices.wanted(name), Wanted::Factor { .. });
        let missing: Vec<MissingCodes> =
            columns.iter().map(|name| typing::missing_codes(name, choices)).collect();
        let mut found: Vec<(bool, HashSet<String>)> =
            columns.iter().map(|name| (is_factor(name), HashSet::new())).collect();
        if let Some(first) = self.body.pieces.first() {
            let head = Piece { n_rows: first.n_rows.min(ROWS), ..first.clone() };
            self.body.rows(&head, &wants, |_, _, cells| {
                for ((cell, missing), (is_text, texts)) in cells.iter().zip(&missing).zip(&mut found) {
                    let text = cell.text();
                    if !missing.mean_missing(&text) {
                        *is_text |= is_level(&text);
                        if !texts.contains(text.as_ref()) {
                            texts.insert(text.into_owned());
                        }
                    }
                }
            })?;
        }
        Ok(found.into_iter().map(|(is_text, texts)| is_text.then_some(texts.len())).collect())
    }

    /// Learns what some columns are from all of their rows, without keeping the cells.
    ///
    /// # Errors
    /// Those of [`Source::typed`].
    pub fn survey(&self, columns: &[String], choices: &DataChoices) -> Result<Survey> {
        let (places, lesson) = self.learn(columns, choices, Keep::Nothing)?;
        let mut notices = Vec::new();
        let mut surveyed = Vec::with_capacity(columns.len());
        for (name, place) in columns.iter().zip(self.places(columns)?) {
            let idx = places.binary_search(&place).expect("each column was learnt");
            let (kind, codes, is_empty) = match &lesson.columns[idx] {
                Learnt::Numbers { any, mark, .. } => {
                    notices.extend((!any).then(|| typing::no_value(name)));
                    (ColumnKind::Number { mark: *mark }, HashMap::new(), !any)
                }
                Learnt::Texts { texts, .. } => {
                    match self.reading(name, place, texts, choices, &mut notices)? {
                        Reading::Number { mark, values } => {
                            (ColumnKind::Number { mark }, HashMap::new(), values.iter().all(|x| x.is_nan()))
                        }
                        Reading::Date(values) => {
                            (ColumnKind::Date, HashMap::new(), values.iter().all(|x| x.is_nan()))
                        }
                        Reading::Category { codes, levels } => {
                            let texts = texts.iter().map(|text| text.text.clone());
                            let is_empty = codes.iter().all(|code| *code == MISSING);
                            (ColumnKind::Category { levels }, texts.zip(codes).collect(), is_empty)
                        }
                    }
                }
            };
            let missing = typing::missing_codes(name, choices);
            surveyed.push(SurveyedColumn {
                name: name.clone(),
                kind,
                place,
                missing,
                is_empty,
                codes: Arc::new(codes),
            });
        }
        Ok(Survey { columns: surveyed, notices })
    }

    /// How many pieces the rows come in.
    pub fn n_pieces(&self) -> usize {
        self.body.pieces.len()
    }

    /// The rows of one piece, typed as the survey of this source says: codes point into its levels, `lines` is
    /// filled. The pieces one after the other are what [`Source::typed`] gives.
    ///
    /// # Errors
    /// Io and Data, when the file cannot be read any more or is another than before.
    pub fn piece(&self, index: usize, survey: &Survey) -> Result<Table> {
        let piece = &self.body.pieces[index];
        let mut wants: Vec<Want> = survey.columns.iter().map(SurveyedColumn::want).collect();
        wants.sort_unstable_by_key(|want| want.place);
        wants.dedup_by_key(|want| want.place);
        let at = |column: &SurveyedColumn| {
            wants.binary_search_by_key(&column.place, |want| want.place).expect("each is there")
        };
        let cell_of: Vec<usize> = survey.columns.iter().map(at).collect();
        let mut lines = Vec::with_capacity(piece.n_rows);
        let mut columns: Vec<Values> = survey.columns.iter().map(|c| c.empty(piece.n_rows)).collect();
        let mut as_before = true;
        self.body.rows(piece, &wants, |_, line, cells| {
            lines.push(line);
            for ((values, column), cell) in columns.iter_mut().zip(&survey.columns).zip(&cell_of) {
                as_before &= column.push(values, &cells[*cell]);
            }
        })?;
        if !as_before {
            return Err(Error::data(format!("`{}` has other cells than at the first reading", self.file)));
        }
        let named = survey.columns.iter().zip(columns);
        let columns = named.map(|(c, values)| Column { name: c.name.clone(), values }).collect();
        let origins = self.body.origins.clone();
        Ok(Table { n_rows: piece.n_rows, lines, columns, origins })
    }
}

impl SurveyedColumn {
    fn want(&self) -> Want {
        Want { place: self.place, as_number: matches!(self.kind, ColumnKind::Number { .. }) }
    }

    /// No cell yet, but room for some.
    fn empty(&self, n_rows: usize) -> Values {
        match &self.kind {
            ColumnKind::Number { .. } => Values::Number(Vec::with_capacity(n_rows)),
            ColumnKind::Date => Values::Date(Vec::with_capacity(n_rows)),
            ColumnKind::Category { levels } => {
                Values::Category { codes: Vec::with_capacity(n_rows), levels: levels.clone() }
            }
        }
    }

    /// Adds a cell; `false` where it is nothing that the survey saw.
    fn push(&self, values: &mut Values, cell: &Cell<'_>) -> bool {
        match values {
            Values::Category { codes, .. } => match self.codes.get(cell.text().as_ref()) {
                Some(code) => codes.push(*code),
                None if self.missing.mean_missing(&cell.text()) => codes.push(MISSING),
                None => return false,
            },
            Values::Number(numbers) | Values::Date(numbers) => match self.read(cell) {
                Some(value) => numbers.push(value),
                None => return false,
            },
        }
        true
    }

    /// The number or date that a cell is, NaN where it is missing.
    fn read(&self, cell: &Cell<'_>) -> Option<f64> {
        let text = match cell {
            Cell::Text(text) => text,
            Cell::Number(value) => return Some(self.unless_missing(*value)),
            Cell::Whole(value) => return Some(self.unless_missing(*value as f64)),
        };
        let value = match self.kind {
            ColumnKind::Number { mark } => cell::number(text, mark),
            _ => cell::date(text),
        };
        match value {
            Some(value) if self.missing.are_the_usual() || !self.missing.mean_missing(text) => Some(value),
            Some(_) => Some(f64::NAN),
            None => self.missing.mean_missing(text).then_some(f64::NAN),
        }
    }

    fn unless_missing(&self, value: f64) -> f64 {
        if self.missing.is_missing_number(value) { f64::NAN } else { value }
    }
}

#[cfg(test)]
#[path = "pieces_tests.rs"]
mod tests;
