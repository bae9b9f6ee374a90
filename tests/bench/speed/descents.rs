//! Whole descents: how many sweeps each method needs, and how many refits a second a bootstrap does.

use clinreg::data::csv::Source;
use clinreg::fit::analyse;
use clinreg::fit::analysis::Analysis;
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
use clinreg::optimise::{Descent, Settings, minimise};
use clinreg::rows::{InMemory, Rows};
use clinreg::validate::resample::Scheme;
use clinreg::validate::validate;
use ndarray::{Array1, Array2};

use crate::machine::seconds;
use crate::numbers::{coefficients, design, outcomes};

/// What descends.
pub const METHODS: [&str; 5] =
    ["auto", "gradient descent at 1/L", "momentum 0.9 at 1/L", "nesterov at 1/L", "adam at 0.01"];
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

/// A logistic model to descend on, from zero to a certified distance of its optimum.
pub struct Slope {
    rows: InMemory,
    optimum: Array1<f64>,
    /// Triangular root of the Hessian there.
    root: Array2<f64>,
    /// The largest eigenvalue of the Hessian anywhere.
    steepest: f64,
    max_epochs: usize,
}

impl Slope {
    /// Of n rows and p columns, each correlated with the one before it.
    pub fn new(n: usize, p: usize, max_epochs: usize) -> Slope {
        let x = design(n, p, 0.8);
        let y = outcomes(Loss::Logistic, &x, &coefficients(p));
        let rows = InMemory::new(x, y, None, None);
        let start = Array1::zeros(p);
        let at_start = singular_values(&Glm::new(&rows, Loss::Logistic).curvature_root(&start));
        let steepest = at_start.first().map_or(1.0, |s| s * s);
        let mut slope =
            Slope { rows, optimum: start.clone(), root: Array2::zeros((0, 0)), steepest, max_epochs };
        slope.optimum =
            minimise(&slope.glm(), &start, &slope.settings(Method::Auto, 1e-13), &mut Unwatched).beta;
        slope.root = slope.glm().curvature_root(&slope.optimum);
        slope
    }

    fn glm(&self) -> Glm<'_> {
        Glm::new(&self.rows, Loss::Logistic)
    }

    fn settings(&self, method: Method, tolerance: f64) -> Settings {
        let (batch, decay, max_epochs) = (None, Decay::Constant, self.max_epochs);
        Settings { method, batch, decay, max_epochs, tolerance, seed: 0 }
    }

    /// The methods, in the order of their names.
    pub fn methods(&self) -> [Method; 5] {
        let rate = 1.0 / self.steepest;
        [
            Method::Auto,
            Method::GradientDescent(Rate::Fixed(rate)),
            Method::Momentum { rate, friction: 0.9 },
            Method::Nesterov { rate },
            Method::Adam { rate: 0.01 },
        ]
    }

    /// From zero until the optimum is near, or the epochs are used up.
    pub fn descend(&self, method: &Method) -> Descent {
        let mut watcher = Near { root: &self.root, n: self.rows.n_rows(), is_near: false };
        let start = Array1::zeros(self.optimum.len());
        minimise(&self.glm(), &start, &self.settings(method.clone(), 0.0), &mut watcher)
    }

    /// How far from the optimum these coefficients are at most, in standard errors; `None` where nothing is proven.
    fn errors(&self, beta: &Array1<f64>) -> Option<f64> {
        let glm = self.glm();
        let (_, gradient, root) = glm.all_at(beta);
        let leverage = glm.largest_leverage(&inverse_upper(&root));
        let distance = logistic_distance(newton_decrement(&root, &gradient), leverage);
        distance.map(|d| d * (self.rows.n_rows() as f64).sqrt())
    }
}

/// Each method from zero to a certified distance from the optimum.
pub fn descents(quick: bool) {
    let (n, p) = (if quick { 50_000 } else { 200_000 }, 20);
    let slope = Slope::new(n, p, if quick { 1000 } else { 5000 });
    let eigen = singular_values(&slope.root);
    let condition = eigen.first().zip(eigen.last()).map_or(f64::NAN, |(a, b)| (a / b) * (a / b));
    println!("  {n} x {p}, condition number of the Hessian {condition:.0}; L = {:.2}", slope.steepest);
    for (name, method) in METHODS.into_iter().zip(slope.methods()) {
        let mut end = None;
        let seconds = seconds(|| end = Some(slope.descend(&method)));
        let end = end.expect("it ended");
        let verdict = match slope.errors(&end.beta) {
            Some(errors) if errors <= CLOSE => format!("certified within {errors:.0e} standard errors"),
            Some(errors) => format!("not there: {errors:.0e} standard errors away ({})", end.reason.words()),
            None => format!("not there ({})", end.reason.words()),
        };
        println!("  {name:<24} {:>6.1} sweeps {seconds:>8.3} s   {verdict}", end.sweeps);
    }
}

/// A fit to n patients with p - 1 predictors.
pub fn trial(n: usize, p: usize) -> Analysis {
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
    analyse(&spec, &source, &mut Unwatched).expect("a fit")
}

/// Validates a fit by so many resamples.
pub fn refit(analysis: &Analysis, samples: usize) {
    let done = validate(analysis, Scheme::Bootstrap { samples }, &mut |_| Signal::Continue);
    assert!(done.is_ok_and(|v| v.is_some()), "the model can be validated");
}

/// Bootstrap refits a second of a trial of 10,000 x 20, each measured on its own rows and on all.
pub fn refits(quick: bool) {
    let (n, p, samples) = (10_000, 20, if quick { 50 } else { 200 });
    let analysis = trial(n, p);
    for threads in [1, 2] {
        let seconds = crate::machine::on_threads(threads, || seconds(|| refit(&analysis, samples)));
        println!(
            "  {n} x {p}, {samples} resamples, {threads} thread{}: {:.0} refits a second",
            if threads == 1 { "" } else { "s" },
            samples as f64 / seconds
        );
    }
}
