//! What one numeric predictor does to the linear predictor, as a curve with its band: splines and interactions included.

use ndarray::{Array1, Axis};

use crate::data::table::{Column, MISSING, Table, Values};
use crate::design::matrix::{VariableKind, rebuild_columns};
use crate::design::sample::Sample;
use crate::error::Result;
use crate::fit::analysis::Analysis;
use crate::fit::prepare::Prepared;
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::inference::table::Reference;

/// The effect of one predictor, on the log odds or in the outcome's units.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialEffect {
    /// The column.
    pub variable: String,
    /// The value that all others are compared with: the median.
    pub reference: f64,
    /// The variable whose values have a line each, where one shares a term with the predictor.
    pub modifier: Option<String>,
    /// Further variables that share a term with it: they are held at their usual value.
    pub held: Vec<String>,
    /// Levels of the modifier beyond the first six, which have no line.
    pub without_line: usize,
    /// One line, or one a value of the modifier.
    pub lines: Vec<PartialLine>,
    /// Ends of the bins of the predictor's distribution, over the range drawn.
    pub edges: Vec<f64>,
    /// Rows (sum of the weights) in each bin.
    pub counts: Vec<f64>,
}

/// One line of an effect; all lists are of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialLine {
    /// The modifier's value; empty without one.
    pub at: String,
    /// Values of the predictor, rising.
    pub x: Vec<f64>,
    /// (row of the design at x - row at the reference) . b
    pub estimate: Vec<f64>,
    /// sqrt(d' V d), d that difference of rows; NaN where the fit has no covariance.
    pub std_error: Vec<f64>,
    /// Lower end of the pointwise interval, estimate - q std_error; NaN likewise.
    pub low: Vec<f64>,
    /// Upper end.
    pub high: Vec<f64>,
}

/// A fit and the rows that its predictors are taken from.
struct Basis<'a> {
    fit: &'a Fit,
    prepared: &'a Prepared,
}

/// Values of the predictor on each line.
const POINTS: usize = 81;
/// Bins of the distribution.
const BINS: usize = 24;
/// A predictor with fewer different values than this is no curve.
const LEAST_VALUES: usize = 5;
/// So many rows lie beyond each end of the range drawn, at least: an end would be a single patient's value otherwise.
const BEYOND: f64 = 5.0;
/// The share of rows that lie beyond each end, where that is more.
const TAIL: f64 = 0.01;
/// A modifier with more levels has lines for its first ones only.
const MOST_LINES: usize = 6;

/// The effects of all numeric predictors, in the order of the formula; none of a fit without an answer.
///
/// Range: from the 1st to the 99th centile, less where fewer than five rows lay beyond. Other variables: at their
/// median or their commonest level. Modifier: its levels, or its quartiles. The band is pointwise (normal quantile;
/// linear: t), and has no width at the reference, since it is of the difference.
///
/// # Errors
/// As the design's rebuilding says.
///
/// Source: Harrell 2015, Regression Modeling Strategies, s. 2.3 and 5.1.
pub fn effects(analysis: &Analysis) -> Result<Vec<PartialEffect>> {
    effects_of(&analysis.fit, &analysis.prepared)
}

/// The same of a fit and the rows that its predictors are taken from: of a pooled fit the first completed data set,
/// whose design is that of all; the covariance is the pooled one, the quantile still the normal one (linear: t).
///
/// # Errors
/// As the design's rebuilding says.
pub fn effects_of(fit: &Fit, prepared: &Prepared) -> Result<Vec<PartialEffect>> {
    let analysis = &Basis { fit, prepared };
    if !fit.convergence.converged || fit.convergence.separation.is_some() {
        return Ok(Vec::new());
    }
    let usual = usual(analysis);
    let mut found = Vec::new();
    for (name, kind) in &analysis.prepared.frozen.variables {
        if *kind == VariableKind::Number {
            found.extend(of_one(analysis, &usual, name)?);
        }
    }
    Ok(found)
}

fn sample(analysis: &Basis<'_>, variable: &str) -> Option<Sample> {
    let prepared = analysis.prepared;
    match &prepared.used.column(variable)?.values {
        Values::Number(v) => {
            let weight = prepared.weight.as_ref().map(|w| w.to_vec());
            Some(Sample::of(v, weight.as_deref()))
        }
        Values::Date(_) | Values::Category { .. } => None,
    }
}

fn of_one(analysis: &Basis<'_>, usual: &Table, variable: &str) -> Result<Option<PartialEffect>> {
    let in_a_term = analysis
        .fit
        .coefficients
        .iter()
        .any(|c| c.estimate.is_some() && c.term.parts.iter().any(|part| part.variable == variable));
    let Some(sample) = sample(analysis, variable).filter(|s| in_a_term && s.values().len() >= LEAST_VALUES)
    else {
        return Ok(None);
    };
    let tail = TAIL.max(BEYOND / sample.total());
    let (low, high) = (sample.quantile(tail), sample.quantile(1.0 - tail));
    if tail >= 0.5 || low >= high {
        return Ok(None);
    }
    let reference = sample.quantile(0.5);
    let grid: Vec<f64> = (0..POINTS).map(|k| low + (high - low) * k as f64 / (POINTS - 1) as f64).collect();
    let mut sharing = sharing(analysis.fit, variable);
    let modifier = if sharing.is_empty() { None } else { Some(sharing.remove(0)) };
    let settings = modifier.as_ref().map_or_else(|| vec![(String::new(), None)], |m| settings(analysis, m));
    let without_line = modifier.as_ref().map_or(0, |m| n_levels(analysis, m).saturating_sub(MOST_LINES));
    let mut lines = Vec::new();
    for (at, cell) in settings {
        let setting = modifier.as_deref().zip(cell);
        lines.push(line(analysis, usual, variable, (&grid, reference), setting, at)?);
    }
    let width = (high - low) / BINS as f64;
    let mut counts = vec![0.0; BINS];
    for (value, weight) in sample.pairs().filter(|(value, _)| low <= *value && *value <= high) {
        counts[(((value - low) / width) as usize).min(BINS - 1)] += weight;
    }
    let edges = (0..=BINS).map(|k| low + width * k as f64).collect();
    Ok(Some(PartialEffect {
        variable: variable.to_string(),
        reference,
        modifier,
        held: sharing,
        without_line,
        lines,
        edges,
        counts,
    }))
}

/// The variables that share a term with this one: those of two levels or more first, then numbers.
fn sharing(fit: &Fit, variable: &str) -> Vec<String> {
    let mut others: Vec<(bool, String)> = Vec::new();
    for c in fit.coefficients.iter().filter(|c| c.term.parts.iter().any(|p| p.variable == variable)) {
        for part in c.term.parts.iter().filter(|p| p.variable != variable) {
            if others.iter().all(|(_, name)| *name != part.variable) {
                others.push((part.level.is_none(), part.variable.clone()));
            }
        }
    }
    others.sort_by_key(|(is_number, _)| *is_number); // stable: else in the order of the formula
    others.into_iter().map(|(_, name)| name).collect()
}

/// The modifier's values that have a line: levels, or quartiles.
fn settings(analysis: &Basis<'_>, modifier: &str) -> Vec<(String, Option<Values>)> {
    let Some(column) = analysis.prepared.used.column(modifier) else { return Vec::new() };
    match &column.values {
        Values::Category { levels, .. } => {
            let frozen = analysis.prepared.frozen.variables.iter().find(|(name, _)| name == modifier);
            let Some((_, VariableKind::Category(used))) = frozen else { return Vec::new() };
            let one = |level: &String| (level.clone(), Some(category(levels, level)));
            used.iter().take(MOST_LINES).map(one).collect()
        }
        Values::Number(_) => {
            let Some(sample) = sample(analysis, modifier) else { return Vec::new() };
            let mut at: Vec<f64> = if sample.values().len() < LEAST_VALUES {
                sample.values().to_vec()
            } else {
                [0.25, 0.5, 0.75].iter().map(|p| sample.quantile(*p)).collect()
            };
            at.dedup_by(|a, b| a == b);
            at.into_iter().map(|x| (x.to_string(), Some(Values::Number(vec![x])))).collect()
        }
        Values::Date(days) => {
            let sample = Sample::of(days, None);
            let x = sample.quantile(0.5);
            vec![("its median".to_string(), Some(Values::Date(vec![x])))]
        }
    }
}

fn n_levels(analysis: &Basis<'_>, variable: &str) -> usize {
    let kind = analysis.prepared.frozen.variables.iter().find(|(name, _)| name == variable);
    match kind {
        Some((_, VariableKind::Category(levels))) => levels.len(),
        _ => 0,
    }
}

fn category(levels: &[String], level: &str) -> Values {
    let code = levels.iter().position(|l| l == level).and_then(|k| u32::try_from(k).ok());
    Values::Category { codes: vec![code.unwrap_or(MISSING)], levels: levels.to_vec() }
}

/// One row: numbers at their median, categories at their commonest level (of equals the first).
fn usual(analysis: &Basis<'_>) -> Table {
    let prepared = analysis.prepared;
    let weight = prepared.weight.as_ref().map(|w| w.to_vec());
    let columns = prepared.used.columns.iter().map(|column| {
        let values = match &column.values {
            Values::Number(v) => Values::Number(vec![Sample::of(v, weight.as_deref()).quantile(0.5)]),
            Values::Date(v) => Values::Date(vec![Sample::of(v, weight.as_deref()).quantile(0.5)]),
            Values::Category { codes, levels } => {
                let mut rows = vec![0.0; levels.len()];
                for (row, code) in codes.iter().enumerate() {
                    if let Some(count) = rows.get_mut(*code as usize) {
                        *count += weight.as_ref().map_or(1.0, |w| w[row]);
                    }
                }
                let most = rows.iter().copied().fold(0.0, f64::max);
                let commonest = rows.iter().position(|n| *n == most).and_then(|k| levels.get(k));
                category(levels, commonest.map_or("", String::as_str))
            }
        };
        Column { name: column.name.clone(), values }
    });
    Table { n_rows: 1, columns: columns.collect(), ..Table::default() }
}

/// The rows at the grid and, last, at the reference, all else as usual.
fn table(usual: &Table, variable: &str, values: Vec<f64>, setting: Option<(&str, Values)>) -> Table {
    let n = values.len();
    let repeated = |values: &Values| match values {
        Values::Number(v) => Values::Number(vec![v[0]; n]),
        Values::Date(v) => Values::Date(vec![v[0]; n]),
        Values::Category { codes, levels } => {
            Values::Category { codes: vec![codes[0]; n], levels: levels.clone() }
        }
    };
    let columns = usual.columns.iter().map(|column| {
        let values = match &setting {
            _ if column.name == variable => Values::Number(values.clone()),
            Some((name, value)) if column.name == *name => repeated(value),
            _ => repeated(&column.values),
        };
        Column { name: column.name.clone(), values }
    });
    Table { n_rows: n, columns: columns.collect(), ..Table::default() }
}

fn line(
    analysis: &Basis<'_>,
    usual: &Table,
    variable: &str,
    (grid, reference): (&[f64], f64),
    setting: Option<(&str, Values)>,
    at: String,
) -> Result<PartialLine> {
    let prepared = analysis.prepared;
    let values = grid.iter().copied().chain([reference]).collect();
    let rows = table(usual, variable, values, setting);
    let fit = analysis.fit;
    let kept: Vec<usize> =
        (0..fit.coefficients.len()).filter(|j| fit.coefficients[*j].estimate.is_some()).collect();
    let mut columns = rebuild_columns(&prepared.formula, &prepared.frozen, &rows, &|_, _| true)?;
    columns.retain(|(_, column)| column.iter().any(|x| *x != column[0])); // the others add nothing to a difference
    let (places, columns): (Vec<usize>, Vec<Vec<f64>>) =
        columns.into_iter().filter_map(|(j, column)| Some((kept.binary_search(&j).ok()?, column))).unzip();
    let beta: Array1<f64> = places.iter().filter_map(|k| fit.coefficients[kept[*k]].estimate).collect();
    let covariance = fit.covariance.as_ref().map(|v| v.select(Axis(0), &places).select(Axis(1), &places));
    let last = grid.len();
    let quantile = half_width(fit);
    let mut line = PartialLine {
        at,
        x: grid.to_vec(),
        estimate: Vec::with_capacity(grid.len()),
        std_error: Vec::with_capacity(grid.len()),
        low: Vec::with_capacity(grid.len()),
        high: Vec::with_capacity(grid.len()),
    };
    for row in 0..last {
        let step: Array1<f64> = columns.iter().map(|column| column[row] - column[last]).collect();
        let estimate = step.dot(&beta);
        let variance = covariance.as_ref().map_or(f64::NAN, |v| step.dot(&v.dot(&step)));
        let std_error = variance.max(0.0).sqrt() + 0.0 * variance; // rounding below 0 is 0, and NaN stays NaN
        line.estimate.push(estimate);
        line.std_error.push(std_error);
        line.low.push(estimate - quantile * std_error);
        line.high.push(estimate + quantile * std_error);
    }
    Ok(line)
}

fn half_width(fit: &Fit) -> f64 {
    let reference = match fit.family {
        Family::Logistic => Reference::Normal,
        Family::Linear => Reference::T(fit.statistics.df_residual),
    };
    reference.half_width(fit.spec.conf_level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::Source;
    use crate::fit::spec::Spec;
    use crate::optimise::watch::Unwatched;

    fn found(formula: &str) -> (Fit, Vec<PartialEffect>) {
        let row = |i: u32| {
            let sex = ["f", "m"][(i * i / 7) as usize % 2];
            format!("{},{},{sex},{}\n", (i * 7) % 31, (i * 37 + 11) % 97, (i * 53 + i * i) % 61)
        };
        let text = format!("score,age,sex,dose\n{}", (0..400).map(row).collect::<String>());
        let source = Source::from_bytes("t.csv", text.into_bytes()).expect("a table");
        let analysis = crate::fit::analyse(&Spec::new(formula), &source, &mut Unwatched).expect("a fit");
        let effects = effects(&analysis).expect("effects");
        (analysis.fit, effects)
    }

    fn estimate(fit: &Fit, name: &str) -> (f64, f64) {
        let c = fit.coefficients.iter().find(|c| c.term.name == name).expect("it is in the model");
        (c.estimate.expect("estimated"), c.std_error.expect("estimated"))
    }

    #[test]
    fn a_straight_effect_is_its_coefficient_times_the_distance() {
        let (fit, effects) = found("score ~ age + sex + rcs(dose, 4)");
        assert_eq!(effects.iter().map(|e| e.variable.as_str()).collect::<Vec<_>>(), ["age", "dose"]);
        let (b, se) = estimate(&fit, "age");
        let line = &effects[0].lines[0];
        for (k, x) in line.x.iter().enumerate() {
            let distance = x - effects[0].reference;
            assert!((line.estimate[k] - b * distance).abs() < 1e-10);
            assert!((line.std_error[k] - se * distance.abs()).abs() < 1e-10);
        }
        assert_eq!(effects[0].counts.len(), BINS);
        assert!(effects[0].counts.iter().sum::<f64>() <= 400.0);
    }

    #[test]
    fn an_interaction_gives_a_line_a_level_and_the_slopes_are_the_sums() {
        let (fit, effects) = found("score ~ age * sex");
        let (b, _) = estimate(&fit, "age");
        let (more, _) = estimate(&fit, "age:sex[m]");
        let age = &effects[0];
        assert_eq!(age.modifier.as_deref(), Some("sex"));
        assert_eq!(age.lines.iter().map(|l| l.at.as_str()).collect::<Vec<_>>(), ["f", "m"]);
        for (line, slope) in age.lines.iter().zip([b, b + more]) {
            let step = (line.estimate[80] - line.estimate[0]) / (line.x[80] - line.x[0]);
            assert!((step - slope).abs() < 1e-10);
        }
    }
}
