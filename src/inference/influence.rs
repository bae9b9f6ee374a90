//! Influence as a reader may see it: how many rows have which leverage and residual, and how far the fit hangs on single rows.

use rayon::prelude::*;

use crate::inference::residual::Residuals;
use crate::inference::solution::Solution;
use crate::num::lanes::{exp_of_negative, widest};
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::panel::Triangle;

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
        let rows = finite(&residuals.leverage, &residuals.standardised_pearson, n_coefficients);
        if rows.is_empty() {
            return None;
        }
        let mut found = Influence::empty(&Limits::of(&rows), n_coefficients);
        found.count(&rows);
        found.alone = n_alone(&residuals.leverage);
        Some(found)
    }

    /// As [`Influence::of`] of the residuals of a fit, by sweeps: one for the limits of the bins, one that counts. Of up to two
    /// million rows the figures of the first are kept for the second. dispersion: as for the residuals.
    pub fn swept(solution: &Solution<'_>, dispersion: f64) -> Option<Influence> {
        const KEPT: usize = 1 << 21;
        let sweep = Sweep::new(solution, dispersion);
        let blocks = 0..solution.rows.n_blocks();
        let keep = solution.rows.n_rows() <= KEPT;
        let first: Vec<(Limits, Option<Figures>)> = blocks
            .into_par_iter()
            .map(|index| {
                let figures = sweep.figures(index);
                (Limits::of(&figures.rows), keep.then_some(figures))
            })
            .collect();
        let limits = first.iter().map(|(limits, _)| *limits).fold(Limits::none(), Limits::and);
        if limits.n_rows == 0 {
            return None;
        }
        let k = solution.n_coefficients();
        let empty = || Influence::empty(&limits, k);
        let counted = first.into_par_iter().enumerate().fold(empty, |mut sum, (index, (_, kept))| {
            let figures = kept.unwrap_or_else(|| sweep.figures(index));
            sum.count(&figures.rows);
            sum.alone += figures.alone;
            sum
        });
        Some(counted.reduce(empty, Influence::and))
    }

    /// Bins without a row.
    fn empty(limits: &Limits, n_coefficients: usize) -> Influence {
        let (low, high) = limits.leverage;
        let (least, most) = limits.residual;
        let (low, high) = if high > low * 1.01 { (low, high) } else { (low / 1.1, high * 1.1) };
        Influence {
            leverage_edges: (0..=LEVERAGE_BINS)
                .map(|k| low * (high / low).powf(k as f64 / LEVERAGE_BINS as f64))
                .collect(),
            residual_edges: (0..=RESIDUAL_BINS)
                .map(|k| least + (most - least) * k as f64 / RESIDUAL_BINS as f64)
                .collect(),
            rows: vec![0; LEVERAGE_BINS * RESIDUAL_BINS],
            n_coefficients,
            n_rows: limits.n_rows,
            cook_above: [0; 3],
            leverage_above: 0,
            largest_cook: 0.0,
            alone: 0,
        }
    }

    /// Counts rows: leverage, standardised residual. Cook's distance is r² h / (k (1 - h)).
    fn count(&mut self, rows: &[(f64, f64)]) {
        let (low, high) = (self.leverage_edges[0], self.leverage_edges[LEVERAGE_BINS]);
        let (least, most) = (self.residual_edges[0], self.residual_edges[RESIDUAL_BINS]);
        let n = self.n_rows as f64;
        let bins_a_ratio = LEVERAGE_BINS as f64 / (high / low).ln();
        let bins_a_difference = RESIDUAL_BINS as f64 / (most - least);
        for (h, r) in rows {
            let cook = cooks_distance(*h, *r, self.n_coefficients);
            let place = (h / low).ln() * bins_a_ratio;
            let level = (r - least) * bins_a_difference;
            self.rows[bin(place, LEVERAGE_BINS) * RESIDUAL_BINS + bin(level, RESIDUAL_BINS)] += 1;
            for (above, limit) in self.cook_above.iter_mut().zip([4.0 / n, NOTABLE[0], NOTABLE[1]]) {
                *above += usize::from(cook > limit);
            }
            self.leverage_above += usize::from(*h > 2.0 * self.n_coefficients as f64 / n);
            self.largest_cook = self.largest_cook.max(cook);
        }
    }

    fn and(mut self, other: Influence) -> Influence {
        self.rows.iter_mut().zip(other.rows).for_each(|(a, b)| *a += b);
        self.cook_above.iter_mut().zip(other.cook_above).for_each(|(a, b)| *a += b);
        self.leverage_above += other.leverage_above;
        self.largest_cook = self.largest_cook.max(other.largest_cook);
        self.alone += other.alone;
        self
    }

    /// The standardised residual at which a row of leverage h has a Cook's distance d: sqrt(d k (1 - h) / h).
    pub fn residual_at(&self, cook: f64, leverage: f64) -> f64 {
        (cook * self.n_coefficients as f64 * (1.0 - leverage).max(0.0) / leverage).sqrt()
    }
}

/// Between which values leverage and residual lie.
#[derive(Debug, Clone, Copy)]
struct Limits {
    leverage: (f64, f64),
    residual: (f64, f64),
    n_rows: usize,
}

impl Limits {
    fn none() -> Limits {
        Limits { leverage: (f64::INFINITY, 0.0), residual: (-1e-9, 1e-9), n_rows: 0 }
    }

    fn of(rows: &[(f64, f64)]) -> Limits {
        let one = |(h, r): &(f64, f64)| Limits { leverage: (*h, *h), residual: (*r, *r), n_rows: 1 };
        rows.iter().map(one).fold(Limits::none(), Limits::and)
    }

    fn and(self, other: Limits) -> Limits {
        let wider = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
        Limits {
            leverage: wider(self.leverage, other.leverage),
            residual: wider(self.residual, other.residual),
            n_rows: self.n_rows + other.n_rows,
        }
    }
}

/// r² h / (k (1 - h)) of a leverage and a standardised Pearson residual.
fn cooks_distance(leverage: f64, residual: f64, n_coefficients: usize) -> f64 {
    residual * residual * leverage / (n_coefficients as f64 * (1.0 - leverage))
}

/// Leverage and standardised residual of the rows where these and Cook's distance are finite.
fn finite(leverage: &[f64], residual: &[f64], n_coefficients: usize) -> Vec<(f64, f64)> {
    let all = leverage.iter().copied().zip(residual.iter().copied());
    all.filter(|(h, r)| *h > 0.0 && r.is_finite() && cooks_distance(*h, *r, n_coefficients).is_finite())
        .collect()
}

/// Above this a leverage counts as 1.
const ALONE: f64 = 1.0 - 1e-14;

fn n_alone(leverage: &[f64]) -> usize {
    leverage.iter().filter(|h| **h > ALONE).count()
}

/// What the picture needs of a block's rows.
struct Figures {
    /// Leverage and standardised Pearson residual.
    rows: Vec<(f64, f64)>,
    alone: usize,
}

/// Works out the figures of blocks: as [`crate::inference::residual::residuals`], and nothing else of a row.
struct Sweep<'a> {
    solution: &'a Solution<'a>,
    triangle: Triangle,
    dispersion: f64,
}

impl<'a> Sweep<'a> {
    fn new(solution: &'a Solution<'a>, dispersion: f64) -> Sweep<'a> {
        Sweep { solution, triangle: Triangle::new(&solution.inverse_root()), dispersion }
    }

    fn figures(&self, index: usize) -> Figures {
        let Solution { rows, loss, beta, .. } = *self.solution;
        let eta = Glm::new(rows, loss).predictors(index, beta);
        let block = rows.block(index);
        let (x, p) = (block.x(), beta.len());
        let x = x.as_standard_layout();
        let x = x.as_slice().unwrap_or_default();
        let mut leverage = self.triangle.squares(eta.len(), |i| &x[i * p..(i + 1) * p]);
        let mut residual = vec![0.0; eta.len()];
        let (n, dispersion) = (self.solution.n(), self.dispersion);
        widest(
            #[inline(always)]
            || {
                for (((h, r), eta), y) in leverage.iter_mut().zip(&mut residual).zip(&eta).zip(&block.y) {
                    let (pearson, curvature) = match loss {
                        Loss::Squared => (y - eta, 1.0),
                        Loss::Logistic => pearson_and_curvature(*eta, *y),
                    };
                    *h *= curvature / n;
                    let rest = if *h < ALONE { 1.0 - *h } else { f64::NAN };
                    *r = pearson / (dispersion * rest).sqrt();
                }
            },
        );
        Figures { rows: finite(&leverage, &residual, p), alone: n_alone(&leverage) }
    }
}

/// Of a logistic model, from one exponential: for an event exp(-eta/2), for a non-event -exp(eta/2); and mu (1 - mu).
#[inline(always)]
fn pearson_and_curvature(eta: f64, y: f64) -> (f64, f64) {
    let sign = if y > 0.5 { 1.0 } else { -1.0 };
    let root = exp_of_negative(-0.5 * eta.abs());
    let odds = root * root;
    let pearson = sign * if sign * eta >= 0.0 { root } else { 1.0 / root };
    (pearson, odds / ((1.0 + odds) * (1.0 + odds)))
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
    fn a_sweep_finds_the_figures_of_the_residuals() {
        use crate::inference::fixture::{AM, HP, MPG, WT, optimum, rows, with_intercept};
        for (loss, outcome) in [(Loss::Logistic, &AM), (Loss::Squared, &MPG)] {
            let rows = rows(with_intercept(&[&HP, &WT]), outcome);
            let (beta, value, root) = optimum(&rows, loss);
            let dispersion = if loss == Loss::Squared { 2.0 * 32.0 * value / 29.0 } else { 1.0 };
            let solution = Solution { rows: &rows, loss, beta: &beta, root: &root };
            let wanted = crate::inference::residual::residuals(&solution, dispersion);
            let found = Sweep::new(&solution, dispersion).figures(0);
            assert_eq!((found.rows.len(), found.alone), (32, 0));
            for (i, (h, r)) in found.rows.iter().enumerate() {
                assert!((h / wanted.leverage[i] - 1.0).abs() < 1e-13, "{loss:?} {i}: {h}");
                assert!((r / wanted.standardised_pearson[i] - 1.0).abs() < 1e-13, "{loss:?} {i}: {r}");
                let cook = cooks_distance(*h, *r, 3);
                assert!((cook / wanted.cooks_distance[i] - 1.0).abs() < 1e-13, "{loss:?} {i}: {cook}");
            }
            let swept = Influence::swept(&solution, dispersion).expect("rows");
            assert_eq!(swept.rows, Influence::of(&wanted, 3).expect("rows").rows, "{loss:?}");
        }
    }

    #[test]
    fn rows_that_stand_alone_are_told_and_not_drawn() {
        let found = Influence::of(&residuals(&[(1.0, f64::NAN), (0.2, 1.0), (0.2, -1.0)], 2.0), 2);
        let found = found.expect("two rows");
        assert_eq!((found.alone, found.n_rows), (1, 2));
        assert!(Influence::of(&residuals(&[(1.0, f64::NAN)], 1.0), 1).is_none());
    }
}
