//! Writing to the report folder: every file whole or none, and nothing of an earlier run taken for this one's.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::data::builtin;
use crate::error::{Error, Kind, Result};
use crate::report::swap::{Place, TEMPORARY};
use crate::report::{NamedFile, figures, partial};

/// What `fit` can write to a folder. Those that a run does not write are taken away, lest an earlier run's be
/// mistaken for this one's; files of any other name are never touched.
const FIT_FILES: [&str; 46] = [
    "summary.txt",
    "model.json",
    "coefficients.csv",
    "fit.csv",
    "history.csv",
    "steps.csv",
    "fitted.csv",
    "loss_curve.png",
    "loss_curve.svg",
    "gradient_norm.png",
    "gradient_norm.svg",
    "penalty_path.csv",
    "penalty_path.png",
    "penalty_path.svg",
    "cross_validation.csv",
    "cross_validation.png",
    "cross_validation.svg",
    "report.html",
    "effects.json",
    "validation.json",
    "imputation.csv",
    "forest.png",
    "forest.svg",
    "roc.png",
    "roc.svg",
    "calibration.png",
    "calibration.svg",
    "decision_curve.png",
    "decision_curve.svg",
    "risks.png",
    "risks.svg",
    "residuals.png",
    "residuals.svg",
    "treatment_effect.png",
    "treatment_effect.svg",
    "methods.txt",
    "missing.png",
    "missing.svg",
    "partial_effects.csv",
    "influence.png",
    "influence.svg",
    "instability.png",
    "instability.svg",
    "missing.csv",
    "imputation_traces.png",
    "imputation_traces.svg",
];
/// What `evaluate` can write to a folder, likewise.
const EVALUATION_FILES: [&str; 9] = [
    "evaluation.json",
    "summary.txt",
    "recalibrated.json",
    "calibration.png",
    "calibration.svg",
    "roc.png",
    "roc.svg",
    "decision_curve.png",
    "decision_curve.svg",
];
/// The same in the folder of a fit, whose files of these names stay.
const EVALUATION_BESIDE_A_FIT: [&str; 7] = [
    "recalibrated.json",
    "evaluation_calibration.png",
    "evaluation_calibration.svg",
    "evaluation_roc.png",
    "evaluation_roc.svg",
    "evaluation_decision_curve.png",
    "evaluation_decision_curve.svg",
];
/// What `explore` can write to a folder, likewise.
const EXPLORATION_FILES: [&str; 24] = [
    "contour.png",
    "contour.svg",
    "surface.png",
    "surface.svg",
    "loss_and_gradient.png",
    "loss_and_gradient.svg",
    "eigen.png",
    "eigen.svg",
    "descent.gif",
    "path.csv",
    "raw_contour.png",
    "raw_contour.svg",
    "raw_surface.png",
    "raw_surface.svg",
    "raw_loss_and_gradient.png",
    "raw_loss_and_gradient.svg",
    "raw_eigen.png",
    "raw_eigen.svg",
    "raw_descent.gif",
    "raw_path.csv",
    "raw_explore.json",
    "scales.png",
    "scales.svg",
    "explore.html",
];
/// The folder of a fit in which `crosscheck` writes, and what it writes there.
pub const CROSSCHECK: &str = "crosscheck";
const CROSSCHECK_FILES: [&str; 3] = ["crosscheck.R", "crosscheck.py", "crosscheck.do"];
/// The file that says that a run is an exploration.
const MARK_OF_AN_EXPLORATION: &str = "explore.json";
/// The file that says that a run is an evaluation.
const MARK_OF_AN_EVALUATION: &str = "evaluation.json";
/// The file that says that a run is a fit.
const MARK_OF_A_FIT: &str = "model.json";

/// Writes files to a folder, made if need be: all of them or none. The folder is built anew beside its place, with the user's
/// own files in it, and exchanged with the old one in one step, so that whoever looks at any moment, and whenever the program
/// is killed, sees the old report or the new one. Where that cannot be (the user stands in the folder, or the file system
/// has no such step) the files are written beside their places and moved one by one, first taking away the one that says
/// that this is a result, which comes last. Two runs into one folder wait for each other.
///
/// # Errors
/// Io, when the folder or a file cannot be made: what, where and why.
pub fn write(folder: &Path, files: &[NamedFile]) -> Result<()> {
    for (k, file) in files.iter().enumerate() {
        assert!(files[..k].iter().all(|other| other.name != file.name), "file names differ");
    }
    let made = make_folder(folder)?;
    let written = write_all(folder, files);
    if written.is_err() {
        // Only folders that are empty go; the error above is what the user needs to know.
        made.iter().for_each(|created| fs::remove_dir(created).unwrap_or(()));
    }
    written
}

/// Makes the folder and its parents; says which ones it made, the innermost first.
fn make_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    if let Some(file) = folder.ancestors().find(|a| a.exists() && !a.is_dir()) {
        return Err(Error::new(
            Kind::Io,
            format!("cannot make the folder `{}`: `{}` is a file", folder.display(), file.display()),
        )
        .hint("name another folder with `-o`"));
    }
    let absent: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|a| !a.as_os_str().is_empty() && !a.exists())
        .map(Path::to_path_buf)
        .collect();
    fs::create_dir_all(folder)
        .map_err(|e| Error::io("make the folder", folder, &e).hint("name another folder with `-o`"))?;
    Ok(absent)
}

fn write_all(folder: &Path, files: &[NamedFile]) -> Result<()> {
    if let Some(place) = files.iter().map(|file| folder.join(&file.name)).find(|place| place.is_dir()) {
        return Err(Error::new(
            Kind::Io,
            format!("cannot write `{}`: a folder has that name", place.display()),
        )
        .hint("rename that folder, or name another one with `-o`"));
    }
    let place = Place::of(folder).map_err(|e| Error::io("write to the folder", folder, &e))?;
    let gone = of_an_earlier_run(folder, files);
    let is_another = is_another_model(folder, files);
    if !place.exchange(files, &gone)? {
        one_by_one(folder, files, &gone)?;
    }
    if is_another {
        without_crosscheck(folder);
    }
    Ok(())
}

/// Whether the files are a fit whose model is not the one of the folder.
fn is_another_model(folder: &Path, files: &[NamedFile]) -> bool {
    let new = files.iter().find(|file| file.name == MARK_OF_A_FIT);
    new.is_some_and(|new| fs::read(folder.join(MARK_OF_A_FIT)).is_ok_and(|old| old != new.bytes))
}

/// Takes away the scripts by which an earlier model of the folder was checked, and the copy of built-in data for them; what else
/// is in their folder is the user's and stays. What cannot be taken away does no harm that could be told here: the scripts name
/// their model's numbers.
fn without_crosscheck(folder: &Path) {
    let folder = folder.join(CROSSCHECK);
    let ours = CROSSCHECK_FILES.iter().map(|name| folder.join(name));
    let within = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let copies = within.filter(|place| {
        let name =
            place.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".csv"));
        let built_in = name.and_then(|name| builtin::csv(name).ok());
        built_in.is_some_and(|bytes| fs::read(place).is_ok_and(|own| own == bytes))
    });
    for place in ours.chain(copies).filter(|place| place.is_file()) {
        let _tried = fs::remove_file(place);
    }
    let _unless_it_holds_more = fs::remove_dir(&folder);
}

/// The files that an earlier run of the same kind wrote and this one does not.
fn of_an_earlier_run(folder: &Path, files: &[NamedFile]) -> Vec<String> {
    let has = |mark: &str| files.iter().any(|f| f.name == mark);
    let mut known: Vec<String> = Vec::new();
    if has(MARK_OF_A_FIT) {
        known.extend(FIT_FILES.iter().map(ToString::to_string));
        let stems = partial::STEMS.iter().chain(&figures::ARMS);
        known.extend(stems.flat_map(|stem| [format!("{stem}.png"), format!("{stem}.svg")]));
    } else if has(MARK_OF_AN_EVALUATION) {
        let beside_a_fit = folder.join(MARK_OF_A_FIT).exists();
        let of_it = if beside_a_fit { &EVALUATION_BESIDE_A_FIT[..] } else { &EVALUATION_FILES[..] };
        known.extend(of_it.iter().map(ToString::to_string));
    }
    if has(MARK_OF_AN_EXPLORATION) {
        known.extend(EXPLORATION_FILES.iter().map(ToString::to_string));
    }
    known.retain(|name| !has(name));
    known
}

/// Writes the files beside their places and moves them there, the mark of a result last.
fn one_by_one(folder: &Path, files: &[NamedFile], gone: &[String]) -> Result<()> {
    let is_mark = |name: &str| [MARK_OF_A_FIT, MARK_OF_AN_EVALUATION, MARK_OF_AN_EXPLORATION].contains(&name);
    let mut waiting = Vec::with_capacity(files.len());
    for file in files {
        waiting.push((beside(folder, file)?, folder.join(&file.name), is_mark(&file.name)));
    }
    waiting.sort_by_key(|(_, _, is_mark)| *is_mark);
    let marks = waiting.iter().filter(|(_, _, is_mark)| *is_mark).map(|(_, place, _)| place.clone());
    for place in marks.chain(gone.iter().map(|name| folder.join(name))).filter(|place| place.is_file()) {
        fs::remove_file(&place).map_err(|e| Error::io("remove an earlier run's", &place, &e))?;
    }
    for (temporary, place, _) in waiting {
        temporary.persist(&place).map_err(|e| Error::io("write", &place, &e.error))?;
    }
    Ok(())
}

/// A file's content in a nameless-to-be file of the same folder, which vanishes unless it is moved to its place.
fn beside(folder: &Path, file: &NamedFile) -> Result<NamedTempFile> {
    let failed = |e: std::io::Error| {
        Error::io("write to the folder", folder, &e)
            .hint("is it yours to write to, and is there room? else `-o`")
    };
    // for the owner alone, as all temporary files are: these are patients
    let mut temporary = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder).map_err(failed)?;
    temporary.as_file().lock().unwrap_or(()); // nobody takes it for one that a killed run left
    file.write_to(&mut temporary).map_err(failed)?;
    Ok(temporary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> NamedFile {
        NamedFile::new(name, text.as_bytes().to_vec())
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("it is there")
            .map(|e| e.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_of_an_earlier_run_go_and_those_of_the_user_stay() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("a/b");
        write(&folder, &[file("model.json", "{}"), file("steps.csv", "1")]).expect("first run");
        fs::write(folder.join("notes.txt"), "mine").expect("the user's");
        write(&folder, &[file("model.json", "{1}"), file("summary.txt", "s")]).expect("second run");
        assert_eq!(names(&folder), ["model.json", "notes.txt", "summary.txt"]);
        assert_eq!(fs::read_to_string(folder.join("model.json")).expect("there"), "{1}");
    }

    #[test]
    fn an_evaluation_beside_a_fit_takes_away_only_its_own() {
        let root = tempfile::tempdir().expect("a folder");
        let of_the_fit = [file("model.json", "{}"), file("summary.txt", ""), file("roc.png", "fit's")];
        write(root.path(), &of_the_fit).expect("a fit");
        let first = [file("evaluation.json", ""), file("evaluation_roc.png", "")];
        write(root.path(), &first).expect("of risks");
        write(root.path(), &[file("evaluation.json", ""), file("evaluation_calibration.png", "")])
            .expect("of means");
        let left = ["evaluation.json", "evaluation_calibration.png", "model.json", "roc.png", "summary.txt"];
        assert_eq!(names(root.path()), left);
        assert_eq!(fs::read_to_string(root.path().join("roc.png")).expect("there"), "fit's");
    }

    #[test]
    fn what_is_not_a_fit_takes_nothing_away() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), &[file("model.json", "{}")]).expect("a fit");
        write(root.path(), &[file("compare.csv", "")]).expect("a comparison");
        assert_eq!(names(root.path()), ["compare.csv", "model.json"]);
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_named() {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("out"), "").expect("a file");
        let error =
            write(&root.path().join("out/deeper"), &[file("a", "")]).expect_err("a file is in the way");
        assert!(error.message.contains("out` is a file"), "{}", error.message);
        assert_eq!(error.exit_status(), 1);
    }

    #[test]
    fn a_clash_of_names_leaves_the_folder_as_it_was() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("report.html")).expect("a folder in the way");
        fs::write(root.path().join("model.json"), "old").expect("an earlier run");
        let files = [file("model.json", "new"), file("report.html", "page")];
        let error = write(root.path(), &files).expect_err("the page has no place");
        assert!(error.message.contains("a folder has that name"));
        assert_eq!(names(root.path()), ["model.json", "report.html"]);
        assert_eq!(fs::read_to_string(root.path().join("model.json")).expect("there"), "old");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("a.csv"), "").expect("an ordinary file");
        write(root.path(), &[file("a.csv", "x"), file("b.csv", "y")]).expect("written");
        for name in ["a.csv", "b.csv"] {
            let mode = fs::metadata(root.path().join(name)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
