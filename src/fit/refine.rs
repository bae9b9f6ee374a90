//! Iterative refinement: a least-squares answer in the user's units to the last digits, from exact residuals.

use ndarray::{Array1, Array2};

use crate::num::linalg::{solve_root, solve_upper_transposed};
use crate::num::twice::Twice;
use crate::optimise::norm;
use crate::rows::InMemory;

/// Cells of the design up to which the last digits are worth two or three more sweeps in twice the precision.
const LARGEST: usize = 2_000_000;
/// Each round gains about ten digits even on a fifth-degree polynomial; what four do not settle is rounding of f64.
const ROUNDS: usize = 4;

/// The refined answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Refined {
    /// Coefficients in the user's units.
    pub user: Array1<f64>,
    /// Half the mean squared error there.
    pub mean_loss: f64,
}

/// Corrects the coefficients by what the residuals of the raw columns still say.
///
///   r = y - offset - X b            in twice the precision
///   g = X'W r / n                   in twice the precision
///   b <- b + J (R'R)⁻¹ J' g         J = `to_user`, R'R = Z'WZ / n, Z = X J the standardised columns
///
/// Standardising rounds the columns and going back to the user's units cancels digits of the intercept; neither
/// touches r and g here, so that the answer is that of the numbers in the file. `None` for a design of more than two
/// million cells. rows: the raw columns. Source: Björck 1967, BIT 7:257-278 (refinement with residuals in higher precision).
pub fn least_squares(
    rows: &InMemory,
    root: &Array2<f64>,
    to_user: &Array2<f64>,
    start: &Array1<f64>,
) -> Option<Refined> {
    if rows.x.len() > LARGEST || !start.iter().all(|b| b.is_finite()) {
        return None;
    }
    let n = total_weight(rows);
    let mut best: Option<(f64, Refined)> = None;
    let mut user = start.clone();
    for _ in 0..ROUNDS {
        let (gradient, sum_of_squares) = exact_gradient(rows, &user);
        let steepest = to_user.t().dot(&gradient) / n;
        let left = norm(&solve_upper_transposed(root, &steepest));
        if !left.is_finite() || best.as_ref().is_some_and(|(least, _)| left >= *least) {
            break;
        }
        let step = to_user.dot(&solve_root(root, &steepest));
        let next = &user + &step;
        let settled = next == user;
        best = Some((left, Refined { user, mean_loss: 0.5 * sum_of_squares / n }));
        if settled {
            break;
        }
        user = next;
    }
    best.map(|(_, refined)| refined)
}

fn total_weight(rows: &InMemory) -> f64 {
    rows.weight.as_ref().map_or(rows.y.len() as f64, |w| w.sum())
}

/// X'W r and r'W r, r the residuals.
fn exact_gradient(rows: &InMemory, user: &Array1<f64>) -> (Array1<f64>, f64) {
    let mut gradient = vec![Twice::default(); user.len()];
    let mut squares = Twice::default();
    for (i, x) in rows.x.rows().into_iter().enumerate() {
        let mut residual = Twice::of(rows.y[i]);
        if let Some(offset) = &rows.offset {
            residual.add_product(-1.0, offset[i]);
        }
        for (x, b) in x.iter().zip(user) {
            residual.add_product(-x, *b);
        }
        let weight = rows.weight.as_ref().map_or(1.0, |w| w[i]);
        for (sum, x) in gradient.iter_mut().zip(x) {
            sum.add_multiple(weight * x, residual);
        }
        residual.add_square_to(weight, &mut squares);
    }
    (gradient.into_iter().map(Twice::value).collect(), squares.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Curved;
    use crate::objective::glm::Glm;
    use crate::objective::loss::Loss;

    #[test]
    fn an_exact_polynomial_gets_its_whole_coefficients_back() {
        // y = 1 + x + ... + x^5 at x = 0 ... 20: NIST's Wampler 1.
        let x = Array2::from_shape_fn((21, 6), |(i, j)| (i as f64).powi(j as i32));
        let y = x.sum_axis(ndarray::Axis(1));
        let rows = InMemory::new(x, y, None, None);
        let root = Glm::new(&rows, Loss::Squared).curvature_root(&Array1::zeros(6));
        let start = Array1::from_vec(vec![1.0 + 1e-6, 1.0 - 1e-6, 1.0 + 1e-7, 1.0, 1.0, 1.0]);
        let refined = least_squares(&rows, &root, &Array2::eye(6), &start).expect("small");
        assert_eq!(refined.user, Array1::<f64>::ones(6));
        assert_eq!(refined.mean_loss, 0.0);
    }
}
