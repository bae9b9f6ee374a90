//! What a fit learns from its rows and freezes: the levels that occur, knots, orthogonal polynomials.

use std::borrow::Cow;

use ndarray::Array1;
use rayon::prelude::*;

use crate::data::table::{Column, MISSING, Table, Values};
use crate::design::atom::{Atom, Knots};
use crate::design::expression::Expression;
use crate::design::formula::Formula;
use crate::design::matrix::{Basis, Frozen, VariableKind};
use crate::design::numbers::{column, numbers};
use crate::design::sample::Sample;
use crate::design::{natural, poly, spline};
use crate::error::{Error, Result};
use crate::team::{Bits, Ranks};

/// A factor with more levels than this share of the rows names patients, not groups.
const LEVELS_PER_ROW: f64 = 0.5;
/// In a table of at most this many rows every row may have a level of its own before it is called a name.
const FEW_ROWS: usize = 20;

/// Learns from the rows with a positive weight; a weight of 3 counts as three rows.
pub fn learn(formula: &Formula, table: &Table, weight: Option<&Array1<f64>>) -> Result<Frozen> {
    let counted = |row: usize| weight.is_none_or(|w| w[row] > 0.0);
    if !(0..table.n_rows).any(counted) {
        return Err(Error::data("there is no row to fit the model to")
            .hint("each row lacks a value in some column of the formula, or has weight 0"));
    }
    let mut frozen = Frozen::default();
    for name in formula.predictors() {
        let kind = kind_of(formula, column(table, &name)?, counted)?;
        frozen.variables.push((name, kind));
    }
    let model = formula.model()?;
    let mut used = vec![false; model.atoms.len()];
    model.terms.iter().flatten().for_each(|k| used[*k] = true);
    for (atom, _) in model.atoms.iter().zip(used).filter(|(_, used)| *used) {
        let sample = |e: &Expression| sample_of(formula, e, table, weight);
        if let Some(basis) = basis_of(formula, atom, &sample)? {
            frozen.bases.push((atom.to_string(), basis));
        }
    }
    Ok(frozen)
}

/// As [`learn`], from columns that are fetched when they are needed: `get` gives one whole, `kinds` says what each is; and from
/// the rows of other ranks too.
///
/// # Errors
/// As [`learn`], and those of `get`; Formula, where knots would have to be found from rows that may not leave their rank.
pub fn learn_from<'a>(
    formula: &Formula,
    kinds: &[Column],
    get: &dyn Fn(&str) -> Result<Cow<'a, Column>>,
    weight: Option<&Array1<f64>>,
    n_rows: usize,
    ranks: &Ranks,
) -> Result<Frozen> {
    let without_cells = Table { columns: kinds.to_vec(), ..Table::default() };
    if n_rows == 0 {
        return Err(Error::data("there is no row to fit the model to")
            .hint("each row lacks a value in some column of the formula, or has weight 0"));
    }
    let mut frozen = Frozen::default();
    for name in formula.predictors() {
        let kind = match &column(&without_cells, &name)?.values {
            Values::Number(_) => VariableKind::Number,
            Values::Date(_) => VariableKind::Date,
            Values::Category { .. } => {
                let own = get(&name).map(|column| occurring(&column.values, |_| true));
                let (mut occurs, mut n) = (Vec::new(), 0);
                for (own, n_own) in ranks.meet(own)? {
                    occurs.resize(own.len(), false);
                    occurs.iter_mut().zip(own).for_each(|(o, own)| *o |= own);
                    n += n_own;
                }
                used_levels(formula, column(&without_cells, &name)?, &occurs, n)?
            }
        };
        frozen.variables.push((name, kind));
    }
    let model = formula.model()?;
    let mut used = vec![false; model.atoms.len()];
    model.terms.iter().flatten().for_each(|k| used[*k] = true);
    for (atom, _) in model.atoms.iter().zip(used).filter(|(_, used)| *used) {
        let sample = |e: &Expression| {
            let names = e.columns();
            let own = || {
                let columns: Result<Vec<Column>> =
                    names.iter().map(|name| Ok(get(name)?.into_owned())).collect();
                let table = Table { n_rows, columns: columns?, ..Table::default() };
                sample_of(formula, e, &table, weight)
            };
            if ranks.is_alone() {
                return own();
            }
            if ranks.have_own_files() {
                return Err(formula.error_at(&names.concat(), format!(
                    "`{atom}` would be learnt from single values, and only sums may leave a rank with a file of its own"
                ))
                .hint("name the knots, e.g. `rcs(x, c(10, 20, 30))`; or use raw powers, e.g. `I(x^2)`"));
            }
            let pairs = own().map(|sample| bytemuck::cast_slice(&sample.interleaved()).to_vec());
            let all = ranks.lead(pairs, |all| {
                let of_rank = |bytes: &Vec<u8>| bytemuck::pod_collect_to_vec::<u8, f64>(bytes);
                let (values, counts): (Vec<f64>, Vec<f64>) =
                    all.iter().map(of_rank).flat_map(Sample::pairs_of).unzip();
                Ok(Bits::of(&Sample::of(&values, Some(&counts)).interleaved()))
            })?;
            let (values, counts): (Vec<f64>, Vec<f64>) = Sample::pairs_of(all.numbers()).unzip();
            Ok(Sample::counted(&values, &counts))
        };
        if let Some(basis) = basis_of(formula, atom, &sample)? {
            frozen.bases.push((atom.to_string(), basis));
        }
    }
    Ok(frozen)
}

fn kind_of(
    formula: &Formula,
    column: &Column,
    counted: impl Fn(usize) -> bool + Sync,
) -> Result<VariableKind> {
    match &column.values {
        Values::Number(_) => Ok(VariableKind::Number),
        Values::Date(_) => Ok(VariableKind::Date),
        Values::Category { .. } => {
            let (occurs, n_rows) = occurring(&column.values, counted);
            used_levels(formula, column, &occurs, n_rows)
        }
    }
}

/// Which levels occur, and in how many rows any.
fn occurring(values: &Values, counted: impl Fn(usize) -> bool + Sync) -> (Vec<bool>, usize) {
    let Values::Category { codes, levels } = values else { return (Vec::new(), 0) };
    let none = || (vec![false; levels.len()], 0);
    let with = |(mut occurs, n_rows): (Vec<bool>, usize), (row, code): (usize, &u32)| {
        if *code == MISSING || !counted(row) {
            return (occurs, n_rows);
        }
        occurs[*code as usize] = true;
        (occurs, n_rows + 1)
    };
    let and = |(a, n_a): (Vec<bool>, usize), (b, n_b)| (either(a, b), n_a + n_b);
    codes.par_iter().enumerate().with_min_len(ROWS_AT_ONCE).fold(none, with).reduce(none, and)
}

/// Whether one or the other, place by place.
pub fn either(a: Vec<bool>, b: Vec<bool>) -> Vec<bool> {
    a.into_iter().zip(b).map(|(a, b)| a || b).collect()
}

/// Rows that a thread looks at in one go, at least.
const ROWS_AT_ONCE: usize = 1 << 14;

/// A factor of the levels that occur.
fn used_levels(formula: &Formula, column: &Column, occurs: &[bool], n_rows: usize) -> Result<VariableKind> {
    let Values::Category { levels, .. } = &column.values else { return Ok(VariableKind::Number) };
    let used: Vec<String> = levels.iter().zip(occurs).filter(|(_, o)| **o).map(|(l, _)| l.clone()).collect();
    check_levels(formula, &column.name, &used, n_rows)?;
    Ok(VariableKind::Category(used))
}

/// Refuses a factor of one level, and one that names (nearly) every patient.
fn check_levels(formula: &Formula, name: &str, levels: &[String], n_rows: usize) -> Result<()> {
    if let [only] = levels {
        return Err(formula
            .error_at(name, format!("`{name}` has only one level in the rows used: {only}"))
            .hint(format!("there is nothing to compare; leave it out (after `.`: `- {name}`)")));
    }
    let n = levels.len();
    let too_many = n as f64 > LEVELS_PER_ROW * n_rows as f64 && n_rows > FEW_ROWS;
    if too_many || (n == n_rows && n > 2) {
        let what = format!(
            "`{name}` has {} different values in {} rows: it identifies patients and is no factor",
            thousands(n),
            thousands(n_rows)
        );
        return Err(formula.error_at(name, what).hint(format!(
            "leave it out (after `.`: `- {name}`); if it should be a number, declare its other cells with `--na`"
        )));
    }
    Ok(())
}

/// 1998 as `1,998`.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The values of an expression with their frequencies.
fn sample_of(
    formula: &Formula,
    e: &Expression,
    table: &Table,
    weight: Option<&Array1<f64>>,
) -> Result<Sample> {
    let values = numbers(formula, e, table)?;
    let rows: Vec<usize> = (0..table.n_rows).filter(|r| !values[*r].is_nan()).collect();
    let cells: Vec<f64> = rows.iter().map(|r| values[*r]).collect();
    let counts: Option<Vec<f64>> = weight.map(|w| rows.iter().map(|r| w[*r]).collect());
    Ok(Sample::of(&cells, counts.as_deref()))
}

/// What a spline or polynomial learns from the frequencies that `sample` gives; `None` for what learns nothing.
pub fn basis_of(
    formula: &Formula,
    atom: &Atom,
    sample: &dyn Fn(&Expression) -> Result<Sample>,
) -> Result<Option<Basis>> {
    let basis = match atom {
        Atom::Column(_) | Atom::Factor(_) | Atom::Transform(_) => return Ok(None),
        Atom::Rcs(e, Knots::Count(count)) => {
            spline::default_knots(&sample(e)?, *count).map(|knots| Basis::Rcs { knots })
        }
        Atom::Rcs(_, Knots::At(knots)) => Ok(Basis::Rcs { knots: knots.clone() }),
        Atom::Ns(e, Knots::Count(df)) => {
            natural::default_knots(&sample(e)?, *df).map(|(knots, boundary)| Basis::Ns { knots, boundary })
        }
        Atom::Ns(e, Knots::At(knots)) => natural::extremes(&sample(e)?).and_then(|boundary| {
            natural::check(knots, boundary)?;
            Ok(Basis::Ns { knots: knots.clone(), boundary })
        }),
        Atom::Poly(e, degree) => {
            poly::orthogonal(&sample(e)?, *degree).map(|(alpha, norm2)| Basis::Poly { alpha, norm2 })
        }
    };
    basis.map(Some).map_err(|why| {
        let hint = match atom {
            Atom::Poly(..) => "use a lower degree",
            Atom::Ns(..) => "use fewer degrees of freedom, or give inner knots: `ns(x, knots = c(...))`",
            _ => "use fewer knots, or give them: `rcs(x, c(...))`",
        };
        let name = atom.columns().first().copied().unwrap_or_default();
        formula.error_at(name, format!("`{atom}` cannot be built: {why}")).hint(hint)
    })
}
