//! Unadjusted effects: two arms compared by their outcomes alone.

use crate::effects::measure::{Effect, Measure, WaldBy};
use crate::inference::table::Reference;

/// Counts or moments of one arm; n is the sum of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// Patients.
    pub n: f64,
    /// Mean outcome: the risk, where it is 0 or 1.
    pub mean: f64,
    /// sum w (y - mean)².
    pub squares: f64,
}

impl Tally {
    /// Of the rows of one arm: outcomes and weights.
    pub fn of(rows: impl Iterator<Item = (f64, f64)> + Clone) -> Tally {
        let n: f64 = rows.clone().map(|(_, w)| w).sum();
        let mean = rows.clone().map(|(y, w)| w * y).sum::<f64>() / n;
        Tally { n, mean, squares: rows.map(|(y, w)| w * (y - mean) * (y - mean)).sum() }
    }

    /// Standard deviation with n - 1 below; `None` for a single patient.
    pub fn sd(&self) -> Option<f64> {
        (self.n > 1.0).then(|| (self.squares / (self.n - 1.0)).sqrt())
    }
}

/// Risk difference, risk ratio and odds ratio of the two-by-two table, each with a Wald interval, the ratios' on the
/// logarithm; `None` where one is not defined (an empty cell).
///
///   var(difference) = p1 (1 - p1)/n1 + p0 (1 - p0)/n0
///   var(ln risk ratio) = 1/a - 1/n1 + 1/c - 1/n0,  var(ln odds ratio) = 1/a + 1/b + 1/c + 1/d
///
/// a, b: events and others of the arm; c, d: of the reference. Source: Katz et al. 1978, Biometrics 34:469-474;
/// Woolf 1955, Annals of Human Genetics 19:251-253.
pub fn of_risks(arm: &Tally, reference: &Tally, conf_level: f64) -> Vec<(Measure, Option<Effect>)> {
    let by = WaldBy::new(Reference::Normal, conf_level);
    let (p1, p0) = (arm.mean, reference.mean);
    let part = |measure: Measure, p: f64, n: f64| match measure {
        Measure::Difference => p * (1.0 - p) / n,
        Measure::Ratio => (1.0 - p) / (p * n),
        Measure::OddsRatio => 1.0 / (p * n) + 1.0 / ((1.0 - p) * n),
    };
    Measure::OF_RISKS
        .into_iter()
        .map(|measure| {
            let variance = part(measure, p1, arm.n) + part(measure, p0, reference.n);
            (measure, measure.effect(measure.on_scale(p1, p0), variance.sqrt(), &by))
        })
        .collect()
}

/// The difference of two means with the pooled standard deviation and t of n1 + n0 - 2 degrees of freedom.
pub fn of_means(arm: &Tally, reference: &Tally, conf_level: f64) -> Vec<(Measure, Option<Effect>)> {
    let df = arm.n + reference.n - 2.0;
    let effect = (df > 0.0).then(|| {
        let variance = (arm.squares + reference.squares) / df;
        let std_error = (variance * (1.0 / arm.n + 1.0 / reference.n)).sqrt();
        let by = WaldBy::new(Reference::T(df), conf_level);
        Measure::Difference.effect(arm.mean - reference.mean, std_error, &by)
    });
    vec![(Measure::Difference, effect.flatten())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= 1e-6 * wanted.abs(), "{got} is not {wanted}");
    }

    /// The Physicians' Health Study: infarctions in 189 of 11,034 on placebo and in 104 of 11,037 on aspirin; the odds
    /// ratio is 1.83 (1.44 to 2.33), the standard error of its logarithm 0.123, the difference 0.0077 with standard
    /// error 0.0015. Source: Agresti 2007, An Introduction to Categorical Data Analysis, s. 2.2 and 2.3.
    #[test]
    fn aspirin_and_infarction() {
        let tally = |events: f64, n: f64| {
            let p = events / n;
            Tally { n, mean: p, squares: n * p * (1.0 - p) }
        };
        let found = of_risks(&tally(189.0, 11_034.0), &tally(104.0, 11_037.0), 0.95);
        let [difference, _, odds] = [0, 1, 2].map(|k| found[k].1.expect("it is defined"));
        assert_eq!(format!("{:.4} {:.4}", difference.estimate, difference.std_error), "0.0077 0.0015");
        let text = format!("{:.2} ({:.2} to {:.2})", odds.estimate, odds.low, odds.high);
        assert_eq!(
            (text.as_str(), format!("{:.3}", odds.std_error).as_str()),
            ("1.83 (1.44 to 2.33)", "0.123")
        );
    }

    #[test]
    fn weights_equal_repeated_rows() {
        let weighted = [(1.5, 2.0), (2.5, 1.0), (4.0, 3.0)];
        let repeated = [1.5, 1.5, 2.5, 4.0, 4.0, 4.0].map(|y| (y, 1.0));
        let (a, b) = (Tally::of(weighted.into_iter()), Tally::of(repeated.into_iter()));
        near(a.mean, b.mean);
        near(a.sd().expect("six patients"), b.sd().expect("six patients"));
        assert_eq!(a.n, 6.0);
    }

    #[test]
    fn an_empty_cell_leaves_the_difference_alone() {
        let none = Tally { n: 20.0, mean: 0.0, squares: 0.0 };
        let some = Tally { n: 20.0, mean: 0.25, squares: 3.75 };
        let found = of_risks(&none, &some, 0.95);
        assert!(found[0].1.is_some() && found[1].1.is_none() && found[2].1.is_none());
    }
}
