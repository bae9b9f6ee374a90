//! A table of named, typed columns; nothing statistical.

use crate::data::origin::Origins;

/// The code of a missing level in [`Values::Category`].
pub const MISSING: u32 = u32::MAX;

/// What the cells of a column are.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers; a missing cell is NaN.
    Number(Vec<f64>),
    /// Dates as days since 1970-01-01; a missing cell is NaN.
    Date(Vec<f64>),
    /// Levels: `codes[row]` points into `levels` (the first is the reference), [`MISSING`] for a missing cell.
    Category {
        /// One code a row.
        codes: Vec<u32>,
        /// The levels in order; the first is the reference.
        levels: Vec<String>,
    },
}

/// One column with its name as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name in the header.
    pub name: String,
    /// The cells.
    pub values: Values,
}

/// Columns of equal length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The number of rows.
    pub n_rows: usize,
    /// For each row the line of the file on which it starts (the header is line 1); empty for a table
    /// that did not come from a file.
    pub lines: Vec<u32>,
    /// The columns, in the order in which they were asked for.
    pub columns: Vec<Column>,
    /// Which lines are whose, where the rows came from several files (their lines are counted on from file to file).
    pub origins: Origins,
}

impl Values {
    /// The number of cells.
    pub fn len(&self) -> usize {
        match self {
            Values::Number(v) | Values::Date(v) => v.len(),
            Values::Category { codes, .. } => codes.len(),
        }
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the cell of a row is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Values::Number(v) | Values::Date(v) => v[row].is_nan(),
            Values::Category { codes, .. } => codes[row] == MISSING,
        }
    }

    /// The cells of the rows for which `keep` is true; levels stay as they are.
    pub fn filter(&self, keep: &[bool]) -> Values {
        fn pick<T: Copy>(cells: &[T], keep: &[bool]) -> Vec<T> {
            cells.iter().zip(keep).filter(|(_, k)| **k).map(|(c, _)| *c).collect()
        }
        match self {
            Values::Number(v) => Values::Number(pick(v, keep)),
            Values::Date(v) => Values::Date(pick(v, keep)),
            Values::Category { codes, levels } => {
                Values::Category { codes: pick(codes, keep), levels: levels.clone() }
            }
        }
    }

    /// The cells of some rows in the order asked for, repeated where a row is; levels stay as they are.
    pub fn pick(&self, rows: &[usize]) -> Values {
        let numbers = |cells: &[f64]| rows.iter().map(|row| cells[*row]).collect();
        match self {
            Values::Number(v) => Values::Number(numbers(v)),
            Values::Date(v) => Values::Date(numbers(v)),
            Values::Category { codes, levels } => Values::Category {
                codes: rows.iter().map(|row| codes[*row]).collect(),
                levels: levels.clone(),
            },
        }
    }
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Where a row stands, for a message: `line 214` of the file (and of which, where there are several), or `row 3` where there is no file.
    pub fn place(&self, row: usize) -> String {
        match self.lines.get(row) {
            Some(line) => self.origins.line(*line),
            None => format!("row {}", row + 1),
        }
    }

    /// Some rows in the order asked for, repeated where one is; they have no place in a file any more.
    pub fn pick(&self, rows: &[usize]) -> Table {
        let pick = |c: &Column| Column { name: c.name.clone(), values: c.values.pick(rows) };
        Table { n_rows: rows.len(), columns: self.columns.iter().map(pick).collect(), ..Table::default() }
    }

    /// Adds further rows of the same columns below.
    pub fn append(&mut self, more: Table) {
        if self.columns.is_empty() {
            *self = more;
            return;
        }
        self.n_rows += more.n_rows;
        self.lines.extend(more.lines);
        for (column, more) in self.columns.iter_mut().zip(more.columns) {
            match (&mut column.values, more.values) {
                (Values::Number(all), Values::Number(more)) | (Values::Date(all), Values::Date(more)) => {
                    all.extend(more);
                }
                (Values::Category { codes, .. }, Values::Category { codes: more, .. }) => codes.extend(more),
                _ => unreachable!("the rows are of the same columns"),
            }
        }
    }

    /// The rows for which `keep` is true, in their order.
    pub fn filter(&self, keep: &[bool]) -> Table {
        assert_eq!(keep.len(), self.n_rows, "one flag a row");
        Table {
            n_rows: keep.iter().filter(|k| **k).count(),
            lines: self.lines.iter().zip(keep).filter(|(_, k)| **k).map(|(l, _)| *l).collect(),
            columns: self
                .columns
                .iter()
                .map(|c| Column { name: c.name.clone(), values: c.values.filter(keep) })
                .collect(),
            origins: self.origins.clone(),
        }
    }
}
