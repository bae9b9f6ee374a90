//! `clinreg predict`: the columns and rows of new data with the model's predictions and their intervals.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::cli::args::{Global, PredictArgs};
use crate::cli::comparison::digits;
use crate::cli::files::{check_file, deliver};
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::data::csv::{self, Source};
use crate::data::spreadsheet::safe;
use crate::error::{Error, Result};
use crate::model::{Model, Predictions};

/// A column that is added: its name and a number a row.
struct Added {
    name: &'static str,
    values: Vec<Option<f64>>,
}

/// The verb: reads model and data, writes the table.
///
/// # Errors
/// Model, Data or Io; nothing half-written is left.
pub fn run(args: &PredictArgs, global: &Global, say: &Say) -> Result<Status> {
    check_file(global.out.as_deref(), &[&args.model, &args.data])?;
    let text = read_model(&args.model)?;
    let model = Model::from_json(&text).map_err(|error| in_file(error, &args.model))?;
    warn_if_unconverged(&text);
    let source = csv::open(&args.data)?;
    source.notices.iter().for_each(|notice| say.note(&format!("note: {notice}")));
    let predictions = model.predict(&source, args.conf_level.unwrap_or(0.95))?;
    let added = added(&predictions);
    check_names(&source, &added)?;
    let table = table(&source, &added)?;
    if let Some(path) = &global.out {
        deliver(Some(path), &table)?;
    } else if !say.json {
        deliver(None, &table)?;
    }
    if say.json {
        say::data(&as_json(&source, &predictions, &added))?;
    }
    tell_missing(&source, &predictions);
    if let Some(path) = &global.out {
        say.written(path);
    }
    Ok(Status::Done)
}

pub(super) fn read_model(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|cause| Error::io("read", path, &cause))?;
    String::from_utf8(bytes).map_err(|_| {
        Error::model(format!("`{}` is not text, so it is no model file", path.display()))
            .hint("give the `model.json` that `clinreg fit` wrote")
    })
}

pub(super) fn in_file(mut error: Error, path: &Path) -> Error {
    error.message = format!("`{}`: {}", path.display(), error.message);
    error
}

/// A descent that stopped early predicts too, but nobody shall miss it.
fn warn_if_unconverged(model: &str) {
    let read: serde_json::Value = serde_json::from_str(model).unwrap_or_default();
    let end = &read["convergence"];
    if end["converged"] == false {
        let reason = end["reason"].as_str().unwrap_or("the reason is not recorded");
        say::warn(
            &format!("the model did not converge ({reason}): its coefficients are not the answer"),
            Some("fit it again, e.g. with `--optimizer auto`, before its predictions are used"),
        );
    }
}

fn added(predictions: &Predictions) -> Vec<Added> {
    let mut columns = vec![Added { name: "prediction", values: predictions.prediction.clone() }];
    let nothing = vec![None; predictions.prediction.len()];
    let mut ends = |low: &'static str, high: &'static str, pairs: &[Option<(f64, f64)>]| {
        columns.push(Added { name: low, values: pairs.iter().map(|p| p.map(|p| p.0)).collect() });
        columns.push(Added { name: high, values: pairs.iter().map(|p| p.map(|p| p.1)).collect() });
    };
    ends("conf_low", "conf_high", predictions.interval.as_ref().unwrap_or(&nothing));
    if let Some(pairs) = &predictions.new_observation {
        ends("pred_low", "pred_high", pairs);
    }
    columns
}

fn check_names(source: &Source, added: &[Added]) -> Result<()> {
    match added.iter().find(|column| source.header.iter().any(|name| name == column.name)) {
        Some(column) => Err(Error::data(format!(
            "`{}` has a column `{}` already, and predict would add another",
            source.file, column.name
        ))
        .hint("rename that column in the data, or leave it out")),
        None => Ok(()),
    }
}

fn table(source: &Source, added: &[Added]) -> Result<String> {
    let columns = source.all_cells()?;
    let failed = |cause: ::csv::Error| Error::data(format!("cannot write the table: {cause}"));
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let names = source.header.iter().map(String::as_str).chain(added.iter().map(|a| a.name));
    writer.write_record(names.map(|name| safe(name).into_owned())).map_err(failed)?;
    for row in 0..source.n_rows {
        for column in &columns {
            writer.write_field(safe(&column[row]).as_ref()).map_err(failed)?;
        }
        for column in added {
            writer.write_field(column.values[row].map_or_else(String::new, digits)).map_err(failed)?;
        }
        writer.write_record(None::<&[u8]>).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|cause| Error::data(format!("cannot write: {cause}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn as_json(source: &Source, predictions: &Predictions, added: &[Added]) -> String {
    let columns: serde_json::Map<String, serde_json::Value> =
        added.iter().map(|column| (column.name.to_string(), json!(column.values))).collect();
    let missing: serde_json::Map<String, serde_json::Value> =
        predictions.missing.iter().map(|(name, rows)| (name.clone(), json!(rows))).collect();
    let document = json!({
        "schema": "clinreg-predictions/1",
        "data": {"file": source.file, "sha256": source.sha256, "rows": source.n_rows, "missing": missing},
        "predictions": columns,
    });
    format!("{document:#}\n")
}

fn tell_missing(source: &Source, predictions: &Predictions) {
    let without = predictions.prediction.iter().filter(|p| p.is_none()).count();
    if without == 0 {
        return;
    }
    let causes: Vec<String> =
        predictions.missing.iter().map(|(name, rows)| format!("{name} in {rows}")).collect();
    let why = if causes.is_empty() { String::new() } else { format!("; missing: {}", causes.join(", ")) };
    say::warn(&format!("{without} of {} rows have no prediction{why}", source.n_rows), None);
}
