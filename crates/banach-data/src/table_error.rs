//! What can be wrong with a table and its columns.

use std::fmt;

use crate::suggest::{UnknownName, list};

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

/// Why columns and cells do not make up the table that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// There are column names but no rows.
    #[error("{file} has a header but no rows")]
    NoRows {
        /// The file.
        file: String,
    },
    /// A table has more rows than can be numbered.
    #[error("{file} has more than {limit} rows, the most that a table in memory can have")]
    TooManyRows {
        /// The file.
        file: String,
        /// The limit.
        limit: u32,
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
    /// A value is not UTF-8.
    #[error(
        "{at}, column {column:?}: {value:?} is not UTF-8 text; convert the file, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
    )]
    NotUtf8 {
        /// Where.
        at: Box<Location>,
        /// The column.
        column: String,
        /// The value, with replacement characters.
        value: String,
    },
    /// A value does not have the type of its column.
    #[error(
        "{at}, column {column:?}: {value:?} is not {expected}{}; correct it, or write a missing value as an empty cell or NA",
        and_more(*more)
    )]
    WrongType {
        /// Where.
        at: Box<Location>,
        /// The column.
        column: String,
        /// The value as text.
        value: String,
        /// What the column holds, with its article.
        expected: &'static str,
        /// How many further cells of the column are not either.
        more: u64,
    },
    /// A column's Arrow type cannot be a feature or target.
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
    /// A record batch does not have the columns of the schema that it came with.
    #[error("{file}: record batch {batch} does not have the columns of the schema")]
    BatchSchema {
        /// Name of the table.
        file: String,
        /// The batch, counted from 1.
        batch: usize,
    },
}

fn and_more(cells: u64) -> String {
    match cells {
        0 => String::new(),
        1 => ", nor is another cell".to_owned(),
        n => format!(", nor are {n} other cells"),
    }
}

fn quoted(names: &[String]) -> String {
    let each: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_names_file_row_and_line() {
        let mut at = Location {
            file: "a.csv".into(),
            row: 3,
            line: Some(5),
        };
        assert_eq!(at.to_string(), "a.csv, row 3 (line 5)");
        at.line = None;
        assert_eq!(at.to_string(), "a.csv, row 3");
    }
}
