//! A fit together with the rows that it rests on.

use crate::fit::prepare::Prepared;
use crate::fit::result::Fit;

/// A fit with the rows that it rests on, for statements that need both: effects, validation, performance.
pub struct Analysis {
    /// The fit.
    pub fit: Fit,
    /// The rows used, their design and outcome.
    pub prepared: Prepared,
    /// Linear predictor of each row used: log odds or means. Working data, which never leaves the program.
    pub linear_predictor: Vec<f64>,
}
