//! Several files as one table: which files a list or a pattern names, and how their columns and rows meet.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::data::cell::shown;
use crate::data::opening::{Opened, hexadecimal};
use crate::error::{Error, Result};

/// The files that DATA names: itself where a file of that very name exists, or else the files of a list `a.csv,b.csv`
/// and of patterns such as `site_*.csv`, the latter sorted by name.
///
/// # Errors
/// Data: a pattern that cannot be read, or which no file matches.
pub fn named(data: &Path) -> Result<Vec<PathBuf>> {
    let text = data.to_string_lossy();
    if !text.contains([',', '*', '?', '[']) || data.exists() {
        return Ok(vec![data.to_owned()]);
    }
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let files = parts.map(matching).collect::<Result<Vec<_>>>()?;
    Ok(files.concat())
}

/// The files that match a pattern; a name that is no pattern is itself.
fn matching(pattern: &str) -> Result<Vec<PathBuf>> {
    let path = PathBuf::from(pattern);
    if !pattern.contains(['*', '?', '[']) || path.exists() {
        return Ok(vec![path]);
    }
    let unreadable = |why: String| {
        Error::data(format!("`{pattern}` is no pattern of file names: {why}"))
            .hint("`*` stands for any characters, `?` for one, `[abc]` for one of these")
    };
    let found = glob::glob(pattern).map_err(|e| unreadable(e.msg.to_owned()))?;
    let files: Vec<PathBuf> =
        found.collect::<std::result::Result<_, _>>().map_err(|e| Error::io("read", e.path(), e.error()))?;
    if files.is_empty() {
        return Err(Error::data(format!("no file matches `{pattern}`"))
            .hint("check the path; quotation marks around the pattern keep the shell from reading it"));
    }
    Ok(files) // sorted by name already
}

/// What DATA is called in a message or a report: its files and patterns without their folders.
pub(super) fn name(data: &Path) -> String {
    let text = data.to_string_lossy();
    let bare = |part: &str| match Path::new(part.trim()).file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => part.trim().to_owned(),
    };
    text.split(',').map(bare).collect::<Vec<_>>().join(",")
}

/// Puts files together, one below the other; columns meet by name, in the order of the first file.
///
/// The digest is the SHA-256 of the files' digests in hexadecimal, one after the other.
///
/// # Errors
/// Data: a file that lacks a column of the first, or has one more.
pub(super) fn stack(files: Vec<(String, Opened)>) -> Result<Opened> {
    let digests: String = files.iter().map(|(_, opened)| opened.sha256.as_str()).collect();
    let notices = notices(&files);
    let mut files = files.into_iter();
    let Some((first, mut all)) = files.next() else { return Err(Error::data("no file was named")) };
    all.body.origins.push(&first, 0);
    for (name, next) in files {
        all.body.origins.push(&name, all.n_lines);
        let places = meet(&first, &all.header, &name, &next.header)?;
        add(&mut all, next, &places);
    }
    all.sha256 = hexadecimal(Sha256::digest(digests));
    all.notices = notices;
    Ok(all)
}

/// What is said of the files together: what holds for all of them once, else with the file's name.
fn notices(files: &[(String, Opened)]) -> Vec<String> {
    let rows: Vec<String> = files.iter().map(|(_, opened)| opened.body.n_rows.to_string()).collect();
    let mut notices = vec![format!("{} files, {} rows, as one table", files.len(), rows.join(" + "))];
    for (idx, (name, opened)) in files.iter().enumerate() {
        for notice in &opened.notices {
            let of_all = files.iter().all(|(_, other)| other.notices.contains(notice));
            match (of_all, idx) {
                (true, 0) => notices.push(notice.clone()),
                (true, _) => {}
                (false, _) => notices.push(format!("`{name}`: {notice}")),
            }
        }
        if opened.header != files[0].1.header {
            notices.push(format!(
                "`{name}` has its columns in another order than `{}`; they meet by name",
                files[0].0
            ));
        }
    }
    notices
}

/// For each column of the first file its place in another.
fn meet(first: &str, header: &[String], name: &str, other: &[String]) -> Result<Vec<usize>> {
    let hint = "the files of one table must have the same columns, in whatever order";
    if let Some(more) = other.iter().find(|column| !header.contains(column)) {
        return Err(
            Error::data(format!("`{name}` has a column {}, which `{first}` has not", shown(more))).hint(hint)
        );
    }
    let place = |column: &String| {
        other.iter().position(|o| o == column).ok_or_else(|| {
            Error::data(format!("`{name}` has no column {}, which `{first}` has", shown(column))).hint(hint)
        })
    };
    header.iter().map(place).collect()
}

/// Adds the rows of a file below.
fn add(all: &mut Opened, next: Opened, places: &[usize]) {
    let (n_files, n_rows, n_lines) = (all.body.files.len(), all.body.n_rows, all.n_lines);
    for mut file in next.body.files {
        file.places = places.iter().map(|place| file.places[*place]).collect();
        all.body.files.push(file);
    }
    for mut piece in next.body.pieces {
        piece.file += n_files;
        piece.first_row += n_rows;
        piece.line = piece.line.saturating_add(n_lines);
        all.body.pieces.push(piece);
    }
    let below = |line: u32| line.saturating_add(n_lines);
    let (marks, new) = (&mut all.body.marks, next.body.marks);
    marks.comma_is_free |= new.comma_is_free;
    marks.comma = marks.comma.or(new.comma.map(below));
    marks.point = marks.point.or(new.point.map(below));
    all.body.n_rows += next.body.n_rows;
    all.n_lines = all.n_lines.saturating_add(next.n_lines);
}

#[cfg(test)]
#[path = "several_tests.rs"]
mod tests;
