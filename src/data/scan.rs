//! Goes through the rows of a piece and gives the wanted cells of each, trimmed.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::data::body::Cell;
use crate::data::cell::short_number;
use crate::data::header::Shape;
use crate::data::records::{Records, Span, trim};

/// A cell that is wanted of each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// The place of its column.
    pub place: usize,
    /// Whether a plain number is best given as one, for it will be read as one.
    pub as_number: bool,
}

impl Want {
    /// The text of the cell at a place.
    pub fn text(place: usize) -> Want {
        Want { place, as_number: false }
    }
}

/// Calls `take` for each of the first `n_rows` rows of a checked text with its number, its line (counted from the
/// first line of the text) and the wanted cells, whose places ascend.
pub fn rows<'t>(
    text: &'t str,
    shape: Shape,
    n_rows: usize,
    wants: &[Want],
    mut take: impl FnMut(usize, u32, &[Cell<'t>]),
) {
    if memchr(b'"', text.as_bytes()).is_some() {
        quoted_rows(text, shape, n_rows, wants, &mut take);
        return;
    }
    let mut wanted = Vec::with_capacity(wants.len());
    let (mut rest, mut row, mut number) = (text, 0, 0);
    while row < n_rows
        && let Some((line, next)) = first_line(rest)
    {
        if !is_blank_line(line, shape.delimiter) {
            cells_of_line(rest, line.len(), shape.delimiter, wants, &mut wanted);
            take(row, number, &wanted);
            row += 1;
        }
        number += 1;
        rest = next;
    }
}

/// The rows of a text with quotation marks.
fn quoted_rows<'t>(
    text: &'t str,
    shape: Shape,
    n_rows: usize,
    wants: &[Want],
    take: &mut impl FnMut(usize, u32, &[Cell<'t>]),
) {
    let mut records = Records::new(text, shape.delimiter, 0, 0);
    let mut cells: Vec<Span> = Vec::with_capacity(shape.width);
    let mut wanted = Vec::with_capacity(wants.len());
    let mut row = 0;
    while row < n_rows {
        let Ok(Some(line)) = records.read(&mut cells) else { return };
        if records.is_blank(&cells) {
            continue;
        }
        wanted.clear();
        wanted.extend(wants.iter().map(|want| match cells.get(want.place) {
            Some(span) => Cell::Text(records.value(*span)),
            None => Cell::Text(Cow::Borrowed("")),
        }));
        take(row, line, &wanted);
        row += 1;
    }
}

fn is_blank_line(line: &str, delimiter: u8) -> bool {
    let begins_plainly = line.as_bytes().first().is_some_and(|b| matches!(b, b'!'..=b'~'));
    !begins_plainly && trim(line).is_empty() && memchr(delimiter, line.as_bytes()).is_none()
}

/// The wanted cells of the line that is the first `length` bytes of a text.
fn cells_of_line<'t>(text: &'t str, length: usize, delimiter: u8, wants: &[Want], cells: &mut Vec<Cell<'t>>) {
    cells.clear();
    let bytes = text.as_bytes();
    let end_of_cell = |start: usize| find_soon(bytes, start, delimiter).min(length);
    let (mut place, mut start) = (0, 0);
    for want in wants {
        while place < want.place && start <= length {
            start = end_of_cell(start) + 1;
            place += 1;
        }
        let (cell, end) = match number_at(bytes, start, length, delimiter, *want) {
            Some((value, n_bytes)) => (Cell::Number(value), start + n_bytes),
            None => {
                let end = end_of_cell(start.min(length));
                (Cell::Text(Cow::Borrowed(trim(text.get(start..end).unwrap_or_default()))), end)
            }
        };
        cells.push(cell);
        start = end + 1;
        place += 1;
    }
}

/// The number that a cell is at first sight, where one is wanted, and its length. Where commas can be decimal marks, it
/// has to be known which numbers have decimals: these stay text.
fn number_at(bytes: &[u8], start: usize, end: usize, delimiter: u8, want: Want) -> Option<(f64, usize)> {
    let cell = bytes.get(start..end).filter(|_| want.as_number)?;
    let short = short_number(cell, Some(delimiter))?;
    let could_be_code = short.n_bytes > 1 && cell[0] == b'0' && !short.has_point;
    let could_be_grouped = short.has_point && delimiter != b',';
    (!could_be_code && !could_be_grouped).then_some((short.value, short.n_bytes))
}

/// Where a byte stands from `start` on, or the end. Eight bytes at a time, for cells are shorter than what a search
/// in long vectors is made for.
fn find_soon(bytes: &[u8], start: usize, wanted: u8) -> usize {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    let mut at = start;
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let differs = u64::from_le_bytes(*word) ^ (ONES * u64::from(wanted)); // a zero byte where it stands
        let zeros = differs.wrapping_sub(ONES) & !differs & HIGHS; // the lowest high bit marks the first of them
        if zeros != 0 {
            return at + zeros.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    bytes[at..].iter().position(|b| *b == wanted).map_or(bytes.len(), |length| at + length)
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
        let (line, rest) = first_line(self.rest)?;
        self.rest = rest;
        Some(line)
    }
}

/// The first line of a text and what follows it; `None` where there is no text.
fn first_line(text: &str) -> Option<(&str, &str)> {
    if text.is_empty() {
        return None;
    }
    let bytes = text.as_bytes();
    let Some(end) = memchr2(b'\n', b'\r', bytes) else { return Some((text, "")) };
    let length = if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
    Some((&text[..end], &text[end + length..]))
}
