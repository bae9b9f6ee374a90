//! The ground of a figure: headings, axes with names and numbers, a light grid; everything measured before it is placed.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Area, Canvas, Point};
pub use crate::plot::page::Headings;
use crate::plot::page::Page;
use crate::plot::style::{AXIS_NAME, AXIS_NOTE, Face, GRID, INK, MUTED, SPINE, Stroke, TICK};
use crate::plot::typeface::{shorten, widest, width, wrap};
use plotters_backend::DrawingBackend;

/// White between the frame and the first and last value, pixels: markers on the ends are seen whole.
const INSET: f64 = 26.0;
/// Length of a labelled tick, pixels.
const TICK_LENGTH: f64 = 10.0;
/// Length of a tick between, pixels.
const SHORT_TICK: f64 = 5.0;
/// White between ticks and their numbers, pixels.
const TICK_GAP: f64 = 9.0;
/// Depth of descenders below the baseline in ems, from the font's `hhea` table.
const DESCENT: f64 = 0.293;

/// Room kept free round the frame for a key, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reserve {
    /// To the right of the frame.
    pub right: f64,
    /// Between the headings and the frame.
    pub above: f64,
}

/// A figure's ground with all its measures.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The rectangle between the axes in which data are drawn.
    pub frame: Area,
    /// The axis along the bottom.
    pub x: Axis,
    /// The axis along the left side.
    pub y: Axis,
    /// The room kept free.
    pub reserve: Reserve,
    /// White between the frame and the ends of the axes, across and up, pixels.
    pub inset: (f64, f64),
    outer: Area,
    page: Option<Page>,
    y_name: Vec<String>,
    y_note: Vec<String>,
}

impl Panel {
    /// The only panel of a picture: measures the words and leaves the rest to the frame.
    ///
    /// # Errors
    /// When the typeface cannot be used.
    pub fn lay_out(headings: Headings<'_>, x: Axis, y: Axis, reserve: Reserve) -> Result<Panel> {
        let page = Page::lay_out(headings)?;
        let panel = Panel::within(page.body, x, y, reserve)?;
        Ok(Panel { page: Some(page), ..panel })
    }

    /// One of several panels: axes, numbers and names in a part of the picture. An axis without a name or without
    /// labels takes no room for them.
    ///
    /// # Errors
    /// When the typeface cannot be used.
    pub fn within(outer: Area, x: Axis, y: Axis, reserve: Reserve) -> Result<Panel> {
        let labels = |axis: &Axis| {
            axis.ticks.iter().any(|tick| tick.label.as_ref().is_some_and(|label| !label.is_empty()))
        };
        let below = if labels(&x) { TICK_LENGTH + TICK_GAP + TICK.leading() } else { TICK_LENGTH };
        let name = if x.name.is_empty() && x.note.is_empty() { 0.0 } else { AXIS_NAME.leading() };
        let (top, bottom) = (outer.top + reserve.above, outer.bottom - below - name);
        let y_name = wrap(&y.name, AXIS_NAME, bottom - top, 2)?;
        let y_note = wrap(&y.note, AXIS_NOTE, bottom - top, 2)?;
        let numbers = widest(y.ticks.iter().filter_map(|tick| tick.label.as_deref()), TICK)?;
        let left = outer.left + name_depth(&y_name, &y_note) + numbers + TICK_GAP + TICK_LENGTH;
        let frame = Area { left, top, right: outer.right - reserve.right, bottom };
        Ok(Panel { frame, x, y, reserve, inset: (INSET, INSET), outer, page: None, y_name, y_note })
    }

    /// The panel with its data from edge to edge upwards: bars stand on the axis.
    #[must_use]
    pub fn standing(mut self) -> Panel {
        self.inset.1 = 0.0;
        self
    }

    /// Where a pair of values lies; infinite or NaN where they are.
    pub fn at(&self, x: f64, y: f64) -> Point {
        (self.across(x), self.level(y))
    }

    /// The horizontal position of a value of the lower axis.
    pub fn across(&self, x: f64) -> f64 {
        self.frame.left + self.inset.0 + self.x.share(x) * (self.frame.width() - 2.0 * self.inset.0)
    }

    /// The height of a value of the left axis.
    pub fn level(&self, y: f64) -> f64 {
        self.frame.bottom - self.inset.1 - self.y.share(y) * (self.frame.height() - 2.0 * self.inset.1)
    }

    /// Draws headings, grid, axes, numbers and names.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        self.page.iter().try_for_each(|page| page.draw(canvas))?;
        self.draw_x_axis(canvas)?;
        self.draw_y_axis(canvas)?;
        self.draw_spines(canvas)
    }

    /// Draws the two axis lines, once more where data have covered them.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw_spines<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let frame = &self.frame;
        let corner = [(frame.left, frame.top), (frame.left, frame.bottom), (frame.right, frame.bottom)];
        canvas.line(&corner, &Stroke::solid(SPINE, 2.0))
    }

    /// Draws the lower axis alone: ticks, numbers, upright grid lines and the name.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw_x_axis<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let frame = &self.frame;
        for tick in &self.x.ticks {
            let x = self.across(tick.at);
            let length = if tick.label.is_some() { TICK_LENGTH } else { SHORT_TICK };
            canvas.line(&[(x, frame.bottom), (x, frame.bottom + length)], &Stroke::solid(SPINE, 2.0))?;
            if let Some(label) = &tick.label {
                canvas.line(&[(x, frame.top), (x, frame.bottom)], &Stroke::solid(GRID, 1.4))?;
                let baseline = frame.bottom + TICK_LENGTH + TICK_GAP + TICK.cap_height();
                canvas.text(label, (x, baseline), Align::Middle, TICK, INK)?;
            }
        }
        let baseline = self.outer.bottom - AXIS_NAME.size * DESCENT;
        self.draw_x_name(canvas, baseline)
    }

    fn draw_x_name<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, baseline: f64) -> Result<()> {
        const GAP: f64 = 12.0;
        let room = self.outer.right - self.outer.left;
        let note = shorten(&self.x.note, AXIS_NOTE, 0.6 * room)?;
        let note_width = if note.is_empty() { 0.0 } else { GAP + width(&note, AXIS_NOTE)? };
        let name = shorten(&self.x.name, AXIS_NAME, room - note_width)?;
        let name_width = width(&name, AXIS_NAME)?;
        let whole = name_width + note_width;
        let middle = f64::midpoint(self.frame.left, self.frame.right);
        let start = (middle - whole / 2.0).min(self.outer.right - whole).max(self.outer.left);
        canvas.text(&name, (start, baseline), Align::Left, AXIS_NAME, INK)?;
        canvas.text(&note, (start + name_width + GAP, baseline), Align::Left, AXIS_NOTE, MUTED)
    }

    fn draw_y_axis<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let frame = &self.frame;
        for tick in &self.y.ticks {
            let y = self.level(tick.at);
            let length = if tick.label.is_some() { TICK_LENGTH } else { SHORT_TICK };
            canvas.line(&[(frame.left - length, y), (frame.left, y)], &Stroke::solid(SPINE, 2.0))?;
            if let Some(label) = &tick.label {
                canvas.line(&[(frame.left, y), (frame.right, y)], &Stroke::solid(GRID, 1.4))?;
                let end = (frame.left - TICK_LENGTH - TICK_GAP, y + TICK.cap_height() / 2.0);
                canvas.text(label, end, Align::Right, TICK, INK)?;
            }
        }
        let middle = f64::midpoint(frame.top, frame.bottom);
        let mut baseline = self.outer.left + AXIS_NAME.cap_height();
        for line in &self.y_name {
            canvas.text_upwards(line, (baseline, middle), Align::Middle, AXIS_NAME, INK)?;
            baseline += AXIS_NAME.leading();
        }
        for line in &self.y_note {
            canvas.text_upwards(line, (baseline, middle), Align::Middle, AXIS_NOTE, MUTED)?;
            baseline += AXIS_NOTE.leading();
        }
        Ok(())
    }
}

/// Width of the column that holds the upright name of the left axis.
fn name_depth(name: &[String], note: &[String]) -> f64 {
    const GAP: f64 = 12.0;
    if name.is_empty() && note.is_empty() {
        return 0.0;
    }
    let lines = |lines: &[String], face: Face| lines.len() as f64 * face.leading();
    lines(name, AXIS_NAME) + lines(note, AXIS_NOTE) + GAP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::axis::Scale;
    use crate::plot::style::{HEIGHT, TITLE};

    fn panel(title: &str) -> Panel {
        let headings = Headings { title, subtitle: "s" };
        let y = Axis::linear(0.0, 1.0).named("loss", "");
        Panel::lay_out(headings, Axis::counting(10.0, Scale::Linear), y, Reserve::default())
            .expect("laid out")
    }

    #[test]
    fn the_ends_of_the_axes_lie_inside_the_frame() {
        let panel = panel("t");
        let (low, high) = (panel.at(0.0, 0.0), panel.at(10.0, 1.0));
        assert_eq!(low, (panel.frame.left + INSET, panel.frame.bottom - INSET));
        assert_eq!(high.0, panel.frame.right - INSET);
        assert!((high.1 - (panel.frame.top + INSET)).abs() < 1e-9);
    }

    #[test]
    fn a_long_title_takes_its_room_from_the_frame() {
        let (short, long) = (panel("t"), panel(&"a_long_column_name + ".repeat(20)));
        assert!((long.frame.top - short.frame.top - TITLE.leading()).abs() < 1e-9);
        assert!(long.frame.height() > 0.6 * f64::from(HEIGHT));
    }
}
