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
    /// A file that cannot be fetched.
    #[error(
        "cannot download {address}: {reason}; get the file by other means, put it into {folder} and run \
         this again"
    )]
    Download {
        /// The address.
        address: String,
        /// What went wrong.
        reason: String,
        /// Where the file belongs.
        folder: String,
    },
    /// A file with other bytes than the known ones.
    #[error(
        "{file} is not the file that was expected: its SHA-256 is {got}, not {expected}; nothing of it was used: remove it if it lies here, and get the right one"
    )]
    Checksum {
        /// The file, or the address it came from.
        file: String,
        /// The digest found.
        got: String,
        /// The digest of the right file.
        expected: &'static str,
    },
    /// A table that cannot be read.
    #[error(transparent)]
    Table(#[from] banach_io::ReadError),
    /// A file that cannot be written.
    #[error(transparent)]
    Write(#[from] banach_data::AtomicFileError),
    /// Numbers that make no matrix.
    #[error(transparent)]
    Matrix(#[from] BaselineError),
}
