//! The number needed to treat in Altman's form: with infinity in the middle where the difference may be zero.

use crate::effects::measure::Effect;

/// Whether the event is what one wishes to avoid or to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventIs {
    /// A death, a complication: fewer are better.
    Bad,
    /// A recovery: more are better.
    Good,
}

/// Patients to treat for one of them to benefit (NNTB) or to be harmed (NNTH).
#[derive(Debug, Clone, PartialEq)]
pub struct Needed {
    /// 1 / |risk difference|; infinite where the difference is 0.
    pub estimate: f64,
    /// Whether the estimate is one of benefit.
    pub is_benefit: bool,
    /// The end of the interval on the side of the larger effect in the estimate's direction.
    pub near: End,
    /// The other end.
    pub far: End,
    /// Whether the interval goes through infinity: the difference may be 0.
    pub spans_infinity: bool,
    /// As printed, e.g. `NNTB 9.9 (5.9 to 32)` or `NNTB 25 (NNTB 8.0 to infinity to NNTH 30)`.
    pub text: String,
}

/// One end of the interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct End {
    /// Patients; may be infinite.
    pub number: f64,
    /// Benefit or harm.
    pub is_benefit: bool,
}

/// The number needed to treat of a risk difference (treated minus reference) and its interval.
///
///   NNT = 1 / |risk difference|, its interval the reciprocals of the difference's
///
/// An interval of the difference from below to above zero becomes one from benefit through infinity to harm.
/// Source: Altman 1998, BMJ 317:1309-1312.
pub fn needed(difference: &Effect, event: EventIs) -> Needed {
    // The gain: how much less of a bad event, or how much more of a good one.
    let (gain, low, high) = match event {
        EventIs::Good => (difference.estimate, difference.low, difference.high),
        EventIs::Bad => (-difference.estimate, -difference.high, -difference.low),
    };
    let is_benefit = gain >= 0.0;
    let end = |gain: f64| End { number: 1.0 / gain.abs(), is_benefit: gain >= 0.0 };
    let (near, far) = if is_benefit { (end(high), end(low)) } else { (end(low), end(high)) };
    let spans_infinity = low < 0.0 && high > 0.0;
    let estimate = 1.0 / gain.abs();
    let name = |is_benefit: bool| if is_benefit { "NNTB" } else { "NNTH" };
    let interval = if spans_infinity {
        format!(
            "{} {} to infinity to {} {}",
            name(near.is_benefit),
            patients(near.number),
            name(far.is_benefit),
            patients(far.number)
        )
    } else {
        format!("{} to {}", patients(near.number), patients(far.number))
    };
    let text = format!("{} {} ({interval})", name(is_benefit), patients(estimate));
    Needed { estimate, is_benefit, near, far, spans_infinity, text }
}

/// One decimal below 10, whole patients from there on.
fn patients(number: f64) -> String {
    const ONE_DECIMAL_BELOW: f64 = 9.95; // what rounds to 10.0 is written 10
    if number.is_infinite() {
        "infinity".to_string()
    } else if number < ONE_DECIMAL_BELOW {
        format!("{number:.1}")
    } else {
        format!("{number:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(estimate: f64, low: f64, high: f64, event: EventIs) -> String {
        needed(&Effect { estimate, std_error: 0.0, low, high, p_value: None }, event).text
    }

    /// A gain of 3.9% (-4.1% to 11.9%): 1/0.039 = 25.6, 1/0.119 = 8.4, 1/0.041 = 24.4.
    #[test]
    fn an_interval_that_spans_zero_goes_through_infinity() {
        let difference = Effect { estimate: 0.039, std_error: 0.04, low: -0.041, high: 0.119, p_value: None };
        let found = needed(&difference, EventIs::Good);
        assert!(found.spans_infinity && found.is_benefit);
        assert!((found.near.number - 8.4).abs() < 0.05 && (found.far.number - 24.4).abs() < 0.05);
        assert_eq!(found.text, "NNTB 26 (NNTB 8.4 to infinity to NNTH 24)");
    }

    #[test]
    fn benefit_and_harm_depend_on_what_the_event_is() {
        assert_eq!(text(-0.101, -0.1695, -0.03125, EventIs::Bad), "NNTB 9.9 (5.9 to 32)");
        assert_eq!(text(-0.101, -0.1695, -0.03125, EventIs::Good), "NNTH 9.9 (5.9 to 32)");
        assert_eq!(text(0.02, -0.01, 0.05, EventIs::Bad), "NNTH 50 (NNTH 20 to infinity to NNTB 100)");
    }

    #[test]
    fn an_end_at_zero_is_infinite() {
        assert_eq!(text(-0.1, -0.2, 0.0, EventIs::Bad), "NNTB 10 (5.0 to infinity)");
    }
}
