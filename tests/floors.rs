//! The floors of the house: every file imports only downwards, says its idea in its first line and stays short.

use std::fs;
use std::path::{Path, PathBuf};

/// Each top-level module and its floor, as in the picture of the crate's documentation.
const FLOORS: [(&str, u8); 20] = [
    ("error", 0),
    ("num", 0),
    ("rows", 0),
    ("team", 0),
    ("data", 1),
    ("objective", 1),
    ("design", 2),
    ("optimise", 2),
    ("inference", 3),
    ("performance", 3),
    ("fit", 4),
    ("effects", 5),
    ("validate", 6),
    ("impute", 6),
    ("model", 7),
    ("report", 7),
    ("plot", 7),
    ("explore", 8),
    ("crosscheck", 8),
    ("serve", 9),
];
/// The floor above all.
const CLI: (&str, u8) = ("cli", 10);
/// The steps that are allowed inside a floor: from, to.
const BESIDE: [(&str, &str); 7] = [
    ("num", "error"),
    ("rows", "error"),
    ("rows", "team"),
    ("team", "error"),
    ("impute", "validate"),
    ("report", "plot"),
    ("report", "model"),
];
const DATA_LEG: [&str; 2] = ["data", "design"];
const DESCENT_LEG: [&str; 2] = ["objective", "optimise"];
const MOST_LINES: usize = 500;

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().chain([&CLI]).find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// Why `from` may not import `to`, if it may not.
fn forbidden(from: &str, to: &str) -> Option<String> {
    if from == to {
        return None;
    }
    let (Some(above), Some(below)) = (floor(from), floor(to)) else {
        let unknown = if floor(from).is_none() { from } else { to };
        return Some(format!("`{unknown}` has no floor: give it one in tests/floors.rs"));
    };
    let across = |a: [&str; 2], b: [&str; 2]| a.contains(&from) && b.contains(&to);
    if across(DATA_LEG, DESCENT_LEG) || across(DESCENT_LEG, DATA_LEG) {
        return Some(format!("`{from}` imports `{to}` across the legs"));
    }
    if below < above || BESIDE.contains(&(from, to)) {
        return None;
    }
    Some(format!("`{from}` (floor {above}) imports `{to}` (floor {below})"))
}

/// The text with comments blanked out, line by line; a `//` inside a string counts as one, which does no harm here.
fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// The modules that the text names after `prefix`: `prefix::a`, and each of `prefix::{a::b, c}`, with their places.
fn named_after(prefix: &str, text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let is_word =
            text[..at].chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || "_:".contains(c)));
        if !is_word {
            continue;
        }
        let start = at + prefix.len();
        match text[start..].trim_start().strip_prefix('{') {
            Some(group) => {
                found.extend(heads_of_group(group).into_iter().map(|name| (at, name.to_string())));
            }
            None => found.push((at, identifier(text[start..].trim_start()).to_string())),
        }
    }
    found
}

/// The first word of each entry of a group, whose opening brace is already read.
fn heads_of_group(group: &str) -> Vec<&str> {
    let (mut heads, mut depth, mut entry_begins) = (Vec::new(), 0_usize, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => entry_begins = true,
            _ if entry_begins && !c.is_whitespace() => {
                heads.push(identifier(&group[at..]));
                entry_begins = false;
            }
            _ => {}
        }
    }
    heads
}

/// What is wrong with one file, each with its place; `path` is relative to `src`.
fn faults(path: &Path, text: &str) -> Vec<String> {
    let shown = format!("src/{}", path.display()).replace('\\', "/");
    let parts: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let module = parts[0].as_str();
    let mut faults = Vec::new();
    if !text.lines().next().is_some_and(|first| first.starts_with("//! ") && first.len() > 8) {
        faults.push(format!("{shown}:1: the first line does not say the idea of the file (`//! ...`)"));
    }
    let n_lines = text.lines().count();
    if n_lines > MOST_LINES {
        faults.push(format!("{shown}:{n_lines}: more than {MOST_LINES} lines; split it by idea"));
    }
    let code = without_comments(text);
    let line_of_code = |at: usize| code[..at].matches('\n').count() + 1;
    for (at, _) in code.match_indices("super::super") {
        faults.push(format!("{shown}:{}: `super::super` hides where a path leads", line_of_code(at)));
    }
    if matches!(module, "lib" | "main") {
        return faults;
    }
    let mut imports = named_after("crate::", &code);
    let is_top = parts.len() == 1 || (parts.len() == 2 && parts[1] == "mod");
    if is_top {
        let from_root = named_after("super::", &code);
        imports.extend(from_root.into_iter().filter(|(_, name)| floor(name).is_some()));
    }
    for (at, to) in imports {
        if let Some(why) = forbidden(module, &to) {
            faults.push(format!("{shown}:{}: {why}", line_of_code(at)));
        }
    }
    faults
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the folder of the sources can be read");
    for entry in entries {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_imports_downwards_says_its_idea_and_is_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    files.sort();
    assert!(files.len() > 40, "the sources are where they are looked for");
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file is text");
        let path = file.strip_prefix(&root).expect("it lies below src");
        wrong.extend(faults(path, &text));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_module_of_the_crate_has_a_floor() {
    let lib = include_str!("../src/lib.rs");
    let modules =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")).map(|m| m.trim_end_matches(';'));
    let homeless: Vec<&str> = modules.filter(|module| floor(module).is_none()).collect();
    assert!(homeless.is_empty(), "{homeless:?}");
}

#[test]
fn a_planted_violation_is_caught_with_file_and_line() {
    let planted = |path: &str, body: &str| faults(Path::new(path), &format!("//! An idea.\n{body}"));
    let caught = |path: &str, body: &str, words: &str| {
        let found = planted(path, body);
        assert!(found.iter().any(|f| f.contains(words)), "{path}: {body}: {found:?}");
    };
    caught("fit/a.rs", "use crate::report::files;", "src/fit/a.rs:2: `fit` (floor 4) imports `report`");
    caught(
        "design/a.rs",
        "\nuse crate::objective::Objective;",
        "src/design/a.rs:3: `design` imports `objective`",
    );
    caught("optimise/a.rs", "fn f(t: &crate::data::table::Table) {}", "across the legs");
    caught(
        "num/a.rs",
        "use crate::{\n    error::Error,\n    fit::{result::Fit, spec},\n};",
        "`num` (floor 0) imports `fit`",
    );
    caught("plot/a.rs", "use crate::report::NamedFile;", "`plot` (floor 7) imports `report`");
    caught("error.rs", "use super::fit::Fit;", "`error` (floor 0) imports `fit`");
    caught("fit/mod.rs", "use super::model::Model;", "`fit` (floor 4) imports `model`");
    caught("fit/a/b.rs", "use super::super::spec;", "super::super");
    caught("novel.rs", "use crate::error::Error;", "`novel` has no floor");
    let undescribed = faults(Path::new("num/a.rs"), "use std::fmt;\n");
    assert!(undescribed.iter().any(|f| f.contains("src/num/a.rs:1")), "{undescribed:?}");
    let long = format!("//! An idea.\n{}", "\n".repeat(MOST_LINES));
    assert!(faults(Path::new("num/a.rs"), &long).iter().any(|f| f.contains("split it")));
}

#[test]
fn what_is_allowed_is_not_caught() {
    for (path, body) in [
        ("fit/mod.rs", "use crate::{data::csv, optimise::{self, Descent}, fit::spec};"),
        ("report/a.rs", "use crate::plot::descent;\nuse crate::model::Model;"),
        ("objective/a.rs", "mod tests { use super::*; }\n// see crate::design::scale"),
        ("cli/mod.rs", "use crate::cli::args;\nuse super_crate::x;"),
        ("rows.rs", "use crate::error::Result;"),
    ] {
        let found = faults(Path::new(path), &format!("//! An idea.\n{body}"));
        assert!(found.is_empty(), "{found:?}");
    }
}

/// The names of the packages that a manifest needs always: those of its sections of dependencies, neither optional ones nor those of
/// tests.
fn needed(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_needed = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_needed = line.ends_with("dependencies]") && !line.contains("dev-") && !line.contains("build-");
        } else if let Some((name, rest)) = line.split_once(" = ")
            && is_needed
            && !rest.contains("optional = true")
        {
            names.push(name.trim().to_string());
        }
    }
    names
}

#[test]
fn the_fuzz_targets_are_locked_to_the_dependencies_that_the_program_has() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("a file of the repository");
    let needed = needed(&read("Cargo.toml"));
    assert!(needed.len() > 30 && needed.iter().any(|name| name == "rustix"), "{needed:?}");
    let (lock, fuzz) = (read("Cargo.lock"), read("tests/fuzz/Cargo.lock"));
    let packages: Vec<&str> = fuzz.split("[[package]]").map(str::trim).collect();
    let own = packages.iter().find(|package| package.starts_with("name = \"clinreg\"\n"));
    let own = own.expect("the fuzz targets need clinreg");
    for name in needed {
        assert!(
            own.contains(&format!("\"{name}\"")) || own.contains(&format!("\"{name} ")),
            "tests/fuzz/Cargo.lock lacks {name}: run `cargo metadata` there"
        );
    }
    let versions = |lock: &str| -> Vec<(String, String)> {
        let field = |package: &str, key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
            line.unwrap_or_default().to_string()
        };
        lock.split("[[package]]").skip(1).map(|p| (field(p, "name"), field(p, "version"))).collect()
    };
    let known = versions(&lock);
    for (name, version) in versions(&fuzz) {
        let here: Vec<&String> = known.iter().filter(|(n, _)| *n == name).map(|(_, v)| v).collect();
        assert!(
            here.is_empty() || here.contains(&&version),
            "tests/fuzz/Cargo.lock has {name} {version}, the program {here:?}"
        );
    }
}
