//! The head of a CSV: its delimiter, the names of its columns, and where its rows begin.

use crate::data::cell;
use crate::data::dialect::{self, Found};
use crate::data::records::{Malformed, Records, Span};
use crate::error::{Error, Result};

/// What the head of a file says of all that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The names of the columns; those without one, at the end, are left out.
    pub names: Vec<String>,
    /// What every row must fit.
    pub shape: Shape,
    /// The line of the header.
    pub line: u32,
    /// Empty lines before it.
    pub n_blank: usize,
    /// The byte of the text at which the rows begin.
    pub rows_at: usize,
    /// The line on which they begin.
    pub rows_line: u32,
}

/// How records are cut into cells, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// What stands between cells.
    pub delimiter: u8,
    /// Cells in a row.
    pub width: usize,
    /// Columns with a name, which come first.
    pub n_named: usize,
}

impl Shape {
    /// Whether commas can be decimal marks.
    pub fn comma_is_free(&self) -> bool {
        self.delimiter != b','
    }
}

/// Reads the head of a text; `None` where the text is only the `beginning` of one, and more of it is needed.
///
/// # Errors
/// Data: no header, one with an empty or repeated name, quotation marks that do not close, an unknown `sep=`.
pub fn read(text: &str, beginning: bool) -> Result<Option<Header>> {
    let Found { dialect, ran_out } = dialect::find(text)?;
    if ran_out && beginning {
        return Ok(None);
    }
    let mut records = Records::new(text, dialect.delimiter, dialect.start, dialect.line);
    let mut cells = Vec::new();
    let first = first_record(&mut records, &mut cells);
    if beginning && (first.is_err() || records.position() >= text.len()) {
        return Ok(None);
    }
    let (line, n_blank) = first?;
    let mut names: Vec<String> = cells.iter().map(|c| records.value(*c).into_owned()).collect();
    let n_named = check_header(&names, line)?;
    names.truncate(n_named);
    let shape = Shape { delimiter: dialect.delimiter, width: cells.len(), n_named };
    let (rows_at, rows_line) = (records.position(), records.line());
    Ok(Some(Header { names, shape, line, n_blank, rows_at, rows_line }))
}

/// Reads up to the header, skipping blank lines; gives its line and how many lines were skipped.
fn first_record(records: &mut Records<'_>, cells: &mut Vec<Span>) -> Result<(u32, usize)> {
    let mut n_blank = 0;
    while let Some(line) = records.read(cells).map_err(broken_quotes)? {
        if !records.is_blank(cells) {
            return Ok((line, n_blank));
        }
        n_blank += 1;
    }
    Err(Error::data("the file is empty")
        .hint("the first line must name the columns, each further line is a row"))
}

/// The error for a mistake in the quotation marks.
pub fn broken_quotes(broken: Malformed) -> Error {
    let message = match broken {
        Malformed::Unclosed { opened } => format!("line {opened}: a quotation mark opens and never closes"),
        Malformed::AfterQuote { opened, line } if opened == line => {
            format!("line {line}: text follows a closing quotation mark")
        }
        Malformed::AfterQuote { opened, line } => {
            format!("line {line}: text follows the quotation mark that closes a cell opened on line {opened}")
        }
    };
    Error::data(message).hint("a quotation mark inside a quoted cell is written twice: `\"5\"\" tube\"`")
}

/// Checks the names of columns that are not in the first line of a text.
///
/// # Errors
/// Data: a column without a name, two of the same name.
pub fn check_names(names: &[String]) -> Result<()> {
    if let Some(nameless) = names.iter().position(String::is_empty) {
        return Err(Error::data(format!("column {} has no name", nameless + 1)));
    }
    check_header(names, 1).map(|_| ())
}

/// Checks the names; gives how many columns have one (columns without a name may only stand at the end).
fn check_header(names: &[String], line: u32) -> Result<usize> {
    let n_named = names.iter().rposition(|n| !n.is_empty()).map_or(0, |last| last + 1);
    if n_named == 0 {
        return Err(Error::data(format!("line {line}: the header names no column"))
            .hint("the first line must name the columns"));
    }
    if let Some(nameless) = names[..n_named].iter().position(String::is_empty) {
        let hint = match nameless {
            0 => {
                "name it in the first line; R writes such a column of row names unless told `row.names = FALSE`"
            }
            _ => "name it in the first line, or delete the column",
        };
        return Err(Error::data(format!("line {line}: column {} has no name", nameless + 1)).hint(hint));
    }
    if let Some(long) = names[..n_named].iter().position(|name| cell::is_endless(name)) {
        return Err(Error::data(format!(
            "line {line}: the name of column {} has {} characters: {}",
            long + 1,
            names[long].chars().count(),
            cell::shown(&names[long])
        ))
        .hint("name the columns in the first line, in a few words each"));
    }
    let mut first_places = std::collections::HashMap::new();
    for (idx, name) in names[..n_named].iter().enumerate() {
        if let Some(first) = first_places.insert(name, idx) {
            return Err(Error::data(format!(
                "line {line}: columns {} and {} are both named {}",
                first + 1,
                idx + 1,
                cell::shown(name)
            ))
            .hint("rename one of them in the first line"));
        }
    }
    Ok(n_named)
}
