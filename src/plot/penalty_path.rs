//! The path of a penalty: how each coefficient grows from zero as the penalty falls.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Point};
use crate::plot::descent::extent;
use crate::plot::lambda_axis::{COUNTS_ROOM, covers, draw_counts, lambda_axis};
use crate::plot::panel::{Headings, Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::spread::spread;
use crate::plot::style::{
    CURVE_WIDTH, FAINT_WIDTH, INK, LOOKS, MUTED, NOTE, SPINE, Shape, Stroke, look_of, tint,
};
use crate::plot::trace::trace;
use crate::plot::typeface::{shorten_middle, widest};
use crate::plot::upright::{Upright, draw_uprights, headroom, label_uprights};
use plotters_backend::DrawingBackend;

/// The coefficient of one predictor along the path.
#[derive(Debug, Clone, PartialEq)]
pub struct PathCurve {
    /// Its name.
    pub name: String,
    /// Standardised coefficient, one a lambda.
    pub coefficients: Vec<f64>,
}

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct PenaltyPath<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// The lambdas, largest first.
    pub lambda: &'a [f64],
    /// The predictors, without the intercept.
    pub curves: &'a [PathCurve],
    /// Predictors whose coefficient is not zero, one a lambda.
    pub non_zero: &'a [usize],
    /// The unit of a standardised coefficient, e.g. `log odds per standard deviation of the predictor`.
    pub unit: &'a str,
    /// The lambda of the fit, and how it was chosen; not drawn where it lies far outside of the path.
    pub chosen: &'a Upright,
}

/// Curves that have a colour and a name; the others are grey.
const NAMED: usize = LOOKS.len() - 1; // the last look is grey itself
/// White between the frame and the names, crossed by the lines that lead to them, pixels.
const LEADER: f64 = 56.0;

impl Figure for PenaltyPath<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const WIDEST_NAME: f64 = 480.0;
        let order = self.by_size_at_the_end();
        let named = &order[..order.len().min(NAMED)];
        let names: Vec<String> = named
            .iter()
            .map(|&j| shorten_middle(&self.curves[j].name, NOTE, WIDEST_NAME))
            .collect::<Result<_>>()?;
        let others = order.len() - named.len();
        let note = if others > 0 { format!("grey: {others} more") } else { String::new() };
        let room = widest(names.iter().map(String::as_str).chain([note.as_str()]), NOTE)?;
        let panel = self.panel(LEADER + room + 14.0)?;
        panel.draw(canvas)?;
        draw_counts(canvas, &panel, self.lambda, self.non_zero)?;
        let zero = panel.level(0.0);
        canvas.line(&[(panel.frame.left, zero), (panel.frame.right, zero)], &Stroke::solid(SPINE, 2.0))?;
        let uprights = if covers(&panel.x, self.chosen.at) { vec![self.chosen.clone()] } else { Vec::new() };
        draw_uprights(canvas, &panel, &uprights)?;
        for (rank, &j) in order.iter().enumerate().rev() {
            self.draw_curve(canvas, &panel, rank, j)?;
        }
        let ends: Vec<f64> = named.iter().map(|&j| self.end(&panel, j)).collect();
        draw_names(canvas, &panel, &names, &ends)?;
        let corner = (panel.frame.right + LEADER, panel.frame.top - 8.0);
        canvas.text(&note, corner, Align::Left, NOTE, MUTED)?;
        label_uprights(canvas, &panel, &uprights)
    }
}

impl PenaltyPath<'_> {
    fn panel(&self, right: f64) -> Result<Panel> {
        let values: Vec<f64> = self
            .curves
            .iter()
            .flat_map(|curve| curve.coefficients.iter().copied())
            .filter(|b| b.is_finite())
            .chain([0.0])
            .collect();
        let (low, high) = extent(&values).unwrap_or((0.0, 0.0));
        let y =
            Axis::linear(low, high).with_headroom(headroom(1)).named("Standardised coefficient", self.unit);
        let x = lambda_axis(self.lambda, Some(self.chosen.at));
        Panel::lay_out(self.headings, x, y, Reserve { right, above: COUNTS_ROOM })
    }

    /// The curves, the one largest at the smallest lambda first.
    fn by_size_at_the_end(&self) -> Vec<usize> {
        let size = |j: &usize| self.last(*j).abs();
        let mut order: Vec<usize> = (0..self.curves.len()).collect();
        order.sort_by(|a, b| size(b).total_cmp(&size(a)));
        order
    }

    /// The last finite coefficient of a curve.
    fn last(&self, curve: usize) -> f64 {
        self.curves[curve].coefficients.iter().rev().copied().find(|b| b.is_finite()).unwrap_or(0.0)
    }

    /// The height at which a curve ends.
    fn end(&self, panel: &Panel, curve: usize) -> f64 {
        panel.level(self.last(curve))
    }

    fn draw_curve<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        panel: &Panel,
        rank: usize,
        curve: usize,
    ) -> Result<()> {
        const QUIET: f64 = 0.4;
        const LONE: f64 = 8.0;
        let points: Vec<Point> = self
            .lambda
            .iter()
            .zip(&self.curves[curve].coefficients)
            .map(|(lambda, b)| panel.at(*lambda, *b))
            .collect();
        let (colour, thick) = match rank {
            0..NAMED => (look_of(rank).colour, CURVE_WIDTH),
            _ => (tint(MUTED, QUIET), 1.5 * FAINT_WIDTH),
        };
        for piece in &trace(&points, &panel.frame).pieces {
            canvas.line(piece, &Stroke::solid(colour, thick))?;
            if let [only] = piece.as_slice() {
                canvas.marker(*only, Shape::Circle, LONE, colour)?;
            }
        }
        Ok(())
    }
}

/// The names at the right of the frame, each led to from its curve's end.
fn draw_names<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    names: &[String],
    ends: &[f64],
) -> Result<()> {
    const TOUCH: f64 = 4.0;
    let frame = &panel.frame;
    let heights = spread(ends, NOTE.leading(), (frame.top + 0.8 * NOTE.leading(), frame.bottom));
    let last = panel.across(panel.x.high);
    for (rank, ((name, end), height)) in names.iter().zip(ends).zip(&heights).enumerate() {
        let leader = [
            (last + TOUCH, *end),
            (frame.right + 0.25 * LEADER, *end),
            (frame.right + LEADER - 2.0 * TOUCH, *height),
        ];
        canvas.line(&leader, &Stroke::solid(look_of(rank).colour, 2.2))?;
        let at = (frame.right + LEADER, height + NOTE.cap_height() / 2.0);
        canvas.text(name, at, Align::Left, NOTE, INK)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    fn proved(lambda: &[f64], curves: &[(&str, Vec<f64>)], chosen: f64) {
        let curves: Vec<PathCurve> = curves
            .iter()
            .map(|(n, b)| PathCurve { name: (*n).to_string(), coefficients: b.clone() })
            .collect();
        let figure = PenaltyPath {
            headings: Headings { title: "y ~ x", subtitle: "lasso" },
            lambda,
            curves: &curves,
            non_zero: &vec![curves.len(); lambda.len()],
            unit: "log odds per standard deviation",
            chosen: &Upright { at: chosen, words: "as asked for ".repeat(30) },
        };
        drawn(&figure, 0.25);
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "name_of_a_column ".repeat(20);
        proved(&[], &[], 0.0);
        proved(&[1.0], &[("x", vec![0.0])], 1.0);
        proved(&[1.0, 0.5], &[("x", vec![0.0; 2]), ("z", vec![0.0; 2])], f64::NAN);
        proved(&[1.0, 0.5], &[(&long, vec![f64::NAN, f64::INFINITY]), ("", vec![1e300, -1e300])], 1e9);
        let many: Vec<(&str, Vec<f64>)> = (0..60).map(|k| (long.as_str(), vec![0.0, f64::from(k)])).collect();
        proved(&[1e-300, 1e-305], &many, 1e-302);
    }

    #[test]
    fn the_largest_coefficients_are_named() {
        let lambda: Vec<f64> = (0..30).map(|k| 0.8f64.powi(k)).collect();
        let curve = |j: usize| PathCurve {
            name: format!("predictor {j}"),
            coefficients: (0..30)
                .map(|k| (f64::from(k) - j as f64).max(0.0) * (0.9 - 0.15 * j as f64))
                .collect(),
        };
        let curves: Vec<PathCurve> = (0..20).map(curve).collect();
        let chosen = Upright { at: 0.05, words: "lambda 0.05, as asked for".to_string() };
        let figure = PenaltyPath {
            headings: Headings { title: "y ~ .", subtitle: "lasso" },
            lambda: &lambda,
            curves: &curves,
            non_zero: &[20; 30],
            unit: "units of the outcome",
            chosen: &chosen,
        };
        let order = figure.by_size_at_the_end();
        let sizes: Vec<f64> = order.iter().map(|&j| figure.last(j).abs()).collect();
        assert!(sizes.windows(2).all(|pair| pair[0] >= pair[1]), "{sizes:?}");
        assert!(order[..NAMED].iter().any(|&j| figure.last(j) < 0.0));
        kept(&figure, "penalty_path");
    }
}
