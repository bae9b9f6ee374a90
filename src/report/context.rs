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
use crate::report::coefficients::{self, Row};
use crate::report::forest::{Axis, Bar};
use crate::report::numbers::{brief, count};
use crate::report::sections::{self, Sections};
use crate::report::statistics::{TermRow, labelled, percent, statistic_of_terms, terms};
use crate::report::tables::is_pooled;
use crate::report::{Context, Pictures, capitalised, captions, penalty, words};

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
    penalty: Vec<Figure>,
    trained: Vec<(String, String)>,
    command: String,
    reproduce: Vec<(String, String)>,
    version: String,
    #[serde(flatten)]
    sections: Sections,
}

/// A piece of a sentence; what stood in backticks is code.
#[derive(Serialize)]
pub(super) struct Piece {
    pub(super) code: bool,
    pub(super) text: String,
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
    /// Where the ratio 1 stands on the axis.
    one: String,
    /// Columns after the first.
    span: usize,
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

/// A picture with its words.
#[derive(Serialize)]
pub(super) struct Figure {
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
        statistics: labelled(fit)
            .into_iter()
            .filter(|(label, _)| !sections::is_told_as_performance(context, label))
            .map(|(label, value)| (capitalised(&label), value))
            .collect(),
        tested: !fit.statistics.term_tests.is_empty(),
        terms: terms(fit),
        term_test: statistic_of_terms(fit).to_string(),
        figures: figures(fit, pictures),
        penalty: penalty_figures(fit, pictures),
        trained: trained(fit),
        command: context.command.clone(),
        reproduce: reproduce(fit, context),
        version: env!("CARGO_PKG_VERSION").to_string(),
        sections: sections::of(fit, context, &pictures.beyond),
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
    sentence
        .strip_prefix(heading)
        .map_or_else(|| sentence.to_string(), |rest| capitalised(rest.trim_start_matches(':').trim_start()))
}

/// A sentence cut at its backticks.
pub(super) fn pieces(sentence: &str) -> Vec<Piece> {
    sentence
        .split('`')
        .enumerate()
        .map(|(k, text)| Piece { code: k % 2 == 1, text: text.to_string() })
        .collect()
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
        read: if ledger.few_dropped().is_some() { String::new() } else { rows(ledger.rows_read) },
        dropped: match ledger.few_dropped() {
            Some(below) => format!("fewer than {below}"),
            None if dropped > 0 => rows(dropped),
            None => String::new(),
        },
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
        statistic_head: if logistic && !is_pooled(fit) { "z" } else { "t" }.to_string(),
        rows,
        notes: words::notes(fit),
        span: match (logistic, inference) {
            (true, true) => 6 + usize::from(axis.is_some()),
            (true, false) => 2,
            (false, true) => 5,
            (false, false) => 1,
        },
        one: axis.as_ref().map(|a| format!("{:.2}%", a.place(0.0))).unwrap_or_default(),
        ticks: axis.map(|a| a.ticks()).unwrap_or_default(),
    }
}

fn figures(fit: &Fit, pictures: &Pictures) -> Vec<Figure> {
    vec![
        figure("The loss", "The loss over the descent", &pictures.loss_curve[0].bytes, captions::loss(fit)),
        figure(
            "The gradient's norm",
            "The norm of the gradient over the descent, with the tolerance",
            &pictures.gradient_norm[0].bytes,
            captions::gradient(fit),
        ),
    ]
}

/// The pictures of a search for the penalty, as far as there are any.
fn penalty_figures(fit: &Fit, pictures: &Pictures) -> Vec<Figure> {
    let found = |name: &str| pictures.penalty.iter().find(|file| file.name == name);
    let path = found("penalty_path.png").map(|file| {
        let alt = "Standardised coefficients as the penalty falls";
        figure("The path of the penalty", alt, &file.bytes, penalty::path_caption(fit))
    });
    let tuned = found("cross_validation.png").map(|file| {
        let alt = "Cross-validated error of each penalty with its standard error";
        figure("The choice of the penalty", alt, &file.bytes, penalty::tuned_caption(fit))
    });
    path.into_iter().chain(tuned).collect()
}

/// A picture as the template needs it.
pub(super) fn figure(name: &str, alt: &str, bytes: &[u8], caption: String) -> Figure {
    Figure { name: name.to_string(), alt: alt.to_string(), image: STANDARD.encode(bytes), caption }
}

fn trained(fit: &Fit) -> Vec<(String, String)> {
    let (end, used) = (&fit.convergence, &fit.optimizer);
    let mut pairs = vec![
        ("Loss", words::loss_name(fit.family).to_string()),
        ("Penalty", words::penalty_words(fit).unwrap_or_else(|| "none".to_string())),
        ("Method", words::method(used)),
    ];
    pairs.extend(words::curvature(fit).map(|text| ("Curvature", text)));
    pairs.push(("Updates", words::work(end)));
    pairs.push(("Epoch limit", count(used.max_epochs as f64)));
    pairs.push(("Stop", end.reason.words().to_string()));
    pairs.push((
        "Gradient norm",
        format!("{} at the stop; tolerance {}", brief(end.gradient_norm), brief(end.tolerance)),
    ));
    let certificate =
        words::distance(fit).unwrap_or_else(|| "none: there is nothing to come close to".to_string());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;
    use crate::report::NamedFile;

    fn html(fit: &Fit) -> String {
        let context = Context {
            command: "clinreg fit 'a b.csv' 'y ~ x < 3'".to_string(),
            seconds: 1.25,
            ..Context::default()
        };
        let file = |name: &str, bytes: &[u8]| NamedFile::new(name, bytes.to_vec());
        let pictures = Pictures {
            loss_curve: vec![file("loss_curve.png", b"one")],
            gradient_norm: vec![file("gradient_norm.png", b"two")],
            penalty: Vec::new(),
            beyond: Vec::new(),
        };
        page(fit, &context, &pictures).expect("the template is sound")
    }

    fn all() -> Vec<Fit> {
        vec![
            sample::linear(),
            sample::unfinished(),
            sample::diverged(),
            sample::logistic(),
            sample::separated(),
            sample::mini_batch(),
            sample::hostile(),
        ]
    }

    #[test]
    fn the_page_needs_no_network_and_runs_nothing() {
        for fit in all() {
            let html = html(&fit).to_lowercase();
            for forbidden in
                ["<script", "http:", "https:", "src=\"//", "@import", "url(", " onload=", "<link", "<iframe"]
            {
                assert!(!html.contains(forbidden), "{forbidden}");
            }
            assert_eq!(html.matches("src=\"data:image/png;base64,").count(), 2);
        }
    }

    #[test]
    fn hostile_names_are_only_text() {
        let html = html(&sample::hostile());
        assert!(html.contains("&lt;b&gt;&quot;x&quot;&amp;"));
        assert!(!html.contains("<b>\"x\"") && !html.contains("</td><script>"));
        assert!(!html.contains('\u{1b}'));
        // As many tags as without the hostile names: nothing broke out.
        let tags = |text: &str, tag: &str| text.matches(tag).count();
        for tag in ["<table", "</table>", "<tr", "</tr>"] {
            assert_eq!(tags(&html, tag), tags(&self::html(&sample::logistic()), tag), "{tag}");
        }
    }

    #[test]
    fn the_page_says_how_the_descent_ended_and_how_to_reproduce_it() {
        let html = html(&sample::unfinished());
        for wanted in [
            "<h2>Not converged</h2>",
            "at least one coefficient 5.9 standard errors from the least-squares answer",
            "A curve that looks flat has not arrived",
            "never crossed the line",
            "y ~ x &lt; 3",
            "1.25 s",
            "<code>--optimizer auto</code>",
        ] {
            assert!(html.contains(wanted), "{wanted}");
        }
    }

    #[test]
    fn no_number_is_printed_that_is_none() {
        for fit in all() {
            let html = html(&fit);
            assert!(!html.contains("NaN") && !html.contains(">inf"));
        }
    }
}
