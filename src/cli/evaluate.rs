//! `clinreg evaluate`: a model's performance on data that it has not seen, and its recalibration.

use std::path::{Path, PathBuf};

use crate::cli::args::{EvaluateArgs, Global};
use crate::cli::files::{check_folder, default_folder};
use crate::cli::predict::{in_file, read_model};
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::data::csv;
use crate::error::Result;
use crate::model::{EvaluateOptions, Model};
use crate::performance::logistic::Asked;
use crate::report;
use crate::report::evaluation::{self, Place};
use crate::report::withhold::withhold_evaluated;

/// The verb: reads model and data, measures, writes the folder.
///
/// # Errors
/// Usage, Model, Data or Io; nothing half-written is left.
pub fn run(args: &EvaluateArgs, global: &Global, say: &Say) -> Result<Status> {
    check_folder(global.out.as_deref())?;
    let model = Model::from_json(&read_model(&args.model)?).map_err(|error| in_file(error, &args.model))?;
    if let Some(warning) = model.warning() {
        say::warn(&warning, None);
    }
    let source = csv::open(&args.data)?;
    let mut evaluated = model.evaluate(&source, &options(args))?;
    if let Some(below) = args.suppress_below {
        withhold_evaluated(&mut evaluated, below)?;
    }
    let recalibrated = args.recalibrate.map(|kind| model.recalibrated(&evaluated, kind)).transpose()?;
    let folder = global.out.clone().unwrap_or_else(|| folder_of(&args.data, &evaluated.outcome_name));
    let place = place(&folder);
    let files = evaluation::files(&model, &evaluated, recalibrated.as_ref(), (place, args.svg))?;
    report::write(&folder, &files)?;
    let text_of = |name: &str| {
        let file = files.iter().find(|file| file.name == name);
        file.map_or_else(String::new, |file| String::from_utf8_lossy(&file.bytes).into_owned())
    };
    say.result(&text_of(place.summary()))?;
    if say.json {
        say::data(&text_of("evaluation.json"))?;
    }
    say.written(&folder);
    Ok(Status::Done)
}

fn options(args: &EvaluateArgs) -> EvaluateOptions {
    EvaluateOptions {
        outcome: args.outcome.clone(),
        event: args.event.clone(),
        weights: args.weights.clone(),
        na: args.na.concat(),
        asked: Asked { conf_level: args.conf_level.unwrap_or(0.95), thresholds: args.thresholds.clone() },
    }
}

/// `reports/<data>-<outcome>-evaluation`.
fn folder_of(data: &Path, outcome: &str) -> PathBuf {
    default_folder(data, &format!("{outcome}-evaluation"))
}

/// Summary and pictures of a fit in the same folder are not overwritten.
fn place(folder: &Path) -> Place {
    if folder.join("model.json").exists() { Place::BesideAFit } else { Place::Alone }
}
