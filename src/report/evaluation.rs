//! What an evaluation leaves in its folder, and its summary as text.

use crate::error::Result;
use crate::model::{
    CaseMix, Evaluated, Evaluation, Model, Moments, Performance, Recalibrate, Recalibration, VariableMix,
};
use crate::performance::classification::Classification;
use crate::performance::construction::ByConstruction;
use crate::performance::decision::NetBenefit;
use crate::performance::estimate::{Estimate, Proportion};
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::LogisticPerformance;
use crate::report::NamedFile;
use crate::report::align::{Align, Head, Line, table, wrapped};
use crate::report::numbers::{count, share, short};
use crate::report::performance::{self, Subject};
use crate::report::statistics::percent;
use crate::report::words;

/// Lines are broken at this width where names allow.
const WIDTH: usize = 100;

/// The folder of an evaluation: its names do not take the place of a fit's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Of its own.
    Alone,
    /// That of a fit, which has a summary and pictures too.
    BesideAFit,
}

impl Place {
    /// The name of the summary.
    pub fn summary(self) -> &'static str {
        match self {
            Place::Alone => "summary.txt",
            Place::BesideAFit => "evaluation.txt",
        }
    }

    fn picture(self, name: &str) -> String {
        match self {
            Place::Alone => name.to_string(),
            Place::BesideAFit => format!("evaluation_{name}"),
        }
    }
}

/// Files of an evaluation: evaluation.json, the summary, the pictures (as SVG too where that is asked for),
/// recalibrated.json where asked for.
///
/// # Errors
/// When a picture cannot be drawn or encoded.
pub fn files(
    model: &Model,
    evaluated: &Evaluated,
    recalibrated: Option<&Model>,
    (place, svg): (Place, bool),
) -> Result<Vec<NamedFile>> {
    let file = |name: &str, text: String| NamedFile::new(name, text.into_bytes());
    let mut files = vec![
        file("evaluation.json", Evaluation::of(model, evaluated).to_json()),
        file(place.summary(), text(model, evaluated, recalibrated.and_then(|m| m.recalibration.as_ref()))),
    ];
    for picture in pictures(model, evaluated, svg)? {
        files.push(NamedFile { name: place.picture(&picture.name), ..picture });
    }
    if let Some(new) = recalibrated {
        files.push(file("recalibrated.json", new.to_json()));
    }
    Ok(files)
}

fn pictures(model: &Model, evaluated: &Evaluated, svg: bool) -> Result<Vec<NamedFile>> {
    let ledger = &evaluated.ledger;
    let seen = if ledger.sha256 == model.data.sha256 { " (the file of the fit)" } else { "" };
    let event = evaluated.event.as_deref().map(words::visible);
    let subject = Subject {
        model: &words::visible(&model.formula),
        rows: &format!("Evaluated on {}{seen}", words::visible(&ledger.file)),
        outcome: &words::visible(&evaluated.outcome_name),
        event: event.as_deref(),
        forced: ByConstruction::default(),
        auc_interval: "DeLong",
    };
    performance::pictures(&subject, &evaluated.performance, svg)
}

/// The summary as plain text, lines at most 100 columns wide where names allow.
pub fn text(model: &Model, evaluated: &Evaluated, recalibration: Option<&Recalibration>) -> String {
    let mut blocks = vec![head(model, evaluated)];
    match &evaluated.performance {
        Performance::Logistic(p) => {
            blocks.push(labelled(&logistic(p, ByConstruction::default())));
            blocks.push(at_thresholds(p));
        }
        Performance::Linear(p) => blocks.push(labelled(&linear(p, ByConstruction::default()))),
    }
    blocks.push(case_mix(model, evaluated));
    blocks.extend(recalibration.map(recalibrated));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn head(model: &Model, evaluated: &Evaluated) -> String {
    let ledger = &evaluated.ledger;
    let sha: String = ledger.sha256.chars().take(12).collect();
    let mut lines = vec![
        wrapped(&format!("Evaluation of {}", words::visible(&model.formula)), WIDTH, "  "),
        wrapped(&format!("fitted to {}", words::visible(&model.data.file)), WIDTH, "  "),
    ];
    if let Some(r) = &model.recalibration {
        let told = format!("recalibrated ({}) on {}", r.kind.words(), words::visible(&r.file));
        lines.push(wrapped(&told, WIDTH, "  "));
    }
    if let Some(event) = &evaluated.event {
        let name = words::visible(&evaluated.outcome_name);
        lines.push(wrapped(&format!("probability of {name} = {}", words::visible(event)), WIDTH, "  "));
    }
    lines.push(String::new());
    lines.push(wrapped(&format!("{}: {}", words::visible(&ledger.file), words::ledger(ledger)), WIDTH, "  "));
    lines.push(format!("SHA-256 {sha}..., clinreg {}", env!("CARGO_PKG_VERSION")));
    let warning = model.warning();
    lines.extend(
        warning
            .iter()
            .chain(&ledger.notices)
            .map(|n| wrapped(&format!("- {}", words::visible(n)), WIDTH, "  ")),
    );
    lines.iter().map(|line| format!("{line}\n")).collect()
}

pub(super) type Pair = (&'static str, String);

fn with_ends(value: String, level: f64, low: String, high: String) -> String {
    format!("{value} ({} CI {low} to {high})", percent(level))
}

fn estimate(e: Option<Estimate>, level: f64, half_width: f64) -> String {
    match e {
        Some(e) => {
            let (low, high) = e.interval(half_width);
            with_ends(three(e.value), level, three(low), three(high))
        }
        None => "no estimate".to_string(),
    }
}

/// Beside a value that the fit forces on its own data.
const FORCED: &str = "by construction: the fit makes it so on its own rows, it says nothing";

/// Calibration in the large and slope: an estimate, or that the fit forces it.
fn calibration(told: String, perfect: u8, is_forced: bool) -> String {
    if is_forced { format!("{perfect} {FORCED}") } else { format!("{told}; {perfect} is perfect") }
}

pub(super) fn three(x: f64) -> String {
    const HALF_A_THOUSANDTH: f64 = 0.0005;
    let x = if x.abs() < HALF_A_THOUSANDTH { 0.0 } else { x }; // no -0.000
    if x.is_finite() && x.abs() < 1e6 { format!("{x:.3}") } else { short(x) }
}

/// The measures of a logistic model; `forced`: what says nothing because the rows are those of the fit.
pub(super) fn logistic(p: &LogisticPerformance, forced: ByConstruction) -> Vec<Pair> {
    let level = p.conf_level;
    let auc = if p.auc.std_error.is_finite() {
        with_ends(share(p.auc.value), level, share(p.auc_interval.0), share(p.auc_interval.1))
    } else {
        share(p.auc.value)
    };
    let oe = with_ends(three(p.oe_ratio), level, three(p.oe_interval.0), three(p.oe_interval.1));
    let mut pairs = vec![
        ("observations", count(p.n)),
        ("events", format!("{} ({:.1}%)", count(p.n_events), 100.0 * p.n_events / p.n)),
        ("expected events", format!("{} ({:.1}%)", count(p.expected.round()), 100.0 * p.expected / p.n)),
        ("AUC", auc),
        ("O/E", if forced.intercept { format!("1 {FORCED}") } else { oe }),
        (
            "calibration in the large",
            calibration(estimate(p.calibration_intercept, level, p.half_width()), 0, forced.intercept),
        ),
        (
            "calibration slope",
            calibration(
                estimate(p.calibration_line.map(|l| l.slope), level, p.half_width()),
                1,
                forced.slope,
            ),
        ),
    ];
    if let Some(c) = &p.curve {
        let smoother = match c.knots.len() {
            0 => "a straight line on the log odds".to_string(),
            k => format!("a restricted cubic spline with {k} knots"),
        };
        pairs.push((
            "calibration curve",
            format!(
                "ICI {}, E50 {}, E90 {}, largest {} ({smoother})",
                three(c.ici),
                three(c.e50),
                three(c.e90),
                three(c.e_max)
            ),
        ));
    }
    pairs.push(("Brier score", format!("{} (scaled {})", three(p.brier), three(p.scaled_brier))));
    pairs.push(("log loss", three(p.log_loss)));
    if let (Some(n), Some(c)) = (p.nagelkerke_r2, p.cox_snell_r2()) {
        let told = format!("Nagelkerke {}, Cox-Snell {} (of the recalibrated predictor)", three(n), three(c));
        pairs.push(("R²", told));
    }
    pairs
}

/// The measures of a linear model, likewise.
pub(super) fn linear(p: &LinearPerformance, forced: ByConstruction) -> Vec<Pair> {
    let level = p.conf_level;
    let line = p.calibration_line.map(|l| l.slope);
    vec![
        ("observations", count(p.n)),
        ("R²", three(p.r_squared)),
        ("root mean squared error", short(p.rmse)),
        ("mean absolute error", short(p.mae)),
        ("mean outcome, prediction", format!("{}, {}", short(p.mean_outcome), short(p.mean_predicted))),
        (
            "calibration in the large",
            calibration(estimate(p.calibration_intercept, level, p.half_width(1.0)), 0, forced.intercept),
        ),
        ("calibration slope", calibration(estimate(line, level, p.half_width(2.0)), 1, forced.slope)),
    ]
}

fn labelled(pairs: &[Pair]) -> String {
    let widest = pairs.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let indent = " ".repeat(widest + 2);
    pairs
        .iter()
        .map(|(label, value)| {
            let pad = " ".repeat(widest + 2 - label.chars().count());
            let value = wrapped(value, WIDTH - indent.len(), "").replace('\n', &format!("\n{indent}"));
            format!("{label}{pad}{value}\n")
        })
        .collect()
}

/// Net benefit and classification where the user named thresholds.
fn at_thresholds(p: &LogisticPerformance) -> String {
    if p.classification.is_empty() && p.thresholds_left_out > 0 {
        return "No threshold is shown: each cuts off too few patients.\n".to_string();
    }
    if p.classification.is_empty() {
        return "No threshold was named: `--thresholds 0.1,0.2` adds sensitivity, specificity, predictive\n  values and net \
                benefit at these risks.\n"
            .to_string();
    }
    let heads = [
        Head { title: "treat from risk", align: Align::Left },
        Head { title: "net benefit", align: Align::Point },
        Head { title: "treat all", align: Align::Point },
        Head { title: "sensitivity", align: Align::Left },
        Head { title: "specificity", align: Align::Left },
    ];
    let values = [
        Head { title: "treat from risk", align: Align::Left },
        Head { title: "positive", align: Align::Right },
        Head { title: "PPV", align: Align::Left },
        Head { title: "NPV", align: Align::Left },
    ];
    let proportion = |x: Option<Proportion>| match x {
        Some(x) => format!("{} ({} to {})", three(x.value), three(x.low), three(x.high)),
        None => "no rows".to_string(),
    };
    let first = |(b, c): (&NetBenefit, &Classification)| {
        Line::Cells(vec![
            b.threshold.to_string(),
            format!("{:.4}", b.model),
            format!("{:.4}", b.treat_all),
            proportion(c.sensitivity),
            proportion(c.specificity),
        ])
    };
    let second = |c: &Classification| {
        Line::Cells(vec![
            c.threshold.to_string(),
            count(c.true_positives + c.false_positives),
            proportion(c.positive_predictive_value),
            proportion(c.negative_predictive_value),
        ])
    };
    let upper: Vec<Line> = p.net_benefit.iter().zip(&p.classification).map(first).collect();
    let lower: Vec<Line> = p.classification.iter().map(second).collect();
    format!("{}\n{}", table(&heads, &upper), table(&values, &lower))
}

fn case_mix(model: &Model, evaluated: &Evaluated) -> String {
    let Some(before) = &model.case_mix else {
        return "The model file holds no aggregates of its patients: their case mix cannot be compared.\n"
            .to_string();
    };
    let Some(difference) = Evaluation::of(model, evaluated).case_mix else { return String::new() };
    let heads = [
        Head { title: "case mix", align: Align::Left },
        Head { title: "development", align: Align::Left },
        Head { title: "evaluation", align: Align::Left },
        Head { title: "std. difference", align: Align::Point },
    ];
    let moments = |m: &Moments| match (m.mean, m.sd) {
        (Some(mean), Some(sd)) => format!("{} ({})", short(mean), short(sd)),
        (Some(mean), None) => short(mean),
        _ => String::new(),
    };
    let number = |v: &VariableMix| moments(&Moments { n: v.n, mean: v.mean, sd: v.sd });
    let told = |d: Option<f64>| d.map(three).unwrap_or_default();
    let in_percent = |p: f64| format!("{:.1}%", 100.0 * p);
    let mut lines = Vec::new();
    for (name, v) in &difference.variables.0 {
        let name = words::visible(name);
        let Some(levels) = &v.evaluation.levels else {
            let old = v.development.as_ref().map(number).unwrap_or_default();
            let cells = vec![name, old, number(&v.evaluation), told(v.standardised_difference)];
            lines.push(Line::Cells(cells));
            continue;
        };
        lines.push(Line::Cells(vec![name, String::new(), String::new(), told(v.standardised_difference)]));
        for (level, p) in &levels.0 {
            let old = v.development.as_ref().and_then(|d| d.levels.as_ref()?.get(level).copied());
            lines.push(Line::Cells(vec![
                format!("  {}", words::visible(level)),
                old.map(in_percent).unwrap_or_default(),
                in_percent(*p),
                String::new(),
            ]));
        }
    }
    let is_share = evaluated.event.is_some();
    let outcome = |m: &Moments| match m.mean.filter(|_| is_share) {
        Some(share) => in_percent(share),
        None => moments(m),
    };
    let (y, lp) = (&difference.outcome, &difference.linear_predictor);
    for (name, old, new, d) in [
        (if is_share { "event" } else { "outcome" }, outcome(&y.development), outcome(&y.evaluation), y),
        ("linear predictor", moments(&lp.development), moments(&lp.evaluation), lp),
    ] {
        lines.push(Line::Cells(vec![name.to_string(), old, new, told(d.standardised_difference)]));
    }
    format!("{}{}\n", table(&heads, &lines), spread(before, &difference.linear_predictor.evaluation))
}

/// What the spread of the linear predictor says: a narrower case mix lowers the AUC whatever the model.
fn spread(before: &CaseMix, now: &Moments) -> String {
    let told = "Numbers: mean (SD).";
    match (before.linear_predictor.sd, now.sd) {
        (Some(old), Some(new)) if old > 0.0 && new > 0.0 => {
            let ratio = new / old;
            let meaning = if ratio < 0.95 {
                ": these patients are more alike, which lowers the AUC even of a right model"
            } else if ratio > 1.05 {
                ": these patients are less alike, which raises the AUC even of a wrong model"
            } else {
                ""
            };
            wrapped(
                &format!("{told} The linear predictor's SD is {ratio:.2} times that at the fit{meaning}."),
                WIDTH,
                "  ",
            )
        }
        _ => told.to_string(),
    }
}

fn recalibrated(r: &Recalibration) -> String {
    let times = match r.kind {
        Recalibrate::Intercept => String::new(),
        Recalibrate::Slope => format!("{} times ", three(r.slope)),
    };
    let told = format!(
        "Recalibrated ({}): the new linear predictor is {} + {times}the old one, written to recalibrated.json without \
         standard errors. On these data its calibration holds by construction; other data must show it.",
        r.kind.words(),
        three(r.intercept)
    );
    format!("{}\n", wrapped(&told, WIDTH, "  "))
}
