//! Arbitrary text as a model file: read, written, read again, and used to predict.

use std::sync::LazyLock;

use clinreg::data::csv::Source;
use clinreg::model::{EvaluateOptions, Model};
use clinreg::performance::logistic::Asked;

use crate::formula::ROWS;
use crate::tables::told;

static SOURCE: LazyLock<Source> = LazyLock::new(|| {
    Source::from_bytes("d.csv", ROWS.as_bytes().to_vec()).expect("the rows of the corpus are a table")
});

/// Reads a model; what is written reads back the same; each prediction is a number or said to be none.
pub fn target(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let model = match Model::from_json(text) {
        Ok(model) => model,
        Err(error) => return told(&error),
    };
    let again = Model::from_json(&model.to_json()).expect("a model that is written can be read");
    assert_eq!(model, again, "the model that was written is another");
    if let Err(error) = model.predict(&SOURCE, model.conf_level) {
        told(&error);
    }
    let asked = Asked { conf_level: 0.95, thresholds: vec![0.1, 0.5] };
    let options = EvaluateOptions { outcome: None, event: None, weights: None, na: Vec::new(), asked };
    if let Err(error) = model.evaluate(&SOURCE, &options) {
        told(&error);
    }
}
