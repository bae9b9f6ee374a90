//! The forest plot: one effect a row with its interval, and the numbers beside it.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Area, Canvas};
use crate::plot::descent::extent;
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::{Figure, png};
use crate::plot::style::{
    Face, GRID, INK, LIMIT, MUTED, NOTE, NOTE_HEAD, SPINE, Shape, Stroke, Weight, look_of, tint,
};
use crate::plot::typeface::{shorten, shorten_middle, widest};
use plotters_backend::DrawingBackend;

/// On which scale effects lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectScale {
    /// Odds ratios, risk ratios: logarithmic, no effect at 1.
    Ratio,
    /// Coefficients, differences: linear, no effect at 0.
    Difference,
}

impl EffectScale {
    /// The value that means no effect.
    pub fn none(self) -> f64 {
        match self {
            EffectScale::Ratio => 1.0,
            EffectScale::Difference => 0.0,
        }
    }

    /// An axis that shows all the values and the one that means no effect. A ratio that lies more than 10 times
    /// outside of `firm` (the estimates) does not stretch it.
    pub fn axis(self, firm: &[f64], loose: &[f64]) -> Axis {
        const FAR: f64 = 10.0;
        let usable = |v: &f64| v.is_finite() && (self == EffectScale::Difference || *v > 0.0);
        let of =
            |values: &[f64]| values.iter().copied().filter(usable).chain([self.none()]).collect::<Vec<_>>();
        let (near, wide) = (of(firm), of(&[firm, loose].concat()));
        let (low, high) = extent(&near).unwrap_or((1.0, 1.0));
        let (lowest, highest) = extent(&wide).unwrap_or((1.0, 1.0));
        match self {
            EffectScale::Ratio => Axis::ratios(lowest.max(low / FAR), highest.min(high * FAR)),
            EffectScale::Difference => Axis::linear(lowest, highest),
        }
    }
}

/// A row of the plot. Without an estimate (not a number) it is a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestRow {
    /// What has the effect.
    pub label: String,
    /// The effect.
    pub estimate: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// The numbers as they are printed beside it, e.g. `0.55 (0.33 to 0.90)`.
    pub text: String,
}

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Forest<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// Ratios or differences.
    pub scale: EffectScale,
    /// Name of the axis, e.g. `Odds ratio`, and what is said about it.
    pub effect: (&'a str, &'a str),
    /// Head of the numbers, e.g. `Odds ratio (95 % CI)`.
    pub text_head: &'a str,
    /// The rows, from above.
    pub rows: &'a [ForestRow],
}

/// The forest plot as PNG bytes.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn forest(figure: &Forest<'_>) -> Result<Vec<u8>> {
    png(figure)
}

/// The least height of a row, pixels.
const LEAST_ROW: f64 = 21.0;
/// White between the columns, pixels.
const GUTTER: f64 = 30.0;

impl Figure for Forest<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let body = page.body;
        let room = body.height() - 150.0; // of the heads and of the axis
        let shown = self.rows.len().min((room / LEAST_ROW) as usize);
        let rows = &self.rows[..shown];
        let row_height = room / shown.max(1) as f64;
        let face = Face { size: (row_height / 1.25).min(NOTE.size), weight: Weight::Regular };
        let labels: Vec<String> = rows
            .iter()
            .map(|row| shorten_middle(&row.label, face, 0.36 * body.width()))
            .collect::<Result<_>>()?;
        let texts: Vec<String> =
            rows.iter().map(|row| shorten(&row.text, face, 0.3 * body.width())).collect::<Result<_>>()?;
        let head = shorten(self.text_head, NOTE_HEAD, 0.3 * body.width())?;
        let names = widest(labels.iter().map(String::as_str), face)?;
        let numbers =
            widest(texts.iter().map(String::as_str), face)?.max(widest([head.as_str()], NOTE_HEAD)?);
        let middle = Area { left: body.left + names + GUTTER, right: body.right - numbers - GUTTER, ..body };
        let panel = self.panel(rows, middle)?;
        draw_stripes(canvas, &panel.frame, (body.left, body.right), shown)?;
        panel.draw_x_axis(canvas)?;
        self.draw_no_effect(canvas, &panel)?;
        canvas.text(&head, (body.right, panel.frame.top - 14.0), Align::Right, NOTE_HEAD, INK)?;
        for (k, row) in rows.iter().enumerate() {
            let level = panel.frame.top + (k as f64 + 0.5) * panel.frame.height() / shown as f64;
            let baseline = level + face.cap_height() / 2.0;
            let weight = if row.estimate.is_nan() { Weight::Bold } else { Weight::Regular };
            canvas.text(&labels[k], (body.left, baseline), Align::Left, Face { weight, ..face }, INK)?;
            canvas.text(&texts[k], (body.right, baseline), Align::Right, face, INK)?;
            draw_effect(canvas, &panel, row, level, 0.36 * face.size)?;
        }
        if shown < self.rows.len() {
            let words = format!("{} more rows are not drawn", self.rows.len() - shown);
            canvas.text(&words, (body.left, body.bottom), Align::Left, NOTE, MUTED)?;
        }
        Ok(())
    }
}

impl Forest<'_> {
    fn panel(&self, rows: &[ForestRow], area: Area) -> Result<Panel> {
        let estimates: Vec<f64> = rows.iter().map(|row| row.estimate).collect();
        let ends: Vec<f64> = rows.iter().flat_map(|row| [row.low, row.high]).collect();
        let x = self.scale.axis(&estimates, &ends).named(self.effect.0, self.effect.1);
        let mut y = Axis::linear(0.0, 1.0);
        y.ticks.clear();
        Panel::within(area, x, y, Reserve { right: 0.0, above: 40.0 })
    }

    fn draw_no_effect<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
        let (frame, x) = (&panel.frame, panel.across(self.scale.none()));
        canvas
            .line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], &Stroke::solid(SPINE, 2.0))?;
        canvas.line(&[(x, frame.top), (x, frame.bottom)], &LIMIT)
    }
}

/// Every other row on a faint stripe, which leads the eye from the name to the numbers.
fn draw_stripes<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    frame: &Area,
    ends: (f64, f64),
    rows: usize,
) -> Result<()> {
    const MARGIN: f64 = 10.0;
    let height = frame.height() / rows.max(1) as f64;
    for k in (0..rows).step_by(2) {
        let top = frame.top + k as f64 * height;
        let stripe = Area { left: ends.0 - MARGIN, top, right: ends.1 + MARGIN, bottom: top + height };
        canvas.rectangle(&stripe, tint(GRID, 0.45))?;
    }
    Ok(())
}

/// The interval as a line and the estimate as a square on it; an end beyond the axis is an arrow.
fn draw_effect<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    row: &ForestRow,
    level: f64,
    radius: f64,
) -> Result<()> {
    let colour = look_of(0).colour;
    let stroke = Stroke::solid(colour, 3.6);
    let frame = &panel.frame;
    if row.estimate.is_nan() {
        return Ok(());
    }
    let (low, at, high) = (panel.across(row.low), panel.across(row.estimate), panel.across(row.high));
    if !low.is_nan() && !high.is_nan() {
        let (left, right) = (low.clamp(frame.left, frame.right), high.clamp(frame.left, frame.right));
        canvas.line(&[(left, level), (right, level)], &stroke)?;
        for (beyond, tip, back) in [(low < frame.left, left, radius), (high > frame.right, right, -radius)] {
            if beyond {
                let wings = [(tip + back, level - radius), (tip, level), (tip + back, level + radius)];
                canvas.line(&wings, &stroke)?;
            }
        }
    }
    if frame.left <= at && at <= frame.right {
        canvas.marker((at, level), Shape::Square, radius, colour)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    fn row(label: &str, estimate: f64, low: f64, high: f64) -> ForestRow {
        let text = format!("{estimate:.2} ({low:.2} to {high:.2})");
        ForestRow { label: label.to_string(), estimate, low, high, text }
    }

    fn figure(rows: &[ForestRow], scale: EffectScale) -> Forest<'_> {
        Forest {
            headings: Headings {
                title: "pancreatitis ~ rx + age + gender + risk",
                subtitle: "Logistic regression",
            },
            scale,
            effect: ("Odds ratio", "(logarithmic)"),
            text_head: "Odds ratio (95 % CI)",
            rows,
        }
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "a name that never ends ".repeat(30);
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        let rows = [
            row(&long, 1.0, nan, nan),
            row("", 1e9, 0.0, inf),
            row("x", nan, nan, nan),
            row("y", 0.0, -inf, 1e-300),
        ];
        for scale in [EffectScale::Ratio, EffectScale::Difference] {
            for rows in [&rows[..0], &rows[..1], &rows, &vec![rows[1].clone(); 300]] {
                drawn(&figure(rows, scale), 0.25);
            }
        }
    }

    #[test]
    fn an_unbounded_interval_does_not_stretch_the_axis() {
        let axis = EffectScale::Ratio.axis(&[0.5, 2.0], &[0.3, 1e12]);
        assert!(axis.low <= 0.3 && axis.high <= 20.5, "{axis:?}");
        assert!(EffectScale::Difference.axis(&[2.0], &[1.0, 3.0]).low <= 0.0);
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let rows = [
            ForestRow { text: String::new(), ..row("Treatment", f64::NAN, 0.0, 0.0) },
            row("rx[indomethacin]", 0.51, 0.29, 0.87),
            ForestRow { text: String::new(), ..row("Patient", f64::NAN, 0.0, 0.0) },
            row("age, per 10 years", 0.93, 0.77, 1.12),
            row("gender[male]", 0.71, 0.38, 1.33),
            row("prior pancreatitis", 2.31, 1.19, 4.48),
            row("sphincter_of_oddi_dysfunction[yes]", 1.86, 0.84, 4.13),
            row("separated", 9.0, 0.6, 1e7),
        ];
        kept(&figure(&rows, EffectScale::Ratio), "forest");
        let many: Vec<ForestRow> = (0..40)
            .map(|k| {
                let at = (f64::from(k) * 1.7).sin();
                row(&format!("coefficient number {k}"), at, at - 0.6, at + 0.4)
            })
            .collect();
        let figure = Forest {
            effect: ("Coefficient", ""),
            text_head: "Coefficient (95 % CI)",
            ..figure(&many, EffectScale::Difference)
        };
        kept(&figure, "forest_many");
    }
}
