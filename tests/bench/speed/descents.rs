//! Whole descents: how many sweeps each method needs, and how many refits a second a bootstrap does.

use std::time::Instant;

use clinreg::data::csv::Source;
use clinreg::fit::analyse;
use clinreg::fit::spec::Spec;
use clinreg::num::linalg::{inverse_upper, singular_values, solve_upper_transposed};
use clinreg::objective::Curved;
use clinreg::objective::glm::Glm;
use clinreg::objective::loss::Loss;
use clinreg::optimise::certificate::{logistic_distance, newton_decrement};
use clinreg::optimise::history::Record;
use clinreg::optimise::method::{Decay, Method, Rate};
use clinreg::optimise::step::Point;
use clinreg::optimise::watch::{Signal, Unwatched, Watcher};
use clinreg::optimise::{Settings, minimise};
use clinreg::rows::InMemory;
use clinreg::validate::resample::Scheme;
use clinreg::validate::validate;
use ndarray::{Array1, Array2};

use crate::numbers::{coefficients, design, outcomes};

/// How close the end must be, in standard errors.
const CLOSE: f64 = 1e-6;

/// Says stop once Newton's step is shorter than half of what is wanted.
struct Near<'a> {
    root: &'a Array2<f64>,
    n: usize,
    is_near: bool,
}

impl Watcher for Near<'_> {
    fn seconds(&self) -> f64 {
        0.0
    }

    fn seen(&mut self, _record: &Record, _tolerance: f64) -> Signal {
        if self.is_near { Signal::Stop } else { Signal::Continue }
    }

    fn at(&mut self, point: &Point) {
        let step = solve_upper_transposed(self.root, &point.gradient);
        self.is_near = (step.dot(&step) * self.n as f64).sqrt() < 0.5 * CLOSE;
    }
}

/// Each method from zero to a certified distance from the optimum.
pub fn descents(quick: bool) {
    let (n, p) = (if quick { 50_000 } else { 200_000 }, 20);
    let x = design(n, p, 0.8);
    let y = outcomes(Loss::Logistic, &x, &coefficients(p));
    let rows = InMemory::new(x, y, None, None);
    let glm = Glm::new(&rows, Loss::Logistic);
    let start = Array1::zeros(p);
    let at_start = singular_values(&glm.curvature_root(&start));
    let longest = at_start.first().map_or(1.0, |s| s * s); // of the Hessian's eigenvalues, here and anywhere
    let settings = |method: Method, tolerance: f64| Settings {
        method,
        batch: None,
        decay: Decay::Constant,
        max_epochs: if quick { 1000 } else { 5000 },
        tolerance,
        seed: 0,
    };
    let optimum = minimise(&glm, &start, &settings(Method::Auto, 1e-13), &mut Unwatched).beta;
    let root = glm.curvature_root(&optimum);
    let eigen = singular_values(&root);
    let condition = eigen.first().zip(eigen.last()).map_or(f64::NAN, |(a, b)| (a / b) * (a / b));
    println!("  {n} x {p}, condition number of the Hessian {condition:.0}; L = {longest:.2}");
    let rate = 1.0 / longest;
    for (name, method) in [
        ("auto", Method::Auto),
        ("gradient descent at 1/L", Method::GradientDescent(Rate::Fixed(rate))),
        ("momentum 0.9 at 1/L", Method::Momentum { rate, friction: 0.9 }),
        ("nesterov at 1/L", Method::Nesterov { rate }),
        ("adam at 0.01", Method::Adam { rate: 0.01 }),
    ] {
        let mut watcher = Near { root: &root, n, is_near: false };
        let begun = Instant::now();
        let end = minimise(&glm, &start, &settings(method, 0.0), &mut watcher);
        let seconds = begun.elapsed().as_secs_f64();
        let (_, gradient, root) = glm.all_at(&end.beta);
        let leverage = glm.largest_leverage(&inverse_upper(&root));
        let distance = logistic_distance(newton_decrement(&root, &gradient), leverage);
        let errors = distance.map(|d| d * (n as f64).sqrt());
        let verdict = match errors {
            Some(errors) if errors <= CLOSE => format!("certified within {errors:.0e} standard errors"),
            Some(errors) => format!("not there: {errors:.0e} standard errors away ({})", end.reason.words()),
            None => format!("not there ({})", end.reason.words()),
        };
        println!("  {name:<24} {:>6.1} sweeps {seconds:>8.3} s   {verdict}", end.sweeps);
    }
}

/// Bootstrap refits a second of a trial of 10,000 x 20, each measured on its own rows and on all.
pub fn refits(quick: bool) {
    let (n, p, samples) = (10_000, 20, if quick { 50 } else { 200 });
    let x = design(n, p, 0.5);
    let y = outcomes(Loss::Logistic, &x, &coefficients(p));
    let names: Vec<String> = (1..p).map(|j| format!("x{j}")).collect();
    let mut csv = format!("y,{}\n", names.join(","));
    for (row, y) in x.rows().into_iter().zip(&y) {
        let cells: Vec<String> = row.iter().skip(1).map(|cell| format!("{cell:.6}")).collect();
        csv.push_str(&format!("{y},{}\n", cells.join(",")));
    }
    let source = Source::from_bytes("trial.csv", csv.into_bytes()).expect("a table");
    let spec = Spec { event: Some("1".to_string()), ..Spec::new(&format!("y ~ {}", names.join(" + "))) };
    let analysis = analyse(&spec, &source, &mut Unwatched).expect("a fit");
    for threads in [1, 2] {
        let seconds = crate::machine::on_threads(threads, || {
            let begun = Instant::now();
            let done = validate(&analysis, Scheme::Bootstrap { samples }, &mut |_| Signal::Continue);
            assert!(done.is_ok_and(|v| v.is_some()), "the model can be validated");
            begun.elapsed().as_secs_f64()
        });
        println!(
            "  {n} x {p}, {samples} resamples, {threads} thread{}: {:.0} refits a second",
            if threads == 1 { "" } else { "s" },
            samples as f64 / seconds
        );
    }
}
