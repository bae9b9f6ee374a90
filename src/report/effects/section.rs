//! The treatment's effect in the summary: arms, comparisons, and tables by modifier and by baseline risk.

use crate::effects::measure::{Effect, Measure};
use crate::effects::result::{Arm, ByModifier, Contrast, EffectInterval, Effects, Findings, Quarter};
use crate::fit::spec::Family;
use crate::report::align::{Align, Head, Line};
use crate::report::block::Block;
use crate::report::numbers::{NONE, brief, count, measured, p_value, ratio, share, short};
use crate::report::statistics::percent;
use crate::report::words::visible;

/// Why the two odds ratios of a table differ.
const NON_COLLAPSIBLE: &str = "The conditional odds ratio compares patients of equal covariates, the standardised one the \
    whole group under either arm; as odds do not average, the latter lies nearer to 1 even without any confounding, and \
    neither is wrong.";

/// The section; lines are at most 100 columns wide where names allow.
pub fn text(findings: &Findings) -> String {
    blocks(findings).iter().map(Block::text).collect::<Vec<_>>().join("\n")
}

/// The same as blocks: arms, one comparison each, what is said of them, tables by modifier and by quarter.
pub fn blocks(findings: &Findings) -> Vec<Block> {
    match findings {
        Findings::Unknown { treatment, reason } => {
            let told = format!("Effect of {}: not available, for {}.", visible(treatment), visible(reason));
            vec![Block::notes(vec![told])]
        }
        Findings::Known(effects) => known(effects),
    }
}

fn known(e: &Effects) -> Vec<Block> {
    let name = visible(&e.treatment);
    let what = match &e.event {
        Some(event) => format!("the probability of {}", visible(event)),
        None => format!("the mean of {}", visible(&e.outcome)),
    };
    let mut first = arms(e);
    first.heading = format!("Effect of {name} on {what} (reference: {name} = {})", visible(&e.reference));
    let mut blocks = vec![first];
    for contrast in &e.contrasts {
        blocks.push(comparison(e, contrast));
    }
    blocks.push(notes(e));
    blocks.extend(e.by_modifier.iter().map(|m| modifier(e, m)));
    if !e.by_baseline.is_empty() {
        blocks.push(quarters(e));
    }
    blocks
}

fn interval_head(e: &Effects) -> String {
    format!("{} CI", percent(e.conf_level))
}

fn arms(e: &Effects) -> Block {
    let left = |title| Head { title, align: Align::Left };
    let right = |title| Head { title, align: Align::Right };
    let point = |title| Head { title, align: Align::Point };
    let logistic = e.family == Family::Logistic;
    let heads = if logistic {
        vec![left("arm"), right("patients"), right("events"), point("risk"), point("standardised risk")]
    } else {
        vec![left("arm"), right("patients"), point("mean"), point("SD"), point("standardised mean")]
    };
    let cells = |a: &Arm| {
        let level = visible(&a.level);
        if logistic {
            let events = a.events.map_or_else(String::new, count);
            vec![level, count(a.n), events, share(a.observed), share(a.marginal)]
        } else {
            let sd = a.sd.map_or_else(|| NONE.to_string(), short);
            vec![
                level,
                count(a.n),
                measured(a.observed, a.marginal_se),
                sd,
                measured(a.marginal, a.marginal_se),
            ]
        }
    };
    Block::table("", &heads, e.arms.iter().map(|a| Line::Cells(cells(a))).collect())
}

fn words(measure: Measure, family: Family) -> &'static str {
    match (measure, family) {
        (Measure::Difference, Family::Linear) => "mean difference",
        (Measure::Difference, Family::Logistic) => "risk difference",
        (Measure::Ratio, _) => "risk ratio",
        (Measure::OddsRatio, _) => "odds ratio",
    }
}

/// Estimate and interval.
fn told(measure: Measure, effect: Option<&Effect>) -> [String; 2] {
    let Some(e) = effect else { return [NONE.to_string(), String::new()] };
    /// Of a difference the standard error gets two digits, one less than in the table of coefficients.
    const COARSER: f64 = 10.0;
    let resolution = if measure.is_ratio() { e.estimate * e.std_error } else { COARSER * e.std_error };
    let show = |x: f64| if measure.is_ratio() { ratio(x, resolution) } else { measured(x, resolution) };
    [show(e.estimate), format!("{} to {}", show(e.low), show(e.high))]
}

fn comparison(e: &Effects, c: &Contrast) -> Block {
    let interval = interval_head(e);
    let title = format!("{} against {}", visible(&c.level), visible(&e.reference));
    let heads = [
        Head { title: &title, align: Align::Left },
        Head { title: "estimate", align: Align::Point },
        Head { title: &interval, align: Align::Interval },
        Head { title: "p", align: Align::Point },
    ];
    let row = |kind: &str, measure: Measure, effect: Option<&Effect>, p: String| {
        let [estimate, interval] = told(measure, effect);
        Line::Cells(vec![format!("{kind} {}", words(measure, e.family)), estimate, interval, p])
    };
    let p = |p: Option<f64>| p.map_or_else(String::new, p_value);
    let mut lines: Vec<Line> = c
        .unadjusted
        .iter()
        .map(|(m, found)| row("unadjusted", *m, found.as_ref(), p(found.and_then(|e| e.p_value))))
        .collect();
    if let Some(found) = &c.conditional {
        let measure = if e.family == Family::Logistic { Measure::OddsRatio } else { Measure::Difference };
        lines.push(row("conditional", measure, Some(&found.effect), p_value(found.p_value)));
    }
    for m in &c.marginal {
        lines.push(row("standardised", m.measure, m.main().as_ref(), p(m.p_value())));
    }
    if let Some(needed) = &c.needed {
        lines.push(Line::Remark("number needed to treat".to_string(), needed.text.clone()));
    }
    Block::table("", &heads, lines)
}

fn notes(e: &Effects) -> Block {
    let mut notes = vec![format!(
        "Standardised: the model's predictions for all {} patients in each arm, averaged{}.",
        count(e.arms.iter().map(|a| a.n).sum()),
        match e.interval {
            EffectInterval::Delta => "; intervals by the delta method, the covariates taken as given",
            EffectInterval::Bootstrap(_) => "",
        }
    )];
    notes.push(tests(e));
    if e.family == Family::Logistic && e.modifiers.is_empty() {
        notes.push(NON_COLLAPSIBLE.to_string());
    }
    if e.contrasts.iter().any(|c| c.needed.is_some()) {
        notes.push("NNTB, NNTH: patients to treat for one of them to benefit, to be harmed.".to_string());
    }
    notes.extend(e.notices.iter().map(|n| format!("- {}", visible(n))));
    Block::notes(notes)
}

/// Which tests the p-values are of.
fn tests(e: &Effects) -> String {
    let logistic = e.family == Family::Logistic;
    let scale = if logistic { " (risk difference, and logarithms of risk ratio and odds ratio)" } else { "" };
    let resampled = match e.interval {
        EffectInterval::Delta => "",
        EffectInterval::Bootstrap(_) => "; of standardised effects by the delta method's standard error",
    };
    format!("p: Wald tests of no effect, estimate over standard error{scale}{resampled}.")
}

/// At most this many values of a modifier are printed; `effects.json` has them all.
const SHOWN: usize = 7;

fn modifier(e: &Effects, m: &ByModifier) -> Block {
    let name = visible(&m.variable);
    let values: Vec<&str> = distinct(m);
    let every = values.len().div_ceil(SHOWN).max(1);
    let shown: Vec<&str> = if m.points.iter().any(|p| p.number.is_some()) {
        values.into_iter().skip(every / 2).step_by(every).collect()
    } else {
        values
    };
    let rows: Vec<_> = m.points.iter().filter(|p| shown.contains(&p.value.as_str())).collect();
    let conditional = rows.iter().any(|p| p.conditional.is_some());
    let several = e.contrasts.len() > 1;
    let logistic = e.family == Family::Logistic;
    let lines: Vec<Line> = rows
        .into_iter()
        .map(|p| {
            let value = p.number.map_or_else(|| visible(&p.value), brief);
            let first = if several { format!("{value}, {}", visible(&p.level)) } else { value };
            let show = |x: f64| if logistic { share(x) } else { short(x) };
            let mut cells = vec![first, show(p.reference_mean), show(p.arm_mean)];
            cells.extend(told(Measure::Difference, p.marginal[0].1.as_ref()));
            if logistic {
                let odds = if conditional { p.conditional } else { p.marginal[2].1 };
                cells.extend(told(Measure::OddsRatio, odds.as_ref()));
            }
            Line::Cells(cells)
        })
        .collect();
    let first = if several { format!("{name}, arm") } else { name.clone() };
    let odds = if conditional { "cond. OR" } else { "odds ratio" };
    let which = if conditional && logistic { "; the odds ratio is the conditional one" } else { "" };
    let head =
        format!("Effect over the range of {name} (everyone at that value, all else as observed{which})");
    Block::table(&head, &effect_heads(e, &first, odds, &interval_head(e)), lines)
}

fn distinct(m: &ByModifier) -> Vec<&str> {
    let mut values: Vec<&str> = m.points.iter().map(|p| p.value.as_str()).collect();
    values.dedup();
    values
}

fn effect_heads<'a>(e: &Effects, first: &'a str, odds: &'a str, interval: &'a str) -> Vec<Head<'a>> {
    let logistic = e.family == Family::Logistic;
    let mut heads = vec![
        Head { title: first, align: Align::Left },
        Head { title: if logistic { "ref. risk" } else { "ref. mean" }, align: Align::Point },
        Head { title: if logistic { "arm risk" } else { "arm mean" }, align: Align::Point },
        Head { title: "difference", align: Align::Point },
        Head { title: interval, align: Align::Interval },
    ];
    if logistic {
        heads.push(Head { title: odds, align: Align::Point });
        heads.push(Head { title: interval, align: Align::Interval });
    }
    heads
}

fn quarters(e: &Effects) -> Block {
    let several = e.contrasts.len() > 1;
    let logistic = e.family == Family::Logistic;
    let show = |x: f64| if logistic { share(x) } else { short(x) };
    let name = |q: &Quarter| match q.quarter {
        1 if !several => "1 (lowest)".to_string(),
        4 if !several => "4 (highest)".to_string(),
        other => other.to_string(),
    };
    let mut lines = Vec::new();
    for quarter in &e.by_baseline {
        for c in &quarter.contrasts {
            let first =
                if several { format!("{}, {}", name(quarter), visible(&c.level)) } else { name(quarter) };
            let mut cells = vec![first, show(quarter.baseline), show(c.arm_mean)];
            cells.extend(told(Measure::Difference, c.marginal[0].1.as_ref()));
            if logistic {
                cells.extend(told(Measure::OddsRatio, c.marginal[2].1.as_ref()));
            }
            lines.push(Line::Cells(cells));
        }
    }
    let first = if several { "quarter, arm" } else { "quarter" };
    let what = if logistic { "risk" } else { "expected mean" };
    let head = format!(
        "Effect by quarter of the {what} in the arm {} (as this model predicts it)",
        visible(&e.reference)
    );
    Block::table(&head, &effect_heads(e, first, "odds ratio", &interval_head(e)), lines)
}
