//! A line of options, a line with a formula, and a table: the whole fit, its summary, its model file, its predictions.

use clinreg::data::csv::Source;
use clinreg::fit::fit;
use clinreg::fit::spec::{
    ClusterCorrection, Family, Interval, LearningRate, MethodName, Penalty, Robust, Schedule, Spec, Start,
};
use clinreg::model::Model;
use clinreg::optimise::watch::Unwatched;
use clinreg::report::summary;

use crate::tables::told;

/// Rows of a table, its header among them.
const MOST_ROWS: usize = 80;
/// Passes over the data.
const MOST_EPOCHS: usize = 300;

/// Fits; a fit can be told, written, read and used for the rows that it was fitted to.
pub fn target(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let (Some(options), Some(formula), Some(csv)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let Ok(formula) = std::str::from_utf8(formula) else { return };
    let rows: Vec<&[u8]> = csv.split(|byte| *byte == b'\n').take(MOST_ROWS).collect();
    let source = match Source::from_bytes("d.csv", rows.join(&b'\n')) {
        Ok(source) => source,
        Err(error) => return told(&error),
    };
    let fit = match fit(&spec(options, formula, &source.header), &source, &mut Unwatched) {
        Ok(fit) => fit,
        Err(error) => return told(&error),
    };
    assert!(!summary::text(&fit).is_empty(), "a summary without words");
    let model = Model::from_fit(&fit);
    let again = Model::from_json(&model.to_json()).expect("the model of a fit can be read");
    assert_eq!(model, again, "the model that was written is another");
    if let Err(error) = again.predict(&source, 0.95) {
        told(&error);
    }
}

/// Letters of the first line, each a choice; others mean nothing.
fn spec(options: &[u8], formula: &str, header: &[String]) -> Spec {
    let mut spec = Spec { max_epochs: Some(MOST_EPOCHS), ..Spec::new(formula) };
    let last = header.last().cloned();
    for letter in options {
        match letter {
            b'l' => spec.family = Some(Family::Linear),
            b'b' => spec.family = Some(Family::Logistic),
            b'w' => spec.weights = last.clone(),
            b'c' => {
                spec.robust = Robust::Cluster {
                    variable: last.clone().unwrap_or_default(),
                    correction: ClusterCorrection::Cr1,
                }
            }
            b'h' => spec.robust = Robust::Hc(3),
            b'p' => spec.interval = Interval::Profile,
            b'f' => spec.penalty = Penalty::Firth,
            b'r' => spec.penalty = Penalty::ElasticNet { lambda: Some(0.1), alpha: 0.0 },
            b's' => spec.penalty = Penalty::ElasticNet { lambda: Some(0.01), alpha: 1.0 },
            b'v' => spec.penalty = Penalty::ElasticNet { lambda: None, alpha: 0.5 },
            b'g' => spec.method = MethodName::GradientDescent,
            b'm' => spec.method = MethodName::Momentum,
            b'n' => spec.method = MethodName::Nesterov,
            b'a' => spec.method = MethodName::Adam,
            b'2' => spec.batch_size = Some(2),
            b'1' => spec.learning_rate = LearningRate::Fixed(0.1),
            b'9' => spec.learning_rate = LearningRate::Fixed(1e9),
            b'i' => spec.learning_rate = LearningRate::LineSearch,
            b'o' => spec.schedule = Some(Schedule::Cosine),
            b'0' => spec.raw_scale = true,
            b'z' => spec.start = Start::Random,
            b'x' => spec.fail_on_missing = true,
            b'k' => spec.hosmer_lemeshow = Some(4),
            b'y' => spec.save_fitted = true,
            b'e' => spec.event = Some("1".to_string()),
            b'q' => spec.against = formula.rsplit_once('+').map(|(smaller, _)| smaller.to_string()),
            b'u' => spec.data.factors = last.clone().into_iter().collect(),
            _ => {}
        }
    }
    spec
}
