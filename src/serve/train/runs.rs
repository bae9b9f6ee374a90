//! The runs that are kept: a few alive at once, the oldest finished ones dropped.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::data::csv::Source;
use crate::serve::failure::{Answer, Failure};
use crate::serve::state::{Shared, lock};
use crate::serve::train::places::Places;
use crate::serve::train::report;
use crate::serve::train::request::Wish;
use crate::serve::train::run::Run;
use crate::serve::train::work;

/// Finished runs that are kept.
const KEPT: usize = 12;

/// The runs, oldest first.
#[derive(Default)]
pub struct Runs {
    runs: VecDeque<Arc<Run>>,
    given: u64,
    places: Arc<Places>,
}

/// Begins a run on a thread of its own.
///
/// # Errors
/// 429, when too many are alive; 500, when the operating system gives no thread.
pub fn begin(shared: &Shared, wish: Wish, source: Arc<Source>) -> Answer<Arc<Run>> {
    let (run, places, dropped) = {
        let mut runs = lock(&shared.runs);
        if runs.runs.iter().filter(|run| !run.state().is_over()).count() >= shared.limits.runs {
            return Err(Failure::too_many("too many runs at once")
                .hint("stop one of them, or wait until one has ended"));
        }
        runs.given += 1;
        let run = Arc::new(Run::new(format!("r{}", runs.given), wish, source.file.clone()));
        runs.runs.push_back(Arc::clone(&run));
        let dropped = runs.drop_old();
        (run, Arc::clone(&runs.places), dropped)
    };
    dropped.iter().for_each(|id| report::remove(shared, id));
    let (worker, limits) = (Arc::clone(&run), shared.limits);
    let thread = std::thread::Builder::new().name(format!("train {}", run.id));
    let started = thread.spawn(move || work::train(&worker, &places, &source, &limits));
    if started.is_err() {
        forget(shared, &run.id)?;
        return Err(Failure::too_many("the operating system gives no further thread"));
    }
    Ok(run)
}

/// The run of that id.
///
/// # Errors
/// 404.
pub fn find(shared: &Shared, id: &str) -> Answer<Arc<Run>> {
    let runs = lock(&shared.runs);
    runs.runs.iter().find(|run| run.id == id).cloned().ok_or_else(|| Failure::unknown("run"))
}

/// All runs, oldest first.
pub fn all(shared: &Shared) -> Vec<Arc<Run>> {
    lock(&shared.runs).runs.iter().cloned().collect()
}

/// Stops a run and forgets it.
///
/// # Errors
/// 404.
pub fn forget(shared: &Shared, id: &str) -> Answer<()> {
    let run = find(shared, id)?;
    run.stop();
    lock(&shared.runs).runs.retain(|run| run.id != id);
    report::remove(shared, id);
    Ok(())
}

/// Stops all runs.
pub fn end_all(shared: &Shared) {
    all(shared).iter().for_each(|run| run.stop());
}

impl Runs {
    /// Drops the oldest finished runs beyond those that are kept; their ids.
    fn drop_old(&mut self) -> Vec<String> {
        let over: Vec<String> =
            self.runs.iter().filter(|run| run.state().is_over()).map(|run| run.id.clone()).collect();
        let old = over[..over.len().saturating_sub(KEPT)].to_vec();
        self.runs.retain(|run| !old.contains(&run.id));
        old
    }
}
