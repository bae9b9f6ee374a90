//! What the patients of a fit are like: aggregates that a later evaluation compares its own with.

use ndarray::Array1;

use crate::fit::prepare::Prepared;
use crate::performance::case_mix::{CaseMix, Mix, mix, moments};

/// Means, standard deviations and shares of the rows used: the variables of the right-hand side (offsets included; a
/// level that no row has is left out), the outcome as modelled, and the linear predictor.
pub fn of(prepared: &Prepared, linear_predictor: &Array1<f64>, outcome: &Array1<f64>) -> CaseMix {
    let weight = prepared.weight.as_ref().map(|w| w.to_vec());
    let weight = weight.as_deref();
    let outcomes = prepared.formula.outcome().columns();
    let is_predictor = |name: &str| {
        !outcomes.contains(&name) || prepared.frozen.variables.iter().any(|(variable, _)| variable == name)
    };
    let variables = prepared
        .used
        .columns
        .iter()
        .filter(|column| is_predictor(&column.name))
        .map(|column| (column.name.clone(), without_empty(mix(column, weight))))
        .collect();
    CaseMix {
        variables,
        outcome: moments(&outcome.to_vec(), weight),
        linear_predictor: moments(&linear_predictor.to_vec(), weight),
    }
}

fn without_empty(mut mix: Mix) -> Mix {
    if let Mix::Levels { shares, .. } = &mut mix {
        shares.retain(|(_, share)| *share > 0.0);
    }
    mix
}
