//! However a text is cut into pieces, in memory or on disk, quoted or bare: the table, the notices, the errors are the same.

use std::borrow::Cow;

use proptest::prelude::*;

use crate::data::choices::DataChoices;
use crate::data::csv::{Source, Typed, open_in};
use crate::data::opening::Sizes;
use crate::data::survey::ColumnKind;
use crate::data::table::{Table, Values};

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// All that can be seen of a table; missing numbers are equal here.
fn seen(table: &Table) -> String {
    let bits = |x: &[f64]| x.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let column = |values: &Values| match values {
        Values::Number(x) => format!("numbers {:?}", bits(x)),
        Values::Date(x) => format!("dates {:?}", bits(x)),
        Values::Category { codes, levels } => format!("levels {codes:?} {levels:?}"),
    };
    let columns: Vec<String> =
        table.columns.iter().map(|c| format!("{} {}", c.name, column(&c.values))).collect();
    format!("{} {:?} {columns:?}", table.n_rows, table.lines)
}

fn stack(tables: Vec<Table>) -> Table {
    let mut tables = tables.into_iter();
    let mut all = tables.next().expect("a source has rows");
    for table in tables {
        all.n_rows += table.n_rows;
        all.lines.extend(table.lines);
        for (above, below) in all.columns.iter_mut().zip(table.columns) {
            match (&mut above.values, below.values) {
                (Values::Number(a), Values::Number(b)) | (Values::Date(a), Values::Date(b)) => a.extend(b),
                (Values::Category { codes: a, levels: l }, Values::Category { codes: b, levels: m }) => {
                    assert_eq!(*l, m);
                    a.extend(b);
                }
                (a, b) => panic!("{a:?} and {b:?} in one column"),
            }
        }
    }
    all
}

/// The cells of all columns, gathered piece by piece.
fn cells_of_pieces(source: &Source) -> Vec<Vec<String>> {
    let mut columns = vec![Vec::new(); source.header.len()];
    for piece in 0..source.n_pieces() {
        let take = |cells: &[Cow<'_, str>]| {
            columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell.clone().into_owned()));
        };
        source.cells_of_piece(piece, take).expect("a piece");
    }
    columns
}

/// Compares the reading in one piece with the reading in many.
fn assert_same(bytes: &[u8], choices: &DataChoices, piece: usize) {
    const HEAD: usize = 1000; // the first bytes, which say what kind of file it is
    let sizes = Sizes { in_memory: 0, piece, head: HEAD, ..Sizes::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    std::fs::write(&path, bytes).expect("written");
    let whole = Source::from_bytes("t.csv", bytes.to_vec());
    let cut = [Source::from_bytes_in("t.csv", bytes.to_vec(), sizes), open_in(&path, sizes)];
    for cut in cut {
        let (whole, cut) = match (&whole, cut) {
            (Err(a), Err(b)) => {
                assert_eq!(*a, b);
                continue;
            }
            (a, b) => (a.as_ref().expect("the pieces are fine"), b.expect("the whole is fine")),
        };
        assert_eq!((&whole.sha256, &whole.header, whole.n_rows), (&cut.sha256, &cut.header, cut.n_rows));
        assert_eq!(whole.notices, cut.notices);
        assert_eq!(whole.all_cells().expect("cells"), cut.all_cells().expect("cells"));
        assert_eq!(whole.all_cells().expect("cells"), cells_of_pieces(&cut));
        for name in &whole.header {
            assert_typed_alike(whole, &cut, std::slice::from_ref(name), choices);
        }
        assert_typed_alike(whole, &cut, &whole.header, choices);
    }
}

fn assert_typed_alike(whole: &Source, cut: &Source, columns: &[String], choices: &DataChoices) {
    let (a, b) = (whole.typed(columns, choices), cut.typed(columns, choices));
    let survey = cut.survey(columns, choices);
    let (Ok(Typed { table, notices, without_gaps }), Ok(typed), Ok(survey)) = (&a, &b, &survey) else {
        assert_eq!(a.map(|_| ()).expect_err("refused"), b.map(|_| ()).expect_err("refused as a whole"));
        assert_eq!(survey.map(|_| ()).err(), whole.typed(columns, choices).map(|_| ()).err());
        return;
    };
    assert_eq!((notices, seen(table)), (&typed.notices, seen(&typed.table)));
    assert_eq!(notices, &survey.notices);
    for (column, whole) in table.columns.iter().zip(without_gaps).filter(|(_, whole)| **whole) {
        assert!((0..table.n_rows).all(|row| !column.values.is_missing(row)), "{}: {whole}", column.name);
    }
    let pieces = (0..cut.n_pieces()).map(|idx| cut.piece(idx, survey).expect("a piece")).collect();
    assert_eq!(seen(&stack(pieces)), seen(table));
    for (column, surveyed) in table.columns.iter().zip(&survey.columns) {
        match (&column.values, &surveyed.kind) {
            (Values::Number(_), ColumnKind::Number { .. }) | (Values::Date(_), ColumnKind::Date) => {}
            (Values::Category { levels, .. }, ColumnKind::Category { levels: surveyed }) => {
                assert_eq!(levels, surveyed);
            }
            (a, b) => panic!("{a:?} was surveyed as {b:?}"),
        }
    }
}

#[test]
fn a_file_that_was_changed_is_not_read_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "x\n1\n2\n").expect("written");
    let sizes = Sizes { in_memory: 0, ..Sizes::default() };
    let source = open_in(&path, sizes).expect("a CSV");
    std::fs::write(&path, "x\n1\n2\n3\n").expect("written");
    let error = source.typed(&words(&["x"]), &DataChoices::default()).map(|_| ()).expect_err("another file");
    assert!(error.message.contains("was changed while it was being read"), "{}", error.message);
}

#[test]
fn a_head_that_does_not_end_where_it_was_expected_is_read_on() {
    let text = format!("\n\n\"a\n{}\",b\n1,2\n3,4\n", "long ".repeat(1000));
    let sizes = Sizes { in_memory: 0, piece: 10, head: 16, ..Sizes::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).expect("written");
    let source = open_in(&path, sizes).expect("a CSV");
    assert_eq!((source.header[1].as_str(), source.n_rows), ("b", 2));
    let table = source.typed(&words(&["b"]), &DataChoices::default()).expect("numbers").table;
    assert_eq!((table.lines, table.columns[0].values.clone()), (vec![5, 6], Values::Number(vec![2.0, 4.0])));
}

#[test]
fn a_column_that_is_no_number_on_its_last_row_is_read_as_text_after_all() {
    let rows: String = (0..5000).map(|row| format!("{row}\n")).collect();
    let sizes = Sizes { piece: 1000, ..Sizes::default() };
    let refused = Source::from_bytes_in("t", format!("x\n{rows}12O\n").into_bytes(), sizes).expect("a CSV");
    let error = refused.typed(&words(&["x"]), &DataChoices::default()).map(|_| ()).expect_err("12O");
    assert_eq!(error.message, "column `x`, line 5002: `12O` is not a number");
    let codes = Source::from_bytes_in("t", format!("x\n{rows}007\n").into_bytes(), sizes).expect("a CSV");
    let typed = codes.typed(&words(&["x"]), &DataChoices::default()).expect("codes");
    assert!(typed.notices[0].contains("(line 5002: `007`)"), "{:?}", typed.notices);
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "-?[0-9]{1,3}([.][0-9]{1,3})?",
        2 => "-?[0-9]{1,3},[0-9]{1,3}",
        1 => "0[0-9]{1,2}",
        2 => "(|NA|nan|[.]|null|-9|-9.0|unk|9)",
        2 => "(a|b|Yes|yes| c )",
        2 => "(2021-0[1-9]-1[0-9]|1970-01-01|2021-02-30)",
        1 => "(12O|<5|1e3|1e999|1.234,5|5%|\u{a0}7\u{a0}|\u{2212}3|5\"|é|𝄞)",
        1 => "[ab01.,;|\"\t \u{feff}é-]{0,5}",
    ]
}

/// Columns of one kind and of all kinds.
fn column() -> impl Strategy<Value = Vec<String>> {
    const ROWS: usize = 30;
    let of = |pattern: &'static str| proptest::collection::vec(pattern, ROWS);
    prop_oneof![
        proptest::collection::vec(cell(), ROWS),
        of("-?[0-9]{1,3}([.][0-9]{1,4})?"),
        of("(-?[0-9]{1,3}(,[0-9]{1,4})?|NA|-9)"),
        of("-?[1-9][0-9]{0,2}[.,][0-9]{3}"),
        of("(a|b|NA|1|1.0|)"),
        of("0[0-9]{2}|[1-9][0-9]{2}|x{0,1}"),
        of("(20[0-9]{2}-0[1-9]-1[0-9]|NA)"),
    ]
}

fn choices() -> impl Strategy<Value = DataChoices> {
    let none = DataChoices::default;
    proptest::sample::select(vec![
        none(),
        DataChoices { na: words(&["-9", "unk"]), ..none() },
        DataChoices { na: words(&["9", "a", "007", "1,5"]), factors: words(&["x0"]), ..none() },
        DataChoices { levels: vec![("x0".into(), words(&["b", "a", "1", "NA"]))], ..none() },
        DataChoices { references: vec![("x0".into(), "1.0".into())], ..none() },
        DataChoices { dates: words(&["x0"]), ..none() },
    ])
}

/// How a table is written.
#[derive(Debug, Clone)]
struct Written {
    delimiter: char,
    line_end: &'static str,
    quoted: bool,
    byte_order_mark: bool,
    last_line_ends: bool,
    /// After this row stands an empty line, if there is such a row.
    blank_after: usize,
    /// This row has a cell too many, if there is such a row.
    ragged: usize,
    tail: &'static str,
}

fn written() -> impl Strategy<Value = Written> {
    let select = proptest::sample::select::<&'static str>;
    (
        proptest::sample::select(vec![',', ';', '\t', '|']),
        select(vec!["\n", "\r\n", "\r"]),
        any::<(bool, bool, bool)>(),
        (0_usize..60, 0_usize..200),
        select(vec!["", "", "\n \n", ",,\n", ";;\n;;", "\""]),
    )
        .prop_map(|(delimiter, line_end, flags, (blank_after, ragged), tail)| Written {
            delimiter,
            line_end,
            quoted: flags.0,
            byte_order_mark: flags.1,
            last_line_ends: flags.2,
            blank_after,
            ragged,
            tail,
        })
}

impl Written {
    fn text(&self, columns: &[Vec<String>], n_rows: usize) -> String {
        let cell = |text: &str| {
            let must = text.contains(self.delimiter) || text.contains('"');
            if self.quoted || must { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
        };
        let delimiter = self.delimiter.to_string();
        let names: Vec<String> = (0..columns.len()).map(|i| cell(&format!("x{i}"))).collect();
        let mark = if self.byte_order_mark { "\u{feff}" } else { "" };
        let mut text = format!("{mark}{}", names.join(&delimiter));
        for row in 0..n_rows {
            text += self.line_end;
            let cells: Vec<String> = columns.iter().map(|column| cell(&column[row])).collect();
            text += &cells.join(&delimiter);
            if row == self.ragged {
                text.push(self.delimiter);
            }
            if row == self.blank_after {
                text += self.line_end;
            }
        }
        if self.last_line_ends {
            text += self.line_end;
        }
        text + self.tail
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn tables_are_the_same_in_pieces_of_any_size(
        columns in proptest::collection::vec(column(), 1..4),
        n_rows in 1_usize..30,
        written in written(),
        choices in choices(),
        piece in 1_usize..150,
        latin_1: bool,
    ) {
        let mut bytes = written.text(&columns, n_rows).into_bytes();
        if latin_1 {
            bytes.iter_mut().filter(|b| **b == b'b').for_each(|b| *b = 0xE9);
        }
        assert_same(&bytes, &choices, piece);
    }

    #[test]
    fn bare_and_quoted_cells_are_the_same(
        columns in proptest::collection::vec(column(), 2..4),
        choices in choices(),
        delimiter in proptest::sample::select(vec![',', ';', '\t']),
    ) {
        let bare = Written {
            delimiter,
            line_end: "\n",
            quoted: false,
            byte_order_mark: false,
            last_line_ends: true,
            blank_after: 99,
            ragged: 99,
            tail: "",
        };
        let open = |written: &Written| Source::from_bytes("t", written.text(&columns, 30).into_bytes());
        let (bare, quoted) = (open(&bare), open(&Written { quoted: true, ..bare.clone() }));
        prop_assume!(bare.is_ok() && quoted.is_ok());
        let (bare, quoted) = (bare.expect("fine"), quoted.expect("fine"));
        prop_assume!(bare.header == quoted.header && bare.notices == quoted.notices);
        for name in &bare.header {
            assert_typed_alike(&bare, &quoted, std::slice::from_ref(name), &choices);
        }
    }

    #[test]
    fn any_text_is_the_same_in_pieces_of_any_size(
        text in "[ab01.,;|\"\t\n\r \u{feff}\u{a0}é-]{0,80}",
        piece in 1_usize..30,
    ) {
        assert_same(text.as_bytes(), &DataChoices::default(), piece);
    }

    #[test]
    fn any_lines_are_the_same_in_pieces_of_any_size(
        text in "a,b\n([ab01]{0,2},[01\"]{0,2}\r?\n| |\r|\"a\n,\r\",\"\"|,)*",
        piece in 1_usize..30,
    ) {
        assert_same(text.as_bytes(), &DataChoices::default(), piece);
    }

    #[test]
    fn any_bytes_are_the_same_in_pieces_of_any_size(
        bytes in proptest::collection::vec(proptest::sample::select(b"ab,\n\r\" \xA0\xC2\xE91;\xEF\xBB\xBF\0\x81".to_vec()), 0..60),
        piece in 1_usize..30,
    ) {
        assert_same(&bytes, &DataChoices::default(), piece);
    }
}

#[test]
fn the_first_rows_tell_how_many_levels_a_column_has() {
    let row = |k: usize| {
        format!("{},{},2024-01-{:02},{},{}\n", k, ["a", "b", "NA"][k % 3], 1 + k % 28, k % 4, k % 2)
    };
    let text =
        format!("n,arm,day,stage,code\n{}x,c,2024-01-01,1,1\n", (0..12_000).map(row).collect::<String>());
    let columns = words(&["day", "arm", "stage", "n", "code"]);
    let choices = DataChoices { factors: words(&["stage"]), ..DataChoices::default() };
    for piece in [1 << 10, 1 << 20] {
        let sizes = Sizes { in_memory: 0, piece, ..Sizes::default() };
        let source = Source::from_bytes_in("t.csv", text.clone().into_bytes(), sizes).expect("a CSV");
        let found = source.levels_of_first_rows(&columns, &choices).expect("counted");
        assert_eq!(found, [None, Some(2), Some(4), None, None]); // the last row is not among the first
    }
}
