//! Agreement: whether those of whom 30 is predicted have 30 on average. Groups of rows, never single ones.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::calibration::CalibrationGroup;
use crate::plot::canvas::{Area, Canvas};
use crate::plot::legend::{Item, Mark, draw_column};
use crate::plot::panel::{Headings, Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::series::{draw_curve, draw_dot, draw_whisker};
use crate::plot::style::{CURVE_WIDTH, EDGE, INK, LIMIT, Shape, Stroke, WIDTH, look_of};
use plotters_backend::DrawingBackend;

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Agreement<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// The outcome with its name.
    pub outcome: &'a str,
    /// Intercept and slope of the regression of the outcome on the prediction; `None` where there is none.
    pub line: Option<(f64, f64)>,
    /// What is said about the line; without one, why there is none.
    pub line_note: &'a str,
    /// Means of the predictions and of the outcomes in groups, with intervals of the latter.
    pub groups: &'a [CalibrationGroup],
    /// What is said about the groups, e.g. `10 groups of equal size, 95 % intervals`.
    pub group_note: &'a str,
    /// Statistics in words, a name and its value.
    pub statistics: &'a [(String, String)],
}

impl Figure for Agreement<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const DOT: f64 = 10.0;
        const GAP: f64 = 40.0;
        let panel = self.panel()?;
        panel.draw(canvas)?;
        let ends = [panel.x.low, panel.x.high];
        draw_curve(canvas, &panel, &ends, &ends, &LIMIT)?;
        if let (Some((intercept, slope)), Some((from, to))) = (self.line, self.span()) {
            let heights = [intercept + slope * from, intercept + slope * to];
            draw_curve(canvas, &panel, &[from, to], &heights, &stroke())?;
        }
        for group in self.groups {
            let ends = (group.low, group.high);
            draw_whisker(canvas, &panel, group.predicted, ends, &Stroke::solid(INK, 2.4))?;
            draw_dot(canvas, &panel, (group.predicted, group.observed), (Shape::Circle, DOT), INK)?;
        }
        let frame = &panel.frame;
        let right = f64::from(WIDTH) - EDGE;
        let beside = Area { left: frame.right + GAP, top: frame.top + 6.0, right, bottom: frame.bottom };
        draw_column(canvas, &beside, &self.items())
    }
}

fn stroke() -> Stroke {
    Stroke::solid(look_of(0).colour, 1.2 * CURVE_WIDTH)
}

impl Agreement<'_> {
    /// A square frame with the same axis both ways: of all means and intervals.
    fn panel(&self) -> Result<Panel> {
        let (low, high) = self.range();
        let x = Axis::linear(low, high).named("Predicted", "(mean of the group)");
        let y = Axis::linear(low, high).named(format!("Observed {}", self.outcome), "");
        let whole = Panel::lay_out(self.headings, x.clone(), y.clone(), Reserve::default())?;
        let spare = whole.frame.width() - whole.frame.height();
        Panel::lay_out(self.headings, x, y, Reserve { right: spare, above: 0.0 })
    }

    fn range(&self) -> (f64, f64) {
        let values = self.groups.iter().flat_map(|g| [g.predicted, g.observed, g.low, g.high]);
        extent(values).unwrap_or((0.0, 1.0))
    }

    /// From the lowest group to the highest: the line is drawn no further.
    fn span(&self) -> Option<(f64, f64)> {
        extent(self.groups.iter().map(|g| g.predicted)).filter(|(from, to)| from < to)
    }

    fn items(&self) -> Vec<Item> {
        let said =
            |mark: Mark, label: &str, note: &str| Item { mark, label: label.into(), note: note.into() };
        let mut items = vec![said(Mark::Line(LIMIT), "ideal", "observed = predicted")];
        items.push(match self.line {
            Some(_) if self.span().is_none() => {
                said(Mark::Nothing, "no regression line", "one group has no length to draw it over")
            }
            Some(_) => said(Mark::Line(stroke()), "regression", self.line_note),
            None => said(Mark::Nothing, "no regression line", self.line_note),
        });
        if !self.groups.is_empty() {
            items.push(said(Mark::Dot(Shape::Circle, INK), "groups", self.group_note));
        } else if !self.group_note.is_empty() {
            items.push(said(Mark::Nothing, "no groups drawn", self.group_note));
        }
        items.extend(self.statistics.iter().map(|(name, value)| said(Mark::Nothing, name, value)));
        items
    }
}

/// The least and the largest finite value.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|v| v.is_finite()).fold(None, |found, v| {
        let (low, high) = found.unwrap_or((v, v));
        Some((v.min(low), v.max(high)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    fn figure<'a>(groups: &'a [CalibrationGroup], statistics: &'a [(String, String)]) -> Agreement<'a> {
        Agreement {
            headings: Headings {
                title: "effectiveness ~ treatment * baseline_severity + age + site",
                subtitle: "Evaluated on other.csv, n = 1,812",
            },
            outcome: "effectiveness",
            line: Some((4.0, 0.9)),
            line_note: "over all rows, slope 0.90",
            groups,
            group_note: "10 groups of equal size with 95 % intervals",
            statistics,
        }
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "statistics in words ".repeat(30);
        let statistics = vec![(long.clone(), long.clone()); 12];
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        let group = |predicted, observed| CalibrationGroup { predicted, observed, low: -inf, high: nan };
        drawn(&figure(&[], &[]), 0.25);
        drawn(&figure(&[group(nan, 1.0), group(-1e300, 1e300), group(7.0, 7.0)], &statistics), 0.25);
        drawn(
            &Agreement { outcome: &long, line: None, line_note: &long, ..figure(&[group(5.0, 5.0)], &[]) },
            0.25,
        );
        drawn(
            &Agreement { line: Some((nan, inf)), ..figure(&[group(1e-9, 3.0), group(2.0, -3.0)], &[]) },
            0.25,
        );
    }

    #[test]
    fn both_axes_hold_the_means_and_their_intervals() {
        let groups = [
            CalibrationGroup { predicted: 30.0, observed: 33.0, low: 29.0, high: 37.0 },
            CalibrationGroup { predicted: 41.0, observed: 40.0, low: f64::NAN, high: f64::NAN },
        ];
        assert_eq!(figure(&groups, &[]).range(), (29.0, 41.0));
        assert_eq!(figure(&groups, &[]).span(), Some((30.0, 41.0)));
        let panel = figure(&groups, &[]).panel().expect("laid out");
        assert!((panel.frame.width() - panel.frame.height()).abs() < 1.0);
        assert_eq!(figure(&groups[..1], &[]).span(), None);
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let groups: Vec<CalibrationGroup> = (0..10)
            .map(|k| {
                let predicted = 28.0 + 4.1 * f64::from(k);
                let observed = 4.0 + 0.9 * predicted + (2.0 * f64::from(k)).sin();
                CalibrationGroup { predicted, observed, low: observed - 1.3, high: observed + 1.3 }
            })
            .collect();
        let statistics = [("R²", "0.412"), ("Root mean squared error", "5.61")]
            .map(|(name, value)| (name.to_string(), value.to_string()));
        kept(&figure(&groups, &statistics), "agreement");
    }
}
