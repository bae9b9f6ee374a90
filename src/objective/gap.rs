//! The duality gap: how far a penalised objective can be above its minimum, proven at any point.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::num::linalg::{is_regular, solve_root, triangular_factor};
use crate::objective::loss::Loss;
use crate::objective::penalty::Penalised;

/// A dual point: slopes theta of the rows' losses, and what they make of the columns.
struct Dual {
    /// One a row.
    theta: Array1<f64>,
    /// v = (1/W) sum_i w_i theta_i x_i; 0 for free columns.
    v: Array1<f64>,
}

/// The rows' losses as functions of the free coefficients alone.
struct Free<'a> {
    loss: Loss,
    x: Array2<f64>,
    y: Array1<f64>,
    weight: Array1<f64>,
    columns: &'a [usize],
}

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
        let eta = self.unpenalised().linear_predictor(beta);
        let Some(dual) = self.dual_point(&eta) else { return f64::INFINITY };
        let feasible = self.largest_share(&dual.v);
        let at_feasible = self.gap_to(beta, &eta, &dual, feasible);
        // With squares everywhere any share is feasible; the whole slopes are the better point near the minimum.
        let all_squares = (0..beta.len()).all(|j| self.is_free(j) || self.ridge[j] > 0.0);
        if all_squares && feasible < 1.0 {
            at_feasible.min(self.gap_to(beta, &eta, &dual, 1.0))
        } else {
            at_feasible
        }
    }

    /// The minimiser when every penalised coefficient is zero: where a path of penalties begins.
    ///
    /// `None` when there is none (the free columns are aliased, or separate the outcome).
    pub fn null_model(&self) -> Option<Array1<f64>> {
        let mut beta = Array1::zeros(self.ridge.len());
        let columns = self.free_columns();
        let eta = self.unpenalised().linear_predictor(&beta);
        let best = Free::new(self, &columns).best(&eta)?;
        columns.iter().zip(&best).for_each(|(j, b)| beta[*j] = *b);
        Some(beta)
    }

    fn is_free(&self, j: usize) -> bool {
        self.ridge[j] == 0.0 && self.l1.cost[j] == 0.0
    }

    fn free_columns(&self) -> Vec<usize> {
        (0..self.ridge.len()).filter(|j| self.is_free(*j)).collect()
    }

    fn dual_point(&self, eta: &Array1<f64>) -> Option<Dual> {
        let columns = self.free_columns();
        let free = Free::new(self, &columns);
        let best = free.best(eta)?;
        let balanced = eta + &free.x.dot(&best);
        let theta = free.slopes(&balanced);
        let weighted = &theta * &free.weight;
        let mut v = Array1::zeros(self.ridge.len());
        let mut from = 0;
        for k in 0..self.rows.n_blocks() {
            let block = self.rows.block(k);
            let to = from + block.y.len();
            v += &block.x().t().dot(&weighted.slice(ndarray::s![from..to]));
            from = to;
        }
        v /= self.rows.total_weight();
        columns.iter().for_each(|j| v[*j] = 0.0);
        Some(Dual { theta, v })
    }

    /// The largest share of v, at most 1, with |share v_j| <= c_j in all penalised columns.
    fn largest_share(&self, v: &Array1<f64>) -> f64 {
        (0..v.len())
            .filter(|j| !self.is_free(*j) && v[*j].abs() > self.l1.cost[*j])
            .map(|j| self.l1.cost[j] / v[j].abs())
            .fold(1.0, f64::min)
    }

    fn gap_to(&self, beta: &ArrayRef1<f64>, eta: &Array1<f64>, dual: &Dual, share: f64) -> f64 {
        let mut rows = 0.0;
        let mut i = 0;
        for k in 0..self.rows.n_blocks() {
            let block = self.rows.block(k);
            for r in 0..block.y.len() {
                let weight = block.weight(r);
                if weight > 0.0 {
                    rows += weight * row_gap(self.loss, eta[i], block.y[r], share * dual.theta[i]);
                }
                i += 1;
            }
        }
        let columns: f64 = (0..beta.len())
            .filter(|j| !self.is_free(*j))
            .map(|j| column_gap(beta[j], share * dual.v[j], self.l1.cost[j], self.ridge[j]))
            .sum();
        rows / self.rows.total_weight() + columns
    }
}

impl<'a> Free<'a> {
    fn new(of: &Penalised<'_>, columns: &'a [usize]) -> Self {
        let n = of.rows.n_rows();
        let mut free = Free {
            loss: of.loss,
            x: Array2::zeros((n, columns.len())),
            y: Array1::zeros(n),
            weight: Array1::ones(n),
            columns,
        };
        let mut i = 0;
        for k in 0..of.rows.n_blocks() {
            let block = of.rows.block(k);
            let x = block.x();
            for r in 0..block.y.len() {
                columns.iter().enumerate().for_each(|(f, j)| free.x[[i, f]] = x[[r, *j]]);
                free.y[i] = block.y[r];
                free.weight[i] = block.weight(r);
                i += 1;
            }
        }
        free
    }

    fn value(&self, eta: &Array1<f64>) -> f64 {
        (0..eta.len()).map(|i| self.weight[i] * self.loss.value_and_slope(eta[i], self.y[i]).0).sum()
    }

    fn slopes(&self, eta: &Array1<f64>) -> Array1<f64> {
        Array1::from_shape_fn(eta.len(), |i| self.loss.value_and_slope(eta[i], self.y[i]).1)
    }

    /// The free coefficients' best change from a linear predictor, by Newton steps halved until the loss does not
    /// grow; `None` when their slopes cannot be brought to zero.
    fn best(&self, eta: &Array1<f64>) -> Option<Array1<f64>> {
        const MOST_STEPS: usize = 100;
        const BALANCED: f64 = 1e-10; // of the sum of the terms' sizes
        let mut change = Array1::zeros(self.columns.len());
        if self.columns.is_empty() {
            return Some(change);
        }
        let mut at = eta.clone();
        let mut imbalance = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            let slopes = self.slopes(&at) * &self.weight;
            let gradient = self.x.t().dot(&slopes);
            let sizes = self.x.mapv(f64::abs).t().dot(&slopes.mapv(f64::abs));
            let left =
                (0..gradient.len()).map(|f| gradient[f].abs() / sizes[f].max(1e-300)).fold(0.0, f64::max);
            if left >= imbalance && left <= BALANCED {
                return Some(change); // rounding lets no step improve it
            }
            imbalance = left;
            let Some((step, moved)) = self.newton_step(&at, &gradient) else { break };
            if moved == at {
                break;
            }
            change += &step;
            at = moved;
        }
        (imbalance <= BALANCED).then_some(change)
    }

    fn newton_step(&self, at: &Array1<f64>, gradient: &Array1<f64>) -> Option<(Array1<f64>, Array1<f64>)> {
        const HALVINGS: usize = 40;
        const ROUNDING: f64 = 1e-12; // of a sum over all rows
        let mut scaled = self.x.clone();
        for (i, mut row) in scaled.rows_mut().into_iter().enumerate() {
            row *= (self.weight[i] * self.loss.curvature(at[i])).sqrt();
        }
        let root = triangular_factor(&scaled);
        if !is_regular(&root) {
            return None;
        }
        let mut step = -solve_root(&root, gradient);
        let now = self.value(at);
        for _ in 0..HALVINGS {
            let moved = at + &self.x.dot(&step);
            if self.value(&moved) <= now + ROUNDING * now.abs() {
                return Some((step, moved));
            }
            step *= 0.5;
        }
        None
    }
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
