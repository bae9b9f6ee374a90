//! The legs meet: from a checked specification and a file to a fit in the user's units.

pub mod result;
pub mod spec;
