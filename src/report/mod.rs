//! What a fit leaves in its folder: tables, text, page, pictures; all appear whole or not at all.

use std::path::Path;

use crate::error::Result;
use crate::fit::result::Fit;

pub mod summary;

/// A file to be written: its name in the folder and its content.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedFile {
    /// The name without a folder.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// What the page says beyond the fit itself.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The command as typed.
    pub command: String,
    /// Wall-clock seconds of the whole job.
    pub seconds: f64,
}

/// All files of a fit: summary.txt, model.json, coefficients.csv, fit.csv, history.csv, steps.csv (mini-batch),
/// loss_curve.png, gradient_norm.png, report.html.
pub fn files(_fit: &Fit, _context: &Context) -> Result<Vec<NamedFile>> {
    Ok(Vec::new())
}

/// Writes files to a folder, made if need be; each is written beside its place and then moved there.
pub fn write(_folder: &Path, _files: &[NamedFile]) -> Result<()> {
    Ok(())
}
