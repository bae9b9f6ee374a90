//! Ranks: the same program on several processes, each with its own share of the rows; what they say to each other.
//!
//! Preparing (what columns are, levels, knots, scale) is done by all ranks in step: [`Ranks::meet`] shows every rank what all
//! found, so that all decide the same. From then on rank 0 leads: it asks ([`crate::rows::shared::Question`]), every rank
//! answers with sums over its rows, and only rank 0 decides and writes. No rank can therefore go another way than the others,
//! on whatever processor it runs.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};

/// What a message-passing library must offer. Every rank calls the same in the same order.
pub trait Team: Debug + Send + Sync {
    /// This process, 0 <= rank < size.
    fn rank(&self) -> usize;
    /// The number of processes.
    fn size(&self) -> usize;
    /// Adds up the numbers of all ranks, place by place; every rank has the sums afterwards (an all-reduce).
    fn sum(&self, numbers: &mut [f64]);
    /// The largest of all ranks, place by place, likewise.
    fn largest(&self, numbers: &mut [f64]);
    /// The bytes of every rank in the order of the ranks, at rank 0; nothing elsewhere.
    fn gather(&self, mine: &[u8]) -> Vec<Vec<u8>>;
    /// The bytes of rank 0 for everyone.
    fn broadcast(&self, bytes: &mut Vec<u8>);
}

/// One process, or one of several.
#[derive(Debug, Clone, Default)]
pub struct Ranks {
    team: Option<Arc<dyn Team>>,
    own_files: bool,
    /// Whether all ranks have been told of an error.
    all_know: Arc<AtomicBool>,
}

/// An error as it travels.
#[derive(Serialize, Deserialize)]
struct Told {
    kind: u8,
    message: String,
    hint: Option<String>,
}

const KINDS: [Kind; 5] = [Kind::Data, Kind::Formula, Kind::Model, Kind::Io, Kind::Usage];

impl From<Error> for Told {
    fn from(error: Error) -> Told {
        let kind = KINDS.iter().position(|kind| *kind == error.kind).unwrap_or(0) as u8;
        Told { kind, message: error.message, hint: error.hint }
    }
}

impl Told {
    fn error(self, rank: usize) -> Error {
        let kind = KINDS.get(usize::from(self.kind)).copied().unwrap_or(Kind::Data);
        let message = if rank == 0 { self.message } else { format!("rank {rank}: {}", self.message) };
        Error { hint: self.hint, ..Error::new(kind, message) }
    }
}

impl Ranks {
    /// This process alone.
    pub fn alone() -> Ranks {
        Ranks::default()
    }

    /// One of several. `own_files`: each rank has rows of its own, of which nothing but sums may leave it.
    pub fn of(team: Arc<dyn Team>, own_files: bool) -> Ranks {
        Ranks { team: Some(team).filter(|team| team.size() > 1), own_files, ..Ranks::default() }
    }

    /// The library below, where there are several ranks.
    pub fn team(&self) -> Option<&Arc<dyn Team>> {
        self.team.as_ref()
    }

    /// Whether this process is the only one.
    pub fn is_alone(&self) -> bool {
        self.team.is_none()
    }

    /// Whether each rank has rows of its own, of which nothing but sums may leave it.
    pub fn have_own_files(&self) -> bool {
        !self.is_alone() && self.own_files
    }

    /// This process; 0 where it is alone.
    pub fn rank(&self) -> usize {
        self.team.as_ref().map_or(0, |team| team.rank())
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.team.as_ref().map_or(1, |team| team.size())
    }

    /// What every rank found, in the order of the ranks, for every rank.
    ///
    /// # Errors
    /// The first error of any rank, with its number, on all of them.
    pub fn meet<T: Serialize + DeserializeOwned>(&self, mine: Result<T>) -> Result<Vec<T>> {
        let Some(team) = &self.team else { return Ok(vec![mine?]) };
        let mine: std::result::Result<T, Told> = mine.map_err(Told::from);
        let gathered = team.gather(&packed(&mine)?);
        let mut all = packed(&gathered)?;
        team.broadcast(&mut all);
        let all: Vec<Vec<u8>> = unpacked(&all)?;
        let found = all
            .iter()
            .enumerate()
            .map(|(rank, bytes)| {
                let found: std::result::Result<T, Told> = unpacked(bytes)?;
                found.map_err(|told| told.error(rank))
            })
            .collect();
        self.know(found)
    }

    /// What a step of the preparation gives on this rank. An error that only this rank has is told to the others, who hear of it
    /// when they next meet; so every way through the preparation must end with a meeting.
    ///
    /// # Errors
    /// Those of `step`, on all ranks.
    pub fn step<T>(&self, step: impl FnOnce() -> Result<T>) -> Result<T> {
        match step() {
            Err(error) if !self.is_alone() && !self.all_know.load(Ordering::SeqCst) => {
                self.meet::<()>(Err(error)).map(|_| unreachable!("this rank has an error"))
            }
            other => other,
        }
    }

    fn know<T>(&self, found: Result<T>) -> Result<T> {
        if found.is_err() {
            self.all_know.store(true, Ordering::SeqCst);
        }
        found
    }

    /// What rank 0 makes of the bytes of all ranks, for every rank.
    ///
    /// # Errors
    /// The first error of any rank, on all of them; then that of `make`.
    pub fn lead<T: Serialize + DeserializeOwned>(
        &self,
        mine: Result<Vec<u8>>,
        make: impl FnOnce(Vec<Vec<u8>>) -> Result<T>,
    ) -> Result<T> {
        let Some(team) = &self.team else { return make(vec![mine?]) };
        self.meet(mine.as_ref().map(|_| ()).map_err(Clone::clone))?;
        let gathered = team.gather(&mine?);
        let made = if team.rank() == 0 { Some(make(gathered).map_err(Told::from)) } else { None };
        let mut bytes = made.map(|made| packed(&made)).transpose()?.unwrap_or_default();
        team.broadcast(&mut bytes);
        let made: std::result::Result<T, Told> = unpacked(&bytes)?;
        self.know(made.map_err(|told| told.error(0)))
    }
}

fn packed<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(|e| Error::data(format!("a message to the other ranks cannot be written: {e}")))
}

fn unpacked<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| {
        Error::data(format!("a message of another rank cannot be read: {e}"))
            .hint("all ranks must run the same version of clinreg")
    })
}

/// Numbers that travel as they are, whatever they are (infinite ones too).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// Of numbers.
    pub fn of<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> Bits {
        Bits(numbers.into_iter().map(|x| x.to_bits()).collect())
    }

    /// The numbers.
    pub fn numbers(&self) -> Vec<f64> {
        self.0.iter().map(|bits| f64::from_bits(*bits)).collect()
    }
}

#[cfg(feature = "mpi")]
pub mod mpi;
#[cfg(test)]
pub mod threads;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::threads::on_threads;

    #[test]
    fn all_ranks_see_what_each_found_in_their_order() {
        let seen = on_threads(3, &|team| {
            Ranks::of(team.clone(), false).meet(Ok(format!("rank {}", team.rank()))).expect("no error")
        });
        assert!(seen.iter().all(|all| *all == ["rank 0", "rank 1", "rank 2"]));
    }

    #[test]
    fn an_error_of_one_rank_is_an_error_of_all_and_says_whose() {
        let seen = on_threads(3, &|team| {
            let mine = if team.rank() == 1 { Err(Error::usage("no").hint("try")) } else { Ok(7) };
            Ranks::of(team, false).meet(mine).expect_err("one failed")
        });
        assert!(seen.iter().all(|e| e.message == "rank 1: no" && e.kind == Kind::Usage));
        assert!(seen.iter().all(|e| e.hint.as_deref() == Some("try")));
    }

    #[test]
    fn rank_0_leads_and_all_have_what_it_made() {
        let seen = on_threads(2, &|team| {
            let mine = Ok(vec![team.rank() as u8 + 1]);
            Ranks::of(team, false).lead(mine, |all| Ok(Bits::of(&[all.len() as f64, f64::INFINITY])))
        });
        for made in seen {
            assert_eq!(made.expect("no error").numbers(), [2.0, f64::INFINITY]);
        }
        assert_eq!(Ranks::alone().meet(Ok(3)).expect("alone"), [3]);
    }
}
