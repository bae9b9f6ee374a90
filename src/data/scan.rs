//! Goes through the rows of a piece and gives the wanted cells of each, trimmed.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::data::body::Cell;
use crate::data::cell::{ShortNumber, WORD, first_of, number_in_word, short_number};
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

/// Which row it is: its number and its line, both counted from the first of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub number: usize,
    /// Its line.
    pub line: u32,
}

/// Takes the wanted cells of rows, one after the other.
pub trait Sink {
    /// The cell of a row that the want of that place asks for.
    fn cell(&mut self, row: Row, want: usize, cell: &Cell<'_>);
    /// All wanted cells of the row were given.
    fn end(&mut self, row: Row);
}

/// Gives `sink` the wanted cells, whose places ascend, of each of the first `n_rows` rows of a checked text.
pub fn each(text: &str, shape: Shape, n_rows: usize, wants: &[Want], sink: &mut impl Sink) {
    if has_quotes(text) {
        quoted_rows(text, shape, n_rows, wants, &mut |number, line, cells: &[Cell<'_>]| {
            let row = Row { number, line };
            cells.iter().enumerate().for_each(|(want, cell)| sink.cell(row, want, cell));
            sink.end(row);
        });
        return;
    }
    plain_rows(text, shape, n_rows, |row, rest, length| {
        cells_of_line(rest, length, shape.delimiter, wants, |want, cell| sink.cell(row, want, &cell));
        sink.end(row);
    });
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
    if has_quotes(text) {
        quoted_rows(text, shape, n_rows, wants, &mut take);
        return;
    }
    let mut wanted = Vec::with_capacity(wants.len());
    plain_rows(text, shape, n_rows, |row, rest, length| {
        wanted.clear();
        cells_of_line(rest, length, shape.delimiter, wants, |_, cell| wanted.push(cell));
        take(row.number, row.line, &wanted);
    });
}

fn has_quotes(text: &str) -> bool {
    memchr(b'"', text.as_bytes()).is_some()
}

/// The rows of a text without quotation marks: each with the text that begins with it, and its length.
fn plain_rows<'t>(text: &'t str, shape: Shape, n_rows: usize, mut take: impl FnMut(Row, &'t str, usize)) {
    let (mut rest, mut row) = (text, Row { number: 0, line: 0 });
    while row.number < n_rows
        && let Some((line, next)) = first_line(rest)
    {
        if !is_blank_line(line, shape.delimiter) {
            take(row, rest, line.len());
            row.number += 1;
        }
        row.line += 1;
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

/// Calls `take` for each want with its wanted cell of the line that is the first `length` bytes of a text.
#[inline(always)]
fn cells_of_line<'t>(
    text: &'t str,
    length: usize,
    delimiter: u8,
    wants: &[Want],
    mut take: impl FnMut(usize, Cell<'t>),
) {
    let bytes = text.as_bytes();
    let end_of_cell = |start: usize| find_soon(bytes, start, delimiter).min(length);
    let (mut place, mut start) = (0, 0);
    for (idx, want) in wants.iter().enumerate() {
        while place < want.place && start <= length {
            start = end_of_cell(start) + 1;
            place += 1;
        }
        let end = match number_at(bytes, start, length, delimiter, *want) {
            Some(number) => {
                take(idx, Cell::Number(number.value));
                start + number.n_bytes
            }
            None => {
                let end = end_of_cell(start.min(length));
                let cell = trim(text.get(start..end).unwrap_or_default());
                take(idx, Cell::Text(Cow::Borrowed(cell)));
                end
            }
        };
        start = end + 1;
        place += 1;
    }
}

/// The number that a cell is at first sight, where one is wanted. Where commas can be decimal marks, it has to be known
/// which numbers have decimals: these stay text.
#[inline(always)]
fn number_at(bytes: &[u8], start: usize, end: usize, delimiter: u8, want: Want) -> Option<ShortNumber> {
    if !want.as_number || start >= end {
        return None;
    }
    let mut found = None;
    if let Some(word) = bytes[start..].first_chunk::<WORD>() {
        let word = u64::from_le_bytes(*word);
        found = number_in_word(word, first_of(word, delimiter).min(end - start));
    }
    let short = match found {
        Some(short) => short,
        None => longer_number(&bytes[start..end], delimiter)?,
    };
    // all conditions are looked at, for which of them holds is hard to foresee
    let could_be_code = (short.n_bytes > 1) & (bytes[start] == b'0') & !short.has_point;
    let could_be_grouped = short.has_point & (delimiter != b',');
    if could_be_code | could_be_grouped { None } else { Some(short) }
}

/// What is rare is kept apart from what is frequent.
#[cold]
fn longer_number(cell: &[u8], delimiter: u8) -> Option<ShortNumber> {
    short_number(cell, Some(delimiter))
}

/// Where a byte stands from `start` on, or the end. A word at a time, for cells are shorter than what a search in long
/// vectors is made for.
fn find_soon(bytes: &[u8], start: usize, wanted: u8) -> usize {
    let mut at = start;
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WORD>()) {
        let place = first_of(u64::from_le_bytes(*word), wanted);
        if place < WORD {
            return at + place;
        }
        at += WORD;
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
