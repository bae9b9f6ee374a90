//! How good predictions are, from outcomes and predictions alone.

pub mod calibration;
pub mod discrimination;
pub mod score;
