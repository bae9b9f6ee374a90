//! A quantity against the epochs: what both figures of the descent have in common, for one run and for several.

use crate::error::Result;
use crate::optimise::stop::StopReason;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Point, length};
use crate::plot::key::{MARKER, draw_end};
use crate::plot::panel::{Headings, Panel, Reserve};
use crate::plot::place::{Cover, Ink};
use crate::plot::png::Figure;
use crate::plot::style::{CURVE_WIDTH, End, LIMIT, Look, MUTED, NOTE, Stroke, WHITE, tint};
use crate::plot::trace::Trace;
use crate::plot::typeface::width;
use crate::plot::{overlay, single};
use plotters_backend::DrawingBackend;

/// A pair of epoch and value.
pub type Sample = (f64, f64);

/// A run as it is drawn.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its name in the key.
    pub label: String,
    /// Epoch and value of every record; the value may be infinite or NaN.
    pub samples: Vec<Sample>,
    /// How it ended.
    pub reason: StopReason,
    /// What is said about the end below the headline.
    pub ending: Vec<String>,
}

/// A level line with its words, such as the tolerance.
#[derive(Debug, Clone)]
pub struct Limit {
    /// Its height.
    pub value: f64,
    /// What it is.
    pub words: String,
}

/// A figure of a quantity over the epochs.
#[derive(Debug, Clone)]
pub struct Course<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// The axis of the epochs.
    pub x: Axis,
    /// The axis of the quantity.
    pub y: Axis,
    /// One or more runs.
    pub runs: Vec<Run>,
    /// Mini-batch steps of a single run, drawn faint under its line.
    pub steps: Vec<Sample>,
    /// Level lines.
    pub limits: Vec<Limit>,
}

impl Figure for Course<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        match self.runs.as_slice() {
            [run] => single::draw(self, run, canvas),
            _ => overlay::draw(self, canvas),
        }
    }
}

impl Run {
    /// The epochs that it took.
    pub fn epochs(&self) -> f64 {
        self.samples.last().map_or(0.0, |sample| sample.0)
    }

    /// What stands at its end.
    pub fn end(&self, leaves: bool) -> End {
        match (leaves, self.reason.is_converged()) {
            (true, _) => End::Arrow,
            (false, true) => End::Filled,
            (false, false) => End::Hollow,
        }
    }
}

impl Course<'_> {
    /// The ground with room kept free.
    ///
    /// # Errors
    /// When the typeface cannot be used.
    pub fn panel(&self, reserve: Reserve) -> Result<Panel> {
        Panel::lay_out(self.headings, self.x.clone(), self.y.clone(), reserve)
    }

    /// Draws the level lines.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw_limits<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
        self.limits.iter().try_for_each(|limit| canvas.line(&level_line(panel, limit), &LIMIT))
    }

    /// Notes the level lines as ink that a thin line may cross.
    pub fn mark_limits(&self, panel: &Panel, ink: &mut Ink) {
        self.limits.iter().for_each(|limit| ink.add_line(&level_line(panel, limit), Cover::Crossable));
    }

    /// Writes what the level lines are where there is room along them.
    ///
    /// # Errors
    /// When the surface or the typeface fails.
    pub fn label_limits<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        panel: &Panel,
        ink: &mut Ink,
    ) -> Result<()> {
        for limit in &self.limits {
            let size = (width(&limit.words, NOTE)?, NOTE.leading());
            let place = ink.place_at_level(size, panel.level(limit.value));
            canvas.rectangle(&place, WHITE)?;
            canvas.text(
                &limit.words,
                (place.left, place.bottom - 0.3 * NOTE.size),
                Align::Left,
                NOTE,
                MUTED,
            )?;
            ink.add_area(&place, Cover::Solid);
        }
        Ok(())
    }
}

fn level_line(panel: &Panel, limit: &Limit) -> [Point; 2] {
    let level = panel.level(limit.value);
    [(panel.frame.left, level), (panel.frame.right, level)]
}

/// Where the samples lie on the panel.
pub fn pixels(panel: &Panel, samples: &[Sample]) -> Vec<Point> {
    samples.iter().map(|&(epoch, value)| panel.at(epoch, value)).collect()
}

/// Where the drawing of a run ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stop {
    /// There is nothing to draw.
    Nowhere,
    /// At its last record.
    At(Point),
    /// At the upper edge of the frame.
    LeavesAt(Point),
}

impl Stop {
    /// Where a drawn line ends.
    pub fn of(line: &Trace) -> Stop {
        match (line.leaves, line.end()) {
            (Some((at, _)), Some(end)) if end.1 <= at.1 + 0.5 => Stop::LeavesAt(end),
            (_, Some(end)) => Stop::At(end),
            (Some((at, _)), None) => Stop::LeavesAt(at),
            (None, None) => Stop::Nowhere,
        }
    }

    /// The point, if there is one.
    pub fn at(self) -> Option<Point> {
        match self {
            Stop::Nowhere => None,
            Stop::At(at) | Stop::LeavesAt(at) => Some(at),
        }
    }
}

/// A run's line in its look; a zigzag so dense that it becomes an area is drawn in a lighter shade.
///
/// # Errors
/// When the surface fails.
pub fn draw_line<B: DrawingBackend>(canvas: &Canvas<'_, B>, line: &Trace, look: &Look) -> Result<()> {
    const DENSE: f64 = 300_000.0; // pixels of line; a panel is about 1,500 wide and 850 high
    const SHADE: f64 = 0.55;
    let dense = line.pieces.iter().map(|piece| length(piece)).sum::<f64>() > DENSE;
    let colour = if dense { tint(look.colour, SHADE) } else { look.colour };
    let stroke = Stroke::dashed(colour, CURVE_WIDTH, look.dashes);
    line.pieces.iter().try_for_each(|piece| canvas.line(piece, &stroke))
}

/// The end of a run: a filled marker when it converged, a hollow one when not, an arrow where it leaves the frame.
///
/// # Errors
/// When the surface fails.
pub fn draw_stop<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    stop: Stop,
    run: &Run,
    look: &Look,
) -> Result<()> {
    match stop {
        Stop::Nowhere => Ok(()),
        Stop::At(at) => draw_end(canvas, at, look, run.end(false)),
        Stop::LeavesAt(at) => draw_end(canvas, (at.0, at.1 + MARKER), look, End::Arrow),
    }
}
