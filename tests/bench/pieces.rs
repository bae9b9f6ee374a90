//! On demand (`cargo bench --bench pieces`, `-- gradient` for some): what a fit is made of, each with its median, by divan.
//!
//! Bytes a second are those of the design: that of `gradient` over that of `read` is the sweep's share of the memory's speed.
#![allow(clippy::print_stdout)]

#[path = "speed/descents.rs"]
#[allow(dead_code)]
mod descents;
#[path = "speed/machine.rs"]
#[allow(dead_code)]
mod machine;
#[path = "speed/numbers.rs"]
mod numbers;

use std::fmt;

use clinreg::objective::glm::Glm;
use clinreg::objective::loss::Loss;
use clinreg::objective::{Curved, Objective};
use clinreg::rows::InMemory;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

use numbers::{coefficients, design, outcomes};

/// The program's: large arrays lie in large pages.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Numbers in a design that is to be swept: 400 MB.
const MANY: usize = 50_000_000;
const THREADS: [usize; 2] = [1, 2];

fn main() {
    println!("{}", machine::description());
    divan::main();
}

/// A model of p columns, and the threads that it is worked on with.
#[derive(Clone, Copy)]
struct Case {
    p: usize,
    loss: Loss,
    threads: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let loss = match self.loss {
            Loss::Squared => "linear",
            Loss::Logistic => "logistic",
        };
        write!(f, "{} columns, {loss}, threads: {}", self.p, self.threads)
    }
}

fn cases(widths: &[usize]) -> Vec<Case> {
    let of_width = |p: &usize| {
        let p = *p;
        [Loss::Squared, Loss::Logistic]
            .into_iter()
            .flat_map(move |loss| THREADS.map(|threads| Case { p, loss, threads }))
    };
    widths.iter().flat_map(of_width).collect()
}

impl Case {
    fn rows(self, cells: usize) -> InMemory {
        let x = design(cells / self.p, self.p, 0.0);
        let y = outcomes(self.loss, &x, &coefficients(self.p));
        InMemory::new(x, y, None, None)
    }
}

/// The memory's speed: a sum of all numbers.
#[divan::bench(args = THREADS, sample_count = 15, sample_size = 1)]
fn read(bencher: Bencher, threads: usize) {
    let cells = design(MANY / 50, 50, 0.0);
    let cells = cells.as_slice().expect("row-major");
    let bencher = bencher.counter(BytesCount::of_slice(cells));
    machine::with_threads(threads, |pool| bencher.bench_local(|| pool.install(|| machine::read(cells))));
}

/// Loss and gradient: one pass over the design.
#[divan::bench(args = cases(&[10, 50, 200]), sample_count = 15, sample_size = 1)]
fn gradient(bencher: Bencher, case: Case) {
    let (rows, beta) = (case.rows(MANY), coefficients(case.p));
    let glm = Glm::new(&rows, case.loss);
    let bencher = bencher.counter(BytesCount::of_many::<f64>(rows.x.len()));
    machine::with_threads(case.threads, |pool| {
        bencher.bench_local(|| pool.install(|| glm.value_and_gradient(&beta)));
    });
}

/// Loss, gradient and curvature: what a step of Newton's and the certificate take.
#[divan::bench(args = cases(&[21, 51]), sample_count = 5, sample_size = 1)]
fn curvature(bencher: Bencher, case: Case) {
    let (rows, beta) = (case.rows(MANY / 2), coefficients(case.p));
    let glm = Glm::new(&rows, case.loss);
    let bencher = bencher.counter(BytesCount::of_many::<f64>(rows.x.len()));
    machine::with_threads(case.threads, |pool| {
        bencher.bench_local(|| pool.install(|| glm.all_at(&beta)));
    });
}

/// Which of the methods descends.
struct Way(usize);

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(descents::METHODS[self.0])
    }
}

/// Each method from zero to 1e-6 standard errors of the optimum of 100,000 x 10, but adam, which `speed` shows to stay away.
#[divan::bench(args = (0..4).map(Way), sample_count = 3, sample_size = 1)]
fn descent(bencher: Bencher, way: &Way) {
    let slope = descents::Slope::new(100_000, 10, 2000);
    let method = &slope.methods()[way.0];
    bencher.bench_local(|| slope.descend(method));
}

/// Bootstrap refits of a model of 10,000 x 20, each measured on its own rows and on all.
#[divan::bench(args = THREADS, sample_count = 3, sample_size = 1)]
fn refits(bencher: Bencher, threads: usize) {
    const SAMPLES: usize = 64;
    let analysis = descents::trial(10_000, 20);
    let bencher = bencher.counter(ItemsCount::new(SAMPLES));
    machine::with_threads(threads, |pool| {
        bencher.bench_local(|| pool.install(|| descents::refit(&analysis, SAMPLES)));
    });
}
