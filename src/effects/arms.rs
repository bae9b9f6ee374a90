//! The arms of a trial: the values of the treatment column, who is in which, and the table with everyone in one arm.

use crate::data::choices::no_such_column;
use crate::data::table::{Column, MISSING, Table, Values};
use crate::design::formula::Formula;
use crate::design::matrix::{Frozen, VariableKind};
use crate::error::{Error, Result};
use crate::fit::prepare::Prepared;

/// A treatment with more values than this is a dose or an identifier.
pub const MOST_ARMS: usize = 20;

/// The arms, the reference first.
#[derive(Debug, Clone, PartialEq)]
pub struct Arms {
    /// The column.
    pub variable: String,
    /// The levels as text.
    pub levels: Vec<String>,
    /// The arm of each row used.
    pub of_row: Vec<u8>,
    cells: Vec<Cell>,
}

/// One value of a column, for every patient.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A number.
    Number(f64),
    /// A day.
    Date(f64),
    /// One of some levels.
    Level(u32, Vec<String>),
}

impl Cell {
    /// Of one level among those of a column; missing, where it is none of them.
    pub fn of_level(level: &str, levels: &[String]) -> Cell {
        let code = levels.iter().position(|l| l == level);
        Cell::Level(code.map_or(MISSING, |k| u32::try_from(k).unwrap_or(MISSING)), levels.to_vec())
    }

    /// So many of it.
    pub fn times(&self, n: usize) -> Values {
        match self {
            Cell::Number(x) => Values::Number(vec![*x; n]),
            Cell::Date(x) => Values::Date(vec![*x; n]),
            Cell::Level(code, levels) => Values::Category { codes: vec![*code; n], levels: levels.clone() },
        }
    }
}

/// Refuses, before a long job, a treatment that the formula does not have as a predictor.
///
/// # Errors
/// Data, when there is no such column; Formula, when it is the outcome, an offset, or not in the formula.
pub fn check(treatment: &str, formula: &Formula, header: &[String]) -> Result<()> {
    if !header.iter().any(|name| name == treatment) {
        return Err(no_such_column(treatment, header, ", which --treatment names"));
    }
    if formula.outcome_variable() == treatment {
        return Err(Error::formula(format!("`{treatment}` is the outcome and cannot be the treatment"))
            .hint("name the column of the arms: `--treatment ARM`"));
    }
    let model = formula.model()?;
    if model.offsets.iter().any(|e| e.columns().contains(&treatment)) {
        return Err(Error::formula(format!(
            "`{treatment}` stands in an offset: its effect is not estimated"
        ))
        .hint("take the treatment out of `offset()`"));
    }
    let in_a_term = model.terms.iter().flatten().any(|k| model.atoms[*k].columns().contains(&treatment));
    if !in_a_term {
        return Err(Error::formula(format!("the treatment `{treatment}` is not in the formula"))
            .hint(format!("write `{} ~ {treatment} + ...`", formula.outcome_text())));
    }
    Ok(())
}

/// The variables that share a term with the treatment.
///
/// # Errors
/// Formula, when it has a `.` that was not resolved.
pub fn modifiers(treatment: &str, formula: &Formula) -> Result<Vec<String>> {
    let model = formula.model()?;
    let mut others: Vec<String> = Vec::new();
    for term in &model.terms {
        let columns: Vec<&str> = term.iter().flat_map(|k| model.atoms[*k].columns()).collect();
        if columns.contains(&treatment) {
            for name in columns.into_iter().filter(|name| *name != treatment) {
                if !others.iter().any(|other| other == name) {
                    others.push(name.to_string());
                }
            }
        }
    }
    Ok(others)
}

impl Arms {
    /// The arms of the rows used: levels in their order, numbers ascending.
    ///
    /// # Errors
    /// Data: a date, one value only, more than [`MOST_ARMS`].
    pub fn of(treatment: &str, prepared: &Prepared) -> Result<Arms> {
        let column = prepared
            .used
            .column(treatment)
            .ok_or_else(|| Error::data(format!("there is no column `{treatment}` among the rows used")))?;
        Arms::of_column(column, &prepared.frozen)
    }

    /// The same of the treatment's column of the rows used; frozen: what the fit learnt.
    ///
    /// # Errors
    /// As [`Arms::of`].
    pub fn of_column(column: &Column, frozen: &Frozen) -> Result<Arms> {
        let treatment = column.name.as_str();
        let (levels, of_row, cells) = match &column.values {
            Values::Date(_) => {
                return Err(Error::data(format!("the treatment `{treatment}` is a date"))
                    .hint("name the column of the arms: `--treatment ARM`"));
            }
            Values::Number(v) => numeric(treatment, v)?,
            Values::Category { codes, levels } => {
                let frozen = frozen.variables.iter().find(|(name, _)| name == treatment);
                let Some((_, VariableKind::Category(used))) = frozen else {
                    return Err(Error::data(format!("the levels of `{treatment}` are not known")));
                };
                categorical(codes, levels, used)
            }
        };
        match levels.as_slice() {
            [only] => Err(Error::data(format!(
                "all rows used have `{treatment}` = {only}: there is no other arm"
            ))
            .hint("check which rows were dropped, and whether a missing code hides the other arm (`--na`)")),
            many if many.len() > MOST_ARMS => Err(too_many(treatment, many.len())),
            _ => Ok(Arms { variable: treatment.to_string(), levels, of_row, cells }),
        }
    }

    /// The table with every patient in one arm.
    pub fn everyone_in(&self, arm: usize, table: &Table) -> Table {
        with_column(table, &self.variable, &self.cells[arm])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    /// Never: there are two at least.
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Whether a row is in an arm.
    pub fn has(&self, arm: usize, row: usize) -> bool {
        usize::from(self.of_row[row]) == arm
    }
}

/// The table with one column replaced by one value.
pub fn with_column(table: &Table, name: &str, cell: &Cell) -> Table {
    let changed = |column: &Column| {
        if column.name == name {
            Column { name: name.to_string(), values: cell.times(table.n_rows) }
        } else {
            column.clone()
        }
    };
    Table {
        columns: table.columns.iter().map(changed).collect(),
        n_rows: table.n_rows,
        lines: table.lines.clone(),
        origins: table.origins.clone(),
    }
}

type Parts = (Vec<String>, Vec<u8>, Vec<Cell>);

fn numeric(treatment: &str, v: &[f64]) -> Result<Parts> {
    let mut values = v.to_vec();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| a == b);
    if values.len() > MOST_ARMS {
        return Err(too_many(treatment, values.len()));
    }
    let place = |x: &f64| values.iter().position(|value| value == x).expect("it is one of them") as u8;
    let of_row = v.iter().map(place).collect();
    let levels = values.iter().map(f64::to_string).collect();
    Ok((levels, of_row, values.iter().map(|x| Cell::Number(*x)).collect()))
}

/// Of more than [`MOST_ARMS`] levels no row has a right arm: that is refused.
fn categorical(codes: &[u32], levels: &[String], used: &[String]) -> Parts {
    let cells: Vec<Cell> = used.iter().map(|level| Cell::of_level(level, levels)).collect();
    let arm_of =
        |code: u32| cells.iter().position(|cell| matches!(cell, Cell::Level(own, _) if *own == code));
    let arms: Vec<Option<usize>> = (0..levels.len() as u32).map(arm_of).collect();
    let of_row = codes.iter().map(|c| arms[*c as usize].expect("every row has a level that occurs") as u8);
    (used.to_vec(), of_row.collect(), cells)
}

fn too_many(treatment: &str, n: usize) -> Error {
    Error::data(format!("the treatment `{treatment}` has {n} different values, more than {MOST_ARMS} arms"))
        .hint("name the column of the arms: `--treatment ARM`")
}
