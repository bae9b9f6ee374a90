//! How good a fit to many rows is on them: measured on patients that are almost alike as one.

use ndarray::ArrayRef1;
use rayon::prelude::*;

use crate::error::Result;
use crate::fit::apparent::{Apparent, of_rows};
use crate::fit::large::tally::Tally;
use crate::fit::result::Fit;
use crate::fit::statistics::OfRows;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::performance::cells::WIDTH;
use crate::performance::mean_cells::{self, Grid, MeanCells};
use crate::rows::Rows;

/// The performance of a logistic model on patients in cells. What sweeps know of single rows stands in the place of what cells give: the
/// area under the curve and the scores.
pub fn risks(found: Apparent, known: &OfRows, mean_loss: f64, fit: &mut Fit) -> Option<Apparent> {
    let Apparent::Logistic { mut performance, medians } = found else { return None };
    if let Some(auc) = known.auc {
        performance.auc = auc;
        performance.auc_interval = auc.interval(performance.half_width());
    }
    performance.brier = known.brier;
    performance.scaled_brier = known.scaled_brier;
    performance.log_loss = mean_loss;
    fit.ledger.notices.push(format!(
        "calibration, ROC and decision curves are of patients in cells of {WIDTH} on the log odds"
    ));
    Some(Apparent::Logistic { performance, medians })
}

/// Rows of a linear model in cells, and some by themselves for the picture of the residuals.
pub struct Means {
    cells: mean_cells::Rows,
    fitted: Vec<f64>,
    residual: Vec<f64>,
    /// One row of so many is kept.
    every: usize,
    r_squared: f64,
    rmse: f64,
}

/// Rows of the picture, at most.
const SHOWN: usize = 100_000;
/// Blocks of which one list of cells is made, and lists that are there at once: sums do not depend on the threads.
const BLOCKS: usize = 256;
const AT_ONCE: usize = 4;

impl Means {
    /// One more pass over the rows.
    pub fn of(rows: &dyn Rows, beta: &ArrayRef1<f64>, found: &Tally) -> Means {
        let grid = Grid {
            centre: found.linear_predictor.mean,
            spread: found.linear_predictor.sd,
            residual: found.mean_square.sqrt(),
        };
        let every = rows.n_rows().div_ceil(SHOWN).max(1);
        let mut cells = MeanCells::new(grid);
        let (mut fitted, mut residual) = (Vec::new(), Vec::new());
        let starts: Vec<usize> = (0..rows.n_blocks()).step_by(BLOCKS).collect();
        let rows_a_block = if rows.n_blocks() > 0 { rows.block(0).len() } else { 0 };
        for starts in starts.chunks(AT_ONCE) {
            let lists: Vec<_> = starts
                .par_iter()
                .map(|start| {
                    let mut cells = MeanCells::new(grid);
                    let mut shown = Vec::new();
                    for k in *start..(start + BLOCKS).min(rows.n_blocks()) {
                        let (block, first) = (rows.block(k), k * rows_a_block);
                        let eta = Glm::new(rows, Loss::Squared).predictors(k, beta);
                        for (i, (eta, y)) in eta.iter().zip(&block.y).enumerate() {
                            cells.add(*eta, *y, block.weight(i));
                            if (first + i).is_multiple_of(every) {
                                shown.push((*eta, y - eta));
                            }
                        }
                    }
                    (cells, shown)
                })
                .collect();
            for (part, shown) in lists {
                cells.join(part);
                fitted.extend(shown.iter().map(|row| row.0));
                residual.extend(shown.iter().map(|row| row.1));
            }
        }
        let outcome = found.outcome;
        let squares = outcome.sd * outcome.sd * (outcome.n - 1.0);
        Means {
            cells: cells.rows(),
            fitted,
            residual,
            every,
            r_squared: 1.0 - found.mean_square * outcome.n / squares,
            rmse: found.mean_square.sqrt(),
        }
    }

    /// The performance; what one pass knows of single rows stands in the place of what cells give.
    ///
    /// # Errors
    /// As [`of_rows()`].
    pub fn apparent(self, fit: &mut Fit) -> Result<Option<Apparent>> {
        let found = of_rows(&self.cells.view(), (fit.family, fit.spec.conf_level))?;
        let Apparent::Linear { mut performance, .. } = found else { return Ok(None) };
        performance.r_squared = self.r_squared;
        performance.rmse = self.rmse;
        fit.ledger.notices.push(format!(
            "calibration is of patients in cells of {} standard deviations{}",
            mean_cells::WIDTH,
            match self.every {
                1 => String::new(),
                every => format!("; the picture of the residuals is of one row in {every}"),
            }
        ));
        let (fitted, residual) = (self.fitted, self.residual);
        Ok(Some(Apparent::Linear { performance, fitted, residual, every: self.every }))
    }
}
