//! Swept fits against fits of arrays, and on disk against in memory.

use crate::data::csv::Source;
use crate::fit::large::{Storage, fit};
use crate::fit::result::Fit;
use crate::fit::spec::{ClusterCorrection, Interval, MethodName, Penalty, Robust, Spec};
use crate::optimise::watch::Unwatched;
use crate::team::Ranks;

/// A registry with gaps, weights, sites, and a column that others determine.
pub(super) fn registry_text(rows: usize) -> String {
    let mut text = String::from("died,days,age,sbp,sex,site,n,ward,twice,share\n");
    for i in 0..rows {
        let u = |k: usize| ((i * k + 7 * k) as f64 * 0.618_033_988_75).fract();
        let age = 40.0 + (50.0 * u(3)).round();
        let sbp = (100.0 + 60.0 * u(11)).round();
        let risk = 0.05 + 0.4 * u(3) * u(3) + 0.1 * u(17);
        let died = u8::from(u(101) < risk);
        let days = 2.0 + 0.1 * age + 5.0 * u(29) + 3.0 * f64::from(died);
        let sbp_text = if i % 53 == 0 { "NA".to_string() } else { sbp.to_string() };
        let sex = if u(7) < 0.5 { "f" } else { "m" };
        text += &format!(
            "{died},{days:.3},{age},{sbp_text},{sex},s{:02},{},w{},{},{}\n",
            i * 13 % 40,
            i % 4,
            i % 3,
            2.0 * age,
            0.5 * (1 + i % 3) as f64
        );
    }
    text
}

pub(crate) fn registry(rows: usize) -> Source {
    Source::from_bytes("registry.csv", registry_text(rows).into_bytes()).expect("a table")
}

fn swept(spec: &Spec, source: &Source, storage: &Storage) -> Fit {
    fit(spec, source, storage, &mut Unwatched).expect("a fit").fit
}

/// With factors of many levels as codes, whatever the number of cells.
fn coded_fit(spec: &Spec, source: &Source, storage: &Storage) -> Fit {
    let found = super::fit_with(spec, source, storage, 0, &Ranks::alone(), &mut Unwatched);
    found.expect("a fit").expect("alone").fit
}

pub(super) fn on_disk() -> Storage {
    Storage::Disk(std::env::temp_dir())
}

pub(super) fn near(a: f64, b: f64, scale: f64, what: &str) {
    assert!((a - b).abs() <= 1e-9 * scale, "{what}: {a} {b}");
}

/// Everything that both know.
pub(super) fn agree(a: &Fit, b: &Fit) {
    alike(a, b);
    for ((name, x), (other, y)) in a.case_mix.variables.iter().zip(&b.case_mix.variables) {
        assert_eq!((name, x), (other, y));
    }
}

/// The same but for the moments of the variables.
pub(super) fn alike(a: &Fit, b: &Fit) {
    for (x, y) in a.coefficients.iter().zip(&b.coefficients) {
        assert_eq!((&x.term, x.estimate.is_some()), (&y.term, y.estimate.is_some()));
        if let (Some(p), Some(q), Some(se), Some(other)) = (x.estimate, y.estimate, x.std_error, y.std_error)
        {
            near(p, q, se, &x.term.name);
            near(se, other, se, &x.term.name);
            near(x.conf_low.unwrap_or(0.0), y.conf_low.unwrap_or(0.0), se, &x.term.name);
        }
    }
    let (s, t) = (&a.statistics, &b.statistics);
    assert_eq!(s.term_tests.len(), t.term_tests.len());
    for (p, q) in s.term_tests.iter().zip(&t.term_tests) {
        assert_eq!((&p.group, p.df), (&q.group, q.df));
        if p.statistic.is_nan() {
            assert!(q.statistic.is_nan(), "{q:?}"); // more columns than clusters
        } else if p.kind == q.kind {
            near(p.statistic, q.statistic, p.statistic, &p.group);
        } else {
            assert!((p.statistic - q.statistic).abs() < 0.2 * p.statistic + 0.5, "{p:?} {q:?}");
        }
    }
    assert_eq!(s.hosmer_lemeshow.map(|test| test.df), t.hosmer_lemeshow.map(|test| test.df));
    if let (Some(p), Some(q)) = (s.hosmer_lemeshow, t.hosmer_lemeshow) {
        near(p.chisq, q.chisq, p.chisq, "Hosmer and Lemeshow");
    }
    for (p, q) in [
        (s.auc, t.auc),
        (s.auc_low, t.auc_low),
        (s.brier, t.brier),
        (s.nagelkerke_r2, t.nagelkerke_r2),
        (s.r_squared, t.r_squared),
        (s.sigma, t.sigma),
    ] {
        assert_eq!(p.is_some(), q.is_some());
        near(p.unwrap_or(0.0), q.unwrap_or(0.0), 1.0, "statistic");
    }
    near(s.log_likelihood, t.log_likelihood, s.log_likelihood.abs(), "log-likelihood");
    near(s.null_deviance, t.null_deviance, s.null_deviance, "null deviance");
    assert_eq!(a.outcome.n_events, b.outcome.n_events);
    assert_eq!(
        (&a.frozen, a.ledger.rows_used, &a.ledger.missing),
        (&b.frozen, b.ledger.rows_used, &b.ledger.missing)
    );
    assert_eq!(a.ledger.dropped_otherwise, b.ledger.dropped_otherwise);
    assert_eq!(a.influence.as_ref().map(|i| i.n_rows), b.influence.as_ref().map(|i| i.n_rows));
    near(
        a.case_mix.linear_predictor.sd,
        b.case_mix.linear_predictor.sd,
        1.0,
        "spread of the linear predictor",
    );
}

pub(super) fn specs() -> Vec<Spec> {
    let logistic = Spec::new("died ~ rcs(age, 4) * sex + sbp + site + twice");
    vec![
        Spec { hosmer_lemeshow: Some(10), ..logistic.clone() },
        Spec { weights: Some("n".to_string()), hosmer_lemeshow: Some(7), ..logistic.clone() },
        Spec { weights: Some("share".to_string()), ..logistic.clone() },
        Spec::new("days ~ age + poly(sbp, 2) + sex"),
        Spec::new("died ~ sbp + offset(I(age / 50)) - 1 + site"),
        Spec { robust: Robust::Hc(3), ..Spec::new("died ~ age + sex") },
        Spec { interval: Interval::Profile, ..Spec::new("died ~ age + sex + sbp") },
        Spec { penalty: Penalty::Firth, interval: Interval::Profile, ..Spec::new("died ~ age + sex") },
        Spec {
            robust: Robust::Cluster { variable: "ward".to_string(), correction: ClusterCorrection::Cr1 },
            ..Spec::new("days ~ age + site")
        },
    ]
}

#[test]
fn sweeps_give_the_answers_of_arrays_and_the_disk_those_of_memory_to_the_bit() {
    let source = registry(3000);
    for spec in specs() {
        let arrays = crate::fit::fit(&spec, &source, &mut Unwatched).expect("a fit");
        let memory = swept(&spec, &source, &Storage::Memory);
        let disk = swept(&spec, &source, &on_disk());
        agree(&arrays, &memory);
        assert_eq!(memory.coefficients, disk.coefficients, "{}", spec.formula);
        assert_eq!(memory.covariance, disk.covariance);
        let told = |fit: &Fit| format!("{:?}", fit.statistics); // to the last bit; not-a-number is itself
        assert_eq!(told(&memory), told(&disk));
        assert_eq!(memory.influence, disk.influence);
        assert_eq!(memory.case_mix, disk.case_mix);
    }
}

#[test]
fn mini_batches_from_the_disk_take_the_same_steps() {
    let source = registry(2000);
    let spec = Spec {
        method: MethodName::Adam,
        batch_size: Some(64),
        max_epochs: Some(3),
        ..Spec::new("died ~ age + sex + sbp")
    };
    let memory = swept(&spec, &source, &Storage::Memory);
    let disk = swept(&spec, &source, &on_disk());
    let arrays = crate::fit::fit(&spec, &source, &mut Unwatched).expect("a fit");
    assert_eq!(memory.coefficients, disk.coefficients);
    assert_eq!(memory.history, disk.history);
    agree(&arrays, &memory);
}

#[test]
fn codes_give_the_answers_of_indicators() {
    let source = registry(4000);
    for spec in specs().into_iter().filter(|s| s.formula.contains("site")) {
        let arrays = crate::fit::fit(&spec, &source, &mut Unwatched).expect("a fit");
        let coded = coded_fit(&spec, &source, &Storage::Memory);
        let disk = coded_fit(&spec, &source, &on_disk());
        assert!(
            coded.ledger.notices.iter().any(|n| n.contains("one column of codes")),
            "{:?}",
            coded.ledger.notices
        );
        let plain = Fit { influence: None, ..arrays };
        agree(&plain, &coded);
        assert_eq!(coded.coefficients, disk.coefficients);
    }
}

#[test]
fn a_site_without_events_is_named_as_separated() {
    let mut text = String::from("died,age,site\n");
    for i in 0..4000_usize {
        let site = i % 40;
        let died = u8::from(site != 7 && (i * 37 + 11) % 97 < 20 + i % 31);
        text += &format!("{died},{},s{site:02}\n", 40 + (i * 7) % 50);
    }
    let source = Source::from_bytes("sites.csv", text.into_bytes()).expect("a table");
    let spec = Spec::new("died ~ age + site");
    let coded = coded_fit(&spec, &source, &Storage::Memory);
    assert!(!coded.convergence.converged);
    let found = coded.convergence.separation.expect("separated");
    assert_eq!((found.complete, found.terms, found.rows), (false, vec!["site[s07]".to_string()], Some(100)));
}

#[test]
fn one_and_two_threads_give_the_same_bits() {
    let source = registry(6000);
    let spec = Spec::new("died ~ rcs(age, 4) + sex + sbp + site");
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let fit = coded_fit(&spec, &source, &on_disk());
            (fit.coefficients, fit.covariance, fit.statistics)
        })
    };
    assert_eq!(on(1), on(2));
}

#[test]
fn numbers_whose_squares_are_none_are_refused_as_in_arrays() {
    let text = registry_text(60).replace(",40,", ",4e190,").replace(",41,", ",1e308,");
    let text = text.replace(",42,", ",1e308,").replace(",43,", ",1e308,");
    let source = Source::from_bytes("registry.csv", text.into_bytes()).expect("a table");
    for formula in ["died ~ age + sex", "age ~ sex"] {
        let spec = Spec::new(formula);
        let arrays = crate::fit::fit(&spec, &source, &mut Unwatched).expect_err("refused").message;
        assert!(arrays.contains("`age` has numbers as large as 1e308"), "{arrays}");
        for storage in [Storage::Memory, Storage::Disk(std::env::temp_dir())] {
            let refused = fit(&spec, &source, &storage, &mut Unwatched).expect_err("refused").message;
            assert!(refused.contains("`age` has numbers as large as "), "{refused}");
        }
    }
}
