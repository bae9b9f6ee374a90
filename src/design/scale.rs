//! Centre and scale: what standardises the columns, and carries coefficients back to the user's units.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use rayon::prelude::*;

use crate::design::term::Term;
use crate::error::{Error, Result};
use crate::num::lanes::widest;
use crate::team::{Bits, Ranks};

/// A column whose spread is below this share of its mean differs from a constant by rounding only.
const ROUNDING: f64 = 1e-13;
/// How far from its centre, as a share of it, a value of such a column can lie in a table of any length.
const NEAR_CENTRE: f64 = 1e-9;

/// Centre and spread of each column: z = (x - centre) / spread.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Weighted mean; 0 for the intercept column and for all columns without an intercept.
    pub centre: Array1<f64>,
    /// Weighted population standard deviation (without an intercept: root mean square); 1 for the intercept column
    /// and for a constant column.
    pub spread: Array1<f64>,
}

impl Scale {
    /// The scale that leaves everything as it is.
    pub fn identity(p: usize) -> Scale {
        Scale { centre: Array1::zeros(p), spread: Array1::ones(p) }
    }

    /// The scale of a design's columns.
    ///
    ///   centre = sum w x / sum w,  spread = sqrt(sum w (x - centre)^2 / sum w)
    ///
    /// Two passes in the order of the rows with compensated sums, so that the result is the same on any number of
    /// threads and a large mean costs no digits. A column that is constant but for rounding gets spread 1.
    /// x: n x p; weight: n, not negative, all 1 if absent.
    pub fn of(x: &Array2<f64>, weight: Option<&Array1<f64>>, has_intercept: bool) -> Scale {
        let p = x.ncols();
        let mut scale = Scale::identity(p);
        let total = weight.map_or(x.nrows() as f64, |w| w.sum());
        if total <= 0.0 {
            return scale;
        }
        let first = usize::from(has_intercept);
        let w = |row: usize| weight.map_or(1.0, |w| w[row]);
        if has_intercept {
            let sums = column_sums(x, |row, _, value| w(row) * value);
            for j in first..p {
                scale.centre[j] = sums[j] / total;
            }
        }
        let centre = scale.centre.clone();
        let largest = largest_distances(x, &centre, &w);
        let squares = column_sums(x, |row, j, value| {
            let z = if largest[j] > 0.0 { (value - centre[j]) / largest[j] } else { 0.0 };
            w(row) * z * z
        });
        for j in first..p {
            let spread = largest[j] * (squares[j] / total).sqrt();
            if spread > ROUNDING * centre[j].abs() {
                scale.spread[j] = spread;
            }
        }
        scale
    }

    /// (x - centre) / spread; a column that is constant but for rounding becomes exactly 0.
    pub fn apply(&self, x: &Array2<f64>) -> Array2<f64> {
        let mut z = x.clone();
        for mut row in z.rows_mut() {
            for ((value, centre), spread) in row.iter_mut().zip(&self.centre).zip(&self.spread) {
                *value = (*value - centre) / spread;
            }
        }
        for (j, mut column) in z.columns_mut().into_iter().enumerate() {
            let (centre, spread) = (self.centre[j].abs(), self.spread[j]);
            if spread == 1.0 && centre > 0.0 && column.iter().all(|v| v.abs() <= NEAR_CENTRE * centre) {
                column.fill(0.0);
            }
        }
        z
    }
}

/// Refuses numbers of which the squares, which variances are made of, are beyond the range of computing. largest: the largest of them in
/// size.
///
/// # Errors
/// Data, where it is neither 0 nor between 1e-150 and 1e150, or not a number.
pub fn in_range(what: &str, largest: f64) -> Result<()> {
    const LARGEST: f64 = 1e150; // a hundred such squares have room below 1.8e308
    if largest == 0.0 || (LARGEST.recip()..=LARGEST).contains(&largest) {
        return Ok(());
    }
    let (size, unit) = if largest < 1.0 { ("small", "I(x * 1e200)") } else { ("large", "I(x / 1e200)") };
    let largest = if largest.is_finite() { format!("{largest:e}") } else { "1.8e308 and more".to_string() };
    Err(Error::data(format!(
        "{what} has numbers as {size} as {largest}: their squares, which variances are made of, are beyond the range of computing"
    ))
    .hint(format!("bring it to another unit, in the manner of `{unit}`")))
}

impl Scale {
    /// Refuses a design whose columns are beyond the range of computing.
    ///
    /// # Errors
    /// As [`in_range`], with the name of the first such column.
    pub fn check(&self, terms: &[Term]) -> Result<()> {
        terms.iter().zip(self.centre.iter().zip(&self.spread)).try_for_each(|(term, (centre, spread))| {
            in_range(&format!("`{}`", term.name), centre.abs() + spread)
        })
    }
}

/// The next rows of a design.
pub struct Chunk<'a> {
    /// Some columns, each with its place; the same in all chunks.
    pub columns: Vec<(usize, &'a [f64])>,
    /// The rows' weights, if there are any.
    pub weight: Option<&'a [f64]>,
}

/// Columns that are summed at the same time, in vectors: each sum has to wait for the one before.
const ABREAST: usize = 4;
type Few<T> = [T; ABREAST];

/// Rows that are laid side by side at the same time.
const ROWS: usize = 64;

/// Takes in all rows of some chunks, a few columns at a time, each in the order of its rows. `so_far` gives the state of the columns at
/// some places, `take` adds a row with its weight, `done` is given the place, the state and the column's position among the few.
fn abreast<S: Copy + Send>(
    chunks: &[Chunk<'_>],
    so_far: impl Fn(&Few<usize>) -> S + Sync,
    take: impl Fn(&mut S, f64, &Few<f64>) + Sync,
    mut done: impl FnMut(usize, &S, usize),
) {
    let n_columns = chunks.first().map_or(0, |chunk| chunk.columns.len());
    let of_few = |from: usize| {
        let columns: Few<usize> = std::array::from_fn(|k| (from + k).min(n_columns - 1));
        let places = columns.map(|column| chunks[0].columns[column].0);
        let mut state = so_far(&places);
        for chunk in chunks {
            let [a, b, c, d] = columns.map(|column| chunk.columns[column].1);
            widest(
                #[inline(always)]
                || {
                    let mut so_far = state; // a copy, which stays in registers
                    let mut rows = [[0.0; ABREAST]; ROWS];
                    for from in (0..a.len()).step_by(ROWS) {
                        let few = from..a.len().min(from + ROWS);
                        for (k, column) in [a, b, c, d].into_iter().enumerate() {
                            for (row, cell) in rows.iter_mut().zip(&column[few.clone()]) {
                                row[k] = *cell;
                            }
                        }
                        let rows = &rows[..few.len()];
                        if let Some(weight) = chunk.weight {
                            for (row, w) in rows.iter().zip(&weight[few]) {
                                take(&mut so_far, *w, row);
                            }
                        } else {
                            for row in rows {
                                take(&mut so_far, 1.0, row);
                            }
                        }
                    }
                    state = so_far;
                },
            );
        }
        (places, state, ABREAST.min(n_columns - from))
    };
    let starts: Vec<usize> = (0..n_columns).step_by(ABREAST).collect();
    let found: Vec<(Few<usize>, S, usize)> = starts.into_par_iter().map(of_few).collect();
    for (places, state, n) in &found {
        (0..*n).for_each(|k| done(places[k], state, k));
    }
}

/// Several compensated sums, side by side.
#[derive(Clone, Copy)]
struct Sums {
    total: Few<f64>,
    lost: Few<f64>,
}

impl Sums {
    fn of(sums: Few<Compensated>) -> Sums {
        Sums { total: sums.map(|s| s.total), lost: sums.map(|s| s.lost) }
    }

    fn at(&self, k: usize) -> Compensated {
        Compensated { total: self.total[k], lost: self.lost[k] }
    }

    #[inline(always)]
    fn add(&mut self, terms: Few<f64>) {
        let sums = self.total.iter_mut().zip(&mut self.lost);
        for ((total, lost), term) in sums.zip(terms) {
            let mut sum = Compensated { total: *total, lost: *lost };
            sum.add(term);
            (*total, *lost) = (sum.total, sum.lost);
        }
    }
}

/// The scale of a design whose rows come in chunks, in two passes: the same bits as [`Scale::of`] gives.
pub struct Tally {
    scale: Scale,
    total: f64,
    first: usize,
    sums: Vec<Compensated>,
    least: Vec<f64>,
    most: Vec<f64>,
    largest: Vec<f64>,
    squares: Vec<Compensated>,
}

/// A sum with what rounding lost of it.
#[derive(Debug, Clone, Copy, Default)]
struct Compensated {
    total: f64,
    lost: f64,
}

impl Compensated {
    /// What rounding loses is worked out without asking which summand is the larger: it is exact either way (Knuth 1969,
    /// s. 4.2.2).
    #[inline(always)]
    fn add(&mut self, term: f64) {
        let next = self.total + term;
        let added = next - self.total;
        self.lost += (self.total - (next - added)) + (term - added);
        self.total = next;
    }

    fn sum(self) -> f64 {
        self.total + self.lost
    }
}

/// Compensated sums of several ranks, column by column, in the order of the ranks.
fn added<'a>(of_ranks: impl Iterator<Item = &'a Bits>) -> Vec<Compensated> {
    let mut sums: Vec<Compensated> = Vec::new();
    for part in of_ranks.map(Bits::numbers) {
        sums.resize(part.len() / 2, Compensated::default());
        for (sum, pair) in sums.iter_mut().zip(part.chunks_exact(2)) {
            sum.add(pair[0]);
            sum.add(pair[1]);
        }
    }
    sums
}

impl Tally {
    /// Of p columns. total: the sum of the weights.
    pub fn new(p: usize, has_intercept: bool, total: f64) -> Tally {
        Tally {
            scale: Scale::identity(p),
            total,
            first: usize::from(has_intercept),
            sums: vec![Compensated::default(); p],
            least: vec![f64::INFINITY; p],
            most: vec![f64::NEG_INFINITY; p],
            largest: vec![0.0; p],
            squares: vec![Compensated::default(); p],
        }
    }

    /// The sum of the weights.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// First pass: the next rows.
    pub fn first(&mut self, chunks: &[Chunk<'_>]) {
        let before = &*self;
        let mut found = Vec::new();
        abreast(
            chunks,
            |places| {
                let sums = Sums::of(places.map(|j| before.sums[j]));
                (sums, places.map(|j| before.least[j]), places.map(|j| before.most[j]))
            },
            #[inline(always)]
            |(sums, least, most), w, values| {
                sums.add(values.map(|value| w * value));
                for k in 0..ABREAST {
                    least[k] = if values[k] < least[k] { values[k] } else { least[k] };
                    most[k] = if values[k] > most[k] { values[k] } else { most[k] };
                }
            },
            |j, (sums, least, most), k| found.push((j, sums.at(k), least[k], most[k])),
        );
        for (j, sum, least, most) in found {
            (self.sums[j], self.least[j], self.most[j]) = (sum, least, most);
        }
    }

    /// After the first pass, where other ranks have rows too: the sums and extremes of all of them.
    ///
    /// # Errors
    /// Those of other ranks.
    pub fn meet_first(&mut self, ranks: &Ranks) -> Result<()> {
        let parts =
            |sums: &[Compensated]| Bits::of(&sums.iter().flat_map(|s| [s.total, s.lost]).collect::<Vec<_>>());
        let mine = (parts(&self.sums), Bits::of(&self.least), Bits::of(&self.most), Bits::of(&[self.total]));
        let all = ranks.meet(Ok(mine))?;
        self.total = all.iter().map(|(_, _, _, total)| total.numbers()[0]).sum();
        self.sums = added(all.iter().map(|(sums, ..)| sums));
        for (_, least, most, _) in &all {
            self.least.iter_mut().zip(least.numbers()).for_each(|(a, b)| *a = a.min(b));
            self.most.iter_mut().zip(most.numbers()).for_each(|(a, b)| *a = a.max(b));
        }
        Ok(())
    }

    /// After the second pass, likewise: the sums of squares of all ranks.
    ///
    /// # Errors
    /// Those of other ranks.
    pub fn meet_second(&mut self, ranks: &Ranks) -> Result<()> {
        let mine = Bits::of(&self.squares.iter().flat_map(|s| [s.total, s.lost]).collect::<Vec<_>>());
        self.squares = added(ranks.meet(Ok(mine))?.iter());
        Ok(())
    }

    /// Between the passes.
    pub fn take_centres(&mut self) {
        for j in 0..self.sums.len() {
            if self.first == 1 && j >= self.first && self.total > 0.0 {
                self.scale.centre[j] = self.sums[j].sum() / self.total;
            }
            let centre = self.scale.centre[j];
            // Rounding keeps the order: the farthest value is the smallest or the largest.
            self.largest[j] = (self.most[j] - centre).abs().max((self.least[j] - centre).abs());
        }
    }

    /// Second pass: the next rows.
    pub fn second(&mut self, chunks: &[Chunk<'_>]) {
        let before = &*self;
        let mut found = Vec::new();
        abreast(
            chunks,
            |places| {
                let sums = Sums::of(places.map(|j| before.squares[j]));
                (sums, places.map(|j| before.scale.centre[j]), places.map(|j| before.largest[j]))
            },
            #[inline(always)]
            |(sums, centre, largest), w, values| {
                let square = |k: usize| {
                    let z = (values[k] - centre[k]) / largest[k];
                    let z = if largest[k] > 0.0 { z } else { 0.0 };
                    w * z * z
                };
                sums.add([square(0), square(1), square(2), square(3)]);
            },
            |j, (sums, ..), k| found.push((j, sums.at(k))),
        );
        found.into_iter().for_each(|(j, sum)| self.squares[j] = sum);
    }

    /// The scale, and which columns are constant but for rounding.
    pub fn finish(mut self) -> (Scale, Vec<bool>) {
        for j in self.first..self.squares.len() {
            let spread = self.largest[j] * (self.squares[j].sum() / self.total).sqrt();
            if spread > ROUNDING * self.scale.centre[j].abs() {
                self.scale.spread[j] = spread;
            }
        }
        let constant = (0..self.squares.len())
            .map(|j| {
                let (centre, spread) = (self.scale.centre[j].abs(), self.scale.spread[j]);
                spread == 1.0 && centre > 0.0 && self.largest[j] <= NEAR_CENTRE * centre
            })
            .collect();
        (self.scale, constant)
    }
}

/// The largest |x - centre| of each column among rows with a weight.
fn largest_distances(
    x: &ArrayRef2<f64>,
    centre: &ArrayRef1<f64>,
    weight: &dyn Fn(usize) -> f64,
) -> Array1<f64> {
    let mut largest = Array1::<f64>::zeros(x.ncols());
    for (row, values) in x.rows().into_iter().enumerate() {
        if weight(row) > 0.0 {
            for ((most, value), centre) in largest.iter_mut().zip(values).zip(centre) {
                *most = most.max((value - centre).abs());
            }
        }
    }
    largest
}

/// The sum over rows of f(row, column, cell), one a column, compensated (Neumaier 1974), in the order of the rows.
fn column_sums(x: &ArrayRef2<f64>, f: impl Fn(usize, usize, f64) -> f64) -> Array1<f64> {
    let mut total = Array1::<f64>::zeros(x.ncols());
    let mut lost = Array1::<f64>::zeros(x.ncols());
    for (row, values) in x.rows().into_iter().enumerate() {
        for (j, value) in values.iter().enumerate() {
            let term = f(row, j, *value);
            let next = total[j] + term;
            lost[j] += if total[j].abs() >= term.abs() {
                (total[j] - next) + term
            } else {
                (term - next) + total[j]
            };
            total[j] = next;
        }
    }
    total + lost
}
