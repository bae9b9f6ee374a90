//! Residuals against fitted values, and against the normal distribution.

use crate::error::Result;
use crate::num::special::normal_quantile;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Area, Canvas};
use crate::plot::descent::extent;
use crate::plot::legend::{Item, Mark, Rows};
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::{Figure, png};
use crate::plot::series::{draw_band, draw_curve};
use crate::plot::style::{CURVE_WIDTH, LIMIT, LOOKS, SPINE, Shape, Stroke, tint};
use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

/// Whether single patients may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patients {
    /// Each is a dot; only where the user asks for it.
    Shown,
    /// Only medians and quantiles of groups of at least 20.
    Summarised,
}

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Residuals<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// Fitted value of each row.
    pub fitted: &'a [f64],
    /// Residual of each row.
    pub residual: &'a [f64],
    /// Standardised residual of each row for the normal plot; empty where it has no place (logistic models).
    pub standardised: &'a [f64],
    /// Names of the axes: fitted values, residuals.
    pub names: (&'a str, &'a str),
    /// Whether single patients may be seen.
    pub patients: Patients,
}

/// The residual plots as PNG bytes.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn residuals(figure: &Residuals<'_>) -> Result<Vec<u8>> {
    png(figure)
}

/// The fewest rows of a group.
const LEAST_GROUP: usize = 20;

/// Residuals of groups of rows with similar fitted values.
#[derive(Debug, Clone, PartialEq, Default)]
struct Summary {
    fitted: Vec<f64>,
    /// The quantiles of [`SHARES`], each one a group.
    quantiles: [Vec<f64>; 5],
}

const SHARES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

impl Summary {
    /// At most 20 groups of at least [`LEAST_GROUP`] rows, by rank of the fitted value; rows that are no numbers are
    /// left out; fewer rows than a group make none.
    fn of(fitted: &[f64], residual: &[f64]) -> Summary {
        const MOST_GROUPS: usize = 20;
        let mut pairs: Vec<(f64, f64)> = finite_pairs(fitted, residual);
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let groups = (pairs.len() / LEAST_GROUP).min(MOST_GROUPS);
        let mut summary = Summary::default();
        for g in 0..groups {
            let group = &pairs[g * pairs.len() / groups..(g + 1) * pairs.len() / groups];
            let mut values: Vec<f64> = group.iter().map(|pair| pair.1).collect();
            values.sort_by(f64::total_cmp);
            summary.fitted.push(quantile(&group.iter().map(|pair| pair.0).collect::<Vec<_>>(), 0.5));
            for (of, share) in summary.quantiles.iter_mut().zip(SHARES) {
                of.push(quantile(&values, share));
            }
        }
        summary
    }
}

/// Theoretical and observed quantiles: of each row, or of at most 99 shares with five rows each.
fn normal_pairs(standardised: &[f64], patients: Patients) -> Vec<(f64, f64)> {
    const ROWS_EACH: usize = 5;
    let mut values: Vec<f64> = standardised.iter().copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match patients {
        Patients::Shown => {
            let place = |k: usize| (k as f64 + 0.5) / n as f64;
            (0..n).map(|k| (normal_quantile(place(k)), values[k])).collect()
        }
        Patients::Summarised => {
            let shares = (n / ROWS_EACH).min(99);
            let place = |k: usize| (k + 1) as f64 / (shares + 1) as f64;
            (0..shares).map(|k| (normal_quantile(place(k)), quantile(&values, place(k)))).collect()
        }
    }
}

/// The quantile of rising values, between two of them by their distance (R's type 7).
fn quantile(rising: &[f64], share: f64) -> f64 {
    let Some(last) = rising.len().checked_sub(1) else { return f64::NAN };
    let at = share * last as f64;
    let (below, above) = (rising[at.floor() as usize], rising[(at.ceil() as usize).min(last)]);
    below + (at - at.floor()) * (above - below)
}

fn finite_pairs(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    x.iter().copied().zip(y.iter().copied()).filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
}

fn wide() -> RGBColor {
    tint(LOOKS[0].colour, 0.14)
}

fn narrow() -> RGBColor {
    tint(LOOKS[0].colour, 0.34)
}

fn dots() -> RGBColor {
    tint(LOOKS[0].colour, 0.6)
}

const MEDIAN: Stroke = Stroke::solid(LOOKS[0].colour, CURVE_WIDTH);

impl Figure for Residuals<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const GUTTER: f64 = 56.0;
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let key = Rows::lay_out(&self.items(), page.body.width())?;
        key.draw(canvas, (page.body.left, page.body.top))?;
        let body = Area { top: page.body.top + key.height(), ..page.body };
        let right = if self.standardised.is_empty() { body.right } else { body.left + 0.56 * body.width() };
        self.draw_against_fitted(canvas, Area { right, ..body })?;
        if self.standardised.is_empty() {
            return Ok(());
        }
        self.draw_normal(canvas, Area { left: right + GUTTER, ..body })
    }
}

impl Residuals<'_> {
    fn items(&self) -> Vec<Item> {
        let mut items = vec![
            Item::new(Mark::Line(MEDIAN), "median of a group of rows"),
            Item::new(Mark::Block(narrow()), "its middle half"),
            Item::new(Mark::Block(wide()), "its middle 90 %"),
        ];
        match self.patients {
            Patients::Shown => items.push(Item::new(Mark::Dot(Shape::Square, dots()), "a row")),
            Patients::Summarised if !self.standardised.is_empty() => {
                items.push(Item::new(Mark::Dot(Shape::Square, dots()), "a quantile of all rows"));
            }
            Patients::Summarised => {}
        }
        items.push(Item::new(Mark::Line(LIMIT), "a normal distribution"));
        if self.standardised.is_empty() {
            items.pop();
        }
        items
    }

    fn draw_against_fitted<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, area: Area) -> Result<()> {
        let summary = Summary::of(self.fitted, self.residual);
        let pairs = match self.patients {
            Patients::Shown => finite_pairs(self.fitted, self.residual),
            Patients::Summarised => Vec::new(),
        };
        let xs: Vec<f64> = summary.fitted.iter().copied().chain(pairs.iter().map(|p| p.0)).collect();
        let quantiles = summary.quantiles.iter().flatten().copied();
        let ys: Vec<f64> = quantiles.chain(pairs.iter().map(|p| p.1)).chain([0.0]).collect();
        let panel = panel(area, (&xs, self.names.0), (&ys, self.names.1))?;
        panel.draw(canvas)?;
        let [lowest, low, middle, high, highest] = &summary.quantiles;
        draw_band(canvas, &panel, &summary.fitted, (lowest, highest), wide())?;
        draw_band(canvas, &panel, &summary.fitted, (low, high), narrow())?;
        draw_rows(canvas, &panel, &pairs)?;
        let ends = [panel.x.low, panel.x.high];
        draw_curve(canvas, &panel, &ends, &[0.0, 0.0], &Stroke::solid(SPINE, 2.0))?;
        draw_curve(canvas, &panel, &summary.fitted, middle, &MEDIAN)
    }

    fn draw_normal<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, area: Area) -> Result<()> {
        let pairs = normal_pairs(self.standardised, self.patients);
        let xs: Vec<f64> = pairs.iter().map(|p| p.0).collect();
        let ys: Vec<f64> = pairs.iter().map(|p| p.1).collect();
        let panel = panel(area, (&xs, "Normal quantile"), (&ys, "Quantile of standardised residuals"))?;
        panel.draw(canvas)?;
        let low = panel.x.low.max(panel.y.low);
        let high = panel.x.high.min(panel.y.high);
        draw_rows(canvas, &panel, &pairs)?;
        draw_curve(canvas, &panel, &[low, high], &[low, high], &LIMIT)
    }
}

fn panel(area: Area, x: (&[f64], &str), y: (&[f64], &str)) -> Result<Panel> {
    let axis = |values: &[f64], name: &str| {
        let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let (low, high) = extent(&finite).unwrap_or((0.0, 1.0));
        Axis::linear(low, high).named(name, "")
    };
    Panel::within(area, axis(x.0, x.1), axis(y.0, y.1), Reserve::default())
}

/// Each pair as a small square: many thousands stay quick to draw.
fn draw_rows<B: DrawingBackend>(canvas: &Canvas<'_, B>, panel: &Panel, pairs: &[(f64, f64)]) -> Result<()> {
    const HALF: f64 = 3.0;
    for pair in pairs {
        let (x, y) = panel.at(pair.0, pair.1);
        let frame = &panel.frame;
        if (frame.left..=frame.right).contains(&x) && (frame.top..=frame.bottom).contains(&y) {
            canvas.rectangle(&Area { left: x, top: y, right: x, bottom: y }.grown(HALF), dots())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    fn figure<'a>(fitted: &'a [f64], residual: &'a [f64], patients: Patients) -> Residuals<'a> {
        Residuals {
            headings: Headings {
                title: "progression ~ age + sex + body_mass_index",
                subtitle: "Linear regression, n = 441",
            },
            fitted,
            residual,
            standardised: residual,
            names: ("Fitted value", "Residual"),
            patients,
        }
    }

    #[test]
    fn a_straight_line_of_quantiles_is_a_normal_distribution() {
        let normal: Vec<f64> = (1..1000).map(|k| normal_quantile(f64::from(k) / 1000.0)).collect();
        for patients in [Patients::Shown, Patients::Summarised] {
            let pairs = normal_pairs(&normal, patients);
            assert_eq!(pairs.len(), if patients == Patients::Shown { 999 } else { 99 });
            let close = |(x, y): &(f64, f64)| (x - y).abs() < if x.abs() < 2.0 { 0.02 } else { 0.25 };
            assert!(pairs.iter().all(close), "{patients:?}");
        }
    }

    #[test]
    fn a_summary_shows_no_row() {
        let fitted: Vec<f64> = (0..39).map(f64::from).collect();
        assert_eq!(Summary::of(&fitted, &fitted).fitted.len(), 1);
        assert_eq!(Summary::of(&fitted[..19], &fitted[..19]), Summary::default());
        assert_eq!(Summary::of(&fitted, &fitted).quantiles[2], [19.0]);
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let odd = [f64::NAN, f64::INFINITY, 1e300, -1e300, 0.0];
        for patients in [Patients::Shown, Patients::Summarised] {
            for (x, y) in [(&[][..], &[][..]), (&[1.0], &[2.0]), (&odd, &odd), (&[1.0; 50], &[0.0; 50])] {
                let long = "a name without end ".repeat(20);
                drawn(&Residuals { names: (&long, &long), ..figure(x, y, patients) }, 0.25);
                drawn(&Residuals { standardised: &[], ..figure(x, y, patients) }, 0.25);
            }
        }
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let noise = |k: u32| normal_quantile((f64::from(k * 7919 % 1009) + 0.5) / 1009.0);
        let fitted: Vec<f64> = (0..900).map(|k| 150.0 + 45.0 * noise(k * 31 + 7)).collect();
        let residual: Vec<f64> = (0..900).map(|k| noise(k) * (0.6 + 0.003 * fitted[k as usize])).collect();
        kept(&figure(&fitted, &residual, Patients::Summarised), "residuals");
        kept(&figure(&fitted, &residual, Patients::Shown), "residuals_rows");
    }
}
