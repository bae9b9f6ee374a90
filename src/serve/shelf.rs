//! The data sets that can be asked for: the built-in ones by name, the uploaded ones by the number they got.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::data::builtin;
use crate::data::csv::Source;
use crate::error::Result;

/// Uploads kept at once, and their bytes in all; the oldest goes first.
const KEPT: usize = 8;
const KEPT_BYTES: usize = 256 << 20;

/// One upload.
#[derive(Debug, Clone)]
pub struct Upload {
    /// `d1`, `d2`, ...
    pub id: String,
    /// The file that was sent, opened.
    pub source: Arc<Source>,
    bytes: usize,
}

/// The uploads, oldest first.
#[derive(Debug, Default)]
pub struct Shelf {
    uploads: VecDeque<Upload>,
    given: u64,
}

/// The name of a data set as a request gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// Built in, without its `@`.
    BuiltIn(&'a str),
    /// An upload's id.
    Uploaded(&'a str),
}

/// What a request means by the name of a data set: never a path.
pub fn wanted(id: &str) -> Wanted<'_> {
    match id.strip_prefix('@') {
        Some(name) => Wanted::BuiltIn(name),
        None => Wanted::Uploaded(id),
    }
}

impl Shelf {
    /// Keeps an upload and gives it an id; old ones go where there is no room.
    pub fn put(&mut self, source: Source, bytes: usize) -> Upload {
        self.given += 1;
        let upload = Upload { id: format!("d{}", self.given), source: Arc::new(source), bytes };
        self.uploads.push_back(upload.clone());
        let total = |uploads: &VecDeque<Upload>| uploads.iter().map(|u| u.bytes).sum::<usize>();
        while self.uploads.len() > 1 && (self.uploads.len() > KEPT || total(&self.uploads) > KEPT_BYTES) {
            self.uploads.pop_front();
        }
        upload
    }

    /// The upload of that id.
    pub fn get(&self, id: &str) -> Option<&Upload> {
        self.uploads.iter().find(|u| u.id == id)
    }

    /// Forgets an upload; whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.uploads.len();
        self.uploads.retain(|u| u.id != id);
        self.uploads.len() < before
    }

    /// All uploads, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Upload> {
        self.uploads.iter()
    }
}

/// Of the lesson on separation: who got a dose above 3 mg responded, and nobody else.
const TWO_DOSES: &str =
    "dose,responded\n1,no\n1.5,no\n2,no\n2.5,no\n3,no\n3.5,yes\n4,yes\n4.5,yes\n5,yes\n5.5,yes\n";

/// A built-in set, read as a file is; `two_doses` is a lesson's and stands in no list.
///
/// # Errors
/// Data, when there is none of that name.
pub fn built_in(name: &str) -> Result<Source> {
    let bytes = if name == "two_doses" { TWO_DOSES.into() } else { builtin::csv(name)? };
    Source::from_bytes(&format!("@{name}"), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::from_bytes("x.csv", text.as_bytes().to_vec()).expect("a CSV")
    }

    #[test]
    fn the_oldest_upload_goes_when_there_are_too_many_or_too_much() {
        let mut shelf = Shelf::default();
        for _ in 0..10 {
            shelf.put(source("a,b\n1,2\n"), 8);
        }
        let ids: Vec<&str> = shelf.all().map(|u| u.id.as_str()).collect();
        assert_eq!(ids, ["d3", "d4", "d5", "d6", "d7", "d8", "d9", "d10"]);
        let last = shelf.put(source("a,b\n1,2\n"), KEPT_BYTES + 1);
        assert_eq!(shelf.all().map(|u| u.id.clone()).collect::<Vec<_>>(), [last.id]);
        assert!(shelf.remove("d11") && !shelf.remove("d11"));
    }
}
