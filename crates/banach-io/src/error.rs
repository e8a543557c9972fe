//! What can go wrong with table files, with the facts a person needs to put it right.

use std::io;

use banach_data::{AtomicFileError, Location, TableError};

/// Why a file cannot be read as a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A fault of the table or of its cells.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A file cannot be opened or read.
    #[error("cannot read {file}")]
    Read {
        /// The file.
        file: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file has no bytes, or only blank lines.
    #[error(
        "{file} is empty: expected a header line with column names, then at least one row of values"
    )]
    EmptyFile {
        /// The file.
        file: String,
    },
    /// A row has more or fewer values than the header has names.
    #[error(
        "{at} has {got} {}, but the header has {expected} names; quote values that contain the delimiter {delimiter:?}",
        if *got == 1 { "value" } else { "values" }
    )]
    RaggedRow {
        /// Where.
        at: Location,
        /// Number of column names.
        expected: usize,
        /// Number of values in the row.
        got: usize,
        /// The delimiter in use.
        delimiter: char,
    },
    /// A quoted value does not end.
    #[error("{at}: a quote opens a value that does not end; close it, or double the quote")]
    UnclosedQuote {
        /// The row in which the quote opens.
        at: Location,
    },
    /// A row is too long to be one.
    #[error(
        "{at} is longer than {limit_bytes} bytes; is a quote left open, or is this not a table?"
    )]
    RowTooLong {
        /// Where.
        at: Location,
        /// The longest row that is read.
        limit_bytes: usize,
    },
    /// A text file is in an encoding that is recognized but not read.
    #[error(
        "{file} is {encoding} text; convert it, for example with `iconv -f {encoding} -t UTF-8`"
    )]
    Encoding {
        /// The file.
        file: String,
        /// The encoding found.
        encoding: &'static str,
    },
    /// The header is not UTF-8.
    #[error(
        "the header of {file} is not UTF-8 text: {value:?}; convert the file, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
    )]
    HeaderNotUtf8 {
        /// The file.
        file: String,
        /// The column name, with replacement characters.
        value: String,
    },
    /// A compressed or binary file is damaged or cut off.
    #[error("{file} is not a whole {format} file: it is damaged or cut off")]
    Corrupt {
        /// The file.
        file: String,
        /// What it should be: gzip, Zstandard, Parquet or Arrow IPC.
        format: &'static str,
        /// What its reader said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file is of a kind that is not read.
    #[error(
        "{file} is {found}, which is not read; use CSV or TSV (also .gz and .zst), Parquet or Arrow IPC"
    )]
    UnsupportedFormat {
        /// The file.
        file: String,
        /// What it seems to be.
        found: String,
    },
    /// A file is of a kind that this build does not read.
    #[error(
        "{file} is {format}, which this build does not read: it was made without the feature `{feature}`"
    )]
    FormatNotBuilt {
        /// The file.
        file: String,
        /// What it is, with its article.
        format: &'static str,
        /// The feature that reads it.
        feature: &'static str,
    },
}

/// Why a table cannot be written to a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A file cannot be written.
    #[error("cannot write {file}; nothing was left behind")]
    Write {
        /// The file.
        file: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Rows have other columns than the writer was created with.
    #[error("{file}: expected {expected} columns of equal length, got {got}")]
    OutputShape {
        /// The file.
        file: String,
        /// Columns the writer was created with.
        expected: usize,
        /// What was given.
        got: String,
    },
    /// A file's ending names no format that can be written.
    #[error("cannot write {file}: its ending must be .csv, .tsv or .parquet")]
    OutputFormat {
        /// The file.
        file: String,
    },
    /// A file's ending names a format that this build does not write.
    #[error(
        "cannot write {file}: it would be {format}, which this build does not write: it was made without the feature `{feature}`"
    )]
    FormatNotBuilt {
        /// The file.
        file: String,
        /// What it would be, with its article.
        format: &'static str,
        /// The feature that writes it.
        feature: &'static str,
    },
    /// A Parquet writer refused.
    #[cfg(feature = "parquet")]
    #[error("cannot write {file} as Parquet; nothing was left behind")]
    Parquet {
        /// The file.
        file: String,
        /// What the writer said.
        #[source]
        source: parquet::errors::ParquetError,
    },
}

impl From<AtomicFileError> for WriteError {
    fn from(AtomicFileError { file, source }: AtomicFileError) -> Self {
        Self::Write { file, source }
    }
}
