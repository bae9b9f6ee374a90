//! The legs meet: from a checked specification and a file to a fit in the user's units.

pub mod aliasing;
pub mod descent;
pub mod outcome;
pub mod result;
pub mod spec;
pub mod statistics;

use crate::data::csv::Source;
use crate::error::{Error, Result};
use crate::fit::result::Fit;
use crate::fit::spec::Spec;
use crate::optimise::watch::Watcher;

/// Fits the model of a specification to a file.
pub fn fit(_spec: &Spec, source: &Source, _watcher: &mut dyn Watcher) -> Result<Fit> {
    Err(Error::data(format!("cannot fit {}", source.file)))
}
