//! A file that grows out of sight and is put in its place whole: a run that is killed leaves nothing of it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::cli::files::{beside, take_away_what_was_left};
use crate::error::{Error, Result};

/// Where Linux shows the files that a program has open.
#[cfg(target_os = "linux")]
const OPEN_FILES: &str = "/proc/self/fd";

/// What is written so far. It is for the owner alone, as it is when it has its name.
pub enum Growing {
    /// A file without a name, which goes when the program ends, however it ends.
    Unnamed(File),
    /// A file with a temporary name, where the file system knows no others.
    Named(NamedTempFile),
}

impl Growing {
    /// An empty file that can become `path`. The folder of `path` need not be there: until the file is put in its place it is in the
    /// nearest folder above that is.
    ///
    /// # Errors
    /// Io, when nothing can be written there.
    pub fn towards(path: &Path) -> Result<Growing> {
        let folder = folder_of(path);
        let is_there = folder.is_dir();
        let near = folder.ancestors().map(or_here).find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        Growing::near(near, is_there).map_err(|cause| match is_there {
            true => Error::io("write", path, &cause),
            false => Error::io("make the folder", folder, &cause),
        })
    }

    fn near(folder: &Path, is_its_own: bool) -> io::Result<Growing> {
        if let Some(file) = unnamed(folder) {
            if is_its_own {
                take_away_what_was_left(folder)?;
            }
            return Ok(Growing::Unnamed(file));
        }
        beside(folder).map(Growing::Named)
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// Io, when there is no room.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Growing::Unnamed(file) => file.write_all(bytes),
            Growing::Named(file) => file.write_all(bytes),
        }
    }

    /// Makes the folder of `path` where there is none, and gives the file that name; another file of that name goes.
    ///
    /// # Errors
    /// Io; nothing is changed then, but for the folder.
    pub fn put(self, path: &Path) -> Result<()> {
        let folder = folder_of(path);
        fs::create_dir_all(folder).map_err(|cause| Error::io("make the folder", folder, &cause))?;
        let put = match self {
            Growing::Unnamed(file) => named(&file, folder)
                .and_then(|file| file.persist(path).map(|_| ()).map_err(|failed| failed.error)),
            Growing::Named(file) => file.persist(path).map(|_| ()).map_err(|failed| failed.error),
        };
        put.map_err(|cause| Error::io("write", path, &cause))
    }
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    or_here(path.parent().unwrap_or(Path::new("")))
}

/// The empty path is the folder where the user stands.
fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// A file without a name that can be given one, where the file system knows such files.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = File::from(open(folder, flags, Mode::RUSR | Mode::WUSR).ok()?);
    file.lock().unwrap_or(()); // nobody takes it for one that was left when it has a temporary name
    Path::new(OPEN_FILES).is_dir().then_some(file)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_folder: &Path) -> Option<File> {
    None
}

/// Gives a file without a name a temporary one in a folder.
#[cfg(target_os = "linux")]
fn named(file: &File, folder: &Path) -> io::Result<NamedTempFile<()>> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};

    use crate::report::swap::TEMPORARY;
    let open = format!("{OPEN_FILES}/{}", file.as_raw_fd());
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .make_in(folder, |path| Ok(linkat(CWD, open.as_str(), CWD, path, AtFlags::SYMLINK_FOLLOW)?))
}

#[cfg(not(target_os = "linux"))]
fn named(_file: &File, _folder: &Path) -> io::Result<NamedTempFile<()>> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("readable").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_is_in_its_place_whole_or_not_at_all() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("new/deeper/a.csv");
        let mut file = Growing::towards(&path).expect("writable");
        file.write_all(b"x\n").expect("room");
        #[cfg(target_os = "linux")]
        assert!(names(root.path()).is_empty(), "nothing can be seen before it is whole");
        drop(file);
        assert!(names(root.path()).is_empty(), "nothing is left of a file that was given up");
        for text in ["y\n", "z\n"] {
            let mut file = Growing::towards(&path).expect("writable");
            file.write_all(text.as_bytes()).expect("room");
            file.put(&path).expect("put");
            assert_eq!(fs::read_to_string(&path).expect("readable"), text);
        }
        assert_eq!(names(&root.path().join("new/deeper")), ["a.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("a.csv");
        let named = Growing::Named(beside(root.path()).expect("writable"));
        for file in [Growing::towards(&path).expect("writable"), named] {
            file.put(&path).expect("put");
            let mode = fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(names(root.path()), ["a.csv"]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("file"), "").expect("written");
        let path = root.path().join("file/a.csv");
        let error = Growing::towards(&path).and_then(|file| file.put(&path)).expect_err("no folder");
        assert!(error.message.starts_with("cannot make the folder"), "{}", error.message);
        assert_eq!(names(root.path()), ["file"]);
    }
}
