//! Case mix: what the patients of a sample are like, as aggregates, and how two samples differ.

use ndarray::{Array1, Array2};

use crate::data::table::{Column, Values};
use crate::num::linalg::{is_regular, solve_upper_transposed, triangular_factor};
use crate::performance::refit::mean_and_spread;

/// Mean and standard deviation (n - 1) of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Rows (sum of weights).
    pub n: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation; NaN of a single row.
    pub sd: f64,
}

/// One variable of a sample.
#[derive(Debug, Clone, PartialEq)]
pub enum Mix {
    /// A number, or a date as days since 1970-01-01.
    Number(Moments),
    /// Levels, each with its share.
    Levels {
        /// Rows (sum of weights).
        n: f64,
        /// Level and share, in the order of the levels.
        shares: Vec<(String, f64)>,
    },
}

/// A sample: its variables by name, its outcome (logistic: 0 and 1), and the linear predictor of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseMix {
    /// The variables on the right-hand side.
    pub variables: Vec<(String, Mix)>,
    /// The outcome.
    pub outcome: Moments,
    /// The linear predictor.
    pub linear_predictor: Moments,
}

/// Mean and standard deviation of one number a row; weights count rows.
pub fn moments(values: &[f64], weight: Option<&[f64]>) -> Moments {
    let n = weight.map_or(values.len() as f64, |w| w.iter().sum());
    let (mean, spread) = mean_and_spread(values, weight);
    let sd = if n > 1.0 { spread * (n / (n - 1.0)).sqrt() } else { f64::NAN };
    Moments { n, mean, sd }
}

/// What a column without missing cells is like.
pub fn mix(column: &Column, weight: Option<&[f64]>) -> Mix {
    match &column.values {
        Values::Number(v) | Values::Date(v) => Mix::Number(moments(v, weight)),
        Values::Category { codes, levels } => {
            let mut counts = vec![0.0; levels.len()];
            for (row, code) in codes.iter().enumerate() {
                counts[*code as usize] += weight.map_or(1.0, |w| w[row]);
            }
            let n: f64 = counts.iter().sum();
            let shares = levels.iter().zip(&counts).map(|(l, c)| (l.clone(), c / n)).collect();
            Mix::Levels { n, shares }
        }
    }
}

/// Standardised difference of two numbers: (mean_b - mean_a) / sqrt((sd_a^2 + sd_b^2) / 2).
///
/// `None` where neither varies. Source: Austin 2009, Stat Med 28:3083-3107.
pub fn difference_of_means(a: &Moments, b: &Moments) -> Option<f64> {
    let pooled = (0.5 * (a.sd * a.sd + b.sd * b.sd)).sqrt();
    Some((b.mean - a.mean) / pooled).filter(|d| d.is_finite())
}

/// Standardised difference of two categorical variables, never negative: sqrt(d' S⁻¹ d), d the differences of the
/// shares without the first level's, S the mean of the two multinomial covariances. With two levels it is
/// |p_b - p_a| / sqrt((p_a (1 - p_a) + p_b (1 - p_b)) / 2).
///
/// Levels are matched by name; one that a sample has not has the share 0 there. `None` where S is singular: neither
/// varies, or they have no level in common. Source: Yang & Dalton 2012, SAS Global Forum 335-2012.
pub fn difference_of_shares(a: &[(String, f64)], b: &[(String, f64)]) -> Option<f64> {
    let share =
        |of: &[(String, f64)], level: &str| of.iter().find(|(l, _)| l == level).map_or(0.0, |(_, p)| *p);
    let mut levels: Vec<&String> = a.iter().chain(b).filter(|(_, p)| *p > 0.0).map(|(l, _)| l).collect();
    let mut seen = Vec::new();
    levels.retain(|l| !seen.contains(l) && (seen.push(*l), true).1);
    let k = levels.len();
    if k < 2 {
        return None;
    }
    let of = |sample: &[(String, f64)]| -> Vec<f64> { levels.iter().map(|l| share(sample, l)).collect() };
    let (p, q) = (of(a), of(b));
    // Covariance of the indicators of levels 2..k: sum over levels l of p_l (e_l - p)(e_l - p)'.
    let mut centred = Array2::zeros((2 * k, k - 1));
    for (s, shares) in [&p, &q].into_iter().enumerate() {
        for l in 0..k {
            for j in 1..k {
                let indicator = if l == j { 1.0 } else { 0.0 };
                centred[[s * k + l, j - 1]] = (0.5 * shares[l]).sqrt() * (indicator - shares[j]);
            }
        }
    }
    let root = triangular_factor(&centred);
    let d: Array1<f64> = (1..k).map(|j| q[j] - p[j]).collect();
    is_regular(&root).then(|| {
        let solved = solve_upper_transposed(&root, &d);
        solved.dot(&solved).sqrt()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(of: &[(&str, f64)]) -> Vec<(String, f64)> {
        of.iter().map(|(l, p)| ((*l).to_string(), *p)).collect()
    }

    #[test]
    fn two_levels_give_the_formula_of_proportions() {
        let d =
            difference_of_shares(&shares(&[("m", 0.7), ("f", 0.3)]), &shares(&[("f", 0.45), ("m", 0.55)]));
        let wanted = 0.15 / (0.5 * (0.3 * 0.7 + 0.45 * 0.55_f64)).sqrt();
        assert!((d.expect("regular") - wanted).abs() < 1e-13, "{d:?} {wanted}");
    }

    /// The first level left out makes no difference: the distance is the same for any order.
    #[test]
    fn the_order_of_three_levels_makes_no_difference() {
        let a = [("x", 0.2), ("y", 0.5), ("z", 0.3)];
        let b = [("x", 0.4), ("y", 0.35), ("z", 0.25)];
        let turned = |of: &[(&'static str, f64)]| shares(&[of[2], of[0], of[1]]);
        let one = difference_of_shares(&shares(&a), &shares(&b)).expect("regular");
        let other = difference_of_shares(&turned(&a), &turned(&b)).expect("regular");
        assert!((one - other).abs() < 1e-13 && one > 0.0);
        assert_eq!(difference_of_shares(&shares(&a), &shares(&a)), Some(0.0));
        assert_eq!(difference_of_shares(&shares(&[("x", 1.0)]), &shares(&[("x", 1.0), ("y", 0.0)])), None);
    }

    #[test]
    fn weights_repeat_rows_and_a_constant_has_no_difference() {
        let weighted = moments(&[1.0, 4.0, 2.0], Some(&[2.0, 1.0, 3.0]));
        let repeated = moments(&[1.0, 1.0, 4.0, 2.0, 2.0, 2.0], None);
        assert!((weighted.sd - repeated.sd).abs() < 1e-15 && weighted.n == 6.0);
        let constant = moments(&[2.0, 2.0], None);
        assert_eq!(difference_of_means(&constant, &constant), None);
        let d = difference_of_means(&moments(&[0.0, 2.0], None), &moments(&[1.0, 3.0], None));
        assert!((d.expect("varies") - 1.0 / 2.0_f64.sqrt()).abs() < 1e-15);
    }
}
