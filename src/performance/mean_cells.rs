//! Patients with almost the same prediction and almost the same residual as one: what the performance of a linear model on very many rows
//! is worked out from.

use crate::performance::logistic::Predicted;

/// Width of a cell, in standard deviations of the predictions and of the residuals.
pub const WIDTH: f64 = 0.02;
/// Cells in each direction, about the mean; a row beyond them is kept by itself.
const ACROSS: usize = 500;

/// Where the cells are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Mean of the predictions.
    pub centre: f64,
    /// Their standard deviation.
    pub spread: f64,
    /// Root mean square of the residuals.
    pub residual: f64,
}

/// Rows in cells: for each the sum of the weights, of weight times prediction and of weight times outcome.
#[derive(Debug, Clone)]
pub struct MeanCells {
    grid: Grid,
    sums: Vec<[f64; 3]>,
    /// Rows beyond the cells.
    alone: Vec<[f64; 3]>,
}

/// Rows with frequency weights.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    prediction: Vec<f64>,
    outcome: Vec<f64>,
    weight: Vec<f64>,
}

impl Rows {
    /// As the measures take them.
    pub fn view(&self) -> Predicted<'_> {
        Predicted { linear_predictor: &self.prediction, outcome: &self.outcome, weight: Some(&self.weight) }
    }
}

impl MeanCells {
    /// No rows yet.
    pub fn new(grid: Grid) -> MeanCells {
        MeanCells { grid, sums: vec![[0.0; 3]; ACROSS * ACROSS], alone: Vec::new() }
    }

    /// One row more.
    pub fn add(&mut self, prediction: f64, outcome: f64, weight: f64) {
        let Grid { centre, spread, residual } = self.grid;
        let row = [weight, weight * prediction, weight * outcome];
        match (place(prediction - centre, spread), place(outcome - prediction, residual)) {
            (Some(i), Some(j)) => add_to(&mut self.sums[i * ACROSS + j], row),
            _ => self.alone.push(row),
        }
    }

    /// The rows of both; their order is that in which they are joined.
    pub fn join(&mut self, other: MeanCells) {
        self.sums.iter_mut().zip(other.sums).for_each(|(sum, part)| add_to(sum, part));
        self.alone.extend(other.alone);
    }

    /// One row a filled cell, by rising prediction.
    pub fn rows(&self) -> Rows {
        let mut rows = Rows::default();
        for [weight, predictions, outcomes] in self.sums.iter().chain(&self.alone) {
            if *weight > 0.0 {
                rows.prediction.push(predictions / weight);
                rows.outcome.push(outcomes / weight);
                rows.weight.push(*weight);
            }
        }
        rows
    }
}

fn add_to(sum: &mut [f64; 3], row: [f64; 3]) {
    sum.iter_mut().zip(row).for_each(|(sum, part)| *sum += part);
}

/// The cell of a distance from the mean; all are one where there is no spread.
fn place(distance: f64, spread: f64) -> Option<usize> {
    if spread <= 0.0 {
        return Some(0);
    }
    let cell = (distance / (spread * WIDTH)).floor() + (ACROSS / 2) as f64;
    (0.0..ACROSS as f64).contains(&cell).then_some(cell as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::stream;
    use crate::performance::linear::LinearPerformance;
    use crate::performance::logistic::Asked;
    use ndarray_rand::rand::Rng;

    #[test]
    fn the_performance_of_cells_is_that_of_their_rows() {
        let mut random = stream(12, "cells", 0);
        let prediction: Vec<f64> = (0..200_000).map(|_| 70.0 + 12.0 * random.random::<f64>()).collect();
        // now and then a residual far beyond the cells
        let noise = |k: usize, u: f64| if k.is_multiple_of(5000) { 90.0 } else { 8.0 * (u - 0.5) };
        let outcome: Vec<f64> =
            prediction.iter().enumerate().map(|(k, x)| 0.3 + x + noise(k, random.random())).collect();
        let mean =
            |of: &dyn Fn(usize) -> f64| (0..prediction.len()).map(of).sum::<f64>() / prediction.len() as f64;
        let centre = mean(&|i| prediction[i]);
        let grid = Grid {
            centre,
            spread: mean(&|i| (prediction[i] - centre).powi(2)).sqrt(),
            residual: mean(&|i| (outcome[i] - prediction[i]).powi(2)).sqrt(),
        };
        let (mut first, mut second) = (MeanCells::new(grid), MeanCells::new(grid));
        for (i, (x, y)) in prediction.iter().zip(&outcome).enumerate() {
            if i < 70_000 { first.add(*x, *y, 1.0) } else { second.add(*x, *y, 1.0) }
        }
        first.join(second);
        let cells = first.rows();
        assert!(cells.weight.len() < 120_000, "{}", cells.weight.len());
        let asked = Asked { conf_level: 0.95, thresholds: Vec::new() };
        let rows = Predicted { linear_predictor: &prediction, outcome: &outcome, weight: None };
        let of_rows = LinearPerformance::of(&rows, &asked).expect("measured");
        let of_cells = LinearPerformance::of(&cells.view(), &asked).expect("measured");
        assert_eq!(of_rows.n, of_cells.n);
        let numbers = |p: &LinearPerformance| {
            let line = p.calibration_line.expect("a slope");
            let mut all = vec![
                p.r_squared,
                p.rmse,
                p.mae,
                p.mean_outcome,
                p.mean_predicted,
                line.slope.value,
                line.slope.std_error,
            ];
            all.extend(p.groups.iter().flat_map(|g| [g.predicted, g.observed, g.low, g.high]));
            all
        };
        for (k, (a, b)) in numbers(&of_rows).iter().zip(numbers(&of_cells)).enumerate() {
            assert!((a - b).abs() < 5e-4 * a.abs(), "number {k}: {a} of the rows, {b} of the cells");
        }
    }

    #[test]
    fn without_a_spread_all_rows_are_in_one_cell() {
        let mut cells = MeanCells::new(Grid { centre: 3.0, spread: 0.0, residual: 0.0 });
        (0..4).for_each(|_| cells.add(3.0, 3.0, 2.0));
        let rows = cells.rows();
        assert_eq!((rows.prediction, rows.outcome, rows.weight), (vec![3.0], vec![3.0], vec![8.0]));
    }
}
