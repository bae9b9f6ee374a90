//! Reads a CSV: finds delimiter and encoding, parses with polars, types each column on all its rows.

use std::path::Path;

use crate::data::choices::DataChoices;
use crate::data::table::Table;
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
}

/// A typed table and what was decided on the way.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The columns asked for, in that order; all rows of the file.
    pub table: Table,
    /// Decisions on single columns, one sentence each (codes kept as text, two-valued columns, reference levels).
    pub notices: Vec<String>,
}

/// Opens a CSV, or a built-in data set by `@name`.
pub fn open(data: &Path) -> Result<Source> {
    Err(Error::data(format!("cannot open {}", data.display())))
}

impl Source {
    /// Opens CSV bytes that are already in memory under a name.
    pub fn from_bytes(name: &str, _bytes: Vec<u8>) -> Result<Source> {
        Err(Error::data(name))
    }

    /// Types some columns, each on all of its rows.
    pub fn typed(&self, _columns: &[String], _choices: &DataChoices) -> Result<Typed> {
        Err(Error::data("cannot read"))
    }

    /// The cells of one column as trimmed text, as they stand in the file (missing codes included).
    pub fn cells(&self, _column: &str) -> Result<Vec<String>> {
        Err(Error::data("cannot read"))
    }
}
