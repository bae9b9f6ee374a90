//! The coefficient table as strings: what summary and page print of each column of the design.

use crate::fit::result::{Coefficient, Fit};
use crate::fit::spec::Family;
use crate::model::estimate;
use crate::report::numbers::{NONE, measured, p_value, ratio, short, statistic};
use crate::report::words::visible;

/// One row; strings are empty where a thing does not exist.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct Row {
    /// The term.
    pub term: String,
    /// In the user's units; logistic: log odds.
    pub estimate: String,
    /// Standard error.
    pub std_error: String,
    /// `a to b`.
    pub interval: String,
    /// t or z.
    pub statistic: String,
    /// p-value.
    pub p: String,
    /// Logistic, not for the intercept: the odds ratio.
    pub ratio: String,
    /// Its interval.
    pub ratio_interval: String,
    /// Why there are no numbers: left out, or without a finite estimate.
    pub remark: String,
}

/// A log odds ratio and the ends of its interval, for a drawing.
pub type Drawn = Option<(f64, f64, f64)>;

/// All rows in the order of the design.
pub fn rows(fit: &Fit) -> Vec<Row> {
    fit.coefficients.iter().map(|c| row(fit, c)).collect()
}

/// Whether any coefficient has a standard error.
pub fn has_inference(fit: &Fit) -> bool {
    fit.coefficients.iter().any(|c| c.std_error.is_some_and(f64::is_finite))
}

/// The log odds ratio of each row with its interval, where there is one to draw.
pub fn drawn(fit: &Fit) -> Vec<Drawn> {
    let finite = |x: Option<f64>| x.filter(|v| v.is_finite());
    fit.coefficients
        .iter()
        .map(|c| {
            if fit.family == Family::Linear || c.term.parts.is_empty() || !runs_to(fit, c).is_empty() {
                return None;
            }
            Some((finite(c.estimate)?, finite(c.conf_low)?, finite(c.conf_high)?))
        })
        .collect()
}

fn row(fit: &Fit, c: &Coefficient) -> Row {
    let term = visible(&c.term.name);
    if let Some(why) = &c.aliased {
        return Row { term, remark: format!("left out: {}", visible(why)), ..Row::default() };
    }
    let Some(estimate) = estimate(fit, c) else {
        return Row { term, remark: "no estimate".to_string(), ..Row::default() };
    };
    let infinite = runs_to(fit, c);
    if !infinite.is_empty() {
        return Row { term, remark: format!("no finite estimate ({infinite})"), ..Row::default() };
    }
    let std_error = c.std_error.filter(|s| s.is_finite());
    let is_ratio = fit.family == Family::Logistic && !c.term.parts.is_empty();
    let mut row = Row {
        term,
        estimate: std_error.map_or_else(|| short(estimate), |s| measured(estimate, s)),
        ratio: if is_ratio {
            std_error.map_or_else(|| short(estimate.exp()), |s| ratio(estimate.exp(), s * estimate.exp()))
        } else {
            String::new()
        },
        ..Row::default()
    };
    let Some(s) = std_error else { return row };
    row.std_error = measured(s, s);
    row.statistic = c.statistic.map_or_else(|| NONE.to_string(), statistic);
    row.p = c.p_value.map_or_else(|| NONE.to_string(), p_value);
    if let (Some(low), Some(high)) = (c.conf_low, c.conf_high) {
        row.interval = format!("{} to {}", measured(low, s), measured(high, s));
        if is_ratio {
            let resolution = s * estimate.exp();
            row.ratio_interval =
                format!("{} to {}", ratio(low.exp(), resolution), ratio(high.exp(), resolution));
        }
    }
    row
}

/// Where a coefficient of a separated column runs to; empty for all others.
fn runs_to(fit: &Fit, c: &Coefficient) -> &'static str {
    let Some(separation) = &fit.convergence.separation else { return "" };
    if !separation.terms.contains(&c.term.name) {
        return "";
    }
    match c.estimate {
        Some(b) if b < 0.0 => "runs to −∞",
        Some(b) if b > 0.0 => "runs to +∞",
        _ => "runs to infinity",
    }
}
