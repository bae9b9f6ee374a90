//! The apparent performance of a pooled model: measured in each completed data set, pooled by Rubin's rules.

use ndarray::Array1;

use crate::error::Result;
use crate::fit::analysis::Analysis;
use crate::fit::apparent::{Apparent, apparent, of_rows};
use crate::fit::result::Fit;
use crate::impute::pool::rubin;
use crate::inference::table::Reference;
use crate::num::special::{expit, logit};
use crate::performance::discrimination::Auc;
use crate::performance::estimate::Estimate;
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::{LogisticPerformance, Predicted};
use crate::performance::recalibration::Line;

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Between {
    value: f64,
    std_error: f64,
    low: f64,
    high: f64,
}

/// The performance of a pooled model on the rows that it was fitted to; `None` where a fit has no answer to measure.
///
/// 1. Each completed data set's fit is measured on its own rows.
/// 2. Single numbers are pooled: the AUC as its log odds (variance by the delta method), O/E as its logarithm, with
///    Barnard and Rubin's degrees of freedom; intercept and slope of the calibration as they are; scores, R² and the
///    distances of the calibration curve are means.
/// 3. Curves, groups and pictures are those of the pooled model's mean predictions: its linear predictor in each data set,
///    averaged row by row. Where the data sets do not have the same outcomes row by row, rows of all of them are taken
///    together, each with 1/m of its weight.
///
/// Source: White, Royston & Wood 2011, Statistics in Medicine 30:377-399, s. 4.1; Marshall et al. 2009, BMC Medical
/// Research Methodology 9:57 (scales).
///
/// # Errors
/// As [`apparent()`] says.
pub fn pooled_performance(completed: &[Analysis], pooled: &Fit) -> Result<Option<Apparent>> {
    let Some(each) = completed.iter().map(apparent).collect::<Result<Option<Vec<Apparent>>>>()? else {
        return Ok(None); // 1
    };
    let (rows, how) = mean_rows(completed, pooled);
    let whole = of_rows(&rows.predicted(), (pooled.family, pooled.spec.conf_level))?; // 3
    let complete_df = pooled.statistics.df_residual;
    let m = completed.len();
    Ok(Some(match whole {
        Apparent::Logistic { performance, medians } => {
            let all: Vec<&LogisticPerformance> = each
                .iter()
                .filter_map(|a| match a {
                    Apparent::Logistic { performance, .. } => Some(&**performance),
                    Apparent::Linear { .. } => None,
                })
                .collect();
            let mut performance = logistic(*performance, &all, complete_df); // 2
            performance.notes.push(format!(
                "measured in each of {m} completed data sets and pooled by Rubin's rules (the AUC as its log odds, O/E as \
                 its logarithm; scores are means); the curves are those of {how}"
            ));
            Apparent::Logistic { performance: Box::new(performance), medians }
        }
        Apparent::Linear { performance, fitted, residual, every } => {
            let all: Vec<&LinearPerformance> = each
                .iter()
                .filter_map(|a| match a {
                    Apparent::Linear { performance, .. } => Some(&**performance),
                    Apparent::Logistic { .. } => None,
                })
                .collect();
            let mut performance = linear(*performance, &all, complete_df);
            performance.notes.push(format!(
                "measured in each of {m} completed data sets and pooled by Rubin's rules (R² and errors are means); groups \
                 and residuals are those of {how}"
            ));
            Apparent::Linear { performance: Box::new(performance), fitted, residual, every }
        }
    }))
}

/// Puts the pooled AUC and its interval in the place of the mean one.
pub fn put_statistics(fit: &mut Fit, apparent: &Apparent) {
    if let Apparent::Logistic { performance: p, .. } = apparent {
        let s = &mut fit.statistics;
        s.auc = Some(p.auc.value);
        (s.auc_low, s.auc_high) = (Some(p.auc_interval.0), Some(p.auc_interval.1));
        (s.scaled_brier, s.log_loss) = (Some(p.scaled_brier), Some(p.log_loss));
    }
}

/// Predictions, outcomes and weights of rows.
struct Rows {
    linear_predictor: Vec<f64>,
    outcome: Vec<f64>,
    weight: Option<Vec<f64>>,
}

impl Rows {
    fn predicted(&self) -> Predicted<'_> {
        Predicted {
            linear_predictor: &self.linear_predictor,
            outcome: &self.outcome,
            weight: self.weight.as_deref(),
        }
    }
}

/// Says in how many rows the outcome is not the same in all completed files, where they have equally many rows.
pub fn outcomes_that_differ(completed: &[Analysis]) -> Option<String> {
    let (first, others) = completed.split_first()?;
    let outcome = |a: &Analysis, i: usize| a.prepared.chosen.y[i];
    let n = first.prepared.chosen.y.len();
    if others.iter().any(|a| a.prepared.chosen.y.len() != n) {
        return None;
    }
    let differ = |i: &usize| others.iter().any(|a| outcome(a, *i) != outcome(first, *i));
    let rows = (0..n).filter(differ).count();
    (rows > 0).then(|| {
        format!(
            "the outcome is not the same in all files in {rows} of {n} rows: where events or means of the outcome are \
             given, they are means over the files"
        )
    })
}

/// The rows with the pooled model's predictions, and in words what these are.
fn mean_rows(completed: &[Analysis], pooled: &Fit) -> (Rows, &'static str) {
    let beta: Array1<f64> = pooled.coefficients.iter().map(|c| c.estimate.unwrap_or(0.0)).collect();
    let all: Vec<Array1<f64>> =
        completed.iter().map(|a| a.prepared.encoded.linear_predictor(&beta)).collect();
    let m = completed.len() as f64;
    let first = &completed[0].prepared;
    let same = |a: &Analysis| a.prepared.chosen.y == first.chosen.y && a.prepared.weight == first.weight;
    if completed.iter().all(same) {
        let sum = all.iter().fold(Array1::zeros(all[0].len()), |sum: Array1<f64>, eta| sum + eta);
        let rows = Rows {
            linear_predictor: (sum / m).to_vec(),
            outcome: first.chosen.y.to_vec(),
            weight: first.weight.as_ref().map(|w| w.to_vec()),
        };
        return (rows, "the pooled model's mean predictions (its linear predictor, averaged row by row)");
    }
    let weights = |a: &Analysis| -> Vec<f64> {
        (0..a.prepared.used.n_rows).map(|i| a.prepared.weight.as_ref().map_or(1.0, |w| w[i]) / m).collect()
    };
    let rows = Rows {
        linear_predictor: all.iter().flatten().copied().collect(),
        outcome: completed.iter().flat_map(|a| a.prepared.chosen.y.to_vec()).collect(),
        weight: Some(completed.iter().flat_map(weights).collect()),
    };
    (rows, "the rows of all data sets together, as their outcomes differ row by row")
}

fn mean<T>(all: &[T], of: impl Fn(&T) -> f64) -> f64 {
    all.iter().map(of).sum::<f64>() / all.len() as f64
}

/// Rubin's rules on a scale; NaN where there is no variance to pool. Intervals are of t.
fn pool(values: &[f64], errors: &[f64], complete_df: f64, conf_level: f64) -> Between {
    let squares: Vec<f64> = errors.iter().map(|se| se * se).collect();
    let pooled = rubin(values, &squares, complete_df);
    let half = Reference::T(pooled.df).half_width(conf_level) * pooled.std_error;
    Between {
        value: pooled.estimate,
        std_error: pooled.std_error,
        low: pooled.estimate - half,
        high: pooled.estimate + half,
    }
}

/// An AUC over the data sets, on the log odds; an AUC of 1 somewhere has no log odds, and the mean no interval.
///
///   var(logit AUC) = var(AUC) / (AUC (1 - AUC))²
fn pooled_auc(all: &[Auc], complete_df: f64, conf_level: f64) -> (Auc, (f64, f64)) {
    let values: Vec<f64> = all.iter().map(|a| logit(a.value)).collect();
    let errors: Vec<f64> = all.iter().map(|a| a.std_error / (a.value * (1.0 - a.value))).collect();
    if !values.iter().chain(&errors).all(|v| v.is_finite()) {
        return (Auc { value: mean(all, |a| a.value), std_error: f64::NAN }, (f64::NAN, f64::NAN));
    }
    let found = pool(&values, &errors, complete_df, conf_level);
    let value = expit(found.value);
    (Auc { value, std_error: found.std_error * value * (1.0 - value) }, (expit(found.low), expit(found.high)))
}

/// Estimates as they are; `None` where one data set has none.
fn pooled_estimate(all: &[Option<Estimate>], complete_df: f64) -> Option<Estimate> {
    let found: Vec<Estimate> = all.iter().copied().collect::<Option<_>>()?;
    let values: Vec<f64> = found.iter().map(|e| e.value).collect();
    let squares: Vec<f64> = found.iter().map(|e| e.std_error * e.std_error).collect();
    let pooled = rubin(&values, &squares, complete_df);
    Some(Estimate { value: pooled.estimate, std_error: pooled.std_error })
}

fn pooled_line(all: &[Option<Line>], complete_df: f64) -> Option<Line> {
    let found: Vec<Line> = all.iter().copied().collect::<Option<_>>()?;
    let of = |pick: fn(&Line) -> Estimate| {
        pooled_estimate(&found.iter().map(|l| Some(pick(l))).collect::<Vec<_>>(), complete_df)
    };
    Some(Line {
        intercept: of(|l| l.intercept)?,
        slope: of(|l| l.slope)?,
        mean_loss: mean(&found, |l| l.mean_loss),
    })
}

fn logistic(
    whole: LogisticPerformance,
    all: &[&LogisticPerformance],
    complete_df: f64,
) -> LogisticPerformance {
    let level = whole.conf_level;
    let areas: Vec<Auc> = all.iter().map(|p| p.auc).collect();
    let (auc, auc_interval) = pooled_auc(&areas, complete_df, level);
    let ratios: Vec<f64> = all.iter().map(|p| p.oe_ratio.ln()).collect();
    let errors: Vec<f64> = all.iter().map(|p| ((1.0 - p.n_events / p.n) / p.n_events).sqrt()).collect();
    let ratio = pool(&ratios, &errors, complete_df, level);
    let r2: Option<Vec<f64>> = all.iter().map(|p| p.nagelkerke_r2).collect();
    let curve = whole.curve.map(|mut curve| {
        let found: Vec<_> = all.iter().filter_map(|p| p.curve.as_ref()).collect();
        if found.len() == all.len() {
            curve.ici = mean(&found, |c| c.ici);
            curve.e50 = mean(&found, |c| c.e50);
            curve.e90 = mean(&found, |c| c.e90);
            curve.e_max = mean(&found, |c| c.e_max);
        }
        curve
    });
    LogisticPerformance {
        n_events: mean(all, |p| p.n_events),
        expected: mean(all, |p| p.expected),
        auc,
        auc_interval,
        brier: mean(all, |p| p.brier),
        scaled_brier: mean(all, |p| p.scaled_brier),
        log_loss: mean(all, |p| p.log_loss),
        nagelkerke_r2: r2.map(|v| mean(&v, |r| *r)),
        calibration_intercept: pooled_estimate(
            &all.iter().map(|p| p.calibration_intercept).collect::<Vec<_>>(),
            complete_df,
        ),
        calibration_line: pooled_line(
            &all.iter().map(|p| p.calibration_line).collect::<Vec<_>>(),
            complete_df,
        ),
        oe_ratio: ratio.value.exp(),
        oe_interval: (ratio.low.exp(), ratio.high.exp()),
        curve,
        ..whole
    }
}

fn linear(whole: LinearPerformance, all: &[&LinearPerformance], complete_df: f64) -> LinearPerformance {
    LinearPerformance {
        r_squared: mean(all, |p| p.r_squared),
        rmse: mean(all, |p| p.rmse),
        mae: mean(all, |p| p.mae),
        mean_outcome: mean(all, |p| p.mean_outcome),
        mean_predicted: mean(all, |p| p.mean_predicted),
        calibration_intercept: pooled_estimate(
            &all.iter().map(|p| p.calibration_intercept).collect::<Vec<_>>(),
            complete_df,
        ),
        calibration_line: pooled_line(
            &all.iter().map(|p| p.calibration_line).collect::<Vec<_>>(),
            complete_df,
        ),
        ..whole
    }
}

#[cfg(test)]
#[path = "performance_tests.rs"]
mod tests;
