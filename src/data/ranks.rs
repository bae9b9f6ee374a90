//! Data of several ranks: who reads which rows, and how what each sees of the columns becomes one.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::cell::{Mark, shown};
use crate::data::choices::{DataChoices, Wanted};
use crate::data::csv::{Source, Typed, open_in};
use crate::data::layout::Layout;
use crate::data::levels;
use crate::data::opening::{self, Opened, Sizes, hexadecimal};
use crate::data::store::{Disk, Store};
use crate::data::survey::{ColumnKind, Survey, SurveyedColumn};
use crate::data::table::{MISSING, Values};
use crate::error::{Error, Result};
use crate::team::{Ranks, Team};

/// What a rank says of the table that it opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Table {
    file: String,
    sha256: String,
    header: Vec<String>,
    n_rows: usize,
    notices: Vec<String>,
}

/// Opens a table on every rank: where all have the same one, each gets its share of the rows; where each has its own, it keeps
/// that to itself. The header, its order and the name are those of rank 0 for all.
///
/// # Errors
/// Those of [`crate::data::csv::open`] on any rank, on all of them; Data, where some ranks have the same table and others not.
pub fn open(data: &Path, team: Arc<dyn Team>) -> Result<(Source, Ranks)> {
    open_by(data, team, Sizes::default().in_memory)
}

/// As [`open`]; files of at most so many bytes are gone through by every rank.
pub(crate) fn open_by(data: &Path, team: Arc<dyn Team>, small: u64) -> Result<(Source, Ranks)> {
    let ranks = Ranks::of(Arc::clone(&team), false);
    if let Some(mut source) = open_shares(data, &ranks, small)? {
        say_shares(&mut source, &ranks)?;
        return Ok((source, ranks));
    }
    let source = open_in(data, sizes(data, ranks.size()));
    let table = |source: &Source| Table {
        file: source.file.clone(),
        sha256: source.sha256.clone(),
        header: source.header.clone(),
        n_rows: source.n_rows,
        notices: source.notices.clone(),
    };
    let tables = ranks.meet(source.as_ref().map(table).map_err(Clone::clone))?;
    let mut source = source?;
    let mut different: Vec<&str> = tables.iter().map(|t| t.sha256.as_str()).collect();
    different.sort_unstable();
    different.dedup();
    if different.len() == 1 {
        source.share(&ranks);
        say_shares(&mut source, &ranks)?;
        return Ok((source, ranks));
    }
    if different.len() < tables.len() {
        let twin = |t: &Table| tables.iter().filter(|other| other.sha256 == t.sha256).count() > 1;
        let list: Vec<String> = tables
            .iter()
            .enumerate()
            .map(|(rank, t)| format!("rank {rank} `{}`{}", t.file, if twin(t) { " (twice)" } else { "" }))
            .collect();
        return Err(Error::data(format!(
            "some ranks have the same rows and others not: {}",
            list.join(", ")
        ))
        .hint("name one table for all ranks, or a table of its own for each"));
    }
    let first = &tables[0];
    for (rank, table) in tables.iter().enumerate() {
        if let Some(column) = first.header.iter().find(|column| !table.header.contains(column)) {
            return Err(Error::data(format!(
                "rank {rank}: `{}` has no column {}, which `{}` of rank 0 has",
                table.file,
                shown(column),
                first.file
            ))
            .hint("the files of one table must have the same columns, in whatever order"));
        }
    }
    source.notices = together(tables.iter().map(|t| t.notices.clone()).collect());
    let rows: Vec<String> = tables.iter().map(|t| t.n_rows.to_string()).collect();
    source.notices.push(format!(
        "{} ranks, each with a file of its own, of which only sums leave it: {} rows",
        ranks.size(),
        rows.join(" + ")
    ));
    let digests: String = tables.iter().map(|t| t.sha256.as_str()).collect();
    source.sha256 = hexadecimal(Sha256::digest(digests));
    source.file = tables.iter().map(|t| t.file.as_str()).collect::<Vec<_>>().join(",");
    Ok((source, Ranks::of(team, true)))
}

fn say_shares(source: &mut Source, ranks: &Ranks) -> Result<()> {
    let rows = ranks.meet(Ok(source.n_rows))?;
    let rows: Vec<String> = rows.iter().map(usize::to_string).collect();
    source.notices.push(format!(
        "{} ranks share the rows of `{}`: {}",
        ranks.size(),
        source.file,
        rows.join(" + ")
    ));
    Ok(())
}

/// One big text file that every rank sees: each reads its share of the bytes alone. `None`, on all ranks, where the ranks have
/// different files, or anything about the file is odd: it has to be gone through whole.
fn open_shares(data: &Path, ranks: &Ranks, small: u64) -> Result<Option<Source>> {
    let marks = ranks.meet(Ok(mark(data)))?;
    if marks[0].is_none() || marks.iter().any(|mark| *mark != marks[0]) {
        return Ok(None);
    }
    let sizes = Sizes { in_memory: small, ..sizes(data, ranks.size()) };
    let whole = (ranks.rank() == 0).then(|| {
        let path = data.to_owned();
        std::thread::spawn(move || opening::digest(&path))
    });
    let share =
        opening::share(data, sizes, ranks.rank(), ranks.size()).ok().flatten().filter(|share| share.is_plain);
    let n_lines = share.as_ref().map(|share| share.parts.iter().map(|(_, part)| part.n_lines).sum::<u32>());
    let lines = ranks.meet(Ok(n_lines))?;
    let before = lines.iter().take(ranks.rank()).map(|n| n.unwrap_or(0)).sum();
    let checked = share.as_ref().filter(|_| lines.iter().all(Option::is_some)).and_then(|share| {
        let mut layout = Layout::after(&share.header, before);
        share.parts.iter().try_for_each(|(bytes, part)| layout.add(bytes.clone(), part.clone())).ok()?;
        layout.finish().ok().filter(|checked| checked.n_empty_at_end == 0)
    });
    let seen = checked.as_ref().map(|c| (c.marks.comma, c.marks.point, c.notices.clone()));
    let all: Option<Vec<_>> = ranks.meet(Ok(seen))?.into_iter().collect();
    let digest = whole.map(|thread| {
        thread.join().unwrap_or_else(|_| Err(Error::data("the file could not be hashed"))) // the thread does not panic
    });
    let digest = ranks.meet(digest.transpose())?.swap_remove(0).unwrap_or_default();
    let (Some(all), Some(share), Some(mut checked)) = (all, share, checked) else { return Ok(None) };
    checked.marks.comma = all.iter().filter_map(|(comma, ..)| *comma).min();
    checked.marks.point = all.iter().filter_map(|(_, point, _)| *point).min();
    checked.notices = together(all.into_iter().map(|(.., notices)| notices).collect());
    let name = data.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let opened = Opened::new(digest, share.header, checked, Store::Disk(share.disk), Vec::new());
    Ok(Some(Source::new(name, opened)))
}

/// What tells one file from another without reading it: its length and the bytes at both ends. `None` of what is no file.
fn mark(data: &Path) -> Option<(u64, String)> {
    const ENDS: u64 = 1 << 16;
    let (disk, _) = Disk::open(data).ok().filter(|_| data.is_file())?;
    let n = disk.n_bytes();
    let mut hash = Sha256::new();
    hash.update(disk.bytes(&(0..n.min(ENDS))).ok()?);
    hash.update(disk.bytes(&(n.saturating_sub(ENDS)..n)).ok()?);
    Some((n, hexadecimal(hash.finalize())))
}

/// Pieces small enough for every rank to have some.
fn sizes(data: &Path, ranks: usize) -> Sizes {
    const PIECES_A_RANK: u64 = 8;
    const FEWEST_ROWS: usize = 1 << 10;
    let usual = Sizes::default();
    let n_bytes = std::fs::metadata(data).map_or(0, |file| file.len());
    let piece = (n_bytes / (ranks as u64 * PIECES_A_RANK)).clamp(1, usual.piece as u64) as usize;
    let rows = (usual.rows / ranks).max(FEWEST_ROWS);
    Sizes { piece, rows, ..usual }
}

impl Source {
    /// Keeps the pieces of one rank: those whose first row stands in its part of the rows.
    fn share(&mut self, ranks: &Ranks) {
        let Some(body) = Arc::get_mut(&mut self.body) else { return };
        let (all, size) = (body.n_rows.max(1), ranks.size());
        body.pieces.retain(|piece| piece.first_row * size / all == ranks.rank());
        let before = body.pieces.first().map_or(0, |piece| piece.first_row);
        body.pieces.iter_mut().for_each(|piece| piece.first_row -= before);
        body.n_rows = body.pieces.iter().map(|piece| piece.n_rows).sum();
        self.n_rows = body.n_rows;
    }
}

/// What a rank saw of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Seen {
    /// No value in any of its rows.
    Nothing,
    Numbers,
    Dates,
    Levels(Vec<String>),
}

/// The choices for a rank by itself: it may lack the reference level, which is put first when the levels have met.
fn of_one_rank(choices: &DataChoices) -> DataChoices {
    let mut own = choices.clone();
    own.factors.extend(choices.references.iter().map(|(name, _)| name.clone()));
    own.references.clear();
    own
}

/// What all ranks together see of some columns.
///
/// # Errors
/// Those of [`Source::survey`] on any rank; Data, where a column is numbers on one rank and text or dates on another.
pub fn survey(source: &Source, columns: &[String], choices: &DataChoices, ranks: &Ranks) -> Result<Survey> {
    let own = source.survey(columns, &of_one_rank(choices));
    let seen = |survey: &Survey| -> (Vec<Seen>, Vec<String>) {
        let of = |column: &SurveyedColumn| match &column.kind {
            _ if column.is_empty => Seen::Nothing,
            ColumnKind::Number { .. } => Seen::Numbers,
            ColumnKind::Date => Seen::Dates,
            ColumnKind::Category { levels } => Seen::Levels(levels.clone()),
        };
        (survey.columns.iter().map(of).collect(), survey.notices.clone())
    };
    let (kinds, notices) = seen_by_all(columns, own.as_ref().map(seen), choices, ranks)?;
    let mut survey = own?;
    for (column, kind) in survey.columns.iter_mut().zip(kinds) {
        let Some(kind) = kind else { continue };
        if let (ColumnKind::Category { levels }, ColumnKind::Category { levels: own }) = (&kind, &column.kind)
        {
            let new = new_codes(own, levels);
            let code = |code: &u32| new.get(*code as usize).copied().unwrap_or(MISSING);
            let codes = column.codes.iter().map(|(text, own)| (text.clone(), code(own))).collect();
            column.codes = Arc::new(codes);
        }
        let own_mark =
            matches!((&kind, &column.kind), (ColumnKind::Number { .. }, ColumnKind::Number { .. }));
        if !own_mark {
            column.kind = kind;
        }
    }
    survey.notices = notices;
    Ok(survey)
}

/// The cells of some columns of this rank's rows, typed as all ranks together see them.
///
/// # Errors
/// Those of [`Source::typed`] on any rank; Data, where a column is numbers on one rank and text or dates on another.
pub fn typed(source: &Source, columns: &[String], choices: &DataChoices, ranks: &Ranks) -> Result<Typed> {
    let own = source.typed(columns, &of_one_rank(choices));
    let seen = |typed: &Typed| -> (Vec<Seen>, Vec<String>) {
        (typed.table.columns.iter().map(|column| seen_in(&column.values)).collect(), typed.notices.clone())
    };
    let (kinds, notices) = seen_by_all(columns, own.as_ref().map(seen), choices, ranks)?;
    let mut typed = own?;
    let n = typed.table.n_rows;
    for (column, kind) in typed.table.columns.iter_mut().zip(kinds) {
        let is_empty = seen_in(&column.values) == Seen::Nothing;
        match (kind, &mut column.values) {
            (Some(ColumnKind::Category { levels }), Values::Category { codes, levels: own }) if !is_empty => {
                let new = new_codes(own, &levels);
                let code = |code: u32| new.get(code as usize).copied().unwrap_or(MISSING);
                codes.iter_mut().for_each(|own| *own = code(*own));
                *own = levels;
            }
            (Some(kind), values) if is_empty => {
                *values = match kind {
                    ColumnKind::Number { .. } => Values::Number(vec![f64::NAN; n]),
                    ColumnKind::Date => Values::Date(vec![f64::NAN; n]),
                    ColumnKind::Category { levels } => Values::Category { codes: vec![MISSING; n], levels },
                };
            }
            _ => {} // numbers and dates are what they are everywhere
        }
    }
    typed.notices = notices;
    Ok(typed)
}

fn seen_in(values: &Values) -> Seen {
    match values {
        Values::Number(cells) if cells.iter().any(|x| !x.is_nan()) => Seen::Numbers,
        Values::Date(cells) if cells.iter().any(|x| !x.is_nan()) => Seen::Dates,
        Values::Category { codes, levels } if codes.iter().any(|code| *code != MISSING) => {
            Seen::Levels(levels.clone())
        }
        _ => Seen::Nothing,
    }
}

/// What each column is, all ranks taken together (`None` where none has a value), and what they say of them.
fn seen_by_all(
    columns: &[String],
    own: std::result::Result<(Vec<Seen>, Vec<String>), &Error>,
    choices: &DataChoices,
    ranks: &Ranks,
) -> Result<(Vec<Option<ColumnKind>>, Vec<String>)> {
    let all = ranks.meet(own.map_err(Clone::clone))?;
    let kind = |(j, name): (usize, &String)| {
        meet(name, &all.iter().map(|(columns, _)| &columns[j]).collect::<Vec<_>>(), choices)
    };
    let kinds = columns.iter().enumerate().map(kind).collect::<Result<_>>()?;
    Ok((kinds, together(all.into_iter().map(|(_, notices)| notices).collect())))
}

/// For each of a rank's own levels its code among those of all ranks.
fn new_codes(own: &[String], all: &[String]) -> Vec<u32> {
    let place: HashMap<&str, u32> = all.iter().zip(0..).map(|(level, k)| (level.as_str(), k)).collect();
    own.iter().map(|level| place[level.as_str()]).collect()
}

/// What a column is, all ranks taken together; `None` where none has a value.
fn meet(name: &str, of_ranks: &[&Seen], choices: &DataChoices) -> Result<Option<ColumnKind>> {
    let word = |seen: &Seen| match seen {
        Seen::Nothing => "empty",
        Seen::Numbers => "numbers",
        Seen::Dates => "dates",
        Seen::Levels(_) => "text",
    };
    let mut some = of_ranks.iter().enumerate().filter(|(_, seen)| ***seen != Seen::Nothing);
    let Some((first, seen)) = some.next() else { return Ok(None) };
    if let Some((other, unlike)) = some.find(|(_, other)| word(other) != word(seen)) {
        return Err(Error::data(format!(
            "column {} is {} on rank {first} and {} on rank {other}",
            shown(name),
            word(seen),
            word(unlike)
        ))
        .hint(format!(
            "`--factor {name}` makes it categorical everywhere, `--na CODE` declares what means missing; or correct the file"
        )));
    }
    Ok(Some(match seen {
        Seen::Nothing | Seen::Numbers => ColumnKind::Number { mark: Mark::Point },
        Seen::Dates => ColumnKind::Date,
        Seen::Levels(_) => {
            let lists = of_ranks.iter().filter_map(|seen| match seen {
                Seen::Levels(levels) => Some(levels.as_slice()),
                _ => None,
            });
            let reference = match choices.wanted(name) {
                Wanted::Factor { levels: Some(listed), reference: None } => {
                    return Ok(Some(ColumnKind::Category { levels: listed.to_vec() }));
                }
                Wanted::Factor { reference, .. } => reference,
                _ => None,
            };
            ColumnKind::Category { levels: levels::union(name, lists, reference)? }
        }
    }))
}

/// What ranks say: what all say once, else with the rank.
fn together(of_ranks: Vec<Vec<String>>) -> Vec<String> {
    let mut notices = Vec::new();
    for (rank, own) in of_ranks.iter().enumerate() {
        for notice in own {
            let of_all = of_ranks.iter().all(|other| other.contains(notice));
            match (of_all, rank) {
                (true, 0) => notices.push(notice.clone()),
                (true, _) => {}
                (false, _) => notices.push(format!("rank {rank}: {notice}")),
            }
        }
    }
    notices
}
