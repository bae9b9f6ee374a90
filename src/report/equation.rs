//! The fitted equation in words: what is added up, and what becomes of the sum.

use serde::Serialize;

use crate::design::term::Part;
use crate::fit::result::{Coefficient, Fit};
use crate::fit::spec::Family;
use crate::model::estimate;
use crate::report::context::{Piece, pieces};
use crate::report::numbers::significant;
use crate::report::words::visible;

/// The equation as finished strings.
#[derive(Serialize)]
pub(super) struct Equation {
    lead: Vec<Piece>,
    summands: Vec<Vec<Piece>>,
    note: Vec<Piece>,
}

/// Significant digits of a coefficient in words.
const DIGITS: i32 = 4;
/// More summands than this are left to the table.
const MOST: usize = 40;

/// The equation; `None` where the descent has no answer.
pub(super) fn equation(fit: &Fit) -> Option<Equation> {
    let is_answer = fit.convergence.converged && fit.convergence.separation.is_none();
    let sentences = is_answer.then(|| sentences(fit))?;
    let [lead, summands @ .., note] = sentences.as_slice() else { return None };
    Some(Equation {
        lead: pieces(lead),
        summands: summands.iter().map(|s| pieces(s)).collect(),
        note: pieces(note),
    })
}

/// What is computed, the summands one by one, and how exact the numbers are.
///
///   logistic: risk = 1 / (1 + exp(-L)), L the sum;  linear: the mean is the sum
fn sentences(fit: &Fit) -> Vec<String> {
    let lead = match (fit.family, &fit.outcome.event) {
        (Family::Logistic, event) => {
            let event = event.as_deref().unwrap_or("1");
            format!(
                "The risk that `{}` is `{}` is 1 / (1 + exp(−L)), where the log odds L is the sum of",
                visible(&fit.outcome.variable),
                visible(event)
            )
        }
        (Family::Linear, _) => {
            format!("The predicted mean of `{}` is the sum of", visible(&fit.outcome.text))
        }
    };
    let mut told = vec![lead];
    let summands = summands(fit);
    let more = summands.len().saturating_sub(MOST);
    told.extend(summands.into_iter().take(MOST));
    if more > 0 {
        told.push(format!("{more} more summands, which the table of the coefficients has"));
    }
    if fit.formula.contains("offset(") {
        told.push("the offset of the formula".to_string());
    }
    told.push(format!(
        "Numbers are rounded to {DIGITS} digits; `model.json` has all of them, and `clinreg predict` does the sum."
    ));
    told
}

/// One a coefficient; the columns of one curve are one summand.
fn summands(fit: &Fit) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut curve: Vec<&Coefficient> = Vec::new();
    for coefficient in &fit.coefficients {
        if curve.last().is_some_and(|last| !is_same_curve(&last.term.parts, &coefficient.term.parts)) {
            told.push(curve_in_words(&curve));
            curve.clear();
        }
        if coefficient.term.parts.iter().any(|part| part.index.is_some()) {
            curve.push(coefficient);
        } else if let Some(b) = estimate(fit, coefficient) {
            told.push(summand(b, &coefficient.term.parts));
        }
    }
    if !curve.is_empty() {
        told.push(curve_in_words(&curve));
    }
    told
}

fn is_same_curve(a: &[Part], b: &[Part]) -> bool {
    let bare = |part: &Part| Part { index: None, ..part.clone() };
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| bare(a) == bare(b) && a.index.is_some() == b.index.is_some())
}

/// `0.05 for each unit of age if sex is male`.
fn summand(b: f64, parts: &[Part]) -> String {
    let number = significant(b, DIGITS).replace('-', "−");
    let words = [units(parts), conditions(parts)].into_iter().flatten();
    std::iter::once(number).chain(words).collect::<Vec<_>>().join(" ")
}

fn curve_in_words(columns: &[&Coefficient]) -> String {
    let parts = &columns[0].term.parts;
    let named: Vec<String> = parts
        .iter()
        .filter(|part| part.index.is_some())
        .map(|part| {
            let transform = part.transform.as_deref().unwrap_or(&part.variable);
            format!("`{}`, a curve in `{}`", visible(transform), visible(&part.variable))
        })
        .collect();
    let estimated = columns.iter().filter(|c| c.estimate.is_some()).count();
    let columns =
        if estimated == 1 { "1 coefficient".to_string() } else { format!("{estimated} coefficients") };
    let text = format!("{} ({columns} in the table)", named.join(" times "));
    let rest: Vec<Part> = parts.iter().filter(|part| part.index.is_none()).cloned().collect();
    let more = [units(&rest).map(|u| format!("once {u}")), conditions(&rest)].into_iter().flatten();
    std::iter::once(text).chain(more).collect::<Vec<_>>().join(" ")
}

/// `for each unit of a times b`.
fn units(parts: &[Part]) -> Option<String> {
    let numbers: Vec<String> = parts
        .iter()
        .filter(|part| part.level.is_none())
        .map(|part| format!("`{}`", visible(part.transform.as_deref().unwrap_or(&part.variable))))
        .collect();
    (!numbers.is_empty()).then(|| format!("for each unit of {}", numbers.join(" times ")))
}

/// `if a is x and b is y`.
fn conditions(parts: &[Part]) -> Option<String> {
    let levels: Vec<String> = parts
        .iter()
        .filter_map(|part| {
            Some(format!("`{}` is `{}`", visible(&part.variable), visible(part.level.as_deref()?)))
        })
        .collect();
    (!levels.is_empty()).then(|| format!("if {}", levels.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::Source;
    use crate::fit::spec::Spec;
    use crate::optimise::watch::Unwatched;

    fn told(formula: &str) -> (Fit, Vec<String>) {
        let row = |i: u32| {
            let sex = ["f", "m"][i as usize % 2];
            format!("{},{},{sex},{}\n", (i * 7) % 31, (i * 37 + 11) % 97, (i * i + i / 3) % 2)
        };
        let text = format!("score,age,sex,died\n{}", (0..120).map(row).collect::<String>());
        let source = Source::from_bytes("t.csv", text.into_bytes()).expect("a table");
        let fit = crate::fit::analyse(&Spec::new(formula), &source, &mut Unwatched).expect("a fit").fit;
        let sentences = sentences(&fit);
        (fit, sentences)
    }

    /// The numbers in the words are the fitted ones: the sum by the words is the fitted value of a row.
    #[test]
    fn the_words_add_up_to_the_fitted_value() {
        let (fit, told) = told("score ~ age * sex");
        assert!(told[0].ends_with("mean of `score` is the sum of"));
        let number = |text: &str| -> f64 {
            text.split(' ').next().expect("a number").replace('−', "-").parse().expect("a number")
        };
        assert!(told[2].ends_with(" for each unit of `age`"), "{told:?}");
        assert!(told[3].ends_with(" if `sex` is `m`"), "{told:?}");
        assert!(told[4].ends_with(" for each unit of `age` if `sex` is `m`"), "{told:?}");
        let (age, male) = (f64::from(37 + 11), 1.0); // the second row
        let sum = number(&told[1])
            + number(&told[2]) * age
            + number(&told[3]) * male
            + number(&told[4]) * age * male;
        assert!((sum - fit.fitted[1]).abs() < 0.01 * fit.fitted[1].abs(), "{sum} {}", fit.fitted[1]);
    }

    #[test]
    fn a_curve_is_one_summand_and_a_risk_is_explained() {
        let (_, told) = told("died ~ rcs(age, 4) + sex");
        assert!(told[0].starts_with("The risk that `died` is `1` is 1 / (1 + exp(−L))"));
        assert_eq!(told[2], "`rcs(age, 4)`, a curve in `age` (3 coefficients in the table)");
        assert!(told[3].contains("if `sex` is `m`"));
        assert_eq!(told.len(), 5);
    }
}
