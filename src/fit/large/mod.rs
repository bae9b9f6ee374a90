//! Fits to many rows: the same descent over rows that are made chunk by chunk and lie in memory or on disk.
//!
//! The statements are those that sweeps over the rows can make. What needs arrays of single patients (calibration and ROC curves,
//! effects, validation, tests of each term) is left to [`crate::fit::analyse`], which keeps them.

pub mod columns;
mod conclude;
mod encode;
mod tally;

use ndarray::{Array1, Array2, Axis};

pub use columns::Storage;

use crate::data::csv::Source;
use crate::data::missing::{Gaps, Ledger};
use crate::data::table::{Table, Values};
use crate::design::formula::Formula;
use crate::design::matrix::Encoded;
use crate::design::scale::Scale;
use crate::error::{Error, Result};
use crate::fit::aliasing;
use crate::fit::assemble::Ended;
use crate::fit::course::course;
use crate::fit::descent::{Valley, optimum, plan, run, start};
use crate::fit::exact::examine;
use crate::fit::frame::Frame;
use crate::fit::large::columns::Columns;
use crate::fit::large::encode::{Beside, Blueprint};
use crate::fit::outcome::choose;
use crate::fit::prepare::Prepared;
use crate::fit::result::Fit;
use crate::fit::spec::{Interval, MethodName, Penalty, Robust, Spec};
use crate::fit::target::Target;
use crate::fit::{loss_of, say_what_was_left_out};
use crate::inference::covariance::to_user_units;
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::watch::Watcher;
use crate::rows::{Rows, Stored};

/// A design of more cells than this is made chunk by chunk, and its factors of many levels travel as codes.
pub const MANY_CELLS: usize = 10_000_000;

/// A fit to many rows, and what they lacked.
#[derive(Debug)]
pub struct Large {
    /// The fit.
    pub fit: Fit,
    /// What all rows of the file lack of the formula's variables.
    pub gaps: Gaps,
}

/// Why a specification needs its rows as arrays; `None` where sweeps over them are enough.
pub fn needs_arrays(spec: &Spec) -> Option<&'static str> {
    let reasons = [
        (spec.penalty != Penalty::None, "`--penalty`"),
        (spec.raw_scale, "`--raw-scale`"),
        (spec.interval == Interval::Profile, "`--ci profile`"),
        (spec.against.is_some(), "`--against`"),
        (spec.hosmer_lemeshow.is_some(), "`--hosmer-lemeshow`"),
        (spec.save_fitted, "`--save-fitted`"),
    ];
    reasons.into_iter().find(|(is, _)| *is).map(|(_, what)| what)
}

/// Fits the model of a specification to many rows.
///
/// 1. The complete rows of the columns that are needed.
/// 2. The outcome.
/// 3. What the design learns.
/// 4. Its scale and its rows, without columns that say nothing new.
/// 5. The descent and what its end proves.
/// 6. Statements in the user's units.
///
/// # Errors
/// As [`crate::fit::fit`] says; Usage, where [`needs_arrays`] gives a reason; Io, where temporary files cannot be used.
pub fn fit(spec: &Spec, source: &Source, storage: &Storage, watcher: &mut dyn Watcher) -> Result<Large> {
    fit_with(spec, source, storage, MANY_CELLS, watcher)
}

/// As [`fit`]; factors of many levels travel as codes where the design has more cells than `most_cells`.
fn fit_with(
    spec: &Spec,
    source: &Source,
    storage: &Storage,
    most_cells: usize,
    watcher: &mut dyn Watcher,
) -> Result<Large> {
    if let Some(what) = needs_arrays(spec) {
        return Err(Error::usage(format!("{what} needs all rows in memory as arrays"))
            .hint("leave it out, or give more memory"));
    }
    let formula = Formula::parse(&spec.formula)?.resolve(&source.header, &spec.beside())?;
    let mut choices = spec.data.clone();
    choices.factors.extend(formula.factor_variables());
    let columns = Columns::gather(spec, source, &formula.variables(), &choices, storage)?; // 1
    let mut ledger = ledger(spec, source, &columns)?;
    let numbers = |name: &String| -> Result<Array1<f64>> {
        match columns.column(name)?.values {
            Values::Number(w) => Ok(Array1::from_vec(w)),
            _ => Err(Error::data(format!("the weights `{name}` are not numbers"))),
        }
    };
    let weight = spec.weights.as_ref().map(numbers).transpose()?;
    let cluster = match &spec.robust {
        Robust::Cluster { variable, .. } => match columns.column(variable)?.values {
            Values::Category { codes, .. } => Some(codes),
            _ => None,
        },
        Robust::Model | Robust::Hc(_) => None,
    };
    let outcomes: Result<Vec<_>> =
        formula.outcome().columns().iter().map(|name| columns.column(name)).collect();
    let outcomes = Table { n_rows: columns.n_rows, columns: outcomes?, ..Table::default() };
    let mut chosen = choose(&formula, spec.family, spec.event.as_deref(), &outcomes)?; // 2
    drop(outcomes);
    ledger.notices.extend(chosen.notices.iter().cloned());
    if let Some(name) = &spec.weights {
        ledger.notices.push(format!("frequency weights from `{name}`"));
    }
    let y = std::mem::take(&mut chosen.y);
    let blueprint = Blueprint::new(&formula, &columns, weight.as_ref(), most_cells)?; // 3
    for (name, levels) in blueprint.coded() {
        ledger.notices.push(format!("`{name}` with its {levels} levels is kept as one column of codes"));
    }
    let beside = Beside { y: &y, weight: weight.as_ref() };
    let frame = framed(&blueprint, &beside, storage)?; // 4
    drop(y);
    let mut prepared = Prepared {
        encoded: Encoded {
            terms: blueprint.terms.clone(),
            x: Array2::zeros((0, blueprint.terms.len())),
            has_intercept: blueprint.has_intercept,
            offset: blueprint.has_offset.then(|| Array1::zeros(0)),
        },
        frozen: blueprint.frozen.clone(),
        used: Table { n_rows: columns.n_rows, ..Table::default() },
        gaps: columns.gaps.clone(),
        formula: formula.clone(),
        chosen,
        weight,
        cluster,
        ledger,
    };
    say_what_was_left_out(&mut prepared, &frame);
    let ended = descend(spec, prepared, frame, watcher)?; // 5
    Ok(Large { fit: ended.into_large_fit(&columns)?, gaps: columns.gaps }) // 6
}

fn descend<'s>(
    spec: &'s Spec,
    prepared: Prepared,
    frame: Frame,
    watcher: &mut dyn Watcher,
) -> Result<Ended<'s>> {
    let loss = loss_of(prepared.chosen.family);
    let target = Target::Likelihood;
    let glm = Glm::new(&frame.rows, loss);
    let valley = Valley { glm: &glm, loss, design_root: &frame.design_root, ridge: 0.0 };
    let plan = plan(spec, &valley)?;
    let earlier = watcher.begins(&course(spec, &prepared, &frame, &plan))?;
    let descent = run(&plan, &glm, &start(spec, frame.dim()), earlier.as_ref(), watcher)?;
    let exact = if spec.method == MethodName::Auto {
        examine(&frame, loss, target, &descent)?
    } else {
        examine(&frame, loss, target, &optimum(&glm, spec.seed))?
    };
    frame.rows.check()?;
    Ok(Ended {
        spec,
        prepared,
        frame,
        loss,
        target,
        search: None,
        swept: None,
        plan,
        descent,
        exact,
        refined: None,
    })
}

/// Standardised rows without the columns that others determine.
fn framed(blueprint: &Blueprint<'_>, beside: &Beside<'_>, storage: &Storage) -> Result<Frame> {
    let has_intercept = blueprint.has_intercept;
    let scaled = blueprint.scale(beside.weight)?;
    let all: Vec<usize> = (0..blueprint.terms.len()).collect();
    let mut rows = blueprint.rows(&scaled, &all, beside, storage)?;
    let mut root = design_root(&rows);
    rows.check()?;
    let independent = aliasing::find(&root, &scaled.scale, &blueprint.terms, has_intercept);
    let kept = &independent.kept;
    if kept.len() < all.len() {
        drop(rows);
        rows = blueprint.rows(&scaled, kept, beside, storage)?;
        root = design_root(&rows);
    }
    let scale = Scale {
        centre: scaled.scale.centre.select(Axis(0), kept),
        spread: scaled.scale.spread.select(Axis(0), kept),
    };
    let terms = kept.iter().map(|j| blueprint.terms[*j].clone()).collect();
    let to_user = to_user_units(&scale.centre, &scale.spread, has_intercept);
    Ok(Frame { terms, has_intercept, rows, scale, to_user, design_root: root, independent })
}

fn design_root(rows: &Stored) -> Array2<f64> {
    Glm::new(rows, Loss::Squared).curvature_root(&Array1::zeros(rows.n_columns()))
}

fn ledger(spec: &Spec, source: &Source, columns: &Columns) -> Result<Ledger> {
    if spec.fail_on_missing && !columns.missing.is_empty() {
        let list: Vec<String> = columns.missing.iter().map(|(name, n)| format!("`{name}` in {n}")).collect();
        return Err(Error::data(format!("rows with a missing value: {}", list.join(", ")))
            .hint("`--missing complete-case` drops them and says how many"));
    }
    let weight = spec.weights.iter().filter(|_| columns.n_without_weight > 0);
    let ledger = Ledger {
        file: source.file.clone(),
        sha256: source.sha256.clone(),
        rows_read: columns.rows_read,
        rows_used: columns.n_rows,
        missing: columns.missing.clone(),
        dropped_otherwise: weight.map(|name| (format!("`{name}` is 0"), columns.n_without_weight)).collect(),
        notices: source.notices.iter().chain(&columns.notices).cloned().collect(),
    };
    if columns.n_rows == 0 {
        return Err(crate::fit::prepare::nothing_left(&ledger));
    }
    Ok(ledger)
}

#[cfg(test)]
mod tests;
