//! clinreg: linear and logistic regression for clinical CSVs by gradient descent.

pub mod cli;
pub mod data;
pub mod design;
pub mod error;
pub mod fit;
pub mod inference;
pub mod model;
pub mod num;
pub mod objective;
pub mod optimise;
pub mod performance;
pub mod plot;
pub mod report;
pub mod rows;
