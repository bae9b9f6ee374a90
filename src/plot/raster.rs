//! A surface of pixels on which plotters draws: lines of any width with round joins, several pixels to one of the
//! picture.

use crate::error::Error;
use crate::plot::canvas::{BASELINE, PLOTTERS_SIZE};
use crate::plot::capsule::Segment;
use crate::plot::sheet::{Pixel, Sheet};
use crate::plot::style::Weight;
use crate::plot::typeface::{advances, outlines};
use ab_glyph::{Font, point};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform, rasterizer,
};
use std::ops::Range;

/// Pixels of the surface along each side of one pixel of the picture.
pub const OVERSAMPLING: usize = 3;

type Drawn = Result<(), DrawingErrorKind<Error>>;

/// A sheet that plotters draws on.
pub struct Raster<'a> {
    sheet: &'a mut Sheet,
}

impl<'a> Raster<'a> {
    /// A surface over a sheet and what it holds already.
    pub fn over(sheet: &'a mut Sheet) -> Raster<'a> {
        Raster { sheet }
    }

    /// Lays a colour over a pixel with the given coverage.
    fn blend(&mut self, x: i32, y: i32, colour: BackendColor, coverage: f64) {
        let share = colour.alpha * coverage;
        if let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y))
            && (x < self.sheet.width() && y < self.sheet.height())
            && (share > 0.0 && self.sheet.pixel(x, y) != ink(colour))
        {
            lay(self.sheet.pixel_mut(x, y), ink(colour), share);
        }
    }

    /// Lays a colour over a row of pixels from a place on, each with its own coverage.
    fn blend_row(&mut self, (x, y): BackendCoord, colour: BackendColor, coverages: &[f32]) {
        let ink = ink(colour);
        let columns = within(x, x.saturating_add(coverages.len() as i32 - 1), self.sheet.width());
        for y in within(y, y, self.sheet.height()) {
            self.sheet.paint(y, columns.clone(), |left, pixels| {
                let from = (left as i32 - x) as usize; // the columns begin at x or at the edge
                for (pixel, coverage) in pixels.iter_mut().zip(coverages.iter().skip(from)) {
                    lay(pixel, ink, colour.alpha * f64::from(*coverage));
                }
            });
        }
    }

    /// Every pixel from one corner to the other, both included.
    fn block(&mut self, from: BackendCoord, to: BackendCoord, colour: BackendColor) {
        let columns = within(from.0, to.0, self.sheet.width());
        self.cover(columns, within(from.1, to.1, self.sheet.height()), colour);
    }

    /// Lays a colour over all pixels where some columns and rows meet.
    fn cover(&mut self, columns: Range<usize>, rows: Range<usize>, colour: BackendColor) {
        let ink = ink(colour);
        if colour.alpha >= 1.0 {
            return self.sheet.fill(columns, rows, ink);
        }
        for y in rows.filter(|_| colour.alpha > 0.0) {
            self.sheet.paint(y, columns.clone(), |_, pixels| {
                pixels.iter_mut().for_each(|pixel| lay(pixel, ink, colour.alpha));
            });
        }
    }

    /// A segment with round ends.
    fn segment(&mut self, from: BackendCoord, to: BackendCoord, width: u32, colour: BackendColor) {
        let (level, upright) = (from.1 == to.1, from.0 == to.0);
        if width <= 1 && (level || upright) {
            return self.block(from, to, colour); // of such lines plotters fills its shapes
        }
        let (columns, rows) = (self.sheet.width(), self.sheet.height());
        let reach = f64::from(width) / 2.0 + 0.5;
        let segment = Segment::between(centre(from), centre(to));
        if !level && !upright {
            return self.capsule(&segment, reach, 0..columns, 0..rows, colour);
        }
        let beside = width.div_ceil(2).min(i32::MAX as u32) as i32; // pixels on each side that it may cover
        for aside in -beside..=beside {
            let moved = |at: BackendCoord| match level {
                true => (at.0, at.1.saturating_add(aside)),
                false => (at.0.saturating_add(aside), at.1),
            };
            let coverage = (reach - f64::from(aside.abs())).clamp(0.0, 1.0);
            self.block(moved(from), moved(to), BackendColor { alpha: colour.alpha * coverage, ..colour });
        }
        if level {
            let middle = within(from.0, to.0, columns);
            self.capsule(&segment, reach, 0..middle.start, 0..rows, colour);
            self.capsule(&segment, reach, middle.end..columns, 0..rows, colour);
        } else {
            let middle = within(from.1, to.1, rows);
            self.capsule(&segment, reach, 0..columns, 0..middle.start, colour);
            self.capsule(&segment, reach, 0..columns, middle.end..rows, colour);
        }
    }

    /// What lies of a segment with round ends in a window, row by row: in the middle of a row the pixels that it covers
    /// whole, before and after them those that it covers in part.
    fn capsule(
        &mut self,
        segment: &Segment,
        reach: f64,
        columns: Range<usize>,
        rows: Range<usize>,
        colour: BackendColor,
    ) {
        const MARGIN: f64 = 1e-3; // pixels so near to a limit are taken as covered in part: rounding cannot matter
        let ink = ink(colour);
        let inside = |at: f64, window: &Range<usize>| {
            (at.max(0.0) as i32 as usize).clamp(window.start, window.end) // the casts cut
        };
        let between = |(left, right)| inside(left + 0.5, &columns)..inside(right + 0.5, &columns);
        let (low, high) = segment.rows();
        for y in inside(low - reach, &rows)..inside(high + reach + 1.0, &rows) {
            let middle = y as f64 + 0.5;
            let some = segment.chord(middle, reach + MARGIN).map_or(0..0, between);
            let whole = segment.chord(middle, reach - 1.0 - MARGIN).map_or(some.end..some.end, between);
            self.sheet.paint(y, some, |left, pixels| {
                let within = |x: usize| x.clamp(left, left + pixels.len()) - left;
                let whole = within(whole.start)..within(whole.end);
                for (k, pixel) in pixels.iter_mut().enumerate() {
                    if *pixel == ink {
                        continue; // most pixels of a dense zigzag
                    }
                    let coverage = match whole.contains(&k) {
                        true => 1.0,
                        false => reach - segment.distance(((left + k) as f64 + 0.5, middle)),
                    };
                    lay(pixel, ink, colour.alpha * coverage);
                }
            });
        }
    }
}

fn ink(colour: BackendColor) -> Pixel {
    [colour.rgb.0, colour.rgb.1, colour.rgb.2]
}

/// The columns (or rows) from one to another, both included, that lie on a sheet with so many.
fn within(a: i32, b: i32, size: usize) -> Range<usize> {
    let end = (i64::from(a.max(b)) + 1).clamp(0, size as i64) as usize;
    (a.min(b).max(0) as usize).min(end)..end
}

/// Lays ink over a share of a pixel.
fn lay(pixel: &mut Pixel, ink: Pixel, share: f64) {
    const UNSEEN: f64 = 0.49 / 255.0; // a share so small, or so near to the whole, is lost in the rounding
    if share < UNSEEN {
        return;
    }
    if share > 1.0 - UNSEEN {
        *pixel = ink;
        return;
    }
    for (byte, ink) in pixel.iter_mut().zip(ink) {
        let mixed = f64::from(*byte) + (f64::from(ink) - f64::from(*byte)) * share;
        *byte = (mixed + 0.5) as u8; // never negative: the cast cuts to the nearest
    }
}

fn centre(at: BackendCoord) -> (f64, f64) {
    (f64::from(at.0) + 0.5, f64::from(at.1) + 0.5)
}

impl DrawingBackend for Raster<'_> {
    type ErrorType = Error;

    fn get_size(&self) -> (u32, u32) {
        (self.sheet.width() as u32, self.sheet.height() as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, colour: BackendColor) -> Drawn {
        self.blend(at.0, at.1, colour, 1.0);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.segment(from, to, style.stroke_width(), style.color());
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let mut previous: Option<BackendCoord> = None;
        for point in path {
            if let Some(from) = previous {
                self.segment(from, point, style.stroke_width(), style.color());
            }
            previous = Some(point);
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        corner: BackendCoord,
        opposite: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if fill && style.stroke_width() <= 1 {
            self.block(corner, opposite, style.color());
            return Ok(());
        }
        rasterizer::draw_rect(self, corner, opposite, style, fill)
    }

    /// Letters at their true places; plotters' own drawing leaves out the white that belongs to their left side.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let weight = if matches!(style.style(), FontStyle::Bold) { Weight::Bold } else { Weight::Regular };
        let font = outlines(weight).map_err(DrawingErrorKind::DrawingError)?;
        let em = (style.size() / PLOTTERS_SIZE) as f32;
        let scale = em * font.height_unscaled() / font.units_per_em().unwrap_or(1000.0);
        let baseline = BASELINE as f32 * em;
        let turn = style.transform();
        let (starts, _) = advances(text, font);
        let mut coverages = Vec::new(); // of the pixels of a letter, row by row
        for (letter, start) in text.chars().zip(starts) {
            let glyph = font.glyph_id(letter).with_scale_and_position(scale, point(start * em, baseline));
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let bounds = outline.px_bounds();
            let (corner, width) = ((bounds.min.x as i32, bounds.min.y as i32), bounds.width() as usize);
            coverages.clear();
            coverages.resize(width * bounds.height() as usize, 0.0);
            let mut pixels = coverages.iter_mut();
            outline.draw(|_, _, coverage| {
                if let Some(pixel) = pixels.next() {
                    *pixel = coverage;
                }
            });
            for (y, row) in (corner.1..).zip(coverages.chunks(width.max(1))) {
                if matches!(turn, FontTransform::None) {
                    self.blend_row((at.0 + corner.0, at.1 + y), style.color(), row);
                } else {
                    for (x, coverage) in (corner.0..).zip(row) {
                        let (dx, dy) = turn.transform(x, y);
                        self.blend(at.0 + dx, at.1 + dy, style.color(), f64::from(*coverage));
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{Color, RGBColor, ShapeStyle};

    fn ink_of(width: u32, path: &[BackendCoord]) -> f64 {
        let mut sheet = Sheet::new(200, 200);
        let style = ShapeStyle { color: RGBColor(0, 0, 0).into(), filled: false, stroke_width: width };
        Raster::over(&mut sheet).draw_path(path.iter().copied(), &style).expect("drawn");
        let ink = |x: usize, y: usize| 1.0 - f64::from(sheet.pixel(x, y)[0]) / 255.0;
        (0..200).flat_map(|y| (0..200).map(move |x| (x, y))).map(|(x, y)| ink(x, y)).sum()
    }

    #[test]
    fn a_line_covers_its_width_times_its_length_in_any_direction() {
        let radius = 5.0_f64;
        for (dx, dy) in [(100, 0), (0, 100), (60, 80), (80, -60), (-99, 14)] {
            let length = f64::from(dx).hypot(f64::from(dy));
            let want = length * 2.0 * radius + std::f64::consts::PI * radius * radius;
            let ink = ink_of(10, &[(100, 100), (100 + dx / 2, 100 + dy / 2)]);
            let half = length / 2.0 * 2.0 * radius + std::f64::consts::PI * radius * radius;
            assert!((ink / half - 1.0).abs() < 0.02, "{dx} {dy}: {ink} for {half} (whole {want})");
        }
    }

    #[test]
    fn what_lies_outside_is_cut_and_does_no_harm() {
        assert_eq!(ink_of(4, &[(-500, -500), (-100, 900)]), 0.0);
        assert!(ink_of(4, &[(-1000, 100), (1000, 100)]) > 700.0);
    }

    #[test]
    fn a_line_covers_every_pixel_by_its_distance() {
        const SIZE: i32 = 60;
        let style =
            |width| ShapeStyle { color: RGBColor(0, 0, 0).mix(0.7), filled: false, stroke_width: width };
        let ways = [(0, 0), (25, 0), (-25, 0), (0, 25), (0, -25), (20, 20), (-24, 3), (2, 27), (900, -400)];
        let starts = [(30, 30), (1, 2), (-20, 30), (57, 70)];
        for ((start, way), width) in
            starts.into_iter().flat_map(|s| ways.map(|w| (s, w))).flat_map(|l| [2, 5, 12].map(|w| (l, w)))
        {
            let end = (start.0 + way.0, start.1 + way.1);
            let mut sheet = Sheet::new(SIZE as usize, SIZE as usize);
            Raster::over(&mut sheet).draw_line(start, end, &style(width)).expect("drawn");
            for (x, y) in (0..SIZE).flat_map(|y| (0..SIZE).map(move |x| (x, y))) {
                let distance = Segment::between(centre(start), centre(end)).distance(centre((x, y)));
                let coverage = (f64::from(width) / 2.0 + 0.5 - distance).clamp(0.0, 1.0);
                let want = (255.0 * (1.0 - 0.7 * coverage) + 0.5) as u8;
                assert_eq!(
                    sheet.pixel(x as usize, y as usize),
                    [want; 3],
                    "{start:?} {end:?} {width} {x} {y}"
                );
            }
        }
    }

    #[test]
    fn a_filled_rectangle_is_cut_at_the_edge() {
        let mut sheet = Sheet::new(30, 30);
        let black = BackendColor { alpha: 1.0, rgb: (0, 0, 0) };
        Raster::over(&mut sheet).draw_rect((28, -5), (99, 3), &black, true).expect("drawn");
        let covered = |(x, y)| sheet.pixel(x, y) == [0; 3];
        assert_eq!((0..30).flat_map(|y| (0..30).map(move |x| (x, y))).filter(|at| covered(*at)).count(), 8);
    }
}
