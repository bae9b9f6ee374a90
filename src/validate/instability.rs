//! Instability: how far each patient's prediction moves when the model is developed on other patients like these.

use ndarray::ArrayRef1;

use crate::objective::loss::Loss;

/// Groups of patients by the model's prediction.
const GROUPS: usize = 10;
/// The quantiles that are given of the differences.
pub const PROBABILITIES: [f64; 5] = [0.025, 0.25, 0.5, 0.75, 0.975];
/// Bins of differences on each side of 0.
const BINS: usize = 8192;

/// Summary over patients and resamples; it holds no patient's row.
#[derive(Debug, Clone, PartialEq)]
pub struct Instability {
    /// Mean over patients and resamples of |prediction of the resample's model - prediction of the model|.
    pub mean_absolute_error: f64,
    /// One a tenth of the patients in order of the model's prediction, lowest first.
    pub groups: Vec<Group>,
}

/// A tenth of the patients.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Rows.
    pub n: usize,
    /// Mean of the model's predictions.
    pub mean_prediction: f64,
    /// As for all patients.
    pub mean_absolute_error: f64,
    /// Quantiles of the differences at [`PROBABILITIES`], over the group's patients and all resamples.
    pub quantiles: [f64; 5],
}

/// Collects the predictions of resample after resample.
///
/// Source: Riley & Collins 2023, Biometrical Journal 65:2200302 (mean absolute prediction error, instability plot).
pub struct Collector {
    prediction: Vec<f64>,
    group: Vec<u8>,
    /// Differences up to this size have bins of their own; larger ones fall into the outermost.
    reach: f64,
    counts: Vec<u64>,
    sums: [f64; GROUPS],
    resamples: usize,
}

impl Collector {
    /// Groups the patients by the model's predictions. y: outcomes; their range is the reach for means.
    pub fn new(loss: Loss, prediction: Vec<f64>, y: &ArrayRef1<f64>) -> Collector {
        let mut order: Vec<usize> = (0..prediction.len()).collect();
        order.sort_by(|a, b| prediction[*a].total_cmp(&prediction[*b]));
        let mut group = vec![0; prediction.len()];
        order.iter().enumerate().for_each(|(k, row)| group[*row] = (k * GROUPS / order.len()) as u8);
        let (low, high) =
            y.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), y| (l.min(*y), h.max(*y)));
        let reach = match loss {
            Loss::Logistic => 1.0,
            Loss::Squared => (high - low).max(f64::MIN_POSITIVE),
        };
        Collector {
            prediction,
            group,
            reach,
            counts: vec![0; GROUPS * 2 * BINS],
            sums: [0.0; GROUPS],
            resamples: 0,
        }
    }

    /// Adds the predictions of one resample's model.
    pub fn add(&mut self, predictions: &[f64]) {
        let scale = BINS as f64 / self.reach;
        self.resamples += 1;
        for ((p, model), group) in predictions.iter().zip(&self.prediction).zip(&self.group) {
            let difference = p - model;
            let bin = (difference * scale + BINS as f64).clamp(0.0, (2 * BINS - 1) as f64) as usize;
            self.counts[*group as usize * 2 * BINS + bin] += 1;
            self.sums[*group as usize] += difference.abs();
        }
    }

    /// The summary; `None` without a resample.
    pub fn summary(&self) -> Option<Instability> {
        if self.resamples == 0 || self.prediction.is_empty() {
            return None;
        }
        let draws = |rows: usize| (rows * self.resamples) as f64;
        let groups = (0..GROUPS).filter_map(|g| self.group(g)).collect();
        let mean_absolute_error = self.sums.iter().sum::<f64>() / draws(self.prediction.len());
        Some(Instability { mean_absolute_error, groups })
    }

    fn group(&self, g: usize) -> Option<Group> {
        let members = || self.prediction.iter().zip(&self.group).filter(|(_, of)| **of as usize == g);
        let n = members().count();
        let counts = &self.counts[g * 2 * BINS..(g + 1) * 2 * BINS];
        (n > 0).then(|| Group {
            n,
            mean_prediction: members().map(|(p, _)| p).sum::<f64>() / n as f64,
            mean_absolute_error: self.sums[g] / (n * self.resamples) as f64,
            quantiles: PROBABILITIES.map(|p| self.quantile(counts, p)),
        })
    }

    /// The value below which a share p of the counts lie, evenly spread in their bin.
    fn quantile(&self, counts: &[u64], p: f64) -> f64 {
        let wanted = p * counts.iter().sum::<u64>() as f64;
        let mut below = 0.0;
        for (bin, count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
            let count = *count as f64;
            if below + count >= wanted {
                let place = bin as f64 + (wanted - below) / count;
                return (place - BINS as f64) * self.reach / BINS as f64;
            }
            below += count;
        }
        self.reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn quantiles_and_errors_of_known_differences_come_back() {
        let prediction: Vec<f64> = (0..100).map(|i| 0.2 + 0.005 * f64::from(i)).collect();
        let mut collector = Collector::new(Loss::Logistic, prediction.clone(), &array![0.0, 1.0]);
        for k in 0..101 {
            let moved: Vec<f64> = prediction.iter().map(|p| p + 0.001 * f64::from(k - 50)).collect();
            collector.add(&moved);
        }
        let found = collector.summary().expect("resamples");
        let mean = (1..=50).map(f64::from).sum::<f64>() * 2.0 * 0.001 / 101.0;
        assert!((found.mean_absolute_error - mean).abs() < 1e-12);
        assert_eq!(found.groups.len(), 10);
        for (g, group) in found.groups.iter().enumerate() {
            assert_eq!(group.n, 10);
            assert!((group.mean_prediction - (0.2225 + 0.05 * g as f64)).abs() < 1e-12);
            for (p, q) in PROBABILITIES.iter().zip(group.quantiles) {
                assert!((q - (0.101 * p - 0.0505)).abs() < 1e-3, "{p}: {q}");
            }
        }
    }
}
