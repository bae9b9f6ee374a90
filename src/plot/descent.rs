//! The descent as two figures: the loss curve and the gradient norm, of one run or of several overlaid.

use crate::error::Result;
use crate::optimise::history::{History, Record, Step};
use crate::optimise::stop::StopReason;
use crate::plot::axis::{Axis, Scale};
use crate::plot::course::{Run, Sample};
use crate::plot::png::png;
use crate::plot::{gradient_norm, loss_curve};

/// One run to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct Curve<'a> {
    /// Its name in the legend (only shown when there are several), e.g. `learning rate 0.3`.
    pub label: &'a str,
    /// Its course.
    pub history: &'a History,
    /// How it ended.
    pub reason: StopReason,
}

/// What both figures show.
#[derive(Debug, Clone, Copy)]
pub struct DescentFigure<'a> {
    /// Heading, e.g. `responded ~ treatment * age: logistic regression`; may be long.
    pub title: &'a str,
    /// One line below it, e.g. `gradient descent, full batch, learning rate 0.83 (1/L), standardised columns`.
    pub subtitle: &'a str,
    /// One or more runs (at most 8 colours repeat).
    pub curves: &'a [Curve<'a>],
    /// The loss at the optimum where it is known: the loss curve is then drawn as distance to it on a log axis
    /// where that helps.
    pub optimum: Option<f64>,
    /// The tolerance on the gradient norm.
    pub tolerance: f64,
    /// Name of the loss for the axis: `half the mean squared error` or `mean negative log-likelihood`.
    pub loss_name: &'a str,
}

/// The loss curve as PNG bytes. See [`loss_curve::course`] for the choice of the scale.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn loss_curve(figure: &DescentFigure<'_>) -> Result<Vec<u8>> {
    png(&loss_curve::course(figure))
}

/// The gradient norm as PNG bytes.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn gradient_norm(figure: &DescentFigure<'_>) -> Result<Vec<u8>> {
    png(&gradient_norm::course(figure))
}

/// A run with the values that a figure shows. A diverged run that is no longer a number has left upwards.
pub fn run_of(curve: &Curve<'_>, value: impl Fn(&Record) -> f64, ending: Vec<String>) -> Run {
    let diverged = curve.reason == StopReason::Diverged;
    let upwards = |value: f64| if diverged && value.is_nan() { f64::INFINITY } else { value };
    let records = curve.history.records.iter().filter(|record| record.epoch.is_finite());
    let samples = records.map(|record| (finite_epoch(record.epoch), upwards(value(record)))).collect();
    Run { label: curve.label.to_string(), samples, reason: curve.reason, ending }
}

/// The finite values that decide the extent of the axis: of all runs that did not diverge, and where all did, of all.
pub fn values_in_view(runs: &[Run]) -> Vec<f64> {
    let finite = |runs: &mut dyn Iterator<Item = &Run>| -> Vec<f64> {
        runs.flat_map(|run| run.samples.iter().map(|sample| sample.1))
            .filter(|value| value.is_finite())
            .collect()
    };
    let calm = finite(&mut runs.iter().filter(|run| run.reason != StopReason::Diverged));
    if calm.is_empty() { finite(&mut runs.iter()) } else { calm }
}

/// Whether some run leaves the picture upwards: it diverged, and others that did not decide the extent, or it ended
/// in no number.
pub fn some_leave(runs: &[Run]) -> bool {
    let all_diverged = runs.iter().all(|run| run.reason == StopReason::Diverged);
    let leaves = |run: &Run| !all_diverged || run.samples.iter().any(|sample| !sample.1.is_finite());
    runs.iter().any(|run| run.reason == StopReason::Diverged && leaves(run))
}

/// The axis of epochs, the same in both figures. It is logarithmic beyond 1 where most happens early: when the
/// gradient norm of a run of a hundred epochs or more goes most of its way (in its logarithm) in the first twentieth
/// of them, or when of several runs the shortest took a twentieth of the longest.
pub fn epoch_axis(curves: &[Curve<'_>]) -> Axis {
    const LONG: f64 = 100.0;
    const EARLY: f64 = 0.05;
    let epochs = |curve: &Curve<'_>| curve.history.last().map_or(0.0, |last| finite_epoch(last.epoch));
    let records = curves.iter().flat_map(|curve| curve.history.records.iter().map(|record| record.epoch));
    let steps = curves.iter().flat_map(|curve| curve.history.steps.iter().map(|step| step.epoch));
    let longest = records.chain(steps).map(finite_epoch).fold(0.0, f64::max);
    let shortest = curves.iter().map(epochs).filter(|epochs| *epochs > 0.0).fold(longest, f64::min);
    let early = curves
        .iter()
        .any(|curve| epochs(curve) >= LONG && happens_early(curve.history, EARLY * epochs(curve)));
    let logarithmic = longest >= LONG && (early || shortest <= EARLY * longest);
    let high = if longest > 0.0 { longest } else { 1.0 };
    match logarithmic {
        true => Axis::counting(high, Scale::LogBeyondOne).named("Epoch", "(logarithmic beyond 1)"),
        false => Axis::counting(high, Scale::Linear).named("Epoch", ""),
    }
}

/// An epoch that can be placed: not below 0, and within the whole numbers that a float tells apart.
fn finite_epoch(epoch: f64) -> f64 {
    const MOST: f64 = 1e15;
    if epoch.is_nan() { 0.0 } else { epoch.clamp(0.0, MOST) }
}

/// Whether the logarithm of the gradient norm goes most of its way up and down before an epoch.
fn happens_early(history: &History, early_end: f64) -> bool {
    const MOST: f64 = 0.6;
    let (mut early, mut all) = (0.0, 0.0);
    for pair in history.records.windows(2) {
        let way = (pair[1].gradient_norm.ln() - pair[0].gradient_norm.ln()).abs();
        let way = if way.is_finite() { way } else { 0.0 };
        all += way;
        early += if pair[1].epoch <= early_end { way } else { 0.0 };
    }
    all > 0.0 && early >= MOST * all
}

/// The smallest and largest of some values; none gives `None`.
pub fn extent(values: &[f64]) -> Option<(f64, f64)> {
    let low = values.iter().copied().reduce(f64::min)?;
    Some((low, values.iter().copied().fold(low, f64::max)))
}

/// The mini-batch steps of a single run; those of several runs would hide each other.
pub fn steps_of(curves: &[Curve<'_>], value: impl Fn(&Step) -> f64) -> Vec<Sample> {
    let [only] = curves else { return Vec::new() };
    let placed = only.history.steps.iter().filter(|step| step.epoch.is_finite());
    placed.map(|step| (finite_epoch(step.epoch), value(step))).collect()
}

/// The extent of the steps but for a few wild ones, so that these do not squeeze the epochs' line: what lies further
/// beyond the first and the last percentile than half of their distance is cut at the frame.
pub fn middle_of(steps: &[Sample]) -> Vec<f64> {
    const BEYOND: f64 = 0.5;
    let mut values: Vec<f64> = steps.iter().map(|step| step.1).filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let (Some(&least), Some(&most)) = (values.first(), values.last()) else { return values };
    let cut = values.len() / 100;
    let (low, high) = (values[cut], values[values.len() - 1 - cut]);
    let beyond = BEYOND * (high - low);
    vec![least.max(low - beyond), most.min(high + beyond)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::canvas::Canvas;
    use crate::plot::png::Figure;
    use crate::plot::proof::drawn;
    use crate::plot::style::{HEIGHT, WIDTH};
    use plotters::drawing::IntoDrawingArea;
    use proptest::prelude::*;

    fn record(epoch: f64, loss: f64, gradient_norm: f64) -> Record {
        Record { iteration: epoch as usize, epoch, loss, gradient_norm, learning_rate: 0.1, seconds: 0.0 }
    }

    fn history(values: impl IntoIterator<Item = (f64, f64)>) -> History {
        let records =
            values.into_iter().enumerate().map(|(k, (loss, norm))| record(k as f64, loss, norm)).collect();
        History { records, steps: Vec::new() }
    }

    fn figure<'a>(curves: &'a [Curve<'a>], title: &'a str) -> DescentFigure<'a> {
        let loss_name = "mean negative log-likelihood";
        DescentFigure { title, subtitle: title, curves, optimum: Some(0.4), tolerance: 1e-8, loss_name }
    }

    #[test]
    fn both_figures_are_png_files_of_the_promised_size_and_the_same_every_time() {
        let history = history((0..=9).map(|k| (0.4 + 0.1f64.powi(k), 0.1f64.powi(k))));
        let curves = [Curve { label: "", history: &history, reason: StopReason::GradientBelowTolerance }];
        let figure = figure(&curves, "responded ~ age");
        for picture in [loss_curve, gradient_norm] {
            let bytes = picture(&figure).expect("drawn");
            let decoded = image::load_from_memory(&bytes).expect("a PNG file");
            assert_eq!((decoded.width(), decoded.height()), (WIDTH, HEIGHT));
            assert!(bytes == picture(&figure).expect("drawn again"));
        }
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let one = history([(0.7, 0.3), (0.4, 1e-12)]);
        let start = history([(0.4, 0.0)]);
        let crawl = history((0..=10_000).map(|k| (0.4 + 1.0 / f64::from(k + 1), 1.0 / f64::from(k + 1))));
        let wild = history([
            (0.7, 0.3),
            (1e9, 1e9),
            (1e300, 1e300),
            (f64::INFINITY, f64::NAN),
            (f64::NAN, f64::NAN),
        ]);
        let title = "systolic_blood_pressure_at_discharge ~ ".repeat(5);
        let reasons = [StopReason::GradientBelowTolerance, StopReason::EpochLimit, StopReason::Diverged];
        let histories = [&one, &start, &crawl, &wild, &History::default()];
        let curves: Vec<Curve<'_>> = histories
            .iter()
            .flat_map(|history| reasons.map(|reason| Curve { label: &title, history, reason }))
            .collect();
        let groups = curves.chunks(1).chain([&curves[..3], &curves[..8], &curves[..]]);
        for group in groups {
            let figure = figure(group, &title);
            drawn(&super::loss_curve::course(&figure), 0.5);
            drawn(&super::gradient_norm::course(&figure), 0.5);
        }
    }

    #[test]
    fn the_same_drawing_makes_a_vector_picture() {
        let history = history([(0.7, 0.3), (0.5, 0.1)]);
        let curves = [Curve { label: "", history: &history, reason: StopReason::EpochLimit }];
        let mut svg = String::new();
        {
            let area =
                plotters::prelude::SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
            let course = super::loss_curve::course(&figure(&curves, "responded ~ age"));
            course.draw(&Canvas::new(&area, 1.0)).expect("drawn");
        }
        assert!(svg.contains("responded ~ age") && svg.contains("<polyline") && svg.contains("Noto Sans"));
    }

    #[test]
    fn the_epochs_are_logarithmic_where_most_happens_early() {
        let early = history((0..=1000).map(|k| (0.5, if k < 3 { 1e3 / 30f64.powi(k) } else { 1.0 })));
        let steady = history((0..=1000).map(|k| (0.5, 0.99f64.powi(k))));
        let short = history((0..=9).map(|k| (0.5, 0.1f64.powi(k))));
        fn curve(history: &History) -> Curve<'_> {
            Curve { label: "", history, reason: StopReason::EpochLimit }
        }
        let of = |histories: &[&History]| {
            epoch_axis(&histories.iter().map(|h| curve(h)).collect::<Vec<_>>()).scale
        };
        assert_eq!(of(&[&early]), Scale::LogBeyondOne);
        assert_eq!(of(&[&steady]), Scale::Linear);
        assert_eq!(of(&[&short]), Scale::Linear);
        assert_eq!(of(&[&steady, &short]), Scale::LogBeyondOne);
    }

    fn any_value() -> impl Strategy<Value = f64> {
        prop_oneof![4 => proptest::num::f64::ANY, 4 => -1e3..1e3, 1 => Just(0.0), 1 => Just(0.4)]
    }

    fn any_history() -> impl Strategy<Value = History> {
        let records = prop::collection::vec((0.0..50.0, any_value(), any_value()), 0..20)
            .prop_map(|all| all.into_iter().map(|(epoch, loss, norm)| record(epoch, loss, norm)).collect());
        let odd = (any_value(), any_value(), any_value())
            .prop_map(|(epoch, loss, norm)| vec![record(epoch, loss, norm)]);
        let steps = prop::collection::vec((any_value(), any_value(), any_value()), 0..20).prop_map(|all| {
            let step = |(epoch, loss, gradient_norm)| Step { iteration: 0, epoch, loss, gradient_norm };
            all.into_iter().map(step).collect()
        });
        (prop_oneof![3 => records, 1 => odd], steps).prop_map(|(records, steps)| History { records, steps })
    }

    fn any_reason() -> impl Strategy<Value = StopReason> {
        prop::sample::select(vec![
            StopReason::GradientBelowTolerance,
            StopReason::RoundingFloor,
            StopReason::EpochLimit,
            StopReason::Diverged,
            StopReason::NoProgress,
            StopReason::Interrupted,
            StopReason::Separated,
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_history_can_be_drawn(
            runs in prop::collection::vec((any_history(), any_reason(), ".{0,60}"), 1..4),
            optimum in prop::option::of(any_value()),
            tolerance in any_value(),
            title in ".{0,200}",
        ) {
            let curves: Vec<Curve<'_>> = runs
                .iter()
                .map(|(history, reason, label)| Curve { label, history, reason: *reason })
                .collect();
            let figure = DescentFigure { optimum, tolerance, ..figure(&curves, &title) };
            drawn(&super::loss_curve::course(&figure), 0.25);
            drawn(&super::gradient_norm::course(&figure), 0.25);
        }
    }
}
