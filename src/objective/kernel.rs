//! The inner loop of a sweep: linear predictors, losses and the gradient of a tile of rows, in the widest vectors there are.

use crate::num::lanes::{
    exp_of_negative, ln_1p_of_fraction, risk_and_variance, risk_cost_and_variance, widest,
};
use crate::objective::loss::Loss;
use crate::objective::products::{
    ABREAST, Any, Beta, Columns, LANES, Lanes, Runs, last, plus_product, product, total,
};

/// The most rows of a tile, whose predictors and residuals stay in the nearest cache.
const TILE: usize = 64;
type Cells = [f64; TILE];
/// Bytes of X that a tile may have, but for its least of [`LANES`] rows: while so few are worked on, the processor fetches the next by
/// itself.
const TILE_BYTES: usize = 5 << 10;

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
    sweep_showing(loss, n, row, beta, gradient, |_, _| (), |_, _| ())
}

/// As [`sweep`]; shows w_i loss'(x_i.b + o_i) of some rows at a time, with the number of the first.
pub fn sweep_seen<'x>(
    loss: Loss,
    n: usize,
    row: impl Fn(usize) -> Row<'x>,
    beta: &[f64],
    gradient: &mut [f64],
    seen: impl FnMut(usize, &[f64]),
) -> f64 {
    sweep_showing(loss, n, row, beta, gradient, |_, _| (), seen)
}

/// As [`sweep`] over n rows; puts w_i loss''(x_i.b + o_i) of each into `curvature` (n).
pub fn sweep_with_curvature<'x>(
    loss: Loss,
    row: impl Fn(usize) -> Row<'x>,
    beta: &[f64],
    gradient: &mut [f64],
    curvature: &mut [f64],
) -> f64 {
    let n = curvature.len();
    sweep_showing(
        loss,
        n,
        row,
        beta,
        gradient,
        #[inline(always)]
        |from, cells| {
            for (kept, cell) in curvature[from..].iter_mut().zip(cells) {
                *kept = *cell;
            }
        },
        |_, _| (),
    )
}

/// The sweep; `show` is given the curvatures of some rows with the number of the first, `seen` their slopes.
///
/// Of few columns their number is known when the program is compiled: what belongs to them stays in registers.
#[inline(always)]
fn sweep_showing<'x>(
    loss: Loss,
    n: usize,
    row: impl Fn(usize) -> Row<'x>,
    beta: &[f64],
    gradient: &mut [f64],
    show: impl FnMut(usize, &[f64]),
    seen: impl FnMut(usize, &[f64]),
) -> f64 {
    let (runs, columns) = beta.as_chunks::<LANES>();
    match (runs.len(), !columns.is_empty()) {
        (1, false) => sweep_columns(loss, n, row, Runs::<1, false>::new(beta), gradient, show, seen),
        (1, true) => sweep_columns(loss, n, row, Runs::<1, true>::new(beta), gradient, show, seen),
        (2, false) => sweep_columns(loss, n, row, Runs::<2, false>::new(beta), gradient, show, seen),
        (2, true) => sweep_columns(loss, n, row, Runs::<2, true>::new(beta), gradient, show, seen),
        (3, false) => sweep_columns(loss, n, row, Runs::<3, false>::new(beta), gradient, show, seen),
        (3, true) => sweep_columns(loss, n, row, Runs::<3, true>::new(beta), gradient, show, seen),
        _ => sweep_columns(loss, n, row, Any::new(beta), gradient, show, seen),
    }
}

#[inline(always)]
fn sweep_columns<'x, C: Columns>(
    loss: Loss,
    n: usize,
    row: impl Fn(usize) -> Row<'x>,
    columns: C,
    gradient: &mut [f64],
    mut show: impl FnMut(usize, &[f64]),
    mut seen: impl FnMut(usize, &[f64]),
) -> f64 {
    let rows = (TILE_BYTES / size_of_val(&*gradient).max(1)).next_multiple_of(LANES).clamp(LANES, TILE);
    let mut values = [0.0; LANES];
    C::in_vectors(
        #[inline(always)]
        || {
            let mut columns = columns;
            let mut tile = Tile { eta: [0.0; TILE], y: [0.0; TILE], weight: [0.0; TILE] };
            for from in (0..n).step_by(rows) {
                let size = rows.min(n - from);
                for k in 0..size {
                    let Row { x, y, weight, offset } = row(from + k);
                    (tile.eta[k], tile.y[k], tile.weight[k]) = (columns.product(x) + offset, y, weight);
                }
                tile.weight[size..].fill(0.0); // what an earlier tile left there does not count
                C::of_losses(
                    size,
                    #[inline(always)]
                    || {
                        tile.take_losses(
                            loss,
                            size,
                            &mut values,
                            #[inline(always)]
                            |curvature| show(from, curvature),
                        );
                    },
                );
                seen(from, &tile.eta[..size]);
                let (fours, rest) = tile.eta[..size].as_chunks::<ABREAST>();
                for (k, slopes) in fours.iter().enumerate() {
                    let i = from + k * ABREAST;
                    columns.add_four(*slopes, [row(i).x, row(i + 1).x, row(i + 2).x, row(i + 3).x]);
                }
                for (k, slope) in rest.iter().enumerate() {
                    columns.add(*slope, row(from + fours.len() * ABREAST + k).x);
                }
            }
            columns.finish(gradient);
        },
    );
    total(values)
}

/// x.b + offset of each row, into `eta`.
pub fn predict<'x>(row: impl Fn(usize) -> (&'x [f64], f64), beta: &[f64], eta: &mut [f64]) {
    let beta = Beta::new(beta);
    widest(
        #[inline(always)]
        || {
            for (i, eta) in eta.iter_mut().enumerate() {
                let (x, offset) = row(i);
                *eta = product(x, &beta) + offset;
            }
        },
    );
}

/// sum_j |x_ij b_j| of each row, into `sizes`.
pub fn sizes<'x>(row: impl Fn(usize) -> &'x [f64], beta: &[f64], sizes: &mut [f64]) {
    let beta: Vec<f64> = beta.iter().map(|b| b.abs()).collect();
    let beta = Beta::new(&beta);
    let absolute = |x: &Lanes| x.map(f64::abs);
    widest(
        #[inline(always)]
        || {
            for (i, size) in sizes.iter_mut().enumerate() {
                let x = row(i);
                if beta.runs.is_empty() {
                    *size = x.iter().zip(beta.all).fold(0.0, |sum, (x, b)| sum + x.abs() * b);
                    continue;
                }
                let mut sum = [0.0; LANES];
                for (x, b) in x.as_chunks().0.iter().zip(beta.runs) {
                    plus_product(&mut sum, &absolute(x), b);
                }
                if let Some(b) = &beta.rest {
                    plus_product(&mut sum, &absolute(last(x)), b);
                }
                *size = total(sum);
            }
        },
    );
}

/// What is known of the rows of a tile.
struct Tile {
    /// x.b + o, and in its place w loss'.
    eta: Cells,
    y: Cells,
    weight: Cells,
}

impl Tile {
    /// Adds the weighted losses of `size` rows to `values`, puts their slopes in the place of eta and shows their curvatures.
    ///
    /// The logistic loss in its signed form, with s = 2y - 1: ln(1 + exp(-s eta)) and -s / (1 + exp(s eta)), which keep all
    /// digits of a small residual where mu - y would cancel.
    #[inline(always)]
    fn take_losses(&mut self, loss: Loss, size: usize, values: &mut Lanes, show: impl FnOnce(&[f64])) {
        let size = size.next_multiple_of(LANES);
        if let (Loss::Logistic, LANES) = (loss, size) {
            return show(&self.take_few_losses(values));
        }
        let (eta, y, weight) = (&mut self.eta[..size], &self.y[..size], &self.weight[..size]);
        let (mut costs, mut curvatures) = ([0.0; TILE], [0.0; TILE]);
        let (cost, curvature) = (&mut costs[..size], &mut curvatures[..size]);
        match loss {
            Loss::Logistic => {
                // One step for all rows, then the next: more rows are under way at a time than if each went through all.
                let (mut logit, mut small) = ([0.0; TILE], [0.0; TILE]);
                let (t, e) = (&mut logit[..size], &mut small[..size]);
                for k in 0..size {
                    t[k] = if y[k] > 0.5 { -eta[k] } else { eta[k] };
                    e[k] = exp_of_negative(-t[k].abs());
                }
                for k in 0..size {
                    let sign = if y[k] > 0.5 { -1.0 } else { 1.0 };
                    let (risk, variance) = risk_and_variance(t[k], e[k]);
                    let alarm = 0.0 * eta[k]; // 0; not a number where the predictor is none or beyond all bounds
                    eta[k] = weight[k] * (sign * risk + alarm);
                    curvature[k] = weight[k] * (variance + alarm);
                }
                for k in 0..size {
                    cost[k] = weight[k] * (t[k].max(0.0) + ln_1p_of_fraction(e[k]) + 0.0 * t[k]);
                }
            }
            Loss::Squared => {
                for k in 0..size {
                    let residual = eta[k] - y[k];
                    cost[k] = weight[k] * (0.5 * residual * residual);
                    eta[k] = weight[k] * residual;
                    curvature[k] = weight[k];
                }
            }
        }
        // A row without a weight adds nothing, not even the not-a-number of a predictor beyond all bounds.
        for (cost, weight) in cost.as_chunks::<LANES>().0.iter().zip(weight.as_chunks::<LANES>().0) {
            for k in 0..LANES {
                values[k] += if weight[k] == 0.0 { 0.0 } else { cost[k] };
            }
        }
        show(curvature);
    }

    /// The same of the first [`LANES`] rows of a logistic model, which wide designs have no more of at a time; gives their curvatures.
    #[inline(always)]
    fn take_few_losses(&mut self, values: &mut Lanes) -> Lanes {
        let mut curvature = [0.0; LANES];
        for k in 0..LANES {
            let (eta, weight) = (self.eta[k], self.weight[k]);
            let sign = if self.y[k] > 0.5 { -1.0 } else { 1.0 };
            let (risk, softplus, variance) = risk_cost_and_variance(sign * eta);
            let alarm = 0.0 * eta; // as above
            let cost = weight * (softplus + alarm);
            self.eta[k] = weight * (sign * risk + alarm);
            curvature[k] = weight * (variance + alarm);
            values[k] += if weight == 0.0 { 0.0 } else { cost };
        }
        curvature
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
        for (n, p) in
            [(0, 3), (1, 1), (5, 7), (127, 8), (128, 9), (129, 16), (300, 23), (33, 24), (70, 31), (23, 200)]
        {
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
