//! The legs meet: from a specification and a file to a fit in the user's units.

pub mod aliasing;
pub mod analysis;
pub mod apparent;
pub mod assemble;
pub mod case_mix;
pub mod course;
pub mod descent;
pub mod ending;
pub mod exact;
pub mod folds;
pub mod frame;
pub mod large;
pub mod nested;
pub mod outcome;
pub mod partial;
pub mod path;
pub mod prepare;
pub mod refine;
pub mod result;
pub mod separation;
pub mod spec;
pub mod statistics;
pub mod target;
pub mod tune;
pub mod uncertainty;
pub mod yardstick;

use ndarray::{Array1, Array2};

use crate::data::csv::Source;
use crate::error::Result;
use crate::fit::analysis::Analysis;
use crate::fit::assemble::Ended;
use crate::fit::course::course;
use crate::fit::descent::{Valley, optimum, plan, run, start};
use crate::fit::exact::examine;
use crate::fit::frame::{Dependent, Frame};
use crate::fit::prepare::{Prepared, prepare};
use crate::fit::result::Fit;
use crate::fit::spec::{Family, MethodName, Spec};
use crate::fit::target::{Search, Target};
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::verdict::short;
use crate::optimise::watch::Watcher;
use crate::rows::{InMemory, Rows, Stored};

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
    analyse(spec, source, watcher).map(|analysis| analysis.fit)
}

/// As [`fit()`], and keeps the rows that the fit rests on.
///
/// # Errors
/// As [`fit()`].
pub fn analyse(spec: &Spec, source: &Source, watcher: &mut dyn Watcher) -> Result<Analysis> {
    let mut prepared = prepare(spec, source)?; // 1
    let dependent = Dependent::of(spec.penalty);
    let frame = Frame::new(&prepared, dependent); // 2
    say_what_was_left_out(&mut prepared, &frame);
    let loss = loss_of(prepared.chosen.family);
    let (target, search) = Target::of(spec, &frame, loss)?;
    say_what_the_penalty_does(&mut prepared, &frame, target, search.as_ref());
    let raw = spec.raw_scale.then(|| frame.raw_rows(&prepared));
    let (swept, root) = match &raw {
        Some(rows) => (rows, design_root(rows)),
        None => (frame.memory(), frame.design_root.clone()),
    };
    let size = Target::sizes(&frame, spec.raw_scale);
    let glm = Glm::new(swept, loss);
    let valley = Valley { glm: &glm, loss, design_root: &root, ridge: target.ridge(swept, loss, &size) };
    let plan = plan(spec, &valley)?;
    let objective = target.objective(swept, loss, &size);
    let descent = {
        let earlier = watcher.begins(&course(spec, &prepared, &frame, &plan))?;
        run(&plan, &*objective, &start(spec, frame.dim()), earlier.as_ref(), watcher)? // 3
    };
    let at_optimum = spec.method == MethodName::Auto && !spec.raw_scale;
    let exact = if at_optimum {
        examine(&frame, loss, target, &descent)? // 4
    } else {
        let standardised = target.objective(&frame.rows, loss, &Target::sizes(&frame, false));
        examine(&frame, loss, target, &optimum(&*standardised, spec.seed))?
    };
    drop(objective);
    let arrived = ending::arrived(descent.reason, exact.error_in_standard_errors);
    let refined = match (target, loss) {
        (Target::Likelihood, Loss::Squared) if at_optimum && arrived => {
            let user = frame.to_user.dot(&descent.beta);
            refine::least_squares(&frame.raw_rows(&prepared), &exact.root, &frame.to_user, &user)
        }
        _ => None,
    };
    let swept = raw.map(|rows| Stored::Memory(Box::new(rows)));
    let ended = Ended { spec, prepared, frame, loss, target, search, swept, plan, descent, exact, refined };
    ended.into_analysis(&source.header) // 5
}

/// The loss of a family.
pub fn loss_of(family: Family) -> Loss {
    match family {
        Family::Linear => Loss::Squared,
        Family::Logistic => Loss::Logistic,
    }
}

/// Says where a penalty's answer is not the only one, and what cross-validation chose.
pub(crate) fn say_what_the_penalty_does(
    prepared: &mut Prepared,
    frame: &Frame,
    target: Target,
    search: Option<&Search>,
) {
    let Target::ElasticNet(strength) = target else { return };
    let notices = &mut prepared.ledger.notices;
    if strength.alpha == 1.0 {
        let found = aliasing::find(&frame.design_root, &frame.scale, &frame.terms, frame.has_intercept);
        notices.extend(found.aliased.iter().zip(&frame.terms).filter_map(|(why, term)| {
            why.as_ref().map(|why| {
                format!(
                    "`{}` is {why}: the lasso's choice between them is one of several equally good",
                    term.name
                )
            })
        }));
    }
    let Some(tuned) = search.and_then(|s| s.tuned.as_ref()) else { return };
    notices.push(format!(
        "lambda = {} by {}-fold cross-validation: the largest within one standard error of the smallest {} (at {})",
        short(tuned.lambda_1se()),
        tuned.folds,
        tuned.measure.words(),
        short(tuned.lambda_min())
    ));
    if tuned.is_at_the_end() {
        notices.push(
            "the smallest lambda that was tried is the best: these data ask for hardly any penalty"
                .to_string(),
        );
    }
    if tuned.unconverged > 0 {
        notices.push(format!("{} of the cross-validation's fits did not converge", tuned.unconverged));
    }
}

fn design_root(rows: &InMemory) -> Array2<f64> {
    Glm::new(rows, Loss::Squared).curvature_root(&Array1::zeros(rows.n_columns()))
}

pub(crate) fn say_what_was_left_out(prepared: &mut Prepared, frame: &Frame) {
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
