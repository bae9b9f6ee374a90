//! Missing values: how many each variable lacks, and which are missing together.

use crate::error::Result;
use crate::plot::canvas::{Align, Area, Canvas};
use crate::plot::number::count;
use crate::plot::page::{Headings, Page};
use crate::plot::png::{Figure, png};
use crate::plot::style::{AXIS_NOTE, Face, GRID, INK, MUTED, NOTE, NOTE_HEAD, WHITE, Weight, look_of, tint};
use crate::plot::typeface::{shorten, shorten_middle, widest, width};
use plotters_backend::DrawingBackend;

/// A variable and the number of rows that lack it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lacking {
    /// The variable.
    pub variable: String,
    /// Rows without a value.
    pub rows: usize,
}

/// Rows that lack the same variables.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// Whether each variable is missing, in the order of [`Missing::variables`].
    pub missing: Vec<bool>,
    /// How many rows are so.
    pub rows: usize,
}

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Missing<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// All rows.
    pub rows: usize,
    /// The variables; those that lack most are drawn, as far as there is room.
    pub variables: &'a [Lacking],
    /// The patterns; the commonest are drawn.
    pub patterns: &'a [Pattern],
}

/// The picture of what is missing as PNG bytes.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn missing(figure: &Missing<'_>) -> Result<Vec<u8>> {
    png(figure)
}

/// Most variables and most patterns that are drawn.
const MOST_VARIABLES: usize = 28;
const MOST_PATTERNS: usize = 12;
/// Height of the heads above the rows, pixels.
const HEADS: f64 = 118.0;
/// Height of the words below them, pixels.
const FOOT: f64 = 46.0;

/// The columns of the picture.
struct Columns {
    rows: Area,
    row_height: f64,
    face: Face,
    bars: (f64, f64),
    cells: (f64, f64),
}

impl Figure for Missing<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let shown = self.shown();
        let names: Vec<&str> = shown.iter().map(|&j| self.variables[j].variable.as_str()).collect();
        let columns = Columns::lay_out(page.body, &names)?;
        self.draw_variables(canvas, &columns, &shown)?;
        self.draw_patterns(canvas, &columns, &shown)?;
        let at = (page.body.left, page.body.bottom - 8.0);
        canvas.text(&shorten(&self.foot(&shown), NOTE, page.body.width())?, at, Align::Left, NOTE, MUTED)
    }
}

impl Columns {
    fn lay_out(body: Area, names: &[&str]) -> Result<Columns> {
        const TALLEST: f64 = 80.0;
        const GUTTER: f64 = 26.0;
        let rows = Area { top: body.top + HEADS, bottom: body.bottom - FOOT, ..body };
        let row_height = (rows.height() / names.len().max(1) as f64).min(TALLEST);
        let face = Face { size: (row_height / 1.25).min(NOTE.size), weight: Weight::Regular };
        let names = widest(names.iter().copied(), face)?.min(0.26 * body.width());
        let from = body.left + names + GUTTER;
        let middle = from + 0.46 * (body.right - from);
        Ok(Columns {
            rows,
            row_height,
            face,
            bars: (from, middle),
            cells: (middle + 2.0 * GUTTER, body.right),
        })
    }

    /// The top of a row.
    fn top(&self, row: usize) -> f64 {
        self.rows.top + row as f64 * self.row_height
    }

    /// The baseline of a row's words.
    fn baseline(&self, row: usize) -> f64 {
        self.top(row) + 0.5 * (self.row_height + self.face.cap_height())
    }
}

impl Missing<'_> {
    /// The variables that lack something, most first.
    fn shown(&self) -> Vec<usize> {
        let mut order: Vec<usize> =
            (0..self.variables.len()).filter(|&j| self.variables[j].rows > 0).collect();
        order.sort_by_key(|&j| std::cmp::Reverse(self.variables[j].rows));
        order.truncate(MOST_VARIABLES);
        order
    }

    /// The patterns, commonest first.
    fn commonest(&self) -> Vec<&Pattern> {
        let mut order: Vec<&Pattern> = self.patterns.iter().collect();
        order.sort_by_key(|pattern| std::cmp::Reverse(pattern.rows));
        order.truncate(MOST_PATTERNS);
        order
    }

    fn percent(&self, rows: usize) -> String {
        format!("{:.1} %", 100.0 * rows as f64 / self.rows.max(1) as f64)
    }

    fn foot(&self, shown: &[usize]) -> String {
        let lacking = self.variables.iter().filter(|v| v.rows > 0).count();
        let complete = self.variables.len() - lacking;
        let mut words =
            vec![format!("{} rows; variables without a missing value: {complete}", count(self.rows as f64))];
        if shown.len() < lacking {
            words.push(format!("{} more variables with missing values are not drawn", lacking - shown.len()));
        }
        if self.patterns.len() > MOST_PATTERNS {
            let rest = self.patterns.len() - MOST_PATTERNS;
            words.push(format!("{rest} rarer patterns are not drawn"));
        }
        words.join("; ")
    }

    fn draw_variables<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        columns: &Columns,
        shown: &[usize],
    ) -> Result<()> {
        const GAP: f64 = 12.0;
        let face = columns.face;
        let (left, right) = columns.bars;
        let head = columns.rows.top - 16.0;
        canvas.text("Missing values", (left, head), Align::Left, NOTE_HEAD, INK)?;
        let words = |rows: usize| format!("{} ({})", count(rows as f64), self.percent(rows));
        let most = shown.first().map_or(1, |&j| self.variables[j].rows);
        let texts: Vec<String> = shown.iter().map(|&j| words(self.variables[j].rows)).collect();
        let room = right - left - GAP - widest(texts.iter().map(String::as_str), face)?;
        for (row, &j) in shown.iter().enumerate() {
            let variable = &self.variables[j];
            let (top, baseline) = (columns.top(row), columns.baseline(row));
            let name = shorten_middle(&variable.variable, face, left - columns.rows.left - GAP)?;
            canvas.text(&name, (columns.rows.left, baseline), Align::Left, face, INK)?;
            let end = left + (room * variable.rows as f64 / most as f64).max(2.0);
            let margin = 0.16 * columns.row_height;
            let bar = Area { left, top: top + margin, right: end, bottom: top + columns.row_height - margin };
            canvas.rectangle(&bar, tint(look_of(1).colour, 0.8))?;
            canvas.text(&texts[row], (end + GAP, baseline), Align::Left, face, INK)?;
        }
        Ok(())
    }

    fn draw_patterns<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        columns: &Columns,
        shown: &[usize],
    ) -> Result<()> {
        const WIDEST: f64 = 92.0;
        let patterns = self.commonest();
        let (left, right) = columns.cells;
        let step = ((right - left) / patterns.len().max(1) as f64).min(WIDEST);
        let title = columns.rows.top - HEADS + NOTE_HEAD.size;
        canvas.text("Patterns", (left, title), Align::Left, NOTE_HEAD, INK)?;
        let after = left + width("Patterns", NOTE_HEAD)? + 14.0;
        let note = shorten("coloured: missing; above: % of rows, and rows", AXIS_NOTE, right - after)?;
        canvas.text(&note, (after, title), Align::Left, AXIS_NOTE, MUTED)?;
        for (k, pattern) in patterns.iter().enumerate() {
            let (from, to) = (left + k as f64 * step, left + (k + 1) as f64 * step);
            let middle = f64::midpoint(from, to);
            let face = Face { size: 20.0, weight: Weight::Regular };
            let share = format!("{:.1}", 100.0 * pattern.rows as f64 / self.rows.max(1) as f64);
            let rows = shorten(&count(pattern.rows as f64), face, step - 4.0)?;
            canvas.text(&share, (middle, columns.rows.top - 38.0), Align::Middle, face, INK)?;
            canvas.text(&rows, (middle, columns.rows.top - 12.0), Align::Middle, face, MUTED)?;
            for (row, &j) in shown.iter().enumerate() {
                let cell =
                    Area { left: from, top: columns.top(row), right: to, bottom: columns.top(row + 1) };
                let is_missing = pattern.missing.get(j).copied().unwrap_or(false);
                let colour = if is_missing { tint(look_of(1).colour, 0.8) } else { tint(GRID, 0.7) };
                canvas.rectangle(&cell, WHITE)?;
                canvas.rectangle(&cell.grown(-1.5), colour)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    fn figure<'a>(rows: usize, variables: &'a [Lacking], patterns: &'a [Pattern]) -> Missing<'a> {
        let headings =
            Headings { title: "nhefs.csv: missing values", subtitle: "Of the 14 variables of the formula" };
        Missing { headings, rows, variables, patterns }
    }

    fn lacking(variable: &str, rows: usize) -> Lacking {
        Lacking { variable: variable.to_string(), rows }
    }

    #[test]
    fn those_that_lack_most_and_the_commonest_come_first() {
        let variables = [lacking("a", 1), lacking("b", 0), lacking("c", 7)];
        let patterns = [Pattern { missing: vec![true], rows: 1 }, Pattern { missing: vec![], rows: 9 }];
        let figure = figure(10, &variables, &patterns);
        assert_eq!(figure.shown(), [2, 0]);
        assert_eq!(figure.commonest()[0].rows, 9);
        assert_eq!(figure.foot(&[2, 0]), "10 rows; variables without a missing value: 1");
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "a variable with a name ".repeat(20);
        let many: Vec<Lacking> = (0..90).map(|k| lacking(&long, usize::MAX / (k + 1))).collect();
        let patterns = vec![Pattern { missing: vec![true; 3], rows: usize::MAX }; 50];
        drawn(&figure(0, &[], &[]), 0.25);
        drawn(&figure(0, &[lacking("", 1)], &patterns[..1]), 0.25);
        drawn(&figure(usize::MAX, &many, &patterns), 0.25);
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let names = [
            "weight_at_followup",
            "systolic_blood_pressure",
            "cholesterol",
            "income",
            "birth_control",
            "asthma",
            "hightax82",
            "alcohol",
        ];
        let rows = [63, 77, 16, 62, 4, 0, 92, 5];
        let variables: Vec<Lacking> = names.iter().zip(rows).map(|(n, r)| lacking(n, r)).collect();
        let pattern = |missing: &[usize], rows| Pattern {
            missing: (0..8).map(|j| missing.contains(&j)).collect(),
            rows,
        };
        let patterns = [
            pattern(&[], 1420),
            pattern(&[6], 71),
            pattern(&[0, 1], 44),
            pattern(&[3], 39),
            pattern(&[1], 22),
            pattern(&[2], 13),
            pattern(&[0, 1, 3], 11),
            pattern(&[6, 3], 9),
            pattern(&[7, 4], 3),
        ];
        kept(&figure(1629, &variables, &patterns), "missing");
    }
}
