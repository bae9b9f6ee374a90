//! Fits to many rows: the same descent over rows that are made chunk by chunk and lie in memory or on disk.
//!
//! The statements are those that sweeps over the rows can make; what needs arrays of single patients is left to
//! [`crate::fit::analyse`], which keeps them.

mod against;
pub mod by_row;
pub mod columns;
mod complete;
mod conclude;
pub mod encode;
pub mod laid;
pub mod lay;
mod marginals;
mod measured;
mod mixes;
mod plain;
mod rank;
mod tally;

use std::sync::Arc;

use ndarray::{Array1, Array2, Axis};

pub use columns::Storage;
pub use encode::MANY_LEVELS;

use crate::data::csv::Source;
use crate::data::missing::{Gaps, Ledger};
use crate::data::table::{Table, Values};
use crate::design::formula::Formula;
use crate::design::matrix::Encoded;
use crate::design::scale::Scale;
use crate::error::{Error, Result};
use crate::fit::aliasing;
use crate::fit::apparent::Apparent;
use crate::fit::assemble::Ended;
use crate::fit::course::course;
use crate::fit::descent::{Valley, optimum, plan, run, start};
use crate::fit::exact::examine;
use crate::fit::frame::{Dependent, Frame};
use crate::fit::large::columns::Columns;
use crate::fit::large::conclude::Concluded;
use crate::fit::large::encode::{Beside, Blueprint};
use crate::fit::large::laid::Laid;
use crate::fit::large::lay::Scaled;
use crate::fit::large::marginals::{marginals, of_rows};
use crate::fit::large::mixes::Mixes;
use crate::fit::large::rank::Rank;
use crate::fit::outcome::{Chosen, choose_among};
use crate::fit::partial::{self, PartialEffect};
use crate::fit::prepare::Prepared;
use crate::fit::result::Fit;
use crate::fit::spec::{MethodName, Penalty, Robust, Spec};
use crate::fit::target::Target;
use crate::fit::{loss_of, say_what_the_penalty_does, say_what_was_left_out};
use crate::inference::covariance::to_user_units;
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::watch::Watcher;
use crate::rows::shared::{Lead, Question, Shared};
use crate::rows::{Rows, Stored};
use crate::team::{Bits, Ranks};

/// A design of more cells than this is made chunk by chunk, and its factors of many levels travel as codes.
pub const MANY_CELLS: usize = 10_000_000;

/// A fit to many rows, and what they lacked.
#[derive(Debug)]
pub struct Large {
    /// The fit.
    pub fit: Fit,
    /// What all rows of the file lack of the formula's variables.
    pub gaps: Gaps,
    /// How good the model is on its own rows; `None` without an answer, of a linear model of several ranks, and where risks do not
    /// leave a rank.
    pub apparent: Option<Apparent>,
    /// The curves of the numbers that a term bends or joins with others; none of several ranks.
    pub partial: Vec<PartialEffect>,
    /// The rows where they lie; of several ranks those of the first.
    pub laid: Laid,
}

/// What of a specification needs the columns of the data once the rows are made: only on disk are they still there.
pub fn needs_columns(spec: &Spec) -> Option<&'static str> {
    let reasons = [
        (spec.raw_scale, "`--raw-scale`"),
        (spec.against.is_some(), "`--against`"),
        (spec.save_fitted, "`--save-fitted`"),
    ];
    reasons.into_iter().find(|(is, _)| *is).map(|(_, what)| what)
}

/// Why a specification needs its rows in one process; `None` where sums that several have made are enough.
fn needs_one_process(spec: &Spec) -> Option<&'static str> {
    let reasons = [
        (matches!(spec.penalty, Penalty::ElasticNet { lambda: None, .. }), "`--lambda cv`"),
        (spec.raw_scale, "`--raw-scale`"),
        (spec.against.is_some(), "`--against`"),
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
/// As [`crate::fit::fit`] says; Usage, where [`needs_columns`] gives a reason and they lie in memory; Io, where temporary files cannot be used.
pub fn fit(spec: &Spec, source: &Source, storage: &Storage, watcher: &mut dyn Watcher) -> Result<Large> {
    let found = fit_with(spec, source, storage, MANY_CELLS, &Ranks::alone(), watcher)?;
    Ok(found.expect("a process that is alone is the first"))
}

/// As [`fit`], together with other ranks that do the same: `None` on all but rank 0.
///
/// # Errors
/// As [`fit`], of any rank on all of them; Usage, for clusters where ranks have files of their own; Data, where a rank with a
/// file of its own has fewer rows than coefficients.
pub fn fit_among(
    spec: &Spec,
    source: &Source,
    storage: &Storage,
    ranks: &Ranks,
    watcher: &mut dyn Watcher,
) -> Result<Option<Large>> {
    fit_with(spec, source, storage, MANY_CELLS, ranks, watcher)
}

/// As [`fit_among`]; factors of many levels travel as codes where the design has more cells than `most_cells`.
pub(crate) fn fit_with(
    spec: &Spec,
    source: &Source,
    storage: &Storage,
    most_cells: usize,
    ranks: &Ranks,
    watcher: &mut dyn Watcher,
) -> Result<Option<Large>> {
    if let Some(what) = needs_one_process(spec).filter(|_| !ranks.is_alone()) {
        return Err(Error::usage(format!("{what} needs all rows in one process, and there are several"))
            .hint("run it on one machine, or leave it out"));
    }
    if let Some(what) = needs_columns(spec).filter(|_| *storage == Storage::Memory) {
        return Err(Error::usage(format!("{what} needs the columns of the data beside the swept rows"))
            .hint("let them lie on disk"));
    }
    if ranks.have_own_files() && matches!(spec.robust, Robust::Cluster { .. }) {
        return Err(Error::usage(
            "`--cluster` makes sums over each cluster, which may be a single patient, and these would leave a rank",
        )
        .hint("`--robust hc1` needs sums over all rows of a rank only"));
    }
    let mut gathered = ranks.step(|| Gathered::of(spec, source, storage, ranks))?; // 1, 2
    let y = std::mem::take(&mut gathered.chosen.y);
    let Gathered { formula, columns, ledger, weight, cluster, chosen } = gathered;
    let mut blueprint =
        ranks.step(|| Blueprint::new(&formula, Arc::new(columns), weight.as_ref(), most_cells, ranks))?; // 3
    let beside = Beside { y: &y, weight: weight.as_ref() };
    let (mixes, marginals, scaled, rows, all) = ranks.step(|| {
        // 4
        let mixes = Mixes::of(&blueprint.columns, &formula, &blueprint.frozen, weight.as_ref())?;
        let marginals = if ranks.is_alone() {
            marginals(&blueprint.columns, &formula.variables(), &blueprint.terms, weight.as_ref())?
        } else {
            Table::default()
        };
        let scaled = blueprint.scale(beside.weight)?;
        scaled.scale.check(&blueprint.terms)?;
        let rows = blueprint.rows(&scaled, &beside, storage)?;
        let weights = ranks.meet(Ok(Bits::of(&[rows.total_weight()])))?;
        enough_rows(&blueprint, ranks)?;
        Ok((mixes, marginals, scaled, rows, weights.iter().flat_map(Bits::numbers).sum::<f64>()))
    })?;
    let columns = Arc::clone(&blueprint.columns);
    let made = Made { blueprint: &blueprint, scaled: &scaled, beside: &beside, storage, ranks };
    if let Some(team) = ranks.team().filter(|team| team.rank() > 0) {
        let first = columns.of_ranks[..ranks.rank()].iter().sum();
        let rank = Rank {
            blueprint: &blueprint,
            scaled: &scaled,
            beside: &beside,
            storage,
            own: &mixes,
            first,
            cluster: cluster.as_deref(),
        };
        rank.serve(team.as_ref(), rows);
        return Ok(None);
    }
    let _lead = ranks.team().map(|team| Lead(Arc::clone(team)));
    let dependent = Dependent::of(spec.penalty);
    let frame = framed(&made, rows, columns.n_rows_of_all(), all, dependent)?;
    let mut prepared = Prepared {
        encoded: Encoded {
            terms: blueprint.terms.clone(),
            x: Array2::zeros((0, blueprint.terms.len())),
            has_intercept: blueprint.has_intercept,
            offset: blueprint.has_offset.then(|| Array1::zeros(0)),
        },
        frozen: blueprint.frozen.clone(),
        used: Table { n_rows: columns.n_rows_of_all(), ..Table::default() },
        gaps: columns.gaps.clone(),
        formula: formula.clone(),
        chosen,
        weight: weight.clone(),
        cluster,
        ledger,
    };
    let notices = &mut prepared.ledger.notices;
    notices.extend(prepared.chosen.notices.iter().cloned());
    notices.extend(spec.weights.as_ref().map(|name| format!("frequency weights from `{name}`")));
    notices.extend(
        blueprint.coded().map(|(name, levels)| {
            format!("`{name}` with its {levels} levels is kept as one column of codes")
        }),
    );
    if ranks.have_own_files() && loss_of(prepared.chosen.family) == Loss::Logistic {
        notices.push("the area under the ROC curve is counted in cells of 0.001 of risk, for risks of single patients do not \
                      leave a rank".to_string());
    }
    if ranks.have_own_files() && spec.hosmer_lemeshow.is_some() {
        prepared.ledger.notices.push("no Hosmer-Lemeshow test, whose groups need the risks of single patients: these do not leave a rank".to_string());
    }
    say_what_was_left_out(&mut prepared, &frame);
    let raw = spec.raw_scale.then(|| blueprint.raw_rows(&frame, &beside, storage)).transpose()?;
    let ended = descend(spec, prepared, frame, raw, watcher)?; // 5
    let smaller = spec.against.as_ref();
    let likelihood_ratio =
        smaller.map(|text| against::against(text, &source.header, &ended, &made)).transpose()?;
    let concluded = ended.into_large_fit(&mixes, ranks, likelihood_ratio)?; // 6
    let Concluded { fit, mut prepared, frame, apparent, at_rows } = concluded;
    (prepared.used, prepared.weight) = (marginals, None);
    let mut partial = partial::effects_of(&fit, &prepared)?;
    partial.iter_mut().for_each(|effect| of_rows(effect, fit.statistics.n));
    prepared.used = Table { n_rows: columns.n_rows_of_all(), ..Table::default() };
    (prepared.chosen.y, prepared.weight) = (y, weight);
    let gaps = columns.gaps.clone();
    let laid = Laid { prepared, frame, blueprint, at_rows };
    Ok(Some(Large { fit, gaps, apparent, partial, laid }))
}

/// What is known before the design.
struct Gathered {
    formula: Formula,
    columns: Columns,
    ledger: Ledger,
    weight: Option<Array1<f64>>,
    cluster: Option<Vec<u32>>,
    chosen: Chosen,
}

impl Gathered {
    /// The complete rows of the columns that are needed, and the outcome.
    fn of(spec: &Spec, source: &Source, storage: &Storage, ranks: &Ranks) -> Result<Gathered> {
        let header = ranks.meet(Ok(source.header.clone()))?.swap_remove(0);
        let formula = Formula::parse(&spec.formula)?.resolve(&header, &spec.beside())?;
        let mut choices = spec.data.clone();
        choices.factors.extend(formula.factor_variables());
        let columns = Columns::gather(spec, source, &formula.variables(), &choices, storage, ranks)?;
        let ledger = ledger(spec, source, &columns)?;
        let numbers = |name: &String| -> Result<Array1<f64>> {
            match columns.column(name)?.into_owned().values {
                Values::Number(w) => Ok(Array1::from_vec(w)),
                _ => Err(Error::data(format!("the weights `{name}` are not numbers"))),
            }
        };
        let weight = spec.weights.as_ref().map(numbers).transpose()?;
        let cluster = match &spec.robust {
            Robust::Cluster { variable, .. } => match columns.column(variable)?.into_owned().values {
                Values::Category { codes, .. } => Some(codes),
                Values::Number(values) | Values::Date(values) => Some(numbered(&values, ranks)?),
            },
            Robust::Model | Robust::Hc(_) => None,
        };
        let outcomes = columns.table(&formula.outcome().columns())?;
        let chosen = choose_among(&formula, spec.family, spec.event.as_deref(), &outcomes, ranks)?;
        Ok(Gathered { formula, columns, ledger, weight, cluster, chosen })
    }
}

/// The clusters that numbers name, which are a predictor too: equal numbers get the same code on all ranks.
fn numbered(values: &[f64], ranks: &Ranks) -> Result<Vec<u32>> {
    let distinct = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let values: Vec<f64> = values.iter().map(|value| value + 0.0).collect(); // -0 is 0
    let known = ranks.meet(Ok(Bits::of(&distinct(values.clone()))))?;
    let known = distinct(known.iter().flat_map(Bits::numbers).collect());
    Ok(values.iter().map(|value| known.partition_point(|other| other < value) as u32).collect())
}

/// Refuses a rank with a file of its own that has fewer rows than coefficients: its sums could be solved for its patients.
fn enough_rows(blueprint: &Blueprint, ranks: &Ranks) -> Result<()> {
    let (p, columns) = (blueprint.terms.len(), &blueprint.columns);
    match columns.of_ranks.iter().position(|n| *n < p) {
        Some(rank) if ranks.have_own_files() => Err(Error::data(format!(
            "rank {rank} has {} complete rows of its own and the model {p} coefficients: sums over so few rows could be solved \
             for single patients",
            columns.of_ranks[rank]
        ))
        .hint("leave that rank's file out, pool it with another, or use fewer predictors")),
        _ => Ok(()),
    }
}

fn descend<'s>(
    spec: &'s Spec,
    mut prepared: Prepared,
    frame: Frame,
    raw: Option<Stored>,
    watcher: &mut dyn Watcher,
) -> Result<Ended<'s>> {
    let loss = loss_of(prepared.chosen.family);
    let (target, search) = Target::of_many(spec, &frame, loss, &std::env::temp_dir(), watcher)?;
    say_what_the_penalty_does(&mut prepared, &frame, target, search.as_ref());
    if matches!(target, Target::ElasticNet(_)) && search.is_none() {
        prepared
            .ledger
            .notices
            .push("the coefficients at other lambdas, which take a fit each, are left out".to_string());
    }
    let swept = raw.as_ref().unwrap_or(&frame.rows);
    let root = raw.as_ref().map_or_else(|| frame.design_root.clone(), design_root);
    let size = Target::sizes(&frame, spec.raw_scale);
    let glm = Glm::new(swept, loss);
    let ridge = target.ridge(swept, loss, &size);
    let plan = plan(spec, &Valley { glm: &glm, loss, design_root: &root, ridge })?;
    let earlier = watcher.begins(&course(spec, &prepared, &frame, &plan))?;
    let objective = target.objective(swept, loss, &size);
    let descent = run(&plan, &*objective, &start(spec, frame.dim()), earlier.as_ref(), watcher)?;
    let exact = if spec.method == MethodName::Auto && !spec.raw_scale {
        examine(&frame, loss, target, &descent)?
    } else {
        let standardised = target.objective(&frame.rows, loss, &Target::sizes(&frame, false));
        examine(&frame, loss, target, &optimum(&*standardised, spec.seed))?
    };
    drop(objective);
    swept.check()?;
    frame.rows.check()?;
    Ok(Ended { spec, prepared, frame, loss, target, search, swept: raw, plan, descent, exact, refined: None })
}

/// What the rows were made from.
struct Made<'a> {
    blueprint: &'a Blueprint,
    scaled: &'a Scaled,
    beside: &'a Beside<'a>,
    storage: &'a Storage,
    ranks: &'a Ranks,
}

/// Standardised rows without the columns that others determine. n_rows, weight: of all ranks.
fn framed(made: &Made<'_>, rows: Stored, n_rows: usize, weight: f64, dependent: Dependent) -> Result<Frame> {
    let Made { blueprint, scaled, beside, storage, ranks } = *made;
    let has_intercept = blueprint.has_intercept;
    let shared = |mine: Stored| match ranks.team() {
        Some(team) => Stored::Shared(Shared::new(mine, Arc::clone(team), n_rows, weight)),
        None => mine,
    };
    let mut rows = shared(rows);
    let mut root = design_root(&rows);
    rows.check()?;
    let independent = match dependent {
        Dependent::LeftOut => aliasing::find(&root, &scaled.scale, &blueprint.terms, has_intercept),
        Dependent::Kept => aliasing::constant(&root, &scaled.scale, has_intercept),
    };
    let kept = &independent.kept;
    if kept.len() < blueprint.terms.len() {
        rows = shared(blueprint.narrowed(rows.into_own(), scaled, kept, beside, storage)?);
        if let Stored::Shared(all) = &rows {
            let failed = all.ask(&Question::Keep(kept.clone()), |_| vec![0.0])[0][0];
            if failed > 0.0 {
                return Err(Error::data(format!("{failed} of the ranks could not write their rows"))
                    .hint("make room where `TMPDIR` points to, or allow more `--memory`"));
            }
        }
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
        rows_used: columns.n_rows_of_all(),
        missing: columns.missing.clone(),
        dropped_otherwise: weight.map(|name| (format!("`{name}` is 0"), columns.n_without_weight)).collect(),
        notices: source.notices.iter().chain(&columns.notices).cloned().collect(),
        withheld: None,
    };
    if columns.n_rows_of_all() == 0 {
        return Err(crate::fit::prepare::nothing_left(&ledger));
    }
    Ok(ledger)
}

#[cfg(test)]
mod columns_tests;
#[cfg(test)]
mod measured_tests;
#[cfg(test)]
mod ranks_tests;
#[cfg(test)]
pub(crate) mod tests;
