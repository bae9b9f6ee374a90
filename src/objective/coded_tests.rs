//! Codes against the same columns as numbers.

use std::sync::Arc;

use ndarray::{Array1, Array2};

use crate::num::linalg::{inverse_upper, triangular_factor};
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::{Curved, Objective, Sampled};
use crate::rows::{Factor, InMemory, Layout, Rows};

/// Intercept, three numbers and factors of 40 and 5 levels (the columns of the small one before those of the large one).
fn rows(n: usize, has_intercept: bool) -> InMemory {
    let cell = |i: usize, j: usize| ((i * (7 + j) + j * j) as f64 * 0.37).sin();
    let factor = |levels: usize, first: usize| Factor {
        column: (0..levels).map(|k| (k > 0).then(|| first + k - 1)).collect(),
        centre: (0..levels).map(|k| if has_intercept && k > 0 { 1.0 / levels as f64 } else { 0.0 }).collect(),
        spread: (0..levels).map(|k| if k > 0 { 0.2 + 0.01 * k as f64 } else { 1.0 }).collect(),
    };
    let first = usize::from(has_intercept);
    let layout = Layout {
        n_columns: first + 3 + 4 + 39,
        numbers: (0..first + 3).collect(),
        factors: vec![factor(5, first + 3), factor(40, first + 7)],
        has_intercept,
    };
    let x = Array2::from_shape_fn((n, first + 3), |(i, j)| if j < first { 1.0 } else { cell(i, j) });
    let y = Array1::from_shape_fn(n, |i| f64::from(u8::from((i * i) % 7 < 3)));
    let weight = Array1::from_shape_fn(n, |i| 1.0 + (i % 3) as f64);
    let offset = Array1::from_shape_fn(n, |i| 0.1 * cell(i, 9));
    let codes =
        Array2::from_shape_fn((n, 2), |(i, f)| if f == 0 { (i % 5) as u32 } else { (i * 13 % 40) as u32 });
    let mut rows = InMemory::new(x, y, Some(weight), Some(offset));
    rows.block_rows = 100;
    rows.coded = Some((Arc::new(layout), codes));
    rows
}

fn as_numbers(rows: &InMemory) -> InMemory {
    let blocks: Vec<Array2<f64>> = (0..rows.n_blocks()).map(|k| rows.block(k).x().into_owned()).collect();
    let views: Vec<_> = blocks.iter().map(|b| b.view()).collect();
    let x = ndarray::concatenate(ndarray::Axis(0), &views).expect("equally wide");
    InMemory { x, coded: None, ..rows.clone() }
}

fn near(a: f64, b: f64, scale: f64) {
    assert!((a - b).abs() <= 1e-11 * scale, "{a} {b}");
}

#[test]
fn sweeps_over_codes_are_those_over_indicators() {
    for has_intercept in [true, false] {
        let coded = rows(730, has_intercept);
        let plain = as_numbers(&coded);
        let beta = Array1::from_shape_fn(coded.n_columns(), |j| 0.3 * (j as f64).cos());
        for loss in [Loss::Squared, Loss::Logistic] {
            let (a, b) = (Glm::new(&coded, loss), Glm::new(&plain, loss));
            let (eta, wanted) = (a.linear_predictor(&beta), b.linear_predictor(&beta));
            eta.iter().zip(&wanted).for_each(|(a, b)| near(*a, *b, 10.0));
            let ((value, slope, root), (wanted, slopes, other)) = (a.all_at(&beta), b.all_at(&beta));
            near(value, wanted, wanted);
            slope.iter().zip(&slopes).for_each(|(a, b)| near(*a, *b, 10.0));
            assert_eq!(a.value_and_gradient(&beta), (value, slope));
            let (h, wanted) = (root.t().dot(&root), other.t().dot(&other));
            h.iter().zip(&wanted).for_each(|(a, b)| near(*a, *b, 30.0));
            near(a.largest_row_curvature(), b.largest_row_curvature(), 1000.0);
            let inverse = inverse_upper(&other);
            let leverage = b.largest_leverage(&inverse);
            near(a.largest_leverage(&inverse), leverage, 10.0 * leverage);
        }
    }
}

#[test]
fn a_column_that_is_constant_within_levels_leaves_nothing_but_rounding() {
    let mut coded = rows(800, true);
    let (layout, codes) = coded.coded.clone().expect("coded");
    for i in 0..800 {
        coded.x[[i, 2]] = f64::from(codes[[i, 1]]).sqrt(); // the same for all rows of a level of the large factor
    }
    let mut small = (*layout).clone();
    small.factors.remove(0); // the small factor says nothing here
    small.n_columns -= 4;
    small.factors[0].column.iter_mut().flatten().for_each(|j| *j -= 4);
    coded.coded = Some((Arc::new(small), codes.select(ndarray::Axis(1), &[1])));
    let root = Glm::new(&coded, Loss::Squared).curvature_root(&Array1::zeros(coded.n_columns()));
    // The column last: what the others leave of it is the last diagonal of the factor.
    let order: Vec<usize> = (0..root.ncols()).filter(|j| *j != 2).chain([2]).collect();
    let last = triangular_factor(&root.select(ndarray::Axis(1), &order));
    let left = last[[order.len() - 1, order.len() - 1]].abs();
    assert!(left < 1e-13, "{left}");
}

#[test]
fn one_and_two_threads_give_the_same_bits() {
    let coded = rows(5000, true);
    let beta = Array1::from_shape_fn(coded.n_columns(), |j| 0.1 * (j as f64).sin());
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| Glm::new(&coded, Loss::Logistic).all_at(&beta))
    };
    assert_eq!(on(1), on(2));
}
