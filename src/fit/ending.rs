//! How a descent ended, in the result's words: converged or not, the verdict on its learning rate, how it was set up.

use crate::fit::assemble::Ended;
use crate::fit::descent::{method_name, schedule_name};
use crate::fit::exact::distance_in_standard_errors;
use crate::fit::result::{Convergence, OptimizerUsed};
use crate::fit::target::Target;
use crate::num::linalg::singular_values;
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::penalty::Penalised;
use crate::optimise::stop::StopReason;
use crate::optimise::verdict::{Evidence, Verdict, judge};

/// Whether a stop for want of progress is one by rounding: it is certified to be this close.
///
/// error: in standard errors; `None` where there is no bound.
fn is_rounding(error: Option<f64>) -> bool {
    const CLOSE: f64 = 1e-6;
    error.is_some_and(|e| e < CLOSE)
}

/// Whether a descent ended at the optimum: its test said so, or only rounding kept it from saying so.
pub(crate) fn arrived(reason: StopReason, error: Option<f64>) -> bool {
    reason.is_converged() || (reason == StopReason::NoProgress && is_rounding(error))
}

impl Ended<'_> {
    /// Whether the second descent (or the first, if it was `auto`) is proved to be at the optimum.
    pub(crate) fn is_optimum_known(&self) -> bool {
        self.exact.error_in_standard_errors.is_some() || self.gap_is_small()
    }

    pub(crate) fn gap_is_small(&self) -> bool {
        const SMALL: f64 = 1e-9;
        self.exact.duality_gap.is_some_and(|gap| gap <= SMALL * self.exact.value.abs().max(f64::MIN_POSITIVE))
    }

    /// Only a gradient-type test on data that are not separated may say converged.
    pub(crate) fn convergence(&self) -> Convergence {
        let exact = &self.exact;
        let optimum = self.frame.to_user.dot(&exact.beta);
        let error = match (&exact.covariance_root, exact.error_in_standard_errors) {
            (Some(root), Some(error)) => {
                let user = self.user();
                distance_in_standard_errors(&user, &optimum, root).map(|d| d + error)
            }
            _ => None,
        };
        let reason = match self.descent.reason {
            _ if exact.separation.is_some() => StopReason::Separated,
            StopReason::NoProgress if is_rounding(error) || self.gap_is_small() => StopReason::RoundingFloor,
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

    /// Judged by the curvature at the optimum, in the scale of the descent.
    pub(crate) fn verdict(&self) -> Verdict {
        let root = match &self.swept {
            Some(raw) => {
                let user = self.frame.to_user.dot(&self.exact.beta);
                match self.target {
                    Target::ElasticNet(strength) => {
                        let size = Target::sizes(&self.frame, true);
                        Penalised::new(raw, self.loss, strength, &size).curvature_root(&user)
                    }
                    Target::Likelihood | Target::Firth => Glm::new(raw, self.loss).curvature_root(&user),
                }
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
            optimum: self.is_optimum_known().then_some(self.exact.value),
        })
    }

    pub(crate) fn optimizer(&self) -> OptimizerUsed {
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
