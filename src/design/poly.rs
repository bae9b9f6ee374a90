//! Orthogonal polynomials of a variable, the columns of R's `poly`.

use crate::design::sample::Sample;

/// What defines orthogonal polynomials of degree d: centres alpha (d of them) and squared norms (d + 2).
pub type Recurrence = (Vec<f64>, Vec<f64>);

/// The recurrence of the polynomials that are orthogonal over the rows, or in words why there is none.
///
///   p_0 = 1,  p_1 = x - a_1,  p_(k+1) = (x - a_(k+1)) p_k - (n_k / n_(k-1)) p_(k-1)
///   n_k = sum p_k^2,  a_(k+1) = sum x p_k^2 / n_k;  returned: (a_1 .. a_d, [1, n_0 .. n_d])
///
/// Worked out about the mean, where x is small. Source: Forsythe 1957, J. SIAM 5:74-88; Kennedy & Gentle 1980,
/// Statistical Computing, s. 8.3.
pub fn orthogonal(sample: &Sample, degree: usize) -> Result<Recurrence, String> {
    let distinct = sample.values().len();
    if distinct <= degree {
        return Err(format!(
            "degree {degree} needs more than {degree} different values; there are {distinct}"
        ));
    }
    let (values, counts): (Vec<f64>, Vec<f64>) = sample.pairs().unzip();
    let mean = sum(values.iter().zip(&counts).map(|(x, w)| w * x)) / sample.total();
    let x: Vec<f64> = values.iter().map(|v| v - mean).collect();
    let (mut alpha, mut norm2) = (Vec::with_capacity(degree), vec![1.0, sample.total()]);
    let (mut before, mut p) = (vec![0.0; x.len()], vec![1.0; x.len()]);
    for k in 0..degree {
        let square = |i: usize| counts[i] * p[i] * p[i];
        let centre = sum((0..x.len()).map(|i| x[i] * square(i))) / norm2[k + 1];
        let ratio = if k == 0 { 0.0 } else { norm2[k + 1] / norm2[k] };
        let next: Vec<f64> = (0..x.len()).map(|i| (x[i] - centre) * p[i] - ratio * before[i]).collect();
        before = std::mem::replace(&mut p, next);
        let norm = sum(p.iter().zip(&counts).map(|(v, w)| w * v * v));
        if !(norm > 0.0 && norm.is_finite()) {
            return Err(format!("degree {degree} is beyond what these values can carry"));
        }
        alpha.push(centre + mean);
        norm2.push(norm);
    }
    Ok((alpha, norm2))
}

/// The columns 1 .. d at `x`: p_k(x) / sqrt(n_k). A missing `x` gives NaN.
pub fn values(x: f64, alpha: &[f64], norm2: &[f64]) -> Vec<f64> {
    let mut columns = Vec::with_capacity(alpha.len());
    let (mut before, mut p) = (0.0, 1.0);
    for (k, centre) in alpha.iter().enumerate() {
        let ratio = if k == 0 { 0.0 } else { norm2[k + 1] / norm2[k] };
        let next = (x - centre) * p - ratio * before;
        before = p;
        p = next;
        columns.push(p / norm2[k + 2].sqrt());
    }
    columns
}

/// A compensated sum (Neumaier 1974), in the order given.
fn sum(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for term in terms {
        let next = total + term;
        lost += if total.abs() >= term.abs() { (total - next) + term } else { (term - next) + total };
        total = next;
    }
    total + lost
}
