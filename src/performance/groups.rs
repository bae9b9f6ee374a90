//! Grouped calibration: observed against predicted in groups of about equal size.

use crate::design::sample::Sample;
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
    const ROUNDING: f64 = 1e-10; // relative: far above rounding, far below any real difference of risks
    let sample = Sample::of(risk, weight);
    let mut cuts: Vec<f64> = (1..groups).map(|k| sample.quantile(k as f64 / groups as f64)).collect();
    cuts.dedup_by(|a, b| (*a - *b).abs() <= ROUNDING * b.abs());
    let mut sums = vec![[0.0_f64; 3]; cuts.len() + 1]; // rows, events, sum of risks
    for (i, r) in risk.iter().enumerate() {
        let w = weight.map_or(1.0, |w| w[i]);
        let sum = &mut sums[cuts.partition_point(|cut| *r > cut + ROUNDING * cut.abs())];
        sum[0] += w;
        sum[1] += w * outcome[i];
        sum[2] += w * r;
    }
    sums.into_iter()
        .filter_map(|[n, events, risks]| {
            let observed = wilson(events, n, z)?;
            Some(CalibrationGroup { n, events, predicted: risks / n, observed })
        })
        .collect()
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
}
