//! Withholding small counts of a table so that sums and differences do not give them back.

/// What is shown of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// The count.
    Count(usize),
    /// Below the limit, and not 0.
    Below,
    /// Withheld to protect another cell.
    Hidden,
}

impl Cell {
    /// The count, where it is shown.
    pub fn count(self) -> Option<usize> {
        match self {
            Cell::Count(n) => Some(n),
            Cell::Below | Cell::Hidden => None,
        }
    }
}

/// The rows of one variable (levels, and missing where there is any) by groups, and the sums over the groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// One row of cells a level, one cell a group.
    pub cells: Vec<Vec<Cell>>,
    /// The sum of each row.
    pub overall: Vec<Cell>,
}

/// Shows everything.
pub fn all(counts: &[Vec<usize>]) -> Shown {
    let show = |row: &Vec<usize>| row.iter().map(|n| Cell::Count(*n)).collect();
    let sum = |row: &Vec<usize>| Cell::Count(row.iter().sum());
    Shown { cells: counts.iter().map(show).collect(), overall: counts.iter().map(sum).collect() }
}

/// Withholds the counts from 1 to below - 1 and as many others as protect them; the groups' sizes (the sums of the
/// columns) are known to the reader.
///
/// A row with a small count is withheld in all groups and in the sum. Then, row by row from the smallest sum on,
/// others are withheld too, until every small count may, for all that the rest of its column tells, be anything from
/// 1 to below - 1. Where no choice of rows does that, all counts of the variable are withheld, the small ones without
/// their mark. A count of 0 is of nobody and is no small count.
/// Source: Hundepool et al. 2012, Statistical Disclosure Control, s. 4.4 (secondary suppression).
pub fn withhold(counts: &[Vec<usize>], below: usize) -> Shown {
    let is_small = |n: usize| (1..below).contains(&n);
    let mut hidden: Vec<bool> = counts.iter().map(|row| row.iter().any(|n| is_small(*n))).collect();
    if !hidden.contains(&true) {
        return all(counts);
    }
    let total = |row: &usize| counts[*row].iter().sum::<usize>();
    let mut others: Vec<usize> = (0..counts.len()).filter(|row| !hidden[*row]).collect();
    others.sort_by_key(total);
    let mut others = others.into_iter();
    let marked = loop {
        if is_safe(counts, &hidden, below) {
            break true;
        }
        match others.next() {
            Some(row) => hidden[row] = true,
            None => break false,
        }
    };
    let cell = |row: usize, n: usize| match (hidden[row], marked && is_small(n)) {
        (false, _) => Cell::Count(n),
        (true, true) => Cell::Below,
        (true, false) => Cell::Hidden,
    };
    let rows = 0..counts.len();
    Shown {
        cells: rows.clone().map(|row| counts[row].iter().map(|n| cell(row, *n)).collect()).collect(),
        overall: rows.map(|row| if hidden[row] { Cell::Hidden } else { Cell::Count(total(&row)) }).collect(),
    }
}

/// Whether each small count among the withheld ones of each column can still be anything from 1 to below - 1.
fn is_safe(counts: &[Vec<usize>], hidden: &[bool], below: usize) -> bool {
    (0..counts[0].len()).all(|group| {
        let column: Vec<usize> = (0..counts.len()).filter(|r| hidden[*r]).map(|r| counts[r][group]).collect();
        let sum: usize = column.iter().sum();
        let small = column.iter().filter(|n| (1..below).contains(*n)).count();
        let others = column.len() - small;
        small == 0 || (1..below).all(|value| is_possible(sum, value, small - 1, others, below))
    })
}

/// Whether a column whose withheld counts sum to `sum` can hold `value`, `small` further counts from 1 to below - 1
/// and `others` that are 0 or at least `below`.
fn is_possible(sum: usize, value: usize, small: usize, others: usize, below: usize) -> bool {
    let Some(rest) = sum.checked_sub(value + small) else { return false };
    let exactly = rest <= small * (below - 2); // the further small counts alone make up the rest
    exactly || (others > 0 && rest >= below)
}

/// Which of several counts may be told beside that of all rows that have one reason or more of those counted.
///
/// A count may not where it, or the number of rows that have only other reasons (all - count), is from 1 to below - 1. Nor
/// where, with two reasons, the rows that have both are so few (a + b - all). Where some are withheld, the rows that have
/// only those are at least all less the sum of the told ones: if that is from 2 to below - 1, the least of the told ones is
/// withheld too, and so on.
pub fn tellable(all: usize, counts: &[usize], below: usize) -> Vec<bool> {
    let is_small = |n: usize| (1..below).contains(&n);
    let mut told: Vec<bool> =
        counts.iter().map(|n| !is_small(*n) && !is_small(all.saturating_sub(*n))).collect();
    if let [a, b] = *counts
        && is_small((a + b).saturating_sub(all))
    {
        told[usize::from(b < a)] = false;
    }
    while told.contains(&false) {
        let sum: usize = counts.iter().zip(&told).filter(|(_, told)| **told).map(|(n, _)| n).sum();
        let least = (0..counts.len()).filter(|k| told[*k]).min_by_key(|k| counts[*k]);
        match least {
            Some(k) if is_small(all.saturating_sub(sum)) && all - sum > 1 => told[k] = false,
            _ => break,
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All tables that a reader who knows the rule and the column sums cannot tell from the one that was shown.
    fn values_of(shown: &Shown, sums: &[usize], row: usize, group: usize, below: usize) -> Vec<usize> {
        fn fill(
            cells: &[Cell],
            sum: usize,
            below: usize,
            so_far: &mut Vec<usize>,
            found: &mut Vec<Vec<usize>>,
        ) {
            let Some(cell) = cells.get(so_far.len()) else {
                if so_far.iter().sum::<usize>() == sum {
                    found.push(so_far.clone());
                }
                return;
            };
            let choices: Vec<usize> = match cell {
                Cell::Count(n) => vec![*n],
                Cell::Below => (1..below).collect(),
                Cell::Hidden => (0..=sum).filter(|n| *n == 0 || *n >= below).collect(),
            };
            for n in choices {
                so_far.push(n);
                fill(cells, sum, below, so_far, found);
                so_far.pop();
            }
        }
        let column: Vec<Cell> = shown.cells.iter().map(|r| r[group]).collect();
        let mut found = Vec::new();
        fill(&column, sums[group], below, &mut Vec::new(), &mut found);
        let mut values: Vec<usize> = found.iter().map(|c| c[row]).collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    #[test]
    fn counts_whose_difference_is_of_few_rows_are_not_told() {
        assert_eq!(tellable(20, &[20], 5), [true]);
        assert_eq!(tellable(20, &[17, 3], 5), [false, false]); // 20 - 17 rows have the second reason alone
        assert_eq!(tellable(10, &[6, 7], 5), [false, false]); // 10 - 6 and 10 - 7
        assert_eq!(tellable(20, &[12, 11], 5), [true, false]); // 3 have both
        assert_eq!(tellable(20, &[9, 7, 4], 5), [true, false, false]); // at least 4, fewer than 5
        assert_eq!(tellable(30, &[15, 15], 5), [true, true]);
    }

    #[test]
    fn nothing_is_withheld_from_a_table_without_small_counts() {
        let counts = [vec![10, 0], vec![5, 20]];
        assert_eq!(withhold(&counts, 5), all(&counts));
    }

    #[test]
    fn a_small_count_takes_a_second_row_with_it() {
        let counts = [vec![40, 50], vec![3, 12], vec![30, 10]];
        let shown = withhold(&counts, 5);
        assert_eq!(shown.cells[0], [Cell::Count(40), Cell::Count(50)]);
        assert_eq!(shown.cells[1], [Cell::Below, Cell::Hidden]);
        assert_eq!(shown.cells[2], [Cell::Hidden, Cell::Hidden]);
        assert_eq!(shown.overall, [Cell::Count(90), Cell::Hidden, Cell::Hidden]);
    }

    /// Every table of three rows and two groups with counts up to 9: a marked count can be anything below the limit.
    #[test]
    fn no_small_count_can_be_worked_out() {
        const BELOW: usize = 4;
        let (mut tables, mut marked) = (0, 0);
        for code in 0..10_usize.pow(3) {
            for shift in [0, 3, 7] {
                let digit = |k: u32| code / 10_usize.pow(k) % 10;
                let counts: Vec<Vec<usize>> =
                    (0..3).map(|k| vec![digit(k), (digit(2 - k) + shift) % 10]).collect();
                let shown = withhold(&counts, BELOW);
                let sums: Vec<usize> = (0..2).map(|g| counts.iter().map(|r| r[g]).sum()).collect();
                tables += 1;
                for (row, cells) in shown.cells.iter().enumerate() {
                    for (group, cell) in cells.iter().enumerate() {
                        let is_small = (1..BELOW).contains(&counts[row][group]);
                        assert!(!is_small || cell.count().is_none(), "{counts:?}");
                        if *cell == Cell::Below {
                            marked += 1;
                            let values = values_of(&shown, &sums, row, group, BELOW);
                            assert_eq!(values, [1, 2, 3], "{counts:?}: {shown:?}");
                        }
                    }
                }
            }
        }
        assert_eq!(tables, 3000);
        assert!(marked > 500, "{marked}");
    }

    #[test]
    fn where_two_rows_do_not_suffice_all_is_withheld_without_marks() {
        let shown = withhold(&[vec![3], vec![5]], 5); // a 4 would leave 4
        assert_eq!(shown.cells, [[Cell::Hidden], [Cell::Hidden]]);
        assert_eq!(shown.overall, [Cell::Hidden, Cell::Hidden]);
    }
}
