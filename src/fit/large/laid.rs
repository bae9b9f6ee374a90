//! The rows of a fit to many, where they lie: for statements that go through them once more.

use crate::fit::frame::Frame;
use crate::fit::large::by_row::AtRows;
use crate::fit::large::encode::Blueprint;
use crate::fit::prepare::Prepared;

/// The rows that a fit to many rests on.
pub struct Laid {
    /// The data leg, with outcome, weights and clusters, but without a design and with no cells in its table.
    pub prepared: Prepared,
    /// The standardised rows of the columns that have a coefficient.
    pub frame: Frame,
    /// The columns of the data and how rows are made from them. Where rows lie in memory the cells have gone.
    pub blueprint: Blueprint,
    /// What makes the fitted value and the residuals of each row, if they were asked for.
    pub at_rows: Option<AtRows>,
}

impl std::fmt::Debug for Laid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Laid").field("n_rows", &self.prepared.used.n_rows).finish_non_exhaustive()
    }
}

impl Laid {
    /// Gives the memory of the rows back, meanwhile.
    pub fn let_go(self) {
        self.frame.let_go();
    }
}
