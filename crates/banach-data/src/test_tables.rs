//! Small tables for unit tests, written as CSV text without quotes.

use std::sync::Arc;

use crate::column::{Column, ColumnType};
use crate::column_builder::ColumnBuilder;
use crate::decision::ColumnRules;
use crate::origin::Origin;
use crate::read_options::ReadOptions;
use crate::table::Table;
use crate::table_builder::{TableBuilder, TextRows};
use crate::table_error::TableError;

struct Rows<'a>(Vec<Vec<&'a str>>);

impl TextRows for Rows<'_> {
    fn n_rows(&self) -> usize {
        self.0.len()
    }

    fn line(&self, row: usize) -> u64 {
        row as u64 + 2
    }

    fn column(&self, position: usize) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(move |row| row[position].as_bytes())
    }
}

pub(crate) fn read(text: &str, options: &ReadOptions) -> Result<Table, TableError> {
    assert!(!text.contains('"'), "quotes are not understood here");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header: Vec<String> = lines
        .next()
        .unwrap()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let rows: Vec<Vec<&str>> = lines.collect();
    assert!(rows.iter().all(|row| row.len() == header.len()), "{text}");
    let mut builder = TableBuilder::new("t.csv", &header, options)?;
    builder.append_text(&Rows(rows))?;
    let table = builder.finish().unwrap();
    builder.check()?;
    Ok(table)
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

/// A column of text cells, of a type that is found unless it is given.
pub(crate) fn typed_column(name: &str, column_type: Option<ColumnType>, cells: &[&str]) -> Column {
    let rules = ColumnRules {
        column_type,
        ..ColumnRules::default()
    };
    let mut builder = ColumnBuilder::new(Arc::new(rules));
    for cell in cells {
        builder.push_bytes(cell.as_bytes()).unwrap();
    }
    builder.finish(name.to_owned(), &Origin::default())
}
