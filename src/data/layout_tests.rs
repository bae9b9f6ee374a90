//! Files whose rows are checked: what is left out at their end, and each way in which they can be wrong.

use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::error::{Error, Result};

fn lay_out(text: &str) -> Result<Source> {
    Source::from_bytes("t", text.as_bytes().to_vec())
}

fn lines(source: &Source) -> Vec<u32> {
    source.typed(&[], &DataChoices::default()).expect("no column").table.lines
}

fn error(text: &str) -> Error {
    lay_out(text).map(|g| g.header).expect_err(text)
}

#[test]
fn every_dialect_is_laid_out_alike() {
    for text in [
        "a,b\n1,x y\n,\"p, q\"\n",
        "a;b\r\n 1 ; x y\r\n;p, q\r\n",
        "a\tb\r1\tx y\r\t\"p, q\"\r",
        "a|b\n\"1\"|\" x y \"\n\"\"|p, q",
    ] {
        let cells = lay_out(text).expect(text).all_cells().expect(text);
        assert_eq!(cells, [["1", ""], ["x y", "p, q"]], "{text:?}");
    }
}

#[test]
fn lines_are_those_on_which_the_rows_start() {
    let grid = lay_out("\na,b\n1,\"x\ny\"\n\n2,z\n").expect("fine");
    assert_eq!(lines(&grid), [3, 6]);
    assert_eq!(grid.notices, ["2 empty lines between the rows skipped"]);
}

#[test]
fn what_spreadsheets_leave_at_the_end_is_left_out_and_said() {
    let grid = lay_out("a;b;;\n1;2;;\n;3;;\n;;;\n;;;\n\n").expect("fine");
    assert_eq!(grid.header, ["a", "b"]);
    assert_eq!(lines(&grid), [2, 3]);
    assert_eq!(grid.notices[1], "2 columns at the end without a name and without a value left out");
    assert_eq!(grid.notices[2], "2 rows without any value at the end left out");
}

#[test]
fn each_way_to_be_wrong_is_told_with_its_line() {
    let table = [
        ("", "the file is empty"),
        ("\n \n\n", "the file is empty"),
        (",,\n1,2,3\n", "the header names no column"),
        ("a,b\n", "a header but no rows"),
        ("a,b\n,\n", "a header but no rows"),
        ("a,,c\n1,2,3\n", "line 1: column 2 has no name"),
        ("\"\",a\n1,2\n", "line 1: column 1 has no name"),
        ("a,b, a \n1,2,3\n", "line 1: columns 1 and 3 are both named `a`"),
        ("a,b,\n1,2,3\n", "line 2: column 3 holds `3` but has no name"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cell, but the header on line 1 names 2 columns"),
        (
            "a,b\n1,\"x\ny\"\n3,4,5\n6\n",
            "line 4 has 3 cells, but the header on line 1 names 2 columns; line 5 has 1",
        ),
        ("a\n\"1\n2\n", "line 2: a quotation mark opens and never closes"),
        ("a,b\n1,\"x\"y\n", "line 2: text follows a closing quotation mark"),
        ("a,b\n1,\"x\ny\"z\n", "line 3: text follows the quotation mark that closes a cell opened on line 2"),
    ];
    for (text, words) in table {
        let message = error(text).message;
        assert!(message.contains(words), "{text:?}: `{message}` lacks `{words}`");
    }
}

#[test]
fn many_ragged_rows_are_counted_and_rows_with_row_names_explained() {
    let rows = "1,2,3\n".repeat(9);
    let found = error(&format!("a,b\n{rows}"));
    assert!(found.message.ends_with("line 6 has 3, and so on: 9 lines in all"), "{}", found.message);
    assert!(found.hint.expect("a hint").contains("row names"));
}

#[test]
fn a_title_above_the_header_is_suspected() {
    let found = error("Trial 7\na;b\n1;2\n3;4\n");
    assert!(found.message.contains("line 2 has 2 cells"), "{}", found.message);
    assert!(found.hint.expect("a hint").contains("Titles above it"));
}
