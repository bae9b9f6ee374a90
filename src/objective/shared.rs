//! Sums over the rows of several ranks: what a rank answers, and the mean loss over rows picked among all of them.

use ndarray::{Array1, Array2, ArrayRef1};
use rayon::prelude::*;

use crate::num::linalg::combine_factors;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::{Curved, Objective};
use crate::objective::{coded, firth, gap};
use crate::rows::shared::{At, Question, Shared, View, viewed};
use crate::rows::{InMemory, Rows};
use crate::team::Bits;

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
        Question::Prior { at, inverse_root, total } => {
            let p = mine.n_columns();
            let inverse = Array2::from_shape_vec((p, p), inverse_root.numbers()).ok()?;
            let beta = Array1::from_vec(at.point.numbers());
            firth::pull(mine, &beta, &inverse, total.numbers()[0]).to_vec()
        }
        other => return gap::answer(other, mine),
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

/// Means over the rows of all ranks, asked for by the first.
impl Glm<'_> {
    /// The question for this loss at a point of these columns.
    pub(super) fn at(&self, view: View, beta: &ArrayRef1<f64>, only: Option<&[usize]>) -> At {
        let logistic = self.loss == Loss::Logistic;
        At { logistic, point: Bits::of(beta), view, only: only.map(<[usize]>::to_vec) }
    }

    /// Value, gradient and curvature's root over some of the rows of all ranks (all of them where `only` is `None`).
    pub(super) fn all_of(
        &self,
        (shared, view): (&Shared, View),
        only: Option<&[usize]>,
        beta: &ArrayRef1<f64>,
    ) -> (f64, Array1<f64>, Array2<f64>) {
        let at = self.at(view, beta, only);
        let parts = shared.ask(&Question::Curvature(at.clone()), |mine| curvature(&at, mine, 0));
        let p = self.dim();
        let mut sums = vec![0.0; p + 2];
        let mut root = Array2::zeros((p, p));
        for part in parts {
            sums.iter_mut().zip(&part).for_each(|(sum, x)| *sum += x);
            let of_rank = Array2::from_shape_vec((p, p), part[p + 2..].to_vec()).expect("p x p cells");
            root = combine_factors(&root, &of_rank);
        }
        let weight = sums[p + 1];
        let gradient = Array1::from_iter(sums[..p].iter().map(|g| g / weight));
        (sums[p] / weight, gradient, root / weight.sqrt())
    }

    /// Value and gradient over some of the rows of all ranks.
    pub(super) fn gradient_of(
        &self,
        (shared, view): (&Shared, View),
        only: Option<&[usize]>,
        beta: &ArrayRef1<f64>,
    ) -> (f64, Array1<f64>) {
        let at = self.at(view, beta, only);
        let sums = shared.ask(&Question::Gradient(at.clone()), |mine| gradient(&at, mine, 0)).swap_remove(0);
        let (p, weight) = (self.dim(), sums[self.dim() + 1]);
        (sums[p] / weight, Array1::from_iter(sums[..p].iter().map(|g| g / weight)))
    }
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
