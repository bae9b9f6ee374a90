//! `clinreg explore` as its users meet it: files, verdicts, exit status, and what is refused.

use std::fs;

use serde_json::Value;

use crate::cli::Folder;

const TRIAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/treatment_effectiveness.csv");

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_lesson_writes_its_pictures_and_ends_with_status_3_where_it_did_not_converge() {
    let folder = Folder::new();
    let ended = folder.run(&["explore", "--preset", "highAlpha", "-o", "out", "--svg"]);
    assert_eq!(ended.status, Some(3), "{}", ended.err);
    assert!(ended.out.contains("Oscillating") && ended.out.contains("1/L = 0.5"), "{}", ended.out);
    let path = fs::read_to_string(folder.path("out/path.csv")).expect("written");
    assert_eq!(path.lines().count(), 52, "a heading, the start and 50 updates");
    let last = path.lines().last().expect("a row").split(',').nth(4).map(str::parse::<f64>);
    let x = last.expect("a cell").expect("a number");
    assert!((x.abs() - 1.039).abs() < 5e-4, "{x}");
    for name in
        ["contour.png", "contour.svg", "loss_and_gradient.png", "eigen.png", "descent.gif", "explore.html"]
    {
        assert!(folder.path(&format!("out/{name}")).is_file(), "{name}");
    }
    assert!(!folder.path("out/surface.png").exists(), "a curve has no third dimension");
}

#[test]
fn the_loss_of_a_fit_is_explored_in_both_scales() {
    let folder = Folder::new();
    let formula = "responded ~ age + treatment";
    let words =
        ["explore", "--from", "model", TRIAL, formula, "--over", "age,treatment[standard]", "--both-scales"];
    let ended = folder.run(&[&words[..], &["--json", "-q", "-o", "out"]].concat());
    assert_eq!((ended.status, ended.err.as_str()), (Some(3), ""), "the raw scale crawls");
    let both = json(&ended.out);
    assert_eq!(both[0]["runs"][0]["verdict"]["outcome"], "converged");
    assert_eq!(both[1]["runs"][0]["verdict"]["outcome"], "crawling");
    assert!(both[0]["surface"]["ellipse"].as_array().is_some_and(|points| points.len() > 50));
    for name in ["scales.png", "surface.png", "raw_contour.png", "raw_descent.gif"] {
        assert!(folder.path(&format!("out/{name}")).is_file(), "{name}");
    }
    // A later run in one scale takes the other's files away.
    assert_eq!(folder.run(&["explore", "bowl", "-q", "-o", "out"]).status, Some(0));
    assert!(!folder.path("out/scales.png").exists() && !folder.path("out/raw_contour.png").exists());
}

#[test]
fn the_same_command_writes_the_same_bytes() {
    let folder = Folder::new();
    for out in ["a", "b"] {
        let words =
            ["explore", "himmelblau", "--noise", "2", "--rate", "0.005", "--seed", "3", "-q", "-o", out];
        assert!(folder.run(&words).status.is_some_and(|status| status == 0 || status == 3));
    }
    for name in ["contour.png", "descent.gif", "path.csv", "explore.json"] {
        let bytes = |out: &str| fs::read(folder.path(&format!("{out}/{name}"))).expect("written");
        assert!(bytes("a") == bytes("b"), "{name}");
    }
}

#[test]
fn names_from_the_data_are_escaped_on_the_page() {
    let folder = Folder::new();
    let mut text = String::from("<b>x</b>,z,y\n");
    for k in 0..40 {
        text += &format!("{},{},{}\n", k % 7, k % 5, k % 7 + k % 3);
    }
    fs::write(folder.path("odd.csv"), text).expect("written");
    let words = ["explore", "--from", "model", "odd.csv", "y ~ `<b>x</b>` + z", "-q", "-o", "out"];
    let ended = folder.run(&words);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    let page = fs::read_to_string(folder.path("out/explore.html")).expect("written");
    assert!(!page.contains("<b>x</b>") && page.contains("&lt;b&gt;x"));
}

#[test]
fn what_cannot_be_is_refused_and_writes_nothing() {
    let folder = Folder::new();
    for words in [
        &["explore"][..],
        &["explore", "himelblau"],
        &["explore", "bowl", "--start", "1"],
        &["explore", "bowl", "--start", "a,b"],
        &["explore", "bowl", "--rate", "0"],
        &["explore", "bowl", "--condition", "5"],
        &["explore", "bowl", "--max-iterations", "20001"],
        &["explore", "bowl", "--batch-size", "5"],
        &["explore", "bowl", "--preset", "simple1d"],
        &["explore", "--preset", "unknown"],
        &["explore", "bowl", "y ~ x"],
        &["explore", "--from", "model", TRIAL],
        &["explore", "--from", "model", TRIAL, "responded ~ age + treatment", "--over", "age,nothing"],
        &["explore", "bowl", "--rate", "1,2,3,4", "--method", "adam,momentum"],
    ] {
        let ended = folder.run(words);
        assert_eq!(ended.status, Some(2), "{words:?} {}", ended.err);
        assert!(ended.err.contains("hint:"), "{words:?} {}", ended.err);
    }
    assert_eq!(folder.run(&["explore", "--from", "model", "no.csv", "y ~ x + z"]).status, Some(1));
    assert!(folder.names().is_empty(), "{:?}", folder.names());
}
