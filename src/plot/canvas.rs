//! Lines, shapes and text in pixels of the picture, on whatever surface plotters draws.

use crate::error::{Error, Kind, Result};
use crate::plot::style::{Face, Shape, Stroke, WHITE, Weight};
use crate::plot::typeface::{FAMILY, stretches, width};
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{PathElement, Polygon, Rectangle};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle};
use plotters_backend::DrawingBackend;

/// A point of the picture: pixels from its left and upper edge.
pub type Point = (f64, f64);

/// Which end of a text stands at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// The text begins there.
    Left,
    /// The text has its middle there.
    Middle,
    /// The text ends there.
    Right,
}

/// A rectangle of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Area {
    /// Its width, pixels.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Its height, pixels.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// The rectangle with its edges moved outwards.
    #[must_use]
    pub fn grown(&self, by: f64) -> Area {
        Area { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }
}

/// A surface of plotters, of which `scale` pixels are one of the picture.
pub struct Canvas<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, Shift>,
    scale: f64,
}

impl<'a, B: DrawingBackend> Canvas<'a, B> {
    /// A canvas over a surface.
    pub fn new(area: &'a DrawingArea<B, Shift>, scale: f64) -> Canvas<'a, B> {
        Canvas { area, scale }
    }

    fn fine(&self, at: Point) -> (i32, i32) {
        let round = |v: f64| (v * self.scale).round().clamp(-1e6, 1e6) as i32;
        (round(at.0), round(at.1))
    }

    fn shape_style(&self, stroke: &Stroke) -> ShapeStyle {
        stroke.colour.stroke_width((stroke.width * self.scale).round().max(1.0) as u32)
    }

    /// A line through points, in the stroke's dashes.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn line(&self, points: &[Point], stroke: &Stroke) -> Result<()> {
        if stroke.dashes.is_empty() {
            return self.solid(points, stroke);
        }
        dashed(points, stroke.dashes).iter().try_for_each(|dash| self.solid(dash, stroke))
    }

    fn solid(&self, points: &[Point], stroke: &Stroke) -> Result<()> {
        let path: Vec<(i32, i32)> = points.iter().map(|&p| self.fine(p)).collect();
        self.area.draw(&PathElement::new(path, self.shape_style(stroke))).map_err(cannot_draw)
    }

    /// A filled polygon.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn polygon(&self, corners: &[Point], colour: RGBColor) -> Result<()> {
        let corners: Vec<(i32, i32)> = corners.iter().map(|&p| self.fine(p)).collect();
        self.area.draw(&Polygon::new(corners, colour.filled())).map_err(cannot_draw)
    }

    /// A filled rectangle.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn rectangle(&self, area: &Area, colour: RGBColor) -> Result<()> {
        let corners = [self.fine((area.left, area.top)), self.fine((area.right, area.bottom))];
        self.area.draw(&Rectangle::new(corners, colour.filled())).map_err(cannot_draw)
    }

    /// A filled marker with a white rim, so that it stands out from the lines that meet in it.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn marker(&self, at: Point, shape: Shape, radius: f64, colour: RGBColor) -> Result<()> {
        const RIM: f64 = 3.0;
        let outline = |radius| outline(shape, at, radius);
        let mut rim = outline(radius);
        rim.push(rim[0]);
        self.solid(&rim, &Stroke::solid(WHITE, 2.0 * RIM))?;
        self.polygon(&outline(radius), colour)
    }

    /// A hollow marker: an outline filled with white.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn hollow_marker(&self, at: Point, shape: Shape, radius: f64, colour: RGBColor) -> Result<()> {
        const OUTLINE: f64 = 4.0;
        let mut corners = outline(shape, at, radius - OUTLINE / 2.0);
        self.polygon(&corners, WHITE)?;
        corners.push(corners[0]);
        corners.push(corners[1]);
        self.solid(&corners, &Stroke::solid(colour, OUTLINE))
    }

    /// An arrow that points upwards with its tip at a point.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn arrow_up(&self, tip: Point, reach: f64, colour: RGBColor) -> Result<()> {
        const WIDTH: f64 = 4.5;
        const RIM: f64 = 2.5;
        let wing = |side: f64| (tip.0 + side * 0.75 * reach, tip.1 + reach);
        let tip = (tip.0, tip.1 + WIDTH / 2.0);
        let head = [wing(-1.0), tip, wing(1.0)];
        let shaft = [tip, (tip.0, tip.1 + 2.0 * reach)];
        for stroke in [Stroke::solid(WHITE, WIDTH + 2.0 * RIM), Stroke::solid(colour, WIDTH)] {
            self.solid(&head, &stroke)?;
            self.solid(&shaft, &stroke)?;
        }
        Ok(())
    }

    /// A line of text whose baseline is at the height of `at`.
    ///
    /// # Errors
    /// When the surface or the typeface fails.
    pub fn text(&self, text: &str, at: Point, align: Align, face: Face, colour: RGBColor) -> Result<()> {
        let mut start = at.0 - self.before(text, align, face)?;
        for stretch in stretches(text, face) {
            let style = self.font(stretch.face).color(&colour);
            let top = at.1 - stretch.raised - BASELINE * stretch.face.size;
            self.area.draw_text(&stretch.text, &style, self.fine((start, top))).map_err(cannot_draw)?;
            start += width(&stretch.text, stretch.face)?;
        }
        Ok(())
    }

    /// A line of text that reads upwards, with its baseline to the right of the letters at the x of `at`.
    ///
    /// # Errors
    /// When the surface or the typeface fails.
    pub fn text_upwards(
        &self,
        text: &str,
        at: Point,
        align: Align,
        face: Face,
        colour: RGBColor,
    ) -> Result<()> {
        let mut start = at.1 + self.before(text, align, face)?;
        for stretch in stretches(text, face) {
            let style = self.font(stretch.face).transform(FontTransform::Rotate270).color(&colour);
            let left = at.0 - stretch.raised - BASELINE * stretch.face.size;
            self.area.draw_text(&stretch.text, &style, self.fine((left, start))).map_err(cannot_draw)?;
            start -= width(&stretch.text, stretch.face)?;
        }
        Ok(())
    }

    fn font(&self, face: Face) -> FontDesc<'static> {
        let style = match face.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        FontDesc::new(FontFamily::Name(FAMILY), face.size * PLOTTERS_SIZE * self.scale, style)
    }

    /// How much of the text lies before its point.
    fn before(&self, text: &str, align: Align, face: Face) -> Result<f64> {
        Ok(match align {
            Align::Left => 0.0,
            Align::Middle => width(text, face)? / 2.0,
            Align::Right => width(text, face)?,
        })
    }
}

/// Of a text whose upper left corner is placed, plotters' vector surface sets the baseline so many ems lower.
pub const BASELINE: f64 = 0.76;
/// Sizes of plotters' fonts are so many ems.
pub const PLOTTERS_SIZE: f64 = 1.24;

fn cannot_draw(cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Io, format!("cannot draw the picture: {cause}"))
}

/// The corners of a marker of about the same area whatever its shape.
fn outline(shape: Shape, at: Point, radius: f64) -> Vec<Point> {
    let polygon = |n: usize, radius: f64, turn: f64| star(at, n, &[radius], turn);
    const UP: f64 = -0.25; // in turns
    match shape {
        Shape::Circle => polygon(48, radius, 0.0),
        Shape::Square => polygon(4, radius * 1.25, 0.125),
        Shape::TriangleUp => polygon(3, radius * 1.4, UP),
        Shape::Diamond => polygon(4, radius * 1.3, 0.0),
        Shape::TriangleDown => polygon(3, radius * 1.4, -UP),
        Shape::Pentagon => polygon(5, radius * 1.2, UP),
        Shape::Star => star(at, 5, &[radius * 1.5, radius * 0.65], UP),
        Shape::Cross => cross(at, radius * 1.15, radius * 0.42),
    }
}

/// `n` times the radii in turn, evenly round the centre.
fn star(at: Point, n: usize, radii: &[f64], turn: f64) -> Vec<Point> {
    let corners = n * radii.len();
    (0..corners)
        .map(|k| {
            let angle = std::f64::consts::TAU * (turn + k as f64 / corners as f64);
            let radius = radii[k % radii.len()];
            (at.0 + radius * angle.cos(), at.1 + radius * angle.sin())
        })
        .collect()
}

fn cross(at: Point, reach: f64, half: f64) -> Vec<Point> {
    let (r, h) = (reach, half);
    [
        (-h, -r),
        (h, -r),
        (h, -h),
        (r, -h),
        (r, h),
        (h, h),
        (h, r),
        (-h, r),
        (-h, h),
        (-r, h),
        (-r, -h),
        (-h, -h),
    ]
    .map(|(x, y)| (at.0 + x, at.1 + y))
    .to_vec()
}

/// Length of a line through points, pixels.
pub fn length(points: &[Point]) -> f64 {
    points.windows(2).map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1)).sum()
}

/// The dashes of a line through points. A line longer than [`LONGEST_DASHED`] is a band of strokes in which dashes
/// are not to be seen: it stays whole.
fn dashed(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    const LONGEST_DASHED: f64 = 60_000.0;
    if length(points) > LONGEST_DASHED || pattern.iter().any(|part| *part <= 0.0) {
        return vec![points.to_vec()];
    }
    let mut dashes = Vec::new();
    let (mut part, mut left) = (0, pattern[0]);
    let mut dash: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let rest = (to.0 - from.0).hypot(to.1 - from.1);
            let inked = part % 2 == 0;
            if rest <= left {
                left -= rest;
                if inked {
                    dash.push(to);
                }
                break;
            }
            from = (from.0 + (to.0 - from.0) * left / rest, from.1 + (to.1 - from.1) * left / rest);
            if inked {
                dash.push(from);
                dashes.push(std::mem::take(&mut dash));
            } else {
                dash = vec![from];
            }
            part = (part + 1) % (pattern.len() + pattern.len() % 2);
            left = pattern[part % pattern.len()];
        }
    }
    if dash.len() > 1 {
        dashes.push(dash);
    }
    dashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_their_share_of_the_line() {
        let line = [(0.0, 0.0), (30.0, 0.0), (30.0, 170.0)];
        let dashes = dashed(&line, &[12.0, 8.0]);
        let inked: f64 =
            dashes.iter().flat_map(|d| d.windows(2)).map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1)).sum();
        assert_eq!(dashes.len(), 10);
        assert!((inked - 120.0).abs() < 1e-9);
    }

    #[test]
    fn a_line_with_no_length_has_no_dashes_and_ends() {
        assert!(dashed(&[(1.0, 1.0)], &[4.0, 4.0]).is_empty());
        assert!(dashed(&[], &[4.0, 4.0]).is_empty());
    }
}
