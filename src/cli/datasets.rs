//! `clinreg datasets`: lists the data sets that can be used wherever a CSV is.

use serde_json::json;

use crate::cli::args::Global;
use crate::cli::files::{check_file, deliver};
use crate::cli::say::Say;
use crate::cli::status::Status;
use crate::data::builtin::{self, DataSet};
use crate::error::Result;

/// The verb.
///
/// # Errors
/// Io.
pub fn run(global: &Global, say: &Say) -> Result<Status> {
    let out = global.out.as_deref();
    check_file(out, &[])?;
    let sets = builtin::list()?;
    let text = if say.json { as_json(&sets) } else { as_text(&sets) };
    deliver(out, &text)?;
    if let Some(path) = out {
        say.written(path);
    }
    Ok(Status::Done)
}

fn as_json(sets: &[DataSet]) -> String {
    let list: Vec<_> = sets
        .iter()
        .map(|set| {
            json!({"name": set.name, "description": set.description, "rows": set.n_rows, "columns": set.columns})
        })
        .collect();
    format!("{:#}\n", json!(list))
}

fn as_text(sets: &[DataSet]) -> String {
    let one = |set: &DataSet| {
        let columns = wrapped(&set.columns.join(", "));
        format!("{}   {} rows\n    {}\n    columns:\n{columns}", set.name, set.n_rows, set.description)
    };
    sets.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Words in lines of at most 90 characters, indented.
fn wrapped(words: &str) -> String {
    const WIDTH: usize = 90;
    let mut text = String::new();
    let mut line = String::from("     ");
    for word in words.split(' ') {
        if line.trim().is_empty() || line.chars().count() + word.chars().count() < WIDTH {
            line = format!("{line} {word}");
        } else {
            text.push_str(&format!("{line}\n"));
            line = format!("      {word}");
        }
    }
    format!("{text}{line}\n")
}
