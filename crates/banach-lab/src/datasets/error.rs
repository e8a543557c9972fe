//! Why a data set could not be read.

use crate::baselines::BaselineError;

/// Why a data set could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A file that is not there.
    #[error("there is no file {file}; get it from {address}")]
    Missing {
        /// The file.
        file: String,
        /// Where it can be had.
        address: &'static str,
    },
    /// A file that cannot be read.
    #[error("cannot read {file}: {reason}")]
    Read {
        /// The file.
        file: String,
        /// The system's reason.
        #[source]
        reason: std::io::Error,
    },
    /// A file that does not hold what it should.
    #[error("{file}: {problem}; the right file is at {address}")]
    Content {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
        /// Where it can be had.
        address: &'static str,
    },
    /// A table that cannot be read.
    #[error(transparent)]
    Table(#[from] banach_data::DataError),
    /// Numbers that make no matrix.
    #[error(transparent)]
    Matrix(#[from] BaselineError),
}
