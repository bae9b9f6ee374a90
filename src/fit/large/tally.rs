//! What the statistics of a fit need of its rows, in one pass that keeps at most eight bytes of each.

use ndarray::{Array2, ArrayRef1};
use rayon::prelude::*;

use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::performance::case_mix::Moments;
use crate::performance::discrimination::Auc;
use crate::performance::ranking::{Ranking, pack};
use crate::rows::{Block, InMemory, Rows};

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
    /// The area under the ROC curve of a logistic model.
    pub auc: Option<Auc>,
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
    fn of(values: &[(f64, f64)]) -> Spread {
        let n: f64 = values.iter().map(|(w, _)| w).sum();
        let mean = if n > 0.0 { values.iter().map(|(w, x)| w * x).sum::<f64>() / n } else { 0.0 };
        Spread { n, mean, squares: values.iter().map(|(w, x)| w * (x - mean).powi(2)).sum() }
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

struct Part {
    outcome: Spread,
    linear_predictor: Spread,
    without_offset: Spread,
    sum_of_squares: f64,
    events: f64,
    packed: Vec<u64>,
    weight: Vec<f64>,
}

/// One pass over the rows at beta. Blocks in parallel, their sums added in order.
pub fn tally(rows: &dyn Rows, loss: Loss, beta: &ArrayRef1<f64>, has_intercept: bool) -> Tally {
    let glm = Glm::new(rows, loss);
    let logistic = loss == Loss::Logistic;
    let one = |k: usize| {
        let block = rows.block(k);
        let eta = glm.predictors(k, beta);
        let weighted = |value: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
            (0..block.len()).map(|i| (block.weight(i), value(i))).collect()
        };
        let fitted: Vec<f64> = eta.iter().map(|eta| loss.mean(*eta)).collect();
        Part {
            outcome: Spread::of(&weighted(&|i| block.y[i])),
            linear_predictor: Spread::of(&weighted(&|i| eta[i])),
            without_offset: Spread::of(&weighted(&|i| block.y[i] - block.offset(i))),
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
    };
    let mut packed = Vec::with_capacity(if logistic { rows.n_rows() } else { 0 });
    let mut weight = Vec::new();
    let (mut outcome, mut predictor, mut without_offset) =
        (Spread::default(), Spread::default(), Spread::default());
    let (mut sum_of_squares, mut events) = (0.0, 0.0);
    const TOGETHER: usize = 64;
    for from in (0..rows.n_blocks()).step_by(TOGETHER) {
        let to = (from + TOGETHER).min(rows.n_blocks());
        let parts: Vec<Part> = (from..to).into_par_iter().map(one).collect();
        for part in parts {
            outcome = outcome.and(part.outcome);
            predictor = predictor.and(part.linear_predictor);
            without_offset = without_offset.and(part.without_offset);
            sum_of_squares += part.sum_of_squares;
            events += part.events;
            packed.extend(part.packed);
            weight.extend(part.weight);
        }
    }
    let about_zero = without_offset.squares + without_offset.n * without_offset.mean.powi(2);
    Tally {
        outcome: outcome.moments(),
        linear_predictor: predictor.moments(),
        events,
        spread: if has_intercept { without_offset.squares } else { about_zero },
        mean_square: sum_of_squares / outcome.n,
        auc: if logistic { Ranking::new(packed, (!weight.is_empty()).then_some(weight)).auc() } else { None },
    }
}

/// The rows of a model without predictors: the intercept, if there is one, and the offset.
pub struct Null<'a> {
    /// The rows of the fit.
    pub rows: &'a dyn Rows,
    /// Whether there is an intercept.
    pub has_intercept: bool,
}

impl Rows for Null<'_> {
    fn n_rows(&self) -> usize {
        self.rows.n_rows()
    }
    fn n_columns(&self) -> usize {
        usize::from(self.has_intercept)
    }
    fn n_blocks(&self) -> usize {
        self.rows.n_blocks()
    }
    fn block(&self, index: usize) -> Block<'_> {
        let block = self.rows.block(index);
        let ones = Array2::ones((block.len(), self.n_columns()));
        Block { numbers: ones.into(), coded: None, ..block }
    }
    fn pick(&self, rows: &[usize]) -> InMemory {
        let picked = self.rows.pick(rows);
        let ones = Array2::ones((rows.len(), self.n_columns()));
        InMemory { x: ones, coded: None, ..picked }
    }
    fn total_weight(&self) -> f64 {
        self.rows.total_weight()
    }
}

/// The mean logistic loss of the model without predictors where there is no offset: of the share of events, or ln 2.
pub fn null_loss(events: &Moments, has_intercept: bool) -> f64 {
    let (p, q) = (events.mean, 1.0 - events.mean);
    let part = |share: f64| if share > 0.0 { -share * share.ln() } else { 0.0 };
    if has_intercept { part(p) + part(q) } else { std::f64::consts::LN_2 }
}
