//! Text tables for the terminal: words to the left, numbers on their decimal points, long names on several lines.

use unicode_width::UnicodeWidthStr;

/// How the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers, on their decimal points.
    Point,
    /// Short things, to the right.
    Right,
    /// `a to b`, each on its decimal point.
    Interval,
}

/// A column: its heading and how its cells stand.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The heading.
    pub title: &'a str,
    /// How the cells stand.
    pub align: Align,
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A cell for each column.
    Cells(Vec<String>),
    /// A first cell, and a remark in place of all others.
    Remark(String, String),
}

/// Tables are this wide at most, unless their numbers leave less than [`NAME_ROOM`] for the names.
const WIDTH: usize = 100;
const NAME_ROOM: usize = 24;
const GAP: &str = "   ";

/// The table as lines of text, with a rule below the headings. Names that have no room go on several lines.
pub fn table(heads: &[Head<'_>], lines: &[Line]) -> String {
    let columns: Vec<Vec<String>> =
        (1..heads.len()).map(|column| aligned(heads[column], &cells_of(lines, column))).collect();
    let numbers: usize = columns.iter().map(|c| GAP.len() + c[0].width()).sum();
    let room = WIDTH.saturating_sub(numbers).max(NAME_ROOM);
    let names: Vec<Vec<String>> = lines.iter().map(|line| broken(first_cell(line), room)).collect();
    let name_width =
        names.iter().flatten().map(|n| n.width()).chain([heads[0].title.width()]).max().unwrap_or(0);
    let mut out = String::new();
    let head: Vec<String> = columns.iter().map(|c| c[0].clone()).collect();
    push_line(&mut out, &pad_right(heads[0].title, name_width), &head);
    out.push_str(&"─".repeat(name_width + numbers));
    out.push('\n');
    for (k, line) in lines.iter().enumerate() {
        let (last, before) = names[k].split_last().map_or(("", &[][..]), |(l, b)| (l.as_str(), b));
        before.iter().for_each(|part| push_line(&mut out, part, &[]));
        let rest = match line {
            Line::Cells(_) => columns.iter().map(|c| c[k + 1].clone()).collect(),
            Line::Remark(_, remark) => vec![remark.clone()],
        };
        push_line(&mut out, &pad_right(last, name_width), &rest);
    }
    out
}

fn first_cell(line: &Line) -> &str {
    match line {
        Line::Cells(cells) => &cells[0],
        Line::Remark(name, _) => name,
    }
}

/// The cells of a column; a remark has none.
fn cells_of(lines: &[Line], column: usize) -> Vec<&str> {
    lines
        .iter()
        .map(|line| match line {
            Line::Cells(cells) => cells[column].as_str(),
            Line::Remark(..) => "",
        })
        .collect()
}

fn push_line(out: &mut String, first: &str, rest: &[String]) {
    let mut line = first.to_string();
    for cell in rest {
        line.push_str(GAP);
        line.push_str(cell);
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// Heading and cells padded to one width.
fn aligned(head: Head<'_>, cells: &[&str]) -> Vec<String> {
    let body = match head.align {
        Align::Left | Align::Right => cells.iter().map(|c| (*c).to_string()).collect(),
        Align::Point => on_points(cells),
        Align::Interval => intervals(cells),
    };
    let width = body.iter().map(|c| c.width()).chain([head.title.width()]).max().unwrap_or(0);
    let pad = |text: &str| {
        if head.align == Align::Left { pad_right(text, width) } else { pad_left(text, width) }
    };
    std::iter::once(pad(head.title)).chain(body.iter().map(|c| pad(c))).collect()
}

/// Pads the cells so that their decimal points (or their ends) stand below each other.
fn on_points(cells: &[&str]) -> Vec<String> {
    let tails: Vec<usize> = cells.iter().map(|c| c.find('.').map_or(0, |at| c[at..].width())).collect();
    let longest = tails.iter().max().copied().unwrap_or(0);
    let padded: Vec<String> =
        cells.iter().zip(&tails).map(|(c, tail)| format!("{c}{}", " ".repeat(longest - tail))).collect();
    let width = padded.iter().map(|c| c.width()).max().unwrap_or(0);
    padded.iter().map(|c| pad_left(c, width)).collect()
}

fn intervals(cells: &[&str]) -> Vec<String> {
    const TO: &str = " to ";
    let halves: Vec<(&str, &str)> = cells.iter().map(|c| c.split_once(TO).unwrap_or(("", c))).collect();
    let low = on_points(&halves.iter().map(|h| h.0).collect::<Vec<_>>());
    let high = on_points(&halves.iter().map(|h| h.1).collect::<Vec<_>>());
    low.iter()
        .zip(&high)
        .zip(cells)
        .map(|((l, h), whole)| if whole.contains(TO) { format!("{l}{TO}{h}") } else { format!("{l}    {h}") })
        .collect()
}

fn pad_right(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// A name on as many lines as it needs, broken after `:` or a blank where there is one; further lines are indented.
fn broken(name: &str, width: usize) -> Vec<String> {
    const INDENT: &str = "  ";
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in name.split_inclusive([':', ' ']) {
        if !line.trim().is_empty() && line.width() + piece.trim_end().width() > width {
            lines.push(line.trim_end().to_string());
            line = INDENT.to_string();
        }
        for c in piece.chars() {
            if line.width() >= width {
                lines.push(std::mem::replace(&mut line, INDENT.to_string()));
            }
            line.push(c);
        }
    }
    lines.push(line.trim_end().to_string());
    lines
}

/// Text broken at blanks so that no line is wider than `width` where words allow; lines after the first are indented.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.trim().is_empty() && line.width() + 1 + word.width() > width {
            out.push_str(line.trim_end());
            out.push('\n');
            line = indent.to_string();
        }
        if !line.is_empty() && !line.ends_with(' ') {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(line.trim_end());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_on_their_points_also_after_wide_letters() {
        let heads = [
            Head { title: "term", align: Align::Left },
            Head { title: "estimate", align: Align::Point },
            Head { title: "95% CI", align: Align::Interval },
        ];
        let row = |cells: [&str; 3]| Line::Cells(cells.iter().map(|c| c.to_string()).collect());
        let lines = [row(["年齢", "27.08", "9.5 to 100.25"]), row(["x", "-0.7777", "0 to 3"])];
        let text = table(&heads, &lines);
        let wanted = "\
term   estimate          95% CI
───────────────────────────────
年齢    27.08     9.5 to 100.25
x       -0.7777   0   to   3
";
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_long_name_is_broken_at_its_colon() {
        let name = "treatment[experimental drug, high dose]:baseline_severity_score";
        assert_eq!(
            broken(name, 40),
            ["treatment[experimental drug, high dose]:", "  baseline_severity_score"]
        );
        let endless = "x".repeat(90);
        assert!(broken(&endless, 40).iter().all(|line| line.width() <= 40));
    }

    #[test]
    fn text_is_wrapped_at_blanks() {
        assert_eq!(wrapped("one two three", 8, "  "), "one two\n  three");
    }
}
