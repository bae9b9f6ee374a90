//! The same rows with other weights: those of a resample, perhaps without the columns that say nothing new in it.

use std::sync::Arc;

use ndarray::{Array1, Array2, CowArray, Ix1, Ix2};

use crate::rows::{Block, Coded, Factor, InMemory, Layout, Rows};

/// Rows of which each counts by a weight of its own. Those of weight 0 are not there: they are in no block and have no number.
pub struct Reweighted<'a> {
    rows: &'a dyn Rows,
    weight: &'a Array1<f64>,
    /// The columns that stay, in order; `None`: all.
    kept: Option<Kept>,
    /// Rows a block of `rows`, but for the last.
    block_rows: usize,
    /// The blocks of `rows` in which a row counts.
    blocks: Vec<usize>,
    /// For each of these blocks how many rows count before it, and at the end how many there are.
    starts: Vec<usize>,
}

/// Columns that stay.
struct Kept {
    n_columns: usize,
    /// Their places among the stored numbers.
    numbers: Vec<usize>,
    layout: Option<Arc<Layout>>,
}

impl<'a> Reweighted<'a> {
    /// Rows counted by other weights than their own.
    ///
    /// weight: one a row, not negative. The rows lie in this process: sums over several ranks have weights of their own.
    pub fn new(rows: &'a dyn Rows, weight: &'a Array1<f64>) -> Self {
        assert_eq!(weight.len(), rows.n_rows(), "one weight a row");
        assert!(rows.shared().is_none(), "the rows of other ranks cannot be weighted here");
        let block_rows = if rows.n_blocks() > 0 { rows.block(0).len() } else { 1 };
        let (mut blocks, mut starts, mut before) = (Vec::new(), Vec::new(), 0);
        let cells = weight.as_slice().expect("weights lie in one piece");
        for (k, of_block) in cells.chunks(block_rows.max(1)).enumerate() {
            let counted = of_block.iter().filter(|w| **w > 0.0).count();
            if counted > 0 {
                blocks.push(k);
                starts.push(before);
                before += counted;
            }
        }
        starts.push(before);
        Reweighted { rows, weight, kept: None, block_rows, blocks, starts }
    }

    /// The same with some of the columns of X only, in ascending order; an intercept must be among them.
    pub fn keeping(self, columns: &[usize]) -> Self {
        if columns.len() == self.rows.n_columns() {
            return Reweighted { kept: None, ..self };
        }
        let place = |column: &usize| columns.binary_search(column).ok();
        let kept = match self.rows.layout() {
            None => Kept { n_columns: columns.len(), numbers: columns.to_vec(), layout: None },
            Some(layout) => Kept {
                n_columns: columns.len(),
                numbers: (0..layout.numbers.len()).filter(|k| place(&layout.numbers[*k]).is_some()).collect(),
                layout: Some(Arc::new(Layout {
                    n_columns: columns.len(),
                    numbers: layout.numbers.iter().filter_map(place).collect(),
                    factors: layout.factors.iter().map(|factor| narrowed(factor, &place)).collect(),
                    has_intercept: layout.has_intercept,
                })),
            },
        };
        Reweighted { kept: Some(kept), ..self }
    }

    /// The weights of a block of `rows`, and which of its rows count.
    fn counted(&self, block: usize, len: usize) -> (&[f64], Vec<usize>) {
        let first = block * self.block_rows;
        let weight = &self.weight.as_slice().expect("weights lie in one piece")[first..first + len];
        (weight, (0..len).filter(|i| weight[*i] > 0.0).collect())
    }

    /// The number among all rows of one that counts.
    fn row(&self, counted: usize) -> usize {
        let k = self.starts.partition_point(|start| *start <= counted) - 1;
        let first = self.blocks[k] * self.block_rows;
        let weights = self.weight.iter().enumerate().skip(first).filter(|(_, w)| **w > 0.0);
        let found = weights.map(|(row, _)| row).nth(counted - self.starts[k]);
        found.expect("the block has so many rows that count")
    }

    fn numbers(&self) -> Option<&[usize]> {
        self.kept.as_ref().map(|kept| kept.numbers.as_slice())
    }
}

/// A factor without the columns that have no place any more.
fn narrowed(factor: &Factor, place: &dyn Fn(&usize) -> Option<usize>) -> Factor {
    let column: Vec<Option<usize>> =
        factor.column.iter().map(|column| column.as_ref().and_then(place)).collect();
    let of = |values: &[f64], none: f64| {
        column.iter().zip(values).map(|(kept, value)| if kept.is_some() { *value } else { none }).collect()
    };
    Factor { centre: of(&factor.centre, 0.0), spread: of(&factor.spread, 1.0), column }
}

/// Some rows and columns of a block.
fn cut<T: Copy>(cells: &CowArray<'_, T, Ix2>, rows: &[usize], columns: Option<&[usize]>) -> Array2<T> {
    let (d, cells) = (cells.ncols(), cells.as_standard_layout());
    let cells = cells.as_slice().expect("in standard layout");
    let width = columns.map_or(d, <[usize]>::len);
    let mut some = Vec::with_capacity(rows.len() * width);
    for row in rows.iter().map(|i| &cells[i * d..(i + 1) * d]) {
        match columns {
            None => some.extend_from_slice(row),
            Some(columns) => some.extend(columns.iter().map(|j| row[*j])),
        }
    }
    Array2::from_shape_vec((rows.len(), width), some).expect("as many cells as rows and columns")
}

fn some_of<'b>(cells: CowArray<'b, f64, Ix1>, rows: &[usize]) -> CowArray<'b, f64, Ix1> {
    if rows.len() == cells.len() {
        return cells;
    }
    rows.iter().map(|i| cells[*i]).collect::<Array1<f64>>().into()
}

impl Rows for Reweighted<'_> {
    fn n_rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    fn n_columns(&self) -> usize {
        self.kept.as_ref().map_or_else(|| self.rows.n_columns(), |kept| kept.n_columns)
    }

    fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn block(&self, index: usize) -> Block<'_> {
        let at = self.blocks[index];
        let block = self.rows.block(at);
        let (weight, rows) = self.counted(at, block.len());
        let is_whole = rows.len() == block.len();
        let numbers = match (is_whole, self.numbers()) {
            (true, None) => block.numbers,
            (_, columns) => cut(&block.numbers, &rows, columns).into(),
        };
        let layout = self.kept.as_ref().and_then(|kept| kept.layout.as_deref());
        let coded = block.coded.map(|coded| Coded {
            layout: layout.unwrap_or(coded.layout),
            codes: if is_whole { coded.codes } else { cut(&coded.codes, &rows, None).into() },
        });
        Block {
            numbers,
            coded,
            weight: Some(rows.iter().map(|i| weight[*i]).collect::<Array1<f64>>().into()),
            y: some_of(block.y, &rows),
            offset: block.offset.map(|offset| some_of(offset, &rows)),
        }
    }

    fn pick(&self, rows: &[usize]) -> InMemory {
        let rows: Vec<usize> = rows.iter().map(|row| self.row(*row)).collect();
        let mut picked = self.rows.pick(&rows);
        picked.weight = Some(rows.iter().map(|row| self.weight[*row]).collect());
        if let Some(kept) = &self.kept {
            let all: Vec<usize> = (0..rows.len()).collect();
            picked.x = cut(&picked.x.view().into(), &all, Some(&kept.numbers));
            let layout = kept.layout.clone();
            picked.coded = picked.coded.and_then(|(_, codes)| Some((layout?, codes)));
        }
        picked
    }

    fn total_weight(&self) -> f64 {
        self.weight.sum()
    }

    fn layout(&self) -> Option<&Layout> {
        match &self.kept {
            Some(kept) => kept.layout.as_deref(),
            None => self.rows.layout(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Axis, array};

    /// An intercept, two numbers and a factor of three levels in columns 2 and 4, in blocks of four rows.
    fn rows(n: usize) -> InMemory {
        let x = Array2::from_shape_fn((n, 3), |(i, j)| if j == 0 { 1.0 } else { ((i * j + j) as f64).sin() });
        let y = Array1::from_shape_fn(n, |i| (i % 2) as f64);
        let own = Array1::from_shape_fn(n, |i| 1.0 + (i % 5) as f64);
        let offset = Array1::from_shape_fn(n, |i| 0.1 * i as f64);
        let factor = Factor {
            column: vec![None, Some(2), Some(4)],
            centre: vec![0.0, 0.25, 0.5],
            spread: vec![1.0, 0.5, 2.0],
        };
        let layout =
            Layout { n_columns: 5, numbers: vec![0, 1, 3], factors: vec![factor], has_intercept: true };
        let mut rows = InMemory::new(x, y, Some(own), Some(offset));
        rows.coded = Some((Arc::new(layout), Array2::from_shape_fn((n, 1), |(i, _)| (i % 3) as u32)));
        InMemory { block_rows: 4, ..rows }
    }

    /// Rows 4 to 7, a whole block, do not count.
    fn weight(n: usize) -> Array1<f64> {
        Array1::from_shape_fn(n, |i| if (4..8).contains(&i) { 0.0 } else { (i % 3) as f64 })
    }

    /// X, y, weights and offsets of all blocks after one another.
    fn whole(rows: &dyn Rows) -> (Array2<f64>, Vec<[f64; 3]>) {
        let mut x = Array2::zeros((0, rows.n_columns()));
        let mut beside = Vec::new();
        for k in 0..rows.n_blocks() {
            let block = rows.block(k);
            assert!(!block.is_empty());
            x.append(Axis(0), block.x().view()).expect("as many columns");
            beside.extend((0..block.len()).map(|i| [block.y[i], block.weight(i), block.offset(i)]));
        }
        (x, beside)
    }

    #[test]
    fn the_rows_with_a_weight_are_the_picked_ones_in_any_blocks() {
        let (rows, weight) = (rows(19), weight(19));
        let counted: Vec<usize> = (0..19).filter(|i| weight[*i] > 0.0).collect();
        let reweighted = Reweighted::new(&rows, &weight);
        assert_eq!((reweighted.n_rows(), reweighted.n_columns()), (counted.len(), 5));
        assert_eq!(reweighted.total_weight(), weight.sum());
        let mut wanted = rows.pick(&counted);
        wanted.weight = Some(weight.select(Axis(0), &counted));
        assert_eq!(whole(&reweighted), whole(&wanted));
        let some = [8, 0, 3];
        let (mut some_of_all, picked) = (rows.pick(&some.map(|k: usize| counted[k])), reweighted.pick(&some));
        some_of_all.weight = Some(some.iter().map(|k| weight[counted[*k]]).collect());
        assert_eq!(whole(&picked), whole(&some_of_all));
    }

    #[test]
    fn columns_that_are_left_out_leave_numbers_and_codes() {
        let (rows, weight) = (rows(19), weight(19));
        let all = whole(&Reweighted::new(&rows, &weight));
        for kept in [vec![0, 1, 4], vec![0, 2, 3], vec![0, 2, 4], vec![0, 1, 3]] {
            let some = Reweighted::new(&rows, &weight).keeping(&kept);
            let (x, beside) = whole(&some);
            assert_eq!((&x, &beside), (&all.0.select(Axis(1), &kept), &all.1));
            let layout = some.layout().expect("codes");
            assert_eq!((layout.n_columns, some.n_columns()), (3, 3));
            let picked = some.pick(&[5, 2]);
            assert_eq!(picked.block(0).x(), x.select(Axis(0), &[5, 2]), "{kept:?}");
        }
    }

    #[test]
    fn without_codes_the_numbers_alone_are_cut() {
        let x = array![[1.0, 2.0, 3.0], [1.0, 5.0, 6.0], [1.0, 8.0, 9.0]];
        let rows = InMemory::new(x, array![0.0, 1.0, 0.0], None, None);
        let weight = array![2.0, 0.0, 1.0];
        let some = Reweighted::new(&rows, &weight).keeping(&[0, 2]);
        let wanted = (array![[1.0, 3.0], [1.0, 9.0]], vec![[0.0, 2.0, 0.0], [0.0, 1.0, 0.0]]);
        assert_eq!(whole(&some), wanted);
        assert_eq!((some.total_weight(), some.n_rows()), (3.0, 2));
    }
}
