//! Which move is made: each method with exactly its own knobs and memory.

use ndarray::{Array1, ArrayRef1};

use crate::objective::Objective;
use crate::optimise::newton::Proximal;
use crate::optimise::precondition::Preconditioner;
use crate::optimise::tape::{Reader, Tape};

/// A method of descent and how long its steps are.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// Preconditioned gradient descent with quasi-Newton updates and a safeguarded step.
    Auto,
    /// beta <- beta - rate g.
    GradientDescent(Rate),
    /// Heavy ball: v <- friction v - rate g; beta <- beta + v.
    Momentum {
        /// The learning rate.
        rate: f64,
        /// How much of the velocity is kept; 0.9 is usual.
        friction: f64,
    },
    /// Nesterov's look-ahead with restarts:
    /// x <- y - rate g(y); y <- x + k/(k+3) (x - x_before); k starts anew when g(y).(x - x_before) > 0.
    Nesterov {
        /// The learning rate.
        rate: f64,
    },
    /// Adam: moving averages of g and g^2 with decay 0.9 and 0.999, epsilon 1e-8.
    Adam {
        /// The learning rate.
        rate: f64,
    },
    /// AdaGrad: each coefficient's rate divided by the root of the sum of its squared gradients; epsilon 1e-10.
    /// For smooth objectives. Source: Duchi, Hazan & Singer 2011, Journal of Machine Learning Research 12:2121-2159.
    AdaGrad {
        /// The learning rate.
        rate: f64,
    },
    /// RMSProp: the same with a moving average (decay 0.9) in place of the sum; epsilon 1e-8. For smooth objectives.
    /// Source: Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6.5.
    RmsProp {
        /// The learning rate.
        rate: f64,
    },
    /// Newton: beta <- beta - rate H^-1 g, for contrast; needs the curvature's root, full batch, a smooth objective.
    Newton {
        /// The share of the step; 1 is Newton's own.
        rate: f64,
    },
}

/// How long a plain gradient step is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// Always this, times the schedule.
    Fixed(f64),
    /// Backtracking from twice the last step until the loss falls enough (Armijo); the first trial is this.
    LineSearch(f64),
    /// To the minimum along the gradient, each step anew; the first trial is this. Full batch, smooth objectives.
    Exact(f64),
    /// Barzilai and Borwein's s's / s'y, s and y the last changes of beta and gradient; the first step is this, and so
    /// is any where s'y is not positive. Full batch, smooth objectives.
    /// Source: Barzilai & Borwein 1988, IMA Journal of Numerical Analysis 8:141-148.
    BarzilaiBorwein(f64),
}

impl Rate {
    /// The first rate, or the only one.
    pub fn first(self) -> f64 {
        match self {
            Rate::Fixed(rate) | Rate::LineSearch(rate) | Rate::Exact(rate) | Rate::BarzilaiBorwein(rate) => {
                rate
            }
        }
    }
}

/// How the learning rate falls over the epochs t = 0, 1, ...
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decay {
    /// 1.
    Constant,
    /// 1 / (1 + t/10).
    InverseTime,
    /// (1 + cos(pi t / T)) / 2, T the epoch limit.
    Cosine,
    /// 1 / sqrt(t + 1).
    InverseRoot,
    /// gamma^t, gamma from 0 to 1.
    Exponential(f64),
    /// Times `factor` after each `every` epochs.
    Steps {
        /// Epochs between two falls, at least 1.
        every: usize,
        /// What is left after a fall.
        factor: f64,
    },
}

impl Decay {
    /// The factor of the learning rate in epoch t of T.
    pub fn factor(self, t: usize, limit: usize) -> f64 {
        const HALF_LIFE_EPOCHS: f64 = 10.0; // after ten epochs the rate has halved
        match self {
            Decay::Constant => 1.0,
            Decay::InverseTime => 1.0 / (1.0 + t as f64 / HALF_LIFE_EPOCHS),
            Decay::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * t as f64 / limit as f64).cos()),
            Decay::InverseRoot => 1.0 / (t as f64 + 1.0).sqrt(),
            Decay::Exponential(gamma) => gamma.powf(t as f64),
            Decay::Steps { every, factor } => factor.powf((t / every.max(1)) as f64),
        }
    }
}

/// What a method remembers between steps.
pub enum Memory {
    /// Quasi-Newton pairs around a curvature.
    Preconditioner(Box<Preconditioner>),
    /// Where absolute values are penalised: a curvature and the step that it proposes.
    Proximal(Box<Proximal>),
    /// Plain descent: the last accepted rate of a line search.
    LastRate(f64),
    /// The velocity.
    Velocity(Array1<f64>),
    /// Nesterov: the last x, and steps since the restart.
    LookAhead {
        /// x of the last step.
        x: Array1<f64>,
        /// Steps since the restart.
        k: usize,
    },
    /// Adam's two averages and the number of steps.
    Moments {
        /// Average gradient.
        first: Array1<f64>,
        /// Average squared gradient.
        second: Array1<f64>,
        /// Steps.
        t: i32,
    },
    /// Sums or averages of the squared gradients.
    Squares(Array1<f64>),
    /// The point and gradient before the last step, once there was one.
    Secant(Option<(Array1<f64>, Array1<f64>)>),
}

impl Memory {
    /// Writes its kind and all of it to a tape.
    pub(crate) fn put(&self, tape: &mut Tape) {
        match self {
            Memory::Preconditioner(p) => {
                tape.count(0);
                p.put(tape);
            }
            Memory::Proximal(p) => {
                tape.count(1);
                p.put(tape);
            }
            Memory::LastRate(rate) => {
                tape.count(2);
                tape.number(*rate);
            }
            Memory::Velocity(velocity) => {
                tape.count(3);
                tape.vector(velocity);
            }
            Memory::LookAhead { x, k } => {
                tape.count(4);
                tape.vector(x);
                tape.count(*k);
            }
            Memory::Moments { first, second, t } => {
                tape.count(5);
                tape.vector(first);
                tape.vector(second);
                tape.count(usize::try_from(*t).unwrap_or(0));
            }
            Memory::Squares(squares) => {
                tape.count(6);
                tape.vector(squares);
            }
            Memory::Secant(before) => {
                tape.count(7);
                tape.maybe(before.as_ref(), |tape, (beta, gradient)| {
                    tape.vector(beta);
                    tape.vector(gradient);
                });
            }
        }
    }

    /// Reads it back.
    pub(crate) fn take(reader: &mut Reader<'_>) -> Option<Memory> {
        Some(match reader.count()? {
            0 => Memory::Preconditioner(Box::new(Preconditioner::take(reader)?)),
            1 => Memory::Proximal(Box::new(Proximal::take(reader)?)),
            2 => Memory::LastRate(reader.number()?),
            3 => Memory::Velocity(reader.vector()?),
            4 => Memory::LookAhead { x: reader.vector()?, k: reader.count()? },
            5 => Memory::Moments {
                first: reader.vector()?,
                second: reader.vector()?,
                t: i32::try_from(reader.count()?).ok()?,
            },
            6 => Memory::Squares(reader.vector()?),
            7 => Memory::Secant(reader.maybe(|r| Some((r.vector()?, r.vector()?)))?),
            _ => return None,
        })
    }
}

impl Method {
    /// The memory at the start, where the coefficients are `start`, for an objective.
    pub(crate) fn memory_for(&self, objective: &dyn Objective, start: &Array1<f64>) -> Memory {
        if *self == Method::Auto && objective.l1().is_some() {
            return Memory::Proximal(Box::default());
        }
        self.memory(start)
    }

    /// The memory at the start, where the coefficients are `start`.
    pub fn memory(&self, start: &Array1<f64>) -> Memory {
        let zeros = Array1::zeros(start.len());
        match self {
            Method::Auto => Memory::Preconditioner(Box::default()),
            Method::GradientDescent(Rate::BarzilaiBorwein(_)) => Memory::Secant(None),
            Method::GradientDescent(rate) => Memory::LastRate(rate.first()),
            Method::Newton { rate } => Memory::LastRate(*rate),
            Method::AdaGrad { .. } | Method::RmsProp { .. } => Memory::Squares(zeros),
            Method::Momentum { .. } => Memory::Velocity(zeros),
            Method::Nesterov { .. } => Memory::LookAhead { x: start.clone(), k: 0 },
            Method::Adam { .. } => Memory::Moments { first: zeros.clone(), second: zeros, t: 0 },
        }
    }

    /// The learning rate before any decay; `auto` steps by its own measure, about 1.
    pub fn rate(&self) -> f64 {
        match self {
            Method::Auto => 1.0,
            Method::GradientDescent(rate) => rate.first(),
            Method::Momentum { rate, .. }
            | Method::Nesterov { rate }
            | Method::Adam { rate }
            | Method::AdaGrad { rate }
            | Method::RmsProp { rate }
            | Method::Newton { rate } => *rate,
        }
    }
}

/// One step of a method with a fixed rate: changes beta in place, given the gradient there.
pub fn fixed_step(
    method: &Method,
    memory: &mut Memory,
    rate: f64,
    gradient: &ArrayRef1<f64>,
    beta: &mut Array1<f64>,
) {
    match (method, memory) {
        (Method::Momentum { friction, .. }, Memory::Velocity(velocity)) => {
            *velocity *= *friction;
            velocity.scaled_add(-rate, gradient);
            *beta += &*velocity;
        }
        (Method::Nesterov { .. }, Memory::LookAhead { x, k }) => {
            let mut next = beta.clone();
            next.scaled_add(-rate, gradient);
            let moved = &next - &*x;
            *k = if gradient.dot(&moved) > 0.0 { 0 } else { *k + 1 };
            *beta = &next + &(moved * (*k as f64 / (*k as f64 + 3.0)));
            *x = next;
        }
        (Method::Adam { .. }, Memory::Moments { first, second, t }) => {
            adam_step(first, second, t, rate, gradient, beta);
        }
        (Method::AdaGrad { .. }, Memory::Squares(sum)) => {
            const EPSILON: f64 = 1e-10;
            for j in 0..beta.len() {
                sum[j] += gradient[j] * gradient[j];
                beta[j] -= rate * gradient[j] / (sum[j].sqrt() + EPSILON);
            }
        }
        (Method::RmsProp { .. }, Memory::Squares(average)) => {
            const KEPT: f64 = 0.9;
            const EPSILON: f64 = 1e-8;
            for j in 0..beta.len() {
                average[j] = KEPT * average[j] + (1.0 - KEPT) * gradient[j] * gradient[j];
                beta[j] -= rate * gradient[j] / (average[j].sqrt() + EPSILON);
            }
        }
        _ => beta.scaled_add(-rate, gradient),
    }
}

const ADAM_EPSILON: f64 = 1e-8;
const ADAM_DECAY_SECOND: f64 = 0.999;

/// The rate of each coefficient in the Adam step just made: rate / (sqrt(second / unbias) + epsilon).
pub(crate) fn adam_rates(memory: &Memory, rate: f64) -> Array1<f64> {
    match memory {
        Memory::Moments { second, t, .. } => {
            let unbias = 1.0 - ADAM_DECAY_SECOND.powi(*t);
            second.mapv(|s| rate / ((s / unbias).sqrt() + ADAM_EPSILON))
        }
        _ => Array1::zeros(0),
    }
}

/// Kingma & Ba 2015, algorithm 1.
fn adam_step(
    first: &mut Array1<f64>,
    second: &mut Array1<f64>,
    t: &mut i32,
    rate: f64,
    gradient: &ArrayRef1<f64>,
    beta: &mut Array1<f64>,
) {
    const DECAY_FIRST: f64 = 0.9;
    *t += 1;
    let unbias_first = 1.0 - DECAY_FIRST.powi(*t);
    let unbias_second = 1.0 - ADAM_DECAY_SECOND.powi(*t);
    for j in 0..beta.len() {
        first[j] = DECAY_FIRST * first[j] + (1.0 - DECAY_FIRST) * gradient[j];
        second[j] = ADAM_DECAY_SECOND * second[j] + (1.0 - ADAM_DECAY_SECOND) * gradient[j] * gradient[j];
        beta[j] -= rate * (first[j] / unbias_first) / ((second[j] / unbias_second).sqrt() + ADAM_EPSILON);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_first_steps_are_those_of_the_textbook() {
        let g = array![2.0, -4.0];
        let after = |method: Method, rate: f64| {
            let start = array![1.0, 1.0];
            let mut memory = method.memory(&start);
            let mut beta = start;
            fixed_step(&method, &mut memory, rate, &g, &mut beta);
            fixed_step(&method, &mut memory, rate, &g, &mut beta);
            beta
        };
        let plain = after(Method::GradientDescent(Rate::Fixed(0.1)), 0.1);
        assert!((plain - array![0.6, 1.8]).iter().all(|d| d.abs() < 1e-15));
        // v1 = -0.1 g, v2 = -0.19 g.
        let ball = after(Method::Momentum { rate: 0.1, friction: 0.9 }, 0.1);
        assert!((ball - array![1.0 - 0.58, 1.0 + 1.16]).iter().all(|d| d.abs() < 1e-15));
        // A constant gradient makes every Adam step the rate, whatever the gradient's size.
        let adam = after(Method::Adam { rate: 0.1 }, 0.1);
        assert!((adam - array![0.8, 1.2]).iter().all(|d| d.abs() < 1e-8));
        // AdaGrad: 1, then 1/sqrt(2) of the rate, whatever the size; RMSProp: 1/sqrt(0.1), then 1/sqrt(0.19).
        let adagrad = after(Method::AdaGrad { rate: 0.1 }, 0.1);
        let moved = 0.1 * (1.0 + 0.5_f64.sqrt());
        assert!((adagrad - array![1.0 - moved, 1.0 + moved]).iter().all(|d| d.abs() < 1e-9));
        let rmsprop = after(Method::RmsProp { rate: 0.1 }, 0.1);
        let moved = 0.1 * (1.0 / 0.1_f64.sqrt() + 1.0 / 0.19_f64.sqrt());
        assert!((rmsprop - array![1.0 - moved, 1.0 + moved]).iter().all(|d| d.abs() < 1e-7));
        // x1 = 1 - 0.1 g, y1 = x1 + (x1 - x0)/4; x2 = y1 - 0.1 g, y2 = x2 + 2/5 (x2 - x1).
        let nesterov = after(Method::Nesterov { rate: 0.1 }, 0.1);
        let (x1, y1) = (0.8, 0.75);
        let x2: f64 = y1 - 0.2;
        assert!((nesterov[0] - (x2 + 0.4 * (x2 - x1))).abs() < 1e-15);
    }

    #[test]
    fn schedules_start_at_one_and_fall() {
        assert_eq!(Decay::InverseTime.factor(0, 100), 1.0);
        assert_eq!(Decay::InverseTime.factor(10, 100), 0.5);
        assert!((Decay::Cosine.factor(50, 100) - 0.5).abs() < 1e-15);
        assert_eq!(Decay::Constant.factor(7, 100), 1.0);
        assert_eq!(Decay::InverseRoot.factor(3, 100), 0.5);
        assert!((Decay::Exponential(0.96).factor(2, 100) - 0.9216).abs() < 1e-15);
        let halves = Decay::Steps { every: 10, factor: 0.5 };
        assert_eq!((halves.factor(9, 100), halves.factor(10, 100), halves.factor(29, 100)), (1.0, 0.5, 0.25));
    }
}
