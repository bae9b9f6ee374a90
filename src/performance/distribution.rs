//! How the risks are distributed among events and non-events, as counts in bins.

/// Counts (sums of weights) in bins of equal width from 0 to 1; the last bin holds the risk 1 too.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskDistribution {
    /// Width of a bin.
    pub width: f64,
    /// Events in each bin; NaN where they are withheld.
    pub events: Vec<f64>,
    /// Non-events in each bin, likewise.
    pub non_events: Vec<f64>,
}

impl RiskDistribution {
    /// Of few rows (fewer than 250) in bins five times as wide: a bar for every patient is no distribution.
    pub fn readable(&self) -> RiskDistribution {
        const MANY_ROWS: f64 = 250.0;
        const TOGETHER: usize = BINS / 10;
        let all: f64 = self.events.iter().chain(&self.non_events).sum();
        let is_few = all < MANY_ROWS; // not where some counts are withheld
        if !is_few || self.events.len() != BINS {
            return self.clone();
        }
        let sums =
            |counts: &[f64]| -> Vec<f64> { counts.chunks(TOGETHER).map(|bins| bins.iter().sum()).collect() };
        let events = sums(&self.events);
        RiskDistribution { width: 1.0 / events.len() as f64, non_events: sums(&self.non_events), events }
    }
}

/// Fifty bins of 0.02.
const BINS: usize = 50;

/// Counts the risks by outcome. risk, outcome, weight: one a row.
pub fn risk_distribution(risk: &[f64], outcome: &[f64], weight: Option<&[f64]>) -> RiskDistribution {
    let mut found =
        RiskDistribution { width: 1.0 / BINS as f64, events: vec![0.0; BINS], non_events: vec![0.0; BINS] };
    for (i, r) in risk.iter().enumerate() {
        let bin = ((r * BINS as f64) as usize).min(BINS - 1);
        let counts = if outcome[i] > 0.5 { &mut found.events } else { &mut found.non_events };
        counts[bin] += weight.map_or(1.0, |w| w[i]);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_bin_also_at_the_ends() {
        let found =
            risk_distribution(&[0.0, 0.019, 0.5, 1.0], &[0.0, 1.0, 1.0, 1.0], Some(&[2.0, 1.0, 1.0, 4.0]));
        assert_eq!((found.non_events[0], found.events[0], found.events[25]), (2.0, 1.0, 1.0));
        assert_eq!(found.events[49], 4.0);
        assert_eq!(found.events.iter().chain(&found.non_events).sum::<f64>(), 8.0);
    }
}
