//! What can go wrong with a table, with the facts a person needs to put it right.

use std::fmt;

/// Where in a table something is: the file, the row, and the line when the file has lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Name of the file as the user gave it.
    pub file: String,
    /// Row, counted from 1; the header does not count.
    pub row: u64,
    /// Line of the text file on which the row begins, counted from 1.
    pub line: Option<u64>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, row {}", self.file, self.row)?;
        match self.line {
            Some(line) => write!(f, " (line {line})"),
            None => Ok(()),
        }
    }
}

/// A name that does not exist, and the existing one most like it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The name that was asked for.
    pub name: String,
    /// The nearest existing name, if one is near.
    pub nearest: Option<String>,
}

impl UnknownName {
    /// Pairs `name` with the most similar of `existing`.
    pub fn new<'a>(name: &str, existing: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            name: name.to_owned(),
            nearest: nearest_name(name, existing),
        }
    }
}

/// The existing name most like `name`, or `None` when none is similar enough to be meant.
///
/// Similarity is the normalized Damerau-Levenshtein distance of the lower-case names, at least 0.6.
#[must_use]
pub fn nearest_name<'a>(name: &str, existing: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = name.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in existing {
        let score = strsim::normalized_damerau_levenshtein(&wanted, &candidate.to_lowercase());
        if score >= 0.6 && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

/// The end of a message about an unknown name: `; did you mean "income"?`, or nothing without a near one.
#[must_use]
pub fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |name| format!("; did you mean {name:?}?"))
}

/// Names that a message lists before it says how many there are.
const MAX_LISTED: usize = 10;

fn list(names: &[UnknownName]) -> String {
    let mut each: Vec<String> = names
        .iter()
        .take(MAX_LISTED)
        .map(|unknown| match &unknown.nearest {
            Some(nearest) => format!("{:?} (did you mean {nearest:?}?)", unknown.name),
            None => format!("{:?}", unknown.name),
        })
        .collect();
    if names.len() > MAX_LISTED {
        each.push(format!("... ({} in all)", names.len()));
    }
    each.join(", ")
}

/// Every way in which a table, its columns or its targets can be unfit for use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file cannot be opened or read.
    #[error("cannot read {file}")]
    Read {
        /// The file.
        file: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {file}; nothing was left behind")]
    Write {
        /// The file.
        file: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A file has no bytes, or only blank lines.
    #[error(
        "{file} is empty: expected a header line with column names, then at least one row of values"
    )]
    EmptyFile {
        /// The file.
        file: String,
    },
    /// A file has column names but no rows.
    #[error("{file} has a header but no rows")]
    NoRows {
        /// The file.
        file: String,
    },
    /// Two columns share a name.
    #[error(
        "{file} has several columns named {}; rename them so that each name occurs once",
        quoted(names)
    )]
    DuplicateColumns {
        /// The file.
        file: String,
        /// Each repeated name once.
        names: Vec<String>,
    },
    /// Columns put together in memory have different lengths.
    #[error(
        "{file}: column {:?} has {} rows, but {:?} has {}",
        other.0,
        other.1,
        first.0,
        first.1
    )]
    ColumnLengths {
        /// Name of the table.
        file: String,
        /// The first column and its rows.
        first: (String, usize),
        /// The first that differs, and its rows.
        other: (String, usize),
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
    /// A value is not UTF-8.
    #[error(
        "{at}, column {column:?}: {value:?} is not UTF-8 text; convert the file, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
    )]
    NotUtf8 {
        /// Where.
        at: Location,
        /// The column.
        column: String,
        /// The value, with replacement characters.
        value: String,
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
    /// A column's storage type cannot be a feature or target.
    #[error(
        "{file}: column {column:?} has the type {type_name}, which is not read; use numbers, booleans, text, dates or time stamps, or leave the column out"
    )]
    UnsupportedType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its Arrow type.
        type_name: String,
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
    /// A setting names columns that the table does not have.
    #[error("{file} has no column {} (named in {setting})", list(names))]
    UnknownColumns {
        /// The file.
        file: String,
        /// The setting in which they are named.
        setting: &'static str,
        /// The names, with near ones.
        names: Vec<UnknownName>,
    },
    /// A table lacks columns that the model needs.
    #[error("{file} lacks columns that the model was trained on: {}", list(names))]
    MissingColumns {
        /// The file.
        file: String,
        /// The names, with near ones of the table.
        names: Vec<UnknownName>,
    },
    /// A value does not have the type of its column.
    #[error(
        "{at}, column {column:?}: {value:?} is not {expected}; correct it, or write a missing value as an empty cell or NA"
    )]
    WrongType {
        /// Where.
        at: Location,
        /// The column.
        column: String,
        /// The value as text.
        value: String,
        /// What the column holds, with its article.
        expected: &'static str,
    },
    /// One column has two roles.
    #[error("column {column:?} is named in {first} and in {second}; it can have one role only")]
    TwoRoles {
        /// The column.
        column: String,
        /// One setting.
        first: &'static str,
        /// The other setting.
        second: &'static str,
    },
    /// No column is left to learn from.
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
        at: Location,
        /// The column.
        column: String,
        /// The value.
        value: String,
    },
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
        "{file}: target {column:?} has {classes} classes in {rows} rows; there must be more rows than classes (is it a number to predict with the task regression, or an identifier?)"
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
        at: Location,
        /// The target.
        column: String,
    },
    /// A class that the model does not know.
    #[error(
        "{at}: target {column:?} has the class {value:?}, which the model does not know; known are {known}"
    )]
    UnknownClass {
        /// Where.
        at: Location,
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
        at: Location,
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
        at: Location,
        /// The column.
        column: String,
        /// Name of the split.
        split: &'static str,
    },
    /// A table written to has other columns than it was created with.
    #[error("{file}: expected {expected} columns of equal length, got {got}")]
    OutputShape {
        /// The file.
        file: String,
        /// Columns the writer was created with.
        expected: usize,
        /// What was given.
        got: String,
    },
    /// An output file's ending names no format that can be written.
    #[error("cannot write {file}: its ending must be .csv, .tsv or .parquet")]
    OutputFormat {
        /// The file.
        file: String,
    },
    /// A Parquet writer refused.
    #[error("cannot write {file} as Parquet; nothing was left behind")]
    WriteParquet {
        /// The file.
        file: String,
        /// What the writer said.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A table has more rows than can be numbered.
    #[error("{file} has more than {limit} rows, the most that a table in memory can have")]
    TooManyRows {
        /// The file.
        file: String,
        /// The limit.
        limit: u32,
    },
}

fn quoted(names: &[String]) -> String {
    let each: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let existing = ["age", "income", "hours-per-week"];
        assert_eq!(nearest_name("Incme", existing).as_deref(), Some("income"));
        assert_eq!(
            nearest_name("hours_per_week", existing).as_deref(),
            Some("hours-per-week")
        );
        assert_eq!(nearest_name("zzz", existing), None);
    }

    #[test]
    fn a_location_names_file_row_and_line() {
        let at = Location {
            file: "a.csv".into(),
            row: 3,
            line: Some(5),
        };
        let error = DataError::RaggedRow {
            at,
            expected: 2,
            got: 3,
            delimiter: ';',
        };
        assert_eq!(
            error.to_string(),
            "a.csv, row 3 (line 5) has 3 values, but the header has 2 names; quote values that contain the delimiter ';'"
        );
    }
}
