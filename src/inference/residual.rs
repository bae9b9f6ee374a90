//! Residuals, leverage and influence of each row, as R defines them.

use rayon::prelude::*;

use crate::inference::solution::{BlockTerms, Solution};
use crate::objective::loss::Loss;

/// What each row says about the fit; all n long. Frequency weights count rows: each figure is that of one copy of
/// its row, exactly as if the copies stood in the data (R's `weights` of `lm` mean something else: precision).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Residuals {
    /// Fitted mean or probability.
    pub fitted: Vec<f64>,
    /// y - fitted.
    pub response: Vec<f64>,
    /// (y - mu) / sqrt(V): V = 1 (linear), mu (1 - mu) (logistic). Their squares sum to Pearson's chi-squared.
    pub pearson: Vec<f64>,
    /// sign(y - mu) sqrt(d), d the row's share of the deviance. Linear: y - mu.
    pub deviance: Vec<f64>,
    /// Leverage h, 0 to 1; the sum over all copies is the number of coefficients.
    pub leverage: Vec<f64>,
    /// Pearson residual / sqrt(dispersion (1 - h)); NaN where h = 1. Linear: R's `rstandard`.
    pub standardised_pearson: Vec<f64>,
    /// Deviance residual / sqrt(dispersion (1 - h)); NaN where h = 1. R's `rstandard` of a glm.
    pub standardised_deviance: Vec<f64>,
    /// Cook's distance (pearson / (1 - h))² h / (k dispersion); NaN where h = 1. Logistic: one-step approximation.
    pub cooks_distance: Vec<f64>,
}

/// Residuals, leverage and Cook's distances of every row, in order.
///
///   h_i = c_i x_i' (X'WCX)⁻¹ x_i = c_i ||q_i||² / n,  q_i = R'⁻¹ x_i,  c_i = 1 or mu_i (1 - mu_i)
///
/// dispersion: RSS / (n - k) for a linear model, 1 for a logistic one.
/// Source: Cook 1977, Technometrics 19:15-18; Pregibon 1981, Annals of Statistics 9:705-724.
pub fn residuals(solution: &Solution<'_>, dispersion: f64) -> Residuals {
    let inverse = solution.inverse_root();
    let k = solution.n_coefficients() as f64;
    let blocks: Vec<Residuals> = (0..solution.rows.n_blocks())
        .into_par_iter()
        .map(|index| of_block(&solution.block(index, &inverse), solution.loss, k, dispersion))
        .collect();
    let mut all = Residuals::default();
    for block in blocks {
        all.fitted.extend(block.fitted);
        all.response.extend(block.response);
        all.pearson.extend(block.pearson);
        all.deviance.extend(block.deviance);
        all.leverage.extend(block.leverage);
        all.standardised_pearson.extend(block.standardised_pearson);
        all.standardised_deviance.extend(block.standardised_deviance);
        all.cooks_distance.extend(block.cooks_distance);
    }
    all
}

pub(crate) fn of_block(terms: &BlockTerms, loss: Loss, k: f64, dispersion: f64) -> Residuals {
    const ONE: f64 = 1.0 - 1e-14; // R counts a leverage above 1 - 10 epsilon as 1
    let m = terms.fitted.len();
    let rest = |i: usize| if terms.leverage[i] < ONE { 1.0 - terms.leverage[i] } else { f64::NAN };
    let pearson: Vec<f64> = (0..m).map(|i| pearson(terms, loss, i)).collect();
    let deviance: Vec<f64> = (0..m).map(|i| deviance(terms, loss, i)).collect();
    let standardised =
        |raw: &[f64]| -> Vec<f64> { (0..m).map(|i| raw[i] / (dispersion * rest(i)).sqrt()).collect() };
    Residuals {
        standardised_pearson: standardised(&pearson),
        standardised_deviance: standardised(&deviance),
        cooks_distance: (0..m)
            .map(|i| (pearson[i] / rest(i)).powi(2) * terms.leverage[i] / (k * dispersion))
            .collect(),
        fitted: terms.fitted.clone(),
        response: terms.residual.clone(),
        leverage: terms.leverage.clone(),
        pearson,
        deviance,
    }
}

/// Logistic: for an event (1 - mu)/sqrt(mu (1 - mu)) = exp(-eta/2), for a non-event -exp(eta/2).
fn pearson(terms: &BlockTerms, loss: Loss, i: usize) -> f64 {
    match loss {
        Loss::Squared => terms.residual[i],
        Loss::Logistic => {
            let sign = if terms.outcome[i] > 0.5 { 1.0 } else { -1.0 };
            sign * (-0.5 * sign * terms.linear_predictor[i]).exp()
        }
    }
}

fn deviance(terms: &BlockTerms, loss: Loss, i: usize) -> f64 {
    match loss {
        Loss::Squared => terms.residual[i],
        Loss::Logistic => {
            let share = 2.0 * loss.value_and_slope(terms.linear_predictor[i], terms.outcome[i]).0;
            share.sqrt().copysign(terms.residual[i])
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use super::*;
    use crate::inference::fixture::{AM, HP, MPG, WT, near, optimum, repeated, rows, with_intercept};
    use crate::rows::{InMemory, Rows};

    fn of(rows: &InMemory, loss: Loss) -> Residuals {
        let (beta, value, root) = optimum(rows, loss);
        let (n, k) = (rows.total_weight(), beta.len() as f64);
        let dispersion = if loss == Loss::Squared { 2.0 * n * value / (n - k) } else { 1.0 };
        residuals(&Solution { rows, loss, beta: &beta, root: &root }, dispersion)
    }

    /// R 4.2: lm(mpg ~ wt + hp, mtcars): residuals, hatvalues, rstandard, cooks.distance of the first three cars.
    #[test]
    fn a_linear_model_of_cars_agrees_with_r() {
        let found = of(&rows(with_intercept(&[&WT, &HP]), &MPG), Loss::Squared);
        let response = [-2.572329403309289, -1.583482563996016, -2.475818724727364];
        near(&found.response[..3], &response, 1e-11);
        near(&found.pearson[..3], &response, 1e-11);
        near(&found.deviance[..3], &response, 1e-11);
        near(&found.leverage[..3], &[0.04427691482048597, 0.04048668655510441, 0.06020097241781264], 1e-11);
        let standardised = [-1.014586466716436, -0.6233275241723787, -0.9847587962968363];
        near(&found.standardised_pearson[..3], &standardised, 1e-11);
        let cook = [0.01589652330408963, 0.005464778760848886, 0.02070651436427269];
        near(&found.cooks_distance[..3], &cook, 1e-11);
    }

    /// R 4.2: glm(am ~ hp + wt, binomial, mtcars), fitted again from its own optimum (R takes the leverage from the
    /// last step but one, which a first fit leaves 1e-8 away).
    #[test]
    fn a_logistic_model_of_cars_agrees_with_r() {
        let found = of(&rows(with_intercept(&[&HP, &WT]), &AM), Loss::Logistic);
        near(&found.response[..3], &[0.1576644634830603, 0.5952174672632558, 0.02975917778611037], 1e-10);
        near(&found.pearson[..3], &[0.4326376860078255, 1.212626213038966, 0.1751340908933733], 1e-10);
        near(&found.deviance[..3], &[0.5857932138448253, 1.344920304177, 0.2458087385553562], 1e-10);
        near(&found.leverage[..3], &[0.1840735386683846, 0.2398114243668075, 0.08610512300465835], 1e-10);
        let standardised = [0.648513210497759, 1.542538033003231, 0.2571278963234137];
        near(&found.standardised_deviance[..3], &standardised, 1e-10);
        let pearson = [0.4789595510909739, 1.390805126236769, 0.1831987773526015];
        near(&found.standardised_pearson[..3], &pearson, 1e-10);
        let cook = [0.01725109889525385, 0.2034041646534228, 0.001054038891920212];
        near(&found.cooks_distance[..3], &cook, 1e-9);
    }

    #[test]
    fn a_weighted_row_has_the_figures_of_each_of_its_copies() {
        let weight = Array1::from_shape_fn(32, |i| (1 + i % 3) as f64);
        let outcome = Array1::from(AM.to_vec());
        let weighted = InMemory::new(with_intercept(&[&HP, &WT]), outcome, Some(weight.clone()), None);
        let (found, copies) = (of(&weighted, Loss::Logistic), of(&repeated(&weighted), Loss::Logistic));
        let mut from = 0;
        for (i, copies_of_i) in weight.iter().enumerate() {
            near(&[found.leverage[i]], &[copies.leverage[from]], 1e-9);
            near(&[found.cooks_distance[i]], &[copies.cooks_distance[from]], 1e-9);
            near(&[found.standardised_deviance[i]], &[copies.standardised_deviance[from]], 1e-9);
            from += *copies_of_i as usize;
        }
        near(&[copies.leverage.iter().sum()], &[3.0], 1e-12);
    }

    #[test]
    fn a_row_that_determines_a_coefficient_alone_has_no_standardised_residual() {
        let only = [1.0, 0.0, 0.0, 0.0];
        let found = of(&rows(with_intercept(&[&only]), &[5.0, 1.0, 2.0, 6.0]), Loss::Squared);
        assert!((found.leverage[0] - 1.0).abs() < 1e-14);
        assert!(found.standardised_pearson[0].is_nan() && found.cooks_distance[0].is_nan());
        assert!(found.cooks_distance[1..].iter().all(|c| c.is_finite()));
    }
}
