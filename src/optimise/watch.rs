//! The watcher: sees each record as it is made, stamps the time, and may say stop.

use ndarray::ArrayRef1;

use crate::error::Result;
use crate::optimise::history::Record;
use crate::optimise::state::State;
use crate::optimise::step::Point;
use crate::optimise::stop::StopReason;

/// What a watcher answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal {
    /// Go on.
    Continue,
    /// Go on with this learning rate, before any decay. A method that searches its steps has no use for it.
    Rate(f64),
    /// Stop after this record (Ctrl-C, a limit of time).
    Stop,
}

/// Sees the descent; progress bars, live pages and time limits are watchers.
pub trait Watcher {
    /// Seconds since the start; a watcher without a clock says 0.
    fn seconds(&self) -> f64;
    /// Called at the start and after each iteration (mini-batch: each epoch), with the tolerance in force.
    fn seen(&mut self, record: &Record, tolerance: f64) -> Signal;
    /// Called with the coefficients at the start and after every update, those within an epoch of mini-batches
    /// included; before the record of the same point.
    fn moved(&mut self, _iteration: usize, _beta: &ArrayRef1<f64>) {}
    /// Called just before `seen` with the point itself: coefficients, loss and gradient in the scale of the descent
    /// (of a penalty's absolute values the smooth part alone). Only those who draw the way need it.
    fn at(&mut self, _point: &Point) {}
    /// Called before the descent while something long is prepared, of which so much is done; [`Signal::Stop`] ends it.
    fn prepares(&mut self, _what: &str, _done: usize, _all: usize) -> Signal {
        Signal::Continue
    }
    /// Called before the descent of a fit with what decides its course, by name; answers the state to go on from.
    ///
    /// # Errors
    /// Usage and Model, when the state at hand is of another descent.
    fn begins(&mut self, _course: &[(&'static str, String)]) -> Result<Option<State>> {
        Ok(None)
    }
    /// Called after `seen` with a state that may be kept to go on from, and why the descent ends there, if it does.
    fn keep(&mut self, _epochs: usize, _ended: Option<StopReason>, _state: &dyn Fn() -> State) {}
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watcher for Unwatched {
    fn seconds(&self) -> f64 {
        0.0
    }

    fn seen(&mut self, _record: &Record, _tolerance: f64) -> Signal {
        Signal::Continue
    }
}

/// Ends what it watches once a question is answered with yes.
pub struct Heeding<'a>(pub &'a dyn Fn() -> bool);

impl Heeding<'_> {
    fn signal(&self) -> Signal {
        if (self.0)() { Signal::Stop } else { Signal::Continue }
    }
}

impl Watcher for Heeding<'_> {
    fn seconds(&self) -> f64 {
        0.0
    }

    fn seen(&mut self, _record: &Record, _tolerance: f64) -> Signal {
        self.signal()
    }

    fn prepares(&mut self, _what: &str, _done: usize, _all: usize) -> Signal {
        self.signal()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, ArrayRef1, array};

    use super::*;
    use crate::objective::Objective;
    use crate::optimise::method::{Decay, Method, Rate};
    use crate::optimise::{Settings, minimise};

    /// f(b) = b^2 / 2.
    struct Bowl;

    impl Objective for Bowl {
        fn dim(&self) -> usize {
            1
        }

        fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
            (0.5 * beta.dot(beta), beta.to_owned())
        }
    }

    /// Changes the rate to 0.25 after the second update and notes every point.
    #[derive(Default)]
    struct Hand {
        points: Vec<f64>,
    }

    impl Watcher for Hand {
        fn seconds(&self) -> f64 {
            0.0
        }

        fn at(&mut self, point: &Point) {
            self.points.push(point.beta[0]);
        }

        fn seen(&mut self, record: &Record, _tolerance: f64) -> Signal {
            if record.iteration == 2 { Signal::Rate(0.25) } else { Signal::Continue }
        }
    }

    #[test]
    fn a_rate_changed_by_the_watcher_holds_from_the_next_update_on() {
        let settings = Settings {
            method: Method::GradientDescent(Rate::Fixed(0.5)),
            batch: None,
            decay: Decay::Constant,
            max_epochs: 4,
            tolerance: 1e-12,
            seed: 0,
        };
        let mut hand = Hand::default();
        let descent = minimise(&Bowl, &array![16.0], &settings, &mut hand);
        assert_eq!(hand.points, [16.0, 8.0, 4.0, 3.0, 2.25]);
        assert_eq!(descent.base_rate, 0.25);
        let rates: Vec<f64> = descent.history.records.iter().map(|r| r.learning_rate).collect();
        assert_eq!(rates, [0.5, 0.5, 0.5, 0.25, 0.25]);
    }
}
