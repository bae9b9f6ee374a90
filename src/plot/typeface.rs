//! The typeface inside the program (Noto Sans): read once, measured before anything is placed.

use crate::error::{Error, Kind, Result};
use crate::plot::style::{Face, Weight};
use ab_glyph::{Font, FontRef};
use std::sync::OnceLock;

/// The name that figures give to the typeface.
pub const FAMILY: &str = "Noto Sans";

/// The outlines and measures of a weight, read once.
///
/// # Errors
/// When the bytes in the program are no font.
pub fn outlines(weight: Weight) -> Result<&'static FontRef<'static>> {
    static REGULAR: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    static BOLD: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    let (font, bytes) = match weight {
        Weight::Regular => (&REGULAR, notosans::REGULAR_TTF),
        Weight::Bold => (&BOLD, notosans::BOLD_TTF),
    };
    font.get_or_init(|| FontRef::try_from_slice(bytes).ok())
        .as_ref()
        .ok_or_else(|| Error::new(Kind::Io, "the typeface inside the program cannot be read"))
}

/// How far the letters of a text advance, in ems: the start of each, and the end of all.
pub fn advances(text: &str, font: &FontRef<'static>) -> (Vec<f32>, f32) {
    let em = font.units_per_em().unwrap_or(1000.0);
    let mut starts = Vec::with_capacity(text.len());
    let (mut at, mut previous) = (0.0, None);
    for letter in text.chars() {
        let glyph = font.glyph_id(letter);
        at += previous.map_or(0.0, |previous| font.kern_unscaled(previous, glyph)) / em;
        starts.push(at);
        at += font.h_advance_unscaled(glyph) / em;
        previous = Some(glyph);
    }
    (starts, at)
}

/// Size of raised digits, as a share of the size of the others.
const RAISED_SIZE: f64 = 0.70;
/// How far the baseline of raised digits lies above the others, in ems.
const RAISED_BY: f64 = 0.36;

/// A stretch of text that is drawn in one size on one baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Its letters.
    pub text: String,
    /// Its size and weight.
    pub face: Face,
    /// How far its baseline lies above that of the line, pixels.
    pub raised: f64,
}

/// A line of text in stretches: the exponents ⁰ to ⁹ and ⁻ are digits of the typeface made small and raised, all alike
/// (the typeface draws some of them differently and lacks the minus).
pub fn stretches(line: &str, face: Face) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for letter in line.chars() {
        let (letter, raised) = exponent(letter).map_or((letter, 0.0), |digit| (digit, RAISED_BY * face.size));
        match stretches.last_mut() {
            Some(last) if last.raised == raised => last.text.push(letter),
            _ => {
                let size = if raised > 0.0 { RAISED_SIZE * face.size } else { face.size };
                stretches.push(Stretch { text: letter.to_string(), face: Face { size, ..face }, raised });
            }
        }
    }
    stretches
}

/// The digit or minus of which a letter is the raised form.
fn exponent(letter: char) -> Option<char> {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit =
        || RAISED.iter().position(|raised| *raised == letter).and_then(|d| char::from_digit(d as u32, 10));
    if letter == '⁻' { Some('−') } else { digit() }
}

/// Width of a line of text, pixels.
///
/// # Errors
/// When the typeface cannot be used.
pub fn width(line: &str, face: Face) -> Result<f64> {
    stretches(line, face).iter().try_fold(0.0, |sum, stretch| {
        let (_, ems) = advances(&stretch.text, outlines(face.weight)?);
        Ok(sum + f64::from(ems) * stretch.face.size)
    })
}

/// The widest of several lines, pixels.
///
/// # Errors
/// As [`width`].
pub fn widest<'a>(lines: impl IntoIterator<Item = &'a str>, face: Face) -> Result<f64> {
    lines.into_iter().try_fold(0.0, |widest: f64, line| Ok(widest.max(width(line, face)?)))
}

/// Text on one line: control characters, line breaks and runs of blanks become single blanks.
fn on_one_line(text: &str) -> String {
    let blanked: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    blanked.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Breaks text into at most `most_lines` lines no wider than `room` pixels: between words where that is possible,
/// inside a word that is wider than a line; what does not fit ends in an ellipsis.
///
/// # Errors
/// As [`width`].
pub fn wrap(text: &str, face: Face, room: f64, most_lines: usize) -> Result<Vec<String>> {
    let mut rest = on_one_line(text);
    let mut lines = Vec::new();
    while !rest.is_empty() && lines.len() < most_lines {
        let fits = fitting(&rest, face, room)?;
        if fits == rest.len() {
            lines.push(std::mem::take(&mut rest));
        } else if lines.len() + 1 == most_lines {
            lines.push(shorten(&rest, face, room)?);
        } else {
            let cut = break_before(&rest, fits);
            lines.push(rest[..cut].trim_end().to_string());
            rest = rest[cut..].trim_start().to_string();
        }
    }
    Ok(lines)
}

/// The text, cut and ended by an ellipsis where it is wider than `room` pixels.
///
/// # Errors
/// As [`width`].
pub fn shorten(text: &str, face: Face, room: f64) -> Result<String> {
    let text = on_one_line(text);
    if width(&text, face)? <= room {
        return Ok(text);
    }
    let fits = fitting(&text, face, room - width("…", face)?)?;
    let kept = text[..fits].trim_end_matches([' ', ',', ';', ':', '+', '~', '*']);
    Ok(format!("{kept}…"))
}

/// The text, cut in its middle where it is wider than `room` pixels: long names often differ at their ends.
///
/// # Errors
/// As [`width`].
pub fn shorten_middle(text: &str, face: Face, room: f64) -> Result<String> {
    const HEAD: f64 = 0.4; // share of the room that the beginning keeps
    let text = on_one_line(text);
    if width(&text, face)? <= room {
        return Ok(text);
    }
    let room = room - width("…", face)?;
    let head = fitting(&text, face, HEAD * room)?;
    let ends = text[head..].char_indices().map(|(at, _)| &text[head + at..]);
    for tail in ends {
        if width(tail, face)? <= (1.0 - HEAD) * room {
            return Ok(format!("{}…{}", text[..head].trim_end(), tail.trim_start()));
        }
    }
    shorten(&text, face, room)
}

/// How many bytes of the text fit into `room` pixels; at least one character, so that wrapping ends.
fn fitting(text: &str, face: Face, room: f64) -> Result<usize> {
    let ends: Vec<usize> = text.char_indices().map(|(start, c)| start + c.len_utf8()).collect();
    let (mut fits, mut too_many) = (1, ends.len() + 1); // in characters; the width grows with their number
    while too_many - fits > 1 {
        let middle = fits.midpoint(too_many);
        if width(&text[..ends[middle - 1]], face)? <= room { fits = middle } else { too_many = middle }
    }
    Ok(ends.get(fits - 1).copied().unwrap_or(0))
}

/// Where to break a text of which `fits` bytes fit: after the last blank, or else after the last sign that joins
/// words, or else right there.
fn break_before(text: &str, fits: usize) -> usize {
    if text[fits..].starts_with(' ') {
        return fits;
    }
    let head = &text[..fits];
    let after_sign = |sign: &[char]| head.rfind(sign).map(|at| at + 1).filter(|at| 3 * at >= fits);
    after_sign(&[' ']).or_else(|| after_sign(&['_', '.', '-', ':', '/', '*', ','])).unwrap_or(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::style::{NOTE, TITLE};

    #[test]
    fn a_line_is_never_wider_than_its_room() {
        let texts = [
            "a b c d e f",
            "one_very_long_column_name_without_a_single_blank_that_goes_on",
            "ÄÖÜ ≤ 10⁻⁸ × µg/ml",
        ];
        for text in texts {
            for room in [60.0, 120.0, 333.0] {
                for line in wrap(text, TITLE, room, 3).expect("measured") {
                    assert!(width(&line, TITLE).expect("measured") <= room, "{line:?} in {room}");
                }
            }
        }
    }

    #[test]
    fn wrapping_loses_nothing_when_there_are_lines_enough() {
        let text = "responded ~ treatment * age + baseline_severity";
        let lines = wrap(text, NOTE, 200.0, 50).expect("measured");
        assert!(lines.len() > 1);
        let letters = |s: &str| s.replace(' ', "");
        assert_eq!(letters(&lines.concat()), letters(text));
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        let lines = wrap(&"word ".repeat(100), NOTE, 300.0, 2).expect("measured");
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…') && !lines[0].ends_with('…'));
    }

    #[test]
    fn a_name_cut_in_its_middle_keeps_both_ends_and_its_room() {
        let name = "laboratory value number 17 (mmol/l per day)";
        let short = shorten_middle(name, NOTE, 300.0).expect("measured");
        assert!(short.starts_with("labor") && short.ends_with("per day)") && short.contains('…'), "{short}");
        assert!(width(&short, NOTE).expect("measured") <= 300.0);
        assert_eq!(shorten_middle("age", NOTE, 300.0).expect("measured"), "age");
        assert!(shorten_middle(name, NOTE, 0.0).is_ok());
    }

    #[test]
    fn no_room_at_all_still_ends() {
        assert!(wrap("abc", NOTE, 0.0, 5).expect("measured").len() <= 5);
        assert!(wrap("", NOTE, 100.0, 5).expect("measured").is_empty());
    }

    #[test]
    fn line_breaks_and_tabs_in_a_name_become_blanks() {
        assert_eq!(wrap("dose\n\tin mg", NOTE, 1000.0, 2).expect("measured"), ["dose in mg"]);
    }

    #[test]
    fn exponents_are_raised_digits() {
        let parts = stretches("3 × 10⁻¹² m", NOTE);
        let texts: Vec<(&str, bool)> =
            parts.iter().map(|part| (part.text.as_str(), part.raised > 0.0)).collect();
        assert_eq!(texts, [("3 × 10", false), ("−12", true), (" m", false)]);
    }

    #[test]
    fn bold_is_wider_than_regular_and_width_grows_with_size() {
        let regular = width("gradient", NOTE).expect("measured");
        let bold = width("gradient", Face { weight: Weight::Bold, ..NOTE }).expect("measured");
        let twice = width("gradient", Face { size: 2.0 * NOTE.size, ..NOTE }).expect("measured");
        assert!(bold > regular);
        assert!((twice / regular - 2.0).abs() < 0.01);
    }
}
