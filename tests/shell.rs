//! The pages about the program itself: help, completions, manual, and how soon the program answers.

use std::fs;
use std::time::{Duration, Instant};

use crate::cli::Folder;

#[test]
fn the_page_of_the_formula_fits_a_screen_and_its_examples_are_read() {
    let folder = Folder::new();
    let page = folder.run(&["help", "formula"]);
    assert_eq!((page.status, page.err.as_str()), (Some(0), ""));
    assert!(page.out.lines().count() <= 71, "{} lines", page.out.lines().count());
    assert!(page.out.lines().all(|line| line.chars().count() <= 130), "{}", page.out);
    fs::write(folder.path("trial.csv"), "a,b\n1,2\n").expect("written");
    let examples: Vec<&str> = page.out.lines().filter(|line| line.starts_with("  clinreg fit ")).collect();
    assert!(examples.len() > 2);
    for example in examples {
        let formula = example.split('\'').nth(1).expect("a formula in quotation marks");
        let ended = folder.run(&["fit", "trial.csv", formula]);
        assert!(ended.err.contains("there is no column"), "{formula}: {}", ended.err);
    }
}

#[test]
fn help_gives_the_page_of_a_command_and_says_which_pages_there_are() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["help"]).out, folder.run(&["--help"]).out);
    assert_eq!(folder.run(&["help", "fit"]).out, folder.run(&["fit", "--help"]).out);
    let slip = folder.run(&["help", "formla"]);
    assert_eq!(slip.status, Some(2));
    assert!(slip.err.contains("did you mean `clinreg help formula`?"), "{}", slip.err);
    assert!(folder.run(&["help", "xyz"]).err.contains("crosscheck, describe"));
}

#[test]
fn every_shell_has_completions_for_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = folder.run(&["completions", shell]);
        assert_eq!((ended.status, ended.err.as_str()), (Some(0), ""), "{shell}");
        for word in ["crosscheck", "learning-rate", "completions"] {
            assert!(ended.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(folder.run(&["completions", "cmd"]).status, Some(2));
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let folder = Folder::new();
    let page = folder.run(&["man"]);
    assert_eq!((page.status, page.err.as_str()), (Some(0), ""));
    assert!(page.out.contains(".TH clinreg 1") && page.out.contains("crosscheck"), "{}", page.out);
    let ended = folder.run(&["man", "-o", "man1", "-q"]);
    assert_eq!((ended.status, ended.out.as_str()), (Some(0), ""));
    let fit = fs::read_to_string(folder.path("man1/clinreg-fit.1")).expect("written");
    assert!(fit.contains(".TH clinreg-fit 1") && fit.contains("learning\\-rate"), "{fit}");
    assert!(folder.path("man1/clinreg.1").is_file() && folder.path("man1/clinreg-verify.1").is_file());
}

#[test]
fn the_program_answers_at_once() {
    // Far above what it takes (see the README), so that a busy machine does not fail.
    const LIMIT: Duration = Duration::from_millis(500);
    let folder = Folder::new();
    let fastest = |word: &str| {
        let one = || {
            let began = Instant::now();
            assert_eq!(folder.run(&[word]).status, Some(0));
            began.elapsed()
        };
        (0..5).map(|_| one()).min().expect("five runs")
    };
    for word in ["--version", "--help"] {
        let took = fastest(word);
        assert!(took < LIMIT, "{word}: {took:?}");
    }
}
