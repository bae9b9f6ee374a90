//! The design: a formula and a table become a named matrix; on new data it is rebuilt by name.

use ndarray::{Array1, Array2};

use crate::data::table::Table;
use crate::design::formula::Formula;
use crate::design::term::Term;
use crate::error::{Error, Result};

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

/// Encodes complete rows: levels, knots and polynomials are learnt from them (frequency weights count rows) and frozen.
pub fn encode(
    _formula: &Formula,
    _table: &Table,
    _weight: Option<&Array1<f64>>,
) -> Result<(Encoded, Frozen)> {
    Err(Error::formula("cannot encode"))
}

/// Encodes new rows exactly as the fit did; needs no outcome column. Missing cells give NaN in that row's columns.
pub fn rebuild(_formula: &Formula, _frozen: &Frozen, _table: &Table) -> Result<Encoded> {
    Err(Error::formula("cannot encode"))
}

/// The numeric outcome, transformed as the formula says.
pub fn outcome_numbers(_formula: &Formula, _table: &Table) -> Result<Array1<f64>> {
    Err(Error::formula("no outcome"))
}
