//! The folds of a cross-validation: the rows outside one, standardised anew, and its own in the same scale.

use std::path::Path;
use std::sync::Arc;

use ndarray::Array1;
use rayon::prelude::*;

use crate::design::scale::{Chunk, Scale, Tally};
use crate::error::Result;
use crate::optimise::batch::shuffled;
use crate::rows::on_disk::{OnDisk, Shape, Stretch};
use crate::rows::{Block, Factor, Layout, Rows, Stored};

/// Rows dealt to folds.
pub struct Folds<'a> {
    rows: &'a dyn Rows,
    has_intercept: bool,
    /// The fold of each row; none where all are outside of the one fold.
    of_row: Vec<u32>,
    n_folds: usize,
}

/// All rows in a temporary file of a folder, standardised by themselves; columns that are kept as codes stay codes.
///
/// # Errors
/// Io, where the disk is full.
pub fn standardised(rows: &dyn Rows, has_intercept: bool, folder: &Path) -> Result<Stored> {
    let all = Folds { rows, has_intercept, of_row: Vec::new(), n_folds: 1 };
    all.write(0, false, &all.scaled(0), folder).map(Stored::Disk)
}

/// The two sides of a fold.
pub struct Sides {
    /// The rows outside.
    pub train: Stored,
    /// Its own.
    pub test: Stored,
}

/// The rows of a block that lie on one side, column by column.
struct Piece {
    numbers: Vec<Vec<f64>>,
    y: Vec<f64>,
    weight: Vec<f64>,
    offset: Vec<f64>,
    /// Row by row.
    codes: Vec<u32>,
}

/// Blocks that are there at the same time.
const AT_ONCE: usize = 64;

impl<'a> Folds<'a> {
    /// The rows shuffled by the seed and dealt to the folds in turn.
    pub fn new(rows: &'a dyn Rows, has_intercept: bool, n_folds: usize, seed: u64) -> Folds<'a> {
        let order = shuffled(rows.n_rows(), seed, "folds", 0);
        let mut of_row = vec![0; order.len()];
        order.iter().enumerate().for_each(|(i, row)| of_row[*row] = (i % n_folds) as u32);
        Folds { rows, has_intercept, of_row, n_folds }
    }

    /// How many there are.
    pub fn n_folds(&self) -> usize {
        self.n_folds
    }

    /// The sides of a fold as arrays.
    pub fn in_memory(&self, fold: usize) -> Sides {
        let side = |inside: bool| {
            let own = |row: &usize| (self.of_row[*row] as usize == fold) == inside;
            self.rows.pick(&(0..self.of_row.len()).filter(own).collect::<Vec<_>>())
        };
        let (mut train, mut test) = (side(false), side(true));
        let scale = Scale::of(&train.x, train.weight.as_ref(), self.has_intercept);
        train.x = scale.apply(&train.x);
        test.x = scale.apply(&test.x);
        Sides { train: Stored::Memory(Box::new(train)), test: Stored::Memory(Box::new(test)) }
    }

    /// The same in temporary files of a folder, which go with them; columns that are kept as codes stay codes.
    ///
    /// # Errors
    /// Io, where the disk is full.
    pub fn on_disk(&self, fold: usize, folder: &Path) -> Result<Sides> {
        let scaled = self.scaled(fold);
        let side = |inside| self.write(fold, inside, &scaled, folder).map(Stored::Disk);
        Ok(Sides { train: side(false)?, test: side(true)? })
    }

    /// The scale of the rows outside a fold: of the stored numbers, and of the columns that codes stand for.
    fn scaled(&self, fold: usize) -> Scaled {
        let layout = self.rows.layout();
        let weight = self.weight(fold, false);
        let total = weight.as_ref().map_or(self.n_on(fold, false) as f64, |weight| weight.sum());
        let n_numbers = layout.map_or(self.rows.n_columns(), |layout| layout.numbers.len());
        let mut tally = Tally::new(n_numbers, self.has_intercept, total);
        let mut mass: Vec<Vec<f64>> = layout
            .map(|layout| layout.factors.iter().map(|f| vec![0.0; f.column.len()]).collect())
            .unwrap_or_default();
        self.each(fold, false, &mut |pieces| {
            tally.first(&chunks(pieces));
            for piece in pieces {
                for (i, codes) in piece.codes.chunks(mass.len().max(1)).enumerate() {
                    let weight = piece.weight.get(i).copied().unwrap_or(1.0);
                    mass.iter_mut().zip(codes).for_each(|(mass, code)| mass[*code as usize] += weight);
                }
            }
        });
        tally.take_centres();
        self.each(fold, false, &mut |pieces| tally.second(&chunks(pieces)));
        let (scale, constant) = tally.finish();
        let factor = |(factor, mass): (&Factor, Vec<f64>)| {
            let share: Vec<f64> = mass.into_iter().map(|mass| mass / total).collect();
            let spread = |share: f64| if self.has_intercept { share * (1.0 - share) } else { share };
            let known = |code: usize| factor.column[code].is_some() && spread(share[code]) > 0.0;
            let codes = 0..factor.column.len();
            Factor {
                column: factor.column.clone(),
                centre: codes
                    .clone()
                    .map(|k| if known(k) && self.has_intercept { share[k] } else { 0.0 })
                    .collect(),
                spread: codes.map(|k| if known(k) { spread(share[k]).sqrt() } else { 1.0 }).collect(),
            }
        };
        let layout = layout.map(|layout| {
            Arc::new(Layout {
                factors: layout.factors.iter().zip(mass).map(factor).collect(),
                ..layout.clone()
            })
        });
        Scaled { scale, constant, layout }
    }

    fn write(&self, fold: usize, inside: bool, scaled: &Scaled, folder: &Path) -> Result<OnDisk> {
        let first = (self.rows.n_blocks() > 0).then(|| self.rows.block(0));
        let (has_weight, has_offset) =
            first.map_or((false, false), |block| (block.weight.is_some(), block.offset.is_some()));
        let shape = Shape {
            n_rows: self.n_on(fold, inside),
            n_numbers: scaled.constant.len(),
            has_weight,
            has_offset,
            layout: scaled.layout.clone(),
        };
        let disk = OnDisk::create(folder, shape)?;
        let (mut from, mut failed) = (0, None);
        self.each(fold, inside, &mut |pieces| {
            let starts: Vec<usize> = pieces
                .iter()
                .map(|piece| {
                    from += piece.y.len();
                    from - piece.y.len()
                })
                .collect();
            let written = pieces
                .par_iter()
                .zip(starts)
                .try_for_each(|(piece, start)| disk.write(start, &piece.stretch(&scaled.apply(piece))));
            failed = failed.take().or(written.err());
        });
        match failed {
            Some(why) => Err(why),
            None => {
                let total = self.weight(fold, inside);
                Ok(disk.weighing(total.map_or(self.n_on(fold, inside) as f64, |weight| weight.sum())))
            }
        }
    }

    /// Shows the rows of one side, some blocks at a time, in their order.
    fn each(&self, fold: usize, inside: bool, show: &mut dyn FnMut(&[Piece])) {
        let n_blocks = self.rows.n_blocks();
        let rows_a_block = if n_blocks > 0 { self.rows.block(0).len() } else { 0 };
        let piece = |k: usize| {
            let (block, first) = (self.rows.block(k), k * rows_a_block);
            let is_own = |i: &usize| self.is_on(first + i, fold, inside);
            let own: Vec<usize> = (0..block.len()).filter(is_own).collect();
            Piece::of(&block, &own)
        };
        for from in (0..n_blocks).step_by(AT_ONCE) {
            let to = (from + AT_ONCE).min(n_blocks);
            show(&(from..to).into_par_iter().map(piece).collect::<Vec<_>>());
        }
    }

    fn n_on(&self, fold: usize, inside: bool) -> usize {
        (0..self.rows.n_rows()).filter(|row| self.is_on(*row, fold, inside)).count()
    }

    fn is_on(&self, row: usize, fold: usize, inside: bool) -> bool {
        self.of_row.get(row).is_some_and(|of| *of as usize == fold) == inside
    }

    /// The weights of one side, if rows have weights.
    fn weight(&self, fold: usize, inside: bool) -> Option<Array1<f64>> {
        let has_weight = self.rows.n_blocks() > 0 && self.rows.block(0).weight.is_some();
        has_weight.then(|| {
            let mut all = Vec::with_capacity(self.n_on(fold, inside));
            self.each(fold, inside, &mut |pieces| {
                pieces.iter().for_each(|piece| all.extend_from_slice(&piece.weight));
            });
            Array1::from_vec(all)
        })
    }
}

/// What standardises the rows of both sides.
struct Scaled {
    scale: Scale,
    constant: Vec<bool>,
    layout: Option<Arc<Layout>>,
}

impl Scaled {
    /// (x - centre) / spread of the numbers, row by row.
    fn apply(&self, piece: &Piece) -> Vec<f64> {
        let d = piece.numbers.len();
        let mut rows = vec![0.0; piece.y.len() * d];
        for (j, column) in piece.numbers.iter().enumerate().filter(|(j, _)| !self.constant[*j]) {
            let (centre, spread) = (self.scale.centre[j], self.scale.spread[j]);
            for (i, value) in column.iter().enumerate() {
                rows[i * d + j] = (value - centre) / spread;
            }
        }
        rows
    }
}

impl Piece {
    fn of(block: &Block<'_>, own: &[usize]) -> Piece {
        let picked = |cells: &dyn Fn(usize) -> f64| own.iter().map(|i| cells(*i)).collect::<Vec<f64>>();
        Piece {
            numbers: block.numbers.columns().into_iter().map(|column| picked(&|i| column[i])).collect(),
            y: picked(&|i| block.y[i]),
            weight: block.weight.as_ref().map(|w| picked(&|i| w[i])).unwrap_or_default(),
            offset: block.offset.as_ref().map(|o| picked(&|i| o[i])).unwrap_or_default(),
            codes: block
                .coded
                .as_ref()
                .map(|coded| own.iter().flat_map(|i| coded.codes.row(*i).to_vec()).collect())
                .unwrap_or_default(),
        }
    }

    fn stretch<'p>(&'p self, numbers: &'p [f64]) -> Stretch<'p> {
        Stretch { numbers, y: &self.y, weight: &self.weight, offset: &self.offset, codes: &self.codes }
    }
}

fn chunks(pieces: &[Piece]) -> Vec<Chunk<'_>> {
    pieces
        .iter()
        .map(|piece| Chunk {
            columns: piece.numbers.iter().map(Vec::as_slice).enumerate().collect(),
            weight: (!piece.weight.is_empty()).then_some(piece.weight.as_slice()),
        })
        .collect()
}
