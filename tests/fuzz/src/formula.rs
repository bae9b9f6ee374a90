//! Arbitrary text as a formula: parsed, resolved against a header, written out and parsed again, encoded.

use std::sync::LazyLock;

use clinreg::data::choices::DataChoices;
use clinreg::data::csv::Source;
use clinreg::data::missing::complete_rows;
use clinreg::data::table::Table;
use clinreg::design::formula::Formula;
use clinreg::design::matrix::{Encoded, count_columns, encode, rebuild};

use crate::tables::told;

/// Numbers, a factor, two values, a date, a name that needs backticks, a column with gaps.
pub const ROWS: &str = include_str!("../corpus/rows.csv");

static SOURCE: LazyLock<Source> = LazyLock::new(|| {
    Source::from_bytes("d.csv", ROWS.as_bytes().to_vec()).expect("the rows of the corpus are a table")
});

/// More columns than this are not encoded.
const MOST: usize = 300;

/// Parses; what is written out means the same; what is encoded can be rebuilt to the bit.
pub fn target(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parsed = match Formula::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => return told(&error),
    };
    let again = Formula::parse(&parsed.to_string()).expect("a formula that is written out can be read");
    assert_eq!(parsed, again, "{parsed} is not {again}");
    let formula = match parsed.resolve(&SOURCE.header, &[]) {
        Ok(formula) => formula,
        Err(error) => return told(&error),
    };
    let again = Formula::parse(&formula.to_string()).expect("a formula that was resolved can be read");
    assert_eq!(formula, again, "{formula} is not {again}");
    let choices = DataChoices { factors: formula.factor_variables(), ..DataChoices::default() };
    match SOURCE.typed(&formula.variables(), &choices) {
        Ok(typed) => {
            let complete = complete_rows(&typed.table).0;
            encoded(&formula, &typed.table.filter(&complete));
        }
        Err(error) => told(&error),
    }
}

fn encoded(formula: &Formula, table: &Table) {
    let n_columns = match count_columns(formula, table) {
        Ok(n_columns) if n_columns > MOST => return,
        Ok(n_columns) => n_columns,
        Err(error) => return told(&error),
    };
    match encode(formula, table, None) {
        Ok((Encoded { terms, x, .. }, frozen)) => {
            assert_eq!((terms.len(), x.ncols(), x.nrows()), (n_columns, n_columns, table.n_rows));
            assert!(x.iter().all(|cell| cell.is_finite()), "{formula} has a cell that is not finite");
            let new = rebuild(formula, &frozen, table).expect("the rows of the fit can be encoded again");
            assert_eq!(x, new.x, "{formula} is rebuilt differently");
        }
        Err(error) => told(&error),
    }
}
