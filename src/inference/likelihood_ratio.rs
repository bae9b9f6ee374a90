//! Tests by the likelihood ratio, of two nested models and of each term of a formula (the model without it), and Wald's of each term.

use ndarray::{Array1, Array2, ArrayRef1, Axis};
use rayon::prelude::*;

use crate::inference::profile::Optimum;
use crate::inference::restrict::Restricted;
use crate::num::linalg::{inverse_upper, is_regular, solve_upper, solve_upper_transposed, triangular_factor};
use crate::num::special::{chi_squared_upper, f_upper};
use crate::objective::{Curved, Objective};
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise};

/// Two nested models compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Twice the difference of the log-likelihoods.
    pub chisq: f64,
    /// Difference of the numbers of coefficients.
    pub df: usize,
    /// Upper tail of chi-squared.
    pub p_value: f64,
    /// Linear models: the F test, which is exact under normal errors.
    pub f: Option<FTest>,
}

/// An F test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FTest {
    /// ((RSS0 - RSS1) / df1) / (RSS1 / df2).
    pub value: f64,
    /// Difference of the numbers of coefficients.
    pub df1: f64,
    /// Residual degrees of freedom of the larger model.
    pub df2: f64,
    /// Upper tail.
    pub p_value: f64,
}

/// Logistic models: 2 (ll1 - ll0) against chi-squared with `df` degrees of freedom.
///
/// A difference that rounding makes negative counts as 0. Source: Wilks 1938.
pub fn of_log_likelihoods(smaller: f64, larger: f64, df: usize) -> Comparison {
    let chisq = (2.0 * (larger - smaller)).max(0.0);
    Comparison { chisq, df, p_value: chi_squared_upper(chisq, df as f64), f: None }
}

/// Linear models: n ln(RSS0/RSS1) against chi-squared, and the F test beside it.
///
/// rss: residual sums of squares of the smaller and the larger model; n: observations (sum of the frequency
/// weights); df: difference of the numbers of coefficients; df_residual: n - k of the larger model.
pub fn of_residual_sums((smaller, larger): (f64, f64), n: f64, df: usize, df_residual: f64) -> Comparison {
    let gain = (smaller - larger).max(0.0);
    let chisq = n * (gain / larger).ln_1p();
    let df1 = df as f64;
    let value = gain / df1 / (larger / df_residual);
    let f = FTest { value, df1, df2: df_residual, p_value: f_upper(value, df1, df_residual) };
    Comparison {
        chisq,
        df,
        p_value: chi_squared_upper(chisq, df1),
        f: (df > 0 && df_residual > 0.0).then_some(f),
    }
}

/// A term of the formula and where its columns are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermColumns {
    /// As in the formula, e.g. `rx:age`.
    pub name: String,
    /// Its columns in the fitted design (aliased ones left out).
    pub columns: Vec<usize>,
    /// What it is the product of, as text: `rx`, `age`; `I(age^2)` is another factor than `age`.
    pub factors: Vec<String>,
}

/// The test of one term: the model without it against the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct TermTest {
    /// Which term, an index into the list that was asked about.
    pub term: usize,
    /// F (linear) or chi-squared (logistic); NaN if the smaller model could not be fitted, or the term's covariance is singular.
    pub statistic: f64,
    /// Columns of the term.
    pub df: usize,
    /// Upper tail.
    pub p_value: f64,
    /// Why the smaller model could not be fitted, in words.
    pub failure: Option<String>,
}

/// Tests every term that marginality lets go: not one that is part of a higher-order term (with `a:b` in the model
/// `a` alone has no test), as R's `drop1`. The intercept is never tested.
///
/// df_residual: `Some(n - k)` for a linear model, whose test is F; `None` for a logistic one (chi-squared).
///
///   linear:   RSS0 - RSS1 = n b_t' (D_tt)⁻¹ b_t with D = (R'R)⁻¹, exact, no second fit
///   logistic: the other coefficients are fitted anew with the term's at 0, from where the parabola at the optimum
///             has its constrained minimum
pub fn test_terms(optimum: &Optimum<'_>, terms: &[TermColumns], df_residual: Option<f64>) -> Vec<TermTest> {
    let wanted: Vec<usize> =
        (0..terms.len()).filter(|t| !terms[*t].columns.is_empty() && may_go(&terms[*t], terms)).collect();
    let inverse = inverse_upper(optimum.root);
    wanted.par_iter().map(|t| test_term(optimum, &inverse, (*t, &terms[*t].columns), df_residual)).collect()
}

/// Wald's test of the same terms, from the covariance that the estimates have: it fits nothing and holds for any covariance.
///
///   b_t' (V_tt)⁻¹ b_t; chi-squared, or over the term's columns F with n - k below where `df_residual` is given
///
/// beta: p coefficients; root: A (p x m) with A A' = V their covariance. A singular V_tt gives not-a-number.
/// Source: Wald 1943, Transactions of the American Mathematical Society 54:426-482.
pub fn wald(
    beta: &ArrayRef1<f64>,
    root: &Array2<f64>,
    terms: &[TermColumns],
    df_residual: Option<f64>,
) -> Vec<TermTest> {
    let wanted = (0..terms.len()).filter(|t| !terms[*t].columns.is_empty() && may_go(&terms[*t], terms));
    wanted
        .map(|term| {
            let columns = &terms[term].columns;
            let of_term: Array1<f64> = columns.iter().map(|j| beta[*j]).collect();
            let factor = triangular_factor(&root.select(Axis(0), columns).t().to_owned());
            let lost = solve_upper_transposed(&factor, &of_term);
            let chisq = if is_regular(&factor) { lost.dot(&lost) } else { f64::NAN };
            let (statistic, p_value) = judged(chisq, columns.len(), df_residual);
            TermTest { term, statistic, df: columns.len(), p_value, failure: None }
        })
        .collect()
}

/// The statistic and its upper tail.
fn judged(chisq: f64, df: usize, df_residual: Option<f64>) -> (f64, f64) {
    match df_residual {
        Some(df2) => (chisq / df as f64, f_upper(chisq / df as f64, df as f64, df2)),
        None => (chisq, chi_squared_upper(chisq, df as f64)),
    }
}

/// Whether no other term contains all the factors of this one and more.
fn may_go(term: &TermColumns, terms: &[TermColumns]) -> bool {
    let contains = |other: &TermColumns| term.factors.iter().all(|f| other.factors.contains(f));
    let larger = |other: &TermColumns| other.factors.iter().any(|f| !term.factors.contains(f));
    !terms.iter().any(|other| contains(other) && larger(other))
}

fn test_term(
    optimum: &Optimum<'_>,
    inverse: &Array2<f64>,
    (term, columns): (usize, &[usize]),
    df_residual: Option<f64>,
) -> TermTest {
    let split = Split::new(optimum, inverse, columns);
    let quadratic = optimum.objective.curved().is_some_and(Curved::is_quadratic);
    let chisq = if quadratic { Ok(split.drop_of_parabola()) } else { split.drop_by_refit() };
    let df = columns.len();
    let (chisq, failure) = match chisq {
        Ok(chisq) => (chisq.max(0.0), None),
        Err(why) => (f64::NAN, Some(why)),
    };
    let (statistic, p_value) = judged(chisq, df, df_residual);
    TermTest { term, statistic, df, p_value, failure }
}

/// The columns of a term against the others, at the parabola of the optimum.
struct Split<'a> {
    optimum: &'a Optimum<'a>,
    inverse: &'a Array2<f64>,
    columns: &'a [usize],
    /// The term's rows of R⁻¹.
    own: Array2<f64>,
    /// Upper triangular U with U'U = D_tt.
    factor: Array2<f64>,
    /// U'⁻¹ b_t: what the parabola loses without the term is the square of its length.
    lost: Array1<f64>,
}

impl<'a> Split<'a> {
    /// inverse: R⁻¹, so that D = R⁻¹ R'⁻¹ and D_tt is made of the term's rows of R⁻¹.
    fn new(optimum: &'a Optimum<'a>, inverse: &'a Array2<f64>, columns: &'a [usize]) -> Self {
        let of_term: Array1<f64> = columns.iter().map(|j| optimum.beta[*j]).collect();
        let own = inverse.select(Axis(0), columns);
        let factor = triangular_factor(&own.t().to_owned());
        let lost = solve_upper_transposed(&factor, &of_term);
        Split { optimum, inverse, columns, own, factor, lost }
    }

    /// Where the parabola has its minimum over the others with the term's coefficients at 0: b - D_.t (D_tt)⁻¹ b_t.
    fn minimum(&self) -> Array1<f64> {
        let along = self.own.t().dot(&solve_upper(&self.factor, &self.lost));
        let mut minimum = self.optimum.beta.to_owned() - self.inverse.dot(&along);
        self.columns.iter().for_each(|j| minimum[*j] = 0.0);
        minimum
    }

    fn drop_of_parabola(&self) -> f64 {
        self.optimum.information * self.lost.dot(&self.lost)
    }

    fn drop_by_refit(&self) -> Result<f64, String> {
        const SETTINGS: Settings = Settings {
            method: Method::Auto,
            batch: None,
            decay: Decay::Constant,
            max_epochs: 500,
            tolerance: 1e-8, // the value is then good to its square
            seed: 0,
        };
        let objective = self.optimum.objective;
        let others: Vec<usize> = (0..self.optimum.beta.len()).filter(|j| !self.columns.contains(j)).collect();
        let smaller = Restricted::with_coefficients_free(objective, &others, self.minimum());
        let descent = minimise(&smaller, &Array1::zeros(smaller.dim()), &SETTINGS, &mut Unwatched);
        if !descent.reason.is_converged() {
            return Err(format!("the model without the term: {}", descent.reason.words()));
        }
        Ok(2.0 * self.optimum.information * (descent.value - self.optimum.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::fixture::{AM, GEAR, HP, MPG, WT, near, optimum, rows, with_intercept};
    use crate::objective::glm::Glm;
    use crate::objective::loss::Loss;
    use crate::rows::InMemory;

    fn term(name: &str, columns: &[usize]) -> TermColumns {
        let factors = name.split(':').map(str::to_string).collect();
        TermColumns { name: name.to_string(), columns: columns.to_vec(), factors }
    }

    fn tests_of(data: &InMemory, loss: Loss, terms: &[TermColumns]) -> Vec<TermTest> {
        let (beta, value, root) = optimum(data, loss);
        let n = data.y.len() as f64;
        let df_residual = n - beta.len() as f64;
        let glm = Glm::new(data, loss);
        let linear = loss == Loss::Squared;
        let information = if linear { df_residual / (2.0 * value) } else { n };
        let optimum = Optimum { objective: &glm, beta: &beta, value, root: &root, information };
        test_terms(&optimum, terms, linear.then_some(df_residual))
    }

    /// R 4.2: drop1(lm(mpg ~ wt + hp), test = "F"), drop1(glm(am ~ hp + wt, binomial), test = "LRT").
    #[test]
    fn terms_without_interactions_agree_with_r_s_drop1() {
        let terms = [term("wt", &[1]), term("hp", &[2])];
        let found = tests_of(&rows(with_intercept(&[&WT, &HP]), &MPG), Loss::Squared, &terms);
        near(&[found[0].statistic, found[1].statistic], &[37.56090509732699, 12.38133350704513], 1e-11);
        near(&[found[0].p_value, found[1].p_value], &[1.119647136200046e-06, 0.001451228531569421], 1e-10);
        let terms = [term("hp", &[1]), term("wt", &[2])];
        let found = tests_of(&rows(with_intercept(&[&HP, &WT]), &AM), Loss::Logistic, &terms);
        near(&[found[0].statistic, found[1].statistic], &[9.1169743351781, 31.16845515326072], 1e-11);
        near(&[found[0].p_value, found[1].p_value], &[0.002532484811991007, 2.365794280612201e-08], 1e-10);
    }

    /// R 4.2: drop1(lm(mpg ~ factor(gear) + wt * hp), test = "F") has factor(gear) and wt:hp.
    #[test]
    fn a_term_within_an_interaction_is_not_tested_and_a_factor_goes_as_a_whole() {
        let level = |l: u32| -> Vec<f64> { GEAR.iter().map(|g| f64::from(u8::from(*g == l))).collect() };
        let product: Vec<f64> = WT.iter().zip(HP).map(|(w, h)| w * h).collect();
        let x = with_intercept(&[&level(4), &level(5), &WT, &HP, &product]);
        let terms = [term("gear", &[1, 2]), term("wt", &[3]), term("hp", &[4]), term("wt:hp", &[5])];
        let found = tests_of(&rows(x, &MPG), Loss::Squared, &terms);
        assert_eq!(found.iter().map(|t| (t.term, t.df)).collect::<Vec<_>>(), [(0, 2), (3, 1)]);
        near(&[found[0].statistic, found[1].statistic], &[0.76585843428464, 13.2825521757937], 1e-10);
        near(&[found[0].p_value, found[1].p_value], &[0.4751390145194722, 0.001172911626546246], 1e-10);
    }

    #[test]
    fn the_last_term_of_a_model_without_intercept_leaves_the_empty_model() {
        let x = Array2::from_shape_fn((32, 1), |(i, _)| WT[i] - 3.0);
        let found = tests_of(&rows(x, &AM), Loss::Logistic, &[term("wt", &[0])]);
        let (_, value, _) =
            optimum(&rows(Array2::from_shape_fn((32, 1), |(i, _)| WT[i] - 3.0), &AM), Loss::Logistic);
        near(&[found[0].statistic], &[64.0 * (std::f64::consts::LN_2 - value)], 1e-11);
    }

    #[test]
    fn two_linear_models_give_chi_squared_and_f() {
        // n = 20, RSS 8 against 4, one coefficient, 18 residual degrees of freedom: 20 ln 2 and F = 18.
        let test = of_residual_sums((8.0, 4.0), 20.0, 1, 18.0);
        near(&[test.chisq], &[20.0 * std::f64::consts::LN_2], 1e-14);
        near(&[test.f.expect("linear").value], &[18.0], 1e-14);
        // R: pf(18, 1, 18, lower.tail = FALSE) and pchisq(20 * log(2), 1, lower.tail = FALSE)
        near(&[test.f.expect("linear").p_value], &[0.0004895949065735807], 1e-12);
        near(&[test.p_value], &[0.0001966376556020978], 1e-12);
    }

    #[test]
    fn equal_log_likelihoods_with_rounding_below_zero_give_p_one() {
        let test = of_log_likelihoods(-100.0, -100.0 - 1e-12, 2);
        assert_eq!((test.chisq, test.p_value), (0.0, 1.0));
    }
}
