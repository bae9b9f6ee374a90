//! `clinreg verify`: runs the fit of a report again and says what differs.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::args::Global;
use crate::cli::fit::{Done, fit_alone};
use crate::cli::progress;
use crate::cli::recalled::{Recalled, recall};
use crate::cli::recorded::Typed;
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::cli::trust_args::VerifyArgs;
use crate::error::{Error, Result};
use crate::model::{Difference, count_numbers, differences};
use crate::optimise::stop::StopReason;
use crate::report::{command, effects, model, validation};
use crate::serve::train::work::BY_HAND;

/// How many differences are listed; `--json` has all.
const LISTED: usize = 40;

/// A file of the report against what the fit gives now.
struct Compared {
    name: &'static str,
    n_numbers: usize,
    same_bytes: bool,
    differences: Vec<Difference>,
}

impl Compared {
    /// Whether anything but a remark on the data differs.
    fn differs(&self) -> bool {
        self.differences.iter().any(|difference| !difference.is_a_remark())
    }
}

/// The verb: recalls, fits, compares, says what differs. Nothing is written.
///
/// # Errors
/// Io, Model or Data: no model, no data, or not those of the fit; and all that a fit can meet.
pub fn run(args: &VerifyArgs, global: &Global, say: &Say) -> Result<Status> {
    let recalled = recall(&args.report, args.data.as_deref())?;
    check(&recalled)?;
    progress::listen()?;
    say.note(&command::line(recalled.words.iter().cloned()));
    // Another file is told before a long fit.
    if recalled.args.imputation.pool {
        recalled.check_pooled()?;
    } else {
        recalled.open()?;
    }
    let recorded = recalled.model.command.clone().unwrap_or_default();
    let line = command::line(recalled.words.iter().cloned());
    let quiet = Say { quiet: true, json: say.json };
    let progress = if global.quiet { &quiet } else { say };
    let done = fit_alone(&recalled.args, &recalled.global, &Typed { line, recorded }, progress)?;
    recalled.check(&done.fit.ledger.sha256)?;
    if progress::interrupted() {
        say::warn("interrupted: nothing was compared", None);
        return Ok(Status::NotConverged);
    }
    let compared = compare(&recalled, &done)?;
    say.result(&text(&recalled, &compared))?;
    if say.json {
        say::data(&as_json(&compared))?;
    }
    Ok(if compared.iter().any(Compared::differs) { Status::Differs } else { Status::Done })
}

/// Refuses what cannot come out the same.
fn check(recalled: &Recalled) -> Result<()> {
    let (model, here) = (&recalled.model, recalled.path.display());
    if model.clinreg_version != env!("CARGO_PKG_VERSION") {
        return Err(Error::model(format!(
            "`{here}` was written by clinreg {}, and this is {}: another version may give other digits",
            model.clinreg_version,
            env!("CARGO_PKG_VERSION")
        ))
        .hint("verify it with the version that wrote it, or fit it again with this one"));
    }
    if model.convergence.reason == StopReason::Interrupted.words() {
        return Err(Error::model(format!(
            "the fit of `{here}` was interrupted: no command ends at the same place"
        ))
        .hint("fit it again and let it end"));
    }
    if model.data.notices.iter().any(|notice| notice.starts_with(BY_HAND)) {
        return Err(Error::model(format!(
            "the descent of `{here}` was steered by hand, which no command does: see `data.notices`"
        ))
        .hint("train it again without a hand on the learning rate"));
    }
    Ok(())
}

fn compare(recalled: &Recalled, done: &Done) -> Result<Vec<Compared>> {
    let now = [
        ("effects.json", done.context.effects.as_ref().map(effects::json)),
        ("validation.json", done.context.validation.as_ref().map(validation::json)),
    ];
    let own = model(&done.fit, &done.context).to_json();
    let mut all = vec![against("model.json", &recalled.text, &own)?];
    for (name, now) in now {
        if let (Some(then), Some(now)) = (recalled.beside(name), now) {
            all.push(against(name, &then, &now)?);
        }
    }
    Ok(all)
}

fn against(name: &'static str, then: &str, now: &str) -> Result<Compared> {
    let read = |text: &str| -> Result<Value> {
        serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|why| Error::model(format!("`{name}` of the report is not JSON: {why}")))
    };
    let (first, second) = (read(then)?, read(now)?);
    let differences = differences(&first, &second);
    Ok(Compared { name, n_numbers: count_numbers(&first), same_bytes: then == now, differences })
}

fn text(recalled: &Recalled, compared: &[Compared]) -> String {
    let mut text = String::new();
    for file in compared {
        let place = recalled.folder.join(file.name);
        let place = if file.name == "model.json" { recalled.path.display() } else { place.display() };
        let outcome = match (file.same_bytes, file.differences.len()) {
            (true, _) => format!("same bits ({} numbers)", file.n_numbers),
            (false, 0) => format!("same {} numbers and words, laid out otherwise", file.n_numbers),
            (false, n) if !file.differs() => {
                format!("same {} numbers; {n} of the remarks on the data differ", file.n_numbers)
            }
            (false, n) => format!("{n} places differ"),
        };
        text.push_str(&format!("{place}: {outcome}\n"));
        for difference in file.differences.iter().take(LISTED) {
            line(difference, &mut text);
        }
        if file.differences.len() > LISTED {
            text.push_str(&format!(
                "  ... and {} more (`--json` lists all)\n",
                file.differences.len() - LISTED
            ));
        }
        let largest = file.differences.iter().filter_map(Difference::relative).fold(None, largest);
        if let Some(largest) = largest {
            text.push_str(&format!("  the largest relative difference of a number is {largest:.1e}\n"));
        }
    }
    text
}

fn largest(so_far: Option<f64>, next: f64) -> Option<f64> {
    Some(so_far.map_or(next, |x| x.max(next)))
}

fn line(difference: &Difference, text: &mut String) {
    let shown = |value: &Option<Value>| match value {
        Some(value) => value.to_string(),
        None => "nothing".to_string(),
    };
    let relative =
        difference.relative().map_or_else(String::new, |by| format!(" (relative difference {by:.1e})"));
    let _always_room = writeln!(
        text,
        "  {}: recorded {}, now {}{relative}",
        difference.key,
        shown(&difference.first),
        shown(&difference.second)
    );
}

fn as_json(compared: &[Compared]) -> String {
    let of_file = |file: &Compared| -> Value {
        let all: Vec<Value> = file
            .differences
            .iter()
            .map(|d| json!({"key": d.key, "recorded": d.first, "now": d.second}))
            .collect();
        json!({"file": file.name, "numbers": file.n_numbers, "same_bits": file.same_bytes, "differences": all})
    };
    let same = !compared.iter().any(Compared::differs);
    format!("{:#}\n", json!({"same": same, "files": compared.iter().map(of_file).collect::<Vec<_>>()}))
}
