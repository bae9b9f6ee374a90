//! Files larger than the memory that a fit may take, several files, and Parquet, as the user meets them.

use std::fs;
use std::path::Path;

use crate::cli::{Ended, Folder};

const FORMULA: &str = "responded ~ treatment * baseline_severity + rcs(age, 4) + sex + bmi + biomarker + comorbidities + \
                       smoking + adherence + site + dose_mg";

/// A folder with a trial of so many patients, `trial.csv`, and an empty folder `temporary`.
fn with_patients(n: usize) -> Folder {
    let folder = Folder::new();
    let ended = folder.run(&["simulate", "--rows", &n.to_string(), "--seed", "3", "-o", "trial.csv", "-q"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    fs::create_dir(folder.path("temporary")).expect("a folder can be made");
    folder
}

fn fit(folder: &Folder, data: &str, out: &str, more: &[&str]) -> Ended {
    let words = [&["fit", data, FORMULA, "-o", out], more].concat();
    let mut command = folder.command(&words);
    let output = command.env("TMPDIR", folder.path("temporary")).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    Ended { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn a_fit_that_does_not_fit_into_memory_gives_the_same_bits_and_leaves_nothing_behind() {
    let folder = with_patients(170_000);
    let arrays = fit(&folder, "trial.csv", "arrays", &[]);
    let disk = fit(&folder, "trial.csv", "disk", &["--memory", "5MB"]);
    assert_eq!((arrays.status, disk.status), (Some(0), Some(0)), "{}{}", arrays.err, disk.err);
    assert!(disk.err.contains("swept on disk") && !arrays.err.contains("swept"), "{}", disk.err);
    let [a, b] = ["arrays", "disk"].map(|name| bytes(&folder.path(name).join("coefficients.csv")));
    assert!(a == b, "the coefficients differ");
    let threads = fit(&folder, "trial.csv", "threads", &["--memory", "5MB", "--threads", "1"]);
    assert_eq!(threads.status, Some(0), "{}", threads.err);
    for name in ["coefficients.csv", "model.json", "loss_curve.png"] {
        assert!(
            bytes(&folder.path("disk").join(name)) == bytes(&folder.path("threads").join(name)),
            "{name}"
        );
    }
    let left: Vec<_> = fs::read_dir(folder.path("temporary")).expect("it is there").collect();
    assert!(left.is_empty(), "{left:?}");
    let ridge =
        fit(&folder, "trial.csv", "ridge", &["--memory", "5MB", "--penalty", "ridge", "--lambda", "0.01"]);
    assert_eq!(ridge.status, Some(0), "{}", ridge.err);
    assert!(ridge.err.contains("swept on disk"), "{}", ridge.err);
    for name in ["calibration.png", "decision_curve.png", "roc.png"] {
        assert!(
            folder.path("disk").join(name).exists() && folder.path("ridge").join(name).exists(),
            "{name}"
        );
    }
    let asked = ["--treatment", "treatment", "--against", "responded ~ age + sex", "--save-fitted"];
    let all = fit(&folder, "trial.csv", "all", &[&["--memory", "5MB"], &asked[..]].concat());
    assert_eq!(all.status, Some(0), "{}", all.err);
    assert!(all.err.contains("swept on disk"), "{}", all.err);
    let told = fs::read_to_string(folder.path("all/summary.txt")).expect("written");
    assert!(told.contains("responded ~ age + sex") && told.contains("odds ratio"), "{told}");
    let model = fs::read_to_string(folder.path("all/model.json")).expect("written");
    let model: serde_json::Value = serde_json::from_str(&model).expect("JSON");
    let lines = fs::read_to_string(folder.path("all/fitted.csv")).expect("written").lines().count();
    assert_eq!(model["data"]["rows_used"], serde_json::json!(lines - 1));
    assert!(folder.path("all/effects.json").exists() && folder.path("all/treatment_effect.png").exists());
    let left: Vec<_> = fs::read_dir(folder.path("temporary")).expect("it is there").collect();
    assert!(left.is_empty(), "{left:?}");
    let chosen =
        fit(&folder, "trial.csv", "chosen", &["--memory", "5MB", "--penalty", "ridge", "--lambda", "cv"]);
    assert_eq!(chosen.status, Some(0), "{}", chosen.err);
    assert!(chosen.err.contains("cross-validation fits 10 folds"), "{}", chosen.err);
    let told = fs::read_to_string(folder.path("chosen/summary.txt")).expect("written");
    assert!(told.contains("10-fold cross-validation"), "{told}");
    assert!(folder.path("chosen/cross_validation.png").exists());
    let refused = fit(&folder, "trial.csv", "refused", &["--memory", "5MB", "--validate", "bootstrap:20"]);
    assert_eq!(refused.status, Some(2));
    assert!(refused.err.contains("`--validate` keeps some numbers of each row in memory"), "{}", refused.err);
    assert!(refused.err.contains("about 13 MB, and `--memory` allows 5 MB"), "{}", refused.err);
    let tuned = ["--memory", "16MB", "--validate", "cv:3", "--penalty", "ridge", "--lambda", "cv"];
    let refused = fit(&folder, "trial.csv", "refused", &tuned);
    assert_eq!(refused.status, Some(2));
    assert!(refused.err.contains("about 18 MB, and `--memory` allows 16 MB"), "{}", refused.err);
    assert!(!folder.path("refused").exists());
    let predicted = folder.run(&["predict", "disk/model.json", "trial.csv", "-o", "predicted.csv", "-q"]);
    assert_eq!(predicted.status, Some(0), "{}", predicted.err);
}

#[test]
fn a_validation_of_rows_on_disk_is_that_of_arrays() {
    let folder = with_patients(120_000);
    let validated = |out: &str, memory: &str| {
        let ended = fit(&folder, "trial.csv", out, &["--memory", memory, "--validate", "bootstrap:2"]);
        assert_eq!(ended.status, Some(0), "{}", ended.err);
        let text = fs::read_to_string(folder.path(out).join("validation.json")).expect("written");
        (ended.err, serde_json::from_str::<serde_json::Value>(&text).expect("JSON"))
    };
    let ((said, swept), (_, arrays)) = (validated("swept", "12MB"), validated("arrays", "4GB"));
    assert!(said.contains("swept on disk") && said.contains("fits 2 more models"), "{said}");
    for index in ["auc", "nagelkerke_r2", "brier", "calibration_slope"] {
        let corrected = |found: &serde_json::Value| found["indices"][index]["corrected"].as_f64();
        let (a, b) = (corrected(&swept).expect("a number"), corrected(&arrays).expect("a number"));
        assert!((a - b).abs() < 1e-6, "{index}: {a} {b}");
    }
    let left: Vec<_> = fs::read_dir(folder.path("temporary")).expect("it is there").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_pattern_of_files_is_one_table() {
    let folder = with_patients(900);
    let whole = fs::read_to_string(folder.path("trial.csv")).expect("it is there");
    let (header, rows) = whole.split_once('\n').expect("a header");
    let rows: Vec<&str> = rows.lines().collect();
    for (k, part) in rows.chunks(400).enumerate() {
        let text = format!("{header}\n{}\n", part.join("\n"));
        fs::write(folder.path(&format!("site_{k}.csv")), text).expect("written");
    }
    let one = fit(&folder, "trial.csv", "one", &["-q"]);
    let pattern = fit(&folder, "site_*.csv", "pattern", &["-q"]);
    let list = fit(&folder, "site_0.csv,site_1.csv,site_2.csv", "list", &["-q"]);
    assert_eq!((one.status, pattern.status, list.status), (Some(0), Some(0), Some(0)), "{}", pattern.err);
    for name in ["pattern", "list"] {
        let found = bytes(&folder.path(name).join("coefficients.csv"));
        assert!(found == bytes(&folder.path("one").join("coefficients.csv")), "{name}");
    }
    let summary = fs::read_to_string(folder.path("pattern").join("summary.txt")).expect("a summary");
    assert!(summary.contains("3 files"), "{summary}");
    let none = fit(&folder, "ward_*.csv", "none", &["-q"]);
    assert_eq!(none.status, Some(1));
    assert!(none.err.contains("ward_*.csv"), "{}", none.err);
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_bits() {
    let folder = with_patients(700);
    let descent = ["--optimizer", "nesterov", "-q"];
    let limited = fit(
        &folder,
        "trial.csv",
        "limited",
        &[&descent[..], &["--max-epochs", "5", "--checkpoint", "state"]].concat(),
    );
    assert_eq!(limited.status, Some(3), "{}", limited.err);
    let resumed = fit(&folder, "trial.csv", "resumed", &[&descent[..], &["--resume", "state"]].concat());
    let whole = fit(&folder, "trial.csv", "whole", &descent);
    assert_eq!((resumed.status, whole.status), (Some(0), Some(0)), "{}{}", resumed.err, whole.err);
    for name in ["model.json", "coefficients.csv", "loss_curve.png", "gradient_norm.png"] {
        assert!(
            bytes(&folder.path("resumed").join(name)) == bytes(&folder.path("whole").join(name)),
            "{name}"
        );
    }
    let other = fit(&folder, "trial.csv", "other", &["--optimizer", "adam", "-q", "--resume", "state"]);
    assert_eq!(other.status, Some(2));
    assert!(other.err.contains("is of another fit"), "{}", other.err);
    fs::write(folder.path("cut"), &bytes(&folder.path("state"))[..60]).expect("written");
    let damaged = fit(&folder, "trial.csv", "damaged", &[&descent[..], &["--resume", "cut"]].concat());
    assert_eq!(damaged.status, Some(1), "{}", damaged.err);
    assert!(!folder.path("other").exists() && !folder.path("damaged").exists());
}
