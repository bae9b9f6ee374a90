//! Standardisation: the mean risk (or outcome) if every patient were in one arm, and how it moves with the coefficients.

use ndarray::{Array1, Array2, Axis};

use crate::data::table::Table;
use crate::design::matrix::{Encoded, rebuild};
use crate::design::scale::Scale;
use crate::effects::measure::{Effect, Measure, WaldBy};
use crate::error::Result;
use crate::fit::loss_of;
use crate::fit::prepare::Prepared;
use crate::fit::result::Fit;
use crate::inference::table::Reference;
use crate::objective::loss::Loss;

/// A fitted model as standardisation needs it, in the user's units.
pub struct Model<'a> {
    /// The fit.
    pub fit: &'a Fit,
    /// Formula, outcome and weights of its rows.
    pub prepared: &'a Prepared,
    /// Its loss, which knows the mean of the outcome at a linear predictor.
    pub loss: Loss,
    /// Which columns of the design have a coefficient.
    pub kept: Vec<usize>,
    /// Those coefficients, k.
    pub beta: Array1<f64>,
    /// Their covariance, k x k.
    pub covariance: &'a Array2<f64>,
    /// What intervals and tests are read from.
    pub wald: WaldBy,
}

/// Every row's prediction under some change of the data.
pub struct Predicted {
    /// n x k: the columns that have a coefficient.
    pub x: Array2<f64>,
    /// Risk or mean, n.
    pub mean: Vec<f64>,
    /// Its derivative in the linear predictor, n.
    pub slope: Vec<f64>,
}

/// A weighted mean of predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    /// sum_i w_i mu_i / sum_i w_i.
    pub value: f64,
    /// Its derivatives in the coefficients: sum_i w_i mu_i' x_i / sum_i w_i, k.
    pub gradient: Array1<f64>,
}

/// A mean in the making: sums over rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    total: f64,
    value: f64,
    gradient: Array1<f64>,
}

impl Sum {
    /// Of no rows, for k coefficients.
    pub fn nothing(k: usize) -> Sum {
        Sum { total: 0.0, value: 0.0, gradient: Array1::zeros(k) }
    }

    /// Adds the rows that count, in their order.
    pub fn take(
        &mut self,
        predicted: &Predicted,
        weight: impl Fn(usize) -> f64,
        counts: impl Fn(usize) -> bool,
    ) {
        for row in (0..predicted.mean.len()).filter(|row| counts(*row)) {
            let w = weight(row);
            self.total += w;
            self.value += w * predicted.mean[row];
            self.gradient.scaled_add(w * predicted.slope[row], &predicted.x.row(row));
        }
    }

    /// Adds the sums of other rows.
    pub fn join(&mut self, other: &Sum) {
        self.total += other.total;
        self.value += other.value;
        self.gradient += &other.gradient;
    }

    /// The mean; not-a-number of no rows.
    pub fn mean(&self) -> Mean {
        Mean { value: self.value / self.total, gradient: &self.gradient / self.total }
    }
}

impl<'a> Model<'a> {
    /// The model of a fit that has a covariance, and what its rows were prepared to.
    pub fn of(fit: &'a Fit, prepared: &'a Prepared, covariance: &'a Array2<f64>) -> Model<'a> {
        let estimated = fit.coefficients.iter().enumerate().filter_map(|(j, c)| Some((j, c.estimate?)));
        let (kept, beta): (Vec<usize>, Vec<f64>) = estimated.unzip();
        let loss = loss_of(fit.family);
        let reference = match loss {
            Loss::Squared => Reference::T(fit.statistics.df_residual),
            Loss::Logistic => Reference::Normal,
        };
        let wald = WaldBy::new(reference, fit.spec.conf_level);
        Model { fit, prepared, loss, kept, beta: Array1::from(beta), covariance, wald }
    }

    /// The design of a changed table, with the knots and levels of the fit.
    ///
    /// # Errors
    /// As [`rebuild`] says.
    pub fn encode(&self, table: &Table) -> Result<Encoded> {
        rebuild(&self.prepared.formula, &self.prepared.frozen, table)
    }

    /// Every row's prediction for a changed table.
    ///
    /// # Errors
    /// As [`rebuild`] says.
    pub fn predict(&self, table: &Table) -> Result<Predicted> {
        Ok(self.predict_from(self.encode(table)?))
    }

    /// Every row's prediction for a changed design.
    pub fn predict_from(&self, encoded: Encoded) -> Predicted {
        let x = if self.kept.len() == encoded.terms.len() {
            encoded.x
        } else {
            encoded.x.select(Axis(1), &self.kept)
        };
        let mut eta = x.dot(&self.beta);
        if let Some(offset) = &encoded.offset {
            eta += offset;
        }
        Predicted {
            x,
            mean: eta.iter().map(|e| self.loss.mean(*e)).collect(),
            slope: eta.iter().map(|e| self.loss.curvature(*e)).collect(),
        }
    }

    /// The frequency weight of a row.
    pub fn weight(&self, row: usize) -> f64 {
        self.prepared.weight.as_ref().map_or(1.0, |w| w[row])
    }

    /// The mean over the rows that count.
    pub fn mean(&self, predicted: &Predicted, counts: impl Fn(usize) -> bool) -> Mean {
        let mut sum = Sum::nothing(self.beta.len());
        sum.take(predicted, |row| self.weight(row), counts);
        sum.mean()
    }

    /// sqrt(g'Vg).
    pub fn std_error(&self, gradient: &Array1<f64>) -> f64 {
        gradient.dot(&self.covariance.dot(gradient)).max(0.0).sqrt()
    }

    /// A measure of two means with its delta-method interval; `None` where it is not defined.
    ///
    ///   se² = G'VG,  G = (df/da) grad a + (df/dr) grad r,  f the measure on the scale of its interval
    pub fn effect(&self, measure: Measure, arm: &Mean, reference: &Mean) -> Option<Effect> {
        let (by_arm, by_reference) = measure.slopes(arm.value, reference.value);
        let gradient = &arm.gradient * by_arm + &reference.gradient * by_reference;
        measure.effect(measure.on_scale(arm.value, reference.value), self.std_error(&gradient), &self.wald)
    }

    /// The measures that the outcome allows, each with its delta-method interval.
    pub fn effects(&self, arm: &Mean, reference: &Mean) -> Vec<(Measure, Option<Effect>)> {
        self.measures().iter().map(|m| (*m, self.effect(*m, arm, reference))).collect()
    }

    /// The measures that the outcome allows.
    pub fn measures(&self) -> &'static [Measure] {
        match self.loss {
            Loss::Logistic => &Measure::OF_RISKS,
            Loss::Squared => &[Measure::Difference],
        }
    }
}

/// Coefficients of z = (x - centre) / spread that predict what `beta` predicts from x.
pub fn on_columns_of(scale: &Scale, beta: &Array1<f64>, has_intercept: bool) -> Array1<f64> {
    let mut standardised = beta * &scale.spread;
    if has_intercept {
        standardised[0] = beta[0] + (1..beta.len()).map(|j| beta[j] * scale.centre[j]).sum::<f64>();
    }
    standardised
}
