//! The watcher: sees each record as it is made, stamps the time, and may say stop.

use ndarray::ArrayRef1;

use crate::optimise::history::Record;
use crate::optimise::step::Point;

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
    /// Called just before `seen` with the point itself: coefficients, loss and gradient in the scale of the descent
    /// (of a penalty's absolute values the smooth part alone). Only those who draw the way need it.
    fn at(&mut self, _point: &Point) {}
    /// Called with the coefficients at the start and after every update, those within an epoch of mini-batches
    /// included; before the record of the same point.
    fn moved(&mut self, _iteration: usize, _beta: &ArrayRef1<f64>) {}
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
