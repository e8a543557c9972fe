//! Reads tables from files, whole or piece by piece.

use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

#[cfg(feature = "arrow")]
use arrow_array::RecordBatch;
use banach_data::{ReadOptions, Table, TableBuilder, TableError};

use crate::csv::TextBatch;
use crate::error::ReadError;
use crate::source::Source;

/// Batches that are cut while the one before them is typed.
const BATCHES_AHEAD: usize = 4;

/// Rows as they come from a file.
enum Batch {
    Text(TextBatch),
    #[cfg(feature = "arrow")]
    Arrow(RecordBatch),
}

/// Reads a whole file; `-` is standard input. See [`TableReader`] for formats.
///
/// # Errors
/// Those of [`TableReader::open`] and [`TableReader::read`].
pub fn read_table(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Table, ReadError> {
    TableReader::open(path, options)?.read()
}

/// Reads a table from CSV or TSV (delimiter found, quotes, UTF-8, also gzip or Zstandard), Parquet,
/// or Arrow IPC (file and stream), whole or piece by piece in constant memory.
///
/// The format is found from the content, with the help of the ending. A second thread reads and cuts
/// while this one types. Without a schema the type of each column is found from the rows that make
/// up one [`Table`]; see [`Scalar`](banach_data::Scalar) for the meaning of cells.
pub struct TableReader {
    names: Vec<String>,
    builder: TableBuilder,
    /// `Ok(None)` is the end; a channel that closes without it belongs to a reader that failed.
    batches: Receiver<Result<Option<Batch>, ReadError>>,
    finished: bool,
}

impl TableReader {
    /// Opens a file, or standard input for `-`, and reads the names of its columns.
    ///
    /// # Errors
    /// [`ReadError::Read`], [`ReadError::EmptyFile`], [`ReadError::Corrupt`],
    /// [`ReadError::UnsupportedFormat`], [`ReadError::FormatNotBuilt`], [`ReadError::Encoding`],
    /// [`TableError::UnsupportedType`], [`TableError::DuplicateColumns`];
    /// [`TableError::UnknownColumns`] and [`TableError::TwoRoles`] for names in `options`,
    /// [`TableError::MissingColumns`] for those of the schema.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, ReadError> {
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
    ) -> Result<Self, ReadError> {
        Self::new(name.to_owned(), Source::from_reader(name, reader)?, options)
    }

    fn new(file: String, source: Source, options: &ReadOptions) -> Result<Self, ReadError> {
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        // Nobody listens when the table reader is gone; then there is nothing left to do.
        let (names, builder) = match source {
            Source::Text(mut reader) => {
                let names = reader.names().to_vec();
                let builder = TableBuilder::new(file, &names, options)?;
                thread::spawn(move || {
                    loop {
                        let batch = reader.next_batch();
                        let last = !matches!(batch, Ok(Some(_)));
                        if sender.send(batch.map(|b| b.map(Batch::Text))).is_err() || last {
                            return;
                        }
                    }
                });
                (names, builder)
            }
            #[cfg(feature = "arrow")]
            Source::Arrow(source) => {
                let builder = TableBuilder::for_arrow(file, source.schema(), options)?;
                let fields = source.schema().fields().iter();
                let names = fields.map(|field| field.name().trim().to_owned()).collect();
                let reader = source.into_batches(builder.positions())?;
                thread::spawn(move || {
                    for batch in reader {
                        let failed = batch.is_err();
                        if sender.send(batch.map(|b| Some(Batch::Arrow(b)))).is_err() || failed {
                            return;
                        }
                    }
                    let _ = sender.send(Ok(None));
                });
                (names, builder)
            }
        };
        Ok(Self {
            names,
            builder,
            batches,
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
        self.builder.file()
    }

    /// Reads the rest as one table.
    ///
    /// # Errors
    /// [`TableError::NoRows`] and those of [`TableReader::next_table`].
    pub fn read(mut self) -> Result<Table, ReadError> {
        match self.next_table(usize::MAX)? {
            Some(table) => Ok(table),
            None => Err(TableError::NoRows {
                file: self.file().to_owned(),
            }
            .into()),
        }
    }

    /// Reads the next rows, at least `min_rows` of them unless the file ends before; `None` at the
    /// end. How many come at once does not change the meaning of any cell when a schema is given.
    /// After an error the reader is at its end.
    ///
    /// # Errors
    /// [`ReadError::RaggedRow`], [`ReadError::UnclosedQuote`], [`ReadError::RowTooLong`],
    /// [`ReadError::Read`], [`ReadError::Corrupt`], [`TableError::NotUtf8`],
    /// [`TableError::WrongType`], [`TableError::TooManyRows`].
    pub fn next_table(&mut self, min_rows: usize) -> Result<Option<Table>, ReadError> {
        while self.builder.n_rows() < min_rows && !self.finished {
            match self.append_batch() {
                Ok(more) => self.finished = !more,
                Err(error) => {
                    self.finished = true;
                    // Rows of a table that cannot be whole.
                    self.builder.finish();
                    return Err(error);
                }
            }
        }
        let table = self.builder.finish();
        if self.finished {
            self.builder.check()?;
        }
        Ok(table)
    }

    /// Appends the next batch; false at the end of the file.
    fn append_batch(&mut self) -> Result<bool, ReadError> {
        let batch = self.batches.recv().unwrap_or_else(|_| {
            Err(ReadError::Corrupt {
                file: self.file().to_owned(),
                format: "table",
                source: "its reader broke off".into(),
            })
        });
        match batch? {
            None => return Ok(false),
            Some(Batch::Text(batch)) => self.builder.append_text(&batch)?,
            #[cfg(feature = "arrow")]
            Some(Batch::Arrow(batch)) => self.builder.append_record_batch(&batch)?,
        }
        Ok(true)
    }
}
