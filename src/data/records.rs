//! Cuts CSV text into records and cells: quotation marks, line breaks inside them, and on which line each record starts.

use std::borrow::Cow;

/// One cell as a stretch of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte (after an opening quotation mark).
    pub start: usize,
    /// One past the last byte (before a closing quotation mark).
    pub end: usize,
    /// Whether the cell stood in quotation marks.
    pub quoted: bool,
}

/// What breaks the grammar of a CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// A quotation mark opens on this line and never closes.
    Unclosed {
        /// The line of the opening mark.
        opened: u32,
    },
    /// After a closing quotation mark something else than a delimiter follows.
    AfterQuote {
        /// The line of the opening mark.
        opened: u32,
        /// The line of what follows.
        line: u32,
    },
}

impl Malformed {
    /// The same, `n_lines` further down.
    pub fn shifted(self, n_lines: u32) -> Malformed {
        match self {
            Malformed::Unclosed { opened } => Malformed::Unclosed { opened: opened.saturating_add(n_lines) },
            Malformed::AfterQuote { opened, line } => Malformed::AfterQuote {
                opened: opened.saturating_add(n_lines),
                line: line.saturating_add(n_lines),
            },
        }
    }
}

/// The records of a text, one after the other.
///
/// A record ends with LF, CR LF or a lone CR outside quotation marks. A cell is quoted when its first character
/// that is not blank is `"`; inside, `""` stands for one. Elsewhere a `"` is a character like any other.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    text: &'a str,
    delimiter: u8,
    at: usize,
    line: u32,
}

impl<'a> Records<'a> {
    /// The records of `text` from byte `start` on, which is the beginning of line `line`.
    pub fn new(text: &'a str, delimiter: u8, start: usize, line: u32) -> Self {
        Records { text, delimiter, at: start, line }
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The line on which the next record starts.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Reads the next record into `cells` and gives the line on which it starts; `None` at the end of the text.
    ///
    /// # Errors
    /// [`Malformed`], after which no further record can be read.
    pub fn read(&mut self, cells: &mut Vec<Span>) -> Result<Option<u32>, Malformed> {
        cells.clear();
        if self.at >= self.text.len() {
            return Ok(None);
        }
        let first_line = self.line;
        loop {
            cells.push(self.cell()?);
            match self.peek() {
                Some(b) if b == self.delimiter => self.at += 1,
                Some(_) => {
                    self.line_break();
                    return Ok(Some(first_line));
                }
                None => return Ok(Some(first_line)),
            }
        }
    }

    /// The text of a cell, doubled quotation marks made single, blanks at both ends gone.
    pub fn value(&self, cell: Span) -> Cow<'a, str> {
        let raw = &self.text[cell.start..cell.end];
        if cell.quoted && raw.contains("\"\"") {
            return Cow::Owned(trim(&raw.replace("\"\"", "\"")).to_owned());
        }
        Cow::Borrowed(trim(raw))
    }

    /// Whether a record is a line with nothing but blanks on it.
    pub fn is_blank(&self, cells: &[Span]) -> bool {
        matches!(cells, [only] if !only.quoted && self.value(*only).is_empty())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn cell(&mut self) -> Result<Span, Malformed> {
        let start = self.at;
        self.skip_blanks();
        if self.peek() == Some(b'"') {
            return self.quoted_cell();
        }
        let delimiter = self.delimiter;
        let rest = &self.text.as_bytes()[self.at..];
        let length =
            rest.iter().position(|b| *b == delimiter || *b == b'\n' || *b == b'\r').unwrap_or(rest.len());
        self.at += length;
        Ok(Span { start, end: self.at, quoted: false })
    }

    fn quoted_cell(&mut self) -> Result<Span, Malformed> {
        let opened = self.line;
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                None => return Err(Malformed::Unclosed { opened }),
                Some(b'"') if self.text.as_bytes().get(self.at + 1) == Some(&b'"') => self.at += 2,
                Some(b'"') => break,
                Some(b'\n' | b'\r') => self.line_break(),
                Some(_) => self.at += 1,
            }
        }
        let end = self.at;
        self.at += 1;
        self.skip_blanks();
        match self.peek() {
            Some(b) if b != self.delimiter && b != b'\n' && b != b'\r' => {
                Err(Malformed::AfterQuote { opened, line: self.line })
            }
            _ => Ok(Span { start, end, quoted: true }),
        }
    }

    /// Steps over one line break: LF, CR LF or CR.
    fn line_break(&mut self) {
        let is_pair = self.text.as_bytes()[self.at..].starts_with(b"\r\n");
        self.at += if is_pair { 2 } else { 1 };
        self.line = self.line.saturating_add(1);
    }

    /// Steps over blanks that are neither the delimiter nor a line break.
    fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == self.delimiter || byte == b'\n' || byte == b'\r' || matches!(byte, b'!'..=b'~') {
                return;
            }
            match self.text[self.at..].chars().next() {
                Some(c) if is_blank(c) => self.at += c.len_utf8(),
                _ => return,
            }
        }
    }
}

/// A text without the blanks at its ends: white space, no-break spaces and invisible marks.
pub fn trim(text: &str) -> &str {
    let is_plain = |b: &u8| matches!(b, b'!'..=b'~');
    match text.as_bytes() {
        [] => text,
        [first, .., last] if is_plain(first) && is_plain(last) => text,
        _ => text.trim_matches(is_blank),
    }
}

/// Whether a character is a blank: white space, a no-break space, an invisible mark.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, delimiter: u8) -> Result<Vec<(u32, Vec<String>)>, Malformed> {
        let mut records = Records::new(text, delimiter, 0, 1);
        let mut cells = Vec::new();
        let mut out = Vec::new();
        while let Some(line) = records.read(&mut cells)? {
            out.push((line, cells.iter().map(|c| records.value(*c).into_owned()).collect()));
        }
        Ok(out)
    }

    fn record(line: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (line, cells.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn lf_crlf_and_cr_end_a_record() {
        for text in ["a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\r1,2\r", "a,b\n1,2"] {
            assert_eq!(all(text, b','), Ok(vec![record(1, &["a", "b"]), record(2, &["1", "2"])]), "{text:?}");
        }
    }

    #[test]
    fn a_line_break_in_quotes_belongs_to_the_cell_and_counts_as_a_line() {
        let text = "a,b\r\n\"x\r\ny\",2\r\n3,4\r\n";
        let expected = vec![record(1, &["a", "b"]), record(2, &["x\r\ny", "2"]), record(4, &["3", "4"])];
        assert_eq!(all(text, b','), Ok(expected));
    }

    #[test]
    fn blanks_around_and_inside_quotes_do_not_count() {
        let text = " a ,\u{a0}\" b, c \u{202f}\" , \u{feff}d\u{a0}\n";
        assert_eq!(all(text, b','), Ok(vec![record(1, &["a", "b, c", "d"])]));
    }

    #[test]
    fn a_tab_that_delimits_is_not_a_blank() {
        assert_eq!(all("a\t\t\"b\"\t\n", b'\t'), Ok(vec![record(1, &["a", "", "b", ""])]));
    }

    #[test]
    fn a_quotation_mark_inside_a_bare_cell_is_a_character() {
        assert_eq!(
            all("5\" tube,\"say \"\"a\"\"\"\n", b','),
            Ok(vec![record(1, &["5\" tube", "say \"a\""])])
        );
    }

    #[test]
    fn broken_quotation_is_found_where_it_opens() {
        assert_eq!(all("a\n\"b\nc\n", b','), Err(Malformed::Unclosed { opened: 2 }));
        assert_eq!(all("a\n\"b\nc\"d\n", b','), Err(Malformed::AfterQuote { opened: 2, line: 3 }));
    }
}
