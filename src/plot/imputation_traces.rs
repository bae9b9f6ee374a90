//! The course of an imputation: mean and spread of what each chain drew, round by round, so that a trend would be seen.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Area, Canvas};
use crate::plot::descent::extent;
use crate::plot::number::count;
use crate::plot::page::{Headings, Page};
use crate::plot::panel::{Panel, Reserve};
use crate::plot::png::{Figure, png};
use crate::plot::series::draw_curve;
use crate::plot::style::{INK, MUTED, NOTE, NOTE_HEAD, Stroke, TICK, look_of, tint};
use crate::plot::typeface::{shorten, shorten_middle, width};
use plotters_backend::DrawingBackend;

/// What was drawn for one variable; each list holds a list for every chain, with a value for every round.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traced {
    /// The variable.
    pub variable: String,
    /// How many cells were imputed.
    pub cells: usize,
    /// Mean of the drawn cells.
    pub mean: Vec<Vec<f64>>,
    /// Their standard deviation.
    pub sd: Vec<Vec<f64>>,
}

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct ImputationTraces<'a> {
    /// The words above.
    pub headings: Headings<'a>,
    /// The variables with gaps; the eight with most imputed cells are drawn.
    pub variables: &'a [Traced],
}

/// The traces as PNG bytes.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn imputation_traces(figure: &ImputationTraces<'_>) -> Result<Vec<u8>> {
    png(figure)
}

const MOST_VARIABLES: usize = 8;
/// More variables than this stand in two columns.
const ONE_COLUMN: usize = 4;
/// Room for the words below the panels, pixels.
const FOOT: f64 = 40.0;

impl Figure for ImputationTraces<'_> {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        const GUTTER: f64 = 50.0;
        let page = Page::lay_out(self.headings)?;
        page.draw(canvas)?;
        let shown = self.shown();
        let body = Area { bottom: page.body.bottom - FOOT, ..page.body };
        let columns = if shown.len() > ONE_COLUMN { 2 } else { 1 };
        let rows = shown.len().div_ceil(columns).max(1);
        let wide = (body.width() - (columns - 1) as f64 * GUTTER) / columns as f64;
        let high = body.height() / rows as f64;
        for (k, variable) in shown.iter().enumerate() {
            let left = body.left + (k % columns) as f64 * (wide + GUTTER);
            let top = body.top + (k / columns) as f64 * high;
            draw_variable(canvas, variable, &Area { left, top, right: left + wide, bottom: top + high })?;
        }
        let at = (page.body.left, page.body.bottom - 8.0);
        canvas.text(&shorten(&self.foot(), NOTE, page.body.width())?, at, Align::Left, NOTE, MUTED)
    }
}

impl ImputationTraces<'_> {
    /// Those with most imputed cells first.
    fn shown(&self) -> Vec<&Traced> {
        let mut order: Vec<&Traced> = self.variables.iter().collect();
        order.sort_by_key(|v| std::cmp::Reverse(v.cells));
        order.truncate(MOST_VARIABLES);
        order
    }

    fn foot(&self) -> String {
        let left_out = self.variables.len().saturating_sub(MOST_VARIABLES);
        let mut words = "Left: mean, right: standard deviation of the imputed values, by round".to_string();
        if left_out > 0 {
            words.push_str(&format!("; {left_out} more variables with fewer gaps are not drawn"));
        }
        words
    }
}

/// The name above two panels: mean and standard deviation.
fn draw_variable<B: DrawingBackend>(canvas: &Canvas<'_, B>, variable: &Traced, area: &Area) -> Result<()> {
    const HEAD: f64 = 44.0;
    const GUTTER: f64 = 36.0;
    const BELOW: f64 = 14.0;
    let cells = format!("{} imputed", count(variable.cells as f64));
    let room = area.width() - width(&cells, NOTE)? - 16.0;
    let name = shorten_middle(&variable.variable, NOTE_HEAD, room)?;
    let baseline = area.top + NOTE_HEAD.size;
    canvas.text(&name, (area.left, baseline), Align::Left, NOTE_HEAD, INK)?;
    let after = area.left + width(&name, NOTE_HEAD)? + 16.0;
    canvas.text(&cells, (after, baseline), Align::Left, NOTE, MUTED)?;
    let middle = f64::midpoint(area.left, area.right);
    let (top, bottom) = (area.top + HEAD, area.bottom - BELOW);
    let halves = [
        (Area { left: area.left, top, right: middle - GUTTER / 2.0, bottom }, &variable.mean),
        (Area { left: middle + GUTTER / 2.0, top, right: area.right, bottom }, &variable.sd),
    ];
    for (half, chains) in halves {
        draw_chains(canvas, half, chains)?;
    }
    Ok(())
}

fn draw_chains<B: DrawingBackend>(canvas: &Canvas<'_, B>, area: Area, chains: &[Vec<f64>]) -> Result<()> {
    const LINE: f64 = 2.6;
    const TINT: f64 = 0.75;
    const INSET: (f64, f64) = (14.0, 8.0); // less than in a large panel
    let rounds = chains.iter().map(Vec::len).max().unwrap_or(0);
    let values: Vec<f64> = chains.iter().flatten().copied().filter(|v| v.is_finite()).collect();
    let (low, high) = extent(&values).unwrap_or((0.0, 1.0));
    let mut x = Axis::linear(1.0, (rounds as f64).max(2.0));
    x.ticks.retain(|tick| tick.at.fract() == 0.0);
    let mut panel = Panel::within(area, x, Axis::linear(low, high), Reserve::default())?;
    panel.inset = INSET;
    let panel = with_room(panel);
    panel.draw(canvas)?;
    let at: Vec<f64> = (1..=rounds).map(|round| round as f64).collect();
    for (k, chain) in chains.iter().enumerate() {
        let stroke = Stroke::solid(tint(look_of(k).colour, TINT), LINE);
        draw_curve(canvas, &panel, &at, chain, &stroke)?;
    }
    panel.draw_spines(canvas)
}

/// The panel with every second, third, ... of the numbers on its left axis, so that they have room to be read.
fn with_room(mut panel: Panel) -> Panel {
    let levels: Vec<f64> = panel.y.ticks.iter().map(|tick| panel.level(tick.at)).collect();
    let step = levels.windows(2).map(|pair| (pair[0] - pair[1]).abs()).fold(f64::INFINITY, f64::min);
    let enough = (1..levels.len()).find(|stride| *stride as f64 * step >= TICK.leading());
    panel.y.ticks = panel.y.ticks.into_iter().step_by(enough.unwrap_or(levels.len()).max(1)).collect();
    panel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::proof::{drawn, kept};

    const HEADINGS: Headings<'_> = Headings {
        title: "y ~ x + z + g",
        subtitle: "Multiple imputation by chained equations: one line for each of 20 imputations",
    };

    /// Chains that mingle about a level.
    fn traced(variable: &str, cells: usize, chains: usize, level: f64) -> Traced {
        let wave = |chain: usize, round: usize, size: f64| {
            level + size * level * ((chain * 17 + round * 7) as f64).sin()
        };
        let lines = |size: f64| -> Vec<Vec<f64>> {
            (0..chains).map(|c| (0..10).map(|r| wave(c, r, size)).collect()).collect()
        };
        Traced { variable: variable.to_string(), cells, mean: lines(0.05), sd: lines(0.2) }
    }

    #[test]
    fn those_with_most_gaps_are_drawn_and_the_others_counted() {
        let variables: Vec<Traced> = (0..10).map(|k| traced(&k.to_string(), k, 2, 1.0)).collect();
        let figure = ImputationTraces { headings: HEADINGS, variables: &variables };
        let names: Vec<&str> = figure.shown().iter().map(|v| v.variable.as_str()).collect();
        assert_eq!(names, ["9", "8", "7", "6", "5", "4", "3", "2"]);
        assert!(figure.foot().ends_with("2 more variables with fewer gaps are not drawn"));
    }

    #[test]
    fn numbers_at_a_low_panel_have_room() {
        for height in [60.0, 90.0, 140.0, 600.0] {
            let area = Area { left: 0.0, top: 0.0, right: 400.0, bottom: height };
            let axes = (Axis::linear(1.0, 10.0), Axis::linear(0.0, 10.0));
            let panel = with_room(Panel::within(area, axes.0, axes.1, Reserve::default()).expect("laid out"));
            let levels: Vec<f64> = panel.y.ticks.iter().map(|tick| panel.level(tick.at)).collect();
            assert!(!levels.is_empty());
            assert!(
                levels.windows(2).all(|pair| pair[0] - pair[1] >= TICK.leading()),
                "{height}: {levels:?}"
            );
        }
    }

    #[test]
    fn the_extremes_keep_inside_the_picture() {
        let long = "a variable with a name ".repeat(20);
        let odd = Traced {
            mean: vec![vec![f64::NAN, f64::INFINITY, -1e300, 1e300], vec![]],
            sd: vec![vec![0.0; 3]],
            ..traced(&long, usize::MAX, 1, 1.0)
        };
        drawn(&ImputationTraces { headings: HEADINGS, variables: &[] }, 0.25);
        drawn(&ImputationTraces { headings: HEADINGS, variables: &[odd.clone()] }, 0.25);
        drawn(&ImputationTraces { headings: HEADINGS, variables: &vec![odd; 12] }, 0.25);
    }

    #[test]
    fn usual_ones_to_be_looked_at() {
        let few = [traced("bmi", 160, 20, 27.1), traced("biomarker", 64, 20, 4.9)];
        kept(&ImputationTraces { headings: HEADINGS, variables: &few }, "imputation_traces");
        let names =
            ["weight", "systolic_blood_pressure", "cholesterol", "income", "alcohol", "smoking", "ttr"];
        let many: Vec<Traced> =
            names.iter().enumerate().map(|(k, n)| traced(n, 90 - k, 20, 10_f64.powi(k as i32 - 2))).collect();
        kept(&ImputationTraces { headings: HEADINGS, variables: &many }, "imputation_traces_many");
    }
}
