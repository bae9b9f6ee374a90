//! Sums of products in twice the precision of f64, for the few sums whose last digits matter.

/// A sum as the unevaluated sum of two f64, about 32 decimal digits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Twice {
    high: f64,
    low: f64,
}

impl Twice {
    /// One number.
    pub fn of(value: f64) -> Twice {
        Twice { high: value, low: 0.0 }
    }

    /// Adds a b without rounding the product.
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        let rest = a.mul_add(b, -product); // exactly a b - product
        self.add(product, rest);
    }

    /// Adds a times another such sum.
    pub fn add_multiple(&mut self, a: f64, other: Twice) {
        let product = a * other.high;
        let rest = a.mul_add(other.high, -product) + a * other.low;
        self.add(product, rest);
    }

    /// self² weighted by w, added to a sum of squares.
    pub fn add_square_to(self, w: f64, sum: &mut Twice) {
        let square = self.high * self.high;
        let rest = self.high.mul_add(self.high, -square) + 2.0 * self.high * self.low;
        sum.add_multiple(w, Twice { high: square, low: rest });
    }

    fn add(&mut self, high: f64, low: f64) {
        // Knuth's two-sum: error is exactly what the addition of the high parts rounds away.
        let sum = self.high + high;
        let of_self = sum - high;
        let error = (self.high - of_self) + (high - (sum - of_self));
        let low = self.low + low + error;
        self.high = sum + low;
        self.low = low - (self.high - sum);
    }

    /// Rounded to one f64.
    pub fn value(self) -> f64 {
        self.high + self.low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_f64_cancels_stays() {
        let mut sum = Twice::of(1.0);
        sum.add_product(1e17, 1.0);
        sum.add_product(-1e17, 1.0);
        assert_eq!(sum.value(), 1.0);
        // (1 + 2⁻⁵²)² = 1 + 2⁻⁵¹ + 2⁻¹⁰⁴: the last term is beyond f64.
        let a = 1.0 + f64::EPSILON;
        let mut sum = Twice::default();
        sum.add_product(a, a);
        sum.add_product(-1.0, 1.0 + 2.0 * f64::EPSILON);
        assert_eq!(sum.value(), f64::EPSILON * f64::EPSILON);
        let mut squares = Twice::default();
        Twice::of(3.0).add_square_to(2.0, &mut squares);
        assert_eq!(squares.value(), 18.0);
    }
}
