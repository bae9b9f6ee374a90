//! How an objective is minimised: the one loop, its moves, steps, stops, history and certificate.

pub mod auto;
pub mod batch;
pub mod certificate;
mod face;
pub mod history;
mod length;
pub mod method;
pub mod newton;
#[cfg(test)]
mod newton_tests;
pub mod precondition;
pub mod proximal;
pub mod state;
#[cfg(test)]
mod state_tests;
pub mod step;
pub mod stop;
pub mod tape;
pub mod verdict;
pub mod watch;

use ndarray::{Array1, ArrayRef1};

use crate::objective::Objective;
use crate::optimise::history::{History, Record, Recorder};
use crate::optimise::method::{Decay, Memory, Method, fixed_step};
use crate::optimise::step::Point;
use crate::optimise::stop::{Limits, StopReason};
use crate::optimise::watch::{Signal, Watcher};

/// How a descent is to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Which move.
    pub method: Method,
    /// Rows a mini-batch; `None`, or as many as there are rows, is full batch.
    pub batch: Option<usize>,
    /// How the rate falls over the epochs.
    pub decay: Decay,
    /// Passes over the data by updates.
    pub max_epochs: usize,
    /// Stop when the full gradient's Euclidean norm is at most this (with absolute values: of its shortest subgradient).
    pub tolerance: f64,
    /// Seed of shuffles and subsamples.
    pub seed: u64,
}

/// How a descent ended.
#[derive(Debug, Clone)]
pub struct Descent {
    /// The coefficients at the stop.
    pub beta: Array1<f64>,
    /// The objective there, penalty and all.
    pub value: f64,
    /// Its gradient there; where absolute values are penalised the shortest subgradient, zero at the minimum.
    pub gradient: Array1<f64>,
    /// Why it stopped.
    pub reason: StopReason,
    /// Its course.
    pub history: History,
    /// Updates done.
    pub iterations: usize,
    /// Passes over the data by updates.
    pub epochs: f64,
    /// All passes over the data: updates, trials of line searches, curvature, full gradients of mini-batch epochs.
    pub sweeps: f64,
    /// The learning rate at the stop, before any decay: the method's own, or what a watcher changed it to.
    pub base_rate: f64,
}

impl Descent {
    /// Euclidean norm of the gradient at the stop.
    pub fn gradient_norm(&self) -> f64 {
        norm(&self.gradient)
    }
}

/// Euclidean norm.
pub fn norm(v: &ArrayRef1<f64>) -> f64 {
    v.dot(v).sqrt()
}

/// A descent under way.
pub(crate) struct Run<'a> {
    pub(crate) objective: &'a dyn Objective,
    pub(crate) settings: &'a Settings,
    pub(crate) at: Point,
    pub(crate) memory: Memory,
    pub(crate) recorder: Recorder,
    pub(crate) iterations: usize,
    pub(crate) epochs: usize,
    pub(crate) sweeps: f64,
    /// Of the last update.
    pub(crate) rate: f64,
    /// Before any decay; a watcher may change it.
    pub(crate) base_rate: f64,
    /// Where it started.
    pub(crate) first: Point,
    /// sqrt(2 |loss|) at the start: the size of what is explained, which sets the rounding of an exact fit.
    pub(crate) start_size: f64,
}

/// Descends from `start` until a reason to stop: the one loop that moves beta.
///
/// 1. The state is recorded; 2. it is judged on the full gradient; 3. the method moves: one update in full batch, one
///    epoch of updates in mini-batches. The watcher sees every record, may say stop, and may keep the state.
pub fn minimise(
    objective: &dyn Objective,
    start: &ArrayRef1<f64>,
    settings: &Settings,
    watcher: &mut dyn Watcher,
) -> Descent {
    let mut run = Run::new(objective, start, settings);
    let signal = run.look(watcher);
    run.go_on(signal, watcher)
}

impl<'a> Run<'a> {
    fn new(objective: &'a dyn Objective, start: &ArrayRef1<f64>, settings: &'a Settings) -> Self {
        let beta = start.to_owned();
        let (value, gradient) = objective.value_and_gradient(&beta);
        let memory = settings.method.memory_for(objective, &beta);
        let at = Point { beta, value, gradient };
        Run {
            objective,
            settings,
            first: at.clone(),
            at,
            memory,
            recorder: Recorder::default(),
            iterations: 0,
            epochs: 0,
            sweeps: 1.0,
            rate: settings.method.rate(),
            base_rate: settings.method.rate(),
            start_size: (2.0 * value.abs()).sqrt(),
        }
    }

    /// The loop, from just after a record on.
    pub(crate) fn go_on(mut self, mut signal: Signal, watcher: &mut dyn Watcher) -> Descent {
        let limits = Limits::from_start(&self.first);
        loop {
            let ended = self.judge(&limits, signal); // 2
            self.offer(watcher, ended);
            if let Some(reason) = ended {
                return self.end(reason);
            }
            if let Err(reason) = self.advance(watcher) {
                return self.end(reason); // 3
            }
            signal = self.look(watcher); // 1
        }
    }

    /// Shows the watcher where the descent is and hears what it says.
    fn look(&mut self, watcher: &mut dyn Watcher) -> Signal {
        watcher.moved(self.iterations, &self.at.beta);
        let signal = self.record(watcher);
        if let Signal::Rate(rate) = signal {
            self.base_rate = rate;
        }
        signal
    }

    fn record(&mut self, watcher: &mut dyn Watcher) -> Signal {
        let record = Record {
            iteration: self.iterations,
            epoch: self.epochs as f64,
            loss: self.value(),
            gradient_norm: self.gradient_norm(),
            learning_rate: self.rate,
            seconds: watcher.seconds(),
        };
        self.recorder.record(record);
        watcher.at(&self.at);
        watcher.seen(&record, self.settings.tolerance)
    }

    fn judge(&self, limits: &Limits, signal: Signal) -> Option<StopReason> {
        limits.judge(&self.at).or_else(|| {
            let small = self.gradient_norm() <= self.settings.tolerance;
            if small && self.is_settled() {
                Some(StopReason::GradientBelowTolerance)
            } else if signal == Signal::Stop {
                Some(StopReason::Interrupted)
            } else if self.epochs >= self.settings.max_epochs {
                Some(if small { StopReason::GradientBelowTolerance } else { StopReason::EpochLimit })
            } else {
                None
            }
        })
    }

    fn advance(&mut self, watcher: &mut dyn Watcher) -> Result<(), StopReason> {
        if self.settings.method == Method::Auto {
            return self.auto_step();
        }
        match (self.settings.batch, self.objective.sampled()) {
            (Some(batch), Some(sampled)) if batch < sampled.n_rows() => {
                self.epoch(sampled, batch, watcher);
                Ok(())
            }
            _ => self.full_step(),
        }
    }

    /// One update from the full gradient.
    fn full_step(&mut self) -> Result<(), StopReason> {
        let objective = self.objective;
        if let Some(l1) = objective.l1() {
            return self.full_proximal_step(l1);
        }
        if let Some(found) = self.searched(objective) {
            let found = found.map_err(|_| StopReason::NoProgress)?;
            self.rate = found.length;
            self.sweeps += found.evaluations as f64;
            self.at = found.point;
        } else {
            self.rate = self.next_rate();
            let direction = self.newton_direction(objective)?;
            let gradient = direction.as_ref().unwrap_or(&self.at.gradient);
            fixed_step(&self.settings.method, &mut self.memory, self.rate, gradient, &mut self.at.beta);
            (self.at.value, self.at.gradient) = objective.value_and_gradient(&self.at.beta);
            self.sweeps += 1.0;
        }
        self.iterations += 1;
        self.epochs += 1;
        Ok(())
    }

    fn end(self, reason: StopReason) -> Descent {
        let (value, gradient) = (self.value(), self.gradient());
        Descent {
            beta: self.at.beta,
            value,
            gradient,
            reason,
            history: self.recorder.finish(),
            iterations: self.iterations,
            epochs: self.epochs as f64,
            sweeps: self.sweeps,
            base_rate: self.base_rate,
        }
    }
}
