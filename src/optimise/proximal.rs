//! The plain methods where absolute values are penalised: each step is followed by the penalty's proximal map.

use ndarray::{Array1, ArrayRef1};

use crate::objective::l1::L1;
use crate::optimise::method::{Memory, Method, Rate, adam_rates, fixed_step};
use crate::optimise::step::{Evaluate, Found, MOST_TRIALS, Point, ROUNDING};
use crate::optimise::stop::StopReason;
use crate::optimise::{Run, norm};

/// One step with a fixed rate: changes beta in place, given the smooth part's gradient there.
///
///   prox_t(z) minimises |u - z|^2 / (2 t) + sum_j c_j |u_j|: soft thresholding by t c_j
///   gradient descent: beta <- prox(beta - rate g)
///   momentum:         beta <- prox(beta - rate g + friction v), v <- the change of beta
///   nesterov:         x <- prox(y - rate g(y)); y <- x + k/(k+3) (x - x_before); k starts anew when
///                     (y - x).(x - x_before) > 0
///   adam:             its step, then prox with each coefficient's own rate, rate / (sqrt(second) + epsilon)
///
/// Without a cost each is the plain method's step. Sources: Beck & Teboulle 2009, SIAM Journal on Imaging Sciences
/// 2:183-202; Ochs, Chen, Brox & Pock 2014, ibid. 7:1388-1419 (momentum); O'Donoghue & Candes 2015, Foundations of
/// Computational Mathematics 15:715-732 (restarts); Yun, Lozano & Yang 2021, NeurIPS 34 (adaptive metrics).
pub fn proximal_step(
    method: &Method,
    memory: &mut Memory,
    rate: f64,
    gradient: &ArrayRef1<f64>,
    l1: &L1,
    beta: &mut Array1<f64>,
) {
    match (method, &mut *memory) {
        (Method::Momentum { friction, .. }, Memory::Velocity(velocity)) => {
            let mut next = &*beta + &(&*velocity * *friction);
            next.scaled_add(-rate, gradient);
            l1.shrink(&mut next, |_| rate);
            *velocity = &next - &*beta;
            *beta = next;
        }
        (Method::Nesterov { .. }, Memory::LookAhead { x, k }) => {
            let mut next = beta.clone();
            next.scaled_add(-rate, gradient);
            l1.shrink(&mut next, |_| rate);
            let moved = &next - &*x;
            *k = if (&*beta - &next).dot(&moved) > 0.0 { 0 } else { *k + 1 };
            *beta = &next + &(moved * (*k as f64 / (*k as f64 + 3.0)));
            *x = next;
        }
        (Method::Adam { .. }, _) => {
            fixed_step(method, memory, rate, gradient, beta);
            let rates = adam_rates(memory, rate);
            l1.shrink(beta, |j| rates[j]);
        }
        _ => {
            fixed_step(method, memory, rate, gradient, beta);
            l1.shrink(beta, |_| rate);
        }
    }
}

/// Backtracks from the rate `first` until the proximal step's model is above the smooth part.
///
/// Accepts t when, with s = prox_t(b - t g) - b, f(b + s) - f(b) - g.s <= |s|^2 / (2 t); where the left side, by which f
/// bends away from its tangent, is within the rounding error of f, when (g(b + s) - g).s <= |s|^2 / t instead. (The change of f
/// itself stays far above its rounding: at the optimum g balances the absolute values and is not 0.)
/// Source: Beck & Teboulle 2009, s. 4.
///
/// # Errors
/// The number of evaluations, when nothing was accepted.
pub fn proximal_search(
    from: &Point,
    l1: &L1,
    first: f64,
    evaluate: &mut Evaluate<'_>,
) -> Result<Found, usize> {
    let mut length = first;
    for trial in 1..=MOST_TRIALS {
        let beta = step_from(from, l1, length);
        let (value, gradient) = evaluate(&beta);
        let s = &beta - &from.beta;
        let square = s.dot(&s);
        let bend = value - from.value - from.gradient.dot(&s);
        let below = if bend.abs() <= ROUNDING * from.value.abs().max(value.abs()) {
            (&gradient - &from.gradient).dot(&s) <= square / length
        } else {
            bend <= square / (2.0 * length)
        };
        if value.is_finite() && gradient.iter().all(|g| g.is_finite()) && below {
            return Ok(Found { point: Point { beta, value, gradient }, length, evaluations: trial });
        }
        length *= 0.5;
    }
    Err(MOST_TRIALS)
}

/// prox_t(b - t g).
pub fn step_from(from: &Point, l1: &L1, rate: f64) -> Array1<f64> {
    let mut beta = from.beta.clone();
    beta.scaled_add(-rate, &from.gradient);
    l1.shrink(&mut beta, |_| rate);
    beta
}

impl Run<'_> {
    /// The objective at the present point, with its absolute values.
    pub(crate) fn value(&self) -> f64 {
        match self.objective.l1() {
            Some(l1) => self.at.value + l1.value(&self.at.beta),
            None => self.at.value,
        }
    }

    /// Its gradient there; with absolute values the shortest subgradient.
    pub(crate) fn gradient(&self) -> Array1<f64> {
        match self.objective.l1() {
            Some(l1) => l1.least_subgradient(&self.at.beta, &self.at.gradient),
            None => self.at.gradient.clone(),
        }
    }

    pub(crate) fn gradient_norm(&self) -> f64 {
        norm(&self.gradient())
    }

    /// One update of a plain method from the full gradient.
    pub(crate) fn full_proximal_step(&mut self, l1: &L1) -> Result<(), StopReason> {
        let objective = self.objective;
        let mut evaluate = |b: &ArrayRef1<f64>| objective.value_and_gradient(b);
        if let (Method::GradientDescent(Rate::LineSearch(_)), Memory::LastRate(last)) =
            (&self.settings.method, &mut self.memory)
        {
            let first = if self.iterations == 0 { *last } else { 2.0 * *last };
            let found =
                proximal_search(&self.at, l1, first, &mut evaluate).map_err(|_| StopReason::NoProgress)?;
            *last = found.length;
            self.rate = found.length;
            self.sweeps += found.evaluations as f64;
            self.at = found.point;
        } else {
            let factor = self.settings.decay.factor(self.epochs, self.settings.max_epochs);
            self.rate = self.base_rate * factor;
            let gradient = &self.at.gradient;
            proximal_step(
                &self.settings.method,
                &mut self.memory,
                self.rate,
                gradient,
                l1,
                &mut self.at.beta,
            );
            (self.at.value, self.at.gradient) = evaluate(&self.at.beta);
            self.sweeps += 1.0;
        }
        self.iterations += 1;
        self.epochs += 1;
        Ok(())
    }
}
