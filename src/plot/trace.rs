//! From values to the line that is drawn: thinned to what the eye can tell apart and cut at the frame.

use crate::plot::canvas::{Area, Point};

/// A curve as it appears on the panel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    /// The visible pieces, in order.
    pub pieces: Vec<Vec<Point>>,
    /// Where it first leaves the frame upwards, and the position in the data of the first value that is not seen.
    pub leaves: Option<(Point, usize)>,
}

impl Trace {
    /// The last point that is drawn.
    pub fn end(&self) -> Option<Point> {
        self.pieces.last().and_then(|piece| piece.last()).copied()
    }
}

/// The visible part of a curve given in pixels; a point with NaN interrupts it, an infinite height is far outside.
pub fn trace(points: &[Point], frame: &Area) -> Trace {
    let mut trace = Trace { pieces: Vec::new(), leaves: None };
    let mut piece: Vec<Point> = Vec::new();
    let mut previous: Option<Point> = None;
    for (at, point) in thinned(points) {
        let Some(point) = drawable(point) else {
            finish(&mut piece, &mut trace.pieces);
            previous = None;
            continue;
        };
        if trace.leaves.is_none() && point.1 < frame.top {
            let from = previous.unwrap_or((point.0, frame.top));
            trace.leaves = Some((crossing(from, point, frame.top), at));
        }
        let visible = visible_part(previous.unwrap_or(point), point, frame);
        match visible {
            None => finish(&mut piece, &mut trace.pieces),
            Some((from, to)) => {
                if piece.last() != Some(&from) {
                    finish(&mut piece, &mut trace.pieces);
                    piece.push(from);
                }
                if to != from {
                    piece.push(to);
                }
            }
        }
        previous = Some(point);
    }
    finish(&mut piece, &mut trace.pieces);
    trace
}

fn finish(piece: &mut Vec<Point>, pieces: &mut Vec<Vec<Point>>) {
    if !piece.is_empty() {
        pieces.push(std::mem::take(piece));
    }
}

fn drawable(point: Point) -> Option<Point> {
    const FAR: f64 = 1e5; // pixels; far outside of any picture
    let nan = point.0.is_nan() || point.1.is_nan();
    (!nan).then(|| (point.0.clamp(-FAR, FAR), point.1.clamp(-FAR, FAR)))
}

/// Where the segment reaches the height `y`.
fn crossing(from: Point, to: Point, y: f64) -> Point {
    let rise = to.1 - from.1;
    let t = if rise == 0.0 { 1.0 } else { ((y - from.1) / rise).clamp(0.0, 1.0) };
    (from.0 + t * (to.0 - from.0), y)
}

/// The part of a segment between the upper and the lower edge of the frame.
fn visible_part(from: Point, to: Point, frame: &Area) -> Option<(Point, Point)> {
    let (lowest, highest) = (from.1.max(to.1), from.1.min(to.1));
    if lowest < frame.top || highest > frame.bottom {
        return None;
    }
    let cut = |p: Point| {
        if p.1 < frame.top {
            crossing(from, to, frame.top)
        } else if p.1 > frame.bottom {
            crossing(from, to, frame.bottom)
        } else {
            p
        }
    };
    Some((cut(from), cut(to)))
}

/// Of the points that share a column of pixels the highest and the lowest, and the first and the last of all, each with
/// its position.
fn thinned(points: &[Point]) -> Vec<(usize, Point)> {
    const AS_THEY_ARE: usize = 2000;
    if points.len() <= AS_THEY_ARE {
        return points.iter().copied().enumerate().collect();
    }
    let mut kept = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let column = points[start].0.floor();
        let same = |p: &Point| p.0.floor() == column && !p.1.is_nan();
        let length = points[start..].iter().take_while(|p| same(p)).count().max(1);
        let range = start..start + length;
        let height = |at: &usize| points[*at].1;
        let by_height = |a: &usize, b: &usize| height(a).total_cmp(&height(b));
        let low = range.clone().min_by(by_height).unwrap_or(start);
        let high = range.clone().max_by(by_height).unwrap_or(start);
        let mut both = vec![low.min(high), low.max(high)];
        if start == 0 {
            both.insert(0, 0);
        }
        if range.end == points.len() {
            both.push(points.len() - 1);
        }
        both.dedup();
        kept.extend(both.into_iter().map(|at| (at, points[at])));
        start = range.end;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Area = Area { left: 0.0, top: 100.0, right: 1000.0, bottom: 500.0 };

    #[test]
    fn a_curve_inside_is_drawn_as_it_is() {
        let points = [(0.0, 200.0), (10.0, 300.0), (20.0, 250.0)];
        assert_eq!(trace(&points, &FRAME), Trace { pieces: vec![points.to_vec()], leaves: None });
    }

    #[test]
    fn a_curve_that_climbs_out_is_cut_at_the_frame() {
        let trace = trace(&[(0.0, 300.0), (10.0, 200.0), (20.0, 0.0), (30.0, f64::NEG_INFINITY)], &FRAME);
        assert_eq!(trace.leaves, Some(((15.0, 100.0), 2)));
        assert_eq!(trace.pieces, [[(0.0, 300.0), (10.0, 200.0), (15.0, 100.0)]]);
    }

    #[test]
    fn a_curve_that_comes_back_is_seen_again() {
        let trace = trace(&[(0.0, 300.0), (10.0, 0.0), (20.0, 300.0)], &FRAME);
        assert_eq!(trace.pieces.len(), 2);
        assert_eq!(trace.end(), Some((20.0, 300.0)));
    }

    #[test]
    fn not_a_number_interrupts_the_line() {
        let trace = trace(&[(0.0, 300.0), (10.0, f64::NAN), (20.0, 310.0), (30.0, 320.0)], &FRAME);
        assert_eq!(trace.pieces, [vec![(0.0, 300.0)], vec![(20.0, 310.0), (30.0, 320.0)]]);
    }

    #[test]
    fn thinning_keeps_the_extremes_of_every_column() {
        let points: Vec<Point> =
            (0..100_000).map(|k| (f64::from(k) / 100.0, 300.0 + f64::from(k % 97))).collect();
        let kept = thinned(&points);
        assert!(kept.len() <= 2 * 1000 + 2);
        for column in 0..1000 {
            let heights = |all: &[Point]| {
                let ys: Vec<f64> =
                    all.iter().filter(|p| p.0.floor() == f64::from(column)).map(|p| p.1).collect();
                (ys.iter().copied().fold(f64::MAX, f64::min), ys.iter().copied().fold(f64::MIN, f64::max))
            };
            let few: Vec<Point> = kept.iter().map(|k| k.1).collect();
            assert_eq!(heights(&points[column as usize * 100..][..100]), heights(&few));
        }
        assert_eq!(kept.last().map(|k| k.0), Some(99_999));
    }
}
