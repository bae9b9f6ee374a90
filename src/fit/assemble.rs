//! From the end of a descent to the fit that every reader sees: estimates, errors, statistics, convergence.

use ndarray::{Array1, Array2};

use crate::design::term::Term;
use crate::fit::descent::{Plan, method_name, schedule_name};
use crate::fit::exact::{Exact, dispersion, distance_in_standard_errors};
use crate::fit::frame::Frame;
use crate::fit::prepare::Prepared;
use crate::fit::result::{Coefficient, Convergence, Fit, Inflation, OptimizerUsed};
use crate::fit::spec::{MethodName, Spec};
use crate::fit::statistics::{Ingredients, statistics};
use crate::inference::collinearity::{condition_number, generalised_inflation, without_intercept};
use crate::inference::covariance::{self, to_user_units};
use crate::inference::table::{Reference, Wald};
use crate::num::linalg::{is_regular, singular_values};
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::optimise::Descent;
use crate::optimise::stop::StopReason;
use crate::optimise::verdict::{Evidence, Verdict, judge};
use crate::rows::{InMemory, Rows};

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
    /// The rows in the scale of the descent, where that is the raw one.
    pub swept: Option<InMemory>,
    /// How the descent was set up.
    pub plan: Plan,
    /// How it ended.
    pub descent: Descent,
    /// The optimum.
    pub exact: Exact,
}

impl Ended<'_> {
    /// The fit in the user's units.
    pub fn into_fit(self) -> Fit {
        let convergence = self.convergence();
        let swept = self.swept.as_ref().unwrap_or(&self.frame.rows);
        let glm = Glm::new(swept, self.loss);
        let fitted = glm.linear_predictor(&self.descent.beta).mapv(|eta| self.loss.mean(eta));
        let (value, _, root) = glm.all_at(&self.descent.beta);
        let mut statistics = statistics(
            self.prepared.chosen.family,
            &Ingredients {
                rows: swept,
                mean_loss: value,
                n_coefficients: self.frame.dim(),
                has_intercept: self.frame.has_intercept,
                fitted: &fitted,
                conf_level: self.spec.conf_level,
                hosmer_lemeshow: self.spec.hosmer_lemeshow,
            },
        );
        statistics.condition_number = condition_number(&self.predictors_root());
        let spread = self.covariance_root(value, &root);
        let coefficients = self.coefficients(spread.as_ref(), statistics.df_residual, &convergence);
        let mut outcome = self.prepared.chosen.outcome.clone();
        if self.loss == Loss::Logistic {
            outcome.n_events = Some(n_events(swept));
        }
        let verdict = (self.spec.method != MethodName::Auto).then(|| self.verdict());
        let reliable = self.exact.error_in_standard_errors.is_some();
        Fit {
            spec: self.spec.clone(),
            formula: self.prepared.formula.to_string(),
            family: self.prepared.chosen.family,
            outcome,
            coefficients,
            covariance: spread.as_ref().map(|a| covariance::from_root(a)),
            covariance_kind: "model".to_string(),
            statistics,
            verdict,
            collinearity: self.collinearity(),
            optimizer: self.optimizer(),
            optimum: reliable.then_some(self.exact.value),
            fitted: fitted.to_vec(),
            convergence,
            ledger: self.prepared.ledger,
            frozen: self.prepared.frozen,
            history: self.descent.history,
        }
    }

    /// What carries the coefficients of the descent to the user's units.
    fn to_user(&self) -> Array2<f64> {
        if self.spec.raw_scale {
            let p = self.frame.dim();
            return to_user_units(&Array1::zeros(p), &Array1::ones(p), self.frame.has_intercept);
        }
        self.frame.to_user.clone()
    }

    /// Only a gradient-type test on data that are not separated may say converged.
    fn convergence(&self) -> Convergence {
        /// A stop for want of progress that is certified to be this close (in standard errors) is rounding.
        const CLOSE: f64 = 1e-6;
        let exact = &self.exact;
        let optimum = self.frame.to_user.dot(&exact.beta);
        let error = match (&exact.covariance_root, exact.error_in_standard_errors) {
            (Some(root), Some(error)) => {
                let user = self.to_user().dot(&self.descent.beta);
                distance_in_standard_errors(&user, &optimum, root).map(|d| d + error)
            }
            _ => None,
        };
        let reason = match self.descent.reason {
            _ if exact.separation.is_some() => StopReason::Separated,
            StopReason::NoProgress if error.is_some_and(|e| e < CLOSE) => StopReason::RoundingFloor,
            reason => reason,
        };
        Convergence {
            converged: reason.is_converged(),
            reason,
            iterations: self.descent.iterations,
            epochs: self.descent.epochs,
            sweeps: self.descent.sweeps,
            gradient_norm: self.descent.gradient_norm(),
            tolerance: self.plan.settings.tolerance,
            max_error_in_standard_errors: error,
            separation: exact.separation.clone(),
        }
    }

    /// Square root of the covariance in the user's units, from the information where the descent stopped.
    fn covariance_root(&self, value: f64, root: &Array2<f64>) -> Option<Array2<f64>> {
        let n = self.frame.rows.total_weight();
        let dispersion = dispersion(self.loss, value, n, self.frame.dim());
        let exists = self.exact.separation.is_none() && is_regular(root) && value.is_finite();
        let enough = n > self.frame.dim() as f64;
        (exists && enough).then(|| covariance::root(root, &self.to_user(), dispersion, n))
    }

    fn coefficients(
        &self,
        spread: Option<&Array2<f64>>,
        df_residual: f64,
        convergence: &Convergence,
    ) -> Vec<Coefficient> {
        let user = self.to_user().dot(&self.descent.beta);
        let errors = spread.map(|a| covariance::standard_errors(a));
        let reference = match self.loss {
            Loss::Squared => Reference::T(df_residual),
            Loss::Logistic => Reference::Normal,
        };
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
            };
            if why.is_some() {
                return empty;
            }
            let j = place;
            place += 1;
            let estimate = user[j];
            let se = errors.as_ref().map(|e| e[j]).filter(|_| !diverged);
            let wald: Option<Wald> = se.map(|se| reference.wald(estimate, se, half_width));
            Coefficient {
                estimate: Some(estimate),
                std_error: se,
                statistic: wald.map(|w| w.statistic),
                p_value: wald.map(|w| w.p_value),
                conf_low: wald.map(|w| w.low),
                conf_high: wald.map(|w| w.high),
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

    /// Judged by the curvature at the optimum, in the scale of the descent.
    fn verdict(&self) -> Verdict {
        let root = match &self.swept {
            Some(raw) => {
                let user = self.frame.to_user.dot(&self.exact.beta);
                Glm::new(raw, self.loss).curvature_root(&user)
            }
            None => self.exact.root.clone(),
        };
        let values = singular_values(&root);
        let squared = |s: Option<&f64>| s.map_or(f64::NAN, |s| s * s);
        judge(&Evidence {
            method: &self.plan.settings.method,
            mini_batch: self.plan.batch.is_some(),
            descent: &self.descent,
            tolerance: self.plan.settings.tolerance,
            curvatures: (squared(values.first()), squared(values.last())),
            optimum: self.exact.error_in_standard_errors.map(|_| self.exact.value),
        })
    }

    fn optimizer(&self) -> OptimizerUsed {
        let settings = &self.plan.settings;
        OptimizerUsed {
            name: method_name(self.spec.method).to_string(),
            batch_size: self.plan.batch,
            learning_rate: settings.method.rate(),
            learning_rate_auto: self.plan.rate_is_auto,
            line_search: self.plan.line_search,
            schedule: schedule_name(settings.decay).to_string(),
            max_epochs: settings.max_epochs,
            standardised: !self.spec.raw_scale,
            seed: self.spec.seed,
        }
    }
}

/// Sum of the weights of the rows with an event.
fn n_events(rows: &InMemory) -> f64 {
    let weight = |i: usize| rows.weight.as_ref().map_or(1.0, |w| w[i]);
    (0..rows.n_rows()).filter(|i| rows.y[*i] > 0.5).map(weight).sum()
}
