//! The lessons of the teaching page as ready requests, by their names.

use crate::error::{Error, Result, probably_meant};
use crate::explore::request::{RateName, Request, RunRequest, ScheduleName};

/// A lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it teaches, in English and Spanish.
    pub lesson: (&'static str, &'static str),
    /// What is run.
    pub request: Request,
}

/// All lessons in their order.
pub fn all() -> Vec<Preset> {
    let preset = |name, lesson, surface: &str, run: RunRequest| Preset {
        name,
        lesson,
        request: Request { surface: surface.to_string(), condition: None, runs: vec![run] },
    };
    let run = |start: &[f64], rate, schedule, gamma, iterations, tolerance| RunRequest {
        start: start.to_vec(),
        rate: RateName::Fixed(rate),
        schedule,
        gamma,
        max_iterations: Some(iterations),
        tolerance: Some(tolerance),
        ..RunRequest::default()
    };
    use ScheduleName::{Constant, Exponential, InverseRoot};
    vec![
        preset(
            "simple1d",
            ("A good rate goes down smoothly", "Una buena tasa baja suavemente"),
            "parabola",
            run(&[8.0], 0.1, Constant, None, 50, 1e-3),
        ),
        preset(
            "highAlpha",
            (
                "A rate that is too high jumps from wall to wall",
                "Una tasa demasiado alta salta de pared a pared",
            ),
            "parabola",
            run(&[8.0], 0.98, Constant, None, 50, 1e-3),
        ),
        preset(
            "lowAlphaDecay",
            ("A rate that falls with the root of the step", "Una tasa que cae con la raíz del paso"),
            "wave",
            run(&[8.0], 0.8, InverseRoot, None, 100, 1e-3),
        ),
        preset(
            "expDecay",
            ("A rate that falls exponentially", "Una tasa que cae exponencialmente"),
            "wave",
            run(&[8.0], 0.8, Exponential, Some(0.96), 100, 1e-3),
        ),
        preset(
            "complex2d",
            (
                "Where one starts decides which minimum one finds",
                "El punto de partida decide qué mínimo se encuentra",
            ),
            "himmelblau",
            run(&[-4.0, 4.0], 0.005, Constant, None, 200, 1e-2),
        ),
    ]
}

/// A lesson by its name, whatever its capitals.
///
/// # Errors
/// Usage, when there is none of that name.
pub fn by_name(name: &str) -> Result<Preset> {
    let all = all();
    let names: Vec<&str> = all.iter().map(|preset| preset.name).collect();
    let place = names.iter().position(|known| known.eq_ignore_ascii_case(name.trim()));
    match place {
        Some(place) => Ok(all[place].clone()),
        None => {
            let meant =
                probably_meant(name, names.iter().copied()).map_or(String::new(), |m| format!("`{m}`? "));
            Err(Error::usage(format!("there is no lesson `{name}`"))
                .hint(format!("{meant}there are: {}", names.join(", "))))
        }
    }
}
