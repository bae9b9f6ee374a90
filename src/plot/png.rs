//! From a figure to the bytes of a PNG file with its printing size.

use crate::error::{Error, Kind, Result};
use crate::plot::canvas::Canvas;
use crate::plot::raster::{OVERSAMPLING, Raster};
use crate::plot::sheet::Sheet;
use crate::plot::style::{HEIGHT, PIXELS_PER_INCH, WIDTH};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use plotters::drawing::IntoDrawingArea;
use plotters_backend::DrawingBackend;
use std::cell::Cell;
use std::io::Write;

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
    let bytes = encode(&sheet);
    SHEET.set(Some(sheet));
    bytes
}

/// The picture as a PNG file (PNG specification, s. 5 and 11) of lines that are not filtered: the figures' plain areas
/// compress best so.
fn encode(sheet: &Sheet) -> Result<Vec<u8>> {
    const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n'];
    const BIT_DEPTH: u8 = 8;
    const TRUE_COLOUR: u8 = 2;
    const UNIT_METRE: u8 = 1;
    const METRES_PER_INCH: f64 = 0.0254;
    let size = [WIDTH.to_be_bytes(), HEIGHT.to_be_bytes()].concat();
    let per_metre = ((f64::from(PIXELS_PER_INCH) / METRES_PER_INCH).round() as u32).to_be_bytes();
    let mut bytes = SIGNATURE.to_vec();
    push_chunk(&mut bytes, b"IHDR", &[&size[..], &[BIT_DEPTH, TRUE_COLOUR, 0, 0, 0]].concat());
    push_chunk(&mut bytes, b"pHYs", &[&per_metre[..], &per_metre, &[UNIT_METRE]].concat());
    let compressed = compressed(sheet)
        .map_err(|cause| Error::new(Kind::Io, format!("cannot encode the picture: {cause}")))?;
    push_chunk(&mut bytes, b"IDAT", &compressed);
    push_chunk(&mut bytes, b"IEND", &[]);
    Ok(bytes)
}

/// The lines of a picture, each after the mark of its filter, as a zlib stream.
fn compressed(sheet: &Sheet) -> std::io::Result<Vec<u8>> {
    const UNFILTERED: u8 = 0;
    const LEVEL: u32 = 2; // half the time of the usual 6, and files hardly larger
    let mut stream = ZlibEncoder::new(Vec::new(), Compression::new(LEVEL));
    for band in sheet.bands() {
        for line in band.chunks_exact(3 * WIDTH as usize) {
            stream.write_all(&[UNFILTERED])?;
            stream.write_all(line)?;
        }
    }
    stream.finish()
}

/// A chunk after others: its length, its name, its bytes, and the check of name and bytes.
fn push_chunk(file: &mut Vec<u8>, name: &[u8; 4], bytes: &[u8]) {
    let mut check = Crc::new();
    check.update(name);
    check.update(bytes);
    file.extend((bytes.len() as u32).to_be_bytes());
    file.extend(name);
    file.extend(bytes);
    file.extend(check.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Blank;

    impl Figure for Blank {
        fn draw<B: DrawingBackend>(&self, _: &Canvas<'_, B>) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_header_keeps_its_place_before_the_resolution() {
        let bytes = png(&Blank).expect("encoded");
        assert_eq!(&bytes[12..16], b"IHDR");
        assert_eq!(&bytes[37..41], b"pHYs");
        let decoded = image::load_from_memory(&bytes).expect("a PNG file");
        assert_eq!((decoded.width(), decoded.height()), (WIDTH, HEIGHT));
    }
}
