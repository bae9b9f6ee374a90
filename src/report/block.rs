//! A piece of a section: a heading, a table and notes, which the summary prints as text and the page as HTML.

use serde::Serialize;

use crate::report::align::{Align, Head, Line, table, wrapped};
use crate::report::capitalised;
use crate::report::context::{Piece, pieces};

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

    /// As the page's template prints it; columns without any content are left out.
    pub(super) fn drawn(&self) -> DrawnBlock {
        let filled = |column: usize| {
            self.lines.iter().any(|line| match line {
                Line::Cells(cells) => !cells[column].is_empty(),
                Line::Remark(..) => false,
            })
        };
        let kept: Vec<usize> =
            (0..self.heads.len()).filter(|column| *column == 0 || filled(*column)).collect();
        let row = |line: &Line| match line {
            Line::Cells(cells) => DrawnLine {
                cells: kept.iter().map(|column| cells[*column].clone()).collect(),
                remark: String::new(),
            },
            Line::Remark(name, remark) => DrawnLine { cells: vec![name.clone()], remark: remark.clone() },
        };
        let note = |note: &String| pieces(&capitalised(note.trim_start_matches("- ")));
        DrawnBlock {
            heading: self.heading.clone(),
            heads: kept.iter().map(|column| self.heads[*column].0.clone()).collect(),
            rows: self.lines.iter().map(row).collect(),
            notes: self.notes.iter().map(note).collect(),
        }
    }
}

/// A block as finished strings.
#[derive(Serialize)]
pub(super) struct DrawnBlock {
    heading: String,
    heads: Vec<String>,
    rows: Vec<DrawnLine>,
    notes: Vec<Vec<Piece>>,
}

#[derive(Serialize)]
struct DrawnLine {
    cells: Vec<String>,
    /// In place of all cells but the first.
    remark: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_page_say_the_same_but_the_page_leaves_empty_columns_out() {
        let head = |title| Head { title, align: Align::Left };
        let heads = [head("arm"), Head { title: "patients", align: Align::Right }, head("p")];
        let cells = Line::Cells(["placebo", "307", ""].map(str::to_string).to_vec());
        let mut block = Block::table("By arm", &heads, vec![cells]);
        block.notes.push("- a notice".to_string());
        let text = block.text();
        assert!(text.starts_with("By arm\narm       patients   p\n"), "{text}");
        assert!(text.ends_with("placebo        307\n- a notice\n"), "{text}");
        let drawn = block.drawn();
        assert_eq!(drawn.heads, ["arm", "patients"]);
        assert_eq!(drawn.rows[0].cells, ["placebo", "307"]);
        assert_eq!(drawn.notes[0][0].text, "A notice");
    }
}
