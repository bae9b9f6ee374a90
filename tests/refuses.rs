//! Wrong input: bad and odd CSVs, formulas, models and options, each refused with its status and in useful words.

use std::collections::HashSet;
use std::fs;

use serde_json::{Value, json};

use crate::cli::{Ended, Folder};

/// One wrong input: a name, the bytes of `d.csv`, the words after `clinreg`, and what must be said.
struct Refusal {
    name: &'static str,
    csv: Vec<u8>,
    words: Vec<String>,
    status: i32,
    says: &'static [&'static str],
}

/// Ten rows in which every column is fit for use.
const GOOD: &str = "\
id,y,x,sbp,arm,died,w,site
P1,1.5,1,120,a,0,1,north
P2,2.5,2,130,b,1,1,south
P3,2.0,3,125,a,0,2,north
P4,4.5,4,141,b,1,1,east
P5,4.0,5,118,a,1,1,south
P6,6.5,6,152,b,0,3,east
P7,6.0,7,133,a,1,1,north
P8,8.5,8,127,b,0,1,south
P9,8.0,9,149,a,1,1,east
P10,9.5,10,122,b,0,1,north
";

fn fit_of(
    name: &'static str,
    csv: impl Into<Vec<u8>>,
    formula: &str,
    options: &str,
    status: i32,
    says: &'static [&'static str],
) -> Refusal {
    let mut words: Vec<String> =
        ["fit", "d.csv", formula, "--out", "out"].iter().map(|word| (*word).to_string()).collect();
    words.extend(options.split_whitespace().map(str::to_string));
    Refusal { name, csv: csv.into(), words, status, says }
}

/// A file that cannot be read as a table, or a column that cannot be used.
fn data(
    name: &'static str,
    csv: impl Into<Vec<u8>>,
    formula: &str,
    says: &'static [&'static str],
) -> Refusal {
    fit_of(name, csv, formula, "", 1, says)
}

/// A formula that cannot be used with good data.
fn formula(text: &'static str, says: &'static [&'static str]) -> Refusal {
    fit_of(text, GOOD, text, "", 1, says)
}

/// Options that contradict good data or good sense.
fn options(text: &'static str, status: i32, says: &'static [&'static str]) -> Refusal {
    fit_of(text, GOOD, "y ~ x", text, status, says)
}

fn any(name: &'static str, words: &[&str], status: i32, says: &'static [&'static str]) -> Refusal {
    let words = words.iter().map(|word| (*word).to_string()).collect();
    Refusal { name, csv: GOOD.into(), words, status, says }
}

/// The good rows with one cell replaced.
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from} is in the good rows");
    GOOD.replacen(from, to, 1)
}

fn files() -> Vec<Refusal> {
    let utf32 = [0xFF, 0xFE, 0, 0, b'y', 0, 0, 0];
    let spreadsheet = *b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00";
    vec![
        data("an empty file", "", "y ~ x", &["d.csv", "empty"]),
        data("blank lines only", "\n\n\n", "y ~ x", &["d.csv"]),
        data("a header without rows", "y,x\n", "y ~ x", &["no rows"]),
        data("a spreadsheet", spreadsheet, "y ~ x", &["d.csv", "hint:"]),
        data("UTF-32", utf32, "y ~ x", &["UTF-32", "hint:"]),
        data("a NUL byte", "y,x\n1,2\n3,\0\n", "y ~ x", &["line 3"]),
        data(
            "a quotation mark that never closes",
            with("1.5,1", "\"1.5,1"),
            "y ~ x",
            &["line 2", "quotation mark"],
        ),
        data(
            "text after a closing quotation mark",
            with("P1,1.5", "P1,\"1\"5"),
            "y ~ x",
            &["line 2", "quotation mark"],
        ),
        data("a row with too many cells", with("2,north", "2,north,9"), "y ~ x", &["line 4"]),
        data("a row with too few cells", with("P4,4.5,4,141,b,1,1,east", "P4,4.5"), "y ~ x", &["line 5"]),
        data("two columns of one name", with("id,y,x,sbp", "id,y,x,x"), "y ~ x", &["`x`"]),
        data("a column without a name", with("id,y,x", "id,y,"), "y ~ sbp", &["no name"]),
        data(
            "a name of a million letters",
            with("id,y,x", &format!("id,y,{}", "x".repeat(1_000_000))),
            "y ~ sbp",
            &["line 1", "column 3", "1000000 characters", "hint:"],
        ),
    ]
}

fn columns() -> Vec<Refusal> {
    let ids: String = (1..=60).map(|k| format!("P{k},{k}\n")).collect();
    let constant = GOOD.replace(",1,1,", ",0,1,").replace(",1,3,", ",0,3,");
    let none = GOOD.lines().enumerate().map(|(k, line)| {
        let cells: Vec<&str> = line.split(',').collect();
        if k == 0 {
            format!("{line}\n")
        } else {
            format!("{},{},,{}\n", cells[0], cells[1], cells[3..].join(","))
        }
    });
    vec![
        data(
            "numbers too large",
            "died,x\n1,3\n0,2\n1,1e200\n0,1e200\n",
            "died ~ x",
            &["`x` has numbers as large as 1e200", "I(x / 1e200)"],
        ),
        data(
            "numbers too small",
            "died,x\n1,3e-200\n0,2e-200\n1,1e-201\n0,1e-200\n",
            "died ~ x",
            &["`x` has numbers as small as 3e-200", "I(x * 1e200)"],
        ),
        data(
            "an outcome too large",
            "y,x\n1e160,3\n2e160,2\n1,1\n0,5\n3,7\n",
            "y ~ x",
            &["the outcome `y` has numbers as large as 2e160"],
        ),
        data(
            "a letter among numbers",
            with("120,a", "12O,a"),
            "y ~ sbp",
            &["`sbp`", "line 2", "`12O`", "--na", "--factor"],
        ),
        data(
            "two units in a column",
            with("130,b", "130 mmHg,b"),
            "y ~ sbp",
            &["`sbp`", "line 3", "130 mmHg"],
        ),
        data("infinity", with("118,a", "inf,a"), "y ~ sbp", &["`sbp`", "line 6", "inf"]),
        data(
            "a number beyond all bounds",
            with("118,a", "1e999,a"),
            "y ~ sbp",
            &["`sbp`", "line 6", "1e999"],
        ),
        data(
            "a decimal comma among decimal points",
            with("1.5,1", "\"1,5\",1"),
            "y ~ x",
            &["`y`", "line 2", "1,5"],
        ),
        data("a name for each patient as a factor", format!("id,y\n{ids}"), "y ~ id", &["`id`"]),
        data("an outcome with one value", constant, "died ~ x", &["`died`", "nothing to predict"]),
        data("an outcome that is text", GOOD, "site ~ x", &["`site`", "east", "north", "south"]),
        data("an outcome whose event is not known", GOOD, "arm ~ x", &["`arm`", "event", "--event b"]),
        data("no complete row", none.collect::<String>(), "y ~ x", &["no row", "`x`"]),
        data("the logarithm of zero", with("118,a", "0,a"), "y ~ log(sbp)", &["log(sbp)", "0"]),
        data("the root of a negative number", with("118,a", "-4,a"), "y ~ sqrt(sbp)", &["sqrt(sbp)", "-4"]),
        data("arithmetic on text", GOOD, "y ~ log(site)", &["site"]),
        data("an offset that is text", GOOD, "y ~ x + offset(site)", &["site"]),
        data("a spline with more knots than values", GOOD, "y ~ rcs(died, 5)", &["rcs(died, 5)"]),
        data(
            "a cell of a million digits",
            with("118,a", &format!("{},a", "7".repeat(1_000_000))),
            "y ~ sbp",
            &["`sbp`", "line 6", "777…", "not a number"],
        ),
        data(
            "a level of a million letters",
            with("2,north", &format!("2,{}", "q".repeat(1_000_000))),
            "y ~ site",
            &["`site`", "line 4", "qqq…", "1000000 characters", "hint:"],
        ),
    ]
}

fn formulas() -> Vec<Refusal> {
    vec![
        formula("", &["empty"]),
        formula("y", &["~"]),
        formula("y x", &["~"]),
        formula("y = x", &["~", "^"]),
        formula("~ x", &["outcome"]),
        formula("y ~", &["predictors"]),
        formula("y ~ x +", &["^"]),
        formula("y ~ (x", &["^"]),
        formula("y ~ x)", &["^", "`)`"]),
        formula("y ~ x sbp", &["^"]),
        formula("y ~ x ~ sbp", &["`~`", "^"]),
        formula("y ~ spb", &["`spb`", "did you mean `sbp`?"]),
        formula("yy ~ x", &["`yy`"]),
        formula("y ~ x + y", &["outcome", "^"]),
        formula("y ~ foo(x)", &["`foo`", "^"]),
        formula("y ~ lgo(x)", &["did you mean `log()`?"]),
        formula("y ~ rcs(x, 2)", &["knots"]),
        formula("y ~ poly(x, 0)", &["poly"]),
        formula("y ~ poly(x, 40)", &["poly"]),
        formula("y ~ `x", &["backtick"]),
        formula("y ~ x^q", &["^"]),
        formula("y ~ 3*x", &["I("]),
        formula("y ~ x; rm", &["`;`"]),
        formula("log(died) ~ x", &["log(died)"]),
    ]
}

/// What would take hours or more memory than there is.
fn endless() -> Vec<Refusal> {
    let names: Vec<String> = (0..10_000).map(|k| format!("x{k}")).collect();
    let ones = vec!["1"; names.len()].join(",");
    let wide = format!("y,{}\n1,{ones}\n2,{ones}\n4,{ones}\n", names.join(","));
    let cells: String = (0..300).map(|k| format!("{k},A{},B{}\n", k % 75, k / 4)).collect();
    let levels = format!("y,a,b\n{cells}");
    let power = format!("y ~ ({})^20", names[..40].join("+"));
    let deep = format!("y ~ {}x{}", "(".repeat(10_000), ")".repeat(10_000));
    let minuses = format!("y ~ I({}x)", "-".repeat(10_000));
    let roots = format!("y ~ {}x{}", "sqrt(".repeat(10_000), ")".repeat(10_000));
    vec![
        data("ten thousand parentheses", GOOD, &deep, &["nested deeper than 64", "^", "hint:"]),
        data("ten thousand signs", GOOD, &minuses, &["nested deeper than 64"]),
        data("ten thousand roots", GOOD, &roots, &["nested deeper than 64"]),
        data("all interactions of forty columns", wide.clone(), &power, &["more than 10000 terms", "^"]),
        data("groups of groups", levels, "y ~ a * b", &["`a:b`", "more than 5000 columns", "rare levels"]),
        data("ten thousand columns", wide, "y ~ .", &["more than 5000 columns", "cube"]),
        data("a million knots", GOOD, "y ~ rcs(x, 1000000)", &["3 to 7 knots", "1000000", "hint:"]),
        data("a degree of a billion", GOOD, "y ~ poly(x, 1000000000)", &["1000000000", "at most 50"]),
        data("a billion degrees of freedom", GOOD, "y ~ ns(x, df = 1e9)", &["1000000000", "at most 50"]),
        data("interactions without end", GOOD, "y ~ x^1e308", &["power of a term", "I(x^2)"]),
        data(
            "a product beyond all numbers",
            "y,x,z\n1,2,3\n2,1e200,2e200\n4,3,5\n",
            "y ~ x:z",
            &["line 3", "`x:z` is not a finite number", "1e200 * 2e200", "rescale"],
        ),
        data(
            "a spline beyond all numbers",
            "y,x\n1,1e2\n2,2e2\n4,3e2\n3,4e2\n1,5e110\n6,6e110\n2,7e110\n",
            "y ~ ns(x, 3)",
            &["line", "`ns(x, 3)` is not a finite number", "rescale"],
        ),
        data("a power beyond all numbers", GOOD, "y ~ I(x^1e308)", &["line 3", "I(x^1e308)", "not a finite"]),
    ]
}

/// Model files that were cut, edited, or written by another program.
fn models() -> Vec<Refusal> {
    let good = model_of_the_good_rows();
    let text = good.to_string();
    let of = |name: &'static str, text: String, says: &'static [&'static str]| Refusal {
        csv: text.into(),
        ..any(name, &["predict", "d.csv", "d.csv"], 1, says)
    };
    let edited = |name: &'static str, pointer: &str, value: Value, says: &'static [&'static str]| {
        let mut model = good.clone();
        *model.pointer_mut(pointer).expect("the model file has it") = value;
        of(name, model.to_string(), says)
    };
    let without = |name: &'static str, key: &str, says: &'static [&'static str]| {
        let mut model = good.clone();
        model.as_object_mut().and_then(|map| map.remove(key)).expect("the model file has it");
        of(name, model.to_string(), says)
    };
    let deep = format!("{{\"schema\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let endless = format!("y ~ {}x", "(".repeat(10_000));
    let coefficient = "/coefficients/1/estimate";
    let first = good["coefficients"][1]["term"].clone();
    let estimate = format!("\"estimate\":{}", good["coefficients"][1]["estimate"]);
    assert!(text.contains(&estimate), "{estimate} is in {text}");
    vec![
        of("an empty model file", String::new(), &["`d.csv`", "empty", "hint:"]),
        of("a model file of brackets", deep, &["`d.csv`", "recursion limit", "line 1", "hint:"]),
        of("half a model file", text[..text.len() / 2].to_string(), &["ends in the middle", "cut short"]),
        of("a model file in a list", format!("[{text}]"), &["not a model of clinreg", "model.json"]),
        of("JSON of another program", "{\"a\": 1}".into(), &["not a model of clinreg", "schema"]),
        of(
            "a coefficient NaN",
            text.replacen(&estimate, "\"estimate\":NaN", 1),
            &["not JSON", "line 1 column", "hint:"],
        ),
        of(
            "a coefficient beyond all numbers",
            text.replacen(&estimate, "\"estimate\":1e999", 1),
            &["number out of range", "line 1 column", "hint:"],
        ),
        edited("a coefficient as text", coefficient, "0.5".into(), &["\"0.5\"", "line 1 column", "anew"]),
        edited("a coefficient twice", "/coefficients/0/term", first, &["`x`", "twice"]),
        edited(
            "a model of a newer program",
            "/schema",
            "clinreg-model/2".into(),
            &["newer", "is 2", "reads 1"],
        ),
        edited("a model of another make", "/schema", "other/1".into(), &["`other/1`", "clinreg-model/1"]),
        edited("a family that is not known", "/family", "poisson".into(), &["`poisson`", "logistic"]),
        edited("a level of 2", "/conf_level", 2.into(), &["`conf_level` is 2", "between 0 and 1"]),
        edited("a covariance without rows", "/covariance", json!([]), &["`covariance`", "4 estimated"]),
        edited("a variance below zero", "/covariance/0/0", (-1).into(), &["negative variance in row 1"]),
        edited("half a covariance", "/covariance/0/1", 9.into(), &["not symmetric", "row 2 column 1", "9"]),
        edited("levels that are gone", "/factors", json!({}), &["`factors` and `design`", "`site`"]),
        edited("a level twice", "/factors/site/0", "north".into(), &["`north` of `site`", "twice"]),
        edited("a model of brackets", "/formula", endless.into(), &["`formula` cannot be read", "64 levels"]),
        edited("a model of nothing", "/coefficients", json!([]), &["no coefficients"]),
        without("a model without a family", "family", &["missing field `family`", "anew"]),
        without("a model without a schema", "schema", &["not a model of clinreg", "schema"]),
    ]
}

/// The model file of `y ~ x + site`, as it is written.
fn model_of_the_good_rows() -> Value {
    let folder = Folder::new();
    fs::write(folder.path("d.csv"), GOOD).expect("the temporary folder can be written");
    let ended = folder.run(&["fit", "d.csv", "y ~ x + site", "--out", "out"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    let text = fs::read_to_string(folder.path("out/model.json")).expect("the fit wrote it");
    serde_json::from_str(&text).expect("a model file is JSON")
}

fn option_values() -> Vec<Refusal> {
    vec![
        options("--learning-rate 0 --optimizer adam", 2, &["--learning-rate", "above 0", "line-search"]),
        options("--learning-rate -1 --optimizer adam", 2, &["--learning-rate", "above 0"]),
        options("--learning-rate nan --optimizer adam", 2, &["--learning-rate", "finite"]),
        options("--learning-rate 0,1 --optimizer adam", 2, &["decimal point"]),
        options("--batch-size 0 --optimizer adam", 2, &["--batch-size", "at least 1"]),
        options("--conf-level 95", 2, &["--conf-level", "write 0.95"]),
        options("--tolerance -1", 2, &["--tolerance", "above 0"]),
        options("--max-epochs 0", 2, &["--max-epochs", "at least 1"]),
        options("--threads 0", 2, &["--threads", "at least 1"]),
        options("--seed -1", 2, &["--seed", "whole number"]),
        options("--optimizer sgd", 2, &["sgd", "gradient-descent"]),
        options("--family poisson", 2, &["poisson", "logistic"]),
        options("--missing mean", 2, &["mean", "complete-case"]),
        options("--imputations 5", 2, &["--imputations", "--missing impute"]),
        options("--validate bootstrap", 2, &["bootstrap:500", "cv:10"]),
        options("--xyzzy", 2, &["--xyzzy", "clinreg fit --help"]),
        options("--lamda 1", 2, &["--lamda", "--lambda"]),
        options("--batch-size 4", 2, &["--batch-size", "--optimizer"]),
        options("--lambda 1", 2, &["--lambda", "--penalty"]),
        options("--penalty ridge", 2, &["--lambda"]),
        options("--robust hc3 --cluster site", 2, &["--cluster"]),
        options("--cluster-correction cr0", 2, &["--cluster"]),
        options("--levels arm", 2, &["--levels", "VAR=a,b,c"]),
        options("--levels arm=a,a", 2, &["`a`", "twice"]),
        options("--hosmer-lemeshow 999999999999", 2, &["--hosmer-lemeshow", "at most 1000 groups"]),
        options("--threads 999999999", 2, &["--threads 999999999", "4096", "hint:"]),
        options("--validate bootstrap:99999999999", 2, &["--validate", "at most 1000000 samples"]),
        options("--validate cv:10x99999999999", 2, &["--validate", "at most 1000000 repeats"]),
        options("--effect-interval bootstrap:99999999999", 2, &["--effect-interval", "at most 1000000"]),
        options("--imputations 99999999999 --missing impute", 2, &["--imputations", "at most 10000"]),
        options("--hosmer-lemeshow 2 --family logistic", 2, &["3 groups"]),
        options("--learning-rate line-search --optimizer adam", 2, &["line-search", "adam"]),
    ]
}

fn choices() -> Vec<Refusal> {
    vec![
        fit_of("an event that does not occur", GOOD, "arm ~ x", "--event c", 1, &["--event c", "a and b"]),
        fit_of("an event of a linear model", GOOD, "y ~ x", "--event 1 --family linear", 2, &["--event"]),
        fit_of(
            "a logistic model of a number",
            GOOD,
            "sbp ~ x",
            "--family logistic",
            1,
            &["`sbp`", "two values"],
        ),
        fit_of("a linear model of text", GOOD, "site ~ x", "--family linear", 1, &["`site`", "text"]),
        fit_of(
            "levels that leave one out",
            GOOD,
            "y ~ site",
            "--levels site=north,south",
            1,
            &["`site`", "east"],
        ),
        fit_of(
            "a reference that is no level",
            GOOD,
            "y ~ site",
            "--reference site=west",
            1,
            &["`site`", "west"],
        ),
        fit_of(
            "a missing value where none may be",
            with("120,a", ",a"),
            "y ~ sbp",
            "--missing fail",
            1,
            &["`sbp` in 1"],
        ),
        fit_of(
            "weights below zero",
            with("a,0,1,", "a,0,-1,"),
            "y ~ x",
            "--weights w",
            1,
            &["`w`", "line 2", "-1"],
        ),
        fit_of("weights that are words", GOOD, "y ~ x", "--weights site", 1, &["site"]),
        fit_of("weights that are not there", GOOD, "y ~ x", "--weights freq", 1, &["freq"]),
        any(
            "a report folder that is a file",
            &["fit", "d.csv", "y ~ x", "--out", "d.csv"],
            1,
            &["d.csv", "folder"],
        ),
    ]
}

fn commands() -> Vec<Refusal> {
    vec![
        any("no command", &[], 2, &["clinreg --help"]),
        any("a command that does not exist", &["fitt"], 2, &["fitt", "fit"]),
        any("a formula that the shell split", &["fit", "d.csv", "y", "~", "x"], 2, &["quotation marks"]),
        any("a file that is not there", &["fit", "nowhere.csv", "y ~ x"], 1, &["nowhere.csv"]),
        any("a folder in place of a file", &["fit", ".", "y ~ x"], 1, &["folder"]),
        any(
            "a data set that is not built in",
            &["fit", "@diabetis", "y ~ x"],
            1,
            &["did you mean `@diabetes`?"],
        ),
        any("a comparison of nothing", &["compare", "d.csv", "y ~ x"], 2, &["nothing to compare"]),
        any(
            "a comparison of two things",
            &["compare", "d.csv", "y ~ x", "--optimizers", "adam,auto", "--batch-sizes", "2,full"],
            2,
            &["at once"],
        ),
        any(
            "a comparison on data that cannot be used",
            &["compare", "d.csv", "y ~ spb", "--learning-rates", "0.1,0.2"],
            1,
            &["`spb`"],
        ),
        any("a model that is not there", &["predict", "m.json", "d.csv"], 1, &["m.json"]),
        any("a model that is no JSON", &["predict", "d.csv", "d.csv"], 1, &["hint:"]),
        any(
            "predictions over their data",
            &["predict", "m.json", "d.csv", "-o", "d.csv"],
            1,
            &["overwritten"],
        ),
        any("no patients", &["simulate", "--rows", "0"], 2, &["--rows", "at least 1"]),
        any("a table that cannot be simulated", &["simulate", "weather"], 2, &["weather"]),
        any("a CSV and JSON at one place", &["simulate", "--json"], 2, &["-o trial.csv"]),
    ]
}

/// What is wrong with how a wrong input was refused.
fn fault(refusal: &Refusal) -> Option<String> {
    let folder = Folder::new();
    fs::write(folder.path("d.csv"), &refusal.csv).expect("the temporary folder can be written");
    let Ended { status, out, err } = folder.run(&refusal.words);
    let unsaid: Vec<&&str> = refusal.says.iter().filter(|words| !err.contains(**words)).collect();
    let mut faults = Vec::new();
    if status != Some(refusal.status) {
        faults.push(format!("status {status:?} in place of {}", refusal.status));
    }
    if !unsaid.is_empty() {
        faults.push(format!("does not say {unsaid:?}"));
    }
    if !err.starts_with("error: ") {
        faults.push("does not begin with `error: `".to_string());
    }
    if !out.is_empty() {
        faults.push(format!("standard output holds {out:?}"));
    }
    if err.contains("panicked") || err.contains("this is a bug") {
        faults.push("panicked".to_string());
    }
    if folder.names() != ["d.csv"] {
        faults.push(format!("left {:?} behind", folder.names()));
    }
    let told = format!("{}: {}\n    {}", refusal.name, faults.join("; "), err.trim().replace('\n', "\n    "));
    (!faults.is_empty()).then_some(told)
}

fn assert_refused(refusals: &[Refusal]) {
    let faults: Vec<String> = refusals.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "\n{} of {}:\n\n{}\n", faults.len(), refusals.len(), faults.join("\n\n"));
}

#[test]
fn files_that_are_no_tables_are_refused() {
    assert_refused(&files());
}

#[test]
fn columns_that_cannot_be_used_are_refused() {
    assert_refused(&columns());
}

#[test]
fn wrong_formulas_are_refused() {
    assert_refused(&formulas());
}

#[test]
fn what_would_never_end_is_refused() {
    assert_refused(&endless());
}

#[test]
fn models_that_were_cut_or_edited_are_refused() {
    assert_refused(&models());
}

#[test]
fn no_two_of_the_refusals_are_the_same() {
    let groups =
        [files(), columns(), formulas(), endless(), models(), option_values(), choices(), commands()];
    let all: Vec<Refusal> = groups.into_iter().flatten().collect();
    let distinct: HashSet<(&[u8], &[String])> =
        all.iter().map(|refusal| (refusal.csv.as_slice(), refusal.words.as_slice())).collect();
    assert_eq!((all.len(), distinct.len()), (150, 150));
}

#[test]
fn wrong_options_are_refused() {
    assert_refused(&option_values());
}

#[test]
fn choices_that_the_data_contradict_are_refused() {
    assert_refused(&choices());
}

#[test]
fn wrong_commands_are_refused() {
    assert_refused(&commands());
}

#[test]
fn a_formula_of_endless_brackets_is_no_crash() {
    let folder = Folder::new();
    fs::write(folder.path("d.csv"), GOOD).expect("the temporary folder can be written");
    let deep = format!("y ~ {}x{}", "(".repeat(20_000), ")".repeat(20_000));
    let ended = folder.run(&["fit", "d.csv", &deep]);
    assert!(
        matches!(ended.status, Some(0 | 1)),
        "{:?}: {}",
        ended.status,
        &ended.err[..ended.err.len().min(300)]
    );
}

#[test]
fn the_rows_that_the_refusals_spoil_are_good() {
    let folder = Folder::new();
    fs::write(folder.path("d.csv"), GOOD).expect("the temporary folder can be written");
    let ended = folder.run(&["fit", "d.csv", "y ~ x + sbp + site", "--weights", "w", "-o", "out"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
}
