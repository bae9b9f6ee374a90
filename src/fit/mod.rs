//! The legs meet: from a specification and a file to a fit in the user's units.

pub mod aliasing;
pub mod assemble;
pub mod descent;
pub mod exact;
pub mod frame;
pub mod outcome;
pub mod path;
pub mod prepare;
pub mod result;
pub mod separation;
pub mod spec;
pub mod statistics;
pub mod tune;

use ndarray::{Array1, Array2};

use crate::data::csv::Source;
use crate::error::Result;
use crate::fit::assemble::Ended;
use crate::fit::descent::{optimum, plan, run, start};
use crate::fit::exact::examine;
use crate::fit::frame::Frame;
use crate::fit::prepare::{Prepared, prepare};
use crate::fit::result::Fit;
use crate::fit::spec::{Family, MethodName, Spec};
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::watch::Watcher;
use crate::rows::{InMemory, Rows};

/// Fits the model of a specification to a file.
///
/// 1. The data leg: formula, rows, outcome, design.
/// 2. Independent columns, standardised.
/// 3. The descent that was asked for.
/// 4. The optimum itself (the same descent, if it was `auto`), and what its end proves.
/// 5. Statements in the user's units.
///
/// # Errors
/// As [`prepare()`] and [`plan()`] say. A descent that did not converge is no error: the fit says so.
pub fn fit(spec: &Spec, source: &Source, watcher: &mut dyn Watcher) -> Result<Fit> {
    let mut prepared = prepare(spec, source)?; // 1
    let frame = Frame::new(&prepared); // 2
    say_what_was_left_out(&mut prepared, &frame);
    let loss = loss_of(prepared.chosen.family);
    let raw = spec.raw_scale.then(|| frame.raw_rows(&prepared));
    let swept = raw.as_ref().unwrap_or(&frame.rows);
    let glm = Glm::new(swept, loss);
    let root = if spec.raw_scale { design_root(swept) } else { frame.design_root.clone() };
    let plan = plan(spec, &glm, loss, &root)?;
    let descent = run(&plan, &glm, &start(spec, frame.dim()), watcher); // 3
    let exact = if spec.method == MethodName::Auto && !spec.raw_scale {
        examine(&frame, loss, &descent)? // 4
    } else {
        examine(&frame, loss, &optimum(&Glm::new(&frame.rows, loss), spec.seed))?
    };
    let ended = Ended { spec, prepared, frame, loss, swept: raw, plan, descent, exact };
    Ok(ended.into_fit()) // 5
}

/// The loss of a family.
pub fn loss_of(family: Family) -> Loss {
    match family {
        Family::Linear => Loss::Squared,
        Family::Logistic => Loss::Logistic,
    }
}

fn design_root(rows: &InMemory) -> Array2<f64> {
    Glm::new(rows, Loss::Squared).curvature_root(&Array1::zeros(rows.n_columns()))
}

fn say_what_was_left_out(prepared: &mut Prepared, frame: &Frame) {
    let terms = &prepared.encoded.terms;
    let notices = frame
        .independent
        .aliased
        .iter()
        .zip(terms)
        .filter_map(|(why, term)| why.as_ref().map(|why| format!("`{}` left out: {why}", term.name)));
    prepared.ledger.notices.extend(notices);
    if terms.len() > prepared.used.n_rows {
        prepared.ledger.notices.push(format!(
            "more coefficients ({}) than rows ({}): the data cannot tell them apart; a penalty (`--penalty ridge`) or \
             fewer predictors would help",
            terms.len(),
            prepared.used.n_rows
        ));
    }
}
