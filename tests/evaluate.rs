//! External validation through the program: its files, its words, its refusals.

use std::fs;

use serde_json::Value;

use crate::cli::{Ended, Folder};

const LOGISTIC: &str = "responded ~ treatment + age";
/// The files of a logistic model's evaluation in a folder of its own.
const ALONE: [&str; 5] =
    ["calibration.png", "decision_curve.png", "evaluation.json", "roc.png", "summary.txt"];

/// A model in `model/`, and other patients in `new.csv`.
fn with_model(formula: &str) -> Folder {
    let folder = Folder::new();
    let done = |ended: Ended| assert_eq!(ended.status, Some(0), "{}", ended.err);
    done(folder.run(&["simulate", "--rows", "300", "--seed", "5", "-o", "trial.csv", "-q"]));
    done(folder.run(&["simulate", "--rows", "400", "--seed", "6", "-o", "new.csv", "-q"]));
    done(folder.run(&["fit", "trial.csv", formula, "-o", "model", "-q"]));
    folder
}

fn json(folder: &Folder, name: &str) -> Value {
    let text = fs::read_to_string(folder.path(name)).expect("it was written");
    serde_json::from_str(&text).expect("JSON")
}

fn names(folder: &Folder, name: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.path(name)).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn an_evaluation_writes_the_keys_that_scripts_rely_on() {
    let folder = with_model(LOGISTIC);
    let words = ["evaluate", "model/model.json", "new.csv", "--thresholds", "0.2,0.4", "-o", "out", "--json"];
    let ended = folder.run(&words);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    let told: Value = serde_json::from_str(&ended.out).expect("JSON and nothing else");
    let kept = json(&folder, "out/evaluation.json");
    assert_eq!(told, kept);
    let number = |key: &str| kept[key].as_f64().unwrap_or_else(|| panic!("no {key}"));
    for key in ["n", "auc", "auc_low", "auc_high", "brier", "calibration_intercept", "calibration_slope"] {
        assert!(number(key).is_finite());
    }
    assert!(number("oe_ratio") > 0.5 && number("n") <= 400.0);
    let benefit = &kept["net_benefit"];
    assert_eq!((&benefit[0]["threshold"], &benefit[1]["threshold"]), (&Value::from(0.2), &Value::from(0.4)));
    assert!(benefit[0]["model"].is_number() && benefit[1]["treat_all"].is_number());
    assert!(kept["case_mix"]["variables"]["age"]["standardised_difference"].is_number());
    assert_eq!(names(&folder, "out"), ALONE);
    let again =
        folder.run(&["evaluate", "model/model.json", "new.csv", "--thresholds", "0.2,0.4", "-o", "out"]);
    let summary = fs::read_to_string(folder.path("out/summary.txt")).expect("it was written");
    assert_eq!(again.out, summary);
    assert!(summary.contains("treat from risk") && summary.lines().all(|l| l.chars().count() <= 100));
}

#[test]
fn a_linear_model_has_its_own_measures() {
    let folder = with_model("effectiveness ~ treatment * baseline_severity + age");
    let ended = folder.run(&["evaluate", "model/model.json", "new.csv", "-o", "out", "-q"]);
    assert_eq!((ended.status, ended.out.as_str(), ended.err.as_str()), (Some(0), "", ""));
    let kept = json(&folder, "out/evaluation.json");
    for key in ["r_squared", "rmse", "mae", "calibration_intercept", "calibration_slope"] {
        assert!(kept[key].is_number(), "{key}");
    }
    assert!(kept.get("auc").is_none());
    assert_eq!(names(&folder, "out"), ["calibration.png", "evaluation.json", "summary.txt"]);
}

#[test]
fn without_a_named_threshold_nobody_is_classified() {
    let folder = with_model(LOGISTIC);
    let ended = folder.run(&["evaluate", "model/model.json", "new.csv"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    assert!(ended.out.contains("No threshold was named"), "{}", ended.out);
    let kept = json(&folder, "reports/new-responded-evaluation/evaluation.json");
    assert_eq!(kept["classification"], Value::Array(Vec::new()));
    let thresholds: Vec<f64> = kept["net_benefit"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|b| b["threshold"].as_f64().expect("a number"))
        .collect();
    assert_eq!(thresholds, [0.05, 0.1, 0.2, 0.3]);
}

#[test]
fn a_recalibrated_model_predicts_and_a_later_run_takes_it_away() {
    let folder = with_model(LOGISTIC);
    let run = |words: &[&str]| {
        let ended = folder.run(words);
        assert_eq!(ended.status, Some(0), "{}", ended.err);
        ended
    };
    run(&["evaluate", "model/model.json", "new.csv", "-o", "out", "--recalibrate", "slope"]);
    assert!(names(&folder, "out").contains(&"recalibrated.json".to_string()));
    let predicted = run(&["predict", "out/recalibrated.json", "new.csv"]).out;
    assert!(predicted.lines().nth(1).expect("a row").ends_with(",,"), "no interval is made up");
    run(&["evaluate", "out/recalibrated.json", "new.csv", "-o", "again"]);
    let slope = json(&folder, "again/evaluation.json")["calibration_slope"].as_f64().expect("a slope");
    assert!((slope - 1.0).abs() < 1e-8, "{slope}");
    run(&["evaluate", "model/model.json", "new.csv", "-o", "out"]);
    assert_eq!(names(&folder, "out"), ALONE);
}

#[test]
fn the_files_of_a_fit_in_the_same_folder_stay() {
    let folder = with_model(LOGISTIC);
    fs::write(folder.path("model/calibration.png"), "the fit's").expect("written");
    let before = fs::read(folder.path("model/summary.txt")).expect("the fit's");
    let ended = folder.run(&["evaluate", "model/model.json", "new.csv", "-o", "model"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    assert_eq!(fs::read(folder.path("model/summary.txt")).expect("the fit's"), before);
    assert_eq!(fs::read(folder.path("model/calibration.png")).expect("the fit's"), b"the fit's");
    for name in ["calibration", "roc", "decision_curve"] {
        let picture = fs::read(folder.path(&format!("model/evaluation_{name}.png"))).expect("it was drawn");
        assert!(picture.starts_with(b"\x89PNG"), "{name}");
    }
    assert!(folder.path("model/evaluation.txt").exists() && folder.path("model/model.json").exists());
}

#[test]
fn what_cannot_be_evaluated_is_refused_and_leaves_nothing() {
    let folder = with_model(LOGISTIC);
    let trial = fs::read_to_string(folder.path("new.csv")).expect("text");
    let header = trial.lines().next().expect("a header").to_string();
    let arm = header.split(',').position(|name| name == "treatment").expect("the arm");
    let mut strange: Vec<String> = trial.lines().map(str::to_string).collect();
    let mut cells: Vec<&str> = strange[3].split(',').collect();
    cells[arm] = "homoeopathy";
    strange[3] = cells.join(",");
    fs::write(folder.path("strange.csv"), strange.join("\n")).expect("writable");
    let wrong: [(&[&str], i32, &[&str]); 9] = [
        (&["new.csv", "--thresholds", "0"], 2, &["between 0 and 1"]),
        (&["new.csv", "--thresholds", "0.2,1"], 2, &["between 0 and 1"]),
        (&["new.csv", "--thresholds", "20%"], 2, &["not a number"]),
        (&["new.csv", "--recalibrate", "all"], 2, &["intercept"]),
        (&["new.csv", "--outcome", "dead"], 1, &["`dead`"]),
        (&["new.csv", "--event", "cured"], 1, &["--event cured"]),
        (&["strange.csv"], 1, &["line 4", "homoeopathy", "treatment"]),
        (&["nowhere.csv"], 1, &["nowhere.csv"]),
        (&["model/model.json"], 1, &["model.json"]),
    ];
    for (words, status, says) in wrong {
        let all = [&["evaluate", "model/model.json"], words, &["-o", "refused"]].concat();
        let ended = folder.run(&all);
        assert_eq!(ended.status, Some(status), "{all:?}: {}", ended.err);
        assert!(says.iter().all(|word| ended.err.contains(word)), "{all:?}: {}", ended.err);
        assert!(ended.out.is_empty() && !folder.path("refused").exists(), "{all:?}");
        assert!(!ended.err.contains("bug"), "{}", ended.err);
    }
    let swapped = folder.run(&["evaluate", "new.csv", "model/model.json"]);
    assert_eq!(swapped.status, Some(1));
    assert!(swapped.err.contains("not a model file"), "{}", swapped.err);
}
