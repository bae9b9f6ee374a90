//! Numbers to sweep: designs of correlated columns and outcomes with a known model.

use clinreg::num::special::expit;
use clinreg::objective::loss::Loss;
use ndarray::{Array1, Array2, ArrayRef1};
use rayon::prelude::*;

/// n x p: a column of ones and columns of variance 1, each correlated with the one before it.
pub fn design(n: usize, p: usize, correlation: f64) -> Array2<f64> {
    let mut x = Array2::zeros((n, p));
    let own = (1.0 - correlation * correlation).sqrt();
    x.as_slice_mut().expect("row-major").par_chunks_mut(p).enumerate().for_each(|(i, row)| {
        for j in 0..p {
            let fresh = 12.0_f64.sqrt() * (uniform((i * p + j) as u64) - 0.5);
            row[j] = match j {
                0 => 1.0,
                1 => fresh,
                _ => correlation * row[j - 1] + own * fresh,
            };
        }
    });
    x
}

/// Of alternating sign, and small enough that risks stay between their ends.
pub fn coefficients(p: usize) -> Array1<f64> {
    Array1::from_shape_fn(p, |j| if j % 2 == 0 { 1.0 } else { -0.7 } / (p as f64).sqrt())
}

/// Outcomes of the model with these coefficients.
pub fn outcomes(loss: Loss, x: &Array2<f64>, beta: &ArrayRef1<f64>) -> Array1<f64> {
    let chance = |i: usize| uniform((i as u64).wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 0xabcd);
    let drawn = x.dot(beta).into_iter().enumerate().map(|(i, eta)| match loss {
        Loss::Squared => eta + chance(i) - 0.5,
        Loss::Logistic => f64::from(u8::from(chance(i) < expit(eta))),
    });
    drawn.collect()
}

/// A number in 0..1 for each whole one (splitmix64).
fn uniform(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
