//! What a page says beyond the fit itself, worked out from its rows before they go.

use crate::data::csv::Source;
use crate::data::table::{Column, MISSING, Table, Values};
use crate::effects::result::Question;
use crate::fit::analysis::Analysis;
use crate::fit::apparent::{self, Apparent};
use crate::fit::prepare::Prepared;
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::inference::baseline::{Request, TableOne, overall, table_one};

/// Whose table is made.
#[derive(Clone, Copy)]
pub enum Patients<'a> {
    /// All rows of the file.
    All(&'a Source),
    /// The rows used, as they were before gaps were filled, counts below a limit withheld: a table of other rows would give
    /// small counts back by its differences to what else is told of the rows used.
    Used(&'a Table, usize),
}

/// The patients: by treatment where there is one, else by a two-valued outcome, else together. Where there is no such
/// table, the ledger says why.
pub fn patients(
    question: Option<&Question>,
    fit: &mut Fit,
    prepared: &Prepared,
    patients: Patients<'_>,
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
    let (table, suppress_below) = match patients {
        Patients::All(source) => (source.typed(&columns, &choices).map(|typed| typed.table), None),
        Patients::Used(rows, below) => (Ok(by_levels(rows, &columns, by)), Some(below)),
    };
    let found = table.and_then(|table| match by {
        Some(by) => table_one(&table, &Request { by: by.to_string(), variables: None, suppress_below }),
        None => overall(&table, suppress_below),
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

/// Some columns of a table, the group's as levels.
fn by_levels(rows: &Table, names: &[String], by: Option<&str>) -> Table {
    let columns = names.iter().filter_map(|name| rows.column(name)).map(|column| match &column.values {
        Values::Number(values) if by == Some(column.name.as_str()) => {
            let mut levels: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
            levels.sort_by(f64::total_cmp);
            levels.dedup();
            let code = |x: &f64| {
                levels.iter().zip(0..).find(|(level, _)| *level == x).map_or(MISSING, |(_, code)| code)
            };
            let codes = values.iter().map(code).collect();
            let levels = levels.iter().map(f64::to_string).collect();
            Column { name: column.name.clone(), values: Values::Category { codes, levels } }
        }
        _ => column.clone(),
    });
    Table { columns: columns.collect(), n_rows: rows.n_rows, ..Table::default() }
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
        let all = Patients::All(&source);
        let one = patients(question.as_ref(), &mut analysis.fit, &analysis.prepared, all);
        (one, analysis.fit.ledger.notices)
    }

    #[test]
    fn where_counts_are_withheld_the_table_is_of_the_rows_used() {
        let row = |i: u32| {
            let score = if i.is_multiple_of(40) { String::new() } else { (i * 53 % 97).to_string() };
            format!("{},{},{score}\n", i % 3 / 2, if i % 50 == 7 { "c" } else { ["a", "b"][i as usize % 2] })
        };
        let text = format!("arm,ward,score\n{}", (0..120).map(row).collect::<String>());
        let source = Source::from_bytes("t.csv", text.into_bytes()).expect("a table");
        let mut analysis =
            crate::fit::analyse(&Spec::new("score ~ arm + ward"), &source, &mut Unwatched).expect("a fit");
        let used = analysis.prepared.used.clone();
        let one = patients(None, &mut analysis.fit, &analysis.prepared, Patients::Used(&used, 5));
        let everyone = one.expect("one group");
        assert_eq!(everyone.n_by_group, [117]);
        assert_eq!(
            (everyone.withheld_levels(), everyone.withheld_gaps()),
            (vec!["ward".to_string()], vec![])
        );
        let question =
            Question { treatment: "arm".to_string(), interval: EffectInterval::Delta, event_is: None };
        let one = patients(Some(&question), &mut analysis.fit, &analysis.prepared, Patients::Used(&used, 5));
        let by_arm = one.expect("two groups");
        assert_eq!(
            (by_arm.groups.join(" "), by_arm.n_by_group.iter().sum::<usize>()),
            ("0 1".to_string(), 117)
        );
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
