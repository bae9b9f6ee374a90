//! Tests of resuming: whatever the method, batch and schedule, an interrupted descent ends as the uninterrupted one.

use ndarray::{Array1, Array2};
use ndarray_rand::rand::Rng;

use crate::num::random::stream;
use crate::objective::Objective;
use crate::objective::firth::Firth;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::penalty::{Penalised, Strength};
use crate::optimise::history::Record;
use crate::optimise::method::{Decay, Method, Rate};
use crate::optimise::state::{State, resume};
use crate::optimise::stop::StopReason;
use crate::optimise::watch::{Signal, Unwatched, Watcher};
use crate::optimise::{Descent, Settings, minimise};
use crate::rows::InMemory;

/// n rows, an intercept and four columns in a long valley; the outcome is 0 or 1.
fn rows(n: usize) -> InMemory {
    let mut rng = stream(3, "rows", 0);
    let mut x = Array2::from_shape_fn((n, 5), |_| rng.random_range(-1.7..1.7));
    x.column_mut(0).fill(1.0);
    let first = x.column(1).to_owned();
    x.column_mut(2).scaled_add(3.0, &first);
    let y = Array1::from_shape_fn(n, |i| {
        f64::from(u8::from(x[[i, 1]] - 0.5 * x[[i, 3]] + rng.random_range(-2.0..2.0) > 0.3))
    });
    InMemory::new(x, y, None, None)
}

/// Stops at the record of this many epochs, and keeps the state there.
struct StopsAt {
    epochs: usize,
    kept: Option<State>,
}

impl Watcher for StopsAt {
    fn seconds(&self) -> f64 {
        0.0
    }

    fn seen(&mut self, record: &Record, _tolerance: f64) -> Signal {
        if record.epoch >= self.epochs as f64 { Signal::Stop } else { Signal::Continue }
    }

    fn keep(&mut self, _epochs: usize, ended: Option<StopReason>, state: &dyn Fn() -> State) {
        if ended.is_some() {
            self.kept = Some(state());
        }
    }
}

/// Every number of a descent to the bit.
fn bits(d: &Descent) -> (Vec<u64>, String) {
    let numbers = d.beta.iter().chain(&d.gradient).chain([&d.value, &d.epochs, &d.sweeps, &d.base_rate]);
    (numbers.map(|x| x.to_bits()).collect(), format!("{:?} {} {:?}", d.reason, d.iterations, d.history))
}

fn resumes_after(objective: &dyn Objective, settings: &Settings, epochs: usize) -> Descent {
    let start = Array1::zeros(objective.dim());
    let whole = minimise(objective, &start, settings, &mut Unwatched);
    let mut stopped = StopsAt { epochs, kept: None };
    let part = minimise(objective, &start, settings, &mut stopped);
    assert!(part.iterations < whole.iterations, "{settings:?} ended after {} updates", whole.iterations);
    let state = stopped.kept.expect("kept at the stop");
    let resumed = resume(objective, &start, settings, &state, &mut Unwatched).expect("the same descent");
    assert_eq!(bits(&resumed), bits(&whole), "{settings:?} after {epochs} epochs");
    whole
}

fn settings(method: Method, batch: Option<usize>, decay: Decay) -> Settings {
    Settings { method, batch, decay, max_epochs: 25, tolerance: 1e-12, seed: 4 }
}

fn methods() -> Vec<Method> {
    let rate = 0.1;
    vec![
        Method::GradientDescent(Rate::Fixed(rate)),
        Method::GradientDescent(Rate::LineSearch(rate)),
        Method::Momentum { rate, friction: 0.9 },
        Method::Nesterov { rate },
        Method::Adam { rate },
        Method::AdaGrad { rate },
        Method::RmsProp { rate },
    ]
}

#[test]
fn every_plain_method_resumes_to_the_same_bits() {
    let rows = rows(300);
    let glm = Glm::new(&rows, Loss::Logistic);
    for method in methods() {
        for batch in [None, Some(64)] {
            for decay in [Decay::Constant, Decay::InverseTime, Decay::Cosine] {
                for epochs in [0, 1, 7] {
                    resumes_after(&glm, &settings(method.clone(), batch, decay), epochs);
                }
            }
        }
    }
    for method in [
        Method::GradientDescent(Rate::Exact(0.1)),
        Method::GradientDescent(Rate::BarzilaiBorwein(0.1)),
        Method::Newton { rate: 0.5 },
    ] {
        resumes_after(&glm, &settings(method, None, Decay::Constant), 4);
    }
}

#[test]
fn auto_resumes_with_its_preconditioner_and_pairs() {
    for (n, loss) in [(300, Loss::Logistic), (20_000, Loss::Logistic)] {
        let rows = rows(n);
        let glm = Glm::new(&rows, loss);
        for epochs in [0, 1, 2] {
            let whole = resumes_after(&glm, &settings(Method::Auto, None, Decay::Constant), epochs);
            assert!(whole.reason.is_converged());
        }
    }
    let few = rows(80);
    let firth = Firth::new(&few);
    for epochs in [0, 1, 3] {
        resumes_after(&firth, &settings(Method::Auto, None, Decay::Constant), epochs);
    }
}

#[test]
fn proximal_descents_resume_too() {
    for n in [300, 20_000] {
        let rows = rows(n);
        let size = Array1::from_vec(vec![0.0, 1.0, 1.0, 1.0, 1.0]);
        let strength = Strength { lambda: 0.02, alpha: 0.7 };
        let lasso = Penalised::new(&rows, Loss::Logistic, strength, &size);
        for epochs in [0, 1, 2] {
            resumes_after(&lasso, &settings(Method::Auto, None, Decay::Constant), epochs);
        }
        for method in methods().into_iter().take(if n > 300 { 0 } else { 5 }) {
            for batch in [None, Some(64)] {
                resumes_after(&lasso, &settings(method.clone(), batch, Decay::InverseTime), 6);
            }
        }
    }
}

#[test]
fn a_larger_limit_goes_on_as_if_it_had_been_there_from_the_start() {
    let rows = rows(300);
    let glm = Glm::new(&rows, Loss::Logistic);
    let start = Array1::zeros(5);
    for batch in [None, Some(50)] {
        let mut long = settings(Method::Nesterov { rate: 0.1 }, batch, Decay::InverseTime);
        long.tolerance = 1e-13;
        let whole = minimise(&glm, &start, &long, &mut Unwatched);
        let short = Settings { max_epochs: 9, ..long.clone() };
        let mut stopped = StopsAt { epochs: usize::MAX, kept: None };
        assert_eq!(minimise(&glm, &start, &short, &mut stopped).reason, StopReason::EpochLimit);
        let state = stopped.kept.expect("kept at the limit");
        let resumed = resume(&glm, &start, &long, &state, &mut Unwatched).expect("the same descent");
        assert_eq!(bits(&resumed), bits(&whole));
    }
}

#[test]
fn a_state_of_other_data_or_another_method_is_refused() {
    let (one, other) = (rows(300), rows(301));
    let (glm, elsewhere) = (Glm::new(&one, Loss::Logistic), Glm::new(&other, Loss::Logistic));
    let start = Array1::zeros(5);
    let adam = settings(Method::Adam { rate: 0.1 }, None, Decay::Constant);
    let mut stopped = StopsAt { epochs: 3, kept: None };
    minimise(&glm, &start, &adam, &mut stopped);
    let mut state = stopped.kept.expect("kept at the stop");
    let refused = resume(&elsewhere, &start, &adam, &state, &mut Unwatched).expect_err("other data");
    assert!(refused.message.contains("loss and gradient at the start"), "{refused}");
    let nesterov = settings(Method::Nesterov { rate: 0.1 }, None, Decay::Constant);
    let refused = resume(&glm, &start, &nesterov, &state, &mut Unwatched).expect_err("another method");
    assert!(refused.message.contains("no state of this descent"), "{refused}");
    state.words.pop();
    assert!(resume(&glm, &start, &adam, &state, &mut Unwatched).is_err());
}
