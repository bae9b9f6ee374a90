//! The same analysis in R, Python and Stata: scripts that must give the model's numbers from the same CSV.

pub mod python;
pub mod r;
pub mod recipe;
pub mod spell;
pub mod stata;
pub mod verdict;
