//! The page of an exploration: verdicts, settings and pictures on one self-contained sheet.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::error::{Error, Kind, Result};
use crate::explore::contour::status;
use crate::explore::files::Explored;
use crate::report::NamedFile;

#[derive(Serialize)]
struct Sheet {
    title: String,
    sections: Vec<Section>,
    figures: Vec<Figure>,
}

#[derive(Serialize)]
struct Section {
    heading: String,
    text: String,
    runs: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    label: String,
    status: String,
    en: String,
    es: String,
}

#[derive(Serialize)]
struct Figure {
    name: String,
    alt: &'static str,
    kind: &'static str,
    image: String,
}

/// The page. Names from the data are escaped.
///
/// # Errors
/// When the page cannot be made.
pub fn html(all: &[Explored<'_>], files: &[NamedFile]) -> Result<String> {
    let failed = |cause: minijinja::Error| Error::new(Kind::Io, format!("cannot make the page: {cause}"));
    let sections = all
        .iter()
        .map(|explored| {
            let surface = &explored.shown.surface;
            let runs = explored.shown.runs.iter().map(|run| Told {
                label: run.label.clone(),
                status: status(run),
                en: run.verdict.en.clone(),
                es: run.verdict.es.clone(),
            });
            Section { heading: surface.name.clone(), text: surface.text.clone(), runs: runs.collect() }
        })
        .collect::<Vec<_>>();
    let figures = files
        .iter()
        .filter_map(|file| {
            let kind = match file.name.rsplit_once('.')?.1 {
                "png" => "image/png",
                "gif" => "image/gif",
                _ => return None,
            };
            let image = STANDARD.encode(&file.bytes);
            Some(Figure { name: file.name.clone(), alt: alt(&file.name), kind, image })
        })
        .collect();
    let title = sections.first().map_or_else(String::new, |s| s.heading.clone());
    let mut environment = Environment::new();
    environment.add_template("explore.html", include_str!("page.html")).map_err(failed)?;
    let template = environment.get_template("explore.html").map_err(failed)?;
    template.render(Serde(Sheet { title, sections, figures })).map_err(failed)
}

/// What a picture shows, for those who cannot see it.
fn alt(name: &str) -> &'static str {
    let stem = name.trim_start_matches("raw_").split('.').next().unwrap_or("");
    match stem {
        "contour" => "The surface from above with the paths, arrows against the gradient, start and stop",
        "surface" => "The surface in three dimensions with the paths",
        "loss_and_gradient" => "Loss and gradient norm over the updates, with the tolerance",
        "eigen" => "Distance from the minimum along each direction of curvature",
        "scales" => "The same loss in standardised and in raw scale",
        _ => "The descent, update by update",
    }
}
