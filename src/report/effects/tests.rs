//! What is written of an effect, from effects made by hand.

use super::*;
use crate::effects::measure::Effect;
use crate::effects::needed::{EventIs, needed};
use crate::effects::result::{Arm, Conditional, Contrast, EffectInterval, Effects, Findings, Marginal};

fn ratio(estimate: f64, std_error: f64) -> Effect {
    let half = 1.96 * std_error;
    Effect {
        estimate,
        std_error,
        low: estimate * (-half).exp(),
        high: estimate * half.exp(),
        p_value: Some(0.0123),
    }
}

fn sample() -> Effects {
    let difference =
        Effect { estimate: -0.0808, std_error: 0.027, low: -0.1337, high: -0.0279, p_value: Some(0.00277) };
    let arm = |level: &str, n: f64, events: f64, marginal: f64| Arm {
        level: level.to_string(),
        n,
        events: Some(events),
        observed: events / n,
        sd: None,
        marginal,
        marginal_se: 0.02,
        marginal_se_sandwich: Some(0.021),
    };
    let marginal =
        |measure, effect| Marginal { measure, delta: Some(effect), sandwich: Some(effect), bootstrap: None };
    Effects {
        treatment: "rx".to_string(),
        reference: "placebo".to_string(),
        family: Family::Logistic,
        outcome: "outcome".to_string(),
        event: Some("outcome = yes".to_string()),
        event_is: EventIs::Bad,
        conf_level: 0.95,
        interval: EffectInterval::Delta,
        covariance_kind: "model".to_string(),
        arms: vec![arm("placebo", 307.0, 52.0, 0.171), arm("drug\u{7}", 295.0, 27.0, 0.0904)],
        contrasts: vec![Contrast {
            level: "drug\u{7}".to_string(),
            unadjusted: vec![
                (Measure::Difference, Some(difference)),
                (Measure::Ratio, None),
                (Measure::OddsRatio, Some(ratio(0.494, 0.253))),
            ],
            conditional: Some(Conditional { effect: ratio(0.473, 0.257), p_value: 0.00357 }),
            marginal: vec![
                marginal(Measure::Difference, difference),
                marginal(Measure::Ratio, ratio(0.528, 0.221)),
                marginal(Measure::OddsRatio, ratio(0.481, 0.251)),
            ],
            needed: Some(needed(&difference, EventIs::Bad)),
        }],
        modifiers: Vec::new(),
        by_modifier: Vec::new(),
        by_baseline: Vec::new(),
        resamples: None,
        notices: vec!["a notice".to_string()],
    }
}

#[test]
fn the_section_has_each_effect_on_its_line() {
    let text = text(&Findings::Known(Box::new(sample())));
    for words in [
        "Effect of rx on the probability of outcome = yes (reference: rx = placebo)",
        "conditional odds ratio",
        "0.47",
        "number needed to treat",
        "NNTB 12 (7.5 to 36)",
        "unadjusted risk ratio",
        "- a notice",
        "0.003",
        "Wald tests",
    ] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
    assert!(!text.contains('\u{7}') && text.lines().all(|l| l.chars().count() <= 100), "{text}");
}

#[test]
fn the_file_has_the_keys_that_scripts_rely_on() {
    let read: serde_json::Value =
        serde_json::from_str(&json(&Findings::Known(Box::new(sample())))).expect("it is JSON");
    assert_eq!(read["treatment"], "rx");
    assert_eq!(read["reference"], "placebo");
    assert_eq!((&read["arms"][0]["n"], &read["arms"][0]["events"]), (&307.into(), &52.into()));
    let contrast = &read["contrasts"][0];
    assert_eq!(contrast["conditional"]["odds_ratio"]["std_error_log"], 0.257);
    assert_eq!(contrast["marginal"]["risk_difference"]["conf_low"], -0.1337);
    assert_eq!(contrast["marginal"]["risk_difference"]["sandwich"]["std_error"], 0.027);
    assert_eq!(contrast["marginal"]["number_needed_to_treat"]["text"], "NNTB 12 (7.5 to 36)");
    assert_eq!(contrast["marginal"]["risk_difference"]["p_value"], 0.00277);
    assert_eq!(contrast["unadjusted"]["odds_ratio"]["p_value"], 0.0123);
    assert!(contrast["unadjusted"]["risk_ratio"].is_null());
}

#[test]
fn where_nothing_is_known_the_reason_stands_alone() {
    let findings =
        Findings::Unknown { treatment: "rx".to_string(), reason: "the data are separated".to_string() };
    let read: serde_json::Value = serde_json::from_str(&json(&findings)).expect("it is JSON");
    assert_eq!(read["not_available"], "the data are separated");
    assert!(read.get("arms").is_none() && read.get("contrasts").is_none());
    assert_eq!(text(&findings), "Effect of rx: not available, for the data are separated.\n");
}
