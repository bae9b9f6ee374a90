//! The descent as an animated GIF: the contour picture, a third of its size, with the paths growing.

use crate::error::{Error, Kind, Result};
use crate::explore::contour::Contour;
use crate::plot::canvas::Canvas;
use crate::plot::raster::{OVERSAMPLING, Raster};
use crate::plot::sheet::Sheet;
use crate::plot::style::{HEIGHT, WIDTH};
use gif::{Encoder, Frame, Repeat};
use plotters::drawing::IntoDrawingArea;

/// Size of the animation, pixels.
const SIZE: (usize, usize) = (WIDTH as usize / OVERSAMPLING, HEIGHT as usize / OVERSAMPLING);
/// Most pictures.
const MOST_FRAMES: usize = 36;
/// Hundredths of a second that a picture stays, and the last one.
const STAYS: u16 = 14;
const LAST_STAYS: u16 = 250;

/// The animation as the bytes of a GIF file. The first pictures are the first updates one by one; later ones are
/// farther apart, evenly on a log scale.
///
/// # Errors
/// When a picture cannot be drawn or encoded.
pub fn gif(contour: &mut Contour<'_>) -> Result<Vec<u8>> {
    let cannot =
        |cause: gif::EncodingError| Error::new(Kind::Io, format!("cannot encode the animation: {cause}"));
    let panel = contour.panel()?;
    let base = drawn(None, |canvas| contour.draw_base(canvas, &panel))?;
    let mut bytes = Vec::new();
    {
        let mut encoder = Encoder::new(&mut bytes, SIZE.0 as u16, SIZE.1 as u16, &[]).map_err(cannot)?;
        encoder.set_repeat(Repeat::Infinite).map_err(cannot)?;
        let updates = updates(contour.shown.runs.iter().map(|run| run.iterations).max().unwrap_or(0));
        for (k, update) in updates.iter().enumerate() {
            contour.last = *update;
            let fine = drawn(Some(&base), |canvas| contour.draw_paths(canvas, &panel))?;
            let picture = fine.averaged();
            let mut frame = Frame::from_rgb_speed(SIZE.0 as u16, SIZE.1 as u16, &picture, 10);
            frame.delay = if k + 1 == updates.len() { LAST_STAYS } else { STAYS };
            encoder.write_frame(&frame).map_err(cannot)?;
        }
    }
    contour.last = usize::MAX;
    Ok(bytes)
}

/// After which updates a picture is shown: the first and the last among them.
fn updates(last: usize) -> Vec<usize> {
    if last < MOST_FRAMES {
        return (0..=last).collect();
    }
    let ratio = (last as f64 + 1.0).ln() / (MOST_FRAMES - 1) as f64;
    let mut shown: Vec<usize> =
        (0..MOST_FRAMES).map(|k| ((k as f64 * ratio).exp() - 1.0).round() as usize).collect();
    shown.dedup();
    shown
}

type Surface<'a, 'b> = Canvas<'a, Raster<'b>>;

/// A picture over another, or over white.
fn drawn(base: Option<&Sheet>, draw: impl FnOnce(&Surface<'_, '_>) -> Result<()>) -> Result<Sheet> {
    let white = || Sheet::new(SIZE.0 * OVERSAMPLING, SIZE.1 * OVERSAMPLING);
    let mut sheet = base.cloned().unwrap_or_else(white);
    {
        let area = Raster::over(&mut sheet).into_drawing_area();
        draw(&Canvas::new(&area, 1.0))?;
    }
    Ok(sheet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{exploration, preset};

    #[test]
    fn the_last_update_is_shown_and_the_pictures_are_few() {
        assert_eq!(updates(3), [0, 1, 2, 3]);
        let many = updates(20_000);
        assert_eq!((many[0], *many.last().expect("some")), (0, 20_000));
        assert!(many.len() <= MOST_FRAMES && many.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn the_file_is_an_animation_below_two_megabytes() {
        let lesson = preset::by_name("complex2d").expect("a lesson");
        let shown = exploration::explore(&lesson.request).expect("it runs");
        let bytes = gif(&mut Contour::new(&shown)).expect("drawn");
        assert!(bytes.starts_with(b"GIF89a") && bytes.len() < 2_000_000, "{}", bytes.len());
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(bytes.as_slice()).expect("readable");
        let mut frames = 0;
        while decoder.read_next_frame().expect("whole").is_some() {
            frames += 1;
        }
        assert_eq!(frames, 22, "the start and 21 updates");
    }
}
