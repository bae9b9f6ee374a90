//! The machine: what it is, and how fast it reads memory.

use std::time::Instant;

use clinreg::num::lanes::wide;
use rayon::prelude::*;

/// Processor, cores and memory, as the system names them.
pub fn description() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_string();
        line.split_once(':').map(|(_, value)| value.trim().to_string())
    };
    let model =
        field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "processor unknown".to_string());
    let memory = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|size| size.trim_end_matches(" kB").parse::<f64>().ok())
        .map_or_else(
            || "memory unknown".to_string(),
            |kib| format!("{:.0} GiB of memory", kib / f64::from(1 << 20)),
        );
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, {memory}")
}

/// The median of some runs, in seconds.
pub fn median(times: usize, mut job: impl FnMut()) -> f64 {
    middle((0..times).map(|_| seconds(&mut job)).collect())
}

/// How long a job takes, in seconds.
pub fn seconds(job: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    job();
    begun.elapsed().as_secs_f64()
}

/// The middle one of some times, or the upper of the two.
pub fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Does a job with so many threads.
pub fn on_threads<R: Send>(threads: usize, job: impl FnOnce() -> R + Send) -> R {
    with_threads(threads, |pool| pool.install(job))
}

/// Does a job beside so many threads.
pub fn with_threads<R>(threads: usize, job: impl FnOnce(&rayon::ThreadPool) -> R) -> R {
    job(&rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads"))
}

/// Reads an array, which is to be much larger than the caches, by summing it (in vectors of 256 bits, which read faster than wider ones).
pub fn read(cells: &[f64]) {
    const PIECE: usize = 1 << 17;
    std::hint::black_box(cells.par_chunks(PIECE).map(sum).sum::<f64>());
}

fn sum(cells: &[f64]) -> f64 {
    wide(
        #[inline(always)]
        || {
            let mut sums = [0.0; 64];
            for run in cells.as_chunks::<64>().0 {
                for k in 0..64 {
                    sums[k] += run[k];
                }
            }
            sums.iter().sum()
        },
    )
}
