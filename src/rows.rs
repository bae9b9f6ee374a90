//! Rows in blocks: what the data leg hands to the descent leg, and all that the two share.

mod null;
pub mod on_disk;
pub mod reweighted;
pub mod shared;

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView1, Axis, CowArray, Ix1, Ix2, s};

pub use crate::rows::null::Null;

use crate::error::{Error, Result};
use crate::rows::on_disk::OnDisk;
use crate::rows::shared::{Question, Shared, View};

/// A run of rows, as one sweep sees it: borrowed where it lies in memory, owned where it was read for this sweep.
#[derive(Debug, Clone)]
pub struct Block<'a> {
    /// m x d: the columns that are stored as numbers; all p of them where nothing is coded.
    pub numbers: CowArray<'a, f64, Ix2>,
    /// The columns that are stored as codes.
    pub coded: Option<Coded<'a>>,
    /// Outcome, m.
    pub y: CowArray<'a, f64, Ix1>,
    /// Frequency weights, m; `None` is 1 each.
    pub weight: Option<CowArray<'a, f64, Ix1>>,
    /// Added to the linear predictor, m; `None` is 0.
    pub offset: Option<CowArray<'a, f64, Ix1>>,
}

/// Factors of a block as codes.
#[derive(Debug, Clone)]
pub struct Coded<'a> {
    /// What the codes stand for.
    pub layout: &'a Layout,
    /// m x f, one code a row and factor.
    pub codes: CowArray<'a, u32, Ix2>,
}

/// Where the stored numbers and the coded factors of a row stand among the p columns of X.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// p.
    pub n_columns: usize,
    /// For each stored number its column.
    pub numbers: Vec<usize>,
    /// One a coded factor.
    pub factors: Vec<Factor>,
    /// Whether column 0, a stored number, is 1 in every row.
    pub has_intercept: bool,
}

/// A factor whose indicator columns are not stored: column j is (1[code = its level] - centre_j) / spread_j.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// For each code the column that indicates it; `None` for the reference level and for columns left out.
    pub column: Vec<Option<usize>>,
    /// Centre of the indicator, one a code; 0 where there is no column.
    pub centre: Vec<f64>,
    /// Spread of the indicator, one a code; 1 where there is no column.
    pub spread: Vec<f64>,
}

/// A source of rows that can be swept block by block and sampled.
///
/// Blocks and their order are fixed by the data, never by the number of threads, so sums over them are the
/// same bits everywhere.
pub trait Rows: Sync {
    /// Number of rows.
    fn n_rows(&self) -> usize;
    /// Number of columns of X.
    fn n_columns(&self) -> usize;
    /// Number of blocks.
    fn n_blocks(&self) -> usize;
    /// One block, 0 <= index < n_blocks.
    fn block(&self, index: usize) -> Block<'_>;
    /// Copies of some rows, in the order asked for.
    fn pick(&self, rows: &[usize]) -> InMemory;
    /// Sum of the weights.
    fn total_weight(&self) -> f64;
    /// What the columns' codes stand for, where some are coded.
    fn layout(&self) -> Option<&Layout> {
        None
    }
    /// The way to the other ranks' rows, where these are rank 0's: sums over blocks are then rank 0's part only.
    fn shared(&self) -> Option<(&Shared, View)> {
        None
    }
}

/// Rows that lie in memory.
#[derive(Debug, Clone)]
pub struct InMemory {
    /// n x p, row-major; where factors are coded, only the columns that are numbers.
    pub x: Array2<f64>,
    /// n.
    pub y: Array1<f64>,
    /// n, if there are weights.
    pub weight: Option<Array1<f64>>,
    /// n, if there is an offset.
    pub offset: Option<Array1<f64>>,
    /// Rows a block (the last may be shorter).
    pub block_rows: usize,
    /// Factors as codes, n x f, if some are.
    pub coded: Option<(Arc<Layout>, Array2<u32>)>,
}

/// Rows a block: with 50 columns a block is 400 KiB, which the second-level cache holds.
pub const BLOCK_ROWS: usize = 1024;

impl InMemory {
    /// Rows in memory, in blocks of [`BLOCK_ROWS`]. Lengths must agree.
    pub fn new(
        x: Array2<f64>,
        y: Array1<f64>,
        weight: Option<Array1<f64>>,
        offset: Option<Array1<f64>>,
    ) -> Self {
        let n = x.nrows();
        assert_eq!(y.len(), n, "one outcome a row");
        assert!(weight.as_ref().is_none_or(|w| w.len() == n), "one weight a row");
        assert!(offset.as_ref().is_none_or(|o| o.len() == n), "one offset a row");
        InMemory { x, y, weight, offset, block_rows: BLOCK_ROWS, coded: None }
    }
}

impl Block<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    /// The frequency weight of a row.
    pub fn weight(&self, row: usize) -> f64 {
        self.weight.as_ref().map_or(1.0, |w| w[row])
    }

    /// What is added to the linear predictor of a row.
    pub fn offset(&self, row: usize) -> f64 {
        self.offset.as_ref().map_or(0.0, |o| o[row])
    }

    /// All columns as numbers, m x p; a copy where some are coded.
    pub fn x(&self) -> CowArray<'_, f64, Ix2> {
        let Some(coded) = &self.coded else { return CowArray::from(self.numbers.view()) };
        let layout = coded.layout;
        let mut x = Array2::zeros((self.len(), layout.n_columns));
        for (from, to) in layout.numbers.iter().enumerate() {
            x.column_mut(*to).assign(&self.numbers.column(from));
        }
        for (factor, codes) in layout.factors.iter().zip(coded.codes.columns()) {
            factor.fill(&mut x, codes);
        }
        CowArray::from(x)
    }
}

impl Factor {
    /// The value that every row but those of its own level has in each column, as (column, value).
    pub fn elsewhere(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.column.iter().enumerate().filter_map(|(code, column)| {
            column.map(|column| (column, -self.centre[code] / self.spread[code]))
        })
    }

    fn fill(&self, x: &mut Array2<f64>, codes: ArrayView1<'_, u32>) {
        for (column, value) in self.elsewhere() {
            x.column_mut(column).fill(value);
        }
        for (row, code) in codes.iter().enumerate() {
            let code = *code as usize;
            if let Some(column) = self.column[code] {
                x[[row, column]] = (1.0 - self.centre[code]) / self.spread[code];
            }
        }
    }
}

impl Rows for InMemory {
    fn n_rows(&self) -> usize {
        self.x.nrows()
    }

    fn n_columns(&self) -> usize {
        self.coded.as_ref().map_or(self.x.ncols(), |(layout, _)| layout.n_columns)
    }

    fn n_blocks(&self) -> usize {
        self.n_rows().div_ceil(self.block_rows)
    }

    fn block(&self, index: usize) -> Block<'_> {
        let from = index * self.block_rows;
        let to = (from + self.block_rows).min(self.n_rows());
        Block {
            numbers: self.x.slice(s![from..to, ..]).into(),
            coded: self
                .coded
                .as_ref()
                .map(|(layout, codes)| Coded { layout, codes: codes.slice(s![from..to, ..]).into() }),
            y: self.y.slice(s![from..to]).into(),
            weight: self.weight.as_ref().map(|w| w.slice(s![from..to]).into()),
            offset: self.offset.as_ref().map(|o| o.slice(s![from..to]).into()),
        }
    }

    fn pick(&self, rows: &[usize]) -> InMemory {
        InMemory {
            x: self.x.select(Axis(0), rows),
            y: self.y.select(Axis(0), rows),
            weight: self.weight.as_ref().map(|w| w.select(Axis(0), rows)),
            offset: self.offset.as_ref().map(|o| o.select(Axis(0), rows)),
            block_rows: self.block_rows,
            coded: self
                .coded
                .as_ref()
                .map(|(layout, codes)| (Arc::clone(layout), codes.select(Axis(0), rows))),
        }
    }

    fn total_weight(&self) -> f64 {
        self.weight.as_ref().map_or(self.n_rows() as f64, |w| w.sum())
    }

    fn layout(&self) -> Option<&Layout> {
        self.coded.as_ref().map(|(layout, _)| layout.as_ref())
    }
}

/// Rows wherever they lie.
#[derive(Debug)]
pub enum Stored {
    /// In memory.
    Memory(Box<InMemory>),
    /// In a temporary file.
    Disk(OnDisk),
    /// Here and with other ranks.
    Shared(Shared),
}

impl Stored {
    /// No rows.
    pub fn none() -> Stored {
        Stored::Memory(Box::new(InMemory::new(Array2::zeros((0, 0)), Array1::zeros(0), None, None)))
    }

    /// Those of this process.
    pub fn into_own(self) -> Stored {
        match self {
            Stored::Shared(shared) => shared.into_mine(),
            own => own,
        }
    }

    /// The rows as arrays, where they lie in memory.
    pub fn in_memory(&self) -> Option<&InMemory> {
        match self {
            Stored::Memory(rows) => Some(rows),
            Stored::Disk(_) | Stored::Shared(_) => None,
        }
    }

    /// That all sweeps so far could read their rows.
    ///
    /// # Errors
    /// Io, where one could not: what it gave must not be used.
    pub fn check(&self) -> Result<()> {
        match self {
            Stored::Memory(_) => Ok(()),
            Stored::Disk(rows) => rows.check(),
            Stored::Shared(rows) => {
                let unread = |own: &Stored| vec![f64::from(u8::from(own.check().is_err()))];
                match rows.ask(&Question::Check, unread)[0][0] {
                    0.0 => Ok(()),
                    n => Err(Error::data(format!(
                        "{n} of the ranks could not read their temporary files again"
                    ))
                    .hint("make room where `TMPDIR` points to, or allow more `--memory`")),
                }
            }
        }
    }

    fn rows(&self) -> &dyn Rows {
        match self {
            Stored::Memory(rows) => rows.as_ref(),
            Stored::Disk(rows) => rows,
            Stored::Shared(rows) => rows,
        }
    }
}

impl Rows for Stored {
    fn n_rows(&self) -> usize {
        self.rows().n_rows()
    }
    fn n_columns(&self) -> usize {
        self.rows().n_columns()
    }
    fn n_blocks(&self) -> usize {
        self.rows().n_blocks()
    }
    fn block(&self, index: usize) -> Block<'_> {
        self.rows().block(index)
    }
    fn pick(&self, rows: &[usize]) -> InMemory {
        self.rows().pick(rows)
    }
    fn total_weight(&self) -> f64 {
        self.rows().total_weight()
    }
    fn layout(&self) -> Option<&Layout> {
        self.rows().layout()
    }
    fn shared(&self) -> Option<(&Shared, View)> {
        self.rows().shared()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn codes_stand_for_standardised_indicators() {
        let factor = Factor {
            column: vec![None, Some(3), Some(1)],
            centre: vec![0.0, 0.25, 0.5],
            spread: vec![1.0, 0.5, 2.0],
        };
        let layout = Layout { n_columns: 4, numbers: vec![0, 2], factors: vec![factor], has_intercept: true };
        let mut rows =
            InMemory::new(array![[1.0, 7.0], [1.0, 8.0], [1.0, 9.0]], array![0.0, 1.0, 0.0], None, None);
        rows.coded = Some((Arc::new(layout), array![[0], [1], [2]]));
        let expected = array![[1.0, -0.25, 7.0, -0.5], [1.0, -0.25, 8.0, 1.5], [1.0, 0.25, 9.0, -0.5]];
        assert_eq!(rows.block(0).x(), expected);
        assert_eq!(rows.pick(&[2, 0]).block(0).x(), array![[1.0, 0.25, 9.0, -0.5], [1.0, -0.25, 7.0, -0.5]]);
        assert_eq!((rows.n_columns(), rows.n_blocks()), (4, 1));
    }
}
