//! Which of R, Python with statsmodels and Stata are installed, and what a script prints and writes when it is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Kind, Result};

/// A program that can run one of the scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name and version, e.g. `R 4.2.2`.
    pub name: String,
    /// The script that it runs.
    pub script: &'static str,
    /// The command and what stands before the script.
    words: Vec<&'static str>,
}

/// The first R that answers.
pub fn r() -> Option<Program> {
    let version = answer("Rscript", &["-e", "cat(as.character(getRversion()))"])?;
    let name = format!("R {version}");
    Some(Program { name, script: "crosscheck.R", words: vec!["Rscript", "--vanilla", "--encoding=UTF-8"] })
}

/// The first Python that has statsmodels.
pub fn python() -> Option<Program> {
    ["python3", "python"].into_iter().find_map(|python| {
        let version = answer(python, &["-c", "import statsmodels; print(statsmodels.__version__)"])?;
        let name = format!("statsmodels {version}");
        Some(Program { name, script: "crosscheck.py", words: vec![python] })
    })
}

/// The first Stata that is on the path; it is not asked for its version, which would open a window.
pub fn stata() -> Option<Program> {
    let found = ["stata-mp", "stata-se", "stata"].into_iter().find(|name| is_on_path(name))?;
    Some(Program { name: "Stata".to_string(), script: "crosscheck.do", words: vec![found, "-q", "-b", "do"] })
}

/// What a program says, if it can be started and ends well.
fn answer(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    (output.status.success() && !text.is_empty()).then_some(text)
}

fn is_on_path(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

/// Runs a script on the data in a private folder and gives what it wrote as its results. A program that takes longer than the
/// limit is stopped.
///
/// # Errors
/// Io, when it cannot be started; Data, when it takes too long, ends badly or writes no results: its last words.
pub fn run(program: &Program, script: &Path, data: &[PathBuf], limit: Duration) -> Result<String> {
    let told = |cause: std::io::Error| Error::io("run", script, &cause);
    let folder = tempfile::Builder::new().prefix("clinreg-").tempdir().map_err(told)?;
    let (results, words) = (folder.path().join("results.csv"), folder.path().join("said.txt"));
    let (first, more) = program.words.split_first().expect("a program has a name");
    let mut child = Command::new(first)
        .args(more)
        .arg(fs::canonicalize(script).map_err(told)?)
        .args(data.iter().map(|path| fs::canonicalize(path).unwrap_or_else(|_| path.clone())))
        .current_dir(folder.path())
        .env("CROSSCHECK_RESULTS", &results)
        .env("LC_ALL", "C.UTF-8")
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&words).map_err(told)?)
        .spawn()
        .map_err(told)?;
    let by_hand = format!("run it by hand: `{first} {}`", script.display());
    if !ends_within(&mut child, limit).map_err(told)? {
        let minutes = limit.as_secs_f64() / 60.0;
        return Err(Error::new(
            Kind::Data,
            format!(
                "{} took longer than {minutes} minutes for `{}` and was stopped",
                program.name,
                script.display()
            ),
        )
        .hint(format!("give it more with `--time-limit`, or {by_hand}")));
    }
    fs::read_to_string(&results).map_err(|_| {
        let said = fs::read(&words).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let last: Vec<&str> = said.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Error::new(
            Kind::Data,
            format!("{} could not run `{}`: {}", program.name, script.display(), last.join(" | ")),
        )
        .hint(by_hand)
    })
}

/// Waits for a process to end; one that does not within the limit is killed.
fn ends_within(child: &mut Child, limit: Duration) -> std::io::Result<bool> {
    const LOOK: Duration = Duration::from_millis(20);
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(LOOK);
    }
    Ok(true)
}
