//! Opens a CSV or Parquet file, several files or a built-in set, and types the columns that are wanted on all their rows.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::data::body::{Body, Cell};
use crate::data::builtin;
use crate::data::choices::{DataChoices, Wanted, no_such_column};
use crate::data::dictionary::Distinct;
use crate::data::learn::{self, Job, Keep, Learnt, Lesson};
use crate::data::opening::{self, Opened, Sizes};
use crate::data::scan::Want;
use crate::data::several;
use crate::data::table::{Column, Table, Values};
use crate::data::typing::{self, Raw, Reading};
use crate::error::{Error, Kind, Result};

pub use crate::data::opening::digest;

/// A file that was opened: its rows checked and counted, its columns known, no cell typed yet.
///
/// A big file stays on disk and is read again piece by piece when cells are wanted.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file's name without its folder, or `@name` of a built-in set; the list or pattern that names several.
    pub file: String,
    /// SHA-256 of the bytes as they lie on disk, hexadecimal; of several files that of their digests in this form, one
    /// after the other (`sha256sum FILES | cut -c 1-64 | tr -d '\n' | sha256sum`).
    pub sha256: String,
    /// The names of the columns, trimmed, in order.
    pub header: Vec<String>,
    /// Data rows.
    pub n_rows: usize,
    /// What was found or assumed of the file as a whole (encoding, delimiter, decimal comma), one sentence each.
    pub notices: Vec<String>,
    pub(super) body: Arc<Body>,
}

/// A typed table and what was decided on the way.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The columns asked for, in that order; all rows of the file.
    pub table: Table,
    /// Decisions on single columns, one sentence each (codes kept as text, levels that look alike or that no row
    /// has, numbers made categorical).
    pub notices: Vec<String>,
    /// Of each column whether it was seen while reading that no cell is missing; of a column that was not read as plain numbers
    /// that is not known.
    pub without_gaps: Vec<bool>,
}

/// Opens a CSV or Parquet file, several of them as one table, or a built-in data set by `@name`.
///
/// Several files are a list `a.csv,b.csv` or a pattern `site_*.csv`, unless a file has that very name. Their columns
/// meet by name, their rows stand one below the other in the order of the list or sorted by name, and their lines are
/// counted on from file to file; messages give the file and its own line.
///
/// # Errors
/// Io, when a file cannot be read; Data, when it cannot be used (see [`Source::from_bytes`]), when files have different
/// columns, no file matches a pattern, or no built-in set has that name.
pub fn open(data: &Path) -> Result<Source> {
    open_in(data, Sizes::default())
}

/// Opens a CSV or a built-in set in pieces of some size.
pub(super) fn open_in(data: &Path, sizes: Sizes) -> Result<Source> {
    if let Some(name) = data.to_str().and_then(|text| text.strip_prefix('@')) {
        return Source::from_bytes(&format!("@{name}"), builtin::csv(name)?);
    }
    let files = several::named(data)?;
    if let [file] = files.as_slice() {
        let (name, opened) = open_file(file, sizes)?;
        return Ok(Source::new(name, opened));
    }
    let opened = files.iter().map(|file| open_file(file, sizes)).collect::<Result<Vec<_>>>()?;
    Ok(Source::new(several::name(data), several::stack(opened)?))
}

/// Opens one file; gives its name without its folder too.
fn open_file(data: &Path, sizes: Sizes) -> Result<(String, Opened)> {
    if data.is_dir() {
        return Err(Error::data(format!("`{}` is a folder, not a CSV file", data.display())));
    }
    let name =
        data.file_name().map_or_else(|| data.display().to_string(), |n| n.to_string_lossy().into_owned());
    let opened = if data.is_file() {
        opening::file(data, sizes)
    } else {
        let bytes = std::fs::read(data).map_err(|cause| opening::unreadable(data, &cause))?;
        opening::bytes(bytes, sizes)
    };
    let opened = in_file(&name, opened)?;
    Ok((name, opened))
}

/// What is wrong with the data of a file, with its name.
fn in_file(name: &str, opened: Result<Opened>) -> Result<Opened> {
    opened.map_err(|mut error| {
        if error.kind == Kind::Data {
            error.message = format!("`{name}`: {}", error.message);
        }
        error
    })
}

impl Source {
    /// Opens CSV bytes that are already in memory under a name.
    ///
    /// The delimiter (comma, semicolon, tab, vertical bar) is found; lines end with LF, CR LF or CR; cells may be
    /// quoted and then hold delimiters and line breaks; blanks around values do not count; empty lines are skipped.
    ///
    /// # Errors
    /// Data: no text or no known encoding; no rows; an empty or repeated column name; a row with too few or too
    /// many cells; a quotation mark that never closes. The message names the file and the line.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Source> {
        Source::from_bytes_in(name, bytes, Sizes::default())
    }

    /// Opens bytes in pieces of some size.
    pub(super) fn from_bytes_in(name: &str, bytes: Vec<u8>, sizes: Sizes) -> Result<Source> {
        Ok(Source::new(name.to_owned(), in_file(name, opening::bytes(bytes, sizes))?))
    }

    /// Opens bytes in pieces of about so many bytes each.
    #[cfg(test)]
    pub(crate) fn in_pieces(name: &str, bytes: &[u8], piece: usize) -> Result<Source> {
        Source::from_bytes_in(name, bytes.to_vec(), Sizes { piece, ..Sizes::default() })
    }

    pub(super) fn new(file: String, opened: Opened) -> Source {
        let Opened { sha256, header, body, notices, .. } = opened;
        Source { file, sha256, header, n_rows: body.n_rows, notices, body: Arc::new(body) }
    }

    /// Types some columns, each on all of its rows.
    ///
    /// # Errors
    /// Data: a column that is not there; choices that do not fit the columns or contradict each other; a column
    /// that is nearly but not wholly numbers or dates, or not what the choices make it, with the cells and lines.
    pub fn typed(&self, columns: &[String], choices: &DataChoices) -> Result<Typed> {
        let (places, lesson) = self.learn(columns, choices, Keep::Cells)?;
        let (mut notices, mut without_gaps) = (Vec::new(), Vec::new());
        let mut typed: Vec<Column> = Vec::with_capacity(columns.len());
        let mut learnt: HashMap<usize, Learnt> = places.into_iter().zip(lesson.columns).collect();
        for (idx, name) in columns.iter().enumerate() {
            let place = self.places(std::slice::from_ref(name))?[0];
            let is_last = !columns[idx + 1..].contains(name);
            let column = if is_last { learnt.remove(&place) } else { learnt.get(&place).cloned() };
            let column = column.expect("each column was learnt");
            without_gaps.push(matches!(column, Learnt::Numbers { has_gaps: false, .. }));
            let values = self.values(name, place, column, choices, &mut notices)?;
            typed.push(Column { name: name.clone(), values });
        }
        let origins = self.body.origins.clone();
        let table = Table { n_rows: self.n_rows, lines: lesson.lines, columns: typed, origins };
        Ok(Typed { table, notices, without_gaps })
    }

    /// Learns of some columns; gives their places, ascending, and what was learnt of each.
    pub(super) fn learn(
        &self,
        columns: &[String],
        choices: &DataChoices,
        keep: Keep,
    ) -> Result<(Vec<usize>, Lesson)> {
        choices.check(&self.header)?;
        let mut places = self.places(columns)?;
        places.sort_unstable();
        places.dedup();
        self.body.check(&places)?;
        let job = |place: &usize| {
            let name = &self.header[*place];
            Job {
                place: *place,
                missing: typing::missing_codes(name, choices),
                may_be_numbers: matches!(choices.wanted(name), Wanted::Any | Wanted::Number),
            }
        };
        let jobs: Vec<Job> = places.iter().map(job).collect();
        let lesson = learn::learn(&self.body, &jobs, keep)?;
        Ok((places, lesson))
    }

    /// The cells of a column that was learnt.
    fn values(
        &self,
        name: &str,
        place: usize,
        learnt: Learnt,
        choices: &DataChoices,
        notices: &mut Vec<String>,
    ) -> Result<Values> {
        let (texts, place_of, mut codes) = match learnt {
            Learnt::Numbers { any, values, .. } => {
                notices.extend((!any).then(|| typing::no_value(name)));
                return Ok(Values::Number(values));
            }
            Learnt::Texts { texts, place_of, codes } => (texts, place_of, codes),
        };
        let numbers = |of_text: &[f64], codes: &[u32]| {
            let of_code: Vec<f64> = place_of.iter().map(|place| of_text[*place as usize]).collect();
            codes.par_iter().map(|code| of_code[*code as usize]).collect()
        };
        Ok(match self.reading(name, place, &texts, choices, notices)? {
            Reading::Number { values, .. } => Values::Number(numbers(&values, &codes)),
            Reading::Date(values) => Values::Date(numbers(&values, &codes)),
            Reading::Category { codes: of_text, levels } => {
                let of_code: Vec<u32> = place_of.iter().map(|place| of_text[*place as usize]).collect();
                codes.par_iter_mut().for_each(|code| *code = of_code[*code as usize]);
                Values::Category { codes, levels }
            }
        })
    }

    /// What the texts of a column are.
    pub(super) fn reading(
        &self,
        name: &str,
        place: usize,
        texts: &[Distinct],
        choices: &DataChoices,
        notices: &mut Vec<String>,
    ) -> Result<Reading> {
        let find = |flags: &[bool], most: usize| {
            let flagged = texts.iter().enumerate().filter(|(idx, _)| flags[*idx]);
            let wanted: HashMap<&str, usize> = flagged.map(|(idx, text)| (text.text.as_str(), idx)).collect();
            self.body.find(place, most, |text| wanted.get(text).copied())
        };
        let (marks, origins) = (self.body.marks, &self.body.origins);
        let raw = Raw { name, texts, marks, origins, find: &find };
        typing::type_column(&raw, choices, notices)
    }

    /// The cells of one column as trimmed text, as they stand in the file (missing codes included).
    ///
    /// # Errors
    /// Data, when there is no such column; Io and Data, when the file is not any more what it was.
    pub fn cells(&self, column: &str) -> Result<Vec<String>> {
        let places = self.places(&[column.to_owned()])?;
        Ok(self.body.cells(&places)?.remove(0))
    }

    /// The cells of all columns in the order of the header, each as [`Source::cells`] gives it.
    ///
    /// # Errors
    /// Io and Data, when the file is not any more what it was.
    pub fn all_cells(&self) -> Result<Vec<Vec<String>>> {
        let places: Vec<usize> = (0..self.header.len()).collect();
        self.body.cells(&places)
    }

    /// That the cells of all columns can be given as text.
    ///
    /// # Errors
    /// Data: a column of a Parquet file whose type has no place in a table.
    pub fn check_cells(&self) -> Result<()> {
        self.body.check(&(0..self.header.len()).collect::<Vec<usize>>())
    }

    /// Calls `take` for each row of a piece, one after the other, with the cells of all columns as [`Source::all_cells`] gives them. There
    /// are [`Source::n_pieces`].
    ///
    /// # Errors
    /// Data, as [`Source::check_cells`]; Io and Data, when the file is not any more what it was.
    pub fn cells_of_piece(&self, index: usize, mut take: impl FnMut(&[Cow<'_, str>])) -> Result<()> {
        let wants: Vec<Want> = (0..self.header.len()).map(Want::text).collect();
        self.body.rows(&self.body.pieces[index], &wants, |_, _, cells| {
            let texts: Vec<Cow<'_, str>> = cells.iter().map(Cell::text).collect();
            take(&texts);
        })
    }

    pub(super) fn places(&self, columns: &[String]) -> Result<Vec<usize>> {
        let place = |name: &String| {
            let found = self.header.iter().position(|h| h == name);
            found.ok_or_else(|| no_such_column(name, &self.header, &format!(" in `{}`", self.file)))
        };
        columns.iter().map(place).collect()
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
