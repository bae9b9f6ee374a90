//! The model file as text: written with all digits in a fixed order, read with every doubt told.

use serde_json::Value;

use crate::design::formula::Formula;
use crate::error::{Error, Result};
use crate::model::{Basis, Kind, Model, SCHEMA};

/// Objects and arrays up to this many characters stand on one line.
const WIDTH: usize = 110;

impl Model {
    /// As JSON text, ending in a line break: keys in the order of the fields, numbers with all their digits (the
    /// shortest form that reads back the same; whole numbers without a point), `null` for what does not exist.
    pub fn to_json(&self) -> String {
        as_text(self)
    }

    /// Reads a model file's text.
    ///
    /// # Errors
    /// Model, when the text is cut short, is not JSON, is not a model of clinreg, was written by a newer one, or was
    /// changed so that its parts no longer fit together.
    pub fn from_json(text: &str) -> Result<Model> {
        let text = text.trim_start_matches('\u{feff}');
        let value: Value = serde_json::from_str(text).map_err(|e| not_json(text, &e))?;
        check_schema(&value)?;
        let model: Model = serde_json::from_str(text).map_err(|e| {
            Error::model(format!("the model file does not hold what it should: {e}")).hint(WRITE_ANEW)
        })?;
        model.check()?;
        Ok(model)
    }

    /// Whether the parts fit together.
    fn check(&self) -> Result<()> {
        self.check_coefficients()?;
        self.check_design()?;
        Formula::parse(&self.formula)
            .map_err(|e| broken(format!("its `formula` cannot be read: {}", e.message)))?;
        Ok(())
    }

    fn check_coefficients(&self) -> Result<()> {
        if self.coefficients.is_empty() && self.design.intercept {
            return Err(broken("it has no coefficients"));
        }
        for (k, c) in self.coefficients.iter().enumerate() {
            if self.coefficients[..k].iter().any(|other| other.term == c.term) {
                return Err(broken(format!("the coefficient `{}` comes twice", c.term)));
            }
            if c.aliased.is_some() && c.estimate.is_some() {
                return Err(broken(format!(
                    "the coefficient `{}` is left out and yet has an estimate",
                    c.term
                )));
            }
        }
        if !(0.0 < self.conf_level && self.conf_level < 1.0) {
            return Err(broken(format!("`conf_level` is {}, not between 0 and 1", self.conf_level)));
        }
        let p = self.coefficients.iter().filter(|c| c.estimate.is_some()).count();
        let Some(rows) = &self.covariance else { return Ok(()) };
        if rows.len() != p || rows.iter().any(|row| row.len() != p) {
            let width = rows.iter().map(Vec::len).max().unwrap_or(0);
            return Err(broken(format!(
                "`covariance` is {} x {width}, and there are {p} estimated coefficients",
                rows.len()
            )));
        }
        for (i, row) in rows.iter().enumerate() {
            if row[i] < 0.0 {
                return Err(broken(format!("`covariance` has a negative variance in row {}", i + 1)));
            }
            let differs = |j: &usize| {
                let scale = (row[i] * rows[*j][*j]).sqrt();
                (rows[*j][i] - row[*j]).abs() > ROUNDING * scale
            };
            if let Some(j) = (0..i).find(differs) {
                return Err(broken(format!(
                    "`covariance` is not symmetric: row {} column {} is {}, row {} column {} is {}",
                    i + 1,
                    j + 1,
                    row[j],
                    j + 1,
                    i + 1,
                    rows[j][i]
                )));
            }
        }
        Ok(())
    }

    fn check_design(&self) -> Result<()> {
        for (name, kind) in &self.design.variables.0 {
            let levels = self.factors.get(name);
            if (*kind == Kind::Category) != levels.is_some() {
                return Err(broken(format!("`factors` and `design` disagree on the variable `{name}`")));
            }
            let Some(levels) = levels else { continue };
            if let Some(k) = (0..levels.len()).find(|k| levels[..*k].contains(&levels[*k])) {
                return Err(broken(format!("the level `{}` of `{name}` comes twice", levels[k])));
            }
        }
        if let Some((name, _)) = self.factors.0.iter().find(|(n, _)| self.design.variables.get(n).is_none()) {
            return Err(broken(format!("`factors` names `{name}`, which `design` does not")));
        }
        for (text, basis) in &self.design.bases.0 {
            check_basis(text, basis)?;
        }
        Ok(())
    }
}

/// What a file holds as JSON text, laid out for reading, ending in a line break.
pub(super) fn as_text(content: &impl serde::Serialize) -> String {
    let mut value = serde_json::to_value(content).expect("text keys and finite numbers always serialise");
    whole_numbers_as_integers(&mut value);
    let mut text = String::new();
    lay_out(&value, 0, &mut text);
    text.push('\n');
    text
}

/// How far the two halves of a covariance may differ, relative to its diagonal.
const ROUNDING: f64 = 1e-9;

const WRITE_ANEW: &str =
    "the file was changed or damaged after it was written; write it anew with `clinreg fit`";

fn broken(what: impl std::fmt::Display) -> Error {
    Error::model(format!("the model file contradicts itself: {what}")).hint(WRITE_ANEW)
}

fn not_json(text: &str, error: &serde_json::Error) -> Error {
    if text.trim().is_empty() {
        return Error::model("the model file is empty").hint(WRITE_ANEW);
    }
    if !text.trim_start().starts_with('{') {
        return Error::model("this is not a model file: it does not begin with `{`")
            .hint("give the `model.json` that `clinreg fit` wrote; the data come after it");
    }
    if error.is_eof() {
        return Error::model(format!("the model file ends in the middle, on line {}", error.line()))
            .hint("it was cut short; copy it again, or write it anew with `clinreg fit`");
    }
    Error::model(format!("the model file is not JSON: {error}")).hint(WRITE_ANEW)
}

fn check_schema(value: &Value) -> Result<()> {
    let Some(schema) = value.get("schema").and_then(Value::as_str) else {
        return Err(Error::model("this is not a model of clinreg: it does not say `\"schema\"`")
            .hint("give the `model.json` that `clinreg fit` wrote"));
    };
    if schema == SCHEMA {
        return Ok(());
    }
    let number = |s: &str| s.strip_prefix("clinreg-model/").and_then(|v| v.parse::<u64>().ok());
    match (number(schema), number(SCHEMA)) {
        (Some(theirs), Some(ours)) if theirs > ours => Err(Error::model(format!(
            "the model file was written by a newer clinreg: its schema is {theirs}, and this program reads {ours}"
        ))
        .hint("use a newer clinreg, or fit the model with this one")),
        _ => Err(Error::model(format!("unknown schema `{schema}`; this program reads `{SCHEMA}`"))
            .hint("give the `model.json` that `clinreg fit` wrote")),
    }
}

fn check_basis(text: &str, basis: &Basis) -> Result<()> {
    let ascending = |knots: &[f64]| knots.windows(2).all(|pair| pair[0] < pair[1]);
    let sound = match basis {
        Basis::Rcs { knots } => knots.len() >= 3 && ascending(knots),
        Basis::Ns { knots, boundary } => {
            let [low, high] = *boundary;
            low < high
                && knots.windows(2).all(|p| p[0] <= p[1])
                && knots.iter().all(|k| low <= *k && *k <= high)
        }
        Basis::Poly { alpha, norm2 } => {
            !alpha.is_empty() && norm2.len() == alpha.len() + 2 && norm2.iter().all(|v| *v > 0.0)
        }
    };
    if sound { Ok(()) } else { Err(broken(format!("the knots or norms of `{text}` are not in order"))) }
}

/// 600 for 600.0: a count reads as one. Beyond 2^53 and for -0 the digits stay as they are.
fn whole_numbers_as_integers(value: &mut Value) {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    match value {
        Value::Array(items) => items.iter_mut().for_each(whole_numbers_as_integers),
        Value::Object(map) => map.values_mut().for_each(whole_numbers_as_integers),
        Value::Number(number) if number.is_f64() => {
            let x = number.as_f64().unwrap_or(f64::NAN);
            let is_negative_zero = x == 0.0 && x.is_sign_negative();
            if x.fract() == 0.0 && x.abs() < EXACT && !is_negative_zero {
                *value = Value::from(x as i64);
            }
        }
        _ => {}
    }
}

/// Short things and lists of numbers or words on one line, the rest broken and indented by two.
fn lay_out(value: &Value, indent: usize, out: &mut String) {
    let line = on_one_line(value);
    if indent + line.chars().count() <= WIDTH && indent > 0 || is_flat_list(value) {
        out.push_str(&line);
        return;
    }
    let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
    let entries: Vec<(Option<&String>, &Value)> = match value {
        Value::Array(items) => items.iter().map(|item| (None, item)).collect(),
        Value::Object(map) => map.iter().map(|(key, item)| (Some(key), item)).collect(),
        _ => {
            out.push_str(&line);
            return;
        }
    };
    out.push(open);
    for (k, (key, item)) in entries.iter().enumerate() {
        out.push_str(if k > 0 { ",\n" } else { "\n" });
        out.push_str(&" ".repeat(indent + 2));
        if let Some(key) = key {
            out.push_str(&format!("{}: ", quoted(key)));
        }
        lay_out(item, indent + 2, out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

fn is_flat_list(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_number))
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(on_one_line).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, item)| format!("{}: {}", quoted(key), on_one_line(item))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

fn quoted(key: &str) -> String {
    Value::from(key).to_string()
}
