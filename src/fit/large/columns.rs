//! The complete rows of the columns that a fit needs, in memory or in a temporary file, chunk by chunk.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::data;
use crate::data::choices::DataChoices;
use crate::data::csv::Source;
use crate::data::missing::Gaps;
use crate::data::survey::Survey;
use crate::data::table::{Column, Table, Values};
use crate::error::{Error, Result};
use crate::fit::large::complete::{Counts, Part, complete};
use crate::fit::spec::{Robust, Spec};
use crate::team::Ranks;

/// Where rows are kept while they are swept.
#[derive(Debug, Clone, PartialEq)]
pub enum Storage {
    /// In memory.
    Memory,
    /// In temporary files of a folder.
    Disk(PathBuf),
}

/// Complete rows in chunks. What is counted is counted over all ranks, but for `n_rows`.
pub struct Columns {
    /// Rows used, of this rank.
    pub n_rows: usize,
    /// Rows used of each rank.
    pub of_ranks: Vec<usize>,
    /// Rows in the file.
    pub rows_read: usize,
    /// For each variable with a missing value in some row: in how many rows.
    pub missing: Vec<(String, usize)>,
    /// Complete rows with a weight of 0, which are dropped.
    pub n_without_weight: usize,
    /// What the formula's variables lack in all rows of the file.
    pub gaps: Gaps,
    /// Decisions on single columns.
    pub notices: Vec<String>,
    /// Each column without its cells.
    kinds: Vec<Column>,
    cells: Cells,
}

enum Cells {
    Memory(Table),
    Disk { file: File, chunks: Vec<OnFile> },
}

/// Where the columns of a chunk lie in the file.
struct OnFile {
    n_rows: usize,
    starts: Vec<u64>,
}

/// Rows a chunk, at most: 16 columns that are made, not plain ones of the data, are 512 KiB, which the second-level cache holds.
const CHUNK: usize = 4 * 1024;

/// A column beside the formula's, and how it is read.
struct Beside {
    name: String,
    choices: DataChoices,
}

/// What is to be read.
struct Wanted<'a> {
    spec: &'a Spec,
    source: &'a Source,
    variables: &'a [String],
    choices: &'a DataChoices,
    beside: &'a [Beside],
}

impl Columns {
    /// Reads the variables of a formula, the weights and the clusters, and keeps the complete rows.
    ///
    /// # Errors
    /// Data, as [`Source::typed`] says, for negative weights; Io, where the folder has no room.
    pub fn gather(
        spec: &Spec,
        source: &Source,
        variables: &[String],
        choices: &DataChoices,
        storage: &Storage,
        ranks: &Ranks,
    ) -> Result<Columns> {
        let beside = beside(spec);
        let wanted = Wanted { spec, source, variables, choices, beside: &beside };
        let found = match storage {
            Storage::Memory => in_memory(&wanted, ranks),
            Storage::Disk(folder) => in_pieces(&wanted, folder, ranks),
        };
        let counts = |found: &Columns| Counts {
            n_rows: found.n_rows,
            rows_read: found.rows_read,
            missing: found.missing.clone(),
            n_without_weight: found.n_without_weight,
            gaps: found.gaps.clone(),
        };
        let all = ranks.meet(found.as_ref().map(counts).map_err(Clone::clone))?;
        let mut columns = found?;
        columns.of_ranks = all.iter().map(|counts| counts.n_rows).collect();
        (columns.rows_read, columns.n_without_weight) = (0, 0);
        columns.missing.clear();
        columns.gaps = Gaps::default();
        all.into_iter().for_each(|counts| columns.count(counts));
        match columns.of_ranks.iter().position(|n| *n == 0) {
            Some(rank) if columns.n_rows_of_all() > 0 => Err(Error::data(format!(
                "no row of rank {rank} has a value in every variable of the formula"
            ))
            .hint("start fewer ranks, or leave that rank's file out")),
            _ => Ok(columns),
        }
    }

    /// Rows used of all ranks.
    pub fn n_rows_of_all(&self) -> usize {
        self.of_ranks.iter().sum()
    }

    fn count(&mut self, counts: Counts) {
        self.rows_read += counts.rows_read;
        self.n_without_weight += counts.n_without_weight;
        for (name, n) in counts.missing {
            match self.missing.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += n,
                None => self.missing.push((name, n)),
            }
        }
        self.gaps.join(counts.gaps);
    }

    /// How many chunks there are.
    pub fn n_chunks(&self) -> usize {
        match &self.cells {
            Cells::Memory(_) => self.n_rows.div_ceil(CHUNK),
            Cells::Disk { chunks, .. } => chunks.len(),
        }
    }

    /// The first row of each chunk, and the number of rows at the end.
    pub fn starts(&self) -> Vec<usize> {
        let mut at = 0;
        let mut starts = vec![0];
        for k in 0..self.n_chunks() {
            at += match &self.cells {
                Cells::Memory(_) => CHUNK.min(self.n_rows - at),
                Cells::Disk { chunks, .. } => chunks[k].n_rows,
            };
            starts.push(at);
        }
        starts
    }

    /// A chunk's rows of all columns; callable from several threads. Of the columns that are not needed, where all lie in memory, it
    /// has no cells.
    ///
    /// # Errors
    /// Io, when the temporary file cannot be read.
    pub fn chunk(&self, k: usize, is_needed: &dyn Fn(&str) -> bool) -> Result<Table> {
        match &self.cells {
            Cells::Memory(table) => {
                let (from, to) = (k * CHUNK, ((k + 1) * CHUNK).min(self.n_rows));
                let cut = |column: &Column| {
                    let rows = if is_needed(&column.name) { from..to } else { from..from };
                    let values = match &column.values {
                        Values::Number(v) => Values::Number(v[rows].to_vec()),
                        Values::Date(v) => Values::Date(v[rows].to_vec()),
                        Values::Category { codes, levels } => {
                            Values::Category { codes: codes[rows].to_vec(), levels: levels.clone() }
                        }
                    };
                    Column { name: column.name.clone(), values }
                };
                let lines = self.lines(k)?;
                let origins = table.origins.clone();
                Ok(Table {
                    n_rows: to - from,
                    lines,
                    origins,
                    columns: table.columns.iter().map(cut).collect(),
                })
            }
            Cells::Disk { file, chunks } => {
                let chunk = &chunks[k];
                let columns: Result<Vec<Column>> =
                    (0..self.kinds.len()).map(|j| self.part_of(file, chunk, j)).collect();
                let lines = self.lines(k)?;
                Ok(Table { n_rows: chunk.n_rows, lines, columns: columns?, ..Table::default() })
            }
        }
    }

    /// The lines of the file on which a chunk's rows start.
    ///
    /// # Errors
    /// Io, when the temporary file cannot be read.
    pub fn lines(&self, k: usize) -> Result<Vec<u32>> {
        match &self.cells {
            Cells::Memory(table) => {
                let (from, to) = (k * CHUNK, ((k + 1) * CHUNK).min(self.n_rows));
                Ok(table.lines.get(from..to).map(<[u32]>::to_vec).unwrap_or_default())
            }
            Cells::Disk { file, chunks } => {
                read_codes(file, chunks[k].starts[self.kinds.len()], chunks[k].n_rows)
            }
        }
    }

    /// Gives the memory of the cells from a row on back, where they lie in memory: they must not be asked for any more.
    pub fn forget_from(&mut self, row: usize) {
        fn cut<T>(cells: &mut Vec<T>, row: usize) {
            cells.truncate(row);
            cells.shrink_to_fit();
        }
        let Cells::Memory(table) = &mut self.cells else { return };
        cut(&mut table.lines, row);
        for column in &mut table.columns {
            match &mut column.values {
                Values::Number(cells) | Values::Date(cells) => cut(cells, row),
                Values::Category { codes, .. } => cut(codes, row),
            }
        }
    }

    /// The numbers of a column, where they lie in memory.
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        match (&self.cells, self.kinds.iter().position(|c| c.name == name)) {
            (Cells::Memory(table), Some(j)) => match &table.columns[j].values {
                Values::Number(v) | Values::Date(v) => Some(v),
                Values::Category { .. } => None,
            },
            _ => None,
        }
    }

    /// Some columns whole, and perhaps others.
    ///
    /// # Errors
    /// As [`Columns::column`].
    pub fn table(&self, names: &[&str]) -> Result<Cow<'_, Table>> {
        if let Cells::Memory(table) = &self.cells {
            return Ok(Cow::Borrowed(table));
        }
        let columns: Result<Vec<_>> = names.iter().map(|name| Ok(self.column(name)?.into_owned())).collect();
        Ok(Cow::Owned(Table { n_rows: self.n_rows, columns: columns?, ..Table::default() }))
    }

    /// One column whole.
    ///
    /// # Errors
    /// Data, when there is no such column; Io.
    pub fn column(&self, name: &str) -> Result<Cow<'_, Column>> {
        let j = self.kinds.iter().position(|c| c.name == name);
        let j = j.ok_or_else(|| Error::data(format!("there is no column `{name}`")))?;
        match &self.cells {
            Cells::Memory(table) => Ok(Cow::Borrowed(&table.columns[j])),
            Cells::Disk { file, chunks } => {
                let mut whole = self.kinds[j].clone();
                for chunk in chunks {
                    match (&mut whole.values, self.part_of(file, chunk, j)?.values) {
                        (Values::Number(all), Values::Number(part))
                        | (Values::Date(all), Values::Date(part)) => {
                            all.extend(part);
                        }
                        (Values::Category { codes, .. }, Values::Category { codes: part, .. }) => {
                            codes.extend(part)
                        }
                        _ => {}
                    }
                }
                Ok(Cow::Owned(whole))
            }
        }
    }

    /// Whether whole columns are at hand.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.cells, Cells::Memory(_))
    }

    /// Each column without its cells.
    pub fn kinds(&self) -> &[Column] {
        &self.kinds
    }

    fn part_of(&self, file: &File, chunk: &OnFile, j: usize) -> Result<Column> {
        let (at, n) = (chunk.starts[j], chunk.n_rows);
        let column = &self.kinds[j];
        let values = match &column.values {
            Values::Number(_) => Values::Number(read_numbers(file, at, n)?),
            Values::Date(_) => Values::Date(read_numbers(file, at, n)?),
            Values::Category { levels, .. } => {
                Values::Category { codes: read_codes(file, at, n)?, levels: levels.clone() }
            }
        };
        Ok(Column { name: column.name.clone(), values })
    }
}

/// The weights (a number) and the clusters (levels whatever they look like).
fn beside(spec: &Spec) -> Vec<Beside> {
    let na = || DataChoices { na: spec.data.na.clone(), ..Default::default() };
    let weight = spec.weights.iter().map(|name| Beside {
        name: name.clone(),
        choices: DataChoices { numbers: vec![name.clone()], ..na() },
    });
    let cluster = match &spec.robust {
        Robust::Cluster { variable, .. } => Some(Beside {
            name: variable.clone(),
            choices: DataChoices { factors: vec![variable.clone()], ..na() },
        }),
        Robust::Model | Robust::Hc(_) => None,
    };
    weight.chain(cluster).collect()
}

/// Reads this rank's rows once; what the columns are, all ranks say together.
fn in_memory(wanted: &Wanted<'_>, ranks: &Ranks) -> Result<Columns> {
    let Wanted { spec, source, variables, choices, beside } = *wanted;
    let read = |columns: &[String], choices: &DataChoices| match ranks.is_alone() {
        true => source.typed(columns, choices),
        false => data::ranks::typed(source, columns, choices, ranks),
    };
    let typed = read(variables, choices)?;
    let mut table = typed.table;
    let n_of_formula = table.columns.len();
    for extra in beside.iter().filter(|extra| !variables.contains(&extra.name)) {
        table.columns.extend(read(std::slice::from_ref(&extra.name), &extra.choices)?.table.columns);
    }
    some_rows(source, ranks)?;
    let part = complete(spec, table, n_of_formula, &typed.without_gaps)?;
    let mut columns = Columns::nothing(typed.notices);
    columns.n_rows = part.table.n_rows;
    columns.kinds = kinds_of(&part.table);
    columns.count(part.counts);
    columns.cells = Cells::Memory(part.table);
    Ok(columns)
}

/// Surveys the columns, of all ranks, then reads this rank's rows piece by piece into a temporary file.
fn in_pieces(wanted: &Wanted<'_>, folder: &Path, ranks: &Ranks) -> Result<Columns> {
    let Wanted { spec, source, variables, choices, beside } = *wanted;
    let survey = surveyed(source, variables, choices, ranks)?;
    let extra: Result<Vec<Survey>> = beside
        .iter()
        .filter(|extra| !variables.contains(&extra.name))
        .map(|extra| surveyed(source, std::slice::from_ref(&extra.name), &extra.choices, ranks))
        .collect();
    let extra = extra?;
    let read = |k: usize| -> Result<Part> {
        let mut table = source.piece(k, &survey)?;
        let n_of_formula = table.columns.len();
        for survey in &extra {
            table.columns.extend(source.piece(k, survey)?.columns);
        }
        complete(spec, table, n_of_formula, &[])
    };
    some_rows(source, ranks)?;
    let mut columns = Columns::nothing(survey.notices.clone());
    let file = tempfile::tempfile_in(folder).map_err(|e| {
        Error::io("make a temporary file in", folder, &e).hint("`TMPDIR` names another folder")
    })?;
    let (together, mut chunks, mut at) = (rayon::current_num_threads(), Vec::new(), 0);
    for from in (0..source.n_pieces()).step_by(together) {
        let to = (from + together).min(source.n_pieces());
        let parts: Vec<Result<Part>> = (from..to).into_par_iter().map(read).collect();
        for part in parts {
            let part = part?;
            columns.n_rows += part.table.n_rows;
            columns.count(part.counts);
            if columns.kinds.is_empty() {
                columns.kinds = kinds_of(&part.table);
            }
            append(&part.table, &file, &mut chunks, &mut at)?;
        }
    }
    columns.cells = Cells::Disk { file, chunks };
    Ok(columns)
}

/// Refuses a rank to whose share no row falls.
fn some_rows(source: &Source, ranks: &Ranks) -> Result<()> {
    if source.n_pieces() == 0 && !ranks.is_alone() {
        return Err(Error::data(format!("rank {} of {} has no rows to read", ranks.rank(), ranks.size()))
            .hint("start fewer ranks"));
    }
    Ok(())
}

fn surveyed(source: &Source, columns: &[String], choices: &DataChoices, ranks: &Ranks) -> Result<Survey> {
    if ranks.is_alone() {
        source.survey(columns, choices)
    } else {
        data::ranks::survey(source, columns, choices, ranks)
    }
}

impl Columns {
    fn nothing(notices: Vec<String>) -> Columns {
        Columns {
            n_rows: 0,
            of_ranks: Vec::new(),
            rows_read: 0,
            missing: Vec::new(),
            n_without_weight: 0,
            gaps: Gaps::default(),
            notices,
            kinds: Vec::new(),
            cells: Cells::Memory(Table::default()),
        }
    }
}

/// Writes rows to the end of a file, chunk by chunk.
fn append(table: &Table, file: &File, chunks: &mut Vec<OnFile>, at: &mut u64) -> Result<()> {
    let Table { n_rows, columns, lines, .. } = table;
    for from in (0..*n_rows).step_by(CHUNK) {
        let rows = from..(from + CHUNK).min(*n_rows);
        let mut starts = Vec::with_capacity(columns.len() + 1);
        let mut put = |bytes: &[u8]| -> Result<()> {
            starts.push(*at);
            file.write_all_at(bytes, *at).map_err(|e| full(&e))?;
            *at += bytes.len() as u64;
            *at = at.next_multiple_of(size_of::<f64>() as u64);
            Ok(())
        };
        for column in columns {
            match &column.values {
                Values::Number(v) | Values::Date(v) => put(bytemuck::cast_slice(&v[rows.clone()]))?,
                Values::Category { codes, .. } => put(bytemuck::cast_slice(&codes[rows.clone()]))?,
            }
        }
        put(bytemuck::cast_slice(&lines[rows.clone()]))?;
        chunks.push(OnFile { n_rows: rows.len(), starts });
    }
    Ok(())
}

fn full(e: &std::io::Error) -> Error {
    Error::data(format!("the temporary file of the columns cannot be used: {e}"))
        .hint("make room, or let `TMPDIR` name a folder on a larger disk")
}

fn read_numbers(file: &File, at: u64, n: usize) -> Result<Vec<f64>> {
    let mut cells = vec![0.0; n];
    file.read_exact_at(bytemuck::cast_slice_mut(&mut cells), at).map_err(|e| full(&e))?;
    Ok(cells)
}

fn read_codes(file: &File, at: u64, n: usize) -> Result<Vec<u32>> {
    let mut cells = vec![0_u32; n];
    file.read_exact_at(bytemuck::cast_slice_mut(&mut cells), at).map_err(|e| full(&e))?;
    Ok(cells)
}

fn kinds_of(table: &Table) -> Vec<Column> {
    let empty = |values: &Values| match values {
        Values::Number(_) => Values::Number(Vec::new()),
        Values::Date(_) => Values::Date(Vec::new()),
        Values::Category { levels, .. } => Values::Category { codes: Vec::new(), levels: levels.clone() },
    };
    table.columns.iter().map(|c| Column { name: c.name.clone(), values: empty(&c.values) }).collect()
}
