//! Reads a Parquet file with polars, in slices of its rows: each cell is what a CSV of the same data would hold.

use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use polars::prelude::{
    ArrowDataType, ArrowTimeUnit, DataFrame, DataType, ParallelStrategy, ParquetReader, PolarsResult,
    SerReader, Series,
};
use sha2::{Digest, Sha256};

use crate::data::body::{Body, Cell, FileRows, Rows};
use crate::data::cell::{date_text, shown};
use crate::data::header::check_names;
use crate::data::layout::{Marks, Piece};
use crate::data::opening::{Opened, hexadecimal};
use crate::data::origin::Origins;
use crate::data::records::trim;
use crate::data::scan::Want;
use crate::data::store::Disk;
use crate::error::{Error, Kind, Result};

/// A Parquet file as it was when it was opened.
pub struct Parquet {
    path: PathBuf,
    disk: Disk,
    columns: Vec<ParquetColumn>,
}

/// A column of a Parquet file.
struct ParquetColumn {
    /// The name in the file.
    name: String,
    /// What its cells are; where they have no place in a table, the name of their type.
    form: std::result::Result<Form, String>,
}

/// How the cells of a column become those of a CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Number,
    Whole,
    /// Whole numbers up to 2^64.
    Large,
    Boolean,
    Text,
    /// Days since 1970-01-01.
    Date,
    /// So many of a unit a second, since 1970-01-01.
    Time(i64),
}

/// Whether bytes begin a Parquet file.
pub fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

/// Opens a Parquet file: reads its digest and the description at its end, no cell.
///
/// Rows have the lines that they would have in a CSV: the first is on line 2.
///
/// # Errors
/// Io, when it cannot be read; Data: a file that is damaged, has no rows, or columns without names of their own.
pub fn open(path: &Path, rows_a_piece: usize) -> Result<Opened> {
    let (disk, mut file) = Disk::open(path)?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).map_err(|cause| Error::io("read", path, &cause))?;
    let mut reader = ParquetReader::new(file);
    let schema = understood(reader.schema(), path)?;
    let groups: Vec<usize> =
        understood(reader.get_metadata(), path)?.row_groups.iter().map(|group| group.num_rows()).collect();
    let column = |name: &str, dtype: &ArrowDataType| ParquetColumn {
        name: name.to_owned(),
        form: form(dtype).ok_or_else(|| type_name(dtype)),
    };
    let columns: Vec<ParquetColumn> =
        schema.iter_values().map(|field| column(&field.name, &field.dtype)).collect();
    let header: Vec<String> = columns.iter().map(|column| trim(&column.name).to_owned()).collect();
    check_names(&header)?;
    let n_rows: usize = groups.iter().sum();
    if n_rows == 0 {
        return Err(Error::data("the file has columns but no rows"));
    }
    disk.check()?;
    let rows = Rows::Parquet(Parquet { path: path.to_owned(), disk, columns });
    let body = Body {
        files: vec![FileRows { rows, places: (0..header.len()).collect() }],
        pieces: slices(&groups, rows_a_piece),
        n_rows,
        marks: Marks::default(),
        origins: Origins::default(),
    };
    let notices = vec!["a Parquet file; its first row counts as line 2, as in a CSV".to_owned()];
    let n_lines = u32::try_from(n_rows + 1).unwrap_or(u32::MAX);
    Ok(Opened { sha256: hexadecimal(hash.finalize()), header, body, n_lines, notices })
}

/// Slices of at most so many rows, none of which reaches over the end of a group of rows.
fn slices(groups: &[usize], rows_a_piece: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut first_row = 0;
    for group in groups {
        let end = first_row + group;
        while first_row < end {
            let n_rows = rows_a_piece.min(end - first_row);
            let stretch: Range<u64> = first_row as u64..(first_row + n_rows) as u64;
            let line = u32::try_from(first_row + 2).unwrap_or(u32::MAX);
            pieces.push(Piece { file: 0, stretch, line, first_row, n_rows });
            first_row += n_rows;
        }
    }
    pieces
}

impl Parquet {
    /// That a column can be read.
    ///
    /// # Errors
    /// Data: a type that has no place in a table, such as lists.
    pub fn check(&self, place: usize) -> Result<()> {
        let column = &self.columns[place];
        match &column.form {
            Ok(_) => Ok(()),
            Err(dtype) => Err(Error::data(format!(
                "column {} is of the type {dtype}, which has no place in a table",
                shown(&column.name)
            ))
            .hint(
                "numbers, text, booleans, dates and times can be read; leave the column out or convert it",
            )),
        }
    }

    /// Calls `take` for each row of a piece with its number in the piece, its line, and the wanted cells.
    ///
    /// # Errors
    /// Io and Data, when the file cannot be read any more or is another than before.
    pub fn rows(
        &self,
        piece: &Piece,
        wants: &[Want],
        mut take: impl FnMut(usize, u32, &[Cell<'_>]),
    ) -> Result<()> {
        let places: Vec<usize> = wants.iter().map(|want| want.place).collect();
        places.iter().try_for_each(|place| self.check(*place))?;
        let lines = (0..piece.n_rows).map(|row| (row, piece.line.saturating_add(row as u32)));
        if places.is_empty() {
            lines.for_each(|(row, line)| take(row, line, &[]));
            return Ok(());
        }
        let frame = self.frame(piece, &places)?;
        self.disk.check()?; // a file that was changed is no damaged one
        let frame = understood(frame, &self.path)?;
        if frame.height() != piece.n_rows {
            return Err(self.disk.changed());
        }
        let columns = places.iter().map(|place| self.series(&frame, *place));
        let columns: Vec<(Form, Series)> = understood(columns.collect(), &self.path)?;
        let cells = columns.iter().map(|(form, series)| cells(*form, series));
        let mut cells: Vec<Cells<'_>> = understood(cells.collect(), &self.path)?;
        let mut row_cells = Vec::with_capacity(cells.len());
        for (row, line) in lines {
            row_cells.clear();
            row_cells.extend(cells.iter_mut().map(|column| column.next().unwrap_or(EMPTY)));
            take(row, line, &row_cells);
        }
        Ok(())
    }

    fn frame(&self, piece: &Piece, places: &[usize]) -> Result<PolarsResult<DataFrame>> {
        let (now, file): (Disk, File) = Disk::open(&self.path)?;
        if now != self.disk {
            return Err(self.disk.changed());
        }
        let mut places = places.to_vec();
        places.sort_unstable();
        let slice = (piece.stretch.start as usize, piece.n_rows);
        Ok(ParquetReader::new(file)
            .with_projection(Some(places))
            .with_slice(Some(slice))
            .read_parallel(ParallelStrategy::None) // the pieces are what is read in parallel
            .set_rechunk(true)
            .finish())
    }

    /// The cells of a column in the type in which they are gone through.
    fn series(&self, frame: &DataFrame, place: usize) -> PolarsResult<(Form, Series)> {
        let ParquetColumn { name, form } = &self.columns[place];
        let form = *form.as_ref().unwrap_or(&Form::Text);
        let series = frame.column(name)?.as_materialized_series();
        let series = match form {
            Form::Number if *series.dtype() == DataType::Float32 => series.clone(),
            Form::Number => series.cast(&DataType::Float64)?,
            Form::Whole => series.cast(&DataType::Int64)?,
            Form::Large => series.cast(&DataType::UInt64)?,
            Form::Boolean => series.clone(),
            Form::Text => series.cast(&DataType::String)?,
            Form::Date | Form::Time(_) => series.to_physical_repr().cast(&DataType::Int64)?,
        };
        Ok((form, series))
    }
}

type Cells<'a> = Box<dyn Iterator<Item = Cell<'a>> + 'a>;
const EMPTY: Cell<'static> = Cell::Text(Cow::Borrowed(""));

/// The cells of a column; a missing one is empty.
fn cells(form: Form, series: &Series) -> PolarsResult<Cells<'_>> {
    Ok(match form {
        Form::Number if *series.dtype() == DataType::Float32 => {
            Box::new(series.f32()?.iter().map(|x| x.map_or(EMPTY, |x| Cell::Number(widened(x)))))
        }
        Form::Number => Box::new(series.f64()?.iter().map(|x| x.map_or(EMPTY, Cell::Number))),
        Form::Whole => Box::new(series.i64()?.iter().map(|x| x.map_or(EMPTY, Cell::Whole))),
        Form::Large => Box::new(series.u64()?.iter().map(|x| x.map_or(EMPTY, |x| owned(x.to_string())))),
        Form::Boolean => Box::new(series.bool()?.iter().map(|x| match x {
            Some(true) => Cell::Text(Cow::Borrowed("true")),
            Some(false) => Cell::Text(Cow::Borrowed("false")),
            None => EMPTY,
        })),
        Form::Text => Box::new(
            series.str()?.iter().map(|x| x.map_or(EMPTY, |text| Cell::Text(Cow::Borrowed(trim(text))))),
        ),
        Form::Date => Box::new(series.i64()?.iter().map(|x| x.map_or(EMPTY, |days| owned(date_text(days))))),
        Form::Time(unit) => {
            Box::new(series.i64()?.iter().map(move |x| x.map_or(EMPTY, |t| owned(time_text(t, unit)))))
        }
    })
}

fn owned(text: String) -> Cell<'static> {
    Cell::Text(Cow::Owned(text))
}

/// The f64 that the shortest decimals of an f32 are, which is what a CSV would give: 0.1 and not 0.10000000149.
fn widened(x: f32) -> f64 {
    x.to_string().parse().unwrap_or(f64::NAN)
}

/// A time, in so many units a second since 1970-01-01, as a CSV has it.
fn time_text(time: i64, unit: i64) -> String {
    const DAY: i64 = 86_400; // seconds
    let (second, fraction) = (time.div_euclid(unit), time.rem_euclid(unit));
    let (day, second) = (second.div_euclid(DAY), second.rem_euclid(DAY));
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let decimals = unit.ilog10() as usize;
    match fraction {
        0 => format!("{}T{clock}", date_text(day)),
        _ => format!("{}T{clock}.{fraction:0decimals$}", date_text(day)),
    }
}

fn form(dtype: &ArrowDataType) -> Option<Form> {
    use ArrowDataType as Type;
    Some(match dtype {
        Type::Float32 | Type::Float64 => Form::Number,
        Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 => Form::Whole,
        Type::UInt8 | Type::UInt16 | Type::UInt32 => Form::Whole,
        Type::UInt64 => Form::Large,
        Type::Boolean => Form::Boolean,
        Type::Utf8 | Type::LargeUtf8 | Type::Utf8View | Type::Null => Form::Text,
        Type::Decimal(..) => Form::Text,
        Type::Dictionary(_, value, _) if form(value) == Some(Form::Text) => Form::Text,
        Type::Date32 => Form::Date,
        Type::Date64 => Form::Time(1000),
        Type::Timestamp(ArrowTimeUnit::Second | ArrowTimeUnit::Millisecond, _) => Form::Time(1000),
        Type::Timestamp(ArrowTimeUnit::Microsecond, _) => Form::Time(1_000_000),
        Type::Timestamp(ArrowTimeUnit::Nanosecond, _) => Form::Time(1_000_000_000),
        _ => return None,
    })
}

/// The name of a type without what is inside it: `list`, `struct`.
fn type_name(dtype: &ArrowDataType) -> String {
    let full = format!("{dtype:?}");
    full.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase()
}

/// What polars says of a file that it cannot read.
fn understood<T>(result: PolarsResult<T>, path: &Path) -> Result<T> {
    result.map_err(|cause| match cause {
        polars::prelude::PolarsError::IO { error, .. } => Error::io("read", path, &error),
        cause => Error::new(Kind::Data, format!("the Parquet file cannot be read: {cause}"))
            .hint("it may be damaged; write it again, or export the data as CSV"),
    })
}

#[cfg(test)]
#[path = "parquet_tests.rs"]
mod tests;
