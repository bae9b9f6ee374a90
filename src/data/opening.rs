//! The first pass over a file: its bytes are hashed, cut into pieces, and each piece is checked, in parallel.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Take};
use std::ops::Range;
use std::path::Path;

use memchr::{memchr2, memrchr2};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::data::body::{Body, FileRows, Rows};
use crate::data::cut::Cutter;
use crate::data::encoding::{self, Facts, Form};
use crate::data::header::{self, Header, Shape};
use crate::data::layout::{Checked, Layout, Part};
use crate::data::origin::Origins;
use crate::data::parquet::{self, is_parquet};
use crate::data::store::{Disk, Store};
use crate::error::{Error, Result};

/// How much text is looked at in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Files up to this many bytes are kept in memory.
    pub in_memory: u64,
    /// Bytes of a piece, about.
    pub piece: usize,
    /// Bytes in which the head of a file is looked for first.
    pub head: usize,
    /// Rows of a piece of a Parquet file, at most.
    pub rows: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes { in_memory: 32 << 20, piece: 4 << 20, head: 2 << 20, rows: 1 << 17 }
    }
}

/// A file that was read through once.
pub struct Opened {
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// The names of its columns.
    pub header: Vec<String>,
    /// Its rows.
    pub body: Body,
    /// Its lines.
    pub n_lines: u32,
    /// What was found or left out, one sentence each.
    pub notices: Vec<String>,
}

impl Opened {
    /// A checked text.
    pub fn new(
        sha256: String,
        header: Header,
        checked: Checked,
        store: Store,
        encoding: Vec<String>,
    ) -> Self {
        let Checked { pieces, n_rows, n_lines, marks, notices, .. } = checked;
        let places = (0..header.names.len()).collect();
        let files = vec![FileRows { rows: Rows::Text { store, shape: header.shape }, places }];
        let body = Body { files, pieces, n_rows, marks, origins: Origins::default() };
        Opened { sha256, header: header.names, body, n_lines, notices: [encoding, notices].concat() }
    }
}

/// Goes through bytes that are in memory.
///
/// # Errors
/// Data: no text, no known encoding, or no CSV that can be used.
pub fn bytes(bytes: Vec<u8>, sizes: Sizes) -> Result<Opened> {
    let sha256 = hexadecimal(Sha256::digest(&bytes));
    let decoded = encoding::decode(bytes)?;
    let text = decoded.text;
    let header = header::read(&text, false)?.expect("the whole text is there");
    let mut pieces = Vec::new();
    let mut cutter = Cutter::new(header.shape.delimiter);
    let (mut start, mut end) = (header.rows_at, header.rows_at);
    while start < text.len() {
        end = text.len().min(end + sizes.piece);
        let cut = start + cutter.cut(&text.as_bytes()[start..end], end == text.len());
        if cut > start {
            pieces.push(start..cut);
            start = cut;
        }
    }
    let parts: Vec<Part> =
        pieces.par_iter().map(|bytes| Part::of(&text[bytes.clone()], header.shape)).collect();
    let mut layout = Layout::new(&header);
    for (piece, part) in pieces.into_iter().zip(parts) {
        layout.add(piece.start as u64..piece.end as u64, part)?;
    }
    let checked = layout.finish()?;
    Ok(Opened::new(sha256, header, checked, Store::Memory(text), decoded.notices))
}

/// Goes through a regular file; one that is small or in UTF-16 is then kept in memory.
///
/// # Errors
/// Those of [`bytes`]; Io, when it cannot be read; Data, when it changes while it is read.
pub fn file(path: &Path, sizes: Sizes) -> Result<Opened> {
    let (disk, mut file) = Disk::open(path)?;
    let mut head = Vec::new();
    read_on(&mut file, &mut head, 4, path)?;
    if is_parquet(&head) {
        return parquet::open(path, sizes.rows);
    }
    if disk.n_bytes() <= sizes.in_memory {
        return whole(file, head, path, sizes);
    }
    read_on(&mut file, &mut head, sizes.head, path)?;
    let Form::Plain { mark } = encoding::form(&head)? else { return whole(file, head, path, sizes) };
    let (header, rows_at) = match read_header(&mut file, head, mark, &disk, path) {
        Ok(found) => found,
        Err(error) => {
            // What is wrong with the encoding of the file as a whole comes first.
            let passed = pass(&disk, path, sizes, &Start { bytes: mark, mark, n_lines: 0, shape: None })?;
            passed.facts.verdict(mark > 0)?;
            return Err(error);
        }
    };
    let n_lines = header.rows_line as usize - 1;
    let start = Start { bytes: rows_at, mark, n_lines, shape: Some(header.shape) };
    let passed = pass(&disk, path, sizes, &start)?;
    let notices = passed.facts.verdict(mark > 0)?;
    let mut layout = Layout::new(&header);
    for (bytes, part) in passed.parts {
        layout.add(bytes, part)?;
    }
    let checked = layout.finish()?;
    Ok(Opened::new(passed.sha256, header, checked, Store::Disk(disk), notices))
}

/// Goes through a file of which some has been read already, in memory.
fn whole(mut file: File, mut head: Vec<u8>, path: &Path, sizes: Sizes) -> Result<Opened> {
    file.read_to_end(&mut head).map_err(|cause| Error::io("read", path, &cause))?;
    bytes(head, sizes)
}

/// The error for a file that cannot be read.
pub fn unreadable(path: &Path, cause: &std::io::Error) -> Error {
    let error = Error::io("read", path, cause);
    match cause.kind() {
        ErrorKind::NotFound => error.hint("check the path; `clinreg datasets` lists data that is built in"),
        _ => error,
    }
}

/// Reads up to `n_bytes` more bytes; gives how many there were.
fn read_on(file: &mut impl Read, bytes: &mut Vec<u8>, n_bytes: usize, path: &Path) -> Result<usize> {
    bytes.reserve(n_bytes);
    file.take(n_bytes as u64).read_to_end(bytes).map_err(|cause| Error::io("read", path, &cause))
}

/// The header and the byte of the file at which the rows begin, from as much of the file as it takes.
fn read_header(
    file: &mut File,
    mut head: Vec<u8>,
    mark: usize,
    disk: &Disk,
    path: &Path,
) -> Result<(Header, usize)> {
    const MOST: usize = 64 << 20; // a mistake in the quotation marks looks like a head without an end
    loop {
        let is_beginning = (head.len() as u64) < disk.n_bytes() && head.len() < MOST;
        let end = if is_beginning { whole_lines(&head) } else { head.len() };
        let bytes = &head[mark.min(end)..end];
        let text = encoding::stretch(bytes);
        if let Some(header) = header::read(&text, is_beginning)? {
            let is_utf8 = std::str::from_utf8(bytes).is_ok();
            let before = &text[..header.rows_at];
            let n_bytes = if is_utf8 { before.len() } else { before.chars().count() };
            return Ok((header, mark + n_bytes));
        }
        let n_bytes = head.len();
        if read_on(file, &mut head, n_bytes, path)? == 0 {
            return Err(disk.changed());
        }
    }
}

/// How many of some bytes are whole lines; a CR at the very end may be half of a line break.
fn whole_lines(bytes: &[u8]) -> usize {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    memrchr2(b'\n', b'\r', bytes).map_or(0, |at| at + 1)
}

/// Where the pass begins to cut.
struct Start {
    /// Bytes before it, of which the first `mark` are the byte-order mark.
    bytes: usize,
    mark: usize,
    /// Lines before it.
    n_lines: usize,
    /// What every row must fit; `None` to look at the encoding only.
    shape: Option<Shape>,
}

/// What the pass over a file on disk finds.
struct Passed {
    sha256: String,
    facts: Facts,
    parts: Vec<(Range<u64>, Part)>,
}

/// A share of a big file: the records from one byte on to another.
pub struct Share {
    /// The names of the columns, and where the rows begin.
    pub header: Header,
    /// The file.
    pub disk: Disk,
    /// The pieces and what each was found to be.
    pub parts: Vec<(Range<u64>, Part)>,
    /// Whether nothing is odd in it: plain UTF-8, and its last byte ends a record.
    pub is_plain: bool,
}

/// Goes through one of `size` shares of a big text file: from the first line break after its part of the bytes on. `None` where the
/// file is small, no text, or in another encoding; it has to be gone through whole.
///
/// # Errors
/// Io, when it cannot be read; Data, when its header cannot be used or it changes while it is read.
pub fn share(path: &Path, sizes: Sizes, rank: usize, size: usize) -> Result<Option<Share>> {
    let (disk, mut file) = Disk::open(path)?;
    let mut head = Vec::new();
    read_on(&mut file, &mut head, sizes.head, path)?;
    if is_parquet(&head) || disk.n_bytes() <= sizes.in_memory {
        return Ok(None);
    }
    let Form::Plain { mark } = encoding::form(&head)? else { return Ok(None) };
    let (header, rows_at) = read_header(&mut file, head, mark, &disk, path)?;
    let at = |rank: usize| -> Result<u64> {
        let (rows_at, end) = (rows_at as u64, disk.n_bytes());
        let nominal = rows_at + (end - rows_at) * rank as u64 / size as u64;
        match rank {
            0 => Ok(rows_at),
            rank if rank == size => Ok(end),
            _ => line_after(&disk, nominal),
        }
    };
    let (from, to) = (at(rank)?, at(rank + 1)?);
    let (_, mut file) = Disk::open(path)?;
    file.seek(SeekFrom::Start(from)).map_err(|cause| Error::io("read", path, &cause))?;
    let mut reader = Reader {
        file: file.take(to - from),
        path,
        hash: None,
        rest: Vec::new(),
        spare: Vec::new(),
        at: from,
        cutter: Cutter::new(header.shape.delimiter),
        size: sizes.piece,
    };
    let (facts, parts) = pieces(&mut reader, Some(header.shape), 0)?;
    if reader.at != to {
        return Err(disk.changed());
    }
    let is_plain =
        !reader.cutter.is_quoted() && facts.verdict(mark > 0).is_ok_and(|notices| notices.is_empty());
    Ok(Some(Share { header, disk, parts, is_plain }))
}

/// The byte after the first line break at or after one.
fn line_after(disk: &Disk, mut at: u64) -> Result<u64> {
    const STEP: u64 = 1 << 16;
    loop {
        let end = disk.n_bytes().min(at + STEP);
        let bytes = disk.bytes(&(at..end))?;
        match memchr2(b'\n', b'\r', &bytes) {
            Some(k) if bytes[k] == b'\r' && bytes.get(k + 1) == Some(&b'\n') => return Ok(at + k as u64 + 2),
            Some(k) if bytes[k] == b'\n' || k + 1 < bytes.len() => return Ok(at + k as u64 + 1),
            Some(k) if end < disk.n_bytes() => at += k as u64, // is the CR half of a line break?
            _ if end == disk.n_bytes() => return Ok(end),
            _ => at = end,
        }
    }
}

/// The SHA-256 of a whole file, hexadecimal.
///
/// # Errors
/// Io, when it cannot be read.
pub fn digest(path: &Path) -> Result<String> {
    let (_, mut file) = Disk::open(path)?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).map_err(|cause| Error::io("read", path, &cause))?;
    Ok(hexadecimal(hash.finalize()))
}

/// Reads, hashes and looks at all pieces of a file.
fn pass(disk: &Disk, path: &Path, sizes: Sizes, start: &Start) -> Result<Passed> {
    let (now, mut file) = Disk::open(path)?;
    if now != *disk {
        return Err(disk.changed());
    }
    let mut head = Vec::new();
    if read_on(&mut file, &mut head, start.bytes, path)? < start.bytes {
        return Err(disk.changed());
    }
    let before = Facts::of(&head[start.mark..]);
    let mut reader = Reader {
        file: file.take(u64::MAX),
        path,
        hash: Some(Sha256::new_with_prefix(&head)),
        rest: Vec::new(),
        spare: Vec::new(),
        at: start.bytes as u64,
        cutter: Cutter::new(start.shape.map_or(b',', |shape| shape.delimiter)),
        size: sizes.piece,
    };
    let (mut facts, parts) = (before, pieces(&mut reader, start.shape, start.n_lines)?);
    facts.add(parts.0, 0);
    if reader.at != disk.n_bytes() {
        return Err(disk.changed());
    }
    disk.check()?;
    let sha256 = reader.hash.map_or_else(String::new, |hash| hexadecimal(hash.finalize()));
    Ok(Passed { sha256, facts, parts: parts.1 })
}

/// The bytes of each piece and what it was found to be.
type Pieces = Vec<(Range<u64>, Part)>;

/// Reads all pieces; one thread hashes a batch while the others look at it and read the next. Lines are counted from `n_lines` on.
fn pieces(reader: &mut Reader<'_>, shape: Option<Shape>, mut n_lines: usize) -> Result<(Facts, Pieces)> {
    let look = |(at, bytes): &(u64, Vec<u8>)| {
        let text = encoding::stretch(bytes);
        let part = match shape {
            Some(shape) => Part::of(&text, shape),
            None => Part::of_lines(&text),
        };
        (*at..*at + bytes.len() as u64, Facts::of(bytes), part)
    };
    let (mut parts, mut facts) = (Vec::new(), Facts::default());
    let mut hash = reader.hash.take();
    let mut batch = reader.batch()?;
    while !batch.is_empty() {
        let digest =
            || hash.iter_mut().for_each(|hash| batch.iter().for_each(|(_, bytes)| hash.update(bytes)));
        let look = || batch.par_iter().map(look).collect::<Vec<_>>();
        let ((), (found, next)) = rayon::join(digest, || rayon::join(look, || reader.batch()));
        for (range, of_piece, part) in found {
            facts.add(of_piece, n_lines);
            n_lines += part.n_lines as usize;
            parts.push((range, part));
        }
        reader.spare.extend(batch.into_iter().map(|(_, bytes)| bytes));
        batch = next?;
    }
    reader.hash = hash;
    Ok((facts, parts))
}

/// Reads a file piece by piece.
struct Reader<'a> {
    file: Take<File>,
    path: &'a Path,
    /// Of what was given out, where it is wanted.
    hash: Option<Sha256>,
    /// What has been read and not been given out: the beginning of a record.
    rest: Vec<u8>,
    /// Room of pieces that were looked at, for the next ones.
    spare: Vec<Vec<u8>>,
    /// The byte of the file at which the rest begins.
    at: u64,
    cutter: Cutter,
    size: usize,
}

impl Reader<'_> {
    /// The next pieces, as many as keep the threads busy, with the bytes of the file at which they begin.
    fn batch(&mut self) -> Result<Vec<(u64, Vec<u8>)>> {
        const MOST: usize = 8; // pieces in memory, twice
        let n_pieces = rayon::current_num_threads().min(MOST);
        let mut pieces = Vec::with_capacity(n_pieces);
        while pieces.len() < n_pieces
            && let Some(piece) = self.piece()?
        {
            pieces.push(piece);
        }
        Ok(pieces)
    }

    fn piece(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        loop {
            let n_read = read_on(&mut self.file, &mut self.rest, self.size, self.path)?;
            let cut = self.cutter.cut(&self.rest, n_read == 0);
            if cut > 0 {
                let mut next = self.spare.pop().unwrap_or_default();
                next.clear();
                next.extend_from_slice(&self.rest[cut..]);
                self.rest.truncate(cut);
                let piece = std::mem::replace(&mut self.rest, next);
                let at = self.at;
                self.at += cut as u64;
                return Ok(Some((at, piece)));
            }
            if n_read == 0 {
                return Ok(None);
            }
        }
    }
}

/// Bytes in hexadecimal digits.
pub fn hexadecimal(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
