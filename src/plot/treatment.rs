//! The effect of a treatment over a modifier, and by quarter of the risk without it.

use crate::error::Result;
use crate::plot::axis::{Axis, Tick};
use crate::plot::canvas::{Area, Canvas};
use crate::plot::forest::EffectScale;
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::{Figure, png};
use crate::plot::series::{draw_band, draw_curve, draw_dot, draw_whisker};
use crate::plot::style::{CURVE_WIDTH, LIMIT, Shape, Stroke, TICK, look_of, tint};
use crate::plot::typeface::shorten;
use plotters_backend::DrawingBackend;

/// The effect over a continuous modifier.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OverModifier {
    /// The modifier.
    pub name: String,
    /// Its values, rising.
    pub x: Vec<f64>,
    /// The effect there.
    pub estimate: Vec<f64>,
    /// Lower edge of its band.
    pub low: Vec<f64>,
    /// Upper edge of its band.
    pub high: Vec<f64>,
}

/// The effect in one group of patients.
#[derive(Debug, Clone, PartialEq)]
pub struct InGroup {
    /// The group, e.g. `1st (2–8 %)`; a line below the axis.
    pub label: String,
    /// The effect.
    pub estimate: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
}

/// What the figure shows: one panel or both.
#[derive(Debug, Clone, Copy)]
pub struct Treatment<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// Ratios or differences.
    pub scale: EffectScale,
    /// Name of the effect, e.g. `Risk difference`, and what is said about it.
    pub effect: (&'a str, &'a str),
    /// The effect over a modifier, where there is an interaction with a continuous one.
    pub modifier: Option<&'a OverModifier>,
    /// The effect by group; empty for none.
    pub groups: &'a [InGroup],
    /// What the groups are, e.g. `Quarter of baseline risk`.
    pub groups_name: &'a str,
}

/// The treatment's effect as PNG bytes.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn treatment(figure: &Treatment<'_>) -> Result<Vec<u8>> {
    png(figure)
}

impl Figure for Treatment<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const GUTTER: f64 = 56.0;
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let body = page.body;
        match self.modifier {
            None => self.draw_groups(canvas, body),
            Some(modifier) if self.groups.is_empty() => self.draw_modifier(canvas, body, modifier),
            Some(modifier) => {
                let middle = body.left + 0.52 * body.width();
                self.draw_modifier(canvas, Area { right: middle, ..body }, modifier)?;
                self.draw_groups(canvas, Area { left: middle + GUTTER, ..body })
            }
        }
    }
}

impl Treatment<'_> {
    /// The same axis for both panels.
    fn y(&self) -> Axis {
        let curve = self.modifier.iter().flat_map(|m| &m.estimate).copied();
        let firm: Vec<f64> = curve.chain(self.groups.iter().map(|g| g.estimate)).collect();
        let band = self.modifier.iter().flat_map(|m| m.low.iter().chain(&m.high)).copied();
        let loose: Vec<f64> = band.chain(self.groups.iter().flat_map(|g| [g.low, g.high])).collect();
        self.scale.axis(&firm, &loose).named(self.effect.0, self.effect.1)
    }

    fn draw_modifier<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        area: Area,
        modifier: &OverModifier,
    ) -> Result<()> {
        let finite = |v: &f64| v.is_finite();
        let low = modifier.x.iter().copied().filter(finite).fold(f64::INFINITY, f64::min);
        let high = modifier.x.iter().copied().filter(finite).fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let x = Axis::linear(low, high).named(modifier.name.clone(), "");
        let panel = Panel::within(area, x, self.y(), Reserve::default())?;
        panel.draw(canvas)?;
        let colour = look_of(0).colour;
        draw_band(canvas, &panel, &modifier.x, (&modifier.low, &modifier.high), tint(colour, 0.22))?;
        self.draw_no_effect(canvas, &panel)?;
        let stroke = Stroke::solid(colour, 1.2 * CURVE_WIDTH);
        draw_curve(canvas, &panel, &modifier.x, &modifier.estimate, &stroke)
    }

    fn draw_groups<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, area: Area) -> Result<()> {
        const DOT: f64 = 13.0;
        const USUAL_SHARE: f64 = 0.8; // of the area's width, which the frame has at least
        let n = self.groups.len().max(1) as f64;
        let room = USUAL_SHARE * area.width() / n;
        let mut x = Axis::linear(0.5, n + 0.5).named(self.groups_name, "");
        x.ticks = self
            .groups
            .iter()
            .enumerate()
            .map(|(k, group)| {
                let label = shorten(&group.label, TICK, room)?;
                Ok(Tick { at: (k + 1) as f64, label: Some(label) })
            })
            .collect::<Result<_>>()?;
        let panel = Panel::within(area, x, self.y(), Reserve::default())?;
        panel.draw(canvas)?;
        self.draw_no_effect(canvas, &panel)?;
        let colour = look_of(0).colour;
        for (k, group) in self.groups.iter().enumerate() {
            let at = (k + 1) as f64;
            draw_whisker(canvas, &panel, at, (group.low, group.high), &Stroke::solid(colour, 3.6))?;
            draw_dot(canvas, &panel, (at, group.estimate), (Shape::Square, DOT), colour)?;
        }
        Ok(())
    }

    fn draw_no_effect<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
        let level = panel.level(self.scale.none());
        canvas.line(&[(panel.frame.left, level), (panel.frame.right, level)], &LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    fn figure<'a>(
        modifier: Option<&'a OverModifier>,
        groups: &'a [InGroup],
        scale: EffectScale,
    ) -> Treatment<'a> {
        Treatment {
            headings: Headings {
                title: "pancreatitis ~ rx * age + gender + risk",
                subtitle: "Indomethacin against placebo",
            },
            scale,
            effect: ("Risk difference", "below 0 favours indomethacin"),
            modifier,
            groups,
            groups_name: "Quarter of baseline risk",
        }
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "a modifier with a name ".repeat(20);
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        let group = |estimate, low, high| InGroup { label: long.clone(), estimate, low, high };
        let groups = vec![group(nan, nan, nan), group(1.0, -inf, inf), group(1e300, 0.0, 1e301)];
        let odd = OverModifier {
            name: long.clone(),
            x: vec![nan, 1.0, inf],
            estimate: vec![inf, nan],
            low: vec![0.0],
            high: vec![1e300; 5],
        };
        let one = OverModifier {
            x: vec![3.0],
            estimate: vec![0.5],
            low: vec![0.1],
            high: vec![0.9],
            ..odd.clone()
        };
        for scale in [EffectScale::Ratio, EffectScale::Difference] {
            drawn(&figure(None, &[], scale), 0.25);
            drawn(&figure(Some(&OverModifier::default()), &[], scale), 0.25);
            drawn(&figure(Some(&odd), &groups, scale), 0.25);
            drawn(&figure(Some(&one), &vec![groups[1].clone(); 60], scale), 0.25);
        }
    }

    #[test]
    fn a_usual_one_to_be_looked_at() {
        let x: Vec<f64> = (20..=85).map(f64::from).collect();
        let estimate: Vec<f64> = x.iter().map(|a| -0.16 + 0.0016 * (a - 20.0)).collect();
        let half = |a: f64| 0.05 + 0.00004 * (a - 46.0) * (a - 46.0);
        let low = x.iter().zip(&estimate).map(|(a, e)| e - half(*a)).collect();
        let high = x.iter().zip(&estimate).map(|(a, e)| e + half(*a)).collect();
        let modifier = OverModifier { name: "age".to_string(), x, estimate, low, high };
        let group = |label: &str, estimate: f64, half: f64| InGroup {
            label: label.to_string(),
            estimate,
            low: estimate - half,
            high: estimate + half,
        };
        let groups = [
            group("1st", -0.03, 0.05),
            group("2nd", -0.05, 0.06),
            group("3rd", -0.08, 0.07),
            group("4th", -0.15, 0.1),
        ];
        kept(&figure(Some(&modifier), &groups, EffectScale::Difference), "treatment");
        let ratios = [group("low", 0.9, 0.4), group("middle", 0.62, 0.25), group("high", 0.5, 0.2)];
        let figure =
            Treatment { effect: ("Odds ratio", "logarithmic"), ..figure(None, &ratios, EffectScale::Ratio) };
        kept(&figure, "treatment_groups");
    }
}
