//! The pictures of a fit beyond its descent, each drawn once and named, for the folder and the page.

use crate::effects::measure::{Effect, Measure};
use crate::effects::result::{ByModifier, Effects, Findings, ModifierPoint};
use crate::error::Result;
use crate::fit::apparent::Apparent;
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::LogisticPerformance;
use crate::plot::forest::{EffectScale, Forest, ForestRow};
use crate::plot::page::Headings;
use crate::plot::png::{Figure, png};
use crate::plot::residuals::{Patients, Residuals};
use crate::plot::risks::Risks;
use crate::plot::svg::svg;
use crate::plot::treatment::{InGroup, OverModifier, Treatment};
use crate::report::numbers::{brief, count, share};
use crate::report::performance::Subject;
use crate::report::statistics::percent;
use crate::report::tables::is_pooled;
use crate::report::words::visible;
use crate::report::{Context, NamedFile, coefficients, imputation, partial, performance, stability, words};
use rayon::prelude::*;

/// A picture with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The file's name without its ending.
    pub stem: &'static str,
    /// The first words of the caption.
    pub name: &'static str,
    /// The rest of the caption.
    pub caption: String,
    /// The picture.
    pub png: Vec<u8>,
    /// The same in lines, where that was asked for.
    pub svg: Option<Vec<u8>>,
}

impl Drawn {
    /// The picture's files.
    pub fn files(&self) -> impl Iterator<Item = NamedFile> + '_ {
        let file =
            |ending: &str, bytes: &Vec<u8>| NamedFile::new(format!("{}.{ending}", self.stem), bytes.clone());
        let svg = self.svg.as_ref().map(|bytes| file("svg", bytes));
        std::iter::once(file("png", &self.png)).chain(svg)
    }
}

/// What all pictures of one fit share.
pub(super) struct Studio<'a> {
    pub(super) title: &'a str,
    pub(super) subtitle: &'a str,
    pub(super) svg: bool,
}

impl Studio<'_> {
    pub(super) fn headings(&self) -> Headings<'_> {
        Headings { title: self.title, subtitle: self.subtitle }
    }

    pub(super) fn draw(
        &self,
        figure: &impl Figure,
        stem: &'static str,
        words: (&'static str, String),
    ) -> Result<Drawn> {
        let svg = if self.svg { Some(svg(figure)?) } else { None };
        Ok(Drawn { stem, name: words.0, caption: words.1, png: png(figure)?, svg })
    }
}

/// Pictures still to be drawn, on any thread.
type Drawing<'a> = Box<dyn Fn() -> Result<Vec<Drawn>> + Sync + 'a>;

/// All pictures that the fit and its context allow; none of them shows a single patient.
///
/// # Errors
/// When a picture cannot be drawn or encoded.
pub fn of(fit: &Fit, context: &Context) -> Result<Vec<Drawn>> {
    let title = words::visible(&fit.formula);
    let n = count(fit.statistics.n);
    let family = words::family_name(fit);
    let own = format!("{family}, n = {n}");
    let on_its_rows = format!("{own}; apparent: on the rows that the model was fitted to");
    let studio = |subtitle| Studio { title: &title, subtitle, svg: context.svg };
    let (own, on_its_rows) = (studio(&own), studio(&on_its_rows));
    let mut waiting: Vec<Drawing<'_>> = vec![Box::new(|| Ok(forest(&own, fit)?.into_iter().collect()))];
    match &context.apparent {
        Some(Apparent::Logistic { performance: p, medians }) => {
            waiting.push(Box::new(|| Ok(vec![roc(&on_its_rows, fit, p)?])));
            waiting.push(Box::new(|| Ok(vec![calibration(&on_its_rows, fit, p)?])));
            if performance::has_decision(p) {
                waiting.push(Box::new(|| Ok(vec![decision(&on_its_rows, fit, p)?])));
            }
            if performance::has_bins(&performance::bins(p)) {
                waiting.push(Box::new(|| Ok(vec![risks(&on_its_rows, p, *medians, &outcomes(fit))?])));
            }
        }
        Some(Apparent::Linear { performance, fitted, residual, every }) => {
            waiting.push(Box::new(|| Ok(vec![agreement(&on_its_rows, fit, performance)?])));
            waiting.push(Box::new(|| Ok(vec![residuals(&own, fit, (fitted, residual), *every)?])));
        }
        None => {}
    }
    if let Some(Findings::Known(effects)) = &context.effects {
        waiting.push(Box::new(|| treatment(&title, effects, context.svg)));
    }
    waiting.push(Box::new(|| partial::pictures(&title, fit, &context.partial, context.svg)));
    waiting.push(Box::new(|| Ok(stability::influence(&own, fit)?.into_iter().collect())));
    waiting.push(Box::new(|| Ok(stability::instability(&title, fit, context)?.into_iter().collect())));
    waiting.push(Box::new(|| lacking(&title, fit, context)));
    let drawn: Vec<Vec<Drawn>> = waiting.par_iter().map(|draw| draw()).collect::<Result<_>>()?;
    Ok(drawn.into_iter().flatten().collect())
}

/// What is missing, and how the imputations ran; they show counts, means and standard deviations, no patient.
fn lacking(title: &str, fit: &Fit, context: &Context) -> Result<Vec<Drawn>> {
    let mut drawn = Vec::new();
    if let Some(gaps) = context.gaps.as_ref().filter(|gaps| !super::gaps::blocks(gaps).is_empty()) {
        drawn.push(imputation::lacking(title, &visible(&fit.ledger.file), gaps, context.svg)?);
    }
    if let Some(imputed) = context.imputation.as_ref().filter(|imputed| imputed.imputations > 0) {
        drawn.push(imputation::traces(title, imputed, context.svg)?);
    }
    Ok(drawn)
}

/// The event and its absence.
fn outcomes(fit: &Fit) -> (String, String) {
    let name = visible(&fit.outcome.variable);
    let told = |level: &Option<String>| {
        level.as_ref().map_or_else(|| "other".to_string(), |level| format!("{name} = {}", visible(level)))
    };
    (told(&fit.outcome.event), told(&fit.outcome.non_event))
}

/// The coefficients with their intervals; `None` where there are no intervals or there is no answer.
fn forest(studio: &Studio<'_>, fit: &Fit) -> Result<Option<Drawn>> {
    let is_answer = fit.convergence.converged && fit.convergence.separation.is_none();
    if !is_answer || !coefficients::has_inference(fit) {
        return Ok(None);
    }
    let logistic = fit.family == Family::Logistic;
    let on_axis = |x: f64| if logistic { x.exp() } else { x };
    let rows: Vec<ForestRow> = fit
        .coefficients
        .iter()
        .zip(coefficients::rows(fit))
        .filter(|(c, _)| !c.term.parts.is_empty())
        .filter_map(|(c, row)| {
            let text = if logistic {
                format!("{} ({})", row.ratio, row.ratio_interval)
            } else {
                format!("{} ({})", row.estimate, row.interval)
            };
            Some(ForestRow {
                label: row.term,
                estimate: on_axis(c.estimate?),
                low: on_axis(c.conf_low?),
                high: on_axis(c.conf_high?),
                text,
            })
        })
        .collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let level = percent(fit.spec.conf_level);
    let name = if logistic { "Odds ratio" } else { "Coefficient" };
    let head = format!("{name} ({level} CI)");
    let figure = Forest {
        headings: studio.headings(),
        scale: if logistic { EffectScale::Ratio } else { EffectScale::Difference },
        effect: (name, if logistic { "logarithmic" } else { "per unit of the predictor" }),
        text_head: &head,
        rows: &rows,
    };
    let caption = if logistic {
        format!(
            "Odds ratios with {level} intervals on a logarithmic axis; the dashed line, 1, is no association. A ratio of \
             a number is per unit of it, so the ratios of different variables cannot be compared by their size."
        )
    } else {
        format!(
            "Coefficients with {level} intervals; the dashed line, 0, is no association. Each is per unit of its \
             variable, so their sizes cannot be compared."
        )
    };
    studio.draw(&figure, "forest", ("Forest plot", caption)).map(Some)
}

/// What the pictures of the performance say about the rows of the fit.
fn subject<'a>(title: &'a str, fit: &Fit, outcome: &'a str, event: Option<&'a str>) -> Subject<'a> {
    Subject {
        model: title,
        rows: "Apparent, on the rows that the model was fitted to",
        outcome,
        event,
        forced: fit.by_construction,
        auc_interval: if is_pooled(fit) { "DeLong, pooled by Rubin's rules" } else { "DeLong" },
    }
}

fn roc(studio: &Studio<'_>, fit: &Fit, p: &LogisticPerformance) -> Result<Drawn> {
    let caption = format!(
        "Of all pairs of a patient with the event and one without, the model gives the higher risk to the right one in \
         {:.0}% (the AUC).",
        100.0 * p.auc.value
    );
    let (outcome, event) = outcome_and_event(fit);
    let subject = subject(studio.title, fit, &outcome, Some(&event));
    performance::with_roc(&subject, p, |f| studio.draw(f, "roc", ("ROC curve", caption)))
}

fn calibration(studio: &Studio<'_>, fit: &Fit, p: &LogisticPerformance) -> Result<Drawn> {
    let caption = "Observed against predicted risk: on the dashed line they agree. On its own rows a model looks well \
                   calibrated whatever it is worth elsewhere; what the curve can show here is a wrong shape. Below: \
                   how the risks are distributed among those with the event (up) and without (down)."
        .to_string();
    let (outcome, event) = outcome_and_event(fit);
    let subject = subject(studio.title, fit, &outcome, Some(&event));
    performance::with_calibration(&subject, p, |f| studio.draw(f, "calibration", ("Calibration", caption)))
}

fn decision(studio: &Studio<'_>, fit: &Fit, p: &LogisticPerformance) -> Result<Drawn> {
    let caption = format!(
        "Net benefit of treating those whose risk is at least the threshold, with {} band, against treating all and \
         none. Only thresholds at which one would really decide so count; on its own rows the model looks better than it \
         is.",
        percent(p.conf_level)
    );
    let (outcome, event) = outcome_and_event(fit);
    let subject = subject(studio.title, fit, &outcome, Some(&event));
    performance::with_decision(&subject, p, |f| studio.draw(f, "decision_curve", ("Decision curve", caption)))
}

/// The outcome's name and the level that is the event.
fn outcome_and_event(fit: &Fit) -> (String, String) {
    (visible(&fit.outcome.variable), visible(fit.outcome.event.as_deref().unwrap_or("1")))
}

fn risks(
    studio: &Studio<'_>,
    p: &LogisticPerformance,
    medians: (f64, f64),
    outcomes: &(String, String),
) -> Result<Drawn> {
    let bins = performance::bins(p);
    let which = performance::which_bins(&bins);
    let (events, others) = (format!("{}{which}", outcomes.0), format!("{}{which}", outcomes.1));
    let figure = Risks { headings: studio.headings(), bins: &bins, outcomes: (&events, &others), medians };
    let caption = format!(
        "How the predicted risks are distributed; the medians are {} with the event and {} without. The less the two \
         overlap, the better the model tells them apart.",
        share(medians.0),
        share(medians.1)
    );
    studio.draw(&figure, "risks", ("Predicted risks", caption))
}

/// Groups of predictions against their outcomes.
fn agreement(studio: &Studio<'_>, fit: &Fit, p: &LinearPerformance) -> Result<Drawn> {
    let outcome = visible(&fit.outcome.text);
    let subject = subject(studio.title, fit, &outcome, None);
    let caption = "Mean outcome of groups of rows with similar predictions. On its own rows the line through all of them \
                   is the diagonal by construction; a bend of the groups around it means a wrong shape.";
    performance::with_agreement(&subject, p, |figure| {
        studio.draw(figure, "calibration", ("Calibration", caption.to_string()))
    })
}

fn residuals(
    studio: &Studio<'_>,
    fit: &Fit,
    (fitted, residual): (&[f64], &[f64]),
    every: usize,
) -> Result<Drawn> {
    let sigma = fit.statistics.sigma.filter(|s| s.is_finite() && *s > 0.0);
    let rms = || (residual.iter().map(|r| r * r).sum::<f64>() / residual.len() as f64).sqrt();
    let unit = sigma.unwrap_or_else(rms);
    let standardised: Vec<f64> = residual.iter().map(|r| r / unit).collect();
    let name = format!("Fitted {}", visible(&fit.outcome.text));
    let figure = Residuals {
        headings: studio.headings(),
        fitted,
        residual,
        standardised: &standardised,
        names: (&name, "Residual"),
        patients: Patients::Summarised,
    };
    let weights =
        if fit.spec.weights.is_some() { " Each row counts once here, whatever its weight." } else { "" };
    let some = if every > 1 { format!(" One row in {every} is looked at.") } else { String::new() };
    let caption = format!(
        "Left: medians and quantiles of the residuals in groups of at least 20 rows with similar fitted values; a bend \
         means a wrong shape, a funnel unequal spread. Right: residuals divided by their standard deviation ({}) against \
         the normal distribution. No single patient is drawn.{some}{weights}",
        brief(unit)
    );
    studio.draw(&figure, "residuals", ("Residuals", caption))
}

/// The effect by modifier and by quarter, where there are such.
fn treatment(title: &str, e: &Effects, svg: bool) -> Result<Vec<Drawn>> {
    let levels: Vec<&str> = e.contrasts.iter().map(|c| c.level.as_str()).collect();
    let mut drawn: Vec<Drawn> = arms(title, e, (&levels, ARMS[0]), svg)?.into_iter().collect();
    if levels.len() > 1 && e.by_modifier.iter().any(|m| over_modifier(m, levels[0]).is_some()) {
        for (level, stem) in levels.iter().zip(&ARMS[1..]) {
            drawn.extend(arms(title, e, (&[*level], *stem), svg)?);
        }
    }
    Ok(drawn)
}

/// The pictures of a treatment: of all arms, and where there are several and a modifier of each of the first six.
pub const ARMS: [&str; 7] = [
    "treatment_effect",
    "treatment_effect_1",
    "treatment_effect_2",
    "treatment_effect_3",
    "treatment_effect_4",
    "treatment_effect_5",
    "treatment_effect_6",
];

/// One arm over the range of its modifier and by quarter, or several by quarter.
fn arms(
    title: &str,
    e: &Effects,
    (levels, stem): (&[&str], &'static str),
    svg: bool,
) -> Result<Option<Drawn>> {
    let several = levels.len() > 1;
    let modifier =
        if several { None } else { e.by_modifier.iter().find_map(|m| over_modifier(m, levels.first()?)) };
    let groups = in_quarters(e, levels);
    if modifier.is_none() && groups.is_empty() {
        return Ok(None);
    }
    let logistic = e.family == Family::Logistic;
    let levels: Vec<String> = levels.iter().map(|level| visible(level)).collect();
    let reference = visible(&e.reference);
    let subtitle = format!("{}: {} against {reference}", visible(&e.treatment), levels.join(", "));
    let studio = Studio { title, subtitle: &subtitle, svg };
    let name = if logistic { "Risk difference" } else { "Mean difference" };
    let baseline = if logistic { "risk" } else { "expected mean" };
    let figure = Treatment {
        headings: studio.headings(),
        scale: EffectScale::Difference,
        effect: (name, &format!("0: as in the arm {reference}")),
        modifier: modifier.as_ref(),
        groups: &groups,
        groups_name: &format!("Quarter of the {baseline} in the arm {reference}"),
    };
    let over = match &modifier {
        Some(modifier) => format!(
            " over the range of {}, everyone at that value and all else as observed, and",
            visible(&modifier.name)
        ),
        None => String::new(),
    };
    let caption = format!(
        "{name} by standardisation{over} by quarter of the {baseline} that the model predicts in the arm {reference}, with \
         {} intervals. The quarters come from the same model: they show what it implies, not what each quarter's \
         patients show by themselves.",
        percent(e.conf_level)
    );
    studio.draw(&figure, stem, ("Treatment effect", caption)).map(Some)
}

/// The difference over a modifier that is a number.
fn over_modifier(m: &ByModifier, level: &str) -> Option<OverModifier> {
    let points = || m.points.iter().filter(|p| p.level == level);
    let x: Vec<f64> = points().map(|p| p.number).collect::<Option<_>>()?;
    let ends =
        |p: &ModifierPoint| difference(&p.marginal).map_or([f64::NAN; 3], |e| [e.estimate, e.low, e.high]);
    let effects: Vec<[f64; 3]> = points().map(ends).collect();
    let each = |k: usize| effects.iter().map(|e| e[k]).collect();
    (x.len() > 1).then(|| OverModifier {
        name: visible(&m.variable),
        x,
        estimate: each(0),
        low: each(1),
        high: each(2),
    })
}

/// The difference in each quarter, one arm after the other.
fn in_quarters(e: &Effects, levels: &[&str]) -> Vec<InGroup> {
    let several = levels.len() > 1;
    let mut groups = Vec::new();
    for level in levels {
        for quarter in &e.by_baseline {
            let own = quarter.contrasts.iter().find(|contrast| contrast.level == *level);
            let effect = own.and_then(|contrast| difference(&contrast.marginal));
            let place = ["1st", "2nd", "3rd", "4th"].get(quarter.quarter.wrapping_sub(1)).unwrap_or(&"");
            let label = if several { format!("{}: {place}", visible(level)) } else { (*place).to_string() };
            let [estimate, low, high] = effect.map_or([f64::NAN; 3], |e| [e.estimate, e.low, e.high]);
            groups.push(InGroup { label, estimate, low, high });
        }
    }
    groups
}

fn difference(measures: &[(Measure, Option<Effect>)]) -> Option<Effect> {
    measures.iter().find(|(measure, _)| *measure == Measure::Difference).and_then(|(_, effect)| *effect)
}
