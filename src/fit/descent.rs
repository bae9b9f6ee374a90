//! From the choices of an analysis to a descent: rates from the curvature, limits, the optimum to compare with.

use ndarray::{Array1, Array2};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;

use crate::error::{Error, Result};
use crate::fit::spec::{LearningRate, MethodName, Schedule, Spec, Start};
use crate::num::linalg::singular_values;
use crate::num::random::stream;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::{Objective, Sampled};
use crate::optimise::method::{Decay, Method, Rate};
use crate::optimise::state::{State, resume};
use crate::optimise::watch::{Unwatched, Watcher};
use crate::optimise::{Descent, Settings, minimise};

/// Full-batch epoch limit, unless the user says otherwise.
pub const MAX_EPOCHS_FULL: usize = 10_000;
/// The same for mini-batches.
pub const MAX_EPOCHS_MINI: usize = 200;
/// Tolerances, unless the user says otherwise.
const TOLERANCE_AUTO: f64 = 1e-8;
const TOLERANCE_TEACHING: f64 = 1e-3;
/// The friction of the heavy ball.
pub const FRICTION: f64 = 0.9;
/// Adam moves each coefficient by about its rate a step, whatever the curvature: more than this never settles.
const ADAM_LARGEST_AUTO_RATE: f64 = 0.05;

/// The settings of a descent, worked out.
#[derive(Debug, Clone)]
pub struct Plan {
    /// For the loop.
    pub settings: Settings,
    /// Whether the rate came from the curvature.
    pub rate_is_auto: bool,
    /// Whether each step is searched for.
    pub line_search: bool,
    /// The batch size that really is one (less than all rows).
    pub batch: Option<usize>,
}

/// The names that users type.
pub fn method_name(method: MethodName) -> &'static str {
    match method {
        MethodName::Auto => "auto",
        MethodName::GradientDescent => "gradient-descent",
        MethodName::Momentum => "momentum",
        MethodName::Nesterov => "nesterov",
        MethodName::Adam => "adam",
    }
}

/// The name of a schedule.
pub fn schedule_name(decay: Decay) -> &'static str {
    match decay {
        Decay::Constant => "constant",
        Decay::InverseTime => "inverse-time",
        Decay::Cosine => "cosine",
        Decay::InverseRoot => "inverse-root",
        Decay::Exponential(_) => "exponential",
        Decay::Steps { .. } => "steps",
    }
}

/// What the automatic learning rate is worked out from.
pub struct Valley<'a> {
    /// The mean loss in the scale of the descent.
    pub glm: &'a Glm<'a>,
    /// Its loss.
    pub loss: Loss,
    /// R with R'R = X'WX / n in that scale.
    pub design_root: &'a Array2<f64>,
    /// The largest curvature that a ridge penalty adds.
    pub ridge: f64,
}

/// Works out method, rate, limits and tolerance.
///
/// The automatic rate is 1/L with L the largest curvature that the loss can have: for the squared loss the largest
/// eigenvalue of X'X/n, for the logistic loss a quarter of it; a ridge penalty adds its own. In mini-batches of b rows L is the expected
/// smoothness L_b = n(b-1)/(b(n-1)) L + (n-b)/(b(n-1)) L_max, L_max the largest of one row
/// (Gower et al. 2019, ICML, proposition 3.8).
///
/// # Errors
/// Usage, when a line search is asked for with a method that has none.
pub fn plan(spec: &Spec, valley: &Valley<'_>) -> Result<Plan> {
    let Valley { glm, loss, design_root, ridge } = valley;
    let n = Sampled::n_rows(*glm);
    let batch = spec.batch_size.filter(|b| *b < n && spec.method != MethodName::Auto);
    let largest = singular_values(design_root).first().map_or(0.0, |s| s * s) * loss.largest_curvature();
    let smooth = match batch {
        Some(b) => {
            let (n, b) = (n as f64, b as f64);
            n * (b - 1.0) / (b * (n - 1.0)) * largest
                + (n - b) / (b * (n - 1.0)) * glm.largest_row_curvature()
        }
        None => largest,
    } + ridge;
    let auto = if smooth > 0.0 { 1.0 / smooth } else { 1.0 };
    let rate = match spec.learning_rate {
        LearningRate::Fixed(rate) => rate,
        LearningRate::Auto if spec.method == MethodName::Adam => auto.min(ADAM_LARGEST_AUTO_RATE),
        LearningRate::Auto | LearningRate::LineSearch => auto,
    };
    let line_search = spec.learning_rate == LearningRate::LineSearch;
    let method = match spec.method {
        MethodName::Auto => Method::Auto,
        MethodName::GradientDescent if line_search => Method::GradientDescent(Rate::LineSearch(rate)),
        name if line_search => {
            return Err(Error::usage(format!(
                "`--learning-rate line-search` does not go with {}",
                method_name(name)
            ))
            .hint("use it with `--optimizer gradient-descent`; auto searches its steps by itself"));
        }
        MethodName::GradientDescent => Method::GradientDescent(Rate::Fixed(rate)),
        MethodName::Momentum => Method::Momentum { rate, friction: FRICTION },
        MethodName::Nesterov => Method::Nesterov { rate },
        MethodName::Adam => Method::Adam { rate },
    };
    let decay = match (spec.schedule, batch) {
        (Some(Schedule::Constant), _) | (None, None) => Decay::Constant,
        (Some(Schedule::InverseTime), _) | (None, Some(_)) => Decay::InverseTime,
        (Some(Schedule::Cosine), _) => Decay::Cosine,
    };
    let auto_method = spec.method == MethodName::Auto;
    let settings = Settings {
        method,
        batch,
        decay,
        max_epochs: spec.max_epochs.unwrap_or(if batch.is_some() {
            MAX_EPOCHS_MINI
        } else {
            MAX_EPOCHS_FULL
        }),
        tolerance: spec.tolerance.unwrap_or(if auto_method { TOLERANCE_AUTO } else { TOLERANCE_TEACHING }),
        seed: spec.seed,
    };
    let rate_is_auto = spec.learning_rate == LearningRate::Auto;
    Ok(Plan { settings, rate_is_auto, line_search, batch })
}

/// Where the descent begins: zero, or standard normal draws of the seed.
pub fn start(spec: &Spec, dim: usize) -> Array1<f64> {
    match spec.start {
        Start::Zero => Array1::zeros(dim),
        Start::Random => Array1::random_using(dim, StandardNormal, &mut stream(spec.seed, "start", 0)),
    }
}

/// Runs the plan, from an earlier run's state on if there is one.
///
/// # Errors
/// As [`resume`].
pub fn run(
    plan: &Plan,
    objective: &dyn Objective,
    start: &Array1<f64>,
    earlier: Option<&State>,
    watcher: &mut dyn Watcher,
) -> Result<Descent> {
    match earlier {
        Some(state) => resume(objective, start, &plan.settings, state, watcher),
        None => Ok(minimise(objective, start, &plan.settings, watcher)),
    }
}

/// The optimum itself, by `auto` from zero: what a teaching method's stop is compared with.
pub fn optimum(objective: &dyn Objective, seed: u64) -> Descent {
    let settings = Settings {
        method: Method::Auto,
        batch: None,
        decay: Decay::Constant,
        max_epochs: MAX_EPOCHS_FULL,
        tolerance: TOLERANCE_AUTO,
        seed,
    };
    minimise(objective, &Array1::zeros(objective.dim()), &settings, &mut Unwatched)
}
