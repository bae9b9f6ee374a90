//! What a descent is measured with, known before it starts: the answer, its standard errors, the valley, the way back.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::fit::analysis::Analysis;
use crate::fit::frame::{Dependent, Frame};
use crate::fit::loss_of;
use crate::fit::result::Coefficient;
use crate::fit::spec::Spec;
use crate::fit::target::Target;
use crate::num::linalg::singular_values;
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::penalty::Penalised;

/// The answer of a model and the shape of its valley, for the columns that a descent moves.
#[derive(Debug, Clone)]
pub struct Yardstick {
    /// Names of the columns that are estimated, in order.
    pub columns: Vec<String>,
    /// The answer in the user's units.
    pub estimate: Array1<f64>,
    /// The answer in the scale of the descent.
    pub in_descent: Array1<f64>,
    /// Standard errors of the answer in the user's units; `None` for a column without one.
    pub std_error: Vec<Option<f64>>,
    /// Largest curvature at the answer in the scale of the descent.
    pub largest_curvature: f64,
    /// Smallest curvature there.
    pub smallest_curvature: f64,
    /// User's coefficients = matrix . those of the descent; `None` when it runs on the raw columns.
    to_user: Option<Array2<f64>>,
}

impl Yardstick {
    /// The yardstick of a fit by `auto`, for a descent on the same rows as `spec` asks for.
    pub fn of(auto: &Analysis, spec: &Spec) -> Yardstick {
        let dependent = Dependent::of(spec.penalty);
        let frame = Frame::new(&auto.prepared, dependent);
        let estimated: Vec<&Coefficient> =
            auto.fit.coefficients.iter().filter(|c| c.estimate.is_some()).collect();
        let estimate: Array1<f64> = estimated.iter().filter_map(|c| c.estimate).collect();
        let standardised = standardised(&frame, &estimate);
        let in_descent = if spec.raw_scale { estimate.clone() } else { standardised };
        let values = singular_values(&curvature_root(auto, &frame, spec, &in_descent));
        let squared = |s: Option<&f64>| s.map_or(f64::NAN, |s| s * s);
        Yardstick {
            columns: estimated.iter().map(|c| c.term.name.clone()).collect(),
            std_error: estimated.iter().map(|c| c.std_error).collect(),
            largest_curvature: squared(values.first()),
            smallest_curvature: squared(values.last()),
            estimate,
            in_descent,
            to_user: (!spec.raw_scale).then_some(frame.to_user),
        }
    }

    /// Coefficients of the descent in the user's units.
    pub fn in_user_units(&self, beta: &ArrayRef1<f64>) -> Array1<f64> {
        self.to_user.as_ref().map_or_else(|| beta.to_owned(), |matrix| matrix.dot(beta))
    }

    /// How far each coefficient (in the user's units) is from the answer, in its standard errors, with its sign.
    ///
    ///   d_j = (b_j - estimate_j) / se_j
    pub fn distances(&self, user: &ArrayRef1<f64>) -> Vec<Option<f64>> {
        let signed = |((b, answer), se): ((&f64, &f64), &Option<f64>)| se.map(|se| (b - answer) / se);
        user.iter().zip(&self.estimate).zip(&self.std_error).map(signed).collect()
    }
}

/// z = (x - centre) / spread: each slope times its spread, the intercept with all centres added.
fn standardised(frame: &Frame, user: &Array1<f64>) -> Array1<f64> {
    let mut beta = user * &frame.scale.spread;
    if frame.has_intercept {
        beta[0] = user[0] + (user * &frame.scale.centre).iter().skip(1).sum::<f64>();
    }
    beta
}

fn curvature_root(auto: &Analysis, frame: &Frame, spec: &Spec, beta: &Array1<f64>) -> Array2<f64> {
    let raw = spec.raw_scale.then(|| frame.raw_rows(&auto.prepared));
    let rows = raw.as_ref().unwrap_or(frame.memory());
    let loss = loss_of(auto.fit.family);
    match &auto.fit.penalty {
        Some(used) => {
            let size = Target::sizes(frame, spec.raw_scale);
            Penalised::new(rows, loss, used.strength, &size).curvature_root(beta)
        }
        None => Glm::new(rows, loss).curvature_root(beta),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::Source;
    use crate::fit::analyse;
    use crate::optimise::watch::Unwatched;

    fn masks(raw_scale: bool) -> Yardstick {
        let csv = crate::data::builtin::csv("masks_patients").expect("it is built in");
        let source = Source::from_bytes("@masks_patients", csv).expect("a CSV");
        let spec = Spec::new("masks ~ patients");
        let auto = analyse(&spec, &source, &mut Unwatched).expect("a fit");
        Yardstick::of(&auto, &Spec { raw_scale, ..spec })
    }

    /// The reference values are least squares and eigenvalues of X'X/n as NumPy gives them.
    #[test]
    fn the_classic_lesson_has_its_known_answer_and_valley() {
        let yardstick = masks(true);
        assert!((yardstick.estimate[1] - 0.777_657).abs() < 1e-6);
        assert!((yardstick.std_error[0].expect("it has one") - 4.524_925).abs() < 1e-6);
        assert!((yardstick.largest_curvature / 9_766.480_93 - 1.0).abs() < 1e-7);
        assert!((yardstick.smallest_curvature / 0.083_739_9 - 1.0).abs() < 1e-5);
        let stopped = ndarray::array![0.383_150_858_960, 1.036_292_411_503];
        let distances = yardstick.distances(&stopped);
        assert!((distances[0].expect("known") + 5.90).abs() < 0.005);
        assert!((distances[1].expect("known") - 5.65).abs() < 0.005);
    }

    #[test]
    fn the_way_to_the_descent_and_back_is_the_identity() {
        let yardstick = masks(false);
        let back = yardstick.in_user_units(&yardstick.in_descent);
        for (b, answer) in back.iter().zip(&yardstick.estimate) {
            assert!((b / answer - 1.0).abs() < 1e-12);
        }
        assert!((yardstick.largest_curvature - 1.0).abs() < 1e-9);
    }
}
