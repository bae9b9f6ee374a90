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

/// What one rank's patients are like.
pub struct Mixes {
    /// The columns of the predictors, without cells.
    kinds: Vec<Column>,
    /// Each variable with its mix, levels that no row has among them.
    own: Vec<(String, Mix)>,
}

impl Mixes {
    /// Of the predictors of a formula; weight: one a row, if there are weights.
    ///
    /// # Errors
    /// Io, where the columns cannot be read.
    pub fn of(
        columns: &Columns,
        formula: &Formula,
        frozen: &Frozen,
        weight: Option<&Array1<f64>>,
    ) -> Result<Mixes> {
        let outcomes = formula.outcome().columns();
        let is_predictor = |name: &str| {
            !outcomes.contains(&name) || frozen.variables.iter().any(|(variable, _)| variable == name)
        };
        let variables = formula.variables();
        let kinds = columns.kinds().iter();
        let kinds: Vec<Column> =
            kinds.filter(|c| variables.contains(&c.name) && is_predictor(&c.name)).cloned().collect();
        let weight = weight.and_then(|w| w.as_slice());
        let one = |kind: &Column| Ok((kind.name.clone(), mix(columns.column(&kind.name)?.as_ref(), weight)));
        let own: Result<Vec<(String, Mix)>> = if columns.is_in_memory() {
            kinds.par_iter().map(one).collect()
        } else {
            kinds.iter().map(one).collect() // one whole column at a time
        };
        Ok(Mixes { kinds, own: own? })
    }

    /// As numbers that can travel: n, mean and sum of squares about it of a number; of a factor the rows of each level.
    pub fn numbers(&self) -> Vec<f64> {
        let of = |mix: &Mix| match mix {
            Mix::Number(m) if m.n > 1.0 => vec![m.n, m.mean, m.sd * m.sd * (m.n - 1.0)],
            Mix::Number(m) => vec![m.n, m.mean, 0.0],
            Mix::Levels { n, shares } => shares.iter().map(|(_, share)| share * n).collect(),
        };
        self.own.iter().flat_map(|(_, mix)| of(mix)).collect()
    }

    /// Of all rows, of all ranks.
    pub fn of_all(&self, rows: &dyn Rows) -> Vec<(String, Mix)> {
        let mut found = match rows.shared() {
            None => self.own.clone(),
            Some((shared, _)) => {
                let parts = shared.ask(&Question::Mixes, |_| self.numbers());
                let parts: Vec<&[f64]> =
                    parts.iter().map(Vec::as_slice).filter(|part| !part.is_empty()).collect();
                joined(&self.kinds, &parts)
            }
        };
        for (_, mix) in &mut found {
            if let Mix::Levels { shares, .. } = mix {
                shares.retain(|(_, share)| *share > 0.0);
            }
        }
        found
    }
}

/// The mixes of all ranks from their numbers, in the order of the ranks.
fn joined(kinds: &[Column], parts: &[&[f64]]) -> Vec<(String, Mix)> {
    let mut at = 0;
    let one = |kind: &Column| {
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
