//! The row ledger: rows read, used and dropped, and why, by variable.

use crate::data::table::Table;

/// Every decision about rows and columns that an analysis took; it heads all outputs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// The data file's name, without its folder (or `@name` of a built-in set).
    pub file: String,
    /// SHA-256 of the file's bytes, hexadecimal.
    pub sha256: String,
    /// Data rows in the file.
    pub rows_read: usize,
    /// Rows that the model was fitted to.
    pub rows_used: usize,
    /// For each variable with a missing value in some row: in how many rows.
    pub missing: Vec<(String, usize)>,
    /// Rows dropped for a reason other than a missing value, e.g. ("weight of zero", 3).
    pub dropped_otherwise: Vec<(String, usize)>,
    /// Everything else that was decided on the user's behalf, one sentence each
    /// (encoding, delimiter, event chosen, levels left out, columns left out).
    pub notices: Vec<String>,
}

impl Ledger {
    /// Rows read but not used.
    pub fn rows_dropped(&self) -> usize {
        self.rows_read - self.rows_used
    }
}

/// Which rows have a value in every column, and for each column with gaps how many rows lack one.
pub fn complete_rows(table: &Table) -> (Vec<bool>, Vec<(String, usize)>) {
    let mut keep = vec![true; table.n_rows];
    let mut missing = Vec::new();
    for column in &table.columns {
        let mut count = 0;
        for (row, flag) in keep.iter_mut().enumerate() {
            if column.values.is_missing(row) {
                *flag = false;
                count += 1;
            }
        }
        if count > 0 {
            missing.push((column.name.clone(), count));
        }
    }
    (keep, missing)
}
