//! Everything that is said of the predictions of a logistic model on some rows.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::num::special::{expit, normal_quantile};
use crate::objective::loss::Loss;
use crate::performance::cells::WIDTH;
use crate::performance::classification::{Classification, classify};
use crate::performance::curve::{CalibrationCurve, calibration_curve};
use crate::performance::decision::{NetBenefit, net_benefit, usual_thresholds};
use crate::performance::discrimination::{Auc, auc};
use crate::performance::distribution::{RiskDistribution, risk_distribution};
use crate::performance::estimate::Estimate;
use crate::performance::groups::{CalibrationGroup, calibration_groups, usual_groups};
use crate::performance::ranking::{Ranking, pack};
use crate::performance::recalibration::{Line, intercept, line};
use crate::performance::roc::{RocPoint, roc};
use crate::performance::score::{brier, cox_snell_r2, log_loss, nagelkerke_r2, scaled_brier};

/// More rows than this are not sorted and fitted time and again.
pub const MANY_ROWS: usize = 2_000_000;

/// Predictions and what happened, one a row.
#[derive(Debug, Clone, Copy)]
pub struct Predicted<'a> {
    /// Logistic: the log odds. Linear: the mean.
    pub linear_predictor: &'a [f64],
    /// Logistic: 0 or 1.
    pub outcome: &'a [f64],
    /// Frequency weights above 0; `None` is 1 each.
    pub weight: Option<&'a [f64]>,
}

/// What the user wants to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Coverage of the intervals.
    pub conf_level: f64,
    /// Where risks are cut into positive and negative; none is a default.
    pub thresholds: Vec<f64>,
}

/// Performance of a logistic model. `roc` holds single risks: it is for pictures, not for files.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticPerformance {
    /// Coverage of the intervals.
    pub conf_level: f64,
    /// Rows (sum of weights).
    pub n: f64,
    /// Events among them.
    pub n_events: f64,
    /// Sum of the risks.
    pub expected: f64,
    /// Area under the ROC curve.
    pub auc: Auc,
    /// Its interval.
    pub auc_interval: (f64, f64),
    /// Mean squared difference of outcome and risk.
    pub brier: f64,
    /// 1 - Brier / that of the share of events.
    pub scaled_brier: f64,
    /// Mean negative log-likelihood.
    pub log_loss: f64,
    /// Nagelkerke's R² of the regression of the outcome on the linear predictor; `None` where that has no estimate.
    pub nagelkerke_r2: Option<f64>,
    /// Calibration in the large: the intercept with the slope fixed at 1; `None` where there is no finite one.
    pub calibration_intercept: Option<Estimate>,
    /// The regression of the outcome on the linear predictor, with the calibration slope.
    pub calibration_line: Option<Line>,
    /// Events observed over expected.
    pub oe_ratio: f64,
    /// Its interval.
    pub oe_interval: (f64, f64),
    /// The smoothed curve.
    pub curve: Option<CalibrationCurve>,
    /// Tenths of the risk; fewer groups where they would hold fewer than five rows.
    pub groups: Vec<CalibrationGroup>,
    /// Groups withheld because they are of few patients.
    pub groups_left_out: usize,
    /// Net benefit at 0.01, ..., 0.99.
    pub decision_curve: Vec<NetBenefit>,
    /// Net benefit at the thresholds asked for.
    pub net_benefit: Vec<NetBenefit>,
    /// Sensitivity and its kin at the thresholds asked for.
    pub classification: Vec<Classification>,
    /// Thresholds asked for that are withheld because they cut off few patients.
    pub thresholds_left_out: usize,
    /// Points of the ROC curve, and of the decision curve, left out because they would tell of few patients.
    pub points_left_out: (usize, usize),
    /// The ROC curve.
    pub roc: Vec<RocPoint>,
    /// Counts of risks by outcome.
    pub distribution: RiskDistribution,
    /// What could not be estimated and why, one sentence each.
    pub notes: Vec<String>,
}

impl LogisticPerformance {
    /// Measures the predictions. Intervals: DeLong's for the AUC, Wald's for intercept and slope, Wilson's for shares,
    /// and for O/E on the log scale with variance (1 - O/n)/O, the expected events taken as given.
    ///
    /// Source: Van Calster et al. 2025, Lancet Digit Health 7:100916 (which measures); Debray et al. 2017, BMJ 356:i6460
    /// (O/E).
    ///
    /// # Errors
    /// Data, when there are no events or no non-events; usage, when a threshold or the level is not between 0 and 1.
    pub fn of(rows: &Predicted<'_>, asked: &Asked) -> Result<LogisticPerformance> {
        check(asked)?;
        let Predicted { linear_predictor: lp, outcome, weight } = *rows;
        assert!(lp.len() == outcome.len() && weight.is_none_or(|w| w.len() == lp.len()), "one of each a row");
        let risk: Vec<f64> = lp.iter().map(|lp| expit(*lp)).collect();
        let z = normal_quantile(0.5 + asked.conf_level / 2.0);
        let area = auc(&risk, outcome, weight).ok_or_else(|| one_value(outcome))?;
        let n = weight.map_or(lp.len() as f64, |w| w.iter().sum());
        let sum = |of: &[f64]| -> f64 { (0..of.len()).map(|i| weight.map_or(1.0, |w| w[i]) * of[i]).sum() };
        let (n_events, expected) = (sum(outcome), sum(&risk));
        let mut notes = Vec::new();
        let mut told = |what: &str, why: &dyn std::fmt::Display| notes.push(format!("no {what}: {why}"));
        let calibration_intercept = intercept(lp, outcome, weight, Loss::Logistic)
            .map_err(|why| told("calibration in the large", &why))
            .ok();
        let calibration_line =
            line(lp, outcome, weight, Loss::Logistic).map_err(|why| told("calibration slope", &why)).ok();
        let curve =
            calibration_curve(lp, outcome, weight, z).map_err(|why| told("calibration curve", &why)).ok();
        Ok(LogisticPerformance {
            conf_level: asked.conf_level,
            n,
            n_events,
            expected,
            auc: area,
            auc_interval: area.interval(z),
            brier: brier(&risk, outcome, weight),
            scaled_brier: scaled_brier(&risk, outcome, weight),
            log_loss: log_loss(lp, outcome, weight),
            nagelkerke_r2: calibration_line.map(|l| nagelkerke_of(l.mean_loss, n, n_events)),
            calibration_intercept,
            calibration_line,
            oe_ratio: n_events / expected,
            oe_interval: oe_interval(n_events, expected, n, z),
            curve,
            groups: calibration_groups(&risk, outcome, weight, usual_groups(n), z),
            groups_left_out: 0,
            thresholds_left_out: 0,
            points_left_out: (0, 0),
            decision_curve: net_benefit(&risk, outcome, weight, &usual_thresholds()),
            net_benefit: net_benefit(&risk, outcome, weight, &asked.thresholds),
            classification: asked
                .thresholds
                .iter()
                .map(|t| classify(&risk, outcome, weight, *t, z))
                .collect(),
            roc: roc(&risk, outcome, weight),
            distribution: risk_distribution(&risk, outcome, weight),
            notes,
        })
    }

    /// As [`LogisticPerformance::of`]; of more than [`MANY_ROWS`] what is drawn or fitted (curves, groups, calibration intercept and slope)
    /// is of patients in cells of the log odds ([`crate::performance::cells`]), and `notes` say so. What is counted or summed (area under
    /// the curve, scores, O/E, thresholds) is of single patients.
    ///
    /// # Errors
    /// As [`LogisticPerformance::of`].
    pub fn of_any_number(rows: &Predicted<'_>, asked: &Asked) -> Result<LogisticPerformance> {
        if rows.outcome.len() > MANY_ROWS {
            LogisticPerformance::of_many(rows, asked)
        } else {
            LogisticPerformance::of(rows, asked)
        }
    }

    fn of_many(rows: &Predicted<'_>, asked: &Asked) -> Result<LogisticPerformance> {
        check(asked)?;
        let Predicted { linear_predictor: lp, outcome, weight } = *rows;
        let packed = lp.par_iter().zip(outcome).map(|(lp, y)| pack(expit(*lp), *y)).collect();
        let ranking = Ranking::new(packed, weight.map(<[f64]>::to_vec));
        let cells = ranking.cells();
        let area = ranking.sorted().auc().ok_or_else(|| one_value(outcome))?;
        let curves = Asked { thresholds: Vec::new(), ..asked.clone() };
        let mut found = LogisticPerformance::of(&cells.rows(), &curves)?;
        let z = found.half_width();
        let risk: Vec<f64> = lp.par_iter().map(|lp| expit(*lp)).collect();
        found.auc = area;
        found.auc_interval = area.interval(z);
        found.expected = (0..risk.len()).map(|i| weight.map_or(1.0, |w| w[i]) * risk[i]).sum();
        found.oe_ratio = found.n_events / found.expected;
        found.oe_interval = oe_interval(found.n_events, found.expected, found.n, z);
        found.brier = brier(&risk, outcome, weight);
        found.scaled_brier = scaled_brier(&risk, outcome, weight);
        found.log_loss = log_loss(lp, outcome, weight);
        found.net_benefit = net_benefit(&risk, outcome, weight, &asked.thresholds);
        found.classification =
            asked.thresholds.iter().map(|t| classify(&risk, outcome, weight, *t, z)).collect();
        found.notes.push(format!(
            "curves, groups and calibration are of patients in cells of {WIDTH} on the log odds"
        ));
        Ok(found)
    }

    /// The normal quantile of the intervals.
    pub fn half_width(&self) -> f64 {
        normal_quantile(0.5 + self.conf_level / 2.0)
    }

    /// Cox-Snell R² of the regression of the outcome on the linear predictor.
    pub fn cox_snell_r2(&self) -> Option<f64> {
        self.calibration_line
            .map(|l| cox_snell_r2(2.0 * self.n * l.mean_loss, null_deviance(self.n, self.n_events), self.n))
    }
}

/// Interval of observed over expected: O/E exp(-+ z sqrt((1 - O/n)/O)). Source: Debray et al. 2017, BMJ 356:i6460.
fn oe_interval(observed: f64, expected: f64, n: f64, z: f64) -> (f64, f64) {
    let (ratio, factor) = (observed / expected, (z * ((1.0 - observed / n) / observed).sqrt()).exp());
    (ratio / factor, ratio * factor)
}

fn null_deviance(n: f64, n_events: f64) -> f64 {
    let share = n_events / n;
    -2.0 * (n_events * share.ln() + (n - n_events) * (-share).ln_1p())
}

fn nagelkerke_of(mean_loss: f64, n: f64, n_events: f64) -> f64 {
    nagelkerke_r2(2.0 * n * mean_loss, null_deviance(n, n_events), n)
}

pub(crate) fn check(asked: &Asked) -> Result<()> {
    if !(0.0 < asked.conf_level && asked.conf_level < 1.0) {
        return Err(Error::usage(format!("the level {} is not between 0 and 1", asked.conf_level))
            .hint("0.95 is usual"));
    }
    match asked.thresholds.iter().find(|t| !(0.0 < **t && **t < 1.0)) {
        Some(t) => Err(Error::usage(format!("the threshold {t} is not between 0 and 1"))
            .hint("a threshold is the risk from which one would treat, e.g. 0.1")),
        None => Ok(()),
    }
}

fn one_value(outcome: &[f64]) -> Error {
    let what = match outcome.first() {
        None => "there are no rows to evaluate".to_string(),
        Some(y) if *y > 0.5 => "all rows have the event".to_string(),
        Some(_) => "no row has the event".to_string(),
    };
    Error::data(format!("{what}: discrimination and calibration cannot be measured"))
        .hint("data with events and non-events are needed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(thresholds: &[f64]) -> Asked {
        Asked { conf_level: 0.95, thresholds: thresholds.to_vec() }
    }

    fn rows() -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let lp: Vec<f64> = (0..60).map(|i| -2.5 + 0.08 * f64::from(i)).collect();
        let outcome = (0..60).map(|i| f64::from(u8::from((i * 17 + 5) % 60 < i))).collect();
        let weight = (0..60).map(|i| f64::from(1 + i % 3)).collect();
        (lp, outcome, weight)
    }

    #[test]
    fn weights_equal_repeated_rows_in_every_measure() {
        let (lp, outcome, weight) = rows();
        let repeat = |of: &[f64]| -> Vec<f64> {
            of.iter().zip(&weight).flat_map(|(v, w)| std::iter::repeat_n(*v, *w as usize)).collect()
        };
        let (lp2, outcome2) = (repeat(&lp), repeat(&outcome));
        let weighted = Predicted { linear_predictor: &lp, outcome: &outcome, weight: Some(&weight) };
        let repeated = Predicted { linear_predictor: &lp2, outcome: &outcome2, weight: None };
        let a = LogisticPerformance::of(&weighted, &asked(&[0.2])).expect("both outcomes");
        let b = LogisticPerformance::of(&repeated, &asked(&[0.2])).expect("both outcomes");
        let numbers = |p: &LogisticPerformance| {
            let line = p.calibration_line.expect("a slope");
            let curve = p.curve.as_ref().expect("a curve");
            vec![
                p.n,
                p.n_events,
                p.expected,
                p.auc.value,
                p.auc.std_error,
                p.brier,
                p.scaled_brier,
                p.log_loss,
                p.nagelkerke_r2.expect("a slope"),
                line.slope.value,
                line.slope.std_error,
                p.oe_interval.0,
                p.oe_interval.1,
                curve.ici,
                curve.e50,
                p.net_benefit[0].model,
                p.classification[0].sensitivity.expect("events").low,
            ]
        };
        for (k, (x, y)) in numbers(&a).iter().zip(numbers(&b)).enumerate() {
            assert!((x - y).abs() < 1e-9, "number {k}: {x} {y}");
        }
    }

    /// Two thousand data sets of 500 drawn from the risks themselves: the intervals at 95 % cover the truth in 93 to 97 %.
    /// That of O/E takes each risk as the mean one, which makes it wider.
    #[test]
    fn intervals_cover_what_is_true() {
        use crate::num::random::stream;
        use crate::num::special::logit;
        use ndarray_rand::rand::Rng;
        const SETS: u64 = 2000;
        let log_odds = |u: f64| -1.2 + logit(u);
        let grid: Vec<f64> = (0..4000).map(|k| log_odds((f64::from(k) + 0.5) / 4000.0)).collect();
        let risk: Vec<f64> = grid.iter().chain(&grid).map(|lp| expit(*lp)).collect();
        let event: Vec<f64> = (0..8000).map(|k| f64::from(u8::from(k < 4000))).collect();
        let share: Vec<f64> =
            risk.iter().zip(&event).map(|(r, e)| if *e > 0.5 { *r } else { 1.0 - r }).collect();
        let true_auc = auc(&risk, &event, Some(&share)).expect("both outcomes").value;
        let z = normal_quantile(0.975);
        let mut covered = [0_u32; 4];
        for set in 0..SETS {
            let mut random = stream(1, "coverage", set);
            let lp: Vec<f64> =
                (0..500).map(|_| log_odds(random.random::<f64>().clamp(1e-9, 1.0 - 1e-9))).collect();
            let risk: Vec<f64> = lp.iter().map(|lp| expit(*lp)).collect();
            let y: Vec<f64> = risk.iter().map(|r| f64::from(u8::from(random.random::<f64>() < *r))).collect();
            let large = intercept(&lp, &y, None, Loss::Logistic).expect("finite").interval(z);
            let slope = line(&lp, &y, None, Loss::Logistic).expect("finite").slope.interval(z);
            let area = auc(&risk, &y, None).expect("both outcomes").interval(z);
            let ratio = oe_interval(y.iter().sum(), risk.iter().sum(), 500.0, z);
            let truths = [(large, 0.0), (slope, 1.0), (area, true_auc), (ratio, 1.0)];
            for (count, ((low, high), truth)) in covered.iter_mut().zip(truths) {
                *count += u32::from(low <= truth && truth <= high);
            }
        }
        assert!(covered[..3].iter().all(|count| (1860..=1940).contains(count)), "{covered:?}");
        assert!(covered[3] >= 1860, "{covered:?}");
    }

    /// A grouped null: with the true share as every risk nothing is explained and calibration is perfect.
    #[test]
    fn equal_risks_are_told_and_leave_what_can_be_measured() {
        let share: f64 = 0.25;
        let lp = vec![crate::num::special::logit(share); 8];
        let outcome = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let rows = Predicted { linear_predictor: &lp, outcome: &outcome, weight: None };
        let found = LogisticPerformance::of(&rows, &asked(&[])).expect("both outcomes");
        assert_eq!(found.auc.value, 0.5);
        assert!((found.oe_ratio - 1.0).abs() < 1e-14 && found.scaled_brier.abs() < 1e-14);
        assert!(found.calibration_intercept.expect("finite").value.abs() < 1e-10);
        assert_eq!(found.calibration_line, None);
        assert_eq!(found.notes.len(), 2, "{:?}", found.notes);
        assert!(found.classification.is_empty() && found.net_benefit.is_empty());
    }

    /// What of many patients is counted is what `of` counts; what is fitted differs by less than anyone reads.
    #[test]
    fn many_rows_are_measured_as_few_are() {
        let lp: Vec<f64> =
            (0..20_000).map(|i| -2.5 + 4.0 * (f64::from(i) * 0.618_033_988_75).fract()).collect();
        let happens = |i: usize, lp: f64| (i as f64 * 0.754_877_666).fract() < expit(0.2 + 0.8 * lp);
        let outcome: Vec<f64> = (0..lp.len()).map(|i| f64::from(u8::from(happens(i, lp[i])))).collect();
        let weight: Vec<f64> = (0..lp.len()).map(|i| (1 + i % 3) as f64).collect();
        for weight in [None, Some(&weight[..])] {
            let rows = Predicted { linear_predictor: &lp, outcome: &outcome, weight };
            let asked = asked(&[0.1, 0.2345]);
            let few = LogisticPerformance::of(&rows, &asked).expect("both outcomes");
            let many = LogisticPerformance::of_many(&rows, &asked).expect("both outcomes");
            assert_eq!(
                (few.n, few.n_events, few.brier, few.log_loss),
                (many.n, many.n_events, many.brier, many.log_loss)
            );
            assert_eq!((&few.net_benefit, &few.classification), (&many.net_benefit, &many.classification));
            let near = |a: f64, b: f64, by: f64| assert!((a - b).abs() < by, "{a} {b}");
            near(few.auc.value, many.auc.value, 1e-12);
            near(few.auc.std_error, many.auc.std_error, 1e-12);
            let (a, b) = (few.calibration_line.expect("a slope"), many.calibration_line.expect("a slope"));
            near(a.slope.value, b.slope.value, 1e-5);
            near(a.slope.std_error, b.slope.std_error, 1e-5);
            let (a, b) =
                (few.calibration_intercept.expect("finite"), many.calibration_intercept.expect("finite"));
            near(a.value, b.value, 1e-5);
            assert_eq!(
                (few.expected, few.oe_ratio, few.oe_interval),
                (many.expected, many.oe_ratio, many.oe_interval)
            );
            near(few.curve.expect("a curve").ici, many.curve.expect("a curve").ici, 1e-4);
            assert_eq!(many.notes.len(), few.notes.len() + 1);
        }
        let all = vec![1.0; lp.len()];
        let rows = Predicted { linear_predictor: &lp, outcome: &all, weight: None };
        let refused = LogisticPerformance::of_many(&rows, &asked(&[])).expect_err("one outcome");
        assert!(refused.message.contains("all rows have the event"), "{}", refused.message);
    }

    #[test]
    fn wrong_thresholds_and_one_outcome_are_refused() {
        let (lp, outcome, _) = rows();
        let with = |outcome: &[f64], thresholds: &[f64]| {
            LogisticPerformance::of(
                &Predicted { linear_predictor: &lp, outcome, weight: None },
                &asked(thresholds),
            )
            .expect_err("refused")
        };
        for t in [0.0, 1.0, -0.1, f64::NAN] {
            assert_eq!(with(&outcome, &[0.2, t]).exit_status(), 2);
        }
        let all = vec![1.0; outcome.len()];
        assert!(with(&all, &[]).message.contains("all rows have the event"));
        let none = vec![0.0; outcome.len()];
        assert!(with(&none, &[]).message.contains("no row has the event"));
    }
}
