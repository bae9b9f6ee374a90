//! A free place for words: where they cover no ink and stand near to what they speak of.

use crate::plot::canvas::{Area, Point};
use std::ops::Range;

/// Side of a cell of the map of ink, pixels.
const CELL: f64 = 4.0;
/// White kept between words and ink, pixels.
const CLEARANCE: f64 = 9.0;
/// White kept between words and the edge of the panel, pixels.
const FROM_EDGE: f64 = 10.0;

/// What covers a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cover {
    /// Nothing.
    Free,
    /// Faint or level lines, which words avoid and a thin line may cross.
    Crossable,
    /// Curves, markers and words.
    Solid,
}

impl Cover {
    /// How much worse it is to cover than white.
    fn weight(self) -> u32 {
        match self {
            Cover::Free => 0,
            Cover::Crossable => 1,
            Cover::Solid => 20,
        }
    }
}

/// Which cells of a panel are covered.
#[derive(Debug, Clone)]
pub struct Ink {
    area: Area,
    columns: usize,
    rows: usize,
    covered: Vec<Cover>,
}

/// What words may take along one axis: from where to where, and the cells in it and in the white around it.
struct Span {
    low: f64,
    high: f64,
    cells: Range<usize>,
}

impl Span {
    /// From `low` on for a length, on a panel of so many cells from `origin`.
    fn new(low: f64, length: f64, origin: f64, most: usize) -> Span {
        let high = low + length;
        Span { low, high, cells: cells(low - CLEARANCE - origin, high + CLEARANCE - origin, most) }
    }
}

/// The weight of all that lies above and to the left, for every corner of the grid.
struct Sums(Vec<u32>);

impl Ink {
    /// An empty panel.
    pub fn new(area: Area) -> Ink {
        let columns = (area.width() / CELL).ceil().max(1.0) as usize;
        let rows = (area.height() / CELL).ceil().max(1.0) as usize;
        Ink { area, columns, rows, covered: vec![Cover::Free; columns * rows] }
    }

    /// A line through points is ink.
    pub fn add_line(&mut self, points: &[Point], cover: Cover) {
        if let [only] = points {
            self.add_point(*only, cover);
        }
        for pair in points.windows(2) {
            let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            let pieces = (dx.hypot(dy) / CELL).ceil().clamp(1.0, 1e4);
            (0..=pieces as usize).for_each(|k| {
                let t = k as f64 / pieces;
                self.add_point((pair[0].0 + t * dx, pair[0].1 + t * dy), cover);
            });
        }
    }

    /// A rectangle is ink.
    pub fn add_area(&mut self, area: &Area, cover: Cover) {
        let (columns, rows) = self.cells(area);
        for row in rows {
            for cell in &mut self.covered[row * self.columns..][columns.clone()] {
                *cell = cover.max(*cell);
            }
        }
    }

    fn add_point(&mut self, at: Point, cover: Cover) {
        self.add_area(&Area { left: at.0, top: at.1, right: at.0, bottom: at.1 }, cover);
    }

    /// The cells that a rectangle touches: the columns and the rows.
    fn cells(&self, area: &Area) -> (Range<usize>, Range<usize>) {
        let columns = cells(area.left - self.area.left, area.right - self.area.left, self.columns);
        (columns, cells(area.top - self.area.top, area.bottom - self.area.top, self.rows))
    }

    fn sums(&self) -> Sums {
        let width = self.columns + 1;
        let mut sums = vec![0u32; width * (self.rows + 1)];
        for row in 0..self.rows {
            let mut along = 0;
            for column in 0..self.columns {
                along += self.covered[row * self.columns + column].weight();
                sums[(row + 1) * width + column + 1] = sums[row * width + column + 1] + along;
            }
        }
        Sums(sums)
    }

    /// The weight of what lies in some columns and rows of cells.
    fn count(&self, sums: &Sums, columns: &Range<usize>, rows: &Range<usize>) -> u32 {
        if columns.is_empty() || rows.is_empty() {
            return 0;
        }
        let at = |row: usize, column: usize| sums.0[row * (self.columns + 1) + column];
        at(rows.end, columns.end) + at(rows.start, columns.start)
            - at(rows.start, columns.end)
            - at(rows.end, columns.start)
    }

    /// Whether words in a place cover no ink.
    pub fn is_free(&self, place: &Area) -> bool {
        let (columns, rows) = self.cells(&place.grown(CLEARANCE));
        self.count(&self.sums(), &columns, &rows) == 0
    }

    /// A place inside the panel for words of a size: it covers as little ink as can be, the
    /// way from it to `anchor` crosses little, and it is then nearest to `anchor`. With what it costs: pixels of distance,
    /// and much more for ink.
    pub fn place(&self, size: (f64, f64), anchor: Point) -> (f64, Area) {
        const STEP: f64 = 6.0;
        const CROSSED: f64 = 60.0; // pixels of distance that a solid cell on the way is worth
        let inner = self.area.grown(-FROM_EDGE);
        let steps = |room: f64| 0..=(room / STEP).floor().max(0.0) as usize;
        let across = steps(inner.width() - size.0).map(|k| inner.left + k as f64 * STEP);
        let down = steps(inner.height() - size.1).map(|k| inner.top + k as f64 * STEP);
        let way = |place: &Area| CROSSED * f64::from(self.crossed(anchor, nearest(anchor, place)));
        self.best(size, across.collect(), down.collect(), |place| distance(anchor, place), way)
    }

    /// How many solid cells lie on the way between two points, apart from the surroundings of the first.
    fn crossed(&self, from: Point, to: Point) -> u32 {
        const SURROUNDINGS: f64 = 24.0;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        let samples = ((length - SURROUNDINGS) / CELL).clamp(0.0, 1e3) as usize;
        let is_covered = |k: usize| {
            let t = 1.0 - k as f64 * CELL / length;
            let (x, y) = (from.0 + t * dx - self.area.left, from.1 + t * dy - self.area.top);
            let (column, row) = ((x / CELL) as usize, (y / CELL) as usize);
            (x >= 0.0 && y >= 0.0 && column < self.columns && row < self.rows)
                && self.covered[row * self.columns + column] == Cover::Solid
        };
        (0..samples).filter(|&k| is_covered(k)).count() as u32
    }

    /// A place for words of a size just above or below a level line, rather to the right and rather above.
    pub fn place_at_level(&self, size: (f64, f64), level: f64) -> Area {
        const STEP: f64 = 8.0;
        const GAP: f64 = 7.0;
        let inner = self.area.grown(-FROM_EDGE);
        let across = ((inner.width() - size.0) / STEP).floor().max(0.0) as usize;
        let lefts = (0..=across).map(|k| inner.right - k as f64 * STEP - size.0);
        let fits = |top: &f64| inner.top <= *top && top + size.1 <= inner.bottom;
        let tops = [level - GAP - size.1, level + GAP].into_iter().filter(fits);
        let below = |place: &Area| if place.top > level { 200.0 } else { 0.0 };
        let cost = |place: &Area| (inner.right - place.right) + below(place);
        self.best(size, lefts.collect(), tops.collect(), cost, |_| 0.0).1
    }

    /// Of the places with these left and upper edges the one of least cost, and the cost; `surcharge` is asked only
    /// where the rest is cheap enough.
    fn best(
        &self,
        size: (f64, f64),
        lefts: Vec<f64>,
        tops: Vec<f64>,
        cost: impl Fn(&Area) -> f64,
        surcharge: impl Fn(&Area) -> f64,
    ) -> (f64, Area) {
        const INK: f64 = 1000.0; // a covered cell weighs more than any distance on the picture
        const STRIDES: [usize; 2] = [5, 1]; // a few places first: then most of all are soon seen to be worse
        let sums = self.sums();
        let nowhere =
            Area { left: self.area.left, top: self.area.top, right: self.area.left, bottom: self.area.top };
        let mut best = (f64::INFINITY, nowhere);
        let columns: Vec<Span> =
            lefts.into_iter().map(|left| Span::new(left, size.0, self.area.left, self.columns)).collect();
        let rows: Vec<Span> =
            tops.into_iter().map(|top| Span::new(top, size.1, self.area.top, self.rows)).collect();
        for stride in STRIDES {
            best.0 = best.0.next_up(); // of places as good as the best the first in order is taken
            for row in rows.iter().step_by(stride) {
                for column in columns.iter().step_by(stride) {
                    let ink = INK * f64::from(self.count(&sums, &column.cells, &row.cells));
                    if ink >= best.0 {
                        continue;
                    }
                    let place = Area { left: column.low, top: row.low, right: column.high, bottom: row.high };
                    let least = cost(&place) + ink;
                    if least < best.0 {
                        let whole = least + surcharge(&place);
                        if whole < best.0 {
                            best = (whole, place);
                        }
                    }
                }
            }
        }
        best
    }
}

/// The cells that a stretch of an axis touches, of `most` that begin at 0.
fn cells(low: f64, high: f64, most: usize) -> Range<usize> {
    let cell = |v: f64| ((v / CELL) as usize).min(most); // the cast cuts to the nearest that there is
    cell(low)..if high < 0.0 { 0 } else { cell(high + CELL) }
}

/// The point of a rectangle that is nearest to another point.
pub fn nearest(at: Point, area: &Area) -> Point {
    (at.0.max(area.left).min(area.right), at.1.max(area.top).min(area.bottom))
}

/// Distance from a point to a rectangle, pixels.
pub fn distance(at: Point, area: &Area) -> f64 {
    let near = nearest(at, area);
    (near.0 - at.0).hypot(near.1 - at.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANEL: Area = Area { left: 100.0, top: 50.0, right: 900.0, bottom: 650.0 };

    fn apart(a: &Area, b: &Area) -> bool {
        a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top
    }

    #[test]
    fn words_keep_clear_of_the_ink_and_inside_the_panel() {
        let mut ink = Ink::new(PANEL);
        let block = Area { left: 300.0, top: 100.0, right: 900.0, bottom: 500.0 };
        ink.add_area(&block, Cover::Solid);
        let (_, place) = ink.place((220.0, 90.0), (880.0, 300.0));
        assert!(apart(&place, &block));
        assert!(place.left >= PANEL.left && place.right <= PANEL.right);
        assert!(place.top >= PANEL.top && place.bottom <= PANEL.bottom);
    }

    #[test]
    fn of_two_free_places_the_nearer_is_taken() {
        let ink = Ink::new(PANEL);
        let (_, place) = ink.place((100.0, 40.0), (500.0, 300.0));
        assert!(distance((500.0, 300.0), &place) < 10.0);
    }

    #[test]
    fn no_place_on_the_grid_is_better() {
        let (size, steps) = ((160.0, 60.0), (780 - 160, 580 - 60));
        for anchor in [(880.0, 600.0), (120.0, 70.0), (500.0, 300.0)] {
            let mut ink = Ink::new(PANEL);
            ink.add_line(&[(100.0, 80.0), (400.0, 500.0), (890.0, 610.0)], Cover::Solid);
            ink.add_area(&Area { left: 350.0, top: 200.0, right: 640.0, bottom: 330.0 }, Cover::Crossable);
            let sums = ink.sums();
            let (cost, place) = ink.place(size, anchor);
            for (x, y) in (0..=steps.1).step_by(6).flat_map(|y| (0..=steps.0).step_by(6).map(move |x| (x, y)))
            {
                let (left, top) = (110.0 + f64::from(x), 60.0 + f64::from(y));
                let other = Area { left, top, right: left + size.0, bottom: top + size.1 };
                let (columns, rows) = ink.cells(&other.grown(CLEARANCE));
                let crossed = 60.0 * f64::from(ink.crossed(anchor, nearest(anchor, &other)));
                let covered = 1000.0 * f64::from(ink.count(&sums, &columns, &rows));
                let found = distance(anchor, &other) + covered + crossed;
                assert!(
                    cost < found || (cost == found && (place.top, place.left) <= (top, left)),
                    "{other:?}"
                );
            }
        }
    }

    #[test]
    fn words_at_a_level_avoid_the_line_that_crosses_it() {
        let mut ink = Ink::new(PANEL);
        ink.add_line(&[(700.0, 50.0), (880.0, 640.0)], Cover::Solid);
        let place = ink.place_at_level((150.0, 30.0), 400.0);
        assert!((place.bottom < 400.0 || place.top > 400.0) && place.left >= PANEL.left);
        let (columns, rows) = ink.cells(&place);
        assert_eq!(ink.count(&ink.sums(), &columns, &rows), 0);
    }

    #[test]
    fn words_larger_than_the_panel_and_lines_far_outside_do_no_harm() {
        let mut ink = Ink::new(PANEL);
        ink.add_line(&[(-1e6, -1e6), (1e6, 1e6)], Cover::Solid);
        let (_, place) = ink.place((5000.0, 5000.0), (0.0, 0.0));
        assert!(place.left.is_finite());
    }
}
