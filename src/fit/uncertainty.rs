//! Standard errors of the kind asked for, and profile-likelihood intervals, in the user's units.

use ndarray::{Array2, ArrayRef2};

use crate::error::Result;
use crate::fit::frame::Frame;
use crate::fit::spec::{ClusterCorrection, Robust};
use crate::inference::covariance;
use crate::inference::profile::{End, Optimum, ProfileInterval, intervals};
use crate::inference::sandwich::{self, Correction, Hc, sandwich};
use crate::inference::solution::Solution;
use crate::rows::Rows;

/// Both ends of an interval; `None` where one is infinite or was not found.
pub type Ends = (Option<f64>, Option<f64>);

/// What is known of the precision of the estimates.
pub struct Uncertainty {
    /// A with A A' = the covariance in the user's units; `None` where there is none.
    pub root: Option<Array2<f64>>,
    /// Which standard errors these are, in words.
    pub kind: String,
    /// Whether they trust the model.
    pub is_model_based: bool,
    /// Number of clusters, where there are any.
    pub clusters: Option<usize>,
    /// Profile-likelihood intervals, where they were asked for.
    pub profiles: Option<Vec<Ends>>,
    /// What the reader must be told.
    pub notices: Vec<String>,
}

impl Uncertainty {
    /// Nothing is known: the estimate is penalised, or there is none.
    pub fn none(penalised: bool) -> Uncertainty {
        let kind = if penalised { "none (penalised)" } else { "none" };
        Uncertainty {
            root: None,
            kind: kind.to_string(),
            is_model_based: false,
            clusters: None,
            profiles: None,
            notices: Vec::new(),
        }
    }

    /// Takes profile intervals for the ends; says which could not be found.
    pub fn take_profiles(
        &mut self,
        intervals: Option<(Vec<ProfileInterval>, Vec<String>)>,
        is_elsewhere: bool,
    ) {
        let Some((intervals, names)) = intervals else {
            self.notices.push(
                "no profile-likelihood intervals: the likelihood has no proved maximum that they could start from"
                    .to_string(),
            );
            return;
        };
        if is_elsewhere {
            self.notices.push(
                "the profile-likelihood intervals are those of the maximum-likelihood answer, not of where the \
                 descent stopped"
                    .to_string(),
            );
        }
        for (interval, name) in intervals.iter().zip(&names) {
            for (end, side) in [(&interval.low, "lower"), (&interval.high, "upper")] {
                match end {
                    End::At(_) => {}
                    End::Infinite => self.notices.push(format!(
                        "`{name}`: the {side} end of the profile-likelihood interval is infinite: the likelihood stays \
                         flat on that side"
                    )),
                    End::Unfound(why) => self.notices.push(format!(
                        "`{name}`: the {side} end of the profile-likelihood interval was not found ({why})"
                    )),
                }
            }
        }
        let end = |end: &End| match end {
            End::At(value) => Some(*value),
            End::Infinite | End::Unfound(_) => None,
        };
        self.profiles = Some(intervals.iter().map(|i| (end(&i.low), end(&i.high))).collect());
    }
}

/// Standard errors of the kind asked for at a solution.
///
/// # Errors
/// As [`sandwich()`] says.
pub fn at(
    solution: &Solution<'_>,
    to_user: &ArrayRef2<f64>,
    dispersion: f64,
    robust: &Robust,
    clusters: Option<&[u32]>,
) -> Result<Uncertainty> {
    let (root, kind, clusters) = match robust {
        Robust::Model => {
            let n = solution.rows.total_weight();
            (covariance::root(solution.root, to_user, dispersion, n), "model".to_string(), None)
        }
        Robust::Hc(number) => {
            let kind = match number {
                0 => Hc::Hc0,
                1 => Hc::Hc1,
                2 => Hc::Hc2,
                _ => Hc::Hc3,
            };
            (sandwich(solution, to_user, sandwich::Robust::Hc(kind))?.root, format!("HC{number}"), None)
        }
        Robust::Cluster { variable, correction } => {
            let ids = clusters.expect("the cluster of each row was read");
            let (factor, name) = match correction {
                ClusterCorrection::Cr0 => (Correction::Cr0, "CR0"),
                ClusterCorrection::Cr1 => (Correction::Cr1, "CR1"),
                ClusterCorrection::Cr1s => (Correction::Cr1s, "CR1S"),
            };
            let found = sandwich(solution, to_user, sandwich::Robust::Cluster { ids, correction: factor })?;
            let groups = found.clusters.map_or(String::new(), |g| format!("{g} "));
            (found.root, format!("{groups}clusters by {variable} ({name})"), found.clusters)
        }
    };
    Ok(Uncertainty {
        root: Some(root),
        kind,
        is_model_based: *robust == Robust::Model,
        clusters,
        profiles: None,
        notices: clusters.filter(|groups| *groups < FEW_CLUSTERS).map(few).into_iter().collect(),
    })
}

/// Below so many clusters the sandwich is known to be too small. Source: Cameron & Miller 2015, Journal of Human Resources 50:317-372,
/// who call 20 to 50 few.
const FEW_CLUSTERS: usize = 40;

fn few(clusters: usize) -> String {
    format!(
        "only {clusters} clusters: standard errors that allow for clusters are too small where there are few, and the intervals too \
         narrow; 40 or more are wanted, and a term of {} or more columns has no test",
        clusters.saturating_sub(1)
    )
}

/// Profile-likelihood intervals of all coefficients in the user's units, with their names.
pub fn profiles(
    optimum: &Optimum<'_>,
    frame: &Frame,
    half_width: f64,
) -> (Vec<ProfileInterval>, Vec<String>) {
    let names = frame.terms.iter().map(|t| t.name.clone()).collect();
    (intervals(optimum, &frame.to_user, half_width, frame.rows.shared().is_none()), names)
}
