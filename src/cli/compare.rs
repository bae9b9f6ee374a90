//! `clinreg compare`: the same model with several learning rates, optimisers or batch sizes, on one plot.

use std::path::PathBuf;

use crate::cli::args::{CompareArgs, Global, ListArgs};
use crate::cli::check::spec;
use crate::cli::comparison::{Comparison, Run};
use crate::cli::cut_short;
use crate::cli::files::{check_folder, default_folder};
use crate::cli::progress::{self, Progress};
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::cli::values::BatchSize;
use crate::cli::values::Missing;
use crate::data::csv;
use crate::error::{Error, Result};
use crate::fit::descent::method_name;
use crate::fit::spec::{LearningRate, MethodName, Spec};
use crate::optimise::verdict::short;
use crate::report;

/// One tolerance for all runs, so that their epochs can be compared: that of the teaching optimisers.
const TOLERANCE: f64 = 1e-3;

/// A comparison whose files are written.
#[derive(Debug)]
pub struct Written {
    pub comparison: Comparison,
    pub folder: PathBuf,
}

/// The verb: runs each, overlays them, prints the table.
///
/// # Errors
/// As [`compare_and_write`].
pub fn run(args: &CompareArgs, global: &Global, say: &Say) -> Result<Status> {
    progress::listen()?;
    let written = compare_and_write(args, global, say)?;
    if progress::interrupted() {
        say::warn(
            "interrupted: the comparison holds only what ran until then",
            Some("the same command without an interruption goes to the end"),
        );
    }
    say.result(&written.comparison.text())?;
    if say.json {
        say::data(&written.comparison.json())?;
    }
    say.written(&written.folder);
    Ok(if progress::interrupted() { Status::NotConverged } else { Status::Done })
}

/// Runs the comparison and writes its folder. After Ctrl-C the runs that are left are not begun.
///
/// # Errors
/// Usage, Data, Formula or Io, as `fit` has them. A run that does not converge is no error.
pub fn compare_and_write(args: &CompareArgs, global: &Global, say: &Say) -> Result<Written> {
    let specs = specs(args, global.seed())?;
    check_folder(global.out.as_deref())?;
    let source = csv::open(&args.model.data)?;
    let mut runs = Vec::new();
    for (label, spec) in specs {
        let fit = crate::fit::fit(&spec, &source, &mut Progress::new(&label, say))?;
        runs.push(Run { label, fit });
        if progress::interrupted() {
            break;
        }
    }
    let comparison = Comparison::new(runs);
    let folder = global
        .out
        .clone()
        .unwrap_or_else(|| default_folder(&args.model.data, &format!("{}-compare", comparison.outcome())));
    let files = comparison.files()?;
    let is_cut_short = progress::interrupted();
    let folder = if is_cut_short { cut_short::place(&folder, "compare.json")? } else { folder };
    report::write(&folder, &files)?;
    Ok(Written { comparison, folder })
}

/// The runs, each with its label: the common choices, and one thing that differs.
fn specs(args: &CompareArgs, seed: u64) -> Result<Vec<(String, Spec)>> {
    check_lists(args)?;
    let method = args.descent.optimizer.unwrap_or(MethodName::GradientDescent);
    let lists = &args.lists;
    let first = lists.optimizers.first().copied().unwrap_or(method);
    let mut common = spec(&args.model, &args.reading, &descent_of(args, first), &args.penalty, first, seed)?;
    common.tolerance = Some(args.descent.tolerance.unwrap_or(TOLERANCE));
    let rates = lists.learning_rates.iter().map(|rate| {
        (format!("learning rate {}", rate_name(*rate)), Spec { learning_rate: *rate, ..common.clone() })
    });
    let methods = lists
        .optimizers
        .iter()
        .map(|name| (method_name(*name).to_string(), Spec { method: *name, ..common.clone() }));
    let batches = lists.batch_sizes.iter().map(|size| match size {
        BatchSize::Full => ("full batch".to_string(), Spec { batch_size: None, ..common.clone() }),
        BatchSize::Rows(n) => (format!("batches of {n}"), Spec { batch_size: Some(*n), ..common.clone() }),
    });
    let runs: Vec<(String, Spec)> = rates.chain(methods).chain(batches).collect();
    for (position, (label, spec)) in runs.iter().enumerate() {
        if runs[..position].iter().any(|(other, _)| other == label) {
            return Err(Error::usage(format!("{label} stands twice in the comparison")).hint("name it once"));
        }
        spec.check_descent()?;
    }
    Ok(runs)
}

/// The common descent as the first run has it, so that it can be checked as a whole.
fn descent_of(args: &CompareArgs, method: MethodName) -> crate::cli::args::DescentArgs {
    let mut descent = args.descent.clone();
    descent.optimizer = Some(method);
    descent
}

fn rate_name(rate: LearningRate) -> String {
    match rate {
        LearningRate::Auto => "auto".to_string(),
        LearningRate::LineSearch => "line-search".to_string(),
        LearningRate::Fixed(value) => short(value),
    }
}

fn check_lists(args: &CompareArgs) -> Result<()> {
    if args.reading.missing == Some(Missing::Impute) {
        return Err(Error::usage(
            "`--missing impute` goes with `clinreg fit`: a comparison is of descents on one data set",
        )
        .hint("leave it out, or say `--missing fail`"));
    }
    let ListArgs { learning_rates, optimizers, batch_sizes } = &args.lists;
    let given = [
        ("--learning-rates", learning_rates.len(), args.descent.learning_rate.map(|_| "--learning-rate")),
        ("--optimizers", optimizers.len(), args.descent.optimizer.map(|_| "--optimizer")),
        ("--batch-sizes", batch_sizes.len(), args.descent.batch_size.map(|_| "--batch-size")),
    ];
    let lists: Vec<_> = given.iter().filter(|list| list.1 > 0).collect();
    match lists.as_slice() {
        [(list, _, Some(common))] => {
            Err(Error::usage(format!("`{list}` and `{common}` contradict each other"))
                .hint(format!("leave out `{common}`")))
        }
        [_] => Ok(()),
        [] => Err(Error::usage("nothing to compare")
            .hint("add `--learning-rates 0.01,0.3,auto`, `--optimizers a,b` or `--batch-sizes 16,full`")),
        [a, b, ..] => Err(Error::usage(format!("`{}` and `{}` at once", a.0, b.0))
            .hint("compare one thing at a time; run the command once for each list")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Verb};

    fn runs(options: &str) -> Result<Vec<(String, Spec)>> {
        let words = ["clinreg", "compare", "d.csv", "y ~ x"].into_iter().chain(options.split_whitespace());
        let cli = Cli::try_parse_from(words).expect("clap accepts it");
        match cli.verb {
            Verb::Compare(args) => specs(&args, 0),
            _ => unreachable!("the verb is compare"),
        }
    }

    #[test]
    fn each_run_differs_in_the_one_thing_that_is_compared() {
        let rates = runs("--learning-rates 0.01,0.3,auto --max-epochs 9").expect("well formed");
        let labels: Vec<&str> = rates.iter().map(|r| r.0.as_str()).collect();
        assert_eq!(labels, ["learning rate 0.01", "learning rate 0.3", "learning rate auto"]);
        assert_eq!(rates[1].1.learning_rate, LearningRate::Fixed(0.3));
        assert!(rates.iter().all(|r| {
            r.1.method == MethodName::GradientDescent
                && r.1.max_epochs == Some(9)
                && r.1.tolerance == Some(TOLERANCE)
        }));
        let methods = runs("--optimizers auto,adam").expect("well formed");
        assert_eq!((methods[0].1.method, methods[1].1.method), (MethodName::Auto, MethodName::Adam));
        let batches = runs("--batch-sizes 16,full --optimizer adam").expect("well formed");
        assert_eq!((batches[0].1.batch_size, batches[1].1.batch_size), (Some(16), None));
    }

    #[test]
    fn exactly_one_thing_is_compared() {
        for (options, word) in [
            ("", "nothing to compare"),
            ("--learning-rates 0.1,0.2 --optimizers adam,auto", "at once"),
            ("--learning-rates 0.1,0.2 --learning-rate 0.3", "contradict"),
            ("--learning-rates 0.1,0.1", "twice"),
            ("--learning-rates 0.1,0.2 --optimizer auto", "auto"),
            ("--optimizers gradient-descent,auto --learning-rate 0.1", "auto"),
            ("--optimizers auto,gradient-descent --batch-size 8", "auto"),
            ("--learning-rates 0.1,line-search --optimizer adam", "line-search"),
        ] {
            let error = runs(options).expect_err(options);
            assert_eq!(error.exit_status(), 2, "{options}");
            assert!(error.message.contains(word), "{options}: {error}");
        }
    }
}
