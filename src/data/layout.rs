//! Checks that every row of a text has its cells: widths, quotation marks, decimal marks, what is left out at the end.

use std::ops::Range;

use crate::data::cell::{self, Mark};
use crate::data::dialect;
use crate::data::header::{Header, Shape, broken_quotes};
use crate::data::records::{Malformed, Records, Span, trim};
use crate::data::scan::Lines;
use crate::error::{Error, Result};

/// A stretch of whole records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Which of the files it is in.
    pub file: usize,
    /// Its bytes in the text, or its rows in a Parquet file.
    pub stretch: Range<u64>,
    /// The line on which it begins.
    pub line: u32,
    /// How many rows stand before it.
    pub first_row: usize,
    /// Its rows.
    pub n_rows: usize,
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

/// A checked text: which rows it has and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The pieces that have rows.
    pub pieces: Vec<Piece>,
    /// The rows of all pieces.
    pub n_rows: usize,
    /// Rows at the end without any value, which are left out.
    pub n_empty_at_end: usize,
    /// The lines of the file.
    pub n_lines: u32,
    /// Which decimal marks the file shows.
    pub marks: Marks,
    /// What was found or left out, one sentence each.
    pub notices: Vec<String>,
}

/// What one piece was found to be; lines are counted from the one on which it begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// Lines of the piece.
    pub n_lines: u32,
    n_rows: usize,
    /// Rows up to the last that has a value.
    n_rows_to_value: usize,
    comma: Option<u32>,
    point: Option<u32>,
    has_records: bool,
    /// Blank lines before the first record or between records, and after the last.
    n_blank: usize,
    n_blank_at_end: usize,
    /// The first rows of wrong width, as line and width, and the number of all.
    wrong: Vec<(u32, usize)>,
    n_wrong: usize,
    all_wrong_alike: bool,
    /// The first cell in a column without a name: line, column, cell.
    nameless: Option<(u32, usize, String)>,
    broken: Option<Malformed>,
}

impl Part {
    /// Looks through the text of a piece.
    pub fn of(text: &str, shape: Shape) -> Part {
        let mut part = Part { all_wrong_alike: true, ..Part::default() };
        let has_quotes = memchr::memchr(b'"', text.as_bytes()).is_some();
        if has_quotes || shape.n_named < shape.width {
            part.read_records(text, shape);
        } else {
            part.read_lines(text, shape);
        }
        part
    }

    /// Counts the lines of a text, and nothing else.
    pub fn of_lines(text: &str) -> Part {
        Part { n_lines: u32::try_from(Lines::of(text).count()).unwrap_or(u32::MAX), ..Part::default() }
    }

    /// Each line is a record, for there are no quotation marks.
    fn read_lines(&mut self, text: &str, shape: Shape) {
        for line in Lines::of(text) {
            let number = self.n_lines;
            self.n_lines = self.n_lines.saturating_add(1);
            let bytes = line.as_bytes();
            let width = 1 + memchr::memchr_iter(shape.delimiter, bytes).count();
            let begins_plainly =
                bytes.first().is_some_and(|b| matches!(b, b'!'..=b'~') && *b != shape.delimiter);
            let has_value =
                || begins_plainly || line.split(shape.delimiter as char).any(|c| !trim(c).is_empty());
            if !begins_plainly && width == 1 && trim(line).is_empty() {
                self.n_blank_at_end += 1;
                continue;
            }
            self.begin_record();
            if width != shape.width {
                self.note_wrong(number, width);
            } else if self.n_wrong == 0 {
                self.note_row(shape.width == 1 || has_value());
                if self.wants_marks(shape) {
                    line.split(shape.delimiter as char).for_each(|c| self.note_marks(trim(c), number));
                }
            }
        }
    }

    fn read_records(&mut self, text: &str, shape: Shape) {
        let mut records = Records::new(text, shape.delimiter, 0, 0);
        let mut cells = Vec::new();
        loop {
            match records.read(&mut cells) {
                Ok(Some(line)) => self.take(&records, &cells, line, shape),
                Ok(None) => break,
                Err(broken) => {
                    self.broken = Some(broken);
                    break;
                }
            }
        }
        self.n_lines = if self.broken.is_some() { Part::of_lines(text).n_lines } else { records.line() };
    }

    /// Takes one record.
    fn take(&mut self, records: &Records<'_>, cells: &[Span], line: u32, shape: Shape) {
        if records.is_blank(cells) {
            self.n_blank_at_end += 1;
            return;
        }
        self.begin_record();
        if cells.len() != shape.width {
            self.note_wrong(line, cells.len());
        } else if self.n_wrong == 0 {
            let (named, nameless) = cells.split_at(shape.n_named);
            for (idx, span) in nameless.iter().enumerate() {
                let value = records.value(*span);
                if !value.is_empty() && self.nameless.is_none() {
                    self.nameless = Some((line, shape.n_named + idx, value.into_owned()));
                }
            }
            self.note_row(shape.width == 1 || named.iter().any(|span| !records.value(*span).is_empty()));
            if self.wants_marks(shape) {
                named.iter().for_each(|span| self.note_marks(&records.value(*span), line));
            }
        }
    }

    fn begin_record(&mut self) {
        self.has_records = true;
        self.n_blank += std::mem::take(&mut self.n_blank_at_end);
    }

    fn note_row(&mut self, has_value: bool) {
        self.n_rows += 1;
        if has_value {
            self.n_rows_to_value = self.n_rows;
        }
    }

    fn note_wrong(&mut self, line: u32, width: usize) {
        self.all_wrong_alike &= self.wrong.first().is_none_or(|(_, first)| *first == width);
        self.n_wrong += 1;
        if self.wrong.len() < WRONG_ROWS_SHOWN {
            self.wrong.push((line, width));
        }
    }

    fn wants_marks(&self, shape: Shape) -> bool {
        shape.comma_is_free() && (self.comma.is_none() || self.point.is_none())
    }

    fn note_marks(&mut self, value: &str, line: u32) {
        const LONGEST: usize = 32; // longer cells are no measurements
        if value.len() > LONGEST {
            return;
        }
        match cell::decimals(value) {
            Some(d) if d.could_group => {}
            Some(d) if d.mark == Mark::Comma => _ = self.comma.get_or_insert(line),
            Some(_) => _ = self.point.get_or_insert(line),
            None => {}
        }
    }
}

const WRONG_ROWS_SHOWN: usize = 5;

/// The pieces of a text put together, in their order.
#[derive(Debug, Clone)]
pub struct Layout<'a> {
    header: &'a Header,
    pieces: Vec<Piece>,
    next_line: u32,
    next_row: usize,
    /// Rows up to the last that has a value.
    n_rows_to_value: usize,
    sum: Part,
}

impl<'a> Layout<'a> {
    /// No piece yet.
    pub fn new(header: &'a Header) -> Self {
        Layout {
            header,
            pieces: Vec::new(),
            next_line: header.rows_line,
            next_row: 0,
            n_rows_to_value: 0,
            sum: Part { all_wrong_alike: true, ..Part::default() },
        }
    }

    /// No piece yet, so many lines after the header.
    pub fn after(header: &'a Header, n_lines: u32) -> Self {
        Layout { next_line: header.rows_line.saturating_add(n_lines), ..Layout::new(header) }
    }

    /// Adds the piece that follows.
    ///
    /// # Errors
    /// Data: a value in a column without a name; quotation marks that do not close (or, before them, rows of
    /// wrong width).
    pub fn add(&mut self, bytes: Range<u64>, part: Part) -> Result<()> {
        let begins = self.next_line;
        let line = |relative: u32| begins.saturating_add(relative);
        if self.sum.n_wrong == 0 {
            if let Some((at, column, value)) = &part.nameless {
                return Err(nameless(line(*at), *column, value));
            }
            let (first_row, n_rows) = (self.next_row, part.n_rows);
            self.pieces.push(Piece { file: 0, stretch: bytes, line: begins, first_row, n_rows });
            if part.n_rows_to_value > 0 {
                self.n_rows_to_value = self.next_row + part.n_rows_to_value;
            }
            self.next_row += part.n_rows;
            self.sum.comma = self.sum.comma.or(part.comma.map(line));
            self.sum.point = self.sum.point.or(part.point.map(line));
        }
        self.add_wrong(&part, begins);
        if let Some(broken) = part.broken {
            return Err(self.ragged().unwrap_or_else(|| broken_quotes(broken.shifted(begins))));
        }
        if part.has_records {
            self.sum.n_blank += self.sum.n_blank_at_end + part.n_blank;
            self.sum.n_blank_at_end = part.n_blank_at_end;
        } else {
            self.sum.n_blank_at_end += part.n_blank_at_end;
        }
        self.next_line = line(part.n_lines);
        Ok(())
    }

    fn add_wrong(&mut self, part: &Part, begins: u32) {
        for (line, width) in &part.wrong {
            self.sum.note_wrong(begins.saturating_add(*line), *width);
        }
        self.sum.n_wrong += part.n_wrong - part.wrong.len();
        self.sum.all_wrong_alike &= part.all_wrong_alike;
    }

    /// The error that the rows of wrong width make, if there are any.
    fn ragged(&self) -> Option<Error> {
        let Part { wrong, n_wrong, all_wrong_alike, .. } = &self.sum;
        let (line, found) = *wrong.first()?;
        let (expected, header_line) = (self.header.shape.width, self.header.line);
        let mut message = format!(
            "line {line} has {}, but the header on line {header_line} names {}",
            counted(found, "cell"),
            counted(expected, "column")
        );
        if *n_wrong > 1 {
            let others: Vec<String> =
                wrong[1..].iter().map(|(line, found)| format!("line {line} has {found}")).collect();
            message += &format!("; {}", others.join(", "));
        }
        if *n_wrong > wrong.len() {
            message += &format!(", and so on: {} in all", counted(*n_wrong, "line"));
        }
        let every_row = *all_wrong_alike && self.next_row == 0 && *n_wrong > 1;
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

    /// What the pieces are together.
    ///
    /// # Errors
    /// Data: rows of wrong width; no row.
    pub fn finish(mut self) -> Result<Checked> {
        if let Some(error) = self.ragged() {
            return Err(error);
        }
        let n_rows = self.n_rows_to_value;
        if n_rows == 0 {
            return Err(Error::data("the file has a header but no rows"));
        }
        let notices = self.notices();
        for piece in &mut self.pieces {
            piece.n_rows = piece.n_rows.min(n_rows.saturating_sub(piece.first_row));
        }
        self.pieces.retain(|piece| piece.n_rows > 0);
        let comma_is_free = self.header.shape.comma_is_free();
        let marks = Marks { comma_is_free, comma: self.sum.comma, point: self.sum.point };
        let n_empty_at_end = self.next_row - n_rows;
        Ok(Checked {
            pieces: self.pieces,
            n_rows,
            n_empty_at_end,
            n_lines: self.next_line - 1,
            marks,
            notices,
        })
    }

    fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        let Shape { delimiter, width, n_named } = self.header.shape;
        if delimiter != b',' {
            notices.push(format!("the delimiter is a {}", dialect::name(delimiter)));
        }
        if let Some(line) = self.sum.comma {
            notices.push(format!("numbers have decimal commas (first on line {line})"));
        }
        if n_named < width {
            notices.push(format!(
                "{} at the end without a name and without a value left out",
                counted(width - n_named, "column")
            ));
        }
        let n_blank = self.sum.n_blank + self.header.n_blank;
        if n_blank > 0 {
            notices.push(format!("{} between the rows skipped", counted(n_blank, "empty line")));
        }
        let n_empty_at_end = self.next_row - self.n_rows_to_value;
        if n_empty_at_end > 0 {
            notices.push(format!("{} without any value at the end left out", counted(n_empty_at_end, "row")));
        }
        notices
    }
}

fn nameless(line: u32, column: usize, value: &str) -> Error {
    Error::data(format!("line {line}: column {} holds {} but has no name", column + 1, cell::shown(value)))
        .hint("name the column in the first line, or delete it")
}

/// `1 row`, `2 rows`.
pub fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
