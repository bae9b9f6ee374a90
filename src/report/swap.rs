//! A report folder is put in its place whole: built beside it, then exchanged with it in one step of the file system.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::report::NamedFile;

/// How the names of folders begin that are being built, or were when a run was killed.
const BUILDING: &str = ".clinreg-report-";
/// How the names of files begin that are being written, or were when a run was killed.
pub const TEMPORARY: &str = ".clinreg-";
/// A folder with more than this in it is not for reports alone: it stays where it is.
const MOST_OF_THE_USER: usize = 1000;

/// A place for a report, and the folder that it is in.
pub struct Place {
    parent: PathBuf,
    folder: PathBuf,
    /// Held while this is; other runs wait.
    _lock: Option<File>,
}

impl Place {
    /// Waits until no other run writes beside the folder, then takes away what killed runs left. `folder` is there.
    pub fn of(folder: &Path) -> std::io::Result<Place> {
        let folder = fs::canonicalize(folder)?;
        let parent = folder.parent().unwrap_or(&folder).to_path_buf();
        let lock = File::open(&parent).and_then(|open| open.lock().map(|()| open)).ok();
        if lock.is_some() {
            sweep(&parent, BUILDING);
        }
        sweep(&folder, TEMPORARY);
        Ok(Place { parent, folder, _lock: lock })
    }

    /// Puts new files, and all of the folder's but those that are `gone`, in its place at once. `false`, and nothing is changed, where the
    /// folder cannot be exchanged: it is where the user stands, holds too much, or the file system knows no such step.
    ///
    /// # Errors
    /// Io, when there is no room; nothing is changed then.
    pub fn exchange(&self, files: &[NamedFile], gone: &[String]) -> Result<bool> {
        if !self.can_move() {
            return Ok(false);
        }
        let Ok(built) = tempfile::Builder::new().prefix(BUILDING).tempdir_in(&self.parent) else {
            return Ok(false);
        };
        for file in files {
            write_new(&built.path().join(&file.name), file).map_err(|e| {
                Error::io("write to the folder", &self.folder, &e)
                    .hint("is it yours to write to, and is there room? else `-o`")
            })?;
        }
        let stays = |name: &str| {
            !name.starts_with(TEMPORARY)
                && !gone.iter().any(|g| g == name)
                && !files.iter().any(|f| f.name == name)
        };
        let mut budget = MOST_OF_THE_USER;
        if mirror(&self.folder, built.path(), &stays, &mut budget).is_err() {
            return Ok(false);
        }
        if let Ok(state) = fs::metadata(&self.folder) {
            let _ = fs::set_permissions(built.path(), state.permissions());
        }
        Ok(self.put(built))
    }

    /// Whether nobody stands in the folder (as far as this process knows) and it is no mount point.
    fn can_move(&self) -> bool {
        let here = fs::canonicalize(".").unwrap_or_default();
        !here.starts_with(&self.folder)
            && self.parent != self.folder
            && on_one_system(&self.parent, &self.folder)
    }

    /// The old folder has the temporary name afterwards, and goes.
    #[cfg(target_os = "linux")]
    fn put(&self, built: TempDir) -> bool {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        renameat_with(CWD, built.path(), CWD, &self.folder, RenameFlags::EXCHANGE).is_ok()
    }

    #[cfg(not(target_os = "linux"))]
    fn put(&self, _built: TempDir) -> bool {
        false
    }
}

#[cfg(unix)]
fn on_one_system(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| fs::metadata(path).map(|state| state.dev()).ok();
    device(a).is_some() && device(a) == device(b)
}

#[cfg(not(unix))]
fn on_one_system(_a: &Path, _b: &Path) -> bool {
    false
}

/// A file that only its owner may read.
fn write_new(path: &Path, file: &NamedFile) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).and_then(|mut new| file.write_to(&mut new))
}

/// The same files under the same names in another folder, as links, with their folders.
fn mirror(from: &Path, to: &Path, stays: &dyn Fn(&str) -> bool, budget: &mut usize) -> std::io::Result<()> {
    let other = |what: &str| std::io::Error::other(what.to_string());
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if !stays(&name.to_string_lossy()) {
            continue;
        }
        *budget = budget.checked_sub(1).ok_or_else(|| other("too many files"))?;
        let place = to.join(&name);
        if kind.is_dir() {
            fs::create_dir(&place)?;
            mirror(&entry.path(), &place, &|_| true, budget)?;
            fs::set_permissions(&place, entry.metadata()?.permissions())?;
        } else if kind.is_file() {
            fs::hard_link(entry.path(), &place)?;
        } else {
            return Err(other("neither a file nor a folder"));
        }
    }
    Ok(())
}

/// Takes away what a killed run left: files that nobody writes any more, and folders.
fn sweep(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix)) {
        let path = entry.path();
        if path.is_dir() && prefix == BUILDING {
            let _ = fs::remove_dir_all(&path); // no other run is building: this one has the lock
        } else if path.is_file() {
            remove_left(&path);
        }
    }
}

/// Removes a temporary file that no process has locked.
pub fn remove_left(path: &Path) {
    if let Ok(file) = File::open(path)
        && file.try_lock().is_ok()
    {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> NamedFile {
        NamedFile::new(name, text.as_bytes().to_vec())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_users_files_and_folders_come_along_and_leftovers_go() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("report");
        fs::create_dir_all(folder.join("mine/deeper")).expect("folders");
        for (name, text) in
            [("model.json", "old"), ("steps.csv", "old"), ("notes.txt", "mine"), ("mine/deeper/a", "1")]
        {
            fs::write(folder.join(name), text).expect("written");
        }
        fs::write(folder.join(".clinreg-killed"), "half").expect("written");
        fs::create_dir(root.path().join(".clinreg-report-killed")).expect("a folder");
        let place = Place::of(&folder).expect("it is there");
        let gone = ["steps.csv".to_string()];
        assert!(place.exchange(&[file("model.json", "new"), file("roc.png", "p")], &gone).expect("room"));
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        assert_eq!(read("model.json").as_deref(), Some("new"));
        assert_eq!(
            (read("notes.txt").as_deref(), read("mine/deeper/a").as_deref()),
            (Some("mine"), Some("1"))
        );
        assert!(read("steps.csv").is_none() && read(".clinreg-killed").is_none());
        assert_eq!(
            fs::read_dir(root.path()).expect("readable").count(),
            1,
            "nothing is left beside the folder"
        );
    }

    #[test]
    fn a_temporary_file_that_is_being_written_stays() {
        let root = tempfile::tempdir().expect("a folder");
        let busy = File::create(root.path().join(".clinreg-busy")).expect("created");
        busy.lock().expect("locked");
        fs::write(root.path().join(".clinreg-left"), "").expect("written");
        sweep(root.path(), TEMPORARY);
        let names: Vec<_> =
            fs::read_dir(root.path()).expect("readable").flatten().map(|e| e.file_name()).collect();
        assert_eq!(names, [".clinreg-busy"]);
    }
}
