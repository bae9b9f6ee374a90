//! The command of a fit as its model file keeps it: what decides the numbers, each choice once, in a fixed order.

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, Parser};

use crate::cli::args::{Cli, FitArgs, Global, Verb};
use crate::error::{Error, Result};
use crate::report::command;

/// Options that no number of a model depends on: where files go, what is said and kept, on how many cores.
const WITHOUT: [&str; 12] = [
    "out",
    "threads",
    "quiet",
    "json",
    "help",
    "checkpoint",
    "checkpoint_every",
    "resume",
    "svg",
    "study",
    "save_fitted",
    "version",
];

/// A command of the program, without its name: as typed, and as the model file keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// As one could type it again.
    pub line: String,
    /// `fit DATA FORMULA` and the options that decide the numbers, in the order of the help.
    pub recorded: Vec<String>,
}

impl Typed {
    /// Of words that the parser takes for a fit.
    pub fn of(words: &[String]) -> Typed {
        Typed { line: command::line(words.iter().cloned()), recorded: recorded(words).unwrap_or_default() }
    }

    /// Of the arguments of the process.
    pub fn here() -> Typed {
        let words: Vec<String> =
            std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        Typed::of(&words)
    }
}

fn recorded(words: &[String]) -> Option<Vec<String>> {
    let program = std::iter::once("clinreg".to_string());
    let matches = Cli::command().try_get_matches_from(program.chain(words.iter().cloned())).ok()?;
    let (verb, options) = matches.subcommand()?;
    let cli = Cli::command();
    let known = cli.find_subcommand(verb)?;
    let mut recorded = vec![verb.to_string()];
    let all = known.get_arguments().chain(cli.get_arguments());
    for argument in all.filter(|argument| !WITHOUT.contains(&argument.get_id().as_str())) {
        let id = argument.get_id().as_str();
        if options.try_contains_id(id).ok() != Some(true)
            || options.value_source(id) != Some(ValueSource::CommandLine)
        {
            continue;
        }
        match argument.get_long() {
            None => recorded.extend(values(options, id)),
            Some(name) if argument.get_action().takes_values() => {
                recorded.extend(values(options, id).flat_map(|value| option(name, value)));
            }
            Some(name) => recorded.push(format!("--{name}")),
        }
    }
    Some(recorded)
}

fn values<'a>(options: &'a ArgMatches, id: &str) -> impl Iterator<Item = String> + use<'a> {
    options.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned())
}

/// A value that begins with a hyphen must stand in one word with its option.
fn option(name: &str, value: String) -> Vec<String> {
    if value.starts_with('-') { vec![format!("--{name}={value}")] } else { vec![format!("--{name}"), value] }
}

/// The fit that a model file records.
///
/// # Errors
/// Model, when this program does not take the command for a fit.
pub fn read(recorded: &[String]) -> Result<(Box<FitArgs>, Global)> {
    let program = std::iter::once("clinreg".to_string());
    let not_ours = |why: String| {
        Error::model(format!("the command that the model file records is none of this program's: {why}"))
            .hint("the file was changed, or written by another version; write it anew with `clinreg fit`")
    };
    let cli = Cli::try_parse_from(program.chain(recorded.iter().cloned()))
        .map_err(|told| not_ours(told.to_string().lines().next().unwrap_or_default().to_string()))?;
    match cli.verb {
        Verb::Fit(args) => Ok((args, cli.global)),
        _ => Err(not_ours(format!("`{}`", command::line(recorded.iter().cloned())))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Vec<String> {
        Typed::of(&words.iter().map(|w| (*w).to_string()).collect::<Vec<_>>()).recorded
    }

    #[test]
    fn only_what_decides_the_numbers_is_kept_in_a_fixed_order() {
        let wanted = ["fit", "d.csv", "y ~ x", "--factor", "a,b", "--factor", "c", "--na=-9", "--seed", "3"];
        let one = ["fit", "-q", "d.csv", "--seed=3", "y ~ x", "--factor", "a,b", "--na", "-9", "-o", "there"];
        let more = ["--factor", "c", "--threads", "1", "--resume", "state", "--svg", "--save-fitted"];
        assert_eq!(typed(&[&one[..], &more[..]].concat()), wanted);
        assert_eq!(
            typed(&["--seed", "3", "fit", "d.csv", "y ~ x"]),
            ["fit", "d.csv", "y ~ x", "--seed", "3"]
        );
        assert_eq!(
            typed(&["fit", "d.csv", "y ~ x", "--raw-scale"]),
            ["fit", "d.csv", "y ~ x", "--raw-scale"]
        );
    }

    #[test]
    fn what_is_kept_is_read_as_the_same_fit() {
        let recorded =
            typed(&["fit", "d.csv", "y ~ x", "--na", "-9,x", "--levels", "a=\"p,q\",r", "--seed", "4"]);
        let (args, global) = read(&recorded).expect("a fit");
        assert_eq!((args.reading.na.concat(), global.seed()), (vec!["-9".to_string(), "x".to_string()], 4));
        assert_eq!(args.reading.levels[0].levels, ["p,q", "r"]);
        let error = read(&["demo".to_string()]).expect_err("no fit");
        assert!(error.message.contains("`clinreg demo`"), "{}", error.message);
        assert!(read(&["fit".to_string(), "--no".to_string()]).is_err());
    }
}
