//! The columns of one variable of the formula in a table, encoded as the fit froze it.

use std::borrow::Cow;
use std::collections::HashMap;

use ndarray::Array1;

use crate::data::table::{Column, MISSING, Table, Values};
use crate::design::atom::{Atom, Knots};
use crate::design::coding::Coding;
use crate::design::expression::Expression;
use crate::design::formula::Formula;
use crate::design::matrix::{Basis, Frozen, VariableKind};
use crate::design::natural::{self, Natural};
use crate::design::numbers::{column, listed, numbers};
use crate::design::term::Part;
use crate::design::{poly, spline};
use crate::error::{Error, Result};
use crate::num::lanes::widest;

/// The encoded cells of one variable of the formula.
pub enum Piece<'a> {
    /// Numbers, one vector a column.
    Numbers(Vec<(String, Part, Cow<'a, [f64]>)>),
    /// A factor: a code a row into the levels of the fit, [`MISSING`] for a missing cell.
    Levels {
        /// One code a row.
        codes: Vec<u32>,
        /// The levels of the fit.
        levels: &'a [String],
        /// The column of the data.
        variable: &'a str,
        /// As the formula has it: `rx`, `factor(stage)`.
        text: String,
    },
}

/// One column of a variable.
pub struct PieceColumn<'a> {
    /// `age`, `rx[indomethacin]`, `rcs(age, 4)[2]`.
    pub name: String,
    /// What it stands for.
    pub part: Part,
    /// Its cells.
    pub cells: Cells<'a>,
}

/// Cells that need not be stored as numbers.
#[derive(Clone, Copy)]
pub enum Cells<'a> {
    /// Numbers.
    Number(&'a [f64]),
    /// 1 where the code is this one, else 0.
    Level(&'a [u32], u32),
}

impl Cells<'_> {
    /// The cell of a row; NaN if missing.
    pub fn value(&self, row: usize) -> f64 {
        match self {
            Cells::Number(values) => values[row],
            Cells::Level(codes, level) => indicator(codes[row], *level),
        }
    }
}

/// 1 where a code is that level's, else 0; NaN if missing: of many rows, in vectors.
pub fn indicators(codes: &[u32], level: u32) -> Vec<f64> {
    let mut values = vec![0.0; codes.len()];
    widest(
        #[inline(always)]
        || {
            for (value, code) in values.iter_mut().zip(codes) {
                *value = indicator(*code, level);
            }
        },
    );
    values
}

/// 1 where a code is that level's, else 0; NaN if missing.
#[inline(always)]
pub fn indicator(code: u32, level: u32) -> f64 {
    match code {
        MISSING => f64::NAN,
        code => f64::from(u8::from(code == level)),
    }
}

impl Piece<'_> {
    /// Whether this is a factor.
    pub fn is_factor(&self) -> bool {
        matches!(self, Piece::Levels { .. })
    }

    /// Its columns in that coding.
    pub fn columns(&self, coding: Coding) -> Vec<PieceColumn<'_>> {
        match self {
            Piece::Numbers(columns) => columns
                .iter()
                .map(|(name, part, values)| PieceColumn {
                    name: name.clone(),
                    part: part.clone(),
                    cells: Cells::Number(values),
                })
                .collect(),
            Piece::Levels { codes, levels, variable, text } => levels
                .iter()
                .enumerate()
                .skip(usize::from(coding == Coding::Contrast))
                .map(|(code, level)| PieceColumn {
                    name: format!("{text}[{level}]"),
                    part: Part {
                        variable: (*variable).to_string(),
                        level: Some(level.clone()),
                        transform: None,
                        index: None,
                    },
                    cells: Cells::Level(codes, code as u32),
                })
                .collect(),
        }
    }
}

/// What pieces are made from.
pub struct Ground<'a> {
    formula: &'a Formula,
    table: &'a Table,
    weight: Option<&'a Array1<f64>>,
    kinds: HashMap<&'a str, &'a VariableKind>,
    bases: HashMap<&'a str, &'a Basis>,
}

impl<'a> Ground<'a> {
    /// Rows of weight 0 may have levels that are not frozen; they count as the reference.
    pub fn new(
        formula: &'a Formula,
        frozen: &'a Frozen,
        table: &'a Table,
        weight: Option<&'a Array1<f64>>,
    ) -> Ground<'a> {
        Ground {
            formula,
            table,
            weight,
            kinds: frozen.variables.iter().map(|(name, kind)| (name.as_str(), kind)).collect(),
            bases: frozen.bases.iter().map(|(text, basis)| (text.as_str(), basis)).collect(),
        }
    }

    /// The columns of one variable of the formula.
    pub fn piece(&self, atom: &'a Atom) -> Result<Piece<'a>> {
        let variable = atom.columns().first().copied().unwrap_or_default();
        let text = atom.to_string();
        match atom {
            Atom::Column(name) | Atom::Factor(name) => match self.kind(name)? {
                VariableKind::Category(levels) => self.factor(name, levels, text),
                _ if matches!(atom, Atom::Factor(_)) => Err(self.other_kind(name, "a number", "categorical")),
                _ => {
                    let part = Part { variable: name.clone(), level: None, transform: None, index: None };
                    let values = self.numbers_of_column(name)?;
                    Ok(Piece::Numbers(vec![(text, part, Cow::Borrowed(values))]))
                }
            },
            Atom::Transform(e) => {
                let values = self.numbers(e)?;
                Ok(Piece::Numbers(vec![(text.clone(), transformed(variable, text, None), values)]))
            }
            Atom::Rcs(e, _) | Atom::Ns(e, _) | Atom::Poly(e, _) => {
                let basis = self.bases.get(text.as_str()).ok_or_else(|| damaged(&text))?;
                if !is_sound(atom, basis) {
                    return Err(damaged(&text));
                }
                let numbers = self.numbers(e)?;
                let columns = basis_columns(basis, &numbers);
                let is_lost = |row: &usize| {
                    !numbers[*row].is_nan() && columns.iter().any(|column| !column[*row].is_finite())
                };
                if let Some(row) = (0..numbers.len()).find(is_lost) {
                    return Err(self.out_of_range(&text, &format!("{e} = {}", brief(numbers[row])), row));
                }
                let named = columns.into_iter().enumerate().map(|(k, values)| {
                    let part = transformed(variable, text.clone(), Some(k + 1));
                    (format!("{text}[{}]", k + 1), part, Cow::Owned(values))
                });
                Ok(Piece::Numbers(named.collect()))
            }
        }
    }

    /// The numbers of an expression, after a check that each column is of the kind that the fit saw.
    pub fn numbers(&self, e: &Expression) -> Result<Cow<'a, [f64]>> {
        for name in e.columns() {
            self.check_number(name)?;
        }
        numbers(self.formula, e, self.table)
    }

    /// The error for a cell of a column of the design that is beyond all numbers, though what it is made of is not.
    pub fn out_of_range(&self, column: &str, made_of: &str, row: usize) -> Error {
        let place = self.table.place(row);
        Error::data(format!("{place}: `{column}` is not a finite number where {made_of}")).hint(
            "the values are of extreme size, or differ by almost nothing: correct them, or rescale the column, e.g. `I(x / 1000)`",
        )
    }

    fn numbers_of_column(&self, name: &str) -> Result<&'a [f64]> {
        match self.numbers(&Expression::Column(name.to_string()))? {
            Cow::Borrowed(values) => Ok(values),
            Cow::Owned(_) => Err(damaged(name)),
        }
    }

    fn kind(&self, name: &str) -> Result<&'a VariableKind> {
        self.kinds.get(name).copied().ok_or_else(|| damaged(name))
    }

    /// A number stays a number, a date a date; what is text in a function is told by [`numbers`].
    fn check_number(&self, name: &str) -> Result<()> {
        match (self.kind(name)?, &column(self.table, name)?.values) {
            (VariableKind::Number, Values::Date(_)) => Err(self.other_kind(name, "a date", "a number")),
            (VariableKind::Date, Values::Number(_)) => Err(self.other_kind(name, "a number", "a date")),
            (VariableKind::Number, Values::Category { codes, levels }) => {
                Err(self.text_for_number(name, "a number", codes, levels))
            }
            (VariableKind::Date, Values::Category { codes, levels }) => {
                Err(self.text_for_number(name, "a date", codes, levels))
            }
            _ => Ok(()),
        }
    }

    fn text_for_number(&self, name: &str, was: &str, codes: &[u32], levels: &[String]) -> Error {
        let first = codes.iter().position(|c| *c != MISSING);
        let example = first.and_then(|row| Some((row, levels.get(codes[row] as usize)?)));
        let place = example
            .map_or_else(String::new, |(row, level)| format!(", e.g. `{level}` ({})", self.table.place(row)));
        Error::data(format!(
            "column `{name}` is categorical here{place}; when the model was fitted it was {was}"
        ))
        .hint("declare codes that mean missing with `--na`, or correct the file")
    }

    fn other_kind(&self, name: &str, is: &str, was: &str) -> Error {
        Error::data(format!("column `{name}` is {is} here; when the model was fitted it was {was}"))
            .hint("the file must hold this column as the model's file did")
    }

    fn factor(&self, name: &'a str, levels: &'a [String], text: String) -> Result<Piece<'a>> {
        let found = column(self.table, name)?;
        let codes = match &found.values {
            Values::Category { codes, levels: here } => self.recode(found, codes, here, levels)?,
            Values::Number(_) => return Err(self.other_kind(name, "a number", "categorical")),
            Values::Date(_) => return Err(self.other_kind(name, "a date", "categorical")),
        };
        Ok(Piece::Levels { codes, levels, variable: name, text })
    }

    /// The codes of a column in the levels of the fit, matched by name.
    fn recode(&self, found: &Column, codes: &[u32], here: &[String], levels: &[String]) -> Result<Vec<u32>> {
        let known: HashMap<&str, u32> = levels.iter().zip(0..).map(|(l, k)| (l.as_str(), k)).collect();
        let new_codes: Vec<Option<u32>> = here.iter().map(|l| known.get(l.as_str()).copied()).collect();
        let mut recoded = Vec::with_capacity(codes.len());
        for (row, code) in codes.iter().enumerate() {
            recoded.push(match (*code, new_codes.get(*code as usize).copied().flatten()) {
                (MISSING, _) => MISSING,
                (_, Some(new)) => new,
                _ if self.weight.is_some_and(|w| w[row] == 0.0) => 0,
                _ => return Err(self.unknown_level(found, row, *code, here, levels)),
            });
        }
        Ok(recoded)
    }

    fn unknown_level(
        &self,
        found: &Column,
        row: usize,
        code: u32,
        here: &[String],
        levels: &[String],
    ) -> Error {
        let level = here.get(code as usize).map_or("", String::as_str);
        let (name, place) = (&found.name, self.table.place(row));
        Error::data(format!("column `{name}`, {place}: the model has never seen the level `{level}`"))
            .hint(format!("its levels are {}", listed(levels)))
    }
}

/// A number in a message: with an exponent where it is very large or small.
pub fn brief(value: f64) -> String {
    let is_plain = value == 0.0 || (1e-4..1e9).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}

fn transformed(variable: &str, text: String, index: Option<usize>) -> Part {
    Part { variable: variable.to_string(), level: None, transform: Some(text), index }
}

/// What a model file lacks or contradicts.
fn damaged(what: &str) -> Error {
    Error::model(format!("the model does not say how `{what}` was encoded at the fit"))
        .hint("the model file was changed or is incomplete; fit the model again")
}

/// Whether the frozen basis is of the formula's kind and size, so that it can be evaluated.
fn is_sound(atom: &Atom, basis: &Basis) -> bool {
    let ascending = |t: &[f64]| t.iter().all(|k| k.is_finite()) && t.windows(2).all(|p| p[0] < p[1]);
    match (atom, basis) {
        (Atom::Rcs(_, wanted), Basis::Rcs { knots }) => {
            let count = match wanted {
                Knots::Count(count) => *count,
                Knots::At(at) => at.len(),
            };
            knots.len() == count && count >= 3 && ascending(knots)
        }
        (Atom::Ns(_, wanted), Basis::Ns { knots, boundary }) => {
            let count = match wanted {
                Knots::Count(df) => df.saturating_sub(1),
                Knots::At(at) => at.len(),
            };
            knots.len() == count && natural::check(knots, *boundary).is_ok()
        }
        (Atom::Poly(_, degree), Basis::Poly { alpha, norm2 }) => {
            alpha.len() == *degree && norm2.len() == degree + 2 && norm2.iter().all(|n| *n > 0.0)
        }
        _ => false,
    }
}

/// All columns of a basis at these values; NaN where a value is.
pub(crate) fn basis_columns(basis: &Basis, x: &[f64]) -> Vec<Vec<f64>> {
    match basis {
        Basis::Rcs { knots } => {
            (1..knots.len()).map(|j| x.iter().map(|v| spline::rcs_value(*v, knots, j)).collect()).collect()
        }
        Basis::Ns { knots, boundary } => {
            let natural = Natural::new(knots, *boundary);
            by_column(x, natural.n_columns(), |v| natural.values(v))
        }
        Basis::Poly { alpha, norm2 } => by_column(x, alpha.len(), |v| poly::values(v, alpha, norm2)),
    }
}

fn by_column(x: &[f64], n_columns: usize, values: impl Fn(f64) -> Vec<f64>) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::with_capacity(x.len()); n_columns];
    for v in x {
        for (column, value) in columns.iter_mut().zip(values(*v)) {
            column.push(value);
        }
    }
    columns
}
