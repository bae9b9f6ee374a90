//! The state of a descent between two updates, from which another run goes on to the same bits.

use ndarray::ArrayRef1;

use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::optimise::history::Recorder;
use crate::optimise::method::Memory;
use crate::optimise::step::Point;
use crate::optimise::stop::StopReason;
use crate::optimise::tape::{Reader, Tape};
use crate::optimise::watch::{Signal, Watcher};
use crate::optimise::{Descent, Run, Settings};

/// A descent just after a record: its point, what its method remembers, its course so far.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Updates done.
    pub iterations: usize,
    /// Passes over the data by updates.
    pub epochs: usize,
    /// Seconds since the start, as the watcher of the run stamped them.
    pub seconds: f64,
    /// All of it, word by word.
    pub words: Vec<u64>,
}

/// Goes on from a state to where the run that it was taken from would have come.
///
/// The loss and gradient at the start must be those of that run, bit by bit: so the data, the columns and the arithmetic are.
///
/// # Errors
/// Model, when the state is not one of this descent.
pub fn resume(
    objective: &dyn Objective,
    start: &ArrayRef1<f64>,
    settings: &Settings,
    state: &State,
    watcher: &mut dyn Watcher,
) -> Result<Descent> {
    let run = Run::new(objective, start, settings).restored(state)?;
    Ok(run.go_on(Signal::Continue, watcher))
}

impl Run<'_> {
    /// Offers the state to the watcher, who may keep it.
    pub(crate) fn offer(&self, watcher: &mut dyn Watcher, ended: Option<StopReason>) {
        watcher.keep(self.epochs, ended, &|| self.state());
    }

    fn state(&self) -> State {
        let mut tape = Tape::default();
        put_point(&mut tape, &self.first);
        put_point(&mut tape, &self.at);
        self.memory.put(&mut tape);
        self.recorder.put(&mut tape);
        tape.count(self.iterations);
        tape.count(self.epochs);
        [self.sweeps, self.rate, self.base_rate].iter().for_each(|x| tape.number(*x));
        let seconds = self.recorder.last().map_or(0.0, |last| last.seconds);
        State { iterations: self.iterations, epochs: self.epochs, seconds, words: tape.words }
    }

    fn restored(mut self, state: &State) -> Result<Self> {
        let damaged = || Error::model("the checkpoint holds no state of this descent");
        let mut reader = Reader::new(&state.words);
        let first = point(&mut reader).ok_or_else(damaged)?;
        if !same_bits(&first, &self.first) {
            return Err(Error::model(
                "loss and gradient at the start are not those of the run that wrote the checkpoint",
            )
            .hint(
                "they depend on the data and, in their last digits, on the kind of processor and on whether the rows \
                 are swept (`--memory`): go on where the run began, or start anew without `--resume`",
            ));
        }
        self.fill(&mut reader).filter(|()| reader.is_at_the_end()).ok_or_else(damaged)?;
        if self.at.beta.len() != first.beta.len() || self.at.gradient.len() != first.beta.len() {
            return Err(damaged());
        }
        Ok(self)
    }

    fn fill(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        self.at = point(reader)?;
        let memory = Memory::take(reader)?;
        if std::mem::discriminant(&memory) != std::mem::discriminant(&self.memory) {
            return None;
        }
        self.memory = memory;
        self.recorder = Recorder::take(reader)?;
        (self.iterations, self.epochs) = (reader.count()?, reader.count()?);
        (self.sweeps, self.rate, self.base_rate) = (reader.number()?, reader.number()?, reader.number()?);
        Some(())
    }
}

fn put_point(tape: &mut Tape, point: &Point) {
    tape.vector(&point.beta);
    tape.number(point.value);
    tape.vector(&point.gradient);
}

fn point(reader: &mut Reader<'_>) -> Option<Point> {
    Some(Point { beta: reader.vector()?, value: reader.number()?, gradient: reader.vector()? })
}

fn same_bits(a: &Point, b: &Point) -> bool {
    let words = |point: &Point| {
        let mut tape = Tape::default();
        put_point(&mut tape, point);
        tape
    };
    words(a) == words(b)
}
