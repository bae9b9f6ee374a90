//! Factors as codes in the sweeps: a factor of 500 levels costs each row one look into a table, not 500 products.

use ndarray::{Array1, Array2, ArrayRef1, Axis, s};
use rayon::prelude::*;

use crate::num::linalg::{combine_factors, triangular_factor};
use crate::objective::kernel::{self, sweep_seen};
use crate::objective::loss::Loss;
use crate::objective::tiles::{Lying, Observed, Outcomes, Predictors, Room, lying, neighbours};
use crate::rows::{Block, Coded, Factor, Layout, Rows};

/// The coefficients as a block of codes meets them.
pub struct Split {
    /// Those of the stored numbers, d.
    pub numbers: Vec<f64>,
    /// For each factor what a code adds to the linear predictor.
    tables: Vec<Vec<f64>>,
}

impl Split {
    /// Sorts the coefficients of all p columns to where they are used.
    ///
    ///   sum over j of b_j (1(code = j) - c_j)/s_j = table(code),  table(k) = b_k / s_k - sum over j of b_j c_j / s_j
    pub fn new(layout: &Layout, beta: &ArrayRef1<f64>) -> Split {
        let table = |factor: &Factor| {
            let elsewhere: f64 = factor.elsewhere().map(|(column, value)| beta[column] * value).sum();
            let own = |(code, column): (usize, &Option<usize>)| {
                column.map_or(0.0, |column| beta[column] / factor.spread[code])
            };
            factor.column.iter().enumerate().map(|at| elsewhere + own(at)).collect()
        };
        Split {
            numbers: layout.numbers.iter().map(|column| beta[*column]).collect(),
            tables: layout.factors.iter().map(table).collect(),
        }
    }

    /// What the codes of a row add to its linear predictor.
    #[inline(always)]
    pub fn of_codes(&self, codes: &[u32]) -> f64 {
        codes.iter().zip(&self.tables).map(|(code, table)| table[*code as usize]).sum()
    }
}

/// A block's arrays in one piece each.
struct Cells<'b> {
    layout: &'b Layout,
    x: &'b [f64],
    codes: &'b [u32],
    y: &'b [f64],
    weight: Option<&'b [f64]>,
    offset: Option<&'b [f64]>,
}

impl<'b> Cells<'b> {
    fn of(block: &'b Block<'_>, coded: &'b Coded<'_>) -> Cells<'b> {
        const LIES: &str = "blocks lie in one piece";
        Cells {
            layout: coded.layout,
            x: block.numbers.as_slice().expect(LIES),
            codes: coded.codes.as_slice().expect(LIES),
            y: block.y.as_slice().expect(LIES),
            weight: block.weight.as_ref().map(|w| w.as_slice().expect(LIES)),
            offset: block.offset.as_ref().map(|o| o.as_slice().expect(LIES)),
        }
    }

    #[inline(always)]
    fn codes(&self, row: usize) -> &'b [u32] {
        let f = self.layout.factors.len();
        &self.codes[row * f..(row + 1) * f]
    }
}

/// The rows of a block for a sweep over its columns of numbers: what the codes add to the linear predictor stands in the offset.
struct WithCodes<'s, 'b> {
    cells: &'s Cells<'b>,
    split: &'s Split,
}

impl<'b> Predictors<'b> for WithCodes<'_, 'b> {
    #[inline(always)]
    fn columns(&self, from: usize, size: usize) -> impl Iterator<Item = &'b [f64]> {
        neighbours(self.cells.x, self.split.numbers.len(), from, size)
    }

    #[inline(always)]
    fn offsets(&self, from: usize, offset: &mut [f64]) -> bool {
        match self.cells.offset {
            Some(cells) => offset.copy_from_slice(&cells[from..from + offset.len()]),
            None => offset.fill(0.0),
        }
        for (row, offset) in (from..).zip(offset) {
            *offset += self.split.of_codes(self.cells.codes(row));
        }
        true
    }
}

impl<'b> Observed<'b> for WithCodes<'_, 'b> {
    #[inline(always)]
    fn outcomes<'t>(&self, from: usize, size: usize, _room: &'t mut Room) -> Outcomes<'t>
    where
        'b: 't,
    {
        lying(self.cells.y, self.cells.weight, from, size)
    }
}

/// Sum of the losses of a block, and the gradient in all p columns.
///
/// With r_i the row's weighted slope and T_k the sum of r over the rows with code k, the column that indicates k
/// has the gradient (T_k - c_k sum_i r_i) / s_k.
pub fn share(loss: Loss, block: &Block<'_>, coded: &Coded<'_>, split: &Split) -> (f64, Array1<f64>) {
    let cells = Cells::of(block, coded);
    let layout = coded.layout;
    let rows = WithCodes { cells: &cells, split };
    let mut sums: Vec<Vec<f64>> = layout.factors.iter().map(|f| vec![0.0; f.column.len()]).collect();
    let mut total = 0.0;
    let seen = |from: usize, slopes: &[f64]| {
        for (k, slope) in slopes.iter().enumerate() {
            total += slope;
            for (sums, code) in sums.iter_mut().zip(cells.codes(from + k)) {
                sums[*code as usize] += slope;
            }
        }
    };
    let mut of_numbers = vec![0.0; layout.numbers.len()];
    let value = sweep_seen(loss, block.len(), rows, &split.numbers, &mut of_numbers, seen);
    let mut gradient = Array1::zeros(layout.n_columns);
    for (column, slope) in layout.numbers.iter().zip(of_numbers) {
        gradient[*column] = slope;
    }
    for (factor, sums) in layout.factors.iter().zip(sums) {
        for (code, column) in factor.column.iter().enumerate() {
            if let Some(column) = column {
                gradient[*column] = (sums[code] - factor.centre[code] * total) / factor.spread[code];
            }
        }
    }
    (value, gradient)
}

/// The linear predictors of a block.
pub fn predict(block: &Block<'_>, coded: &Coded<'_>, split: &Split) -> Vec<f64> {
    let cells = Cells::of(block, coded);
    let mut eta = vec![0.0; block.len()];
    kernel::predict(WithCodes { cells: &cells, split }, &split.numbers, &mut eta);
    eta
}

/// sum_j |x_ij b_j| of each row of a block, of coded columns at most.
pub fn sizes(block: &Block<'_>, beta: &ArrayRef1<f64>) -> Vec<f64> {
    let size = |numbers: &[usize], i: usize| -> f64 {
        block.numbers.row(i).iter().zip(numbers).map(|(x, j)| (x * beta[*j]).abs()).sum()
    };
    let Some(coded) = &block.coded else {
        let (x, p, mut sizes) = (block.numbers.as_standard_layout(), beta.len(), vec![0.0; block.len()]);
        let rows = Lying { x: x.as_slice().unwrap_or_default(), p, offset: None };
        kernel::sizes(rows, &beta.to_vec(), &mut sizes);
        return sizes;
    };
    let table = |factor: &Factor| -> Vec<f64> {
        let elsewhere: f64 = factor.elsewhere().map(|(column, value)| (beta[column] * value).abs()).sum();
        let own = |(code, column): (usize, &Option<usize>)| {
            column.map_or(0.0, |column| (beta[column] / factor.spread[code]).abs())
        };
        factor.column.iter().enumerate().map(|at| elsewhere + own(at)).collect()
    };
    let tables: Vec<Vec<f64>> = coded.layout.factors.iter().map(table).collect();
    (0..block.len())
        .map(|i| {
            let codes = coded.codes.row(i);
            let of_codes: f64 = codes.iter().zip(&tables).map(|(code, table)| table[*code as usize]).sum();
            size(&coded.layout.numbers, i) + of_codes
        })
        .collect()
}

/// The largest squared length of a row of all p columns.
pub fn largest_row(block: &Block<'_>, coded: &Coded<'_>) -> f64 {
    let cells = Cells::of(block, coded);
    let lengths: Vec<Vec<f64>> = coded
        .layout
        .factors
        .iter()
        .map(|factor| {
            let elsewhere: f64 = factor.elsewhere().map(|(_, value)| value * value).sum();
            let own = |code: usize| {
                let (c, s) = (factor.centre[code], factor.spread[code]);
                factor.column[code].map_or(0.0, |_| ((1.0 - c).powi(2) - c * c) / (s * s))
            };
            (0..factor.column.len()).map(|code| elsewhere + own(code)).collect()
        })
        .collect();
    (0..block.len())
        .map(|i| {
            let x = block.numbers.row(i);
            let of_codes: f64 = cells.codes(i).iter().zip(&lengths).map(|(k, l)| l[*k as usize]).sum();
            x.iter().map(|x| x * x).sum::<f64>() + of_codes
        })
        .fold(0.0, f64::max)
}

/// The columns of X apart from those of one factor, which is eliminated exactly.
///
/// With G the indicators of all levels of that factor, M_l the weight and m_l the mean of the other columns D in level l,
///
///   [sqrt(v) G, sqrt(v) D] = Q [diag(sqrt(M_l)), sqrt(M_l) m_l; 0, R_D],   R_D the triangular factor of sqrt(v) (D - m)
///
/// and X = [G, D] T, so that a root of X'VX is the triangular factor of that matrix times T. The means are taken off before
/// anything is squared: a column that is constant within every level is found to be so to the last digit.
pub struct Elimination<'a> {
    rows: &'a dyn Rows,
    layout: &'a Layout,
    /// Which factor: the one with the most levels.
    factor: usize,
    /// The columns D: all but that factor's, without the intercept.
    others: Vec<usize>,
}

/// Weight and sum of the other columns in each level.
struct Sums {
    mass: Vec<f64>,
    sums: Array2<f64>,
}

/// Stretches of blocks whose sums are kept beside each other; fixed, so that results do not hang on the threads.
const STRETCHES: usize = 32;

impl<'a> Elimination<'a> {
    /// Of rows with at least one coded factor.
    pub fn new(rows: &'a dyn Rows, layout: &'a Layout) -> Elimination<'a> {
        let largest = (0..layout.factors.len()).max_by_key(|f| layout.factors[*f].column.len());
        let factor = largest.expect("a factor is coded");
        let own: Vec<usize> = layout.factors[factor].column.iter().flatten().copied().collect();
        let first = usize::from(layout.has_intercept);
        let others = (first..layout.n_columns).filter(|j| !own.contains(j)).collect();
        Elimination { rows, layout, factor, others }
    }

    /// R with R'R = sum_i v_i x_i x_i'; `weigh` gives the v of a block's rows.
    pub fn root(&self, weigh: &(dyn Fn(&Block<'_>) -> Vec<f64> + Sync)) -> Array2<f64> {
        let levels = self.layout.factors[self.factor].column.len();
        let d = self.others.len();
        let none = || Sums { mass: vec![0.0; levels], sums: Array2::zeros((levels, d)) };
        let sums = self.over_blocks(
            none,
            |sums, block| self.add(sums, block, &weigh(block)),
            |mut a, b| {
                a.mass.iter_mut().zip(b.mass).for_each(|(a, b)| *a += b);
                a.sums += &b.sums;
                a
            },
        );
        let mut means = sums.sums;
        for (mut row, mass) in means.axis_iter_mut(Axis(0)).zip(&sums.mass) {
            row.mapv_inplace(|sum| if *mass > 0.0 { sum / mass } else { 0.0 });
        }
        let rest = self.over_blocks(
            || Array2::zeros((d, d)),
            |root, block| {
                let of_block = triangular_factor(&self.centred(block, &weigh(block), &means));
                *root = combine_factors(root, &of_block);
            },
            |a, b| combine_factors(&a, &b),
        );
        triangular_factor(&self.all_columns(&sums.mass, &means, &rest))
    }

    /// max_i x_i' S x_i with S = R⁻¹ R⁻¹'.
    ///
    /// A row is its numbers and t_l, the same for all rows of a level, so that only the products among the numbers are worked out
    /// row by row.
    pub fn largest_leverage(&self, inverse_root: &Array2<f64>) -> f64 {
        let s = inverse_root.dot(&inverse_root.t());
        let factor = &self.layout.factors[self.factor];
        let mut elsewhere = Array1::<f64>::zeros(self.layout.n_columns);
        factor.elsewhere().for_each(|(column, value)| elsewhere[column] = value);
        let mut dense: Vec<usize> = self.others.clone();
        if self.layout.has_intercept {
            dense.insert(0, 0);
        }
        let of_level: Vec<(Vec<f64>, f64)> = (0..factor.column.len())
            .map(|code| {
                let mut t = elsewhere.clone();
                if let Some(column) = factor.column[code] {
                    t[column] += 1.0 / factor.spread[code];
                }
                let st = s.dot(&t);
                (dense.iter().map(|j| 2.0 * st[*j]).collect(), t.dot(&st))
            })
            .collect();
        let among = s.select(Axis(0), &dense).select(Axis(1), &dense);
        (0..self.rows.n_blocks())
            .into_par_iter()
            .map(|k| {
                let block = self.rows.block(k);
                let x = self.dense(&block, &dense);
                let squares = x.dot(&among);
                let codes = &block.coded.as_ref().expect("coded").codes;
                (0..block.len())
                    .map(|i| {
                        let row = x.row(i);
                        let (linear, constant) = &of_level[codes[[i, self.factor]] as usize];
                        let linear: f64 = row.iter().zip(linear).map(|(x, l)| x * l).sum();
                        squares.row(i).dot(&row) + linear + constant
                    })
                    .fold(0.0, f64::max)
            })
            .reduce(|| 0.0, f64::max)
    }

    /// Some columns of a block as numbers, none of the eliminated factor's.
    fn dense(&self, block: &Block<'_>, columns: &[usize]) -> Array2<f64> {
        let coded = block.coded.as_ref().expect("coded");
        let mut x = Array2::zeros((block.len(), columns.len()));
        let place = |column: usize| columns.iter().position(|j| *j == column);
        for (from, column) in self.layout.numbers.iter().enumerate() {
            if let Some(to) = place(*column) {
                x.column_mut(to).assign(&block.numbers.column(from));
            }
        }
        for (f, factor) in self.layout.factors.iter().enumerate().filter(|(f, _)| *f != self.factor) {
            let places: Vec<Option<usize>> = factor.column.iter().map(|c| c.and_then(place)).collect();
            for (column, value) in factor.elsewhere() {
                if let Some(to) = place(column) {
                    x.column_mut(to).fill(value);
                }
            }
            for (row, code) in coded.codes.column(f).iter().enumerate() {
                if let Some(to) = places[*code as usize] {
                    x[[row, to]] += 1.0 / factor.spread[*code as usize];
                }
            }
        }
        x
    }

    fn add(&self, sums: &mut Sums, block: &Block<'_>, v: &[f64]) {
        let x = self.dense(block, &self.others);
        let codes = &block.coded.as_ref().expect("coded").codes;
        for (i, v) in v.iter().enumerate() {
            let level = codes[[i, self.factor]] as usize;
            sums.mass[level] += v;
            sums.sums.row_mut(level).scaled_add(*v, &x.row(i));
        }
    }

    fn centred(&self, block: &Block<'_>, v: &[f64], means: &Array2<f64>) -> Array2<f64> {
        let mut x = self.dense(block, &self.others);
        let codes = &block.coded.as_ref().expect("coded").codes;
        for (i, mut row) in x.axis_iter_mut(Axis(0)).enumerate() {
            row -= &means.row(codes[[i, self.factor]] as usize);
            row *= v[i].sqrt();
        }
        x
    }

    /// [diag(sqrt(M)), sqrt(M) m; 0, R_D] T: the columns of X in the coordinates of levels and of the rest.
    fn all_columns(&self, mass: &[f64], means: &Array2<f64>, rest: &Array2<f64>) -> Array2<f64> {
        let (levels, d) = (mass.len(), self.others.len());
        let mut a = Array2::zeros((levels + d, self.layout.n_columns));
        if self.layout.has_intercept {
            mass.iter().enumerate().for_each(|(l, m)| a[[l, 0]] = m.sqrt());
        }
        for (k, column) in self.others.iter().enumerate() {
            mass.iter().enumerate().for_each(|(l, m)| a[[l, *column]] = m.sqrt() * means[[l, k]]);
            a.slice_mut(s![levels.., *column]).assign(&rest.column(k));
        }
        let factor = &self.layout.factors[self.factor];
        for (code, column) in factor.column.iter().enumerate() {
            let Some(column) = column else { continue };
            for (l, m) in mass.iter().enumerate() {
                let own = if l == code { 1.0 } else { 0.0 };
                a[[l, *column]] = m.sqrt() * (own - factor.centre[code]) / factor.spread[code];
            }
        }
        a
    }

    /// A sum over all blocks: stretches in parallel, their blocks and then they themselves in order.
    fn over_blocks<T: Send>(
        &self,
        none: impl Fn() -> T + Sync,
        add: impl Fn(&mut T, &Block<'_>) + Sync,
        join: impl Fn(T, T) -> T,
    ) -> T {
        let n = self.rows.n_blocks();
        let stretches = n.min(STRETCHES);
        let parts: Vec<T> = (0..stretches)
            .into_par_iter()
            .map(|k| {
                let mut sum = none();
                (k * n / stretches..(k + 1) * n / stretches).for_each(|b| add(&mut sum, &self.rows.block(b)));
                sum
            })
            .collect();
        parts.into_iter().reduce(join).unwrap_or_else(none)
    }
}

#[cfg(test)]
#[path = "coded_tests.rs"]
mod tests;
