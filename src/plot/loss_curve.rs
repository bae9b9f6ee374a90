//! The loss curve: on which scale it tells the reader most, and what stands beside it.

use crate::plot::axis::Axis;
use crate::plot::course::{Course, Limit, Run, Sample};
use crate::plot::descent::{
    DescentFigure, epoch_axis, extent, middle_of, run_of, some_leave, steps_of, values_in_view,
};
use crate::plot::number::trimmed;
use crate::plot::panel::Headings;
use crate::plot::stop::{loss_line, reason_line, rounding};

/// A logarithmic axis helps where the largest value is so many times the smallest.
const RATIO_WORTH_A_LOG: f64 = 100.0;
/// A batch's loss is often below the optimum of all rows; when more than this share of the steps are, a logarithm would
/// hide them.
const MOST_HIDDEN: f64 = 0.05;

/// What the left axis shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum View {
    /// The distance to the optimum, logarithmic; never below `floor`, where rounding begins.
    Distance {
        /// The loss at the optimum.
        optimum: f64,
        /// The smallest distance drawn.
        floor: f64,
    },
    /// The loss itself, logarithmic.
    LogLoss,
    /// The loss itself.
    Loss,
}

/// The loss curve. Where the optimum is known and the distance to it falls a hundredfold or more, the axis shows
/// that distance and is logarithmic; where it is not known and the loss does the same, the loss is logarithmic;
/// otherwise both are linear and the optimum is a dashed line.
pub fn course<'a>(figure: &DescentFigure<'a>) -> Course<'a> {
    let runs: Vec<Run> = figure.curves.iter().map(|curve| run_of(curve, |r| r.loss, Vec::new())).collect();
    let values = values_in_view(&runs);
    let optimum = lowest_known(figure.optimum, &values);
    let steps = steps_of(figure.curves, |step| step.loss);
    let view = view(optimum, &values, &steps);
    let ending = |k: usize| {
        let curve = &figure.curves[k];
        let last = curve.history.last().map(|record| loss_line(curve.reason, record.loss, optimum));
        reason_line(curve.reason).map(str::to_string).into_iter().chain(last).collect()
    };
    let runs: Vec<Run> = runs
        .into_iter()
        .enumerate()
        .map(|(k, run)| Run { samples: shown(&run.samples, view), ending: ending(k), ..run })
        .collect();
    let steps = shown(&steps, view);
    let y = axis(figure, view, &runs, &steps, optimum);
    let headings = Headings { title: figure.title, subtitle: figure.subtitle };
    Course { headings, x: epoch_axis(figure.curves), y, runs, steps, limits: limits(view, optimum) }
}

/// The optimum, or the lowest loss of all where rounding brought one below it.
fn lowest_known(optimum: Option<f64>, values: &[f64]) -> Option<f64> {
    let optimum = optimum.filter(|optimum| optimum.is_finite())?;
    Some(values.iter().copied().fold(optimum, f64::min))
}

/// On which scale the reader sees most.
fn view(optimum: Option<f64>, values: &[f64], steps: &[Sample]) -> View {
    let origin = optimum.unwrap_or(0.0);
    let above: Vec<f64> = values.iter().map(|value| value - origin).filter(|d| d.is_finite()).collect();
    let Some((lowest, top)) = extent(&above) else { return View::Loss };
    let hidden = steps.iter().filter(|step| step.1 <= origin).count() as f64;
    if hidden > MOST_HIDDEN * steps.len() as f64 {
        return View::Loss;
    }
    if let Some(optimum) = optimum {
        let floor = floor(optimum, &above);
        return if top / floor >= RATIO_WORTH_A_LOG { View::Distance { optimum, floor } } else { View::Loss };
    }
    let helps = lowest > 0.0 && top / lowest >= RATIO_WORTH_A_LOG;
    if helps { View::LogLoss } else { View::Loss }
}

/// The smallest distance that is drawn: the smallest of all, or where rounding begins, or, at an optimum of 0, the
/// smallest that is not 0.
fn floor(optimum: f64, distances: &[f64]) -> f64 {
    let lowest = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let rounding = rounding(optimum);
    let positive = || distances.iter().copied().filter(|d| *d > 0.0).fold(f64::INFINITY, f64::min);
    if lowest > rounding {
        lowest
    } else if rounding > 0.0 {
        rounding
    } else {
        positive()
    }
}

/// What is drawn of the losses.
fn shown(samples: &[Sample], view: View) -> Vec<Sample> {
    let value = |loss: f64| match view {
        View::Distance { optimum, floor } if loss.is_finite() => (loss - optimum).max(floor),
        _ => loss,
    };
    samples.iter().map(|&(epoch, loss)| (epoch, value(loss))).collect()
}

fn axis(
    figure: &DescentFigure<'_>,
    view: View,
    runs: &[Run],
    steps: &[Sample],
    optimum: Option<f64>,
) -> Axis {
    const DECADES_SHOWN: f64 = 1e-4; // of the largest distance: a run that stopped high up hangs high up
    const HEADROOM: f64 = 0.15; // of the extent, where a run leaves the picture
    let values: Vec<f64> = values_in_view(runs).into_iter().chain(middle_of(steps)).collect();
    let (low, high) = extent(&values).unwrap_or((0.0, 1.0));
    let headroom = if some_leave(runs) { HEADROOM } else { 0.0 };
    let above = |low: f64, high: f64| high * (high / low).powf(headroom);
    let name = capitalised(figure.loss_name);
    match view {
        View::Distance { optimum, .. } => {
            let low = low.min(high * DECADES_SHOWN);
            let note = format!("distance to its optimum {}, logarithmic", trimmed(optimum, 5));
            Axis::logarithmic(low, above(low, high)).named(name, note)
        }
        View::LogLoss => Axis::logarithmic(low, above(low, high)).named(name, "logarithmic"),
        View::Loss => {
            let low = optimum.map_or(low, |optimum| low.min(optimum));
            Axis::linear(low, high + headroom * (high - low)).named(name, "")
        }
    }
}

fn limits(view: View, optimum: Option<f64>) -> Vec<Limit> {
    match (view, optimum) {
        (View::Loss, Some(optimum)) => {
            vec![Limit { value: optimum, words: format!("optimum {}", trimmed(optimum, 5)) }]
        }
        _ => Vec::new(),
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
