//! Products of rows with coefficients, and of residuals with rows, in runs of columns: what a sweep does with X.

use crate::num::lanes::{wide, widest};

/// Columns, or rows of one loss, that are taken at once.
pub const LANES: usize = 8;
/// So many numbers.
pub type Lanes = [f64; LANES];
/// Rows whose products with beta, and with their residuals, are taken at once.
pub const ABREAST: usize = 4;

/// What a sweep does with the columns of a row.
pub trait Columns {
    /// x.b, in four partial sums that [`of_halves`] adds up.
    fn product(&self, x: &[f64], halves: &mut Halves);
    /// Adds r x to the slopes.
    fn add(&mut self, r: f64, x: &[f64]);
    /// As [`Columns::add`] of four rows, with each cell of the slopes read and written once.
    fn add_four(&mut self, r: [f64; ABREAST], x: [&[f64]; ABREAST]);
    /// Adds the slopes to the gradient.
    fn finish(self, gradient: &mut [f64]);
    /// Runs a loop over rows in the vectors that suit their length.
    fn in_vectors<T>(inner_loop: impl FnOnce() -> T) -> T;
    /// Runs, within such a loop, one over the losses of some rows: of more than [`LANES`] in the widest vectors.
    fn of_losses<T>(rows: usize, inner_loop: impl FnOnce() -> T) -> T;
}

/// Coefficients as the products take them: runs of [`LANES`] columns, and the last columns at the end of one more run.
///
/// Columns that the run before it has already met stand in it with zeros.
pub struct Beta<'b> {
    /// All of them.
    pub all: &'b [f64],
    /// The whole runs.
    pub runs: &'b [Lanes],
    /// The last columns, at the end of a run.
    pub rest: Option<Lanes>,
}

impl<'b> Beta<'b> {
    /// Of coefficients.
    pub fn new(beta: &'b [f64]) -> Self {
        let (runs, columns) = beta.as_chunks::<LANES>();
        let mut rest = [0.0; LANES];
        rest[LANES - columns.len()..].copy_from_slice(columns);
        Beta { all: beta, runs, rest: (!runs.is_empty() && !columns.is_empty()).then_some(rest) }
    }
}

/// The last run of a row that has one.
#[inline(always)]
pub fn last(x: &[f64]) -> &Lanes {
    x.last_chunk().expect("a row that is longer than a run")
}

/// Eight partial sums, of which each of the first half is added to its fellow of the second.
pub type Halves = [f64; LANES / 2];

/// Their sum, in a fixed order: that of [`halve`], then [`of_halves`].
#[inline(always)]
pub fn total(sums: Lanes) -> f64 {
    let mut halves = [0.0; LANES / 2];
    halve(&sums, &mut halves);
    of_halves(halves)
}

/// The first half and the second, added, into `halves`.
///
/// What the compiler is to keep in vectors must end in a run of cells in memory: were a row's sum taken to its end at once, it would take
/// the whole product apart into single numbers.
#[inline(always)]
pub fn halve(sums: &Lanes, halves: &mut Halves) {
    for k in 0..LANES / 2 {
        halves[k] = sums[k] + sums[k + LANES / 2];
    }
}

/// The rest of a sum.
#[inline(always)]
pub fn of_halves([a, b, c, d]: Halves) -> f64 {
    (a + c) + (b + d)
}

/// s + x b, lane by lane.
#[inline(always)]
pub fn plus_product(s: &mut Lanes, x: &Lanes, b: &Lanes) {
    for k in 0..LANES {
        s[k] += x[k] * b[k];
    }
}

/// x.b in eight partial sums, halved; `of` is done to each column first.
#[inline(always)]
pub fn product(x: &[f64], beta: &Beta<'_>, of: impl Fn(f64) -> f64, halves: &mut Halves) {
    if beta.runs.is_empty() {
        let products = x.iter().zip(beta.all);
        *halves = [products.fold(0.0, |sum, (x, b)| sum + of(*x) * b), 0.0, 0.0, 0.0];
        return;
    }
    let mut sum = [0.0; LANES];
    for (x, b) in x.as_chunks().0.iter().zip(beta.runs) {
        plus_product(&mut sum, &x.map(&of), b);
    }
    if let Some(b) = &beta.rest {
        plus_product(&mut sum, &last(x).map(&of), b);
    }
    halve(&sum, halves);
}

/// slope + r.x of four rows, lane by lane.
#[inline(always)]
fn plus_four(slope: &mut Lanes, r: [f64; ABREAST], x: [&Lanes; ABREAST]) {
    for k in 0..LANES {
        slope[k] += (r[0] * x[0][k] + r[1] * x[1][k]) + (r[2] * x[2][k] + r[3] * x[3][k]);
    }
}

/// A number of whole runs that is known, and perhaps a run of the last columns: see [`Beta`]. Each begins a line of the cache.
#[repr(align(64))]
pub struct Runs<const R: usize, const REST: bool> {
    beta: [Lanes; R],
    beta_rest: Lanes,
    slopes: [Lanes; R],
    slopes_rest: Lanes,
}

impl<const R: usize, const REST: bool> Runs<R, REST> {
    /// No slopes yet. beta: so many columns.
    pub fn new(beta: &[f64]) -> Self {
        let Beta { runs, rest, .. } = Beta::new(beta);
        let zeros = [0.0; LANES];
        Runs {
            beta: *whole::<R>(runs.as_flattened()),
            beta_rest: rest.unwrap_or(zeros),
            slopes: [zeros; R],
            slopes_rest: zeros,
        }
    }
}

/// The whole runs of a row.
#[inline(always)]
fn whole<const R: usize>(x: &[f64]) -> &[Lanes; R] {
    x.as_chunks().0.first_chunk().expect("a row that has so many runs")
}

impl<const R: usize, const REST: bool> Columns for Runs<R, REST> {
    #[inline(always)]
    fn product(&self, x: &[f64], halves: &mut Halves) {
        let mut sum = [0.0; LANES];
        for (x, b) in whole::<R>(x).iter().zip(&self.beta) {
            plus_product(&mut sum, x, b);
        }
        if REST {
            plus_product(&mut sum, last(x), &self.beta_rest);
        }
        halve(&sum, halves);
    }

    #[inline(always)]
    fn add(&mut self, r: f64, x: &[f64]) {
        for (slope, x) in self.slopes.iter_mut().zip(whole::<R>(x)) {
            plus_product(slope, x, &[r; LANES]);
        }
        if REST {
            plus_product(&mut self.slopes_rest, last(x), &[r; LANES]);
        }
    }

    #[inline(always)]
    fn add_four(&mut self, r: [f64; ABREAST], x: [&[f64]; ABREAST]) {
        let runs = x.map(whole::<R>);
        for (k, slope) in self.slopes.iter_mut().enumerate() {
            plus_four(slope, r, [&runs[0][k], &runs[1][k], &runs[2][k], &runs[3][k]]);
        }
        if REST {
            plus_four(&mut self.slopes_rest, r, x.map(last));
        }
    }

    #[inline(always)]
    fn finish(self, gradient: &mut [f64]) {
        let rest = if REST { Some(self.slopes_rest) } else { None };
        add_to(gradient, self.slopes.as_flattened(), rest);
    }

    #[inline(always)]
    fn in_vectors<T>(inner_loop: impl FnOnce() -> T) -> T {
        wide(inner_loop)
    }

    #[inline(always)]
    fn of_losses<T>(rows: usize, inner_loop: impl FnOnce() -> T) -> T {
        if rows > LANES { widest(inner_loop) } else { inner_loop() }
    }
}

/// Any number of columns.
pub struct Any<'b> {
    beta: Beta<'b>,
    slopes: Vec<f64>,
    slopes_rest: Option<Lanes>,
}

impl<'b> Any<'b> {
    /// No slopes yet.
    pub fn new(beta: &'b [f64]) -> Self {
        let beta = Beta::new(beta);
        let whole = if beta.rest.is_some() { LANES * beta.runs.len() } else { beta.all.len() };
        Any { slopes: vec![0.0; whole], slopes_rest: beta.rest.map(|_| [0.0; LANES]), beta }
    }
}

impl Columns for Any<'_> {
    #[inline(always)]
    fn product(&self, x: &[f64], halves: &mut Halves) {
        product(x, &self.beta, |x| x, halves);
    }

    #[inline(always)]
    fn add(&mut self, r: f64, x: &[f64]) {
        for (slope, x) in self.slopes.iter_mut().zip(x) {
            *slope += r * x;
        }
        if let Some(slope) = &mut self.slopes_rest {
            plus_product(slope, last(x), &[r; LANES]);
        }
    }

    #[inline(always)]
    fn add_four(&mut self, r: [f64; ABREAST], x: [&[f64]; ABREAST]) {
        let whole = self.slopes.len();
        let (a, b, c, d) = (&x[0][..whole], &x[1][..whole], &x[2][..whole], &x[3][..whole]);
        for (j, slope) in self.slopes.iter_mut().enumerate() {
            *slope += (r[0] * a[j] + r[1] * b[j]) + (r[2] * c[j] + r[3] * d[j]);
        }
        if let Some(slope) = &mut self.slopes_rest {
            plus_four(slope, r, x.map(last));
        }
    }

    #[inline(always)]
    fn finish(self, gradient: &mut [f64]) {
        add_to(gradient, &self.slopes, self.slopes_rest);
    }

    #[inline(always)]
    fn in_vectors<T>(inner_loop: impl FnOnce() -> T) -> T {
        wide(inner_loop) // long rows come from far away, and wider vectors wait longer
    }

    #[inline(always)]
    fn of_losses<T>(rows: usize, inner_loop: impl FnOnce() -> T) -> T {
        if rows > LANES { widest(inner_loop) } else { inner_loop() }
    }
}

/// Adds the slopes of whole runs, and of the last columns, to the gradient.
#[inline(always)]
fn add_to(gradient: &mut [f64], slopes: &[f64], rest: Option<Lanes>) {
    let (runs, columns) = gradient.split_at_mut(slopes.len());
    runs.iter_mut().zip(slopes).for_each(|(g, slope)| *g += slope);
    let from = LANES - columns.len();
    columns.iter_mut().zip(rest.iter().flat_map(|rest| &rest[from..])).for_each(|(g, slope)| *g += slope);
}
