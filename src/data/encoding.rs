//! Bytes become text: UTF-8, UTF-16 with a mark, Windows-1252 where it has to be; anything else is refused.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::{Error, Result};

const SAVE_AS_UTF8: &str = "open it where it was made and save it again as `CSV UTF-8`";

/// Text and what had to be assumed to get it, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text without a byte-order mark.
    pub text: String,
    /// What was found or assumed of the encoding, where it is not plain UTF-8.
    pub notices: Vec<String>,
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
    if bytes.starts_with(&[0xFF, 0xFE, 0, 0]) || bytes.starts_with(&[0, 0, 0xFE, 0xFF]) {
        return Err(Error::data("the file is in UTF-32, which cannot be read").hint(SAVE_AS_UTF8));
    }
    let decoded = match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, UTF_16LE, "little-endian")?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, UTF_16BE, "big-endian")?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => marked_utf8(rest)?,
        _ => unmarked(bytes)?,
    };
    match decoded.text.find('\0') {
        Some(at) => Err(not_text(&format!("a NUL byte on line {}", line_of(&decoded.text.as_bytes()[..at])))),
        None => Ok(decoded),
    }
}

fn utf16(bytes: &[u8], encoding: &'static Encoding, order: &str) -> Result<Decoded> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(|| {
        Error::data("the file begins as UTF-16 but is damaged or cut off").hint(SAVE_AS_UTF8)
    })?;
    Ok(Decoded { text: text.into_owned(), notices: vec![format!("the file was read as UTF-16 ({order})")] })
}

fn marked_utf8(bytes: &[u8]) -> Result<Decoded> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = line_of(&bytes[..e.valid_up_to()]);
        Error::data(format!("the file begins as UTF-8, but line {line} is not UTF-8")).hint(SAVE_AS_UTF8)
    })?;
    Ok(Decoded { text: text.to_owned(), notices: Vec::new() })
}

fn unmarked(bytes: Vec<u8>) -> Result<Decoded> {
    if let Some(what) = known_binary(&bytes) {
        return Err(not_text(what));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Decoded { text, notices: Vec::new() }),
        Err(e) => windows_1252(e.as_bytes()),
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
    let message = match what.strip_prefix("a NUL") {
        Some(rest) => format!("the file is not text: it holds a NUL{rest}"),
        None => format!("the file is not a CSV: it looks like {what}"),
    };
    Error::data(message).hint("export it as CSV (UTF-8) from the program that made it")
}

fn windows_1252(bytes: &[u8]) -> Result<Decoded> {
    let mut seen = 0;
    let mut first_bad = None;
    let mut first_good = None;
    for chunk in bytes.utf8_chunks() {
        if first_good.is_none()
            && let Some(at) = chunk.valid().bytes().position(|b| !b.is_ascii())
        {
            first_good = Some(seen + at);
        }
        seen += chunk.valid().len();
        if first_bad.is_none() && !chunk.invalid().is_empty() {
            first_bad = Some(seen);
        }
        seen += chunk.invalid().len();
    }
    let bad = first_bad.expect("bytes that are not UTF-8 have a first such byte");
    let bad_line = line_of(&bytes[..bad]);
    if let Some(good) = first_good {
        let good_line = line_of(&bytes[..good]);
        return Err(Error::data(format!(
            "the file mixes encodings: line {good_line} is UTF-8, but line {bad_line} is not (byte 0x{:02X})",
            bytes[bad]
        ))
        .hint(SAVE_AS_UTF8));
    }
    if let Some(at) = bytes.iter().position(|b| matches!(b, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D)) {
        return Err(Error::data(format!(
            "line {} is neither UTF-8 nor Windows-1252 (byte 0x{:02X})",
            line_of(&bytes[..at]),
            bytes[at]
        ))
        .hint(SAVE_AS_UTF8));
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let notice =
        format!("the file is not UTF-8 (first on line {bad_line}); it was read as Windows-1252 (Latin-1)");
    Ok(Decoded { text: text.into_owned(), notices: vec![notice] })
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
