//! Bytes become text: UTF-8, UTF-16 with a mark, Windows-1252 where it has to be; anything else is refused.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::{Error, Result};

const SAVE_AS_UTF8: &str = "open it where it was made and save it again as `CSV UTF-8`";
const EXPORT: &str = "export it as CSV (UTF-8) from the program that made it";

/// Text and what had to be assumed to get it, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text without a byte-order mark.
    pub text: String,
    /// What was found or assumed of the encoding, where it is not plain UTF-8.
    pub notices: Vec<String>,
}

/// How the first bytes say that a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// UTF-16 with a byte-order mark.
    Utf16,
    /// UTF-8 or Windows-1252: one byte for each plain character.
    Plain {
        /// The length of the byte-order mark in bytes, 0 where there is none.
        mark: usize,
    },
}

/// What the first bytes of a file say.
///
/// # Errors
/// Data, when they are no text (a workbook, an archive) or UTF-32.
pub fn form(head: &[u8]) -> Result<Form> {
    if head.starts_with(&[0xFF, 0xFE, 0, 0]) || head.starts_with(&[0, 0, 0xFE, 0xFF]) {
        return Err(Error::data("the file is in UTF-32, which cannot be read").hint(SAVE_AS_UTF8));
    }
    match head {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Ok(Form::Utf16),
        [0xEF, 0xBB, 0xBF, ..] => Ok(Form::Plain { mark: 3 }),
        _ => match known_binary(head) {
            Some(what) => Err(not_text(what)),
            None => Ok(Form::Plain { mark: 0 }),
        },
    }
}

/// The text of a file.
///
/// A byte-order mark decides. Without one the bytes are UTF-8 if they can be, else Windows-1252 (of which
/// printable Latin-1 is a part), and a notice says so.
///
/// # Errors
/// Data, when the bytes are no text (NUL bytes, a workbook, an archive), UTF-32, UTF-8 in some lines only, or
/// hold bytes that neither UTF-8 nor Windows-1252 has.
pub fn decode(bytes: Vec<u8>) -> Result<Decoded> {
    let Form::Plain { mark } = form(&bytes)? else { return utf16(&bytes) };
    let notices = Facts::of(&bytes[mark..]).verdict(mark > 0)?;
    let text = match String::from_utf8(bytes) {
        Ok(mut text) => {
            text.drain(..mark);
            text
        }
        Err(e) => stretch(e.as_bytes()).into_owned(),
    };
    Ok(Decoded { text, notices })
}

/// The text of a stretch of whole lines: UTF-8 if it can be, else Windows-1252. Whether a file may be read so is
/// what the [`Facts`] of all its stretches say.
pub fn stretch(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

fn utf16(bytes: &[u8]) -> Result<Decoded> {
    let (encoding, order): (&'static Encoding, _) = match bytes[0] {
        0xFF => (UTF_16LE, "little-endian"),
        _ => (UTF_16BE, "big-endian"),
    };
    let text =
        encoding.decode_without_bom_handling_and_without_replacement(&bytes[2..]).ok_or_else(|| {
            Error::data("the file begins as UTF-16 but is damaged or cut off").hint(SAVE_AS_UTF8)
        })?;
    match text.find('\0') {
        Some(at) => Err(nul_byte(line_of(&text.as_bytes()[..at]))),
        None => Ok(Decoded {
            text: text.into_owned(),
            notices: vec![format!("the file was read as UTF-16 ({order})")],
        }),
    }
}

/// What the first bytes say of a file that is often taken for a CSV.
fn known_binary(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 7] = [
        (b"PK\x03\x04", "an Excel workbook or a zip archive"),
        (b"\xD0\xCF\x11\xE0", "an old Excel workbook"),
        (b"\x1F\x8B", "gzip-compressed"),
        (b"%PDF-", "a PDF"),
        (b"PAR1", "a Parquet file"),
        (b"$FL2", "an SPSS file"),
        (b"<stata_dta>", "a Stata file"),
    ];
    let known = BEGINNINGS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, what)| *what);
    let looks_like_utf16 = || {
        let head = &bytes[..bytes.len().min(1000)];
        let nul = head.iter().filter(|b| **b == 0).count();
        nul > 0 && 3 * nul > head.len() && !head.windows(2).any(|pair| pair == [0, 0])
    };
    known.or_else(|| looks_like_utf16().then_some("UTF-16 without its byte-order mark"))
}

fn not_text(what: &str) -> Error {
    Error::data(format!("the file is not a CSV: it looks like {what}")).hint(EXPORT)
}

fn nul_byte(line: usize) -> Error {
    Error::data(format!("the file is not text: it holds a NUL byte on line {line}")).hint(EXPORT)
}

/// Where a stretch of lines first shows which encoding it has; lines are counted from the one on which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The first character of several bytes that is UTF-8.
    several: Option<usize>,
    /// The first byte that is not UTF-8, and the byte.
    not_utf8: Option<(usize, u8)>,
    /// The first byte that Windows-1252 has not, where the stretch is not UTF-8.
    not_1252: Option<(usize, u8)>,
    /// The first NUL byte.
    nul: Option<usize>,
}

impl Facts {
    /// Looks through a stretch of whole lines.
    pub fn of(bytes: &[u8]) -> Facts {
        let line = |at: usize| line_of(&bytes[..at]) - 1;
        let mut facts = Facts { nul: memchr::memchr(0, bytes).map(line), ..Facts::default() };
        if bytes.is_ascii() {
            return facts;
        }
        let mut seen = 0;
        for chunk in bytes.utf8_chunks() {
            if facts.several.is_none() && !chunk.valid().is_ascii() {
                let at = chunk.valid().bytes().position(|b| !b.is_ascii());
                facts.several = at.map(|at| line(seen + at));
            }
            seen += chunk.valid().len();
            if !chunk.invalid().is_empty() {
                facts.not_utf8 = Some((line(seen), bytes[seen]));
                let unknown = |b: &u8| matches!(b, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D);
                let rest = bytes.iter().position(unknown);
                facts.not_1252 = rest.map(|at| (line(at), bytes[at]));
                facts.several = facts.several.or_else(|| Facts::several_after(bytes, seen));
                break;
            }
        }
        facts
    }

    /// The first character of several bytes that is UTF-8, after a byte that is not.
    fn several_after(bytes: &[u8], bad: usize) -> Option<usize> {
        let mut seen = bad;
        for chunk in bytes[bad..].utf8_chunks() {
            if let Some(at) = chunk.valid().bytes().position(|b| !b.is_ascii()) {
                return Some(line_of(&bytes[..seen + at]) - 1);
            }
            seen += chunk.valid().len() + chunk.invalid().len();
        }
        None
    }

    /// Adds a stretch that begins `n_lines` after the beginning of this one.
    pub fn add(&mut self, later: Facts, n_lines: usize) {
        let at = |(line, byte): (usize, u8)| (line + n_lines, byte);
        self.several = self.several.or(later.several.map(|line| line + n_lines));
        self.not_utf8 = self.not_utf8.or(later.not_utf8.map(at));
        self.not_1252 = self.not_1252.or(later.not_1252.map(at));
        self.nul = self.nul.or(later.nul.map(|line| line + n_lines));
    }

    /// Whether the file is text in an encoding that is known, and what is to be said of it; `marked` is a file
    /// with the byte-order mark of UTF-8.
    ///
    /// # Errors
    /// Data: bytes that are not UTF-8 after its mark; UTF-8 in some lines only; bytes that neither UTF-8 nor
    /// Windows-1252 has; NUL bytes.
    pub fn verdict(self, marked: bool) -> Result<Vec<String>> {
        let Some((bad, byte)) = self.not_utf8.map(|(line, byte)| (line + 1, byte)) else {
            return match self.nul {
                Some(line) => Err(nul_byte(line + 1)),
                None => Ok(Vec::new()),
            };
        };
        let refused = if marked {
            Some(format!("the file begins as UTF-8, but line {bad} is not UTF-8"))
        } else if let Some(good) = self.several {
            let good = good + 1;
            Some(format!(
                "the file mixes encodings: line {good} is UTF-8, but line {bad} is not (byte 0x{byte:02X})"
            ))
        } else {
            self.not_1252.map(|(line, byte)| {
                format!("line {} is neither UTF-8 nor Windows-1252 (byte 0x{byte:02X})", line + 1)
            })
        };
        match (refused, self.nul) {
            (Some(message), _) => Err(Error::data(message).hint(SAVE_AS_UTF8)),
            (None, Some(line)) => Err(nul_byte(line + 1)),
            (None, None) => Ok(vec![format!(
                "the file is not UTF-8 (first on line {bad}); it was read as Windows-1252 (Latin-1)"
            )]),
        }
    }
}

/// The line on which the byte after `before` stands; a line ends with LF, CR LF or a lone CR.
fn line_of(before: &[u8]) -> usize {
    let feeds = before.iter().filter(|b| **b == b'\n').count();
    let lone_returns = before.windows(2).filter(|pair| pair[0] == b'\r' && pair[1] != b'\n').count();
    1 + feeds + lone_returns + usize::from(before.ends_with(b"\r"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "id,größe\r\n1,Ångström\r\n";

    fn utf16_bytes(order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xFEFF).chain(WORDS.encode_utf16()).flat_map(order).collect()
    }

    #[test]
    fn every_encoding_with_a_mark_gives_the_same_text() {
        let with_mark = [b"\xEF\xBB\xBF".as_slice(), WORDS.as_bytes()].concat();
        for bytes in [
            WORDS.as_bytes().to_vec(),
            with_mark,
            utf16_bytes(u16::to_le_bytes),
            utf16_bytes(u16::to_be_bytes),
        ] {
            assert_eq!(decode(bytes).expect("readable").text, WORDS);
        }
    }

    #[test]
    fn utf16_is_announced_and_utf8_is_not() {
        let notices = decode(utf16_bytes(u16::to_le_bytes)).expect("readable").notices;
        assert_eq!(notices, ["the file was read as UTF-16 (little-endian)"]);
        assert!(decode(WORDS.into()).expect("readable").notices.is_empty());
    }

    #[test]
    fn latin_1_is_announced_with_its_line() {
        let decoded = decode(b"id,name\n1,Anna\n2,M\xFCller \x80\n".to_vec()).expect("readable");
        assert_eq!(decoded.text, "id,name\n1,Anna\n2,Müller €\n");
        assert!(decoded.notices[0].contains("first on line 3"), "{:?}", decoded.notices);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_by_name() {
        let table: [(&[u8], &str); 9] = [
            (b"\xFF\xFE\0\0i\0\0\0", "UTF-32"),
            (b"\0\0\xFE\xFF\0\0\0i", "UTF-32"),
            (b"\xFF\xFEi\0d", "UTF-16 but is damaged"),
            (b"i\0d\0\n\x001\0\n\0", "UTF-16 without its byte-order mark"),
            (b"PK\x03\x04\x14\0", "Excel workbook"),
            (b"id\n1\n\0\0\0", "NUL byte on line 3"),
            (b"id,\xC3\xA9\n1,2\n3,\xE9\n", "line 1 is UTF-8, but line 3 is not (byte 0xE9)"),
            (b"id\r1\r\x81\r", "line 3 is neither UTF-8 nor Windows-1252 (byte 0x81)"),
            (b"\xEF\xBB\xBFid\n\xE9\n", "line 2 is not UTF-8"),
        ];
        for (bytes, words) in table {
            let error = decode(bytes.to_vec()).expect_err(words);
            assert!(error.message.contains(words), "{} lacks {words}", error.message);
            assert!(error.hint.is_some());
        }
    }
}
