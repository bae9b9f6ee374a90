//! `effects.json`: every number with all its digits.

use serde_json::{Map, Value, json};

use crate::effects::measure::{Effect, Measure};
use crate::effects::needed::{End, EventIs, Needed};
use crate::effects::result::{
    Arm, ByModifier, Contrast, EffectInterval, Effects, Findings, Marginal, Quarter, Resamples,
};
use crate::fit::spec::Family;
use crate::report::effects::key;

/// The text of `effects.json`; where nothing is known, the treatment and the reason alone.
pub fn json(findings: &Findings) -> String {
    let document = match findings {
        Findings::Known(effects) => known(effects),
        Findings::Unknown { treatment, reason } => {
            json!({"schema": "clinreg-effects/1", "treatment": treatment, "not_available": reason})
        }
    };
    format!("{document:#}\n")
}

fn known(e: &Effects) -> Value {
    let interval = match e.interval {
        EffectInterval::Delta => "delta",
        EffectInterval::Bootstrap(_) => "bootstrap",
    };
    json!({
        "schema": "clinreg-effects/1",
        "treatment": e.treatment,
        "reference": e.reference,
        "outcome": e.outcome,
        "event": e.event,
        "event_is": e.event.as_ref().map(|_| match e.event_is { EventIs::Bad => "bad", EventIs::Good => "good" }),
        "conf_level": e.conf_level,
        "interval": interval,
        "covariance": e.covariance_kind,
        "resamples": e.resamples.as_ref().map(resamples),
        "arms": e.arms.iter().map(|a| arm(a, e.family)).collect::<Vec<_>>(),
        "contrasts": e.contrasts.iter().map(|c| contrast(c, e.family)).collect::<Vec<_>>(),
        "interacts_with": e.modifiers,
        "by_modifier": e.by_modifier.iter().map(|m| by_modifier(m, e.family)).collect::<Vec<_>>(),
        "by_baseline_risk": e.by_baseline.iter().map(|q| quarter(q, e.family)).collect::<Vec<_>>(),
        "notices": e.notices,
    })
}

fn resamples(r: &Resamples) -> Value {
    let causes: Map<String, Value> = r.failed.iter().map(|(why, n)| (why.clone(), json!(n))).collect();
    json!({"asked": r.asked, "failed": r.n_failed(), "causes": causes})
}

fn arm(a: &Arm, family: Family) -> Value {
    let marginal = |name: &str| match family {
        Family::Logistic => format!("marginal_risk{name}"),
        Family::Linear => format!("marginal_mean{name}"),
    };
    let mut map = Map::new();
    map.insert("level".to_string(), json!(a.level));
    map.insert("n".to_string(), number(a.n));
    match family {
        Family::Logistic => {
            map.insert("events".to_string(), a.events.map_or(Value::Null, number));
            map.insert("risk".to_string(), json!(a.observed));
        }
        Family::Linear => {
            map.insert("mean".to_string(), json!(a.observed));
            map.insert("sd".to_string(), json!(a.sd));
        }
    }
    map.insert(marginal(""), json!(a.marginal));
    map.insert(marginal("_se"), json!(a.marginal_se));
    map.insert(marginal("_se_sandwich"), json!(a.marginal_se_sandwich));
    Value::Object(map)
}

/// Whole numbers without a point.
fn number(x: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if x.fract() == 0.0 && x.abs() < EXACT { json!(x as i64) } else { json!(x) }
}

fn contrast(c: &Contrast, family: Family) -> Value {
    let measure = if family == Family::Logistic { Measure::OddsRatio } else { Measure::Difference };
    let conditional = match &c.conditional {
        Some(found) => {
            let mut value = effect(measure, &found.effect);
            value.insert("p_value".to_string(), json!(found.p_value));
            Value::Object(value)
        }
        None => Value::Null,
    };
    let mut marginal: Map<String, Value> =
        c.marginal.iter().map(|m| (key(m.measure, family).to_string(), standardised(m))).collect();
    if let Some(found) = &c.needed {
        marginal.insert("number_needed_to_treat".to_string(), needed(found));
    }
    json!({
        "level": c.level,
        "unadjusted": measures(&c.unadjusted, family),
        "conditional": {key(measure, family): conditional},
        "marginal": marginal,
    })
}

fn effect(measure: Measure, e: &Effect) -> Map<String, Value> {
    let error = if measure.is_ratio() { "std_error_log" } else { "std_error" };
    let pairs = [("estimate", e.estimate), (error, e.std_error), ("conf_low", e.low), ("conf_high", e.high)];
    let mut map: Map<String, Value> =
        pairs.into_iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
    if let Some(p) = e.p_value {
        map.insert("p_value".to_string(), json!(p));
    }
    map
}

fn optional(measure: Measure, e: Option<&Effect>) -> Value {
    e.map_or(Value::Null, |e| Value::Object(effect(measure, e)))
}

fn measures(list: &[(Measure, Option<Effect>)], family: Family) -> Value {
    let pairs = list.iter().map(|(m, e)| (key(*m, family).to_string(), optional(*m, e.as_ref())));
    Value::Object(pairs.collect())
}

/// The interval that was asked for, and beside it each that was worked out.
fn standardised(m: &Marginal) -> Value {
    let Some(main) = m.main() else { return Value::Null };
    let mut value = effect(m.measure, &main);
    value.insert("p_value".to_string(), json!(m.p_value()));
    for (name, found) in [("delta", &m.delta), ("sandwich", &m.sandwich), ("bootstrap", &m.bootstrap)] {
        if let Some(found) = found {
            let mut own = effect(m.measure, found);
            own.shift_remove("estimate");
            value.insert(name.to_string(), Value::Object(own));
        }
    }
    Value::Object(value)
}

fn needed(n: &Needed) -> Value {
    let direction = |is_benefit: bool| if is_benefit { "benefit" } else { "harm" };
    let end = |e: &End| json!({"number": e.number, "direction": direction(e.is_benefit)});
    json!({
        "estimate": n.estimate,
        "text": n.text,
        "direction": direction(n.is_benefit),
        "from": end(&n.near),
        "to": end(&n.far),
        "spans_infinity": n.spans_infinity,
    })
}

fn by_modifier(m: &ByModifier, family: Family) -> Value {
    let conditional = if family == Family::Logistic { Measure::OddsRatio } else { Measure::Difference };
    let (reference_key, arm_key) = mean_keys(family);
    let points: Vec<Value> = m
        .points
        .iter()
        .map(|p| {
            let mut map = Map::new();
            map.insert("level".to_string(), json!(p.level));
            map.insert("value".to_string(), p.number.map_or_else(|| json!(p.value), number));
            map.insert(reference_key.to_string(), json!(p.reference_mean));
            map.insert(arm_key.to_string(), json!(p.arm_mean));
            for (measure, found) in &p.marginal {
                map.insert(key(*measure, family).to_string(), optional(*measure, found.as_ref()));
            }
            let name = format!("conditional_{}", key(conditional, family));
            map.insert(name, optional(conditional, p.conditional.as_ref()));
            Value::Object(map)
        })
        .collect();
    json!({"variable": m.variable, "points": points})
}

fn mean_keys(family: Family) -> (&'static str, &'static str) {
    match family {
        Family::Logistic => ("reference_risk", "risk"),
        Family::Linear => ("reference_mean", "mean"),
    }
}

fn quarter(q: &Quarter, family: Family) -> Value {
    let (reference_key, arm_key) = mean_keys(family);
    let total = if family == Family::Logistic { "events" } else { "sum" };
    let observed: Vec<Value> = q
        .observed
        .iter()
        .map(|(level, n, sum)| json!({"level": level, "n": number(*n), total: number(*sum)}))
        .collect();
    let contrasts: Vec<Value> = q
        .contrasts
        .iter()
        .map(|c| {
            let mut map = Map::new();
            map.insert("level".to_string(), json!(c.level));
            map.insert(arm_key.to_string(), json!(c.arm_mean));
            for (measure, found) in &c.marginal {
                map.insert(key(*measure, family).to_string(), optional(*measure, found.as_ref()));
            }
            Value::Object(map)
        })
        .collect();
    json!({
        "quarter": q.quarter,
        "n": number(q.n),
        "lowest": q.range.0,
        "highest": q.range.1,
        reference_key: q.baseline,
        "observed": observed,
        "contrasts": contrasts,
    })
}
