//! Resamples, threads, failures and the columns of a validation, against fits to the drawn rows themselves.

use ndarray::Array1;

use super::*;
use crate::data::csv::Source;
use crate::fit::analyse;
use crate::fit::spec::Spec;
use crate::optimise::watch::Unwatched;
use crate::validate::refit::Refitted;

/// Patients with a curved effect of x, a rare level and noise.
fn patients(n: usize) -> String {
    let mut text = String::from("y,score,x,z,arm\n");
    for i in 0..n {
        let x = 50.0 + 12.0 * ((i * i) as f64).sin() + 6.0 * ((3 * i) as f64).cos();
        let z = ((i * 5 + 1) as f64).sin();
        let arm = ["a", "b", "c"][(i * 7) % 11 % 3];
        let eta = 0.002 * (x - 45.0) * (x - 45.0) - 0.6 + 0.8 * z + if arm == "b" { 0.5 } else { 0.0 };
        let noise = 2.5 * (((7 * i + 3) * i) as f64).sin();
        text.push_str(&format!("{},{},{x:.3},{z:.4},{arm}\n", u8::from(eta + noise > 0.0), eta + noise));
    }
    text
}

fn analysis_of(text: &str, formula: &str, penalty: Penalty) -> Analysis {
    let source = Source::from_bytes("patients.csv", text.as_bytes().to_vec()).expect("a CSV");
    let spec = Spec { penalty, seed: 4, ..Spec::new(formula) };
    analyse(&spec, &source, &mut Unwatched).expect("a fit")
}

fn refit(analysis: &Analysis, train: &Array1<f64>) -> (Refitted, bool) {
    let loss = loss_of(analysis.prepared.chosen.family);
    let study = Study::new(&analysis.prepared, &analysis.fit.spec, loss).expect("a design");
    let study = study.unwrap_or_else(|failure| panic!("{}", failure.words()));
    let fitted = study.refit(train, 0).unwrap_or_else(|failure| panic!("{}", failure.words()));
    (fitted, study.is_by_sweeps())
}

/// The rows of a resample as a file of their own, each as often as it was drawn.
fn repeated(text: &str, weight: &Array1<f64>) -> String {
    let mut lines = text.lines();
    let mut out = format!("{}\n", lines.next().unwrap_or_default());
    for (line, w) in lines.zip(weight) {
        (0..*w as usize).for_each(|_| out.push_str(&format!("{line}\n")));
    }
    out
}

const BOOTSTRAP: Scheme = Scheme::Bootstrap { samples: 20 };

/// A refit, with few rows and by sweeps of many, is the fit to a file that has the drawn rows repeatedly: knots and all.
#[test]
fn a_refit_is_the_fit_to_the_rows_that_were_drawn() {
    let ridge = Penalty::ElasticNet { lambda: Some(0.05), alpha: 0.0 };
    for (n, formula, penalty, by_sweeps) in [
        (300, "y ~ rcs(x, 4) + z * arm", Penalty::None, false),
        (300, "score ~ ns(x, 3) + z + arm", Penalty::None, false),
        (300, "y ~ poly(x, 2) + z + arm", ridge, false),
        (300, "y ~ x + z", Penalty::Firth, false),
        (8200, "y ~ rcs(x, 4) + z + arm", Penalty::None, true),
        (8200, "score ~ x + z + arm", Penalty::None, true),
        (8200, "y ~ x + I(2 * x) + z + rcs(x, 3)", Penalty::None, true), // a column that others determine
    ] {
        let text = patients(n);
        let analysis = analysis_of(&text, formula, penalty);
        for k in 0..2 {
            let train = weights_of(&analysis, BOOTSTRAP, k);
            let (refitted, swept) = refit(&analysis, &train);
            assert_eq!((swept, refitted.aliased), (by_sweeps, 0), "{formula}");
            let wanted = analysis_of(&repeated(&text, &train), formula, penalty);
            let last_of_each: Vec<usize> = train
                .iter()
                .scan(0, |sum, w| {
                    *sum += *w as usize;
                    Some(*sum)
                })
                .collect();
            for (row, upto) in last_of_each.iter().enumerate().filter(|(row, _)| train[*row] > 0.0) {
                let loss = loss_of(wanted.fit.family);
                let (got, wanted) = (loss.mean(refitted.eta[row]), wanted.fit.fitted[upto - 1]);
                let tolerance = if by_sweeps { 2e-5 } else { 1e-8 };
                assert!((got - wanted).abs() < tolerance, "{formula}, row {row}: {got} {wanted}");
            }
        }
    }
}

#[test]
fn threads_change_nothing_and_the_seed_everything() {
    let analysis = analysis_of(&patients(250), "y ~ rcs(x, 3) + z + arm", Penalty::None);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| validate(&analysis, BOOTSTRAP, &mut |_| Signal::Continue)).expect("validated")
    };
    assert_eq!(on(1), on(3));
    let mut other = analysis_of(&patients(250), "y ~ rcs(x, 3) + z + arm", Penalty::None);
    other.fit.spec.seed = 5;
    let again = validate(&other, BOOTSTRAP, &mut |_| Signal::Continue).expect("validated");
    assert_ne!(on_indices(&on(1)), on_indices(&again));
}

fn on_indices(validation: &Option<Validation>) -> Vec<Option<f64>> {
    validation.iter().flat_map(|v| v.indices.iter().map(|i| i.corrected)).collect()
}

#[test]
fn the_columns_add_up_and_calibration_is_0_and_1_by_construction() {
    let analysis = analysis_of(&patients(250), "y ~ x + z + arm", Penalty::None);
    let schemes = [BOOTSTRAP, Scheme::CrossValidation { folds: 5, repeats: 2 }, Scheme::Split { share: 0.6 }];
    for scheme in schemes {
        let found = validate(&analysis, scheme, &mut |_| Signal::Continue).expect("validated");
        let found = found.expect("not stopped");
        assert_eq!((found.failed, found.aliased), (0, 0));
        for index in &found.indices {
            let get = |value: Option<f64>| value.expect("it exists");
            assert!((get(index.optimism) - (get(index.training) - get(index.test))).abs() < 1e-12);
            assert!((get(index.corrected) - (get(index.apparent) - get(index.optimism))).abs() < 1e-12);
            assert!(
                get(index.conf_low) < get(index.corrected) && get(index.corrected) < get(index.conf_high)
            );
        }
        assert_eq!(found.indices[4].apparent, Some(0.0));
        assert_eq!(found.indices[5].training, Some(1.0));
        let auc = analysis.fit.statistics.auc.expect("logistic");
        assert!((found.indices[0].apparent.expect("exists") - auc).abs() < 1e-14);
        let bootstrap = matches!(scheme, Scheme::Bootstrap { .. });
        assert_eq!(found.instability.is_some(), bootstrap);
        assert_eq!(found.shrinkage_factor.is_some(), bootstrap);
    }
    let stopped = validate(&analysis, BOOTSTRAP, &mut |_| Signal::Stop).expect("no error");
    assert_eq!(stopped, None);
}

/// With y known up to noise in n patients and p predictors, mse in the sample is sigma^2 (n - p)/n on average and in new
/// patients about sigma^2 (n + p)/n: the correction is 2 p sigma^2 / n.
#[test]
fn the_optimism_of_least_squares_is_that_of_mallows() {
    let (n, noise_columns) = (200, 10);
    let mut text = String::from("y");
    (0..noise_columns).for_each(|j| text.push_str(&format!(",x{j}")));
    for i in 0..n {
        text.push_str(&format!("\n{}", 3.0 * (((i * i) * 13 + 5 * i) as f64).sin()));
        (0..noise_columns)
            .for_each(|j| text.push_str(&format!(",{}", (((i + 1) * (i + 7 * j + 3)) as f64).cos())));
    }
    let analysis = analysis_of(&text, "y ~ .", Penalty::None);
    let scheme = Scheme::Bootstrap { samples: 400 };
    let found = validate(&analysis, scheme, &mut |_| Signal::Continue).expect("validated");
    let found = found.expect("not stopped");
    let mse = &found.indices[1];
    let sigma = analysis.fit.statistics.sigma.expect("linear");
    let mallows = 2.0 * 11.0 * sigma * sigma / n as f64;
    let ratio = -mse.optimism.expect("exists") / mallows;
    assert!((0.85..1.2).contains(&ratio), "{ratio}");
}

#[test]
fn failures_and_absent_levels_are_counted_not_skipped() {
    // One patient of level c, two events among the patients with z: resamples lack the level or are separated.
    let mut text = String::from("y,x,arm\n");
    for i in 0..40 {
        let arm = if i == 0 { "c" } else { ["a", "b"][i % 2] };
        let y = u8::from(i % 9 == 3 || i == 20);
        text.push_str(&format!("{y},{:.3},{arm}\n", ((i * i) as f64).sin()));
    }
    let analysis = analysis_of(&text, "y ~ x + arm", Penalty::Firth);
    let scheme = Scheme::Bootstrap { samples: 200 };
    let found =
        validate(&analysis, scheme, &mut |_| Signal::Continue).expect("validated").expect("not stopped");
    let share = found.aliased as f64 / (200 - found.failed) as f64;
    assert!((share - (-1.0_f64).exp()).abs() < 0.12, "level c is absent from {share} of the resamples");

    let few = "y,x\n0,1\n0,2\n1,3\n0,4\n0,5\n0,6\n1,7\n0,8\n0,9\n1,4.5\n0,5.5\n";
    let analysis = analysis_of(few, "y ~ x", Penalty::None);
    let found =
        validate(&analysis, scheme, &mut |_| Signal::Continue).expect("validated").expect("not stopped");
    let count = |wanted: Failure| found.failures.iter().find(|(f, _)| *f == wanted).map_or(0, |(_, n)| *n);
    // No event is drawn with probability (8/11)^11 = 3 %.
    assert!((1..=20).contains(&count(Failure::OneOutcome)), "{:?}", found.failures);
    assert!(count(Failure::Separated) > 0, "{:?}", found.failures);
    assert_eq!(found.failed, found.failures.iter().map(|(_, n)| n).sum::<usize>());
    assert!(found.indices.iter().all(|index| index.resamples <= 200 - found.failed));
}
