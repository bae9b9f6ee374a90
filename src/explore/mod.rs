//! Gradient descent that can be seen: on teaching surfaces and on two coefficients of a real fit, by the one `minimise`.
//!
//! A [`request::Request`] (or a [`surface::Surface`] with [`request::RunRequest`]s) becomes an
//! [`exploration::Exploration`]: the surface as a grid, every run's path, curvature and verdict, ready for JSON and
//! for the figures.

pub mod animation;
pub mod contour;
pub mod courses;
pub mod exploration;
pub mod files;
pub mod formula;
pub mod ground;
pub mod lanes;
pub mod noise;
pub mod page;
pub mod pair;
pub mod path;
pub mod preset;
pub mod relief;
pub mod request;
pub mod surface;
pub mod symmetric;
pub mod verdict;
pub mod window;
mod words;

#[cfg(test)]
mod exploration_tests;

pub use exploration::{Exploration, explore, run};
