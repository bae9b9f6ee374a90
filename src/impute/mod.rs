//! Multiple imputation: completed data sets, each fitted, pooled by Rubin's rules.

pub mod pool;
