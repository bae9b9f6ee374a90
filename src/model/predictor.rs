//! Predictions piece by piece, in memory that does not grow with the rows of the data.

use crate::data::csv::Source;
use crate::data::survey::Survey;
use crate::data::table::Table;
use crate::design::formula::Formula;
use crate::design::matrix::{Encoded, Frozen, rebuild};
use crate::error::{Error, Result};
use crate::model::pieces::Pieces;
use crate::model::predict::{check_columns, unfit};
use crate::model::{Model, Predictions};

/// New data as a model sees them, read piece by piece.
pub(super) struct NewData<'a> {
    /// The columns of the right-hand side.
    pub pieces: Pieces<'a>,
    formula: Formula,
    frozen: Frozen,
}

impl Model {
    /// New data as the model sees them: what its columns are is learnt by a pass over all rows. `na`: more codes that mean missing than
    /// at the fit.
    ///
    /// # Errors
    /// Data, when a column is missing, a cell has another type than at the fit, or a level was not seen.
    pub(super) fn new_data<'a>(&self, source: &'a Source, na: &[String]) -> Result<NewData<'a>> {
        let formula = Formula::parse(&self.formula)?;
        let needed = self.needed_columns(&formula);
        check_columns(&needed, source)?;
        let mut choices = self.choices(&needed);
        choices.na.extend(na.iter().filter(|code| !self.data.na.contains(code)).cloned());
        let survey = if needed.is_empty() {
            Survey { columns: Vec::new(), notices: Vec::new() }
        } else {
            source.survey(&needed, &choices).map_err(unfit)?
        };
        Ok(NewData { pieces: Pieces { source, survey }, formula, frozen: self.frozen() })
    }

    /// The model set to predict every row of new data piece by piece; what is said of [`Model::predict`] holds.
    ///
    /// # Errors
    /// Usage, when the level is not between 0 and 1; Data, when a column is missing, a cell has another type than at the fit, or a
    /// level was not seen. What else can be wrong with a row is told when its piece is predicted.
    pub fn predictor<'a>(&'a self, source: &'a Source, conf_level: f64) -> Result<Predictor<'a>> {
        if !(0.0 < conf_level && conf_level < 1.0) {
            return Err(Error::usage(format!("`--conf-level {conf_level}` is not between 0 and 1"))
                .hint("0.95 is usual"));
        }
        Ok(Predictor { model: self, data: self.new_data(source, &[])?, conf_level })
    }
}

impl NewData<'_> {
    /// The design of some rows; NaN where a value is missing.
    ///
    /// # Errors
    /// As [`rebuild`].
    pub fn encoded(&self, table: &Table) -> Result<Encoded> {
        rebuild(&self.formula, &self.frozen, table)
    }
}

/// A model that is set to predict the rows of a source, piece by piece.
pub struct Predictor<'a> {
    model: &'a Model,
    data: NewData<'a>,
    conf_level: f64,
}

/// What is counted over all rows that were predicted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows without a prediction.
    pub without: usize,
    /// For each variable with missing values, in how many rows.
    pub missing: Vec<(String, usize)>,
}

impl Tally {
    /// Adds what was counted over other rows.
    fn add(&mut self, more: &Tally) {
        self.without += more.without;
        for (name, rows) in &mut self.missing {
            *rows += more.missing.iter().find(|(other, _)| other == name).map_or(0, |(_, n)| *n);
        }
    }
}

impl Predictor<'_> {
    /// Predicts all pieces, several at once. `make` turns the number of a piece and its predictions into something, on any thread; `take`
    /// gets that in the order of the pieces. After an error nothing is taken any more.
    ///
    /// # Errors
    /// Model, when the fit left no coefficients; Data, when a prediction is not finite: the same whatever the pieces are;
    /// then whatever `make` and `take` say.
    pub fn each<T: Send>(
        &self,
        make: impl Fn(usize, Predictions) -> Result<T> + Sync,
        mut take: impl FnMut(T) -> Result<()>,
    ) -> Result<Tally> {
        let names = self.data.pieces.survey.columns.iter().map(|column| (column.name.clone(), 0));
        let mut tally = Tally { without: 0, missing: names.collect() };
        self.data.pieces.each(
            |index, table| {
                let predictions = self.predict(&table)?;
                Ok((predictions.tally(), make(index, predictions)?))
            },
            |(of_piece, made)| {
                tally.add(&of_piece);
                take(made)
            },
            |table| self.predict(table).map(|_| ()),
        )?;
        tally.missing.retain(|(_, rows)| *rows > 0);
        Ok(tally)
    }

    /// The predictions of all rows.
    ///
    /// # Errors
    /// As [`Predictor::each`].
    pub fn all(&self) -> Result<Predictions> {
        let mut all = Predictions::default();
        let tally = self.each(
            |_, predictions| Ok(predictions),
            |predictions| {
                all.append(predictions);
                Ok(())
            },
        )?;
        Ok(Predictions { missing: tally.missing, ..all })
    }

    /// Whether there are intervals of a new observation, as linear models with a covariance have them.
    pub fn has_new_observation(&self) -> bool {
        self.model.half_width(self.conf_level).is_some() && self.model.sigma().is_some()
    }

    /// Predicts the rows of a table.
    fn predict(&self, table: &Table) -> Result<Predictions> {
        self.model.predict_rows(&self.data.encoded(table)?, table, self.conf_level)
    }
}

impl Predictions {
    /// How many rows have no prediction, and why.
    pub fn tally(&self) -> Tally {
        let without = self.prediction.iter().filter(|prediction| prediction.is_none()).count();
        Tally { without, missing: self.missing.clone() }
    }

    /// Adds the predictions of the rows that follow, by the same model; `missing` is not added up.
    pub fn append(&mut self, more: Predictions) {
        if self.prediction.is_empty() {
            *self = more;
            return;
        }
        self.prediction.extend(more.prediction);
        for (all, more) in
            [(&mut self.interval, more.interval), (&mut self.new_observation, more.new_observation)]
        {
            if let (Some(all), Some(more)) = (all, more) {
                all.extend(more);
            }
        }
    }
}

#[cfg(test)]
#[path = "predictor_tests.rs"]
mod tests;
