//! The outcome: which family it calls for, which level is the event, and its numbers.

use ndarray::Array1;
use rayon::prelude::*;

use crate::data::table::{MISSING, Table, Values};
use crate::design::formula::Formula;
use crate::design::learn::either;
use crate::design::matrix::outcome_numbers;
use crate::design::scale::in_range;
use crate::error::{Error, Result};
use crate::fit::result::Outcome;
use crate::fit::spec::Family;
use crate::team::{Bits, Ranks};

/// Pairs of levels that say by themselves which is the event: (non-event, event), compared in lower case.
const PLAIN_PAIRS: [(&str, &str); 4] = [("0", "1"), ("no", "yes"), ("false", "true"), ("alive", "dead")];

/// The outcome of the rows used.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Linear or logistic.
    pub family: Family,
    /// One number a row; 0 or 1 for logistic.
    pub y: Array1<f64>,
    /// Its names.
    pub outcome: Outcome,
    /// What was decided, in words.
    pub notices: Vec<String>,
}

/// Decides the family and the event, and gives the outcome's numbers.
///
/// # Errors
/// Data, when the outcome does not have two values for a logistic model, is text for a linear one, or its event is
/// not known.
pub fn choose(
    formula: &Formula,
    family: Option<Family>,
    event: Option<&str>,
    used: &Table,
) -> Result<Chosen> {
    choose_among(formula, family, event, used, &Ranks::alone())
}

/// As [`choose`], where other ranks have rows too: what is decided holds for all, the numbers are those of `used`.
///
/// # Errors
/// Those of [`choose`]; those of other ranks.
pub fn choose_among(
    formula: &Formula,
    family: Option<Family>,
    event: Option<&str>,
    used: &Table,
    ranks: &Ranks,
) -> Result<Chosen> {
    let name = formula.outcome_variable();
    let column =
        used.column(name).ok_or_else(|| Error::data(format!("no column `{name}` for the outcome")))?;
    let levels = levels_of_all(&column.values, ranks)?;
    let plain_outcome = !formula.outcome_is_transformed();
    let two_valued = plain_outcome && levels.len() == 2;
    let is_text = matches!(column.values, Values::Category { .. });
    let zero_one = levels == ["0", "1"];
    let (family, why) = match family {
        Some(f) => (f, None),
        None if event.is_some() && plain_outcome => (Family::Logistic, None),
        None if two_valued && !is_text && !zero_one => return Err(two_numbers(name, &levels)),
        None if two_valued => (
            Family::Logistic,
            Some(format!(
                "logistic regression, because `{name}` has two values ({} and {})",
                levels[0], levels[1]
            )),
        ),
        None if !is_text => {
            (Family::Linear, Some(format!("linear regression, because `{name}` is a number")))
        }
        None => return Err(not_two_valued(name, &levels)),
    };
    let mut notices: Vec<String> = why.into_iter().collect();
    match family {
        Family::Linear => {
            if event.is_some() {
                return Err(Error::usage("`--event` goes with a logistic model, and this one is linear")
                    .hint("leave out `--event`, or say `--family logistic`"));
            }
            if is_text {
                return Err(Error::data(format!(
                    "the outcome `{name}` is text; a linear model needs numbers"
                ))
                .hint("a two-valued outcome is modelled with `--family logistic`"));
            }
            let y = outcome_numbers(formula, used)?;
            let largest = y.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
            in_range(&format!("the outcome `{}`", formula.outcome_text()), largest)?;
            if let ([only], true) = (levels.as_slice(), y.len() > 1 || !ranks.is_alone()) {
                return Err(one_value(name, only));
            }
            let outcome = Outcome {
                text: formula.outcome_text().to_string(),
                variable: name.to_string(),
                event: None,
                non_event: None,
                n_events: None,
            };
            Ok(Chosen { family, y, outcome, notices })
        }
        Family::Logistic => {
            if !plain_outcome {
                return Err(Error::formula(format!(
                    "the outcome of a logistic model is a column, not `{}`",
                    formula.outcome_text()
                ))
                .hint("use the two-valued column itself"));
            }
            let (event, non_event) = event_of(name, &levels, event)?;
            if event.1 {
                notices.push(format!("the event is `{name}` = {}", event.0));
            }
            let y = indicator(&column.values, &event.0);
            let outcome = Outcome {
                text: formula.outcome_text().to_string(),
                variable: name.to_string(),
                event: Some(event.0),
                non_event: Some(non_event),
                n_events: None,
            };
            Ok(Chosen { family, y, outcome, notices })
        }
    }
}

/// The values that occur on any rank. Of a number that has many, each rank names a few.
fn levels_of_all(values: &Values, ranks: &Ranks) -> Result<Vec<String>> {
    if ranks.is_alone() {
        return Ok(distinct_levels(values));
    }
    match values {
        Values::Category { levels, .. } => {
            let all = ranks.meet(Ok(distinct_levels(values)))?;
            Ok(levels.iter().filter(|level| all.iter().any(|own| own.contains(level))).cloned().collect())
        }
        Values::Number(v) | Values::Date(v) => {
            const SOME: usize = 9; // more than make two outcomes
            let own = few_values(v)
                .unwrap_or_else(|| v.iter().copied().filter(|x| !x.is_nan()).take(SOME).collect());
            let all: Vec<f64> = ranks.meet(Ok(Bits::of(&own)))?.iter().flat_map(Bits::numbers).collect();
            Ok(distinct_levels(&Values::Number(all)))
        }
    }
}

/// The values that occur, as text: levels in their order, numbers ascending. Numbers: at most a few are listed.
fn distinct_levels(values: &Values) -> Vec<String> {
    match values {
        Values::Category { codes, levels } => {
            let none = || vec![false; levels.len()];
            let with = |mut seen: Vec<bool>, code: &u32| {
                if *code != MISSING {
                    seen[*code as usize] = true;
                }
                seen
            };
            let seen = codes.par_iter().with_min_len(TOGETHER).fold(none, with).reduce(none, either);
            levels.iter().zip(seen).filter(|(_, s)| *s).map(|(l, _)| l.clone()).collect()
        }
        Values::Number(v) | Values::Date(v) => {
            let mut sorted =
                few_values(v).unwrap_or_else(|| v.iter().copied().filter(|x| !x.is_nan()).collect());
            sorted.par_sort_unstable_by(f64::total_cmp);
            sorted.dedup();
            sorted.iter().map(f64::to_string).collect()
        }
    }
}

/// The different values in any order, where they are so few that they need no sorting.
fn few_values(values: &[f64]) -> Option<Vec<f64>> {
    const FEW: usize = 8;
    let with = |mut found: Vec<f64>, x: &f64| {
        if x.is_nan() || found.iter().any(|known| known.to_bits() == x.to_bits()) {
            return Some(found);
        }
        found.push(*x);
        (found.len() <= FEW).then_some(found)
    };
    let of_chunk = |chunk: &[f64]| chunk.iter().try_fold(Vec::with_capacity(FEW + 1), with);
    let chunks = values.par_chunks(TOGETHER).map(of_chunk);
    chunks.try_reduce(Vec::new, |a, b| b.iter().try_fold(a, with))
}

/// Values that a thread looks at in one go.
const TOGETHER: usize = 1 << 14;

/// The event (and whether it was chosen by rule) and the other level.
fn event_of(name: &str, levels: &[String], event: Option<&str>) -> Result<((String, bool), String)> {
    if levels.len() > 2 {
        return Err(not_two_valued(name, levels));
    }
    if let [only] = levels {
        return Err(Error::data(format!(
            "all rows used have `{name}` = {only}; there is nothing to predict"
        ))
        .hint("check which rows were dropped, and whether a missing code hides the other value (`--na`)"));
    }
    let [first, second] = levels else {
        return Err(Error::data(format!("the outcome `{name}` has no values")));
    };
    match event {
        Some(wanted) => {
            let same = |level: &String| {
                level == wanted.trim()
                    || matches!((level.parse::<f64>(), wanted.trim().parse::<f64>()), (Ok(a), Ok(b)) if a == b)
            };
            if same(second) {
                Ok(((second.clone(), false), first.clone()))
            } else if same(first) {
                Ok(((first.clone(), false), second.clone()))
            } else {
                Err(Error::data(format!("`--event {wanted}`: `{name}` has the values {first} and {second}"))
                    .hint(format!("say `--event {second}` or `--event {first}`")))
            }
        }
        None => {
            let (a, b) = (first.to_lowercase(), second.to_lowercase());
            let plain = |x: &str, y: &str| PLAIN_PAIRS.iter().any(|(no, yes)| *no == x && *yes == y);
            if plain(&a, &b) {
                Ok(((second.clone(), true), first.clone()))
            } else if plain(&b, &a) {
                Ok(((first.clone(), true), second.clone()))
            } else {
                Err(Error::data(format!(
                    "which value of the outcome `{name}` is the event? It has {first} and {second}"
                ))
                .hint(format!(
                    "say `--event {}` or `--event {}`",
                    quoted(second),
                    quoted(first)
                )))
            }
        }
    }
}

fn one_value(name: &str, only: &str) -> Error {
    Error::data(format!("all rows used have `{name}` = {only}; there is nothing to predict"))
        .hint("check which rows were dropped, and whether a missing code hides the other values (`--na`)")
}

/// Two numbers other than 0 and 1: a score, or codes of which one is the event? Only the user knows.
fn two_numbers(name: &str, levels: &[String]) -> Error {
    Error::data(format!(
        "the outcome `{name}` has the two values {} and {}: which one is the event, or is it a measurement?",
        levels[0], levels[1]
    ))
    .hint(format!("say `--event {}` for a logistic model, or `--family linear`", levels[1]))
}

fn quoted(level: &str) -> String {
    if level.contains(' ') { format!("'{level}'") } else { level.to_string() }
}

fn not_two_valued(name: &str, levels: &[String]) -> Error {
    const SHOWN: usize = 8;
    let mut list = levels.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if levels.len() > SHOWN {
        list.push_str(", ...");
    }
    Error::data(format!(
        "a logistic model needs an outcome of two values; `{name}` has {}: {list}",
        levels.len()
    ))
    .hint("a number is modelled with `--family linear`; codes that mean missing are declared with `--na`")
}

fn indicator(values: &Values, event: &str) -> Array1<f64> {
    match values {
        Values::Category { codes, levels } => {
            let code = levels.iter().position(|l| l == event).map_or(u32::MAX, |p| p as u32);
            codes.par_iter().map(|c| f64::from(u8::from(*c == code))).collect::<Vec<f64>>().into()
        }
        Values::Number(v) | Values::Date(v) => {
            // different numbers are written differently, so that the written event is one number
            let event: Option<u64> = event.parse().ok().map(f64::to_bits);
            v.par_iter().map(|x| f64::from(u8::from(Some(x.to_bits()) == event))).collect::<Vec<f64>>().into()
        }
    }
}
