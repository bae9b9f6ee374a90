//! `auto` where absolute values are penalised: proximal Newton steps with the curvature that `auto` has.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::objective::Curved;
use crate::objective::l1::L1;
use crate::optimise::auto::{SETTLED, SLOW};
use crate::optimise::face::{Model, minimiser};
use crate::optimise::method::Memory;
use crate::optimise::step::{Evaluate, Found, MOST_TRIALS, Point, ROUNDING};
use crate::optimise::stop::StopReason;
use crate::optimise::tape::{Reader, Tape};
use crate::optimise::{Run, norm};

/// What proximal Newton steps remember: a curvature, and the step that it proposes at the present point.
#[derive(Debug, Clone, Default)]
pub struct Proximal {
    curvature: Option<Curvature>,
    proposal: Option<Proposal>,
    /// Whether the curvature is of an earlier point than the proposal's.
    is_stale: bool,
}

#[derive(Debug, Clone)]
struct Curvature {
    root: Array2<f64>,
    hessian: Array2<f64>,
}

/// The minimiser u of the model at b, and what it promises.
#[derive(Debug, Clone)]
struct Proposal {
    target: Array1<f64>,
    direction: Array1<f64>,
    /// sqrt(-slope), at least |R (u - b)|: without absolute values the Newton decrement sqrt(g'H⁻¹g).
    decrement: f64,
    /// g.d + sum c_j (|u_j| - |b_j|): an upper bound of the slope along d.
    slope: f64,
}

impl Proximal {
    fn renew(&mut self, root: Array2<f64>) {
        if root.iter().all(|v| v.is_finite()) {
            let hessian = root.t().dot(&root);
            self.curvature = Some(Curvature { root, hessian });
            self.is_stale = false;
        }
    }

    /// Bends the curvature so that it maps the step s to the change of gradient y that it caused (BFGS in product
    /// form): with v = R s sqrt(y.s / |R s|^2), R <- R + v (y - R'v)' / |v|^2. Pairs without curvature are ignored.
    ///
    /// Source: Dennis & Schnabel 1983, s. 9.2.
    fn learn(&mut self, s: &Array1<f64>, y: &Array1<f64>) {
        const ENOUGH: f64 = 1e-10; // of |s||y|; less is rounding
        let Some(Curvature { root, hessian }) = &mut self.curvature else { return };
        let through = root.dot(s);
        let (product, square) = (y.dot(s), through.dot(&through));
        if product <= ENOUGH * norm(s) * norm(y) || square <= 0.0 {
            return;
        }
        let v = &through * (product / square).sqrt();
        let missing = (y - &root.t().dot(&v)) / product; // |v|^2 = y.s
        for (i, mut row) in root.rows_mut().into_iter().enumerate() {
            row.scaled_add(v[i], &missing);
        }
        *hessian = root.t().dot(&*root);
    }

    fn propose(&mut self, at: &Point, l1: &L1) {
        let Some(Curvature { root, hessian }) = &self.curvature else { return };
        let model = Model { beta: &at.beta, gradient: &at.gradient, root, hessian, l1 };
        let target = minimiser(&model);
        let direction = &target - &at.beta;
        let corners: f64 = (0..target.len()).map(|j| l1.cost[j] * (target[j].abs() - at.beta[j].abs())).sum();
        let slope = at.gradient.dot(&direction) + corners;
        let decrement = (-slope).max(0.0).sqrt();
        self.proposal = Some(Proposal { target, direction, decrement, slope });
    }

    /// Writes all of it to a tape.
    pub(crate) fn put(&self, tape: &mut Tape) {
        tape.maybe(self.curvature.as_ref(), |tape, Curvature { root, hessian }| {
            tape.matrix(root);
            tape.matrix(hessian);
        });
        tape.maybe(self.proposal.as_ref(), |tape, proposal| {
            tape.vector(&proposal.target);
            tape.vector(&proposal.direction);
            tape.number(proposal.decrement);
            tape.number(proposal.slope);
        });
        tape.count(usize::from(self.is_stale));
    }

    /// Reads it back.
    pub(crate) fn take(reader: &mut Reader<'_>) -> Option<Proximal> {
        let curvature = reader.maybe(|r| Some(Curvature { root: r.matrix()?, hessian: r.matrix()? }))?;
        let proposal = reader.maybe(|r| {
            Some(Proposal {
                target: r.vector()?,
                direction: r.vector()?,
                decrement: r.number()?,
                slope: r.number()?,
            })
        })?;
        Some(Proximal { curvature, proposal, is_stale: reader.count()? == 1 })
    }

    fn decrement(&self) -> f64 {
        self.proposal.as_ref().map_or(0.0, |p| p.decrement)
    }

    /// Whether the decrement is small in the scale of the loss, as `auto` asks.
    pub(crate) fn is_settled(&self, value: f64) -> bool {
        self.proposal.as_ref().is_some_and(|p| p.decrement <= SETTLED * (2.0 * value.abs()).sqrt())
    }
}

impl Run<'_> {
    /// One update: 1. a curvature, if there is none yet; 2. the minimiser of the model that it makes; 3. a
    /// safeguarded step towards it; 4. the curvature there, or the old one bent by what the step
    /// taught.
    ///
    /// Source: Lee, Sun & Saunders 2014, SIAM Journal on Optimization 24:1420-1443.
    pub(crate) fn proximal_newton_step(&mut self, l1: &L1) -> Result<(), StopReason> {
        let Memory::Proximal(mut memory) = std::mem::replace(&mut self.memory, Memory::LastRate(1.0)) else {
            return Err(StopReason::NoProgress);
        };
        let result = self.proximal_newton_with(&mut memory, l1);
        self.memory = Memory::Proximal(memory);
        result
    }

    fn proximal_newton_with(&mut self, memory: &mut Proximal, l1: &L1) -> Result<(), StopReason> {
        let Some(curved) = self.objective.curved() else { return Err(StopReason::NoProgress) };
        if memory.curvature.is_none() {
            self.first_proximal_curvature(curved, memory); // 1
        }
        if memory.proposal.is_none() {
            memory.propose(&self.at, l1); // 2
        }
        let Some(proposal) = memory.proposal.take() else { return Err(StopReason::NoProgress) };
        let renews = self.has_few_rows() && !curved.is_quadratic() && curved.is_exact();
        let mut root: Option<Array2<f64>> = None;
        let objective = self.objective;
        let mut evaluate = |b: &ArrayRef1<f64>| {
            if renews {
                let (value, gradient, r) = curved.all_at(b);
                root = Some(r);
                return (value, gradient);
            }
            objective.value_and_gradient(b)
        };
        let found = search(&self.at, &proposal, l1, &mut evaluate); // 3
        let before = proposal.decrement;
        let floor = self.rounding_floor(before);
        let found = match found {
            Ok(found) => found,
            Err(evaluations) => {
                self.sweeps += evaluations as f64;
                memory.proposal = Some(proposal);
                return Err(floor.unwrap_or(StopReason::NoProgress));
            }
        };
        self.sweeps += found.evaluations as f64;
        self.rate = found.length;
        let moved = &found.point.beta - &self.at.beta;
        let turned = &found.point.gradient - &self.at.gradient;
        self.at = found.point;
        self.iterations += 1;
        self.epochs += 1;
        let was_stale = memory.is_stale && !curved.is_quadratic();
        memory.is_stale = true;
        match root {
            Some(root) => memory.renew(root), // 4
            None if curved.is_quadratic() => {}
            None => memory.learn(&moved, &turned),
        }
        memory.propose(&self.at, l1);
        let slow = memory.decrement() > SLOW * before;
        if slow && memory.is_stale && !curved.is_quadratic() && curved.is_exact() {
            self.sweeps += 1.0;
            memory.renew(curved.curvature_root(&self.at.beta));
            memory.propose(&self.at, l1);
        }
        match floor {
            Some(reason) if slow && !was_stale => Err(reason), // the best curvature, and no better for this step
            _ => Ok(()),
        }
    }

    fn first_proximal_curvature(&mut self, curved: &dyn Curved, memory: &mut Proximal) {
        if !self.has_few_rows()
            && !curved.is_quadratic()
            && let Some(sampled) = self.objective.sampled()
            && let Some((end, root)) = self.end_on_a_subsample(sampled)
        {
            memory.renew(root);
            memory.is_stale = true; // it is the subsample's
            self.at = end;
        }
        if memory.curvature.is_none() {
            self.sweeps += 1.0;
            memory.renew(curved.curvature_root(&self.at.beta));
        }
    }
}

/// Backtracks from the model's minimiser towards the present point until the objective falls enough.
///
/// Accepts t when F(b + t d) <= F(b) + c t slope with c = 1e-4 (Tseng & Yun 2009, Mathematical Programming 117:387-423),
/// or, where rounding hides the change of F, when F's slope along d at b + t d, seen from b, is not above 0.9 times
/// the slope at b turned round: F is convex, so that a slope still going down proves the decrease.
fn search(from: &Point, proposal: &Proposal, l1: &L1, evaluate: &mut Evaluate<'_>) -> Result<Found, usize> {
    const ENOUGH_DECREASE: f64 = 1e-4;
    const SLOPE_LEFT: f64 = 0.9;
    let (d, slope) = (&proposal.direction, proposal.slope);
    if slope.is_nan() || slope >= 0.0 {
        return Err(0);
    }
    let whole = from.value + l1.value(&from.beta);
    let first_slope = from.gradient.dot(d) + l1.slope_forward(&from.beta, d);
    let mut length = 1.0;
    for trial in 1..=MOST_TRIALS {
        let beta = if length == 1.0 { proposal.target.clone() } else { &from.beta + &(d * length) };
        let (value, gradient) = evaluate(&beta);
        let total = value + l1.value(&beta);
        let change = total - whole;
        let enough = change <= ENOUGH_DECREASE * length * slope;
        let hidden = change.abs() <= ROUNDING * whole.abs().max(total.abs())
            && gradient.dot(d) + l1.slope_backward(&beta, d) <= SLOPE_LEFT * first_slope.abs();
        if value.is_finite() && gradient.iter().all(|g| g.is_finite()) && (enough || hidden) {
            return Ok(Found { point: Point { beta, value, gradient }, length, evaluations: trial });
        }
        let parabola = -slope * length * length / (2.0 * (change - slope * length));
        length = if parabola.is_finite() { parabola.clamp(0.1 * length, 0.5 * length) } else { 0.1 * length };
    }
    Err(MOST_TRIALS)
}
