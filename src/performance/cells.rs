//! Patients with almost the same risk as one: what the performance of more rows than can be sorted time and again is worked out from.

use rayon::prelude::*;

use crate::performance::logistic::Predicted;
use crate::performance::ranking::{hundredth, unpack};

/// Width of a cell on the log odds. A risk p differs from that of its cell's mean by at most about p (1 - p) / 500.
pub const WIDTH: f64 = 0.002;
/// Cells end at these log odds on both sides; the outermost hold all beyond.
const END: f64 = 28.0;
/// A cell ends, too, where the risk is a hundredth: what is counted above such a threshold is exact.
const HUNDREDTHS: usize = 100;
const CELLS: usize = (2.0 * END / WIDTH) as usize + HUNDREDTHS;
/// Rows of which one list of cells is made. Lists are added in the order of the rows, so that sums do not depend on the threads.
const ROWS: usize = 1 << 18;
/// Lists that are there at once.
const AT_ONCE: usize = 8;

/// For each filled cell and outcome the mean log odds of the cell, the outcome, and the sum of the weights, by rising log odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    linear_predictor: Vec<f64>,
    outcome: Vec<f64>,
    weight: Vec<f64>,
}

/// Sum of the weights, and of weight times log odds, of the rows of a cell without and with the event.
type Sums = Vec<[[f64; 2]; 2]>;

impl Cells {
    /// Of packed risks and outcomes (see [`crate::performance::ranking::pack`]) and their frequency weights, one a row.
    pub fn of(packed: &[u64], weight: Option<&[f64]>) -> Cells {
        let mut all: Sums = vec![[[0.0; 2]; 2]; CELLS];
        for from in (0..packed.len()).step_by(AT_ONCE * ROWS) {
            let to = (from + AT_ONCE * ROWS).min(packed.len());
            let starts: Vec<usize> = (from..to).step_by(ROWS).collect();
            let lists: Vec<Sums> = starts
                .into_par_iter()
                .map(|from| {
                    let rows = from..(from + ROWS).min(packed.len());
                    sums_of(&packed[rows.clone()], weight.map(|weight| &weight[rows]))
                })
                .collect();
            for list in lists {
                all.as_flattened_mut()
                    .as_flattened_mut()
                    .iter_mut()
                    .zip(list.as_flattened().as_flattened())
                    .for_each(|(sum, part)| *sum += part);
            }
        }
        let mut cells = Cells { linear_predictor: Vec::new(), outcome: Vec::new(), weight: Vec::new() };
        for cell in &all {
            let [count, sum] = [0, 1].map(|k| cell[0][k] + cell[1][k]);
            for ([weight, _], outcome) in cell.iter().zip([0.0, 1.0]) {
                if *weight > 0.0 {
                    cells.linear_predictor.push(sum / count); // of both: no cut between risks parts those with the event
                    cells.outcome.push(outcome);
                    cells.weight.push(*weight);
                }
            }
        }
        cells
    }

    /// As rows with frequency weights.
    pub fn rows(&self) -> Predicted<'_> {
        Predicted {
            linear_predictor: &self.linear_predictor,
            outcome: &self.outcome,
            weight: Some(&self.weight),
        }
    }
}

fn sums_of(packed: &[u64], weight: Option<&[f64]>) -> Sums {
    const LEAST: f64 = 5e-13; // half of what packing keeps
    let mut sums = vec![[[0.0; 2]; 2]; CELLS];
    for (i, one) in packed.iter().enumerate() {
        let (risk, outcome) = unpack(*one);
        let risk = risk.clamp(LEAST, 1.0 - LEAST);
        let log_odds = (risk / (1.0 - risk)).ln(); // one logarithm: a risk has twelve decimals, and no more are asked for
        let cell = ((log_odds + END) / WIDTH) as usize + hundredth(*one); // neither ever falls as the risk rises
        let cell = cell.min(CELLS - 1);
        let w = weight.map_or(1.0, |weight| weight[i]);
        let [count, sum] = &mut sums[cell][outcome];
        *count += w;
        *sum += w * log_odds;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::stream;
    use crate::num::special::expit;
    use crate::performance::logistic::{Asked, LogisticPerformance};
    use crate::performance::ranking::pack;
    use ndarray_rand::rand::Rng;

    fn drawn(n: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let mut random = stream(11, "cells", 0);
        let lp: Vec<f64> =
            (0..n).map(|_| -2.0 + 4.0 * (random.random::<f64>() + random.random::<f64>() - 1.0)).collect();
        let outcome =
            lp.iter().map(|x| f64::from(u8::from(random.random::<f64>() < expit(0.2 + 0.9 * x)))).collect();
        let weight = (0..n).map(|i| f64::from(1 + (i % 3) as u8)).collect();
        (lp, outcome, weight)
    }

    /// The measures of single rows, which no one rounds, are those of the cells to more digits than anyone reads.
    #[test]
    fn the_performance_of_cells_is_that_of_their_rows() {
        let (lp, outcome, weight) = drawn(600_000);
        let packed: Vec<u64> = lp.iter().zip(&outcome).map(|(lp, y)| pack(expit(*lp), *y)).collect();
        let asked = Asked { conf_level: 0.95, thresholds: vec![0.1, 0.3] };
        for weight in [None, Some(&weight[..])] {
            let rows = Predicted { linear_predictor: &lp, outcome: &outcome, weight };
            let cells = Cells::of(&packed, weight);
            let of_rows = LogisticPerformance::of(&rows, &asked).expect("both outcomes");
            let of_cells = LogisticPerformance::of(&cells.rows(), &asked).expect("both outcomes");
            let numbers = |p: &LogisticPerformance| {
                let (curve, line) =
                    (p.curve.as_ref().expect("a curve"), p.calibration_line.expect("a slope"));
                let ends = [&curve.points[0], &curve.points[50], &curve.points[100]];
                let mut all = vec![
                    p.auc.value,
                    p.auc.std_error,
                    p.brier,
                    p.log_loss,
                    p.oe_ratio,
                    line.slope.value,
                    line.slope.std_error,
                    curve.ici,
                    curve.e50,
                    curve.e90,
                    curve.e_max,
                ];
                all.extend(
                    ends.iter().flat_map(|point| [point.predicted, point.observed, point.low, point.high]),
                );
                all.extend(p.decision_curve.iter().filter(|at| at.threshold < 0.5).map(|at| at.model));
                all.extend(p.classification.iter().map(|at| at.sensitivity.expect("events").value));
                all
            };
            assert_eq!((of_rows.n, of_rows.n_events), (of_cells.n, of_cells.n_events));
            for (a, b) in of_rows.groups.iter().zip(&of_cells.groups) {
                // a cell at the edge of a group belongs to it as a whole
                assert!((a.n - b.n).abs() < 0.02 * a.n, "{a:?} {b:?}");
                assert!((a.predicted - b.predicted).abs() < 0.01 * a.predicted, "{a:?} {b:?}");
                assert!((a.observed.value - b.observed.value).abs() < 0.01 * a.predicted, "{a:?} {b:?}");
            }
            for (k, (a, b)) in numbers(&of_rows).iter().zip(numbers(&of_cells)).enumerate() {
                assert!(
                    (a - b).abs() < 2e-4 * (0.05 + a.abs()),
                    "number {k}: {a} of the rows, {b} of the cells"
                );
            }
        }
    }

    #[test]
    fn risks_of_0_and_1_and_no_rows_are_cells_too() {
        let packed = [pack(0.0, 0.0), pack(1.0, 1.0), pack(1e-13, 1.0), pack(0.5, 0.0)];
        let cells = Cells::of(&packed, None);
        assert_eq!(cells.weight.iter().sum::<f64>(), 4.0);
        assert!(cells.linear_predictor.iter().all(|lp| lp.is_finite()) && cells.linear_predictor.is_sorted());
        assert!(Cells::of(&[], None).weight.is_empty());
    }
}
