//! The odds ratios of a table drawn on one logarithmic axis, as places in per cent for the page.

use serde::Serialize;

use crate::report::coefficients::Drawn;

/// The common logarithmic axis of the odds ratios.
pub struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// Wide enough for all intervals, but not beyond 1/50 to 50, where an interval is cut.
    pub fn of(drawn: &[Drawn]) -> Option<Axis> {
        let widest = 50_f64.ln();
        let narrowest = 1.25_f64.ln();
        let mut ends = drawn.iter().flatten();
        let first = ends.next()?;
        let (low, high) = ends.fold((first.1, first.2), |(l, h), d| (l.min(d.1), h.max(d.2)));
        let margin = 0.04 * (high - low).max(narrowest);
        let low = (low - margin).min(-narrowest / 4.0).max(-widest);
        let high = (high + margin).max(narrowest / 4.0).min(widest);
        Some(Axis { low, high })
    }

    /// The place of a log ratio in per cent of the axis, within it.
    pub fn place(&self, log_ratio: f64) -> f64 {
        (100.0 * (log_ratio - self.low) / (self.high - self.low)).clamp(0.0, 100.0)
    }

    /// An interval (log ratio, low, high) on the axis.
    pub fn bar(&self, (point, low, high): (f64, f64, f64)) -> Bar {
        let (left, right) = (self.place(low), self.place(high));
        Bar {
            left: format!("{left:.2}%"),
            width: format!("{:.2}%", right - left),
            point: format!("{:.2}%", self.place(point)),
        }
    }

    /// Round ratios about 1 with room between them: the most of those series that have it.
    pub fn ticks(&self) -> Vec<(String, String)> {
        const SERIES: [&[f64]; 7] = [
            &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
            &[1.0, 3.0, 9.0, 27.0],
            &[1.0, 5.0, 25.0],
            &[1.0, 10.0],
            &[1.0, 1.5],
            &[1.0, 1.2],
            &[1.0],
        ];
        const ROOM: f64 = 20.0; // per cent of the axis, so that labels do not touch
        let inside = |series: &[f64]| {
            let mut ratios: Vec<f64> = series.iter().flat_map(|r| [1.0 / r, *r]).collect();
            ratios.sort_by(f64::total_cmp);
            ratios.dedup();
            ratios.retain(|r| (self.low..=self.high).contains(&r.ln()));
            ratios
        };
        let roomy = |ratios: &Vec<f64>| {
            ratios.windows(2).all(|p| self.place(p[1].ln()) - self.place(p[0].ln()) >= ROOM)
        };
        let mut best = Vec::new();
        for ratios in SERIES.map(inside).into_iter().filter(roomy) {
            if ratios.len() > best.len() {
                best = ratios;
            }
        }
        best.iter().map(|r| (format!("{:.2}%", self.place(r.ln())), tick_label(*r))).collect()
    }
}

fn tick_label(ratio: f64) -> String {
    let text = format!("{ratio:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// One odds ratio on the common axis: places in per cent of its width.
#[derive(Serialize)]
pub struct Bar {
    /// Where the interval begins.
    pub left: String,
    /// How wide it is.
    pub width: String,
    /// Where the estimate is.
    pub point: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_holds_one_and_every_interval_and_its_labels_have_room() {
        let drawn = [Some((0.4, 0.2, 0.6)), None, Some((-0.6, -1.1, -0.1)), Some((3.0, -9.0, 9.0))];
        let axis = Axis::of(&drawn).expect("something to draw");
        let one = axis.place(0.0);
        assert!((1.0..99.0).contains(&one));
        let ticks = axis.ticks();
        assert!(ticks.iter().any(|(place, label)| label == "1" && *place == format!("{one:.2}%")));
        assert_eq!(axis.bar((3.0, -9.0, 9.0)).width, "100.00%"); // cut at 1/50 and 50
        assert!(Axis::of(&[None]).is_none());
    }
}
