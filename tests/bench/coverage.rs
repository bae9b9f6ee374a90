//! On demand (`cargo bench --bench coverage`): how often 95 % intervals hold the planted truth, by simulation.
//!
//! Of each quantity: the truth, the mean estimate, the mean width of the interval, how often it held the truth.
//! `cargo bench --bench coverage -- 4000` simulates so many data sets a quantity instead of 2,000. Everything random
//! comes from one seed, and each data set from a stream of its own: the table is the same on any number of threads.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use clinreg::data::csv::Source;
use clinreg::effects;
use clinreg::effects::measure::Measure;
use clinreg::effects::result::{EffectInterval, Findings, Question};
use clinreg::fit::result::Fit;
use clinreg::fit::spec::Spec;
use clinreg::fit::{analyse, fit};
use clinreg::impute::analysis::fit_imputed;
use clinreg::num::random::stream;
use clinreg::num::special::{expit, logit};
use clinreg::optimise::watch::{Unwatched, Watcher};
use clinreg::performance::discrimination::auc;
use clinreg::performance::logistic::{Asked, LogisticPerformance, Predicted};
use ndarray_rand::rand::Rng;
use ndarray_rand::rand_distr::{Distribution, StandardNormal};

const SEED: u64 = 2026;
const SETS: u64 = 2000;
/// Points of an integral over a uniform variable.
const POINTS: u32 = 20_000;

/// One interval of one data set, the value that it should hold, and its estimate.
#[derive(Clone, Copy)]
struct Interval {
    estimate: f64,
    low: f64,
    high: f64,
    truth: f64,
}

fn main() {
    let sets = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(SETS);
    println!("{sets} data sets each, seed {SEED}; coverage of 95 % intervals (Monte-Carlo standard error)\n");
    println!("{:<58} {:>9} {:>9} {:>8}  {:<14} {:>6}", "", "truth", "estimate", "width", "covered", "failed");
    study("risk difference, 400 patients, confounded, interaction", &RISK_DIFFERENCE, sets, trial);
    study("predictions of 500 patients, a third with the event", &PREDICTIONS, sets, predictions);
    study("missing at random, linear, 200 patients, 10 imputations", &LINEAR, sets, linear_with_gaps);
    study("missing at random, logistic, 500 patients, 10 imputations", &LOGISTIC, sets, logistic_with_gaps);
}

/// Simulates the sets side by side and prints a line for each quantity; a set without an interval counts as failed.
fn study(name: &str, quantities: &[&str], sets: u64, one: impl Fn(u64) -> Vec<Option<Interval>> + Sync) {
    let begun = Instant::now();
    let found = side_by_side(sets, &one);
    println!("{name}: {:.0} s", begun.elapsed().as_secs_f64());
    for (k, quantity) in quantities.iter().enumerate() {
        let known: Vec<Interval> = found.iter().filter_map(|of_set| of_set[k]).collect();
        let n = known.len() as f64;
        let mean = |of: fn(&Interval) -> f64| known.iter().map(of).sum::<f64>() / n;
        let covered = mean(|i| f64::from(u8::from(i.low <= i.truth && i.truth <= i.high)));
        println!(
            "  {quantity:<56} {:>9.4} {:>9.4} {:>8.4}  {:.1} % ({:.1})   {:>6}",
            mean(|i| i.truth),
            mean(|i| i.estimate),
            mean(|i| i.high - i.low),
            100.0 * covered,
            100.0 * (covered * (1.0 - covered) / n).sqrt(),
            found.len() - known.len(),
        );
    }
}

/// The sets in turn to the cores, each with a pool of one thread: a fit that waits for a part of its own work would
/// otherwise begin other sets on top of it, one upon another until the stack is full.
fn side_by_side<T: Send>(sets: u64, one: &(impl Fn(u64) -> T + Sync)) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let share = |first: u64| -> Vec<(u64, T)> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        pool.install(|| (first..sets).step_by(cores as usize).map(|set| (set, one(set))).collect())
    };
    let share = &share;
    let mut found: Vec<(u64, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|first| scope.spawn(move || share(first))).collect();
        workers.into_iter().flat_map(|w| w.join().expect("no set panics")).collect()
    });
    found.sort_by_key(|(set, _)| *set);
    found.into_iter().map(|(_, of_set)| of_set).collect()
}

const RISK_DIFFERENCE: [&str; 3] =
    ["delta, of these patients", "delta, of all such patients", "sandwich, of all such patients"];

/// Log odds of the event in an arm (0 or 1): the treatment helps the old more.
fn log_odds(arm: f64, age: f64, male: f64) -> f64 {
    -1.0 + 0.05 * (age - 55.0) + 0.5 * male - arm * (0.8 + 0.03 * (age - 55.0))
}

fn true_difference(age: f64, male: f64) -> f64 {
    expit(log_odds(1.0, age, male)) - expit(log_odds(0.0, age, male))
}

const SHARE_MALE: f64 = 0.4;

/// The oldest are treated most often; the risk difference is by `fit` and `effects` as of a file.
fn trial(set: u64) -> Vec<Option<Interval>> {
    const PATIENTS: usize = 400;
    let mut random = stream(SEED, "trial", set);
    let mut text = "arm,age,sex,event\n".to_string();
    let mut of_these = 0.0;
    for _ in 0..PATIENTS {
        let mut uniform = || random.random::<f64>();
        let (age, male) = (40.0 + 30.0 * uniform(), f64::from(u8::from(uniform() < SHARE_MALE)));
        let arm = f64::from(u8::from(uniform() < expit(0.04 * (age - 55.0))));
        let event = u8::from(uniform() < expit(log_odds(arm, age, male)));
        of_these += true_difference(age, male) / PATIENTS as f64;
        text.push_str(&format!("{arm},{age},{},{event}\n", if male > 0.5 { "m" } else { "f" }));
    }
    let of_all = (0..POINTS)
        .map(|k| 40.0 + 30.0 * (f64::from(k) + 0.5) / f64::from(POINTS))
        .map(|age| (1.0 - SHARE_MALE) * true_difference(age, 0.0) + SHARE_MALE * true_difference(age, 1.0))
        .sum::<f64>()
        / f64::from(POINTS);
    let source = Source::from_bytes("trial.csv", text.into_bytes()).expect("a table");
    let analysis = analyse(&Spec::new("event ~ arm * age + sex"), &source, &mut Unwatched).expect("a fit");
    let question = Question { treatment: "arm".to_string(), interval: EffectInterval::Delta, event_is: None };
    let Findings::Known(found) = effects::estimate(&question, &analysis, &|| false).expect("two arms") else {
        return vec![None; RISK_DIFFERENCE.len()];
    };
    let marginal = found.contrasts[0].marginal.iter().find(|m| m.measure == Measure::Difference);
    let (delta, sandwich) = marginal.map_or((None, None), |m| (m.delta, m.sandwich));
    [(delta, of_these), (delta, of_all), (sandwich, of_all)]
        .map(|(effect, truth)| {
            effect.map(|e| Interval { estimate: e.estimate, low: e.low, high: e.high, truth })
        })
        .to_vec()
}

const PREDICTIONS: [&str; 3] =
    ["AUC (DeLong)", "calibration slope (Wald)", "calibration in the large (Wald)"];

/// The planted miscalibration: log odds of the event = A + B times those predicted.
const A: f64 = 0.2;
const B: f64 = 0.8;

/// A logistic variable: predictions about log odds of -1.3.
fn predicted(uniform: f64) -> f64 {
    -1.3 + 0.8 * logit(uniform)
}

/// The area under the curve of the population, and the shift that calibrates in the large: E[y - expit(a + lp)] = 0.
fn truth_of_predictions() -> (f64, f64) {
    let grid: Vec<f64> = (0..POINTS).map(|k| predicted((f64::from(k) + 0.5) / f64::from(POINTS))).collect();
    let risk: Vec<f64> = grid.iter().chain(&grid).map(|lp| expit(*lp)).collect();
    let event: Vec<f64> = (0..2 * POINTS).map(|k| f64::from(u8::from(k < POINTS))).collect();
    let share: Vec<f64> = grid
        .iter()
        .map(|lp| expit(A + B * lp))
        .chain(grid.iter().map(|lp| 1.0 - expit(A + B * lp)))
        .collect();
    let area = auc(&risk, &event, Some(&share)).expect("both outcomes").value;
    let excess = |a: f64| grid.iter().map(|lp| expit(A + B * lp) - expit(a + lp)).sum::<f64>();
    let (mut low, mut high) = (-5.0, 5.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if excess(middle) > 0.0 { low = middle } else { high = middle }
    }
    (area, low)
}

fn predictions(set: u64) -> Vec<Option<Interval>> {
    const PATIENTS: usize = 500;
    static TRUTH: std::sync::OnceLock<(f64, f64)> = std::sync::OnceLock::new();
    let (true_area, true_shift) = *TRUTH.get_or_init(truth_of_predictions);
    let mut random = stream(SEED, "predictions", set);
    let lp: Vec<f64> =
        (0..PATIENTS).map(|_| predicted(random.random::<f64>().clamp(1e-9, 1.0 - 1e-9))).collect();
    let outcome: Vec<f64> =
        lp.iter().map(|lp| f64::from(u8::from(random.random::<f64>() < expit(A + B * lp)))).collect();
    let rows = Predicted { linear_predictor: &lp, outcome: &outcome, weight: None };
    let asked = Asked { conf_level: 0.95, thresholds: Vec::new() };
    let found = LogisticPerformance::of(&rows, &asked).expect("both outcomes");
    let (low, high) = found.auc_interval;
    let wald = |estimate: Option<clinreg::performance::estimate::Estimate>, truth: f64| {
        estimate.map(|e| {
            let (low, high) = e.interval(found.half_width());
            Interval { estimate: e.value, low, high, truth }
        })
    };
    vec![
        Some(Interval { estimate: found.auc.value, low, high, truth: true_area }),
        wald(found.calibration_line.map(|l| l.slope), B),
        wald(found.calibration_intercept, true_shift),
    ]
}

/// Intercept, x, z, g.
const PLANTED: [f64; 4] = [1.0, 0.8, -0.5, 0.7];
const TERMS: [&str; 3] = ["x", "z", "g[yes]"];
const LINEAR: [&str; 6] = [
    "pooled, x (a third missing)",
    "pooled, z (complete)",
    "pooled, g (a factor, a quarter missing)",
    "complete cases, x (for comparison)",
    "complete cases, z (for comparison)",
    "complete cases, g (for comparison)",
];
const LOGISTIC: [&str; 3] =
    ["pooled, x (a fifth missing)", "pooled, z (complete)", "pooled, g (a factor, a fifth missing)"];
const IMPUTATIONS: usize = 10;

/// Patients with z complete, x missing by chance that depends on y, g by chance that depends on y and z.
fn with_gaps(name: &str, set: u64, patients: usize, outcome: fn(f64, f64, f64) -> f64) -> Source {
    let mut random = stream(SEED, name, set);
    let mut text = "y,x,z,g\n".to_string();
    for _ in 0..patients {
        let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
        let (z, own, noise) = (normal(), normal(), normal());
        let x = 0.5 * z + own;
        let g = 0.5 * x + normal() > 0.0;
        let eta = PLANTED[0] + PLANTED[1] * x + PLANTED[2] * z + PLANTED[3] * f64::from(u8::from(g));
        let y = outcome(eta, noise, random.random());
        let x_gone = random.random::<f64>() < expit(0.6 * y - 1.6);
        let g_gone = random.random::<f64>() < expit(0.3 * y + 0.7 * z - 1.6);
        let x = if x_gone { String::new() } else { x.to_string() };
        let g = if g_gone { "" } else { ["no", "yes"][usize::from(g)] };
        text.push_str(&format!("{y},{x},{z},{g}\n"));
    }
    Source::from_bytes("gaps.csv", text.into_bytes()).expect("a table")
}

fn pooled(source: &Source, seed: u64) -> Vec<Option<Interval>> {
    let spec = Spec { seed, ..Spec::new("y ~ x + z + g") };
    let mut unwatched = |_: usize, _: usize| -> Box<dyn Watcher> { Box::new(Unwatched) };
    let found = fit_imputed(&spec, source, Some(IMPUTATIONS), &mut unwatched).expect("imputed and fitted");
    intervals(&found.fit)
}

fn intervals(fit: &Fit) -> Vec<Option<Interval>> {
    let of = |(term, truth): (&&str, &f64)| {
        let c = fit.coefficients.iter().find(|c| c.term.name == *term).expect("it is in the formula");
        Some(Interval { estimate: c.estimate?, low: c.conf_low?, high: c.conf_high?, truth: *truth })
            .filter(|_| fit.convergence.converged)
    };
    TERMS.iter().zip(&PLANTED[1..]).map(of).collect()
}

fn linear_with_gaps(set: u64) -> Vec<Option<Interval>> {
    let source = with_gaps("linear with gaps", set, 200, |eta, noise, _| eta + noise);
    let complete = fit(&Spec::new("y ~ x + z + g"), &source, &mut Unwatched).expect("a fit");
    [pooled(&source, set), intervals(&complete)].concat()
}

fn logistic_with_gaps(set: u64) -> Vec<Option<Interval>> {
    let source = with_gaps("logistic with gaps", set, 500, |eta, _, uniform| {
        f64::from(u8::from(uniform < expit(eta - 1.5)))
    });
    pooled(&source, set)
}
