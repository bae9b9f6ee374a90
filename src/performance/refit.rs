//! The small regressions that calibration is measured by, descended by the crate's own loop.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::num::lanes::widest;
use crate::num::linalg::{is_regular, solve_upper_transposed};
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise};
use crate::rows::{InMemory, Rows};

/// The minimum of a mean loss over rows.
#[derive(Debug, Clone)]
pub(crate) struct Refit {
    /// The coefficients.
    pub beta: Array1<f64>,
    /// Mean loss there.
    pub value: f64,
    /// Upper triangular R with R'R = the Hessian of the mean loss there.
    root: Array2<f64>,
    /// Variance of the coefficients is `scale` (R'R)⁻¹: the dispersion over n.
    scale: f64,
}

impl Refit {
    /// Descends to the minimum; `None` where there is none, it was not reached or the columns are dependent.
    ///
    /// The columns should be standardised. The dispersion is 1 (logistic) or RSS/(n - p) (squared loss).
    pub fn of(rows: &InMemory, loss: Loss) -> Option<Refit> {
        let settings = Settings {
            method: Method::Auto,
            batch: None,
            decay: Decay::Constant,
            max_epochs: 200,
            tolerance: 1e-12,
            seed: 0,
        };
        let (n, p) = (rows.total_weight(), rows.n_columns());
        let glm = Glm::new(rows, loss);
        let end = minimise(&glm, &Array1::zeros(p), &settings, &mut Unwatched);
        if !end.reason.is_converged() {
            return None;
        }
        let root = glm.curvature_root(&end.beta);
        let dispersion = match loss {
            Loss::Logistic => 1.0,
            Loss::Squared => 2.0 * n * end.value / (n - p as f64),
        };
        is_regular(&root).then(|| Refit { beta: end.beta, value: end.value, root, scale: dispersion / n })
    }

    /// Standard error of a linear combination a.beta.
    pub fn std_error_of(&self, a: &ArrayRef1<f64>) -> f64 {
        let solved = solve_upper_transposed(&self.root, a);
        (self.scale * solved.dot(&solved)).sqrt()
    }
}

/// Rows of a matrix with outcome and weights.
pub(crate) fn rows(
    x: Array2<f64>,
    outcome: &[f64],
    weight: Option<&[f64]>,
    offset: Option<&[f64]>,
) -> InMemory {
    let owned = |v: &[f64]| Array1::from(v.to_vec());
    InMemory::new(x, owned(outcome), weight.map(owned), offset.map(owned))
}

/// Weighted mean and population standard deviation, worked out about the mean.
pub(crate) fn mean_and_spread(values: &[f64], weight: Option<&[f64]>) -> (f64, f64) {
    let total: f64 = weight.map_or(values.len() as f64, |w| w.iter().sum());
    let mean = sum_of(values, weight, |x| x) / total;
    let square = sum_of(values, weight, |x| (x - mean) * (x - mean)) / total;
    (mean, square.sqrt())
}

/// sum_i w_i f(x_i), in eight partial sums.
#[inline(always)]
fn sum_of(values: &[f64], weight: Option<&[f64]>, f: impl Fn(f64) -> f64) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (runs, rest) = values.as_chunks::<LANES>();
    widest(
        #[inline(always)]
        || match weight {
            None => runs.iter().for_each(|x| (0..LANES).for_each(|k| sums[k] += f(x[k]))),
            Some(weight) => {
                let runs = runs.iter().zip(weight.as_chunks::<LANES>().0);
                runs.for_each(|(x, w)| (0..LANES).for_each(|k| sums[k] += w[k] * f(x[k])));
            }
        },
    );
    let from = values.len() - rest.len();
    let last: f64 = rest.iter().enumerate().map(|(i, x)| weight.map_or(1.0, |w| w[from + i]) * f(*x)).sum();
    sums.iter().sum::<f64>() + last
}
