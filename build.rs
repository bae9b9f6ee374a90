//! Puts the commit into the version, where the sources are a git repository; else the version stands alone.
//!
//! Cargo runs this again only when what the program is built from has changed, so that a commit by itself rebuilds
//! nothing: the version then names the commit on which the build stood, and says that files had been changed since.

use std::process::Command;

/// What the program is built from.
const SOURCES: [&str; 5] = ["build.rs", "Cargo.toml", "Cargo.lock", "src", "data"];

fn main() {
    let version = env!("CARGO_PKG_VERSION");
    let version = match commit() {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_string(),
    };
    println!("cargo:rustc-env=CLINREG_VERSION={version}");
    SOURCES.iter().for_each(|path| println!("cargo:rerun-if-changed={path}"));
}

/// The commit, if this folder is the top of a repository: a copy inside another one has none of its own.
fn commit() -> Option<String> {
    if !git(&["rev-parse", "--show-prefix"])?.is_empty() {
        return None;
    }
    let commit = git(&["rev-parse", "--short=10", "HEAD"]).filter(|text| !text.is_empty())?;
    let changed = git(&[&["status", "--porcelain", "--untracked-files=no", "--"], &SOURCES[..]].concat())?;
    Some(if changed.is_empty() { commit } else { format!("{commit}, with changes") })
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
}
