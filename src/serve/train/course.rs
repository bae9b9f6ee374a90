//! The course of a run as the page sees it: the first updates all, later ones thinned, the latest always.

use serde::Serialize;

/// What is drawn of one update.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frame {
    /// Updates done.
    #[serde(rename = "i")]
    pub iteration: usize,
    /// Passes over the data.
    #[serde(rename = "e")]
    pub epoch: f64,
    /// The loss on all rows.
    pub loss: Option<f64>,
    /// The full gradient's norm.
    #[serde(rename = "g")]
    pub gradient_norm: Option<f64>,
    /// The learning rate of the update.
    #[serde(rename = "r")]
    pub rate: f64,
    /// Seconds of descending, pauses apart.
    #[serde(rename = "t")]
    pub seconds: f64,
    /// Coefficients in the user's units.
    #[serde(rename = "b")]
    pub coefficients: Vec<Option<f64>>,
    /// Their distances from the answer in its standard errors.
    #[serde(rename = "d")]
    pub distances: Vec<Option<f64>>,
    /// The largest distance.
    pub far: Option<f64>,
}

/// So many updates are kept whole.
const KEPT_WHOLE: usize = 50;
/// After that a frame is kept when the iteration has grown by this share, or so many seconds have gone.
const GROWTH: f64 = 0.01;
const SECONDS: f64 = 0.05;
/// Numbers kept in all; beyond, every second of the later frames goes.
const NUMBERS: usize = 400_000;
const FEWEST: usize = 200;
const MOST: usize = 4_000;

/// Kept frames, in order.
#[derive(Debug, Clone, Default)]
pub struct Course {
    frames: Vec<Frame>,
    latest: Option<Frame>,
}

impl Course {
    /// Whether an update at this iteration and time would be kept for good.
    pub fn wants(&self, iteration: usize, seconds: f64) -> bool {
        self.frames.last().is_none_or(|last| {
            iteration <= KEPT_WHOLE
                || iteration as f64 >= last.iteration as f64 * (1.0 + GROWTH)
                || seconds >= last.seconds + SECONDS
        })
    }

    /// Takes a frame for good.
    pub fn keep(&mut self, frame: Frame) {
        let most = (NUMBERS / frame.coefficients.len().max(1)).clamp(FEWEST, MOST);
        self.latest = None;
        self.frames.push(frame);
        if self.frames.len() > most {
            let mut position = 0;
            self.frames.retain(|_| {
                position += 1;
                position <= KEPT_WHOLE || position % 2 == 1
            });
        }
    }

    /// Takes a frame that the next one replaces.
    pub fn show(&mut self, frame: Frame) {
        self.latest = Some(frame);
    }

    /// The newest frame.
    pub fn last(&self) -> Option<&Frame> {
        self.latest.as_ref().or(self.frames.last())
    }

    /// At most `most` frames after an iteration (all, for `None`), oldest first.
    pub fn after(&self, iteration: Option<usize>, most: usize) -> Vec<Frame> {
        let start = iteration.map_or(0, |seen| self.frames.partition_point(|f| f.iteration <= seen));
        let newest = self.latest.iter().filter(|f| iteration.is_none_or(|seen| f.iteration > seen));
        self.frames[start..].iter().chain(newest).take(most).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(iteration: usize, seconds: f64) -> Frame {
        Frame {
            iteration,
            epoch: iteration as f64,
            loss: Some(1.0),
            gradient_norm: Some(1.0),
            rate: 0.1,
            seconds,
            coefficients: vec![Some(1.0); 10],
            distances: vec![None; 10],
            far: None,
        }
    }

    #[test]
    fn a_million_updates_leave_few_frames_with_the_first_and_the_last() {
        let mut course = Course::default();
        for k in 0..1_000_000 {
            let seconds = k as f64 * 1e-5;
            if course.wants(k, seconds) {
                course.keep(frame(k, seconds));
            } else {
                course.show(frame(k, seconds));
            }
        }
        let all = course.after(None, usize::MAX);
        assert!(all.len() < 1500, "{}", all.len());
        assert!((0..=50).all(|k| all[k].iteration == k));
        assert_eq!(all.last().map(|f| f.iteration), Some(999_999));
        assert!(all.windows(2).all(|pair| pair[0].iteration < pair[1].iteration));
        assert_eq!(course.after(Some(999_998), 9).len(), 1);
        assert!(course.after(Some(999_999), 9).is_empty());
    }

    #[test]
    fn a_slow_run_is_thinned_in_bounded_memory() {
        let mut course = Course::default();
        for k in 0..50_000 {
            course.keep(frame(k, k as f64));
        }
        assert!(course.after(None, usize::MAX).len() <= MOST);
        assert_eq!(course.after(None, 7).len(), 7);
    }
}
