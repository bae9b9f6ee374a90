//! External validation: the model's predictions on rows that it has not seen, against what happened to them.

use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::missing::Ledger;
use crate::data::table::{Column, Values};
use crate::design::formula::Formula;
use crate::error::{Error, Result};
use crate::model::kept::Kept;
use crate::model::new_outcome::{self, NewOutcome};
use crate::model::predictor::NewData;
use crate::model::{Family, Model};
use crate::performance::case_mix::{CaseMix, Mix, mix, moments};
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::{Asked, LogisticPerformance, Predicted};

/// What the user says about the new data and wants to know.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluateOptions {
    /// The outcome's column, where the file names it otherwise than the model.
    pub outcome: Option<String>,
    /// The value that is the event, where the file has other words than the fit.
    pub event: Option<String>,
    /// Column of frequency weights.
    pub weights: Option<String>,
    /// More codes that mean missing.
    pub na: Vec<String>,
    /// Level of the intervals, and thresholds.
    pub asked: Asked,
}

/// The measures of one family.
#[derive(Debug, Clone, PartialEq)]
pub enum Performance {
    /// Of risks.
    Logistic(Box<LogisticPerformance>),
    /// Of means.
    Linear(LinearPerformance),
}

/// A model measured on new data. The three lists hold one number a row: they are for pictures, not for files.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// Rows read, used and dropped, and every decision.
    pub ledger: Ledger,
    /// The outcome's column in the new file.
    pub outcome_name: String,
    /// Logistic: the value that is the event there.
    pub event: Option<String>,
    /// Log odds or mean, one a row used.
    pub linear_predictor: Vec<f64>,
    /// Outcome, one a row used; logistic: 0 or 1.
    pub outcome: Vec<f64>,
    /// Frequency weights.
    pub weight: Option<Vec<f64>>,
    /// The measures.
    pub performance: Performance,
    /// What the new patients are like.
    pub case_mix: CaseMix,
}

/// Fewer events or non-events than this leave an external validation too imprecise to conclude from.
const FEW_EVENTS: f64 = 100.0;

impl Model {
    /// Measures the model, unchanged, on new data.
    ///
    /// 1. The predictors as at the fit, outcome and weights; 2. complete rows, what is dropped counted; 3. linear
    ///    predictor and outcome; 4. the measures and the case mix.
    ///
    /// Fewer than 100 events or non-events are said. Source: Collins, Ogundimu & Altman 2016, Stat Med 35:214-226.
    ///
    /// # Errors
    /// Usage, Model and Data: as [`Model::predict`] and the measures say; a level that the model never saw, with its
    /// line; an outcome that is missing, strange, or the same in all rows.
    pub fn evaluate(&self, source: &Source, options: &EvaluateOptions) -> Result<Evaluated> {
        let formula = Formula::parse(&self.formula)?;
        let new = self.new_data(source, &options.na)?; // 1
        let mut kept = Kept::of(self, &new)?;
        let outcome = new_outcome::read(self, &formula, source, options)?;
        let weights = options.weights.as_ref().map(|name| weights(source, name, options)).transpose()?;
        let (mut keep, mut missing) = complete(&mut kept, &new, &outcome, weights.as_ref()); // 2
        rename(&mut missing, formula.outcome_variable(), &outcome.name);
        let zero = weights.as_ref().map_or(Ok(0), |column| drop_zero(column, &kept, &mut keep))?;
        let mut ledger = Ledger {
            file: source.file.clone(),
            sha256: source.sha256.clone(),
            rows_read: source.n_rows,
            rows_used: keep.iter().filter(|keep| **keep).count(),
            missing,
            dropped_otherwise: match &options.weights {
                Some(name) if zero > 0 => vec![(format!("`{name}` is 0"), zero)],
                _ => Vec::new(),
            },
            notices: [&source.notices[..], &new.pieces.survey.notices, &outcome.notices].concat(),
            withheld: None,
        };
        if ledger.rows_used == 0 {
            return Err(nothing_left(&ledger));
        }
        let linear_predictor = kept.linear_predictor(&keep)?; // 3
        let (outcome_name, numbers, event) = outcome_of(&formula, outcome, &kept, &new, &keep)?;
        drop(kept);
        let weight = weights.map(|column| match column.values.filter(&keep) {
            Values::Number(w) => w,
            Values::Date(_) | Values::Category { .. } => Vec::new(), // weights are read as numbers
        });
        let predicted =
            Predicted { linear_predictor: &linear_predictor, outcome: &numbers, weight: weight.as_deref() };
        let performance = self.measure(&predicted, &options.asked)?; // 4
        self.remark(&mut ledger, &performance, options);
        let case_mix = CaseMix {
            variables: variables(&new, &keep, weight.as_deref())?,
            outcome: moments(&numbers, weight.as_deref()),
            linear_predictor: moments(&linear_predictor, weight.as_deref()),
        };
        Ok(Evaluated {
            ledger,
            outcome_name,
            event,
            linear_predictor,
            outcome: numbers,
            weight,
            performance,
            case_mix,
        })
    }

    fn measure(&self, predicted: &Predicted<'_>, asked: &Asked) -> Result<Performance> {
        Ok(match self.family {
            Family::Logistic => {
                Performance::Logistic(Box::new(LogisticPerformance::of_any_number(predicted, asked)?))
            }
            Family::Linear => Performance::Linear(LinearPerformance::of(predicted, asked)?),
        })
    }

    /// What a reader must know beside the numbers.
    fn remark(&self, ledger: &mut Ledger, performance: &Performance, options: &EvaluateOptions) {
        let notices = &mut ledger.notices;
        if let Some(name) = &options.weights {
            notices.push(format!("frequency weights from `{name}`"));
        }
        if ledger.sha256 == self.data.sha256 {
            notices.push(format!(
                "`{}` is the file that the model was fitted to: this is its apparent performance, not a validation{}",
                ledger.file,
                if self.recalibration.is_none() {
                    ", and of an unpenalised fit calibration in the large is 0 and the slope 1 by construction"
                } else {
                    ""
                }
            ));
        }
        if let Some(earlier) = self.recalibration.as_ref().filter(|r| r.sha256 == ledger.sha256) {
            notices.push(format!(
                "the model was recalibrated ({}) on this file: its calibration here holds by construction",
                earlier.kind.words()
            ));
        }
        match performance {
            Performance::Logistic(p) => {
                notices.extend(p.notes.iter().cloned());
                let fewer = p.n_events.min(p.n - p.n_events);
                if fewer < FEW_EVENTS {
                    let what = if p.n_events <= p.n - p.n_events { "events" } else { "non-events" };
                    notices.push(format!(
                        "only {fewer} {what}: with fewer than {FEW_EVENTS} an external validation is imprecise"
                    ));
                }
            }
            Performance::Linear(p) => notices.extend(p.notes.iter().cloned()),
        }
    }
}

/// Which rows have a value in the right-hand side, the outcome and the weights, and for each column with gaps how many rows lack one. A
/// column that is on the right-hand side too counts once.
fn complete(
    kept: &mut Kept,
    new: &NewData<'_>,
    outcome: &NewOutcome,
    weights: Option<&Column>,
) -> (Vec<bool>, Vec<(String, usize)>) {
    let mut keep = std::mem::take(&mut kept.complete);
    let mut missing = std::mem::take(&mut kept.missing);
    let mut counted: Vec<&str> = new.pieces.survey.columns.iter().map(|c| c.name.as_str()).collect();
    for column in outcome.columns.iter().chain(weights) {
        if counted.contains(&column.name.as_str()) {
            continue;
        }
        counted.push(&column.name);
        let mut n = 0;
        for (row, flag) in keep.iter_mut().enumerate() {
            if column.values.is_missing(row) {
                *flag = false;
                n += 1;
            }
        }
        if n > 0 {
            missing.push((column.name.clone(), n));
        }
    }
    (keep, missing)
}

/// The outcome's name, the outcome of the rows that are kept, and the event.
fn outcome_of(
    formula: &Formula,
    mut outcome: NewOutcome,
    kept: &Kept,
    new: &NewData<'_>,
    keep: &[bool],
) -> Result<(String, Vec<f64>, Option<String>)> {
    let mut columns = Vec::with_capacity(outcome.columns.len());
    for column in std::mem::take(&mut outcome.columns) {
        match new.pieces.survey.columns.iter().position(|c| c.name == column.name) {
            Some(place) => columns.extend(new.columns(&[place], keep)?), // as the right-hand side has it
            None => columns.push(Column { values: column.values.filter(keep), name: column.name }),
        }
    }
    let numbers = outcome.numbers(formula, &kept.table(keep, columns))?;
    Ok((outcome.name, numbers, outcome.event.map(|(event, _)| event)))
}

/// What the columns of the right-hand side are like: of many rows a few columns at a time are in memory.
fn variables(new: &NewData<'_>, keep: &[bool], weight: Option<&[f64]>) -> Result<Vec<(String, Mix)>> {
    const TOGETHER: usize = 512 << 20; // bytes
    let places: Vec<usize> = (0..new.pieces.survey.columns.len()).collect();
    let at_once = (TOGETHER / (size_of::<f64>() * keep.len().max(1))).max(1);
    let mut mixes = Vec::with_capacity(places.len());
    for places in places.chunks(at_once) {
        let columns = new.columns(places, keep)?;
        mixes.extend(columns.into_iter().map(|column| (column.name.clone(), mix(&column, weight))));
    }
    Ok(mixes)
}

/// Gaps of the outcome are told under the name that the new file has for it.
fn rename(missing: &mut [(String, usize)], own: &str, name: &str) {
    if let Some((told, _)) = missing.iter_mut().find(|(variable, _)| variable == own) {
        *told = name.to_string();
    }
}

fn weights(source: &Source, name: &String, options: &EvaluateOptions) -> Result<Column> {
    let choices =
        DataChoices { na: options.na.clone(), numbers: vec![name.clone()], ..DataChoices::default() };
    Ok(source.typed(std::slice::from_ref(name), &choices)?.table.columns.remove(0))
}

/// Refuses negative weights; rows of weight 0 do not count. Returns how many complete rows had one.
fn drop_zero(column: &Column, kept: &Kept, keep: &mut [bool]) -> Result<usize> {
    let Values::Number(weights) = &column.values else {
        return Err(Error::data(format!("the weights `{}` are not numbers", column.name)));
    };
    let mut zero = 0;
    for (row, w) in weights.iter().enumerate() {
        if *w < 0.0 || w.is_infinite() {
            return Err(Error::data(format!("weight `{}`, {}: {w}", column.name, kept.place(row)))
                .hint("a frequency weight counts patients: 0 or more"));
        }
        if *w == 0.0 && keep[row] {
            keep[row] = false;
            zero += 1;
        }
    }
    Ok(zero)
}

fn nothing_left(ledger: &Ledger) -> Error {
    let why = match ledger.missing.iter().max_by_key(|(_, n)| *n) {
        Some((name, n)) => format!("; `{name}` is missing in {n} of {}", ledger.rows_read),
        None => String::new(),
    };
    Error::data(format!("no row has a value in the outcome and in every variable of the model{why}"))
        .hint("complete the data, or check what means missing (`--na`)")
}
