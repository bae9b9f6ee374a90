//! The data leg of a fit: formula and file become complete rows, an outcome, a design, and the ledger of all losses.

use ndarray::Array1;

use crate::data::csv::Source;
use crate::data::missing::{Gaps, Ledger, complete_rows};
use crate::data::table::{Column, Table, Values};
use crate::design::formula::Formula;
use crate::design::matrix::{Encoded, Frozen, encode};
use crate::design::scale::in_range;
use crate::error::{Error, Result};
use crate::fit::outcome::{Chosen, choose};
use crate::fit::spec::{Robust, Spec};

/// Everything that a fit needs of the data.
pub struct Prepared {
    /// With `.` written out.
    pub formula: Formula,
    /// The rows used: every column of the formula.
    pub used: Table,
    /// Family, event and numbers of the outcome.
    pub chosen: Chosen,
    /// The design in the user's units.
    pub encoded: Encoded,
    /// Levels, knots, kinds.
    pub frozen: Frozen,
    /// Frequency weights of the rows used.
    pub weight: Option<Array1<f64>>,
    /// Cluster of each row used, counted from 0.
    pub cluster: Option<Vec<u32>>,
    /// Rows read, used, dropped, and every decision.
    pub ledger: Ledger,
    /// What all rows of the file lack of the formula's variables; empty where they lack nothing.
    pub gaps: Gaps,
}

/// 1. Reads the formula; 2. types its columns, the weights and the clusters; 3. drops incomplete rows, by name;
/// 4. chooses family and event; 5. encodes.
///
/// # Errors
/// Formula or data, as each step says; data, when numbers are too large or too small to compute with, when rows are missing and the specification says to stop, or when no
/// row is left.
pub fn prepare(spec: &Spec, source: &Source) -> Result<Prepared> {
    let formula = Formula::parse(&spec.formula)?.resolve(&source.header, &spec.beside())?; // 1
    let mut choices = spec.data.clone();
    choices.factors.extend(formula.factor_variables());
    let typed = source.typed(&formula.variables(), &choices)?; // 2
    let mut notices = source.notices.clone();
    notices.extend(typed.notices);
    let extras = extra_columns(spec, source)?;
    let gaps = Gaps::of(&typed.table);
    let (used, extras, mut ledger) = complete(spec, source, typed.table, extras)?; // 3
    let chosen = choose(&formula, spec.family, spec.event.as_deref(), &used)?; // 4
    notices.extend(chosen.notices.iter().cloned());
    notices.extend(extras.notices);
    let (encoded, frozen) = encode(&formula, &used, extras.weight.as_ref())?; // 5
    check_range(&encoded)?;
    ledger.notices = notices;
    Ok(Prepared {
        formula,
        used,
        chosen,
        encoded,
        frozen,
        weight: extras.weight,
        cluster: extras.cluster,
        ledger,
        gaps,
    })
}

/// Refuses columns of a design that are beyond the range of computing.
fn check_range(design: &Encoded) -> Result<()> {
    let mut largest = vec![0.0_f64; design.terms.len()];
    for row in design.x.rows() {
        largest.iter_mut().zip(row).for_each(|(largest, cell)| *largest = largest.max(cell.abs()));
    }
    let mut columns = design.terms.iter().zip(largest);
    columns.try_for_each(|(term, largest)| in_range(&format!("`{}`", term.name), largest))
}

/// The columns beside the formula's: weights (a number) and clusters (levels whatever they look like).
struct Beside {
    weight: Option<Column>,
    cluster: Option<Column>,
}

/// Weights and clusters of the rows used.
struct Extras {
    weight: Option<Array1<f64>>,
    cluster: Option<Vec<u32>>,
    notices: Vec<String>,
}

fn extra_columns(spec: &Spec, source: &Source) -> Result<Beside> {
    let one = |name: &String, as_factor: bool| -> Result<Column> {
        let mut choices =
            crate::data::choices::DataChoices { na: spec.data.na.clone(), ..Default::default() };
        if as_factor {
            choices.factors.push(name.clone());
        } else {
            choices.numbers.push(name.clone());
        }
        let mut table = source.typed(std::slice::from_ref(name), &choices)?.table;
        Ok(table.columns.remove(0))
    };
    let weight = spec.weights.as_ref().map(|name| one(name, false)).transpose()?;
    let cluster = match &spec.robust {
        Robust::Cluster { variable, .. } => Some(one(variable, true)?),
        _ => None,
    };
    Ok(Beside { weight, cluster })
}

/// Drops the rows that lack a value, and counts them by variable.
fn complete(spec: &Spec, source: &Source, table: Table, beside: Beside) -> Result<(Table, Extras, Ledger)> {
    let mut all = table.clone();
    for extra in [&beside.weight, &beside.cluster].into_iter().flatten() {
        if all.column(&extra.name).is_none() {
            all.columns.push(extra.clone());
        }
    }
    let (mut keep, missing) = complete_rows(&all);
    if spec.fail_on_missing && !missing.is_empty() {
        let list: Vec<String> = missing.iter().map(|(name, n)| format!("`{name}` in {n}")).collect();
        return Err(Error::data(format!("rows with a missing value: {}", list.join(", ")))
            .hint("`--missing complete-case` drops them and says how many"));
    }
    let mut dropped_otherwise = Vec::new();
    if let Some(column) = &beside.weight {
        let zero = drop_zero_weights(column, &table, &mut keep)?;
        if zero > 0 {
            dropped_otherwise.push((format!("`{}` is 0", column.name), zero));
        }
    }
    let used = table.filter(&keep);
    let ledger = Ledger {
        file: source.file.clone(),
        sha256: source.sha256.clone(),
        rows_read: source.n_rows,
        rows_used: used.n_rows,
        missing,
        dropped_otherwise,
        notices: Vec::new(),
        withheld: None,
    };
    if used.n_rows == 0 {
        return Err(nothing_left(&ledger));
    }
    let mut extras = Extras { weight: None, cluster: None, notices: Vec::new() };
    if let Some(column) = beside.weight {
        extras.notices.push(format!("frequency weights from `{}`", column.name));
        if let Values::Number(w) = column.values.filter(&keep) {
            if w.iter().any(|x| x.fract() != 0.0) {
                extras.notices.push(format!(
                    "some weights in `{}` are not whole numbers; they count as frequencies all the same, so n is their sum",
                    column.name
                ));
            }
            extras.weight = Some(Array1::from_vec(w));
        }
    }
    if let Some(column) = beside.cluster
        && let Values::Category { codes, .. } = column.values.filter(&keep)
    {
        extras.cluster = Some(codes);
    }
    Ok((used, extras, ledger))
}

/// Refuses negative weights; rows of weight 0 do not count. Returns how many complete rows had one.
fn drop_zero_weights(column: &Column, table: &Table, keep: &mut [bool]) -> Result<usize> {
    let Values::Number(weights) = &column.values else {
        return Err(Error::data(format!("the weights `{}` are not numbers", column.name)));
    };
    let mut zero = 0;
    for (row, w) in weights.iter().enumerate() {
        if *w < 0.0 || w.is_infinite() {
            return Err(Error::data(format!("weight `{}`, {}: {w}", column.name, table.place(row)))
                .hint("a frequency weight counts patients: 0 or more"));
        }
        if *w == 0.0 && keep[row] {
            keep[row] = false;
            zero += 1;
        }
    }
    Ok(zero)
}

pub(crate) fn nothing_left(ledger: &Ledger) -> Error {
    let worst = ledger.missing.iter().max_by_key(|(_, n)| *n);
    let why = match worst {
        Some((name, n)) => format!("; `{name}` is missing in {n} of {}", ledger.rows_read),
        None => String::new(),
    };
    Error::data(format!("no row has a value in every variable of the formula{why}"))
        .hint("leave the variable out of the formula, or check what means missing (`--na`)")
}
