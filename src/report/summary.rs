//! The summary: what the terminal shows and `summary.txt` keeps.

use crate::fit::apparent::Apparent;
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::optimise::stop::StopReason;
use crate::report::align::{Align, Head, Line, table, wrapped};
use crate::report::coefficients::{self, Row};
use crate::report::evaluation::three;
use crate::report::statistics::{labelled, percent, statistic_of_terms, terms};
use crate::report::tables::is_pooled;
use crate::report::{Context, validation, words};

/// Lines are broken at this width where names allow.
const WIDTH: usize = 100;

/// The whole summary as plain text: ledger, how the descent ended, coefficients, fit, terms.
///
/// Lines are at most 100 columns wide where names allow; it says nothing that changes from run to run.
pub fn text(fit: &Fit) -> String {
    let blocks =
        [title(fit), ledger(fit), descent(fit), coefficient_table(fit), statistics(fit), term_table(fit)];
    let mut out = blocks.iter().filter(|b| !b.is_empty()).cloned().collect::<Vec<_>>().join("\n");
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// The summary with the sections that lie beyond the fit itself: the treatment's effect, the validation.
pub fn whole(fit: &Fit, context: &Context) -> String {
    let effects = context.effects.as_ref().map(crate::report::effects::text);
    let validation = context.validation.as_ref().map(validation::text);
    let blocks = [Some(text(fit)), effects, validation, Some(beyond(context))];
    blocks.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// What the page and `methods.txt` have beyond this summary.
fn beyond(context: &Context) -> String {
    let curve = match &context.apparent {
        Some(Apparent::Logistic { performance, .. }) => performance.curve.as_ref(),
        _ => None,
    };
    let mut lines: Vec<String> = curve
        .map(|c| {
            format!(
                "Calibration curve on these rows: ICI {}, E50 {}, E90 {}.",
                three(c.ici),
                three(c.e50),
                three(c.e90)
            )
        })
        .into_iter()
        .collect();
    let notes = match &context.apparent {
        Some(Apparent::Logistic { performance, .. }) => performance.notes.as_slice(),
        Some(Apparent::Linear { performance, .. }) => performance.notes.as_slice(),
        None => &[],
    };
    let pooled = notes.iter().find(|note| note.contains("pooled by Rubin's rules"));
    lines.extend(pooled.map(|note| wrapped(&format!("Performance: {note}."), WIDTH, "  ")));
    lines.push("What to be careful about, and a methods paragraph: methods.txt and report.html.".to_string());
    with_line_end(&lines)
}

fn title(fit: &Fit) -> String {
    let mut lines =
        vec![wrapped(&format!("{}: {}", words::family_name(fit), words::visible(&fit.formula)), WIDTH, "  ")];
    if fit.family == Family::Logistic
        && let Some(event) = &fit.outcome.event
    {
        let (variable, event) = (words::visible(&fit.outcome.variable), words::visible(event));
        lines.push(format!("probability of {variable} = {event}"));
    }
    if let Some(warning) = warning(fit) {
        lines.push(warning);
    }
    with_line_end(&lines)
}

/// The first thing to know of a fit that is not the answer.
fn warning(fit: &Fit) -> Option<String> {
    let end = &fit.convergence;
    if end.separation.is_some() {
        return Some("*** NO FINITE ESTIMATE: the data are separated ***".to_string());
    }
    match end.reason {
        _ if end.converged => None,
        StopReason::Diverged => Some("*** DIVERGED: the numbers below are not estimates ***".to_string()),
        _ => Some("*** NOT CONVERGED: the numbers below are not the answer ***".to_string()),
    }
}

fn ledger(fit: &Fit) -> String {
    let ledger = &fit.ledger;
    let sha: String = ledger.sha256.chars().take(12).collect();
    let mut lines = vec![
        wrapped(&format!("{}: {}", words::visible(&ledger.file), words::ledger(ledger)), WIDTH, "  "),
        format!("SHA-256 {sha}..., clinreg {}", env!("CARGO_PKG_VERSION")),
    ];
    lines.extend(ledger.notices.iter().map(|n| wrapped(&format!("- {}", words::visible(n)), WIDTH, "  ")));
    with_line_end(&lines)
}

fn descent(fit: &Fit) -> String {
    let ending = words::ending(fit);
    let mut lines = vec![ending.what];
    lines.extend(ending.distance);
    lines.extend(ending.next);
    lines.push(format!("Method: {}; seed {}.", words::method(&fit.optimizer), fit.optimizer.seed));
    lines.extend(words::curvature(fit).map(|text| format!("Curvature: {text}.")));
    let lines: Vec<String> = lines.iter().map(|line| wrapped(line, WIDTH, "  ")).collect();
    with_line_end(&lines)
}

fn coefficient_table(fit: &Fit) -> String {
    if fit.coefficients.is_empty() {
        return "The model has no coefficients.\n".to_string();
    }
    let logistic = fit.family == Family::Logistic;
    let inference = coefficients::has_inference(fit);
    let interval = format!("{} CI", percent(fit.spec.conf_level));
    let mut heads = vec![
        Head { title: "term", align: Align::Left },
        Head { title: if logistic { "log odds" } else { "estimate" }, align: Align::Point },
    ];
    if inference {
        heads.push(Head { title: "std. error", align: Align::Point });
        if !logistic {
            heads.push(Head { title: &interval, align: Align::Interval });
        }
        heads.push(Head { title: if logistic && !is_pooled(fit) { "z" } else { "t" }, align: Align::Point });
        heads.push(Head { title: "p", align: Align::Point });
    }
    if logistic {
        heads.push(Head { title: "odds ratio", align: Align::Point });
        if inference {
            heads.push(Head { title: &interval, align: Align::Interval });
        }
    }
    let lines: Vec<Line> =
        coefficients::rows(fit).into_iter().map(|row| line(row, logistic, inference)).collect();
    let notes: Vec<String> = words::notes(fit).iter().map(|n| wrapped(n, WIDTH, "  ")).collect();
    format!("{}{}", table(&heads, &lines), with_line_end(&notes))
}

fn line(row: Row, logistic: bool, inference: bool) -> Line {
    if !row.remark.is_empty() {
        return Line::Remark(row.term, row.remark);
    }
    let mut cells = vec![row.term, row.estimate];
    if inference {
        cells.push(row.std_error);
        if !logistic {
            cells.push(row.interval);
        }
        cells.push(row.statistic);
        cells.push(row.p);
    }
    if logistic {
        cells.push(row.ratio);
        if inference {
            cells.push(row.ratio_interval);
        }
    }
    Line::Cells(cells)
}

fn statistics(fit: &Fit) -> String {
    if fit.convergence.reason == StopReason::Diverged {
        return String::new();
    }
    let pairs = labelled(fit);
    let widest = pairs.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let indent = " ".repeat(widest + 2);
    let mut out = if fit.convergence.converged { String::new() } else { "At the stop:\n".to_string() };
    for (label, value) in pairs {
        let pad = " ".repeat(widest + 2 - label.chars().count());
        let value = wrapped(&value, WIDTH - indent.len(), "").replace('\n', &format!("\n{indent}"));
        out.push_str(&format!("{label}{pad}{value}\n"));
    }
    out
}

fn term_table(fit: &Fit) -> String {
    let rows = terms(fit);
    if rows.is_empty() || fit.convergence.reason == StopReason::Diverged {
        return String::new();
    }
    let tested = rows.iter().any(|r| !r.statistic.is_empty());
    let mut heads =
        vec![Head { title: "term", align: Align::Left }, Head { title: "df", align: Align::Right }];
    if tested {
        heads.push(Head { title: statistic_of_terms(fit), align: Align::Point });
        heads.push(Head { title: "p", align: Align::Point });
    }
    let inflated = rows.iter().any(|r| !r.gvif.is_empty());
    if inflated {
        heads.push(Head { title: "GVIF", align: Align::Point });
        heads.push(Head { title: "GVIF^(1/2df)", align: Align::Point });
    }
    let lines: Vec<Line> = rows
        .into_iter()
        .map(|r| {
            let mut cells = vec![r.term, r.df];
            if tested {
                cells.extend([r.statistic, r.p]);
            }
            if inflated {
                cells.extend([r.gvif, r.gvif_root]);
            }
            Line::Cells(cells)
        })
        .collect();
    table(&heads, &lines)
}

fn with_line_end(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
