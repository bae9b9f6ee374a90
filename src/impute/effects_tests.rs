//! Pooled effects: equal data sets, Rubin's formula by hand, and R.

use super::*;
use crate::data::csv::Source;
use crate::fit::analyse;
use crate::fit::partial::effects_of;
use crate::fit::spec::Spec;
use crate::impute::pool::pool;
use crate::optimise::watch::Unwatched;

const PATIENTS: u32 = 200;

/// Data set k of five: crp differs in every fourth patient. R makes the same: see [`five_data_sets_are_pooled_as_in_r`].
fn data_set(k: u32) -> String {
    let row = |i: u32| {
        let crp = if i.is_multiple_of(4) { (i * (13 + 6 * k) + 5 * k) % 71 } else { (i * 13) % 71 };
        let age = 40 + (i * 29) % 37;
        let arm = (i * 7 + i / 3) % 2;
        let event = u32::from((i * 41 + 17) % 97 + 12 * arm < 20 + age / 2 + crp / 3);
        format!(
            "{},{age},{crp},{event},{}\n",
            ["a", "b"][arm as usize],
            age + crp / 2 + 5 * arm + (i * 11) % 23
        )
    };
    format!("arm,age,crp,event,score\n{}", (0..PATIENTS).map(row).collect::<String>())
}

fn completed(formula: &str, sets: &[u32]) -> Vec<Analysis> {
    let one = |k: &u32| {
        let source = Source::from_bytes("set.csv", data_set(*k).into_bytes()).expect("a table");
        analyse(&Spec::new(formula), &source, &mut Unwatched).expect("a fit")
    };
    sets.iter().map(one).collect()
}

fn effects(formula: &str, sets: &[u32]) -> Effects {
    let question = Question { treatment: "arm".to_string(), interval: EffectInterval::Delta, event_is: None };
    match pooled_effects(&question, &completed(formula, sets), &|| false).expect("no error") {
        Findings::Known(effects) => *effects,
        Findings::Unknown { reason, .. } => panic!("{reason}"),
    }
}

#[test]
fn equal_data_sets_have_the_effects_of_one() {
    for formula in ["event ~ arm * age + crp", "score ~ arm + age + crp"] {
        let (one, three) = (effects(formula, &[2]), effects(formula, &[2, 2, 2]));
        assert_eq!(one.contrasts, three.contrasts);
        assert_eq!(one.by_modifier, three.by_modifier);
        assert_eq!(one.by_baseline, three.by_baseline);
        assert!((one.arms[1].marginal_se - three.arms[1].marginal_se).abs() < 1e-15);
        assert_eq!((one.arms[0].n, one.arms[0].events), (three.arms[0].n, three.arms[0].events));
    }
}

#[test]
fn what_was_not_imputed_loses_nothing_and_the_rest_does() {
    let (one, all) =
        (effects("event ~ arm + age + crp", &[0]), effects("event ~ arm + age + crp", &[0, 1, 2, 3, 4]));
    let difference = |e: &Effects| e.contrasts[0].marginal[0].delta.expect("defined");
    assert_ne!(difference(&one), difference(&all));
    assert!(all.notices.iter().any(|n| n.contains("Rubin's rules")));
    assert!(difference(&all).p_value.expect("Wald's") > 0.0);
    let needed = all.contrasts[0].needed.as_ref().expect("logistic");
    assert!((needed.estimate - 1.0 / difference(&all).estimate.abs()).abs() < 1e-9);
}

/// R 4.2: the five data sets by the formulas above, glm and lm; p1 = plogis(X1 b), p0 = plogis(X0 b) with everyone in one
/// arm; variances g' vcov g; T = mean(u) + 1.2 var(q), Barnard and Rubin's degrees of freedom of nu = 196.
#[test]
fn five_data_sets_are_pooled_as_in_r() {
    let near = |found: Option<Effect>, wanted: [f64; 5]| {
        let e = found.expect("defined");
        let p = e.p_value.expect("Wald's");
        for (found, wanted) in [e.estimate, e.std_error, e.low, e.high, p].iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-8 * wanted.abs().max(0.01), "{e:?}: {found} {wanted}");
        }
    };
    let all = effects("event ~ arm + age + crp", &[0, 1, 2, 3, 4]);
    let contrast = &all.contrasts[0];
    let of = |measure: Measure| contrast.marginal.iter().find(|m| m.measure == measure).and_then(|m| m.delta);
    let difference =
        [-0.138_056_810_123, 0.073_302_592_131, -0.282_648_670_985, 0.006_535_050_738, 0.061_177_071_935];
    let ratio =
        [0.781_608_226_475, 0.138_740_005_411, 0.594_482_015_947, 1.027_636_502_545, 0.077_329_191_940];
    let odds =
        [0.568_241_696_064, 0.300_595_343_418, 0.314_067_180_667, 1.028_119_603_135, 0.061_600_744_088];
    let conditional =
        [0.557_308_826_486, 0.311_534_716_065, 0.301_448_243_511, 1.030_336_499_764, 0.062_105_692_381];
    near(of(Measure::Difference), difference);
    near(of(Measure::Ratio), ratio);
    near(of(Measure::OddsRatio), odds);
    near(contrast.conditional.as_ref().map(|c| c.effect), conditional);
    let linear = effects("score ~ arm + age + crp", &[0, 1, 2, 3, 4]);
    let wanted = [5.010_571_651_212, 1.002_761_345_25, 3.032_856_042_1, 6.988_287_260_324, 1.297_587_26e-6];
    near(linear.contrasts[0].conditional.as_ref().map(|c| c.effect), wanted);
}

/// R 4.2: glm(event ~ arm + age * crp) of the five data sets; b = means, T = mean(vcov) + 1.2 cov(b): b and T of age and
/// age:crp. At crp = c the curve of age is (age - median) (b1 + c b2), its variance (age - median)^2 (T11 + 2 c T12 + c^2 T22).
#[test]
fn the_curve_of_a_pooled_fit_has_rs_total_covariance() {
    let (b1, b2) = (1.429_594_476_252e-2, 3.408_117_449_953e-4);
    let (t11, t12, t22) = (8.710_761_869_942e-4, -1.970_165_923_56e-5, 5.781_209_277_148e-7);
    let sets = completed("event ~ arm + age * crp", &[0, 1, 2, 3, 4]);
    let pooled = pool(sets.iter().map(|a| a.fit.clone()).collect()).expect("one model");
    let curves = effects_of(&pooled, &sets[0].prepared).expect("curves");
    let age = curves.iter().find(|curve| curve.variable == "age").expect("a number");
    assert_eq!((age.modifier.as_deref(), age.lines.len()), (Some("crp"), 3));
    for line in &age.lines {
        let c: f64 = line.at.parse().expect("a quartile");
        for (k, x) in line.x.iter().enumerate() {
            let step = x - age.reference;
            let se = step.abs() * (t11 + 2.0 * c * t12 + c * c * t22).sqrt();
            assert!((line.estimate[k] - step * (b1 + c * b2)).abs() < 1e-9 * (1.0 + se), "{x} {c}");
            assert!(
                (line.std_error[k] - se).abs() < 1e-8 * (1.0 + se),
                "{x} {c}: {} {se}",
                line.std_error[k]
            );
        }
    }
}

#[test]
fn a_bootstrap_of_effects_is_refused() {
    let question =
        Question { treatment: "arm".to_string(), interval: EffectInterval::Bootstrap(100), event_is: None };
    assert_eq!(check(&question).expect_err("refused").exit_status(), 2);
}
