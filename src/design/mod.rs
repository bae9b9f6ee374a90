//! A table becomes numbers: the formula, its terms, spline bases, the matrix and its scale.

pub mod formula;
pub mod matrix;
pub mod scale;
pub mod spline;
pub mod term;
