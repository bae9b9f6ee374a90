//! The ROC curve: how many events are found at the price of how many false alarms, over all thresholds.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Area, Canvas};
use crate::plot::legend::{Item, Mark, draw_column};
use crate::plot::panel::{Headings, Panel, Reserve};
use crate::plot::png::Figure;
use crate::plot::series::{draw_curve, draw_dot};
use crate::plot::style::{CURVE_WIDTH, EDGE, INK, LIMIT, Stroke, WIDTH, look_of};
use plotters_backend::DrawingBackend;

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    /// Its name, e.g. `model`.
    pub label: String,
    /// Its area in words, e.g. `AUC 0.74 (95 % CI 0.71 to 0.77, DeLong)`.
    pub note: String,
    /// 1 − specificity, rising from 0 to 1.
    pub false_positive: Vec<f64>,
    /// Sensitivity, as many.
    pub true_positive: Vec<f64>,
}

/// A threshold that is told from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// 1 − specificity.
    pub false_positive: f64,
    /// Sensitivity.
    pub true_positive: f64,
    /// Which it is, e.g. `threshold 0.2`.
    pub label: String,
    /// What it does, e.g. `sensitivity 0.71, specificity 0.66`.
    pub note: String,
}

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Roc<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// One or more curves.
    pub curves: &'a [RocCurve],
    /// Thresholds named by the user.
    pub thresholds: &'a [Threshold],
}

impl Figure for Roc<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const GAP: f64 = 60.0;
        const DOT: f64 = 13.0;
        let panel = self.panel()?;
        panel.draw(canvas)?;
        draw_curve(canvas, &panel, &[0.0, 1.0], &[0.0, 1.0], &LIMIT)?;
        let mut items = Vec::new();
        for (k, curve) in self.curves.iter().enumerate() {
            let look = look_of(k);
            let stroke = Stroke::dashed(look.colour, 1.2 * CURVE_WIDTH, look.dashes);
            draw_curve(canvas, &panel, &curve.false_positive, &curve.true_positive, &stroke)?;
            let (label, note) = (curve.label.clone(), curve.note.clone());
            items.push(Item { mark: Mark::Line(stroke), label, note });
        }
        for (k, threshold) in self.thresholds.iter().enumerate() {
            let shape = look_of(k + 1).shape;
            let at = (threshold.false_positive, threshold.true_positive);
            draw_dot(canvas, &panel, at, (shape, DOT), INK)?;
            let (label, note) = (threshold.label.clone(), threshold.note.clone());
            items.push(Item { mark: Mark::Dot(shape, INK), label, note });
        }
        let note = "half of the pairs in the right order: AUC 0.5".to_string();
        items.push(Item { mark: Mark::Line(LIMIT), label: "chance".to_string(), note });
        let frame = &panel.frame;
        let right = f64::from(WIDTH) - EDGE;
        draw_column(
            canvas,
            &Area { left: frame.right + GAP, top: frame.top + 10.0, right, bottom: frame.bottom },
            &items,
        )
    }
}

impl Roc<'_> {
    /// A square frame.
    fn panel(&self) -> Result<Panel> {
        let x = Axis::linear(0.0, 1.0).named("1 − specificity", "(false positive rate)");
        let y = Axis::linear(0.0, 1.0).named("Sensitivity", "(true positive rate)");
        let whole = Panel::lay_out(self.headings, x.clone(), y.clone(), Reserve::default())?;
        let spare = whole.frame.width() - whole.frame.height();
        Panel::lay_out(self.headings, x, y, Reserve { right: spare, above: 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    const HEADINGS: Headings<'_> = Headings {
        title: "day30 ~ age + Killip + sysbp + pulse + pmi + miloc",
        subtitle: "Logistic regression, n = 40,830",
    };

    fn curve(label: &str, points: &[(f64, f64)]) -> RocCurve {
        RocCurve {
            label: label.to_string(),
            note: "AUC 0.825 (95 % CI 0.817 to 0.833, DeLong)".to_string(),
            false_positive: points.iter().map(|p| p.0).collect(),
            true_positive: points.iter().map(|p| p.1).collect(),
        }
    }

    #[test]
    fn the_frame_is_a_square() {
        let figure = Roc { headings: HEADINGS, curves: &[], thresholds: &[] };
        let frame = figure.panel().expect("laid out").frame;
        assert!((frame.width() - frame.height()).abs() < 1e-6);
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "model ".repeat(60);
        let odd = [(f64::NAN, 0.5), (f64::INFINITY, -3.0), (0.2, 1e300)];
        let curves: Vec<RocCurve> =
            [&[][..], &[(0.5, 0.5)], &odd].into_iter().cycle().take(30).map(|p| curve(&long, p)).collect();
        let thresholds = vec![
            Threshold {
                false_positive: f64::NAN,
                true_positive: 2.0,
                label: long.clone(),
                note: long.clone()
            };
            9
        ];
        drawn(
            &Roc {
                headings: Headings { title: &long, subtitle: &long },
                curves: &curves,
                thresholds: &thresholds,
            },
            0.25,
        );
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let points = |power: f64| -> Vec<(f64, f64)> {
            (0..=300)
                .map(|k| f64::from(k) / 300.0)
                .map(|x| (x, (x + 0.004 * (x * 90.0).sin() * (1.0 - x)).max(0.0).powf(power)))
                .collect()
        };
        let curves = [curve("with splines", &points(0.24)), curve("age alone", &points(0.4))];
        let thresholds = [Threshold {
            false_positive: 0.28,
            true_positive: 0.28f64.powf(0.24),
            label: "threshold 0.1".to_string(),
            note: "sensitivity 0.74, specificity 0.72".to_string(),
        }];
        kept(&Roc { headings: HEADINGS, curves: &curves, thresholds: &thresholds }, "roc");
    }
}
