//! The only floor that speaks: arguments, one verb a file, progress, messages.

mod among;
mod args;
mod check;
mod checkpoint;
mod checkpoint_file;
mod compare;
mod comparison;
mod counts;
mod crosscheck;
mod cut_short;
mod datasets;
mod demo;
mod describe;
mod describe_args;
mod evaluate;
mod explore;
mod explore_args;
mod files;
mod fit;
mod growing;
mod memory;
mod pooling;
mod predict;
mod programs;
mod progress;
mod question;
mod recalled;
mod recorded;
mod say;
mod serve;
mod shell;
mod shell_args;
mod simulate;
mod status;
mod threads;
mod tour;
mod trust_args;
mod usage;
mod validating;
mod values;
mod verify;

use std::panic;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Cli, Verb};
use crate::cli::recorded::Typed;
use crate::cli::say::Say;
use crate::cli::status::Status;
use crate::error::{Error, Result};

/// Runs the program on the arguments of the process.
///
/// Exit status: 0 done, 1 the job could not be done, 2 wrong usage, 3 it ran but did not converge. A panic is a bug
/// of the program: it is told as such, with status 1.
pub fn run() -> ExitCode {
    panic::set_hook(Box::new(|panic| say::error(&bug(panic))));
    panic::catch_unwind(|| match Cli::try_parse() {
        Ok(cli) => finish(&cli),
        Err(told) => usage::tell(&told),
    })
    .unwrap_or(ExitCode::FAILURE)
}

fn finish(cli: &Cli) -> ExitCode {
    match dispatch(cli) {
        Ok(status) => status.into(),
        Err(error) => {
            say::error(&error);
            ExitCode::from(error.exit_status())
        }
    }
}

fn dispatch(cli: &Cli) -> Result<Status> {
    let global = &cli.global;
    let say = Say::new(global);
    if let Some(threads) = global.threads {
        threads::limit(threads)?;
    }
    match &cli.verb {
        Verb::Demo => demo::run(global, &say),
        Verb::Fit(args) => fit::run(args, global, &Typed::here(), &say),
        Verb::Compare(args) => compare::run(args, global, &say),
        Verb::Predict(args) => predict::run(args, global, &say),
        Verb::Evaluate(args) => evaluate::run(args, global, &say),
        Verb::Verify(args) => verify::run(args, global, &say),
        Verb::Crosscheck(args) => crosscheck::run(args, global, &say),
        Verb::Describe(args) => describe::run(args, global, &Typed::here().line, &say),
        Verb::Simulate(args) => simulate::run(args, global, &say),
        Verb::Explore(args) => explore::run(args, global, &say),
        Verb::Serve(args) => serve::run(args, &say),
        Verb::Datasets => datasets::run(global, &say),
        Verb::Help(args) => shell::help(args),
        Verb::Completions(args) => shell::completions(args),
        Verb::Man => shell::man(global, &say),
    }
}

fn bug(panic: &panic::PanicHookInfo<'_>) -> Error {
    let payload = panic.payload();
    let what = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_string());
    let place = panic.location().map_or_else(String::new, |place| format!(" ({place})"));
    Error::data(format!("this is a bug in clinreg, not in your data: {what}{place}"))
        .hint("please report it with the command and, if you may share them, a few rows that show it")
}
