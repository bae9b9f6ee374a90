//! What columns are, learnt by a pass over all rows in bounded memory; then their rows piece by piece.

pub use crate::data::cell::Mark;
use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::table::{Column, Table, Values};
use crate::error::Result;

/// What a pass over all rows learnt of some columns: what each is, without its cells.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The columns in the order in which they were asked for.
    pub columns: Vec<SurveyedColumn>,
    /// Decisions on single columns, one sentence each, as [`Source::typed`] gives them.
    pub notices: Vec<String>,
    table: Table,
}

/// One column and what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyedColumn {
    /// The name in the header.
    pub name: String,
    /// What its cells are.
    pub kind: ColumnKind,
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

impl Source {
    /// Learns what some columns are from all of their rows, without keeping the cells.
    ///
    /// # Errors
    /// Those of [`Source::typed`].
    pub fn survey(&self, columns: &[String], choices: &DataChoices) -> Result<Survey> {
        let typed = self.typed(columns, choices)?;
        let kind = |values: &Values| match values {
            Values::Number(_) => ColumnKind::Number { mark: Mark::Point },
            Values::Date(_) => ColumnKind::Date,
            Values::Category { levels, .. } => ColumnKind::Category { levels: levels.clone() },
        };
        let learnt = |c: &Column| SurveyedColumn { name: c.name.clone(), kind: kind(&c.values) };
        let columns = typed.table.columns.iter().map(learnt).collect();
        Ok(Survey { columns, notices: typed.notices, table: typed.table })
    }

    /// How many pieces the rows come in.
    pub fn n_pieces(&self) -> usize {
        self.n_rows.div_ceil(ROWS)
    }

    /// The rows of one piece, typed as the survey says: codes point into its levels, `lines` is filled.
    ///
    /// # Errors
    /// Io and Data, when the file cannot be read any more or is another than before.
    pub fn piece(&self, index: usize, survey: &Survey) -> Result<Table> {
        let rows: Vec<usize> = (index * ROWS..self.n_rows.min((index + 1) * ROWS)).collect();
        let lines = rows.iter().map(|row| survey.table.lines[*row]).collect();
        Ok(Table { lines, ..survey.table.pick(&rows) })
    }
}

const ROWS: usize = 50_000;
