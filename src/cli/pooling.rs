//! `clinreg fit --pool` and `--missing impute`: completed data sets, each fitted, pooled by Rubin's rules.

use std::path::{Path, PathBuf};

use crate::cli::progress::Progress;
use crate::cli::say::Say;
use crate::data::csv;
use crate::error::Result;
use crate::fit::fit;
use crate::fit::result::Fit;
use crate::fit::spec::Spec;
use crate::impute::analysis::{Imputation, fit_imputed};
use crate::impute::pool::pool;
use crate::optimise::watch::Watcher;

/// The files of a list `a1.csv,a2.csv,...`.
pub fn files(data: &Path) -> Vec<PathBuf> {
    let text = data.to_string_lossy();
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(PathBuf::from).collect()
}

/// Fits each completed file and pools.
///
/// # Errors
/// As `fit` and `pool` say.
pub fn pooled(data: &Path, spec: &Spec, say: &Say) -> Result<Fit> {
    let files = files(data);
    let mut fits = Vec::with_capacity(files.len());
    for (k, file) in files.iter().enumerate() {
        let source = csv::open(file)?;
        let label = format!("fit {} of {}", k + 1, files.len());
        fits.push(fit(spec, &source, &mut Progress::new(&label, say))?);
    }
    let hashes: Vec<String> = fits.iter().map(|f| format!("{} {}", f.ledger.file, f.ledger.sha256)).collect();
    let names: Vec<String> = fits.iter().map(|f| f.ledger.file.clone()).collect();
    let mut pooled = pool(fits)?;
    pooled.ledger.file = names.join(", ");
    pooled.ledger.notices.push(format!("the files and their SHA-256: {}", hashes.join(", ")));
    Ok(pooled)
}

/// Completes one file by multiple imputation, fits and pools.
///
/// # Errors
/// As `fit_imputed` says.
pub fn imputed(data: &Path, spec: &Spec, imputations: Option<usize>, say: &Say) -> Result<(Fit, Imputation)> {
    let source = csv::open(data)?;
    let mut watch = |k: usize, of: usize| -> Box<dyn Watcher> {
        Box::new(Progress::new(&format!("fit {k} of {of}"), say))
    };
    fit_imputed(spec, &source, imputations, &mut watch)
}
