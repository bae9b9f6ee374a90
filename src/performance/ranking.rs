//! The area under the ROC curve of more rows than may lie about several times: eight bytes a row, sorted in place.

use rayon::prelude::*;

use crate::performance::calibration::{HosmerLemeshowTest, hosmer_lemeshow_of_sorted};
use crate::performance::cells::Cells;
use crate::performance::discrimination::Auc;

/// Risks with their outcomes, packed: the risk rounded to 12 decimals as a whole number, and the outcome in the last bit.
#[derive(Debug, Default, Clone)]
pub struct Ranking {
    packed: Vec<u64>,
    weight: Option<Vec<f64>>,
}

/// The decimals at which risks are ties, as for [`crate::performance::discrimination::auc`].
const DECIMALS: f64 = 1e12;

/// A risk and a 0/1 outcome in one number.
pub fn pack(risk: f64, outcome: f64) -> u64 {
    ((risk * DECIMALS).round() as u64) << 1 | u64::from(outcome > 0.5)
}

/// The risk and the outcome, 0 or 1, of what [`pack`] gave.
pub fn unpack(packed: u64) -> (f64, usize) {
    ((packed >> 1) as f64 / DECIMALS, usize::from(packed & 1 == 1))
}

/// How many hundredths are in the risk of what [`pack`] gave: 0 to 99, and 100 of the risk 1.
pub fn hundredth(packed: u64) -> usize {
    const A_HUNDREDTH: u64 = (DECIMALS / 100.0) as u64;
    ((packed >> 1) / A_HUNDREDTH) as usize
}

impl Ranking {
    /// Of packed rows and their frequency weights.
    pub fn new(packed: Vec<u64>, weight: Option<Vec<f64>>) -> Ranking {
        Ranking { packed, weight }
    }

    /// Rows with almost the same risk as one.
    pub fn cells(&self) -> Cells {
        Cells::of(&self.packed, self.weight.as_deref())
    }

    /// The rows in the order of their risks; uses up the rows, for there may not be room for them twice.
    pub fn sorted(self) -> Sorted {
        let Ranking { mut packed, weight } = self;
        match weight {
            None => {
                packed.par_sort_unstable();
                Sorted::Single(packed)
            }
            Some(weight) => {
                let mut rows: Vec<(u64, f64)> = packed.into_iter().zip(weight).collect();
                rows.par_sort_by_key(|row| row.0);
                Sorted::Weighted(rows)
            }
        }
    }
}

/// Packed rows in the order of their risks.
pub enum Sorted {
    /// Each is one patient.
    Single(Vec<u64>),
    /// With their frequency weights.
    Weighted(Vec<(u64, f64)>),
}

impl Sorted {
    /// The area with DeLong's standard error; `None` without both events and non-events.
    pub fn auc(&self) -> Option<Auc> {
        match self {
            Sorted::Single(rows) => of_sorted(rows.iter().map(|cell| (*cell, 1.0))),
            Sorted::Weighted(rows) => of_sorted(rows.iter().copied()),
        }
    }

    /// The test of Hosmer and Lemeshow; `None` with fewer than three groups.
    pub fn hosmer_lemeshow(&self, groups: usize) -> Option<HosmerLemeshowTest> {
        let row = |(cell, weight): (u64, f64)| {
            let (risk, outcome) = unpack(cell);
            (risk, outcome as f64, weight)
        };
        match self {
            Sorted::Single(rows) => {
                hosmer_lemeshow_of_sorted(rows.iter().map(|cell| row((*cell, 1.0))), groups)
            }
            Sorted::Weighted(rows) => {
                let counted = rows.iter().filter(|(_, weight)| *weight > 0.0);
                hosmer_lemeshow_of_sorted(counted.map(|cell| row(*cell)), groups)
            }
        }
    }
}

/// Sum, and sum of squares, of the placements of one kind of row about a half, with their weight.
#[derive(Default)]
struct Placements {
    total: f64,
    sum: f64,
    squares: f64,
}

impl Placements {
    fn add(&mut self, weight: f64, placement: f64) {
        let about = placement - 0.5;
        self.sum += weight * about;
        self.squares += weight * about * about;
    }

    fn mean(&self) -> f64 {
        0.5 + self.sum / self.total
    }

    /// The variance of the mean, as DeLong's formula has it.
    fn variance(&self, about: f64) -> f64 {
        let shift = about - 0.5;
        let squares = self.squares - 2.0 * shift * self.sum + shift * shift * self.total;
        if self.total > 1.0 { squares / (self.total - 1.0) / self.total } else { f64::NAN }
    }
}

fn of_sorted(rows: impl Iterator<Item = (u64, f64)> + Clone) -> Option<Auc> {
    let (mut events, mut others) = (Placements::default(), Placements::default());
    for (cell, weight) in rows.clone() {
        let kind = if cell & 1 == 1 { &mut events } else { &mut others };
        kind.total += weight;
    }
    if events.total == 0.0 || others.total == 0.0 {
        return None;
    }
    let (mut events_below, mut others_below) = (0.0, 0.0);
    let mut rows = rows.peekable();
    while let Some((first, _)) = rows.peek().copied() {
        let (mut events_here, mut others_here) = (0.0, 0.0);
        while let Some((cell, weight)) = rows.next_if(|(cell, _)| cell >> 1 == first >> 1) {
            if cell & 1 == 1 { events_here += weight } else { others_here += weight }
        }
        events.add(events_here, (others_below + 0.5 * others_here) / others.total);
        others.add(others_here, 1.0 - (events_below + 0.5 * events_here) / events.total);
        events_below += events_here;
        others_below += others_here;
    }
    let value = events.mean();
    Some(Auc { value, std_error: (events.variance(value) + others.variance(value)).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::discrimination::auc;

    #[test]
    fn packed_rows_give_the_area_that_rows_give() {
        let risk: Vec<f64> = (0..5000).map(|i| f64::from((i * 7919) % 613) / 613.0).collect();
        let outcome: Vec<f64> =
            (0..5000).map(|i| f64::from(u8::from((i * 31) % 101 < 20 + (i * 7919) % 613 / 12))).collect();
        let weight: Vec<f64> = (0..5000).map(|i| f64::from(1 + i % 4)).collect();
        let packed: Vec<u64> = risk.iter().zip(&outcome).map(|(r, y)| pack(*r, *y)).collect();
        for weight in [None, Some(weight)] {
            let wanted = auc(&risk, &outcome, weight.as_deref()).expect("both outcomes");
            let found = Ranking::new(packed.clone(), weight).sorted().auc().expect("both outcomes");
            assert!((found.value - wanted.value).abs() < 1e-13, "{found:?} {wanted:?}");
            assert!((found.std_error - wanted.std_error).abs() < 1e-13, "{found:?} {wanted:?}");
        }
        assert_eq!(Ranking::new(vec![pack(0.2, 1.0), pack(0.3, 1.0)], None).sorted().auc(), None);
    }
}
