//! The places of those that run at the same time: one waits until another leaves.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::serve::state::lock;

/// Runs that descend at the same time.
const AT_ONCE: usize = 4;
const LOOK: Duration = Duration::from_millis(200);

/// How many places are taken.
#[derive(Debug, Default)]
pub struct Places {
    taken: Mutex<usize>,
    left: Condvar,
}

impl Places {
    /// Waits for a place and takes it; gives up waiting, and takes none too many for long, when told to stop.
    pub fn take(&self, stop: &dyn Fn() -> bool) {
        let mut taken = lock(&self.taken);
        while *taken >= AT_ONCE && !stop() {
            taken = self.left.wait_timeout(taken, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken += 1;
    }

    /// Leaves a place.
    pub fn leave(&self) {
        let mut taken = lock(&self.taken);
        *taken = taken.saturating_sub(1);
        self.left.notify_one();
    }
}
