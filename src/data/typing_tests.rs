//! Types from the outside: what columns become, what the user says of them, and each way in which they can be wrong.

use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::table::{MISSING, Values};
use crate::error::{Error, Result};

fn source(text: &str) -> Source {
    Source::from_bytes("trial.csv", text.as_bytes().to_vec()).expect(text)
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// A file of one column `x` beside a row number.
fn column(cells: &[&str]) -> Source {
    let rows: Vec<String> = cells.iter().enumerate().map(|(i, c)| format!("{i},\"{c}\"\n")).collect();
    source(&format!("id,x\n{}", rows.concat()))
}

fn typed(source: &Source, choices: &DataChoices) -> Result<(Values, Vec<String>)> {
    let typed = source.typed(&words(&["x"]), choices)?;
    Ok((typed.table.columns[0].values.clone(), typed.notices))
}

fn plain(cells: &[&str]) -> (Values, Vec<String>) {
    typed(&column(cells), &DataChoices::default()).expect("typed")
}

fn refused(cells: &[&str], choices: &DataChoices) -> Error {
    typed(&column(cells), choices).map(|_| ()).expect_err("refused")
}

fn levels_of(values: &Values) -> Vec<&str> {
    match values {
        Values::Category { levels, .. } => levels.iter().map(String::as_str).collect(),
        other => panic!("not categorical: {other:?}"),
    }
}

fn numbers_of(values: &Values) -> Vec<f64> {
    match values {
        Values::Number(x) => x.clone(),
        other => panic!("not numeric: {other:?}"),
    }
}

fn factor() -> DataChoices {
    DataChoices { factors: words(&["x"]), ..Default::default() }
}

fn with_levels(list: &[&str]) -> DataChoices {
    DataChoices { levels: vec![("x".into(), words(list))], ..Default::default() }
}

fn with_reference(level: &str) -> DataChoices {
    DataChoices { references: vec![("x".into(), level.into())], ..Default::default() }
}

fn with_na(codes: &[&str]) -> DataChoices {
    DataChoices { na: words(codes), ..Default::default() }
}

#[test]
fn numbers_keep_their_value_and_missing_words_are_missing() {
    let (values, notices) = plain(&["1", "-2.5", "1e3", "", "NA", "N/A", "NaN", ".", "null", "+.5"]);
    let expected = [Some(1.0), Some(-2.5), Some(1000.0), None, None, None, None, None, None, Some(0.5)];
    for (value, expected) in numbers_of(&values).iter().zip(expected) {
        assert_eq!((!value.is_nan()).then_some(*value), expected);
    }
    assert!(notices.is_empty());
}

#[test]
fn two_valued_words_are_levels_in_sort_order_and_0_1_are_numbers() {
    for pair in [["no", "yes"], ["false", "true"], ["N", "Y"], ["alive", "dead"], ["absent", "present"]] {
        let (values, _) = plain(&[pair[1], pair[0], "", pair[1]]);
        assert_eq!(values, Values::Category { codes: vec![1, 0, MISSING, 1], levels: words(&pair) });
    }
    assert_eq!(plain(&["0", "1", "1"]).0, Values::Number(vec![0.0, 1.0, 1.0]));
}

#[test]
fn sodium_is_a_level_and_not_missing() {
    assert_eq!(levels_of(&plain(&["Na", "K", "Cl", "na"]).0), ["Cl", "K", "Na", "na"]);
}

#[test]
fn types_are_decided_on_the_last_row_too() {
    let mut cells = vec!["1"; 20_000];
    cells.push("12O");
    let error = refused(&cells, &DataChoices::default());
    assert_eq!(error.message, "column `x`, line 20002: `12O` is not a number");
}

#[test]
fn a_column_that_is_nearly_numeric_lists_its_cells_and_the_way_out() {
    for cell in ["12O", "<5", "Inf", "1e999", "5 mg", "12%", "1,234", "1.234,5", "0x10"] {
        let error = refused(&["1", cell, "3", "4"], &DataChoices::default());
        assert!(error.message.contains(&format!("line 3: `{cell}`")), "{}", error.message);
        assert!(error.hint.expect("a hint").contains("--factor x"), "{cell}");
    }
    let error = refused(&["1", "unknown", "3", "unclear"], &DataChoices::default());
    assert_eq!(
        error.message,
        "column `x`: 2 of 4 cells are not numbers\n  line 3: `unknown`\n  line 5: `unclear`"
    );
    assert!(error.hint.expect("a hint").starts_with("`--na unknown,unclear` declares"));
}

#[test]
fn at_most_ten_cells_are_listed_and_none_in_full_length() {
    let long = "z".repeat(60);
    let mut cells = vec!["1"; 20];
    cells.extend(vec![long.as_str(); 12]);
    let message = refused(&cells, &DataChoices::default()).message;
    assert_eq!(message.lines().count(), 12);
    assert!(message.ends_with("  and 2 more"));
    assert!(!message.contains(&long));
}

#[test]
fn fewer_than_half_numbers_make_levels_and_a_notice() {
    let (values, notices) = plain(&["a", "b", "c", "4", "5"]);
    assert_eq!(levels_of(&values), ["4", "5", "a", "b", "c"]);
    assert_eq!(notices, ["column `x` is categorical, though 2 of its 5 cells look like numbers"]);
}

#[test]
fn codes_with_leading_zeros_stay_text() {
    let (values, notices) = plain(&["007", "012", "100"]);
    assert_eq!(levels_of(&values), ["007", "012", "100"]);
    assert!(notices[0].contains("codes with leading zeros (line 2: `007`)"), "{notices:?}");
    assert_eq!(numbers_of(&plain(&["0", "0.5", "05.5"]).0), [0.0, 0.5, 5.5]);
}

#[test]
fn iso_dates_are_days_and_other_dates_are_refused() {
    assert_eq!(plain(&["1970-01-02", "2000-02-29"]).0, Values::Date(vec![1.0, 11_016.0]));
    for cell in ["2021-02-30", "30.03.2021", "soon"] {
        let error = refused(&["2021-01-01", cell, "2021-01-03"], &DataChoices::default());
        assert_eq!(error.message, format!("column `x`, line 3: `{cell}` is not a date"));
        assert!(error.hint.expect("a hint").contains("YYYY-MM-DD"));
    }
    assert!(
        refused(&["03/04/2021", "05/06/2021"], &DataChoices::default())
            .message
            .contains("2 of 2 cells are not dates")
    );
}

#[test]
fn a_column_without_a_value_is_said_to_be_so() {
    let (values, notices) = plain(&["", "NA"]);
    assert!(numbers_of(&values).iter().all(|x| x.is_nan()));
    assert_eq!(notices, ["column `x` has no value in any row"]);
}

#[test]
fn levels_that_look_alike_are_announced() {
    assert!(plain(&["Yes", "yes", "no"]).1[0].contains("`Yes` and `yes` count as different levels"));
    let (values, notices) = typed(&column(&["1", "1.0", "2"]), &factor()).expect("a factor");
    assert_eq!(levels_of(&values), ["1", "1.0", "2"]);
    assert!(notices[0].contains("`1` and `1.0`"), "{notices:?}");
}

// Decimal commas.

#[test]
fn decimal_commas_are_read_and_announced_where_the_comma_does_not_delimit() {
    let read = source("x;y\n1,5;a\n-0,25;b\n7;a\n");
    assert_eq!(numbers_of(&typed(&read, &DataChoices::default()).expect("numbers").0), [1.5, -0.25, 7.0]);
    assert!(read.notices.contains(&"numbers have decimal commas (first on line 2)".to_owned()));
}

#[test]
fn a_semicolon_file_with_decimal_points_is_read_as_it_stands() {
    let read = source("x;y\n1.5;a\n2.125;b\n");
    assert_eq!(numbers_of(&typed(&read, &DataChoices::default()).expect("numbers").0), [1.5, 2.125]);
}

#[test]
fn thousands_are_never_taken_for_decimals_or_the_other_way_round() {
    for text in [
        "x;y\n150.000;36,6\n1.234;37,1\n",
        "x;y\n150,000;36.6\n1,234;37.1\n",
        "x;y\n1,5;a\n1.234,5;b\n2,5;a\n",
        "x;y\n1,5;a\n2.5;b\n",
    ] {
        assert!(typed(&source(text), &DataChoices::default()).is_err(), "{text:?}");
    }
    let error = typed(&source("x;y\n150.000;36,6\n"), &DataChoices::default()).expect_err("ambiguous");
    assert!(
        error.message.contains("line 2: `150.000` can be a number with three decimals"),
        "{}",
        error.message
    );
}

#[test]
fn a_reading_as_three_decimals_that_nothing_confirms_is_said() {
    for (cell, value) in [("1,234", 1.234), ("150.000", 150.0)] {
        let (values, notices) =
            typed(&source(&format!("x;y\n{cell};a\n")), &DataChoices::default()).expect("a number");
        assert_eq!(numbers_of(&values), [value]);
        let said =
            format!("column `x`, line 2: `{cell}` and the like are read as numbers with three decimals");
        assert_eq!(notices, [said]);
    }
    let confirmed = source("x;y\n1,234;0,5\n");
    assert!(typed(&confirmed, &DataChoices::default()).expect("a number").1.is_empty());
}

// What the user says.

#[test]
fn the_user_s_missing_codes_hold_for_equal_numbers() {
    let (values, _) =
        typed(&column(&["1", "-9", "-9.0", "3", "unk"]), &with_na(&["-9", "unk"])).expect("numbers");
    let missing: Vec<bool> = numbers_of(&values).iter().map(|x| x.is_nan()).collect();
    assert_eq!(missing, [false, true, true, false, true]);
}

#[test]
fn a_factor_sorts_its_numbers_by_size_and_keeps_their_text() {
    let (values, _) = typed(&column(&["10", "2", "1.50", "-1"]), &factor()).expect("a factor");
    assert_eq!(levels_of(&values), ["-1", "1.50", "2", "10"]);
}

#[test]
fn listed_levels_hold_in_their_order_by_text_or_number() {
    let (values, notices) =
        typed(&column(&["1.0", "2", ""]), &with_levels(&["2", "1", "3"])).expect("a factor");
    assert_eq!(values, Values::Category { codes: vec![1, 0, MISSING], levels: words(&["2", "1", "3"]) });
    assert_eq!(notices, ["no row has the level `3` of column `x`"]);
}

#[test]
fn a_value_that_is_no_listed_level_is_refused() {
    let error = refused(&["low", "hihg", "hihg"], &with_levels(&["low", "high"]));
    let expected = "column `x`, line 3: `hihg` is none of the levels; so are 1 cell more (`low`, `high`)";
    assert_eq!(error.message, expected);
    assert!(error.hint.expect("a hint").contains("`high`"));
}

#[test]
fn a_missing_word_that_is_listed_as_a_level_is_one() {
    let (values, _) = typed(&column(&["NA", "EU", ""]), &with_levels(&["EU", "NA"])).expect("regions");
    assert_eq!(values, Values::Category { codes: vec![1, 0, MISSING], levels: words(&["EU", "NA"]) });
}

#[test]
fn a_reference_goes_first_and_makes_numbers_categorical() {
    assert_eq!(
        levels_of(&typed(&column(&["a", "b", "c"]), &with_reference("c")).expect("c").0),
        ["c", "a", "b"]
    );
    let (values, notices) = typed(&column(&["1", "2", "3"]), &with_reference("2.0")).expect("2");
    assert_eq!(levels_of(&values), ["2", "1", "3"]);
    assert!(notices[0].contains("holds numbers and is treated as categorical"));
    let error = refused(&["a", "b"], &with_reference("z"));
    assert!(error.message.contains("column `x` has no level `z` (`a`, `b`)"), "{}", error.message);
}

#[test]
fn a_forced_type_refuses_every_other_cell() {
    let number = DataChoices { numbers: words(&["x"]), ..Default::default() };
    assert_eq!(numbers_of(&typed(&column(&["007", "1"]), &number).expect("numbers").0), [7.0, 1.0]);
    assert!(refused(&["a", "b", "1"], &number).message.contains("2 of 3 cells are not numbers"));
    let date = DataChoices { dates: words(&["x"]), ..Default::default() };
    assert!(refused(&["a", "b"], &date).message.contains("are not dates"));
}
