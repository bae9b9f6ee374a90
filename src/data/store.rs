//! Where the text of a file is: in memory, or on disk, from where a stretch is read when it is needed.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::data::encoding;
use crate::error::{Error, Kind, Result};

/// The text of a file.
pub enum Store {
    /// All of it, decoded.
    Memory(String),
    /// A regular file in UTF-8 or Windows-1252.
    Disk(Disk),
}

/// A file as it was when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    path: PathBuf,
    n_bytes: u64,
    modified: Option<SystemTime>,
    identity: Identity,
}

/// What a file has that its writer cannot set: where it is and, on Unix, when it last changed in whatever way. A file of the same
/// length and time of modification in another's place differs here.
#[cfg(unix)]
type Identity = (u64, u64, i64, i64);
#[cfg(not(unix))]
type Identity = ();

impl Store {
    /// The text of some bytes, which are whole lines.
    ///
    /// # Errors
    /// Io, when the file cannot be read or was changed since it was opened.
    pub fn text(&self, bytes: &Range<u64>) -> Result<Cow<'_, str>> {
        match self {
            Store::Memory(text) => Ok(Cow::Borrowed(&text[bytes.start as usize..bytes.end as usize])),
            Store::Disk(disk) => {
                let text = String::from_utf8(disk.bytes(bytes)?);
                Ok(Cow::Owned(text.unwrap_or_else(|e| encoding::stretch(e.as_bytes()).into_owned())))
            }
        }
    }
}

impl Disk {
    /// Opens a file; gives it open too.
    ///
    /// # Errors
    /// Io, when it cannot be opened.
    pub fn open(path: &Path) -> Result<(Disk, File)> {
        let told = |cause: std::io::Error| Error::io("read", path, &cause);
        let file = File::open(path).map_err(told)?;
        let disk = Disk::of(path, &file.metadata().map_err(told)?);
        Ok((disk, file))
    }

    fn of(path: &Path, state: &Metadata) -> Disk {
        Disk {
            path: path.to_owned(),
            n_bytes: state.len(),
            modified: state.modified().ok(),
            identity: identity(state),
        }
    }

    /// Makes sure that the file at the path is the one that was opened, as it was.
    ///
    /// # Errors
    /// Io, when it is gone or was changed since it was opened.
    pub fn check(&self) -> Result<()> {
        let (now, _) = Disk::open(&self.path)?;
        if now == *self { Ok(()) } else { Err(self.changed()) }
    }

    /// The size of the file in bytes.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Some bytes of the file; callable from several threads at once.
    ///
    /// # Errors
    /// Io, when it cannot be read or was changed since it was opened.
    pub fn bytes(&self, range: &Range<u64>) -> Result<Vec<u8>> {
        let (now, mut file) = Disk::open(&self.path)?;
        if now != *self {
            return Err(self.changed());
        }
        let told = |cause: std::io::Error| Error::io("read", &self.path, &cause);
        let n_bytes = range.end - range.start;
        let mut bytes = Vec::with_capacity(n_bytes as usize);
        file.seek(SeekFrom::Start(range.start)).map_err(told)?;
        file.by_ref().take(n_bytes).read_to_end(&mut bytes).map_err(told)?;
        let after = Disk::of(&self.path, &file.metadata().map_err(told)?);
        if bytes.len() as u64 == n_bytes && after == *self { Ok(bytes) } else { Err(self.changed()) }
    }

    /// The error for a file that is another than before.
    pub fn changed(&self) -> Error {
        let message = format!("`{}` was changed while it was being read", self.path.display());
        Error::new(Kind::Io, message).hint("run again when nothing writes to it any more")
    }
}

#[cfg(unix)]
fn identity(state: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (state.dev(), state.ino(), state.ctime(), state.ctime_nsec())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
