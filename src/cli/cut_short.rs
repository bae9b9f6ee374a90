//! Where the report of a run goes that the user interrupted: to its folder, or beside it where an earlier report lies there.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::say;
use crate::error::{Error, Result};
use crate::optimise::stop::StopReason;

/// The folder of an interrupted run: `folder` itself unless it holds `mark`, the file by which a report is known; else
/// `folder-interrupted`, or the first of `folder-interrupted-2`, `-3` ... that holds no report but of an interrupted descent.
/// Says so, for the user looks for it elsewhere.
///
/// # Errors
/// Io, when the folder's own name cannot be found.
pub fn place(folder: &Path, mark: &str) -> Result<PathBuf> {
    if !folder.join(mark).exists() {
        return Ok(folder.to_path_buf());
    }
    let own = if folder.file_name().is_some() {
        folder.to_path_buf()
    } else {
        fs::canonicalize(folder).map_err(|e| Error::io("find the name of", folder, &e))?
    };
    let name = own.file_name().unwrap_or_default();
    let beside = (1..)
        .map(|k: u32| own.with_file_name(numbered(name, k)))
        .find(|place| !place.exists() || (place.is_dir() && is_free(&place.join(mark))))
        .expect("one of endless names is free");
    say::warn(
        &format!(
            "interrupted: the earlier report in `{}` stays as it was; what ran until then is in `{}`",
            folder.display(),
            beside.display()
        ),
        None,
    );
    Ok(beside)
}

fn numbered(name: &std::ffi::OsStr, k: u32) -> OsString {
    let mut name = name.to_os_string();
    name.push("-interrupted");
    if k > 1 {
        name.push(format!("-{k}"));
    }
    name
}

/// Whether a report whose mark this is may be replaced: there is none, or its descent was itself interrupted.
fn is_free(mark: &Path) -> bool {
    let Ok(text) = fs::read_to_string(mark) else { return !mark.exists() };
    let read: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let reason = read.as_ref().and_then(|model| model.pointer("/convergence/reason"));
    reason.and_then(|reason| reason.as_str()) == Some(StopReason::Interrupted.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "model.json";

    #[test]
    fn an_earlier_report_stays_and_an_interrupted_one_goes_beside_it() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("out");
        assert_eq!(place(&folder, MARK).expect("new"), folder);
        fs::create_dir(&folder).expect("room");
        fs::write(folder.join("notes.txt"), "the user's").expect("room");
        assert_eq!(place(&folder, MARK).expect("no report yet"), folder);
        fs::write(folder.join(MARK), "{}").expect("room");
        let first = root.path().join("out-interrupted");
        assert_eq!(place(&folder, MARK).expect("beside"), first);
        fs::create_dir(&first).expect("room");
        fs::write(first.join(MARK), r#"{"convergence":{"reason":"interrupted"}}"#).expect("room");
        assert_eq!(place(&folder, MARK).expect("replaces one of its kind"), first);
        let whole = r#"{"convergence":{"reason":"the gradient norm is below the tolerance"}}"#;
        fs::write(first.join(MARK), whole).expect("room");
        let second = root.path().join("out-interrupted-2");
        assert_eq!(place(&folder, MARK).expect("loses no whole report"), second);
        fs::write(&second, "a file of the user's").expect("room");
        assert_eq!(place(&folder, MARK).expect("nor a file"), root.path().join("out-interrupted-3"));
    }

    #[test]
    fn a_folder_that_is_named_by_a_dot_has_a_name_of_its_own() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("out");
        fs::create_dir(&folder).expect("room");
        fs::write(folder.join(MARK), "{}").expect("room");
        let beside = place(&folder.join("..").join("out").join("."), MARK).expect("beside");
        assert_eq!(beside.file_name().and_then(|name| name.to_str()), Some("out-interrupted"));
        let inner = folder.join("inner");
        fs::create_dir(&inner).expect("room");
        let beside = place(&inner.join(".."), MARK).expect("beside");
        assert!(beside.ends_with("out-interrupted"), "{}", beside.display());
    }
}
