//! Effects from rows on disk against those from arrays.

use crate::data::csv::Source;
use crate::effects::fixture::{analyse, trial};
use crate::effects::measure::Effect;
use crate::effects::result::{EffectInterval, Effects, Findings, Question};
use crate::effects::swept::Refits;
use crate::effects::{estimate, estimate_swept};
use crate::error::{Error, Kind, Result};
use crate::fit::large::{Large, Storage, fit};
use crate::fit::spec::{ClusterCorrection, Penalty, Robust, Spec};
use crate::optimise::watch::Unwatched;

fn swept(csv: &str, spec: &Spec) -> Large {
    let source = Source::from_bytes("trial.csv", csv.as_bytes().to_vec()).expect("a good table");
    fit(spec, &source, &Storage::Disk(std::env::temp_dir()), &mut Unwatched).expect("a fit")
}

fn question(treatment: &str) -> Question {
    Question { treatment: treatment.to_string(), interval: EffectInterval::Delta, event_is: None }
}

fn both(csv: &str, spec: &Spec, treatment: &str) -> (Findings, Findings) {
    let asked = question(treatment);
    let arrays = estimate(&asked, &analyse(csv, spec), &|| false).expect("an answer");
    let large = swept(csv, spec);
    (arrays, estimate_swept(&asked, &large.fit, &large.laid, &none, &|| false).expect("an answer"))
}

/// No resamples are asked for.
fn none() -> Result<Box<Refits<'static>>> {
    Err(Error::usage("no resamples"))
}

fn near(a: f64, b: f64, what: &str) {
    let same = a == b || (a.is_nan() && b.is_nan());
    assert!(same || (a - b).abs() <= 1e-9 * (1.0 + b.abs()), "{what}: {a} {b}");
}

fn same(a: Option<Effect>, b: Option<Effect>, what: &str) {
    assert_eq!(a.is_some(), b.is_some(), "{what}");
    if let (Some(a), Some(b)) = (a, b) {
        near(a.estimate, b.estimate, what);
        near(a.std_error, b.std_error, what);
        near(a.low, b.low, what);
        near(a.high, b.high, what);
    }
}

fn agree(a: &Effects, b: &Effects) {
    assert_eq!((&a.reference, &a.modifiers, &a.notices), (&b.reference, &b.modifiers, &b.notices));
    assert_eq!((a.arms.len(), a.contrasts.len()), (b.arms.len(), b.contrasts.len()));
    for (x, y) in a.arms.iter().zip(&b.arms) {
        assert_eq!((&x.level, x.n, x.events), (&y.level, y.n, y.events));
        near(x.observed, y.observed, "observed");
        near(x.marginal, y.marginal, "marginal");
        near(x.marginal_se, y.marginal_se, "its error");
        let robust = |se: Option<f64>| se.unwrap_or(-1.0);
        near(robust(x.marginal_se_sandwich), robust(y.marginal_se_sandwich), "its sandwich error");
    }
    for (x, y) in a.contrasts.iter().zip(&b.contrasts) {
        assert_eq!(x.level, y.level);
        for (p, q) in x.marginal.iter().zip(&y.marginal) {
            same(p.delta, q.delta, "delta");
            same(p.sandwich, q.sandwich, "sandwich");
        }
        same(x.conditional.map(|c| c.effect), y.conditional.map(|c| c.effect), "conditional");
        assert_eq!(x.needed.as_ref().map(|n| &n.text), y.needed.as_ref().map(|n| &n.text));
    }
    assert_eq!(a.by_modifier.len(), b.by_modifier.len());
    for (x, y) in a.by_modifier.iter().zip(&b.by_modifier) {
        assert_eq!((&x.variable, x.points.len()), (&y.variable, y.points.len()));
        for (p, q) in x.points.iter().zip(&y.points) {
            assert_eq!((&p.level, &p.value, p.number), (&q.level, &q.value, q.number));
            near(p.reference_mean, q.reference_mean, "reference");
            same(p.conditional, q.conditional, "conditional at a value");
            p.marginal.iter().zip(&q.marginal).for_each(|(p, q)| same(p.1, q.1, "at a value"));
        }
    }
    assert_eq!(a.by_baseline.len(), b.by_baseline.len());
    for (x, y) in a.by_baseline.iter().zip(&b.by_baseline) {
        assert_eq!((x.quarter, x.n, &x.observed), (y.quarter, y.n, &y.observed));
        near(x.baseline, y.baseline, "baseline");
        near(x.range.0, y.range.0, "range");
        for (p, q) in x.contrasts.iter().zip(&y.contrasts) {
            near(p.arm_mean, q.arm_mean, "quarter");
            p.marginal.iter().zip(&q.marginal).for_each(|(p, q)| same(p.1, q.1, "in a quarter"));
        }
    }
}

#[test]
fn effects_from_the_disk_are_those_of_arrays() {
    let csv = trial(9500, 7); // three chunks
    let event = Spec::new("event ~ arm + rcs(age, 4) + sex");
    let clusters = Robust::Cluster { variable: "w".to_string(), correction: ClusterCorrection::Cr1s };
    for spec in [
        event.clone(),
        Spec { weights: Some("w".to_string()), ..event.clone() },
        Spec { robust: Robust::Hc(1), ..event.clone() },
        Spec { robust: clusters, ..event.clone() },
        Spec { penalty: Penalty::Firth, ..Spec::new("event ~ arm + age") },
        Spec::new("event ~ arm * sex + age + offset(I(score / 10))"),
        Spec::new("event ~ arm * (age + sex)"),
        Spec::new("score ~ arm + age"),
        Spec::new("score ~ arm * age + sex"),
    ] {
        match both(&csv, &spec, "arm") {
            (Findings::Known(arrays), Findings::Known(disk)) => agree(&arrays, &disk),
            other => panic!("{}: {other:?}", spec.formula),
        }
    }
    let (Findings::Known(arrays), Findings::Known(disk)) = both(&csv, &Spec::new("event ~ w + age"), "w")
    else {
        panic!("three doses are arms");
    };
    agree(&arrays, &disk);
}

/// A copy of the treatment is left out; with everyone in one arm it would not be one any more.
#[test]
fn a_column_that_was_left_out_and_matters_is_named() {
    let mut csv = String::from("arm,copy,age,twice,event\n");
    for line in trial(5000, 8).lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let age: f64 = cells[1].parse().expect("a number");
        csv += &format!("{0},{0}2,{1},{2},{3}\n", cells[0], age, 2.0 * age, cells[3]);
    }
    let text = |found: &Findings| match found {
        Findings::Unknown { reason, .. } => reason.clone(),
        Findings::Known(_) => "known".to_string(),
    };
    for (formula, wanted) in
        [("event ~ arm + copy + age", "`copy[b2]` was left out"), ("event ~ arm + age + twice", "known")]
    {
        let (arrays, disk) = both(&csv, &Spec::new(formula), "arm");
        assert_eq!(text(&arrays), text(&disk));
        assert!(text(&disk).contains(wanted), "{}", text(&disk));
    }
}

#[test]
fn what_cannot_be_is_refused_and_an_interruption_leaves_no_number() {
    let csv = trial(5000, 9);
    let spec = Spec::new("event ~ arm + age");
    for formula in ["event ~ arm + age", "event ~ arm + age + I(2 * age)"] {
        let large = swept(&csv, &Spec::new(formula)); // the second leaves a column out, which is looked at first
        let stopped = estimate_swept(&question("arm"), &large.fit, &large.laid, &none, &|| true);
        let stopped = stopped.expect("said");
        assert!(matches!(stopped, Findings::Unknown { reason, .. } if reason.contains("interrupted")));
    }
    let source = Source::from_bytes("trial.csv", csv.into_bytes()).expect("a good table");
    let memory = fit(&spec, &source, &Storage::Memory, &mut Unwatched).expect("a fit");
    let gone =
        estimate_swept(&question("arm"), &memory.fit, &memory.laid, &none, &|| false).expect_err("gone");
    assert_eq!(gone.kind, Kind::Usage);
}

#[test]
fn one_and_two_threads_give_the_same_bits() {
    let csv = trial(9500, 10);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let large = swept(&csv, &Spec::new("event ~ arm * age + sex"));
            let found = estimate_swept(&question("arm"), &large.fit, &large.laid, &none, &|| false);
            format!("{:?}", found.expect("an answer"))
        })
    };
    assert_eq!(on(1), on(2));
}
