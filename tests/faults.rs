//! Faults: a run that is killed at any moment leaves the earlier report or the whole new one, never a mixture.
//!
//! `CLINREG_KILLS=200 cargo test --release --test main faults` kills that often in place of ten times.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cli::Folder;

type Report = BTreeMap<String, Vec<u8>>;

const FORMULAS: [&str; 2] = ["y ~ x", "y ~ x + z"];

fn with_data() -> Folder {
    let folder = Folder::new();
    let mut text = "y,x,z\n".to_string();
    for k in 0..60 {
        writeln!(text, "{},{},{}", (k * 7) % 11, k, (k * k) % 13).expect("a text takes all");
    }
    fs::write(folder.path("d.csv"), text).expect("writable");
    folder
}

/// What lies in a report's folder, save files that hold times, and what a killed run may leave beside.
fn report(folder: &Path) -> Report {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().filter(|e| e.path().is_file());
    let named = entries.map(|e| (e.file_name().to_string_lossy().into_owned(), e.path()));
    let kept = named.filter(|(name, _)| name != "history.csv" && name != "report.html");
    kept.map(|(name, path)| (name, fs::read(path).expect("readable"))).collect()
}

fn fit(folder: &Folder, formula: &str) {
    let ended = folder.run(&["fit", "d.csv", formula, "-o", "out", "-q"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
}

#[test]
fn a_fit_killed_at_any_moment_leaves_a_whole_report() {
    let kills: u32 = std::env::var("CLINREG_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let folder = with_data();
    let out = folder.path("out");
    let mut longest = Duration::ZERO;
    let whole = FORMULAS.map(|formula| {
        let begun = Instant::now();
        fit(&folder, formula);
        longest = longest.max(begun.elapsed());
        report(&out)
    });
    let mut dice = 88_172_645_463_325_252_u64 ^ u64::from(std::process::id());
    let mut killed = 0;
    for k in 0..kills {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let words = ["fit", "d.csv", FORMULAS[k as usize % 2], "-o", "out", "-q"];
        let mut child = folder.command(&words).stdout(Stdio::null()).spawn().expect("it starts");
        sleep(longest.mul_f64((dice % 1100) as f64 / 1000.0));
        killed += u32::from(child.try_wait().expect("it is ours").is_none());
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
        assert!(whole.contains(&report(&out)), "kill {k}: neither the earlier report nor the new one");
    }
    assert!(kills < 10 || killed > 0, "no run was killed while it was running");
    fit(&folder, FORMULAS[0]);
    assert_eq!(report(&out), whole[0]);
    let left = [out.as_path(), &folder.path(".")].map(|place| fs::read_dir(place).expect("there").flatten());
    assert_eq!(
        left.into_iter()
            .flatten()
            .filter(|e| e.file_name().to_string_lossy().starts_with(".clinreg"))
            .count(),
        0
    );
}

#[test]
fn two_runs_into_one_folder_do_not_mix() {
    let folder = with_data();
    let out = folder.path("out");
    let whole = FORMULAS.map(|formula| {
        fit(&folder, formula);
        report(&out)
    });
    for _ in 0..3 {
        let start = |formula| {
            folder.command(&["fit", "d.csv", formula, "-o", "out", "-q"]).spawn().expect("it starts")
        };
        for mut child in FORMULAS.map(start) {
            assert!(child.wait().expect("it is ours").success());
        }
        assert!(whole.contains(&report(&out)), "a mixture of two reports");
    }
}

#[test]
fn names_and_levels_that_look_like_formulas_stay_text_in_a_spreadsheet() {
    let folder = Folder::new();
    let rows: String = (0..12)
        .map(|k| format!("{},{}\n", [1.5, -2.5, 3.0][k % 3] + k as f64, ["=1+1", "@b"][k % 2]))
        .collect();
    fs::write(folder.path("d.csv"), format!("y,+g\n{rows}")).expect("writable");
    let fitted = folder.run(&["fit", "d.csv", "y ~ `+g`", "-o", "out", "-q"]);
    assert_eq!(fitted.status, Some(0), "{}", fitted.err);
    let table = fs::read_to_string(folder.path("out/coefficients.csv")).expect("written");
    assert!(
        table.lines().all(|line| line.split(',').all(|cell| !cell.starts_with(['=', '+', '@']))),
        "{table}"
    );
    let predicted = folder.run(&["predict", "out/model.json", "d.csv"]);
    assert_eq!(predicted.status, Some(0), "{}", predicted.err);
    assert!(predicted.out.starts_with("y,'+g,prediction"), "{}", predicted.out);
    assert!(predicted.out.contains("-0.5") || predicted.out.contains("\n1.5,'=1+1,"), "{}", predicted.out);
}

/// Reading a pipe into which nothing is written goes on for ever.
#[cfg(unix)]
#[test]
fn a_wish_to_stop_that_has_to_wait_is_answered() {
    let folder = Folder::new();
    let pipe = folder.path("d.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let job = folder.command(&["fit", "d.csv", "y ~ x"]).stderr(Stdio::piped()).spawn().expect("it starts");
    let told = |signal: &str| {
        let kill = std::process::Command::new("kill").args([signal, &job.id().to_string()]).status();
        assert!(kill.expect("kill").success());
    };
    sleep(Duration::from_millis(500));
    told("-TERM");
    sleep(Duration::from_millis(3000));
    told("-TERM");
    let ended = job.wait_with_output().expect("it ends");
    let words = String::from_utf8_lossy(&ended.stderr);
    assert!(words.contains("told to stop") && words.contains("once more ends the program"), "{words}");
    assert_eq!(ended.status.code(), Some(130));
}
