//! Rubin's rules: the fits to completed data sets become one, whose errors know of what was missing.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::fit::result::{Coefficient, Fit, Statistics};
use crate::fit::spec::{Interval, Penalty, Spec};
use crate::inference::table::Reference;

/// One coefficient over the completed data sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// Mean of the estimates.
    pub estimate: f64,
    /// sqrt(T).
    pub std_error: f64,
    /// Barnard and Rubin's degrees of freedom.
    pub df: f64,
    /// Fraction of missing information.
    pub fmi: f64,
}

/// Pools one coefficient.
///
///   T = U + (1 + 1/m) B,  U the mean of the variances, B the variance of the estimates (with m - 1)
///   r = (1 + 1/m) B / U,  lambda = (1 + 1/m) B / T
///   df = 1 / (1/df_old + 1/df_observed),  df_old = (m - 1)/lambda^2,
///   df_observed = (nu + 1)/(nu + 3) nu (1 - lambda),  nu = n - k
///   fmi = (r + 2/(df + 3)) / (1 + r)
///
/// estimates, variances: one a data set, m of at least 2; complete_df: nu.
/// Source: Rubin 1987, s. 3.3; Barnard & Rubin 1999, Biometrika 86:948-955.
pub fn rubin(estimates: &[f64], variances: &[f64], complete_df: f64) -> Pooled {
    let m = estimates.len() as f64;
    let mean = |of: &[f64]| of.iter().sum::<f64>() / m;
    let (estimate, within) = (mean(estimates), mean(variances));
    let between = estimates.iter().map(|q| (q - estimate).powi(2)).sum::<f64>() / (m - 1.0);
    let added = (1.0 + 1.0 / m) * between;
    let total = within + added;
    let lambda = if total > 0.0 { added / total } else { 0.0 };
    let observed = (complete_df + 1.0) / (complete_df + 3.0) * complete_df * (1.0 - lambda);
    let df = if lambda > 0.0 {
        let old = (m - 1.0) / (lambda * lambda);
        old * observed / (old + observed)
    } else {
        observed
    };
    let r = if within > 0.0 { added / within } else { 0.0 };
    Pooled { estimate, std_error: total.sqrt(), df, fmi: (r + 2.0 / (df + 3.0)) / (1.0 + r) }
}

/// Refuses what has no rule of pooling.
///
/// # Errors
/// Usage.
pub fn check(spec: &Spec) -> Result<()> {
    let without = if matches!(spec.penalty, Penalty::ElasticNet { .. }) {
        Some(("--penalty", "a shrunken coefficient has no standard error to pool"))
    } else if spec.interval == Interval::Profile {
        Some(("--ci profile", "profile likelihoods of several data sets do not combine"))
    } else if spec.against.is_some() {
        Some(("--against", "likelihood ratios of several data sets do not combine by Rubin's rules"))
    } else if spec.hosmer_lemeshow.is_some() {
        Some(("--hosmer-lemeshow", "the test is of one data set"))
    } else if spec.save_fitted {
        Some(("--save-fitted", "there is a fitted value for each completed data set"))
    } else {
        None
    };
    match without {
        Some((option, why)) => {
            Err(Error::usage(format!("`{option}` does not go with multiple imputation: {why}"))
                .hint(format!("leave out `{option}`")))
        }
        None => Ok(()),
    }
}

/// Pools the fits of one model to completed data sets.
///
/// Estimates, standard errors, degrees of freedom, intervals (t) and the covariance T follow Rubin's rules. R², AUC,
/// Brier score and the like are means over the data sets; likelihoods, AIC and tests that have no such mean
/// are left out. It converged if all fits did; the descent, its history and the knots are those of the first.
///
/// # Errors
/// Data, when there are fewer than two fits, or they do not have the same columns, knots, levels or outcome.
pub fn pool(fits: Vec<Fit>) -> Result<Fit> {
    if fits.len() < 2 {
        return Err(Error::data("pooling needs at least two completed data sets")
            .hint("list the files with commas: `a1.csv,a2.csv,a3.csv`"));
    }
    fits[1..].iter().enumerate().try_for_each(|(k, fit)| same_model(&fits[0], fit, k + 2))?;
    let covariances: Option<Vec<&Array2<f64>>> = fits.iter().map(|f| f.covariance.as_ref()).collect();
    let statistics = means(&fits);
    let (coefficients, covariance) = match covariances {
        Some(covariances) => pooled_coefficients(&fits, &covariances, statistics.df_residual),
        None => (without_inference(&fits), None),
    };
    let m = fits.len();
    let worst = fits.iter().position(|f| !f.convergence.converged).unwrap_or(0);
    let bound = fits
        .iter()
        .map(|f| f.convergence.max_error_in_standard_errors)
        .try_fold(0.0_f64, |most, error| error.map(|e| most.max(e)));
    let mut pooled = fits[worst].clone();
    pooled.convergence.max_error_in_standard_errors = bound;
    pooled.covariance_kind =
        format!("{}, pooled by Rubin's rules over {m} imputations", fits[0].covariance_kind);
    pooled.coefficients = coefficients;
    pooled.covariance = covariance;
    pooled.statistics = statistics;
    pooled.collinearity.clear();
    pooled.outcome.n_events = mean_of(&fits, |f| f.outcome.n_events);
    pooled.fitted.clear();
    pooled.influence = None; // of one data set alone
    let most = pooled.coefficients.iter().filter_map(|c| Some((c.fmi?, &c.term.name)));
    let most = most.max_by(|a, b| a.0.total_cmp(&b.0));
    let most = most.map_or(String::new(), |(fmi, term)| {
        format!("; the largest fraction of missing information is {fmi:.2} (`{term}`)")
    });
    pooled.ledger.notices.push(format!(
        "pooled over {m} completed data sets by Rubin's rules, with Barnard and Rubin's degrees of freedom; R² and \
         the like are means over them (the AUC is pooled as its log odds), and the descent shown is that of one{most}"
    ));
    Ok(pooled)
}

/// Whether two fits are of one model.
fn same_model(first: &Fit, other: &Fit, number: usize) -> Result<()> {
    let differ = |what: &str| Error::data(format!("data sets 1 and {number} differ in {what}"));
    let columns = |fit: &Fit| -> Vec<(String, bool)> {
        fit.coefficients.iter().map(|c| (c.term.name.clone(), c.aliased.is_some())).collect()
    };
    if columns(first) != columns(other) {
        return Err(differ("the columns of the design").hint(
            "all files need the same variables and levels; `--levels` fixes the levels of a variable",
        ));
    }
    if (&first.outcome.event, first.family) != (&other.outcome.event, other.family) {
        return Err(differ("the outcome's values").hint("say `--event` and `--family`"));
    }
    let changed = first.frozen.bases.iter().zip(&other.frozen.bases).find(|(a, b)| a.1 != b.1);
    if let Some(((text, _), _)) = changed {
        return Err(differ(&format!(
            "the knots of `{text}`, so that its coefficients have no common meaning"
        ))
        .hint(if text.starts_with("poly(") {
            "write powers in place of an orthogonal polynomial: `x + I(x^2)`"
        } else {
            "give the knots in the formula: `rcs(x, c(...))` or `ns(x, knots = c(...))`"
        }));
    }
    if first.ledger.rows_used != other.ledger.rows_used {
        return Err(differ(&format!(
            "the rows used: {} and {}",
            first.ledger.rows_used, other.ledger.rows_used
        ))
        .hint("a completed data set has no missing values and all patients"));
    }
    Ok(())
}

fn pooled_coefficients(
    fits: &[Fit],
    covariances: &[&Array2<f64>],
    complete_df: f64,
) -> (Vec<Coefficient>, Option<Array2<f64>>) {
    let m = fits.len() as f64;
    let conf_level = fits[0].spec.conf_level;
    let places: Vec<usize> =
        (0..fits[0].coefficients.len()).filter(|j| fits[0].coefficients[*j].estimate.is_some()).collect();
    let estimates = |place: usize| -> Vec<f64> {
        fits.iter().map(|f| f.coefficients[places[place]].estimate.unwrap_or(f64::NAN)).collect()
    };
    let mut coefficients = fits[0].coefficients.clone();
    let all: Vec<Vec<f64>> = (0..places.len()).map(estimates).collect();
    let mean: Vec<f64> = all.iter().map(|q| q.iter().sum::<f64>() / m).collect();
    for (place, j) in places.iter().enumerate() {
        let variances: Vec<f64> = covariances.iter().map(|c| c[[place, place]]).collect();
        let pooled = rubin(&all[place], &variances, complete_df);
        let reference = Reference::T(pooled.df);
        let wald = reference.wald(pooled.estimate, pooled.std_error, reference.half_width(conf_level));
        let c = &mut coefficients[*j];
        (c.estimate, c.std_error) = (Some(pooled.estimate), Some(pooled.std_error));
        (c.statistic, c.p_value) = (Some(wald.statistic), Some(wald.p_value));
        (c.conf_low, c.conf_high) = (Some(wald.low), Some(wald.high));
        (c.df, c.fmi) = (Some(pooled.df), Some(pooled.fmi));
    }
    let total = Array2::from_shape_fn((places.len(), places.len()), |(i, j)| {
        let within = covariances.iter().map(|c| c[[i, j]]).sum::<f64>() / m;
        let products = all[i].iter().zip(&all[j]).map(|(a, b)| (a - mean[i]) * (b - mean[j]));
        within + (1.0 + 1.0 / m) * products.sum::<f64>() / (m - 1.0)
    });
    (coefficients, Some(total))
}

/// The mean estimates alone, where a fit has no standard errors.
fn without_inference(fits: &[Fit]) -> Vec<Coefficient> {
    let mut coefficients = fits[0].coefficients.clone();
    for (j, c) in coefficients.iter_mut().enumerate() {
        c.estimate = mean_of(fits, |f| f.coefficients[j].estimate);
        (c.std_error, c.statistic, c.p_value) = (None, None, None);
        (c.conf_low, c.conf_high) = (None, None);
    }
    coefficients
}

/// The mean of a number that every fit has.
fn mean_of(fits: &[Fit], of: impl Fn(&Fit) -> Option<f64>) -> Option<f64> {
    let values: Option<Vec<f64>> = fits.iter().map(of).collect();
    values.map(|v| v.iter().sum::<f64>() / fits.len() as f64)
}

fn means(fits: &[Fit]) -> Statistics {
    let mean = |of: fn(&Statistics) -> Option<f64>| mean_of(fits, |f| of(&f.statistics));
    let first = &fits[0].statistics;
    Statistics {
        n: first.n,
        df_model: first.df_model,
        df_residual: first.df_residual,
        log_likelihood: f64::NAN,
        deviance: f64::NAN,
        null_deviance: f64::NAN,
        aic: f64::NAN,
        bic: f64::NAN,
        r_squared: mean(|s| s.r_squared),
        adj_r_squared: mean(|s| s.adj_r_squared),
        sigma: mean(|s| s.sigma),
        auc: mean(|s| s.auc),
        brier: mean(|s| s.brier),
        nagelkerke_r2: mean(|s| s.nagelkerke_r2),
        cox_snell_r2: mean(|s| s.cox_snell_r2),
        mcfadden_r2: mean(|s| s.mcfadden_r2),
        ..Statistics::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::Source;
    use crate::fit::fit;
    use crate::optimise::watch::Unwatched;

    /// R, mice 3.15.0: pool() of glm fits to five completed data sets of MASS::Pima.tr2, coefficient of skin.
    #[test]
    fn a_coefficient_is_pooled_as_by_mice() {
        let estimates = [
            0.008006559507069232,
            -0.01612431521338508,
            -0.012847923174754838,
            0.004145754406654431,
            -0.0015650632060450107,
        ];
        let errors: [f64; 5] = [
            0.019334500839065093,
            0.01735634761187899,
            0.01461325379256805,
            0.018217012192313933,
            0.01881126496150949,
        ];
        let pooled = rubin(&estimates, &errors.map(|e| e * e), 292.0);
        assert!((pooled.estimate + 0.003676997536092253).abs() < 1e-15);
        assert!((pooled.df - 37.31996517468585).abs() < 1e-9, "{}", pooled.df);
        assert!((pooled.fmi - 0.3308810008562743).abs() < 1e-12, "{}", pooled.fmi);
    }

    #[test]
    fn equal_data_sets_lose_nothing_but_the_finite_degrees_of_freedom() {
        let pooled = rubin(&[2.0; 5], &[0.25; 5], 100.0);
        assert_eq!((pooled.estimate, pooled.std_error), (2.0, 0.5));
        assert!((pooled.df - 101.0 / 103.0 * 100.0).abs() < 1e-12);
        assert!((pooled.fmi - 2.0 / (pooled.df + 3.0)).abs() < 1e-12);
    }

    fn fit_of(text: &str, formula: &str) -> Fit {
        let source = Source::from_bytes("a.csv", text.as_bytes().to_vec()).expect("a CSV");
        fit(&Spec::new(formula), &source, &mut Unwatched).expect("a fit")
    }

    fn file(shift: f64) -> String {
        let mut text = String::from("y,x,z\n");
        for i in 0..60 {
            let x = ((i * i) as f64).sin();
            let z = ((3 * i) as f64).cos() + if i % 5 == 0 { shift } else { 0.0 };
            text.push_str(&format!("{},{x},{z}\n", x + 0.5 * z + ((7 * i) as f64).sin()));
        }
        text
    }

    #[test]
    fn a_pooled_fit_has_the_mean_estimates_and_the_total_covariance() {
        let fits: Vec<Fit> = [0.0, 0.1, -0.2].map(|s| fit_of(&file(s), "y ~ x + z")).to_vec();
        let pooled = pool(fits.clone()).expect("one model");
        let covariance = pooled.covariance.as_ref().expect("linear");
        for (j, c) in pooled.coefficients.iter().enumerate() {
            let mean = fits.iter().filter_map(|f| f.coefficients[j].estimate).sum::<f64>() / 3.0;
            assert!((c.estimate.expect("estimated") - mean).abs() < 1e-14);
            assert!((covariance[[j, j]].sqrt() - c.std_error.expect("estimated")).abs() < 1e-14);
            assert!(
                c.df.is_some_and(|df| df > 1.0 && df < 57.0) && c.fmi.is_some_and(|f| f > 0.0 && f < 1.0)
            );
        }
        assert!(pooled.convergence.converged);
        assert!(pooled.statistics.aic.is_nan());
    }

    #[test]
    fn different_models_and_knots_are_not_pooled() {
        let knots = |shift| fit_of(&file(shift), "y ~ x + rcs(z, 3)");
        let error = pool(vec![knots(0.0), knots(0.3)]).expect_err("other knots");
        assert!(error.message.contains("knots of `rcs(z, 3)`"), "{error}");
        let error =
            pool(vec![fit_of(&file(0.0), "y ~ x"), fit_of(&file(0.0), "y ~ z")]).expect_err("other terms");
        assert!(error.message.contains("columns"), "{error}");
        assert!(pool(vec![fit_of(&file(0.0), "y ~ x")]).is_err());
    }

    #[test]
    fn what_has_no_rule_is_refused() {
        let base = Spec::new("y ~ x");
        assert!(check(&base).is_ok());
        assert!(check(&Spec { interval: Interval::Profile, ..base.clone() }).is_err());
        assert!(check(&Spec { against: Some("y ~ 1".to_string()), ..base.clone() }).is_err());
        let ridge = Penalty::ElasticNet { lambda: Some(1.0), alpha: 0.0 };
        assert!(check(&Spec { penalty: ridge, ..base }).is_err());
    }
}
