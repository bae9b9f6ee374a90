//! How long the next step of a plain method is: searched along the gradient, from the last change, or by curvature.

use ndarray::{Array1, ArrayRef1};

use crate::num::linalg::{is_regular, solve_root};
use crate::objective::Objective;
use crate::optimise::Run;
use crate::optimise::method::{Memory, Method, Rate};
use crate::optimise::step::{Found, backtrack, to_the_floor};
use crate::optimise::stop::StopReason;

impl Run<'_> {
    /// A step that is searched for along the negative gradient, where the method is of that kind.
    pub(crate) fn searched(&mut self, objective: &dyn Objective) -> Option<Result<Found, usize>> {
        let (Method::GradientDescent(rule), Memory::LastRate(last)) =
            (&self.settings.method, &mut self.memory)
        else {
            return None;
        };
        let direction = -&self.at.gradient;
        let mut evaluate = |b: &ArrayRef1<f64>| objective.value_and_gradient(b);
        let found = match rule {
            Rate::LineSearch(_) => {
                let first = if self.iterations == 0 { *last } else { 2.0 * *last };
                backtrack(&self.at, &direction, first, &mut evaluate)
            }
            Rate::Exact(_) => to_the_floor(&self.at, &direction, *last, &mut evaluate),
            Rate::Fixed(_) | Rate::BarzilaiBorwein(_) => return None,
        };
        if let Ok(found) = &found {
            *last = found.length;
        }
        Some(found)
    }

    /// The rate of a step that is not searched for: the schedule's, or from the last change of beta and gradient.
    pub(crate) fn next_rate(&mut self) -> f64 {
        let factor = self.settings.decay.factor(self.epochs, self.settings.max_epochs);
        let Memory::Secant(before) = &mut self.memory else {
            return self.base_rate * factor;
        };
        let now = (self.at.beta.clone(), self.at.gradient.clone());
        let rate = before.replace(now).and_then(|(beta, gradient)| {
            let (s, y) = (&self.at.beta - &beta, &self.at.gradient - &gradient);
            let rate = s.dot(&s) / s.dot(&y);
            (rate > 0.0 && rate.is_finite()).then_some(rate)
        });
        rate.unwrap_or(self.base_rate)
    }

    /// Newton's H^-1 g, for that method alone.
    ///
    /// # Errors
    /// No progress, where the curvature is unknown or cannot be solved with.
    pub(crate) fn newton_direction(
        &self,
        objective: &dyn Objective,
    ) -> Result<Option<Array1<f64>>, StopReason> {
        let Method::Newton { .. } = self.settings.method else { return Ok(None) };
        let root = objective.curved().map(|curved| curved.curvature_root(&self.at.beta));
        let root = root.filter(|root| is_regular(root)).ok_or(StopReason::NoProgress)?;
        Ok(Some(solve_root(&root, &self.at.gradient)))
    }
}
