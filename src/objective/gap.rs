//! The duality gap: how far a penalised objective can be above its minimum, proven at any point.

use ndarray::{Array1, Array2, ArrayRef1, Axis};
use rayon::prelude::*;

use crate::num::linalg::{combine_factors, is_regular, solve_root, triangular_factor};
use crate::objective::Objective;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::penalty::Penalised;
use crate::objective::shared::loss;
use crate::rows::shared::{At, Question, viewed};
use crate::rows::{Rows, Stored};
use crate::team::Bits;

impl Penalised<'_> {
    /// An upper bound of F(beta) - min F.
    ///
    ///   gap = (1/W) sum_i w_i [l_i(eta_i) + l_i*(theta_i) - theta_i eta_i]
    ///         + sum_j [c_j |b_j| + r_j b_j^2 / 2 + v_j b_j + (|v_j| - c_j)+^2 / (2 r_j)]
    ///
    /// with l* the loss's convex conjugate, v = (1/W) sum_i w_i theta_i x_i, c_j = lambda alpha s_j and
    /// r_j = lambda (1 - alpha) s_j^2. Any theta proves the bound for which v_j = 0 in the free columns, and
    /// |v_j| <= c_j where r_j = 0: F(b) >= sum of Fenchel's inequalities, which hold with equality at the minimum.
    /// theta is taken as the slopes of the losses after the free coefficients alone were brought to their best
    /// (so that v_j = 0 there up to rounding), shrunk towards zero as far as |v_j| <= c_j asks for. Each bracket is
    /// worked out as the one non-negative quantity that it is, (eta - y - theta)^2 / 2 or a Kullback-Leibler
    /// divergence, and not as a difference of large ones, so that small gaps keep their digits.
    ///
    /// With a ridge part the coefficients are near too: sum_j r_j (b_j - b*_j)^2 / 2 <= gap.
    ///
    /// Infinite when the free columns cannot be balanced (they are aliased, or separate the outcome).
    /// Sources: Koh, Kim & Boyd 2007, Journal of Machine Learning Research 8:1519-1555, s. 3;
    /// Rockafellar 1970, theorem 31.1.
    pub fn gap(&self, beta: &ArrayRef1<f64>) -> f64 {
        let Some(balanced) = self.balanced(beta) else { return f64::INFINITY };
        let mut v = self.unpenalised().value_and_gradient(&balanced).1;
        self.free_columns().iter().for_each(|j| v[*j] = 0.0);
        let feasible = self.largest_share(&v);
        // With squares everywhere any share is feasible; the whole slopes are the better point near the minimum.
        let all_squares = (0..beta.len()).all(|j| self.is_free(j) || self.ridge[j] > 0.0);
        let shares = if all_squares && feasible < 1.0 { vec![feasible, 1.0] } else { vec![feasible] };
        let of_rows = self.gaps_of_rows(beta, &balanced, &shares);
        let gaps = shares.iter().zip(&of_rows).map(|(share, rows)| {
            let columns = (0..beta.len()).filter(|j| !self.is_free(*j));
            rows + columns
                .map(|j| column_gap(beta[j], share * v[j], self.l1.cost[j], self.ridge[j]))
                .sum::<f64>()
        });
        gaps.fold(f64::INFINITY, f64::min)
    }

    /// The minimiser when every penalised coefficient is zero: where a path of penalties begins.
    ///
    /// `None` when there is none (the free columns are aliased, or separate the outcome).
    pub fn null_model(&self) -> Option<Array1<f64>> {
        self.balanced(&Array1::zeros(self.ridge.len()))
    }

    fn is_free(&self, j: usize) -> bool {
        self.ridge[j] == 0.0 && self.l1.cost[j] == 0.0
    }

    fn free_columns(&self) -> Vec<usize> {
        (0..self.ridge.len()).filter(|j| self.is_free(*j)).collect()
    }

    /// The largest share of v, at most 1, with |share v_j| <= c_j in all penalised columns.
    fn largest_share(&self, v: &Array1<f64>) -> f64 {
        (0..v.len())
            .filter(|j| !self.is_free(*j) && v[*j].abs() > self.l1.cost[*j])
            .map(|j| self.l1.cost[j] / v[j].abs())
            .fold(1.0, f64::min)
    }

    /// The same point with the free coefficients at their best, by Newton steps halved until the loss does not grow; `None` when their
    /// slopes cannot be brought to zero.
    fn balanced(&self, beta: &ArrayRef1<f64>) -> Option<Array1<f64>> {
        const MOST_STEPS: usize = 100;
        const BALANCED: f64 = 1e-10; // of the mean of the terms' sizes
        let columns = self.free_columns();
        let mut at = beta.to_owned();
        if columns.is_empty() {
            return Some(at);
        }
        let mut imbalance = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            let (value, gradient) = self.unpenalised().value_and_gradient(&at);
            let gradient = gradient.select(Axis(0), &columns);
            let sizes = self.mean_sizes(&at, &columns);
            let left =
                gradient.iter().zip(&sizes).map(|(g, size)| g.abs() / size.max(1e-300)).fold(0.0, f64::max);
            if left >= imbalance && left <= BALANCED {
                return Some(at); // rounding lets no step improve it
            }
            imbalance = left;
            let root = self.root(&at, &columns);
            if !is_regular(&root) {
                break;
            }
            let step = -solve_root(&root, &gradient);
            match self.moved(&at, value, &columns, step) {
                Some(moved) if moved != at => at = moved,
                _ => break,
            }
        }
        (imbalance <= BALANCED).then_some(at)
    }

    /// A step of the free coefficients, halved until the mean loss does not grow; `None` where it always does.
    fn moved(
        &self,
        at: &Array1<f64>,
        value: f64,
        columns: &[usize],
        mut step: Array1<f64>,
    ) -> Option<Array1<f64>> {
        const HALVINGS: usize = 40;
        const ROUNDING: f64 = 1e-12; // of a sum over all rows
        for _ in 0..HALVINGS {
            let mut moved = at.clone();
            columns.iter().zip(&step).for_each(|(j, step)| moved[*j] += step);
            if self.unpenalised().value_and_gradient(&moved).0 <= value + ROUNDING * value.abs() {
                return Some(moved);
            }
            step *= 0.5;
        }
        None
    }

    /// (1/W) sum_i w_i |l'(eta_i) x_ij| of some columns.
    fn mean_sizes(&self, beta: &ArrayRef1<f64>, columns: &[usize]) -> Array1<f64> {
        let sums = match self.rows.shared() {
            Some((shared, view)) => {
                let question = Question::Sizes {
                    at: self.unpenalised().at(view, beta, None),
                    columns: columns.to_vec(),
                };
                shared.ask(&question, |mine| sizes(mine, self.loss, beta, columns)).swap_remove(0)
            }
            None => sizes(self.rows, self.loss, beta, columns),
        };
        Array1::from_vec(sums) / self.rows.total_weight()
    }

    /// (1/W) sum_i w_i [l_i(eta_i) + l_i*(theta_i) - theta_i eta_i] for shares of the slopes at a balanced point.
    fn gaps_of_rows(&self, beta: &ArrayRef1<f64>, balanced: &Array1<f64>, shares: &[f64]) -> Array1<f64> {
        let sums = match self.rows.shared() {
            Some((shared, view)) => {
                let question = Question::Gaps {
                    at: self.unpenalised().at(view, beta, None),
                    balanced: Bits::of(balanced),
                    shares: Bits::of(shares),
                };
                shared.ask(&question, |mine| gaps(mine, self.loss, (beta, balanced), shares)).swap_remove(0)
            }
            None => gaps(self.rows, self.loss, (beta, balanced), shares),
        };
        Array1::from_vec(sums) / self.rows.total_weight()
    }

    /// R of some columns with R'R = (1/W) sum_i w_i l''(eta_i) x_i x_i'.
    fn root(&self, beta: &ArrayRef1<f64>, columns: &[usize]) -> Array2<f64> {
        let m = columns.len();
        let sum = match self.rows.shared() {
            Some((shared, view)) => {
                let question = Question::RootOf {
                    at: self.unpenalised().at(view, beta, None),
                    columns: columns.to_vec(),
                };
                let mine = |mine: &Stored| root(mine, self.loss, beta, columns).into_iter().collect();
                let parts = shared.ask(&question, mine).into_iter();
                let parts = parts.map(|part| Array2::from_shape_vec((m, m), part).expect("m x m cells"));
                parts.fold(Array2::zeros((m, m)), |all, one| combine_factors(&all, &one))
            }
            None => root(self.rows, self.loss, beta, columns),
        };
        sum / self.rows.total_weight().sqrt()
    }
}

/// A rank's answer to a question about the gap; `None` to one about something else.
pub fn answer(question: &Question, mine: &dyn Rows) -> Option<Vec<f64>> {
    let point = |at: &At| Array1::from_vec(at.point.numbers());
    let mut null = None;
    Some(match question {
        Question::Sizes { at, columns } => {
            sizes(viewed(mine, at.view, &mut null), loss(at), &point(at), columns)
        }
        Question::Gaps { at, balanced, shares } => {
            let balanced = Array1::from_vec(balanced.numbers());
            gaps(viewed(mine, at.view, &mut null), loss(at), (&point(at), &balanced), &shares.numbers())
        }
        Question::RootOf { at, columns } => {
            root(viewed(mine, at.view, &mut null), loss(at), &point(at), columns).into_iter().collect()
        }
        _ => return None,
    })
}

/// sum_i w_i |l'(eta_i) x_ij| of some columns over a process's own rows.
fn sizes(rows: &dyn Rows, loss: Loss, beta: &ArrayRef1<f64>, columns: &[usize]) -> Vec<f64> {
    let of_block = |k: usize| -> Array1<f64> {
        let block = rows.block(k);
        let x = block.x();
        let eta = Glm::new(rows, loss).predictors(k, beta);
        let slope = |i: usize| loss.value_and_slope(eta[i], block.y[i]).1;
        let size = |j: &usize| {
            (0..block.len()).map(|i| block.weight(i) * (slope(i) * x[[i, *j]]).abs()).sum::<f64>()
        };
        columns.iter().map(size).collect()
    };
    over_blocks(rows, of_block, Array1::zeros(columns.len()), |all, one| all + one).to_vec()
}

/// sum_i w_i [l_i(eta_i) + l_i*(theta_i) - theta_i eta_i] for shares of the slopes at a balanced point, likewise.
fn gaps(
    rows: &dyn Rows,
    loss: Loss,
    (beta, balanced): (&ArrayRef1<f64>, &ArrayRef1<f64>),
    shares: &[f64],
) -> Vec<f64> {
    let glm = Glm::new(rows, loss);
    let of_block = |k: usize| -> Array1<f64> {
        let block = rows.block(k);
        let (eta, at_balance) = (glm.predictors(k, beta), glm.predictors(k, balanced));
        let mut sums = Array1::zeros(shares.len());
        for i in (0..block.len()).filter(|i| block.weight(*i) > 0.0) {
            let theta = loss.value_and_slope(at_balance[i], block.y[i]).1;
            for (sum, share) in sums.iter_mut().zip(shares) {
                *sum += block.weight(i) * row_gap(loss, eta[i], block.y[i], share * theta);
            }
        }
        sums
    };
    over_blocks(rows, of_block, Array1::zeros(shares.len()), |all, one| all + one).to_vec()
}

/// R of some columns with R'R = sum_i w_i l''(eta_i) x_i x_i', likewise.
fn root(rows: &dyn Rows, loss: Loss, beta: &ArrayRef1<f64>, columns: &[usize]) -> Array2<f64> {
    let of_block = |k: usize| {
        let block = rows.block(k);
        let eta = Glm::new(rows, loss).predictors(k, beta);
        let mut x = block.x().select(Axis(1), columns);
        for (i, mut row) in x.rows_mut().into_iter().enumerate() {
            row *= (block.weight(i) * loss.curvature(eta[i])).sqrt();
        }
        triangular_factor(&x)
    };
    let empty = Array2::zeros((columns.len(), columns.len()));
    over_blocks(rows, of_block, empty, |all, one| combine_factors(&all, &one))
}

/// What each block gives, made by any thread, joined in the order of the blocks.
fn over_blocks<T: Send>(
    rows: &dyn Rows,
    of_block: impl Fn(usize) -> T + Sync,
    mut all: T,
    join: impl Fn(T, T) -> T,
) -> T {
    const TOGETHER: usize = 64;
    for from in (0..rows.n_blocks()).step_by(TOGETHER) {
        let to = (from + TOGETHER).min(rows.n_blocks());
        let found: Vec<T> = (from..to).into_par_iter().map(&of_block).collect();
        all = found.into_iter().fold(all, &join);
    }
    all
}

/// l(eta) + l*(theta) - theta eta >= 0.
///
/// Squared: (eta - y - theta)^2 / 2. Logistic: the Kullback-Leibler divergence of the probability |theta| of the
/// outcome that did not happen from the model's, |l'(eta)|.
fn row_gap(loss: Loss, eta: f64, y: f64, theta: f64) -> f64 {
    let slope = loss.value_and_slope(eta, y).1;
    match loss {
        Loss::Squared => 0.5 * (slope - theta) * (slope - theta),
        Loss::Logistic => {
            let other = loss.value_and_slope(eta, 1.0 - y).1; // 1 - |slope| without its cancellation
            divergence(theta.abs(), slope.abs(), other.abs())
        }
    }
}

/// u ln(u/q) + (1 - u) ln((1 - u)/(1 - q)) = q psi((u - q)/q) + (1 - q) psi((q - u)/(1 - q)).
fn divergence(u: f64, q: f64, other: f64) -> f64 {
    let part = |excess: f64, of: f64| {
        if excess == 0.0 {
            0.0
        } else if of == 0.0 {
            f64::INFINITY
        } else {
            of * psi(excess / of)
        }
    };
    part(u - q, q) + part(q - u, other)
}

/// (1 + t) ln(1 + t) - t for t >= -1; near zero its series sum_{k >= 2} (-t)^k / (k (k - 1)).
fn psi(t: f64) -> f64 {
    const NEAR: f64 = 0.01;
    const TERMS: i32 = 9; // 0.01^8 / 36 is below the rounding of 0.01^0 / 2
    if t <= -1.0 {
        return 1.0;
    }
    if t.abs() < NEAR {
        return (2..=TERMS).map(|k| (-t).powi(k) / f64::from(k * (k - 1))).sum();
    }
    ((1.0 + t) * t.ln_1p() - t).max(0.0)
}

/// c |b| + r b^2 / 2 + v b + (|v| - c)+^2 / (2 r) >= 0; where r = 0, |v| <= c up to rounding.
fn column_gap(b: f64, v: f64, c: f64, r: f64) -> f64 {
    let excess = (v.abs() - c).max(0.0);
    if r == 0.0 {
        return (c * b.abs() + v * b).max(0.0);
    }
    if b * v < 0.0 && excess > 0.0 {
        return (r * b.abs() - excess).powi(2) / (2.0 * r);
    }
    (c * b.abs() + v * b).max(0.0) + 0.5 * r * b * b + excess * excess / (2.0 * r)
}
