//! The analysis as an R script: base R alone, with the splines package that comes with it where the formula has `ns`.

use crate::crosscheck::recipe::{Cells, Column, Recipe};
use crate::crosscheck::spell::{Language, all_quoted, expression, number, numbers, quoted, r_name};
use crate::data::form::TextEncoding;
use crate::design::atom::{Atom, Node};
use crate::design::expression::Expression;
use crate::error::Result;
use crate::fit::spec::{ClusterCorrection, Robust};
use crate::model::{Basis, Family};

const PRELUDE: &str = include_str!("prelude.R");

/// The script.
///
/// # Errors
/// Formula or Model, when model and formula do not fit together.
pub fn script(recipe: &Recipe) -> Result<String> {
    let mut text = head(recipe);
    text.push_str(PRELUDE);
    text.push_str(&data(recipe));
    text.push_str(&fit(recipe)?);
    text.push_str(&errors(recipe));
    text.push_str(&names(recipe)?);
    text.push_str(COMPARE);
    Ok(text)
}

fn head(recipe: &Recipe) -> String {
    let files: Vec<String> = recipe
        .files
        .iter()
        .map(|file| {
            let encoding = match file.form.encoding {
                TextEncoding::Utf8 => "UTF-8-BOM",
                TextEncoding::Utf16 => "UTF-16",
                TextEncoding::Windows1252 => "CP1252",
            };
            format!(
                "  list(path = {}, encoding = {}, sep = {}, skip = {}, width = {},\n       names = c({}))",
                quoted(&file.path.to_string_lossy()),
                quoted(encoding),
                quoted(&file.form.delimiter.to_string()),
                file.form.lines_before,
                file.form.width,
                all_quoted(&file.form.names)
            )
        })
        .collect();
    format!(
        "# {} in R: written by `clinreg crosscheck`, must give the numbers of model.json to 1e-6.\n\
         # Rscript crosscheck.R [DATA ...]: other places of the data, in the order below. R 4.0 or later.\n\
         # Where CROSSCHECK_RESULTS names a file, the numbers go there too.\n\n\
         files <- list(\n{})\n\
         given <- commandArgs(trailingOnly = TRUE)\n\
         for (k in seq_along(given)) files[[k]]$path <- given[k]\n\n",
        recipe.formula.to_string().replace(['\n', '\r'], " "),
        files.join(",\n")
    )
}

/// From cells to complete rows.
fn data(recipe: &Recipe) -> String {
    let mut text = String::from("\n# The rows of all files, typed.\nraw <- lapply(files, cells_of)\n");
    text.push_str(
        "raw <- do.call(rbind, lapply(raw, function(d) d[names(raw[[1]])]))\nrows_used <- list()\n",
    );
    text.push_str(&format!(
        "# Words that mean missing.\nusual <- c({})\n",
        all_quoted(recipe.usual_missing())
    ));
    for column in &recipe.columns {
        let name = quoted(&column.name);
        let cells = format!(
            "present(raw[[{name}]], {}, c({}))",
            words(recipe, column),
            numbers(&column.missing_numbers)
        );
        let value = match &column.cells {
            Cells::Number if recipe.decimal_comma => format!("number(decimal_comma({cells}))"),
            Cells::Number => format!("number({cells})"),
            Cells::Date => format!("days({cells})"),
            Cells::Levels(levels) => format!("as_levels({cells}, c({}))", all_quoted(levels)),
            Cells::Event { event, other } => {
                format!("place({cells}, c({}, {})) - 1", quoted(other), quoted(event))
            }
            Cells::Text => cells,
        };
        text.push_str(&format!("rows_used[[{name}]] <- {value}\n"));
    }
    text.push_str(
        "rows_used <- as.data.frame(rows_used, optional = TRUE)\n\
         rows_used <- rows_used[complete.cases(rows_used), , drop = FALSE]\n",
    );
    if let Some(weights) = &recipe.weights {
        let name = quoted(weights);
        text.push_str(&format!("rows_used <- rows_used[rows_used[[{name}]] > 0, , drop = FALSE]\n"));
        text.push_str("n_rows <- nrow(rows_used)\n# A frequency weight stands for so many equal rows.\n");
        text.push_str(&format!(
            "rows_used <- rows_used[rep(seq_len(n_rows), rows_used[[{name}]]), , drop = FALSE]\n"
        ));
    } else {
        text.push_str("n_rows <- nrow(rows_used)\n");
    }
    text
}

fn words(recipe: &Recipe, column: &Column) -> String {
    if column.missing == recipe.usual_missing() {
        "usual".to_string()
    } else {
        format!("c({})", all_quoted(&column.missing))
    }
}

fn fit(recipe: &Recipe) -> Result<String> {
    let mut text = String::from("\n");
    for (k, basis) in recipe.bases()?.iter().enumerate() {
        let place = k + 1;
        match basis.basis {
            Basis::Rcs { knots } => text.push_str(&format!(".knots_{place} <- c({})\n", numbers(knots))),
            Basis::Ns { knots, boundary } => text.push_str(&format!(
                ".knots_{place} <- c({})\n.ends_{place} <- c({})\n",
                numbers(knots),
                numbers(boundary)
            )),
            Basis::Poly { .. } => {}
        }
    }
    let outcome = match recipe.model.family {
        Family::Logistic => r_name(&recipe.model.outcome.variable),
        Family::Linear => spelt(recipe.formula.outcome()),
    };
    let atom = |atom: &Atom| in_formula(recipe, atom);
    text.push_str(&format!("model <- {outcome} ~ {}\n", node(recipe.formula.right(), &atom)));
    text.push_str(match recipe.model.family {
        Family::Linear => "fit <- lm(model, data = rows_used, na.action = na.fail)\n",
        Family::Logistic => {
            "# The second call starts where the first ended, so that the standard errors are those of the end.\n\
             control <- glm.control(epsilon = 1e-11, maxit = 100)\n\
             .eta <- NULL\n\
             fit <- glm(model, binomial, rows_used, na.action = na.fail, control = control)\n\
             .eta <- fit$linear.predictors\n\
             fit <- glm(model, binomial, rows_used, na.action = na.fail, control = control, etastart = .eta)\n"
        }
    });
    text.push_str("b <- coef(fit)\n");
    Ok(text)
}

fn errors(recipe: &Recipe) -> String {
    let (factor, sums) = match &recipe.robust {
        Robust::Model => return "covariance <- vcov(fit, complete = TRUE)\n".to_string(),
        Robust::Hc(0) => ("1", "U"),
        Robust::Hc(1) => ("n / (n - ncol(X))", "U"),
        Robust::Hc(2) => ("1", "U / sqrt(1 - h)"),
        Robust::Hc(_) => ("1", "U / (1 - h)"),
        Robust::Cluster { correction, .. } => (
            match correction {
                ClusterCorrection::Cr0 => "1",
                ClusterCorrection::Cr1 => "G / (G - 1)",
                ClusterCorrection::Cr1s => "G / (G - 1) * (n - 1) / (n - ncol(X))",
            },
            "rowsum(U, cluster)",
        ),
    };
    let cluster = match &recipe.robust {
        Robust::Cluster { variable, .. } => format!(
            "cluster <- as.character(rows_used[[{}]])\nG <- length(unique(cluster))\n",
            quoted(variable)
        ),
        Robust::Model | Robust::Hc(_) => String::new(),
    };
    let variance = match recipe.model.family {
        Family::Linear => "rep(1, length(mu))",
        Family::Logistic => "mu * (1 - mu)",
    };
    format!(
        "\n# {}: the sandwich, by the QR factorisation of the weighted design.\n\
         kept <- !is.na(b)\n\
         X <- model.matrix(fit)[, kept, drop = FALSE]\n\
         size <- sqrt(colMeans(X^2))\n\
         mu <- fitted(fit)\n\
         n <- length(mu)\n\
         v <- {variance}\n\
         QR <- qr(sweep(X, 2, size, \"/\") * sqrt(v), tol = 1e-14)\n\
         Q <- qr.Q(QR)\n\
         h <- rowSums(Q^2)\n\
         U <- (fit$model[[1]] - mu) / sqrt(v) * t(backsolve(qr.R(QR), t(Q)))\n\
         U[, QR$pivot] <- sweep(U, 2, size[QR$pivot], \"/\")\n\
         {cluster}\
         covariance <- matrix(NA, length(b), length(b), dimnames = list(names(b), names(b)))\n\
         covariance[kept, kept] <- crossprod({sums}) * ({factor})\n",
        recipe.model.standard_errors
    )
}

/// Where each of our coefficients is among R's, and what it should be.
fn names(recipe: &Recipe) -> Result<String> {
    let bases = recipe.bases()?;
    let mut theirs = Vec::new();
    for c in &recipe.model.coefficients {
        if c.parts.is_empty() {
            theirs.push("\"(Intercept)\"".to_string());
            continue;
        }
        let parts: Vec<String> = c
            .parts
            .iter()
            .map(|part| match (&part.level, &part.transform) {
                (Some(level), _) => format!("part(quote({}), {})", r_name(&part.variable), quoted(level)),
                (None, None) => format!("part(quote({}))", r_name(&part.variable)),
                (None, Some(text)) => {
                    let atoms = recipe.formula.model().map(|m| m.atoms.as_slice()).unwrap_or_default();
                    let of = atoms.iter().find(|atom| atom.to_string() == *text);
                    let call = of.map_or_else(|| r_name(text), |atom| in_formula(recipe, atom));
                    let single = bases.iter().find(|b| b.atom.to_string() == *text).is_some_and(is_single);
                    match part.index.filter(|_| !single) {
                        Some(index) => format!("part(quote({call}), {index})"),
                        None => format!("part(quote({call}))"),
                    }
                }
            })
            .collect();
        theirs.push(format!("paste({}, sep = \":\")", parts.join(", ")));
    }
    let value = |x: Option<f64>| x.map_or_else(|| "NA".to_string(), number);
    let all = |of: &dyn Fn(&crate::model::Coefficient) -> Option<f64>| {
        recipe.model.coefficients.iter().map(|c| value(of(c))).collect::<Vec<_>>().join(", ")
    };
    let terms: Vec<String> = recipe.model.coefficients.iter().map(|c| c.term.clone()).collect();
    Ok(format!(
        "\n# The coefficients of model.json, and what R calls them.\n\
         terms <- c({})\n\
         theirs <- c(\n  {})\n\
         estimate <- c({})\n\
         std_error <- c({})\n\
         log_likelihood <- {}\n\
         rows_of_the_model <- {}\n",
        all_quoted(&terms),
        theirs.join(",\n  "),
        all(&|c| c.estimate),
        all(&|c| c.std_error),
        value(recipe.model.fit.log_likelihood),
        recipe.model.data.rows_used
    ))
}

/// R names the only column of a matrix without its number.
fn is_single(basis: &crate::crosscheck::recipe::FrozenBasis<'_>) -> bool {
    match basis.basis {
        Basis::Rcs { .. } => false,
        Basis::Ns { knots, .. } => knots.is_empty(),
        Basis::Poly { alpha, .. } => alpha.len() == 1,
    }
}

fn spelt(e: &Expression) -> String {
    expression(e, Language::R, &r_name)
}

/// A variable of the formula, with the knots that the model froze.
fn in_formula(recipe: &Recipe, atom: &Atom) -> String {
    let place = recipe.bases().ok().and_then(|all| all.iter().position(|b| b.atom == atom)).unwrap_or(0) + 1;
    match atom {
        Atom::Column(name) | Atom::Factor(name) => r_name(name),
        Atom::Transform(e) => spelt(e),
        Atom::Rcs(e, _) => format!("rcs({}, .knots_{place})", spelt(e)),
        Atom::Ns(e, _) => {
            format!("splines::ns({}, knots = .knots_{place}, Boundary.knots = .ends_{place})", spelt(e))
        }
        Atom::Poly(e, degree) => format!("poly({}, {degree})", spelt(e)),
    }
}

/// The right-hand side as R reads it; everything that is joined stands in parentheses.
fn node(of: &Node, atom: &dyn Fn(&Atom) -> String) -> String {
    let inside = |item: &Node| match item {
        Node::Sum(_) | Node::Cross(_) | Node::Interaction(_) | Node::Power(..) => {
            format!("({})", node(item, atom))
        }
        leaf => node(leaf, atom),
    };
    match of {
        Node::Sum(items) => {
            let mut text = String::new();
            for (k, (removed, item)) in items.iter().enumerate() {
                text.push_str(match (k, removed) {
                    (0, false) => "",
                    (0, true) => "-",
                    (_, false) => " + ",
                    (_, true) => " - ",
                });
                text.push_str(&match item {
                    Node::Sum(_) => inside(item),
                    _ => node(item, atom),
                });
            }
            text
        }
        Node::Cross(items) => {
            let mut text = String::new();
            for (k, (nested, item)) in items.iter().enumerate() {
                if k > 0 {
                    text.push_str(if *nested { " / " } else { " * " });
                }
                text.push_str(&inside(item));
            }
            text
        }
        Node::Interaction(items) => items.iter().map(inside).collect::<Vec<_>>().join(":"),
        Node::Power(base, exponent) => format!("{}^{exponent}", inside(base)),
        Node::Atom(a) => atom(a),
        Node::Offset(e) => format!("offset({})", spelt(e)),
        Node::Intercept(present) => (if *present { "1" } else { "0" }).to_string(),
        Node::Dot => ".".to_string(),
    }
}

const COMPARE: &str = r#"
at <- match(theirs, names(b))
if (anyNA(at)) stop("R has no coefficient ", paste(theirs[is.na(at)], collapse = ", "), " among ", paste(names(b), collapse = ", "))
found <- data.frame(quantity = c(seq_along(at), "log_likelihood", "rows_used"),
                    estimate = c(b[at], as.numeric(logLik(fit)), n_rows),
                    std_error = c(sqrt(diag(covariance))[at], NA, NA))
wanted <- c(estimate, log_likelihood, rows_of_the_model)
size <- c(pmax(abs(estimate), std_error), max(1, abs(log_likelihood)), 1)
difference <- pmax(abs(found$estimate - wanted) / size, abs(found$std_error / c(std_error, NA, NA) - 1), na.rm = TRUE)
difference[is.na(found$estimate) & is.na(wanted)] <- 0
print(data.frame(row.names = c(terms, "log-likelihood", "rows used"), model = wanted, R = found$estimate,
                 largest_relative_difference = difference), digits = 10)
results <- Sys.getenv("CROSSCHECK_RESULTS")
if (nzchar(results)) {
  found[-1] <- lapply(found[-1], function(x) sprintf("%.17g", x))
  write.csv(found, results, row.names = FALSE, quote = FALSE)
}
agrees <- !anyNA(difference) && all(difference <= 1e-6)
cat(if (agrees) "all numbers agree to 1e-6\n" else "NOT all numbers agree to 1e-6\n")
if (!agrees && !nzchar(results)) quit(status = 1)
"#;
