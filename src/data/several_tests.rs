//! Several files from the outside: what a list and a pattern name, and each way in which files do not fit together.

use std::path::{Path, PathBuf};

use crate::data::choices::DataChoices;
use crate::data::csv::{Source, open};
use crate::data::table::Values;
use crate::error::{Error, Result};

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// Files in a folder.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

/// Opens a list of files of a folder.
fn open_list(folder: &Path, names: &[&str]) -> Result<Source> {
    let paths: Vec<String> = names.iter().map(|name| folder.join(name).display().to_string()).collect();
    open(&PathBuf::from(paths.join(",")))
}

fn refused(folder: &Path, names: &[&str]) -> Error {
    open_list(folder, names).map(|_| ()).expect_err("refused")
}

#[test]
fn files_are_one_table_whose_columns_meet_by_name() {
    let files = folder(&[("b.csv", "x,arm\n1,p\n2,q\n"), ("a.csv", "arm;x\nr;2,5\n\np;4,0\n")]);
    let source = open_list(files.path(), &["b.csv", "a.csv"]).expect("one table");
    assert_eq!((source.header.clone(), source.n_rows), (words(&["x", "arm"]), 4));
    assert_eq!(source.file, "b.csv,a.csv");
    let expected = [
        "2 files, 2 + 2 rows, as one table",
        "`a.csv`: the delimiter is a semicolon",
        "`a.csv`: numbers have decimal commas (first on line 2)",
        "`a.csv`: 1 empty line between the rows skipped",
        "`a.csv` has its columns in another order than `b.csv`; they meet by name",
    ];
    assert_eq!(source.notices, expected);
    let typed = source.typed(&words(&["arm", "x"]), &DataChoices::default()).expect("typed");
    let levels = words(&["p", "q", "r"]);
    assert_eq!(typed.table.columns[0].values, Values::Category { codes: vec![0, 1, 2, 0], levels });
    assert_eq!(typed.table.columns[1].values, Values::Number(vec![1.0, 2.0, 2.5, 4.0]));
    let places: Vec<String> = (0..4).map(|row| typed.table.place(row)).collect();
    assert_eq!(places, ["line 2 of `b.csv`", "line 3 of `b.csv`", "line 2 of `a.csv`", "line 4 of `a.csv`"]);
    let survey = source.survey(&words(&["x"]), &DataChoices::default()).expect("numbers");
    assert_eq!(source.piece(1, &survey).expect("the second file").place(1), "line 4 of `a.csv`");
}

#[test]
fn the_digest_of_files_is_that_of_their_digests() {
    let files = folder(&[("a.csv", "a\n1\n"), ("b.csv", "a\n1\n")]);
    let source = open_list(files.path(), &["a.csv", "b.csv"]).expect("one table");
    // Oracle: sha256sum a.csv b.csv | cut -c 1-64 | tr -d '\n' | sha256sum
    assert_eq!(source.sha256, "17a3cf03d4cfcdd99be9a1cfa8b57b5de48f42891372222daf25cb4fead473ee");
}

#[test]
fn a_pattern_names_files_sorted_by_name() {
    let files = folder(&[("site_2.csv", "x\n2\n"), ("site_1.csv", "x\n1\n"), ("other.csv", "x\n3\n")]);
    let source = open(&files.path().join("site_*.csv")).expect("one table");
    assert_eq!((source.file.as_str(), source.n_rows), ("site_*.csv", 2));
    let typed = source.typed(&words(&["x"]), &DataChoices::default()).expect("numbers");
    assert_eq!(typed.table.columns[0].values, Values::Number(vec![1.0, 2.0]));
    let error = open(&files.path().join("place_*.csv")).map(|_| ()).expect_err("no file");
    assert!(error.message.starts_with("no file matches `"), "{}", error.message);
    assert!(open(&files.path().join("other*.csv")).expect("one file").notices.is_empty());
}

#[test]
fn a_file_of_that_very_name_comes_first() {
    let files = folder(&[("a,b.csv", "x\n1\n"), ("c*.csv", "x\n2\n"), ("cd.csv", "x\n3\n")]);
    assert_eq!(open(&files.path().join("a,b.csv")).expect("one file").file, "a,b.csv");
    assert_eq!(open(&files.path().join("c*.csv")).expect("one file").n_rows, 1);
}

#[test]
fn each_way_not_to_fit_is_told_with_file_and_column() {
    let files = folder(&[
        ("a.csv", "x,y\n1,2\n"),
        ("lacks.csv", "x\n1\n"),
        ("more.csv", "x,y,z\n1,2,3\n"),
        ("ragged.csv", "x,y\n1,2\n1\n"),
        ("word.csv", "x,y\n\n1,2\n1O,3\n"),
    ]);
    let told = |name: &str| refused(files.path(), &["a.csv", name]).message;
    assert_eq!(told("lacks.csv"), "`lacks.csv` has no column `y`, which `a.csv` has");
    assert_eq!(told("more.csv"), "`more.csv` has a column `z`, which `a.csv` has not");
    assert!(told("ragged.csv").starts_with("`ragged.csv`: line 3 has 1 cell"), "{}", told("ragged.csv"));
    assert!(told("none.csv").contains("cannot read"), "{}", told("none.csv"));
    let source = open_list(files.path(), &["a.csv", "a.csv", "word.csv"]).expect("one table");
    let error = source.typed(&words(&["x"]), &DataChoices::default()).map(|_| ()).expect_err("1O");
    assert_eq!(error.message, "column `x`, line 4 of `word.csv`: `1O` is not a number");
}
