//! What can go wrong when rows are divided.

use crate::table_error::{Location, TableError};

/// Why rows cannot be divided.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// The table does not have the column that the split needs.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A held-out fraction is not inside (0, 1).
    #[error("the validation fraction must be above 0 and below 1, got {got}")]
    Fraction {
        /// The value given.
        got: f64,
    },
    /// The number of folds does not suit the table.
    #[error("the number of folds must be from 2 to {limit} ({what}), got {got}")]
    FoldCount {
        /// The value given.
        got: usize,
        /// The largest number allowed here.
        limit: usize,
        /// What sets the limit.
        what: &'static str,
    },
    /// A split left one side empty.
    #[error("the {split} split of {rows} rows leaves no {side} rows; {advice}")]
    EmptySplit {
        /// Name of the split.
        split: &'static str,
        /// Rows to be split.
        rows: usize,
        /// The side without rows.
        side: &'static str,
        /// The way out.
        advice: &'static str,
    },
    /// A group, time or fold is missing in a row.
    #[error("{at}: column {column:?} is missing, but the {split} split needs it in every row")]
    MissingSplitValue {
        /// Where.
        at: Box<Location>,
        /// The column.
        column: String,
        /// Name of the split.
        split: &'static str,
    },
}
