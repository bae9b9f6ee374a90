//! Tests of the descent where absolute values are penalised: optimality, closed forms, the gap, the plain methods.

use ndarray::{Array1, Array2};

use crate::objective::Objective;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::penalty::{Penalised, Strength};
use crate::optimise::method::{Decay, Method, Rate};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Descent, Settings, minimise, norm};
use crate::rows::{InMemory, Rows};

/// n rows, an intercept and p correlated standardised columns, an outcome that a few of them drive.
fn simulated(n: usize, p: usize, logistic: bool, seed: u64) -> InMemory {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    let mut x = Array2::from_shape_fn((n, p + 1), |_| next());
    x.column_mut(0).fill(1.0);
    for j in 2..=p {
        let last = x.column(j - 1).to_owned();
        x.column_mut(j).scaled_add(0.8, &last);
    }
    for mut column in x.columns_mut().into_iter().skip(1) {
        let mean = column.sum() / n as f64;
        column -= mean;
        let spread = (column.dot(&column) / n as f64).sqrt();
        column /= spread;
    }
    let y = Array1::from_shape_fn(n, |i| {
        let eta = 0.3 + 1.2 * x[[i, 1]] - 0.8 * x[[i, p]] + 2.0 * next();
        if logistic { if eta > 0.0 { 1.0 } else { 0.0 } } else { eta }
    });
    InMemory::new(x, y, None, None)
}

fn sizes(p: usize) -> Array1<f64> {
    let mut size = Array1::ones(p + 1);
    size[0] = 0.0;
    size
}

fn settings(method: Method, tolerance: f64) -> Settings {
    Settings { method, batch: None, decay: Decay::Constant, max_epochs: 100_000, tolerance, seed: 1 }
}

fn solve(objective: &dyn Objective) -> Descent {
    minimise(objective, &Array1::zeros(objective.dim()), &settings(Method::Auto, 1e-10), &mut Unwatched)
}

#[test]
fn the_optimality_conditions_hold_to_twelve_digits() {
    for (n, p, loss) in [
        (200, 8, Loss::Squared),
        (200, 8, Loss::Logistic),
        (40, 60, Loss::Squared),
        (40, 60, Loss::Logistic),
        (9000, 6, Loss::Logistic),
    ] {
        let rows = simulated(n, p, loss == Loss::Logistic, 5);
        for alpha in [1.0, 0.5] {
            let lambda = 0.05;
            let penalised = Penalised::new(&rows, loss, Strength { lambda, alpha }, &sizes(p));
            let descent = solve(&penalised);
            assert!(descent.reason.is_converged(), "{:?}", descent.reason);
            let b = &descent.beta;
            let g = Glm::new(&rows, loss).value_and_gradient(b).1;
            assert!(g[0].abs() < 1e-12, "intercept {}", g[0]);
            for j in 1..=p {
                let rest = g[j] + lambda * (1.0 - alpha) * b[j];
                if b[j] == 0.0 {
                    assert!(rest.abs() <= lambda * alpha + 1e-12);
                } else {
                    assert!((rest + lambda * alpha * b[j].signum()).abs() < 1e-12, "{n} {p} {j}");
                }
            }
            assert!(b.iter().filter(|b| **b == 0.0).count() > 0);
        }
    }
}

#[test]
fn an_orthogonal_design_is_soft_thresholded() {
    // Columns of signs, orthogonal and of mean square 1: b_j = S(x_j.y/n, lambda alpha) / (1 + lambda (1 - alpha)).
    let signs = |i: usize, j: usize| if (i >> j) & 1 == 1 { 1.0 } else { -1.0 };
    let x = Array2::from_shape_fn((16, 5), |(i, j)| if j == 0 { 1.0 } else { signs(i, j - 1) });
    let y = Array1::from_shape_fn(16, |i| {
        2.0 * signs(i, 0) - 0.7 * signs(i, 1) + 0.1 * signs(i, 2) + (i as f64).sin()
    });
    let rows = InMemory::new(x.clone(), y.clone(), None, None);
    let (lambda, alpha) = (0.5, 0.6);
    let penalised = Penalised::new(&rows, Loss::Squared, Strength { lambda, alpha }, &sizes(4));
    let b = solve(&penalised).beta;
    let z = x.t().dot(&y) / 16.0;
    assert!((b[0] - z[0]).abs() < 1e-14);
    for j in 1..5 {
        let shrunk: f64 = (z[j].abs() - lambda * alpha).max(0.0);
        let wanted = z[j].signum() * shrunk / (1.0 + lambda * (1.0 - alpha));
        assert!((b[j] - wanted).abs() < 1e-14);
        assert_eq!(b[j] == 0.0, shrunk == 0.0);
    }
}

#[test]
fn ridge_solves_its_normal_equations_also_with_more_columns_than_rows() {
    for (n, p) in [(100, 5), (20, 50)] {
        let rows = simulated(n, p, false, 3);
        let lambda = 0.3;
        let penalised = Penalised::new(&rows, Loss::Squared, Strength { lambda, alpha: 0.0 }, &sizes(p));
        let descent = solve(&penalised);
        assert!(descent.reason.is_converged());
        let residual = rows.x.dot(&descent.beta) - &rows.y;
        let mut left = rows.x.t().dot(&residual) / n as f64;
        for j in 1..=p {
            left[j] += lambda * descent.beta[j];
        }
        assert!(left.iter().all(|l| l.abs() < 1e-13), "{left}");
    }
}

#[test]
fn from_the_largest_penalty_on_all_coefficients_are_exactly_zero() {
    for loss in [Loss::Squared, Loss::Logistic] {
        let rows = simulated(150, 6, loss == Loss::Logistic, 2);
        let at = |lambda: f64| {
            let penalised = Penalised::new(&rows, loss, Strength { lambda, alpha: 1.0 }, &sizes(6));
            (solve(&penalised), penalised.null_model().expect("both outcomes occur"))
        };
        let (_, null) = at(1.0);
        let g = Glm::new(&rows, loss).value_and_gradient(&null).1;
        let largest = g.iter().skip(1).fold(0.0_f64, |m, g| m.max(g.abs()));
        let (above, _) = at(1.001 * largest);
        assert!(above.beta.iter().skip(1).all(|b| *b == 0.0));
        assert!((above.beta[0] - null[0]).abs() < 1e-12);
        let (below, _) = at(0.999 * largest);
        assert_eq!(below.beta.iter().skip(1).filter(|b| **b != 0.0).count(), 1);
    }
}

#[test]
fn without_lambda_it_is_maximum_likelihood() {
    let rows = simulated(150, 6, true, 2);
    let plain = solve(&Glm::new(&rows, Loss::Logistic));
    let none = solve(&Penalised::new(&rows, Loss::Logistic, Strength { lambda: 0.0, alpha: 1.0 }, &sizes(6)));
    assert_eq!(plain.beta, none.beta);
}

#[test]
fn a_column_twice_converges_under_the_lasso() {
    let mut rows = simulated(80, 4, true, 9);
    let first = rows.x.column(1).to_owned();
    rows.x.column_mut(3).assign(&first);
    let penalised = Penalised::new(&rows, Loss::Logistic, Strength { lambda: 0.02, alpha: 1.0 }, &sizes(4));
    let descent = solve(&penalised);
    assert!(descent.reason.is_converged(), "{:?} {}", descent.reason, descent.gradient_norm());
    assert!(descent.gradient_norm() < 1e-10);
}

#[test]
fn the_gap_is_never_below_the_distance_to_the_minimum_and_closes_there() {
    for loss in [Loss::Squared, Loss::Logistic] {
        for (k, alpha) in [1.0, 0.7, 0.0].into_iter().enumerate() {
            for (n, p) in [(60, 5), (30, 45)] {
                let rows = simulated(n, p, loss == Loss::Logistic, 11 + k as u64);
                let strength = Strength { lambda: 0.05, alpha };
                let penalised = Penalised::new(&rows, loss, strength, &sizes(p));
                let end = solve(&penalised);
                assert!((end.value - penalised.total(&end.beta)).abs() < 1e-15);
                assert!(penalised.gap(&end.beta) < 1e-12, "{}", penalised.gap(&end.beta));
                for step in 0..60 {
                    let size = 10.0_f64.powf(1.0 - f64::from(step) / 8.0);
                    let beta = Array1::from_shape_fn(p + 1, |j| {
                        end.beta[j] + size * ((step * 31 + j as i32 * 17) as f64).sin()
                    });
                    let above = penalised.total(&beta) - end.value;
                    let gap = penalised.gap(&beta);
                    assert!(gap >= above - 1e-14 * end.value, "{loss:?} {alpha} {size}: {gap} {above}");
                }
            }
        }
    }
}

#[test]
fn the_plain_methods_arrive_where_auto_does() {
    for loss in [Loss::Squared, Loss::Logistic] {
        let rows = simulated(120, 5, loss == Loss::Logistic, 4);
        let penalised = Penalised::new(&rows, loss, Strength { lambda: 0.06, alpha: 0.8 }, &sizes(5));
        let wanted = solve(&penalised).beta;
        assert!(wanted.iter().any(|b| *b == 0.0));
        for method in [
            Method::GradientDescent(Rate::Fixed(0.2)),
            Method::GradientDescent(Rate::LineSearch(1.0)),
            Method::Momentum { rate: 0.1, friction: 0.9 },
            Method::Nesterov { rate: 0.2 },
            Method::Adam { rate: 1e-3 },
        ] {
            let adam = matches!(method, Method::Adam { .. });
            let tolerance = if adam { 1e-5 } else { 1e-9 };
            let found =
                minimise(&penalised, &Array1::zeros(6), &settings(method.clone(), tolerance), &mut Unwatched);
            assert!(found.reason.is_converged(), "{method:?} {loss:?} {}", found.gradient_norm());
            let searches = matches!(method, Method::GradientDescent(Rate::LineSearch(_)));
            assert!(!searches || found.iterations < 500, "{loss:?} {}", found.iterations);
            let off = norm(&(&found.beta - &wanted));
            assert!(off < if adam { 1e-3 } else { 1e-7 }, "{method:?} {off}");
            assert!(found.beta.iter().zip(&wanted).all(|(a, b)| (*a == 0.0) == (*b == 0.0)));
            assert_eq!(found.history.last().map(|r| r.loss), Some(found.value));
        }
    }
}

#[test]
fn mini_batches_with_a_falling_rate_come_near() {
    let rows = simulated(400, 5, true, 4);
    let penalised = Penalised::new(&rows, Loss::Logistic, Strength { lambda: 0.06, alpha: 1.0 }, &sizes(5));
    let best = solve(&penalised);
    let mini = Settings {
        batch: Some(32),
        decay: Decay::InverseTime,
        max_epochs: 100,
        ..settings(Method::GradientDescent(Rate::Fixed(0.3)), 1e-9)
    };
    let found = minimise(&penalised, &Array1::zeros(6), &mini, &mut Unwatched);
    assert!(found.value - best.value < 5e-3 * best.value, "{} {}", found.value, best.value);
    assert!(found.value >= best.value);
    assert_eq!(rows.n_rows().div_ceil(32) * 100, found.history.steps.len());
}

#[test]
fn one_and_two_threads_give_the_same_bits() {
    let rows = simulated(9000, 8, true, 6);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let strength = Strength { lambda: 0.01, alpha: 1.0 };
            solve(&Penalised::new(&rows, Loss::Logistic, strength, &sizes(8))).beta
        })
    };
    assert_eq!(on(1), on(2));
}
