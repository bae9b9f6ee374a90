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

/// R's quantile of type 7 of sorted values.
pub fn quantile_type7(sorted: &[f64], p: f64) -> f64 {
    let h = (sorted.len() - 1) as f64 * p;
    let low = h.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (h - low as f64) * (sorted[high] - sorted[low])
}

/// Hosmer-Lemeshow goodness of fit with risks cut at their quantiles 0, 1/g, ..., 1 (type 7), groups closed on the
/// right; a risk equal to a cut but for rounding belongs to the lower group. Cuts that coincide make fewer groups.
///
/// risk, outcome: one a row, weights count rows. `None` with fewer than three groups.
/// Source: Hosmer & Lemeshow 1980; its power depends on n and on the grouping, hence only on request.
pub fn hosmer_lemeshow(
    risk: &[f64],
    outcome: &[f64],
    weight: Option<&[f64]>,
    groups: usize,
) -> Option<HosmerLemeshowTest> {
    const ROUNDING: f64 = 1e-10; // relative: far above rounding, far below any real difference of risks
    if risk.is_empty() || groups < 3 {
        return None;
    }
    let mut sorted = risk.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut cuts: Vec<f64> = (1..groups).map(|k| quantile_type7(&sorted, k as f64 / groups as f64)).collect();
    cuts.dedup_by(|a, b| (*a - *b).abs() <= ROUNDING * b.abs());
    let mut table = vec![[0.0_f64; 3]; cuts.len() + 1]; // rows, events observed, events expected
    for (i, r) in risk.iter().enumerate() {
        let w = weight.map_or(1.0, |w| w[i]);
        let group = cuts.partition_point(|cut| *r > cut + ROUNDING * cut.abs());
        table[group][0] += w;
        table[group][1] += w * outcome[i];
        table[group][2] += w * r;
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
