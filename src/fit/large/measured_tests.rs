//! How good swept fits are on their rows, against fits of arrays.

use crate::fit::apparent::{Apparent, apparent};
use crate::fit::large::tests::{on_disk, registry, specs};
use crate::fit::large::{Storage, fit};
use crate::fit::result::Fit;
use crate::fit::spec::{Penalty, Spec};
use crate::optimise::history::Record;
use crate::optimise::watch::{Signal, Unwatched, Watcher};
use crate::team::Ranks;

/// What cells may blur, and what sweeps know of single rows.
fn numbers(apparent: &Apparent) -> (Vec<f64>, Vec<f64>) {
    match apparent {
        Apparent::Logistic { performance: p, medians } => {
            let curve = p.curve.as_ref().expect("a curve");
            let ends = [&curve.points[0], &curve.points[50], &curve.points[100]];
            let mut blurred = vec![curve.ici, curve.e50, curve.e90, medians.0, medians.1, p.expected];
            blurred.extend(ends.iter().flat_map(|at| [at.predicted, at.observed, at.low, at.high]));
            blurred.extend(p.decision_curve.iter().filter(|at| at.threshold < 0.3).map(|at| at.model));
            let known = vec![p.n, p.n_events, p.auc.value, p.auc.std_error, p.auc_interval.0, p.brier];
            (blurred, [known, vec![p.scaled_brier, p.log_loss]].concat())
        }
        Apparent::Linear { performance: p, fitted, residual, every } => {
            assert_eq!((fitted.len(), *every), (residual.len(), 1));
            let mut blurred = vec![p.mae, p.mean_outcome, p.mean_predicted];
            blurred
                .extend(p.calibration_line.iter().flat_map(|line| [line.slope.value, line.slope.std_error]));
            blurred.extend([p.groups[0].low, p.groups[9].high]);
            (blurred, vec![p.n, p.r_squared, p.rmse])
        }
    }
}

#[test]
fn patients_in_cells_are_measured_as_patients_are() {
    let source = registry(3000);
    for spec in specs() {
        let analysis = crate::fit::analyse(&spec, &source, &mut Unwatched).expect("a fit");
        let wanted = apparent(&analysis).expect("measured").expect("an answer");
        let memory = fit(&spec, &source, &Storage::Memory, &mut Unwatched).expect("a fit").apparent;
        let disk = fit(&spec, &source, &on_disk(), &mut Unwatched).expect("a fit").apparent;
        assert_eq!(memory, disk, "{}", spec.formula);
        let (blurred, known) = numbers(&memory.expect("an answer"));
        let (exactly, wanted) = (numbers(&wanted).0, numbers(&wanted).1);
        for (k, (a, b)) in exactly.iter().zip(&blurred).enumerate() {
            assert!((a - b).abs() < 5e-3 * (0.01 + a.abs()), "{}, number {k}: {a}, {b}", spec.formula);
        }
        for (k, (a, b)) in wanted.iter().zip(&known).enumerate() {
            assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{}, number {k}: {a}, {b}", spec.formula);
        }
    }
}

#[test]
fn a_fit_that_stopped_early_is_not_measured() {
    let early = Spec {
        method: crate::fit::spec::MethodName::GradientDescent,
        max_epochs: Some(2),
        ..Spec::new("died ~ age + sex")
    };
    let found = fit(&early, &registry(2000), &Storage::Memory, &mut Unwatched).expect("a fit");
    assert!(!found.fit.convergence.converged);
    assert_eq!(found.apparent, None);
}

#[test]
fn the_curves_are_those_of_all_rows() {
    let source = registry(3000);
    let mut n_curves = 0;
    for spec in specs() {
        let analysis = crate::fit::analyse(&spec, &source, &mut Unwatched).expect("a fit");
        let wanted = crate::fit::partial::effects(&analysis).expect("curves");
        let found = fit(&spec, &source, &Storage::Memory, &mut Unwatched).expect("a fit");
        let disk = fit(&spec, &source, &on_disk(), &mut Unwatched).expect("a fit");
        assert_eq!(found.partial, disk.partial);
        let bent = |name: &str| {
            let terms = || found.fit.coefficients.iter().map(|c| &c.term.parts);
            terms().any(|parts| {
                parts.iter().any(|p| p.variable == name && (p.transform.is_some() || parts.len() > 1))
            })
        };
        let wanted: Vec<_> = wanted.into_iter().filter(|effect| bent(&effect.variable)).collect();
        assert_eq!(wanted.len(), found.partial.len(), "{}", spec.formula);
        for (a, b) in wanted.iter().zip(&found.partial) {
            n_curves += 1;
            assert_eq!((&a.variable, &a.modifier, &a.held), (&b.variable, &b.modifier, &b.held));
            assert!((a.reference - b.reference).abs() < 1e-9, "{} {}", a.reference, b.reference);
            assert!((a.counts.iter().sum::<f64>() / b.counts.iter().sum::<f64>() - 1.0).abs() < 0.03);
            for (p, q) in a.lines.iter().zip(&b.lines) {
                assert_eq!(p.at, q.at);
                for k in 0..p.x.len() {
                    let near = |x: f64, y: f64| (x - y).abs() < 1e-7 * (1.0 + x.abs());
                    assert!(near(p.x[k], q.x[k]) && near(p.estimate[k], q.estimate[k]), "{p:?} {q:?}");
                    assert!(near(p.low[k], q.low[k]) && near(p.high[k], q.high[k]), "{p:?} {q:?}");
                }
            }
        }
    }
    assert!(n_curves >= 4, "{n_curves}");
}

#[test]
fn a_penalty_of_given_strength_shrinks_swept_rows_as_it_shrinks_arrays() {
    let source = registry(3000);
    for (alpha, formula) in [
        (0.0, "died ~ age * sex + sbp + site + twice"),
        (1.0, "days ~ age + sbp + site"),
        (0.4, "died ~ age + sbp + site"),
    ] {
        let spec = Spec {
            penalty: Penalty::ElasticNet { lambda: Some(0.02), alpha },
            weights: Some("n".to_string()),
            ..Spec::new(formula)
        };
        let arrays = crate::fit::fit(&spec, &source, &mut Unwatched).expect("a fit");
        let memory = fit(&spec, &source, &Storage::Memory, &mut Unwatched).expect("a fit").fit;
        let disk = fit(&spec, &source, &on_disk(), &mut Unwatched).expect("a fit").fit;
        assert_eq!(memory.coefficients, disk.coefficients);
        assert_eq!(arrays.coefficients.len(), memory.coefficients.len());
        for (a, b) in arrays.coefficients.iter().zip(&memory.coefficients) {
            let (Some(p), Some(q)) = (a.estimate, b.estimate) else { panic!("{} is left out", a.term.name) };
            assert!(
                (p - q).abs() < 1e-6 * (1e-3 + p.abs()) && (p == 0.0) == (q == 0.0),
                "{}: {p} {q}",
                a.term.name
            );
        }
        let (wanted, found) = (arrays.penalty.expect("a penalty"), memory.penalty.expect("a penalty"));
        assert_eq!((wanted.non_zero, wanted.predictors), (found.non_zero, found.predictors));
        assert!(found.duality_gap < 1e-10 && memory.convergence.converged, "{}", found.duality_gap);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-8 * a.abs(), "{a} {b}");
        near(arrays.statistics.log_likelihood, memory.statistics.log_likelihood);
        assert!(found.search.is_none() && memory.covariance.is_none() && memory.influence.is_none());
    }
}

#[test]
fn cross_validation_of_swept_rows_is_that_of_arrays() {
    let source = registry(3000);
    let site = || Spec {
        penalty: Penalty::ElasticNet { lambda: None, alpha: 1.0 },
        ..Spec::new("died ~ age + sbp + site")
    };
    for (weights, spec) in [
        (
            true,
            Spec {
                penalty: Penalty::ElasticNet { lambda: None, alpha: 0.5 },
                ..Spec::new("days ~ age * sex + sbp + twice + offset(share)")
            },
        ),
        (
            false,
            Spec {
                penalty: Penalty::ElasticNet { lambda: None, alpha: 0.0 },
                ..Spec::new("died ~ age + sbp + sex")
            },
        ),
        (true, site()),
    ] {
        let spec = Spec { weights: weights.then(|| "n".to_string()), seed: 7, ..spec };
        let arrays = crate::fit::fit(&spec, &source, &mut Unwatched).expect("a fit");
        let memory = fit(&spec, &source, &Storage::Memory, &mut Unwatched).expect("a fit").fit;
        let disk = fit(&spec, &source, &on_disk(), &mut Unwatched).expect("a fit").fit;
        assert_eq!(memory.coefficients, disk.coefficients);
        assert_eq!(arrays.coefficients, memory.coefficients);
        let search = |fit: &Fit| fit.penalty.as_ref().and_then(|used| used.search.clone()).expect("searched");
        assert_eq!(search(&arrays), search(&memory));
        assert_eq!(search(&arrays), search(&disk));
        assert_eq!(search(&disk).tuned.map(|tuned| tuned.unconverged), Some(0));
    }
    // sites as codes: the same in other columns
    let arrays = crate::fit::fit(&site(), &source, &mut Unwatched).expect("a fit");
    let coded = super::fit_with(&site(), &source, &on_disk(), 0, &Ranks::alone(), &mut Unwatched);
    let coded = coded.expect("a fit").expect("alone").fit;
    assert!(coded.ledger.notices.iter().any(|notice| notice.contains("one column of codes")));
    let tuned = |fit: &Fit| {
        let search = fit.penalty.as_ref().and_then(|used| used.search.as_ref());
        search.and_then(|search| search.tuned.clone()).expect("tuned")
    };
    let (wanted, found) = (tuned(&arrays), tuned(&coded));
    for (a, b) in wanted.mean.iter().zip(&found.mean).chain(wanted.lambda.iter().zip(&found.lambda)) {
        assert!((a - b).abs() < 1e-8 * a, "{a} {b}");
    }
    assert_eq!((wanted.least, wanted.within_one_se), (found.least, found.within_one_se));
}

/// Says stop after so many words.
struct Impatient(usize);

impl Watcher for Impatient {
    fn seconds(&self) -> f64 {
        0.0
    }

    fn prepares(&mut self, _what: &str, _done: usize, _all: usize) -> Signal {
        self.0 -= 1;
        if self.0 == 0 { Signal::Stop } else { Signal::Continue }
    }

    fn seen(&mut self, _record: &Record, _tolerance: f64) -> Signal {
        Signal::Continue
    }
}

#[test]
fn a_long_choice_of_lambda_can_be_interrupted() {
    let source = registry(600);
    let spec =
        Spec { penalty: Penalty::ElasticNet { lambda: None, alpha: 1.0 }, ..Spec::new("died ~ age + sbp") };
    for (patience, words) in [
        (150, "interrupted after 149 of 1000 fits of the cross-validation"),
        (1006, "interrupted after 5 of 100 fits of the path of penalties"),
    ] {
        let error = fit(&spec, &source, &on_disk(), &mut Impatient(patience)).expect_err("stopped");
        assert!(error.message.contains(words), "{}", error.message);
    }
}
