//! How the program ends when nothing went wrong: done, or run without converging.

use std::process::ExitCode;

/// The end of a verb that could do its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Exit status 0.
    Done,
    /// Exit status 1: it ran and found that two things differ that should be the same.
    Differs,
    /// Exit status 3: it ran but did not converge; the files say so.
    NotConverged,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        match status {
            Status::Done => ExitCode::SUCCESS,
            Status::Differs => ExitCode::FAILURE,
            Status::NotConverged => ExitCode::from(3),
        }
    }
}
