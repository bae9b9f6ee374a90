//! The inner loop of a sweep: linear predictors, losses and the gradient of a tile of rows, in the widest vectors there are.

use crate::num::lanes::{
    exp_of_negative, ln_1p_of_fraction, risk_and_variance, risk_cost_and_variance, wide,
};
use crate::objective::loss::Loss;
use crate::objective::products::{
    ABREAST, Any, Beta, Columns, Halves, LANES, Lanes, Runs, of_halves, product, total,
};
use crate::objective::tiles::{Cells, Observed, Outcomes, Predictors, Room, TILE};

/// What [`Columns::product`] leaves of each row of a tile.
#[repr(align(64))]
struct Products([Halves; TILE]);

/// Bytes of X that a tile may have, but for its least of [`LANES`] rows: while so few are worked on, the processor fetches the next by
/// itself.
const TILE_BYTES: usize = 5 << 10;

/// Weighted sum of the losses of n rows; adds their share to the gradient (p).
///
///   sum_i w_i loss(x_i.b + o_i, y_i),   gradient += sum_i w_i loss'(x_i.b + o_i, y_i) x_i
///
/// Each row is read from memory once. The order of every sum is fixed by n and p alone, and no product is fused with a sum, so the
/// result is the same bits whatever the width of the vectors.
pub fn sweep<'x>(loss: Loss, n: usize, rows: impl Observed<'x>, beta: &[f64], gradient: &mut [f64]) -> f64 {
    sweep_showing(loss, n, rows, beta, gradient, |_, _| (), |_, _| ())
}

/// As [`sweep`]; shows w_i loss'(x_i.b + o_i) of some rows at a time, with the number of the first.
pub fn sweep_seen<'x>(
    loss: Loss,
    n: usize,
    rows: impl Observed<'x>,
    beta: &[f64],
    gradient: &mut [f64],
    seen: impl FnMut(usize, &[f64]),
) -> f64 {
    sweep_showing(loss, n, rows, beta, gradient, |_, _| (), seen)
}

/// As [`sweep`] over n rows; puts w_i loss''(x_i.b + o_i) of each into `curvature` (n).
pub fn sweep_with_curvature<'x>(
    loss: Loss,
    rows: impl Observed<'x>,
    beta: &[f64],
    gradient: &mut [f64],
    curvature: &mut [f64],
) -> f64 {
    let n = curvature.len();
    sweep_showing(
        loss,
        n,
        rows,
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
    rows: impl Observed<'x>,
    beta: &[f64],
    gradient: &mut [f64],
    show: impl FnMut(usize, &[f64]),
    seen: impl FnMut(usize, &[f64]),
) -> f64 {
    let (runs, columns) = beta.as_chunks::<LANES>();
    match (runs.len(), !columns.is_empty()) {
        (1, false) => sweep_columns(loss, n, rows, Runs::<1, false>::new(beta), gradient, show, seen),
        (1, true) => sweep_columns(loss, n, rows, Runs::<1, true>::new(beta), gradient, show, seen),
        (2, false) => sweep_columns(loss, n, rows, Runs::<2, false>::new(beta), gradient, show, seen),
        (2, true) => sweep_columns(loss, n, rows, Runs::<2, true>::new(beta), gradient, show, seen),
        (3, false) => sweep_columns(loss, n, rows, Runs::<3, false>::new(beta), gradient, show, seen),
        (3, true) => sweep_columns(loss, n, rows, Runs::<3, true>::new(beta), gradient, show, seen),
        _ => sweep_columns(loss, n, rows, Any::new(beta), gradient, show, seen),
    }
}

#[inline(always)]
fn sweep_columns<'x, C: Columns>(
    loss: Loss,
    n: usize,
    rows: impl Observed<'x>,
    columns: C,
    gradient: &mut [f64],
    mut show: impl FnMut(usize, &[f64]),
    mut seen: impl FnMut(usize, &[f64]),
) -> f64 {
    let height = (TILE_BYTES / size_of_val(&*gradient).max(1)).next_multiple_of(LANES).clamp(LANES, TILE);
    let mut values = [0.0; LANES];
    C::in_vectors(
        #[inline(always)]
        || {
            let mut columns = columns;
            let (mut eta, mut room, mut last) = (Cells::zeros(), Room::zeros(), Room::zeros());
            let mut products = Products([[0.0; LANES / 2]; TILE]);
            for from in (0..n).step_by(height) {
                let size = height.min(n - from);
                let has_offset = rows.offsets(from, &mut eta.0[..size]);
                for (x, halves) in rows.columns(from, size).zip(&mut products.0) {
                    columns.product(one_by_one(x), halves);
                }
                put(&products.0, has_offset, &mut eta.0[..size]);
                let outcomes = rows.outcomes(from, size, &mut room).filled_up(&mut last);
                C::of_losses(
                    size,
                    #[inline(always)]
                    || {
                        take_losses(
                            loss,
                            &mut eta.0[..outcomes.y.len()],
                            outcomes,
                            &mut values,
                            #[inline(always)]
                            |curvature| show(from, curvature),
                        );
                    },
                );
                seen(from, &eta.0[..size]);
                let (fours, rest) = eta.0[..size].as_chunks::<ABREAST>();
                if gradient.is_empty() {
                    continue;
                }
                let mut xs = rows.columns(from, size);
                for slopes in fours {
                    columns.add_four(
                        *slopes,
                        std::array::from_fn(
                            #[inline(always)]
                            |_| xs.next().expect("as many rows as slopes"),
                        ),
                    );
                }
                for (slope, x) in rest.iter().zip(xs) {
                    columns.add(*slope, x);
                }
            }
            columns.finish(gradient);
        },
    );
    total(values)
}

/// x.b + offset of each row, into `eta` (n).
pub fn predict<'x>(rows: impl Predictors<'x>, beta: &[f64], eta: &mut [f64]) {
    let beta = Beta::new(beta);
    wide(
        #[inline(always)]
        || predict_of(&rows, &beta, |x| x, eta),
    );
}

/// offset + sum_j |x_ij b_j| of each row, into `sizes` (n).
pub fn sizes<'x>(rows: impl Predictors<'x>, beta: &[f64], sizes: &mut [f64]) {
    let beta: Vec<f64> = beta.iter().map(|b| b.abs()).collect();
    let beta = Beta::new(&beta);
    wide(
        #[inline(always)]
        || predict_of(&rows, &beta, f64::abs, sizes),
    );
}

/// The row itself. The compiler, which would else take several rows at once and gather their cells from all over, does not see that it is.
#[inline(always)]
fn one_by_one(x: &[f64]) -> &[f64] {
    std::hint::black_box(x)
}

/// The products of rows, to whose columns `of` is done first.
#[inline(always)]
fn predict_of<'x>(rows: &impl Predictors<'x>, beta: &Beta<'_>, of: impl Fn(f64) -> f64, eta: &mut [f64]) {
    let mut products = Products([[0.0; LANES / 2]; TILE]);
    for (tile, eta) in eta.chunks_mut(TILE).enumerate() {
        let from = tile * TILE;
        let has_offset = rows.offsets(from, eta);
        for (x, halves) in rows.columns(from, eta.len()).zip(&mut products.0) {
            product(one_by_one(x), beta, &of, halves);
        }
        put(&products.0, has_offset, eta);
    }
}

/// The sums of products, into `eta` or to the offsets that stand there.
#[inline(always)]
fn put(products: &[Halves; TILE], to_offset: bool, eta: &mut [f64]) {
    if to_offset {
        eta.iter_mut().zip(products).for_each(|(eta, halves)| *eta += of_halves(*halves));
    } else {
        eta.iter_mut().zip(products).for_each(|(eta, halves)| *eta = of_halves(*halves));
    }
}

/// Adds the weighted losses of a whole number of [`LANES`] rows to `values`, puts their slopes in the place of their linear predictors
/// and shows their curvatures.
///
/// The logistic loss in its signed form, with s = 2y - 1: ln(1 + exp(-s eta)) and -s / (1 + exp(s eta)), which keep all
/// digits of a small residual where mu - y would cancel.
#[inline(always)]
fn take_losses(
    loss: Loss,
    eta: &mut [f64],
    outcomes: Outcomes<'_>,
    values: &mut Lanes,
    show: impl FnOnce(&[f64]),
) {
    let size = eta.len();
    if let (Loss::Logistic, LANES) = (loss, size) {
        return show(&take_few_losses(eta, outcomes, values));
    }
    let (y, weight) = (&outcomes.y[..size], &outcomes.weight[..size]);
    let (mut costs, mut curvatures) = (Cells::zeros(), Cells::zeros());
    let (cost, curvature) = (&mut costs.0[..size], &mut curvatures.0[..size]);
    match loss {
        Loss::Logistic => {
            // One step for all rows, then the next: more rows are under way at a time than if each went through all.
            let (mut logit, mut small) = (Cells::zeros(), Cells::zeros());
            let (t, e) = (&mut logit.0[..size], &mut small.0[..size]);
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
fn take_few_losses(slope: &mut [f64], outcomes: Outcomes<'_>, values: &mut Lanes) -> Lanes {
    let mut curvature = [0.0; LANES];
    let (slope, y, weight) = (&mut slope[..LANES], &outcomes.y[..LANES], &outcomes.weight[..LANES]);
    for k in 0..LANES {
        let (eta, weight) = (slope[k], weight[k]);
        let sign = if y[k] > 0.5 { -1.0 } else { 1.0 };
        let (risk, softplus, variance) = risk_cost_and_variance(sign * eta);
        let alarm = 0.0 * eta; // as above
        let cost = weight * (softplus + alarm);
        slope[k] = weight * (sign * risk + alarm);
        curvature[k] = weight * (variance + alarm);
        values[k] += if weight == 0.0 { 0.0 } else { cost };
    }
    curvature
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::tiles::{Lying, Table};

    /// x, y, weight, offset.
    type Plain = (Vec<f64>, f64, f64, f64);

    /// The plain sums, row by row with the library's functions.
    fn plain(loss: Loss, rows: &[Plain], beta: &[f64]) -> (f64, Vec<f64>) {
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
        for (n, p) in [
            (0, 3),
            (1, 1),
            (9, 0),
            (5, 7),
            (127, 8),
            (128, 9),
            (129, 16),
            (300, 23),
            (33, 24),
            (70, 31),
            (23, 200),
        ] {
            let rows: Vec<Plain> = (0..n)
                .map(|i| {
                    let x: Vec<f64> = (0..p).map(|j| ((i * i + 3 * i * j + j) as f64).sin()).collect();
                    (x, f64::from(u8::from(i % 3 == 0)), (i % 4) as f64, (i as f64).cos())
                })
                .collect();
            let beta: Vec<f64> = (0..p).map(|j| 0.3 * j as f64 - 1.0).collect();
            for loss in [Loss::Squared, Loss::Logistic] {
                let x: Vec<f64> = rows.iter().flat_map(|row| row.0.clone()).collect();
                let column = |cell: fn(&Plain) -> f64| rows.iter().map(cell).collect::<Vec<f64>>();
                let (y, weight) = (column(|row| row.1), column(|row| row.2));
                let offset = column(|row| row.3);
                let lying = Lying { x: &x, p, offset: Some(&offset) };
                let table = Table { rows: lying, y: &y, weight: Some(&weight) };
                let mut gradient = vec![0.0; p];
                let value = sweep(loss, n, table, &beta, &mut gradient);
                let (wanted, slope) = plain(loss, &rows, &beta);
                let size = 1.0 + wanted.abs();
                assert!((value - wanted).abs() <= 1e-14 * size, "{n} x {p}: {value} {wanted}");
                gradient.iter().zip(&slope).for_each(|(g, s)| assert!((g - s).abs() <= 1e-13 * size));
            }
        }
    }

    #[test]
    fn a_small_residual_keeps_its_digits_and_a_row_without_weight_counts_for_nothing() {
        let swept = |loss, y: f64, weight: f64, offset: f64| {
            let mut gradient = [0.0];
            let rows = Lying { x: &[1.0], p: 1, offset: Some(&[offset]) };
            let value =
                sweep(loss, 1, Table { rows, y: &[y], weight: Some(&[weight]) }, &[0.0], &mut gradient);
            (value, gradient[0])
        };
        let (value, slope) = swept(Loss::Logistic, 1.0, 1.0, 40.0);
        let small = (-40.0_f64).exp();
        assert!((value - small).abs() < 1e-15 * small && (slope + small).abs() < 1e-15 * small);
        for eta in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let (value, slope) = swept(Loss::Logistic, 1.0, 1.0, eta);
            assert!(value.is_nan() && slope.is_nan());
        }
        assert_eq!(swept(Loss::Squared, 1.0, 0.0, 1e300).0, 0.0);
    }

    #[test]
    fn predictors_and_their_sizes_are_the_plain_sums() {
        for (n, p) in [(3, 0), (65, 1), (70, 5), (64, 8), (130, 21), (9, 50)] {
            let x: Vec<f64> = (0..n * p).map(|k| ((k * k + 1) as f64).sin()).collect();
            let beta: Vec<f64> = (0..p).map(|j| 0.4 - 0.1 * j as f64).collect();
            let offset: Vec<f64> = (0..n).map(|i| i as f64 / 7.0).collect();
            let rows = Lying { x: &x, p, offset: Some(&offset) };
            let (mut eta, mut size) = (vec![f64::NAN; n], vec![f64::NAN; n]);
            predict(rows, &beta, &mut eta);
            sizes(rows, &beta, &mut size);
            for i in 0..n {
                let products = x[i * p..(i + 1) * p].iter().zip(&beta).map(|(x, b)| x * b);
                let largest = products.clone().map(f64::abs).sum::<f64>() + offset[i];
                assert!((size[i] - largest).abs() <= 1e-14 * (1.0 + largest), "{n} x {p}");
                assert!((eta[i] - products.sum::<f64>() - offset[i]).abs() <= 1e-14 * (1.0 + largest));
            }
        }
    }
}
