//! Which columns of a table are read, and as what.

use crate::cell_format::EpochUnit;
use crate::date_format::DateOrder;
use crate::dialect::Dialect;
use crate::missing_words::MissingWords;
use crate::number_format::NumberFormat;
use crate::schema::Schema;

/// Which columns to read, and what their cells mean.
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
    /// Read exactly these columns, with these types, in this order; of the other options `passthrough`, `strict`,
    /// and formats and words that are given here, count then. This is how rows for prediction are read.
    pub schema: Option<Schema>,
    /// What means a missing value, in every column.
    pub missing: Option<MissingWords>,
    /// What means a missing value in single columns.
    pub missing_in: Vec<(String, MissingWords)>,
    /// How numbers are written; found from the cells of each column when `None`.
    pub numbers: Option<NumberFormat>,
    /// The order of day and month in dates; found from the cells of each column when `None`.
    pub dates: Option<DateOrder>,
    /// Columns of numbers that are points in time, and what they count since 1970.
    pub epoch: Vec<(String, EpochUnit)>,
    /// Whether a cell that does not have the type of its column is an error, however few there are.
    pub strict: bool,
    /// How text files are cut into lines and cells.
    pub dialect: Dialect,
}
