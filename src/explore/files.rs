//! The files of an exploration: pictures, animation, path, JSON and a page.

use crate::data::spreadsheet::safe;
use crate::error::Result;
use crate::explore::animation::gif;
use crate::explore::contour::{Contour, Sides};
use crate::explore::courses::Courses;
use crate::explore::exploration::Exploration;
use crate::explore::page;
use crate::explore::relief::Relief;
use crate::explore::surface::Surface;
use crate::plot::png::{Figure, png};
use crate::plot::svg::svg;
use crate::report::NamedFile;

/// A surface with what was found on it.
pub struct Explored<'a> {
    /// The surface.
    pub surface: &'a Surface,
    /// What was found.
    pub shown: &'a Exploration,
}

/// Whether the figures are wanted as SVG too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vector {
    /// PNG alone.
    No,
    /// Both.
    Too,
}

/// The files of one exploration, or of the same in two scales: the second's are named `raw_...`, and `scales.png`
/// shows both.
///
/// # Errors
/// When a picture cannot be drawn.
pub fn files(all: &[Explored<'_>], vector: Vector) -> Result<Vec<NamedFile>> {
    let mut files = Vec::new();
    for (k, explored) in all.iter().enumerate() {
        let prefix = if k == 0 { "" } else { "raw_" };
        of_one(explored, prefix, vector, &mut files)?;
    }
    if let [standardised, raw] = all {
        picture(&Sides { shown: [standardised.shown, raw.shown] }, "scales", vector, &mut files)?;
    }
    let html = page::html(all, &files)?;
    files.push(NamedFile::new("explore.html", html.into_bytes()));
    Ok(files)
}

fn of_one(explored: &Explored<'_>, prefix: &str, vector: Vector, files: &mut Vec<NamedFile>) -> Result<()> {
    let shown = explored.shown;
    let mut contour = Contour::new(shown);
    picture(&contour, &format!("{prefix}contour"), vector, files)?;
    if shown.window.len() == 2 {
        let relief = Relief::new(explored.surface, shown, &contour.title, &contour.subtitle);
        picture(&relief, &format!("{prefix}surface"), vector, files)?;
    }
    picture(&Courses::loss_and_gradient(shown), &format!("{prefix}loss_and_gradient"), vector, files)?;
    if let Some(eigen) = Courses::eigen(shown) {
        picture(&eigen, &format!("{prefix}eigen"), vector, files)?;
    }
    files.push(NamedFile::new(format!("{prefix}descent.gif"), gif(&mut contour)?));
    files.push(NamedFile::new(format!("{prefix}path.csv"), path_csv(shown).into_bytes()));
    files.push(NamedFile::new(format!("{prefix}explore.json"), json(shown).into_bytes()));
    Ok(())
}

fn picture(figure: &impl Figure, name: &str, vector: Vector, files: &mut Vec<NamedFile>) -> Result<()> {
    files.push(NamedFile::new(format!("{name}.png"), png(figure)?));
    if vector == Vector::Too {
        files.push(NamedFile::new(format!("{name}.svg"), svg(figure)?));
    }
    Ok(())
}

/// The exploration as JSON; what is no number is null.
pub fn json(shown: &Exploration) -> String {
    serde_json::to_string(shown).map(|text| text + "\n").unwrap_or_default()
}

/// One row a point of each path: run (from 1), its label, the update, the coefficients, value, gradient, norm, rate,
/// and the distance along each eigen-direction. What is no number is empty.
pub fn path_csv(shown: &Exploration) -> String {
    let axes = &shown.surface.axes;
    let named = |prefix: &str| axes.iter().map(|a| format!("{prefix}{a}")).collect::<Vec<_>>();
    let mut heads = vec!["run".to_string(), "label".to_string(), "iteration".to_string()];
    heads.extend(named(""));
    heads.push("value".to_string());
    heads.extend(named("gradient_"));
    heads.extend(["gradient_norm", "rate"].map(str::to_string));
    heads.extend((1..=axes.len()).map(|k| format!("along_{k}")));
    let mut text = record(&heads);
    for (k, run) in shown.runs.iter().enumerate() {
        for node in &run.points {
            let mut cells = vec![(k + 1).to_string(), run.label.clone(), node.iteration.to_string()];
            let numbers = node
                .at
                .iter()
                .chain([&node.value])
                .chain(&node.gradient)
                .chain([&node.gradient_norm, &node.rate])
                .chain(&node.components);
            cells.extend(numbers.map(|v| if v.is_finite() { v.to_string() } else { String::new() }));
            cells.resize(heads.len(), String::new());
            text += &record(&cells);
        }
    }
    text
}

fn record(cells: &[String]) -> String {
    let quoted = |cell: &String| {
        let cell = safe(cell);
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.into_owned()
        }
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
}
