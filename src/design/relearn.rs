//! Learning again: the knots and polynomials of a formula, from other weights of the same rows.

use ndarray::ArrayRef1;

use crate::data::table::Table;
use crate::design::atom::Atom;
use crate::design::expression::Expression;
use crate::design::formula::Formula;
use crate::design::learn::basis_of;
use crate::design::matrix::{Frozen, rebuild_columns};
use crate::design::numbers::numbers;
use crate::design::piece::basis_columns;
use crate::design::sample::Sample;
use crate::design::term::Term;
use crate::error::Result;

/// The rows of a table, sorted once by each variable from which a basis learns.
///
/// Levels stay those of all rows: a model that is fitted again to other weights has the same columns.
pub struct Relearner<'a> {
    formula: &'a Formula,
    frozen: &'a Frozen,
    ranked: Vec<Ranked<'a>>,
}

/// One basis of the formula and the values it learns from.
struct Ranked<'a> {
    atom: &'a Atom,
    /// The distinct values, ascending.
    values: Vec<f64>,
    /// For each row the place of its value among them.
    rank: Vec<u32>,
    /// Where its columns stand in the design, if they stand there alone: not where another variable multiplies them.
    alone: Option<Vec<usize>>,
}

/// The columns of one basis, cell by cell: what other weights put in their place.
pub struct Replacement<'a> {
    /// Which basis: its number among those that are learnt.
    pub basis: usize,
    /// Whether it is other than what all rows give.
    pub is_new: bool,
    /// Where the columns stand in the design.
    pub places: &'a [usize],
    /// For each row of the table the place of its value.
    pub rank: &'a [u32],
    /// One a column: its cell for each distinct value.
    pub cells: Vec<Vec<f64>>,
}

impl<'a> Relearner<'a> {
    /// Sorts the rows that `frozen` was learnt from. terms: the design's columns.
    ///
    /// # Errors
    /// Formula or Data, as [`crate::design::matrix::encode`].
    pub fn new(
        formula: &'a Formula,
        frozen: &'a Frozen,
        table: &Table,
        terms: &[Term],
    ) -> Result<Relearner<'a>> {
        let model = formula.model()?;
        let mut ranked = Vec::new();
        for (text, _) in &frozen.bases {
            let atom = model.atoms.iter().find(|atom| atom.to_string() == *text);
            let Some((atom, expression)) = atom.and_then(|atom| Some((atom, learns_from(atom)?))) else {
                continue;
            };
            let cells = numbers(formula, expression, table)?;
            let sample = Sample::of(&cells, None);
            let values = sample.values().to_vec();
            let rank = cells.iter().map(|x| values.partition_point(|v| v < x) as u32).collect();
            ranked.push(Ranked { atom, values, rank, alone: places_alone(text, terms) });
        }
        Ok(Relearner { formula, frozen, ranked })
    }

    /// Whether there is nothing to learn: the design is the same for all weights.
    pub fn is_fixed(&self) -> bool {
        self.ranked.is_empty()
    }

    /// The columns of each basis as these rows (`learnt`) give it, where that is not what all rows give or `always` says so;
    /// `None` where some such basis is multiplied with another variable.
    pub fn replacements(
        &self,
        learnt: &Frozen,
        always: &dyn Fn(usize) -> bool,
    ) -> Option<Vec<Replacement<'_>>> {
        let mut found = Vec::new();
        for (basis, ranked) in self.ranked.iter().enumerate() {
            let text = ranked.atom.to_string();
            let of = |frozen: &'a Frozen| frozen.bases.iter().find(|(name, _)| *name == text);
            let (_, new) = learnt.bases.iter().find(|(name, _)| *name == text)?;
            let is_new = of(self.frozen).is_none_or(|(_, old)| old != new);
            if !is_new && !always(basis) {
                continue;
            }
            let places = ranked.alone.as_deref()?;
            found.push(Replacement {
                basis,
                is_new,
                places,
                rank: &ranked.rank,
                cells: basis_columns(new, &ranked.values),
            });
        }
        Some(found)
    }

    /// How many bases are learnt.
    pub fn n_bases(&self) -> usize {
        self.ranked.len()
    }

    /// The columns of the design that hang on what is learnt, as the weighted rows give it: place in the design, and a value
    /// for each row of the table. None where these rows teach the same as all.
    ///
    /// # Errors
    /// As [`Relearner::learn`].
    pub fn columns(&self, weight: &ArrayRef1<f64>, table: &Table) -> Result<Vec<(usize, Vec<f64>)>> {
        let learnt = self.learn(weight)?;
        if learnt == *self.frozen {
            return Ok(Vec::new());
        }
        let texts: Vec<String> = self.ranked.iter().map(|r| r.atom.to_string()).collect();
        let wanted = |_: usize, term: &Term| {
            term.parts.iter().any(|p| p.transform.as_ref().is_some_and(|text| texts.contains(text)))
        };
        rebuild_columns(self.formula, &learnt, table, &wanted)
    }

    /// Levels as they were, knots and polynomials as the weighted rows (a weight of 3 counts as three rows) give them.
    ///
    /// weight: one a row, not negative.
    ///
    /// # Errors
    /// Formula, when these rows have too few values for the knots or the degree.
    pub fn learn(&self, weight: &ArrayRef1<f64>) -> Result<Frozen> {
        let mut frozen = self.frozen.clone();
        for Ranked { atom, values, rank, .. } in &self.ranked {
            let mut counts = vec![0.0; values.len()];
            for (place, w) in rank.iter().zip(weight) {
                counts[*place as usize] += w;
            }
            let sample = |_: &Expression| Ok(Sample::counted(values, &counts));
            let text = atom.to_string();
            let place = frozen.bases.iter_mut().find(|(name, _)| *name == text);
            if let (Some((_, place)), Some(basis)) = (place, basis_of(self.formula, atom, &sample)?) {
                *place = basis;
            }
        }
        Ok(frozen)
    }
}

/// The columns of the data from which each basis learns that has knots or a polynomial of its own.
///
/// # Errors
/// Formula, where it has a `.` still.
pub fn learnt_from(formula: &Formula) -> Result<Vec<Vec<&str>>> {
    let bases = formula.model()?.atoms.iter().filter_map(learns_from);
    Ok(bases.map(|expression| expression.columns().into_iter().collect()).collect())
}

/// The columns of a basis, if none of the design's columns multiplies it with another variable.
fn places_alone(text: &str, terms: &[Term]) -> Option<Vec<usize>> {
    let is_of = |term: &&Term| term.parts.iter().any(|part| part.transform.as_deref() == Some(text));
    if terms.iter().filter(is_of).any(|term| term.parts.len() > 1) {
        return None;
    }
    Some((0..terms.len()).filter(|j| is_of(&&terms[*j])).collect())
}

/// What a basis with places of its own learns from; knots that the formula gives are not learnt.
fn learns_from(atom: &Atom) -> Option<&Expression> {
    use crate::design::atom::Knots;
    match atom {
        Atom::Rcs(e, Knots::Count(_)) | Atom::Ns(e, _) | Atom::Poly(e, _) => Some(e),
        Atom::Rcs(_, Knots::At(_)) | Atom::Column(_) | Atom::Factor(_) | Atom::Transform(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::{Column, Values};
    use crate::design::matrix::encode;
    use ndarray::Array1;

    #[test]
    fn other_weights_teach_what_repeated_rows_would() {
        let n = 150;
        let number = |name: &str, f: &dyn Fn(usize) -> f64| Column {
            name: name.into(),
            values: Values::Number((0..n).map(f).collect()),
        };
        let columns = vec![
            number("y", &|i| i as f64),
            number("a", &|i| ((i * 37) % 101) as f64),
            number("b", &|i| ((i * i) as f64).sin()),
        ];
        let table = Table { n_rows: n, columns, ..Table::default() };
        let header = ["y", "a", "b"].map(String::from);
        let formula = Formula::parse("y ~ rcs(a, 4) + ns(b, 3) + poly(a, 2) + rcs(b, c(-0.5, 0, 0.5))")
            .and_then(|f| f.resolve(&header, &[]))
            .expect("a formula");
        let (original, frozen) = encode(&formula, &table, None).expect("a design");
        let relearner = Relearner::new(&formula, &frozen, &table, &original.terms).expect("sorted");
        assert!(!relearner.is_fixed());
        let weight = Array1::from_shape_fn(n, |i| ((i * 7) % 3) as f64);
        let learnt = relearner.learn(&weight).expect("enough values");
        let (encoded, wanted) = encode(&formula, &table, Some(&weight)).expect("a design");
        assert_eq!(learnt, wanted);
        assert_ne!(learnt, frozen);
        let columns = relearner.columns(&weight, &table).expect("a design");
        let places: Vec<usize> = columns.iter().map(|c| c.0).collect();
        assert_eq!(
            places,
            [1, 2, 3, 4, 5, 6, 7, 8],
            "all but the intercept and the spline with knots of its own"
        );
        columns.iter().for_each(|(j, values)| assert_eq!(encoded.x.column(*j).to_vec(), *values));
        let replaced = relearner.replacements(&learnt, &|_| false).expect("no interactions");
        for Replacement { places, rank, cells, .. } in replaced {
            for (j, cells) in places.iter().zip(cells) {
                let column: Vec<f64> = rank.iter().map(|place| cells[*place as usize]).collect();
                assert_eq!(encoded.x.column(*j).to_vec(), column);
            }
        }
        assert!(relearner.replacements(&frozen, &|_| false).expect("nothing is new").is_empty());
        assert_eq!(relearner.replacements(&frozen, &|k| k == 1).expect("asked for").len(), 1);
    }
}
