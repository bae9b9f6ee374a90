//! The numbers of a baseline table: moments, quartiles, standardised mean differences.

use ndarray::{Array1, Array2};

use crate::num::linalg::{is_regular, solve_upper_transposed, triangular_factor};

/// A continuous variable in one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation, n - 1 below; `None` for a single value.
    pub sd: Option<f64>,
    /// Median.
    pub median: f64,
    /// Lower quartile.
    pub q1: f64,
    /// Upper quartile.
    pub q3: f64,
    /// Smallest value; `None` where it is withheld.
    pub min: Option<f64>,
    /// Largest value; `None` where it is withheld.
    pub max: Option<f64>,
}

/// Moments and quartiles of values, none of them missing; `None` where there is none.
pub fn moments(values: &[f64]) -> Option<Moments> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some(Moments {
        mean,
        sd: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        median: quantile(&sorted, 0.5),
        q1: quantile(&sorted, 0.25),
        q3: quantile(&sorted, 0.75),
        min: Some(min),
        max: Some(max),
    })
}

/// The value at place (n - 1) p + 1 of sorted values, between neighbours on a straight line: R's type 7.
/// Source: Hyndman & Fan 1996, American Statistician 50:361-365.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * p;
    let below = place.floor() as usize;
    let share = place - place.floor();
    if share == 0.0 { sorted[below] } else { sorted[below] + share * (sorted[below + 1] - sorted[below]) }
}

/// |m1 - m2| / sqrt((s1² + s2²) / 2); `None` where it is not defined (no spread, or a group of one).
/// Source: Austin 2009, Statistics in Medicine 28:3083-3107.
pub fn smd_of_means(a: &Moments, b: &Moments) -> Option<f64> {
    let (s, t) = (a.sd?, b.sd?);
    let difference = (a.mean - b.mean).abs();
    if difference == 0.0 {
        return Some(0.0);
    }
    Some(difference / (0.5 * (s * s + t * t)).sqrt()).filter(|d| d.is_finite())
}

/// sqrt(d' S⁻¹ d): d the difference of the shares of all levels but the first, S the mean of the two multinomial
/// covariances; with two levels |p - q| / sqrt((p (1 - p) + q (1 - q)) / 2).
///
/// counts: patients at each level of the two groups; levels that neither has do not count. `None` where S is
/// singular and the groups differ in what it does not see (no level in common), or a group is empty.
/// Source: Yang & Dalton 2012, SAS Global Forum, paper 335.
pub fn smd_of_counts(a: &[f64], b: &[f64]) -> Option<f64> {
    let (n, m): (f64, f64) = (a.iter().sum(), b.iter().sum());
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let used = (0..a.len()).filter(|l| a[*l] + b[*l] > 0.0);
    let shares: Vec<(f64, f64)> = used.map(|l| (a[l] / n, b[l] / m)).collect();
    if shares.iter().all(|(p, q)| p == q) {
        return Some(0.0);
    }
    let free = shares.len() - 1;
    let difference: Array1<f64> = shares[1..].iter().map(|(p, q)| p - q).collect();
    // S = sum over levels and groups of share / 2 (e_l - shares)(e_l - shares)', whose factor needs no subtraction.
    let rows = Array2::from_shape_fn((2 * shares.len(), free), |(row, k)| {
        let (level, first) = (row / 2, row % 2 == 0);
        let share = |l: usize| if first { shares[l].0 } else { shares[l].1 };
        let own = f64::from(u8::from(level == k + 1));
        (0.5 * share(level)).sqrt() * (own - share(k + 1))
    });
    let root = triangular_factor(&rows);
    if !is_regular(&root) {
        return None;
    }
    let half = solve_upper_transposed(&root, &difference);
    Some(half.dot(&half).sqrt()).filter(|d| d.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= 1e-12 * wanted.abs().max(1.0), "{got} is not {wanted}");
    }

    /// R 4.2: quantile(c(1, 2, 4, 8, 16, 32)), sd of the same.
    #[test]
    fn quartiles_are_r_s_type_7() {
        let found = moments(&[32.0, 1.0, 2.0, 4.0, 8.0, 16.0]).expect("six values");
        assert_eq!([found.q1, found.median, found.q3], [2.5, 6.0, 14.0]);
        near(found.mean, 10.5);
        near(found.sd.expect("six values"), 703.5_f64.sqrt() / 5.0_f64.sqrt());
        assert_eq!(moments(&[]), None);
        assert_eq!(moments(&[3.0]).and_then(|m| m.sd), None);
    }

    #[test]
    fn two_levels_have_the_textbook_s_difference() {
        let (p, q): (f64, f64) = (0.3, 0.45);
        let wanted = (p - q).abs() / (0.5 * (p * (1.0 - p) + q * (1.0 - q))).sqrt();
        near(smd_of_counts(&[70.0, 30.0], &[110.0, 90.0]).expect("defined"), wanted);
    }

    /// The MRC streptomycin trial, baseline condition good, fair, poor; figure: R's tableone by the same formula.
    #[test]
    fn three_levels_agree_with_r() {
        let found = smd_of_counts(&[8.0, 20.0, 24.0], &[8.0, 17.0, 30.0]).expect("defined");
        near(found, 0.17647096056871198);
    }

    #[test]
    fn the_order_of_levels_and_empty_levels_do_not_matter() {
        let found = smd_of_counts(&[5.0, 9.0, 6.0], &[7.0, 4.0, 9.0]).expect("defined");
        near(smd_of_counts(&[6.0, 5.0, 9.0], &[9.0, 7.0, 4.0]).expect("defined"), found);
        near(smd_of_counts(&[5.0, 0.0, 9.0, 6.0], &[7.0, 0.0, 4.0, 9.0]).expect("defined"), found);
    }

    #[test]
    fn groups_without_a_level_in_common_have_no_difference() {
        assert_eq!(smd_of_counts(&[9.0, 0.0], &[0.0, 5.0]), None);
        assert_eq!(smd_of_counts(&[9.0, 0.0], &[5.0, 0.0]), Some(0.0));
        assert_eq!(smd_of_counts(&[0.0, 0.0], &[5.0, 1.0]), None);
    }
}
