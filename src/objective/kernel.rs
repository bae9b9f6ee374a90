//! The inner loop of a sweep: linear predictors, losses and the gradient of a tile of rows, in the widest vectors there are.

use crate::num::lanes::{risk_cost_and_variance, widest};
use crate::objective::loss::Loss;

/// Rows that are swept together: their linear predictors and residuals stay in the nearest cache.
const TILE: usize = 128;
type Cells = [f64; TILE];

/// What belongs to a row besides its columns.
#[derive(Debug, Clone, Copy)]
pub struct Row<'x> {
    /// The columns, p.
    pub x: &'x [f64],
    /// The outcome.
    pub y: f64,
    /// The frequency weight.
    pub weight: f64,
    /// Added to the linear predictor.
    pub offset: f64,
}

/// Weighted sum of the losses of n rows; adds their share to the gradient (p).
///
///   sum_i w_i loss(x_i.b + o_i, y_i),   gradient += sum_i w_i loss'(x_i.b + o_i, y_i) x_i
///
/// Each row is read from memory once. The order of every sum is fixed by n and p alone, and no product is fused with a sum, so the
/// result is the same bits whatever the width of the vectors.
pub fn sweep<'x>(
    loss: Loss,
    n: usize,
    row: impl Fn(usize) -> Row<'x>,
    beta: &[f64],
    gradient: &mut [f64],
) -> f64 {
    sweep_seen(loss, n, row, beta, gradient, &mut |_, _| {})
}

/// As [`sweep`], and shows each row's w_i loss'(eta_i) to `seen`, in the order of the rows.
#[inline(always)]
pub fn sweep_seen<'x>(
    loss: Loss,
    n: usize,
    row: impl Fn(usize) -> Row<'x>,
    beta: &[f64],
    gradient: &mut [f64],
    seen: &mut impl FnMut(usize, f64),
) -> f64 {
    widest(
        #[inline(always)]
        || {
            let (mut eta, mut y, mut w) = ([0.0; TILE], [0.0; TILE], [0.0; TILE]);
            let mut value = 0.0;
            for from in (0..n).step_by(TILE) {
                let size = TILE.min(n - from);
                for k in 0..size {
                    let Row { x, y: outcome, weight, offset } = row(from + k);
                    (eta[k], y[k], w[k]) = (product(x, beta) + offset, outcome, weight);
                }
                w[size..].fill(0.0); // what an earlier tile left there does not count
                value += residuals(loss, &mut eta, &y, &w);
                (0..size).for_each(|k| seen(from + k, eta[k]));
                for k in (0..size).step_by(4) {
                    if k + 4 <= size {
                        let x = [0, 1, 2, 3].map(|i| row(from + k + i).x);
                        add_four(gradient, [eta[k], eta[k + 1], eta[k + 2], eta[k + 3]], x);
                    } else {
                        (k..size).for_each(|i| add(gradient, eta[i], row(from + i).x));
                    }
                }
            }
            value
        },
    )
}

/// x.b + offset of each row, into `eta`.
pub fn predict<'x>(row: impl Fn(usize) -> (&'x [f64], f64), beta: &[f64], eta: &mut [f64]) {
    widest(
        #[inline(always)]
        || {
            for (i, eta) in eta.iter_mut().enumerate() {
                let (x, offset) = row(i);
                *eta = product(x, beta) + offset;
            }
        },
    );
}

/// Puts w loss'(eta, y) in the place of eta; the weighted sum of the losses.
///
/// The logistic loss in its signed form, with s = 2y - 1: ln(1 + exp(-s eta)) and -s / (1 + exp(s eta)), which keep all
/// digits of a small residual where mu - y would cancel.
#[inline(always)]
fn residuals(loss: Loss, eta: &mut Cells, y: &Cells, w: &Cells) -> f64 {
    let mut costs = [0.0; TILE];
    match loss {
        Loss::Logistic => {
            for k in 0..TILE {
                let sign = if y[k] > 0.5 { -1.0 } else { 1.0 };
                let (risk, cost, _) = risk_cost_and_variance(sign * eta[k]);
                let alarm = 0.0 * eta[k]; // 0; not a number where the predictor is none or beyond all bounds
                costs[k] = w[k] * (cost + alarm);
                eta[k] = w[k] * (sign * risk + alarm);
            }
        }
        Loss::Squared => {
            for k in 0..TILE {
                let residual = eta[k] - y[k];
                costs[k] = w[k] * (0.5 * residual * residual);
                eta[k] = w[k] * residual;
            }
        }
    }
    // A row without a weight adds nothing, not even the not-a-number of a predictor beyond all bounds.
    costs.iter().zip(w).map(|(cost, w)| if *w == 0.0 { 0.0 } else { *cost }).sum()
}

/// x.b in eight partial sums.
#[inline(always)]
pub fn product(x: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (xs, bs) = (x.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = xs.remainder().iter().zip(bs.remainder());
    for (x, b) in xs.zip(bs) {
        for k in 0..LANES {
            sums[k] += x[k] * b[k];
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    rest.fold((a + e) + (b + f) + (c + g) + (d + h), |sum, (x, b)| sum + x * b)
}

#[inline(always)]
fn add(gradient: &mut [f64], residual: f64, x: &[f64]) {
    gradient.iter_mut().zip(x).for_each(|(g, x)| *g += residual * x);
}

/// As [`add`] row after row, with each cell of the gradient read and written once.
#[inline(always)]
fn add_four(gradient: &mut [f64], r: [f64; 4], x: [&[f64]; 4]) {
    let p = gradient.len();
    let [a, b, c, d] = x.map(|x| &x[..p]);
    for j in 0..p {
        gradient[j] = (((gradient[j] + r[0] * a[j]) + r[1] * b[j]) + r[2] * c[j]) + r[3] * d[j];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain sums, row by row with the library's functions.
    fn plain(loss: Loss, rows: &[(Vec<f64>, f64, f64, f64)], beta: &[f64]) -> (f64, Vec<f64>) {
        let (mut value, mut gradient) = (0.0, vec![0.0; beta.len()]);
        for (x, y, w, o) in rows {
            let eta = x.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>() + o;
            let (cost, slope) = loss.value_and_slope(eta, *y);
            value += w * cost;
            gradient.iter_mut().zip(x).for_each(|(g, x)| *g += w * slope * x);
        }
        (value, gradient)
    }

    #[test]
    fn any_number_of_rows_and_columns_is_the_plain_sum() {
        for (n, p) in [(0, 3), (1, 1), (5, 7), (127, 8), (128, 9), (129, 16), (300, 23)] {
            let rows: Vec<_> = (0..n)
                .map(|i| {
                    let x: Vec<f64> = (0..p).map(|j| ((i * i + 3 * i * j + j) as f64).sin()).collect();
                    (x, f64::from(u8::from(i % 3 == 0)), (i % 4) as f64, (i as f64).cos())
                })
                .collect();
            let beta: Vec<f64> = (0..p).map(|j| 0.3 * j as f64 - 1.0).collect();
            for loss in [Loss::Squared, Loss::Logistic] {
                let row = |i: usize| {
                    let (x, y, weight, offset) = &rows[i];
                    Row { x, y: *y, weight: *weight, offset: *offset }
                };
                let mut gradient = vec![0.0; p];
                let value = sweep(loss, n, row, &beta, &mut gradient);
                let (wanted, slope) = plain(loss, &rows, &beta);
                let size = 1.0 + wanted.abs();
                assert!((value - wanted).abs() <= 1e-14 * size, "{n} x {p}: {value} {wanted}");
                gradient.iter().zip(&slope).for_each(|(g, s)| assert!((g - s).abs() <= 1e-13 * size));
            }
        }
    }

    #[test]
    fn a_small_residual_keeps_its_digits_and_a_row_without_weight_counts_for_nothing() {
        let row = |y, weight, offset| move |_| Row { x: &[1.0], y, weight, offset };
        let mut gradient = [0.0];
        let value = sweep(Loss::Logistic, 1, row(1.0, 1.0, 40.0), &[0.0], &mut gradient);
        let small = (-40.0_f64).exp();
        assert!((value - small).abs() < 1e-15 * small && (gradient[0] + small).abs() < 1e-15 * small);
        for eta in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(sweep(Loss::Logistic, 1, row(1.0, 1.0, eta), &[0.0], &mut gradient).is_nan());
            assert!(gradient[0].is_nan());
        }
        let mut gradient = [0.0];
        assert_eq!(sweep(Loss::Squared, 1, row(1.0, 0.0, 1e300), &[0.0], &mut gradient), 0.0);
    }
}
