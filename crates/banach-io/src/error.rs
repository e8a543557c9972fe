//! What can go wrong with table files, with the facts a person needs to put it right.

use std::io;

use banach_data::{AtomicFileError, Location, TableError, UnknownName};

use crate::csv::ragged::RaggedCause;

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
    /// A row has more or fewer values than there are columns.
    #[error(
        "{at} has {got} {}, but the table has {expected} {}; {cause}",
        if *got == 1 { "value" } else { "values" },
        if *expected == 1 { "column" } else { "columns" }
    )]
    RaggedRow {
        /// Where.
        at: Location,
        /// Number of columns.
        expected: usize,
        /// Number of values in the row.
        got: usize,
        /// The likely cause.
        cause: RaggedCause,
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
    /// Bytes are not text of the encoding.
    #[error("{file}: byte {byte} is not {encoding} text; is it another encoding?")]
    NotText {
        /// The file.
        file: String,
        /// The encoding.
        encoding: &'static str,
        /// The byte, counted from 1, without a mark at the beginning.
        byte: u64,
    },
    /// An encoding is asked for that there is not.
    #[error(
        "there is no encoding {name:?}; use a name of the WHATWG Encoding Standard, such as utf-8, utf-16le, windows-1252 or shift_jis"
    )]
    UnknownEncoding {
        /// What was asked for.
        name: String,
    },
    /// One character is asked to have two meanings.
    #[error("{character:?} cannot be both {first} and {second}")]
    DialectConflict {
        /// One meaning.
        first: &'static str,
        /// The other meaning.
        second: &'static str,
        /// The character.
        character: char,
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
    #[error("{file} is {found}, which is not read; {way_out}")]
    UnsupportedFormat {
        /// The file.
        file: String,
        /// What it seems to be.
        found: String,
        /// What to do with it.
        way_out: String,
    },
    /// A file is sound but has something in it that its decoder does not know.
    #[error(
        "{file} has something in it that is not read here; write it again without that, or as CSV"
    )]
    UnsupportedContent {
        /// The file.
        file: String,
        /// What it is: Parquet or Arrow IPC.
        format: &'static str,
        /// What its reader said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A path stands for no file.
    #[error("{path}: there are no table files {}", if *folder { "in this folder" } else { "of such a name" })]
    NoFiles {
        /// The path.
        path: String,
        /// Whether it is a folder rather than a pattern.
        folder: bool,
    },
    /// A folder of tables has another file in it.
    #[error(
        "{file} is no table by its ending; take it out of the folder, or name the tables one by one"
    )]
    OtherFile {
        /// The file.
        file: String,
    },
    /// Files of one table have other columns.
    #[error(
        "{file} has not the columns of {first}: {}",
        differences(missing, additional)
    )]
    OtherColumns {
        /// The file.
        file: String,
        /// The first file.
        first: String,
        /// Columns that it lacks, with near names that it has.
        missing: Vec<UnknownName>,
        /// Columns that it has besides.
        additional: Vec<String>,
    },
    /// Files of one table are text and typed columns.
    #[error(
        "{file} is {format}, but {first} is {first_format}; files of one table must be of one format"
    )]
    OtherFormat {
        /// The file.
        file: String,
        /// Its format, with an article.
        format: &'static str,
        /// The first file.
        first: String,
        /// Its format, with an article.
        first_format: &'static str,
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

/// What columns a file lacks, and what it has besides.
fn differences(missing: &[UnknownName], additional: &[String]) -> String {
    const MAX: usize = 5;
    let listed = |names: Vec<String>| {
        let more = names.len().saturating_sub(MAX);
        let text = names.into_iter().take(MAX).collect::<Vec<_>>().join(", ");
        if more > 0 {
            format!("{text} and {more} more")
        } else {
            text
        }
    };
    let mut parts = Vec::new();
    if !missing.is_empty() {
        let name = |unknown: &UnknownName| match &unknown.nearest {
            Some(nearest) => format!("{:?} (is it {nearest:?}?)", unknown.name),
            None => format!("{:?}", unknown.name),
        };
        let names = missing.iter().map(name).collect();
        parts.push(format!("it lacks {}", listed(names)));
    }
    if !additional.is_empty() {
        let names = additional.iter().map(|name| format!("{name:?}")).collect();
        parts.push(format!("it has {} besides", listed(names)));
    }
    parts.join("; ")
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
