//! Statements about a fit from its curvature: covariance, intervals, tests, residuals, collinearity.

pub mod baseline;
pub mod collinearity;
pub mod covariance;
#[cfg(test)]
pub(crate) mod fixture;
pub mod influence;
pub mod likelihood_ratio;
pub mod nested;
pub mod profile;
pub mod residual;
pub mod restrict;
pub mod sandwich;
pub mod solution;
pub mod suppress;
pub mod table;
pub mod table_one;
