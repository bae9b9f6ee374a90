//! From columns in chunks to a design that is known but not made: what is learnt, the scale.

use std::sync::Arc;

use ndarray::Array1;
use rayon::prelude::*;

use crate::data::table::{Table, Values};
use crate::design::formula::Formula;
use crate::design::learn::learn_from;
use crate::design::matrix::{Frozen, VariableKind, offset_of, rebuild, rebuild_columns};
use crate::design::scale::{Chunk, Tally};
use crate::design::term::Term;
use crate::error::{Error, Result};
use crate::fit::large::columns::Columns;
use crate::fit::large::lay::Scaled;
use crate::fit::large::plain::Plain;
use crate::team::{Bits, Ranks};

/// A factor with at least this many levels travels as codes.
pub const MANY_LEVELS: usize = 24;

/// A design that is known but not made.
pub struct Blueprint {
    /// With `.` written out.
    pub formula: Formula,
    /// The data; of rows that are laid already nothing, where they lie in memory.
    pub columns: Arc<Columns>,
    /// The first row of each chunk, and the number of rows.
    pub starts: Vec<usize>,
    ranks: Ranks,
    /// Levels, knots, kinds.
    pub frozen: Frozen,
    /// All columns.
    pub terms: Vec<Term>,
    /// The variables of factors that travel as codes, each with the column of each level.
    pub coded: Vec<(String, Vec<Option<usize>>)>,
    /// The columns that are columns of the data.
    pub plain: Plain,
    /// Whether column 0 is the intercept.
    pub has_intercept: bool,
    /// Whether the formula has an offset.
    pub has_offset: bool,
}

/// What the outcome and the weights of the rows are.
pub struct Beside<'a> {
    /// n.
    pub y: &'a Array1<f64>,
    /// n, if there are weights.
    pub weight: Option<&'a Array1<f64>>,
}

/// A chunk encoded: its first row, the numbers by column but for the plain ones, the codes, the offset.
pub struct Encoded {
    /// Its first row.
    pub first_row: usize,
    /// The numbers of some columns, each with its place in the design.
    pub numbers: Vec<(usize, Vec<f64>)>,
    /// The codes of each coded factor.
    pub codes: Vec<Vec<u32>>,
    /// The sum of the offsets.
    pub offset: Option<Vec<f64>>,
    /// Its rows.
    pub n_rows: usize,
}

impl Blueprint {
    /// Learns levels and knots from the rows used. Where the design has more cells than `most_cells`, factors of many levels
    /// travel as codes.
    ///
    /// # Errors
    /// As [`crate::design::matrix::encode`] says; Io.
    pub fn new(
        formula: &Formula,
        columns: Arc<Columns>,
        weight: Option<&Array1<f64>>,
        most_cells: usize,
        ranks: &Ranks,
    ) -> Result<Blueprint> {
        let get = |name: &str| columns.column(name);
        let frozen = learn_from(formula, columns.kinds(), &get, weight, columns.n_rows, ranks)?;
        let first = first_row(&columns)?;
        let made = rebuild(formula, &frozen, &first)?;
        let mut blueprint = Blueprint {
            formula: formula.clone(),
            starts: columns.starts(),
            columns,
            ranks: ranks.clone(),
            frozen,
            has_intercept: made.has_intercept,
            has_offset: made.offset.is_some(),
            terms: made.terms,
            coded: Vec::new(),
            plain: Plain::default(),
        };
        blueprint.plain = Plain::find(formula, &blueprint.frozen, &blueprint.terms, &blueprint.columns)?;
        if blueprint.columns.n_rows_of_all().saturating_mul(blueprint.terms.len()) > most_cells {
            blueprint.coded = blueprint.factors_of_many_levels();
        }
        Ok(blueprint)
    }

    /// The same design with other knots and polynomials, from the same columns.
    pub fn with_knots_of(&self, frozen: Frozen) -> Blueprint {
        Blueprint {
            formula: self.formula.clone(),
            columns: Arc::clone(&self.columns),
            starts: self.starts.clone(),
            ranks: self.ranks.clone(),
            frozen,
            terms: self.terms.clone(),
            coded: self.coded.clone(),
            plain: self.plain.clone(),
            has_intercept: self.has_intercept,
            has_offset: self.has_offset,
        }
    }

    /// The factors that travel as codes, with their levels.
    pub fn coded(&self) -> impl Iterator<Item = (&str, usize)> {
        self.coded.iter().map(|(name, columns)| (name.as_str(), columns.len()))
    }

    fn factors_of_many_levels(&self) -> Vec<(String, Vec<Option<usize>>)> {
        let mut found = Vec::new();
        for (name, kind) in &self.frozen.variables {
            let VariableKind::Category(levels) = kind else { continue };
            if levels.len() < MANY_LEVELS {
                continue;
            }
            let column_of = |level: &String| {
                self.terms.iter().position(|term| {
                    matches!(&term.parts[..], [part] if part.variable == *name && part.level.as_ref() == Some(level))
                })
            };
            let columns: Vec<Option<usize>> = levels.iter().map(column_of).collect();
            if columns.iter().any(Option::is_some) {
                found.push((name.clone(), columns));
            }
        }
        found
    }

    /// Whether a column of the design indicates a level of a coded factor.
    pub fn is_coded(&self, column: usize) -> bool {
        self.coded.iter().any(|(_, columns)| columns.contains(&Some(column)))
    }

    /// A chunk encoded.
    ///
    /// # Errors
    /// As [`crate::design::matrix::rebuild`] says; Io.
    pub fn encode(&self, k: usize) -> Result<Encoded> {
        let first_row = self.starts[k];
        let chunk = &self.columns.chunk(k, &|name| self.plain.is_needed_by_others(name))?;
        let is_coded = |term: &Term| match &term.parts[..] {
            [part] => part.level.is_some() && self.coded.iter().any(|(name, _)| *name == part.variable),
            _ => false,
        };
        let is_made = |j: usize, term: &Term| !is_coded(term) && !self.plain.has(j);
        let numbers = rebuild_columns(&self.formula, &self.frozen, chunk, &is_made)?;
        let codes: Result<Vec<Vec<u32>>> =
            self.coded.iter().map(|(name, _)| self.codes(chunk, name)).collect();
        let offset = offset_of(&self.formula, &self.frozen, chunk)?.map(|o| o.to_vec());
        Ok(Encoded { first_row, numbers, codes: codes?, offset, n_rows: chunk.n_rows })
    }

    /// The codes of a factor in the levels of the fit.
    fn codes(&self, chunk: &Table, name: &str) -> Result<Vec<u32>> {
        let kind = self.frozen.variables.iter().find(|(n, _)| n == name).map(|(_, kind)| kind);
        let (Some(VariableKind::Category(levels)), Some(column)) = (kind, chunk.column(name)) else {
            return Err(Error::data(format!("`{name}` is no factor")));
        };
        let Values::Category { codes, levels: here } = &column.values else {
            return Err(Error::data(format!("`{name}` is no factor")));
        };
        let place: std::collections::HashMap<&str, u32> =
            levels.iter().zip(0..).map(|(level, k)| (level.as_str(), k)).collect();
        let new: Vec<u32> = here.iter().map(|l| place.get(l.as_str()).copied().unwrap_or(0)).collect();
        Ok(codes.iter().map(|code| new[*code as usize]).collect())
    }

    /// Centre and spread of all columns, in two passes.
    ///
    /// # Errors
    /// Data, where a transform of a cell is not finite; Io.
    pub fn scale(&self, weight: Option<&Array1<f64>>) -> Result<Scaled> {
        let (mut tally, mut levels) = self.first_pass(weight)?;
        if !self.ranks.is_alone() {
            tally.meet_first(&self.ranks)?;
            levels = self.levels_of_all(levels)?;
        }
        tally.take_centres();
        tally.second(&[self.plain_columns(weight)]);
        self.each(&mut |chunks| tally.second(&with_weights(chunks, weight)))
            .and_then(|()| if self.ranks.is_alone() { Ok(()) } else { tally.meet_second(&self.ranks) })?;
        let total = tally.total();
        let (mut scale, constant) = tally.finish();
        for ((_, columns), mass) in self.coded.iter().zip(&levels) {
            for (column, mass) in columns.iter().zip(mass) {
                let Some(j) = column else { continue };
                let share = mass / total;
                if self.has_intercept {
                    scale.centre[*j] = share;
                }
                scale.spread[*j] =
                    if self.has_intercept { (share * (1.0 - share)).sqrt() } else { share.sqrt() };
            }
        }
        Ok(Scaled { scale, constant })
    }

    /// Sums and extremes of the columns, and the weight of each coded level, over this rank's rows.
    fn first_pass(&self, weight: Option<&Array1<f64>>) -> Result<(Tally, Vec<Vec<f64>>)> {
        let p = self.terms.len();
        let mut tally =
            Tally::new(p, self.has_intercept, weight.map_or(self.columns.n_rows as f64, |w| w.sum()));
        let mut levels: Vec<Vec<f64>> =
            self.coded.iter().map(|(_, columns)| vec![0.0; columns.len()]).collect();
        tally.first(&[self.plain_columns(weight)]);
        self.each(&mut |chunks| {
            let weighted = with_weights(chunks, weight);
            tally.first(&weighted);
            for (chunk, Chunk { weight, .. }) in chunks.iter().zip(&weighted) {
                for (mass, codes) in levels.iter_mut().zip(&chunk.codes) {
                    codes
                        .iter()
                        .enumerate()
                        .for_each(|(i, code)| mass[*code as usize] += weight.map_or(1.0, |w| w[i]));
                }
            }
        })?;
        Ok((tally, levels))
    }

    fn levels_of_all(&self, mine: Vec<Vec<f64>>) -> Result<Vec<Vec<f64>>> {
        let all = self.ranks.meet(Ok(mine.iter().map(Bits::of).collect::<Vec<_>>()))?;
        let mut sums: Vec<Vec<f64>> = mine.iter().map(|levels| vec![0.0; levels.len()]).collect();
        for part in &all {
            for (sum, part) in sums.iter_mut().zip(part) {
                sum.iter_mut().zip(part.numbers()).for_each(|(sum, x)| *sum += x);
            }
        }
        Ok(sums)
    }

    /// The plain columns whole.
    fn plain_columns<'c>(&'c self, weight: Option<&'c Array1<f64>>) -> Chunk<'c> {
        let one = |(j, name): &'c (usize, String)| Some((*j, self.columns.numbers(name)?));
        let columns = self.plain.columns.iter().filter_map(one).collect();
        Chunk { columns, weight: weight.and_then(|w| w.as_slice()) }
    }

    /// Shows every chunk encoded, in order; some at a time.
    fn each(&self, show: &mut dyn FnMut(&[Encoded])) -> Result<()> {
        const ROWS: usize = 32 * 1024; // so many at least, for each time costs something
        let of_first = self.starts.get(1).copied().unwrap_or_default().max(1);
        let together = (2 * rayon::current_num_threads()).max(ROWS / of_first);
        let n = self.columns.n_chunks();
        for from in (0..n).step_by(together) {
            let chunks = from..n.min(from + together);
            let encoded: Result<Vec<Encoded>> = chunks.into_par_iter().map(|k| self.encode(k)).collect();
            show(&encoded?);
        }
        Ok(())
    }
}

/// The chunks with the weights of their rows.
fn with_weights<'c>(chunks: &'c [Encoded], weight: Option<&'c Array1<f64>>) -> Vec<Chunk<'c>> {
    let one = |chunk: &'c Encoded| {
        let rows = chunk.first_row..chunk.first_row + chunk.n_rows;
        Chunk {
            columns: chunk.numbers.iter().map(|(j, values)| (*j, values.as_slice())).collect(),
            weight: weight.and_then(|w| w.as_slice()).map(|w| &w[rows]),
        }
    };
    chunks.iter().map(one).collect()
}

/// The first complete row: enough to learn the names of the columns.
fn first_row(columns: &Columns) -> Result<Table> {
    let none = || Error::data("no row has a value in every variable of the formula");
    let starts = columns.starts();
    let k = (0..columns.n_chunks()).find(|k| starts[k + 1] > starts[*k]).ok_or_else(none)?;
    Ok(columns.chunk(k, &|_| true)?.pick(&[0]))
}
