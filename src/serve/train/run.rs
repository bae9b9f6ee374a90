//! One run: its state, its course, and the levers by which the page steers it.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::fit::result::Fit;
use crate::report::Context;
use crate::serve::failure::{Answer, Failure};
use crate::serve::state::lock;
use crate::serve::train::course::Course;
use crate::serve::train::request::{Rate, Wish, positive};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Others run; it has not begun.
    Waiting,
    /// Its data are read, its answer is worked out.
    Preparing,
    /// It descends.
    Running,
    /// It waits for the page.
    Paused,
    /// The descent has stopped; its end is examined.
    Concluding,
    /// Done; the end is told.
    Ended,
    /// It could not be done.
    Failed,
}

impl State {
    /// The word that the page reads.
    pub fn word(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Preparing => "preparing",
            State::Running => "running",
            State::Paused => "paused",
            State::Concluding => "concluding",
            State::Ended => "ended",
            State::Failed => "failed",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        matches!(self, State::Ended | State::Failed)
    }
}

/// What the page can do to a run.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum Lever {
    /// Wait after the present update.
    Pause,
    /// Go on.
    Resume,
    /// One update (mini-batch: one epoch), then wait.
    Step,
    /// Stop for good.
    Stop,
    /// Another learning rate from the next update on.
    Rate {
        /// The rate.
        rate: f64,
    },
    /// Another speed.
    Speed {
        /// Not faster than this; `None`: as fast as it goes.
        updates_per_second: Option<f64>,
    },
}

/// The levers' positions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Levers {
    /// Whether it is to wait.
    pub paused: bool,
    /// Updates that it may do though it waits.
    pub steps: u32,
    /// Whether it is to stop for good.
    pub stop: bool,
    /// A rate to change to.
    pub rate: Option<f64>,
    /// Not faster than this.
    pub updates_per_second: Option<f64>,
}

/// A fit that has ended, with all that its report needs; its rows are gone.
#[derive(Debug)]
pub struct Concluded {
    /// The fit.
    pub fit: Fit,
    /// What the report says beyond it.
    pub context: Context,
    /// Why it was stopped, where that was not the page's wish.
    pub stopped_by: Option<String>,
}

/// What is known of a run.
#[derive(Debug, Default)]
pub struct Inner {
    /// Where it stands.
    pub state: Option<State>,
    /// The levers.
    pub levers: Levers,
    /// The event `plan`, once it is known.
    pub plan: Option<Value>,
    /// The frames.
    pub course: Course,
    /// The event `end` or `failed`.
    pub end: Option<Value>,
    /// For the report.
    pub concluded: Option<std::sync::Arc<Concluded>>,
}

/// A run, shared by its thread and the requests.
pub struct Run {
    /// `r1`, `r2`, ...
    pub id: String,
    /// What was asked for.
    pub wish: Wish,
    /// The name of its data.
    pub file: String,
    inner: Mutex<Inner>,
    moved: Condvar,
    version: watch::Sender<u64>,
    /// The report's files, once they are written; the lock lets only one request write them.
    pub files: Mutex<Option<Vec<super::report::Listed>>>,
}

impl Run {
    /// A run that has not begun.
    pub fn new(id: String, wish: Wish, file: String) -> Run {
        let levers =
            Levers { paused: wish.paused, updates_per_second: wish.updates_per_second, ..Levers::default() };
        let inner = Inner { state: Some(State::Waiting), levers, ..Inner::default() };
        Run {
            id,
            wish,
            file,
            inner: Mutex::new(inner),
            moved: Condvar::new(),
            version: watch::Sender::new(0),
            files: Mutex::new(None),
        }
    }

    /// All that is known, locked.
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.inner().state.unwrap_or(State::Failed)
    }

    /// Changes what is known and tells all who listen.
    pub fn change<T>(&self, how: impl FnOnce(&mut Inner) -> T) -> T {
        let result = how(&mut self.inner());
        self.tell();
        result
    }

    /// Tells those who listen that there is news.
    pub fn tell(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// Hears of news.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Waits until a lever moves, or for so long.
    pub fn wait<'a>(&self, inner: MutexGuard<'a, Inner>, most: Duration) -> MutexGuard<'a, Inner> {
        match self.moved.wait_timeout(inner, most) {
            Ok((inner, _)) => inner,
            Err(poisoned) => poisoned.into_inner().0,
        }
    }

    /// Moves a lever.
    ///
    /// # Errors
    /// 409, when the descent is over; 400, for a rate or speed that cannot be.
    pub fn pull(&self, lever: Lever) -> Answer<State> {
        let searches = matches!(self.wish.rate, Some(Rate::Word(ref word)) if word == "line-search");
        if matches!(lever, Lever::Rate { .. })
            && (searches || self.wish.method.as_deref().unwrap_or("auto") == "auto")
        {
            return Err(Failure::usage(
                "this optimiser chooses its own steps: it has no learning rate to change",
            ));
        }
        let state = self.change(|inner| {
            let state = inner.state.unwrap_or(State::Failed);
            if state.is_over() || state == State::Concluding {
                return Err(Failure::not_now("this run has ended"));
            }
            let levers = &mut inner.levers;
            match lever {
                Lever::Pause => levers.paused = true,
                Lever::Resume => (levers.paused, levers.steps) = (false, 0),
                Lever::Step => (levers.paused, levers.steps) = (true, levers.steps.saturating_add(1)),
                Lever::Stop => levers.stop = true,
                Lever::Rate { rate } => levers.rate = Some(positive("learning rate", rate)?),
                Lever::Speed { updates_per_second } => {
                    levers.updates_per_second =
                        updates_per_second.map(|x| positive("speed", x)).transpose()?;
                }
            }
            Ok(state)
        })?;
        self.moved.notify_all();
        Ok(state)
    }

    /// Stops it whatever it does.
    pub fn stop(&self) {
        self.inner().levers.stop = true;
        self.moved.notify_all();
    }

    /// Whether it was told to stop.
    pub fn is_stopped(&self) -> bool {
        self.inner().levers.stop
    }

    /// What `GET /api/train/ID` tells.
    pub fn status(&self) -> Value {
        let inner = self.inner();
        let state = inner.state.unwrap_or(State::Failed);
        let failed = state == State::Failed;
        json!({
            "id": self.id, "state": state.word(), "data": self.wish.data, "name": self.file,
            "formula": self.wish.formula, "method": self.wish.method.as_deref().unwrap_or("auto"),
            "settings": self.wish, "last": inner.course.last(),
            "error": inner.end.as_ref().filter(|_| failed), "end": inner.end.as_ref().filter(|_| !failed),
        })
    }
}
