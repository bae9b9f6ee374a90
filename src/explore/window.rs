//! What the picture shows: the valley and the paths as far as they stay near it, and the surface on a grid.

use ndarray::Array1;
use rayon::prelude::*;
use serde::Serialize;

use crate::explore::pair::Others;
use crate::explore::surface::Surface;
use crate::objective::Objective;

/// Low and high end of each axis.
pub type Window = Vec<[f64; 2]>;

/// The surface on a grid, with levels for its contour lines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Grid {
    /// Places across.
    pub x: Vec<f64>,
    /// Places upwards; empty on a surface over one coefficient.
    pub y: Vec<f64>,
    /// Value at (x_i, y_j) in place j * x.len() + i.
    pub values: Vec<f64>,
    /// Heights of contour lines, lowest first.
    pub levels: Vec<f64>,
}

/// The part to be shown: the surface's own, every start, and every point of a path within three times its size, so that
/// a path that diverges leaves the picture and the valley stays to be seen.
pub fn window<'a>(surface: &Surface, points: impl Iterator<Item = &'a [f64]>, starts: &[Vec<f64>]) -> Window {
    const NEAR: f64 = 1.0; // of its own size, on either side
    const MARGIN: f64 = 0.05;
    let home = surface.home();
    let near: Window =
        home.iter().map(|e| [e[0] - NEAR * (e[1] - e[0]), e[1] + NEAR * (e[1] - e[0])]).collect();
    let mut shown = home.clone();
    let widen = |shown: &mut Window, at: &[f64]| {
        for (ends, v) in shown.iter_mut().zip(at) {
            *ends = [ends[0].min(*v), ends[1].max(*v)];
        }
    };
    starts.iter().for_each(|at| widen(&mut shown, at));
    points.filter(|at| is_inside(&near, at)).for_each(|at| widen(&mut shown, at));
    for (ends, home) in shown.iter_mut().zip(&home) {
        let margin = MARGIN * (ends[1] - ends[0]);
        if ends[0] < home[0] {
            ends[0] -= margin;
        }
        if ends[1] > home[1] {
            ends[1] += margin;
        }
    }
    shown
}

/// Whether a point lies in a window.
pub fn is_inside(window: &Window, at: &[f64]) -> bool {
    window.iter().zip(at).all(|(ends, v)| ends[0] <= *v && *v <= ends[1])
}

/// Most places of a grid along an axis.
pub const MOST_PLACES: usize = 200;

/// The surface on a grid of about `places` each way (at most 200; fewer where a value costs a fit of its own).
pub fn grid(surface: &Surface, window: &Window, places: usize) -> Grid {
    const FEW: usize = 41; // each profiled value is a fit
    const ON_A_LINE: usize = 401;
    let costly = surface.pair().is_some_and(|p| p.others == Others::Profiled && !p.is_quadratic());
    let places = places.clamp(2, if costly { FEW } else { MOST_PLACES });
    let even = |ends: &[f64; 2], n: usize| -> Vec<f64> {
        (0..n).map(|i| ends[0] + (ends[1] - ends[0]) * i as f64 / (n - 1) as f64).collect()
    };
    let (x, y) = match window.as_slice() {
        [x, y] => (even(x, places), even(y, places)),
        [x] => (even(x, ON_A_LINE), Vec::new()),
        _ => (Vec::new(), Vec::new()),
    };
    let rows: Vec<Option<f64>> =
        if y.is_empty() { vec![None] } else { y.iter().copied().map(Some).collect() };
    let values: Vec<f64> = rows
        .into_par_iter()
        .flat_map_iter(|y| {
            x.iter().map(move |x| [Some(*x), y]).map(|at| {
                let at: Array1<f64> = at.into_iter().flatten().collect();
                surface.value_and_gradient(&at).0
            })
        })
        .collect();
    let levels = levels(&values);
    Grid { x, y, values, levels }
}

/// Heights of contour lines: low + (k/n)^p (high - low), p so that half of the picture lies below the middle line.
fn levels(values: &[f64]) -> Vec<f64> {
    const LINES: usize = 16;
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (Some(low), Some(high)) = (sorted.first(), sorted.last()) else { return Vec::new() };
    let share = (sorted[sorted.len() / 2] - low) / (high - low);
    let power = if share > 0.0 && share < 1.0 { (share.ln() / 0.5_f64.ln()).clamp(0.5, 8.0) } else { 2.0 };
    (1..LINES).map(|k| low + (high - low) * (k as f64 / LINES as f64).powf(power)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_flies_off_does_not_take_the_picture_along() {
        let surface = Surface::by_name("himmelblau", None).expect("known");
        let flight = [vec![-4.0, 4.0], vec![7.0, -3.0], vec![1e3, 5.0], vec![f64::NAN, f64::INFINITY]];
        let shown = window(&surface, flight.iter().map(Vec::as_slice), &[vec![-4.0, 4.0]]);
        assert_eq!(shown[1], [-6.0, 6.0]);
        assert!(shown[0][1] >= 7.0 && shown[0][1] < 8.0, "{shown:?}");
    }

    #[test]
    fn a_quadratic_has_lines_at_even_distances() {
        let surface = Surface::by_name("parabola", None).expect("known");
        let grid = grid(&surface, &surface.home(), 50);
        assert_eq!((grid.x.len(), grid.y.len(), grid.values.len()), (401, 0, 401));
        let roots: Vec<f64> = grid.levels.iter().map(|l| l.sqrt()).collect();
        assert!(roots.windows(2).all(|w| (w[1] - w[0] - 0.625).abs() < 0.01), "{roots:?}");
    }
}
