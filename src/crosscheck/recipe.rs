//! What a script has to do, in no language: files, columns, complete cases, design, standard errors.

use std::path::PathBuf;

use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::form::TextForm;
use crate::data::table::Values;
use crate::design::atom::Atom;
use crate::design::expression::Expression;
use crate::design::formula::Formula;
use crate::error::{Error, Result};
use crate::fit::spec::{Robust, Spec};
use crate::model::{Basis, Family, Model, Part, Penalty};

/// An analysis to be done again elsewhere.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The files, one below the other.
    pub files: Vec<DataFile>,
    /// Whether a comma in a number is its decimal mark.
    pub decimal_comma: bool,
    /// The columns that are needed.
    pub columns: Vec<Column>,
    /// Column of frequency weights.
    pub weights: Option<String>,
    /// Which standard errors.
    pub robust: Robust,
    /// With `.` written out.
    pub formula: Formula,
    /// The model whose numbers are expected.
    pub model: Model,
}

/// A file and how it is written.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Where it is, as the script names it.
    pub path: PathBuf,
    /// How it is written.
    pub form: TextForm,
}

/// A column and what its cells mean.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What the cells are.
    pub cells: Cells,
    /// Words that mean missing, besides the empty cell.
    pub missing: Vec<String>,
    /// Numbers that do, in whatever spelling.
    pub missing_numbers: Vec<f64>,
}

/// What the cells of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cells {
    /// Numbers.
    Number,
    /// Dates, counted in days since 1970-01-01.
    Date,
    /// One of these levels, the first is the reference.
    Levels(Vec<String>),
    /// The event or the other value: 1 or 0.
    Event {
        /// Counts as 1.
        event: String,
        /// Counts as 0.
        other: String,
    },
    /// Text that tells clusters apart.
    Text,
}

/// One factor of a column of the design, as a script works it out.
#[derive(Debug, Clone, PartialEq)]
pub enum Factor<'a> {
    /// 1 where the column has the level (its place from 1), else 0.
    Level(&'a str, &'a str, usize),
    /// A number as it is.
    Number(&'a str),
    /// An expression.
    Value(&'a Expression),
    /// Column `index` (from 1) of basis number `basis` (from 0).
    Basis {
        /// Which of [`Recipe::bases`].
        basis: usize,
        /// Its column, from 1.
        index: usize,
    },
}

/// A spline or polynomial, frozen.
#[derive(Debug, Clone, PartialEq)]
pub struct FrozenBasis<'a> {
    /// Of what.
    pub of: &'a Expression,
    /// The variable of the formula.
    pub atom: &'a Atom,
    /// Knots or recurrence.
    pub basis: &'a Basis,
}

impl Recipe {
    /// The recipe of a model, from the specification of its fit and its data; `files` are what the scripts will read.
    ///
    /// # Errors
    /// Model, when no other program gives these numbers (penalties, imputation, separation, a fit without an answer);
    /// Data and Formula, as the fit has them.
    pub fn new(model: &Model, spec: &Spec, source: &Source, files: Vec<DataFile>) -> Result<Recipe> {
        refuse(model)?;
        let formula = Formula::parse(&model.formula)?;
        let mut choices = spec.data.clone();
        choices.factors.extend(formula.factor_variables());
        let names = formula.variables();
        let table = source.typed(&names, &choices)?.table;
        let mut columns: Vec<Column> = Vec::new();
        for column in &table.columns {
            let cells = match &column.values {
                _ if model.family == Family::Logistic && column.name == model.outcome.variable => {
                    event(model)?
                }
                Values::Number(_) => Cells::Number,
                Values::Date(_) => Cells::Date,
                Values::Category { levels, .. } => {
                    Cells::Levels(model.factors.get(&column.name).unwrap_or(levels).clone())
                }
            };
            columns.push(column_of(&column.name, cells, &choices));
        }
        let alone = DataChoices { na: spec.data.na.clone(), ..DataChoices::default() };
        let cluster = match &spec.robust {
            Robust::Cluster { variable, .. } => Some(variable),
            Robust::Model | Robust::Hc(_) => None,
        };
        for (name, cells) in
            spec.weights.iter().map(|w| (w, Cells::Number)).chain(cluster.map(|c| (c, Cells::Text)))
        {
            if !columns.iter().any(|column| column.name == *name) {
                columns.push(column_of(name, cells, &alone));
            }
        }
        if let Some(name) = &spec.weights {
            check_weights(name, source, &alone)?;
        }
        let decimal_comma = files.iter().any(|file| file.form.delimiter != ',');
        Ok(Recipe {
            files,
            decimal_comma,
            columns,
            weights: spec.weights.clone(),
            robust: spec.robust.clone(),
            formula,
            model: model.clone(),
        })
    }

    /// The words that mean missing in most columns; those of a column that lists one of them as a level are fewer.
    pub fn usual_missing(&self) -> &[String] {
        self.columns
            .iter()
            .map(|column| column.missing.as_slice())
            .max_by_key(|words| words.len())
            .unwrap_or_default()
    }

    /// The splines and polynomials in the order of the formula.
    ///
    /// # Errors
    /// Model, when the file lacks the knots of one.
    pub fn bases(&self) -> Result<Vec<FrozenBasis<'_>>> {
        let atoms = self.formula.model()?.atoms.iter();
        let mut bases = Vec::new();
        for atom in atoms {
            let (Atom::Rcs(of, _) | Atom::Ns(of, _) | Atom::Poly(of, _)) = atom else { continue };
            let Some(basis) = self.model.design.bases.get(&atom.to_string()) else { continue };
            bases.push(FrozenBasis { of, atom, basis });
        }
        Ok(bases)
    }

    /// The factors of each coefficient's column; none for the intercept.
    ///
    /// # Errors
    /// Model, when a coefficient is made of what the formula does not have.
    pub fn design(&self) -> Result<Vec<Vec<Factor<'_>>>> {
        let bases = self.bases()?;
        let of_part = |part| self.factor(part, &bases);
        self.model.coefficients.iter().map(|c| c.parts.iter().map(of_part).collect()).collect()
    }

    fn factor<'a>(&'a self, part: &'a Part, bases: &[FrozenBasis<'a>]) -> Result<Factor<'a>> {
        let strange = || {
            Error::model(format!(
                "the model file has a coefficient of `{}` that its formula has not",
                part.variable
            ))
        };
        if let Some(level) = &part.level {
            let levels = self.model.factors.get(&part.variable).ok_or_else(strange)?;
            let place = levels.iter().position(|l| l == level).ok_or_else(strange)?;
            return Ok(Factor::Level(&part.variable, level, place + 1));
        }
        let Some(text) = &part.transform else { return Ok(Factor::Number(&part.variable)) };
        if let Some(basis) = bases.iter().position(|basis| basis.atom.to_string() == *text) {
            return Ok(Factor::Basis { basis, index: part.index.unwrap_or(1) });
        }
        let atoms = &self.formula.model()?.atoms;
        atoms
            .iter()
            .find_map(|atom| match atom {
                Atom::Transform(e) if atom.to_string() == *text => Some(Factor::Value(e)),
                _ => None,
            })
            .ok_or_else(strange)
    }

    /// What is added to the linear predictor.
    ///
    /// # Errors
    /// Formula.
    pub fn offsets(&self) -> Result<&[Expression]> {
        Ok(&self.formula.model()?.offsets)
    }
}

fn column_of(name: &str, cells: Cells, choices: &DataChoices) -> Column {
    let (missing, missing_numbers) = choices.missing_in(name);
    Column { name: name.to_string(), cells, missing, missing_numbers }
}

fn event(model: &Model) -> Result<Cells> {
    let value = |value: &Option<String>| {
        value.clone().ok_or_else(|| Error::model("the model file does not say which value is the event"))
    };
    Ok(Cells::Event { event: value(&model.outcome.event)?, other: value(&model.outcome.non_event)? })
}

/// Refuses what R's glm and lm, statsmodels and Stata's logit and regress cannot give.
fn refuse(model: &Model) -> Result<()> {
    match &model.penalty {
        Penalty::None => {}
        Penalty::Firth => {
            return Err(Error::model("the model has Firth's penalty, which R's glm, statsmodels and Stata's logit do not have")
                .hint("crosscheck the model without `--penalty firth`; R's packages logistf and brglm2 have the penalty"));
        }
        Penalty::ElasticNet { .. } => {
            return Err(Error::model(
                "the model is penalised (ridge, lasso or elastic net), and R's glm and lm, statsmodels and Stata do not fit it to these digits",
            )
            .hint("crosscheck the model without `--penalty`; the objective is glmnet's, see the README"));
        }
    }
    if model.coefficients.iter().any(|c| c.fmi.is_some()) {
        return Err(Error::model(
            "the model is pooled over several data sets: its numbers come from draws that no other program makes",
        )
        .hint("crosscheck the fit of the complete cases, or of one completed file"));
    }
    if model.convergence.separation.is_some() {
        return Err(Error::model("the data are separated: there is no finite estimate to agree on")
            .hint("the page says by what; R and Stata would stop somewhere on the way to infinity"));
    }
    if model.coefficients.iter().all(|c| c.estimate.is_none()) {
        return Err(Error::model(format!("the model has no estimates: {}", model.convergence.reason))
            .hint("fit it again, e.g. with `--optimizer auto`"));
    }
    Ok(())
}

/// Only whole frequency weights mean the same everywhere: so many rows.
fn check_weights(name: &str, source: &Source, choices: &DataChoices) -> Result<()> {
    let choices = DataChoices { numbers: vec![name.to_string()], ..choices.clone() };
    let table = source.typed(&[name.to_string()], &choices)?.table;
    let Some(Values::Number(weights)) = table.columns.first().map(|column| &column.values) else {
        return Ok(());
    };
    match weights.iter().find(|w| w.fract() != 0.0 && !w.is_nan()) {
        Some(w) => Err(Error::data(format!(
            "the weights `{name}` are not whole numbers (e.g. {w}): R, statsmodels and Stata each take them for something else"
        ))
        .hint("crosscheck takes whole frequency weights, which mean so many equal rows")),
        None => Ok(()),
    }
}
