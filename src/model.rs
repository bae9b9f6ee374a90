//! The model file: its own versioned types; save, load, predict on new data.

use crate::data::csv::Source;
use crate::error::{Error, Result};
use crate::fit::result::Fit;

/// A model as `model.json` holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {}

/// One prediction a row of the new data; `None` where a value is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Mean or probability.
    pub prediction: Vec<Option<f64>>,
    /// Interval of the mean; `None` for the whole where the model has no covariance.
    pub interval: Option<Vec<Option<(f64, f64)>>>,
    /// Linear: interval of a new observation.
    pub new_observation: Option<Vec<Option<(f64, f64)>>>,
    /// For each variable with missing values, in how many rows.
    pub missing: Vec<(String, usize)>,
}

impl Model {
    /// The model of a fit.
    pub fn from_fit(_fit: &Fit) -> Model {
        Model {}
    }

    /// As JSON text, ending in a line break.
    pub fn to_json(&self) -> String {
        String::new()
    }

    /// Reads a model file's text.
    pub fn from_json(text: &str) -> Result<Model> {
        Err(Error::model(text))
    }

    /// Predicts every row of new data.
    pub fn predict(&self, source: &Source, _conf_level: f64) -> Result<Predictions> {
        Err(Error::data(&source.file))
    }
}
