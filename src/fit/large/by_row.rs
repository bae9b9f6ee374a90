//! What a fit to many rows says about each of them, some rows at a time.

use ndarray::{Array1, Array2};
use rayon::prelude::*;

use crate::error::Result;
use crate::fit::large::laid::Laid;
use crate::fit::result::ByRow;
use crate::inference::residual::of_block;
use crate::inference::solution::Solution;
use crate::objective::loss::Loss;
use crate::rows::{BLOCK_ROWS, Rows};

/// Where a fit ended, on the standardised columns.
pub struct AtRows {
    /// The loss.
    pub loss: Loss,
    /// The coefficients.
    pub beta: Array1<f64>,
    /// Triangular root of the Hessian of the mean loss there.
    pub root: Array2<f64>,
    /// RSS / (n - k) of a linear model, 1 of a logistic one; `None` where the fit has no standard errors and so no leverage.
    pub dispersion: Option<f64>,
}

/// Blocks that are worked out between two looks at the lines of the file.
const AT_ONCE: usize = 64;

impl Laid {
    /// Shows the rows in order, some at a time: fitted mean or probability of each, and what else is known of it. `make` is called
    /// for blocks in parallel, `take` with what it made in order. Nothing is shown where this was not asked for.
    ///
    /// # Errors
    /// Io, when a temporary file cannot be read; that of `take`.
    pub fn by_row<T: Send>(
        &self,
        make: &(dyn Fn(&[f64], &ByRow) -> Result<T> + Sync),
        take: &mut dyn FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let Some(at) = &self.at_rows else { return Ok(()) };
        let rows = &self.frame.rows;
        let solution = Solution { rows, loss: at.loss, beta: &at.beta, root: &at.root };
        let inverse = solution.inverse_root();
        let mut lines = Lines { laid: self, chunk: 0, waiting: Vec::new() };
        for from in (0..rows.n_blocks()).step_by(AT_ONCE) {
            let to = (from + AT_ONCE).min(rows.n_blocks());
            let len = |k: usize| BLOCK_ROWS.min(rows.n_rows() - k * BLOCK_ROWS);
            let lines: Vec<Vec<u32>> = (from..to).map(|k| lines.next(len(k))).collect::<Result<_>>()?;
            let made: Vec<Result<T>> = (from..to)
                .into_par_iter()
                .zip(lines)
                .map(|(k, lines)| {
                    let terms = solution.block(k, &inverse);
                    let k = at.beta.len() as f64;
                    let residuals = at.dispersion.map(|dispersion| of_block(&terms, at.loss, k, dispersion));
                    make(&terms.fitted, &ByRow { lines, outcome: terms.outcome, residuals })
                })
                .collect();
            rows.check()?;
            made.into_iter().try_for_each(|made| take(made?))?;
        }
        Ok(())
    }
}

/// The lines of the file on which rows start, in order.
struct Lines<'a> {
    laid: &'a Laid,
    chunk: usize,
    waiting: Vec<u32>,
}

impl Lines<'_> {
    /// Those of the next so many rows.
    fn next(&mut self, n_rows: usize) -> Result<Vec<u32>> {
        let columns = &self.laid.blueprint.columns;
        while self.waiting.len() < n_rows && self.chunk < columns.n_chunks() {
            self.waiting.extend(columns.lines(self.chunk)?);
            self.chunk += 1;
        }
        let rest = self.waiting.split_off(n_rows.min(self.waiting.len()));
        Ok(std::mem::replace(&mut self.waiting, rest))
    }
}
