//! The rows of an opened file, or of several, piece by piece; nothing typed yet.

use std::borrow::Cow;
use std::fmt;

use rayon::prelude::*;

use crate::data::header::Shape;
use crate::data::layout::{Marks, Piece};
use crate::data::origin::Origins;
use crate::data::parquet::Parquet;
use crate::data::scan::{self, Row, Sink, Want};
use crate::data::store::Store;
use crate::error::{Error, Result};

/// The checked rows of all files.
pub struct Body {
    /// The files.
    pub files: Vec<FileRows>,
    /// The pieces that have rows, file by file.
    pub pieces: Vec<Piece>,
    /// The rows of all pieces.
    pub n_rows: usize,
    /// Which decimal marks the files show.
    pub marks: Marks,
    /// Which lines are whose.
    pub origins: Origins,
}

/// The rows of one file.
pub struct FileRows {
    /// Where they are.
    pub rows: Rows,
    /// For each column its place in this file.
    pub places: Vec<usize>,
}

/// Where the rows of a file are.
pub enum Rows {
    /// In text.
    Text {
        /// Where the text is.
        store: Store,
        /// What every row fits.
        shape: Shape,
    },
    /// In a Parquet file.
    Parquet(Parquet),
}

/// One cell of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'t> {
    /// Trimmed text, as it would stand in a CSV.
    Text(Cow<'t, str>),
    /// A number that was never text; NaN where it is missing.
    Number(f64),
    /// Likewise, a whole number.
    Whole(i64),
}

impl Cell<'_> {
    /// The cell as it would stand in a CSV.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Number(value) => Cow::Owned(value.to_string()),
            Cell::Whole(value) => Cow::Owned(value.to_string()),
        }
    }
}

impl Body {
    /// Calls `take` for each row of a piece with its number in the piece, its line, and the wanted cells, whose places
    /// in the header ascend.
    ///
    /// # Errors
    /// Io and Data, when the file cannot be read any more or is another than before.
    pub fn rows(
        &self,
        piece: &Piece,
        wants: &[Want],
        mut take: impl FnMut(usize, u32, &[Cell<'_>]),
    ) -> Result<()> {
        let file = &self.files[piece.file];
        let wants: Vec<Want> =
            wants.iter().map(|want| Want { place: file.places[want.place], ..*want }).collect();
        let (store, shape) = match &file.rows {
            Rows::Text { store, shape } => (store, *shape),
            Rows::Parquet(parquet) => return parquet.rows(piece, &wants, take),
        };
        let text = store.text(&piece.stretch)?;
        let mut n_seen = 0;
        let mut take = |row: usize, line: u32, cells: &[Cell<'_>]| {
            n_seen = row + 1;
            take(row, piece.line.saturating_add(line), cells);
        };
        if wants.is_sorted_by_key(|want| want.place) {
            scan::rows(&text, shape, piece.n_rows, &wants, take);
        } else {
            let mut order: Vec<usize> = (0..wants.len()).collect();
            order.sort_unstable_by_key(|idx| wants[*idx].place);
            let ascending: Vec<Want> = order.iter().map(|idx| wants[*idx]).collect();
            let mut ordered = vec![Cell::Number(f64::NAN); wants.len()];
            scan::rows(&text, shape, piece.n_rows, &ascending, |row, line, cells| {
                order.iter().zip(cells).for_each(|(idx, cell)| ordered[*idx] = cell.clone());
                take(row, line, &ordered);
            });
        }
        if n_seen == piece.n_rows {
            return Ok(());
        }
        Err(fewer_rows())
    }

    /// Gives `sink` the wanted cells of each row of a piece, one after the other; rows and lines are counted from the
    /// beginning of the piece.
    ///
    /// # Errors
    /// Those of [`Body::rows`].
    pub fn each(&self, piece: &Piece, wants: &[Want], sink: &mut impl for<'t> Sink<'t>) -> Result<()> {
        let file = &self.files[piece.file];
        let places: Vec<usize> = wants.iter().map(|want| file.places[want.place]).collect();
        match &file.rows {
            Rows::Text { store, shape } if places.is_sorted() => {
                let wants: Vec<Want> =
                    wants.iter().zip(places).map(|(want, place)| Want { place, ..*want }).collect();
                let mut counted = Counted { sink, n_rows: 0 };
                scan::each(&store.text(&piece.stretch)?, *shape, piece.n_rows, &wants, &mut counted);
                if counted.n_rows == piece.n_rows { Ok(()) } else { Err(fewer_rows()) }
            }
            _ => self.rows(piece, wants, |number, line, cells| {
                let row = Row { number, line: line - piece.line };
                cells.iter().enumerate().for_each(|(want, cell)| sink.cell(row, want, cell.clone()));
                sink.end(row);
            }),
        }
    }

    /// That every file can give the columns at some places.
    ///
    /// # Errors
    /// Data: a column of a Parquet file whose type has no place in a table.
    pub fn check(&self, places: &[usize]) -> Result<()> {
        self.files.iter().try_for_each(|file| match &file.rows {
            Rows::Text { .. } => Ok(()),
            Rows::Parquet(parquet) => places.iter().try_for_each(|place| parquet.check(file.places[*place])),
        })
    }

    /// The cells at some places, which ascend, column by column.
    ///
    /// # Errors
    /// Those of [`Body::rows`].
    pub fn cells(&self, places: &[usize]) -> Result<Vec<Vec<String>>> {
        let wants: Vec<Want> = places.iter().copied().map(Want::text).collect();
        let of_piece = |piece: &Piece| -> Result<Vec<Vec<String>>> {
            let mut columns = vec![Vec::with_capacity(piece.n_rows); places.len()];
            self.rows(piece, &wants, |_, _, cells| {
                columns
                    .iter_mut()
                    .zip(cells)
                    .for_each(|(column, cell)| column.push(cell.text().into_owned()));
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
    /// Those of [`Body::rows`].
    pub fn find(
        &self,
        place: usize,
        most: usize,
        wanted: impl Fn(&str) -> Option<usize>,
    ) -> Result<Vec<(u32, usize)>> {
        let mut found = Vec::new();
        for piece in &self.pieces {
            self.rows(piece, &[Want::text(place)], |_, line, cells| {
                if found.len() < most
                    && let Some(text) = wanted(&cells[0].text())
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

fn fewer_rows() -> Error {
    Error::data("the file has fewer rows than when it was opened")
}

/// Counts the rows that go to a sink.
struct Counted<'a, S> {
    sink: &'a mut S,
    n_rows: usize,
}

impl<'t, S: Sink<'t>> Sink<'t> for Counted<'_, S> {
    #[inline(always)]
    fn cell(&mut self, row: Row, want: usize, cell: Cell<'t>) {
        self.sink.cell(row, want, cell);
    }

    #[inline(always)]
    fn numbers(&mut self, row: Row, wants: &[(usize, usize)], numbers: &[f64]) {
        self.sink.numbers(row, wants, numbers);
    }

    #[inline(always)]
    fn end(&mut self, row: Row) {
        self.n_rows = row.number + 1;
        self.sink.end(row);
    }
}

impl fmt::Debug for Body {
    /// No patient's row goes into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows in {} pieces", self.n_rows, self.pieces.len())
    }
}
