//! `clinreg demo`: the treatment-effectiveness example, start to finish, and a tour of what it shows.

use std::path::{Path, PathBuf};

use clap::Parser;
use serde_json::{Value, json};

use crate::cli::args::{Cli, Global, Verb};
use crate::cli::recorded::Typed;
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::cli::{compare, fit, progress, tour};
use crate::error::{Error, Result};
use crate::report::ending::unconverged;

/// The data of a checked-out repository, below the current folder.
const DATA: &str = "data/treatment_effectiveness.csv";
/// The same data inside the program.
const COPY: &str = "@treatment_effectiveness";
const FOLDER: &str = "reports/treatment_effectiveness";

/// The models: treatment, its interaction with the severity at the start, and the covariates.
const FORMULAS: [(&str, &str); 2] = [
    (
        "effectiveness",
        "effectiveness ~ treatment * baseline_severity + age + sex + bmi + log(biomarker) + comorbidities + smoking \
         + adherence + site",
    ),
    (
        "responded",
        "responded ~ treatment * baseline_severity + age + sex + bmi + log(biomarker) + comorbidities + smoking + \
         adherence + site",
    ),
];

const BATCH: &str = "64";
/// Learning rates too low, about right and too high, as shares of 1/L (above 2/L the descent climbs).
const SHARES: [f64; 3] = [0.02, 1.0, 2.5];
/// Enough to see which rate arrives, crawls and climbs.
const COMPARED_EPOCHS: &str = "2000";

/// One outcome's four exercises.
#[derive(Debug)]
pub struct Study {
    pub outcome: &'static str,
    pub answer: fit::Written,
    pub full_batch: fit::Written,
    pub mini_batch: fit::Written,
    pub rates: compare::Written,
}

/// The verb. Only the answers must converge: the other runs are there to be looked at.
///
/// # Errors
/// Usage, Data, Formula or Io, as `fit` has them.
pub fn run(global: &Global, say: &Say) -> Result<Status> {
    progress::listen()?;
    let data = data(say);
    let root = global.out.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
    let mut studies = Vec::new();
    for (outcome, formula) in FORMULAS {
        match study(outcome, formula, &data, &root, global, say)? {
            Some(study) => studies.push(study),
            None => {
                say::warn(
                    &format!("interrupted: what lies in {} is not all of this run", root.display()),
                    Some("`clinreg demo` starts again from the beginning"),
                );
                return Ok(Status::NotConverged);
            }
        }
    }
    let failed: Vec<_> = studies.iter().filter_map(|study| unconverged(&study.answer.fit)).collect();
    failed.iter().for_each(|(what, hint)| say::warn(what, Some(hint)));
    say.result(&tour::text(&studies))?;
    if say.json {
        say::data(&as_json(&studies, &root))?;
    }
    say.written(&root);
    Ok(if failed.is_empty() { Status::Done } else { Status::NotConverged })
}

fn data(say: &Say) -> String {
    if Path::new(DATA).is_file() {
        return DATA.to_string();
    }
    say.note(&format!("there is no {DATA} here: the copy inside the program is used ({COPY})"));
    COPY.to_string()
}

/// The four exercises of one outcome; `None` after Ctrl-C.
fn study(
    outcome: &'static str,
    formula: &str,
    data: &str,
    root: &Path,
    global: &Global,
    say: &Say,
) -> Result<Option<Study>> {
    let job = Job { data, formula, folder: root.join(outcome), seed: global.seed().to_string() };
    say.note(&format!("{outcome}: the answer"));
    let answer = job.fit(&[], "", say)?;
    if progress::interrupted() {
        return Ok(None);
    }
    say.note(&format!("{outcome}: gradient descent, full batch"));
    let full_batch = job.fit(&["--optimizer", "gradient-descent"], "gradient_descent", say)?;
    if progress::interrupted() {
        return Ok(None);
    }
    say.note(&format!("{outcome}: gradient descent in mini-batches of {BATCH}"));
    let mini = ["--optimizer", "gradient-descent", "--batch-size", BATCH];
    let mini_batch = job.fit(&mini, "mini_batch", say)?;
    if progress::interrupted() {
        return Ok(None);
    }
    say.note(&format!("{outcome}: three learning rates"));
    let rates = job.compare(&rates(&full_batch), say)?;
    let study = Study { outcome, answer, full_batch, mini_batch, rates };
    Ok((!progress::interrupted()).then_some(study))
}

/// The three learning rates for the valley that full-batch descent went down, with two digits each.
fn rates(full_batch: &fit::Written) -> String {
    let right = match &full_batch.fit.verdict {
        Some(verdict) => 1.0 / verdict.largest_curvature,
        None => full_batch.fit.optimizer.learning_rate,
    };
    SHARES.map(|share| format!("{:.1e}", share * right)).join(",")
}

/// What all commands of one outcome share.
struct Job<'a> {
    data: &'a str,
    formula: &'a str,
    folder: PathBuf,
    seed: String,
}

impl Job<'_> {
    /// What `clinreg fit DATA FORMULA ...` does.
    fn fit(&self, options: &[&str], folder: &str, say: &Say) -> Result<fit::Written> {
        let (cli, command) = self.command("fit", options, folder)?;
        match &cli.verb {
            Verb::Fit(args) => fit::fit_and_write(args, &cli.global, &command, say),
            _ => unreachable!("the command is fit"),
        }
    }

    /// What `clinreg compare DATA FORMULA --learning-rates ...` does.
    fn compare(&self, rates: &str, say: &Say) -> Result<compare::Written> {
        let options = ["--learning-rates", rates, "--max-epochs", COMPARED_EPOCHS];
        let (cli, _) = self.command("compare", &options, "learning_rates")?;
        match &cli.verb {
            Verb::Compare(args) => compare::compare_and_write(args, &cli.global, say),
            _ => unreachable!("the command is compare"),
        }
    }

    /// The command as a user would type it, read by the same parser.
    fn command(&self, verb: &str, options: &[&str], folder: &str) -> Result<(Cli, Typed)> {
        let out = if folder.is_empty() { self.folder.clone() } else { self.folder.join(folder) };
        let mut words = vec!["clinreg".to_string(), verb.to_string()];
        words.extend([self.data, self.formula].map(str::to_string));
        words.extend(options.iter().map(|word| (*word).to_string()));
        if self.seed != "0" {
            words.extend(["--seed".to_string(), self.seed.clone()]);
        }
        words.extend(["--out".to_string(), out.to_string_lossy().into_owned()]);
        let command = Typed::of(&words[1..]);
        let cli = Cli::try_parse_from(words).map_err(|told| Error::usage(told.to_string()))?;
        Ok((cli, command))
    }
}

fn as_json(studies: &[Study], root: &Path) -> String {
    let model = |written: &fit::Written| -> Value {
        json!({
            "folder": written.folder,
            "model": serde_json::from_str::<Value>(&written.model_json()).unwrap_or_default(),
        })
    };
    let outcomes: serde_json::Map<String, Value> = studies
        .iter()
        .map(|study| {
            let exercises = json!({
                "answer": model(&study.answer),
                "gradient_descent": model(&study.full_batch),
                "mini_batch": model(&study.mini_batch),
                "learning_rates": {
                    "folder": study.rates.folder,
                    "runs": study.rates.comparison.lines(),
                },
            });
            (study.outcome.to_string(), exercises)
        })
        .collect();
    format!("{:#}\n", json!({"folder": root, "outcomes": outcomes}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_of_the_demo_are_commands() {
        for (outcome, formula) in FORMULAS {
            let folder = Path::new(FOLDER).join(outcome);
            let job = Job { data: DATA, formula, folder, seed: "0".to_string() };
            let (cli, command) = job
                .command("fit", &["--optimizer", "gradient-descent", "--batch-size", BATCH], "mini_batch")
                .expect("well formed");
            assert!(matches!(cli.verb, Verb::Fit(_)));
            assert!(command.line.ends_with(&format!("--out {FOLDER}/{outcome}/mini_batch")), "{command:?}");
            let options = ["--learning-rates", "1.0e-2,5.0e-1,1.2e0", "--max-epochs", COMPARED_EPOCHS];
            assert!(job.command("compare", &options, "learning_rates").is_ok());
        }
    }
}
