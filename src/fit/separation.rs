//! Separation: whether some direction of the coefficients fits part of the rows perfectly, found by linear programming.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};
use ndarray::{Array1, Array2, ArrayRef1};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::rows::Rows;
use crate::rows::shared::{Question, Shared};
use crate::team::Bits;

/// What the linear programme found.
#[derive(Debug, Clone, PartialEq)]
pub struct Separated {
    /// Whether every row is strictly on its own side.
    pub complete: bool,
    /// The most rows that one direction strictly separates.
    pub rows: usize,
    /// What runs away.
    pub moved: Moved,
}

/// What separated data let run away without end.
#[derive(Debug, Clone, PartialEq)]
pub enum Moved {
    /// The coefficients in a direction, of the columns as they were looked at.
    Along(Array1<f64>),
    /// The coefficients of some columns in the user's units.
    Columns(Vec<usize>),
}

impl Separated {
    /// The columns whose coefficients have no finite estimate in the user's units.
    ///
    /// to_user: what carries coefficients of the columns that were looked at to the user's units; spread: of each column.
    pub fn columns(&self, to_user: &Array2<f64>, spread: &ArrayRef1<f64>) -> Vec<usize> {
        const MOVED: f64 = 1e-4; // of the largest
        match &self.moved {
            Moved::Columns(columns) => columns.clone(),
            Moved::Along(direction) => {
                let sizes = to_user.dot(direction) * spread;
                let largest = sizes.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
                (0..sizes.len()).filter(|j| sizes[*j].abs() > MOVED * largest).collect()
            }
        }
    }
}

/// Looks over all columns together for a direction d that no row speaks against:
///
///   maximise sum_i t_i  subject to  t_i <= s_i x_i.d,  0 <= t_i <= 1,  s_i = 2 y_i - 1
///
/// Every feasible direction has s_i x_i.d >= 0 in all rows. The rows that can be strictly separated at all can be
/// separated together (the sum of two such directions is one, and it can be stretched), so that the optimum is a
/// whole number: 0 where there is no separation, n where it is complete.
///
/// x: n x p, its columns independent and of like size; y: 0 or 1. `None`: the data overlap and a finite maximum of
/// the likelihood exists. Source: Albert & Anderson 1984, Biometrika 71:1-10; Konis 2007.
///
/// # Errors
/// Data, when the solver does not arrive.
pub fn find(x: &Array2<f64>, y: &ArrayRef1<f64>) -> Result<Option<Separated>> {
    let (n, p) = x.dim();
    if n == 0 || p == 0 {
        return Ok(None);
    }
    let direction = solve(x, y)?;
    let margin: Vec<f64> = x
        .rows()
        .into_iter()
        .zip(y.iter())
        .map(|(row, y)| if *y > 0.5 { row.dot(&direction) } else { -row.dot(&direction) })
        .collect();
    const HALF: f64 = 0.5; // a separated row reaches 1, any other 0
    let rows = margin.iter().filter(|m| **m > HALF).count();
    if rows == 0 {
        return Ok(None);
    }
    Ok(Some(Separated { complete: rows == n, rows, moved: Moved::Along(direction) }))
}

/// Rows up to which the programme is given all of them.
const ALL_ROWS: usize = 50_000;
/// Beyond, so many that lie evenly among them.
const SOME_ROWS: usize = 20_000;

/// As [`find`], in rows of any number, wherever they lie.
///
/// Coded factors: a level whose rows all have the same outcome. Otherwise, where the rows are many, the programme looks at some of
/// them (what separates all rows separates those too), and a sweep over all rows says whether its direction holds. `None` also
/// where that cannot be decided.
///
/// # Errors
/// As [`find`].
pub fn find_in(rows: &dyn Rows) -> Result<Option<Separated>> {
    if let Some((shared, _)) = rows.shared() {
        return find_among(shared);
    }
    if rows.layout().is_some() {
        return Ok(one_sided_levels(rows));
    }
    let n = rows.n_rows();
    let picked: Vec<usize> =
        if n <= ALL_ROWS { (0..n).collect() } else { (0..SOME_ROWS).map(|k| k * n / SOME_ROWS).collect() };
    let some = rows.pick(&picked);
    if n <= ALL_ROWS {
        return find(&some.x, &some.y);
    }
    let Some(Separated { moved: Moved::Along(direction), .. }) = find(&some.x, &some.y)? else {
        return Ok(None);
    };
    Ok(holding(&direction, &[margins(rows, &direction)], n))
}

/// How many rows a direction separates strictly, and the smallest margin.
pub fn margins(rows: &dyn Rows, direction: &Array1<f64>) -> (usize, f64) {
    let of_block = |k: usize| {
        let block = rows.block(k);
        let toward = block.numbers.dot(direction);
        let margins = toward.iter().zip(&block.y).map(|(d, y)| if *y > 0.5 { *d } else { -d });
        margins.fold((0, f64::INFINITY), |(n, least), m| (n + usize::from(m > 0.5), m.min(least)))
    };
    let found: Vec<(usize, f64)> = (0..rows.n_blocks()).into_par_iter().map(of_block).collect();
    found.into_iter().fold((0, f64::INFINITY), |(n, least), (more, other)| (n + more, least.min(other)))
}

/// The separation that a direction is, where no row speaks against it. margins: of all n rows, in parts.
fn holding(direction: &Array1<f64>, margins: &[(usize, f64)], n: usize) -> Option<Separated> {
    const TOLERATED: f64 = -1e-6; // of a margin of 1
    let strictly = margins.iter().map(|(n, _)| n).sum();
    if margins.iter().any(|(_, least)| *least < TOLERATED) || strictly == 0 {
        return None;
    }
    Some(Separated { complete: strictly == n, rows: strictly, moved: Moved::Along(direction.clone()) })
}

/// As [`find_in`], over the rows of several ranks: where those of one rank overlap, all do. Otherwise the direction that rank 0's
/// rows give is tried on all; `None` also where it does not hold, which decides nothing.
fn find_among(shared: &Shared) -> Result<Option<Separated>> {
    let separated = shared.ask(&Question::Separated, |mine| vec![is_separated(mine)])[0][0];
    if separated != shared.size() as f64 || shared.layout().is_some() {
        return Ok(None);
    }
    let n = shared.mine().n_rows();
    let picked: Vec<usize> = (0..n.min(SOME_ROWS)).map(|k| k * n / n.min(SOME_ROWS)).collect();
    let some = shared.mine().pick(&picked);
    let direction = solve(&some.x, &some.y)?;
    let question = Question::Margins { direction: Bits::of(&direction) };
    let found = shared.ask(&question, |mine| {
        let (strictly, least) = margins(mine, &direction);
        vec![strictly as f64, least]
    });
    let found: Vec<(usize, f64)> = found.iter().map(|part| (part[0] as usize, part[1])).collect();
    Ok(holding(&direction, &found, shared.n_rows()))
}

/// 1 where the rows are separated, 0 where they overlap, not a number where that could not be decided.
pub fn is_separated(rows: &dyn Rows) -> f64 {
    match find_in(rows) {
        Ok(found) => f64::from(u8::from(found.is_some())),
        Err(_) => f64::NAN,
    }
}

/// Levels of coded factors in which every row has the same outcome.
fn one_sided_levels(rows: &dyn Rows) -> Option<Separated> {
    let layout = rows.layout()?;
    let mut counts: Vec<Vec<[usize; 2]>> =
        layout.factors.iter().map(|f| vec![[0, 0]; f.column.len()]).collect();
    for k in 0..rows.n_blocks() {
        let block = rows.block(k);
        let Some(coded) = &block.coded else { continue };
        for (codes, y) in coded.codes.rows().into_iter().zip(&block.y) {
            for (count, code) in counts.iter_mut().zip(codes) {
                count[*code as usize][usize::from(*y > 0.5)] += 1;
            }
        }
    }
    let (mut separated, mut columns) = (0, Vec::new());
    for (factor, counts) in layout.factors.iter().zip(&counts) {
        for (column, [without, with]) in factor.column.iter().zip(counts) {
            if (*without == 0) == (*with == 0) {
                continue;
            }
            separated += without + with;
            match column {
                Some(j) => columns.push(*j),
                None => {
                    // All others run away from the reference, and the intercept with it.
                    columns.extend(factor.column.iter().flatten());
                    columns.extend(layout.has_intercept.then_some(0));
                }
            }
        }
    }
    columns.sort_unstable();
    columns.dedup();
    (separated > 0).then_some(Separated { complete: false, rows: separated, moved: Moved::Columns(columns) })
}

/// What to take from each column so that most of its cells are 0, as multiples of the first column, which must be constant: the value
/// that more than half of its cells have. It makes no difference to what can be separated, and the programme is solved the sooner the
/// fewer cells are not 0: 300 hospitals have one indicator a row once their columns are no longer centred.
fn shifts(x: &Array2<f64>) -> Vec<f64> {
    let (n, p) = x.dim();
    let first = x[[0, 0]];
    let is_constant = first != 0.0 && x.column(0).iter().all(|cell| *cell == first);
    let shift = |j: usize| -> Option<f64> {
        // Boyer & Moore: what is left after each pair of different cells has gone.
        let (mut candidate, mut lead) = (0.0, 0_usize);
        for cell in x.column(j) {
            match lead {
                0 => (candidate, lead) = (*cell, 1),
                _ if *cell == candidate => lead += 1,
                _ => lead -= 1,
            }
        }
        let count = x.column(j).iter().filter(|cell| **cell == candidate).count();
        (2 * count > n).then_some(candidate / first)
    };
    (0..p).map(|j| shift(j).filter(|_| j > 0 && is_constant).unwrap_or(0.0)).collect()
}

/// The direction d of the programme's solution. Variables: d (p) of the columns less their shifts, t (n); all constraints as
/// b - A v >= 0.
fn solve(x: &Array2<f64>, y: &ArrayRef1<f64>) -> Result<Array1<f64>> {
    let (n, p) = x.dim();
    let shifts = shifts(x);
    let (mut rows, mut cols, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut put = |row: usize, col: usize, value: f64| {
        if value != 0.0 {
            rows.push(row);
            cols.push(col);
            values.push(value);
        }
    };
    for i in 0..n {
        let sign = if y[i] > 0.5 { 1.0 } else { -1.0 };
        for j in 0..p {
            put(i, j, -sign * (x[[i, j]] - shifts[j] * x[[i, 0]])); // t_i - s_i x_i.d <= 0
        }
        put(i, p + i, 1.0);
        put(n + i, p + i, -1.0); // -t_i <= 0
        put(2 * n + i, p + i, 1.0); // t_i <= 1
    }
    let a = CscMatrix::new_from_triplets(3 * n, p + n, rows, cols, values);
    let mut b = vec![0.0; 3 * n];
    b[2 * n..].fill(1.0);
    let mut q = vec![0.0; p + n];
    q[p..].fill(-1.0);
    let quadratic = CscMatrix::zeros((p + n, p + n));
    let settings = DefaultSettingsBuilder::default()
        .verbose(false)
        .max_iter(200)
        .build()
        .map_err(|e| Error::data(format!("the linear programme for separation cannot be set up: {e}")))?;
    let mut solver =
        DefaultSolver::new(&quadratic, &q, &a, &b, &[SupportedConeT::NonnegativeConeT(3 * n)], settings)
            .map_err(|e| Error::data(format!("the linear programme for separation cannot be set up: {e}")))?;
    solver.solve();
    match solver.solution.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved => {
            let mut direction = Array1::from_vec(solver.solution.x[..p].to_vec());
            direction[0] -= direction.iter().zip(&shifts).map(|(d, shift)| d * shift).sum::<f64>();
            Ok(direction)
        }
        status => Err(Error::data(format!(
            "whether the data are separated could not be decided: the linear programme ended with {status:?}"
        ))
        .hint("leave out a predictor, or look for one that predicts the outcome perfectly")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_cut_between_the_outcomes_is_complete_separation() {
        let x = array![[1.0, -2.0], [1.0, -1.0], [1.0, 1.5], [1.0, 2.0]];
        let found = find(&x, &array![0.0, 0.0, 1.0, 1.0]).expect("solved").expect("separated");
        assert!(found.complete);
        let columns = found.columns(&Array2::eye(2), &Array1::ones(2));
        assert_eq!((found.rows, columns.contains(&1)), (4, true));
    }

    #[test]
    fn overlap_is_no_separation() {
        let x = array![[1.0, -2.0], [1.0, -1.0], [1.0, 1.5], [1.0, 2.0], [1.0, 3.0]];
        assert_eq!(find(&x, &array![0.0, 1.0, 0.0, 1.0, 0.0]).expect("solved"), None);
    }

    /// The group with z = 1 has events only: its two rows can be pushed away, the others overlap in x.
    #[test]
    fn a_group_with_events_only_is_quasi_complete() {
        let x = array![
            [1.0, 0.1, 0.0],
            [1.0, 0.4, 0.0],
            [1.0, 0.6, 0.0],
            [1.0, 0.9, 0.0],
            [1.0, 0.2, 1.0],
            [1.0, 0.8, 1.0]
        ];
        let found = find(&x, &array![0.0, 1.0, 0.0, 1.0, 1.0, 1.0]).expect("solved").expect("separated");
        assert_eq!((found.complete, found.rows), (false, 2));
        assert_eq!(found.columns(&Array2::eye(3), &Array1::ones(3)), [2]);
    }

    /// The same with columns of mean 0 and spread 1: the user's intercept stays where it is, though the standardised one moves.
    #[test]
    fn what_runs_away_is_said_of_the_coefficients_that_the_user_sees() {
        let raw = array![
            [1.0, 0.1, 0.0],
            [1.0, 0.4, 0.0],
            [1.0, 0.6, 0.0],
            [1.0, 0.9, 0.0],
            [1.0, 0.2, 1.0],
            [1.0, 0.8, 1.0],
            [1.0, 0.3, 0.0]
        ];
        let y = array![0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let scale = crate::design::scale::Scale::of(&raw, None, true);
        let to_user = crate::inference::covariance::to_user_units(&scale.centre, &scale.spread, true);
        let found = find(&scale.apply(&raw), &y).expect("solved").expect("separated");
        assert_eq!((found.rows, found.columns(&to_user, &scale.spread)), (2, vec![2]));
        // Without events in the reference the intercept runs away, and the indicator against it.
        let y = array![0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        let found = find(&scale.apply(&raw), &y).expect("solved").expect("separated");
        assert_eq!((found.rows, found.columns(&to_user, &scale.spread)), (7, vec![0, 1, 2]));
    }
}
