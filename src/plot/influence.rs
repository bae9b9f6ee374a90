//! Influence: leverage against standardised residual as shaded tiles, with the contours of Cook's distance.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Area, Canvas};
use crate::plot::legend::{Item, Mark, Rows};
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::series::draw_curve;
use crate::plot::style::{CURVE_WIDTH, LIMIT, LOOKS, SPINE, Stroke, tint};
use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Influence<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// Ends of the bins of leverage, rising.
    pub leverage_edges: &'a [f64],
    /// Ends of the bins of the residual, rising.
    pub residual_edges: &'a [f64],
    /// Rows in each bin: leverage by leverage, within it residual by residual.
    pub rows: &'a [usize],
    /// Contours of Cook's distance: the distance, and the residual at each end of the bins of leverage.
    pub contours: &'a [(f64, Vec<f64>)],
    /// Twice the mean leverage.
    pub high_leverage: f64,
}

/// Shades of a tile: a row, then each about four times as many.
const SHADES: [(usize, f64); 4] = [(1, 0.28), (4, 0.48), (16, 0.7), (64, 1.0)];

fn shade(rows: usize) -> RGBColor {
    let share = SHADES.iter().rev().find(|(least, _)| rows >= *least).map_or(0.0, |(_, share)| *share);
    tint(LOOKS[0].colour, share)
}

fn contour(k: usize) -> Stroke {
    const DASHES: [&[f64]; 3] = [&[4.0, 6.0], &[18.0, 8.0], &[]];
    Stroke::dashed(LOOKS[1].colour, CURVE_WIDTH, DASHES[k.min(2)])
}

impl Figure for Influence<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let key = Rows::lay_out(&self.items(), page.body.width())?;
        key.draw(canvas, (page.body.left, page.body.top))?;
        let (Some(low), Some(high)) = (self.leverage_edges.first(), self.leverage_edges.last()) else {
            return Ok(());
        };
        let end = |edge: Option<&f64>, else_: f64| edge.copied().filter(|e| e.is_finite()).unwrap_or(else_);
        let ends = (end(self.residual_edges.first(), -1.0), end(self.residual_edges.last(), 1.0));
        let x = Axis::logarithmic(*low, *high).named("Leverage", "logarithmic");
        let y = Axis::linear(ends.0, ends.1).named("Standardised Pearson residual", "");
        let body = Area { top: page.body.top + key.height(), ..page.body };
        let panel = Panel::within(body, x, y, Reserve::default())?;
        panel.draw(canvas)?;
        let zero = [panel.x.low, panel.x.high];
        draw_curve(canvas, &panel, &zero, &[0.0, 0.0], &Stroke::solid(SPINE, 2.0))?;
        self.draw_tiles(canvas, &panel)?;
        if (panel.x.low..=panel.x.high).contains(&self.high_leverage) {
            let x = [self.high_leverage; 2];
            draw_curve(canvas, &panel, &x, &[panel.y.low, panel.y.high], &LIMIT)?;
        }
        for (k, (_, residual)) in self.contours.iter().enumerate() {
            for sign in [1.0, -1.0] {
                let y: Vec<f64> = residual.iter().map(|r| sign * r).collect();
                let inside: Vec<usize> =
                    (0..y.len()).filter(|i| (panel.y.low..=panel.y.high).contains(&y[*i])).collect();
                let x: Vec<f64> = inside.iter().map(|i| self.leverage_edges[*i]).collect();
                let y: Vec<f64> = inside.iter().map(|i| y[*i]).collect();
                draw_curve(canvas, &panel, &x, &y, &contour(k))?;
            }
        }
        Ok(())
    }
}

impl Influence<'_> {
    fn items(&self) -> Vec<Item> {
        let mut items: Vec<Item> = SHADES
            .iter()
            .enumerate()
            .map(|(k, (least, _))| {
                let words = match SHADES.get(k + 1) {
                    Some((next, _)) => format!("{least} to {} rows", next - 1),
                    None => format!("{least} rows or more"),
                };
                Item::new(Mark::Block(shade(*least)), words)
            })
            .collect();
        let reach = self.residual_edges.iter().fold(0.0, |far: f64, edge| far.max(edge.abs()));
        let is_there = |residual: &[f64]| residual.iter().any(|r| *r <= reach);
        for (k, (cook, _)) in self.contours.iter().enumerate().filter(|(_, (_, at))| is_there(at)) {
            let words = if *cook < 0.1 {
                format!("Cook's distance 4/n = {cook:.1e}")
            } else {
                format!("Cook's distance {cook}")
            };
            items.push(Item::new(Mark::Line(contour(k)), words));
        }
        items.push(Item::new(
            Mark::Line(LIMIT),
            format!("twice the mean leverage, {}", short(self.high_leverage)),
        ));
        items
    }
}

fn short(x: f64) -> String {
    if x >= 0.001 { format!("{x:.3}") } else { format!("{x:.1e}") }
}

impl Influence<'_> {
    fn draw_tiles<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
        let across = self.residual_edges.len().saturating_sub(1);
        for (i, ends) in self.leverage_edges.windows(2).enumerate() {
            for (j, levels) in self.residual_edges.windows(2).enumerate() {
                let rows = self.rows.get(i * across + j).copied().unwrap_or(0);
                if rows > 0 {
                    let (left, bottom) = panel.at(ends[0], levels[0]);
                    let (right, top) = panel.at(ends[1], levels[1]);
                    canvas.rectangle(&Area { left, top, right, bottom }, shade(rows))?;
                }
            }
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
        let leverage: Vec<f64> = (0..=56).map(|k| 0.001 * 300.0_f64.powf(f64::from(k) / 56.0)).collect();
        let residual: Vec<f64> = (0..=48).map(|k| 5.2 * (f64::from(k) / 24.0 - 1.0)).collect();
        let hill = |i: i32, j: i32| {
            let (a, b) = (f64::from(i - 20) / 9.0, f64::from(j - 23) / 5.0);
            (90.0 * (-a * a - b * b).exp()) as usize + usize::from(i == 50 && j == 40)
        };
        let rows: Vec<usize> = (0..56).flat_map(|i| (0..48).map(move |j| hill(i, j))).collect();
        let contours: Vec<(f64, Vec<f64>)> = [0.002, 0.5, 1.0]
            .map(|d: f64| (d, leverage.iter().map(|h| (d * 8.0 * (1.0 - h) / h).sqrt()).collect()))
            .to_vec();
        let figure = Influence {
            headings: Headings { title: "died ~ age + sex + rx", subtitle: "Logistic regression, n = 1,998" },
            leverage_edges: &leverage,
            residual_edges: &residual,
            rows: &rows,
            contours: &contours,
            high_leverage: 0.008,
        };
        kept(&figure, "influence");
        drawn(&Influence { leverage_edges: &[], ..figure }, 0.25);
        drawn(
            &Influence { rows: &[], residual_edges: &[f64::NAN, 1e300], high_leverage: f64::NAN, ..figure },
            0.25,
        );
    }
}
