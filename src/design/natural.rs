//! Natural cubic splines on a B-spline basis, the columns of R's `ns`.

use std::cmp::Ordering;

use crate::design::sample::Sample;

/// Cubic: order 4.
const ORDER: usize = 4;

/// A natural spline basis, ready to be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Natural {
    /// All knots: each boundary knot four times.
    knots: Vec<f64>,
    boundary: [f64; 2],
    /// (B-splines - 1) x columns, row-major: carries B-spline values to basis columns.
    projection: Vec<f64>,
    n_columns: usize,
    /// Value and slope of each column at the lower and at the upper boundary.
    ends: [Vec<(f64, f64)>; 2],
}

/// Interior and boundary knots of `ns(x, df)`, or in words why there are none: the interior ones at the quantiles
/// (type 7) k / df, k = 1 .. df - 1, the boundary ones at the extremes.
pub fn default_knots(sample: &Sample, df: usize) -> Result<(Vec<f64>, [f64; 2]), String> {
    let boundary = extremes(sample)?;
    let knots: Vec<f64> = (1..df).map(|k| sample.quantile(k as f64 / df as f64)).collect();
    check(&knots, boundary).map_err(|why| format!("{why}, because many rows have that value"))?;
    if sample.values().len() <= df {
        return Err(format!(
            "{df} degrees of freedom need more than {df} different values; there are {}",
            sample.values().len()
        ));
    }
    Ok((knots, boundary))
}

/// The smallest and the largest value.
pub fn extremes(sample: &Sample) -> Result<[f64; 2], String> {
    match sample.values() {
        [first, .., last] => Ok([*first, *last]),
        _ => Err("all rows have the same value".into()),
    }
}

/// In words why these knots make no basis: they must ascend, strictly inside the boundary.
pub fn check(knots: &[f64], boundary: [f64; 2]) -> Result<(), String> {
    let all: Vec<f64> = [boundary[0]].into_iter().chain(knots.iter().copied()).chain([boundary[1]]).collect();
    for (k, pair) in all.windows(2).enumerate() {
        if pair[0] == pair[1] {
            return Err(format!("two knots fall on the same value, {}", pair[0]));
        }
        if pair[0].partial_cmp(&pair[1]) != Some(Ordering::Less) {
            let outside = if k == 0 { pair[1] } else { pair[0] };
            return Err(format!("the knot {outside} is not between {} and {}", boundary[0], boundary[1]));
        }
    }
    Ok(())
}

impl Natural {
    /// The basis on these knots, which [`check`] has passed.
    ///
    /// The B-splines but the first are projected on the orthogonal complement of the two linear constraints
    /// "second derivative zero at both boundary knots" by the Householder reflections of those constraints, with
    /// LINPACK's signs, so that the columns are R's.
    pub fn new(interior: &[f64], boundary: [f64; 2]) -> Natural {
        let mut knots = vec![boundary[0]; ORDER];
        knots.extend(interior);
        knots.extend([boundary[1]; ORDER]);
        let n_columns = interior.len() + 1;
        let mut basis =
            Natural { knots, boundary, projection: Vec::new(), n_columns, ends: [Vec::new(), Vec::new()] };
        let constraints = boundary.map(|x| basis.b_splines(x, 2)[1..].to_vec());
        basis.projection = complement(constraints);
        basis.ends = boundary.map(|x| {
            let (value, slope) =
                (basis.project(&basis.b_splines(x, 0)), basis.project(&basis.b_splines(x, 1)));
            value.into_iter().zip(slope).collect()
        });
        basis
    }

    /// The number of columns.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// All columns at `x`; beyond the boundary the tangent there. A missing `x` gives NaN.
    pub fn values(&self, x: f64) -> Vec<f64> {
        let tangent = |end: usize| {
            let distance = x - self.boundary[end];
            self.ends[end].iter().map(|(value, slope)| value + slope * distance).collect()
        };
        if x.is_nan() {
            vec![f64::NAN; self.n_columns]
        } else if x < self.boundary[0] {
            tangent(0)
        } else if x > self.boundary[1] {
            tangent(1)
        } else {
            self.project(&self.b_splines(x, 0))
        }
    }

    fn project(&self, b_splines: &[f64]) -> Vec<f64> {
        let mut columns = vec![0.0; self.n_columns];
        for (b, row) in b_splines[1..].iter().zip(self.projection.chunks(self.n_columns)) {
            if *b != 0.0 {
                columns.iter_mut().zip(row).for_each(|(c, p)| *c += b * p);
            }
        }
        columns
    }

    /// The derivative of order `derivative` (0: the value) of each B-spline at `x` inside the boundary.
    ///
    /// De Boor's recurrence on order m = 2, 3, 4, with w_i = (x - t_i) / (t_(i+m-1) - t_i):
    ///   B_i,m = w_i B_i,m-1 + (1 - w_(i+1)) B_(i+1),m-1
    ///   B'_i,m = (m-1) [B_i,m-1 / (t_(i+m-1) - t_i) - B_(i+1),m-1 / (t_(i+m) - t_(i+1))]
    /// Source: de Boor 1978, A Practical Guide to Splines, ch. X.
    fn b_splines(&self, x: f64, derivative: usize) -> Vec<f64> {
        let t = &self.knots;
        let n = t.len() - ORDER;
        let interval = t[ORDER..n].partition_point(|knot| *knot <= x) + ORDER - 1;
        let mut b = vec![0.0; n + 1];
        b[interval] = 1.0;
        for m in 2..=ORDER {
            for i in (interval + 1 - m)..=interval {
                let (left, right) = (t[i + m - 1] - t[i], t[i + m] - t[i + 1]);
                let share = |value: f64, width: f64| if width > 0.0 { value / width } else { 0.0 };
                b[i] = if m + derivative > ORDER {
                    (m - 1) as f64 * (share(b[i], left) - share(b[i + 1], right))
                } else {
                    share(b[i] * (x - t[i]), left) + share(b[i + 1] * (t[i + m] - x), right)
                };
            }
        }
        b.truncate(n);
        b
    }
}

/// Orthonormal columns that span the complement of two vectors of length n: the last n - 2 columns of Q in the QR
/// factorisation of the n x 2 matrix, as rows of length n - 2.
fn complement(mut vectors: [Vec<f64>; 2]) -> Vec<f64> {
    let n = vectors[0].len();
    for k in 0..2 {
        let norm = vectors[k][k..].iter().map(|v| v * v).sum::<f64>().sqrt();
        let signed = if vectors[k][k] < 0.0 { -norm } else { norm };
        vectors[k][k..].iter_mut().for_each(|v| *v /= signed);
        vectors[k][k] += 1.0;
        if k == 0 {
            let [first, second] = &mut vectors;
            reflect(first, 0, second);
        }
    }
    let mut rows = Vec::with_capacity(n * (n - 2));
    for i in 0..n {
        let mut unit = vec![0.0; n];
        unit[i] = 1.0;
        reflect(&vectors[0], 0, &mut unit);
        reflect(&vectors[1], 1, &mut unit);
        rows.extend_from_slice(&unit[2..]);
    }
    rows
}

/// y := (I - v v' / v_k) y on the elements from k on.
fn reflect(v: &[f64], k: usize, y: &mut [f64]) {
    let share = v[k..].iter().zip(&y[k..]).map(|(a, b)| a * b).sum::<f64>() / v[k];
    y[k..].iter_mut().zip(&v[k..]).for_each(|(y, v)| *y -= share * v);
}
