//! Paths that run over one another are drawn side by side, so that none hides another.

use std::collections::{BTreeSet, HashMap};

use crate::plot::canvas::{Area, Point};

/// Pixels between two looks along a path, and the size of the cells in which it is noted that a path was there.
const STEP: f64 = 5.0;
/// Pixels between two lanes.
const APART: f64 = 6.0;
/// A shorter stretch together is a crossing and stays as it is, in pixels.
const SHORTEST: f64 = 26.0;
/// Steps of one stretch from point to point at most: far beyond the frame they are not needed.
const MOST_STEPS: f64 = 600.0;
/// Lanes in the order in which they are taken: the middle first.
const ORDER: [i32; 11] = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5];

/// A path as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Its points with the steps between them, moved aside where an earlier path runs already.
    pub line: Vec<Point>,
    /// Its own points, moved with them.
    pub nodes: Vec<Point>,
}

/// One look along a path.
struct Look {
    at: Point,
    shown: bool,
    is_node: bool,
    /// Pixels since the look before.
    way: f64,
    /// Across the direction of the path.
    normal: Point,
    lane: i32,
}

type Cells = HashMap<(i64, i64), BTreeSet<i32>>;

/// The paths as they are drawn in a frame, in the order given.
pub fn lanes(paths: &[Vec<Point>], frame: &Area) -> Vec<Lane> {
    let mut cells = Cells::new();
    let mut all = Vec::with_capacity(paths.len());
    for path in paths {
        let mut looks = walk(path, frame);
        choose(&mut looks, &cells);
        for look in looks.iter().filter(|look| look.shown) {
            cells.entry(cell(look.at)).or_default().insert(look.lane);
        }
        all.push(Lane {
            line: looks.iter().map(moved).collect(),
            nodes: looks.iter().filter(|look| look.is_node).map(moved).collect(),
        });
    }
    all
}

/// A path in small steps; it ends at its first point that is no number.
fn walk(path: &[Point], frame: &Area) -> Vec<Look> {
    let shown =
        |at: Point| frame.left <= at.0 && at.0 <= frame.right && frame.top <= at.1 && at.1 <= frame.bottom;
    let mut looks: Vec<Look> = Vec::new();
    for (k, to) in path.iter().take_while(|at| at.0.is_finite() && at.1.is_finite()).enumerate() {
        let from = if k == 0 { *to } else { path[k - 1] };
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        let steps =
            if shown(from) || shown(*to) { (length / STEP).round().clamp(1.0, MOST_STEPS) } else { 1.0 };
        let normal = if length > 0.0 { (-dy / length, dx / length) } else { (0.0, 0.0) };
        for step in 1..=steps as usize {
            let share = step as f64 / steps;
            let at = (from.0 + share * dx, from.1 + share * dy);
            let is_node = step == steps as usize;
            looks.push(Look { at, shown: shown(at), is_node, way: length / steps, normal, lane: 0 });
        }
    }
    if let [first, second, ..] = looks.as_mut_slice() {
        first.normal = second.normal;
    }
    looks
}

/// Gives each step a lane that is free there; it keeps to its lane as long as that goes.
fn choose(looks: &mut [Look], cells: &Cells) {
    let mut lane = 0;
    for look in looks.iter_mut() {
        let taken = if look.shown { near(cells, look.at) } else { BTreeSet::new() };
        if taken.is_empty() {
            lane = 0;
        } else if lane == 0 || taken.contains(&lane) {
            lane = ORDER.into_iter().find(|free| !taken.contains(free)).unwrap_or(0);
        }
        look.lane = lane;
    }
    for stretch in looks.chunk_by_mut(|a, b| a.lane == b.lane) {
        if stretch.iter().map(|look| look.way).sum::<f64>() < SHORTEST {
            stretch.iter_mut().for_each(|look| look.lane = 0);
        }
    }
}

fn cell(at: Point) -> (i64, i64) {
    ((at.0 / STEP).floor() as i64, (at.1 / STEP).floor() as i64)
}

/// Lanes that are taken at a place.
fn near(cells: &Cells, at: Point) -> BTreeSet<i32> {
    let (x, y) = cell(at);
    let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
    around.filter_map(|place| cells.get(&place)).flatten().copied().collect()
}

fn moved(look: &Look) -> Point {
    let aside = APART * f64::from(look.lane);
    (look.at.0 + aside * look.normal.0, look.at.1 + aside * look.normal.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Area = Area { left: 0.0, top: 0.0, right: 1000.0, bottom: 1000.0 };

    #[test]
    fn six_paths_along_one_line_lie_apart_and_the_first_stays_where_it_is() {
        let ends = [300.0, 400.0, 500.0, 600.0, 700.0, 800.0];
        let paths: Vec<Vec<Point>> = ends.iter().map(|end| vec![(100.0, 500.0), (*end, 500.0)]).collect();
        let drawn = lanes(&paths, &FRAME);
        assert!(drawn[0].line.iter().all(|at| at.1 == 500.0));
        let mut heights: Vec<f64> = drawn.iter().map(|lane| lane.line[20].1).collect();
        heights.sort_by(f64::total_cmp);
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= APART - 1e-9), "{heights:?}");
        assert_eq!(drawn[5].nodes.last(), Some(&(800.0, 500.0)), "alone again, it is where it is");
    }

    #[test]
    fn paths_that_only_cross_stay_where_they_are() {
        let paths = [vec![(100.0, 500.0), (900.0, 500.0)], vec![(500.0, 100.0), (500.0, 900.0)]];
        for (lane, path) in lanes(&paths, &FRAME).iter().zip(&paths) {
            assert_eq!(&lane.nodes, path);
            assert!(lane.line.iter().all(|at| at.0 == path[0].0 || at.1 == path[0].1));
        }
    }
}
