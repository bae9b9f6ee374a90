//! The tour that ends the demo: what was written, and what it shows, with the numbers of this run.

use std::path::Path;

use crate::cli::compare;
use crate::cli::demo::Study;
use crate::cli::fit::Written;
use crate::fit::result::{Coefficient, Fit};
use crate::fit::spec::Family;
use crate::optimise::verdict::{grouped, short};
use crate::report::ending::epochs;
use crate::report::numbers;

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
            numbers::bound(bound)
        ),
        (true, None) => format!("The answer, after {}.", epochs(end.epochs)),
        (false, _) => format!("Not an answer: {}.", end.reason.words()),
    }];
    lines.extend(["new", "standard"].iter().filter_map(|arm| effect(fit, arm)));
    lines.push(format!(
        "(at the middle severity, {SEVERITY}; the interaction says that the sicker gain more: see report.html)"
    ));
    stop(&written.folder, "report.html", &lines)
}

/// The severity that the tour speaks of: half of the score. A main effect alone would be that of patients without
/// any symptom, of whom there are none.
const SEVERITY: f64 = 50.0;

/// An arm against control at that severity: b + 50 b_interaction, its variance from the covariance of the two.
fn effect(fit: &Fit, arm: &str) -> Option<String> {
    let covariance = fit.covariance.as_ref()?;
    let estimated: Vec<&Coefficient> = fit.coefficients.iter().filter(|c| c.estimate.is_some()).collect();
    let place = |name: String| estimated.iter().position(|c| c.term.name == name);
    let main = place(format!("treatment[{arm}]"))?;
    let interaction = place(format!("treatment[{arm}]:baseline_severity"))?;
    let at = |j: usize| estimated[j].estimate;
    let value = at(main)? + SEVERITY * at(interaction)?;
    let variance = covariance[[main, main]]
        + 2.0 * SEVERITY * covariance[[main, interaction]]
        + SEVERITY * SEVERITY * covariance[[interaction, interaction]];
    let half_width = (estimated[main].conf_high? - at(main)?) / estimated[main].std_error?;
    let ends = [value, value - half_width * variance.sqrt(), value + half_width * variance.sqrt()];
    Some(match fit.family {
        Family::Linear => {
            let [value, low, high] = ends.map(|x| format!("{x:.1}"));
            format!("{arm} against control: {value} points of the score ({low} to {high})")
        }
        Family::Logistic => {
            let [value, low, high] = ends.map(|x| format!("{:.2}", x.exp()));
            format!("{arm} against control: odds ratio {value} ({low} to {high})")
        }
    })
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
    Some(format!("One coefficient is still {bound:.2} of its standard errors from the answer."))
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
