//! What a search for the penalty leaves: the path and its cross-validation, as pictures, tables and words.

use crate::error::Result;
use crate::fit::result::{Fit, PenaltyUsed};
use crate::fit::spec::Family;
use crate::fit::target::Search;
use crate::fit::tune::{Measure, Tuned};
use crate::plot::cross_validation::CrossValidation;
use crate::plot::lambda_axis::lambda_words;
use crate::plot::page::Headings;
use crate::plot::penalty_path::{PathCurve, PenaltyPath};
use crate::plot::upright::Upright;
use crate::report::numbers::{brief, cell};
use crate::report::tables::written;
use crate::report::words::{self, plural};
use crate::report::{NamedFile, capitalised, drawn};

/// The files of the path and of its cross-validation: a table and a picture each, as far as there are any.
///
/// # Errors
/// As the pictures' and tables' writers say.
pub(crate) fn files(fit: &Fit, svg: bool) -> Result<Vec<NamedFile>> {
    let Some((used, search)) = searched(fit) else { return Ok(Vec::new()) };
    let file = |name: &str, bytes: Vec<u8>| NamedFile::new(name, bytes);
    let mut files = vec![file("penalty_path.csv", path_table(search)?)];
    files.extend(path_picture(fit, used, search, svg)?);
    if let Some(tuned) = &search.tuned {
        files.push(file("cross_validation.csv", tuned_table(tuned)?));
        files.extend(tuned_picture(fit, search, tuned, svg)?);
    }
    Ok(files)
}

/// The penalty and what other lambdas would have given.
fn searched(fit: &Fit) -> Option<(&PenaltyUsed, &Search)> {
    let used = fit.penalty.as_ref()?;
    Some((used, used.search.as_ref()?))
}

/// `lambda,non_zero,loss`, then a column a standardised coefficient; a row a lambda.
fn path_table(search: &Search) -> Result<Vec<u8>> {
    let path = &search.path;
    let header = ["lambda", "non_zero", "loss"].map(str::to_string).into_iter().chain(search.names.clone());
    let rows = (0..path.lambda.len()).map(|k| {
        let mut cells = vec![cell(path.lambda[k]), path.non_zero[k].to_string(), cell(path.loss[k])];
        cells.extend(path.coefficients.row(k).iter().map(|b| cell(*b)));
        cells
    });
    written(std::iter::once(header.collect()).chain(rows))
}

/// `lambda,mean,std_error,is_min,is_1se`, a row a lambda.
fn tuned_table(tuned: &Tuned) -> Result<Vec<u8>> {
    let header = ["lambda", "mean", "std_error", "is_min", "is_1se"].map(str::to_string).to_vec();
    let rows = (0..tuned.lambda.len()).map(|k| {
        vec![
            cell(tuned.lambda[k]),
            cell(tuned.mean[k]),
            cell(tuned.std_error[k]),
            (k == tuned.least).to_string(),
            (k == tuned.within_one_se).to_string(),
        ]
    });
    written(std::iter::once(header).chain(rows))
}

fn path_picture(fit: &Fit, used: &PenaltyUsed, search: &Search, svg: bool) -> Result<Vec<NamedFile>> {
    let path = &search.path;
    let intercept = intercept(fit);
    let curves: Vec<PathCurve> = search
        .names
        .iter()
        .enumerate()
        .filter(|(_, name)| Some(name.as_str()) != intercept)
        .map(|(j, name)| PathCurve {
            name: words::visible(name),
            coefficients: path.coefficients.column(j).to_vec(),
        })
        .collect();
    let unit = match fit.family {
        Family::Linear => "units of the outcome per standard deviation of the predictor",
        Family::Logistic => "log odds per standard deviation of the predictor",
    };
    let how = if search.tuned.is_some() { "chosen by cross-validation" } else { "as asked for" };
    let chosen = Upright {
        at: used.strength.lambda,
        words: format!("lambda {}, {how}", lambda_words(used.strength.lambda)),
    };
    let (title, subtitle) = headings(fit);
    let figure = PenaltyPath {
        headings: Headings { title: &title, subtitle: &subtitle },
        lambda: &path.lambda,
        curves: &curves,
        non_zero: &path.non_zero,
        unit,
        chosen: &chosen,
    };
    drawn(&figure, "penalty_path", svg)
}

fn tuned_picture(fit: &Fit, search: &Search, tuned: &Tuned, svg: bool) -> Result<Vec<NamedFile>> {
    let (title, subtitle) = headings(fit);
    let name = capitalised(tuned.measure.words());
    let note = format!("mean over {} folds, ± 1 standard error", tuned.folds);
    let figure = CrossValidation {
        headings: Headings { title: &title, subtitle: &subtitle },
        lambda: &tuned.lambda,
        mean: &tuned.mean,
        std_error: &tuned.std_error,
        non_zero: &search.path.non_zero,
        measure: (&name, &note),
        marked: &marked(tuned),
    };
    drawn(&figure, "cross_validation", svg)
}

/// The two lambdas of which the rules speak, or the one that both name.
fn marked(tuned: &Tuned) -> Vec<Upright> {
    let (least, simplest) = (tuned.lambda_min(), tuned.lambda_1se());
    let line = |at: f64, what: &str| Upright { at, words: format!("lambda {}: {what}", lambda_words(at)) };
    if tuned.least == tuned.within_one_se {
        return vec![line(least, "smallest mean, and chosen")];
    }
    vec![line(simplest, "chosen: the largest within one standard error"), line(least, "smallest mean")]
}

fn headings(fit: &Fit) -> (String, String) {
    (words::visible(&fit.formula), words::family_name(fit))
}

/// The name of the intercept, if the model has one.
fn intercept(fit: &Fit) -> Option<&str> {
    fit.coefficients.iter().find(|c| c.term.parts.is_empty()).map(|c| c.term.name.as_str())
}

/// Below the path.
pub(crate) fn path_caption(fit: &Fit) -> String {
    let Some((used, search)) = searched(fit) else { return String::new() };
    let lambda = used.strength.lambda;
    let mut sentences = vec![
        "Each line is the coefficient of one predictor, in standard deviations so that all can be compared, as the \
         penalty falls from left to right."
            .to_string(),
        match used.strength.alpha {
            0.0 => "Ridge shrinks all of them and lets none be zero.".to_string(),
            _ => "At the left all are zero; where a line leaves zero its predictor enters the model.".to_string(),
        },
        format!(
            "At the lambda of this model, {}, {} of {} are not zero.",
            brief(lambda),
            plural(used.non_zero as f64, "coefficient"),
            used.predictors
        ),
    ];
    let lambdas = &search.path.lambda;
    let (low, high) =
        lambdas.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), l| (low.min(*l), high.max(*l)));
    if lambda < low || lambda > high {
        let side = if lambda < low { "smaller than all" } else { "larger than all" };
        sentences.push(format!("That lambda is {side} of the path, {} to {}.", brief(low), brief(high)));
    }
    let failed = search.path.converged.iter().filter(|c| !**c).count();
    if failed > 0 {
        sentences.push(format!("{} of the path did not converge.", plural(failed as f64, "fit")));
    }
    sentences.join(" ")
}

/// Below the cross-validation.
pub(crate) fn tuned_caption(fit: &Fit) -> String {
    let Some(tuned) = searched(fit).and_then(|(_, search)| search.tuned.as_ref()) else {
        return String::new();
    };
    let mut sentences = vec![
        format!(
            "How badly each lambda predicts rows that it has not seen: the {} in {} parts of the rows, each left out of \
             the fit in turn, with one standard error up and down.",
            tuned.measure.words(),
            tuned.folds
        ),
        format!("The mean is smallest at lambda {}.", brief(tuned.lambda_min())),
        format!(
            "The model takes the largest lambda whose mean is within one standard error of that, {}: the simplest that \
             is not clearly worse.",
            brief(tuned.lambda_1se())
        ),
    ];
    if tuned.measure == Measure::Deviance {
        sentences.push("The deviance is −2 times the log-likelihood.".to_string());
    }
    if tuned.is_at_the_end() {
        sentences.push(
            "The smallest mean is at the end of the path: a still smaller lambda might do better."
                .to_string(),
        );
    }
    if tuned.unconverged > 0 {
        let fits = plural(tuned.unconverged as f64, "fit");
        sentences.push(format!("{fits} of the cross-validation did not converge."));
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::path::Path;
    use crate::model::sample;
    use crate::objective::penalty::Strength;
    use ndarray::array;

    fn lasso() -> Fit {
        let lambda = vec![1.0, 0.1];
        let path = Path {
            lambda: lambda.clone(),
            coefficients: array![[2.0, 0.0], [2.0, 0.5]],
            non_zero: vec![0, 1],
            loss: vec![0.9, 0.4],
            converged: vec![true, false],
        };
        let tuned = Tuned {
            lambda,
            mean: vec![1.9, 0.9],
            std_error: vec![0.2, 0.1],
            least: 1,
            within_one_se: 1,
            folds: 10,
            measure: Measure::MeanSquaredError,
            unconverged: 0,
        };
        let mut fit = sample::linear();
        let names = fit.coefficients.iter().take(2).map(|c| c.term.name.clone()).collect();
        fit.penalty = Some(PenaltyUsed {
            strength: Strength { lambda: 0.1, alpha: 1.0 },
            non_zero: 1,
            predictors: 1,
            duality_gap: 0.0,
            search: Some(Search { path, names, tuned: Some(tuned) }),
        });
        fit
    }

    fn table(files: &[NamedFile], name: &str) -> String {
        let file = files.iter().find(|f| f.name == name).expect("written");
        String::from_utf8(file.bytes.clone()).expect("text")
    }

    #[test]
    fn a_search_leaves_both_pictures_with_their_tables_and_a_plain_fit_none() {
        let fit = lasso();
        let files = files(&fit, true).expect("drawn");
        let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "penalty_path.csv",
                "penalty_path.png",
                "penalty_path.svg",
                "cross_validation.csv",
                "cross_validation.png",
                "cross_validation.svg"
            ]
        );
        let slope = &fit.coefficients[1].term.name;
        let wanted = format!("lambda,non_zero,loss,(Intercept),{slope}\n1,0,0.9,2,0\n0.1,1,0.4,2,0.5\n");
        assert_eq!(table(&files, "penalty_path.csv"), wanted);
        let wanted = "lambda,mean,std_error,is_min,is_1se\n1,1.9,0.2,false,false\n0.1,0.9,0.1,true,true\n";
        assert_eq!(table(&files, "cross_validation.csv"), wanted);
        assert!(super::files(&sample::linear(), true).expect("nothing to draw").is_empty());
    }

    #[test]
    fn what_a_reader_must_know_of_the_search_is_said() {
        let fit = lasso();
        let path = path_caption(&fit);
        assert!(
            path.contains("1 fit of the path did not converge") && path.contains("0.1, 1 coefficient of 1"),
            "{path}"
        );
        let tuned = tuned_caption(&fit);
        assert!(tuned.contains("smallest at lambda 0.1") && tuned.contains("end of the path"), "{tuned}");
        assert_eq!(
            marked(fit.penalty.and_then(|p| p.search).and_then(|s| s.tuned).as_ref().expect("tuned")).len(),
            1
        );
    }
}
