//! clinreg: linear and logistic regression for clinical CSVs by gradient descent.

pub mod data;
pub mod design;
pub mod error;
pub mod fit;
pub mod optimise;
pub mod num;
pub mod objective;
pub mod rows;
