//! Baseline tables of small data.

use super::*;
use crate::error::Kind;

fn category(name: &str, cells: &[&str]) -> Column {
    let mut levels: Vec<String> = cells.iter().filter(|c| !c.is_empty()).map(|c| (*c).to_string()).collect();
    levels.sort();
    levels.dedup();
    let code = |cell: &&str| {
        levels.iter().position(|l| l == cell).map_or(MISSING, |k| u32::try_from(k).expect("few levels"))
    };
    let codes = cells.iter().map(code).collect();
    Column { name: name.to_string(), values: Values::Category { codes, levels } }
}

fn number(name: &str, cells: &[f64]) -> Column {
    Column { name: name.to_string(), values: Values::Number(cells.to_vec()) }
}

fn table(columns: Vec<Column>) -> Table {
    Table { n_rows: columns[0].values.len(), columns, ..Table::default() }
}

fn request(suppress_below: Option<usize>) -> Request {
    Request { by: "arm".to_string(), variables: None, suppress_below }
}

fn described(columns: Vec<Column>, suppress_below: Option<usize>) -> TableOne {
    table_one(&table(columns), &request(suppress_below)).expect("it can be described")
}

#[test]
fn rows_without_a_group_do_not_count() {
    let found = described(
        vec![
            category("arm", &["a", "a", "", "b", "b"]),
            number("age", &[1.0, 3.0, 100.0, 5.0, f64::NAN]),
            category("sex", &["f", "m", "m", "m", ""]),
        ],
        None,
    );
    assert_eq!((found.n_by_group.clone(), found.without_group), (vec![2, 2], 1));
    let Content::Continuous(age) = &found.variables[0].content else { panic!("age is a number") };
    assert_eq!((age[1].n, age[1].missing), (Cell::Count(1), Cell::Count(1)));
    assert_eq!(age[2].moments.map(|m| (m.mean, m.max)), Some((3.0, Some(5.0))));
    let Content::Categorical(levels, sex) = &found.variables[1].content else { panic!("sex is a factor") };
    assert_eq!(levels, &["f", "m"]);
    assert_eq!(sex[2].levels, [Cell::Count(1), Cell::Count(2)]);
    assert_eq!((sex[1].n, sex[1].missing, sex[1].percent[1]), (Cell::Count(1), Cell::Count(1), Some(100.0)));
}

#[test]
fn everyone_together_is_one_group_without_a_difference() {
    let columns = vec![
        number("age", &[1.0, 3.0, 8.0, f64::NAN]),
        category("sex", &["f", "m", "m", ""]),
        category("site", &["x", "x", "x", "x"]),
    ];
    let found = overall(&table(columns), None).expect("it can be described");
    assert_eq!((found.groups.len(), found.n_by_group.clone()), (1, vec![4]));
    let Content::Continuous(age) = &found.variables[0].content else { panic!("age is a number") };
    assert_eq!((age.len(), age[0].n, age[0].missing), (1, Cell::Count(3), Cell::Count(1)));
    assert_eq!(age[0].moments.map(|m| m.mean), Some(4.0));
    let Content::Categorical(_, sex) = &found.variables[1].content else { panic!("sex is a factor") };
    assert_eq!((sex.len(), sex[0].levels.clone()), (1, vec![Cell::Count(1), Cell::Count(2)]));
    assert!(found.variables.iter().all(|v| v.smd.is_none()));
}

#[test]
fn with_three_groups_the_difference_is_the_mean_over_the_pairs() {
    let arm = ["a", "a", "b", "b", "c", "c"];
    let found = described(vec![category("arm", &arm), number("age", &[1.0, 3.0, 2.0, 4.0, 8.0, 10.0])], None);
    let variable = &found.variables[0];
    let pairs: Vec<f64> = variable.smd_pairs.iter().map(|(_, d)| d.expect("defined")).collect();
    let sd = 2.0_f64.sqrt();
    let wanted = [1.0 / sd, 7.0 / sd, 6.0 / sd];
    pairs.iter().zip(wanted).for_each(|(got, wanted)| assert!((got - wanted).abs() < 1e-12));
    let mean = wanted.iter().sum::<f64>() / 3.0;
    assert!((variable.smd.expect("defined") - mean).abs() < 1e-12);
}

#[test]
fn identifiers_dates_and_empty_columns_are_left_out_with_the_reason() {
    let n = 24;
    let arm: Vec<&str> = (0..n).map(|k| if k % 2 == 0 { "a" } else { "b" }).collect();
    let ids: Vec<String> = (0..n).map(|k| format!("P{k}")).collect();
    let of = |f: &dyn Fn(usize) -> f64| (0..n).map(f).collect::<Vec<_>>();
    let columns = || {
        vec![
            category("arm", &arm),
            category("patient", &ids.iter().map(String::as_str).collect::<Vec<_>>()),
            number("row", &of(&|k| k as f64)),
            number("study_id", &of(&|k| (k * k) as f64)),
            number("grid", &of(&|k| (k * k) as f64)),
            number("age", &of(&|k| 50.0 + (k % 7) as f64)),
            number("nothing", &of(&|_| f64::NAN)),
            Column { name: "seen".to_string(), values: Values::Date(of(&|k| k as f64)) },
        ]
    };
    let found = described(columns(), None);
    assert_eq!(found.variables.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["age"]);
    let left: Vec<&str> = found.left_out.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(left, ["patient", "row", "study_id", "grid", "nothing", "seen"]);
    let named = |names: &[&str]| {
        let all = columns();
        let columns = all.into_iter().filter(|c| c.name == "arm" || names.contains(&c.name.as_str()));
        let variables = Some(names.iter().map(|n| (*n).to_string()).collect());
        table_one(&table(columns.collect()), &Request { variables, ..request(None) })
    };
    assert_eq!(named(&["row", "patient"]).expect("identifiers can be named").variables.len(), 2);
    assert!(named(&["seen"]).expect_err("a date").message.contains("it is a date"));
}

#[test]
fn numbers_of_two_values_are_told() {
    let arm = ["a", "a", "b", "b"];
    let columns = vec![
        category("arm", &arm),
        number("died", &[0.0, 1.0, f64::NAN, 0.0]),
        number("age", &[50.0, 61.0, 50.0, 70.0]),
    ];
    assert_eq!(described(columns, None).two_valued, ["died"]);
}

/// 2 deaths among 12: a mean of 0.167 would tell them.
#[test]
fn where_counts_are_withheld_a_number_of_two_values_is_counted() {
    let arm: Vec<&str> = (0..24).map(|k| if k < 12 { "a" } else { "b" }).collect();
    let died: Vec<f64> = (0..24).map(|k| f64::from(u8::from(!(2..=16).contains(&k)))).collect();
    let found = described(vec![category("arm", &arm), number("died", &died)], Some(5));
    let Content::Categorical(levels, counts) = &found.variables[0].content else { panic!("it is counted") };
    assert_eq!(levels, &["0", "1"]);
    assert_eq!(counts[0].levels, [Cell::Hidden, Cell::Below]);
}

#[test]
fn groupings_that_compare_nothing_are_refused() {
    let many: Vec<String> = (0..21).map(|k| format!("g{k}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (arm, words) in
        [(vec!["a"; 21], "no groups to compare"), (vec![""; 21], "no value"), (many, "21 different values")]
    {
        let columns = vec![category("arm", &arm), number("age", &[1.5; 21])];
        let error = table_one(&table(columns), &request(None)).expect_err(words);
        assert!(error.message.contains(words) && error.kind == Kind::Data, "{error}");
    }
    let alone = table_one(&table(vec![category("arm", &["a", "b"])]), &request(None));
    assert!(alone.expect_err("no other column").message.contains("no column to describe"));
}

/// 12 in each arm; 2 of arm a lack the value, so that 12 - 2 must not be told either.
#[test]
fn a_withheld_number_of_missing_values_is_told_by_nothing_else() {
    let arm: Vec<&str> = (0..24).map(|k| if k < 12 { "a" } else { "b" }).collect();
    let age: Vec<f64> = (0..24).map(|k| if k < 2 { f64::NAN } else { 40.0 + f64::from(k) / 3.0 }).collect();
    let sex: Vec<&str> = (0..24).map(|k| ["", "", "f", "m"][if k < 2 { 0 } else { 2 + k % 2 }]).collect();
    let found = described(vec![category("arm", &arm), number("age", &age), category("sex", &sex)], Some(5));
    let Content::Continuous(age) = &found.variables[0].content else { panic!("age is a number") };
    assert_eq!((age[0].n, age[0].missing), (Cell::Hidden, Cell::Below));
    assert!(age[2].n.count().is_none() && age[2].missing.count().is_none());
    let moments = age[0].moments.expect("ten values");
    assert_eq!((moments.mean, moments.min), (42.2, None));
    let Content::Categorical(_, sex) = &found.variables[1].content else { panic!("sex is a factor") };
    assert_eq!((sex[0].n, sex[0].missing), (Cell::Hidden, Cell::Below));
    assert!(sex.iter().all(|g| g.percent.iter().all(Option::is_none)));
    assert!(found.variables[1].smd.is_none() && found.variables[1].smd_withheld);
}

#[test]
fn a_group_below_the_limit_is_refused() {
    let arm: Vec<&str> = (0..24).map(|k| if k < 3 { "a" } else { "b" }).collect();
    let columns = vec![category("arm", &arm), number("age", &[1.5; 24])];
    let error = table_one(&table(columns), &request(Some(5))).expect_err("3 rows");
    assert!(error.message.contains("fewer than 5"), "{error}");
}
