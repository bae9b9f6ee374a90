//! The report of a run: the files of `clinreg fit -o`, written once to the private folder and read from there.

use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::report;
use crate::serve::failure::{Answer, Failure};
use crate::serve::state::{Shared, lock};
use crate::serve::train::run::{Run, State};

/// A file that can be had.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: usize,
    /// Its media type.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// Writes the report, unless that was done; the files.
///
/// # Errors
/// 409 before the end; what the report's writers say.
pub fn written(run: &Run, shared: &Shared) -> Answer<Vec<Listed>> {
    let concluded = {
        let inner = run.inner();
        match (inner.state, &inner.concluded) {
            (Some(State::Ended), Some(concluded)) => std::sync::Arc::clone(concluded),
            (Some(State::Failed), _) => {
                return Err(Failure::not_now("this run has failed and has no report"));
            }
            _ => return Err(Failure::not_now("this run has not ended yet")),
        }
    };
    let mut written = lock(&run.files);
    if let Some(files) = written.as_ref() {
        return Ok(files.clone());
    }
    let files = report::files(&concluded.fit, &concluded.context)?;
    report::write(&folder(shared, &run.id), &files)?;
    let listed: Vec<Listed> = files
        .iter()
        .map(|file| Listed { name: file.name.clone(), bytes: file.bytes.len(), kind: kind(&file.name) })
        .collect();
    Ok(written.insert(listed).clone())
}

/// The content of a file of the list; `name` chooses among the names that were written and never is a path.
///
/// # Errors
/// 404, when it is none of them; 409, before they are written.
pub fn read(run: &Run, shared: &Shared, name: &str) -> Answer<(Listed, Vec<u8>)> {
    let files = lock(&run.files);
    let listed = files.as_ref().ok_or_else(|| Failure::not_now("the report is not written yet"))?;
    let file = listed.iter().find(|file| file.name == name).ok_or_else(|| Failure::unknown("file"))?;
    Ok((file.clone(), content(shared, &run.id, &file.name)?))
}

fn content(shared: &Shared, id: &str, name: &str) -> Result<Vec<u8>> {
    let place = folder(shared, id).join(name);
    std::fs::read(&place).map_err(|cause| Error::io("read", &place, &cause))
}

/// Removes a run's files.
pub fn remove(shared: &Shared, id: &str) {
    // A run without a report has no folder; what stays goes with the private folder itself.
    let _tried = std::fs::remove_dir_all(folder(shared, id));
}

/// `id` is one that this server gave.
fn folder(shared: &Shared, id: &str) -> PathBuf {
    shared.folder().join(id)
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("csv") => "text/csv; charset=utf-8",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}
