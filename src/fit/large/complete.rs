//! The complete rows of a table, and what the others lack.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::missing::{Gaps, complete_rows};
use crate::data::table::{Column, Table, Values};
use crate::error::{Error, Result};
use crate::fit::spec::Spec;

/// What one chunk of the file adds.
pub struct Part {
    /// The complete rows.
    pub table: Table,
    /// Of all rows.
    pub counts: Counts,
}

/// What was counted of rows.
#[derive(Serialize, Deserialize)]
pub struct Counts {
    /// Complete rows.
    pub n_rows: usize,
    /// Rows.
    pub rows_read: usize,
    /// For each variable with a missing value in some row: in how many rows.
    pub missing: Vec<(String, usize)>,
    /// Complete rows with a weight of 0.
    pub n_without_weight: usize,
    /// What the formula's variables lack.
    pub gaps: Gaps,
}

/// Drops the rows that lack a value or have no weight; copies nothing where there is none. The first columns that are known to be
/// `without_gaps` are not looked through.
///
/// # Errors
/// Data, for negative weights.
pub fn complete(spec: &Spec, mut table: Table, n_of_formula: usize, without_gaps: &[bool]) -> Result<Part> {
    let rows_read = table.n_rows;
    let lacks = |(j, column): (usize, &Column)| {
        !without_gaps.get(j).is_some_and(|known| *known)
            && (0..rows_read).any(|row| column.values.is_missing(row))
    };
    let has_gaps = table.columns.par_iter().enumerate().any(lacks);
    let of_weight = spec.weights.as_ref().and_then(|name| table.column(name)).map(|c| c.values.clone());
    if let Some(Values::Number(weights)) = &of_weight
        && let Some(row) = weights.iter().position(|w| *w < 0.0 || w.is_infinite())
    {
        let name = spec.weights.as_deref().unwrap_or_default();
        return Err(Error::data(format!("weight `{name}`, {}: {}", table.place(row), weights[row]))
            .hint("a frequency weight counts patients: 0 or more"));
    }
    let names: Vec<String> = table.columns[..n_of_formula].iter().map(|c| c.name.clone()).collect();
    if !has_gaps && of_weight.is_none() {
        let gaps = Gaps {
            rows: rows_read,
            variables: names.into_iter().map(|name| (name, 0)).collect(),
            patterns: vec![(vec![false; n_of_formula], rows_read)],
        };
        let counts = Counts { n_rows: rows_read, rows_read, missing: Vec::new(), n_without_weight: 0, gaps };
        return Ok(Part { table, counts });
    }
    let beside = table.columns.split_off(n_of_formula);
    let gaps = Gaps::of(&table);
    table.columns.extend(beside);
    let (mut keep, missing) = complete_rows(&table);
    let mut n_without_weight = 0;
    if let Some(Values::Number(weights)) = of_weight {
        for (keep, _) in keep.iter_mut().zip(&weights).filter(|(keep, w)| **keep && **w == 0.0) {
            *keep = false;
            n_without_weight += 1;
        }
    }
    let table = table.filter(&keep);
    let counts = Counts { n_rows: table.n_rows, rows_read, missing, n_without_weight, gaps };
    Ok(Part { table, counts })
}
