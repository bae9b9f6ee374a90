//! Cuts a text into pieces at the ends of records: a line break inside quotation marks is no end.

use memchr::{memchr, memrchr2};

use crate::data::records::is_blank;

/// Finds where a text may be cut while it comes in, from the beginning of a record on.
#[derive(Debug, Clone, Default)]
pub struct Cutter {
    delimiter: u8,
    /// How many bytes have been looked at.
    seen: usize,
    /// Whether the last of them stands inside quotation marks.
    quoted: bool,
    /// One past the last line break outside quotation marks.
    last_end: usize,
}

impl Cutter {
    /// A text whose cells are divided by `delimiter`.
    pub fn new(delimiter: u8) -> Self {
        Cutter { delimiter, ..Cutter::default() }
    }

    /// How long the longest piece of whole records at the beginning of `bytes` is; 0 where no record ends.
    ///
    /// `bytes` are those of the last call without the piece that it gave, and what has come since; `complete` says
    /// that nothing follows. After a mistake in the quotation marks the cuts mean nothing.
    pub fn cut(&mut self, bytes: &[u8], complete: bool) -> usize {
        self.look(bytes, complete);
        let cut = if complete { bytes.len() } else { self.last_end };
        self.seen -= cut.min(self.seen);
        self.last_end = 0;
        cut
    }

    /// Whether the last byte looked at stands inside quotation marks.
    pub fn is_quoted(&self) -> bool {
        self.quoted
    }

    fn look(&mut self, bytes: &[u8], complete: bool) {
        while self.seen < bytes.len() {
            let Some(mark) = memchr(b'"', &bytes[self.seen..]).map(|at| at + self.seen) else {
                self.note_end(bytes, bytes.len(), complete);
                self.seen = bytes.len();
                return;
            };
            if !self.quoted {
                self.note_end(bytes, mark, complete);
                self.quoted = self.begins_cell(&bytes[..mark]);
                self.seen = mark + 1;
                continue;
            }
            match bytes.get(mark + 1) {
                Some(b'"') => self.seen = mark + 2,
                None if !complete => {
                    self.seen = mark; // one mark or two? the next call knows
                    return;
                }
                _ => {
                    self.quoted = false;
                    self.seen = mark + 1;
                }
            }
        }
    }

    /// Takes note of the last line break before `end`, where what has not been seen is outside quotation marks. A
    /// CR at the very end may be half of a CR LF.
    fn note_end(&mut self, bytes: &[u8], end: usize, complete: bool) {
        if self.quoted {
            return;
        }
        let last_is_half = !complete && end == bytes.len() && bytes[..end].ends_with(b"\r");
        let stretch = &bytes[self.seen..end - usize::from(last_is_half && end > self.seen)];
        if let Some(at) = memrchr2(b'\n', b'\r', stretch) {
            self.last_end = self.seen + at + 1;
        }
    }

    /// Whether a quotation mark after `before` is the first character of a cell that is not blank.
    fn begins_cell(&self, before: &[u8]) -> bool {
        let mut end = before.len();
        while end > 0 {
            let last = before[end - 1];
            if last == self.delimiter || last == b'\n' || last == b'\r' {
                return true;
            }
            match last_blank(&before[..end]) {
                0 => return false,
                length => end -= length,
            }
        }
        true
    }
}

/// The length in bytes of the blank at the end; 0 where there is none.
fn last_blank(bytes: &[u8]) -> usize {
    const LONGEST: usize = 4; // bytes of a character in UTF-8
    const NO_BREAK_SPACE: u8 = 0xA0; // in Windows-1252
    for length in 1..=LONGEST.min(bytes.len()) {
        if let Ok(text) = std::str::from_utf8(&bytes[bytes.len() - length..]) {
            let is_one = text.chars().count() == 1 && text.chars().all(is_blank);
            return if is_one { length } else { 0 };
        }
    }
    usize::from(bytes.last() == Some(&NO_BREAK_SPACE))
}
