//! Upright lines at values of the lower axis, each with its words in the room kept free above the data.

use crate::error::Result;
use crate::plot::canvas::{Align, Area, Canvas, Point};
use crate::plot::panel::Panel;
use crate::plot::style::{INK, LIMIT, NOTE, WHITE};
use crate::plot::typeface::{shorten, width};
use plotters_backend::DrawingBackend;

/// A value of the lower axis with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Upright {
    /// The value.
    pub at: f64,
    /// What it is.
    pub words: String,
}

/// The lines from the lower to the upper edge, dashed.
///
/// # Errors
/// When the surface fails.
pub fn draw_uprights<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    uprights: &[Upright],
) -> Result<()> {
    placed(panel, uprights).try_for_each(|(_, line)| canvas.line(&line, &LIMIT))
}

/// The share of an axis's length that is kept free at its upper end for the words of so many lines.
pub fn headroom(lines: usize) -> f64 {
    const USUAL_HEIGHT: f64 = 680.0; // of a frame, pixels
    const BELOW: f64 = 18.0;
    if lines == 0 { 0.0 } else { (lines as f64 * NOTE.leading() + BELOW) / USUAL_HEIGHT }
}

/// The words beside their lines, below the upper edge, in a row each: to the right of the line where they fit.
///
/// # Errors
/// When the surface or the typeface fails.
pub fn label_uprights<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    uprights: &[Upright],
) -> Result<()> {
    const GAP: f64 = 14.0;
    let frame = &panel.frame;
    for (row, (upright, line)) in placed(panel, uprights).enumerate() {
        let x = line[0].0;
        let (to_left, to_right) = (x - frame.left, frame.right - x);
        let words = shorten(&upright.words, NOTE, to_left.max(to_right) - 2.0 * GAP)?;
        let wide = width(&words, NOTE)?;
        let left = if wide + 2.0 * GAP <= to_right { x + GAP } else { x - GAP - wide };
        let top = frame.top + 8.0 + row as f64 * NOTE.leading();
        let place = Area { left, top, right: left + wide, bottom: top + NOTE.leading() };
        canvas.rectangle(&Area { left: left - 5.0, right: place.right + 5.0, ..place }, WHITE)?;
        let baseline = top + 0.5 * (NOTE.leading() + NOTE.cap_height());
        canvas.text(&words, (left, baseline), Align::Left, NOTE, INK)?;
    }
    Ok(())
}

/// Those that lie within the frame, with their lines from the lower to the upper edge.
fn placed<'a>(
    panel: &'a Panel,
    uprights: &'a [Upright],
) -> impl Iterator<Item = (&'a Upright, [Point; 2])> + 'a {
    uprights.iter().filter_map(|upright| {
        let x = panel.across(upright.at);
        let frame = &panel.frame;
        (frame.left <= x && x <= frame.right).then_some((upright, [(x, frame.bottom), (x, frame.top)]))
    })
}
