//! What the page asks to be trained, checked before anything long begins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::missing::complete_rows;
use crate::design::formula::Formula;
use crate::design::matrix::count_columns;
use crate::effects::arms;
use crate::effects::result::{EffectInterval, Question};
use crate::error::{Error, Result};
use crate::fit::spec::{Family, LearningRate, MethodName, Penalty, Schedule, Spec, Start};

/// Columns and cells of a design that one page may ask for.
const MOST_COLUMNS: usize = 1_000;
const MOST_CELLS: usize = 60_000_000;
/// Characters of a formula.
const LONGEST_FORMULA: usize = 4_000;
/// Passes over the data.
const MOST_EPOCHS: usize = 1_000_000;

/// One training as the page asks for it; all but data and formula may be left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The id of a data set.
    pub data: String,
    /// The formula.
    pub formula: String,
    /// `auto`, `gradient-descent`, `momentum`, `nesterov`, `adam`.
    #[serde(default)]
    pub method: Option<String>,
    /// A number, `auto` or `line-search`.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// Rows a mini-batch.
    #[serde(default)]
    pub batch: Option<usize>,
    /// The gradient norm at which to stop.
    #[serde(default)]
    pub tolerance: Option<f64>,
    /// Passes over the data.
    #[serde(default)]
    pub max_epochs: Option<usize>,
    /// `constant`, `inverse-time`, `cosine`.
    #[serde(default)]
    pub schedule: Option<String>,
    /// `standardised` or `raw`.
    #[serde(default)]
    pub scale: Option<String>,
    /// `zero` or `random`.
    #[serde(default)]
    pub start: Option<String>,
    /// The seed of everything random.
    #[serde(default)]
    pub seed: u64,
    /// `auto`, `linear`, `logistic`.
    #[serde(default)]
    pub family: Option<String>,
    /// The outcome's level that is the event.
    #[serde(default)]
    pub event: Option<String>,
    /// The column whose effect is asked for.
    #[serde(default)]
    pub treatment: Option<String>,
    /// Numeric columns to be treated as categorical.
    #[serde(default)]
    pub factor: Vec<String>,
    /// Reference levels by column.
    #[serde(default)]
    pub reference: BTreeMap<String, String>,
    /// `complete-case` or `fail`.
    #[serde(default)]
    pub missing: Option<String>,
    /// Column of frequency weights.
    #[serde(default)]
    pub weights: Option<String>,
    /// `none`, `firth`, `ridge`, `lasso`.
    #[serde(default)]
    pub penalty: Option<String>,
    /// The penalty's strength.
    #[serde(default)]
    pub lambda: Option<f64>,
    /// Not faster than this; `None`: as fast as it goes.
    #[serde(default)]
    pub updates_per_second: Option<f64>,
    /// Whether it waits at its start.
    #[serde(default)]
    pub paused: bool,
}

/// A learning rate as JSON has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Rate {
    /// The rate.
    Number(f64),
    /// `auto` or `line-search`.
    Word(String),
}

/// A number that a learning rate or a tolerance can be.
///
/// # Errors
/// Usage, unless it is finite and above 0.
pub fn positive(what: &str, x: f64) -> Result<f64> {
    if x.is_finite() && x > 0.0 {
        return Ok(x);
    }
    Err(Error::usage(format!("the {what} must be a number above 0")))
}

/// The one of some words that is meant; the first where none is given.
fn one_of<T: Copy>(what: &str, given: Option<&str>, known: &[(&str, T)]) -> Result<T> {
    let wanted = given.unwrap_or(known[0].0);
    known.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        Error::usage(format!("there is no such {what}")).hint(format!("one of {}", names.join(", ")))
    })
}

impl Wish {
    /// The specification that this asks for.
    ///
    /// # Errors
    /// Usage: a word that is not known, a number out of its range, choices that contradict each other.
    pub fn spec(&self) -> Result<Spec> {
        if self.formula.chars().count() > LONGEST_FORMULA {
            return Err(Error::usage(format!("a formula has at most {LONGEST_FORMULA} characters")));
        }
        let mut spec = Spec::new(&self.formula);
        spec.seed = self.seed;
        self.read(&mut spec)?;
        self.descend(&mut spec)?;
        spec.penalty = self.penalty()?;
        spec.check_descent()?;
        Ok(spec)
    }

    fn read(&self, spec: &mut Spec) -> Result<()> {
        spec.family = one_of(
            "family",
            self.family.as_deref(),
            &[("auto", None), ("linear", Some(Family::Linear)), ("logistic", Some(Family::Logistic))],
        )?;
        if spec.family == Some(Family::Linear) && self.event.is_some() {
            return Err(Error::usage("an event goes with a logistic model, not with a linear one"));
        }
        spec.event.clone_from(&self.event);
        spec.weights.clone_from(&self.weights);
        spec.fail_on_missing = one_of(
            "way with missing values",
            self.missing.as_deref(),
            &[("complete-case", false), ("fail", true)],
        )?;
        spec.data = DataChoices {
            factors: self.factor.clone(),
            references: self.reference.iter().map(|(name, level)| (name.clone(), level.clone())).collect(),
            ..DataChoices::default()
        };
        Ok(())
    }

    fn descend(&self, spec: &mut Spec) -> Result<()> {
        spec.method = one_of(
            "optimiser",
            self.method.as_deref(),
            &[
                ("auto", MethodName::Auto),
                ("gradient-descent", MethodName::GradientDescent),
                ("momentum", MethodName::Momentum),
                ("nesterov", MethodName::Nesterov),
                ("adam", MethodName::Adam),
            ],
        )?;
        spec.learning_rate = match &self.rate {
            Some(Rate::Number(rate)) => LearningRate::Fixed(positive("learning rate", *rate)?),
            Some(Rate::Word(word)) => one_of(
                "learning rate",
                Some(word),
                &[("auto", LearningRate::Auto), ("line-search", LearningRate::LineSearch)],
            )?,
            None => LearningRate::Auto,
        };
        if let Some(word) = &self.schedule {
            spec.schedule = Some(one_of(
                "schedule",
                Some(word),
                &[
                    ("constant", Schedule::Constant),
                    ("inverse-time", Schedule::InverseTime),
                    ("cosine", Schedule::Cosine),
                ],
            )?);
        }
        if self.batch == Some(0) {
            return Err(Error::usage("a mini-batch has at least 1 row"));
        }
        spec.batch_size = self.batch;
        spec.tolerance = self.tolerance.map(|x| positive("tolerance", x)).transpose()?;
        if self.max_epochs.is_some_and(|n| n == 0 || n > MOST_EPOCHS) {
            return Err(Error::usage(format!("the epochs are from 1 to {MOST_EPOCHS}")));
        }
        spec.max_epochs = self.max_epochs;
        spec.start =
            one_of("start", self.start.as_deref(), &[("zero", Start::Zero), ("random", Start::Random)])?;
        spec.raw_scale = one_of("scale", self.scale.as_deref(), &[("standardised", false), ("raw", true)])?;
        Ok(())
    }

    fn penalty(&self) -> Result<Penalty> {
        let alpha = one_of(
            "penalty",
            self.penalty.as_deref(),
            &[("none", None), ("firth", None), ("ridge", Some(0.0)), ("lasso", Some(1.0))],
        )?;
        match (alpha, self.lambda) {
            (Some(alpha), Some(lambda)) if lambda >= 0.0 && lambda.is_finite() => {
                Ok(Penalty::ElasticNet { lambda: Some(lambda), alpha })
            }
            (Some(_), _) => Err(Error::usage("the penalty's strength must be a number from 0 up")),
            (None, Some(_)) => {
                Err(Error::usage("a strength needs a penalty that it can set: ridge or lasso"))
            }
            (None, None) if self.penalty.as_deref() == Some("firth") => Ok(Penalty::Firth),
            (None, None) => Ok(Penalty::None),
        }
    }

    /// What is asked about the treatment, if anything is; the formula is held against the file's columns first.
    ///
    /// # Errors
    /// Formula, when it cannot be read or names a column that is not there; usage with ridge and lasso; Formula or
    /// Data when the formula does not have the treatment.
    pub fn question(&self, spec: &Spec, source: &Source) -> Result<Option<Question>> {
        let formula = Formula::parse(&spec.formula)?.resolve(&source.header, &spec.beside())?;
        let Some(treatment) = &self.treatment else { return Ok(None) };
        if matches!(spec.penalty, Penalty::ElasticNet { .. }) {
            return Err(Error::usage("the effect of a treatment does not go with ridge or lasso")
                .hint("a shrunken effect is biased and has no interval: use no penalty, or firth"));
        }
        arms::check(treatment, &formula, &source.header)?;
        Ok(Some(Question { treatment: treatment.clone(), interval: EffectInterval::Delta, event_is: None }))
    }

    /// The words of the `clinreg fit` that does the same; `file`: the name of the data.
    pub fn command(&self, file: &str) -> Vec<String> {
        let mut words = vec!["fit".to_string(), file.to_string(), self.formula.clone()];
        let mut option = |name: &str, value: Option<String>| {
            words.extend(value.into_iter().flat_map(|value| [format!("--{name}"), value]));
        };
        option("family", self.family.clone());
        option("event", self.event.clone());
        self.factor.iter().for_each(|name| option("factor", Some(field(name))));
        self.reference
            .iter()
            .for_each(|(name, level)| option("reference", Some(format!("{name}={}", field(level)))));
        option("missing", self.missing.clone());
        option("weights", self.weights.clone());
        option("optimizer", self.method.clone());
        option("batch-size", self.batch.map(|n| n.to_string()));
        option(
            "learning-rate",
            self.rate.as_ref().map(|rate| match rate {
                Rate::Number(x) => x.to_string(),
                Rate::Word(word) => word.clone(),
            }),
        );
        option("schedule", self.schedule.clone());
        option("max-epochs", self.max_epochs.map(|n| n.to_string()));
        option("tolerance", self.tolerance.map(|x| x.to_string()));
        option("start", self.start.clone());
        option("penalty", self.penalty.clone());
        option("lambda", self.lambda.map(|x| x.to_string()));
        option("treatment", self.treatment.clone());
        option("seed", (self.seed != 0).then(|| self.seed.to_string()));
        if self.scale.as_deref() == Some("raw") {
            words.push("--raw-scale".to_string());
        }
        words
    }
}

/// A field of a CSV record, in quotation marks where it needs them.
fn field(text: &str) -> String {
    if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}

/// Refuses, before it is made, a design that is too large for a page.
///
/// # Errors
/// Formula or Data, as a fit would; Data, when the design has too many columns or cells.
pub fn check_size(spec: &Spec, source: &Source) -> Result<()> {
    let formula = Formula::parse(&spec.formula)?.resolve(&source.header, &spec.beside())?;
    let mut choices = spec.data.clone();
    choices.factors.extend(formula.factor_variables());
    let table = source.typed(&formula.variables(), &choices)?.table;
    let (keep, _) = complete_rows(&table);
    let used = table.filter(&keep);
    if used.n_rows == 0 {
        return Ok(()); // the fit says why, in better words
    }
    let columns = count_columns(&formula, &used)?;
    if columns > MOST_COLUMNS || columns.saturating_mul(used.n_rows) > MOST_CELLS {
        return Err(Error::data(format!(
            "{columns} columns of {} rows are too many for this page",
            used.n_rows
        ))
        .hint("join rare levels or leave terms out; `clinreg fit` has no such limit"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(json: &str) -> Wish {
        serde_json::from_str(json).expect("a wish")
    }

    #[test]
    fn a_wish_becomes_the_specification_of_the_same_options() {
        let wish = wish(
            r#"{"data": "d1", "formula": "y ~ x", "method": "momentum", "rate": 0.5, "batch": 16, "scale": "raw",
                "reference": {"arm": "control"}, "tolerance": 1e-4, "seed": 3}"#,
        );
        let spec = wish.spec().expect("it can be");
        assert_eq!(spec.method, MethodName::Momentum);
        assert_eq!(spec.learning_rate, LearningRate::Fixed(0.5));
        assert_eq!((spec.batch_size, spec.raw_scale, spec.tolerance), (Some(16), true, Some(1e-4)));
        assert_eq!(
            wish.command("x.csv").join(" "),
            "fit x.csv y ~ x --reference arm=control --optimizer momentum --batch-size 16 --learning-rate 0.5 \
             --tolerance 0.0001 --seed 3 --raw-scale"
        );
    }

    #[test]
    fn what_contradicts_itself_or_is_out_of_range_is_refused() {
        for json in [
            r#"{"data": "d1", "formula": "y ~ x", "rate": 0}"#,
            r#"{"data": "d1", "formula": "y ~ x", "rate": "quick"}"#,
            r#"{"data": "d1", "formula": "y ~ x", "rate": 0.1}"#,
            r#"{"data": "d1", "formula": "y ~ x", "method": "adam", "rate": "line-search"}"#,
            r#"{"data": "d1", "formula": "y ~ x", "method": "adam", "batch": 0}"#,
            r#"{"data": "d1", "formula": "y ~ x", "max_epochs": 0}"#,
            r#"{"data": "d1", "formula": "y ~ x", "max_epochs": 10000001}"#,
            r#"{"data": "d1", "formula": "y ~ x", "penalty": "ridge"}"#,
            r#"{"data": "d1", "formula": "y ~ x", "lambda": 1}"#,
            r#"{"data": "d1", "formula": "y ~ x", "family": "linear", "event": "yes"}"#,
        ] {
            assert!(wish(json).spec().is_err(), "{json}");
        }
    }

    #[test]
    fn a_design_of_too_many_cells_is_refused_before_it_is_made() {
        let mut csv = "y,a,b\n".to_string();
        for row in 0..2000 {
            csv.push_str(&format!("{row},a{},b{}\n", row % 40, row / 50));
        }
        let source = Source::from_bytes("x.csv", csv.into_bytes()).expect("a CSV");
        assert!(check_size(&Spec::new("y ~ a + b"), &source).is_ok());
        let refused = check_size(&Spec::new("y ~ a * b"), &source).expect_err("1,600 columns");
        assert!(refused.message.contains("1600 columns"), "{}", refused.message);
    }
}
