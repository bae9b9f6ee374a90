//! Influence as a reader may see it: how many rows have which leverage and residual, and how far the fit hangs on single rows.

use crate::inference::residual::Residuals;

/// Counts of rows by leverage and standardised residual; no row can be told but by where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// Ends of the bins of leverage, rising, equal ratios; one more than there are bins.
    pub leverage_edges: Vec<f64>,
    /// Ends of the bins of the standardised Pearson residual, rising, equal differences.
    pub residual_edges: Vec<f64>,
    /// Rows in each bin: leverage by leverage, within it residual by residual.
    pub rows: Vec<usize>,
    /// Coefficients.
    pub n_coefficients: usize,
    /// Rows with finite figures.
    pub n_rows: usize,
    /// Rows whose Cook's distance is above 4/n, above 0.5 and above 1.
    pub cook_above: [usize; 3],
    /// Rows whose leverage is above twice the mean, 2k/n.
    pub leverage_above: usize,
    /// The largest Cook's distance.
    pub largest_cook: f64,
    /// Rows with leverage 1: the only ones of their kind, fitted exactly.
    pub alone: usize,
}

/// Bins along each side.
const LEVERAGE_BINS: usize = 56;
const RESIDUAL_BINS: usize = 48;
/// Cook's distances above which a row is looked at: 0.5 and 1 by custom (Cook & Weisberg 1982), 4/n by convention.
const NOTABLE: [f64; 2] = [0.5, 1.0];

impl Influence {
    /// Counts the rows; `None` where no row has finite figures. n_coefficients: k, those estimated.
    pub fn of(residuals: &Residuals, n_coefficients: usize) -> Option<Influence> {
        let all =
            residuals.leverage.iter().zip(&residuals.standardised_pearson).zip(&residuals.cooks_distance);
        let finite: Vec<(f64, f64, f64)> = all
            .map(|((leverage, residual), cook)| (*leverage, *residual, *cook))
            .filter(|(h, r, d)| *h > 0.0 && r.is_finite() && d.is_finite())
            .collect();
        let n = finite.len();
        let fold = |of: &dyn Fn(&(f64, f64, f64)) -> f64, start: f64, pick: fn(f64, f64) -> f64| {
            finite.iter().map(of).fold(start, pick)
        };
        let (low, high) = (fold(&|x| x.0, f64::INFINITY, f64::min), fold(&|x| x.0, 0.0, f64::max));
        let (least, most) = (fold(&|x| x.1, -1e-9, f64::min), fold(&|x| x.1, 1e-9, f64::max));
        if n == 0 {
            return None;
        }
        let (low, high) = if high > low * 1.01 { (low, high) } else { (low / 1.1, high * 1.1) };
        let leverage_edges: Vec<f64> =
            (0..=LEVERAGE_BINS).map(|k| low * (high / low).powf(k as f64 / LEVERAGE_BINS as f64)).collect();
        let residual_edges: Vec<f64> =
            (0..=RESIDUAL_BINS).map(|k| least + (most - least) * k as f64 / RESIDUAL_BINS as f64).collect();
        let mut rows = vec![0; LEVERAGE_BINS * RESIDUAL_BINS];
        for (h, r, _) in &finite {
            let place = (h / low).ln() / (high / low).ln() * LEVERAGE_BINS as f64;
            let level = (r - least) / (most - least) * RESIDUAL_BINS as f64;
            let (i, j) = (bin(place, LEVERAGE_BINS), bin(level, RESIDUAL_BINS));
            rows[i * RESIDUAL_BINS + j] += 1;
        }
        let above = |limit: f64| finite.iter().filter(|x| x.2 > limit).count();
        Some(Influence {
            leverage_edges,
            residual_edges,
            rows,
            n_coefficients,
            n_rows: n,
            cook_above: [above(4.0 / n as f64), above(NOTABLE[0]), above(NOTABLE[1])],
            leverage_above: finite.iter().filter(|x| x.0 > 2.0 * n_coefficients as f64 / n as f64).count(),
            largest_cook: fold(&|x| x.2, 0.0, f64::max),
            alone: residuals.leverage.iter().filter(|h| **h > 1.0 - 1e-14).count(),
        })
    }

    /// The standardised residual at which a row of leverage h has a Cook's distance d: sqrt(d k (1 - h) / h).
    pub fn residual_at(&self, cook: f64, leverage: f64) -> f64 {
        (cook * self.n_coefficients as f64 * (1.0 - leverage).max(0.0) / leverage).sqrt()
    }
}

fn bin(place: f64, bins: usize) -> usize {
    (place.max(0.0) as usize).min(bins - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residuals(rows: &[(f64, f64)], k: f64) -> Residuals {
        Residuals {
            leverage: rows.iter().map(|r| r.0).collect(),
            standardised_pearson: rows.iter().map(|r| r.1).collect(),
            cooks_distance: rows.iter().map(|(h, r)| r * r * h / (k * (1.0 - h))).collect(),
            ..Residuals::default()
        }
    }

    #[test]
    fn every_finite_row_is_counted_once_and_the_contour_passes_through_its_rows() {
        let rows: Vec<(f64, f64)> =
            (0..500).map(|i| (0.001 * f64::from(1 + i % 37), f64::from(i % 91) / 20.0 - 2.2)).collect();
        let found = Influence::of(&residuals(&rows, 3.0), 3).expect("rows");
        assert_eq!(found.rows.iter().sum::<usize>(), 500);
        assert_eq!(found.n_rows, 500);
        for (h, r) in &rows {
            let cook = r * r * h / (3.0 * (1.0 - h));
            assert!((found.residual_at(cook, *h) - r.abs()).abs() < 1e-12);
        }
        let wanted = rows.iter().filter(|(h, r)| r * r * h / (3.0 * (1.0 - h)) > 4.0 / 500.0).count();
        assert_eq!(found.cook_above[0], wanted);
    }

    #[test]
    fn rows_that_stand_alone_are_told_and_not_drawn() {
        let found = Influence::of(&residuals(&[(1.0, f64::NAN), (0.2, 1.0), (0.2, -1.0)], 2.0), 2);
        let found = found.expect("two rows");
        assert_eq!((found.alone, found.n_rows), (1, 2));
        assert!(Influence::of(&residuals(&[(1.0, f64::NAN)], 1.0), 1).is_none());
    }
}
