//! What the patients are like in each variable of the right-hand side, one column at a time.

use ndarray::Array1;
use rayon::prelude::*;

use crate::data::table::{Column, Values};
use crate::design::formula::Formula;
use crate::design::matrix::Frozen;
use crate::error::Result;
use crate::fit::large::columns::Columns;
use crate::performance::case_mix::{Mix, Moments, mix};
use crate::rows::Rows;
use crate::rows::shared::Question;

/// One rank's columns.
pub struct Own<'a> {
    /// The cells.
    pub columns: &'a Columns,
    /// Which of them are predictors.
    pub formula: &'a Formula,
    /// What the fit learnt of them.
    pub frozen: &'a Frozen,
    /// One a row, if there are weights.
    pub weight: Option<&'a Array1<f64>>,
}

impl Own<'_> {
    /// The columns of the predictors, without cells.
    fn kinds(&self) -> Vec<&Column> {
        let outcomes = self.formula.outcome().columns();
        let is_predictor = |name: &str| {
            !outcomes.contains(&name) || self.frozen.variables.iter().any(|(variable, _)| variable == name)
        };
        let variables = self.formula.variables();
        let kinds = self.columns.kinds().iter();
        kinds.filter(|c| variables.contains(&c.name) && is_predictor(&c.name)).collect()
    }

    /// All of them, with the levels that no row has.
    fn mixes(&self) -> Result<Vec<(String, Mix)>> {
        let weight = self.weight.and_then(|w| w.as_slice());
        let one =
            |kind: &Column| Ok((kind.name.clone(), mix(self.columns.column(&kind.name)?.as_ref(), weight)));
        if self.columns.is_in_memory() {
            return self.kinds().into_par_iter().map(one).collect();
        }
        self.kinds().into_iter().map(one).collect() // one whole column at a time
    }

    /// As numbers that can travel: n, mean and sum of squares about it of a number; of a factor the rows of each level. Nothing
    /// where the rows cannot be read.
    pub fn numbers(&self) -> Vec<f64> {
        let of = |mix: Mix| match mix {
            Mix::Number(m) if m.n > 1.0 => vec![m.n, m.mean, m.sd * m.sd * (m.n - 1.0)],
            Mix::Number(m) => vec![m.n, m.mean, 0.0],
            Mix::Levels { n, shares } => shares.iter().map(|(_, share)| share * n).collect(),
        };
        self.mixes()
            .map_or_else(|_| Vec::new(), |mixes| mixes.into_iter().flat_map(|(_, mix)| of(mix)).collect())
    }
}

/// Of all rows, of all ranks.
///
/// # Errors
/// Io, where the rows cannot be read.
pub fn of_all(own: &Own<'_>, rows: &dyn Rows) -> Result<Vec<(String, Mix)>> {
    let mut found = match rows.shared() {
        None => own.mixes()?,
        Some((shared, _)) => {
            let parts = shared.ask(&Question::Mixes, |_| own.numbers());
            let parts: Vec<&[f64]> =
                parts.iter().map(Vec::as_slice).filter(|part| !part.is_empty()).collect();
            joined(&own.kinds(), &parts)
        }
    };
    for (_, mix) in &mut found {
        if let Mix::Levels { shares, .. } = mix {
            shares.retain(|(_, share)| *share > 0.0);
        }
    }
    Ok(found)
}

/// The mixes of all ranks from their numbers, in the order of the ranks.
fn joined(kinds: &[&Column], parts: &[&[f64]]) -> Vec<(String, Mix)> {
    let mut at = 0;
    let one = |kind: &&Column| {
        let found = match &kind.values {
            Values::Category { levels, .. } => {
                let of = |k: usize| parts.iter().map(|part| part[at + k]).sum::<f64>();
                let counts: Vec<f64> = (0..levels.len()).map(of).collect();
                at += levels.len();
                let n: f64 = counts.iter().sum();
                Mix::Levels {
                    n,
                    shares: levels.iter().zip(counts).map(|(l, c)| (l.clone(), c / n)).collect(),
                }
            }
            Values::Number(_) | Values::Date(_) => {
                let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
                for part in parts {
                    // Chan, Golub & LeVeque 1983
                    let (more, other) = (part[at], part[at + 1]);
                    let (all, apart) = (n + more, other - mean);
                    squares += part[at + 2] + apart * apart * n * more / all;
                    mean += apart * more / all;
                    n = all;
                }
                at += 3;
                let sd = if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { f64::NAN };
                Mix::Number(Moments { n, mean, sd })
            }
        };
        (kind.name.clone(), found)
    };
    kinds.iter().map(one).collect()
}
