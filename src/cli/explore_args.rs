//! The options of `clinreg explore`, as clap reads them.

use clap::Args;

use crate::cli::args::ReadingArgs;
use crate::cli::values;
use crate::explore::request::{MethodName, RateName, ScheduleName};

/// What is explored, and by which runs.
#[derive(Debug, Clone, Args)]
pub struct ExploreArgs {
    /// bowl, valley, himmelblau, rosenbrock, beale, saddle, plateau, hills; in one dimension parabola (x^2), wave
    /// (x^2 + 5 sin x); with --from model a CSV file or a built-in data set
    #[arg(value_name = "SURFACE|DATA")]
    pub what: Option<String>,
    /// With --from model: the model in R's notation, in quotation marks
    #[arg(value_name = "FORMULA")]
    pub formula: Option<String>,
    #[command(flatten)]
    pub surface: SurfaceArgs,
    #[command(flatten)]
    pub runs: RunArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// Which surface.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Surface")]
pub struct SurfaceArgs {
    /// A lesson: simple1d, highAlpha, lowAlphaDecay, expDecay or complex2d
    #[arg(long, value_name = "LESSON", conflicts_with_all = ["what", "from"])]
    pub preset: Option<String>,
    /// model: the loss surface of a fit of FORMULA to DATA
    #[arg(long, value_name = "WHAT", value_parser = ["model"], hide_possible_values = true)]
    pub from: Option<String>,
    /// Which two coefficients, e.g. age,treatment[new] [default: the first two predictors]
    #[arg(long, value_name = "A,B", requires = "from")]
    pub over: Option<String>,
    /// The other coefficients stay at their estimates (default)
    #[arg(long, requires = "from", conflicts_with = "profiled")]
    pub held: bool,
    /// The other coefficients follow: the least loss that they allow
    #[arg(long, requires = "from")]
    pub profiled: bool,
    /// Descend on the columns as they are instead of standardised ones
    #[arg(long, requires = "from", conflicts_with = "both_scales")]
    pub raw_scale: bool,
    /// Both, side by side in scales.png; the raw scale's files begin with raw_
    #[arg(long, requires = "from")]
    pub both_scales: bool,
    /// Condition number of the valley [default: 20]
    #[arg(long, value_name = "K", value_parser = values::positive, allow_negative_numbers = true)]
    pub condition: Option<f64>,
}

/// The runs: every start with every rate and every method, six at most.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Runs (every start with every rate and method; six at most)")]
pub struct RunArgs {
    /// Where to begin, e.g. -4,4; repeatable [default: the surface's own; a fit: 0,0]
    #[arg(long, value_name = "X,Y", value_parser = values::point, allow_hyphen_values = true)]
    pub start: Vec<Vec<f64>>,
    /// Learning rates: a number, auto (1/L), line-search, exact or barzilai-borwein [default: auto]
    #[arg(long, visible_alias = "learning-rate", value_name = "X,Y,...", value_delimiter = ',')]
    #[arg(value_parser = values::explore_rate, allow_negative_numbers = true)]
    pub rate: Vec<RateName>,
    /// gradient-descent (default), momentum, nesterov, adam, adagrad, rmsprop, newton
    #[arg(long, visible_alias = "optimizer", value_name = "A,B,...", value_delimiter = ',')]
    #[arg(value_parser = values::explore_method(), hide_possible_values = true)]
    pub method: Vec<MethodName>,
    /// Momentum: how much of the velocity is kept [default: 0.9]
    #[arg(long, value_name = "F", value_parser = values::number, allow_negative_numbers = true)]
    pub friction: Option<f64>,
    /// constant (default), inverse-root, exponential, steps, inverse-time or cosine
    #[arg(long, value_name = "NAME", value_parser = values::explore_schedule(), hide_possible_values = true)]
    pub schedule: Option<ScheduleName>,
    /// Factor of the exponential schedule [default: 0.95] or of the steps [default: 0.5]
    #[arg(long, value_name = "G", value_parser = values::number, allow_negative_numbers = true)]
    pub gamma: Option<f64>,
    /// Updates between two steps of the schedule [default: 10]
    #[arg(long, value_name = "N", value_parser = values::at_least_one, allow_negative_numbers = true)]
    pub every: Option<usize>,
    /// Noise on the gradient of a formula: its standard deviation
    #[arg(long, value_name = "SD", value_parser = values::number, allow_negative_numbers = true)]
    pub noise: Option<f64>,
    /// Rows a mini-batch of a fit
    #[arg(long, value_name = "N", value_parser = values::at_least_one, allow_negative_numbers = true)]
    pub batch_size: Option<usize>,
    /// Stop below this gradient norm [default: 1e-3]
    #[arg(long, value_name = "X", value_parser = values::positive, allow_negative_numbers = true)]
    pub tolerance: Option<f64>,
    /// Most updates, 20000 at most [default: 200]
    #[arg(long, value_name = "N", value_parser = values::at_least_one, allow_negative_numbers = true)]
    pub max_iterations: Option<usize>,
    /// Also write the figures as SVG
    #[arg(long)]
    pub svg: bool,
}

pub const EXPLORE_EXAMPLES: &str = "\
Writes contour.png, surface.png, loss_and_gradient.png, eigen.png, descent.gif, path.csv, explore.json and explore.html. \
The exit status is 0 when every run converged and 3 when one did not (a rate that diverges, a lesson that stops early): \
the files are written all the same.

Examples:
  clinreg explore himmelblau --start -4,4 --start 4,-1 --rate 0.005
  clinreg explore --preset highAlpha
  clinreg explore --from model trial.csv 'recovered ~ age + treatment' --over 'age,treatment[new]' --both-scales";
