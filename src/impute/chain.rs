//! Chained equations: each variable with gaps is drawn anew from a model on all others, round after round.

use ndarray::{Array1, Array2, Axis};
use ndarray_rand::rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::data::table::{Column, MISSING, Table, Values};
use crate::design::scale::Scale;
use crate::error::{Error, Result};
use crate::impute::matching::donors;
use crate::impute::multinomial::levels;
use crate::num::random::stream;

/// Rounds over all variables with gaps.
pub const ROUNDS: usize = 10;
/// A model for levels may have this many coefficients.
const MOST_COEFFICIENTS: usize = 1500;

/// The completed tables and how they came about.
#[derive(Debug, Clone)]
pub struct Chains {
    /// One a chain: the table without gaps.
    pub completed: Vec<Table>,
    /// For each variable with gaps, in the order in which they are drawn: its name and how many cells.
    pub cells: Vec<(String, usize)>,
    /// Rows with a gap.
    pub incomplete_rows: usize,
    /// The means and spreads of what was drawn, to be looked at for trends.
    pub traces: Vec<Trace>,
}

/// What one chain drew for one variable in one round. Levels count by their place from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The variable.
    pub variable: String,
    /// The chain, from 1.
    pub imputation: usize,
    /// The round, from 1.
    pub round: usize,
    /// Mean of the drawn cells.
    pub mean: f64,
    /// Their standard deviation; 0 for a single cell.
    pub sd: f64,
}

/// A variable with gaps.
struct Gap {
    column: usize,
    observed: Vec<usize>,
    missing: Vec<usize>,
}

/// Completes a table several times.
///
/// In order: 1. Gaps are filled with values drawn from those observed. 2. In each round, for each variable with gaps (fewest
/// first): a model of its observed cells on all other columns as they stand (main effects), its parameters
/// drawn from their posterior; its gaps are drawn anew: numbers and dates by predictive mean matching, levels by
/// multinomial (two levels: logistic) regression. 3. After ten rounds the table is taken. Each chain has a stream of its own.
///
/// The table must hold the outcome and all predictors: a model without the outcome would draw values that deny its
/// effect. Source: van Buuren & Groothuis-Oudshoorn 2011, Journal of Statistical Software 45(3); White, Royston &
/// Wood 2011, Statistics in Medicine 30:377-399.
///
/// # Errors
/// Data, when a variable has no observed cell, or too many levels for a model of them.
pub fn impute(table: &Table, imputations: usize, seed: u64) -> Result<Chains> {
    impute_as(table, imputations, seed, ("imputation", 0))
}

/// As [`impute()`], with streams of another name and from another part on: for imputations inside resamples.
///
/// # Errors
/// As [`impute()`].
pub fn impute_as(table: &Table, imputations: usize, seed: u64, streams: (&str, u64)) -> Result<Chains> {
    let gaps = gaps(table)?;
    let chains: Vec<(Table, Vec<Trace>)> = (0..imputations)
        .into_par_iter()
        .map(|k| {
            let mut rng = stream(seed, streams.0, streams.1 + k as u64);
            chain(table, &gaps, k, &mut rng)
        })
        .collect::<Result<_>>()?;
    let incomplete_rows =
        (0..table.n_rows).filter(|row| table.columns.iter().any(|c| c.values.is_missing(*row))).count();
    let cells = gaps.iter().map(|g| (table.columns[g.column].name.clone(), g.missing.len())).collect();
    let (completed, traces): (Vec<Table>, Vec<Vec<Trace>>) = chains.into_iter().unzip();
    Ok(Chains { completed, cells, incomplete_rows, traces: traces.concat() })
}

/// The default number of imputations: 20, or the per cent of incomplete rows if that is more.
/// Source: White, Royston & Wood 2011, s. 7.3.
pub fn default_imputations(table: &Table) -> usize {
    let incomplete =
        (0..table.n_rows).filter(|row| table.columns.iter().any(|c| c.values.is_missing(*row))).count();
    (100 * incomplete).div_ceil(table.n_rows.max(1)).max(20)
}

fn gaps(table: &Table) -> Result<Vec<Gap>> {
    let mut gaps = Vec::new();
    for (column, Column { name, values }) in table.columns.iter().enumerate() {
        let (missing, observed): (Vec<usize>, Vec<usize>) =
            (0..table.n_rows).partition(|row| values.is_missing(*row));
        if missing.is_empty() {
            continue;
        }
        if observed.is_empty() {
            return Err(Error::data(format!(
                "`{name}` has no value in any row, so that none can be imputed"
            ))
            .hint("leave it out of the formula"));
        }
        gaps.push(Gap { column, observed, missing });
    }
    gaps.sort_by_key(|gap| gap.missing.len()); // stable: equal numbers in the order of the columns
    Ok(gaps)
}

fn chain(table: &Table, gaps: &[Gap], k: usize, rng: &mut ChaCha8Rng) -> Result<(Table, Vec<Trace>)> {
    let mut table = table.clone();
    for gap in gaps {
        for row in &gap.missing {
            let donor = gap.observed[rng.random_range(0..gap.observed.len())];
            copy(&mut table.columns[gap.column].values, donor, *row); // 1
        }
    }
    let mut traces = Vec::new();
    for round in 1..=ROUNDS {
        for gap in gaps {
            draw(&mut table, gap, rng)?; // 2
            traces.push(trace(&table.columns[gap.column], gap, k + 1, round));
        }
    }
    Ok((table, traces)) // 3
}

fn copy(values: &mut Values, from: usize, to: usize) {
    match values {
        Values::Number(v) | Values::Date(v) => v[to] = v[from],
        Values::Category { codes, .. } => codes[to] = codes[from],
    }
}

/// Draws the gaps of one variable anew.
fn draw(table: &mut Table, gap: &Gap, rng: &mut ChaCha8Rng) -> Result<()> {
    let x = predictors(table, gap.column);
    let (observed, missing) = (x.select(Axis(0), &gap.observed), x.select(Axis(0), &gap.missing));
    let Column { name, values } = &mut table.columns[gap.column];
    match values {
        Values::Number(cells) | Values::Date(cells) => {
            let y = Array1::from_iter(gap.observed.iter().map(|row| cells[*row]));
            let found = donors(&observed, &y, &missing, rng);
            gap.missing.iter().zip(found).for_each(|(row, donor)| cells[*row] = y[donor]);
        }
        Values::Category { codes, levels: all } => {
            let seen: Vec<u32> = (0..all.len() as u32)
                .filter(|level| gap.observed.iter().any(|row| codes[*row] == *level))
                .collect();
            if seen.len().saturating_sub(1) * x.ncols() > MOST_COEFFICIENTS {
                return Err(Error::data(format!(
                    "`{name}` has {} levels, too many for an imputation model on {} columns",
                    seen.len(),
                    x.ncols()
                ))
                .hint("join rare levels, or leave the variable out"));
            }
            let place = |code: u32| seen.iter().position(|s| *s == code).unwrap_or(0) as u32;
            let y: Vec<u32> = gap.observed.iter().map(|row| place(codes[*row])).collect();
            let found = levels(&observed, &y, seen.len(), &missing, rng).ok_or_else(|| {
                Error::data(format!("the imputation model of `{name}` did not converge"))
                    .hint("join rare levels, or leave the variable out")
            })?;
            gap.missing.iter().zip(found).for_each(|(row, level)| codes[*row] = seen[level as usize]);
        }
    }
    Ok(())
}

/// All columns but one as standardised numbers behind an intercept: levels after the first as indicators.
fn predictors(table: &Table, without: usize) -> Array2<f64> {
    let n = table.n_rows;
    let mut columns: Vec<Array1<f64>> = vec![Array1::ones(n)];
    for (k, column) in table.columns.iter().enumerate().filter(|(k, _)| *k != without) {
        debug_assert_ne!(k, without);
        match &column.values {
            Values::Number(v) | Values::Date(v) => columns.push(Array1::from_vec(v.clone())),
            Values::Category { codes, levels } => {
                let indicator = |level: u32| codes.iter().map(move |c| f64::from(u8::from(*c == level)));
                columns.extend((1..levels.len() as u32).map(|level| Array1::from_iter(indicator(level))));
            }
        }
    }
    let mut x = Array2::zeros((n, columns.len()));
    for (j, column) in columns.iter().enumerate() {
        x.column_mut(j).assign(column);
    }
    Scale::of(&x, None, true).apply(&x)
}

fn trace(column: &Column, gap: &Gap, imputation: usize, round: usize) -> Trace {
    let value = |row: &usize| match &column.values {
        Values::Number(v) | Values::Date(v) => v[*row],
        Values::Category { codes, .. } if codes[*row] == MISSING => f64::NAN,
        Values::Category { codes, .. } => f64::from(codes[*row]),
    };
    let n = gap.missing.len() as f64;
    let mean = gap.missing.iter().map(value).sum::<f64>() / n;
    let squares: f64 = gap.missing.iter().map(|row| (value(row) - mean).powi(2)).sum();
    let sd = if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { 0.0 };
    Trace { variable: column.name.clone(), imputation, round, mean, sd }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(n: usize) -> Table {
        let x: Vec<f64> = (0..n).map(|i| ((i * i) as f64).sin()).collect();
        let y = x.iter().enumerate().map(|(i, x)| 2.0 * x + 0.3 * ((5 * i) as f64).cos()).collect();
        let levels = ["a", "b", "c"].map(String::from).to_vec();
        let codes = x.iter().enumerate().map(|(i, x)| {
            if i % 7 == 2 {
                MISSING
            } else if *x > 0.4 {
                2
            } else {
                (i % 2) as u32
            }
        });
        let codes = codes.collect();
        let gaps = x.iter().enumerate().map(|(i, x)| if i % 5 == 1 { f64::NAN } else { *x }).collect();
        let column = |name: &str, values| Column { name: name.to_string(), values };
        Table {
            n_rows: n,
            lines: Vec::new(),
            origins: Default::default(),
            columns: vec![
                column("y", Values::Number(y)),
                column("x", Values::Number(gaps)),
                column("g", Values::Category { codes, levels }),
            ],
        }
    }

    #[test]
    fn only_gaps_are_filled_by_values_that_occur_and_near_the_truth() {
        let original = table(210);
        let chains = impute(&original, 4, 9).expect("imputed");
        assert_eq!(chains.cells, [("g".to_string(), 30), ("x".to_string(), 42)]);
        assert_eq!(chains.traces.len(), 4 * 2 * ROUNDS);
        for completed in &chains.completed {
            for (before, after) in original.columns.iter().zip(&completed.columns) {
                for row in 0..210 {
                    assert!(!after.values.is_missing(row));
                    if let (Values::Number(a), Values::Number(b)) = (&before.values, &after.values) {
                        assert!(a[row] == b[row] || (a[row].is_nan() && a.contains(&b[row])));
                        let truth = ((row * row) as f64).sin();
                        assert!(before.name != "x" || (b[row] - truth).abs() < 0.8, "row {row}");
                    }
                }
            }
        }
    }

    #[test]
    fn threads_change_nothing_and_chains_differ() {
        let original = table(120);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| impute(&original, 3, 1)).expect("imputed").completed
        };
        let one = on(1);
        assert_eq!(one, on(2));
        assert_ne!(one[0], one[1]);
    }

    #[test]
    fn the_number_of_imputations_is_the_per_cent_of_incomplete_rows_at_least_20() {
        assert_eq!(default_imputations(&table(210)), 32); // 66 of 210 rows
        let mut complete = table(10);
        complete.columns.truncate(1);
        assert_eq!(default_imputations(&complete), 20);
    }

    #[test]
    fn a_variable_without_any_value_is_an_error() {
        let mut empty = table(20);
        empty.columns[1].values = Values::Number(vec![f64::NAN; 20]);
        assert!(impute(&empty, 2, 1).expect_err("nothing to draw from").message.contains("`x`"));
    }
}
