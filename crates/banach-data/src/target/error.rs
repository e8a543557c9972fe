//! What can go wrong with targets and sample weights.

use crate::reading::Doubt;
use crate::table_error::{Location, TableError};

/// Why columns cannot be targets, or sample weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The table does not have the columns, in the types of training.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A target has one value only.
    #[error(
        "{file}: target {column:?} has the single value {value:?} in {rows} rows; there is nothing to learn"
    )]
    ConstantTarget {
        /// The file.
        file: String,
        /// The target.
        column: String,
        /// Its value.
        value: String,
        /// Number of rows looked at.
        rows: usize,
    },
    /// A target has no value at all.
    #[error("{file}: target {column:?} is missing in every row")]
    MissingTarget {
        /// The file.
        file: String,
        /// The target.
        column: String,
    },
    /// The training rows hold one class only.
    #[error(
        "{file}: all {rows} training rows have the class {class:?} of target {column:?}; use a stratified split or more rows"
    )]
    OneClass {
        /// The file.
        file: String,
        /// The target.
        column: String,
        /// The class.
        class: String,
        /// Number of training rows.
        rows: usize,
    },
    /// A classification target has as many classes as rows, or more.
    #[error(
        "{file}: target {column:?} has {classes} classes in {rows} rows; there must be more rows than classes ({})",
        doubt.as_ref().map_or_else(
            || "is it a number to predict with the task regression, or an identifier?".to_owned(),
            ToString::to_string
        )
    )]
    TooManyClasses {
        /// The file.
        file: String,
        /// The target.
        column: String,
        /// Number of different values.
        classes: usize,
        /// Number of rows.
        rows: usize,
        /// What it nearly was instead, where the table says so.
        doubt: Option<Box<Doubt>>,
    },
    /// A target does not suit the task.
    #[error(
        "{file}: target {column:?} has {found} different values, but the task {task} needs {allowed}"
    )]
    ClassCount {
        /// The file.
        file: String,
        /// The target.
        column: String,
        /// Number of different values.
        found: usize,
        /// The task's name.
        task: &'static str,
        /// What the task needs.
        allowed: &'static str,
    },
    /// Too many or too few targets for the task.
    #[error("the task {task} takes {allowed}, got {got}")]
    TargetCount {
        /// The task's name.
        task: &'static str,
        /// What it takes.
        allowed: &'static str,
        /// Number of targets given.
        got: usize,
    },
    /// A target is named twice.
    #[error("target {column:?} is named twice; name each target once")]
    DuplicateTarget {
        /// The target.
        column: String,
    },
    /// A row's target is missing where one is needed.
    #[error("{at}: target {column:?} is missing; leave the row out or fill it in")]
    RowWithoutTarget {
        /// Where.
        at: Box<Location>,
        /// The target.
        column: String,
    },
    /// A class that the model does not know.
    #[error(
        "{at}: target {column:?} has the class {value:?}, which the model does not know; known are {known}"
    )]
    UnknownClass {
        /// Where.
        at: Box<Location>,
        /// The target.
        column: String,
        /// The value.
        value: String,
        /// The known classes, the first few of them.
        known: String,
    },
    /// A sample weight is missing, negative or not a number.
    #[error("{at}: weight {column:?} is {value}; weights must be numbers from 0 to 3.4e38")]
    BadWeight {
        /// Where.
        at: Box<Location>,
        /// The column.
        column: String,
        /// The value as text.
        value: String,
    },
    /// All sample weights are zero.
    #[error("{file}: weight {column:?} is 0 in all {rows} rows; some weight must be above 0")]
    ZeroWeights {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Number of rows.
        rows: usize,
    },
}
