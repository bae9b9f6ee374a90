//! A finished exploration: the surface, its grid, and each run with its path, curvature and verdict.

use ndarray::Array1;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::explore::noise::Noisy;
use crate::explore::pair::Units;
use crate::explore::path::{Node, Walk};
use crate::explore::request::{Checked, MOST_RUNS, RateName, RateRule, Request, RunRequest};
use crate::explore::surface::Surface;
use crate::explore::symmetric::Eigen;
use crate::explore::verdict::{self, Evidence, Outcome, Verdict};
use crate::explore::window::{Grid, Window, grid, is_inside, window};
use crate::objective::Objective;
use crate::optimise::Descent;
use crate::optimise::method::{Decay, Method, Rate};
use crate::optimise::minimise;
use crate::optimise::stop::StopReason;
use crate::optimise::verdict::short;
use crate::optimise::watch::Watcher;

/// All that a page or a folder of figures shows. Numbers that are none are JSON's null.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exploration {
    /// `clinreg-explore/1`.
    pub schema: &'static str,
    /// The surface.
    pub surface: SurfaceShown,
    /// Low and high end of each axis.
    pub window: Window,
    /// The surface on a grid.
    pub grid: Grid,
    /// The runs in the order asked for.
    pub runs: Vec<Run>,
}

/// A surface as the reader needs it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SurfaceShown {
    /// `himmelblau`, or `age, treatment[new]`.
    pub name: String,
    /// The formula, or which loss.
    pub text: String,
    /// Names of the axes.
    pub axes: Vec<String>,
    /// `formula`, `standardised` or `raw`.
    pub scale: &'static str,
    /// Known minima, the lowest first; empty for separated data.
    pub minima: Vec<Vec<f64>>,
    /// Value at the first of them.
    pub least: Option<f64>,
    /// Curvatures and directions there.
    pub curvature: Option<Eigen>,
    /// Of a fit: points round the 95 % confidence region.
    pub ellipse: Option<Vec<[f64; 2]>>,
    /// Whether the data are separated.
    pub separated: bool,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// What tells it from the other runs, e.g. `rate 0.1`.
    pub label: String,
    /// As it really ran, every usual value filled in.
    pub request: RunRequest,
    /// Points of the path; thinned where there are very many.
    pub points: Vec<Node>,
    /// Updates done.
    pub iterations: usize,
    /// Why it stopped, in words.
    pub reason: &'static str,
    /// Whether the gradient fell below the tolerance at a minimum: the verdict is `converged`.
    pub converged: bool,
    /// Where distances along eigen-directions are measured from, and the curvature there.
    pub decomposition: Option<Decomposition>,
    /// Curvature at the stop.
    pub end_curvature: Option<Eigen>,
    /// Where the path left the picture, if it did.
    pub left: Option<Left>,
    /// Of a fit: the largest distance from the estimates at the stop, in standard errors.
    pub standard_errors_left: Option<f64>,
    /// Of a fit: the first update from which on the path stays within the 95 % confidence region.
    pub within_region_from: Option<usize>,
    /// The verdict.
    pub verdict: Verdict,
}

/// The reference of a path's decomposition: components are q_i . (point - at).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decomposition {
    /// The minimum nearest to the path's end (of a diverged path: to its start).
    pub at: Vec<f64>,
    /// Curvatures and directions q_i there.
    pub curvature: Eigen,
    /// By how much each update multiplies each component near there, 1 - rate lambda; plain descent at a fixed rate.
    pub factors: Option<Vec<f64>>,
}

/// A path that left the picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Left {
    /// The first update outside.
    pub iteration: usize,
    /// Whether it came back.
    pub came_back: bool,
    /// Its last point that is a number.
    pub last: Vec<f64>,
}

/// Points of a path that a page gets, and places of its grid each way.
const POINTS: usize = 1000;
const PLACES: usize = 101;

/// Runs a request on a teaching surface.
///
/// # Errors
/// Usage, as [`Surface::by_name`] and [`RunRequest::check`] say.
pub fn explore(request: &Request) -> Result<Exploration> {
    run(&Surface::by_name(&request.surface, request.condition)?, &request.runs)
}

/// Runs up to six runs on a surface.
///
/// # Errors
/// Usage, as [`RunRequest::check`] says; when there is no run, or more than six.
pub fn run(surface: &Surface, runs: &[RunRequest]) -> Result<Exploration> {
    run_in_full(surface, runs, POINTS)
}

/// As [`run()`], with about so many points of each path.
///
/// # Errors
/// As [`run()`].
pub fn run_in_full(surface: &Surface, runs: &[RunRequest], points: usize) -> Result<Exploration> {
    if runs.is_empty() || runs.len() > MOST_RUNS {
        return Err(Error::usage(format!("{} runs", runs.len())).hint(format!("one to {MOST_RUNS}")));
    }
    let checked: Vec<Checked> = runs.iter().map(|run| run.check(surface)).collect::<Result<_>>()?;
    let walked: Vec<(Walk, Descent)> = checked.iter().map(|run| walk(surface, run)).collect();
    let starts: Vec<Vec<f64>> = checked.iter().map(|run| run.start.clone()).collect();
    let visited = walked.iter().flat_map(|(walk, _)| walk.points.iter().map(|(_, at)| at.as_slice()));
    let window = window(surface, visited, &starts);
    let labels = labels(&checked);
    let runs = checked
        .iter()
        .zip(&walked)
        .zip(labels)
        .map(|((checked, (walk, descent)), label)| {
            finished(surface, checked, walk, descent, &window, (label, points))
        })
        .collect();
    let grid = grid(surface, &window, PLACES);
    Ok(Exploration { schema: "clinreg-explore/1", surface: shown(surface), window, grid, runs })
}

/// One run by the one loop.
fn walk(surface: &Surface, run: &Checked) -> (Walk, Descent) {
    let mut walk = Walk::default();
    let descent = descend(surface, run, &mut walk);
    (walk, descent)
}

/// Runs checked settings on a surface, noise and all.
pub fn descend(surface: &Surface, run: &Checked, watcher: &mut dyn Watcher) -> Descent {
    let start = Array1::from_vec(run.start.clone());
    if run.noise > 0.0 {
        let noisy = Noisy::new(surface, run.noise, run.settings.seed);
        minimise(&noisy, &start, &run.settings, watcher)
    } else {
        minimise(surface, &start, &run.settings, watcher)
    }
}

fn shown(surface: &Surface) -> SurfaceShown {
    let minima = surface.minima();
    let lowest = minima.first().cloned();
    SurfaceShown {
        name: surface.name(),
        text: surface.text(),
        axes: surface.axes(),
        scale: match surface.pair().map(|pair| pair.units) {
            None => "formula",
            Some(Units::Standardised) => "standardised",
            Some(Units::Raw) => "raw",
        },
        least: lowest.as_ref().map(|at| surface.value_and_gradient(&Array1::from_vec(at.clone())).0),
        curvature: lowest.map(|at| surface.eigen(&at)),
        minima,
        ellipse: surface.pair().and_then(|pair| pair.ellipse()),
        separated: surface.is_separated(),
    }
}

fn finished(
    surface: &Surface,
    checked: &Checked,
    walk: &Walk,
    descent: &Descent,
    window: &Window,
    told: (String, usize),
) -> Run {
    let mut points = walk.nodes(surface, told.1);
    let end = descent.beta.to_vec();
    let is_finite = end.iter().all(|v| v.is_finite());
    let decomposition = decomposition(surface, checked, descent);
    if let Some(d) = &decomposition {
        points.iter_mut().for_each(|node| node.components = d.of(&node.at));
    }
    let end_curvature =
        is_finite.then(|| surface.eigen(&end)).filter(|e| e.values.iter().all(|v| v.is_finite()));
    let left = left(walk, window);
    let distance = surface.pair().filter(|_| is_finite).and_then(|pair| pair.statistical_distance(&end));
    let within_region_from = within_region_from(surface, walk);
    let verdict = verdict::judge(&Evidence {
        surface,
        checked,
        descent,
        points: &walk.points,
        end_curvature: end_curvature.as_ref(),
        standard_errors_left: distance.map(|d| d.0),
        within_region_from,
    });
    Run {
        label: told.0,
        request: checked.request.clone(),
        points,
        iterations: descent.iterations,
        reason: descent.reason.words(),
        converged: verdict.outcome == Outcome::Converged,
        decomposition,
        end_curvature,
        left,
        standard_errors_left: distance.map(|d| d.0),
        within_region_from,
        verdict,
    }
}

impl Decomposition {
    /// Distance of a point along each direction.
    pub fn of(&self, at: &[f64]) -> Vec<f64> {
        let along = |q: &Vec<f64>| q.iter().zip(at).zip(&self.at).map(|((q, v), r)| q * (v - r)).sum();
        self.curvature.directions.iter().map(along).collect()
    }
}

fn decomposition(surface: &Surface, checked: &Checked, descent: &Descent) -> Option<Decomposition> {
    let end = descent.beta.to_vec();
    let stayed = end.iter().all(|v| v.is_finite()) && descent.reason != StopReason::Diverged;
    let from = if stayed { &end } else { &checked.start };
    let distance = |at: &Vec<f64>| at.iter().zip(from).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    let at = surface.minima().into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    let curvature = surface.eigen(&at);
    let factors = match (&checked.settings.method, checked.settings.decay) {
        (Method::GradientDescent(Rate::Fixed(rate)), Decay::Constant) => {
            Some(curvature.values.iter().map(|lambda| 1.0 - rate * lambda).collect())
        }
        _ => None,
    };
    Some(Decomposition { at, curvature, factors })
}

fn left(walk: &Walk, window: &Window) -> Option<Left> {
    let first = walk.points.iter().position(|(_, at)| !is_inside(window, at))?;
    let last = walk.points.iter().rev().find(|(_, at)| at.iter().all(|v| v.is_finite()))?;
    let came_back = walk.points.last().is_some_and(|(_, at)| is_inside(window, at));
    Some(Left { iteration: walk.points[first].0, came_back, last: last.1.clone() })
}

fn within_region_from(surface: &Surface, walk: &Walk) -> Option<usize> {
    let pair = surface.pair()?;
    let outside = walk
        .points
        .iter()
        .rposition(|(_, at)| !pair.statistical_distance(at).is_some_and(|(_, within)| within));
    walk.points.get(outside.map_or(0, |place| place + 1)).map(|(iteration, _)| *iteration)
}

/// What tells each run from the others; of a single run its method and rate.
fn labels(runs: &[Checked]) -> Vec<String> {
    let parts = |run: &Checked| {
        let request = &run.request;
        let start: Vec<String> = run.start.iter().map(|v| short(*v)).collect();
        let batch = request.batch.map(|b| format!("batches of {b}"));
        [
            Some(request.method.name().to_string()),
            Some(rate_words(request)),
            (request.schedule.name() != "constant").then(|| request.schedule.name().to_string()),
            request.friction.map(|f| format!("friction {}", short(f))),
            request.noise.map(|n| format!("noise {}", short(n))).or(batch),
            Some(format!("start ({})", start.join(", "))),
        ]
    };
    let all: Vec<[Option<String>; 6]> = runs.iter().map(parts).collect();
    let differs: Vec<bool> = (0..6).map(|k| all.iter().any(|run| run[k] != all[0][k])).collect();
    all.into_iter()
        .map(|run| {
            let single = !differs.contains(&true);
            let told = run.into_iter().enumerate().filter(|(k, _)| if single { *k < 5 } else { differs[*k] });
            told.filter_map(|(_, words)| words).collect::<Vec<_>>().join(", ")
        })
        .collect()
}

fn rate_words(request: &RunRequest) -> String {
    match request.rate {
        RateName::Fixed(rate) => format!("rate {}", short(rate)),
        RateName::Rule(RateRule::Auto) => "automatic rate".to_string(),
        RateName::Rule(RateRule::LineSearch) => "line search".to_string(),
        RateName::Rule(RateRule::Exact) => "exact line search".to_string(),
        RateName::Rule(RateRule::BarzilaiBorwein) => "Barzilai-Borwein".to_string(),
    }
}
