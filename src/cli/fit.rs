//! `clinreg fit`: trains a model on a CSV and writes its report folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::cli::among;
use crate::cli::args::{FitArgs, Global};
use crate::cli::check::fit_spec;
use crate::cli::checkpoint::{self, Keeper, Kept};
use crate::cli::cut_short;
use crate::cli::files::{check_folder, default_folder};
use crate::cli::memory::{self, Plan, Swept};
use crate::cli::pooling;
use crate::cli::progress::{self, Progress};
use crate::cli::question;
use crate::cli::recorded::Typed;
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::cli::validating::validated;
use crate::cli::values::{Missing, Validate};
use crate::data::csv::{self, Source};
use crate::data::missing::Gaps;
use crate::effects::estimate_swept;
use crate::effects::result::{EffectInterval, Findings, Question};
use crate::error::{Error, Result};
use crate::fit::analysis::Analysis;
use crate::fit::apparent::{self, Apparent, Range};
use crate::fit::partial::{self, PartialEffect};
use crate::fit::result::Fit;
use crate::fit::spec::Spec;
use crate::impute;
use crate::impute::analysis::Imputation;
use crate::impute::effects::pooled_effects;
use crate::impute::validation::{validate_files, validate_imputed};
use crate::inference::baseline::TableOne;
use crate::optimise::stop::StopReason;
use crate::report::ending::unconverged;
use crate::report::gather::{Patients, measured, patients};
use crate::report::study::Study;
use crate::report::tables::records_of_many;
use crate::report::withhold::withhold;
use crate::report::{self, Context, NamedFile, Rest, summary};
use crate::validate::swept::{refits, validate_swept};
use crate::validate::{Validation, validate};

/// A fit whose files are written.
#[derive(Debug)]
pub struct Written {
    pub fit: Fit,
    pub folder: PathBuf,
    pub files: Vec<NamedFile>,
    /// Whether the user's wish to stop left out a part of it.
    pub is_cut_short: bool,
    /// What `summary.txt` says.
    pub summary: String,
}

/// The verb: fits, writes, says how it went.
///
/// # Errors
/// As [`fit_and_write`].
pub fn run(args: &FitArgs, global: &Global, command: &Typed, say: &Say) -> Result<Status> {
    progress::listen()?;
    let Some(written) = among_or_alone(args, global, command, say)? else { return Ok(Status::Done) };
    let status = match unconverged(&written.fit) {
        Some((what, hint)) => {
            say::warn(&what, Some(&hint));
            Status::NotConverged
        }
        None if written.is_cut_short => {
            say::warn(
                "interrupted: the resamples are not complete, and what they were for is not written",
                Some("the same command without an interruption goes to the end"),
            );
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

/// Fits on this process, or together with those that were started with it; `None` where another one writes.
fn among_or_alone(args: &FitArgs, global: &Global, command: &Typed, say: &Say) -> Result<Option<Written>> {
    let start = Instant::now();
    let Some(crew) = among::join()? else { return fit_and_write(args, global, command, say).map(Some) };
    let study = args.inference.study.as_deref().map(study).transpose();
    let checks = || {
        check_folder(global.out.as_deref())?;
        study.as_ref().map_err(Error::clone)?;
        fit_spec(args, global.seed())
    };
    let Some((large, kept)) = among::fitted(crew, args, global, &checks(), say)? else { return Ok(None) };
    large.laid.let_go();
    let study = study?;
    let beyond = Beyond {
        gaps: Some(large.gaps),
        apparent: large.apparent,
        partial: large.partial,
        kept: Some(kept),
        ..Beyond::default()
    };
    written(told((large.fit, beyond), study, args, command, start)?, args, global, say).map(Some)
}

/// Fits and writes the folder, without a word but the progress.
///
/// # Errors
/// Usage, Data, Formula or Io: see `fit` and `report::write`. Nothing half-written is left.
pub fn fit_and_write(args: &FitArgs, global: &Global, command: &Typed, say: &Say) -> Result<Written> {
    check_folder(global.out.as_deref())?;
    let done = fit_alone(args, global, command, say)?;
    written(done, args, global, say)
}

/// Writes the folder of a fit.
fn written(done: Done, args: &FitArgs, global: &Global, say: &Say) -> Result<Written> {
    let Done { fit, context, kept } = done;
    let first = if args.imputation.pool { pooling::files(&args.model.data)? } else { Vec::new() };
    let named = first.first().unwrap_or(&args.model.data);
    let folder = global.out.clone().unwrap_or_else(|| default_folder(named, &fit.outcome.text));
    let is_cut_short = is_cut_short(&fit, &context, args);
    let files = report::files(&fit, &context)?;
    let folder = if is_cut_short { cut_short::place(&folder, "model.json")? } else { folder };
    report::write(&folder, &files)?;
    kept.into_iter().for_each(|kept| kept.conclude(fit.convergence.converged, say));
    let summary = summary::whole(&fit, &context);
    Ok(Written { fit, folder, files, is_cut_short, summary })
}

/// Whether the user's wish to stop left out a part of what was asked for: of the descent, of a validation, of an effect.
fn is_cut_short(fit: &Fit, context: &Context, args: &FitArgs) -> bool {
    let resamples = matches!(args.validation.validate, Some(Validate::By(_))) && context.validation.is_none();
    let effect = matches!(&context.effects, Some(Findings::Unknown { .. }));
    fit.convergence.reason == StopReason::Interrupted || (progress::interrupted() && (resamples || effect))
}

/// A fit and all that the report says of it, before anything is written.
pub struct Done {
    pub fit: Fit,
    pub context: Context,
    kept: Option<Kept>,
}

/// Fits, and writes nothing.
///
/// # Errors
/// Usage, Data or Formula, as `fit` has them.
pub fn fit_alone(args: &FitArgs, global: &Global, command: &Typed, say: &Say) -> Result<Done> {
    let start = Instant::now();
    let spec = fit_spec(args, global.seed())?;
    let question = question::of(&args.effect, &spec)?;
    checkpoint::check(args, &spec)?;
    let study = args.inference.study.as_deref().map(study).transpose()?;
    let found = fitted(args, &spec, question.as_ref(), say)?;
    told(found, study, args, command, start)
}

/// All that the report says of a fit.
///
/// # Errors
/// Data, when counts are withheld and nothing may be told of so few rows or events.
fn told(
    (mut fit, beyond): (Fit, Beyond),
    study: Option<Study>,
    args: &FitArgs,
    command: &Typed,
    start: Instant,
) -> Result<Done> {
    let mut context = Context {
        command: command.line.clone(),
        recorded: command.recorded.clone(),
        seconds: start.elapsed().as_secs_f64(),
        validation: beyond.validation,
        imputation: beyond.imputation,
        effects: beyond.effects,
        apparent: beyond.apparent,
        ranges: beyond.ranges,
        gaps: beyond.gaps,
        partial: beyond.partial,
        table_one: beyond.table_one,
        study,
        svg: args.inference.svg,
        by_row: beyond.by_row,
    };
    if let Some(below) = args.inference.suppress_below {
        withhold(&mut fit, &mut context, below)?;
    }
    Ok(Done { fit, context, kept: beyond.kept })
}

/// What lies beyond the fit itself.
#[derive(Default)]
struct Beyond {
    validation: Option<Validation>,
    imputation: Option<Imputation>,
    effects: Option<Findings>,
    apparent: Option<Apparent>,
    ranges: Vec<Range>,
    gaps: Option<Gaps>,
    partial: Vec<PartialEffect>,
    table_one: Option<TableOne>,
    kept: Option<Kept>,
    by_row: Option<Rest>,
}

/// One fit, pooled where there are several data sets, validated where that was asked for.
fn fitted(args: &FitArgs, spec: &Spec, question: Option<&Question>, say: &Say) -> Result<(Fit, Beyond)> {
    if args.imputation.pool || args.reading.missing == Some(Missing::Impute) {
        return pooled(args, spec, question, say);
    }
    let source = csv::open(&args.model.data)?;
    if let Plan::Swept(how) = memory::plan(args, spec, &source)? {
        return swept(args, spec, question, &source, how, say);
    }
    if let Some(question) = question {
        question::check(question, spec, &source)?;
    }
    let mut keeper = Keeper::new(&args.large, Progress::new("fit", say))?;
    let mut analysis = crate::fit::analyse(spec, &source, &mut keeper)?;
    let kept = Some(keeper.ended());
    let effects = question.map(|question| answer(question, &analysis, say)).transpose()?;
    let mut fit = analysis.fit.clone();
    let validation = validated(&mut fit, args.validation.validate, say, &|_, scheme, go_on| {
        validate(&analysis, scheme, go_on)
    })?;
    analysis.fit = fit;
    let apparent = measured(&mut analysis);
    let ranges = apparent::ranges(&analysis);
    let whom = match args.inference.suppress_below {
        Some(below) => Patients::Used(&analysis.prepared.used, below),
        None => Patients::All(&source),
    };
    let table_one = patients(question, &mut analysis.fit, &analysis.prepared, whom);
    let partial = partial::effects(&analysis)?;
    let gaps = Some(analysis.prepared.gaps);
    let beyond =
        Beyond { validation, effects, apparent, ranges, gaps, partial, table_one, kept, ..Beyond::default() };
    Ok((analysis.fit, beyond))
}

/// A fit by sweeps over rows that are too many to lie about as arrays.
fn swept(
    args: &FitArgs,
    spec: &Spec,
    question: Option<&Question>,
    source: &Source,
    how: Swept,
    say: &Say,
) -> Result<(Fit, Beyond)> {
    if let Some(question) = question {
        question::check(question, spec, source)?;
    }
    say.note(&how.meaning);
    how.cost.iter().for_each(|cost| say.note(cost));
    let mut keeper = Keeper::new(&args.large, Progress::new("fit", say))?;
    let mut large = crate::fit::large::fit(spec, source, &how.storage, &mut keeper)?;
    let kept = Some(keeper.ended());
    large.fit.ledger.notices.push(how.meaning);
    let by_row = spec.save_fitted.then(|| records_of_many(&large.laid, &std::env::temp_dir())).transpose()?;
    let effects = question
        .map(|question| {
            if let EffectInterval::Bootstrap(resamples) = question.interval {
                say.note(&format!("effect of {}: {resamples} resamples", question.treatment));
            }
            let folder = std::env::temp_dir();
            let refits = || refits(&large.fit, &large.laid, &folder, &progress::interrupted);
            estimate_swept(question, &large.fit, &large.laid, &refits, &progress::interrupted)
        })
        .transpose()?;
    let validation = validated(&mut large.fit, args.validation.validate, say, &|fit, scheme, go_on| {
        validate_swept(fit, &large.laid, scheme, &std::env::temp_dir(), &progress::interrupted, go_on)
    })?;
    large.laid.let_go();
    Ok((
        large.fit,
        Beyond {
            gaps: Some(large.gaps),
            apparent: large.apparent,
            partial: large.partial,
            kept,
            by_row,
            effects,
            validation,
            ..Beyond::default()
        },
    ))
}

/// The same of several completed data sets: files that are given, or one whose gaps are imputed.
fn pooled(args: &FitArgs, spec: &Spec, question: Option<&Question>, say: &Say) -> Result<(Fit, Beyond)> {
    question.map(impute::effects::check).transpose()?;
    let asked = args.validation.validate;
    if args.imputation.pool {
        let (mut fit, completed) = pooling::pooled(&args.model.data, spec, question, say)?;
        let effects = pooled_answer(question, &completed)?;
        let validation = validated(&mut fit, asked, say, &|fit, scheme, go_on| {
            validate_files(fit, &completed, scheme, go_on)
        })?;
        let apparent = pooling::measured(&mut fit, &completed);
        let (partial, ranges) = seen_in(&fit, &completed)?;
        fit.ledger.notices.push(
            "no table of the patients: each of the files has its own; `clinreg describe FILE --by GROUP` makes it"
                .to_string(),
        );
        return Ok((fit, Beyond { validation, effects, apparent, partial, ranges, ..Beyond::default() }));
    }
    let (mut imputed, source) =
        pooling::imputed(&args.model.data, spec, args.imputation.imputations, question, say)?;
    let effects = pooled_answer(question, &imputed.completed)?;
    let mut fit = imputed.fit.clone();
    let validation =
        validated(&mut fit, asked, say, &|_, scheme, go_on| validate_imputed(&imputed, scheme, go_on))?;
    let one = imputed.completed.first_mut().filter(|_| imputed.incomplete.is_none());
    let apparent = match one {
        Some(one) => measured(one),
        None => pooling::measured(&mut fit, &imputed.completed),
    };
    let (partial, ranges) = seen_in(&fit, &imputed.completed)?;
    let table_one = imputed.completed.first().and_then(|first| {
        let rows = imputed.incomplete.as_ref().unwrap_or(&first.prepared.used);
        let whom = match args.inference.suppress_below {
            Some(below) => Patients::Used(rows, below),
            None => Patients::All(&source),
        };
        patients(question, &mut fit, &first.prepared, whom)
    });
    let gaps = Some(imputed.imputation.gaps.clone());
    let imputation = Some(imputed.imputation);
    Ok((
        fit,
        Beyond {
            validation,
            imputation,
            effects,
            apparent,
            ranges,
            gaps,
            partial,
            table_one,
            ..Beyond::default()
        },
    ))
}

/// The curves of a pooled fit and its predictors' ranges, over the rows of the first completed data set.
fn seen_in(fit: &Fit, completed: &[Analysis]) -> Result<(Vec<PartialEffect>, Vec<Range>)> {
    let Some(first) = completed.first() else { return Ok((Vec::new(), Vec::new())) };
    Ok((partial::effects_of(fit, &first.prepared)?, apparent::ranges(first)))
}

/// The treatment's effect over completed data sets.
fn pooled_answer(question: Option<&Question>, completed: &[Analysis]) -> Result<Option<Findings>> {
    question.map(|question| pooled_effects(question, completed, &progress::interrupted)).transpose()
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
