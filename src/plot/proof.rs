//! Proofs of figures for tests: drawn small and checked for ink at the edge, or kept as files to be looked at.

use crate::plot::canvas::Canvas;
use crate::plot::png::{Figure, png};
use crate::plot::raster::Raster;
use crate::plot::sheet::Sheet;
use crate::plot::style::{HEIGHT, WIDTH};
use crate::plot::svg::svg;
use plotters::drawing::IntoDrawingArea;

/// The picture in grey at a scale; its border is white.
pub fn drawn(figure: &impl Figure, scale: f64) -> Vec<u8> {
    let (width, height) = ((f64::from(WIDTH) * scale) as usize, (f64::from(HEIGHT) * scale) as usize);
    let mut sheet = Sheet::new(width, height);
    let area = Raster::over(&mut sheet).into_drawing_area();
    figure.draw(&Canvas::new(&area, scale)).expect("drawn");
    drop(area);
    let darkest = |(x, y)| sheet.pixel(x, y).into_iter().min().unwrap_or(255);
    let grey = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(darkest).collect();
    assert_white_border(grey, width, (12.0 * scale) as usize)
}

fn assert_white_border(grey: Vec<u8>, width: usize, border: usize) -> Vec<u8> {
    let height = grey.len() / width;
    for (at, &value) in grey.iter().enumerate() {
        let (x, y) = (at % width, at / width);
        let outside = x.min(y).min(width - 1 - x).min(height - 1 - y) < border;
        assert!(!outside || value == 255, "ink at {x}, {y}");
    }
    grey
}

/// Draws a figure both ways and checks the files; in the folder that `CLINREG_PROOFS` names they are kept.
pub fn kept(figure: &impl Figure, name: &str) {
    drawn(figure, 0.5);
    let picture = png(figure).expect("drawn");
    let decoded = image::load_from_memory(&picture).expect("a PNG file");
    assert_eq!((decoded.width(), decoded.height()), (WIDTH, HEIGHT));
    let vector = svg(figure).expect("drawn");
    let text = std::str::from_utf8(&vector).expect("text");
    assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>") && text.contains("<text"));
    if let Some(folder) = std::env::var_os("CLINREG_PROOFS") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("kept");
        std::fs::write(folder.join(format!("{name}.svg")), vector).expect("kept");
    }
}
