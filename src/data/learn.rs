//! A pass over all rows that learns of each wanted column whether it is plain numbers, or which texts it holds.

use std::sync::Mutex;

use rayon::prelude::*;

use crate::data::body::{Body, Cell};
use crate::data::cell::{self, Mark};
use crate::data::dictionary::{Dictionary, Distinct, Local};
use crate::data::layout::Piece;
use crate::data::na::MissingCodes;
use crate::data::scan::{Row, Sink, Want};
use crate::error::Result;

/// A column to learn of.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its place in the header.
    pub place: usize,
    /// What means missing in it.
    pub missing: MissingCodes,
    /// Whether plain numbers would be read as numbers.
    pub may_be_numbers: bool,
}

/// What is kept of the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// A number or a code for every cell.
    Cells,
    /// Nothing but what was learnt.
    Nothing,
}

/// What was learnt of a column.
#[derive(Debug, Clone)]
pub enum Learnt {
    /// Every cell is missing or a plain number with one decimal mark that is beyond doubt.
    Numbers {
        /// Whether any cell is not missing.
        any: bool,
        /// Whether any cell is missing.
        has_gaps: bool,
        /// The mark.
        mark: Mark,
        /// The cells, where they are kept; NaN where they are missing.
        values: Vec<f64>,
    },
    /// The column has to be judged by its texts.
    Texts {
        /// The texts in order of their first rows.
        texts: Vec<Distinct>,
        /// For each code the place of its text.
        place_of: Vec<u32>,
        /// The code of each cell, where they are kept.
        codes: Vec<u32>,
    },
}

/// What was learnt of some columns.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Of each, in the order of the jobs.
    pub columns: Vec<Learnt>,
    /// For each row the line on which it starts, where cells are kept.
    pub lines: Vec<u32>,
}

/// Learns of some columns, whose places ascend. Columns that turn out not to be numbers are read once more.
///
/// # Errors
/// Io and Data, when the file cannot be read any more or is another than before.
pub fn learn(body: &Body, jobs: &[Job], keep: Keep) -> Result<Lesson> {
    let forms = guess(body, jobs)?;
    let (columns, lines) = pass(body, jobs, &forms, keep)?;
    let again: Vec<usize> = (0..jobs.len()).filter(|idx| columns[*idx].is_none()).collect();
    let mut columns = columns;
    if !again.is_empty() {
        let jobs: Vec<Job> = again.iter().map(|idx| jobs[*idx].clone()).collect();
        let (texts, _) = pass(body, &jobs, &vec![Form::Texts; jobs.len()], keep)?;
        again.into_iter().zip(texts).for_each(|(idx, learnt)| columns[idx] = learnt);
    }
    let columns = columns.into_iter().map(|c| c.expect("texts can always be learnt")).collect();
    Ok(Lesson { columns, lines })
}

/// As what the cells of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Numbers,
    Texts,
}

/// What the first rows look like.
fn guess(body: &Body, jobs: &[Job]) -> Result<Vec<Form>> {
    const ROWS: usize = 1000;
    let mut forms: Vec<Form> =
        jobs.iter().map(|job| if job.may_be_numbers { Form::Numbers } else { Form::Texts }).collect();
    let Some(first) = body.pieces.first().filter(|_| forms.contains(&Form::Numbers)) else {
        return Ok(forms);
    };
    let head = Piece { n_rows: first.n_rows.min(ROWS), ..first.clone() };
    let mut numbers = Numbers::default();
    body.rows(&head, &wants(jobs, &forms), |_, _, cells| {
        for ((form, job), cell) in forms.iter_mut().zip(jobs).zip(cells) {
            if numbers.read(cell, &job.missing, body.marks.comma_is_free).is_none() {
                *form = Form::Texts;
            }
        }
    })?;
    Ok(forms)
}

fn wants(jobs: &[Job], forms: &[Form]) -> Vec<Want> {
    let want = |(job, form): (&Job, &Form)| Want { place: job.place, as_number: *form == Form::Numbers };
    jobs.iter().zip(forms).map(want).collect()
}

/// Learns of each column in its form; `None` where it should have been numbers and is not.
fn pass(body: &Body, jobs: &[Job], forms: &[Form], keep: Keep) -> Result<(Vec<Option<Learnt>>, Vec<u32>)> {
    let n_kept = if keep == Keep::Cells { body.n_rows } else { 0 };
    let mut lines = vec![0; n_kept];
    let mut values: Vec<Vec<f64>> = Vec::new();
    let mut codes: Vec<Vec<u32>> = Vec::new();
    for form in forms {
        let (n_values, n_codes) = if *form == Form::Numbers { (n_kept, 0) } else { (0, n_kept) };
        values.push(vec![0.0; n_values]);
        codes.push(vec![0; n_codes]);
    }
    let dictionaries: Vec<Mutex<Dictionary>> = jobs.iter().map(|_| Mutex::default()).collect();
    let pupil = Pupil { body, jobs, forms, wants: wants(jobs, forms), dictionaries: &dictionaries };
    let desks = desks(body, &mut lines, &mut values, &mut codes);
    let numbers = body.pieces.par_iter().zip(desks).map(|(piece, desk)| pupil.read(piece, desk)).try_reduce(
        || vec![Numbers::default(); jobs.len()],
        |a, b| Ok(a.into_iter().zip(b).map(|(a, b)| a.and(b)).collect()),
    )?;
    let columns = numbers.into_iter().zip(forms).zip(values.into_iter().zip(codes)).zip(dictionaries);
    let learnt = columns.map(|(((numbers, form), (values, codes)), dictionary)| match form {
        Form::Numbers => {
            let Numbers { any, has_gaps, .. } = numbers;
            numbers.mark().map(|mark| Learnt::Numbers { any, has_gaps, mark, values })
        }
        Form::Texts => {
            let dictionary = dictionary.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
            let (texts, place_of) = dictionary.in_order();
            Some(Learnt::Texts { texts, place_of, codes })
        }
    });
    Ok((learnt.collect(), lines))
}

/// Where what a piece holds is put: its stretch of the lines and of each column, empty where nothing is kept.
struct Desk<'a> {
    lines: &'a mut [u32],
    values: Vec<&'a mut [f64]>,
    codes: Vec<&'a mut [u32]>,
}

/// One desk a piece.
fn desks<'a>(
    body: &Body,
    lines: &'a mut [u32],
    values: &'a mut [Vec<f64>],
    codes: &'a mut [Vec<u32>],
) -> Vec<Desk<'a>> {
    let mut lines = lines;
    let mut values: Vec<&mut [f64]> = values.iter_mut().map(Vec::as_mut_slice).collect();
    let mut codes: Vec<&mut [u32]> = codes.iter_mut().map(Vec::as_mut_slice).collect();
    let desk = |piece: &Piece| Desk {
        lines: split(&mut lines, piece.n_rows),
        values: values.iter_mut().map(|rest| split(rest, piece.n_rows)).collect(),
        codes: codes.iter_mut().map(|rest| split(rest, piece.n_rows)).collect(),
    };
    body.pieces.iter().map(desk).collect()
}

/// Takes the first `n` cells off a slice, or none where it is empty.
fn split<'a, T>(rest: &mut &'a mut [T], n: usize) -> &'a mut [T] {
    let (first, others) = std::mem::take(rest).split_at_mut_checked(n).unwrap_or_default();
    *rest = others;
    first
}

/// Reads pieces, on any thread.
struct Pupil<'a> {
    body: &'a Body,
    jobs: &'a [Job],
    forms: &'a [Form],
    wants: Vec<Want>,
    dictionaries: &'a [Mutex<Dictionary>],
}

impl Pupil<'_> {
    /// Reads one piece; gives what is known of the columns that are read as numbers.
    fn read(&self, piece: &Piece, desk: Desk<'_>) -> Result<Vec<Numbers>> {
        let texts = self.jobs.iter().map(|_| Local::default()).collect();
        let numbers = vec![Numbers::default(); self.jobs.len()];
        let has_codes = self.jobs.iter().map(|job| job.missing.has_numbers()).collect();
        let mut notes = Notes { pupil: self, piece, desk, numbers, has_codes, texts };
        self.body.each(piece, &self.wants, &mut notes)?;
        let Notes { mut desk, numbers, texts, .. } = notes;
        for (idx, local) in texts.into_iter().enumerate().filter(|(idx, _)| self.forms[*idx] == Form::Texts) {
            let mut dictionary =
                self.dictionaries[idx].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let translation = dictionary.add(local);
            drop(dictionary);
            desk.codes[idx].iter_mut().for_each(|code| *code = translation[*code as usize]);
        }
        Ok(numbers)
    }
}

/// What is noted of a piece while it is read.
struct Notes<'a> {
    pupil: &'a Pupil<'a>,
    piece: &'a Piece,
    desk: Desk<'a>,
    numbers: Vec<Numbers>,
    /// Of each column whether there are numbers that mean missing.
    has_codes: Vec<bool>,
    texts: Vec<Local>,
}

impl<'t> Sink<'t> for Notes<'_> {
    #[inline(always)]
    fn cell(&mut self, row: Row, want: usize, cell: Cell<'t>) {
        match self.pupil.forms[want] {
            Form::Numbers => self.number(row, want, &cell),
            Form::Texts => {
                let line = self.piece.line.saturating_add(row.line);
                let code = self.texts[want].take(&cell.text(), self.piece.first_row + row.number, line);
                if let Some(place) = self.desk.codes[want].get_mut(row.number) {
                    *place = code;
                }
            }
        }
    }

    #[inline(always)]
    fn numbers(&mut self, row: Row, wants: &[(usize, usize)], numbers: &[f64]) {
        for ((want, _), number) in wants.iter().zip(numbers) {
            if self.has_codes[*want] {
                self.number(row, *want, &Cell::Number(*number));
                continue;
            }
            self.numbers[*want].any = true;
            if let Some(place) = self.desk.values[*want].get_mut(row.number) {
                *place = *number;
            }
        }
    }

    #[inline(always)]
    fn end(&mut self, row: Row) {
        if let Some(place) = self.desk.lines.get_mut(row.number) {
            *place = self.piece.line.saturating_add(row.line);
        }
    }
}

impl Notes<'_> {
    #[inline(always)]
    fn number(&mut self, row: Row, want: usize, cell: &Cell<'_>) {
        let numbers = &mut self.numbers[want];
        if numbers.failed {
            return;
        }
        let Pupil { jobs, body, .. } = self.pupil;
        match numbers.read(cell, &jobs[want].missing, body.marks.comma_is_free) {
            Some(value) => {
                if let Some(place) = self.desk.values[want].get_mut(row.number) {
                    *place = value;
                }
            }
            None => numbers.failed = true,
        }
    }
}

/// What is known of a column that is read as plain numbers.
#[derive(Debug, Clone, Copy, Default)]
struct Numbers {
    /// A cell is neither missing nor a plain number.
    failed: bool,
    /// A cell is a number.
    any: bool,
    /// A cell is missing.
    has_gaps: bool,
    /// A number has a decimal comma, a decimal point.
    comma: bool,
    point: bool,
    /// Decimals of a number cannot be a group of thousands.
    sure: bool,
}

impl Numbers {
    /// The number that a cell is, NaN where it is missing; `None` where it is neither, or a code with leading zeros.
    #[inline(always)]
    fn read(&mut self, cell: &Cell<'_>, missing: &MissingCodes, comma_is_free: bool) -> Option<f64> {
        let value = match cell {
            Cell::Text(text) => return self.read_text(text, missing, comma_is_free),
            Cell::Number(value) => *value,
            Cell::Whole(value) => *value as f64,
        };
        let is_missing = value.is_nan() || missing.is_missing_number(value);
        self.any |= !is_missing;
        self.has_gaps |= is_missing;
        if is_missing { Some(f64::NAN) } else { Some(value).filter(|x| x.is_finite()) }
    }

    fn read_text(&mut self, text: &str, missing: &MissingCodes, comma_is_free: bool) -> Option<f64> {
        if let Some(value) = cell::number(text, Mark::Point) {
            if cell::is_code(text) {
                return None;
            }
            if missing.is_missing_number(value) {
                self.has_gaps = true;
                return Some(f64::NAN);
            }
            if comma_is_free && !(self.point && self.sure) {
                self.note_decimals(text);
            }
            self.any = true;
            return Some(value);
        }
        if missing.mean_missing(text) {
            self.has_gaps = true;
            return Some(f64::NAN);
        }
        let value = cell::number(text, Mark::Comma).filter(|_| comma_is_free)?;
        if !(self.comma && self.sure) {
            self.note_decimals(text);
        }
        self.any = true;
        Some(value)
    }

    fn note_decimals(&mut self, text: &str) {
        if let Some(decimals) = cell::decimals(text) {
            self.comma |= decimals.mark == Mark::Comma;
            self.point |= decimals.mark == Mark::Point;
            self.sure |= !decimals.could_group;
        }
    }

    fn and(self, other: Numbers) -> Numbers {
        Numbers {
            failed: self.failed || other.failed,
            any: self.any || other.any,
            has_gaps: self.has_gaps || other.has_gaps,
            comma: self.comma || other.comma,
            point: self.point || other.point,
            sure: self.sure || other.sure,
        }
    }

    /// The decimal mark, if the column is numbers with one mark that is beyond doubt.
    fn mark(self) -> Option<Mark> {
        match (self.failed, self.comma, self.point, self.sure) {
            (true, ..) | (_, true, true, _) => None,
            (_, false, false, _) | (_, false, true, true) => Some(Mark::Point),
            (_, true, false, true) => Some(Mark::Comma),
            _ => None,
        }
    }
}
