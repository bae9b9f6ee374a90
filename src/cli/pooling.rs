//! `clinreg fit --pool` and `--missing impute`: completed data sets, each fitted, pooled by Rubin's rules.

use std::path::{Path, PathBuf};

use crate::cli::progress::Progress;
use crate::cli::question;
use crate::cli::say::Say;
use crate::data::csv::{self, Source};
use crate::data::several;
use crate::effects::result::Question;
use crate::error::Result;
use crate::fit::analyse;
use crate::fit::analysis::Analysis;
use crate::fit::apparent::Apparent;
use crate::fit::result::Fit;
use crate::fit::spec::Spec;
use crate::impute::analysis::{Imputed, fit_imputed};
use crate::impute::performance::{outcomes_that_differ, pooled_performance, put_statistics};
use crate::impute::pool::pool;
use crate::optimise::watch::Watcher;

/// How the notice begins that names the completed files, each with its SHA-256.
pub const POOLED_FILES: &str = "the files and their SHA-256: ";

/// The files of a list `a1.csv,a2.csv,...`, in which a pattern stands for the files that match it.
///
/// # Errors
/// Data, when no file matches a pattern.
pub fn files(data: &Path) -> Result<Vec<PathBuf>> {
    let text = data.to_string_lossy();
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    Ok(names.map(|name| several::named(Path::new(name))).collect::<Result<Vec<_>>>()?.concat())
}

/// Fits each completed file and pools.
///
/// # Errors
/// As `fit` and `pool` say.
pub fn pooled(
    data: &Path,
    spec: &Spec,
    question: Option<&Question>,
    say: &Say,
) -> Result<(Fit, Vec<Analysis>)> {
    let files = files(data)?;
    let mut analyses = Vec::with_capacity(files.len());
    for (k, file) in files.iter().enumerate() {
        let source = csv::open(file)?;
        let label = format!("fit {} of {}", k + 1, files.len());
        if let Some(question) = question.filter(|_| k == 0) {
            question::check(question, spec, &source)?;
        }
        analyses.push(analyse(spec, &source, &mut Progress::new(&label, say))?);
    }
    let fits: Vec<Fit> = analyses.iter().map(|a| a.fit.clone()).collect();
    let hashes: Vec<String> = fits.iter().map(|f| format!("{} {}", f.ledger.file, f.ledger.sha256)).collect();
    let names: Vec<String> = fits.iter().map(|f| f.ledger.file.clone()).collect();
    let mut pooled = pool(fits)?;
    pooled.ledger.file = names.join(", ");
    pooled.ledger.notices.push(format!("{POOLED_FILES}{}", hashes.join(", ")));
    pooled.ledger.notices.extend(outcomes_that_differ(&analyses));
    Ok((pooled, analyses))
}

/// Completes one file by multiple imputation, fits and pools; the file as it was is there too.
///
/// # Errors
/// As `fit_imputed` says.
pub fn imputed(
    data: &Path,
    spec: &Spec,
    imputations: Option<usize>,
    question: Option<&Question>,
    say: &Say,
) -> Result<(Imputed, Source)> {
    let source = csv::open(data)?;
    if let Some(question) = question {
        question::check(question, spec, &source)?;
    }
    let mut watch = |k: usize, of: usize| -> Box<dyn Watcher> {
        Box::new(Progress::new(&format!("fit {k} of {of}"), say))
    };
    Ok((fit_imputed(spec, &source, imputations, &mut watch)?, source))
}

/// The pooled performance, whose AUC goes to the fit's statistics; where it cannot be measured, the ledger says why.
pub fn measured(fit: &mut Fit, completed: &[Analysis]) -> Option<Apparent> {
    match pooled_performance(completed, fit) {
        Ok(found) => {
            found.iter().for_each(|found| put_statistics(fit, found));
            found
        }
        Err(why) => {
            fit.ledger.notices.push(format!("no apparent performance: {}", why.message));
            None
        }
    }
}
