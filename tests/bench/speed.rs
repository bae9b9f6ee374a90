//! On demand (`cargo bench --bench speed`, shorter with `-- --quick`): one table of what the machine and the program do in a second.
//!
//! The time of a sweep is the median of some repetitions, and each share of the bandwidth is of what was measured in turns with it.
#![allow(clippy::print_stdout)]

#[path = "speed/descents.rs"]
mod descents;
#[path = "speed/machine.rs"]
mod machine;
#[path = "speed/numbers.rs"]
mod numbers;

use clinreg::num::linalg::inverse_upper;
use clinreg::objective::glm::Glm;
use clinreg::objective::loss::Loss;
use clinreg::objective::{Curved, Objective};
use clinreg::rows::InMemory;
use ndarray::{Array1, Array2};

use machine::{median, middle, on_threads, read};
use numbers::{coefficients, design, outcomes};

/// The program's: it begins large arrays at a page.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
/// How the allocator is told at its start which pages to use.
const PAGES: &str = "_RJEM_MALLOC_CONF";

/// What a process that only sweeps is told.
const SWEEPS_ONLY: &str = "--sweeps-only";
/// Numbers in the larger designs: 400 MB.
const MANY: usize = 50_000_000;
const GIGABYTE: f64 = 1e9;

fn main() {
    let quick = std::env::args().any(|word| word == "--quick");
    let many = if quick { MANY / 5 } else { MANY };
    if std::env::args().any(|word| word == SWEEPS_ONLY) {
        return [10, 50, 200].into_iter().for_each(|p| gradients(many, p));
    }
    println!("{}", machine::description());
    heading("gradient sweep", "one thread, two threads; ordinary pages");
    sweeps_in(quick, "thp:never");
    heading("gradient sweep", "one thread, two threads; large pages, as the program asks for");
    sweeps_in(quick, "thp:always");
    heading("curvature and leverage", "in gradient sweeps of the same rows");
    let rows = if quick { 200_000 } else { 1_000_000 };
    [21, 51].into_iter().for_each(|p| curvatures(rows, p));
    heading("cost as the work grows", "one gradient sweep, logistic, all threads");
    growth(quick);
    heading("descents to 1e-6 standard errors", "logistic, from zero, certified");
    descents::descents(quick);
    heading("bootstrap", "of a model with its validation");
    descents::refits(quick);
}

/// The table of sweeps, from a process of its own that uses such pages.
fn sweeps_in(quick: bool, pages: &str) {
    let program = std::env::current_exe().expect("the path of this program");
    let mut child = std::process::Command::new(program);
    child.arg(SWEEPS_ONLY).args(quick.then_some("--quick")).env(PAGES, pages);
    assert!(child.status().expect("a process of the same program").success(), "the sweeps in {pages}");
}

fn heading(what: &str, how: &str) {
    println!("\n{what} ({how})");
}

fn rows_of(loss: Loss, n: usize, p: usize) -> InMemory {
    let x = design(n, p, 0.0);
    let y = outcomes(loss, &x, &coefficients(p));
    InMemory::new(x, y, None, None)
}

/// The gradient sweep's share of the bandwidth.
fn gradients(many: usize, p: usize) {
    const TIMES: usize = 15;
    for loss in [Loss::Squared, Loss::Logistic] {
        let n = many / p;
        let rows = rows_of(loss, n, p);
        let glm = Glm::new(&rows, loss);
        let (beta, gigabytes) = (coefficients(p), (8 * n * p) as f64 / GIGABYTE);
        let cells = rows.x.as_slice().expect("row-major");
        let speed = |threads: usize| {
            on_threads(threads, || {
                let (mut reading, mut sweeping) = (Vec::new(), Vec::new());
                for _ in 0..TIMES {
                    reading.push(machine::seconds(|| read(cells)));
                    sweeping.push(machine::seconds(|| {
                        std::hint::black_box(glm.value_and_gradient(&beta));
                    }));
                }
                (gigabytes / middle(reading), gigabytes / middle(sweeping))
            })
        };
        let ((read_1, one), (read_2, two)) = (speed(1), speed(2));
        println!(
            "  {n:>9} x {p:<3} {:<8}  {one:5.1} GB/s = {:2.0} % of {read_1:4.1}   {two:5.1} GB/s = {:2.0} % of {read_2:4.1}   {:.2} times",
            name(loss),
            100.0 * one / read_1,
            100.0 * two / read_2,
            two / one
        );
    }
}

fn name(loss: Loss) -> &'static str {
    match loss {
        Loss::Squared => "linear",
        Loss::Logistic => "logistic",
    }
}

/// What the certificate costs.
fn curvatures(n: usize, p: usize) {
    const TIMES: usize = 5;
    for loss in [Loss::Squared, Loss::Logistic] {
        let rows = rows_of(loss, n, p);
        let glm = Glm::new(&rows, loss);
        let beta = coefficients(p);
        for threads in [1, 2] {
            let [sweep, all, leverage] = on_threads(threads, || {
                let inverse: Array2<f64> = inverse_upper(&glm.curvature_root(&beta));
                [
                    median(TIMES, || {
                        std::hint::black_box(glm.value_and_gradient(&beta));
                    }),
                    median(TIMES, || {
                        std::hint::black_box(glm.all_at(&beta));
                    }),
                    median(TIMES, || {
                        std::hint::black_box(glm.largest_leverage(&inverse));
                    }),
                ]
            });
            println!(
                "  {n:>9} x {p:<3} {:<8} {threads} thread{}  gradient {:6.1} ms   with curvature {:6.1} ms = {:.1}   largest leverage {:6.1} ms = {:.1}",
                name(loss),
                if threads == 1 { " " } else { "s" },
                1e3 * sweep,
                1e3 * all,
                all / sweep,
                1e3 * leverage,
                leverage / sweep
            );
        }
    }
}

/// Time of a sweep against rows and columns, with the exponent of the power law through the times.
fn growth(quick: bool) {
    let largest = if quick { 6 } else { 7 };
    let by_rows: Vec<(usize, f64)> =
        (4..=largest).map(|k| 10_usize.pow(k)).map(|n| (n, seconds(n, 10))).collect();
    print_growth("rows, of 10 columns", &by_rows);
    let n = if quick { 20_000 } else { 100_000 };
    let by_columns: Vec<(usize, f64)> =
        [5, 10, 20, 50, 100, 200, 500].into_iter().map(|p| (p, seconds(n, p))).collect();
    print_growth(&format!("columns, of {n} rows"), &by_columns);
}

fn seconds(n: usize, p: usize) -> f64 {
    let rows = rows_of(Loss::Logistic, n, p);
    let (glm, beta) = (Glm::new(&rows, Loss::Logistic), coefficients(p));
    let times = (20_000_000 / (n * p)).clamp(5, 200);
    median(times, || {
        std::hint::black_box(glm.value_and_gradient(&beta));
    })
}

fn print_growth(what: &str, times: &[(usize, f64)]) {
    let line: Vec<String> =
        times.iter().map(|(size, time)| format!("{size}: {:.3} ms", 1e3 * time)).collect();
    println!("  {what}: {}; time grows as its power {:.2}", line.join(", "), exponent(times));
}

/// The slope of ln time on ln size by least squares.
fn exponent(times: &[(usize, f64)]) -> f64 {
    let points: Array1<(f64, f64)> =
        times.iter().map(|(size, time)| ((*size as f64).ln(), time.ln())).collect();
    let n = points.len() as f64;
    let (x, y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let product: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let square: f64 = points.iter().map(|p| (p.0 - x) * (p.0 - x)).sum();
    product / square
}
