//! Rows that do not go together.

/// Rows that cannot be appended to others, because they are of another kind or width.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rows of {got} cannot be appended to rows of {expected}")]
pub struct AppendError {
    /// What the rows at hand consist of.
    pub(crate) expected: String,
    /// What the rows to be appended consist of.
    pub(crate) got: String,
}
