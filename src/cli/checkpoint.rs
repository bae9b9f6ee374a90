//! Long runs: a watcher that keeps the state of the descent in a file, and goes on from one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cli::args::{FitArgs, LargeArgs};
use crate::cli::checkpoint_file::{Checkpoint, is_checkpoint, read, write};
use crate::cli::progress::Progress;
use crate::cli::say::{self, Say};
use crate::cli::values::Missing;
use crate::error::{Error, Kind, Result};
use crate::fit::spec::{Penalty, Spec};
use crate::optimise::history::Record;
use crate::optimise::state::State;
use crate::optimise::step::Point;
use crate::optimise::stop::StopReason;
use crate::optimise::watch::{Signal, Watcher};

/// How often a state is kept, unless the user says otherwise.
const PAUSE: Duration = Duration::from_secs(60);

/// The same among ranks.
const SHORT_PAUSE: Duration = Duration::from_secs(5);

/// Watches one descent as [`Progress`] does, and keeps its state.
pub struct Keeper {
    progress: Progress,
    file: Option<PathBuf>,
    every: Option<usize>,
    pause: Duration,
    earlier: Option<(PathBuf, Checkpoint)>,
    course: Vec<(String, String)>,
    /// Seconds that the run gone on from had taken.
    before: f64,
    written: Instant,
    has_written: bool,
    failed: bool,
}

/// Refuses, before anything is read, options that do not go together, and a file that would be lost.
///
/// # Errors
/// Usage; Io, when the checkpoint's file holds something else or cannot be written.
pub fn check(args: &FitArgs, spec: &Spec) -> Result<()> {
    let large = &args.large;
    let option = match (&large.checkpoint, &large.resume) {
        (Some(_), _) => "`--checkpoint`",
        (None, Some(_)) => "`--resume`",
        (None, None) if large.checkpoint_every.is_some() => {
            return Err(Error::usage("`--checkpoint-every` says how often `--checkpoint` writes")
                .hint("add `--checkpoint FILE`, or leave out `--checkpoint-every`"));
        }
        (None, None) => return Ok(()),
    };
    if let Some(what) = many_fits(args, spec) {
        return Err(Error::usage(format!(
            "{option} does not go with {what}, which runs many fits: a checkpoint holds the state of one"
        ))
        .hint(format!("leave out {what} or {option}")));
    }
    match &large.checkpoint {
        Some(file) => check_file(file, large.resume.as_deref()),
        None => Ok(()),
    }
}

fn check_file(file: &Path, resumed: Option<&Path>) -> Result<()> {
    let shown = file.display();
    if !file.exists() {
        return match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => Err(Error::new(
                Kind::Io,
                format!("cannot write the checkpoint `{shown}`: there is no such folder"),
            )
            .hint("make the folder first, or name another file with `--checkpoint`")),
            _ => Ok(()),
        };
    }
    if !is_checkpoint(file) {
        return Err(Error::new(
            Kind::Io,
            format!("`{shown}` is there, is no checkpoint and would be overwritten"),
        )
        .hint("name another file with `--checkpoint`"));
    }
    if resumed != Some(file) {
        return Err(Error::new(Kind::Io, format!("`{shown}` holds the checkpoint of an earlier run"))
            .hint(format!("go on from it with `--resume {shown}`, or remove it")));
    }
    Ok(())
}

/// Which option asks for many fits.
fn many_fits(args: &FitArgs, spec: &Spec) -> Option<&'static str> {
    let cross_validated = matches!(spec.penalty, Penalty::ElasticNet { lambda: None, .. });
    let reasons = [
        (args.imputation.pool, "`--pool`"),
        (args.reading.missing == Some(Missing::Impute), "`--missing impute`"),
        (cross_validated, "`--lambda cv`"),
        (args.validation.validate.is_some(), "`--validate`"),
    ];
    reasons.into_iter().find(|(is, _)| *is).map(|(_, what)| what)
}

impl Keeper {
    /// Keeps and goes on as the options say; without them it only shows.
    ///
    /// # Errors
    /// As `checkpoint_file::read`.
    pub fn new(args: &LargeArgs, progress: Progress) -> Result<Keeper> {
        let earlier = match &args.resume {
            Some(path) => Some((path.clone(), read(path)?)),
            None => None,
        };
        Ok(Keeper {
            progress,
            file: args.checkpoint.clone().or_else(|| args.resume.clone()),
            every: args.checkpoint_every,
            pause: PAUSE,
            earlier,
            course: Vec::new(),
            before: 0.0,
            written: Instant::now(),
            has_written: false,
            failed: false,
        })
    }

    /// Keeps the first state at once and the next ones more often: another rank can die at any time.
    #[must_use]
    pub fn anxious(self) -> Keeper {
        Keeper { pause: SHORT_PAUSE, ..self }
    }

    fn is_anxious(&self) -> bool {
        self.pause == SHORT_PAUSE
    }

    /// After the descent: nothing is shown or kept any more.
    pub fn ended(self) -> Kept {
        let Keeper { file, earlier, has_written, .. } = self;
        Kept { file, resumed: earlier.map(|(path, _)| path), has_written }
    }

    fn is_due(&self, epochs: usize, ended: Option<StopReason>) -> bool {
        match (ended, self.every) {
            (Some(reason), _) => matches!(reason, StopReason::Interrupted | StopReason::EpochLimit),
            (None, Some(every)) => epochs > 0 && epochs.is_multiple_of(every),
            (None, None) => self.written.elapsed() >= self.pause || (self.is_anxious() && !self.has_written),
        }
    }
}

/// The checkpoints of a descent that has ended.
pub struct Kept {
    file: Option<PathBuf>,
    resumed: Option<PathBuf>,
    has_written: bool,
}

impl Kept {
    /// After the results are written: says what to do with the checkpoint. One that this run wrote goes when it converged.
    pub fn conclude(self, converged: bool, say: &Say) {
        let Kept { file, resumed, has_written } = self;
        let Some(file) = file else { return };
        let shown = file.display();
        if !converged {
            if has_written {
                say.note(&format!(
                    "the state is kept in `{shown}`: the same command with `--resume {shown}` goes on from it"
                ));
            }
            return;
        }
        if has_written {
            match std::fs::remove_file(&file) {
                Ok(()) => say.note(&format!("the fit converged: its checkpoint `{shown}` is removed")),
                Err(_) => {
                    say.note(&format!("the fit converged: the checkpoint `{shown}` is no longer needed"))
                }
            }
        }
        if let Some(resumed) = resumed.filter(|resumed| !has_written || *resumed != file) {
            say.note(&format!(
                "the fit converged: the checkpoint `{}` is no longer needed",
                resumed.display()
            ));
        }
    }
}

/// What differs between the course of a checkpoint and this one.
fn differences(kept: &[(String, String)], now: &[(String, String)]) -> Vec<String> {
    let value = |list: &[(String, String)], name: &str| {
        list.iter().find(|(n, _)| n == name).map_or("not said".to_string(), |(_, v)| v.clone())
    };
    let gone = kept.iter().filter(|(name, _)| !now.iter().any(|(n, _)| n == name));
    now.iter()
        .chain(gone)
        .filter(|(name, _)| value(kept, name) != value(now, name))
        .map(|(name, _)| format!("{name} is {} there and {} here", value(kept, name), value(now, name)))
        .collect()
}

impl Watcher for Keeper {
    fn seconds(&self) -> f64 {
        self.before + self.progress.seconds()
    }

    fn seen(&mut self, record: &Record, tolerance: f64) -> Signal {
        self.progress.seen(record, tolerance)
    }

    fn at(&mut self, point: &Point) {
        self.progress.at(point);
    }

    fn prepares(&mut self, what: &str, done: usize, all: usize) -> Signal {
        self.progress.prepares(what, done, all)
    }

    fn begins(&mut self, course: &[(&'static str, String)]) -> Result<Option<State>> {
        self.course = course.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect();
        let Some((path, earlier)) = &self.earlier else { return Ok(None) };
        let differ = differences(&earlier.course, &self.course);
        if !differ.is_empty() {
            return Err(Error::usage(format!(
                "the checkpoint `{}` is of another fit: {}",
                path.display(),
                differ.join("; ")
            ))
            .hint("give the data and options of the run that wrote it (only limits may differ), or leave out `--resume`"));
        }
        self.before = earlier.state.seconds;
        Ok(Some(earlier.state.clone()))
    }

    fn keep(&mut self, epochs: usize, ended: Option<StopReason>, state: &dyn Fn() -> State) {
        let Some(file) = self.file.as_ref().filter(|_| self.is_due(epochs, ended)) else { return };
        self.written = Instant::now();
        match write(file, &Checkpoint { course: self.course.clone(), state: state() }) {
            Ok(()) => self.has_written = true,
            Err(why) if !self.failed => {
                self.failed = true;
                say::warn(
                    &why.message,
                    Some("the fit goes on without; the last state that could be kept stays"),
                );
            }
            Err(_) => {}
        }
    }
}
