//! Cross-validation of a penalty: the error of each lambda on rows left out, with its uncertainty.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Canvas, Point};
use crate::plot::descent::extent;
use crate::plot::lambda_axis::{COUNTS_ROOM, draw_counts, lambda_axis};
use crate::plot::panel::{Headings, Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::style::{FAINT_WIDTH, Shape, Stroke, look_of, tint};
use crate::plot::upright::{Upright, draw_uprights, headroom, label_uprights};
use plotters_backend::DrawingBackend;

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct CrossValidation<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// The lambdas, largest first.
    pub lambda: &'a [f64],
    /// Mean of the measure over the folds, one a lambda.
    pub mean: &'a [f64],
    /// Its standard error.
    pub std_error: &'a [f64],
    /// Predictors whose coefficient is not zero, one a lambda.
    pub non_zero: &'a [usize],
    /// The measure and how it was found, for the axis: `Deviance per row`, `mean over 10 folds, ± 1 standard error`.
    pub measure: (&'a str, &'a str),
    /// The lambdas that are told from the others, with their words.
    pub marked: &'a [Upright],
}

impl Figure for CrossValidation<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const RADIUS: f64 = 6.5;
        let panel = self.panel()?;
        panel.draw(canvas)?;
        draw_counts(canvas, &panel, self.lambda, self.non_zero)?;
        let colour = look_of(0).colour;
        for bar in self.bars(&panel) {
            canvas.line(&bar, &Stroke::solid(tint(colour, 0.45), 1.6 * FAINT_WIDTH))?;
        }
        draw_uprights(canvas, &panel, self.marked)?;
        for (lambda, mean) in self.lambda.iter().zip(self.mean) {
            let (x, y) = panel.at(*lambda, *mean);
            if x.is_finite() && panel.frame.top <= y && y <= panel.frame.bottom {
                canvas.marker((x, y), Shape::Circle, RADIUS, colour)?;
            }
        }
        label_uprights(canvas, &panel, self.marked)
    }
}

impl CrossValidation<'_> {
    fn panel(&self) -> Result<Panel> {
        let ends = self.mean.iter().zip(self.std_error).flat_map(|(m, s)| [m - s, *m, m + s]);
        let values: Vec<f64> = ends.filter(|v| v.is_finite()).collect();
        let (low, high) = extent(&values).unwrap_or((0.0, 1.0));
        let y = Axis::linear(low, high)
            .with_headroom(headroom(self.marked.len()))
            .named(self.measure.0, self.measure.1);
        let x = lambda_axis(self.lambda, None);
        Panel::lay_out(self.headings, x, y, Reserve { right: 0.0, above: COUNTS_ROOM })
    }

    /// One standard error up and down, with short ends.
    fn bars(&self, panel: &Panel) -> Vec<Vec<Point>> {
        const HALF: f64 = 4.0;
        let within = |v: f64| panel.level(v).clamp(panel.frame.top, panel.frame.bottom);
        let bars = self.lambda.iter().zip(self.mean).zip(self.std_error);
        bars.map(|((lambda, mean), error)| {
            let (x, low, high) = (panel.across(*lambda), within(mean - error), within(mean + error));
            vec![(x - HALF, low), (x + HALF, low), (x, low), (x, high), (x - HALF, high), (x + HALF, high)]
        })
        .filter(|bar| bar.iter().all(|(x, y)| x.is_finite() && y.is_finite()))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::drawn;

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let cases: [(&[f64], &[f64], &[f64]); 4] = [
            (&[], &[], &[]),
            (&[0.1], &[1.0], &[f64::NAN]),
            (&[0.2, 0.1], &[f64::NAN, f64::INFINITY], &[1.0, 0.0]),
            (&[1e-300, 1e-301, 0.0], &[1e300, -1e300, 0.0], &[1e300, 1e300, 1e300]),
        ];
        for (lambda, mean, std_error) in cases {
            let marked = [0.1, f64::NAN, 1e-300].map(|at| Upright { at, words: "smallest ".repeat(40) });
            let figure = CrossValidation {
                headings: Headings { title: "y ~ x", subtitle: "" },
                lambda,
                mean,
                std_error,
                non_zero: &vec![123_456; lambda.len()],
                measure: ("Deviance per row", "mean"),
                marked: &marked,
            };
            drawn(&figure, 0.25);
        }
    }
}
