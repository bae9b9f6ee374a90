//! A piece of a section: a heading, a table and notes, which the summary prints as text and the page as HTML.

use serde::Serialize;

use crate::report::align::{Align, Head, Line, table, wrapped};

/// Lines of text are broken at this width where names allow.
const WIDTH: usize = 100;

/// A heading, a table and notes, each as far as there is one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// Empty for none.
    pub heading: String,
    /// Headings of the columns and how their cells stand.
    pub heads: Vec<(String, Align)>,
    /// The lines of the table.
    pub lines: Vec<Line>,
    /// Sentences below it.
    pub notes: Vec<String>,
}

impl Block {
    /// A table below a heading.
    pub fn table(heading: &str, heads: &[Head<'_>], lines: Vec<Line>) -> Block {
        let heads = heads.iter().map(|head| (head.title.to_string(), head.align)).collect();
        Block { heading: heading.to_string(), heads, lines, notes: Vec::new() }
    }

    /// Sentences alone.
    pub fn notes(notes: Vec<String>) -> Block {
        Block { notes, ..Block::default() }
    }

    /// As lines of text.
    pub fn text(&self) -> String {
        let line = |text: &String| format!("{}\n", wrapped(text, WIDTH, "  "));
        let heads: Vec<Head<'_>> =
            self.heads.iter().map(|(title, align)| Head { title, align: *align }).collect();
        let mut out = if self.heading.is_empty() { String::new() } else { line(&self.heading) };
        if !heads.is_empty() {
            out.push_str(&table(&heads, &self.lines));
        }
        out.extend(self.notes.iter().map(line));
        out
    }

    /// As the page's template prints it.
    pub fn drawn(&self) -> DrawnBlock {
        let row = |line: &Line| match line {
            Line::Cells(cells) => DrawnLine { cells: cells.clone(), remark: String::new() },
            Line::Remark(name, remark) => DrawnLine { cells: vec![name.clone()], remark: remark.clone() },
        };
        DrawnBlock {
            heading: self.heading.clone(),
            heads: self.heads.iter().map(|(title, _)| title.clone()).collect(),
            rows: self.lines.iter().map(row).collect(),
            notes: self.notes.iter().map(|note| note.trim_start_matches("- ").to_string()).collect(),
        }
    }
}

/// A block as finished strings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DrawnBlock {
    heading: String,
    heads: Vec<String>,
    rows: Vec<DrawnLine>,
    notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct DrawnLine {
    cells: Vec<String>,
    /// In place of all cells but the first.
    remark: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_page_say_the_same() {
        let heads =
            [Head { title: "arm", align: Align::Left }, Head { title: "patients", align: Align::Right }];
        let cells = Line::Cells(vec!["placebo".to_string(), "307".to_string()]);
        let mut block = Block::table("By arm", &heads, vec![cells]);
        block.notes.push("- a notice".to_string());
        let text = block.text();
        assert!(text.starts_with("By arm\narm       patients\n"), "{text}");
        assert!(text.ends_with("placebo        307\n- a notice\n"), "{text}");
        let drawn = block.drawn();
        assert_eq!((drawn.heads.len(), drawn.rows[0].cells[1].as_str()), (2, "307"));
        assert_eq!(drawn.notes, ["a notice"]);
    }
}
