//! A methods paragraph ready to paste: plain sentences from what the run did, and nothing that it did not do.

use crate::design::matrix::Basis;
use crate::effects::result::{EffectInterval, Findings};
use crate::fit::result::Fit;
use crate::fit::spec::{Family, Interval, MethodName, Penalty, Robust};
use crate::report::numbers::{bound, brief, count};
use crate::report::statistics::percent;
use crate::report::tables::is_pooled;
use crate::report::words::visible;
use crate::report::{Context, align, careful, words};
use crate::validate::resample::Scheme;
use crate::validate::{Imputations, Validation};

/// Lines of `methods.txt` are broken at this width.
const WIDTH: usize = 80;

/// The paragraph, one sentence an item.
pub fn sentences(fit: &Fit, context: &Context) -> Vec<String> {
    let mut told = vec![model(fit)];
    told.push(rows(fit, context));
    told.extend(form(fit));
    told.push(estimation(fit));
    told.extend(uncertainty(fit));
    told.extend(performance(fit, context));
    told.extend(context.validation.as_ref().map(validation));
    if let Some(Findings::Known(effects)) = &context.effects {
        told.push(effect(fit, &effects.treatment, effects.interval));
    }
    told.push(format!(
        "Analyses were done with clinreg {} (seed {}); the data file has SHA-256 {}.",
        env!("CARGO_PKG_VERSION"),
        fit.optimizer.seed,
        fit.ledger.sha256
    ));
    told
}

/// `methods.txt`: the paragraph, and what to be careful about.
pub fn text(fit: &Fit, context: &Context) -> String {
    let paragraph = align::wrapped(&sentences(fit, context).join(" "), WIDTH, "");
    let careful: String = careful::sentences(fit, context)
        .iter()
        .map(|sentence| format!("{}\n", align::wrapped(&format!("- {}", plain(sentence)), WIDTH, "  ")))
        .collect();
    format!("Methods\n\n{paragraph}\n\nWhat to be careful about\n\n{careful}")
}

fn plain(sentence: &str) -> String {
    sentence.replace('`', "")
}

fn model(fit: &Fit) -> String {
    let family = words::family_name(fit).to_lowercase();
    let formula = visible(&fit.formula);
    match (&fit.outcome.event, fit.outcome.n_events) {
        (Some(event), Some(events)) => format!(
            "We fitted a {family} model of {} = {} ({} of {} patients, {:.1}%) with the formula {formula}.",
            visible(&fit.outcome.variable),
            visible(event),
            count(events),
            count(fit.statistics.n),
            100.0 * events / fit.statistics.n
        ),
        _ => format!(
            "We fitted a {family} model of {} in {} patients with the formula {formula}.",
            visible(&fit.outcome.text),
            count(fit.statistics.n)
        ),
    }
}

fn rows(fit: &Fit, context: &Context) -> String {
    let ledger = &fit.ledger;
    if let Some(imputed) = context.imputation.as_ref().filter(|i| i.imputations > 0) {
        return format!(
            "Missing values were imputed by chained equations with all variables of the model, the outcome included \
             ({} data sets, {} rounds each), and the results pooled by Rubin's rules.",
            count(imputed.imputations as f64),
            count(imputed.rounds as f64)
        );
    }
    if is_pooled(fit) {
        return "The model was fitted to each completed data set and the results pooled by Rubin's rules."
            .to_string();
    }
    if let Some(below) = ledger.few_dropped() {
        return format!(
            "All but fewer than {below} rows of the file were used: {} (the others lack a value or do not count).",
            count(ledger.rows_used as f64)
        );
    }
    if ledger.rows_dropped() == 0 {
        return format!("All {} rows of the file were used.", count(ledger.rows_read as f64));
    }
    format!(
        "Of {} rows, {} were excluded ({}), which left {}{}.",
        count(ledger.rows_read as f64),
        count(ledger.rows_dropped() as f64),
        words::reasons(ledger).join(", "),
        count(ledger.rows_used as f64),
        if ledger.missing.is_empty() { "" } else { " (a complete-case analysis)" }
    )
}

/// Splines, polynomials, reference levels and weights.
fn form(fit: &Fit) -> Vec<String> {
    let mut told: Vec<String> = fit
        .frozen
        .bases
        .iter()
        .map(|(text, basis)| {
            let text = visible(text);
            let list = |knots: &[f64]| knots.iter().map(|k| brief(*k)).collect::<Vec<_>>().join(", ");
            match basis {
                Basis::Rcs { knots } => format!(
                    "{text} is a restricted cubic spline with {} knots (at {}).",
                    knots.len(),
                    list(knots)
                ),
                Basis::Ns { knots, boundary } => format!(
                    "{text} is a natural cubic spline with knots at {} and boundaries {} and {}.",
                    list(knots),
                    brief(boundary[0]),
                    brief(boundary[1])
                ),
                Basis::Poly { alpha, .. } => {
                    format!("{text} is a polynomial of degree {}.", alpha.len())
                }
            }
        })
        .collect();
    let references = words::references(fit);
    if !references.is_empty() {
        told.push(format!("Reference levels were {}.", references.join("; ")));
    }
    if let Some(weights) = &fit.spec.weights {
        told.push(format!("Rows counted by the frequency weights in {}.", visible(weights)));
    }
    told
}

fn estimation(fit: &Fit) -> String {
    let answer = match (&fit.spec.penalty, fit.family) {
        (Penalty::None, Family::Linear) => "Coefficients are least-squares estimates".to_string(),
        (Penalty::None, Family::Logistic) => "Coefficients are maximum-likelihood estimates".to_string(),
        (Penalty::Firth, _) => "Coefficients were estimated with Firth's bias reduction".to_string(),
        (Penalty::ElasticNet { .. }, _) => format!(
            "Coefficients were estimated with a {}",
            words::penalty_words(fit).unwrap_or_else(|| "penalty".to_string())
        ),
    };
    let method = match fit.spec.method {
        MethodName::Auto => "preconditioned gradient descent".to_string(),
        _ => words::method(&fit.optimizer),
    };
    let end = &fit.convergence;
    let ending = if !end.converged {
        format!("; the descent did not converge ({})", end.reason.words())
    } else {
        match end.max_error_in_standard_errors {
            Some(error) => {
                format!(
                    "; the descent converged, each within {} standard errors of the optimum",
                    bound(error)
                )
            }
            None => "; the descent converged".to_string(),
        }
    };
    format!("{answer}, found by {method}{ending}.")
}

fn uncertainty(fit: &Fit) -> Option<String> {
    if !fit.coefficients.iter().any(|c| c.std_error.is_some_and(f64::is_finite)) {
        return None;
    }
    let level = percent(fit.spec.conf_level);
    let kind = match fit.spec.interval {
        Interval::Profile => "profile-likelihood",
        Interval::Wald => "Wald",
    };
    let errors = match &fit.spec.robust {
        Robust::Model => "model-based standard errors".to_string(),
        Robust::Hc(_) => {
            format!("heteroscedasticity-robust standard errors ({})", visible(&fit.covariance_kind))
        }
        Robust::Cluster { variable, .. } => {
            format!("standard errors robust to clustering by {}", visible(variable))
        }
    };
    Some(format!("Confidence intervals ({level}) are {kind} intervals; we used {errors}."))
}

fn performance(fit: &Fit, context: &Context) -> Option<String> {
    context.apparent.as_ref()?;
    let pooled = if is_pooled(fit) {
        " Measures were taken in each completed data set and pooled by Rubin's rules (the area on the log odds, observed over \
         expected on the log scale); curves show the pooled model's mean predictions."
    } else {
        ""
    };
    let measures = match fit.family {
        Family::Logistic => {
            "Discrimination was measured by the area under the ROC curve (interval by DeLong's method), calibration by the \
             calibration slope and a smoothed curve (restricted cubic spline of the linear predictor; integrated \
             calibration index), overall performance by the Brier score, and clinical usefulness by the net benefit \
             over a range of thresholds."
        }
        Family::Linear => {
            "Performance was measured by R², the root mean squared error and the mean absolute error, and residuals were \
             inspected against fitted values and the normal distribution."
        }
    };
    Some(format!("{measures}{pooled}"))
}

fn validation(validation: &Validation) -> String {
    let each = match validation.imputations {
        None => "every step that looks at the data was repeated in each".to_string(),
        Some(Imputations::Repeated { inside, .. }) => format!(
            "every step that looks at the data was repeated in each, the imputation ({inside} completed data sets) among them"
        ),
        Some(Imputations::NotRepeated { .. }) => {
            "every step but the imputation, which was done beforehand, was repeated in each".to_string()
        }
    };
    let failed = match validation.failed {
        0 => String::new(),
        n => format!(" ({} gave no model and do not count)", count(n as f64)),
    };
    match validation.scheme {
        Scheme::Bootstrap { samples } => format!(
            "Performance was corrected for optimism with {} bootstrap samples{failed} by Harrell's method; {each}.",
            count(samples as f64)
        ),
        Scheme::CrossValidation { folds, repeats } => {
            let times = if repeats == 1 { String::new() } else { format!(", repeated {repeats} times") };
            format!("Performance was corrected by {folds}-fold cross-validation{times}{failed}; {each}.")
        }
        Scheme::Split { share } => format!(
            "The data were split at random: {} to train a model, the rest to test it; {each} part that trains.",
            percent(share)
        ),
    }
}

fn effect(fit: &Fit, treatment: &str, interval: EffectInterval) -> String {
    let intervals = match interval {
        EffectInterval::Delta => "the delta method, the covariates taken as given".to_string(),
        EffectInterval::Bootstrap(samples) => {
            format!("percentiles of {} bootstrap samples", count(samples as f64))
        }
    };
    let what = match fit.family {
        Family::Logistic => "risk difference, risk ratio, odds ratio and number needed to treat",
        Family::Linear => "mean difference",
    };
    format!(
        "The marginal effect of {} ({what}) was estimated by standardisation (g-computation) over all patients, with \
         intervals by {intervals}.",
        visible(treatment)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn the_paragraph_says_what_was_done_and_nothing_else() {
        let told = sentences(&sample::logistic(), &Context::default()).join(" ");
        assert!(told.starts_with("We fitted a logistic regression model of "), "{told}");
        assert!(told.contains("maximum-likelihood") && told.contains("Wald intervals"), "{told}");
        for undone in ["bootstrap", "ROC", "standardisation", "imputed", "NaN"] {
            assert!(!told.contains(undone), "{undone}: {told}");
        }
        let unfinished = sentences(&sample::unfinished(), &Context::default()).join(" ");
        assert!(unfinished.contains("did not converge"), "{unfinished}");
    }

    #[test]
    fn the_file_is_plain_text_of_short_lines() {
        for fit in [sample::linear(), sample::logistic(), sample::hostile(), sample::diverged()] {
            let text = text(&fit, &Context::default());
            assert!(
                text.starts_with("Methods\n\n") && text.contains("\nWhat to be careful about\n"),
                "{text}"
            );
            assert!(!text.contains('\u{1b}') && text.lines().all(|line| line.len() < 400), "{text}");
        }
    }
}
