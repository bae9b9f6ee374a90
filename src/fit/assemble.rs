//! From the end of a descent to the fit that every reader sees: estimates, errors, statistics, convergence.

use ndarray::{Array1, Array2};

use crate::design::term::Term;
use crate::error::Result;
use crate::fit::analysis::Analysis;
use crate::fit::case_mix;
use crate::fit::descent::Plan;
use crate::fit::exact::{Exact, dispersion};
use crate::fit::frame::Frame;
use crate::fit::nested;
use crate::fit::prepare::Prepared;
use crate::fit::refine::Refined;
use crate::fit::result::{ByRow, Coefficient, Convergence, Fit, Inflation, Outcome, PenaltyUsed, Statistics};
use crate::fit::spec::{MethodName, Spec};
use crate::fit::statistics::{Ingredients, OfRows, statistics};
use crate::fit::target::{Search, Target};
use crate::fit::uncertainty::{self, Uncertainty};
use crate::inference::collinearity::{condition_number, generalised_inflation, without_intercept};
use crate::inference::covariance::{self, to_user_units};
use crate::inference::influence::Influence;
use crate::inference::profile::Optimum;
use crate::inference::residual::{Residuals, residuals};
use crate::inference::solution::Solution;
use crate::inference::table::{Reference, Wald};
use crate::num::linalg::is_regular;
use crate::objective::Curved;
use crate::objective::firth::Firth;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::penalty::Penalised;
use crate::optimise::Descent;
use crate::optimise::stop::StopReason;
use crate::performance::case_mix::CaseMix;
use crate::performance::construction::{ByConstruction, Estimator, by_construction};
use crate::rows::{InMemory, Rows, Stored};

/// A descent that has ended, with all that statements are made from.
pub struct Ended<'a> {
    /// What was asked for.
    pub spec: &'a Spec,
    /// The data leg.
    pub prepared: Prepared,
    /// Columns and scale.
    pub frame: Frame,
    /// The loss.
    pub loss: Loss,
    /// What was minimised.
    pub target: Target,
    /// What other lambdas would have given.
    pub search: Option<Search>,
    /// The rows in the scale of the descent, where that is the raw one.
    pub swept: Option<Stored>,
    /// How the descent was set up.
    pub plan: Plan,
    /// How it ended.
    pub descent: Descent,
    /// The optimum.
    pub exact: Exact,
    /// Least squares: the answer of `auto` to its last digits.
    pub refined: Option<Refined>,
}

/// Said where the likelihood-ratio test of a fit is not about where its descent stopped.
pub(crate) const COMPARES_ANSWERS: &str =
    "the likelihood-ratio test compares the answers of the two models, not where this descent stopped";

/// What was found out from the rows of a fit.
pub(crate) struct Statements {
    pub convergence: Convergence,
    pub coefficients: Vec<Coefficient>,
    pub uncertainty: Uncertainty,
    pub statistics: Statistics,
    /// Sum of the weights of the rows with an event; of a logistic fit.
    pub n_events: Option<f64>,
    pub case_mix: CaseMix,
    /// One a row, where rows are kept.
    pub fitted: Vec<f64>,
    pub influence: Option<Influence>,
    pub by_row: Option<ByRow>,
}

/// Whether a fit is so far from the optimum (0.01 standard errors) that tests that compare optima are not about it.
pub(crate) fn is_elsewhere(convergence: &Convergence) -> bool {
    convergence.max_error_in_standard_errors.is_none_or(|e| e >= 0.01)
}

impl Ended<'_> {
    /// The fit in the user's units, and the rows that it rests on. `header`: the columns of the file, for a formula to compare with.
    ///
    /// # Errors
    /// As [`nested::against`] and [`uncertainty::at`] say.
    pub fn into_analysis(mut self, header: &[String]) -> Result<Analysis> {
        let convergence = self.convergence();
        let swept = self.swept.as_ref().and_then(Stored::in_memory).unwrap_or_else(|| self.frame.memory());
        let glm = Glm::new(swept, self.loss);
        let linear_predictor = glm.linear_predictor(&self.descent.beta);
        let fitted = linear_predictor.mapv(|eta| self.loss.mean(eta));
        let (value, _, root) = glm.all_at(&self.descent.beta);
        let value = self.refined.as_ref().map_or(value, |r| r.mean_loss);
        let family = self.prepared.chosen.family;
        let groups = self.spec.hosmer_lemeshow;
        let of_rows = OfRows::of(family, swept, &fitted, self.frame.has_intercept, groups);
        let mut statistics = self.statistics(&of_rows, value);
        let uncertainty = self.uncertainty(swept, value, &root)?;
        let coefficients = self.coefficients(&uncertainty, statistics.df_residual, &convergence);
        statistics.penalised_log_likelihood = self.penalised_log_likelihood(swept);
        if let Some(text) = &self.spec.against {
            let larger = (&self.frame, &self.exact);
            statistics.likelihood_ratio = Some(nested::against(
                text,
                (header, &self.spec.beside()),
                &self.prepared,
                larger,
                self.loss,
            )?);
        }
        let is_elsewhere = is_elsewhere(&convergence);
        if !is_elsewhere {
            let refits = self.refits_of_all_terms().filter(|_| uncertainty.is_model_based);
            self.prepared.ledger.notices.extend(refits.map(|refits| {
                format!(
                    "the tests of each term are Wald's: likelihood-ratio tests would take {refits} more fits of so many rows and \
                     columns; `--against FORMULA` makes one of them"
                )
            }));
            statistics.term_tests = self.term_tests(&statistics, &uncertainty, refits.is_none());
        }
        let n_events = (self.loss == Loss::Logistic).then(|| n_events(swept));
        let residuals = uncertainty.root.is_some().then(|| self.residuals(swept, value, &root));
        let influence = residuals
            .as_ref()
            .filter(|_| convergence.converged)
            .and_then(|residuals| Influence::of(residuals, self.frame.dim()));
        let by_row = self.spec.save_fitted.then(|| ByRow {
            lines: self.prepared.used.lines.clone(),
            outcome: swept.y.to_vec(),
            residuals,
        });
        let case_mix = case_mix::of(&self.prepared, &linear_predictor, &swept.y);
        if self.spec.against.is_some() && is_elsewhere {
            self.prepared.ledger.notices.push(COMPARES_ANSWERS.to_string());
        }
        let (fit, prepared, frame) = self.told(Statements {
            convergence,
            coefficients,
            uncertainty,
            statistics,
            n_events,
            case_mix,
            fitted: fitted.to_vec(),
            influence,
            by_row,
        });
        frame.let_go();
        Ok(Analysis { fit, prepared, linear_predictor: linear_predictor.to_vec() })
    }

    /// The fit that these statements make, with what the end of the descent says by itself.
    pub(crate) fn told(mut self, statements: Statements) -> (Fit, Prepared, Frame) {
        let Statements { convergence, coefficients, uncertainty, statistics, .. } = statements;
        self.prepared.ledger.notices.extend(uncertainty.notices);
        let fit = Fit {
            spec: self.spec.clone(),
            formula: self.prepared.formula.to_string(),
            family: self.prepared.chosen.family,
            outcome: Outcome { n_events: statements.n_events, ..self.prepared.chosen.outcome.clone() },
            coefficients,
            covariance: uncertainty.root.as_ref().map(|a| covariance::from_root(a)),
            covariance_kind: uncertainty.kind,
            penalty: self.penalty(),
            statistics,
            by_construction: if convergence.converged {
                self.by_construction()
            } else {
                ByConstruction::default()
            },
            case_mix: statements.case_mix,
            verdict: (self.spec.method != MethodName::Auto).then(|| self.verdict()),
            collinearity: self.collinearity(),
            optimizer: self.optimizer(),
            optimum: self.is_optimum_known().then_some(self.exact.value),
            fitted: statements.fitted,
            influence: statements.influence,
            by_row: statements.by_row,
            convergence,
            ledger: self.prepared.ledger.clone(),
            frozen: self.prepared.frozen.clone(),
            history: self.descent.history,
        };
        (fit, self.prepared, self.frame)
    }

    fn by_construction(&self) -> ByConstruction {
        let estimator = match self.target {
            Target::Likelihood => Estimator::Likelihood,
            Target::ElasticNet(_) => Estimator::Shrunken,
            Target::Firth => Estimator::Firth,
        };
        by_construction(estimator, self.frame.has_intercept, self.prepared.encoded.offset.is_some())
    }

    pub(crate) fn statistics(&self, of_rows: &OfRows, mean_loss: f64) -> Statistics {
        let shrunk = matches!(self.target, Target::ElasticNet(_));
        let mut statistics = statistics(
            self.prepared.chosen.family,
            &Ingredients {
                n: self.frame.rows.total_weight(),
                of_rows,
                mean_loss,
                n_coefficients: if shrunk { self.non_zero(true) } else { self.frame.dim() },
                has_intercept: self.frame.has_intercept,
                conf_level: self.spec.conf_level,
            },
        );
        statistics.condition_number = condition_number(&self.predictors_root());
        if shrunk {
            // These count parameters that were estimated freely: shrunken ones are not.
            (statistics.aic, statistics.bic) = (f64::NAN, f64::NAN);
            (statistics.adj_r_squared, statistics.sigma) = (None, None);
            (statistics.f_statistic, statistics.model_chisq) = (None, None);
        }
        statistics
    }

    /// Coefficients of the descent that are not zero, with or without the intercept (which always counts).
    fn non_zero(&self, with_intercept: bool) -> usize {
        let first = usize::from(self.frame.has_intercept);
        let predictors = self.descent.beta.iter().skip(first).filter(|b| **b != 0.0).count();
        predictors + if with_intercept { first } else { 0 }
    }

    fn penalty(&self) -> Option<PenaltyUsed> {
        let Target::ElasticNet(strength) = self.target else { return None };
        let penalised =
            Penalised::new(&self.frame.rows, self.loss, strength, &Target::sizes(&self.frame, false));
        let at_optimum = self.spec.method == MethodName::Auto && !self.spec.raw_scale;
        let duality_gap = match self.exact.duality_gap {
            Some(gap) if at_optimum => gap,
            _ => penalised.gap(&self.standardised()),
        };
        Some(PenaltyUsed {
            strength,
            non_zero: self.non_zero(false),
            predictors: self.frame.dim() - usize::from(self.frame.has_intercept),
            duality_gap,
            search: self.search.clone(),
        })
    }

    /// The coefficients of the descent on the standardised columns.
    pub(crate) fn standardised(&self) -> Array1<f64> {
        if !self.spec.raw_scale {
            return self.descent.beta.clone();
        }
        let (beta, scale) = (&self.descent.beta, &self.frame.scale);
        let mut standardised = beta * &scale.spread;
        if self.frame.has_intercept {
            standardised[0] =
                beta[0] + beta.iter().zip(&scale.centre).skip(1).map(|(b, m)| b * m).sum::<f64>();
        }
        standardised
    }

    /// ll + 1/2 ln det(information), the information of the coefficients in the user's units.
    pub(crate) fn penalised_log_likelihood(&self, swept: &dyn Rows) -> Option<f64> {
        if self.target != Target::Firth {
            return None;
        }
        let change = if self.spec.raw_scale { 0.0 } else { self.frame.scale.spread.mapv(f64::ln).sum() };
        Some(Firth::new(swept).penalised_log_likelihood(&self.descent.beta) + change)
    }

    /// The optimum as a place to take profiles and nested models from, if it is one.
    fn with_optimum<T>(&self, say: impl FnOnce(&Optimum<'_>) -> T) -> Option<T> {
        let n = self.frame.rows.total_weight();
        let exists = self.exact.error_in_standard_errors.is_some() && is_regular(&self.exact.root);
        let dispersion = match self.target {
            Target::Likelihood => dispersion(self.loss, self.exact.value, n, self.frame.dim()),
            Target::Firth => 1.0,
            Target::ElasticNet(_) => return None,
        };
        if !exists || dispersion <= 0.0 {
            return None;
        }
        let objective =
            self.target.objective(&self.frame.rows, self.loss, &Target::sizes(&self.frame, false));
        Some(say(&Optimum {
            objective: &*objective,
            beta: &self.exact.beta,
            value: self.exact.value,
            root: &self.exact.root,
            information: n / dispersion,
        }))
    }

    /// How many fits the tests of each term would take, where that is too much work: beyond 2e10 products.
    fn refits_of_all_terms(&self) -> Option<usize> {
        const MOST: f64 = 2e10;
        let (n, p) = (self.frame.rows.n_rows() as f64, self.frame.dim() as f64);
        let mut groups: Vec<&str> = self.frame.terms.iter().map(|term| term.group.as_str()).collect();
        groups.dedup();
        (self.loss == Loss::Logistic && groups.len() as f64 * n * p * p > MOST).then_some(groups.len())
    }

    /// Tests of each term: exact ones of a linear model, likelihood-ratio tests of a logistic one if it `may_refit`; Wald's where it may
    /// not, or where the covariance does not trust the model. With a penalty there are none.
    pub(crate) fn term_tests(
        &self,
        statistics: &Statistics,
        uncertainty: &Uncertainty,
        may_refit: bool,
    ) -> Vec<crate::fit::result::TermTest> {
        let Some(root) = uncertainty.root.as_ref().filter(|_| self.target == Target::Likelihood) else {
            return Vec::new();
        };
        let df_residual = (self.loss == Loss::Squared).then_some(statistics.df_residual);
        if uncertainty.is_model_based && (may_refit || self.loss == Loss::Squared) {
            return self
                .with_optimum(|optimum| nested::each_term(&self.frame, optimum, df_residual))
                .unwrap_or_default();
        }
        nested::each_term_by_wald(&self.frame, &self.user(), (root, uncertainty.clusters), df_residual)
    }

    /// Standard errors and profiles as the specification asks for, from the information where the descent stopped.
    pub(crate) fn uncertainty(
        &self,
        swept: &dyn Rows,
        value: f64,
        root: &Array2<f64>,
    ) -> Result<Uncertainty> {
        let n = self.frame.rows.total_weight();
        let exists = self.exact.separation.is_none()
            && self.descent.reason != StopReason::Diverged
            && is_regular(root)
            && value.is_finite();
        if matches!(self.target, Target::ElasticNet(_)) || !exists || n <= self.frame.dim() as f64 {
            return Ok(Uncertainty::none(matches!(self.target, Target::ElasticNet(_))));
        }
        let solution = Solution { rows: swept, loss: self.loss, beta: &self.descent.beta, root };
        let dispersion = dispersion(self.loss, value, n, self.frame.dim());
        let mut found = uncertainty::at(
            &solution,
            &self.to_user(),
            dispersion,
            &self.spec.robust,
            self.prepared.cluster.as_deref(),
        )?;
        if self.spec.interval == crate::fit::spec::Interval::Profile {
            let half_width = self.reference(n - self.frame.dim() as f64).half_width(self.spec.conf_level);
            let intervals =
                self.with_optimum(|optimum| uncertainty::profiles(optimum, &self.frame, half_width));
            found.take_profiles(intervals, self.spec.method != MethodName::Auto);
        }
        Ok(found)
    }

    /// Residuals, leverage and Cook's distances, which need an information to be measured in.
    fn residuals(&self, swept: &InMemory, value: f64, root: &Array2<f64>) -> Residuals {
        let n = self.frame.rows.total_weight();
        let solution = Solution { rows: swept, loss: self.loss, beta: &self.descent.beta, root };
        let dispersion = dispersion(self.loss, value, n, self.frame.dim());
        residuals(&solution, dispersion)
    }

    fn reference(&self, df_residual: f64) -> Reference {
        match self.loss {
            Loss::Squared => Reference::T(df_residual),
            Loss::Logistic => Reference::Normal,
        }
    }

    /// The coefficients in the user's units.
    pub(crate) fn user(&self) -> Array1<f64> {
        match &self.refined {
            Some(refined) => refined.user.clone(),
            None => self.to_user().dot(&self.descent.beta),
        }
    }

    /// What carries the coefficients of the descent to the user's units.
    pub(crate) fn to_user(&self) -> Array2<f64> {
        if self.spec.raw_scale {
            let p = self.frame.dim();
            return to_user_units(&Array1::zeros(p), &Array1::ones(p), self.frame.has_intercept);
        }
        self.frame.to_user.clone()
    }

    pub(crate) fn coefficients(
        &self,
        uncertainty: &Uncertainty,
        df_residual: f64,
        convergence: &Convergence,
    ) -> Vec<Coefficient> {
        let user = self.user();
        let errors = uncertainty.root.as_ref().map(|a| covariance::standard_errors(a));
        let reference = self.reference(df_residual);
        let half_width = reference.half_width(self.spec.conf_level);
        let diverged = convergence.reason == StopReason::Diverged;
        let terms = &self.prepared.encoded.terms;
        let aliased = &self.frame.independent.aliased;
        let mut place = 0;
        let one = |(term, why): (&Term, &Option<String>)| {
            let empty = Coefficient {
                term: term.clone(),
                estimate: None,
                std_error: None,
                statistic: None,
                p_value: None,
                conf_low: None,
                conf_high: None,
                aliased: why.clone(),
                df: None,
                fmi: None,
            };
            if why.is_some() {
                return empty;
            }
            let j = place;
            place += 1;
            let estimate = user[j];
            let se = errors.as_ref().map(|e| e[j]).filter(|_| !diverged);
            let wald: Option<Wald> = se.map(|se| reference.wald(estimate, se, half_width));
            let (low, high) = match &uncertainty.profiles {
                Some(ends) => ends[j],
                None => (wald.map(|w| w.low), wald.map(|w| w.high)),
            };
            Coefficient {
                estimate: Some(estimate),
                std_error: se,
                statistic: wald.map(|w| w.statistic),
                p_value: wald.map(|w| w.p_value),
                conf_low: low,
                conf_high: high,
                ..empty
            }
        };
        terms.iter().zip(aliased).map(one).collect()
    }

    /// The factor of the standardised predictors, the intercept swept out.
    fn predictors_root(&self) -> Array2<f64> {
        if self.frame.has_intercept {
            without_intercept(&self.frame.design_root)
        } else {
            self.frame.design_root.clone()
        }
    }

    fn collinearity(&self) -> Vec<Inflation> {
        let first = usize::from(self.frame.has_intercept);
        let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
        for (j, term) in self.frame.terms.iter().enumerate().skip(first) {
            match groups.iter_mut().find(|(name, _)| *name == term.group) {
                Some((_, columns)) => columns.push(j - first),
                None => groups.push((term.group.clone(), vec![j - first])),
            }
        }
        let columns: Vec<Vec<usize>> = groups.iter().map(|(_, c)| c.clone()).collect();
        let factors = generalised_inflation(&self.predictors_root(), &columns);
        groups
            .into_iter()
            .zip(factors)
            .map(|((group, columns), gvif)| Inflation {
                group,
                gvif,
                df: columns.len(),
                gvif_root: gvif.powf(0.5 / columns.len() as f64),
            })
            .collect()
    }
}

/// Sum of the weights of the rows with an event.
fn n_events(rows: &InMemory) -> f64 {
    let weight = |i: usize| rows.weight.as_ref().map_or(1.0, |w| w[i]);
    (0..rows.n_rows()).filter(|i| rows.y[*i] > 0.5).map(weight).sum()
}
