//! How good predictions are, from outcomes and predictions alone.
//!
//! Discrimination ([`discrimination`], [`roc`]), calibration in the hierarchy mean, weak, moderate
//! ([`recalibration`], [`curve`], [`groups`]), overall scores ([`score`]), decisions at thresholds that the user names
//! ([`classification`], [`decision`]), all of them for a [logistic](logistic::LogisticPerformance) or a
//! [linear](linear::LinearPerformance) model, and how two samples of patients differ ([`case_mix`]).
//! There is no accuracy, no F1 and no threshold of 0.5: no threshold is a default.

pub mod calibration;
pub mod case_mix;
pub mod cells;
pub mod classification;
pub mod construction;
pub mod curve;
pub mod decision;
pub mod discrimination;
pub mod distribution;
pub mod estimate;
pub mod groups;
pub mod linear;
pub mod logistic;
pub mod mean_cells;
pub mod ranking;
pub mod recalibration;
mod refit;
pub mod roc;
pub mod score;
