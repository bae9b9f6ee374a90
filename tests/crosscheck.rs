//! The scripts for R and Python agree with the program to 1e-6, where they are installed; what they cannot do is refused.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cli::Folder;

/// Analyses of real data: file, formula, options.
const CLINICAL: [(&str, &str, &[&str]); 8] = [
    (
        "gusto.csv",
        "day30 ~ tx * age + rcs(sysbp, 4) + Killip + I(pulse^2)",
        &["--levels", "tx=SK,SK+tPA,tPA", "--event", "1"],
    ),
    (
        "birthwt.csv",
        "low ~ log(lwt) + race * smoke + poly(age, 2)",
        &["--factor", "race", "--reference", "race=2", "--robust", "hc3"],
    ),
    ("birthwt.csv", "bwt ~ lwt + race + smoke", &["--cluster", "race", "--cluster-correction", "cr1s"]),
    ("nhefs.csv", "wt82_71 ~ qsmk + sex + ns(age, 3) + rcs(wt71, 5) + exercise", &["--factor", "exercise"]),
    ("opt.csv", "Birthweight ~ Group + Clinic + `BL.PD.avg` - 1", &["--robust", "hc1"]),
    ("indo_rct.csv", "outcome ~ rx * age + gender + pdstent", &["--event", "1_yes"]),
    ("strep_tb.csv", "improved ~ arm + gender + baseline_cavitation", &["--event", "TRUE"]),
    ("covid_testing.csv", "rec_ver_tat ~ age + payor_group + pan_day", &[]),
];

/// Said aloud: past the harness, which keeps quiet about tests that pass.
fn say(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").expect("standard error can be written");
}

fn installed() -> Vec<&'static str> {
    let answers = |program: &str, words: &[&str]| {
        Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
    };
    let r = answers("Rscript", &["--version"]).then_some("R ");
    let python = ["python3", "python"].iter().any(|p| answers(p, &["-c", "import statsmodels"]));
    r.into_iter().chain(python.then_some("statsmodels ")).collect()
}

/// Fits, crosschecks, and makes sure that all that are installed agree.
fn agree(folder: &Folder, data: &str, formula: &str, options: &[&str], programs: &[&str]) {
    let fitted = folder.run(&[&["fit", data, formula, "-o", "out", "-q"], options].concat());
    assert_eq!(fitted.status, Some(0), "{data} {formula}: {}", fitted.err);
    let ended = folder.run(&["crosscheck", "out", "--json", "-q"]);
    assert_eq!(ended.status, Some(0), "{data} {formula}: {}{}", ended.out, ended.err);
    let told: Value = serde_json::from_str(&ended.out).expect("JSON alone");
    let ran: Vec<&Value> = told["programs"].as_array().expect("a list").iter().collect();
    for program in programs {
        let found = ran.iter().find(|ran| ran["program"].as_str().is_some_and(|p| p.starts_with(program)));
        let found = found.unwrap_or_else(|| panic!("{program}was not run: {}", ended.err));
        assert_eq!(found["agrees"], true);
        assert!(found["numbers"].as_array().is_some_and(|numbers| numbers.len() > 5));
    }
}

#[test]
fn other_programs_give_the_same_numbers_on_clinical_data() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/clinical/data");
    let programs = installed();
    if !root.is_dir() || programs.is_empty() {
        say(
            "SKIPPED: no clinical data beside the project, or neither R nor statsmodels; nothing was crosschecked",
        );
        return;
    }
    let folder = Folder::new();
    for (file, formula, options) in CLINICAL {
        let data = root.join(file).canonicalize().expect("the file is there");
        agree(&folder, &data.to_string_lossy(), formula, options, &programs);
    }
}

#[test]
fn other_programs_read_the_same_odd_file() {
    let programs = installed();
    if programs.is_empty() {
        say("SKIPPED: neither R nor statsmodels is installed; nothing was crosschecked");
        return;
    }
    let folder = Folder::new();
    let places = ["S\u{fc}d", "a\"b", "c; d", "o'x$`"];
    let row = |k: usize| {
        let x = ((k * 37) % 101) as f64 / 10.0;
        let place = places[k * k % 4].replace('"', "\"\"");
        let z = if k.is_multiple_of(17) {
            "-9,0".to_string()
        } else {
            format!("{}", (k * 13) % 7).replace('.', ",")
        };
        let ill = if (k * 7919) % 100 < 20 + 5 * x as usize { "ja" } else { "nein" };
        let day = 10 + k % 19;
        format!(
            "{} ;\"{place}\";{z};2020-03-{day}T0{}:30;{ill};{}\r\n",
            x.to_string().replace('.', ","),
            k % 9,
            k % 4
        )
    };
    let rows: String = (1..240).map(row).collect();
    // A level that no complete row has would be the first, were it one of the model's.
    let alone = "5;A;-9;2020-03-01;ja;1\r\n";
    let text = format!("sep=;\r\n\r\nmy x;if;z;visit;ill;times\r\n{rows}{alone}");
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
    fs::write(folder.path("latin.csv"), latin).expect("written");
    fs::write(folder.path("utf8.csv"), format!("\u{feff}{text}")).expect("written");
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path("utf16.csv"), utf16).expect("written");
    let logistic = "ill ~ `my x` + `if` * z + visit";
    for data in ["latin.csv", "utf8.csv", "utf16.csv"] {
        agree(&folder, data, logistic, &["--event", "ja", "--na=-9"], &programs);
    }
    let linear = "log(z + 2) ~ rcs(`my x`, 3):`if` + offset(`my x` / 100)";
    agree(
        &folder,
        "latin.csv,utf8.csv",
        linear,
        &["--na=-9", "--weights", "times", "--cluster", "if"],
        &programs,
    );
    agree(&folder, "@iris", "sepal_length ~ species * petal_width + I(2 * petal_width)", &[], &programs);
}

#[test]
fn a_number_that_differs_is_told_and_is_no_success() {
    if installed().is_empty() {
        say("SKIPPED: neither R nor statsmodels is installed; nothing was crosschecked");
        return;
    }
    let folder = Folder::new();
    let fitted = folder.run(&["fit", "@masks_patients", "masks ~ patients", "-o", "out", "-q"]);
    assert_eq!(fitted.status, Some(0), "{}", fitted.err);
    let path = folder.path("out/model.json");
    let text = fs::read_to_string(&path).expect("it is there");
    let model: Value = serde_json::from_str(&text).expect("JSON");
    let slope = model["coefficients"][1]["estimate"].to_string();
    fs::write(&path, text.replacen(&slope, "0.75", 1)).expect("it can be written");
    let ended = folder.run(&["crosscheck", "out/model.json", "-o", "check"]);
    assert_eq!(ended.status, Some(1), "{}{}", ended.out, ended.err);
    assert!(
        ended.out.contains("DIFFERS: 0.77") && ended.out.contains("1 of 6 numbers differ"),
        "{}",
        ended.out
    );
    for name in ["crosscheck.R", "crosscheck.py", "crosscheck.do", "masks_patients.csv"] {
        assert!(folder.path("check").join(name).is_file(), "{name}");
    }
}

#[test]
fn what_no_other_program_gives_is_refused() {
    let folder = Folder::new();
    let made = folder.run(&["simulate", "--rows", "300", "--seed", "5", "-o", "trial.csv", "-q"]);
    assert_eq!(made.status, Some(0), "{}", made.err);
    fs::write(folder.path("half.csv"), "y,x,w\n1,2,1.5\n2,3,1\n4,1,2\n7,8,1\n3,9,1\n").expect("written");
    for (data, formula, options, word) in [
        ("trial.csv", "responded ~ age", &["--penalty", "firth"][..], "Firth"),
        ("trial.csv", "responded ~ age", &["--penalty", "ridge", "--lambda", "0.1"], "penalised"),
        ("trial.csv", "effectiveness ~ bmi", &["--missing", "impute", "--imputations", "2"], "pooled"),
        ("half.csv", "y ~ x", &["--weights", "w"], "not whole numbers"),
    ] {
        let fitted = folder.run(&[&["fit", data, formula, "-o", "out", "-q"], options].concat());
        assert_eq!(fitted.status, Some(0), "{}", fitted.err);
        let ended = folder.run(&["crosscheck", "out"]);
        assert_eq!(ended.status, Some(1), "{}", ended.out);
        assert!(ended.err.contains(word) && ended.err.contains("hint: "), "{}", ended.err);
        assert!(!folder.path("out/crosscheck").exists());
    }
}

/// A Python that says that it has statsmodels, and then does nothing for a minute.
#[cfg(unix)]
#[test]
fn a_program_that_does_not_end_is_stopped_and_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let fitted = folder.run(&["fit", "@masks_patients", "masks ~ patients", "-o", "out", "-q"]);
    assert_eq!(fitted.status, Some(0), "{}", fitted.err);
    let python = folder.path("bin/python3");
    fs::create_dir(folder.path("bin")).expect("a folder");
    let script = "#!/bin/sh\ncase \"$*\" in *__version__*) echo 0.0;; *) exec /bin/sleep 60;; esac\n";
    fs::write(&python, script).expect("written");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let start = std::time::Instant::now();
    let output = folder
        .command(&["crosscheck", "out", "--time-limit", "0.005"])
        .env("PATH", folder.path("bin"))
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in ["statsmodels 0.0 took longer than 0.005 minutes", "was stopped", "`--time-limit`"] {
        assert!(said.contains(words), "no `{words}`: {said}");
    }
    assert!(start.elapsed().as_secs() < 40, "it was waited for");
}

#[test]
fn the_scripts_of_an_earlier_model_go_and_what_the_user_put_beside_them_stays() {
    let folder = Folder::new();
    let fit = |formula: &str| {
        let fitted = folder.run(&["fit", "@masks_patients", formula, "-o", "out", "-q"]);
        assert_eq!(fitted.status, Some(0), "{}", fitted.err);
    };
    let crosscheck = || folder.run(&["crosscheck", "out", "-q"]);
    let there = |name: &str| folder.path("out/crosscheck").join(name).exists();
    fit("masks ~ patients");
    crosscheck();
    assert!(there("crosscheck.R") && there("masks_patients.csv"));
    fit("masks ~ patients");
    assert!(there("crosscheck.R"), "the same model keeps its scripts");
    fs::write(folder.path("out/crosscheck/notes.txt"), "mine").expect("written");
    fs::write(folder.path("out/crosscheck/iris.csv"), "mine too").expect("written");
    fit("masks ~ I(patients^2)");
    for gone in ["crosscheck.R", "crosscheck.py", "crosscheck.do", "masks_patients.csv"] {
        assert!(!there(gone), "{gone}");
    }
    assert!(there("notes.txt") && there("iris.csv"));
    fs::remove_file(folder.path("out/crosscheck/notes.txt")).expect("removed");
    fs::remove_file(folder.path("out/crosscheck/iris.csv")).expect("removed");
    crosscheck();
    fit("masks ~ log(patients)");
    assert!(!folder.path("out/crosscheck").exists());
}
