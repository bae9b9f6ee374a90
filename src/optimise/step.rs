//! How far along a direction: backtracking on the loss, and on the gradient where rounding hides the loss.

use ndarray::{Array1, ArrayRef1};

/// A point with its value and gradient.
#[derive(Debug, Clone)]
pub struct Point {
    /// The coefficients.
    pub beta: Array1<f64>,
    /// The objective there.
    pub value: f64,
    /// Its gradient there.
    pub gradient: Array1<f64>,
}

/// What gives value and gradient at a point.
pub type Evaluate<'a> = dyn FnMut(&ArrayRef1<f64>) -> (f64, Array1<f64>) + 'a;

/// A step that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it leads.
    pub point: Point,
    /// The length along the direction.
    pub length: f64,
    /// Evaluations that the search took.
    pub evaluations: usize,
}

/// Halvings before a search gives up: 2^-50 of the first trial is rounding.
pub(crate) const MOST_TRIALS: usize = 50;

/// Changes of a value below this share of it may be rounding.
pub(crate) const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Backtracks from `first` along `direction` until the loss falls enough.
///
/// Accepts t when f(b + t d) <= f(b) + c t g.d with c = 1e-4 (Armijo 1966), or, where the change of the loss is
/// within its rounding error, when the slope along d has shrunk without changing sign for the worse
/// (|g(b + t d).d| <= 0.9 |g.d|): the loss alone would stall there. Trials shrink by the minimum of the parabola
/// through what is known, kept within [0.1, 0.5] of the last.
///
/// Returns the evaluations spent when no length is accepted.
///
/// # Errors
/// The number of evaluations, when nothing was accepted.
pub fn backtrack(
    from: &Point,
    direction: &ArrayRef1<f64>,
    first: f64,
    evaluate: &mut Evaluate<'_>,
) -> Result<Found, usize> {
    const ENOUGH_DECREASE: f64 = 1e-4;
    const SLOPE_LEFT: f64 = 0.9;
    let slope = from.gradient.dot(direction);
    if slope.is_nan() || slope >= 0.0 {
        return Err(0);
    }
    let mut length = first;
    for trial in 1..=MOST_TRIALS {
        let mut beta = from.beta.clone();
        beta.scaled_add(length, direction);
        let (value, gradient) = evaluate(&beta);
        let change = value - from.value;
        let armijo = change <= ENOUGH_DECREASE * length * slope;
        let hidden = change.abs() <= ROUNDING * from.value.abs().max(value.abs())
            && gradient.dot(direction).abs() <= SLOPE_LEFT * slope.abs();
        if value.is_finite() && gradient.iter().all(|g| g.is_finite()) && (armijo || hidden) {
            return Ok(Found { point: Point { beta, value, gradient }, length, evaluations: trial });
        }
        let parabola = -slope * length * length / (2.0 * (change - slope * length));
        length = if parabola.is_finite() { parabola.clamp(0.1 * length, 0.5 * length) } else { 0.1 * length };
    }
    Err(MOST_TRIALS)
}

/// Goes to the minimum along `direction`: 1. doubles `first` until the loss or the slope rises; 2. halves the bracket
/// of the slope's root by the secant, Illinois-weighted, until the slope is a billionth of the start's.
///
/// Where the loss rises before the slope does, the bracket's root is a minimum of the loss all the same. Source:
/// Dowell & Jarratt 1971, BIT 11:168-174 (the Illinois weight).
///
/// # Errors
/// The number of evaluations, when the direction does not fall or no finite minimum lies along it.
pub fn to_the_floor(
    from: &Point,
    direction: &ArrayRef1<f64>,
    first: f64,
    evaluate: &mut Evaluate<'_>,
) -> Result<Found, usize> {
    const FLAT: f64 = 1e-9;
    let slope = from.gradient.dot(direction);
    if slope.is_nan() || slope >= 0.0 || !first.is_finite() || first <= 0.0 {
        return Err(0);
    }
    let mut evaluations = 0;
    let mut at = |length: f64| {
        let mut beta = from.beta.clone();
        beta.scaled_add(length, direction);
        let (value, gradient) = evaluate(&beta);
        evaluations += 1;
        let slope = gradient.dot(direction);
        (Found { point: Point { beta, value, gradient }, length, evaluations }, slope)
    };
    let (mut low, mut low_slope) = (0.0, slope);
    let (mut found, mut found_slope) = at(first);
    let beyond = |found: &Found, slope: f64| {
        !found.point.value.is_finite() || slope >= 0.0 || found.point.value > from.value
    };
    while !beyond(&found, found_slope) {
        if found.evaluations >= MOST_TRIALS {
            return Err(found.evaluations);
        }
        (low, low_slope) = (found.length, found_slope);
        (found, found_slope) = at(2.0 * found.length); // 1
    }
    let (mut high, mut high_slope) = (found.length, found_slope);
    let mut last_side = 0;
    while found_slope.abs() > FLAT * slope.abs() || !found.point.value.is_finite() {
        if found.evaluations >= 2 * MOST_TRIALS || high - low <= f64::EPSILON * high {
            break;
        }
        let secant = low - low_slope * (high - low) / (high_slope - low_slope);
        let usable = high_slope > 0.0 && low < secant && secant < high;
        (found, found_slope) = at(if usable { secant } else { 0.5 * (low + high) }); // 2
        let above = beyond(&found, found_slope);
        if above {
            (high, high_slope) = (found.length, found_slope);
            low_slope *= if last_side == 1 { 0.5 } else { 1.0 };
        } else {
            (low, low_slope) = (found.length, found_slope);
            high_slope *= if last_side == -1 { 0.5 } else { 1.0 };
        }
        last_side = if above { 1 } else { -1 };
    }
    if found.point.value <= from.value { Ok(found) } else { Err(found.evaluations) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn too_long_a_first_trial_is_cut_to_the_parabola_s_floor() {
        let mut f = |b: &ArrayRef1<f64>| (0.5 * b.dot(b), b.to_owned());
        let beta = array![1.0, -2.0];
        let (value, gradient) = f(&beta);
        let direction = -&gradient;
        let found = backtrack(&Point { beta, value, gradient }, &direction, 3.0, &mut f).expect("a bowl");
        assert!((found.length - 1.0).abs() < 1e-12);
        assert_eq!(found.evaluations, 2);
    }

    #[test]
    fn the_floor_along_a_line_is_where_the_slope_ends() {
        // f = b^4 - 2 b from b = 0 downhill along +1: 4 t^3 = 2.
        let mut f = |b: &ArrayRef1<f64>| (b[0].powi(4) - 2.0 * b[0], array![4.0 * b[0].powi(3) - 2.0]);
        let (value, gradient) = f(&array![0.0]);
        for first in [1e-3, 1.0, 50.0] {
            let from = Point { beta: array![0.0], value, gradient: gradient.clone() };
            let found = to_the_floor(&from, &array![1.0], first, &mut f).expect("a floor");
            assert!((found.length - 0.5_f64.cbrt()).abs() < 1e-8, "{first}: {}", found.length);
        }
        let mut slide = |b: &ArrayRef1<f64>| (-b[0], array![-1.0]);
        let from = Point { beta: array![0.0], value: 0.0, gradient: array![-1.0] };
        assert!(to_the_floor(&from, &array![1.0], 1.0, &mut slide).is_err());
    }

    #[test]
    fn a_direction_uphill_is_refused() {
        let mut f = |b: &ArrayRef1<f64>| (0.5 * b.dot(b), b.to_owned());
        let (value, gradient) = f(&array![1.0]);
        let up = gradient.clone();
        assert_eq!(backtrack(&Point { beta: array![1.0], value, gradient }, &up, 1.0, &mut f).err(), Some(0));
    }
}
