//! The values of a variable in order, each with its frequency: quantiles and extremes of the rows used.

/// Distinct values in ascending order with the number of rows of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    values: Vec<f64>,
    counts: Vec<f64>,
    total: f64,
}

impl Sample {
    /// The values with a positive weight (a frequency: weight 3 counts as three rows); all finite.
    pub fn of(values: &[f64], weight: Option<&[f64]>) -> Sample {
        let mut pairs: Vec<(f64, f64)> = match weight {
            Some(w) => values.iter().copied().zip(w.iter().copied()).filter(|(_, w)| *w > 0.0).collect(),
            None => values.iter().map(|x| (*x, 1.0)).collect(),
        };
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut sample = Sample { values: Vec::new(), counts: Vec::new(), total: 0.0 };
        for (value, count) in pairs {
            sample.total += count;
            match (sample.values.last(), sample.counts.last_mut()) {
                (Some(last), Some(n)) if *last == value => *n += count,
                _ => {
                    sample.values.push(value);
                    sample.counts.push(count);
                }
            }
        }
        sample
    }

    /// Distinct ascending values with the number of rows of each; values without a row are left out.
    pub fn counted(values: &[f64], counts: &[f64]) -> Sample {
        let present = || values.iter().zip(counts).filter(|(_, n)| **n > 0.0);
        Sample {
            values: present().map(|(x, _)| *x).collect(),
            counts: present().map(|(_, n)| *n).collect(),
            total: present().map(|(_, n)| n).sum(),
        }
    }

    /// The distinct values, ascending.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Each distinct value and its frequency.
    pub fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.values.iter().copied().zip(self.counts.iter().copied())
    }

    /// Value, frequency, value, frequency...
    pub fn interleaved(&self) -> Vec<f64> {
        self.pairs().flat_map(|(value, count)| [value, count]).collect()
    }

    /// The pairs of numbers that [`Sample::interleaved`] gives.
    pub fn pairs_of(numbers: Vec<f64>) -> impl Iterator<Item = (f64, f64)> {
        (0..numbers.len() / 2).map(move |k| (numbers[2 * k], numbers[2 * k + 1]))
    }

    /// The number of rows.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The part of the rows that have distinct value number `k`.
    pub fn share(&self, k: usize) -> f64 {
        self.counts[k] / self.total
    }

    /// The distinct values from number `from` up to, but not including, number `to`.
    pub fn part(&self, from: usize, to: usize) -> Sample {
        let counts = self.counts[from..to].to_vec();
        Sample { values: self.values[from..to].to_vec(), total: counts.iter().sum(), counts }
    }

    /// The value of place `k` (from 0) among all rows in ascending order.
    pub fn place(&self, k: f64) -> f64 {
        let mut below = 0.0;
        for (value, count) in self.pairs() {
            below += count;
            if k < below {
                return value;
            }
        }
        self.values.last().copied().unwrap_or(f64::NAN)
    }

    /// Quantile of R's type 7 (Hyndman & Fan 1996): linear between the places around (n - 1) p.
    pub fn quantile(&self, p: f64) -> f64 {
        let index = (self.total - 1.0).max(0.0) * p;
        let (low, high) = (index.floor(), index.ceil());
        let (x_low, x_high) = (self.place(low), self.place(high));
        if index > low && x_low != x_high {
            let share = index - low;
            (1.0 - share) * x_low + share * x_high
        } else {
            x_low
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R: quantile(c(7, 1, 3, 3, 10), c(0, .1, .35, .5, .9, 1)).
    #[test]
    fn quantiles_are_those_of_r() {
        let sample = Sample::of(&[7.0, 1.0, 3.0, 3.0, 10.0], None);
        for (p, wanted) in [(0.0, 1.0), (0.1, 1.8), (0.35, 3.0), (0.5, 3.0), (0.9, 8.8), (1.0, 10.0)] {
            assert!((sample.quantile(p) - wanted).abs() < 1e-14, "p = {p}");
        }
    }

    #[test]
    fn weights_count_as_repeated_rows() {
        let weighted = Sample::of(&[5.0, 2.0, 9.0, 4.0], Some(&[2.0, 3.0, 0.0, 1.0]));
        assert_eq!(weighted, Sample::of(&[2.0, 2.0, 2.0, 4.0, 5.0, 5.0], None));
    }
}
