//! A smaller model on the same rows, which lie on disk: for the likelihood-ratio test.

use std::sync::Arc;

use crate::error::Result;
use crate::fit::assemble::Ended;
use crate::fit::frame::Dependent;
use crate::fit::large::encode::Blueprint;
use crate::fit::large::{MANY_CELLS, Made, framed};
use crate::fit::nested::{compared, smaller};
use crate::fit::result::LikelihoodRatio;
use crate::rows::Rows;
use crate::team::Ranks;

/// The model of a smaller formula, fitted to the rows that the larger one used, against the larger.
///
/// # Errors
/// As [`crate::fit::nested::against`]; Io, where there is no room for the rows of the smaller one.
pub fn against(
    text: &str,
    header: &[String],
    ended: &Ended<'_>,
    larger: &Made<'_>,
) -> Result<LikelihoodRatio> {
    let columns = &larger.blueprint.columns;
    let has = |name: &str| columns.kinds().iter().any(|column| column.name == name);
    let formula = smaller(text, (header, &ended.spec.beside()), &ended.prepared.formula, &has)?;
    let (weight, alone) = (larger.beside.weight, Ranks::alone());
    let mut blueprint = Blueprint::new(&formula, Arc::clone(columns), weight, MANY_CELLS, &alone)?;
    let scaled = blueprint.scale(weight)?;
    let rows = blueprint.rows(&scaled, larger.beside, larger.storage)?;
    let (n, total) = (rows.n_rows(), rows.total_weight());
    let made = Made { blueprint: &blueprint, scaled: &scaled, ranks: &alone, ..*larger };
    let frame = framed(&made, rows, n, total, Dependent::LeftOut)?;
    let found = compared(
        text,
        (&formula, &frame),
        (&ended.prepared.formula, &ended.frame, &ended.exact),
        ended.loss,
    )?;
    frame.rows.check()?;
    Ok(found)
}
