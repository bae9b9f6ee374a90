//! Lays the standardised rows of a design, in memory or on disk. In memory the columns go as the rows come.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ndarray::{Array1, Array2};
use rayon::prelude::*;

use crate::design::scale::Scale;
use crate::error::{Error, Result};
use crate::fit::frame::Frame;
use crate::fit::large::columns::Storage;
use crate::fit::large::encode::{Beside, Blueprint, Encoded};
use crate::num::lanes::widest;
use crate::rows::on_disk::{OnDisk, Shape, Stretch};
use crate::rows::{Factor, InMemory, Layout, Stored};

/// The scale of a design, and which of its columns differ from a constant by rounding only.
pub struct Scaled {
    /// Centre and spread.
    pub scale: Scale,
    /// One a column.
    pub constant: Vec<bool>,
}

/// Which columns are stored, and how the others are told from codes.
struct Plan {
    numbers: Vec<usize>,
    layout: Option<Arc<Layout>>,
}

/// A stretch of the rows in memory that one chunk fills.
struct Part<'x> {
    chunk: usize,
    x: &'x mut [f64],
    codes: &'x mut [u32],
    offset: &'x mut [f64],
}

impl Blueprint {
    /// The standardised rows of all columns. In memory the cells of the data are given back meanwhile: there is never much more than
    /// the larger of both.
    ///
    /// # Errors
    /// Io, where the disk is full.
    pub fn rows(&mut self, scaled: &Scaled, beside: &Beside<'_>, storage: &Storage) -> Result<Stored> {
        let all: Vec<usize> = (0..self.terms.len()).collect();
        let plan = self.plan(scaled, &all);
        match storage {
            Storage::Memory => self.in_memory(scaled, plan, beside),
            Storage::Disk(_) => self.on_disk(scaled, plan, beside, storage),
        }
    }

    /// The rows with some of the columns only, which ascend; from the rows of all columns.
    ///
    /// # Errors
    /// Io, where the disk is full.
    pub fn narrowed(
        &self,
        rows: Stored,
        scaled: &Scaled,
        kept: &[usize],
        beside: &Beside<'_>,
        storage: &Storage,
    ) -> Result<Stored> {
        let plan = self.plan(scaled, kept);
        let Stored::Memory(mut rows) = rows else {
            drop(rows); // its place on the disk is free for the new ones
            return self.on_disk(scaled, plan, beside, storage);
        };
        let before: Vec<usize> = (0..self.terms.len()).filter(|j| !self.is_coded(*j)).collect();
        let places: Vec<usize> =
            before.iter().enumerate().filter(|(_, j)| plan.numbers.contains(j)).map(|(k, _)| k).collect();
        let (n, was, is) = (rows.x.nrows(), before.len(), places.len());
        let (mut cells, _) = std::mem::take(&mut rows.x).into_raw_vec_and_offset();
        for row in 0..n {
            // a cell never moves beyond one that is still to move
            places.iter().enumerate().for_each(|(k, place)| cells[row * is + k] = cells[row * was + place]);
        }
        cells.truncate(n * is);
        cells.shrink_to_fit();
        rows.x = shaped(n, is, cells)?;
        rows.coded = rows.coded.take().and_then(|(_, codes)| Some((plan.layout?, codes)));
        Ok(Stored::Memory(rows))
    }

    /// The rows of a frame's columns in the user's units, in a temporary file.
    ///
    /// # Errors
    /// Io, where the disk is full; Data, where the columns of the data have gone.
    pub fn raw_rows(&self, frame: &Frame, beside: &Beside<'_>, storage: &Storage) -> Result<Stored> {
        let p = self.terms.len();
        let scale = Scale { centre: Array1::zeros(p), spread: Array1::ones(p) };
        let as_they_are = Scaled { scale, constant: vec![false; p] };
        let plan = self.plan(&as_they_are, &frame.independent.kept);
        self.on_disk(&as_they_are, plan, beside, storage)
    }

    /// The rows of all columns in a temporary file of a folder, in a scale that is given: the columns of the data stay.
    ///
    /// # Errors
    /// Io, where the disk is full; Data, where a transform of a cell is not finite.
    pub fn rows_on_disk(&self, scaled: &Scaled, beside: &Beside<'_>, folder: &Path) -> Result<Stored> {
        let all: Vec<usize> = (0..self.terms.len()).collect();
        self.on_disk(scaled, self.plan(scaled, &all), beside, &Storage::Disk(folder.to_path_buf()))
    }

    fn plan(&self, scaled: &Scaled, kept: &[usize]) -> Plan {
        let numbers: Vec<usize> = kept.iter().copied().filter(|j| !self.is_coded(*j)).collect();
        let place = |j: &usize| kept.iter().position(|k| k == j);
        let factor = |columns: &Vec<Option<usize>>| {
            let column: Vec<Option<usize>> = columns.iter().map(|j| j.as_ref().and_then(place)).collect();
            let of = |values: &Array1<f64>, none: f64| -> Vec<f64> {
                let kept = columns.iter().zip(&column);
                kept.map(|(j, kept)| kept.and(*j).map_or(none, |j| values[j])).collect()
            };
            Factor { centre: of(&scaled.scale.centre, 0.0), spread: of(&scaled.scale.spread, 1.0), column }
        };
        let layout = (!self.coded.is_empty()).then(|| {
            Arc::new(Layout {
                n_columns: kept.len(),
                numbers: numbers.iter().filter_map(place).collect(),
                factors: self.coded.iter().map(|(_, columns)| factor(columns)).collect(),
                has_intercept: self.has_intercept,
            })
        });
        Plan { numbers, layout }
    }

    fn on_disk(&self, scaled: &Scaled, plan: Plan, beside: &Beside<'_>, storage: &Storage) -> Result<Stored> {
        let Storage::Disk(folder) = storage else {
            return Err(Error::data("the rows lie in memory, and no folder is named for a file of them"));
        };
        let Plan { numbers, layout } = plan;
        let shape = Shape {
            n_rows: self.columns.n_rows,
            n_numbers: numbers.len(),
            has_weight: beside.weight.is_some(),
            has_offset: self.has_offset,
            layout,
        };
        let disk = OnDisk::create(folder, shape)?;
        (0..self.columns.n_chunks()).into_par_iter().try_for_each(|k| {
            let (from, to) = (self.starts[k], self.starts[k + 1]);
            let chunk = self.encode(k)?;
            let mut x = vec![0.0; chunk.n_rows * numbers.len()];
            scaled.standardise(&self.cells_of(&chunk, &numbers), &mut x);
            let part = |values: &'_ Array1<f64>| values.as_slice().unwrap_or_default()[from..to].to_vec();
            disk.write(
                from,
                &Stretch {
                    numbers: &x,
                    y: &part(beside.y),
                    weight: &beside.weight.map(part).unwrap_or_default(),
                    offset: chunk.offset.as_deref().unwrap_or_default(),
                    codes: &row_by_row(&chunk.codes, chunk.n_rows),
                },
            )
        })?;
        let total = beside.weight.map_or(self.columns.n_rows as f64, |w| w.sum());
        Ok(Stored::Disk(disk.weighing(total)))
    }

    /// Some chunks after the others, from the last rows on, and what they were made from is given back.
    fn in_memory(&mut self, scaled: &Scaled, plan: Plan, beside: &Beside<'_>) -> Result<Stored> {
        const STEPS: usize = 16; // what is there twice is a sixteenth
        let Plan { numbers, layout } = plan;
        let (n, d, f) = (self.columns.n_rows, numbers.len(), self.coded.len());
        let mut x = vec![0.0; n * d];
        let mut codes = vec![0_u32; n * f];
        let mut offset = vec![0.0; if self.has_offset { n } else { 0 }];
        let at_once = self.columns.n_chunks().div_ceil(STEPS).max(2 * rayon::current_num_threads());
        let mut end = self.columns.n_chunks();
        while end > 0 {
            let chunks = end.saturating_sub(at_once)..end;
            let first = self.starts[chunks.start];
            let rows = first..self.starts[chunks.end];
            let offset = if self.has_offset { &mut offset[rows.clone()] } else { &mut [] };
            let (x, codes) = (&mut x[rows.start * d..rows.end * d], &mut codes[rows.start * f..rows.end * f]);
            end = chunks.start;
            self.fill(scaled, &numbers, chunks, (x, codes, offset))?;
            let columns = Arc::get_mut(&mut self.columns);
            columns.into_iter().for_each(|columns| columns.forget_from(first)); // nobody else has them yet
        }
        let offset = self.has_offset.then(|| Array1::from_vec(offset));
        let mut rows = InMemory::new(shaped(n, d, x)?, beside.y.clone(), beside.weight.cloned(), offset);
        let codes = shaped(n, f, codes)?;
        rows.coded = layout.map(|layout| (layout, codes));
        Ok(Stored::Memory(Box::new(rows)))
    }

    /// Writes the rows of some chunks.
    fn fill(
        &self,
        scaled: &Scaled,
        numbers: &[usize],
        chunks: Range<usize>,
        (mut x, mut codes, mut offset): (&mut [f64], &mut [u32], &mut [f64]),
    ) -> Result<()> {
        let parts: Vec<Part<'_>> = chunks
            .map(|chunk| {
                let m = self.starts[chunk + 1] - self.starts[chunk];
                Part {
                    chunk,
                    x: split(&mut x, m * numbers.len()),
                    codes: split(&mut codes, m * self.coded.len()),
                    offset: split(&mut offset, if self.has_offset { m } else { 0 }),
                }
            })
            .collect();
        parts.into_par_iter().try_for_each(|part| -> Result<()> {
            let chunk = self.encode(part.chunk)?;
            scaled.standardise(&self.cells_of(&chunk, numbers), part.x);
            part.codes.copy_from_slice(&row_by_row(&chunk.codes, chunk.n_rows));
            chunk.offset.iter().for_each(|offset| part.offset.copy_from_slice(offset));
            Ok(())
        })
    }

    /// The cells of some columns of the design in the rows of a chunk.
    fn cells_of<'c>(&'c self, chunk: &'c Encoded, columns: &[usize]) -> Vec<(usize, &'c [f64])> {
        let rows = chunk.first_row..chunk.first_row + chunk.n_rows;
        let cells = |j: &usize| -> &'c [f64] {
            if let Some((_, made)) = chunk.numbers.iter().find(|(column, _)| column == j) {
                return made;
            }
            let plain = self.plain.columns.iter().find(|(column, _)| column == j);
            let values = plain.and_then(|(_, name)| self.columns.numbers(name));
            &values.expect("a column is made or plain")[rows.clone()]
        };
        columns.iter().map(|j| (*j, cells(j))).collect()
    }
}

impl Scaled {
    /// Writes (x - centre) / spread of some columns, each with its place in the design, row by row. A few rows at a time, which stay
    /// in the cache: first column by column, in vectors, then from there into the rows.
    fn standardise(&self, columns: &[(usize, &[f64])], to: &mut [f64]) {
        const ROWS: usize = 64;
        let d = columns.len();
        let mut few = vec![[0.0; ROWS]; d];
        for (k, rows) in to.chunks_mut((ROWS * d).max(1)).enumerate() {
            for ((j, values), few) in columns.iter().zip(&mut few) {
                let (centre, spread) = (self.scale.centre[*j], self.scale.spread[*j]);
                let values = &values[k * ROWS..];
                if self.constant[*j] {
                    few.fill(0.0);
                } else {
                    let standardised = few.iter_mut().zip(values);
                    widest(
                        #[inline(always)]
                        || standardised.for_each(|(z, value)| *z = (value - centre) / spread),
                    );
                }
            }
            for (i, row) in rows.chunks_exact_mut(d).enumerate() {
                row.iter_mut().zip(&few).for_each(|(cell, few)| *cell = few[i]);
            }
        }
    }
}

/// Takes the first `n` cells off a slice.
fn split<'x, T>(rest: &mut &'x mut [T], n: usize) -> &'x mut [T] {
    let (first, others) = std::mem::take(rest).split_at_mut(n);
    *rest = others;
    first
}

fn shaped<T>(n: usize, d: usize, cells: Vec<T>) -> Result<Array2<T>> {
    Array2::from_shape_vec((n, d), cells)
        .map_err(|cause| Error::data(format!("the design cannot be laid out: {cause}")))
}

fn row_by_row(codes: &[Vec<u32>], n_rows: usize) -> Vec<u32> {
    (0..n_rows).flat_map(|i| codes.iter().map(move |codes| codes[i])).collect()
}
