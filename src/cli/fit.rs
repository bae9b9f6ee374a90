//! `clinreg fit`: trains a model on a CSV and writes its report folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::cli::args::{FitArgs, Global};
use crate::cli::check::fit_spec;
use crate::cli::files::{check_folder, default_folder};
use crate::cli::pooling;
use crate::cli::progress::{self, Progress};
use crate::cli::question;
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::cli::validating::validated;
use crate::cli::values::Missing;
use crate::data::csv;
use crate::effects::result::{EffectInterval, Findings, Question};
use crate::error::{Error, Result};
use crate::fit::analysis::Analysis;
use crate::fit::apparent::{self, Apparent, Range};
use crate::fit::result::Fit;
use crate::fit::spec::Spec;
use crate::impute::analysis::Imputation;
use crate::inference::baseline::TableOne;
use crate::report::ending::unconverged;
use crate::report::gather::{measured, patients};
use crate::report::study::Study;
use crate::report::{self, Context, NamedFile, summary};
use crate::validate::Validation;

/// A fit whose files are written.
#[derive(Debug)]
pub struct Written {
    pub fit: Fit,
    pub folder: PathBuf,
    pub files: Vec<NamedFile>,
    pub effects: Option<Findings>,
    /// What `summary.txt` says.
    pub summary: String,
}

/// The verb: fits, writes, says how it went.
///
/// # Errors
/// As [`fit_and_write`].
pub fn run(args: &FitArgs, global: &Global, command: &str, say: &Say) -> Result<Status> {
    progress::listen()?;
    let written = fit_and_write(args, global, command, say)?;
    let status = match unconverged(&written.fit) {
        Some((what, hint)) => {
            say::warn(&what, Some(&hint));
            Status::NotConverged
        }
        None if matches!(&written.effects, Some(Findings::Unknown { .. })) && progress::interrupted() => {
            say::warn("interrupted: the effect's resamples are not complete, and no effect is written", None);
            Status::NotConverged
        }
        None => Status::Done,
    };
    say.result(&written.summary)?;
    if say.json {
        say::data(&written.model_json())?;
    }
    say.written(&written.folder);
    Ok(status)
}

/// Fits and writes the folder, without a word but the progress.
///
/// # Errors
/// Usage, Data, Formula or Io: see `fit` and `report::write`. Nothing half-written is left.
pub fn fit_and_write(args: &FitArgs, global: &Global, command: &str, say: &Say) -> Result<Written> {
    let start = Instant::now();
    let spec = fit_spec(args, global.seed())?;
    let question = question::of(&args.effect, &spec)?;
    check_folder(global.out.as_deref())?;
    let study = args.inference.study.as_deref().map(study).transpose()?;
    let (fit, beyond) = fitted(args, &spec, question.as_ref(), say)?;
    let first = if args.imputation.pool { pooling::files(&args.model.data) } else { Vec::new() };
    let named = first.first().unwrap_or(&args.model.data);
    let folder = global.out.clone().unwrap_or_else(|| default_folder(named, &fit.outcome.text));
    let context = Context {
        command: command.to_string(),
        seconds: start.elapsed().as_secs_f64(),
        validation: beyond.validation,
        imputation: beyond.imputation,
        effects: beyond.effects,
        apparent: beyond.apparent,
        ranges: beyond.ranges,
        table_one: beyond.table_one,
        study,
        svg: args.inference.svg,
    };
    let files = report::files(&fit, &context)?;
    report::write(&folder, &files)?;
    let summary = summary::whole(&fit, &context);
    Ok(Written { fit, folder, files, effects: context.effects, summary })
}

/// What lies beyond the fit itself.
#[derive(Default)]
struct Beyond {
    validation: Option<Validation>,
    imputation: Option<Imputation>,
    effects: Option<Findings>,
    apparent: Option<Apparent>,
    ranges: Vec<Range>,
    table_one: Option<TableOne>,
}

/// One fit, pooled where there are several data sets, validated where that was asked for.
fn fitted(args: &FitArgs, spec: &Spec, question: Option<&Question>, say: &Say) -> Result<(Fit, Beyond)> {
    let several = args.imputation.pool || args.reading.missing == Some(Missing::Impute);
    if several && question.is_some() {
        return Err(Error::usage(
            "`--treatment` does not go with several data sets (`--pool`, `--missing impute`) yet",
        )
        .hint("leave out one of the two; the treatment's coefficient is pooled like the others"));
    }
    if args.imputation.pool {
        return Ok((pooling::pooled(&args.model.data, spec, say)?, Beyond::default()));
    }
    if args.reading.missing == Some(Missing::Impute) {
        let (fit, found) = pooling::imputed(&args.model.data, spec, args.imputation.imputations, say)?;
        return Ok((fit, Beyond { imputation: Some(found), ..Beyond::default() }));
    }
    let source = csv::open(&args.model.data)?;
    if let Some(question) = question {
        question::check(question, spec, &source)?;
    }
    let mut analysis = crate::fit::analyse(spec, &source, &mut Progress::new("fit", say))?;
    let effects = question.map(|question| answer(question, &analysis, say)).transpose()?;
    let validation = validated(&mut analysis, args.validation.validate, say)?;
    let apparent = measured(&mut analysis);
    let ranges = apparent::ranges(&analysis);
    let table_one = question.and_then(|question| patients(question, &mut analysis, &source));
    Ok((analysis.fit, Beyond { validation, effects, apparent, ranges, table_one, imputation: None }))
}

/// What the user wrote about the study.
fn study(path: &Path) -> Result<Study> {
    let text = fs::read_to_string(path).map_err(|e| {
        Error::io("read", path, &e).hint("the study file is text in UTF-8; `--study` names it")
    })?;
    Study::parse(&path.display().to_string(), &text)
}

/// The treatment's effect; a long resampling says that it has begun.
fn answer(question: &Question, analysis: &Analysis, say: &Say) -> Result<Findings> {
    if let EffectInterval::Bootstrap(resamples) = question.interval {
        say.note(&format!("effect of {}: {resamples} resamples", question.treatment));
    }
    crate::effects::estimate(question, analysis, &progress::interrupted)
}

impl Written {
    /// The text of `model.json`.
    pub fn model_json(&self) -> String {
        let model = self.files.iter().find(|file| file.name == "model.json");
        model.map_or_else(String::new, |file| String::from_utf8_lossy(&file.bytes).into_owned())
    }
}
