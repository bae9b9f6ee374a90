//! The axis that both figures of a penalty share: lambda falling to the right, and above it how many predictors are in.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas};
use crate::plot::number::trimmed;
use crate::plot::panel::Panel;
use crate::plot::style::{AXIS_NOTE, EDGE, INK, MUTED, SPINE, Stroke, TICK, WIDTH};
use crate::plot::typeface::width;
use plotters_backend::DrawingBackend;

/// Room above the frame for the numbers of predictors, pixels.
pub const COUNTS_ROOM: f64 = 84.0;

/// The lambdas from the largest at the left to the smallest at the right, logarithmic, stretched to a lambda outside
/// that lies not too far off.
pub fn lambda_axis(lambdas: &[f64], also: Option<f64>) -> Axis {
    const FAR: f64 = 100.0;
    let usable = |v: &f64| v.is_finite() && *v > 0.0;
    let low = lambdas.iter().copied().filter(usable).fold(f64::INFINITY, f64::min);
    let high = lambdas.iter().copied().filter(usable).fold(0.0, f64::max);
    let (low, high) = if low <= high { (low, high) } else { (0.1, 1.0) };
    let near = also.filter(|v| usable(v) && low / FAR <= *v && *v <= high * FAR).unwrap_or(low);
    Axis::logarithmic(low.min(near), high.max(near))
        .reversed()
        .named("Penalty lambda", "(logarithmic; the penalty falls to the right)")
}

/// Whether an axis covers a lambda.
pub fn covers(axis: &Axis, lambda: f64) -> bool {
    const ROUNDING: f64 = 1e-9;
    (-ROUNDING..=1.0 + ROUNDING).contains(&axis.share(lambda))
}

/// A lambda in print.
pub fn lambda_words(lambda: f64) -> String {
    trimmed(lambda, 3)
}

/// The numbers of predictors at about a dozen of the lambdas, above the frame.
///
/// # Errors
/// When the surface or the typeface fails.
pub fn draw_counts<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    lambdas: &[f64],
    counts: &[usize],
) -> Result<()> {
    const GAP: f64 = 26.0;
    const TICK_LENGTH: f64 = 8.0;
    let frame = &panel.frame;
    let largest = counts.iter().max().map_or(0, |n| *n);
    let needed = width(&largest.to_string(), TICK)? + GAP;
    let least_apart = needed.max(frame.width() / 12.0);
    let mut last = f64::NEG_INFINITY;
    for (lambda, count) in lambdas.iter().zip(counts) {
        let x = panel.across(*lambda);
        if !x.is_finite() || x - last < least_apart {
            continue;
        }
        last = x;
        canvas.line(&[(x, frame.top), (x, frame.top - TICK_LENGTH)], &Stroke::solid(SPINE, 2.0))?;
        let words = count.to_string();
        let farthest = f64::from(WIDTH) - 0.5 * (EDGE + width(&words, TICK)?);
        let at = (x.min(farthest), frame.top - TICK_LENGTH - 8.0);
        canvas.text(&words, at, Align::Middle, TICK, INK)?;
    }
    let at = (frame.left, frame.top - COUNTS_ROOM + AXIS_NOTE.cap_height() + 4.0);
    canvas.text("Predictors whose coefficient is not zero", at, Align::Left, AXIS_NOTE, MUTED)?;
    canvas.line(&[(frame.left, frame.top), (frame.right, frame.top)], &Stroke::solid(SPINE, 2.0))
}
