//! The program as its users meet it: help, exit status, what stands on which stream, the same bytes every time.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const COMMANDS: [&str; 15] = [
    "demo",
    "fit",
    "compare",
    "predict",
    "evaluate",
    "verify",
    "crosscheck",
    "describe",
    "simulate",
    "explore",
    "serve",
    "datasets",
    "help",
    "completions",
    "man",
];

/// A folder of its own in which the program runs.
pub struct Folder {
    dir: tempfile::TempDir,
}

/// How a run ended.
pub struct Ended {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Folder {
    pub fn new() -> Folder {
        Folder { dir: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command(&self, words: &[impl AsRef<str>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clinreg"));
        command.current_dir(self.dir.path()).args(words.iter().map(AsRef::as_ref)).stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[impl AsRef<str>]) -> Ended {
        let output = self.command(words).output().expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Ended { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What lies in the folder.
    pub fn names(&self) -> Vec<String> {
        names_in(self.dir.path())
    }

    /// A trial to fit to, as `trial.csv`.
    fn with_trial() -> Folder {
        let folder = Folder::new();
        let ended = folder.run(&["simulate", "--rows", "300", "--seed", "5", "-o", "trial.csv", "-q"]);
        assert_eq!((ended.status, ended.out.as_str(), ended.err.as_str()), (Some(0), "", ""));
        folder
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Of a fit that is no answer; one that is has pictures of its answer more.
const FILES: [&str; 9] = [
    "coefficients.csv",
    "fit.csv",
    "gradient_norm.png",
    "history.csv",
    "loss_curve.png",
    "methods.txt",
    "model.json",
    "report.html",
    "summary.txt",
];

/// The files of a linear fit of two numbers that converged.
fn files_of_an_answer() -> Vec<&'static str> {
    let beyond = [
        "calibration.png",
        "effect_1.png",
        "effect_2.png",
        "forest.png",
        "influence.png",
        "partial_effects.csv",
        "residuals.png",
    ];
    let mut names = [&FILES[..], &beyond].concat();
    names.sort_unstable();
    names
}

const LINEAR: &str = "effectiveness ~ treatment * baseline_severity + age";
const LOGISTIC: &str = "responded ~ treatment + age";

#[test]
fn the_help_of_every_command_fits_a_screen_and_shows_an_example() {
    let folder = Folder::new();
    let mut pages = vec![folder.run(&["--help"]), folder.run(&["-h"])];
    pages.extend(COMMANDS.map(|command| folder.run(&[command, "--help"])));
    for page in pages {
        assert_eq!((page.status, page.err.as_str()), (Some(0), ""));
        assert!(page.out.lines().count() <= 71, "{} lines:\n{}", page.out.lines().count(), page.out);
        assert!(page.out.contains("Example") && page.out.contains("  clinreg "), "{}", page.out);
        assert!(page.out.lines().all(|line| line.chars().count() <= 120), "{}", page.out);
    }
}

#[test]
fn the_version_is_on_standard_output() {
    let ended = Folder::new().run(&["--version"]);
    assert_eq!(ended.status, Some(0));
    let (name, rest) = ended.out.trim().split_at("clinreg ".len());
    assert_eq!(name, "clinreg ");
    let (version, commit) = rest.split_once(' ').unwrap_or((rest, ""));
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert!(commit.is_empty() || commit.starts_with('(') && commit.ends_with(')'), "{}", ended.out);
}

#[test]
fn a_fit_writes_its_files_and_says_where() {
    let folder = Folder::with_trial();
    let ended = folder.run(&["fit", "trial.csv", LINEAR]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    assert!(ended.out.contains("baseline_severity"), "{}", ended.out);
    assert!(ended.err.contains("reports/trial-effectiveness"), "{}", ended.err);
    assert_eq!(names_in(&folder.path("reports/trial-effectiveness")), files_of_an_answer());
    let kept =
        fs::read_to_string(folder.path("reports/trial-effectiveness/summary.txt")).expect("it is there");
    assert_eq!(kept, ended.out);
}

#[test]
fn a_study_file_fills_the_checklist_and_a_wrong_one_is_refused_before_anything_is_written() {
    let folder = Folder::with_trial();
    fs::write(folder.path("study.toml"), "[governance]\nfunding = \"the <county>\"\n").expect("written");
    let ended = folder.run(&["fit", "trial.csv", LOGISTIC, "-o", "out", "--study", "study.toml", "--svg"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    let page = fs::read_to_string(folder.path("out/report.html")).expect("it is there");
    assert!(page.contains("the &lt;county&gt;") && page.contains("you wrote"));
    let names = names_in(&folder.path("out"));
    for name in ["roc.svg", "calibration.svg", "decision_curve.svg", "risks.svg", "forest.svg"] {
        assert!(names.contains(&name.to_string()), "{name} in {names:?}");
    }
    fs::write(folder.path("study.toml"), "[governance]\nmoney = \"much\"\n").expect("written");
    let refused = folder.run(&["fit", "trial.csv", LOGISTIC, "-o", "two", "--study", "study.toml"]);
    assert_eq!(refused.status, Some(1), "{}", refused.err);
    assert!(refused.err.contains("line 2: `money` is no key of [governance]"), "{}", refused.err);
    assert!(!folder.path("two").exists());
}

#[test]
fn with_json_standard_output_is_the_model_alone() {
    let folder = Folder::with_trial();
    let ended = folder.run(&["fit", "trial.csv", LOGISTIC, "-o", "out", "--json"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    let model: Value = serde_json::from_str(&ended.out).expect("JSON and nothing else");
    assert_eq!(model["schema"], "clinreg-model/1");
    assert_eq!(model["family"], "logistic");
    assert_eq!(model["convergence"]["converged"], true);
    assert_eq!(fs::read_to_string(folder.path("out/model.json")).expect("it is there"), ended.out);
}

#[test]
fn every_command_that_gives_json_gives_nothing_else() {
    let folder = Folder::with_trial();
    folder.run(&["fit", "trial.csv", LINEAR, "-o", "out"]);
    for words in [
        vec!["datasets", "--json"],
        vec!["compare", "trial.csv", LINEAR, "--learning-rates", "0.1,0.5", "-o", "c", "--json"],
        vec!["predict", "out/model.json", "trial.csv", "--json"],
        vec!["simulate", "--rows", "10", "-o", "s.csv", "--json"],
    ] {
        let ended = folder.run(&words);
        assert_eq!(ended.status, Some(0), "{words:?}: {}", ended.err);
        assert!(serde_json::from_str::<Value>(&ended.out).is_ok(), "{words:?}: {}", ended.out);
    }
}

#[test]
fn quiet_leaves_only_what_is_essential() {
    let folder = Folder::with_trial();
    let ended = folder.run(&["fit", "trial.csv", LINEAR, "-o", "out", "--quiet"]);
    assert_eq!((ended.status, ended.out.as_str(), ended.err.as_str()), (Some(0), "", ""));
    assert_eq!(names_in(&folder.path("out")), files_of_an_answer());
    let stopped = ["fit", "trial.csv", LINEAR, "-o", "two", "-q", "--optimizer", "adam", "--max-epochs", "2"];
    let ended = folder.run(&stopped);
    assert_eq!((ended.status, ended.out.as_str()), (Some(3), ""));
    assert!(ended.err.contains("not converged"), "{}", ended.err);
}

#[test]
fn a_fit_that_does_not_converge_says_so_first_and_writes_its_files() {
    let folder = Folder::with_trial();
    let slow = ["--optimizer", "gradient-descent", "--learning-rate", "1e-3", "--max-epochs", "5"];
    let fast = ["--optimizer", "gradient-descent", "--learning-rate", "50"];
    for (options, word) in [(&slow[..], "5 epochs"), (&fast[..], "diverged")] {
        let mut words = vec!["fit", "trial.csv", LINEAR, "-o", "out"];
        words.extend(options);
        let ended = folder.run(&words);
        assert_eq!(ended.status, Some(3), "{}", ended.err);
        assert!(ended.err.starts_with("warning: not converged: "), "{}", ended.err);
        assert!(ended.err.contains(word) && ended.err.contains("hint: "), "{}", ended.err);
        assert_eq!(names_in(&folder.path("out")), FILES);
        let model = fs::read_to_string(folder.path("out/model.json")).expect("it is there");
        let model: Value = serde_json::from_str(&model).expect("JSON");
        assert_eq!(model["convergence"]["converged"], false);
    }
}

/// The files without what holds times: `history.csv` loses its last column, the page is left out.
fn timeless(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let untimed = |name: &str, bytes: Vec<u8>| match name {
        "history.csv" => {
            let text = String::from_utf8(bytes).expect("text");
            let cut =
                |line: &str| line.rsplit_once(',').map_or(String::new(), |(left, _)| format!("{left}\n"));
            text.lines().map(cut).collect::<String>().into_bytes()
        }
        _ => bytes,
    };
    names_in(folder)
        .into_iter()
        .filter(|name| name != "report.html")
        .map(|name| {
            let bytes = fs::read(folder.join(&name)).expect("the file can be read");
            (name.clone(), untimed(&name, bytes))
        })
        .collect()
}

#[test]
fn the_same_bytes_are_written_on_one_and_on_two_threads() {
    let folder = Folder::with_trial();
    let mini = ["--optimizer", "momentum", "--batch-size", "32", "--start", "random", "--max-epochs", "20"];
    for (formula, options) in [(LINEAR, &[][..]), (LOGISTIC, &[][..]), (LOGISTIC, &mini[..])] {
        let run = |threads: &str, out: &str| {
            let mut words = vec!["fit", "trial.csv", formula, "--seed", "7", "--threads", threads, "-o", out];
            words.extend(options);
            let ended = folder.run(&words);
            assert!(matches!(ended.status, Some(0 | 3)), "{}", ended.err);
            timeless(&folder.path(out))
        };
        let (one, two) = (run("1", "one"), run("2", "two"));
        for (a, b) in one.iter().zip(&two) {
            assert!(a == b, "{} differs ({formula} {options:?})", a.0);
        }
        assert_eq!(one.len(), two.len());
    }
}

#[test]
fn no_number_of_threads_changes_a_bit_of_a_longer_trial() {
    // Twelve blocks of rows, and more of them than `auto` treats as few: it begins on a subsample.
    let folder = Folder::new();
    let made = folder.run(&["simulate", "treatment-effectiveness", "--rows", "12000", "-o", "trial.csv"]);
    assert_eq!(made.status, Some(0), "{}", made.err);
    for options in [
        &[][..],
        &["--robust", "hc3"],
        &["--cluster", "site"],
        &["--ci", "profile", "--conf-level", "0.9"],
        &["--penalty", "lasso", "--lambda", "cv"],
        &["--penalty", "firth"],
    ] {
        let run = |threads: &str| {
            let mut words = vec!["fit", "trial.csv", LOGISTIC, "--threads", threads, "-o", "out"];
            words.extend(options);
            let ended = folder.run(&words);
            assert_eq!(ended.status, Some(0), "{options:?}: {}", ended.err);
            timeless(&folder.path("out"))
        };
        let one = run("1");
        for threads in ["2", "3"] {
            for (a, b) in one.iter().zip(&run(threads)) {
                assert!(a == b, "{} differs on {threads} threads ({options:?})", a.0);
            }
        }
    }
}

#[test]
fn a_mini_batch_of_all_rows_is_full_batch() {
    let folder = Folder::with_trial();
    let run = |batch: &str| {
        let words =
            ["--optimizer", "gradient-descent", "--max-epochs", "50", "--batch-size", batch, "-o", "out"];
        let words: Vec<&str> = ["fit", "trial.csv", LOGISTIC].into_iter().chain(words).collect();
        let ended = folder.run(&words);
        assert!(matches!(ended.status, Some(0 | 3)), "{}", ended.err);
        fs::read_to_string(folder.path("out/coefficients.csv")).expect("written")
    };
    let full = run("full");
    for batch in ["300", "999999"] {
        assert_eq!(run(batch), full, "{batch}");
    }
}

#[test]
fn a_comparison_shows_each_run_and_is_done_even_if_one_diverges() {
    let folder = Folder::with_trial();
    let words = ["compare", "trial.csv", LINEAR, "--learning-rates", "0.001,auto,50", "--max-epochs", "50"];
    let ended = folder.run(&words);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    let out = folder.path("reports/trial-effectiveness-compare");
    assert_eq!(
        names_in(&out),
        ["compare.csv", "compare.json", "gradient_norm.png", "loss_curve.png", "summary.txt"]
    );
    assert_eq!(fs::read_to_string(out.join("summary.txt")).expect("it is there"), ended.out);
    let mut table = csv::Reader::from_path(out.join("compare.csv")).expect("it is there");
    let header: Vec<String> = table.headers().expect("a header").iter().map(str::to_string).collect();
    let column = |name: &str| header.iter().position(|h| h == name).expect("the column is there");
    let rows: Vec<csv::StringRecord> = table.records().map(|r| r.expect("a record")).collect();
    let field = |row: usize, name: &str| rows[row][column(name)].to_string();
    assert_eq!(rows.len(), 3);
    assert_eq!(field(0, "run"), "learning rate 0.001");
    assert_eq!(field(2, "reason"), "diverged");
    assert_eq!(field(2, "verdict"), "too high (diverging)");
    assert_eq!(field(0, "epochs_to_tolerance"), "");
    let distance = |row| field(row, "distance_to_best").parse::<f64>().expect("a number");
    assert!(distance(1) >= 0.0 && distance(1) < distance(0));
}

#[test]
fn predictions_keep_the_rows_and_say_how_many_are_missing() {
    let folder = Folder::with_trial();
    folder.run(&["fit", "trial.csv", "effectiveness ~ treatment + bmi", "-o", "out"]);
    let ended = folder.run(&["predict", "out/model.json", "trial.csv"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    let read = |text: &str| -> (Vec<String>, Vec<csv::StringRecord>) {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").iter().map(str::to_string).collect();
        (header, reader.records().map(|r| r.expect("a record")).collect())
    };
    let (old_header, old) = read(&fs::read_to_string(folder.path("trial.csv")).expect("it is there"));
    let (header, rows) = read(&ended.out);
    assert_eq!(header[..old_header.len()], old_header);
    assert_eq!(header[old_header.len()..], ["prediction", "conf_low", "conf_high", "pred_low", "pred_high"]);
    assert_eq!(rows.len(), old.len());
    let bmi = old_header.iter().position(|h| h == "bmi").expect("a column");
    let mut without = 0;
    for (row, before) in rows.iter().zip(&old) {
        assert!(row.iter().zip(before).all(|(a, b)| a == b), "{row:?}");
        let added: Vec<&str> = row.iter().skip(old_header.len()).collect();
        if before[bmi].is_empty() {
            without += 1;
            assert!(added.iter().all(|cell| cell.is_empty()), "{row:?}");
            continue;
        }
        let at: Vec<f64> = added.iter().map(|cell| cell.parse().expect("a number")).collect();
        assert!(at[3] < at[1] && at[1] < at[0] && at[0] < at[2] && at[2] < at[4], "{row:?}");
    }
    assert!(without > 0, "the trial has rows without bmi");
    assert!(ended.err.contains(&format!("{without} of 300 rows have no prediction")), "{}", ended.err);
    let again = folder.run(&["predict", "out/model.json", "trial.csv", "-o", "new/p.csv", "-q"]);
    assert_eq!(again.out, "");
    assert_eq!(fs::read_to_string(folder.path("new/p.csv")).expect("it is there"), ended.out);
    let clash = folder.run(&["predict", "out/model.json", "new/p.csv"]);
    assert_eq!(clash.status, Some(1));
    assert!(clash.err.contains("`prediction`"), "{}", clash.err);
}

#[test]
fn a_model_that_did_not_converge_predicts_with_a_warning() {
    let folder = Folder::with_trial();
    folder.run(&["fit", "trial.csv", LINEAR, "-o", "out", "--optimizer", "adam", "--max-epochs", "3"]);
    let ended = folder.run(&["predict", "out/model.json", "trial.csv", "-o", "p.csv"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    assert!(ended.err.starts_with("warning: the model did not converge"), "{}", ended.err);
}

#[test]
fn new_data_without_a_column_of_the_model_are_refused_by_name() {
    let folder = Folder::with_trial();
    folder.run(&["fit", "trial.csv", LINEAR, "-o", "out"]);
    fs::write(folder.path("new.csv"), "treatment,age\nnew,50\n").expect("it can be written");
    let ended = folder.run(&["predict", "out/model.json", "new.csv", "-o", "p.csv"]);
    assert_eq!(ended.status, Some(1));
    assert!(ended.err.contains("baseline_severity"), "{}", ended.err);
    fs::write(folder.path("new.csv"), "treatment,age,baseline_severity\nnew,50,40\nmagic,50,40\n")
        .expect("it can be written");
    let ended = folder.run(&["predict", "out/model.json", "new.csv", "-o", "p.csv"]);
    assert_eq!(ended.status, Some(1));
    assert!(ended.err.contains("magic") && ended.err.contains("line 3"), "{}", ended.err);
    assert!(!folder.path("p.csv").exists());
}

#[test]
fn without_options_simulate_writes_the_trial_of_the_demo() {
    let ended = Folder::new().run(&["simulate"]);
    assert_eq!(ended.status, Some(0));
    assert!(ended.out == include_str!("../data/treatment_effectiveness.csv"));
}

#[test]
fn the_demo_writes_both_models_and_guides_through_them() {
    let folder = Folder::new();
    let ended = folder.run(&["demo"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    assert!(ended.err.contains("@treatment_effectiveness"), "{}", ended.err);
    for outcome in ["effectiveness", "responded"] {
        let root = folder.path("reports/treatment_effectiveness").join(outcome);
        for part in ["", "gradient_descent", "mini_batch"] {
            assert!(root.join(part).join("report.html").is_file(), "{outcome} {part}");
        }
        assert!(root.join("mini_batch/steps.csv").is_file());
        let table = fs::read_to_string(root.join("learning_rates/compare.csv")).expect("it is there");
        for verdict in ["too low (crawling)", "about right", "too high (diverging)"] {
            assert!(table.contains(verdict), "{outcome}: {verdict} is not in\n{table}");
        }
        assert!(ended.out.contains(&outcome.to_uppercase()));
    }
    assert!(ended.out.contains("new against control: odds ratio"), "{}", ended.out);
}

/// Fifteen patients lack sbp, three crp, and ward z has three.
fn small_groups() -> String {
    let row = |i: usize| {
        let ward = if i % 100 == 7 { "z" } else { ["a", "b", "c"][i % 3] };
        let crp = if i % 100 == 5 { String::new() } else { (i * 37 % 91).to_string() };
        let sbp = if i % 20 == 5 { String::new() } else { (90 + i * 53 % 80).to_string() };
        format!("{},{},{ward},{crp},{sbp}\n", u8::from((i * 7 + i / 9) % 11 < 3), 30 + i * 29 % 60)
    };
    format!("died,age,ward,crp,sbp\n{}", (0..300).map(row).collect::<String>())
}

#[test]
fn counts_of_a_few_patients_are_withheld_where_that_is_asked_for() {
    let folder = Folder::new();
    fs::write(folder.path("few.csv"), small_groups()).expect("written");
    let fit = ["fit", "few.csv", "died ~ age + ward + crp + sbp", "--suppress-below", "5", "-o", "out"];
    let ended = folder.run(&fit);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    for words in [
        "counts from 1 to 4 are withheld",
        "in how many rows is missing is withheld, for it would tell of few: `crp`",
    ] {
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }
    let missing = fs::read_to_string(folder.path("out/missing.csv")).expect("there");
    assert!(missing.starts_with("died,age,ward,sbp,rows\n"), "{missing}");
    let model = fs::read_to_string(folder.path("out/model.json")).expect("there");
    let model: Value = serde_json::from_str(&model).expect("JSON");
    assert!(model["data"]["missing"]["crp"].is_null() && model["data"]["missing"]["sbp"] == 15);
    assert!(!folder.path("out/influence.png").exists());
    let known = folder.run(&["fit", "few.csv", "died ~ age + ward + crp + sbp", "-o", "known", "-q"]);
    assert_eq!(known.status, Some(0), "{}", known.err);
    let page = |name: &str| fs::read_to_string(folder.path(name)).expect("there");
    assert!(folder.path("known/influence.png").exists());
    assert!(page("known/missing.csv").contains("crp") && !page("out/missing.csv").contains("crp"));
    let new = ["evaluate", "out/model.json", "few.csv", "--suppress-below", "5", "-o", "new"];
    let ended = folder.run(&new);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    let found: Value = serde_json::from_str(&page("new/evaluation.json")).expect("JSON");
    assert!(found["data"]["missing"]["crp"].is_null(), "{found}");
}

#[test]
fn colours_are_for_terminals_alone() {
    let folder = Folder::new();
    for no_color in [None, Some("1")] {
        let mut command = folder.command(&["fit", "nowhere.csv", "y ~ x"]);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let output = command.output().expect("the program starts");
        assert!(!output.stderr.contains(&0x1b));
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = Folder::new();
    let mut child = folder
        .command(&["simulate", "--rows", "200000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdout.take().expect("it is piped");
    let mut first = [0; 10];
    pipe.read_exact(&mut first).expect("the header comes");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(&first, b"patient_id");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Starts an endless descent and asks it to end; its output. The data come through a named pipe: once the program opens it, it
/// listens to requests already.
#[cfg(unix)]
fn asked_to_end(folder: &Folder, more: &[&str]) -> std::process::Output {
    let data = fs::read(folder.path("trial.csv")).expect("it is there");
    if !folder.path("pipe.csv").exists() {
        let made = Command::new("mkfifo").arg(folder.path("pipe.csv")).status().expect("mkfifo runs");
        assert!(made.success());
    }
    let words = ["fit", "pipe.csv", LINEAR, "-o", "out"];
    let mut command = folder.command(&[&words[..], more].concat());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut pipe =
        fs::OpenOptions::new().write(true).open(folder.path("pipe.csv")).expect("it is being read");
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(asked.success());
    pipe.write_all(&data).expect("the program reads on");
    drop(pipe);
    child.wait_with_output().expect("it ends")
}

#[cfg(unix)]
const ENDLESS: [&str; 6] =
    ["--optimizer", "gradient-descent", "--learning-rate", "1e-9", "--max-epochs", "1000000000"];

#[cfg(unix)]
#[test]
fn a_polite_request_to_end_stops_the_descent_and_keeps_its_state() {
    let folder = Folder::with_trial();
    let output = asked_to_end(&folder, &ENDLESS);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.starts_with("warning: not converged: interrupted after"), "{err}");
    assert_eq!(names_in(&folder.path("out")), FILES);
}

#[cfg(unix)]
#[test]
fn an_interrupted_fit_leaves_the_earlier_report_and_lies_beside_it() {
    let folder = Folder::with_trial();
    let whole = folder.run(&["fit", "trial.csv", LINEAR, "-o", "out", "-q"]);
    assert_eq!(whole.status, Some(0), "{}", whole.err);
    let held = |place: &str| {
        let files = names_in(&folder.path(place)).into_iter();
        let read = |name: &String| fs::read(folder.path(place).join(name)).expect("readable");
        files.map(|name| (name.clone(), read(&name))).collect::<Vec<_>>()
    };
    let earlier = held("out");
    for _ in 0..2 {
        let output = asked_to_end(&folder, &ENDLESS);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{err}");
        assert!(err.contains("the earlier report in `out` stays as it was"), "{err}");
        assert!(err.contains("`out-interrupted`"), "{err}");
        assert_eq!(held("out"), earlier);
        assert_eq!(names_in(&folder.path("out-interrupted")), FILES);
    }
    let resampled = asked_to_end(&folder, &["--validate", "bootstrap:200"]);
    let err = String::from_utf8_lossy(&resampled.stderr).into_owned();
    assert_eq!(resampled.status.code(), Some(3), "{err}");
    assert_eq!(held("out"), earlier);
    assert_eq!(names_in(&folder.path(".")).iter().filter(|name| name.starts_with("out")).count(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let folder = Folder::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let output = folder.command(&["simulate"]).stdout(full).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
}
