//! What the end of a descent proves: how far the optimum can be, in standard errors.

use ndarray::{Array1, ArrayRef1, ArrayRef2};

use crate::num::linalg::{solve_root, solve_upper_transposed};

/// H⁻¹ g: for a quadratic objective exactly the way still to go, beta - beta*.
pub fn way_to_go(root: &ArrayRef2<f64>, gradient: &ArrayRef1<f64>) -> Array1<f64> {
    solve_root(root, gradient)
}

/// The Newton decrement sqrt(g' H⁻¹ g), H = R'R.
pub fn newton_decrement(root: &ArrayRef2<f64>, gradient: &ArrayRef1<f64>) -> f64 {
    let half = solve_upper_transposed(root, gradient);
    half.dot(&half).sqrt()
}

/// A bound of the distance to the logistic optimum, sqrt((b - b*)' H (b - b*)), H the Hessian of the mean loss at b.
///
///   nu = sqrt(g'H⁻¹g),  rho = max_i sqrt(x_i' H⁻¹ x_i)
///   if nu rho < 1:  the optimum b* exists, is unique, and distance <= -ln(1 - nu rho) / rho
///
/// decrement: nu; largest_leverage: rho² over the rows with weight, however large their weights are.
/// `None` where nu rho >= 1: nothing can be said.
///
/// Why. The logistic curvature c(eta) = mu (1 - mu) has |c'| = c |1 - 2 mu| <= c, so that c(eta + s) >= c(eta) exp(-|s|).
///
/// 1. Take any direction d and r = sqrt(d'Hd). By Cauchy and Schwarz |x_i.d| <= rho r, hence the second derivative of
///    f along b + t d is at least r² exp(-t rho r), and the slope g(b + t d).d is at least
///    g.d + r² (1 - exp(-t rho r)) / (rho r) >= r [(1 - exp(-t rho r)) / rho - nu].
/// 2. With nu rho < 1 that is positive from some t on, in every direction: f grows along every ray, so that it has
///    a minimum b*; the curvature is positive, so that there is one only.
/// 3. With d = b* - b the slope at t = 1 is 0: nu rho >= 1 - exp(-rho r), which is the bound.
///
/// Near the optimum the bound is nu, Newton's step. It does not depend on the scale of the columns. Source of the
/// curvature's bound: Bach 2010, Electronic Journal of Statistics 4:384-414, lemma 1.
pub fn logistic_distance(decrement: f64, largest_leverage: f64) -> Option<f64> {
    let rho = largest_leverage.sqrt();
    let product = decrement * rho;
    if !product.is_finite() || product >= 1.0 {
        return None;
    }
    Some(if rho > 0.0 { -(-product).ln_1p() / rho } else { decrement })
}

/// How much larger the bound becomes when the standard errors at the optimum are the yardstick: exp(rho r / 2).
///
/// By the same bound H(b*) is at most exp(rho r) H(b), hence a standard error at b* at least exp(-rho r / 2) of that
/// at b; and |d_j| <= r sqrt((H⁻¹)_jj), which is r sqrt(n) standard errors.
pub fn yardstick_factor(distance: f64, largest_leverage: f64) -> f64 {
    (0.5 * largest_leverage.sqrt() * distance).exp()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use ndarray_rand::rand::Rng;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::num::linalg::{inverse_upper, is_regular};
    use crate::objective::glm::Glm;
    use crate::objective::loss::Loss;
    use crate::objective::{Curved, Objective};
    use crate::optimise::method::{Decay, Method, Rate};
    use crate::optimise::watch::Unwatched;
    use crate::optimise::{Settings, minimise, norm};
    use crate::rows::InMemory;

    #[test]
    fn near_the_optimum_the_bound_is_the_decrement() {
        let bound = logistic_distance(1e-9, 25.0).expect("small enough");
        assert!((bound - 1e-9).abs() < 1e-16);
        assert!(logistic_distance(0.5, 25.0).is_none());
    }

    /// Small n, up to five predictors of unlike scale, effects up to near separation, sometimes weights or an offset.
    fn problem(rng: &mut ChaCha8Rng) -> InMemory {
        let n = rng.random_range(8..60);
        let p = rng.random_range(1..=6_usize).min(n / 3);
        let skew = rng.random_range(0.0..3.0);
        let x = Array2::from_shape_fn((n, p), |(_, j)| {
            let z: f64 = rng.random_range(-1.7..1.7);
            if j == 0 { 1.0 } else { z + skew * z.abs() * z }
        });
        let strength = rng.random_range(0.0..6.0);
        let truth = Array1::from_shape_fn(p, |_| strength * rng.random_range(-1.0..1.0));
        let y = x
            .dot(&truth)
            .mapv(|eta: f64| f64::from(u8::from(rng.random::<f64>() < 1.0 / (1.0 + (-eta).exp()))));
        let weight = (rng.random::<f64>() < 0.3)
            .then(|| Array1::from_shape_fn(n, |_| f64::from(rng.random_range(1..5))));
        let offset =
            (rng.random::<f64>() < 0.3).then(|| Array1::from_shape_fn(n, |_| rng.random_range(-1.0..1.0)));
        InMemory::new(x, y, weight, offset)
    }

    /// Mean logistic loss, gradient and Hessian, written out anew.
    fn written_out(rows: &InMemory, b: &[f64]) -> (f64, Vec<f64>, Vec<Vec<f64>>) {
        let p = b.len();
        let (mut value, mut g, mut h) = (0.0, vec![0.0; p], vec![vec![0.0; p]; p]);
        let mut total = 0.0;
        for i in 0..rows.y.len() {
            let w = rows.weight.as_ref().map_or(1.0, |w| w[i]);
            let eta = (0..p).map(|j| rows.x[[i, j]] * b[j]).sum::<f64>()
                + rows.offset.as_ref().map_or(0.0, |o| o[i]);
            let signed = if rows.y[i] == 1.0 { -eta } else { eta };
            value += w * (if signed > 0.0 { signed + (-signed).exp().ln_1p() } else { signed.exp().ln_1p() });
            let mu = 1.0 / (1.0 + (-eta).exp());
            let residual = if rows.y[i] == 1.0 { -1.0 / (1.0 + eta.exp()) } else { mu };
            for j in 0..p {
                g[j] += w * residual * rows.x[[i, j]];
                let scaled = w * mu / (1.0 + eta.exp()) * rows.x[[i, j]];
                for (k, sum) in h[j].iter_mut().enumerate() {
                    *sum += scaled * rows.x[[i, k]];
                }
            }
            total += w;
        }
        g.iter_mut().for_each(|v| *v /= total);
        h.iter_mut().flatten().for_each(|v| *v /= total);
        (value / total, g, h)
    }

    /// Gauss elimination with row pivots.
    fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
        let p = b.len();
        for k in 0..p {
            let pivot =
                (k..p).max_by(|i, j| a[*i][k].abs().total_cmp(&a[*j][k].abs())).expect("rows are left");
            a.swap(k, pivot);
            b.swap(k, pivot);
            for i in k + 1..p {
                let share = a[i][k] / a[k][k];
                let upper = a[k].clone();
                a[i].iter_mut().zip(&upper).for_each(|(v, u)| *v -= share * u);
                b[i] -= share * b[k];
            }
        }
        for k in (0..p).rev() {
            let rest: f64 = (k + 1..p).map(|j| a[k][j] * b[j]).sum();
            b[k] = (b[k] - rest) / a[k][k];
        }
        b
    }

    /// Newton's method with halved steps; `None` where it runs off (separation).
    fn newton(rows: &InMemory) -> Option<Array1<f64>> {
        let mut b = vec![0.0; rows.x.ncols()];
        let mut polished = 0;
        for _ in 0..200 {
            let (value, g, h) = written_out(rows, &b);
            let step = solve(h, g.clone());
            let decrement: f64 = step.iter().zip(&g).map(|(s, g)| s * g).sum();
            if b.iter().any(|v| v.abs() > 1e3) || !decrement.is_finite() {
                return None;
            }
            polished += usize::from(decrement < 1e-24);
            if polished > 3 {
                return Some(Array1::from(b));
            }
            let mut length = 1.0;
            loop {
                let trial: Vec<f64> = b.iter().zip(&step).map(|(b, s)| b - length * s).collect();
                if written_out(rows, &trial).0 <= value - 1e-4 * length * decrement
                    || length < 1e-3
                    || decrement < 1e-12
                {
                    b = trial;
                    break;
                }
                length *= 0.5;
            }
        }
        None
    }

    /// A random method that stops after a random number of epochs.
    fn settings(rng: &mut ChaCha8Rng, n: usize) -> Settings {
        let rate = 10.0_f64.powf(rng.random_range(-2.0..0.3));
        let methods = [
            Method::Auto,
            Method::GradientDescent(Rate::Fixed(rate)),
            Method::GradientDescent(Rate::LineSearch(1.0)),
            Method::Momentum { rate, friction: 0.9 },
            Method::Nesterov { rate },
            Method::Adam { rate },
        ];
        let method = methods[rng.random_range(0..methods.len())].clone();
        let batch = (method != Method::Auto && rng.random::<f64>() < 0.3).then_some(1 + n / 4);
        Settings {
            method,
            batch,
            decay: Decay::Constant,
            max_epochs: 2_f64.powf(rng.random_range(0.0..11.0)) as usize,
            tolerance: 1e-12,
            seed: rng.random(),
        }
    }

    /// What one stop showed: the true distance to the optimum as a share of the certified one.
    fn ratio_at_a_stop(rows: &InMemory, optimum: Option<&Array1<f64>>, rng: &mut ChaCha8Rng) -> Option<f64> {
        const ROUNDING: f64 = 1e-10; // both solutions are computed; near separation the Hessian's condition is 1e6
        const FAR: f64 = 1e-6; // nearer by, the ratio is rounding
        let glm = Glm::new(rows, Loss::Logistic);
        let noise = 10.0_f64.powf(rng.random_range(-3.0..0.5));
        let start = match optimum {
            Some(b) if rng.random::<f64>() < 0.5 => {
                b + &Array1::from_shape_fn(b.len(), |_| noise * rng.random_range(-1.0..1.0))
            }
            _ => Array1::zeros(glm.dim()),
        };
        let descent = minimise(&glm, &start, &settings(rng, rows.y.len()), &mut Unwatched);
        let (_, gradient, root) = glm.all_at(&descent.beta);
        if !is_regular(&root) {
            return None;
        }
        let leverage = glm.largest_leverage(&inverse_upper(&root));
        let bound = logistic_distance(newton_decrement(&root, &gradient), leverage)?;
        let optimum = optimum.expect("a certificate proves that a finite optimum exists");
        let apart = &descent.beta - optimum;
        let distance = norm(&root.dot(&apart));
        assert!(distance <= bound + ROUNDING, "{distance} > {bound}");
        let errors_at_optimum = inverse_upper(&glm.curvature_root(optimum));
        let in_errors = yardstick_factor(bound, leverage) * bound;
        for (d, row) in apart.iter().zip(errors_at_optimum.rows()) {
            assert!(d.abs() / norm(&row.to_owned()) <= in_errors + ROUNDING, "{d} is more than {in_errors}");
        }
        (bound > FAR).then_some(distance / bound)
    }

    #[test]
    fn the_true_distance_never_exceeds_the_certified_one_at_random_stops_of_a_thousand_problems() {
        let mut rng = ChaCha8Rng::seed_from_u64(20_240_301);
        let (mut separated, mut ratios) = (0, Vec::new());
        for _ in 0..1000 {
            let rows = problem(&mut rng);
            let optimum = newton(&rows);
            separated += usize::from(optimum.is_none());
            for _ in 0..4 {
                ratios.extend(ratio_at_a_stop(&rows, optimum.as_ref(), &mut rng));
            }
        }
        ratios.sort_by(f64::total_cmp);
        // The test can fail: many stops are far from the optimum, some as far as the bound, some problems have none.
        assert!(ratios.len() > 800 && separated > 10, "{} {separated}", ratios.len());
        assert!(ratios[ratios.len() - 1] > 0.99 && ratios[ratios.len() / 2] > 0.5, "{ratios:?}");
    }

    #[test]
    fn of_a_quadratic_the_way_to_go_leads_to_the_least_squares_solution() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..200 {
            let rows = problem(&mut rng);
            let glm = Glm::new(&rows, Loss::Squared);
            let p = rows.x.ncols();
            let weight = |i: usize| rows.weight.as_ref().map_or(1.0, |w| w[i]);
            let target = |i: usize| rows.y[i] - rows.offset.as_ref().map_or(0.0, |o| o[i]);
            let sum = |f: &dyn Fn(usize) -> f64| (0..rows.y.len()).map(f).sum::<f64>();
            let cross = |j: usize, k: usize| sum(&|i| weight(i) * rows.x[[i, j]] * rows.x[[i, k]]);
            let solution = solve(
                (0..p).map(|j| (0..p).map(|k| cross(j, k)).collect()).collect(),
                (0..p).map(|j| sum(&|i| weight(i) * rows.x[[i, j]] * target(i))).collect(),
            );
            let stop = Array1::from_shape_fn(p, |_| rng.random_range(-3.0..3.0));
            let (_, gradient, root) = glm.all_at(&stop);
            let apart = &stop - &Array1::from(solution);
            let wrong = norm(&(way_to_go(&root, &gradient) - &apart)) / norm(&apart);
            assert!(wrong < 1e-9, "{wrong}");
            let (decrement, distance) = (newton_decrement(&root, &gradient), norm(&root.dot(&apart)));
            assert!((decrement - distance).abs() < 1e-9 * distance);
        }
    }
}
