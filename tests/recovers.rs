//! Planted truth is recovered, and the classic lesson's table is reproduced digit for digit.

use clinreg::data::csv::{Source, open};
use clinreg::fit::fit;
use clinreg::fit::result::Fit;
use clinreg::fit::spec::{LearningRate, MethodName, Spec};
use clinreg::optimise::watch::Unwatched;

fn lesson(updates: usize) -> Fit {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/masks_patients.csv");
    let spec = Spec {
        raw_scale: true,
        method: MethodName::GradientDescent,
        learning_rate: LearningRate::Fixed(1e-4),
        max_epochs: Some(updates),
        ..Spec::new("masks ~ patients")
    };
    fit(&spec, &open(&data).expect("the lesson's data"), &mut Unwatched).expect("a fit")
}

/// k, loss, gradient norm, intercept, slope: computed with NumPy from the same 50 days. Exact rational arithmetic gives
/// 1.01562020552632 for the first slope, so that its last printed digit is one too high: the coefficients are
/// compared to one unit of it.
const LESSON: [(usize, f64, f64, f64, f64); 6] = [
    (0, 5353.102765736, 10156.700718962, 0.0, 0.0),
    (1, 74.726572077, 237.189164834, 0.010064445950, 1.015620205527),
    (10, 71.842016154, 2.267090257, 0.012340039520, 1.039884234791),
    (100, 71.795793521, 2.265382280, 0.032735293587, 1.039686678127),
    (1000, 71.337379046, 2.248373121, 0.235844647377, 1.037719278934),
    (1657, 71.007072808, 2.236037132, 0.383150858960, 1.036292411503),
];

#[test]
fn the_classic_lesson_is_reproduced_to_its_printed_digits() {
    let long = lesson(1657);
    for (k, loss, norm, intercept, slope) in LESSON {
        let record = long.history.records[k];
        assert_eq!(record.iteration, k);
        assert!((record.loss - loss).abs() < 5.1e-10, "loss after {k}: {}", record.loss);
        assert!((record.gradient_norm - norm).abs() < 5.1e-10, "norm after {k}: {}", record.gradient_norm);
        if k > 0 {
            let short = lesson(k);
            let estimate = |j: usize| short.coefficients[j].estimate.expect("not aliased");
            assert!((estimate(0) - intercept).abs() < 1e-12, "intercept after {k}: {}", estimate(0));
            assert!((estimate(1) - slope).abs() < 1e-12, "slope after {k}: {}", estimate(1));
        }
    }
}

#[test]
fn the_lesson_s_stop_is_said_to_be_5_90_standard_errors_off() {
    let fit = lesson(1657);
    assert!(!fit.convergence.converged);
    let off = fit.convergence.max_error_in_standard_errors.expect("the least-squares answer is known");
    assert!((off - 5.90).abs() < 0.005, "{off}");
}

#[test]
fn on_the_standardised_column_one_update_at_rate_1_is_exact() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/masks_patients.csv");
    let spec = Spec {
        method: MethodName::GradientDescent,
        learning_rate: LearningRate::Fixed(1.0),
        ..Spec::new("masks ~ patients")
    };
    let fit = fit(&spec, &open(&data).expect("the lesson's data"), &mut Unwatched).expect("a fit");
    assert_eq!(fit.convergence.iterations, 1);
    let slope = &fit.coefficients[1];
    assert!((slope.estimate.expect("there") - 0.777657).abs() < 5e-7);
    assert!((slope.std_error.expect("there") - 0.045789).abs() < 5e-7);
}

fn simulated(rows: usize, seed: u64) -> Source {
    let text = clinreg::data::simulate::treatment_effectiveness(rows, seed).expect("a trial");
    Source::from_bytes("trial.csv", text.into_bytes()).expect("a table")
}

#[test]
fn the_planted_truth_lies_inside_the_99_9_per_cent_intervals_of_many_seeds() {
    for seed in 1..=20 {
        let source = simulated(2000, seed);
        for truth in clinreg::data::simulate::truth() {
            let spec = Spec { conf_level: 0.999, ..Spec::new(truth.formula) };
            let fit = fit(&spec, &source, &mut Unwatched).expect("a fit");
            assert!(fit.convergence.converged);
            for (term, value) in &truth.coefficients {
                let found = fit.coefficients.iter().find(|c| c.term.name == *term).expect("a planted term");
                let (low, high) = (found.conf_low.expect("low"), found.conf_high.expect("high"));
                assert!(
                    low <= *value && *value <= high,
                    "seed {seed}, {term}: {value} not in {low} to {high}"
                );
            }
            assert_eq!(truth.coefficients.len(), fit.coefficients.len(), "every term has a planted value");
        }
    }
}
