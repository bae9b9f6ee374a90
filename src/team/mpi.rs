//! Ranks that a cluster's scheduler starts, over Open MPI.

use mpi::collective::{CommunicatorCollectives, Root, SystemOperation};
use mpi::environment::Universe;
use mpi::point_to_point::{Destination, Source};
use mpi::topology::{Communicator, SimpleCommunicator};

use crate::team::Team;

/// The most bytes of one message: MPI counts in 32 bits.
const MOST: usize = 1 << 30;

/// What a launcher (`mpirun`, `srun`) tells the processes that it starts.
const SIGNS: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"];

/// The library, from its beginning to its end: keep it until all ranks have finished. Where this rank panics, all ranks end.
pub struct Session {
    universe: Option<Universe>,
}

/// One rank of all.
#[derive(Debug)]
struct Member {
    rank: usize,
    size: usize,
}

/// Begins, where a launcher started this process; `None` where nobody did.
pub fn begin() -> Option<(Session, std::sync::Arc<dyn Team>)> {
    if !SIGNS.iter().any(|sign| std::env::var_os(sign).is_some()) {
        return None;
    }
    let (universe, _) = mpi::initialize_with_threading(mpi::Threading::Funneled)?;
    let world = universe.world();
    let member = Member { rank: world.rank() as usize, size: world.size() as usize };
    Some((Session { universe: Some(universe) }, std::sync::Arc::new(member)))
}

impl Drop for Session {
    fn drop(&mut self) {
        if std::thread::panicking() {
            SimpleCommunicator::world().abort(1);
        }
        self.universe.take();
    }
}

fn world() -> SimpleCommunicator {
    SimpleCommunicator::world()
}

impl Member {
    fn reduce(&self, numbers: &mut [f64], operation: SystemOperation) {
        let mine = numbers.to_vec();
        world().all_reduce_into(&mine[..], numbers, operation);
    }
}

impl Team for Member {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn sum(&self, numbers: &mut [f64]) {
        self.reduce(numbers, SystemOperation::sum());
    }

    fn largest(&self, numbers: &mut [f64]) {
        self.reduce(numbers, SystemOperation::max());
    }

    fn gather(&self, mine: &[u8]) -> Vec<Vec<u8>> {
        let world = world();
        if self.rank > 0 {
            let first = world.process_at_rank(0);
            first.send(&(mine.len() as u64));
            mine.chunks(MOST).for_each(|part| first.send(part));
            return Vec::new();
        }
        let from = |rank: usize| {
            let other = world.process_at_rank(rank as i32);
            let (length, _) = other.receive::<u64>();
            let mut bytes = vec![0_u8; length as usize];
            bytes.chunks_mut(MOST).for_each(|part| {
                other.receive_into(part);
            });
            bytes
        };
        std::iter::once(mine.to_vec()).chain((1..self.size).map(from)).collect()
    }

    fn broadcast(&self, bytes: &mut Vec<u8>) {
        let world = world();
        let first = world.process_at_rank(0);
        let mut length = bytes.len() as u64;
        first.broadcast_into(&mut length);
        bytes.resize(length as usize, 0);
        bytes.chunks_mut(MOST).for_each(|part| first.broadcast_into(part));
    }
}
