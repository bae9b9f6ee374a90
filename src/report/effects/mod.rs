//! The treatment's effect as it leaves the program: `effects.json`, and a section of the summary.

mod json;
mod section;

pub use json::json;
pub use section::{blocks, text};

use crate::effects::measure::Measure;
use crate::fit::spec::Family;

/// The key of a measure in `effects.json`.
fn key(measure: Measure, family: Family) -> &'static str {
    match (measure, family) {
        (Measure::Difference, Family::Linear) => "mean_difference",
        (Measure::Difference, Family::Logistic) => "risk_difference",
        (Measure::Ratio, _) => "risk_ratio",
        (Measure::OddsRatio, _) => "odds_ratio",
    }
}

#[cfg(test)]
mod tests;
