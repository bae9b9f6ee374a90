//! The effect of one continuous predictor as a curve with its band, over the values that the data hold.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Area, Canvas};
use crate::plot::descent::extent;
use crate::plot::forest::EffectScale;
use crate::plot::legend::{Item, Mark, Rows};
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::{Figure, png};
use crate::plot::series::{draw_band, draw_bars, draw_curve};
use crate::plot::style::{AXIS_NOTE, CURVE_WIDTH, LIMIT, MUTED, Stroke, look_of, tint};
use crate::plot::upright::{Upright, draw_uprights, label_uprights};
use plotters_backend::DrawingBackend;

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Effect<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// The predictor.
    pub predictor: &'a str,
    /// Name of what the curve shows, e.g. `Odds ratio against age 61`, and what is said about it.
    pub effect: (&'a str, &'a str),
    /// Ratios or differences; `None` for predicted risks or means, which have no value of no effect.
    pub scale: Option<EffectScale>,
    /// Values of the predictor, rising.
    pub x: &'a [f64],
    /// The effect there: one line, or one a value of a modifier.
    pub lines: &'a [EffectLine],
    /// Values that are told from the others, such as the one compared with.
    pub marked: &'a [Upright],
    /// How many rows lie where: the ends of bins and one number a bin; empty for none.
    pub distribution: (&'a [f64], &'a [f64]),
}

/// One line; its lists are as long as the values of the predictor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EffectLine {
    /// The modifier's value, e.g. `sex = male`; empty for an only line.
    pub label: String,
    /// The effect.
    pub estimate: Vec<f64>,
    /// Lower edge of its band; empty for none.
    pub low: Vec<f64>,
    /// Upper edge of its band; empty for none.
    pub high: Vec<f64>,
}

/// The effect as PNG bytes.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn effect(figure: &Effect<'_>) -> Result<Vec<u8>> {
    png(figure)
}

impl Figure for Effect<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const BELOW: f64 = 190.0; // pixels of the distribution with its axis
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let key = Rows::lay_out(&self.items(), page.body.width())?;
        key.draw(canvas, (page.body.left, page.body.top))?;
        let body = Area { top: page.body.top + key.height(), ..page.body };
        let x = self.x_axis();
        if self.distribution.1.is_empty() {
            return self.draw_curve(canvas, &Panel::within(body, x, self.y_axis(), Reserve::default())?);
        }
        let above = Area { bottom: body.bottom - BELOW, ..body };
        let bare = x.clone().unlabelled().named("", "");
        let upper = Panel::within(above, bare, self.y_axis(), Reserve::default())?;
        self.draw_curve(canvas, &upper)?;
        let highest = self.distribution.1.iter().copied().filter(|n| n.is_finite()).fold(0.0, f64::max);
        let mut level = Axis::linear(0.0, if highest > 0.0 { highest } else { 1.0 });
        level.ticks.clear();
        let under = Area { top: body.bottom - BELOW, ..body };
        let mut lower = Panel::within(under, x, level, Reserve::default())?.standing();
        lower.frame.left = upper.frame.left;
        lower.draw_x_axis(canvas)?;
        draw_bars(canvas, &lower, self.distribution.0, self.distribution.1, 0.0, tint(MUTED, 0.45))?;
        let at = (upper.frame.left - 40.0, f64::midpoint(lower.frame.top, lower.frame.bottom));
        canvas.text_upwards("rows", at, Align::Middle, AXIS_NOTE, MUTED)?;
        lower.draw_spines(canvas)
    }
}

fn stroke(k: usize) -> Stroke {
    Stroke::solid(look_of(k).colour, 1.2 * CURVE_WIDTH)
}

impl Effect<'_> {
    /// A key where there are several lines.
    fn items(&self) -> Vec<Item> {
        let item = |(k, line): (usize, &EffectLine)| Item::new(Mark::Line(stroke(k)), line.label.clone());
        if self.lines.len() > 1 { self.lines.iter().enumerate().map(item).collect() } else { Vec::new() }
    }

    fn x_axis(&self) -> Axis {
        let values: Vec<f64> = self.x.iter().copied().filter(|v| v.is_finite()).collect();
        let (low, high) = extent(&values).unwrap_or((0.0, 1.0));
        Axis::linear(low, high).named(self.predictor, "")
    }

    fn y_axis(&self) -> Axis {
        let (name, note) = self.effect;
        let estimates: Vec<f64> = self.lines.iter().flat_map(|line| line.estimate.iter().copied()).collect();
        let loose: Vec<f64> =
            self.lines.iter().flat_map(|line| line.low.iter().chain(&line.high).copied()).collect();
        let axis = match self.scale {
            Some(scale) => scale.axis(&estimates, &loose),
            None => {
                let all = estimates.iter().chain(&loose).copied().filter(|v| v.is_finite());
                let (low, high) = extent(&all.collect::<Vec<_>>()).unwrap_or((0.0, 1.0));
                Axis::linear(low, high)
            }
        };
        axis.named(name, note)
    }

    fn draw_curve<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
        panel.draw(canvas)?;
        for (k, line) in self.lines.iter().enumerate() {
            draw_band(canvas, panel, self.x, (&line.low, &line.high), tint(look_of(k).colour, 0.18))?;
        }
        if let Some(scale) = self.scale {
            let level = panel.level(scale.none());
            canvas.line(&[(panel.frame.left, level), (panel.frame.right, level)], &LIMIT)?;
        }
        draw_uprights(canvas, panel, self.marked)?;
        for (k, line) in self.lines.iter().enumerate() {
            draw_curve(canvas, panel, self.x, &line.estimate, &stroke(k))?;
        }
        label_uprights(canvas, panel, self.marked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    fn line(estimate: &[f64], low: &[f64], high: &[f64]) -> EffectLine {
        EffectLine {
            label: "a line".to_string(),
            estimate: estimate.to_vec(),
            low: low.to_vec(),
            high: high.to_vec(),
        }
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "a predictor with a name ".repeat(20);
        let odd = [f64::NAN, f64::INFINITY, -1e300, 0.0];
        let marked =
            [Upright { at: f64::NAN, words: long.clone() }, Upright { at: 0.0, words: long.clone() }];
        for scale in [None, Some(EffectScale::Ratio), Some(EffectScale::Difference)] {
            for values in [&[][..], &[1.0], &odd] {
                for distribution in [(&[][..], &[][..]), (&odd[..], &odd[..])] {
                    let figure = Effect {
                        headings: Headings { title: &long, subtitle: &long },
                        predictor: &long,
                        effect: (&long, &long),
                        scale,
                        x: values,
                        lines: &[line(values, values, &[]), line(values, &[], values)],
                        marked: &marked,
                        distribution,
                    };
                    drawn(&figure, 0.25);
                }
            }
        }
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let x: Vec<f64> = (0..=120).map(|k| 20.0 + 0.6 * f64::from(k)).collect();
        let log_odds = |a: f64| 0.0011 * (a - 61.0) * (a - 61.0) + 0.03 * (a - 61.0);
        let estimate: Vec<f64> = x.iter().map(|a| log_odds(*a).exp()).collect();
        let edge = |sign: f64| -> Vec<f64> {
            x.iter().map(|a| (log_odds(*a) + sign * 0.016 * (a - 61.0).abs()).exp()).collect()
        };
        let edges: Vec<f64> = (0..=24).map(|k| 20.0 + 3.0 * f64::from(k)).collect();
        let counts: Vec<f64> =
            edges.windows(2).map(|e| (200.0 * (-((e[0] - 58.0) / 15.0).powi(2)).exp()).round()).collect();
        let figure = Effect {
            headings: Headings {
                title: "day30 ~ rcs(age, 4) + Killip + sysbp",
                subtitle: "Effect of age, all else the same",
            },
            predictor: "age",
            effect: ("Odds ratio against age 61", "logarithmic"),
            scale: Some(EffectScale::Ratio),
            x: &x,
            lines: &[line(&estimate, &edge(-1.0), &edge(1.0))],
            marked: &[Upright { at: 61.0, words: "median 61".to_string() }],
            distribution: (&edges, &counts),
        };
        kept(&figure, "effect");
    }
}
