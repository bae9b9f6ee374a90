//! Live training: a fit on its own thread, seen and steered while it descends.

pub mod course;
pub mod ending;
pub mod events;
mod live;
mod places;
pub mod report;
pub mod request;
pub mod run;
pub mod runs;
pub mod work;
