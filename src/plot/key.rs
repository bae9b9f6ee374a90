//! The key of several curves: a column beside the frame, so that it never covers data, with each curve's stop in words.

use crate::error::Result;
use crate::plot::canvas::{Align, Canvas, Point};
use crate::plot::style::{CURVE_WIDTH, End, INK, Look, MUTED, NOTE, NOTE_HEAD, Stroke};
use crate::plot::typeface::{widest, wrap};
use plotters_backend::DrawingBackend;

/// Length of the sample of a line, pixels.
const SAMPLE: f64 = 84.0;
/// White between the sample and its words, pixels.
const SAMPLE_GAP: f64 = 18.0;
/// White between two entries, pixels.
const BETWEEN: f64 = 20.0;
/// The widest that words may be, pixels.
const WIDEST: f64 = 400.0;
/// Radius of the marker in the key and at the stop, pixels.
pub const MARKER: f64 = 11.0;

/// One curve in the key.
#[derive(Debug, Clone)]
pub struct Entry {
    /// How it is drawn.
    pub look: Look,
    /// What stands at its end.
    pub end: End,
    /// Its name.
    pub label: String,
    /// How it ended.
    pub note: String,
}

/// A key, measured.
#[derive(Debug, Clone)]
pub struct Key {
    rows: Vec<Row>,
    /// How many curves there was no room for.
    left_out: usize,
    /// Width of the whole column, pixels.
    pub width: f64,
}

#[derive(Debug, Clone)]
struct Row {
    look: Look,
    end: End,
    label: Vec<String>,
    note: Vec<String>,
}

impl Key {
    /// Fits the entries into a height: with as many lines for names and notes as there is room for.
    ///
    /// # Errors
    /// When the typeface cannot be used.
    pub fn lay_out(entries: &[Entry], height: f64) -> Result<Key> {
        const LINES: [(usize, usize); 5] = [(3, 3), (2, 2), (1, 2), (1, 1), (1, 0)];
        let mut rows = Vec::new();
        for (label_lines, note_lines) in LINES {
            rows =
                entries.iter().map(|entry| Row::of(entry, label_lines, note_lines)).collect::<Result<_>>()?;
            if height_of(&rows) <= height {
                break;
            }
        }
        while rows.len() > 1 && height_of(&rows) > height - cut_note(entries, &rows) {
            rows.pop();
        }
        let left_out = entries.len() - rows.len();
        let labels = widest(rows.iter().flat_map(|row| row.label.iter().map(String::as_str)), NOTE_HEAD)?;
        let notes = widest(rows.iter().flat_map(|row| row.note.iter().map(String::as_str)), NOTE)?;
        Ok(Key { rows, left_out, width: SAMPLE + SAMPLE_GAP + labels.max(notes) })
    }

    /// Draws the key with its upper left corner at a point.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, corner: Point) -> Result<()> {
        let text_left = corner.0 + SAMPLE + SAMPLE_GAP;
        let mut top = corner.1;
        for row in &self.rows {
            let baseline = top + NOTE_HEAD.cap_height();
            let middle = baseline - NOTE_HEAD.cap_height() / 2.0;
            draw_sample(canvas, (corner.0, middle), &row.look, row.end)?;
            let labels = row.label.iter().map(|line| (line, NOTE_HEAD, INK));
            let notes = row.note.iter().map(|line| (line, NOTE, MUTED));
            for (k, (line, face, colour)) in labels.chain(notes).enumerate() {
                let at = (text_left, baseline + k as f64 * NOTE.leading());
                canvas.text(line, at, Align::Left, face, colour)?;
            }
            top += row.height() + BETWEEN;
        }
        if self.left_out > 0 {
            let words = format!("and {} more", self.left_out);
            canvas.text(&words, (text_left, top + NOTE.cap_height()), Align::Left, NOTE, MUTED)?;
        }
        Ok(())
    }
}

impl Row {
    fn of(entry: &Entry, label_lines: usize, note_lines: usize) -> Result<Row> {
        let label = wrap(&entry.label, NOTE_HEAD, WIDEST, label_lines)?;
        let note = wrap(&entry.note, NOTE, WIDEST, note_lines)?;
        Ok(Row { look: entry.look, end: entry.end, label, note })
    }

    fn height(&self) -> f64 {
        (self.label.len() + self.note.len()).max(1) as f64 * NOTE.leading()
    }
}

/// Height of the words that say how many curves are left out.
fn cut_note(entries: &[Entry], rows: &[Row]) -> f64 {
    if rows.len() < entries.len() { NOTE.leading() } else { 0.0 }
}

fn height_of(rows: &[Row]) -> f64 {
    rows.iter().map(|row| row.height() + BETWEEN).sum()
}

fn draw_sample<B: DrawingBackend>(canvas: &Canvas<'_, B>, left: Point, look: &Look, end: End) -> Result<()> {
    let stroke = Stroke::dashed(look.colour, CURVE_WIDTH, look.dashes);
    canvas.line(&[left, (left.0 + SAMPLE, left.1)], &stroke)?;
    draw_end(canvas, (left.0 + SAMPLE - MARKER, left.1), look, end)
}

/// What stands at the end of a curve, in the key as in the picture. The tip of an arrow is a marker's radius higher.
///
/// # Errors
/// When the surface fails.
pub fn draw_end<B: DrawingBackend>(canvas: &Canvas<'_, B>, at: Point, look: &Look, end: End) -> Result<()> {
    match end {
        End::Filled => canvas.marker(at, look.shape, MARKER, look.colour),
        End::Hollow => canvas.hollow_marker(at, look.shape, MARKER, look.colour),
        End::Arrow => canvas.arrow_up((at.0, at.1 - MARKER), MARKER, look.colour),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::style::look_of;

    fn entries(n: usize) -> Vec<Entry> {
        let entry = |k| Entry {
            look: look_of(k),
            end: End::Filled,
            label: format!("learning rate {k} with a name that is rather long for a key"),
            note: "stopped after 10,000 epochs: epoch limit reached".to_string(),
        };
        (0..n).map(entry).collect()
    }

    #[test]
    fn the_key_never_grows_out_of_its_height() {
        for n in [1, 2, 8, 12, 40] {
            let key = Key::lay_out(&entries(n), 800.0).expect("laid out");
            assert!(height_of(&key.rows) <= 800.0, "{n}");
            assert_eq!(key.rows.len() + key.left_out, n);
        }
    }

    #[test]
    fn two_curves_are_told_in_full_and_eight_keep_their_stop() {
        let two = Key::lay_out(&entries(2), 800.0).expect("laid out");
        assert!(
            two.rows.iter().all(|row| !row.label.concat().contains('…') && !row.note.concat().contains('…'))
        );
        let eight = Key::lay_out(&entries(8), 800.0).expect("laid out");
        assert!(eight.left_out == 0 && eight.rows.iter().all(|row| !row.note.is_empty()));
    }
}
