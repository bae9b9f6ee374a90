//! A file becomes a table: reading, typing, missing values, built-in and simulated data.

mod body;
pub mod builtin;
mod cell;
pub mod choices;
pub mod csv;
mod cut;
mod dialect;
mod dictionary;
mod encoding;
pub mod form;
mod header;
mod layout;
mod learn;
mod levels;
pub mod missing;
mod na;
mod opening;
pub mod origin;
mod parquet;
mod records;
mod scan;
pub mod several;
pub mod simulate;
mod store;
pub mod survey;
pub mod table;
mod typing;
