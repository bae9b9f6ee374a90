//! The ground of a figure: headings, axes with names and numbers, a light grid; everything measured before it is placed.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Area, Canvas, Point};
use crate::plot::style::{
    AXIS_NAME, AXIS_NOTE, EDGE, Face, GRID, HEIGHT, INK, MUTED, SPINE, SUBTITLE, Stroke, TICK, TITLE, WIDTH,
};
use crate::plot::typeface::{widest, width, wrap};
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

/// The words above a figure.
#[derive(Debug, Clone, Copy)]
pub struct Headings<'a> {
    /// In bold; takes two lines at most.
    pub title: &'a str,
    /// Below it in grey; takes two lines at most.
    pub subtitle: &'a str,
}

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
    title: Vec<String>,
    subtitle: Vec<String>,
    y_name: Vec<String>,
    y_note: Vec<String>,
}

impl Panel {
    /// Measures the words and leaves the rest of the picture to the frame.
    ///
    /// # Errors
    /// When the typeface cannot be used.
    pub fn lay_out(headings: Headings<'_>, x: Axis, y: Axis, reserve: Reserve) -> Result<Panel> {
        let page_width = f64::from(WIDTH) - 2.0 * EDGE;
        let title = wrap(headings.title, TITLE, page_width, 2)?;
        let subtitle = wrap(headings.subtitle, SUBTITLE, page_width, 2)?;
        let top = heading_height(&title, &subtitle) + reserve.above;
        let bottom = f64::from(HEIGHT) - EDGE - AXIS_NAME.leading() - TICK_LENGTH - TICK_GAP - TICK.leading();
        let y_name = wrap(&y.name, AXIS_NAME, bottom - top, 2)?;
        let y_note = wrap(&y.note, AXIS_NOTE, bottom - top, 2)?;
        let numbers = widest(y.ticks.iter().filter_map(|tick| tick.label.as_deref()), TICK)?;
        let left = EDGE + name_depth(&y_name, &y_note) + numbers + TICK_GAP + TICK_LENGTH;
        let right = f64::from(WIDTH) - EDGE - reserve.right;
        let frame = Area { left, top, right, bottom };
        Ok(Panel { frame, x, y, reserve, title, subtitle, y_name, y_note })
    }

    /// Where a pair of values lies; infinite or NaN where they are.
    pub fn at(&self, x: f64, y: f64) -> Point {
        (self.across(x), self.level(y))
    }

    /// The horizontal position of a value of the lower axis.
    pub fn across(&self, x: f64) -> f64 {
        self.frame.left + INSET + self.x.share(x) * (self.frame.width() - 2.0 * INSET)
    }

    /// The height of a value of the left axis.
    pub fn level(&self, y: f64) -> f64 {
        self.frame.bottom - INSET - self.y.share(y) * (self.frame.height() - 2.0 * INSET)
    }

    /// Draws headings, grid, axes, numbers and names.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        self.draw_headings(canvas)?;
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

    fn draw_headings<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let mut baseline = EDGE + TITLE.cap_height();
        for line in &self.title {
            canvas.text(line, (EDGE, baseline), Align::Left, TITLE, INK)?;
            baseline += TITLE.leading();
        }
        baseline += SUBTITLE.leading() - TITLE.leading() + 12.0;
        for line in &self.subtitle {
            canvas.text(line, (EDGE, baseline), Align::Left, SUBTITLE, MUTED)?;
            baseline += SUBTITLE.leading();
        }
        Ok(())
    }

    fn draw_x_axis<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
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
        let baseline = f64::from(HEIGHT) - EDGE - AXIS_NAME.size * DESCENT;
        self.draw_x_name(canvas, baseline)
    }

    fn draw_x_name<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, baseline: f64) -> Result<()> {
        const GAP: f64 = 12.0;
        let note_width = if self.x.note.is_empty() { 0.0 } else { GAP + width(&self.x.note, AXIS_NOTE)? };
        let name_width = width(&self.x.name, AXIS_NAME)?;
        let start = f64::midpoint(self.frame.left, self.frame.right) - (name_width + note_width) / 2.0;
        canvas.text(&self.x.name, (start, baseline), Align::Left, AXIS_NAME, INK)?;
        canvas.text(&self.x.note, (start + name_width + GAP, baseline), Align::Left, AXIS_NOTE, MUTED)
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
        let mut baseline = EDGE + AXIS_NAME.cap_height();
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

/// Height of the headings with the white around them.
fn heading_height(title: &[String], subtitle: &[String]) -> f64 {
    const BELOW: f64 = 22.0;
    let lines = |lines: &[String], face: Face| lines.len() as f64 * face.leading();
    EDGE + lines(title, TITLE) + lines(subtitle, SUBTITLE) + BELOW
}

/// Width of the column that holds the upright name of the left axis.
fn name_depth(name: &[String], note: &[String]) -> f64 {
    const GAP: f64 = 12.0;
    let lines = |lines: &[String], face: Face| lines.len() as f64 * face.leading();
    lines(name, AXIS_NAME) + lines(note, AXIS_NOTE) + GAP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::axis::Scale;

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
