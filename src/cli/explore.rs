//! `clinreg explore`: gradient descent on a surface or on the loss of a fit, as pictures, numbers and a verdict.

use std::path::{Path, PathBuf};

use crate::cli::args::Global;
use crate::cli::check::reading_spec;
use crate::cli::explore_args::{ExploreArgs, RunArgs};
use crate::cli::files::{check_folder, default_folder};
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::data::csv;
use crate::error::{Error, Result};
use crate::explore::contour::status;
use crate::explore::exploration::{Exploration, run_in_full};
use crate::explore::files::{Explored, Vector, files};
use crate::explore::pair::{Model, Others, Units};
use crate::explore::preset::{self, Preset};
use crate::explore::request::{MOST_ITERATIONS, MOST_RUNS, MethodName, RateName, RunRequest};
use crate::explore::surface::Surface;
use crate::report;

/// The verb: runs, writes the folder, says the verdicts.
///
/// # Errors
/// Usage, Data, Formula or Io. A run that does not converge is no error; the status says so.
pub fn run(args: &ExploreArgs, global: &Global, say: &Say) -> Result<Status> {
    check_folder(global.out.as_deref())?;
    let lesson = args.surface.preset.as_deref().map(preset::by_name).transpose()?;
    let (surfaces, name) = surfaces(args, lesson.as_ref(), say)?;
    let runs = runs(&args.runs, lesson.as_ref(), global)?;
    let shown: Vec<Exploration> = surfaces
        .iter()
        .map(|surface| run_in_full(surface, &runs, MOST_ITERATIONS + 1))
        .collect::<Result<_>>()?;
    let all: Vec<Explored<'_>> =
        surfaces.iter().zip(&shown).map(|(surface, shown)| Explored { surface, shown }).collect();
    let written = files(&all, if args.runs.svg { Vector::Too } else { Vector::No })?;
    let folder = global.out.clone().unwrap_or(name);
    report::write(&folder, &written)?;
    say.result(&shown.iter().map(told).collect::<Vec<_>>().join("\n"))?;
    if say.json {
        say::data(&json(&shown))?;
    }
    say.written(&folder);
    let converged = shown.iter().flat_map(|shown| &shown.runs).all(|run| run.converged);
    Ok(if converged { Status::Done } else { Status::NotConverged })
}

/// What is explored, in one scale or in both, and the folder that is named after it.
fn surfaces(args: &ExploreArgs, lesson: Option<&Preset>, say: &Say) -> Result<(Vec<Surface>, PathBuf)> {
    let folder = |name: &str| Path::new("reports").join(format!("explore-{name}"));
    if let Some(lesson) = lesson {
        let surface = Surface::by_name(&lesson.request.surface, args.surface.condition)?;
        say.note(&format!("{}: {}", lesson.name, lesson.lesson.0));
        return Ok((vec![surface], folder(lesson.name)));
    }
    if args.surface.from.is_some() {
        return of_a_fit(args, say);
    }
    let Some(what) = &args.what else {
        return Err(Error::usage("no surface is named")
            .hint(format!("there are: {}; or `--preset highAlpha`", Surface::names().join(", "))));
    };
    if args.formula.is_some() {
        return Err(
            Error::usage("a surface takes no formula").hint("for the loss of a fit add `--from model`")
        );
    }
    let surface = Surface::by_name(what, args.surface.condition)?;
    let name = surface.name();
    Ok((vec![surface], folder(&name)))
}

fn of_a_fit(args: &ExploreArgs, say: &Say) -> Result<(Vec<Surface>, PathBuf)> {
    let (Some(data), Some(formula)) = (&args.what, &args.formula) else {
        return Err(Error::usage("`--from model` needs DATA and a FORMULA").hint(
            "clinreg explore --from model trial.csv 'y ~ age + treatment' --over 'age,treatment[new]'",
        ));
    };
    if args.surface.condition.is_some() {
        return Err(
            Error::usage("the condition number is the valley's knob, not a fit's").hint("leave it out")
        );
    }
    let source = csv::open(Path::new(data))?;
    let model = Model::read(&reading_spec(formula, &args.reading)?, &source)?;
    let ledger = model.ledger();
    say.note(&format!("rows read {}, used {}", ledger.rows_read, ledger.rows_used));
    let over = over(args.surface.over.as_deref(), &model.terms())?;
    let others = if args.surface.profiled { Others::Profiled } else { Others::Held };
    let units = match (args.surface.both_scales, args.surface.raw_scale) {
        (true, _) => vec![Units::Standardised, Units::Raw],
        (_, true) => vec![Units::Raw],
        _ => vec![Units::Standardised],
    };
    let surfaces = units
        .into_iter()
        .map(|units| {
            let pair = model.pair([&over[0], &over[1]], others, units)?;
            Ok(Surface::Pair(Box::new(pair)))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok((surfaces, default_folder(Path::new(data), &format!("{}-explore", over.join("-")))))
}

/// The two coefficients: as named, split at a comma that leaves two names of the model; or the first two predictors.
fn over(named: Option<&str>, terms: &[&str]) -> Result<[String; 2]> {
    let list = || format!("it has: {}", terms.join(", "));
    let Some(named) = named else {
        let predictors: Vec<&&str> = terms.iter().filter(|term| **term != "(Intercept)").collect();
        return match (predictors.as_slice(), terms) {
            ([a, b, ..], _) => Ok([a.to_string(), b.to_string()]),
            (_, [a, b]) => Ok([a.to_string(), b.to_string()]),
            _ => Err(Error::usage("the model has fewer than two coefficients").hint(list())),
        };
    };
    let halves: Vec<(&str, &str)> =
        named.match_indices(',').map(|(at, _)| (named[..at].trim(), named[at + 1..].trim())).collect();
    let both = halves.iter().find(|(a, b)| terms.contains(a) && terms.contains(b)).or(halves.first());
    match both {
        Some((a, b)) => Ok([(*a).to_string(), (*b).to_string()]),
        None => {
            Err(Error::usage(format!("`--over {named}` names one coefficient, and two are needed"))
                .hint(list()))
        }
    }
}

/// Every start with every rate and every method; a lesson's own run with what is changed of it.
fn runs(args: &RunArgs, lesson: Option<&Preset>, global: &Global) -> Result<Vec<RunRequest>> {
    let base = lesson.and_then(|lesson| lesson.request.runs.first().cloned()).unwrap_or_default();
    let or = |given: &[Vec<f64>], usual: &Vec<f64>| {
        if given.is_empty() { vec![usual.clone()] } else { given.to_vec() }
    };
    let starts = or(&args.start, &base.start);
    let rates: Vec<RateName> = if args.rate.is_empty() { vec![base.rate] } else { args.rate.clone() };
    let methods: Vec<MethodName> =
        if args.method.is_empty() { vec![base.method] } else { args.method.clone() };
    let count = starts.len() * rates.len() * methods.len();
    if count > MOST_RUNS {
        return Err(Error::usage(format!(
            "{} starts, {} rates and {} methods make {count} runs, and {MOST_RUNS} are the most",
            starts.len(),
            rates.len(),
            methods.len()
        ))
        .hint("name fewer"));
    }
    let mut runs = Vec::with_capacity(count);
    for start in &starts {
        for method in &methods {
            for rate in &rates {
                runs.push(RunRequest {
                    start: start.clone(),
                    method: *method,
                    rate: *rate,
                    friction: args.friction.or(base.friction),
                    schedule: args.schedule.unwrap_or(base.schedule),
                    gamma: args.gamma.or(base.gamma),
                    every: args.every.or(base.every),
                    noise: args.noise,
                    batch: args.batch_size,
                    tolerance: args.tolerance.or(base.tolerance),
                    max_iterations: args.max_iterations.or(base.max_iterations),
                    seed: global.seed(),
                });
            }
        }
    }
    Ok(runs)
}

/// The verdicts in words.
fn told(shown: &Exploration) -> String {
    let surface = &shown.surface;
    let mut text = format!("{}: {}\n", surface.name, surface.text);
    for run in &shown.runs {
        text += &format!("\n{} ({})\n  {}\n", run.label, status(run), run.verdict.en);
    }
    text
}

/// One exploration, or the list of both scales.
fn json(shown: &[Exploration]) -> String {
    match shown {
        [only] => crate::explore::files::json(only),
        both => serde_json::to_string(both).map(|text| text + "\n").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_commas_are_told_apart_by_the_model_s_own() {
        let terms = ["(Intercept)", "age", "rcs(bmi, 4)", "treatment[new]"];
        assert_eq!(over(Some("age,treatment[new]"), &terms).expect("two"), ["age", "treatment[new]"]);
        assert_eq!(over(Some("rcs(bmi, 4), age"), &terms).expect("two"), ["rcs(bmi, 4)", "age"]);
        assert_eq!(over(None, &terms).expect("two"), ["age", "rcs(bmi, 4)"]);
        assert_eq!(over(None, &["(Intercept)", "age"]).expect("two"), ["(Intercept)", "age"]);
        assert!(over(Some("age"), &terms).is_err() && over(None, &["age"]).is_err());
    }
}
