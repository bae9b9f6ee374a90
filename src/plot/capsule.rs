//! A line of some width with round ends: all points within a distance of a segment.

/// A segment from `start` by `way`.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    start: (f64, f64),
    way: (f64, f64),
    length_squared: f64,
    /// The unit vector that stands upright on the segment and points to the right.
    normal: (f64, f64),
    /// The share of the segment that one row takes.
    share_of_row: f64,
}

impl Segment {
    /// The segment between two points.
    pub fn between(start: (f64, f64), end: (f64, f64)) -> Segment {
        let way = (end.0 - start.0, end.1 - start.1);
        let length_squared = way.0 * way.0 + way.1 * way.1;
        let length = length_squared.sqrt();
        let normal = (way.1.abs() / length, -way.0 * way.1.signum() / length);
        Segment { start, way, length_squared, normal, share_of_row: 1.0 / way.1 }
    }

    /// The lower and the higher end of its rows.
    pub fn rows(&self) -> (f64, f64) {
        let end = self.start.1 + self.way.1;
        (self.start.1.min(end), self.start.1.max(end))
    }

    /// Distance of a point from the segment.
    pub fn distance(&self, point: (f64, f64)) -> f64 {
        let (px, py) = (point.0 - self.start.0, point.1 - self.start.1);
        let t = if self.length_squared == 0.0 {
            0.0
        } else {
            ((px * self.way.0 + py * self.way.1) / self.length_squared).clamp(0.0, 1.0)
        };
        let (nx, ny) = (px - t * self.way.0, py - t * self.way.1);
        (nx * nx + ny * ny).sqrt()
    }

    /// Where the row at height `y` comes within `reach` of the segment, from left to right; `None` where it does not.
    pub fn chord(&self, y: f64, reach: f64) -> Option<(f64, f64)> {
        if reach < 0.0 {
            return None;
        }
        Some((self.edge(y, reach, -1.0)?, self.edge(y, reach, 1.0)?))
    }

    /// The end of the chord on the left (`side` -1) or the right (1). Of all discs about points of the segment one
    /// reaches farthest to that side: the one whose edge touches the row along the normal, or else the disc at the
    /// end of the segment that comes nearest to it.
    fn edge(&self, y: f64, reach: f64, side: f64) -> Option<f64> {
        let level_end = if self.way.0 * side > 0.0 { 1.0 } else { 0.0 };
        let t = match self.way.1 == 0.0 {
            true => level_end,
            false => (y - side * reach * self.normal.1 - self.start.1) * self.share_of_row,
        };
        if 0.0 < t && t < 1.0 {
            return Some(self.start.0 + t * self.way.0 + side * reach * self.normal.0);
        }
        let t = t.clamp(0.0, 1.0);
        let rise = y - (self.start.1 + t * self.way.1);
        let half_squared = reach * reach - rise * rise;
        (half_squared >= 0.0).then(|| self.start.0 + t * self.way.0 + side * half_squared.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_chord_lie_at_the_distance_from_the_segment() {
        const REACH: f64 = 5.0;
        let ends = [(80.0, 0.0), (-80.0, 0.0), (0.0, 60.0), (0.0, -60.0), (60.0, 45.0), (-9.0, 70.0)];
        for end in ends.into_iter().chain([(70.0, -2.0), (3.0, -3.0), (0.0, 0.0)]) {
            let segment = Segment::between((0.0, 0.0), end);
            let (low, high) = segment.rows();
            for k in -100..=900 {
                let y = low - REACH + f64::from(k) / 800.0 * (high - low + 2.0 * REACH);
                match segment.chord(y, REACH) {
                    Some((left, right)) => {
                        assert!(left <= right);
                        for x in [left, right] {
                            assert!((segment.distance((x, y)) - REACH).abs() < 1e-6, "{end:?} {x} {y}");
                        }
                    }
                    None => assert!(y <= low - REACH || high + REACH <= y, "{end:?} {y}"),
                }
            }
        }
    }
}
