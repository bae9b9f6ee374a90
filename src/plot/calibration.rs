//! Calibration: whether those with a predicted risk of 20 % have the event in 20 % of cases.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Area, Canvas};
use crate::plot::legend::{Item, Mark, draw_column};
use crate::plot::number::{count, trimmed};
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::risks::{RiskBins, draw_mirrored, event_colour, non_event_colour};
use crate::plot::series::{draw_band, draw_curve, draw_dot, draw_whisker};
use crate::plot::style::{AXIS_NOTE, CURVE_WIDTH, INK, LIMIT, MUTED, Shape, Stroke, look_of, tint};
use plotters_backend::DrawingBackend;

/// The smoothed curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CalibrationCurve {
    /// Predicted risk, rising.
    pub predicted: Vec<f64>,
    /// Observed risk there.
    pub observed: Vec<f64>,
    /// Lower edge of its band; empty for none.
    pub low: Vec<f64>,
    /// Upper edge of its band; empty for none.
    pub high: Vec<f64>,
}

/// A group of rows with similar predictions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationGroup {
    /// Mean predicted risk.
    pub predicted: f64,
    /// Share with the event.
    pub observed: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
}

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Calibration<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// The smoothed curve and how it was found, e.g. `loess, 95 % band`.
    pub curve: &'a CalibrationCurve,
    /// What is said about the curve; without one, why there is none.
    pub curve_note: &'a str,
    /// Groups; none where none were asked for.
    pub groups: &'a [CalibrationGroup],
    /// What is said about the groups, e.g. `10 groups of equal size, 95 % intervals`.
    pub group_note: &'a str,
    /// The distribution of the risks.
    pub bins: &'a RiskBins,
    /// What the event is, and its absence.
    pub outcomes: (&'a str, &'a str),
    /// Statistics in words, a name and its value: `slope`, `1.02 (0.88 to 1.16)`.
    pub statistics: &'a [(String, String)],
}

/// Room beside the frame for the words, with the white before them, pixels.
const BESIDE: f64 = 470.0;
/// Height of the distribution, pixels.
const BELOW: f64 = 232.0;

impl Figure for Calibration<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const DOT: f64 = 10.0;
        const GAP: f64 = 40.0;
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let (upper, lower) = self.panels(page.body)?;
        upper.draw(canvas)?;
        let colour = look_of(0).colour;
        let curve = self.curve;
        draw_band(canvas, &upper, &curve.predicted, (&curve.low, &curve.high), tint(colour, 0.22))?;
        let ends = [0.0, upper.x.high];
        draw_curve(canvas, &upper, &ends, &ends, &LIMIT)?;
        draw_curve(canvas, &upper, &curve.predicted, &curve.observed, &self.stroke())?;
        for group in self.groups {
            let ends = (group.low, group.high);
            draw_whisker(canvas, &upper, group.predicted, ends, &Stroke::solid(INK, 2.4))?;
            draw_dot(canvas, &upper, (group.predicted, group.observed), (Shape::Circle, DOT), INK)?;
        }
        lower.draw_x_axis(canvas)?;
        draw_mirrored(canvas, &lower, self.bins)?;
        let at = (upper.frame.left - 46.0, f64::midpoint(lower.frame.top, lower.frame.bottom));
        canvas.text_upwards("share", at, Align::Middle, AXIS_NOTE, MUTED)?;
        let left = upper.frame.right + GAP;
        let beside = Area { left, top: upper.frame.top + 6.0, ..page.body };
        draw_column(canvas, &beside, &self.items())
    }
}

impl Calibration<'_> {
    fn stroke(&self) -> Stroke {
        Stroke::solid(look_of(0).colour, 1.2 * CURVE_WIDTH)
    }

    /// The calibration and below it, with the same axis, the distribution.
    fn panels(&self, body: Area) -> Result<(Panel, Panel)> {
        let highest = self.highest();
        let axis = || Axis::linear(0.0, highest);
        let y = axis().named("Observed risk", "");
        let above = Area { bottom: body.bottom - BELOW, ..body };
        let reserve = Reserve { right: BESIDE, above: 0.0 };
        let upper = Panel::within(above, axis().unlabelled(), y, reserve)?;
        let mut level = Axis::linear(-1.0, 1.0);
        level.ticks.clear();
        let under = Area { top: body.bottom - BELOW, ..body };
        let mut lower = Panel::within(
            under,
            axis().named("Predicted risk", self.beyond_in_words(highest)),
            level,
            reserve,
        )?
        .standing();
        lower.frame.left = upper.frame.left;
        Ok((upper, lower))
    }

    /// The largest risk that is shown, at most 1: of curve and groups, and of the bins that hold 99 % of the rows;
    /// further for intervals and band, but these may be cut off. It is the end of a bin.
    fn highest(&self) -> f64 {
        const LEFT_OUT: f64 = 0.01;
        const FOR_INTERVALS: f64 = 1.5;
        let largest = |values: &mut dyn Iterator<Item = f64>| {
            values.filter(|v| v.is_finite() && *v > 0.0).fold(0.0, f64::max)
        };
        let curve = self.curve.predicted.iter().chain(&self.curve.observed).copied();
        let groups = self.groups.iter().flat_map(|g| [g.predicted, g.observed]);
        let edges = &self.bins.edges;
        let bin = edges.iter().find(|edge| self.beyond(**edge) <= LEFT_OUT * self.beyond(f64::NEG_INFINITY));
        let inner = largest(&mut curve.chain(groups).chain(bin.copied()));
        if inner == 0.0 {
            return 1.0;
        }
        let ends = self.groups.iter().map(|g| g.high).chain(self.curve.high.iter().copied());
        let highest = inner.max(largest(&mut { ends }).min(FOR_INTERVALS * inner));
        edges.iter().copied().find(|edge| *edge >= highest).unwrap_or(highest).min(1.0)
    }

    /// Rows in bins that begin at a risk or beyond it.
    fn beyond(&self, risk: f64) -> f64 {
        let counts = self.bins.events.iter().zip(&self.bins.non_events).map(|(a, b)| a + b);
        let counted = self.bins.edges.iter().zip(counts).filter(|(edge, n)| **edge >= risk && n.is_finite());
        counted.map(|(_, n)| n).sum()
    }

    /// What is said beside the name of the lower axis where it ends before the last row.
    fn beyond_in_words(&self, highest: f64) -> String {
        let bins = self.bins.edges.iter().zip(&self.bins.events);
        let mut outer = bins.filter(|(edge, _)| **edge >= highest);
        match self.beyond(highest) {
            n if n > 0.0 && outer.all(|(_, n)| n.is_finite()) => {
                let rows = if n == 1.0 { "row lies" } else { "rows lie" };
                format!("({} {rows} beyond {})", count(n), trimmed(highest, 2))
            }
            _ => String::new(),
        }
    }

    fn items(&self) -> Vec<Item> {
        let said =
            |mark: Mark, label: &str, note: &str| Item { mark, label: label.into(), note: note.into() };
        let mut items = vec![
            said(Mark::Line(LIMIT), "ideal", "observed = predicted"),
            said(Mark::Band(self.stroke(), tint(self.stroke().colour, 0.22)), "smoothed", self.curve_note),
        ];
        if self.curve.predicted.is_empty() {
            items[1] = said(Mark::Nothing, "no smoothed curve", self.curve_note);
        } else if self.curve.low.is_empty() {
            items[1].mark = Mark::Line(self.stroke());
        }
        if !self.groups.is_empty() {
            items.push(said(Mark::Dot(Shape::Circle, INK), "groups", self.group_note));
        } else if !self.group_note.is_empty() {
            items.push(said(Mark::Nothing, "no groups drawn", self.group_note));
        }
        items.push(said(Mark::Block(event_colour()), self.outcomes.0, "share of these rows, upwards"));
        items.push(said(Mark::Block(non_event_colour()), self.outcomes.1, "share of these, downwards"));
        items.extend(self.statistics.iter().map(|(name, value)| said(Mark::Nothing, name, value)));
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};
    use crate::plot::risks::tests::bins;

    fn figure<'a>(
        curve: &'a CalibrationCurve,
        groups: &'a [CalibrationGroup],
        bins: &'a RiskBins,
        statistics: &'a [(String, String)],
    ) -> Calibration<'a> {
        Calibration {
            headings: Headings {
                title: "pancreatitis ~ rx + age + gender + risk",
                subtitle: "On 602 patients that the model has not seen",
            },
            curve,
            curve_note: "loess with its 95 % band",
            groups,
            group_note: "10 groups of equal size with 95 % intervals",
            bins,
            outcomes: ("pancreatitis", "no pancreatitis"),
            statistics,
        }
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "statistics in words ".repeat(30);
        let statistics = vec![(long.clone(), long.clone()); 12];
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        let odd = CalibrationCurve {
            predicted: vec![0.1, nan, 0.3, 7.0],
            observed: vec![-5.0, 0.2, inf, 0.4],
            low: vec![nan, nan, -inf, 0.1],
            high: vec![nan],
        };
        let group = |predicted| CalibrationGroup { predicted, observed: nan, low: -inf, high: inf };
        let one =
            CalibrationCurve { predicted: vec![0.2], observed: vec![0.3], ..CalibrationCurve::default() };
        drawn(&figure(&CalibrationCurve::default(), &[], &RiskBins::default(), &[]), 0.25);
        drawn(&figure(&odd, &[group(nan), group(0.5)], &bins(), &statistics), 0.25);
        drawn(&figure(&one, &[group(1e9)], &RiskBins::default(), &statistics), 0.25);
    }

    #[test]
    fn the_axes_end_at_the_largest_risk() {
        let curve = CalibrationCurve {
            predicted: vec![0.0, 0.2],
            observed: vec![0.0, 0.1],
            ..CalibrationCurve::default()
        };
        assert_eq!(figure(&curve, &[], &RiskBins::default(), &[]).highest(), 0.2);
        assert_eq!(figure(&CalibrationCurve::default(), &[], &RiskBins::default(), &[]).highest(), 1.0);
    }

    #[test]
    fn a_hundredth_of_the_rows_may_lie_beyond_the_axis_and_is_counted() {
        let edges: Vec<f64> = (0..=10).map(|k| f64::from(k) / 10.0).collect();
        let mut bins = RiskBins { edges, events: vec![0.0; 10], non_events: vec![0.0; 10], n: (50.0, 150.0) };
        (bins.non_events[0], bins.events[2], bins.events[7]) = (150.0, 48.0, 2.0);
        let nothing = CalibrationCurve::default();
        let cut = figure(&nothing, &[], &bins, &[]);
        assert_eq!(cut.beyond_in_words(cut.highest()), "(2 rows lie beyond 0.3)");
        let curve = CalibrationCurve { predicted: vec![0.1], observed: vec![0.43], ..nothing.clone() };
        assert_eq!(figure(&curve, &[], &bins, &[]).highest(), 0.5);
        let mut more = bins.clone();
        more.events[7] = 3.0;
        let whole = figure(&nothing, &[], &more, &[]);
        assert!((whole.highest() - 0.8).abs() < 1e-12 && whole.beyond_in_words(whole.highest()).is_empty());
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let predicted: Vec<f64> = (1..=60).map(|k| f64::from(k) * 0.012).collect();
        let observed: Vec<f64> = predicted.iter().map(|p| 0.02 + 0.85 * p + 0.02 * (9.0 * p).sin()).collect();
        let half = |p: f64| 0.01 + 0.16 * p;
        let low = predicted.iter().zip(&observed).map(|(p, o)| o - half(*p)).collect();
        let high = predicted.iter().zip(&observed).map(|(p, o)| o + half(*p)).collect();
        let curve = CalibrationCurve { predicted, observed, low, high };
        let groups: Vec<CalibrationGroup> = (0..10)
            .map(|k| {
                let predicted = 0.02 + 0.004 * f64::from(k * k) + 0.02 * f64::from(k);
                let observed = 0.02 + 0.84 * predicted + 0.02 * (f64::from(k) * 2.0).sin();
                CalibrationGroup { predicted, observed, low: 0.7 * observed, high: 1.4 * observed }
            })
            .collect();
        let statistics: Vec<(String, String)> = [
            ("Intercept (calibration in the large)", "−0.03 (−0.21 to 0.14)"),
            ("Slope", "0.91 (0.74 to 1.08)"),
            ("Observed / expected", "0.98 (0.86 to 1.11)"),
            ("ICI, E50, E90", "0.013, 0.009, 0.031"),
        ]
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .to_vec();
        kept(&figure(&curve, &groups, &bins(), &statistics), "calibration");
    }
}
