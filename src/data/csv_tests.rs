//! Files from the outside: dialects, encodings, many rows, wide rows, any text at all.

use super::*;
use crate::data::table::Values;

fn source(text: &str) -> Source {
    Source::from_bytes("trial.csv", text.as_bytes().to_vec()).expect(text)
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

// The file as a whole.

#[test]
fn every_dialect_and_encoding_gives_the_same_cells() {
    let utf16 = |text: &str| -> Vec<u8> {
        std::iter::once(0xFEFF_u16).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let files: Vec<Vec<u8>> = vec![
        "name,x\nZoë,1\n\"a, \"\"b\"\"\nc\",\n".into(),
        "\u{feff}name;x\r\nZoë;1\r\n\"a, \"\"b\"\"\nc\";NA\r\n".replace("NA", "").into(),
        "name\tx\rZoë\t 1 \r\"a, \"\"b\"\"\nc\"\t\r".into(),
        "sep=|\nname|x\n Zoë\u{a0}|1\n\" a, \"\"b\"\"\nc \"|\" \"\n".into(),
        b"name,x\nZo\xEB,1\n\"a, \"\"b\"\"\nc\",\n".to_vec(),
        utf16("name\tx\r\nZoë\t1\r\n\"a, \"\"b\"\"\nc\"\t\r\n"),
    ];
    for (idx, bytes) in files.into_iter().enumerate() {
        let read = Source::from_bytes("f", bytes).expect("readable");
        assert_eq!(read.header, ["name", "x"], "file {idx}");
        assert_eq!(read.cells("name").expect("there"), ["Zoë", "a, \"b\"\nc"], "file {idx}");
        assert_eq!(read.cells("x").expect("there"), ["1", ""], "file {idx}");
    }
}

#[test]
fn the_digest_is_that_of_the_bytes_on_disk() {
    // Oracle: printf 'a\n1\n' | sha256sum
    let digest = source("a\n1\n").sha256;
    assert_eq!(digest, "309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc");
}

#[test]
fn what_cannot_be_opened_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = |path: &Path| open(path).map(|s| s.file).expect_err("refused").message;
    assert!(told(folder.path()).contains("is a folder"));
    assert!(told(&folder.path().join("none.csv")).contains("cannot read"));
    assert!(told(Path::new("@nothing")).contains("no data set `@nothing`"));
    std::fs::write(folder.path().join("empty.csv"), "").expect("written");
    assert_eq!(told(&folder.path().join("empty.csv")), "`empty.csv`: the file is empty");
}

#[test]
fn a_built_in_set_opens_by_its_name() {
    let iris = open(Path::new("@iris")).expect("built in");
    assert_eq!((iris.file.as_str(), iris.n_rows), ("@iris", 150));
}

#[test]
fn a_log_of_a_source_holds_no_patient() {
    assert!(!format!("{:?}", source("name,x\nSecret,1\n")).contains("Secret"));
}

#[test]
fn only_the_columns_asked_for_are_typed() {
    let read = source("bad,x,good\n1,2,a\n12O,3,b\n2,4,a\n");
    let typed = read.typed(&words(&["good", "x"]), &DataChoices::default()).expect("fine without `bad`");
    let names: Vec<&str> = typed.table.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["good", "x"]);
    assert!(read.typed(&words(&["bad"]), &DataChoices::default()).is_err());
    assert_eq!(read.typed(&[], &DataChoices::default()).expect("no column").table.n_rows, 3);
}

#[test]
fn an_unknown_column_is_told_with_the_one_that_was_meant() {
    let error = source("baseline_severity,x\n1,2\n").cells("basline_severity").expect_err("a slip");
    assert_eq!(error.hint.as_deref(), Some("did you mean `baseline_severity`?"));
}

#[test]
fn many_chunks_keep_every_row_in_its_place_and_line() {
    let n_rows = 200_000_usize;
    let mut text = String::from("id,note,x\r\n");
    let mut lines = Vec::new();
    let mut line = 2;
    for row in 0..n_rows {
        lines.push(line);
        let (note, n_lines) = match row % 7 {
            0 => ("\"two\r\nlines, \"\"quoted\"\"\"".to_owned(), 2),
            1 => ("\"\n\n\"".to_owned(), 3),
            2 => (String::new(), 1),
            _ => (format!("note {row}"), 1),
        };
        text += &format!("{row},{note},{}.5\r\n", row % 11);
        line += n_lines;
    }
    let read = source(&text);
    let ids: Vec<String> = (0..n_rows).map(|row| row.to_string()).collect();
    assert_eq!(read.cells("id").expect("there"), ids);
    let typed = read.typed(&words(&["x"]), &DataChoices::default()).expect("numbers");
    assert_eq!(typed.table.lines, lines);
    let expected: Vec<f64> = (0..n_rows).map(|row| (row % 11) as f64 + 0.5).collect();
    assert_eq!(typed.table.columns[0].values, Values::Number(expected));
    let notes = read.cells("note").expect("there");
    assert_eq!((notes[7].as_str(), notes[8].as_str()), ("two\r\nlines, \"quoted\"", ""));
}

#[test]
fn wide_files_and_huge_cells_are_read() {
    let names: Vec<String> = (0..10_000).map(|i| format!("v{i}")).collect();
    let row: Vec<String> = (0..10_000).map(|i| i.to_string()).collect();
    let wide = source(&format!("{}\n{}\n{}\n", names.join(";"), row.join(";"), row.join(";")));
    assert_eq!(wide.cells("v9999").expect("there"), ["9999", "9999"]);
    assert_eq!(wide.all_cells().expect("all").len(), 10_000);
    let long = "long \"\"cell\"\"\n".repeat(100_000);
    let read = source(&format!("id,x\n1,\"{long}\"\n2,b\n"));
    let cells = read.cells("x").expect("there");
    assert_eq!((cells[0].len(), cells[1].as_str()), (12 * 100_000 - 1, "b"));
}

// Any table of text comes back as it was written.

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn a_table_of_any_text_reads_back(
        cells in proptest::collection::vec("[a-z0-9,;|\t\"\n\r .^#äß€😀-]{0,8}", 1..60),
        n_columns in 1_usize..6,
        delimiter in proptest::sample::select(vec![b',', b';', b'\t', b'|']),
        crlf: bool,
    ) {
        let rows: Vec<&[String]> = cells.chunks_exact(n_columns).collect();
        proptest::prop_assume!(!rows.is_empty());
        let terminator = if crlf { ::csv::Terminator::CRLF } else { ::csv::Terminator::Any(b'\n') };
        let mut writer = ::csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(terminator)
            .quote_style(::csv::QuoteStyle::Always)
            .from_writer(Vec::new());
        let header: Vec<String> = (0..=n_columns).map(|i| format!("column {i}")).collect();
        writer.write_record(&header).expect("to memory");
        for (idx, row) in rows.iter().enumerate() {
            let id = idx.to_string();
            writer.write_record(std::iter::once(&id).chain(row.iter())).expect("to memory");
        }
        let read = Source::from_bytes("t", writer.into_inner().expect("to memory")).expect("readable");
        proptest::prop_assert_eq!(&read.header, &header);
        let columns = read.all_cells().expect("parsed");
        for (idx, row) in rows.iter().enumerate() {
            for (place, cell) in row.iter().enumerate() {
                proptest::prop_assert_eq!(&columns[place + 1][idx], cell.trim());
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        if let Ok(read) = Source::from_bytes("t", bytes) {
            let _ = read.typed(&read.header, &DataChoices::default());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ab01.,;|\"\t\n\r \u{feff}-]{0,80}") {
        if let Ok(read) = Source::from_bytes("t", text.into_bytes()) {
            let _ = read.typed(&read.header, &DataChoices::default());
            proptest::prop_assert_eq!(read.all_cells().expect("parsed").len(), read.header.len());
        }
    }
}
