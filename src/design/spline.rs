//! Restricted cubic, natural spline and orthogonal polynomial bases, knots frozen at the fit.
