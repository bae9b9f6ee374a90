//! A file becomes a table: reading, typing, missing values, built-in and simulated data.

pub mod builtin;
pub mod choices;
pub mod csv;
pub mod missing;
pub mod simulate;
pub mod table;
