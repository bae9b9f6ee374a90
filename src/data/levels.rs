//! The levels of a categorical column: found and sorted, or as the user lists them; the reference first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::data::cell::{self, Mark, shown};
use crate::data::layout::counted;
use crate::data::table::MISSING;
use crate::data::typing::{Raw, Reading};
use crate::error::{Error, Result, probably_meant};

/// What the user says about the levels of a column.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// All levels in order.
    pub levels: Option<&'a [String]>,
    /// The level to put first.
    pub reference: Option<&'a str>,
}

/// Codes the texts of a column by its levels; texts that are not `present` mean missing.
///
/// Without a list the levels are the different texts in order of their characters; where all are numbers, in
/// order of size. With a list a cell is the level of the same text, or else of the same number (`1.0` is `1`).
///
/// # Errors
/// Data: a cell that is none of the listed levels, or too long to be one; a reference that is no level.
pub fn category(
    raw: &Raw<'_>,
    present: &[usize],
    mark: Mark,
    given: Given<'_>,
    notices: &mut Vec<String>,
) -> Result<Reading> {
    let mut levels: Vec<String> = match given.levels {
        Some(listed) => listed.to_vec(),
        None => {
            check_lengths(raw, present)?;
            found(raw, present, mark)
        }
    };
    if let Some(reference) = given.reference {
        put_first(raw.name, &mut levels, reference, mark)?;
    }
    let codes = code(raw, present, &Lookup::new(&levels, mark), &levels)?;
    if given.levels.is_some() {
        tell_unused(raw.name, &levels, &codes, notices);
    } else {
        tell_alike(raw.name, &levels, mark, notices);
    }
    Ok(Reading::Category { codes, levels })
}

/// Refuses a text that names no group, such as a report in a cell.
fn check_lengths(raw: &Raw<'_>, present: &[usize]) -> Result<()> {
    let endless = present.iter().map(|place| &raw.texts[*place]).find(|text| cell::is_endless(&text.text));
    let Some(text) = endless else { return Ok(()) };
    let what = format!(
        "column {}, {}: {} has {} characters, too many for the name of a group",
        shown(raw.name),
        raw.origins.line(text.line),
        shown(&text.text),
        text.text.chars().count()
    );
    Err(Error::data(what).hint(
        "leave the column out of the formula; or look for a quotation mark that is missing in the file",
    ))
}

/// The different texts of the cells, sorted.
fn found(raw: &Raw<'_>, present: &[usize], mark: Mark) -> Vec<String> {
    in_order(present.iter().map(|place| raw.texts[*place].text.as_str()), mark)
}

/// The levels of several lists as one, in the order of [`category`], `reference` first.
///
/// # Errors
/// Data: a reference that is no level.
pub fn union<'a>(
    name: &str,
    lists: impl Iterator<Item = &'a [String]>,
    reference: Option<&str>,
) -> Result<Vec<String>> {
    let mark = Mark::Point;
    let mut levels = in_order(lists.flatten().map(String::as_str), mark);
    if let Some(reference) = reference {
        put_first(name, &mut levels, reference, mark)?;
    }
    Ok(levels)
}

fn in_order<'a>(texts: impl Iterator<Item = &'a str>, mark: Mark) -> Vec<String> {
    let mut levels: Vec<&str> = texts.collect::<BTreeSet<&str>>().into_iter().collect();
    let numbers: Option<Vec<f64>> = levels.iter().map(|level| cell::number(level, mark)).collect();
    if let Some(numbers) = numbers {
        let mut order: Vec<usize> = (0..levels.len()).collect();
        order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b])); // stable: equal numbers by text
        levels = order.into_iter().map(|idx| levels[idx]).collect();
    }
    levels.into_iter().map(str::to_owned).collect()
}

fn put_first(name: &str, levels: &mut [String], reference: &str, mark: Mark) -> Result<()> {
    let Some(at) = Lookup::new(levels, mark).find(reference) else {
        return Err(no_such_level(
            &format!("column {} has no level {}", shown(name), shown(reference)),
            reference,
            levels,
        ));
    };
    levels[..=at as usize].rotate_right(1);
    Ok(())
}

fn code(raw: &Raw<'_>, present: &[usize], lookup: &Lookup<'_>, levels: &[String]) -> Result<Vec<u32>> {
    let mut codes = vec![MISSING; raw.texts.len()];
    let mut strangers = Vec::new();
    for place in present {
        match lookup.find(&raw.texts[*place].text) {
            Some(code) => codes[*place] = code,
            None => strangers.push(&raw.texts[*place]),
        }
    }
    let Some(first) = strangers.first() else { return Ok(codes) };
    let mut what = format!(
        "column {}, {}: {} is none of the levels",
        shown(raw.name),
        raw.origins.line(first.line),
        shown(&first.text)
    );
    let n_cells: usize = strangers.iter().map(|text| text.count).sum();
    if n_cells > 1 {
        what += &format!("; so are {} more", counted(n_cells - 1, "cell"));
    }
    Err(no_such_level(&what, &first.text, levels))
}

fn no_such_level(what: &str, wanted: &str, levels: &[String]) -> Error {
    const SHOWN: usize = 20;
    let names: Vec<String> = levels.iter().take(SHOWN).map(|level| shown(level)).collect();
    let more = if levels.len() > SHOWN { ", …" } else { "" };
    let error = Error::data(format!("{what} ({}{more})", names.join(", ")));
    const LONGEST: usize = 100; // the comparison takes time with the product of the lengths
    let short = |text: &&str| text.len() <= LONGEST;
    let near = Some(wanted)
        .filter(short)
        .and_then(|wanted| probably_meant(wanted, levels.iter().map(String::as_str).filter(short)));
    match near {
        Some(near) => error.hint(format!("was {} meant? levels must agree in every character", shown(near))),
        None => error.hint("add the level, correct the file, or declare the value as missing with `--na`"),
    }
}

/// Finds the level that a text is: by text, else by number.
struct Lookup<'a> {
    by_text: HashMap<&'a str, u32>,
    numbers: Vec<(f64, u32)>,
    mark: Mark,
}

impl<'a> Lookup<'a> {
    fn new(levels: &'a [String], mark: Mark) -> Self {
        let by_text = levels.iter().zip(0..).map(|(level, code)| (level.as_str(), code)).collect();
        let numbers = levels.iter().zip(0..).filter_map(|(l, code)| Some((number(l, mark)?, code))).collect();
        Lookup { by_text, numbers, mark }
    }

    fn find(&self, text: &str) -> Option<u32> {
        let by_number = || {
            let value = number(text, self.mark)?;
            self.numbers.iter().find(|(level, _)| *level == value).map(|(_, code)| *code)
        };
        self.by_text.get(text).copied().or_else(by_number)
    }
}

/// A level as a number: by the column's mark, or with a point, as people type it on a command line.
fn number(text: &str, mark: Mark) -> Option<f64> {
    cell::number(text, mark).or_else(|| cell::number(text, Mark::Point))
}

fn tell_unused(name: &str, levels: &[String], codes: &[u32], notices: &mut Vec<String>) {
    let mut used = vec![false; levels.len()];
    for code in codes.iter().filter(|code| **code != MISSING) {
        used[*code as usize] = true;
    }
    for (level, _) in levels.iter().zip(&used).filter(|(_, used)| !**used) {
        notices.push(format!("no row has the level {} of column {}", shown(level), shown(name)));
    }
}

/// Says which levels are probably one: equal but for case, or equal as numbers.
fn tell_alike(name: &str, levels: &[String], mark: Mark, notices: &mut Vec<String>) {
    const SHOWN: usize = 5;
    let mut groups: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for level in levels {
        let key = match cell::number(level, mark) {
            Some(value) => format!("{}", value + 0.0), // -0 is 0
            None => level.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "),
        };
        groups.entry(key).or_default().push(level);
    }
    for alike in groups.into_values().filter(|g| g.len() > 1).take(SHOWN) {
        let names: Vec<String> = alike.into_iter().map(|level| shown(level)).collect();
        notices.push(format!(
            "column {}: {} count as different levels, though they look like the same",
            shown(name),
            names.join(" and ")
        ));
    }
}
