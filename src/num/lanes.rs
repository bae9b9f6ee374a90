//! Branch-free exponential and logarithm in plain arithmetic, which the compiler turns into several lanes at once.

use std::f64::consts::{LN_2, LOG2_E};

/// Runs an inner loop with the widest vectors that this processor has.
///
/// The loop and all that it calls must be `#[inline(always)]`, or they stay as narrow as the program was compiled. The compiler never fuses
/// or reorders floating-point sums by itself: the answer is the same bits with any width.
#[inline(always)]
pub fn widest<R>(inner_loop: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(inner_loop)
}

/// 1.5 2^52: adding it rounds to a whole number, which then stands in the lowest bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts; a product of the first with a whole number up to 2^20 is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Below this exp is taken as exp(-708), which is 3e-308.
const LEAST: f64 = -708.0;
/// 1/k! for k = 13, 12, ..., 0.
const INVERSE_FACTORIALS: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];
/// 1/(2k + 1) for k = 11, 10, ..., 0.
const INVERSE_ODDS: [f64; 12] = [
    1.0 / 23.0,
    1.0 / 21.0,
    1.0 / 19.0,
    1.0 / 17.0,
    1.0 / 15.0,
    1.0 / 13.0,
    1.0 / 11.0,
    1.0 / 9.0,
    1.0 / 7.0,
    0.2,
    1.0 / 3.0,
    1.0,
];

/// exp(t) for t <= 0 to about 2e-16 of it: t = k ln 2 + r, a power of two and a Taylor polynomial of degree 13 in
/// |r| <= ln(2)/2.
#[inline(always)]
pub fn exp_of_negative(t: f64) -> f64 {
    let t = t.max(LEAST);
    let shifted = t * LOG2_E + ROUNDER;
    let k = shifted - ROUNDER;
    let r = (t - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut sum = INVERSE_FACTORIALS[0];
    for c in &INVERSE_FACTORIALS[1..] {
        sum = sum * r + c;
    }
    sum * f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()))
}

/// ln(1 + e) for 0 <= e <= 1 to about 2e-16: with m = 1 + e, halved above the root of 2, 2 artanh((m - 1)/(m + 1)).
#[inline(always)]
pub fn ln_1p_of_fraction(e: f64) -> f64 {
    const HALVED_ABOVE: f64 = 0.414_213_562_373_095_1; // sqrt(2) - 1
    let halved = e > HALVED_ABOVE;
    let above = if halved { 0.5 * (e - 1.0) } else { e }; // m - 1
    let z = above / (2.0 + above);
    let square = z * z;
    let mut sum = INVERSE_ODDS[0];
    for c in &INVERSE_ODDS[1..] {
        sum = sum * square + c;
    }
    2.0 * z * sum + if halved { LN_2 } else { 0.0 }
}

/// 1/(1 + exp(-t)), ln(1 + exp(t)) and the product p (1 - p) of a log odds, from one exponential.
#[inline(always)]
pub fn risk_cost_and_variance(t: f64) -> (f64, f64, f64) {
    let e = exp_of_negative(-t.abs());
    let near = 1.0 / (1.0 + e);
    let far = e * near;
    let risk = if t >= 0.0 { near } else { far };
    (risk, t.max(0.0) + ln_1p_of_fraction(e), near * far)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::special::{expit, softplus};

    #[test]
    fn exponential_and_logarithm_agree_with_the_library_s() {
        for k in 0..=200_000 {
            let t = -f64::from(k) * 0.0035;
            let (got, wanted) = (exp_of_negative(t), t.exp());
            assert!((got - wanted).abs() <= 4e-16 * wanted, "exp({t}): {got} {wanted}");
            let e = f64::from(k) / 200_000.0;
            let (got, wanted) = (ln_1p_of_fraction(e), e.ln_1p());
            assert!((got - wanted).abs() <= 6e-16 * wanted, "ln(1 + {e}): {got} {wanted}");
        }
        assert!(exp_of_negative(f64::NEG_INFINITY) < 1e-300);
    }

    #[test]
    fn risk_and_cost_agree_with_the_stable_forms() {
        for k in -4000..=4000 {
            let t = f64::from(k) * 0.01;
            let (risk, cost, variance) = risk_cost_and_variance(t);
            assert!((risk - expit(t)).abs() <= 1e-15 * expit(t));
            assert!((cost - softplus(t)).abs() <= 1e-15 * softplus(t));
            assert!((variance - expit(t) * expit(-t)).abs() <= 1e-15 * variance);
        }
    }
}
