//! Tests of each term of the formula, and against a smaller formula on the same rows.

use ndarray::{Array2, ArrayRef1};

use crate::design::formula::Formula;
use crate::design::matrix::encode;
use crate::design::term::Term;
use crate::error::{Error, Result};
use crate::fit::descent::optimum;
use crate::fit::exact::Exact;
use crate::fit::frame::{Dependent, Frame};
use crate::fit::prepare::Prepared;
use crate::fit::result::{LikelihoodRatio, TermTest, TestKind};
use crate::inference::likelihood_ratio::{
    self, TermColumns, of_log_likelihoods, of_residual_sums, test_terms, wald,
};
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
    file: (&[String], &[&str]),
    prepared: &Prepared,
    larger: (&Frame, &Exact),
    loss: Loss,
) -> Result<LikelihoodRatio> {
    let formula = smaller(text, file, &prepared.formula, &|name| prepared.used.column(name).is_some())?;
    let (encoded, _) = encode(&formula, &prepared.used, prepared.weight.as_ref())?;
    let frame = Frame::of(&encoded, &prepared.chosen.y, prepared.weight.as_ref(), Dependent::LeftOut);
    compared(text, (&formula, &frame), (&prepared.formula, larger.0, larger.1), loss)
}

/// The smaller formula, which has the outcome of the larger and no variable that this has not.
///
/// # Errors
/// Formula, when it is otherwise or cannot be read.
pub fn smaller(
    text: &str,
    (header, beside): (&[String], &[&str]),
    larger: &Formula,
    has: &dyn Fn(&str) -> bool,
) -> Result<Formula> {
    let formula = Formula::parse(text)?.resolve(header, beside)?;
    if formula.outcome_text() != larger.outcome_text() {
        return Err(Error::formula(format!(
            "`--against {text}`: its outcome is `{}`, that of the model `{}`",
            formula.outcome_text(),
            larger.outcome_text()
        ))
        .hint("both models must explain the same outcome"));
    }
    match formula.variables().iter().find(|name| !has(name)) {
        Some(name) => Err(not_nested(text, &larger.to_string(), name)),
        None => Ok(formula),
    }
}

/// The likelihood-ratio test of a smaller model against a larger on the same rows.
///
/// # Errors
/// Formula, when the smaller one does not lie within the larger or is the same.
pub fn compared(
    text: &str,
    (formula, frame): (&Formula, &Frame),
    (larger, large_frame, exact): (&Formula, &Frame, &Exact),
    loss: Loss,
) -> Result<LikelihoodRatio> {
    let large_text = larger.to_string();
    // a column of the same name has the same cells, for knots are learnt from the same rows
    let has_all = frame.terms.iter().all(|term| large_frame.terms.contains(term));
    let outside = if has_all { None } else { first_outside(&frame.rows, &large_frame.rows) };
    if let Some(j) = outside {
        return Err(not_nested(text, &large_text, &frame.terms[j].name));
    }
    if !have_one_offset(&frame.rows, &large_frame.rows) {
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
        against: formula.to_string(),
        chisq: test.chisq,
        df: test.df,
        p_value: test.p_value,
        f: test.f.map(|f| (f.value, f.p_value)),
    })
}

/// Whether two designs of the same rows add the same to the linear predictor.
fn have_one_offset(a: &dyn Rows, b: &dyn Rows) -> bool {
    (0..a.n_blocks()).all(|k| a.block(k).offset == b.block(k).offset)
}

fn not_nested(text: &str, large: &str, name: &str) -> Error {
    Error::formula(format!("`--against {text}`: `{name}` is not part of the model `{large}`"))
        .hint("a likelihood-ratio test compares a model with a smaller one that lies within it")
}

/// Each term that no other contains, tested by the model without it: chi-squared (logistic) or F (linear).
pub fn each_term(frame: &Frame, optimum: &Optimum<'_>, df_residual: Option<f64>) -> Vec<TermTest> {
    let terms = columns_by_term(&frame.terms, frame.has_intercept);
    named(test_terms(optimum, &terms, df_residual), &terms, TestKind::LikelihoodRatio)
}

/// Wald's tests of each term, from coefficients in the user's units and a root of their covariance. G clusters tell at most G - 1
/// directions: a term of that many columns has no test, but not-a-number.
pub fn each_term_by_wald(
    frame: &Frame,
    user: &ArrayRef1<f64>,
    (root, clusters): (&Array2<f64>, Option<usize>),
    df_residual: Option<f64>,
) -> Vec<TermTest> {
    let terms = columns_by_term(&frame.terms, frame.has_intercept);
    let mut tests = named(wald(user, root, &terms, df_residual), &terms, TestKind::Wald);
    for test in tests.iter_mut().filter(|test| clusters.is_some_and(|groups| test.df + 1 >= groups)) {
        (test.statistic, test.p_value) = (f64::NAN, f64::NAN);
    }
    tests
}

fn named(tests: Vec<likelihood_ratio::TermTest>, terms: &[TermColumns], kind: TestKind) -> Vec<TermTest> {
    tests
        .into_iter()
        .map(|test| TermTest {
            group: terms[test.term].name.clone(),
            kind,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::Source;
    use crate::fit::result::Fit;
    use crate::fit::spec::{ClusterCorrection, Robust, Spec};

    fn fitted(formula: &str, robust: Robust) -> Fit {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/treatment_effectiveness.csv");
        let bytes = std::fs::read(path).expect("it comes with the program");
        let source = Source::from_bytes("trial.csv", bytes).expect("a table");
        let spec = Spec { robust, ..Spec::new(formula) };
        crate::fit::fit(&spec, &source, &mut crate::optimise::watch::Unwatched).expect("a fit")
    }

    fn tests_of(formula: &str, hc: u8) -> Vec<TermTest> {
        fitted(formula, Robust::Hc(hc)).statistics.term_tests
    }

    fn are(tests: &[TermTest], wanted: &[(&str, f64, usize, f64)]) {
        assert_eq!(tests.len(), wanted.len());
        for (test, (group, statistic, df, p)) in tests.iter().zip(wanted) {
            assert_eq!((test.group.as_str(), test.df, test.kind), (*group, *df, TestKind::Wald));
            assert!((test.statistic - statistic).abs() < 1e-9 * (1e-3 + statistic), "{test:?}");
            assert!((test.p_value - p).abs() < 1e-8 * p, "{test:?}");
        }
    }

    /// R 4: lm and glm of the same rows, HC3 and HC0 by hand from residuals and hat values, b' V⁻¹ b of the columns of each term.
    #[test]
    fn walds_tests_with_a_robust_covariance_are_those_of_r() {
        are(
            &tests_of("effectiveness ~ treatment * age + sex", 3),
            &[
                ("sex", 11.811_033_839_957_252, 1, 0.0006008890164111),
                ("treatment:age", 2.487_570_423_614_351, 2, 0.0833696695062809),
            ],
        );
        are(
            &tests_of("responded ~ treatment + age + I(age^2) + sex", 0),
            &[
                ("treatment", 151.270297025182, 2, 1.41929398770068e-33),
                ("age", 0.000595078454714407, 1, 0.980_538_150_792_827_4),
                ("I(age^2)", 0.344867010082654, 1, 0.557033273401550),
                ("sex", 8.539_756_125_560_409, 1, 0.00347472184887681),
            ],
        );
    }

    /// R 4: lm, and the sums of its scores by site.
    #[test]
    fn few_clusters_are_said_to_be_few_and_test_no_more_columns_than_they_can() {
        let by_site = |formula: &str| {
            let robust = Robust::Cluster { variable: "site".to_string(), correction: ClusterCorrection::Cr1 };
            fitted(formula, robust)
        };
        let fit = by_site("effectiveness ~ treatment + age");
        are(
            &fit.statistics.term_tests,
            &[
                ("treatment", 737.1743252602282, 2, 1.852906366857551e-240),
                ("age", 30.19732365577191, 1, 4.402156233911918e-8),
            ],
        );
        assert!(fit.ledger.notices.iter().any(|notice| notice.contains("only 5 clusters")));
        let tests = by_site("effectiveness ~ treatment + site").statistics.term_tests;
        assert!(tests[0].statistic.is_finite() && tests[1].statistic.is_nan() && tests[1].df == 4);
    }
}
