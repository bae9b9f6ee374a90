//! All that is printed: data on standard output, talk on standard error, errors with their hint.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::Path;

use crate::cli::args::Global;
use crate::cli::files::Sink;
use crate::error::{Error, Kind, Result};

/// How much is said, and whether in colour.
#[derive(Debug, Clone, Copy)]
pub struct Say {
    /// `--quiet`: only what is essential.
    pub quiet: bool,
    /// `--json`: standard output holds JSON alone.
    pub json: bool,
}

const RED_BOLD: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[33m";
const CYAN: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[0m";

impl Say {
    pub fn new(global: &Global) -> Say {
        Say { quiet: global.quiet, json: global.json }
    }

    /// The result for a reader: standard output, unless quiet or JSON is asked for.
    ///
    /// # Errors
    /// Io, when standard output cannot take it (a closed pipe is no error).
    pub fn result(&self, text: &str) -> Result<()> {
        if self.quiet || self.json {
            return Ok(());
        }
        data(text)
    }

    /// A remark: standard error, unless quiet.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            to_stderr(&format!("{text}\n"));
        }
    }

    /// Where files went: `written to reports/trial-recovered/ (report.html, summary.txt, ...)`.
    pub fn written(&self, path: &Path) {
        self.note(&format!("written to {}", path.display()));
    }
}

/// What the user must know though it is no error: standard error, even when quiet.
pub fn warn(message: &str, hint: Option<&str>) {
    tell("warning", YELLOW, message, hint);
}

/// An error and its hint.
pub fn error(error: &Error) {
    tell("error", RED_BOLD, &error.message, error.hint.as_deref());
}

fn tell(word: &str, colour: &str, message: &str, hint: Option<&str>) {
    let (colour, cyan, plain) = if coloured(&io::stderr()) { (colour, CYAN, PLAIN) } else { ("", "", "") };
    let mut text = format!("{colour}{word}:{plain} {message}\n");
    if let Some(hint) = hint {
        text.push_str(&format!("\n{cyan}hint:{plain} {hint}\n"));
    }
    to_stderr(&text);
}

/// Colours are for terminals whose user did not say `NO_COLOR`.
pub fn coloured(stream: &impl IsTerminal) -> bool {
    let asked_for_none = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
    stream.is_terminal() && !asked_for_none && !dumb
}

/// Text to standard output. Whoever closes the pipe has seen enough: that is no error.
///
/// # Errors
/// Io, when standard output cannot take it, e.g. on a full disk.
pub fn data(text: &str) -> Result<()> {
    data_in_parts(|sink| sink(text))
}

/// Like [`data`], for a text that comes in parts; once the pipe is closed `make` is told to stop.
///
/// # Errors
/// As [`data`], and whatever `make` says.
pub fn data_in_parts(make: impl FnOnce(Sink<'_>) -> Result<()>) -> Result<()> {
    let mut out = io::stdout().lock();
    let mut closed = false;
    let made = make(&mut |part| {
        out.write_all(part.as_bytes()).and_then(|()| out.flush()).map_err(|cause| {
            closed = cause.kind() == ErrorKind::BrokenPipe;
            not_printed(&cause)
        })
    });
    if closed { Ok(()) } else { made }
}

/// Text that was kept to standard output, as [`data`].
///
/// # Errors
/// As [`data`], and what `cannot_read` makes of a failure to read it.
pub fn data_from(kept: &mut impl Read, cannot_read: impl Fn(io::Error) -> Error) -> Result<()> {
    const PART: usize = 1 << 20; // bytes
    let mut part = vec![0; PART];
    let mut out = io::stdout().lock();
    loop {
        let n_bytes = match kept.read(&mut part) {
            Ok(0) => return Ok(()),
            Ok(n_bytes) => n_bytes,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
            Err(cause) => return Err(cannot_read(cause)),
        };
        match out.write_all(&part[..n_bytes]).and_then(|()| out.flush()) {
            Ok(()) => {}
            Err(cause) if cause.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(cause) => return Err(not_printed(&cause)),
        }
    }
}

/// The error for text that standard output does not take.
fn not_printed(cause: &io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot write to standard output: {cause}"))
}

/// Nobody can be told that standard error does not work.
fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
