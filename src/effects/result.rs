//! The treatment's effect as every reader sees it: computed once; files and figures only read it.

use crate::effects::measure::{Effect, Measure};
use crate::effects::needed::{EventIs, Needed};
use crate::fit::spec::Family;

/// Where the intervals of the marginal effects come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectInterval {
    /// The delta method; the covariates' sample taken as given.
    Delta,
    /// Percentiles over so many resamples.
    Bootstrap(usize),
}

/// Resamples unless the user says otherwise.
pub const RESAMPLES: usize = 1000;

/// What is asked about a treatment.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The column of the treatment.
    pub treatment: String,
    /// Where the marginal intervals come from.
    pub interval: EffectInterval,
    /// What a benefit is; `None`: not said, and a bad event is assumed.
    pub event_is: Option<EventIs>,
}

/// The answer: the effects, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub enum Findings {
    /// The fit is an answer, and so are its effects.
    Known(Box<Effects>),
    /// Nothing but the reason.
    Unknown {
        /// The column.
        treatment: String,
        /// Why.
        reason: String,
    },
}

/// All that is said about a treatment.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// The column.
    pub treatment: String,
    /// The level that the others are compared with.
    pub reference: String,
    /// Risks (logistic) or means (linear).
    pub family: Family,
    /// The left-hand side of the formula.
    pub outcome: String,
    /// Logistic: the event, as `outcome = level`.
    pub event: Option<String>,
    /// What a benefit is.
    pub event_is: EventIs,
    /// Coverage of the intervals.
    pub conf_level: f64,
    /// Where the marginal intervals come from.
    pub interval: EffectInterval,
    /// The covariance that conditional effects and delta intervals rest on: `model`, `HC3`, ...
    pub covariance_kind: String,
    /// The reference first.
    pub arms: Vec<Arm>,
    /// One a further arm.
    pub contrasts: Vec<Contrast>,
    /// Variables that the treatment interacts with.
    pub modifiers: Vec<String>,
    /// The effect over the range of each modifier.
    pub by_modifier: Vec<ByModifier>,
    /// The effect by quarter of baseline risk (linear: of the mean expected in the reference arm).
    pub by_baseline: Vec<Quarter>,
    /// How the resamples went.
    pub resamples: Option<Resamples>,
    /// What the reader must be told.
    pub notices: Vec<String>,
}

/// One arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// The level, as text.
    pub level: String,
    /// Patients (sum of weights).
    pub n: f64,
    /// Logistic: events.
    pub events: Option<f64>,
    /// Observed risk or mean.
    pub observed: f64,
    /// Linear: standard deviation of the outcome, n - 1 below.
    pub sd: Option<f64>,
    /// Risk or mean if every patient were in this arm.
    pub marginal: f64,
    /// Its standard error by the delta method.
    pub marginal_se: f64,
    /// ... with the covariates' sampling, where it is defined.
    pub marginal_se_sandwich: Option<f64>,
}

/// One arm against the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// The level, as text.
    pub level: String,
    /// From the outcomes alone; `None` where a measure is not defined.
    pub unadjusted: Vec<(Measure, Option<Effect>)>,
    /// Odds ratio (logistic) or mean difference for patients of equal covariates; `None` with an interaction.
    pub conditional: Option<Conditional>,
    /// By standardisation.
    pub marginal: Vec<Marginal>,
    /// Logistic.
    pub needed: Option<Needed>,
}

/// The effect for patients of equal covariates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditional {
    /// Odds ratio or mean difference.
    pub effect: Effect,
    /// Of no effect, two-sided.
    pub p_value: f64,
}

/// One measure by standardisation with each of its intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Marginal {
    /// Which.
    pub measure: Measure,
    /// Covariates taken as given.
    pub delta: Option<Effect>,
    /// Covariates sampled like the outcomes; not of a penalised fit.
    pub sandwich: Option<Effect>,
    /// By resampling, where asked for.
    pub bootstrap: Option<Effect>,
}

impl Marginal {
    /// The effect with the interval that was asked for.
    pub fn main(&self) -> Option<Effect> {
        self.bootstrap.or(self.delta)
    }

    /// Of no effect, by the Wald test whose standard error is the delta method's.
    pub fn p_value(&self) -> Option<f64> {
        self.delta.and_then(|effect| effect.p_value)
    }
}

/// The effect over the range of one variable, all else as observed.
#[derive(Debug, Clone, PartialEq)]
pub struct ByModifier {
    /// The variable.
    pub variable: String,
    /// One a value and further arm, values ascending or levels in order.
    pub points: Vec<ModifierPoint>,
}

/// The effect at one value of a modifier.
#[derive(Debug, Clone, PartialEq)]
pub struct ModifierPoint {
    /// The arm that is compared with the reference.
    pub level: String,
    /// The modifier's value as text: a number with all its digits, or a level.
    pub value: String,
    /// The number, where it is one.
    pub number: Option<f64>,
    /// Standardised risk or mean of the reference arm at this value.
    pub reference_mean: f64,
    /// Standardised risk or mean of the arm at this value.
    pub arm_mean: f64,
    /// Measures of the standardised risks or means.
    pub marginal: Vec<(Measure, Option<Effect>)>,
    /// Odds ratio for patients of equal covariates, where the treatment interacts with this variable alone.
    pub conditional: Option<Effect>,
}

/// The effect in one quarter of the patients, by their risk in the reference arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Quarter {
    /// 1 (lowest) to 4.
    pub quarter: usize,
    /// Lowest and highest baseline risk in it.
    pub range: (f64, f64),
    /// Patients in all arms.
    pub n: f64,
    /// Mean baseline risk.
    pub baseline: f64,
    /// Observed in each arm: level, patients, events (linear: sum of outcomes).
    pub observed: Vec<(String, f64, f64)>,
    /// Each further arm: level, its standardised mean in the quarter, measures.
    pub contrasts: Vec<QuarterContrast>,
}

/// One arm against the reference in a quarter.
#[derive(Debug, Clone, PartialEq)]
pub struct QuarterContrast {
    /// The arm.
    pub level: String,
    /// Its standardised risk or mean in the quarter.
    pub arm_mean: f64,
    /// Measures.
    pub marginal: Vec<(Measure, Option<Effect>)>,
}

/// How the resamples went.
#[derive(Debug, Clone, PartialEq)]
pub struct Resamples {
    /// Asked for.
    pub asked: usize,
    /// Without a fit: why, and how many.
    pub failed: Vec<(String, usize)>,
}

impl Resamples {
    /// How many gave no fit.
    pub fn n_failed(&self) -> usize {
        self.failed.iter().map(|(_, n)| n).sum()
    }
}
