//! Several fits of one model side by side: the table as text, CSV and JSON, and the two overlaid pictures.

use serde::Serialize;

use crate::data::spreadsheet::safe;
use crate::error::{Error, Result};
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::optimise::stop::StopReason;
use crate::optimise::verdict::{grouped, short};
use crate::plot::descent::{Curve, DescentFigure, gradient_norm, loss_curve};
use crate::report::NamedFile;

/// One run of a comparison.
#[derive(Debug)]
pub struct Run {
    /// What sets it apart, e.g. `learning rate 0.3`.
    pub label: String,
    pub fit: Fit,
}

/// All runs, and the lowest loss that is known.
#[derive(Debug)]
pub struct Comparison {
    pub runs: Vec<Run>,
    /// The loss at the optimum, or the lowest that any run saw.
    best: f64,
}

/// One row of `compare.csv`, and one entry of `compare.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub run: String,
    pub optimizer: String,
    pub learning_rate: f64,
    pub batch_size: Option<usize>,
    pub verdict: Option<&'static str>,
    pub converged: bool,
    pub reason: &'static str,
    pub epochs: f64,
    /// Where the gradient norm fell below the tolerance; `None` if it did not.
    pub epochs_to_tolerance: Option<f64>,
    pub final_loss: f64,
    pub distance_to_best: f64,
    pub gradient_norm: f64,
    pub max_error_in_standard_errors: Option<f64>,
}

const COLUMNS: [&str; 13] = [
    "run",
    "optimizer",
    "learning_rate",
    "batch_size",
    "verdict",
    "converged",
    "reason",
    "epochs",
    "epochs_to_tolerance",
    "final_loss",
    "distance_to_best",
    "gradient_norm",
    "max_error_in_standard_errors",
];

/// What `compare.json` holds.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    clinreg_version: &'static str,
    data: &'a str,
    sha256: &'a str,
    formula: &'a str,
    family: &'static str,
    rows_read: usize,
    rows_used: usize,
    tolerance: f64,
    best_loss: f64,
    runs: Vec<Line>,
}

impl Comparison {
    /// At least one run.
    pub fn new(runs: Vec<Run>) -> Comparison {
        assert!(!runs.is_empty(), "a comparison has runs");
        let seen = runs.iter().flat_map(|run| run.fit.history.records.iter().map(|r| r.loss));
        let optima = runs.iter().filter_map(|run| run.fit.optimum);
        let best = seen.chain(optima).filter(|loss| !loss.is_nan()).fold(f64::INFINITY, f64::min);
        Comparison { runs, best }
    }

    /// The outcome's text.
    pub fn outcome(&self) -> &str {
        &self.first().outcome.text
    }

    /// One line a run.
    pub fn lines(&self) -> Vec<Line> {
        self.runs.iter().map(|run| self.line(run)).collect()
    }

    /// The table for a reader, headed by what all runs share.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.heading().join("\n"));
        let head =
            ["run", "verdict", "stopped because", "epochs", "to tolerance", "above best", "|gradient|"];
        let mut rows = vec![head.map(str::to_string)];
        rows.extend(self.lines().iter().map(cells));
        text.push('\n');
        text.push_str(&aligned(&rows));
        let advice: Vec<String> = self
            .runs
            .iter()
            .filter_map(|run| run.fit.verdict.as_ref().map(|v| format!("{}: {}", run.label, v.text)))
            .collect();
        if !advice.is_empty() {
            text.push_str(&format!("\n{}\n", advice.join("\n")));
        }
        text
    }

    /// `compare.json`.
    pub fn json(&self) -> String {
        let first = self.first();
        let document = Document {
            schema: "clinreg-comparison/1",
            clinreg_version: env!("CARGO_PKG_VERSION"),
            data: &first.ledger.file,
            sha256: &first.ledger.sha256,
            formula: &first.formula,
            family: family_name(first.family),
            rows_read: first.ledger.rows_read,
            rows_used: first.ledger.rows_used,
            tolerance: first.convergence.tolerance,
            best_loss: self.best,
            runs: self.lines(),
        };
        serde_json::to_string_pretty(&document).expect("plain data serialises") + "\n"
    }

    /// summary.txt, compare.csv, compare.json, loss_curve.png and gradient_norm.png.
    ///
    /// # Errors
    /// Io, when a picture cannot be drawn.
    pub fn files(&self) -> Result<Vec<NamedFile>> {
        let curves: Vec<Curve<'_>> = self
            .runs
            .iter()
            .map(|run| Curve {
                label: &run.label,
                history: &run.fit.history,
                reason: run.fit.convergence.reason,
            })
            .collect();
        let first = self.first();
        let title = format!("{}: {} regression", first.formula, family_name(first.family));
        let subtitle = self.shared();
        let figure = DescentFigure {
            title: &title,
            subtitle: &subtitle,
            curves: &curves,
            optimum: self.best.is_finite().then_some(self.best),
            tolerance: first.convergence.tolerance,
            loss_name: match first.family {
                Family::Linear => "half the mean squared error",
                Family::Logistic => "mean negative log-likelihood",
            },
        };
        let file = |name: &str, bytes: Vec<u8>| NamedFile::new(name, bytes);
        Ok(vec![
            file("summary.txt", self.text().into_bytes()),
            file("compare.csv", self.csv()?.into_bytes()),
            file("compare.json", self.json().into_bytes()),
            file("loss_curve.png", loss_curve(&figure)?),
            file("gradient_norm.png", gradient_norm(&figure)?),
        ])
    }

    /// `compare.csv`.
    fn csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |cause: csv::Error| Error::data(format!("cannot write the table: {cause}"));
        writer.write_record(COLUMNS).map_err(failed)?;
        for line in self.lines() {
            let fields = fields(&line);
            writer.write_record(fields.iter().map(|cell| safe(cell).into_owned())).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|cause| Error::data(format!("cannot write: {cause}")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn first(&self) -> &Fit {
        &self.runs[0].fit
    }

    fn line(&self, run: &Run) -> Line {
        let Fit { convergence: end, optimizer, .. } = &run.fit;
        let final_loss = run.fit.history.last().map_or(f64::NAN, |r| r.loss);
        let arrived = end.reason == StopReason::GradientBelowTolerance;
        Line {
            run: run.label.clone(),
            optimizer: optimizer.name.clone(),
            learning_rate: optimizer.learning_rate,
            batch_size: optimizer.batch_size,
            verdict: run.fit.verdict.as_ref().map(|v| v.pace.words()),
            converged: end.converged,
            reason: end.reason.words(),
            epochs: end.epochs,
            epochs_to_tolerance: arrived.then_some(end.epochs),
            final_loss,
            distance_to_best: final_loss - self.best,
            gradient_norm: end.gradient_norm,
            max_error_in_standard_errors: end.max_error_in_standard_errors,
        }
    }

    /// The ledger and what all runs share.
    fn heading(&self) -> Vec<String> {
        let Fit { ledger, formula, family, .. } = self.first();
        let mut lines = vec![
            format!("{} regression: {formula}", family_name(*family)),
            format!(
                "data: {}, {} rows read, {} used, {} dropped",
                ledger.file,
                ledger.rows_read,
                ledger.rows_used,
                ledger.rows_dropped()
            ),
        ];
        let causes = ledger
            .missing
            .iter()
            .map(|(name, rows)| format!("{name} missing in {rows}"))
            .chain(ledger.dropped_otherwise.iter().map(|(cause, rows)| format!("{cause}: {rows}")))
            .collect::<Vec<_>>();
        if !causes.is_empty() {
            lines.push(format!("dropped: {}", causes.join(", ")));
        }
        lines.extend(ledger.notices.iter().map(|notice| format!("note: {notice}")));
        lines.push(format!("descent: {}", self.shared()));
        lines
    }

    /// What does not differ between the runs, e.g. `gradient-descent, full batch, standardised columns`.
    fn shared(&self) -> String {
        let first = &self.first().optimizer;
        let all = |same: &dyn Fn(&Fit) -> bool| self.runs.iter().all(|run| same(&run.fit));
        let mut parts = Vec::new();
        if all(&|fit| fit.optimizer.name == first.name) {
            parts.push(first.name.clone());
        }
        if all(&|fit| fit.optimizer.batch_size == first.batch_size) {
            parts.push(match first.batch_size {
                None => "full batch".to_string(),
                Some(rows) => format!("mini-batches of {rows}"),
            });
        }
        if all(&|fit| fit.optimizer.learning_rate == first.learning_rate) {
            parts.push(format!("learning rate {}", short(first.learning_rate)));
        }
        parts.push(if first.standardised { "standardised columns" } else { "raw columns" }.to_string());
        parts.push(format!("tolerance {}", short(self.first().convergence.tolerance)));
        parts.join(", ")
    }
}

fn family_name(family: Family) -> &'static str {
    match family {
        Family::Linear => "linear",
        Family::Logistic => "logistic",
    }
}

/// A run's cells in the table for a reader.
fn cells(line: &Line) -> [String; 7] {
    [
        line.run.clone(),
        line.verdict.unwrap_or("").to_string(),
        line.reason.to_string(),
        grouped(line.epochs),
        line.epochs_to_tolerance.map_or_else(|| "not reached".to_string(), grouped),
        short(line.distance_to_best),
        short(line.gradient_norm),
    ]
}

/// A run's fields in `compare.csv`; what does not exist is empty.
fn fields(line: &Line) -> [String; 13] {
    let optional = |value: Option<f64>| value.map_or_else(String::new, digits);
    [
        line.run.clone(),
        line.optimizer.clone(),
        digits(line.learning_rate),
        line.batch_size.map_or_else(String::new, |rows| rows.to_string()),
        line.verdict.unwrap_or("").to_string(),
        line.converged.to_string(),
        line.reason.to_string(),
        digits(line.epochs),
        optional(line.epochs_to_tolerance),
        digits(line.final_loss),
        digits(line.distance_to_best),
        digits(line.gradient_norm),
        optional(line.max_error_in_standard_errors),
    ]
}

/// All digits: the shortest text that reads back as the same number.
pub fn digits(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// Columns of equal width, two blanks between: words to the left, the last four (numbers) to the right.
fn aligned(rows: &[[String; 7]]) -> String {
    const NUMBERS_FROM: usize = 3;
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| {
                    if column < NUMBERS_FROM { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                })
                .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_all_their_digits() {
        for value in [0.1 + 0.2, 1e-10, 1e300, -3.0, f64::MIN_POSITIVE] {
            assert_eq!(digits(value).parse::<f64>(), Ok(value));
        }
        assert_eq!(digits(3.0), "3");
        assert_eq!(digits(1e-10), "1e-10");
    }

    #[test]
    fn the_table_lines_up_in_characters() {
        let row = |a: &str, b: &str| [a, "", "", b, "", "", ""].map(str::to_string);
        let text = aligned(&[row("run", "epochs"), row("größer", "7")]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].chars().count(), lines[1].chars().count());
    }
}
