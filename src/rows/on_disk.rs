//! Rows that lie in a temporary file: the same blocks as in memory, read for each sweep.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ndarray::{Array1, Array2, CowArray, Ix1};

use crate::error::{Error, Result};
use crate::rows::{BLOCK_ROWS, Block, Coded, InMemory, Layout, Rows};

/// Rows on disk. The file has no name, so that it goes when the program ends, however it ends.
///
/// Its parts lie one after the other, each row by row: numbers (n x d), outcome (n), weights (n) and offsets (n) if
/// there are any, codes (n x f).
#[derive(Debug)]
pub struct OnDisk {
    file: File,
    shape: Shape,
    total_weight: f64,
    failure: Mutex<Option<io::Error>>,
}

/// What a row consists of.
#[derive(Debug, Clone)]
pub struct Shape {
    /// n.
    pub n_rows: usize,
    /// d.
    pub n_numbers: usize,
    /// Whether rows have a weight.
    pub has_weight: bool,
    /// Whether rows have an offset.
    pub has_offset: bool,
    /// What the codes stand for, if there are any.
    pub layout: Option<Arc<Layout>>,
}

/// Some consecutive rows that are to be written.
#[derive(Debug, Default)]
pub struct Stretch<'a> {
    /// m x d, row by row.
    pub numbers: &'a [f64],
    /// m.
    pub y: &'a [f64],
    /// m, if rows have weights.
    pub weight: &'a [f64],
    /// m, if rows have an offset.
    pub offset: &'a [f64],
    /// m x f, row by row.
    pub codes: &'a [u32],
}

const F64: u64 = size_of::<f64>() as u64;

impl Shape {
    fn n_factors(&self) -> usize {
        self.layout.as_ref().map_or(0, |layout| layout.factors.len())
    }

    /// Bytes before the outcome, the weights, the offsets, the codes.
    fn parts(&self) -> [u64; 4] {
        let n = self.n_rows as u64;
        let y = n * self.n_numbers as u64 * F64;
        let weight = y + n * F64;
        let offset = weight + if self.has_weight { n * F64 } else { 0 };
        [y, weight, offset, offset + if self.has_offset { n * F64 } else { 0 }]
    }

    /// Bytes of the whole file.
    pub fn bytes(&self) -> u64 {
        self.parts()[3] + (self.n_rows * self.n_factors() * size_of::<u32>()) as u64
    }
}

impl OnDisk {
    /// An empty file in a folder, to be filled with [`OnDisk::write`].
    ///
    /// # Errors
    /// Io, when the folder cannot be written to.
    pub fn create(folder: &Path, shape: Shape) -> Result<OnDisk> {
        let file = tempfile::tempfile_in(folder).map_err(|e| {
            Error::io("make a temporary file in", folder, &e).hint("`TMPDIR` names another folder")
        })?;
        let total_weight = shape.n_rows as f64;
        Ok(OnDisk { file, shape, total_weight, failure: Mutex::new(None) })
    }

    /// Writes consecutive rows from row `from` on; callable from several threads.
    ///
    /// # Errors
    /// Io, when the disk is full.
    pub fn write(&self, from: usize, rows: &Stretch<'_>) -> Result<()> {
        let shape = &self.shape;
        let [y, weight, offset, codes] = shape.parts();
        let at = |part: u64, width: usize, size: u64| part + (from * width) as u64 * size;
        let put = |bytes: &[u8], at: u64| self.file.write_all_at(bytes, at);
        put(bytemuck::cast_slice(rows.numbers), at(0, shape.n_numbers, F64))
            .and_then(|()| put(bytemuck::cast_slice(rows.y), at(y, 1, F64)))
            .and_then(|()| put(bytemuck::cast_slice(rows.weight), at(weight, 1, F64)))
            .and_then(|()| put(bytemuck::cast_slice(rows.offset), at(offset, 1, F64)))
            .and_then(|()| put(bytemuck::cast_slice(rows.codes), at(codes, shape.n_factors(), 4)))
            .map_err(|e| cannot(&e, shape.bytes()))
    }

    /// States the sum of the weights that were written.
    pub fn weighing(self, total_weight: f64) -> OnDisk {
        OnDisk { total_weight, ..self }
    }

    /// What went wrong in reading since the rows were made: the sweeps saw numbers that are none, and their results
    /// must not be used.
    ///
    /// # Errors
    /// Io.
    pub fn check(&self) -> Result<()> {
        match self.failure.lock().ok().and_then(|mut failure| failure.take()) {
            Some(e) => Err(cannot(&e, self.shape.bytes())),
            None => Ok(()),
        }
    }

    /// Numbers from a place in the file; not-a-number, and the failure noted, where they cannot be read.
    fn numbers(&self, at: u64, count: usize) -> Vec<f64> {
        let mut cells = vec![0.0; count];
        if let Err(e) = self.file.read_exact_at(bytemuck::cast_slice_mut(&mut cells), at) {
            self.note(e);
            cells.fill(f64::NAN);
        }
        cells
    }

    fn note(&self, e: io::Error) {
        if let Ok(mut failure) = self.failure.lock() {
            failure.get_or_insert(e);
        }
    }

    /// Rows from..to.
    fn read(&self, from: usize, to: usize) -> Block<'_> {
        let (shape, m) = (&self.shape, to - from);
        let [y, weight, offset, codes] = shape.parts();
        let one = |part: u64| -> CowArray<'_, f64, Ix1> {
            Array1::from_vec(self.numbers(part + from as u64 * F64, m)).into()
        };
        let numbers = self.numbers((from * shape.n_numbers) as u64 * F64, m * shape.n_numbers);
        let numbers = Array2::from_shape_vec((m, shape.n_numbers), numbers).expect("m x d cells");
        let coded = shape.layout.as_ref().map(|layout| {
            let mut found = Array2::<u32>::zeros((m, layout.factors.len()));
            let cells = found.as_slice_mut().expect("in one piece");
            let at = codes + (from * layout.factors.len() * size_of::<u32>()) as u64;
            if let Err(e) = self.file.read_exact_at(bytemuck::cast_slice_mut(cells), at) {
                self.note(e);
                cells.fill(0);
            }
            Coded { layout, codes: found.into() }
        });
        Block {
            numbers: numbers.into(),
            coded,
            y: one(y),
            weight: shape.has_weight.then(|| one(weight)),
            offset: shape.has_offset.then(|| one(offset)),
        }
    }
}

fn cannot(e: &io::Error, bytes: u64) -> Error {
    let gigabytes = bytes as f64 / 1e9;
    Error::data(format!("the temporary file of the design ({gigabytes:.1} GB) cannot be used: {e}"))
        .hint("make room, or let `TMPDIR` name a folder on a larger disk")
}

impl Rows for OnDisk {
    fn n_rows(&self) -> usize {
        self.shape.n_rows
    }

    fn n_columns(&self) -> usize {
        self.shape.layout.as_ref().map_or(self.shape.n_numbers, |layout| layout.n_columns)
    }

    fn n_blocks(&self) -> usize {
        self.shape.n_rows.div_ceil(BLOCK_ROWS)
    }

    fn block(&self, index: usize) -> Block<'_> {
        let from = index * BLOCK_ROWS;
        self.read(from, (from + BLOCK_ROWS).min(self.shape.n_rows))
    }

    fn pick(&self, rows: &[usize]) -> InMemory {
        let (m, shape) = (rows.len(), &self.shape);
        let mut picked = InMemory::new(
            Array2::zeros((m, shape.n_numbers)),
            Array1::zeros(m),
            shape.has_weight.then(|| Array1::zeros(m)),
            shape.has_offset.then(|| Array1::zeros(m)),
        );
        let mut codes = Array2::<u32>::zeros((m, shape.n_factors()));
        for (to, from) in rows.iter().enumerate() {
            let one = self.read(*from, from + 1);
            picked.x.row_mut(to).assign(&one.numbers.row(0));
            picked.y[to] = one.y[0];
            picked.weight.iter_mut().for_each(|w| w[to] = one.weight(0));
            picked.offset.iter_mut().for_each(|o| o[to] = one.offset(0));
            if let Some(coded) = &one.coded {
                codes.row_mut(to).assign(&coded.codes.row(0));
            }
        }
        picked.coded = shape.layout.clone().map(|layout| (layout, codes));
        picked
    }

    fn total_weight(&self) -> f64 {
        self.total_weight
    }

    fn layout(&self) -> Option<&Layout> {
        self.shape.layout.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn shape(n_rows: usize) -> Shape {
        Shape { n_rows, n_numbers: 2, has_weight: true, has_offset: true, layout: None }
    }

    #[test]
    fn rows_come_back_as_they_were_written_in_whatever_order() {
        let disk = OnDisk::create(&std::env::temp_dir(), shape(3)).expect("a folder for temporary files");
        let last = Stretch { numbers: &[5.0, 6.0], y: &[1.0], weight: &[2.0], offset: &[0.5], codes: &[] };
        let first = Stretch {
            numbers: &[1.0, 2.0, 3.0, 4.0],
            y: &[0.0, 1.0],
            weight: &[1.0, 3.0],
            offset: &[0.1, 0.2],
            codes: &[],
        };
        disk.write(2, &last).and_then(|()| disk.write(0, &first)).expect("room on the disk");
        let disk = disk.weighing(6.0);
        let block = disk.block(0);
        assert_eq!(block.x(), array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        assert_eq!((block.y.to_vec(), block.weight(1), block.offset(2)), (vec![0.0, 1.0, 1.0], 3.0, 0.5));
        let picked = disk.pick(&[2, 0]);
        assert_eq!((picked.total_weight(), picked.x), (3.0, array![[5.0, 6.0], [1.0, 2.0]]));
        assert!(disk.check().is_ok());
    }

    #[test]
    fn rows_that_cannot_be_read_are_no_numbers_and_an_error_afterwards() {
        let disk = OnDisk::create(&std::env::temp_dir(), shape(3)).expect("a folder for temporary files");
        assert!(disk.block(0).numbers.iter().all(|x| x.is_nan()), "nothing was written");
        let error = disk.check().expect_err("the file is too short");
        assert!(error.message.contains("temporary file of the design"), "{}", error.message);
    }
}
