//! Grouped calibration: observed against predicted in groups of about equal size.

use crate::design::sample::Sample;
use crate::num::special::t_quantile;
use crate::performance::estimate::{Proportion, wilson};

/// One group of rows with neighbouring risks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationGroup {
    /// Rows (sum of weights).
    pub n: f64,
    /// Events.
    pub events: f64,
    /// Mean of the risks.
    pub predicted: f64,
    /// Share of events, with Wilson's interval.
    pub observed: Proportion,
}

/// One group of rows with neighbouring predictions of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanGroup {
    /// Rows (sum of weights).
    pub n: f64,
    /// Mean of the predictions.
    pub predicted: f64,
    /// Mean of the outcomes.
    pub observed: f64,
    /// Lower end of its t interval; NaN of a single row.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Into how many groups so many rows are cut: ten, fewer where a group would hold fewer than five rows.
pub fn usual_groups(n: f64) -> usize {
    const MOST: f64 = 10.0;
    const LEAST_ROWS: f64 = 5.0;
    (n / LEAST_ROWS).floor().clamp(1.0, MOST) as usize
}

/// Cuts the risks at their quantiles 0, 1/g, ..., 1 (type 7), groups closed on the right, and compares in each.
///
/// risk, outcome, weight: one a row; z: the normal quantile of the intervals. Cuts that coincide make fewer groups.
pub fn calibration_groups(
    risk: &[f64],
    outcome: &[f64],
    weight: Option<&[f64]>,
    groups: usize,
    z: f64,
) -> Vec<CalibrationGroup> {
    sums(risk, outcome, weight, groups)
        .into_iter()
        .filter_map(|[n, events, risks, _]| {
            let observed = wilson(events, n, z)?;
            Some(CalibrationGroup { n, events, predicted: risks / n, observed })
        })
        .collect()
}

/// The same of a number: mean outcome against mean prediction, with t intervals (n - 1 degrees of freedom in a group).
///
/// prediction, outcome, weight: one a row; conf_level: coverage of the intervals.
pub fn mean_groups(
    prediction: &[f64],
    outcome: &[f64],
    weight: Option<&[f64]>,
    groups: usize,
    conf_level: f64,
) -> Vec<MeanGroup> {
    let of_group = |[n, outcomes, predictions, squares]: [f64; 4]| {
        let observed = outcomes / n;
        let half = if n > 1.0 {
            t_quantile(0.5 + conf_level / 2.0, n - 1.0) * (squares / (n - 1.0) / n).sqrt()
        } else {
            f64::NAN
        };
        let predicted = predictions / n;
        MeanGroup { n, predicted, observed, low: observed - half, high: observed + half }
    };
    sums(prediction, outcome, weight, groups).into_iter().filter(|s| s[0] > 0.0).map(of_group).collect()
}

/// Each group's rows, sum of outcomes, sum of predictions, sum of squares of the outcomes about their mean.
fn sums(predicted: &[f64], outcome: &[f64], weight: Option<&[f64]>, groups: usize) -> Vec<[f64; 4]> {
    const ROUNDING: f64 = 1e-10; // relative: far above rounding, far below any real difference of predictions
    let sample = Sample::of(predicted, weight);
    let mut cuts: Vec<f64> = (1..groups).map(|k| sample.quantile(k as f64 / groups as f64)).collect();
    cuts.dedup_by(|a, b| (*a - *b).abs() <= ROUNDING * b.abs());
    let group = |i: usize| cuts.partition_point(|cut| predicted[i] > cut + ROUNDING * cut.abs());
    let w = |i: usize| weight.map_or(1.0, |w| w[i]);
    let mut sums = vec![[0.0_f64; 4]; cuts.len() + 1];
    for i in 0..predicted.len() {
        let sum = &mut sums[group(i)];
        sum[0] += w(i);
        sum[1] += w(i) * outcome[i];
        sum[2] += w(i) * predicted[i];
    }
    for i in 0..predicted.len() {
        let sum = &mut sums[group(i)];
        sum[3] += w(i) * (outcome[i] - sum[1] / sum[0]).powi(2);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_all_rows_and_weights_repeat_rows() {
        let risk: Vec<f64> = (0..30).map(|i| 0.02 + 0.03 * f64::from(i)).collect();
        let outcome: Vec<f64> = (0..30).map(|i| f64::from(u8::from((i * 7) % 30 < i))).collect();
        let weight: Vec<f64> = (0..30).map(|i| f64::from(i % 3)).collect();
        let repeat = |of: &[f64]| -> Vec<f64> {
            of.iter().zip(&weight).flat_map(|(v, w)| std::iter::repeat_n(*v, *w as usize)).collect()
        };
        let weighted = calibration_groups(&risk, &outcome, Some(&weight), 5, 1.96);
        let repeated = calibration_groups(&repeat(&risk), &repeat(&outcome), None, 5, 1.96);
        assert_eq!(weighted.len(), 5);
        assert_eq!(weighted.iter().map(|g| g.n).sum::<f64>(), 30.0);
        for (a, b) in weighted.iter().zip(&repeated) {
            assert!((a.predicted - b.predicted).abs() < 1e-14 && a.events == b.events && a.n == b.n);
        }
    }

    #[test]
    fn one_risk_makes_one_group() {
        assert_eq!(calibration_groups(&[0.3; 9], &[0.0; 9], None, 10, 1.96).len(), 1);
    }

    /// The interval of one group is that of a mean by hand: 1, 2, 3, 4 has mean 2.5, variance 5/3, t(0.975, 3) = 3.182446.
    #[test]
    fn groups_of_a_number_have_the_interval_of_their_mean() {
        let (prediction, outcome) = ([1.0, 1.5, 2.0, 2.5, 8.0, 9.0], [4.0, 1.0, 3.0, 2.0, 7.0, 7.0]);
        let found = mean_groups(&prediction[..4], &outcome[..4], None, 1, 0.95);
        let half = 3.182_446_305_284_263 * (5.0_f64 / 3.0 / 4.0).sqrt();
        assert_eq!((found[0].predicted, found[0].observed), (1.75, 2.5));
        assert!((found[0].high - 2.5 - half).abs() < 1e-9 && (2.5 - found[0].low - half).abs() < 1e-9);
        let both = mean_groups(&prediction, &outcome, None, 2, 0.95);
        assert_eq!(both.iter().map(|g| g.n).sum::<f64>(), 6.0);
        let twice = mean_groups(&prediction, &outcome, Some(&[2.0; 6]), 1, 0.95)[0];
        let repeated =
            mean_groups(&[prediction, prediction].concat(), &[outcome, outcome].concat(), None, 1, 0.95)[0];
        assert!((twice.low - repeated.low).abs() < 1e-12 && twice.n == repeated.n);
        assert!(mean_groups(&[1.0], &[2.0], None, 1, 0.95)[0].low.is_nan());
    }

    #[test]
    fn few_rows_make_few_groups() {
        assert_eq!([3.0, 9.9, 30.0, 49.0, 50.0, 1e6].map(usual_groups), [1, 1, 6, 9, 10, 10]);
    }
}
