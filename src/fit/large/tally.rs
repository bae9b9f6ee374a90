//! What the statistics of a fit need of its rows, in one pass that keeps at most eight bytes of each.

use ndarray::ArrayRef1;
use rayon::prelude::*;

use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::performance::case_mix::Moments;
use crate::performance::ranking::{Ranking, pack, unpack};
use crate::rows::Rows;
use crate::rows::shared::{At, Question};
use crate::team::Bits;

/// What one pass over the rows found.
pub struct Tally {
    /// Of the outcome.
    pub outcome: Moments,
    /// Of the linear predictor.
    pub linear_predictor: Moments,
    /// Sum of the weights of the rows with an event.
    pub events: f64,
    /// Weighted sum of squares of y - offset about its mean, or about 0 without an intercept.
    pub spread: f64,
    /// Weighted mean of (y - fitted)².
    pub mean_square: f64,
    /// Of a logistic model what the area under its ROC curve is worked out from.
    pub ranking: Option<Ranking>,
}

/// Sum of weights, mean, sum of squares about it.
#[derive(Clone, Copy, Default)]
struct Spread {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    /// Of weighted values, in two passes.
    fn of(values: impl Iterator<Item = (f64, f64)> + Clone) -> Spread {
        let n: f64 = values.clone().map(|(w, _)| w).sum();
        let mean = if n > 0.0 { values.clone().map(|(w, x)| w * x).sum::<f64>() / n } else { 0.0 };
        Spread { n, mean, squares: values.map(|(w, x)| w * (x - mean).powi(2)).sum() }
    }

    /// Of both together. Source: Chan, Golub & LeVeque 1983, American Statistician 37:242-247.
    fn and(self, other: Spread) -> Spread {
        let n = self.n + other.n;
        if n == 0.0 {
            return self;
        }
        let apart = other.mean - self.mean;
        Spread {
            n,
            mean: self.mean + apart * other.n / n,
            squares: self.squares + other.squares + apart * apart * self.n * other.n / n,
        }
    }

    fn moments(self) -> Moments {
        Moments {
            n: self.n,
            mean: self.mean,
            sd: if self.n > 1.0 { (self.squares / (self.n - 1.0)).sqrt() } else { f64::NAN },
        }
    }
}

/// What some rows add.
#[derive(Default)]
pub struct Part {
    outcome: Spread,
    linear_predictor: Spread,
    without_offset: Spread,
    sum_of_squares: f64,
    events: f64,
    packed: Vec<u64>,
    weight: Vec<f64>,
}

impl Part {
    /// What rows of one rank add. Blocks in parallel, their sums added in order.
    pub fn of(rows: &dyn Rows, loss: Loss, beta: &ArrayRef1<f64>) -> Part {
        let logistic = loss == Loss::Logistic;
        let mut sum = Part::default();
        sum.packed.reserve(if logistic { rows.n_rows() } else { 0 });
        const TOGETHER: usize = 64;
        for from in (0..rows.n_blocks()).step_by(TOGETHER) {
            let to = (from + TOGETHER).min(rows.n_blocks());
            let parts: Vec<Part> =
                (from..to).into_par_iter().map(|k| Part::of_block(rows, k, loss, beta)).collect();
            parts.into_iter().for_each(|part| sum.add(part));
        }
        sum
    }

    fn of_block(rows: &dyn Rows, k: usize, loss: Loss, beta: &ArrayRef1<f64>) -> Part {
        let logistic = loss == Loss::Logistic;
        let block = rows.block(k);
        let eta = Glm::new(rows, loss).predictors(k, beta);
        let rows = || (0..block.len()).map(|i| (block.weight(i), i));
        let fitted: Vec<f64> = eta.iter().map(|eta| loss.mean(*eta)).collect();
        Part {
            outcome: Spread::of(rows().map(|(w, i)| (w, block.y[i]))),
            linear_predictor: Spread::of(rows().map(|(w, i)| (w, eta[i]))),
            without_offset: Spread::of(rows().map(|(w, i)| (w, block.y[i] - block.offset(i)))),
            sum_of_squares: (0..block.len())
                .map(|i| block.weight(i) * (block.y[i] - fitted[i]).powi(2))
                .sum(),
            events: (0..block.len()).filter(|i| block.y[*i] > 0.5).map(|i| block.weight(i)).sum(),
            packed: if logistic {
                fitted.iter().zip(&block.y).map(|(risk, y)| pack(*risk, *y)).collect()
            } else {
                Vec::new()
            },
            weight: block.weight.as_ref().filter(|_| logistic).map_or_else(Vec::new, |w| w.to_vec()),
        }
    }

    fn add(&mut self, part: Part) {
        self.outcome = self.outcome.and(part.outcome);
        self.linear_predictor = self.linear_predictor.and(part.linear_predictor);
        self.without_offset = self.without_offset.and(part.without_offset);
        self.sum_of_squares += part.sum_of_squares;
        self.events += part.events;
        self.packed.extend(part.packed);
        self.weight.extend(part.weight);
    }

    /// As numbers that can travel; `coarse`: risks only as numbers of rows in cells of 0.001.
    pub fn numbers(self, coarse: bool) -> Vec<f64> {
        let Part { outcome, linear_predictor, without_offset, sum_of_squares, events, packed, weight } = self;
        let (packed, weight) = if coarse { in_cells(&packed, &weight) } else { (packed, weight) };
        let mut numbers: Vec<f64> = [outcome, linear_predictor, without_offset]
            .into_iter()
            .flat_map(|spread| [spread.n, spread.mean, spread.squares])
            .chain([sum_of_squares, events, packed.len() as f64])
            .collect();
        numbers.extend(packed.into_iter().map(f64::from_bits));
        numbers.extend(weight);
        numbers
    }

    /// What [`Part::numbers`] gave.
    fn from_numbers(numbers: &[f64]) -> Part {
        let spread = |k: usize| Spread { n: numbers[k], mean: numbers[k + 1], squares: numbers[k + 2] };
        let n = numbers[FIXED - 1] as usize;
        Part {
            outcome: spread(0),
            linear_predictor: spread(3),
            without_offset: spread(6),
            sum_of_squares: numbers[9],
            events: numbers[10],
            packed: numbers[FIXED..FIXED + n].iter().map(|x| x.to_bits()).collect(),
            weight: numbers[FIXED + n..].to_vec(),
        }
    }
}

/// The numbers before the risks.
const FIXED: usize = 12;
/// Cells of risk from 0 to 1.
const CELLS: usize = 1000;

/// Risks as numbers of rows in cells, one entry a cell and outcome.
fn in_cells(packed: &[u64], weight: &[f64]) -> (Vec<u64>, Vec<f64>) {
    let middle = |cell: usize| (cell as f64 + 0.5) / CELLS as f64;
    let mut counts = vec![[0.0; 2]; CELLS];
    for (i, one) in packed.iter().enumerate() {
        let (risk, outcome) = unpack(*one);
        let cell = ((risk * CELLS as f64) as usize).min(CELLS - 1);
        counts[cell][outcome] += weight.get(i).copied().unwrap_or(1.0);
    }
    let filled = counts.iter().enumerate().flat_map(|(cell, both)| [(cell, 0, both[0]), (cell, 1, both[1])]);
    filled
        .filter(|(_, _, n)| *n > 0.0)
        .map(|(cell, outcome, n)| (pack(middle(cell), outcome as f64), n))
        .unzip()
}

/// One pass over the rows at beta, of all ranks. `coarse`: see [`Part::numbers`].
pub fn tally(rows: &dyn Rows, loss: Loss, beta: &ArrayRef1<f64>, has_intercept: bool, coarse: bool) -> Tally {
    let part = match rows.shared() {
        None => Part::of(rows, loss, beta),
        Some((shared, view)) => {
            let at = At { logistic: loss == Loss::Logistic, point: Bits::of(beta), view, only: None };
            let parts = shared
                .ask(&Question::Tally { at, coarse }, |mine| Part::of(mine, loss, beta).numbers(coarse));
            let mut sum = Part::default();
            parts.iter().for_each(|part| sum.add(Part::from_numbers(part)));
            sum
        }
    };
    let about_zero = part.without_offset.squares + part.without_offset.n * part.without_offset.mean.powi(2);
    Tally {
        outcome: part.outcome.moments(),
        linear_predictor: part.linear_predictor.moments(),
        events: part.events,
        spread: if has_intercept { part.without_offset.squares } else { about_zero },
        mean_square: part.sum_of_squares / part.outcome.n,
        ranking: (loss == Loss::Logistic)
            .then(|| Ranking::new(part.packed, (!part.weight.is_empty()).then_some(part.weight))),
    }
}

/// The mean logistic loss of the model without predictors where there is no offset: of the share of events, or ln 2.
pub fn null_loss(events: &Moments, has_intercept: bool) -> f64 {
    let (p, q) = (events.mean, 1.0 - events.mean);
    let part = |share: f64| if share > 0.0 { -share * share.ln() } else { 0.0 };
    if has_intercept { part(p) + part(q) } else { std::f64::consts::LN_2 }
}
