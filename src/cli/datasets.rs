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
        let columns = format!("columns: {}", set.columns.join(", "));
        format!("{}   {} rows\n{}{}", set.name, set.n_rows, wrapped(&set.description), wrapped(&columns))
    };
    sets.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Words in lines of about 100 characters, indented.
fn wrapped(words: &str) -> String {
    const WIDTH: usize = 100;
    const INDENT: &str = "    ";
    let mut text = String::new();
    let mut line = String::new();
    for word in words.split(' ') {
        if !line.is_empty() && INDENT.len() + line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&format!("{INDENT}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    format!("{text}{INDENT}{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_lines_keep_every_word_and_stay_narrow() {
        let words: Vec<String> = (0..60).map(|k| format!("column_{k},")).collect();
        let text = wrapped(&words.join(" "));
        assert!(text.lines().all(|line| line.chars().count() <= 100));
        assert_eq!(text.split_whitespace().collect::<Vec<_>>(), words);
    }
}
