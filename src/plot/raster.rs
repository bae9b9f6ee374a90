//! A surface of pixels on which plotters draws: lines of any width with round joins, several pixels to one of the
//! picture, averaged at the end.

use crate::error::Error;
use crate::plot::canvas::{BASELINE, PLOTTERS_SIZE};
use crate::plot::style::Weight;
use crate::plot::typeface::{advances, outlines};
use ab_glyph::{Font, point};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
};

/// Pixels of the surface along each side of one pixel of the picture.
pub const OVERSAMPLING: usize = 3;

type Drawn = Result<(), DrawingErrorKind<Error>>;

/// A white surface, three bytes a pixel.
pub struct Raster<'a> {
    pixels: &'a mut [u8],
    width: usize,
    height: usize,
}

impl<'a> Raster<'a> {
    /// A surface over a buffer of 3 x width x height bytes.
    pub fn new(pixels: &'a mut [u8], width: usize, height: usize) -> Raster<'a> {
        pixels.fill(255);
        Raster::over(pixels, width, height)
    }

    /// A surface over what a buffer holds already.
    pub fn over(pixels: &'a mut [u8], width: usize, height: usize) -> Raster<'a> {
        assert_eq!(pixels.len(), 3 * width * height);
        Raster { pixels, width, height }
    }

    /// Lays a colour over a pixel with the given coverage.
    fn blend(&mut self, x: i32, y: i32, colour: BackendColor, coverage: f64) {
        if x < 0 || y < 0 || x as usize >= self.width || y as usize >= self.height {
            return;
        }
        let share = (colour.alpha * coverage).clamp(0.0, 1.0);
        let at = 3 * (y as usize * self.width + x as usize);
        let (red, green, blue) = colour.rgb;
        for (pixel, ink) in self.pixels[at..at + 3].iter_mut().zip([red, green, blue]) {
            let mixed = f64::from(*pixel) + (f64::from(ink) - f64::from(*pixel)) * share;
            *pixel = (mixed + 0.5) as u8; // never negative: the cast cuts to the nearest
        }
    }

    /// Whether a pixel lies outside the surface or has the colour already.
    fn is_already(&self, x: i32, y: i32, colour: BackendColor) -> bool {
        if x < 0 || y < 0 || x as usize >= self.width || y as usize >= self.height {
            return true;
        }
        let at = 3 * (y as usize * self.width + x as usize);
        self.pixels[at..at + 3] == [colour.rgb.0, colour.rgb.1, colour.rgb.2]
    }

    /// Every pixel from one corner to the other, both included.
    fn block(&mut self, from: BackendCoord, to: BackendCoord, colour: BackendColor) {
        let within = |a: i32, b: i32, size: usize| {
            let last = a.max(b).min(size as i32 - 1);
            a.min(b).max(0)..=last
        };
        let columns = within(from.0, to.0, self.width);
        for y in within(from.1, to.1, self.height) {
            if colour.alpha < 1.0 {
                columns.clone().for_each(|x| self.blend(x, y, colour, 1.0));
            } else if !columns.is_empty() {
                let at = |x: i32| 3 * (y as usize * self.width + x as usize);
                let (red, green, blue) = colour.rgb;
                for pixel in self.pixels[at(*columns.start())..at(*columns.end()) + 3].chunks_exact_mut(3) {
                    pixel.copy_from_slice(&[red, green, blue]);
                }
            }
        }
    }

    /// A segment with round ends. Walks along the longer side and paints across it.
    fn segment(&mut self, from: BackendCoord, to: BackendCoord, width: u32, colour: BackendColor) {
        if width <= 1 && (from.0 == to.0 || from.1 == to.1) {
            return self.block(from, to, colour); // of such lines plotters fills its shapes
        }
        let radius = f64::from(width) / 2.0;
        let (a, b) = (centre(from), centre(to));
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let steep = dy.abs() > dx.abs();
        let (along, across) = if steep { (dy, dx) } else { (dx, dy) };
        let (a_along, a_across) = if steep { (a.1, a.0) } else { a };
        let (b_along, limit) = if steep { (b.1, self.height as f64) } else { (b.0, self.width as f64) };
        let slope = if along == 0.0 { 0.0 } else { across / along };
        let reach = (radius + 1.0) * (1.0 + slope * slope).sqrt();
        let first = (a_along.min(b_along) - radius - 1.0).floor().max(0.0);
        let last = (a_along.max(b_along) + radius + 1.0).ceil().min(limit);
        for u in first as i32..=last as i32 {
            let at = f64::from(u) + 0.5;
            let nearest = at.clamp(a_along.min(b_along), a_along.max(b_along));
            let middle = a_across + (nearest - a_along) * slope;
            for v in (middle - reach).floor() as i32..=(middle + reach).ceil() as i32 {
                let (x, y) = if steep { (v, u) } else { (u, v) };
                if self.is_already(x, y, colour) {
                    continue; // most pixels of a dense zigzag
                }
                let distance = to_segment((f64::from(x) + 0.5, f64::from(y) + 0.5), a, (dx, dy));
                let coverage = radius + 0.5 - distance;
                if coverage > 0.0 {
                    self.blend(x, y, colour, coverage.min(1.0));
                }
            }
        }
    }
}

fn centre(at: BackendCoord) -> (f64, f64) {
    (f64::from(at.0) + 0.5, f64::from(at.1) + 0.5)
}

/// Distance of a point from the segment that starts at `a` and runs by `d`.
fn to_segment(p: (f64, f64), a: (f64, f64), d: (f64, f64)) -> f64 {
    let length_squared = d.0 * d.0 + d.1 * d.1;
    let (px, py) = (p.0 - a.0, p.1 - a.1);
    let t =
        if length_squared == 0.0 { 0.0 } else { ((px * d.0 + py * d.1) / length_squared).clamp(0.0, 1.0) };
    let (nx, ny) = (px - t * d.0, py - t * d.1);
    (nx * nx + ny * ny).sqrt()
}

impl DrawingBackend for Raster<'_> {
    type ErrorType = Error;

    fn get_size(&self) -> (u32, u32) {
        (self.width as u32, self.height as u32)
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

    /// Letters at their true places; plotters' own drawing leaves out the white that belongs to their left side.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let weight = if matches!(style.style(), FontStyle::Bold) { Weight::Bold } else { Weight::Regular };
        let font = outlines(weight).map_err(DrawingErrorKind::DrawingError)?;
        let em = (style.size() / PLOTTERS_SIZE) as f32;
        let scale = em * font.height_unscaled() / font.units_per_em().unwrap_or(1000.0);
        let baseline = BASELINE as f32 * em;
        let turn = style.transform();
        let (starts, _) = advances(text, font);
        for (letter, start) in text.chars().zip(starts) {
            let glyph = font.glyph_id(letter).with_scale_and_position(scale, point(start * em, baseline));
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| {
                let (dx, dy) = turn.transform(corner.x as i32 + x as i32, corner.y as i32 + y as i32);
                self.blend(at.0 + dx, at.1 + dy, style.color(), f64::from(coverage));
            });
        }
        Ok(())
    }
}

/// The picture: every square of [`OVERSAMPLING`] x [`OVERSAMPLING`] pixels becomes their mean, which is the share
/// of the pixel that ink covers.
pub fn averaged(pixels: &[u8], width: usize, height: usize) -> Vec<u8> {
    const SQUARE: u32 = (OVERSAMPLING * OVERSAMPLING) as u32;
    let row_bytes = 3 * width * OVERSAMPLING;
    assert_eq!(pixels.len(), row_bytes * height * OVERSAMPLING);
    let mut picture = Vec::with_capacity(3 * width * height);
    let mut sums = vec![0u32; 3 * width];
    for rows in pixels.chunks_exact(row_bytes * OVERSAMPLING) {
        sums.fill(0);
        for row in rows.chunks_exact(row_bytes) {
            for (sum, square) in sums.chunks_exact_mut(3).zip(row.chunks_exact(3 * OVERSAMPLING)) {
                for pixel in square.chunks_exact(3) {
                    (0..3).for_each(|c| sum[c] += u32::from(pixel[c]));
                }
            }
        }
        picture.extend(sums.iter().map(|&sum| ((sum + SQUARE / 2) / SQUARE) as u8));
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{RGBColor, ShapeStyle};

    fn ink_of(width: u32, path: &[BackendCoord]) -> f64 {
        let mut pixels = vec![0; 3 * 200 * 200];
        let style = ShapeStyle { color: RGBColor(0, 0, 0).into(), filled: false, stroke_width: width };
        let mut raster = Raster::new(&mut pixels, 200, 200);
        raster.draw_path(path.iter().copied(), &style).expect("drawn");
        pixels.chunks_exact(3).map(|p| 1.0 - f64::from(p[0]) / 255.0).sum()
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
    fn averaging_gives_the_share_of_ink() {
        let (width, height) = (2, 1);
        let mut pixels = vec![255; 3 * width * height * OVERSAMPLING * OVERSAMPLING];
        pixels[..3].fill(0);
        assert_eq!(averaged(&pixels, width, height), [227, 227, 227, 255, 255, 255]);
    }
}
