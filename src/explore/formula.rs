//! The teaching surfaces: each with value, gradient, Hessian, known minima and the part that is worth seeing.

use ndarray::{Array1, Array2, ArrayRef1, array};

/// A teaching surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Formula {
    /// (x^2 + y^2)/2.
    Bowl,
    /// (x^2 + K y^2)/2: condition number K, at least 1.
    Valley(f64),
    /// (x^2 + y - 11)^2 + (x + y^2 - 7)^2: four minima.
    Himmelblau,
    /// (1 - x)^2 + 100 (y - x^2)^2: a bent valley.
    Rosenbrock,
    /// (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2.
    Beale,
    /// x^2/2 + (y^2 - 1)^2/4: a saddle at the origin between two minima.
    Saddle,
    /// 1 - exp(-(x^2 + y^2)/2): a hole in a plain.
    Plateau,
    /// (x^2 + y^2)/20 + 1 - cos x cos y: hills around one lowest minimum.
    Hills,
    /// x^2.
    Parabola,
    /// x^2 + 5 sin x.
    Wave,
}

/// All of them, with the valley's usual condition number.
pub const ALL: [Formula; 10] = [
    Formula::Bowl,
    Formula::Valley(VALLEY_CONDITION),
    Formula::Himmelblau,
    Formula::Rosenbrock,
    Formula::Beale,
    Formula::Saddle,
    Formula::Plateau,
    Formula::Hills,
    Formula::Parabola,
    Formula::Wave,
];

/// The condition number of a valley, unless another is asked for.
pub const VALLEY_CONDITION: f64 = 20.0;

impl Formula {
    /// The name that users type.
    pub fn name(self) -> &'static str {
        match self {
            Formula::Bowl => "bowl",
            Formula::Valley(_) => "valley",
            Formula::Himmelblau => "himmelblau",
            Formula::Rosenbrock => "rosenbrock",
            Formula::Beale => "beale",
            Formula::Saddle => "saddle",
            Formula::Plateau => "plateau",
            Formula::Hills => "hills",
            Formula::Parabola => "parabola",
            Formula::Wave => "wave",
        }
    }

    /// The formula as one reads it.
    pub fn text(self) -> String {
        match self {
            Formula::Bowl => "(x² + y²)/2".to_string(),
            Formula::Valley(k) => format!("(x² + {k}y²)/2"),
            Formula::Himmelblau => "(x² + y − 11)² + (x + y² − 7)²".to_string(),
            Formula::Rosenbrock => "(1 − x)² + 100(y − x²)²".to_string(),
            Formula::Beale => "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²".to_string(),
            Formula::Saddle => "x²/2 + (y² − 1)²/4".to_string(),
            Formula::Plateau => "1 − exp(−(x² + y²)/2)".to_string(),
            Formula::Hills => "(x² + y²)/20 + 1 − cos x cos y".to_string(),
            Formula::Parabola => "x²".to_string(),
            Formula::Wave => "x² + 5 sin x".to_string(),
        }
    }

    /// 1 or 2.
    pub fn dim(self) -> usize {
        if matches!(self, Formula::Parabola | Formula::Wave) { 1 } else { 2 }
    }

    /// The known minima, the lowest first; several of the same value in any order. Of the hills only the lowest.
    pub fn minima(self) -> Vec<Vec<f64>> {
        match self {
            Formula::Bowl | Formula::Valley(_) | Formula::Plateau | Formula::Hills => vec![vec![0.0, 0.0]],
            Formula::Himmelblau => vec![
                vec![3.0, 2.0],
                vec![-2.805_118_086_952_745, 3.131_312_518_250_573],
                vec![-3.779_310_253_377_747, -3.283_185_991_286_17],
                vec![3.584_428_340_330_491_7, -1.848_126_526_964_403_6],
            ],
            Formula::Rosenbrock => vec![vec![1.0, 1.0]],
            Formula::Beale => vec![vec![3.0, 0.5]],
            Formula::Saddle => vec![vec![0.0, 1.0], vec![0.0, -1.0]],
            Formula::Parabola => vec![vec![0.0]],
            Formula::Wave => vec![vec![-1.110_510_503_581_112_2]],
        }
    }

    /// The part that is worth seeing: low and high end of each axis.
    pub fn home(self) -> Vec<[f64; 2]> {
        match self {
            Formula::Bowl => vec![[-3.0, 3.0]; 2],
            Formula::Valley(k) => {
                // High enough for the floor to be seen, low enough for the walls.
                let high = (6.0 / k.sqrt()).clamp(0.3, 3.0);
                vec![[-5.0, 5.0], [-high, high]]
            }
            Formula::Himmelblau => vec![[-6.0, 6.0]; 2],
            Formula::Rosenbrock => vec![[-2.0, 2.0], [-1.0, 3.0]],
            Formula::Beale => vec![[-1.0, 4.5], [-2.0, 2.0]],
            Formula::Saddle => vec![[-2.5, 2.5], [-2.0, 2.0]],
            Formula::Plateau => vec![[-4.0, 4.0]; 2],
            Formula::Hills => vec![[-8.0, 8.0]; 2],
            Formula::Parabola => vec![[-10.0, 10.0]],
            Formula::Wave => vec![[-8.0, 8.5]],
        }
    }

    /// Where a descent begins, unless the user says otherwise.
    pub fn usual_start(self) -> Vec<f64> {
        match self {
            Formula::Bowl => vec![-2.5, 2.0],
            Formula::Valley(k) => {
                let home = Formula::Valley(k).home();
                vec![0.9 * home[0][0], 0.6 * home[1][1]]
            }
            Formula::Himmelblau => vec![-4.0, 4.0],
            Formula::Rosenbrock => vec![-1.2, 1.0],
            Formula::Beale => vec![1.0, 1.5],
            Formula::Saddle => vec![2.0, 0.0],
            Formula::Plateau => vec![3.5, 3.0],
            Formula::Hills => vec![-6.5, 5.0],
            Formula::Parabola | Formula::Wave => vec![8.0],
        }
    }

    /// Value and gradient.
    pub fn value_and_gradient(self, b: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        let x = b[0];
        let y = if b.len() > 1 { b[1] } else { 0.0 };
        match self {
            Formula::Bowl => (0.5 * (x * x + y * y), array![x, y]),
            Formula::Valley(k) => (0.5 * (x * x + k * y * y), array![x, k * y]),
            Formula::Himmelblau => {
                let (u, v) = (x * x + y - 11.0, x + y * y - 7.0);
                (u * u + v * v, array![4.0 * x * u + 2.0 * v, 2.0 * u + 4.0 * y * v])
            }
            Formula::Rosenbrock => {
                let (u, v) = (1.0 - x, y - x * x);
                (u * u + 100.0 * v * v, array![-2.0 * u - 400.0 * x * v, 200.0 * v])
            }
            Formula::Beale => {
                let (mut value, mut gradient) = (0.0, array![0.0, 0.0]);
                for (r, rx, ry, _) in beale(x, y) {
                    value += r * r;
                    gradient[0] += 2.0 * r * rx;
                    gradient[1] += 2.0 * r * ry;
                }
                (value, gradient)
            }
            Formula::Saddle => {
                let u = y * y - 1.0;
                (0.5 * x * x + 0.25 * u * u, array![x, y * u])
            }
            Formula::Plateau => {
                let e = (-0.5 * (x * x + y * y)).exp();
                (-(-0.5 * (x * x + y * y)).exp_m1(), array![x * e, y * e])
            }
            Formula::Hills => (
                (x * x + y * y) / 20.0 + 1.0 - x.cos() * y.cos(),
                array![x / 10.0 + x.sin() * y.cos(), y / 10.0 + x.cos() * y.sin()],
            ),
            Formula::Parabola => (x * x, array![2.0 * x]),
            Formula::Wave => (x * x + 5.0 * x.sin(), array![2.0 * x + 5.0 * x.cos()]),
        }
    }

    /// Second derivatives.
    pub fn hessian(self, b: &ArrayRef1<f64>) -> Array2<f64> {
        let x = b[0];
        let y = if b.len() > 1 { b[1] } else { 0.0 };
        match self {
            Formula::Bowl => array![[1.0, 0.0], [0.0, 1.0]],
            Formula::Valley(k) => array![[1.0, 0.0], [0.0, k]],
            Formula::Himmelblau => {
                let cross = 4.0 * (x + y);
                array![[12.0 * x * x + 4.0 * y - 42.0, cross], [cross, 12.0 * y * y + 4.0 * x - 26.0]]
            }
            Formula::Rosenbrock => {
                array![[2.0 - 400.0 * (y - 3.0 * x * x), -400.0 * x], [-400.0 * x, 200.0]]
            }
            Formula::Beale => {
                let mut h = Array2::zeros((2, 2));
                for (power, (r, rx, ry, rxy)) in beale(x, y).into_iter().enumerate() {
                    let k = power as f64 + 1.0;
                    let ryy = if power == 0 { 0.0 } else { x * k * (k - 1.0) * y.powi(power as i32 - 1) };
                    h[[0, 0]] += 2.0 * rx * rx;
                    h[[0, 1]] += 2.0 * (rx * ry + r * rxy);
                    h[[1, 1]] += 2.0 * (ry * ry + r * ryy);
                }
                h[[1, 0]] = h[[0, 1]];
                h
            }
            Formula::Saddle => array![[1.0, 0.0], [0.0, 3.0 * y * y - 1.0]],
            Formula::Plateau => {
                let e = (-0.5 * (x * x + y * y)).exp();
                array![[e * (1.0 - x * x), -e * x * y], [-e * x * y, e * (1.0 - y * y)]]
            }
            Formula::Hills => {
                let (same, cross) = (0.1 + x.cos() * y.cos(), -x.sin() * y.sin());
                array![[same, cross], [cross, same]]
            }
            Formula::Parabola => array![[2.0]],
            Formula::Wave => array![[2.0 - 5.0 * x.sin()]],
        }
    }

    /// Whether the curvature is the same everywhere.
    pub fn is_quadratic(self) -> bool {
        matches!(self, Formula::Bowl | Formula::Valley(_) | Formula::Parabola)
    }
}

/// Beale's three residuals r with dr/dx, dr/dy and d2r/dxdy.
fn beale(x: f64, y: f64) -> [(f64, f64, f64, f64); 3] {
    let of = |a: f64, k: i32| {
        let power = y.powi(k);
        let slope = f64::from(k) * y.powi(k - 1);
        (a - x + x * power, power - 1.0, x * slope, slope)
    };
    [of(1.5, 1), of(2.25, 2), of(2.625, 3)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_known_minimum_is_flat_and_curves_upwards() {
        for surface in ALL {
            for at in surface.minima() {
                let at = Array1::from_vec(at);
                let (_, gradient) = surface.value_and_gradient(&at);
                assert!(gradient.iter().all(|g| g.abs() < 1e-11), "{surface:?} {at} {gradient}");
                let h = surface.hessian(&at);
                let det =
                    if surface.dim() == 1 { 1.0 } else { h[[0, 0]] * h[[1, 1]] - h[[0, 1]] * h[[1, 0]] };
                assert!(h[[0, 0]] > 0.0 && det > 0.0, "{surface:?} {h}");
            }
        }
    }

    #[test]
    fn every_start_and_minimum_lies_in_the_part_that_is_shown() {
        for surface in ALL.into_iter().chain([1.0, 1e4, 1e6].map(Formula::Valley)) {
            for at in surface.minima().into_iter().chain([surface.usual_start()]) {
                let inside = at.iter().zip(surface.home()).all(|(v, home)| home[0] <= *v && *v <= home[1]);
                assert!(inside, "{surface:?} {at:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn gradient_and_hessian_agree_with_differences(x in -3.0..3.0f64, y in -3.0..3.0f64) {
            for surface in ALL {
                let at = if surface.dim() == 1 { array![x] } else { array![x, y] };
                let (_, gradient) = surface.value_and_gradient(&at);
                let hessian = surface.hessian(&at);
                let size = 1.0 + gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
                let curve = 1.0 + hessian.iter().fold(0.0_f64, |m, h| m.max(h.abs()));
                const H: f64 = 1e-4;
                for j in 0..surface.dim() {
                    let (mut up, mut down) = (at.clone(), at.clone());
                    up[j] += H;
                    down[j] -= H;
                    let (above, below) = (surface.value_and_gradient(&up), surface.value_and_gradient(&down));
                    let slope = (above.0 - below.0) / (2.0 * H);
                    prop_assert!((slope - gradient[j]).abs() < 1e-5 * (size + curve), "{surface:?}");
                    for i in 0..surface.dim() {
                        let second = (above.1[i] - below.1[i]) / (2.0 * H);
                        prop_assert!((second - hessian[[i, j]]).abs() < 1e-4 * curve, "{surface:?}");
                    }
                }
            }
        }
    }
}
