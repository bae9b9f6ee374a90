//! Analyses of small simulated trials for the tests.

use ndarray_rand::rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::data::csv::Source;
use crate::effects::result::{EffectInterval, Effects, Findings, Question};
use crate::fit::analysis::Analysis;
use crate::fit::spec::Spec;
use crate::optimise::watch::Unwatched;

/// A trial: arm (a, b), age, sex, event (0, 1), score (a number), w (1 to 3).
pub(crate) fn trial(n: usize, seed: u64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut text = "arm,age,sex,event,score,w\n".to_string();
    for _ in 0..n {
        let (treated, male) = (rng.random::<f64>() < 0.5, rng.random::<f64>() < 0.4);
        let age = 40.0 + 30.0 * rng.random::<f64>();
        let eta = -1.0 + 0.05 * (age - 55.0) - if treated { 0.8 } else { 0.0 } + if male { 0.5 } else { 0.0 };
        let event = u8::from(rng.random::<f64>() < 1.0 / (1.0 + (-eta).exp()));
        let score = 3.0 + eta + 2.0 * rng.random::<f64>();
        let weight = rng.random_range(1..4);
        let (arm, sex) = (if treated { "b" } else { "a" }, if male { "m" } else { "f" });
        text.push_str(&format!("{arm},{age:.1},{sex},{event},{score:.3},{weight}\n"));
    }
    text
}

pub(crate) fn analyse(csv: &str, spec: &Spec) -> Analysis {
    let source = Source::from_bytes("trial.csv", csv.as_bytes().to_vec()).expect("a good table");
    crate::fit::analyse(spec, &source, &mut Unwatched).expect("it can be fitted")
}

pub(crate) fn question(interval: EffectInterval) -> Question {
    Question { treatment: "arm".to_string(), interval, event_is: None }
}

pub(crate) fn effects(csv: &str, spec: &Spec, interval: EffectInterval) -> Effects {
    let analysis = analyse(csv, spec);
    match crate::effects::estimate(&question(interval), &analysis, &|| false).expect("no error") {
        Findings::Known(effects) => *effects,
        Findings::Unknown { reason, .. } => panic!("{reason}"),
    }
}
