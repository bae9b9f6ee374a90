//! A panel of rows times a triangle, in vectors along the rows: what the curvature and the leverages are made of.

use ndarray::{Array2, ArrayRef2};

use crate::num::lanes::widest;

/// Rows that are taken at once.
const LANES: usize = 4;
/// Runs of rows in a panel, and its rows: 50 columns of a panel are 25 KiB.
const RUNS: usize = 16;
const PANEL: usize = LANES * RUNS;
/// Columns of a product that are worked out together.
const ABREAST: usize = 4;

/// Some rows of one column, where the processor likes to load them from.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Run([f64; LANES]);

const ZERO: Run = Run([0.0; LANES]);
type Column = [Run; RUNS];

impl Run {
    /// self += a b, lane by lane.
    #[inline(always)]
    fn add_product(&mut self, a: &Run, b: &Run) {
        for k in 0..LANES {
            self.0[k] += a.0[k] * b.0[k];
        }
    }

    /// self += a b with one b for all rows.
    #[inline(always)]
    fn add_multiple(&mut self, a: &Run, b: f64) {
        for k in 0..LANES {
            self.0[k] += a.0[k] * b;
        }
    }
}

/// A p x p matrix in the order in which products with it read it; of a triangular one only the triangle is multiplied.
pub struct Triangle {
    p: usize,
    /// For each few columns: their rows down to the last that is not all zeros.
    strips: Vec<Vec<[f64; ABREAST]>>,
}

impl Triangle {
    /// Of an upper triangular matrix.
    pub fn new(t: &ArrayRef2<f64>) -> Self {
        let p = t.ncols();
        let strips = (0..p)
            .step_by(ABREAST)
            .map(|from| {
                let cell = |i: usize, k: usize| if from + k < p { t[[i, from + k]] } else { 0.0 };
                let mut strip: Vec<[f64; ABREAST]> =
                    (0..p).map(|i| [cell(i, 0), cell(i, 1), cell(i, 2), cell(i, 3)]).collect();
                while strip.last().is_some_and(|row| *row == [0.0; ABREAST]) {
                    strip.pop();
                }
                strip
            })
            .collect();
        Triangle { p, strips }
    }

    /// Q'Q (its upper half) of Q = diag(s) X T, where row i of X is `row(i)` and s has an element for each.
    pub fn gram<'x>(&self, row: impl Fn(usize) -> &'x [f64], s: &[f64]) -> Array2<f64> {
        let width = self.strips.len();
        let mut panel = Panel::new(self);
        let mut sums = vec![[ZERO; 2 * ABREAST]; width * (width + 1)];
        widest(
            #[inline(always)]
            || {
                for from in (0..s.len()).step_by(PANEL) {
                    panel.load(s.len().min(from + PANEL) - from, |i| row(from + i), |i| s[from + i]);
                    panel.multiply(self);
                    panel.add_gram(&mut sums);
                }
            },
        );
        let mut gram = Array2::zeros((self.p, self.p));
        for (sums, (i, j)) in sums.iter().zip(pairs(width)) {
            for (k, sum) in sums.iter().enumerate() {
                let (i, j) = (i + k / ABREAST, j + k % ABREAST);
                if i <= j && j < self.p {
                    gram[[i, j]] = (sum.0[0] + sum.0[2]) + (sum.0[1] + sum.0[3]);
                }
            }
        }
        gram
    }

    /// max_i |x_i T|^2 over n rows.
    pub fn largest_square<'x>(&self, n: usize, row: impl Fn(usize) -> &'x [f64]) -> f64 {
        self.squares(n, row).into_iter().fold(0.0, f64::max)
    }

    /// |x_i T|^2 of n rows.
    pub fn squares<'x>(&self, n: usize, row: impl Fn(usize) -> &'x [f64]) -> Vec<f64> {
        let mut panel = Panel::new(self);
        let mut squares = vec![0.0; n];
        widest(
            #[inline(always)]
            || {
                for (k, squares) in squares.chunks_mut(PANEL).enumerate() {
                    let from = k * PANEL;
                    panel.load(squares.len(), |i| row(from + i), |_| 1.0);
                    panel.multiply(self);
                    squares.copy_from_slice(&panel.squares().as_flattened()[..squares.len()]);
                }
            },
        );
        squares
    }
}

/// The first two rows and four columns of each part of a symmetric matrix that [`Panel::add_gram`] adds to.
fn pairs(width: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..width).flat_map(move |strip| (0..2 * (strip + 1)).map(move |pair| (2 * pair, ABREAST * strip)))
}

/// Some rows and their products with the triangle, both by columns.
struct Panel {
    rows: Vec<Column>,
    products: Vec<Column>,
}

impl Panel {
    fn new(triangle: &Triangle) -> Self {
        Panel {
            rows: vec![[ZERO; RUNS]; triangle.p],
            products: vec![[ZERO; RUNS]; ABREAST * triangle.strips.len()],
        }
    }

    /// Takes `size` rows, each times its scale; the panel's other rows are zeros.
    #[inline(always)]
    fn load<'x>(&mut self, size: usize, row: impl Fn(usize) -> &'x [f64], scale: impl Fn(usize) -> f64) {
        let p = self.rows.len();
        for run in 0..RUNS {
            let i = run * LANES;
            if i + LANES <= size {
                let (a, b, c, d) = (&row(i)[..p], &row(i + 1)[..p], &row(i + 2)[..p], &row(i + 3)[..p]);
                let s = [scale(i), scale(i + 1), scale(i + 2), scale(i + 3)];
                for j in 0..p {
                    self.rows[j][run] = Run([s[0] * a[j], s[1] * b[j], s[2] * c[j], s[3] * d[j]]);
                }
            } else {
                for j in 0..p {
                    for k in 0..LANES {
                        self.rows[j][run].0[k] =
                            if i + k < size { scale(i + k) * row(i + k)[j] } else { 0.0 };
                    }
                }
            }
        }
    }

    /// The products of the rows with the triangle.
    #[inline(always)]
    fn multiply(&mut self, triangle: &Triangle) {
        for (strip, products) in triangle.strips.iter().zip(self.products.as_chunks_mut::<ABREAST>().0) {
            for run in (0..RUNS).step_by(2) {
                let (mut a, mut b, mut c, mut d) = (ZERO, ZERO, ZERO, ZERO);
                let (mut e, mut f, mut g, mut h) = (ZERO, ZERO, ZERO, ZERO);
                for (t, rows) in strip.iter().zip(&self.rows) {
                    let (x, y) = (&rows[run], &rows[run + 1]);
                    a.add_multiple(x, t[0]);
                    b.add_multiple(x, t[1]);
                    c.add_multiple(x, t[2]);
                    d.add_multiple(x, t[3]);
                    e.add_multiple(y, t[0]);
                    f.add_multiple(y, t[1]);
                    g.add_multiple(y, t[2]);
                    h.add_multiple(y, t[3]);
                }
                for (k, (x, y)) in [(a, e), (b, f), (c, g), (d, h)].into_iter().enumerate() {
                    (products[k][run], products[k][run + 1]) = (x, y);
                }
            }
        }
    }

    /// Adds the products' products with one another, two columns with four at a time, lane by lane.
    #[inline(always)]
    fn add_gram(&self, sums: &mut [[Run; 2 * ABREAST]]) {
        let (strips, _) = self.products.as_chunks::<ABREAST>();
        let (twos, _) = self.products.as_chunks::<2>();
        let mut part = 0;
        for (strip, [e, f, g, h]) in strips.iter().enumerate() {
            for [a, b] in &twos[..2 * (strip + 1)] {
                let [mut ae, mut af, mut ag, mut ah, mut be, mut bf, mut bg, mut bh] = sums[part];
                for run in 0..RUNS {
                    ae.add_product(&a[run], &e[run]);
                    af.add_product(&a[run], &f[run]);
                    ag.add_product(&a[run], &g[run]);
                    ah.add_product(&a[run], &h[run]);
                    be.add_product(&b[run], &e[run]);
                    bf.add_product(&b[run], &f[run]);
                    bg.add_product(&b[run], &g[run]);
                    bh.add_product(&b[run], &h[run]);
                }
                sums[part] = [ae, af, ag, ah, be, bf, bg, bh];
                part += 1;
            }
        }
    }

    /// The sum of squares of each row's products.
    #[inline(always)]
    fn squares(&self) -> [[f64; LANES]; RUNS] {
        let mut squares = [ZERO; RUNS];
        for product in &self.products {
            for (square, run) in squares.iter_mut().zip(product) {
                square.add_product(run, run);
            }
        }
        squares.map(|run| run.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Axis};

    #[test]
    fn products_of_any_shape_are_the_plain_ones() {
        for (n, p) in [(0, 2), (1, 1), (3, 4), (64, 5), (65, 8), (200, 11)] {
            let x = Array2::from_shape_fn((n, p), |(i, j)| ((i * i + 3 * i * j + j) as f64).sin());
            let s = Array1::from_shape_fn(n, |i| 0.5 + (i as f64).cos().abs());
            let upper =
                Array2::from_shape_fn(
                    (p, p),
                    |(i, j)| if i <= j { 1.0 / (1.0 + (i + j) as f64) } else { 0.0 },
                );
            let full = Array2::from_shape_fn((p, p), |(i, j)| (i as f64 - 2.0 * j as f64).cos());
            for t in [upper, full] {
                let cells = x.as_slice().expect("row-major");
                let row = |i: usize| &cells[i * p..(i + 1) * p];
                let triangle = Triangle::new(&t);
                let scaled = &x * &s.view().insert_axis(Axis(1));
                let q = scaled.dot(&t);
                let gram = triangle.gram(row, s.as_slice().expect("in one piece"));
                for ((i, j), wanted) in q.t().dot(&q).indexed_iter().filter(|((i, j), _)| i <= j) {
                    assert!((gram[[i, j]] - wanted).abs() <= 1e-12 * n as f64 * p as f64);
                }
                let wanted = x.dot(&t).rows().into_iter().map(|r| r.dot(&r)).fold(0.0, f64::max);
                assert!((triangle.largest_square(n, row) - wanted).abs() <= 1e-13 * wanted);
            }
        }
    }
}
