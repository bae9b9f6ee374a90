//! Pooled performance against R, and against what equal data sets must give.

use super::*;
use crate::data::csv::Source;
use crate::fit::analyse;
use crate::fit::spec::Spec;
use crate::impute::pool;
use crate::optimise::watch::Unwatched;

fn completed(shift: impl Fn(usize, usize) -> f64, of: usize) -> Vec<Analysis> {
    (0..of)
        .map(|set| {
            let mut text = String::from("died,age,crp\n");
            for i in 0..150_usize {
                let died = u8::from((i * 37 + 11) % 120 < 25 + i % 60);
                text.push_str(&format!("{died},{},{}\n", i % 60, (i * 53) as f64 % 97.0 + shift(set, i)));
            }
            let source = Source::from_bytes("set.csv", text.into_bytes()).expect("a table");
            analyse(&Spec::new("died ~ age + crp"), &source, &mut Unwatched).expect("a fit")
        })
        .collect()
}

fn pooled(completed: &[Analysis]) -> Fit {
    pool::pool(completed.iter().map(|a| a.fit.clone()).collect()).expect("one model")
}

fn measured(completed: &[Analysis]) -> LogisticPerformance {
    match pooled_performance(completed, &pooled(completed)).expect("measured").expect("an answer") {
        Apparent::Logistic { performance, .. } => *performance,
        Apparent::Linear { .. } => panic!("the outcome has two values"),
    }
}

#[test]
fn equal_data_sets_have_the_performance_of_one() {
    let sets = completed(|_, _| 0.0, 3);
    let found = measured(&sets);
    let Some(Apparent::Logistic { performance: one, .. }) = apparent(&sets[0]).expect("measured") else {
        panic!("logistic");
    };
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    near(found.auc.value, one.auc.value);
    near(found.auc.std_error, one.auc.std_error);
    near(found.brier, one.brier);
    near(found.oe_ratio, one.oe_ratio);
    near(found.calibration_line.expect("a slope").slope.value, 1.0);
    near(found.curve.as_ref().expect("a curve").ici, one.curve.as_ref().expect("a curve").ici);
    assert_eq!(found.groups.len(), one.groups.len());
    assert!(found.notes.iter().any(|n| n.contains("mean predictions")));
}

/// The scale of the interval is the log odds: it lies in (0, 1) and is longer towards 1/2.
#[test]
fn the_interval_of_the_auc_is_on_the_log_odds_and_grows_with_what_differs() {
    let sets = completed(|set, i| if i % 3 == 0 { ((set + 2) * i % 89) as f64 } else { 0.0 }, 5);
    let found = measured(&sets);
    let (low, high) = found.auc_interval;
    assert!(0.5 < low && found.auc.value - low > high - found.auc.value && high < 1.0, "{low} {high}");
    let own = |set: &Analysis| match apparent(set).expect("measured") {
        Some(Apparent::Logistic { performance, .. }) => performance.auc,
        _ => panic!("logistic"),
    };
    let areas: Vec<Auc> = sets.iter().map(own).collect();
    assert!(areas.iter().any(|a| (a.value - areas[0].value).abs() > 1e-4), "the data sets differ");
    let on_log_odds = |a: &Auc| (a.std_error / (a.value * (1.0 - a.value))).powi(2);
    let within =
        (areas.iter().map(on_log_odds).sum::<f64>() / 5.0).sqrt() * found.auc.value * (1.0 - found.auc.value);
    assert!(found.auc.std_error > within, "{} {within}", found.auc.std_error);
}

/// R 4.2: q <- qlogis(c(.71, .73, .705, .742, .72)), u <- (.03 / (a (1 - a)))^2, T = mean(u) + 1.2 var(q), Barnard and
/// Rubin's degrees of freedom of nu = 296; plogis of mean(q) and of its interval by qt.
#[test]
fn areas_are_pooled_as_log_odds() {
    let areas = [0.71, 0.73, 0.705, 0.742, 0.72].map(|value| Auc { value, std_error: 0.03 });
    let (auc, (low, high)) = pooled_auc(&areas, 296.0, 0.95);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    near(auc.value, 0.721_600_808_969_727_7);
    near(low, 0.648_056_807_764_457);
    near(high, 0.784_878_096_196_105_9);
}

#[test]
fn a_perfect_order_has_no_interval() {
    let areas = [1.0, 0.99].map(|value| Auc { value, std_error: 0.01 });
    let (auc, (low, high)) = pooled_auc(&areas, 50.0, 0.95);
    assert!((auc.value - 0.995).abs() < 1e-15 && low.is_nan() && high.is_nan());
}

#[test]
fn outcomes_that_differ_between_data_sets_are_taken_together() {
    let mut sets = completed(|set, i| (set * i % 7) as f64, 2);
    let y = &mut sets[1].prepared.chosen.y;
    (y[0], y[1]) = (1.0 - y[0], 1.0 - y[1]);
    let told = outcomes_that_differ(&sets).expect("two rows differ");
    assert!(told.contains("in 2 of 150 rows"), "{told}");
    assert_eq!(outcomes_that_differ(&sets[..1]), None);
    let fit = pooled(&sets);
    let (rows, how) = mean_rows(&sets, &fit);
    assert!(how.contains("together") && rows.outcome.len() == 300);
    assert!((rows.weight.expect("halves").iter().sum::<f64>() - 150.0).abs() < 1e-9);
}
