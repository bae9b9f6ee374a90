//! Validation by sweeps against validation of arrays.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::data::csv::Source;
use crate::fit::analyse;
use crate::fit::large::tests::registry;
use crate::fit::large::{Large, MANY_CELLS, Storage, fit_with};
use crate::fit::spec::{ClusterCorrection, Robust};
use crate::optimise::watch::Unwatched;
use crate::team::Ranks;
use crate::validate::validate;

const BOOTSTRAP: Scheme = Scheme::Bootstrap { samples: 5 };

fn large(spec: &Spec, source: &Source, most_cells: usize) -> Large {
    let storage = Storage::Disk(std::env::temp_dir());
    let found = fit_with(spec, source, &storage, most_cells, &Ranks::alone(), &mut Unwatched);
    found.expect("a fit").expect("alone")
}

fn by_sweeps(spec: &Spec, source: &Source, most_cells: usize, scheme: Scheme) -> Validation {
    let Large { fit, laid, .. } = large(spec, source, most_cells);
    let found =
        validate_swept(&fit, &laid, scheme, &std::env::temp_dir(), &|| false, &mut |_| Signal::Continue);
    found.expect("validated").expect("not stopped")
}

fn by_arrays(spec: &Spec, source: &Source, scheme: Scheme) -> Validation {
    let analysis = analyse(spec, source, &mut Unwatched).expect("a fit");
    let found = validate(&analysis, scheme, &mut |_| Signal::Continue);
    found.expect("validated").expect("not stopped")
}

/// The same to `tolerance`, number by number.
fn agree(a: &Validation, b: &Validation, tolerance: f64) {
    assert_eq!((a.failed, &a.failures, a.aliased), (b.failed, &b.failures, b.aliased));
    assert_eq!((a.scheme, a.seed, &a.cluster), (b.scheme, b.seed, &b.cluster));
    for (x, y) in a.indices.iter().zip(&b.indices) {
        assert_eq!((x.name, x.resamples), (y.name, y.resamples));
        let numbers = |i: &crate::validate::Index| {
            [i.apparent, i.training, i.test, i.corrected, i.std_error, i.conf_low, i.monte_carlo_error]
        };
        for (p, q) in numbers(x).into_iter().zip(numbers(y)) {
            assert_eq!(p.is_some(), q.is_some(), "{}", x.name);
            let (p, q) = (p.unwrap_or(0.0), q.unwrap_or(0.0));
            assert!((p - q).abs() <= tolerance * p.abs().max(1.0), "{}: {p} {q}", x.name);
        }
    }
    assert_eq!(a.instability.is_some(), b.instability.is_some());
    if let (Some(x), Some(y)) = (&a.instability, &b.instability) {
        assert!((x.mean_absolute_error - y.mean_absolute_error).abs() <= tolerance);
        let groups = |i: &crate::validate::instability::Instability| {
            i.groups.iter().map(|g| (g.n, g.mean_prediction)).collect::<Vec<_>>()
        };
        for ((n, mean), (other, wanted)) in groups(x).into_iter().zip(groups(y)) {
            assert_eq!(n, other);
            assert!((mean - wanted).abs() <= tolerance * wanted.abs().max(1.0));
        }
    }
}

fn clustered(formula: &str) -> Spec {
    let robust = Robust::Cluster { variable: "site".to_string(), correction: ClusterCorrection::Cr1 };
    Spec { robust, ..Spec::new(formula) }
}

#[test]
fn each_scheme_gives_the_indices_of_arrays() {
    let source = registry(2000);
    let folds = Scheme::CrossValidation { folds: 4, repeats: 1 };
    let weighted = |formula: &str| Spec { weights: Some("n".to_string()), ..Spec::new(formula) };
    for (spec, schemes) in [
        (Spec::new("died ~ age + sex + sbp"), vec![BOOTSTRAP, folds, Scheme::Split { share: 0.7 }]),
        (Spec::new("days ~ age + sex + twice"), vec![BOOTSTRAP, folds, Scheme::Split { share: 0.7 }]),
        (weighted("died ~ age + sex"), vec![BOOTSTRAP, folds]),
        (weighted("days ~ age + sbp"), vec![BOOTSTRAP]),
        (clustered("died ~ age + sex + sbp"), vec![BOOTSTRAP, folds]),
        (Spec::new("died ~ sbp + offset(I(age / 50)) - 1 + ward"), vec![BOOTSTRAP]),
        (Spec::new("died ~ age + site"), vec![BOOTSTRAP]),
    ] {
        for scheme in schemes {
            let arrays = by_arrays(&spec, &source, scheme);
            agree(&by_sweeps(&spec, &source, MANY_CELLS, scheme), &arrays, 1e-8);
        }
    }
}

#[test]
fn knots_and_polynomials_are_learnt_anew_from_the_drawn_rows() {
    let source = registry(2000);
    let folds = Scheme::CrossValidation { folds: 3, repeats: 1 };
    for (spec, scheme) in [
        (Spec::new("died ~ rcs(age, 4) * sex + sbp"), BOOTSTRAP),
        (Spec::new("days ~ poly(sbp, 2) + ns(age, 3) + twice"), BOOTSTRAP),
        (Spec { weights: Some("n".to_string()), ..Spec::new("died ~ rcs(log(age), 3) + sex") }, folds),
    ] {
        let arrays = by_arrays(&spec, &source, scheme);
        agree(&by_sweeps(&spec, &source, MANY_CELLS, scheme), &arrays, 1e-7);
    }
}

#[test]
fn a_penalty_counts_in_the_scale_of_the_drawn_rows() {
    let source = registry(1500);
    let net = |lambda, alpha| Penalty::ElasticNet { lambda: Some(lambda), alpha };
    for (formula, penalty) in [
        ("died ~ age + sex + sbp + twice", net(0.02, 0.0)),
        ("died ~ age + site", net(0.004, 0.6)),
        ("days ~ rcs(age, 4) + sbp", net(0.05, 0.5)),
        ("died ~ age + ward + sbp", Penalty::Firth),
    ] {
        let spec = Spec { penalty, ..Spec::new(formula) };
        let arrays = by_arrays(&spec, &source, BOOTSTRAP);
        agree(&by_sweeps(&spec, &source, MANY_CELLS, BOOTSTRAP), &arrays, 1e-6);
    }
}

#[test]
fn cross_validation_chooses_the_penalty_anew_in_each_resample() {
    let source = registry(900);
    let net = |alpha| Penalty::ElasticNet { lambda: None, alpha };
    let folds = Scheme::CrossValidation { folds: 2, repeats: 1 };
    let few = Scheme::Bootstrap { samples: 2 };
    for (spec, scheme) in [
        (Spec { penalty: net(1.0), ..Spec::new("died ~ age + sex + sbp + twice") }, few),
        (Spec { penalty: net(0.0), ..Spec::new("days ~ rcs(age, 4) + site") }, folds),
        (Spec { penalty: net(0.5), weights: Some("n".to_string()), ..Spec::new("days ~ age + sbp") }, few),
    ] {
        let arrays = by_arrays(&spec, &source, scheme);
        agree(&by_sweeps(&spec, &source, MANY_CELLS, scheme), &arrays, 1e-6);
        agree(&by_sweeps(&spec, &source, 0, scheme), &arrays, 1e-6);
    }
}

/// A stop ends a resample's many fits, and the validation after it.
#[test]
fn a_stop_is_heard_within_a_resample() {
    let source = registry(600);
    let penalty = Penalty::ElasticNet { lambda: None, alpha: 1.0 };
    let Large { fit, laid, .. } =
        large(&Spec { penalty, ..Spec::new("died ~ age + sbp") }, &source, MANY_CELLS);
    let count = |stop_at: usize| {
        let asked = AtomicUsize::new(0);
        let stop = || asked.fetch_add(1, Ordering::Relaxed) + 1 >= stop_at;
        let found = validate_swept(&fit, &laid, BOOTSTRAP, &std::env::temp_dir(), &stop, &mut |_| {
            panic!("no resample is whole")
        });
        assert_eq!(found, Ok(None));
        asked.into_inner()
    };
    for stop_at in [1, 20, 150] {
        let asked = count(stop_at);
        assert!(asked < stop_at + 10, "{asked} questions after a stop at the {stop_at}th");
    }
}

#[test]
fn codes_give_the_indices_of_indicators() {
    let source = registry(1500);
    for spec in [
        Spec::new("died ~ age + site + sex"),
        Spec::new("days ~ poly(age, 2) + site"),
        clustered("days ~ age + site"), // sites that are not drawn have no column
        Spec {
            penalty: Penalty::ElasticNet { lambda: Some(0.01), alpha: 0.0 },
            ..Spec::new("died ~ age + site")
        },
    ] {
        let arrays = by_arrays(&spec, &source, BOOTSTRAP);
        let coded = by_sweeps(&spec, &source, 0, BOOTSTRAP);
        agree(&coded, &arrays, 1e-6);
        assert_eq!(coded.aliased > 0, spec.robust != Robust::Model, "{}", spec.formula);
    }
}

/// Many rows, where a few sweeps lead to each model.
#[test]
fn few_sweeps_of_many_rows_lead_to_the_same_models() {
    let source = registry(12_000);
    for (formula, weights) in [
        ("died ~ age + sex + sbp + site", Some("n".to_string())),
        ("died ~ rcs(age, 4) * sex + sbp + twice", None),
        ("days ~ poly(age, 3) + site", None),
    ] {
        let spec = Spec { weights, ..Spec::new(formula) };
        let Large { fit, laid, .. } = large(&spec, &source, MANY_CELLS);
        let folder = std::env::temp_dir();
        let study = Study::new(&fit, &laid, &folder, true, &|| false).expect("a model");
        assert!(study.near.is_some(), "{formula}");
        let train = population(&laid.prepared, study.loss).draw(BOOTSTRAP, 1, 0).train;
        let got = |study: &Study<'_>| {
            let refitted = study.refit(&train, 0).expect("read");
            refitted.unwrap_or_else(|why| panic!("{}", why.words())).eta
        };
        let (soon, anew) = (got(&study), got(&Study { near: None, ..study }));
        assert_ne!(soon, anew, "{formula}: not by few sweeps");
        assert!((&soon - &anew).iter().all(|d| d.abs() < 1e-5), "{formula}: too far");
        let arrays = by_arrays(&spec, &source, BOOTSTRAP);
        let exact_as_arrays = 2e-5; // which end within some ten-thousandths of a standard error too
        agree(&by_sweeps(&spec, &source, MANY_CELLS, BOOTSTRAP), &arrays, exact_as_arrays);
    }
}

/// A site in which all but two patients live: some resamples draw neither.
#[test]
fn a_separated_resample_is_counted_as_that() {
    let mut text = String::from("died,age,site\n");
    for i in 0..600_usize {
        let site = if i % 20 == 7 { "b" } else { "a" };
        let died = u8::from(if site == "b" { i == 27 || i == 307 } else { (i * 37 + 11) % 97 < 30 });
        text += &format!("{died},{},{site}\n", 40 + (i * 7) % 50);
    }
    let source = Source::from_bytes("sites.csv", text.into_bytes()).expect("a table");
    let scheme = Scheme::Bootstrap { samples: 12 };
    let spec = Spec::new("died ~ age + site");
    let arrays = by_arrays(&spec, &source, scheme);
    assert!(arrays.failures.iter().any(|(why, n)| *why == Failure::Separated && *n > 0));
    agree(&by_sweeps(&spec, &source, MANY_CELLS, scheme), &arrays, 1e-8);
}

#[test]
fn one_and_two_threads_give_the_same_bits_and_a_stop_is_heard_after_each_resample() {
    let source = registry(3000);
    let spec = Spec::new("died ~ rcs(age, 4) + sex + site");
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| by_sweeps(&spec, &source, 0, BOOTSTRAP))
    };
    assert_eq!(on(1), on(2));
    let Large { fit, laid, .. } = large(&Spec::new("died ~ age"), &source, MANY_CELLS);
    let mut heard = Vec::new();
    let stopped = validate_swept(&fit, &laid, BOOTSTRAP, &std::env::temp_dir(), &|| false, &mut |done| {
        heard.push(done);
        if done == 2 { Signal::Stop } else { Signal::Continue }
    });
    assert_eq!((stopped, heard), (Ok(None), vec![1, 2]));
}

#[test]
fn what_cannot_be_swept_is_refused_in_words() {
    let source = registry(1500);
    let refused = |fit: &Fit, laid: &Laid| {
        let found =
            validate_swept(fit, laid, BOOTSTRAP, &std::env::temp_dir(), &|| false, &mut |_| Signal::Continue);
        found.expect_err("refused").message
    };
    let spec = Spec::new("died ~ rcs(age, 3)");
    let found = crate::fit::large::fit(&spec, &source, &Storage::Memory, &mut Unwatched).expect("a fit");
    assert!(refused(&found.fit, &found.laid).contains("columns of the data, which have gone"));
}

#[test]
fn a_factor_of_columns_in_any_scale_becomes_that_of_standardised_ones() {
    let x = Array2::from_shape_fn((40, 4), |(i, j)| match j {
        0 => 1.0,
        3 => -0.2,
        _ => 3.0 * (j as f64) + ((i * (j + 2)) as f64).sin(),
    });
    let root = crate::num::linalg::triangular_factor(&x) / 40_f64.sqrt();
    let scale = Scale::of(&x, None, true);
    let (found, spread) = standardised(root, true);
    for j in 1..3 {
        assert!((spread[j] - scale.spread[j]).abs() < 1e-13);
        assert!((norm(&found.column(j)) - 1.0).abs() < 1e-14);
    }
    assert!(found.column(3).iter().all(|cell| *cell == 0.0));
    let z = scale.apply(&x);
    let correlation = z.column(1).dot(&z.column(2)) / 40.0;
    assert!((found.column(1).dot(&found.column(2)) - correlation).abs() < 1e-13);
}
