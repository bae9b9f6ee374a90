//! Recalibration: the model's intercept, or intercept and slope, brought in line with new data.

use serde::{Deserialize, Serialize};

use crate::design::formula::Formula;
use crate::error::{Error, Result};
use crate::model::case_mix::Moments;
use crate::model::{Evaluated, Model, Performance, Statistics};

/// What is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recalibrate {
    /// The intercept alone: lp becomes a + lp.
    Intercept,
    /// Intercept and overall slope: lp becomes a + b lp.
    Slope,
}

impl Recalibrate {
    /// `intercept only`, `intercept and slope`.
    pub fn words(self) -> &'static str {
        match self {
            Recalibrate::Intercept => "intercept only",
            Recalibrate::Slope => "intercept and slope",
        }
    }
}

/// How a model was recalibrated: its linear predictor is intercept + slope times that of the model before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recalibration {
    /// What was updated.
    pub kind: Recalibrate,
    /// The data it was brought in line with, without the folder.
    pub file: String,
    /// SHA-256 of those, hexadecimal.
    pub sha256: String,
    /// Rows of those (sum of weights).
    pub n: f64,
    /// a.
    pub intercept: f64,
    /// b; 1 where the intercept alone was updated.
    pub slope: f64,
}

impl Model {
    /// The model whose calibration in the large (and slope) is perfect on the data of an evaluation.
    ///
    ///   b_0 <- a + b b_0,  b_j <- b b_j;  a the calibration intercept and b = 1, or both by regression on lp
    ///
    /// Standard errors, covariance and fit statistics are left out: those of the fit no longer hold. The ledger says how
    /// the model came about. Source: Steyerberg 2019, Clinical Prediction Models, s. 20.2 (updating methods 1 and 2).
    ///
    /// # Errors
    /// Data, when the regression has no estimate; Model, when the model has no intercept, or an offset that a slope
    /// would have to multiply.
    pub fn recalibrated(&self, on: &Evaluated, kind: Recalibrate) -> Result<Model> {
        let (a, b) = coefficients(on, kind)?;
        let place = self.coefficients.iter().position(|c| c.parts.is_empty() && c.estimate.is_some());
        let Some(place) = place else {
            return Err(Error::model("the model has no intercept, so there is none to recalibrate")
                .hint("fit a model with an intercept, or leave `--recalibrate` out"));
        };
        if kind == Recalibrate::Slope && !Formula::parse(&self.formula)?.model()?.offsets.is_empty() {
            return Err(Error::model(format!(
                "the model `{}` has an offset, which a calibration slope cannot multiply",
                self.formula
            ))
            .hint("`--recalibrate intercept` is possible"));
        }
        let mut model = self.clone();
        for c in &mut model.coefficients {
            c.estimate = c.estimate.map(|estimate| b * estimate);
            (c.std_error, c.statistic, c.p_value) = (None, None, None);
            (c.conf_low, c.conf_high) = (None, None);
        }
        model.coefficients[place].estimate = model.coefficients[place].estimate.map(|b_0| a + b_0);
        model.standard_errors = "none (recalibrated)".to_string();
        model.covariance = None;
        model.fit = Statistics { df_model: self.fit.df_model, ..Statistics::default() };
        if let Some(mix) = &mut model.case_mix {
            let lp = mix.linear_predictor;
            mix.linear_predictor =
                Moments { n: lp.n, mean: lp.mean.map(|m| a + b * m), sd: lp.sd.map(|s| b.abs() * s) };
        }
        model.data.notices.push(notice(self, on, kind, (a, b)));
        model.recalibration = Some(Recalibration {
            kind,
            file: on.ledger.file.clone(),
            sha256: on.ledger.sha256.clone(),
            n: on.case_mix.outcome.n,
            intercept: a,
            slope: b,
        });
        Ok(model)
    }
}

/// a and b of lp <- a + b lp.
fn coefficients(on: &Evaluated, kind: Recalibrate) -> Result<(f64, f64)> {
    let (large, line, notes) = match &on.performance {
        Performance::Logistic(p) => (p.calibration_intercept, p.calibration_line, &p.notes),
        Performance::Linear(p) => (p.calibration_intercept, p.calibration_line, &p.notes),
    };
    let found = match kind {
        Recalibrate::Intercept => large.map(|a| (a.value, 1.0)),
        Recalibrate::Slope => line.map(|l| (l.intercept.value, l.slope.value)),
    };
    found.ok_or_else(|| {
        Error::data(format!(
            "the model cannot be recalibrated ({}) on `{}`: {}",
            kind.words(),
            on.ledger.file,
            notes.join("; ")
        ))
        .hint("more data are needed, or leave `--recalibrate` out")
    })
}

fn notice(model: &Model, on: &Evaluated, kind: Recalibrate, (a, b): (f64, f64)) -> String {
    let times = if kind == Recalibrate::Slope { format!("{b} times ") } else { String::new() };
    let events = match &on.performance {
        Performance::Logistic(p) => format!(", {} events", p.n_events),
        Performance::Linear(_) => String::new(),
    };
    format!(
        "recalibrated ({}) on `{}` ({} rows{events}): the linear predictor is {a} + {times}that of the model fitted to \
         `{}`; standard errors and fit statistics are left out, for those of the fit no longer hold",
        kind.words(),
        on.ledger.file,
        on.ledger.rows_used,
        model.data.file
    )
}
