//! Net benefit: what a decision by the model is worth beside treating all and treating none.

use crate::performance::classification::is_positive;

/// Net benefit at one threshold; that of treating none is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetBenefit {
    /// The risk from which one would treat.
    pub threshold: f64,
    /// Of treating those with a risk of at least the threshold, in true positives a row.
    pub model: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Of treating everyone.
    pub treat_all: f64,
}

/// Net benefit at thresholds t in (0, 1).
///
///   model = TP/n - FP/n t/(1-t),  treat all = P - (1 - P) t/(1-t),  P = events/n
///
/// risk, outcome, weight: one a row. The standard error is that of the mean of what each row adds.
/// Source: Vickers & Elkin 2006, Med Decis Making 26:565-574.
pub fn net_benefit(
    risk: &[f64],
    outcome: &[f64],
    weight: Option<&[f64]>,
    thresholds: &[f64],
) -> Vec<NetBenefit> {
    let w = |i: usize| weight.map_or(1.0, |w| w[i]);
    let n: f64 = (0..risk.len()).map(w).sum();
    let events: f64 = (0..risk.len()).map(|i| w(i) * outcome[i]).sum();
    let at = |threshold: &f64| {
        let harm = threshold / (1.0 - threshold);
        let (mut true_positives, mut false_positives) = (0.0, 0.0);
        for (i, r) in risk.iter().enumerate() {
            if is_positive(*r, *threshold) {
                true_positives += w(i) * outcome[i];
                false_positives += w(i) * (1.0 - outcome[i]);
            }
        }
        let model = (true_positives - harm * false_positives) / n;
        let square = (true_positives + harm * harm * false_positives) / n - model * model;
        NetBenefit {
            threshold: *threshold,
            model,
            std_error: (square.max(0.0) / (n - 1.0)).sqrt(),
            treat_all: (events - harm * (n - events)) / n,
        }
    };
    thresholds.iter().map(at).collect()
}

/// The thresholds of the decision curve: 0.01, 0.02, ..., 0.99.
pub fn usual_thresholds() -> Vec<f64> {
    (1..100).map(|k| f64::from(k) / 100.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RISK: [f64; 5] = [0.05, 0.2, 0.3, 0.6, 0.9];
    const OUTCOME: [f64; 5] = [0.0, 0.0, 1.0, 0.0, 1.0];

    #[test]
    fn at_a_threshold_below_all_risks_the_model_treats_all() {
        let found = net_benefit(&RISK, &OUTCOME, None, &[0.04, 0.25]);
        assert!((found[0].model - found[0].treat_all).abs() < 1e-15);
        // At 0.25: two true and one false positive of five, a false one at a third of a true one.
        assert!((found[1].model - (2.0 - 1.0 / 3.0) / 5.0).abs() < 1e-15);
    }

    #[test]
    fn weights_equal_repeated_rows() {
        let weight = [2.0, 1.0, 3.0, 2.0, 1.0];
        let repeat = |of: &[f64]| -> Vec<f64> {
            of.iter().zip(weight).flat_map(|(v, w)| std::iter::repeat_n(*v, w as usize)).collect()
        };
        let weighted = net_benefit(&RISK, &OUTCOME, Some(&weight), &[0.1, 0.3]);
        let repeated = net_benefit(&repeat(&RISK), &repeat(&OUTCOME), None, &[0.1, 0.3]);
        for (a, b) in weighted.iter().zip(&repeated) {
            assert!((a.model - b.model).abs() < 1e-15 && (a.std_error - b.std_error).abs() < 1e-15);
        }
    }

    #[test]
    fn the_standard_error_is_that_of_a_mean_over_rows() {
        let found = net_benefit(&RISK, &OUTCOME, None, &[0.25])[0];
        let added = [0.0, 0.0, 1.0, -1.0 / 3.0, 1.0];
        let mean = added.iter().sum::<f64>() / 5.0;
        let variance = added.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / 4.0;
        assert!((found.std_error - (variance / 5.0).sqrt()).abs() < 1e-15);
    }
}
