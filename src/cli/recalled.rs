//! A model file with the fit that it records and the data that it was fitted to.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::args::{FitArgs, Global};
use crate::cli::pooling::{self, POOLED_FILES};
use crate::cli::predict::{in_file, read_model};
use crate::cli::recorded;
use crate::data::csv::{self, Source};
use crate::error::{Error, Kind, Result};
use crate::model::Model;

/// What the model file says, and its text.
#[derive(Debug)]
pub struct Recalled {
    /// The file.
    pub path: PathBuf,
    /// Its folder.
    pub folder: PathBuf,
    /// Its text.
    pub text: String,
    /// The model.
    pub model: Model,
    /// The words of the command, with the data that the user names in place of the recorded ones.
    pub words: Vec<String>,
    /// The fit of that command.
    pub args: Box<FitArgs>,
    /// Its options for everything.
    pub global: Global,
}

/// Reads the model of a report folder, or a model file, and the command that it records.
///
/// # Errors
/// Io, when there is no such file; Model, when it is none, when it records no command, or when its coefficients are not
/// those of a fit any more.
pub fn recall(report: &Path, data: Option<&Path>) -> Result<Recalled> {
    let path = if report.is_dir() { report.join("model.json") } else { report.to_path_buf() };
    if report.is_dir() && !path.is_file() {
        return Err(Error::new(
            Kind::Io,
            format!("there is no `model.json` in the folder `{}`", report.display()),
        )
        .hint("name the folder that `clinreg fit` wrote, or its model file"));
    }
    let text = read_model(&path).map_err(|error| match error.hint {
        None => error.hint("name the folder that `clinreg fit` wrote, or its model.json"),
        Some(_) => error,
    })?;
    let model = Model::from_json(&text).map_err(|error| in_file(error, &path))?;
    let here = path.display();
    if model.recalibration.is_some() {
        return Err(Error::model(format!(
            "`{here}` was recalibrated after its fit, which no command records"
        ))
        .hint("take the model.json of the fit that it came from"));
    }
    let Some(recorded) = model.command.as_ref().filter(|words| !words.is_empty()) else {
        return Err(Error::model(format!("`{here}` does not record the command that led to it"))
            .hint("an earlier version wrote it; fit the model again with this one"));
    };
    let (mut args, global) = recorded::read(recorded).map_err(|error| in_file(error, &path))?;
    let mut words = recorded.clone();
    if let Some(data) = data {
        words[1] = data.to_string_lossy().into_owned();
        args.model.data = data.to_path_buf();
    }
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    Ok(Recalled { folder, path, text, model, words, args, global })
}

/// Whether a part of the list of files ends in a SHA-256.
fn is_digest(part: &str) -> bool {
    let last = part.rsplit(' ').next().unwrap_or_default();
    last.len() == 64 && last.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Recalled {
    /// Opens the data and makes sure that they are those of the fit.
    ///
    /// # Errors
    /// Io and Data, when they cannot be opened; Data, when they are others.
    pub fn open(&self) -> Result<Source> {
        let data = &self.args.model.data;
        let gone = |mut error: Error| {
            let absent =
                data.to_str().is_some_and(|text| !text.contains([',', '*', '?', '['])) && !data.exists();
            if error.kind == Kind::Io && absent {
                error.message = format!(
                    "the data of the fit, `{}`, are not there (looked for from the current folder)",
                    data.display()
                );
                error = error.hint("say where they are with `--data`");
            }
            error
        };
        let source = csv::open(data).map_err(gone)?;
        self.check(&source.sha256)?;
        Ok(source)
    }

    /// Refuses data with another SHA-256 than the fit's.
    ///
    /// # Errors
    /// Data.
    pub fn check(&self, sha256: &str) -> Result<()> {
        if sha256 == self.model.data.sha256 {
            return Ok(());
        }
        Err(Error::data(format!(
            "`{}` is not the file of the fit: its SHA-256 is {sha256}, and the model was fitted to {}",
            self.args.model.data.display(),
            self.model.data.sha256
        ))
        .hint("the file was changed since, or it is another one; say where the right one is with `--data`"))
    }

    /// Makes sure that the completed files of a pooled fit are those of the fit, each by its SHA-256.
    ///
    /// # Errors
    /// Io, when one cannot be read; Data, when one is another, or there are more or fewer: which.
    pub fn check_pooled(&self) -> Result<()> {
        let recorded = self.model.data.notices.iter().find_map(|notice| notice.strip_prefix(POOLED_FILES));
        let Some(recorded) = recorded else { return Ok(()) };
        let files = pooling::files(&self.args.model.data)?;
        let n_recorded = recorded.split(", ").filter(|part| is_digest(part)).count();
        if files.len() != n_recorded {
            return Err(Error::data(format!(
                "`{}` names {} files, and the model was fitted to {n_recorded}",
                self.args.model.data.display(),
                files.len()
            ))
            .hint("name all completed files, in their order, with `--data a1.csv,a2.csv`"));
        }
        for file in files.iter().filter(|file| !file.to_string_lossy().starts_with('@')) {
            let sha256 = csv::digest(file)?;
            if !recorded.split(", ").any(|part| part.ends_with(&sha256)) {
                return Err(Error::data(format!(
                    "`{}` is not one of the files of the fit: its SHA-256 is {sha256}, and those of the fit are {recorded}",
                    file.display()
                ))
                .hint("the file was changed since, or it is another one; say where the right ones are with `--data`"));
            }
        }
        Ok(())
    }

    /// Another file of the same folder, if it is there.
    pub fn beside(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }
}
