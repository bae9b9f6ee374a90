//! The verdict on a run: which of nine things happened, judged by path, gradient and curvature.

use ndarray::Array1;
use serde::Serialize;

use crate::explore::request::Checked;
use crate::explore::surface::Surface;
use crate::explore::symmetric::Eigen;
use crate::explore::window::is_inside;
use crate::explore::words;
use crate::objective::Objective;
use crate::optimise::method::{Method, Rate};
use crate::optimise::stop::StopReason;
use crate::optimise::verdict::stable_limit;
use crate::optimise::watch::Unwatched;
use crate::optimise::{Descent, Settings, minimise, norm};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// At a minimum: the gradient is below the tolerance and the surface curves upwards.
    Converged,
    /// On its way, but not there.
    Crawling,
    /// From wall to wall.
    Oscillating,
    /// Away from the valley.
    Diverging,
    /// Where the surface is flat, far above its minimum.
    Plateau,
    /// Where the surface curves upwards in one direction and downwards in another.
    Saddle,
    /// At the top of a hill.
    Summit,
    /// The data are separated: there is no finite minimum.
    Separated,
    /// Noise keeps it from settling.
    Noisy,
}

impl Outcome {
    /// A word or two for keys and tables.
    pub fn words(self) -> &'static str {
        match self {
            Outcome::Converged => "converged",
            Outcome::Crawling => "crawling",
            Outcome::Oscillating => "oscillating",
            Outcome::Diverging => "diverging",
            Outcome::Plateau => "stuck on a plateau",
            Outcome::Saddle => "at a saddle",
            Outcome::Summit => "at the top of a hill",
            Outcome::Separated => "no finite minimum",
            Outcome::Noisy => "kept moving by noise",
        }
    }
}

/// The verdict with its numbers and in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Which of the nine.
    pub outcome: Outcome,
    /// In English.
    pub en: String,
    /// In Spanish.
    pub es: String,
    /// By how much each of the last updates multiplied the gradient norm (geometric mean).
    pub factor: Option<f64>,
    /// The same of the height above the lowest known minimum, where the gradient norm does not fall.
    pub height_factor: Option<f64>,
    /// Updates still needed at that pace.
    pub steps_left: Option<f64>,
    /// The largest rate that can be stable, 2/L for plain descent, where the method has one and L is known.
    pub stable_limit: Option<f64>,
    /// Of a diverging run: a lower rate that was tried and does not diverge.
    pub stable_rate: Option<f64>,
}

/// What a verdict is judged from.
pub struct Evidence<'a> {
    /// The surface.
    pub surface: &'a Surface,
    /// The settings.
    pub checked: &'a Checked,
    /// How the run ended.
    pub descent: &'a Descent,
    /// Every point with its iteration.
    pub points: &'a [(usize, Vec<f64>)],
    /// Curvature at the stop.
    pub end_curvature: Option<&'a Eigen>,
    /// Of a fit: distance from the estimates in standard errors.
    pub standard_errors_left: Option<f64>,
    /// Of a fit: the first update from which on the path stays within the confidence region.
    pub within_region_from: Option<usize>,
}

impl Evidence<'_> {
    /// The rate as asked for.
    pub fn rate(&self) -> f64 {
        self.checked.settings.method.rate()
    }

    /// The curvature of the automatic rate.
    pub fn largest_curvature(&self) -> f64 {
        self.surface.curvature(&self.checked.start)
    }

    /// Whether the loop takes plain steps of a given length.
    pub fn is_plain(&self) -> bool {
        matches!(self.checked.settings.method, Method::GradientDescent(Rate::Fixed(_)))
    }

    /// Whether updates see noise.
    pub fn is_noisy(&self) -> bool {
        self.checked.settings.batch.is_some()
    }

    /// How far the value at the stop is above the lowest known minimum.
    pub fn above_least(&self) -> Option<f64> {
        let lowest = self.surface.minima().into_iter().next()?;
        Some(self.descent.value - value_at(self.surface, &lowest))
    }

    fn start_value(&self) -> f64 {
        value_at(self.surface, &self.checked.start)
    }
}

/// Judges a run:
///
/// 1. what left all bounds diverged; 2. separated data have no minimum, whatever the gradient; 3. flat and far above
///    the minimum is a plateau, 4. curving downwards where the gradient is small a saddle or a summit; 5. a gradient
///    below the tolerance has converged; 6. noise; 7. steps that turn back oscillate, or diverge where they grow;
///    8. what is left crawls.
pub fn judge(evidence: &Evidence<'_>) -> Verdict {
    let descent = evidence.descent;
    let pace = pace(evidence);
    let mut verdict = Verdict {
        outcome: outcome(evidence, &pace),
        en: String::new(),
        es: String::new(),
        factor: pace.factor,
        height_factor: pace.height_factor,
        steps_left: None,
        stable_limit: stable_limit(&evidence.checked.settings.method, evidence.largest_curvature())
            .filter(|limit| limit.is_finite()),
        stable_rate: None,
    };
    match verdict.outcome {
        Outcome::Diverging => verdict.stable_rate = stable_rate(evidence, verdict.stable_limit),
        Outcome::Crawling | Outcome::Oscillating => {
            let to_go = (descent.gradient_norm() / evidence.checked.settings.tolerance).ln();
            // Near a minimum the height falls as the square of the gradient norm.
            let factor = pace.height_factor.map(f64::sqrt).or(pace.factor);
            verdict.steps_left = factor.filter(|f| 0.0 < *f && *f < 1.0).map(|f| (to_go / -f.ln()).ceil());
        }
        _ => {}
    }
    (verdict.en, verdict.es) = words::of(evidence, &verdict);
    verdict
}

/// The course of the last updates.
struct Pace {
    factor: Option<f64>,
    height_factor: Option<f64>,
    turns_back: bool,
}

fn pace(evidence: &Evidence<'_>) -> Pace {
    const LAST: usize = 40;
    let n = evidence.points.len();
    let used = (n / 4).clamp(2, LAST).min(n);
    let last: Vec<Array1<f64>> =
        evidence.points[n - used..].iter().map(|(_, at)| Array1::from_vec(at.clone())).collect();
    let norms: Vec<f64> = [last.first(), last.last()]
        .into_iter()
        .flatten()
        .map(|at| norm(&evidence.surface.value_and_gradient(at).1))
        .collect();
    let factor = match norms.as_slice() {
        [first, end] if used > 1 && *first > 0.0 => {
            let factor = (end / first).powf(1.0 / (used - 1) as f64);
            factor.is_finite().then_some(factor)
        }
        _ => None,
    };
    let least = evidence.surface.minima().first().map(|at| value_at(evidence.surface, at));
    let height_factor = match (last.first(), last.last(), least) {
        (Some(first), Some(end), Some(least)) if factor.is_some_and(|f| f >= 1.0) => {
            let height = |at: &Array1<f64>| evidence.surface.value_and_gradient(at).0 - least;
            let factor = (height(end) / height(first)).powf(1.0 / (used - 1) as f64);
            (0.0 < factor && factor < 1.0).then_some(factor)
        }
        _ => None,
    };
    let steps: Vec<Array1<f64>> = last.windows(2).map(|w| &w[1] - &w[0]).collect();
    let turns = steps.windows(2).filter(|w| w[0].dot(&w[1]) < 0.0).count();
    Pace { factor, height_factor, turns_back: steps.len() > 2 && 2 * turns >= steps.len() - 1 }
}

fn value_at(surface: &Surface, at: &[f64]) -> f64 {
    surface.value_and_gradient(&Array1::from_vec(at.to_vec())).0
}

fn outcome(evidence: &Evidence<'_>, pace: &Pace) -> Outcome {
    let descent = evidence.descent;
    if descent.reason == StopReason::Diverged {
        return Outcome::Diverging; // 1
    }
    if evidence.surface.is_separated() {
        return Outcome::Separated; // 2
    }
    if is_flat(evidence) {
        return Outcome::Plateau; // 3
    }
    if let Some(outcome) = downwards(evidence) {
        return outcome; // 4
    }
    if descent.reason.is_converged() {
        return Outcome::Converged; // 5
    }
    if evidence.is_noisy() {
        return Outcome::Noisy; // 6
    }
    if pace.turns_back {
        let climbs = descent.value > evidence.start_value() && pace.factor.is_some_and(|f| f > 1.0);
        let beyond = !is_inside(&evidence.surface.home(), &descent.beta.to_vec());
        return if climbs && (evidence.is_quadratic() || beyond) {
            Outcome::Diverging
        } else {
            Outcome::Oscillating
        }; // 7
    }
    Outcome::Crawling // 8
}

impl Evidence<'_> {
    fn is_quadratic(&self) -> bool {
        use crate::objective::Curved;
        Curved::is_quadratic(self.surface)
    }
}

/// The curvature that the surface has at its minima: what is flat or steep is measured by it.
fn usual_curvature(surface: &Surface) -> f64 {
    surface.minima().iter().map(|at| surface.eigen(at).size()).fold(0.0, f64::max)
}

/// Small gradient and hardly any curvature, well above the lowest minimum: on a plain.
fn is_flat(evidence: &Evidence<'_>) -> bool {
    const HARDLY: f64 = 0.02;
    const ABOVE: f64 = 0.1;
    let (Some(eigen), Some(above)) = (evidence.end_curvature, evidence.above_least()) else { return false };
    let usual = usual_curvature(evidence.surface);
    let width = evidence.surface.home().iter().map(|e| e[1] - e[0]).fold(f64::INFINITY, f64::min);
    let flat =
        eigen.size() <= HARDLY * usual && evidence.descent.gradient_norm() <= HARDLY * HARDLY * usual * width;
    flat && evidence.surface.pair().is_none() && above > ABOVE * usual
}

/// A point where the gradient is small and the surface curves downwards in some direction.
fn downwards(evidence: &Evidence<'_>) -> Option<Outcome> {
    const NEAR: f64 = 0.05; // of the picture's width, from where the gradient would be zero
    const DOWN: f64 = 1e-6;
    let eigen = evidence.end_curvature?;
    let usual = usual_curvature(evidence.surface);
    let width = evidence.surface.home().iter().map(|e| e[1] - e[0]).fold(f64::INFINITY, f64::min);
    let gradient = &evidence.descent.gradient;
    let near = eigen.values.iter().zip(&eigen.directions).all(|(value, q)| {
        let along: f64 = q.iter().zip(gradient).map(|(q, g)| q * g).sum();
        along.abs() <= NEAR * width * value.abs()
    });
    let small = evidence.descent.reason.is_converged() || near;
    if !small || eigen.smallest() >= -DOWN * usual {
        return None;
    }
    Some(if eigen.largest() > DOWN * usual { Outcome::Saddle } else { Outcome::Summit })
}

/// A rate below the one that diverged that does not, found by trying: just below the limit of the curvature, then
/// half of that, and so on.
fn stable_rate(evidence: &Evidence<'_>, limit: Option<f64>) -> Option<f64> {
    const BELOW_THE_LIMIT: f64 = 0.95;
    const TRIALS: usize = 40;
    const UPDATES: usize = 300;
    let highest = limit.map_or(f64::INFINITY, |limit| BELOW_THE_LIMIT * limit);
    let mut rate = two_digits_down((0.5 * evidence.rate()).min(highest).min(0.95 * evidence.rate()));
    if let Some(limit) = limit
        && BELOW_THE_LIMIT * limit < evidence.rate()
    {
        rate = two_digits_down(BELOW_THE_LIMIT * limit);
    }
    for _ in 0..TRIALS {
        let method = with_rate(&evidence.checked.settings.method, rate)?;
        let settings = Settings { method, max_epochs: UPDATES, ..evidence.checked.settings.clone() };
        let trial = Checked { settings, ..evidence.checked.clone() };
        let start = Array1::from_vec(trial.start.clone());
        let descent = minimise(evidence.surface, &start, &trial.settings, &mut Unwatched);
        if descent.reason != StopReason::Diverged && descent.value <= evidence.start_value() {
            return Some(rate);
        }
        rate = two_digits_down(0.5 * rate);
    }
    None
}

fn with_rate(method: &Method, rate: f64) -> Option<Method> {
    Some(match method {
        Method::GradientDescent(Rate::Fixed(_)) => Method::GradientDescent(Rate::Fixed(rate)),
        Method::Momentum { friction, .. } => Method::Momentum { rate, friction: *friction },
        Method::Nesterov { .. } => Method::Nesterov { rate },
        Method::Adam { .. } => Method::Adam { rate },
        Method::AdaGrad { .. } => Method::AdaGrad { rate },
        Method::RmsProp { .. } => Method::RmsProp { rate },
        Method::Newton { .. } => Method::Newton { rate },
        Method::GradientDescent(_) | Method::Auto => return None,
    })
}

/// The number with its first two digits.
fn two_digits_down(value: f64) -> f64 {
    let unit = 10.0_f64.powi(value.log10().floor() as i32 - 1);
    let rounded = (value / unit).floor() * unit;
    format!("{rounded:.1e}").parse().unwrap_or(rounded)
}
