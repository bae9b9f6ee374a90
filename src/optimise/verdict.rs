//! The descent in words: crawling, about right, oscillating or diverging, judged by the curvature.

use crate::optimise::Descent;
use crate::optimise::method::{Method, Rate};
use crate::optimise::stop::StopReason;

/// How the learning rate went with the valley.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The learning rate is too low: the descent crawls.
    Crawling,
    /// The learning rate is about right.
    AboutRight,
    /// The learning rate is as high as it may be, and the valley is long: the descent crawls all the same.
    LongValley,
    /// The steps jump from wall to wall but still descend.
    Oscillating,
    /// The learning rate is too high: the descent climbs out of the valley.
    Diverging,
}

/// The verdict on a descent, with the curvatures that it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The verdict as one of five.
    pub pace: Pace,
    /// One or two sentences for the reader, with the numbers and the next thing to try.
    pub text: String,
    /// Largest curvature L at the end: the largest eigenvalue of the loss's Hessian.
    pub largest_curvature: f64,
    /// Smallest curvature: the smallest eigenvalue.
    pub smallest_curvature: f64,
}

impl Pace {
    /// The verdict as a short phrase for tables and plots.
    pub fn words(self) -> &'static str {
        match self {
            Pace::Crawling => "too low (crawling)",
            Pace::AboutRight => "about right",
            Pace::LongValley => "about right, but the valley is long",
            Pace::Oscillating => "oscillating",
            Pace::Diverging => "too high (diverging)",
        }
    }
}

/// What the verdict is judged from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Which method ran.
    pub method: &'a Method,
    /// Whether it ran in mini-batches.
    pub mini_batch: bool,
    /// How it ended.
    pub descent: &'a Descent,
    /// The tolerance it aimed at.
    pub tolerance: f64,
    /// Largest and smallest eigenvalue of the Hessian at the minimum (or the stop).
    pub curvatures: (f64, f64),
    /// The loss at the minimum, where it is known.
    pub optimum: Option<f64>,
}

/// The largest learning rate that still converges near the minimum of a quadratic valley with largest curvature L:
/// gradient descent 2/L, heavy ball 2 (1 + friction)/L, Nesterov 4/(3 L), Newton 2. Methods
/// that scale by the gradients they have seen have no such limit.
///
/// Source: Polyak 1964; Lessard, Recht & Packard 2016, SIAM Journal on Optimization 26:57-95.
pub fn stable_limit(method: &Method, largest: f64) -> Option<f64> {
    match method {
        Method::GradientDescent(_) => Some(2.0 / largest),
        Method::Momentum { friction, .. } => Some(2.0 * (1.0 + friction) / largest),
        Method::Nesterov { .. } => Some(4.0 / (3.0 * largest)),
        Method::Newton { .. } => Some(2.0),
        Method::Adam { .. } | Method::AdaGrad { .. } | Method::RmsProp { .. } | Method::Auto => None,
    }
}

/// Updates still needed to bring the gradient norm to the tolerance along the flattest direction, where each
/// update of gradient descent leaves the share 1 - rate mu (heavy ball: rate / (1 - friction)).
fn updates_to_go(evidence: &Evidence<'_>, rate: f64) -> Option<f64> {
    let (_, smallest) = evidence.curvatures;
    let effective = match evidence.method {
        Method::Momentum { friction, .. } => rate / (1.0 - friction),
        Method::GradientDescent(_) => rate,
        _ => return None,
    };
    let left = -(-effective * smallest).ln_1p(); // nats an update
    let norm = evidence.descent.gradient_norm();
    (left > 0.0 && norm > evidence.tolerance && evidence.tolerance > 0.0)
        .then(|| ((norm / evidence.tolerance).ln() / left).ceil())
}

/// Judges the learning rate: too low, about right, oscillating or too high, with the numbers and what to try.
pub fn judge(evidence: &Evidence<'_>) -> Verdict {
    let (largest, smallest) = evidence.curvatures;
    let rate = first_rate(evidence);
    let limit = stable_limit(evidence.method, largest);
    let (pace, text) = match evidence.descent.reason {
        StopReason::Diverged => (Pace::Diverging, diverging(rate, limit, largest)),
        _ if limit.is_some_and(|l| rate > l) && climbs(evidence) => {
            (Pace::Diverging, diverging(rate, limit, largest))
        }
        reason if reason.is_converged() => arrived(evidence, rate),
        _ if evidence.mini_batch => noisy(evidence, rate, largest),
        _ if rate * largest > 1.5 && swings(evidence) => (
            Pace::Oscillating,
            format!(
                "The learning rate {} makes each step overshoot: along the steepest direction it multiplies the \
                 error by {:.3}. Try 1/L = {}.",
                short(rate),
                1.0 - rate * largest,
                short(1.0 / largest)
            ),
        ),
        _ => crawling(evidence, rate),
    };
    Verdict { pace, text, largest_curvature: largest, smallest_curvature: smallest }
}

fn first_rate(evidence: &Evidence<'_>) -> f64 {
    match evidence.method {
        Method::GradientDescent(Rate::LineSearch(_)) => 1.0 / evidence.curvatures.0,
        _ => evidence.descent.base_rate,
    }
}

/// Whether the loss at the stop is no better than early on: the descent jumps about.
fn climbs(evidence: &Evidence<'_>) -> bool {
    let records = &evidence.descent.history.records;
    let best = records.iter().map(|r| r.loss).fold(f64::INFINITY, f64::min);
    let floor = evidence.optimum.unwrap_or(best);
    let start = records.first().map_or(0.0, |r| r.loss);
    !evidence.descent.reason.is_converged() && evidence.descent.value - floor > 0.01 * (start - floor).abs()
}

/// Whether the loss went up in a good part of the last updates.
fn swings(evidence: &Evidence<'_>) -> bool {
    matches!(evidence.method, Method::GradientDescent(Rate::Fixed(_)) | Method::Nesterov { .. })
}

fn diverging(rate: f64, limit: Option<f64>, largest: f64) -> String {
    let above = match limit {
        Some(limit) if rate > limit => {
            format!("is above the largest that this valley allows, {} (L = {})", short(limit), short(largest))
        }
        _ => "is too high for this valley".to_string(),
    };
    format!(
        "The learning rate {} {above}: each step lands higher on the other wall. Try 1/L = {}.",
        short(rate),
        short(1.0 / largest)
    )
}

fn arrived(evidence: &Evidence<'_>, rate: f64) -> (Pace, String) {
    const LOW: f64 = 0.2; // of 1/L
    let (largest, _) = evidence.curvatures;
    let updates = evidence.descent.iterations;
    let plain = matches!(evidence.method, Method::GradientDescent(Rate::Fixed(_)));
    if plain && !evidence.mini_batch && rate * largest < LOW && updates > 20 {
        let text = format!(
            "The learning rate {} is low: it took {} updates; 1/L = {} would take about {} times fewer.",
            short(rate),
            updates,
            short(1.0 / largest),
            (1.0 / (rate * largest)).round()
        );
        return (Pace::Crawling, text);
    }
    if plain && !evidence.mini_batch && rate * largest > 1.5 && updates > 20 {
        let text = format!(
            "The learning rate {} overshoots: along the steepest direction each step multiplies the error by {:.3}, \
             from wall to wall; it arrived after {updates} updates. 1/L = {} goes straight down.",
            short(rate),
            1.0 - rate * largest,
            short(1.0 / largest)
        );
        return (Pace::Oscillating, text);
    }
    let pace = format!("The learning rate {} is about right", short(rate));
    let steps = if updates == 1 { "1 update".to_string() } else { format!("{updates} updates") };
    (
        Pace::AboutRight,
        format!("{pace}: the gradient norm fell below {} after {steps}.", short(evidence.tolerance)),
    )
}

fn noisy(evidence: &Evidence<'_>, rate: f64, largest: f64) -> (Pace, String) {
    const LOW: f64 = 0.02; // of 1/L: the noise of batches asks for small steps, but not this small
    let norm = evidence.descent.gradient_norm();
    if rate * largest < LOW && matches!(evidence.method, Method::GradientDescent(_) | Method::Momentum { .. })
    {
        let text = format!(
            "The learning rate {} is low for this valley (1/L = {}): the descent crawls. Try a higher one.",
            short(rate),
            short(1.0 / largest)
        );
        return (Pace::Crawling, text);
    }
    let text = format!(
        "Mini-batches leave noise: the full gradient's norm hovers at {} and does not reach {}. A schedule that falls \
         further, larger batches, or full batch would settle it.",
        short(norm),
        short(evidence.tolerance)
    );
    (Pace::AboutRight, text)
}

fn crawling(evidence: &Evidence<'_>, rate: f64) -> (Pace, String) {
    let (largest, smallest) = evidence.curvatures;
    let to_go = match updates_to_go(evidence, rate) {
        Some(n) => format!("about {} more epochs are needed", grouped(n)),
        None => "more epochs are needed".to_string(),
    };
    let condition = largest / smallest;
    if rate * largest < 0.5 {
        let faster = 1.0 / (rate * largest);
        let text = format!(
            "The learning rate {} is too low: the descent crawls and {to_go}. 1/L = {} is {} times as high.",
            short(rate),
            short(1.0 / largest),
            short(faster)
        );
        return (Pace::Crawling, text);
    }
    let text = format!(
        "The valley is long (largest curvature {}, smallest {}, ratio {}): along its floor the descent crawls and \
         {to_go}. A higher learning rate would diverge (limit {}); standardised columns or `--optimizer auto` shorten \
         the valley.",
        short(largest),
        short(smallest),
        if condition < 1e9 { grouped(condition.round()) } else { short(condition) },
        short(2.0 / largest)
    );
    (Pace::LongValley, text)
}

/// Three or four significant digits, plain where that is readable.
pub fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    if (1e-4..1e6).contains(&value.abs()) {
        let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 8) as usize;
        let text = format!("{value:.digits$}");
        let trimmed =
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        return trimmed.to_string();
    }
    format!("{value:.3e}")
}

/// A count with commas between thousands.
pub fn grouped(n: f64) -> String {
    let digits = format!("{n:.0}");
    let mut text = String::new();
    for (k, c) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_counts_grouped() {
        assert_eq!(short(0.00020478), "0.0002048");
        assert_eq!(short(9766.48), "9766");
        assert_eq!(short(1.0), "1");
        assert_eq!(short(8.4e-6), "8.400e-6");
        assert_eq!(grouped(922_655.0), "922,655");
        assert_eq!(grouped(14.0), "14");
    }
}
