//! `fit --treatment` and `describe` as users meet them: files, what is refused, R's sandwich intervals.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::{Ended, Folder};

/// 24 rows: arm (a, b, one empty), dose (0, 1), age, sex, died (0, 1), seen (dates), one (always 1), many (24 values).
fn trial() -> String {
    let mut text = "id,arm,dose,age,sex,died,seen,one,many\n".to_string();
    for k in 0..24 {
        let arm = if k == 11 { "" } else { ["a", "b"][k % 2] };
        let died = u8::from(k % 5 == 0 || k % 7 == 1);
        let (age, sex) = (40 + (k * 7) % 31, ["f", "m"][k / 2 % 2]);
        text.push_str(&format!("P{k},{arm},{},{age},{sex},{died},2020-01-{:02},1,{}\n", k % 2, k + 1, 3 * k));
    }
    text
}

fn folder() -> Folder {
    let folder = Folder::new();
    fs::write(folder.path("d.csv"), trial()).expect("the temporary folder can be written");
    folder
}

fn read(folder: &Folder, name: &str) -> Value {
    let text = fs::read_to_string(folder.path(name)).expect("the file is there");
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn a_treatment_s_effect_is_in_the_summary_and_in_its_file() {
    let folder = folder();
    let words = ["fit", "d.csv", "died ~ arm + age", "--treatment", "arm", "-o", "out"];
    let ended = folder.run(&words);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    assert!(
        ended.out.contains("number needed to treat") && ended.out.contains("--event-is good"),
        "{}",
        ended.out
    );
    let kept = fs::read_to_string(folder.path("out/summary.txt")).expect("it is there");
    assert_eq!(kept, ended.out);
    let effects = read(&folder, "out/effects.json");
    assert_eq!((&effects["reference"], &effects["contrasts"][0]["level"]), (&"a".into(), &"b".into()));
    assert_eq!(effects["arms"][0]["n"], 12);
    // The next fit without a treatment takes the file away.
    assert_eq!(folder.run(&["fit", "d.csv", "died ~ arm + age", "-o", "out", "-q"]).status, Some(0));
    assert!(!folder.path("out/effects.json").exists());
}

#[test]
fn the_bootstrap_is_the_same_on_any_number_of_threads() {
    let folder = folder();
    let run = |threads: &str, out: &str| {
        let ended = folder.run(&[
            "fit",
            "d.csv",
            "age ~ arm * sex",
            "--treatment",
            "arm",
            "--effect-interval",
            "bootstrap:100",
            "--threads",
            threads,
            "-o",
            out,
            "-q",
        ]);
        assert_eq!(ended.status, Some(0), "{}", ended.err);
        fs::read(folder.path(&format!("{out}/effects.json"))).expect("it is there")
    };
    assert_eq!(run("1", "one"), run("3", "three"));
}

#[test]
fn of_separated_data_only_the_reason_is_told() {
    let folder = Folder::new();
    let rows = "a,0\na,0\na,0\na,1\na,0\nb,1\nb,1\nb,1\nb,1\n";
    fs::write(folder.path("d.csv"), format!("arm,died\n{rows}")).expect("writable");
    let ended = folder.run(&["fit", "d.csv", "died ~ arm", "--treatment", "arm", "-o", "out"]);
    assert_eq!(ended.status, Some(3), "{}", ended.err);
    assert!(ended.out.contains("Effect of arm: not available"), "{}", ended.out);
    let effects = read(&folder, "out/effects.json");
    assert!(effects["not_available"].is_string() && effects.get("contrasts").is_none());
}

#[test]
fn describe_prints_and_writes_the_table() {
    let folder = folder();
    let ended = folder.run(&["describe", "d.csv", "--by", "arm", "-o", "out", "--factor", "dose"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    assert!(ended.out.contains("23 of 24 rows count; 1 without a value of arm"), "{}", ended.out);
    assert_eq!(fs::read_to_string(folder.path("out/summary.txt")).expect("it is there"), ended.out);
    for name in ["table1.json", "table1.csv", "table1.md", "table1.html"] {
        assert!(folder.path("out").join(name).is_file(), "{name}");
    }
    let json = folder.run(&["describe", "d.csv", "--by", "arm", "--json", "--variables", "age,sex"]);
    let table: Value = serde_json::from_str(&json.out).expect("JSON and nothing else");
    assert_eq!((&table["n_by_group"]["a"], &table["n_by_group"]["b"]), (&12.into(), &11.into()));
    assert_eq!(
        table["variables"].as_object().map(|v| v.keys().cloned().collect::<Vec<_>>().join(" ")).as_deref(),
        Some("age sex")
    );
    let written = read(&folder, "out/table1.json");
    let left: Vec<&String> = written["left_out"].as_object().expect("an object").keys().collect();
    assert_eq!(left, ["id", "seen"]);
    assert_eq!(written["variables"]["dose"]["type"], "categorical");
}

/// The words after `clinreg`, the status, and what must be said.
type Refusal = (&'static str, i32, &'static [&'static str]);

const FIT: &[Refusal] = &[
    ("died~age --treatment arm", 1, &["`arm` is not in the formula", "died ~ arm + ..."]),
    ("died~arm --treatment amr", 1, &["no column `amr`", "did you mean `arm`?"]),
    ("died~arm --treatment died", 1, &["`died` is the outcome"]),
    ("died~age+offset(dose) --treatment dose", 1, &["offset"]),
    ("died~age+one --treatment one", 1, &["`one` = 1", "no other arm"]),
    ("died~age+seen --treatment seen", 1, &["`seen` is a date"]),
    ("age~many --treatment many", 1, &["24 different values", "20 arms"]),
    ("died~arm --treatment arm --penalty ridge --lambda 1", 2, &["ridge", "firth"]),
    ("died~arm --treatment arm --penalty lasso --lambda cv", 2, &["lasso"]),
    ("died~arm --treatment arm --effect-interval bootstrap:50", 2, &["100 resamples"]),
    ("died~arm --treatment arm --effect-interval wild", 2, &["wild", "bootstrap"]),
    ("died~arm --treatment arm --effect-interval bootstrap:200 --conf-level 0.999", 2, &["bootstrap:2000"]),
    ("died~arm --effect-interval bootstrap", 2, &["needs `--treatment`"]),
    ("died~arm --event-is good", 2, &["needs `--treatment`"]),
    ("died~arm --treatment arm --event-is ugly", 2, &["ugly"]),
    ("age~arm --family linear --treatment arm --event-is good", 2, &["logistic models"]),
    ("age~arm --treatment arm --event-is good", 2, &["logistic models"]),
];

const DESCRIBE: &[Refusal] = &[
    ("", 2, &["--by"]),
    ("--by amr", 1, &["no column `amr`, which --by names", "did you mean `arm`?"]),
    ("--by one", 1, &["`one` = 1", "no groups to compare"]),
    ("--by many", 1, &["24 different values", "20 groups"]),
    ("--by arm --variables age,sxe", 1, &["no column `sxe`, which --variables names"]),
    ("--by arm --variables age,age", 2, &["twice"]),
    ("--by arm --variables age,arm", 2, &["`arm` makes the groups"]),
    ("--by arm --variables seen", 1, &["`seen` cannot be described: it is a date"]),
    ("--by arm --suppress-below 1", 2, &["at least 2"]),
    ("--by arm --suppress-below 12", 1, &["`arm` = b has fewer than 12 rows"]),
    ("--by arm --levels arm=a,c", 1, &["arm", "b"]),
    ("--by arm --levels sex=f,m --levels sex=m,f", 2, &["twice"]),
    ("--by arm --factor dosis", 1, &["no column `dosis`"]),
    ("--by arm -o d.csv", 1, &["`d.csv` is a file"]),
];

fn fault(words: &[&str], status: i32, says: &[&str]) -> Option<String> {
    let folder = folder();
    let Ended { status: got, out, err } = folder.run(words);
    let unsaid: Vec<&&str> = says.iter().filter(|s| !err.contains(**s)).collect();
    let good = got == Some(status)
        && unsaid.is_empty()
        && out.is_empty()
        && err.starts_with("error: ")
        && !err.contains("this is a bug")
        && folder.names() == ["d.csv"];
    (!good).then(|| format!("{words:?}: status {got:?}, unsaid {unsaid:?}, left {:?}\n{err}", folder.names()))
}

#[test]
fn wrong_treatments_and_groups_are_refused() {
    let fits = FIT.iter().map(|(words, status, says)| {
        let (formula, options) = words.split_once(' ').expect("a formula and options");
        let all =
            ["fit", "d.csv", formula, "-o", "out"].into_iter().chain(options.split(' ')).collect::<Vec<_>>();
        fault(&all, *status, says)
    });
    let tables = DESCRIBE.iter().map(|(words, status, says)| {
        let all = ["describe", "d.csv"].into_iter().chain(words.split_whitespace()).collect::<Vec<_>>();
        fault(&all, *status, says)
    });
    let faults: Vec<String> = fits.chain(tables).flatten().collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// The script of the cases compares the delta-method intervals; these are the sandwich ones beside them.
#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn sandwich_intervals_are_r_s() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/clinical");
    let file = cases.join("cases/strep_treatment.json");
    let Ok(text) = fs::read_to_string(&file) else {
        println!("SKIPPED: no reference cases beside the project; nothing was compared");
        return;
    };
    let case: Value = serde_json::from_str(&text).expect("JSON");
    let folder = Folder::new();
    let data = cases.join("data/strep_tb.csv");
    let formula = case["formula"].as_str().expect("a formula");
    let data = data.to_str().expect("a plain path");
    let ended =
        folder.run(&["fit", data, formula, "--event", "TRUE", "--treatment", "arm", "-o", "out", "-q"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    let effects = read(&folder, "out/effects.json");
    for measure in ["risk_difference", "risk_ratio", "odds_ratio"] {
        let wanted = &case["adjusted"][format!("marginal_{measure}")]["sandwich"];
        let got = &effects["contrasts"][0]["marginal"][measure]["sandwich"];
        for (key, value) in wanted.as_object().expect("an object") {
            let (got, wanted) = (got[key].as_f64().expect(key), value.as_f64().expect(key));
            assert!((got - wanted).abs() < 1e-9 * wanted.abs(), "{measure} {key}: {got} is not {wanted}");
        }
    }
}
