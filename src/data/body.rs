//! The rows of an opened file, piece by piece; nothing typed yet.

use std::borrow::Cow;
use std::fmt;

use rayon::prelude::*;

use crate::data::header::Shape;
use crate::data::layout::{Marks, Piece};
use crate::data::scan;
use crate::data::store::Store;
use crate::error::{Error, Result};

/// The checked rows of a file.
pub struct Body {
    /// Where the text is.
    pub store: Store,
    /// What every row fits.
    pub shape: Shape,
    /// The pieces that have rows.
    pub pieces: Vec<Piece>,
    /// The rows of all pieces.
    pub n_rows: usize,
    /// Which decimal marks the file shows.
    pub marks: Marks,
}

impl Body {
    /// The text of a piece.
    ///
    /// # Errors
    /// Io and Data, when the file cannot be read any more or is another than before.
    pub fn text(&self, piece: &Piece) -> Result<Cow<'_, str>> {
        self.store.text(&piece.bytes)
    }

    /// Calls `take` for each row of a piece with its number in the piece, its line in the file, and its cells at
    /// some places, which ascend.
    ///
    /// # Errors
    /// Data, when the text has not the rows that it had when it was opened.
    pub fn rows<'t>(
        &self,
        text: &'t str,
        piece: &Piece,
        places: &[usize],
        mut take: impl FnMut(usize, u32, &[Cow<'t, str>]),
    ) -> Result<()> {
        let mut n_seen = 0;
        scan::rows(text, self.shape, piece.n_rows, places, |row, line, cells| {
            n_seen = row + 1;
            take(row, piece.line.saturating_add(line), cells);
        });
        if n_seen == piece.n_rows {
            return Ok(());
        }
        Err(Error::data("the file has fewer rows than when it was opened"))
    }

    /// The cells at some places, which ascend, column by column.
    ///
    /// # Errors
    /// Those of [`Body::text`].
    pub fn cells(&self, places: &[usize]) -> Result<Vec<Vec<String>>> {
        let of_piece = |piece: &Piece| -> Result<Vec<Vec<String>>> {
            let mut columns = vec![Vec::with_capacity(piece.n_rows); places.len()];
            let text = self.text(piece)?;
            self.rows(&text, piece, places, |_, _, cells| {
                columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell.to_string()));
            })?;
            Ok(columns)
        };
        let pieces = self.pieces.par_iter().map(of_piece).collect::<Result<Vec<_>>>()?;
        let mut columns = vec![Vec::with_capacity(self.n_rows); places.len()];
        for piece in pieces {
            columns.iter_mut().zip(piece).for_each(|(column, cells)| column.extend(cells));
        }
        Ok(columns)
    }

    /// The lines and texts of the first cells of a column whose texts are `wanted`, at most `most`.
    ///
    /// # Errors
    /// Those of [`Body::text`].
    pub fn find(
        &self,
        place: usize,
        most: usize,
        wanted: impl Fn(&str) -> Option<usize>,
    ) -> Result<Vec<(u32, usize)>> {
        let mut found = Vec::new();
        for piece in &self.pieces {
            let text = self.text(piece)?;
            self.rows(&text, piece, &[place], |_, line, cells| {
                if found.len() < most
                    && let Some(text) = wanted(&cells[0])
                {
                    found.push((line, text));
                }
            })?;
            if found.len() >= most {
                break;
            }
        }
        Ok(found)
    }
}

impl fmt::Debug for Body {
    /// No patient's row goes into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows in {} pieces", self.n_rows, self.pieces.len())
    }
}
