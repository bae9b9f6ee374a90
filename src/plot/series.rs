//! Curves, bands, bars and whiskers in the values of a panel's axes, cut at its frame.

use crate::error::Result;
use crate::plot::canvas::{Area, Canvas, Point};
use crate::plot::panel::Panel;
use crate::plot::style::{Shape, Stroke};
use crate::plot::trace::trace;
use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

/// A curve through pairs of values; what is no number interrupts it, and a pair that stands alone is a dot.
///
/// # Errors
/// When the surface fails.
pub fn draw_curve<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    x: &[f64],
    y: &[f64],
    stroke: &Stroke,
) -> Result<()> {
    const DOT: f64 = 7.0;
    let points: Vec<Point> = x.iter().zip(y).map(|(x, y)| (across(panel, *x), panel.level(*y))).collect();
    for piece in &trace(&points, &panel.frame).pieces {
        match piece.as_slice() {
            [only] => canvas.marker(*only, Shape::Circle, DOT, stroke.colour)?,
            _ => canvas.line(piece, stroke)?,
        }
    }
    Ok(())
}

/// The area between two curves; what is no number interrupts it.
///
/// # Errors
/// When the surface fails.
pub fn draw_band<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    x: &[f64],
    edges: (&[f64], &[f64]),
    colour: RGBColor,
) -> Result<()> {
    let columns: Vec<Option<[Point; 2]>> = x
        .iter()
        .zip(edges.0)
        .zip(edges.1)
        .map(|((x, low), high)| {
            let ends = [(across(panel, *x), height(panel, *low)), (across(panel, *x), height(panel, *high))];
            let drawable = ends.iter().all(|(x, y)| !x.is_nan() && !y.is_nan());
            drawable.then_some(ends)
        })
        .collect();
    for stretch in columns.split(Option::is_none) {
        let ends: Vec<[Point; 2]> = stretch.iter().copied().flatten().collect();
        if ends.len() > 1 {
            let there = ends.iter().map(|e| e[0]);
            let back = ends.iter().rev().map(|e| e[1]);
            canvas.polygon(&there.chain(back).collect::<Vec<Point>>(), colour)?;
        }
    }
    Ok(())
}

/// An upright whisker from one value to another.
///
/// # Errors
/// When the surface fails.
pub fn draw_whisker<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    x: f64,
    ends: (f64, f64),
    stroke: &Stroke,
) -> Result<()> {
    let x = across(panel, x);
    let (low, high) = (height(panel, ends.0), height(panel, ends.1));
    if x.is_nan() || low.is_nan() || high.is_nan() {
        return Ok(());
    }
    canvas.line(&[(x, low), (x, high)], stroke)
}

/// Upright bars over bins: from `foot` to each value, with a hair of white between them.
///
/// # Errors
/// When the surface fails.
pub fn draw_bars<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    edges: &[f64],
    values: &[f64],
    foot: f64,
    colour: RGBColor,
) -> Result<()> {
    const HAIR: f64 = 0.8;
    for (bin, value) in edges.windows(2).zip(values) {
        let (left, right) = (across(panel, bin[0]), across(panel, bin[1]));
        let (foot, head) = (height(panel, foot), height(panel, *value));
        if left.is_nan() || right.is_nan() || head.is_nan() || head == foot {
            continue;
        }
        let (left, right) = (left + HAIR, (right - HAIR).max(left + 2.0 * HAIR));
        let bar = Area { left, top: head.min(foot), right, bottom: head.max(foot) };
        canvas.rectangle(&bar, colour)?;
    }
    Ok(())
}

/// A dot in the values of the axes, if it lies within the frame.
///
/// # Errors
/// When the surface fails.
pub fn draw_dot<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    at: Point,
    dot: (Shape, f64),
    colour: RGBColor,
) -> Result<()> {
    let (x, y) = (across(panel, at.0), panel.level(at.1));
    let inside = !x.is_nan() && panel.frame.top <= y && y <= panel.frame.bottom;
    if inside { canvas.marker((x, y), dot.0, dot.1, colour) } else { Ok(()) }
}

/// Where a value of the lower axis lies, if that is within the frame; else not a number.
fn across(panel: &Panel, x: f64) -> f64 {
    let at = panel.across(x);
    let inside = panel.frame.left - 0.5 <= at && at <= panel.frame.right + 0.5;
    if inside { at } else { f64::NAN }
}

/// The height of a value of the left axis, at the edge where it lies beyond.
fn height(panel: &Panel, y: f64) -> f64 {
    panel.level(y).clamp(panel.frame.top, panel.frame.bottom)
}
