//! Finds the delimiter of a CSV: the one under which the records agree on their number of cells.

use rayon::prelude::*;

use crate::data::records::{Malformed, Records};
use crate::error::{Error, Result};

/// How a text is to be cut, and where its header begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between cells.
    pub delimiter: u8,
    /// The byte at which the header's line begins.
    pub start: usize,
    /// The number of that line, from 1.
    pub line: u32,
}

/// A dialect, and whether the text ended before enough of it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The dialect.
    pub dialect: Dialect,
    /// Whether more text, if there is more, could give another.
    pub ran_out: bool,
}

/// The delimiters that are known; between equals the earlier wins, for commas stand in numbers and in prose.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// The delimiter of a text, from its first 20,000 records or 8 MiB, whichever ends first.
///
/// A delimiter counts when the header has at least two cells under it, by the share of records that have as
/// many; or else by the share of data records that agree among themselves (so that a wrong header is then told
/// with the right delimiter). Where none counts, the file has one column. A first line `sep=;`, which
/// spreadsheets write, decides by itself.
///
/// # Errors
/// Data, when a `sep=` line names a delimiter that is not known.
pub fn find(text: &str) -> Result<Found> {
    if let Some(dialect) = stated(text)? {
        return Ok(Found { dialect, ran_out: false });
    }
    const HALF: f64 = 0.5; // under it, cells agree by accident
    let mut best = (b',', HALF);
    let mut any_ran_out = false;
    let all: Vec<_> = DELIMITERS.into_par_iter().map(|delimiter| cell_counts(text, delimiter)).collect();
    for (delimiter, (counts, ran_out)) in DELIMITERS.into_iter().zip(all) {
        any_ran_out |= ran_out;
        let score = agreement(&counts);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    Ok(Found { dialect: Dialect { delimiter: best.0, start: 0, line: 1 }, ran_out: any_ran_out })
}

/// The delimiter in words.
pub fn name(delimiter: u8) -> &'static str {
    match delimiter {
        b'\t' => "tab",
        b';' => "semicolon",
        b'|' => "vertical bar",
        _ => "comma",
    }
}

/// What a first line `sep=X` says.
fn stated(text: &str) -> Result<Option<Dialect>> {
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    let unquoted = line.trim_matches('"');
    let Some(head) = unquoted.get(..4).filter(|head| head.eq_ignore_ascii_case("sep=")) else {
        return Ok(None);
    };
    let delimiter = match &unquoted.as_bytes()[head.len()..] {
        [one] if DELIMITERS.contains(one) => *one,
        _ => {
            return Err(Error::data(format!("line 1 is `{unquoted}`, a delimiter that is not known"))
                .hint("use a comma, semicolon, tab or vertical bar"));
        }
    };
    let rest = &text[line.len()..];
    let line_break = if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
    Ok(Some(Dialect { delimiter, start: line.len() + line_break, line: 2 }))
}

/// How well the records agree on their number of cells, from 0 to 1; 0 for one column.
fn agreement(counts: &[usize]) -> f64 {
    const WITHOUT_THE_HEADER: f64 = 0.9; // agreement of the data alone counts for less than with the header
    let Some((header, data)) = counts.split_first() else { return 0.0 };
    let share =
        |width: usize| data.iter().filter(|n| **n == width).count() as f64 / (data.len().max(1)) as f64;
    let typical = most_frequent(data);
    let with_header = match (*header >= 2, data.is_empty()) {
        (true, true) => 1.0,
        (true, false) => share(*header),
        (false, _) => 0.0,
    };
    let without = if typical >= 2 { WITHOUT_THE_HEADER * share(typical) } else { 0.0 };
    with_header.max(without)
}

/// The number of cells of each record that is not blank; 0 for one that breaks the grammar, which is the last. And
/// whether the text ended before there were enough.
fn cell_counts(text: &str, delimiter: u8) -> (Vec<usize>, bool) {
    const MANY_RECORDS: usize = 20_000;
    const MANY_BYTES: usize = 8 << 20;
    let mut records = Records::new(text, delimiter, 0, 1);
    let mut cells = Vec::new();
    let mut counts = Vec::new();
    while counts.len() < MANY_RECORDS && records.position() < MANY_BYTES {
        match records.read(&mut cells) {
            Ok(None) => return (counts, true),
            Ok(Some(_)) if records.is_blank(&cells) => {}
            Ok(Some(_)) => counts.push(cells.len()),
            Err(broken) => {
                counts.push(0);
                return (counts, matches!(broken, Malformed::Unclosed { .. }));
            }
        }
    }
    (counts, false)
}

fn most_frequent(counts: &[usize]) -> usize {
    let mut tally = std::collections::BTreeMap::new();
    for count in counts {
        *tally.entry(*count).or_insert(0_usize) += 1;
    }
    tally.into_iter().max_by_key(|(_, times)| *times).map_or(0, |(count, _)| count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_found_by_itself() {
        let table = [
            ("a,b\n1,2\n", b','),
            ("a;b\n1;2\n", b';'),
            ("a\tb\n1\t2\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("a;b\n1,5;2,5\n0,1;0,2\n", b';'),
            ("Height, cm;Weight, kg\n1,5;2,5\n", b';'),
            ("\"a;x\",\"b;y\"\n\"1;1\",\"2;2\"\n", b','),
            ("\"a\",\"b\"\n\"1\",\"2,3\"\n", b','),
            ("note,n\n\"one; two\nthree\",1\nfour,2\n", b','),
            ("a,b\n1,2\n3,4\n5\n6,7\n", b','),
            ("a,b\n", b','),
            ("Exported on Monday\na;b;c\n1;2;3\n4;5;6\n", b';'),
            ("only\n1\n2\n", b','),
            ("sick|well\n1\n2\n", b','),
            ("a,b\n\n\n1,2\n", b','),
        ];
        for (text, delimiter) in table {
            assert_eq!(find(text).expect(text).dialect.delimiter, delimiter, "{text:?}");
        }
    }

    #[test]
    fn a_sep_line_decides_and_the_header_follows_it() {
        let found = find("sep=;\r\na;b\r\n1;2\r\n").expect("known");
        assert_eq!(found.dialect, Dialect { delimiter: b';', start: 7, line: 2 });
        assert!(find("sep=#\na#b\n").expect_err("unknown").message.contains("sep=#"));
    }

    #[test]
    fn one_bad_quotation_mark_does_not_change_the_delimiter() {
        assert_eq!(find("a,b,c\n1,2,3\n4,\"5\"6,7\n8,9,10\n").expect("found").dialect.delimiter, b',');
    }
}
