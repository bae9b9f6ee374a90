//! Discrimination: the area under the ROC curve with DeLong's interval.

/// Area under the ROC curve and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auc {
    /// P(risk of an event > risk of a non-event) + P(equal) / 2.
    pub value: f64,
    /// DeLong's standard error; NaN with fewer than two events or non-events.
    pub std_error: f64,
}

impl Auc {
    /// Estimate +- z standard errors, cut to [0, 1].
    pub fn interval(&self, z: f64) -> (f64, f64) {
        ((self.value - z * self.std_error).max(0.0), (self.value + z * self.std_error).min(1.0))
    }
}

/// Rounds to 12 decimals, so that risks equal but for rounding are ties.
pub(crate) fn tied(risk: f64) -> f64 {
    const DECIMALS: f64 = 1e12;
    (risk * DECIMALS).round() / DECIMALS
}

/// AUC of risks for a 0/1 outcome with frequency weights, ties counted half.
///
///   AUC = (1/(m n)) sum over events i, non-events j of (1 if risk_i > risk_j, 1/2 if they are equal)
///   var = var_i(V_i)/m + var_j(V_j)/n,  V_i the share of non-events below event i, V_j of events above non-event j
///
/// risk, outcome, weight: one a row. `None` without both events and non-events.
/// Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837-845.
pub fn auc(risk: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> Option<Auc> {
    let w = |i: usize| weight.map_or(1.0, |w| w[i]);
    let mut order: Vec<usize> = (0..risk.len()).collect();
    let rounded: Vec<f64> = risk.iter().map(|r| tied(*r)).collect();
    order.sort_by(|a, b| rounded[*a].total_cmp(&rounded[*b]));
    let events: f64 = (0..risk.len()).filter(|i| outcome[*i] > 0.5).map(w).sum();
    let others: f64 = (0..risk.len()).filter(|i| outcome[*i] <= 0.5).map(w).sum();
    if events == 0.0 || others == 0.0 {
        return None;
    }
    let mut placement = vec![0.0; risk.len()];
    let (mut events_below, mut others_below) = (0.0, 0.0);
    let mut from = 0;
    while from < order.len() {
        let mut to = from + 1;
        while to < order.len() && rounded[order[to]] == rounded[order[from]] {
            to += 1;
        }
        let group = &order[from..to];
        let events_here: f64 = group.iter().filter(|i| outcome[**i] > 0.5).map(|i| w(*i)).sum();
        let others_here: f64 = group.iter().filter(|i| outcome[**i] <= 0.5).map(|i| w(*i)).sum();
        for i in group {
            placement[*i] = if outcome[*i] > 0.5 {
                (others_below + 0.5 * others_here) / others
            } else {
                1.0 - (events_below + 0.5 * events_here) / events
            };
        }
        events_below += events_here;
        others_below += others_here;
        from = to;
    }
    let mean = |wanted: bool, total: f64| {
        (0..risk.len()).filter(|i| (outcome[*i] > 0.5) == wanted).map(|i| w(i) * placement[i]).sum::<f64>()
            / total
    };
    let value = mean(true, events);
    let spread = |wanted: bool, total: f64| {
        let sum: f64 = (0..risk.len())
            .filter(|i| (outcome[*i] > 0.5) == wanted)
            .map(|i| w(i) * (placement[i] - value).powi(2))
            .sum();
        if total > 1.0 { sum / (total - 1.0) / total } else { f64::NAN }
    };
    Some(Auc { value, std_error: (spread(true, events) + spread(false, others)).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half_and_weights_repeat_rows() {
        let risk = [0.1, 0.4, 0.4, 0.8];
        let outcome = [0.0, 0.0, 1.0, 1.0];
        // Pairs: (0.4 > 0.1), (0.4 = 0.4), (0.8 > 0.1), (0.8 > 0.4): 3.5 of 4.
        assert_eq!(auc(&risk, &outcome, None).map(|a| a.value), Some(0.875));
        let weighted = auc(&risk, &outcome, Some(&[2.0, 1.0, 3.0, 1.0]));
        let repeated = auc(&[0.1, 0.1, 0.4, 0.4, 0.4, 0.4, 0.8], &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0], None);
        let (a, b) = (weighted.expect("both outcomes"), repeated.expect("both outcomes"));
        assert!((a.value - b.value).abs() < 1e-15 && (a.std_error - b.std_error).abs() < 1e-15);
        assert!(auc(&risk, &[1.0; 4], None).is_none());
    }

    #[test]
    fn a_risk_that_is_not_a_number_ties_with_nothing_and_ends() {
        let found = auc(&[0.1, f64::NAN, 0.4, f64::NAN], &[0.0, 1.0, 1.0, 0.0], None).expect("both outcomes");
        assert!((0.0..=1.0).contains(&found.value));
    }
}
