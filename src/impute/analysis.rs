//! One model by multiple imputation: complete the file, fit each completion, pool.

use crate::data::csv::Source;
use crate::data::missing::{Gaps, Ledger, complete_rows};
use crate::data::table::{Column, Table, Values};
use crate::design::formula::Formula;
use crate::design::matrix::Basis;
use crate::error::Result;
use crate::fit::analyse;
use crate::fit::analysis::Analysis;
use crate::fit::prepare::prepare;
use crate::fit::result::Fit;
use crate::fit::spec::{Robust, Spec};
use crate::impute::chain::{Chains, ROUNDS, Trace, default_imputations, impute};
use crate::impute::completed;
use crate::impute::pool::{check, pool};
use crate::optimise::watch::Watcher;

/// What was imputed.
#[derive(Debug, Clone, PartialEq)]
pub struct Imputation {
    /// Completed data sets; 0 when nothing was missing.
    pub imputations: usize,
    /// Rounds of each chain.
    pub rounds: usize,
    /// For each variable with gaps how many cells were imputed.
    pub cells: Vec<(String, usize)>,
    /// Rows with an imputed cell; `None` where their number is withheld.
    pub incomplete_rows: Option<usize>,
    /// Means and spreads of what was drawn, round by round.
    pub traces: Vec<Trace>,
    /// What the formula's variables lack, of all rows of the file.
    pub gaps: Gaps,
}

/// One model of several completed data sets.
pub struct Imputed {
    /// The fits pooled; of a file without gaps its one fit.
    pub fit: Fit,
    /// What was imputed.
    pub imputation: Imputation,
    /// The fit to each completed data set with its rows; of a file without gaps the one.
    pub completed: Vec<Analysis>,
    /// The formula as typed, with `.` written out.
    pub formula: Formula,
    /// The rows before their gaps were filled, in the order of the completed ones; `None` without gaps.
    pub incomplete: Option<Table>,
}

/// The rows to complete, and what is beside them.
struct Ground {
    formula: Formula,
    /// The formula's columns, of the rows with an outcome.
    table: Table,
    /// Weights and clusters of these rows.
    beside: Vec<Column>,
    /// In how many rows of the file each column that drops a row is missing.
    dropped: Vec<(String, usize)>,
    notices: Vec<String>,
    /// Of all rows of the file.
    gaps: Gaps,
}

/// Completes the file, fits and pools.
///
/// In order: 1. Rows without an outcome (a weight, a cluster) are dropped: they would say nothing of the coefficients. 2. All
/// other gaps are imputed by chained equations with all variables of the formula, as [`impute`] says. 3. Knots that
/// would be learnt from an imputed variable are those of the complete rows. 4. Each completed table is fitted
/// as a file is; 5. the fits are pooled by Rubin's rules. `watch` gives a watcher for fit k of m.
///
/// # Errors
/// As the readers, [`impute`], `fit` and [`pool`] say.
pub fn fit_imputed(
    spec: &Spec,
    source: &Source,
    imputations: Option<usize>,
    watch: &mut dyn FnMut(usize, usize) -> Box<dyn Watcher>,
) -> Result<Imputed> {
    check(spec)?;
    let ground = ground(spec, source)?; // 1
    let wanted = imputations.unwrap_or_else(|| default_imputations(&ground.table));
    if complete_rows(&ground.table).1.is_empty() {
        return nothing_to_impute(spec, source, ground.gaps, watch);
    }
    let chains = impute(&ground.table, wanted, spec.seed)?; // 2
    let formula = with_fixed_knots(spec, source, &ground, &chains)?; // 3
    let mut analyses = Vec::with_capacity(wanted);
    for (k, table) in chains.completed.iter().enumerate() {
        let mut table = table.clone();
        table.columns.extend(ground.beside.iter().cloned());
        let (completed, data) = completed::source(&table, &source.file)?;
        let own = Spec { formula: formula.clone(), data, fail_on_missing: true, ..spec.clone() };
        analyses.push(analyse(&own, &completed, &mut *watch(k + 1, wanted))?); // 4
    }
    let mut pooled = pool(analyses.iter().map(|a| a.fit.clone()).collect())?; // 5
    pooled.spec = Spec { formula, ..spec.clone() };
    let imputation = Imputation {
        imputations: wanted,
        rounds: ROUNDS,
        cells: chains.cells,
        incomplete_rows: Some(chains.incomplete_rows),
        traces: chains.traces,
        gaps: ground.gaps.clone(),
    };
    pooled.ledger = ledger(&ground, &imputation, source, &pooled, spec);
    let incomplete = Some(used(&ground));
    Ok(Imputed { fit: pooled, imputation, completed: analyses, formula: ground.formula, incomplete })
}

fn nothing_to_impute(
    spec: &Spec,
    source: &Source,
    gaps: Gaps,
    watch: &mut dyn FnMut(usize, usize) -> Box<dyn Watcher>,
) -> Result<Imputed> {
    let mut found = analyse(spec, source, &mut *watch(1, 1))?;
    found
        .fit
        .ledger
        .notices
        .push("no predictor has a missing value: nothing was imputed, one fit".to_string());
    let nothing = Imputation {
        imputations: 0,
        rounds: 0,
        cells: Vec::new(),
        incomplete_rows: Some(0),
        traces: Vec::new(),
        gaps,
    };
    let formula = found.prepared.formula.clone();
    let completed = vec![found];
    Ok(Imputed { fit: completed[0].fit.clone(), imputation: nothing, completed, formula, incomplete: None })
}

/// The rows that a fit uses of the table: a row whose weight is 0 does not count.
fn used(ground: &Ground) -> Table {
    let counts = |row: usize| {
        ground.beside.iter().all(|column| match &column.values {
            Values::Number(weight) => weight[row] != 0.0,
            Values::Date(_) | Values::Category { .. } => true,
        })
    };
    ground.table.filter(&(0..ground.table.n_rows).map(counts).collect::<Vec<bool>>())
}

fn ground(spec: &Spec, source: &Source) -> Result<Ground> {
    let formula = Formula::parse(&spec.formula)?.resolve(&source.header, &spec.beside())?;
    let mut choices = spec.data.clone();
    choices.factors.extend(formula.factor_variables());
    let names = formula.variables();
    let typed = source.typed(&names, &choices)?;
    let mut notices = source.notices.clone();
    notices.extend(typed.notices);
    let mut beside = Vec::new();
    for name in spec.beside().into_iter().filter(|name| names.iter().all(|n| n != name)) {
        let mut own = crate::data::choices::DataChoices { na: spec.data.na.clone(), ..Default::default() };
        match &spec.robust {
            Robust::Cluster { variable, .. } if variable == name => own.factors.push(name.to_string()),
            _ => own.numbers.push(name.to_string()),
        }
        beside.extend(source.typed(&[name.to_string()], &own)?.table.columns);
    }
    let outcome = formula.outcome().columns();
    let needed = |c: &&Column| outcome.contains(&c.name.as_str()) || spec.beside().contains(&c.name.as_str());
    let needed = Table {
        n_rows: typed.table.n_rows,
        lines: Vec::new(),
        origins: Default::default(),
        columns: typed.table.columns.iter().filter(needed).chain(&beside).cloned().collect(),
    };
    let (keep, dropped) = complete_rows(&needed);
    let beside =
        beside.into_iter().map(|c| Column { values: c.values.filter(&keep), name: c.name }).collect();
    let gaps = Gaps::of(&typed.table);
    Ok(Ground { formula, table: typed.table.filter(&keep), beside, dropped, notices, gaps })
}

/// The formula with the knots of imputed variables written out, as the complete rows give them: imputed values would
/// move them from one completed table to the next, and the coefficients would not mean the same.
fn with_fixed_knots(spec: &Spec, source: &Source, ground: &Ground, chains: &Chains) -> Result<String> {
    let mut text = ground.formula.to_string();
    let may_move = ["rcs(", "ns("].iter().any(|name| text.contains(name));
    if !may_move {
        return Ok(text);
    }
    for (basis, found) in prepare(spec, source)?.frozen.bases {
        if basis.contains("c(") || !is_of(&basis, &chains.cells) {
            continue;
        }
        let Some((inside, _)) = basis.rsplit_once(',') else { continue };
        let list = |knots: &[f64]| knots.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
        let fixed = match &found {
            Basis::Rcs { knots } => format!("{inside}, c({}))", list(knots)),
            Basis::Ns { knots, .. } if !knots.is_empty() => format!("{inside}, knots = c({}))", list(knots)),
            Basis::Ns { .. } | Basis::Poly { .. } => continue,
        };
        text = text.replace(&basis, &fixed);
    }
    Ok(text)
}

/// Whether a spline or polynomial is of a variable that was imputed.
pub fn has_gaps(basis: &str, imputation: &Imputation) -> bool {
    is_of(basis, &imputation.cells)
}

fn is_of(basis: &str, cells: &[(String, usize)]) -> bool {
    Formula::parse(&format!("outcome ~ {basis}"))
        .is_ok_and(|f| f.variables().iter().any(|name| cells.iter().any(|(gap, _)| gap == name)))
}

/// How the notice on an imputation begins.
pub const IMPUTED: &str = "multiple imputation: ";

impl Imputation {
    /// What was done to so many rows, as a notice: `multiple imputation: 61 of 400 rows have gaps, ...`.
    pub fn in_words(&self, n_rows: usize, seed: u64) -> String {
        let cells: Vec<String> = self.cells.iter().map(|(name, n)| format!("`{name}` {n}")).collect();
        let cells = if cells.is_empty() { "not told".to_string() } else { cells.join(", ") };
        let incomplete = self.incomplete_rows.map_or_else(|| "some".to_string(), |rows| rows.to_string());
        format!(
            "{IMPUTED}{incomplete} of {n_rows} rows have gaps, filled {} times by chained equations ({} rounds, seed \
             {seed}, outcome and all predictors in every imputation model, main effects only); cells imputed: {cells}",
            self.imputations, self.rounds
        )
    }
}

fn ledger(ground: &Ground, imputation: &Imputation, source: &Source, pooled: &Fit, spec: &Spec) -> Ledger {
    let mut notices = ground.notices.clone();
    notices.push(imputation.in_words(ground.table.n_rows, spec.seed));
    if !ground.dropped.is_empty() {
        notices.push(
            "rows without an outcome, weight or cluster were dropped before the imputation".to_string(),
        );
    }
    if !ground.beside.is_empty() {
        notices.push("weights and clusters have no part in the imputation models".to_string());
    }
    if pooled.formula != ground.formula.to_string() {
        notices.push("the knots of imputed variables are those of the complete rows".to_string());
    }
    notices.extend(pooled.ledger.notices.iter().filter(|n| !ground.notices.contains(n)).cloned());
    Ledger {
        file: source.file.clone(),
        sha256: source.sha256.clone(),
        rows_read: source.n_rows,
        rows_used: pooled.ledger.rows_used,
        missing: ground.dropped.clone(),
        dropped_otherwise: pooled.ledger.dropped_otherwise.clone(),
        notices,
        withheld: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::watch::Unwatched;

    fn imputed(text: &str, spec: &Spec, m: usize) -> (Fit, Imputation) {
        let source = Source::from_bytes("trial.csv", text.as_bytes().to_vec()).expect("a CSV");
        let found = fit_imputed(spec, &source, Some(m), &mut |_, _| Box::new(Unwatched)).expect("imputed");
        assert!(found.incomplete.is_none_or(|t| t.n_rows == found.completed[0].prepared.used.n_rows));
        (found.fit, found.imputation)
    }

    fn trial(n: usize) -> String {
        let mut text = String::from("y,x,arm,w\n");
        for i in 0..n {
            let x = ((i * i) as f64).sin() * 3.0 + 0.001 * i as f64;
            let arm = if i % 11 == 4 { "NA" } else { ["a", "b"][usize::from(x > 0.3) ^ (i % 3 / 2)] };
            let y = if i % 29 == 5 { String::new() } else { format!("{:.4}", x + ((5 * i) as f64).cos()) };
            let x = if i % 7 == 3 { String::from("NA") } else { format!("{x:.4}") };
            text.push_str(&format!("{y},{x},{arm},{}\n", 1 + i % 2));
        }
        text
    }

    #[test]
    fn the_ledger_counts_rows_without_outcome_and_cells_imputed() {
        let (fit, found) = imputed(&trial(203), &Spec::new("y ~ x + arm"), 3);
        assert_eq!((fit.ledger.rows_read, fit.ledger.rows_used), (203, 196));
        assert_eq!(fit.ledger.missing, [("y".to_string(), 7)]);
        assert_eq!(found.cells.len(), 2);
        assert_eq!(found.traces.len(), 3 * 2 * ROUNDS);
        assert_eq!((found.gaps.rows, &found.gaps.variables[0]), (203, &("y".to_string(), 7)));
        let said = fit.ledger.notices.join("\n");
        assert!(said.contains("cells imputed: `arm` ") && said.contains("`x` "), "{said}");
        for c in &fit.coefficients {
            assert!(c.fmi.is_some_and(|f| f > 0.0 && f < 1.0) && c.df.is_some_and(|df| df < 193.0));
        }
        assert!(fit.convergence.converged);
    }

    #[test]
    fn knots_of_an_imputed_variable_are_the_same_in_all_tables_and_weights_stay_with_their_rows() {
        let spec = Spec { weights: Some("w".to_string()), ..Spec::new("y ~ rcs(x, 3) + arm") };
        let (fit, _) = imputed(&trial(203), &spec, 2);
        assert!(fit.formula.contains("rcs(x, c("), "{}", fit.formula);
        assert!(fit.statistics.n > 280.0 && fit.statistics.n < 310.0, "{}", fit.statistics.n);
    }

    #[test]
    fn without_gaps_there_is_one_fit_that_says_so() {
        let text = "y,x\n1,2\n2,3.5\n3,3\n4,6\n5,5\n";
        let (fit, found) = imputed(text, &Spec::new("y ~ x"), 5);
        assert_eq!(found.imputations, 0);
        assert!(fit.coefficients[0].df.is_none());
        assert!(fit.ledger.notices.iter().any(|n| n.contains("nothing was imputed")));
    }
}
