//! What a fit leaves in its folder: tables, text, page, pictures; all appear whole or not at all.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::sync::Arc;

use crate::data::missing::Gaps;
use crate::effects::result::Findings;
use crate::error::Result;
use crate::fit::apparent::{Apparent, Range};
use crate::fit::partial::PartialEffect;
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::impute::analysis::Imputation;
use crate::inference::baseline::TableOne;
use crate::model::Model;
use crate::plot::descent::{Curve, DescentFigure};
use crate::plot::png::{Figure, png};
use crate::plot::svg::svg;
use crate::plot::{gradient_norm, loss_curve};
use crate::report::study::Study;
use crate::validate::Validation;

pub mod align;
pub mod block;
mod captions;
mod careful;
mod checklist;
mod coefficients;
pub mod command;
mod context;
pub mod effects;
pub mod ending;
mod equation;
pub mod evaluation;
pub mod figures;
mod folder;
mod forest;
mod gaps;
pub mod gather;
mod history;
mod imputation;
mod methods;
pub mod numbers;
mod partial;
mod penalty;
pub mod performance;
mod sections;
mod stability;
mod statistics;
pub mod study;
pub mod summary;
pub mod swap;
pub mod table_one;
pub mod tables;
pub mod validation;
pub mod withhold;
pub mod words;

pub use folder::{CROSSCHECK, write};

/// A file to be written: its name in the folder and its content.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedFile {
    /// The name without a folder.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
    /// What follows, where it is too much for memory.
    pub rest: Option<Rest>,
}

/// Content that lies in a temporary file, which goes with the last of its owners.
#[derive(Debug, Clone)]
pub struct Rest(Arc<File>);

impl PartialEq for Rest {
    fn eq(&self, other: &Rest) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Rest {
    /// Of a file, from its beginning.
    pub fn new(file: File) -> Rest {
        Rest(Arc::new(file))
    }
}

impl NamedFile {
    /// A file whose content is at hand.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> NamedFile {
        NamedFile { name: name.into(), bytes, rest: None }
    }

    /// Writes its content.
    ///
    /// # Errors
    /// As the writer has them; Io of reading what lies on disk.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<()> {
        writer.write_all(&self.bytes)?;
        if let Some(Rest(file)) = &self.rest {
            let mut file = file.as_ref();
            file.rewind()?;
            io::copy(&mut file, writer)?;
        }
        writer.flush()
    }
}

/// What the page says beyond the fit itself.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// What a fit to many rows says about each of them, if it was asked for.
    pub by_row: Option<Rest>,
    /// The command as typed.
    pub command: String,
    /// The words of the command that decide the numbers: the model file keeps them. Empty where there is none.
    pub recorded: Vec<String>,
    /// Wall-clock seconds of the whole job.
    pub seconds: f64,
    /// The treatment's effect, where it was asked for.
    pub effects: Option<Findings>,
    /// The internal validation, where one was asked for and done.
    pub validation: Option<Validation>,
    /// What was imputed, where that was asked for.
    pub imputation: Option<Imputation>,
    /// How good the model is on its own rows; `None` where there is no answer to measure.
    pub apparent: Option<Apparent>,
    /// What the rows of the file lack of the formula's variables.
    pub gaps: Option<Gaps>,
    /// What each numeric predictor does.
    pub partial: Vec<PartialEffect>,
    /// Where the numeric predictors lie.
    pub ranges: Vec<Range>,
    /// Who the patients are, where the treatment's effect was asked for.
    pub table_one: Option<TableOne>,
    /// What the user wrote about the study.
    pub study: Option<Study>,
    /// Whether the pictures beyond the descent are written as SVG too.
    pub svg: bool,
}

/// The files of the two pictures of the descent (PNG first), those of a search for the penalty, and all further
/// pictures.
struct Pictures {
    loss_curve: Vec<NamedFile>,
    gradient_norm: Vec<NamedFile>,
    penalty: Vec<NamedFile>,
    beyond: Vec<figures::Drawn>,
}

/// All files of a fit: summary.txt, model.json, coefficients.csv, fit.csv, history.csv, steps.csv (mini-batch), fitted.csv (on request),
/// effects.json (with a treatment), loss_curve.png, gradient_norm.png, penalty_path.csv and .png (ridge, lasso, elastic net), cross_validation.csv and .png (`--lambda cv`),
/// validation.json, imputation.csv and imputation_traces.png (on request), missing.csv and .png (where values are missing), forest, roc, calibration, decision_curve, risks (logistic), residuals (linear), treatment_effect as
/// .png (and .svg on request), methods.txt, report.html.
///
/// Of the same fit all but history.csv and report.html, which hold times, are the same bytes every time.
///
/// # Errors
/// As the pictures' and tables' writers say.
pub fn files(fit: &Fit, context: &Context) -> Result<Vec<NamedFile>> {
    let pictures = draw(fit, context)?;
    let page = context::page(fit, context, &pictures)?;
    let file = |name: &str, bytes: Vec<u8>| NamedFile::new(name, bytes);
    let mut files = vec![
        file("summary.txt", summary::whole(fit, context).into_bytes()),
        file("model.json", model(fit, context).to_json().into_bytes()),
        file("coefficients.csv", tables::coefficients(fit)?),
        file("fit.csv", tables::statistics(fit)?),
        file("history.csv", history::history(&fit.history)?),
    ];
    if fit.optimizer.batch_size.is_some() {
        files.push(file("steps.csv", history::steps(&fit.history)?));
    }
    if let Some(rows) = &fit.by_row {
        files.push(file("fitted.csv", tables::by_row(&fit.fitted, rows)?));
    }
    if let Some(rows) = &context.by_row {
        let header = tables::row_header()?;
        files.push(NamedFile { rest: Some(rows.clone()), ..file("fitted.csv", header) });
    }
    if let Some(findings) = &context.effects {
        files.push(file("effects.json", effects::json(findings).into_bytes()));
    }
    if let Some(validation) = &context.validation {
        files.push(file("validation.json", validation::json(validation).into_bytes()));
    }
    if let Some(imputation) = context.imputation.as_ref().filter(|i| i.imputations > 0) {
        files.push(file("imputation.csv", tables::imputation(imputation)?));
    }
    files.extend(partial::file(&context.partial)?);
    files.extend(context.gaps.as_ref().map(gaps::file).transpose()?.flatten());
    files.extend(pictures.loss_curve);
    files.extend(pictures.gradient_norm);
    files.extend(pictures.penalty);
    files.extend(pictures.beyond.iter().flat_map(figures::Drawn::files));
    files.push(file("methods.txt", methods::text(fit, context).into_bytes()));
    files.push(file("report.html", page.into_bytes()));
    Ok(files)
}

/// The model of a fit with the command that leads to it.
pub fn model(fit: &Fit, context: &Context) -> Model {
    let recorded = Some(context.recorded.clone()).filter(|words| !words.is_empty());
    Model { command: recorded, ..Model::from_fit(fit) }
}

fn draw(fit: &Fit, context: &Context) -> Result<Pictures> {
    let family = match fit.family {
        Family::Linear => "linear regression",
        Family::Logistic => "logistic regression",
    };
    let title = format!("{}: {family}", words::visible(&fit.formula));
    let method = words::method(&fit.optimizer);
    let subtitle = capitalised(&method);
    let curves = [Curve { label: &method, history: &fit.history, reason: fit.convergence.reason }];
    let figure = DescentFigure {
        title: &title,
        subtitle: &subtitle,
        curves: &curves,
        optimum: fit.optimum,
        tolerance: fit.convergence.tolerance,
        loss_name: words::loss_name(fit.family),
    };
    let descent = || {
        let loss = drawn(&loss_curve::course(&figure), "loss_curve", context.svg)?;
        let norm = drawn(&gradient_norm::course(&figure), "gradient_norm", context.svg)?;
        Ok((loss, norm, penalty::files(fit, context.svg)?))
    };
    let (descent, beyond) = rayon::join(descent, || figures::of(fit, context));
    let (loss_curve, gradient_norm, penalty) = descent?;
    Ok(Pictures { loss_curve, gradient_norm, penalty, beyond: beyond? })
}

/// The figure as a PNG file, and as an SVG file where that is asked for.
pub(crate) fn drawn(figure: &impl Figure, stem: &str, with_svg: bool) -> Result<Vec<NamedFile>> {
    let mut files = vec![NamedFile::new(format!("{stem}.png"), png(figure)?)];
    if with_svg {
        files.push(NamedFile::new(format!("{stem}.svg"), svg(figure)?));
    }
    Ok(files)
}

/// The text with a capital first letter.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    fn names(fit: &Fit) -> Vec<String> {
        let context = Context { command: "clinreg fit".to_string(), seconds: 0.5, ..Context::default() };
        files(fit, &context).expect("all files").into_iter().map(|f| f.name).collect()
    }

    #[test]
    fn steps_are_written_for_mini_batches_only() {
        let full = names(&sample::logistic());
        let mini = names(&sample::mini_batch());
        let expected = "summary.txt model.json coefficients.csv fit.csv history.csv loss_curve.png gradient_norm.png \
                        forest.png methods.txt report.html";
        assert_eq!(full.join(" "), expected);
        assert_eq!(mini.len(), full.len()); // no forest plot of a fit that is no answer
        assert!(mini.contains(&"steps.csv".to_string()));
    }

    #[test]
    fn only_history_and_page_know_of_time() {
        let later = |seconds: f64| {
            let mut fit = sample::logistic();
            fit.history.records.iter_mut().for_each(|r| r.seconds += seconds);
            files(&fit, &Context { seconds: 1.0 + seconds, ..Context::default() }).expect("all files")
        };
        let differing: Vec<String> = later(0.0)
            .into_iter()
            .zip(later(3.0))
            .filter(|(a, b)| a.bytes != b.bytes)
            .map(|(a, _)| a.name)
            .collect();
        assert_eq!(differing, ["history.csv", "report.html"]);
    }
}
