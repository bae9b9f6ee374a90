//! Samples of what is drawn with their words: in rows above a frame, or in a column beside it.

use crate::error::Result;
use crate::plot::canvas::{Align, Area, Canvas, Point};
use crate::plot::style::{CURVE_WIDTH, Face, INK, MUTED, NOTE, NOTE_HEAD, Shape, Stroke};
use crate::plot::typeface::{shorten, width, wrap};
use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

/// How something is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    /// Words without a sample.
    Nothing,
    /// A line.
    Line(Stroke),
    /// A line on its band.
    Band(Stroke, RGBColor),
    /// A marker.
    Dot(Shape, RGBColor),
    /// A bar or an area.
    Block(RGBColor),
}

/// A sample with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The sample.
    pub mark: Mark,
    /// What it is.
    pub label: String,
    /// What is said about it, in a column only.
    pub note: String,
}

impl Item {
    /// A sample with a label and nothing more.
    pub fn new(mark: Mark, label: impl Into<String>) -> Item {
        Item { mark, label: label.into(), note: String::new() }
    }
}

/// Length of a sample, pixels.
const SAMPLE: f64 = 56.0;
/// White between a sample and its words, pixels.
const GAP: f64 = 14.0;
/// White between two items, pixels.
const BETWEEN: f64 = 38.0;

fn sample_room(mark: Mark) -> f64 {
    match mark {
        Mark::Nothing => 0.0,
        Mark::Dot(..) => 22.0 + GAP,
        Mark::Block(_) => 30.0 + GAP,
        Mark::Line(_) | Mark::Band(..) => SAMPLE + GAP,
    }
}

/// Items in rows, measured.
#[derive(Debug, Clone)]
pub struct Rows(Vec<Vec<(Item, f64)>>);

impl Rows {
    /// Breaks the items into rows no wider than `room`.
    ///
    /// # Errors
    /// When the typeface cannot be used.
    pub fn lay_out(items: &[Item], room: f64) -> Result<Rows> {
        let mut rows: Vec<Vec<(Item, f64)>> = Vec::new();
        let mut at = f64::INFINITY;
        for item in items {
            let label = shorten(&item.label, NOTE, room - sample_room(item.mark))?;
            let wide = sample_room(item.mark) + width(&label, NOTE)?;
            if at + wide > room {
                rows.push(Vec::new());
                at = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((Item { label, ..item.clone() }, at));
            }
            at += wide + BETWEEN;
        }
        Ok(Rows(rows))
    }

    /// Height of all rows with the white below them, pixels.
    pub fn height(&self) -> f64 {
        const BELOW: f64 = 14.0;
        if self.0.is_empty() { 0.0 } else { self.0.len() as f64 * NOTE.leading() + BELOW }
    }

    /// Draws the rows with their upper left corner at a point.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, corner: Point) -> Result<()> {
        for (k, row) in self.0.iter().enumerate() {
            let middle = corner.1 + (k as f64 + 0.5) * NOTE.leading();
            for (item, left) in row {
                draw_mark(canvas, (corner.0 + left, middle), item.mark)?;
                let at = (corner.0 + left + sample_room(item.mark), middle + NOTE.cap_height() / 2.0);
                canvas.text(&item.label, at, Align::Left, NOTE, INK)?;
            }
        }
        Ok(())
    }
}

/// Draws items below each other in an area, labels in bold with their notes under them; those for which there is no
/// room are counted in words.
///
/// # Errors
/// When the surface or the typeface fails.
pub fn draw_column<B: DrawingBackend>(canvas: &Canvas<'_, B>, area: &Area, items: &[Item]) -> Result<()> {
    const WHITE_BELOW: f64 = 20.0;
    let mut top = area.top;
    for (k, item) in items.iter().enumerate() {
        let left = area.left + sample_room(item.mark);
        let lines = lines_of(item, area.right - left)?;
        let needed = lines.len() as f64 * NOTE.leading();
        let rest = if k + 1 < items.len() { NOTE.leading() } else { 0.0 };
        if k > 0 && top + needed + rest > area.bottom {
            let words = format!("and {} more", items.len() - k);
            return canvas.text(&words, (left, top + NOTE.cap_height()), Align::Left, NOTE, MUTED);
        }
        let baseline = top + NOTE_HEAD.cap_height();
        draw_mark(canvas, (area.left, baseline - NOTE_HEAD.cap_height() / 2.0), item.mark)?;
        for (row, (line, face, colour)) in lines.iter().enumerate() {
            let at = (left, baseline + row as f64 * NOTE.leading());
            canvas.text(line, at, Align::Left, *face, *colour)?;
        }
        top += needed + WHITE_BELOW;
    }
    Ok(())
}

fn lines_of(item: &Item, room: f64) -> Result<Vec<(String, Face, RGBColor)>> {
    let labels = wrap(&item.label, NOTE_HEAD, room, 3)?.into_iter().map(|line| (line, NOTE_HEAD, INK));
    let notes = wrap(&item.note, NOTE, room, 6)?.into_iter().map(|line| (line, NOTE, MUTED));
    Ok(labels.chain(notes).collect())
}

fn draw_mark<B: DrawingBackend>(canvas: &Canvas<'_, B>, left: Point, mark: Mark) -> Result<()> {
    const HALF: f64 = 11.0;
    const DOT: f64 = 9.0;
    let (x, y) = left;
    let block = |right: f64| Area { left: x, top: y - HALF, right, bottom: y + HALF };
    match mark {
        Mark::Nothing => Ok(()),
        Mark::Line(stroke) => {
            let stroke = Stroke { width: stroke.width.max(0.6 * CURVE_WIDTH), ..stroke };
            canvas.line(&[left, (x + SAMPLE, y)], &stroke)
        }
        Mark::Band(stroke, colour) => {
            canvas.rectangle(&block(x + SAMPLE), colour)?;
            canvas.line(&[left, (x + SAMPLE, y)], &stroke)
        }
        Mark::Dot(shape, colour) => canvas.marker((x + HALF, y), shape, DOT, colour),
        Mark::Block(colour) => canvas.rectangle(&block(x + 30.0), colour),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::style::LIMIT;

    #[test]
    fn rows_are_no_wider_than_their_room_and_lose_nothing() {
        let items: Vec<Item> =
            (0..7).map(|k| Item::new(Mark::Line(LIMIT), format!("a curve with the number {k}"))).collect();
        let rows = Rows::lay_out(&items, 900.0).expect("laid out");
        assert_eq!(rows.0.iter().map(Vec::len).sum::<usize>(), 7);
        for row in &rows.0 {
            let (last, left) = row.last().expect("no row is empty");
            assert!(left + sample_room(last.mark) + width(&last.label, NOTE).expect("measured") <= 900.0);
        }
        assert_eq!(Rows::lay_out(&[], 900.0).expect("laid out").height(), 0.0);
    }
}
