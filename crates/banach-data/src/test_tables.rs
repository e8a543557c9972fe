//! Small tables for unit tests, read from CSV text.

use std::io::Cursor;

use crate::error::DataError;
use crate::reader::{ReadOptions, TableReader};
use crate::table::Table;

pub(crate) fn read(text: &str, options: &ReadOptions) -> Result<Table, DataError> {
    let bytes = Cursor::new(text.to_owned().into_bytes());
    TableReader::from_reader("t.csv", Box::new(bytes), options)?.read()
}

pub(crate) fn table(text: &str) -> Table {
    read(text, &ReadOptions::default()).unwrap()
}

/// A table of one column `x`.
pub(crate) fn column<T: std::fmt::Display>(cells: impl IntoIterator<Item = T>) -> Table {
    let mut text = "x,rest\n".to_owned();
    for cell in cells {
        text += &format!("{cell},1\n");
    }
    read(
        &text,
        &ReadOptions {
            columns: Some(vec!["x".to_owned()]),
            ..ReadOptions::default()
        },
    )
    .unwrap()
}

pub(crate) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
