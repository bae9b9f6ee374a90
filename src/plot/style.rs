//! Sizes, colours, line patterns and markers of all figures.
//!
//! Lengths are in pixels of the finished picture, which is meant to be printed at [`PIXELS_PER_INCH`].

use plotters::style::RGBColor;

/// Width of a picture, pixels.
pub const WIDTH: u32 = 1800;
/// Height of a picture, pixels.
pub const HEIGHT: u32 = 1125;
/// Resolution written into the file: 1800 pixels are 9 inches.
pub const PIXELS_PER_INCH: u32 = 200;
/// White kept free along the edge of the picture.
pub const EDGE: f64 = 44.0;

/// Paper.
pub const WHITE: RGBColor = RGBColor(255, 255, 255);
/// Text and whatever must be read first.
pub const INK: RGBColor = RGBColor(26, 26, 26);
/// Subtitles, explanations, reference lines.
pub const MUTED: RGBColor = RGBColor(92, 92, 92);
/// Axis lines and tick marks.
pub const SPINE: RGBColor = RGBColor(77, 77, 77);
/// Grid lines.
pub const GRID: RGBColor = RGBColor(230, 230, 230);

/// Weight of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Regular.
    Regular,
    /// Bold.
    Bold,
}

/// A size and weight of the type; the colour goes with the place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Size of the em square, pixels (a capital letter is 0.71 of it).
    pub size: f64,
    /// Regular or bold.
    pub weight: Weight,
}

impl Face {
    /// Distance between the baselines of two lines, pixels.
    pub fn leading(self) -> f64 {
        const LEADING: f64 = 1.3; // in ems; 1.2-1.45 is the printer's usual range
        self.size * LEADING
    }

    /// Height of a capital letter or a digit above the baseline, pixels.
    pub fn cap_height(self) -> f64 {
        const CAP_HEIGHT: f64 = 0.714; // in ems, from the font's OS/2 table
        self.size * CAP_HEIGHT
    }
}

/// The figure's heading.
pub const TITLE: Face = Face { size: 37.0, weight: Weight::Bold };
/// The line below the heading.
pub const SUBTITLE: Face = Face { size: 27.0, weight: Weight::Regular };
/// Names of the axes.
pub const AXIS_NAME: Face = Face { size: 28.0, weight: Weight::Regular };
/// Explanations beside the names of the axes.
pub const AXIS_NOTE: Face = Face { size: 24.0, weight: Weight::Regular };
/// Numbers at the ticks.
pub const TICK: Face = Face { size: 25.0, weight: Weight::Regular };
/// Words inside the picture.
pub const NOTE: Face = Face { size: 25.0, weight: Weight::Regular };
/// The first line of words inside the picture.
pub const NOTE_HEAD: Face = Face { size: 25.0, weight: Weight::Bold };

/// Width and dash pattern of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub colour: RGBColor,
    /// Width, pixels.
    pub width: f64,
    /// Lengths of dash, gap, dash, gap, ..., pixels; empty for a solid line.
    pub dashes: &'static [f64],
}

impl Stroke {
    /// A solid line.
    pub const fn solid(colour: RGBColor, width: f64) -> Stroke {
        Stroke { colour, width, dashes: &[] }
    }

    /// A dashed line.
    pub const fn dashed(colour: RGBColor, width: f64, dashes: &'static [f64]) -> Stroke {
        Stroke { colour, width, dashes }
    }
}

/// The line of a limit such as the tolerance.
pub const LIMIT: Stroke = Stroke::dashed(MUTED, 2.5, &[16.0, 9.0]);
/// Width of a curve.
pub const CURVE_WIDTH: f64 = 4.0;
/// Width of faint lines under a curve.
pub const FAINT_WIDTH: f64 = 1.6;

/// The outline of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Circle.
    Circle,
    /// Square.
    Square,
    /// Triangle standing on its base.
    TriangleUp,
    /// Diamond.
    Diamond,
    /// Triangle standing on its tip.
    TriangleDown,
    /// Pentagon.
    Pentagon,
    /// Star of five points.
    Star,
    /// Square of which the sides are drawn in: a cross of two beams.
    Cross,
}

/// What stands at the end of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A filled marker: it arrived.
    Filled,
    /// A hollow marker: it stopped on the way.
    Hollow,
    /// An arrow: it goes on outside of the picture.
    Arrow,
}

/// How one of several curves is told from the others: colour, line pattern and marker, so that it also works in grey.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Colour.
    pub colour: RGBColor,
    /// Line pattern as in [`Stroke::dashes`].
    pub dashes: &'static [f64],
    /// Marker at the stop.
    pub shape: Shape,
}

const fn look(red: u8, green: u8, blue: u8, dashes: &'static [f64], shape: Shape) -> Look {
    Look { colour: RGBColor(red, green, blue), dashes, shape }
}

/// The eight looks. The colours are those of Okabe & Ito (Color Universal Design, 2008), safe for colour-blind
/// readers; their yellow, too light for a line on white, gives way to grey, and orange and sky blue are a shade darker.
pub const LOOKS: [Look; 8] = [
    look(0, 114, 178, &[], Shape::Circle),
    look(213, 94, 0, &[22.0, 8.0], Shape::Square),
    look(0, 140, 104, &[5.0, 7.0], Shape::TriangleUp),
    look(178, 88, 143, &[22.0, 7.0, 5.0, 7.0], Shape::Diamond),
    look(20, 20, 20, &[11.0, 7.0], Shape::TriangleDown),
    look(212, 142, 0, &[36.0, 9.0], Shape::Pentagon),
    look(64, 164, 217, &[22.0, 7.0, 5.0, 7.0, 5.0, 7.0], Shape::Star),
    look(128, 128, 128, &[3.0, 5.0], Shape::Cross),
];

/// The look of the curve at a position; after eight they begin again.
pub fn look_of(position: usize) -> Look {
    LOOKS[position % LOOKS.len()]
}

/// A colour thinned with white: `share` 1 leaves it, 0 gives white.
pub fn tint(colour: RGBColor, share: f64) -> RGBColor {
    let mix = |c: u8| (255.0 - (255.0 - f64::from(c)) * share.clamp(0.0, 1.0)).round() as u8;
    RGBColor(mix(colour.0), mix(colour.1), mix(colour.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of sRGB and the contrast against white of WCAG 2.1, s. 1.4.3.
    fn contrast_with_white(colour: RGBColor) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2);
        1.05 / (luminance + 0.05)
    }

    #[test]
    fn every_curve_stands_out_from_the_paper() {
        for look in LOOKS {
            assert!(contrast_with_white(look.colour) > 2.5, "{look:?}");
        }
    }

    #[test]
    fn no_two_looks_share_a_pattern_or_a_marker() {
        for (i, a) in LOOKS.iter().enumerate() {
            for b in &LOOKS[..i] {
                assert!(a.dashes != b.dashes && a.shape != b.shape && a.colour != b.colour);
            }
        }
    }

    #[test]
    fn a_tint_lies_between_the_colour_and_white() {
        assert_eq!(tint(INK, 1.0), INK);
        assert_eq!(tint(INK, 0.0), WHITE);
        assert_eq!(tint(RGBColor(0, 100, 200), 0.5), RGBColor(128, 178, 228));
    }
}
