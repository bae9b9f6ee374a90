//! Whether another program's numbers are the model's, to 1e-6.

use crate::error::{Error, Result};
use crate::model::{Family, Model};

/// How far a number may be from the model's: an estimate in units of itself or of its standard error, whichever is
/// larger; a standard error and the log-likelihood in units of themselves (the log-likelihood at least of 1).
pub const TOLERANCE: f64 = 1e-6;

/// What another program found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Estimate and standard error of each coefficient, in the model's order; NaN where there is none.
    pub coefficients: Vec<(f64, f64)>,
    /// The log-likelihood.
    pub log_likelihood: f64,
    /// Rows used.
    pub rows_used: f64,
}

/// One number of the model against the other program's.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// `age: estimate`, `log-likelihood`.
    pub what: String,
    /// The model's; `None` for a coefficient that was left out.
    pub model: Option<f64>,
    /// The other's; `None` where it has none.
    pub other: Option<f64>,
    /// Their distance in the units of [`TOLERANCE`]; `None` where only one of them has a number.
    pub distance: Option<f64>,
}

impl Compared {
    /// Whether the two are the same to [`TOLERANCE`]; two that are both absent are.
    pub fn agrees(&self) -> bool {
        match self.distance {
            Some(distance) => distance <= TOLERANCE,
            None => self.model.is_none() && self.other.is_none(),
        }
    }
}

/// Reads what a script wrote: `quantity,estimate,std_error`, the quantity a coefficient's place from 1,
/// `log_likelihood` or `rows_used`.
///
/// # Errors
/// Data, when a line is not what it should be or a number is not there.
pub fn read(text: &str, n_coefficients: usize) -> Result<Found> {
    let broken = |what: String| Error::data(format!("the script's results cannot be read: {what}"));
    let mut found = Found {
        coefficients: vec![(f64::NAN, f64::NAN); n_coefficients],
        log_likelihood: f64::NAN,
        rows_used: f64::NAN,
    };
    let mut seen = 0;
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split(',').map(|field| field.trim().trim_matches('"')).collect();
        let &[what, estimate, error] = fields.as_slice() else { return Err(broken(format!("`{line}`"))) };
        let value = number(estimate);
        seen += 1;
        match what {
            "log_likelihood" => found.log_likelihood = value,
            "rows_used" => found.rows_used = value,
            place => match place.parse::<usize>() {
                Ok(k) if (1..=n_coefficients).contains(&k) => {
                    found.coefficients[k - 1] = (value, number(error));
                }
                _ => return Err(broken(format!("`{line}`"))),
            },
        }
    }
    if seen < n_coefficients + 2 {
        return Err(broken(format!("{seen} numbers instead of {}", n_coefficients + 2)));
    }
    Ok(found)
}

/// Missing values, in the spelling of any of the three, are NaN.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// How many of the compared numbers are not a coefficient's; they come first.
pub const OF_THE_WHOLE: usize = 2;

/// Every number of the model that the other program has too. Where a linear model fits exactly, standard errors and
/// log-likelihood are rounding and are not compared.
pub fn compare(model: &Model, found: &Found) -> Vec<Compared> {
    if fits_exactly(model) {
        let mut without = model.clone();
        without.fit.log_likelihood = None;
        without.coefficients.iter_mut().for_each(|c| c.std_error = None);
        let coefficients = found.coefficients.iter().map(|(b, _)| (*b, f64::NAN)).collect();
        return compare_all(&without, &Found { coefficients, log_likelihood: f64::NAN, ..*found });
    }
    compare_all(model, found)
}

/// Whether what a linear model leaves unexplained is no more than rounding.
pub fn fits_exactly(model: &Model) -> bool {
    const ROUNDING: f64 = 1e-20; // of the sum of squares, the square of 1e-10 of the outcome
    let of = model.fit.deviance.zip(model.fit.null_deviance);
    model.family == Family::Linear && of.is_some_and(|(left, all)| left <= ROUNDING * all)
}

fn compare_all(model: &Model, found: &Found) -> Vec<Compared> {
    let rows = model.data.rows_used as f64;
    let mut all = vec![
        compared("rows used".to_string(), Some(rows), found.rows_used, |_| 1.0),
        compared("log-likelihood".to_string(), model.fit.log_likelihood, found.log_likelihood, |a| {
            a.abs().max(1.0)
        }),
    ];
    for (c, (estimate, error)) in model.coefficients.iter().zip(&found.coefficients) {
        let unit = c.std_error.unwrap_or(0.0);
        all.push(compared(format!("{}: estimate", c.term), c.estimate, *estimate, |a| a.abs().max(unit)));
        all.push(compared(format!("{}: standard error", c.term), c.std_error, *error, f64::abs));
    }
    all
}

fn compared(what: String, model: Option<f64>, other: f64, unit: impl Fn(f64) -> f64) -> Compared {
    let other = Some(other).filter(|x| x.is_finite());
    let distance = model.zip(other).map(|(a, b)| if a == b { 0.0 } else { (a - b).abs() / unit(a) });
    Compared { what, model, other, distance }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn what_a_script_wrote_is_compared_in_its_own_units() {
        let model = Model::from_fit(&sample::linear());
        let value = |k: usize| model.coefficients[k].estimate.expect("estimated");
        let error = |k: usize| model.coefficients[k].std_error.expect("estimated");
        let text = format!(
            "quantity,estimate,std_error\n1,{},{}\n\"2\",{},{}\nlog_likelihood,{},\nrows_used,{},NA\n",
            value(0) + 1e-7 * error(0),
            error(0),
            value(1),
            error(1) * 1.0001,
            model.fit.log_likelihood.expect("a number"),
            model.data.rows_used
        );
        let found = read(&text, 2).expect("results");
        let all = compare(&model, &found);
        let wrong: Vec<&str> = all.iter().filter(|c| !c.agrees()).map(|c| c.what.as_str()).collect();
        assert_eq!(wrong, [format!("{}: standard error", model.coefficients[1].term)]);
        assert!(read("quantity,estimate,std_error\n1,2,3\n", 2).is_err());
        assert!(read("quantity,estimate,std_error\n7,2,3\n", 2).is_err());
    }
}
