//! Predictors that stand in the design as they stand in the data: to sum or to scale them nothing is copied.

use crate::design::atom::Atom;
use crate::design::formula::Formula;
use crate::design::matrix::{Frozen, VariableKind};
use crate::design::term::Term;
use crate::error::Result;
use crate::fit::large::columns::Columns;

/// Which columns of a design are columns of the data, in memory.
#[derive(Debug, Clone, Default)]
pub struct Plain {
    /// The place in the design and the name of each.
    pub columns: Vec<(usize, String)>,
    /// Variables of which the formula needs nothing else.
    only: Vec<String>,
}

impl Plain {
    /// Finds them; none where the columns lie on disk.
    ///
    /// # Errors
    /// Formula, where it has a `.` still.
    pub fn find(formula: &Formula, frozen: &Frozen, terms: &[Term], columns: &Columns) -> Result<Plain> {
        if !columns.is_in_memory() {
            return Ok(Plain::default());
        }
        let model = formula.model()?;
        let is_number = |name: &str| {
            let kind = frozen.variables.iter().find(|(known, _)| known == name).map(|(_, kind)| kind);
            matches!(kind, Some(VariableKind::Number | VariableKind::Date))
        };
        let (mut names, mut needed): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for term in &model.terms {
            match &term[..] {
                [one] if matches!(&model.atoms[*one], Atom::Column(name) if is_number(name)) => {
                    names.extend(model.atoms[*one].columns());
                }
                _ => needed.extend(term.iter().flat_map(|k| model.atoms[*k].columns())),
            }
        }
        needed.extend(model.offsets.iter().flat_map(|offset| offset.columns()));
        let place_of = |name: &str| {
            terms.iter().position(|term| {
                matches!(&term.parts[..], [part] if part.variable == name
                    && part.level.is_none() && part.transform.is_none() && part.index.is_none())
            })
        };
        let places = names.iter().filter_map(|name| Some((place_of(name)?, (*name).to_string())));
        let only = names.iter().filter(|name| !needed.contains(name)).map(|name| (*name).to_string());
        Ok(Plain { columns: places.collect(), only: only.collect() })
    }

    /// Whether the cells of a variable are needed to encode the other columns.
    pub fn is_needed_by_others(&self, name: &str) -> bool {
        !self.only.iter().any(|only| only == name)
    }

    /// Whether a column of the design is one of them.
    pub fn has(&self, column: usize) -> bool {
        self.columns.iter().any(|(place, _)| *place == column)
    }
}
