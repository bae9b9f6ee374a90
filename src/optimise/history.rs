//! What the descent went through: one record an iteration or epoch, one a mini-batch step.

use crate::optimise::tape::{Reader, Tape};

/// The state after an update, measured on all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Updates done; 0 is the start.
    pub iteration: usize,
    /// Passes over the data done by updates (full batch: the same as `iteration`).
    pub epoch: f64,
    /// The loss on all rows: half the mean squared error, or the mean negative log-likelihood (plus a penalty).
    pub loss: f64,
    /// Euclidean norm of the full gradient in the scale of the descent.
    pub gradient_norm: f64,
    /// The learning rate of the update that led here (row 0: of the first update).
    pub learning_rate: f64,
    /// Seconds since the start, stamped by the watcher.
    pub seconds: f64,
}

/// One mini-batch update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Updates done before this one, plus 1.
    pub iteration: usize,
    /// Position in epochs (2.5 is half way through the third epoch).
    pub epoch: f64,
    /// Mean loss of the batch before the update.
    pub loss: f64,
    /// Norm of the batch's gradient before the update.
    pub gradient_norm: f64,
}

/// The whole course of a descent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Full-data records in order; the first is the start, the last the stop.
    pub records: Vec<Record>,
    /// Mini-batch steps (empty in full batch).
    pub steps: Vec<Step>,
}

/// Histories up to this many records are kept whole; longer ones are thinned evenly on a log scale.
pub const KEPT_WHOLE: usize = 100_000;

impl History {
    /// The last record. A descent always has at least its start.
    pub fn last(&self) -> Option<&Record> {
        self.records.last()
    }

    /// Thins records and steps to at most about [`KEPT_WHOLE`] each, evenly in the logarithm of the iteration;
    /// the first and the last stay.
    pub fn thin(&mut self) {
        thin_on_log_scale(&mut self.records);
        thin_on_log_scale(&mut self.steps);
    }
}

/// Collects records and steps in bounded memory: beyond a million of a kind only every second, fourth, ... is kept.
#[derive(Debug, Clone)]
pub struct Recorder {
    history: History,
    record_stride: usize,
    step_stride: usize,
    last: Option<Record>,
    seen: (usize, usize),
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder { history: History::default(), record_stride: 1, step_stride: 1, last: None, seen: (0, 0) }
    }
}

impl Recorder {
    /// Takes a record.
    pub fn record(&mut self, record: Record) {
        push_strided(&mut self.history.records, record, &mut self.seen.0, &mut self.record_stride);
        self.last = Some(record);
    }

    /// Takes a mini-batch step.
    pub fn step(&mut self, step: Step) {
        push_strided(&mut self.history.steps, step, &mut self.seen.1, &mut self.step_stride);
    }

    /// The last record so far.
    pub fn last(&self) -> Option<&Record> {
        self.last.as_ref()
    }

    /// Writes all of it to a tape.
    pub(crate) fn put(&self, tape: &mut Tape) {
        tape.each(self.history.records.iter(), put_record);
        tape.each(self.history.steps.iter(), |tape, step| {
            tape.count(step.iteration);
            [step.epoch, step.loss, step.gradient_norm].iter().for_each(|x| tape.number(*x));
        });
        [self.record_stride, self.step_stride, self.seen.0, self.seen.1].iter().for_each(|n| tape.count(*n));
        tape.maybe(self.last.as_ref(), put_record);
    }

    /// Reads it back; strides are at least 1.
    pub(crate) fn take(reader: &mut Reader<'_>) -> Option<Recorder> {
        let records = reader.each(record)?;
        let steps = reader.each(|r| {
            Some(Step {
                iteration: r.count()?,
                epoch: r.number()?,
                loss: r.number()?,
                gradient_norm: r.number()?,
            })
        })?;
        let (record_stride, step_stride) = (reader.count()?.max(1), reader.count()?.max(1));
        let seen = (reader.count()?, reader.count()?);
        let last = reader.maybe(record)?;
        Some(Recorder { history: History { records, steps }, record_stride, step_stride, last, seen })
    }

    /// The history, with its last record, thinned.
    pub fn finish(mut self) -> History {
        if let Some(last) = self.last
            && self.history.records.last().map(|r| r.iteration) != Some(last.iteration)
        {
            self.history.records.push(last);
        }
        self.history.thin();
        self.history
    }
}

fn put_record(tape: &mut Tape, r: &Record) {
    tape.count(r.iteration);
    [r.epoch, r.loss, r.gradient_norm, r.learning_rate, r.seconds].iter().for_each(|x| tape.number(*x));
}

fn record(r: &mut Reader<'_>) -> Option<Record> {
    Some(Record {
        iteration: r.count()?,
        epoch: r.number()?,
        loss: r.number()?,
        gradient_norm: r.number()?,
        learning_rate: r.number()?,
        seconds: r.number()?,
    })
}

/// Pushes every `stride`-th item; when there are too many, drops every second and doubles the stride.
fn push_strided<T>(items: &mut Vec<T>, item: T, seen: &mut usize, stride: &mut usize) {
    const MOST: usize = 1_000_000;
    if seen.is_multiple_of(*stride) {
        items.push(item);
    }
    *seen += 1;
    if items.len() >= MOST {
        let mut position = 0;
        items.retain(|_| {
            position += 1;
            position % 2 == 1
        });
        *stride *= 2;
    }
}

/// Keeps the items whose positions are nearest to a geometric grid.
fn thin_on_log_scale<T: Copy>(items: &mut Vec<T>) {
    let n = items.len();
    if n <= KEPT_WHOLE {
        return;
    }
    let mut kept = Vec::with_capacity(KEPT_WHOLE);
    let mut last = None;
    let ratio = (n as f64).ln() / (KEPT_WHOLE - 1) as f64;
    for k in 0..KEPT_WHOLE {
        let position = (((k as f64 * ratio).exp() - 1.0).round() as usize).min(n - 1);
        if last != Some(position) {
            kept.push(items[position]);
            last = Some(position);
        }
    }
    *items = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorder_bounds_its_memory_and_keeps_the_last() {
        let mut recorder = Recorder::default();
        let record = |iteration: usize| Record {
            iteration,
            epoch: iteration as f64,
            loss: 0.0,
            gradient_norm: 1.0,
            learning_rate: 1.0,
            seconds: 0.0,
        };
        (0..2_500_001).for_each(|k| recorder.record(record(k)));
        let history = recorder.finish();
        assert!(history.records.len() <= KEPT_WHOLE + 1);
        assert_eq!(history.last().map(|r| r.iteration), Some(2_500_000));
    }

    #[test]
    fn thinning_keeps_both_ends_and_the_early_steps() {
        let mut items: Vec<usize> = (0..1_000_000).collect();
        thin_on_log_scale(&mut items);
        assert!(items.len() <= KEPT_WHOLE);
        assert_eq!((items[0], items[1], *items.last().expect("not empty")), (0, 1, 999_999));
    }
}
