//! How the text of a CSV is written, for another program that is to read the same file.

use std::path::Path;

use crate::data::encoding::{self, Form};
use crate::data::header;
use crate::data::parquet::is_parquet;
use crate::error::{Error, Result};

/// Which bytes stand for a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte-order mark.
    Utf8,
    /// UTF-16 with a byte-order mark.
    Utf16,
    /// Windows-1252, of which printable Latin-1 is a part.
    Windows1252,
}

/// How a file's text is cut into cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextForm {
    /// Which bytes stand for a character.
    pub encoding: TextEncoding,
    /// What stands between cells.
    pub delimiter: char,
    /// Lines before the first row: a `sep=` line, blank lines, the header.
    pub lines_before: usize,
    /// Names of the columns, trimmed, in the order of the file.
    pub names: Vec<String>,
    /// Cells in a row; there can be more of them than names.
    pub width: usize,
}

/// How the text of a file is written.
///
/// # Errors
/// Io, when it cannot be read; Data, when it is no CSV (a Parquet file, a workbook) or has no header.
pub fn text_form(path: &Path) -> Result<TextForm> {
    let bytes = std::fs::read(path).map_err(|cause| Error::io("read", path, &cause))?;
    if is_parquet(&bytes) {
        return Err(Error::data(format!("`{}` is a Parquet file, not text", path.display()))
            .hint("save the table as a CSV and fit that"));
    }
    let encoding = match encoding::form(&bytes)? {
        Form::Utf16 => TextEncoding::Utf16,
        Form::Plain { .. } if std::str::from_utf8(&bytes).is_ok() => TextEncoding::Utf8,
        Form::Plain { .. } => TextEncoding::Windows1252,
    };
    let text = encoding::decode(bytes)?.text;
    let header = header::read(&text, false)?.expect("the whole text is there");
    Ok(TextForm {
        encoding,
        delimiter: char::from(header.shape.delimiter),
        lines_before: header.rows_line as usize - 1,
        names: header.names,
        width: header.shape.width,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form_of(bytes: &[u8]) -> Result<TextForm> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("written");
        text_form(file.path())
    }

    #[test]
    fn delimiter_encoding_and_the_first_row_are_told() {
        let form = form_of(b"sep=;\n\n age ;sex;\n1;f;\n2;m;\n").expect("a CSV");
        assert_eq!((form.delimiter, form.lines_before, form.width), (';', 3, 3));
        assert_eq!(
            (form.names, form.encoding),
            (vec!["age".to_string(), "sex".to_string()], TextEncoding::Utf8)
        );
        assert_eq!(form_of(b"caf\xe9,b\n1,2\n").expect("Latin-1").encoding, TextEncoding::Windows1252);
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(form_of(&utf16).expect("UTF-16").encoding, TextEncoding::Utf16);
        assert!(form_of(b"PAR1").is_err());
    }
}
