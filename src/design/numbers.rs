//! The numbers of an expression in a table, or the cell that has none.

use std::borrow::Cow;

use crate::data::table::{Column, Table, Values};
use crate::design::expression::{Expression, Function};
use crate::design::formula::Formula;
use crate::error::{Error, Result, probably_meant};

/// Levels listed in a message.
const LISTED: usize = 6;

/// The column of that name.
///
/// # Errors
/// Data, when the table has none: it says which was probably meant.
pub fn column<'a>(table: &'a Table, name: &str) -> Result<&'a Column> {
    table.column(name).ok_or_else(|| {
        let error = Error::data(format!("the data have no column `{name}`, which the model uses"));
        match probably_meant(name, table.columns.iter().map(|c| c.name.as_str())) {
            Some(near) => error.hint(format!("is it the column `{near}`? Then rename that to `{name}`")),
            None => error,
        }
    })
}

/// The value of an expression in each row; NaN where a cell is missing.
///
/// # Errors
/// Formula, when a column is text; Data, when a row has a value of which the function is not a finite number.
pub fn numbers<'a>(formula: &Formula, expression: &Expression, table: &'a Table) -> Result<Cow<'a, [f64]>> {
    let mut cells: Vec<(&str, &[f64])> = Vec::new();
    for name in expression.columns() {
        cells.push((name, number_cells(formula, expression, column(table, name)?)?));
    }
    let find = |name: &str| cells.iter().find(|(n, _)| *n == name).map_or(&[][..], |(_, c)| *c);
    let values = match expression {
        Expression::Column(name) => Cow::Borrowed(find(name)),
        _ => Cow::Owned(expression.evaluate(table.n_rows, &find)),
    };
    for (row, value) in values.iter().enumerate() {
        if !value.is_finite() && cells.iter().all(|(_, c)| !c[row].is_nan()) {
            return Err(not_finite(expression, &cells, table, row));
        }
    }
    Ok(values)
}

fn number_cells<'a>(formula: &Formula, expression: &Expression, column: &'a Column) -> Result<&'a [f64]> {
    match &column.values {
        Values::Number(cells) | Values::Date(cells) => Ok(cells),
        Values::Category { levels, .. } => {
            let name = &column.name;
            let what = match expression {
                Expression::Column(_) => format!("numbers are needed here, and `{name}` is categorical"),
                _ => format!("`{expression}` needs numbers, and `{name}` is categorical"),
            };
            let error = formula.error_at(name, format!("{what} ({})", listed(levels)));
            Err(error.hint(format!("a categorical variable is a term as it is: `+ {name}`")))
        }
    }
}

/// Some of the levels, with a note of how many more there are.
pub fn listed(levels: &[String]) -> String {
    let mut text = levels.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if levels.len() > LISTED {
        text.push_str(&format!(" and {} more", levels.len() - LISTED));
    }
    text
}

fn not_finite(expression: &Expression, cells: &[(&str, &[f64])], table: &Table, row: usize) -> Error {
    let inputs: Vec<String> = cells.iter().map(|(name, c)| format!("{name} = {}", c[row])).collect();
    let place = table.place(row);
    let all_finite = cells.iter().all(|(_, c)| c[row].is_finite());
    if !all_finite {
        return Error::data(format!("{place}: {} is not a finite number", inputs.join(", ")))
            .hint("correct the cell, or declare it as missing with `--na`");
    }
    let error =
        Error::data(format!("{place}: `{expression}` is not a finite number where {}", inputs.join(", ")));
    match expression {
        Expression::Call(Function::Log | Function::Log2 | Function::Log10, inner)
            if matches!(**inner, Expression::Column(_)) =>
        {
            error.hint(format!(
                "a logarithm needs values above 0; correct the cell, declare it as missing with `--na`, or use \
                 `log({inner} + 1)`"
            ))
        }
        _ => error.hint("correct the cell, declare it as missing with `--na`, or use another transform"),
    }
}
