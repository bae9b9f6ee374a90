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
