//! The analysis as a Python script for statsmodels; the design is written out column by column.

use crate::crosscheck::recipe::{Cells, Column, Factor, Recipe};
use crate::crosscheck::spell::{Language, all_quoted, expression, number, numbers, quoted};
use crate::data::form::TextEncoding;
use crate::design::expression::Expression;
use crate::error::Result;
use crate::fit::spec::{ClusterCorrection, Robust};
use crate::model::{Basis, Family};

const PRELUDE: &str = include_str!("prelude.py");

/// The script.
///
/// # Errors
/// Formula or Model, when model and formula do not fit together.
pub fn script(recipe: &Recipe) -> Result<String> {
    Ok([
        format!(
            "# {} in Python: written by `clinreg crosscheck`, must give the numbers of model.json to 1e-6.\n\
             # python3 crosscheck.py [DATA ...]: other places of the data, in the order below. Needs statsmodels.\n\
             # Where CROSSCHECK_RESULTS names a file, the numbers go there too.\n",
            recipe.formula.to_string().replace(['\n', '\r'], " ")
        ),
        PRELUDE.to_string(),
        data(recipe),
        design(recipe)?,
        fit(recipe),
        wanted(recipe),
        COMPARE.to_string(),
    ]
    .concat())
}

fn data(recipe: &Recipe) -> String {
    let files: Vec<String> = recipe
        .files
        .iter()
        .map(|file| {
            let encoding = match file.form.encoding {
                TextEncoding::Utf8 => "utf-8-sig",
                TextEncoding::Utf16 => "utf-16",
                TextEncoding::Windows1252 => "cp1252",
            };
            format!(
                "    {{\"path\": {}, \"encoding\": {}, \"sep\": {}, \"skip\": {},\n     \"names\": [{}]}},\n",
                quoted(&file.path.to_string_lossy()),
                quoted(encoding),
                quoted(&file.form.delimiter.to_string()),
                file.form.lines_before,
                all_quoted(&file.form.names)
            )
        })
        .collect();
    let mut text = format!(
        "\n\nfiles = [\n{}]\nfor file, path in zip(files, sys.argv[1:]):\n    file[\"path\"] = path\n\
         raw = [cells_of(file) for file in files]\n# Words that mean missing.\nusual = [{}]\nd = {{}}\n",
        files.concat(),
        all_quoted(recipe.usual_missing())
    );
    for column in &recipe.columns {
        let name = quoted(&column.name);
        let cells = format!(
            "present([cell for file in raw for cell in file[{name}]], {}, [{}])",
            words(recipe, column),
            numbers(&column.missing_numbers)
        );
        let value = match &column.cells {
            Cells::Number if recipe.decimal_comma => format!("as_numbers(decimal_comma({cells}))"),
            Cells::Number => format!("as_numbers({cells})"),
            Cells::Date => format!("days({cells})"),
            // Levels count from 1, as in R and Stata.
            Cells::Levels(levels) => format!("places({cells}, [{}]) + 1", all_quoted(levels)),
            Cells::Event { event, other } => {
                format!("places({cells}, [{}, {}])", quoted(other), quoted(event))
            }
            Cells::Text => format!("groups({cells})"),
        };
        text.push_str(&format!("d[{name}] = {value}\n"));
    }
    text.push_str("complete = ~np.isnan(np.column_stack(list(d.values()))).any(axis=1)\n");
    if let Some(weights) = &recipe.weights {
        let name = quoted(weights);
        text.push_str(&format!(
            "complete &= d[{name}] > 0\nn_rows = int(complete.sum())\n\
             # A frequency weight stands for so many equal rows.\n\
             times = d[{name}][complete].astype(int)\n\
             d = {{name: np.repeat(cells[complete], times) for name, cells in d.items()}}\n"
        ));
    } else {
        text.push_str(
            "n_rows = int(complete.sum())\nd = {name: cells[complete] for name, cells in d.items()}\n",
        );
    }
    text
}

fn words(recipe: &Recipe, column: &Column) -> String {
    if column.missing == recipe.usual_missing() {
        "usual".to_string()
    } else {
        format!("[{}]", all_quoted(&column.missing))
    }
}

fn spelt(e: &Expression) -> String {
    expression(e, Language::Python, &|name| format!("d[{}]", quoted(name)))
}

fn design(recipe: &Recipe) -> Result<String> {
    let mut text =
        String::from("\n# The design, column by column; a coefficient that was left out has none.\n");
    for (k, basis) in recipe.bases()?.iter().enumerate() {
        let of = spelt(basis.of);
        let call = match basis.basis {
            Basis::Rcs { knots } => format!("rcs({of}, [{}])", numbers(knots)),
            Basis::Ns { knots, boundary } => {
                format!("ns({of}, [{}], [{}])", numbers(knots), numbers(boundary))
            }
            Basis::Poly { alpha, norm2 } => {
                format!("poly({of}, [{}], [{}])", numbers(alpha), numbers(norm2))
            }
        };
        text.push_str(&format!("basis_{} = {call}\n", k + 1));
    }
    text.push_str("X = np.column_stack([\n");
    for (c, factors) in recipe.model.coefficients.iter().zip(recipe.design()?) {
        let factor = |factor: &Factor<'_>| match factor {
            Factor::Level(variable, _, place) => format!("(d[{}] == {place})", quoted(variable)),
            Factor::Number(variable) => format!("d[{}]", quoted(variable)),
            Factor::Value(e) => format!("({})", spelt(e)),
            Factor::Basis { basis, index } => format!("basis_{}[:, {}]", basis + 1, index - 1),
        };
        let product: Vec<String> = factors.iter().map(factor).collect();
        let product = if product.is_empty() {
            "np.ones(len(next(iter(d.values()))))".to_string()
        } else {
            product.join(" * ")
        };
        let mark = if c.estimate.is_none() { "# left out: " } else { "" };
        text.push_str(&format!("    {mark}1.0 * {product},  # {}\n", c.term.replace(['\n', '\r'], " ")));
    }
    text.push_str("])\n");
    let offsets: Vec<String> = recipe.offsets()?.iter().map(spelt).collect();
    let offset = if offsets.is_empty() { "np.zeros(len(X))".to_string() } else { offsets.join(" + ") };
    let outcome = match recipe.model.family {
        Family::Linear => spelt(recipe.formula.outcome()),
        Family::Logistic => format!("d[{}]", quoted(&recipe.model.outcome.variable)),
    };
    text.push_str(&format!("offset = {offset}\ny = {outcome}\n"));
    Ok(text)
}

fn fit(recipe: &Recipe) -> String {
    let linear = recipe.model.family == Family::Linear;
    let (options, after) = match &recipe.robust {
        Robust::Model => ("", ""),
        Robust::Hc(0) => ("cov_type=\"HC0\"", ""),
        Robust::Hc(1) if linear => ("cov_type=\"HC1\"", ""),
        Robust::Hc(2) if linear => ("cov_type=\"HC2\"", ""),
        Robust::Hc(_) if linear => ("cov_type=\"HC3\"", ""),
        Robust::Hc(1) => ("cov_type=\"HC0\"", "covariance *= n / (n - k)\n"),
        Robust::Hc(2) => ("", LEVERAGE_2),
        Robust::Hc(_) => ("", LEVERAGE_3),
        Robust::Cluster { correction, .. } => (
            "cov_type=\"cluster\", cov_kwds={\"groups\": cluster, \"use_correction\": False}",
            match correction {
                ClusterCorrection::Cr0 => "",
                ClusterCorrection::Cr1 => "covariance *= G / (G - 1)\n",
                ClusterCorrection::Cr1s => "covariance *= G / (G - 1) * (n - 1) / (n - k)\n",
            },
        ),
    };
    let cluster = match &recipe.robust {
        Robust::Cluster { variable, .. } => format!(
            "cluster = np.unique(d[{}], return_inverse=True)[1]\nG = len(np.unique(cluster))\n",
            quoted(variable)
        ),
        Robust::Model | Robust::Hc(_) => String::new(),
    };
    let fits = if linear {
        format!("fit = sm.OLS(y - offset, Q).fit({options})\n")
    } else {
        let options = if options.is_empty() { String::new() } else { format!(", {options}") };
        format!(
            "# The second fit starts where the first ended, so that the standard errors are those of the end.\n\
             logistic = sm.GLM(y, Q, family=sm.families.Binomial(), offset=offset)\n\
             fit = logistic.fit(tol=1e-13, maxiter=100)\n\
             fit = logistic.fit(start_params=fit.params, tol=1e-13, maxiter=100{options})\n"
        )
    };
    format!(
        "\n# {} standard errors. statsmodels fits on orthonormal columns, X = Q R, so that no digit is lost to their scale.\n\
         n, k = X.shape\n\
         size = np.sqrt((X**2).mean(axis=0))\n\
         Q, R = np.linalg.qr(X / size)\n\
         Q, R = Q * math.sqrt(n), R / math.sqrt(n)\n\
         back = np.linalg.solve(R, np.eye(k)) / size[:, None]\n\
         {cluster}{fits}\
         covariance = np.asarray(fit.cov_params())\n\
         {after}\
         estimates, covariance = back @ fit.params, back @ covariance @ back.T\n",
        if recipe.model.standard_errors == "model" { "Model-based" } else { &recipe.model.standard_errors }
    )
}

const LEVERAGE_2: &str = "U = Q * ((y - fit.fittedvalues) / np.sqrt(1 - fit.get_hat_matrix_diag()))[:, None]\n\
                          covariance = covariance @ (U.T @ U) @ covariance\n";
const LEVERAGE_3: &str = "U = Q * ((y - fit.fittedvalues) / (1 - fit.get_hat_matrix_diag()))[:, None]\n\
                          covariance = covariance @ (U.T @ U) @ covariance\n";

fn wanted(recipe: &Recipe) -> String {
    let value = |x: Option<f64>| x.map_or_else(|| "math.nan".to_string(), number);
    let lines: Vec<String> = recipe
        .model
        .coefficients
        .iter()
        .map(|c| format!("    ({}, {}, {}),\n", quoted(&c.term), value(c.estimate), value(c.std_error)))
        .collect();
    format!(
        "\n# The coefficients of model.json.\nmodel = [\n{}]\nlog_likelihood, rows_of_the_model = {}, {}\n",
        lines.concat(),
        value(recipe.model.fit.log_likelihood),
        recipe.model.data.rows_used
    )
}

const COMPARE: &str = r#"
errors = iter(np.sqrt(np.diag(covariance)))
values = iter(estimates)
found = [(next(values), next(errors)) if not math.isnan(b) else (math.nan, math.nan) for _, b, _ in model]
results = [(k + 1, b, se) for k, (b, se) in enumerate(found)]
results += [("log_likelihood", fit.llf, math.nan), ("rows_used", n_rows, math.nan)]
worst = 0.0
print(f"{'':<40} {'model':>18} {'statsmodels':>18}  largest relative difference")
for (term, b, se), (their_b, their_se) in zip(model, found):
    difference = 0.0 if math.isnan(b) else np.fmax(abs(their_b - b) / np.fmax(abs(b), se), abs(their_se / se - 1))
    worst = max(worst, math.inf if math.isnan(difference) and not math.isnan(se) else difference)
    print(f"{term:<40} {b:>18.10g} {their_b:>18.10g}  {difference:.1e}")
for what, value, theirs in (("log-likelihood", log_likelihood, fit.llf), ("rows used", rows_of_the_model, n_rows)):
    difference = abs(theirs - value) / max(1.0, abs(value))
    worst = max(worst, difference if not math.isnan(difference) else math.inf)
    print(f"{what:<40} {value:>18.10g} {theirs:>18.10g}  {difference:.1e}")
path = os.environ.get("CROSSCHECK_RESULTS")
if path:
    with open(path, "w", encoding="utf-8") as handle:
        handle.write("quantity,estimate,std_error\n")
        handle.writelines(f"{what},{float(b)!r},{float(se)!r}\n" for what, b, se in results)
print("all numbers agree to 1e-6" if worst <= 1e-6 else "NOT all numbers agree to 1e-6")
sys.exit(0 if worst <= 1e-6 or path else 1)
"#;
