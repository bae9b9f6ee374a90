//! The row ledger: rows read, used and dropped, and why, by variable.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::table::Table;

/// Every decision about rows and columns that an analysis took; it heads all outputs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// The data file's name, without its folder (or `@name` of a built-in set).
    pub file: String,
    /// SHA-256 of the file's bytes, hexadecimal.
    pub sha256: String,
    /// Data rows in the file; where that is withheld, the rows used.
    pub rows_read: usize,
    /// Rows that the model was fitted to.
    pub rows_used: usize,
    /// For each variable with a missing value in some row: in how many rows.
    pub missing: Vec<(String, usize)>,
    /// Rows dropped for a reason other than a missing value, e.g. ("weight of zero", 3).
    pub dropped_otherwise: Vec<(String, usize)>,
    /// Everything else that was decided on the user's behalf, one sentence each
    /// (encoding, delimiter, event chosen, levels left out, columns left out).
    pub notices: Vec<String>,
    /// What is withheld of the counts above, if anything.
    pub withheld: Option<Withheld>,
}

/// Which counts of a ledger are withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withheld {
    /// Those from 1 to one less than this.
    pub below: usize,
    /// Whether the number of rows dropped is one of them.
    pub few_dropped: bool,
}

impl Ledger {
    /// Rows read but not used; 0 where their number is withheld.
    pub fn rows_dropped(&self) -> usize {
        self.rows_read - self.rows_used
    }

    /// Where the number of rows dropped is withheld: fewer than how many they are.
    pub fn few_dropped(&self) -> Option<usize> {
        self.withheld.filter(|withheld| withheld.few_dropped).map(|withheld| withheld.below)
    }
}

/// Which rows have a value in every column, and for each column with gaps how many rows lack one.
pub fn complete_rows(table: &Table) -> (Vec<bool>, Vec<(String, usize)>) {
    let mut keep = vec![true; table.n_rows];
    let mut missing = Vec::new();
    for column in &table.columns {
        let mut count = 0;
        for (row, flag) in keep.iter_mut().enumerate() {
            if column.values.is_missing(row) {
                *flag = false;
                count += 1;
            }
        }
        if count > 0 {
            missing.push((column.name.clone(), count));
        }
    }
    (keep, missing)
}

/// What a table lacks: by variable, and which variables are missing together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Gaps {
    /// Rows of the table.
    pub rows: usize,
    /// Each variable and how many rows lack it.
    pub variables: Vec<(String, usize)>,
    /// Which variables are missing, in the order of `variables`, and in how many rows just these; commonest first.
    pub patterns: Vec<(Vec<bool>, usize)>,
}

impl Gaps {
    /// Counts the gaps of a table.
    pub fn of(table: &Table) -> Gaps {
        let mut patterns: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
        let mut complete = 0; // most rows of most tables
        for row in 0..table.n_rows {
            if table.columns.iter().any(|c| c.values.is_missing(row)) {
                let pattern = table.columns.iter().map(|c| c.values.is_missing(row)).collect();
                *patterns.entry(pattern).or_default() += 1;
            } else {
                complete += 1;
            }
        }
        if complete > 0 {
            patterns.insert(vec![false; table.columns.len()], complete);
        }
        let lacking = |j: usize| patterns.iter().filter(|(p, _)| p[j]).map(|(_, n)| n).sum();
        let variables = table.columns.iter().enumerate().map(|(j, c)| (c.name.clone(), lacking(j))).collect();
        let mut patterns: Vec<(Vec<bool>, usize)> = patterns.into_iter().collect();
        patterns.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        Gaps { rows: table.n_rows, variables, patterns }
    }

    /// Adds the gaps of further rows of the same variables.
    pub fn join(&mut self, more: Gaps) {
        if self.variables.is_empty() {
            *self = more;
            return;
        }
        self.rows += more.rows;
        self.variables.iter_mut().zip(more.variables).for_each(|((_, sum), (_, n))| *sum += n);
        for (pattern, n) in more.patterns {
            match self.patterns.iter_mut().find(|(known, _)| *known == pattern) {
                Some((_, sum)) => *sum += n,
                None => self.patterns.push((pattern, n)),
            }
        }
        self.patterns.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::{Column, Values};

    #[test]
    fn patterns_count_every_row_once() {
        let column = |name: &str, values: &[f64]| Column {
            name: name.to_string(),
            values: Values::Number(values.to_vec()),
        };
        let nan = f64::NAN;
        let columns = vec![column("a", &[1.0, nan, nan, 2.0, 5.0]), column("b", &[nan, nan, nan, 1.0, 0.0])];
        let found = Gaps::of(&Table { n_rows: 5, columns, ..Table::default() });
        assert_eq!(found.variables, [("a".to_string(), 2), ("b".to_string(), 3)]);
        let patterns = [(vec![false, false], 2), (vec![true, true], 2), (vec![false, true], 1)];
        assert_eq!(found.patterns, patterns);
    }
}
