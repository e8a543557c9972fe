//! Turns the cells of named columns into typed tables, with errors that name the cell.
//!
//! Readers of any format feed a [`TableBuilder`]; what a column's cells must be, and which columns
//! there are, follows from [`ReadOptions`] alone.

use crate::column::{Column, ColumnType, TextColumn};
use crate::column_builder::{CellError, ColumnBuilder};
use crate::file_notice::FileNotice;
use crate::read_options::ReadOptions;
use crate::suggest::UnknownName;
use crate::table::{Part, Table, check_unique};
use crate::table_error::{Location, TableError};

/// Rows are numbered with 32 bits.
const MAX_ROWS: u32 = u32::MAX - 1;

/// Characters of a cell that a message shows.
const MAX_SHOWN: usize = 80;

/// Some rows of text cells, as a reader cuts them.
pub trait TextRows {
    /// Number of rows.
    fn n_rows(&self) -> usize;

    /// Line of the file on which a row, counted from 0, begins; lines count from 1.
    fn line(&self, row: usize) -> u64;

    /// The cells of one column, from the first row to the last. `position` is that of the column
    /// among all names of the source.
    fn column(&self, position: usize) -> impl Iterator<Item = &[u8]>;
}

/// A column to be read.
#[derive(Debug)]
pub(crate) struct PlannedColumn {
    pub(crate) name: String,
    /// Position among the names of the source.
    pub(crate) position: usize,
    /// The type that its cells must have; found from them when `None`.
    column_type: Option<ColumnType>,
    /// Whether its cells are not to be read.
    skip: bool,
}

/// Builds a [`Table`], or several one after the other, from rows as they come.
///
/// Without a schema the type of each column is found from the rows that make up one table.
#[derive(Debug)]
pub struct TableBuilder {
    file: String,
    typed: Vec<(PlannedColumn, ColumnBuilder)>,
    passthrough: Vec<(PlannedColumn, TextColumn)>,
    /// Rows of the tables that are finished.
    n_before: u64,
    /// Rows of the table in the making.
    n_rows: usize,
    /// The files that the rows come from, in their order, when there are several.
    parts: Vec<Part>,
    notices: Vec<FileNotice>,
}

impl TableBuilder {
    /// Plans the columns of a source that has columns of these names. `file` names the source in
    /// messages.
    ///
    /// # Errors
    /// [`TableError::DuplicateColumns`]; [`TableError::UnknownColumns`] and [`TableError::TwoRoles`]
    /// for names in `options`, [`TableError::MissingColumns`] for those of the schema.
    pub fn new(
        file: impl Into<String>,
        names: &[String],
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let file = file.into();
        check_unique(&file, names.iter().map(String::as_str))?;
        let (typed, passthrough) = plan(&file, names, options)?;
        let with_builder = |column: PlannedColumn| {
            let builder = ColumnBuilder::new(column.column_type);
            (column, builder)
        };
        Ok(Self {
            file,
            typed: typed.into_iter().map(with_builder).collect(),
            passthrough: passthrough
                .into_iter()
                .map(|column| (column, TextColumn::default()))
                .collect(),
            n_before: 0,
            n_rows: 0,
            parts: Vec::new(),
            notices: Vec::new(),
        })
    }

    /// Says that the rows that follow come from another file, and are counted anew in messages.
    pub fn begin_file(&mut self, file: impl Into<String>) {
        self.parts.push(Part {
            file: file.into(),
            n_before: self.n_before + self.n_rows as u64,
        });
    }

    /// Keeps what a reader found in the file.
    pub fn note(&mut self, notice: FileNotice) {
        self.notices.push(notice);
    }

    /// What was found in the file so far.
    #[must_use]
    pub fn file_notices(&self) -> &[FileNotice] {
        &self.notices
    }

    /// Name of the source, for messages.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Positions, among the names of the source, of the columns whose cells are needed; ascending.
    #[must_use]
    pub fn positions(&self) -> Vec<usize> {
        let typed = self.typed.iter().map(|(column, _)| column);
        let passthrough = self.passthrough.iter().map(|(column, _)| column);
        let mut positions: Vec<usize> = typed
            .chain(passthrough)
            .filter(|column| !column.skip)
            .map(|column| column.position)
            .collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// Number of rows since the last [`TableBuilder::finish`].
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Appends rows of text. After an error the rows of the table in the making are lost.
    ///
    /// # Errors
    /// [`TableError::NotUtf8`], [`TableError::WrongType`], [`TableError::TooManyRows`].
    pub fn append_text(&mut self, rows: &impl TextRows) -> Result<(), TableError> {
        let line = |row| Some(rows.line(row));
        self.append(rows.n_rows(), line, |column, cells| {
            let mut texts = rows.column(column.position).enumerate();
            match cells {
                Cells::Typed(builder) => {
                    for (row, cell) in texts {
                        if let Err(error) = builder.push_bytes(cell) {
                            return Err(BadCell::new(row, cell, error));
                        }
                    }
                    Ok(())
                }
                Cells::Passthrough(out) => {
                    texts.try_for_each(|(row, cell)| push_text(out, row, cell))
                }
            }
        })
    }

    /// Appends rows, the needed columns one after the other. `fill` gives one column its cells.
    pub(crate) fn append(
        &mut self,
        n_rows: usize,
        line: impl Fn(usize) -> Option<u64>,
        fill: impl Fn(&PlannedColumn, Cells<'_>) -> Result<(), BadCell>,
    ) -> Result<(), TableError> {
        let appended = self.try_append(n_rows, line, fill);
        if appended.is_err() {
            self.take();
        }
        appended
    }

    fn try_append(
        &mut self,
        n_rows: usize,
        line: impl Fn(usize) -> Option<u64>,
        fill: impl Fn(&PlannedColumn, Cells<'_>) -> Result<(), BadCell>,
    ) -> Result<(), TableError> {
        if self.n_rows + n_rows > MAX_ROWS as usize {
            return Err(TableError::TooManyRows {
                file: self.file.clone(),
                limit: MAX_ROWS,
            });
        }
        let rows_before = self.n_before + self.n_rows as u64;
        let (file, rows_before) = match self.parts.last() {
            Some(part) => (&part.file, rows_before - part.n_before),
            None => (&self.file, rows_before),
        };
        let located = |column: &PlannedColumn, bad: BadCell| {
            let at = Box::new(Location {
                file: file.clone(),
                row: rows_before + bad.row as u64 + 1,
                line: line(bad.row),
            });
            bad.at(at, column.name.clone())
        };
        for (column, builder) in self.typed.iter_mut().filter(|(column, _)| !column.skip) {
            fill(column, Cells::Typed(builder)).map_err(|bad| located(column, bad))?;
        }
        for (column, texts) in &mut self.passthrough {
            fill(column, Cells::Passthrough(texts)).map_err(|bad| located(column, bad))?;
        }
        self.n_rows += n_rows;
        Ok(())
    }

    /// The table of the rows so far; `None` when there are none. Rows that follow belong to the
    /// next table, and their numbers in messages go on.
    pub fn finish(&mut self) -> Option<Table> {
        let (first_row, n_rows) = (self.n_before + 1, self.n_rows);
        self.n_before += n_rows as u64;
        let (columns, passthrough) = self.take();
        (n_rows > 0).then(|| {
            let table = Table::new(self.file.clone(), first_row, n_rows, columns, passthrough);
            table.with_origin(self.parts.clone(), self.notices.clone())
        })
    }

    /// Takes the cells so far.
    fn take(&mut self) -> (Vec<Column>, Vec<(String, TextColumn)>) {
        let n_rows = std::mem::take(&mut self.n_rows);
        let columns = self.typed.iter_mut().map(|(column, builder)| {
            let empty = ColumnBuilder::new(column.column_type);
            let builder = std::mem::replace(builder, empty);
            if column.skip {
                Column::without_values(column.name.clone(), n_rows)
            } else {
                builder.finish(column.name.clone())
            }
        });
        let passthrough = self.passthrough.iter_mut();
        let passthrough =
            passthrough.map(|(column, texts)| (column.name.clone(), std::mem::take(texts)));
        (columns.collect(), passthrough.collect())
    }
}

/// Where the cells of a column go.
pub(crate) enum Cells<'a> {
    /// A column to be typed.
    Typed(&'a mut ColumnBuilder),
    /// A column that passes through.
    Passthrough(&'a mut TextColumn),
}

/// A cell that cannot be one of its column.
#[derive(Debug)]
pub(crate) struct BadCell {
    /// Its row among those that are appended.
    row: usize,
    /// The cell, as much of it as a message shows.
    value: String,
    error: CellError,
}

impl BadCell {
    #[cold]
    pub(crate) fn new(row: usize, cell: &[u8], error: CellError) -> Self {
        let text = String::from_utf8_lossy(cell.trim_ascii());
        Self {
            row,
            value: text.chars().take(MAX_SHOWN).collect(),
            error,
        }
    }

    fn at(self, at: Box<Location>, column: String) -> TableError {
        let value = self.value;
        match self.error {
            CellError::NotUtf8 => TableError::NotUtf8 { at, column, value },
            CellError::WrongType { expected } => TableError::WrongType {
                at,
                column,
                value,
                expected,
            },
        }
    }
}

/// Appends a cell that passes through.
pub(crate) fn push_text(out: &mut TextColumn, row: usize, cell: &[u8]) -> Result<(), BadCell> {
    match std::str::from_utf8(cell) {
        Ok(text) => {
            out.push(text);
            Ok(())
        }
        Err(_) => Err(BadCell::new(row, cell, CellError::NotUtf8)),
    }
}

/// The columns to be typed and those that pass through.
fn plan(
    file: &str,
    names: &[String],
    options: &ReadOptions,
) -> Result<(Vec<PlannedColumn>, Vec<PlannedColumn>), TableError> {
    let position = |name: &str| names.iter().position(|other| other == name);
    let unknown = |name: &str| UnknownName::new(name, names.iter().map(String::as_str));
    for (setting, listed) in [
        ("categorical", &options.categorical),
        ("numeric", &options.numeric),
        ("columns", options.columns.as_ref().unwrap_or(&Vec::new())),
        ("skip", &options.skip),
        ("passthrough", &options.passthrough),
    ] {
        let absent = listed.iter().filter(|name| position(name).is_none());
        let absent: Vec<UnknownName> = absent.map(|name| unknown(name)).collect();
        if !absent.is_empty() {
            return Err(TableError::UnknownColumns {
                file: file.to_owned(),
                setting,
                names: absent,
            });
        }
    }
    if let Some(both) = options
        .categorical
        .iter()
        .find(|name| options.numeric.contains(name))
    {
        return Err(TableError::TwoRoles {
            column: both.clone(),
            first: "categorical",
            second: "numeric",
        });
    }
    let mut passthrough = Vec::new();
    for name in &options.passthrough {
        passthrough.extend(position(name).map(|position| PlannedColumn {
            name: name.clone(),
            position,
            column_type: None,
            skip: false,
        }));
    }
    let mut typed = Vec::new();
    if let Some(schema) = &options.schema {
        let mut absent = Vec::new();
        for field in &schema.fields {
            match position(&field.name) {
                None => absent.push(unknown(&field.name)),
                Some(position) => typed.push(PlannedColumn {
                    name: field.name.clone(),
                    position,
                    column_type: Some(field.column_type),
                    skip: false,
                }),
            }
        }
        if !absent.is_empty() {
            return Err(TableError::MissingColumns {
                file: file.to_owned(),
                names: absent,
            });
        }
        return Ok((typed, passthrough));
    }
    for (position, name) in names.iter().enumerate() {
        if options
            .columns
            .as_ref()
            .is_some_and(|columns| !columns.contains(name))
        {
            continue;
        }
        let column_type = if options.categorical.contains(name) {
            Some(ColumnType::Category)
        } else if options.numeric.contains(name) {
            Some(ColumnType::Number)
        } else {
            None
        };
        typed.push(PlannedColumn {
            name: name.clone(),
            position,
            column_type,
            skip: options.skip.contains(name),
        });
    }
    Ok((typed, passthrough))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of text in memory.
    struct Rows(Vec<Vec<&'static str>>);

    impl TextRows for Rows {
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

    fn builder(options: &ReadOptions) -> TableBuilder {
        let names = ["a", "b", "c"].map(str::to_owned);
        TableBuilder::new("t", &names, options).unwrap()
    }

    #[test]
    fn tables_follow_each_other_and_rows_keep_their_numbers() {
        let mut builder = builder(&ReadOptions {
            passthrough: vec!["c".to_owned()],
            skip: vec!["b".to_owned()],
            ..ReadOptions::default()
        });
        assert_eq!(builder.positions(), [0, 2]);
        assert!(builder.finish().is_none());
        builder
            .append_text(&Rows(vec![vec!["1", "x", "p"]]))
            .unwrap();
        builder
            .append_text(&Rows(vec![vec!["2", "y", "q"]]))
            .unwrap();
        let first = builder.finish().unwrap();
        assert_eq!((first.n_rows(), first.location(0).row), (2, 1));
        assert_eq!(first.passthrough()[0].1.get(1), "q");
        assert_eq!(first.columns()[1].column_type(), ColumnType::Missing);
        builder
            .append_text(&Rows(vec![vec!["x", "z", "r"]]))
            .unwrap();
        let second = builder.finish().unwrap();
        assert_eq!((second.n_rows(), second.location(0).row), (1, 3));
        assert_eq!(second.columns()[0].column_type(), ColumnType::Category);
    }

    #[test]
    fn after_an_error_the_rows_so_far_are_gone() {
        let mut builder = builder(&ReadOptions {
            numeric: vec!["b".to_owned()],
            ..ReadOptions::default()
        });
        builder
            .append_text(&Rows(vec![vec!["1", "1", "1"]]))
            .unwrap();
        let error = builder.append_text(&Rows(vec![vec!["2", "x", "2"]]));
        assert_eq!(
            error.unwrap_err().to_string(),
            "t, row 2 (line 2), column \"b\": \"x\" is not a number; correct it, or write a missing value as an empty cell or NA"
        );
        assert!(builder.finish().is_none());
    }
}
