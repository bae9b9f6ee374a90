//! The incomplete gamma and beta functions, to the last digits in both tails and for large parameters.

/// Two complementary probabilities, each with all its digits: where one is tiny the other is not taken from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tails {
    /// Probability below.
    pub lower: f64,
    /// Probability above.
    pub upper: f64,
}

/// A continued fraction or series ends when a term changes it by less than this.
const SETTLED: f64 = 1e-16;

/// Terms needed grow like the square root of the parameters: 5,000 for degrees of freedom of a million.
const MOST_TERMS: usize = 200_000;

/// Regularised incomplete gamma functions P(a, x) and Q(a, x), a > 0, x >= 0.
///
///   x < a + 1:  P = D (1/a) sum_k x^k / ((a+1)...(a+k)),      else  Q = D / (x + 1 - a - 1(1-a)/(x + 3 - a - ...)),
///   D = x^a exp(-x) / gamma(a)
///
/// Source: Abramowitz & Stegun 1964, 6.5.29 and 6.5.31.
pub fn gamma_tails(a: f64, x: f64) -> Tails {
    if x <= 0.0 {
        return Tails { lower: 0.0, upper: 1.0 };
    }
    if x == f64::INFINITY {
        return Tails { lower: 1.0, upper: 0.0 };
    }
    let density = gamma_density(a, x);
    if x < a + 1.0 {
        let lower = density * gamma_series(a, x);
        return Tails { lower, upper: 1.0 - lower };
    }
    let upper = density * gamma_fraction(a, x);
    Tails { lower: 1.0 - upper, upper }
}

/// x^a exp(-x) / gamma(a).
///
/// In Loader's form sqrt(a / 2 pi) exp(-stirling(a) - deviance(a, x)): the large parts of the logarithms cancel on
/// paper and not in the arithmetic. Source: Loader 2000, Fast and accurate computation of binomial probabilities.
pub fn gamma_density(a: f64, x: f64) -> f64 {
    (a / (2.0 * std::f64::consts::PI)).sqrt() * (-stirling_error(a) - deviance(a, x)).exp()
}

fn gamma_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    for k in 1..MOST_TERMS {
        term *= x / (a + k as f64);
        sum += term;
        if term <= SETTLED * sum {
            break;
        }
    }
    sum
}

fn gamma_fraction(a: f64, x: f64) -> f64 {
    let mut fraction = Lentz::new(x + 1.0 - a);
    for k in 1..MOST_TERMS {
        let k = k as f64;
        if fraction.is_settled_by(-k * (k - a), x + 1.0 + 2.0 * k - a) {
            break;
        }
    }
    1.0 / fraction.value
}

/// Regularised incomplete beta functions I_x(a, b) (lower) and I_y(b, a) (upper), a, b > 0, x + y = 1.
///
/// x and y are both given, because a y of 1e-6 cannot be had from an x near 1. Continued fraction on the side where
/// it converges. Source: Abramowitz & Stegun 1964, 26.5.8; the density as in [`gamma_density`].
pub fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> Tails {
    if x <= 0.0 {
        return Tails { lower: 0.0, upper: 1.0 };
    }
    if y <= 0.0 {
        return Tails { lower: 1.0, upper: 0.0 };
    }
    let density = beta_density(a, b, x, y);
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = density / beta_fraction(a, b, x, y);
        return Tails { lower, upper: 1.0 - lower };
    }
    let upper = density / beta_fraction(b, a, y, x);
    Tails { lower: 1.0 - upper, upper }
}

/// x^a y^b / B(a, b).
fn beta_density(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let scale = (a / n * b / (2.0 * std::f64::consts::PI)).sqrt();
    let stirling = stirling_error(n) - stirling_error(a) - stirling_error(b);
    scale * (stirling - deviance(a, n * x) - deviance(b, n * y)).exp()
}

/// The even part of the fraction of 26.5.8, in which the part that cancels is a y - b x, taken from both x and y.
/// Source: Didonato & Morris 1992, ACM Transactions on Mathematical Software 18:360-373.
fn beta_fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let constant = |m: f64| {
        let along = (a + m) * (a * y - b * x + 1.0 + m * (1.0 + y)) / (a + 2.0 * m + 1.0);
        m + m * (b - m) * x / (a + 2.0 * m - 1.0) + along
    };
    let mut fraction = Lentz::new(a * (a * y - b * x + 1.0) / (a + 1.0));
    for m in 1..MOST_TERMS {
        let m = m as f64;
        let root = x / (a + 2.0 * m - 1.0);
        let above = (a + m - 1.0) * root * (a + b + m - 1.0) * root * m * (b - m);
        if fraction.is_settled_by(above, constant(m)) {
            break;
        }
    }
    fraction.value
}

/// A continued fraction b0 + a1/(b1 + a2/(b2 + ...)) from the front. Source: Lentz 1976, Applied Optics 15:668-671.
struct Lentz {
    value: f64,
    c: f64,
    d: f64,
}

impl Lentz {
    fn new(b0: f64) -> Lentz {
        let value = away_from_zero(b0);
        Lentz { value, c: value, d: 0.0 }
    }

    fn is_settled_by(&mut self, a: f64, b: f64) -> bool {
        self.d = 1.0 / away_from_zero(b + a * self.d);
        self.c = away_from_zero(b + a / self.c);
        let factor = self.c * self.d;
        self.value *= factor;
        (factor - 1.0).abs() <= SETTLED
    }
}

fn away_from_zero(v: f64) -> f64 {
    const TINY: f64 = 1e-300;
    if v.abs() < TINY { TINY } else { v }
}

/// ln gamma(z) - [(z - 1/2) ln z - z + ln(2 pi)/2]: what Stirling's formula leaves, z > 0.
///
/// Series of Bernoulli numbers from 16 on; below that stepped up by
/// stirling(z) = stirling(z + 1) + (z + 1/2) ln(1 + 1/z) - 1.
pub fn stirling_error(z: f64) -> f64 {
    const SERIES: [f64; 6] =
        [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    const FROM: f64 = 16.0; // the next term, 1/156 z⁻¹³, is then 1e-18
    let mut z = z;
    let mut steps = 0.0;
    while z < FROM {
        steps += (z + 0.5) * (1.0 / z).ln_1p() - 1.0;
        z += 1.0;
    }
    let inverse = 1.0 / (z * z);
    steps + SERIES.iter().rev().fold(0.0, |sum, c| sum * inverse + c) / z
}

/// x ln(x/m) + m - x >= 0, without cancellation where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    const NEAR: f64 = 0.1;
    let v = (x - m) / (x + m);
    if v.abs() >= NEAR {
        return x * (x / m).ln() + m - x;
    }
    // ln(x/m) = 2 (v + v³/3 + v⁵/5 + ...)
    let square = v * v;
    let mut power = 2.0 * x * v;
    let mut sum = (x - m) * v;
    for k in 1..20 {
        power *= square;
        let next = sum + power / (2 * k + 1) as f64;
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64, relative: f64) {
        assert!((got - wanted).abs() <= relative * wanted.abs(), "{got} is not {wanted}");
    }

    #[test]
    fn stirling_s_error_is_exact_at_whole_and_half_numbers() {
        // 1 - ln(2 pi)/2, ln(pi)/2 + 1/2 - ln(2 pi)/2, ln 24 - 4.5 ln 5 + 5 - ln(2 pi)/2 in 30-digit arithmetic
        for (z, wanted) in
            [(1.0, 0.08106146679532726), (0.5, 0.15342640972002736), (5.0, 0.016644691189821193)]
        {
            assert!((stirling_error(z) - wanted).abs() < 4.0 * f64::EPSILON, "{z}");
        }
    }

    #[test]
    fn the_deviance_keeps_its_digits_on_both_sides_of_its_switch() {
        for m in [0.75, 0.85, 1.2, 1.3] {
            let direct = m - 1.0 - f64::ln(m);
            assert!((deviance(1.0, m) - direct).abs() < 2.0 * f64::EPSILON, "{m}"); // the direct sum cancels
        }
        // 1 - x ln(1 + 1/x) = 1/(2x) - 1/(3x²) + ... at x = 1e6
        near(deviance(1e6, 1e6 + 1.0), 4.999996666669167e-07, 1e-15);
    }

    #[test]
    fn whole_parameters_give_closed_forms() {
        near(gamma_tails(1.0, 700.0).upper, (-700f64).exp(), 1e-13);
        near(gamma_tails(2.0, 0.1).lower, 1.0 - 1.1 * (-0.1f64).exp(), 1e-13);
        near(beta_tails(3.0, 1.0, 1e-50, 1.0).lower, 1e-150, 1e-13);
        near(beta_tails(1.0, 4.0, 0.999, 0.001).upper, 1e-12, 1e-13);
    }
}
