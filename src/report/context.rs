//! `report.html`: what the page says, as finished strings, and their way into the template.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;

use crate::error::{Error, Kind, Result};
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::optimise::stop::StopReason;
use crate::report::coefficients::{self, Drawn, Row};
use crate::report::numbers::{brief, count};
use crate::report::statistics::{TermRow, labelled, percent, terms};
use crate::report::{Context, Pictures, capitalised, captions, words};

const TEMPLATE: &str = include_str!("page.html");

/// Everything that the template prints; it decides nothing but what is there and what is not.
#[derive(Serialize)]
struct Page {
    title: String,
    family: String,
    outcome: String,
    formula: String,
    good: bool,
    heading: String,
    ending: Vec<Vec<Piece>>,
    flow: Flow,
    notices: Vec<Vec<Piece>>,
    table: Table,
    diverged: bool,
    statistics_heading: String,
    statistics: Vec<(String, String)>,
    terms: Vec<TermRow>,
    term_test: String,
    tested: bool,
    figures: Vec<Figure>,
    trained: Vec<(String, String)>,
    command: String,
    reproduce: Vec<(String, String)>,
    version: String,
}

/// A piece of a sentence; what stood in backticks is code.
#[derive(Serialize)]
struct Piece {
    code: bool,
    text: String,
}

/// How the rows came into the analysis.
#[derive(Serialize)]
struct Flow {
    read: String,
    dropped: String,
    reasons: Vec<String>,
    used: String,
    arms: Vec<(String, String)>,
}

/// The coefficient table.
#[derive(Serialize)]
struct Table {
    logistic: bool,
    inference: bool,
    estimate_head: String,
    interval_head: String,
    statistic_head: String,
    rows: Vec<DrawnRow>,
    ticks: Vec<(String, String)>,
    one: String,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct DrawnRow {
    #[serde(flatten)]
    row: Row,
    /// The term, cut where a line may break.
    term_parts: Vec<String>,
    bar: Option<Bar>,
}

/// One odds ratio on the common axis: places in per cent of its width.
#[derive(Serialize)]
struct Bar {
    left: String,
    width: String,
    point: String,
}

#[derive(Serialize)]
struct Figure {
    name: String,
    alt: String,
    image: String,
    caption: String,
}

/// The page as HTML text, complete in itself.
///
/// # Errors
/// Io, when the template fails (a fault of this program, told rather than hidden).
pub(crate) fn page(fit: &Fit, context: &Context, pictures: &Pictures) -> Result<String> {
    let failed = |e: minijinja::Error| Error::new(Kind::Io, format!("cannot make report.html: {e:#}"));
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
    environment.set_syntax(syntax);
    environment.add_template("page.html", TEMPLATE).map_err(failed)?; // .html: everything is escaped
    let template = environment.get_template("page.html").map_err(failed)?;
    template.render(Serde(contents(fit, context, pictures))).map_err(failed)
}

fn contents(fit: &Fit, context: &Context, pictures: &Pictures) -> Page {
    let formula = words::visible(&fit.formula);
    let family = words::family_name(fit);
    let ending = words::ending(fit);
    let heading = heading(fit);
    let mut sentences = vec![without_heading(&ending.what, heading)];
    sentences.extend(ending.distance);
    sentences.extend(ending.next);
    Page {
        title: format!("{formula}: {}", family.to_lowercase()),
        outcome: outcome(fit),
        formula,
        heading: heading.to_string(),
        good: ending.good,
        ending: sentences.iter().map(|s| pieces(s)).collect(),
        flow: flow(fit),
        notices: fit.ledger.notices.iter().map(|n| pieces(&capitalised(&words::visible(n)))).collect(),
        table: table(fit),
        diverged: fit.convergence.reason == StopReason::Diverged,
        statistics_heading: if ending.good { "Fit" } else { "Fit at the stop" }.to_string(),
        statistics: labelled(fit).into_iter().map(|(label, value)| (capitalised(&label), value)).collect(),
        tested: !fit.statistics.term_tests.is_empty(),
        terms: terms(fit),
        term_test: if fit.family == Family::Linear { "F" } else { "χ²" }.to_string(),
        figures: figures(fit, pictures),
        trained: trained(fit),
        command: context.command.clone(),
        reproduce: reproduce(fit, context),
        version: env!("CARGO_PKG_VERSION").to_string(),
        family,
    }
}

fn outcome(fit: &Fit) -> String {
    match &fit.outcome.event {
        Some(event) => {
            format!("{} = {}", words::visible(&fit.outcome.variable), words::visible(event))
        }
        None => words::visible(&fit.outcome.text),
    }
}

fn heading(fit: &Fit) -> &'static str {
    let end = &fit.convergence;
    if end.separation.is_some() {
        return "No finite estimate";
    }
    match end.reason {
        _ if end.converged => "Converged",
        StopReason::Diverged => "Diverged",
        StopReason::Interrupted => "Interrupted",
        _ => "Not converged",
    }
}

/// The heading stands above the sentence, and need not open it too.
fn without_heading(sentence: &str, heading: &str) -> String {
    sentence.strip_prefix(heading).map_or_else(
        || sentence.to_string(),
        |rest| capitalised(rest.trim_start_matches(':').trim_start()),
    )
}

fn pieces(sentence: &str) -> Vec<Piece> {
    sentence.split('`').enumerate().map(|(k, text)| Piece { code: k % 2 == 1, text: text.to_string() }).collect()
}

fn flow(fit: &Fit) -> Flow {
    let ledger = &fit.ledger;
    let rows = |n: usize| count(n as f64);
    let dropped = ledger.rows_dropped();
    let mut arms = Vec::new();
    if let (Some(event), Some(other), Some(events)) =
        (&fit.outcome.event, &fit.outcome.non_event, fit.outcome.n_events)
    {
        let name = words::visible(&fit.outcome.variable);
        arms.push((count(events), format!("{name} = {}", words::visible(event))));
        arms.push((count(fit.statistics.n - events), format!("{name} = {}", words::visible(other))));
    }
    Flow {
        read: rows(ledger.rows_read),
        dropped: if dropped > 0 { rows(dropped) } else { String::new() },
        reasons: words::reasons(ledger),
        used: rows(ledger.rows_used),
        arms,
    }
}

fn table(fit: &Fit) -> Table {
    let logistic = fit.family == Family::Logistic;
    let inference = coefficients::has_inference(fit);
    let drawn = coefficients::drawn(fit);
    let axis = Axis::of(&drawn);
    let mut notes = Vec::new();
    if inference {
        notes.push(format!("Standard errors: {}.", words::visible(&fit.covariance_kind)));
    } else {
        notes.push(format!("No standard errors: {}.", words::why_no_errors(fit)));
    }
    let references = words::references(fit);
    if !references.is_empty() {
        notes.push(format!("Reference levels: {}.", references.join("; ")));
    }
    let rows = coefficients::rows(fit)
        .into_iter()
        .zip(&drawn)
        .map(|(row, drawn)| DrawnRow {
            term_parts: row.term.split_inclusive(':').map(str::to_string).collect(),
            bar: axis.as_ref().zip(*drawn).map(|(axis, d)| axis.bar(d)),
            row,
        })
        .collect();
    Table {
        logistic,
        inference,
        estimate_head: if logistic { "Log odds" } else { "Estimate" }.to_string(),
        interval_head: format!("{} CI", percent(fit.spec.conf_level)),
        statistic_head: if logistic { "z" } else { "t" }.to_string(),
        rows,
        one: axis.as_ref().map(|a| format!("{:.2}%", a.place(0.0))).unwrap_or_default(),
        ticks: axis.map(|a| a.ticks()).unwrap_or_default(),
        notes,
    }
}

/// The common logarithmic axis of the odds ratios.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// Wide enough for all intervals, but not beyond 1/50 to 50, where an interval is cut.
    fn of(drawn: &[Drawn]) -> Option<Axis> {
        let widest = 50_f64.ln();
        let narrowest = 1.25_f64.ln();
        let mut ends = drawn.iter().flatten();
        let first = ends.next()?;
        let (low, high) = ends.fold((first.1, first.2), |(l, h), d| (l.min(d.1), h.max(d.2)));
        let margin = 0.04 * (high - low).max(narrowest);
        let low = (low - margin).min(-narrowest / 4.0).max(-widest);
        let high = (high + margin).max(narrowest / 4.0).min(widest);
        Some(Axis { low, high })
    }

    fn place(&self, log_ratio: f64) -> f64 {
        (100.0 * (log_ratio - self.low) / (self.high - self.low)).clamp(0.0, 100.0)
    }

    fn bar(&self, (point, low, high): (f64, f64, f64)) -> Bar {
        let (left, right) = (self.place(low), self.place(high));
        Bar {
            left: format!("{left:.2}%"),
            width: format!("{:.2}%", right - left),
            point: format!("{:.2}%", self.place(point)),
        }
    }

    /// Round ratios about 1 with room between them: the most of those series that have it.
    fn ticks(&self) -> Vec<(String, String)> {
        const SERIES: [&[f64]; 7] = [
            &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
            &[1.0, 3.0, 9.0, 27.0],
            &[1.0, 5.0, 25.0],
            &[1.0, 10.0],
            &[1.0, 1.5],
            &[1.0, 1.2],
            &[1.0],
        ];
        const ROOM: f64 = 17.0; // per cent of the axis, so that labels do not touch
        let inside = |series: &[f64]| {
            let mut ratios: Vec<f64> = series.iter().flat_map(|r| [1.0 / r, *r]).collect();
            ratios.sort_by(f64::total_cmp);
            ratios.dedup();
            ratios.retain(|r| (self.low..=self.high).contains(&r.ln()));
            ratios
        };
        let roomy =
            |ratios: &Vec<f64>| ratios.windows(2).all(|p| self.place(p[1].ln()) - self.place(p[0].ln()) >= ROOM);
        let mut best = Vec::new();
        for ratios in SERIES.map(inside).into_iter().filter(roomy) {
            if ratios.len() > best.len() {
                best = ratios;
            }
        }
        best.iter().map(|r| (format!("{:.2}%", self.place(r.ln())), tick_label(*r))).collect()
    }
}

fn tick_label(ratio: f64) -> String {
    let text = format!("{ratio:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

fn figures(fit: &Fit, pictures: &Pictures) -> Vec<Figure> {
    let figure = |name: &str, alt: &str, bytes: &[u8], caption: String| Figure {
        name: name.to_string(),
        alt: alt.to_string(),
        image: STANDARD.encode(bytes),
        caption,
    };
    vec![
        figure("The loss", "The loss over the descent", &pictures.loss_curve, captions::loss(fit)),
        figure(
            "The gradient's norm",
            "The norm of the gradient over the descent, with the tolerance",
            &pictures.gradient_norm,
            captions::gradient(fit),
        ),
    ]
}

fn trained(fit: &Fit) -> Vec<(String, String)> {
    let (end, used) = (&fit.convergence, &fit.optimizer);
    let mut pairs = vec![
        ("Loss", words::loss_name(fit.family).to_string()),
        ("Penalty", words::penalty_words(&fit.spec.penalty).unwrap_or_else(|| "none".to_string())),
        ("Method", words::method(used)),
    ];
    pairs.extend(words::curvature(fit).map(|text| ("Curvature", text)));
    pairs.push(("Updates", words::work(end)));
    pairs.push(("Epoch limit", count(used.max_epochs as f64)));
    pairs.push(("Stop", end.reason.words().to_string()));
    pairs.push(("Gradient norm", format!("{} at the stop; tolerance {}", brief(end.gradient_norm), brief(end.tolerance))));
    let certificate = words::distance(fit).unwrap_or_else(|| "none: there is nothing to come close to".to_string());
    pairs.push(("Certificate", certificate));
    pairs.into_iter().map(|(label, value)| (label.to_string(), capitalised(&value))).collect()
}

fn reproduce(fit: &Fit, context: &Context) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("Program", format!("clinreg {}", env!("CARGO_PKG_VERSION"))),
        ("Data file", words::visible(&fit.ledger.file)),
        ("SHA-256", fit.ledger.sha256.clone()),
        ("Seed", fit.optimizer.seed.to_string()),
    ];
    if context.seconds > 0.0 {
        pairs.push(("Time", format!("{:.2} s", context.seconds)));
    }
    pairs.into_iter().map(|(label, value)| (label.to_string(), value)).collect()
}
