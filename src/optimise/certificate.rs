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
///   if nu rho < 1:  distance <= -ln(1 - nu rho) / rho
///
/// Why: along b + t d the logistic curvature of row i changes by at most the factor exp(-t |x_i.d|), and
/// |x_i.d| <= rho r with r = sqrt(d'Hd). With d = b* - b, 0 = g.d + int_0^1 d'H(b + t d)d dt gives
/// nu r >= -g.d >= r^2 (1 - exp(-rho r)) / (rho r), that is nu rho >= 1 - exp(-rho r). The same inequality shows
/// that the loss grows along every ray when nu rho < 1, so that the optimum exists.
/// Source of the curvature's bound: Bach 2010, Electronic Journal of Statistics 4:384-414, lemma 1.
///
/// `None` where nu rho >= 1: nothing can be said.
pub fn logistic_distance(decrement: f64, largest_leverage: f64) -> Option<f64> {
    let rho = largest_leverage.sqrt();
    let product = decrement * rho;
    if !product.is_finite() || product >= 1.0 {
        return None;
    }
    Some(if rho > 0.0 { -(-product).ln_1p() / rho } else { decrement })
}

/// How much larger the bound becomes when the standard errors at the optimum are the yardstick: exp(rho r / 2).
pub fn yardstick_factor(distance: f64, largest_leverage: f64) -> f64 {
    (0.5 * largest_leverage.sqrt() * distance).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_the_optimum_the_bound_is_the_decrement() {
        let bound = logistic_distance(1e-9, 25.0).expect("small enough");
        assert!((bound - 1e-9).abs() < 1e-16);
        assert!(logistic_distance(0.5, 25.0).is_none());
    }
}
