//! R's results on real clinical data, if they are at hand beside the project: the built program against each case.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// The kinds of case that the program can do.
const KINDS: &str = "fit,rank_deficient,separation,ridge,lasso,elastic_net,firth,robust,likelihood_ratio,vif,\
     hosmer_lemeshow,external_validation,treatment_effect,table1,validate,mice";

/// Said aloud: past the harness, which keeps quiet about tests that pass.
fn say(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").expect("standard error can be written");
}

#[test]
fn the_program_gives_r_s_numbers_on_clinical_data() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/clinical/check_cases.py");
    if !script.is_file() {
        say("SKIPPED: no reference cases beside the project; nothing was compared");
        return;
    }
    let output = Command::new("python3")
        .arg(&script)
        .arg(env!("CARGO_BIN_EXE_clinreg"))
        .args(["--kind", KINDS])
        .output()
        .expect("python3 runs the comparison");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_separated_fit_names_the_coefficients_that_r_finds_without_a_limit() {
    let clinical = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/clinical");
    let Ok(cases) = std::fs::read_dir(clinical.join("cases")) else {
        say("SKIPPED: no reference cases beside the project; no separation was compared");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut compared = 0;
    for path in cases.map(|entry| entry.expect("an entry").path()) {
        let text = std::fs::read_to_string(&path).expect("a case");
        let case: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let Some(diverging) = case["diverging"].as_object() else { continue };
        let of = |key: &str| case[key].as_str().expect("text").to_string();
        let out = folder.path().join(of("name"));
        let mut words = vec!["fit".to_string(), clinical.join(of("data")).display().to_string()];
        words.extend([of("formula"), "--event".to_string(), of("outcome_positive")]);
        for (name, levels) in case["factors"].as_object().expect("factors") {
            let levels: Vec<&str> =
                levels.as_array().expect("levels").iter().filter_map(|level| level.as_str()).collect();
            words.extend(["--levels".to_string(), format!("{name}={}", levels.join(","))]);
        }
        let ended =
            Command::new(env!("CARGO_BIN_EXE_clinreg")).args(words).arg("-q").arg("-o").arg(&out).output();
        let ended = ended.expect("the program runs");
        assert_eq!(ended.status.code(), Some(3), "{}", String::from_utf8_lossy(&ended.stderr));
        let model = std::fs::read_to_string(out.join("model.json")).expect("a model");
        let model: serde_json::Value = serde_json::from_str(&model).expect("JSON");
        // clinreg's `site[4_Case]` is R's `site4_Case`
        let named = model["convergence"]["separation"]["terms"].as_array().expect("terms").iter();
        let mut named: Vec<String> =
            named.map(|term| term.as_str().expect("a name").replace(['[', ']'], "")).collect();
        let mut wanted: Vec<String> = diverging.keys().cloned().collect();
        named.sort();
        wanted.sort();
        assert_eq!(named, wanted, "{}", of("name"));
        compared += 1;
    }
    assert!(compared >= 4, "{compared} cases name what diverges");
}
