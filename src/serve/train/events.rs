//! A run as a stream of events: thinned so that the page never falls behind, and the end always told.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use crate::serve::train::run::{Run, State};

/// At most thirty events a second.
const BETWEEN: Duration = Duration::from_millis(33);
/// Frames in one event; a long past comes in several.
const FRAMES: usize = 300;

/// What a listener has been told so far.
#[derive(Debug, Default)]
struct Told {
    state: Option<State>,
    plan: bool,
    iteration: Option<usize>,
    all: bool,
}

/// Tells a listener everything that happens to a run until it is over or the listener is gone.
pub async fn follow(run: &Run, listener: &Sender<Result<Event, Infallible>>) {
    let mut news = run.listen();
    let mut told = Told::default();
    loop {
        news.borrow_and_update();
        let (events, more) = told.next(run);
        for (name, value) in events {
            let event = Event::default().event(name).data(value.to_string());
            if listener.send(Ok(event)).await.is_err() {
                return;
            }
        }
        if told.all {
            return;
        }
        if more {
            continue;
        }
        tokio::time::sleep(BETWEEN).await;
        if news.changed().await.is_err() {
            return;
        }
    }
}

impl Told {
    /// What is new, and whether more of it waits already.
    fn next(&mut self, run: &Run) -> (Vec<(&'static str, Value)>, bool) {
        let (state, plan, frames, end) = {
            let inner = run.inner();
            let state = inner.state.unwrap_or(State::Failed);
            let plan = if self.plan { None } else { inner.plan.clone() };
            (state, plan, inner.course.after(self.iteration, FRAMES), inner.end.clone())
        };
        let mut events = Vec::new();
        if self.state != Some(state) {
            self.state = Some(state);
            events.push(("state", json!({"state": state.word()})));
        }
        if let Some(plan) = plan {
            self.plan = true;
            events.push(("plan", plan));
        }
        let more = frames.len() == FRAMES;
        if let Some(last) = frames.last() {
            let skipped = last.iteration + 1 - frames.len() - self.iteration.map_or(0, |seen| seen + 1);
            self.iteration = Some(last.iteration);
            events.push(("frames", json!({"frames": frames, "skipped": skipped})));
        }
        if !more && state.is_over() {
            let name = if state == State::Failed { "failed" } else { "end" };
            events.push((name, end.unwrap_or_default()));
            self.all = true;
        }
        (events, more)
    }
}
