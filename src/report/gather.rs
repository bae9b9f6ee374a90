//! What a page says beyond the fit itself, worked out from its rows before they go.

use crate::data::csv::Source;
use crate::effects::result::Question;
use crate::fit::analysis::Analysis;
use crate::fit::apparent::{self, Apparent};
use crate::inference::baseline::{Request, TableOne, table_one};

/// The patients by treatment, all rows of the file; where there is no such table, the ledger says why.
pub fn patients(question: &Question, analysis: &mut Analysis, source: &Source) -> Option<TableOne> {
    let by = &question.treatment;
    let mut choices = analysis.fit.spec.data.clone();
    choices.factors.extend(analysis.prepared.formula.factor_variables());
    if !choices.factors.contains(by) {
        choices.factors.push(by.clone()); // arms are levels, whatever they look like
    }
    let outcomes = analysis.prepared.formula.outcome().columns();
    let mut columns = analysis.prepared.formula.variables();
    columns.retain(|name| name != by && !outcomes.contains(&name.as_str()));
    columns.insert(0, by.clone());
    let request = Request { by: by.clone(), variables: None, suppress_below: None };
    match source.typed(&columns, &choices).and_then(|typed| table_one(&typed.table, &request)) {
        Ok(one) => Some(one),
        Err(why) => {
            analysis
                .fit
                .ledger
                .notices
                .push(format!("no table of the patients by treatment: {}", why.message));
            None
        }
    }
}

/// The performance on the fit's own rows; where it cannot be measured, the ledger says why.
pub fn measured(analysis: &mut Analysis) -> Option<Apparent> {
    match apparent::apparent(analysis) {
        Ok(found) => found,
        Err(why) => {
            analysis.fit.ledger.notices.push(format!("no apparent performance: {}", why.message));
            None
        }
    }
}
