//! The lines of the baseline table as finished strings.

use serde::Serialize;

use crate::inference::baseline::{Content, Continuous, Counts, TableOne, Variable};
use crate::inference::suppress::Cell;
use crate::report::numbers::{NONE, brief, count, measured, share};
use crate::report::words::visible;

/// One line: a variable, or one of its levels (or what is said of it below its name).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The variable and what is given, e.g. `age, mean (SD)`.
    pub variable: String,
    /// The level; empty on the variable's own line.
    pub level: String,
    /// One a group, overall last.
    pub cells: Vec<String>,
    /// On the variable's own line.
    pub smd: String,
}

/// The headings: the variable, each group with its number of rows, overall, the difference; where there is one group
/// only, the variable and all rows.
pub fn heads(one: &TableOne) -> Vec<String> {
    let total: usize = one.n_by_group.iter().sum();
    let with_n = |name: &str, n: usize| format!("{name} (n = {})", count(n as f64));
    if one.groups.len() == 1 {
        return vec!["variable".to_string(), with_n("all rows", total)];
    }
    let groups = one.groups.iter().zip(&one.n_by_group).map(|(name, n)| with_n(&visible(name), *n));
    [visible(&one.by)]
        .into_iter()
        .chain(groups)
        .chain([with_n("overall", total), "SMD".to_string()])
        .collect()
}

/// All lines in order.
pub fn rows(one: &TableOne) -> Vec<Row> {
    one.variables.iter().flat_map(|variable| of(variable, one.suppress_below)).collect()
}

fn of(variable: &Variable, below: Option<usize>) -> Vec<Row> {
    let name = visible(&variable.name);
    let smd = match variable.smd {
        Some(smd) => share(smd),
        None if variable.smd_withheld => "*".to_string(),
        None => NONE.to_string(),
    };
    let line = |what: &str, level: &str, cells: Vec<String>, smd: &str| Row {
        variable: format!("{name}{what}"),
        level: level.to_string(),
        cells,
        smd: smd.to_string(),
    };
    match &variable.content {
        Content::Continuous(groups) => {
            let each = |f: &dyn Fn(&Continuous) -> String| groups.iter().map(f).collect::<Vec<_>>();
            let mut rows = vec![
                line(", mean (SD)", "", each(&mean_sd), &smd),
                line(", median [IQR]", "median [IQR]", each(&median), ""),
            ];
            if groups.iter().any(|g| g.missing != Cell::Count(0)) {
                rows.push(line(", missing", "missing", each(&|g| told(g.missing, below)), ""));
            }
            rows
        }
        Content::Categorical(levels, groups) => {
            let blank = groups.iter().map(|_| String::new()).collect();
            let mut rows = vec![line(", n (%)", "", blank, &smd)];
            for (k, level) in levels.iter().enumerate() {
                let cells = groups.iter().map(|g| share_of(g, k, below)).collect();
                rows.push(line(", n (%)", &visible(level), cells, ""));
            }
            if groups.iter().any(|g| g.missing != Cell::Count(0)) {
                let cells = groups.iter().map(|g| told(g.missing, below)).collect();
                rows.push(line(", missing", "missing", cells, ""));
            }
            rows
        }
    }
}

fn mean_sd(group: &Continuous) -> String {
    match group.moments.map(|m| (m.mean, m.sd)) {
        Some((mean, Some(sd))) if sd > 0.0 => format!("{} ({})", measured(mean, sd), measured(sd, sd)),
        Some((mean, Some(_))) => format!("{} (0)", brief(mean)),
        Some((mean, None)) => format!("{} ({NONE})", brief(mean)),
        None => withheld(group.n),
    }
}

fn median(group: &Continuous) -> String {
    match group.moments {
        Some(m) => format!("{} [{}, {}]", brief(m.median), brief(m.q1), brief(m.q3)),
        None => withheld(group.n),
    }
}

/// What stands for numbers that are not there: `*` if they are withheld.
fn withheld(n: Cell) -> String {
    if n == Cell::Count(0) { NONE.to_string() } else { "*".to_string() }
}

fn told(cell: Cell, below: Option<usize>) -> String {
    match (cell, below) {
        (Cell::Count(n), _) => count(n as f64),
        (Cell::Below, Some(below)) => format!("<{below}"),
        (Cell::Below | Cell::Hidden, _) => "*".to_string(),
    }
}

fn share_of(group: &Counts, level: usize, below: Option<usize>) -> String {
    let count = told(group.levels[level], below);
    match group.percent[level] {
        Some(percent) => format!("{count} ({percent:.1})"),
        None => count,
    }
}
