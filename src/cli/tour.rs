//! The tour that ends the demo: what was written, and what it shows, with the numbers of this run.

use std::path::Path;

use crate::cli::compare;
use crate::cli::demo::Study;
use crate::cli::ending::epochs;
use crate::cli::fit::Written;
use crate::fit::result::{Coefficient, Fit};
use crate::fit::spec::Family;
use crate::optimise::verdict::{grouped, short};

/// The tour of all studies.
pub fn text(studies: &[Study]) -> String {
    let mut text = String::from("What was written, and what it shows\n");
    for study in studies {
        text.push_str(&format!("\n{}\n", heading(study)));
        for stop in [answer(&study.answer), full_batch(&study.full_batch), mini_batch(&study.mini_batch)] {
            text.push_str(&stop);
        }
        text.push_str(&rates(&study.rates));
    }
    if let Some(study) = studies.last() {
        text.push_str(&next(study));
    }
    text
}

fn heading(study: &Study) -> String {
    let Fit { family, ledger, .. } = &study.answer.fit;
    let kind = match family {
        Family::Linear => "linear",
        Family::Logistic => "logistic",
    };
    let missing: Vec<String> =
        ledger.missing.iter().map(|(name, rows)| format!("{name} missing in {rows}")).collect();
    let why = if missing.is_empty() { String::new() } else { format!(" ({})", missing.join(", ")) };
    let line = format!(
        "{}: {kind} regression, {} of {} patients{why}",
        study.outcome.to_uppercase(),
        grouped(ledger.rows_used as f64),
        grouped(ledger.rows_read as f64)
    );
    format!("{line}\n{}", "-".repeat(line.chars().count()))
}

/// A stop of the tour: a file to open, then what it shows.
fn stop(folder: &Path, file: &str, lines: &[String]) -> String {
    let shown: Vec<String> = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("  {}\n{}", folder.join(file).display(), shown.concat())
}

fn answer(written: &Written) -> String {
    let fit = &written.fit;
    let end = &fit.convergence;
    let mut lines = vec![match (end.converged, end.max_error_in_standard_errors) {
        (true, Some(bound)) => format!(
            "The answer, after {}: no coefficient is further than {} of its standard errors from the optimum.",
            epochs(end.epochs),
            short(bound)
        ),
        (true, None) => format!("The answer, after {}.", epochs(end.epochs)),
        (false, _) => format!("Not an answer: {}.", end.reason.words()),
    }];
    let of_treatment = |c: &&Coefficient| c.term.parts.iter().any(|part| part.variable == "treatment");
    lines.extend(fit.coefficients.iter().filter(of_treatment).filter_map(coefficient));
    if fit.family == Family::Logistic {
        lines.push("(log odds; the odds ratios stand beside them in coefficients.csv)".to_string());
    }
    stop(&written.folder, "report.html", &lines)
}

fn coefficient(c: &Coefficient) -> Option<String> {
    let (estimate, low, high) = (c.estimate?, c.conf_low?, c.conf_high?);
    Some(format!("{}: {} ({} to {})", c.term.name, short(estimate), short(low), short(high)))
}

fn full_batch(written: &Written) -> String {
    let fit = &written.fit;
    let end = &fit.convergence;
    let mut lines = vec![format!(
        "Plain gradient descent, all patients in each step, learning rate {} (1/L): {} after {}.",
        short(fit.optimizer.learning_rate),
        end.reason.words(),
        epochs(end.epochs)
    )];
    lines.extend(distance(fit));
    stop(&written.folder, "gradient_norm.png", &lines)
}

fn mini_batch(written: &Written) -> String {
    let fit = &written.fit;
    let end = &fit.convergence;
    let size = fit.optimizer.batch_size.map_or_else(|| "all".to_string(), |rows| rows.to_string());
    let judged = if end.converged { "converged" } else { "not converged, and shown on purpose" };
    let mut lines = vec![format!(
        "In mini-batches of {size}: {} updates in {}, gradient norm {} ({judged}).",
        grouped(end.iterations as f64),
        epochs(end.epochs),
        short(end.gradient_norm)
    )];
    lines.extend(distance(fit));
    stop(&written.folder, "loss_curve.png", &lines)
}

fn distance(fit: &Fit) -> Option<String> {
    let bound = fit.convergence.max_error_in_standard_errors?;
    Some(format!("A coefficient may be {} of its standard errors from the answer.", short(bound)))
}

fn rates(written: &compare::Written) -> String {
    let lines: Vec<String> = written
        .comparison
        .lines()
        .iter()
        .map(|line| {
            format!(
                "{}: {}; {} after {}, {} above the best loss",
                line.run,
                line.verdict.unwrap_or("no verdict"),
                line.reason,
                epochs(line.epochs),
                short(line.distance_to_best)
            )
        })
        .collect();
    stop(&written.folder, "loss_curve.png", &lines)
}

fn next(study: &Study) -> String {
    let folder = &study.answer.folder;
    format!(
        "\nNext\n  open {} in a browser\n  clinreg predict {} NEW_PATIENTS.csv -o predictions.csv\n  \
         clinreg fit YOUR.csv 'outcome ~ treatment * age + sex'\n",
        folder.join("report.html").display(),
        folder.join("model.json").display()
    )
}
