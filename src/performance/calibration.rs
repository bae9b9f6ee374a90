//! Calibration: the Hosmer-Lemeshow test, on request only.

use crate::num::special::chi_squared_upper;

/// The test's result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HosmerLemeshowTest {
    /// Groups that hold at least one row.
    pub groups: usize,
    /// Sum over groups of (O1 - E1)^2/E1 + (O0 - E0)^2/E0.
    pub chisq: f64,
    /// Groups - 2.
    pub df: usize,
    /// Upper tail.
    pub p_value: f64,
}

/// Risks that differ by less than this share are equal: far above rounding, far below any real difference of risks.
const ROUNDING: f64 = 1e-10;

/// Hosmer-Lemeshow goodness of fit with risks cut at their quantiles 0, 1/g, ..., 1 (type 7), groups closed on the
/// right; a risk equal to a cut but for rounding belongs to the lower group. Cuts that coincide make fewer groups.
///
/// risk, outcome: one a row; weights count rows, for the cuts too. `None` with fewer than three groups.
/// Source: Hosmer & Lemeshow 1980; its power depends on n and on the grouping, hence only on request.
pub fn hosmer_lemeshow(
    risk: &[f64],
    outcome: &[f64],
    weight: Option<&[f64]>,
    groups: usize,
) -> Option<HosmerLemeshowTest> {
    if groups < 3 {
        return None;
    }
    let copies_of = |i: usize| weight.map_or(1.0, |w| w[i]);
    let mut order: Vec<usize> = (0..risk.len()).filter(|i| copies_of(*i) > 0.0).collect();
    order.sort_by(|a, b| risk[*a].total_cmp(&risk[*b]));
    let cuts = cuts(order.iter().map(|i| (risk[*i], copies_of(*i))), groups);
    tested((0..risk.len()).map(|i| (risk[i], outcome[i], copies_of(i))), &cuts)
}

/// As [`hosmer_lemeshow`], of rows (risk, outcome, weight above 0) in the order of their risks.
pub fn hosmer_lemeshow_of_sorted(
    rows: impl Iterator<Item = (f64, f64, f64)> + Clone,
    groups: usize,
) -> Option<HosmerLemeshowTest> {
    if groups < 3 {
        return None;
    }
    let cuts = cuts(rows.clone().map(|(risk, _, copies)| (risk, copies)), groups);
    tested(rows, &cuts)
}

/// The inner cuts of g groups: R's quantiles of type 7 of sorted risks with so many copies each, those that coincide as one.
fn cuts(sorted: impl Iterator<Item = (f64, f64)> + Clone, groups: usize) -> Vec<f64> {
    let copies: f64 = sorted.clone().map(|(_, copies)| copies).sum();
    let heights: Vec<f64> =
        (1..groups).map(|k| (copies - 1.0).max(0.0) * (k as f64 / groups as f64)).collect();
    let mut places: Vec<f64> = heights.iter().flat_map(|h| [h.floor(), h.floor() + 1.0]).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let (mut rows, mut here, mut passed) = (sorted, f64::NAN, 0.0);
    let risks: Vec<f64> = places
        .iter()
        .map(|place| {
            while passed <= *place {
                let Some((risk, copies)) = rows.next() else { break };
                (here, passed) = (risk, passed + copies);
            }
            here
        })
        .collect();
    let at = |place: f64| risks[places.partition_point(|p| *p < place)];
    let mut cuts: Vec<f64> = heights
        .iter()
        .map(|h| {
            let (low, high) = (at(h.floor()), at(h.floor() + 1.0));
            low + (h - h.floor()) * (high - low)
        })
        .collect();
    cuts.dedup_by(|a, b| (*a - *b).abs() <= ROUNDING * b.abs());
    cuts
}

fn tested(rows: impl Iterator<Item = (f64, f64, f64)>, cuts: &[f64]) -> Option<HosmerLemeshowTest> {
    let mut table = vec![[0.0_f64; 3]; cuts.len() + 1]; // rows, events observed, events expected
    for (risk, outcome, copies) in rows {
        let group = cuts.partition_point(|cut| risk > cut + ROUNDING * cut.abs());
        table[group][0] += copies;
        table[group][1] += copies * outcome;
        table[group][2] += copies * risk;
    }
    table.retain(|g| g[0] > 0.0);
    let chisq = table
        .iter()
        .map(|[n, observed, expected]| {
            let squared = (observed - expected).powi(2);
            squared / expected + squared / (n - expected)
        })
        .sum();
    let df = table.len().checked_sub(2).filter(|df| *df > 0)?;
    Some(HosmerLemeshowTest { groups: table.len(), chisq, df, p_value: chi_squared_upper(chisq, df as f64) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty rows with risks 0.02 to 0.95, some equal.
    fn rows() -> (Vec<f64>, Vec<f64>) {
        let risk = (0..30).map(|i| 0.02 + 0.031 * f64::from(i - i % 2)).collect();
        let outcome = (0..30).map(|i| f64::from(u8::from((i * 7) % 30 < i))).collect();
        (risk, outcome)
    }

    /// R 4.2: cut(p, c(0, quantile(p, 1:4/5) * (1 + 1e-12), 1)) and the sums over its groups.
    #[test]
    fn five_groups_of_thirty_rows_agree_with_r() {
        let (risk, outcome) = rows();
        let test = hosmer_lemeshow(&risk, &outcome, None, 5).expect("five groups");
        assert_eq!((test.groups, test.df), (5, 3));
        assert!((test.chisq - 1.22320306456422).abs() < 1e-12, "{}", test.chisq);
        assert!((test.p_value - 0.7474448063730013).abs() < 1e-12, "{}", test.p_value);
    }

    #[test]
    fn weights_equal_repeated_rows_in_the_cuts_too() {
        let (risk, outcome) = rows();
        let weight: Vec<f64> = (0..30).map(|i| f64::from(i % 4)).collect();
        let repeat = |of: &[f64]| -> Vec<f64> {
            of.iter().zip(&weight).flat_map(|(v, w)| std::iter::repeat_n(*v, *w as usize)).collect()
        };
        let weighted = hosmer_lemeshow(&risk, &outcome, Some(&weight), 4).expect("four groups");
        let repeated = hosmer_lemeshow(&repeat(&risk), &repeat(&outcome), None, 4).expect("four groups");
        assert!((weighted.chisq - repeated.chisq).abs() < 1e-12 && weighted.df == repeated.df);
    }

    #[test]
    fn sorted_rows_give_the_same_with_more_groups_than_rows_too() {
        let (risk, outcome) = rows();
        let mut order: Vec<usize> = (0..30).collect();
        order.sort_by(|a, b| risk[*a].total_cmp(&risk[*b]));
        for groups in [3, 10, 29, 40] {
            let weight: Vec<f64> = (0..30).map(|i| f64::from(1 + i % 3)).collect();
            let sorted = order.iter().map(|i| (risk[*i], outcome[*i], weight[*i]));
            let found = hosmer_lemeshow_of_sorted(sorted, groups).expect("groups");
            let wanted = hosmer_lemeshow(&risk, &outcome, Some(&weight), groups).expect("groups");
            assert!((found.chisq - wanted.chisq).abs() < 1e-12 * wanted.chisq && found.df == wanted.df);
        }
    }

    #[test]
    fn risks_of_two_values_make_too_few_groups() {
        assert!(hosmer_lemeshow(&[0.2, 0.2, 0.7, 0.7], &[0.0, 1.0, 1.0, 0.0], None, 10).is_none());
    }
}
