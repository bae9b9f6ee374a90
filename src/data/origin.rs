//! From which of several files a row of a table came, for messages.

/// The files of a table that was read from several, whose lines are counted on from file to file; no file for a table
/// that was read from one, or from none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins {
    /// Each file's name and how many lines there are in the files before it.
    files: Vec<(String, u32)>,
}

impl Origins {
    /// Adds the file that follows, after so many lines of the files before it.
    pub fn push(&mut self, name: &str, n_lines_before: u32) {
        self.files.push((name.to_owned(), n_lines_before));
    }

    /// A line in words: `line 214`, or `line 214 of site_b.csv` in backticks.
    pub fn line(&self, line: u32) -> String {
        match self.files.iter().rfind(|(_, before)| *before < line) {
            Some((name, before)) => format!("line {} of `{name}`", line - before),
            None => format!("line {line}"),
        }
    }
}
