//! The analysis as a Stata do-file: the design written out variable by variable, then `regress` or `logit`.

use crate::crosscheck::recipe::{Cells, Column, Factor, Recipe};
use crate::crosscheck::spell::{Language, expression, number, stata_text};
use crate::data::form::TextEncoding;
use crate::design::expression::Expression;
use crate::error::Result;
use crate::fit::spec::{ClusterCorrection, Robust};
use crate::model::{Basis, Family};

/// A do-file, or in words why there is none.
pub type Script = std::result::Result<String, String>;

/// The do-file.
///
/// # Errors
/// Formula or Model, when model and formula do not fit together.
pub fn script(recipe: &Recipe) -> Result<Script> {
    if recipe.bases()?.iter().any(|basis| matches!(basis.basis, Basis::Ns { .. })) {
        return Ok(Err(
            "no do-file for Stata, which has no `ns` as R defines it; `rcs` and `poly` it can do".to_string(),
        ));
    }
    let Some(errors) = standard_errors(recipe) else {
        return Ok(Err(format!(
            "no do-file for Stata, whose logit has no {} standard errors",
            recipe.model.standard_errors
        )));
    };
    Ok(Ok([head(recipe), data(recipe), design(recipe)?, fit(recipe, &errors)?, compare(recipe)].concat()))
}

/// The option of `regress` or `logit`, and the factor that brings its variances to ours.
struct Errors {
    option: String,
    factor: String,
}

fn standard_errors(recipe: &Recipe) -> Option<Errors> {
    let linear = recipe.model.family == Family::Linear;
    let errors =
        |option: &str, factor: &str| Some(Errors { option: option.to_string(), factor: factor.to_string() });
    match &recipe.robust {
        Robust::Model => errors("", "1"),
        Robust::Hc(0) if linear => errors("vce(robust)", "(n_used - n_kept) / n_used"),
        Robust::Hc(1) if linear => errors("vce(robust)", "1"),
        Robust::Hc(2) if linear => errors("vce(hc2)", "1"),
        Robust::Hc(_) if linear => errors("vce(hc3)", "1"),
        Robust::Hc(0) => errors("vce(robust)", "(n_used - 1) / n_used"),
        Robust::Hc(1) => errors("vce(robust)", "(n_used - 1) / (n_used - n_kept)"),
        Robust::Hc(_) => None,
        Robust::Cluster { correction, variable } => {
            let place = recipe.columns.iter().position(|c| c.name == *variable)? + 1;
            let of_g = "(e(N_clust) - 1) / e(N_clust)";
            let small = "(n_used - n_kept) / (n_used - 1)";
            let factor = match (linear, correction) {
                (true, ClusterCorrection::Cr1s) | (false, ClusterCorrection::Cr1) => "1".to_string(),
                (true, ClusterCorrection::Cr1) => small.to_string(),
                (true, ClusterCorrection::Cr0) => format!("{of_g} * {small}"),
                (false, ClusterCorrection::Cr0) => of_g.to_string(),
                (false, ClusterCorrection::Cr1s) => "(n_used - 1) / (n_used - n_kept)".to_string(),
            };
            Some(Errors { option: format!("vce(cluster x{place})"), factor })
        }
    }
}

fn head(recipe: &Recipe) -> String {
    format!(
        "* {} in Stata: written by clinreg crosscheck, must give the numbers of model.json to 1e-6.\n\
         * do crosscheck.do [DATA ...]: other places of the data, in the order below. Stata 14 or later.\n\
         version 14\nclear all\nset more off\nset type double\n",
        recipe.formula.to_string().replace(['\n', '\r', '`'], " ")
    )
}

/// Reads the columns that are needed as text t1, t2, ... and types them as x1, x2, ...
fn data(recipe: &Recipe) -> String {
    let mut text = String::new();
    for (k, file) in recipe.files.iter().enumerate() {
        let encoding = match file.form.encoding {
            TextEncoding::Utf8 => "utf-8",
            TextEncoding::Utf16 => "utf-16",
            TextEncoding::Windows1252 => "windows-1252",
        };
        let delimiter =
            if file.form.delimiter == '\t' { "\\t".to_string() } else { file.form.delimiter.to_string() };
        let place = k + 1;
        text.push_str(&format!(
            "\nlocal file{place} `\"{}\"'\nif `\"`{place}'\"' != \"\" local file{place} `\"`{place}'\"'\n\
             import delimited using `\"`file{place}'\"', clear varnames(nonames) rowrange({}) stringcols(_all) \
             delimiters(\"{delimiter}\") bindquote(strict) encoding(\"{encoding}\")\n",
            file.path.display(),
            file.form.lines_before + 1
        ));
        let mut kept = Vec::new();
        for (j, column) in recipe.columns.iter().enumerate() {
            let at = file.form.names.iter().position(|name| *name == column.name).unwrap_or(0) + 1;
            text.push_str(&format!("generate t{} = strtrim(v{at})\n", j + 1));
            kept.push(format!("t{}", j + 1));
        }
        text.push_str(&format!("keep {}\n", kept.join(" ")));
        text.push_str(&match k {
            0 => "tempfile rows\nsave \"`rows'\"\n".to_string(),
            _ => "append using \"`rows'\"\nsave \"`rows'\", replace\n".to_string(),
        });
    }
    for (k, column) in recipe.columns.iter().enumerate() {
        text.push_str(&typed(recipe, column, k + 1));
    }
    text.push_str("local n_rows = _N\n");
    if let Some(place) =
        recipe.weights.as_ref().and_then(|w| recipe.columns.iter().position(|c| c.name == *w))
    {
        text.push_str(&format!(
            "drop if x{0} == 0\nlocal n_rows = _N\n* A frequency weight stands for so many equal rows.\nexpand x{0}\n",
            place + 1
        ));
    }
    text
}

fn typed(recipe: &Recipe, column: &Column, k: usize) -> String {
    let mut text = format!("\n* {}\n", column.name.replace(['\n', '\r', '`'], " "));
    let (plain, odd): (Vec<&String>, Vec<&String>) =
        column.missing.iter().partition(|word| stata_text(word) == format!("\"{word}\""));
    let list: Vec<String> = plain.iter().map(|word| stata_text(word)).collect();
    if !list.is_empty() {
        text.push_str(&format!(
            "foreach word in {} {{\n    quietly replace t{k} = \"\" if t{k} == \"`word'\"\n}}\n",
            list.join(" ")
        ));
    }
    for word in odd {
        text.push_str(&format!("replace t{k} = \"\" if t{k} == {}\n", stata_text(word)));
    }
    let plain =
        if recipe.decimal_comma { format!("subinstr(t{k}, \",\", \".\", 1)") } else { format!("t{k}") };
    let value = format!("real(subinstr({plain}, uchar(8722), \"-\", 1))");
    for code in &column.missing_numbers {
        text.push_str(&format!(
            "replace t{k} = \"\" if {value} == {} & !regexm(t{k}, \"^0[0-9]+$\")\n",
            number(*code)
        ));
    }
    match &column.cells {
        Cells::Number => text.push_str(&format!("generate double x{k} = {value}\n")),
        Cells::Date => text.push_str(&format!(
            "generate double x{k} = daily(substr(t{k}, 1, 10), \"YMD\") - daily(\"1970-01-01\", \"YMD\")\n\
             replace x{k} = x{k} + (3600 * real(substr(t{k}, 12, 2)) + 60 * real(substr(t{k}, 15, 2)) + \
             cond(strlen(t{k}) > 17, real(subinstr(substr(t{k}, 18, .), \"Z\", \"\", 1)), 0)) / 86400 if strlen(t{k}) > 10\n"
        )),
        Cells::Levels(levels) => text.push_str(&places(k, levels, 1, &value)),
        Cells::Event { event, other } => {
            text.push_str(&places(k, &[other.clone(), event.clone()], 0, &value));
        }
        Cells::Text => text.push_str(&format!("egen long x{k} = group(t{k})\n")),
    }
    text.push_str(&format!("drop if missing(x{k})\n"));
    text
}

/// The place of each cell among the levels: the same text, or else the same number.
fn places(k: usize, levels: &[String], first: usize, value: &str) -> String {
    let mut text = format!("generate int x{k} = .\n");
    for (place, level) in levels.iter().enumerate() {
        text.push_str(&format!("replace x{k} = {} if t{k} == {}\n", place + first, stata_text(level)));
    }
    for (place, level) in levels.iter().enumerate() {
        if let Ok(of_level) = level.replacen(',', ".", 1).parse::<f64>() {
            text.push_str(&format!(
                "replace x{k} = {} if missing(x{k}) & {value} == {}\n",
                place + first,
                number(of_level)
            ));
        }
    }
    text
}

fn column(recipe: &Recipe, name: &str) -> String {
    let place = recipe.columns.iter().position(|column| column.name == name).unwrap_or(0) + 1;
    format!("x{place}")
}

fn spelt(recipe: &Recipe, e: &Expression) -> String {
    expression(e, Language::Stata, &|name| column(recipe, name))
}

/// The columns of the design as b1, b2, ...; what was left out has none.
fn design(recipe: &Recipe) -> Result<String> {
    let mut text = String::from("\n* The design, column by column.\n");
    for (k, basis) in recipe.bases()?.iter().enumerate() {
        let x = format!("s{}_x", k + 1);
        text.push_str(&format!("generate double {x} = {}\n", spelt(recipe, basis.of)));
        let stem = format!("s{}_", k + 1);
        text.push_str(&match basis.basis {
            Basis::Rcs { knots } => cubic(&stem, &x, knots),
            Basis::Poly { alpha, norm2 } => polynomial(&stem, &x, alpha, norm2),
            Basis::Ns { .. } => String::new(),
        });
    }
    for (k, (c, factors)) in recipe.model.coefficients.iter().zip(recipe.design()?).enumerate() {
        if factors.is_empty() || c.estimate.is_none() {
            continue;
        }
        let factor = |factor: &Factor<'_>| match factor {
            Factor::Level(variable, _, place) => format!("({} == {place})", column(recipe, variable)),
            Factor::Number(variable) => column(recipe, variable),
            Factor::Value(e) => format!("({})", spelt(recipe, e)),
            Factor::Basis { basis, index } => format!("s{}_{index}", basis + 1),
        };
        let product: Vec<String> = factors.iter().map(factor).collect();
        text.push_str(&format!(
            "* {}\ngenerate double b{} = {}\n",
            c.term.replace(['\n', '\r', '`'], " "),
            k + 1,
            product.join(" * ")
        ));
    }
    Ok(text)
}

/// As Harrell's restricted cubic spline, divided by the squared distance of the outer knots.
fn cubic(stem: &str, x: &str, knots: &[f64]) -> String {
    let mut text = format!("generate double {stem}1 = {x}\n");
    let (Some(first), [.., before, last]) = (knots.first(), knots) else { return text };
    let cube = |knot: f64| format!("max({x} - ({}), 0)^3", number(knot));
    for (j, t) in knots[..knots.len() - 2].iter().enumerate() {
        text.push_str(&format!(
            "generate double {stem}{} = ({} - {} * {} + {} * {}) / {}\n",
            j + 2,
            cube(*t),
            cube(*before),
            number((last - t) / (last - before)),
            cube(*last),
            number((before - t) / (last - before)),
            number((last - first).powi(2))
        ));
    }
    text
}

fn polynomial(stem: &str, x: &str, alpha: &[f64], norm2: &[f64]) -> String {
    let mut text = format!("generate double {stem}p0 = 1\n");
    for (k, centre) in alpha.iter().enumerate() {
        let before = match k {
            0 => String::new(),
            _ => format!(" - {} * {stem}p{}", number(norm2[k + 1] / norm2[k]), k - 1),
        };
        text.push_str(&format!(
            "generate double {stem}p{next} = ({x} - ({})) * {stem}p{k}{before}\n\
             generate double {stem}{next} = {stem}p{next} / sqrt({})\n",
            number(*centre),
            number(norm2[k + 2]),
            next = k + 1
        ));
    }
    text
}

fn fit(recipe: &Recipe, errors: &Errors) -> Result<String> {
    let columns: Vec<String> = recipe
        .model
        .coefficients
        .iter()
        .enumerate()
        .filter(|(_, c)| c.estimate.is_some() && !c.parts.is_empty())
        .map(|(k, _)| format!("b{}", k + 1))
        .collect();
    let offsets: Vec<String> = recipe.offsets()?.iter().map(|e| spelt(recipe, e)).collect();
    let offset = if offsets.is_empty() { "0".to_string() } else { offsets.join(" + ") };
    let constant = if recipe.model.design.intercept { "" } else { " noconstant" };
    let options = format!("{constant} {}", errors.option);
    let kept = recipe.model.coefficients.iter().filter(|c| c.estimate.is_some()).count();
    let command = match recipe.model.family {
        Family::Linear => format!(
            "generate double y = {} - ({offset})\nregress y {},{options}\n",
            spelt(recipe, recipe.formula.outcome()),
            columns.join(" ")
        ),
        Family::Logistic => format!(
            "generate double y = {}\ngenerate double off = {offset}\n\
             logit y {}, offset(off) tolerance(1e-12) ltolerance(1e-14) nrtolerance(1e-12){options}\n",
            column(recipe, &recipe.model.outcome.variable),
            columns.join(" ")
        ),
    };
    Ok(format!(
        "\n{command}scalar n_used = e(N)\nscalar n_kept = {kept}\nscalar to_ours = {}\n",
        errors.factor
    ))
}

fn compare(recipe: &Recipe) -> String {
    let mut text = String::from(
        "\n* The numbers of model.json against Stata's.\nscalar worst = 0\n\
         local results : environment CROSSCHECK_RESULTS\nif \"`results'\" != \"\" {\n\
         \x20   file open out using `\"`results'\"', write text replace\n\
         \x20   file write out \"quantity,estimate,std_error\" _n\n}\n",
    );
    for (k, c) in recipe.model.coefficients.iter().enumerate() {
        let place = k + 1;
        let Some(estimate) = c.estimate else {
            text.push_str(&format!("if \"`results'\" != \"\" file write out \"{place},NA,NA\" _n\n"));
            continue;
        };
        let name = if c.parts.is_empty() { "_cons".to_string() } else { format!("b{place}") };
        let error = c.std_error.map_or_else(|| ".".to_string(), number);
        text.push_str(&format!(
            "scalar se = sqrt(to_ours) * _se[{name}]\n\
             scalar difference = max(abs(_b[{name}] - ({b})) / max(abs({b}), {error}), abs(se / {error} - 1))\n\
             display ({title}) _column(40) %18.10g _b[{name}] %18.10g se \"  \" %8.1e difference\n\
             scalar worst = max(worst, difference)\n\
             if \"`results'\" != \"\" file write out \"{place},\" %24.17e (_b[{name}]) \",\" %24.17e (se) _n\n",
            b = number(estimate),
            title = stata_text(&c.term),
        ));
    }
    let likelihood = recipe.model.fit.log_likelihood.map_or_else(|| ".".to_string(), number);
    text.push_str(&format!(
        "scalar worst = max(worst, abs(e(ll) - ({likelihood})) / max(1, abs({likelihood})), abs(`n_rows' - {}))\n\
         if \"`results'\" != \"\" {{\n\
         \x20   file write out \"log_likelihood,\" %24.17e (e(ll)) \",\" _n\n\
         \x20   file write out \"rows_used,`n_rows',\" _n\n\
         \x20   file close out\n}}\n\
         display cond(worst <= 1e-6, \"all numbers agree to 1e-6\", \"NOT all numbers agree to 1e-6\")\n\
         if worst > 1e-6 & \"`results'\" == \"\" exit 9\n",
        recipe.model.data.rows_used
    ));
    text
}

#[cfg(test)]
#[path = "stata_tests.rs"]
mod tests;
