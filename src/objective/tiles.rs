//! Rows as a sweep takes them: a tile of neighbours at a time.

/// Rows of which a linear predictor can be made.
pub trait Predictors<'x> {
    /// The p columns of each of `size` rows, in their order; none at all where p is 0.
    fn columns(&self, from: usize, size: usize) -> impl Iterator<Item = &'x [f64]>;
    /// What is added to the linear predictor of each row from `from` on, into `offset`.
    fn offsets(&self, from: usize, offset: &mut [f64]);
}

/// Rows whose outcome is known.
pub trait Observed<'x>: Predictors<'x> {
    /// The outcome and the frequency weight of each row from `from` on.
    fn outcomes(&self, from: usize, y: &mut [f64], weight: &mut [f64]);
}

/// Rows that lie one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Lying<'x> {
    /// n x p, row-major.
    pub x: &'x [f64],
    /// Columns of each.
    pub p: usize,
    /// n; 0 where there is none.
    pub offset: Option<&'x [f64]>,
}

impl<'x> Predictors<'x> for Lying<'x> {
    #[inline(always)]
    fn columns(&self, from: usize, size: usize) -> impl Iterator<Item = &'x [f64]> {
        neighbours(self.x, self.p, from, size)
    }

    #[inline(always)]
    fn offsets(&self, from: usize, offset: &mut [f64]) {
        copy_or(0.0, self.offset, from, offset);
    }
}

/// Rows that lie one after the other, with their outcomes.
#[derive(Debug, Clone, Copy)]
pub struct Table<'x> {
    /// All but the outcomes.
    pub rows: Lying<'x>,
    /// The outcomes, n.
    pub y: &'x [f64],
    /// n; 1 where there is none.
    pub weight: Option<&'x [f64]>,
}

impl<'x> Predictors<'x> for Table<'x> {
    #[inline(always)]
    fn columns(&self, from: usize, size: usize) -> impl Iterator<Item = &'x [f64]> {
        self.rows.columns(from, size)
    }

    #[inline(always)]
    fn offsets(&self, from: usize, offset: &mut [f64]) {
        self.rows.offsets(from, offset);
    }
}

impl<'x> Observed<'x> for Table<'x> {
    #[inline(always)]
    fn outcomes(&self, from: usize, y: &mut [f64], weight: &mut [f64]) {
        y.copy_from_slice(&self.y[from..from + y.len()]);
        copy_or(1.0, self.weight, from, weight);
    }
}

/// The cells from `from` on, or as many of one value where there are none.
#[inline(always)]
pub fn copy_or(value: f64, cells: Option<&[f64]>, from: usize, to: &mut [f64]) {
    match cells {
        Some(cells) => to.copy_from_slice(&cells[from..from + to.len()]),
        None => to.fill(value),
    }
}

/// The p columns of each of `size` rows from `from` on; none where p is 0.
#[inline(always)]
pub fn neighbours(x: &[f64], p: usize, from: usize, size: usize) -> std::slice::ChunksExact<'_, f64> {
    x[from * p..(from + size) * p].chunks_exact(p.max(1))
}
