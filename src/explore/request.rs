//! What is asked for: a surface and up to six runs, as the command line, the page and a saved request say it.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::explore::noise::UPDATES_AN_EPOCH;
use crate::explore::surface::Surface;
use crate::objective::Objective;
use crate::optimise::Settings;
use crate::optimise::method::{Decay, Method, Rate};

/// A surface by name and the runs on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// One of [`Surface::names`].
    pub surface: String,
    /// The valley's condition number.
    #[serde(default)]
    pub condition: Option<f64>,
    /// One to six.
    pub runs: Vec<RunRequest>,
}

/// One run. What is left out has its usual value.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunRequest {
    /// Where it begins; empty: where the surface usually does.
    pub start: Vec<f64>,
    /// Which move.
    pub method: MethodName,
    /// How long a step is.
    pub rate: RateName,
    /// Momentum: how much of the velocity is kept; 0.9 unless said.
    pub friction: Option<f64>,
    /// How the rate falls.
    pub schedule: ScheduleName,
    /// Of the exponential schedule (a step's factor, 0.95 unless said) and of the steps (a fall's factor, 0.5).
    pub gamma: Option<f64>,
    /// Of the steps: updates between two falls; 10 unless said.
    pub every: Option<usize>,
    /// Standard deviation of Gaussian noise on the gradient; formulas only.
    pub noise: Option<f64>,
    /// Rows a mini-batch; fits only.
    pub batch: Option<usize>,
    /// Stop below this gradient norm; 1e-3 unless said.
    pub tolerance: Option<f64>,
    /// Most updates; 200 unless said, 20,000 at most.
    pub max_iterations: Option<usize>,
    /// Seed of noise and batches.
    pub seed: u64,
}

/// Which move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodName {
    /// beta <- beta - rate g.
    #[default]
    GradientDescent,
    /// Heavy ball.
    Momentum,
    /// Nesterov's look-ahead.
    Nesterov,
    /// Adam.
    Adam,
    /// AdaGrad.
    Adagrad,
    /// RMSProp.
    Rmsprop,
    /// Newton, for contrast.
    Newton,
}

/// All methods, in the order of their teaching.
pub const METHODS: [MethodName; 7] = [
    MethodName::GradientDescent,
    MethodName::Momentum,
    MethodName::Nesterov,
    MethodName::Adam,
    MethodName::Adagrad,
    MethodName::Rmsprop,
    MethodName::Newton,
];

impl MethodName {
    /// The name that users type.
    pub fn name(self) -> &'static str {
        match self {
            MethodName::GradientDescent => "gradient-descent",
            MethodName::Momentum => "momentum",
            MethodName::Nesterov => "nesterov",
            MethodName::Adam => "adam",
            MethodName::Adagrad => "adagrad",
            MethodName::Rmsprop => "rmsprop",
            MethodName::Newton => "newton",
        }
    }
}

/// How long a step is: a number, or one of `auto`, `line-search`, `exact`, `barzilai-borwein`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RateName {
    /// This.
    Fixed(f64),
    /// By a rule.
    Rule(RateRule),
}

/// A rule for the length of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateRule {
    /// 1/L, L the largest curvature; methods that scale by their gradients: a fiftieth of the picture's width.
    Auto,
    /// Backtracking (Armijo).
    LineSearch,
    /// To the minimum along the gradient.
    Exact,
    /// Barzilai and Borwein's.
    BarzilaiBorwein,
}

impl Default for RateName {
    fn default() -> Self {
        RateName::Rule(RateRule::Auto)
    }
}

/// How the rate falls over the updates k = 0, 1, ... (over the epochs in mini-batches, over pairs of updates in noise).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleName {
    /// Not at all.
    #[default]
    Constant,
    /// 1 / sqrt(k + 1).
    InverseRoot,
    /// gamma^k.
    Exponential,
    /// Times gamma after each so many updates.
    Steps,
    /// 1 / (1 + k/10).
    InverseTime,
    /// (1 + cos(pi k / most)) / 2.
    Cosine,
}

/// All schedules.
pub const SCHEDULES: [ScheduleName; 6] = [
    ScheduleName::Constant,
    ScheduleName::InverseRoot,
    ScheduleName::Exponential,
    ScheduleName::Steps,
    ScheduleName::InverseTime,
    ScheduleName::Cosine,
];

impl ScheduleName {
    /// The name that users type.
    pub fn name(self) -> &'static str {
        match self {
            ScheduleName::Constant => "constant",
            ScheduleName::InverseRoot => "inverse-root",
            ScheduleName::Exponential => "exponential",
            ScheduleName::Steps => "steps",
            ScheduleName::InverseTime => "inverse-time",
            ScheduleName::Cosine => "cosine",
        }
    }
}

/// Most runs at once.
pub const MOST_RUNS: usize = 6;
/// Most updates of a run.
pub const MOST_ITERATIONS: usize = 20_000;
/// Updates, tolerance, friction and falls unless said otherwise.
const ITERATIONS: usize = 200;
const TOLERANCE: f64 = 1e-3;
const FRICTION: f64 = 0.9;
const GAMMA: f64 = 0.95;
const FALL: f64 = 0.5;
const EVERY: usize = 10;
/// Coordinates beyond this are no start.
const FARTHEST_START: f64 = 1e6;

/// A run whose settings are known to be possible.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Where it begins.
    pub start: Vec<f64>,
    /// For the loop.
    pub settings: Settings,
    /// Standard deviation of noise on the gradient; 0 is none.
    pub noise: f64,
    /// The request with every usual value filled in.
    pub request: RunRequest,
}

impl RunRequest {
    /// Fills in what is left out and refuses what cannot be.
    ///
    /// # Errors
    /// Usage: a start of the wrong length, numbers out of range, rules that do not go together.
    pub fn check(&self, surface: &Surface) -> Result<Checked> {
        let start = self.checked_start(surface)?;
        let tolerance = positive("tolerance", self.tolerance.unwrap_or(TOLERANCE))?;
        let max_iterations = self.max_iterations.unwrap_or(ITERATIONS);
        if max_iterations > MOST_ITERATIONS {
            return Err(Error::usage(format!("{max_iterations} iterations are more than {MOST_ITERATIONS}"))
                .hint(format!("{MOST_ITERATIONS} at most")));
        }
        let friction = self.friction.unwrap_or(FRICTION);
        if !(0.0..1.0).contains(&friction) {
            return Err(Error::usage(format!("the friction {friction} is not from 0 to below 1"))
                .hint("0.9 is usual"));
        }
        let noise = self.noise.unwrap_or(0.0);
        if !(0.0..=FARTHEST_START).contains(&noise) {
            return Err(Error::usage(format!("the noise {noise} is no standard deviation")).hint("0 is none"));
        }
        let batch = self.checked_batch(surface, noise)?;
        let method = self.checked_method(surface, &start, friction)?;
        let sampled = noise > 0.0 || batch.is_some();
        if sampled && needs_full_batch(&method) {
            return Err(Error::usage(
                "noise and mini-batches do not go with Newton, exact or Barzilai-Borwein steps",
            )
            .hint("use a fixed rate"));
        }
        let (decay, gamma, every) = self.checked_decay()?;
        let updates_an_epoch = match batch {
            Some(batch) => surface.sampled().map_or(1, |s| s.n_rows().div_ceil(batch)),
            None if noise > 0.0 => UPDATES_AN_EPOCH,
            None => 1,
        };
        let rate = match (self.rate, &method) {
            (RateName::Rule(RateRule::Auto), method) => RateName::Fixed(method.rate()),
            (given, _) => given,
        };
        let request = RunRequest {
            start: start.clone(),
            method: self.method,
            rate,
            friction: (self.method == MethodName::Momentum).then_some(friction),
            schedule: self.schedule,
            gamma,
            every,
            noise: (noise > 0.0).then_some(noise),
            batch,
            tolerance: Some(tolerance),
            max_iterations: Some(max_iterations),
            seed: self.seed,
        };
        let settings = Settings {
            method,
            batch: batch.or((noise > 0.0).then_some(1)),
            decay,
            max_epochs: max_iterations.div_ceil(updates_an_epoch),
            tolerance,
            seed: self.seed,
        };
        Ok(Checked { start, settings, noise, request })
    }

    fn checked_start(&self, surface: &Surface) -> Result<Vec<f64>> {
        if self.start.is_empty() {
            return Ok(surface.usual_start());
        }
        if self.start.len() != surface.dim() {
            return Err(Error::usage(format!(
                "a start with {} coordinates on a surface with {}",
                self.start.len(),
                surface.dim()
            ))
            .hint(if surface.dim() == 1 { "name one: `8`" } else { "name two: `-4,4`" }));
        }
        if self.start.iter().any(|v| v.is_nan() || v.abs() > FARTHEST_START) {
            return Err(Error::usage("a start is not a number or too far away").hint("a million at most"));
        }
        Ok(self.start.clone())
    }

    fn checked_batch(&self, surface: &Surface, noise: f64) -> Result<Option<usize>> {
        let Some(batch) = self.batch else { return Ok(None) };
        let Some(sampled) = surface.sampled() else {
            return Err(Error::usage(
                "mini-batches are of the rows of a fit whose other coefficients are held",
            )
            .hint("on a formula say how much noise: `--noise 0.5`"));
        };
        if noise > 0.0 || batch == 0 {
            return Err(
                Error::usage("mini-batches have rows and bring their own noise").hint("leave out the noise")
            );
        }
        Ok((batch < sampled.n_rows()).then_some(batch))
    }

    fn checked_method(&self, surface: &Surface, start: &[f64], friction: f64) -> Result<Method> {
        const SHARE_OF_WIDTH: f64 = 0.02;
        let curvature = surface.curvature(start);
        let inverse = if curvature > 0.0 && curvature.is_finite() { 1.0 / curvature } else { 1.0 };
        let width = surface.home().iter().map(|ends| ends[1] - ends[0]).fold(f64::INFINITY, f64::min);
        let plain = |automatic: f64| match self.rate {
            RateName::Fixed(rate) => positive("learning rate", rate),
            RateName::Rule(RateRule::Auto) => Ok(automatic),
            RateName::Rule(_) => Err(Error::usage(format!(
                "searched steps go with gradient-descent, not with {}",
                self.method.name()
            ))
            .hint("name a number, or `auto`")),
        };
        Ok(match self.method {
            MethodName::GradientDescent => Method::GradientDescent(match self.rate {
                RateName::Fixed(rate) => Rate::Fixed(positive("learning rate", rate)?),
                RateName::Rule(RateRule::Auto) => Rate::Fixed(inverse),
                RateName::Rule(RateRule::LineSearch) => Rate::LineSearch(inverse),
                RateName::Rule(RateRule::Exact) => Rate::Exact(inverse),
                RateName::Rule(RateRule::BarzilaiBorwein) => Rate::BarzilaiBorwein(inverse),
            }),
            MethodName::Momentum => Method::Momentum { rate: plain(inverse)?, friction },
            MethodName::Nesterov => Method::Nesterov { rate: plain(inverse)? },
            MethodName::Adam => Method::Adam { rate: plain(SHARE_OF_WIDTH * width)? },
            MethodName::Adagrad => Method::AdaGrad { rate: plain(5.0 * SHARE_OF_WIDTH * width)? },
            MethodName::Rmsprop => Method::RmsProp { rate: plain(SHARE_OF_WIDTH * width)? },
            MethodName::Newton => Method::Newton { rate: plain(1.0)? },
        })
    }

    /// The schedule, and its knobs as far as it has them.
    fn checked_decay(&self) -> Result<(Decay, Option<f64>, Option<usize>)> {
        let factor = |usual: f64| {
            let gamma = self.gamma.unwrap_or(usual);
            if gamma > 0.0 && gamma <= 1.0 {
                Ok(gamma)
            } else {
                Err(Error::usage(format!("the schedule's factor {gamma} is not above 0 and at most 1"))
                    .hint("0.95 is usual"))
            }
        };
        Ok(match self.schedule {
            ScheduleName::Constant => (Decay::Constant, None, None),
            ScheduleName::InverseRoot => (Decay::InverseRoot, None, None),
            ScheduleName::InverseTime => (Decay::InverseTime, None, None),
            ScheduleName::Cosine => (Decay::Cosine, None, None),
            ScheduleName::Exponential => {
                let gamma = factor(GAMMA)?;
                (Decay::Exponential(gamma), Some(gamma), None)
            }
            ScheduleName::Steps => {
                let (factor, every) = (factor(FALL)?, self.every.unwrap_or(EVERY).max(1));
                (Decay::Steps { every, factor }, Some(factor), Some(every))
            }
        })
    }
}

fn positive(what: &str, value: f64) -> Result<f64> {
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    Err(Error::usage(format!("the {what} {value} is not a number above 0")).hint("name a positive number"))
}

fn needs_full_batch(method: &Method) -> bool {
    matches!(
        method,
        Method::Newton { .. } | Method::GradientDescent(Rate::Exact(_) | Rate::BarzilaiBorwein(_))
    )
}
