//! What an evaluation keeps of every row of new data: the linear predictor, not the columns that it is made of.

use crate::data::origin::Origins;
use crate::data::survey::Survey;
use crate::data::table::{Column, Table, Values};
use crate::error::Result;
use crate::model::Model;
use crate::model::pieces::Pieces;
use crate::model::predict::{count_missing, not_finite};
use crate::model::predictor::NewData;

/// All rows of new data.
pub(super) struct Kept {
    /// Whether a row has a value in every column of the right-hand side.
    pub complete: Vec<bool>,
    /// For each column of the right-hand side with missing values, in how many rows.
    pub missing: Vec<(String, usize)>,
    /// Log odds or mean; of a row that is not complete it means nothing. The error is that of a model that does not predict.
    linear_predictor: Result<Vec<f64>>,
    /// For each row the line of the file on which it starts, and which lines are whose.
    lines: Vec<u32>,
    origins: Origins,
}

/// What is kept of the rows of one piece.
struct Part {
    complete: Vec<bool>,
    missing: Vec<(String, usize)>,
    linear_predictor: Result<Vec<f64>>,
    lines: Vec<u32>,
    origins: Origins,
}

impl Kept {
    /// Encodes all rows piece by piece.
    ///
    /// # Errors
    /// Data and Model, when rows cannot be encoded; Io and Data, when the file is another than before.
    pub fn of(model: &Model, data: &NewData<'_>) -> Result<Kept> {
        let none = data.pieces.survey.columns.iter().map(|column| (column.name.clone(), 0));
        let n_rows = data.pieces.source.n_rows;
        let mut kept = Kept {
            complete: Vec::with_capacity(n_rows),
            missing: none.collect(),
            linear_predictor: Ok(Vec::with_capacity(n_rows)),
            lines: Vec::with_capacity(n_rows),
            origins: Origins::default(),
        };
        data.pieces.each(
            |_, table| Part::of(model, data, table),
            |part| {
                kept.add(part);
                Ok(())
            },
            |table| data.encoded(table).map(|_| ()),
        )?;
        kept.missing.retain(|(_, rows)| *rows > 0);
        Ok(kept)
    }

    fn add(&mut self, part: Part) {
        self.complete.extend(part.complete);
        self.lines.extend(part.lines);
        self.origins = part.origins;
        for (name, rows) in &mut self.missing {
            *rows += part.missing.iter().find(|(other, _)| other == name).map_or(0, |(_, n)| *n);
        }
        match (&mut self.linear_predictor, part.linear_predictor) {
            (Ok(all), Ok(more)) => all.extend(more),
            (Ok(_), Err(error)) => self.linear_predictor = Err(error),
            (Err(_), _) => {}
        }
    }

    /// Where a row stands, for a message.
    pub fn place(&self, row: usize) -> String {
        self.origins.line(self.lines[row])
    }

    /// Some columns of some rows with their places.
    pub fn table(&self, keep: &[bool], columns: Vec<Column>) -> Table {
        let kept = self.lines.iter().zip(keep).filter(|(_, keep)| **keep);
        let lines: Vec<u32> = kept.map(|(line, _)| *line).collect();
        Table { n_rows: lines.len(), lines, columns, origins: self.origins.clone() }
    }

    /// The linear predictor of some rows, which are complete.
    ///
    /// # Errors
    /// Model, when the model does not predict; Data, when it is not finite in a row.
    pub fn linear_predictor(&mut self, keep: &[bool]) -> Result<Vec<f64>> {
        let mut all = std::mem::replace(&mut self.linear_predictor, Ok(Vec::new()))?;
        if let Some(row) = (0..all.len()).find(|row| keep[*row] && !all[*row].is_finite()) {
            return Err(not_finite(&self.place(row), all[row]));
        }
        let mut flags = keep.iter();
        all.retain(|_| flags.next().is_some_and(|keep| *keep));
        all.shrink_to_fit();
        Ok(all)
    }
}

impl Part {
    fn of(model: &Model, data: &NewData<'_>, table: Table) -> Result<Part> {
        let encoded = data.encoded(&table)?;
        let is_complete = |row: usize| table.columns.iter().all(|column| !column.values.is_missing(row));
        Ok(Part {
            complete: (0..table.n_rows).map(is_complete).collect(),
            missing: count_missing(&table),
            linear_predictor: model.linear_predictor(&encoded, table.n_rows),
            lines: table.lines,
            origins: table.origins,
        })
    }
}

impl NewData<'_> {
    /// Some columns of the right-hand side, by their places among them, in the rows that are kept.
    ///
    /// # Errors
    /// Io and Data, when the file is another than before.
    pub fn columns(&self, places: &[usize], keep: &[bool]) -> Result<Vec<Column>> {
        let columns = places.iter().map(|place| self.pieces.survey.columns[*place].clone()).collect();
        let some = Pieces { source: self.pieces.source, survey: Survey { columns, notices: Vec::new() } };
        let n_kept = keep.iter().filter(|keep| **keep).count();
        let mut all = Table::default();
        let mut rest = keep;
        some.each(
            |_, table| Ok(table),
            |piece| {
                let (of_piece, others) = rest.split_at(piece.n_rows);
                rest = others;
                all.append(piece.filter(of_piece));
                all.columns.iter_mut().for_each(|column| make_room(&mut column.values, n_kept));
                Ok(())
            },
            |_| Ok(()),
        )?;
        Ok(all.columns)
    }
}

/// Room for so many cells in all, so that a column does not move while it grows.
fn make_room(values: &mut Values, n_cells: usize) {
    let more = n_cells.saturating_sub(values.len());
    match values {
        Values::Number(cells) | Values::Date(cells) => cells.reserve_exact(more),
        Values::Category { codes, .. } => codes.reserve_exact(more),
    }
}
