//! Goes through the rows of a piece and gives the wanted cells of each, trimmed.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::data::body::Cell;
use crate::data::edges::Edges;
use crate::data::header::Shape;
use crate::data::records::{Records, Span, trim};
use crate::data::short::{TOGETHER, WORD, Words, short_number};
use crate::num::lanes::wide;

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
pub trait Sink<'t> {
    /// The cell of a row that the want of that place asks for.
    fn cell(&mut self, row: Row, want: usize, cell: Cell<'t>);
    /// Cells of a row that are numbers by their look, each with its want and its place.
    #[inline(always)]
    fn numbers(&mut self, row: Row, wants: &[(usize, usize)], numbers: &[f64]) {
        for ((want, _), number) in wants.iter().zip(numbers) {
            self.cell(row, *want, Cell::Number(*number));
        }
    }
    /// All wanted cells of the row were given.
    fn end(&mut self, row: Row);
}

/// Gives `sink` the wanted cells, whose places ascend, of each of the first `n_rows` rows of a checked text.
pub fn each<'t>(text: &'t str, shape: Shape, n_rows: usize, wants: &[Want], sink: &mut impl Sink<'t>) {
    if has_quotes(text) {
        quoted_rows(text, shape, n_rows, wants, &mut |number, line, cells: &[Cell<'t>]| {
            let row = Row { number, line };
            cells.iter().enumerate().for_each(|(want, cell)| sink.cell(row, want, cell.clone()));
            sink.end(row);
        });
        return;
    }
    let mut line = Line::new(shape, wants);
    wide(
        #[inline(always)]
        || {
            plain_rows(
                text,
                shape,
                n_rows,
                #[inline(always)]
                |row, rest, length| {
                    line.cells(rest, length, row, sink);
                    sink.end(row);
                },
            );
        },
    );
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
    let mut wanted = vec![Cell::Number(f64::NAN); wants.len()];
    let mut line = Line::new(shape, wants);
    plain_rows(text, shape, n_rows, |row, rest, length| {
        line.cells(rest, length, row, &mut Listed(&mut wanted));
        take(row.number, row.line, &wanted);
    });
}

/// The cells of a row in the order of the wants.
struct Listed<'a, 't>(&'a mut [Cell<'t>]);

impl<'t> Sink<'t> for Listed<'_, 't> {
    #[inline(always)]
    fn cell(&mut self, _row: Row, want: usize, cell: Cell<'t>) {
        self.0[want] = cell;
    }

    #[inline(always)]
    fn end(&mut self, _row: Row) {}
}

fn has_quotes(text: &str) -> bool {
    memchr(b'"', text.as_bytes()).is_some()
}

/// The rows of a text without quotation marks: each with the text that begins with it, and its length.
#[inline(always)]
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

/// The wanted cells of one line after the other.
struct Line {
    delimiter: u8,
    width: usize,
    /// Each cell to be read as a number: which want it is, and its place.
    numbers: Vec<(usize, usize)>,
    /// The others.
    texts: Vec<(usize, usize)>,
    edges: Edges,
    words: Words,
}

impl Line {
    fn new(shape: Shape, wants: &[Want]) -> Line {
        let of = |as_number: bool| {
            let some = wants.iter().enumerate().filter(|(_, want)| want.as_number == as_number);
            some.map(|(idx, want)| (idx, want.place)).collect()
        };
        let last = wants.iter().map(|want| want.place + 1).max().unwrap_or_default();
        Line {
            delimiter: shape.delimiter,
            width: shape.width.max(last),
            numbers: of(true),
            texts: of(false),
            edges: Edges::default(),
            words: Words::new(),
        }
    }

    /// Gives `sink` the wanted cells of the line that is the first `length` bytes of a text.
    #[inline(always)]
    fn cells<'t>(&mut self, text: &'t str, length: usize, row: Row, sink: &mut impl Sink<'t>) {
        let Line { delimiter, width, numbers, texts, edges, words } = self;
        let bytes = text.as_bytes();
        let no_point = *delimiter != b','; // it has to be known which numbers have decimals: these stay text
        edges.find(bytes, length, *delimiter, *width);
        for some in numbers.chunks(TOGETHER) {
            for (k, (_, place)) in some.iter().enumerate() {
                let (start, end) = edges.cell(*place);
                (words.words[k], words.lengths[k]) = (word_at(bytes, start), (end - start) as u64);
            }
            if words.read(some.len(), no_point) {
                sink.numbers(row, some, &words.values);
                continue;
            }
            for (k, (want, place)) in some.iter().enumerate() {
                let cell = match words.doubt[k] {
                    0 => Cell::Number(words.values[k]),
                    _ => other_cell(text, edges.cell(*place), no_point),
                };
                sink.cell(row, *want, cell);
            }
        }
        for (want, place) in texts {
            let (start, end) = edges.cell(*place);
            sink.cell(row, *want, text_of(text, start, end));
        }
    }
}

/// The eight bytes from one on, zeros after the end.
#[inline(always)]
fn word_at(bytes: &[u8], start: usize) -> u64 {
    let rest = &bytes[start..];
    u64::from_le_bytes(rest.first_chunk::<WORD>().copied().unwrap_or_else(|| {
        let mut word = [0; WORD];
        word[..rest.len()].copy_from_slice(rest);
        word
    }))
}

fn text_of(text: &str, start: usize, end: usize) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(trim(text.get(start..end).unwrap_or_default())))
}

/// A cell that is no number of few digits: a longer one, or text.
fn other_cell(text: &str, (start, end): (usize, usize), no_point: bool) -> Cell<'_> {
    let cell = &text.as_bytes()[start..end];
    let longer = || short_number(cell).filter(|number| !(no_point && number.has_point));
    let could_be_code = |has_point: bool| cell[0] == b'0' && !has_point;
    match Some(cell.len()).filter(|n| *n >= WORD).and_then(|_| longer()) {
        Some(number) if !could_be_code(number.has_point) => Cell::Number(number.value),
        _ => text_of(text, start, end),
    }
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
