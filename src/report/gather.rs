//! What a page says beyond the fit itself, worked out from its rows before they go.

use crate::data::csv::Source;
use crate::effects::result::Question;
use crate::error::Error;
use crate::fit::analysis::Analysis;
use crate::fit::apparent::{self, Apparent};
use crate::fit::prepare::Prepared;
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::inference::baseline::{Request, TableOne, overall, table_one};

/// The patients, all rows of the file: by treatment where there is one, else by a two-valued outcome, else together.
/// Where there is no such table, the ledger says why.
pub fn patients(
    question: Option<&Question>,
    fit: &mut Fit,
    prepared: &Prepared,
    source: &Source,
    suppress_below: Option<usize>,
) -> Option<TableOne> {
    let formula = &prepared.formula;
    let outcomes = formula.outcome().columns();
    let event = match outcomes[..] {
        [only] if fit.family == Family::Logistic && !formula.outcome_is_transformed() => Some(only),
        _ => None,
    };
    let by = question.map(|q| q.treatment.as_str()).or(event);
    let mut choices = fit.spec.data.clone();
    choices.factors.extend(formula.factor_variables());
    let mut columns = formula.variables();
    match by {
        Some(by) => {
            if !choices.factors.iter().any(|name| name == by) {
                choices.factors.push(by.to_string()); // groups are levels, whatever they look like
            }
            columns.retain(|name| name != by && !outcomes.contains(&name.as_str()));
            if columns.is_empty() && question.is_none() {
                return None; // a model without predictors has nobody to describe: its ledger has the events
            }
            columns.insert(0, by.to_string());
        }
        None => columns.sort_by_key(|name| !outcomes.contains(&name.as_str())), // the outcome first
    }
    let found = source.typed(&columns, &choices).and_then(|typed| match by {
        Some(by) => {
            let request = Request { by: by.to_string(), variables: None, suppress_below };
            table_one(&typed.table, &request)
        }
        None if suppress_below.is_some() => {
            Err(Error::data("counts are withheld by groups, and there are none"))
        }
        None => overall(&typed.table),
    });
    match found {
        Ok(one) => Some(one),
        Err(why) => {
            let groups = if question.is_some() { " by treatment" } else { "" };
            let notice = format!("no table of the patients{groups}: {}", why.message);
            fit.ledger.notices.push(notice);
            None
        }
    }
}

/// The performance on the fit's own rows; where it cannot be measured, the ledger says why.
pub fn measured(analysis: &mut Analysis) -> Option<Apparent> {
    match apparent::apparent(analysis) {
        Ok(found) => found,
        Err(why) => {
            analysis.fit.ledger.notices.push(format!("no apparent performance: {}", why.message));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effects::result::EffectInterval;
    use crate::fit::spec::Spec;
    use crate::optimise::watch::Unwatched;

    fn table_of(formula: &str, treatment: Option<&str>) -> (Option<TableOne>, Vec<String>) {
        let row = |i: u32| {
            let arm = if i.is_multiple_of(3) { "new" } else { "old" };
            format!("{arm},{},{},{}\n", i % 23, u8::from((i * 37 + 11) % 97 < 30 + i % 40), (i * 53) % 97)
        };
        let text = format!("arm,age,died,score\n{}", (0..120).map(row).collect::<String>());
        let source = Source::from_bytes("t.csv", text.into_bytes()).expect("a table");
        let mut analysis = crate::fit::analyse(&Spec::new(formula), &source, &mut Unwatched).expect("a fit");
        let question = treatment.map(|name| Question {
            treatment: name.to_string(),
            interval: EffectInterval::Delta,
            event_is: None,
        });
        let one = patients(question.as_ref(), &mut analysis.fit, &analysis.prepared, &source, None);
        (one, analysis.fit.ledger.notices)
    }

    #[test]
    fn without_a_treatment_the_groups_are_the_outcomes_or_everyone() {
        let by_event = table_of("died ~ arm + rcs(age, 3)", None).0.expect("two groups");
        assert_eq!((by_event.by.as_str(), by_event.groups.join(" ")), ("died", "0 1".to_string()));
        let names: Vec<&str> = by_event.variables.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(names, ["arm", "age"]);
        let everyone = table_of("log(score + 1) ~ arm", None).0.expect("one group");
        let names: Vec<&str> = everyone.variables.iter().map(|v| v.name.as_str()).collect();
        assert_eq!((everyone.n_by_group, names), (vec![120], vec!["score", "arm"]));
        assert_eq!(table_of("died ~ 1", None).0, None, "no predictor to describe");
    }

    #[test]
    fn a_treatment_alone_leaves_no_table_and_that_is_said() {
        let (one, notices) = table_of("died ~ arm", Some("arm"));
        assert_eq!(one, None);
        assert!(notices.iter().any(|n| n.contains("no table of the patients by treatment")), "{notices:?}");
    }
}
