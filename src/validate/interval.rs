//! How far an index of a fixed model varies between samples of this size: its influence function, row by row.

use ndarray::Array1;

use crate::objective::loss::Loss;
use crate::validate::indices::Predicted;

/// The standard error of each index in the order of [`crate::validate::indices::names`], the model taken as given.
///
///   se^2 = G/(G - 1) sum_g (sum_{i in g} w_i IF_i)^2 / W^2,  IF_i the influence of row i, g clusters or single rows
///
/// For the AUC this is DeLong's, for intercept and slope the sandwich of the recalibration, for the others the delta
/// method on means over rows. weight: frequency weights of rows; cluster: of each row, from 0.
/// `line`: intercept and slope of the recalibration on these rows. Source: DeLong, DeLong & Clarke-Pearson 1988;
/// Huber 1967; van der Vaart 1998, Asymptotic Statistics, s. 20.
pub fn standard_errors(
    predicted: &Predicted<'_>,
    weight: Option<&Array1<f64>>,
    cluster: Option<&[u32]>,
    line: Option<(f64, f64)>,
) -> Vec<Option<f64>> {
    let ground = Ground { predicted, weight, cluster };
    let auc = ground.auc();
    let (intercept, slope) = match line.and_then(|line| ground.calibration(line)) {
        Some([intercept, slope]) => (Some(intercept), Some(slope)),
        None => (None, None),
    };
    match predicted.loss {
        Loss::Logistic => {
            let r2 = line.and_then(|line| ground.nagelkerke(line));
            vec![auc, auc.map(|se| 2.0 * se), r2, ground.score(), intercept, slope]
        }
        Loss::Squared => vec![ground.r_squared(), ground.score(), intercept, slope],
    }
}

struct Ground<'a> {
    predicted: &'a Predicted<'a>,
    weight: Option<&'a Array1<f64>>,
    cluster: Option<&'a [u32]>,
}

impl Ground<'_> {
    fn n(&self) -> usize {
        self.predicted.eta.len()
    }

    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |w| w[row])
    }

    fn mean(&self, of: impl Fn(usize) -> f64) -> f64 {
        let total: f64 = (0..self.n()).map(|i| self.weight(i)).sum();
        (0..self.n()).map(|i| self.weight(i) * of(i)).sum::<f64>() / total
    }

    /// The standard error of a mean of influences. A row of weight w is w patients, unless clusters are summed.
    fn standard_error(&self, influence: impl Fn(usize) -> f64) -> Option<f64> {
        let total: f64 = (0..self.n()).map(|i| self.weight(i)).sum();
        let (squares, units) = match self.cluster {
            Some(cluster) => {
                let mut sums = vec![0.0; cluster.iter().max().map_or(0, |g| *g as usize + 1)];
                (0..self.n()).for_each(|i| sums[cluster[i] as usize] += self.weight(i) * influence(i));
                (sums.iter().map(|s| s * s).sum::<f64>(), sums.len() as f64)
            }
            None => ((0..self.n()).map(|i| self.weight(i) * influence(i).powi(2)).sum::<f64>(), total),
        };
        let se = (squares * units / (units - 1.0)).sqrt() / total;
        (units > 1.0 && se.is_finite()).then_some(se)
    }

    fn auc(&self) -> Option<f64> {
        let placement = self.predicted.placements(self.weight.map(|w| &**w))?;
        let events = self.mean(|i| self.predicted.y[i]);
        let auc = self.mean(|i| self.predicted.y[i] * placement[i]) / events;
        self.standard_error(|i| {
            let share = if self.predicted.y[i] > 0.5 { events } else { 1.0 - events };
            (placement[i] - auc) / share
        })
    }

    /// Of the mean squared error: the Brier score of risks.
    fn score(&self) -> Option<f64> {
        let squared = |i: usize| (self.predicted.y[i] - self.predicted.mean[i]).powi(2);
        let mean = self.mean(squared);
        self.standard_error(|i| squared(i) - mean)
    }

    fn r_squared(&self) -> Option<f64> {
        let (y, mean_y) = (self.predicted.y, self.mean(|i| self.predicted.y[i]));
        let squared = |i: usize| (y[i] - self.predicted.mean[i]).powi(2);
        let about_mean = |i: usize| (y[i] - mean_y).powi(2);
        let (mse, spread) = (self.mean(squared), self.mean(about_mean));
        self.standard_error(|i| (mse * about_mean(i) / spread - squared(i)) / spread)
    }

    /// With u = exp(-(D0 - D)/n) and m = exp(-D0/n) the index is (1 - u)/(1 - m); both deviances are means over rows,
    /// and at their own maxima the parameters do not matter to first order.
    fn nagelkerke(&self, (intercept, slope): (f64, f64)) -> Option<f64> {
        let (y, eta) = (self.predicted.y, &self.predicted.eta);
        let events = self.mean(|i| y[i]);
        if events <= 0.0 || events >= 1.0 {
            return None;
        }
        let null = |i: usize| -2.0 * if y[i] > 0.5 { events.ln() } else { (-events).ln_1p() };
        let model = |i: usize| 2.0 * self.predicted.loss.value_and_slope(intercept + slope * eta[i], y[i]).0;
        let (d0, d) = (self.mean(null), self.mean(model));
        let (u, m) = ((d - d0).exp(), (-d0).exp());
        self.standard_error(|i| {
            let (null, model) = (null(i) - d0, model(i) - d);
            -(u * (model - null) * (1.0 - m) + (1.0 - u) * m * null) / (1.0 - m).powi(2)
        })
    }

    /// H⁻¹ times the score of each row.
    fn calibration(&self, (intercept, slope): (f64, f64)) -> Option<[f64; 2]> {
        let (y, eta, loss) = (self.predicted.y, &self.predicted.eta, self.predicted.loss);
        let line = |i: usize| intercept + slope * eta[i];
        let moment = |power: i32| self.mean(|i| loss.curvature(line(i)) * eta[i].powi(power));
        let (aa, ab, bb) = (moment(0), moment(1), moment(2));
        let determinant = aa * bb - ab * ab;
        let residual = |i: usize| y[i] - loss.mean(line(i));
        let first = self.standard_error(|i| residual(i) * (bb - ab * eta[i]) / determinant)?;
        let second = self.standard_error(|i| residual(i) * (aa * eta[i] - ab) / determinant)?;
        Some([first, second])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::discrimination::auc;
    use crate::validate::indices::Calibration;

    fn rows(n: usize) -> (Array1<f64>, Array1<f64>) {
        let eta = Array1::from_shape_fn(n, |i| ((i * i) as f64).sin() * 2.0);
        let y =
            Array1::from_shape_fn(n, |i| f64::from(u8::from(eta[i] + 3.0 * ((7 * i) as f64).cos() > 0.4)));
        (eta, y)
    }

    fn line(indices: &[Option<f64>]) -> Option<(f64, f64)> {
        let [.., intercept, slope] = indices else { return None };
        Some(((*intercept)?, (*slope)?))
    }

    /// The jackknife knows nothing of influence functions: se^2 = (n - 1)/n sum (theta_(i) - mean)^2.
    #[test]
    fn the_errors_are_near_those_of_the_jackknife() {
        let n = 150;
        let (eta, y) = rows(n);
        for loss in [Loss::Logistic, Loss::Squared] {
            let predicted = Predicted::new(loss, &y, eta.clone());
            let whole = predicted.indices(None, Calibration::Estimated);
            let found = standard_errors(&predicted, None, None, line(&whole));
            let without: Vec<Vec<f64>> = (0..n)
                .map(|out| {
                    let weight = Array1::from_shape_fn(n, |i| f64::from(u8::from(i != out)));
                    let indices = predicted.indices(Some(&weight), Calibration::Estimated);
                    indices.into_iter().map(|v| v.expect("exists")).collect()
                })
                .collect();
            for (k, se) in found.iter().enumerate() {
                let mean = without.iter().map(|v| v[k]).sum::<f64>() / n as f64;
                let squares: f64 = without.iter().map(|v| (v[k] - mean).powi(2)).sum();
                let jackknife = (squares * (n as f64 - 1.0) / n as f64).sqrt();
                let ratio = se.expect("exists") / jackknife;
                assert!((0.9..1.1).contains(&ratio), "{loss:?} index {k}: {ratio}");
            }
        }
    }

    #[test]
    fn the_auc_has_delongs_error_and_clusters_of_copies_widen_it() {
        let (eta, y) = rows(200);
        let predicted = Predicted::new(Loss::Logistic, &y, eta.clone());
        let se = standard_errors(&predicted, None, None, None)[0].expect("an AUC");
        let delong = auc(&predicted.mean.to_vec(), &y.to_vec(), None).expect("an AUC").std_error;
        assert!((se / delong - 1.0).abs() < 0.01, "{se} {delong}");
        let twice = |of: &Array1<f64>| ndarray::concatenate(ndarray::Axis(0), &[of.view(), of.view()]);
        let (eta, y) = (twice(&eta).expect("one axis"), twice(&y).expect("one axis"));
        let cluster: Vec<u32> = (0..400).map(|i| i % 200).collect();
        let predicted = Predicted::new(Loss::Logistic, &y, eta);
        let clustered = standard_errors(&predicted, None, Some(&cluster), None)[0].expect("an AUC");
        assert!((clustered / se - 1.0).abs() < 1e-9);
    }
}
