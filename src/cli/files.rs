//! Where files go: default folders, checks before a long job, and one file written beside its place and moved there.

use std::fs;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use crate::cli::growing::Growing;
use crate::cli::say;
use crate::error::{Error, Kind, Result};
use crate::report::swap::{TEMPORARY, remove_left};

/// `reports/<data>-<outcome>`, from the data as typed and the outcome's text.
pub fn default_folder(data: &Path, outcome: &str) -> PathBuf {
    let stem = data.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    Path::new("reports").join(format!("{}-{}", plain(&stem), plain(outcome)))
}

/// The name with everything but letters, digits, `.`, `_` and `-` as one `_`, none at the ends.
fn plain(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') {
            text.push(c);
        } else if !text.ends_with('_') {
            text.push('_');
        }
    }
    let trimmed = text.trim_matches(['_', '.']);
    if trimmed.is_empty() { "data".to_string() } else { trimmed.to_string() }
}

/// Refuses, before a long job, a folder that can never be one.
///
/// # Errors
/// Io, when the path is a file.
pub fn check_folder(folder: Option<&Path>) -> Result<()> {
    match folder {
        Some(path) if path.exists() && !path.is_dir() => {
            Err(Error::new(Kind::Io, format!("`{}` is a file, and a folder is needed", path.display()))
                .hint("name another folder with `--out`"))
        }
        _ => Ok(()),
    }
}

/// Refuses, before a long job, a file that is a folder or one of the files that are read.
///
/// # Errors
/// Io.
pub fn check_file(out: Option<&Path>, read: &[&Path]) -> Result<()> {
    let Some(out) = out else {
        return Ok(());
    };
    if out.is_dir() {
        return Err(Error::new(Kind::Io, format!("`{}` is a folder, and a file is needed", out.display()))
            .hint("name a file with `--out`, e.g. `-o predictions.csv`"));
    }
    let place = fs::canonicalize(out).ok();
    if place.is_some() && read.iter().any(|path| fs::canonicalize(path).ok() == place) {
        return Err(Error::new(
            Kind::Io,
            format!("`{}` is read by this command and would be overwritten", out.display()),
        )
        .hint("name another file with `--out`"));
    }
    Ok(())
}

/// Text to a file, or to standard output where there is none.
///
/// # Errors
/// Io, when it cannot be written; nothing half-written is left.
pub fn deliver(out: Option<&Path>, text: &str) -> Result<()> {
    deliver_in_parts(out, |sink| sink(text))
}

/// Where a text goes part by part.
pub type Sink<'a> = &'a mut dyn FnMut(&str) -> Result<()>;

/// Like [`deliver`], for a text that comes in parts; a closed pipe ends the making of it.
///
/// # Errors
/// Io, or whatever `make` says; nothing half-written is left.
pub fn deliver_in_parts(out: Option<&Path>, make: impl FnOnce(Sink<'_>) -> Result<()>) -> Result<()> {
    let Some(path) = out else {
        return say::data_in_parts(make);
    };
    let cannot_write = |cause: std::io::Error| Error::io("write", path, &cause);
    let mut file = Growing::towards(path)?;
    make(&mut |part| file.write_all(part.as_bytes()).map_err(cannot_write))?;
    file.put(path)
}

/// Like [`deliver_in_parts`], but standard output gets nothing before all parts are made: until then they are kept, many in a file without
/// a name in the folder for temporary files.
///
/// # Errors
/// Io, or whatever `make` says; nothing was printed then, unless standard output failed.
pub fn deliver_when_whole(out: Option<&Path>, make: impl FnOnce(Sink<'_>) -> Result<()>) -> Result<()> {
    const IN_MEMORY: usize = 32 << 20; // bytes
    if out.is_some() {
        return deliver_in_parts(out, make);
    }
    let cannot_keep = |cause: std::io::Error| {
        let message = format!("cannot keep what is to be printed in a temporary file: {cause}");
        Error::new(Kind::Io, message)
            .hint("make room, let `TMPDIR` name a folder on a larger disk, or write to a file with `--out`")
    };
    let mut kept = tempfile::spooled_tempfile(IN_MEMORY);
    make(&mut |part| kept.write_all(part.as_bytes()).map_err(cannot_keep))?;
    kept.rewind().map_err(cannot_keep)?;
    say::data_from(&mut kept, cannot_keep)
}

/// A temporary file, for the owner alone as it is when it has its name: these are patients. Those that killed runs left go.
pub fn beside(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    take_away_what_was_left(folder)?;
    let file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    file.as_file().lock().unwrap_or(()); // nobody takes it for one that was left
    Ok(file)
}

/// Removes the temporary files of a folder that killed runs left there.
///
/// # Errors
/// Io, when the folder cannot be read.
pub fn take_away_what_was_left(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let is_left = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
        if is_left && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove_left(&entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_after_data_and_outcome_without_odd_signs() {
        let folder = |data: &str, outcome: &str| {
            default_folder(Path::new(data), outcome).to_string_lossy().replace('\\', "/")
        };
        assert_eq!(folder("in/trial 2.csv", "log(crp)"), "reports/trial_2-log_crp");
        assert_eq!(folder("@diabetes", "progression"), "reports/diabetes-progression");
        assert_eq!(folder("größe.csv", "../x"), "reports/größe-x");
        assert_eq!(folder("///", "`"), "reports/data-data");
    }

    #[test]
    fn a_file_that_is_read_is_not_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.csv");
        deliver(Some(&path), "x\n").expect("writable");
        assert!(check_file(Some(&path), &[&path]).is_err());
        assert!(check_file(Some(folder.path()), &[]).is_err());
        assert!(check_file(Some(&folder.path().join("b.csv")), &[&path]).is_ok());
        assert!(check_folder(Some(&path)).is_err());
    }

    #[test]
    fn a_delivered_file_stands_alone_in_its_folder() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("new/a.csv");
        deliver(Some(&path), "x\n").expect("writable");
        deliver(Some(&path), "y\n").expect("writable");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "y\n");
        assert_eq!(fs::read_dir(path.parent().expect("has one")).expect("readable").count(), 1);
    }
}
