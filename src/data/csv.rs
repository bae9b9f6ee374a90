//! Reads a CSV: finds delimiter and encoding, parses with polars, types each column on all its rows.

use std::fmt;
use std::io::{Cursor, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use polars::prelude::{CsvReadOptions, DataFrame, DataType, Field, PolarsResult, Schema, SerReader};
use sha2::{Digest, Sha256};

use crate::data::builtin;
use crate::data::choices::{DataChoices, no_such_column};
use crate::data::encoding;
use crate::data::grid::{self, Marks};
use crate::data::table::{Column, Table};
use crate::data::typing::{self, Raw};
use crate::error::{Error, Result};

/// A file that was opened: decoded and checked, its columns known, no cell typed yet.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file's name without its folder, or `@name` of a built-in set.
    pub file: String,
    /// SHA-256 of the bytes as they lie on disk, hexadecimal.
    pub sha256: String,
    /// The names of the columns, trimmed, in order.
    pub header: Vec<String>,
    /// Data rows.
    pub n_rows: usize,
    /// What was found or assumed of the file as a whole (encoding, delimiter, decimal comma), one sentence each.
    pub notices: Vec<String>,
    cells: Cells,
}

/// The data rows in a plain dialect, shared by the copies of a source.
#[derive(Clone)]
struct Cells {
    body: Arc<Vec<u8>>,
    lines: Arc<Vec<u32>>,
    marks: Marks,
}

impl fmt::Debug for Cells {
    /// No patient's row goes into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes in {} rows", self.body.len(), self.lines.len())
    }
}

/// A typed table and what was decided on the way.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The columns asked for, in that order; all rows of the file.
    pub table: Table,
    /// Decisions on single columns, one sentence each (codes kept as text, levels that look alike or that no row
    /// has, numbers made categorical).
    pub notices: Vec<String>,
}

/// Opens a CSV, or a built-in data set by `@name`.
///
/// # Errors
/// Io, when the file cannot be read; Data, when it is no CSV that can be used (see [`Source::from_bytes`]) or no
/// built-in set has that name.
pub fn open(data: &Path) -> Result<Source> {
    if let Some(name) = data.to_str().and_then(|text| text.strip_prefix('@')) {
        return Source::from_bytes(&format!("@{name}"), builtin::csv(name)?);
    }
    if data.is_dir() {
        return Err(Error::data(format!("`{}` is a folder, not a CSV file", data.display())));
    }
    let bytes = std::fs::read(data).map_err(|cause| {
        let error = Error::io("read", data, &cause);
        match cause.kind() {
            ErrorKind::NotFound => {
                error.hint("check the path; `clinreg datasets` lists data that is built in")
            }
            _ => error,
        }
    })?;
    let name =
        data.file_name().map_or_else(|| data.display().to_string(), |n| n.to_string_lossy().into_owned());
    Source::from_bytes(&name, bytes)
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
        let in_file = |mut error: Error| {
            error.message = format!("`{name}`: {}", error.message);
            error
        };
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let decoded = encoding::decode(bytes).map_err(in_file)?;
        let grid = grid::lay_out(&decoded.text).map_err(in_file)?;
        let mut notices = decoded.notices;
        notices.extend(grid.notices);
        Ok(Source {
            file: name.to_owned(),
            sha256,
            header: grid.header,
            n_rows: grid.lines.len(),
            notices,
            cells: Cells { body: Arc::new(grid.body), lines: Arc::new(grid.lines), marks: grid.marks },
        })
    }

    /// Types some columns, each on all of its rows.
    ///
    /// # Errors
    /// Data: a column that is not there; choices that do not fit the columns or contradict each other; a column
    /// that is nearly but not wholly numbers or dates, or not what the choices make it, with the cells and lines.
    pub fn typed(&self, columns: &[String], choices: &DataChoices) -> Result<Typed> {
        choices.check(&self.header)?;
        let places = self.places(columns)?;
        let frame = self.parse(&places)?;
        let mut notices = Vec::new();
        let mut typed = Vec::with_capacity(columns.len());
        for (name, place) in columns.iter().zip(&places) {
            let cells = texts(&frame, *place)?;
            let raw = Raw { name, cells: &cells, lines: &self.cells.lines, marks: self.cells.marks };
            let values = typing::type_column(&raw, choices, &mut notices)?;
            typed.push(Column { name: name.clone(), values });
        }
        let table = Table { n_rows: self.n_rows, lines: self.cells.lines.to_vec(), columns: typed };
        Ok(Typed { table, notices })
    }

    /// The cells of one column as trimmed text, as they stand in the file (missing codes included).
    ///
    /// # Errors
    /// Data, when there is no such column.
    pub fn cells(&self, column: &str) -> Result<Vec<String>> {
        let places = self.places(&[column.to_owned()])?;
        let frame = self.parse(&places)?;
        Ok(texts(&frame, places[0])?.into_iter().map(str::to_owned).collect())
    }

    /// The cells of all columns in the order of the header, each as [`Source::cells`] gives it.
    ///
    /// # Errors
    /// None that the user can cause; the parser's, if it has any.
    pub fn all_cells(&self) -> Result<Vec<Vec<String>>> {
        let places: Vec<usize> = (0..self.header.len()).collect();
        let frame = self.parse(&places)?;
        let owned = |place: &usize| Ok(texts(&frame, *place)?.into_iter().map(str::to_owned).collect());
        places.iter().map(owned).collect()
    }

    fn places(&self, columns: &[String]) -> Result<Vec<usize>> {
        let place = |name: &String| {
            let found = self.header.iter().position(|h| h == name);
            found.ok_or_else(|| no_such_column(name, &self.header, &format!(" in `{}`", self.file)))
        };
        columns.iter().map(place).collect()
    }

    /// Parses the columns at some places as text; a column is named by its place.
    fn parse(&self, places: &[usize]) -> Result<DataFrame> {
        let mut wanted = places.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(DataFrame::empty());
        }
        let fields = (0..self.header.len()).map(|place| Field::new(name_of(place), DataType::String));
        let frame = CsvReadOptions::default()
            .with_has_header(false)
            .with_schema(Some(Arc::new(Schema::from_iter(fields))))
            .with_projection(Some(Arc::new(wanted)))
            .into_reader_with_file_handle(Cursor::new(&self.cells.body.as_slice()))
            .finish();
        let frame = understood(frame)?;
        assert_eq!(frame.height(), self.n_rows, "the parser sees the rows that were laid out for it");
        Ok(frame)
    }
}

/// The cells of the column at a place.
fn texts(frame: &DataFrame, place: usize) -> Result<Vec<&str>> {
    let column = understood(frame.column(&name_of(place)).and_then(|column| column.str()))?;
    Ok(column.iter().map(Option::unwrap_or_default).collect())
}

fn name_of(place: usize) -> polars::prelude::PlSmallStr {
    place.to_string().into()
}

/// The parser reads what this module wrote; that it cannot is no fault of the file. Its message may quote cells
/// and is left out.
fn understood<T>(result: PolarsResult<T>) -> Result<T> {
    result.map_err(|_| Error::data("the parser does not understand the cells that were laid out for it"))
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
