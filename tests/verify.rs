//! A report verifies itself: the same bits from the same data, and a clear word on whatever is not the same.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cli::{Ended, Folder};

const OPTIONS: [&str; 6] = ["-o", "out", "--seed", "3", "--threads", "2"];

/// A folder with a trial of 300 patients and one fit of it in `out`.
fn fitted(formula: &str, more: &[&str]) -> Folder {
    let folder = Folder::new();
    let made = folder.run(&["simulate", "--rows", "300", "--seed", "5", "-o", "trial.csv", "-q"]);
    assert_eq!(made.status, Some(0), "{}", made.err);
    let ended = folder.run(&[&["fit", "trial.csv", formula, "-q"], &OPTIONS[..], more].concat());
    assert!(matches!(ended.status, Some(0 | 3)), "{}", ended.err);
    folder
}

fn change(folder: &Folder, from: &str, to: &str) {
    let path = folder.path("out/model.json");
    let text = fs::read_to_string(&path).expect("it is there");
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).expect("it can be written");
}

/// The run refuses, and says these words.
fn refuses(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.status, Some(1), "{}", ended.out);
    assert!(ended.err.contains("hint: "), "{}", ended.err);
    words.iter().for_each(|word| assert!(ended.err.contains(word), "no `{word}`: {}", ended.err));
}

#[test]
fn a_report_that_is_as_it_was_has_the_same_bits() {
    let logistic = "responded ~ treatment * age + rcs(bmi, 4) + site";
    let linear = "effectiveness ~ treatment + log(biomarker) + smoking";
    for (formula, options) in [
        (logistic, &["--treatment", "treatment", "--validate", "bootstrap:10"][..]),
        (linear, &["--robust", "hc3", "--save-fitted", "--na", "-9,none"]),
        (linear, &["--missing", "impute", "--imputations", "3"]),
        (
            linear,
            &["--optimizer", "momentum", "--batch-size", "32", "--start", "random", "--max-epochs", "20"],
        ),
        ("responded ~ age + bmi + sex", &["--penalty", "lasso", "--lambda", "cv"]),
    ] {
        let folder = fitted(formula, options);
        let ended = folder.run(&["verify", "out", "--threads", "1"]);
        assert_eq!(ended.status, Some(0), "{options:?}: {}{}", ended.out, ended.err);
        let files = if options.contains(&"--treatment") { 3 } else { 1 };
        assert_eq!(ended.out.matches("same bits").count(), files, "{options:?}: {}", ended.out);
        assert_eq!(folder.names(), ["out", "trial.csv"]);
    }
}

#[test]
fn what_differs_is_told_with_its_key_and_both_values() {
    let folder = fitted("effectiveness ~ age", &[]);
    let text = fs::read_to_string(folder.path("out/model.json")).expect("it is there");
    let model: Value = serde_json::from_str(&text).expect("JSON");
    let aic = model["fit"]["aic"].to_string();
    change(&folder, &format!("\"aic\": {aic}"), "\"aic\": 1234.5");
    let ended = folder.run(&["verify", "out/model.json"]);
    assert_eq!(ended.status, Some(1), "{}", ended.err);
    assert!(ended.out.contains(&format!("fit.aic: recorded 1234.5, now {aic}")), "{}", ended.out);
    let told = folder.run(&["verify", "out", "--json", "-q"]);
    let told: Value = serde_json::from_str(&told.out).expect("JSON alone");
    assert_eq!(told["same"], false);
    assert_eq!(told["files"][0]["differences"].as_array().map(Vec::len), Some(1));
    assert_eq!(told["files"][0]["differences"][0]["key"], "fit.aic");
}

#[test]
fn data_that_moved_are_found_by_the_option_and_others_are_refused() {
    let folder = fitted("effectiveness ~ age", &[]);
    fs::rename(folder.path("trial.csv"), folder.path("moved.csv")).expect("it can be moved");
    refuses(&folder.run(&["verify", "out"]), &["the data of the fit, `trial.csv`, are not there", "--data"]);
    let moved = folder.run(&["verify", "out", "--data", "moved.csv"]);
    assert_eq!(moved.status, Some(0), "{}{}", moved.out, moved.err);
    assert!(moved.out.contains("data.file: recorded \"trial.csv\", now \"moved.csv\""), "{}", moved.out);
    let text = fs::read_to_string(folder.path("moved.csv")).expect("it is there");
    fs::write(folder.path("trial.csv"), format!("{text}\n")).expect("it can be written");
    refuses(&folder.run(&["verify", "out"]), &["is not the file of the fit", "SHA-256"]);
}

/// Two completed files of the same patients, and a fit of them.
fn of_two_files(more: &[&str]) -> Folder {
    let folder = Folder::new();
    for (name, seed) in [("a1.csv", "5"), ("a2.csv", "6")] {
        let made = folder.run(&["simulate", "--rows", "200", "--seed", seed, "-o", name, "-q"]);
        assert_eq!(made.status, Some(0), "{}", made.err);
    }
    let fit =
        ["fit", "a1.csv,a2.csv", "effectiveness ~ treatment + age + sex", "-q", "--missing", "complete-case"];
    let ended = folder.run(&[&fit[..], &OPTIONS[..], more].concat());
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    folder
}

#[test]
fn every_file_of_several_is_that_of_the_fit() {
    for more in [&["--pool", "--treatment", "treatment"][..], &["--pool"], &[]] {
        let folder = of_two_files(more);
        let ended = folder.run(&["verify", "out"]);
        assert_eq!(ended.status, Some(0), "{more:?}: {}{}", ended.out, ended.err);
        let n_files = if more.len() > 1 { 2 } else { 1 };
        assert_eq!(ended.out.matches("same bits").count(), n_files, "{}", ended.out);
        let text = fs::read_to_string(folder.path("a2.csv")).expect("it is there");
        let last = text.trim_end().rfind('\n').expect("lines");
        // A row less in the second file, and one blank more, which changes no number.
        for changed in [text[..=last].to_string(), format!("{text} ")] {
            fs::write(folder.path("a2.csv"), changed).expect("it can be written");
            let ended = folder.run(&["verify", "out"]);
            refuses(&ended, &["SHA-256", "a2.csv"]);
            assert!(
                !more.contains(&"--pool") || ended.err.contains("`a2.csv` is not one of the files"),
                "{}",
                ended.err
            );
        }
    }
}

#[test]
fn a_file_too_few_is_told() {
    let folder = of_two_files(&["--pool"]);
    refuses(&folder.run(&["verify", "out", "--data", "a1.csv"]), &["names 1 files", "fitted to 2"]);
}

#[test]
fn what_cannot_be_run_again_is_refused() {
    let folder = fitted("effectiveness ~ age", &[]);
    refuses(&folder.run(&["verify", "nowhere"]), &["nowhere"]);
    refuses(&folder.run(&["verify", "."]), &["no `model.json` in the folder `.`"]);
    change(&folder, "\"clinreg_version\": \"", "\"clinreg_version\": \"0.0.");
    refuses(&folder.run(&["verify", "out"]), &["was written by clinreg 0.0.", "another version"]);
    change(&folder, "\"clinreg_version\": \"0.0.", "\"clinreg_version\": \"");
    change(&folder, "\"command\": [\"fit\", ", "\"command\": [\"fit\", \"--nonsense\", ");
    refuses(&folder.run(&["verify", "out"]), &["none of this program's", "--nonsense"]);
    change(&folder, "\"command\"", "\"commands\"");
    refuses(&folder.run(&["verify", "out"]), &["does not record the command"]);
}

#[test]
fn the_reports_of_this_repository_have_the_same_bits() {
    for outcome in ["effectiveness", "responded"] {
        for part in ["", "gradient_descent", "mini_batch"] {
            let report = Path::new("reports/treatment_effectiveness").join(outcome).join(part);
            let output = Command::new(env!("CARGO_BIN_EXE_clinreg"))
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .arg("verify")
                .arg(&report)
                .output()
                .expect("the program starts");
            let (out, err) =
                (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.code(), Some(0), "{}: {out}{err}", report.display());
            assert!(out.contains("same bits"), "{out}");
        }
    }
}
