//! The decision curve: what treating by the model is worth, against treating all and treating none.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::Canvas;
use crate::plot::legend::{Item, Mark, Rows};
use crate::plot::panel::{Headings, Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::series::{draw_band, draw_curve};
use crate::plot::style::{CURVE_WIDTH, MUTED, SPINE, Stroke, look_of, tint};
use plotters_backend::DrawingBackend;

/// The net benefit of one model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecisionCurve {
    /// Its name, e.g. `model`.
    pub label: String,
    /// Net benefit, one a threshold.
    pub net_benefit: Vec<f64>,
    /// Lower edge of its band; empty for none.
    pub low: Vec<f64>,
    /// Upper edge of its band; empty for none.
    pub high: Vec<f64>,
}

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// Threshold probabilities, rising.
    pub thresholds: &'a [f64],
    /// One or more models.
    pub models: &'a [DecisionCurve],
    /// Net benefit of treating all, one a threshold.
    pub treat_all: &'a [f64],
}

const TREAT_ALL: Stroke = Stroke::dashed(MUTED, 3.4, &[14.0, 8.0]);
const TREAT_NONE: Stroke = Stroke::solid(SPINE, 3.4);

impl Figure for Decision<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let whole = self.panel(0.0)?;
        let key = Rows::lay_out(&self.items(), whole.frame.width())?;
        let panel = self.panel(key.height())?;
        panel.draw(canvas)?;
        let x = self.thresholds;
        for (k, model) in self.models.iter().enumerate() {
            draw_band(canvas, &panel, x, (&model.low, &model.high), tint(look_of(k).colour, 0.2))?;
        }
        let ends = [panel.x.low, panel.x.high];
        draw_curve(canvas, &panel, &ends, &[0.0, 0.0], &TREAT_NONE)?;
        draw_curve(canvas, &panel, x, self.treat_all, &TREAT_ALL)?;
        for (k, model) in self.models.iter().enumerate() {
            draw_curve(canvas, &panel, x, &model.net_benefit, &stroke(k))?;
        }
        panel.draw_spines(canvas)?;
        key.draw(canvas, (panel.frame.left, panel.frame.top - key.height()))
    }
}

fn stroke(model: usize) -> Stroke {
    let look = look_of(model);
    Stroke::dashed(look.colour, 1.2 * CURVE_WIDTH, look.dashes)
}

impl Decision<'_> {
    fn items(&self) -> Vec<Item> {
        let models = self.models.iter().enumerate().map(|(k, model)| {
            let mark = match model.low.is_empty() {
                true => Mark::Line(stroke(k)),
                false => Mark::Band(stroke(k), tint(look_of(k).colour, 0.2)),
            };
            Item::new(mark, model.label.clone())
        });
        let plain =
            [Item::new(Mark::Line(TREAT_ALL), "treat all"), Item::new(Mark::Line(TREAT_NONE), "treat none")];
        models.chain(plain).collect()
    }

    /// Upwards as far as the curves go, downwards a third of that: treating all falls without end.
    fn panel(&self, above: f64) -> Result<Panel> {
        const DOWN: f64 = 1.0 / 3.0;
        let (first, last) = (self.thresholds.first(), self.thresholds.last());
        let x = Axis::linear(first.map_or(0.0, |t| *t), last.map_or(1.0, |t| *t))
            .named("Threshold probability", "(treated if the risk is at least so large)");
        let curves = self
            .models
            .iter()
            .flat_map(|model| model.net_benefit.iter().chain(&model.high))
            .chain(self.treat_all);
        let high = curves.copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
        let high = if high > 0.0 { high } else { 1.0 };
        let y = Axis::linear(-DOWN * high, high)
            .named("Net benefit", "true positives less weighted false positives, per row");
        Panel::lay_out(self.headings, x, y, Reserve { right: 0.0, above })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "a model with a name ".repeat(20);
        let odd = [f64::NAN, f64::INFINITY, -1e300, 1e300];
        let model = DecisionCurve {
            label: long.clone(),
            net_benefit: odd.to_vec(),
            low: odd.to_vec(),
            high: odd.to_vec(),
        };
        let headings = Headings { title: &long, subtitle: &long };
        let empty = Decision { headings, thresholds: &[], models: &[], treat_all: &[] };
        drawn(&empty, 0.25);
        drawn(
            &Decision { thresholds: &[0.2], models: &[DecisionCurve::default(), model.clone()], ..empty },
            0.25,
        );
        drawn(
            &Decision {
                thresholds: &[0.1, 0.2, 0.3, f64::NAN],
                models: &vec![model; 9],
                treat_all: &odd,
                ..empty
            },
            0.25,
        );
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let thresholds: Vec<f64> = (0..=100).map(|k| f64::from(k) * 0.005).collect();
        let all: Vec<f64> = thresholds.iter().map(|t| 0.131 - 0.869 * t / (1.0 - t)).collect();
        let net = |power: f64| -> Vec<f64> {
            thresholds
                .iter()
                .zip(&all)
                .map(|(t, all)| all.max(0.131 * (1.0 - t / 0.5).max(0.0).powf(power)))
                .collect()
        };
        let model = net(1.6);
        let low = model.iter().map(|v| v - 0.016).collect();
        let high = model.iter().map(|v| v + 0.016).collect();
        let models = [
            DecisionCurve { label: "model".to_string(), net_benefit: model, low, high },
            DecisionCurve {
                label: "age alone".to_string(),
                net_benefit: net(2.6),
                ..DecisionCurve::default()
            },
        ];
        let headings = Headings {
            title: "pancreatitis ~ rx + age + gender + risk",
            subtitle: "Decision curve on 602 patients",
        };
        kept(&Decision { headings, thresholds: &thresholds, models: &models, treat_all: &all }, "decision");
    }
}
