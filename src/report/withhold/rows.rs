//! What is told of the rows: how many were dropped and why, what they lack, what was imputed.

use crate::data::missing::{Gaps, Ledger, Withheld};
use crate::impute::analysis::{IMPUTED, Imputation};
use crate::inference::suppress::tellable;
use crate::report::words::{plural, visible};

/// Whether a count is one that is withheld.
pub(super) fn is_small(n: usize, below: usize) -> bool {
    (1..below).contains(&n)
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{}`", visible(name))).collect::<Vec<_>>().join(", ")
}

/// Withholds how many rows were dropped, where they are few, and the reasons that few rows have or that would give such a
/// count; says so.
pub(super) fn ledger(ledger: &mut Ledger, below: usize) -> Vec<String> {
    let few_dropped = is_small(ledger.rows_dropped(), below);
    let mut said: Vec<String> = notices(&mut ledger.notices, below, few_dropped).into_iter().collect();
    if few_dropped {
        ledger.rows_read = ledger.rows_used;
        ledger.missing.clear();
        ledger.dropped_otherwise.clear();
        said.push(format!(
            "fewer than {below} rows were dropped: how many rows were read is withheld, and why"
        ));
    } else {
        let counts = || ledger.missing.iter().chain(&ledger.dropped_otherwise);
        let told = tellable(ledger.rows_dropped(), &counts().map(|(_, n)| *n).collect::<Vec<_>>(), below);
        let is_told = |name: &String, n: usize| {
            let place = counts().position(|(other, m)| other == name && *m == n);
            place.is_some_and(|place| told[place])
        };
        let untold: Vec<String> = ledger
            .missing
            .iter()
            .filter(|(name, n)| !is_told(name, *n))
            .map(|(name, _)| name.clone())
            .collect();
        if !untold.is_empty() {
            // Not which of them are few: 8 rows that lack one of two, each fewer than 5, are 4 and 4.
            said.push(format!(
                "in how many rows is missing is withheld, for it would tell of few: {}",
                listed(&untold)
            ));
        }
        let kept = |of: &[(String, usize)]| -> Vec<(String, usize)> {
            of.iter().filter(|(name, n)| is_told(name, *n)).cloned().collect()
        };
        (ledger.missing, ledger.dropped_otherwise) = (kept(&ledger.missing), kept(&ledger.dropped_otherwise));
    }
    ledger.withheld = Some(Withheld { below, few_dropped });
    said
}

/// Takes the counts out of the notices of the reader: how many rows each of several files has, and how many cells of a
/// column look like numbers.
pub(super) fn notices(notices: &mut Vec<String>, below: usize, few_dropped: bool) -> Option<String> {
    const OF_FILES: [&str; 3] =
        [" as one table", " ranks share the rows of ", " ranks, each with a file of its own"];
    let before = notices.len();
    if few_dropped {
        notices.retain(|notice| !OF_FILES.iter().any(|words| notice.contains(words)));
    }
    for notice in notices.iter_mut() {
        without_cells(notice, below);
    }
    let said =
        "how many rows each part of the data has is withheld: their sum would tell how many were dropped";
    (notices.len() < before).then(|| said.to_string())
}

/// `column x is categorical, though 3 of its 40 cells look like numbers` loses its counts.
fn without_cells(notice: &mut String, below: usize) {
    const BEFORE: &str = " is categorical, though ";
    const AFTER: &str = " cells look like ";
    let Some((column, rest)) = notice.split_once(BEFORE) else { return };
    let Some((counts, what)) = rest.split_once(AFTER) else { return };
    let counts: Vec<usize> = counts.split(" of its ").filter_map(|n| n.parse().ok()).collect();
    let [like, all] = counts[..] else { return };
    if is_small(like, below) || is_small(all - like, below) {
        *notice = format!("{column}{BEFORE}some of its{AFTER}{what}");
    }
}

/// Leaves out the variables that `is_told` does not name, the combinations with such a variable and those of few rows;
/// where the others would give them back, the next rarer ones too.
pub(super) fn gaps(gaps: &mut Gaps, below: usize, is_told: &dyn Fn(&str) -> bool) -> Option<String> {
    let may = |n: usize| !is_small(n, below);
    let keep: Vec<bool> = gaps.variables.iter().map(|(name, n)| *n == 0 || is_told(name)).collect();
    let is_complete = |pattern: &[bool]| !pattern.contains(&true);
    let incomplete: usize = gaps.patterns.iter().filter(|(p, _)| !is_complete(p)).map(|(_, n)| n).sum();
    let mut shown: Vec<(Vec<bool>, usize)> = gaps
        .patterns
        .iter()
        .filter(|(pattern, n)| may(*n) && pattern.iter().zip(&keep).all(|(lacks, keep)| *keep || !lacks))
        .cloned()
        .collect();
    shown.sort_by(|a, b| (is_complete(&b.0), b.1).cmp(&(is_complete(&a.0), a.1)).then_with(|| a.0.cmp(&b.0)));
    loop {
        let of_shown = |counts: &dyn Fn(&[bool]) -> bool| -> usize {
            shown.iter().filter(|(p, _)| !is_complete(p) && counts(p)).map(|(_, n)| n).sum()
        };
        let rest = incomplete - of_shown(&|_| true);
        let by_variable: Vec<usize> = (0..keep.len())
            .filter(|j| keep[*j])
            .map(|j| gaps.variables[j].1 - of_shown(&|pattern| pattern[j]))
            .collect();
        let pairs =
            by_variable.iter().enumerate().flat_map(|(k, a)| by_variable[..k].iter().map(move |b| a + b));
        let is_safe = may(rest)
            && by_variable.iter().all(|n| may(*n) && may(rest.saturating_sub(*n)))
            && pairs.into_iter().all(|both| may(both.saturating_sub(rest)));
        if is_safe || shown.last().is_none_or(|(pattern, _)| is_complete(pattern)) {
            break;
        }
        shown.pop();
    }
    let gone = gaps.patterns.len() - shown.len();
    let kept = |flags: &[bool]| -> Vec<bool> {
        flags.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(flag, _)| *flag).collect()
    };
    gaps.patterns = shown.into_iter().map(|(pattern, n)| (kept(&pattern), n)).collect();
    let mut flags = keep.iter();
    gaps.variables.retain(|_| *flags.next().unwrap_or(&true));
    (gone > 0)
        .then(|| format!("{} of missing values, of few rows, left out", plural(gone as f64, "combination")))
}

/// Withholds how many rows and cells were imputed where these are few, and then what was drawn for them. `is_told`: the
/// variables whose gaps nothing else withholds; rows_used: the rows of the fit.
pub(super) fn imputation(
    imputation: &mut Imputation,
    ledger: &mut Ledger,
    seed: u64,
    (below, is_told): (usize, &dyn Fn(&str) -> bool),
) -> Option<String> {
    let incomplete = imputation.incomplete_rows.unwrap_or(0);
    if imputation.imputations == 0 {
        return None;
    }
    let counts: Vec<usize> = imputation.cells.iter().map(|(_, n)| *n).collect();
    let told = tellable(incomplete, &counts, below);
    let is_few = is_small(incomplete, below);
    let lost: Vec<String> = imputation
        .cells
        .iter()
        .zip(told)
        .filter(|((name, _), told)| is_few || !told || !is_told(name))
        .map(|((name, _), _)| name.clone())
        .collect();
    imputation.cells.retain(|(name, _)| !lost.contains(name));
    imputation.traces.retain(|trace| !lost.contains(&trace.variable));
    if is_few || is_small(ledger.rows_used - incomplete, below) {
        imputation.incomplete_rows = None;
    }
    if let Some(notice) = ledger.notices.iter_mut().find(|notice| notice.starts_with(IMPUTED)) {
        *notice = imputation.in_words(ledger.rows_used, seed);
    }
    (!lost.is_empty()).then(|| format!("withheld, how many cells were imputed in {}", listed(&lost)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::impute::chain::Trace;

    fn named(of: &[(&str, usize)]) -> Vec<(String, usize)> {
        of.iter().map(|(name, n)| (name.to_string(), *n)).collect()
    }

    #[test]
    fn few_dropped_rows_take_the_number_of_rows_read_with_them() {
        let notices = vec!["2 files, 40 + 60 rows, as one table".to_string()];
        let mut few = Ledger {
            rows_read: 100,
            rows_used: 97,
            missing: named(&[("age", 3)]),
            notices,
            ..Ledger::default()
        };
        let said = ledger(&mut few, 5).join("; ");
        assert!(said.contains("fewer than 5 rows were dropped") && said.contains("each part"), "{said}");
        assert_eq!((few.rows_read, few.few_dropped()), (97, Some(5)));
        assert!(few.missing.is_empty() && few.notices.is_empty());
    }

    #[test]
    fn reasons_that_would_give_a_few_rows_are_not_told() {
        let mut many = Ledger {
            rows_read: 100,
            rows_used: 80,
            missing: named(&[("age", 17), ("crp", 3)]), // 20 - 17 rows lack crp alone
            ..Ledger::default()
        };
        let said = ledger(&mut many, 5).join("; ");
        assert!(said.contains("withheld, for it would tell of few: `age`, `crp`"), "{said}");
        assert!(many.missing.is_empty() && many.few_dropped().is_none());
    }

    #[test]
    fn the_cells_of_a_notice_lose_their_counts() {
        let mut notice = "column `x` is categorical, though 3 of its 40 cells look like numbers".to_string();
        without_cells(&mut notice, 5);
        assert_eq!(notice, "column `x` is categorical, though some of its cells look like numbers");
    }

    #[test]
    fn rare_gaps_cannot_be_worked_out_from_what_is_left() {
        let patterns = vec![
            (vec![false, false, false], 977),
            (vec![false, true, false], 9),
            (vec![false, false, true], 6),
            (vec![false, true, true], 5),
            (vec![true, true, false], 3),
        ];
        let mut found = Gaps { rows: 1000, variables: named(&[("a", 3), ("b", 17), ("c", 11)]), patterns };
        let said = gaps(&mut found, 5, &|name| name != "a");
        assert!(said.is_some_and(|said| said.starts_with("4 combinations")));
        assert_eq!(found.variables, named(&[("b", 17), ("c", 11)]));
        // With any of the others shown, the sums would give the 3 rows that lack a and b.
        assert_eq!(found.patterns, [(vec![false, false], 977)]);
    }

    #[test]
    fn what_was_drawn_for_a_few_cells_is_not_told() {
        let trace = |name: &str| Trace {
            variable: name.to_string(),
            imputation: 1,
            round: 1,
            mean: 61.5,
            sd: f64::NAN,
        };
        let mut found = Imputation {
            imputations: 5,
            rounds: 1,
            cells: named(&[("crp", 3), ("sbp", 15)]),
            incomplete_rows: Some(15),
            traces: vec![trace("crp"), trace("sbp")],
            gaps: Gaps::default(),
        };
        let mut of = Ledger { rows_read: 100, rows_used: 100, ..Ledger::default() };
        of.notices.push(found.in_words(100, 0));
        let said = imputation(&mut found, &mut of, 0, (5, &|_| true)).expect("crp");
        assert!(said.contains("`crp`") && !said.contains("sbp"));
        assert_eq!(found.cells, named(&[("sbp", 15)]));
        assert!(found.traces.iter().all(|t| t.variable == "sbp") && found.traces.len() == 1);
        assert!(!of.notices[0].contains("crp") && of.notices[0].contains("`sbp` 15"), "{:?}", of.notices);
    }
}
