//! What is written of a baseline table.

use super::*;
use crate::data::table::{Column, MISSING, Table, Values};
use crate::inference::baseline::{Request, table_one};

fn sample(suppress_below: Option<usize>) -> TableOne {
    let n: u32 = 40;
    let category = |name: &str, levels: &[&str], code: &dyn Fn(u32) -> u32| Column {
        name: name.to_string(),
        values: Values::Category {
            codes: (0..n).map(code).collect(),
            levels: levels.iter().map(|l| (*l).to_string()).collect(),
        },
    };
    let age: Vec<f64> = (0..n).map(|k| if k == 7 { f64::NAN } else { 40.0 + f64::from(k % 13) }).collect();
    let table = Table {
        n_rows: n as usize,
        lines: Vec::new(),
        origins: Default::default(),
        columns: vec![
            category("arm", &["<b>a</b>", "b|c"], &|k| k % 2),
            Column { name: "age".to_string(), values: Values::Number(age) },
            category("stage_x", &["I", "II", "III"], &|k| match k {
                5 => MISSING,
                0..=3 => 2,
                k => k % 3 % 2,
            }),
        ],
    };
    let request = Request { by: "arm".to_string(), variables: None, suppress_below };
    table_one(&table, &request).expect("it can be described")
}

fn about() -> About {
    About {
        file: "d<1>.csv".to_string(),
        rows_read: 40,
        command: "clinreg describe".to_string(),
        ..About::default()
    }
}

#[test]
fn the_text_has_a_line_for_each_thing() {
    let text = text(&sample(None), &about());
    for words in [
        "age, mean (SD)",
        "median [IQR]",
        "missing",
        "stage_x, n (%)",
        "  III",
        "2 (10.0)",
        "SMD",
        "overall (n = 40)",
    ] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
}

#[test]
fn withheld_counts_are_nowhere_in_any_file() {
    let one = sample(Some(5));
    let shown = text(&one, &about());
    assert!(shown.contains("<5") && shown.contains('*'), "{shown}");
    for file in files(&one, &about()).expect("written") {
        let text = String::from_utf8(file.bytes).expect("UTF-8");
        assert!(!text.contains("2 (10.") && !text.contains("\"min\": 4"), "{}: {text}", file.name);
    }
    let read: serde_json::Value = serde_json::from_str(&json(&one, &about())).expect("JSON");
    let stage = &read["variables"]["stage_x"]["by_group"]["b|c"];
    assert_eq!((&stage["levels"]["III"]["count"], &stage["missing"]), (&"<5".into(), &"<5".into()));
    assert!(stage["n"].is_null() && read["variables"]["stage_x"]["smd"].is_null());
}

#[test]
fn what_comes_from_the_data_is_escaped() {
    let page = page(&sample(None), &about()).expect("rendered");
    assert!(!page.contains("<b>") && page.contains("&lt;b&gt;a"), "{page}");
    assert!(!page.contains("http"), "the page needs no network");
    let markdown = markdown(&sample(None), &about());
    assert!(
        markdown.contains("b\\|c") && markdown.contains("stage\\_x") && !markdown.contains("<b>"),
        "{markdown}"
    );
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let lines: Vec<&str> = markdown.lines().filter(|l| l.starts_with('|')).collect();
    assert!(lines.iter().all(|l| bars(l) == 6), "{markdown}");
}

#[test]
fn the_file_has_the_keys_that_scripts_rely_on() {
    let read: serde_json::Value = serde_json::from_str(&json(&sample(None), &about())).expect("JSON");
    assert_eq!((&read["by"], &read["groups"][1]), (&"arm".into(), &"b|c".into()));
    assert_eq!(read["n_by_group"]["b|c"], 20);
    let age = &read["variables"]["age"];
    assert_eq!((&age["type"], &age["by_group"]["b|c"]["n"]), (&"continuous".into(), &19.into()));
    assert_eq!(
        (&age["by_group"]["b|c"]["missing"], &age["by_group"]["overall"]["n"]),
        (&1.into(), &39.into())
    );
    for key in ["mean", "sd", "median", "q1", "q3", "min", "max"] {
        assert!(age["by_group"]["overall"][key].is_number(), "{key}");
    }
    let stage = &read["variables"]["stage_x"];
    assert_eq!((&stage["type"], &stage["levels"][2]), (&"categorical".into(), &"III".into()));
    assert_eq!(stage["by_group"]["<b>a</b>"]["levels"]["III"]["count"], 2);
    assert_eq!(stage["by_group"]["<b>a</b>"]["levels"]["III"]["percent"], 10.0);
}

#[test]
fn the_csv_has_a_record_a_line_of_the_table() {
    let csv = String::from_utf8(csv(&sample(None)).expect("written")).expect("UTF-8");
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("variable,level,<b>a</b> (n = 20),b|c (n = 20),overall (n = 40),SMD"));
    assert!(lines.any(|l| l.starts_with("\"stage_x, n (%)\",III,2 (10.0),")), "{csv}");
}
