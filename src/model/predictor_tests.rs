//! Tests of predictions piece by piece: however the rows are cut, the numbers and the errors are those of one table.

use proptest::prelude::*;

use crate::data::csv::Source;
use crate::error::Result;
use crate::fit::fit;
use crate::fit::spec::Spec;
use crate::model::{Model, Predictions};
use crate::optimise::watch::Unwatched;

/// A model of a number whose logarithm is taken, a spline, a factor and a date.
fn model() -> Model {
    let rows = (0..80).map(|k| {
        let (a, b) = (1 + k * 7 % 19, 1 + k * 11 % 23);
        let y = f64::from(a) + 0.3 * f64::from(b * b % 7) + f64::from(k % 3);
        format!("{y},{a},{b},{},2024-01-{:02}\n", ["u", "v", "w"][k as usize % 3], 1 + k % 28)
    });
    let text = format!("y,a,b,site,seen\n{}", rows.collect::<String>());
    let source = Source::from_bytes("old.csv", text.into_bytes()).expect("a CSV");
    let spec = Spec::new("y ~ log(a) * site + rcs(b, 3) + log(b) + seen");
    Model::from_fit(&fit(&spec, &source, &mut Unwatched).expect("a fit"))
}

const HEADER: &str = "note,a,b,site,seen\n";

fn source(text: &str, piece: usize) -> Source {
    Source::in_pieces("new.csv", text.as_bytes(), piece).expect("a CSV")
}

/// The predictions of all rows in one table.
fn in_one_table(model: &Model, text: &str) -> Result<Predictions> {
    let source = source(text, usize::MAX / 2);
    assert_eq!(source.n_pieces(), 1);
    let predictor = model.predictor(&source, 0.95)?;
    predictor.predict(&predictor.data.pieces.piece(0)?)
}

/// All that can be seen of predictions, bit by bit.
fn seen(predictions: &Predictions) -> String {
    let bits = |x: &Option<f64>| x.map(f64::to_bits);
    let pairs = |of: &Option<Vec<Option<(f64, f64)>>>| {
        let bits = |pair: &Option<(f64, f64)>| pair.map(|(low, high)| (low.to_bits(), high.to_bits()));
        of.as_ref().map(|of| of.iter().map(bits).collect::<Vec<_>>())
    };
    format!(
        "{:?} {:?} {:?} {:?}",
        predictions.prediction.iter().map(bits).collect::<Vec<_>>(),
        pairs(&predictions.interval),
        pairs(&predictions.new_observation),
        predictions.missing
    )
}

fn row() -> impl Strategy<Value = String> {
    (
        "(|x|\"two\nlines\"|\"a \"\"b\"\"\"|\"\r\n,\")",
        "([1-9][0-9]?|[1-9][.][0-9]|NA|)",
        "([1-9][0-9]?|[1-9][.][0-9]|[.])",
        "(u|v|w|\" u\"|NA)",
        "2023-0[1-9]-1[0-9]",
        0..12,
    )
        .prop_map(|(note, a, b, site, seen, blank)| {
            format!("{note},{a},{b},{site},{seen}\n{}", if blank == 0 { "\n" } else { "" })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn predictions_are_the_same_in_pieces_of_any_size(
        rows in proptest::collection::vec(row(), 1..40),
        piece in 1_usize..200,
    ) {
        let (model, text) = (model(), format!("{HEADER}x,3,4,u,2023-01-10\n{}", rows.concat()));
        let whole = in_one_table(&model, &text).expect("predictions");
        let cut = model.predict(&source(&text, piece), 0.95).expect("predictions");
        prop_assert_eq!(seen(&cut), seen(&whole));
    }

    #[test]
    fn the_error_is_the_same_in_pieces_of_any_size(
        places in proptest::collection::vec((0_usize..30, "(-1,5|5,-1|-3,-2|1e999,2|3,1e999|2,1e300|0,2)"), 1..5),
        piece in 1_usize..200,
    ) {
        let mut rows = vec!["x,3,4,u,2023-01-10\n".to_owned(); 30];
        for (place, cells) in places {
            rows[place] = format!("\"two\nlines\",{cells},v,2023-01-11\n");
        }
        let (model, text) = (model(), format!("{HEADER}{}", rows.concat()));
        let whole = in_one_table(&model, &text).map(|all| seen(&all));
        let cut = model.predict(&source(&text, piece), 0.95).map(|all| seen(&all));
        prop_assert_eq!(cut, whole);
    }
}

#[test]
fn a_variable_that_comes_first_has_the_first_error_though_its_row_comes_later() {
    let row = |a: i32, b: i32| format!("x,{a},{b},u,2023-01-10\n");
    let text = format!("{HEADER}{}{}{}", row(3, -1), row(3, 4).repeat(50), row(-7, 4));
    let source = source(&text, 100);
    assert!(source.n_pieces() > 5);
    let error = model().predict(&source, 0.95).expect_err("a logarithm of a negative number");
    assert!(error.message.starts_with("line 53: `log(a)`"), "{}", error.message);
}

#[test]
fn an_unseen_level_of_a_late_piece_is_told_with_its_line() {
    let row = "\"two\nlines\",3,4,u,2023-01-10\n";
    let text = format!("{HEADER}{}x,3,4,z,2023-01-10\n", row.repeat(50));
    let error = model().predict(&source(&text, 100), 0.95).expect_err("an unseen level");
    assert!(error.message.contains("`site`, line 102: `z`"), "{}", error.message);
}

#[test]
fn after_an_error_nothing_is_taken_any_more_and_the_order_is_that_of_the_rows() {
    let row = |a: i32| format!("x,{a},4,u,2023-01-10\n");
    let (model, rows) = (model(), row(3).repeat(40));
    let taken = |text: &str| {
        let source = source(text, 100);
        let mut taken = Vec::new();
        let predictor = model.predictor(&source, 0.95).expect("columns");
        let tally = predictor.each(
            |piece, _| Ok(piece),
            |piece| {
                taken.push(piece);
                Ok(())
            },
        );
        (tally, taken, source.n_pieces())
    };
    let (tally, all, n_pieces) = taken(&format!("{HEADER}{rows}x,,4,u,2023-01-10\n"));
    let tally = tally.expect("predictions");
    assert_eq!((tally.without, tally.missing), (1, vec![("a".to_owned(), 1)]));
    assert_eq!(all, (0..n_pieces).collect::<Vec<_>>());
    let (tally, some, n_pieces) = taken(&format!("{HEADER}{}{rows}{rows}", row(-3)));
    assert!(tally.is_err() && n_pieces > 10 && some.is_empty(), "{some:?}");
}
