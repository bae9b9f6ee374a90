//! `clinreg predict`: the columns and rows of new data with the model's predictions and their intervals.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::cli::args::{Global, PredictArgs};
use crate::cli::comparison::digits;
use crate::cli::files::{check_file, deliver_when_whole};
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::data::csv::{self, Source};
use crate::data::spreadsheet::safe;
use crate::error::{Error, Result};
use crate::model::{Model, Predictions, Predictor, Tally};

/// A column that is added: its name and the number of a row, if it has one.
struct Added {
    name: &'static str,
    value: fn(&Predictions, usize) -> Option<f64>,
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
    let predictor = model.predictor(&source, args.conf_level.unwrap_or(0.95))?;
    let added = added(&predictor);
    check_names(&source, &added)?;
    let mut all = Predictions::default();
    let tally = if global.out.is_none() && say.json {
        all = predictor.all()?;
        all.tally()
    } else {
        source.check_cells()?;
        let table = Table { source: &source, added: &added };
        let mut tally = Tally::default();
        deliver_when_whole(global.out.as_deref(), |sink| {
            sink(&table.header()?)?;
            let rows = |piece: usize, predictions: Predictions| {
                Ok((table.rows(piece, &predictions)?, say.json.then_some(predictions)))
            };
            tally = predictor.each(rows, |(rows, predictions)| {
                predictions.into_iter().for_each(|more| all.append(more));
                sink(&rows)
            })?;
            Ok(())
        })?;
        tally
    };
    if say.json {
        say::data(&as_json(&source, &tally, &added, &all))?;
    }
    tell_missing(&source, &tally);
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

/// The columns that predictions by a model have. Those of an interval that there is not are empty.
fn added(predictor: &Predictor<'_>) -> Vec<Added> {
    type Pairs = Option<Vec<Option<(f64, f64)>>>;
    fn pair(pairs: &Pairs, row: usize) -> Option<(f64, f64)> {
        pairs.as_ref().and_then(|pairs| pairs[row])
    }
    let mut columns = vec![
        Added { name: "prediction", value: |all, row| all.prediction[row] },
        Added { name: "conf_low", value: |all, row| pair(&all.interval, row).map(|(low, _)| low) },
        Added { name: "conf_high", value: |all, row| pair(&all.interval, row).map(|(_, high)| high) },
    ];
    if predictor.has_new_observation() {
        let low = |all: &Predictions, row: usize| pair(&all.new_observation, row).map(|(low, _)| low);
        let high = |all: &Predictions, row: usize| pair(&all.new_observation, row).map(|(_, high)| high);
        columns.push(Added { name: "pred_low", value: low });
        columns.push(Added { name: "pred_high", value: high });
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

/// The table that is written: the columns of the data as they stand in the file, then those that are added.
struct Table<'a> {
    source: &'a Source,
    added: &'a [Added],
}

impl Table<'_> {
    fn header(&self) -> Result<String> {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        let added = self.added.iter().map(|added| added.name);
        let names = self.source.header.iter().map(String::as_str).chain(added);
        writer.write_record(names.map(|name| safe(name).into_owned())).map_err(failed)?;
        text(writer)
    }

    /// The rows of one piece with their predictions.
    fn rows(&self, piece: usize, predictions: &Predictions) -> Result<String> {
        const CELL: usize = 8; // bytes of a usual one
        let n_cells = predictions.prediction.len() * (self.source.header.len() + 2 * self.added.len());
        let mut writer = ::csv::Writer::from_writer(Vec::with_capacity(CELL * n_cells));
        let (mut row, mut written) = (0, Ok(()));
        self.source.cells_of_piece(piece, |cells| {
            if written.is_ok() {
                written = self.write_row(&mut writer, cells, predictions, row);
            }
            row += 1;
        })?;
        written.map_err(failed)?;
        text(writer)
    }

    fn write_row(
        &self,
        writer: &mut ::csv::Writer<Vec<u8>>,
        cells: &[Cow<'_, str>],
        predictions: &Predictions,
        row: usize,
    ) -> ::csv::Result<()> {
        for cell in cells {
            writer.write_field(safe(cell).as_ref())?;
        }
        for added in self.added {
            writer.write_field((added.value)(predictions, row).map_or_else(String::new, digits))?;
        }
        writer.write_record(None::<&[u8]>)
    }
}

fn text(writer: ::csv::Writer<Vec<u8>>) -> Result<String> {
    let bytes = writer.into_inner().map_err(|cause| Error::data(format!("cannot write: {cause}")))?;
    String::from_utf8(bytes).map_err(|cause| Error::data(format!("cannot write the table: {cause}")))
}

fn failed(cause: ::csv::Error) -> Error {
    Error::data(format!("cannot write the table: {cause}"))
}

fn as_json(source: &Source, tally: &Tally, added: &[Added], all: &Predictions) -> String {
    let column = |added: &Added| -> Vec<Option<f64>> {
        (0..all.prediction.len()).map(|row| (added.value)(all, row)).collect()
    };
    let columns: serde_json::Map<String, serde_json::Value> =
        added.iter().map(|added| (added.name.to_string(), json!(column(added)))).collect();
    let missing: serde_json::Map<String, serde_json::Value> =
        tally.missing.iter().map(|(name, rows)| (name.clone(), json!(rows))).collect();
    let document = json!({
        "schema": "clinreg-predictions/1",
        "data": {"file": source.file, "sha256": source.sha256, "rows": source.n_rows, "missing": missing},
        "predictions": columns,
    });
    format!("{document:#}\n")
}

fn tell_missing(source: &Source, tally: &Tally) {
    let Tally { without, missing } = tally;
    if *without == 0 {
        return;
    }
    let causes: Vec<String> = missing.iter().map(|(name, rows)| format!("{name} in {rows}")).collect();
    let why = if causes.is_empty() { String::new() } else { format!("; missing: {}", causes.join(", ")) };
    say::warn(&format!("{without} of {} rows have no prediction{why}", source.n_rows), None);
}
