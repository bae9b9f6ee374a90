//! Statements about a fit from its curvature: covariance, intervals, tests, collinearity.

pub mod collinearity;
pub mod covariance;
pub mod table;
