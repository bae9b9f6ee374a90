//! The loss curve: on which scale it tells the reader most, and what stands beside it.

use crate::plot::axis::Axis;
use crate::plot::course::{Course, Limit, Run, Sample};
use crate::plot::descent::{
    DescentFigure, epoch_axis, extent, middle_of, run_of, some_leave, steps_of, values_in_view,
};
use crate::plot::number::trimmed;
use crate::plot::panel::Headings;
use crate::plot::stop::{loss_line, reason_line, rounding};

/// A logarithm helps where the largest distance to the optimum is so many times the smallest.
const DISTANCES_WORTH_A_LOG: f64 = 100.0;
/// A logarithm helps where the largest loss is so many times the smallest: on a linear axis all but the start would lie
/// in the lowest thirtieth.
const LOSSES_WORTH_A_LOG: f64 = 30.0;
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
/// that distance and is logarithmic; otherwise it shows the loss, logarithmic where that spans decades, with the
/// optimum, where it is known, as a dashed line.
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
    let steps = match view {
        View::Distance { optimum, .. } => {
            steps.iter().map(|&(epoch, loss)| (epoch, loss - optimum)).collect()
        }
        View::LogLoss | View::Loss => steps,
    };
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
    let distance = optimum.filter(|optimum| few_below(*optimum, steps)).and_then(|optimum| {
        let distances: Vec<f64> =
            values.iter().map(|value| value - optimum).filter(|d| d.is_finite()).collect();
        let (_, top) = extent(&distances)?;
        let floor = floor(optimum, &distances);
        (top / floor >= DISTANCES_WORTH_A_LOG).then_some(View::Distance { optimum, floor })
    });
    distance.unwrap_or_else(|| {
        if loss_spans_decades(optimum, values, steps) { View::LogLoss } else { View::Loss }
    })
}

fn few_below(level: f64, steps: &[Sample]) -> bool {
    let below = steps.iter().filter(|step| step.1 <= level).count();
    below as f64 <= MOST_HIDDEN * steps.len() as f64
}

/// Whether all losses are positive and far enough apart for a logarithm to help.
fn loss_spans_decades(optimum: Option<f64>, values: &[f64], steps: &[Sample]) -> bool {
    let positive = few_below(0.0, steps) && optimum.is_none_or(|optimum| optimum > 0.0);
    extent(values).is_some_and(|(lowest, top)| positive && lowest > 0.0 && top / lowest >= LOSSES_WORTH_A_LOG)
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

/// What is drawn of the losses of a run.
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
    let line = matches!(view, View::LogLoss | View::Loss).then_some(optimum).flatten();
    let mut values: Vec<f64> = values_in_view(runs).into_iter().chain(middle_of(steps)).chain(line).collect();
    if view != View::Loss {
        values.retain(|value| *value > 0.0);
    }
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
        View::Loss => Axis::linear(low, high + headroom * (high - low)).named(name, ""),
    }
}

/// The optimum as a line, where the axis shows the loss.
fn limits(view: View, optimum: Option<f64>) -> Vec<Limit> {
    let line = optimum.filter(|_| matches!(view, View::LogLoss | View::Loss));
    let limit = line.map(|value| Limit { value, words: format!("optimum {}", trimmed(value, 5)) });
    limit.into_iter().collect()
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(losses: &[f64]) -> Vec<Sample> {
        losses.iter().enumerate().map(|(k, &loss)| (k as f64, loss)).collect()
    }

    #[test]
    fn the_distance_is_shown_where_it_falls_a_hundredfold() {
        assert!(matches!(view(Some(0.4), &[1.4, 0.41], &[]), View::Distance { .. }));
        assert_eq!(view(Some(0.4), &[1.4, 0.9], &[]), View::Loss);
    }

    #[test]
    fn at_the_optimum_the_distance_ends_where_rounding_begins() {
        let View::Distance { floor, .. } = view(Some(0.5), &[1.5, 0.5, 0.5], &[]) else {
            panic!("a distance")
        };
        assert_eq!(floor, rounding(0.5));
        let drawn = shown(&steps(&[1.5, 0.5]), View::Distance { optimum: 0.5, floor });
        assert_eq!(drawn, [(0.0, 1.0), (1.0, floor)]);
    }

    #[test]
    fn an_optimum_of_zero_keeps_the_smallest_positive_loss() {
        assert_eq!(view(Some(0.0), &[1.0, 1e-9, 0.0], &[]), View::Distance { optimum: 0.0, floor: 1e-9 });
    }

    #[test]
    fn batches_below_the_optimum_keep_the_axis_linear() {
        assert_eq!(view(Some(0.4), &[1.4, 0.401], &steps(&[0.5, 0.3, 0.45, 0.35])), View::Loss);
        assert!(matches!(view(Some(0.4), &[1.4, 0.401], &steps(&[0.5, 0.6])), View::Distance { .. }));
    }

    #[test]
    fn without_an_optimum_a_loss_that_spans_decades_is_logarithmic_and_a_negative_one_never() {
        assert_eq!(view(None, &[5353.1, 71.0], &[]), View::LogLoss);
        assert_eq!(view(None, &[0.69, 0.41], &[]), View::Loss);
        assert_eq!(view(None, &[5353.1, -71.0], &[]), View::Loss);
    }

    #[test]
    fn a_loss_below_the_stated_optimum_becomes_the_optimum() {
        assert_eq!(lowest_known(Some(0.5), &[0.7, 0.4999]), Some(0.4999));
        assert_eq!(lowest_known(Some(f64::NAN), &[0.7]), None);
    }
}
