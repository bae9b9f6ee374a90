//! Sensitivity, specificity and predictive values at a threshold that the user names.

use crate::performance::discrimination::tied;
use crate::performance::estimate::{Proportion, wilson};

/// The four cells and their shares at one threshold. A share of no rows is `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Classification {
    /// A risk of at least this counts as positive.
    pub threshold: f64,
    /// Events with a positive prediction (sum of weights, like the next three).
    pub true_positives: f64,
    /// Non-events with a positive prediction.
    pub false_positives: f64,
    /// Non-events with a negative prediction.
    pub true_negatives: f64,
    /// Events with a negative prediction.
    pub false_negatives: f64,
    /// Of the events, those positive.
    pub sensitivity: Option<Proportion>,
    /// Of the non-events, those negative.
    pub specificity: Option<Proportion>,
    /// Of the positive, those with an event.
    pub positive_predictive_value: Option<Proportion>,
    /// Of the negative, those without an event.
    pub negative_predictive_value: Option<Proportion>,
}

/// Whether a risk counts as positive: at least the threshold, and equal but for rounding (12 decimals) is equal.
pub(crate) fn is_positive(risk: f64, threshold: f64) -> bool {
    tied(risk) >= tied(threshold)
}

/// Classifies at one threshold, with Wilson's intervals at the normal quantile z.
///
/// risk, outcome, weight: one a row.
pub fn classify(
    risk: &[f64],
    outcome: &[f64],
    weight: Option<&[f64]>,
    threshold: f64,
    z: f64,
) -> Classification {
    let mut cells = [[0.0; 2]; 2]; // [positive][event]
    for (i, r) in risk.iter().enumerate() {
        let w = weight.map_or(1.0, |w| w[i]);
        cells[usize::from(is_positive(*r, threshold))][usize::from(outcome[i] > 0.5)] += w;
    }
    let [[true_negatives, false_negatives], [false_positives, true_positives]] = cells;
    Classification {
        threshold,
        true_positives,
        false_positives,
        true_negatives,
        false_negatives,
        sensitivity: wilson(true_positives, true_positives + false_negatives, z),
        specificity: wilson(true_negatives, true_negatives + false_positives, z),
        positive_predictive_value: wilson(true_positives, true_positives + false_positives, z),
        negative_predictive_value: wilson(true_negatives, true_negatives + false_negatives, z),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_risk_equal_to_the_threshold_is_positive_and_weights_count_rows() {
        let at = |risk: f64| classify(&[risk], &[1.0], Some(&[3.0]), 0.3, 1.96).true_positives;
        assert_eq!((at(0.3), at(0.1 + 0.2), at(0.3 - 1e-15), at(0.299)), (3.0, 3.0, 3.0, 0.0));
    }

    #[test]
    fn the_shares_are_those_of_the_cells() {
        let risk = [0.1, 0.2, 0.3, 0.6, 0.7, 0.05];
        let outcome = [0.0, 1.0, 0.0, 1.0, 1.0, 0.0];
        let found = classify(&risk, &outcome, None, 0.3, 1.96);
        let value = |p: Option<Proportion>| p.map(|p| p.value);
        assert_eq!(value(found.sensitivity), Some(2.0 / 3.0));
        assert_eq!(value(found.specificity), Some(2.0 / 3.0));
        assert_eq!(value(found.positive_predictive_value), Some(2.0 / 3.0));
        assert_eq!(value(found.negative_predictive_value), Some(2.0 / 3.0));
        assert_eq!(classify(&risk, &outcome, None, 0.9, 1.96).positive_predictive_value, None);
    }
}
