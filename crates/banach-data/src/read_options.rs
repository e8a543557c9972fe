//! Which columns of a table are read, and as what.

use crate::dialect::Dialect;
use crate::schema::Schema;

/// Which columns to read, and the types of their cells.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Columns whose cells are categories even when all of them are numbers.
    pub categorical: Vec<String>,
    /// Columns whose cells must be numbers.
    pub numeric: Vec<String>,
    /// Read these columns only; all when `None`.
    pub columns: Option<Vec<String>>,
    /// Columns that nobody will look at: they are in the table without a value, and their cells are
    /// not read, whatever they hold.
    pub skip: Vec<String>,
    /// Columns to pass through as text as well, whatever they are
    /// ([`Table::passthrough`](crate::Table::passthrough)).
    pub passthrough: Vec<String>,
    /// Read exactly these columns, with these types, in this order; the options above but
    /// `passthrough` do not count then. This is how rows for prediction are read.
    pub schema: Option<Schema>,
    /// How text files are cut into lines and cells.
    pub dialect: Dialect,
}
