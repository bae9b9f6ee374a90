//! A file becomes a table: reading, typing, missing values, built-in and simulated data.

pub mod builtin;
mod cell;
pub mod choices;
pub mod csv;
mod dialect;
mod encoding;
mod grid;
mod levels;
pub mod missing;
mod records;
pub mod simulate;
pub mod survey;
pub mod table;
mod typing;
