//! Pictures worth printing: one style, one figure a file; each figure returns PNG bytes.

pub mod descent;
pub mod style;
