//! From a figure to the bytes of a PNG file with its printing size.

use crate::error::{Error, Kind, Result};
use crate::plot::canvas::Canvas;
use crate::plot::raster::{OVERSAMPLING, Raster};
use crate::plot::sheet::Sheet;
use crate::plot::style::{HEIGHT, PIXELS_PER_INCH, WIDTH};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ColorType, ImageEncoder};
use plotters::drawing::IntoDrawingArea;
use plotters_backend::DrawingBackend;
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
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::NoFilter)
        .write_image(picture, WIDTH, HEIGHT, ColorType::Rgb8)
        .map_err(|cause| Error::new(Kind::Io, format!("cannot encode the picture: {cause}")))?;
    Ok(with_resolution(bytes))
}

/// The file with a `pHYs` chunk after its header, which gives the pixels a metre (PNG specification, s. 11.3.5.3).
fn with_resolution(mut bytes: Vec<u8>) -> Vec<u8> {
    const HEADER_END: usize = 8 + 25; // the signature, and the IHDR chunk: 4 + 4 + 13 + 4 bytes
    const METRES_PER_INCH: f64 = 0.0254;
    const UNIT_METRE: u8 = 1;
    let per_metre = (f64::from(PIXELS_PER_INCH) / METRES_PER_INCH).round() as u32;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_metre.to_be_bytes());
    chunk.extend(per_metre.to_be_bytes());
    chunk.push(UNIT_METRE);
    let check = crc32(&chunk);
    let length = (chunk.len() - 4) as u32;
    let whole = length.to_be_bytes().into_iter().chain(chunk).chain(check.to_be_bytes());
    bytes.splice(HEADER_END..HEADER_END, whole);
    bytes
}

/// The cyclic redundancy check of PNG chunks (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { POLYNOMIAL ^ (c >> 1) } else { c >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_agrees_with_the_published_value() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn the_header_keeps_its_place_before_the_resolution() {
        let bytes = encode(&vec![255; 3 * (WIDTH * HEIGHT) as usize]).expect("encoded");
        assert_eq!(&bytes[12..16], b"IHDR");
        assert_eq!(&bytes[37..41], b"pHYs");
        let decoded = image::load_from_memory(&bytes).expect("a PNG file");
        assert_eq!((decoded.width(), decoded.height()), (WIDTH, HEIGHT));
    }
}
