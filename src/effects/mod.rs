//! What a treatment does: conditional and marginal effects of one variable of a fitted model, with their intervals.

pub mod arms;
pub mod bootstrap;
pub mod crude;
pub mod estimate;
#[cfg(test)]
pub(crate) mod fixture;
pub mod identified;
pub mod influence;
pub mod measure;
pub mod modifier;
pub mod needed;
pub mod quarter;
pub mod result;
pub mod standardise;
pub mod swept;
#[cfg(test)]
mod swept_tests;

pub use estimate::estimate;
pub use swept::estimate_swept;
