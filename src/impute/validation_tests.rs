//! Validation after imputation: what must equal a plain validation, what threads may not change, and honesty on noise.

use super::*;
use crate::data::csv::Source;
use crate::fit::analyse;
use crate::fit::spec::Spec;
use crate::impute::analysis::fit_imputed;
use crate::impute::pool;
use crate::num::random::stream;
use crate::optimise::watch::Unwatched;
use crate::validate::validate;
use ndarray_rand::rand::Rng;

/// Patients whose outcome has nothing to do with eight predictors; of each predictor a share of the cells is missing.
fn noise(n: usize, missing: f64, set: u64) -> Source {
    let mut rng = stream(7, "noise", set);
    let mut text = String::from("died,a,b,c,d,e,f,g,h\n");
    for _ in 0..n {
        text.push_str(if rng.random_bool(0.4) { "1" } else { "0" });
        for _ in 0..8 {
            let value: f64 = rng.random_range(-1.0..1.0);
            let is_gone = rng.random_bool(missing);
            text.push_str(&if is_gone { ",".to_string() } else { format!(",{value:.3}") });
        }
        text.push('\n');
    }
    Source::from_bytes("noise.csv", text.into_bytes()).expect("a table")
}

fn imputed(source: &Source, formula: &str) -> Imputed {
    fit_imputed(&Spec::new(formula), source, Some(3), &mut |_, _| Box::new(Unwatched)).expect("imputed")
}

fn repeated(source: &Source, formula: &str, samples: usize) -> Validation {
    let imputed = imputed(source, formula);
    validate_imputed(&imputed, Scheme::Bootstrap { samples }, &mut |_| Signal::Continue)
        .expect("validated")
        .expect("not stopped")
}

const ALL: &str = "died ~ a + b + c + d + e + f + g + h";

#[test]
fn equal_files_have_the_validation_of_one() {
    let source = noise(150, 0.0, 0);
    let one = || analyse(&Spec::new("died ~ a + rcs(b, 3)"), &source, &mut Unwatched).expect("a fit");
    let completed = [one(), one()];
    let pooled = pool::pool(completed.iter().map(|a| a.fit.clone()).collect()).expect("one model");
    let scheme = Scheme::CrossValidation { folds: 5, repeats: 1 };
    let go_on = &mut |_: usize| Signal::Continue;
    let several = validate_files(&pooled, &completed, scheme, go_on).expect("validated").expect("whole");
    let plain = validate(&completed[0], scheme, go_on).expect("validated").expect("whole");
    assert_eq!(several.imputations, Some(Imputations::NotRepeated { files: 2 }));
    for (a, b) in several.indices.iter().zip(&plain.indices) {
        let near = |a: Option<f64>, b: Option<f64>| {
            assert!((a.expect("exists") - b.expect("exists")).abs() < 1e-12, "{a:?} {b:?}");
        };
        near(a.apparent, b.apparent);
        near(a.optimism, b.optimism);
        near(a.corrected, b.corrected);
        near(a.std_error, b.std_error);
    }
}

#[test]
fn without_gaps_it_is_the_plain_validation() {
    let source = noise(150, 0.0, 0);
    let imputed = imputed(&source, "died ~ a + b");
    let scheme = Scheme::Bootstrap { samples: 5 };
    let found = validate_imputed(&imputed, scheme, &mut |_| Signal::Continue).expect("validated");
    let plain = validate(&imputed.completed[0], scheme, &mut |_| Signal::Continue).expect("validated");
    assert_eq!(found, plain);
    assert_eq!(found.expect("whole").imputations, None);
}

#[test]
fn threads_change_nothing_and_the_imputation_is_said_to_be_repeated() {
    let source = noise(120, 0.2, 0);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| repeated(&source, "died ~ a + rcs(b, 3)", 6))
    };
    let (one, two) = (on(1), on(2));
    assert_eq!(one, two);
    assert_eq!(one.imputations, Some(Imputations::Repeated { inside: INSIDE, whole: 3 }));
    assert_eq!(one.indices[0].resamples + one.failed, 6);
}

/// The planted truth is that nothing predicts. Over the same data sets, whole and with gaps, the correction takes the
/// greater part of what the area seems to be above 1/2, and gaps leave it where it is without them.
#[test]
fn on_noise_most_of_the_apparent_area_is_taken_back_with_gaps_as_without() {
    const SETS: u64 = 4;
    let mean_areas = |missing: f64| {
        let areas = (0..SETS).map(|set| {
            let found = repeated(&noise(150, missing, set), ALL, 20);
            let auc = found.indices.iter().find(|i| i.name == "auc").expect("there");
            (auc.apparent.expect("exists"), auc.corrected.expect("exists"))
        });
        let sums = areas.fold((0.0, 0.0), |sum, area| (sum.0 + area.0, sum.1 + area.1));
        (sums.0 / SETS as f64, sums.1 / SETS as f64)
    };
    let (_, corrected_whole) = mean_areas(0.0);
    let (apparent, corrected) = mean_areas(0.15);
    assert!(apparent - corrected > (apparent - 0.5) / 2.0, "{apparent} {corrected}");
    assert!((corrected - corrected_whole).abs() < 0.04, "{corrected} {corrected_whole}");
}
