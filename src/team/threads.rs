//! Ranks on threads of one process, for tests.

use std::sync::{Arc, Barrier, Mutex};

use crate::team::Team;

/// One of several threads that pass messages through a shelf.
#[derive(Debug)]
struct Member {
    rank: usize,
    shelf: Arc<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    barrier: Barrier,
    places: Mutex<Vec<Vec<u8>>>,
}

impl Member {
    /// Everyone's bytes for everyone.
    fn exchange(&self, mine: &[u8]) -> Vec<Vec<u8>> {
        self.shelf.places.lock().expect("no thread panics")[self.rank] = mine.to_vec();
        self.shelf.barrier.wait();
        let all = self.shelf.places.lock().expect("no thread panics").clone();
        self.shelf.barrier.wait();
        all
    }

    fn fold(&self, numbers: &mut [f64], add: impl Fn(f64, f64) -> f64) {
        let all = self.exchange(bytemuck::cast_slice(numbers));
        let of = |bytes: &Vec<u8>| bytemuck::pod_collect_to_vec::<u8, f64>(bytes);
        numbers.copy_from_slice(&of(&all[0]));
        for other in all[1..].iter().map(of) {
            assert_eq!(other.len(), numbers.len(), "all ranks add up the same");
            numbers.iter_mut().zip(other).for_each(|(a, b)| *a = add(*a, b));
        }
    }
}

impl Team for Member {
    fn rank(&self) -> usize {
        self.rank
    }
    fn size(&self) -> usize {
        self.shelf.places.lock().expect("no thread panics").len()
    }
    fn sum(&self, numbers: &mut [f64]) {
        self.fold(numbers, |a, b| a + b);
    }
    fn largest(&self, numbers: &mut [f64]) {
        self.fold(numbers, f64::max);
    }
    fn gather(&self, mine: &[u8]) -> Vec<Vec<u8>> {
        let all = self.exchange(mine);
        if self.rank == 0 { all } else { Vec::new() }
    }
    fn broadcast(&self, bytes: &mut Vec<u8>) {
        *bytes = self.exchange(bytes).swap_remove(0);
    }
}

/// Runs the same on some threads; what each gives, in the order of the ranks.
pub fn on_threads<T: Send>(size: usize, run: &(dyn Fn(Arc<dyn Team>) -> T + Sync)) -> Vec<T> {
    let shelf = Arc::new(Shelf { barrier: Barrier::new(size), places: Mutex::new(vec![Vec::new(); size]) });
    std::thread::scope(|scope| {
        let start = |rank: usize| {
            let team: Arc<dyn Team> = Arc::new(Member { rank, shelf: Arc::clone(&shelf) });
            scope.spawn(move || run(team))
        };
        let handles: Vec<_> = (0..size).map(start).collect();
        handles.into_iter().map(|handle| handle.join().expect("no thread panics")).collect()
    })
}
