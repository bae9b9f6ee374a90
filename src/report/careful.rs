//! What to be careful about: the limits of this run in sentences, each with its number.

use crate::design::matrix::VariableKind;
use crate::fit::apparent::{OUTSIDE, Range};
use crate::fit::result::Fit;
use crate::fit::spec::{Family, Penalty};
use crate::report::numbers::{brief, count, significant};
use crate::report::tables::is_pooled;
use crate::report::words::visible;
use crate::report::{Context, words};
use crate::validate::Imputations;

/// Below this many events (rows) a parameter an estimate is shaky by any rule of thumb.
const FEW: f64 = 10.0;
/// From this many on, the usual rules of thumb are content.
const ENOUGH: f64 = 20.0;

/// The sentences in order of weight; what stands in backticks is code.
pub fn sentences(fit: &Fit, context: &Context) -> Vec<String> {
    let mut told = Vec::new();
    let is_answer = words::ending(fit).good;
    if !is_answer {
        told.push(
            "This fit is not an answer: see the top of the page. Nothing below makes its numbers usable."
                .to_string(),
        );
    }
    told.extend(per_parameter(fit));
    told.extend(left_out(fit));
    told.push(missing(fit, context));
    told.extend(shapes(fit));
    told.extend(extrapolation(fit, &context.ranges));
    if context.effects.is_some() {
        told.push(
            "The treatment's effect is causal only if the treatment was allotted at random, or if everything that led to \
             it and to the outcome is in the formula. The program cannot know which; a model cannot mend what was not \
             measured."
                .to_string(),
        );
    }
    told.extend(validation(fit, context, is_answer));
    told
}

/// Parameters that were estimated: coefficients but the intercept and those left out.
pub fn n_parameters(fit: &Fit) -> usize {
    fit.coefficients.iter().filter(|c| !c.term.parts.is_empty() && c.aliased.is_none()).count()
}

/// What limits the number of parameters: the rarer outcome, or the rows.
pub fn effective_size(fit: &Fit) -> (f64, &'static str) {
    match (fit.family, fit.outcome.n_events) {
        (Family::Logistic, Some(events)) if events <= fit.statistics.n - events => (events, "events"),
        (Family::Logistic, Some(events)) => (fit.statistics.n - events, "rows without the event (the rarer)"),
        _ => (fit.statistics.n, "rows"),
    }
}

fn per_parameter(fit: &Fit) -> Option<String> {
    let parameters = n_parameters(fit);
    if parameters == 0 {
        return None;
    }
    let (size, of_what) = effective_size(fit);
    let ratio = size / parameters as f64;
    let meaning = if ratio < FEW {
        "That is few: expect coefficients and performance that look better here than in new patients. Fewer parameters, \
         a penalty (`--penalty ridge`) or more patients would help."
    } else if ratio < ENOUGH {
        "That is not many: expect some optimism."
    } else {
        "That is enough by the usual rules of thumb (10 to 20), which are rough."
    };
    Some(format!(
        "{} {of_what} for {}: {} a parameter. {meaning} Predictors that were tried and dropped on these data count too.",
        count(size),
        words::plural(parameters as f64, "parameter"),
        significant(ratio, 3)
    ))
}

fn left_out(fit: &Fit) -> Vec<String> {
    fit.coefficients
        .iter()
        .filter_map(|c| {
            let why = c.aliased.as_ref()?;
            Some(format!(
                "The column `{}` was left out ({}): the data cannot tell its effect from that of the others.",
                visible(&c.term.name),
                visible(why)
            ))
        })
        .collect()
}

fn missing(fit: &Fit, context: &Context) -> String {
    let ledger = &fit.ledger;
    if let Some(imputed) = context.imputation.as_ref().filter(|i| i.imputations > 0) {
        return format!(
            "{} of the rows had a value missing; {} completed data sets were made, which is right if what is missing \
             depends on nothing but what was seen (missing at random). The data cannot prove that.",
            imputed.incomplete_rows.map_or_else(|| "Some".to_string(), |rows| count(rows as f64)),
            count(imputed.imputations as f64)
        );
    }
    if is_pooled(fit) {
        return "The completed files were taken as they are: how they were imputed is not known here."
            .to_string();
    }
    let dropped = ledger.rows_dropped();
    if let Some(below) = ledger.few_dropped() {
        return format!(
            "Fewer than {below} rows were dropped, as a rule because a value was missing: the estimates are those of the \
             others."
        );
    }
    if dropped == 0 || (ledger.missing.is_empty() && ledger.withheld.is_none()) {
        return "No row lacked a value in the columns used.".to_string();
    }
    format!(
        "{} of {} rows ({}%) were dropped, because a value was missing{}. The estimates are those of complete patients: \
         they are biased where missing values go with the outcome, and less precise in any case. `--missing impute` \
         uses all rows with an outcome.",
        count(dropped as f64),
        count(ledger.rows_read as f64),
        significant(100.0 * dropped as f64 / ledger.rows_read as f64, 2),
        if ledger.dropped_otherwise.is_empty() { "" } else { " or for another cause that the ledger names" }
    )
}

/// Numbers that enter as they are, which is an assumption.
fn shapes(fit: &Fit) -> Option<String> {
    let is_number = |name: &str| {
        fit.frozen.variables.iter().any(|(n, kind)| n == name && matches!(kind, VariableKind::Number))
    };
    let mut straight: Vec<&str> = Vec::new();
    let mut curved: Vec<&str> = Vec::new();
    for part in fit.coefficients.iter().flat_map(|c| &c.term.parts).filter(|p| is_number(&p.variable)) {
        let list = if part.transform.is_none() { &mut straight } else { &mut curved };
        if !list.contains(&part.variable.as_str()) {
            list.push(&part.variable);
        }
    }
    straight.retain(|name| !curved.contains(name));
    let first = straight.first()?;
    let names: Vec<String> = straight.iter().map(|name| format!("`{}`", visible(name))).collect();
    let scale = if fit.family == Family::Logistic { " on the log odds" } else { "" };
    Some(format!(
        "{} {} as a straight line{scale}, which is an assumption; `rcs({}, 4)` in the formula lets the curve bend.",
        names.join(", "),
        if names.len() == 1 { "enters" } else { "enter" },
        visible(first)
    ))
}

fn extrapolation(fit: &Fit, ranges: &[Range]) -> Vec<String> {
    if ranges.is_empty() {
        return Vec::new();
    }
    let told: Vec<String> = ranges
        .iter()
        .map(|r| format!("`{}` {} to {}", visible(&r.variable), brief(r.low), brief(r.high)))
        .collect();
    let share = 100.0 * (1.0 - 2.0 * OUTSIDE);
    let outcome = if fit.family == Family::Logistic { "risks" } else { "means" };
    vec![format!(
        "The model has seen {share:.0}% of its patients between these values: {}. Predicted {outcome} beyond them are \
         extrapolated, and nothing here says how well.",
        told.join("; ")
    )]
}

fn validation(fit: &Fit, context: &Context, is_answer: bool) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(Imputations::NotRepeated { .. }) = context.validation.as_ref().and_then(|v| v.imputations) {
        told.push(
            "The validation did not repeat the imputation, which was done elsewhere: what it learnt from the rows that \
             test a model is in the rows that train it, so that the optimism may be larger than shown."
                .to_string(),
        );
    }
    match &context.validation {
        Some(_) => told.push(
            "The validation is internal: it says what the model is worth in new patients like these. Whether it holds \
             in another place or time only other data show (`clinreg evaluate`)."
                .to_string(),
        ),
        None if is_answer => told.push(
            "Not validated: this run has no `--validate`, so nothing here says how the model does in new patients; \
             `--validate bootstrap:500` corrects the performance for its optimism."
                .to_string(),
        ),
        None => {}
    }
    if context.apparent.is_some() {
        told.push(
            "Apparent values are optimistic: the model was fitted to the very rows on which they were measured."
                .to_string(),
        );
    }
    if matches!(fit.spec.penalty, Penalty::ElasticNet { .. }) {
        told.push(
            "Penalised coefficients are shrunk on purpose: they predict, but they do not estimate an association, and \
             they have no intervals."
                .to_string(),
        );
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    fn all(fit: &Fit, context: &Context) -> String {
        sentences(fit, context).join("\n")
    }

    #[test]
    fn the_number_of_events_a_parameter_is_told_and_judged() {
        let mut fit = sample::logistic();
        let parameters = n_parameters(&fit) as f64;
        fit.outcome.n_events = Some(5.0 * parameters);
        fit.statistics.n = 100.0 * parameters;
        let told = all(&fit, &Context::default());
        assert!(told.contains("5.00 a parameter. That is few"), "{told}");
        fit.outcome.n_events = Some(95.0 * parameters); // then those without the event are the rarer
        let told = all(&fit, &Context::default());
        assert!(
            told.contains("without the event (the rarer)") && told.contains("5.00 a parameter"),
            "{told}"
        );
        fit.outcome.n_events = Some(50.0 * parameters);
        assert!(all(&fit, &Context::default()).contains("50.0 a parameter. That is enough"));
    }

    #[test]
    fn what_was_not_done_is_said() {
        let fit = sample::logistic();
        assert!(all(&fit, &Context::default()).contains("Not validated"));
        assert!(all(&sample::separated(), &Context::default()).contains("not an answer"));
        let range = Range { variable: "age".to_string(), low: 31.5, high: 80.0 };
        let told = all(&fit, &Context { ranges: vec![range], ..Context::default() });
        assert!(told.contains("98% of its patients between these values: `age` 31.5 to 80."), "{told}");
    }
}
