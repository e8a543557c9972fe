//! A table in memory: typed columns of equal length.

use std::path::Path;

use crate::column::{CHUNK_ROWS, Column, TextColumn};
use crate::error::{DataError, Location, UnknownName};
use crate::reader::{ReadOptions, TableReader};

/// Typed columns of equal length, and where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    file: String,
    /// Row of the file, counted from 1, that is the first row here.
    first_row: u64,
    n_rows: usize,
    columns: Vec<Column>,
    kept: Vec<(String, TextColumn)>,
}

impl Table {
    pub(crate) fn new(
        file: String,
        first_row: u64,
        n_rows: usize,
        columns: Vec<Column>,
        kept: Vec<(String, TextColumn)>,
    ) -> Self {
        Self {
            file,
            first_row,
            n_rows,
            columns,
            kept,
        }
    }

    /// Reads a whole file; `-` is standard input. See [`TableReader`] for formats and errors.
    ///
    /// # Errors
    /// Those of [`TableReader::open`] and [`TableReader::read`].
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DataError> {
        TableReader::open(path, options)?.read()
    }

    /// Name of the file, for messages.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The numbers of all rows, from 0.
    #[must_use]
    pub fn all_rows(&self) -> Vec<u32> {
        (0..self.n_rows as u32).collect()
    }

    /// The columns, in the order of the file.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name() == name)
    }

    /// The column of that name. `setting` says where it is named, for the message.
    ///
    /// # Errors
    /// [`DataError::UnknownColumns`] with the nearest name.
    pub fn require(&self, name: &str, setting: &'static str) -> Result<&Column, DataError> {
        self.column(name).ok_or_else(|| DataError::UnknownColumns {
            file: self.file.clone(),
            setting,
            names: vec![UnknownName::new(
                name,
                self.columns.iter().map(Column::name),
            )],
        })
    }

    /// Columns passed through as text ([`ReadOptions::keep`]), with their names.
    #[must_use]
    pub fn kept(&self) -> &[(String, TextColumn)] {
        &self.kept
    }

    /// Where a row, counted from 0, is in its file.
    #[must_use]
    pub fn location(&self, row: usize) -> Location {
        Location {
            file: self.file.clone(),
            row: self.first_row + row as u64,
            line: None,
        }
    }

    pub(crate) fn n_chunks(&self) -> usize {
        self.n_rows.div_ceil(CHUNK_ROWS)
    }

    /// Gives back the memory of one piece of every column. Its rows must not be read again.
    pub(crate) fn free_chunk(&mut self, chunk: usize) {
        for column in &mut self.columns {
            column.free_chunk(chunk);
        }
    }
}
