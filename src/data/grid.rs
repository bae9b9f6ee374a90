//! CSV text becomes a checked grid: unique names, equally many cells in each row, one plain dialect for the parser.

use crate::data::cell::{self, Mark};
use crate::data::dialect::{self, Dialect};
use crate::data::records::{Malformed, Records, Span};
use crate::error::{Error, Result};

/// The data rows of a file in one plain dialect: commas, LF, quotation marks where needed, blanks trimmed.
#[derive(Clone)]
pub struct Grid {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The data rows, without the header.
    pub body: Vec<u8>,
    /// For each data row the line of the file on which it starts.
    pub lines: Vec<u32>,
    /// Which decimal marks the file shows.
    pub marks: Marks,
    /// What was found or left out, one sentence each.
    pub notices: Vec<String>,
}

/// Where in the whole file a decimal mark shows that cannot be one of thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// Whether commas can be decimal marks: the delimiter is another.
    pub comma_is_free: bool,
    /// The line of the first number such as `1,5`.
    pub comma: Option<u32>,
    /// The line of the first number such as `1.5`.
    pub point: Option<u32>,
}

/// Checks a text and lays it out.
///
/// # Errors
/// Data: no rows, a header with an empty or repeated name, a row with too few or too many cells, quotation marks
/// that do not close.
pub fn lay_out(text: &str) -> Result<Grid> {
    let dialect = dialect::find(text)?;
    let mut records = Records::new(text, dialect.delimiter, dialect.start, dialect.line);
    let mut cells = Vec::new();
    let (header_line, n_blank_before) = first_record(&mut records, &mut cells)?;
    let names: Vec<String> = cells.iter().map(|c| records.value(*c).into_owned()).collect();
    let n_named = check_header(&names, header_line)?;
    let mut layout = Layout {
        n_named,
        width: names.len(),
        body: Vec::with_capacity(text.len()),
        marks: Marks { comma_is_free: dialect.delimiter != b',', ..Marks::default() },
        ..Layout::default()
    };
    loop {
        let line = match records.read(&mut cells) {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(broken) => return Err(layout.ragged(header_line).unwrap_or_else(|| broken_quotes(broken))),
        };
        layout.take(&records, &cells, line)?;
    }
    if let Some(error) = layout.ragged(header_line) {
        return Err(error);
    }
    layout.finish(names, dialect, n_blank_before)
}

/// Reads up to the header, skipping blank lines; gives its line and how many lines were skipped.
fn first_record(records: &mut Records<'_>, cells: &mut Vec<Span>) -> Result<(u32, usize)> {
    let mut n_blank = 0;
    while let Some(line) = records.read(cells).map_err(broken_quotes)? {
        if !records.is_blank(cells) {
            return Ok((line, n_blank));
        }
        n_blank += 1;
    }
    Err(Error::data("the file is empty")
        .hint("the first line must name the columns, each further line is a row"))
}

fn broken_quotes(broken: Malformed) -> Error {
    let message = match broken {
        Malformed::Unclosed { opened } => format!("line {opened}: a quotation mark opens and never closes"),
        Malformed::AfterQuote { opened, line } if opened == line => {
            format!("line {line}: text follows a closing quotation mark")
        }
        Malformed::AfterQuote { opened, line } => {
            format!("line {line}: text follows the quotation mark that closes a cell opened on line {opened}")
        }
    };
    Error::data(message).hint("a quotation mark inside a quoted cell is written twice: `\"5\"\" tube\"`")
}

/// Checks the names; gives how many columns have one (columns without a name may only stand at the end).
fn check_header(names: &[String], line: u32) -> Result<usize> {
    let n_named = names.iter().rposition(|n| !n.is_empty()).map_or(0, |last| last + 1);
    if n_named == 0 {
        return Err(Error::data(format!("line {line}: the header names no column"))
            .hint("the first line must name the columns"));
    }
    if let Some(nameless) = names[..n_named].iter().position(String::is_empty) {
        let hint = match nameless {
            0 => {
                "name it in the first line; R writes such a column of row names unless told `row.names = FALSE`"
            }
            _ => "name it in the first line, or delete the column",
        };
        return Err(Error::data(format!("line {line}: column {} has no name", nameless + 1)).hint(hint));
    }
    let mut first_places = std::collections::HashMap::new();
    for (idx, name) in names[..n_named].iter().enumerate() {
        if let Some(first) = first_places.insert(name, idx) {
            return Err(Error::data(format!(
                "line {line}: columns {} and {} are both named {}",
                first + 1,
                idx + 1,
                cell::shown(name)
            ))
            .hint("rename one of them in the first line"));
        }
    }
    Ok(n_named)
}

/// The grid in the making.
#[derive(Default)]
struct Layout {
    n_named: usize,
    width: usize,
    body: Vec<u8>,
    lines: Vec<u32>,
    marks: Marks,
    /// How much of `body` and how many of `lines` there are up to the last row with a value.
    up_to_last_value: (usize, usize),
    /// Blank lines since the last record, and those before it.
    n_blank_at_end: usize,
    n_blank: usize,
    /// The first rows of wrong width, as line and width, and the number of all.
    wrong: Vec<(u32, usize)>,
    n_wrong: usize,
    all_wrong_alike: bool,
}

impl Layout {
    /// Takes one record.
    fn take(&mut self, records: &Records<'_>, cells: &[Span], line: u32) -> Result<()> {
        if records.is_blank(cells) {
            self.n_blank_at_end += 1;
            return Ok(());
        }
        self.n_blank += std::mem::take(&mut self.n_blank_at_end);
        if cells.len() != self.width {
            self.note_wrong(line, cells.len());
        } else if self.n_wrong == 0 {
            self.write(records, cells, line)?;
        }
        Ok(())
    }

    fn note_wrong(&mut self, line: u32, width: usize) {
        const SHOWN: usize = 5;
        self.all_wrong_alike = self.n_wrong == 0 || (self.all_wrong_alike && self.wrong[0].1 == width);
        self.n_wrong += 1;
        if self.wrong.len() < SHOWN {
            self.wrong.push((line, width));
        }
    }

    /// Writes a record of the right width in the plain dialect.
    fn write(&mut self, records: &Records<'_>, cells: &[Span], line: u32) -> Result<()> {
        let mut has_value = self.width == 1;
        for (idx, span) in cells.iter().enumerate() {
            let value = records.value(*span);
            has_value |= !value.is_empty();
            if idx < self.n_named {
                let separator = if idx == 0 { "" } else { "," };
                self.body.extend_from_slice(separator.as_bytes());
                self.write_cell(&value);
                self.note_marks(&value, line);
            } else if !value.is_empty() {
                return Err(Error::data(format!(
                    "line {line}: column {} holds {} but has no name",
                    idx + 1,
                    cell::shown(&value)
                ))
                .hint("name the column in the first line, or delete it"));
            }
        }
        self.body.push(b'\n');
        self.lines.push(line);
        if has_value {
            self.up_to_last_value = (self.body.len(), self.lines.len());
        }
        Ok(())
    }

    /// A cell that is not plain goes into quotation marks. `^` is not plain: with a letter before it, it is how
    /// compressed files begin, for which the parser looks.
    fn write_cell(&mut self, value: &str) {
        let is_plain = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b',' | b'^');
        let empty_row = value.is_empty() && self.n_named == 1;
        if value.bytes().all(is_plain) && !empty_row {
            self.body.extend_from_slice(value.as_bytes());
            return;
        }
        self.body.push(b'"');
        for (idx, part) in value.split('"').enumerate() {
            let doubled = if idx == 0 { "" } else { "\"\"" };
            self.body.extend_from_slice(doubled.as_bytes());
            self.body.extend_from_slice(part.as_bytes());
        }
        self.body.push(b'"');
    }

    fn note_marks(&mut self, value: &str, line: u32) {
        const LONGEST: usize = 32; // longer cells are no measurements
        let done = self.marks.comma.is_some() && self.marks.point.is_some();
        if !self.marks.comma_is_free || done || value.len() > LONGEST {
            return;
        }
        match cell::decimals(value) {
            Some(d) if d.could_group => {}
            Some(d) if d.mark == Mark::Comma => _ = self.marks.comma.get_or_insert(line),
            Some(_) => _ = self.marks.point.get_or_insert(line),
            None => {}
        }
    }

    /// The error that the rows of wrong width make, if there are any.
    fn ragged(&self, header_line: u32) -> Option<Error> {
        let (line, found) = *self.wrong.first()?;
        let expected = self.width;
        let mut message = format!(
            "line {line} has {}, but the header on line {header_line} names {}",
            counted(found, "cell"),
            counted(expected, "column")
        );
        if self.n_wrong > 1 {
            let others: Vec<String> =
                self.wrong[1..].iter().map(|(line, found)| format!("line {line} has {found}")).collect();
            message += &format!("; {}", others.join(", "));
        }
        if self.n_wrong > self.wrong.len() {
            message += &format!(", and so on: {} in all", counted(self.n_wrong, "line"));
        }
        let every_row = self.all_wrong_alike && self.lines.is_empty() && self.n_wrong > 1;
        let hint = match found {
            _ if expected == 1 => {
                "is the header on the first line? Titles above it must go; a cell with a delimiter in it needs quotation marks"
            }
            n if n == expected + 1 && every_row => {
                "every row has one cell more than the header: name the first column (of row names?), or delete it"
            }
            n if n > expected => "a cell with a delimiter in it needs quotation marks around it",
            _ => "complete the row; a quotation mark or a line break may be out of place",
        };
        Some(Error::data(message).hint(hint))
    }

    fn finish(mut self, mut names: Vec<String>, dialect: Dialect, n_blank_before: usize) -> Result<Grid> {
        let n_empty_at_end = self.lines.len() - self.up_to_last_value.1;
        self.body.truncate(self.up_to_last_value.0);
        self.lines.truncate(self.up_to_last_value.1);
        if self.lines.is_empty() {
            return Err(Error::data("the file has a header but no rows"));
        }
        let mut notices = Vec::new();
        if dialect.delimiter != b',' {
            notices.push(format!("the delimiter is a {}", dialect::name(dialect.delimiter)));
        }
        if let Some(line) = self.marks.comma {
            notices.push(format!("numbers have decimal commas (first on line {line})"));
        }
        if self.n_named < self.width {
            let n_dropped = self.width - self.n_named;
            notices.push(format!(
                "{} at the end without a name and without a value left out",
                counted(n_dropped, "column")
            ));
        }
        let n_blank = self.n_blank + n_blank_before;
        if n_blank > 0 {
            notices.push(format!("{} between the rows skipped", counted(n_blank, "empty line")));
        }
        if n_empty_at_end > 0 {
            notices.push(format!("{} without any value at the end left out", counted(n_empty_at_end, "row")));
        }
        names.truncate(self.n_named);
        Ok(Grid { header: names, body: self.body, lines: self.lines, marks: self.marks, notices })
    }
}

/// `1 row`, `2 rows`.
pub fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> String {
        String::from_utf8(lay_out(text).expect(text).body).expect("the body is text")
    }

    fn error(text: &str) -> Error {
        lay_out(text).map(|g| g.header).expect_err(text)
    }

    #[test]
    fn every_dialect_is_laid_out_alike() {
        for text in [
            "a,b\n1,x y\n,\"p, q\"\n",
            "a;b\r\n 1 ; x y\r\n;p, q\r\n",
            "a\tb\r1\tx y\r\t\"p, q\"\r",
            "a|b\n\"1\"|\" x y \"\n\"\"|p, q",
        ] {
            assert_eq!(body(text), "1,x y\n,\"p, q\"\n", "{text:?}");
        }
    }

    #[test]
    fn what_could_mislead_the_parser_is_quoted() {
        assert_eq!(body("a\nx^2\n\"\"\n5\" tube\n"), "\"x^2\"\n\"\"\n\"5\"\" tube\"\n");
    }

    #[test]
    fn lines_are_those_on_which_the_rows_start() {
        let grid = lay_out("\na,b\n1,\"x\ny\"\n\n2,z\n").expect("fine");
        assert_eq!(grid.lines, [3, 6]);
        assert_eq!(grid.notices, ["2 empty lines between the rows skipped"]);
    }

    #[test]
    fn what_spreadsheets_leave_at_the_end_is_left_out_and_said() {
        let grid = lay_out("a;b;;\n1;2;;\n;3;;\n;;;\n;;;\n\n").expect("fine");
        assert_eq!(grid.header, ["a", "b"]);
        assert_eq!(grid.lines, [2, 3]);
        assert_eq!(grid.notices[1], "2 columns at the end without a name and without a value left out");
        assert_eq!(grid.notices[2], "2 rows without any value at the end left out");
    }

    #[test]
    fn each_way_to_be_wrong_is_told_with_its_line() {
        let table = [
            ("", "the file is empty"),
            ("\n \n\n", "the file is empty"),
            (",,\n1,2,3\n", "the header names no column"),
            ("a,b\n", "a header but no rows"),
            ("a,b\n,\n", "a header but no rows"),
            ("a,,c\n1,2,3\n", "line 1: column 2 has no name"),
            ("\"\",a\n1,2\n", "line 1: column 1 has no name"),
            ("a,b, a \n1,2,3\n", "line 1: columns 1 and 3 are both named `a`"),
            ("a,b,\n1,2,3\n", "line 2: column 3 holds `3` but has no name"),
            ("a,b\n1,2\n3\n", "line 3 has 1 cell, but the header on line 1 names 2 columns"),
            (
                "a,b\n1,\"x\ny\"\n3,4,5\n6\n",
                "line 4 has 3 cells, but the header on line 1 names 2 columns; line 5 has 1",
            ),
            ("a\n\"1\n2\n", "line 2: a quotation mark opens and never closes"),
            ("a,b\n1,\"x\"y\n", "line 2: text follows a closing quotation mark"),
            (
                "a,b\n1,\"x\ny\"z\n",
                "line 3: text follows the quotation mark that closes a cell opened on line 2",
            ),
        ];
        for (text, words) in table {
            let message = error(text).message;
            assert!(message.contains(words), "{text:?}: `{message}` lacks `{words}`");
        }
    }

    #[test]
    fn many_ragged_rows_are_counted_and_rows_with_row_names_explained() {
        let rows = "1,2,3\n".repeat(9);
        let found = error(&format!("a,b\n{rows}"));
        assert!(found.message.ends_with("line 6 has 3, and so on: 9 lines in all"), "{}", found.message);
        assert!(found.hint.expect("a hint").contains("row names"));
    }

    #[test]
    fn a_title_above_the_header_is_suspected() {
        let found = error("Trial 7\na;b\n1;2\n3;4\n");
        assert!(found.message.contains("line 2 has 2 cells"), "{}", found.message);
        assert!(found.hint.expect("a hint").contains("Titles above it"));
    }
}
