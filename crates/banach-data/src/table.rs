//! A table in memory: typed columns of equal length.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::cell_format::CellFormat;
use crate::column::{CHUNK_ROWS, Column, ColumnType, TextColumn};
use crate::file_notice::FileNotice;
use crate::origin::Origin;
use crate::suggest::UnknownName;
use crate::table_error::{Location, TableError};

/// Typed columns of equal length, and where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    origin: Origin,
    n_rows: usize,
    columns: Vec<Column>,
    passthrough: Vec<(String, TextColumn)>,
    file_notices: Vec<FileNotice>,
}

impl Table {
    pub(crate) fn new(
        origin: Origin,
        n_rows: usize,
        columns: Vec<Column>,
        passthrough: Vec<(String, TextColumn)>,
        file_notices: Vec<FileNotice>,
    ) -> Self {
        Self {
            origin,
            n_rows,
            columns,
            passthrough,
            file_notices,
        }
    }

    /// What its reader found in the file and settled by itself, up to the last of these rows.
    #[must_use]
    pub fn file_notices(&self) -> &[FileNotice] {
        &self.file_notices
    }

    /// A table of columns that are in memory; `name` stands for a file in messages.
    ///
    /// ```
    /// use banach_data::{Column, Scalar, Table};
    ///
    /// let lengths = [39.1, f64::NAN, 46.5].map(Scalar::number);
    /// let species = ["Adelie", "Adelie", "Gentoo"].map(Scalar::Text);
    /// let table = Table::from_columns(
    ///     "penguins",
    ///     vec![
    ///         Column::from_scalars("bill_length_mm", lengths),
    ///         Column::from_scalars("species", species),
    ///     ],
    /// )?;
    /// assert_eq!(table.n_rows(), 3);
    /// # Ok::<(), banach_data::TableError>(())
    /// ```
    ///
    /// # Errors
    /// [`TableError::ColumnLengths`] for columns of different lengths, [`TableError::DuplicateColumns`] for
    /// two of one name.
    pub fn from_columns(name: impl Into<String>, columns: Vec<Column>) -> Result<Self, TableError> {
        let name = name.into();
        let n_rows = columns.first().map_or(0, Column::n_rows);
        if let Some(other) = columns.iter().find(|column| column.n_rows() != n_rows) {
            return Err(TableError::ColumnLengths {
                file: name,
                first: (columns[0].name().to_owned(), n_rows),
                other: (other.name().to_owned(), other.n_rows()),
            });
        }
        check_unique(&name, columns.iter().map(Column::name))?;
        let origin = Origin {
            file: name,
            first_row: 1,
            ..Origin::default()
        };
        Ok(Self::new(origin, n_rows, columns, vec![], vec![]))
    }

    /// Name of the file, for messages.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.origin.file
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
    /// [`TableError::UnknownColumns`] with the nearest name.
    pub fn require(&self, name: &str, setting: &'static str) -> Result<&Column, TableError> {
        self.column(name).ok_or_else(|| TableError::UnknownColumns {
            file: self.origin.file.clone(),
            setting,
            names: vec![UnknownName::new(
                name,
                self.columns.iter().map(Column::name),
            )],
        })
    }

    /// Columns passed through as text, with their names
    /// ([`ReadOptions::passthrough`](crate::ReadOptions::passthrough)).
    #[must_use]
    pub fn passthrough(&self) -> &[(String, TextColumn)] {
        &self.passthrough
    }

    /// A column of this table in another type; text where a number is needed is an error that names
    /// the cell.
    pub(crate) fn cast<'a>(
        &self,
        column: &'a Column,
        wanted: ColumnType,
        format: CellFormat,
    ) -> Result<Cow<'a, Column>, TableError> {
        let wrong_type = |row| TableError::WrongType {
            at: Box::new(self.location(row)),
            column: column.name().to_owned(),
            value: column.key(row).unwrap_or_default().into_owned(),
            expected: wanted.expected(),
            more: 0,
        };
        column.cast(wanted, format).map_err(wrong_type)
    }

    /// Where a row, counted from 0, is in its file.
    #[must_use]
    pub fn location(&self, row: usize) -> Location {
        self.origin.location(row)
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

/// Refuses names that occur twice.
pub(crate) fn check_unique<'a>(
    file: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), TableError> {
    let mut seen = HashSet::new();
    let mut repeated: Vec<String> = Vec::new();
    for name in names {
        if !seen.insert(name) && !repeated.iter().any(|known| known == name) {
            repeated.push(name.to_owned());
        }
    }
    if repeated.is_empty() {
        return Ok(());
    }
    Err(TableError::DuplicateColumns {
        file: file.to_owned(),
        names: repeated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Scalar;

    #[test]
    fn columns_in_memory_are_typed_as_those_of_files() {
        let numbers = [1.5, f64::INFINITY, -2.0].map(Scalar::Number);
        let texts = ["a", "", "1"].map(Scalar::Text);
        let table = Table::from_columns(
            "memory",
            vec![
                Column::from_scalars("x", numbers),
                Column::from_scalars("y", texts),
            ],
        )
        .unwrap();
        assert_eq!(table.n_rows(), 3);
        let [x, y] = table.columns() else { panic!() };
        assert_eq!(x.column_type(), ColumnType::Number);
        assert_eq!((x.number(0), x.number(1)), (Some(1.5), Some(f64::INFINITY)));
        assert_eq!(y.column_type(), ColumnType::Category);
        assert!(y.is_missing(1));
        assert_eq!(y.key(2).as_deref(), Some("1"));
    }

    #[test]
    fn columns_must_be_of_one_length_and_have_names_of_their_own() {
        let column = |name: &str, n: usize| {
            Column::from_scalars(name, std::iter::repeat_n(Scalar::Number(1.0), n))
        };
        let error = Table::from_columns("memory", vec![column("a", 2), column("b", 3)]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "memory: column \"b\" has 3 rows, but \"a\" has 2"
        );
        let columns = ["a", "b", "a"].map(|name| column(name, 1)).to_vec();
        let error = Table::from_columns("memory", columns).unwrap_err();
        assert!(error.to_string().contains("several columns named \"a\""));
    }
}
