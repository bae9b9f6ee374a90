//! The contour picture of an exploration with its key; over one coefficient the curve with the steps on it.

use crate::error::Result;
use crate::explore::exploration::{Exploration, Run};
use crate::explore::ground::{REGION, axes, clipped, draw_ground, draw_paths};
use crate::plot::axis::Axis;
use crate::plot::canvas::{Area, Canvas, Point};
use crate::plot::legend::{Item, Mark, draw_column};
use crate::plot::panel::{Headings, Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::style::{CURVE_WIDTH, EDGE, INK, MUTED, Shape, Stroke, WHITE, WIDTH, look_of};
use plotters_backend::DrawingBackend;

/// The contour picture, or the curve.
pub struct Contour<'a> {
    /// What is shown.
    pub shown: &'a Exploration,
    /// Paths are drawn up to this update.
    pub last: usize,
    /// The words above.
    pub title: String,
    /// The words below these.
    pub subtitle: String,
}

impl<'a> Contour<'a> {
    /// The whole course.
    pub fn new(shown: &'a Exploration) -> Contour<'a> {
        let title = match shown.surface.scale {
            "formula" => format!("Gradient descent on f = {}", shown.surface.text),
            _ => format!("Gradient descent on the loss over {}", shown.surface.name),
        };
        let subtitle = match shown.surface.scale {
            "formula" => shown.surface.name.clone(),
            _ => shown.surface.text.clone(),
        };
        Contour { shown, last: usize::MAX, title, subtitle }
    }

    fn headings(&self) -> Headings<'_> {
        Headings { title: &self.title, subtitle: &self.subtitle }
    }

    /// The panel: square over two coefficients, so that the key has room beside it.
    ///
    /// # Errors
    /// When the typeface cannot be used.
    pub fn panel(&self) -> Result<Panel> {
        const KEY: f64 = 520.0;
        let (x, y) = if self.is_curve() { self.curve_axes() } else { axes(self.shown) };
        let whole = Panel::lay_out(self.headings(), x.clone(), y.clone(), Reserve::default())?;
        let spare = (whole.frame.width() - 1.15 * whole.frame.height()).max(KEY);
        let mut panel = Panel::lay_out(self.headings(), x, y, Reserve { right: spare, above: 0.0 })?;
        if !self.is_curve() {
            panel.inset = (0.0, 0.0);
        }
        Ok(panel)
    }

    fn is_curve(&self) -> bool {
        self.shown.grid.y.is_empty()
    }

    fn curve_axes(&self) -> (Axis, Axis) {
        let finite = self.shown.grid.values.iter().copied().filter(|v| v.is_finite());
        let low = finite.clone().fold(f64::INFINITY, f64::min);
        let high = finite.fold(f64::NEG_INFINITY, f64::max);
        (axes(self.shown).0, Axis::linear(low, high).named("f(x)", ""))
    }

    /// Everything that stays the same while the paths grow.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw_base<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
        panel.draw(canvas)?;
        if self.is_curve() {
            let grid = &self.shown.grid;
            let points: Vec<Point> =
                grid.x.iter().zip(&grid.values).map(|(x, value)| panel.at(*x, *value)).collect();
            for piece in clipped(&points, &panel.frame) {
                canvas.line(&piece, &Stroke::solid(MUTED, CURVE_WIDTH))?;
            }
        } else {
            draw_ground(canvas, panel, self.shown)?;
        }
        const GAP: f64 = 50.0;
        let frame = &panel.frame;
        let right = f64::from(WIDTH) - EDGE;
        let key = Area { left: frame.right + GAP, top: frame.top + 6.0, right, bottom: frame.bottom };
        draw_column(canvas, &key, &self.items())
    }

    /// The paths as far as they are to be shown.
    ///
    /// # Errors
    /// When the surface fails.
    pub fn draw_paths<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
        if !self.is_curve() {
            return draw_paths(canvas, panel, &self.shown.runs, self.last);
        }
        self.shown.runs.iter().enumerate().try_for_each(|(k, run)| self.draw_steps(canvas, panel, run, k))
    }

    /// Steps on the curve: from point to point, each a dot.
    fn draw_steps<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        panel: &Panel,
        run: &Run,
        k: usize,
    ) -> Result<()> {
        const FEW: usize = 120;
        let look = look_of(k);
        let points: Vec<Point> = run
            .points
            .iter()
            .filter(|node| node.iteration <= self.last)
            .map(|node| panel.at(node.at[0], node.value))
            .collect();
        for piece in clipped(&points, &panel.frame) {
            canvas.line(&piece, &Stroke::solid(look.colour, 1.8))?;
        }
        let inside = |at: &&Point| {
            panel.frame.left <= at.0
                && at.0 <= panel.frame.right
                && panel.frame.top <= at.1
                && at.1 <= panel.frame.bottom
        };
        if points.len() <= FEW {
            for at in points.iter().filter(inside) {
                canvas.marker(*at, Shape::Circle, 6.0, look.colour)?;
            }
        }
        if let Some(first) = points.first().filter(inside) {
            canvas.hollow_marker(*first, look.shape, 13.0, look.colour)?;
        }
        if let Some(end) = points.last().filter(inside) {
            canvas.marker(*end, look.shape, 13.0, look.colour)?;
        }
        Ok(())
    }

    fn items(&self) -> Vec<Item> {
        let runs = &self.shown.runs;
        let mut items: Vec<Item> = runs
            .iter()
            .enumerate()
            .map(|(k, run)| {
                let look = look_of(k);
                let label =
                    if self.is_curve() { run.label.clone() } else { numbered(k, runs.len(), &run.label) };
                Item { mark: Mark::Dot(look.shape, look.colour), label, note: status(run) }
            })
            .collect();
        if let [only] = runs.as_slice() {
            let sentences = only.verdict.en.split_inclusive(". ");
            items.extend(sentences.map(|said| Item {
                mark: Mark::Nothing,
                label: String::new(),
                note: said.trim().to_string(),
            }));
        }
        let words = if self.is_curve() {
            "steps; hollow: start, filled: stop"
        } else {
            "path; hollow: start, filled: stop; arrows: against the gradient"
        };
        items.push(Item { mark: Mark::Nothing, label: String::new(), note: words.to_string() });
        if !self.is_curve() && !self.shown.surface.minima.is_empty() {
            let fit = self.shown.surface.scale != "formula";
            items.push(Item::new(Mark::Dot(Shape::Cross, INK), if fit { "estimates" } else { "minimum" }));
        }
        if self.shown.surface.ellipse.is_some() {
            items.push(Item::new(Mark::Line(REGION), "95 % confidence region"));
        }
        items
    }
}

impl Figure for Contour<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let panel = self.panel()?;
        self.draw_base(canvas, &panel)?;
        self.draw_paths(canvas, &panel)
    }
}

/// The label of a run with its number in the picture, where there are several.
fn numbered(k: usize, n: usize, label: &str) -> String {
    if n > 1 { format!("{}: {label}", k + 1) } else { label.to_string() }
}

/// `oscillating after 50 updates`, and where a path went that left the picture.
pub fn status(run: &Run) -> String {
    use crate::optimise::verdict::{grouped, short};
    let outcome = run.verdict.outcome.words();
    let unit = if run.iterations == 1 { "update" } else { "updates" };
    let mut words = format!("{outcome}: {} {unit}", grouped(run.iterations as f64));
    if let Some(left) = &run.left {
        let at: Vec<String> = left.last.iter().map(|v| short(*v)).collect();
        let then = if left.came_back { "it came back to" } else { "it was last at" };
        words += &format!(
            "; left the picture at update {}, {then} ({})",
            grouped(left.iteration as f64),
            at.join(", ")
        );
    }
    words
}

/// The same model in standardised and in raw scale, side by side.
pub struct Sides<'a> {
    /// Left and right.
    pub shown: [&'a Exploration; 2],
}

impl Figure for Sides<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        use crate::plot::page::Page;
        const BETWEEN: f64 = 50.0;
        let title = format!("Why scaling matters: the loss over {}", self.shown[0].surface.name);
        let page = Page::lay_out(Headings {
            title: &title,
            subtitle: "Left: standardised columns. Right: the same columns as they are.",
        })?;
        page.draw(canvas)?;
        let body = page.body;
        let runs = self.shown.iter().map(|shown| shown.runs.len()).max().unwrap_or(1);
        let words = (34.0 + 90.0 * runs as f64).min(330.0);
        let half = (body.width() - BETWEEN) / 2.0;
        for (k, shown) in self.shown.iter().enumerate() {
            let left = body.left + k as f64 * (half + BETWEEN);
            let outer = Area { left, right: left + half, top: body.top, bottom: body.bottom - words };
            let (x, y) = axes(shown);
            let mut panel = Panel::within(outer, x, y, Reserve::default())?;
            panel.inset = (0.0, 0.0);
            panel.draw(canvas)?;
            draw_ground(canvas, &panel, shown)?;
            let mut items = Vec::new();
            for (j, run) in shown.runs.iter().enumerate() {
                let look = look_of(j);
                let condition = shown.surface.curvature.as_ref().map_or(String::new(), |c| {
                    format!(
                        "condition number {}; ",
                        crate::optimise::verdict::short(c.largest() / c.smallest())
                    )
                });
                let mark = Mark::Dot(look.shape, look.colour);
                let label = numbered(j, shown.runs.len(), &run.label);
                items.push(Item { mark, label, note: condition + &status(run) });
            }
            draw_paths(canvas, &panel, &shown.runs, usize::MAX)?;
            let below = Area { left, right: outer.right, top: outer.bottom + 24.0, bottom: body.bottom };
            canvas.rectangle(&below, WHITE)?;
            draw_column(canvas, &below, &items)?;
        }
        Ok(())
    }
}
