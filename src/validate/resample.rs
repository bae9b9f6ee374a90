//! Who is drawn: bootstrap samples, folds and splits as weights of the same rows, each from a stream of its own.

use ndarray::Array1;
use ndarray_rand::rand::Rng;

use crate::error::{Error, Result};
use crate::num::random::stream;
use crate::optimise::batch::shuffled;

/// How a model is validated with its own data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scheme {
    /// So many samples of the same size, drawn with replacement; each model is tested on all rows.
    Bootstrap {
        /// Number of samples.
        samples: usize,
    },
    /// Each fold in turn is left out and predicted.
    CrossValidation {
        /// Number of folds.
        folds: usize,
        /// How often anew with other folds.
        repeats: usize,
    },
    /// One part trains, the rest tests.
    Split {
        /// The share that trains, between 0 and 1.
        share: f64,
    },
}

impl Scheme {
    /// How many models are fitted.
    pub fn resamples(self) -> usize {
        match self {
            Scheme::Bootstrap { samples } => samples,
            Scheme::CrossValidation { folds, repeats } => folds * repeats,
            Scheme::Split { .. } => 1,
        }
    }

    /// Its name in `validation.json`.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Bootstrap { .. } => "bootstrap",
            Scheme::CrossValidation { .. } => "cross-validation",
            Scheme::Split { .. } => "split",
        }
    }
}

/// What is drawn: rows, the patients that a row's frequency weight counts, or whole clusters of rows.
pub struct Population<'a> {
    /// Frequency weights of the rows, if there are any.
    pub weight: Option<&'a Array1<f64>>,
    /// The cluster of each row, counted from 0, if clusters are drawn.
    pub cluster: Option<&'a [u32]>,
    /// The stratum of each row (its outcome), which folds and splits keep in proportion; not with clusters.
    pub stratum: Option<Vec<bool>>,
    /// Rows.
    pub n_rows: usize,
}

/// The rows of one resample by their weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// Whom the model is fitted to.
    pub train: Array1<f64>,
    /// Whom it is tested on; `None`: all rows.
    pub test: Option<Array1<f64>>,
}

impl Population<'_> {
    /// The units that are drawn or dealt: clusters, or else rows.
    fn n_units(&self) -> usize {
        match self.cluster {
            Some(cluster) => cluster.iter().max().map_or(0, |most| *most as usize + 1),
            None => self.n_rows,
        }
    }

    fn unit(&self, row: usize) -> usize {
        self.cluster.map_or(row, |cluster| cluster[row] as usize)
    }

    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |w| w[row])
    }

    /// Refuses a scheme that these rows cannot be divided by.
    ///
    /// # Errors
    /// Usage, when there are fewer units than folds, or a split leaves one side empty.
    pub fn check(&self, scheme: Scheme) -> Result<()> {
        let units = self.n_units();
        let what = if self.cluster.is_some() { "clusters" } else { "rows" };
        match scheme {
            Scheme::CrossValidation { folds, .. } if folds > units => {
                Err(Error::usage(format!("{units} {what} cannot make {folds} folds"))
                    .hint("use fewer folds in `--validate cv:K`"))
            }
            Scheme::Split { share } if self.dealt(share).is_none() => {
                Err(Error::usage(format!("a split of {units} {what} by {share} leaves one side empty"))
                    .hint("use a share nearer to one half in `--validate split:P`"))
            }
            _ => Ok(()),
        }
    }

    /// Units of the training side of a split, if both sides have some.
    fn dealt(&self, share: f64) -> Option<usize> {
        let train = (share * self.n_units() as f64).round() as usize;
        (train > 0 && train < self.n_units()).then_some(train)
    }

    /// Resample number k; the same whatever the number of threads.
    pub fn draw(&self, scheme: Scheme, seed: u64, k: usize) -> Drawn {
        match scheme {
            Scheme::Bootstrap { .. } => Drawn { train: self.with_replacement(seed, k as u64), test: None },
            Scheme::CrossValidation { folds, .. } => {
                let place = self.places("validation folds", seed, (k / folds) as u64);
                self.divided(|unit| place[unit] % folds != k % folds)
            }
            Scheme::Split { share } => {
                // Every so many units one is on the other side, so that each stratum is split alike.
                let place = self.places("split", seed, 0);
                let (train, all) = (self.dealt(share).unwrap_or(0), self.n_units());
                let before = |place: usize| place * train / all;
                self.divided(|unit| before(place[unit] + 1) > before(place[unit]))
            }
        }
    }

    /// Counts of as many draws as there are units (patients, where rows have frequency weights), times the weight of
    /// the row where clusters are drawn.
    fn with_replacement(&self, seed: u64, part: u64) -> Array1<f64> {
        let mut rng = stream(seed, "bootstrap", part);
        if let (Some(weight), None) = (self.weight, self.cluster) {
            let mut counts = Array1::zeros(self.n_rows);
            let upto: Vec<f64> = weight
                .iter()
                .scan(0.0, |sum, w| {
                    *sum += w;
                    Some(*sum)
                })
                .collect();
            let total = upto.last().copied().unwrap_or(0.0);
            for _ in 0..(total.round() as usize) {
                let at = rng.random::<f64>() * total;
                counts[upto.partition_point(|u| *u <= at).min(self.n_rows - 1)] += 1.0;
            }
            return counts;
        }
        let units = self.n_units();
        let mut counts = vec![0.0; units];
        for _ in 0..units {
            counts[rng.random_range(0..units)] += 1.0;
        }
        match self.cluster {
            None => Array1::from_vec(counts),
            Some(_) => Array1::from_shape_fn(self.n_rows, |row| counts[self.unit(row)] * self.weight(row)),
        }
    }

    /// A place for each unit: a seeded shuffle, sorted by stratum.
    fn places(&self, purpose: &str, seed: u64, part: u64) -> Vec<usize> {
        let mut order = shuffled(self.n_units(), seed, purpose, part);
        if let (Some(stratum), None) = (&self.stratum, self.cluster) {
            order.sort_by_key(|row| stratum[*row]); // stable: the shuffle stays within a stratum
        }
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(k, unit)| place[*unit] = k);
        place
    }

    fn divided(&self, trains: impl Fn(usize) -> bool) -> Drawn {
        let side = |wanted: bool| {
            Array1::from_shape_fn(self.n_rows, |row| {
                if trains(self.unit(row)) == wanted { self.weight(row) } else { 0.0 }
            })
        };
        Drawn { train: side(true), test: Some(side(false)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n_rows: usize) -> Population<'static> {
        Population { weight: None, cluster: None, stratum: None, n_rows }
    }

    #[test]
    fn a_bootstrap_sample_has_as_many_patients_and_leaves_out_about_a_third() {
        let (scheme, people) = (Scheme::Bootstrap { samples: 2 }, rows(2000));
        let drawn = people.draw(scheme, 3, 0);
        assert_eq!(drawn.train.sum(), 2000.0);
        let absent = drawn.train.iter().filter(|w| **w == 0.0).count() as f64 / 2000.0;
        assert!((absent - (-1.0_f64).exp()).abs() < 0.03, "{absent}");
        assert_eq!(drawn, people.draw(scheme, 3, 0));
        assert_ne!(drawn, people.draw(scheme, 3, 1));
    }

    #[test]
    fn frequency_weights_are_patients_and_clusters_stay_whole() {
        let weight = Array1::from_vec(vec![3.0, 1.0, 2.0, 4.0]);
        let weighted = Population { weight: Some(&weight), ..rows(4) };
        assert_eq!(weighted.draw(Scheme::Bootstrap { samples: 1 }, 1, 0).train.sum(), 10.0);
        let cluster = [0, 1, 0, 1];
        let clustered = Population { weight: Some(&weight), cluster: Some(&cluster), ..rows(4) };
        for k in 0..20 {
            let train = clustered.draw(Scheme::Bootstrap { samples: 20 }, 1, k).train;
            assert_eq!(train[0] / 3.0, train[2] / 2.0);
            assert_eq!(train[1], train[3] / 4.0);
        }
    }

    #[test]
    fn every_row_is_left_out_once_a_repeat_and_strata_are_dealt_evenly() {
        let stratum: Vec<bool> = (0..103).map(|i| i % 10 == 0).collect();
        let people = Population { stratum: Some(stratum.clone()), ..rows(103) };
        let scheme = Scheme::CrossValidation { folds: 5, repeats: 2 };
        for repeat in 0..2 {
            let tests: Vec<Array1<f64>> =
                (0..5).map(|k| people.draw(scheme, 9, 5 * repeat + k).test.expect("a fold")).collect();
            let sum = tests.iter().fold(Array1::zeros(103), |sum: Array1<f64>, t| sum + t);
            assert!(sum.iter().all(|s| *s == 1.0));
            for test in &tests {
                let events = (0..103).filter(|i| stratum[*i] && test[*i] > 0.0).count();
                assert!((2..=3).contains(&events), "11 events in 5 folds: {events}");
            }
        }
        assert_ne!(people.draw(scheme, 9, 0), people.draw(scheme, 9, 5));
    }

    #[test]
    fn a_split_keeps_the_share_in_each_stratum() {
        let stratum: Vec<bool> = (0..200).map(|i| i % 4 == 0).collect();
        let people = Population { stratum: Some(stratum.clone()), ..rows(200) };
        let drawn = people.draw(Scheme::Split { share: 0.7 }, 1, 0);
        assert_eq!(drawn.train.sum(), 140.0);
        let events: f64 = (0..200).filter(|i| stratum[*i]).map(|i| drawn.train[i]).sum();
        assert!((events - 35.0).abs() <= 1.0);
        assert!(people.check(Scheme::Split { share: 0.001 }).is_err());
        assert!(people.check(Scheme::CrossValidation { folds: 201, repeats: 1 }).is_err());
    }
}
