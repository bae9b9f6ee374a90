//! Instability: the predictions of models developed on resamples against the model's own, by tenth of the prediction.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Area, Canvas};
use crate::plot::descent::extent;
use crate::plot::legend::{Item, Mark, Rows};
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::series::{draw_band, draw_curve, draw_dot};
use crate::plot::style::{CURVE_WIDTH, LIMIT, LOOKS, Shape, Stroke, tint};
use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

/// What the figure shows; groups of patients, no patient.
#[derive(Debug, Clone, Copy)]
pub struct Instability<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// Mean of the model's predictions in each group, rising.
    pub prediction: &'a [f64],
    /// Predictions of the resamples' models: the 2.5th, 25th, 50th, 75th and 97.5th centile of each group.
    pub quantiles: &'a [Vec<f64>; 5],
    /// Name of what is predicted.
    pub name: &'a str,
    /// Whether predictions are risks, from 0 to 1.
    pub is_risk: bool,
}

fn wide() -> RGBColor {
    tint(LOOKS[0].colour, 0.16)
}

fn narrow() -> RGBColor {
    tint(LOOKS[0].colour, 0.36)
}

const MEDIAN: Stroke = Stroke::solid(LOOKS[0].colour, CURVE_WIDTH);

impl Figure for Instability<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let items = [
            Item::new(Mark::Line(MEDIAN), "median of the resamples' models"),
            Item::new(Mark::Block(narrow()), "their middle half"),
            Item::new(Mark::Block(wide()), "their middle 95 %"),
            Item::new(Mark::Line(LIMIT), "the same prediction"),
        ];
        let key = Rows::lay_out(&items, page.body.width())?;
        key.draw(canvas, (page.body.left, page.body.top))?;
        let body = Area { top: page.body.top + key.height(), ..page.body };
        let values = self.prediction.iter().chain(self.quantiles.iter().flatten()).copied();
        let finite: Vec<f64> = values.filter(|v| v.is_finite()).collect();
        let (low, high) = extent(&finite).unwrap_or((0.0, 1.0));
        let (low, high) = if self.is_risk { (0.0, high.clamp(1e-6, 1.0)) } else { (low, high) };
        let x = Axis::linear(low, high)
            .named(format!("{} by the model", self.name), "mean of a tenth of the patients");
        let y = Axis::linear(low, high).named("By models of resamples", "");
        let panel = Panel::within(body, x, y, Reserve::default())?;
        panel.draw(canvas)?;
        let [lowest, lower, middle, upper, highest] = self.quantiles;
        let clipped =
            |v: &Vec<f64>| -> Vec<f64> { v.iter().map(|v| v.clamp(panel.y.low, panel.y.high)).collect() };
        draw_band(canvas, &panel, self.prediction, (&clipped(lowest), &clipped(highest)), wide())?;
        draw_band(canvas, &panel, self.prediction, (&clipped(lower), &clipped(upper)), narrow())?;
        let ends = [panel.x.low.max(panel.y.low), panel.x.high.min(panel.y.high)];
        draw_curve(canvas, &panel, &ends, &ends, &LIMIT)?;
        draw_curve(canvas, &panel, self.prediction, &clipped(middle), &MEDIAN)?;
        for (x, y) in self.prediction.iter().zip(clipped(middle)) {
            draw_dot(canvas, &panel, (*x, y), (Shape::Circle, 6.0), LOOKS[0].colour)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    #[test]
    fn a_usual_one_to_be_looked_at_and_the_extremes_keep_inside() {
        let prediction: Vec<f64> = (0..10).map(|k| 0.02 + 0.004 * f64::from(k * k * k) / 6.0).collect();
        let moved = |by: f64| prediction.iter().map(|p| p * (1.0 + by)).collect::<Vec<f64>>();
        let quantiles = [moved(-0.4), moved(-0.14), moved(0.01), moved(0.17), moved(0.5)];
        let figure = Instability {
            headings: Headings { title: "died ~ age + sex + rx", subtitle: "200 bootstrap samples" },
            prediction: &prediction,
            quantiles: &quantiles,
            name: "Risk",
            is_risk: true,
        };
        kept(&figure, "instability");
        let none = [const { Vec::new() }; 5];
        drawn(&Instability { prediction: &[], quantiles: &none, ..figure }, 0.25);
        let odd = [const { vec![] }; 5].map(|_: Vec<f64>| vec![f64::NAN, 1e300]);
        drawn(&Instability { prediction: &[f64::NAN, 2.0], quantiles: &odd, is_risk: false, ..figure }, 0.25);
    }
}
