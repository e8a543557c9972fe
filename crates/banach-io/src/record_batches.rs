//! Files of typed columns, as a stream of record batches.
//!
//! The decoders are not ours, and some damaged files make them panic. Every call to them is guarded,
//! so that such a file is an error like any other damaged file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::error::ReadError;
use crate::files::FolderColumn;

pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// What to open batches with, once the needed columns are known.
type Open = Box<dyn FnOnce(Vec<usize>) -> Result<Batches, ReadError> + Send>;

/// An open file of typed columns.
pub(crate) struct RecordBatchSource {
    file: String,
    format: &'static str,
    schema: SchemaRef,
    folder_columns: Vec<FolderColumn>,
    open: Open,
}

impl RecordBatchSource {
    /// `open` gives the batches of the columns at some positions, in ascending order.
    pub(crate) fn new(
        file: String,
        format: &'static str,
        schema: SchemaRef,
        open: impl FnOnce(Vec<usize>) -> Result<Batches, ReadError> + Send + 'static,
    ) -> Self {
        Self {
            file,
            format,
            schema,
            folder_columns: Vec::new(),
            open: Box::new(open),
        }
    }

    /// What the format is called, with its article.
    pub(crate) fn format(&self) -> &'static str {
        match self.format {
            "Parquet" => "a Parquet file",
            _ => "an Arrow IPC file",
        }
    }

    /// The columns of the file, then those of folders that the file has not itself.
    pub(crate) fn schema(&self) -> SchemaRef {
        let mut fields: Vec<Field> = self.schema.fields().iter().map(|f| (**f).clone()).collect();
        for (name, _) in self.folder_columns() {
            fields.push(Field::new(name, DataType::Utf8, true));
        }
        Arc::new(Schema::new_with_metadata(
            fields,
            self.schema.metadata().clone(),
        ))
    }

    /// Adds columns that have one value in every row.
    pub(crate) fn with_folder_columns(self, folder_columns: Vec<FolderColumn>) -> Self {
        Self {
            folder_columns,
            ..self
        }
    }

    fn folder_columns(&self) -> impl Iterator<Item = &FolderColumn> {
        let has = |name: &str| {
            let mut fields = self.schema.fields().iter();
            fields.any(|field| field.name().trim() == name)
        };
        self.folder_columns
            .iter()
            .filter(move |(name, _)| !has(name))
    }

    /// The batches of the columns at these positions of [`RecordBatchSource::schema`], in that order.
    pub(crate) fn into_batches(
        self,
        positions: &[usize],
    ) -> Result<impl Iterator<Item = Result<RecordBatch, ReadError>> + Send + use<>, ReadError>
    {
        let n_own = self.schema.fields().len();
        let values: Vec<Option<String>> = self
            .folder_columns()
            .map(|(_, value)| value.clone())
            .collect();
        let mut own: Vec<usize> = positions.iter().copied().filter(|&at| at < n_own).collect();
        own.sort_unstable();
        own.dedup();
        let order: Vec<Picked> = positions
            .iter()
            .map(|&at| match at.checked_sub(n_own) {
                Some(at) => Picked::Constant(values[at].clone()),
                None => Picked::Own(own.partition_point(|&other| other < at)),
            })
            .collect();
        let as_they_are = own == positions;
        let mut batches = (self.open)(own)?;
        let (file, format) = (self.file, self.format);
        Ok(std::iter::from_fn(move || {
            let next = || batches.next().transpose();
            let batch = guarded(&file, format, next).transpose()?;
            Some(match batch {
                Ok(batch) if !as_they_are => guarded(&file, format, || arranged(&batch, &order)),
                other => other,
            })
        }))
    }
}

/// Where a column of a batch comes from.
enum Picked {
    /// A column of the file's batch.
    Own(usize),
    /// One value for all rows.
    Constant(Option<String>),
}

/// A batch with its columns in another order, and constant ones among them.
fn arranged(batch: &RecordBatch, order: &[Picked]) -> Result<RecordBatch, ArrowError> {
    let n_rows = batch.num_rows();
    let columns: Vec<ArrayRef> = order
        .iter()
        .map(|picked| match picked {
            Picked::Own(at) => Arc::clone(batch.column(*at)),
            Picked::Constant(value) => {
                let values = std::iter::repeat_n(value.as_deref(), n_rows);
                Arc::new(values.collect::<StringArray>())
            }
        })
        .collect();
    let fields: Vec<Field> = columns
        .iter()
        .zip(order)
        .map(|(column, picked)| match picked {
            Picked::Own(at) => batch.schema().field(*at).clone(),
            Picked::Constant(_) => Field::new("", column.data_type().clone(), true),
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// Whether a decoder's message is about a file that is sound: decoders say so in no other way.
fn is_unsupported(message: &str) -> bool {
    const SIGNS: [&str; 9] = [
        "not yet implemented",
        "not implemented",
        "nyi:",
        "not supported",
        "unsupported",
        "not yet supported",
        "disabled feature",
        "feature is disabled",
        "encrypted",
    ];
    let message = message.to_lowercase();
    SIGNS.iter().any(|sign| message.contains(sign))
}

/// What a decoder gives; its errors and panics are those of a damaged file.
pub(crate) fn guarded<T, E: std::error::Error + Send + Sync + 'static>(
    file: &str,
    format: &'static str,
    decode: impl FnOnce() -> Result<T, E>,
) -> Result<T, ReadError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        // A build without Zstandard has decoders without it, which say so in no other way.
        Ok(Err(source)) if !cfg!(feature = "zstd") && source.to_string().contains("zstd") => {
            Err(ReadError::FormatNotBuilt {
                file: file.to_owned(),
                format: "a file packed with Zstandard",
                feature: "zstd",
            })
        }
        Ok(Err(source)) if is_unsupported(&source.to_string()) => {
            Err(ReadError::UnsupportedContent {
                file: file.to_owned(),
                format,
                source: source.into(),
            })
        }
        Ok(Err(source)) => Err(corrupt(file, format, source)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(corrupt(file, format, text.unwrap_or("its decoder failed")))
        }
    }
}

fn corrupt(
    file: &str,
    format: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ReadError {
    ReadError::Corrupt {
        file: file.to_owned(),
        format,
        source: source.into(),
    }
}
