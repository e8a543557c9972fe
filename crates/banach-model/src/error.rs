//! What can go wrong in the use of a model, with stable codes for callers in other languages.

use banach_data::{AppendError, DataError, EncodeError, TableError, TargetError};
use banach_nn::{DatasetError, SpecError};

use crate::certify::error::CertifyError;
use crate::container::FormatError;
use crate::metrics::MetricsError;

/// Why a model could not be loaded, stored, used or measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something about a table or a row.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Something about a model file.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Predictions that cannot be scored.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A network that cannot be certified.
    #[error(transparent)]
    Certify(#[from] CertifyError),
    /// A network that cannot be built.
    #[error(transparent)]
    Network(#[from] SpecError),
    /// Features that do not fit a network.
    #[error(transparent)]
    Features(#[from] DatasetError),
    /// Parts of a model that do not fit each other.
    #[error("the parts of the model do not fit each other: {reason}")]
    Inconsistent {
        /// What does not fit.
        reason: String,
    },
    /// Models that have no mean.
    #[error("these models cannot be put together: {reason}")]
    Ensemble {
        /// Why not.
        reason: String,
    },
    /// A row with too few or too many cells.
    #[error("a row has {expected} cells, one for each column of the model, got {got}")]
    CellCount {
        /// Columns of the model.
        expected: usize,
        /// Cells given.
        got: usize,
    },
    /// The system refused a thread.
    #[error("could not start {threads} threads: {source}")]
    Threads {
        /// Threads asked for.
        threads: usize,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::Data(error.into())
    }
}

impl From<TargetError> for Error {
    fn from(error: TargetError) -> Self {
        Self::Data(error.into())
    }
}

impl From<TableError> for Error {
    fn from(error: TableError) -> Self {
        Self::Data(error.into())
    }
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        Self::Inconsistent {
            reason: error.to_string(),
        }
    }
}

/// What kind of error it is: a number and a name that stay the same from version to version, so that a
/// caller in C, Python or over HTTP can act on it. New ones may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum ErrorCode {
    /// A file cannot be opened, read or written.
    FileAccess = 1,
    /// The file is no model.
    NotAModel = 2,
    /// The model file is damaged or inconsistent.
    DamagedModel = 3,
    /// The model file is of a version that this program does not read.
    UnsupportedVersion = 4,
    /// There is not enough memory.
    OutOfMemory = 5,
    /// The table lacks a column that is needed.
    MissingColumn = 10,
    /// A cell does not have the type of its column.
    WrongType = 11,
    /// A category did not occur in training, and the options refuse that.
    UnknownCategory = 12,
    /// A target has a class that the model does not know.
    UnknownClass = 13,
    /// A row has too few or too many cells.
    CellCount = 14,
    /// Something else about the table.
    Data = 19,
    /// There is nothing to score, or it cannot be scored.
    Metrics = 20,
    /// The network is none that can be certified.
    NotCertifiable = 30,
    /// The system refused threads.
    Threads = 40,
    /// The models or parts do not go together.
    Inconsistent = 50,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 15] = [
        Self::FileAccess,
        Self::NotAModel,
        Self::DamagedModel,
        Self::UnsupportedVersion,
        Self::OutOfMemory,
        Self::MissingColumn,
        Self::WrongType,
        Self::UnknownCategory,
        Self::UnknownClass,
        Self::CellCount,
        Self::Data,
        Self::Metrics,
        Self::NotCertifiable,
        Self::Threads,
        Self::Inconsistent,
    ];

    /// The number.
    #[must_use]
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The name, in snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FileAccess => "file_access",
            Self::NotAModel => "not_a_model",
            Self::DamagedModel => "damaged_model",
            Self::UnsupportedVersion => "unsupported_version",
            Self::OutOfMemory => "out_of_memory",
            Self::MissingColumn => "missing_column",
            Self::WrongType => "wrong_type",
            Self::UnknownCategory => "unknown_category",
            Self::UnknownClass => "unknown_class",
            Self::CellCount => "cell_count",
            Self::Data => "data",
            Self::Metrics => "metrics",
            Self::NotCertifiable => "not_certifiable",
            Self::Threads => "threads",
            Self::Inconsistent => "inconsistent",
        }
    }
}

impl Error {
    /// The kind of error, for callers that cannot match on the variants.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Data(error) => data_code(error),
            Self::Format(error) => error.code(),
            Self::Metrics(_) => ErrorCode::Metrics,
            Self::Certify(_) => ErrorCode::NotCertifiable,
            Self::Network(_) | Self::Features(_) | Self::Inconsistent { .. } => {
                ErrorCode::Inconsistent
            }
            Self::Ensemble { .. } => ErrorCode::Inconsistent,
            Self::CellCount { .. } => ErrorCode::CellCount,
            Self::Threads { .. } => ErrorCode::Threads,
        }
    }
}

impl FormatError {
    /// The kind of error, for callers that cannot match on the variants.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self.cause() {
            Self::Io { .. } => ErrorCode::FileAccess,
            Self::NotSafetensors | Self::HeaderTooLarge { .. } | Self::MissingMetadata { .. } => {
                ErrorCode::NotAModel
            }
            Self::UnsupportedVersion { .. } => ErrorCode::UnsupportedVersion,
            Self::OutOfMemory { .. } => ErrorCode::OutOfMemory,
            _ => ErrorCode::DamagedModel,
        }
    }
}

fn data_code(error: &DataError) -> ErrorCode {
    match error {
        DataError::Table(TableError::MissingColumns { .. } | TableError::UnknownColumns { .. }) => {
            ErrorCode::MissingColumn
        }
        DataError::Table(TableError::WrongType { .. } | TableError::UnsupportedType { .. })
        | DataError::Encode(EncodeError::RowType { .. }) => ErrorCode::WrongType,
        DataError::Encode(
            EncodeError::UnknownCategory { .. } | EncodeError::RowCategory { .. },
        ) => ErrorCode::UnknownCategory,
        DataError::Encode(EncodeError::RowShape { .. }) => ErrorCode::CellCount,
        DataError::Target(TargetError::UnknownClass { .. }) => ErrorCode::UnknownClass,
        _ => ErrorCode::Data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_what_callers_were_promised() {
        let all = ErrorCode::ALL.map(|code| (code.number(), code.name()));
        // A released number or name never changes.
        let promised = [
            (1, "file_access"),
            (2, "not_a_model"),
            (3, "damaged_model"),
            (4, "unsupported_version"),
            (5, "out_of_memory"),
            (10, "missing_column"),
            (11, "wrong_type"),
            (12, "unknown_category"),
            (13, "unknown_class"),
            (14, "cell_count"),
            (19, "data"),
            (20, "metrics"),
            (30, "not_certifiable"),
            (40, "threads"),
            (50, "inconsistent"),
        ];
        assert_eq!(all, promised);
    }
}
