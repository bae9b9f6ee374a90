//! Where the text of a file is: in memory, or on disk, from where a stretch is read when it is needed.

use std::borrow::Cow;
use std::fs::File;
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
}

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
        let state = file.metadata().map_err(told)?;
        let disk = Disk { path: path.to_owned(), n_bytes: state.len(), modified: state.modified().ok() };
        Ok((disk, file))
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
        file.take(n_bytes).read_to_end(&mut bytes).map_err(told)?;
        if bytes.len() as u64 == n_bytes { Ok(bytes) } else { Err(self.changed()) }
    }

    /// The error for a file that is another than before.
    pub fn changed(&self) -> Error {
        let message = format!("`{}` was changed while it was being read", self.path.display());
        Error::new(Kind::Io, message).hint("run again when nothing writes to it any more")
    }
}
