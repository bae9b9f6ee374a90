//! `clinreg crosscheck`: the same fit as scripts for R, Python and Stata, run where they are installed, and compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::args::Global;
use crate::cli::check::fit_spec;
use crate::cli::files::check_folder;
use crate::cli::programs::{self, Program};
use crate::cli::recalled::{Recalled, recall};
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::cli::trust_args::CrosscheckArgs;
use crate::crosscheck::recipe::{DataFile, Recipe};
use crate::crosscheck::verdict::{self, Compared, TOLERANCE};
use crate::crosscheck::{python, r, stata};
use crate::data::{builtin, form, several};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::report::align::{Align, Head, Line, table};
use crate::report::{self, NamedFile};

/// What one program made of it.
struct Ran {
    program: Program,
    compared: Vec<Compared>,
}

/// The verb: recalls, writes the scripts, runs them, says what agrees.
///
/// # Errors
/// Io, Model, Data: no model, no data, a model that no other program can give. A script that does not run is told and
/// is no success.
pub fn run(args: &CrosscheckArgs, global: &Global, say: &Say) -> Result<Status> {
    check_folder(global.out.as_deref())?;
    let recalled = recall(&args.model, args.data.as_deref())?;
    let folder = global.out.clone().unwrap_or_else(|| recalled.folder.join(report::CROSSCHECK));
    let (scripts, data) = write(&recalled, &folder, say)?;
    say.written(&folder);
    // Longer than any run; a Duration cannot be.
    let limit = Duration::from_secs_f64((args.time_limit * 60.0).min(1e9));
    let installed = [programs::r(), programs::python(), programs::stata()];
    let (mut all, mut failed) = (Vec::new(), Vec::new());
    for program in installed.into_iter().flatten().filter(|p| scripts.iter().any(|s| s == p.script)) {
        say.note(&format!("{}: {}", program.name, program.script));
        let found = programs::run(&program, &folder.join(program.script), &data, limit)
            .and_then(|text| verdict::read(&text, recalled.model.coefficients.len()));
        match found {
            Ok(found) => all.push(Ran { program, compared: verdict::compare(&recalled.model, &found) }),
            Err(error) => failed.push((program, error)),
        }
    }
    failed.iter().for_each(|(_, error)| say::error(error));
    if all.is_empty() && failed.is_empty() {
        say::warn(
            "none of R, Python with statsmodels and Stata is installed: the scripts were written, nothing was compared",
            Some("run them where one of these is, with the data as their argument"),
        );
    }
    say.result(&text(&recalled.model, &all))?;
    if say.json {
        say::data(&as_json(&all, &failed))?;
    }
    let agree = all.iter().all(|ran| ran.compared.iter().all(Compared::agrees));
    Ok(if agree && failed.is_empty() { Status::Done } else { Status::Differs })
}

/// Writes the scripts; gives their names and where the data are.
fn write(recalled: &Recalled, folder: &Path, say: &Say) -> Result<(Vec<String>, Vec<PathBuf>)> {
    let spec = fit_spec(&recalled.args, recalled.global.seed())?;
    if recalled.args.imputation.pool {
        return Err(Error::model(
            "the model is pooled over several completed files, which a script of one fit cannot be",
        )
        .hint("fit one of the completed files and crosscheck that"));
    }
    let source = recalled.open()?;
    let data = &recalled.args.model.data;
    let mut files = Vec::new();
    let places = match data.to_str().and_then(|text| text.strip_prefix('@')) {
        Some(name) => {
            let file = NamedFile::new(format!("{name}.csv"), builtin::csv(name)?);
            let place = folder.join(&file.name);
            report::write(folder, std::slice::from_ref(&file))?;
            vec![place]
        }
        None => several::named(data)?,
    };
    for path in &places {
        files.push(DataFile { path: path.clone(), form: form::text_form(path)? });
    }
    let recipe = Recipe::new(&recalled.model, &spec, &source, files)?;
    if !recalled.model.convergence.converged {
        say::warn(
            &format!(
                "the model did not converge ({}): other programs go on to the answer, and will differ",
                recalled.model.convergence.reason
            ),
            Some("fit it with `--optimizer auto` first"),
        );
    }
    let mut scripts =
        vec![("crosscheck.R", r::script(&recipe)?), ("crosscheck.py", python::script(&recipe)?)];
    match stata::script(&recipe)? {
        Ok(text) => scripts.push(("crosscheck.do", text)),
        Err(why) => {
            say.note(&why);
            // A do-file of an earlier run is not this model's; where there is none there is nothing to remove.
            let _tried = fs::remove_file(folder.join("crosscheck.do"));
        }
    }
    let named: Vec<NamedFile> =
        scripts.into_iter().map(|(name, text)| NamedFile::new(name, text.into_bytes())).collect();
    report::write(folder, &named)?;
    Ok((named.into_iter().map(|file| file.name).collect(), places))
}

/// One line a coefficient, one column a program: the distance where it agrees, the other's numbers where not.
fn text(model: &Model, all: &[Ran]) -> String {
    let Some(first) = all.first() else { return String::new() };
    let column = |title| Head { title, align: Align::Left };
    let mut heads = vec![column(""), column("estimate"), column("std. error")];
    heads.extend(all.iter().map(|ran| column(&ran.program.name)));
    let cell = |value: Option<f64>| value.map_or_else(String::new, |x| format!("{x:.7}"));
    let (whole, of_terms) = first.compared.split_at(verdict::OF_THE_WHOLE);
    let mut lines: Vec<Line> = Vec::new();
    let mut push = |name: &str, values: [Option<f64>; 2], from: usize, to: usize| {
        let mut cells = vec![name.to_string(), cell(values[0]), cell(values[1])];
        cells.extend(all.iter().map(|ran| judged(&ran.compared[from..to])));
        lines.push(Line::Cells(cells));
    };
    for (k, c) in model.coefficients.iter().enumerate().take(of_terms.len() / 2) {
        let from = whole.len() + 2 * k;
        push(&c.term, [c.estimate, c.std_error], from, from + 2);
    }
    for (k, one) in whole.iter().enumerate() {
        push(&one.what, [one.model, None], k, k + 1);
    }
    let mut text = table(&heads, &lines);
    text.push('\n');
    for ran in all {
        let wrong = ran.compared.iter().filter(|one| !one.agrees()).count();
        let n = ran.compared.len();
        let largest = ran.compared.iter().filter_map(|one| one.distance).fold(0.0, f64::max);
        text.push_str(&match wrong {
            0 => format!(
                "{}: all {n} numbers agree; the largest difference is {largest:.0e}\n",
                ran.program.name
            ),
            _ => format!("{}: {wrong} of {n} numbers differ by more than {TOLERANCE:e}\n", ran.program.name),
        });
    }
    if verdict::fits_exactly(model) {
        text.push_str("The model fits exactly: standard errors and log-likelihood are rounding and were not compared.\n");
    }
    text.push_str(&format!(
        "Differences are relative; that of an estimate is in standard errors where these are larger. Standard errors: {}.\n",
        model.standard_errors
    ));
    text
}

/// What is said of the numbers of one line.
fn judged(numbers: &[Compared]) -> String {
    if numbers.iter().all(Compared::agrees) {
        let largest = numbers.iter().filter_map(|one| one.distance).fold(0.0, f64::max);
        return format!("agrees ({largest:.0e})");
    }
    let shown = |one: &Compared| one.other.map_or_else(|| "none".to_string(), |x| format!("{x:.7}"));
    format!("DIFFERS: {}", numbers.iter().map(shown).collect::<Vec<_>>().join(", "))
}

fn as_json(all: &[Ran], failed: &[(Program, Error)]) -> String {
    let of_program = |ran: &Ran| -> Value {
        let numbers: Vec<Value> = ran
            .compared
            .iter()
            .map(|one| {
                json!({"what": one.what, "model": one.model, "other": one.other, "distance": one.distance,
                       "agrees": one.agrees()})
            })
            .collect();
        json!({"program": ran.program.name, "agrees": ran.compared.iter().all(Compared::agrees), "numbers": numbers})
    };
    let failed: Vec<Value> = failed
        .iter()
        .map(|(program, error)| json!({"program": program.name, "error": error.message}))
        .collect();
    let programs: Vec<Value> = all.iter().map(of_program).collect();
    format!("{:#}\n", json!({"tolerance": TOLERANCE, "programs": programs, "failed": failed}))
}
