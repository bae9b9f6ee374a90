//! `clinreg help`, `completions` and `man`: pages about the program itself.

use clap::{Command, CommandFactory, Parser};

use crate::cli::args::{Cli, Global};
use crate::cli::files::check_folder;
use crate::cli::say::{self, Say};
use crate::cli::shell_args::{CompletionsArgs, HelpArgs};
use crate::cli::status::Status;
use crate::error::{Error, Result, probably_meant};
use crate::report::{self, NamedFile};

const FORMULA: &str = include_str!("formula.txt");

/// `clinreg help`, `help COMMAND`, `help formula`.
///
/// # Errors
/// Usage, when there is no such page; Io, when standard output cannot take it.
pub fn help(args: &HelpArgs) -> Result<Status> {
    let words = match args.about.as_deref() {
        None => vec!["clinreg", "--help"],
        Some("formula") => {
            say::data(FORMULA)?;
            return Ok(Status::Done);
        }
        Some(command) => vec!["clinreg", command, "--help"],
    };
    let known = |name: &str| Cli::command().find_subcommand(name).is_some();
    if let Some(about) = args.about.as_deref().filter(|about| !known(about)) {
        return Err(no_page(about));
    }
    if let Err(page) = Cli::try_parse_from(words) {
        let text = page.render();
        let coloured = say::coloured(&std::io::stdout());
        say::data(&if coloured { text.ansi().to_string() } else { text.to_string() })?;
    }
    Ok(Status::Done)
}

fn no_page(about: &str) -> Error {
    let cli = Cli::command();
    let mut pages: Vec<&str> = cli.get_subcommands().map(Command::get_name).collect();
    pages.push("formula");
    let error = Error::usage(format!("there is no page about `{about}`"));
    match probably_meant(about, pages.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `clinreg help {near}`?")),
        None => error.hint(format!("the pages are: {}", pages.join(", "))),
    }
}

/// The completions of a shell, on standard output.
///
/// # Errors
/// Io, when standard output cannot take them.
pub fn completions(args: &CompletionsArgs) -> Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "clinreg", &mut script);
    say::data(&String::from_utf8_lossy(&script))?;
    Ok(Status::Done)
}

/// The manual: the first page on standard output, or all pages as files of a folder.
///
/// # Errors
/// Io, when they cannot be written.
pub fn man(global: &Global, say: &Say) -> Result<Status> {
    check_folder(global.out.as_deref())?;
    let mut cli = Cli::command();
    cli.build();
    let Some(folder) = &global.out else {
        say::data(&String::from_utf8_lossy(&page(&cli)?))?;
        return Ok(Status::Done);
    };
    let mut files = vec![NamedFile::new("clinreg.1", page(&cli)?)];
    for verb in cli.get_subcommands() {
        files.push(NamedFile::new(format!("clinreg-{}.1", verb.get_name()), page(verb)?));
    }
    report::write(folder, &files)?;
    say.written(folder);
    Ok(Status::Done)
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text).map_err(|cause| {
        Error::data(format!("cannot make the manual page of `{}`: {cause}", command.get_name()))
    })?;
    Ok(text)
}
