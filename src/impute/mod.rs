//! Multiple imputation: completed data sets, each fitted, pooled by Rubin's rules.

pub mod analysis;
pub mod chain;
pub mod completed;
pub mod matching;
pub mod multinomial;
pub mod pool;

#[cfg(test)]
mod coverage_tests;
