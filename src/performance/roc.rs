//! The ROC curve's points.

use crate::performance::discrimination::tied;

/// One point: what counts as positive is a risk of at least the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// The threshold; infinite at (0, 0).
    pub threshold: f64,
    /// Share of the non-events that are positive: 1 - specificity.
    pub false_positive_rate: f64,
    /// Share of the events that are positive: sensitivity.
    pub sensitivity: f64,
}

/// The points from (0, 0) to (1, 1), one a distinct risk; empty without both events and non-events.
///
/// risk, outcome, weight: one a row. Risks equal to 12 decimals are one threshold, as in the AUC. The points hold
/// patients' risks: what leaves the program is a picture or a thinned curve.
pub fn roc(risk: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> Vec<RocPoint> {
    let w = |i: usize| weight.map_or(1.0, |w| w[i]);
    let total =
        |event: bool| -> f64 { (0..risk.len()).filter(|i| (outcome[*i] > 0.5) == event).map(w).sum() };
    let (events, others) = (total(true), total(false));
    if events == 0.0 || others == 0.0 {
        return Vec::new();
    }
    let mut order: Vec<(f64, usize)> = (0..risk.len()).map(|i| (tied(risk[i]), i)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut points = vec![RocPoint { threshold: f64::INFINITY, false_positive_rate: 0.0, sensitivity: 0.0 }];
    let (mut true_positive, mut false_positive) = (0.0, 0.0);
    for (k, (threshold, i)) in order.iter().enumerate() {
        if outcome[*i] > 0.5 {
            true_positive += w(*i);
        } else {
            false_positive += w(*i);
        }
        if order.get(k + 1).is_none_or(|next| next.0 != *threshold) {
            points.push(RocPoint {
                threshold: *threshold,
                false_positive_rate: false_positive / others,
                sensitivity: true_positive / events,
            });
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::discrimination::auc;

    #[test]
    fn the_area_below_the_points_is_the_auc() {
        let risk = [0.1, 0.4, 0.4, 0.8, 0.35, 0.2, 0.8];
        let outcome = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0];
        let weight = [1.0, 2.0, 1.0, 3.0, 1.0, 2.0, 1.0];
        let points = roc(&risk, &outcome, Some(&weight));
        let area: f64 = points
            .windows(2)
            .map(|p| {
                (p[1].false_positive_rate - p[0].false_positive_rate) * (p[0].sensitivity + p[1].sensitivity)
                    / 2.0
            })
            .sum();
        let wanted = auc(&risk, &outcome, Some(&weight)).expect("both outcomes").value;
        assert!((area - wanted).abs() < 1e-14, "{area} {wanted}");
        let last = points.last().expect("points");
        assert_eq!((last.false_positive_rate, last.sensitivity), (1.0, 1.0));
        assert!(roc(&risk, &[1.0; 7], None).is_empty());
    }
}
