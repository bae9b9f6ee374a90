//! The preconditioner of `auto`: a curvature's triangular root, bent by the gradients seen since.

use std::collections::VecDeque;

use ndarray::{Array1, Array2, ArrayRef1};

use crate::num::linalg::{is_regular, solve_root};
use crate::optimise::tape::{Reader, Tape};

/// Gradient pairs that are remembered.
const PAIRS: usize = 12;

/// An estimate of the inverse Hessian: H0⁻¹ from a triangular root, updated by the pairs
/// s = change of beta, y = change of gradient (limited-memory BFGS).
///
/// Source: Nocedal & Wright 2006, algorithm 7.4, with H0 = (R'R)⁻¹ in place of a multiple of the identity.
#[derive(Debug, Clone, Default)]
pub struct Preconditioner {
    root: Option<Array2<f64>>,
    pairs: VecDeque<(Array1<f64>, Array1<f64>, f64)>,
}

impl Preconditioner {
    /// Takes a new curvature root and forgets the pairs; a singular root is refused and `false` returned.
    pub fn renew(&mut self, root: Array2<f64>) -> bool {
        let regular = is_regular(&root);
        if regular {
            self.root = Some(root);
            self.pairs.clear();
        }
        regular
    }

    /// Takes a new curvature root and keeps the pairs, which correct it: for a curvature that is only near the
    /// Hessian. A singular root is refused.
    pub fn rebase(&mut self, root: Array2<f64>) {
        if is_regular(&root) {
            self.root = Some(root);
        }
    }

    /// Whether there is a curvature yet.
    pub fn is_ready(&self) -> bool {
        self.root.is_some()
    }

    /// Remembers what a step taught: only pairs with s.y > 0, which keep the estimate positive definite.
    pub fn learn(&mut self, s: Array1<f64>, y: Array1<f64>) {
        const ENOUGH: f64 = 1e-10; // of |s||y|; less is rounding
        let product = s.dot(&y);
        if product <= ENOUGH * s.dot(&s).sqrt() * y.dot(&y).sqrt() {
            return;
        }
        if self.pairs.len() == PAIRS {
            self.pairs.pop_front();
        }
        self.pairs.push_back((s, y, product));
    }

    /// Writes all of it to a tape.
    pub(crate) fn put(&self, tape: &mut Tape) {
        tape.maybe(self.root.as_ref(), Tape::matrix);
        tape.each(self.pairs.iter(), |tape, (s, y, product)| {
            tape.vector(s);
            tape.vector(y);
            tape.number(*product);
        });
    }

    /// Reads it back.
    pub(crate) fn take(reader: &mut Reader<'_>) -> Option<Preconditioner> {
        let root = reader.maybe(Reader::matrix)?;
        let pairs = reader.each(|r| Some((r.vector()?, r.vector()?, r.number()?)))?;
        Some(Preconditioner { root, pairs: pairs.into() })
    }

    /// H⁻¹ g.
    pub fn apply(&self, gradient: &ArrayRef1<f64>) -> Array1<f64> {
        let mut q = gradient.to_owned();
        let mut alphas = Vec::with_capacity(self.pairs.len());
        for (s, y, product) in self.pairs.iter().rev() {
            let alpha = s.dot(&q) / product;
            q.scaled_add(-alpha, y);
            alphas.push(alpha);
        }
        if let Some(root) = &self.root {
            q = solve_root(root, &q);
        }
        for ((s, y, product), alpha) in self.pairs.iter().zip(alphas.iter().rev()) {
            let rate = y.dot(&q) / product;
            q.scaled_add(alpha - rate, s);
        }
        q
    }
}
