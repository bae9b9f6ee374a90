//! Wrong usage, help and version: what clap has to say, in the form of all our messages.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::say;
use crate::error::Error;

/// Prints help or version with status 0, everything else as an error with status 2.
pub fn tell(told: &clap::Error) -> ExitCode {
    match told.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = told.render();
            let text =
                if say::coloured(&std::io::stdout()) { text.ansi().to_string() } else { text.to_string() };
            match say::data(&text) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    say::error(&error);
                    ExitCode::from(error.exit_status())
                }
            }
        }
        _ => {
            let error = as_error(told);
            say::error(&error);
            ExitCode::from(error.exit_status())
        }
    }
}

/// Clap's paragraphs: the first says what is wrong, `tip:` and `hint:` what to do; the rest is left out.
fn as_error(told: &clap::Error) -> Error {
    if told.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Error::usage("no command is given").hint("`clinreg --help` lists the commands");
    }
    let text = told.render().to_string();
    let mut message = String::new();
    let mut hints = Vec::new();
    for paragraph in text.trim().split("\n\n") {
        if let Some(first) = paragraph.strip_prefix("error: ") {
            message = first.to_string();
            continue;
        }
        for line in paragraph.lines().map(str::trim) {
            let hint = line.strip_prefix("tip: ").or_else(|| line.strip_prefix("hint: "));
            let is_useful = |hint: &&str| !hint.starts_with("to pass ");
            hints.extend(hint.filter(is_useful).map(str::to_string));
        }
    }
    if is_loose_formula(told) {
        hints = vec!["a formula stands in quotation marks: clinreg fit trial.csv 'y ~ a + b'".to_string()];
    }
    if hints.is_empty() {
        hints.push(look_at_help(told));
    }
    Error::usage(message).hint(hints.join("\n      "))
}

/// A word too many that is no option: the shell has split a formula.
fn is_loose_formula(told: &clap::Error) -> bool {
    told.kind() == ErrorKind::UnknownArgument
        && matches!(told.get(ContextKind::InvalidArg), Some(ContextValue::String(word)) if !word.starts_with('-'))
}

fn look_at_help(told: &clap::Error) -> String {
    let usage = match told.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        _ => String::new(),
    };
    let verb = usage.split_whitespace().skip_while(|word| *word != "clinreg").nth(1);
    match verb.filter(|word| word.chars().all(char::is_alphabetic)) {
        Some(verb) => format!("`clinreg {verb} --help` shows what it takes"),
        None => "`clinreg --help` lists the commands".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::Cli;

    fn error_of(words: &[&str]) -> Error {
        let words = ["clinreg"].iter().chain(words);
        as_error(&Cli::try_parse_from(words).expect_err("wrong usage"))
    }

    #[test]
    fn a_misspelt_option_is_told_with_the_one_that_was_meant() {
        let error = error_of(&["fit", "d.csv", "y ~ x", "--lamda", "1"]);
        assert!(error.message.contains("--lamda"), "{error}");
        assert!(error.hint.is_some_and(|h| h.contains("--lambda")));
    }

    #[test]
    fn a_wrong_value_keeps_its_own_hint() {
        let error = error_of(&["fit", "d.csv", "y ~ x", "--conf-level", "95"]);
        assert!(error.message.contains("--conf-level"), "{error}");
        assert_eq!(error.hint.as_deref(), Some("for 95 % write 0.95"));
    }

    #[test]
    fn a_formula_that_the_shell_split_is_recognised() {
        let error = error_of(&["fit", "d.csv", "y", "~", "x"]);
        assert!(error.hint.is_some_and(|h| h.contains("quotation marks")));
    }

    #[test]
    fn a_missing_argument_points_at_the_help_of_its_command() {
        let error = error_of(&["fit", "d.csv"]);
        assert!(error.message.contains("FORMULA"), "{error}");
        assert!(error.hint.is_some_and(|h| h.contains("clinreg fit --help")));
        assert!(error_of(&[]).hint.is_some());
    }
}
