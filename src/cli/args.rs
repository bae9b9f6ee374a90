//! The command line: every verb and every option with its default, as clap reads them.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::cli::describe_args::{DESCRIBE_EXAMPLES, DescribeArgs};
use crate::cli::explore_args::{EXPLORE_EXAMPLES, ExploreArgs};
use crate::cli::memory;
use crate::cli::shell_args::{COMPLETIONS_EXAMPLES, CompletionsArgs, HELP_EXAMPLES, HelpArgs, MAN_EXAMPLES};
use crate::cli::trust_args::{CROSSCHECK_EXAMPLES, CrosscheckArgs, VERIFY_EXAMPLES, VerifyArgs};
use crate::cli::values::{
    self, BatchSize, FamilyName, Lambda, LevelsOf, Missing, PenaltyName, ReferenceOf, Validate,
};
use crate::effects::needed::EventIs;
use crate::effects::result::EffectInterval;
use crate::fit::spec::{ClusterCorrection, Interval, LearningRate, MethodName, Schedule, Start};
use crate::model::Recalibrate;

/// The version of the package, and the commit where there is one (see build.rs).
const VERSION: &str = env!("CLINREG_VERSION");

/// Linear and logistic regression for clinical CSVs by gradient descent, with proof of its accuracy
#[derive(Debug, Clone, Parser)]
#[command(name = "clinreg", version = VERSION, disable_help_flag = true, disable_version_flag = true)]
#[command(max_term_width = 110, subcommand_value_name = "COMMAND", after_help = TOP_EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
    #[command(flatten)]
    pub global: Global,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = "Everywhere")]
    version: Option<bool>,
}

/// The options of every verb.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Where to write: a folder, or the CSV of predict and simulate
    #[arg(short, long, value_name = "PATH", global = true)]
    pub out: Option<PathBuf>,
    /// The seed of everything random [default: 0; simulate: 2026]
    #[arg(long, value_name = "N", global = true, value_parser = values::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// How many cores to use; the results do not depend on it [default: all]
    #[arg(long, value_name = "N", global = true, value_parser = values::at_least_one, allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Say only what is essential
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// The result as JSON on standard output, and nothing else there
    #[arg(long, global = true)]
    pub json: bool,
    /// Print help
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
}

impl Global {
    /// The seed, 0 unless the user says otherwise.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }
}

#[derive(Debug, Clone, Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Verb {
    /// The treatment-effectiveness example, start to finish
    #[command(after_help = DEMO_EXAMPLES)]
    Demo,
    /// Train a model on a CSV and write a report folder
    #[command(after_help = FIT_EXAMPLES)]
    Fit(Box<FitArgs>),
    /// Train the same model with several learning rates, optimisers or batch sizes, on one plot
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(Box<CompareArgs>),
    /// Predict new rows, with intervals
    #[command(after_help = PREDICT_EXAMPLES)]
    Predict(PredictArgs),
    /// Measure a model on data that it has not seen
    #[command(after_help = EVALUATE_EXAMPLES)]
    Evaluate(EvaluateArgs),
    /// Run the fit of a report again and compare every number
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
    /// The same fit in R, Python and Stata: scripts, and whether their numbers agree
    #[command(after_help = CROSSCHECK_EXAMPLES)]
    Crosscheck(CrosscheckArgs),
    /// The baseline table ("Table 1") by the groups of one column
    #[command(after_help = DESCRIBE_EXAMPLES)]
    Describe(DescribeArgs),
    /// Write a synthetic clinical CSV with known coefficients
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArgs),
    /// Gradient descent on a surface, or on the loss of a fit: pictures, animation, verdict
    #[command(after_help = EXPLORE_EXAMPLES)]
    Explore(Box<ExploreArgs>),
    /// Open the local page: explore, train live, learn
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// List the built-in data sets
    #[command(after_help = DATASETS_EXAMPLES)]
    Datasets,
    /// The page of a command, or of the formula: clinreg help formula
    #[command(after_help = HELP_EXAMPLES)]
    Help(HelpArgs),
    /// Completions for a shell, on standard output
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// The manual page, on standard output; with --out all pages as files
    #[command(after_help = MAN_EXAMPLES)]
    Man,
}

/// Which data, and which model.
#[derive(Debug, Clone, Args)]
pub struct ModelArgs {
    /// A CSV or Parquet file, several as one table (a.csv,b.csv or 'site_*.csv'), or a built-in data set such as @diabetes
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// The model in R's notation, in quotation marks: 'outcome ~ treatment * age + site'
    #[arg(value_name = "FORMULA")]
    pub formula: String,
}

#[derive(Debug, Clone, Args)]
pub struct FitArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub descent: DescentArgs,
    #[command(flatten)]
    pub inference: InferenceArgs,
    #[command(flatten)]
    pub effect: EffectArgs,
    #[command(flatten)]
    pub penalty: PenaltyArgs,
    #[command(flatten)]
    pub validation: ValidationArgs,
    #[command(flatten)]
    pub imputation: ImputationArgs,
    #[command(flatten)]
    pub large: LargeArgs,
}

/// Files larger than memory and runs longer than patience.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome and data")]
pub struct LargeArgs {
    /// Memory for the rows, e.g. 300MB; then disk [default: half of it]
    #[arg(long, value_name = "SIZE", value_parser = memory::size)]
    pub memory: Option<u64>,
    /// Keep the state in FILE: every minute, when interrupted, at the limit
    #[arg(long, value_name = "FILE", help_heading = "Descent")]
    pub checkpoint: Option<PathBuf>,
    /// Keep it every N epochs instead
    #[arg(long, value_name = "N", help_heading = "Descent", hide = true, value_parser = values::at_least_one, allow_negative_numbers = true)]
    pub checkpoint_every: Option<usize>,
    /// Go on from the state in FILE, to the same bits; keep it there
    #[arg(long, value_name = "FILE", help_heading = "Descent")]
    pub resume: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub lists: ListArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub descent: DescentArgs,
    #[command(flatten)]
    pub penalty: PenaltyArgs,
}

/// What differs between the runs of a comparison.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What to compare (exactly one of these)")]
pub struct ListArgs {
    /// Learning rates, e.g. 0.01,0.3,1.9,auto
    #[arg(long, value_name = "X,Y,...", value_delimiter = ',', value_parser = values::learning_rate)]
    #[arg(allow_negative_numbers = true)]
    pub learning_rates: Vec<LearningRate>,
    /// Optimisers, e.g. gradient-descent,momentum,nesterov,adam,auto
    #[arg(long, value_name = "A,B,...", value_delimiter = ',', value_parser = values::method())]
    #[arg(hide_possible_values = true)]
    pub optimizers: Vec<MethodName>,
    /// Batch sizes, e.g. 16,64,full
    #[arg(long, value_name = "N,M,...", value_delimiter = ',', value_parser = values::batch_size)]
    #[arg(allow_negative_numbers = true)]
    pub batch_sizes: Vec<BatchSize>,
}

/// How the file is read and which rows count.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome and data")]
pub struct ReadingArgs {
    /// linear, logistic or auto (two values: logistic) [default: auto]
    #[arg(long, value_name = "NAME", value_parser = values::family(), hide_possible_values = true)]
    pub family: Option<FamilyName>,
    /// Which outcome level is the event (0/1, no/yes and the like need none)
    #[arg(long, value_name = "LEVEL", allow_hyphen_values = true)]
    pub event: Option<String>,
    /// Treat a numeric column as categorical; repeatable, or a,b
    #[arg(long, value_name = "VAR", value_parser = values::record)]
    pub factor: Vec<Vec<String>>,
    /// The levels in order, the first is the reference; repeatable
    #[arg(long, value_name = "VAR=A,B", value_parser = values::levels)]
    pub levels: Vec<LevelsOf>,
    /// Another reference level; repeatable
    #[arg(long, value_name = "VAR=LEVEL", value_parser = values::reference)]
    pub reference: Vec<ReferenceOf>,
    /// More codes that mean missing, besides empty, NA, N/A, NaN, . and null
    #[arg(long, value_name = "A,B", value_parser = values::record, allow_hyphen_values = true)]
    pub na: Vec<Vec<String>>,
    /// On missing values: complete-case (default), fail, or impute (fit only)
    #[arg(long, value_name = "WHAT", value_parser = values::missing(), hide_possible_values = true)]
    pub missing: Option<Missing>,
    /// Column of frequency weights
    #[arg(long, value_name = "VAR")]
    pub weights: Option<String>,
}

/// How the coefficients are found.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Descent")]
pub struct DescentArgs {
    /// auto, gradient-descent, momentum, nesterov or adam [default: auto]
    #[arg(long, value_name = "NAME", value_parser = values::method(), hide_possible_values = true)]
    pub optimizer: Option<MethodName>,
    /// Rows a mini-batch, or full [default: full]
    #[arg(long, value_name = "N", value_parser = values::batch_size, allow_negative_numbers = true)]
    pub batch_size: Option<BatchSize>,
    /// A number, auto (1/L, from the curvature) or line-search [default: auto]
    #[arg(long, value_name = "X", value_parser = values::learning_rate, allow_negative_numbers = true)]
    pub learning_rate: Option<LearningRate>,
    /// constant (default), inverse-time (default of mini-batches) or cosine
    #[arg(long, value_name = "NAME", value_parser = values::schedule(), hide_possible_values = true)]
    pub schedule: Option<Schedule>,
    /// Passes over the data [default: 10000; mini-batch: 200]
    #[arg(long, value_name = "N", value_parser = values::at_least_one, allow_negative_numbers = true)]
    pub max_epochs: Option<usize>,
    /// Stop below this gradient norm [default: 1e-8; teaching optimisers: 1e-3]
    #[arg(long, value_name = "X", value_parser = values::positive, allow_negative_numbers = true)]
    pub tolerance: Option<f64>,
    /// Where the descent begins: zero or random [default: zero]
    #[arg(long, value_name = "WHERE", value_parser = values::start(), hide_possible_values = true)]
    pub start: Option<Start>,
    /// Descend on the raw columns, to see why scaling matters
    #[arg(long)]
    pub raw_scale: bool,
}

/// What is said about the coefficients.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Inference")]
pub struct InferenceArgs {
    /// Coverage of the intervals [default: 0.95]
    #[arg(long, value_name = "P", value_parser = values::conf_level, allow_negative_numbers = true)]
    pub conf_level: Option<f64>,
    /// Intervals: wald or profile [default: wald]
    #[arg(long, value_name = "NAME", value_parser = values::interval(), hide_possible_values = true)]
    pub ci: Option<Interval>,
    /// Sandwich errors: hc0, hc1, hc2 or hc3 [default: model-based]
    #[arg(long, value_name = "NAME", value_parser = values::sandwich(), hide_possible_values = true)]
    pub robust: Option<u8>,
    /// Cluster-robust standard errors by this column
    #[arg(long, value_name = "VAR")]
    pub cluster: Option<String>,
    /// Factor for few clusters: cr0, cr1 or cr1s [default: cr1]
    #[arg(long, value_name = "NAME", value_parser = values::correction(), hide_possible_values = true)]
    pub cluster_correction: Option<ClusterCorrection>,
    /// Likelihood-ratio test against this smaller formula
    #[arg(long, value_name = "FORMULA")]
    pub against: Option<String>,
    /// Also write fitted.csv: each row's fitted value and residuals
    #[arg(long)]
    pub save_fitted: bool,
    /// Withhold counts from 1 to N - 1 in tables and pictures
    #[arg(long, value_name = "N", value_parser = values::at_least_two, allow_negative_numbers = true)]
    pub suppress_below: Option<usize>,
    /// Also write the figures as SVG
    #[arg(long)]
    pub svg: bool,
    /// What you say of the study, for the checklist of the page
    #[arg(long, value_name = "study.toml")]
    pub study: Option<PathBuf>,
    /// Hosmer-Lemeshow test with G groups
    #[arg(long, value_name = "G", value_parser = values::groups, allow_negative_numbers = true)]
    pub hosmer_lemeshow: Option<usize>,
}

/// What is asked about a treatment.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Inference")]
pub struct EffectArgs {
    /// Effect of this column: risk difference, ratios, NNT
    #[arg(long, value_name = "VAR")]
    pub treatment: Option<String>,
    /// Its intervals: delta or bootstrap[:B] [default: delta]
    #[arg(long, value_name = "HOW", value_parser = values::effect_interval)]
    pub effect_interval: Option<EffectInterval>,
    /// Is the event bad or good? (for the NNT) [default: bad]
    #[arg(long, value_name = "WHAT", value_parser = values::event_is(), hide_possible_values = true)]
    pub event_is: Option<EventIs>,
}

/// What is added to the loss.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Penalty")]
pub struct PenaltyArgs {
    /// none, ridge, lasso, elastic-net or firth [default: none]
    #[arg(long, value_name = "NAME", value_parser = values::penalty(), hide_possible_values = true)]
    pub penalty: Option<PenaltyName>,
    /// Its strength (glmnet's scale), or cv: chosen by cross-validation
    #[arg(long, value_name = "X", value_parser = values::lambda, allow_negative_numbers = true)]
    pub lambda: Option<Lambda>,
    /// Elastic net: the lasso's share, 0 to 1 [default: 0.5]
    #[arg(long, value_name = "A", value_parser = values::share, allow_negative_numbers = true)]
    pub alpha: Option<f64>,
}

/// How the model is validated with its own data.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Inference")]
pub struct ValidationArgs {
    /// Internal validation: bootstrap:B, cv:K, cv:KxR, split:P [default: none]
    #[arg(long, value_name = "HOW", value_parser = values::validation)]
    pub validate: Option<Validate>,
}

/// Completed data sets and how they are made.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome and data")]
pub struct ImputationArgs {
    /// DATA is a list of completed files, a1.csv,a2.csv,...: fit and pool
    #[arg(long)]
    pub pool: bool,
    /// Data sets of --missing impute [default: per cent incomplete, >= 20]
    #[arg(long, value_name = "M", value_parser = values::imputations, allow_negative_numbers = true)]
    pub imputations: Option<usize>,
}

#[derive(Debug, Clone, Args)]
pub struct PredictArgs {
    /// The model.json of a fit
    #[arg(value_name = "MODEL.json")]
    pub model: PathBuf,
    /// The new rows, with the model's columns: files or a built-in data set, as for a fit
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// Coverage of the intervals [default: 0.95]
    #[arg(long, value_name = "P", value_parser = values::conf_level, allow_negative_numbers = true)]
    pub conf_level: Option<f64>,
}

#[derive(Debug, Clone, Args)]
pub struct EvaluateArgs {
    /// The model.json of a fit
    #[arg(value_name = "MODEL.json")]
    pub model: PathBuf,
    /// The new rows, with their outcome: files or a built-in data set, as for a fit
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// The outcome's column, where DATA names it otherwise
    #[arg(long, value_name = "VAR")]
    pub outcome: Option<String>,
    /// Which outcome value is the event, where DATA has other words than the fit
    #[arg(long, value_name = "LEVEL", allow_hyphen_values = true)]
    pub event: Option<String>,
    /// Risks from which one would treat, e.g. 0.1,0.2: sensitivity, predictive values, net benefit there
    #[arg(long, value_name = "P,Q,...", value_delimiter = ',', value_parser = values::threshold)]
    #[arg(allow_negative_numbers = true)]
    pub thresholds: Vec<f64>,
    /// Also write recalibrated.json, brought in line with DATA: intercept, or slope (intercept and slope)
    #[arg(long, value_name = "WHAT", value_parser = values::recalibrate(), hide_possible_values = true)]
    pub recalibrate: Option<Recalibrate>,
    /// Column of frequency weights
    #[arg(long, value_name = "VAR")]
    pub weights: Option<String>,
    /// More codes that mean missing, besides those of the fit
    #[arg(long, value_name = "A,B", value_parser = values::record, allow_hyphen_values = true)]
    pub na: Vec<Vec<String>>,
    /// Coverage of the intervals [default: 0.95]
    #[arg(long, value_name = "P", value_parser = values::conf_level, allow_negative_numbers = true)]
    pub conf_level: Option<f64>,
    /// Withhold counts from 1 to N - 1 in tables and pictures
    #[arg(long, value_name = "N", value_parser = values::at_least_two, allow_negative_numbers = true)]
    pub suppress_below: Option<usize>,
    /// Also write the figures as SVG
    #[arg(long)]
    pub svg: bool,
}

#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Which table
    #[arg(value_name = "WHAT", value_parser = ["treatment-effectiveness"], default_value = "treatment-effectiveness")]
    pub what: String,
    /// Patients [default: 2000]
    #[arg(long, value_name = "N", value_parser = values::at_least_one, allow_negative_numbers = true)]
    pub rows: Option<usize>,
}

#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,
    /// The largest file that can be dropped on the page, in MB
    #[arg(long, value_name = "MB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub max_upload: u16,
}

const TOP_EXAMPLES: &str = "\
Examples:
  clinreg demo
  clinreg fit trial.csv 'recovered ~ treatment * age + site'
  clinreg fit --help
  clinreg help formula

Exit status: 0 done, 1 could not be done, 2 wrong usage, 3 ran but did not converge.";

const DEMO_EXAMPLES: &str = "\
Fits both models of data/treatment_effectiveness.csv (or of the copy inside the program), in full batch and in \
mini-batches, compares three learning rates, and writes all to reports/treatment_effectiveness/.

Example:
  clinreg demo";

const FIT_EXAMPLES: &str = "\
Examples:
  clinreg fit trial.csv 'recovered ~ treatment * age + site' -o reports/trial
  clinreg fit 'site_*.csv' 'recovered ~ treatment + age'
  clinreg fit trial.csv 'score ~ .' --optimizer gradient-descent --learning-rate 0.3 --batch-size 64";

const COMPARE_EXAMPLES: &str = "\
The optimiser is gradient-descent and the tolerance 1e-3 unless said otherwise. The exit status is 0 when the \
comparison ran: a learning rate that diverges is one of its results.

Example:
  clinreg compare trial.csv 'recovered ~ treatment * age' --learning-rates 0.01,0.3,1.9,auto";

const PREDICT_EXAMPLES: &str = "\
Writes the columns and rows of DATA with prediction, conf_low, conf_high (linear models also \
pred_low, pred_high) to standard output, or to the file of --out. A row with a missing value has an empty prediction.

Example:
  clinreg predict reports/trial-recovered/model.json new_patients.csv -o predictions.csv";

const EVALUATE_EXAMPLES: &str = "\
Writes evaluation.json and summary.txt. A row with a missing value is dropped and counted.

Examples:
  clinreg evaluate reports/trial-recovered/model.json other_hospital.csv --thresholds 0.1,0.2
  clinreg evaluate model.json new.csv --outcome died --event yes --recalibrate intercept -o new_hospital";

const SIMULATE_EXAMPLES: &str = "\
Writes to standard output, or to the file of --out. Without options: the trial of the demo. \
data/README.md of the project is its codebook, with the true coefficients.

Example:
  clinreg simulate treatment-effectiveness --rows 5000 --seed 1 -o trial.csv";

const SERVE_EXAMPLES: &str = "\
Prints the page's address with its token. Everything is inside the program: it listens on 127.0.0.1 alone and asks \
nothing of any network. A dropped CSV stays in memory; reports lie in a private temporary folder that goes with the \
program. Ctrl-C ends it.

Examples:
  clinreg serve --open
  clinreg serve --port 8080 --max-upload 200";

const DATASETS_EXAMPLES: &str = "\
Example:
  clinreg fit @diabetes 'progression ~ .'";
