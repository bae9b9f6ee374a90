//! Rows as a sweep takes them: a tile of neighbours at a time.

use crate::objective::products::LANES;

/// The most rows of a tile, whose predictors and residuals stay in the nearest cache.
pub const TILE: usize = 64;

/// A number for each row of a tile; they begin where a line of the cache does, so that no vector of them lies in two.
#[repr(align(64))]
pub struct Cells(pub [f64; TILE]);

/// The weights of rows that have none.
static ONES: Cells = Cells([1.0; TILE]);

impl Cells {
    /// 0 for each.
    #[inline(always)]
    pub fn zeros() -> Self {
        Cells([0.0; TILE])
    }
}

/// Room for the outcomes and weights of a tile's rows.
pub struct Room {
    /// Outcomes.
    pub y: Cells,
    /// Frequency weights.
    pub weight: Cells,
}

impl Room {
    /// 0 for each.
    #[inline(always)]
    pub fn zeros() -> Self {
        Room { y: Cells::zeros(), weight: Cells::zeros() }
    }
}

/// The outcomes of a tile's rows and their frequency weights, where they lie or copied into some room.
#[derive(Clone, Copy)]
pub struct Outcomes<'t> {
    /// One a row.
    pub y: &'t [f64],
    /// One a row.
    pub weight: &'t [f64],
}

impl<'t> Outcomes<'t> {
    /// The same with rows that weigh nothing up to a whole number of `LANES`.
    #[inline(always)]
    pub fn filled_up(self, room: &'t mut Room) -> Outcomes<'t> {
        let size = self.y.len();
        let whole = size.next_multiple_of(LANES);
        if whole == size {
            return self;
        }
        room.y.0[..size].copy_from_slice(self.y);
        room.weight.0[..size].copy_from_slice(self.weight);
        room.weight.0[size..whole].fill(0.0);
        Outcomes { y: &room.y.0[..whole], weight: &room.weight.0[..whole] }
    }
}

/// Rows of which a linear predictor can be made.
pub trait Predictors<'x> {
    /// The p columns of each of `size` rows, in their order; none at all where p is 0.
    fn columns(&self, from: usize, size: usize) -> impl Iterator<Item = &'x [f64]>;
    /// Puts what is added to the linear predictor of each row from `from` on into `offset`; where that is nothing for all rows, leaves
    /// it as it is and says false.
    fn offsets(&self, from: usize, offset: &mut [f64]) -> bool;
}

/// Rows whose outcome is known.
pub trait Observed<'x>: Predictors<'x> {
    /// Of `size` rows from `from` on; `room` is for those that lie scattered.
    fn outcomes<'t>(&self, from: usize, size: usize, room: &'t mut Room) -> Outcomes<'t>
    where
        'x: 't;
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
    fn offsets(&self, from: usize, offset: &mut [f64]) -> bool {
        if let Some(cells) = self.offset {
            offset.copy_from_slice(&cells[from..from + offset.len()]);
        }
        self.offset.is_some()
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
    fn offsets(&self, from: usize, offset: &mut [f64]) -> bool {
        self.rows.offsets(from, offset)
    }
}

impl<'x> Observed<'x> for Table<'x> {
    #[inline(always)]
    fn outcomes<'t>(&self, from: usize, size: usize, _room: &'t mut Room) -> Outcomes<'t>
    where
        'x: 't,
    {
        lying(self.y, self.weight, from, size)
    }
}

/// The outcomes of neighbours, and their weights: 1 where there are none.
#[inline(always)]
pub fn lying<'x>(y: &'x [f64], weight: Option<&'x [f64]>, from: usize, size: usize) -> Outcomes<'x> {
    Outcomes {
        y: &y[from..from + size],
        weight: weight.map_or(&ONES.0[..size], |weight| &weight[from..from + size]),
    }
}

/// The p columns of each of `size` rows from `from` on; none where p is 0.
#[inline(always)]
pub fn neighbours(x: &[f64], p: usize, from: usize, size: usize) -> std::slice::ChunksExact<'_, f64> {
    x[from * p..(from + size) * p].chunks_exact(p.max(1))
}
