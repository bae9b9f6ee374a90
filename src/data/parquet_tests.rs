//! A Parquet file gives the table of a CSV of the same data.

use std::path::PathBuf;

use polars::prelude::{
    Column as Series, DataFrame, DataType, IntoColumn, NamedFrom, ParquetWriter, Series as Cells, TimeUnit,
};

use crate::data::choices::DataChoices;
use crate::data::csv::{Source, open, open_in};
use crate::data::opening::Sizes;
use crate::data::table::{Table, Values};
use crate::error::Result;

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// A Parquet file in a folder of its own.
struct Written {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn written(columns: Vec<Series>, rows_a_group: usize) -> Written {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.parquet");
    let n_rows = columns[0].len();
    let mut frame = DataFrame::new(n_rows, columns).expect("columns of one length");
    let file = std::fs::File::create(&path).expect("a file");
    let writer = ParquetWriter::new(file).with_row_group_size(Some(rows_a_group));
    writer.finish(&mut frame).expect("written");
    Written { _folder: folder, path }
}

fn column<T, U: ?Sized>(name: &str, cells: T) -> Series
where
    Cells: NamedFrom<T, U>,
{
    Cells::new(name.into(), cells).into_column()
}

/// All that can be seen of a table; missing numbers are equal here.
fn seen(table: &Table) -> String {
    let column = |values: &Values| match values {
        Values::Number(x) | Values::Date(x) => {
            format!("{:?}", x.iter().map(|v| v.to_bits()).collect::<Vec<_>>())
        }
        levels => format!("{levels:?}"),
    };
    let columns: Vec<String> =
        table.columns.iter().map(|c| format!("{} {}", c.name, column(&c.values))).collect();
    format!("{} {:?} {columns:?}", table.n_rows, table.lines)
}

fn assert_same(parquet: &Source, csv: &str, choices: &DataChoices) {
    let csv = Source::from_bytes("t.csv", csv.as_bytes().to_vec()).expect("a CSV");
    assert_eq!((&parquet.header, parquet.n_rows), (&csv.header, csv.n_rows));
    assert_eq!(parquet.all_cells().expect("cells"), csv.all_cells().expect("cells"));
    for name in &csv.header {
        let one = std::slice::from_ref(name);
        let (a, b) = (parquet.typed(one, choices), csv.typed(one, choices));
        match (a, b) {
            (Ok(a), Ok(b)) => assert_eq!((seen(&a.table), a.notices), (seen(&b.table), b.notices)),
            (a, b) => assert_eq!(a.map(|_| ()).expect_err("refused"), b.map(|_| ()).expect_err("refused")),
        }
        let survey = parquet.survey(one, choices);
        assert_eq!(survey.map(|_| ()).err(), csv.survey(one, choices).map(|_| ()).err());
    }
}

/// Every type that a table has a place for, with a missing cell each.
fn all_types() -> Vec<Series> {
    let days = column("day", [Some(0_i32), Some(18_690), None, Some(-1), Some(11_016)]);
    let times = column("time", [Some(0_i64), Some(43_200_000_000), None, Some(86_400_250_000), Some(1)]);
    vec![
        column("age", [Some(61_i32), Some(-9), None, Some(47), Some(50)]),
        column("small", [Some(1_i8), Some(2), None, Some(3), Some(1)]),
        column("big", [Some(u64::MAX), Some(1), None, Some(3), Some(4)]),
        column("bmi", [Some(22.5), Some(31.0), None, Some(f64::NAN), Some(1e-7)]),
        column("dose", [Some(0.1_f32), Some(-2.5), None, Some(3.0), Some(1e10)]),
        column("dead", [Some(true), Some(false), None, Some(true), Some(false)]),
        column("arm", [Some(" a "), Some("b"), None, Some(""), Some("b, \"c\"")]),
        column("code", [Some("007"), Some("012"), None, Some("100"), Some("1")]),
        column("text_of_numbers", [Some("1.5"), Some("2"), None, Some("NA"), Some("1e3")]),
        days.cast(&DataType::Date).expect("days"),
        times.cast(&DataType::Datetime(TimeUnit::Microseconds, None)).expect("times"),
        column("site", ["x", "y", "x", "z", "y"])
            .cast(&DataType::from_categories(polars::prelude::Categories::global()))
            .expect("categories"),
        column("price", [Some(1.25), Some(2.5), None, Some(3.75), Some(0.5)])
            .cast(&DataType::Decimal(10, 2))
            .expect("decimals"),
        column("mixed", [Some("1"), Some("2"), Some("12O"), Some("4"), Some("12O")]),
    ]
}

const ALL_TYPES: &str = "\
age,small,big,bmi,dose,dead,arm,code,text_of_numbers,day,time,site,price,mixed
61,1,18446744073709551615,22.5,0.1,true,a,007,1.5,1970-01-01,1970-01-01T00:00:00,x,1.25,1
-9,2,1,31,-2.5,false,b,012,2,2021-03-04,1970-01-01T12:00:00,y,2.50,2
,,,,,,,,,,,x,,12O
47,3,3,NaN,3,true,,100,NA,1969-12-31,1970-01-02T00:00:00.250000,z,3.75,4
50,1,4,0.0000001,10000000000,false,\"b, \"\"c\"\"\",1,1e3,2000-02-29,1970-01-01T00:00:00.000001,y,0.50,12O
";

#[test]
fn every_type_gives_the_column_that_a_csv_gives() {
    let file = written(all_types(), 2);
    let factors = DataChoices { factors: words(&["age", "bmi", "dose", "big"]), ..Default::default() };
    let missing = DataChoices { na: words(&["-9", "3", "a"]), ..Default::default() };
    for rows in [1, 3, 100] {
        let source = open_in(&file.path, Sizes { rows, ..Sizes::default() }).expect("a Parquet file");
        for choices in [DataChoices::default(), factors.clone(), missing.clone()] {
            assert_same(&source, ALL_TYPES, &choices);
        }
    }
}

#[test]
fn the_pieces_are_the_table() {
    let x: Vec<f64> = (0..1000).map(f64::from).collect();
    let file = written(vec![column("x", x.clone()), column("y", x.clone())], 300);
    let source = open_in(&file.path, Sizes { rows: 128, ..Sizes::default() }).expect("a Parquet file");
    assert!(source.n_pieces() >= 8, "{} pieces of at most 128 rows", source.n_pieces());
    let survey = source.survey(&words(&["y", "x"]), &DataChoices::default()).expect("numbers");
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    for idx in 0..source.n_pieces() {
        let mut table = source.piece(idx, &survey).expect("a piece");
        lines.append(&mut table.lines);
        match table.columns.remove(1).values {
            Values::Number(x) => values.extend(x),
            other => panic!("{other:?} are no numbers"),
        }
    }
    assert_eq!(values, x);
    assert_eq!(lines, (2..1002).collect::<Vec<u32>>());
}

#[test]
fn a_list_has_no_place_in_a_table_and_does_not_keep_the_rest_from_being_read() {
    let lists = column(
        "visits",
        [column("", [1, 2]).take_materialized_series(), column("", [3]).take_materialized_series()],
    );
    let file = written(vec![column("x", [1.5, 2.5]), lists], 100);
    let source = open(&file.path).expect("a Parquet file");
    let typed = |name: &str| -> Result<Values> {
        Ok(source.typed(&words(&[name]), &DataChoices::default())?.table.columns.remove(0).values)
    };
    assert_eq!(typed("x"), Ok(Values::Number(vec![1.5, 2.5])));
    let message = typed("visits").expect_err("a list").message;
    assert!(message.starts_with("column `visits` is of the type "), "{message}");
    assert!(message.contains("list"), "{message}");
}

#[test]
fn what_is_wrong_with_a_parquet_file_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.parquet");
    std::fs::write(&path, "PAR1 and no more").expect("written");
    let message = open(&path).map(|_| ()).expect_err("damaged").message;
    assert!(message.starts_with("`t.parquet`: the Parquet file cannot be read"), "{message}");
    let empty = written(vec![column("x", Vec::<f64>::new())], 100);
    let message = open(&empty.path).map(|_| ()).expect_err("no rows").message;
    assert_eq!(message, "`t.parquet`: the file has columns but no rows");
}
