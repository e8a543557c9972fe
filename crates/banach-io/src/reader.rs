//! Reads tables from files, whole or piece by piece.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

#[cfg(feature = "arrow")]
use arrow_array::RecordBatch;
use banach_data::{FileNotice, ReadOptions, Table, TableBuilder, TableError, UnknownName};

use crate::csv::{CsvReader, TextBatch, TextOptions};
use crate::error::ReadError;
use crate::files::{FolderColumn, TableFile, expand};
use crate::source::Source;

/// Batches that are cut while the one before them is typed.
const BATCHES_AHEAD: usize = 4;

/// What comes from the files of a table.
enum Item {
    /// The next file begins.
    Begin(String),
    Text(TextBatch),
    #[cfg(feature = "arrow")]
    Arrow(RecordBatch),
    Notice(FileNotice),
}

type Sender = SyncSender<Result<Option<Item>, ReadError>>;

/// Reads a whole file, or all files of a folder as one table; `-` is standard input. See
/// [`TableReader`] for formats.
///
/// # Errors
/// Those of [`TableReader::open`] and [`TableReader::read`].
pub fn read_table(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Table, ReadError> {
    TableReader::open(path, options)?.read()
}

/// Reads a table from delimited text (also packed with gzip or Zstandard), Parquet, or Arrow IPC (file
/// and stream), whole or piece by piece in constant memory.
///
/// What [`Dialect`](banach_data::Dialect) leaves open about text is found; what was found that is not as
/// in most files is said in [`TableReader::file_notices`].
///
/// The format is found from the content, with the help of the ending. A second thread reads and cuts
/// while this one types. Without a schema the type of each column is found from the rows that make
/// up one [`Table`]; see [`Scalar`](banach_data::Scalar) for the meaning of cells.
pub struct TableReader {
    names: Vec<String>,
    builder: TableBuilder,
    /// `Ok(None)` is the end; a channel that closes without it belongs to a reader that failed.
    batches: Receiver<Result<Option<Item>, ReadError>>,
    finished: bool,
}

impl TableReader {
    /// Opens a file, a folder or a pattern ([`TableReader::open_all`]), or standard input for `-`, and
    /// reads the names of the columns.
    ///
    /// # Errors
    /// Those of [`TableReader::open_all`].
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, ReadError> {
        Self::open_all(&[path], options)
    }

    /// Opens several files as one table, and reads the names of the columns of the first.
    ///
    /// A folder stands for the tables in it and in its folders, a path with `*`, `**`, `?` or `[..]` that
    /// does not exist for those that match it; both in the natural order of their names (part-2 before
    /// part-10). Names that begin with `_` or `.`, and empty files, do not count. Columns are matched by
    /// their names. Folders named `year=2020` give a column `year`.
    ///
    /// # Errors
    /// [`ReadError::Read`], [`ReadError::NoFiles`], [`ReadError::OtherFile`], [`ReadError::EmptyFile`],
    /// [`ReadError::Corrupt`], [`ReadError::UnsupportedFormat`], [`ReadError::UnsupportedContent`],
    /// [`ReadError::FormatNotBuilt`], [`ReadError::Encoding`], [`ReadError::UnknownEncoding`],
    /// [`ReadError::DialectConflict`], [`TableError::UnsupportedType`], [`TableError::DuplicateColumns`];
    /// [`TableError::UnknownColumns`] and [`TableError::TwoRoles`] for names in `options`,
    /// [`TableError::MissingColumns`] for those of the schema.
    pub fn open_all<P: AsRef<Path>>(paths: &[P], options: &ReadOptions) -> Result<Self, ReadError> {
        let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
        let expected = expected_names(options);
        let mut files = expand(&paths)?;
        for file in &mut files {
            let above = std::mem::take(&mut file.above);
            let wanted = above
                .into_iter()
                .filter(|(name, _)| expected.contains(name));
            let own: Vec<FolderColumn> = std::mem::take(&mut file.columns);
            file.columns = wanted.chain(own).collect();
        }
        let mut files = files.into_iter();
        let Some(first) = files.next() else {
            return Err(ReadError::NoFiles {
                path: String::new(),
                folder: false,
            });
        };
        let text = TextOptions {
            dialect: options.dialect.clone(),
            expected,
            constants: first.columns.clone(),
        };
        let source = Source::open(&first.path, &text)?;
        Self::new(first, source, files.collect(), options)
    }

    /// Reads from bytes. `name` stands for the file in messages; its ending helps to find the format.
    ///
    /// # Errors
    /// As [`TableReader::open_all`].
    pub fn from_reader(
        name: &str,
        reader: Box<dyn Read + Send>,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let text = TextOptions {
            dialect: options.dialect.clone(),
            expected: expected_names(options),
            constants: Vec::new(),
        };
        let source = Source::from_reader(name, reader, &text)?;
        let file = TableFile {
            path: PathBuf::from(name),
            columns: Vec::new(),
            above: Vec::new(),
        };
        Self::new(file, source, Vec::new(), options)
    }

    fn new(
        first: TableFile,
        source: Source,
        more: Vec<TableFile>,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let file = first.path.display().to_string();
        let all = match more.len() {
            0 => file.clone(),
            1 => format!("{file} and 1 more file"),
            n => format!("{file} and {n} more files"),
        };
        let (names, mut builder, part) = match source {
            Source::Text(mut reader) => {
                let names = reader.names().to_vec();
                let mut builder = TableBuilder::new(all, &names, options)?;
                for notice in reader.take_notices() {
                    builder.note(notice);
                }
                (names, builder, OpenPart::Text(reader, None))
            }
            #[cfg(feature = "arrow")]
            Source::Arrow(source) => {
                let format = source.format();
                let source = source.with_folder_columns(first.columns.clone());
                let schema = source.schema();
                let builder = TableBuilder::for_arrow(all, &schema, options)?;
                let fields = schema.fields().iter();
                let names = fields.map(|field| field.name().trim().to_owned()).collect();
                let batches = source.into_batches(&builder.positions())?;
                (names, builder, OpenPart::Arrow(Box::new(batches), format))
            }
        };
        for (name, _) in first.columns {
            if names.contains(&name) {
                builder.note(FileNotice::FolderColumn {
                    file: file.clone(),
                    column: name,
                });
            }
        }
        if !more.is_empty() {
            builder.begin_file(file.clone());
        }
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        let plan = Plan {
            first: file,
            names: names.clone(),
            #[cfg(feature = "arrow")]
            positions: builder.positions(),
            options: options.clone(),
        };
        thread::spawn(move || {
            // Nobody listens when the table reader is gone; then there is nothing left to do.
            let _ = read_parts(part, more, &plan, &sender);
        });
        Ok(Self {
            names,
            builder,
            batches,
            finished: false,
        })
    }

    /// What was found in the files so far that is not as in most files, and how it was read.
    #[must_use]
    pub fn file_notices(&self) -> &[FileNotice] {
        self.builder.file_notices()
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
            Some(Item::Begin(file)) => self.builder.begin_file(file),
            Some(Item::Text(batch)) => self.builder.append_text(&batch)?,
            #[cfg(feature = "arrow")]
            Some(Item::Arrow(batch)) => self.builder.append_record_batch(&batch)?,
            Some(Item::Notice(notice)) => self.builder.note(notice),
        }
        Ok(true)
    }
}

/// Names that somebody expects among those of the columns.
fn expected_names(options: &ReadOptions) -> Vec<String> {
    let schema = options.schema.iter().flat_map(|schema| &schema.fields);
    let lists = [
        &options.passthrough,
        &options.categorical,
        &options.numeric,
        &options.skip,
    ];
    schema
        .map(|field| &field.name)
        .chain(lists.into_iter().flatten())
        .chain(options.columns.iter().flatten())
        .cloned()
        .collect()
}

/// One of the files, open, with what makes its columns those of the table.
enum OpenPart {
    Text(Box<CsvReader>, Option<Arc<[usize]>>),
    #[cfg(feature = "arrow")]
    Arrow(
        Box<dyn Iterator<Item = Result<RecordBatch, ReadError>> + Send>,
        &'static str,
    ),
}

impl OpenPart {
    #[cfg(feature = "arrow")]
    fn format(&self) -> &'static str {
        match self {
            Self::Text(..) => "text",
            Self::Arrow(_, format) => format,
        }
    }
}

/// What the files after the first must be.
struct Plan {
    /// The first file.
    first: String,
    /// Its columns.
    names: Vec<String>,
    /// Positions of those that are needed.
    #[cfg(feature = "arrow")]
    positions: Vec<usize>,
    options: ReadOptions,
}

/// The receiver is gone.
struct Gone;

/// Sends the rows of all files, then `None`, or the error that stopped them.
fn read_parts(
    mut part: OpenPart,
    more: Vec<TableFile>,
    plan: &Plan,
    sender: &Sender,
) -> Result<(), Gone> {
    let send = |item| sender.send(item).map_err(|_| Gone);
    if !send_part(&mut part, sender)? {
        return Ok(());
    }
    for file in more {
        #[cfg(feature = "arrow")]
        let format = part.format();
        #[cfg(not(feature = "arrow"))]
        let format = "text";
        part = match plan.open(&file, format) {
            Ok(part) => part,
            Err(error) => return send(Err(error)),
        };
        send(Ok(Some(Item::Begin(file.path.display().to_string()))))?;
        if !send_part(&mut part, sender)? {
            return Ok(());
        }
    }
    send(Ok(None))
}

/// Sends the rows of a file; false after an error.
fn send_part(part: &mut OpenPart, sender: &Sender) -> Result<bool, Gone> {
    let send = |item| sender.send(item).map_err(|_| Gone);
    match part {
        OpenPart::Text(reader, order) => loop {
            let batch = reader.next_batch();
            for notice in reader.take_notices() {
                send(Ok(Some(Item::Notice(notice))))?;
            }
            match batch {
                Ok(Some(batch)) => {
                    send(Ok(Some(Item::Text(batch.reordered(order.clone())))))?;
                }
                Ok(None) => return Ok(true),
                Err(error) => {
                    send(Err(error))?;
                    return Ok(false);
                }
            }
        },
        #[cfg(feature = "arrow")]
        OpenPart::Arrow(batches, _) => {
            for batch in batches {
                let failed = batch.is_err();
                send(batch.map(|batch| Some(Item::Arrow(batch))))?;
                if failed {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

impl Plan {
    /// Opens a file after the first, which was of this format.
    #[cfg_attr(not(feature = "arrow"), expect(unused_variables))]
    fn open(&self, file: &TableFile, first_format: &'static str) -> Result<OpenPart, ReadError> {
        let text = TextOptions {
            dialect: self.options.dialect.clone(),
            expected: self.names.clone(),
            constants: file.columns.clone(),
        };
        let source = Source::open(&file.path, &text)?;
        #[cfg(feature = "arrow")]
        if (source.format() == "text") != (first_format == "text") {
            return Err(ReadError::OtherFormat {
                file: file.path.display().to_string(),
                format: source.format(),
                first: self.first.clone(),
                first_format,
            });
        }
        match source {
            Source::Text(reader) => {
                let order = self.order(file, reader.names())?;
                let as_it_is = order.iter().enumerate().all(|(at, &other)| at == other);
                Ok(OpenPart::Text(reader, (!as_it_is).then(|| order.into())))
            }
            #[cfg(feature = "arrow")]
            Source::Arrow(source) => {
                let format = source.format();
                let source = source.with_folder_columns(file.columns.clone());
                let schema = source.schema();
                let fields = schema.fields().iter();
                let names: Vec<String> =
                    fields.map(|field| field.name().trim().to_owned()).collect();
                let order = self.order(file, &names)?;
                // Checks that its types are read.
                TableBuilder::for_arrow(file.path.display().to_string(), &schema, &self.options)?;
                let positions: Vec<usize> = self.positions.iter().map(|&at| order[at]).collect();
                let batches = source.into_batches(&positions)?;
                Ok(OpenPart::Arrow(Box::new(batches), format))
            }
        }
    }

    /// Where the columns of the table are among those of a file.
    fn order(&self, file: &TableFile, names: &[String]) -> Result<Vec<usize>, ReadError> {
        let position = |name: &String| names.iter().position(|other| other == name);
        let order: Vec<Option<usize>> = self.names.iter().map(position).collect();
        let additional: Vec<String> = names
            .iter()
            .filter(|name| !self.names.contains(name))
            .cloned()
            .collect();
        let absent = self.names.iter().zip(&order).filter(|(_, at)| at.is_none());
        let missing: Vec<UnknownName> = absent
            .map(|(name, _)| UnknownName::new(name, additional.iter().map(String::as_str)))
            .collect();
        if missing.is_empty() && additional.is_empty() {
            return Ok(order.into_iter().flatten().collect());
        }
        Err(ReadError::OtherColumns {
            file: file.path.display().to_string(),
            first: self.first.clone(),
            missing,
            additional,
        })
    }
}
