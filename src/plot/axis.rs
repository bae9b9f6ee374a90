//! Axes: where a value lies, and which values are printed.

use crate::plot::number::{count, on_axis, power_of_ten};

/// How values become positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal lengths.
    Linear,
    /// Equal ratios are equal lengths.
    Log,
    /// Linear from 0 to 1 and logarithmic beyond, without a kink at 1; for counts that begin at 0.
    LogBeyondOne,
}

impl Scale {
    /// The position before it is fitted to the axis:
    ///   linear v; log ln v; beyond one v up to 1, then 1 + ln v.
    fn position(self, value: f64) -> f64 {
        match self {
            Scale::Linear => value / 4.0, // so that a difference of the largest numbers stays finite
            Scale::Log if value <= 0.0 => f64::NEG_INFINITY,
            Scale::Log => value.ln(),
            Scale::LogBeyondOne if value <= 1.0 => value,
            Scale::LogBeyondOne => 1.0 + value.ln(),
        }
    }
}

/// A mark on the axis; without a label it is a short one between two others.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Its value.
    pub at: f64,
    /// What is printed beside it.
    pub label: Option<String>,
}

/// An axis: its scale, its ends, its ticks and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// How values become positions.
    pub scale: Scale,
    /// The value at the left or lower end of the data.
    pub low: f64,
    /// The value at the right or upper end.
    pub high: f64,
    /// The marks, in the order of the axis.
    pub ticks: Vec<Tick>,
    /// Its name.
    pub name: String,
    /// What the reader should know about it: `distance to the optimum`, `logarithmic`.
    pub note: String,
}

/// About as many labelled ticks as an axis should have.
const LABELS_WANTED: f64 = 7.0;

impl Axis {
    /// A linear axis over `low..=high`; a range too narrow for its numbers to be told apart in print is widened.
    pub fn linear(low: f64, high: f64) -> Axis {
        let (low, high) = widened(tame(low), tame(high));
        Axis::new(Scale::Linear, low, high, linear_ticks(low, high, 0.0))
    }

    /// A logarithmic axis over `low..=high`, both above 0; it covers at least one decade.
    pub fn logarithmic(low: f64, high: f64) -> Axis {
        const HALF_A_DECADE: f64 = 3.2;
        let (mut low, mut high) = (above_zero(low), above_zero(high));
        if high / low < 10.0 {
            (low, high) = ((low / HALF_A_DECADE).max(f64::MIN_POSITIVE), high.max(low) * HALF_A_DECADE);
        }
        Axis::new(Scale::Log, low, high, log_ticks(low, high))
    }

    /// A logarithmic axis of ratios over `low..=high`, both above 0: it holds 1 and covers at least a factor of 2; a
    /// narrow one has evenly stepped numbers instead of decades.
    pub fn ratios(low: f64, high: f64) -> Axis {
        const LEAST: f64 = std::f64::consts::SQRT_2; // on each side of the middle
        const NARROW: f64 = 8.0;
        let (low, high) = (above_zero(low).min(1.0), above_zero(high).max(1.0));
        let middle = low.sqrt() * high.sqrt();
        let (low, high) = (low.min(middle / LEAST), high.max(middle * LEAST));
        if high / low >= NARROW {
            return Axis::logarithmic(low, high);
        }
        Axis::new(Scale::Log, low, high, linear_ticks(low, high, 0.0))
    }

    /// An axis of counts from 0, with whole numbers at its ticks wherever it reaches 1.
    pub fn counting(high: f64, scale: Scale) -> Axis {
        let high = high.clamp(f64::MIN_POSITIVE, LARGEST);
        let ticks = match scale {
            Scale::LogBeyondOne => beyond_one_ticks(high),
            Scale::Linear | Scale::Log => linear_ticks(0.0, high, if high < 1.0 { 0.0 } else { 1.0 }),
        };
        Axis::new(scale, 0.0, high, ticks)
    }

    fn new(scale: Scale, low: f64, high: f64, ticks: Vec<Tick>) -> Axis {
        Axis { scale, low, high, ticks, name: String::new(), note: String::new() }
    }

    /// The axis with a name and a note (which may be empty).
    #[must_use]
    pub fn named(mut self, name: impl Into<String>, note: impl Into<String>) -> Axis {
        (self.name, self.note) = (name.into(), note.into());
        self
    }

    /// A linear axis of which the given share at the upper end stays free of data; other axes stay as they are.
    #[must_use]
    pub fn with_headroom(self, share: f64) -> Axis {
        let high = self.high + (self.high - self.low) * share / (1.0 - share);
        if self.scale != Scale::Linear || !high.is_finite() {
            return self;
        }
        let ticks = linear_ticks(self.low, high, 0.0);
        Axis { high, ticks, ..self }
    }

    /// The axis turned round: its largest value at the left or lower end.
    #[must_use]
    pub fn reversed(mut self) -> Axis {
        std::mem::swap(&mut self.low, &mut self.high);
        self.ticks.reverse();
        self
    }

    /// The axis with its marks and grid but with empty labels, for a panel above another with the same axis.
    #[must_use]
    pub fn unlabelled(mut self) -> Axis {
        self.ticks.iter_mut().for_each(|tick| tick.label = tick.label.as_ref().map(|_| String::new()));
        self
    }

    /// Where a value lies: 0 at the low end, 1 at the high end, beyond them outside; NaN has no place.
    pub fn share(&self, value: f64) -> f64 {
        let (low, high) = (self.scale.position(self.low), self.scale.position(self.high));
        (self.scale.position(value) - low) / (high - low)
    }
}

/// Values beyond this are drawn as this: the arithmetic of ticks stays finite.
const LARGEST: f64 = 1e300;

fn above_zero(value: f64) -> f64 {
    if value.is_nan() { f64::MIN_POSITIVE } else { value.clamp(f64::MIN_POSITIVE, f64::MAX / 10.0) }
}

fn tame(value: f64) -> f64 {
    const SMALLEST: f64 = 1e-290; // nearer to 0 than this is 0: steps between ticks stay normal numbers
    if value.is_nan() || value.abs() < SMALLEST { 0.0 } else { value.clamp(-LARGEST, LARGEST) }
}

fn widened(low: f64, high: f64) -> (f64, f64) {
    const NARROWEST: f64 = 1e-6; // of the value: seven digits at the ticks
    const ALONE: f64 = 0.1; // of the value, on both sides of a single one
    let size = low.abs().max(high.abs());
    if size == 0.0 {
        return (-1.0, 1.0);
    }
    if low >= high {
        return (low - ALONE * size, low + ALONE * size);
    }
    let missing = (NARROWEST * size - (high - low)).max(0.0) / 2.0;
    (low - missing, high + missing)
}

/// Steps of 1, 2 or 5 times a power of ten, none below `smallest_step`.
fn linear_ticks(low: f64, high: f64, smallest_step: f64) -> Vec<Tick> {
    const MOST: f64 = 100.0;
    let rough = ((high / LABELS_WANTED - low / LABELS_WANTED).max(smallest_step)).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough * 0.999).unwrap_or(rough);
    let decimals = (-step.log10() - 1e-9).ceil().max(0.0) as usize;
    let slack = 1e-9 * step;
    let first = ((low - slack) / step).ceil();
    let last = ((high + slack) / step).floor();
    let largest = low.abs().max(high.abs());
    (0..=(last - first).clamp(0.0, MOST) as usize)
        .map(|k| (first + k as f64) * step)
        .filter(|at| low - slack <= *at && *at <= high + slack)
        .map(|at| Tick { at, label: Some(on_axis(at, decimals, largest)) })
        .collect()
}

/// Powers of ten, thinned where there are many, with 2 and 5 times them where there are few.
fn log_ticks(low: f64, high: f64) -> Vec<Tick> {
    let inside = |v: f64| low * (1.0 - 1e-9) <= v && v <= high * (1.0 + 1e-9);
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades: Vec<i32> = (first..=last).filter(|&d| inside(10f64.powi(d))).collect();
    let stride = stride_of(last - first);
    let few = decades.len() <= 3;
    let plain = -4 < first && last < 7;
    let mut ticks = Vec::new();
    for decade in first..=last {
        for digit in 1..=9 {
            let at = f64::from(digit) * 10f64.powi(decade);
            let labelled = match digit {
                1 => decade.rem_euclid(stride) == 0,
                2 | 5 => few,
                _ => false,
            };
            let drawn = labelled || (digit == 1 && stride <= 10) || stride == 1;
            if inside(at) && drawn {
                ticks.push(Tick { at, label: labelled.then(|| log_label(digit, decade, plain)) });
            }
        }
    }
    ticks
}

/// Every how many decades a label stands.
fn stride_of(decades: i32) -> i32 {
    [1, 2, 3, 5, 10, 20, 50, 100].into_iter().find(|stride| decades / stride <= 8).unwrap_or(100)
}

fn log_label(digit: i32, decade: i32, plain: bool) -> String {
    match (plain, digit) {
        (true, _) => on_axis(f64::from(digit) * 10f64.powi(decade), (-decade).max(0) as usize, 1.0),
        (false, 1) => power_of_ten(decade),
        (false, _) => format!("{digit} × {}", power_of_ten(decade)),
    }
}

/// 0, 1 and the powers of ten, with 2 and 5 times them where there is room.
fn beyond_one_ticks(high: f64) -> Vec<Tick> {
    const ROOM_FOR_ALL: f64 = 3000.0;
    const ALL_DIGITS: f64 = 1e5;
    let zero = Tick { at: 0.0, label: Some("0".to_string()) };
    let last = high.log10().ceil().max(0.0) as i32;
    let stride = stride_of(last);
    let beyond = (0..=last).flat_map(|decade| (1..=9).map(move |digit| (digit, decade))).filter_map(
        |(digit, decade)| {
            let at = f64::from(digit) * 10f64.powi(decade);
            let labelled = if digit == 1 {
                decade % stride == 0
            } else {
                matches!(digit, 2 | 5) && high <= ROOM_FOR_ALL
            };
            let drawn = labelled || high <= ALL_DIGITS;
            (at <= high * (1.0 + 1e-9) && drawn).then(|| Tick { at, label: labelled.then(|| count(at)) })
        },
    );
    std::iter::once(zero).chain(beyond).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().filter_map(|t| t.label.as_deref()).collect()
    }

    #[test]
    fn epochs_are_whole_numbers() {
        assert_eq!(labels(&Axis::counting(1.0, Scale::Linear)), ["0", "1"]);
        assert_eq!(labels(&Axis::counting(9.0, Scale::Linear)), ["0", "2", "4", "6", "8"]);
        assert_eq!(labels(&Axis::counting(2.0, Scale::Linear)), ["0", "1", "2"]);
        assert_eq!(
            labels(&Axis::counting(10_000.0, Scale::Linear)),
            ["0", "2,000", "4,000", "6,000", "8,000", "10,000"]
        );
    }

    #[test]
    fn an_axis_of_counts_beyond_one_has_zero_and_the_decades() {
        assert_eq!(
            labels(&Axis::counting(12_000.0, Scale::LogBeyondOne)),
            ["0", "1", "10", "100", "1,000", "10,000"]
        );
    }

    #[test]
    fn decades_are_powers_of_ten_or_plain_numbers() {
        let axis = Axis::logarithmic(1e-10, 10.0);
        assert_eq!(labels(&axis), ["10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]);
        assert_eq!(labels(&Axis::logarithmic(0.02, 0.3)), ["0.02", "0.05", "0.1", "0.2"]);
    }

    #[test]
    fn a_reversed_axis_begins_with_its_largest_value() {
        let axis = Axis::logarithmic(0.01, 1.0).reversed();
        assert_eq!((axis.share(1.0), axis.share(0.01)), (0.0, 1.0));
        assert!((axis.share(0.1) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_log_axis_that_begins_at_one_has_the_same_place_for_one_from_both_sides() {
        let axis = Axis::counting(1000.0, Scale::LogBeyondOne);
        assert!((axis.share(1.0 - 1e-9) - axis.share(1.0 + 1e-9)).abs() < 1e-9);
        assert_eq!((axis.share(0.0), axis.share(1000.0)), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn any_range_gives_finite_ticks_inside_it_with_labels_that_differ(a in any::<f64>(), b in any::<f64>()) {
            let linear = Axis::linear(a.min(b), a.max(b));
            let log = Axis::logarithmic(a.abs().min(b.abs()), a.abs().max(b.abs()));
            let ratios = Axis::ratios(a.abs().min(b.abs()), a.abs().max(b.abs()));
            for axis in [linear, log, ratios, Axis::counting(a.abs(), Scale::Linear), Axis::counting(a.abs(), Scale::LogBeyondOne)] {
                prop_assert!(axis.low < axis.high);
                prop_assert!(axis.ticks.len() <= 200);
                for tick in &axis.ticks {
                    let share = axis.share(tick.at);
                    prop_assert!((-0.01..=1.01).contains(&share), "{axis:?}");
                }
                let names = labels(&axis);
                prop_assert!(!names.is_empty() && names.windows(2).all(|w| w[0] != w[1]), "{axis:?}");
            }
        }
    }
}
