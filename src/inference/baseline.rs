//! The baseline table ("Table 1"): each variable by group and overall, with standardised mean differences.

use crate::data::table::{Column, MISSING, Table, Values};
use crate::error::{Error, Result};
use crate::inference::suppress::{self, Cell, Shown};
use crate::inference::table_one::{Moments, moments, smd_of_counts, smd_of_means};

/// A grouping with more levels than this is no grouping; a variable with more is left out unless it is named.
pub const MOST_LEVELS: usize = 20;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The column of the groups.
    pub by: String,
    /// The variables that the user names; `None`: all that are fit for a table.
    pub variables: Option<Vec<String>>,
    /// Counts below this are withheld.
    pub suppress_below: Option<usize>,
}

/// A baseline table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableOne {
    /// The column of the groups.
    pub by: String,
    /// The groups in order.
    pub groups: Vec<String>,
    /// Rows in each.
    pub n_by_group: Vec<usize>,
    /// Rows without a group, which do not count.
    pub without_group: usize,
    /// In the order of the file, or as they were named.
    pub variables: Vec<Variable>,
    /// Numbers with two different values at most: described by their mean, or, where counts are withheld, by counts.
    pub two_valued: Vec<String>,
    /// Columns that are not described: name and why.
    pub left_out: Vec<(String, String)>,
    /// Counts below this are withheld.
    pub suppress_below: Option<usize>,
}

/// One variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// The column.
    pub name: String,
    /// What stands in each group; overall last.
    pub content: Content,
    /// Standardised mean difference; with more than two groups the mean over all pairs. `None`: not defined.
    pub smd: Option<f64>,
    /// With more than two groups: each pair (positions in `groups`) and its difference.
    pub smd_pairs: Vec<((usize, usize), Option<f64>)>,
    /// Whether differences are withheld because they would tell what is withheld.
    pub smd_withheld: bool,
}

/// Numbers, or levels.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Each group, overall last.
    Continuous(Vec<Continuous>),
    /// Levels, and each group's counts, overall last.
    Categorical(Vec<String>, Vec<Counts>),
}

/// A number in one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Continuous {
    /// Values.
    pub n: Cell,
    /// Missing.
    pub missing: Cell,
    /// `None` where there is no value, or they are withheld.
    pub moments: Option<Moments>,
}

/// A factor in one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Values.
    pub n: Cell,
    /// Missing.
    pub missing: Cell,
    /// One a level.
    pub levels: Vec<Cell>,
    /// Per cent of the values; `None` where withheld or there is no value.
    pub percent: Vec<Option<f64>>,
}

impl TableOne {
    /// Whether a count is among those that are withheld.
    pub fn is_withheld(&self, count: usize) -> bool {
        self.suppress_below.is_some_and(|below| (1..below).contains(&count))
    }

    /// Variables of which the number of missing values is withheld.
    pub fn withheld_gaps(&self) -> Vec<String> {
        self.named(|content| match content {
            Content::Continuous(groups) => groups.iter().any(|g| g.missing.count().is_none()),
            Content::Categorical(_, groups) => groups.iter().any(|g| g.missing.count().is_none()),
        })
    }

    /// Variables of which some level's count is withheld.
    pub fn withheld_levels(&self) -> Vec<String> {
        self.named(|content| match content {
            Content::Continuous(_) => false,
            Content::Categorical(_, groups) => {
                groups.iter().flat_map(|g| &g.levels).any(|cell| cell.count().is_none())
            }
        })
    }

    fn named(&self, is_so: impl Fn(&Content) -> bool) -> Vec<String> {
        self.variables.iter().filter(|v| is_so(&v.content)).map(|v| v.name.clone()).collect()
    }
}

/// Describes the variables of a table by the groups of one column.
///
/// The group's column must be typed as levels. Rows without a group do not count. Dates, columns without a value,
/// identifiers and factors of more than 20 levels are left out, with the reason, unless the variables are named.
///
/// # Errors
/// Data: fewer than two groups, more than 20; a named variable that is a date; with suppression, a group that is
/// itself below the limit.
pub fn table_one(table: &Table, request: &Request) -> Result<TableOne> {
    described(table, request, groups(table, &request.by)?)
}

/// Describes the variables of a table over all rows, as one group without a name; there is nothing to compare. Counts below
/// `suppress_below` are withheld.
///
/// # Errors
/// Data: no column that can be described; with suppression, fewer rows than that.
pub fn overall(table: &Table, suppress_below: Option<usize>) -> Result<TableOne> {
    let request = Request { by: String::new(), variables: None, suppress_below };
    let everyone = (vec![String::new()], vec![Some(0); table.n_rows]);
    let mut one = described(table, &request, everyone)?;
    for variable in &mut one.variables {
        variable.smd = None;
        match &mut variable.content {
            Content::Continuous(cells) => cells.truncate(1), // the second is the sum of the one group
            Content::Categorical(_, cells) => cells.truncate(1),
        }
    }
    Ok(one)
}

/// The table of the groups that are given with each row's.
fn described(table: &Table, request: &Request, (groups, of_row): Grouped) -> Result<TableOne> {
    let n_by_group: Vec<usize> =
        (0..groups.len()).map(|g| of_row.iter().filter(|o| **o == Some(g)).count()).collect();
    if let Some(below) = request.suppress_below
        && let Some(g) = (0..groups.len()).find(|g| n_by_group[*g] < below)
    {
        let what = match request.by.as_str() {
            "" => "the table".to_string(),
            by => format!("the group `{by}` = {}", groups[g]),
        };
        return Err(Error::data(format!("{what} has fewer than {below} rows: nothing of it may be shown"))
            .hint("join it with another group, or leave `--suppress-below` out"));
    }
    let grouping = Grouping { of_row: &of_row, n: &n_by_group, below: request.suppress_below };
    let (mut variables, mut left_out) = (Vec::new(), Vec::new());
    for column in table.columns.iter().filter(|c| c.name != request.by) {
        match (unfit(column, &of_row), &request.variables) {
            (None, _) | (Some(Unfit::ByDefault(_)), Some(_)) => variables.push(grouping.describe(column)),
            (Some(Unfit::ByDefault(why) | Unfit::Never(why)), None) => {
                left_out.push((column.name.clone(), why))
            }
            (Some(Unfit::Never(why)), Some(_)) => {
                return Err(Error::data(format!("`{}` cannot be described: {why}", column.name))
                    .hint("leave it out of `--variables`"));
            }
        }
    }
    let two_valued = table
        .columns
        .iter()
        .filter(|c| two_values(&c.values).is_some() && variables.iter().any(|v: &Variable| v.name == c.name))
        .map(|c| c.name.clone())
        .collect();
    if variables.is_empty() {
        return Err(Error::data(format!("there is no column to describe beside `{}`", request.by)));
    }
    Ok(TableOne {
        by: request.by.clone(),
        without_group: of_row.iter().filter(|o| o.is_none()).count(),
        groups,
        n_by_group,
        two_valued,
        variables,
        left_out,
        suppress_below: request.suppress_below,
    })
}

/// The groups' names, and each row's group.
type Grouped = (Vec<String>, Vec<Option<usize>>);

/// The groups that occur, and each row's.
fn groups(table: &Table, by: &str) -> Result<Grouped> {
    let Some(Values::Category { codes, levels }) = table.column(by).map(|c| &c.values) else {
        return Err(Error::data(format!("`{by}` is not read as levels")));
    };
    let used: Vec<u32> = (0..).take(levels.len()).filter(|code| codes.contains(code)).collect();
    let names: Vec<String> = used.iter().map(|code| levels[*code as usize].clone()).collect();
    match names.as_slice() {
        [] => return Err(Error::data(format!("`{by}` has no value in any row"))),
        [only] => {
            return Err(Error::data(format!(
                "all rows have `{by}` = {only}: there are no groups to compare"
            ))
            .hint("name another column with `--by`"));
        }
        many if many.len() > MOST_LEVELS => {
            return Err(Error::data(format!(
                "`{by}` has {} different values, more than {MOST_LEVELS} groups",
                many.len()
            ))
            .hint("name a column with few values with `--by`"));
        }
        _ => {}
    }
    let of_row = codes.iter().map(|code| used.iter().position(|u| u == code)).collect();
    Ok((names, of_row))
}

/// The values of a number that has two at most, ascending.
fn two_values(values: &Values) -> Option<Vec<f64>> {
    let Values::Number(v) = values else { return None };
    let mut seen: Vec<f64> = Vec::new();
    for x in v.iter().filter(|x| !x.is_nan()) {
        if !seen.contains(x) {
            seen.push(*x);
        }
        if seen.len() > 2 {
            return None;
        }
    }
    seen.sort_by(f64::total_cmp);
    Some(seen)
}

enum Unfit {
    /// Unless it is named.
    ByDefault(String),
    /// In any case.
    Never(String),
}

/// Why a column does not belong into a baseline table.
fn unfit(column: &Column, of_row: &[Option<usize>]) -> Option<Unfit> {
    let rows: Vec<usize> =
        (0..of_row.len()).filter(|row| of_row[*row].is_some() && !column.values.is_missing(*row)).collect();
    if rows.is_empty() {
        return Some(Unfit::Never("it has no value".to_string()));
    }
    match &column.values {
        Values::Date(_) => Some(Unfit::Never("it is a date".to_string())),
        Values::Number(v) => identifies(&column.name, v, &rows)
            .then(|| Unfit::ByDefault("it looks like an identifier".to_string())),
        Values::Category { codes, .. } => {
            let mut seen: Vec<u32> = rows.iter().map(|row| codes[*row]).collect();
            seen.sort_unstable();
            seen.dedup();
            let many = rows.len() > FEW_ROWS && 2 * seen.len() > rows.len();
            if seen.len() > 2 && (many || seen.len() == rows.len()) {
                return Some(Unfit::ByDefault("it looks like an identifier".to_string()));
            }
            (seen.len() > MOST_LEVELS)
                .then(|| Unfit::ByDefault(format!("it has {} levels, more than {MOST_LEVELS}", seen.len())))
        }
    }
}

/// In a table of at most this many rows a factor may have nearly as many levels.
const FEW_ROWS: usize = 20;

/// Different whole numbers in all rows that count up one by one, or in a column whose name says so.
fn identifies(name: &str, v: &[f64], rows: &[usize]) -> bool {
    let mut values: Vec<f64> = rows.iter().map(|row| v[*row]).collect();
    values.sort_by(f64::total_cmp);
    let different = values.windows(2).all(|pair| pair[0] < pair[1]);
    if values.len() < 2 || !different || values.iter().any(|x| x.fract() != 0.0) {
        return false;
    }
    let count_up = values[values.len() - 1] - values[0] == (values.len() - 1) as f64;
    let lower = name.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let named = words.any(|w| ["id", "ids", "no", "nr", "number", "mrn", "record", "rownames"].contains(&w))
        || lower.ends_with("id");
    named || (count_up && values.len() > FEW_ROWS)
}

struct Grouping<'a> {
    of_row: &'a [Option<usize>],
    n: &'a [usize],
    below: Option<usize>,
}

impl Grouping<'_> {
    fn describe(&self, column: &Column) -> Variable {
        match &column.values {
            Values::Number(v) | Values::Date(v) => match (self.below, two_values(&column.values)) {
                (Some(_), Some(values)) => self.counted(&column.name, v, &values),
                _ => self.continuous(&column.name, v),
            },
            Values::Category { codes, levels } => self.categorical(&column.name, codes, levels),
        }
    }

    /// A number with two values as levels: its mean times the group's size would tell a withheld count.
    fn counted(&self, name: &str, v: &[f64], values: &[f64]) -> Variable {
        let place =
            |x: &f64| values.iter().zip(0..).find(|(value, _)| *value == x).map_or(MISSING, |(_, k)| k);
        let codes: Vec<u32> = v.iter().map(place).collect();
        let levels: Vec<String> = values.iter().map(f64::to_string).collect();
        self.categorical(name, &codes, &levels)
    }

    fn shown(&self, counts: &[Vec<usize>]) -> Shown {
        match self.below {
            Some(below) => suppress::withhold(counts, below),
            None => suppress::all(counts),
        }
    }

    fn continuous(&self, name: &str, v: &[f64]) -> Variable {
        let values = |counts: &dyn Fn(usize) -> bool| -> Vec<f64> {
            let rows = (0..v.len()).filter(|row| self.of_row[*row].is_some_and(counts));
            rows.map(|row| v[row]).filter(|x| !x.is_nan()).collect()
        };
        let mut by_group: Vec<Vec<f64>> = (0..self.n.len()).map(|g| values(&|own| own == g)).collect();
        let present: Vec<usize> = by_group.iter().map(Vec::len).collect();
        by_group.push(values(&|_| true));
        let missing: Vec<usize> = self.n.iter().zip(&present).map(|(n, p)| n - p).collect();
        let shown = self.shown(&[present.clone(), missing]);
        let is_small = |n: &usize| self.below.is_some_and(|below| (1..below).contains(n));
        let withheld = present.iter().any(is_small);
        let coarse = !withheld && shown.overall[0].count().is_none();
        let moments: Vec<Option<Moments>> = by_group
            .iter()
            .map(|values| moments(values).filter(|_| !withheld).map(|m| self.discreet(m, coarse)))
            .collect();
        let groups = (0..by_group.len()).map(|g| {
            let at = |row: usize| shown.cells[row].get(g).copied().unwrap_or(shown.overall[row]);
            Continuous { n: at(0), missing: at(1), moments: moments[g] }
        });
        let groups = groups.collect();
        let pair = |a: usize, b: usize| smd_of_means(moments[a].as_ref()?, moments[b].as_ref()?);
        self.variable(name, Content::Continuous(groups), withheld, pair)
    }

    /// Extremes are single patients'; where the number of values is withheld, a mean to the last digit tells it.
    fn discreet(&self, m: Moments, coarse: bool) -> Moments {
        let Some(_) = self.below else { return m };
        let m = Moments { min: None, max: None, ..m };
        if coarse { Moments { mean: three_digits(m.mean), sd: m.sd.map(three_digits), ..m } } else { m }
    }

    fn categorical(&self, name: &str, codes: &[u32], levels: &[String]) -> Variable {
        let count = |code: u32, group: usize| {
            (0..codes.len()).filter(|row| self.of_row[*row] == Some(group) && codes[*row] == code).count()
        };
        let groups = 0..self.n.len();
        let counts: Vec<Vec<usize>> =
            (0..).take(levels.len()).map(|code| groups.clone().map(|g| count(code, g)).collect()).collect();
        let missing: Vec<usize> = groups.clone().map(|g| count(MISSING, g)).collect();
        let mut rows = counts.clone();
        let any_missing = missing.iter().any(|n| *n > 0);
        if any_missing {
            rows.push(missing.clone());
        }
        let shown = self.shown(&rows);
        let withheld = shown.overall.iter().any(|cell| cell.count().is_none());
        let one = |g: usize| {
            let cell = |row: usize| shown.cells[row].get(g).copied().unwrap_or(shown.overall[row]);
            let missing = if any_missing { cell(levels.len()) } else { Cell::Count(0) };
            let all = self.n.get(g).copied().unwrap_or_else(|| self.n.iter().sum());
            let n = missing.count().map(|m| all - m);
            let levels: Vec<Cell> = (0..levels.len()).map(cell).collect();
            let percent = |cell: &Cell| {
                let (count, n) = (cell.count()?, n.filter(|n| *n > 0)?);
                Some(100.0 * count as f64 / n as f64)
            };
            Counts {
                n: n.map_or(Cell::Hidden, Cell::Count),
                missing,
                percent: levels.iter().map(percent).collect(),
                levels,
            }
        };
        let content = Content::Categorical(levels.to_vec(), (0..=self.n.len()).map(one).collect());
        let pair = |a: usize, b: usize| {
            let of = |g: usize| counts.iter().map(|row| row[g] as f64).collect::<Vec<f64>>();
            smd_of_counts(&of(a), &of(b))
        };
        self.variable(name, content, withheld, pair)
    }

    fn variable(
        &self,
        name: &str,
        content: Content,
        smd_withheld: bool,
        pair: impl Fn(usize, usize) -> Option<f64>,
    ) -> Variable {
        let groups = self.n.len();
        let pairs: Vec<((usize, usize), Option<f64>)> = (0..groups)
            .flat_map(|a| (a + 1..groups).map(move |b| (a, b)))
            .map(|(a, b)| ((a, b), if smd_withheld { None } else { pair(a, b) }))
            .collect();
        let known: Option<Vec<f64>> = pairs.iter().map(|(_, smd)| *smd).collect();
        let smd = known.map(|all| all.iter().sum::<f64>() / all.len() as f64);
        let smd_pairs = if groups > 2 { pairs } else { Vec::new() };
        Variable { name: name.to_string(), content, smd, smd_pairs, smd_withheld }
    }
}

/// The number rounded to three significant digits.
fn three_digits(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}

#[cfg(test)]
#[path = "baseline_tests.rs"]
mod tests;
