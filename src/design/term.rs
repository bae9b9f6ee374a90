//! What a column of the design stands for: its name and the variables, levels and transforms it is made of.

/// One factor of a column: a variable as it is, one level of a categorical one, or a transform of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The column of the data.
    pub variable: String,
    /// The level whose indicator this is; `None` for a number.
    pub level: Option<String>,
    /// The transform as text, e.g. `I(age^2)`, `log(crp)`, `rcs(age, 4)`; `None` for the variable itself.
    pub transform: Option<String>,
    /// Which column (from 1) of a spline or polynomial basis.
    pub index: Option<usize>,
}

/// One column of the design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As printed: `(Intercept)`, `rx[indomethacin]:age`, `rcs(age, 4)[2]`.
    pub name: String,
    /// The term of the formula that it came from, e.g. `rx:age`, `rcs(age, 4)`; columns of one term share it.
    pub group: String,
    /// What is multiplied; empty for the intercept.
    pub parts: Vec<Part>,
}
