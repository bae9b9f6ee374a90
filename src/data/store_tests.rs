//! A file that changes between its opening and a later pass is noticed; one that is in memory is used as it was.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use polars::prelude::{DataFrame, IntoColumn, NamedFrom, ParquetWriter, Series};
use sha2::{Digest, Sha256};

use crate::data::choices::DataChoices;
use crate::data::csv::{Source, open_in};
use crate::data::opening::{Sizes, hexadecimal};
use crate::data::table::Values;
use crate::error::{Kind, Result};

/// As if a file of a kilobyte were one of gigabytes.
const ON_DISK: Sizes = Sizes { in_memory: 0, piece: 200, head: 300, rows: 10 };

/// Fifty rows of an age and a number, each row of the same length.
fn text(first: usize) -> String {
    let row = |k: usize| format!("{:03},{:02}\n", 100 + (k * 7) % 900, k % 100);
    format!("age,score\n{}", (first..first + 50).map(row).collect::<String>())
}

/// The time of modification that files of these tests have when they are opened.
fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000)
}

fn set_time(path: &Path, time: SystemTime) {
    File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_modified(time))
        .expect("its time can be set");
}

/// A file with some bytes, of long ago, and how it is seen when it is opened.
fn opened(bytes: &[u8], sizes: Sizes) -> (tempfile::TempDir, PathBuf, Source) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    fs::write(&path, bytes).expect("written");
    set_time(&path, long_ago());
    let source = open_in(&path, sizes).expect("a CSV");
    (folder, path, source)
}

fn ages(source: &Source) -> Result<Vec<f64>> {
    let typed = source.typed(&["age".to_string()], &DataChoices::default())?;
    match &typed.table.columns[0].values {
        Values::Number(ages) => Ok(ages.clone()),
        other => panic!("{other:?}"),
    }
}

fn refuses(source: &Source, path: &Path) {
    let error = ages(source).expect_err("it was changed");
    assert_eq!(error.kind, Kind::Io, "{error:?}");
    assert_eq!(error.message, format!("`{}` was changed while it was being read", path.display()));
    assert!(error.hint.is_some_and(|hint| hint.contains("run again")));
}

#[test]
fn an_unchanged_file_is_read_as_often_as_one_likes() {
    let (_folder, _, source) = opened(text(0).as_bytes(), ON_DISK);
    assert_eq!(ages(&source).expect("read"), ages(&source).expect("read again"));
    assert_eq!(source.sha256, hexadecimal(Sha256::digest(text(0))));
}

#[test]
fn a_file_that_grew_or_shrank_is_noticed() {
    for after in [text(0) + "500,01\n", text(0)[..200].to_string(), String::new()] {
        let (_folder, path, source) = opened(text(0).as_bytes(), ON_DISK);
        fs::write(&path, after).expect("written");
        set_time(&path, long_ago());
        refuses(&source, &path);
    }
}

#[test]
fn other_bytes_of_the_same_length_are_noticed() {
    let (_folder, path, source) = opened(text(0).as_bytes(), ON_DISK);
    fs::write(&path, text(3)).expect("written");
    refuses(&source, &path);
}

#[test]
fn a_file_that_is_gone_is_told() {
    let (_folder, path, source) = opened(text(0).as_bytes(), ON_DISK);
    fs::remove_file(&path).expect("removed");
    assert_eq!(ages(&source).expect_err("it is gone").kind, Kind::Io);
}

/// A copy with the time of the original in its place, as `cp -p` and a move leave it.
#[cfg(unix)]
#[test]
fn another_file_of_the_same_length_and_time_is_noticed() {
    let (folder, path, source) = opened(text(0).as_bytes(), ON_DISK);
    let other = folder.path().join("other.csv");
    fs::write(&other, text(3)).expect("written");
    set_time(&other, long_ago());
    fs::rename(&other, &path).expect("moved");
    refuses(&source, &path);
}

#[cfg(unix)]
#[test]
fn bytes_that_were_changed_in_place_are_noticed_though_the_time_is_put_back() {
    use std::os::unix::fs::MetadataExt;
    let (_folder, path, source) = opened(text(0).as_bytes(), ON_DISK);
    let changed = |path: &Path| fs::metadata(path).map(|m| (m.ctime(), m.ctime_nsec())).expect("it is there");
    let before = changed(&path);
    // The clock of a file system ticks every few milliseconds.
    while changed(&path) == before {
        fs::write(&path, text(3)).expect("written");
        set_time(&path, long_ago());
    }
    refuses(&source, &path);
}

#[test]
fn a_small_file_is_used_as_it_was_and_its_digest_is_of_these_bytes() {
    let (_folder, path, source) = opened(text(0).as_bytes(), Sizes::default());
    fs::write(&path, text(3)).expect("written");
    assert_eq!(ages(&source).expect("it is in memory")[..2], [100.0, 107.0]);
    assert_eq!(source.sha256, hexadecimal(Sha256::digest(text(0))));
}

#[test]
fn a_parquet_file_that_was_changed_is_no_damaged_one() {
    let bytes = |shift: i64| -> Vec<u8> {
        let ages: Vec<i64> = (0..50).map(|k| 100 + k + shift).collect();
        let columns = vec![Series::new("age".into(), ages).into_column()];
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes)
            .finish(&mut DataFrame::new(50, columns).expect("a column"))
            .expect("written");
        bytes
    };
    for after in [bytes(1), bytes(0)[..100].to_vec(), b"age\n1\n".to_vec()] {
        let (_folder, path, source) = opened(&bytes(0), ON_DISK);
        assert_eq!(ages(&source).expect("read").len(), 50);
        fs::write(&path, after).expect("written");
        refuses(&source, &path);
    }
}
