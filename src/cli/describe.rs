//! `clinreg describe`: the baseline table of a CSV by the groups of one column.

use crate::cli::args::Global;
use crate::cli::check::said_once;
use crate::cli::describe_args::DescribeArgs;
use crate::cli::files::check_folder;
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::data::choices::{DataChoices, no_such_column};
use crate::data::csv::{self, Source};
use crate::error::{Error, Result};
use crate::inference::baseline::{Request, table_one};
use crate::report::table_one::{About, files, json, text};
use crate::report::withhold::notices_without_counts;

/// The verb: reads, describes, prints; with `--out` it writes too.
///
/// # Errors
/// Usage, Data or Io; nothing half-written is left.
pub fn run(args: &DescribeArgs, global: &Global, command: &str, say: &Say) -> Result<Status> {
    let choices = choices(args)?;
    let named = named(args)?;
    check_folder(global.out.as_deref())?;
    let source = csv::open(&args.data)?;
    let columns = columns(args, named.as_deref(), &source)?;
    let typed = source.typed(&columns, &choices)?;
    let request = Request { by: args.by.clone(), variables: named, suppress_below: args.suppress_below };
    let one = table_one(&typed.table, &request)?;
    let mut notices: Vec<String> = source.notices.iter().chain(&typed.notices).cloned().collect();
    if let Some(below) = args.suppress_below {
        notices_without_counts(&mut notices, below, one.is_withheld(one.without_group));
    }
    let about = About {
        file: source.file.clone(),
        sha256: source.sha256.clone(),
        rows_read: source.n_rows,
        notices,
        command: command.to_string(),
    };
    if let Some(folder) = &global.out {
        crate::report::write(folder, &files(&one, &about)?)?;
    }
    say.result(&text(&one, &about))?;
    if say.json {
        say::data(&json(&one, &about))?;
    }
    if let Some(folder) = &global.out {
        say.written(folder);
    }
    Ok(Status::Done)
}

fn choices(args: &DescribeArgs) -> Result<DataChoices> {
    said_once("--levels", args.levels.iter().map(|l| l.variable.as_str()))?;
    let mut factors = args.factor.concat();
    factors.push(args.by.clone()); // groups are levels, whatever they look like
    Ok(DataChoices {
        na: args.na.concat(),
        factors,
        levels: args.levels.iter().map(|l| (l.variable.clone(), l.levels.clone())).collect(),
        ..DataChoices::default()
    })
}

/// The variables that the user names, each once and none of them the group.
fn named(args: &DescribeArgs) -> Result<Option<Vec<String>>> {
    let names = args.variables.concat();
    if names.is_empty() {
        return Ok(None);
    }
    said_once("--variables", names.iter().map(String::as_str))?;
    if names.contains(&args.by) {
        return Err(Error::usage(format!("`{}` makes the groups and cannot be described by them", args.by))
            .hint("take it out of `--variables`, or name another column with `--by`"));
    }
    Ok(Some(names))
}

/// The group's column first, then those named, or all others.
fn columns(args: &DescribeArgs, named: Option<&[String]>, source: &Source) -> Result<Vec<String>> {
    if !source.header.contains(&args.by) {
        return Err(no_such_column(&args.by, &source.header, ", which --by names"));
    }
    let wanted = match named {
        Some(names) => names.to_vec(),
        None => source.header.iter().filter(|name| **name != args.by).cloned().collect(),
    };
    if let Some(name) = wanted.iter().find(|name| !source.header.contains(name)) {
        return Err(no_such_column(name, &source.header, ", which --variables names"));
    }
    Ok([vec![args.by.clone()], wanted].concat())
}
