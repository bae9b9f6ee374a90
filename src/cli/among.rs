//! `clinreg fit` on several ranks: `mpirun -n K clinreg fit ...`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::cli::args::{FitArgs, Global, LargeArgs};
use crate::cli::checkpoint::{self, Keeper, Kept};
use crate::cli::files::default_folder;
use crate::cli::memory;
use crate::cli::progress::{self, Progress};
use crate::cli::say::Say;
use crate::cli::values::Missing;
use crate::data;
use crate::design::formula::Formula;
use crate::error::{Error, Result};
use crate::fit::large::{Large, fit_among};
use crate::fit::spec::Spec;
use crate::optimise::watch::Unwatched;
use crate::team::{Ranks, Team};

/// A process that a launcher started together with others.
pub struct Crew {
    /// The way to the others.
    pub team: Arc<dyn Team>,
    #[cfg(feature = "mpi")]
    _session: crate::team::mpi::Session,
}

/// Joins the others, where a launcher started several processes.
///
/// # Errors
/// Usage, where it did and this program was built without MPI.
#[cfg(feature = "mpi")]
pub fn join() -> Result<Option<Crew>> {
    let begun = crate::team::mpi::begin();
    Ok(begun.map(|(session, team)| Crew { team, _session: session }).filter(|crew| crew.team.size() > 1))
}

/// Joins the others, where a launcher started several processes.
///
/// # Errors
/// Usage, where it did and this program was built without MPI.
#[cfg(not(feature = "mpi"))]
pub fn join() -> Result<Option<Crew>> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    match number("OMPI_COMM_WORLD_SIZE").or_else(|| number("PMI_SIZE")) {
        Some(size) if size > 1 => Err(Error::usage(format!(
            "{size} processes were started together, and this clinreg was built without MPI: each would fit all rows"
        ))
        .hint("build it with `cargo build --release --features mpi` (it needs Open MPI and libclang)")),
        _ => Ok(None),
    }
}

/// A fit of all ranks together, and what was kept of its descent; `None` on all ranks but the first.
///
/// # Errors
/// On rank 0: whatever went wrong on any rank. The others leave the telling to it and give `None`.
pub fn fitted(
    crew: Crew,
    args: &FitArgs,
    global: &Global,
    spec: &Result<Spec>,
    say: &Say,
) -> Result<Option<(Large, Kept)>> {
    let rank = crew.team.rank();
    let found = together(&crew, args, global, spec, say);
    if rank > 0 { Ok(None) } else { found }
}

fn together(
    crew: &Crew,
    args: &FitArgs,
    global: &Global,
    spec: &Result<Spec>,
    say: &Say,
) -> Result<Option<(Large, Kept)>> {
    let team = &crew.team;
    let before = Ranks::of(Arc::clone(team), false);
    let (spec, large) = before.step(|| checked(args, global, spec.clone()?, team.rank()))?;
    before.meet(Ok(()))?;
    let (source, ranks) = data::ranks::open(&args.model.data, Arc::clone(team))?;
    let header = ranks.meet(Ok(source.header.clone()))?.swap_remove(0);
    let (storage, where_) = ranks.step(|| memory::among(large.memory, &spec, &source, &header))?;
    let pause = all_reduce(team.as_ref(), header.len());
    if team.rank() > 0 {
        warn_if_ended(team.rank(), &large);
        return fit_among(&spec, &source, &storage, &ranks, &mut Unwatched).map(|_| None);
    }
    let curves = match ranks.have_own_files() {
        true => "calibration, ROC and decision curves",
        false => "a linear model's calibration",
    };
    let meaning =
        format!("{} ranks: {where_}; effect curves, {curves}, {}", team.size(), memory::left_out(&spec));
    say.note(&meaning);
    say.note(&format!("an all-reduce of {} numbers takes {pause:.1} microseconds", header.len()));
    let keeper = ranks.step(|| Keeper::new(&large, Progress::new("fit", say)).map(Keeper::anxious));
    warn_if_ended(0, &large);
    let mut keeper = keeper?;
    let found = fit_among(&spec, &source, &storage, &ranks, &mut keeper)?;
    let kept = keeper.ended();
    Ok(found.map(|mut found| {
        found.fit.ledger.notices.push(meaning);
        (found, kept)
    }))
}

/// What must hold before any rank reads: options that go together, and a file for the state.
fn checked(args: &FitArgs, global: &Global, spec: Spec, rank: usize) -> Result<(Spec, LargeArgs)> {
    let impute = args.reading.missing == Some(Missing::Impute);
    let reason = [
        (args.imputation.pool, "`--pool`"),
        (impute, "`--missing impute`"),
        (args.validation.validate.is_some(), "`--validate`"),
        (args.effect.treatment.is_some(), "`--treatment`"),
    ];
    let reason = reason.into_iter().find(|(is, _)| *is).map(|(_, what)| what);
    if let Some(what) = reason {
        return Err(Error::usage(format!("{what} needs all rows in one process, and there are several"))
            .hint("leave it out, or run it on one machine"));
    }
    let mut large = args.large.clone();
    if large.checkpoint.is_none() && large.resume.is_none() {
        let outcome = Formula::parse(&spec.formula)?.outcome_text().to_string();
        let folder = global.out.clone().unwrap_or_else(|| default_folder(&args.model.data, &outcome));
        large.checkpoint = Some(state_file(&folder));
    }
    if rank == 0 {
        checkpoint::check(&FitArgs { large: large.clone(), ..args.clone() }, &spec)?;
    }
    Ok((spec, large))
}

/// Where the state of a descent is kept whose report goes to a folder: beside it, or here where its parent is not there yet.
fn state_file(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push(".checkpoint");
    match folder.parent().filter(|parent| parent.is_dir()) {
        Some(parent) => parent.join(name),
        None => PathBuf::from(name),
    }
}

/// What is said where this process is told to end while it waits for the others.
fn warn_if_ended(rank: usize, large: &LargeArgs) {
    let Some(file) = large.checkpoint.clone().or_else(|| large.resume.clone()).filter(|_| rank < 2) else {
        return;
    };
    progress::last_words(Box::new(move || {
        let shown = file.display();
        let message = format!(
            "rank {rank} was told to end while it waited for the others: another rank has died (the launcher says which), or \
             the job was cancelled; no report is written"
        );
        let hint = if file.exists() {
            format!(
                "`{shown}` holds the state of the descent: the same command with `--resume {shown}` goes on from it"
            )
        } else {
            format!("no state had been kept in `{shown}` yet: start the command again")
        };
        (message, hint)
    }));
}

/// How many microseconds an all-reduce takes, the mean of some.
fn all_reduce(team: &dyn Team, numbers: usize) -> f64 {
    const TIMES: u32 = 100;
    let mut cells = vec![0.0; numbers];
    team.sum(&mut cells);
    let start = Instant::now();
    (0..TIMES).for_each(|_| team.sum(&mut cells));
    start.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)
}
