//! Internal validation as `validation.json` and as a section of the summary.

use serde_json::{Map, Value, json};

use crate::report::align::{Align, Head, Line};
use crate::report::block::Block;
use crate::report::numbers::{NONE, brief, short};
use crate::report::statistics::percent;
use crate::report::words;
use crate::validate::instability::{Instability, PROBABILITIES};
use crate::validate::resample::Scheme;
use crate::validate::{Imputations, Index, Validation};

/// How the intervals are made, for both files.
const INTERVAL: &str = "corrected index +- z standard errors of the index of a fixed model in a sample of this size \
                        (DeLong for the AUC, sandwich for calibration, delta method for the others)";

/// `validation.json`: numbers with all their digits, `null` for what does not exist; aggregates only.
pub fn json(validation: &Validation) -> String {
    let indices: Map<String, Value> =
        validation.indices.iter().map(|index| (index.name.to_string(), index_json(index))).collect();
    let failures: Map<String, Value> =
        validation.failures.iter().map(|(why, n)| (why.words().to_string(), json!(n))).collect();
    let mut value = json!({
        "method": validation.scheme.name(),
        "resamples": validation.scheme.resamples(),
        "failed": validation.failed,
        "failures": failures,
        "resamples_with_columns_left_out": validation.aliased,
        "seed": validation.seed,
        "cluster": validation.cluster,
        "imputation": validation.imputations.map(imputation_json),
        "conf_level": validation.conf_level,
        "interval": INTERVAL,
        "indices": indices,
        "shrinkage_factor": validation.shrinkage_factor,
        "instability": validation.instability.as_ref().map(instability_json),
    });
    match validation.scheme {
        Scheme::CrossValidation { folds, repeats } => {
            value["folds"] = json!(folds);
            value["repeats"] = json!(repeats);
        }
        Scheme::Split { share } => value["training_share"] = json!(share),
        Scheme::Bootstrap { .. } => {}
    }
    let mut text = serde_json::to_string_pretty(&value).expect("text keys and numbers always serialise");
    text.push('\n');
    text
}

fn imputation_json(imputations: Imputations) -> Value {
    match imputations {
        Imputations::Repeated { inside, whole } => {
            json!({"repeated": true, "imputations_per_resample": inside, "completed_data_sets": whole})
        }
        Imputations::NotRepeated { files } => json!({"repeated": false, "completed_data_sets": files}),
    }
}

fn index_json(index: &Index) -> Value {
    json!({
        "apparent": index.apparent,
        "training": index.training,
        "test": index.test,
        "optimism": index.optimism,
        "corrected": index.corrected,
        "std_error": index.std_error,
        "conf_low": index.conf_low,
        "conf_high": index.conf_high,
        "monte_carlo_error": index.monte_carlo_error,
        "resamples": index.resamples,
    })
}

fn instability_json(instability: &Instability) -> Value {
    let groups: Vec<Value> = instability
        .groups
        .iter()
        .map(|group| {
            json!({
                "n": group.n,
                "mean_prediction": group.mean_prediction,
                "mean_absolute_error": group.mean_absolute_error,
                "difference_quantiles": group.quantiles,
            })
        })
        .collect();
    json!({
        "mean_absolute_prediction_error": instability.mean_absolute_error,
        "quantile_probabilities": PROBABILITIES,
        "by_tenth_of_prediction": groups,
    })
}

/// The section of the summary: what was done, the indices, failures, shrinkage, instability.
pub fn text(validation: &Validation) -> String {
    blocks(validation).iter().map(Block::text).collect()
}

/// The same as blocks: the indices, and the instability where it was measured.
pub fn blocks(validation: &Validation) -> Vec<Block> {
    let mut indices = index_table(validation);
    indices.heading = title(validation);
    indices.notes = notes(validation);
    let instability = validation.instability.as_ref().map(|instability| {
        let mut block = instability_table(instability);
        block.heading = format!(
            "Instability: a patient's prediction differs by {} on average between the model and those of the \
             resamples. By tenth of the prediction:",
            short(instability.mean_absolute_error)
        );
        block
    });
    [Some(indices), instability].into_iter().flatten().collect()
}

/// What was done, e.g. `Internal validation: 500 bootstrap samples, seed 0`.
pub fn title(validation: &Validation) -> String {
    let who = match &validation.cluster {
        Some(variable) => format!(" of whole clusters by {}", words::visible(variable)),
        None => String::new(),
    };
    let seed = validation.seed;
    match validation.scheme {
        Scheme::Bootstrap { samples } => {
            format!("Internal validation: {samples} bootstrap samples{who}, seed {seed}")
        }
        Scheme::CrossValidation { folds, repeats: 1 } => {
            format!("Internal validation: {folds}-fold cross-validation{who}, seed {seed}")
        }
        Scheme::CrossValidation { folds, repeats } => {
            format!("Internal validation: {folds}-fold cross-validation{who}, {repeats} times, seed {seed}")
        }
        Scheme::Split { share } => format!(
            "Internal validation: one split{who}, {} to train and the rest to test, seed {seed}",
            percent(share)
        ),
    }
}

/// The name of an index for people.
pub fn label(name: &str) -> &str {
    match name {
        "auc" => "AUC",
        "somers_dxy" => "Somers' Dxy",
        "nagelkerke_r2" => "Nagelkerke R²",
        "brier" => "Brier score",
        "r_squared" => "R²",
        "mse" => "mean squared error",
        "calibration_intercept" => "calibration intercept",
        "calibration_slope" => "calibration slope",
        other => other,
    }
}

fn index_table(validation: &Validation) -> Block {
    let interval = format!("{} CI", percent(validation.conf_level));
    let titles = ["apparent", "training", "test", "optimism", "corrected"];
    let mut heads = vec![Head { title: "index", align: Align::Left }];
    heads.extend(titles.map(|title| Head { title, align: Align::Point }));
    heads.push(Head { title: &interval, align: Align::Interval });
    let lines: Vec<Line> = validation
        .indices
        .iter()
        .map(|index| {
            let size = index.corrected.or(index.apparent).map_or(1.0, f64::abs).max(1.0);
            let number = |value: Option<f64>| value.map_or(NONE.to_string(), |v| decimals(v, size));
            let ends = match (index.conf_low, index.conf_high) {
                (Some(low), Some(high)) => format!("{} to {}", decimals(low, size), decimals(high, size)),
                _ => NONE.to_string(),
            };
            let values = [index.apparent, index.training, index.test, index.optimism, index.corrected];
            let mut cells = vec![label(index.name).to_string()];
            cells.extend(values.map(number));
            cells.push(ends);
            Line::Cells(cells)
        })
        .collect();
    Block::table("", &heads, lines)
}

/// As many decimals as leave four digits of numbers of this size.
fn decimals(value: f64, size: f64) -> String {
    let places = (4.0 - size.log10().floor()).clamp(0.0, 4.0) as usize;
    let text = format!("{value:.places$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        text.trim_start_matches('-').to_string()
    } else {
        text
    }
}

fn notes(validation: &Validation) -> Vec<String> {
    let mut notes =
        vec![format!("optimism = training - test, corrected = apparent - optimism. Intervals: {INTERVAL}.")];
    notes.extend(validation.imputations.map(|i| imputation(i, validation.scheme)));
    let by_construction = validation.indices.iter().any(|index| {
        index.name == "calibration_slope" && index.apparent == Some(1.0) && index.training == Some(1.0)
    });
    if by_construction {
        notes.push(
            "The apparent calibration intercept and slope are 0 and 1 by construction: they say nothing by themselves."
                .to_string(),
        );
    }
    let resamples = validation.scheme.resamples();
    notes.push(match validation.failed {
        0 => format!("All {resamples} resamples gave a model."),
        failed => {
            let why: Vec<String> =
                validation.failures.iter().map(|(why, n)| format!("{n} {}", why.words())).collect();
            format!("{failed} of {resamples} resamples gave no model and do not count: {}.", why.join(", "))
        }
    });
    if validation.aliased > 0 {
        notes.push(format!(
            "In {} resamples a column (a level that was not drawn, say) said nothing of its own; its coefficient \
             counted as 0 there.",
            validation.aliased
        ));
    }
    for index in validation.indices.iter().filter(|i| i.resamples + validation.failed < resamples) {
        notes.push(format!("{}: exists in {} resamples only.", label(index.name), index.resamples));
    }
    if let Some(factor) = validation.shrinkage_factor {
        notes.push(format!(
            "Uniform shrinkage factor (the corrected slope): {}. Coefficients multiplied by it, the intercept \
             refitted, would be right on average in new patients.",
            brief(factor)
        ));
    }
    notes
}

/// What became of the imputation.
fn imputation(imputations: Imputations, scheme: Scheme) -> String {
    let shared = match scheme {
        Scheme::Bootstrap { .. } => "",
        Scheme::CrossValidation { .. } | Scheme::Split { .. } => {
            " Rows that test were completed with all rows and their own outcomes, so their test is not quite independent."
        }
    };
    match imputations {
        Imputations::Repeated { inside, whole } => format!(
            "The imputation was repeated inside each resample: its incomplete rows were imputed anew, {inside} times, and \
             the fits' mean is its model. Apparent: the pooled model on the {whole} completed data sets; test: on the \
             same, means over them.{shared}"
        ),
        Imputations::NotRepeated { files } => format!(
            "The imputation was NOT repeated: each of the {files} completed files was validated with the same resamples, \
             and indices are means over them. What the imputation learnt from the rows that test is in those that train."
        ),
    }
}

fn instability_table(instability: &Instability) -> Block {
    let heads = [
        Head { title: "tenth", align: Align::Left },
        Head { title: "rows", align: Align::Right },
        Head { title: "mean prediction", align: Align::Point },
        Head { title: "mean difference", align: Align::Point },
        Head { title: "middle 95% of differences", align: Align::Interval },
    ];
    let size = instability.groups.iter().map(|g| g.mean_prediction.abs()).fold(1.0, f64::max);
    let lines: Vec<Line> = instability
        .groups
        .iter()
        .enumerate()
        .map(|(k, group)| {
            let [low, .., high] = group.quantiles;
            Line::Cells(vec![
                (k + 1).to_string(),
                group.n.to_string(),
                decimals(group.mean_prediction, size),
                decimals(group.mean_absolute_error, size),
                format!("{} to {}", decimals(low, size), decimals(high, size)),
            ])
        })
        .collect();
    Block::table("", &heads, lines)
}
