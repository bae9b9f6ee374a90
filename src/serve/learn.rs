//! The questions of the lessons: what each shows, and what the engine finds to be right.

use ndarray::Array1;
use serde_json::{Map, Value, json};

use crate::data::csv::Source;
use crate::error::{Error, Kind, Result};
use crate::explore::exploration::{Exploration, Run};
use crate::explore::surface::Surface;
use crate::explore::verdict::Outcome;
use crate::fit::fit;
use crate::fit::spec::Spec;
use crate::objective::Objective;
use crate::optimise::watch::Unwatched;
use crate::serve::api::explore::Wish;
use crate::serve::shelf::{Wanted, built_in, wanted};

/// Of the classic lesson: its learning rate on the raw columns, and where its rule stops it.
const CLASSIC_RATE: f64 = 1e-4;
const CLASSIC_UPDATES: usize = 1657;

/// What is right.
#[derive(Debug, Clone, PartialEq)]
pub enum Right {
    /// One of the choices.
    Choice(&'static str),
    /// A number, and how far an answer may be from it.
    Number(f64, f64),
}

/// One lesson as the engine knows it; the words are the page's.
pub struct Lesson {
    /// Its name.
    pub id: &'static str,
    /// The answers to choose from; none: a number is asked for.
    pub choices: &'static [&'static str],
    /// What its figure asks the engine for.
    pub request: fn() -> Value,
    /// A second figure beside.
    pub other: Option<fn() -> Value>,
    /// Low and high end and first place of the learning rate that the reader sets, if so.
    pub slider: Option<[f64; 3]>,
    find: fn(&Value) -> Result<Found>,
}

/// What is right, and the numbers that the words can name.
type Found = (Right, Vec<(&'static str, f64)>);

/// The ten lessons in the order of the story.
pub const LESSONS: [Lesson; 10] = [
    Lesson {
        id: "compass",
        choices: &["along", "against", "across"],
        request: on_the_slope,
        other: None,
        slider: None,
        find: compass,
    },
    Lesson {
        id: "rate-low-high",
        choices: &["too-low", "about-right", "too-high"],
        request: in_the_valley,
        other: None,
        slider: Some([0.002, 0.6, 0.01]),
        find: rate,
    },
    Lesson {
        id: "valley",
        choices: &[],
        request: in_the_long_valley,
        other: None,
        slider: None,
        find: valley,
    },
    Lesson {
        id: "scaling",
        choices: &["columns-differ", "few-rows", "bad-luck"],
        request: raw_masks,
        other: Some(scaled_masks),
        slider: None,
        find: scaling,
    },
    Lesson {
        id: "mini-batch",
        choices: &["noise", "bug", "arrived"],
        request: batches,
        other: None,
        slider: None,
        find: mini_batch,
    },
    Lesson {
        id: "when-to-stop",
        choices: &["loss-change", "norm", "iterations"],
        request: classic_on_the_map,
        other: None,
        slider: None,
        find: when_to_stop,
    },
    Lesson {
        id: "classic",
        choices: &[],
        request: classic_in_training,
        other: None,
        slider: None,
        find: classic,
    },
    Lesson {
        id: "yardstick",
        choices: &[],
        request: into_the_region,
        other: None,
        slider: None,
        find: yardstick,
    },
    Lesson {
        id: "separation",
        choices: &["low-rate", "no-floor", "bad-data"],
        request: separated,
        other: None,
        slider: None,
        find: separation,
    },
    Lesson {
        id: "certificate",
        choices: &["stopped", "small-loss", "bound"],
        request: certified,
        other: None,
        slider: None,
        find: certificate,
    },
];

impl Lesson {
    /// The lesson as the page gets it: everything but what is right.
    ///
    /// # Errors
    /// As the engine says; the lessons' own requests are good.
    pub fn shown(&self) -> Result<Value> {
        let request = (self.request)();
        let figure = if request.get("runs").is_some() { "explore" } else { "train" };
        let (_, numbers) = (self.find)(&json!({}))?;
        let slider = self.slider.map(|[low, high, value]| json!({"low": low, "high": high, "value": value}));
        let kind = if self.choices.is_empty() { "number" } else { "choice" };
        Ok(json!({"id": self.id, "kind": kind, "choices": self.choices, "figure": figure, "request": request,
                  "other": self.other.map(|f| f()), "slider": slider, "numbers": named(numbers)}))
    }

    /// Judges an answer; `given` is what the reader set in the figure.
    ///
    /// # Errors
    /// Usage, where the answer is no answer to this question; as the engine says.
    pub fn judge(&self, answer: &Value, given: &Value) -> Result<Value> {
        let (right, numbers) = (self.find)(given)?;
        let is_right = match (&right, answer) {
            (Right::Choice(wanted), Value::String(chosen)) if self.choices.contains(&chosen.as_str()) => {
                wanted == chosen
            }
            (Right::Number(wanted, near), Value::Number(said)) => {
                said.as_f64().is_some_and(|said| (said - wanted).abs() <= *near)
            }
            _ => return Err(Error::usage(format!("this is no answer to the question `{}`", self.id))),
        };
        let key = match &right {
            Right::Choice(wanted) => *wanted,
            Right::Number(..) => "number",
        };
        Ok(json!({"right": is_right, "key": key, "numbers": named(numbers)}))
    }
}

fn named(numbers: Vec<(&'static str, f64)>) -> Value {
    Value::Object(numbers.into_iter().map(|(name, x)| (name.to_string(), json!(x))).collect::<Map<_, _>>())
}

/// Runs what a figure shows.
fn explored(request: Value) -> Result<Exploration> {
    let wish: Wish = serde_json::from_value(request).map_err(broken)?;
    let source = match wish.data().map(wanted) {
        Some(Wanted::BuiltIn(name)) => Some(built_in(name)?),
        _ => None,
    };
    wish.explore(source.as_ref())
}

fn broken(cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Usage, format!("this lesson is broken: {cause}"))
}

fn first(exploration: &Exploration) -> Result<&Run> {
    exploration.runs.first().ok_or_else(|| broken("no run"))
}

/// Norm of the gradient where a run stopped.
fn norm_at_stop(run: &Run) -> f64 {
    run.points.last().map_or(f64::NAN, |node| node.gradient_norm)
}

/// The largest and the smallest curvature at the minimum.
fn curvatures(exploration: &Exploration) -> (f64, f64) {
    let values = exploration.surface.curvature.as_ref().map(|eigen| eigen.values.as_slice());
    match values {
        Some([largest, .., smallest]) => (*largest, *smallest),
        _ => (f64::NAN, f64::NAN),
    }
}

fn on_the_slope() -> Value {
    json!({"surface": "valley", "condition": 4.0, "runs": [{"rate": 0.1, "start": [-3.0, 2.0], "max_iterations": 80}]})
}

/// Which of three first steps lowers the loss most: with the gradient, against it, or across.
fn compass(_: &Value) -> Result<Found> {
    let exploration = explored(on_the_slope())?;
    let node = first(&exploration)?.points.first().ok_or_else(|| broken("no point"))?;
    let surface = Surface::by_name("valley", Some(4.0))?;
    let ([x, y], [g1, g2]) = (node.at.as_slice(), node.gradient.as_slice()) else {
        return Err(broken("not two coordinates"));
    };
    let after = |dx: f64, dy: f64| {
        surface.value_and_gradient(&Array1::from_vec(vec![x + node.rate * dx, y + node.rate * dy])).0
    };
    let ways = [("along", after(*g1, *g2)), ("against", after(-g1, -g2)), ("across", after(-g2, *g1))];
    let best = ways.iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or("", |way| way.0);
    let numbers = vec![
        ("g1", *g1),
        ("g2", *g2),
        ("norm", node.gradient_norm),
        ("loss", node.value),
        ("along", ways[0].1),
        ("against", ways[1].1),
        ("across", ways[2].1),
    ];
    Ok((Right::Choice(best), numbers))
}

fn in_the_valley() -> Value {
    json!({"surface": "valley", "condition": 10.0, "runs": [{"rate": 0.01, "start": [-4.0, 1.5], "max_iterations": 100}]})
}

/// Whether the reader's rate is too low, about right or too high, by the verdict on its run.
fn rate(given: &Value) -> Result<Found> {
    let mut request = in_the_valley();
    if let Some(rate) = given.get("rate") {
        request["runs"][0]["rate"] = rate.clone();
    }
    let exploration = explored(request)?;
    let run = first(&exploration)?;
    let right = match run.verdict.outcome {
        Outcome::Converged => "about-right",
        Outcome::Diverging | Outcome::Oscillating => "too-high",
        _ => "too-low",
    };
    let (largest, _) = curvatures(&exploration);
    let rate = run.points.first().map_or(f64::NAN, |node| node.rate);
    let numbers = vec![
        ("rate", rate),
        ("limit", 2.0 / largest),
        ("iterations", run.iterations as f64),
        ("norm", norm_at_stop(run)),
    ];
    Ok((Right::Choice(right), numbers))
}

fn in_the_long_valley() -> Value {
    json!({"surface": "valley", "condition": 50.0, "runs": [
        {"rate": 0.02, "start": [-4.0, 0.6], "max_iterations": 400},
        {"rate": 0.0385, "start": [-4.0, 0.6], "max_iterations": 400},
        {"rate": 0.0405, "start": [-4.0, 0.6], "max_iterations": 400}]})
}

/// The largest stable rate, 2/L.
fn valley(_: &Value) -> Result<Found> {
    const NEAR: f64 = 0.05; // of the value
    let exploration = explored(in_the_long_valley())?;
    let (largest, smallest) = curvatures(&exploration);
    let limit = first(&exploration)?.verdict.stable_limit.unwrap_or(2.0 / largest);
    let numbers = vec![
        ("largest", largest),
        ("smallest", smallest),
        ("condition", largest / smallest),
        ("limit", limit),
    ];
    Ok((Right::Number(limit, NEAR * limit), numbers))
}

fn masks(scale: &str, updates: usize, rate: Value) -> Value {
    json!({"data": "@masks_patients", "formula": "masks ~ patients", "over": ["(Intercept)", "patients"], "scale": scale,
           "runs": [{"rate": rate, "start": [0.0, 0.0], "max_iterations": updates}]})
}

fn raw_masks() -> Value {
    masks("raw", 1000, json!("auto"))
}

fn scaled_masks() -> Value {
    masks("standardised", 1000, json!(0.3))
}

/// The same descent on raw and on standardised columns: the condition number tells them apart.
fn scaling(_: &Value) -> Result<Found> {
    const MUCH: f64 = 100.0;
    let [raw, scaled] = [explored(raw_masks())?, explored(scaled_masks())?];
    let condition = |e: &Exploration| {
        let (largest, smallest) = curvatures(e);
        largest / smallest
    };
    let right = if condition(&raw) > MUCH * condition(&scaled) { "columns-differ" } else { "few-rows" };
    let numbers = vec![
        ("condition_raw", condition(&raw)),
        ("condition_standardised", condition(&scaled)),
        ("updates_standardised", first(&scaled)?.iterations as f64),
        ("far_raw", first(&raw)?.standard_errors_left.unwrap_or(f64::NAN)),
    ];
    Ok((Right::Choice(right), numbers))
}

fn batches() -> Value {
    let run = json!({"rate": 0.2, "start": [0.0, 0.0], "max_iterations": 400});
    let mut small = run.clone();
    small["batch"] = json!(16);
    json!({"data": "@treatment_effectiveness", "formula": "effectiveness ~ baseline_severity + age",
           "over": ["baseline_severity", "age"], "runs": [run, small]})
}

/// All rows arrive, batches do not: their gradients are of other rows each time.
fn mini_batch(_: &Value) -> Result<Found> {
    let exploration = explored(batches())?;
    let [full, small] = exploration.runs.as_slice() else { return Err(broken("not two runs")) };
    let right = match (full.converged, small.converged) {
        (true, false) => "noise",
        (_, true) => "arrived",
        _ => "bug",
    };
    let numbers =
        vec![("full_updates", full.iterations as f64), ("floor", norm_at_stop(small)), ("tolerance", 1e-3)];
    Ok((Right::Choice(right), numbers))
}

fn classic_on_the_map() -> Value {
    masks("raw", CLASSIC_UPDATES, json!(CLASSIC_RATE))
}

/// Where the loss hardly changes any more, the norm still says that the floor is far.
fn when_to_stop(_: &Value) -> Result<Found> {
    const RULE: f64 = 1e-3; // the classic lesson's: change of the mean squared error in one update
    let exploration = explored(classic_on_the_map())?;
    let norm = norm_at_stop(first(&exploration)?);
    let change = 2.0 * CLASSIC_RATE * norm * norm; // of the mean squared error, to first order
    let right = if change < 1.01 * RULE && norm > RULE { "norm" } else { "loss-change" };
    Ok((Right::Choice(right), vec![("change", change), ("norm", norm), ("tolerance", RULE)]))
}

fn classic_in_training() -> Value {
    json!({"data": "@masks_patients", "formula": "masks ~ patients", "method": "gradient-descent", "rate": CLASSIC_RATE,
           "scale": "raw", "max_epochs": CLASSIC_UPDATES, "updates_per_second": 300})
}

/// How many standard errors from the answer the classic lesson stops.
fn classic(_: &Value) -> Result<Found> {
    const NEAR: f64 = 0.1;
    let exploration = explored(classic_on_the_map())?;
    let run = first(&exploration)?;
    let far = run.standard_errors_left.unwrap_or(f64::NAN);
    let stopped = run.points.last().map_or(f64::NAN, |node| node.at[0]);
    let estimate = exploration.surface.minima.first().map_or(f64::NAN, |at| at[0]);
    let numbers =
        vec![("far", far), ("norm", norm_at_stop(run)), ("stopped", stopped), ("estimate", estimate)];
    Ok((Right::Number(far, NEAR), numbers))
}

fn into_the_region() -> Value {
    masks("standardised", 200, json!(0.1))
}

/// The update from which on the path stays inside the 95 % confidence region.
fn yardstick(_: &Value) -> Result<Found> {
    let exploration = explored(into_the_region())?;
    let run = first(&exploration)?;
    let from = run.within_region_from.map_or(f64::NAN, |k| k as f64);
    Ok((Right::Number(from, 0.5), vec![("from", from), ("iterations", run.iterations as f64)]))
}

fn separated() -> Value {
    json!({"data": "@two_doses", "formula": "responded ~ dose", "over": ["(Intercept)", "dose"],
           "runs": [{"rate": 1.0, "start": [0.0, 0.0], "max_iterations": 3000, "tolerance": 1e-6}]})
}

/// A valley without a floor.
fn separation(_: &Value) -> Result<Found> {
    let exploration = explored(separated())?;
    let run = first(&exploration)?;
    let right = if run.verdict.outcome == Outcome::Separated { "no-floor" } else { "low-rate" };
    let last = run.points.last().map_or(f64::NAN, |node| node.at[1]);
    Ok((
        Right::Choice(right),
        vec![("norm", norm_at_stop(run)), ("slope", last), ("iterations", run.iterations as f64)],
    ))
}

fn certified() -> Value {
    json!({"data": "@treatment_effectiveness", "formula": "responded ~ treatment * baseline_severity + age + sex",
           "treatment": "treatment", "method": "auto", "updates_per_second": 2})
}

/// The bound on the distance from the answer.
fn certificate(_: &Value) -> Result<Found> {
    const SMALL: f64 = 0.01; // standard errors
    let request = certified();
    let source: Source = built_in("treatment_effectiveness")?;
    let found = fit(&Spec::new(request["formula"].as_str().unwrap_or_default()), &source, &mut Unwatched)?;
    let bound = found.convergence.max_error_in_standard_errors.unwrap_or(f64::NAN);
    let right = if bound < SMALL { "bound" } else { "stopped" };
    let numbers = vec![("bound", bound), ("iterations", found.convergence.iterations as f64)];
    Ok((Right::Choice(right), numbers))
}
