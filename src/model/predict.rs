//! Predictions of a model file on new rows, with intervals.

use ndarray::{Array1, ArrayView1};

use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::table::{Column, Table};
use crate::design::formula::Formula;
use crate::design::matrix::{self, Encoded, Frozen, VariableKind};
use crate::error::{Error, Result, probably_meant};
use crate::inference::table::Reference;
use crate::model::{Basis, Family, Kind, Model};
use crate::num::special::expit;

/// One prediction a row of the new data; `None` where a value is missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// Mean or probability.
    pub prediction: Vec<Option<f64>>,
    /// Interval of the mean; `None` for the whole where the model has no covariance, for a row where rounding leaves
    /// no digit of its standard error.
    pub interval: Option<Vec<Option<(f64, f64)>>>,
    /// Linear: interval of a new observation.
    pub new_observation: Option<Vec<Option<(f64, f64)>>>,
    /// For each variable with missing values, in how many rows.
    pub missing: Vec<(String, usize)>,
}

/// Names that a message lists.
const SHOWN: usize = 12;

/// The model's numbers, matched to the columns of the new design.
struct Matched<'a> {
    /// For each estimated coefficient: its column and its value.
    columns: Vec<(usize, f64)>,
    covariance: Option<&'a [Vec<f64>]>,
}

impl Model {
    /// What a reader must know before trusting the predictions: that the fit did not converge, or is separated.
    pub fn warning(&self) -> Option<String> {
        let end = &self.convergence;
        if let Some(separation) = &end.separation {
            return Some(format!(
                "the data that this model was fitted to are separated by {}: its coefficients have no finite \
                 estimate, and probabilities near 0 and 1 are overstated",
                listed(&separation.terms)
            ));
        }
        if end.converged {
            return None;
        }
        let distance = match end.max_error_in_standard_errors {
            Some(error) => format!("; a coefficient can be {error:.2} standard errors from its optimum"),
            None => String::new(),
        };
        Some(format!(
            "this model did not converge ({}{distance}): its predictions are those of an unfinished fit",
            end.reason
        ))
    }

    /// Predicts every row of new data: mean or probability, the Wald interval worked out on the linear predictor
    /// (normal quantile for logistic, t for linear models), and for linear models the interval of a new observation,
    /// eta +- t sqrt(sigma^2 + x'Cx). A coefficient that was left out counts as 0.
    ///
    /// # Errors
    /// Usage, when the level is not between 0 and 1; Model, when the fit left no coefficients; Data, when a column
    /// is missing, a cell has another type than at the fit, a level was not seen, or a prediction is not finite.
    pub fn predict(&self, source: &Source, conf_level: f64) -> Result<Predictions> {
        self.predictor(source, conf_level)?.all()
    }

    /// The linear predictor of every row, which need not be finite; where a value is missing it means nothing.
    ///
    /// # Errors
    /// Model, when the fit left no coefficients or the design has other columns.
    pub(super) fn linear_predictor(&self, encoded: &Encoded, n_rows: usize) -> Result<Vec<f64>> {
        let matched = self.match_columns(encoded)?;
        Ok((0..n_rows).map(|row| matched.sum(encoded, row)).collect())
    }

    /// The columns of the right-hand side, offsets included. The outcome is among them only if it predicts itself.
    pub(super) fn needed_columns(&self, formula: &Formula) -> Vec<String> {
        let outcome = formula.outcome_variable();
        let mut needed: Vec<String> = formula
            .variables()
            .into_iter()
            .filter(|name| name != outcome || self.design.variables.get(name).is_some())
            .collect();
        for (name, _) in &self.design.variables.0 {
            if !needed.contains(name) {
                needed.push(name.clone());
            }
        }
        needed
    }

    /// Types as at the fit: numbers and dates by force, categories by their levels (so that `1.0` is the level `1`,
    /// a level that is called `NA` stays one, and an unseen one is told with its line). An offset is a number.
    pub(super) fn choices(&self, needed: &[String]) -> DataChoices {
        let of_kind = |wanted: Kind| {
            let kind = |name: &String| self.design.variables.get(name).copied().unwrap_or(Kind::Number);
            needed.iter().filter(|name| kind(name) == wanted).cloned().collect::<Vec<_>>()
        };
        DataChoices {
            na: self.data.na.clone(),
            levels: self.factors.0.clone(),
            numbers: of_kind(Kind::Number),
            dates: of_kind(Kind::Date),
            ..DataChoices::default()
        }
    }

    pub(super) fn frozen(&self) -> Frozen {
        let kind = |name: &str, kind: Kind| match kind {
            Kind::Number => VariableKind::Number,
            Kind::Date => VariableKind::Date,
            Kind::Category => VariableKind::Category(self.factors.get(name).cloned().unwrap_or_default()),
        };
        let basis = |basis: &Basis| match basis.clone() {
            Basis::Rcs { knots } => matrix::Basis::Rcs { knots },
            Basis::Ns { knots, boundary } => matrix::Basis::Ns { knots, boundary },
            Basis::Poly { alpha, norm2 } => matrix::Basis::Poly { alpha, norm2 },
        };
        Frozen {
            variables: self.design.variables.0.iter().map(|(n, k)| (n.clone(), kind(n, *k))).collect(),
            bases: self.design.bases.0.iter().map(|(text, b)| (text.clone(), basis(b))).collect(),
        }
    }

    pub(super) fn predict_rows(
        &self,
        encoded: &Encoded,
        table: &Table,
        conf_level: f64,
    ) -> Result<Predictions> {
        let matched = self.match_columns(encoded)?;
        let half_width = self.half_width(conf_level);
        let sigma = self.sigma();
        let mean = |eta: f64| if self.family == Family::Logistic { expit(eta) } else { eta };
        let mut prediction = Vec::with_capacity(table.n_rows);
        let (mut interval, mut new_observation) = (Vec::new(), Vec::new());
        for row in 0..table.n_rows {
            if table.columns.iter().any(|c| c.values.is_missing(row)) {
                prediction.push(None);
                interval.push(None);
                new_observation.push(None);
                continue;
            }
            let x = encoded.x.row(row);
            let eta = matched.eta(encoded, table, row)?;
            let around =
                |variance: f64| half_width.map(|h| (eta - h * variance.sqrt(), eta + h * variance.sqrt()));
            let variance = matched.variance(x);
            prediction.push(Some(mean(eta)));
            interval.push(variance.and_then(around).map(|(low, high)| (mean(low), mean(high))));
            new_observation.push(variance.zip(sigma).and_then(|(v, s)| around(v + s * s)));
        }
        let missing = count_missing(table);
        let has_interval = half_width.is_some();
        Ok(Predictions {
            prediction,
            interval: has_interval.then_some(interval),
            new_observation: (has_interval && sigma.is_some()).then_some(new_observation),
            missing,
        })
    }

    /// Matches coefficients and columns by name.
    fn match_columns(&self, encoded: &Encoded) -> Result<Matched<'_>> {
        if let Some(c) = self.coefficients.iter().find(|c| c.estimate.is_none() && c.aliased.is_none()) {
            return Err(Error::model(format!(
                "the model has no estimate of `{}`: its descent ended with `{}`",
                c.term, self.convergence.reason
            ))
            .hint("fit the model again so that it converges"));
        }
        let mut columns = Vec::new();
        for c in &self.coefficients {
            let Some(estimate) = c.estimate else { continue };
            let Some(column) = encoded.terms.iter().position(|t| t.name == c.term) else {
                return Err(Error::model(format!(
                    "the formula `{}` has no column `{}`, which the model file has a coefficient for",
                    self.formula, c.term
                ))
                .hint("the file was changed after it was written; write it anew with `clinreg fit`"));
            };
            columns.push((column, estimate));
        }
        if let Some(term) = encoded.terms.iter().find(|t| self.coefficients.iter().all(|c| c.term != t.name))
        {
            return Err(Error::model(format!(
                "the model file has no coefficient for the column `{}` of its formula `{}`",
                term.name, self.formula
            ))
            .hint("the file was changed after it was written; write it anew with `clinreg fit`"));
        }
        Ok(Matched { columns, covariance: self.covariance.as_deref() })
    }

    /// How many standard errors an interval reaches to either side; `None` where there is no covariance or nothing to compare with.
    pub(super) fn half_width(&self, conf_level: f64) -> Option<f64> {
        let reference = self.covariance.as_ref().and_then(|_| self.reference());
        reference.map(|r| r.half_width(conf_level)).filter(|h| h.is_finite())
    }

    /// Linear: the residual standard deviation.
    pub(super) fn sigma(&self) -> Option<f64> {
        self.fit.sigma.filter(|_| self.family == Family::Linear)
    }

    fn reference(&self) -> Option<Reference> {
        match self.family {
            Family::Logistic => Some(Reference::Normal),
            Family::Linear => self.fit.df_residual.filter(|df| *df > 0.0).map(Reference::T),
        }
    }
}

impl Matched<'_> {
    /// x.b + offset of a row.
    fn sum(&self, encoded: &Encoded, row: usize) -> f64 {
        let x = encoded.x.row(row);
        let sum: f64 = self.columns.iter().map(|(column, estimate)| x[*column] * estimate).sum();
        sum + encoded.offset.as_ref().map_or(0.0, |o: &Array1<f64>| o[row])
    }

    /// The same of a row without missing values, which is finite.
    fn eta(&self, encoded: &Encoded, table: &Table, row: usize) -> Result<f64> {
        let eta = self.sum(encoded, row);
        if eta.is_finite() { Ok(eta) } else { Err(not_finite(&table.place(row), eta)) }
    }

    /// x'Cx; `None` where what cancels in the sum leaves no trustworthy digit.
    fn variance(&self, x: ArrayView1<'_, f64>) -> Option<f64> {
        const TRUSTED_DIGITS: f64 = 1e-4; // relative error of the variance that an interval may have
        let covariance = self.covariance?;
        let (mut sum, mut size) = (0.0, 0.0);
        for ((i, _), row) in self.columns.iter().zip(covariance) {
            for ((j, _), c) in self.columns.iter().zip(row) {
                let part = x[*i] * c * x[*j];
                sum += part;
                size += part.abs();
            }
        }
        (sum >= 0.0 && size * f64::EPSILON <= TRUSTED_DIGITS * sum || size == 0.0).then_some(sum)
    }
}

/// The error for a linear predictor that is beyond all numbers.
pub(super) fn not_finite(place: &str, eta: f64) -> Error {
    Error::data(format!("{place}: the linear predictor is {eta}"))
        .hint("a value there is too large, or outside what a transform such as `log()` can take")
}

/// What is wrong with a cell or a column, in the words of one who wants to use a model.
pub(super) fn unfit(mut error: Error) -> Error {
    error.message = format!("these data do not fit the model: {}", error.message);
    error
}

/// For each column with missing values, in how many rows.
pub(super) fn count_missing(table: &Table) -> Vec<(String, usize)> {
    let count = |c: &Column| (0..table.n_rows).filter(|r| c.values.is_missing(*r)).count();
    table.columns.iter().map(|c| (c.name.clone(), count(c))).filter(|(_, n)| *n > 0).collect()
}

/// That new data have the columns that a model needs.
pub(super) fn check_columns(needed: &[String], source: &Source) -> Result<()> {
    let absent: Vec<String> = needed.iter().filter(|n| !source.header.contains(n)).cloned().collect();
    let Some(first) = absent.first() else { return Ok(()) };
    let what = if absent.len() == 1 { "column" } else { "columns" };
    let error =
        Error::data(format!("`{}` has no {what} {}, which the model needs", source.file, listed(&absent)));
    Err(match probably_meant(first, source.header.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("is `{first}` the column `{near}`? rename it as at the fit")),
        None => error.hint(format!("the file has the columns {}", shortened(&source.header))),
    })
}

/// `a`, `b` and `c`; of many some, and how many more there are.
fn listed(names: &[String]) -> String {
    let mut quoted: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    if names.len() > SHOWN {
        quoted.push(format!("{} more", names.len() - SHOWN));
    }
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

fn shortened(names: &[String]) -> String {
    let list = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{list}, ...") } else { list }
}
