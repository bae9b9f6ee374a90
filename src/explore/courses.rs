//! Two panels over the updates: loss and gradient norm, or the distances along the two eigen-directions; log axes.

use crate::error::Result;
use crate::explore::contour::status;
use crate::explore::exploration::{Exploration, Run};
use crate::explore::ground::clipped;
use crate::explore::path::Node;
use crate::optimise::verdict::short;
use crate::plot::axis::{Axis, Scale};
use crate::plot::canvas::{Align, Area, Canvas, Point};
use crate::plot::legend::{Item, Mark, draw_column};
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::style::{CURVE_WIDTH, LIMIT, MUTED, NOTE, Stroke, WHITE, look_of};
use crate::plot::typeface::width;
use plotters_backend::DrawingBackend;

/// One panel: a quantity of every run over the updates.
struct Part {
    name: String,
    note: String,
    /// By run: update and value.
    curves: Vec<Vec<(f64, f64)>>,
    logarithmic: bool,
    /// A level line with its words.
    limit: Option<(f64, String)>,
}

/// A figure of one or two panels with a key.
pub struct Courses<'a> {
    shown: &'a Exploration,
    title: String,
    subtitle: String,
    parts: Vec<Part>,
}

/// Smaller values are drawn at this share of the largest: beyond it is rounding.
const DEEPEST: f64 = 1e-16;

impl<'a> Courses<'a> {
    /// Loss (above its known minimum, where that helps) and gradient norm with the tolerance.
    pub fn loss_and_gradient(shown: &'a Exploration) -> Courses<'a> {
        let least = shown.surface.least;
        let ends_low = |run: &Run| {
            let end = run.points.last().map_or(f64::NAN, |node| node.value);
            least.is_some_and(|least| {
                end - least <= 0.5 * (run.points[0].value - least).abs() || !end.is_finite()
            })
        };
        let above = least.filter(|_| shown.runs.iter().any(ends_low));
        let all_above_zero =
            shown.runs.iter().flat_map(|r| &r.points).all(|n| n.value > 0.0 || n.value.is_nan());
        let word = if shown.surface.scale == "formula" { "f" } else { "Loss" };
        let loss = Part {
            name: if above.is_some() { format!("{word} above its minimum") } else { word.to_string() },
            note: String::new(),
            curves: curves(shown, |node| node.value - above.unwrap_or(0.0)),
            logarithmic: above.is_some() || all_above_zero,
            limit: None,
        };
        let tolerances: Vec<f64> = shown.runs.iter().filter_map(|run| run.request.tolerance).collect();
        let tolerance = tolerances.first().copied().filter(|first| tolerances.iter().all(|t| t == first));
        let gradient = Part {
            name: "Gradient norm".to_string(),
            note: String::new(),
            curves: curves(shown, |node| node.gradient_norm),
            logarithmic: true,
            limit: tolerance.map(|t| (t, format!("tolerance {}", short(t)))),
        };
        let title = format!("Loss and gradient norm: {}", shown.surface.name);
        Courses { shown, title, subtitle: shown.surface.text.clone(), parts: vec![loss, gradient] }
    }

    /// Distance along each eigen-direction from the minimum; none where no minimum is known.
    pub fn eigen(shown: &'a Exploration) -> Option<Courses<'a>> {
        let first = shown.runs.iter().find_map(|run| run.decomposition.as_ref())?;
        let n = first.curvature.values.len();
        let parts = (0..n)
            .map(|k| {
                let curvature = short(first.curvature.values[k]);
                let name = match (n, k) {
                    (1, _) => "Distance".to_string(),
                    (_, 0) => "Along the steepest".to_string(),
                    _ => "Along the flattest".to_string(),
                };
                Part {
                    name,
                    note: format!("curvature {curvature}"),
                    curves: curves(shown, |node| node.components.get(k).map_or(f64::NAN, |c| c.abs())),
                    logarithmic: true,
                    limit: None,
                }
            })
            .collect();
        let title = format!("Distance from the minimum by direction of curvature: {}", shown.surface.name);
        let subtitle =
            "near the minimum plain descent multiplies each distance by its own 1 − rate × curvature"
                .to_string();
        Some(Courses { shown, title, subtitle, parts })
    }
}

fn curves(shown: &Exploration, value: impl Fn(&Node) -> f64) -> Vec<Vec<(f64, f64)>> {
    let of = |run: &Run| run.points.iter().map(|node| (node.iteration as f64, value(node))).collect();
    shown.runs.iter().map(of).collect()
}

impl Figure for Courses<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const KEY: f64 = 440.0;
        const GAP: f64 = 30.0;
        let page = Page::lay_out(Headings { title: &self.title, subtitle: &self.subtitle })?;
        page.draw(canvas)?;
        let body = page.body;
        let n = self.parts.len() as f64;
        let tall = (body.height() - GAP * (n - 1.0)) / n;
        let longest = self.shown.runs.iter().map(|run| run.iterations).max().unwrap_or(0).max(1);
        let panels = self
            .parts
            .iter()
            .enumerate()
            .map(|(k, part)| {
                let top = body.top + k as f64 * (tall + GAP);
                let outer = Area { top, bottom: top + tall, right: body.right - KEY, ..body };
                let x = Axis::counting(longest as f64, Scale::Linear);
                let x = if k + 1 == self.parts.len() { x.named("Update", "") } else { x };
                Panel::within(outer, x, part.axis(), Reserve::default())
            })
            .collect::<Result<Vec<Panel>>>()?;
        let left = panels.iter().map(|panel| panel.frame.left).fold(0.0, f64::max);
        for (part, mut panel) in self.parts.iter().zip(panels) {
            panel.frame.left = left;
            panel.draw(canvas)?;
            part.draw(canvas, &panel)?;
        }
        let items: Vec<Item> = self.shown.runs.iter().enumerate().map(|(k, run)| self.item(run, k)).collect();
        let key = Area { left: body.right - KEY + 40.0, top: body.top + 6.0, ..body };
        draw_column(canvas, &key, &items)
    }
}

impl Courses<'_> {
    fn item(&self, run: &Run, k: usize) -> Item {
        let look = look_of(k);
        let factors = run.decomposition.as_ref().and_then(|d| d.factors.as_ref());
        let eigen = self.parts.iter().all(|part| part.note.starts_with("curvature"));
        let note = match factors {
            Some(factors) if eigen => {
                let list: Vec<String> = factors.iter().map(|f| short(*f)).collect();
                format!("{}; factors {}", status(run), list.join(" and "))
            }
            _ => status(run),
        };
        Item {
            mark: Mark::Line(Stroke::dashed(look.colour, CURVE_WIDTH, look.dashes)),
            label: run.label.clone(),
            note,
        }
    }
}

impl Part {
    fn axis(&self) -> Axis {
        let values =
            self.curves.iter().flatten().map(|(_, value)| *value).chain(self.limit.as_ref().map(|l| l.0));
        let usable: Vec<f64> = values.filter(|v| v.is_finite() && (!self.logarithmic || *v > 0.0)).collect();
        let high = usable.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let low = usable.iter().copied().fold(f64::INFINITY, f64::min);
        let axis = match (self.logarithmic, usable.is_empty()) {
            (true, true) => Axis::logarithmic(0.1, 10.0),
            (true, false) => Axis::logarithmic(low.max(high * DEEPEST), high),
            (false, true) => Axis::linear(0.0, 1.0),
            (false, false) => Axis::linear(low, high),
        };
        axis.named(self.name.clone(), self.note.clone())
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
        if let Some((level, words)) = &self.limit {
            let y = panel.level(*level);
            canvas.line(&[(panel.frame.left, y), (panel.frame.right, y)], &LIMIT)?;
            let left = panel.frame.left + 10.0;
            let above = y - 10.0;
            let right = left + width(words, NOTE)? + 6.0;
            let paper = Area { left, right, top: above - NOTE.cap_height() - 6.0, bottom: above + 5.0 };
            canvas.rectangle(&paper, WHITE)?;
            canvas.text(words, (left + 3.0, above), Align::Left, NOTE, MUTED)?;
        }
        for (k, curve) in self.curves.iter().enumerate() {
            let look = look_of(k);
            let stroke = Stroke::dashed(look.colour, CURVE_WIDTH, look.dashes);
            let floor = panel.frame.bottom + 4.0;
            let points: Vec<Point> = curve
                .iter()
                .map(|(at, value)| {
                    let y = if self.logarithmic && *value <= 0.0 { floor } else { panel.level(*value) };
                    (panel.across(*at), if y.is_finite() { y } else { f64::NAN })
                })
                .collect();
            for piece in clipped(&points, &panel.frame) {
                canvas.line(&piece, &stroke)?;
            }
            if let Some(last) =
                points.iter().rev().find(|p| p.1 >= panel.frame.top && p.1 <= panel.frame.bottom)
            {
                canvas.marker(*last, look.shape, 10.0, look.colour)?;
            }
        }
        Ok(())
    }
}
