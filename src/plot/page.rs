//! The page of a figure: its headings, and the room that they leave to what is drawn below.

use crate::error::Result;
use crate::plot::canvas::{Align, Area, Canvas};
use crate::plot::style::{EDGE, Face, HEIGHT, INK, MUTED, SUBTITLE, TITLE, WIDTH};
use crate::plot::typeface::wrap;
use plotters_backend::DrawingBackend;

/// The words above a figure.
#[derive(Debug, Clone, Copy)]
pub struct Headings<'a> {
    /// In bold; takes two lines at most.
    pub title: &'a str,
    /// Below it in grey; takes two lines at most.
    pub subtitle: &'a str,
}

/// A picture with its headings measured.
#[derive(Debug, Clone)]
pub struct Page {
    /// What is left for the figure.
    pub body: Area,
    title: Vec<String>,
    subtitle: Vec<String>,
}

impl Page {
    /// Breaks the headings into lines and leaves the rest of the picture to the figure.
    ///
    /// # Errors
    /// When the typeface cannot be used.
    pub fn lay_out(headings: Headings<'_>) -> Result<Page> {
        let right = f64::from(WIDTH) - EDGE;
        let title = wrap(headings.title, TITLE, right - EDGE, 2)?;
        let subtitle = wrap(headings.subtitle, SUBTITLE, right - EDGE, 2)?;
        let top = height_of(&title, &subtitle);
        let body = Area { left: EDGE, top, right, bottom: f64::from(HEIGHT) - EDGE };
        Ok(Page { body, title, subtitle })
    }

    /// Draws the headings.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let mut baseline = EDGE + TITLE.cap_height();
        for line in &self.title {
            canvas.text(line, (EDGE, baseline), Align::Left, TITLE, INK)?;
            baseline += TITLE.leading();
        }
        baseline += SUBTITLE.leading() - TITLE.leading() + 12.0;
        for line in &self.subtitle {
            canvas.text(line, (EDGE, baseline), Align::Left, SUBTITLE, MUTED)?;
            baseline += SUBTITLE.leading();
        }
        Ok(())
    }
}

/// Height of the headings with the white around them.
fn height_of(title: &[String], subtitle: &[String]) -> f64 {
    const BELOW: f64 = 22.0;
    let lines = |lines: &[String], face: Face| lines.len() as f64 * face.leading();
    EDGE + lines(title, TITLE) + lines(subtitle, SUBTITLE) + BELOW
}
