//! A file at a glance: each column's type, missing values, range or levels, and what about it may be a problem.

use serde_json::{Value, json};

use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::table::{Column, MISSING, Values};

/// Levels that are listed; of more only the number is told.
const LISTED: usize = 50;
/// From this share on, missing values cost so many rows that the page says so.
const MANY_MISSING: f64 = 0.2;
/// A category with more levels than this is slow to fit and hard to read.
const MANY_LEVELS: usize = 20;

/// The columns of a file as the page shows them.
pub fn overview(source: &Source) -> Vec<Value> {
    let choices = DataChoices::default();
    let mut shown = Vec::with_capacity(source.header.len());
    if let Ok(typed) = source.typed(&source.header, &choices) {
        for column in &typed.table.columns {
            shown.push(described(column, &typed.notices));
        }
        return shown;
    }
    for name in &source.header {
        shown.push(match source.typed(std::slice::from_ref(name), &choices) {
            Ok(typed) => described(&typed.table.columns[0], &typed.notices),
            Err(error) => {
                let words = error.message + &error.hint.map_or_else(String::new, |hint| format!(" ({hint})"));
                json!({"name": name, "type": "unknown", "missing": null, "distinct": null, "problems": [words],
                       "in_formula": in_formula(name)})
            }
        });
    }
    shown
}

/// The name as a formula takes it: in backticks, unless it is a plain word.
pub fn in_formula(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let first = name.chars().next().is_some_and(|c| c.is_alphabetic());
    if first && name.chars().all(plain) { name.to_string() } else { format!("`{name}`") }
}

fn described(column: &Column, notices: &[String]) -> Value {
    let n = column.values.len();
    let missing = (0..n).filter(|row| column.values.is_missing(*row)).count();
    let quoted = format!("`{}`", column.name);
    let mut problems: Vec<String> = notices.iter().filter(|text| text.contains(&quoted)).cloned().collect();
    if n > 0 && missing as f64 >= MANY_MISSING * n as f64 {
        let share = 100.0 * missing as f64 / n as f64;
        problems.push(format!("missing in {share:.0} % of the rows, which a model with it would drop"));
    }
    let mut shown = match &column.values {
        Values::Number(x) => numbers("number", x, &mut problems),
        Values::Date(x) => numbers("date", x, &mut problems),
        Values::Category { codes, levels } => levels_of(codes, levels, n - missing, &mut problems),
    };
    shown["name"] = json!(column.name);
    shown["missing"] = json!(missing);
    shown["problems"] = json!(problems);
    shown["in_formula"] = json!(in_formula(&column.name));
    shown
}

fn numbers(kind: &str, cells: &[f64], problems: &mut Vec<String>) -> Value {
    let mut x: Vec<f64> = cells.iter().copied().filter(|x| !x.is_nan()).collect();
    x.sort_unstable_by(f64::total_cmp);
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let sd = (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let (min, max) = (x.first().copied(), x.last().copied());
    x.dedup();
    constant(x.len(), problems);
    json!({"type": kind, "distinct": x.len(), "min": min, "max": max, "mean": finite(mean), "sd": finite(sd)})
}

fn levels_of(codes: &[u32], levels: &[String], n: usize, problems: &mut Vec<String>) -> Value {
    let mut counts = vec![0_usize; levels.len()];
    codes.iter().filter(|code| **code != MISSING).for_each(|code| counts[*code as usize] += 1);
    let seen = counts.iter().filter(|count| **count > 0).count();
    constant(seen, problems);
    if seen > MANY_LEVELS {
        let kind = if seen == n { "a different one in every row: an identifier?" } else { "merge some?" };
        problems.push(format!("{seen} levels, {kind}"));
    }
    let listed: Vec<Value> = levels
        .iter()
        .zip(&counts)
        .take(LISTED)
        .map(|(name, count)| json!({"name": name, "count": count}))
        .collect();
    json!({"type": "category", "distinct": seen, "levels": listed, "levels_total": levels.len()})
}

fn constant(distinct: usize, problems: &mut Vec<String>) {
    match distinct {
        0 => problems.push("no value at all".to_string()),
        1 => problems.push("the same value in every row: it cannot explain anything".to_string()),
        _ => {}
    }
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_levels_gaps_and_faulty_columns_are_told_apart() {
        let text = "age,arm,bad,same\n1,a,1,x\n2,b,2,x\n,b,3,x\n6,,1O,x\n5,a,4,x\n5,a,4,x\n5,a,4,x\n5,a,4,x\n\
                    5,a,4,x\n5,a,4,x\n5,a,4,x\n5,a,4,x\n";
        let source = Source::from_bytes("x.csv", text.as_bytes().to_vec()).expect("a CSV");
        let shown = overview(&source);
        assert_eq!(shown[0]["type"], "number");
        assert_eq!((shown[0]["missing"].as_u64(), shown[0]["max"].as_f64()), (Some(1), Some(6.0)));
        assert_eq!(shown[1]["levels"][0]["count"], 9);
        assert_eq!(shown[2]["type"], "unknown");
        assert!(shown[2]["problems"][0].as_str().is_some_and(|p| p.contains("1O")), "{}", shown[2]);
        assert!(shown[3]["problems"][0].as_str().is_some_and(|p| p.contains("same value")));
    }

    #[test]
    fn names_that_are_no_words_stand_in_backticks() {
        assert_eq!(in_formula("age_2"), "age_2");
        assert_eq!(in_formula("body mass"), "`body mass`");
        assert_eq!(in_formula("2nd"), "`2nd`");
    }
}
