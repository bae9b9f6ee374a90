//! The rows of a model without predictors.

use ndarray::Array2;

use crate::rows::shared::{Shared, View};
use crate::rows::{Block, InMemory, Rows};

/// The rows of a model without predictors: the intercept, if there is one, and the offset.
pub struct Null<'a> {
    /// The rows of the fit.
    pub rows: &'a dyn Rows,
    /// Whether there is an intercept.
    pub has_intercept: bool,
}

impl Rows for Null<'_> {
    fn n_rows(&self) -> usize {
        self.rows.n_rows()
    }
    fn n_columns(&self) -> usize {
        usize::from(self.has_intercept)
    }
    fn n_blocks(&self) -> usize {
        self.rows.n_blocks()
    }
    fn block(&self, index: usize) -> Block<'_> {
        let block = self.rows.block(index);
        let ones = Array2::ones((block.len(), self.n_columns()));
        Block { numbers: ones.into(), coded: None, ..block }
    }
    fn pick(&self, rows: &[usize]) -> InMemory {
        let picked = self.rows.pick(rows);
        let ones = Array2::ones((rows.len(), self.n_columns()));
        InMemory { x: ones, coded: None, ..picked }
    }
    fn total_weight(&self) -> f64 {
        self.rows.total_weight()
    }
    fn shared(&self) -> Option<(&Shared, View)> {
        self.rows.shared().map(|(shared, _)| (shared, View::Null { has_intercept: self.has_intercept }))
    }
}
