//! A table becomes numbers: the formula, its terms, spline bases, the matrix and its scale.

pub(crate) mod atom;
mod coding;
mod cursor;
mod expand;
pub(crate) mod expression;
pub mod formula;
pub mod learn;
pub mod matrix;
mod natural;
pub(crate) mod numbers;
mod parse;
mod parse_expression;
mod piece;
mod pointing;
mod poly;
pub mod relearn;
pub mod sample;
pub mod scale;
pub mod spline;
pub mod term;
mod tokens;
