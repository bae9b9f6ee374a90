//! What each numeric predictor does, as pictures and as a table: curves with their bands.

use crate::error::Result;
use crate::fit::partial::{PartialEffect, PartialLine};
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::plot::effect::{Effect, EffectLine};
use crate::plot::forest::EffectScale;
use crate::plot::upright::Upright;
use crate::report::NamedFile;
use crate::report::figures::{Drawn, Studio};
use crate::report::numbers::brief;
use crate::report::statistics::percent;
use crate::report::tables::{is_pooled, written};
use crate::report::words::visible;
use rayon::prelude::*;

/// The pictures' names: the predictors in the order of the formula. Those beyond have their lines in the table.
pub const STEMS: [&str; 24] = [
    "effect_1",
    "effect_2",
    "effect_3",
    "effect_4",
    "effect_5",
    "effect_6",
    "effect_7",
    "effect_8",
    "effect_9",
    "effect_10",
    "effect_11",
    "effect_12",
    "effect_13",
    "effect_14",
    "effect_15",
    "effect_16",
    "effect_17",
    "effect_18",
    "effect_19",
    "effect_20",
    "effect_21",
    "effect_22",
    "effect_23",
    "effect_24",
];

/// One picture a predictor.
///
/// # Errors
/// When a picture cannot be drawn or encoded.
pub(super) fn pictures(title: &str, fit: &Fit, effects: &[PartialEffect], svg: bool) -> Result<Vec<Drawn>> {
    effects.par_iter().zip(STEMS).map(|(effect, stem)| picture(title, fit, effect, (stem, svg))).collect()
}

fn picture(
    title: &str,
    fit: &Fit,
    effect: &PartialEffect,
    (stem, svg): (&'static str, bool),
) -> Result<Drawn> {
    let logistic = fit.family == Family::Logistic;
    let on_axis =
        |values: &[f64]| -> Vec<f64> { values.iter().map(|v| if logistic { v.exp() } else { *v }).collect() };
    let name = visible(&effect.variable);
    let modifier = effect.modifier.as_deref().map(visible);
    let label = |line: &PartialLine| {
        modifier.as_ref().map_or_else(String::new, |m| format!("{m} = {}", setting(&line.at)))
    };
    let bare = |values: &[f64]| if values.iter().all(|v| v.is_nan()) { Vec::new() } else { on_axis(values) };
    let lines: Vec<EffectLine> = effect
        .lines
        .iter()
        .map(|line| EffectLine {
            label: label(line),
            estimate: on_axis(&line.estimate),
            low: bare(&line.low),
            high: bare(&line.high),
        })
        .collect();
    let reference = brief(effect.reference);
    let (what, note, scale) = if logistic {
        (format!("Odds ratio against {reference}"), "logarithmic", EffectScale::Ratio)
    } else {
        (format!("Difference against {reference}"), "", EffectScale::Difference)
    };
    let held = held(effect);
    let kind = if logistic { "Odds ratio" } else { "Difference of the mean outcome" };
    let subtitle = format!("{kind} of {name} against its median, {reference}, all else the same");
    let studio = Studio { title, subtitle: &subtitle, svg };
    let figure = Effect {
        headings: studio.headings(),
        predictor: &name,
        effect: (&what, note),
        scale: Some(scale),
        x: effect.lines.first().map_or(&[][..], |line| &line.x),
        lines: &lines,
        marked: &[Upright { at: effect.reference, words: format!("median {reference}") }],
        distribution: (&effect.edges, &effect.counts),
    };
    let units = if logistic { "odds ratio" } else { "difference of the mean outcome" };
    let caption = format!(
        "The {units} of each value of {name} against its median, {reference}, all other predictors the same{held}, with \
         pointwise {} intervals. The range is where patients are: from the 1st to the 99th centile. Below: how many rows \
         have which value.{}",
        percent(fit.spec.conf_level),
        if is_pooled(fit) {
            " The curve is the pooled one, its band by the pooled covariance; range and rows are those of the first \
             completed data set."
        } else {
            ""
        }
    );
    studio.draw(&figure, stem, ("Effect of a predictor", caption))
}

/// Which variables have a line each, and at which values others stay.
fn held(effect: &PartialEffect) -> String {
    let modifier = effect.modifier.as_ref().map(|m| format!("; one line for each value of {}", visible(m)));
    let others: Vec<String> = effect.held.iter().map(|name| visible(name)).collect();
    let rest = (!others.is_empty())
        .then(|| format!("; {} at the median or the commonest level", others.join(" and ")));
    let more = (effect.without_line > 0)
        .then(|| format!(" (its first levels; {} more have none)", effect.without_line));
    [modifier, more, rest].into_iter().flatten().collect()
}

/// A modifier's value; a number in as many digits as a reader needs.
fn setting(at: &str) -> String {
    at.parse::<f64>().map_or_else(|_| visible(at), brief)
}

/// `partial_effects.csv`: the lines with all their digits; log odds (logistic) or units of the outcome (linear).
///
/// # Errors
/// Io, as the writer says.
pub(super) fn file(effects: &[PartialEffect]) -> Result<Option<NamedFile>> {
    if effects.is_empty() {
        return Ok(None);
    }
    let header = [
        "variable",
        "value",
        "reference",
        "modifier",
        "at",
        "estimate",
        "std_error",
        "conf_low",
        "conf_high",
    ]
    .map(str::to_string)
    .to_vec();
    let number = |x: f64| if x.is_finite() { x.to_string() } else { String::new() };
    let mut records = vec![header];
    for effect in effects {
        for line in &effect.lines {
            for (k, x) in line.x.iter().enumerate() {
                records.push(vec![
                    effect.variable.clone(),
                    number(*x),
                    number(effect.reference),
                    effect.modifier.clone().unwrap_or_default(),
                    line.at.clone(),
                    number(line.estimate[k]),
                    number(line.std_error[k]),
                    number(line.low[k]),
                    number(line.high[k]),
                ]);
            }
        }
    }
    Ok(Some(NamedFile::new("partial_effects.csv", written(records)?)))
}
