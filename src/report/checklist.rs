//! The TRIPOD+AI checklist, filled as far as the run and the user's own words go.
//!
//! Items: Collins et al. 2024, BMJ 385:e078378 (CC BY 4.0), in our words. An item says where the page has something of
//! it and whose words these are; none is ever ticked off, for only a person can judge whether it is told well.

use serde::Serialize;

use crate::effects::result::Findings;
use crate::fit::result::Fit;
use crate::fit::spec::{Penalty, Robust};
use crate::report::words::visible;
use crate::report::{Context, careful};

/// One item as the page prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// `8a`.
    pub number: &'static str,
    /// What must be told.
    pub what: &'static str,
    /// Where the page has it, or what the user wrote.
    pub here: String,
    /// `computed`, `computed in part`, `you wrote`, `empty`, `does not apply`.
    pub source: &'static str,
    /// For the colour.
    pub class: &'static str,
}

/// Who can fill an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The run alone.
    Run,
    /// The run in part, or the user's words.
    Both,
    /// A person alone.
    Person,
    /// An evaluation on other data: not this run.
    Evaluation,
}

use By::{Both, Evaluation, Person, Run};

/// Number, what must be told, who can fill it, keys of `study.toml`.
type Item = (&'static str, &'static str, By, &'static [&'static str]);

const ITEMS: [Item; 52] = [
    (
        "1",
        "Title: development or evaluation, population, outcome",
        Both,
        &["study.title", "study.population", "outcome.label"],
    ),
    ("2", "Abstract by its own checklist", Both, &[]),
    ("3a", "Health context, why a model, earlier models", Person, &[]),
    ("3b", "Intended use: moment in care, who uses it", Both, &["study.use", "study.users", "study.moment"]),
    ("3c", "Known inequalities between groups of patients", Person, &[]),
    ("4", "Objectives: development, evaluation or both", Run, &[]),
    ("5a", "Source of the data, why it, how representative", Both, &["study.source", "study.design"]),
    ("5b", "Dates of accrual and follow-up", Both, &["study.dates"]),
    ("6a", "Setting: centres, number and place", Both, &["study.setting"]),
    ("6b", "Who was eligible", Both, &["study.eligibility", "study.population"]),
    ("6c", "Treatments and how they were handled", Both, &["study.treatments", "groups.treatment"]),
    ("7", "Preparation and checks of the data", Run, &[]),
    (
        "8a",
        "Outcome: definition, horizon, how it was assessed",
        Both,
        &["outcome.label", "study.horizon", "outcome.assessed"],
    ),
    ("8b", "Who assessed a subjective outcome", Person, &[]),
    ("8c", "Whether assessors were blinded", Person, &["outcome.blinded"]),
    ("9a", "How candidate predictors were chosen", Both, &[]),
    ("9b", "Each predictor: definition, when and how measured", Both, &["study.moment"]),
    ("9c", "Who assessed subjective predictors", Person, &[]),
    ("10", "Sample size and why it is enough", Run, &[]),
    ("11", "Missing data: how handled, why rows were left out", Run, &[]),
    ("12a", "How the data were used and divided", Run, &[]),
    ("12b", "How predictors entered: form, scale, transformations", Run, &[]),
    ("12c", "Kind of model, building steps, tuning, internal validation", Run, &[]),
    ("12d", "Differences between clusters, how handled", Both, &["groups.cluster"]),
    ("12e", "Measures and plots of performance, and why these", Run, &[]),
    ("12f", "Updating after evaluation (recalibration)", Evaluation, &[]),
    ("12g", "How predictions were computed in the evaluation", Evaluation, &[]),
    ("13", "Methods for class imbalance, recalibration afterwards", Run, &[]),
    ("14", "Approaches to fairness, and why", Both, &["groups.fairness"]),
    ("15", "What the model gives out; thresholds and why", Both, &["thresholds.values", "thresholds.reason"]),
    ("16", "Differences between development and evaluation data", Evaluation, &[]),
    ("17", "Ethics approval and consent", Both, &["governance.ethics", "governance.consent"]),
    ("18a", "Funding", Both, &["governance.funding"]),
    ("18b", "Conflicts of interest", Both, &["governance.interests"]),
    ("18c", "Protocol", Both, &["governance.protocol"]),
    ("18d", "Registration", Both, &["governance.registration"]),
    ("18e", "Availability of the data", Both, &["governance.data"]),
    ("18f", "Availability of the code", Run, &[]),
    ("19", "Patient and public involvement", Both, &["governance.ppi"]),
    ("20a", "Flow of participants, numbers with the outcome", Run, &[]),
    ("20b", "Characteristics, overall and by group, with missing values", Run, &[]),
    ("20c", "Comparison with the development data", Evaluation, &[]),
    ("21", "Participants and events in each analysis", Run, &[]),
    ("22", "The whole model, so that others can predict", Run, &[]),
    ("23a", "Performance with intervals, also in key subgroups", Run, &[]),
    ("23b", "Differences in performance between clusters", Both, &[]),
    ("24", "Results of updating", Evaluation, &[]),
    ("25", "Interpretation, fairness included", Person, &[]),
    ("26", "Limitations", Both, &[]),
    ("27a", "What to do with poor or missing inputs at use", Both, &[]),
    ("27b", "What the user must do and know", Person, &[]),
    ("27c", "Next steps", Person, &[]),
];

/// All items in their order.
pub fn rows(fit: &Fit, context: &Context) -> Vec<Row> {
    ITEMS.iter().map(|item| row(fit, context, item)).collect()
}

fn row(fit: &Fit, context: &Context, (number, what, by, keys): &Item) -> Row {
    let row = |here: String, source, class| Row { number, what, here, source, class };
    if *by == Evaluation {
        return row(
            "an evaluation on other data tells it (clinreg evaluate)".to_string(),
            "does not apply",
            "empty",
        );
    }
    let wrote: Vec<String> =
        keys.iter().filter_map(|key| Some(visible(context.study.as_ref()?.get(key)?))).collect();
    let computed = if *by == Person { None } else { found(fit, context, number) };
    match (computed, wrote.is_empty()) {
        (None, true) => row(String::new(), "empty", "empty"),
        (None, false) => row(wrote.join("; "), "you wrote", "wrote"),
        (Some((here, part)), true) => {
            let whole = *by == Run && part == Part::Whole;
            row(here, if whole { "computed" } else { "computed in part" }, "computed")
        }
        (Some((here, _)), false) => {
            row(format!("{}; {here}", wrote.join("; ")), "you wrote; computed in part", "wrote")
        }
    }
}

/// Whether the run tells all that an item asks of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Some,
}

/// What the run has of an item and where; `None` where it has nothing.
fn found(fit: &Fit, context: &Context, number: &str) -> Option<(String, Part)> {
    let whole = |text: &str| Some((text.to_string(), Part::Whole));
    let some = |text: &str| Some((text.to_string(), Part::Some));
    let validated = context.validation.is_some();
    match number {
        "4" if validated => whole("development with internal validation"),
        "4" => whole("development; not validated"),
        "5a" => Some((format!("Rows: the file {}", visible(&fit.ledger.file)), Part::Some)),
        "6c" => match &context.effects {
            Some(Findings::Known(_)) => some("Treatment effect"),
            _ => None,
        },
        "7" => some("Rows: the decisions about columns and codes; checks of ranges are yours"),
        "8a" => match &fit.outcome.event {
            Some(event) => Some((
                format!("Rows: the event is {} = {}", visible(&fit.outcome.variable), visible(event)),
                Part::Some,
            )),
            None => Some((format!("Model: {}", visible(&fit.outcome.text)), Part::Some)),
        },
        "9a" => {
            some("Model: the formula names all predictors of this run; how they were chosen is yours to tell")
        }
        "10" if careful::n_parameters(fit) > 0 => {
            let (size, of_what) = careful::effective_size(fit);
            let ratio = size / careful::n_parameters(fit) as f64;
            Some((
                format!(
                    "What to be careful about: {ratio:.1} {of_what} a parameter; why so many patients is yours to tell"
                ),
                Part::Some,
            ))
        }
        "11" => whole("Rows; What to be careful about"),
        "12a" if validated => whole("Validation"),
        "12a" => whole("Methods: all rows trained the model, none were held back"),
        "12b" => whole("Model; Methods"),
        "12c" if validated => whole("How it was trained; Validation"),
        "12c" => some("How it was trained; there is no internal validation"),
        "12d" => match &fit.spec.robust {
            Robust::Cluster { variable, .. } => {
                Some((format!("Model: standard errors by {}", visible(variable)), Part::Some))
            }
            _ => None,
        },
        "12e" if context.apparent.is_some() => whole("Performance on its own rows; Methods"),
        "13" => Some(match fit.spec.penalty {
            Penalty::Firth => ("none but Firth's bias reduction".to_string(), Part::Whole),
            _ => ("none was used".to_string(), Part::Whole),
        }),
        "15" if fit.outcome.event.is_some() => some("model.json: a probability; no threshold is set"),
        "15" => some("model.json: a mean"),
        "18e" => Some((format!("To reproduce it: the file's SHA-256, {}...", short_hash(fit)), Part::Some)),
        "18f" => whole("To reproduce it: command and version"),
        "20a" => whole("Rows"),
        "20b" if context.table_one.as_ref().is_some_and(|one| one.groups.len() > 1) => {
            some("Patients: by group and overall, with missing values")
        }
        "20b" if context.table_one.is_some() => some("Patients: overall, with missing values"),
        "21" => whole("Rows; Fit"),
        "22" => whole("Model; model.json, which predicts (clinreg predict)"),
        "23a" if validated => some("Performance on its own rows; Validation; subgroups are not measured"),
        "23a" if context.apparent.is_some() => some("Performance on its own rows, apparent only"),
        "26" => some("What to be careful about"),
        "27a" => {
            some("predict refuses levels that it never saw and gives no prediction where a value is missing")
        }
        _ => None,
    }
}

fn short_hash(fit: &Fit) -> String {
    fit.ledger.sha256.chars().take(12).collect()
}

/// What the reader of the checklist must know.
pub fn notes(context: &Context) -> Vec<String> {
    let mut notes = vec![
        "Computed: the page has it, in the section named. You wrote: the words are those of the study file. Empty: \
         still to be written, by a person. No item is ticked off: a filled list says that something was told, not that \
         the study is good. Items after Collins et al. 2024, BMJ 385:e078378 (CC BY 4.0), in other words."
            .to_string(),
    ];
    if context.study.is_none() {
        notes.push(
            "A study file (--study study.toml) with sections [study], [outcome], [governance], [groups], [thresholds] \
             fills more of it."
                .to_string(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;
    use crate::report::study::Study;

    #[test]
    fn every_item_is_there_once_and_a_person_s_is_never_computed() {
        let fit = sample::logistic();
        let rows = rows(&fit, &Context::default());
        let mut numbers: Vec<&str> = rows.iter().map(|row| row.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!((rows.len(), numbers.len()), (52, 52));
        for (row, item) in rows.iter().zip(&ITEMS) {
            assert!(!row.source.contains("wrote"), "{row:?}");
            if item.2 == By::Person {
                assert_eq!((row.source, row.here.as_str()), ("empty", ""), "{row:?}");
            }
            if item.2 == By::Both {
                assert_ne!(row.source, "computed", "{row:?}");
            }
        }
    }

    #[test]
    fn the_user_s_words_stand_where_they_belong() {
        let text = "[governance]\nfunding = \"none\"\n[outcome]\nlabel = \"died\"\n";
        let study = Some(Study::parse("study.toml", text).expect("sound"));
        let rows = rows(&sample::logistic(), &Context { study, ..Context::default() });
        let of = |number: &str| rows.iter().find(|row| row.number == number).expect("an item");
        assert_eq!((of("18a").here.as_str(), of("18a").source), ("none", "you wrote"));
        assert!(of("8a").here.starts_with("died; ") && of("8a").source == "you wrote; computed in part");
        assert_eq!(of("18b").source, "empty");
    }
}
