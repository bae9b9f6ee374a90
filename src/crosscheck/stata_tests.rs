//! Tests of the do-file, which no test can run: what stands in it, and what is said where there is none.

use std::path::PathBuf;

use super::*;
use crate::crosscheck::recipe::DataFile;
use crate::data::csv::Source;
use crate::data::form::{TextEncoding, TextForm};
use crate::fit::fit;
use crate::fit::spec::{Robust, Spec};
use crate::model::Model;
use crate::optimise::watch::Unwatched;

fn recipe(formula: &str, change: impl Fn(&mut Spec)) -> Recipe {
    let row = |k: usize| {
        let (x, site) = ((k * 37 % 101) as f64 / 10.0, ["a$", "b", "c"][k % 3]);
        let y = if (k * 7919) % 100 < 20 + 5 * x as usize { "yes" } else { "no" };
        format!("{x},{site},{y},{}\n", k % 4)
    };
    let text = format!("my x,site,y,w\n{}", (1..150).map(row).collect::<String>());
    let source = Source::from_bytes("d.csv", text.into_bytes()).expect("a table");
    let mut spec = Spec::new(formula);
    change(&mut spec);
    let model = Model::from_fit(&fit(&spec, &source, &mut Unwatched).expect("a fit"));
    let names = ["my x", "site", "y", "w"].map(str::to_string).to_vec();
    let form = TextForm { encoding: TextEncoding::Utf8, delimiter: ',', lines_before: 1, names, width: 4 };
    let files = vec![DataFile { path: PathBuf::from("d.csv"), form }];
    Recipe::new(&model, &spec, &source, files).expect("a recipe")
}

fn lines(recipe: &Recipe) -> Vec<String> {
    let text = script(recipe).expect("model and formula agree").expect("Stata can do it");
    text.lines().map(str::to_string).collect()
}

#[test]
fn a_logistic_model_is_written_variable_by_variable() {
    let recipe = recipe("y ~ log(`my x` + 1) * site", |spec| spec.weights = Some("w".to_string()));
    let lines = lines(&recipe);
    let has = |wanted: &str| assert!(lines.iter().any(|line| line == wanted), "no `{wanted}` in {lines:#?}");
    has("generate t1 = strtrim(v3)");
    has("replace x1 = 1 if t1 == \"yes\"");
    has("replace x3 = 1 if t3 == \"a\" + char(36)");
    has("expand x4");
    has("generate double b2 = (ln(x2 + 1))");
    has("generate double b4 = (x3 == 3)");
    has("generate double b6 = (ln(x2 + 1)) * (x3 == 3)");
    assert!(lines.iter().any(|line| line.starts_with("logit y b2 b3 b4 b5 b6, offset(off)")));
    for line in &lines {
        assert!(line.matches('(').count() == line.matches(')').count(), "{line}");
    }
}

#[test]
fn each_robust_variance_is_brought_to_ours() {
    let factor = |formula: &str, robust: Robust| {
        let recipe = recipe(formula, |spec| spec.robust = robust.clone());
        let lines = lines(&recipe);
        lines.iter().find_map(|line| line.strip_prefix("scalar to_ours = ").map(str::to_string))
    };
    let cluster = |correction| Robust::Cluster { variable: "site".to_string(), correction };
    for (formula, robust, wanted) in [
        ("w ~ `my x`", Robust::Hc(3), "1"),
        ("w ~ `my x`", Robust::Hc(0), "(n_used - n_kept) / n_used"),
        ("y ~ `my x`", Robust::Hc(1), "(n_used - 1) / (n_used - n_kept)"),
        ("y ~ `my x`", cluster(ClusterCorrection::Cr1), "1"),
        ("w ~ `my x`", cluster(ClusterCorrection::Cr1), "(n_used - n_kept) / (n_used - 1)"),
    ] {
        assert_eq!(factor(formula, robust.clone()).as_deref(), Some(wanted), "{formula} {robust:?}");
    }
}

#[test]
fn what_stata_does_not_have_is_said() {
    let said = |recipe: &Recipe| script(recipe).expect("model and formula agree").expect_err("no do-file");
    assert!(said(&recipe("w ~ ns(`my x`, 3)", |_| {})).contains("`ns`"));
    assert!(said(&recipe("y ~ `my x`", |spec| spec.robust = Robust::Hc(3))).contains("HC3"));
}
