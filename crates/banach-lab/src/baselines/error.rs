//! Why a baseline could not be fitted.

/// Why a baseline could not be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// There are no training rows.
    #[error("there are no training rows")]
    NoRows,
    /// Two things about the same rows have different lengths.
    #[error("{what} has {got} entries, expected {expected}")]
    Length {
        /// What has the wrong length.
        what: &'static str,
        /// The length that fits.
        expected: usize,
        /// The length found.
        got: usize,
    },
    /// A class code that names no class.
    #[error("class code must be below {n_classes}, got {got}")]
    ClassCode {
        /// The code found.
        got: u32,
        /// The number of classes.
        n_classes: usize,
    },
    /// A feature or target that is NaN or infinite.
    #[error("features and targets must be finite, got {got}")]
    NotFinite {
        /// The number found.
        got: f32,
    },
    /// The method itself failed.
    #[error("{method}: {reason}")]
    Method {
        /// The method's name.
        method: &'static str,
        /// What it said.
        reason: String,
    },
}
