//! Sums over the rows of several ranks: what a rank answers, and the mean loss over rows picked among all of them.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::objective::coded;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::{Curved, Objective};
use crate::rows::shared::{At, Question, Shared, View, viewed};
use crate::rows::{InMemory, Rows};

use rayon::prelude::*;

/// A rank's answer to a question about the loss; `None` to one about something else. `first`: how many rows the ranks before
/// have.
pub fn answer(question: &Question, mine: &dyn Rows, first: usize) -> Option<Vec<f64>> {
    Some(match question {
        Question::Gradient(at) => gradient(at, mine, first),
        Question::Curvature(at) => curvature(at, mine, first),
        Question::Rounding(at) => vec![rounding(at, mine)],
        Question::LargestRow => vec![Glm::new(mine, Loss::Squared).largest_row()],
        Question::Leverage { inverse_root } => {
            let p = mine.n_columns();
            let inverse = Array2::from_shape_vec((p, p), inverse_root.numbers()).ok()?;
            vec![Glm::new(mine, Loss::Squared).largest_leverage(&inverse)]
        }
        _ => return None,
    })
}

/// The loss that a question is about.
pub fn loss(at: &At) -> Loss {
    if at.logistic { Loss::Logistic } else { Loss::Squared }
}

/// Sum of the gradients (p), of the losses, of the weights over a rank's rows.
pub(super) fn gradient(at: &At, mine: &dyn Rows, first: usize) -> Vec<f64> {
    over(at, mine, first, &|glm, beta| glm.in_numbers(beta))
}

/// The same, then the root of the sum of the curvatures, p x p.
pub(super) fn curvature(at: &At, mine: &dyn Rows, first: usize) -> Vec<f64> {
    over(at, mine, first, &|glm, beta| glm.root_in_numbers(beta))
}

fn over(
    at: &At,
    mine: &dyn Rows,
    first: usize,
    sums: &dyn Fn(&Glm<'_>, &Array1<f64>) -> Vec<f64>,
) -> Vec<f64> {
    let beta = Array1::from_vec(at.point.numbers());
    let picked: Option<InMemory> = at.only.as_ref().map(|rows| {
        let end = first + mine.n_rows();
        let own: Vec<usize> = rows.iter().filter(|i| (first..end).contains(i)).map(|i| i - first).collect();
        mine.pick(&own)
    });
    let rows: &dyn Rows = picked.as_ref().map_or(mine, |picked| picked);
    let mut null = None;
    sums(&Glm::new(viewed(rows, at.view, &mut null), loss(at)), &beta)
}

/// Sum over a rank's rows of the squares of what the rounding of their linear predictors is in proportion to:
/// sum_j |x_ij b_j| + |y_i|, or 1 + half of the first for the logistic loss.
pub fn rounding(at: &At, mine: &dyn Rows) -> f64 {
    let (loss, beta) = (loss(at), Array1::from_vec(at.point.numbers()));
    let squares = |k: usize| -> f64 {
        let block = mine.block(k);
        let size = |(eta, y): (f64, &f64)| match loss {
            Loss::Squared => eta + y.abs(),
            Loss::Logistic => 1.0 + 0.5 * eta,
        };
        coded::sizes(&block, &beta).into_iter().zip(&block.y).map(size).map(|size| size * size).sum()
    };
    let squares: Vec<f64> = (0..mine.n_blocks()).into_par_iter().map(squares).collect();
    squares.iter().sum()
}

/// The mean loss over rows picked among those of all ranks.
pub struct Picked<'a> {
    pub(super) glm: &'a Glm<'a>,
    pub(super) others: (&'a Shared, View),
    pub(super) rows: &'a [usize],
}

impl Objective for Picked<'_> {
    fn dim(&self) -> usize {
        self.glm.dim()
    }
    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        self.glm.gradient_of(self.others, Some(self.rows), beta)
    }
    fn curved(&self) -> Option<&dyn Curved> {
        Some(self)
    }
}

impl Curved for Picked<'_> {
    fn curvature_root(&self, beta: &ArrayRef1<f64>) -> Array2<f64> {
        self.all_at(beta).2
    }
    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        self.glm.all_of(self.others, Some(self.rows), beta)
    }
    fn is_quadratic(&self) -> bool {
        self.glm.is_quadratic()
    }
}
