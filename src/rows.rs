//! Rows in blocks: what the data leg hands to the descent leg, and all that the two share.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

/// A run of rows, as one sweep sees it.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// m x p.
    pub x: ArrayView2<'a, f64>,
    /// Outcome, m.
    pub y: ArrayView1<'a, f64>,
    /// Frequency weights, m; `None` is 1 each.
    pub weight: Option<ArrayView1<'a, f64>>,
    /// Added to the linear predictor, m; `None` is 0.
    pub offset: Option<ArrayView1<'a, f64>>,
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
}

/// Rows that lie in memory.
#[derive(Debug, Clone)]
pub struct InMemory {
    /// n x p, row-major.
    pub x: Array2<f64>,
    /// n.
    pub y: Array1<f64>,
    /// n, if there are weights.
    pub weight: Option<Array1<f64>>,
    /// n, if there is an offset.
    pub offset: Option<Array1<f64>>,
    /// Rows a block (the last may be shorter).
    pub block_rows: usize,
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
        InMemory { x, y, weight, offset, block_rows: BLOCK_ROWS }
    }
}

impl Rows for InMemory {
    fn n_rows(&self) -> usize {
        self.x.nrows()
    }

    fn n_columns(&self) -> usize {
        self.x.ncols()
    }

    fn n_blocks(&self) -> usize {
        self.n_rows().div_ceil(self.block_rows)
    }

    fn block(&self, index: usize) -> Block<'_> {
        let from = index * self.block_rows;
        let to = (from + self.block_rows).min(self.n_rows());
        Block {
            x: self.x.slice(s![from..to, ..]),
            y: self.y.slice(s![from..to]),
            weight: self.weight.as_ref().map(|w| w.slice(s![from..to])),
            offset: self.offset.as_ref().map(|o| o.slice(s![from..to])),
        }
    }

    fn pick(&self, rows: &[usize]) -> InMemory {
        InMemory {
            x: self.x.select(Axis(0), rows),
            y: self.y.select(Axis(0), rows),
            weight: self.weight.as_ref().map(|w| w.select(Axis(0), rows)),
            offset: self.offset.as_ref().map(|o| o.select(Axis(0), rows)),
            block_rows: self.block_rows,
        }
    }

    fn total_weight(&self) -> f64 {
        self.weight.as_ref().map_or(self.n_rows() as f64, |w| w.sum())
    }
}
