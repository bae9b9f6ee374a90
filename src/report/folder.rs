//! Writing to the report folder: every file whole or none, and nothing of an earlier run taken for this one's.

use std::fs::{self, Permissions};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Kind, Result};
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
/// The file that says that a run is an exploration.
const MARK_OF_AN_EXPLORATION: &str = "explore.json";
/// The file that says that a run is an evaluation.
const MARK_OF_AN_EVALUATION: &str = "evaluation.json";
/// The file that says that a run is a fit.
const MARK_OF_A_FIT: &str = "model.json";

/// Writes files to a folder, made if need be. All are written beside their places first and then moved, so that an
/// error leaves the folder as it was.
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
    let mut waiting = Vec::with_capacity(files.len());
    for file in files {
        let place = folder.join(&file.name);
        if place.is_dir() {
            return Err(Error::new(
                Kind::Io,
                format!("cannot write `{}`: a folder has that name", place.display()),
            )
            .hint("rename that folder, or name another one with `-o`"));
        }
        waiting.push((beside(folder, &file.bytes)?, place));
    }
    let has = |mark: &str| files.iter().any(|f| f.name == mark);
    if has(MARK_OF_A_FIT) {
        remove_earlier(&FIT_FILES, folder, files)?;
        let effects: Vec<String> = partial::STEMS
            .iter()
            .chain(&figures::ARMS)
            .flat_map(|stem| [format!("{stem}.png"), format!("{stem}.svg")])
            .collect();
        let effects: Vec<&str> = effects.iter().map(String::as_str).collect();
        remove_earlier(&effects, folder, files)?;
    } else if has(MARK_OF_AN_EVALUATION) {
        let beside_a_fit = folder.join(MARK_OF_A_FIT).exists();
        let known = if beside_a_fit { &EVALUATION_BESIDE_A_FIT[..] } else { &EVALUATION_FILES[..] };
        remove_earlier(known, folder, files)?;
    }
    if has(MARK_OF_AN_EXPLORATION) {
        remove_earlier(&EXPLORATION_FILES, folder, files)?;
    }
    for (temporary, place) in waiting {
        temporary.persist(&place).map_err(|e| Error::io("write", &place, &e.error))?;
    }
    Ok(())
}

/// The bytes in a nameless-to-be file of the same folder, which vanishes unless it is moved to its place.
fn beside(folder: &Path, bytes: &[u8]) -> Result<NamedTempFile> {
    let failed = |e: std::io::Error| {
        Error::io("write to the folder", folder, &e)
            .hint("is it yours to write to, and is there room? else `-o`")
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".clinreg-");
    if let Some(permissions) = of_an_ordinary_file() {
        builder.permissions(permissions);
    }
    let mut temporary = builder.tempfile_in(folder).map_err(failed)?;
    temporary.write_all(bytes).and_then(|()| temporary.flush()).map_err(failed)?;
    Ok(temporary)
}

/// Temporary files are private; a report is as readable as the user's other files.
#[cfg(unix)]
fn of_an_ordinary_file() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666)) // less what the user's mask takes away
}

#[cfg(not(unix))]
fn of_an_ordinary_file() -> Option<Permissions> {
    None
}

fn remove_earlier(known: &[&str], folder: &Path, files: &[NamedFile]) -> Result<()> {
    for name in known.iter().filter(|name| files.iter().all(|f| f.name != **name)) {
        let place = folder.join(name);
        if place.is_file() {
            fs::remove_file(&place).map_err(|e| Error::io("remove an earlier run's", &place, &e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> NamedFile {
        NamedFile { name: name.to_string(), bytes: text.as_bytes().to_vec() }
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
    fn others_may_read_what_the_mask_lets_them() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("plain"), "").expect("an ordinary file");
        write(root.path(), &[file("a.csv", "")]).expect("written");
        let mode = |name: &str| fs::metadata(root.path().join(name)).expect("there").permissions().mode();
        assert_eq!(mode("a.csv"), mode("plain"));
    }
}
