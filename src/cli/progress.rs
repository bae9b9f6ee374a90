//! Progress bars and Ctrl-C as watchers of the descent: decades of gradient norm still to go, and the wish to stop.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::say::{self, Say};
use crate::error::{Error, Kind, Result};
use crate::optimise::history::Record;
use crate::optimise::verdict::{grouped, short};
use crate::optimise::watch::{Signal, Watcher};

/// How often Ctrl-C (or a polite request to end) came.
static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);

/// Whether something took note of it.
static NOTED: AtomicBool = AtomicBool::new(false);

/// The status of a program that a second Ctrl-C ends at once: 128 + SIGINT, as shells have it.
const ENDED_AT_ONCE: i32 = 130;

/// What is said, with a hint, where the program is told to end and cannot, for it waits for other processes.
static LAST_WORDS: OnceLock<LastWords> = OnceLock::new();

/// What is said, and a hint, worked out when it is needed.
pub type LastWords = Box<dyn Fn() -> (String, String) + Send + Sync>;

/// A launcher that ends a job gives its processes one second.
const GRACE: Duration = Duration::from_millis(400);

/// From now on a request to end that is not followed in time is explained with words.
pub fn last_words(words: LastWords) {
    LAST_WORDS.get_or_init(|| words);
}

const REDRAW: Duration = Duration::from_millis(66); // about 15 times a second
const FULL: f64 = 1000.0; // the bar's length

/// From now on Ctrl-C and SIGTERM ask the descent to stop; the second one ends the program at once.
///
/// # Errors
/// Io, when the operating system takes no handler.
pub fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if INTERRUPTS.fetch_add(1, Ordering::SeqCst) > 0 {
            std::process::exit(ENDED_AT_ONCE);
        }
        match LAST_WORDS.get() {
            Some(words) => {
                std::thread::sleep(GRACE);
                let (message, hint) = words();
                say::warn(&message, Some(&hint));
            }
            None => drop(std::thread::spawn(explain_the_wait)),
        }
    })
    .map_err(|cause| Error::new(Kind::Io, format!("cannot listen to Ctrl-C: {cause}")))
}

/// Says that the program is busy with something that it does not leave half done, where nothing took note of the wish to stop.
fn explain_the_wait() {
    const PATIENCE: Duration = Duration::from_secs(2);
    std::thread::sleep(PATIENCE);
    if !NOTED.load(Ordering::SeqCst) {
        say::warn(
            "told to stop, but the present step (reading, tables, pictures) runs to its end",
            Some("once more ends the program at once; the report that was there before stays as it is"),
        );
    }
}

/// Whether the user asked to stop.
pub fn interrupted() -> bool {
    let is = INTERRUPTS.load(Ordering::SeqCst) > 0;
    if is {
        NOTED.store(true, Ordering::SeqCst);
    }
    is
}

/// Watches one descent: shows it, stamps its time, stops it.
#[derive(Debug)]
pub struct Progress {
    start: Instant,
    drawn: Instant,
    bar: ProgressBar,
    /// The gradient norm where the bar is empty.
    first_norm: f64,
}

impl Progress {
    /// A bar with a label, drawn only on a terminal and not when quiet.
    pub fn new(label: &str, say: &Say) -> Progress {
        let target =
            if say.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(15) };
        let bar = ProgressBar::with_draw_target(Some(FULL as u64), target).with_prefix(label.to_string());
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:24}] {wide_msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        let now = Instant::now();
        Progress { start: now, drawn: now, bar, first_norm: f64::NAN }
    }

    fn draw(&self, record: &Record, tolerance: f64) {
        let to_go = (record.gradient_norm / tolerance).log10().max(0.0);
        let all = (self.first_norm / tolerance).log10().max(0.0);
        let done = if all > 0.0 { (1.0 - to_go / all).clamp(0.0, 1.0) } else { 0.0 };
        self.bar.set_position((FULL * done) as u64);
        self.bar.set_message(format!(
            "{to_go:.1} decades to go · epoch {} · loss {} · gradient norm {:.1e}",
            grouped(record.epoch),
            short(record.loss),
            record.gradient_norm
        ));
    }
}

impl Watcher for Progress {
    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    fn prepares(&mut self, what: &str, done: usize, all: usize) -> Signal {
        if !self.bar.is_hidden() && self.drawn.elapsed() >= REDRAW {
            self.drawn = Instant::now();
            self.bar.set_position((FULL * done as f64 / all.max(1) as f64) as u64);
            self.bar.set_message(format!("{what}: {} of {}", grouped(done as f64), grouped(all as f64)));
        }
        if interrupted() { Signal::Stop } else { Signal::Continue }
    }

    fn seen(&mut self, record: &Record, tolerance: f64) -> Signal {
        if record.iteration == 0 {
            self.first_norm = record.gradient_norm;
        }
        if !self.bar.is_hidden() && self.drawn.elapsed() >= REDRAW {
            self.drawn = Instant::now();
            self.draw(record, tolerance);
        }
        if interrupted() { Signal::Stop } else { Signal::Continue }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_by_decades_of_gradient_norm() {
        let mut progress = Progress::new("fit", &Say { quiet: true, json: false });
        let record = |iteration, gradient_norm| Record {
            iteration,
            epoch: iteration as f64,
            loss: 1.0,
            gradient_norm,
            learning_rate: 1.0,
            seconds: 0.0,
        };
        assert_eq!(progress.seen(&record(0, 10.0), 1e-3), Signal::Continue);
        progress.draw(&record(1, 1e-1), 1e-3);
        assert_eq!(progress.bar.position(), 500);
        progress.draw(&record(2, 1e-4), 1e-3);
        assert_eq!(progress.bar.position(), 1000);
        progress.draw(&record(3, f64::NAN), 1e-3);
        assert!(progress.bar.message().contains("NaN"));
    }
}
