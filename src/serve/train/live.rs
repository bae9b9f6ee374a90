//! The watcher of a live run: draws frames, waits where the page says so, hands on a new rate, keeps to the speed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::Array1;
use serde_json::{Value, json};

use crate::fit::yardstick::Yardstick;
use crate::optimise::history::Record;
use crate::optimise::step::Point;
use crate::optimise::verdict::short;
use crate::optimise::watch::{Signal, Watcher};
use crate::serve::state::Limits;
use crate::serve::train::course::Frame;
use crate::serve::train::places::Places;
use crate::serve::train::run::{Run, State};

/// A pause is looked at this often even when no lever moves.
const LOOK: Duration = Duration::from_millis(250);
/// The longest sleep between two updates.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);
/// The newest frame is drawn at most so often, kept ones apart.
const REDRAW: Duration = Duration::from_millis(15);

/// What a run aims at, and what the page is told of that.
pub struct Aim {
    /// The answer.
    pub yardstick: Yardstick,
    /// The event `plan`, its rate and tolerance apart.
    pub plan: Value,
}

/// A learning rate that was changed on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Updates done before it.
    pub iteration: usize,
    /// The new rate.
    pub rate: f64,
}

/// Watches one descent for the page.
pub struct Live {
    run: Arc<Run>,
    places: Arc<Places>,
    yardstick: Yardstick,
    limits: Limits,
    beta: Array1<f64>,
    begun: Instant,
    idle: Duration,
    drawn: Instant,
    due: Instant,
    /// The newest update, where the last frame was drawn too short a time before it.
    undrawn: Option<Record>,
    /// The rates that were changed to.
    pub changes: Vec<Change>,
    /// What the page is told before the first frame; its rate and tolerance are known only then.
    plan: Option<Value>,
    /// Why it was stopped, where that was not the page's wish.
    pub stopped_by: Option<String>,
}

impl Live {
    /// A watcher that has seen nothing yet.
    pub fn new(run: Arc<Run>, places: Arc<Places>, aim: Aim, limits: Limits) -> Live {
        let Aim { yardstick, plan } = aim;
        let now = Instant::now();
        Live {
            run,
            places,
            yardstick,
            limits,
            beta: Array1::zeros(0),
            begun: now,
            idle: Duration::ZERO,
            drawn: now,
            due: now,
            undrawn: None,
            changes: Vec::new(),
            stopped_by: None,
            plan: Some(plan),
        }
    }

    /// Draws the last update, whenever the one before it was drawn.
    pub fn finish(&mut self) {
        if let Some(record) = self.undrawn.take() {
            self.draw(&record, true);
        }
    }

    fn active(&self) -> Duration {
        self.begun.elapsed().saturating_sub(self.idle)
    }

    fn frame(&self, record: &Record) -> Frame {
        let finite = |x: f64| x.is_finite().then_some(x);
        let user = self.yardstick.in_user_units(&self.beta);
        let distances: Vec<Option<f64>> =
            self.yardstick.distances(&user).into_iter().map(|d| d.and_then(finite)).collect();
        let far = distances.iter().flatten().map(|d| d.abs()).reduce(f64::max);
        Frame {
            iteration: record.iteration,
            epoch: record.epoch,
            loss: finite(record.loss),
            gradient_norm: finite(record.gradient_norm),
            rate: record.learning_rate,
            seconds: record.seconds,
            coefficients: user.iter().map(|b| finite(*b)).collect(),
            distances,
            far,
        }
    }

    /// Keeps the frame, or shows it where the last one was drawn long enough ago (or always).
    fn draw(&mut self, record: &Record, always: bool) {
        let wanted = self.run.inner().course.wants(record.iteration, record.seconds);
        if !wanted && !always && self.drawn.elapsed() < REDRAW {
            self.undrawn = Some(*record);
            return;
        }
        self.undrawn = None;
        self.drawn = Instant::now();
        let frame = self.frame(record);
        self.run.change(|inner| if wanted { inner.course.keep(frame) } else { inner.course.show(frame) });
    }

    /// Waits while the page wants it to; the place among the running ones is given to others meanwhile.
    fn pause(&mut self, record: &Record) {
        if !self.must_wait() {
            return;
        }
        self.draw(record, true);
        let since = Instant::now();
        self.run.change(|inner| inner.state = Some(State::Paused));
        self.places.leave();
        while self.must_wait() {
            drop(self.run.wait(self.run.inner(), LOOK));
            if since.elapsed() > self.limits.pause {
                self.stopped_by = Some(format!("the pause was longer than {} s", seconds(self.limits.pause)));
                self.run.stop();
            }
        }
        self.places.take(&|| self.run.is_stopped());
        self.idle += since.elapsed();
        self.due = Instant::now();
        self.run.change(|inner| inner.state = Some(State::Running));
    }

    /// Whether the levers say wait; a single step that is allowed is used up.
    fn must_wait(&self) -> bool {
        let mut inner = self.run.inner();
        let levers = &mut inner.levers;
        if !levers.paused || levers.stop {
            return false;
        }
        if levers.steps > 0 {
            levers.steps -= 1;
            return false;
        }
        true
    }

    /// Sleeps until the next update is due; a lever that moves ends the sleep.
    fn keep_to_the_speed(&mut self, record: &Record) {
        let Some(speed) = self.run.inner().levers.updates_per_second else { return };
        self.draw(record, true);
        let step = Duration::try_from_secs_f64(1.0 / speed).unwrap_or(LONGEST_SLEEP);
        let since = Instant::now();
        self.due = (self.due + step).max(since);
        loop {
            let now = Instant::now();
            let inner = self.run.inner();
            let levers = inner.levers;
            let same = levers.updates_per_second == Some(speed);
            if now >= self.due || levers.stop || levers.paused || !same {
                break;
            }
            drop(self.run.wait(inner, (self.due - now).min(LOOK)));
        }
        self.idle += since.elapsed();
    }
}

/// Why a run was stopped that took too long.
pub fn took_longer(limit: Duration) -> String {
    format!("the run took longer than {} s", seconds(limit))
}

fn seconds(limit: Duration) -> String {
    short(limit.as_secs_f64())
}

impl Watcher for Live {
    fn seconds(&self) -> f64 {
        self.active().as_secs_f64()
    }

    fn at(&mut self, point: &Point) {
        self.beta.clone_from(&point.beta);
    }

    /// 1. Draws; 2. keeps to the speed and waits where it must; 3. stops, or goes on with the rate of the page.
    fn seen(&mut self, record: &Record, tolerance: f64) -> Signal {
        if let Some(mut plan) = self.plan.take() {
            plan["rate"] = json!(record.learning_rate);
            plan["tolerance"] = json!(tolerance);
            self.run.change(|inner| inner.plan = Some(plan));
        }
        self.draw(record, false); // 1
        if record.iteration > 0 {
            self.keep_to_the_speed(record); // 2
        }
        self.pause(record);
        if self.active() > self.limits.run && self.stopped_by.is_none() {
            self.stopped_by = Some(took_longer(self.limits.run));
            self.run.stop();
        }
        let (stop, rate) = {
            let mut inner = self.run.inner();
            (inner.levers.stop, inner.levers.rate.take())
        };
        if stop {
            return Signal::Stop; // 3
        }
        let Some(rate) = rate else { return Signal::Continue };
        self.changes.push(Change { iteration: record.iteration, rate });
        Signal::Rate(rate)
    }
}
