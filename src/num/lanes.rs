//! Branch-free exponential and logarithm in plain arithmetic, which the compiler turns into several lanes at once.

use std::f64::consts::{LN_2, LOG2_E};

use multiversion::multiversion;

/// Runs an inner loop with the widest vectors that this processor has: of 512 bits, 256 bits, or what the program was compiled for.
///
/// The loop and all that it calls must be `#[inline(always)]`, or they stay as narrow as the program was compiled. The compiler never fuses
/// or reorders floating-point sums by itself: the answer is the same bits with any width.
#[multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512bw+avx512dq+avx512cd+avx2+fma+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+avx2+fma+bmi1+bmi2+lzcnt+popcnt"
))]
pub fn widest<R>(inner_loop: impl FnOnce() -> R) -> R {
    inner_loop()
}

/// As [`widest`], in vectors of 256 bits at most.
#[multiversion(targets("x86_64+avx2+fma+bmi1+bmi2+lzcnt+popcnt"))]
pub fn wide<R>(inner_loop: impl FnOnce() -> R) -> R {
    inner_loop()
}

/// 1.5 2^52: adding it rounds to a whole number, which then stands in the lowest bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts; a product of the first with a whole number up to 2^20 is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Below this exp, 3e-308, is taken as 0.
const LEAST: f64 = -708.0;
/// exp(r) = 1 + r + r^2 q(r) for |r| <= ln(2)/2, from the ninth degree down: the polynomial with the least relative error, 8e-18.
const EXPONENTIAL: [f64; 10] = [
    2.510_320_102_210_328_4e-8,
    2.763_195_558_505_826_5e-7,
    2.755_726_243_432_913e-6,
    2.480_148_937_686_885e-5,
    1.984_126_986_624_193_4e-4,
    1.388_888_894_574_897_7e-3,
    8.333_333_333_330_344e-3,
    4.166_666_666_653_025e-2,
    0.166_666_666_666_666_66,
    0.500_000_000_000_000_9,
];
/// 2 artanh(z) = 2 z + z^3 r(z^2) for |z| <= (sqrt(2) - 1)/(sqrt(2) + 1), from the sixth degree down: the polynomial with the
/// least relative error, 1e-18.
const LOGARITHM: [f64; 7] = [
    0.147_960_999_027_362_98,
    0.153_140_363_145_276_9,
    0.181_835_648_512_487_18,
    0.222_221_985_637_134_72,
    0.285_714_287_424_732_9,
    0.399_999_999_994_143_26,
    0.666_666_666_666_673_4,
];

/// exp(t) for t <= 0 within 1 ulp down to -708: t = k ln 2 + r, a power of two and a polynomial in |r| <= ln(2)/2.
///
/// Below -708 it is 0, and never denormal; for not-a-number it is exp(-708).
#[inline(always)]
pub fn exp_of_negative(t: f64) -> f64 {
    let beyond = t < LEAST;
    let t = t.max(LEAST);
    let shifted = t * LOG2_E + ROUNDER;
    let k = shifted - ROUNDER;
    let r = (t - k * LN_2_HIGH) - k * LN_2_LOW;
    // Pairs of terms, then pairs of those: each waits for fewer others than in Horner's order (Estrin 1960), in which the last steps are
    // taken, for they round less.
    let [c9, c8, c7, c6, c5, c4, c3, c2, c1, c0] = EXPONENTIAL;
    let square = r * r;
    let fourth = square * square;
    let low = (c5 * r + c4) * square + (c3 * r + c2);
    let high = (c9 * r + c8) * square + (c7 * r + c6);
    let sum = ((high * fourth + low) * r + c1) * r + c0;
    let near_one = 1.0 + (r + square * sum);
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    if beyond { 0.0 } else { near_one * power }
}

/// ln(1 + e) for 0 <= e <= 1 within 2 ulp: with 1 + e halved above the root of 2 and f what it exceeds 1 by,
/// ln(1 + f) = 2 artanh(z) = f - (f^2/2 - z (f^2/2 + z^2 r(z^2))), z = f/(2 + f). Source: fdlibm, e_log.c.
///
/// Not-a-number stays what it is.
#[inline(always)]
pub fn ln_1p_of_fraction(e: f64) -> f64 {
    const HALVED_ABOVE: f64 = 0.414_213_562_373_095_1; // sqrt(2) - 1
    let halved = e > HALVED_ABOVE;
    let f = if halved { 0.5 * (e - 1.0) } else { e };
    let z = f / (2.0 + f);
    let square = z * z;
    let [c6, c5, c4, c3, c2, c1, c0] = LOGARITHM;
    let fourth = square * square;
    let lowest = (c3 * square + c2) * fourth + (c1 * square + c0);
    let sum = lowest + (fourth * fourth) * (c6 * fourth + (c5 * square + c4));
    let half = 0.5 * f * f;
    let logarithm = f - (half - z * (half + square * sum));
    if halved { logarithm + LN_2 } else { logarithm }
}

/// 1/(1 + exp(-t)) and its product p (1 - p) of a log odds t with e = exp(-|t|); each within 9e-16 of it.
#[inline(always)]
pub fn risk_and_variance(t: f64, e: f64) -> (f64, f64) {
    let near = 1.0 / (1.0 + e);
    let far = e * near;
    (if t >= 0.0 { near } else { far }, near * far)
}

/// 1/(1 + exp(-t)), ln(1 + exp(t)) and the product p (1 - p) of a log odds, from one exponential; each within 9e-16 of it.
#[inline(always)]
pub fn risk_cost_and_variance(t: f64) -> (f64, f64, f64) {
    let e = exp_of_negative(-t.abs());
    let (risk, variance) = risk_and_variance(t, e);
    (risk, t.max(0.0) + ln_1p_of_fraction(e), variance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::special::{expit, softplus};

    /// The unevaluated sum of two f64, about 32 digits.
    type Double = (f64, f64);

    fn sum(a: f64, b: f64) -> Double {
        let s = a + b;
        let of_a = s - b;
        (s, (a - of_a) + (b - (s - of_a)))
    }

    fn plus(a: Double, b: Double) -> Double {
        let (high, low) = sum(a.0, b.0);
        sum(high, low + a.1 + b.1)
    }

    fn times(a: Double, b: Double) -> Double {
        let high = a.0 * b.0;
        sum(high, a.0.mul_add(b.0, -high) + (a.0 * b.1 + a.1 * b.0))
    }

    fn over(a: Double, b: f64) -> Double {
        let high = a.0 / b;
        sum(high, (high.mul_add(-b, a.0) + a.1) / b)
    }

    /// exp(t) / 2^k and k, by Taylor's series in twice the digits.
    fn exponential(t: f64) -> (Double, i32) {
        const LN_2_REST: f64 = 2.319_046_813_846_299_6e-17; // ln 2 - LN_2
        let k = (t / LN_2).round();
        let r = plus((t, 0.0), times((-k, 0.0), (LN_2, LN_2_REST)));
        let series =
            (1..=27).rev().fold((1.0, 0.0), |s, i| plus((1.0, 0.0), over(times(r, s), f64::from(i))));
        (series, k as i32)
    }

    /// ln(1 + e): one step of Newton's from the library's, in twice the digits.
    fn logarithm(e: f64) -> Double {
        let near = e.ln_1p();
        let (series, k) = exponential(-near);
        let scale = f64::from(k).exp2();
        let ratio = times(sum(1.0, e), (series.0 * scale, series.1 * scale));
        let step = plus(ratio, (-1.0, 0.0));
        sum(near, step.0)
    }

    /// How far `got` is from `wanted`, in units of the last place of `wanted`.
    fn ulps(got: f64, wanted: Double) -> f64 {
        let unit = wanted.0.abs().next_up() - wanted.0.abs();
        ((got - wanted.0) - wanted.1).abs() / unit
    }

    #[test]
    fn the_exponential_is_within_1_ulp_over_its_range() {
        let mut worst = 0.0_f64;
        let mut check = |t: f64| {
            let (wanted, k) = exponential(t);
            let got = exp_of_negative(t) * f64::from(-k / 2).exp2() * f64::from(-k - -k / 2).exp2();
            worst = worst.max(ulps(got, wanted));
        };
        // Every power of two that t can have down to 2^-60, with mantissas all over; then evenly over the whole range.
        for exponent in -60..=9 {
            for m in 0..1500 {
                let t = -f64::from(exponent).exp2() * (1.0 + f64::from(m) * 0.618_033_988_749_894_9 % 1.0);
                check(t.max(LEAST));
            }
        }
        (0..300_000).for_each(|i| check(f64::from(i) * -0.002_359_987));
        assert!(worst <= 1.0, "{worst} ulp");
    }

    #[test]
    fn the_logarithm_is_within_2_ulp_over_its_range() {
        let mut worst = 0.0_f64;
        let mut check = |e: f64| worst = worst.max(ulps(ln_1p_of_fraction(e), logarithm(e)));
        for exponent in -1020..0 {
            for m in 0..100 {
                check(f64::from(exponent).exp2() * (1.0 + f64::from(m) * 0.618_033_988_749_894_9 % 1.0));
            }
        }
        (1..=300_000).for_each(|i| check(f64::from(i) / 300_000.0));
        assert!(worst <= 2.0, "{worst} ulp");
    }

    #[test]
    fn special_values_of_exponential_logarithm_and_loss() {
        assert_eq!((exp_of_negative(0.0), exp_of_negative(-0.0)), (1.0, 1.0));
        let least = exp_of_negative(LEAST);
        assert!(least.is_normal() && least < 1e-307);
        assert_eq!(exp_of_negative(f64::NAN), least);
        for t in [f64::NEG_INFINITY, f64::MIN, -709.0] {
            assert_eq!(exp_of_negative(t), 0.0);
        }
        assert_eq!((ln_1p_of_fraction(0.0), ln_1p_of_fraction(1.0)), (0.0, LN_2));
        assert!(ln_1p_of_fraction(f64::NAN).is_nan());
        assert_eq!(risk_cost_and_variance(f64::INFINITY), (1.0, f64::INFINITY, 0.0));
        assert_eq!(risk_cost_and_variance(f64::NEG_INFINITY), (0.0, 0.0, 0.0));
    }

    #[test]
    fn risk_and_cost_agree_with_the_stable_forms() {
        for k in -4000..=4000 {
            let t = f64::from(k) * 0.01;
            let (risk, cost, variance) = risk_cost_and_variance(t);
            assert!((risk - expit(t)).abs() <= 9e-16 * expit(t));
            assert!((cost - softplus(t)).abs() <= 9e-16 * softplus(t));
            assert!((variance - expit(t) * expit(-t)).abs() <= 9e-16 * variance);
        }
    }
}
