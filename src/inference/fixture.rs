//! Data of the tests: the 32 cars of Motor Trend 1974 (R's `mtcars`), and fits of them.

use ndarray::{Array1, Array2};

use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::{Curved, Objective};
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise};
use crate::rows::InMemory;

pub(crate) const MPG: [f64; 32] = [
    21.0, 21.0, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7,
    32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4,
];
pub(crate) const WT: [f64; 32] = [
    2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424, 5.345,
    2.2, 1.615, 1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78,
];
pub(crate) const HP: [f64; 32] = [
    110.0, 110.0, 93.0, 110.0, 175.0, 105.0, 245.0, 62.0, 95.0, 123.0, 123.0, 180.0, 180.0, 180.0, 205.0,
    215.0, 230.0, 66.0, 52.0, 65.0, 97.0, 150.0, 150.0, 245.0, 175.0, 66.0, 91.0, 113.0, 264.0, 175.0, 335.0,
    109.0,
];
pub(crate) const AM: [f64; 32] = [
    1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0,
    0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0,
];
pub(crate) const GEAR: [u32; 32] =
    [4, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 4, 4, 4, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5, 5, 4];

/// An intercept and these columns.
pub(crate) fn with_intercept(columns: &[&[f64]]) -> Array2<f64> {
    Array2::from_shape_fn(
        (columns[0].len(), columns.len() + 1),
        |(i, j)| {
            if j == 0 { 1.0 } else { columns[j - 1][i] }
        },
    )
}

/// Rows without weights.
pub(crate) fn rows(x: Array2<f64>, y: &[f64]) -> InMemory {
    InMemory::new(x, Array1::from(y.to_vec()), None, None)
}

/// Each row as often as its weight says, without weights.
pub(crate) fn repeated(weighted: &InMemory) -> InMemory {
    use crate::rows::Rows;
    let weight = weighted.weight.as_ref().expect("made with weights");
    let copies: Vec<usize> =
        (0..weight.len()).flat_map(|i| std::iter::repeat_n(i, weight[i] as usize)).collect();
    InMemory { weight: None, ..weighted.pick(&copies) }
}

/// Coefficients, value and curvature root at the optimum.
pub(crate) fn optimum(rows: &InMemory, loss: Loss) -> (Array1<f64>, f64, Array2<f64>) {
    let settings = Settings {
        method: Method::Auto,
        batch: None,
        decay: Decay::Constant,
        max_epochs: 500,
        tolerance: 1e-10,
        seed: 0,
    };
    let glm = Glm::new(rows, loss);
    let beta = minimise(&glm, &Array1::zeros(glm.dim()), &settings, &mut Unwatched).beta;
    let (value, _, root) = glm.all_at(&beta);
    (beta, value, root)
}

/// Agreement relative to the wanted values.
pub(crate) fn near(got: &[f64], wanted: &[f64], relative: f64) {
    assert_eq!(got.len(), wanted.len());
    for (g, w) in got.iter().zip(wanted) {
        assert!((g - w).abs() <= relative * w.abs(), "{got:?} is not {wanted:?}");
    }
}
