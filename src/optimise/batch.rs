//! Mini-batches: every epoch a seeded shuffle, every row once, the short last batch included; the full gradient judges.

use ndarray::ArrayRef1;
use ndarray_rand::rand::seq::{SliceRandom, index};

use crate::num::random::stream;
use crate::objective::Sampled;
use crate::objective::l1::L1;
use crate::optimise::history::Step;
use crate::optimise::method::{Memory, Method, Rate, fixed_step};
use crate::optimise::proximal::{proximal_search, proximal_step, step_from};
use crate::optimise::step::{Point, backtrack};
use crate::optimise::watch::Watcher;
use crate::optimise::{Run, norm};

/// The rows in an order that is a function of seed, purpose and part (an epoch, say) alone.
pub fn shuffled(n_rows: usize, seed: u64, purpose: &str, part: u64) -> Vec<usize> {
    let mut rng = stream(seed, purpose, part);
    let mut order: Vec<usize> = (0..n_rows).collect();
    order.shuffle(&mut rng);
    order
}

/// Some of the rows, ascending, each as likely as any other: a function of seed and purpose alone.
pub fn some_of(n_rows: usize, n_wanted: usize, seed: u64, purpose: &str) -> Vec<usize> {
    let mut rng = stream(seed, purpose, 0);
    let mut rows = index::sample(&mut rng, n_rows, n_wanted.min(n_rows)).into_vec();
    rows.sort_unstable();
    rows
}

impl Run<'_> {
    /// One epoch of updates, then the full gradient.
    pub(crate) fn epoch(&mut self, sampled: &dyn Sampled, batch: usize, watcher: &mut dyn Watcher) {
        let factor = self.settings.decay.factor(self.epochs, self.settings.max_epochs);
        self.rate = self.base_rate * factor;
        let l1 = self.objective.l1();
        let order = shuffled(sampled.n_rows(), self.settings.seed, "epoch", self.epochs as u64);
        for (k, rows) in order.chunks(batch).enumerate() {
            let (value, gradient) = sampled.of_rows(rows, &self.at.beta);
            self.iterations += 1;
            self.recorder.step(Step {
                iteration: self.iterations,
                epoch: self.epochs as f64 + (k * batch + rows.len()) as f64 / order.len() as f64,
                loss: l1.map_or(value, |l1| value + l1.value(&self.at.beta)),
                gradient_norm: l1.map_or_else(
                    || norm(&gradient),
                    |l1| norm(&l1.least_subgradient(&self.at.beta, &gradient)),
                ),
            });
            if !value.is_finite() {
                break; // the full gradient below tells the same, and the loop stops there
            }
            self.batch_step(sampled, rows, Point { beta: self.at.beta.clone(), value, gradient }, factor);
            if (k + 1) * batch < order.len() {
                watcher.moved(self.iterations, &self.at.beta); // the last of the epoch is told by the loop
            }
        }
        (self.at.value, self.at.gradient) = self.objective.value_and_gradient(&self.at.beta);
        self.epochs += 1;
        self.sweeps += 2.0;
    }

    fn batch_step(&mut self, sampled: &dyn Sampled, rows: &[usize], from: Point, factor: f64) {
        let objective = self.objective;
        if let Some(l1) = objective.l1() {
            return self.proximal_batch_step(sampled, rows, &from, factor, l1);
        }
        if let (Method::GradientDescent(Rate::LineSearch(_)), Memory::LastRate(last)) =
            (&self.settings.method, &mut self.memory)
        {
            let direction = -&from.gradient;
            let mut evaluate = |b: &ArrayRef1<f64>| sampled.of_rows(rows, b);
            if let Ok(found) = backtrack(&from, &direction, 2.0 * *last, &mut evaluate) {
                *last = found.length;
                self.rate = found.length * factor;
                self.at.beta.scaled_add(self.rate, &direction);
            }
            return;
        }
        fixed_step(&self.settings.method, &mut self.memory, self.rate, &from.gradient, &mut self.at.beta);
    }

    fn proximal_batch_step(
        &mut self,
        sampled: &dyn Sampled,
        rows: &[usize],
        from: &Point,
        factor: f64,
        l1: &L1,
    ) {
        if let (Method::GradientDescent(Rate::LineSearch(_)), Memory::LastRate(last)) =
            (&self.settings.method, &mut self.memory)
        {
            let mut evaluate = |b: &ArrayRef1<f64>| sampled.of_rows(rows, b);
            if let Ok(found) = proximal_search(from, l1, 2.0 * *last, &mut evaluate) {
                *last = found.length;
                self.rate = found.length * factor;
                self.at.beta = step_from(from, l1, self.rate);
            }
            return;
        }
        let method = &self.settings.method;
        proximal_step(method, &mut self.memory, self.rate, &from.gradient, l1, &mut self.at.beta);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_rows_are_different_ones_and_the_same_seed_repeats() {
        for (n, wanted) in [(10, 3), (1_000_000, 1150), (5, 5), (4, 9)] {
            let rows = some_of(n, wanted, 7, "subsample");
            assert_eq!(rows.len(), wanted.min(n));
            assert!(rows.is_sorted_by(|a, b| a < b) && rows.iter().all(|row| *row < n));
            assert_eq!(rows, some_of(n, wanted, 7, "subsample"));
        }
        assert_ne!(some_of(100_000, 50, 7, "subsample"), some_of(100_000, 50, 8, "subsample"));
    }

    #[test]
    fn every_epoch_shuffles_anew_and_the_same_seed_repeats() {
        let (a, b) = (shuffled(100, 7, "epoch", 0), shuffled(100, 7, "epoch", 1));
        assert_ne!(a, b);
        assert_eq!(a, shuffled(100, 7, "epoch", 0));
        let mut sorted = a;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    }
}
