//! `auto`: a mini-batch start whose curvature preconditions, quasi-Newton updates, a safeguarded step.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::num::linalg::is_regular;
use crate::objective::{Curved, Sampled};
use crate::optimise::batch::some_of;
use crate::optimise::method::{Decay, Memory, Method};
use crate::optimise::precondition::Preconditioner;
use crate::optimise::step::{Point, backtrack};
use crate::optimise::stop::StopReason;
use crate::optimise::watch::Unwatched;
use crate::optimise::{Run, Settings, minimise};

/// Up to this many rows the curvature is worked out anew in every sweep (it costs little there).
const FEW_ROWS: usize = 8192;

/// Up to this many columns the curvature of all rows, worked out once where the subsample's minimum is, saves more
/// sweeps than it costs; beyond, the subsample's own has to do.
const FEW_COLUMNS: usize = 40;

/// `auto` goes on below the tolerance until the Newton decrement sqrt(g'H⁻¹g) is this share of sqrt(2 loss):
/// in the outcome's own scale, so that neither units nor a long valley make it stop early.
pub(crate) const SETTLED: f64 = 1e-11;

/// A decrement up to this share of sqrt(2 loss) that no step lowers is what rounding leaves.
const FLOOR: f64 = 1e-7;

/// The same in the size of the start, for fits without residuals: what rounding leaves of sqrt(2 loss) there.
const EXACT_SETTLED: f64 = 1e-15;
/// ... and what no step lowers any more.
const EXACT_FLOOR: f64 = 1e-12;

/// A step that leaves more than this share of the decrement says that the curvature is stale.
pub(crate) const SLOW: f64 = 0.3;

/// The same where a curvature costs little more than a gradient.
const SLOW_FEW_COLUMNS: f64 = 0.1;

impl Run<'_> {
    /// Whether a gradient below the tolerance may count: always for the teaching methods; for `auto` when the
    /// decrement is small in the scale of the loss too.
    pub(crate) fn is_settled(&self) -> bool {
        match &self.memory {
            Memory::Preconditioner(p) => {
                let settled = SETTLED * (2.0 * self.at.value.abs()).sqrt();
                p.is_ready()
                    && decrement(p, &self.at.gradient) <= settled.max(EXACT_SETTLED * self.start_size)
            }
            Memory::Proximal(p) => p.is_settled(self.value()),
            _ => true,
        }
    }

    /// One update: 1. a curvature, if there is none yet; 2. the direction -H⁻¹g; 3. a safeguarded step along it;
    /// 4. what the step taught.
    pub(crate) fn auto_step(&mut self) -> Result<(), StopReason> {
        let objective = self.objective;
        if let Some(l1) = objective.l1() {
            return self.proximal_newton_step(l1);
        }
        let Memory::Preconditioner(mut preconditioner) =
            std::mem::replace(&mut self.memory, Memory::LastRate(1.0))
        else {
            return Err(StopReason::NoProgress);
        };
        let result = self.auto_step_with(&mut preconditioner);
        self.memory = Memory::Preconditioner(preconditioner);
        result
    }

    fn auto_step_with(&mut self, preconditioner: &mut Preconditioner) -> Result<(), StopReason> {
        let curved = self.objective.curved();
        if !preconditioner.is_ready()
            && let Some(curved) = curved
        {
            self.first_curvature(curved, preconditioner); // 1
        }
        let before = decrement(preconditioner, &self.at.gradient);
        let direction = -preconditioner.apply(&self.at.gradient); // 2
        let renews = curved.filter(|c| !c.is_quadratic() && self.has_few_rows());
        let exact = curved.is_none_or(|c| c.is_exact());
        let mut root: Option<Array2<f64>> = None;
        let objective = self.objective;
        let mut evaluate = |b: &ArrayRef1<f64>| match renews {
            Some(c) => {
                let (value, gradient, r) = c.all_at(b);
                root = Some(r);
                (value, gradient)
            }
            None => objective.value_and_gradient(b),
        };
        let found = backtrack(&self.at, &direction, 1.0, &mut evaluate); // 3
        let floor = self.rounding_floor(before);
        let found = match found {
            Ok(found) => found,
            Err(evaluations) => {
                self.sweeps += evaluations as f64;
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
        let renewed = match root {
            Some(root) if exact => preconditioner.renew(root),
            Some(root) => {
                preconditioner.rebase(root);
                false
            }
            None => false,
        };
        if !renewed {
            preconditioner.learn(moved, turned); // 4
        }
        let after = decrement(preconditioner, &self.at.gradient);
        self.renew_if_slow(curved, preconditioner, after / before);
        let stuck = if exact { 0.25 } else { 0.9 }; // bent by pairs, honest steps are shorter
        match floor {
            Some(reason) if after > stuck * before => Err(reason), // at the floor, and no better for this step
            _ => Ok(()),
        }
    }

    pub(crate) fn has_few_rows(&self) -> bool {
        self.objective.sampled().is_none_or(|s| s.n_rows() <= FEW_ROWS)
    }

    /// The reason to give if no step helps any more: below the floor the arithmetic is at its end.
    pub(crate) fn rounding_floor(&self, decrement: f64) -> Option<StopReason> {
        let floor = FLOOR * (2.0 * self.value().abs()).sqrt();
        if decrement > floor.max(EXACT_FLOOR * self.start_size) {
            return None;
        }
        let small = self.gradient_norm() <= self.settings.tolerance;
        Some(if small { StopReason::GradientBelowTolerance } else { StopReason::RoundingFloor })
    }

    /// Few rows or a quadratic: the curvature of all rows. Many: fit a random subsample by this same method and
    /// take where it ends and its curvature there.
    fn first_curvature(&mut self, curved: &dyn Curved, preconditioner: &mut Preconditioner) {
        if !self.has_few_rows()
            && !curved.is_quadratic()
            && curved.is_like_its_subsamples()
            && let Some(sampled) = self.objective.sampled()
        {
            self.start_on_a_subsample(sampled, preconditioner);
        }
        if !preconditioner.is_ready() {
            self.sweeps += 1.0;
            let root = curved.curvature_root(&self.at.beta);
            let p = root.nrows();
            if !preconditioner.renew(root) {
                preconditioner.renew(Array2::eye(p));
            }
        }
    }

    fn start_on_a_subsample(&mut self, sampled: &dyn Sampled, preconditioner: &mut Preconditioner) {
        if let Some((end, root)) = self.end_on_a_subsample(sampled)
            && is_regular(&root)
            && preconditioner.renew(root)
        {
            self.at = end;
        }
    }

    /// Where a random subsample's own minimum is, and the curvature there (of all rows, if the columns are few), if it
    /// is lower on all rows too.
    pub(crate) fn end_on_a_subsample(&mut self, sampled: &dyn Sampled) -> Option<(Point, Array2<f64>)> {
        const ROWS_A_COEFFICIENT: usize = 50;
        const SHARE: usize = 8; // at most an eighth of the rows
        const MOST_STEPS: usize = 12;
        let n = sampled.n_rows();
        let m = FEW_ROWS.max(ROWS_A_COEFFICIENT * self.at.beta.len()).min((n / SHARE).max(FEW_ROWS / 2));
        let rows = some_of(n, m, self.settings.seed, "subsample");
        let settings = Settings {
            method: Method::Auto,
            batch: None,
            decay: Decay::Constant,
            max_epochs: MOST_STEPS,
            tolerance: 1e-5, // far below the subsample's own statistical error
            seed: self.settings.seed,
        };
        let start = self.at.beta.clone();
        let mut end: Option<(Array1<f64>, Array2<f64>, f64)> = None;
        sampled.with_rows(&rows, &mut |small| {
            let descent = minimise(small, &start, &settings, &mut Unwatched);
            if let Some(curved) = small.curved() {
                end = Some((descent.beta.clone(), curved.curvature_root(&descent.beta), descent.sweeps));
            }
        });
        let (beta, root, sweeps) = end?;
        self.sweeps += (sweeps + 1.0) * m as f64 / n as f64 + 1.0;
        let (value, gradient, root) = match self.objective.curved() {
            Some(curved) if beta.len() <= FEW_COLUMNS => curved.all_at(&beta),
            _ => {
                let (value, gradient) = self.objective.value_and_gradient(&beta);
                (value, gradient, root)
            }
        };
        let total = self.objective.l1().map_or(value, |l1| value + l1.value(&beta));
        let better = value.is_finite() && total < self.value();
        better.then_some((Point { beta, value, gradient }, root))
    }

    /// When steps stop shrinking the decrement well, the curvature of all rows is worth its sweep.
    fn renew_if_slow(
        &mut self,
        curved: Option<&dyn Curved>,
        preconditioner: &mut Preconditioner,
        ratio: f64,
    ) {
        let Some(curved) = curved else { return };
        let slow = if self.at.beta.len() <= FEW_COLUMNS { SLOW_FEW_COLUMNS } else { SLOW };
        if curved.is_quadratic() || self.has_few_rows() || ratio < slow {
            return;
        }
        self.sweeps += 1.0;
        preconditioner.renew(curved.curvature_root(&self.at.beta));
    }
}

/// sqrt(g' H⁻¹ g), invariant under linear changes of the columns.
fn decrement(preconditioner: &Preconditioner, gradient: &Array1<f64>) -> f64 {
    gradient.dot(&preconditioner.apply(gradient)).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Objective;
    use crate::objective::firth::Firth;
    use crate::rows::InMemory;
    use ndarray::array;

    fn solve(objective: &dyn Objective) -> crate::optimise::Descent {
        let settings = Settings {
            method: Method::Auto,
            batch: None,
            decay: Decay::Constant,
            max_epochs: 200,
            tolerance: 1e-10,
            seed: 1,
        };
        minimise(objective, &Array1::zeros(objective.dim()), &settings, &mut Unwatched)
    }

    #[test]
    fn firth_in_a_two_by_two_table_adds_half_a_patient_to_each_cell() {
        // 0 of 8 events without, 5 of 7 with exposure: no finite maximum-likelihood estimate.
        let x = Array2::from_shape_fn((15, 2), |(i, j)| if j == 0 || i >= 8 { 1.0 } else { 0.0 });
        let y = Array1::from_shape_fn(15, |i| if i >= 10 { 1.0 } else { 0.0 });
        let rows = InMemory::new(x, y, None, None);
        let end = solve(&Firth::new(&rows));
        assert!(end.reason.is_converged(), "{:?}", end.reason);
        let intercept = (0.5_f64 / 8.5).ln();
        assert!((end.beta[0] - intercept).abs() < 1e-12);
        assert!((end.beta[1] - ((5.5_f64 / 2.5).ln() - intercept)).abs() < 1e-12);
    }

    #[test]
    fn firth_converges_quickly_on_completely_separated_outcomes() {
        let x = Array2::from_shape_fn((24, 3), |(i, j)| match j {
            0 => 1.0,
            1 => (i as f64 - 11.5) / 7.0,
            _ => ((i * 5) as f64).sin(),
        });
        let y = Array1::from_shape_fn(24, |i| if i >= 12 { 1.0 } else { 0.0 });
        let rows = InMemory::new(x, y, None, None);
        let end = solve(&Firth::new(&rows));
        assert!(end.reason.is_converged(), "{:?}", end.reason);
        assert!(end.gradient_norm() < 1e-10);
        assert!(end.iterations <= 25, "{}", end.iterations);
        assert!(end.beta[1] > 1.0 && end.beta[1] < 20.0);
    }

    #[test]
    fn an_outcome_on_a_straight_line_converges() {
        let x = Array2::from_shape_fn((20, 2), |(i, j)| if j == 0 { 1.0 } else { i as f64 / 6.0 });
        let y = x.dot(&array![1.0, 2.0]);
        let rows = InMemory::new(x, y, None, None);
        let end = solve(&crate::objective::glm::Glm::new(&rows, crate::objective::loss::Loss::Squared));
        assert!(end.reason.is_converged(), "{:?}", end.reason);
    }
}
