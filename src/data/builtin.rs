//! The built-in data sets: linfa-datasets' four, as CSV bytes that take the same road as a file.

use crate::error::{Error, Result};

/// A data set that comes with the program or its folder.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSet {
    /// What to type for DATA, e.g. `@diabetes` or `data/treatment_effectiveness.csv`.
    pub name: String,
    /// What it is, in one sentence.
    pub description: String,
    /// Rows.
    pub n_rows: usize,
    /// Columns in order.
    pub columns: Vec<String>,
}

/// The data sets that can be used wherever a CSV is.
pub fn list() -> Result<Vec<DataSet>> {
    Ok(Vec::new())
}

/// The CSV text of a built-in set; `name` without the `@`.
pub fn csv(name: &str) -> Result<Vec<u8>> {
    Err(Error::data(name))
}
