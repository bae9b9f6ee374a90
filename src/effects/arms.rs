//! The arms of a trial: the values of the treatment column, who is in which, and the table with everyone in one arm.

use crate::data::choices::no_such_column;
use crate::data::table::{Column, MISSING, Table, Values};
use crate::design::formula::Formula;
use crate::design::matrix::VariableKind;
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
    pub of_row: Vec<usize>,
    cells: Vec<Values>,
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
        let n = prepared.used.n_rows;
        let (levels, of_row, cells) = match &column.values {
            Values::Date(_) => {
                return Err(Error::data(format!("the treatment `{treatment}` is a date"))
                    .hint("name the column of the arms: `--treatment ARM`"));
            }
            Values::Number(v) => numeric(treatment, v, n)?,
            Values::Category { codes, levels } => {
                let frozen = prepared.frozen.variables.iter().find(|(name, _)| name == treatment);
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
        with_column(table, &self.variable, self.cells[arm].clone())
    }
}

/// The table with one column replaced.
pub fn with_column(table: &Table, name: &str, values: Values) -> Table {
    let mut changed = table.clone();
    for column in &mut changed.columns {
        if column.name == name {
            *column = Column { name: name.to_string(), values: values.clone() };
        }
    }
    changed
}

type Parts = (Vec<String>, Vec<usize>, Vec<Values>);

fn numeric(treatment: &str, v: &[f64], n: usize) -> Result<Parts> {
    let mut values = v.to_vec();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| a == b);
    if values.len() > MOST_ARMS {
        return Err(too_many(treatment, values.len()));
    }
    let place = |x: &f64| values.iter().position(|value| value == x).expect("it is one of them");
    let of_row = v.iter().map(place).collect();
    let levels = values.iter().map(f64::to_string).collect();
    Ok((levels, of_row, values.iter().map(|x| Values::Number(vec![*x; n])).collect()))
}

fn categorical(codes: &[u32], levels: &[String], used: &[String]) -> Parts {
    let code = |level: &String| {
        levels.iter().position(|l| l == level).map_or(MISSING, |k| u32::try_from(k).unwrap_or(MISSING))
    };
    let own: Vec<u32> = used.iter().map(code).collect();
    let of_row = codes
        .iter()
        .map(|c| own.iter().position(|o| o == c).expect("every row has a level that occurs"))
        .collect();
    let cells = own
        .iter()
        .map(|c| Values::Category { codes: vec![*c; codes.len()], levels: levels.to_vec() })
        .collect();
    (used.to_vec(), of_row, cells)
}

fn too_many(treatment: &str, n: usize) -> Error {
    Error::data(format!("the treatment `{treatment}` has {n} different values, more than {MOST_ARMS} arms"))
        .hint("name the column of the arms: `--treatment ARM`")
}
