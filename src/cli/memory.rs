//! How much memory a fit may take, and where its rows lie then.

use std::fs;

use crate::cli::args::FitArgs;
use crate::cli::values::Validate;
use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::survey::ColumnKind;
use crate::design::atom::{Atom, Knots};
use crate::design::formula::Formula;
use crate::design::relearn::learnt_from;
use crate::effects::result::EffectInterval;
use crate::error::{Error, Result};
use crate::fit::large::{MANY_CELLS, MANY_LEVELS, Storage, needs_columns};
use crate::fit::spec::{Penalty, Spec};
use crate::optimise::verdict::grouped;
use crate::validate::resample::Scheme;
use crate::validate::swept::bytes_a_row;

/// A design of at most this many bytes is never worth a temporary file.
const LEAST: u64 = 16 << 20;
/// The memory that is taken for free where the system does not say.
const UNKNOWN: u64 = 4 << 30;
/// Below this many rows nothing is large.
const FEW_ROWS: usize = 10_000;

/// Of each row the effect of a treatment keeps the outcome, the arm, its prediction in the reference arm, what sorts these into quarters,
/// and how often a resample draws it.
const EFFECT_BYTES: u64 = 40;

/// What swept fits lack.
const LEFT_OUT: &str = "the patients' table is left out: `clinreg describe` makes it";

/// What a swept fit lacks, or has in another form than a fit of arrays.
pub fn left_out(spec: &Spec) -> String {
    match spec.penalty {
        Penalty::None => format!("a logistic model's tests of each term are Wald's, and {LEFT_OUT}"),
        Penalty::Firth | Penalty::ElasticNet { .. } => LEFT_OUT.to_string(),
    }
}

/// How the rows of a fit are to be kept.
#[derive(Debug, PartialEq)]
pub enum Plan {
    /// As arrays, for all statements.
    Arrays,
    /// Swept where they lie.
    Swept(Swept),
}

/// Where the rows of a swept fit are, in words.
#[derive(Debug, PartialEq)]
pub struct Swept {
    /// Where they are.
    pub storage: Storage,
    /// What that means for the fit: the same on every machine.
    pub meaning: String,
    /// What it costs on this one.
    pub cost: Option<String>,
}

/// Works out where the rows go.
///
/// # Errors
/// Usage, where a validation keeps more beside the rows on disk than `--memory` allows; Formula, as [`Formula::parse`].
pub fn plan(args: &FitArgs, spec: &Spec, source: &Source) -> Result<Plan> {
    let limit = args.large.memory.unwrap_or_else(|| free() / 2);
    let Some(wide) = width(spec, source)? else { return Ok(Plan::Arrays) };
    let n = source.n_rows as u64;
    let cells = n * wide.columns;
    let swept_in_memory = n * 8 * wide.in_memory();
    let as_arrays = n * 8 * (wide.variables + 3 * wide.columns + 12);
    let bulky = cells > MANY_CELLS as u64;
    let fits = swept_in_memory <= limit.max(LEAST);
    if !bulky && (as_arrays <= limit || n * 8 * wide.columns <= LEAST) {
        return Ok(Plan::Arrays);
    }
    let columns = needs_columns(spec).or(args.effect.treatment.as_ref().map(|_| "`--treatment`"));
    let columns = columns.or(scheme(args).map(|_| "`--validate`"));
    if (columns.is_some() || spec.penalty != Penalty::None) && as_arrays <= limit {
        return Ok(Plan::Arrays); // which say more
    }
    check_validation(args, spec, source, limit)?;
    let left_out = left_out(spec);
    if fits && columns.is_none() {
        let meaning = format!("{} rows are swept in memory; {left_out}", grouped(n as f64));
        return Ok(Plan::Swept(Swept { storage: Storage::Memory, meaning, cost: None }));
    }
    let folder = std::env::temp_dir();
    let meaning =
        format!("{} rows do not fit into memory and are swept on disk; {left_out}", grouped(n as f64));
    let cost = format!(
        "memory for the rows: {}, and for two of the file's columns at a time, about {}; temporary files of about {} in `{}`, which \
         go when the program ends; each sweep reads {}",
        bytes(limit),
        bytes(n * 2 * 8),
        bytes(n * 8 * (2 * wide.stored + 2)),
        folder.display(),
        bytes(n * 8 * (wide.stored + 1)),
    );
    let cost = match spec.penalty {
        Penalty::Firth => format!("{cost}; each epoch of Firth's penalty reads them twice"),
        Penalty::ElasticNet { lambda: None, .. } => format!(
            "{cost}; cross-validation fits 10 folds along 100 lambdas, some sweeps each: `--lambda X` spares them"
        ),
        _ => cost,
    };
    let is_tuned = matches!(spec.penalty, Penalty::ElasticNet { lambda: None, .. });
    let cost = match scheme(args).map(Scheme::resamples) {
        Some(resamples) if is_tuned => format!(
            "{cost}; `--validate` fits {resamples} more models, for each of which cross-validation chooses lambda anew: with `--lambda X` \
             some sweeps each would do"
        ),
        Some(resamples) => format!("{cost}; `--validate` fits {resamples} more models, some sweeps each"),
        None => cost,
    };
    let cost = match args.effect.treatment {
        Some(_) => format!(
            "{cost}; `--treatment` keeps some numbers of each row in memory, about {}",
            bytes(n * EFFECT_BYTES)
        ),
        None => cost,
    };
    let cost = match args.effect.effect_interval {
        Some(EffectInterval::Bootstrap(resamples)) => format!(
            "{cost}; `--effect-interval` fits {resamples} more models, some sweeps each, and reads the columns of the data for each: of \
             so many rows the delta method's interval is much the same"
        ),
        _ => cost,
    };
    Ok(Plan::Swept(Swept { storage: Storage::Disk(folder), meaning, cost: Some(cost) }))
}

/// Where the rows of one of several ranks go, and what that means.
///
/// # Errors
/// Formula, as [`Formula::parse`].
pub fn among(
    limit: Option<u64>,
    spec: &Spec,
    source: &Source,
    header: &[String],
) -> Result<(Storage, String)> {
    let here: u64 =
        std::env::var("OMPI_COMM_WORLD_LOCAL_SIZE").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let limit = limit.unwrap_or_else(|| free() / 2 / here.max(1));
    let formula = Formula::parse(&spec.formula)?.resolve(header, &spec.beside())?;
    let wide = width_of_first_rows(spec, source, &formula)?;
    let needed = source.n_rows as u64 * 8 * wide.in_memory();
    if needed <= limit.max(LEAST) {
        return Ok((Storage::Memory, "the rows are swept in memory".to_string()));
    }
    let folder = std::env::temp_dir();
    Ok((Storage::Disk(folder), "the rows are swept on disk".to_string()))
}

/// How wide a design is.
struct Width {
    /// Columns of the file that are needed.
    variables: u64,
    /// Columns of the design.
    columns: u64,
    /// The same with a factor of many levels as one.
    stored: u64,
}

/// An estimate: of a large table the levels of factors are counted in its first rows. `None` for few rows.
fn width(spec: &Spec, source: &Source) -> Result<Option<Width>> {
    if source.n_rows < FEW_ROWS {
        return Ok(None);
    }
    let formula = Formula::parse(&spec.formula)?.resolve(&source.header, &spec.beside())?;
    let variables = formula.variables();
    if source.n_rows.saturating_mul(variables.len()) > MANY_CELLS {
        return width_of_first_rows(spec, source, &formula).map(Some);
    }
    let survey = source.survey(&variables, &choices(spec, &formula))?;
    let levels: Vec<Option<usize>> = survey
        .columns
        .iter()
        .map(|column| match &column.kind {
            ColumnKind::Category { levels } => Some(levels.len()),
            ColumnKind::Number { .. } | ColumnKind::Date => None,
        })
        .collect();
    Width::of(&formula, &variables, &levels).map(Some)
}

/// The same of any number of rows, of which the first are looked at.
fn width_of_first_rows(spec: &Spec, source: &Source, formula: &Formula) -> Result<Width> {
    let variables = formula.variables();
    let levels = source.levels_of_first_rows(&variables, &choices(spec, formula))?;
    Width::of(formula, &variables, &levels)
}

/// How the variables of a formula are read.
fn choices(spec: &Spec, formula: &Formula) -> DataChoices {
    let mut choices = spec.data.clone();
    choices.factors.extend(formula.factor_variables());
    choices
}

impl Width {
    /// Of variables with so many levels each, those that are numbers with `None`.
    fn of(formula: &Formula, variables: &[String], levels: &[Option<usize>]) -> Result<Width> {
        let of_variable = |name: &str| levels[variables.iter().position(|variable| variable == name)?];
        let (columns, stored) = columns_of(formula, &of_variable)?;
        Ok(Width { variables: variables.len() as u64, columns, stored })
    }

    /// Numbers a row of a sweep in memory: the typed columns go as the design comes, and a sixteenth is there twice; beside it stand
    /// the outcome, the line and what the statistics need.
    fn in_memory(&self) -> u64 {
        const BESIDE: u64 = 7;
        self.variables.max(self.stored) + self.variables / 16 + BESIDE
    }
}

/// The columns of a design, and how many of them are stored where factors of many levels travel as codes. `levels` gives the number of
/// levels of a column that is text.
fn columns_of(formula: &Formula, levels: &dyn Fn(&str) -> Option<usize>) -> Result<(u64, u64)> {
    let model = formula.model()?;
    let of_factor = |name: &str| levels(name).map(|n| n.saturating_sub(1).max(1));
    let of = |atom: &Atom| match atom {
        Atom::Column(name) | Atom::Factor(name) => of_factor(name).unwrap_or(1),
        Atom::Transform(_) => 1,
        Atom::Rcs(_, Knots::Count(knots)) => knots.saturating_sub(1).max(1),
        Atom::Rcs(_, Knots::At(knots)) => knots.len().saturating_sub(1).max(1),
        Atom::Ns(_, Knots::Count(df)) => *df,
        Atom::Ns(_, Knots::At(knots)) => knots.len() + 1,
        Atom::Poly(_, degree) => *degree,
    };
    let mut sums = (u64::from(model.intercept), u64::from(model.intercept));
    for term in &model.terms {
        let product = term.iter().map(|k| of(&model.atoms[*k]) as u64).fold(1, u64::saturating_mul);
        let is_coded = match &term[..] {
            [only] => match &model.atoms[*only] {
                Atom::Column(name) | Atom::Factor(name) => levels(name).is_some_and(|n| n >= MANY_LEVELS),
                _ => false,
            },
            _ => false,
        };
        sums.0 = sums.0.saturating_add(product);
        sums.1 = sums.1.saturating_add(if is_coded { 1 } else { product });
    }
    Ok(sums)
}

/// How the model is to be validated, if that was asked for.
fn scheme(args: &FitArgs) -> Option<Scheme> {
    match args.validation.validate {
        Some(Validate::By(scheme)) => Some(scheme),
        Some(Validate::No) | None => None,
    }
}

/// Refuses a validation of swept rows that has more numbers beside them than `--memory` allows.
fn check_validation(args: &FitArgs, spec: &Spec, source: &Source, limit: u64) -> Result<()> {
    let Some(scheme) = scheme(args).filter(|_| args.large.memory.is_some()) else { return Ok(()) };
    let formula = Formula::parse(&spec.formula)?.resolve(&source.header, &spec.beside())?;
    let n_bases = learnt_from(&formula)?.len();
    let needed = source.n_rows as u64 * bytes_a_row(scheme, spec, n_bases, source.n_rows);
    if needed <= limit {
        return Ok(());
    }
    Err(Error::usage(format!(
        "`--validate` keeps some numbers of each row in memory, the rows themselves on disk: about {}, and `--memory` allows {}",
        bytes(needed),
        bytes(limit)
    ))
    .hint("leave out `--validate`, or allow more memory"))
}

/// Bytes of memory that are free; what the system says is available, or a guess.
fn free() -> u64 {
    let available = |text: String| {
        let line = text.lines().find(|line| line.starts_with("MemAvailable:")).map(str::to_string)?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
    };
    fs::read_to_string("/proc/meminfo").ok().and_then(available).unwrap_or(UNKNOWN)
}

/// `1.7 GB`, `300 MB`.
fn bytes(n: u64) -> String {
    match n {
        1_000_000_000.. => format!("{:.1} GB", n as f64 / 1e9),
        1_000_000.. => format!("{} MB", n / 1_000_000),
        _ => format!("{} kB", n.div_ceil(1000)),
    }
}

/// Reads `300MB`, `2GB`, `1.5G`, `800000000`.
///
/// # Errors
/// In words, what a size looks like.
pub fn size(text: &str) -> std::result::Result<u64, String> {
    let lower = text.trim().to_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = match lower[digits.len()..].trim() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => f64::from(1 << 20),
        "gib" => f64::from(1 << 30),
        _ => return Err("a size of memory, e.g. 300MB or 2GB".to_string()),
    };
    match digits.parse::<f64>() {
        Ok(number) if number > 0.0 && number * unit >= 1.0 && number.is_finite() => {
            Ok((number * unit) as u64)
        }
        _ => Err("a size of memory above 0, e.g. 300MB or 2GB".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_design_is_as_wide_as_its_terms() {
        let header: Vec<String> = ["y", "a", "b", "sex", "site"].map(str::to_string).to_vec();
        let levels = |name: &str| match name {
            "sex" => Some(2),
            "site" => Some(500),
            _ => None,
        };
        let table = [
            ("y ~ .", (1 + 2 + 1 + 499, 1 + 2 + 1 + 1)),
            ("y ~ a + b - 1", (2, 2)),
            ("y ~ rcs(a, 5) * sex", (1 + 4 + 1 + 4, 10)),
            ("y ~ ns(a, 3) + poly(b, 2) + rcs(b, c(1, 2, 3))", (1 + 3 + 2 + 2, 8)),
            ("y ~ a:site + log(b)", (1 + 499 + 1, 501)),
        ];
        for (text, wanted) in table {
            let formula = Formula::parse(text).and_then(|f| f.resolve(&header, &[])).expect("a formula");
            assert_eq!(columns_of(&formula, &levels), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn sizes_have_units_and_nonsense_is_refused() {
        let table = [
            ("300MB", 300_000_000),
            ("2gb", 2_000_000_000),
            ("1.5G", 1_500_000_000),
            ("64 MiB", 64 << 20),
            ("7", 7),
        ];
        for (text, wanted) in table {
            assert_eq!(size(text), Ok(wanted), "{text}");
        }
        for text in ["", "MB", "-3MB", "0", "3 apples", "1e999GB", "NaN"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(
            (bytes(1_700_000_000), bytes(300_000_000), bytes(12)),
            ("1.7 GB".into(), "300 MB".into(), "1 kB".into())
        );
    }
}
