//! Effects of simulated trials: by invariance, by hand, by resampling.

use super::*;
use crate::effects::fixture::{analyse, effects, question, trial};
use crate::fit::spec::Spec;

fn near(got: f64, wanted: f64, relative: f64) {
    assert!((got - wanted).abs() <= relative * wanted.abs(), "{got} is not {wanted}");
}

fn same(got: &Effect, wanted: &Effect, relative: f64) {
    near(got.estimate, wanted.estimate, relative);
    near(got.std_error, wanted.std_error, relative);
    near(got.low, wanted.low, relative);
    near(got.high, wanted.high, relative);
}

fn spec(formula: &str) -> Spec {
    Spec::new(formula)
}

/// Everything that a measure's three intervals hold.
fn all_of(found: &Effects) -> Vec<Effect> {
    let contrasts = found.contrasts.iter();
    contrasts.flat_map(|c| c.marginal.iter().flat_map(|m| [m.delta, m.sandwich]).flatten()).collect()
}

#[test]
fn without_covariates_the_marginal_effect_is_the_unadjusted_one() {
    let found = effects(&trial(300, 1), &spec("event ~ arm"), EffectInterval::Delta);
    let contrast = &found.contrasts[0];
    for (marginal, (measure, crude)) in contrast.marginal.iter().zip(&contrast.unadjusted) {
        assert_eq!(marginal.measure, *measure);
        let crude = crude.expect("no empty cell");
        same(&marginal.delta.expect("defined"), &crude, 1e-9);
        same(&marginal.sandwich.expect("defined"), &crude, 1e-9);
    }
    let conditional = contrast.conditional.expect("no interaction").effect;
    same(&conditional, &contrast.unadjusted[2].1.expect("no empty cell"), 1e-9);
}

/// In a saturated model each cell's prediction is its observed risk: the standardised risk is their mean, weighted by
/// the sizes of the strata.
#[test]
fn a_saturated_model_standardises_the_observed_risks_of_the_strata() {
    let csv = trial(500, 2);
    let found = effects(&csv, &spec("event ~ arm * sex"), EffectInterval::Delta);
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|l| l.split(',').collect()).collect();
    let risk = |arm: &str, sex: &str| {
        let cell: Vec<f64> = rows
            .iter()
            .filter(|r| r[0] == arm && r[2] == sex)
            .map(|r| r[3].parse().expect("0 or 1"))
            .collect();
        cell.iter().sum::<f64>() / cell.len() as f64
    };
    let share = |sex: &str| rows.iter().filter(|r| r[2] == sex).count() as f64 / rows.len() as f64;
    for (arm, name) in found.arms.iter().zip(["a", "b"]) {
        near(arm.marginal, share("f") * risk(name, "f") + share("m") * risk(name, "m"), 1e-9);
    }
    assert!(found.contrasts[0].conditional.is_none());
    let at: Vec<(&str, f64)> =
        found.by_modifier[0].points.iter().map(|p| (p.value.as_str(), p.arm_mean)).collect();
    assert_eq!(at.len(), 2);
    at.iter().for_each(|(sex, mean)| near(*mean, risk("b", sex), 1e-9));
}

#[test]
fn weights_equal_repeated_rows() {
    let csv = trial(250, 3);
    let mut repeated = "arm,age,sex,event,score,w\n".to_string();
    for line in csv.lines().skip(1) {
        let weight: usize = line.rsplit(',').next().and_then(|w| w.parse().ok()).expect("1 to 3");
        (0..weight).for_each(|_| repeated.push_str(&format!("{line}\n")));
    }
    for formula in ["event ~ arm * age + sex", "score ~ arm * age + sex"] {
        let mut weighted = spec(formula);
        weighted.weights = Some("w".to_string());
        let a = effects(&csv, &weighted, EffectInterval::Delta);
        let b = effects(&repeated, &spec(formula), EffectInterval::Delta);
        all_of(&a).iter().zip(all_of(&b)).for_each(|(x, y)| same(x, &y, 1e-7));
        for (x, y) in a.by_baseline.iter().zip(&b.by_baseline) {
            assert_eq!((x.quarter, x.n), (y.quarter, y.n));
            near(x.contrasts[0].arm_mean, y.contrasts[0].arm_mean, 1e-9);
        }
        for (x, y) in a.by_modifier[0].points.iter().zip(&b.by_modifier[0].points) {
            assert_eq!(x.value, y.value);
            same(&x.marginal[0].1.expect("defined"), &y.marginal[0].1.expect("defined"), 1e-6);
        }
        for ((_, x), (_, y)) in a.contrasts[0].unadjusted.iter().zip(&b.contrasts[0].unadjusted) {
            same(&x.expect("defined"), &y.expect("defined"), 1e-9);
        }
    }
}

#[test]
fn a_numeric_treatment_and_a_factor_have_the_same_effects() {
    let text = trial(300, 4);
    let numeric = text.replace("\na,", "\n0,").replace("\nb,", "\n1,");
    let a = effects(&text, &spec("event ~ arm + age + sex"), EffectInterval::Delta);
    let b = effects(&numeric, &spec("event ~ arm + age + sex"), EffectInterval::Delta);
    assert_eq!((b.reference.as_str(), b.contrasts[0].level.as_str()), ("0", "1"));
    all_of(&a).iter().zip(all_of(&b)).for_each(|(x, y)| same(x, &y, 1e-9));
    let conditional = |e: &Effects| e.contrasts[0].conditional.expect("no interaction").effect;
    same(&conditional(&a), &conditional(&b), 1e-9);
}

#[test]
fn an_offset_of_a_constant_changes_nothing() {
    let csv: String = trial(300, 5)
        .lines()
        .enumerate()
        .map(|(k, line)| format!("{line},{}\n", if k == 0 { "z" } else { "0.7" }))
        .collect();
    let a = effects(&csv, &spec("event ~ arm + age"), EffectInterval::Delta);
    let b = effects(&csv, &spec("event ~ arm + age + offset(z)"), EffectInterval::Bootstrap(100));
    all_of(&a).iter().zip(all_of(&b)).for_each(|(x, y)| same(x, &y, 1e-8));
    let bootstrap = b.contrasts[0].marginal[0].bootstrap.expect("asked for");
    near(bootstrap.estimate, a.contrasts[0].marginal[0].delta.expect("defined").estimate, 1e-9);
}

#[test]
fn three_arms_are_compared_with_the_first() {
    let csv: String = trial(400, 6)
        .lines()
        .enumerate()
        .map(|(k, line)| if k % 3 == 1 { format!("c{}\n", &line[1..]) } else { format!("{line}\n") })
        .collect();
    let found = effects(&csv, &spec("event ~ arm"), EffectInterval::Delta);
    assert_eq!(found.contrasts.iter().map(|c| c.level.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    for contrast in &found.contrasts {
        same(
            &contrast.marginal[0].delta.expect("defined"),
            &contrast.unadjusted[0].1.expect("defined"),
            1e-9,
        );
    }
    let adjusted = effects(&csv, &spec("event ~ arm + age"), EffectInterval::Delta);
    let coefficient = &analyse(&csv, &spec("event ~ arm + age")).fit.coefficients[2];
    let conditional = adjusted.contrasts[1].conditional.expect("no interaction");
    near(conditional.effect.estimate.ln(), coefficient.estimate.expect("estimated"), 1e-9);
    near(conditional.p_value, coefficient.p_value.expect("estimated"), 1e-9);
}

/// With a constant variance and no interaction the model is right and the covariates' sampling adds nothing.
#[test]
fn in_a_large_linear_trial_delta_and_sandwich_agree() {
    let found = effects(&trial(6000, 7), &spec("score ~ arm + age + sex"), EffectInterval::Delta);
    let marginal = &found.contrasts[0].marginal[0];
    let (delta, sandwich) = (marginal.delta.expect("defined"), marginal.sandwich.expect("defined"));
    near(sandwich.std_error, delta.std_error, 0.02);
    same(&found.contrasts[0].conditional.expect("no interaction").effect, &delta, 1e-9);
}

/// The bootstrap samples the covariates too: its spread is the sandwich's (800 resamples: to 2.5 per cent, 1 sd).
#[test]
fn the_bootstrap_spreads_like_the_sandwich() {
    let found = effects(&trial(600, 8), &spec("event ~ arm * age + sex"), EffectInterval::Bootstrap(800));
    for marginal in &found.contrasts[0].marginal {
        let sandwich = marginal.sandwich.expect("defined").std_error;
        near(marginal.bootstrap.expect("asked for").std_error, sandwich, 0.1);
    }
    assert_eq!(found.resamples.as_ref().map(Resamples::n_failed), Some(0));
}

/// A resample's mean is that of an analysis of a file with the drawn rows, whose knots that file teaches.
#[test]
fn resamples_learn_their_own_knots() {
    let csv = trial(250, 21);
    let formula = "event ~ arm * rcs(age, 4) + sex";
    let analysis = analyse(&csv, &spec(formula));
    let (draws, counts) = crate::effects::estimate::first_draw(&analysis, &question(EffectInterval::Delta));
    let mut lines = csv.lines();
    let mut drawn = format!("{}\n", lines.next().expect("a header"));
    for (line, count) in lines.zip(&counts) {
        (0..*count as usize).for_each(|_| drawn.push_str(&format!("{line}\n")));
    }
    let own = effects(&drawn, &spec(formula), EffectInterval::Delta);
    assert_ne!(analyse(&drawn, &spec(formula)).prepared.frozen.bases, analysis.prepared.frozen.bases);
    for (arm, mean) in own.arms.iter().zip(&draws) {
        near(*mean, arm.marginal, 1e-7);
    }
}

#[test]
fn clusters_of_one_patient_are_no_clusters() {
    let csv: String = trial(200, 9)
        .lines()
        .enumerate()
        .map(|(k, line)| if k == 0 { format!("{line},site\n") } else { format!("{line},{k}\n") })
        .collect();
    let mut clustered = spec("event ~ arm + age");
    clustered.robust = Robust::Cluster { variable: "site".to_string(), correction: ClusterCorrection::Cr0 };
    let a = effects(&csv, &clustered, EffectInterval::Delta);
    let b = effects(&csv, &spec("event ~ arm + age"), EffectInterval::Delta);
    let sandwich = |e: &Effects| e.contrasts[0].marginal[0].sandwich.expect("defined");
    same(&sandwich(&a), &sandwich(&b), 1e-9);
}

#[test]
fn resamples_are_the_same_on_any_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| effects(&trial(150, 10), &spec("event ~ arm + sex"), EffectInterval::Bootstrap(120)))
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn firth_s_effects_have_no_sandwich() {
    let mut firth = spec("event ~ arm + age");
    firth.penalty = Penalty::Firth;
    let found = effects(&trial(120, 11), &firth, EffectInterval::Bootstrap(100));
    let marginal = &found.contrasts[0].marginal[0];
    assert!(marginal.sandwich.is_none() && marginal.bootstrap.is_some() && marginal.delta.is_some());
    assert!(found.notices.iter().any(|n| n.contains("Firth")));
}

fn reason(csv: &str, formula: &str) -> String {
    match estimate(&question(EffectInterval::Delta), &analyse(csv, &spec(formula)), &|| false)
        .expect("no error")
    {
        Findings::Unknown { reason, .. } => reason,
        Findings::Known(effects) => panic!("{effects:?}"),
    }
}

#[test]
fn a_separated_fit_has_nothing_but_the_reason() {
    let csv = "arm,event\na,0\na,0\na,1\na,0\nb,1\nb,1\nb,1\nb,1\n";
    let reason = reason(csv, "event ~ arm");
    assert!(reason.contains("separated by") && reason.contains("arm[b]"), "{reason}");
}

/// Every treated patient is in site y: with everyone treated, site x has patients of whom nothing is known.
#[test]
fn a_column_that_says_the_same_as_the_treatment_leaves_no_effect() {
    let csv: String = trial(100, 12)
        .lines()
        .enumerate()
        .map(|(k, line)| match (k, line.starts_with('a')) {
            (0, _) => format!("site,{line}\n"),
            (_, true) => format!("x,{line}\n"),
            (_, false) => format!("y,{line}\n"),
        })
        .collect();
    assert!(reason(&csv, "event ~ site + arm + age").contains("`arm[b]` was left out"));
}

#[test]
fn a_stopped_resampling_is_no_interval() {
    let analysis = analyse(&trial(100, 13), &spec("event ~ arm"));
    let found = estimate(&question(EffectInterval::Bootstrap(100)), &analysis, &|| true).expect("no error");
    assert!(matches!(found, Findings::Unknown { reason, .. } if reason.contains("interrupted")));
}
