//! The descent in words: crawling, about right, oscillating or diverging, judged by the curvature.

/// How the learning rate went with the valley.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The learning rate is too low: the descent crawls.
    Crawling,
    /// The learning rate is about right.
    AboutRight,
    /// The steps jump from wall to wall but still descend.
    Oscillating,
    /// The learning rate is too high: the descent climbs out of the valley.
    Diverging,
}

/// The verdict on a descent, with the curvatures that it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The verdict as one of four words.
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
            Pace::Oscillating => "oscillating",
            Pace::Diverging => "too high (diverging)",
        }
    }
}
