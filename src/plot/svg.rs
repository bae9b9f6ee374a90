//! From a figure to the text of an SVG file, which stays sharp at any size and can be edited.

use crate::error::{Error, Kind, Result};
use crate::plot::canvas::Canvas;
use crate::plot::png::Figure;
use crate::plot::style::{HEIGHT, PIXELS_PER_INCH, WIDTH};
use plotters::drawing::IntoDrawingArea;
use plotters::prelude::SVGBackend;

/// Units of the file along each side of one pixel of the picture: coordinates are whole numbers.
const FINENESS: u32 = 4;

/// The figure as the bytes of an SVG file, the same for the same figure. Text stays text in Noto Sans, or where the
/// reader's machine has none in another sans serif.
///
/// # Errors
/// When it cannot be drawn.
pub fn svg(figure: &impl Figure) -> Result<Vec<u8>> {
    let mut text = String::new();
    {
        let area =
            SVGBackend::with_string(&mut text, (FINENESS * WIDTH, FINENESS * HEIGHT)).into_drawing_area();
        figure.draw(&Canvas::new(&area, f64::from(FINENESS)))?;
        area.present()
            .map_err(|cause| Error::new(Kind::Io, format!("cannot finish the picture: {cause}")))?;
    }
    Ok(with_size_and_typefaces(&text).into_bytes())
}

/// The size in inches instead of pixels, white paper, and what stands in for the typeface.
fn with_size_and_typefaces(text: &str) -> String {
    let inches = |pixels: u32| f64::from(pixels) / f64::from(PIXELS_PER_INCH);
    let pixels = format!("<svg width=\"{}\" height=\"{}\"", FINENESS * WIDTH, FINENESS * HEIGHT);
    let printed = format!("<svg width=\"{}in\" height=\"{}in\"", inches(WIDTH), inches(HEIGHT));
    let paper = "<rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>";
    let sized = text.replacen(&pixels, &printed, 1);
    let papered = sized.find('>').map_or(sized.clone(), |at| {
        let (head, rest) = sized.split_at(at + 1);
        format!("{head}\n{paper}{rest}")
    });
    papered.replace("font-family=\"Noto Sans\"", "font-family=\"Noto Sans, Helvetica, Arial, sans-serif\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::canvas::Align;
    use crate::plot::style::{INK, NOTE};
    use plotters_backend::DrawingBackend;

    struct Words;

    impl Figure for Words {
        fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
            canvas.text("a < b & \"c\"", (100.0, 100.0), Align::Left, NOTE, INK)
        }
    }

    #[test]
    fn the_picture_has_its_printed_size_and_names_are_escaped() {
        let text = String::from_utf8(svg(&Words).expect("drawn")).expect("text");
        assert!(
            text.starts_with("<svg width=\"9in\" height=\"5.625in\" viewBox=\"0 0 7200 4500\""),
            "{text}"
        );
        assert!(text.contains("a &lt; b &amp; &quot;c&quot;") && text.contains("Noto Sans, Helvetica"));
    }
}
