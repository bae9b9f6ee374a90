//! The mean loss over rows: one fused sweep for value and gradient, one for the curvature's root.

use ndarray::{Array1, Array2, ArrayRef1, ArrayView1, Axis, CowArray, Dimension};
use rayon::prelude::*;

use crate::num::linalg::{combine_factors, triangular_factor};
use crate::objective::coded::{self, Elimination, Split};
use crate::objective::kernel::{self, sweep, sweep_with_curvature};
use crate::objective::loss::Loss;
use crate::objective::panel::Triangle;
use crate::objective::shared::Picked;
use crate::objective::tiles::{Lying, Table};
use crate::objective::whitening::{Verdict, Whitening, sample};
use crate::objective::{Curved, Objective, Sampled};
use crate::rows::shared::Question;
use crate::rows::{Block, Rows};
use crate::team::Bits;

/// Mean loss of a linear predictor over weighted rows.
///
///   f(b) = (1/W) sum_i w_i loss(x_i.b + o_i, y_i),  W = sum_i w_i
///   gradient = (1/W) sum_i w_i loss'(eta_i) x_i,  Hessian = (1/W) sum_i w_i loss''(eta_i) x_i x_i'
///
/// X is read once a sweep: each row's linear predictor, residual and share of the gradient are worked out while
/// the row is in cache. Blocks are summed in a fixed order, so the result has the same bits on any number of
/// threads. Source: McCullagh & Nelder 1989, s. 2.5 and 4.4.
pub struct Glm<'a> {
    pub(super) rows: &'a dyn Rows,
    pub(super) loss: Loss,
}

/// What one block adds to value and gradient.
struct Share {
    value: f64,
    gradient: Array1<f64>,
}

impl<'a> Glm<'a> {
    /// The mean loss over some rows.
    pub fn new(rows: &'a dyn Rows, loss: Loss) -> Self {
        Glm { rows, loss }
    }

    /// The linear predictor of every row: X b + offset.
    pub fn linear_predictor(&self, beta: &ArrayRef1<f64>) -> Array1<f64> {
        let blocks: Vec<Vec<f64>> =
            (0..self.rows.n_blocks()).into_par_iter().map(|k| self.predictors(k, beta)).collect();
        let mut eta = Vec::with_capacity(self.rows.n_rows());
        blocks.into_iter().for_each(|block| eta.extend(block));
        Array1::from_vec(eta)
    }

    /// The linear predictors of one block.
    pub fn predictors(&self, index: usize, beta: &ArrayRef1<f64>) -> Vec<f64> {
        let block = self.rows.block(index);
        match &block.coded {
            Some(coded) => coded::predict(&block, coded, &Split::new(coded.layout, beta)),
            None => predictors(&block, beta),
        }
    }

    /// max_i x_i' H⁻¹ x_i with H = R'R: the largest leverage, as the certificate needs it; one sweep.
    pub fn largest_leverage(&self, inverse_root: &Array2<f64>) -> f64 {
        if let Some((shared, _)) = self.rows.shared() {
            let question = Question::Leverage { inverse_root: Bits::of(inverse_root) };
            return shared
                .ask(&question, |mine| vec![Glm::new(mine, self.loss).largest_leverage(inverse_root)])[0][0];
        }
        if let Some(layout) = self.rows.layout() {
            return Elimination::new(self.rows, layout).largest_leverage(inverse_root);
        }
        let (triangle, p) = (Triangle::new(inverse_root), self.dim());
        (0..self.rows.n_blocks())
            .into_par_iter()
            .map(|k| {
                let block = self.rows.block(k);
                let x = block.numbers.as_standard_layout();
                let x = cells(&x);
                triangle.largest_square(block.y.len(), |i| &x[i * p..(i + 1) * p])
            })
            .reduce(|| 0.0, f64::max)
    }

    fn share(&self, block: &Block<'_>, beta: &ArrayRef1<f64>) -> Share {
        if let Some(coded) = &block.coded {
            let (value, gradient) = coded::share(self.loss, block, coded, &Split::new(coded.layout, beta));
            return Share { value, gradient };
        }
        self.swept(block, beta, None)
    }

    /// A block's share; the curvatures of its rows (w loss'', m) where they are asked for.
    fn swept(&self, block: &Block<'_>, beta: &ArrayRef1<f64>, curvature: Option<&mut [f64]>) -> Share {
        let (x, p) = (block.numbers.as_standard_layout(), beta.len());
        let (y, weight, offset) = (
            block.y.as_standard_layout(),
            block.weight.as_ref().map(|w| w.as_standard_layout()),
            block.offset.as_ref().map(|o| o.as_standard_layout()),
        );
        let (x, y) = (cells(&x), cells(&y));
        let (weight, offset) = (weight.as_ref().map(cells), offset.as_ref().map(cells));
        let rows = Table { rows: Lying { x, p, offset }, y, weight };
        let (beta, mut gradient) = (beta.to_vec(), vec![0.0; p]);
        let value = match curvature {
            Some(curvature) => sweep_with_curvature(self.loss, rows, &beta, &mut gradient, curvature),
            None => sweep(self.loss, y.len(), rows, &beta, &mut gradient),
        };
        Share { value, gradient: Array1::from_vec(gradient) }
    }

    /// A block's share of the gradient, and of the curvature: whitened columns' Gram matrix, or without those the triangular root.
    fn share_and_root(
        &self,
        block: &Block<'_>,
        beta: &ArrayRef1<f64>,
        whitening: Option<&Whitening>,
    ) -> (Share, Array2<f64>) {
        let mut scale = vec![0.0; block.y.len()];
        let share = self.swept(block, beta, Some(&mut scale));
        scale.iter_mut().for_each(|s| *s = s.sqrt());
        let curvature = match whitening {
            Some(whitening) => {
                let (x, p) = (block.numbers.as_standard_layout(), beta.len());
                let x = cells(&x);
                whitening.gram(|i| &x[i * p..(i + 1) * p], &scale)
            }
            None => triangular_factor(&(&block.numbers * &ArrayView1::from(&scale).insert_axis(Axis(1)))),
        };
        (share, curvature)
    }

    /// Sums of value and gradient, and of the curvature's shares, which blocks in the same part of the data add up one after another.
    fn swept_at(&self, beta: &ArrayRef1<f64>, whitening: Option<&Whitening>) -> (Share, Array2<f64>) {
        const PARTS: usize = 64; // so many p x p matrices at once, however many blocks there are
        let blocks = self.rows.n_blocks();
        let size = blocks.div_ceil(PARTS).max(1);
        let add = |a: Array2<f64>, b: Array2<f64>| match whitening {
            Some(_) => a + b,
            None => combine_factors(&a, &b),
        };
        let parts: Vec<(Vec<Share>, Option<Array2<f64>>)> = (0..blocks.div_ceil(size))
            .into_par_iter()
            .map(|part| {
                let swept = (part * size..blocks.min((part + 1) * size))
                    .map(|k| self.share_and_root(&self.rows.block(k), beta, whitening));
                let mut shares = Vec::with_capacity(size);
                let curvature = swept
                    .map(|(share, curvature)| {
                        shares.push(share);
                        curvature
                    })
                    .reduce(add);
                (shares, curvature)
            })
            .collect();
        let (shares, curvatures): (Vec<Vec<Share>>, Vec<Option<Array2<f64>>>) = parts.into_iter().unzip();
        let share = self.total(shares.into_iter().flatten().collect());
        let sum = sum_in_pairs(curvatures.into_iter().flatten().collect(), add);
        (share, sum.unwrap_or_else(|| Array2::zeros((self.dim(), self.dim()))))
    }

    /// Sums of value and gradient over these rows, none of another rank.
    fn sums(&self, beta: &ArrayRef1<f64>) -> Share {
        let shares = (0..self.rows.n_blocks())
            .into_par_iter()
            .map(|k| self.share(&self.rows.block(k), beta))
            .collect();
        self.total(shares)
    }

    /// The same, and the root of the sum of the curvatures.
    fn sums_and_root(&self, beta: &ArrayRef1<f64>) -> (Share, Array2<f64>) {
        if let Some(layout) = self.rows.layout() {
            let root = Elimination::new(self.rows, layout).root(&|block| self.curvatures(block, beta));
            return (self.sums(beta), root);
        }
        const GUESSES: usize = 2;
        let mut guess = sample(self.rows.n_rows(), self.dim())
            .map(|rows| Glm::new(&self.rows.pick(&rows), self.loss).swept_at(beta, None).1);
        for _ in 0..GUESSES {
            let Some(whitening) = guess.take().map(Whitening::new) else { break };
            let (share, gram) = self.swept_at(beta, Some(&whitening));
            match whitening.root(&gram) {
                Verdict::Root(root) => return (share, root),
                Verdict::Guess(root) => guess = Some(root),
                Verdict::Singular => break,
            }
        }
        self.swept_at(beta, None)
    }

    /// w_i loss''(eta_i) of each row of a block.
    fn curvatures(&self, block: &Block<'_>, beta: &ArrayRef1<f64>) -> Vec<f64> {
        let eta = match &block.coded {
            Some(coded) => coded::predict(block, coded, &Split::new(coded.layout, beta)),
            None => predictors(block, beta),
        };
        eta.iter().enumerate().map(|(i, eta)| block.weight(i) * self.loss.curvature(*eta)).collect()
    }

    fn total(&self, shares: Vec<Share>) -> Share {
        let sum = sum_in_pairs(shares, |a, b| Share {
            value: a.value + b.value,
            gradient: a.gradient + b.gradient,
        });
        sum.unwrap_or_else(|| Share { value: 0.0, gradient: Array1::zeros(self.dim()) })
    }

    /// The means that sums are; 0 where there is no row.
    fn mean_of(&self, share: Share) -> (f64, Array1<f64>) {
        if self.rows.n_rows() == 0 {
            return (0.0, share.gradient);
        }
        let weight = self.rows.total_weight();
        (share.value / weight, share.gradient / weight)
    }

    /// Gradient, value and weight summed over these rows, none of another rank's: p + 2 numbers.
    pub(super) fn in_numbers(&self, beta: &ArrayRef1<f64>) -> Vec<f64> {
        self.listed(self.sums(beta))
    }

    /// The same, then the root of the summed curvatures, row by row.
    pub(super) fn root_in_numbers(&self, beta: &ArrayRef1<f64>) -> Vec<f64> {
        let (share, root) = self.sums_and_root(beta);
        let mut numbers = self.listed(share);
        numbers.extend(root.iter());
        numbers
    }

    fn listed(&self, share: Share) -> Vec<f64> {
        let mut numbers = share.gradient.to_vec();
        numbers.extend([share.value, self.rows.total_weight()]);
        numbers
    }

    /// The largest squared length of a row, none of another rank's.
    pub(super) fn largest_row(&self) -> f64 {
        (0..self.rows.n_blocks())
            .into_par_iter()
            .map(|k| {
                let block = self.rows.block(k);
                match &block.coded {
                    Some(coded) => coded::largest_row(&block, coded),
                    None => block.numbers.rows().into_iter().map(|r| r.dot(&r)).fold(0.0, f64::max),
                }
            })
            .reduce(|| 0.0, f64::max)
    }
}

/// The cells of an array that lies in one piece.
fn cells<'c, D: Dimension>(array: &'c CowArray<'_, f64, D>) -> &'c [f64] {
    array.as_slice().expect("in standard layout")
}

/// x_i.b + o_i of each row of a block whose columns are all numbers.
fn predictors(block: &Block<'_>, beta: &ArrayRef1<f64>) -> Vec<f64> {
    let (x, p, mut eta) = (block.numbers.as_standard_layout(), beta.len(), vec![0.0; block.len()]);
    let offset = block.offset.as_ref().map(|o| o.as_standard_layout());
    let rows = Lying { x: cells(&x), p, offset: offset.as_ref().map(cells) };
    kernel::predict(rows, &beta.to_vec(), &mut eta);
    eta
}

/// Adds neighbours, then neighbours of those: a fixed tree whatever the number of threads.
fn sum_in_pairs<T>(mut items: Vec<T>, add: impl Fn(T, T) -> T) -> Option<T> {
    while items.len() > 1 {
        let mut halved = Vec::with_capacity(items.len().div_ceil(2));
        let mut pairs = items.into_iter();
        while let Some(a) = pairs.next() {
            halved.push(match pairs.next() {
                Some(b) => add(a, b),
                None => a,
            });
        }
        items = halved;
    }
    items.pop()
}

impl Objective for Glm<'_> {
    fn dim(&self) -> usize {
        self.rows.n_columns()
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        match self.rows.shared() {
            Some(others) => self.gradient_of(others, None, beta),
            None => self.mean_of(self.sums(beta)),
        }
    }

    fn curved(&self) -> Option<&dyn Curved> {
        Some(self)
    }

    fn sampled(&self) -> Option<&dyn Sampled> {
        Some(self)
    }
}

impl Curved for Glm<'_> {
    fn curvature_root(&self, beta: &ArrayRef1<f64>) -> Array2<f64> {
        self.all_at(beta).2
    }

    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        if let Some(others) = self.rows.shared() {
            return self.all_of(others, None, beta);
        }
        let (share, root) = self.sums_and_root(beta);
        let (value, gradient) = self.mean_of(share);
        (value, gradient, root / self.rows.total_weight().sqrt())
    }

    fn is_quadratic(&self) -> bool {
        self.loss == Loss::Squared
    }

    fn is_like_its_subsamples(&self) -> bool {
        self.rows.layout().is_none()
    }
}

impl Sampled for Glm<'_> {
    fn n_rows(&self) -> usize {
        self.rows.n_rows()
    }

    fn of_rows(&self, rows: &[usize], beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        if let Some(others) = self.rows.shared() {
            return self.gradient_of(others, Some(rows), beta);
        }
        let picked = self.rows.pick(rows);
        Glm::new(&picked, self.loss).value_and_gradient(beta)
    }

    fn with_rows(&self, rows: &[usize], lend: &mut dyn FnMut(&dyn Objective)) {
        if let Some((shared, view)) = self.rows.shared() {
            return lend(&Picked { glm: self, others: (shared, view), rows });
        }
        let picked = self.rows.pick(rows);
        lend(&Glm::new(&picked, self.loss));
    }

    fn largest_row_curvature(&self) -> f64 {
        let largest = match self.rows.shared() {
            Some((shared, _)) => {
                shared.ask(&Question::LargestRow, |mine| vec![Glm::new(mine, self.loss).largest_row()])[0][0]
            }
            None => self.largest_row(),
        };
        self.loss.largest_curvature() * largest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::InMemory;
    use proptest::prelude::*;

    /// A design with columns of unlike size, outcomes for both losses, weights 1 to 3 and an offset.
    fn design(n: usize, p: usize, seed: u64) -> InMemory {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        };
        let x = Array2::from_shape_fn((n, p), |(_, j)| if j == 0 { 1.0 } else { next() * 3.0 * (j as f64) });
        let y = Array1::from_shape_fn(n, |_| if next() > 0.1 { 1.0 } else { 0.0 });
        let weight = Array1::from_shape_fn(n, |_| (next() * 3.0 + 2.0).floor().max(1.0));
        let offset = Array1::from_shape_fn(n, |_| next());
        InMemory::new(x, y, Some(weight), Some(offset))
    }

    fn relative(a: &Array1<f64>, b: &Array1<f64>) -> f64 {
        let size = b.dot(b).sqrt().max(1e-300);
        (a - b).dot(&(a - b)).sqrt() / size
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn gradients_agree_with_finite_differences(n in 5usize..60, p in 1usize..7, seed in 1u64..10_000) {
            let rows = design(n, p, seed);
            for loss in [Loss::Squared, Loss::Logistic] {
                let glm = Glm::new(&rows, loss);
                let beta = Array1::from_shape_fn(p, |j| 0.3 - 0.1 * j as f64);
                let (_, gradient) = glm.value_and_gradient(&beta);
                let numeric = Array1::from_shape_fn(p, |j| {
                    // Richardson's extrapolation of central differences: error of order h^4.
                    let central = |h: f64| {
                        let (mut up, mut down) = (beta.clone(), beta.clone());
                        up[j] += h;
                        down[j] -= h;
                        (glm.value_and_gradient(&up).0 - glm.value_and_gradient(&down).0) / (2.0 * h)
                    };
                    (4.0 * central(5e-4) - central(1e-3)) / 3.0
                });
                prop_assert!(relative(&numeric, &gradient) < 1e-6, "{numeric} {gradient}");
            }
        }

        #[test]
        fn any_split_into_blocks_gives_the_same_gradient(n in 5usize..200, block in 1usize..50, seed in 1u64..10_000) {
            let whole = design(n, 4, seed);
            let split = InMemory { block_rows: block, ..whole.clone() };
            for loss in [Loss::Squared, Loss::Logistic] {
                let beta = Array1::from_vec(vec![0.2, -0.4, 0.1, 0.3]);
                let (value, gradient) = Glm::new(&whole, loss).value_and_gradient(&beta);
                let (other_value, other) = Glm::new(&split, loss).value_and_gradient(&beta);
                prop_assert!((value - other_value).abs() <= 1e-12 * value.abs());
                prop_assert!(relative(&other, &gradient) < 1e-12);
            }
        }

        #[test]
        fn weights_equal_repeated_rows(n in 5usize..60, seed in 1u64..10_000) {
            let weighted = design(n, 3, seed);
            let weight = weighted.weight.clone().expect("made with weights");
            let repeated: Vec<usize> =
                (0..n).flat_map(|i| std::iter::repeat_n(i, weight[i] as usize)).collect();
            let mut plain = weighted.pick(&repeated);
            plain.weight = None;
            for loss in [Loss::Squared, Loss::Logistic] {
                let beta = Array1::from_vec(vec![0.2, -0.4, 0.1]);
                let (a, b) = (Glm::new(&weighted, loss), Glm::new(&plain, loss));
                prop_assert!(relative(&a.value_and_gradient(&beta).1, &b.value_and_gradient(&beta).1) < 1e-12);
                let (ra, rb) = (a.curvature_root(&beta), b.curvature_root(&beta));
                prop_assert!((&ra - &rb).iter().all(|d| d.abs() < 1e-10 * ra[[0, 0]].abs().max(1.0)));
            }
        }
    }

    #[test]
    fn the_curvature_is_the_derivative_of_the_gradient() {
        let rows = design(300, 4, 7);
        for loss in [Loss::Squared, Loss::Logistic] {
            let glm = Glm::new(&InMemory { block_rows: 37, ..rows.clone() }, loss)
                .curvature_root(&Array1::zeros(4));
            let hessian = glm.t().dot(&glm);
            let whole = Glm::new(&rows, loss);
            for j in 0..4 {
                let step = |h: f64| {
                    let mut b = Array1::zeros(4);
                    b[j] = h;
                    whole.value_and_gradient(&b).1
                };
                let numeric = (step(1e-5) - step(-1e-5)) / 2e-5;
                assert!(relative(&numeric, &hessian.column(j).to_owned()) < 1e-8);
            }
        }
    }

    #[test]
    fn one_and_two_threads_give_the_same_bits() {
        let rows = design(5000, 6, 3);
        let beta = Array1::from_vec(vec![0.1, 0.2, -0.1, 0.05, 0.0, 0.3]);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| Glm::new(&rows, Loss::Logistic).all_at(&beta))
        };
        assert_eq!(on(1), on(2));
    }
}
