//! An estimate with its standard error, and a proportion with Wilson's interval.

/// An estimate and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub std_error: f64,
}

impl Estimate {
    /// Estimate -+ half_width standard errors.
    pub fn interval(&self, half_width: f64) -> (f64, f64) {
        (self.value - half_width * self.std_error, self.value + half_width * self.std_error)
    }
}

/// A share of some rows and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// Count over total.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Wilson's score interval of `count` of `total` with the normal quantile z; `None` of an empty total.
///
///   (p + z^2/2n -+ z sqrt(p (1-p)/n + z^2/4n^2)) / (1 + z^2/n),  p = count/n
///
/// Source: Wilson 1927, J Am Stat Assoc 22:209-212.
pub fn wilson(count: f64, total: f64, z: f64) -> Option<Proportion> {
    if total <= 0.0 {
        return None;
    }
    let (p, square) = (count / total, z * z / total);
    let centre = (p + 0.5 * square) / (1.0 + square);
    let spread = z * ((p * (1.0 - p) + 0.25 * square) / total).sqrt() / (1.0 + square);
    let low = if count <= 0.0 { 0.0 } else { (centre - spread).max(0.0) };
    let high = if count >= total { 1.0 } else { (centre + spread).min(1.0) };
    Some(Proportion { value: p, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe 1998, Stat Med 17:857-872: the score interval of 15 of 148 is 0.0624 to 0.1605.
    #[test]
    fn fifteen_of_148_are_newcombe_s() {
        let found = wilson(15.0, 148.0, 1.959963984540054).expect("a total");
        assert!((found.low - 0.0624).abs() < 5e-5 && (found.high - 0.1605).abs() < 5e-5, "{found:?}");
    }

    /// The ends are the p at which |count/n - p| is z standard errors of p itself.
    #[test]
    fn the_ends_solve_the_score_equation() {
        let (count, n, z) = (7.0, 23.0, 1.7);
        let found = wilson(count, n, z).expect("a total");
        for end in [found.low, found.high] {
            assert!(((count / n - end).abs() - z * (end * (1.0 - end) / n).sqrt()).abs() < 1e-14);
        }
    }

    #[test]
    fn none_and_all_stop_at_the_ends() {
        assert_eq!(wilson(0.0, 5.0, 2.0).map(|p| p.low), Some(0.0));
        assert_eq!(wilson(5.0, 5.0, 2.0).map(|p| p.high), Some(1.0));
        assert_eq!(wilson(0.0, 0.0, 2.0), None);
    }
}
