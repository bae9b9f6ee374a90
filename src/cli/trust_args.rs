//! The options of `verify` and `crosscheck`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::values;

#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// The folder that a fit wrote, or its model.json
    #[arg(value_name = "REPORT_DIR")]
    pub report: PathBuf,
    /// The data, where they are not at the path of the recorded command any more
    #[arg(long, value_name = "DATA")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct CrosscheckArgs {
    /// The model.json of a fit, or its folder
    #[arg(value_name = "MODEL.json")]
    pub model: PathBuf,
    /// The data, where they are not at the path of the recorded command any more
    #[arg(long, value_name = "DATA")]
    pub data: Option<PathBuf>,
    /// Stop a program that takes longer than this many minutes
    #[arg(long, value_name = "MINUTES", default_value = "10", value_parser = values::positive)]
    pub time_limit: f64,
}

pub const VERIFY_EXAMPLES: &str = "\
Runs the command that model.json records, on data of the same SHA-256, and compares model.json (and effects.json and \
validation.json, where they are) key by key. Nothing is written. The data are looked for at the recorded path, from \
the current folder.

Exit status: 0 the same, 1 something differs or it could not be run.

Example:
  clinreg verify reports/trial-recovered
  clinreg verify reports/trial-recovered --data archive/trial.csv";

pub const CROSSCHECK_EXAMPLES: &str = "\
Writes crosscheck.R (base R), crosscheck.py (statsmodels) and crosscheck.do (Stata), which read the same CSV and must \
give the same numbers, to the folder crosscheck beside the model or to --out. Those whose program is installed are run, \
and coefficients, standard errors and log-likelihood are compared to 1e-6.

Exit status: 0 all that could be run agree, 1 something differs or could not be done.

Example:
  clinreg crosscheck reports/trial-recovered/model.json
  clinreg crosscheck reports/trial-recovered --data archive/trial.csv -o check";
