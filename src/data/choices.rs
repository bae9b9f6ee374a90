//! What the user says about the columns: missing codes, factors, levels, references.

/// The choices about the data that a reader needs: all text, nothing checked yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataChoices {
    /// More codes that mean missing, besides empty, `NA`, `N/A`, `NaN`, `.` and `null`.
    pub na: Vec<String>,
    /// Numeric columns to be treated as categorical.
    pub factors: Vec<String>,
    /// The levels of a variable in order; the first is the reference.
    pub levels: Vec<(String, Vec<String>)>,
    /// Another reference level than the first.
    pub references: Vec<(String, String)>,
    /// Columns that must be numeric whatever they look like (predicting by a model that was fitted to numbers).
    pub numbers: Vec<String>,
    /// Columns that must be dates.
    pub dates: Vec<String>,
}
