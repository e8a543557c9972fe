//! What can go wrong when features are made from columns.

use crate::table_error::{Location, TableError};

/// Why columns cannot be encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The table is not one that can be encoded.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No feature column is left.
    #[error("{file} has no usable feature column: {reason}")]
    NoFeatures {
        /// The file.
        file: String,
        /// Why each column cannot be used.
        reason: String,
    },
    /// A category was not seen in training and the encoder is strict.
    #[error(
        "{at}, column {column:?}: {value:?} did not occur in training; correct it, or allow unknown categories"
    )]
    UnknownCategory {
        /// Where.
        at: Box<Location>,
        /// The column.
        column: String,
        /// The value; empty when missing.
        value: String,
    },
    /// A cell of a single row does not have the type of its column.
    #[error("column {column:?}: {value:?} is not {expected}")]
    RowType {
        /// The column.
        column: String,
        /// The value as text.
        value: String,
        /// What the column holds, with its article.
        expected: &'static str,
    },
    /// A category of a single row was not seen in training and the encoder is strict.
    #[error("column {column:?}: {value:?} did not occur in training")]
    RowCategory {
        /// The column.
        column: String,
        /// The value; empty when missing.
        value: String,
    },
    /// A single row, or the room for its features, does not have the encoder's size.
    #[error("{what}: expected {expected}, got {got}")]
    RowShape {
        /// What is counted.
        what: &'static str,
        /// How many the encoder has.
        expected: usize,
        /// How many were given.
        got: usize,
    },
}
