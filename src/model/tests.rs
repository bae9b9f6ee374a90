//! Tests of the model file: what is written reads back, what was changed is told, predictions agree with the paper.

use ndarray::{Array1, array};

use crate::data::csv::Source;
use crate::data::table::{Column, Table, Values};
use crate::design::matrix::Encoded;
use crate::model::sample;
use crate::model::{Kind, Model, SCHEMA};
use crate::num::special::logit;

fn all() -> Vec<Model> {
    let fits = [
        sample::linear(),
        sample::unfinished(),
        sample::diverged(),
        sample::logistic(),
        sample::separated(),
        sample::mini_batch(),
        sample::hostile(),
    ];
    fits.iter().map(Model::from_fit).collect()
}

#[test]
fn what_is_saved_is_what_is_loaded() {
    for model in all() {
        let text = model.to_json();
        let loaded = Model::from_json(&text).expect("our own file");
        assert_eq!(loaded, model);
        assert_eq!(loaded.to_json(), text);
    }
}

#[test]
fn scripts_find_the_keys_of_the_interface() {
    let text = Model::from_fit(&sample::logistic()).to_json();
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let at = |path: &str| value.pointer(path).unwrap_or_else(|| panic!("no {path}")).to_string();
    assert_eq!(at("/schema"), format!("\"{SCHEMA}\""));
    assert_eq!(at("/data/rows_dropped"), "5");
    assert_eq!(at("/data/missing/risk"), "4");
    assert_eq!(at("/factors/rx/0"), "\"placebo\"");
    assert_eq!(at("/coefficients/3/parts/0/transform"), "\"rcs(age, 4)\"");
    assert_eq!(at("/coefficients/3/parts/0/index"), "1");
    assert_eq!(at("/coefficients/2/parts/0"), "{\"variable\":\"risk\",\"level\":null}");
    assert_eq!(at("/coefficients/6/estimate"), "null");
    assert_eq!(at("/coefficients/6/aliased"), "\"equal to 12 * age\"");
    assert_eq!(at("/fit/n"), "597");
    assert_eq!(at("/fit/likelihood_ratio/against"), "\"outcome ~ rx\"");
    assert_eq!(at("/convergence/max_error_in_standard_errors"), "1.3e-7");
    assert_eq!(at("/collinearity/rx/gvif"), "1.4");
    assert_eq!(at("/optimizer/batch_size"), "null");
    let separated: serde_json::Value =
        serde_json::from_str(&Model::from_fit(&sample::separated()).to_json()).expect("JSON");
    let found = &separated["convergence"]["separation"];
    assert_eq!(found.to_string(), "{\"kind\":\"quasi-complete\",\"terms\":[\"site[c]\"],\"rows\":23}");
    let linear = Model::from_fit(&sample::linear()).to_json();
    assert!(
        linear.contains("\"f_statistic\": {\"value\": 288.436, \"df1\": 1, \"df2\": 48, \"p_value\": 4e-22}")
    );
}

#[test]
fn what_is_not_a_number_is_null_and_times_are_absent() {
    let text = Model::from_fit(&sample::diverged()).to_json();
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(value["fit"]["aic"].is_null() && value["convergence"]["gradient_norm"].is_null());
    assert!(value["coefficients"][0]["estimate"].is_null() && value["covariance"].is_null());
    assert!(!text.contains("NaN") && !text.contains("inf") && !text.contains("second"));
}

/// The message of loading the model file of a logistic fit after a change of its text.
fn after(change: impl Fn(String) -> String) -> String {
    let text = Model::from_fit(&sample::logistic()).to_json();
    let changed = change(text.clone());
    assert_ne!(changed, text, "the change did nothing");
    let error = Model::from_json(&changed).expect_err("a changed file");
    assert_eq!(error.exit_status(), 1);
    assert!(error.hint.is_some(), "no hint: {}", error.message);
    error.message
}

#[test]
fn a_file_that_was_changed_or_cut_is_told() {
    let replaced = |from: &'static str, to: &'static str| after(move |t| t.replacen(from, to, 1));
    let cases = [
        (after(|t| t[..t.len() / 2].to_string()), "ends in the middle"),
        (after(|_| String::new()), "empty"),
        (after(|_| "age,sex\n1,f\n".to_string()), "not a model file"),
        (after(|_| "{\"a\": 1}".to_string()), "not a model of clinreg"),
        (after(|_| format!("{{{}", "\"a\":{".repeat(10_000))), "not JSON: recursion limit"),
        (replaced("clinreg-model/1", "clinreg-model/2"), "newer clinreg: its schema is 2"),
        (replaced("clinreg-model/1", "other/1"), "unknown schema `other/1`"),
        (replaced("[0.3038, 0,", "[0.3038,"), "`covariance` is 7 x 7, and there are 7"),
        (replaced("[0.3038, 0,", "[0.3038, 5,"), "not symmetric: row 2 column 1 is 0"),
        (replaced("\"estimate\": -2.9134", "\"estimate\": \"-2.9134\""), "invalid type: string"),
        (replaced("\"estimate\": -2.9134", "\"estimate\": null"), "there are 6 estimated"),
        (replaced("\"estimate\": null", "\"estimate\": 1"), "left out and yet has an estimate"),
        (replaced("\"term\": \"risk\"", "\"term\": \"(Intercept)\""), "comes twice"),
        (replaced("\"conf_level\": 0.95", "\"conf_level\": 95"), "not between 0 and 1"),
        (replaced("[24, 39, 52, 71]", "[24, 52, 39, 71]"), "not in order"),
        (replaced("\"rx\": \"category\"", "\"rx\": \"number\""), "disagree on the variable `rx`"),
        (replaced("[\"placebo\", \"indomethacin\"]", "[\"placebo\", \"placebo\"]"), "comes twice"),
        (replaced("\"formula\": \"outcome ~", "\"formula\": \"outcome ~~"), "cannot be read"),
        (replaced("\"family\": \"logistic\"", "\"family\": \"probit\""), "unknown variant `probit`"),
        (replaced("\"formula\"", "\"fromula\""), "missing field `formula`"),
        (replaced("0.3038", "1e999"), "out of range"),
    ];
    for (message, wanted) in cases {
        assert!(message.contains(wanted), "`{wanted}` is not in: {message}");
    }
}

/// Two columns, the second with a missing cell.
fn new_rows() -> (Table, Array1<f64>) {
    let x = vec![70.0, f64::NAN, 150.0];
    let table = Table {
        n_rows: 3,
        lines: vec![2, 3, 4],
        origins: Default::default(),
        columns: vec![Column { name: "patients".to_string(), values: Values::Number(x.clone()) }],
    };
    (table, Array1::from(x))
}

fn encoded(model: &Model, x: &Array1<f64>) -> Encoded {
    let mut design = array![[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]];
    design.column_mut(1).assign(x);
    let terms = sample::linear().coefficients.into_iter().map(|c| c.term).collect();
    Encoded { terms, x: design, has_intercept: model.design.intercept, offset: None }
}

/// Against R: `predict(lm, newdata, interval = "confidence")` is fit -+ qt(0.975, 48) se with se^2 = x'Cx.
#[test]
fn a_linear_prediction_has_both_intervals() {
    let model = Model::from_fit(&sample::linear());
    let (table, x) = new_rows();
    let got = model.predict_rows(&encoded(&model, &x), &table, 0.95).expect("numbers");
    let eta = 27.084063 + 0.777657 * 70.0;
    let variance = 20.474946 - 2.0 * 70.0 * 0.2 + 70.0 * 70.0 * 0.0020966;
    let t = 2.010_634_757_624_231; // R: qt(0.975, 48)
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * b.abs(), "{a} is not {b}");
    near(got.prediction[0].expect("a value"), eta);
    let mean = got.interval.expect("a covariance");
    near(mean[0].expect("an interval").0, eta - t * f64::sqrt(variance));
    let new = got.new_observation.expect("linear");
    near(new[0].expect("an interval").1, eta + t * (variance + 9.259405_f64.powi(2)).sqrt());
    assert_eq!((got.prediction[1], mean[1], new[1]), (None, None, None));
    assert_eq!(got.missing, [("patients".to_string(), 1)]);
}

#[test]
fn a_logistic_interval_is_worked_out_on_the_log_odds() {
    let mut model = Model::from_fit(&sample::linear());
    model.family = crate::model::Family::Logistic;
    model.coefficients[0].estimate = Some(-2.0);
    model.coefficients[1].estimate = Some(0.01);
    model.covariance = Some(vec![vec![0.04, 0.0], vec![0.0, 0.0]]);
    let (table, x) = new_rows();
    let got = model.predict_rows(&encoded(&model, &x), &table, 0.95).expect("numbers");
    assert!(got.new_observation.is_none());
    let (low, high) = got.interval.expect("a covariance")[0].expect("an interval");
    let z = 1.959_963_984_540_054; // R: qnorm(0.975)
    assert!((logit(low) - (-1.3 - z * 0.2)).abs() < 1e-12);
    assert!((logit(high) - (-1.3 + z * 0.2)).abs() < 1e-12);
}

#[test]
fn a_column_that_was_left_out_counts_as_nothing() {
    let mut model = Model::from_fit(&sample::linear());
    model.coefficients[1].estimate = None;
    model.coefficients[1].aliased = Some("constant".to_string());
    model.covariance = None;
    let (table, x) = new_rows();
    let got = model.predict_rows(&encoded(&model, &x), &table, 0.95).expect("numbers");
    assert_eq!(got.prediction, [Some(27.084063), None, Some(27.084063)]);
    assert!(got.interval.is_none() && got.new_observation.is_none());
}

#[test]
fn a_prediction_that_is_not_finite_names_the_line() {
    let model = Model::from_fit(&sample::linear());
    let (mut table, mut x) = new_rows();
    x[1] = f64::INFINITY;
    table.columns[0].values = Values::Number(x.to_vec());
    let error = model.predict_rows(&encoded(&model, &x), &table, 0.95).expect_err("infinite");
    assert!(error.message.starts_with("line 3: the linear predictor is inf"), "{}", error.message);
}

#[test]
fn a_diverged_model_does_not_predict() {
    let model = Model::from_fit(&sample::diverged());
    let (table, x) = new_rows();
    let error = model.predict_rows(&encoded(&model, &x), &table, 0.95).expect_err("no estimates");
    assert!(error.message.contains("no estimate of `(Intercept)`: its descent ended with `diverged`"));
}

#[test]
fn an_interval_that_rounding_ate_is_not_given() {
    let mut model = Model::from_fit(&sample::linear());
    // Variances of 1e20 that cancel to about nothing at x = 1.
    model.covariance = Some(vec![vec![1e20, -1e20], vec![-1e20, 1e20]]);
    let (table, mut x) = new_rows();
    x.fill(1.0);
    let table = Table { columns: Vec::new(), ..table };
    let got = model.predict_rows(&encoded(&model, &x), &table, 0.95).expect("numbers");
    assert_eq!(got.interval.expect("a covariance")[0], None);
    assert!(got.prediction[0].is_some());
}

#[test]
fn only_an_answer_goes_without_a_warning() {
    let warning = |fit| Model::from_fit(&fit).warning();
    assert_eq!(warning(sample::linear()), None);
    assert!(warning(sample::separated()).expect("separated").contains("separated by `site[c]`"));
    let unfinished = warning(sample::unfinished()).expect("not converged");
    assert!(
        unfinished.contains("epoch limit reached; a coefficient can be 5.90 standard errors"),
        "{unfinished}"
    );
}

fn trial(text: &str) -> Source {
    Source::from_bytes("new.csv", text.as_bytes().to_vec()).expect("a CSV")
}

#[test]
fn new_data_are_typed_as_the_fit_saw_them() {
    let model = Model::from_fit(&sample::logistic());
    let names = |kind: Kind| {
        let of_kind = model.design.variables.0.iter().filter(|(_, k)| *k == kind);
        of_kind.map(|(n, _)| n.as_str()).collect::<Vec<_>>()
    };
    assert_eq!((names(Kind::Category), names(Kind::Number)), (vec!["rx"], vec!["risk", "age", "age_months"]));
    let header = "rx,risk,age,age_months\n";
    let got = model.predict(&trial(&format!("{header}placebo,2,40,480\nindomethacin,,50,600\n")), 0.95);
    let got = got.expect("two rows");
    assert!(got.prediction[0].is_some() && got.prediction[1].is_none());
    assert_eq!(got.missing, [("risk".to_string(), 1)]);
    let unseen = model.predict(&trial(&format!("{header}placebo,2,40,480\naspirin,2,50,600\n")), 0.95);
    let message = unseen.expect_err("an unseen level").message;
    assert!(message.contains("`rx`, line 3: `aspirin`"), "{message}");
    let word = model.predict(&trial(&format!("{header}placebo,two,40,480\n")), 0.95).expect_err("a word");
    assert!(word.message.contains("risk"), "{}", word.message);
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let model = Model::from_fit(&sample::logistic());
    let error = model.predict(&trial("rx,Risk,age\nplacebo,2,40\n"), 0.95).expect_err("no column");
    assert!(error.message.contains("`new.csv` has no columns `risk` and `age_months`"), "{}", error.message);
    assert!(error.hint.expect("a hint").contains("is `risk` the column `Risk`?"));
}
