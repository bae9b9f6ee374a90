//! The only floor that speaks: arguments, one verb a file, progress, messages.

use std::process::ExitCode;

/// Runs the program.
pub fn run() -> ExitCode {
    ExitCode::SUCCESS
}
