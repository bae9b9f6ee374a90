//! Likelihood-ratio tests: of each term of the formula, and against a smaller formula on the same rows.

use crate::design::formula::Formula;
use crate::design::matrix::encode;
use crate::design::term::Term;
use crate::error::{Error, Result};
use crate::fit::descent::optimum;
use crate::fit::exact::Exact;
use crate::fit::frame::{Dependent, Frame};
use crate::fit::prepare::Prepared;
use crate::fit::result::{LikelihoodRatio, TermTest};
use crate::inference::likelihood_ratio::{TermColumns, of_log_likelihoods, of_residual_sums, test_terms};
use crate::inference::nested::first_outside;
use crate::inference::profile::Optimum;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::rows::Rows;

/// The model of a smaller formula, fitted to the rows that the larger one used, against the larger.
///
/// # Errors
/// Formula, when the smaller one cannot be read, has another outcome, or does not lie within the larger.
pub fn against(
    text: &str,
    (header, beside): (&[String], &[&str]),
    prepared: &Prepared,
    larger: (&Frame, &Exact),
    loss: Loss,
) -> Result<LikelihoodRatio> {
    let formula = Formula::parse(text)?.resolve(header, beside)?;
    let large_text = prepared.formula.to_string();
    if formula.outcome_text() != prepared.formula.outcome_text() {
        return Err(Error::formula(format!(
            "`--against {text}`: its outcome is `{}`, that of the model `{}`",
            formula.outcome_text(),
            prepared.formula.outcome_text()
        ))
        .hint("both models must explain the same outcome"));
    }
    if let Some(name) = formula.variables().iter().find(|name| prepared.used.column(name).is_none()) {
        return Err(not_nested(text, &large_text, name));
    }
    let (encoded, frozen) = encode(&formula, &prepared.used, prepared.weight.as_ref())?;
    let smaller = Prepared {
        formula,
        used: prepared.used.clone(),
        chosen: prepared.chosen.clone(),
        encoded,
        frozen,
        weight: prepared.weight.clone(),
        cluster: None,
        ledger: prepared.ledger.clone(),
        gaps: prepared.gaps.clone(),
    };
    let frame = Frame::new(&smaller, Dependent::LeftOut);
    let (large_frame, exact) = larger;
    if let Some(j) = first_outside(&frame.memory().x, &large_frame.memory().x) {
        return Err(not_nested(text, &large_text, &frame.terms[j].name));
    }
    if frame.memory().offset != large_frame.memory().offset {
        return Err(Error::formula(format!("`--against {text}`: the two models have different offsets"))
            .hint("write the same `offset()` in both"));
    }
    let df = large_frame.dim() - frame.dim();
    if df == 0 {
        return Err(Error::formula(format!("`--against {text}`: it is the same model as `{large_text}`"))
            .hint("leave a term out of it"));
    }
    let value = optimum(&Glm::new(&frame.rows, loss), 0).value;
    let n = frame.rows.total_weight();
    let test = match loss {
        Loss::Logistic => of_log_likelihoods(-n * value, -n * exact.value, df),
        Loss::Squared => {
            of_residual_sums((2.0 * n * value, 2.0 * n * exact.value), n, df, n - large_frame.dim() as f64)
        }
    };
    Ok(LikelihoodRatio {
        against: smaller.formula.to_string(),
        chisq: test.chisq,
        df: test.df,
        p_value: test.p_value,
        f: test.f.map(|f| (f.value, f.p_value)),
    })
}

fn not_nested(text: &str, large: &str, name: &str) -> Error {
    Error::formula(format!("`--against {text}`: `{name}` is not part of the model `{large}`"))
        .hint("a likelihood-ratio test compares a model with a smaller one that lies within it")
}

/// Each term that no other contains, tested by the model without it: chi-squared (logistic) or F (linear).
pub fn each_term(frame: &Frame, optimum: &Optimum<'_>, df_residual: Option<f64>) -> Vec<TermTest> {
    let terms = columns_by_term(&frame.terms, frame.has_intercept);
    test_terms(optimum, &terms, df_residual)
        .into_iter()
        .map(|test| TermTest {
            group: terms[test.term].name.clone(),
            statistic: test.statistic,
            df: test.df,
            p_value: test.p_value,
        })
        .collect()
}

fn columns_by_term(terms: &[Term], has_intercept: bool) -> Vec<TermColumns> {
    let mut found: Vec<TermColumns> = Vec::new();
    for (j, term) in terms.iter().enumerate().skip(usize::from(has_intercept)) {
        match found.iter_mut().find(|t| t.name == term.group) {
            Some(known) => known.columns.push(j),
            None => found.push(TermColumns {
                name: term.group.clone(),
                columns: vec![j],
                factors: term
                    .parts
                    .iter()
                    .map(|p| p.transform.clone().unwrap_or_else(|| p.variable.clone()))
                    .collect(),
            }),
        }
    }
    found
}
