//! The page's sections beyond the model and its descent: performance, validation, treatment, limits, methods.

use serde::Serialize;

use crate::fit::apparent::Apparent;
use crate::fit::result::Fit;
use crate::report::block::DrawnBlock;
use crate::report::context::{Figure, Piece, figure, pieces};
use crate::report::figures::Drawn;
use crate::report::{
    Context, capitalised, careful, checklist, effects, evaluation, methods, table_one, validation,
};

/// What the template prints of all this; what is empty is not there.
#[derive(Serialize)]
pub(super) struct Sections {
    forest: Vec<Figure>,
    performance: Vec<(String, String)>,
    performance_notes: Vec<String>,
    performance_figures: Vec<Figure>,
    validation: Vec<DrawnBlock>,
    treatment: Vec<DrawnBlock>,
    treatment_figures: Vec<Figure>,
    table_one: Option<table_one::InPage>,
    careful: Vec<Vec<Piece>>,
    methods: String,
    checklist: Vec<checklist::Row>,
    checklist_notes: Vec<String>,
}

/// The sections of a fit.
pub(super) fn of(fit: &Fit, context: &Context, drawn: &[Drawn]) -> Sections {
    let figures = |stems: &[&str]| -> Vec<Figure> {
        drawn
            .iter()
            .filter(|d| stems.contains(&d.stem))
            .map(|d| figure(d.name, d.name, &d.png, d.caption.clone()))
            .collect()
    };
    let (performance, performance_notes) = performance(fit, context);
    Sections {
        forest: figures(&["forest"]),
        performance,
        performance_notes,
        performance_figures: figures(&["roc", "calibration", "risks", "decision_curve", "residuals"]),
        validation: context
            .validation
            .iter()
            .flat_map(validation::blocks)
            .map(|block| block.drawn())
            .collect(),
        treatment: context.effects.iter().flat_map(effects::blocks).map(|block| block.drawn()).collect(),
        treatment_figures: figures(&["treatment_effect"]),
        table_one: context.table_one.as_ref().map(|one| table_one::in_page(one, fit.ledger.rows_used)),
        careful: careful::sentences(fit, context).iter().map(|s| pieces(s)).collect(),
        methods: methods::sentences(fit, context).join(" "),
        checklist: checklist::rows(fit, context),
        checklist_notes: checklist::notes(context),
    }
}

/// The measures with their intervals, and what could not be measured.
fn performance(fit: &Fit, context: &Context) -> (Vec<(String, String)>, Vec<String>) {
    let forced = fit.by_construction;
    let (pairs, notes) = match &context.apparent {
        None => return (Vec::new(), Vec::new()),
        Some(Apparent::Logistic { performance, .. }) => {
            (evaluation::logistic(performance, forced), &performance.notes)
        }
        Some(Apparent::Linear { performance, .. }) => {
            (evaluation::linear(performance, forced), &performance.notes)
        }
    };
    let pairs = pairs.into_iter().map(|(label, value)| (capitalised(label), value)).collect();
    (pairs, notes.iter().map(|note| format!("{}.", capitalised(note))).collect())
}

/// Statistics that the section on performance has too, with more about them.
pub(super) fn is_told_as_performance(context: &Context, label: &str) -> bool {
    const TOLD: [&str; 4] = ["AUC", "Brier score", "log loss", "calibration"];
    matches!(context.apparent, Some(Apparent::Logistic { .. })) && TOLD.contains(&label)
}
