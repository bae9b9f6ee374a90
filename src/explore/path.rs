//! Where a run went: every point that the loop visited, thinned where there are very many.

use ndarray::{Array1, ArrayRef1};
use serde::Serialize;

use crate::explore::surface::Surface;
use crate::objective::Objective;
use crate::optimise::history::Record;
use crate::optimise::norm;
use crate::optimise::watch::{Signal, Watcher};

/// A point of a path with the true value and gradient there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// Updates done.
    pub iteration: usize,
    /// The coefficients.
    pub at: Vec<f64>,
    /// The surface's value; JSON's null where it is no longer a number.
    pub value: f64,
    /// The gradient.
    pub gradient: Vec<f64>,
    /// Its Euclidean norm.
    pub gradient_norm: f64,
    /// The learning rate of the update that led here (iteration 0: of the first).
    pub rate: f64,
    /// Distance from the reference along each eigen-direction; see `Run::decomposition`.
    pub components: Vec<f64>,
}

/// A watcher that keeps the points and the rates.
#[derive(Debug, Default)]
pub struct Walk {
    /// Every point with its iteration.
    pub points: Vec<(usize, Vec<f64>)>,
    rates: Vec<(usize, f64)>,
}

impl Watcher for Walk {
    fn seconds(&self) -> f64 {
        0.0
    }

    fn seen(&mut self, record: &Record, _tolerance: f64) -> Signal {
        self.rates.push((record.iteration, record.learning_rate));
        Signal::Continue
    }

    fn moved(&mut self, iteration: usize, beta: &ArrayRef1<f64>) {
        self.points.push((iteration, beta.to_vec()));
    }
}

impl Walk {
    /// The points as nodes, at most about `most`: the first half of these one by one, the rest evenly on a log scale.
    pub fn nodes(&self, surface: &Surface, most: usize) -> Vec<Node> {
        let rate_at = |iteration: usize| {
            let place = self.rates.partition_point(|(k, _)| *k < iteration);
            self.rates.get(place).or(self.rates.last()).map_or(f64::NAN, |(_, rate)| *rate)
        };
        let first_rate = self.rates.get(1).map_or_else(|| rate_at(0), |(_, rate)| *rate);
        kept(self.points.len(), most)
            .into_iter()
            .map(|place| {
                let (iteration, at) = &self.points[place];
                let (value, gradient) = surface.value_and_gradient(&Array1::from_vec(at.clone()));
                Node {
                    iteration: *iteration,
                    at: at.clone(),
                    value,
                    gradient_norm: norm(&gradient),
                    gradient: gradient.to_vec(),
                    rate: if *iteration == 0 { first_rate } else { rate_at(*iteration) },
                    components: Vec::new(),
                }
            })
            .collect()
    }
}

/// Which of `n` places are kept, in order, the first and the last among them.
fn kept(n: usize, most: usize) -> Vec<usize> {
    let whole = most / 2;
    if n <= most || whole == 0 {
        return (0..n).collect();
    }
    let ratio = (n as f64 / whole as f64).ln() / (most - whole) as f64;
    let later = (1..=most - whole).map(|k| (whole as f64 * (k as f64 * ratio).exp()).round() as usize - 1);
    let mut places: Vec<usize> = (0..whole).chain(later.map(|place| place.min(n - 1))).collect();
    places.push(n - 1);
    places.sort_unstable();
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends_and_the_first_steps() {
        let places = kept(20_001, 1000);
        assert!(places.len() <= 1001 && places.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(places[..500], (0..500).collect::<Vec<_>>());
        assert_eq!(places.last(), Some(&20_000));
        assert_eq!(kept(5, 1000), [0, 1, 2, 3, 4]);
    }
}
