//! `--threads`: how many cores the program uses; the results never depend on it.

use crate::error::{Error, Kind, Result};

/// The CSV reader takes its limit from here, when the program starts.
#[cfg(unix)]
const READER_LIMIT: &str = "POLARS_MAX_THREADS";

/// No computer has more cores at this time.
const MOST: usize = 4_096;

/// Limits the program to this many threads, for the whole run.
///
/// The reader's limit is an environment variable, and changing the environment of a running program is not safe:
/// the program replaces itself by one that starts with it.
///
/// # Errors
/// Usage, when more threads are wanted than any computer has; Io, when the operating system gives no threads.
pub fn limit(threads: usize) -> Result<()> {
    if threads > MOST {
        return Err(Error::usage(format!("`--threads {threads}` is more than {MOST}"))
            .hint("without `--threads` all cores are used"));
    }
    restart_with_limit(threads);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|cause| Error::new(Kind::Io, format!("cannot start {threads} threads: {cause}")))
}

/// Returns only if the limit is already there, or cannot be had (then the reader uses all cores, to the same effect).
#[cfg(unix)]
fn restart_with_limit(threads: usize) {
    use std::os::unix::process::CommandExt;
    let wanted = threads.to_string();
    if std::env::var_os(READER_LIMIT).is_some_and(|limit| limit == wanted.as_str()) {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let mut again = std::process::Command::new(program);
        again.args(std::env::args_os().skip(1)).env(READER_LIMIT, wanted);
        let _could_not = again.exec();
    }
}

#[cfg(not(unix))]
fn restart_with_limit(_threads: usize) {}
