//! What can go wrong when rows are divided.

use super::Gap;
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
    #[error("the number of folds must be {}, got {got}", allowed_folds(*limit, what))]
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
    /// A gap in another unit than the times.
    #[error("a gap of {gap} does not suit column {column:?}: it holds {needs}")]
    GapUnit {
        /// The gap.
        gap: Gap,
        /// The column of times.
        column: String,
        /// What the column holds and what the gap needs.
        needs: &'static str,
    },
    /// All rows before the validation or test rows lie in the gap.
    #[error(
        "a gap of {gap} leaves no training rows before {}; it must be shorter, or {}",
        match fold { 0 => "the validation rows".to_owned(), fold => format!("fold {fold}") },
        match fold { 0 => "there must be fewer validation rows", _ => "there must be fewer folds" }
    )]
    GapTooLong {
        /// The gap.
        gap: Gap,
        /// The fold, from 1; 0 for validation rows.
        fold: usize,
    },
}

fn allowed_folds(limit: usize, what: &str) -> String {
    match limit {
        0 | 1 => format!("at least 2, for which {what} ({limit}) is too small"),
        _ => format!("from 2 to {limit} ({what})"),
    }
}
