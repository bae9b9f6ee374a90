//! The surface in three dimensions with the paths on it: an orthographic view from above and aside.

use crate::error::Result;
use crate::explore::exploration::Exploration;
use crate::explore::ground::band;
use crate::explore::surface::Surface;
use crate::explore::window::{grid, is_inside};
use crate::optimise::verdict::short;
use crate::plot::canvas::{Align, Area, Canvas, Point};
use crate::plot::legend::{Item, Mark, draw_column};
use crate::plot::number::measured;
use crate::plot::page::{Headings, Page};
use crate::plot::png::Figure;
use crate::plot::style::{AXIS_NAME, CURVE_WIDTH, GRID, INK, MUTED, SPINE, Stroke, TICK, WHITE, look_of};
use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

/// The surface with its paths.
pub struct Relief<'a> {
    /// What is shown.
    pub shown: &'a Exploration,
    /// The words above.
    pub title: &'a str,
    /// The words below these.
    pub subtitle: &'a str,
    heights: crate::explore::window::Grid,
    /// Exponent of the heights: below 1 where a few steep walls would flatten all else.
    power: f64,
}

/// Turn and tilt of the view, radians.
const TURN: f64 = 0.62;
const TILT: f64 = 0.60;

impl<'a> Relief<'a> {
    /// Works out a coarse grid for the view.
    pub fn new(surface: &Surface, shown: &'a Exploration, title: &'a str, subtitle: &'a str) -> Relief<'a> {
        const PLACES: usize = 49;
        let heights = grid(surface, &shown.window, PLACES);
        let mut sorted: Vec<f64> = heights.values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let share = match (sorted.first(), sorted.last()) {
            (Some(low), Some(high)) if high > low => (sorted[sorted.len() / 2] - low) / (high - low),
            _ => 0.25,
        };
        // The median comes to lie at a quarter of the height or above, as a bowl's does.
        let power =
            if share > 0.0 && share < 0.2 { (0.25_f64.ln() / share.ln()).clamp(0.2, 1.0) } else { 1.0 };
        Relief { shown, title, subtitle, heights, power }
    }

    fn height(&self, value: f64) -> f64 {
        let low = self.heights.values.iter().copied().filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
        let high =
            self.heights.values.iter().copied().filter(|v| v.is_finite()).fold(f64::NEG_INFINITY, f64::max);
        if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0).powf(self.power) } else { 0.0 }
    }

    /// Shares of the axes, -1/2 to 1/2, and of the height, 0 to 1, to the picture.
    fn project(&self, area: &Area, u: f64, v: f64, h: f64) -> Point {
        let across = u * TURN.cos() - v * TURN.sin();
        let depth = u * TURN.sin() + v * TURN.cos();
        let up = 0.62 * h * TILT.cos() + depth * TILT.sin();
        let unit = (area.width() / 1.42).min(area.height() / 1.36);
        let middle = (f64::midpoint(area.left, area.right), area.bottom - 0.46 * area.height());
        (middle.0 + unit * across, middle.1 - unit * (up - 0.20))
    }

    fn shares(&self, at: &[f64]) -> (f64, f64) {
        let share = |k: usize| {
            let ends = self.shown.window[k];
            (at[k] - ends[0]) / (ends[1] - ends[0]) - 0.5
        };
        (share(0), share(1))
    }
}

impl Figure for Relief<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const KEY: f64 = 430.0;
        let note = if self.power < 1.0 {
            format!("{}; heights drawn to the power {}", self.subtitle, measured(self.power, 2))
        } else {
            self.subtitle.to_string()
        };
        let page = Page::lay_out(Headings { title: self.title, subtitle: &note })?;
        page.draw(canvas)?;
        let body = page.body;
        let area = Area { right: body.right - KEY, ..body };
        self.draw_floor(canvas, &area)?;
        self.draw_patches(canvas, &area)?;
        self.draw_paths(canvas, &area)?;
        let items: Vec<Item> = self
            .shown
            .runs
            .iter()
            .enumerate()
            .map(|(k, run)| {
                let look = look_of(k);
                let note = crate::explore::contour::status(run);
                Item { mark: Mark::Dot(look.shape, look.colour), label: run.label.clone(), note }
            })
            .collect();
        draw_column(canvas, &Area { left: area.right + 20.0, top: body.top + 6.0, ..body }, &items)
    }
}

impl Relief<'_> {
    /// The two near edges of the floor with the names and ends of the axes.
    fn draw_floor<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, area: &Area) -> Result<()> {
        let corner = |u: f64, v: f64| self.project(area, u, v, 0.0);
        let (left, near, right) = (corner(-0.5, 0.5), corner(-0.5, -0.5), corner(0.5, -0.5));
        canvas.line(&[left, near, right], &Stroke::solid(SPINE, 2.0))?;
        let places = (self.heights.x.len(), self.heights.y.len());
        for (at, (u, v)) in [(left, (-0.5, 0.5)), (near, (-0.5, -0.5)), (right, (0.5, -0.5))] {
            let (i, j) = (if u < 0.0 { 0 } else { places.0 - 1 }, if v < 0.0 { 0 } else { places.1 - 1 });
            let height = self.height(self.heights.values[j * places.0 + i]);
            if height.is_finite() {
                canvas.line(&[at, self.project(area, u, v, height)], &Stroke::solid(GRID, 2.0))?;
            }
        }
        let number = |v: f64| short(v).replace('-', "−");
        let below = |at: Point, down: f64| (at.0, at.1 + down);
        let [x, y] = [self.shown.window[0], self.shown.window[1]];
        let along = |a: Point, b: Point, t: f64| (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
        let names = &self.shown.surface.axes;
        canvas.text(&number(x[0]), below(along(near, right, 0.06), 40.0), Align::Middle, TICK, MUTED)?;
        canvas.text(&number(x[1]), below(along(near, right, 0.97), 40.0), Align::Middle, TICK, MUTED)?;
        canvas.text(&names[0], below(along(near, right, 0.5), 60.0), Align::Left, AXIS_NAME, INK)?;
        canvas.text(&number(y[0]), below(along(near, left, 0.08), 40.0), Align::Right, TICK, MUTED)?;
        canvas.text(&number(y[1]), below(along(near, left, 0.97), 40.0), Align::Right, TICK, MUTED)?;
        canvas.text(&names[1], below(along(near, left, 0.5), 60.0), Align::Right, AXIS_NAME, INK)
    }

    /// Patches from the far ones to the near ones, each over those behind it.
    fn draw_patches<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, area: &Area) -> Result<()> {
        let (nx, ny) = (self.heights.x.len(), self.heights.y.len());
        let value = |i: usize, j: usize| self.heights.values[j * nx + i];
        let heights: Vec<f64> = self.heights.values.iter().map(|v| self.height(*v)).collect();
        let place = |i: usize, j: usize| {
            let (u, v) = (i as f64 / (nx - 1) as f64 - 0.5, j as f64 / (ny - 1) as f64 - 0.5);
            self.project(area, u, v, heights[j * nx + i])
        };
        for j in (0..ny - 1).rev() {
            for i in (0..nx - 1).rev() {
                let corners = [place(i, j), place(i + 1, j), place(i + 1, j + 1), place(i, j + 1)];
                let mean = 0.25 * (value(i, j) + value(i + 1, j) + value(i + 1, j + 1) + value(i, j + 1));
                if !mean.is_finite() {
                    continue;
                }
                let colour = band(&self.shown.grid.levels, mean);
                let slope = heights[j * nx + i + 1] - heights[j * nx + i] - heights[(j + 1) * nx + i]
                    + heights[j * nx + i];
                canvas.polygon(&corners, shaded(colour, slope * nx as f64))?;
                let mut outline = corners.to_vec();
                outline.push(corners[0]);
                canvas.line(&outline, &Stroke::solid(shaded(colour, -1.0), 0.7))?;
            }
        }
        Ok(())
    }

    fn draw_paths<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, area: &Area) -> Result<()> {
        for (k, run) in self.shown.runs.iter().enumerate() {
            let look = look_of(k);
            let mut pieces: Vec<Vec<Point>> = vec![Vec::new()];
            for node in &run.points {
                if !is_inside(&self.shown.window, &node.at) {
                    pieces.push(Vec::new());
                    continue;
                }
                let (u, v) = self.shares(&node.at);
                if let Some(piece) = pieces.last_mut() {
                    piece.push(self.project(area, u, v, self.height(node.value)));
                }
            }
            for piece in pieces.iter().filter(|piece| piece.len() > 1) {
                canvas.line(piece, &Stroke::solid(WHITE, CURVE_WIDTH + 4.0))?;
                canvas.line(piece, &Stroke::solid(look.colour, CURVE_WIDTH))?;
            }
            let shown: Vec<Point> = pieces.into_iter().flatten().collect();
            if let (Some(first), Some(last)) = (shown.first(), shown.last()) {
                canvas.hollow_marker(*first, look.shape, 13.0, look.colour)?;
                canvas.marker(*last, look.shape, 13.0, look.colour)?;
            }
        }
        Ok(())
    }
}

/// A colour lighter or darker as a patch turns to the light or away from it.
fn shaded(colour: RGBColor, turn: f64) -> RGBColor {
    let factor = 0.9 + 0.08 * turn.clamp(-1.0, 1.0);
    let part = |c: u8| (f64::from(c) * factor).clamp(0.0, 255.0) as u8;
    RGBColor(part(colour.0), part(colour.1), part(colour.2))
}
