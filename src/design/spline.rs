//! Restricted cubic splines: Harrell's default knots and the basis that is linear beyond the outer ones.

use crate::design::sample::Sample;

/// The numbers of knots that have default places.
pub const DEFAULT_KNOTS: std::ops::RangeInclusive<usize> = 3..=7;
/// An end value that holds this share of the rows or more is kept out of the quantiles, as `rcspline.eval` does.
const HEAVY_END: f64 = 0.05;
/// Below this number of rows the outer knots are the fifth smallest and the fifth largest value.
const FEW_ROWS: f64 = 100.0;
/// Default knots need at least this many rows.
const LEAST_ROWS: f64 = 6.0;

/// Harrell's default knots, ascending: `count` of them, or in words why there are none.
///
///   quantiles (type 7), equally spaced in probability between the outer ones:
///   .10 and .90 for 3 knots, .05 and .95 for 4 to 6, .025 and .975 for 7
///
/// Where the smallest (or largest) value holds 5 % of the rows or more and no inner value does, its neighbour is
/// the outer knot and the others are quantiles of the values beyond that neighbour. With fewer than 100 rows the
/// outer knots are the fifth smallest and largest value. This is what `Hmisc::rcspline.eval` does.
/// Source: Harrell 2015, Regression Modeling Strategies, s. 2.4.6.
pub fn default_knots(sample: &Sample, count: usize) -> Result<Vec<f64>, String> {
    let distinct = sample.values();
    if distinct.len() < count + 2 {
        return Err(format!(
            "{count} knots need at least {} different values; there are {}",
            count + 2,
            distinct.len()
        ));
    }
    if sample.total() < LEAST_ROWS {
        return Err(format!("default knots need at least {LEAST_ROWS} rows; there are {}", sample.total()));
    }
    if distinct.len() == count + 2 {
        return Ok(distinct[1..=count].to_vec());
    }
    let mut knots = quantile_knots(sample, count);
    knots.sort_by(f64::total_cmp);
    match knots.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(format!(
            "two of the {count} knots fall on the same value, {}, because many rows have it",
            pair[0]
        )),
        None => Ok(knots),
    }
}

fn quantile_knots(sample: &Sample, count: usize) -> Vec<f64> {
    let (mut from, mut to) = (0, sample.values().len());
    let no_heavy_middle = (1..to - 1).all(|k| sample.share(k) < HEAVY_END);
    let heavy_start = no_heavy_middle && sample.share(0) >= HEAVY_END;
    let heavy_end = no_heavy_middle && sample.share(to - 1) >= HEAVY_END;
    let mut knots = Vec::with_capacity(count);
    if heavy_start {
        knots.push(sample.values()[1]);
        from = 2;
    }
    if heavy_end {
        knots.push(sample.values()[to - 2]);
        to -= 2;
    }
    let rest = sample.part(from, to);
    let outer = match count {
        3 => 0.10,
        4..=6 => 0.05,
        _ => 0.025,
    };
    let mut inner: Vec<f64> = match count - knots.len() {
        1 => return [knots, vec![rest.quantile(0.5)]].concat(),
        2 => vec![rest.quantile(0.5), rest.quantile(1.0 - outer)],
        n => spaced(outer, 1.0 - outer, n).map(|p| rest.quantile(p)).collect(),
    };
    if rest.total() < FEW_ROWS {
        let last = inner.len() - 1;
        if !heavy_start {
            inner[0] = rest.place(4.0_f64.min(rest.total() - 1.0));
        }
        if !heavy_end {
            inner[last] = rest.place((rest.total() - 5.0).max(0.0));
        }
    }
    knots.extend(inner);
    knots
}

/// `n` numbers from `from` to `to` at equal distances.
fn spaced(from: f64, to: f64, n: usize) -> impl Iterator<Item = f64> {
    let step = (to - from) / (n - 1) as f64;
    (0..n).map(move |k| if k + 1 == n { to } else { from + step * k as f64 })
}

/// Column `index` (from 1) of the restricted cubic basis at `x`.
///
///   1:      x
///   j + 1:  [(x-tj)+^3 - (x-t(k-1))+^3 (tk-tj)/(tk-t(k-1)) + (x-tk)+^3 (t(k-1)-tj)/(tk-t(k-1))] / (tk-t1)^2
///
/// Beyond tk the cubes cancel; there the linear form (t(k-1)-tj)(tk-tj)(3x - tj - t(k-1) - tk) / (tk-t1)^2 of the
/// same function keeps the digits. knots: at least 3, ascending. A missing `x` gives NaN.
/// Source: Harrell 2015, s. 2.4.5; the divided difference of a cube.
pub fn rcs_value(x: f64, knots: &[f64], index: usize) -> f64 {
    if index == 1 || x.is_nan() {
        return x;
    }
    let k = knots.len();
    let (t, before_last, last) = (knots[index - 2], knots[k - 2], knots[k - 1]);
    let scale = (last - knots[0]) * (last - knots[0]);
    if x <= t {
        0.0
    } else if x <= before_last {
        cube(x - t) / scale
    } else if x < last {
        (cube(x - t) - cube(x - before_last) * ((last - t) / (last - before_last))) / scale
    } else {
        (before_last - t) * (last - t) / scale * ((x - t) + (x - before_last) + (x - last))
    }
}

fn cube(x: f64) -> f64 {
    x * x * x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(got: &[f64], wanted: &[f64]) {
        assert_eq!(got.len(), wanted.len(), "{got:?}");
        for (g, w) in got.iter().zip(wanted) {
            assert!((g - w).abs() <= 1e-12 * w.abs().max(1.0), "{got:?} is not {wanted:?}");
        }
    }

    fn knots(values: impl Iterator<Item = u32>, count: usize) -> Result<Vec<f64>, String> {
        default_knots(&Sample::of(&values.map(f64::from).collect::<Vec<_>>(), None), count)
    }

    /// R: Hmisc::rcspline.eval(1:100, nk = k, knots.only = TRUE).
    #[test]
    fn default_knots_are_harrells_quantiles() {
        assert_near(&knots(1..=100, 3).expect("3"), &[10.9, 50.5, 90.1]);
        assert_near(&knots(1..=100, 4).expect("4"), &[5.95, 35.65, 65.35, 95.05]);
        assert_near(&knots(1..=100, 5).expect("5"), &[5.95, 28.225, 50.5, 72.775, 95.05]);
        assert_near(&knots(1..=100, 7).expect("7"), &[3.475, 19.15, 34.825, 50.5, 66.175, 81.85, 97.525]);
    }

    /// R: Hmisc::rcspline.eval(1:99, nk = 5, knots.only = TRUE), and of 1:20 with 7 knots.
    #[test]
    fn with_few_rows_the_outer_knots_are_the_fifth_values() {
        assert_near(&knots(1..=99, 5).expect("5"), &[5.0, 27.95, 50.0, 72.05, 95.0]);
        assert_near(
            &knots(1..=20, 7).expect("7"),
            &[
                4.483_333_333_333_333,
                5.0,
                7.491_666_666_666_667,
                10.5,
                13.508_333_333_333_333,
                16.0,
                16.516_666_666_666_666,
            ],
        );
    }

    /// R: Hmisc::rcspline.eval(c(rep(0, 40), 1:160), nk = k, knots.only = TRUE).
    #[test]
    fn a_heavy_lowest_value_is_kept_out_of_the_quantiles() {
        let values = || std::iter::repeat_n(0, 40).chain(1..=160);
        assert_near(&knots(values(), 3).expect("3"), &[1.0, 81.0, 144.2]);
        assert_near(&knots(values(), 5).expect("5"), &[1.0, 9.9, 57.3, 104.7, 152.1]);
    }

    /// R: the same of c(rep(0, 5), 1:35, rep(40, 6)), and of c(1:100, rep(120, 40)).
    #[test]
    fn both_ends_may_be_heavy() {
        let both = || std::iter::repeat_n(0, 5).chain(1..=35).chain(std::iter::repeat_n(40, 6));
        assert_near(&knots(both(), 3).expect("3"), &[1.0, 18.0, 35.0]);
        assert_near(&knots(both(), 5).expect("5"), &[1.0, 3.6, 18.0, 32.4, 35.0]);
        let top = || (1..=100).chain(std::iter::repeat_n(120, 40));
        assert_near(&knots(top(), 4).expect("4"), &[5.0, 50.0, 94.1, 100.0]);
    }

    #[test]
    fn knots_that_coincide_or_values_that_are_too_few_are_refused_in_words() {
        let coincide = knots((1..=8).chain(std::iter::repeat_n(3, 200)), 5).expect_err("they coincide");
        assert!(coincide.contains("same value, 3"), "{coincide}");
        let few = knots((0..200).map(|k| k % 4), 4).expect_err("four values");
        assert!(few.contains("at least 6 different values; there are 4"), "{few}");
        assert!(knots(1..=5, 3).expect_err("five rows").contains("at least 6 rows"));
    }

    /// R: Hmisc::rcspline.eval(x, knots = c(2, 3, 7, 11), inclx = TRUE), x = 1, 2.5, 5, 8, 11, 20.
    #[test]
    fn the_basis_is_that_of_hmisc() {
        let t = [2.0, 3.0, 7.0, 11.0];
        let rows = [
            (1.0, 0.0, 0.0),
            (2.5, 0.0015432098765432098, 0.0),
            (5.0, 0.3333333333333333, 0.09876543209876543),
            (8.0, 2.638888888888889, 1.5185185185185186),
            (11.0, 7.222222222222222, 4.7407407407407405),
            (20.0, 22.22222222222222, 15.407407407407407),
        ];
        for (x, second, third) in rows {
            let got: Vec<f64> = (1..=3).map(|j| rcs_value(x, &t, j)).collect();
            assert_near(&got, &[x, second, third]);
        }
    }

    #[test]
    fn the_basis_is_smooth_at_the_knots_and_linear_beyond() {
        let t = [40.0, 52.0, 61.0, 80.0];
        for j in 2..=3 {
            for knot in t {
                let slope = |x: f64| (rcs_value(x + 1e-4, &t, j) - rcs_value(x - 1e-4, &t, j)) / 2e-4;
                assert!((slope(knot - 2e-4) - slope(knot + 2e-4)).abs() < 1e-4);
            }
            let [a, b, c] = [90.0, 100.0, 110.0].map(|x| rcs_value(x, &t, j));
            assert!((a - 2.0 * b + c).abs() < 1e-11);
        }
    }
}
