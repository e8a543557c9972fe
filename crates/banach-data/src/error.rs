//! The sum of what can go wrong with a table in memory.

use crate::encoder::EncodeError;
use crate::split::SplitError;
use crate::table_error::TableError;
use crate::target::TargetError;

/// Every way in which a table, its features, its targets or a split can be unfit for use.
///
/// A fault of the table itself is always [`DataError::Table`], whichever step found it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A fault of the table or of its cells.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Columns that cannot be encoded.
    #[error(transparent)]
    Encode(EncodeError),
    /// Columns that cannot be targets or weights.
    #[error(transparent)]
    Target(TargetError),
    /// Rows that cannot be divided.
    #[error(transparent)]
    Split(SplitError),
}

impl From<EncodeError> for DataError {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Table(error) => Self::Table(error),
            other => Self::Encode(other),
        }
    }
}

impl From<TargetError> for DataError {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Table(error) => Self::Table(error),
            other => Self::Target(other),
        }
    }
}

impl From<SplitError> for DataError {
    fn from(error: SplitError) -> Self {
        match error {
            SplitError::Table(error) => Self::Table(error),
            other => Self::Split(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_table_is_one_whoever_found_it() {
        let fault = || TableError::NoRows {
            file: "t.csv".to_owned(),
        };
        for error in [
            DataError::from(EncodeError::from(fault())),
            DataError::from(TargetError::from(fault())),
            DataError::from(SplitError::from(fault())),
        ] {
            assert!(matches!(error, DataError::Table(_)), "{error:?}");
            assert_eq!(error.to_string(), fault().to_string());
        }
    }
}
