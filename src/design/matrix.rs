//! The design: a formula and a table become a named matrix; on new data it is rebuilt by name.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::data::table::Table;
use crate::design::coding::codings;
use crate::design::expand::Model;
use crate::design::formula::Formula;
use crate::design::learn::learn;
use crate::design::numbers::numbers;
use crate::design::piece::{Cells, Ground, Piece, PieceColumn, brief, indicators};
use crate::design::term::Term;
use crate::error::{Error, Result};

/// A design may have this many columns.
const MOST_COLUMNS: usize = 5_000;

/// What a variable was at the fit.
#[derive(Debug, Clone, PartialEq)]
pub enum VariableKind {
    /// A number.
    Number,
    /// A date, as days since 1970-01-01.
    Date,
    /// Levels in order, the first the reference; only those that occurred in the rows used.
    Category(Vec<String>),
}

/// What a spline or polynomial froze at the fit.
#[derive(Debug, Clone, PartialEq)]
pub enum Basis {
    /// Restricted cubic spline: the knots t1 < ... < tk.
    Rcs {
        /// The knots.
        knots: Vec<f64>,
    },
    /// Natural spline (B-spline basis as R's `ns`): interior and boundary knots.
    Ns {
        /// Interior knots.
        knots: Vec<f64>,
        /// Boundary knots.
        boundary: [f64; 2],
    },
    /// Orthogonal polynomial (three-term recurrence as R's `poly`).
    Poly {
        /// Centres of the recurrence, one a degree.
        alpha: Vec<f64>,
        /// Squared norms of the recurrence, degree + 2.
        norm2: Vec<f64>,
    },
}

/// Everything that was learnt from the rows used and that new data must not change.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frozen {
    /// Kind of each variable on the right-hand side, by name.
    pub variables: Vec<(String, VariableKind)>,
    /// Each basis by its transform's text, e.g. `rcs(age, 4)`.
    pub bases: Vec<(String, Basis)>,
}

/// A design matrix with the names of its columns.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// One a column of `x`.
    pub terms: Vec<Term>,
    /// n x p, row-major, in the user's units; the intercept, if any, is column 0.
    pub x: Array2<f64>,
    /// Whether column 0 is the intercept.
    pub has_intercept: bool,
    /// Sum of the offsets, one a row.
    pub offset: Option<Array1<f64>>,
}

impl Encoded {
    /// X b + offset of every row. beta: p, one a column.
    pub fn linear_predictor(&self, beta: &ArrayRef1<f64>) -> Array1<f64> {
        let eta = self.x.dot(beta);
        match &self.offset {
            Some(offset) => eta + offset,
            None => eta,
        }
    }
}

/// Encodes complete rows: levels, knots and polynomials are learnt from them (frequency weights count rows) and frozen.
///
/// Levels that occur in no row are left out; the reference is the first that occurs. Columns and their order are
/// those of R's `model.matrix`.
///
/// # Errors
/// Formula, when a term does not fit its column (text in a function, one level, too few values for the knots);
/// Data, when a transform of a cell or a product of cells is not finite or there is no row.
pub fn encode(formula: &Formula, table: &Table, weight: Option<&Array1<f64>>) -> Result<(Encoded, Frozen)> {
    assert!(weight.is_none_or(|w| w.len() == table.n_rows), "one weight a row");
    let frozen = learn(formula, table, weight)?;
    let encoded = build(formula, &frozen, table, weight)?;
    Ok((encoded, frozen))
}

/// Encodes new rows exactly as the fit did; needs no outcome column. Missing cells give NaN in that row's columns.
///
/// # Errors
/// Data, when a column is missing or of another kind than at the fit, or a cell has a level that the fit never saw;
/// Model, when `frozen` does not belong to the formula.
pub fn rebuild(formula: &Formula, frozen: &Frozen, table: &Table) -> Result<Encoded> {
    build(formula, frozen, table, None)
}

/// Some columns of [`rebuild`] alone, by their place: those whose term is `wanted`, in the order of the design.
///
/// # Errors
/// As [`rebuild`].
pub fn rebuild_columns(
    formula: &Formula,
    frozen: &Frozen,
    table: &Table,
    wanted: &dyn Fn(usize, &Term) -> bool,
) -> Result<Vec<(usize, Vec<f64>)>> {
    let model = formula.model()?;
    let ground = Ground::new(formula, frozen, table, None);
    let pieces = pieces(model, &ground)?;
    let columns = columns(formula, model, &pieces)?;
    let chosen = columns.iter().enumerate().filter(|(j, column)| wanted(*j, &column.term));
    let made = chosen.map(|(j, column)| {
        let values = column.values(table.n_rows);
        column.check(&ground, table.n_rows, |row| values[row])?;
        Ok((j, values))
    });
    made.collect()
}

/// The sum of the formula's offsets in each row; `None` where it has none.
///
/// # Errors
/// As [`rebuild`].
pub fn offset_of(formula: &Formula, frozen: &Frozen, table: &Table) -> Result<Option<Array1<f64>>> {
    let model = formula.model()?;
    let ground = Ground::new(formula, frozen, table, None);
    sum_of_offsets(model, &ground)
}

fn sum_of_offsets(model: &Model, ground: &Ground<'_>) -> Result<Option<Array1<f64>>> {
    let mut offset: Option<Array1<f64>> = None;
    for e in &model.offsets {
        let values = Array1::from(ground.numbers(e)?.into_owned());
        offset = Some(offset.map_or_else(|| values.clone(), |sum| sum + &values));
    }
    Ok(offset)
}

/// How many columns [`encode`] would make, without making them.
///
/// # Errors
/// As [`encode`], cells that are not finite apart.
pub fn count_columns(formula: &Formula, table: &Table) -> Result<usize> {
    let frozen = learn(formula, table, None)?;
    let model = formula.model()?;
    let ground = Ground::new(formula, &frozen, table, None);
    Ok(columns(formula, model, &pieces(model, &ground)?)?.len())
}

/// The numeric outcome, transformed as the formula says.
///
/// # Errors
/// Formula, when it is text; Data, when the transform of a cell is not finite.
pub fn outcome_numbers(formula: &Formula, table: &Table) -> Result<Array1<f64>> {
    numbers(formula, formula.outcome(), table).map(|values| Array1::from(values.into_owned()))
}

fn build(formula: &Formula, frozen: &Frozen, table: &Table, weight: Option<&Array1<f64>>) -> Result<Encoded> {
    let model = formula.model()?;
    let ground = Ground::new(formula, frozen, table, weight);
    let pieces = pieces(model, &ground)?;
    let columns = columns(formula, model, &pieces)?;
    let x = fill(&columns, table.n_rows)?;
    columns
        .iter()
        .enumerate()
        .try_for_each(|(j, column)| column.check(&ground, table.n_rows, |row| x[[row, j]]))?;
    let offset = sum_of_offsets(model, &ground)?;
    let terms = columns.into_iter().map(|c| c.term).collect();
    Ok(Encoded { terms, x, has_intercept: model.intercept, offset })
}

/// The variables of the formula; `None` for one that is in no term.
fn pieces<'a>(model: &'a Model, ground: &Ground<'a>) -> Result<Vec<Option<Piece<'a>>>> {
    let mut used = vec![false; model.atoms.len()];
    model.terms.iter().flatten().for_each(|k| used[*k] = true);
    let piece = |(atom, used)| if used { ground.piece(atom).map(Some) } else { Ok(None) };
    model.atoms.iter().zip(used).map(piece).collect()
}

/// One column of the design: its term and the cells that are multiplied.
struct DesignColumn<'a> {
    term: Term,
    cells: Vec<Cells<'a>>,
}

/// All columns, the intercept first; within a term the first variable's columns change fastest.
fn columns<'a>(
    formula: &Formula,
    model: &Model,
    pieces: &'a [Option<Piece<'a>>],
) -> Result<Vec<DesignColumn<'a>>> {
    let is_factor = |k: usize| pieces[k].as_ref().is_some_and(Piece::is_factor);
    let mut columns = Vec::new();
    if model.intercept {
        let term = Term { name: "(Intercept)".into(), group: "(Intercept)".into(), parts: Vec::new() };
        columns.push(DesignColumn { term, cells: Vec::new() });
    }
    for (term, coding) in model.terms.iter().zip(codings(model, &is_factor)) {
        let group = model.term_text(term);
        let mut products = vec![DesignColumn {
            term: Term { name: String::new(), group: group.clone(), parts: Vec::new() },
            cells: Vec::new(),
        }];
        for (atom, coding) in term.iter().zip(coding) {
            let choices = pieces[*atom].as_ref().map(|p| p.columns(coding)).unwrap_or_default();
            if columns.len() + products.len().saturating_mul(choices.len()) > MOST_COLUMNS {
                let what = format!("with `{group}` the model has more than {MOST_COLUMNS} columns");
                let first = model.atoms[*atom].columns().first().copied().unwrap_or_default();
                let hint = match (term.len(), choices.len()) {
                    (1, 1) => {
                        "name the columns that are expected to predict; the time grows with the cube of their number"
                    }
                    (1, _) => "join rare levels, or leave the column out",
                    _ => "join rare levels, or leave the interaction out",
                };
                return Err(formula.error_at(first, what).hint(hint));
            }
            products = choices.iter().flat_map(|c| products.iter().map(|p| p.times(c))).collect();
        }
        columns.extend(products);
    }
    Ok(columns)
}

impl<'a> DesignColumn<'a> {
    /// The column by itself.
    fn values(&self, n_rows: usize) -> Vec<f64> {
        let mut factors = self.cells.iter();
        let mut values: Vec<f64> = match factors.next() {
            Some(Cells::Number(numbers)) => numbers.to_vec(),
            Some(Cells::Level(codes, level)) => indicators(codes, *level),
            None => vec![1.0; n_rows],
        };
        for factor in factors {
            values.iter_mut().enumerate().for_each(|(row, value)| *value *= factor.value(row));
        }
        values
    }

    /// That a product of numbers is one too; `value` gives the product in a row.
    fn check(&self, ground: &Ground<'_>, n_rows: usize, value: impl Fn(usize) -> f64) -> Result<()> {
        let is_product = self.cells.len() > 1;
        let is_lost = |row: &usize| {
            !value(*row).is_finite() && self.cells.iter().all(|factor| factor.value(*row).is_finite())
        };
        match (0..n_rows).filter(|_| is_product).find(is_lost) {
            Some(row) => {
                let factors: Vec<String> = self.cells.iter().map(|factor| brief(factor.value(row))).collect();
                Err(ground.out_of_range(&self.term.name, &format!("it is {}", factors.join(" * ")), row))
            }
            None => Ok(()),
        }
    }

    fn times(&self, piece: &PieceColumn<'a>) -> DesignColumn<'a> {
        let joint = if self.term.name.is_empty() { "" } else { ":" };
        let name = format!("{}{joint}{}", self.term.name, piece.name);
        let parts = self.term.parts.iter().chain([&piece.part]).cloned().collect();
        let cells = self.cells.iter().chain([&piece.cells]).copied().collect();
        DesignColumn { term: Term { name, group: self.term.group.clone(), parts }, cells }
    }
}

/// n x p, row-major, written in blocks of rows that stay in the cache.
fn fill(columns: &[DesignColumn], n_rows: usize) -> Result<Array2<f64>> {
    const ROWS: usize = 256;
    let p = columns.len();
    let too_large = || {
        Error::data(format!("the design of {n_rows} rows and {p} columns does not fit into memory"))
            .hint("use fewer rows or fewer terms")
    };
    let size = n_rows.checked_mul(p).ok_or_else(too_large)?;
    let mut cells: Vec<f64> = Vec::new();
    cells.try_reserve_exact(size).map_err(|_| too_large())?;
    cells.resize(size, 1.0);
    for start in (0..n_rows).step_by(ROWS) {
        let end = (start + ROWS).min(n_rows);
        for (j, column) in columns.iter().enumerate() {
            for factor in &column.cells {
                for row in start..end {
                    cells[row * p + j] *= factor.value(row);
                }
            }
        }
    }
    Array2::from_shape_vec((n_rows, p), cells).map_err(|_| too_large())
}
