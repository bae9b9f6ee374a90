//! Every choice of an analysis as plain data, with its default and why.

use crate::data::choices::DataChoices;
use crate::error::{Error, Result};
use crate::fit::descent::method_name;

/// Which likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Half the mean squared error; the outcome is a number.
    Linear,
    /// Mean negative log-likelihood; the outcome has two values.
    Logistic,
}

/// How β moves. Each variant carries its own knobs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MethodName {
    /// Preconditioned gradient descent with quasi-Newton updates: no tuning, certified.
    Auto,
    /// β ← β − η g.
    GradientDescent,
    /// Heavy ball: v ← 0.9 v − η g; β ← β + v.
    Momentum,
    /// Nesterov's accelerated gradient with restarts.
    Nesterov,
    /// Adam with β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    Adam,
}

/// How long a step is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LearningRate {
    /// From the data's curvature: 1/L.
    Auto,
    /// A number.
    Fixed(f64),
    /// Backtracking (Armijo), each step anew.
    LineSearch,
}

/// How the learning rate falls over the epochs t = 0, 1, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// η.
    Constant,
    /// η / (1 + t/10).
    InverseTime,
    /// η (1 + cos(π t / T)) / 2 with T the epoch limit.
    Cosine,
}

/// Where the descent begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// All coefficients zero.
    Zero,
    /// Standard normal draws from the seed.
    Random,
}

/// Intervals of the coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Estimate ± quantile × standard error.
    Wald,
    /// Where the profile likelihood falls by half a chi-squared quantile.
    Profile,
}

/// Standard errors that do not trust the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Robust {
    /// From the information of the model.
    Model,
    /// Sandwich HC0 to HC3.
    Hc(u8),
    /// Clusters by a variable.
    Cluster {
        /// The column that names the cluster.
        variable: String,
        /// `cr0`, `cr1` or `cr1s`.
        correction: ClusterCorrection,
    },
}

/// Small-sample factor of the cluster sandwich with G clusters, n rows, k coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterCorrection {
    /// No factor.
    Cr0,
    /// G/(G−1).
    Cr1,
    /// G/(G−1) · (n−1)/(n−k).
    Cr1s,
}

/// What is added to the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Penalty {
    /// Nothing: maximum likelihood.
    None,
    /// λ (α ‖β‖₁ + (1−α)/2 ‖β‖₂²) on standardised predictors.
    ElasticNet {
        /// λ, or `None` to choose it by cross-validation.
        lambda: Option<f64>,
        /// α: 0 is ridge, 1 is lasso.
        alpha: f64,
    },
    /// Firth: −½ log det(information) / n.
    Firth,
}

/// One analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The formula as typed.
    pub formula: String,
    /// `None`: by the outcome.
    pub family: Option<Family>,
    /// The outcome level that is the event.
    pub event: Option<String>,
    /// How the file is to be read.
    pub data: DataChoices,
    /// Stop instead of dropping rows with a missing value.
    pub fail_on_missing: bool,
    /// Column of frequency weights.
    pub weights: Option<String>,
    /// Descend on the raw columns instead of the standardised ones.
    pub raw_scale: bool,
    /// Where the descent begins.
    pub start: Start,
    /// The intervals.
    pub interval: Interval,
    /// Smaller formula for a likelihood-ratio test.
    pub against: Option<String>,
    /// Groups of the Hosmer-Lemeshow test.
    pub hosmer_lemeshow: Option<usize>,
    /// Which standard errors.
    pub robust: Robust,
    /// What is added to the loss.
    pub penalty: Penalty,
    /// How β moves.
    pub method: MethodName,
    /// Rows a mini-batch; `None` is full batch.
    pub batch_size: Option<usize>,
    /// How long a step is.
    pub learning_rate: LearningRate,
    /// How the rate falls; `None`: constant in full batch, inverse-time in mini-batches.
    pub schedule: Option<Schedule>,
    /// Passes over the data; `None`: 10,000 in full batch, 200 in mini-batches.
    pub max_epochs: Option<usize>,
    /// Stop below this gradient norm; `None`: 1e-8 for auto, 1e-3 for the teaching methods.
    pub tolerance: Option<f64>,
    /// Keep each row's fitted value, residuals, leverage and Cook's distance.
    pub save_fitted: bool,
    /// Coverage of the intervals.
    pub conf_level: f64,
    /// The seed of everything random.
    pub seed: u64,
}

impl Spec {
    /// A specification with all defaults.
    pub fn new(formula: &str) -> Spec {
        Spec {
            formula: formula.to_string(),
            family: None,
            event: None,
            data: DataChoices::default(),
            fail_on_missing: false,
            weights: None,
            raw_scale: false,
            start: Start::Zero,
            interval: Interval::Wald,
            against: None,
            hosmer_lemeshow: None,
            robust: Robust::Model,
            penalty: Penalty::None,
            method: MethodName::Auto,
            batch_size: None,
            learning_rate: LearningRate::Auto,
            schedule: None,
            max_epochs: None,
            tolerance: None,
            save_fitted: false,
            conf_level: 0.95,
            seed: 0,
        }
    }

    /// Columns with a part of their own, which `.` in a formula does not mean: weights and clusters.
    pub fn beside(&self) -> Vec<&str> {
        let cluster = match &self.robust {
            Robust::Cluster { variable, .. } => Some(variable.as_str()),
            Robust::Model | Robust::Hc(_) => None,
        };
        self.weights.as_deref().into_iter().chain(cluster).collect()
    }

    /// Refuses what the method has no use for.
    ///
    /// # Errors
    /// Usage.
    pub fn check_descent(&self) -> Result<()> {
        let searches = self.learning_rate == LearningRate::LineSearch;
        if self.method == MethodName::Auto {
            let without = if self.batch_size.is_some() {
                "--batch-size"
            } else if self.learning_rate != LearningRate::Auto {
                "--learning-rate"
            } else if self.schedule.is_some() {
                "--schedule"
            } else {
                return Ok(());
            };
            return Err(Error::usage(format!(
                "`{without}` does not go with the optimiser auto, which chooses its own batches and steps"
            ))
            .hint("name an optimiser too, e.g. `--optimizer gradient-descent`"));
        }
        if searches && self.method != MethodName::GradientDescent {
            return Err(Error::usage(format!(
                "`--learning-rate line-search` does not go with {}",
                method_name(self.method)
            ))
            .hint("use it with `--optimizer gradient-descent`; auto searches its steps by itself"));
        }
        if searches && self.schedule.is_some() && self.batch_size.is_none() {
            return Err(Error::usage("`--schedule` has nothing to do when a line search chooses each step")
                .hint("leave out `--schedule`, or give `--learning-rate` a number"));
        }
        Ok(())
    }
}
