//! How good a model is on its own rows: measured once, for tables and pictures to read.

use crate::data::table::Values;
use crate::design::sample::Sample;
use crate::error::Result;
use crate::fit::analysis::Analysis;
use crate::fit::spec::Family;
use crate::num::special::expit;
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::{Asked, LogisticPerformance, Predicted};

/// The apparent performance of a fit. What is one a row is working data: it must not leave the program.
#[derive(Debug, Clone, PartialEq)]
pub enum Apparent {
    /// Risks.
    Logistic {
        /// The measures.
        performance: Box<LogisticPerformance>,
        /// Median risk of those with the event, and of those without.
        medians: (f64, f64),
    },
    /// Means.
    Linear {
        /// The measures.
        performance: Box<LinearPerformance>,
        /// Fitted value of each row.
        fitted: Vec<f64>,
        /// Outcome less fitted value of each row.
        residual: Vec<f64>,
        /// One row of so many is among them.
        every: usize,
    },
}

/// Between which values of a predictor the model has seen patients.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The column.
    pub variable: String,
    /// Lower centile.
    pub low: f64,
    /// Upper centile.
    pub high: f64,
}

/// The share of patients that lies below and above a [`Range`]: single patients' extremes are not told.
pub const OUTSIDE: f64 = 0.01;
/// With fewer rows than this a 1st centile would be a single patient's value: no ranges are given.
pub const LEAST_ROWS: usize = 100;

/// Measures a fit that ended with an answer on the rows that it was fitted to; `None` for any other fit.
///
/// # Errors
/// Data, when the rows leave nothing to measure (one outcome, fewer than three rows).
pub fn apparent(analysis: &Analysis) -> Result<Option<Apparent>> {
    let fit = &analysis.fit;
    if !fit.convergence.converged || fit.convergence.separation.is_some() {
        return Ok(None);
    }
    let prepared = &analysis.prepared;
    let outcome = prepared.chosen.y.to_vec();
    let weight = prepared.weight.as_ref().map(|w| w.to_vec());
    let rows = Predicted {
        linear_predictor: &analysis.linear_predictor,
        outcome: &outcome,
        weight: weight.as_deref(),
    };
    of_rows(&rows, (fit.family, fit.spec.conf_level)).map(Some)
}

/// Measures predictions of a model on some rows as [`apparent()`] does, with intervals of that level.
///
/// # Errors
/// As [`apparent()`].
pub fn of_rows(rows: &Predicted<'_>, (family, conf_level): (Family, f64)) -> Result<Apparent> {
    let asked = Asked { conf_level, thresholds: Vec::new() };
    Ok(match family {
        Family::Logistic => Apparent::Logistic {
            performance: Box::new(LogisticPerformance::of(rows, &asked)?),
            medians: (median_risk(rows, 1.0), median_risk(rows, 0.0)),
        },
        Family::Linear => Apparent::Linear {
            performance: Box::new(LinearPerformance::of(rows, &asked)?),
            residual: rows.outcome.iter().zip(rows.linear_predictor).map(|(y, mean)| y - mean).collect(),
            fitted: rows.linear_predictor.to_vec(),
            every: 1,
        },
    })
}

/// The median risk of the rows with this outcome.
fn median_risk(rows: &Predicted<'_>, outcome: f64) -> f64 {
    let own: Vec<usize> = (0..rows.outcome.len()).filter(|i| rows.outcome[*i] == outcome).collect();
    let predictor: Vec<f64> = own.iter().map(|i| rows.linear_predictor[*i]).collect();
    let weight: Option<Vec<f64>> = rows.weight.map(|w| own.iter().map(|i| w[*i]).collect());
    if own.is_empty() { f64::NAN } else { expit(Sample::of(&predictor, weight.as_deref()).quantile(0.5)) }
}

/// The 1st and 99th centile of each numeric predictor among the rows used; none with fewer than 100 rows.
pub fn ranges(analysis: &Analysis) -> Vec<Range> {
    let prepared = &analysis.prepared;
    if prepared.used.n_rows < LEAST_ROWS {
        return Vec::new();
    }
    let weight = prepared.weight.as_ref().map(|w| w.to_vec());
    let is_predictor = |name: &str| prepared.frozen.variables.iter().any(|(variable, _)| variable == name);
    let range = |name: &str, values: &Values| match values {
        Values::Number(numbers) => {
            let sample = Sample::of(numbers, weight.as_deref());
            let (low, high) = (sample.quantile(OUTSIDE), sample.quantile(1.0 - OUTSIDE));
            Some(Range { variable: name.to_string(), low, high })
        }
        Values::Date(_) | Values::Category { .. } => None,
    };
    prepared
        .used
        .columns
        .iter()
        .filter(|column| is_predictor(&column.name))
        .filter_map(|column| range(&column.name, &column.values))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::Source;
    use crate::fit::spec::Spec;
    use crate::optimise::watch::Unwatched;

    fn analysis(text: &str, formula: &str) -> Analysis {
        let source = Source::from_bytes("rows.csv", text.as_bytes().to_vec()).expect("a table");
        crate::fit::analyse(&Spec::new(formula), &source, &mut Unwatched).expect("a fit")
    }

    fn rows() -> String {
        let row = |i: u32| {
            format!("{},{},{}\n", i % 23, u8::from((i * 37 + 11) % 120 < 20 + i % 70), (i * 53) % 97)
        };
        format!("age,died,crp\n{}", (0..120).map(row).collect::<String>())
    }

    /// Two ways to the same numbers: the fit's own statistics, and the performance of its predictions.
    #[test]
    fn apparent_measures_are_those_of_the_fit_and_hold_what_it_forces() {
        let logistic = analysis(&rows(), "died ~ age + crp");
        let Some(Apparent::Logistic { performance: p, medians }) = apparent(&logistic).expect("measured")
        else {
            panic!("a logistic fit that converged");
        };
        let s = &logistic.fit.statistics;
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(p.auc.value, s.auc.expect("logistic"));
        near(p.brier, s.brier.expect("logistic"));
        near(p.calibration_line.expect("a slope").slope.value, 1.0);
        near(p.oe_ratio, 1.0);
        assert!(0.0 < medians.1 && medians.1 < medians.0 && medians.0 < 1.0, "{medians:?}");
        let linear = analysis(&rows(), "crp ~ age");
        let Some(Apparent::Linear { performance: p, residual, .. }) = apparent(&linear).expect("measured")
        else {
            panic!("a linear fit that converged");
        };
        near(p.r_squared, linear.fit.statistics.r_squared.expect("linear"));
        near(residual.iter().sum::<f64>(), 0.0);
    }

    #[test]
    fn a_fit_without_an_answer_has_no_performance_and_few_rows_have_no_ranges() {
        let separated = analysis("x,y\n1,0\n2,0\n3,0\n4,1\n5,1\n6,1\n", "y ~ x");
        assert_eq!(apparent(&separated).expect("no error"), None);
        assert!(ranges(&separated).is_empty());
        let found = ranges(&analysis(&rows(), "died ~ age + crp"));
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|r| r.low < r.high), "{found:?}");
    }
}
