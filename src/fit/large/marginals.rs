//! Each variable by itself in few rows, for the curves of a fit whose rows have gone.

use ndarray::Array1;
use rayon::prelude::*;

use crate::data::table::{Column, Table, Values};
use crate::design::sample::Sample;
use crate::design::term::Term;
use crate::error::Result;
use crate::fit::large::columns::Columns;
use crate::fit::partial::PartialEffect;

/// Quantiles of a number at 0, 1/2000, ..., 1: those at hundredths and quarters of these are those of all rows.
const ROWS: usize = 2001;

/// A table whose columns have, one by one, the quantiles of all rows, or their commonest level; what stands in a row together does not
/// belong together.
///
/// Only of variables that a term bends or joins with others: the curve of any other is a straight line of its coefficient. Those stand
/// with one value.
///
/// # Errors
/// Io, where the columns cannot be read.
pub fn marginals(
    columns: &Columns,
    variables: &[String],
    terms: &[Term],
    weight: Option<&Array1<f64>>,
) -> Result<Table> {
    let is_curved = |name: &str| {
        terms.iter().any(|term| {
            let has = term.parts.iter().find(|part| part.variable == name);
            has.is_some_and(|part| part.transform.is_some() || term.parts.len() > 1)
        })
    };
    if !variables.iter().any(|name| is_curved(name)) {
        return Ok(Table::default());
    }
    let weight = weight.and_then(|w| w.as_slice());
    let one = |name: &String| -> Result<Column> {
        let column = columns.column(name)?;
        let curved = is_curved(name);
        let quantiles = |values: &[f64]| {
            if !curved {
                return vec![values.first().copied().unwrap_or(f64::NAN); ROWS];
            }
            let sample = Sample::of(values, weight);
            (0..ROWS).map(|k| sample.quantile(k as f64 / (ROWS - 1) as f64)).collect()
        };
        let values = match &column.values {
            Values::Number(values) => Values::Number(quantiles(values)),
            Values::Date(values) => Values::Date(quantiles(values)),
            Values::Category { codes, levels } => Values::Category {
                codes: vec![commonest(codes, levels.len(), weight); ROWS],
                levels: levels.clone(),
            },
        };
        Ok(Column { name: name.clone(), values })
    };
    let columns: Result<Vec<Column>> = if columns.is_in_memory() {
        variables.par_iter().map(one).collect()
    } else {
        variables.iter().map(one).collect() // one whole column at a time
    };
    Ok(Table { n_rows: ROWS, columns: columns?, ..Table::default() })
}

/// Turns counts of quantiles in the bins of a curve's distribution into counts of the n rows that they stand for.
pub fn of_rows(effect: &mut PartialEffect, n: f64) {
    effect.counts.iter_mut().for_each(|count| *count *= n / ROWS as f64);
}

/// The code of most rows; of equals the first.
fn commonest(codes: &[u32], n_levels: usize, weight: Option<&[f64]>) -> u32 {
    let mut rows = vec![0.0; n_levels];
    for (row, code) in codes.iter().enumerate() {
        if let Some(count) = rows.get_mut(*code as usize) {
            *count += weight.map_or(1.0, |w| w[row]);
        }
    }
    let most = rows.iter().copied().fold(0.0, f64::max);
    (0..).zip(&rows).find(|(_, n)| **n == most).map_or(0, |(code, _)| code)
}
