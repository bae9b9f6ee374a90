//! Robust standard errors: the sandwich HC0 to HC3, and clusters CR0, CR1, CR1S.

use std::collections::HashMap;

use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, Axis, s};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::inference::solution::{BlockTerms, Solution};
use crate::num::linalg::{combine_factors, triangular_factor};
use crate::objective::loss::Loss;
use crate::rows::BLOCK_ROWS;
use crate::rows::shared::{At, Question};
use crate::team::Bits;

/// How a squared residual stands for a row's variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hc {
    /// r².
    Hc0,
    /// r² n/(n - k).
    Hc1,
    /// r² / (1 - h).
    Hc2,
    /// r² / (1 - h)²: close to the jackknife.
    Hc3,
}

impl Hc {
    /// HC0 to HC3, by number.
    pub const ALL: [Hc; 4] = [Hc::Hc0, Hc::Hc1, Hc::Hc2, Hc::Hc3];
}

/// Small-sample factor of the cluster sandwich with G clusters, n observations and k coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// 1.
    Cr0,
    /// G/(G - 1).
    Cr1,
    /// G/(G - 1) · (n - 1)/(n - k).
    Cr1s,
}

/// Which sandwich.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Robust<'a> {
    /// Rows are independent, their variances differ.
    Hc(Hc),
    /// Rows of one cluster depend on each other.
    Cluster {
        /// One a row; any numbers, equal within a cluster.
        ids: &'a [u32],
        /// The small-sample factor.
        correction: Correction,
    },
}

/// A robust covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct Sandwich {
    /// A, p x p, with A A' = the covariance in the user's units (see `covariance::from_root`).
    pub root: Array2<f64>,
    /// Number of clusters, where there are any.
    pub clusters: Option<usize>,
}

/// The sandwich covariance B M B in the user's units.
///
///   B = (sum_i w_i c_i x_i x_i')⁻¹,  c_i = 1 (linear) or mu_i (1 - mu_i) (logistic)
///   HC:      M = sum_i w_i r_i² f_i x_i x_i',   r_i = y_i - mu_i
///            f_i = 1, n/(n - k), 1/(1 - h_i), 1/(1 - h_i)² for HC0, HC1, HC2, HC3
///   cluster: M = sum_g s_g s_g' · factor,       s_g = sum of w_i r_i x_i over the rows of cluster g
///
/// Weights are frequencies: all of this is as if row i stood w_i times in the data (n = sum of the weights, h_i the
/// leverage of one copy, all copies in one cluster). M is never formed: with Q = X R⁻¹ the result is
/// A A', A = J R⁻¹ T' / n, T the triangular factor of the scaled rows of Q, J = `to_user`.
///
/// Compare the statistic with the normal distribution for a logistic model, with t of n - k degrees of freedom for
/// a linear one, clusters or not (as `coeftest` in R does).
///
/// # Errors
/// Data, when a leverage of 1 makes HC2 or HC3 undefined, when HC1 or CR1S finds n <= k, with fewer than two clusters.
///
/// Source: White 1980, Econometrica 48:817-838; MacKinnon & White 1985, Journal of Econometrics 29:305-325;
/// Liang & Zeger 1986, Biometrika 73:13-22; Zeileis 2004, Journal of Statistical Software 11(10).
pub fn sandwich(solution: &Solution<'_>, to_user: &ArrayRef2<f64>, robust: Robust<'_>) -> Result<Sandwich> {
    let inverse = solution.inverse_root();
    let (n, k) = (solution.n(), solution.n_coefficients() as f64);
    let residual_df = match robust {
        Robust::Hc(Hc::Hc1) | Robust::Cluster { correction: Correction::Cr1s, .. } if n <= k => {
            return Err(Error::data(format!(
                "the robust standard errors divide by n - k, and {n} observations leave nothing beside {k} coefficients"
            ))
            .hint("use `--robust hc0` or fewer predictors"));
        }
        _ => n - k,
    };
    let (factor, scale, clusters) = match robust {
        Robust::Hc(kind) => {
            let scale = if kind == Hc::Hc1 { n / residual_df } else { 1.0 };
            (rows_factor(solution, &inverse, kind)?, scale, None)
        }
        Robust::Cluster { ids, correction } => {
            let sums = cluster_sums(solution, &inverse, ids);
            let groups = sums.nrows() as f64;
            if sums.nrows() < 2 {
                return Err(Error::data(
                    "cluster-robust standard errors need at least two clusters, there is one",
                )
                .hint("choose a variable that tells the clusters apart, or leave `--cluster` out"));
            }
            let scale = match correction {
                Correction::Cr0 => 1.0,
                Correction::Cr1 => groups / (groups - 1.0),
                Correction::Cr1s => groups / (groups - 1.0) * (n - 1.0) / residual_df,
            };
            (factor_in_chunks(&sums), scale, Some(sums.nrows()))
        }
    };
    let root = to_user.dot(&inverse).dot(&factor.t()) * (scale.sqrt() / n);
    Ok(Sandwich { root, clusters })
}

/// T with T'T = sum_i w_i r_i² f_i q_i q_i' over one rank's rows; total: the weight of all ranks' rows.
///
/// Leverages are those among all rows: with q scaled by s = sqrt(own weight / total), q'q / own weight is what q'q / total was.
///
/// # Errors
/// As [`sandwich()`].
pub fn scores(solution: &Solution<'_>, inverse: &Array2<f64>, kind: Hc, total: f64) -> Result<Array2<f64>> {
    let scale = (solution.n() / total).sqrt();
    Ok(rows_factor(solution, &(inverse * scale), kind)? / scale)
}

/// T with T'T = sum_i w_i r_i² f_i q_i q_i', block by block in order.
fn rows_factor(solution: &Solution<'_>, inverse: &Array2<f64>, kind: Hc) -> Result<Array2<f64>> {
    if let Some((shared, view)) = solution.rows.shared() {
        let logistic = solution.loss == Loss::Logistic;
        let at = At { logistic, point: Bits::of(solution.beta), view, only: None };
        let number = Hc::ALL.iter().position(|k| *k == kind).unwrap_or_default() as u8;
        let total = solution.n();
        let question =
            Question::Scores { at, inverse_root: Bits::of(inverse), kind: number, total: Bits::of(&[total]) };
        let parts = shared.ask(&question, |mine| {
            let own = Solution { rows: mine, ..*solution };
            scores(&own, inverse, kind, total).map_or_else(|_| Vec::new(), |root| root.into_iter().collect())
        });
        let p = solution.n_coefficients();
        return parts.into_iter().enumerate().try_fold(Array2::zeros((p, p)), |sum, (rank, part)| {
            let root = Array2::from_shape_vec((p, p), part)
                .map_err(|_| undefined(kind, &format!("a row of rank {rank}")))?;
            Ok(combine_factors(&sum, &root))
        });
    }
    let blocks: Vec<Result<Array2<f64>>> = (0..solution.rows.n_blocks())
        .into_par_iter()
        .map(|index| {
            let terms = solution.block(index, inverse);
            let mut scaled = terms.projected.clone();
            for (i, mut row) in scaled.rows_mut().into_iter().enumerate() {
                let size = stand_in(&terms, i, kind).ok_or_else(|| {
                    let row = rows_before(solution, index) + i + 1;
                    undefined(kind, &format!("row {row} of those used"))
                })?;
                row *= terms.weight[i].sqrt() * size;
            }
            Ok(triangular_factor(&scaled))
        })
        .collect();
    let p = solution.n_coefficients();
    blocks.into_iter().try_fold(Array2::zeros((p, p)), |sum, block| Ok(combine_factors(&sum, &block?)))
}

/// The residual as this kind scales it; `None` where the leverage is 1 and the scale therefore infinite.
fn stand_in(terms: &BlockTerms, i: usize, kind: Hc) -> Option<f64> {
    const ONE: f64 = 1.0 - 1e-10; // a leverage this near 1 is 1 but for rounding
    let (residual, leverage) = (terms.residual[i], terms.leverage[i]);
    match kind {
        Hc::Hc0 | Hc::Hc1 => Some(residual),
        Hc::Hc2 | Hc::Hc3 if terms.weight[i] > 0.0 && leverage >= ONE => None,
        Hc::Hc2 => Some(residual / (1.0 - leverage).sqrt()),
        Hc::Hc3 => Some(residual / (1.0 - leverage)),
    }
}

fn rows_before(solution: &Solution<'_>, index: usize) -> usize {
    (0..index).map(|k| solution.rows.block(k).y.len()).sum()
}

fn undefined(kind: Hc, row: &str) -> Error {
    let name = if kind == Hc::Hc2 { "HC2" } else { "HC3" };
    Error::data(format!(
        "{name} standard errors do not exist: {row} has leverage 1 (it alone determines a coefficient)"
    ))
    .hint("use `--robust hc0` or `--robust hc1`, or merge the level that only this row has")
}

/// One row a cluster, in order of first appearance: sum of w_i r_i q_i, over the rows of all ranks. ids: those of the own rows.
fn cluster_sums(solution: &Solution<'_>, inverse: &Array2<f64>, ids: &[u32]) -> Array2<f64> {
    let Some((shared, view)) = solution.rows.shared() else {
        return own_cluster_sums(solution, inverse, ids).1;
    };
    let at =
        At { logistic: solution.loss == Loss::Logistic, point: Bits::of(solution.beta), view, only: None };
    let question = Question::Clusters { at, inverse_root: Bits::of(inverse) };
    let parts = shared
        .ask(&question, |mine| clusters_in_numbers(&Solution { rows: mine, ..*solution }, inverse, ids));
    let p = solution.n_coefficients();
    let mut place: HashMap<u64, usize> = HashMap::new();
    let mut sums: Vec<Array1<f64>> = Vec::new();
    for one in parts.iter().flat_map(|part| part.chunks_exact(p + 1)) {
        let at = *place.entry(one[0].to_bits()).or_insert(sums.len());
        if at == sums.len() {
            sums.push(Array1::zeros(p));
        }
        sums[at].iter_mut().zip(&one[1..]).for_each(|(sum, x)| *sum += x);
    }
    let mut all = Array2::zeros((sums.len(), p));
    all.rows_mut().into_iter().zip(&sums).for_each(|(mut row, sum)| row.assign(sum));
    all
}

/// The clusters of one rank: of each its number, then its p sums.
pub fn clusters_in_numbers(solution: &Solution<'_>, inverse: &Array2<f64>, ids: &[u32]) -> Vec<f64> {
    let (codes, sums) = own_cluster_sums(solution, inverse, ids);
    let one = |(code, row): (u32, ArrayView1<'_, f64>)| [vec![f64::from(code)], row.to_vec()].concat();
    codes.into_iter().zip(sums.rows()).flat_map(one).collect()
}

/// The clusters of a process's own rows in order of first appearance, and one row a cluster.
fn own_cluster_sums(solution: &Solution<'_>, inverse: &Array2<f64>, ids: &[u32]) -> (Vec<u32>, Array2<f64>) {
    assert_eq!(ids.len(), solution.rows.n_rows(), "one cluster a row");
    let mut place: HashMap<u32, usize> = HashMap::new();
    let mut codes = Vec::new();
    for id in ids {
        place.entry(*id).or_insert_with(|| {
            codes.push(*id);
            codes.len() - 1
        });
    }
    let mut sums = Array2::zeros((codes.len(), solution.n_coefficients()));
    let mut from = 0;
    for index in 0..solution.rows.n_blocks() {
        let terms = solution.block(index, inverse);
        for (i, row) in terms.projected.rows().into_iter().enumerate() {
            sums.row_mut(place[&ids[from + i]]).scaled_add(terms.weight[i] * terms.residual[i], &row);
        }
        from += terms.weight.len();
    }
    (codes, sums)
}

fn factor_in_chunks(rows: &Array2<f64>) -> Array2<f64> {
    let p = rows.ncols();
    rows.axis_chunks_iter(Axis(0), BLOCK_ROWS).fold(Array2::zeros((p, p)), |sum, chunk| {
        combine_factors(&sum, &triangular_factor(&chunk.slice(s![.., ..]).to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::*;
    use crate::error::Kind;
    use crate::inference::covariance::standard_errors;
    use crate::inference::fixture::{AM, GEAR, HP, MPG, WT, near, optimum, repeated, rows, with_intercept};
    use crate::objective::loss::Loss;
    use crate::rows::InMemory;

    const CORRECTIONS: [Correction; 3] = [Correction::Cr0, Correction::Cr1, Correction::Cr1s];

    fn errors(rows: &InMemory, loss: Loss, robust: Robust<'_>) -> Vec<f64> {
        let (beta, _, root) = optimum(rows, loss);
        let to_user = Array2::eye(beta.len());
        let solution = Solution { rows, loss, beta: &beta, root: &root };
        standard_errors(&sandwich(&solution, &to_user, robust).expect("defined").root).to_vec()
    }

    #[test]
    fn a_mean_of_four_gives_the_fractions_worked_out_by_hand() {
        // y = 1, 2, 4, 9: residuals -3, -2, 0, 5, sum of squares 38, h = 1/4.
        let rows = rows(Array2::ones((4, 1)), &[1.0, 2.0, 4.0, 9.0]);
        let wanted = [38.0 / 16.0, 38.0 / 12.0, 38.0 / 12.0, 38.0 / 9.0];
        for (kind, variance) in Hc::ALL.into_iter().zip(wanted) {
            near(&errors(&rows, Loss::Squared, Robust::Hc(kind)), &[f64::sqrt(variance)], 1e-14);
        }
        // Clusters {1, 2} and {4, 9}: sums -5 and 5, so 50/16; G/(G-1) = 2, (n-1)/(n-k) = 1.
        let wanted = [50.0 / 16.0, 100.0 / 16.0, 100.0 / 16.0];
        for (correction, variance) in CORRECTIONS.into_iter().zip(wanted) {
            let robust = Robust::Cluster { ids: &[7, 7, 2, 2], correction };
            near(&errors(&rows, Loss::Squared, robust), &[f64::sqrt(variance)], 1e-14);
        }
    }

    /// R 4.2, from model.matrix, residuals and solve by the formulas above.
    #[test]
    fn cars_give_the_standard_errors_that_r_s_matrix_algebra_gives() {
        let linear = rows(with_intercept(&[&WT, &HP]), &MPG);
        let logistic = rows(with_intercept(&[&HP, &WT]), &AM);
        let wanted = [
            (
                Hc::Hc0,
                [1.938913956417543, 0.619927505289888, 0.006646057908183072],
                [8.242918256627943, 0.008321248251685944, 2.767487581291193],
            ),
            (
                Hc::Hc1,
                [2.036735001912953, 0.6512037548099359, 0.006981361252021348],
                [8.658785541056785, 0.008741067398952673, 2.907111378263424],
            ),
            (
                Hc::Hc2,
                [2.077609943514612, 0.687765481735833, 0.007825029397515023],
                [8.965882771300695, 0.00979529810124749, 3.014871598895055],
            ),
            (
                Hc::Hc3,
                [2.229805403436217, 0.768519050357809, 0.009385137908647508],
                [9.76508737219557, 0.01182205803201834, 3.294247019588809],
            ),
        ];
        for (kind, a, b) in wanted {
            near(&errors(&linear, Loss::Squared, Robust::Hc(kind)), &a, 1e-11);
            near(&errors(&logistic, Loss::Logistic, Robust::Hc(kind)), &b, 1e-11);
        }
        let wanted = [
            (
                Correction::Cr0,
                [2.214871758626521, 0.6490563793379489, 0.00552384917066278],
                [6.471355936593122, 0.007609918198400937, 1.827492103885282],
            ),
            (
                Correction::Cr1,
                [2.712652827167901, 0.7949284718381467, 0.006765305942109922],
                [7.925759994291939, 0.00932020828520107, 2.238211581742124],
            ),
            (
                Correction::Cr1s,
                [2.804633150656017, 0.8218828160348288, 0.006994703166413417],
                [8.194505762590367, 0.009636236847523376, 2.31410460545],
            ),
        ];
        for (correction, a, b) in wanted {
            let robust = Robust::Cluster { ids: &GEAR, correction };
            near(&errors(&linear, Loss::Squared, robust), &a, 1e-10);
            near(&errors(&logistic, Loss::Logistic, robust), &b, 1e-10);
        }
    }

    #[test]
    fn weights_equal_repeated_rows() {
        let weight = Array1::from_shape_fn(32, |i| (1 + i % 3) as f64);
        for (loss, y) in [(Loss::Squared, &MPG), (Loss::Logistic, &AM)] {
            let weighted = InMemory::new(
                with_intercept(&[&WT, &HP]),
                Array1::from(y.to_vec()),
                Some(weight.clone()),
                None,
            );
            let plain = repeated(&weighted);
            for kind in Hc::ALL {
                let robust = Robust::Hc(kind);
                near(&errors(&weighted, loss, robust), &errors(&plain, loss, robust), 1e-10);
            }
            let ids: Vec<u32> =
                (0..32).flat_map(|i| std::iter::repeat_n(GEAR[i], weight[i] as usize)).collect();
            for correction in CORRECTIONS {
                let whole = errors(&weighted, loss, Robust::Cluster { ids: &GEAR, correction });
                near(&whole, &errors(&plain, loss, Robust::Cluster { ids: &ids, correction }), 1e-9);
            }
        }
    }

    #[test]
    fn a_cluster_a_row_is_hc0_and_any_blocks_give_the_same() {
        let whole = rows(with_intercept(&[&HP, &WT]), &AM);
        let split = InMemory { block_rows: 7, ..whole.clone() };
        let ids: Vec<u32> = (0..32).rev().collect();
        let alone = Robust::Cluster { ids: &ids, correction: Correction::Cr0 };
        let wanted = errors(&whole, Loss::Logistic, Robust::Hc(Hc::Hc0));
        near(&errors(&split, Loss::Logistic, alone), &wanted, 1e-10);
        near(&errors(&split, Loss::Logistic, Robust::Hc(Hc::Hc0)), &wanted, 1e-10);
    }

    #[test]
    fn a_row_with_leverage_one_is_named_and_only_hc2_and_hc3_mind() {
        let mut x = with_intercept(&[&WT]);
        x.push_column(Array1::from_shape_fn(32, |i| if i == 4 { 1.0 } else { 0.0 }).view()).expect("32 rows");
        let rows = rows(x, &MPG);
        let (beta, _, root) = optimum(&rows, Loss::Squared);
        let solution = Solution { rows: &rows, loss: Loss::Squared, beta: &beta, root: &root };
        let eye = Array2::eye(3);
        let error = sandwich(&solution, &eye, Robust::Hc(Hc::Hc3)).expect_err("leverage 1");
        assert!(error.message.contains("row 5") && error.kind == Kind::Data, "{error}");
        assert!(sandwich(&solution, &eye, Robust::Hc(Hc::Hc1)).is_ok());
    }

    #[test]
    fn one_cluster_and_no_residual_rows_are_refused() {
        let rows = rows(array![[1.0, 0.0], [1.0, 1.0]], &[1.0, 3.0]);
        let (beta, _, root) = optimum(&rows, Loss::Squared);
        let solution = Solution { rows: &rows, loss: Loss::Squared, beta: &beta, root: &root };
        let eye = Array2::eye(2);
        let one = Robust::Cluster { ids: &[3, 3], correction: Correction::Cr0 };
        assert!(sandwich(&solution, &eye, one).expect_err("one cluster").message.contains("two clusters"));
        let saturated = sandwich(&solution, &eye, Robust::Hc(Hc::Hc1)).expect_err("n = k");
        assert!(saturated.message.contains("2 observations"));
    }
}
