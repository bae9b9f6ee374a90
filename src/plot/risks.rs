//! The distribution of predicted risks, apart for those with the event and those without.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Area, Canvas};
use crate::plot::number::count;
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::{Figure, png};
use crate::plot::series::draw_bars;
use crate::plot::style::{INK, LIMIT, MUTED, NOTE, NOTE_HEAD, SPINE, Stroke, look_of, tint};
use crate::plot::typeface::{shorten, width};
use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

/// How many rows of each outcome have a risk in each bin; no single row can be told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RiskBins {
    /// The ends of the bins, rising; one more than there are bins.
    pub edges: Vec<f64>,
    /// Rows with the event (sum of weights), one number a bin.
    pub events: Vec<f64>,
    /// Rows without, as many.
    pub non_events: Vec<f64>,
    /// Rows with the event and without, those of blank bins too.
    pub n: (f64, f64),
}

impl RiskBins {
    /// Each bin's share of all rows with that outcome.
    fn shares(counts: &[f64], all: f64) -> Vec<f64> {
        counts.iter().map(|n| if all > 0.0 { n / all } else { 0.0 }).collect()
    }

    /// Shares with the event and without, and the largest of them.
    fn both(&self) -> (Vec<f64>, Vec<f64>, f64) {
        let (with, without) =
            (RiskBins::shares(&self.events, self.n.0), RiskBins::shares(&self.non_events, self.n.1));
        let largest = with.iter().chain(&without).copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
        (with, without, if largest > 0.0 { largest } else { 1.0 })
    }
}

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Risks<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// The counts.
    pub bins: &'a RiskBins,
    /// What the event is, e.g. `died within 30 days`, and what its absence is.
    pub outcomes: (&'a str, &'a str),
    /// The median risk with the event and without.
    pub medians: (f64, f64),
}

/// The distribution as PNG bytes.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn risks(figure: &Risks<'_>) -> Result<Vec<u8>> {
    png(figure)
}

/// Colour of those with the event.
pub fn event_colour() -> RGBColor {
    tint(look_of(1).colour, 0.8)
}

/// Colour of those without.
pub fn non_event_colour() -> RGBColor {
    tint(look_of(0).colour, 0.75)
}

impl Figure for Risks<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let body = page.body;
        let middle = body.top + 0.46 * body.height();
        let (with, without, largest) = self.bins.both();
        let x = Axis::linear(0.0, self.bins.edges.last().map_or(1.0, |e| e.max(1e-6)));
        let y = || Axis::linear(0.0, largest).with_headroom(0.15).named("Share of the group", "");
        let above = Area { bottom: middle, ..body };
        let below = Area { top: middle, ..body };
        let reserve = Reserve { right: 0.0, above: NOTE.leading() + 10.0 };
        let upper = Panel::within(above, x.clone().unlabelled(), y(), reserve)?.standing();
        let lower = Panel::within(below, x.named("Predicted risk", ""), y(), reserve)?.standing();
        let groups = [
            (&upper, with, self.bins.n.0, self.outcomes.0, event_colour(), self.medians.0),
            (&lower, without, self.bins.n.1, self.outcomes.1, non_event_colour(), self.medians.1),
        ];
        for (panel, shares, n, name, colour, median) in groups {
            panel.draw(canvas)?;
            draw_bars(canvas, panel, &self.bins.edges, &shares, 0.0, colour)?;
            panel.draw_spines(canvas)?;
            draw_head(canvas, panel, name, &format!("n = {}", count(n)))?;
            draw_median(canvas, panel, median)?;
        }
        Ok(())
    }
}

/// The group's name and size above its panel.
fn draw_head<B: DrawingBackend>(canvas: &Canvas<'_, B>, panel: &Panel, name: &str, n: &str) -> Result<()> {
    let frame = &panel.frame;
    let room = frame.width() - width(n, NOTE)? - 20.0;
    let name = shorten(name, NOTE_HEAD, room)?;
    let baseline = frame.top - 14.0;
    canvas.text(&name, (frame.left, baseline), Align::Left, NOTE_HEAD, INK)?;
    let after = frame.left + width(&name, NOTE_HEAD)? + 16.0;
    canvas.text(n, (after, baseline), Align::Left, NOTE, MUTED)
}

fn draw_median<B: DrawingBackend>(canvas: &Canvas<'_, B>, panel: &Panel, median: f64) -> Result<()> {
    let (frame, x) = (&panel.frame, panel.across(median));
    if !(frame.left..=frame.right).contains(&x) {
        return Ok(());
    }
    canvas.line(&[(x, frame.bottom), (x, frame.top)], &LIMIT)?;
    let words = format!("median {median:.3}");
    let wide = width(&words, NOTE)?;
    let left = if x + 14.0 + wide <= frame.right { x + 14.0 } else { x - 14.0 - wide };
    canvas.text(&words, (left, frame.top + NOTE.size), Align::Left, NOTE, INK)
}

/// The two distributions back to back in one low panel: events upwards, the others downwards.
///
/// # Errors
/// When the surface fails.
pub fn draw_mirrored<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    bins: &RiskBins,
) -> Result<()> {
    let (with, without, largest) = bins.both();
    let scaled =
        |shares: Vec<f64>, sign: f64| shares.iter().map(|s| sign * s / largest).collect::<Vec<f64>>();
    draw_bars(canvas, panel, &bins.edges, &scaled(with, 1.0), 0.0, event_colour())?;
    draw_bars(canvas, panel, &bins.edges, &scaled(without, -1.0), 0.0, non_event_colour())?;
    let zero = panel.level(0.0);
    canvas.line(&[(panel.frame.left, zero), (panel.frame.right, zero)], &Stroke::solid(SPINE, 2.0))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    /// Two hills of risks in forty bins.
    pub fn bins() -> RiskBins {
        let edges: Vec<f64> = (0..=40).map(|k| f64::from(k) / 40.0 * 0.8).collect();
        let hill = |centre: f64, wide: f64, n: f64| -> Vec<f64> {
            (0..40)
                .map(|k| ((f64::from(k) + 0.5) / 40.0 * 0.8 - centre) / wide)
                .map(|z| (n * (-0.5 * z * z).exp()).round())
                .collect()
        };
        let (events, non_events) = (hill(0.31, 0.16, 24.0), hill(0.12, 0.09, 310.0));
        let n = (events.iter().sum(), non_events.iter().sum());
        RiskBins { edges, events, non_events, n }
    }

    #[test]
    fn the_shares_of_each_group_add_up_to_one() {
        let (with, without, largest) = bins().both();
        assert!(
            (with.iter().sum::<f64>() - 1.0).abs() < 1e-12
                && (without.iter().sum::<f64>() - 1.0).abs() < 1e-12
        );
        assert!(with.iter().chain(&without).all(|s| *s <= largest));
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "an outcome of many words ".repeat(20);
        let none = RiskBins::default();
        let odd = RiskBins {
            edges: vec![0.0, f64::NAN, 1e300],
            events: vec![f64::INFINITY, f64::NAN],
            non_events: vec![0.0, 0.0],
            n: (f64::NAN, 0.0),
        };
        let one = RiskBins { edges: vec![0.5, 0.5], events: vec![1.0], non_events: vec![], n: (1.0, 0.0) };
        for bins in [&none, &odd, &one] {
            let headings = Headings { title: &long, subtitle: "" };
            drawn(&Risks { headings, bins, outcomes: (&long, ""), medians: (f64::NAN, 0.99) }, 0.25);
        }
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let figure = Risks {
            headings: Headings {
                title: "pancreatitis ~ rx + age + gender + risk",
                subtitle: "Predicted risks of 602 patients",
            },
            bins: &bins(),
            outcomes: ("pancreatitis", "no pancreatitis"),
            medians: (0.312, 0.121),
        };
        kept(&figure, "risks");
    }
}
