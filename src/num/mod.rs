//! Ground: special functions, small linear algebra, random streams.

pub mod incomplete;
pub mod lanes;
pub mod linalg;
pub mod random;
pub mod special;
pub mod twice;
