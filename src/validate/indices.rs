//! The indices of a model's predictions that validation corrects, under any weighting of the same rows.

use ndarray::{Array1, ArrayRef1};

use crate::num::lanes::{risk_cost_and_variance, widest};
use crate::objective::loss::Loss;
use crate::performance::score::nagelkerke_r2;
use crate::validate::recalibrate::recalibrate;

/// The indices of a logistic model, in their order.
pub const LOGISTIC: [&str; 6] =
    ["auc", "somers_dxy", "nagelkerke_r2", "brier", "calibration_intercept", "calibration_slope"];
/// The indices of a linear model, in their order.
pub const LINEAR: [&str; 4] = ["r_squared", "mse", "calibration_intercept", "calibration_slope"];

/// The names of the indices of a family.
pub fn names(loss: Loss) -> &'static [&'static str] {
    match loss {
        Loss::Logistic => &LOGISTIC,
        Loss::Squared => &LINEAR,
    }
}

/// Whether intercept and slope of the recalibration must be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calibration {
    /// They are 0 and 1: the model has an intercept and was fitted to these very rows without a penalty.
    ByConstruction,
    /// By regression of the outcome on the linear predictor.
    Estimated,
}

/// A model's linear predictor of some rows with what all their weightings share.
pub struct Predicted<'a> {
    /// Which family.
    pub loss: Loss,
    /// The outcome, one a row.
    pub y: &'a Array1<f64>,
    /// The linear predictor, one a row.
    pub eta: Array1<f64>,
    /// The mean (risk), one a row.
    pub mean: Array1<f64>,
    /// Each row's loss.
    cost: Vec<f64>,
    /// Logistic: the rows in order of risk, those of one risk side by side.
    order: Vec<u32>,
    /// Where in `order` each run of one risk ends.
    ends: Vec<u32>,
}

/// The grain below which risks that differ by rounding only are ties.
const DECIMALS: f64 = 1e12;

impl<'a> Predicted<'a> {
    /// Sorts the rows by risk (rounded to 12 decimals, as the AUC of a fit is).
    pub fn new(loss: Loss, y: &'a Array1<f64>, eta: Array1<f64>) -> Predicted<'a> {
        let mut predicted = Predicted {
            loss,
            y,
            mean: eta.clone(),
            cost: vec![0.0; eta.len()],
            eta,
            order: Vec::new(),
            ends: Vec::new(),
        };
        match loss {
            Loss::Squared => {
                let costs = predicted.cost.iter_mut().zip(&predicted.eta).zip(y);
                costs.for_each(|((cost, eta), y)| *cost = 0.5 * (y - eta) * (y - eta));
            }
            Loss::Logistic => {
                let (cost, mean) = (&mut predicted.cost[..], predicted.mean.as_slice_mut());
                let (mean, y) = (mean.expect("a copy"), y.as_slice().expect("in one piece"));
                widest(
                    #[inline(always)]
                    || {
                        for ((cost, place), y) in cost.iter_mut().zip(mean).zip(y) {
                            let eta = *place;
                            let (risk, softplus, _) = risk_cost_and_variance(eta);
                            (*cost, *place) = (softplus - y * eta, risk);
                        }
                    },
                );
                predicted.sort();
            }
        }
        predicted
    }

    /// Sorts by risk. A rounded risk takes 40 bits, so that up to 2^24 rows are sorted with their number in one word.
    fn sort(&mut self) {
        const ROW_BITS: u32 = 24;
        let rounded = |risk: f64| (risk * DECIMALS).round() as u64;
        let n = self.mean.len();
        if n <= 1 << ROW_BITS {
            let mut keys: Vec<u64> =
                (0..).zip(&self.mean).map(|(row, risk)| rounded(*risk) << ROW_BITS | row).collect();
            keys.sort_unstable();
            self.order = keys.iter().map(|key| (key & ((1 << ROW_BITS) - 1)) as u32).collect();
            self.ends = ends(&keys, |key| key >> ROW_BITS);
        } else {
            let mut keys: Vec<(u64, u32)> = self.mean.iter().map(|risk| rounded(*risk)).zip(0..).collect();
            keys.sort_unstable();
            self.order = keys.iter().map(|key| key.1).collect();
            self.ends = ends(&keys, |key| key.0);
        }
    }

    /// The indices over the rows counted by their weights, in the order of [`names`]; `None` where one does not exist
    /// (one outcome only, a slope on a predictor that does not vary).
    ///
    ///   auc = P(risk of an event > risk of a non-event) + P(equal)/2,  somers_dxy = 2 auc - 1
    ///   brier = mean (y - risk)^2,  mse = mean (y - eta)^2,  r_squared = 1 - mse / mean (y - mean y)^2
    ///   calibration_intercept, calibration_slope: a and b of the regression of y on a + b eta
    ///   nagelkerke_r2: of that regression, against the one without eta
    ///
    /// Source: Harrell, Lee & Mark 1996, Statistics in Medicine 15:361-387; Harrell 2015, s. 5.3.
    pub fn indices(&self, weight: Option<&ArrayRef1<f64>>, calibration: Calibration) -> Vec<Option<f64>> {
        let total = weight.map_or(self.eta.len() as f64, |w| w.sum());
        let mean_y = self.sum(weight, |i| self.y[i]) / total;
        let squared = self.sum(weight, |i| (self.y[i] - self.mean[i]).powi(2)) / total;
        let (line, loss) = match calibration {
            Calibration::ByConstruction => {
                (Some((0.0, 1.0)), Some(self.sum(weight, |i| self.cost[i]) / total))
            }
            Calibration::Estimated => {
                let found = recalibrate(self.loss, &self.eta, self.y, weight);
                (found.map(|f| (f.intercept, f.slope)), found.map(|f| f.loss))
            }
        };
        let (intercept, slope) = (line.map(|l| l.0), line.map(|l| l.1));
        match self.loss {
            Loss::Logistic => {
                let auc = self.auc(weight);
                let null = -2.0 * total * (xlogx(mean_y) + xlogx(1.0 - mean_y));
                let r2 = loss.filter(|_| null > 0.0).map(|l| nagelkerke_r2(2.0 * total * l, null, total));
                vec![auc, auc.map(|a| 2.0 * a - 1.0), r2, Some(squared), intercept, slope]
            }
            Loss::Squared => {
                let spread = self.sum(weight, |i| (self.y[i] - mean_y).powi(2)) / total;
                vec![(spread > 0.0).then(|| 1.0 - squared / spread), Some(squared), intercept, slope]
            }
        }
    }

    /// The means alone, one a row: the memory of all else is given back.
    pub fn into_means(self) -> Vec<f64> {
        self.mean.into_raw_vec_and_offset().0
    }

    fn sum(&self, weight: Option<&ArrayRef1<f64>>, of: impl Fn(usize) -> f64) -> f64 {
        match weight {
            Some(w) => (0..self.eta.len()).map(|i| w[i] * of(i)).sum(),
            None => (0..self.eta.len()).map(of).sum(),
        }
    }

    fn auc(&self, weight: Option<&ArrayRef1<f64>>) -> Option<f64> {
        let (mut pairs, mut events, mut others) = (0.0, 0.0, 0.0);
        self.by_risk(weight, |_, [others_here, events_here]| {
            pairs += events_here * (others + 0.5 * others_here);
            events += events_here;
            others += others_here;
        });
        (events > 0.0 && others > 0.0).then(|| pairs / (events * others))
    }

    /// Calls `group` with the rows of each risk in turn and how many of them are others and events.
    fn by_risk(&self, weight: Option<&ArrayRef1<f64>>, mut group: impl FnMut(&[u32], [f64; 2])) {
        let mut from = 0;
        for end in &self.ends {
            let same = &self.order[from..*end as usize];
            from = *end as usize;
            let mut counts = [0.0; 2];
            for row in same {
                counts[usize::from(self.y[*row as usize] > 0.5)] += weight.map_or(1.0, |w| w[*row as usize]);
            }
            group(same, counts);
        }
    }

    /// For each event the share of others below it, for each other row the share of events above it.
    pub fn placements(&self, weight: Option<&ArrayRef1<f64>>) -> Option<Vec<f64>> {
        let mut totals = [0.0; 2];
        self.by_risk(weight, |_, here| totals = [totals[0] + here[0], totals[1] + here[1]]);
        let [others, events] = totals;
        if events == 0.0 || others == 0.0 {
            return None;
        }
        let mut placement = vec![0.0; self.eta.len()];
        let mut below = [0.0; 2];
        self.by_risk(weight, |same, here| {
            for row in same {
                placement[*row as usize] = if self.y[*row as usize] > 0.5 {
                    (below[0] + 0.5 * here[0]) / others
                } else {
                    1.0 - (below[1] + 0.5 * here[1]) / events
                };
            }
            below = [below[0] + here[0], below[1] + here[1]];
        });
        Some(placement)
    }
}

/// Where each run of equal keys ends.
fn ends<T>(sorted: &[T], key: impl Fn(&T) -> u64) -> Vec<u32> {
    let mut ends: Vec<u32> =
        (1..sorted.len()).filter(|k| key(&sorted[k - 1]) != key(&sorted[*k])).map(|k| k as u32).collect();
    ends.push(sorted.len() as u32);
    ends
}

/// p ln p, 0 at 0.
fn xlogx(p: f64) -> f64 {
    if p > 0.0 { p * p.ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::discrimination::auc;
    use crate::performance::score::brier;

    fn rows() -> (Array1<f64>, Array1<f64>, Array1<f64>) {
        let eta = Array1::from_shape_fn(80, |i| (((i / 2) * (i / 2)) as f64).sin() * 2.0);
        let y =
            Array1::from_shape_fn(80, |i| f64::from(u8::from(eta[i] + 3.0 * ((7 * i) as f64).cos() > 0.4)));
        (eta, y, Array1::from_shape_fn(80, |i| (i % 4) as f64))
    }

    #[test]
    fn discrimination_and_score_are_those_of_performance_with_ties_and_weights() {
        let (eta, y, weight) = rows();
        let predicted = Predicted::new(Loss::Logistic, &y, eta);
        let found = predicted.indices(Some(&weight), Calibration::Estimated);
        let (risk, outcome, w) = (predicted.mean.to_vec(), y.to_vec(), weight.to_vec());
        let wanted = auc(&risk, &outcome, Some(&w)).expect("both outcomes").value;
        assert!((found[0].expect("an AUC") - wanted).abs() < 1e-14);
        assert!((found[3].expect("a score") - brier(&risk, &outcome, Some(&w))).abs() < 1e-14);
    }

    #[test]
    fn weights_equal_repeated_rows() {
        let (eta, y, weight) = rows();
        let repeated: Vec<usize> = (0..80).flat_map(|i| std::iter::repeat_n(i, i % 4)).collect();
        let pick = |of: &Array1<f64>| of.select(ndarray::Axis(0), &repeated);
        for loss in [Loss::Logistic, Loss::Squared] {
            let y_picked = pick(&y);
            let a = Predicted::new(loss, &y, eta.clone()).indices(Some(&weight), Calibration::Estimated);
            let b = Predicted::new(loss, &y_picked, pick(&eta)).indices(None, Calibration::Estimated);
            for (a, b) in a.iter().zip(&b) {
                assert!((a.expect("exists") - b.expect("exists")).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn one_outcome_leaves_only_the_score() {
        let (eta, _, _) = rows();
        let y = Array1::zeros(80);
        let found = Predicted::new(Loss::Logistic, &y, eta).indices(None, Calibration::Estimated);
        let exists: Vec<bool> = found.iter().map(Option::is_some).collect();
        assert_eq!(exists, [false, false, false, true, false, false]);
    }
}
