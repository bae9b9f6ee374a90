//! Tables with known truth: a synthetic trial of treatment effectiveness.

use crate::error::Result;

/// The trial as CSV text: `rows` patients, all randomness from `seed`.
pub fn treatment_effectiveness(_rows: usize, _seed: u64) -> Result<String> {
    Ok(String::new())
}
