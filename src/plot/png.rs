//! From a figure to the bytes of a PNG file with its printing size.

use crate::error::{Error, Kind, Result};
use crate::plot::canvas::Canvas;
use crate::plot::raster::{OVERSAMPLING, Raster};
use crate::plot::sheet::Sheet;
use crate::plot::style::{HEIGHT, PIXELS_PER_INCH, WIDTH};
use plotters::drawing::IntoDrawingArea;
use plotters_backend::DrawingBackend;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter, PixelDimensions, Unit};
use std::cell::Cell;

thread_local! {
    /// The sheet of a thread's last picture, for its next one.
    static SHEET: Cell<Option<Sheet>> = const { Cell::new(None) };
}

/// Something that can be drawn on any surface.
pub trait Figure {
    /// Draws itself on a canvas of [`WIDTH`] x [`HEIGHT`] pixels.
    ///
    /// # Errors
    /// When the surface or the typeface fails.
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()>;
}

/// The figure as the bytes of a PNG file, the same for the same figure.
///
/// # Errors
/// When it cannot be drawn or encoded.
pub fn png(figure: &impl Figure) -> Result<Vec<u8>> {
    let new = || Sheet::new(WIDTH as usize * OVERSAMPLING, HEIGHT as usize * OVERSAMPLING);
    let mut sheet = SHEET.take().unwrap_or_else(new);
    sheet.clear();
    {
        let area = Raster::over(&mut sheet).into_drawing_area();
        figure.draw(&Canvas::new(&area, OVERSAMPLING as f64))?;
        area.present()
            .map_err(|cause| Error::new(Kind::Io, format!("cannot finish the picture: {cause}")))?;
    }
    let picture = sheet.averaged();
    SHEET.set(Some(sheet));
    encode(&picture)
}

fn encode(picture: &[u8]) -> Result<Vec<u8>> {
    // Most of a figure is runs of one colour: a third of the usual effort makes files a twentieth larger.
    const EFFORT: DeflateCompression = DeflateCompression::Level(2);
    const METRES_PER_INCH: f64 = 0.0254;
    let per_metre = (f64::from(PIXELS_PER_INCH) / METRES_PER_INCH).round() as u32;
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, WIDTH, HEIGHT);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_deflate_compression(EFFORT);
    encoder.set_filter(Filter::NoFilter);
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: per_metre, yppu: per_metre, unit: Unit::Meter }));
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(picture)?;
        writer.finish()
    });
    match written {
        Ok(()) => Ok(bytes),
        Err(cause) => Err(Error::new(Kind::Io, format!("cannot encode the picture: {cause}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_picture_and_its_printing_size() {
        let mut picture = vec![255; 3 * (WIDTH * HEIGHT) as usize];
        picture.iter_mut().step_by(7).for_each(|byte| *byte = 31);
        let bytes = encode(&picture).expect("encoded");
        let decoded = image::load_from_memory(&bytes).expect("a PNG file");
        assert_eq!((decoded.width(), decoded.height()), (WIDTH, HEIGHT));
        assert_eq!(decoded.to_rgb8().into_raw(), picture);
        // 200 pixels an inch are 7,874 a metre (PNG specification, s. 11.3.5.3)
        let at = bytes.windows(4).position(|chunk| chunk == b"pHYs").expect("a printing size");
        assert_eq!(bytes[at + 4..at + 13], [0, 0, 0x1E, 0xC2, 0, 0, 0x1E, 0xC2, 1]);
    }
}
