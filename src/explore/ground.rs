//! The ground of a contour picture: bands of height, contour lines, the confidence region, minima, and paths on it.

use crate::error::Result;
use crate::explore::exploration::{Exploration, Run};
use crate::explore::lanes::lanes;
use crate::explore::path::Node;
use crate::explore::window::Grid;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Area, Canvas, Point};
use crate::plot::panel::Panel;
use crate::plot::style::{CURVE_WIDTH, INK, NOTE_HEAD, Shape, Stroke, WHITE, look_of, tint};
use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

/// Colour of the deepest band; higher ones are lighter.
const DEEP: RGBColor = RGBColor(70, 96, 128);
/// The line of the confidence region.
pub const REGION: Stroke = Stroke::dashed(INK, 3.0, &[14.0, 7.0]);

/// The colour of a height among the levels.
pub fn band(levels: &[f64], value: f64) -> RGBColor {
    const DEEPEST: f64 = 0.62;
    const LIGHTEST: f64 = 0.04;
    let place = levels.partition_point(|level| *level < value) as f64 / levels.len().max(1) as f64;
    tint(DEEP, DEEPEST + (LIGHTEST - DEEPEST) * place)
}

/// The two axes of a picture over two coefficients.
pub fn axes(shown: &Exploration) -> (Axis, Axis) {
    let axis = |k: usize| {
        let ends = shown.window.get(k).copied().unwrap_or([0.0, 1.0]);
        let name = shown.surface.axes.get(k).cloned().unwrap_or_default();
        Axis::linear(ends[0], ends[1]).named(name, "")
    };
    (axis(0), axis(1))
}

/// Bands, contour lines, region and minima in a panel that reaches to its frame.
///
/// # Errors
/// When the surface fails.
pub fn draw_ground<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    shown: &Exploration,
) -> Result<()> {
    draw_bands(canvas, panel, &shown.grid)?;
    for level in &shown.grid.levels {
        let stroke = Stroke::solid(tint(DEEP, 0.75), 1.4);
        for (from, to) in contour(&shown.grid, *level) {
            canvas.line(&[panel.at(from.0, from.1), panel.at(to.0, to.1)], &stroke)?;
        }
    }
    if let Some(region) = &shown.surface.ellipse {
        let points: Vec<Point> = region.iter().map(|p| panel.at(p[0], p[1])).collect();
        for piece in clipped(&points, &panel.frame) {
            canvas.line(&piece, &Stroke::solid(WHITE, 6.0))?;
            canvas.line(&piece, &REGION)?;
        }
    }
    for at in &shown.surface.minima {
        let at = panel.at(at[0], at[1]);
        if is_within(at, &panel.frame) {
            canvas.marker(at, Shape::Cross, 11.0, INK)?;
        }
    }
    panel.draw_spines(canvas)
}

/// Fills the frame with rectangles of one band each.
fn draw_bands<B: DrawingBackend>(canvas: &Canvas<'_, B>, panel: &Panel, grid: &Grid) -> Result<()> {
    const BLOCK: f64 = 3.0; // pixels
    let frame = &panel.frame;
    let (columns, rows) = ((frame.width() / BLOCK).ceil() as usize, (frame.height() / BLOCK).ceil() as usize);
    for row in 0..rows {
        let top = frame.top + row as f64 * BLOCK;
        let bottom = (top + BLOCK).min(frame.bottom);
        let share_up = 1.0 - (row as f64 + 0.5) * BLOCK / frame.height();
        let mut start = 0;
        let mut colour = None;
        for column in 0..=columns {
            let next = (column < columns).then(|| {
                let share = (column as f64 + 0.5) * BLOCK / frame.width();
                band(&grid.levels, between(grid, share, share_up))
            });
            if next != colour {
                if let Some(colour) = colour {
                    let left = frame.left + start as f64 * BLOCK;
                    let right = (frame.left + column as f64 * BLOCK).min(frame.right);
                    canvas.rectangle(&Area { left, top, right, bottom }, colour)?;
                }
                (start, colour) = (column, next);
            }
        }
    }
    Ok(())
}

/// The value at a share of the width and height of the grid, bilinear between its places.
fn between(grid: &Grid, across: f64, up: f64) -> f64 {
    let (nx, ny) = (grid.x.len(), grid.y.len());
    let place = |share: f64, n: usize| {
        let at = share.clamp(0.0, 1.0) * (n - 1) as f64;
        let cell = (at as usize).min(n - 2);
        (cell, at - cell as f64)
    };
    let ((i, u), (j, v)) = (place(across, nx), place(up, ny));
    let value = |i: usize, j: usize| grid.values[j * nx + i];
    (1.0 - v) * ((1.0 - u) * value(i, j) + u * value(i + 1, j))
        + v * ((1.0 - u) * value(i, j + 1) + u * value(i + 1, j + 1))
}

/// The pieces of one contour line: each cell's edges are cut where the height is reached, linear between corners.
fn contour(grid: &Grid, level: f64) -> Vec<(Point, Point)> {
    let nx = grid.x.len();
    let mut pieces = Vec::new();
    for j in 0..grid.y.len().saturating_sub(1) {
        for i in 0..nx - 1 {
            let corner = |di: usize, dj: usize| {
                (grid.x[i + di], grid.y[j + dj], grid.values[(j + dj) * nx + i + di] - level)
            };
            let corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
            if corners.iter().any(|c| !c.2.is_finite()) {
                continue;
            }
            let cuts: Vec<Point> = (0..4)
                .filter_map(|k| {
                    let (a, b) = (corners[k], corners[(k + 1) % 4]);
                    let t = a.2 / (a.2 - b.2);
                    ((a.2 < 0.0) != (b.2 < 0.0)).then_some((a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)))
                })
                .collect();
            pieces.extend(cuts.chunks_exact(2).map(|cut| (cut[0], cut[1])));
        }
    }
    pieces
}

/// How many arrows each of some paths has: fewer where they would cover each other.
fn arrows(runs: usize) -> usize {
    match runs {
        0 | 1 => 8,
        2 => 4,
        _ => 1,
    }
}

/// The paths of some runs up to an update: lines, side by side where they meet, points where they are few, arrows
/// against the gradient, starts (with the runs' numbers, where there are several) and stops.
///
/// # Errors
/// When the surface fails.
pub fn draw_paths<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    runs: &[Run],
    last: usize,
) -> Result<()> {
    const FEW: usize = 70;
    let frame = &panel.frame;
    let nodes: Vec<Vec<&Node>> = runs.iter().map(|run| reached(run, last)).collect();
    let points: Vec<Vec<Point>> = nodes
        .iter()
        .map(|nodes| nodes.iter().map(|node| panel.at(node.at[0], node.at[1])).collect())
        .collect();
    let drawn = lanes(&points, frame);
    for lane in &drawn {
        for piece in clipped(&lane.line, frame) {
            canvas.line(&piece, &Stroke::solid(WHITE, CURVE_WIDTH + 4.0))?;
        }
    }
    for (k, lane) in drawn.iter().enumerate() {
        let colour = look_of(k).colour;
        for piece in clipped(&lane.line, frame) {
            canvas.line(&piece, &Stroke::solid(colour, 0.9 * CURVE_WIDTH))?;
        }
        if lane.nodes.len() <= FEW {
            for at in lane.nodes.iter().filter(|at| is_within(**at, frame)) {
                canvas.marker(*at, Shape::Circle, 4.5, colour)?;
            }
        }
        draw_arrows(canvas, panel, &nodes[k], colour, arrows(runs.len()))?;
        if let Some((from, to)) = exit(&points[k], frame) {
            draw_arrow(canvas, from, to, 30.0, colour)?;
        }
    }
    draw_ends(canvas, frame, &points)
}

/// The nodes up to an update. Of a path that leaves for good the flight outside would only cover the picture.
fn reached(run: &Run, last: usize) -> Vec<&Node> {
    let gone = run.left.as_ref().filter(|left| !left.came_back).map_or(usize::MAX, |left| left.iteration);
    run.points.iter().filter(|node| node.iteration <= last.min(gone)).collect()
}

/// Starts hollow, stops filled; those that stand on one another are drawn one inside the other.
fn draw_ends<B: DrawingBackend>(canvas: &Canvas<'_, B>, frame: &Area, paths: &[Vec<Point>]) -> Result<()> {
    const RADIUS: f64 = 13.0;
    const WIDER: f64 = 5.0;
    let firsts: Vec<Option<Point>> = paths.iter().map(|path| path.first().copied()).collect();
    let lasts: Vec<Option<Point>> = paths.iter().map(|path| path.last().copied()).collect();
    let radius = |ends: &[Option<Point>], k: usize, at: Point| {
        let above = ends[k + 1..].iter().flatten().filter(|other| together(at, **other)).count();
        RADIUS + WIDER * above as f64
    };
    for k in 0..paths.len() {
        let look = look_of(k);
        if let Some(at) = firsts[k].filter(|at| is_within(*at, frame)) {
            canvas.hollow_marker(at, look.shape, radius(&firsts, k, at), look.colour)?;
        }
        if let Some(at) = lasts[k].filter(|at| is_within(*at, frame)) {
            canvas.marker(at, look.shape, radius(&lasts, k, at), look.colour)?;
        }
    }
    if paths.len() > 1 { draw_numbers(canvas, frame, &firsts) } else { Ok(()) }
}

fn together(a: Point, b: Point) -> bool {
    const NEAR: f64 = 16.0;
    (a.0 - b.0).hypot(a.1 - b.1) < NEAR
}

/// Beside each start the numbers of the runs that begin there, in their colours.
fn draw_numbers<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    frame: &Area,
    starts: &[Option<Point>],
) -> Result<()> {
    const GAP: f64 = 20.0;
    const WIDE: f64 = 22.0;
    for (k, at) in starts.iter().enumerate() {
        let Some(at) = at.filter(|at| is_within(*at, frame)) else { continue };
        let group: Vec<usize> =
            (0..starts.len()).filter(|j| starts[*j].is_some_and(|s| together(at, s))).collect();
        let (Some(place), all) = (group.iter().position(|j| *j == k), group.len() as f64) else { continue };
        let reach = GAP + 4.0 * (all - 1.0);
        let wide = WIDE * all;
        let left = if at.0 + reach + wide > frame.right { at.0 - reach - wide } else { at.0 + reach };
        let base = (at.1 - reach + 8.0).max(frame.top + 30.0);
        let x = left + WIDE * place as f64;
        let paper = Area { left: x - 3.0, right: x + WIDE - 4.0, top: base - 24.0, bottom: base + 5.0 };
        canvas.rectangle(&paper, WHITE)?;
        canvas.text(&(k + 1).to_string(), (x, base), Align::Left, NOTE_HEAD, look_of(k).colour)?;
    }
    Ok(())
}

/// Arrows against the gradient at up to `most` points, their lengths by the root of its norm.
fn draw_arrows<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    nodes: &[&Node],
    colour: RGBColor,
    most: usize,
) -> Result<()> {
    const LONGEST: f64 = 92.0;
    const SHORTEST: f64 = 30.0;
    const APART: f64 = 70.0;
    let largest = nodes.iter().map(|n| n.gradient_norm).filter(|n| n.is_finite()).fold(0.0, f64::max);
    let mut drawn: Vec<Point> = Vec::new();
    for node in nodes {
        let from = panel.at(node.at[0], node.at[1]);
        let near = drawn.iter().any(|d| (d.0 - from.0).hypot(d.1 - from.1) < APART);
        if drawn.len() >= most || near || !is_within(from, &panel.frame) || node.gradient_norm <= 0.0 {
            continue;
        }
        // A tiny step against the gradient, as it looks on these axes.
        let reach = |k: usize, axis: &Axis, pixels: f64| -node.gradient[k] * pixels / (axis.high - axis.low);
        let dx = reach(0, &panel.x, panel.frame.width());
        let dy = -reach(1, &panel.y, panel.frame.height());
        let size = dx.hypot(dy);
        let long = (LONGEST * (node.gradient_norm / largest).sqrt()).max(SHORTEST);
        if !(size > 0.0 && size.is_finite()) {
            continue;
        }
        drawn.push(from);
        let to = (from.0 + dx / size * long, from.1 + dy / size * long);
        if is_within(to, &panel.frame) {
            draw_arrow(canvas, from, to, 14.0, darker(colour))?;
        }
    }
    Ok(())
}

fn darker(colour: RGBColor) -> RGBColor {
    let part = |c: u8| (f64::from(c) * 0.6) as u8;
    RGBColor(part(colour.0), part(colour.1), part(colour.2))
}

/// An arrow with a white rim.
fn draw_arrow<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    from: Point,
    to: Point,
    head: f64,
    colour: RGBColor,
) -> Result<()> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let size = dx.hypot(dy);
    if size <= 0.0 {
        return Ok(());
    }
    let (ux, uy) = (dx / size, dy / size);
    let wing =
        |side: f64| (to.0 - head * ux + side * 0.6 * head * -uy, to.1 - head * uy + side * 0.6 * head * ux);
    let wings = [wing(-1.0), to, wing(1.0)];
    for stroke in [Stroke::solid(WHITE, 7.0), Stroke::solid(colour, 3.2)] {
        canvas.line(&[from, to], &stroke)?;
        canvas.line(&wings, &stroke)?;
    }
    Ok(())
}

fn is_within(at: Point, frame: &Area) -> bool {
    frame.left - 0.5 <= at.0
        && at.0 <= frame.right + 0.5
        && frame.top - 0.5 <= at.1
        && at.1 <= frame.bottom + 0.5
}

/// The last stretch to the edge of the frame of a path that leaves it for good.
fn exit(points: &[Point], frame: &Area) -> Option<(Point, Point)> {
    const STRETCH: f64 = 60.0;
    let inside = points.iter().rposition(|at| is_within(*at, frame))?;
    let outside = *points.get(inside + 1)?;
    let (_, edge) = visible(points[inside], outside, frame)?;
    let (dx, dy) = (edge.0 - points[inside].0, edge.1 - points[inside].1);
    let size = dx.hypot(dy);
    let from = if size > 0.0 {
        (edge.0 - dx / size * STRETCH.min(size), edge.1 - dy / size * STRETCH.min(size))
    } else {
        edge
    };
    Some((from, edge))
}

/// The parts of a line that lie within a frame.
pub fn clipped(points: &[Point], frame: &Area) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = visible(pair[0], pair[1], frame) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// The part of a segment within a frame. Source: Liang & Barsky 1984, ACM Transactions on Graphics 3:1-22.
fn visible(from: Point, to: Point, frame: &Area) -> Option<(Point, Point)> {
    const FAR: f64 = 1e9;
    if [from.0, from.1, to.0, to.1].iter().any(|v| v.is_nan()) {
        return None;
    }
    let tame = |at: Point| (at.0.clamp(-FAR, FAR), at.1.clamp(-FAR, FAR));
    let (from, to) = (tame(from), tame(to));
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, room) in [
        (-dx, from.0 - frame.left),
        (dx, frame.right - from.0),
        (-dy, from.1 - frame.top),
        (dy, frame.bottom - from.1),
    ] {
        if step == 0.0 && room < 0.0 {
            return None;
        }
        let t = room / step;
        if step < 0.0 {
            enter = enter.max(t);
        } else if step > 0.0 {
            leave = leave.min(t);
        }
    }
    if enter > leave {
        return None;
    }
    let at = |t: f64| (from.0 + t * dx, from.1 + t * dy);
    Some((if enter > 0.0 { at(enter) } else { from }, if leave < 1.0 { at(leave) } else { to }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_frame_and_goes_on_where_it_returns() {
        let frame = Area { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
        let line = [(5.0, 5.0), (15.0, 5.0), (15.0, 8.0), (5.0, 8.0), (f64::NAN, 1.0), (1.0, 1.0)];
        let pieces = clipped(&line, &frame);
        assert_eq!(pieces, [vec![(5.0, 5.0), (10.0, 5.0)], vec![(10.0, 8.0), (5.0, 8.0)]]);
        assert_eq!(exit(&[(5.0, 5.0), (5.0, 1e300)], &frame).map(|e| e.1), Some((5.0, 10.0)));
    }

    #[test]
    fn a_contour_of_a_slope_is_a_straight_line() {
        let grid = Grid {
            x: vec![0.0, 1.0, 2.0],
            y: vec![0.0, 1.0],
            values: vec![0.0, 1.0, 2.0, 0.0, 1.0, 2.0],
            levels: vec![],
        };
        assert_eq!(contour(&grid, 1.5), [((1.5, 0.0), (1.5, 1.0))]);
        assert!((between(&grid, 0.75, 0.5) - 1.5).abs() < 1e-12);
    }
}
