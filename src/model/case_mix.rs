//! What the patients of a fit were like, as the model file holds it: aggregates only.

use serde::{Deserialize, Serialize};

use crate::model::Named;
use crate::model::from_fit::finite;
use crate::performance::case_mix::{self, Mix};

/// The patients of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseMix {
    /// The variables of the right-hand side.
    pub variables: Named<VariableMix>,
    /// The outcome as modelled; logistic: 0 and 1.
    pub outcome: Moments,
    /// The linear predictor; logistic: log odds.
    pub linear_predictor: Moments,
}

/// Mean and standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Rows, or the sum of the frequency weights.
    pub n: Option<f64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation (n - 1).
    pub sd: Option<f64>,
}

/// One variable: mean and standard deviation of a number (a date: days since 1970-01-01), or shares of levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariableMix {
    /// Rows, or the sum of the frequency weights.
    pub n: Option<f64>,
    /// Mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Standard deviation (n - 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<f64>,
    /// Share of each level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Named<f64>>,
}

impl CaseMix {
    /// The aggregates of a sample; numbers that are not finite become `None`.
    pub fn of(sample: &case_mix::CaseMix) -> CaseMix {
        CaseMix {
            variables: sample
                .variables
                .iter()
                .map(|(name, mix)| (name.clone(), VariableMix::of(mix)))
                .collect(),
            outcome: Moments::of(&sample.outcome),
            linear_predictor: Moments::of(&sample.linear_predictor),
        }
    }
}

impl Moments {
    pub(super) fn of(m: &case_mix::Moments) -> Moments {
        Moments { n: finite(m.n), mean: finite(m.mean), sd: finite(m.sd) }
    }

    /// As numbers again, if all are there.
    pub(super) fn whole(&self) -> Option<case_mix::Moments> {
        Some(case_mix::Moments { n: self.n?, mean: self.mean?, sd: self.sd? })
    }
}

impl VariableMix {
    pub(super) fn of(mix: &Mix) -> VariableMix {
        match mix {
            Mix::Number(m) => {
                VariableMix { n: finite(m.n), mean: finite(m.mean), sd: finite(m.sd), levels: None }
            }
            Mix::Levels { n, shares } => VariableMix {
                n: finite(*n),
                mean: None,
                sd: None,
                levels: Some(shares.iter().cloned().collect()),
            },
        }
    }
}
