//! Live training: a fit on its own thread, seen and steered while it descends.

pub mod runs;
