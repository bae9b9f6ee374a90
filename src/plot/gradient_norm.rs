//! The gradient norm on a logarithmic axis, with the tolerance that ends the descent.

use crate::optimise::stop::StopReason;
use crate::plot::axis::Axis;
use crate::plot::course::{Course, Limit, Run, Sample};
use crate::plot::descent::{
    Curve, DescentFigure, epoch_axis, extent, middle_of, run_of, some_leave, steps_of, values_in_view,
};
use crate::plot::number::chosen;
use crate::plot::panel::Headings;
use crate::plot::stop::{norm_line, reason_line, sets_a_limit};

/// The gradient norm of every run; a norm of 0 lies on the lower edge.
pub fn course<'a>(figure: &DescentFigure<'a>) -> Course<'a> {
    let runs: Vec<Run> = figure
        .curves
        .iter()
        .map(|curve| run_of(curve, |r| r.gradient_norm, ending(curve, figure.tolerance)))
        .collect();
    let steps = steps_of(figure.curves, |step| step.gradient_norm);
    let (low, high) = range(figure.tolerance, &runs, &steps);
    let clamped = |samples: Vec<Sample>| -> Vec<Sample> {
        samples.into_iter().map(|(epoch, norm)| (epoch, if norm < low { low } else { norm })).collect()
    };
    let runs = runs.into_iter().map(|run| Run { samples: clamped(run.samples), ..run }).collect();
    let y = Axis::logarithmic(low, high).named("Norm of the gradient", "logarithmic");
    let in_view = sets_a_limit(figure.tolerance) && (y.low..=y.high).contains(&figure.tolerance);
    let tolerance =
        Limit { value: figure.tolerance, words: format!("tolerance {}", chosen(figure.tolerance)) };
    let headings = Headings { title: figure.title, subtitle: figure.subtitle };
    Course {
        headings,
        x: epoch_axis(figure.curves),
        y,
        runs,
        steps: clamped(steps),
        limits: in_view.then_some(tolerance).into_iter().collect(),
    }
}

/// The end in words; the comparison of norm and tolerance takes the place of the reason where it is the reason.
fn ending(curve: &Curve<'_>, tolerance: f64) -> Vec<String> {
    let reason = reason_line(curve.reason).filter(|_| curve.reason != StopReason::GradientBelowTolerance);
    let last = curve.history.last().map(|record| norm_line(record.gradient_norm, tolerance));
    reason.map(str::to_string).into_iter().chain(last).collect()
}

/// The extent of the axis: the norms in view, and the tolerance where it does not squeeze them.
fn range(tolerance: f64, runs: &[Run], steps: &[Sample]) -> (f64, f64) {
    const HEADROOM: f64 = 0.15; // of the decades, where a run leaves the picture
    const DECADES_TO_SPARE: f64 = 12.0; // the tolerance may lie so many below the norms, and three times theirs
    let norms: Vec<f64> = values_in_view(runs).into_iter().chain(middle_of(steps)).collect();
    let some_are_zero = norms.iter().any(|norm| *norm <= 0.0);
    let positive: Vec<f64> = norms.into_iter().filter(|norm| *norm > 0.0).collect();
    let (mut low, mut high) = match extent(&positive) {
        Some(extent) => extent,
        None if sets_a_limit(tolerance) => (tolerance, tolerance),
        None => (1.0, 1.0),
    };
    let decades = |low: f64, high: f64| high.log10() - low.log10();
    if sets_a_limit(tolerance) {
        let (with_low, with_high) = (low.min(tolerance), high.max(tolerance));
        if decades(with_low, with_high) <= 3.0 * decades(low, high) + DECADES_TO_SPARE {
            (low, high) = (with_low, with_high);
        }
    }
    if some_are_zero {
        low /= 10.0;
    }
    if some_leave(runs) {
        high *= (high / low).powf(HEADROOM);
    }
    (low.max(f64::MIN_POSITIVE), high.min(f64::MAX / 10.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(reason: StopReason, norms: &[f64]) -> Run {
        let samples = norms.iter().enumerate().map(|(k, &norm)| (k as f64, norm)).collect();
        Run { label: String::new(), samples, reason, ending: Vec::new() }
    }

    #[test]
    fn the_tolerance_is_in_the_picture_unless_it_squeezes_the_norms() {
        let runs = [run(StopReason::EpochLimit, &[10.0, 2.0])];
        assert_eq!(range(1e-8, &runs, &[]), (1e-8, 10.0));
        assert_eq!(range(1e-100, &runs, &[]), (2.0, 10.0));
        assert_eq!(range(f64::NAN, &runs, &[]), (2.0, 10.0));
    }

    #[test]
    fn a_norm_of_zero_lies_a_decade_below_the_rest() {
        let (low, _) = range(1e-3, &[run(StopReason::GradientBelowTolerance, &[1.0, 0.0])], &[]);
        assert!((low / 1e-4 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn norms_that_all_vanish_or_are_no_numbers_still_have_an_axis() {
        for norms in [&[0.0, 0.0][..], &[f64::NAN], &[]] {
            let (low, high) = range(1e-8, &[run(StopReason::Interrupted, norms)], &[]);
            assert!(0.0 < low && low <= high && high.is_finite());
        }
    }

    #[test]
    fn a_diverging_run_does_not_decide_the_extent() {
        let calm = run(StopReason::GradientBelowTolerance, &[1.0, 1e-3]);
        let (_, high) = range(1e-3, &[calm, run(StopReason::Diverged, &[1.0, 1e9, f64::NAN])], &[]);
        assert!(1.0 < high && high < 10.0);
    }
}
