//! Arbitrary bytes as a CSV: opened, all columns typed together and each alone, all cells read.

use clinreg::data::choices::DataChoices;
use clinreg::data::csv::Source;
use clinreg::data::missing::complete_rows;
use clinreg::error::Error;

/// Opens bytes and types what is there; each column has a value for each row.
pub fn target(bytes: &[u8]) {
    let source = match Source::from_bytes("d.csv", bytes.to_vec()) {
        Ok(source) => source,
        Err(error) => return told(&error),
    };
    let cells = source.all_cells().expect("what was opened can be read");
    assert!(cells.iter().all(|column| column.len() == source.n_rows), "cells and rows");
    let plain = DataChoices::default();
    let factors = DataChoices { factors: source.header.clone(), ..DataChoices::default() };
    let numbers = DataChoices { numbers: source.header.clone(), ..DataChoices::default() };
    let all = source.typed(&source.header, &plain);
    for choices in [&plain, &factors, &numbers] {
        for name in source.header.iter().take(MOST) {
            match source.typed(std::slice::from_ref(name), choices) {
                Ok(typed) => {
                    assert!(typed.table.columns.iter().all(|c| c.values.len() == source.n_rows));
                    complete_rows(&typed.table);
                }
                Err(error) => told(&error),
            }
        }
    }
    match all {
        Ok(typed) => assert_eq!(complete_rows(&typed.table).0.len(), source.n_rows),
        Err(error) => told(&error),
    }
}

/// Columns that are typed alone.
const MOST: usize = 12;

/// An error says something, and not the whole file.
pub fn told(error: &Error) {
    assert!(!error.message.trim().is_empty(), "an error without words");
    assert!(error.message.len() < LONGEST, "an error of {} bytes", error.message.len());
}

/// A formula with carets under it may be as long as what was typed, twice.
const LONGEST: usize = 40_000;
