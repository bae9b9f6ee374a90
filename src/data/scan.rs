//! Goes through the rows of a piece and gives the wanted cells of each, trimmed.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::data::header::Shape;
use crate::data::records::{Records, Span, trim};

/// Calls `take` for each of the first `n_rows` rows of a checked text with its number, its line (counted from the
/// first line of the text) and its cells at some places, which ascend.
pub fn rows<'t>(
    text: &'t str,
    shape: Shape,
    n_rows: usize,
    places: &[usize],
    mut take: impl FnMut(usize, u32, &[Cow<'t, str>]),
) {
    if memchr(b'"', text.as_bytes()).is_some() {
        quoted_rows(text, shape, n_rows, places, &mut take);
        return;
    }
    let mut wanted = Vec::with_capacity(places.len());
    let mut row = 0;
    for (number, line) in (0..).zip(Lines::of(text)) {
        if row == n_rows {
            return;
        }
        if is_blank_line(line, shape.delimiter) {
            continue;
        }
        cells_of_line(line, shape.delimiter, places, &mut wanted);
        take(row, number, &wanted);
        row += 1;
    }
}

/// The rows of a text with quotation marks.
fn quoted_rows<'t>(
    text: &'t str,
    shape: Shape,
    n_rows: usize,
    places: &[usize],
    take: &mut impl FnMut(usize, u32, &[Cow<'t, str>]),
) {
    let mut records = Records::new(text, shape.delimiter, 0, 0);
    let mut cells: Vec<Span> = Vec::with_capacity(shape.width);
    let mut wanted = Vec::with_capacity(places.len());
    let mut row = 0;
    while row < n_rows {
        let Ok(Some(line)) = records.read(&mut cells) else { return };
        if records.is_blank(&cells) {
            continue;
        }
        wanted.clear();
        wanted.extend(places.iter().map(|place| match cells.get(*place) {
            Some(span) => records.value(*span),
            None => Cow::Borrowed(""),
        }));
        take(row, line, &wanted);
        row += 1;
    }
}

fn is_blank_line(line: &str, delimiter: u8) -> bool {
    let begins_plainly = line.as_bytes().first().is_some_and(|b| matches!(b, b'!'..=b'~'));
    !begins_plainly && trim(line).is_empty() && memchr(delimiter, line.as_bytes()).is_none()
}

/// The cells of a line at some places.
fn cells_of_line<'t>(line: &'t str, delimiter: u8, places: &[usize], wanted: &mut Vec<Cow<'t, str>>) {
    wanted.clear();
    let bytes = line.as_bytes();
    let (mut place, mut start) = (0, 0);
    for next in places {
        while place < *next && start <= bytes.len() {
            start = end_of_cell(bytes, start, delimiter) + 1;
            place += 1;
        }
        let end = end_of_cell(bytes, start.min(bytes.len()), delimiter);
        wanted.push(Cow::Borrowed(line.get(start..end).map_or("", trim)));
    }
}

/// Where the cell that begins at `start` ends. Cells are short: a loop is faster than a search here.
fn end_of_cell(bytes: &[u8], start: usize, delimiter: u8) -> usize {
    bytes[start..].iter().position(|b| *b == delimiter).map_or(bytes.len(), |length| start + length)
}

/// The lines of a text without their LF, CR LF or CR.
#[derive(Debug, Clone)]
pub struct Lines<'t> {
    rest: &'t str,
}

impl<'t> Lines<'t> {
    /// The lines of `text`; a line break at its end does not begin another.
    pub fn of(text: &'t str) -> Self {
        Lines { rest: text }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let Some(end) = memchr2(b'\n', b'\r', bytes) else {
            return Some(std::mem::take(&mut self.rest));
        };
        let line = &self.rest[..end];
        let length = if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
        self.rest = &self.rest[end + length..];
        Some(line)
    }
}
