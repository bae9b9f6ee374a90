//! The section on missing values: which variables lack them, which are missing together, and how they were drawn.

use crate::data::missing::Gaps;
use crate::error::Result;
use crate::report::NamedFile;
use crate::report::align::{Align, Head, Line};
use crate::report::block::Block;
use crate::report::numbers::count;
use crate::report::tables::written;
use crate::report::words::{plural, visible};

/// Patterns in the page; all are in `missing.csv`.
const MOST_PATTERNS: usize = 12;

/// The two tables; none where nothing is missing.
pub fn blocks(gaps: &Gaps) -> Vec<Block> {
    if gaps.variables.iter().all(|(_, rows)| *rows == 0) {
        return Vec::new();
    }
    vec![by_variable(gaps), together(gaps)]
}

fn heads(first: &'static str) -> [Head<'static>; 3] {
    let right = |title| Head { title, align: Align::Right };
    [Head { title: first, align: Align::Left }, right("rows"), right("share")]
}

fn line(gaps: &Gaps, name: String, rows: usize) -> Line {
    Line::Cells(vec![name, count(rows as f64), format!("{:.1}%", 100.0 * rows as f64 / gaps.rows as f64)])
}

fn by_variable(gaps: &Gaps) -> Block {
    let lacking = gaps.variables.iter().filter(|(_, rows)| *rows > 0);
    let lines = lacking.map(|(name, rows)| line(gaps, visible(name), *rows)).collect();
    let mut block = Block::table("Missing by variable", &heads("variable"), lines);
    let complete = gaps.variables.iter().filter(|(_, rows)| *rows == 0).count();
    if complete > 0 {
        block
            .notes
            .push(format!("{} of the formula without a missing value.", plural(complete as f64, "variable")));
    }
    block
}

fn together(gaps: &Gaps) -> Block {
    let shown = gaps.patterns.iter().take(MOST_PATTERNS);
    let lines = shown.map(|(missing, rows)| line(gaps, lacking(gaps, missing), *rows)).collect();
    let mut block = Block::table("Missing together", &heads("missing"), lines);
    if gaps.patterns.len() > MOST_PATTERNS {
        let more = plural((gaps.patterns.len() - MOST_PATTERNS) as f64, "rarer pattern");
        block.notes.push(format!("{more} in `missing.csv`."));
    }
    block
}

fn lacking(gaps: &Gaps, missing: &[bool]) -> String {
    let names: Vec<String> =
        gaps.variables.iter().zip(missing).filter(|(_, m)| **m).map(|((name, _), _)| visible(name)).collect();
    if names.is_empty() { "nothing".to_string() } else { names.join(", ") }
}

/// `missing.csv`: a pattern a line, commonest first: 1 where a variable is missing, and the number of rows.
///
/// # Errors
/// Io, as the writer says.
pub fn file(gaps: &Gaps) -> Result<Option<NamedFile>> {
    if blocks(gaps).is_empty() {
        return Ok(None);
    }
    let header = gaps.variables.iter().map(|(name, _)| name.clone()).chain(["rows".to_string()]).collect();
    let line = |(missing, rows): &(Vec<bool>, usize)| {
        missing.iter().map(|m| u8::from(*m).to_string()).chain([rows.to_string()]).collect::<Vec<_>>()
    };
    let bytes = written(std::iter::once(header).chain(gaps.patterns.iter().map(line)))?;
    Ok(Some(NamedFile::new("missing.csv", bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_count_rows_and_the_file_has_every_pattern() {
        let gaps = Gaps {
            rows: 10,
            variables: vec![("age".to_string(), 3), ("<b>".to_string(), 1), ("sex".to_string(), 0)],
            patterns: vec![(vec![false; 3], 7), (vec![true, false, false], 2), (vec![true, true, false], 1)],
        };
        let [by_variable, together] = blocks(&gaps).try_into().expect("two tables");
        assert!(by_variable.text().contains("age           3   30.0%"), "{}", by_variable.text());
        assert!(by_variable.text().contains("1 variable of the formula without"));
        assert!(together.text().contains("age, <b>      1   10.0%"), "{}", together.text());
        let file = file(&gaps).expect("written").expect("there are gaps");
        assert_eq!(String::from_utf8_lossy(&file.bytes), "age,<b>,sex,rows\n0,0,0,7\n1,0,0,2\n1,1,0,1\n");
        assert!(blocks(&Gaps::default()).is_empty());
    }
}
