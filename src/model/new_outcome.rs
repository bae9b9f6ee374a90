//! The outcome of new data, which may have another name there and other words for the event.

use std::collections::HashMap;

use crate::data::choices::{DataChoices, no_such_column};
use crate::data::csv::Source;
use crate::data::table::{Column, Table, Values};
use crate::design::formula::Formula;
use crate::design::matrix::outcome_numbers;
use crate::error::{Error, Result};
use crate::model::{EvaluateOptions, Family, Model};

/// The outcome's columns, all rows, and which values are the event and its opposite.
pub(super) struct NewOutcome {
    /// Under the names that the formula has for them.
    pub columns: Vec<Column>,
    /// The name of the first in the new file.
    pub name: String,
    /// Logistic: the event and the other value, where that is known before the rows are seen.
    pub event: Option<(String, Option<String>)>,
    /// Whether the user named the event.
    event_is_named: bool,
    /// Decisions on the columns.
    pub notices: Vec<String>,
}

/// Reads the outcome's columns.
///
/// # Errors
/// Usage, when `--event` goes with a linear model; Data, when a column is missing or cannot be typed.
pub(super) fn read(
    model: &Model,
    formula: &Formula,
    source: &Source,
    options: &EvaluateOptions,
) -> Result<NewOutcome> {
    if model.family == Family::Linear && options.event.is_some() {
        return Err(Error::usage("`--event` goes with a logistic model, and this one is linear")
            .hint("leave out `--event`"));
    }
    let first = formula.outcome_variable();
    let name = options.outcome.clone().unwrap_or_else(|| first.to_string());
    if !source.header.contains(&name) {
        let error = no_such_column(&name, &source.header, &format!(" in `{}`, the outcome", source.file));
        return Err(if options.outcome.is_some() {
            error
        } else {
            let hint = error.hint.clone().unwrap_or_default();
            error.hint(format!("`--outcome VAR` says what it is called there; {hint}"))
        });
    }
    let own_names: Vec<&str> = formula.outcome().columns();
    let read: Vec<String> =
        own_names.iter().map(|own| if *own == first { name.clone() } else { (*own).to_string() }).collect();
    let mut choices =
        DataChoices { na: model.data.na.iter().chain(&options.na).cloned().collect(), ..Default::default() };
    if model.family == Family::Linear {
        choices.numbers = read.clone();
    }
    let mut typed = source.typed(&read, &choices)?;
    for (column, own) in typed.table.columns.iter_mut().zip(&own_names) {
        column.name = (*own).to_string();
    }
    let event = (model.family == Family::Logistic).then(|| match &options.event {
        Some(event) => (event.trim().to_string(), None),
        None => (model.outcome.event.clone().unwrap_or_default(), model.outcome.non_event.clone()),
    });
    Ok(NewOutcome {
        columns: typed.table.columns,
        name,
        event,
        event_is_named: options.event.is_some(),
        notices: typed.notices,
    })
}

impl NewOutcome {
    /// The outcome of the rows used, one number a row; logistic: 1 for the event. `used` holds the outcome's columns.
    ///
    /// # Errors
    /// Data: a value that is neither the event nor its opposite (with its line), one value in all rows, a transform
    /// that is not finite.
    pub fn numbers(&self, formula: &Formula, used: &Table) -> Result<Vec<f64>> {
        let Some((event, other)) = &self.event else {
            return Ok(outcome_numbers(formula, used)?.to_vec());
        };
        let column = used.column(formula.outcome_variable()).expect("the outcome was read");
        let (cells, code_of) = distinct(&column.values);
        let mut other = other.clone();
        self.check_values(&cells, event)?;
        for (cell, first_row) in &cells {
            if same(cell, event) {
                continue;
            }
            match &other {
                Some(known) if same(cell, known) => {}
                Some(known) => return Err(self.stranger(&used.place(*first_row), cell, event, known)),
                None => other = Some(cell.clone()),
            }
        }
        if let Some((only, _)) =
            cells.first().filter(|first| cells.iter().all(|(cell, _)| same(cell, &first.0)))
        {
            let n = used.n_rows;
            return Err(Error::data(format!(
                "`{}` is {only} in all {n} rows used: discrimination and calibration cannot be measured",
                self.name
            ))
            .hint(format!("data with events (`{event}`) and non-events are needed; `--event` says which value is the event")));
        }
        let numbers: Vec<f64> =
            cells.iter().map(|(cell, _)| f64::from(u8::from(same(cell, event)))).collect();
        Ok(code_of.iter().map(|code| numbers[*code as usize]).collect())
    }

    /// Refuses an outcome of many values, and an event that was named and does not occur.
    fn check_values(&self, cells: &[(String, usize)], event: &str) -> Result<()> {
        const SHOWN: usize = 8;
        let mut values: Vec<&String> = cells.iter().map(|(cell, _)| cell).collect();
        values.sort();
        let list = values.iter().take(SHOWN).map(|v| v.as_str()).collect::<Vec<_>>().join(", ");
        let more = if values.len() > SHOWN { ", ..." } else { "" };
        if values.len() > SHOWN {
            return Err(Error::data(format!(
                "a logistic model needs an outcome of two values; `{}` has {}: {list}{more}",
                self.name,
                values.len()
            ))
            .hint("`--outcome VAR` says which column is the outcome"));
        }
        if self.event_is_named && !values.iter().any(|value| same(value, event)) {
            return Err(Error::data(format!(
                "`--event {event}`: no row used has `{}` = {event}; it has {list}",
                self.name
            ))
            .hint("name the value that is the event in this file"));
        }
        Ok(())
    }

    fn stranger(&self, place: &str, cell: &str, event: &str, other: &str) -> Error {
        Error::data(format!(
            "outcome `{}`, {place}: `{cell}` is neither `{event}` (the event) nor `{other}`",
            self.name
        ))
        .hint(format!(
            "where the file has other words than the fit, `--event {}` says which is the event; `--na` declares codes \
             that mean missing",
            if cell.contains(' ') { format!("'{cell}'") } else { cell.to_string() }
        ))
    }
}

/// The different cells of a column without missing ones, as text, each with its first row, in the order of these; and of each row which it is.
fn distinct(values: &Values) -> (Vec<(String, usize)>, Vec<u32>) {
    let mut cells = Vec::new();
    let mut known: HashMap<u64, u32> = HashMap::new();
    let mut code = |row: usize| {
        let key = match values {
            Values::Category { codes, .. } => u64::from(codes[row]),
            Values::Number(v) | Values::Date(v) => v[row].to_bits(),
        };
        *known.entry(key).or_insert_with(|| {
            cells.push((text(values, row), row));
            (cells.len() - 1) as u32
        })
    };
    let codes = (0..values.len()).map(&mut code).collect();
    (cells, codes)
}

/// A cell that is not missing as text; a number as the fit names it.
fn text(values: &Values, row: usize) -> String {
    match values {
        Values::Category { codes, levels } => levels[codes[row] as usize].clone(),
        Values::Number(v) | Values::Date(v) => v[row].to_string(),
    }
}

/// The same text, or the same number.
fn same(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}
