//! Predictions of a file that is read in several pieces: all rows in their order, or nothing at all.

use std::fs;
use std::time::{Duration, Instant};

use crate::cli::Folder;

/// Rows of the new data; with their notes they are several times the 4 MB of a piece.
const ROWS: usize = 24_000;

/// A model of `y` by the logarithm of `x`, and its folder.
fn with_model() -> Folder {
    let folder = Folder::new();
    let row = |k: usize| format!("{},{}\n", 2.0 + (k * 7 % 11) as f64 / 4.0, 1 + k * 5 % 13);
    fs::write(folder.path("old.csv"), format!("y,x\n{}", (0..60).map(row).collect::<String>()))
        .expect("room");
    let ended = folder.run(&["fit", "old.csv", "y ~ log(x)", "-o", "out", "-q"]);
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    folder
}

/// The new data, the cell `x` of one row being another.
fn write_new(folder: &Folder, name: &str, other: (usize, &str)) {
    let note = "long ".repeat(100);
    let row = |k: usize| {
        let x = if k == other.0 { other.1.to_string() } else { (1 + k % 9).to_string() };
        format!("{k},{x},\"{note}\nsecond, \"\"line\"\"\",=1+1\n")
    };
    let rows: String = (0..ROWS).map(row).collect();
    fs::write(folder.path(name), format!("id,x,note,formula\n{rows}")).expect("room");
}

#[test]
fn the_rows_of_several_pieces_come_in_their_order_with_their_predictions() {
    let folder = with_model();
    write_new(&folder, "new.csv", (ROWS - 2, "NA"));
    let printed = folder.run(&["predict", "out/model.json", "new.csv"]);
    assert_eq!(printed.status, Some(0), "{}", printed.err);
    assert_eq!(printed.err, "warning: 1 of 24000 rows have no prediction; missing: x in 1\n");
    let written = folder.run(&["predict", "out/model.json", "new.csv", "-o", "p.csv", "-q"]);
    assert_eq!((written.status, written.out.as_str()), (Some(0), ""));
    assert!(fs::read_to_string(folder.path("p.csv")).expect("there") == printed.out, "the same bytes");
    let small: String = (1..10).map(|x| format!("{x}\n")).collect();
    fs::write(folder.path("small.csv"), format!("x\n{small}")).expect("room");
    let alone = folder.run(&["predict", "out/model.json", "small.csv"]).out;
    let of_x: Vec<&str> = alone.lines().skip(1).map(|line| line.split_once(',').expect("cells").1).collect();
    let mut reader = csv::Reader::from_reader(printed.out.as_bytes());
    let mut n_rows = 0;
    for (k, row) in reader.records().map(|row| row.expect("a row")).enumerate() {
        n_rows += 1;
        assert_eq!(row[0], k.to_string());
        assert!(row[2].ends_with("long \nsecond, \"line\"") && row[3] == *"'=1+1", "{row:?}");
        let added = row.iter().skip(4).collect::<Vec<_>>().join(",");
        let expected = if k == ROWS - 2 { ",,,," } else { of_x[k % 9] };
        assert_eq!(added, expected, "row {k}");
    }
    assert_eq!(n_rows, ROWS);
}

#[test]
fn an_error_in_the_last_row_prints_nothing_and_leaves_what_was_there() {
    let folder = with_model();
    write_new(&folder, "new.csv", (ROWS - 1, "-3"));
    fs::write(folder.path("p.csv"), "earlier\n").expect("room");
    let before = folder.names();
    for words in [&["-o", "p.csv"][..], &["-o", "there/is/none/p.csv"], &["--json"], &[]] {
        let ended = folder.run(&[&["predict", "out/model.json", "new.csv"], words].concat());
        assert_eq!((ended.status, ended.out.as_str()), (Some(1), ""), "{words:?}");
        let line = 2 * ROWS; // each row has two lines
        let told = format!("error: line {line}: `log(x)` is not a finite number where x = -3\n");
        assert!(ended.err.starts_with(&told), "{}", ended.err);
        assert_eq!(folder.names(), before, "{words:?}");
    }
    assert_eq!(fs::read_to_string(folder.path("p.csv")).expect("there"), "earlier\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_killed_leaves_nothing_half_written() {
    const KILLS: u32 = 8;
    let folder = with_model();
    write_new(&folder, "new.csv", (0, "1"));
    let words = ["predict", "out/model.json", "new.csv", "-o", "p.csv", "-q"];
    let begun = Instant::now();
    assert_eq!(folder.run(&words).status, Some(0));
    let longest = begun.elapsed();
    let whole = fs::read(folder.path("p.csv")).expect("there");
    fs::remove_file(folder.path("p.csv")).expect("removed");
    let before = folder.names();
    let mut killed = 0;
    for k in 0..KILLS {
        let mut child = folder.command(&words).spawn().expect("it starts");
        std::thread::sleep(longest.mul_f64(f64::from(k) / f64::from(KILLS)).min(Duration::from_secs(5)));
        killed += u32::from(child.try_wait().expect("it is ours").is_none());
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
        if let Ok(written) = fs::read(folder.path("p.csv")) {
            assert!(written == whole, "kill {k}");
            fs::remove_file(folder.path("p.csv")).expect("removed");
        }
        assert_eq!(folder.names(), before, "kill {k}");
    }
    assert!(killed > 0, "no run was killed while it was running");
}
