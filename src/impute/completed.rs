//! A completed table as a source of data, so that it is fitted exactly as a file is.

use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::table::{Table, Values};
use crate::error::{Error, Result};

/// The table as CSV text in memory, and the choices under which it reads back as the same table.
///
/// # Errors
/// Data, when a name or level cannot be written as CSV.
pub fn source(table: &Table, file: &str) -> Result<(Source, DataChoices)> {
    let failed =
        |cause: &dyn std::fmt::Display| Error::data(format!("a completed data set of `{file}`: {cause}"));
    let mut writer =
        csv::WriterBuilder::new().quote_style(csv::QuoteStyle::NonNumeric).from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|c| &c.name)).map_err(|e| failed(&e))?;
    for row in 0..table.n_rows {
        let cells = table.columns.iter().map(|column| cell(&column.values, row));
        writer.write_record(cells).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    Ok((Source::from_bytes(file, bytes)?, choices(table)))
}

fn cell(values: &Values, row: usize) -> String {
    match values {
        Values::Number(v) => v[row].to_string(),
        Values::Date(v) => date(v[row]),
        Values::Category { codes, levels } => levels[codes[row] as usize].clone(),
    }
}

/// YYYY-MM-DD of a number of days since 1970-01-01, by the Gregorian calendar: years begin in March, so that the leap
/// day is the last of a year, and 146,097 days make 400 years.
fn date(days: f64) -> String {
    let days = days as i64 + 719_468; // since 0000-03-01
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // from March
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, shift) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + shift)
}

/// Every column is what it is in the table.
fn choices(table: &Table) -> DataChoices {
    let mut choices = DataChoices::default();
    for column in &table.columns {
        match &column.values {
            Values::Number(_) => choices.numbers.push(column.name.clone()),
            Values::Date(_) => choices.dates.push(column.name.clone()),
            Values::Category { codes, levels } => {
                let occurs = |k: &usize| codes.contains(&(*k as u32));
                let seen = (0..levels.len()).filter(occurs).map(|k| levels[k].clone()).collect();
                choices.levels.push((column.name.clone(), seen));
            }
        }
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::Column;

    #[test]
    fn a_table_reads_back_as_itself() {
        let column = |name: &str, values| Column { name: name.to_string(), values };
        let levels = ["1", "a;b", "say \"x, y\""].map(String::from).to_vec();
        let table = Table {
            n_rows: 4,
            lines: Vec::new(),
            origins: Default::default(),
            columns: vec![
                column("y", Values::Number(vec![0.1 + 0.2, -1e-300, 1e20, 7.0])),
                column("arm; or, other", Values::Category { codes: vec![0, 1, 2, 1], levels }),
                column("seen", Values::Date(vec![0.0, -1.0, 11_016.0, 20_512.0])),
            ],
        };
        let (source, choices) = source(&table, "trial.csv").expect("written");
        let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        let back = source.typed(&names, &choices).expect("read").table;
        assert_eq!(back.columns, table.columns);
        assert_eq!(
            [0.0, -1.0, 11_016.0, 20_512.0].map(date),
            ["1970-01-01", "1969-12-31", "2000-02-29", "2026-02-28"]
        );
    }
}
