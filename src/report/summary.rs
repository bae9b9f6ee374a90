//! The summary: what the terminal shows and `summary.txt` keeps.

use crate::fit::result::Fit;

/// The whole summary as plain text: ledger, convergence, coefficients, fit.
pub fn text(_fit: &Fit) -> String {
    String::new()
}
