//! The optimum itself, with the proof of how close it is: what every stop is measured against.

use ndarray::{Array1, Array2};

use crate::error::Result;
use crate::fit::frame::Frame;
use crate::fit::result::Separation;
use crate::fit::separation;
use crate::fit::target::Target;
use crate::inference::covariance;
use crate::num::linalg::{inverse_upper, is_regular, singular_values, solve_upper_transposed};
use crate::objective::Curved;
use crate::objective::firth::Firth;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::penalty::Penalised;
use crate::objective::shared;
use crate::optimise::certificate::{logistic_distance, yardstick_factor};
use crate::optimise::{Descent, norm};
use crate::rows::Rows;
use crate::rows::shared::{At, Question, View};
use crate::team::Bits;

/// The end of an exact descent on the standardised columns, examined.
pub struct Exact {
    /// Standardised coefficients.
    pub beta: Array1<f64>,
    /// What was minimised: the mean loss, with its penalty if there is one.
    pub value: f64,
    /// Triangular root of the Hessian there.
    pub root: Array2<f64>,
    /// Square root of the coefficients' covariance in the user's units; `None` when there is none.
    pub covariance_root: Option<Array2<f64>>,
    /// How far any coefficient can be from the optimum, in its own standard errors; `None`: not known.
    pub error_in_standard_errors: Option<f64>,
    /// Found where no finite optimum could be proved.
    pub separation: Option<Separation>,
    /// Elastic net: how far the objective can be above its minimum.
    pub duality_gap: Option<f64>,
}

/// Examines where an exact descent ended.
///
/// Linear: the way still to go is H⁻¹g exactly. Logistic: the self-concordant bound of [`logistic_distance`], which
/// also proves that a finite optimum exists; where it says nothing, the linear programme decides whether the data
/// are separated. To both the rounding of the gradient is added. Firth: the Newton decrement, an estimate and no
/// bound. Elastic net: the duality gap; there are no standard errors to measure in.
///
/// # Errors
/// Data, when the linear programme for separation fails.
pub fn examine(frame: &Frame, loss: Loss, target: Target, descent: &Descent) -> Result<Exact> {
    let mut exact = Exact {
        beta: descent.beta.clone(),
        value: descent.value,
        root: Array2::zeros((frame.dim(), frame.dim())),
        covariance_root: None,
        error_in_standard_errors: None,
        separation: None,
        duality_gap: None,
    };
    match target {
        Target::Likelihood => likelihood(frame, loss, &mut exact)?,
        Target::Firth => firth(frame, &mut exact),
        Target::ElasticNet(strength) => {
            let penalised = Penalised::new(&frame.rows, loss, strength, &Target::sizes(frame, false));
            exact.root = penalised.curvature_root(&exact.beta);
            exact.duality_gap = Some(penalised.gap(&exact.beta));
        }
    }
    Ok(exact)
}

fn likelihood(frame: &Frame, loss: Loss, exact: &mut Exact) -> Result<()> {
    let proof = prove(&frame.rows, &frame.to_user, loss, &exact.beta);
    (exact.value, exact.root) = (proof.value, proof.root);
    exact.error_in_standard_errors = proof.error_in_standard_errors;
    exact.covariance_root = proof.covariance_root;
    if loss == Loss::Logistic && exact.error_in_standard_errors.is_none() {
        exact.separation = separation::find_in(&frame.rows)?.map(|s| Separation {
            complete: s.complete,
            terms: s
                .columns(&frame.to_user, &frame.scale.spread)
                .into_iter()
                .map(|j| frame.terms[j].name.clone())
                .collect(),
            rows: Some(s.rows),
        });
    }
    Ok(())
}

/// What one look at all rows says of a point near the maximum of the likelihood.
pub struct Proof {
    /// The mean loss there.
    pub value: f64,
    /// Triangular root of its Hessian.
    pub root: Array2<f64>,
    /// Square root of the coefficients' covariance in the user's units; `None` when there is none.
    pub covariance_root: Option<Array2<f64>>,
    /// How far any coefficient can be from the optimum, in its own standard errors; `None`: no finite optimum is proved.
    pub error_in_standard_errors: Option<f64>,
}

/// Works out how near a point is to the maximum of the likelihood, as [`examine`] says.
///
/// to_user: the matrix that carries the coefficients of these columns to the user's units.
pub fn prove(rows: &dyn Rows, to_user: &Array2<f64>, loss: Loss, beta: &Array1<f64>) -> Proof {
    let glm = Glm::new(rows, loss);
    let (value, gradient, root) = glm.all_at(beta);
    let mut proof = Proof { value, root, covariance_root: None, error_in_standard_errors: None };
    if !is_regular(&proof.root) || !value.is_finite() {
        return proof;
    }
    let n = rows.total_weight();
    let noise = rounding(rows, loss, beta, &proof.root, value);
    let dispersion = dispersion(loss, value, n, beta.len());
    let unit = (n / dispersion).sqrt();
    let decrement = norm(&solve_upper_transposed(&proof.root, &gradient)) + noise;
    let covariance_root = covariance::root(&proof.root, to_user, dispersion, n);
    let mapping = mapping_error(to_user, beta, &covariance_root);
    proof.error_in_standard_errors = match loss {
        Loss::Squared => Some(decrement * unit + mapping),
        Loss::Logistic => {
            let leverage = glm.largest_leverage(&inverse_upper(&proof.root));
            logistic_distance(decrement, leverage).map(|d| d * unit * yardstick_factor(d, leverage) + mapping)
        }
    }
    .filter(|e| e.is_finite());
    proof.covariance_root = (dispersion > 0.0).then_some(covariance_root);
    proof
}

fn firth(frame: &Frame, exact: &mut Exact) {
    let objective = Firth::new(&frame.rows);
    let (value, gradient, root) = objective.all_at(&exact.beta);
    let n = frame.rows.total_weight();
    (exact.value, exact.root) = (value, root);
    if is_regular(&exact.root) && value.is_finite() {
        let decrement = norm(&solve_upper_transposed(&exact.root, &gradient));
        let noise = rounding(&frame.rows, Loss::Logistic, &exact.beta, &exact.root, value);
        exact.error_in_standard_errors = Some((decrement + noise) * n.sqrt());
        exact.covariance_root = Some(covariance::root(&exact.root, &frame.to_user, 1.0, n));
    }
}

/// RSS / (n - k) for the squared loss (0 without residual degrees of freedom), 1 for the logistic one.
pub fn dispersion(loss: Loss, mean_loss: f64, n: f64, k: usize) -> f64 {
    match loss {
        Loss::Logistic => 1.0,
        Loss::Squared if n > k as f64 => 2.0 * n * mean_loss / (n - k as f64),
        Loss::Squared => 0.0,
    }
}

/// How much rounding can add to the decrement sqrt(g'H⁻¹g).
///
/// A row's linear predictor is off by about e_i = eps (sum_j |x_ij b_j| + |y_i|); R⁻'X'/sqrt(n) is a projection, so
/// that the errors of all rows together move the decrement by at most their root mean square. The factor itself is
/// off by eps times its condition number, which moves it by that share of the residuals' root mean square.
fn rounding(rows: &dyn Rows, loss: Loss, beta: &Array1<f64>, root: &Array2<f64>, value: f64) -> f64 {
    const OPERATIONS: f64 = 4.0; // product, sum, subtraction, accumulation
    let n = rows.n_rows() as f64;
    let logistic = loss == Loss::Logistic;
    let at = At { logistic, point: Bits::of(beta), view: View::All, only: None };
    let squares = match rows.shared() {
        Some((shared, _)) => {
            shared.ask(&Question::Rounding(at.clone()), |mine| vec![shared::rounding(&at, mine)])[0][0]
        }
        None => shared::rounding(&at, rows),
    };
    let mean_square = squares / n;
    let values = singular_values(root);
    let condition = match (values.first(), values.last()) {
        (Some(largest), Some(smallest)) => largest / smallest,
        _ => 1.0,
    };
    let residual = match loss {
        Loss::Squared => (2.0 * value).sqrt(),
        Loss::Logistic => 1.0,
    };
    f64::EPSILON * (OPERATIONS * mean_square.sqrt() + condition * residual)
}

/// The rounding of the way back to the user's units, largest over the coefficients, in standard errors: the
/// intercept subtracts products that may be far larger than itself.
fn mapping_error(to_user: &Array2<f64>, beta: &Array1<f64>, covariance_root: &Array2<f64>) -> f64 {
    let errors = covariance::standard_errors(covariance_root);
    let sizes = to_user.mapv(f64::abs).dot(&beta.mapv(f64::abs));
    sizes.iter().zip(&errors).map(|(size, se)| f64::EPSILON * size / se).fold(0.0, f64::max)
}

/// max_j |b_j - b*_j| / se_j with the standard errors at the optimum.
pub fn distance_in_standard_errors(
    user: &Array1<f64>,
    optimum: &Array1<f64>,
    covariance_root: &Array2<f64>,
) -> Option<f64> {
    let errors = covariance::standard_errors(covariance_root);
    let largest = (0..user.len()).map(|j| (user[j] - optimum[j]).abs() / errors[j]).fold(0.0, f64::max);
    (largest.is_finite() && user.iter().all(|b| b.is_finite())).then_some(largest)
}
