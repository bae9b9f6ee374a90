//! Some columns of a file piece by piece, with the errors of one table of all its rows.

use rayon::prelude::*;

use crate::data::csv::Source;
use crate::data::survey::Survey;
use crate::data::table::Table;
use crate::error::{Error, Result};

/// Columns of a source, of which it is known what they are.
pub(super) struct Pieces<'a> {
    /// The file.
    pub source: &'a Source,
    /// What the columns are, and decisions on them.
    pub survey: Survey,
}

impl Pieces<'_> {
    /// The columns in the rows of one piece.
    ///
    /// # Errors
    /// Io and Data, when the file cannot be read any more or is another than before.
    pub fn piece(&self, index: usize) -> Result<Table> {
        self.source.piece(index, &self.survey)
    }

    /// Goes through all pieces, several at once. `work` makes something of the rows of a piece, on any thread; `take` gets that in the
    /// order of the pieces, until there is an error. `check` gives the errors that `work` gives for some rows.
    ///
    /// # Errors
    /// Those of `work`, the one that all rows in one table would give; then those of `take`.
    pub fn each<T: Send>(
        &self,
        work: impl Fn(usize, Table) -> Result<T> + Sync,
        mut take: impl FnMut(T) -> Result<()>,
        check: impl Fn(&Table) -> Result<()>,
    ) -> Result<()> {
        let mut failed = Vec::new();
        let one = |index: usize| self.piece(index).and_then(|table| work(index, table));
        let (n_pieces, together) = (self.source.n_pieces(), rayon::current_num_threads());
        for from in (0..n_pieces).step_by(together) {
            let to = (from + together).min(n_pieces);
            let pieces: Vec<Result<T>> = (from..to).into_par_iter().map(one).collect();
            for (index, piece) in (from..to).zip(pieces) {
                match piece {
                    Ok(made) if failed.is_empty() => take(made)?,
                    Ok(_) => {}
                    Err(error) => failed.push((index, error)),
                }
            }
        }
        self.first_error(failed, check)
    }

    /// The error of all rows together, of those that pieces have, ascending, under `check`.
    ///
    /// A table is checked variable by variable, so that an error of a later row can come before one of an earlier row. Of two pieces
    /// the error is that of one table of both.
    fn first_error(&self, failed: Vec<(usize, Error)>, check: impl Fn(&Table) -> Result<()>) -> Result<()> {
        let mut failed = failed.into_iter();
        let Some((index, mut first)) = failed.next() else { return Ok(()) };
        let mut table = self.piece(index)?;
        for (index, error) in failed {
            if error == first {
                continue;
            }
            let piece = self.piece(index)?;
            let mut both = table.clone();
            both.append(piece.clone());
            if check(&both).is_err_and(|of_both| of_both == error) {
                (table, first) = (piece, error);
            }
        }
        Err(first)
    }
}
