//! Reads tables from files: finds the columns, then types their cells batch by batch.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::arrow_cells::{ArrowCell, for_each_cell, plain, plain_text};
use crate::arrow_source::ArrowSource;
use crate::column::{Column, ColumnType, TextColumn};
use crate::column_builder::{CellError, ColumnBuilder};
use crate::csv::TextBatch;
use crate::error::{DataError, Location, UnknownName};
use crate::schema::Schema;
use crate::source::Source;
use crate::table::Table;

/// Batches that are cut while the one before them is typed.
const BATCHES_AHEAD: usize = 4;

/// Rows are numbered with 32 bits.
const MAX_ROWS: u32 = u32::MAX - 1;

/// How to read a table.
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
    /// Columns to pass through as text besides, whatever they are.
    pub keep: Vec<String>,
    /// Read exactly these columns, with these types, in this order; the options above but `keep`
    /// do not count then. This is how rows for prediction are read.
    pub schema: Option<Schema>,
}

/// Rows as they come from a file.
enum Batch {
    Text(TextBatch),
    Arrow(RecordBatch),
}

impl Batch {
    fn n_rows(&self) -> usize {
        match self {
            Self::Text(batch) => batch.n_rows(),
            Self::Arrow(batch) => batch.num_rows(),
        }
    }
}

/// A column to be typed.
#[derive(Debug)]
struct Wanted {
    name: String,
    /// Position in the batches.
    position: usize,
    column_type: Option<ColumnType>,
    /// Whether its cells are not to be read.
    skip: bool,
}

/// Reads a table from CSV or TSV (delimiter found, quotes, UTF-8, also gzip or Zstandard), Parquet,
/// or Arrow IPC (file and stream), whole or piece by piece in constant memory.
///
/// The format is found from the content, with the help of the ending. A second thread reads and cuts
/// while this one types. Without a schema the type of each column is found from the rows that make
/// up one [`Table`]; see [`Scalar`](crate::Scalar) for the meaning of cells.
pub struct TableReader {
    file: String,
    names: Vec<String>,
    wanted: Vec<Wanted>,
    kept: Vec<Wanted>,
    /// `Ok(None)` is the end; a channel that closes without it belongs to a reader that failed.
    batches: Receiver<Result<Option<Batch>, DataError>>,
    n_rows: u64,
    finished: bool,
}

impl TableReader {
    /// Opens a file, or standard input for `-`, and reads the names of its columns.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::EmptyFile`], [`DataError::Corrupt`],
    /// [`DataError::UnsupportedFormat`], [`DataError::UnsupportedType`], [`DataError::Encoding`],
    /// [`DataError::DuplicateColumns`]; [`DataError::UnknownColumns`] for names in `options` and
    /// [`DataError::MissingColumns`] for those of the schema.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DataError> {
        let path = path.as_ref();
        Self::new(path.display().to_string(), Source::open(path)?, options)
    }

    /// Reads from bytes. `name` stands for the file in messages; its ending helps to find the format.
    ///
    /// # Errors
    /// As [`TableReader::open`].
    pub fn from_reader(
        name: &str,
        reader: Box<dyn Read + Send>,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        Self::new(name.to_owned(), Source::from_reader(name, reader)?, options)
    }

    /// Reads from Arrow record batches in memory.
    ///
    /// # Errors
    /// As [`TableReader::open`].
    pub fn from_record_batches(
        name: &str,
        schema: &SchemaRef,
        batches: Vec<RecordBatch>,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let source = ArrowSource::memory(name.to_owned(), schema, batches);
        Self::new(name.to_owned(), Source::Arrow(source), options)
    }

    fn new(file: String, source: Source, options: &ReadOptions) -> Result<Self, DataError> {
        let names = source.names().to_vec();
        check_unique(&file, &names)?;
        let (mut wanted, mut kept) = plan(&file, &names, options)?;
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        match source {
            Source::Text(mut reader) => {
                thread::spawn(move || {
                    loop {
                        let batch = reader.next_batch();
                        let last = !matches!(batch, Ok(Some(_)));
                        if sender.send(batch.map(|b| b.map(Batch::Text))).is_err() || last {
                            return;
                        }
                    }
                });
            }
            Source::Arrow(source) => {
                let mut columns: Vec<usize> = wanted
                    .iter()
                    .chain(&kept)
                    .filter(|column| !column.skip)
                    .map(|column| column.position)
                    .collect();
                columns.sort_unstable();
                columns.dedup();
                for column in wanted.iter_mut().chain(&mut kept) {
                    column.position = columns.partition_point(|&at| at < column.position);
                }
                let reader = source.into_batches(&columns)?;
                thread::spawn(move || {
                    for batch in reader {
                        let failed = batch.is_err();
                        if sender.send(batch.map(|b| Some(Batch::Arrow(b)))).is_err() || failed {
                            return;
                        }
                    }
                    // Nobody listens when the table reader is gone.
                    let _ = sender.send(Ok(None));
                });
            }
        }
        Ok(Self {
            file,
            names,
            wanted,
            kept,
            batches,
            n_rows: 0,
            finished: false,
        })
    }

    /// Names of all columns of the file, read or not.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Name of the file, for messages.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Reads the rest as one table.
    ///
    /// # Errors
    /// [`DataError::NoRows`], [`DataError::TooManyRows`] and those of [`TableReader::next_table`].
    pub fn read(mut self) -> Result<Table, DataError> {
        match self.next_table(usize::MAX)? {
            Some(table) => Ok(table),
            None => Err(DataError::NoRows { file: self.file }),
        }
    }

    /// Reads the next rows, at least `min_rows` of them unless the file ends before; `None` at the
    /// end. How many come at once does not change the meaning of any cell when a schema is given.
    ///
    /// # Errors
    /// [`DataError::RaggedRow`], [`DataError::UnclosedQuote`], [`DataError::RowTooLong`],
    /// [`DataError::NotUtf8`], [`DataError::WrongType`], [`DataError::Read`], [`DataError::Corrupt`].
    pub fn next_table(&mut self, min_rows: usize) -> Result<Option<Table>, DataError> {
        let mut builders: Vec<ColumnBuilder> = self
            .wanted
            .iter()
            .map(|column| ColumnBuilder::new(column.column_type))
            .collect();
        let mut kept = vec![TextColumn::default(); self.kept.len()];
        let (first_row, mut n_rows) = (self.n_rows + 1, 0);
        while n_rows < min_rows && !self.finished {
            let Some(batch) = self.next_batch()? else {
                self.finished = true;
                break;
            };
            if n_rows + batch.n_rows() > MAX_ROWS as usize {
                return Err(DataError::TooManyRows {
                    file: self.file.clone(),
                    limit: MAX_ROWS,
                });
            }
            let read = self.wanted.iter().zip(&mut builders);
            for (column, builder) in read.filter(|(column, _)| !column.skip) {
                self.append(&batch, column, builder)?;
            }
            for (column, texts) in self.kept.iter().zip(&mut kept) {
                self.keep(&batch, column, texts)?;
            }
            n_rows += batch.n_rows();
            self.n_rows += batch.n_rows() as u64;
        }
        if n_rows == 0 {
            return Ok(None);
        }
        let columns = self.wanted.iter().zip(builders);
        let columns = columns.map(|(column, builder)| {
            if column.skip {
                Column::without_values(column.name.clone(), n_rows)
            } else {
                builder.finish(column.name.clone())
            }
        });
        let kept = self.kept.iter().zip(kept);
        let kept = kept.map(|(column, texts)| (column.name.clone(), texts));
        Ok(Some(Table::new(
            self.file.clone(),
            first_row,
            n_rows,
            columns.collect(),
            kept.collect(),
        )))
    }

    fn next_batch(&self) -> Result<Option<Batch>, DataError> {
        self.batches.recv().unwrap_or_else(|_| {
            Err(DataError::Corrupt {
                file: self.file.clone(),
                format: "table",
                source: "its reader broke off".into(),
            })
        })
    }

    fn append(
        &self,
        batch: &Batch,
        column: &Wanted,
        builder: &mut ColumnBuilder,
    ) -> Result<(), DataError> {
        match batch {
            Batch::Text(text) => {
                for (row, cell) in text.column(column.position).enumerate() {
                    if let Err(error) = builder.push_bytes(cell) {
                        return Err(self.cell_error(batch, column, row, cell, error));
                    }
                }
                Ok(())
            }
            Batch::Arrow(arrow) => {
                let array = plain(arrow.column(column.position));
                let array = array.map_err(|error| self.arrow_error(error))?;
                for_each_cell(&array, |row, cell| match cell {
                    ArrowCell::Value(value) => builder.push_scalar(value).map_err(|error| {
                        let text = value.key().unwrap_or_default();
                        self.cell_error(batch, column, row, text.as_bytes(), error)
                    }),
                    ArrowCell::Text(bytes) => builder
                        .push_bytes(bytes)
                        .map_err(|error| self.cell_error(batch, column, row, bytes, error)),
                })
            }
        }
    }

    fn keep(
        &self,
        batch: &Batch,
        column: &Wanted,
        texts: &mut TextColumn,
    ) -> Result<(), DataError> {
        let mut push = |row, bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) => {
                texts.push(text);
                Ok(())
            }
            Err(_) => Err(self.cell_error(batch, column, row, bytes, CellError::NotUtf8)),
        };
        match batch {
            Batch::Text(text) => {
                let mut cells = text.column(column.position).enumerate();
                cells.try_for_each(|(row, cell)| push(row, cell))
            }
            Batch::Arrow(arrow) => {
                let array = plain_text(arrow.column(column.position));
                let array = array.map_err(|error| self.arrow_error(error))?;
                for_each_cell(&array, |row, cell| match cell {
                    ArrowCell::Value(value) => {
                        push(row, value.key().unwrap_or_default().as_bytes())
                    }
                    ArrowCell::Text(bytes) => push(row, bytes),
                })
            }
        }
    }

    fn arrow_error(&self, error: arrow_schema::ArrowError) -> DataError {
        DataError::Corrupt {
            file: self.file.clone(),
            format: "Arrow",
            source: Box::new(error),
        }
    }

    fn cell_error(
        &self,
        batch: &Batch,
        column: &Wanted,
        row: usize,
        cell: &[u8],
        error: CellError,
    ) -> DataError {
        let at = Location {
            file: self.file.clone(),
            row: self.n_rows + row as u64 + 1,
            line: match batch {
                Batch::Text(text) => Some(text.line(row)),
                Batch::Arrow(_) => None,
            },
        };
        let column = column.name.clone();
        let value: String = String::from_utf8_lossy(cell.trim_ascii())
            .chars()
            .take(80)
            .collect();
        match error {
            CellError::NotUtf8 => DataError::NotUtf8 { at, column, value },
            CellError::WrongType { expected } => DataError::WrongType {
                at,
                column,
                value,
                expected,
            },
        }
    }
}

fn check_unique(file: &str, names: &[String]) -> Result<(), DataError> {
    let mut seen = HashSet::new();
    let mut repeated: Vec<String> = Vec::new();
    for name in names {
        if !seen.insert(name) && !repeated.contains(name) {
            repeated.push(name.clone());
        }
    }
    if repeated.is_empty() {
        return Ok(());
    }
    Err(DataError::DuplicateColumns {
        file: file.to_owned(),
        names: repeated,
    })
}

/// The columns to be typed and those to be kept as text.
fn plan(
    file: &str,
    names: &[String],
    options: &ReadOptions,
) -> Result<(Vec<Wanted>, Vec<Wanted>), DataError> {
    let position = |name: &str| names.iter().position(|other| other == name);
    let unknown = |name: &str| UnknownName::new(name, names.iter().map(String::as_str));
    for (setting, listed) in [
        ("categorical", &options.categorical),
        ("numeric", &options.numeric),
        ("columns", options.columns.as_ref().unwrap_or(&Vec::new())),
        ("drop", &options.skip),
        ("keep", &options.keep),
    ] {
        let absent = listed.iter().filter(|name| position(name).is_none());
        let absent: Vec<UnknownName> = absent.map(|name| unknown(name)).collect();
        if !absent.is_empty() {
            return Err(DataError::UnknownColumns {
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
        return Err(DataError::TwoRoles {
            column: both.clone(),
            first: "categorical",
            second: "numeric",
        });
    }
    let mut kept = Vec::new();
    for name in &options.keep {
        kept.extend(position(name).map(|position| Wanted {
            name: name.clone(),
            position,
            column_type: None,
            skip: false,
        }));
    }
    let mut wanted = Vec::new();
    if let Some(schema) = &options.schema {
        let mut absent = Vec::new();
        for field in &schema.fields {
            match position(&field.name) {
                None => absent.push(unknown(&field.name)),
                Some(position) => wanted.push(Wanted {
                    name: field.name.clone(),
                    position,
                    column_type: Some(field.column_type),
                    skip: false,
                }),
            }
        }
        if !absent.is_empty() {
            return Err(DataError::MissingColumns {
                file: file.to_owned(),
                names: absent,
            });
        }
        return Ok((wanted, kept));
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
        wanted.push(Wanted {
            name: name.clone(),
            position,
            column_type,
            skip: options.skip.contains(name),
        });
    }
    Ok((wanted, kept))
}
