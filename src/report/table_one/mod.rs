//! The baseline table as it leaves the program: JSON, CSV, Markdown, a page, and text for the terminal.

mod json;
mod rows;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::error::{Error, Kind, Result};
use crate::inference::baseline::TableOne;
use crate::report::NamedFile;
use crate::report::align::{Align, Head, Line, table, wrapped};
use crate::report::numbers::count;
use crate::report::table_one::rows::{Row, heads, rows};
use crate::report::tables::written;
use crate::report::words::visible;

pub use json::json;

/// Where the rows come from, and what was decided on the way.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The data file.
    pub file: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Rows in it; where few of them have no group and counts are withheld, it is not told.
    pub rows_read: usize,
    /// One sentence each.
    pub notices: Vec<String>,
    /// The command as typed.
    pub command: String,
}

const WIDTH: usize = 100;
const TEMPLATE: &str = include_str!("page.html");

/// table1.json, table1.csv, table1.md, table1.html, summary.txt.
///
/// # Errors
/// Io, when a record or the page cannot be made (memory, or a fault of this program).
pub fn files(one: &TableOne, about: &About) -> Result<Vec<NamedFile>> {
    let file = |name: &str, bytes: Vec<u8>| NamedFile::new(name, bytes);
    Ok(vec![
        file("table1.json", json(one, about).into_bytes()),
        file("table1.csv", csv(one)?),
        file("table1.md", markdown(one, about).into_bytes()),
        file("table1.html", page(one, about)?.into_bytes()),
        file("summary.txt", text(one, about).into_bytes()),
    ])
}

/// The table for the terminal.
pub fn text(one: &TableOne, about: &About) -> String {
    let names = heads(one);
    let heads: Vec<Head<'_>> = names
        .iter()
        .enumerate()
        .map(|(k, title)| Head { title, align: if k == 0 { Align::Left } else { Align::Right } })
        .collect();
    let line = |row: Row| {
        let first = if row.level.is_empty() { row.variable } else { format!("  {}", row.level) };
        Line::Cells([vec![first], row.cells, vec![row.smd]].concat())
    };
    let lines: Vec<Line> = rows(one).into_iter().map(line).collect();
    let notes: String = notes(one, about).iter().map(|n| format!("{}\n", wrapped(n, WIDTH, "  "))).collect();
    format!("{}\n{}\n{notes}", wrapped(&title(one, about), WIDTH, "  "), table(&heads, &lines))
}

fn title(one: &TableOne, about: &About) -> String {
    format!("{} by {}", visible(&about.file), visible(&one.by))
}

/// What a reader must know of the rows, the columns and the numbers.
fn notes(one: &TableOne, about: &About) -> Vec<String> {
    let n: usize = one.n_by_group.iter().sum();
    let mut notes = vec![match one.without_group {
        without if one.is_withheld(without) => format!(
            "{} rows count; fewer than {} have no value of {}, and how many rows were read is withheld.",
            count(n as f64),
            one.suppress_below.unwrap_or_default(),
            visible(&one.by)
        ),
        0 => format!("All {} rows count.", count(n as f64)),
        without => format!(
            "{} of {} rows count; {} without a value of {}.",
            count(n as f64),
            count(about.rows_read as f64),
            count(without as f64),
            visible(&one.by)
        ),
    }];
    let pairs = if one.groups.len() > 2 { " (the mean over all pairs of groups)" } else { "" };
    notes.push(format!(
        "SMD: standardised mean difference{pairs}. Per cents are of the rows with a value; IQR: the quartiles."
    ));
    notes.extend(one.suppress_below.map(withheld));
    if !one.two_valued.is_empty() {
        let names: Vec<String> = one.two_valued.iter().map(|n| visible(n)).collect();
        let how = match one.suppress_below {
            Some(_) => "counted by value, for a mean would tell a withheld count",
            None => "described by their mean (`--factor` counts them by value)",
        };
        notes.push(format!("Numbers with two values, {how}: {}.", names.join(", ")));
    }
    if !one.left_out.is_empty() {
        let list: Vec<String> =
            one.left_out.iter().map(|(name, why)| format!("{} ({})", visible(name), visible(why))).collect();
        notes.push(format!("Left out: {}. `--variables` names what is wanted.", list.join(", ")));
    }
    notes.extend(about.notices.iter().map(|n| format!("- {}", visible(n))));
    notes
}

/// What is withheld, in words.
fn withheld(below: usize) -> String {
    format!(
        "<{below}: a count from 1 to {} withheld; *: withheld so that no sum or difference gives such a count back. \
         Extremes are withheld, and differences that would tell. Each variable is protected by itself: further tables of \
         the same patients can undo it.",
        below - 1
    )
}

/// The table as printed, a record a line.
fn csv(one: &TableOne) -> Result<Vec<u8>> {
    let mut names = heads(one);
    names.splice(0..1, ["variable", "level"].map(str::to_string));
    let records =
        rows(one).into_iter().map(|row| [vec![row.variable, row.level], row.cells, vec![row.smd]].concat());
    written(std::iter::once(names).chain(records))
}

fn markdown(one: &TableOne, about: &About) -> String {
    let cell = |text: &str| -> String {
        let escaped = text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*");
        visible(&escaped.replace('_', "\\_").replace('`', "\\`"))
    };
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let names = heads(one);
    let mut out = format!("**{}**\n\n", cell(&title(one, about)));
    out.push_str(&line(names.iter().map(|n| cell(n)).collect()));
    out.push_str(&line(
        names.iter().enumerate().map(|(k, _)| if k == 0 { ":--" } else { "--:" }.to_string()).collect(),
    ));
    for row in rows(one) {
        let first =
            if row.level.is_empty() { cell(&row.variable) } else { format!("&emsp;{}", cell(&row.level)) };
        let cells = [vec![first], row.cells.iter().map(|c| cell(c)).collect(), vec![row.smd]].concat();
        out.push_str(&line(cells));
    }
    out.push('\n');
    notes(one, about).iter().for_each(|n| out.push_str(&format!("{}\n\n", cell(n))));
    out
}

/// The table as a section of a fit's page.
#[derive(Serialize)]
pub(super) struct InPage {
    heads: Vec<String>,
    rows: Vec<Row>,
    notes: Vec<String>,
    /// Whether groups are compared, by their standardised differences.
    compared: bool,
}

/// The table for the page of a fit that used so many rows.
pub(super) fn in_page(one: &TableOne, rows_used: usize) -> InPage {
    let n: usize = one.n_by_group.iter().sum();
    let compared = one.groups.len() > 1;
    let (rows, used) = (count(n as f64), count(rows_used as f64));
    let by = visible(&one.by);
    let mut which = match (one.suppress_below, compared) {
        (Some(_), _) => format!("The {rows} rows that the model uses."),
        (None, true) => format!("{rows} rows with a value of {by}; the model uses {used}."),
        (None, false) => format!("All {rows} rows of the file; the model uses {used}."),
    };
    if compared {
        let pairs = if one.groups.len() > 2 { ", the mean over all pairs of groups" } else { "" };
        which.push_str(&format!(" SMD: standardised mean difference{pairs}."));
    }
    let mut notes = vec![format!(
        "{which} Per cents are of the rows with a value; IQR: the quartiles. Rows are counted once, whatever their weight."
    )];
    notes.extend(one.suppress_below.map(withheld));
    if !one.left_out.is_empty() {
        let list: Vec<String> =
            one.left_out.iter().map(|(name, why)| format!("{} ({})", visible(name), visible(why))).collect();
        notes.push(format!("Left out: {}.", list.join(", ")));
    }
    InPage { heads: heads(one), rows: self::rows::rows(one), notes, compared }
}

#[derive(Serialize)]
struct Page {
    version: &'static str,
    title: String,
    heads: Vec<String>,
    rows: Vec<Row>,
    notes: Vec<String>,
    command: String,
    sha256: String,
}

/// The page, complete in itself; everything from the data is escaped.
fn page(one: &TableOne, about: &About) -> Result<String> {
    let failed = |e: minijinja::Error| Error::new(Kind::Io, format!("cannot make table1.html: {e:#}"));
    let mut environment = Environment::new();
    environment.add_template("table1.html", TEMPLATE).map_err(failed)?; // .html: everything is escaped
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        title: title(one, about),
        heads: heads(one),
        rows: rows(one),
        notes: notes(one, about),
        command: visible(&about.command),
        sha256: about.sha256.clone(),
    };
    environment.get_template("table1.html").and_then(|t| t.render(Serde(page))).map_err(failed)
}

#[cfg(test)]
mod tests;
