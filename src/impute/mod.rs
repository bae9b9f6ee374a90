//! Multiple imputation: completed data sets, each fitted, pooled by Rubin's rules.

pub mod analysis;
pub mod chain;
pub mod completed;
pub mod effects;
pub mod matching;
pub mod multinomial;
pub mod performance;
pub mod pool;
pub mod validation;

#[cfg(test)]
mod coverage_tests;
